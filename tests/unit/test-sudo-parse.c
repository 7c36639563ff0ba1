/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "alloc-fail.h"
#include "fact/sudo-tree.h"

/* Files by name, and one directory. */
struct disk {
	struct arena *a;
	const char *const *files; /* path, text, ..., NULL */
	const char *const *names; /* in /etc/sudoers.d */
};

static int disk_read(void *arg, const char *path, bool in_dir, char **ret, size_t *ret_size)
{
	const struct disk *d = arg;

	for (const char *const *f = d->files; *f; f += 2) {
		if (strcmp(f[0], path) == 0) {
			*ret = arena_strdup(d->a, f[1]);
			*ret_size = strlen(f[1]);
			return *ret ? 0 : -ENOMEM;
		}
	}
	return in_dir ? -ECANCELED : -ENOENT;
}

static int disk_list(void *arg, const char *path, char ***ret)
{
	const struct disk *d = arg;
	size_t n = 0;

	if (strcmp(path, "/etc/sudoers.d") != 0 || !d->names)
		return -ENOENT;
	while (d->names[n])
		n++;
	char **v = arena_alloc(d->a, (n + 1) * sizeof(*v));
	for (size_t i = 0; v && i < n; i++) {
		v[i] = arena_strdup(d->a, d->names[i]);
		if (!v[i])
			return -ENOMEM;
	}
	*ret = v;
	return v ? 0 : -ENOMEM;
}

static const char *reason(_unused_ int r)
{
	return "is not there";
}

static int parse_files(
	struct arena *a, const char *const *files, const char *const *names, struct sudo_tree *ret)
{
	struct disk d = {a, files, names};
	struct sudo_files f = {disk_read, disk_list, reason, &d, "thishost"};

	sudo_tree_init(ret, a);
	return sudo_tree_parse(ret, &f, "/etc/sudoers");
}

static int parse(struct arena *a, const char *text, struct sudo_tree *ret)
{
	return parse_files(a, (const char *[]){"/etc/sudoers", text, NULL}, NULL, ret);
}

/* All that was read, one line each. */
static const char *dump(struct arena *a, const struct sudo_tree *t)
{
	char *out = arena_strdup(a, "");

	for (size_t i = 0; i < t->n_specs; i++)
		out = arena_printf(
			a, "%s%u %s\n", out, t->specs[i].line, sudo_spec_text(a, &t->specs[i]));
	for (size_t i = 0; i < t->n_aliases; i++)
		out = arena_printf(a, "%s%s = %s\n", out, t->aliases[i].name,
			sudo_members_text(a, &t->aliases[i].members));
	for (size_t i = 0; i < t->n_defaults; i++) {
		const struct sudo_default *d = &t->defaults[i];
		out = arena_printf(a, "%sDefaults %d %s %c%s %s\n", out, d->scope,
			sudo_members_text(a, &d->binding), d->op, d->name,
			d->value ? d->value : "-");
	}
	for (size_t i = 0; i < t->n_defects; i++)
		out = arena_printf(a, "%s! %s:%u: %s\n", out, t->defects[i].path,
			t->defects[i].line, t->defects[i].what);
	return out;
}

/*
 * Each expectation was compared with `cvtsudoers -f json` and `visudo -cf` of
 * sudo 1.9.13 when it was written; tests/system/sudo-diff does so at large.
 */
static const struct {
	const char *text, *expected;
} vectors[] = {
	{"", ""},
	{"root ALL=(ALL:ALL) ALL\n", "1 root ALL=(ALL:ALL) ALL\n"},
	{"# a comment\n\n\t%sudo\tALL = (ALL) NOPASSWD:ALL # why",
		"3 %sudo ALL=(ALL) NOPASSWD: ALL\n"},
	{"#1000 ALL=ALL\n%#27 ALL=ALL\n#-1 h=/bin/ls\n",
		"1 #1000 ALL=ALL\n2 %#27 ALL=ALL\n3 \"#-1\" h=/bin/ls\n"},
	{"+ng,%:ad grp ALL=ALL\n", "! /etc/sudoers:1: syntax error near \"ALL\"\n"},
	{"\"two words\",\"%a b\",\"+n g\" h=ALL\n", "1 \"two words\",\"%a b\",\"+n g\" h=ALL\n"},
	{"\\x61lice,al\\ ice ALL=ALL\n", "1 alice,\"al ice\" ALL=ALL\n"},
	{"a, !b , !!c ALL, !h=ALL\n", "1 a,!b,c ALL,!h=ALL\n"},
	{"a ALL=(root,!#0:adm,!#5) ALL\n", "1 a ALL=(root,!#0:adm,!#5) ALL\n"},
	{"a ALL=() ALL\nb ALL=(:) ALL\nc ALL=(:g) ALL\nd ALL=(x:) ALL\n",
		"1 a ALL=() ALL\n2 b ALL=() ALL\n3 c ALL=(:g) ALL\n"
		"! /etc/sudoers:4: syntax error near \")\"\n"},
	{"a ALL=(b) NOPASSWD: /bin/x, PASSWD: /bin/y, (c) /bin/z\n",
		"1 a ALL=(b) NOPASSWD: /bin/x; (b) PASSWD: /bin/y; (c) PASSWD: /bin/z\n"},
	{"a ALL=/bin/x one  two\\,\\:\\= \\*, !/bin/y \"\", /d/, sudoedit /e\n",
		"1 a ALL=/bin/x one two,:= \\*; !/bin/y \"\"; /d/; sudoedit /e\n"},
	{"a ALL=/bin/with\\ blank x\n", "1 a ALL=/bin/with blank x\n"},
	{"a ALL=^/bin/(a|b)$ ^-x (y|z)$, /bin/c\n", "1 a ALL=^/bin/(a|b)$ ^-x (y|z)$; /bin/c\n"},
	{"a ALL=/bin/x ^y\n", "! /etc/sudoers:1: unterminated regular expression\n"},
	{"a ALL=/a\\*b\n", "! /etc/sudoers:1: expected a fully-qualified path name\n"},
	{"a ALL=ls\n", "! /etc/sudoers:1: expected a fully-qualified path name\n"},
	{"a ALL=ALL\r\n", "1 a ALL=ALL\n"},
	{"a ALL=/bin/ls\r\nb ALL=ALL\n",
		"2 b ALL=ALL\n! /etc/sudoers:1: syntax error: the line ends too early\n"},
	{"a \\\n ALL=\\\n\tALL\nb ALL=ALL\n", "1 a ALL=ALL\n4 b ALL=ALL\n"},
	{"a h1=/bin/x : h2,10.0.0.0/8=(b) ALL\n", "1 a h1=/bin/x\n1 a h2,10.0.0.0/8=(b) ALL\n"},
	{"a ALL=ALL : bad\nb ALL=ALL\n", "1 a ALL=ALL\n2 b ALL=ALL\n! /etc/sudoers:1: syntax "
					 "error: the line ends too early\n"},
	{"a ALL=ALL )\n", "! /etc/sudoers:1: syntax error near \")\"\n"},
	{"a fe80::1,2001:db8::/32=ALL\n", "1 a fe80::1,2001:db8::/32=ALL\n"},
	{"a 1::2::3=ALL\n", "! /etc/sudoers:1: invalid IPv6 address\n"},
	{"User_Alias A = x, !%y : B = A\nA,!B ALL=ALL\n", "2 A,!B ALL=ALL\nA = x,!%y\nB = A\n"},
	{"Cmnd_Alias A = /x : A = /y\na ALL=A\n",
		"2 a ALL=A\nA = /x\n! /etc/sudoers:1: alias \"A\" already defined\n"},
	{"Host_Alias ALL = x\nRunas_Alias R = \"#0\"\n",
		"R = #0\n! /etc/sudoers:1: syntax error: a reserved word is used as an alias "
		"name\n"},
	{"Defaults !authenticate, env_keep += \"A B\",x=y\\ z\nDefaults:a,%b use_pty\n",
		"Defaults 0  !authenticate -\nDefaults 0  +env_keep A B\nDefaults 0  =x y z\n"
		"Defaults 1 a,%b =use_pty -\n"},
	{"Defaults>root lecture\nDefaults@h lecture\nDefaults!/bin/x,C lecture\n",
		"Defaults 2 root =lecture -\nDefaults 3 h =lecture -\nDefaults 4 /bin/x,C =lecture "
		"-\n"},
	{"Defaults use_pty,\nDefaults = x\nDefaultsx ALL=ALL\n",
		"3 Defaultsx ALL=ALL\n! /etc/sudoers:1: syntax error: the line ends too early\n"
		"! /etc/sudoers:2: syntax error near \"=\"\n"},
	{"a ALL=sha224:d06a2617c98d377c250edd470fd5e576327748d82915d6e33b5f8db1 /bin/ls\n",
		"1 a ALL=sha224:d06a2617c98d377c250edd470fd5e576327748d82915d6e33b5f8db1 "
		"/bin/ls\n"},
	{"a ALL=sha256:00 /bin/ls\n", "! /etc/sudoers:1: syntax error near \"/bin/ls\"\n"},
	{"a ALL=CWD=/x TIMEOUT=1d2h NOTAFTER=20300101Z /x\n", "! /etc/sudoers:1: invalid date\n"},
	{"a ALL=CWD=/x CHROOT=* TIMEOUT=1d2h NOTAFTER=2030010112Z NOEXEC: /x\n",
		"1 a ALL=NOEXEC: /x\n"},
	{"a ALL=CWD=x /x\nb ALL=TIMEOUT=1m1h /x\n",
		"! /etc/sudoers:1: values for CWD and CHROOT must start with a '/', '~', or '*'\n"
		"! /etc/sudoers:2: invalid timeout value\n"},
	{"\"open\n", "! /etc/sudoers:1: unexpected line break in string\n"},
	{"\"\" ALL=ALL\n% ALL=ALL\n+ ALL=ALL\n\"%:\" ALL=ALL\n",
		"! /etc/sudoers:1: empty string\n! /etc/sudoers:2: empty group\n"
		"! /etc/sudoers:3: empty netgroup\n! /etc/sudoers:4: empty group\n"},
	{"a ALL=ALL\\\nDefaults x\n", "! /etc/sudoers:2: invalid line continuation\n"},
	{"a ALL=/bin/x \\", "! /etc/sudoers:2: syntax error: the file ends too early\n"},
};

static void test_vectors(_unused_ void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		struct sudo_tree t;
		assert_int_equal(parse(a, vectors[i].text, &t), 0);
		if (strcmp(dump(a, &t), vectors[i].expected) != 0)
			print_message("%s", vectors[i].text);
		assert_string_equal(dump(a, &t), vectors[i].expected);
	}
}

static void test_nul_cuts_the_line(_unused_ void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct sudo_tree t;
	char text[] = "a ALL=ALL@ x\nb ALL=ALL\n";

	*strchr(text, '@') = '\0';
	struct disk d = {a, NULL, NULL};
	struct sudo_files f = {disk_read, disk_list, reason, &d, ""};
	/* strlen() in disk_read ends there too: the rest of the line and the file are gone. */
	d.files = (const char *[]){"/etc/sudoers", text, NULL};
	sudo_tree_init(&t, a);
	assert_int_equal(sudo_tree_parse(&t, &f, "/etc/sudoers"), 0);
	assert_string_equal(dump(a, &t), "1 a ALL=ALL\n");
}

/* A file that ends with a backslash goes on in the one that included it: so it does for sudo. */
static void test_includes(_unused_ void **state)
{
	static const char *const files[] = {
		"/etc/sudoers",
		"a ALL=ALL\n@include one\n#includedir /etc/sudoers.d\n@include \"/etc/%h\"\n"
		"@includedir /nowhere\n@include gone\n#include\n  #include /etc/one\n"
		"@include open\n/bin/y\nz ALL=ALL\n",
		"/etc/one",
		"b ALL=ALL",
		"/etc/open",
		"\ny ALL=/bin/x, \\",
		"/etc/thishost",
		"c ALL=ALL\n",
		"/etc/sudoers.d/10",
		"d ALL=ALL\n",
		"/etc/sudoers.d/20",
		"\ne ALL=ALL)\n",
		"/etc/sudoers.d/30.conf",
		"f ALL=ALL\n",
		"/etc/sudoers.d/40~",
		"g ALL=ALL\n",
		NULL,
	};
	static const char *const names[] = {"10", "15", "20", "30.conf", "40~", NULL};
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct sudo_tree t;

	assert_int_equal(parse_files(a, files, names, &t), 0);
	assert_string_equal(dump(a, &t),
		"1 a ALL=ALL\n1 b ALL=ALL\n1 d ALL=ALL\n1 c ALL=ALL\n2 y ALL=/bin/x; /bin/y\n"
		"11 z ALL=ALL\n"
		"! /etc/sudoers.d/20:2: syntax error near \")\"\n"
		"! /etc/sudoers:6: /etc/gone is not there\n");
	assert_string_equal(t.specs[4].path, "/etc/open");
}

static void test_include_dir(_unused_ void **state)
{
	static const char *const files[] = {
		"/etc/sudoers",
		"@includedir sudoers.d\n@include gone\n@include one two\n",
		"/etc/one",
		"b ALL=ALL\n",
		"/etc/sudoers.d/10",
		"d ALL=ALL\n",
		NULL,
	};
	static const char *const names[] = {"10", NULL};
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct sudo_tree t;

	assert_int_equal(parse_files(a, files, names, &t), 0);
	assert_string_equal(dump(a, &t), "1 d ALL=ALL\n1 b ALL=ALL\n"
					 "! /etc/sudoers:2: /etc/gone is not there\n"
					 "! /etc/sudoers:3: syntax error near \"two\"\n");
}

static void test_include_loop(_unused_ void **state)
{
	static const char *const loop[] = {
		"/etc/sudoers", "a ALL=ALL\n@include /etc/sudoers\n", NULL};
	static const char *const fork[] = {
		"/etc/sudoers", "@include sudoers\n@include sudoers\n", NULL};
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct sudo_tree t;

	assert_int_equal(parse_files(a, loop, NULL, &t), 0);
	assert_int_equal(t.n_specs, SUDO_DEPTH_MAX + 1);
	assert_int_equal(t.n_defects, 1);
	assert_int_equal(parse_files(a, fork, NULL, &t), -EFBIG);
	assert_int_equal(parse_files(a, (const char *[]){NULL}, NULL, &t), -ENOENT);
}

static void test_expand(_unused_ void **state)
{
	static const char text[] = "User_Alias A = x, !B, y : B = %g, !z : L = a, M : M = L, b\n"
				   "Cmnd_Alias C = /x, !D : D = /y, UNDEFINED, !/z\n"
				   "!A, L, NONE ALL=!C\n";
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct sudo_tree t;
	struct sudo_members out;
	size_t budget = 100;

	assert_int_equal(parse(a, text, &t), 0);
	assert_int_equal(
		sudo_tree_expand(&t, SUDO_ALIAS_USER, &t.specs[0].users, &budget, &out), 0);
	assert_string_equal(sudo_members_text(a, &out), "!x,%g,!z,!y,a,L,b,NONE");
	struct sudo_members one = {&t.specs[0].commands[0].command, 1};
	assert_int_equal(sudo_tree_expand(&t, SUDO_ALIAS_COMMAND, &one, &budget, &out), 0);
	assert_string_equal(sudo_members_text(a, &out), "!/x,/y,!/z");
}

/* Ten members, each alias twice the one before: the budget ends it. */
static void test_expand_bomb(_unused_ void **state)
{
	static const char text[] = "User_Alias A = x,x : B = A,A : C = B,B : D = C,C : E = D,D\n"
				   "User_Alias F = E,E : G = F,F : H = G,G\nH ALL=ALL\n"
				   "User_Alias Z = Y : Y = Z,Z,Z,Z\n";
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct sudo_tree t;
	struct sudo_members out;
	size_t budget = 200;

	assert_int_equal(parse(a, text, &t), 0);
	assert_int_equal(
		sudo_tree_expand(&t, SUDO_ALIAS_USER, &t.specs[0].users, &budget, &out), -EFBIG);
	budget = 2000;
	assert_int_equal(
		sudo_tree_expand(&t, SUDO_ALIAS_USER, &t.specs[0].users, &budget, &out), 0);
	assert_int_equal(out.n, 256);
}

static const char answer[] =
	"{\"User_Specs\":[{\"User_List\":[{\"username\":\"alice\"},{\"usergroup\":\"wheel\","
	"\"negated\":true},{\"userid\":0},{\"usergid\":27},{\"netgroup\":\"n\"},"
	"{\"nonunixgroup\":\"ALL\"},{\"nonunixgid\":5},{\"useralias\":\"A\"}],"
	"\"Host_List\":[{\"hostname\":\"ALL\"},{\"networkaddr\":\"10.0.0.0/8\"}],"
	"\"Cmnd_Specs\":[{\"runasusers\":[{\"username\":\"ALL\"}],"
	"\"runasgroups\":[{\"usergroup\":\"ALL\"},{\"usergroup\":\"adm\"}],"
	"\"Options\":[{\"authenticate\":false},{\"setenv\":true}],"
	"\"Commands\":[{\"command\":\"ALL\"},{\"command\":\"/bin/su - bob\",\"negated\":true}]},"
	"{\"runasusers\":[{\"username\":\"\"}],\"Commands\":[{\"command\":\"/"
	"x\",\"sha224\":\"ab\"},"
	"{\"cmndalias\":\"C\"}]}]}],"
	"\"User_Aliases\":{\"A\":[{\"username\":\"x\"}]},"
	"\"Command_Aliases\":{\"C\":[{\"command\":\"^/a b$ ^c$\"}]}}";

static void test_json(_unused_ void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct sudo_tree t;

	sudo_tree_init(&t, a);
	assert_int_equal(sudo_tree_json(&t, answer, strlen(answer)), 0);
	assert_string_equal(dump(a, &t),
		"0 alice,!%wheel,#0,%#27,+n,%:ALL,%:#5,A ALL,10.0.0.0/8="
		"(ALL:ALL,adm) NOPASSWD: ALL; (ALL:ALL,adm) NOPASSWD: !/bin/su - bob; "
		"() sha224:ab /x; () C\nA = x\nC = ^/a b$ ^c$\n");
	assert_string_equal(t.aliases[1].members.v[0].args, "^c$");
	sudo_tree_init(&t, a);
	assert_int_equal(sudo_tree_json(&t, "", 0), 0);
	assert_int_equal(t.n_specs, 0);
}

static void test_json_refused(_unused_ void **state)
{
	static const char *const bad[] = {
		"{",
		"[]",
		"{\"User_Specs\":{}}",
		"{\"User_Specs\":[1]}",
		"{\"User_Specs\":[{}]}",
		"{\"User_Aliases\":{\"A\":[]}}",
		"{\"User_Aliases\":{\"A\":[{\"hostname\":\"x\"}]}}",
		"{\"User_Aliases\":{\"A\":[{\"userid\":-1}]}}",
		"{\"User_Aliases\":[]}",
		"{\"User_Aliases\":{\"A\":[{\"username\":5}]}}",
		"{\"SELinux_Spec\":[\"role\": \"a\"]}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		struct sudo_tree t;
		sudo_tree_init(&t, a);
		assert_int_equal(sudo_tree_json(&t, bad[i], strlen(bad[i])), -EBADMSG);
	}
}

static void test_gentime(_unused_ void **state)
{
	static const struct {
		const char *text;
		int r;
		int64_t seconds;
	} cases[] = {
		{"19700102000000Z", 0, 86400},
		{"1970010200Z", 0, 86400},
		{"197001020030Z", 0, 88200},
		{"1970010200.5Z", 0, 88200},
		{"19700102000000+0100", 0, 82800},
		{"19700102000000-01", 0, 90000},
		{"19700102000000", 1, 86400},
		{"19700102", -EINVAL, 0},
		{"197001020000000Z", -EINVAL, 0},
		{"19700102000000Zx", -EINVAL, 0},
		{"19700102000000+1", -EINVAL, 0},
		{"", -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t seconds = 0;
		assert_int_equal(sudo_gentime(cases[i].text, &seconds), cases[i].r);
		assert_int_equal(seconds, cases[i].seconds);
	}
}

static void test_alloc(_unused_ void **state)
{
	static const char *const files[] = {"/etc/sudoers",
		"Defaults:\"a b\" x += \"y z\"\nUser_Alias A = x, %y\nA ALL=(r:g) NOPASSWD: /bin/x "
		"a, C\n"
		"@include \"/etc/%h\"\n@includedir /etc/sudoers.d\nbad\n",
		"/etc/thishost", "b ALL=ALL\n", "/etc/sudoers.d/x", "d ALL=ALL\n", NULL};
	static const char *const names[] = {"x", NULL};

	for (alloc_fail_at = 1;; alloc_fail_at++) {
		alloc_count = 0;
		struct arena *a = arena_new();
		struct sudo_tree t, j;
		int r = a ? parse_files(a, files, names, &t) : -ENOMEM;
		if (r == 0) {
			sudo_tree_init(&j, a);
			r = sudo_tree_json(&j, answer, strlen(answer));
		}
		if (alloc_count < alloc_fail_at) {
			assert_int_equal(r, 0);
			assert_int_equal(t.n_specs, 3);
			arena_free(a);
			break;
		}
		assert_int_equal(r, -ENOMEM);
		arena_free(a);
	}
	alloc_fail_at = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_nul_cuts_the_line),
		cmocka_unit_test(test_includes),
		cmocka_unit_test(test_include_dir),
		cmocka_unit_test(test_include_loop),
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_expand_bomb),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_refused),
		cmocka_unit_test(test_gentime),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
