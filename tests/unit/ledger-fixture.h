/* SPDX-License-Identifier: ISC */
/*
 * A ledger over a database of its own, with facts and verdicts made by hand,
 * and a catalogue of checks that stands in for the real one (the linker takes
 * these functions and leaves check.c out).
 */
#pragma once

#include "test.h"

#include "ledger/ledger.h"

#define F_OS	   FACT_BIT(FACT_OS)
#define F_ACCOUNTS FACT_BIT(FACT_ACCOUNTS)
#define F_PACKAGES FACT_BIT(FACT_PACKAGES)
#define F_COVERAGE FACT_BIT(FACT_COVERAGE)

enum {
	CHECK_PASSWORD,
	CHECK_STATED,
	CHECK_COVERAGE,
	CHECK_PACKAGES,
	CHECK_ROOT,
	N_CHECKS,
};

static const struct check fixture_checks[N_CHECKS] = {
	[CHECK_PASSWORD] = {.id = "account-password",
		.title = "No passwords",
		.facts = F_ACCOUNTS,
		.remedy = "lock it"},
	[CHECK_STATED] = {.id = "announcements", .title = "Somebody reads them", .remedy = "read"},
	[CHECK_COVERAGE] = {.id = "monitor-coverage",
		.title = "Nothing is missed",
		.facts = F_COVERAGE,
		.kind = CHECK_MONITOR,
		.remedy = "raise it"},
	[CHECK_PACKAGES] = {.id = "package-drift",
		.title = "Packages stay",
		.facts = F_PACKAGES,
		.kind = CHECK_DRIFT,
		.severity = SEV_MEDIUM},
	[CHECK_ROOT] = {.id = "ssh-root-login",
		.title = "Root stays out",
		.facts = F_OS | F_ACCOUNTS,
		.remedy = "set it to no"},
};

/* How many of them this version has: the others are of a later one. */
static size_t fixture_n_checks = N_CHECKS;

size_t check_count(void)
{
	return fixture_n_checks;
}

const struct check *check_at(size_t i)
{
	return &fixture_checks[i];
}

const struct check *check_find(const char *id)
{
	for (size_t i = 0; i < fixture_n_checks; i++) {
		if (strcmp(fixture_checks[i].id, id) == 0)
			return &fixture_checks[i];
	}
	return NULL;
}

size_t check_index(const struct check *c)
{
	return (size_t)(c - fixture_checks);
}

uint64_t check_triggers(const struct check *c)
{
	return c->facts ? c->facts : FACT_BIT(FACT_OS);
}

const char *check_remedy(const struct check *c, const struct factset *facts, enum result result)
{
	return result == RESULT_FAIL ? c->remedy : "let it be judged";
}

#define EPOCH "0123456789abcdef0123456789abcdef"
#define START UINT64_C(1763768154000000) /* 2025-11-21T23:35:54Z */

struct fixture {
	struct test_root root;
	char path[128];
	struct store *store;
	struct ledger *ledger;
	struct ledger_config config;
	struct judge judge;
	struct verdict *verdicts[N_CHECKS];
	uint64_t now_usec;   /* since START, and monotonic */
	uint64_t seen;	     /* the last event looked at */
	struct arena *arena; /* of events */
	struct event event;  /* the last one looked at */
};

static inline int fixture_open(struct fixture *f)
{
	int r = store_open(f->path, &f->store);

	return r < 0 ? r : ledger_new(f->store, EPOCH, &f->config, &f->ledger);
}

static inline void fixture_close(struct fixture *f)
{
	ledger_free(f->ledger);
	store_close(f->store);
	f->ledger = NULL;
	f->store = NULL;
}

static inline void fixture_reopen(struct fixture *f)
{
	fixture_close(f);
	assert_int_equal(fixture_open(f), 0);
}

static inline int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	test_root_init(&f->root);
	(void)snprintf(f->path, sizeof(f->path), "%s/state.db", f->root.dir);
	f->config = (struct ledger_config){5, 60 * USEC_PER_SEC, 30 * USEC_PER_SEC};
	f->judge.verdicts = f->verdicts;
	f->now_usec = USEC_PER_SEC;
	f->arena = arena_new();
	fixture_n_checks = N_CHECKS;
	assert_int_equal(fixture_open(f), 0);
	*state = f;
	return 0;
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	for (int i = 0; i < N_CHECKS; i++)
		verdict_free(f->verdicts[i]);
	factset_fini(&f->judge.facts);
	arena_free(f->arena);
	test_root_fini(&f->root);
	free(f);
	return 0;
}

/* The next field of a line of fields between '|', "" at its end; NULL for "-". */
static inline const char *fixture_field(struct arena *a, const char **p)
{
	size_t n = strcspn(*p, "|\n");
	char *s = arena_strndup(a, *p, n);

	*p += n + ((*p)[n] == '|');
	return strcmp(s, "-") == 0 ? NULL : s;
}

/* Puts a fact of lines "subject|value|path|line". */
static inline void fixture_fact(struct fixture *f, enum fact_id id, const char *items)
{
	struct fact *fact = fact_new(id);

	for (const char *p = items; *p; p += *p == '\n') {
		const char *subject = fixture_field(fact->arena, &p);
		const char *value = fixture_field(fact->arena, &p);
		const char *path = fixture_field(fact->arena, &p);
		const char *line = fixture_field(fact->arena, &p);
		fact_add_item(fact, subject, value, path && *path ? path : NULL,
			line ? (unsigned)atoi(line) : 0);
	}
	assert_int_equal(fact_seal(fact), 0);
	factset_put(&f->judge.facts, fact);
}

/* Puts a fact that could not be read. */
static inline void fixture_fact_fails(struct fixture *f, enum fact_id id, int r)
{
	struct fact *fact = fact_new(id);

	fact_fail(fact, r, "it is not to be read");
	assert_int_equal(fact_seal(fact), 0);
	factset_put(&f->judge.facts, fact);
}

/* Puts a verdict: a summary and failing evidence of lines "subject|observed|expected|path|line|item". */
static inline struct verdict *fixture_fail(
	struct fixture *f, int check, const char *summary, const char *evidence)
{
	struct verdict *v = verdict_new();

	for (const char *p = evidence; *p; p += *p == '\n') {
		struct evidence e = {.result = RESULT_FAIL, .severity = SEV_HIGH};
		e.subject = fixture_field(v->arena, &p);
		e.observed = fixture_field(v->arena, &p);
		e.expected = fixture_field(v->arena, &p);
		e.path = fixture_field(v->arena, &p);
		const char *line = fixture_field(v->arena, &p);
		e.line = line ? (unsigned)atoi(line) : 0;
		e.item = fixture_field(v->arena, &p);
		if (e.path && !*e.path)
			e.path = NULL;
		if (e.item && !*e.item)
			e.item = NULL;
		if (e.expected && !*e.expected)
			e.expected = NULL;
		verdict_add(v, &e);
	}
	verdict_summary(v, "%s", summary);
	verdict_free(f->verdicts[check]);
	return f->verdicts[check] = v;
}

/* Puts a verdict without evidence. */
static inline struct verdict *fixture_set(
	struct fixture *f, int check, enum result result, const char *summary)
{
	struct verdict *v = verdict_new();

	verdict_set(v, result, "%s", summary);
	v->severity = SEV_HIGH;
	verdict_free(f->verdicts[check]);
	return f->verdicts[check] = v;
}

static inline int fixture_enter(struct fixture *f, uint64_t mask)
{
	return ledger_enter(f->ledger, &f->judge, mask, START + f->now_usec, f->now_usec);
}

/* The next event not looked at yet, checked to go on from the one before: its message or NULL. */
static inline const char *fixture_next(struct fixture *f)
{
	struct outbox_row row = {0};

	int r = store_next(f->store, "test", f->seen, &row);
	assert_true(r >= 0);
	if (r == 0)
		return NULL;
	assert_int_equal(row.seq, f->seen + 1);
	f->seen = row.seq;
	assert_int_equal(event_decode(f->arena, row.json, &f->event), 0);
	assert_int_equal(f->event.seq, row.seq);
	outbox_row_fini(&row);
	return f->event.message;
}

/* Enters the mask a second later; there must be these messages (NULL at the end) and no other. */
#define fixture_expect(f, mask, ...)                                        \
	do {                                                                \
		static const char *const want[] = {__VA_ARGS__};            \
		(f)->now_usec += USEC_PER_SEC;                              \
		int count = fixture_enter(f, mask);                         \
		for (const char *const *next = want; *next; next++) {       \
			const char *got = fixture_next(f);                  \
			assert_string_equal(got ? got : "no event", *next); \
		}                                                           \
		const char *more = fixture_next(f);                         \
		assert_string_equal(more ? more : "no event", "no event");  \
		assert_int_equal(count, ARRAY_SIZE(want) - 1);              \
	} while (0)

#define ALICE "account alice|uid=1001 shell=/bin/sh|/etc/passwd|31\n"
#define BOB   "account bob|uid=1002 shell=/bin/sh|/etc/passwd|32\n"
#define NO    "PermitRootLogin|no|/etc/ssh/sshd_config|33\n"

/* A machine on which all is well, and its baseline. */
static inline void fixture_begin(struct fixture *f)
{
	fixture_fact(f, FACT_OS, NO);
	fixture_fact(f, FACT_ACCOUNTS, ALICE BOB);
	fixture_fact(f, FACT_PACKAGES, "package curl|7.88.1\npackage foo|1.2\n");
	fixture_set(f, CHECK_ROOT, RESULT_PASS, "root cannot log in");
	fixture_set(f, CHECK_PASSWORD, RESULT_PASS, "nobody has a password");
	fixture_expect(f, FACT_ALL, NULL);
}
