/* SPDX-License-Identifier: ISC */
/*
 * Whether who may run a command may also say what it is: by writing the file,
 * or by putting another in its place, in any directory on the way and through
 * every symbolic link.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "fact/sudo-grant.h"

enum {
	LINKS_MAX = 40,	   /* as the kernel has it */
	ACL_MAX = 64,	   /* entries of one list */
	MATCHES_MAX = 256, /* files that a pattern of a command stands for */
};

struct walk {
	const struct root *root;
	struct arena *arena;
	struct sudo_steps *out;
	unsigned links;
};

static int undecided(struct walk *w, const char *path, int r)
{
	char *text = arena_printf(w->arena, "%s %s", path, fsio_strerror(r));

	if (!text)
		return -ENOMEM;
	w->out->undecided = text;
	return 0;
}

/* Who may write it by its access control list. The mode of a link means nothing. */
static int read_acl(struct walk *w, struct sudo_step *step)
{
	struct acl_grant v[ACL_MAX];

	if (S_ISLNK(step->st.st_mode))
		return 0;
	_cleanup_close_ int fd = root_open_path(w->root, step->path);
	int n = fd < 0 ? fd : acl_read(fd, v, ACL_MAX);
	if (n == -ENOMEM)
		return n;
	if (n > ACL_MAX)
		n = -EFBIG;
	if (n < 0)
		return undecided(w, step->path, n);
	step->acl = arena_alloc(w->arena, (size_t)n * sizeof(*v));
	if (!step->acl)
		return -ENOMEM;
	for (int i = 0; i < n; i++) {
		if (v[i].perms & 2)
			step->acl[step->n_acl++] = v[i];
	}
	return 0;
}

static int add_step(struct walk *w, const char *path, const struct stat *st, bool open)
{
	struct sudo_steps *out = w->out;

	for (size_t i = 0; i < out->n; i++) {
		if (strcmp(out->v[i].path, path) == 0) {
			out->v[i].open |= open;
			return 0;
		}
	}
	struct sudo_step *slot = arena_grow(w->arena, &out->v, out->n, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = (struct sudo_step){.path = path, .st = *st, .open = open};
	out->n++;
	return read_acl(w, slot);
}

/* The path with a link in it replaced: what the link says, then what came after it. */
static char *follow(struct walk *w, const char *dir, const char *target, const char *rest)
{
	if (*target == '/')
		return arena_printf(w->arena, "%s/%s", target, rest);
	return arena_printf(w->arena, "%s/%s/%s", dir, target, rest);
}

/* "/a/b" of "/a/b/c"; "" for what stands in the root. */
static char *parent_of(struct walk *w, const char *path)
{
	const char *slash = strrchr(path, '/');

	return arena_strndup(w->arena, path, slash ? (size_t)(slash - path) : 0);
}

/*
 * One component below dir ("" is the root): 1 and the path of what it is, 0
 * when nothing further can be said, or -ENOMEM. A link restarts the walk with *rest.
 */
static int enter(struct walk *w, char **dir, const char *name, const char **rest)
{
	struct stat st;
	char *path = arena_printf(w->arena, "%s/%s", *dir, name);
	_cleanup_free_ char *target = NULL;

	if (!path)
		return -ENOMEM;
	int r = root_lstat(w->root, path, &st);
	if (r == -ENOENT) {
		r = root_lstat(w->root, **dir ? *dir : "/", &st);
		return r < 0 ? undecided(w, *dir, r) : add_step(w, **dir ? *dir : "/", &st, true);
	}
	/* Below a file there is nothing, and the file is looked at already. */
	if (r < 0)
		return r == -ENOTDIR ? 0 : undecided(w, path, r);
	if (!S_ISLNK(st.st_mode)) {
		r = add_step(w, path, &st, false);
		*dir = path;
		return r < 0 ? r : 1;
	}
	/* Its mode means nothing; its owner may replace it even where the directory is sticky. */
	st.st_mode &= (mode_t)~ALLPERMS;
	r = add_step(w, path, &st, false);
	if (r < 0)
		return r;
	r = ++w->links > LINKS_MAX ? -ELOOP : root_readlink(w->root, path, &target);
	if (r < 0)
		return r == -ENOMEM ? r : undecided(w, path, r);
	*rest = follow(w, *dir, target, *rest);
	*dir = arena_strdup(w->arena, "");
	return *rest && *dir ? 1 : -ENOMEM;
}

/* open: the path is a directory, and whatever is put into it may be run. */
static int walk_path(struct walk *w, const char *path, bool open)
{
	char *dir = arena_strdup(w->arena, "");
	struct stat st;
	const char *rest = path;

	w->links = 0;
	int r = root_lstat(w->root, "/", &st);
	if (r < 0)
		return undecided(w, "/", r);
	r = add_step(w, "/", &st, false);
	while (r >= 0 && dir && *(rest += strspn(rest, "/"))) {
		size_t n = strcspn(rest, "/");
		char *name = arena_strndup(w->arena, rest, n);
		if (!name)
			return -ENOMEM;
		rest += n;
		if (strcmp(name, "..") == 0)
			dir = parent_of(w, dir);
		else if (strcmp(name, ".") != 0) {
			r = enter(w, &dir, name, &rest);
			if (r <= 0)
				return r;
		}
	}
	if (r < 0 || !dir)
		return r < 0 ? r : -ENOMEM;
	return open ? add_step(w, *dir ? dir : "/", &st, true) : 0;
}

static int walk_matches(struct walk *w, const char *pattern)
{
	char **paths = NULL;
	size_t n = 0;

	int r = root_glob(w->root, w->arena, pattern, MATCHES_MAX, &paths, &n);
	if (r < 0)
		return r == -ENOMEM ? r : undecided(w, pattern, r);
	for (size_t i = 0; i < n && r == 0; i++)
		r = walk_path(w, paths[i], false);
	return r;
}

/* The directories before the first component with a wildcard, and every file there is now. */
static int walk_pattern(struct walk *w, const char *pattern)
{
	char *fixed = arena_strndup(w->arena, pattern, strcspn(pattern, "*?[\\"));

	if (!fixed)
		return -ENOMEM;
	*(strrchr(fixed, '/') + 1) = '\0';
	int r = walk_path(w, fixed, true);
	return r < 0 ? r : walk_matches(w, pattern);
}

/* "/opt/bin/" grants all that lies there, not what lies below. */
static int walk_directory(struct walk *w, const char *dir)
{
	char *plain = arena_printf(w->arena, "%s*", dir),
	     *hidden = arena_printf(w->arena, "%s.*", dir);

	if (!plain || !hidden)
		return -ENOMEM;
	int r = walk_path(w, dir, true);
	if (r == 0)
		r = walk_matches(w, plain);
	return r == 0 ? walk_matches(w, hidden) : r;
}

int sudo_writable_steps(const struct root *root, struct arena *a, const struct sudo_member *command,
	const char *chroot, struct sudo_steps *ret)
{
	struct walk w = {.root = root, .arena = a, .out = ret};
	const char *path = command->name;

	*ret = (struct sudo_steps){0};
	if (command->kind == SUDO_COMMAND && *path == '^' && !command->digest)
		ret->undecided = "which files its regular expression allows was not worked out";
	/* What a digest names cannot be exchanged. */
	if (command->kind != SUDO_COMMAND || *path != '/' || command->digest)
		return 0;
	if (chroot && *chroot == '/')
		path = arena_printf(a, "%s%s", chroot, path);
	if (!path)
		return -ENOMEM;
	if (strpbrk(path, "*?[\\"))
		return walk_pattern(&w, path);
	return path[strlen(path) - 1] == '/' ? walk_directory(&w, path)
					     : walk_path(&w, path, false);
}

/* Why the account may write there; its owner can always give himself the right. */
static const char *writable_why(
	const struct sudo_step *step, const struct account *account, struct sudo_people *people)
{
	const struct stat *st = &step->st;

	if (st->st_uid == account->uid)
		return "is owned by";
	if ((st->st_mode & S_IWGRP) && sudo_people_in_gid(people, account, st->st_gid))
		return "is writable by a group of";
	for (size_t i = 0; i < step->n_acl; i++) {
		const struct acl_grant *g = &step->acl[i];
		if (g->group ? sudo_people_in_gid(people, account, g->id) : g->id == account->uid)
			return "is writable by its access control list for";
	}
	return st->st_mode & S_IWOTH ? "is writable by everybody, also by" : NULL;
}

const char *sudo_writable_by(struct arena *a, const struct sudo_steps *steps,
	const struct account *account, struct sudo_people *people)
{
	for (size_t i = 0; i < steps->n; i++) {
		const struct sudo_step *s = &steps->v[i];
		const char *why = writable_why(s, account, people);
		if (!why)
			continue;
		/* In a sticky directory others' files cannot be replaced, but new ones can be made.
		 */
		if (S_ISDIR(s->st.st_mode) && (s->st.st_mode & S_ISVTX) && !s->open &&
			s->st.st_uid != account->uid)
			continue;
		return arena_printf(a, "%s %s %s", s->path, why, account->name);
	}
	return NULL;
}
