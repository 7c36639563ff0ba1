/* SPDX-License-Identifier: ISC */
/* [attestation CHECK-ID]: what somebody states about what no program here can see. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "check/check.h"
#include "conf/draft.h"
#include "conf/schema.h"

/* In the order of schema_attestation. */
enum { A_STATEMENT, A_OWNER, A_STATED, A_UNTIL, A_KEYS };
static_assert(A_KEYS <= DRAFT_KEYS_MAX, "room for each key");

static const char *const demands[] = {
	[A_STATEMENT] = "what is so",
	[A_OWNER] = "who states it",
	[A_STATED] = "the day on which it was stated, as YYYY-MM-DD",
	[A_UNTIL] = "the last day on which it holds, as YYYY-MM-DD",
};
static_assert(ARRAY_SIZE(demands) == A_KEYS, "one for each key");

static void check(const struct draft *d, struct errlist *errors)
{
	const struct check *c = check_find(d->name);
	uint64_t stated = d->values[A_STATED].u, until = d->values[A_UNTIL].u;

	if (!c)
		draft_unknown_check(d, d->line, d->name, errors);
	else if (!c->attestation)
		errlist_add(errors, d->path, d->line,
			"[attestation %s]: this check is judged, not attested; an exception is a "
			"[waiver NAME]",
			d->name);
	if (until > 0 && until < stated)
		errlist_add(errors, d->path, d->lines[A_UNTIL],
			"[attestation %s] until: lies before the day on which it was stated",
			d->name);
}

/* The place of the attestation: that of its namesake, or a new one. NULL on ENOMEM. */
static struct attestation *place(struct policy *p, const char *check)
{
	for (size_t i = 0; i < p->n_attestations; i++) {
		if (strcmp(p->attestations[i].check, check) == 0)
			return &p->attestations[i];
	}
	struct attestation *mine = arena_grow(
		p->arena, &p->attestations, p->n_attestations, sizeof(*mine));
	if (mine)
		p->n_attestations++;
	return mine;
}

static int keep(const struct draft *d, struct policy *p)
{
	struct arena *a = p->arena;
	const struct attestation mine = {
		.check = check_find(d->name)->id,
		.statement = arena_strdup(a, d->values[A_STATEMENT].s),
		.owner = arena_strdup(a, d->values[A_OWNER].s),
		.stated_realtime_usec = d->values[A_STATED].u + 1 - USEC_PER_DAY,
		.until_realtime_usec = d->values[A_UNTIL].u,
		.path = arena_strdup(a, d->path),
		.line = d->line,
	};

	struct attestation *to = arena_failed(a) ? NULL : place(p, mine.check);
	if (!to)
		return -ENOMEM;
	*to = mine;
	return 0;
}

const struct draft_kind draft_attestation = {
	.word = "attestation",
	.example = "announcements",
	.schema = schema_attestation,
	.demands = demands,
	.check = check,
	.keep = keep,
};
