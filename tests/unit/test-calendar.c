/* SPDX-License-Identifier: ISC */
/* Times of timers. systemd-analyze(1) calendar says the same of each. */
#include "test.h"

#include "base/calendar.h"

static void test_rows(_unused_ void **state)
{
	static const struct {
		const char *text;
		int want;
	} rows[] = {
		{"daily", 1},
		{"Weekly UTC", 1},
		{"*-*-* 03:00", 1},
		{"*-*-* 6,18:00", 1},
		{"*-*-01 04:00:30.5 Europe/Berlin", 1},
		{"03:00", 1},
		{"*:0/15", 1},
		{"Mon", 1},
		{"Mon..Fri *-*-1..7 18:30", 1},
		{"Sat,Sunday 20:00", 1},
		{"10-15", 1},
		{"*-02~03", 1},
		{"*-1/3-1", 1},
		{"2020-01-01", 0},
		{"2026-*-* 03:00", 0},
		{"dayly", -EINVAL},
		{"", -EINVAL},
		{"  ", -EINVAL},
		{"Mox 03:00", -EINVAL},
		{"*-*-* 25:00", -EINVAL},
		{"*-*-* 03:60", -EINVAL},
		{"*-13-01", -EINVAL},
		{"*-*-32", -EINVAL},
		{"*-*-0", -EINVAL},
		{"03:00 03:00", -EINVAL},
		{"daily daily", -EINVAL},
		{"UTC", -EINVAL},
		{"3", -EINVAL},
		{"03:00 x", -EINVAL},
		{"*-*-*-*", -EINVAL},
		{"1:2:3:4", -EINVAL},
		{"-", -EINVAL},
		{":", -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = calendar_recurs(rows[i].text);
		if (r != rows[i].want)
			fail_msg("\"%s\": %d", rows[i].text, r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
