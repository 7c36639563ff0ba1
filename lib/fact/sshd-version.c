/* SPDX-License-Identifier: ISC */
#include "fact/sshd-version.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "fact/os.h"

enum {
	BINARY_MAX = 64 * 1024 * 1024,
	OUTPUT_MAX = 256 * 1024,
	PID_MAX = 64,
	STATUS_MAX = 64 * 1024,
};

#define CHILD_USEC (10 * USEC_PER_SEC)

/* Length of "9.2" or "9.2p1" at s; 0 when there is none. */
static size_t version_length(const char *s)
{
	size_t n = strspn(s, "0123456789");

	if (n == 0 || s[n] != '.' || !isdigit((unsigned char)s[n + 1]))
		return 0;
	n += 1 + strspn(s + n + 1, "0123456789");
	if (s[n] == 'p' && isdigit((unsigned char)s[n + 1]))
		n += 1 + strspn(s + n + 1, "0123456789");
	return n;
}

int sshd_version_find(struct arena *a, const char *data, size_t size, const char **ret)
{
	static const char mark[] = "OpenSSH_";
	const char *end = data + size, *best = NULL;
	size_t best_n = 0;

	for (const char *p = data; (p = memmem(p, (size_t)(end - p), mark, sizeof(mark) - 1));) {
		p += sizeof(mark) - 1;
		size_t n = version_length(p);
		/* Patterns of versions with known bugs are in there as well: "OpenSSH_7.4*". */
		bool whole = p[n] == '\0' || p[n] == ' ';
		if (n > best_n && whole) {
			best = p;
			best_n = n;
		}
	}
	const char *text = best ? arena_strndup(a, best, best_n) : "";
	if (!text)
		return -ENOMEM;
	*ret = text;
	return 0;
}

unsigned sshd_version_number(const char *text)
{
	unsigned major, minor;

	if (sscanf(text, "%3u.%2u", &major, &minor) != 2)
		return 0;
	return major * 100 + minor;
}

/* What the distribution ships, when the program is not there to be asked. */
static unsigned version_of_os(const struct collect *c)
{
	static const struct {
		const char *id, *version;
		unsigned sshd;
	} known[] = {
		{"debian", "10", 709},
		{"debian", "11", 804},
		{"debian", "12", 902},
		{"debian", "13", 1000},
		{"ubuntu", "18.04", 706},
		{"ubuntu", "20.04", 802},
		{"ubuntu", "22.04", 809},
		{"ubuntu", "24.04", 906},
		{"amzn", "2023", 807},
	};
	const struct fact *f = factset_get(c->facts, FACT_OS);

	if (!f || !f->u.os)
		return SSHD_VERSION_MAX;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(f->u.os->id, known[i].id) == 0 &&
			strcmp(f->u.os->version_id, known[i].version) == 0)
			return known[i].sshd;
	}
	if (f->u.os->family != OS_RHEL)
		return SSHD_VERSION_MAX;
	switch (atoi(f->u.os->version_id)) {
	case 7:
		return 704;
	case 8:
		return 800;
	case 9:
		return 807;
	default:
		return 909;
	}
}

enum sshd_vendor sshd_vendor(const struct collect *c)
{
	const struct fact *f = factset_get(c->facts, FACT_OS);

	if (!f || !f->u.os)
		return SSHD_VENDOR_UNKNOWN;
	switch (f->u.os->family) {
	case OS_DEBIAN:
		return SSHD_VENDOR_DEBIAN;
	case OS_RHEL:
		return SSHD_VENDOR_RHEL;
	default:
		return SSHD_VENDOR_UNKNOWN;
	}
}

/* What the answers of a program depend on. NULL on ENOMEM. */
static char *signature_of(struct arena *a, const struct stat *st, const char *more)
{
	return arena_printf(a, "%ju:%ju:%jd:%jd.%09ld:%s", (uintmax_t)st->st_dev,
		(uintmax_t)st->st_ino, (intmax_t)st->st_size, (intmax_t)st->st_mtim.tv_sec,
		st->st_mtim.tv_nsec, more);
}

/* Looks into the program, once for each program. */
static int read_binary(const struct collect *c, struct arena *a, const char **ret)
{
	_cleanup_file_ struct file f = {0};
	struct stat st;

	if (root_stat(c->root, SSHD_BINARY, &st) < 0)
		return 0;
	char *signature = signature_of(a, &st, "");
	if (!signature)
		return -ENOMEM;
	const char *kept = memo_get(c->memo, "sshd version", signature);
	if (kept) {
		*ret = arena_strdup(a, kept);
		return *ret ? 0 : -ENOMEM;
	}
	int r = root_read(c->root, SSHD_BINARY, BINARY_MAX, &f);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = sshd_version_find(a, f.data, f.size, ret);
	return r < 0 ? r : memo_put(c->memo, "sshd version", signature, *ret);
}

int sshd_version_read(const struct collect *c, struct arena *a, const char **ret)
{
	const char *text = "";
	int r = read_binary(c, a, &text);

	if (r < 0)
		return r;
	unsigned version = sshd_version_number(text);
	*ret = version ? text : "";
	return (int)(version ? version : version_of_os(c));
}

/* ---- defaults ---- */

/* What it said, to be freed; NULL when it refused, which is an answer as well. */
static int run_sshd(const struct collect *c, char **ret)
{
	static const char *const argv[] = {SSHD_BINARY, "-T", "-f", "/dev/null", NULL};
	struct child_result res = {0};

	int r = child_run(c->memo, argv, NULL, CHILD_USEC, OUTPUT_MAX, &res);
	if (r < 0)
		return r;
	if (WIFSIGNALED(res.status))
		r = -EINTR;
	else
		*ret = res.status == 0 ? TAKE_PTR(res.out) : NULL;
	child_result_fini(&res);
	return r;
}

/*
 * Asks the program; its answer, or that it gives none, is kept. Another try
 * when something came between: a table in place of an answer would look like
 * a change of every default.
 */
static int ask(const struct collect *c, const char *signature, const char *refused)
{
	_cleanup_free_ char *out = NULL;
	int r = run_sshd(c, &out);

	if (r == -EINTR || r == -ETIMEDOUT)
		r = run_sshd(c, &out);
	if (r < 0)
		return r;
	return out ? memo_put(c->memo, "sshd -T", signature, out)
		   : memo_put(c->memo, "sshd -T refused", refused, "");
}

/* What sshd -T says, "" when it cannot be asked. */
static int read_answer(const struct collect *c, struct arena *a, const char **ret)
{
	struct stat st, run;

	if (!collect_may_run(c) || root_stat(c->root, SSHD_BINARY, &st) < 0)
		return 0;
	/* It refuses without its directory, which systemd makes when it starts the service. */
	bool ready = root_stat(c->root, "/run/sshd", &run) == 0;
	char *signature = signature_of(a, &st, "");
	char *refused = signature_of(a, &st, ready ? "ready" : "not ready");
	if (!signature || !refused)
		return -ENOMEM;
	if (!memo_get(c->memo, "sshd -T", signature) &&
		!memo_get(c->memo, "sshd -T refused", refused)) {
		int r = ask(c, signature, refused);
		if (r < 0)
			return r;
	}
	const char *kept = memo_get(c->memo, "sshd -T", signature);
	*ret = arena_strdup(a, kept ? kept : "");
	return *ret ? 0 : -ENOMEM;
}

int sshd_defaults_read(
	const struct collect *c, struct sshd_conf *conf, const char *version, const char **ret_from)
{
	const char *answer = "";
	int r = read_answer(c, conf->arena, &answer);

	if (r == 0 && *answer) {
		r = sshd_defaults_text(
			conf->arena, conf->env.version, answer, &conf->defaults, &conf->n_defaults);
		if (r == 0)
			*ret_from = "sshd -T";
		if (r != -EBADMSG)
			return r;
	}
	if (r < 0 && r != -EBADMSG)
		return r;
	*ret_from = arena_printf(conf->arena, "table for %s%u.%u", *version ? "" : "about ",
		conf->env.version / 100, conf->env.version % 100);
	if (!*ret_from)
		return -ENOMEM;
	return sshd_defaults_table(
		conf->arena, conf->env.version, &conf->defaults, &conf->n_defaults);
}

/*
 * Options that say what the configuration is; others do things (-E would write
 * a file). Returns how many words the option at i has, 0 to leave it out.
 */
static size_t words_to_pass(const struct sshd_args *args, size_t i)
{
	const char *text = args->v[i].text;

	if (text[0] != '-' || !text[1])
		return 0;
	if (strchr("46", text[1]) && !text[2])
		return 1;
	if (!strchr("ofphcg", text[1]))
		return 0;
	return text[2] ? 1 : i + 1 < args->n ? 2 : 0;
}

int sshd_accepts(const struct collect *c, const struct sshd_args *args)
{
	struct child_result res = {0};
	const char **argv = arena_alloc(args->arena, (args->n + 3) * sizeof(*argv));
	struct stat st;
	size_t n = 0;

	if (!argv)
		return -ENOMEM;
	if (!collect_may_run(c) || root_stat(c->root, SSHD_BINARY, &st) < 0)
		return 0;
	argv[n++] = SSHD_BINARY;
	argv[n++] = "-t";
	for (size_t i = 0; i < args->n;) {
		size_t pass = words_to_pass(args, i);
		for (size_t k = 0; k < pass; k++)
			argv[n++] = args->v[i + k].text;
		i += pass ? pass : 1;
	}
	int r = child_run(c->memo, argv, NULL, CHILD_USEC, OUTPUT_MAX, &res);
	bool accepted = r == 0 && res.status == 0;
	child_result_fini(&res);
	return r == -ENOMEM ? r : accepted;
}

/* ---- the listener ---- */

/* Whether the process is an sshd. */
static bool is_sshd(const struct collect *c, unsigned pid)
{
	_cleanup_file_ struct file f = {0};
	/* A process is no file to be watched. */
	const struct root root = {.fd = c->root->fd, .live = c->root->live};
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	return root_read(&root, path, STATUS_MAX, &f) == 0 && strcmp(f.data, "sshd\n") == 0;
}

uint64_t sshd_started(const struct collect *c, const char *pid_file, unsigned *ret_pid)
{
	_cleanup_file_ struct file f = {0};
	unsigned pid;

	if (!c->root->live || *pid_file != '/')
		return 0;
	if (root_read(c->root, pid_file, PID_MAX, &f) < 0 || sscanf(f.data, "%10u", &pid) != 1)
		return 0;
	if (!is_sshd(c, pid))
		return 0;
	*ret_pid = pid;
	return (uint64_t)f.st.st_mtim.tv_sec * USEC_PER_SEC + (uint64_t)f.st.st_mtim.tv_nsec / 1000;
}
