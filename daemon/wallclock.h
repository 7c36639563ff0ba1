/* SPDX-License-Identifier: ISC */
/*
 * A timer on the wall clock that also fires when that is set (timerfd_create(2)
 * TFD_TIMER_CANCEL_ON_SET), and is right after the machine slept.
 */
#pragma once

#include <stdint.h>

/* A descriptor to poll for reading, or -errno. */
int wallclock_open(void);

/* Fires at that moment; USEC_INFINITY: only when the clock is set. 0 or -errno. */
int wallclock_arm(int fd, uint64_t realtime_usec);

/* To be called when it is readable; arm it again then. 1: the clock was set; 0: not so. */
int wallclock_read(int fd);
