/* SPDX-License-Identifier: ISC */
#include "test.h"

#include <grp.h>
#include <gshadow.h>
#include <pwd.h>
#include <shadow.h>
#include <time.h>

#include "alloc-fail.h"
#include "fact/accounts-parse.h"
#include "fact/collectors.h"

struct texts {
	const char *v[ACCOUNTS_FILE_MAX]; /* NULL: absent */
};

static int parse(struct arena *a, const struct texts *in, struct accounts *acc)
{
	struct accounts_text texts[ACCOUNTS_FILE_MAX] = {0};

	*acc = (struct accounts){0};
	for (int i = 0; i < ACCOUNTS_FILE_MAX; i++) {
		acc->file_state[i] = in->v[i] ? FACT_STATE_OK : FACT_STATE_ABSENT;
		if (!in->v[i])
			continue;
		texts[i].size = strlen(in->v[i]);
		texts[i].data = arena_strdup(a, in->v[i]);
		if (!texts[i].data)
			return -ENOMEM;
	}
	return accounts_parse(a, texts, acc);
}

static const struct texts good = {{
	[ACCOUNTS_PASSWD] = "root:x:0:0:root:/root:/bin/bash\n"
			    "daemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n"
			    "alice:x:1000:1000:Alice,,,:/home/alice:/bin/bash\n"
			    "old::1001:1000::/home/old:\n",
	[ACCOUNTS_SHADOW] = "root:*:19000:0:99999:7:::\n"
			    "daemon:*:19000:0:99999:7:::\n"
			    "alice:$1$abcdefgh$0123456789012345678901:19000:0:30:7:10:20000:\n",
	[ACCOUNTS_GROUP] = "root:x:0:\ndaemon:x:1:\nalice:x:1000:\n"
			   "sudo:x:27:alice,ghost\nadm:x:4: alice ,,alice\n",
	[ACCOUNTS_GSHADOW] = "root:*::\ndaemon:*::\nalice:!::\nsudo:!::alice\n"
			     "adm:$1$abcdefgh$0123456789012345678901::\n",
	[ACCOUNTS_LOGIN_DEFS] = "# comment\nUID_MIN\t\t 1000\nUID_MAX 0xEA60\n"
				"ENCRYPT_METHOD \"SHA512\"\n",
}};

static void test_parse(void **state)
{
	struct arena *a = arena_new();
	struct accounts acc;

	assert_int_equal(parse(a, &good, &acc), 0);
	assert_int_equal(acc.n, 4);
	assert_int_equal(acc.n_groups, 5);
	assert_int_equal(acc.uid_max, 60000);
	assert_string_equal(acc.encrypt_method, "SHA512");
	assert_int_equal(acc.encrypt_method_line, 4);
	const struct account *x = accounts_find(&acc, "alice");
	assert_int_equal(x->uid, 1000);
	assert_int_equal(x->line, 3);
	assert_string_equal(x->home, "/home/alice");
	assert_int_equal(x->password, PASSWORD_USABLE);
	assert_string_equal(x->hash_scheme, "md5crypt");
	assert_string_equal(x->password_path, "/etc/shadow");
	assert_int_equal(x->password_line, 3);
	assert_int_equal(x->expire_day, 20000);
	assert_true(account_is_login(&acc, x));
	assert_false(account_is_service(&acc, x));
	x = accounts_find(&acc, "old");
	assert_int_equal(x->password, PASSWORD_NONE);
	assert_string_equal(x->password_path, "/etc/passwd");
	x = accounts_find(&acc, "daemon");
	assert_int_equal(x->password, PASSWORD_LOCKED);
	assert_false(x->login_shell);
	assert_true(account_is_service(&acc, x));
	assert_null(accounts_find(&acc, "nobody"));
	const struct account_group *g = accounts_find_group(&acc, "adm");
	assert_int_equal(g->n_members, 2);
	assert_string_equal(g->members[0], "alice ");
	assert_int_equal(g->password, PASSWORD_USABLE);
	assert_true(account_in_group(accounts_find(&acc, "alice"), g));
	assert_int_equal(accounts_find_group(&acc, "sudo")->password, PASSWORD_LOCKED);
	assert_int_equal(acc.n_defects, 2);
	assert_string_equal(acc.defects[0].what,
		"has a blank before a member, whom the C library knows and gpasswd does not");
	assert_string_equal(
		acc.defects[1].what, "has its password in /etc/passwd, not in /etc/shadow");
	arena_free(a);
}

static void test_defects(void **state)
{
	static const struct {
		enum accounts_file file;
		const char *line, *subject, *what;
	} vectors[] = {
		{ACCOUNTS_PASSWD, "x:x:1:1", "account x", "has 4 fields, expected 7"},
		{ACCOUNTS_PASSWD, "x:x:1:1::/::/bin/sh", "account x", "has 8 fields, expected 7"},
		{ACCOUNTS_PASSWD, "x:x:one:1::/:/bin/sh", "account x",
			"is skipped: its uid or gid is no number"},
		{ACCOUNTS_PASSWD, "+::::::", "account +",
			"is a legacy entry that lets NIS accounts in"},
		{ACCOUNTS_PASSWD, "-@net", "account -@net",
			"is a legacy entry that lets NIS accounts in"},
		{ACCOUNTS_PASSWD, ":x:7:1::/:", "/etc/passwd line 2", "has an empty name"},
		{ACCOUNTS_PASSWD, "12:x:7:1::/:", "account 12",
			"has a name of digits only, which is taken for a number"},
		{ACCOUNTS_PASSWD, "x:x:7:2::/:", "account x", "its primary group 2 does not exist"},
		{ACCOUNTS_PASSWD, "x:x:0:1::/:", "account x", "uid 0 is also root's (line 1)"},
		{ACCOUNTS_PASSWD, "root:x:5:1::/:", "account root",
			"the name is also that of line 1, which counts"},
		{ACCOUNTS_SHADOW, "root:*:1", "account root",
			"is skipped in /etc/shadow: fields are missing or no numbers"},
		{ACCOUNTS_SHADOW, "root:*:::::::", "account root",
			"is in /etc/shadow twice (first in line 1)"},
		{ACCOUNTS_SHADOW, "ghost:*:::::::", "account ghost",
			"is in /etc/shadow and not in /etc/passwd"},
		{ACCOUNTS_SHADOW, "root:*:1:2:3:", "account root", "has 6 fields, expected 9"},
		{ACCOUNTS_GROUP, "x:x:one:", "group x", "is skipped: its gid is no number"},
		{ACCOUNTS_GROUP, "x:x:5", "group x", "has 3 fields, expected 4"},
		{ACCOUNTS_GROUP, "x:x:1:", "group x", "gid 1 is also root's (line 1)"},
		{ACCOUNTS_GROUP, "root:x:5:", "group root",
			"the name is also that of line 1, which counts"},
		{ACCOUNTS_PASSWD, " x:x:7:1::/:", "account x",
			"begins with a blank, which the C library skips and useradd does not"},
		{ACCOUNTS_PASSWD, "x:x:7:1::/:", "account x", "has no line in /etc/shadow"},
		{ACCOUNTS_PASSWD, "x::7:1::/:", "account x",
			"has its password in /etc/passwd, not in /etc/shadow"},
		{ACCOUNTS_GROUP, "x:x:5:", "group x", "has no line in /etc/gshadow"},
		{ACCOUNTS_GSHADOW, "x:x::", "group x", "is in /etc/gshadow and not in /etc/group"},
		{ACCOUNTS_GSHADOW, "root:x::", "group root",
			"is in /etc/gshadow twice (first in line 1)"},
		{ACCOUNTS_LOGIN_DEFS, "UID_MIN ten", "/etc/login.defs line 2",
			"UID_MIN or UID_MAX is no number"},
	};
	static const char *const base[ACCOUNTS_FILE_MAX] = {"root:x:0:1::/:\n", "root:*:::::::\n",
		"root:x:1:\n", "root:*::\n", "encrypt_method SHA512\n"};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct arena *a = arena_new();
		struct texts in;
		struct accounts acc;
		bool found = false;

		memcpy(in.v, base, sizeof(base));
		in.v[vectors[i].file] = arena_printf(
			a, "%s%s\n", base[vectors[i].file], vectors[i].line);
		assert_int_equal(parse(a, &in, &acc), 0);
		for (size_t k = 0; k < acc.n_defects; k++)
			found = found ||
				(strcmp(acc.defects[k].subject, vectors[i].subject) == 0 &&
					strcmp(acc.defects[k].what, vectors[i].what) == 0 &&
					acc.defects[k].line == 2);
		if (!found)
			fail_msg("no defect for '%s'", vectors[i].line);
		arena_free(a);
	}
}

static void test_unreadable_shadow(void **state)
{
	struct arena *a = arena_new();
	struct accounts acc = {0};
	char passwd[] = "root:x:0:0::/:\n", group[] = "root:x:0:\n";
	struct accounts_text texts[ACCOUNTS_FILE_MAX] = {
		[ACCOUNTS_PASSWD] = {passwd, strlen(passwd)},
		[ACCOUNTS_GROUP] = {group, strlen(group)},
	};

	acc.file_state[ACCOUNTS_SHADOW] = FACT_STATE_DENIED;
	acc.file_state[ACCOUNTS_GSHADOW] = FACT_STATE_DENIED;
	assert_int_equal(accounts_parse(a, texts, &acc), 0);
	assert_int_equal(acc.v[0].password, PASSWORD_UNKNOWN);
	assert_int_equal(acc.groups[0].password, PASSWORD_UNKNOWN);
	assert_int_equal(acc.n_defects, 0);
	arena_free(a);
}

static void test_expired(void **state)
{
	static const struct {
		int64_t change, max, inactive, expire;
		bool expired;
	} vectors[] = {
		{19000, 99999, -1, -1, false},
		{19000, -1, -1, 20000, true},
		{19000, -1, -1, 20001, false},
		{19000, -1, -1, 0, false},
		{19900, 90, 10, -1, false},
		{19899, 90, 10, -1, true},
		{19899, 90, -1, -1, false},
		{0, 1, 1, -1, false},
		{30000, 1, 1, -1, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct account x = {.last_change_day = vectors[i].change,
			.max_days = vectors[i].max,
			.inactive_days = vectors[i].inactive,
			.expire_day = vectors[i].expire};
		assert_int_equal(account_expired(&x, 20000), vectors[i].expired);
	}
}

static void test_alloc(void **state)
{
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		struct accounts acc;
		alloc_count = 0;
		struct arena *a = arena_new();
		int r = a ? parse(a, &good, &acc) : -ENOMEM;
		unsigned count = alloc_count;
		arena_free(a);
		if (count < alloc_fail_at)
			break;
		assert_int_equal(r, -ENOMEM);
	}
	assert_true(alloc_fail_at > 3);
	alloc_fail_at = 0;
}

static uint32_t random_below(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % n;
}

/* A line of n fields, right or nearly right, of what has made parsers differ before. */
static size_t random_line(char *out, unsigned fields, uint32_t *seed)
{
	static const char *const names[] = {"alice", "bob", "root", "x", "alice ", " alice", "",
		"+", "+alice", "-bob", "#root", "é"};
	static const char *const values[] = {"0", "1", "1000", "4294967295", "010", " 7", "+8", "x",
		"*", "", "/home", "alice,bob", "bob, alice,,", "$1$a$0123456789012345678901", "-1",
		"4294967296", "99999999999999999999", "0x1", "1a", "7 ", "\t", "\r"};
	static const char junk[] = ":: \t#+-,0ax\n\r";
	size_t n = 0;

	if (random_below(seed, 8) == 0)
		fields = random_below(seed, fields + 3);
	for (unsigned k = 0; k < fields; k++) {
		/* Mostly numbers: they are what most fields want. */
		const char *s =
			k == 0 ? names[random_below(seed, ARRAY_SIZE(names))]
			       : values[random_below(seed,
					 random_below(seed, 3) ? 7 : (uint32_t)ARRAY_SIZE(values))];
		n += (size_t)sprintf(out + n, "%s%s", k ? ":" : "", s);
	}
	if (n > 0 && random_below(seed, 4) == 0)
		out[random_below(seed, (uint32_t)n)] = junk[random_below(seed, sizeof(junk) - 1)];
	out[n++] = '\n';
	return n;
}

static void compare_passwd(const struct accounts *acc, FILE *f)
{
	struct passwd pw, *p;
	char buf[65536];
	size_t i = 0;

	while (fgetpwent_r(f, &pw, buf, sizeof(buf), &p) == 0) {
		if (pw.pw_name[0] == '+' || pw.pw_name[0] == '-')
			continue;
		assert_true(i < acc->n);
		const struct account *x = &acc->v[i++];
		assert_string_equal(x->name, pw.pw_name);
		assert_int_equal(x->uid, pw.pw_uid);
		assert_int_equal(x->gid, pw.pw_gid);
		assert_string_equal(x->gecos, pw.pw_gecos);
		assert_string_equal(x->home, pw.pw_dir);
		assert_string_equal(x->shell, pw.pw_shell);
	}
	assert_int_equal(i, acc->n);
}

static void compare_group(const struct accounts *acc, FILE *f)
{
	struct group gr, *p;
	char buf[65536];
	size_t i = 0;

	while (fgetgrent_r(f, &gr, buf, sizeof(buf), &p) == 0) {
		/* A "+" with nothing behind it has no members. */
		if (!gr.gr_passwd)
			continue;
		assert_true(i < acc->n_groups);
		const struct account_group *x = &acc->groups[i++];
		assert_string_equal(x->name, gr.gr_name);
		assert_int_equal(x->gid, gr.gr_gid);
		for (size_t k = 0; k <= x->n_members; k++) {
			if (k == x->n_members)
				assert_null(gr.gr_mem[k]);
			else
				assert_string_equal(x->members[k], gr.gr_mem[k]);
		}
	}
	if (i != acc->n_groups)
		fail_msg("glibc takes %zu groups, not '%s'", i, acc->groups[i].name);
}

/* Then C libraries differ by their age. */
static bool has_odd_number(const struct accounts *acc, const struct account *x)
{
	for (size_t i = 0; i < acc->n_defects; i++) {
		const struct account_defect *d = &acc->defects[i];
		if (strstr(d->what, "out of range") && d->line == x->password_line)
			return true;
	}
	return false;
}

/* Every account of ours gets the first line of its name that glibc takes. */
static void compare_shadow(const struct accounts *acc, const char *text)
{
	for (size_t i = 0; i < acc->n; i++) {
		const struct account *x = &acc->v[i];
		FILE *f = fmemopen((char *)text, strlen(text), "re");
		struct spwd sp, *p;
		char buf[65536];
		bool found = false;

		assert_non_null(f);
		while (!found && fgetspent_r(f, &sp, buf, sizeof(buf), &p) == 0)
			found = strcmp(sp.sp_namp, x->name) == 0;
		(void)fclose(f);
		if (strcmp(x->password_path, "/etc/shadow") != 0 || has_odd_number(acc, x))
			continue;
		if (found != (x->password_line != 0))
			fail_msg("glibc %s '%s', line %u here", found ? "takes" : "skips", x->name,
				x->password_line);
		if (!found)
			continue;
		assert_int_equal(x->last_change_day, sp.sp_lstchg);
		assert_int_equal(x->max_days, sp.sp_max);
		assert_int_equal(x->inactive_days, sp.sp_inact);
		assert_int_equal(x->expire_day, sp.sp_expire);
		const char *scheme;
		assert_int_equal(x->password, password_classify(sp.sp_pwdp, &scheme));
	}
}

static void test_like_glibc(void **state)
{
	static char text[3][8192];
	static const unsigned fields[] = {7, 9, 4};
	uint32_t seed = 20261121;
	size_t accounts = 0;

	for (int round = 0; round < 4000; round++) {
		struct arena *a = arena_new();
		struct accounts acc;
		for (int k = 0; k < 3; k++) {
			size_t n = 0;
			while (n < 1024)
				n += random_line(text[k] + n, fields[k], &seed);
			text[k][n] = '\0';
		}
		struct texts in = {{[ACCOUNTS_PASSWD] = text[0],
			[ACCOUNTS_SHADOW] = text[1],
			[ACCOUNTS_GROUP] = text[2]}};
		assert_int_equal(parse(a, &in, &acc), 0);
		FILE *f = fmemopen(text[0], strlen(text[0]), "re");
		compare_passwd(&acc, f);
		(void)fclose(f);
		f = fmemopen(text[2], strlen(text[2]), "re");
		compare_group(&acc, f);
		(void)fclose(f);
		compare_shadow(&acc, text[1]);
		accounts += acc.n;
		arena_free(a);
	}
	print_message("%zu accounts as glibc sees them\n", accounts);
	assert_true(accounts > 1000);
}

static struct fact_item find_item(const struct fact *f, const char *subject)
{
	for (size_t i = 0; i < f->n_items; i++) {
		if (strcmp(f->items[i].subject, subject) == 0)
			return f->items[i];
	}
	return (struct fact_item){.value = ""};
}

static struct fact *collect_here(const struct test_root *t)
{
	struct factset facts = {0};
	struct collect c = {.root = &t->root, .facts = &facts};
	struct fact *f = NULL;

	assert_int_equal(fact_collect(FACT_ACCOUNTS, &c, &f), 0);
	return f;
}

static void test_collect(void **state)
{
	struct test_root t;

	test_root_init(&t);
	struct fact *f = collect_here(&t);
	assert_int_equal(f->state, FACT_STATE_ABSENT);
	assert_string_equal(f->reason, "/etc/passwd does not exist");
	fact_free(f);

	for (int i = 0; i < ACCOUNTS_FILE_MAX; i++)
		test_write(&t, accounts_paths[i], good.v[i]);
	test_write(&t, "/bin/bash", "");
	f = collect_here(&t);
	assert_int_equal(f->state, FACT_STATE_OK);
	assert_false(accounts_find(f->u.accounts, "alice")->login_shell); /* not executable */
	fact_free(f);
	assert_int_equal(chmod(test_path(&t, "/bin/bash"), 0755), 0);
	f = collect_here(&t);
	assert_true(accounts_find(f->u.accounts, "alice")->login_shell);
	assert_false(accounts_find(f->u.accounts, "old")->login_shell); /* no /bin/sh here */
	struct fact_item item = find_item(f, "account alice");
	assert_non_null(item.path);
	assert_string_equal(item.path, "/etc/passwd");
	assert_int_equal(item.line, 3);
	assert_non_null(strstr(item.value, "uid=1000 gid=1000 home=/home/alice shell=/bin/bash "
					   "groups=adm,sudo password=usable(md5crypt sha256:"));
	assert_non_null(strstr(item.value, ") expires=2024-10-04"));
	assert_null(find_item(f, "group alice").subject);
	assert_string_equal(
		find_item(f, "group sudo").value, "gid=27 members-without-account=ghost");
	fact_free(f);

	assert_int_equal(unlink(test_path(&t, "/etc/passwd")), 0);
	assert_int_equal(mkfifo(test_path(&t, "/etc/passwd"), 0644), 0);
	f = collect_here(&t);
	assert_int_equal(f->state, FACT_STATE_MALFORMED);
	fact_free(f);
	test_root_fini(&t);
}

/* useradd, usermod -aG and passwd are one item each. */
static void test_one_item(void **state)
{
	static const char *const passwd[] = {
		"root:x:0:0::/:\n", "root:x:0:0::/:\nbob:x:1001:1001::/home/bob:/bin/sh\n"};
	static const char *const group[] = {"root:x:0:\nsudo:x:27:\n",
		"root:x:0:\nsudo:x:27:\nbob:x:1001:\n", "root:x:0:\nsudo:x:27:bob\nbob:x:1001:\n"};
	static const char *const shadow[] = {"root:*:::::::\n", "root:*:::::::\nbob:!:::::::\n",
		"root:*:::::::\nbob:ab0123456789.:::::::\n"};
	static const unsigned char steps[][3] = {{0, 0, 0}, {1, 1, 1}, {1, 2, 1}, {1, 2, 2}};
	struct fact *last = NULL;
	struct test_root t;

	test_root_init(&t);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		test_write(&t, "/etc/passwd", passwd[steps[i][0]]);
		test_write(&t, "/etc/group", group[steps[i][1]]);
		test_write(&t, "/etc/shadow", shadow[steps[i][2]]);
		struct fact *f = collect_here(&t);
		unsigned changed = 0;
		for (size_t k = 0; last && k < f->n_items; k++) {
			struct fact_item old = find_item(last, f->items[k].subject);
			changed += strcmp(old.value, f->items[k].value) != 0;
		}
		assert_int_equal(changed, i > 0);
		fact_free(last);
		last = f;
	}
	fact_free(last);
	test_root_fini(&t);
}

/* A bound of time that only a quadratic loop misses. */
static void test_many(void **state)
{
	enum {
		MANY = 200000,
	};
	struct arena *a = arena_new();
	struct timespec before, after;
	struct accounts acc;
	char *passwd = malloc(MANY * 64), *shadow = malloc(MANY * 64), *group = malloc(MANY * 16);
	size_t np = 0, ns = 0, ng = (size_t)sprintf(group, "all:x:1:");

	for (int i = 0; i < MANY; i++) {
		/* Every second one is a duplicate by name and uid. */
		np += (size_t)sprintf(
			passwd + np, "user%d:x:%d:1::/home/u:/bin/sh\n", i / 2, i / 2);
		ns += (size_t)sprintf(
			shadow + ns, "user%d:$1$a$0123456789012345678901:::::::\n", i);
		ng += (size_t)sprintf(group + ng, "user%d,", i);
	}
	struct texts in = {
		{[ACCOUNTS_PASSWD] = passwd, [ACCOUNTS_SHADOW] = shadow, [ACCOUNTS_GROUP] = group}};
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	assert_int_equal(parse(a, &in, &acc), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	double s = (double)(after.tv_sec - before.tv_sec) +
		   (double)(after.tv_nsec - before.tv_nsec) / 1e9;
	print_message("%d lines, %zu defects: %.3f s, %zu KiB\n", MANY, acc.n_defects, s,
		arena_size(a) / 1024);
	assert_int_equal(acc.n, MANY);
	assert_true(acc.n_defects >= MANY / 2);
	assert_true(s < 10);
	arena_free(a);
	free(passwd);
	free(shadow);
	free(group);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_defects),
		cmocka_unit_test(test_unreadable_shadow),
		cmocka_unit_test(test_expired),
		cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_like_glibc),
		cmocka_unit_test(test_collect),
		cmocka_unit_test(test_one_item),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
