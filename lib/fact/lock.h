/* SPDX-License-Identifier: ISC */
/*
 * Whether somebody else's transaction is going on (struct fact_lock): asked of
 * the kernel, or of the lock file. Takes no lock, creates no file, never waits.
 * A lock that cannot be looked at counts as not held: waiting for it would only
 * delay the news, and fact_collect() has the last word.
 */
#pragma once

#include "fact/fact.h"

/*
 * The largest max_usec of the locks that are held now, 0 when none is. locks
 * ends with path NULL, or is NULL.
 *
 * LOCK_EXISTS: the file is there, unless it holds the number of a process that
 * is gone. LOCK_FCNTL: any process holds a POSIX or open-file lock on any part
 * of it. (This process must not hold a POSIX lock on it: closing the file, as
 * is done here, would drop that.) LOCK_FLOCK: any process holds it by flock(2),
 * for writing; by /proc/locks, since whoever waits for the lock must not meet us.
 */
uint64_t lock_busy(const struct root *root, const struct fact_lock *locks);
