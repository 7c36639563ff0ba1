/* SPDX-License-Identifier: ISC */
#include "watch-walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

enum {
	LINKS_MAX = 40, /* the kernel's own limit: a longer way cannot be read either */
};

static bool follow(struct walk *k, struct place *at, int link, unsigned use, struct place *ret);

static bool arrive(struct walk *k, struct place *at, int fd, unsigned use, struct place *ret)
{
	_cleanup_(place_fini) struct place to = *at;
	mode_t type;

	to.fd = fd;
	to.depth++;
	to.steps++;
	/* Behind a link counts for where the link is: a user can make many. */
	to.files = at->links > 0 ? at->files : 0;
	k->kind = KIND_OTHER;
	if (!place_identify(&to, &type))
		return false;
	if (S_ISLNK(type)) {
		bool reached = follow(k, at, fd, use, ret);
		k->kind = KIND_OTHER;
		return reached;
	}
	if ((to.major != at->major || to.minor != at->minor) && !place_enter(&to))
		return false;
	k->remote |= to.remote;
	if (S_ISDIR(type)) {
		to.wd = place_watch_dir(k, &to, use, to.mount);
		*ret = to;
		to.fd = -1;
		return true;
	}
	if (use & (USE_FILE | USE_LOCK))
		place_watch_self(k, at, &to, use);
	return false;
}

/* The same directory again, in a descriptor of its own. */
static bool stay(struct walk *k, const struct place *at, unsigned use, struct place *ret)
{
	struct place to = *at;

	to.steps++;
	to.fd = fcntl(at->fd, F_DUPFD_CLOEXEC, 3);
	if (to.fd < 0) {
		walk_note(k, -errno);
		return false;
	}
	to.wd = place_watch_dir(k, &to, use, true);
	*ret = to;
	return true;
}

static bool step_up(struct walk *k, const struct place *at, unsigned use, struct place *ret)
{
	if (k->bounded && at->depth <= k->floor)
		return false;
	if (at->depth == 0)
		return stay(k, at, use, ret);
	_cleanup_close_ int fd = openat(at->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	struct place to = *at;
	mode_t type;
	to.fd = fd;
	to.depth--;
	if (!place_identify(&to, &type))
		return false;
	if (to.major != at->major || to.minor != at->minor)
		(void)place_enter(&to); /* we came through it */
	return stay(k, &to, use, ret);
}

/*
 * One component: the name matters from now on, and what it is is watched for
 * the use. True when that is a directory, in ret, which the caller closes.
 */
static bool step(
	struct walk *k, struct place *at, const char *s, size_t n, unsigned use, struct place *ret)
{
	char name[NAME_MAX + 1];

	if (at->steps >= STEPS_MAX) {
		walk_note(k, -ELOOP);
		return false;
	}
	if (!place_open(k, at))
		return false;
	if (n == 2 && s[0] == '.' && s[1] == '.')
		return step_up(k, at, use, ret);
	if (n > NAME_MAX)
		return false; /* no such name can come to be */
	memcpy(name, s, n);
	name[n] = '\0';
	place_watch_name(k, at, name, n, use);
	int fd = openat(at->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		k->kind = errno == ENOENT ? KIND_MISSING : KIND_OTHER;
		walk_note_open(k);
		place_remember(k, at, name, n);
		return false;
	}
	bool reached = arrive(k, at, fd, use, ret);
	place_remember(k, at, name, n);
	return reached;
}

/* Skips what leads nowhere: slashes and ".". */
static const char *next_component(const char *s, size_t *n)
{
	do {
		s += strspn(s, "/");
		*n = strcspn(s, "/");
	} while (*n == 1 && s[0] == '.' && (s += 1));
	return s;
}

static bool follow_text(
	struct walk *k, const struct place *from, const char *s, unsigned use, struct place *ret)
{
	_cleanup_(place_fini) struct place own = {.fd = -1};
	struct place at = *from, to;
	size_t n;

	s = next_component(s, &n);
	if (n == 0)
		return stay(k, &at, use, ret);
	for (;;) {
		size_t n_after;
		const char *after = next_component(s + n, &n_after);
		if (n_after == 0)
			return step(k, &at, s, n, use, ret);
		if (!step(k, &at, s, n, USE_DEEP, &to))
			return false;
		place_fini(&own);
		at = own = to;
		s = after;
		n = n_after;
	}
}

static bool follow(struct walk *k, struct place *at, int link, unsigned use, struct place *ret)
{
	_cleanup_free_ char *target = malloc(PATH_MAX);
	struct place from = *at;

	if (!target) {
		walk_note(k, -ENOMEM);
		return false;
	}
	ssize_t n = readlinkat(link, "", target, PATH_MAX - 1);
	if (n < 0 || from.links++ >= LINKS_MAX)
		return false;
	target[n] = '\0';
	from.steps++;
	from.files = at->files++;
	if (target[0] == '/') {
		if (k->bounded)
			return false; /* the reader did not follow it either */
		struct place top = k->top;
		top.links = from.links;
		top.steps = from.steps;
		top.files = from.files;
		from = top;
	}
	return follow_text(k, &from, target, use, ret);
}

/* The part of the dep that bounds the component at off; 0 when nothing does. */
static unsigned bound_at(const struct dep *d, size_t off)
{
	return d->beneath > 0 && off >= d->beneath ? d->beneath : 0;
}

static unsigned use_of(unsigned kinds)
{
	return (kinds & DEP_FILE ? USE_FILE : 0) | (kinds & DEP_DIR ? USE_LIST : 0) |
	       (kinds & DEP_LOCK ? USE_LOCK : 0);
}

/* Whether the deps have the component of n bytes at off in common, bounded alike. */
static bool same_way(const struct dep *a, const struct dep *b, size_t off, size_t n)
{
	const char *s = a->path + off + 1, *t = b->path + off + 1;

	return strncmp(s, t, n) == 0 && (t[n] == '/' || t[n] == '\0') &&
	       bound_at(a, off) == bound_at(b, off);
}

/* Deps from lo to hi have the first off bytes in common, which led to at. */
static void walk_group(
	struct walk *k, struct place *at, const struct dep *lo, const struct dep *hi, size_t off)
{
	const unsigned was_floor = k->floor;
	const bool was_bounded = k->bounded;

	/* Sorted by bytes, "a-b" may stand between "a" and "a/c": then a is walked twice. */
	for (const struct dep *d = lo, *end; d < hi; d = end) {
		const char *s = d->path + off + 1;
		size_t n = strcspn(s, "/");
		const struct dep *below = s[n] ? d : d + 1;
		unsigned use = s[n] ? 0 : use_of(d->kinds);
		struct place to;
		bool reached;

		for (end = d + 1; end < hi && same_way(d, end, off, n); end++)
			;
		if (below < end)
			use |= USE_DEEP;
		k->bounded = bound_at(d, off) > 0;
		if (d->beneath == off)
			k->floor = at->depth;
		if (!place_known(k, at, s, n, use, &to, &reached))
			reached = step(k, at, s, n, use, &to);
		if (reached) {
			walk_group(k, &to, below, end, off + 1 + n);
			place_fini(&to);
		}
		k->bounded = was_bounded;
		k->floor = was_floor;
	}
}

void walk_deps(struct walk *k, const struct deps *deps)
{
	_cleanup_(place_fini) struct place top = {.fd = -1};
	mode_t type;

	if (deps->n == 0)
		return;
	const struct dep *d = deps->v, *end = deps->v + deps->n;
	top.fd = openat(k->root->fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top.fd < 0 || !place_identify(&top, &type)) {
		walk_note(k, -errno);
		return;
	}
	(void)place_enter(&top); /* whatever it is, it is the root */
	k->remote |= top.remote;
	bool itself = strcmp(d->path, "/") == 0;
	top.wd = place_watch_dir(k, &top, USE_DEEP | (itself ? use_of(d->kinds) : 0), true);
	k->top = top;
	walk_group(k, &top, itself ? d + 1 : d, end, 0);
}
