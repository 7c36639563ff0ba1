/* SPDX-License-Identifier: ISC */
/*
 * The kernel that runs and the kernels that are installed: which is the newest,
 * by the distribution's comparison of versions, and whether the distribution
 * asks for a restart.
 *
 * A release (uname -r) names an image file and a modules directory, but not
 * always one build: Debian and Ubuntu put another build under the same name
 * when the kernel's ABI stays. So the running build is read from /proc/version
 * and is to be compared with the version of the package that owns the image.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fact/fact.h"

struct kernel_image {
	const char *release; /* "6.1.0-18-amd64" */
	const char *package; /* that owns it: "linux-image-6.1.0-18-amd64"; NULL: not known */
	const char *version; /* of that package; NULL without one */
	const char *path;    /* of the image; NULL when only the package tells of it */
	uint64_t since_realtime_usec;	/* since when it is installed; 0 when not known */
	uint64_t changed_realtime_usec; /* last change of the image's inode; 0 without a path */
};

struct kernel {
	const char *release;   /* the running one's; NULL when none runs from this root */
	const char *build;     /* its build as a package's version; NULL when it doesn't tell */
	const char *container; /* what shows that the kernel is the host's; NULL when it is ours */
	uint64_t booted_realtime_usec; /* 0 when not known */
	bool rpm; /* releases are compared and owned as rpm does it, else as dpkg */

	const struct kernel_image *v; /* sorted, the newest last */
	size_t n;
	const struct kernel_image *running; /* the one of release; NULL when it is not installed */
	/*
	 * The last, or running when it is as new: kernels of one version in several
	 * flavours are equally new. NULL when none is installed.
	 */
	const struct kernel_image *newest;

	const char *packages_reason; /* why the packages could not be read; NULL when they could */
	const char *reboot_path;     /* /run/reboot-required, when it is there */
	const char *reboot_packages; /* who asked for it, with ", " between; "" when not told */
	uint64_t reboot_realtime_usec; /* since when */
};

/* Which of two releases is the newer; flavours ("-amd64", "-cloud-amd64") don't count. <0, 0, >0.
 */
int kernel_compare(bool rpm, const char *a, const char *b);

/* Whether two releases are of one flavour, so that one would follow the other. */
bool kernel_same_flavour(bool rpm, const char *a, const char *b);

/*
 * The build from the text of /proc/version, as its package's version: "6.1.76-1"
 * (Debian, Proxmox), "5.15.0-91.101~20.04.1" (Ubuntu). NULL when it tells none.
 */
const char *kernel_build(struct arena *a, const char *proc_version);
