/* SPDX-License-Identifier: ISC */
#include "test.h"

#include <sys/wait.h>

#include "alloc-fail.h"
#include "base/net.h"
#include "base/suggest.h"
#include "check/check.h"
#include "conf/conf.h"
#include "conf/schema.h"
#include "conf/value.h"

#define CHECK_ID "monitor-coverage"

/* 2026-11-21T12:00:00Z */
#define NOON (UINT64_C(1795262400) * USEC_PER_SEC)

static struct policy *load(const char *text)
{
	struct errlist errors = {0};
	struct policy *p = NULL;

	int r = conf_load_text("t.conf", text, strlen(text), &errors, &p);
	for (size_t i = 0; i < errors.n; i++)
		print_message("%s:%u: %s\n", errors.v[i].path, errors.v[i].line, errors.v[i].text);
	assert_int_equal(r, 0);
	assert_int_equal(errors.n, 0);
	errlist_fini(&errors);
	return p;
}

static void test_schema(void **state)
{
	char expected[SCHEMA_EXPECTED_MAX];
	const struct param *rows[2];
	const char *section;
	struct policy *p = policy_new_default();

	assert_non_null(p);
	for (size_t i = 0; (section = schema_section(i)); i++) {
		assert_int_equal(schema_params(section, rows), 0);
		for (const struct param *k = rows[0]; k->key; k++) {
			assert_true(strlen(k->doc) > 2);
			for (const struct param *o = rows[1]; o && o->key; o++)
				assert_string_not_equal(k->key, o->key);
		}
		for (const struct param *k = rows[1]; k && k->key; k++) {
			assert_non_null(k->doc);
			assert_non_null(k->def);
			assert_true(strlen(k->key) < 50);
			assert_int_equal(k->type == PARAM_CHOICE, k->choices != NULL);
			assert_true(strlen(schema_expected(k, expected)) > 0);
		}
		/* A section name must not be taken for a key of another, nor be cut by inih. */
		assert_true(strlen(section) < 50);
	}
	assert_int_equal(schema_params("nonsense", rows), -ENOENT);
	policy_free(p);
}

static void test_defaults(void **state)
{
	struct policy *p = policy_new_default();
	const char *const *nets = policy_list(p, "policy", "trusted_networks");

	assert_int_equal(policy_usec(p, "hardend", "heartbeat"), USEC_PER_HOUR);
	assert_true(policy_bool(p, "hardend", "journal"));
	assert_false(policy_bool(p, "hardend", "syslog"));
	assert_int_equal(policy_uint(p, "hardend", "history_events"), 10000);
	assert_string_equal(policy_string(p, "hardend", "log_level"), "notice");
	assert_null(policy_list(p, "policy", "sysadmin")[0]);
	assert_string_equal(nets[0], "127.0.0.0/8");
	assert_true(policy_list_has(p, "policy", "trusted_networks", "fe80::/10"));
	assert_false(policy_list_has(p, "policy", "trusted_networks", "fe80::"));
	assert_true(policy_enabled(p, CHECK_ID));
	assert_int_equal(policy_severity(p, CHECK_ID, SEV_HIGH), SEV_HIGH);
	assert_null(policy_waiver(p, CHECK_ID, "", NOON));
	assert_int_equal(policy_next_lapse(p, 0), USEC_INFINITY);
	policy_free(p);
}

static void test_values(void **state)
{
	struct policy *p = load("\xef\xbb\xbf; a comment\r\n"
				"[hardend]\r\n"
				"heartbeat = 1h 30min ; a comment\r\n"
				"journal: OFF\n"
				"   \n"
				"[policy] # why\n"
				"  sysadmin = alice, bob\n"
				"# in between\n"
				"\n"
				"\t@ops  ; more\n"
				"sysadmin = carol\n"
				"trusted_networks = 192.0.2.0/24\n"
				"  2001:db8::/32\n"
				"[" CHECK_ID "]\n"
				"severity = critical\n"
				"enabled = false\n"
				"[hardend]\n"
				"history_events=7");
	const char *const *words = policy_list(p, "policy", "sysadmin");

	assert_int_equal(policy_usec(p, "hardend", "heartbeat"), 90 * USEC_PER_MIN);
	assert_false(policy_bool(p, "hardend", "journal"));
	assert_int_equal(policy_uint(p, "hardend", "history_events"), 7);
	assert_string_equal(words[0], "alice");
	assert_string_equal(words[1], "bob");
	assert_string_equal(words[2], "@ops");
	assert_string_equal(words[3], "carol");
	assert_null(words[4]);
	words = policy_list(p, "policy", "trusted_networks");
	assert_string_equal(words[0], "192.0.2.0/24");
	assert_string_equal(words[1], "2001:db8::/32");
	assert_null(words[2]);
	assert_int_equal(policy_severity(p, CHECK_ID, SEV_LOW), SEV_CRITICAL);
	assert_false(policy_enabled(p, CHECK_ID));
	policy_free(p);
	p = load("[policy]\ntrusted_networks =\n[hardend]\nheartbeat = 0\n");
	assert_null(policy_list(p, "policy", "trusted_networks")[0]);
	assert_int_equal(policy_usec(p, "hardend", "heartbeat"), 0);
	policy_free(p);
}

/* Each type by itself: what is read as what, and what is refused (r -EINVAL). */
static void test_value_parse(void **state)
{
	static const struct {
		enum param_type type;
		const char *def, *text;
		int r;
		uint64_t u;
	} vectors[] = {
		{PARAM_BOOL, "no", "Yes", 0, 1},
		{PARAM_BOOL, "no", "TRUE", 0, 1},
		{PARAM_BOOL, "no", "1", 0, 1},
		{PARAM_BOOL, "no", "Off", 0, 0},
		{PARAM_BOOL, "no", "2", -EINVAL, 0},
		{PARAM_UINT, "0", "18446744073709551615", 0, UINT64_MAX},
		{PARAM_UINT, "0", "18446744073709551616", -EINVAL, 0},
		{PARAM_UINT, "0", "0x10", -EINVAL, 0},
		{PARAM_UINT, "0", "-1", -EINVAL, 0},
		{PARAM_UINT, "0", "", -EINVAL, 0},
		{PARAM_USEC, "0", "5us", 0, 5},
		{PARAM_USEC, "0", "2 w 3 days", 0, 17 * USEC_PER_DAY},
		{PARAM_USEC, "0", "1h30min", 0, 90 * USEC_PER_MIN},
		{PARAM_USEC, "0", "5m", -EINVAL, 0},
		{PARAM_USEC, "0", "h", -EINVAL, 0},
		{PARAM_USEC, "0", "1.5h", -EINVAL, 0},
		{PARAM_USEC, "0", "99999999999999 w", -EINVAL, 0},
		{PARAM_USEC, "0", "18446744073709551615us 1us", -EINVAL, 0},
		{PARAM_DATE, "", "", 0, 0},
		{PARAM_DATE, "2026-01-01", "", -EINVAL, 0},
		{PARAM_DATE, "", "1970-01-01", 0, USEC_PER_DAY - 1},
		{PARAM_DATE, "", "2028-02-29", 0, UINT64_C(1835481600) * USEC_PER_SEC - 1},
		{PARAM_DATE, "", "2100-02-29", -EINVAL, 0},
		{PARAM_DATE, "", "2026-13-01", -EINVAL, 0},
		{PARAM_DATE, "", "2026-00-01", -EINVAL, 0},
		{PARAM_DATE, "", "1969-12-31", -EINVAL, 0},
		{PARAM_DATE, "", "2026-1-001", -EINVAL, 0},
		{PARAM_DATE, "", "26-011-001", -EINVAL, 0},
	};
	static const struct {
		const char *def, *text;
		int r;
	} paths[] = {
		{"/x", "/etc/ssh", 0},
		{"/x", "", -EINVAL},
		{"", "", 0},
		{"/x", "etc", -EINVAL},
	};
	struct arena *a = arena_new();
	const char *why = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct param p = {"k", vectors[i].type, vectors[i].def};
		struct value v = {.u = 77};
		int r = value_parse(a, &p, vectors[i].text, false, &v, &why);
		assert_int_equal(r, vectors[i].r);
		if (r < 0)
			assert_int_equal(v.u, 77);
		else
			assert_int_equal(p.type == PARAM_BOOL ? v.b : v.u, vectors[i].u);
	}
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const struct param p = {"k", PARAM_PATH, paths[i].def};
		struct value v = {0};
		assert_int_equal(value_parse(a, &p, paths[i].text, false, &v, &why), paths[i].r);
		if (paths[i].r == 0)
			assert_string_equal(v.s, paths[i].text);
	}
	arena_free(a);
}

static void test_waivers(void **state)
{
	struct policy *p = load("[waiver night job]\n"
				"check = " CHECK_ID "\n"
				"subject = account b*\n"
				"reason = runs the backup,\n"
				"  ticket #12 \\e\n"
				"owner = alice\n"
				"until = 2026-11-21\n"
				"[waiver all]\n"
				"check = " CHECK_ID "\n"
				"reason = r\nowner = o\nuntil = 2026-01-31\n");
	const uint64_t end = NOON + 12 * USEC_PER_HOUR;
	const struct waiver *w = policy_waiver(p, CHECK_ID, "account backup", NOON);

	assert_non_null(w);
	assert_string_equal(w->name, "night job");
	assert_string_equal(w->reason, "runs the backup, ticket #12 \\\\e");
	assert_string_equal(w->owner, "alice");
	assert_string_equal(w->path, "t.conf");
	assert_int_equal(w->line, 1);
	assert_int_equal(w->until_realtime_usec, end - 1);
	assert_ptr_equal(policy_waiver_at(p, 0), w);
	assert_null(policy_waiver_at(p, 2));
	assert_null(policy_waiver(p, CHECK_ID, "account alice", NOON));
	assert_null(policy_waiver(p, "other", "account backup", NOON));
	assert_non_null(policy_waiver(p, CHECK_ID, "account backup", end - 1));
	assert_null(policy_waiver(p, CHECK_ID, "account backup", end));
	assert_int_equal(policy_next_lapse(p, NOON), end);
	assert_int_equal(policy_next_lapse(p, end - 1), end);
	assert_int_equal(policy_next_lapse(p, end), USEC_INFINITY);
	assert_string_equal(policy_waiver(p, CHECK_ID, "x", 5)->name, "all");
	policy_free(p);
}

/* Each text gives exactly these messages, one a line as `line: text`. */
static const struct {
	const char *text, *messages;
} wrong[] = {
	{"x = 1\n",
		"1: \"x = 1\": outside of any section; put a header such as [policy] above it\n"},
	{"[polcy]\nnonsense = 1\n", "1: [polcy]: unknown section, did you mean [policy]?\n"},
	{"[monitor-coverag]\n",
		"1: [monitor-coverag]: unknown section, did you mean [monitor-coverage]?\n"},
	{"[zzzzzz]\n  a\n", "1: [zzzzzz]: unknown section; there are [hardend], [policy], [waiver "
			    "NAME], [attestation CHECK-ID], [profile NAME] and the "
			    "ids of `hardenctl list`\n"
			    "2: \"a\": expected `key = value`, a [section] or a comment\n"},
	{"[hardend]\nhartbeat = 1h\n  2h\n",
		"2: [hardend] hartbeat: unknown key, did you mean \"heartbeat\"?\n"},
	{"[hardend]\nsysadmin = a\n",
		"2: [hardend] sysadmin: unknown key here; it belongs to [policy]\n"},
	{"[policy]\nenabled = no\n",
		"2: [policy] enabled: unknown key here; it belongs to [CHECK-ID]\n"},
	{"[hardend]\nqqqqqqqq = a\n", "2: [hardend] qqqqqqqq: unknown key; see hardend.conf(5)\n"},
	{"[hardend]\njournal = yes\n[policy]\n[hardend]\njournal = no\n",
		"5: [hardend] journal: given twice, first in line 2; remove one\n"},
	{"[hardend]\njournal = yeah\nsyslog =\n",
		"2: [hardend] journal = \"yeah\": expected yes or no\n"
		"3: [hardend] syslog = \"\": expected yes or no\n"},
	{"[hardend]\nflap_max = 0\nhistory_events = 99999999999999999999\n",
		"2: [hardend] flap_max = \"0\": expected a whole number from 1 to 1000\n"
		"3: [hardend] history_events = \"99999999999999999999\": expected a whole number "
		"from 0 "
		"to 10000000\n"},
	{"[hardend]\nflap_max = +5\n",
		"2: [hardend] flap_max = \"+5\": expected a whole number from 1 to 1000\n"},
	{"[hardend]\nheartbeat = 30\n", "2: [hardend] heartbeat = \"30\": expected a time such as "
					"30s, 5min, 1h or 2d, from 0s to "
					"7d\n"},
	{"[hardend]\nheartbeat = 7d 1ms\nreconcile = 9ms\n",
		"2: [hardend] heartbeat = \"7d 1ms\": expected a time such as 30s, 5min, 1h or 2d, "
		"from 0s "
		"to 7d\n"
		"3: [hardend] reconcile = \"9ms\": expected a time such as 30s, 5min, 1h or 2d, "
		"from 1s to "
		"1d\n"},
	{"[hardend]\nflap_quiet = 30s\n  5s\n", "3: [hardend] flap_quiet = \"5s\": expected a time "
						"such as 30s, 5min, 1h or 2d, from 1s to "
						"1d, on one line\n"},
	{"[hardend]\nlog_level = loud\n", "2: [hardend] log_level = \"loud\": expected one of: "
					  "error warning notice info debug\n"},
	{"[" CHECK_ID "]\nseverity = urgent\n", "2: [monitor-coverage] severity = \"urgent\": "
						"expected one of: default low medium high "
						"critical\n"},
	{"[policy]\ntrusted_networks = 10.0.0.1/8, fe80::/129, x\n",
		"2: [policy] trusted_networks = \"10.0.0.1/8, fe80::/129, x\": \"10.0.0.1/8\" has "
		"bits beyond its prefix length, perhaps 10.0.0.0/8 was meant\n"},
	{"[policy]\ntrusted_networks = 10.0.0.0/8\n fe80::/129\n",
		"3: [policy] trusted_networks = \"fe80::/129\": \"fe80::/129\" is no address or "
		"network such as 192.0.2.0/24 or 2001:db8::/32\n"},
	{"[policy]\nsysadmin = alice # boss\nsysadmin = \"bob\"\n",
		"2: [policy] sysadmin = \"alice # boss\": a comment behind a value begins with "
		"\";\"\n"
		"3: [policy] sysadmin = \"\"bob\"\": words are written without quotes\n"},
	{"[policy\nsysadmin = a\n", "1: \"[policy\": a section header without \"]\"\n"},
	{"[policy ;]\n", "1: \"[policy\": a section header without \"]\"\n"},
	{"[policy] x\n", "1: \"x\": nothing may follow the section header [policy]\n"},
	{"[policy]\nsysadmin\n= a\n",
		"2: \"sysadmin\": expected `key = value`, a [section] or a comment\n"
		"3: \"= a\": no key before the \"=\"\n"},
	{"[policy]\nsysadmin ; = a\n",
		"2: \"sysadmin ; = a\": expected `key = value`, a [section] or a comment\n"},
	{"[policy]\n  sysadmin = a\n  trusted_networks = ::1\n [hardend]\njournal = no\n",
		"3: \"trusted_networks = ::1\": an indented line continues the value above it; "
		"remove the "
		"blanks before it\n"
		"4: \"[hardend]\": an indented line continues the value above it; remove the "
		"blanks before "
		"it\n"},
	{"[policy]\nsysadmin = a\x1b[31m\n  b\x7f\n",
		"2: byte 13 of the line is the control character 0x1b\n"
		"3: byte 2 of the line is the control character 0x7f\n"},
	{"[waiver]\n[waiver  ]\n",
		"1: [waiver]: a waiver needs a name, for example [waiver backup-account]\n"
		"2: [waiver]: a waiver needs a name, for example [waiver backup-account]\n"},
	{"[waiver a]\ncheck = monitor-coverge\nuntil = 2026-02-29\nowner = \nowner = x\nwhy = y\n",
		"1: [waiver a] reason: missing; it must say why\n"
		"2: [waiver a]: no check is called \"monitor-coverge\", did you mean "
		"\"monitor-coverage\"; see `hardenctl list`\n"
		"3: [waiver a] until = \"2026-02-29\": expected a date as YYYY-MM-DD\n"
		"4: [waiver a] owner: empty; it must say who answers for it\n"
		"5: [waiver a] owner: given twice, first in line 4; remove one\n"
		"6: [waiver a] why: unknown key; a waiver has check, subject, reason, owner, "
		"until\n"},
	{"[waiver a]\n",
		"1: [waiver a] check: missing; it must say which check is waived\n"
		"1: [waiver a] reason: missing; it must say why\n"
		"1: [waiver a] owner: missing; it must say who answers for it\n"
		"1: [waiver a] until: missing; it must say the last day on which it holds, as "
		"YYYY-MM-DD\n"},
	{"[waiver a]\ncheck = " CHECK_ID "\nreason =\nowner = o\nuntil = 2026-1-1\nsubject =\n"
	 "[waiver a]\n",
		"3: [waiver a] reason: empty; it must say why\n"
		"5: [waiver a] until = \"2026-1-1\": expected a date as YYYY-MM-DD\n"
		"6: [waiver a] subject: empty; it must say what is excepted, * for all\n"
		"7: [waiver a]: the name is taken in this file already\n"},
	{"[attestation]\n[attestation anouncements]\nstatement = s\nowner = o\n"
	 "stated = 2026-11-22\nuntil = 2026-11-22\n",
		"1: [attestation]: an attestation needs a name, for example [attestation "
		"announcements]\n"
		"2: [attestation anouncements]: no check is called \"anouncements\", did you mean "
		"\"announcements\"; see `hardenctl list`\n"},
	{"[attestation announcements]\nstatement =\nstated = 2026-11-22\nuntil = 2026-11-21\n"
	 "reason = r\n[attestation announcements]\n",
		"1: [attestation announcements] owner: missing; it must say who states it\n"
		"2: [attestation announcements] statement: empty; it must say what is so\n"
		"4: [attestation announcements] until: lies before the day on which it was "
		"stated\n"
		"5: [attestation announcements] reason: unknown key; an attestation has statement, "
		"owner, stated, until\n"
		"6: [attestation announcements]: the name is taken in this file already\n"},
	{"[attestation " CHECK_ID "]\nstatement = s\nowner = o\nstated = 2026-11-22\n"
	 "until = tomorrow\n",
		"1: [attestation " CHECK_ID "]: this check is judged, not attested; an exception "
		"is a [waiver NAME]\n"
		"5: [attestation " CHECK_ID "] until = \"tomorrow\": expected a date as "
		"YYYY-MM-DD\n"},
	{"[waiver announcements]\ncheck = " CHECK_ID "\nreason = r\nowner = o\n"
	 "until = 2030-01-01\n[attestation announcements]\nstatement = s\nowner = o\n"
	 "stated = 2026-11-22\nuntil = 2026-11-22\n",
		""},
};

static char *messages(const char *text, size_t size)
{
	struct errlist errors = {0};
	struct policy *p = NULL;
	char *out = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&out, &n);

	int r = conf_load_text("t.conf", text, size, &errors, &p);
	assert_int_equal(r, errors.n > 0 ? -EINVAL : 0);
	for (size_t i = 0; i < errors.n; i++)
		fprintf(f, "%u: %s\n", errors.v[i].line, errors.v[i].text);
	assert_int_equal(fclose(f), 0);
	policy_free(p);
	errlist_fini(&errors);
	return out;
}

static void test_errors(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		char *got = messages(wrong[i].text, strlen(wrong[i].text));
		assert_string_equal(got, wrong[i].messages);
		free(got);
	}
}

static void test_limits(void **state)
{
	char text[1024];
	char *got;

	/* Lines of exactly the limit are read whole, one byte more is refused; comments are free.
	 */
	snprintf(text, sizeof(text), "[policy]\nsysadmin = %0*d\n", 197 - 11, 7);
	struct policy *p = load(text);
	assert_int_equal(strlen(policy_list(p, "policy", "sysadmin")[0]), 197 - 11);
	policy_free(p);
	snprintf(text, sizeof(text), "[policy]\nsysadmin = %0*d\n  %0*d\n#%0*d\n", 198 - 11, 7, 198,
		7, 400, 7);
	got = messages(text, strlen(text));
	assert_non_null(strstr(got, "2: the line has 198 bytes, at most 197"));
	assert_non_null(strstr(got, "3: the line has 198 bytes, at most 197"));
	assert_null(strstr(got, "4:"));
	free(got);
	snprintf(text, sizeof(text), "[policy]\nsysadmin = a\n    %0*d\n", 197, 7);
	p = load(text);
	assert_int_equal(strlen(policy_list(p, "policy", "sysadmin")[1]), 197);
	policy_free(p);
	snprintf(text, sizeof(text), "[policy]\n%0*d = 1\n[%0*d]\n", 50, 7, 50, 7);
	got = messages(text, strlen(text));
	assert_non_null(strstr(got, ": a key has at most 49 bytes\n3: "));
	assert_non_null(strstr(got, ": a section name has at most 49 bytes\n"));
	free(got);
	got = messages("[policy]\nsysadmin = a\0b\n", 24);
	assert_string_equal(got, "2: byte 13 of the line is the control character 0x00\n");
	free(got);
}

static void test_load_files(void **state)
{
	struct test_root t;
	struct errlist errors = {0};
	struct policy *p = NULL;

	test_root_init(&t);
	assert_int_equal(conf_load(&t.root, CONF_PATH, true, &errors, &p), 0);
	policy_free(p);
	assert_int_equal(conf_load(&t.root, CONF_PATH, false, &errors, &p), -EINVAL);
	assert_int_equal(errors.n, 1);
	assert_string_equal(errors.v[0].path, CONF_PATH);
	assert_int_equal(errors.v[0].line, 0);
	errlist_fini(&errors);

	test_write(&t, CONF_PATH,
		"[policy]\nsysadmin = alice bob\n[hardend]\nflap_max = 7\n"
		"[waiver w]\ncheck = " CHECK_ID "\nreason = old\nowner = o\nuntil = 2030-01-01\n");
	test_write(&t, CONF_PATH ".d/20-b.conf", "[hardend]\nflap_max = 9\n");
	test_write(&t, CONF_PATH ".d/10-a.conf",
		"[hardend]\nflap_max = 8\n[policy]\nsysadmin = carol\n"
		"[waiver w]\ncheck = " CHECK_ID "\nreason = new\nowner = o\nuntil = 2030-01-01\n");
	test_write(&t, CONF_PATH ".d/.hidden.conf", "junk\n");
	test_write(&t, CONF_PATH ".d/30-c.conf.bak", "junk\n");
	assert_int_equal(conf_load(&t.root, CONF_PATH, false, &errors, &p), 0);
	assert_int_equal(policy_uint(p, "hardend", "flap_max"), 9);
	assert_string_equal(policy_list(p, "policy", "sysadmin")[0], "carol");
	assert_null(policy_list(p, "policy", "sysadmin")[1]);
	assert_string_equal(policy_waiver_at(p, 0)->reason, "new");
	assert_null(policy_waiver_at(p, 1));
	policy_free(p);

	/* Ten errors in three files are ten messages, in order. */
	test_write(&t, CONF_PATH, "[policy]\na=1\nb=2\nc=3\nd=4\n");
	test_write(&t, CONF_PATH ".d/10-a.conf", "[x]\n[y]\n[z]\n[waiver]\n");
	test_write(&t, CONF_PATH ".d/20-b.conf", "junk\n");
	assert_int_equal(mkfifo(test_path(&t, CONF_PATH ".d/40.conf"), 0600), 0);
	assert_int_equal(conf_load(&t.root, CONF_PATH, false, &errors, &p), -EINVAL);
	assert_int_equal(errors.n, 10);
	assert_string_equal(errors.v[0].path, CONF_PATH);
	assert_int_equal(errors.v[3].line, 5);
	assert_string_equal(errors.v[4].path, CONF_PATH ".d/10-a.conf");
	assert_string_equal(errors.v[9].path, CONF_PATH ".d/40.conf");
	assert_non_null(strstr(errors.v[9].text, "FIFO"));
	errlist_fini(&errors);
	test_root_fini(&t);
}

/* On the live root the owner and mode count: whoever can write there decides. */
static void test_load_modes(void **state)
{
	struct test_root t;
	struct root live;
	struct errlist errors = {0};
	struct policy *p = NULL;

	test_root_init(&t);
	assert_int_equal(root_open("/", &live), 0);
	test_write(&t, "/c", "[hardend]\n");
	test_write(&t, "/c.d/1.conf", "[hardend]\n");
	assert_int_equal(chmod(test_path(&t, "/c"), 0600), 0);
	assert_int_equal(chmod(test_path(&t, "/c.d"), 0755), 0);
	assert_int_equal(chmod(test_path(&t, "/c.d/1.conf"), 0644), 0);
	assert_int_equal(conf_load(&live, test_path(&t, "/c"), false, &errors, &p), 0);
	policy_free(p);
	assert_int_equal(chmod(test_path(&t, "/c"), 0620), 0);
	assert_int_equal(chmod(test_path(&t, "/c.d"), 0777), 0);
	assert_int_equal(chmod(test_path(&t, "/c.d/1.conf"), 0602), 0);
	assert_int_equal(conf_load(&live, test_path(&t, "/c"), false, &errors, &p), -EINVAL);
	assert_int_equal(errors.n, 3);
	assert_non_null(strstr(errors.v[0].text, "mode 0620"));
	assert_non_null(strstr(errors.v[1].text, "mode 0777"));
	assert_non_null(strstr(errors.v[2].text, "mode 0602"));
	errlist_fini(&errors);
	if (geteuid() == 0) {
		assert_int_equal(chmod(test_path(&t, "/c.d"), 0755), 0);
		assert_int_equal(chmod(test_path(&t, "/c.d/1.conf"), 0600), 0);
		assert_int_equal(chmod(test_path(&t, "/c"), 0600), 0);
		assert_int_equal(chown(test_path(&t, "/c"), 65534, 65534), 0);
		assert_int_equal(
			conf_load(&live, test_path(&t, "/c"), false, &errors, &p), -EINVAL);
		assert_int_equal(errors.n, 1);
		assert_non_null(strstr(errors.v[0].text, "owned by uid 65534"));
		errlist_fini(&errors);
	}
	root_close(&live);
	test_root_fini(&t);
}

static void test_hostile_bytes_are_escaped(void **state)
{
	char *got = messages("[policy]\n\xff\xe2\x80\xae = 1\n[\xff]\n", 22);

	assert_string_equal(got, "2: [policy] \\xff\\u{202e}: unknown key; see hardend.conf(5)\n"
				 "3: [\\xff]: unknown section; there are [hardend], [policy], "
				 "[waiver NAME], [attestation CHECK-ID], [profile NAME] and the ids "
				 "of `hardenctl list`\n");
	free(got);
}

/* With each allocation failing in turn: -ENOMEM, never a policy that lacks something. */
static void test_out_of_memory(void **state)
{
	static const char *const texts[] = {
		"[policy]\nsysadmin = a b c d e f\n  g h\n[hardend]\nlog_level = debug\n"
		"[waiver w]\ncheck = " CHECK_ID
		"\nreason = x\n  y\nowner = o\nuntil = 2030-01-01\n"
		"[attestation announcements]\nstatement = s\n  t\nowner = o\n"
		"stated = 2026-11-22\nuntil = 2030-01-01\n",
		"[polcy]\n[policy]\ntrusted_networks = 10.0.0.1/8\nx\n[waiver w]\ny = z\n[waiver "
		"w]\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		for (alloc_fail_at = 1;; alloc_fail_at++) {
			struct errlist errors = {0};
			struct policy *p = NULL;
			alloc_count = 0;
			int r = conf_load_text("t", texts[i], strlen(texts[i]), &errors, &p);
			bool done = alloc_count < alloc_fail_at;
			assert_int_equal(r, !done ? -ENOMEM : i == 0 ? 0 : -EINVAL);
			policy_free(p);
			errlist_fini(&errors);
			if (done)
				break;
		}
		assert_true(alloc_fail_at > 5);
		alloc_fail_at = 0;
	}
}

static void test_suggest(void **state)
{
	static const struct {
		const char *word, *known;
		bool near;
	} vectors[] = {
		{"sacn", "scan", true},
		{"scann", "scan", true},
		{"status", "status", true},
		{"explian", "explain", true},
		{"x", "y", false},
		{"", "a", false},
		{"ab", "cd", false},
		{"history", "verify", false},
		{"ssh-root-logn", "ssh-root-login", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct suggest s = {.word = vectors[i].word};
		suggest_offer(&s, vectors[i].known);
		assert_int_equal(s.best != NULL, vectors[i].near);
	}
}

static void test_net(void **state)
{
	static const struct {
		const char *in;
		int r;
		const char *text;
	} vectors[] = {
		{"192.0.2.0/24", 0, "192.0.2.0/24"},
		{"192.0.2.1", 0, "192.0.2.1"},
		{"0.0.0.0/0", 0, "0.0.0.0/0"},
		{"192.0.2.1/24", -EDOM, "192.0.2.0/24"},
		{"10.0.0.0/33", -EINVAL, NULL},
		{"10.0.0.0/", -EINVAL, NULL},
		{"10.0.0", -EINVAL, NULL},
		{"10.0.0.0/+8", -EINVAL, NULL},
		{"10.0.0.0/8x", -EINVAL, NULL},
		{"", -EINVAL, NULL},
		{"2001:DB8::/32", 0, "2001:db8::/32"},
		{"::/0", 0, "::/0"},
		{"::1", 0, "::1"},
		{"fe80::1/10", -EDOM, "fe80::/10"},
		{"fc00::/7", 0, "fc00::/7"},
		{"fe80::1%eth0", -EINVAL, NULL},
		{"::/129", -EINVAL, NULL},
		{"172.16.0.0/12", 0, "172.16.0.0/12"},
	};
	struct net n, inner;
	char text[NET_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		assert_int_equal(net_parse(vectors[i].in, &n), vectors[i].r);
		if (vectors[i].text)
			assert_string_equal(net_text(&n, text), vectors[i].text);
	}
	assert_int_equal(net_parse("172.16.0.0/12", &n), 0);
	assert_int_equal(net_parse("172.31.255.255", &inner), 0);
	assert_true(net_contains(&n, &inner));
	assert_false(net_contains(&inner, &n));
	assert_int_equal(net_parse("172.32.0.0", &inner), 0);
	assert_false(net_contains(&n, &inner));
	assert_int_equal(net_parse("::/0", &inner), 0);
	assert_false(net_contains(&n, &inner));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schema),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_value_parse),
		cmocka_unit_test(test_waivers),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_load_files),
		cmocka_unit_test(test_load_modes),
		cmocka_unit_test(test_hostile_bytes_are_escaped),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_suggest),
		cmocka_unit_test(test_net),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
