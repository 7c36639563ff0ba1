/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fact/processes.h"

enum {
	PF_KTHREAD = 0x00200000, /* include/linux/sched.h of the kernel */
};

#define DELETED " (deleted)"

int process_stat_parse(const char *text, struct process_stat *ret)
{
	/* The command stands in brackets and may hold brackets itself: the last one ends it. */
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	struct process_stat s = {0};
	unsigned flags = 0;
	unsigned long long start = 0;

	if (!open || !close || close < open)
		return -EBADMSG;
	(void)snprintf(s.command, sizeof(s.command), "%.*s", (int)(close - open - 1), open + 1);
	if (sscanf(close + 1,
		    " %*c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
		    "%llu",
		    &flags, &start) != 2)
		return -EBADMSG;
	s.kernel_thread = flags & PF_KTHREAD;
	s.start_ticks = start;
	*ret = s;
	return 0;
}

/* Where the system keeps programs; elsewhere a deleted file is a temporary one. */
static bool is_system_path(const char *path, size_t n)
{
	static const char *const places[] = {"/usr/", "/lib", "/bin/", "/sbin/", "/opt/"};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		size_t len = strlen(places[i]);
		if (n > len && memcmp(path, places[i], len) == 0)
			return true;
	}
	return false;
}

bool process_map_stale(const char *line, size_t n, const char **ret_path, size_t *ret_n)
{
	size_t tail = strlen(DELETED);

	if (n <= tail || memcmp(line + n - tail, DELETED, tail) != 0)
		return false;
	/* "7f...-7f... r-xp 00000000 fe:01 1234    /usr/lib/x (deleted)" */
	const char *perms = memchr(line, ' ', n), *path = memchr(line, '/', n);
	if (!perms || !path || line + n - perms < 6 || perms[3] != 'x' || path < perms + 5)
		return false;
	size_t len = (size_t)(line + n - path) - tail;
	if (!is_system_path(path, len))
		return false;
	*ret_path = path;
	*ret_n = len;
	return true;
}

static bool ends_with(const char *s, size_t n, const char *end)
{
	size_t len = strlen(end);

	return n > len && memcmp(s + n - len, end, len) == 0;
}

static bool is_unit(const char *name, size_t n)
{
	return ends_with(name, n, ".service") || ends_with(name, n, ".scope");
}

static bool is_user_slice(const char *name, size_t n)
{
	return n > 5 && memcmp(name, "user-", 5) == 0 && ends_with(name, n, ".slice");
}

/* The first component of a group's path that fits; NULL when none does. */
static const char *component(
	const char *group, size_t n, bool (*fits)(const char *name, size_t n), size_t *ret_n)
{
	for (const char *p = group, *end = group + n; p < end;) {
		const char *slash = memchr(p, '/', (size_t)(end - p));
		size_t len = (size_t)((slash ? slash : end) - p);
		if (fits(p, len)) {
			*ret_n = len;
			return p;
		}
		p += len + 1;
	}
	return NULL;
}

static int copy_group(struct arena *a, const char *group, size_t n, struct process_group *ret)
{
	size_t len;
	const char *unit = component(group, n, is_unit, &len);

	if (unit && !(ret->unit = arena_strndup(a, unit, len)))
		return -ENOMEM;
	/* What is below a user's slice is named by him: only what is above a unit counts. */
	const char *slice = component(
		group, unit ? (size_t)(unit - group) : n, is_user_slice, &len);
	if (slice && !(ret->slice = arena_strndup(a, slice, len)))
		return -ENOMEM;
	return 0;
}

int process_group_parse(struct arena *a, const char *text, struct process_group *ret)
{
	struct process_group g = {.unit = "", .slice = ""};

	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");
		/* "0::/system.slice/ssh.service", of the old hierarchy "1:name=systemd:/..." */
		const char *group = memmem(p, n, ":/", 2);
		bool named = group && (memcmp(p, "0::", 3) == 0 || memmem(p, n, "=systemd:", 9));
		if (named && copy_group(a, group + 1, n - (size_t)(group + 1 - p), &g) < 0)
			return -ENOMEM;
		p += n + (p[n] == '\n');
	}
	*ret = g;
	return 0;
}
