/* SPDX-License-Identifier: ISC */
#include "base/fsio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

static int open_in(int dirfd, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = resolve};

	for (int tries = 0; tries < 16; tries++) {
		int fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
		if (fd >= 0)
			return fd;
		/* EAGAIN: a rename raced with the kernel's check of "..". */
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
		(void)sched_yield(); /* let the renaming end */
	}
	return -EAGAIN;
}

static int open_root(const struct root *r, const char *path, uint64_t flags)
{
	return open_in(r->fd, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

static void record(const struct root *r, const char *path, enum dep_kind kind)
{
	if (r->deps)
		deps_add(r->deps, path, kind);
}

static void record_beneath(
	const struct root *r, const char *base, const char *rel, enum dep_kind kind)
{
	if (r->deps)
		deps_add_beneath(r->deps, base, rel, kind);
}

int root_open(const char *path, struct root *ret)
{
	struct stat self, other;
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	bool live = fstat(fd, &self) == 0 && stat("/", &other) == 0 &&
	    self.st_dev == other.st_dev && self.st_ino == other.st_ino;
	*ret = (struct root){.fd = fd, .live = live};
	return 0;
}

void root_close(struct root *r)
{
	closep(&r->fd);
	r->fd = -1;
}

void root_depend(const struct root *r, const char *path, enum dep_kind kind)
{
	record(r, path, kind);
}

void file_fini(struct file *f)
{
	free(f->data);
	f->data = NULL;
	f->size = 0;
}

/* Opens for reading what an O_PATH descriptor refers to: same inode, no second walk. */
static int reopen(int fd, int flags)
{
	char link[sizeof("/proc/self/fd/") + 11];

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	int r = open(link, flags | O_CLOEXEC);
	return r >= 0 ? r : -errno;
}

static int read_whole(int fd, size_t max, struct file *f)
{
	size_t room = (size_t)f->st.st_size;

	/* /proc and /sys say 0, and a log may grow: read until the end, not until st_size. */
	if (room < 4096)
		room = 4096;
	char *data = malloc(room + 1);
	if (!data)
		return -ENOMEM;
	size_t size = 0;
	for (;;) {
		ssize_t n = read(fd, data + size, room - size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int r = -errno;
			free(data);
			return r;
		}
		if (n == 0)
			break;
		size += (size_t)n;
		if (size > max) {
			free(data);
			return -EFBIG;
		}
		if (size == room) {
			char *more = realloc(data, room * 2 + 1);
			if (!more) {
				free(data);
				return -ENOMEM;
			}
			data = more;
			room *= 2;
		}
	}
	data[size] = '\0';
	f->data = data;
	f->size = size;
	return 0;
}

/* Whether the object may be opened at all: anything but a regular file might block or act. */
static int stat_regular(int path_fd, struct stat *ret)
{
	if (fstat(path_fd, ret) < 0)
		return -errno;
	if (S_ISDIR(ret->st_mode))
		return -EISDIR;
	return S_ISREG(ret->st_mode) ? 0 : -ENODEV;
}

static int read_handle(int path_fd, size_t max, struct file *ret)
{
	struct file f = {0};
	int regular = stat_regular(path_fd, &f.st);

	if (regular < 0)
		return regular;
	if (f.st.st_size > 0 && (uintmax_t)f.st.st_size > max)
		return -EFBIG;
	_cleanup_close_ int fd = reopen(path_fd, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fd;
	int r = read_whole(fd, max, &f);
	if (r < 0)
		return r;
	*ret = f;
	return 0;
}

int root_read(const struct root *r, const char *path, size_t max, struct file *ret)
{
	record(r, path, DEP_FILE);
	_cleanup_close_ int fd = open_root(r, path, O_PATH);
	return fd < 0 ? fd : read_handle(fd, max, ret);
}

/* What path_fd refers to, opened for reading if it is a regular file. */
static int open_handle(int path_fd, struct stat *ret)
{
	struct stat st;

	int r = stat_regular(path_fd, &st);
	if (r < 0)
		return r;
	r = reopen(path_fd, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (r >= 0)
		*ret = st;
	return r;
}

ssize_t fsio_read_head(int fd, char *buf, size_t max)
{
	size_t n = 0;

	while (n < max) {
		ssize_t got = read(fd, buf + n, max - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

int root_open_file(const struct root *r, const char *path, struct stat *ret)
{
	record(r, path, DEP_FILE);
	_cleanup_close_ int fd = open_root(r, path, O_PATH);
	return fd < 0 ? fd : open_handle(fd, ret);
}

static int open_beneath_by(
	const struct root *r, const char *base, const char *rel, uint64_t flags, uint64_t resolve)
{
	_cleanup_close_ int dir = open_root(r, base, O_PATH | O_DIRECTORY);
	if (dir < 0)
		return dir;
	while (*rel == '/')
		rel++;
	return open_in(
		dir, *rel ? rel : ".", flags, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | resolve);
}

static int open_beneath(const struct root *r, const char *base, const char *rel, uint64_t flags)
{
	return open_beneath_by(r, base, rel, flags, 0);
}

int root_read_beneath(
	const struct root *r, const char *base, const char *rel, size_t max, struct file *ret)
{
	record_beneath(r, base, rel, DEP_FILE);
	_cleanup_close_ int fd = open_beneath(r, base, rel, O_PATH);
	return fd < 0 ? fd : read_handle(fd, max, ret);
}

int root_open_file_beneath(
	const struct root *r, const char *base, const char *rel, struct stat *ret)
{
	record_beneath(r, base, rel, DEP_FILE);
	_cleanup_close_ int fd = open_beneath(r, base, rel, O_PATH);
	return fd < 0 ? fd : open_handle(fd, ret);
}

int root_open_file_in_mount(
	const struct root *r, const char *base, const char *rel, struct stat *ret)
{
	record_beneath(r, base, rel, DEP_FILE);
	_cleanup_close_ int fd = open_beneath_by(r, base, rel, O_PATH, RESOLVE_NO_XDEV);
	return fd < 0 ? fd : open_handle(fd, ret);
}

static int stat_handle(int fd, struct stat *ret)
{
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	*ret = st;
	return 0;
}

int root_stat(const struct root *r, const char *path, struct stat *ret)
{
	record(r, path, DEP_FILE);
	_cleanup_close_ int fd = open_root(r, path, O_PATH);
	return stat_handle(fd, ret);
}

int root_lstat(const struct root *r, const char *path, struct stat *ret)
{
	record(r, path, DEP_FILE);
	_cleanup_close_ int fd = open_root(r, path, O_PATH | O_NOFOLLOW);
	return stat_handle(fd, ret);
}

int root_stat_beneath(const struct root *r, const char *base, const char *rel, struct stat *ret)
{
	record_beneath(r, base, rel, DEP_FILE);
	_cleanup_close_ int fd = open_beneath(r, base, rel, O_PATH);
	return stat_handle(fd, ret);
}

int root_birth(const struct root *r, const char *path, uint64_t *ret_realtime_usec)
{
	const int64_t y2000 = 946684800;
	struct statx st;

	record(r, path, DEP_FILE);
	_cleanup_close_ int fd = open_root(r, path, O_PATH);
	if (fd < 0)
		return fd;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &st) < 0)
		return -errno;
	if (!(st.stx_mask & STATX_BTIME) || st.stx_btime.tv_sec < y2000)
		return -ENODATA;
	*ret_realtime_usec =
	    (uint64_t)st.stx_btime.tv_sec * USEC_PER_SEC + st.stx_btime.tv_nsec / 1000;
	return 0;
}

int root_open_path(const struct root *r, const char *path)
{
	record(r, path, DEP_FILE);
	return open_root(r, path, O_PATH);
}

int root_open_path_beneath(const struct root *r, const char *base, const char *rel)
{
	record_beneath(r, base, rel, DEP_FILE);
	return open_beneath(r, base, rel, O_PATH);
}

int root_open_path_in_mount(const struct root *r, const char *base, const char *rel)
{
	record_beneath(r, base, rel, DEP_FILE);
	return open_beneath_by(r, base, rel, O_PATH, RESOLVE_NO_XDEV);
}

int root_readlink(const struct root *r, const char *path, char **ret)
{
	char buf[PATH_MAX];

	record(r, path, DEP_FILE);
	_cleanup_close_ int fd = open_root(r, path, O_PATH | O_NOFOLLOW);
	if (fd < 0)
		return fd;
	ssize_t n = readlinkat(fd, "", buf, sizeof(buf));
	if (n < 0)
		return errno == ENOENT ? -EINVAL : -errno; /* ENOENT: fd is not a link */
	char *s = strndup(buf, (size_t)n);
	if (!s)
		return -ENOMEM;
	*ret = s;
	return 0;
}

/* The path that /proc tells of a descriptor: without links, without a "/" at its end. */
static int path_of_fd(int fd, char buf[static PATH_MAX])
{
	char link[sizeof("/proc/self/fd/") + 11];

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, buf, PATH_MAX - 1);
	if (n < 0)
		return -errno;
	while (n > 0 && buf[n - 1] == '/')
		n--;
	buf[n] = '\0';
	return 0;
}

int root_realpath(const struct root *r, const char *path, char **ret)
{
	char base[PATH_MAX], real[PATH_MAX];

	record(r, path, DEP_FILE);
	_cleanup_close_ int fd = open_root(r, path, O_PATH);
	if (fd < 0)
		return fd;
	int e = path_of_fd(r->fd, base);
	if (e == 0)
		e = path_of_fd(fd, real);
	if (e < 0)
		return e;
	size_t n = strlen(base);
	if (strncmp(real, base, n) != 0 || (real[n] && real[n] != '/'))
		return -EXDEV;
	char *s = strdup(real[n] ? real + n : "/");
	if (!s)
		return -ENOMEM;
	*ret = s;
	return 0;
}

/* A name of a directory behind its type, so that one array holds both. */
struct names {
	char **v; /* v[i][0] is the type, v[i] + 1 the name */
	size_t n;
};

static void names_fini(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
}

static int names_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a + 1, *(char *const *)b + 1);
}

/* What a name is, where the file system does not say it in the directory. */
static unsigned char type_of(int dirfd, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type;
	if (fstatat(dirfd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return DT_UNKNOWN;
	return IFTODT(st.st_mode);
}

static char *name_new(unsigned char type, const char *name)
{
	size_t size = strlen(name) + 1;
	char *s = malloc(1 + size);

	if (s) {
		s[0] = (char)type;
		memcpy(s + 1, name, size);
	}
	return s;
}

static int names_read(DIR *dir, size_t max, struct names *names)
{
	for (;;) {
		errno = 0;
		struct dirent *e = readdir(dir);
		if (!e)
			return -errno;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (names->n >= max)
			return -EFBIG;
		if ((names->n & (names->n - 1)) == 0) {
			size_t room = names->n ? names->n * 2 : 1;
			char **v = reallocarray(names->v, room, sizeof(*v));
			if (!v)
				return -ENOMEM;
			names->v = v;
		}
		names->v[names->n] = name_new(type_of(dirfd(dir), e), e->d_name);
		if (!names->v[names->n])
			return -ENOMEM;
		names->n++;
	}
}

static int list_handle(int path_fd, size_t max,
	int (*each)(const char *name, unsigned char type, void *arg), void *arg)
{
	_cleanup_(names_fini) struct names names = {0};

	int fd = reopen(path_fd, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	DIR *dir = fdopendir(fd);
	if (!dir) {
		int r = -errno;
		(void)close(fd); /* read-only */
		return r;
	}
	int r = names_read(dir, max, &names);
	(void)closedir(dir); /* read-only */
	if (r < 0)
		return r;
	if (names.n > 0)
		qsort(names.v, names.n, sizeof(*names.v), names_compare);
	for (size_t i = 0; i < names.n; i++) {
		r = each(names.v[i] + 1, (unsigned char)names.v[i][0], arg);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A caller that does not ask for the types. */
struct untyped {
	int (*each)(const char *name, void *arg);
	void *arg;
};

static int each_untyped(const char *name, _unused_ unsigned char type, void *arg)
{
	const struct untyped *u = arg;

	return u->each(name, u->arg);
}

int root_list_types(const struct root *r, const char *path, size_t max,
	int (*each)(const char *name, unsigned char type, void *arg), void *arg)
{
	record(r, path, DEP_DIR);
	_cleanup_close_ int fd = open_root(r, path, O_PATH | O_DIRECTORY);
	return fd < 0 ? fd : list_handle(fd, max, each, arg);
}

struct link_list {
	int fd;
	int (*each)(const char *name, const char *target, void *arg);
	void *arg;
};

static int each_link(const char *name, _unused_ unsigned char type, void *arg)
{
	const struct link_list *l = arg;
	char target[PATH_MAX];
	ssize_t n = readlinkat(l->fd, name, target, sizeof(target) - 1);

	if (n < 0)
		return 0;
	target[n] = '\0';
	return l->each(name, target, l->arg);
}

int root_list_links(const struct root *r, const char *path, size_t max,
	int (*each)(const char *name, const char *target, void *arg), void *arg)
{
	record(r, path, DEP_DIR);
	_cleanup_close_ int fd = open_root(r, path, O_PATH | O_DIRECTORY);
	struct link_list l = {.fd = fd, .each = each, .arg = arg};
	return fd < 0 ? fd : list_handle(fd, max, each_link, &l);
}

int root_list(const struct root *r, const char *path, size_t max,
	int (*each)(const char *name, void *arg), void *arg)
{
	struct untyped u = {.each = each, .arg = arg};

	return root_list_types(r, path, max, each_untyped, &u);
}

int root_list_beneath(const struct root *r, const char *base, const char *rel, size_t max,
	int (*each)(const char *name, void *arg), void *arg)
{
	struct untyped u = {.each = each, .arg = arg};

	record_beneath(r, base, rel, DEP_DIR);
	_cleanup_close_ int fd = open_beneath(r, base, rel, O_PATH | O_DIRECTORY);
	return fd < 0 ? fd : list_handle(fd, max, each_untyped, &u);
}

char *stat_signature(const struct stat *st, char buf[static STAT_SIGNATURE_MAX])
{
	(void)snprintf(buf, STAT_SIGNATURE_MAX, "%ju:%ju %jd %jd.%09ld %jd.%09ld",
		(uintmax_t)st->st_dev, (uintmax_t)st->st_ino, (intmax_t)st->st_size,
		(intmax_t)st->st_mtim.tv_sec, st->st_mtim.tv_nsec, (intmax_t)st->st_ctim.tv_sec,
		st->st_ctim.tv_nsec);
	return buf;
}

const char *fsio_strerror(int r)
{
	switch (-r) {
	case ENODEV:
		return "is a FIFO, device or socket, not a regular file";
	case EISDIR:
		return "is a directory, not a regular file";
	case EFBIG:
		return "is larger than the limit";
	case EXDEV:
		return "is a symbolic link that leaves its directory";
	case ELOOP:
		return "is a loop of symbolic links or a magic link";
	case EACCES:
	case EPERM:
		return "permission denied";
	case ENOENT:
		return "does not exist";
	case ENOTDIR:
		return "has a component that is not a directory";
	case ETIME:
	case ETIMEDOUT:
		return "was not read within the time limit";
	default:
		return strerror(-r);
	}
}
