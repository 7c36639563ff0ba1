/* SPDX-License-Identifier: ISC */
#include "fact/version.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/util.h"

/* The character classes of ASCII: what ctype.h says would depend on the locale. */
static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A part of a version: not terminated, so that nothing is copied. */
struct span {
	const char *p, *end;
};

static struct span span_of(const char *p, const char *end)
{
	return (struct span){p, end};
}

/*
 * Two runs of digits of any length as numbers; both spans move behind them.
 * Without strtoul: a version may be 400 digits long, and must still compare.
 */
static int compare_digits(struct span *a, struct span *b)
{
	int first = 0;

	while (a->p < a->end && *a->p == '0')
		a->p++;
	while (b->p < b->end && *b->p == '0')
		b->p++;
	for (;; a->p++, b->p++) {
		bool more_a = a->p < a->end && is_digit(*a->p);
		bool more_b = b->p < b->end && is_digit(*b->p);
		if (!more_a || !more_b)
			return more_a ? 1 : more_b ? -1 : first;
		if (first == 0)
			first = (*a->p > *b->p) - (*a->p < *b->p);
	}
}

/* Where a character sorts: "~" before the end, the end before letters, letters before the rest. */
static int dpkg_order(const struct span *s)
{
	if (s->p >= s->end || is_digit(*s->p))
		return 0;
	if (is_alpha(*s->p))
		return *s->p;
	return *s->p == '~' ? -1 : (unsigned char)*s->p + 256;
}

static int dpkg_part(struct span a, struct span b)
{
	while (a.p < a.end || b.p < b.end) {
		while ((a.p < a.end && !is_digit(*a.p)) || (b.p < b.end && !is_digit(*b.p))) {
			int r = dpkg_order(&a) - dpkg_order(&b);
			if (r != 0)
				return r;
			a.p++;
			b.p++;
		}
		int r = compare_digits(&a, &b);
		if (r != 0)
			return r;
	}
	return 0;
}

struct dpkg_version {
	struct span epoch, upstream, revision;
};

static struct dpkg_version dpkg_split(const char *s)
{
	const char *end = s + strlen(s), *colon = strchr(s, ':');
	const char *upstream = colon ? colon + 1 : s;
	const char *dash = memrchr(upstream, '-', (size_t)(end - upstream));

	return (struct dpkg_version){
		.epoch = span_of(s, colon ? colon : s),
		.upstream = span_of(upstream, dash ? dash : end),
		.revision = span_of(dash ? dash + 1 : end, end),
	};
}

int version_compare_dpkg(const char *a, const char *b)
{
	struct dpkg_version x = dpkg_split(a), y = dpkg_split(b);
	int r = compare_digits(&x.epoch, &y.epoch);

	if (r == 0)
		r = dpkg_part(x.upstream, y.upstream);
	if (r == 0)
		r = dpkg_part(x.revision, y.revision);
	return r;
}

static bool at(const struct span *s, char c)
{
	return s->p < s->end && *s->p == c;
}

/*
 * The separators "~" (before everything, the end too) and "^" (after the end,
 * before everything else). 2: neither stands here; 0: both had the same, go on.
 */
static int rpm_special(struct span *a, struct span *b)
{
	bool tilde_a = at(a, '~'), tilde_b = at(b, '~');
	bool caret_a = at(a, '^'), caret_b = at(b, '^');

	if (tilde_a != tilde_b)
		return tilde_a ? -1 : 1;
	if (!tilde_a && !caret_a && !caret_b)
		return 2;
	if (!tilde_a && caret_a != caret_b) {
		const struct span *other = caret_a ? b : a;
		/* More text beats "^", its end does not. */
		bool caret_wins = other->p >= other->end;
		return caret_a == caret_wins ? 1 : -1;
	}
	a->p++;
	b->p++;
	return 0;
}

static struct span rpm_alpha(struct span *s)
{
	const char *start = s->p;

	while (s->p < s->end && is_alpha(*s->p))
		s->p++;
	return span_of(start, s->p);
}

static int rpm_compare_alpha(struct span *a, struct span *b)
{
	struct span x = rpm_alpha(a), y = rpm_alpha(b);
	size_t nx = (size_t)(x.end - x.p), ny = (size_t)(y.end - y.p);
	int r = memcmp(x.p, y.p, MIN(nx, ny));

	if (r == 0)
		r = (nx > ny) - (nx < ny);
	return (r > 0) - (r < 0);
}

static void rpm_skip(struct span *s)
{
	while (s->p < s->end && !is_digit(*s->p) && !is_alpha(*s->p) && *s->p != '~' &&
		*s->p != '^')
		s->p++;
}

static int rpm_part(struct span a, struct span b)
{
	while (a.p < a.end || b.p < b.end) {
		rpm_skip(&a);
		rpm_skip(&b);
		int r = rpm_special(&a, &b);
		if (r == 0)
			continue;
		if (r != 2)
			return r;
		if (a.p >= a.end || b.p >= b.end)
			break;
		/* A number is newer than a word. */
		if (is_digit(*a.p) != is_digit(*b.p))
			return is_digit(*a.p) ? 1 : -1;
		r = is_digit(*a.p) ? compare_digits(&a, &b) : rpm_compare_alpha(&a, &b);
		if (r != 0)
			return r;
	}
	return (a.p < a.end) - (b.p < b.end);
}

int version_compare_segments(const char *a, const char *b)
{
	return rpm_part(span_of(a, a + strlen(a)), span_of(b, b + strlen(b)));
}

struct rpm_version {
	struct span epoch, version, release;
};

static struct rpm_version rpm_split(const char *s)
{
	const char *end = s + strlen(s), *p = s;

	while (is_digit(*p))
		p++;
	/* Only digits before the colon are an epoch. */
	const char *version = *p == ':' ? p + 1 : s;
	const char *dash = memrchr(version, '-', (size_t)(end - version));
	return (struct rpm_version){
		.epoch = span_of(s, *p == ':' ? p : s),
		.version = span_of(version, dash ? dash : end),
		.release = span_of(dash ? dash + 1 : end, end),
	};
}

int version_compare_rpm(const char *a, const char *b)
{
	struct rpm_version x = rpm_split(a), y = rpm_split(b);
	int r = compare_digits(&x.epoch, &y.epoch);

	if (r == 0)
		r = rpm_part(x.version, y.version);
	if (r == 0)
		r = rpm_part(x.release, y.release);
	return r;
}
