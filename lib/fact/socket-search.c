/* SPDX-License-Identifier: ISC */
#include "fact/socket-search.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PROCESSES_MAX = 1 << 20,
	DESCRIPTORS_MAX = 1 << 20, /* of one process */
	PROCS_MAX = 4 << 20,	   /* bytes of cgroup.procs */
	COMMAND_MAX = 4096,
};

static int wanted_compare(const void *a, const void *b)
{
	const struct socket_wanted *x = a, *y = b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

void socket_search_init(
	struct socket_search *s, const struct root *root, struct socket_wanted *v, size_t n)
{
	*s = (struct socket_search){.root = root, .v = v, .n = n};
	if (n > 1)
		qsort(v, n, sizeof(*v), wanted_compare);
}

static struct socket_wanted *find(const struct socket_search *s, uint32_t inode)
{
	const struct socket_wanted key = {.inode = inode};

	return s->n > 0 ? bsearch(&key, s->v, s->n, sizeof(*s->v), wanted_compare) : NULL;
}

static int each_descriptor(_unused_ const char *name, const char *target, void *arg)
{
	struct socket_search *s = arg;
	unsigned inode;
	char end;

	if (strncmp(target, "socket:[", 8) != 0 || sscanf(target + 8, "%u%c", &inode, &end) != 2)
		return 0;
	struct socket_wanted *w = find(s, inode);
	if (w && (w->pid == 0 || s->pid < w->pid))
		w->pid = s->pid;
	return 0;
}

static int look_at(struct socket_search *s, pid_t pid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	s->pid = pid;
	int r = root_list_links(s->root, path, DESCRIPTORS_MAX, each_descriptor, s);
	return r == -ENOMEM ? r : 0; /* it ended meanwhile, or may not be looked at */
}

int socket_search_group(struct socket_search *s, const char *dir)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_file_ struct file file = {0};

	if (asprintf(&path, "%s/cgroup.procs", dir) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	int r = root_read(s->root, path, PROCS_MAX, &file);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (const char *p = file.data; r == 0 && *p;) {
		char *end;
		long pid = strtol(p, &end, 10);
		if (end == p)
			break;
		p = end + strspn(end, "\n");
		if (pid > 0)
			r = look_at(s, (pid_t)pid);
	}
	return r;
}

static int each_process(const char *name, void *arg)
{
	if (name[strspn(name, "0123456789")] || strlen(name) > 9)
		return 0;
	return look_at(arg, (pid_t)strtol(name, NULL, 10));
}

int socket_search_all(struct socket_search *s)
{
	int r = root_list(s->root, "/proc", PROCESSES_MAX, each_process, s);

	return r == -ENOMEM ? r : 0;
}

pid_t socket_search_find(const struct socket_search *s, uint32_t inode)
{
	const struct socket_wanted *w = find(s, inode);

	return w ? w->pid : 0;
}

/*
 * The file beside the program that is called as the process calls itself, when
 * that is the same file: redis-server is a link to redis-check-rdb. The process
 * may choose its name, but only among those that the directory gives its own
 * program. 1, 0 when there is none, -ENOMEM.
 */
static int find_alias(const struct root *r, const char *exe, const char *command, char **ret)
{
	const char *slash = strrchr(exe, '/');
	_cleanup_free_ char *path = NULL;
	struct stat own, other;

	if (!slash || !*command || strchr(command, '/') || strcmp(slash + 1, command) == 0 ||
		strcmp(command, ".") == 0 || strcmp(command, "..") == 0)
		return 0;
	if (asprintf(&path, "%.*s/%s", (int)(slash - exe), exe, command) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	if (root_stat(r, exe, &own) < 0 || root_stat(r, path, &other) < 0 ||
		own.st_dev != other.st_dev || own.st_ino != other.st_ino)
		return 0;
	*ret = TAKE_PTR(path);
	return 1;
}

int socket_search_program(const struct root *r, struct arena *a, pid_t pid, const char **ret_exe,
	const char **ret_command)
{
	static const char deleted[] = " (deleted)";
	_cleanup_free_ char *exe = NULL;
	_cleanup_file_ struct file comm = {0};
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	int err = root_readlink(r, path, &exe);
	if (err < 0)
		return err;
	(void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	err = root_read(r, path, COMMAND_MAX, &comm);
	if (err < 0)
		return err;
	size_t n = strlen(exe), tail = strlen(deleted);
	if (n > tail && strcmp(exe + n - tail, deleted) == 0)
		exe[n - tail] = '\0';
	const char *c = arena_strndup(a, comm.data, strcspn(comm.data, "\n"));
	_cleanup_free_ char *alias = NULL;
	if (!c || find_alias(r, exe, c, &alias) < 0)
		return -ENOMEM;
	const char *e = arena_strdup(a, alias ? alias : exe);
	if (!e)
		return -ENOMEM;
	*ret_exe = e;
	*ret_command = c;
	return 0;
}
