/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "fact/version.h"

struct vector {
	const char *a, *b;
	int order;
};

static int sign(int r)
{
	return (r > 0) - (r < 0);
}

static void run(int (*compare)(const char *, const char *), const struct vector *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int r = sign(compare(v[i].a, v[i].b)), back = sign(compare(v[i].b, v[i].a));
		if (r != v[i].order || back != -v[i].order)
			fail_msg("\"%s\" \"%s\": %d, %d back, expected %d", v[i].a, v[i].b, r, back,
				v[i].order);
		assert_int_equal(compare(v[i].a, v[i].a), 0);
	}
}

static void test_dpkg(void **state)
{
	static const struct vector vectors[] = {
		{"1.0", "1.0-0", 0},
		{"1.0-1", "1.0", 1},
		{"1.0~rc1", "1.0", -1},
		{"1.0~", "1.0~~", 1},
		{"1.0~~a", "1.0~~", 1},
		{"1.0a", "1.0", 1},
		{"1.0a", "1.0+", -1},
		{"1.10", "1.9", 1},
		{"1.010", "1.10", 0},
		{"1:0.1", "9", 1},
		{"0:1", "1", 0},
		{"2-1-1", "2-1-2", -1},
		{"1.2-3-4", "1.2-3", 1},
		{"6.1.76-1", "6.1.69-1", 1},
		{"6.1.0-18", "6.1.0-9", 1},
		{"6.12.38+deb13", "6.12.9+deb13", 1},
		{"5.15.0-91.101~20.04.1", "5.15.0-91.101", -1},
		{"5.10.0-0.deb10.16", "5.10.0-16", -1},
		{"99999999999999999999999999999999999999991",
			"99999999999999999999999999999999999999992", -1},
		{"", "0", 0},
		{"", "~", 1},
	};

	run(version_compare_dpkg, vectors, ARRAY_SIZE(vectors));
}

static void test_segments(void **state)
{
	static const struct vector vectors[] = {
		{"1.0", "1.0", 0},
		{"1.0", "2.0", -1},
		{"2.0.1a", "2.0.1", 1},
		{"5.5p10", "5.5p1", 1},
		{"xyz.4", "8", -1},
		{"xyz", "2", -1},
		{"1.0^", "1.0", 1},
		{"1.0^git1", "1.0^git2", -1},
		{"1.0^git1", "1.01", -1},
		{"1.0^20160101", "1.0.1", -1},
		{"1.0~rc1^git1", "1.0~rc1", 1},
		{"1.0^git1~pre", "1.0^git1", -1},
		{"1_0", "1.0", 0},
		{"a+", "a", 0},
		{"4.999.9", "5.0", -1},
		{"362.13.1.el9_3", "362.8.1.el9_3", 1},
		{"FC5", "fc4", -1},
		{"2a", "2.0", -1},
		{"1.0", "1.fc4", 1},
		{"3.0.0_fc", "3.0.0.fc", 0},
		{"1.001", "1.1", 0},
	};

	run(version_compare_segments, vectors, ARRAY_SIZE(vectors));
}

static void test_rpm(void **state)
{
	static const struct vector vectors[] = {
		{"5.14.0-362.8.1.el9_3", "5.14.0-362.13.1.el9_3", -1},
		{"1:1.0-1", "2.0-1", 1},
		{"0:1.0-1", "1.0-1", 0},
		{"1.0-1", "1.0-2", -1},
		{"1.0-2", "1.0.1-1", -1},
		{"1.0-1", "1.0", 1},
	};

	run(version_compare_rpm, vectors, ARRAY_SIZE(vectors));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dpkg),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_rpm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
