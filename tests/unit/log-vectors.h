/* SPDX-License-Identifier: ISC */
/*
 * Vectors of where logs go: configurations in a private root, what is read of
 * them, and the verdicts of log-remote and log-remote-secure.
 */
#pragma once

#include "test.h"

#include "check/check.h"
#include "conf/conf.h"
#include "fact/logging.h"
#include "fact/units.h"

struct vector {
	const char *name;
	const char *rsyslog;	      /* /etc/rsyslog.conf */
	const char *more_path, *more; /* another file */
	enum result remote, secure;
	const char *observed; /* part of the summary or of some evidence of either */
	const char *conf;
};

/* rsyslog gets the messages of this machine. */
#define LOCAL "module(load=\"imuxsock\")\n"

#define PASS RESULT_PASS
#define FAIL RESULT_FAIL
#define NA   RESULT_NOTAPPLICABLE
#define UNK  RESULT_UNKNOWN
#define ERR  RESULT_ERROR
#define INFO RESULT_INFORMATIONAL

#define CONF(text)    text, NULL, NULL
#define FILE(p, text) NULL, p, text

static struct policy *make_policy(const char *text)
{
	struct errlist errors = {0};
	struct policy *policy = NULL;
	int r = conf_load_text("test.conf", text, strlen(text), &errors, &policy);

	if (r < 0)
		fail_msg("%s", errors.n ? errors.v[0].text : "no policy");
	errlist_fini(&errors);
	return policy;
}

/* The facts of a root. 0 or -ENOMEM. */
static int collect(const struct test_root *t, struct factset *facts)
{
	static const enum fact_id ids[] = {FACT_LOGGING, FACT_LOG_KEPT};
	const struct collect c = {.root = &t->root, .facts = facts};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(ids); i++) {
		struct fact *f = NULL;
		r = fact_collect(ids[i], &c, &f);
		if (r == 0)
			factset_put(facts, f);
	}
	return r;
}

/* Units as a collector would give them: every program is started, or none is. */
static void put_units(struct factset *facts, bool started, const char *init)
{
	struct fact *f = fact_new(FACT_UNITS);
	struct units *u = arena_alloc(f->arena, sizeof(*u));
	struct unit *v = arena_alloc(f->arena, LOG_PROGRAM_MAX * sizeof(*v));

	for (int i = 0; i < LOG_PROGRAM_MAX; i++)
		v[i] = (struct unit){.name = log_program_units((enum log_program)i)[0],
			.path = "/x",
			.starts = started};
	assert_int_equal(units_sort(f->arena, v, LOG_PROGRAM_MAX, u), 0);
	u->init = init;
	f->u.units = u;
	factset_put(facts, f);
}

static bool says(const struct verdict *v, const char *what)
{
	bool found = strstr(v->summary, what);

	for (size_t i = 0; i < v->n_evidence; i++)
		found |= v->evidence[i].observed && strstr(v->evidence[i].observed, what);
	for (size_t i = 0; i < v->n_evidence; i++)
		found |= v->evidence[i].subject && strstr(v->evidence[i].subject, what);
	return found;
}

/* Fails the test unless both verdicts are the expected ones, and what is to be said is. */
static void judge(const struct vector *v, const struct factset *facts)
{
	static const char *const ids[] = {"log-remote", "log-remote-secure"};
	const enum result expected[] = {v->remote, v->secure};
	struct policy *policy = make_policy(v->conf ? v->conf : "");
	bool found = !v->observed;

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct verdict *verdict = verdict_new();
		const struct check *c = check_find(ids[i]);
		assert_int_equal(check_judge(c, facts, policy, 0, verdict), 0);
		if (verdict->result != expected[i])
			fail_msg("%s: %s: %s (%s)", ids[i], v->name, result_name(verdict->result),
				verdict->summary);
		found = found || says(verdict, v->observed);
		verdict_free(verdict);
	}
	if (!found)
		fail_msg("%s: nothing says \"%s\"", v->name, v->observed);
	policy_free(policy);
}

/* Each in a root of its own in which every program runs. */
static void judge_all(const struct vector *vectors, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct vector *v = &vectors[i];
		struct factset facts = {0};
		struct test_root t;
		test_root_init(&t);
		if (v->rsyslog)
			test_write(&t, "/etc/rsyslog.conf", v->rsyslog);
		if (v->more_path)
			test_write(&t, v->more_path, v->more);
		assert_int_equal(collect(&t, &facts), 0);
		put_units(&facts, true, "systemd");
		judge(v, &facts);
		factset_fini(&facts);
		test_root_fini(&t);
	}
}
