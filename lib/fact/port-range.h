/* SPDX-License-Identifier: ISC */
/*
 * The ports that the kernel gives out to sockets that ask for none
 * (net.ipv4.ip_local_port_range; IPv6 takes the same): clients have them.
 */
#pragma once

#include <stdbool.h>

#include "base/fsio.h"

struct port_range {
	unsigned low, high;
};

/* Reads it from /proc/sys; the kernel's default where it cannot be read. 0 or -ENOMEM. */
int port_range_read(const struct root *r, struct port_range *ret);

static inline bool port_range_has(const struct port_range *range, unsigned port)
{
	return port >= range->low && port <= range->high;
}
