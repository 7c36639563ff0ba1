/* SPDX-License-Identifier: ISC */
/*
 * Reading again what failed for a reason that may pass by itself (a write
 * lease, a child that was killed or took too long), which no event tells of: a
 * few times, further and further apart, then not before the next event. Pure:
 * time comes by argument (monotonic µs).
 */
#pragma once

#include "check/judge.h"

#define RETRY_FIRST_USEC (2 * USEC_PER_SEC) /* then four times as long each time */

enum {
	RETRY_TRIES = 5,
};

struct retry {
	struct {
		unsigned tries;
		uint64_t due_usec; /* 0: none is planned */
	} v[FACT_MAX];
};

/* Of the facts in mask, those that failed so, or that a check failed with. */
uint64_t retry_failing(const struct judge *j, uint64_t mask);

/* The facts in mask were read now; those in failing too failed. */
void retry_note(struct retry *r, uint64_t mask, uint64_t failing, uint64_t now_usec);

/* The facts to be read again now, each once; *ret_next_usec is when the next is due. */
uint64_t retry_take(struct retry *r, uint64_t now_usec, uint64_t *ret_next_usec);
