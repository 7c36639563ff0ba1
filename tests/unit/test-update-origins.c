/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "alloc-fail.h"
#include "check/update-origins.h"

static const struct update_distro debian = {"Debian", "bookworm"};
static const struct update_archive security = {"Debian", "Debian-Security", "oldstable-security",
	"bookworm-security", "main", "security.debian.org"};

static void test_match(void **state)
{
	static const struct {
		const char *pattern;
		int r;
	} vectors[] = {
		{"origin=Debian,codename=${distro_codename}-security,label=Debian-Security", 1},
		{"origin=Debian,codename=${distro_codename},label=Debian-Security", 0},
		{"o=Debian,n=bookworm-security", 1},
		{"o=${distro_id},a=oldstable-security,l=Debian-Security", 1},
		{" o = Debian , c = main ", 1},
		{"o=$distro_id", 1},
		{"origin=*", 1},
		{"origin=De*an,site=security.?ebian.org", 1},
		{"archive=*stable*,component=[mn]ain", 1},
		{"archive=[!o]*", 0},
		{"origin=debian", 0},
		{"site=deb.debian.org", 0},
		{"origin=Debian\\,x", 0},
		{"", 0},
		{"   ", 0},
		{"o=Debian,", -EINVAL},
		{"Debian", -EINVAL},
		{"o=a=b", -EINVAL},
		{"vendor=Debian", -EINVAL},
		{"o=Ubuntu,vendor=Debian", -EINVAL},
		{"o=${distro_release}", -EINVAL},
		{"o=${distro_id", -EINVAL},
		{"o=$", -EINVAL},
		{"o=$$", -EINVAL},
	};
	_cleanup_(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		int r = update_pattern_match(a, vectors[i].pattern, &debian, &security);
		if (r != vectors[i].r)
			fail_msg("\"%s\": %d", vectors[i].pattern, r);
	}
}

static void test_comma(void **state)
{
	static const struct update_archive google = {"Google, Inc.", "", "stable", "", "main", ""};
	_cleanup_(arena_freep) struct arena *a = arena_new();

	assert_int_equal(
		update_pattern_match(a, "origin=Google\\, Inc.,suite=stable", &debian, &google), 1);
}

/* Before anything was fetched. */
static void test_unknown(void **state)
{
	static const struct update_archive part = {.origin = "Debian",
		.label = "Debian-Security",
		.codename = "bookworm-security",
		.component = "main",
		.site = ""};
	_cleanup_(arena_freep) struct arena *a = arena_new();

	assert_int_equal(
		update_pattern_match(a, "o=Debian,a=stable-security", &debian, &part), -ENODATA);
	assert_int_equal(update_pattern_match(a, "o=X,a=stable-security", &debian, &part), 0);
	assert_int_equal(update_pattern_match(a, "o=Debian,a=*", &debian, &part), 1);
	assert_int_equal(update_pattern_match(a, "a=x,q=y", &debian, &part), -EINVAL);
}

static void test_allowed(void **state)
{
	static const struct {
		const char *entry, *pattern;
	} vectors[] = {
		{"${distro_id}:${distro_codename}-security", "o=Debian,a=bookworm-security"},
		{"Debian stable", "o=Debian,a=stable"},
		{"  Debian\t stable ", "o=Debian,a=stable"},
		{"http\\://x:stable", "o=http://x,a=stable"},
		{"Google, Inc.:stable", "o=Google\\, Inc.,a=stable"},
		{"Google\\, Inc.:stable", "o=Google\\, Inc.,a=stable"},
		{"Debian", NULL},
		{"a:b:c", NULL},
		{"a b c", NULL},
		{"", NULL},
		{"${x}:y", NULL},
	};
	_cleanup_(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const char *pattern = NULL;
		int r = update_pattern_from_allowed(a, vectors[i].entry, &debian, &pattern);
		assert_int_equal(r, vectors[i].pattern ? 0 : -EINVAL);
		if (r == 0)
			assert_string_equal(pattern, vectors[i].pattern);
	}
}

static void test_alloc(void **state)
{
	char entry[3000];

	memset(entry, 'x', sizeof(entry) - 1);
	entry[sizeof(entry) - 1] = '\0';
	(void)memcpy(entry + 10, ":${distro_id}", 13);
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		const char *pattern = NULL;
		alloc_count = 0;
		struct arena *a = arena_new();
		int r = a ? update_pattern_from_allowed(a, entry, &debian, &pattern) : -ENOMEM;
		if (r == 0)
			r = update_pattern_match(a, pattern, &debian, &security);
		arena_free(a);
		if (alloc_count < alloc_fail_at) {
			assert_int_equal(r, 0);
			break;
		}
		assert_int_equal(r, -ENOMEM);
	}
	assert_true(alloc_fail_at > 3);
	alloc_fail_at = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_comma),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
