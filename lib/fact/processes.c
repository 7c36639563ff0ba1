/* SPDX-License-Identifier: ISC */
#include "fact/processes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fact/collectors.h"
#include "fact/packages.h"
#include "fact/updates.h"

enum {
	PROCESSES_MAX = 32768,
	USES_MAX = 1000,
	STAT_MAX = 4096,
	CGROUP_MAX = 16384,
	MAPS_MAX = 2 << 20, /* of one process */
	CHUNK = 32 * 1024,
	PROC_STAT_MAX = 4 << 20,
	LIST_MAX = 4 << 20,
	LISTS_MAX = 50000,
};

/* The clock may have been set a little, and a start is known in ticks only. */
#define MARGIN_USEC USEC_PER_MIN

/* What is being looked at. */
struct reading {
	const struct collect *c;
	struct root quiet; /* /proc makes no events */
	struct fact *f;
	struct processes *p;
	struct stale_use *uses;
	size_t n;
	uint64_t booted_usec; /* real time; 0: not known */
	char *own_namespace;  /* of PIDs */
	char buf[CHUNK];
};

static uint64_t usec_of(struct timespec ts)
{
	return ts.tv_sec < 0 ? 0 : (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

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
	if (clock_gettime(CLOCK_BOOTTIME, &up) == 0 && usec_of(up) < rd->c->realtime_usec)
		rd->booted_usec = MIN(rd->booted_usec, rd->c->realtime_usec - usec_of(up));
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
				rd->p->changed_realtime_usec, usec_of(st.st_mtim));
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
	if (rd->n == USES_MAX) {
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

static int is_elsewhere(struct reading *rd, pid_t pid, bool *ret)
{
	_cleanup_free_ char *ns = NULL;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	int r = root_readlink(&rd->quiet, path, &ns);
	if (r < 0)
		return r;
	*ret = rd->own_namespace && strcmp(rd->own_namespace, ns) != 0;
	return 0;
}

/* Completes the uses from first on, all of one process, or drops them again. */
static int describe(struct reading *rd, size_t first, pid_t pid, const struct process_stat *st)
{
	_cleanup_file_ struct file file = {0};
	bool elsewhere = false, container = false;
	char path[64];

	int r = is_elsewhere(rd, pid, &elsewhere);
	if (r == -ENOMEM)
		return r;
	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	r = root_read(&rd->quiet, path, CGROUP_MAX, &file);
	if (r == -ENOMEM)
		return r;
	const char *unit = process_unit(rd->f->arena, r == 0 ? file.data : "", &container);
	const char *command = arena_strdup(rd->f->arena, st->command);
	if (!unit || !command)
		return -ENOMEM;
	if (elsewhere || container) {
		rd->n = first;
		return 0;
	}
	for (size_t i = first; i < rd->n; i++) {
		rd->uses[i].unit = unit;
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
	size_t first = rd->n;
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
	r = read_program(rd, pid);
	if (r == 0)
		r = read_maps(rd, pid);
	if (r == 0)
		rd->p->looked++;
	return r == 0 && rd->n > first ? describe(rd, first, pid, &st) : r;
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

/* Whether a package's list names the path, or its old place from before /usr was merged. */
static bool lists_path(const struct file *list, const char *path)
{
	const char *const forms[] = {path, strncmp(path, "/usr/", 5) == 0 ? path + 4 : NULL};

	for (size_t i = 0; i < ARRAY_SIZE(forms) && forms[i]; i++) {
		size_t n = strlen(forms[i]);
		for (const char *p = list->data;
			(p = memmem(p, list->size - (size_t)(p - list->data), forms[i], n)); p++) {
			if ((p == list->data || p[-1] == '\n') && (p[n] == '\n' || !p[n]))
				return true;
		}
	}
	return false;
}

static int each_list(const char *name, void *arg)
{
	_cleanup_file_ struct file file = {0};
	struct reading *rd = arg;
	size_t n = strlen(name);
	const char *package = NULL;
	char path[512];

	if (n < 6 || n > 255 || strcmp(name + n - 5, ".list") != 0)
		return 0;
	(void)snprintf(path, sizeof(path), "/var/lib/dpkg/info/%s", name);
	int r = root_read(&rd->quiet, path, LIST_MAX, &file);
	if (r < 0)
		return r == -ENOMEM ? r : 0; /* a package that isn't named is no loss */
	for (size_t i = 0; i < rd->n; i++) {
		struct stale_use *use = &rd->uses[i];
		if (use->package || !lists_path(&file, use->path))
			continue;
		/* "libc6:amd64.list" */
		const char *colon = memchr(name, ':', n - 5);
		if (!package)
			package = arena_strndup(
				rd->f->arena, name, colon ? (size_t)(colon - name) : n - 5);
		if (!package)
			return -ENOMEM;
		use->package = package;
	}
	return 0;
}

/* Only when there is something to name: it reads every package's list of files. */
static int find_packages(struct reading *rd)
{
	const struct fact *fact = factset_get(rd->c->facts, FACT_PACKAGES);

	if (rd->n == 0 || !fact || !fact->u.packages || fact->u.packages->manager != PACKAGES_DPKG)
		return 0;
	int r = root_list(&rd->quiet, "/var/lib/dpkg/info", LISTS_MAX, each_list, rd);
	return r == -ENOMEM ? r : 0;
}

static int collect_live(struct reading *rd)
{
	int r = read_boot(rd);

	if (r == 0)
		r = root_readlink(&rd->quiet, "/proc/self/ns/pid", &rd->own_namespace);
	if (r == -ENOMEM)
		return r;
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
	free(rd->own_namespace);
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
