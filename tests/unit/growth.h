/* SPDX-License-Identifier: ISC */
/*
 * Whether the work of a reader grows with its text or faster. Measured is the
 * processor's time of one text and of one eight times as long, each the least of
 * several runs, so that it says nothing about how fast or busy the machine is.
 */
#pragma once

#include <time.h>

#include "test.h"

enum {
	GROWTH_SMALL = 32 * 1024,
	GROWTH_FACTOR = 8,
	/* Linear is 8, square 64. */
	GROWTH_MAX = 24,
};

/* What somebody may write: begin, then piece until it is long enough. */
struct growth_text {
	const char *begin, *piece;
};

static inline char *growth_fill(const struct growth_text *t, size_t n)
{
	size_t begin = strlen(t->begin), piece = strlen(t->piece);
	char *text = malloc(n + 1);

	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		text[i] = i < begin ? t->begin[i] : t->piece[(i - begin) % piece];
	text[n] = '\0';
	return text;
}

static inline double growth_cost(
	void (*read)(const char *text, size_t n), const char *text, size_t n)
{
	double best = 0;

	for (int run = 0; run < 5; run++) {
		struct timespec a, b;
		assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a), 0);
		read(text, n);
		assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b), 0);
		double cost = (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
		best = run == 0 || cost < best ? cost : best;
	}
	return best;
}

/* Fails when a text of eight times the size costs more than three times eight. */
static inline void assert_linear(
	void (*read)(const char *text, size_t n), const struct growth_text *t)
{
	const size_t large = (size_t)GROWTH_SMALL * GROWTH_FACTOR;
	char *text = growth_fill(t, large);
	double one = growth_cost(read, text, GROWTH_SMALL), many = growth_cost(read, text, large);

	free(text);
	/* Beneath this the clock's grain and the caches are what is measured. */
	if (many > 3e6 && many > one * GROWTH_MAX)
		fail_msg("'%s' and '%s' again and again: %.0f ns, eight times as much %.0f ns",
			t->begin, t->piece, one, many);
}
