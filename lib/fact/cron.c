/* SPDX-License-Identifier: ISC */
#include "fact/cron.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "fact/accounts.h"
#include "fact/collectors.h"
#include "fact/cron-command.h"
#include "fact/cron-table.h"
#include "fact/fingerprint.h"
#include "fact/packages.h"
#include "fact/sudo-conf.h"

enum {
	FILES_MAX = 4096, /* of one directory */
	TABLE_SIZE_MAX = 1 << 20,
	NSSWITCH_SIZE_MAX = 1 << 16,
};

#define NO_ACCOUNT "its user is no account"

struct collecting {
	const struct collect *c;
	struct fact *f;
	struct cron *cron;
	struct cron_job *jobs;
	bool cronie; /* its rules for names and tables, not those of Debian's cron */
	const struct accounts *accounts; /* NULL: not known */
	bool strangers;			 /* there may be accounts that are not in passwd */
	struct fingerprint_key key;
};

/* A table that is being read. */
struct table {
	struct collecting *k;
	enum cron_kind kind;
	const char *path, *user; /* user: of all its jobs, or NULL */
	const char *idle;
	struct stat st;		     /* of its file */
	size_t n;		     /* jobs so far */
	unsigned stranger;	     /* the line whose user keeps cron from taking the table, or 0 */
	struct hmac_sha256_ctx rest; /* of those beyond CRON_USER_JOBS_MAX */
};

const char *cron_subject(struct arena *a, const struct cron_job *job)
{
	switch (job->kind) {
	case CRON_SCRIPT:
		return arena_printf(a, "cron job %s", job->path);
	case CRON_AT:
		return arena_printf(a, "at job %s", job->path);
	case CRON_REST:
		return arena_printf(a, "cron job %s: the rest", job->path);
	case CRON_TABLE:
	case CRON_ANACRON:
	case CRON_USER:
		break;
	}
	const char *programs = cron_programs(a, job->command);
	return programs ? arena_printf(a, "cron job %s: %s", job->path, programs) : NULL;
}

static int add_job(struct collecting *k, const struct cron_job *job)
{
	struct cron_job *slot = arena_grow(k->f->arena, &k->jobs, k->cron->n, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = *job;
	k->cron->n++;
	return 0;
}

/* What could not be read: its jobs are not known, and not gone. */
static int unread(struct collecting *k, const char *path, int r)
{
	char pattern[512];

	if (r == -ENOMEM)
		return r;
	(void)snprintf(pattern, sizeof(pattern), "cron job %s*", path);
	fact_add_unseen(k->f, pattern);
	fact_fail(k->f, r == -ENOENT ? -EIO : r, "%s %s", path, fsio_strerror(r));
	return 0;
}

/* What tells one command from another: of what ctx was given, or the time of the file. */
static const char *mark_of(
	const struct collecting *k, struct hmac_sha256_ctx *ctx, const struct stat *st)
{
	char when[32];
	const char *hex = fingerprint_end(k->f->arena, &k->key, ctx);

	if (!hex)
		return NULL;
	if (*hex)
		return arena_printf(k->f->arena, "command %s", hex);
	return arena_printf(k->f->arena, "file of %s",
		text_rfc3339(when, (uint64_t)st->st_ctim.tv_sec * USEC_PER_SEC));
}

static const char *mark_text(const struct collecting *k, const char *text, const struct stat *st)
{
	struct hmac_sha256_ctx ctx;

	fingerprint_begin(&k->key, &ctx);
	hmac_sha256_update(&ctx, strlen(text), (const uint8_t *)text);
	return mark_of(k, &ctx, st);
}

/* Whether somebody other than root can write as many lines into it as they like. */
static bool is_foreign(const struct table *t)
{
	return t->kind == CRON_USER && strcmp(t->user, "root") != 0;
}

static bool is_account(const struct collecting *k, const char *user)
{
	return strcmp(user, "root") == 0 || (k->accounts && accounts_find(k->accounts, user));
}

/* Who runs the line, and what tells the line from others. 0 or -ENOMEM. */
static int name_user(struct table *t, const struct cron_line *l, struct cron_job *job)
{
	const char *text = l->command;

	job->user = t->user ? t->user : l->user;
	if (!t->user && !is_account(t->k, l->user)) {
		/*
		 * Where the column was forgotten, a word of the command stands there:
		 * PASSWORD=... It is no name, and is not told; that it changes is.
		 */
		job->user = "(unknown user)";
		text = arena_printf(t->k->f->arena, "%s\n%s", l->user, l->command);
		if (!t->k->strangers)
			job->idle = NO_ACCOUNT;
	}
	job->mark = text ? mark_text(t->k, text, &t->st) : NULL;
	return job->mark ? 0 : -ENOMEM;
}

static int add_line(const struct cron_line *l, void *arg)
{
	struct table *t = arg;
	struct cron_job job = {.kind = t->kind,
		.when = l->when,
		.command = l->command,
		.path = t->path,
		.line = l->line,
		.idle = t->idle};

	if (is_foreign(t) && t->n++ >= CRON_USER_JOBS_MAX) {
		/* With their ends, so that "a b","c" is not "a","b c". */
		hmac_sha256_update(&t->rest, strlen(l->when) + 1, (const uint8_t *)l->when);
		hmac_sha256_update(&t->rest, strlen(l->command) + 1, (const uint8_t *)l->command);
		return 0;
	}
	int r = name_user(t, l, &job);
	if (r == 0)
		r = add_job(t->k, &job);
	if (r < 0 || job.idle == t->idle || t->k->cronie)
		return r;
	t->stranger = l->line;
	return -EBADMSG;
}

/* A job for what is left of a table: when says what that is. */
static int add_rest(struct table *t, const char *when, const char *mark)
{
	if (!when || !mark)
		return -ENOMEM;
	return add_job(t->k, &(struct cron_job){
				     .kind = CRON_REST,
				     .user = t->user,
				     .when = when,
				     .command = "",
				     .mark = mark,
				     .path = t->path,
				     .idle = t->idle,
			     });
}

/* The table of a user is larger than any is read: that it changed is told, and it costs no more. */
static int add_unread(struct table *t)
{
	struct arena *a = t->k->f->arena;
	int r = root_stat(t->k->c->root, t->path, &t->st);

	if (r < 0)
		return r == -ENOENT ? 0 : unread(t->k, t->path, r);
	const char *state = arena_printf(a, "%lld %lld.%09ld", (long long)t->st.st_size,
		(long long)t->st.st_ctim.tv_sec, t->st.st_ctim.tv_nsec);
	return state ? add_rest(t, "in a table that is too large to be read",
			       mark_text(t->k, state, &t->st))
		     : -ENOMEM;
}

/* Why the daemon takes no table that looks so; NULL when it does. Debian's cron, and cronie. */
static const char *refused(const struct table *t, const struct stat *st)
{
	if (t->kind == CRON_ANACRON)
		return NULL;
	if (st->st_uid != 0 && !is_foreign(t))
		return "it is not root's";
	if (t->kind == CRON_USER && !t->k->cronie && (st->st_mode & 07777) != 0600)
		return "its mode is not 0600";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "others may write to it";
	return st->st_nlink != 1 ? "it has a second name" : NULL;
}

static int read_table(struct table *t)
{
	struct collecting *k = t->k;
	_cleanup_file_ struct file file = {0};
	unsigned line = 0, syntax = k->cronie ? CRON_SYNTAX_CRONIE : 0;
	const char *why = NULL;
	size_t before = k->cron->n;
	int r = root_read(k->c->root, t->path, TABLE_SIZE_MAX, &file);

	if (r == -ENOENT || r == -ENOTDIR || r == -EISDIR || r == -ENODEV)
		return 0; /* none there, or none that the daemon would read */
	if (r == -EFBIG && is_foreign(t))
		return add_unread(t);
	if (r < 0)
		return unread(k, t->path, r);
	t->st = file.st;
	fingerprint_begin(&k->key, &t->rest);
	if (!t->idle)
		t->idle = refused(t, &file.st);
	if (t->kind == CRON_TABLE)
		syntax |= CRON_SYNTAX_SYSTEM;
	if (t->kind == CRON_ANACRON)
		syntax = CRON_SYNTAX_ANACRON;
	r = cron_table_parse(k->f->arena, file.data, syntax, add_line, t, &line, &why);
	if (r == 0 && t->n > CRON_USER_JOBS_MAX)
		r = add_rest(t, arena_printf(k->f->arena, "%zu more", t->n - CRON_USER_JOBS_MAX),
			mark_of(k, &t->rest, &t->st));
	if (r != -EBADMSG)
		return r;
	if (t->stranger) {
		line = t->stranger;
		why = NO_ACCOUNT;
	}
	/* One bad line, and none of the table is run. */
	why = arena_printf(k->f->arena, "cron ignores the file: line %u: %s", line, why);
	for (size_t i = before; i < k->cron->n; i++)
		k->jobs[i].idle = why;
	return why ? 0 : -ENOMEM;
}

static int each_table(const char *name, unsigned char type, void *arg)
{
	const struct table *dir = arg;
	struct table t = *dir;
	char *path = arena_printf(dir->k->f->arena, "%s/%s", dir->path, name);

	if (!path)
		return -ENOMEM;
	if (type == DT_DIR || *name == '.')
		return 0;
	if (!t.idle && !cron_name_is_run(name, dir->k->cronie, false))
		t.idle = "its name is not one that cron reads";
	t.path = path;
	return read_table(&t);
}

/* The tables that users make with crontab(1): each has its user's name. */
static int each_user(const char *name, unsigned char type, void *arg)
{
	const struct table *dir = arg;
	struct table t = *dir;

	/* "tmp.": what crontab(1) is writing. */
	if (type == DT_DIR || *name == '.' || strncmp(name, "tmp.", 4) == 0)
		return 0;
	t.path = arena_printf(dir->k->f->arena, "%s/%s", dir->path, name);
	t.user = arena_strdup(dir->k->f->arena, name);
	if (!t.path || !t.user)
		return -ENOMEM;
	if (!t.idle && !t.k->strangers && !is_account(t.k, t.user))
		t.idle = NO_ACCOUNT;
	return read_table(&t);
}

static int each_script(const char *name, unsigned char type, void *arg)
{
	const struct table *dir = arg;
	struct collecting *k = dir->k;
	struct cron_job job = {.kind = CRON_SCRIPT, .user = "root", .when = dir->user};
	struct stat st;

	if (type == DT_DIR || *name == '.')
		return 0;
	job.path = job.command = arena_printf(k->f->arena, "%s/%s", dir->path, name);
	if (!job.path)
		return -ENOMEM;
	int r = root_stat(k->c->root, job.path, &st);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return unread(k, job.path, r);
	if (!S_ISREG(st.st_mode))
		return 0;
	if (!cron_name_is_run(name, k->cronie, true))
		job.idle = "its name is not one that run-parts runs";
	else if (!(st.st_mode & 0111))
		job.idle = "it is not executable";
	return add_job(k, &job);
}

static int list(struct table *t, int (*each)(const char *name, unsigned char type, void *arg))
{
	int r = root_list_types(t->k->c->root, t->path, FILES_MAX, each, t);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	return r < 0 ? unread(t->k, t->path, r) : r;
}

/* The commands of an at job: what the shell is given at the end of the file. */
static const char *at_command(const char *text)
{
	static const char mark[] = "marcinDELIMITER";
	const char *p = strstr(text, mark);

	p = p ? strchr(p, '\n') : NULL;
	return p ? p + strspn(p, "\n \t") : "";
}

/* QJJJJJTTTTTTTT: the queue, the number of the job, minutes since 1970; "=" while it runs. */
static int each_at(const char *name, unsigned char type, void *arg)
{
	const struct table *dir = arg;
	struct collecting *k = dir->k;
	_cleanup_file_ struct file file = {0};
	unsigned long number = 0, minutes = 0;
	char queue, when[32];

	if (type != DT_REG || sscanf(name, "%c%5lx%8lx", &queue, &number, &minutes) != 3)
		return 0;
	const char *path = arena_printf(k->f->arena, "%s/%s", dir->path, name);
	if (!path)
		return -ENOMEM;
	int r = root_read(k->c->root, path, TABLE_SIZE_MAX, &file);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return unread(k, path, r);
	if (file.st.st_uid != 0)
		return 0; /* it runs as its owner */
	struct cron_job job = {
		.kind = CRON_AT,
		.user = "root",
		.when = arena_strdup(
			k->f->arena, text_rfc3339(when, (uint64_t)minutes * USEC_PER_MIN)),
		.command = arena_strdup(k->f->arena, at_command(file.data)),
		.path = path,
		.idle = file.st.st_mode & S_IXUSR ? NULL : "it was run",
	};
	job.mark = job.command ? mark_text(k, job.command, &file.st) : NULL;
	return job.when && job.mark ? add_job(k, &job) : -ENOMEM;
}

/* Who runs the tables of this root. */
static void find_daemon(struct collecting *k)
{
	static const struct {
		const char *path, *name;
	} daemons[] = {
		{"/usr/sbin/crond", "cronie"},
		{"/usr/sbin/cron", "cron"},
		{"/usr/lib/systemd/system-generators/systemd-crontab-generator", "systemd-cron"},
		{"/lib/systemd/system-generators/systemd-crontab-generator", "systemd-cron"},
	};
	const struct root *root = k->c->root;
	_cleanup_free_ char *target = NULL;
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(daemons) && !k->cron->daemon; i++) {
		if (root_stat(root, daemons[i].path, &st) == 0)
			k->cron->daemon = daemons[i].name;
	}
	if (k->cron->daemon && strcmp(k->cron->daemon, "cronie") == 0 &&
		root_readlink(root, "/usr/sbin/crond", &target) == 0 && strstr(target, "busybox"))
		k->cron->daemon = "busybox";
	k->cron->anacron = root_stat(root, "/usr/sbin/anacron", &st) == 0;
	k->cron->at = root_stat(root, "/usr/sbin/atd", &st) == 0;
	k->cronie = k->cron->daemon && strcmp(k->cron->daemon, "cron") != 0 &&
		    strcmp(k->cron->daemon, "systemd-cron") != 0;
}

/* Which accounts there are: unless that is sure, any name may be one. 0 or -ENOMEM. */
static int find_accounts(struct collecting *k)
{
	const struct fact *accounts = factset_get(k->c->facts, FACT_ACCOUNTS);
	_cleanup_file_ struct file file = {0};
	struct sudo conf = {.sources = ""};

	k->strangers = true;
	if (!accounts || accounts->state != FACT_STATE_OK)
		return 0;
	k->accounts = accounts->u.accounts;
	int r = root_read(k->c->root, "/etc/nsswitch.conf", NSSWITCH_SIZE_MAX, &file);
	if (r == 0)
		r = sudo_nsswitch_parse(k->f->arena, file.data, &conf);
	if (r == 0 || r == -ENOENT || r == -ENOTDIR)
		k->strangers = conf.accounts_elsewhere;
	return r == -ENOMEM ? r : 0;
}

/* The tables, and why none of them is run. */
static int read_tables(struct collecting *k)
{
	static const char *const users[] = {"/var/spool/cron/crontabs", "/var/spool/cron",
		"/var/spool/cron/tabs", "/etc/crontabs"};
	const char *idle = k->cron->daemon ? NULL : "no cron is installed";
	struct table t = {.k = k, .kind = CRON_TABLE, .path = "/etc/crontab", .idle = idle};
	int r = read_table(&t);

	if (r == 0) {
		t = (struct table){.k = k, .kind = CRON_TABLE, .path = "/etc/cron.d", .idle = idle};
		r = list(&t, each_table);
	}
	for (size_t i = 0; i < ARRAY_SIZE(users) && r == 0; i++) {
		t = (struct table){.k = k, .kind = CRON_USER, .path = users[i], .idle = idle};
		r = list(&t, each_user);
	}
	if (r == 0 && k->cron->anacron) {
		t = (struct table){
			.k = k, .kind = CRON_ANACRON, .path = "/etc/anacrontab", .user = "root"};
		r = read_table(&t);
	}
	return r;
}

static int read_scripts(struct collecting *k)
{
	static const char *const when[] = {"hourly", "daily", "weekly", "monthly", "yearly"};
	static const char *const atjobs[] = {
		"/var/spool/cron/atjobs", "/var/spool/at", "/var/spool/atjobs"};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(when) && r == 0; i++) {
		struct table t = {.k = k, .user = when[i]};
		t.path = arena_printf(k->f->arena, "/etc/cron.%s", when[i]);
		r = t.path ? list(&t, each_script) : -ENOMEM;
	}
	/* With anacron alone the daily ones are run as well. */
	for (size_t i = 0; i < k->cron->n && !k->cron->daemon && !k->cron->anacron; i++) {
		if (k->jobs[i].kind == CRON_SCRIPT && !k->jobs[i].idle)
			k->jobs[i].idle = "no cron is installed";
	}
	for (size_t i = 0; i < ARRAY_SIZE(atjobs) && r == 0 && k->cron->at; i++) {
		struct table t = {.k = k, .path = atjobs[i]};
		r = list(&t, each_at);
	}
	return r;
}

static int add_items(struct collecting *k)
{
	struct arena *a = k->f->arena;

	for (size_t i = 0; i < k->cron->n; i++) {
		const struct cron_job *j = &k->jobs[i];
		if (j->idle)
			continue;
		const char *subject = cron_subject(a, j);
		const char *programs = j->kind == CRON_AT ? cron_programs(a, j->command) : NULL;
		const char *value = arena_printf(a, "%s, %s%s%s%s%s", j->user, j->when,
			programs ? ": " : "", programs ? programs : "", j->mark ? ", " : "",
			j->mark ? j->mark : "");
		if (!subject || !value)
			return -ENOMEM;
		fact_add_item(k->f, subject, value, j->path, j->line);
	}
	return 0;
}

static int cron_collect(const struct collect *c, struct fact *f)
{
	struct cron *cron = arena_alloc(f->arena, sizeof(*cron));
	struct collecting k = {.c = c, .f = f, .cron = cron};

	if (!cron)
		return -ENOMEM;
	int r = fingerprint_key_load(c->root, "hardend: commands of cron and at", &k.key);
	if (r < 0)
		return r;
	find_daemon(&k);
	r = find_accounts(&k);
	if (r == 0)
		r = read_tables(&k);
	if (r == 0)
		r = read_scripts(&k);
	if (r == 0)
		r = add_items(&k);
	fingerprint_key_fini(&k.key);
	if (r < 0)
		return r;
	cron->v = k.jobs;
	f->u.cron = cron;
	return 0;
}

const struct collector collector_cron = {
	.id = FACT_CRON,
	.name = "cron",
	.needs = FACT_BIT(FACT_ACCOUNTS),
	/* A package brings its table in several steps. */
	.locks = packages_locks,
	.collect = cron_collect,
};
