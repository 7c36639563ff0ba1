/* SPDX-License-Identifier: ISC */
/*
 * Which commands are as good as a root shell. Only what the program's own
 * manual says of it counts: it runs what it is told to, or it writes whatever
 * file it is told to. A list like this is never complete.
 */
#include <fnmatch.h>
#include <regex.h>
#include <string.h>

#include "fact/sudo-grant.h"

enum use {
	USE_SHELL, /* runs commands that are given by argument or typed in */
	USE_PAGER, /* runs commands that are typed in, whatever its arguments are (unless NOEXEC) */
	USE_ANY,   /* does it when its arguments are free */
};

/* Arguments with which a USE_SHELL program runs what its user wants; "" is none at all. */
/* clang-format off */
#define SHELL_ARGS {"", "-c id", "-i", "-l", "-p", NULL}
/* clang-format on */

static const struct {
	const char *names; /* separated by blanks */
	enum use use;
	const char *args[8];
	const char *how;
} programs[] = {
	{"sh bash dash ash ksh ksh93 mksh zsh fish csh tcsh rbash busybox", USE_SHELL, SHELL_ARGS,
		"is a shell"},
	{"su", USE_SHELL, {"", "-", "root", "- root", "-l", "-l root", "-c id", NULL},
		"starts a root shell"},
	{"sudo doas", USE_SHELL, {"-i", "-s", "sh", "bash", NULL}, "starts a root shell"},
	{"env nice nohup setsid stdbuf time timeout ionice", USE_SHELL,
		{"sh", "bash", "/bin/sh", "/bin/bash", "1 sh", NULL}, "runs any command"},
	{"python python2 python3 perl ruby lua node php irb gdb", USE_SHELL,
		{"", "-c id", "-e id", NULL}, "runs any code"},
	{"vi vim vim.basic vim.tiny nvim view vimdiff rvim emacs nano pico ed ex joe mcedit "
	 "less more most man pg",
		USE_PAGER, {NULL}, "lets its user run commands"},
	{"find xargs awk gawk mawk nawk sed tar docker podman nerdctl ctr crictl lxc "
	 "machinectl systemd-run nsenter unshare chroot capsh setpriv runuser strace ltrace "
	 "perf screen tmux script watch expect ssh socat nc ncat rsync make git openssl pip "
	 "pip3 npm gem cpan gcc apt apt-get aptitude dpkg rpm yum dnf zypper snap pkexec "
	 "run-parts crontab at batch start-stop-daemon taskset flock logsave nmap tcpdump zip "
	 "mysql psql sqlite3",
		USE_ANY, {NULL}, "runs any command when its arguments are free"},
	{"cp mv ln install dd tee chmod chown chgrp setfacl usermod useradd passwd chpasswd "
	 "gpasswd vipw vigr visudo adduser mount insmod modprobe kexec curl wget scp sftp patch "
	 "truncate systemctl",
		USE_ANY, {NULL}, "changes any file or account when its arguments are free"},
};

static bool has_word(const char *words, const char *word, size_t n)
{
	for (const char *p = words; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");
		if (len == n && strncmp(p, word, n) == 0)
			return true;
		p += len;
	}
	return false;
}

/* python3.11 is python3 */
static size_t stem(const char *base)
{
	size_t n = strlen(base);

	if (strncmp(base, "python", 6) == 0 || strncmp(base, "perl5", 5) == 0 ||
		strncmp(base, "lua5", 4) == 0) {
		const char *dot = strchr(base, '.');
		if (dot)
			n = (size_t)(dot - base);
	}
	return strncmp(base, "perl5", 5) == 0 ? 4 : strncmp(base, "lua5", 4) == 0 ? 3 : n;
}

static bool args_are_free(const char *args)
{
	return !args || strcmp(args, "*") == 0 || strcmp(args, "^.*$") == 0;
}

/*
 * A regular expression may be costly to compile (glibc expands bounds), and
 * one as long as this is not there to say "any".
 */
static bool regex_compile(const char *pattern, regex_t *ret)
{
	return strlen(pattern) <= 256 && !strchr(pattern, '{') &&
	       regcomp(ret, pattern, REG_EXTENDED | REG_NOSUB) == 0;
}

static const char *const not_worked_out = "what its regular expression allows was not worked out";

/* Whether one of the lines of arguments fits what sudoers wants of them. */
static bool args_match(const char *pattern, const char *const lines[], const char **ret_undecided)
{
	bool is_regex = *pattern == '^', found = false;
	regex_t re;

	if (is_regex && !regex_compile(pattern, &re)) {
		*ret_undecided = not_worked_out;
		return false;
	}
	for (const char *const *line = lines; *line && !found; line++) {
		found = is_regex		       ? regexec(&re, *line, 0, NULL, 0) == 0
			: strcmp(pattern, "\"\"") == 0 ? !**line
						       : fnmatch(pattern, *line, 0) == 0;
	}
	if (is_regex)
		regfree(&re);
	return found;
}

/* How a program of this name is a way to root, or NULL. */
static const char *program_use(
	const char *base, const char *args, bool noexec, const char **ret_undecided)
{
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		if (!has_word(programs[i].names, base, stem(base)))
			continue;
		if (args_are_free(args) || (programs[i].use == USE_PAGER && !noexec) ||
			(programs[i].use == USE_SHELL &&
				args_match(args, programs[i].args, ret_undecided)))
			return programs[i].how;
	}
	return NULL;
}

/* What there is on any machine, to try a pattern on. */
static const char *const well_known[] = {
	"/bin/sh",
	"/usr/bin/sh",
	"/bin/bash",
	"/usr/bin/bash",
	"/bin/su",
	"/usr/bin/su",
	"/usr/bin/env",
	"/usr/bin/python3",
	"/usr/bin/vi",
	"/usr/bin/less",
	"/bin/cp",
	"/usr/bin/cp",
	"/usr/bin/find",
	"/usr/bin/tee",
	"/usr/sbin/visudo",
	"/usr/sbin/usermod",
	"/sbin/insmod",
};

static bool pattern_matches(const char *pattern, const char *path)
{
	size_t n = strlen(pattern);

	if (pattern[n - 1] == '/')
		return strncmp(path, pattern, n) == 0 && !strchr(path + n, '/');
	return fnmatch(pattern, path, FNM_PATHNAME) == 0;
}

static const char *choice_use(const struct sudo_member *c, bool noexec, const char **ret_undecided)
{
	bool is_regex = *c->name == '^';
	const char *how = NULL;
	regex_t re;

	if (is_regex && !regex_compile(c->name, &re)) {
		*ret_undecided = not_worked_out;
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(well_known) && !how; i++) {
		const char *path = well_known[i];
		if (is_regex ? regexec(&re, path, 0, NULL, 0) == 0 : pattern_matches(c->name, path))
			how = program_use(strrchr(path, '/') + 1, c->args, noexec, ret_undecided);
	}
	if (is_regex)
		regfree(&re);
	return how;
}

/* Files that make root of who may write them. */
static const char *edit_use(const char *args)
{
	static const char *const files[] = {
		"/etc/sudoers",
		"/etc/sudoers.d/x",
		"/etc/passwd",
		"/etc/shadow",
		"/etc/group",
		"/etc/gshadow",
		"/etc/crontab",
		"/etc/cron.d/x",
		"/etc/ld.so.preload",
		"/etc/pam.d/sudo",
		"/root/.bashrc",
		"/root/.ssh/authorized_keys",
		"/etc/systemd/system/x.service",
	};

	if (!args)
		return "edits any file";
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (*args != '^' && fnmatch(args, files[i], FNM_PATHNAME) == 0)
			return "edits a file that decides who is root";
	}
	return NULL;
}

enum sudo_power sudo_command_power(const struct sudo_member *command, bool noexec,
	const char **ret_how, const char **ret_undecided)
{
	const char *how = NULL, *undecided = NULL;

	if (command->kind == SUDO_COMMAND && strcmp(command->name, "list") == 0)
		return SUDO_POWER_NONE;
	if (command->kind == SUDO_ALL && !command->digest) {
		*ret_how = "";
		*ret_undecided = NULL;
		return SUDO_POWER_ALL;
	}
	if (command->kind == SUDO_ALL)
		undecided = "which file has this digest is not known";
	else if (strcmp(command->name, "sudoedit") == 0)
		how = edit_use(command->args);
	else if (*command->name == '^' || strpbrk(command->name, "*?[") ||
		 command->name[strlen(command->name) - 1] == '/')
		how = choice_use(command, noexec, &undecided);
	else
		how = program_use(
			strrchr(command->name, '/') + 1, command->args, noexec, &undecided);
	*ret_how = how ? how : "";
	*ret_undecided = undecided;
	return how ? SUDO_POWER_SHELL : SUDO_POWER_COMMAND;
}
