/* SPDX-License-Identifier: ISC */
/*
 * The installed packages, as the distribution's own package manager knows them:
 * dpkg's status (with the journal of an interrupted run, and distroless's
 * status.d), rpm's database, apk's. "Installed" is all but removed: a package
 * that is unpacked or half configured has its files on the disk.
 *
 * There may be thousands of packages in a daemon that may hold 5 MB, so each is
 * there once: the fact's items are the typed data as well.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "fact/fact.h"

enum package_manager {
	PACKAGES_DPKG,
	PACKAGES_RPM,
	PACKAGES_APK,
	PACKAGES_MAX,
};

struct packages {
	enum package_manager manager;
	/*
	 * The fact's items, sorted by subject: "package NAME", or "package NAME:ARCH"
	 * where ARCH is not the machine's own. The value is the version
	 * ([EPOCH:]VERSION[-RELEASE], an epoch of 0 left out); of an rpm that is
	 * installed in several versions (kernels, keys), all of them, oldest first,
	 * with ", " between.
	 */
	const struct fact_item *v;
	size_t n;
	const char *arch;	 /* the machine's own ("amd64"); "" when it is not known */
	const char *const *held; /* names of those on hold (dpkg), sorted; point into the items */
	size_t n_held;
	bool knows_signatures;	      /* rpm, of a database that is read here */
	const char *const *unsigned_; /* then: names of packages that came without a signature */
	size_t n_unsigned;
};

/* The package managers' own locks, for every collector that reads what a transaction writes. */
extern const struct fact_lock packages_locks[];

/* "dpkg", "rpm", "apk". */
const char *package_manager_name(enum package_manager m);

/* The package's name as in the item: "bash", "libc6:i386". */
const char *package_name(const struct fact_item *item);

/* Whether the package of this name is on hold. */
bool package_is_held(const struct packages *p, const char *name);

/* The value of the package with this name, or NULL when it is not installed. */
const char *packages_version(const struct packages *p, const char *name);

/* The packages whose name begins with prefix: the first, and how many in *ret_n. */
const struct fact_item *packages_prefix(
	const struct packages *p, const char *prefix, size_t *ret_n);

/* The newest of the versions in a value: the part behind the last ", ". */
const char *package_newest(const char *value);
