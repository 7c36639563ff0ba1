/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "alloc-fail.h"
#include "fact/collectors.h"
#include "fact/deb822.h"
#include "fact/repo-apt.h"
#include "fact/repo-ini.h"
#include "fact/repo-uri.h"
#include "fact/repos.h"

/* The sources as lines "path:line kind uri... suite [components] key=value", then the problems. */
static char *dump(const struct repo *v, size_t n, const struct repo_problem *p, size_t n_p)
{
	char *out = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&out, &size);

	for (size_t i = 0; i < n; i++) {
		(void)fprintf(f, "%s:%u%s%s %s", v[i].path, v[i].line, v[i].enabled ? "" : " off",
			v[i].source ? " src" : "", v[i].id);
		for (size_t k = 0; k < v[i].n_uris; k++)
			(void)fprintf(f, "<%s>", v[i].uris[k].text);
		(void)fprintf(f, " %s", v[i].suite);
		for (size_t k = 0; v[i].components && v[i].components[k]; k++)
			(void)fprintf(f, " %s", v[i].components[k]);
		for (size_t k = 0; k < v[i].n_options; k++)
			(void)fprintf(f, " %s=%s", v[i].options[k].key, v[i].options[k].value);
		(void)fputc('\n', f);
	}
	for (size_t i = 0; i < n_p; i++)
		(void)fprintf(f, "! %s:%u %s\n", p[i].path, p[i].line, p[i].what);
	assert_int_equal(fclose(f), 0);
	return out;
}

struct vector {
	const char *text, *want;
};

static void run_vectors(const struct vector *v, size_t n,
	int (*parse)(struct repo_list *, const char *, const char *, size_t))
{
	for (size_t i = 0; i < n; i++) {
		struct arena *a = arena_new();
		struct repo_list l = {.arena = a, .arch = "amd64"};
		assert_int_equal(parse(&l, "f", v[i].text, strlen(v[i].text)), 0);
		char *got = dump(l.v, l.n, l.problems, l.n_problems);
		if (strcmp(got, v[i].want) != 0)
			fail_msg("%s\ngives\n%snot\n%s", v[i].text, got, v[i].want);
		free(got);
		arena_free(a);
	}
}

static void test_one_line(void **state)
{
	static const struct vector v[] = {
		{"", ""},
		{"# deb http://x/ a b\n\n  \t\n", ""},
		{"deb http://deb.debian.org/debian bookworm main contrib\n",
			"f:1 <http://deb.debian.org/debian/> bookworm main contrib\n"},
		{"\n  deb-src\thttp://x/d/ s c # more\n", "f:2 src <http://x/d/> s c\n"},
		{"deb [ signed-by=/k.gpg trusted=yes ] http://x s c",
			"f:1 <http://x/> s c signed-by=/k.gpg trusted=yes\n"},
		{"deb [arch=amd64,i386] http://x s c", "f:1 <http://x/> s c arch=amd64,i386\n"},
		{"deb [trusted=yes]http://x s c", "! f:1 an option is too short\n"},
		{"deb http://u:p@x/d?token=1 s c", "f:1 <http://***@x/d?***> s c\n"},
		{"deb file:/srv/r ./", "f:1 <file:/srv/r/> ./\n"},
		{"deb cdrom:[Debian 12]/ s c", "f:1 <cdrom:[Debian 12]/> s c\n"},
		{"deb http://x/%20y $(ARCH)/", "f:1 <http://x/ y/> amd64/\n"},
		{"deb http://x s/ c", "! f:1 a suite that ends with / has no components\n"},
		{"deb http://x s", "! f:1 the component is missing\n"},
		{"deb http://x", "! f:1 the suite is missing\n"},
		{"deb", "! f:1 the URI is missing\n"},
		{"deb x s c", "! f:1 the URI has no scheme\n"},
		{"rpm http://x s c", "! f:1 the line begins with neither deb nor deb-src\n"},
		{"deb [trusted http://x s c", "! f:1 an option is not of the form name=value\n"},
		{"deb [trusted] http://x s c", "! f:1 an option is not of the form name=value\n"},
		{"deb [ a=b", "! f:1 the options do not end\n"},
		{"deb http://x s c\nrpm x\ndeb http://y s c\n",
			"f:1 <http://x/> s c\n"
			"! f:2 the line begins with neither deb nor deb-src\n"},
	};

	run_vectors(v, ARRAY_SIZE(v), repo_apt_one_line);
}

static void test_deb822(void **state)
{
	static const struct vector v[] = {
		{"", ""},
		{"Types: deb deb-src\nURIs: http://x http://y\nSuites: a b/\nComponents: c\n",
			"f:1 <http://x/> a c\n"
			"! f:1 a suite that ends with / has no components\n"},
		{"types: deb\nuris: http://x\n http://y\nSUITES: a\nComponents: c d\n"
		 "Signed-By: /k\nTrusted: yes\n",
			"f:1 <http://x/> a c d trusted=yes signed-by=/k\n"
			"f:1 <http://y/> a c d trusted=yes signed-by=/k\n"},
		{"# c\n\nTypes: deb\n# c\nURIs: http://x\nSuites: a\nComponents:\n c\n#x\n d\n\n\n"
		 "Types: deb\nURIs: http://z\nSuites: ./\n",
			"f:3 <http://x/> a c d\nf:13 <http://z/> ./\n"},
		{"Enabled: no\nTypes: deb\nURIs: http://x\nSuites: a\nComponents: c\n",
			"f:1 off <http://x/> a c\n"},
		{"Enabled: no\nTypes: deb\nURIs: http://x\nSuites: a\n", ""},
		{"URIs: http://x\nSuites: a\n", "! f:1 the paragraph has no Types\n"},
		{"Types: deb\nSuites: a\n", "! f:1 URIs is missing\n"},
		{"Types: rpm\nURIs: http://x\nSuites: a\nComponents: c\n",
			"! f:1 a type is neither deb nor deb-src\n"},
		{"Types: deb\nnonsense\n", "! f:2 the line is no field\n"},
		{" Types: deb\n", "! f:1 the line is no field\n"},
		{"Types: deb\nURIs: http://x\nSuites: a\nComponents: c\nSigned-By:\n"
		 " -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n x\n",
			"f:1 <http://x/> a c signed-by=(key in the file, SHA256:"
			"957uOJZVFtB6ssd05HfV/qsPqFKHb7BsViQLX4Hr6X0)\n"},
	};

	run_vectors(v, ARRAY_SIZE(v), repo_apt_deb822);
}

static int parse_ini(struct repo_list *l, const char *path, const char *text, size_t size)
{
	static const struct repo_var vars[] = {{"stream", "9"}, {"host", "h.example"}};
	struct repo_ini in = {.l = l,
		.kind = REPO_DNF,
		.vars = vars,
		.n_vars = ARRAY_SIZE(vars),
		.is_main = true};

	return repo_ini_read(&in, path, text, size);
}

static void test_ini(void **state)
{
	static const struct vector v[] = {
		{"[main]\ngpgcheck=1\n[a]\nbaseurl=https://x/$stream/$basearch\n",
			"f:3 a<https://x/9/$basearch>  gpgcheck=1\n"},
		{"[main]\ngpgcheck=1\n[a]\ngpgcheck = 0\nenabled=0\nmirrorlist=http://m?r=1\n",
			"f:3 off a<http://m?***>  gpgcheck=1 gpgcheck=0\n"},
		{"[a]\nbaseurl=http://x\n  http://y\n\thttps://u:p@z/\ngpgkey=file:///k\n",
			"f:1 a<http://x><http://y><https://***@z/>  gpgkey=file:///k\n"},
		{"[a]\nbaseurl=https://${host}/\n#c\n;c\npassword=secret\n",
			"f:1 a<https://h.example/> \n"},
		{"x=1\n[a]\n", "f:2 a \n! f:1 no section begins before this\n"},
		{"[a\nx\n", "! f:1 the section has no name\n! f:2 the line is no key = value\n"},
	};

	run_vectors(v, ARRAY_SIZE(v), parse_ini);
}

static void test_apk(void **state)
{
	static const struct vector v[] = {
		{"https://dl-cdn.alpinelinux.org/alpine/v3.20/main\n#x\n@edge http://y/ \n",
			"f:1 <https://dl-cdn.alpinelinux.org/alpine/v3.20/main> \n"
			"f:3 @edge<http://y/> \n"},
	};

	run_vectors(v, ARRAY_SIZE(v), repo_apk_read);
}

static void test_uri(void **state)
{
	static const struct {
		const char *text, *masked, *scheme, *host, *file;
	} v[] = {
		{"http://Deb.Debian.org/debian/", "http://Deb.Debian.org/debian/", "http",
			"deb.debian.org", "Deb.Debian.org_debian_dists_s_Release"},
		{"https://a:b@[::1]:80/x_y/", "https://***@[::1]:80/x_y/", "https", "::1",
			"::1:80_x%5fy_dists_s_Release"},
		{"mirror+https://m.example:8443/l.txt/", "mirror+https://m.example:8443/l.txt/",
			"https", "m.example", "m.example:8443_l.txt_dists_s_Release"},
		{"mirror+file:///etc/apt/m.list/", "mirror+file:///etc/apt/m.list/", "file", "",
			"_etc_apt_m.list_dists_s_Release"},
		{"file:/srv/r/", "file:/srv/r/", "file", "", "_srv_r_dists_s_Release"},
		{"cdrom:[Debian 12/x]/", "cdrom:[Debian 12/x]/", "cdrom", "", NULL},
		{"https://p.example/http://u:p@h.example/",
			"https://p.example/http://***@h.example/", "https", "p.example", NULL},
		{"x", "x", "x", "", NULL},
		{"", "", "", "", NULL},
		{"http:", "http:", "http", "", NULL},
		{"http://", "http://", "http", "", NULL},
		{"http://a@", "http://***@", "http", "", NULL},
		{"http://[a", "http://[a", "http", "[a", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		struct arena *a = arena_new();
		struct repo_uri uri;
		assert_int_equal(repo_uri_parse(a, v[i].text, REPO_URI_BASE, &uri), 0);
		assert_string_equal(uri.text, v[i].masked);
		assert_string_equal(uri.scheme, v[i].scheme);
		assert_string_equal(uri.host, v[i].host);
		if (v[i].file) {
			assert_string_equal(
				repo_uri_file_name(a, v[i].text, "dists/s/Release"), v[i].file);
			assert_string_equal(
				repo_uri_file_name(a, uri.text, "dists/s/Release"), v[i].file);
		}
		arena_free(a);
	}
}

static void test_release(void **state)
{
	static const char text[] =
		"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\n"
		"Label: Debian-Security\nSuite: oldstable-security\nVersion: 12\n"
		"Codename: bookworm-security\nNotAutomatic: yes\nButAutomaticUpgrades: yes\n"
		"Valid-Until: Sat, 29 Nov 2025 21:07:54 UTC\nSHA256:\n 00 1 main/Origin: x\n"
		"-----BEGIN PGP SIGNATURE-----\n\nOrigin: y\n-----END PGP SIGNATURE-----\n";
	struct arena *a = arena_new();
	struct repo_release rel;

	assert_int_equal(repo_release_parse(a, "p", text, strlen(text), &rel), 0);
	assert_string_equal(rel.origin, "Debian");
	assert_string_equal(rel.label, "Debian-Security");
	assert_string_equal(rel.suite, "oldstable-security");
	assert_string_equal(rel.codename, "bookworm-security");
	assert_string_equal(rel.version, "12");
	assert_true(rel.not_automatic && rel.but_automatic_upgrades && rel.is_signed);
	assert_int_equal(rel.valid_until_realtime_usec, UINT64_C(1764450474) * USEC_PER_SEC);
	assert_int_equal(repo_release_parse(a, "p", "Suite: x\n", 9, &rel), 0);
	assert_false(rel.is_signed);
	assert_int_equal(repo_release_parse(a, "p", "", 0, &rel), -EBADMSG);
	assert_int_equal(repo_release_parse(a, "p", "<html>\n", 7, &rel), -EBADMSG);
	arena_free(a);
}

static void test_names(void **state)
{
	assert_true(repo_apt_reads("a.list", "list"));
	assert_true(repo_apt_reads("a:b_c-d.e.sources", "sources"));
	assert_false(repo_apt_reads("a.list", "sources"));
	assert_false(repo_apt_reads(".a.list", "list"));
	assert_false(repo_apt_reads("a.list~", "list"));
	assert_false(repo_apt_reads("a b.list", "list"));
	assert_false(repo_apt_reads("a.list.save", "list"));
	assert_false(repo_apt_reads("list", "list"));
	assert_true(repo_apt_reads("a", "pref"));
	assert_true(repo_apt_reads("a.pref", "pref"));
}

static struct fact *collect(const struct test_root *t, int *ret)
{
	struct factset facts = {0};
	struct memo *memo = memo_new();
	struct collect c = {.root = &t->root, .facts = &facts, .memo = memo};
	struct fact *f = NULL;

	*ret = memo ? fact_collect(FACT_REPOS, &c, &f) : -ENOMEM;
	memo_free(memo);
	return f;
}

#define LISTS "/var/lib/apt/lists/"

static void write_machine(const struct test_root *t)
{
	test_write(t, "/var/lib/dpkg/arch", "amd64\ni386\n");
	test_write(t, "/etc/apt/sources.list",
		"deb [signed-by=/k.gpg] http://u:p@d.example/debian s main contrib\n"
		"deb http://d.example/debian s main\n");
	test_write(t, "/etc/apt/sources.list.d/m.sources",
		"Types: deb\nURIs: mirror+file:/etc/apt/m.list\nSuites: s\nComponents: main\n");
	test_write(t, "/etc/apt/sources.list.d/m.sources.bak", "nonsense");
	test_write(t, "/etc/apt/m.list", "# x\nhttps://one.example/debian\tpriority:1\n");
	test_write(t, "/etc/apt/trusted.gpg.d/a.gpg", "");
	test_write(t, LISTS "d.example_debian_dists_s_InRelease", "Origin: O\n");
	test_write(t, LISTS "d.example_debian_dists_s_main_binary-amd64_Packages.lz4", "");
	test_write(t, LISTS "d.example_debian_dists_s_main_binary-amd64_Packages", "");
	test_write(t, LISTS "d.example_debian_dists_s_main_binary-i386_Packages.gz", "");
	test_write(t, LISTS "d.example_debian_dists_s_main_i18n_Translation-en", "");
	test_write(t, LISTS "d.example_debian_dists_s_other_binary-amd64_Packages", "");
	test_write(t, "/etc/yum.repos.d/e.repo", "[main]\ngpgcheck=1\n[e]\nbaseurl=http://e/\n");
	test_write(t, "/var/lib/flatpak/repo/config",
		"[core]\nx\n[remote \"hub\"]\nurl=https://f/\ngpg-verify=true\n");
}

static void test_collect(void **state)
{
	struct test_root t;
	int r;

	test_root_init(&t);
	struct fact *f = collect(&t, &r);
	assert_int_equal(r, 0);
	assert_int_equal(f->state, FACT_STATE_ABSENT);
	fact_free(f);
	write_machine(&t);
	f = collect(&t, &r);
	assert_int_equal(r, 0);
	assert_int_equal(f->state, FACT_STATE_OK);
	const struct repos *repos = f->u.repos;
	assert_int_equal(repos->n, 5);
	assert_int_equal(repos->n_problems, 0);
	assert_string_equal(repos->v[0].subject, "repository deb http://***@d.example/debian s");
	assert_string_equal(repos->v[1].subject, "repository deb http://d.example/debian s");
	assert_string_equal(repos->v[0].release->origin, "O");
	assert_int_equal(repos->v[0].n_indexes, 2);
	assert_string_equal(repos->v[0].indexes[0].ext, "");
	assert_string_equal(repos->v[0].indexes[0].arch, "amd64");
	assert_string_equal(repos->v[0].indexes[1].ext, ".gz");
	assert_int_equal(repos->v[2].n_uris, 2);
	assert_string_equal(repos->v[2].uris[1].host, "one.example");
	assert_string_equal(repos->v[3].subject, "repository dnf e");
	assert_null(repo_option(&repos->v[3], "gpgcheck"));
	assert_string_equal(repos->v[4].subject, "repository flatpak hub");
	assert_int_equal(repos->n_files, 6);
	assert_string_equal(repos->files[0].path, "/etc/apt/sources.list");
	assert_int_equal(repos->files[0].kind, REPO_FILE_SOURCES);
	assert_string_equal(repos->files[1].path, "/k.gpg");
	assert_non_null(repos->files[1].reason);
	assert_int_equal(repos->files[5].kind, REPO_FILE_GLOBAL_KEYS);
	assert_int_equal(f->n_items, 5);
	fact_free(f);
	test_root_fini(&t);
}

/* Two lines of one source, and a file that cannot be read. */
static void test_twice(void **state)
{
	struct test_root t;
	int r;

	test_root_init(&t);
	test_write(&t, "/etc/apt/sources.list", "deb http://x s a\ndeb http://x s b\n");
	test_write(&t, "/etc/apt/sources.list.d/x", "");
	assert_int_equal(mkfifo(test_path(&t, "/etc/yum.conf"), 0600), 0);
	struct fact *f = collect(&t, &r);
	assert_int_equal(r, 0);
	assert_int_equal(f->n_items, 2);
	assert_string_equal(f->items[0].subject, "repository deb http://x s");
	assert_string_equal(f->items[0].value, "a");
	assert_string_equal(f->items[1].subject, "repository deb http://x s #2");
	assert_int_equal(f->u.repos->n_problems, 1);
	assert_true(f->u.repos->problems[0].unreadable);
	assert_true(fact_is_unseen(f, "repository dnf x"));
	fact_free(f);
	test_root_fini(&t);
}

static void test_alloc(void **state)
{
	struct test_root t;
	int r;

	test_root_init(&t);
	write_machine(&t);
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		alloc_count = 0;
		struct fact *f = collect(&t, &r);
		bool done = alloc_count < alloc_fail_at;
		if (!done)
			assert_int_equal(r, -ENOMEM);
		fact_free(f);
		if (done)
			break;
	}
	alloc_fail_at = 0;
	test_root_fini(&t);
}

static void test_security(void **state)
{
	static const struct {
		enum repo_kind kind;
		const char *suite, *release[3]; /* suite, codename, label */
		bool expected;
	} vectors[] = {
		{REPO_APT, "bookworm-security", {NULL}, true},
		{REPO_APT, "buster/updates", {NULL}, true},
		{REPO_APT, "buster/updates", {"oldoldstable", "buster", "Debian-Security"}, true},
		{REPO_APT, "stable", {"stable-security", "bookworm-security", "Debian"}, true},
		{REPO_APT, "jammy-apps-security", {"jammy", "jammy", "UbuntuESMApps"}, true},
		{REPO_APT, "/", {"", "", "Security"}, true},
		{REPO_APT, "Bookworm-Security", {NULL}, true},
		{REPO_APT, "bookworm", {NULL}, false},
		{REPO_APT, "bookworm", {"stable", "bookworm", "Debian"}, false},
		{REPO_APT, "bookworm-updates", {"stable-updates", "", "Debian"}, false},
		/* Of tools for security, and no updates of them. */
		{REPO_APT, "securityonion", {NULL}, false},
		{REPO_APT, "stable", {"stable", "stable", "Security tools"}, false},
		{REPO_APT, "security-tools", {"", "", "My-Security-Tools"}, false},
		{REPO_APT, "", {NULL}, false},
		{REPO_DNF, "", {NULL}, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const char *const *names = vectors[i].release;
		struct repo_release release = {
			.suite = names[0], .codename = names[1], .label = names[2]};
		struct repo r = {.kind = vectors[i].kind,
			.suite = vectors[i].suite,
			.release = names[0] ? &release : NULL};
		if (repo_is_security(&r) != vectors[i].expected)
			fail_msg("%zu: %s", i, r.suite);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_deb822),
		cmocka_unit_test(test_ini),
		cmocka_unit_test(test_apk),
		cmocka_unit_test(test_uri),
		cmocka_unit_test(test_release),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_security),
		cmocka_unit_test(test_collect),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
