/* SPDX-License-Identifier: ISC */
/*
 * Datagrams to local sockets, never blocking: how both the journal and a
 * syslog daemon are reached. libsystemd's sd_journal_send() waits when
 * journald does not read, and a daemon that waits for another watches nothing.
 */
#pragma once

#include <stddef.h>

/*
 * A connected, non-blocking datagram socket with a large send buffer.
 * Returns the descriptor or -errno.
 */
int datagram_open(const char *address);

/*
 * Sends one datagram; one that is too large for the socket goes as a sealed
 * memfd where the receiver takes that (by_memfd: journald does). 0, -EAGAIN
 * when the receiver's queue is full, -EMSGSIZE, other -errno.
 */
int datagram_send(int fd, const void *data, size_t size, int by_memfd);
