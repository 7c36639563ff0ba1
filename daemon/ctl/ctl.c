/* SPDX-License-Identifier: ISC */
#include "ctl.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

#include "base/suggest.h"
#include "base/text.h"
#include "check/judge.h"
#include "config.h"
#include "ledger/accepted.h"

int ctl_error(const char *fmt, ...)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	va_list ap;

	va_start(ap, fmt);
	const char *raw = a ? arena_vprintf(a, fmt, ap) : NULL;
	va_end(ap);
	const char *clean = raw ? text_clean(a, raw) : NULL;
	fprintf(stderr, "hardenctl: %s\n", clean ? clean : "out of memory");
	return CTL_ERROR;
}

int ctl_oom(void)
{
	return ctl_error("out of memory");
}

int ctl_put_json(struct ctl *ctl, json_t *o)
{
	if (!o)
		return ctl_oom();
	int r = json_dumpf(o, ctl->out, JSON_INDENT(2));
	json_decref(o);
	fputc('\n', ctl->out);
	return r < 0 ? ctl_oom() : CTL_OK;
}

int ctl_exit_status(const struct ctl *ctl, const json_t *findings)
{
	const json_t *f;
	size_t i;

	json_array_foreach (findings, i, f) {
		const char *result = json_string_value(json_object_get(f, "result"));
		const char *severity = json_string_value(json_object_get(f, "severity"));
		if (!result || !severity || json_is_object(json_object_get(f, "waiver")))
			continue;
		/* What could not be looked at is no pass either. */
		int word = result_from_name(result);
		if ((word == RESULT_FAIL || word == RESULT_ERROR) &&
			severity_from_name(severity) >= (int)ctl->fail_on)
			return CTL_FINDINGS;
	}
	return CTL_OK;
}

int ctl_unknown_check(const char *id)
{
	struct suggest s = {.word = id};

	for (size_t i = 0; i < check_count(); i++)
		suggest_offer(&s, check_at(i)->id);
	if (s.best)
		return ctl_error("no check is called \"%s\"; did you mean %s?", id, s.best);
	return ctl_error("no check is called \"%s\"; see `hardenctl list`", id);
}

void ctl_print_errors(const struct errlist *errors)
{
	for (size_t i = 0; i < errors->n; i++) {
		const struct conf_error *e = &errors->v[i];
		if (e->line)
			fprintf(stderr, "%s:%u: %s\n", e->path, e->line, e->text);
		else
			fprintf(stderr, "%s: %s\n", e->path, e->text);
	}
}

int ctl_load_file(const char *file, struct errlist *errors, struct policy **ret)
{
	_cleanup_(root_close) struct root live = {.fd = -1};
	_cleanup_free_ char *path = NULL;
	char cwd[PATH_MAX];

	if (file[0] != '/' && !getcwd(cwd, sizeof(cwd)))
		return -errno;
	if (asprintf(&path, "%s%s%s", file[0] == '/' ? "" : cwd, file[0] == '/' ? "" : "/", file) <
		0) {
		path = NULL;
		return -ENOMEM;
	}
	int r = root_open("/", &live);
	return r < 0 ? r : conf_load(&live, path, false, errors, ret);
}

/* Whether all that is wrong is that this user may not read it. */
static bool only_denied(const struct errlist *errors)
{
	for (size_t i = 0; i < errors->n; i++) {
		if (!errors->v[i].denied)
			return false;
	}
	return errors->n > 0;
}

/* Takes the policy over when the profile cannot be put in use. */
static int use_profile(const struct ctl *ctl, struct policy **policy)
{
	struct suggest s = {.word = ctl->profile ? ctl->profile : ""};
	const char *name;

	int r = ctl->profile ? policy_use_profile(*policy, ctl->profile) : 0;
	if (r == 0)
		return CTL_OK;
	for (size_t i = 0; (name = policy_profile_name(*policy, i)); i++)
		suggest_offer(&s, name);
	if (r == -ENOMEM)
		(void)ctl_oom(); /* the status follows */
	else if (s.best)
		(void)ctl_error("--profile %s: no such profile; did you mean %s?", ctl->profile, s.best);
	else
		(void)ctl_error("--profile %s: no such profile; there are default, pouta, alliance, "
				"exoscale, nectar, and those of [profile NAME] in hardend.conf(5)",
			ctl->profile);
	policy_free(*policy);
	*policy = NULL;
	return CTL_ERROR;
}

int ctl_load_policy(const struct ctl *ctl, const struct root *root, struct policy **ret)
{
	_cleanup_(errlist_fini) struct errlist errors = {0};
	int r;

	if (ctl->config)
		r = ctl_load_file(ctl->config, &errors, ret);
	else
		r = conf_load(root, CONF_PATH, true, &errors, ret);
	if (r == 0)
		return use_profile(ctl, ret);
	ctl_print_errors(&errors);
	if (r == -EINVAL && !ctl->config && only_denied(&errors)) {
		fputs("hardenctl: without the configuration: judging by the defaults, without "
		      "waivers\n",
			stderr);
		*ret = policy_new_default();
		return *ret ? use_profile(ctl, ret) : ctl_oom();
	}
	if (r == -EINVAL)
		return ctl_error(
			"the configuration has %zu error%s", errors.n, errors.n == 1 ? "" : "s");
	return ctl_error("cannot load the configuration: %s", strerror(-r));
}

uint64_t ctl_with_needs(uint64_t mask)
{
	/* A collector needs only facts before it, so one pass from the end will do. */
	for (int i = FACT_MAX - 1; i >= 0; i--) {
		const struct collector *c = collector_get((enum fact_id)i);
		if (c && (mask & FACT_BIT(i)))
			mask |= c->needs;
	}
	return mask;
}

int ctl_give_accepted(const struct ctl *ctl, struct judge *judge, const struct root *root)
{
	struct fact *f = NULL;
	int r = strcmp(ctl->root, "/") == 0 ? accepted_of_file(root, STATE_DIR "/state.db", &f) : 0;

	if (f)
		factset_put(&judge->facts, f);
	return r;
}
