/* SPDX-License-Identifier: ISC */
/*
 * The clocks, read at the edge (the event loop, a control call) and handed
 * inwards, so that everything inside can be driven by a test.
 */
#pragma once

#include <stdint.h>
#include <time.h>

#include "base/util.h"

struct now {
	uint64_t realtime_usec, monotonic_usec;
};

static inline uint64_t clock_usec(clockid_t clock)
{
	struct timespec ts;

	(void)clock_gettime(clock, &ts); /* cannot fail for the clocks that are asked here */
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

static inline struct now clock_now(void)
{
	return (struct now){clock_usec(CLOCK_REALTIME), clock_usec(CLOCK_MONOTONIC)};
}
