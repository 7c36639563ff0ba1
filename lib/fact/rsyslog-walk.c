/* SPDX-License-Identifier: ISC */
/*
 * Follows messages through the rulesets. Two sets of priorities go along: those
 * that surely come by here, and those that may. A stop takes away: what surely
 * stops is gone, what may stop is no longer sure.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "fact/rsyslog-internal.h"

/* For what a block ends the message's way: surely, or maybe. */

struct walk {
	struct rsyslog_reader *r;
	struct rsyslog_action *v, *lost;
	size_t n, n_lost;
	unsigned depth, steps;
};

static int walk_list(
	struct walk *w, const struct rsyslog_stmt *s, struct log_pri flow, struct log_pri *ret);

static bool is_on(const char *s)
{
	return s && (strcasecmp(s, "on") == 0 || strcasecmp(s, "yes") == 0 || strcmp(s, "1") == 0);
}

/* An action that runs only when the one before failed, or for some messages, is no sure thing. */
static bool is_exceptional(const struct rsyslog_action *act)
{
	static const char *const names[] = {
		"action.execOnlyEveryNthTime", "action.execOnlyOnceEveryInterval"};

	if (act->doubtful)
		return true;
	if (act->line_text)
		return act->legacy.failover || act->legacy.rare;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *n = rsyslog_param(act->params, names[i]);
		if (n && strcmp(n, "0") != 0 && strcmp(n, "1") != 0)
			return true;
	}
	return is_on(rsyslog_param(act->params, "action.execOnlyWhenPreviousIsSuspended")) ||
	       rsyslog_is_limited(act->params, "RateLimit", NULL);
}

static struct rsyslog_action *find_action(
	struct rsyslog_action *v, size_t n, const struct rsyslog_action *act)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i].line == act->line && v[i].path == act->path &&
			v[i].params == act->params && v[i].line_text == act->line_text)
			return &v[i];
	}
	return NULL;
}

static int add_action(struct walk *w, const struct rsyslog_action *act, struct log_pri flow)
{
	bool lost = log_pri_is_none(&flow);
	struct rsyslog_action **v = lost ? &w->lost : &w->v;
	size_t *n = lost ? &w->n_lost : &w->n;

	if (is_exceptional(act))
		memset(flow.sure, 0, sizeof(flow.sure));
	/* A ruleset that is called twice has its actions once. */
	struct rsyslog_action *have = find_action(*v, *n, act);
	if (have) {
		have->pri = log_pri_or(have->pri, flow);
		return 0;
	}
	struct rsyslog_action *place = arena_grow(w->r->a, v, *n, sizeof(*place));
	if (!place)
		return -ENOMEM;
	*place = *act;
	place->pri = flow;
	(*n)++;
	return 0;
}

static int walk_call(struct walk *w, const char *name, struct log_pri flow, struct log_pri *ret)
{
	struct rsyslog_ruleset *rs = name ? w->r->rulesets : NULL;

	while (rs && strcasecmp(rs->name, name) != 0)
		rs = rs->next;
	*ret = log_pri_none();
	if (!rs) {
		if (!name)
			(void)rsyslog_malformed(
				w->r, "calls a ruleset that is known at run time only");
		return 0; /* rsyslog does nothing, either */
	}
	int e = walk_list(w, rs->first, flow, ret);
	if (rs->queue)
		*ret = log_pri_none();
	return e;
}

static int walk_if(
	struct walk *w, const struct rsyslog_stmt *s, struct log_pri flow, struct log_pri *ret)
{
	const struct log_pri negated = log_pri_not(s->pri);
	struct log_pri then, otherwise;

	int e = walk_list(w, s->then, log_pri_and(flow, s->pri), &then);
	if (e == 0)
		e = walk_list(w, s->otherwise, log_pri_and(flow, negated), &otherwise);
	if (e < 0)
		return e;
	if (s->narrow)
		then = log_pri_none();
	for (int i = 0; i < LOG_FACILITIES; i++) {
		ret->sure[i] = (uint8_t)((s->pri.sure[i] & then.sure[i]) |
					 (negated.sure[i] & otherwise.sure[i]) |
					 (then.sure[i] & otherwise.sure[i]));
		ret->maybe[i] = (uint8_t)((s->pri.maybe[i] & then.maybe[i]) |
					  (negated.maybe[i] & otherwise.maybe[i]));
	}
	return 0;
}

static int walk_stmt(
	struct walk *w, const struct rsyslog_stmt *s, struct log_pri flow, struct log_pri *ret)
{
	*ret = log_pri_none();
	switch (s->kind) {
	case RSYSLOG_ACTION:
		return add_action(w, s->action, flow);
	case RSYSLOG_STOP:
		*ret = log_pri_all();
		return 0;
	case RSYSLOG_CALL:
		return walk_call(w, s->name, flow, ret);
	default:
		return walk_if(w, s, flow, ret);
	}
}

static int walk_list(
	struct walk *w, const struct rsyslog_stmt *s, struct log_pri flow, struct log_pri *ret)
{
	struct log_pri all = log_pri_none();
	int e = 0;

	if (w->depth++ > 2 * RSYSLOG_DEPTH_MAX)
		e = rsyslog_malformed(w->r, "rulesets call each other");
	for (; e == 0 && s; s = s->next) {
		struct log_pri one;
		if (++w->steps > RSYSLOG_STATEMENTS_MAX)
			e = rsyslog_malformed(w->r, "rulesets call each other too often");
		else
			e = walk_stmt(w, s, flow, &one);
		if (e < 0)
			break;
		all = log_pri_or(all, one);
		flow = log_pri_and(flow, log_pri_not(one));
	}
	w->depth--;
	*ret = all;
	return e == -EINVAL ? 0 : e;
}

int rsyslog_walk(struct rsyslog_reader *r)
{
	struct walk w = {.r = r};
	struct log_pri flow = log_pri_none();
	struct log_pri ignored;

	/* The kernel's own messages come by imklog, all others by the socket or the journal. */
	if (r->conf->local)
		flow = log_pri_all();
	else if (r->conf->kernel)
		flow.sure[0] = flow.maybe[0] = 0xff;
	if (r->conf->limited || (r->limit_interval && r->limit_few))
		memset(flow.sure, 0, sizeof(flow.sure));
	int e = walk_list(&w, r->entry->first, flow, &ignored);
	for (struct rsyslog_ruleset *rs = r->rulesets; e == 0 && rs; rs = rs->next)
		e = walk_list(&w, rs->first, log_pri_none(), &ignored);
	/* What one way does not reach, another may. */
	size_t kept = 0;
	for (size_t i = 0; i < w.n_lost; i++) {
		if (!find_action(w.v, w.n, &w.lost[i]))
			w.lost[kept++] = w.lost[i];
	}
	w.n_lost = kept;
	r->conf->v = w.v;
	r->conf->n = w.n;
	r->conf->lost = w.lost;
	r->conf->n_lost = w.n_lost;
	return e;
}
