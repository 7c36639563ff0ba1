/* SPDX-License-Identifier: ISC */
/*
 * Reading files that others may have put there to hurt us.
 *
 * All paths are absolute and are resolved inside a root directory handle with
 * openat2(2) RESOLVE_IN_ROOT, so that the same collectors judge the running
 * machine and a mounted image. A file is opened with O_PATH first, looked at,
 * and only then opened for reading: a FIFO never blocks, a device is never
 * touched, and the file that was judged is the file that is read.
 *
 * Each call is recorded in the root's deps, when there are any, whatever its
 * result: a path that is missing today is worth watching too.
 *
 * Errors of their own beside those of openat2(2):
 *   -ENODEV   not a regular file (FIFO, device, socket)
 *   -EISDIR   a directory where a file was expected
 *   -EFBIG    larger than the caller's cap
 *   -EXDEV    a symbolic link leaves the directory that it must stay beneath
 *   -ETIME    the caller's deadline has passed
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/deps.h"
#include "base/util.h"

struct root {
	int fd;            /* O_PATH handle of the directory that is "/" */
	bool live;         /* it is the running machine's own "/" */
	struct deps *deps; /* where reads are recorded, or NULL; borrowed */
};

/*
 * Opens the directory path as a root; live is whether it is this process's
 * own "/" (same device and inode). 0, or -errno of open(2).
 */
int root_open(const char *path, struct root *ret);
void root_close(struct root *r);

/* Records a path that the fact depends on and that something else reads (a child process). */
void root_depend(const struct root *r, const char *path, enum dep_kind kind);

/* A file's bytes, NUL-terminated beyond size, and what fstat(2) said when it was opened. */
struct file {
	char *data;
	size_t size;
	struct stat st;
};
void file_fini(struct file *f);
#define _cleanup_file_ _cleanup_(file_fini)

/*
 * Reads the regular file at path, following symbolic links inside the root, up
 * to max bytes. The caller frees with file_fini(). 0 or -errno as above.
 */
int root_read(const struct root *r, const char *path, size_t max, struct file *ret);

/*
 * Opens the regular file at path for reading, under the same rules, for what
 * is too large to keep or is asked about by its descriptor (hashing, locks).
 * Returns the descriptor, to be closed, and sets *ret; or -errno as above.
 */
int root_open_file(const struct root *r, const char *path, struct stat *ret);

/*
 * Reads from the descriptor until its end or until there are max bytes. How
 * many, or -errno; a signal does not end it.
 */
ssize_t fsio_read_head(int fd, char *buf, size_t max);

/*
 * root_read() for a file that belongs to somebody who is not trusted: the
 * directory base is resolved in the root, and rel must stay beneath it (no
 * symbolic link that leaves it, no magic link), else -EXDEV.
 */
int root_read_beneath(
	const struct root *r, const char *base, const char *rel, size_t max, struct file *ret);

/* root_open_file() under these rules: for a look at how somebody else's file begins. */
int root_open_file_beneath(
	const struct root *r, const char *base, const char *rel, struct stat *ret);

/*
 * The same, and what is mounted beneath base is not entered: -EXDEV. A file
 * system of a user's own (FUSE) is not asked for anything, since it may take as
 * long as that user likes to answer.
 */
int root_open_file_in_mount(
	const struct root *r, const char *base, const char *rel, struct stat *ret);

/* stat(2) and lstat(2) inside the root. */
int root_stat(const struct root *r, const char *path, struct stat *ret);
int root_lstat(const struct root *r, const char *path, struct stat *ret);
int root_stat_beneath(const struct root *r, const char *base, const char *rel, struct stat *ret);

/*
 * When the object at path (links followed) was created in its file system,
 * statx(2) STATX_BTIME. -ENODATA where the file system doesn't say, or says a
 * time before 2000 (an image written by a tool that had no such time to give).
 */
int root_birth(const struct root *r, const char *path, uint64_t *ret_realtime_usec);

/*
 * Opens the object at path with O_PATH for the caller to hand on (never for
 * reading by a user's path). Returns the descriptor or -errno.
 */
int root_open_path(const struct root *r, const char *path);

/* The same for what must stay beneath base; its metadata is all that may be asked for. */
int root_open_path_beneath(const struct root *r, const char *base, const char *rel);

/* The same for what must lie in the mount of base, as root_open_file_in_mount(). */
int root_open_path_in_mount(const struct root *r, const char *base, const char *rel);

/* The target of the symbolic link at path, at most PATH_MAX, to be freed. -EINVAL when it is none. */
int root_readlink(const struct root *r, const char *path, char **ret);

/*
 * The path inside the root without links at which path ends, by /proc; to be
 * freed. -errno of open(2) and readlink(2), -EXDEV when it is not below the root.
 */
int root_realpath(const struct root *r, const char *path, char **ret);

/*
 * Calls each(name, arg) for the names in the directory, sorted by strcmp, "."
 * and ".." left out. More than max names is -EFBIG, before any call. A negative
 * return of each stops and is returned. -ENOTDIR when it is no directory.
 */
int root_list(const struct root *r, const char *path, size_t max,
	int (*each)(const char *name, void *arg), void *arg);
int root_list_beneath(const struct root *r, const char *base, const char *rel, size_t max,
	int (*each)(const char *name, void *arg), void *arg);

/* The same with what each name is: DT_REG, DT_LNK, ... of readdir(3). */
int root_list_types(const struct root *r, const char *path, size_t max,
	int (*each)(const char *name, unsigned char type, void *arg), void *arg);

/*
 * Calls each(name, target, arg) for the symbolic links in the directory whose
 * targets can be read (those of /proc/PID/fd come and go), by root_list()'s rules.
 */
int root_list_links(const struct root *r, const char *path, size_t max,
	int (*each)(const char *name, const char *target, void *arg), void *arg);

/*
 * Expands a pattern of glob(7) (*, ?, [...], in any component; no braces, no
 * tilde) inside the root, sorted by strcmp as glob(3) does in the C locale.
 * A pattern without metacharacters yields itself if it exists. The directories
 * that were listed are recorded. The array and its strings belong to the
 * arena. At most max paths, else -EFBIG. 0 with *ret_n == 0 when none matches;
 * a directory that may not be listed is an error (glob(3) would call it empty).
 */
int root_glob(const struct root *r, struct arena *a, const char *pattern, size_t max,
	char ***ret, size_t *ret_n);

/*
 * What says that a file is the one that it was: device, inode, size, mtime, and
 * ctime, which tells what mtime was set back from. For the memo; returns buf.
 */
enum {
	STAT_SIGNATURE_MAX = 160,
};
char *stat_signature(const struct stat *st, char buf[static STAT_SIGNATURE_MAX]);

/* What an errno of this module means to a reader, in a few words ("is a FIFO, device or socket"). */
const char *fsio_strerror(int r);
