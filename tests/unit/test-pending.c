/* SPDX-License-Identifier: ISC */
/* update-pending and package-origin, and what they read: lists, preferences, holds. */
#include "root-fixture.h"

#include "alloc-fail.h"
#include "fact/apt-index.h"
#include "fact/apt-pins.h"
#include "fact/packages.h"
#include "fact/pending.h"
#include "fact/updateinfo.h"
#include "rpm-header.h"

#define PKG(name, arch, version) \
	"Package: " name "\nVersion: " version "\nArchitecture: " arch "\nFilename: x\n\n"

static char *extract(const char *text, size_t size, size_t piece, const char *const *names)
{
	struct arena *a = arena_new();
	struct name_set set;
	char *out = NULL;
	size_t out_size = 0, n = 0;

	while (names[n])
		n++;
	assert_int_equal(name_set_init(&set, a, n), 0);
	for (size_t i = 0; i < n; i++)
		name_set_add(&set, names[i]);
	FILE *f = open_memstream(&out, &out_size);
	assert_int_equal(apt_index_extract_text(text, size, piece, &set, f), 0);
	assert_int_equal(fclose(f), 0);
	arena_free(a);
	return out;
}

static void test_extract(void **state)
{
	static const char *const names[] = {"a", "libb", "c", NULL};
	static const struct {
		const char *text, *want;
	} v[] = {
		{"", ""},
		{PKG("a", "amd64", "1") PKG("other", "amd64", "1") PKG("libb", "all", "1:2~x"),
			"a amd64 1 100 a\nlibb all 1:2~x 100 libb\n"},
		{"Version: 3\nPackage: c\nSource: src (2.9)\nPhased-Update-Percentage: 40\n",
			"c - 3 40 src\n"},
		{"package:a\nVERSION:\t1\n\n\n\nPackage: ab\nVersion: 1\n", "a - 1 100 a\n"},
		{"Package: a\nDescription: x\n Version: 2\nVersion: 1\n", "a - 1 100 a\n"},
		{"Package: a\r\nVersion: 1\r\n\r\nPackage: c\r\nVersion: 2\r\n",
			"a - 1 100 a\nc - 2 100 c\n"},
		{"Package: a\n\nVersion: 1\n", ""},
		{"nonsense\nPackage: a\nVersion: 1", "a - 1 100 a\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		/* In every way of cutting it. */
		for (size_t piece = 1; piece <= strlen(v[i].text) + 1; piece++) {
			char *got = extract(v[i].text, strlen(v[i].text), piece, names);
			if (strcmp(got, v[i].want) != 0)
				fail_msg("%s in pieces of %zu: %s", v[i].text, piece, got);
			free(got);
		}
	}
}

/* What is passed over may be of any length, with its empty line at any place of a vector. */
static void test_skip(void **state)
{
	static const char *const names[] = {"a", NULL};
	char text[256];

	for (int n = 0; n < 80; n++) {
		for (int cr = 0; cr < 2; cr++) {
			int len = snprintf(text, sizeof(text),
				"Package: b\nX: %.*s%s%s\nPackage: a\nVersion: 1\n", n,
				"a\nVersion: 2\nPackage: a\nyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
				"yyyyyyyyyyyyyyyyyyyyyyyyyyy",
				n % 2 ? "\nY:\n" : "\n", cr ? "\r" : "");
			for (int piece = 1; piece <= len; piece += n % 7 + 1) {
				char *got = extract(text, (size_t)len, (size_t)piece, names);
				assert_string_equal(got, "a - 1 100 a\n");
				free(got);
			}
		}
	}
}

/* A line that is longer than the buffer, in a paragraph that counts and one that does not. */
static void test_long_line(void **state)
{
	static const char *const names[] = {"a", NULL};
	size_t n = 300 * 1024;
	char *text = malloc(2 * n + 200), *w = text;

	w += sprintf(w, "Package: x\nDepends: ");
	memset(w, 'y', n);
	w += n;
	w += sprintf(w, "\n\nPackage: a\nDepends: ");
	memset(w, 'y', n);
	w += n;
	w += sprintf(w, "\nVersion: 1\n\n");
	char *got = extract(text, (size_t)(w - text), 70000, names);
	assert_string_equal(got, "a - 1 100 a\n");
	free(got);
	free(text);
}

static void test_forms(void **state)
{
	static const char *const commands[] = {"cat", "lz4 -q -c", "gzip -c"};
	static const enum unpack_form forms[] = {UNPACK_PLAIN, UNPACK_LZ4, UNPACK_GZIP};
	struct arena *a = arena_new();
	struct name_set set;
	struct test_root t;

	test_root_init(&t);
	test_write(&t, "/in", PKG("z", "amd64", "0") PKG("a", "amd64", "1"));
	assert_int_equal(name_set_init(&set, a, 1), 0);
	name_set_add(&set, "a");
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		char cmd[512], *out = NULL;
		size_t size = 0;
		(void)snprintf(cmd, sizeof(cmd), "%s %s > %s", commands[i], test_path(&t, "/in"),
			test_path(&t, "/out"));
		if (system(cmd) != 0)
			continue; /* the program is not installed */
		for (int cut = 0; cut < 2; cut++) {
			struct stat st;
			int fd = root_open_file(&t.root, "/out", &st);
			FILE *f = open_memstream(&out, &size);
			int r = apt_index_extract(fd, forms[i], &set, f);
			assert_int_equal(fclose(f), 0);
			assert_int_equal(r, cut && forms[i] != UNPACK_PLAIN ? -EBADMSG : 0);
			if (!cut)
				assert_string_equal(out, "a amd64 1 100 a\n");
			free(out);
			close(fd);
			assert_int_equal(truncate(test_path(&t, "/out"), st.st_size - 9), 0);
		}
	}
	assert_int_equal(unpack_form(".lz4"), UNPACK_LZ4);
	assert_int_equal(unpack_form(".xz"), -ENOTSUP);
	arena_free(a);
	test_root_fini(&t);
}

static const struct repo_release release = {.origin = "Debian",
	.label = "Debian-Security",
	.suite = "stable-security",
	.codename = "bookworm-security",
	.version = "12.1"};

static void test_pins(void **state)
{
	static const struct {
		const char *text;
		int file;  /* priority of the list */
		int offer; /* of the version, PIN_NONE */
	} v[] = {
		{"", 500, PIN_NONE},
		{"Package: *\nPin: release a=stable-security\nPin-Priority: 700\n", 700, PIN_NONE},
		{"Package: *\nPin: release o=Debian, l=debian-*\nPin-Priority: -1\n", -1, PIN_NONE},
		{"Package: *\nPin: release o=Ubuntu\nPin-Priority: 700\n", 500, PIN_NONE},
		{"Package: *\nPin: release bookworm-security\nPin-Priority: 7\n", 7, PIN_NONE},
		{"Package: *\nPin: release 12*\nPin-Priority: 7\n", 7, PIN_NONE},
		{"Package: *\nPin: release v=12\nPin-Priority: 7\n", 500, PIN_NONE},
		{"Package: *\nPin: release c=main,b=amd64,n=bookworm*\nPin-Priority: 7\n", 7,
			PIN_NONE},
		{"Package: *\nPin: release x=y\nPin-Priority: 7\n", 500, PIN_NONE},
		{"Package: *\nPin: origin d.example\nPin-Priority: 7\n", 7, PIN_NONE},
		{"Package: *\nPin: origin \"d.*\"\nPin-Priority: 7\n", 7, PIN_NONE},
		{"Package: *\nPin: origin \"\"\nPin-Priority: 7\n", 500, PIN_NONE},
		{"Package: *\nPin: release a=*\nPin-Priority: never\n", PIN_NEVER, PIN_NONE},
		{"Package: *\nPin: release a=*\nPin-Priority: 1\n\n"
		 "Package: *\nPin: release a=*\nPin-Priority: 2\n",
			1, PIN_NONE},
		{"Package: *\nPin: version 1\nPin-Priority: 7\n", 500, PIN_NONE},
		{"Package: a lib*\nPin: version 1.2*\nPin-Priority: 7\n", 500, 7},
		{"Package: libb\nPin: version 1.2\nPin-Priority: 7\n", 500, PIN_NONE},
		{"Package: libb\nPin: version 1.2-3\nPin-Priority: 7\n", 500, 7},
		{"Package: /^LIB.$/\nPin: version *\nPin-Priority: 7\n", 500, 7},
		{"Package: libb:any\nPin: origin d.example\nPin-Priority: 7\n", 500, 7},
		{"Package: libb:i386\nPin: origin d.example\nPin-Priority: 7\n", 500, PIN_NONE},
		{"Package: src:b\nPin: release o=Debian\nPin-Priority: 7\n", 500, 7},
		{"Package: b\nPin: release o=Debian\nPin-Priority: 7\n", 500, PIN_NONE},
		{"# c\nPackage: libb\nPin: nonsense x\nPin-Priority: 7\n", 500, PIN_NONE},
	};
	static const char *const refused[] = {"Pin: version 1\nPin-Priority: 1\n",
		"Package: a\nPin: version 1\n", "Package: a\nPin: version 1\nPin-Priority: 0\n",
		"Package: a\nPin: version 1\nPin-Priority: 99999\n",
		"Package: a\nPin: release a=b\nPin-Priority: never\n", "x\n"};
	const struct apt_file file = {&release, "d.example", "main", "amd64"};
	const struct apt_file *files[] = {&file};
	const struct apt_offer offer = {"libb", "amd64", "amd64", "b", "1.2-3", files, 1};
	unsigned line;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		struct apt_pins pins = {.arena = arena_new()};
		assert_int_equal(
			apt_pins_parse(&pins, "p", v[i].text, strlen(v[i].text), &line), 0);
		const struct apt_pin *pin = apt_pin_for(&pins, &offer);
		if (apt_file_priority(&pins, &file) != v[i].file ||
			(pin ? pin->priority : PIN_NONE) != v[i].offer)
			fail_msg("%s: %d, %d", v[i].text, apt_file_priority(&pins, &file),
				pin ? pin->priority : PIN_NONE);
		arena_free(pins.arena);
	}
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct apt_pins pins = {.arena = arena_new()};
		int r = apt_pins_parse(&pins, "p", refused[i], strlen(refused[i]), &line);
		if (r != -EBADMSG)
			fail_msg("%s: %d", refused[i], r);
		arena_free(pins.arena);
	}
}

#define DEBIAN                                                  \
	{                                                       \
		"/etc/os-release", "ID=debian\nVERSION_ID=12\n" \
	}
#define SOURCES                                                                                 \
	{                                                                                       \
		"/etc/apt/sources.list", "deb http://d.example/debian bookworm main\n"          \
					 "deb http://d.example/debian bookworm-security main\n" \
	}
#define LISTS "/var/lib/apt/lists/d.example_debian_dists_"
#define MAIN(s)                                                \
	{                                                      \
		LISTS "bookworm_main_binary-amd64_Packages", s \
	}
#define SEC(s)                                                          \
	{                                                               \
		LISTS "bookworm-security_main_binary-amd64_Packages", s \
	}
#define RELEASE                                                                              \
	{                                                                                    \
		LISTS "bookworm_Release",                                                    \
			"Origin: Debian\nLabel: Debian\nSuite: stable\nCodename: bookworm\n" \
	}
#define RELEASE_SEC                                                                            \
	{                                                                                      \
		LISTS "bookworm-security_Release",                                             \
			"Origin: Debian\nLabel: Debian-Security\nSuite: x-security\n"          \
			"Codename: bookworm-security\nValid-Until: Sat, 29 Nov 2025 21:07:54 " \
			"UTC\n"                                                                \
	}
#define STATUS(s)                         \
	{                                 \
		"/var/lib/dpkg/status", s \
	}
#define HAS(name, version)                                                                        \
	"Package: " name "\nStatus: install ok installed\nArchitecture: amd64\nVersion: " version \
	"\n\n"
#define HELD(name, version)                                                                    \
	"Package: " name "\nStatus: hold ok installed\nArchitecture: amd64\nVersion: " version \
	"\n\n"

static const struct root_vector pending_vectors[] = {
	{"no package manager", {DEBIAN}, NULL, RESULT_NOTAPPLICABLE, {{0}}, NULL},
	{"all is new",
		{DEBIAN, SOURCES, RELEASE, RELEASE_SEC, STATUS(HAS("a", "1")),
			MAIN(PKG("a", "amd64", "1")), SEC("")},
		NULL, RESULT_PASS, {{0}}, "no security update waits by the 2 lists"},
	{"a security update",
		{DEBIAN, SOURCES, RELEASE, RELEASE_SEC, STATUS(HAS("a", "1")),
			MAIN(PKG("a", "amd64", "1")), SEC(PKG("a", "amd64", "2"))},
		NULL, RESULT_FAIL, {{"update a", RESULT_FAIL, SEV_HIGH, "1 is installed"}},
		"1 security updates wait: a"},
	{"a newer one behind it",
		{DEBIAN, SOURCES, RELEASE, RELEASE_SEC, STATUS(HAS("a", "1")),
			MAIN(PKG("a", "amd64", "3")), SEC(PKG("a", "amd64", "2"))},
		NULL, RESULT_FAIL, {{"update a", RESULT_FAIL, SEV_HIGH, "1 is installed"}}, NULL},
	{"another update",
		{DEBIAN, SOURCES, RELEASE, RELEASE_SEC, STATUS(HAS("a", "1")),
			MAIN(PKG("a", "amd64", "2")), SEC(PKG("a", "amd64", "1"))},
		NULL, RESULT_INFORMATIONAL,
		{{"other updates", RESULT_INFORMATIONAL, SEV_LOW, "1 wait: a"}},
		"no security update waits"},
	{"on hold",
		{DEBIAN, SOURCES, RELEASE, RELEASE_SEC, STATUS(HELD("a", "1")), MAIN(""),
			SEC(PKG("a", "amd64", "2"))},
		NULL, RESULT_FAIL, {{"update a", RESULT_FAIL, SEV_HIGH, "on hold"}}, NULL},
	{"kept by a pin",
		{DEBIAN, SOURCES, RELEASE, RELEASE_SEC, STATUS(HAS("a", "1")), MAIN(""),
			SEC(PKG("a", "amd64", "2")),
			{"/etc/apt/preferences.d/a",
				"Package: a\nPin: version 2\nPin-Priority: -1\n"}},
		NULL, RESULT_FAIL,
		{{"update a", RESULT_FAIL, SEV_HIGH, "kept by apt's preferences"}}, NULL},
	{"for another architecture",
		{DEBIAN, SOURCES, RELEASE, RELEASE_SEC, STATUS(HAS("a", "1")),
			MAIN(PKG("a", "amd64", "1")), SEC(PKG("a", "i386", "2"))},
		NULL, RESULT_PASS, {{0}}, NULL},
	{"no lists", {DEBIAN, SOURCES, STATUS(HAS("a", "1"))}, NULL, RESULT_UNKNOWN,
		{{"repository deb http://d.example/debian bookworm", RESULT_UNKNOWN, SEV_LOW,
			 "no list of its packages"},
			{"repository deb http://d.example/debian bookworm-security", RESULT_UNKNOWN,
				SEV_LOW, "no list of its packages"}},
		NULL},
	{"a list that is compressed by xz",
		{DEBIAN, SOURCES, RELEASE, RELEASE_SEC, STATUS(HAS("a", "1")), SEC(""),
			{LISTS "bookworm_main_binary-amd64_Packages.xz", "x"}},
		NULL, RESULT_UNKNOWN,
		{{"repository deb http://d.example/debian bookworm", RESULT_UNKNOWN, SEV_LOW,
			"its compression (.xz) is none that is read here (plain, .lz4, .gz): set "
			"Acquire::GzipIndexes \"false\" in /etc/apt/apt.conf.d, then `rm '" LISTS
			"bookworm_main_binary-amd64_Packages.xz' && apt-get update`"}},
		NULL},
	{"a damaged list",
		{DEBIAN, SOURCES, RELEASE, RELEASE_SEC, STATUS(HAS("a", "1")), SEC(""),
			{LISTS "bookworm_main_binary-amd64_Packages.lz4", "x"}},
		NULL, RESULT_UNKNOWN,
		{{"repository deb http://d.example/debian bookworm", RESULT_UNKNOWN, SEV_LOW,
			"is damaged"}},
		NULL},
	{"a list that cannot be read",
		{DEBIAN, SOURCES, RELEASE, RELEASE_SEC, STATUS(HAS("a", "1")), SEC(NULL), MAIN("")},
		NULL, RESULT_UNKNOWN,
		{{"repository deb http://d.example/debian bookworm-security", RESULT_UNKNOWN,
			 SEV_LOW, "is a FIFO"},
			{"lists of security updates", RESULT_UNKNOWN, SEV_LOW,
				"no package source"}},
		NULL},
	{"a list of security updates whose Release is gone",
		{DEBIAN, SOURCES, RELEASE, STATUS(HAS("a", "1")), MAIN(PKG("a", "amd64", "1")),
			SEC(PKG("a", "amd64", "1"))},
		NULL, RESULT_UNKNOWN,
		{{"lists of security updates", RESULT_UNKNOWN, SEV_LOW, "no package source"}},
		NULL},
	{"no source of security updates",
		{DEBIAN, {"/etc/apt/sources.list", "deb http://d.example/debian bookworm main\n"},
			RELEASE, STATUS(HAS("a", "1")), MAIN(PKG("a", "amd64", "1"))},
		NULL, RESULT_UNKNOWN,
		{{"lists of security updates", RESULT_UNKNOWN, SEV_LOW, "no package source"}},
		NULL},
	{"preferences that apt refuses",
		{DEBIAN, SOURCES, RELEASE, RELEASE_SEC, STATUS(HAS("a", "1")), MAIN(""), SEC(""),
			{"/etc/apt/preferences", "Package: a\nPin: version 2\n"}},
		NULL, RESULT_UNKNOWN, {{"apt preferences", RESULT_UNKNOWN, SEV_LOW, "line 1"}},
		NULL},
	{"packages that cannot be read", {DEBIAN, SOURCES, STATUS("nonsense")}, NULL, RESULT_ERROR,
		{{0}}, NULL},
};

static const struct root_vector origin_vectors[] = {
	{"no package manager", {DEBIAN}, NULL, RESULT_NOTAPPLICABLE, {{0}}, NULL},
	{"known, and older than known",
		{DEBIAN, SOURCES, RELEASE, RELEASE_SEC, STATUS(HAS("a", "1") HAS("b", "1")),
			MAIN(PKG("a", "amd64", "1")), SEC(PKG("b", "amd64", "2"))},
		NULL, RESULT_PASS, {{0}}, "every installed package"},
	{"unknown, and newer than known",
		{DEBIAN, SOURCES, RELEASE, RELEASE_SEC,
			STATUS(HAS("a", "2") HAS("b", "1") HAS("linux-image-6.1.0-9-amd64", "1")),
			MAIN(PKG("a", "amd64", "1")), SEC("")},
		NULL, RESULT_FAIL,
		{{"package a", RESULT_FAIL, SEV_MEDIUM, "a source has is 1"},
			{"package b", RESULT_FAIL, SEV_MEDIUM, "no source has it"},
			{"package linux-image-6.1.0-9-amd64", RESULT_INFORMATIONAL, SEV_LOW,
				"no source has it"}},
		NULL},
	{"a list is missing",
		{DEBIAN, SOURCES, RELEASE, RELEASE_SEC, STATUS(HAS("a", "1") HAS("b", "1")),
			MAIN(PKG("a", "amd64", "1"))},
		NULL, RESULT_UNKNOWN,
		{{"packages", RESULT_UNKNOWN, SEV_LOW,
			 "some are in no list that could be read"},
			{"repository deb http://d.example/debian bookworm-security", RESULT_UNKNOWN,
				SEV_LOW, "no list"}},
		"1 packages are in no list that could be read: b"},
	{"packages that cannot be read", {DEBIAN, SOURCES, STATUS("nonsense")}, NULL, RESULT_ERROR,
		{{0}}, NULL},
};

static void test_judge(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(pending_vectors); i++)
		root_judge("update-pending", &pending_vectors[i]);
	for (size_t i = 0; i < ARRAY_SIZE(origin_vectors); i++)
		root_judge("package-origin", &origin_vectors[i]);
}

#define PACKAGE(name, version)                                      \
	"<package name=\"" name "\" epoch=\"0\" version=\"" version \
	"\" release='1' arch=\"x86_64\"/>"
#define UPDATE(type, id, more)                                                \
	"<update type=\"" type "\"><id>" id "</id><pkglist><collection>" more \
	"</collection></pkglist></update>"
#define UPDATES(more) "<?xml version=\"1.0\"?>\n<updates>" more "</updates>\n"

static int show_advisory(const struct advisory_package *p, void *arg)
{
	(void)fprintf(arg, "%s %s %s:%s-%s %s %s:%s\n", p->id, p->name, p->epoch, p->version,
		p->release, p->arch, p->module, p->stream);
	return 0;
}

static void test_updateinfo(void **state)
{
	static const struct {
		const char *text, *want;
		int r;
	} v[] = {
		{"", "", -EBADMSG},
		{"<html></html>", "", -EBADMSG},
		{UPDATES(""), "", 0},
		{UPDATES(UPDATE("security", "A-1", PACKAGE("a", "2") PACKAGE("b", "3"))),
			"A-1 a 0:2-1 x86_64 :\nA-1 b 0:3-1 x86_64 :\n", 0},
		{UPDATES(UPDATE("bugfix", "A-1", PACKAGE("a", "2"))), "", 0},
		{UPDATES("<!-- " UPDATE("security", "A-1", PACKAGE("a", "2")) " -->"), "", 0},
		{UPDATES(UPDATE("security", "A-1", "<![CDATA[" PACKAGE("a", "2") "]]>")), "", 0},
		{UPDATES(UPDATE(
			 "security", "A-1", "<module name=\"m\" stream=\"1\"/>" PACKAGE("a", "2"))),
			"A-1 a 0:2-1 x86_64 m:1\n", 0},
		{UPDATES(UPDATE("security", "A-1", "<package version=\"1\"/>")), "", 0},
		{"<updates><update type=\"security\"><package name=\"a\" version=\"1\"", "",
			-EBADMSG},
	};

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		for (size_t piece = 1; piece <= strlen(v[i].text) + 1; piece += 1 + piece / 8) {
			char *out = NULL;
			size_t size = 0;
			FILE *f = open_memstream(&out, &size);
			int r = updateinfo_read_text(
				v[i].text, strlen(v[i].text), piece, show_advisory, f);
			assert_int_equal(fclose(f), 0);
			if (r != v[i].r || strcmp(out, v[i].want) != 0)
				fail_msg("%s: %d, %s", v[i].text, r, out);
			free(out);
		}
	}
}

#define CACHE "/var/cache/dnf/base-0123456789abcdef/repodata/"
#define REPOMD(href)                                                                \
	{                                                                           \
		CACHE "repomd.xml", "<repomd><data type=\"updateinfo\">"            \
				    "<location href=\"" href "\"/></data></repomd>" \
	}
#define ROCKY                                                 \
	{                                                     \
		"/etc/os-release", "ID=rocky\nID_LIKE=rhel\n" \
	}
#define REPO                                                                          \
	{                                                                             \
		"/etc/yum.repos.d/x.repo", "[base]\nbaseurl=https://x/\ngpgcheck=1\n" \
	}
#define INFO(s)                  \
	{                        \
		CACHE "u.xml", s \
	}

static const struct root_vector rpm_vectors[] = {
	{"rpm: all is new",
		{ROCKY, REPO, REPOMD("repodata/u.xml"),
			INFO(UPDATES(
				UPDATE("security", "A-1", PACKAGE("a", "1") PACKAGE("z", "9"))))},
		NULL, RESULT_PASS, {{0}}, "which name security updates only"},
	{"rpm: a security update",
		{ROCKY, REPO, REPOMD("repodata/u.xml"),
			INFO(UPDATES(UPDATE("security", "A-1", PACKAGE("a", "1.5"))
					UPDATE("security", "A-2", PACKAGE("a", "2"))))},
		NULL, RESULT_FAIL, {{"update a", RESULT_FAIL, SEV_HIGH, "1-1 is installed"}}, NULL},
	{"rpm: another stream of a module",
		{ROCKY, REPO, REPOMD("repodata/u.xml"),
			{"/etc/dnf/modules.d/m.module", "[m]\nname=m\nstream=2\nstate=enabled\n"},
			INFO(UPDATES(UPDATE("security", "A-1",
				"<module name=\"m\" stream=\"1\"/>" PACKAGE("a", "2"))))},
		NULL, RESULT_PASS, {{0}}, NULL},
	{"rpm: the machine's stream of a module",
		{ROCKY, REPO, REPOMD("repodata/u.xml"),
			{"/etc/dnf/modules.d/m.module", "[m]\nname=m\nstream=1\nstate=enabled\n"},
			INFO(UPDATES(UPDATE("security", "A-1",
				"<module name=\"m\" stream=\"1\"/>" PACKAGE("a", "2"))))},
		NULL, RESULT_FAIL, {{"update a", RESULT_FAIL, SEV_HIGH, "1-1 is installed"}}, NULL},
	{"rpm: no cache", {ROCKY, REPO}, NULL, RESULT_UNKNOWN,
		{{"repository dnf base", RESULT_UNKNOWN, SEV_LOW, "nothing of it"}}, NULL},
	{"rpm: no advisories", {ROCKY, REPO, {CACHE "repomd.xml", "<repomd></repomd>"}}, NULL,
		RESULT_UNKNOWN,
		{{"lists of security updates", RESULT_UNKNOWN, SEV_LOW, "no package source"}},
		NULL},
	{"rpm: advisories in another compression", {ROCKY, REPO, REPOMD("repodata/u.xml.zck")},
		NULL, RESULT_UNKNOWN,
		{{"repository dnf base", RESULT_UNKNOWN, SEV_LOW,
			 "`dnf updateinfo list --security`"},
			{"lists of security updates", RESULT_UNKNOWN, SEV_LOW,
				"no package source"}},
		NULL},
	{"rpm: damaged", {ROCKY, REPO, REPOMD("repodata/u.xml"), INFO("<updates")}, NULL,
		RESULT_UNKNOWN,
		{{"repository dnf base", RESULT_UNKNOWN, SEV_LOW, "is damaged"},
			{"lists of security updates", RESULT_UNKNOWN, SEV_LOW,
				"no package source"}},
		NULL},
};

static void test_rpm(void **state)
{
	const struct check *c = check_find("update-pending"), *o = check_find("package-origin");

	for (size_t i = 0; i < ARRAY_SIZE(rpm_vectors); i++) {
		struct policy *policy = policy_new_default();
		struct verdict *verdict = verdict_new(), *origin = verdict_new();
		struct memo *memo = memo_new();
		struct factset facts = {0};
		struct rpm_header h;
		struct test_root t;
		test_root_init(&t);
		root_vector_write(&t, &rpm_vectors[i]);
		test_write(&t, "/var/lib/rpm/.rpm.lock", "");
		sqlite3 *db = rpm_db_create(test_path(&t, "/var/lib/rpm/rpmdb.sqlite"), "WAL");
		rpm_header_make(&h, "a", 0, "1", "1", "x86_64");
		rpm_db_add(db, &h);
		rpm_header_make(&h, "signed", 0, "1", "1", "x86_64");
		rpm_header_tag(&h, 268, 7, "x", 1);
		rpm_header_end(&h);
		rpm_db_add(db, &h);
		assert_int_equal(root_collect(&t, c, &facts, memo), 0);
		assert_int_equal(check_judge(c, &facts, policy, 0, verdict), 0);
		root_compare(&rpm_vectors[i], verdict);
		assert_int_equal(check_judge(o, &facts, policy, 0, origin), 0);
		/* rpm_header_make() signs nothing. */
		assert_int_equal(origin->result, RESULT_FAIL);
		assert_int_equal(origin->n_evidence, 1);
		assert_string_equal(origin->evidence->subject, "package a");
		assert_non_null(strstr(origin->evidence->observed, "nobody signed it"));
		assert_int_equal(sqlite3_close(db), SQLITE_OK);
		factset_fini(&facts);
		memo_free(memo);
		verdict_free(verdict);
		verdict_free(origin);
		policy_free(policy);
		test_root_fini(&t);
	}
}

/* A list ages: the verdict changes at that moment though nothing else does. */
static void test_valid_until(void **state)
{
	const uint64_t until = UINT64_C(1764450474) * USEC_PER_SEC;
	const struct check *c = check_find("update-pending");
	struct memo *memo = memo_new();
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	root_vector_write(&t, &pending_vectors[1]);
	assert_int_equal(root_collect(&t, c, &facts, memo), 0);
	for (int late = 0; late < 2; late++) {
		struct verdict *v = verdict_new();
		c->evaluate(c, &facts, NULL, until + (unsigned)late, v);
		assert_int_equal(v->result, late ? RESULT_UNKNOWN : RESULT_PASS);
		assert_int_equal(v->until_realtime_usec, late ? USEC_INFINITY : until + 1);
		verdict_free(v);
	}
	factset_fini(&facts);
	memo_free(memo);
	test_root_fini(&t);
}

/* The second look reads no list; one that was replaced is read again. */
static void test_memo(void **state)
{
	const struct check *c = check_find("update-pending");
	struct memo *memo = memo_new();
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	root_vector_write(&t, &pending_vectors[2]);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(root_collect(&t, c, &facts, memo), 0);
		assert_int_equal(facts.v[FACT_PENDING]->u.pending->n_updates, 1);
		assert_string_equal(facts.v[FACT_PENDING]->u.pending->updates->candidate, "2");
	}
	test_write(&t, "/new", PKG("a", "amd64", "3"));
	assert_int_equal(
		rename(test_path(&t, "/new"), test_path(&t, pending_vectors[2].files[6].path)), 0);
	assert_int_equal(root_collect(&t, c, &facts, memo), 0);
	assert_string_equal(facts.v[FACT_PENDING]->u.pending->updates->candidate, "3");
	factset_fini(&facts);
	memo_free(memo);
	test_root_fini(&t);
}

static void test_alloc(void **state)
{
	const struct check *c = check_find("update-pending");
	struct test_root t;
	unsigned n = 1;

	test_root_init(&t);
	root_vector_write(&t, &pending_vectors[6]);
	for (bool done = false; !done; n++) {
		struct memo *memo = memo_new();
		struct factset facts = {0};
		alloc_fail_at = n;
		alloc_count = 0;
		int r = root_collect(&t, c, &facts, memo);
		done = alloc_count < alloc_fail_at;
		alloc_fail_at = 0;
		if (!done)
			assert_int_equal(r, -ENOMEM);
		factset_fini(&facts);
		memo_free(memo);
	}
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_extract),
		cmocka_unit_test(test_skip),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_pins),
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_updateinfo),
		cmocka_unit_test(test_rpm),
		cmocka_unit_test(test_valid_until),
		cmocka_unit_test(test_memo),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
