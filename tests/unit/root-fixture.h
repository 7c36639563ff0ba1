/* SPDX-License-Identifier: ISC */
/*
 * Checks judged over a root that is made of a few files: what the collectors
 * read of it, and the evidence that a check then gives.
 */
#pragma once

#include "test.h"

#include "check/check.h"
#include "conf/conf.h"
#include "fact/repos.h"

struct root_file {
	const char *path, *text; /* text NULL: a FIFO, which can't be read */
};

struct root_evidence {
	const char *subject;
	enum result result;
	enum severity severity;
	const char *observed; /* a part of it */
};

struct root_vector {
	const char *what;
	struct root_file files[12];
	const char *conf; /* NULL: none */
	enum result result;
	struct root_evidence evidence[6]; /* all of it, in any order */
	const char *summary;		  /* a part of it, or NULL */
};

static inline void root_vector_write(const struct test_root *t, const struct root_vector *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(v->files) && v->files[i].path; i++) {
		test_write(t, v->files[i].path, v->files[i].text ? v->files[i].text : "");
		if (v->files[i].text)
			continue;
		assert_int_equal(unlink(test_path(t, v->files[i].path)), 0);
		assert_int_equal(mkfifo(test_path(t, v->files[i].path), 0600), 0);
	}
}

/* All facts that the check needs. Whoever runs this test is root to it. 0 or -ENOMEM. */
static inline int root_collect(
	const struct test_root *t, const struct check *c, struct factset *facts, struct memo *memo)
{
	const struct collect col = {.root = &t->root, .facts = facts, .memo = memo};
	uint64_t mask = c->facts;

	for (int i = FACT_MAX - 1; i >= 0; i--) {
		if ((mask & FACT_BIT(i)) && collector_get((enum fact_id)i))
			mask |= collector_get((enum fact_id)i)->needs;
	}
	for (int i = 0; i < FACT_MAX; i++) {
		struct fact *f = NULL;
		if (!(mask & FACT_BIT(i)) || !collector_get((enum fact_id)i))
			continue;
		int r = fact_collect((enum fact_id)i, &col, &f);
		if (r < 0)
			return r;
		factset_put(facts, f);
		if (i == FACT_REPOS && f->u.repos) {
			struct repo_file *files = (struct repo_file *)f->u.repos->files;
			for (size_t k = 0; k < f->u.repos->n_files; k++)
				files[k].uid = files[k].gid = 0;
		}
	}
	return 0;
}

static inline void root_compare(const struct root_vector *v, const struct verdict *got)
{
	size_t n = 0;

	while (n < ARRAY_SIZE(v->evidence) && v->evidence[n].subject)
		n++;
	bool same = got->result == v->result && got->n_evidence == n &&
		    (!v->summary || (got->summary && strstr(got->summary, v->summary)));
	for (size_t i = 0; i < n && same; i++) {
		const struct root_evidence *w = &v->evidence[i];
		same = false;
		for (size_t k = 0; k < got->n_evidence && !same; k++) {
			const struct evidence *e = &got->evidence[k];
			same = strcmp(e->subject, w->subject) == 0 && e->result == w->result &&
			       (e->result != RESULT_FAIL || e->severity == w->severity) &&
			       strstr(e->observed ? e->observed : "", w->observed);
		}
	}
	if (same)
		return;
	print_error("%s: %s, \"%s\"\n", v->what, result_name(got->result), got->summary);
	for (size_t i = 0; i < got->n_evidence; i++) {
		const struct evidence *e = &got->evidence[i];
		print_error("  %s %s [%s] %s:%u \"%s\"\n", result_name(e->result),
			severity_name(e->severity), e->subject, e->path ? e->path : "", e->line,
			e->observed);
	}
	fail();
}

static inline struct policy *root_policy(const char *text)
{
	struct errlist errors = {0};
	struct policy *policy = NULL;

	if (!text)
		return policy_new_default();
	int r = conf_load_text("test.conf", text, strlen(text), &errors, &policy);
	if (r < 0)
		fail_msg("%s", errors.n ? errors.v[0].text : "no policy");
	errlist_fini(&errors);
	return policy;
}

static inline void root_judge(const char *check, const struct root_vector *v)
{
	const struct check *c = check_find(check);
	struct policy *policy = root_policy(v->conf);
	struct verdict *verdict = verdict_new();
	struct memo *memo = memo_new();
	struct factset facts = {0};
	struct test_root t;

	assert_non_null(c);
	test_root_init(&t);
	root_vector_write(&t, v);
	assert_int_equal(root_collect(&t, c, &facts, memo), 0);
	assert_int_equal(check_judge(c, &facts, policy, 0, verdict), 0);
	root_compare(v, verdict);
	factset_fini(&facts);
	memo_free(memo);
	verdict_free(verdict);
	policy_free(policy);
	test_root_fini(&t);
}
