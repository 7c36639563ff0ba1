/* SPDX-License-Identifier: ISC */
/*
 * When this machine was first started, as opposed to the image that it was
 * made from. No system records it, so it is concluded from what is written
 * once, at that moment, and the best of these that is there is taken:
 *
 *  1. /var/lib/cloud/instance: cloud-init makes a directory for each instance
 *     id. A new VM has a new id, so this holds even for an image of a machine
 *     that had been in use. The earlier of the directory's birth and the first
 *     of its semaphores (each is written once per instance).
 *  2. /etc/machine-id, its modification: systemd fills it at the first boot,
 *     unless it was filled in the image. That shows when systemd's random seed
 *     was born later (at the first real boot), and nothing says that the system
 *     was installed in its place (/var/log/installer): what was made between
 *     the two may have been made in the image or here. That is the doubt.
 *
 * A root that does not run, and whose machine-id is to be filled at the next
 * boot, is an image that never was a machine: what is in it came with it.
 *
 * A copy of a machine that had been running, with its machine-id, and without
 * cloud-init, can't be told from the original by this.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fsio.h"

struct first_boot {
	uint64_t realtime_usec;	      /* 0: there is no evidence */
	const char *evidence;	      /* the path that it was concluded from; NULL when none */
	uint64_t doubt_realtime_usec; /* what was made before this is in doubt; 0: nothing is */
	const char *doubt;	      /* the path that it was concluded from */
	bool ahead; /* the root does not run, and has no machine-id: its next boot is the first */
};

/* Looks for the evidence in the root. Static strings. */
struct first_boot first_boot_find(const struct root *r);
