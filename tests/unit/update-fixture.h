/* SPDX-License-Identifier: ISC */
/*
 * For tests of collectors and checks about updates: files in a root, facts
 * collected from it, a policy from text, a verdict.
 */
#pragma once

#include <time.h>
#include <utime.h>

#include "base/text.h"
#include "check/check.h"
#include "conf/conf.h"
#include "test.h"

struct test_file {
	const char *path, *text;
	const char *day; /* mtime at its noon; NULL: now */
};

/* Noon of a day, UTC. */
static inline uint64_t test_day(const char *text)
{
	uint64_t t = 0;

	assert_int_equal(text_date(text, &t), 0);
	return t + 1 - USEC_PER_DAY / 2;
}

static inline void test_set_mtime(const struct test_root *t, const char *path, const char *day)
{
	time_t at = (time_t)(test_day(day) / USEC_PER_SEC);

	assert_int_equal(utime(test_path(t, path), &(struct utimbuf){at, at}), 0);
}

static inline void test_write_files(
	const struct test_root *t, const struct test_file *v, size_t max)
{
	for (size_t i = 0; i < max && v[i].path; i++) {
		test_write(t, v[i].path, v[i].text);
		if (v[i].day)
			test_set_mtime(t, v[i].path, v[i].day);
	}
}

/* Collects the facts of mask in their order. 0 or -ENOMEM. */
static inline int test_collect(struct test_root *t, uint64_t mask, struct factset *facts)
{
	_cleanup_(memo_freep) struct memo *m = memo_new();
	const struct collect c = {.root = &t->root, .facts = facts, .memo = m};
	int r = m ? 0 : -ENOMEM;

	for (int i = 0; i < FACT_MAX && r == 0; i++) {
		struct fact *f = NULL;
		if (!(mask & FACT_BIT(i)))
			continue;
		r = fact_collect((enum fact_id)i, &c, &f);
		if (r == 0)
			factset_put(facts, f);
	}
	return r;
}

/* Judges under a policy (NULL: defaults); the verdict is to be freed. */
static inline struct verdict *test_judge(
	const char *id, const struct factset *facts, const char *conf, uint64_t now)
{
	struct verdict *verdict = verdict_new();
	struct policy *policy = NULL;
	struct errlist errors = {0};

	conf = conf ? conf : "";
	assert_int_equal(conf_load_text("t.conf", conf, strlen(conf), &errors, &policy), 0);
	assert_int_equal(check_judge(check_find(id), facts, policy, now, verdict), 0);
	errlist_fini(&errors);
	policy_free(policy);
	return verdict;
}

/* Fails unless the verdict is this one, with text in the summary or some evidence. */
static inline void test_verdict(
	const char *what, const struct verdict *v, enum result result, const char *text)
{
	bool found = strstr(v->summary, text);

	for (size_t i = 0; i < v->n_evidence; i++)
		found = found || (v->evidence[i].observed && strstr(v->evidence[i].observed, text));
	if (v->result != result || !found)
		fail_msg("%s: %s, \"%s\"%s%s", what, result_name(v->result), v->summary,
			v->n_evidence ? ": " : "",
			v->n_evidence && v->evidence[0].observed ? v->evidence[0].observed : "");
}
