/* SPDX-License-Identifier: ISC */
/* Attestations: from the configuration to the verdict of each check that is one. */
#include "test.h"

#include "alloc-fail.h"
#include "check/attest.h"
#include "conf/conf.h"

/* 2026-11-21T12:00:00Z */
#define NOON (UINT64_C(1795262400) * USEC_PER_SEC)
#define DAY  USEC_PER_DAY

static struct policy *load(const char *text)
{
	struct errlist errors = {0};
	struct policy *p = NULL;

	int r = conf_load_text("t.conf", text, strlen(text), &errors, &p);
	if (r < 0)
		fail_msg("%s", errors.n > 0 ? errors.v[0].text : "out of memory");
	errlist_fini(&errors);
	return p;
}

static struct verdict *judge(const char *id, const struct policy *policy, uint64_t now)
{
	static const struct factset no_facts;
	struct verdict *v = verdict_new();

	assert_non_null(check_find(id));
	assert_int_equal(check_judge(check_find(id), &no_facts, policy, now, v), 0);
	return v;
}

/* Each check that is nothing but its attestation, on each side of its two dates. */
static void test_each_attestation(void **state)
{
	static const struct {
		int64_t at; /* days from noon of the 21st */
		enum result result;
		int64_t until; /* when the verdict may be another, in days from midnight; 0: never
				*/
	} vectors[] = {
		{-40, RESULT_NOTCHECKED, -20},
		{-20, RESULT_PASS, 10},
		{9, RESULT_PASS, 10},
		{10, RESULT_FAIL, 0},
		{4000, RESULT_FAIL, 0},
	};
	char text[512];
	size_t n = 0;

	for (size_t i = 0; i < check_count(); i++) {
		const struct check *c = check_at(i);
		if (c->evaluate != attest_evaluate)
			continue;
		(void)snprintf(text, sizeof(text),
			"[attestation %s]\nstatement = all is well\nowner = alice\n"
			"stated = 2026-11-01\nuntil = 2026-11-30\n",
			c->id);
		struct policy *p = load(text);
		for (size_t k = 0; k < ARRAY_SIZE(vectors); k++) {
			struct verdict *v = judge(
				c->id, p, NOON + (uint64_t)(vectors[k].at * (int64_t)DAY));
			assert_int_equal(v->result, vectors[k].result);
			assert_int_equal(v->until_realtime_usec,
				vectors[k].until
					? NOON - DAY / 2 +
						  (uint64_t)(vectors[k].until * (int64_t)DAY)
					: USEC_INFINITY);
			if (v->result == RESULT_FAIL)
				assert_int_equal(v->severity, c->severity);
			verdict_free(v);
		}
		policy_free(p);
		p = load("");
		struct verdict *v = judge(c->id, p, NOON);
		assert_int_equal(v->result, RESULT_NOTCHECKED);
		assert_non_null(strstr(v->summary, c->id));
		verdict_free(v);
		policy_free(p);
		n++;
	}
	assert_true(n >= 7);
}

static void test_texts(void **state)
{
	struct policy *p = load(
		"\n[attestation announcements]\nstatement = ops@ \xff reads it,\n"
		"  daily\nowner = alice\nstated = 2026-11-01\nuntil = 2026-11-21\n");
	struct verdict *v = judge("announcements", p, NOON);
	const struct attestation *a = policy_attestation(p, "announcements");

	assert_ptr_equal(policy_attestation_at(p, 0), a);
	assert_null(policy_attestation_at(p, 1));
	assert_null(policy_attestation(p, "cloud-mfa"));
	assert_int_equal(a->line, 2);
	assert_string_equal(
		v->summary, "alice states until 2026-11-21: ops@ \\xff reads it, daily");
	assert_int_equal(v->n_evidence, 1);
	assert_string_equal(v->evidence[0].subject, "attestation announcements");
	assert_string_equal(v->evidence[0].path, "t.conf");
	assert_int_equal(v->evidence[0].line, 2);
	verdict_free(v);
	v = judge("announcements", p, NOON + DAY / 2);
	assert_string_equal(v->evidence[0].observed, "stated by alice on 2026-11-01, lapsed after "
						     "2026-11-21: ops@ \\xff reads it, daily");
	assert_string_equal(v->evidence[0].expected, "stated anew");
	assert_string_equal(v->summary, "what alice stated has lapsed and was not stated anew");
	verdict_free(v);
	policy_free(p);
}

#define WINDOW "[policy]\nupdate_mode = window\n"
#define STATED                                                                               \
	"[attestation update-window]\nstatement = Mondays\nowner = o\nstated = 2026-11-01\n" \
	"until = 2026-11-30\n"

static void test_update_window(void **state)
{
	static const struct {
		const char *conf;
		uint64_t now;
		enum result result;
	} vectors[] = {
		{"", NOON, RESULT_NOTAPPLICABLE},
		{STATED, NOON, RESULT_NOTAPPLICABLE},
		{WINDOW, NOON, RESULT_FAIL},
		{WINDOW STATED, NOON, RESULT_PASS},
		{WINDOW STATED, NOON + 10 * DAY, RESULT_FAIL},
		{WINDOW STATED, NOON - 40 * DAY, RESULT_FAIL},
		{WINDOW STATED "[waiver w]\ncheck = update-window\nreason = r\nowner = o\n"
			       "until = 2030-01-01\n",
			NOON + 10 * DAY, RESULT_FAIL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct policy *p = load(vectors[i].conf);
		struct verdict *v = judge("update-window", p, vectors[i].now);
		assert_int_equal(v->result, vectors[i].result);
		assert_int_equal(v->waiver != NULL, i == ARRAY_SIZE(vectors) - 1);
		verdict_free(v);
		policy_free(p);
	}
}

/* A check that judges something itself, and takes an attestation for the rest. */
static void test_beside_other_evidence(void **state)
{
	const struct check c = {.id = "announcements", .severity = SEV_LOW};
	struct policy *p = load("[attestation announcements]\nstatement = s\nowner = o\n"
				"stated = 2026-11-01\nuntil = 2026-11-30\n");
	struct verdict *v = verdict_new();

	verdict_add(v, &(struct evidence){.result = RESULT_UNKNOWN, .subject = "x"});
	assert_int_equal(attest_add(&c, p, SEV_HIGH, NOON, v), ATTEST_CURRENT);
	assert_int_equal(v->result, RESULT_UNKNOWN);
	assert_int_equal(attest_add(&c, p, SEV_HIGH, NOON + 10 * DAY, v), ATTEST_LAPSED);
	assert_int_equal(v->result, RESULT_FAIL);
	assert_int_equal(v->severity, SEV_HIGH);
	assert_int_equal(v->n_evidence, 3);
	policy_free(p);
	p = load("");
	assert_int_equal(attest_add(&c, p, SEV_HIGH, NOON, v), ATTEST_ABSENT);
	assert_null(attest_words(&c, p, v));
	assert_int_equal(v->n_evidence, 3);
	policy_free(p);
	verdict_free(v);
}

static void test_out_of_memory(void **state)
{
	static const struct factset no_facts;
	struct policy *p = load(WINDOW STATED);
	const struct check *c = check_find("update-window");

	for (alloc_fail_at = 1;; alloc_fail_at++) {
		alloc_count = 0;
		struct verdict *v = verdict_new();
		int r = v ? check_judge(c, &no_facts, p, NOON, v) : -ENOMEM;
		bool done = alloc_count < alloc_fail_at;
		assert_int_equal(r, done ? 0 : -ENOMEM);
		verdict_free(v);
		if (done)
			break;
	}
	assert_true(alloc_fail_at > 2);
	alloc_fail_at = 0;
	policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_attestation),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_update_window),
		cmocka_unit_test(test_beside_other_evidence),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
