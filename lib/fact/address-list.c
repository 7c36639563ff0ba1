/* SPDX-License-Identifier: ISC */
#include "fact/address-list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TEXT_MAX = 800,
	DEPTH_MAX = 16, /* the readers refuse what is deeper */
};

static const struct address_element any = {.kind = ADDRESS_ANY};
static const struct address_element none = {.kind = ADDRESS_ANY, .negative = true};
static const struct address_element own[] = {
	{.kind = ADDRESS_LOCALNETS}, {.kind = ADDRESS_LOCALHOST}};

const struct address_list address_list_any = {&any, 1, NULL, 0};
const struct address_list address_list_none = {&none, 1, NULL, 0};
const struct address_list address_list_own = {own, 2, NULL, 0};
const struct address_list address_list_localhost = {&own[1], 1, NULL, 0};

static bool is_local(const struct address_asking *q)
{
	for (size_t i = 0; i < q->n_local; i++) {
		if (net_contains(&q->local[i], &q->address))
			return true;
	}
	return false;
}

/* Whether the element is about the address: ADDRESS_TAKEN, _MISSED or _MAY. */
static enum address_match element_match(
	const struct address_element *e, const struct address_asking *q)
{
	switch (e->kind) {
	case ADDRESS_NET:
		return net_contains(&e->net, &q->address) ? ADDRESS_TAKEN : ADDRESS_MISSED;
	case ADDRESS_ANY:
		return ADDRESS_TAKEN;
	case ADDRESS_LOCALHOST:
		return q->own ? ADDRESS_TAKEN : ADDRESS_MISSED;
	case ADDRESS_LOCALNETS:
		return q->own || is_local(q) ? ADDRESS_TAKEN : ADDRESS_MISSED;
	case ADDRESS_LIST: {
		enum address_match m = address_list_match(e->list, q);
		return m == ADDRESS_REFUSED ? ADDRESS_MISSED : m;
	}
	case ADDRESS_NEVER:
		return ADDRESS_MISSED;
	case ADDRESS_UNDECIDED:
		break;
	}
	return ADDRESS_MAY;
}

enum address_match address_list_match(
	const struct address_list *list, const struct address_asking *q)
{
	bool may_take = false, may_refuse = false;
	enum address_match r = ADDRESS_MISSED;

	for (size_t i = 0; i < list->n && r == ADDRESS_MISSED; i++) {
		const struct address_element *e = &list->v[i];
		enum address_match m = element_match(e, q);
		if (m == ADDRESS_TAKEN)
			r = e->negative ? ADDRESS_REFUSED : ADDRESS_TAKEN;
		may_take = may_take || (m == ADDRESS_MAY && !e->negative);
		may_refuse = may_refuse || (m == ADDRESS_MAY && e->negative);
	}
	/* What could not be decided counts only where it would have decided otherwise. */
	if (r == ADDRESS_TAKEN ? may_refuse : may_take)
		return ADDRESS_MAY;
	return r;
}

int address_list_nets(struct arena *a, const struct address_list *list, struct net **v, size_t *n)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct address_element *e = &list->v[i];
		int r = e->kind == ADDRESS_LIST ? address_list_nets(a, e->list, v, n) : 0;
		if (r < 0)
			return r;
		if (e->kind != ADDRESS_NET)
			continue;
		struct net *slot = arena_grow(a, v, *n, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		*slot = e->net;
		(*n)++;
	}
	return 0;
}

bool address_list_names_own(const struct address_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct address_element *e = &list->v[i];
		if (e->kind == ADDRESS_LOCALNETS ||
			(e->kind == ADDRESS_LIST && address_list_names_own(e->list)))
			return true;
	}
	return false;
}

static unsigned length(const struct address_element *e)
{
	/* A host's name is one address, whichever. */
	return e->kind == ADDRESS_NET ? e->net.bits : e->kind == ADDRESS_UNDECIDED ? 129 : 0;
}

void address_list_sort(struct address_element *v, size_t n)
{
	/* By insertion from behind: stable, and of equal ones the last comes first. */
	for (size_t i = 1; i < n; i++) {
		struct address_element e = v[i];
		size_t k = i;
		while (k > 0 && length(&v[k - 1]) <= length(&e)) {
			v[k] = v[k - 1];
			k--;
		}
		v[k] = e;
	}
}

struct out {
	char *at;
	size_t left;
};

static void put(struct out *o, const char *s)
{
	int n = snprintf(o->at, o->left, "%s", s);
	size_t k = MIN((size_t)MAX(n, 0), o->left - 1);

	o->at += k;
	o->left -= k;
}

static void put_list(struct out *o, const struct address_list *list, unsigned depth)
{
	static const char *const names[] = {
		[ADDRESS_ANY] = "any",
		[ADDRESS_LOCALHOST] = "localhost",
		[ADDRESS_LOCALNETS] = "localnets",
		[ADDRESS_NEVER] = "key",
		[ADDRESS_UNDECIDED] = "?",
	};
	char net[NET_TEXT_MAX];

	put(o, "{ ");
	for (size_t i = 0; i < list->n && o->left > 1; i++) {
		const struct address_element *e = &list->v[i];
		bool empty = e->kind == ADDRESS_ANY && e->negative && !e->text;
		put(o, empty ? "none" : e->negative ? "!" : "");
		if (e->text)
			put(o, e->text);
		else if (e->kind == ADDRESS_NET)
			put(o, net_text(&e->net, net));
		else if (e->kind == ADDRESS_LIST && depth < DEPTH_MAX)
			put_list(o, e->list, depth + 1);
		else if (e->kind != ADDRESS_LIST && !empty)
			put(o, names[e->kind]);
		put(o, "; ");
	}
	put(o, "}");
}

const char *address_list_text(struct arena *a, const struct address_list *list)
{
	char buf[TEXT_MAX + 1];
	struct out o = {buf, sizeof(buf)};

	buf[0] = '\0';
	put_list(&o, list, 0);
	if (o.left == 1)
		memcpy(buf + TEXT_MAX - 3, "...", 4);
	return arena_strdup(a, buf);
}

static void put_plain(
	struct out *o, const struct address_list *list, const struct address_words *words)
{
	const char *const names[] = {
		[ADDRESS_ANY] = words->any,
		[ADDRESS_LOCALHOST] = "this machine",
		[ADDRESS_LOCALNETS] = "the nets of its interfaces",
		[ADDRESS_NEVER] = "who has a key",
		[ADDRESS_UNDECIDED] = "some that cannot be told",
	};
	char net[NET_TEXT_MAX];

	if (list->n == 0)
		put(o, words->none);
	for (size_t i = 0; i < list->n && o->left > 1; i++) {
		const struct address_element *e = &list->v[i];
		bool empty = e->kind == ADDRESS_ANY && e->negative && !e->text;
		put(o, i > 0 ? ", " : "");
		put(o, empty ? words->none : e->negative ? "not " : "");
		if (e->text)
			put(o, e->text);
		else if (e->kind == ADDRESS_NET)
			put(o, e->net.bits == 0 ? words->any : net_text(&e->net, net));
		else if (e->kind == ADDRESS_LIST)
			put(o, "a list of its own");
		else if (!empty)
			put(o, names[e->kind]);
	}
}

const char *address_list_plain(
	struct arena *a, const struct address_list *list, const struct address_words *words)
{
	char buf[TEXT_MAX + 1];
	struct out o = {buf, sizeof(buf)};

	buf[0] = '\0';
	put_plain(&o, list, words);
	if (o.left == 1)
		memcpy(buf + TEXT_MAX - 3, "...", 4);
	return arena_strdup(a, buf);
}
