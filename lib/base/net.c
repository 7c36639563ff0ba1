/* SPDX-License-Identifier: ISC */
#include "base/net.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

static unsigned width(const struct net *n)
{
	return n->family == AF_INET ? 32 : 128;
}

/* Clears what lies beyond the prefix; whether anything did. */
static bool mask(struct net *n)
{
	bool any = false;

	for (unsigned i = 0; i < width(n) / 8; i++) {
		unsigned keep = n->bits <= i * 8 ? 0 : n->bits - i * 8;
		unsigned char m = keep >= 8 ? 0xff : (unsigned char)(0xff00u >> keep);
		any = any || (n->addr[i] & ~m);
		n->addr[i] &= m;
	}
	return any;
}

static int parse_bits(const char *s, unsigned max, unsigned *ret)
{
	unsigned v = 0;

	if (!isdigit((unsigned char)s[0]) || strlen(s) > 3)
		return -EINVAL;
	for (; isdigit((unsigned char)*s); s++)
		v = v * 10 + (unsigned)(*s - '0');
	if (*s || v > max)
		return -EINVAL;
	*ret = v;
	return 0;
}

int net_parse(const char *s, struct net *ret)
{
	const char *slash = strchr(s, '/');
	size_t len = slash ? (size_t)(slash - s) : strlen(s);
	char text[INET6_ADDRSTRLEN];
	struct net n = {.family = AF_INET};

	if (len >= sizeof(text))
		return -EINVAL;
	memcpy(text, s, len);
	text[len] = '\0';
	if (inet_pton(AF_INET, text, n.addr) != 1) {
		n.family = AF_INET6;
		if (inet_pton(AF_INET6, text, n.addr) != 1)
			return -EINVAL;
	}
	n.bits = width(&n);
	if (slash && parse_bits(slash + 1, width(&n), &n.bits) < 0)
		return -EINVAL;
	bool beyond = mask(&n);
	*ret = n;
	return beyond ? -EDOM : 0;
}

int net_parse_short(const char *s, struct net *ret)
{
	size_t len = strcspn(s, "/");
	unsigned dots = 0;
	char text[64];

	for (size_t i = 0; i < len; i++)
		dots += s[i] == '.';
	if (len == 0 || strspn(s, "0123456789.") < len || dots > 2 || s[len - 1] == '.')
		return net_parse(s, ret);
	static const char *const rest[] = {".0.0.0", ".0.0", ".0"};
	int n = s[len] ? snprintf(text, sizeof(text), "%.*s%s%s", (int)len, s, rest[dots], s + len)
		       : snprintf(text, sizeof(text), "%s%s/%u", s, rest[dots], 8 * (dots + 1));
	return n < 0 || (size_t)n >= sizeof(text) ? -EINVAL : net_parse(text, ret);
}

const char *net_text(const struct net *n, char buf[static NET_TEXT_MAX])
{
	char addr[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(n->family, n->addr, addr, sizeof(addr)); /* it has room for both families */
	if (n->bits == width(n))
		(void)snprintf(buf, NET_TEXT_MAX, "%s", addr);
	else
		(void)snprintf(buf, NET_TEXT_MAX, "%s/%u", addr, n->bits);
	return buf;
}

bool net_contains(const struct net *outer, const struct net *inner)
{
	struct net cut = *inner;

	if (outer->family != inner->family || outer->bits > inner->bits)
		return false;
	cut.bits = outer->bits;
	(void)mask(&cut);
	return memcmp(cut.addr, outer->addr, sizeof(cut.addr)) == 0;
}

bool net_is_loopback(const struct net *n)
{
	static const struct net nets[] = {{AF_INET, 8, {127}},
		{AF_INET6, 128, {[15] = 1}},
		{AF_INET6, 104, {[10] = 0xff, [11] = 0xff, [12] = 127}}};

	for (size_t i = 0; i < ARRAY_SIZE(nets); i++) {
		if (net_contains(&nets[i], n))
			return true;
	}
	return false;
}

struct net net_everything(int family)
{
	return (struct net){.family = family};
}

/* Address, then length: a net stands before those inside of it. */
static int compare(const void *a, const void *b)
{
	const struct net *x = a, *y = b;
	int r = memcmp(x->addr, y->addr, sizeof(x->addr));

	return r != 0 ? r : (x->bits > y->bits) - (x->bits < y->bits);
}

/* A net whose inner nets are being passed: from where on none of them was seen. */
struct open_net {
	struct net net;
	struct net next; /* the first address that no inner net has held so far */
	bool full;	 /* there is none any more */
	bool done;	 /* its region was found */
};

/* Sets address to the one behind the last of net; false when there is none. */
static bool behind(const struct net *net, struct net *address)
{
	unsigned bits = net->bits;

	*address = *net;
	address->bits = width(net);
	for (unsigned i = bits; i > 0; i--) {
		unsigned char bit = (unsigned char)(0x80 >> ((i - 1) % 8));
		address->addr[(i - 1) / 8] ^= bit;
		if (address->addr[(i - 1) / 8] & bit)
			return true; /* no carry */
	}
	return false;
}

struct regions {
	struct open_net stack[130]; /* lengths grow: no more than 129 stand in each other */
	size_t depth;
	int (*each)(const struct net *address, const struct net *within, void *arg);
	void *arg;
};

static void push(struct regions *r, const struct net *net)
{
	struct open_net *o = &r->stack[r->depth++];

	*o = (struct open_net){.net = *net, .next = *net};
	o->next.bits = width(net);
}

/* The region of the innermost net, where its next address is one. */
static int found(struct regions *r)
{
	struct open_net *o = &r->stack[r->depth - 1];

	o->done = true;
	return r->each(&o->next, &o->net, r->arg);
}

static int pop(struct regions *r)
{
	struct open_net *o = &r->stack[r->depth - 1];
	int e = 0;

	if (!o->done && !o->full && net_contains(&o->net, &o->next))
		e = found(r);
	r->depth--;
	return e;
}

/* The next net of the sorted list. */
static int take(struct regions *r, const struct net *net)
{
	int e = 0;

	while (e == 0 && !net_contains(&r->stack[r->depth - 1].net, net))
		e = pop(r);
	struct open_net *o = &r->stack[r->depth - 1];
	if (e != 0 || net->bits == o->net.bits)
		return e; /* the same one again */
	if (!o->done && !o->full && memcmp(net->addr, o->next.addr, sizeof(net->addr)) > 0)
		e = found(r);
	else if (!o->done)
		o->full = !behind(net, &o->next);
	push(r, net);
	return e;
}

int net_regions(const struct net *v, size_t n, int family,
	int (*each)(const struct net *address, const struct net *within, void *arg), void *arg)
{
	_cleanup_free_ struct net *sorted = calloc(n + 1, sizeof(*sorted));
	_cleanup_free_ struct regions *r = calloc(1, sizeof(*r));
	const struct net all = net_everything(family);
	size_t k = 0;
	int e = 0;

	if (!sorted || !r)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (v[i].family == family)
			sorted[k++] = v[i];
	}
	qsort(sorted, k, sizeof(*sorted), compare);
	r->each = each;
	r->arg = arg;
	push(r, &all);
	for (size_t i = 0; e == 0 && i < k; i++)
		e = take(r, &sorted[i]);
	while (e == 0 && r->depth > 0)
		e = pop(r);
	return e;
}
