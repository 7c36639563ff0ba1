/* SPDX-License-Identifier: ISC */
#include "filter/addrs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void addrs_fini(struct addrs *a)
{
	if (a->room > 0)
		free(a->v);
	*a = (struct addrs){0};
}

struct span addrs_all(int family)
{
	return (struct span){.hi = family == AF_INET ? UINT32_MAX : ~(u128)0};
}

static unsigned width(int family)
{
	return family == AF_INET ? 32 : 128;
}

u128 addrs_number(int family, const void *addr)
{
	const unsigned char *p = addr;
	u128 n = 0;

	for (unsigned i = 0; i < width(family) / 8; i++)
		n = n << 8 | p[i];
	return n;
}

void addrs_bytes(int family, u128 number, void *ret_addr)
{
	unsigned char *p = ret_addr;

	for (unsigned i = width(family) / 8; i-- > 0; number >>= 8)
		p[i] = (unsigned char)number;
}

struct span addrs_net(const struct net *net)
{
	u128 lo = addrs_number(net->family, net->addr);
	u128 host = net->bits == 0 ? addrs_all(net->family).hi
				   : ((u128)1 << (width(net->family) - net->bits)) - 1;

	return (struct span){.lo = lo, .hi = lo | host};
}

static int by_lo(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->lo < y->lo ? -1 : x->lo > y->lo;
}

/* Whether b, which does not begin before a, leaves no gap behind it. */
static bool touches(struct span a, struct span b)
{
	return b.lo <= a.hi || b.lo - a.hi == 1;
}

size_t addrs_normalize(struct span *v, size_t n)
{
	size_t out = 0;

	if (n > 1)
		qsort(v, n, sizeof(*v), by_lo);
	for (size_t i = 0; i < n; i++) {
		if (out > 0 && touches(v[out - 1], v[i]))
			v[out - 1].hi = MAX(v[out - 1].hi, v[i].hi);
		else
			v[out++] = v[i];
	}
	return out;
}

/* The first span that ends at or behind x; a->n when none does. */
static size_t find(const struct addrs *a, u128 x)
{
	size_t lo = 0, hi = a->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (a->v[mid].hi < x)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Makes it the owner's own, with room for n spans. */
static int reserve(struct addrs *a, size_t n)
{
	if (a->room >= n && a->room > 0)
		return 0;
	size_t room = MAX(n, a->room * 2);
	room = MAX(room, (size_t)4);
	struct span *v = reallocarray(a->room > 0 ? a->v : NULL, room, sizeof(*v));
	if (!v)
		return -ENOMEM;
	if (a->room == 0 && a->n > 0)
		memcpy(v, a->v, a->n * sizeof(*v));
	a->v = v;
	a->room = room;
	return 0;
}

int addrs_copy(struct addrs *a, const struct addrs *from)
{
	struct addrs copy = {.v = from->v, .n = from->n};
	int r = reserve(&copy, from->n);

	if (r < 0)
		return r;
	*a = copy;
	return 0;
}

/* Puts the n spans of v in place of those from first up to (without) end. There must be room. */
static void replace(struct addrs *a, size_t first, size_t end, const struct span *v, size_t n)
{
	memmove(a->v + first + n, a->v + end, (a->n - end) * sizeof(*v));
	if (n > 0)
		memcpy(a->v + first, v, n * sizeof(*v));
	a->n = a->n - (end - first) + n;
}

int addrs_keep(struct arena *arena, const struct addrs *from, struct addrs *ret)
{
	struct span *v = arena_alloc(arena, from->n * sizeof(*v));

	if (!v)
		return -ENOMEM;
	if (from->n > 0)
		memcpy(v, from->v, from->n * sizeof(*v));
	*ret = (struct addrs){.v = v, .n = from->n};
	return 0;
}

int addrs_add(struct addrs *a, struct span s)
{
	int r = reserve(a, a->n + 1);

	if (r < 0)
		return r;
	size_t first = find(a, s.lo > 0 ? s.lo - 1 : 0), end = first;
	while (end < a->n && (a->v[end].lo <= s.hi || a->v[end].lo - s.hi == 1)) {
		s.lo = MIN(s.lo, a->v[end].lo);
		s.hi = MAX(s.hi, a->v[end].hi);
		end++;
	}
	replace(a, first, end, &s, 1);
	return 0;
}

/* Takes one span out; there must be room for one more. */
static void remove_span(struct addrs *a, struct span s)
{
	size_t first = find(a, s.lo), end = first, n = 0;
	struct span left[2];

	if (first < a->n && a->v[first].lo < s.lo)
		left[n++] = (struct span){.lo = a->v[first].lo, .hi = s.lo - 1};
	for (; end < a->n && a->v[end].lo <= s.hi; end++) {
		if (a->v[end].hi > s.hi)
			left[n++] = (struct span){.lo = s.hi + 1, .hi = a->v[end].hi};
	}
	if (end > first)
		replace(a, first, end, left, n);
}

/* Whether b is so short beside a that moving parts of a costs less than writing it anew. */
static bool is_few(const struct addrs *a, const struct addrs *b)
{
	return b->n <= 1 || (b->n <= 4 && a->n > 64);
}

static int append(struct addrs *a, struct span s)
{
	if (a->n == a->room) {
		int r = reserve(a, a->n + 1);
		if (r < 0)
			return r;
	}
	a->v[a->n++] = s;
	return 0;
}

static int merge_union(struct addrs *out, const struct addrs *a, const struct addrs *b)
{
	int r = reserve(out, a->n + b->n);

	for (size_t i = 0, j = 0; r == 0 && (i < a->n || j < b->n);) {
		bool first = j >= b->n || (i < a->n && a->v[i].lo <= b->v[j].lo);
		struct span s = first ? a->v[i++] : b->v[j++];
		struct span *last = out->n > 0 ? &out->v[out->n - 1] : NULL;
		if (last && touches(*last, s))
			last->hi = MAX(last->hi, s.hi);
		else
			r = append(out, s);
	}
	return r;
}

/* out := a and b. Skips by halving through the longer one. */
static int merge_intersect(struct addrs *out, const struct addrs *a, const struct addrs *b)
{
	int r = 0;

	if (a->n == 0 || b->n == 0)
		return 0;
	size_t i = find(a, b->v[0].lo), j = find(b, a->v[0].lo);
	while (r == 0 && i < a->n && j < b->n) {
		struct span s = {
			.lo = MAX(a->v[i].lo, b->v[j].lo), .hi = MIN(a->v[i].hi, b->v[j].hi)};
		if (s.lo <= s.hi)
			r = append(out, s);
		if (a->v[i].hi < b->v[j].hi)
			i++;
		else
			j++;
	}
	return r;
}

/* out := a without b. */
static int merge_subtract(struct addrs *out, const struct addrs *a, const struct addrs *b)
{
	size_t j = a->n > 0 ? find(b, a->v[0].lo) : 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->n; i++) {
		struct span s = a->v[i];
		bool left = true;
		while (j < b->n && b->v[j].hi < s.lo)
			j++;
		for (size_t k = j; r == 0 && left && k < b->n && b->v[k].lo <= s.hi; k++) {
			if (b->v[k].lo > s.lo)
				r = append(out, (struct span){.lo = s.lo, .hi = b->v[k].lo - 1});
			left = b->v[k].hi < s.hi;
			if (left)
				s.lo = b->v[k].hi + 1;
			j = left ? k + 1 : k;
		}
		if (r == 0 && left)
			r = append(out, s);
	}
	return r;
}

typedef int merge_fn(struct addrs *out, const struct addrs *a, const struct addrs *b);

/* *a := what merge makes of both. */
static int rewrite(struct addrs *a, const struct addrs *b, merge_fn *merge)
{
	_cleanup_addrs_ struct addrs out = {0};
	int r = merge(&out, a, b);

	if (r < 0)
		return r;
	addrs_fini(a);
	*a = out;
	out = (struct addrs){0};
	return 0;
}

int addrs_union(struct addrs *a, const struct addrs *b)
{
	if (!is_few(a, b) || b->n == 0)
		return b->n == 0 ? 0 : rewrite(a, b, merge_union);
	int r = reserve(a, a->n + b->n);
	for (size_t i = 0; r == 0 && i < b->n; i++)
		r = addrs_add(a, b->v[i]);
	return r;
}

int addrs_intersect(struct addrs *a, const struct addrs *b)
{
	return rewrite(a, b, merge_intersect);
}

int addrs_subtract(struct addrs *a, const struct addrs *b)
{
	if (!is_few(a, b))
		return rewrite(a, b, merge_subtract);
	int r = reserve(a, a->n + b->n);
	for (size_t i = 0; r == 0 && i < b->n; i++)
		remove_span(a, b->v[i]);
	return r;
}

/* in := the few spans of b that meet a. */
static int pick(const struct addrs *a, const struct addrs *b, struct addrs *in)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < b->n; i++) {
		for (size_t k = find(a, b->v[i].lo); k < a->n && a->v[k].lo <= b->v[i].hi; k++) {
			r = append(in, (struct span){.lo = MAX(a->v[k].lo, b->v[i].lo),
					       .hi = MIN(a->v[k].hi, b->v[i].hi)});
			if (r < 0)
				break;
		}
	}
	return r;
}

int addrs_common(const struct addrs *a, struct span s, struct addrs *ret)
{
	_cleanup_addrs_ struct addrs in = {0};
	int r = pick(a, &(struct addrs){.v = &s, .n = 1}, &in);

	if (r < 0)
		return r;
	*ret = in;
	in = (struct addrs){0};
	return 0;
}

int addrs_split(struct addrs *a, const struct addrs *b, struct addrs *ret_in)
{
	_cleanup_addrs_ struct addrs in = {0};
	int r = is_few(a, b) ? pick(a, b, &in) : merge_intersect(&in, a, b);

	if (r == 0 && in.n > 0)
		r = addrs_subtract(a, &in);
	if (r < 0)
		return r;
	*ret_in = in;
	in = (struct addrs){0};
	return 0;
}

bool addrs_is_empty(const struct addrs *a)
{
	return a->n == 0;
}

bool addrs_equal(const struct addrs *a, const struct addrs *b)
{
	/* No padding: two numbers of 128 bits. */
	return a->n == b->n && (a->n == 0 || memcmp(a->v, b->v, a->n * sizeof(*a->v)) == 0);
}

bool addrs_contains(const struct addrs *a, struct span s)
{
	size_t i = find(a, s.lo);

	return i < a->n && a->v[i].lo <= s.lo && a->v[i].hi >= s.hi;
}

bool addrs_overlaps(const struct addrs *a, struct span s)
{
	size_t i = find(a, s.lo);

	return i < a->n && a->v[i].lo <= s.hi;
}

/* The length of the widest prefix that begins at lo and does not reach beyond hi. */
static unsigned prefix_at(struct span s, unsigned bits)
{
	unsigned host = 0;

	while (host < bits) {
		u128 more = host + 1 == 128 ? ~(u128)0 : ((u128)1 << (host + 1)) - 1;
		if ((s.lo & more) != 0 || s.hi - s.lo < more)
			break;
		host++;
	}
	return bits - host;
}

int addrs_each_net(
	const struct addrs *a, int family, int (*each)(const struct net *, void *), void *arg)
{
	for (size_t i = 0; i < a->n; i++) {
		struct span s = a->v[i];
		for (;;) {
			struct net net = {.family = family, .bits = prefix_at(s, width(family))};
			addrs_bytes(family, s.lo, net.addr);
			int r = each(&net, arg);
			if (r != 0)
				return r;
			u128 last = addrs_net(&net).hi;
			if (last >= s.hi)
				break;
			s.lo = last + 1;
		}
	}
	return 0;
}

struct listing {
	struct arena *arena;
	char *text;
	size_t n, max;
};

static int list_net(const struct net *net, void *arg)
{
	struct listing *l = arg;
	char buf[NET_TEXT_MAX];

	if (l->n++ >= l->max)
		return 0;
	l->text = arena_printf(
		l->arena, "%s%s%s", l->text, l->n > 1 ? ", " : "", net_text(net, buf));
	return l->text ? 0 : -ENOMEM;
}

char *addrs_text(struct arena *arena, const struct addrs *a, int family, size_t max)
{
	struct listing l = {.arena = arena, .text = (char *)"", .max = max};

	if (addrs_contains(a, addrs_all(family)))
		return arena_strdup(arena, "any");
	if (a->n == 0)
		return arena_strdup(arena, "none");
	if (addrs_each_net(a, family, list_net, &l) < 0)
		return NULL;
	return l.n > max ? arena_printf(arena, "%s and %zu more", l.text, l.n - max)
			 : arena_strdup(arena, l.text);
}
