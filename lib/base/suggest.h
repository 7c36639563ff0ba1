/* SPDX-License-Identifier: ISC */
/*
 * "Did you mean": the known word nearest to one that was mistyped.
 *
 *     struct suggest s = {.word = "sacn"};
 *     for each known word: suggest_offer(&s, known);
 *     if (s.best) ... "did you mean \"%s\"?"
 */
#pragma once

#include <stddef.h>

struct suggest {
	const char *word;
	const char *best; /* NULL while nothing is near enough */
	size_t distance;  /* of best: insertions, deletions, changes, swaps of neighbours */
};

/* Takes candidate as best if it is nearer than any before (the first of equals stays). */
void suggest_offer(struct suggest *s, const char *candidate);
