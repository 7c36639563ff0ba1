/* SPDX-License-Identifier: ISC */
#include "base/suggest.h"

#include <string.h>

#include "base/util.h"

enum {
	WORD_MAX = 64, /* longer words are never near */
};

/* Optimal string alignment: Levenshtein's distance with swaps of neighbours. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= m; j++)
		last[j] = j;
	for (size_t i = 1; i <= n; i++) {
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t change = last[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = MIN(change, MIN(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], before[j - 2] + 1);
		}
		size_t *oldest = before;
		before = last;
		last = row;
		row = oldest;
	}
	return last[m];
}

void suggest_offer(struct suggest *s, const char *candidate)
{
	size_t n = strlen(s->word), m = strlen(candidate);

	if (n > WORD_MAX || m > WORD_MAX)
		return;
	size_t d = distance(s->word, n, candidate, m);
	/* A third of the letters wrong is still a slip, more is another word. */
	if (d > 1 + MAX(n, m) / 4 || d >= MAX(n, m) || (s->best && d >= s->distance))
		return;
	s->best = candidate;
	s->distance = d;
}
