/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "check/judge.h"
#include "ctl.h"

/* The configuration that scan would use: every error of it is in the list afterwards. */
static int load_usual(const struct ctl *ctl, struct errlist *errors, struct policy **ret)
{
	_cleanup_(root_close) struct root root = {.fd = -1};

	if (ctl->config)
		return ctl_load_file(ctl->config, errors, ret);
	int r = root_open(ctl->root, &root);
	return r < 0 ? r : conf_load(&root, CONF_PATH, true, errors, ret);
}

/* What is right, and does not do what it seems to: a waiver, an attestation whose day is over. */
static void add_warnings(const struct policy *policy, struct errlist *warnings)
{
	uint64_t now = (uint64_t)time(NULL) * USEC_PER_SEC;
	const struct waiver *w;
	char until[16];

	for (size_t i = 0; (w = policy_waiver_at(policy, i)); i++) {
		if (w->until_realtime_usec >= now)
			continue;
		(void)text_day(until, w->until_realtime_usec - 1);
		errlist_add(warnings, w->path, w->line,
			"[waiver %s] ended with %s and covers nothing", w->name, until);
	}
	const struct attestation *a;
	for (size_t i = 0; (a = policy_attestation_at(policy, i)); i++) {
		if (a->until_realtime_usec >= now)
			continue;
		(void)text_day(until, a->until_realtime_usec - 1);
		errlist_add(warnings, a->path, a->line,
			"[attestation %s] lapsed after %s: the check fails until it is stated anew",
			a->check, until);
	}
}

/* ---- waivers of what is not there ---- */

/* Whether it names something, and holds: one for all that a check finds may wait for it. */
static bool names_something(const struct waiver *w, uint64_t now)
{
	return w->until_realtime_usec >= now && strspn(w->subject, "*") < strlen(w->subject);
}

/* What cannot be judged may hide what the waiver names. */
static bool is_idle(const struct waiver *w, const struct verdict *v)
{
	if (!v || v->result == RESULT_NOTCHECKED || v->result == RESULT_ERROR ||
		v->result == RESULT_UNKNOWN)
		return false;
	for (size_t i = 0; i < v->n_evidence; i++) {
		if (v->evidence[i].subject && text_glob(w->subject, v->evidence[i].subject))
			return false;
	}
	return true;
}

/*
 * Warns of waivers whose subject nothing has that their checks find here: misspelt,
 * or no more needed. That takes the reading of what the checks read, so not when
 * systemd runs it before each reload. 0 or -ENOMEM.
 */
static int add_idle(const struct ctl *ctl, const struct policy *policy, struct errlist *warnings)
{
	uint64_t now = (uint64_t)time(NULL) * USEC_PER_SEC, facts = 0;
	_cleanup_(root_close) struct root root = {.fd = -1};
	_cleanup_(judge_fini) struct judge judge = {0};
	const struct waiver *w;

	for (size_t i = 0; (w = policy_waiver_at(policy, i)); i++) {
		if (names_something(w, now))
			facts |= check_find(w->check)->facts;
	}
	if (facts == 0 || getenv("INVOCATION_ID"))
		return 0;
	facts = ctl_with_needs(facts);
	int r = root_open(ctl->root, &root);
	if (r < 0)
		return r;
	if (judge_init(&judge, &root, policy) < 0 || ctl_give_accepted(ctl, &judge, &root) < 0 ||
		judge_collect(&judge, facts, now) < 0 || judge_evaluate(&judge, facts, now) < 0)
		return -ENOMEM;
	for (size_t i = 0; (w = policy_waiver_at(policy, i)); i++) {
		const struct check *c = check_find(w->check);
		if (names_something(w, now) && is_idle(w, judge.verdicts[check_index(c)]))
			errlist_add(warnings, w->path, w->line,
				"[waiver %s] covers nothing: %s finds nothing here that fits "
				"\"subject = %s\"",
				w->name, w->check, w->subject);
	}
	return 0;
}

static int load_all(const struct ctl *ctl, struct errlist *errors, struct errlist *warnings)
{
	_cleanup_(policy_freep) struct policy *usual = NULL;

	if (ctl->n_args == 0) {
		int r = load_usual(ctl, errors, &usual);
		if (r < 0)
			return r;
		add_warnings(usual, warnings);
		return add_idle(ctl, usual, warnings);
	}
	for (int i = 0; i < ctl->n_args; i++) {
		_cleanup_(policy_freep) struct policy *policy = NULL;
		int r = ctl_load_file(ctl->args[i], errors, &policy);
		if (r >= 0)
			add_warnings(policy, warnings);
		if (r < 0 && r != -EINVAL)
			return r;
	}
	return 0;
}

static json_t *list_of(const struct errlist *errors)
{
	json_t *list = json_array();

	for (size_t i = 0; i < errors->n; i++) {
		const struct conf_error *e = &errors->v[i];
		json_t *o = json_pack(
			"{s:s, s:i, s:s}", "path", e->path, "line", (int)e->line, "text", e->text);
		if (json_array_append_new(list, o) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static int put_json(
	struct ctl *ctl, const struct errlist *errors, const struct errlist *warnings)
{
	return ctl_put_json(ctl, json_pack("{s:b, s:o, s:o}", "ok", errors->n == 0, "errors",
					 list_of(errors), "warnings", list_of(warnings)));
}

int verb_check_config(struct ctl *ctl)
{
	_cleanup_(errlist_fini) struct errlist errors = {0}, warnings = {0};

	int r = load_all(ctl, &errors, &warnings);
	if (r < 0 && r != -EINVAL)
		return ctl_error("cannot load the configuration: %s", strerror(-r));
	if (ctl->json && put_json(ctl, &errors, &warnings) != CTL_OK)
		return CTL_ERROR;
	if (!ctl->json && errors.n > 0)
		ctl_print_errors(&errors);
	for (size_t i = 0; !ctl->json && i < warnings.n; i++)
		fprintf(stderr, "%s:%u: warning: %s\n", warnings.v[i].path, warnings.v[i].line,
			warnings.v[i].text);
	if (!ctl->json && errors.n == 0 && !ctl->quiet)
		fputs("configuration OK\n", ctl->out);
	return errors.n > 0 ? CTL_ERROR : CTL_OK;
}
