/* SPDX-License-Identifier: ISC */
#include "alloc-fail.h"
#include "test.h"

#include "ledger/message.h"

#define NOW  UINT64_C(1763768154123456) /* 2025-11-21T23:35:54Z */
#define SECS (1000 * UINT64_C(1000))

#define DETAILS(...)                                                                             \
	.details = (struct event_detail[]){__VA_ARGS__},                                         \
	.n_details = sizeof((struct event_detail[]){__VA_ARGS__}) / sizeof(struct event_detail), \
	.n_all = sizeof((struct event_detail[]){__VA_ARGS__}) / sizeof(struct event_detail)

#define ROOT_LOGIN                                                                              \
	{                                                                                       \
		.subject = "PermitRootLogin", .observed = "yes", .expected = "no", .old = "no", \
		.path = "/etc/ssh/sshd_config", .line = 33                                      \
	}

struct vector {
	struct event event;
	const char *words, *message;
};

/* A vector says only in what it differs from these. */
#pragma GCC diagnostic ignored "-Woverride-init"
#define CHECK(KIND, ...)                                                                      \
	.kind = KIND, .check = "ssh-root-login", .result = RESULT_FAIL, .severity = SEV_HIGH, \
	.realtime_usec = NOW, __VA_ARGS__
#define FACT(KIND, FACT, ...)                                                             \
	.kind = KIND, .fact = FACT, .result = RESULT_INFORMATIONAL, .realtime_usec = NOW, \
	__VA_ARGS__

static const struct vector vectors[] = {
	/* opened */
	{{CHECK(EVENT_OPENED, DETAILS(ROOT_LOGIN))}, "root can log in with a password",
		"ssh-root-login FAIL high: root can log in with a password: "
		"PermitRootLogin yes (was no) at /etc/ssh/sshd_config:33"},
	{{CHECK(EVENT_OPENED, DETAILS({.subject = "PermitRootLogin",
				      .observed = "yes",
				      .expected = "no",
				      .path = "/etc/ssh/sshd_config"}))},
		"PermitRootLogin: yes",
		"ssh-root-login FAIL high: PermitRootLogin yes (should be no) at "
		"/etc/ssh/sshd_config"},
	{{CHECK(EVENT_OPENED, DETAILS({.subject = "PermitRootLogin",
					      .observed = "yes",
					      .expected = "no",
					      .old = "prohibit-password"},
				      {.subject = "account root", .observed = "has a password"}))},
		"PermitRootLogin: yes (and 1 more)",
		"ssh-root-login FAIL high: PermitRootLogin yes (was prohibit-password; should be "
		"no); "
		"account root: has a password"},
	{{CHECK(EVENT_OPENED, DETAILS({.subject = "PermitRootLogin", .observed = "yes"}))},
		"PermitRootLogin: yes (and 1 more); the running sshd has not read it",
		"ssh-root-login FAIL high: the running sshd has not read it: PermitRootLogin yes"},
	{{CHECK(EVENT_OPENED, DETAILS({.subject = "account alice",
				      .observed = "has a usable password",
				      .old = "uid=1001 password=locked shell=/bin/sh",
				      .value = "uid=1001 password=yescrypt shell=/bin/sh",
				      .path = "/etc/shadow",
				      .line = 7}))},
		NULL,
		"ssh-root-login FAIL high: account alice: has a usable password "
		"(password=locked → password=yescrypt) at /etc/shadow:7"},
	{{CHECK(EVENT_OPENED, DETAILS({.subject = "account alice",
				      .observed = "uid 0",
				      .value = "uid=0 gid=0"}))},
		"account alice has uid 0",
		"ssh-root-login FAIL high: account alice has uid 0: "
		"account alice: uid 0 (new: uid=0 gid=0)"},
	{{CHECK(EVENT_OPENED, DETAILS({.subject = "account eve",
				      .observed = "/home/eve/.ssh is owned by root",
				      .path = "/home/eve/.ssh"}))},
		NULL, "ssh-root-login FAIL high: account eve: /home/eve/.ssh is owned by root"},
	{{CHECK(EVENT_OPENED, .result = RESULT_ERROR)}, "/etc/ssh/sshd_config is a FIFO",
		"ssh-root-login ERROR high: /etc/ssh/sshd_config is a FIFO"},
	{{CHECK(EVENT_OPENED, .result = RESULT_UNKNOWN)}, "a Match block cannot be decided",
		"ssh-root-login UNKNOWN high: a Match block cannot be decided"},
	{{CHECK(EVENT_OPENED, DETAILS(ROOT_LOGIN), .n_all = 70, .untold = 1)}, "root can log in",
		"ssh-root-login FAIL high: root can log in: PermitRootLogin yes (was no) "
		"at /etc/ssh/sshd_config:33 and 69 more; it flapped: 1 change was not told"},
	{{CHECK(EVENT_OPENED, DETAILS(ROOT_LOGIN), .waiver = "old of ops until 2025-11-20: move",
		 .since_realtime_usec = NOW - 3600 * SECS)},
		"root can log in",
		"ssh-root-login FAIL high: root can log in: PermitRootLogin yes (was no) at "
		"/etc/ssh/sshd_config:33; no longer covered by waiver old of ops until 2025-11-20: "
		"move (open since 2025-11-21T22:35:54Z)"},
	/* waived */
	{{CHECK(EVENT_WAIVED, DETAILS({.subject = "PermitRootLogin", .observed = "yes"}),
		 .waiver = "old of ops until 2025-12-31: move")},
		"root can log in",
		"waived ssh-root-login FAIL high: root can log in: PermitRootLogin yes; "
		"waiver old of ops until 2025-12-31: move"},
	/* changed */
	{{CHECK(EVENT_CHANGED,
		 DETAILS({.subject = "PermitRootLogin",
			 .observed = "yes",
			 .old = "prohibit-password"}),
		 .since_realtime_usec = NOW - SECS)},
		"root can log in",
		"ssh-root-login FAIL high changed: root can log in: PermitRootLogin yes "
		"(was prohibit-password) (open since 2025-11-21T23:35:53Z)"},
	{{CHECK(EVENT_CHANGED,
		 DETAILS({.subject = "Match User bob", .observed = "yes", .path = "/c", .line = 2},
			 {.subject = "Match User eve",
				 .old = "yes",
				 .gone = true,
				 .path = "/c",
				 .line = 9}))},
		"bob can log in",
		"ssh-root-login FAIL high changed: bob can log in: Match User bob yes at /c:2; "
		"no longer: Match User eve (was yes) at /c:9"},
	{{CHECK(EVENT_CHANGED, .result = RESULT_ERROR,
		 DETAILS({.subject = "PermitRootLogin",
			 .old = "yes",
			 .gone = true,
			 .path = "/c"}))},
		"/c may not be read",
		"ssh-root-login ERROR high changed: /c may not be read; "
		"last known: PermitRootLogin (was yes) at /c"},
	{{CHECK(EVENT_CHANGED, .result = RESULT_ERROR,
		 DETAILS({.old = "/etc/a may not be read", .gone = true}))},
		"/etc/b may not be read",
		"ssh-root-login ERROR high changed: /etc/b may not be read; "
		"no longer: /etc/a may not be read"},
	{{CHECK(EVENT_CHANGED,
		 DETAILS({.subject = "severity", .observed = "high", .old = "medium"}))},
		"root can log in",
		"ssh-root-login FAIL high changed: root can log in: severity high (was medium)"},
	/* resolved */
	{{CHECK(EVENT_RESOLVED, .result = RESULT_PASS,
		 DETAILS({.subject = "PermitRootLogin",
			 .observed = "no",
			 .old = "yes",
			 .gone = true,
			 .path = "/etc/ssh/sshd_config",
			 .line = 33}),
		 .since_realtime_usec = NOW - 250 * SECS)},
		"root cannot log in",
		"resolved ssh-root-login after 4 min: root cannot log in: "
		"PermitRootLogin no (was yes) at /etc/ssh/sshd_config:33"},
	{{CHECK(EVENT_RESOLVED, .result = RESULT_NOTCHECKED,
		 .since_realtime_usec = NOW - 86400 * 3 * SECS)},
		"switched off in the configuration",
		"resolved ssh-root-login after 3 days: switched off in the configuration"},
	{{CHECK(EVENT_RESOLVED, .result = RESULT_PASS,
		 DETAILS({.old = "/etc/a may not be read", .gone = true}),
		 .since_realtime_usec = NOW - 119 * SECS)},
		"root cannot log in",
		"resolved ssh-root-login after 119 s: root cannot log in: was /etc/a may not be "
		"read"},
	{{CHECK(EVENT_RESOLVED, .result = RESULT_PASS, .since_realtime_usec = NOW + SECS)},
		"root cannot log in", "resolved ssh-root-login: root cannot log in"},
	{{CHECK(EVENT_RESOLVED, .result = RESULT_PASS,
		 DETAILS({.subject = "account bob",
			 .old = "has a usable password",
			 .gone = true,
			 .value = "uid=7 password=locked"}),
		 .since_realtime_usec = NOW - 7200 * SECS)},
		NULL,
		"resolved ssh-root-login after 2 h: account bob: uid=7 password=locked "
		"(was has a usable password)"},
	/* degraded, recovered */
	{{CHECK(EVENT_DEGRADED, .check = "monitor-coverage", .severity = SEV_MEDIUM,
		 DETAILS({.subject = "inotify",
			 .observed = "the limit of 8192 watches is reached"}))},
		"inotify: the limit of 8192 watches is reached",
		"monitor-coverage DEGRADED medium: inotify: the limit of 8192 watches is reached"},
	{{CHECK(EVENT_RECOVERED, .check = "monitor-coverage", .result = RESULT_PASS,
		 .since_realtime_usec = NOW - 180 * SECS)},
		"all event sources work",
		"recovered monitor-coverage after 3 min: all event sources work"},
	/* drift */
	{{FACT(EVENT_DRIFT, "accounts",
		 DETAILS({.subject = "account alice",
			 .observed = "uid=1001 gid=1001",
			 .path = "/etc/passwd",
			 .line = 31}))},
		NULL, "drift accounts: account alice added: uid=1001 gid=1001 (/etc/passwd:31)"},
	{{FACT(EVENT_DRIFT, "accounts",
		 DETAILS({.subject = "account alice",
			 .old = "uid=1001 gid=1001",
			 .path = "/etc/passwd"}))},
		NULL, "drift accounts: account alice removed: was uid=1001 gid=1001 (/etc/passwd)"},
	{{FACT(EVENT_DRIFT, "accounts",
		 DETAILS({.subject = "account alice",
			 .old = "uid=1 gid=1 shell=/bin/sh groups=a",
			 .observed = "uid=1 gid=1 shell=/bin/bash groups=a",
			 .path = "/etc/passwd",
			 .line = 31}))},
		NULL,
		"drift accounts: account alice: shell=/bin/sh → shell=/bin/bash (/etc/passwd:31)"},
	{{FACT(EVENT_DRIFT, "packages",
		 DETAILS({.subject = "package hello", .observed = "2.10-3"},
			 {.subject = "package curl",
				 .old = "7.88.1-10+deb12u5",
				 .observed = "7.88.1-10+deb12u8"},
			 {.subject = "package foo", .old = "1.2"}))},
		NULL,
		"drift packages: 3 changed: hello 2.10-3 added; "
		"curl 7.88.1-10+deb12u5 → 7.88.1-10+deb12u8; foo 1.2 removed"},
	{{FACT(EVENT_DRIFT, "packages",
		 DETAILS({.subject = "package hello", .observed = "2.10-3"}))},
		NULL, "drift packages: package hello 2.10-3 added"},
	{{FACT(EVENT_DRIFT, "accounts",
		 DETAILS({.subject = "account eve",
				 .observed = "uid=7 gid=7",
				 .path = "/etc/passwd",
				 .line = 3},
			 {.subject = "group eve", .observed = "gid=7", .path = "/etc/group"}))},
		NULL,
		"drift accounts: 2 changed: eve added: uid=7 gid=7 (/etc/passwd:3); "
		"group eve gid=7 added (/etc/group)"},
	{{FACT(EVENT_DRIFT, "sshd", DETAILS({.subject = "Port", .old = "", .observed = "22"}))},
		NULL, "drift sshd: Port: \"\" → 22"},
	{{FACT(EVENT_DRIFT, "sshd", DETAILS({.subject = "Banner", .observed = ""}))}, NULL,
		"drift sshd: Banner added"},
	{{FACT(EVENT_DRIFT, "groups",
		 DETAILS({.subject = "group a",
			 .old = "members=x y",
			 .observed = "members=x y z"}))},
		NULL, "drift groups: group a: y → y z"},
	/* A list in brackets is told as a whole. */
	{{FACT(EVENT_DRIFT, "name-servers",
		 DETAILS({.subject = "dns BIND clients",
			 .old = "for { any; }: recursion for { localnets; localhost; }, own zones "
				"for "
				"{ any; }",
			 .observed =
				 "for { any; }: recursion for { localnets; localhost; 10.0.0.0/8; "
				 "}, own zones for { any; }"}))},
		NULL,
		"drift name-servers: dns BIND clients: { localnets; localhost; }, → { localnets; "
		"localhost; 10.0.0.0/8; },"},
	{{FACT(EVENT_DRIFT, "name-servers",
		 DETAILS({.subject = "x", .old = "a { b; c; } d", .observed = "a { b; } d"}))},
		NULL, "drift name-servers: x: { b; c; } → { b; }"},
	{{FACT(EVENT_DRIFT, "name-servers",
		 DETAILS({.subject = "x", .old = "a) b c] d", .observed = "a) b e] d"}))},
		NULL, "drift name-servers: x: c] → e]"},
	{{FACT(EVENT_DRIFT, "name-servers",
		 DETAILS({.subject = "x",
			 .old = "f (a [b c] d) e",
			 .observed = "f (a [b x] d) e"}))},
		NULL, "drift name-servers: x: (a [b c] d) → (a [b x] d)"},
	{{FACT(EVENT_DRIFT, "sshd", .untold = 12)}, NULL,
		"drift sshd: all is as last told; it flapped: 12 changes were not told"},
	{{FACT(EVENT_RESOLVED, "accounts",
		 DETAILS({.subject = "account alice", .old = "uid=1001 gid=1001"}))},
		NULL,
		"resolved drift accounts: account alice is as in the baseline again "
		"(absent; was uid=1001 gid=1001)"},
	{{FACT(EVENT_RESOLVED, "packages",
		 DETAILS({.subject = "foo", .observed = "1.2"},
			 {.subject = "bar", .old = "2", .observed = "1"}))},
		NULL,
		"resolved drift packages: 2 are as in the baseline again: "
		"foo (1.2; was absent); bar (1; was 2)"},
	{{FACT(EVENT_DRIFT, "packages", .check = "package-drift",
		 DETAILS({.subject = "foo", .observed = "1.2"}))},
		NULL, "drift packages: foo 1.2 added"},
	{{FACT(EVENT_RESOLVED, "packages", .check = "package-drift",
		 DETAILS({.subject = "foo", .old = "1.2"}))},
		NULL, "resolved drift packages: foo is as in the baseline again (absent; was 1.2)"},
	/* what is new of many, and not the first of them */
	{{CHECK(EVENT_CHANGED, DETAILS({.subject = "listener tcp 0.0.0.0:4444", .observed = "nc"}))},
		"listener tcp 0.0.0.0:143: dovecot (and 13 more); 2 are taken for clients'",
		"ssh-root-login FAIL high changed: 2 are taken for clients': listener tcp "
		"0.0.0.0:4444 nc"},
	{{CHECK(EVENT_CHANGED, DETAILS({.subject = "listener tcp 0.0.0.0:4444", .observed = "nc"}))},
		"listener tcp 0.0.0.0:143: dovecot (and 13 more)",
		"ssh-root-login FAIL high changed: listener tcp 0.0.0.0:4444 nc"},
	/* who did it */
	{{FACT(EVENT_DRIFT, "packages", DETAILS({.subject = "foo", .observed = "1.2"}),
		 .actors = (struct event_actor[]){{.auid = 1000,
			 .user = "alice",
			 .run_as = "root",
			 .exe = "/usr/bin/dpkg",
			 .command = "dpkg --unpack x",
			 .tty = "pts0",
			 .peer = "203.0.113.5",
			 .behalf = "apt-get install foo"}},
		 .n_actors = 1)},
		NULL,
		"drift packages: foo 1.2 added; by alice as root (apt-get install foo; "
		"/usr/bin/dpkg; pts0; from 203.0.113.5)"},
	{{FACT(EVENT_DRIFT, "packages", DETAILS({.subject = "foo", .observed = "1.2"}),
		 .actors = (struct event_actor[]){{.auid = EVENT_ID_UNSET},
			 {.auid = EVENT_ID_UNSET, .user = "root", .exe = "/usr/sbin/cron"},
			 {.auid = 1000, .user = "alice"}, {.auid = 1001, .user = "bob"}},
		 .n_actors = 4)},
		NULL,
		"drift packages: foo 1.2 added; by bob, before by alice, before by root, without a "
		"login (/usr/sbin/cron) and 1 more"},
	{{FACT(EVENT_DRIFT, "packages", DETAILS({.subject = "foo", .observed = "1.2"}),
		 .unattributed = "attribution = no")},
		NULL,
		"drift packages: foo 1.2 added; by whom is not known: attribution = no"},
	/* several checks */
	{{CHECK(EVENT_RESOLVED, .also = (struct event[]){{.kind = EVENT_CHANGED,
						 .check = "a-check",
						 .result = RESULT_FAIL,
						 .severity = SEV_LOW},
					{.kind = EVENT_RESOLVED, .check = "b-check",
						DETAILS({.subject = "x", .gone = true})}},
		 .n_also = 2)},
		NULL, "resolved ssh-root-login; so also a-check FAIL low changed, b-check (x)"},
	/* accepted */
	{{FACT(EVENT_ACCEPTED, "packages", DETAILS({.subject = "foo", .observed = "1.2"}))},
		"root (planned)",
		"accepted as the baseline by root (planned): packages: foo 1.2 added"},
	{{FACT(EVENT_ACCEPTED, NULL,
		 DETAILS({.subject = "foo", .observed = "1.2"}, {.subject = "bar", .old = "2"}))},
		NULL, "accepted as the baseline: 2 changed: foo 1.2 added; bar 2 removed"},
};

static void test_vectors(void **state)
{
	struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		assert_string_equal(
			message_write(a, &vectors[i].event, vectors[i].words), vectors[i].message);
	arena_free(a);
}

static void fill(char *s, const char *unit, size_t size)
{
	size_t n = strlen(unit);

	for (size_t i = 0; i + 1 < size; i++)
		s[i] = unit[i % n];
	s[(size - 1) / n * n] = '\0';
}

/* Whatever is in the fields, the line is short, valid, and its end is there. */
static void test_bounds(void **state)
{
	static const char *const units[] = {
		"x", "gr\xc3\xbc\xc3\x9f ", "\\x1b", "\\u{202e}", "\\\\"};
	static const char *const tail = "; it flapped: 7 changes were not told";
	static char s[1025];
	struct arena *a = arena_new();

	for (size_t u = 0; u < ARRAY_SIZE(units); u++) {
		fill(s, units[u], sizeof(s));
		struct event_detail details[EVENT_DETAILS_MAX];
		for (size_t i = 0; i < ARRAY_SIZE(details); i++)
			details[i] = (struct event_detail){.subject = s,
				.path = s,
				.line = 9,
				.observed = s,
				.expected = s + strlen(units[u]),
				.old = "old",
				.value = s,
				.gone = i % 2};
		for (int kind = 0; kind <= EVENT_RECOVERED; kind++) {
			struct event e = {
				CHECK((enum event_kind)kind, .details = details, .waiver = s,
					.fact = kind == EVENT_DRIFT ? "sshd" : NULL, .untold = 7)};
			for (e.n_all = 1; e.n_all <= EVENT_DETAILS_MAX; e.n_all++) {
				e.n_details = e.n_all;
				const char *m = message_write(a, &e, s);
				size_t n = strlen(m);
				assert_true(n < MESSAGE_MAX);
				assert_string_equal(m + n - strlen(tail), tail);
				/* It is escaped already: nothing may be left to escape. */
				for (const char *p = m; (p = strchr(p, '\\')); p += 2)
					assert_non_null(strchr("\\xu", p[1]));
			}
		}
	}
	arena_free(a);
}

static void test_many(void **state)
{
	struct event_detail details[EVENT_DETAILS_MAX];
	char names[EVENT_DETAILS_MAX][16];
	struct event e = {FACT(EVENT_DRIFT, "packages", .details = details, .n_all = 100,
		.n_details = EVENT_DETAILS_MAX)};
	struct arena *a = arena_new();

	for (size_t i = 0; i < EVENT_DETAILS_MAX; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "package%zu", i);
		details[i] = (struct event_detail){.subject = names[i],
			.old = "7.88.1-10+deb12u5",
			.observed = "7.88.1-10+deb12u8"};
	}
	const char *m = message_write(a, &e, NULL);
	assert_true(strlen(m) < 1100);
	assert_ptr_equal(
		strstr(m, "drift packages: 100 changed: package0 7.88.1-10+deb12u5 → "), m);
	assert_string_equal(strrchr(m, ';') + 1,
		" package19 7.88.1-10+deb12u5 → 7.88.1-10+deb12u8 and 80 more");
	arena_free(a);
}

static void test_no_memory(void **state)
{
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		alloc_count = 0;
		struct arena *a = arena_new();
		const char *m = a ? message_write(a, &vectors[0].event, vectors[0].words) : NULL;
		bool done = alloc_count < alloc_fail_at;
		assert_int_equal(m != NULL, done);
		arena_free(a);
		if (done)
			break;
	}
	alloc_fail_at = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
