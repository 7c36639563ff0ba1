/* SPDX-License-Identifier: ISC */
#include "daemon/wallclock.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/util.h"

/* As far away as any machine will see: a timer must be armed to hear of the clock. */
#define NEVER_SEC UINT64_C(32503680000) /* the year 3000 */

int wallclock_open(void)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int wallclock_arm(int fd, uint64_t realtime_usec)
{
	uint64_t sec = MIN(realtime_usec / USEC_PER_SEC, NEVER_SEC);
	struct itimerspec when = {.it_value.tv_sec = (time_t)sec};

	if (sec < NEVER_SEC)
		when.it_value.tv_nsec = (long)(realtime_usec % USEC_PER_SEC * 1000);
	if (when.it_value.tv_sec == 0 && when.it_value.tv_nsec == 0)
		when.it_value.tv_nsec = 1; /* 0 would switch it off */
	int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
	return timerfd_settime(fd, flags, &when, NULL) < 0 ? -errno : 0;
}

int wallclock_read(int fd)
{
	uint64_t times;

	return read(fd, &times, sizeof(times)) < 0 && errno == ECANCELED;
}
