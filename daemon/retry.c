/* SPDX-License-Identifier: ISC */
#include "daemon/retry.h"

uint64_t retry_failing(const struct judge *j, uint64_t mask)
{
	uint64_t failing = 0;

	for (int i = 0; i < FACT_MAX; i++) {
		const struct fact *f = factset_get(&j->facts, (enum fact_id)i);
		if (f && (f->state == FACT_STATE_TIMEOUT || f->state == FACT_STATE_ERROR))
			failing |= FACT_BIT(i);
	}
	/* A part of a fact that could not be read shows in what its checks say. */
	for (size_t i = 0; i < check_count(); i++) {
		if (j->verdicts[i] && j->verdicts[i]->result == RESULT_ERROR)
			failing |= check_at(i)->facts;
	}
	return failing & mask;
}

void retry_note(struct retry *r, uint64_t mask, uint64_t failing, uint64_t now_usec)
{
	for (int i = 0; i < FACT_MAX; i++) {
		if (!(mask & FACT_BIT(i)))
			continue;
		r->v[i].due_usec = 0;
		if (!(failing & FACT_BIT(i)))
			r->v[i].tries = 0;
		else if (r->v[i].tries < RETRY_TRIES)
			r->v[i].due_usec = now_usec + (RETRY_FIRST_USEC << (2 * r->v[i].tries++));
	}
}

uint64_t retry_take(struct retry *r, uint64_t now_usec, uint64_t *ret_next_usec)
{
	uint64_t mask = 0, next = USEC_INFINITY;

	for (int i = 0; i < FACT_MAX; i++) {
		if (r->v[i].due_usec == 0)
			continue;
		if (r->v[i].due_usec > now_usec) {
			next = MIN(next, r->v[i].due_usec);
			continue;
		}
		r->v[i].due_usec = 0;
		mask |= FACT_BIT(i);
	}
	*ret_next_usec = next;
	return mask;
}
