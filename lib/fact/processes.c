/* SPDX-License-Identifier: ISC */
#include "fact/processes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fact/collectors.h"
#include "fact/package-owner.h"
#include "fact/packages.h"
#include "fact/updates.h"

enum {
	PROCESSES_MAX = 32768,
	USES_MAX = 4000,
	PROCESS_USES_MAX = 256, /* of one process */
	OWNER_USES_MAX = 256,	/* of one unit, or of all that a user runs */
	STAT_MAX = 4096,
	CGROUP_MAX = 16384,
	MAPS_MAX = 2 << 20, /* of one process */
	CHUNK = 32 * 1024,
	PROC_STAT_MAX = 4 << 20,
};

/* The clock may have been set a little, and a start is known in ticks only. */
#define MARGIN_USEC USEC_PER_MIN

/* Whose uses are counted together, so that a user's many crowd out nobody else's. */
struct owner {
	const char *name;
	size_t uses;
};

/* What is being looked at. */
struct reading {
	const struct collect *c;
	struct root quiet; /* /proc makes no events */
	struct fact *f;
	struct processes *p;
	struct stale_use *uses;
	size_t n, first;      /* the uses of the process that is being read start at first */
	uint64_t booted_usec; /* real time; 0: not known */
	char *pid_ns, *mnt_ns; /* of process 1 */
	struct stat top;       /* its root directory */
	struct owner *owners;
	size_t n_owners;
	char buf[CHUNK];
};

/*
 * When this machine was started, the earliest of what says so: a container's
 * idea of it may be later than the clock that starts of processes count from.
 */
static int read_boot(struct reading *rd)
{
	_cleanup_file_ struct file file = {0};
	struct timespec up = {0};
	int r = root_read(&rd->quiet, "/proc/stat", PROC_STAT_MAX, &file);

	if (r == -ENOMEM)
		return r;
	const char *p = r == 0 ? strstr(file.data, "\nbtime ") : NULL;
	if (p)
		rd->booted_usec = strtoull(p + strlen("\nbtime "), NULL, 10) * USEC_PER_SEC;
	if (clock_gettime(CLOCK_BOOTTIME, &up) == 0 && timespec_usec(up) < rd->c->realtime_usec)
		rd->booted_usec = MIN(rd->booted_usec, rd->c->realtime_usec - timespec_usec(up));
	return 0;
}

/* A package, or somebody without one, changed what is in the places of programs. */
static void find_change(struct reading *rd)
{
	static const char *const dirs[] = {"/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64",
		"/usr/libexec", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
		"/usr/lib/systemd", "/usr/local/bin", "/usr/local/sbin", "/usr/local/lib", "/bin",
		"/sbin", "/lib", "/lib64"};
	const struct fact *updates = factset_get(rd->c->facts, FACT_UPDATES);
	struct stat st;

	if (updates && updates->u.updates)
		rd->p->changed_realtime_usec = updates->u.updates->installed.realtime_usec;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		if (root_stat(&rd->quiet, dirs[i], &st) == 0)
			rd->p->changed_realtime_usec = MAX(
				rd->p->changed_realtime_usec, timespec_usec(st.st_mtim));
	}
}

/* A process that is gone by now is none that must be started again. */
static bool is_gone(int r)
{
	return r == -ENOENT || r == -ESRCH || r == -ENOTDIR;
}

static bool is_known(const struct reading *rd, pid_t pid, const char *path, size_t n)
{
	for (size_t i = rd->n; i > 0 && rd->uses[i - 1].pid == pid; i--) {
		const char *other = rd->uses[i - 1].path;
		if (strlen(other) == n && memcmp(other, path, n) == 0)
			return true;
	}
	return false;
}

static int add_use(struct reading *rd, pid_t pid, const char *path, size_t n, bool program)
{
	if (is_known(rd, pid, path, n))
		return 0;
	if (rd->n - rd->first >= PROCESS_USES_MAX) {
		rd->p->cut++;
		return 0;
	}
	struct stale_use *use = arena_grow(rd->f->arena, &rd->uses, rd->n, sizeof(*use));
	if (!use)
		return -ENOMEM;
	*use = (struct stale_use){.pid = pid,
		.path = arena_strndup(rd->f->arena, path, n),
		.program = program,
		.unit = "",
		.command = ""};
	if (!use->path)
		return -ENOMEM;
	rd->n++;
	return 0;
}

/* The whole lines of the n bytes in the buffer; returns how many bytes they were, or -ENOMEM. */
static ssize_t take_lines(struct reading *rd, pid_t pid, size_t n)
{
	size_t done = 0;

	for (char *end; (end = memchr(rd->buf + done, '\n', n - done));) {
		size_t len = (size_t)(end - (rd->buf + done)), path_n = 0;
		const char *path = NULL;
		if (process_map_stale(rd->buf + done, len, &path, &path_n) &&
			add_use(rd, pid, path, path_n, false) < 0)
			return -ENOMEM;
		done += len + 1;
	}
	return (ssize_t)done;
}

static int read_maps(struct reading *rd, pid_t pid)
{
	char path[64];
	struct stat st;
	size_t have = 0, total = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	_cleanup_close_ int fd = root_open_file(&rd->quiet, path, &st);
	if (fd < 0)
		return fd;
	while (total < MAPS_MAX) {
		ssize_t n = read(fd, rd->buf + have, sizeof(rd->buf) - have);
		if (n < 0)
			return errno == EINTR ? -EAGAIN : -errno;
		if (n == 0)
			return 0;
		have += (size_t)n;
		total += (size_t)n;
		ssize_t done = take_lines(rd, pid, have);
		if (done < 0)
			return (int)done;
		/* A line is far shorter than the buffer: a path has at most 4096 bytes. */
		have -= (size_t)done;
		memmove(rd->buf, rd->buf + done, have);
	}
	rd->p->cut++;
	return 0;
}

/* The program itself: its name, as the kernel remembers it. */
static int read_program(struct reading *rd, pid_t pid)
{
	_cleanup_free_ char *target = NULL;
	char path[64], line[4200];
	const char *found;
	size_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	int r = root_readlink(&rd->quiet, path, &target);
	if (r < 0)
		return r == -EINVAL ? 0 : r;
	/* In the form of a mapping, so that the same rule decides. */
	int len = snprintf(line, sizeof(line), "0-0 r-xp 0 0:0 0 %s", target);
	if (len < 0 || (size_t)len >= sizeof(line) ||
		!process_map_stale(line, (size_t)len, &found, &n))
		return 0;
	return add_use(rd, pid, found, n, true);
}

static int read_namespace(struct reading *rd, const char *process, const char *kind, char **ret)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%s/ns/%s", process, kind);
	return root_readlink(&rd->quiet, path, ret);
}

/* -1: not known, 0: it is that of process 1, 1: another; or -ENOMEM. */
static int is_other_namespace(struct reading *rd, pid_t pid, const char *kind, const char *own)
{
	_cleanup_free_ char *ns = NULL;
	char process[16];

	(void)snprintf(process, sizeof(process), "%d", pid);
	int r = own ? read_namespace(rd, process, kind, &ns) : -ENOENT;
	if (r < 0)
		return r == -ENOMEM ? r : -1;
	return strcmp(own, ns) != 0;
}

/*
 * The directory that is "/" to a process. The link is none that can be resolved
 * in a root: it leads to the directory itself, in whichever mount namespace.
 */
static int stat_root(struct reading *rd, const char *process, struct stat *ret)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "proc/%s/root", process);
	return fstatat(rd->quiet.fd, path, ret, 0) < 0 ? -errno : 0;
}

/* What is not known is no sign of a container. 1, 0 or -ENOMEM. */
static int is_contained(struct reading *rd, pid_t pid)
{
	char process[16];
	struct stat st;
	int r = is_other_namespace(rd, pid, "pid", rd->pid_ns);

	if (r == 1)
		r = is_other_namespace(rd, pid, "mnt", rd->mnt_ns);
	if (r != 1)
		return r == -ENOMEM ? r : 0;
	(void)snprintf(process, sizeof(process), "%d", pid);
	return rd->top.st_ino && stat_root(rd, process, &st) == 0 &&
	       (st.st_ino != rd->top.st_ino || st.st_dev != rd->top.st_dev);
}

/* The uses counted so far of a user's slice, a unit, or what else runs as this user. */
static struct owner *owner_of(struct reading *rd, pid_t pid, const struct process_group *g)
{
	char path[64], uid[32];
	const char *name = *g->slice ? g->slice : g->unit;
	struct stat st = {0};

	if (!*name) {
		(void)snprintf(path, sizeof(path), "/proc/%d", pid);
		(void)root_stat(&rd->quiet, path, &st); /* gone: it counts as root's */
		(void)snprintf(uid, sizeof(uid), "uid %u", st.st_uid);
		name = uid;
	}
	for (size_t i = 0; i < rd->n_owners; i++) {
		if (strcmp(rd->owners[i].name, name) == 0)
			return &rd->owners[i];
	}
	struct owner *o = arena_grow(rd->f->arena, &rd->owners, rd->n_owners, sizeof(*o));
	if (!o || !(o->name = arena_strdup(rd->f->arena, name)))
		return NULL;
	o->uses = 0;
	rd->n_owners++;
	return o;
}

/* Drops the uses of this process that are too many for their owner, or for all. */
static int limit_uses(struct reading *rd, pid_t pid, const struct process_group *g)
{
	struct owner *o = owner_of(rd, pid, g);
	size_t n = rd->n - rd->first;

	if (!o)
		return -ENOMEM;
	size_t room = MIN((size_t)OWNER_USES_MAX - o->uses, (size_t)USES_MAX - rd->first);
	rd->p->cut += n > room ? n - room : 0;
	rd->n = rd->first + MIN(n, room);
	o->uses += MIN(n, room);
	return 0;
}

/* Completes the uses of one process, or drops them again. 0 or -ENOMEM. */
static int describe(struct reading *rd, pid_t pid, const struct process_stat *st)
{
	_cleanup_file_ struct file file = {0};
	struct process_group group;
	char path[64];
	int r = is_contained(rd, pid);

	if (r != 0) {
		rd->n = rd->first;
		rd->p->contained += r > 0;
		return MIN(r, 0);
	}
	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	r = root_read(&rd->quiet, path, CGROUP_MAX, &file);
	if (r == -ENOMEM)
		return r;
	r = process_group_parse(rd->f->arena, r == 0 ? file.data : "", &group);
	if (r == 0)
		r = limit_uses(rd, pid, &group);
	const char *command = arena_strdup(rd->f->arena, st->command);
	if (r < 0 || !command)
		return -ENOMEM;
	for (size_t i = rd->first; i < rd->n; i++) {
		rd->uses[i].unit = group.unit;
		rd->uses[i].command = command;
	}
	return 0;
}

/* Whether it was started so late that it has what is installed now. */
static bool is_younger(const struct reading *rd, const struct process_stat *st)
{
	long hz = sysconf(_SC_CLK_TCK);

	if (!rd->booted_usec || !rd->p->changed_realtime_usec || hz <= 0)
		return false;
	uint64_t start = rd->booted_usec + st->start_ticks * (USEC_PER_SEC / (uint64_t)hz);
	return start > rd->p->changed_realtime_usec + MARGIN_USEC;
}

static int read_process(struct reading *rd, pid_t pid)
{
	_cleanup_file_ struct file file = {0};
	struct process_stat st;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	int r = root_read(&rd->quiet, path, STAT_MAX, &file);
	if (r == 0)
		r = process_stat_parse(file.data, &st);
	if (r < 0)
		return r;
	if (st.kernel_thread)
		return 0;
	if (is_younger(rd, &st)) {
		rd->p->skipped++;
		return 0;
	}
	rd->first = rd->n;
	r = read_program(rd, pid);
	if (r == 0)
		r = read_maps(rd, pid);
	if (r < 0) {
		rd->n = rd->first; /* gone meanwhile, or half read: nothing to name it by */
		return r;
	}
	rd->p->looked++;
	return rd->n > rd->first ? describe(rd, pid, &st) : 0;
}

static int each_process(const char *name, void *arg)
{
	struct reading *rd = arg;

	if (name[strspn(name, "0123456789")] || strlen(name) > 9)
		return 0;
	int r = read_process(rd, (pid_t)atoi(name));
	if (r == -ENOMEM)
		return r;
	if (r < 0 && !is_gone(r))
		rd->p->denied++;
	return 0;
}

static int compare_uses(const void *a, const void *b)
{
	const struct stale_use *x = a, *y = b;
	int r = strcmp(x->unit, y->unit);

	if (r == 0)
		r = (x->pid > y->pid) - (x->pid < y->pid);
	if (r == 0) /* the program first */
		r = y->program - x->program;
	return r ? r : strcmp(x->path, y->path);
}

/* Only when there is something to name: it reads every package's list of files. */
static int find_packages(struct reading *rd)
{
	_cleanup_free_ struct package_owner *owners = calloc(rd->n + 1, sizeof(*owners));

	if (!owners)
		return -ENOMEM;
	for (size_t i = 0; i < rd->n; i++)
		owners[i].path = rd->uses[i].path;
	int r = package_owners(&rd->quiet, rd->f->arena, owners, rd->n);
	for (size_t i = 0; i < rd->n; i++)
		rd->uses[i].package = owners[i].package;
	return r;
}

static int collect_live(struct reading *rd)
{
	int r = read_boot(rd);

	if (r == 0)
		r = read_namespace(rd, "1", "pid", &rd->pid_ns);
	if (r != -ENOMEM)
		r = read_namespace(rd, "1", "mnt", &rd->mnt_ns);
	if (r == -ENOMEM)
		return r;
	if (stat_root(rd, "1", &rd->top) < 0)
		rd->top = (struct stat){0};
	find_change(rd);
	r = root_list(&rd->quiet, "/proc", PROCESSES_MAX, each_process, rd);
	if (r == 0)
		r = find_packages(rd);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		fact_fail(rd->f, r == -ENOENT ? -EIO : r, "/proc %s", fsio_strerror(r));
		return 0;
	}
	if (rd->n > 1)
		qsort(rd->uses, rd->n, sizeof(*rd->uses), compare_uses);
	rd->p->v = rd->uses;
	rd->p->n = rd->n;
	rd->f->u.processes = rd->p;
	return 0;
}

static int processes_collect(const struct collect *c, struct fact *f)
{
	if (!c->root->live) {
		fact_fail(f, -ENOENT, "nothing runs from this root");
		return 0;
	}
	struct reading *rd = calloc(1, sizeof(*rd));
	if (!rd)
		return -ENOMEM;
	rd->c = c;
	rd->f = f;
	rd->quiet = *c->root;
	rd->quiet.deps = NULL;
	rd->p = arena_alloc(f->arena, sizeof(*rd->p));
	int r = rd->p ? collect_live(rd) : -ENOMEM;
	free(rd->pid_ns);
	free(rd->mnt_ns);
	free(rd);
	return r;
}

const struct collector collector_processes = {
	.id = FACT_PROCESSES,
	.name = "processes",
	.needs = FACT_BIT(FACT_PACKAGES) | FACT_BIT(FACT_UPDATES),
	.locks = packages_locks,
	.refresh_usec = USEC_PER_HOUR,
	.collect = processes_collect,
};
