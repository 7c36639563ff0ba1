/* SPDX-License-Identifier: ISC */
#include "fact/auditd.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "fact/collectors.h"
#include "fact/guards.h"
#include "fact/packages.h"

enum {
	FILE_MAX = 1 << 20,
	NAMES_MAX = 1000,
	REPLIES_MAX = 8,
};

#define RULES_DIR  "/etc/audit/rules.d"
#define RULES_FILE "/etc/audit/audit.rules"
#define CONF_FILE  "/etc/audit/auditd.conf"

/* The value of a one-letter option: "-e 0", "-e0". NULL when the line has another option first. */
static const char *option_value(const char *text, char option)
{
	if (text[0] != '-' || text[1] != option)
		return NULL;
	return text + 2 + strspn(text + 2, " \t");
}

/* A list and an action in either order: "task,never", "never,exit". */
static bool is_list(const char *value, const char *list, const char *action)
{
	size_t n = strcspn(value, " \t"), l = strlen(list), k = strlen(action);

	if (n != l + k + 1)
		return false;
	return (strncmp(value, list, l) == 0 && value[l] == ',' &&
		       strncmp(value + l + 1, action, k) == 0) ||
	       (strncmp(value, action, k) == 0 && value[k] == ',' &&
		       strncmp(value + k + 1, list, l) == 0);
}

/*
 * A rule that silences everything: no process born after "task,never" is
 * audited; "exit,never" without a condition ends each search for a rule, if it
 * is the first.
 */
static bool silences(const char *text, const struct audit_rules *rules)
{
	const char *append = option_value(text, 'a'), *first = option_value(text, 'A');
	const char *value = append ? append : first;

	if (!value || strstr(text, " -F") || strstr(text, " -C"))
		return false;
	if (is_list(value, "task", "never"))
		return true;
	const char *call = strstr(text, " -S");
	bool all = !call || strncmp(call + 3 + strspn(call + 3, " \t"), "all", 3) == 0;
	return all && is_list(value, "exit", "never") && (first || rules->n == 0);
}

static const struct audit_rule *keep(struct arena *a, const struct audit_rule *rule)
{
	struct audit_rule *copy = arena_alloc(a, sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *rule;
	return copy;
}

static int add_rule(
	struct arena *a, const struct audit_rule *rule, bool merged, struct audit_rules *rules)
{
	const char *enable = option_value(rule->text, 'e');

	if (strcmp(rule->text, "-D") == 0) {
		if (!merged) {
			rules->never = NULL;
			rules->n = 0;
		}
	} else if (enable) {
		rules->off = *enable == '0' ? keep(a, rule) : NULL;
		if (*enable == '0' && !rules->off)
			return -ENOMEM;
	} else if (silences(rule->text, rules)) {
		rules->never = rules->never ? rules->never : keep(a, rule);
		if (!rules->never)
			return -ENOMEM;
	} else {
		rules->n += option_value(rule->text, 'a') || option_value(rule->text, 'A') ||
			    option_value(rule->text, 'w');
	}
	return 0;
}

int audit_rules_add(
	struct arena *a, const char *path, const char *text, bool merged, struct audit_rules *rules)
{
	struct audit_rule rule = {.path = path};
	int r = 0;

	while (*text && r == 0) {
		size_t end = strcspn(text, "\n"), start = strspn(text, " \t\r"), n = end;
		rule.line++;
		while (n > start && strchr(" \t\r", text[n - 1]))
			n--;
		if (start < n && text[start] != '#') {
			rule.text = arena_strndup(a, text + start, n - start);
			r = rule.text ? add_rule(a, &rule, merged, rules) : -ENOMEM;
		}
		text += end + (text[end] == '\n');
	}
	return r;
}

const char *audit_boot_off(struct arena *a, const char *cmdline)
{
	const char *off = NULL;

	for (const char *s = cmdline; *s; s += strspn(s, " \t\n")) {
		size_t n = strcspn(s, " \t\n");
		if (n > 6 && strncmp(s, "audit=", 6) == 0)
			off = (n == 7 && s[6] == '0') || (n == 9 && strncmp(s + 6, "off", 3) == 0)
				      ? arena_strndup(a, s, n)
				      : NULL;
		s += n;
	}
	return off;
}

/* The answer among at most a few messages; others may be meant for somebody else's request. */
static int receive_status(int fd)
{
	union {
		struct nlmsghdr header;
		char bytes[4096];
	} m;

	for (int i = 0; i < REPLIES_MAX; i++) {
		ssize_t n = recv(fd, &m, sizeof(m), 0);
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (!NLMSG_OK(&m.header, (size_t)n))
			return -EBADMSG;
		if (m.header.nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *e = NLMSG_DATA(&m.header);
			if (m.header.nlmsg_len < NLMSG_LENGTH(sizeof(*e)))
				return -EBADMSG;
			if (e->error < 0)
				return e->error;
		} else if (m.header.nlmsg_type == AUDIT_GET) {
			const struct audit_status *s = NLMSG_DATA(&m.header);
			if (m.header.nlmsg_len <
				NLMSG_LENGTH(offsetof(struct audit_status, failure)))
				return -EBADMSG;
			return s->enabled > 2 ? -EBADMSG : (int)s->enabled;
		}
	}
	return -EBADMSG;
}

int audit_kernel_enabled(void)
{
	struct nlmsghdr request = {.nlmsg_len = NLMSG_LENGTH(0),
		.nlmsg_type = AUDIT_GET,
		.nlmsg_flags = NLM_F_REQUEST};
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	const struct timeval limit = {.tv_sec = 1};
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
		sendto(fd, &request, request.nlmsg_len, 0, (struct sockaddr *)&kernel,
			sizeof(kernel)) < 0)
		return -errno;
	return receive_status(fd);
}

struct reading {
	const struct collect *c;
	struct arena *a;
	struct auditd *d;
	const char **names; /* of rules.d */
	size_t n_names;
};

/* The first thing that could not be read; 0 or -ENOMEM. */
static int unreadable(struct reading *rd, const char *path, int r)
{
	if (r == -ENOMEM)
		return r;
	if (!rd->d->reason)
		rd->d->reason = arena_printf(rd->a, "%s %s", path, fsio_strerror(r));
	return rd->d->reason ? 0 : -ENOMEM;
}

static int read_rules(struct reading *rd, const char *path, bool merged)
{
	_cleanup_file_ struct file file = {0};
	int r = root_read(rd->c->root, path, FILE_MAX, &file);

	if (r < 0)
		return r == -ENOENT ? 0 : unreadable(rd, path, r);
	return audit_rules_add(rd->a, path, file.data, merged, &rd->d->rules);
}

static int add_name(const char *name, void *arg)
{
	struct reading *rd = arg;
	size_t n = strlen(name);

	if (*name == '.' || n < 6 || strcmp(name + n - 6, ".rules") != 0)
		return 0;
	const char **slot = arena_grow(rd->a, &rd->names, rd->n_names, sizeof(*slot));
	if (!slot || !(*slot = arena_strdup(rd->a, name)))
		return -ENOMEM;
	rd->n_names++;
	return 0;
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '~';
}

/* Length of a name without what looks like suffixes: "10-x" of "10-x.old.rules". */
static size_t stem_length(const char *s)
{
	size_t stem = 0;

	for (size_t i = 0; s[i];) {
		stem = ++i;
		while (s[i] == '.' && is_alpha(s[i + 1])) {
			for (i += 2; is_alpha(s[i]) || is_digit(s[i]); i++)
				;
		}
	}
	return stem;
}

static int rank(const char *s, size_t n, size_t i)
{
	if (i == n || is_digit(s[i]))
		return i == n ? -1 : 0;
	if (s[i] == '~')
		return -2;
	return is_alpha(s[i]) ? s[i] : (unsigned char)s[i] + 256;
}

/* Texts by their characters, letters before others, and numbers by value: as ls -v. */
static int compare_stems(const char *a, size_t n, const char *b, size_t m)
{
	size_t i = 0, k = 0;

	while (i < n || k < m) {
		while ((i < n && !is_digit(a[i])) || (k < m && !is_digit(b[k]))) {
			int x = rank(a, n, i), y = rank(b, m, k);
			if (x != y)
				return x - y;
			i++;
			k++;
		}
		while (i < n && a[i] == '0')
			i++;
		while (k < m && b[k] == '0')
			k++;
		int first = 0;
		for (; i < n && k < m && is_digit(a[i]) && is_digit(b[k]); i++, k++)
			first = first ? first : a[i] - b[k];
		if (i < n && is_digit(a[i]))
			return 1;
		if (k < m && is_digit(b[k]))
			return -1;
		if (first)
			return first;
	}
	return 0;
}

static int compare_names(const void *x, const void *y)
{
	const char *a = *(const char *const *)x, *b = *(const char *const *)y;
	int r = compare_stems(a, stem_length(a), b, stem_length(b));

	r = r ? r : compare_stems(a, strlen(a), b, strlen(b));
	return r ? r : strcmp(a, b);
}

static int read_all_rules(struct reading *rd)
{
	struct stat st;
	int r = root_list(rd->c->root, RULES_DIR, NAMES_MAX, add_name, rd);

	if (r < 0 && r != -ENOENT)
		return unreadable(rd, RULES_DIR, r);
	if (rd->n_names == 0) {
		if (root_stat(rd->c->root, RULES_FILE, &st) == 0)
			rd->d->rules_from = RULES_FILE;
		return read_rules(rd, RULES_FILE, false);
	}
	rd->d->rules_from = RULES_DIR;
	qsort(rd->names, rd->n_names, sizeof(*rd->names), compare_names);
	for (size_t i = 0; i < rd->n_names; i++) {
		char *path = arena_printf(rd->a, RULES_DIR "/%s", rd->names[i]);
		r = path ? read_rules(rd, path, true) : -ENOMEM;
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_value(const char *value, const char *word)
{
	return value && strcasecmp(value, word) == 0;
}

/* Whether a plugin takes the events: /etc/audit/plugins.d (before auditd 3: audisp's). */
static int find_plugin(struct reading *rd, bool *ret)
{
	static const char *const patterns[] = {
		"/etc/audit/plugins.d/*.conf", "/etc/audisp/plugins.d/*.conf"};

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		char **v;
		size_t n;
		int r = root_glob(rd->c->root, rd->a, patterns[i], NAMES_MAX, &v, &n);
		for (size_t k = 0; r == 0 && k < n && !*ret; k++) {
			_cleanup_file_ struct file file = {0};
			const char *active;
			unsigned line;
			bool plain;
			r = root_read(rd->c->root, v[k], FILE_MAX, &file);
			if (r == 0)
				r = guard_assignment(
					rd->a, file.data, "active", &active, &line, &plain);
			if (r == 0)
				*ret = is_value(active, "yes");
			else if (r != -ENOMEM)
				r = unreadable(rd, v[k], r);
		}
		if (r == -ENOMEM)
			return r;
	}
	return 0;
}

static int read_conf(struct reading *rd)
{
	_cleanup_file_ struct file file = {0};
	const char *local, *write, *format;
	unsigned line[3] = {0};
	bool plain, plugin = false;
	int r = root_read(rd->c->root, CONF_FILE, FILE_MAX, &file);

	if (r < 0)
		return r == -ENOENT ? 0 : unreadable(rd, CONF_FILE, r);
	r = guard_assignment(rd->a, file.data, "local_events", &local, &line[0], &plain);
	r = r < 0 ? r : guard_assignment(rd->a, file.data, "write_logs", &write, &line[1], &plain);
	r = r < 0 ? r : guard_assignment(rd->a, file.data, "log_format", &format, &line[2], &plain);
	r = r < 0 ? r : find_plugin(rd, &plugin);
	if (r < 0)
		return r;
	rd->d->fault_path = CONF_FILE;
	if (is_value(local, "no")) {
		rd->d->fault = "local_events = no: nothing of this machine is recorded";
		rd->d->fault_line = line[0];
	} else if (!plugin && (is_value(write, "no") || is_value(format, "NOLOG"))) {
		rd->d->fault = is_value(write, "no")
				       ? "write_logs = no, and no plugin takes the events"
				       : "log_format = NOLOG, and no plugin takes the events";
		rd->d->fault_line = is_value(write, "no") ? line[1] : line[2];
	}
	return 0;
}

/* Takes Audit= from the file, if it sets it. 1, 0 or -ENOMEM. */
static int read_audit_key(struct reading *rd, const char *path)
{
	static const char *const yes[] = {"yes", "y", "1", "true", "t", "on"};
	_cleanup_file_ struct file file = {0};
	const char *value = NULL;
	unsigned line;
	bool plain;
	int r = root_read(rd->c->root, path, FILE_MAX, &file);

	if (r == 0)
		r = guard_assignment(rd->a, file.data, "Audit", &value, &line, &plain);
	if (r == -ENOMEM)
		return r;
	if (r < 0 || !value)
		return 0; /* journald would not read it either */
	rd->d->journal = false;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		rd->d->journal |= is_value(value, yes[i]);
	return 1;
}

/*
 * Audit=yes of journald.conf(5): of the drop-ins that set it the last by name,
 * of two of one name that of the first directory. Unset, it is the
 * distribution's choice, and counts for nothing.
 */
static int read_journal(struct reading *rd)
{
	static const char *const dirs[] = {"/etc", "/run", "/usr/local/lib", "/usr/lib"};
	const char *last = NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(dirs); i++) {
		char *path = arena_printf(rd->a, "%s/systemd/journald.conf", dirs[i]);
		r = path ? read_audit_key(rd, path) : -ENOMEM;
	}
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(dirs); i++) {
		char *pattern = arena_printf(rd->a, "%s/systemd/journald.conf.d/*.conf", dirs[i]);
		char **v;
		size_t n;
		r = pattern ? root_glob(rd->c->root, rd->a, pattern, NAMES_MAX, &v, &n) : -ENOMEM;
		for (size_t k = 0; r == 0 && k < n; k++) {
			const char *name = strrchr(v[k], '/');
			if (last && strcmp(name, last) <= 0)
				continue;
			r = read_audit_key(rd, v[k]);
			last = r > 0 ? name : last;
			r = MIN(r, 0);
		}
		r = r == -ENOMEM ? r : 0;
	}
	return MIN(r, 0);
}

static int read_boot(struct reading *rd)
{
	_cleanup_file_ struct file file = {0};
	struct root quiet = *rd->c->root; /* /proc makes no events, and this changes at boot only */

	quiet.deps = NULL;
	int r = root_read(&quiet, "/proc/cmdline", FILE_MAX, &file);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	rd->d->boot_off = audit_boot_off(rd->a, file.data);
	return arena_failed(rd->a) ? -ENOMEM : 0;
}

static int auditd_collect(const struct collect *c, struct fact *f)
{
	struct auditd *d = arena_alloc(f->arena, sizeof(*d));
	struct reading rd = {.c = c, .a = f->arena, .d = d};

	if (!d)
		return -ENOMEM;
	d->enabled = -1;
	int r = read_all_rules(&rd);
	r = r < 0 ? r : read_conf(&rd);
	r = r < 0 ? r : read_journal(&rd);
	if (r == 0 && c->root->live) {
		int enabled = audit_kernel_enabled();
		d->enabled = enabled < 0 ? -1 : enabled;
		r = read_boot(&rd);
	}
	if (r < 0)
		return r;
	f->u.auditd = d;
	return 0;
}

const struct collector collector_auditd = {
	.id = FACT_AUDITD,
	.name = "auditd",
	.locks = packages_locks,
	/* What auditctl(8) switches in the kernel makes no event that is watched. */
	.refresh_usec = USEC_PER_HOUR,
	.collect = auditd_collect,
};
