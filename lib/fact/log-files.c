/* SPDX-License-Identifier: ISC */
#include "fact/log-files.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "fact/collectors.h"

enum {
	DEPTH_MAX = 8,
	ENTRIES_MAX = 20000,
	NAMES_MAX = 20000,
	FAULTS_MAX = 200,
};

#define BASE   "/var/log"
#define DEBIAN (1u << OS_DEBIAN)
#define RHEL   (1u << OS_RHEL)
#define SUSE   (1u << OS_SUSE)
#define ANY    (~0u)

/*
 * The most that each distribution gives, of logs that are not for everybody.
 * State of November 2026: Debian 11 to 13, Ubuntu 20.04 to 24.04, RHEL 8 to 10,
 * SUSE 15. A rotated log keeps the mode of the log, so "*" stands behind names.
 */
static const struct {
	const char *pattern; /* fnmatch(3) of the path below /var/log */
	unsigned families;
	unsigned mode;
	bool dir;
} rows[] = {
	{"btmp*", ANY, 0660, false},
	{"private", ANY, 0700, true},
	{"journal/*/*.journal*", ANY, 0640, false},
	{"sudo.log*", ANY, 0600, false},
	{"cloud-init-output.log*", ANY, 0640, false},
	{"audit/audit.log*", DEBIAN, 0640, false},
	{"audit", DEBIAN, 0750, true},
	{"auth.log*", DEBIAN, 0640, false},
	{"syslog*", DEBIAN, 0640, false},
	{"kern.log*", DEBIAN, 0640, false},
	{"daemon.log*", DEBIAN, 0640, false},
	{"user.log*", DEBIAN, 0640, false},
	{"cron.log*", DEBIAN, 0640, false},
	{"mail.*", DEBIAN, 0640, false},
	{"messages*", DEBIAN | SUSE, 0640, false},
	{"debug*", DEBIAN, 0640, false},
	{"ufw.log*", DEBIAN, 0640, false},
	{"fail2ban.log*", DEBIAN, 0640, false},
	{"apt/term.log*", DEBIAN, 0640, false},
	{"unattended-upgrades", DEBIAN, 0750, true},
	{"apache2", DEBIAN, 0750, true},
	{"nginx/*.log*", DEBIAN, 0640, false},
	{"mysql", DEBIAN, 0750, true},
	{"postgresql/*.log*", DEBIAN, 0640, false},
	{"exim4", DEBIAN, 0750, true},
	{"samba", DEBIAN, 0750, true},
	{"redis", DEBIAN, 0750, true},
	{"secure*", RHEL, 0600, false},
	{"messages*", RHEL, 0600, false},
	{"maillog*", RHEL, 0600, false},
	{"cron", RHEL, 0600, false},
	{"cron-*", RHEL, 0600, false},
	{"spooler*", RHEL, 0600, false},
	{"audit", RHEL | SUSE, 0750, true},
	{"audit/audit.log*", RHEL | SUSE, 0640, false},
	{"httpd", RHEL, 0700, true},
	{"samba", RHEL, 0700, true},
	{"sssd", RHEL, 0750, true},
	{"anaconda/*", RHEL, 0600, false},
	{"zypper.log*", SUSE, 0640, false},
};

/* Uids of people, by the common login.defs. */
static bool is_person(uid_t uid)
{
	return uid >= 1000 && uid < 60000;
}

/* The row for an object; ARRAY_SIZE(rows) when there is none. */
static size_t find_row(enum os_family family, const char *rel, bool dir)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(rows) &&
		(rows[i].dir != dir || !(rows[i].families & (1u << family)) ||
			fnmatch(rows[i].pattern, rel, FNM_PATHNAME) != 0))
		i++;
	return i;
}

bool log_mode_is_known(enum os_family family, const char *rel)
{
	return find_row(family, rel, false) < ARRAY_SIZE(rows) ||
	       find_row(family, rel, true) < ARRAY_SIZE(rows);
}

bool log_mode_judge(enum os_family family, const char *rel, const struct stat *st, bool reachable,
	struct log_mode_fault *ret)
{
	bool dir = S_ISDIR(st->st_mode);

	if (!dir && !S_ISREG(st->st_mode))
		return false;
	size_t i = find_row(family, rel, dir);
	*ret = (struct log_mode_fault){0};
	if (i < ARRAY_SIZE(rows))
		ret->max = rows[i].mode;
	if (reachable && (st->st_mode & S_IWOTH)) {
		ret->what = dir ? "others may write to it" : "others may write it";
		ret->write = true;
	} else if (ret->max && is_person(st->st_uid)) {
		ret->what = "it belongs to an account of a person";
		ret->write = true;
	} else if (ret->max && (st->st_mode & ~ret->max & S_IWGRP)) {
		ret->what = "its group may write";
		ret->write = true;
	} else if (ret->max && reachable && (st->st_mode & ~ret->max & S_IROTH)) {
		ret->what = dir ? "others may look into it" : "others may read it";
	}
	return ret->what;
}

struct looking {
	struct root root; /* without deps */
	struct arena *a;
	enum os_family family;
	struct log_files *ret;
	struct log_file *v;
};

struct level {
	struct looking *l;
	const char *rel; /* of the directory; "" */
	unsigned depth;
	bool reachable;
};

static const char *path_of(struct arena *a, const char *rel)
{
	return arena_printf(a, "%s%s%s", BASE, *rel ? "/" : "", rel);
}

/* An object as it is judged: target is where a link in its place ends, else NULL. */
struct object {
	const char *rel, *target;
	struct stat st;
};

static int add_fault(struct looking *l, const struct object *o, const struct log_mode_fault *f)
{
	if (l->ret->n == FAULTS_MAX) {
		l->ret->cut = true;
		return 0;
	}
	struct log_file *place = arena_grow(l->a, &l->v, l->ret->n, sizeof(*place));
	const char *path = path_of(l->a, o->rel);
	const char *observed = arena_printf(l->a, "%s%s%smode %04o, owner %u:%u: %s",
		o->target ? "a link to " : "", o->target ? o->target : "", o->target ? ", " : "",
		(unsigned)o->st.st_mode & 07777, o->st.st_uid, o->st.st_gid, f->what);
	const char *expected = f->max ? arena_printf(
						l->a, "mode %04o or less, not a person's", f->max)
				      : "not writable by others";
	if (!place || !path || !observed || !expected)
		return -ENOMEM;
	*place = (struct log_file){path, observed, expected, f->write};
	l->ret->n++;
	return 0;
}

/* What could not be looked at; the first is told. 0 or -ENOMEM. */
static int note_unread(struct looking *l, const char *path, int r)
{
	if (l->ret->unread)
		return 0;
	l->ret->unread_path = path;
	l->ret->unread = arena_printf(l->a, "%s %s", path, fsio_strerror(r));
	return l->ret->unread ? 0 : -ENOMEM;
}

/*
 * The directories above a link's target: whether others get through all of them,
 * and whether others may put another file into the place of the target. A sticky
 * directory keeps them from that.
 */
static int look_above(struct looking *l, const struct object *o, bool *ret_reachable)
{
	char *dir = arena_strdup(l->a, o->target);
	struct object above = {.rel = o->rel, .target = dir};

	*ret_reachable = true;
	if (!dir)
		return -ENOMEM;
	for (char *slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		int r = root_stat(&l->root, dir, &above.st);
		bool last = !strchr(slash + 1, '/');
		*ret_reachable = *ret_reachable && r == 0 && (above.st.st_mode & S_IXOTH);
		if (r == 0 && last && *ret_reachable &&
			(above.st.st_mode & (S_IWOTH | S_ISVTX)) == S_IWOTH) {
			const struct log_mode_fault f = {
				"others may put another file into this directory", 0, true};
			above.target = arena_strdup(l->a, dir);
			r = above.target ? add_fault(l, &above, &f) : -ENOMEM;
		}
		*slash = '/';
		if (r < 0)
			return r;
	}
	return 0;
}

/* A link in the place of a log: it ends elsewhere, and what is there is the log. 0 or -errno. */
static int follow_link(struct looking *l, const char *path, struct object *o, bool *reachable)
{
	_cleanup_free_ char *target = NULL;
	int r = root_stat(&l->root, path, &o->st);

	if (r == 0)
		r = root_realpath(&l->root, path, &target);
	if (r < 0)
		return r;
	o->target = arena_strdup(l->a, target);
	return o->target ? look_above(l, o, reachable) : -ENOMEM;
}

static int look(struct looking *l, const char *rel, unsigned depth, bool reachable);

static int look_name(const char *name, void *arg)
{
	const struct level *level = arg;
	const char *rel = arena_printf(
		level->l->a, "%s%s%s", level->rel, *level->rel ? "/" : "", name);

	return rel ? look(level->l, rel, level->depth + 1, level->reachable) : -ENOMEM;
}

static int look_into(struct looking *l, const char *rel, unsigned depth, bool reachable)
{
	struct level level = {l, rel, depth, reachable};
	const char *path = path_of(l->a, rel);

	if (!path)
		return -ENOMEM;
	int r = root_list(&l->root, path, NAMES_MAX, look_name, &level);
	if (r == -ENOMEM || r >= 0 || r == -ENOENT)
		return r == -ENOMEM ? r : 0;
	return note_unread(l, path, r);
}

static int look(struct looking *l, const char *rel, unsigned depth, bool reachable)
{
	struct log_mode_fault fault;
	const char *path = path_of(l->a, rel);
	struct object o = {.rel = rel};

	if (!path)
		return -ENOMEM;
	if (l->ret->looked++ >= ENTRIES_MAX || depth > DEPTH_MAX) {
		l->ret->cut = true;
		return 0;
	}
	int r = *rel ? root_lstat(&l->root, path, &o.st) : root_stat(&l->root, path, &o.st);
	if (r == 0 && S_ISLNK(o.st.st_mode) && log_mode_is_known(l->family, rel)) {
		r = follow_link(l, path, &o, &reachable);
		if (r < 0 && r != -ENOENT && r != -ENOMEM)
			return note_unread(l, path, r);
	}
	if (r < 0)
		return r == -ENOMEM ? r : 0; /* rotated away meanwhile, or a link to nothing */
	if (log_mode_judge(l->family, rel, &o.st, reachable, &fault)) {
		r = add_fault(l, &o, &fault);
		if (r < 0)
			return r;
	}
	return S_ISDIR(o.st.st_mode)
		       ? look_into(l, rel, depth, reachable && (o.st.st_mode & S_IXOTH))
		       : 0;
}

static int log_files_collect(const struct collect *c, struct fact *f)
{
	const struct fact *os = factset_get(c->facts, FACT_OS);
	struct log_files *files = arena_alloc(f->arena, sizeof(*files));
	struct looking l = {.root = *c->root, .a = f->arena, .ret = files};
	struct stat st;

	if (!files)
		return -ENOMEM;
	l.root.deps = NULL;
	l.family = os && os->u.os ? os->u.os->family : OS_OTHER;
	int r = root_stat(&l.root, BASE, &st);
	if (r == 0 && !S_ISDIR(st.st_mode)) {
		fact_fail(f, -EIO, "%s is not a directory", BASE);
		return 0;
	}
	if (r < 0) {
		if (r != -ENOMEM)
			fact_fail(f, r, "%s %s", BASE, fsio_strerror(r));
		return r == -ENOMEM ? r : 0;
	}
	r = look(&l, "", 0, true);
	files->v = l.v;
	f->u.log_files = files;
	return r;
}

const struct collector collector_log_files = {
	.id = FACT_LOG_FILES,
	.name = "log-files",
	.needs = FACT_BIT(FACT_OS),
	.refresh_usec = USEC_PER_HOUR,
	.collect = log_files_collect,
};
