/* SPDX-License-Identifier: ISC */
#include "daemon/behalf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "fact/secret-command.h"

enum {
	DEPTH_MAX = 16, /* shells in shells; a job is not deeper below who began it */
	FILE_MAX = 16 * 1024,
	PATH_SIZE = 64,
};

/*
 * By the file that it runs: a process may call itself anything. All of these run as
 * root, whoever started them: a user can have a file of the same name, but not that.
 */
static const struct {
	const char *exe;
	enum behalf_kind kind;
} programs[] = {
	{"apt", BEHALF_PACKAGES},
	{"apt-get", BEHALF_PACKAGES},
	{"aptitude", BEHALF_PACKAGES},
	{"dpkg", BEHALF_PACKAGES},
	{"dnf5", BEHALF_PACKAGES},
	{"packagekitd", BEHALF_PACKAGES},
	{"rpm", BEHALF_PACKAGES},
	{"zypper", BEHALF_PACKAGES},
	{"doas", BEHALF_SUDO},
	{"pkexec", BEHALF_SUDO},
	{"su", BEHALF_SUDO},
	{"sudo", BEHALF_SUDO},
	{"anacron", BEHALF_CRON},
	{"atd", BEHALF_CRON},
	{"cron", BEHALF_CRON},
	{"crond", BEHALF_CRON},
};

/* The same of scripts, whose file is an interpreter. */
static const char *const scripts[] = {
	"dnf", "dnf-3", "unattended-upgrade", "unattended-upgrades", "yum"};

struct process {
	struct actor who;
	enum behalf_kind kind;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_interpreter(const char *exe)
{
	return strncmp(base_name(exe), "python", 6) == 0 ||
	       strcmp(base_name(exe), "platform-python") == 0;
}

/* The word after the interpreter in a command line of NUL-terminated words. */
static bool is_package_script(const struct file *cmdline)
{
	const char *end = cmdline->data + cmdline->size, *s = cmdline->data;

	for (int i = 0; i < 4 && s < end; i++, s += strlen(s) + 1) {
		for (size_t k = 0; i > 0 && k < ARRAY_SIZE(scripts); k++) {
			if (strcmp(base_name(s), scripts[k]) == 0)
				return true;
		}
	}
	return false;
}

static enum behalf_kind kind_of(const char *exe, const struct file *cmdline)
{
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		if (strcmp(base_name(exe), programs[i].exe) == 0)
			return programs[i].kind;
	}
	return is_interpreter(exe) && is_package_script(cmdline) ? BEHALF_PACKAGES : BEHALF_NONE;
}

static int read_proc(const struct root *root, uint32_t pid, const char *name, struct file *ret)
{
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	return root_read(root, path, FILE_MAX, ret);
}

/* A file that holds one number; unset where it cannot be read. 0 or -ENOMEM. */
static int read_id(const struct root *root, uint32_t pid, const char *name, uint32_t *ret)
{
	_cleanup_file_ struct file f = {0};
	int r = read_proc(root, pid, name, &f);

	*ret = AUDIT_ID_UNSET;
	if (r == 0)
		*ret = (uint32_t)strtoul(f.data, NULL, 10);
	return r == -ENOMEM ? r : 0;
}

static int read_status(const struct root *root, struct actor *x)
{
	_cleanup_file_ struct file f = {0};
	int r = read_proc(root, x->pid, "status", &f);
	const char *parent = r == 0 ? strstr(f.data, "\nPPid:\t") : NULL;
	const char *uid = r == 0 ? strstr(f.data, "\nUid:\t") : NULL;

	if (r < 0)
		return r;
	if (!parent || !uid || sscanf(parent, "\nPPid: %u", &x->ppid) != 1 ||
		sscanf(uid, "\nUid: %u %u", &x->uid, &x->euid) != 2)
		return -EBADMSG;
	return 0;
}

/* 0; -ENOMEM; any other when it is not there any more. */
static int read_process(const struct root *root, struct arena *a, uint32_t pid, struct process *ret)
{
	_cleanup_file_ struct file cmdline = {0};
	_cleanup_free_ char *exe = NULL;
	struct actor x = {.pid = pid, .tty = "", .comm = ""};
	char path[PATH_SIZE];

	int r = read_status(root, &x);
	if (r == 0)
		r = read_proc(root, pid, "cmdline", &cmdline);
	(void)snprintf(path, sizeof(path), "/proc/%u/exe", pid);
	if (r == 0)
		r = root_readlink(root, path, &exe);
	if (r == 0)
		r = read_id(root, pid, "loginuid", &x.auid);
	if (r == 0)
		r = read_id(root, pid, "sessionid", &x.session);
	if (r < 0)
		return r;
	x.exe = text_clean(a, exe);
	x.command = secret_command(a, cmdline.data, cmdline.size, ACT_COMMAND_MAX);
	if (!x.exe || !x.command)
		return -ENOMEM;
	*ret = (struct process){x, x.euid == 0 ? kind_of(exe, &cmdline) : BEHALF_NONE};
	return 0;
}

/* A job of cron is what its daemon started: below the last of its processes. */
static void take(const struct process *p, const struct process *below, struct actor_chain *ret)
{
	static const int rank[BEHALF_MAX] = {[BEHALF_NONE] = 0,
		[BEHALF_UNIT] = 1,
		[BEHALF_CRON] = 2,
		[BEHALF_SUDO] = 3,
		[BEHALF_PACKAGES] = 4};
	const struct process *job = p->kind == BEHALF_CRON ? below : p;

	/* Of one kind the farthest, but of cron the process next to the job. */
	if (p->kind == BEHALF_NONE || !job || rank[p->kind] < rank[ret->kind] ||
		(p->kind == BEHALF_CRON && below->kind == BEHALF_CRON))
		return;
	*ret = (struct actor_chain){p->kind, job->who.command, job->who};
}

/* The unit in a line of /proc/PID/cgroup, "0::/system.slice/backup.service". */
static int find_unit(
	const struct root *root, struct arena *a, uint32_t pid, struct actor_chain *ret)
{
	static const char suffix[] = ".service";
	_cleanup_file_ struct file f = {0};
	int r = read_proc(root, pid, "cgroup", &f);
	const char *line = r == 0 ? strstr(f.data, "0::/system.slice/") : NULL;

	if (!line)
		return r == -ENOMEM ? r : 0;
	const char *unit = NULL;
	size_t size = 0;
	for (const char *s = line + strlen("0::"); *s == '/';) {
		size_t n = strcspn(++s, "/\n");
		if (n >= strlen(suffix) &&
			strncmp(s + n - strlen(suffix), suffix, strlen(suffix)) == 0) {
			unit = s;
			size = n;
		}
		s += n;
	}
	if (!unit)
		return 0;
	const char *name = arena_strndup(a, unit, size);
	const char *clean = name ? text_clean(a, name) : NULL;
	if (!clean)
		return -ENOMEM;
	ret->kind = BEHALF_UNIT;
	ret->what = clean;
	return 0;
}

int behalf_find(
	const struct root *root, struct arena *a, const struct actor *x, struct actor_chain *ret)
{
	static const struct actor nobody = {.auid = AUDIT_ID_UNSET,
		.uid = AUDIT_ID_UNSET,
		.euid = AUDIT_ID_UNSET,
		.session = AUDIT_ID_UNSET,
		.tty = "",
		.comm = "",
		.exe = "",
		.command = ""};
	struct actor_chain chain = {.by = nobody};
	struct process p, below;
	bool any = false;
	uint32_t pid = x->pid;

	for (int i = 0; i < DEPTH_MAX && pid > 1; i++) {
		int r = read_process(root, a, pid, &p);
		if (r == -ENOMEM)
			return r;
		if (r < 0 && i > 0)
			break;
		if (r == 0)
			take(&p, any ? &below : NULL, &chain);
		/* The actor may have ended; its parent is in the record. */
		pid = r == 0 ? p.who.ppid : x->ppid;
		any = any || r == 0;
		below = r == 0 ? p : below;
	}
	if (chain.kind == BEHALF_NONE && x->session == AUDIT_ID_UNSET) {
		int r = find_unit(root, a, x->pid, &chain);
		if (r == 0 && chain.kind == BEHALF_NONE)
			r = find_unit(root, a, x->ppid, &chain);
		if (r < 0)
			return r;
	}
	*ret = chain;
	return 0;
}

void behalf_memo_fini(struct behalf_memo *m)
{
	arena_free(m->arena);
	*m = (struct behalf_memo){0};
}

int behalf_find_memo(struct behalf_memo *m, const struct root *root, const struct actor *x,
	uint64_t now_usec, struct actor_chain *ret)
{
	bool same = m->arena && m->pid == x->pid && m->ppid == x->ppid;

	if (same && now_usec - m->usec < BEHALF_MEMO_USEC) {
		*ret = m->chain;
		return 0;
	}
	behalf_memo_fini(m);
	m->arena = arena_new();
	int r = m->arena ? behalf_find(root, m->arena, x, &m->chain) : -ENOMEM;
	if (r < 0) {
		behalf_memo_fini(m);
		return r;
	}
	m->pid = x->pid;
	m->ppid = x->ppid;
	m->usec = now_usec;
	*ret = m->chain;
	return 0;
}
