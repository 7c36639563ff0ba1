/* SPDX-License-Identifier: ISC */
/*
 * All that comes out of a pipe or a socket until its end, in memory, with a
 * deadline and a cap. For children and for units of systemd that answer by
 * being started: whoever is at the other end is not trusted to end, nor to be
 * short.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

struct stream {
	int fd;	    /* does not block; closed and -1 when it has ended */
	char *data; /* NUL-terminated; NULL before the first reading. Freed by stream_fini() */
	size_t size, room;
	size_t max;
	bool cut; /* what comes beyond max is dropped, instead of being an error */
};

/* Closes and frees; for streams that were set up or are all zero but for the fd. */
void stream_fini(struct stream *s);

/* Microseconds of the monotonic clock, for deadlines. */
uint64_t stream_now(void);

/*
 * Reads the n streams (at most 2) until all have ended. 0; -ETIMEDOUT when the
 * deadline (stream_now()) comes first; -EFBIG when one is longer than its max;
 * -ENOMEM; -errno of read(2). What was read until then is in them.
 */
int stream_drain(struct stream *const v[], size_t n, uint64_t deadline_usec);

/*
 * Connects to the stream socket at path and reads until the other end closes.
 * It must be root's (SO_PEERCRED), since it answers for the machine. 0, with
 * the text in *ret (freed by the caller, "" when nothing came); -ENOENT or
 * -ECONNREFUSED when nobody listens there; -EPERM when it is not root's;
 * -ENAMETOOLONG; else as stream_drain().
 */
int stream_ask(const char *path, uint64_t timeout_usec, size_t max, char **ret, size_t *ret_size);
