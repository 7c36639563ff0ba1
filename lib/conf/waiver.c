/* SPDX-License-Identifier: ISC */
/* [waiver NAME]: a finding that is known and accepted for a while. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "check/check.h"
#include "conf/draft.h"
#include "conf/schema.h"

/* In the order of schema_waiver. */
enum { W_CHECK, W_SUBJECT, W_REASON, W_OWNER, W_UNTIL, W_KEYS };
static_assert(W_KEYS <= DRAFT_KEYS_MAX, "room for each key");

static const char *const demands[] = {
	[W_CHECK] = "which check is waived",
	[W_SUBJECT] = "what is excepted, * for all",
	[W_REASON] = "why",
	[W_OWNER] = "who answers for it",
	[W_UNTIL] = "the last day on which it holds, as YYYY-MM-DD",
};
static_assert(ARRAY_SIZE(demands) == W_KEYS, "one for each key");

static void check(const struct draft *d, struct errlist *errors)
{
	const char *id = d->values[W_CHECK].s;

	if (*id && !check_find(id))
		draft_unknown_check(d, d->lines[W_CHECK], id, errors);
}

/* The place of the waiver: that of its namesake, or a new one. NULL on ENOMEM. */
static struct waiver *place(struct policy *p, const char *name)
{
	for (size_t i = 0; i < p->n_waivers; i++) {
		if (strcmp(p->waivers[i].name, name) == 0)
			return &p->waivers[i];
	}
	struct waiver *w = arena_grow(p->arena, &p->waivers, p->n_waivers, sizeof(*w));
	if (w)
		p->n_waivers++;
	return w;
}

static int keep(const struct draft *d, struct policy *p)
{
	struct arena *a = p->arena;
	const struct waiver mine = {
		.name = text_clean(a, d->name),
		.check = text_clean(a, d->values[W_CHECK].s),
		.subject = arena_strdup(a, d->values[W_SUBJECT].s),
		.reason = text_clean(a, d->values[W_REASON].s),
		.owner = text_clean(a, d->values[W_OWNER].s),
		.until_realtime_usec = d->values[W_UNTIL].u,
		.path = text_clean(a, d->path),
		.line = d->line,
	};

	struct waiver *w = arena_failed(a) ? NULL : place(p, mine.name);
	if (!w)
		return -ENOMEM;
	*w = mine;
	return 0;
}

const struct draft_kind draft_waiver = {
	.word = "waiver",
	.example = "backup-account",
	.schema = schema_waiver,
	.demands = demands,
	.check = check,
	.keep = keep,
};
