/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "fact/guards.h"

enum {
	LOGS_MAX = 1000,
	UFW_CONF_MAX = 1 << 16,
};

/* The directory whose names decide what the pattern finds. */
static int watch_names(const struct root *root, struct arena *a, const char *pattern)
{
	size_t n = strcspn(pattern, "*?[");

	while (n > 0 && pattern[n - 1] != '/')
		n--;
	char *dir = arena_strndup(a, pattern, n > 1 ? n - 1 : 1);
	if (!dir)
		return -ENOMEM;
	root_depend(root, dir, DEP_DIR);
	return 0;
}

int guard_log_exists(const struct root *root, struct arena *a, const char *pattern)
{
	struct root quiet = *root;
	struct stat st;
	char **v;
	size_t n;
	int found = 0;

	if (*pattern != '/')
		return 0;
	quiet.deps = NULL; /* a log is written all the time, which would be news each time */
	int r = watch_names(root, a, pattern);
	if (r == 0)
		r = root_glob(&quiet, a, pattern, LOGS_MAX, &v, &n);
	if (r < 0)
		return r == -EFBIG ? LOGS_MAX : r;
	for (size_t i = 0; i < n; i++)
		found += root_stat(&quiet, v[i], &st) == 0;
	return found;
}

/* Whether the program is there, by its path or where root's PATH looks. 1, 0 or -errno. */
static int has_program(struct arena *a, const struct root *root, const char *name)
{
	static const char *const dirs[] = {
		"/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/sbin", "/bin"};
	struct stat st;
	int r = -ENOENT;

	if (*name == '/')
		r = root_stat(root, name, &st);
	for (size_t i = 0; *name != '/' && i < ARRAY_SIZE(dirs); i++) {
		const char *path = arena_path(a, dirs[i], name);
		r = path ? root_stat(root, path, &st) : -ENOMEM;
		if (r != -ENOENT && r != -ENOTDIR)
			break;
	}
	return r == -ENOENT || r == -ENOTDIR ? 0 : r < 0 ? r : 1;
}

int guard_sshd_session(const struct root *root)
{
	static const char *const paths[] = {"/usr/lib/openssh/sshd-session",
		"/usr/libexec/openssh/sshd-session", "/usr/lib/ssh/sshd-session",
		"/usr/libexec/ssh/sshd-session"};
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int r = root_stat(root, paths[i], &st);
		if (r != -ENOENT && r != -ENOTDIR)
			return r < 0 ? r : 1;
	}
	return 0;
}

/* Whether ufw puts its rules into the packet filter: ENABLED=yes. 1, 0 or -errno. */
static int ufw_is_enabled(struct arena *a, const struct root *root)
{
	_cleanup_file_ struct file file = {0};
	const char *value = NULL;
	unsigned line;
	bool plain;
	int r = root_read(root, "/etc/ufw/ufw.conf", UFW_CONF_MAX, &file);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r == 0)
		r = guard_assignment(a, file.data, "ENABLED", &value, &line, &plain);
	return r < 0 ? r : value && strcasecmp(value, "yes") == 0;
}

int guard_tool_works(
	struct arena *a, const struct root *root, const char *tool, const char **ret_lacks)
{
	int r = has_program(a, root, tool);

	if (r == 0) {
		*ret_lacks = "not installed";
	} else if (r > 0 && strcmp(text_base_name(tool), "ufw") == 0) {
		r = ufw_is_enabled(a, root);
		if (r == 0)
			*ret_lacks = "not enabled in /etc/ufw/ufw.conf";
	}
	return r;
}
