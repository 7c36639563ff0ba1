/* SPDX-License-Identifier: ISC */
#include "fact/sshd.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "fact/collectors.h"
#include "fact/sshd-contexts.h"
#include "fact/sshd-options.h"
#include "fact/sshd-version.h"

static int compare_keyword(const void *key, const void *element)
{
	return strcmp(key, ((const struct sshd_value *)element)->keyword);
}

const struct sshd_value *sshd_get(const struct sshd_context *c, const char *keyword)
{
	if (!c || c->n_values == 0)
		return NULL;
	return bsearch(keyword, c->values, c->n_values, sizeof(*c->values), compare_keyword);
}

static int compare_user(const void *key, const void *element)
{
	return strcmp(key, ((const struct sshd_member *)element)->user);
}

const struct sshd_context *sshd_context_for_user(const struct sshd *s, const char *user)
{
	const struct sshd_member *m = NULL;

	if (s->n_contexts == 0)
		return NULL;
	if (s->n_members > 0)
		m = bsearch(user, s->members, s->n_members, sizeof(*s->members), compare_user);
	return &s->contexts[m ? m->context : 0];
}

/* ---- collecting ---- */

struct build {
	const struct collect *c;
	struct fact *f;
	struct arena *scratch;
	struct sshd_conf conf;
	const struct accounts *accounts;
	struct sshd *out;
};

static const char *home_of(const char *user, const void *arg)
{
	const struct accounts *accounts = arg;
	const struct account *account = accounts_find(accounts, user ? user : "root");

	if (account)
		return account->home;
	return user ? NULL : "/root";
}

/* Who is in which group must be known; that there are no files at all is known, too. */
static int get_accounts(struct build *b)
{
	static const struct accounts none = {0};
	const struct fact *f = factset_get(b->c->facts, FACT_ACCOUNTS);
	const struct accounts *a = f && f->state == FACT_STATE_OK ? f->u.accounts : NULL;
	const char *reason = f ? f->reason : "not collected";

	b->accounts = a ? a : &none;
	if (!f || (f->state != FACT_STATE_OK && f->state != FACT_STATE_ABSENT))
		b->f->state = f ? f->state : FACT_STATE_ERROR;
	else if (a && a->file_state[ACCOUNTS_GROUP] > FACT_STATE_ABSENT) {
		b->f->state = a->file_state[ACCOUNTS_GROUP];
		reason = a->file_reason[ACCOUNTS_GROUP];
	}
	if (b->f->state == FACT_STATE_OK)
		return 0;
	char *text = arena_printf(b->f->arena, "who meets which Match cannot be told: %s",
		reason ? reason : "accounts unreadable");
	b->f->reason = text ? text_clean(b->f->arena, text) : NULL;
	return b->f->reason ? -ENODATA : -ENOMEM;
}

/*
 * A patched sshd may take what the tables here do not know. Where it can be
 * asked, it has the last word on what it refuses at its start.
 */
static int confirm_errors(struct build *b, const struct sshd_args *args)
{
	if (b->conf.n_errors == 0)
		return 0;
	int r = sshd_accepts(b->c, args);
	if (r > 0)
		b->conf.n_errors = 0;
	return r < 0 ? r : 0;
}

/* Reads options and files. -ENODATA: the fact has failed. */
static int read_conf(struct build *b)
{
	struct sshd_args args = {.arena = b->scratch};
	const char *path = NULL, *config;

	int r = sshd_args_read(b->c->root, &args, &path);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		fact_fail(b->f, r, "%s %s", path ? path : "sshd's unit", fsio_strerror(r));
		return -ENODATA;
	}
	r = sshd_args_apply(&args, &b->conf, &config);
	if (r == 0 && strcasecmp(config, "none") != 0)
		r = sshd_conf_read(&b->conf, config);
	if (r == 0)
		r = sshd_conf_check(&b->conf);
	if (r == 0)
		r = confirm_errors(b, &args);
	if (r < 0)
		return r;
	if (b->conf.unreadable < 0) {
		fact_fail(b->f, b->conf.unreadable, "%s %s", b->conf.unreadable_path,
			fsio_strerror(b->conf.unreadable));
		return -ENODATA;
	}
	return 0;
}

static int copy_errors(struct build *b)
{
	const struct sshd_conf *c = &b->conf;
	struct sshd_error *v = arena_alloc(b->f->arena, c->n_errors * sizeof(*v));

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_errors; i++) {
		v[i] = (struct sshd_error){
			.path = arena_strdup(b->f->arena, c->errors[i].path),
			.line = c->errors[i].line,
			.text = arena_strdup(b->f->arena, c->errors[i].text),
		};
	}
	b->out->errors = v;
	b->out->n_errors = c->n_errors;
	b->out->newest_mtime_realtime_usec = c->newest_usec;
	b->out->newest_path = arena_strdup(b->f->arena, c->newest_path);
	return 0;
}

/*
 * The lists that are compiled in are the package's matter: another build of it,
 * or none that could be asked, is no change of the configuration.
 */
static const char *item_value(const struct sshd_value *v)
{
	if (!v->path && strchr(v->value, ','))
		return "compiled-in default";
	return *v->value ? v->value : "(none)";
}

/* One item for each keyword, and one more where another context differs. */
static void add_items(struct fact *f, const struct sshd *s)
{
	const struct sshd_context *general = &s->contexts[0];

	for (size_t c = 0; c < s->n_contexts; c++) {
		const struct sshd_context *x = &s->contexts[c];
		for (size_t i = 0; i < x->n_values; i++) {
			const struct sshd_value *v = &x->values[i];
			if (c > 0 && strcmp(v->value, general->values[i].value) == 0)
				continue;
			char *subject = arena_printf(f->arena, "sshd %s%s%s", v->keyword,
				c > 0 ? ", " : "", c > 0 ? x->label : "");
			if (subject)
				fact_add_item(f, subject, item_value(v), v->path, v->line);
		}
	}
}

static int build_all(struct build *b)
{
	const char *version = "", *from = "";
	int r = sshd_version_read(b->c, b->scratch, &version);

	if (r < 0)
		return r;
	const struct sshd_env env = {.root = b->c->root,
		.version = (unsigned)r,
		.vendor = sshd_vendor(b->c),
		.home = home_of,
		.arg = b->accounts};
	sshd_conf_init(&b->conf, b->scratch, &env);
	r = sshd_defaults_read(b->c, &b->conf, version, &from);
	if (r < 0 && r != -ENOMEM) {
		fact_fail(b->f, r, "`sshd -T` gives no answer: %s", fsio_strerror(r));
		return -ENODATA;
	}
	if (r == 0)
		r = read_conf(b);
	if (r < 0)
		return r;
	const char *const *trusted = policy_list(b->c->policy, "policy", "trusted_networks");
	r = sshd_contexts_build(&b->conf, b->accounts, trusted, b->f->arena, b->out);
	if (r == -EFBIG) {
		fact_fail(b->f, r, "/etc/ssh/sshd_config has more Match blocks than can be judged");
		return -ENODATA;
	}
	if (r == 0)
		r = copy_errors(b);
	if (r < 0)
		return r;
	b->out->version = arena_strdup(b->f->arena, version);
	b->out->defaults_from = arena_strdup(b->f->arena, from);
	const struct sshd_value *pid_file = sshd_get(&b->out->contexts[0], "pidfile");
	b->out->started_realtime_usec = sshd_started(
		b->c, pid_file ? pid_file->value : "", &b->out->pid);
	return 0;
}

/* Neither the program nor its configuration. */
static bool is_absent(const struct collect *c)
{
	struct stat st;
	int program = root_stat(c->root, SSHD_BINARY, &st);
	int config = root_lstat(c->root, "/etc/ssh/sshd_config", &st);

	return (program == -ENOENT || program == -ENOTDIR) &&
	       (config == -ENOENT || config == -ENOTDIR);
}

static int sshd_collect(const struct collect *c, struct fact *f)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct build b = {.c = c, .f = f, .scratch = scratch};

	if (is_absent(c)) {
		fact_fail(f, -ENOENT, "no SSH server is installed");
		return 0;
	}
	b.out = arena_alloc(f->arena, sizeof(*b.out));
	if (!scratch || !b.out)
		return -ENOMEM;
	int r = get_accounts(&b);
	if (r == 0)
		r = build_all(&b);
	/* Errors are stored there, and nobody else asks. */
	if (r == 0 && arena_failed(scratch))
		r = -ENOMEM;
	if (r < 0)
		return r == -ENODATA ? 0 : r;
	add_items(f, b.out);
	f->u.sshd = b.out;
	return 0;
}

const struct collector collector_sshd = {
	.id = FACT_SSHD,
	.name = "sshd",
	.needs = FACT_BIT(FACT_OS) | FACT_BIT(FACT_ACCOUNTS),
	.collect = sshd_collect,
};
