/* SPDX-License-Identifier: ISC */
/*
 * Whether the files on which the machine's security rests are those that their
 * packages installed: programs that log people in or make them root, PAM and
 * its modules, systemd, the C library and libcrypto, the package manager, the
 * loader of kernel modules, cron, audit, and this daemon. What the package
 * manager remembers is the measure: dpkg's md5sums, rpm's digests. Whoever is
 * root can change these as well; what this finds is what was not done with
 * that much care, and what broke.
 *
 * A file is read when its identity (device, inode, size, mtime, ctime) is not
 * that of the last time: the digests are kept in the memo.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fact/fact.h"

enum package_file_state {
	PACKAGE_FILE_CHANGED,
	PACKAGE_FILE_MISSING,
	PACKAGE_FILE_UNREADABLE,
	PACKAGE_FILE_UNLISTED, /* the package manager has no digest of it */
};

struct package_file {
	enum package_file_state state;
	bool config;	      /* a configuration file: the administrator's to change */
	const char *path;     /* where it is, after diversions; not escaped; NULL: any of them */
	const char *list;     /* where its digest stands, or should */
	const char *package;  /* "openssh-server", as its manager names it */
	const char *version;  /* of the package; NULL when not known */
	const char
		*observed; /* "MD5 ...", why it could not be read, or what is wrong with the list */
	const char *expected; /* "MD5 ..."; NULL when unlisted */
};

struct package_files {
	const struct package_file *v; /* those that are not as they should be */
	size_t n;
	size_t cut;	 /* more that are not, for which there was no room */
	size_t files;	 /* that were looked at */
	uint64_t bytes;	 /* of them */
	uint64_t hashed; /* bytes that had to be read this time */
};

/* Where a list of digests says that a file should be. */
struct package_digest {
	const char *package;   /* with its architecture: "libc6:amd64" */
	const char *path;      /* absolute */
	const char *algorithm; /* "MD5", "SHA256", ... */
	const char *hex;       /* lower case; "" when rpm has none that could be compared */
	bool config;
};

/* Takes one; negative stops. The strings live during the call only. */
typedef int package_digest_fn(const struct package_digest *d, void *arg);

/* Whether the package has files of the set. name is without architecture. */
bool package_files_wants_package(const char *name);

/* Whether the file, not a configuration file, is of the set. path is absolute. */
bool package_files_wants(const char *name, const char *path);

/* ---- dpkg ---- */

/*
 * A list of dpkg's: "MD5  path/without/root" on each line (info/NAME.md5sums).
 * 0, -EBADMSG with the line in *ret_line, or what each returned.
 */
int package_files_md5sums(const char *package, const char *text, size_t n, package_digest_fn *each,
	void *arg, unsigned *ret_line);

/*
 * The configuration files of wanted packages, from dpkg's status. The same.
 * Those that are obsolete or were never installed are left out.
 */
int package_files_conffiles(const char *text, size_t n, package_digest_fn *each, void *arg);

/* ---- rpm ---- */

/*
 * The files of an rpm header (its form: fact/rpmdb.h), if its package is wanted.
 * 0, -EBADMSG when it does not add up, or what each returned.
 */
int package_files_header(const uint8_t *p, size_t n, package_digest_fn *each, void *arg);

/*
 * The name of the package of an rpm header, into *ret, if it has a file of this
 * path; it points into the header. 1; 0 when it has none; -EBADMSG.
 */
int package_files_owns(const uint8_t *p, size_t n, const char *path, const char **ret);
