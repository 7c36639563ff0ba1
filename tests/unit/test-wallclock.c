/* SPDX-License-Identifier: ISC */
#include "test.h"

#include <poll.h>
#include <time.h>

#include "daemon/clock.h"
#include "daemon/wallclock.h"

static bool fires(int fd, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, timeout_ms) == 1;
}

/* That the clock is set cannot be tried here without setting it for everybody. */
static void test_moments(void **state)
{
	uint64_t now = clock_usec(CLOCK_REALTIME);
	int fd = wallclock_open();

	assert_true(fd >= 0);
	const uint64_t past[] = {0, 1, now - USEC_PER_SEC, now, now + USEC_PER_MSEC};
	for (size_t i = 0; i < ARRAY_SIZE(past); i++) {
		assert_int_equal(wallclock_arm(fd, past[i]), 0);
		assert_true(fires(fd, 60000));
		assert_int_equal(wallclock_read(fd), 0);
		assert_false(fires(fd, 0));
	}
	const uint64_t future[] = {now + USEC_PER_HOUR, USEC_INFINITY, USEC_INFINITY - 1};
	for (size_t i = 0; i < ARRAY_SIZE(future); i++) {
		assert_int_equal(wallclock_arm(fd, future[i]), 0);
		assert_false(fires(fd, 0));
	}
	assert_int_equal(close(fd), 0);
	assert_int_equal(wallclock_arm(fd, now), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
