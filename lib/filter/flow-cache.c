/* SPDX-License-Identifier: ISC */
#include "filter/flow-cache.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <search.h>
#include <string.h>

#include "filter/flow-walk.h"

/* Of all answers that are kept, 32 bytes each; what one part has beside counts as some. */
enum { SPANS_MAX = 128 * 1024, PART_SPANS = 8 };

/* Where a class of numbers begins, in order. exact: each number is one of its own. */
struct borders {
	u128 *v;
	size_t n, room;
	bool exact;
};

struct flow_cache {
	const struct ruleset *rs;
	const struct flow_host *host;
	struct borders addresses[2]; /* 0: IPv4, 1: IPv6 */
	struct borders ports;
	void *classes; /* of tsearch(3): struct class */
	size_t spans;  /* in the answers that are kept */
	size_t n_walks;
};

/* A question, with its address and port as the numbers of their classes. */
struct class
{
	struct flow_query query;
	struct span address;
	u128 port;
	char interface[32];
	struct flow_answer answer;
};

static int add_border(struct borders *b, u128 at)
{
	if (b->n == b->room) {
		size_t room = MAX(b->room * 2, (size_t)64);
		u128 *v = reallocarray(b->v, room, sizeof(*v));
		if (!v)
			return -ENOMEM;
		b->v = v;
		b->room = room;
	}
	b->v[b->n++] = at;
	return 0;
}

static int add_span(struct borders *b, struct span s)
{
	int r = add_border(b, s.lo);

	return r == 0 && s.hi != ~(u128)0 ? add_border(b, s.hi + 1) : r;
}

/* The borders that values of this field are compared within; NULL: of no interest. */
static struct borders *borders_of(struct flow_cache *c, enum rule_field field, int family)
{
	if (field == FIELD_DPORT || field == FIELD_CT_DPORT)
		return &c->ports;
	if (field == FIELD_DADDR || field == FIELD_CT_DADDR)
		return &c->addresses[family == AF_INET6];
	return NULL;
}

static int add_set(struct borders *b, const struct rule_set *set, unsigned key)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < set->spans.n; i++)
		r = add_span(b, set->spans.v[i]);
	for (size_t i = 0; r == 0 && i < set->n_elems; i++)
		r = add_span(b, set->elems[i].keys[key]);
	return r;
}

static int add_keys(struct flow_cache *c, const struct rule_key *keys, unsigned n,
	const struct rule_set *set, int table_family)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < n; i++) {
		int family = keys[i].family != AF_UNSPEC ? keys[i].family : table_family;
		struct borders *b = borders_of(c, keys[i].field, family);
		if (!b)
			continue;
		/* Bits of a number follow no order; and with no family it could be both. */
		if (!set || keys[i].mask != RULE_NO_MASK || keys[i].flip != 0 ||
			(family == AF_UNSPEC && b != &c->ports)) {
			c->addresses[0].exact = c->addresses[0].exact || b != &c->ports;
			c->addresses[1].exact = c->addresses[1].exact || b != &c->ports;
			c->ports.exact = c->ports.exact || b == &c->ports;
			continue;
		}
		if (i < set->n_keys)
			r = add_set(b, set, i);
	}
	return r;
}

/* Where NAT leads: whether that is where the question asked can be asked later. */
static int add_target(struct flow_cache *c, const struct rule_operand *o, bool port)
{
	int r = 0;

	for (unsigned v6 = 0; r == 0 && v6 < 2; v6++) {
		struct borders *b = port ? &c->ports : &c->addresses[v6];
		if (o->kind == OPERAND_SPAN)
			r = add_span(b, o->span);
		for (size_t i = 0; r == 0 && o->kind == OPERAND_MAP && i < o->map->n_elems; i++) {
			const struct rule_elem *e = &o->map->elems[i];
			if (o->data < e->n_data)
				r = add_span(b, e->data[o->data]);
		}
	}
	return r;
}

static int add_operand(struct flow_cache *c, const struct rule_operand *o, int family)
{
	if (o->kind == OPERAND_KEY)
		return add_keys(c, o->keys, o->n_keys, NULL, family);
	return o->kind == OPERAND_MAP ? add_keys(c, o->keys, o->n_keys, o->map, family) : 0;
}

static int add_nat(struct flow_cache *c, const struct rule_stmt *s, int family)
{
	int r = add_operand(c, &s->nat.addr, family);

	if (s->nat.kind == NAT_NETMAP)
		c->addresses[0].exact = c->addresses[1].exact = true;
	if (r == 0)
		r = add_operand(c, &s->nat.port, family);
	if (r == 0)
		r = add_target(c, &s->nat.addr, false);
	return r == 0 ? add_target(c, &s->nat.port, true) : r;
}

static int add_rule(struct flow_cache *c, const struct rule *rule)
{
	enum rule_family table = rule->chain->table->family;
	int family = table == RULE_IP ? AF_INET : table == RULE_IP6 ? AF_INET6 : AF_UNSPEC;
	int r = 0;

	for (size_t i = 0; r == 0 && i < rule->n_stmts; i++) {
		const struct rule_stmt *s = &rule->stmts[i];
		if (s->kind == STMT_MATCH || s->kind == STMT_VMAP)
			r = add_keys(c, s->match.keys, s->match.n_keys, s->match.set, family);
		else if (s->kind == STMT_ASSIGN)
			r = add_operand(c, &s->assign.value, family);
		else if (s->kind == STMT_NAT)
			r = add_nat(c, s, family);
	}
	return r;
}

static int by_number(const void *a, const void *b)
{
	const u128 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void put_in_order(struct borders *b)
{
	size_t out = 0;

	if (b->n > 0)
		qsort(b->v, b->n, sizeof(*b->v), by_number);
	for (size_t i = 0; i < b->n; i++) {
		if (out == 0 || b->v[i] != b->v[out - 1])
			b->v[out++] = b->v[i];
	}
	b->n = out;
}

static int collect(struct flow_cache *c)
{
	int r = 0;

	for (const struct rule_table *t = c->rs->tables; t; t = t->next) {
		for (const struct rule_chain *chain = t->chains; chain; chain = chain->next) {
			for (const struct rule *rule = chain->rules; r == 0 && rule;
				rule = rule->next)
				r = rule->matters ? add_rule(c, rule) : 0;
		}
	}
	for (size_t i = 0; r == 0 && i < c->host->n_addresses; i++) {
		const struct flow_address *a = &c->host->addresses[i];
		r = add_span(&c->addresses[a->family == AF_INET6],
			(struct span){.lo = a->number, .hi = a->number});
	}
	put_in_order(&c->addresses[0]);
	put_in_order(&c->addresses[1]);
	put_in_order(&c->ports);
	return r;
}

struct flow_cache *flow_cache_new(const struct ruleset *rs, const struct flow_host *host)
{
	struct flow_cache *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->rs = rs;
	c->host = host;
	if (collect(c) < 0) {
		flow_cache_free(c);
		return NULL;
	}
	return c;
}

static void class_free(void *p)
{
	struct class *k = p;

	flow_answer_fini(&k->answer);
	free(k);
}

void flow_cache_free(struct flow_cache *c)
{
	if (!c)
		return;
	tdestroy(c->classes, class_free);
	free(c->addresses[0].v);
	free(c->addresses[1].v);
	free(c->ports.v);
	free(c);
}

/* How many borders lie at or before x: the number of its class. */
static u128 class_of(const struct borders *b, u128 x)
{
	size_t lo = 0, hi = b->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (b->v[mid] <= x)
			lo = mid + 1;
		else
			hi = mid;
	}
	return b->exact ? x : lo;
}

/*
 * The class of an address and what kind it is. One that is not this machine's
 * is sent on, by routes that are no borders here: it is a class of its own.
 */
static struct span address_class(const struct flow_cache *c, const struct flow_query *q)
{
	unsigned type = flow_address_type(c->host, q->family, q->local, NULL);
	bool loopback = q->family == AF_INET ? q->local >> 24 == 127 : q->local == 1;
	const struct borders *b = &c->addresses[q->family == AF_INET6];

	return (struct span){
		.lo = type == RTN_UNICAST ? q->local : class_of(b, q->local),
		.hi = type << 1 | loopback,
	};
}

static int compare(u128 a, u128 b)
{
	return a < b ? -1 : a > b;
}

static int by_class(const void *a, const void *b)
{
	const struct class *x = a, *y = b;
	const struct flow_query *p = &x->query, *q = &y->query;
	const struct {
		u128 a, b;
	} pairs[] = {
		{x->port, y->port},
		{x->address.lo, y->address.lo},
		{x->address.hi, y->address.hi},
		{p->l4proto, q->l4proto},
		{(u128)p->family, (u128)q->family},
		{p->out, q->out},
		{p->sports.lo, q->sports.lo},
		{p->sports.hi, q->sports.hi},
		{p->state, q->state},
		{(u128)p->icmp_type << 8 | p->icmp_code, (u128)q->icmp_type << 8 | q->icmp_code},
		{p->uid, q->uid},
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		int c = compare(pairs[i].a, pairs[i].b);
		if (c != 0)
			return c;
	}
	return strcmp(x->interface, y->interface);
}

static size_t spans_of(const struct flow_answer *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		n += PART_SPANS + a->v[i].peers.n + a->v[i].sports.n;
	return n;
}

/* Takes the class over; when there would be too many, those before it make room. */
static int keep(struct flow_cache *c, struct class *k, const struct flow_answer **ret)
{
	size_t spans = spans_of(&k->answer);

	if (c->spans + spans > SPANS_MAX) {
		tdestroy(c->classes, class_free);
		c->classes = NULL;
		c->spans = 0;
	}
	if (!tsearch(k, &c->classes, by_class)) {
		class_free(k);
		return -ENOMEM;
	}
	c->spans += spans;
	c->n_walks++;
	*ret = &k->answer;
	return 0;
}

int flow_cache_ask(struct flow_cache *c, const struct flow_query *q, const struct flow_answer **ret)
{
	size_t len = strlen(q->interface);
	struct class key = {
		.query = *q,
		.address = address_class(c, q),
		.port = class_of(&c->ports, q->port),
	};

	if (q->peers || len >= sizeof(key.interface))
		return -EINVAL;
	memcpy(key.interface, q->interface, len);
	struct class **found = tfind(&key, &c->classes, by_class);
	if (found) {
		*ret = &(*found)->answer;
		return 0;
	}
	struct class *k = malloc(sizeof(*k));
	if (!k)
		return -ENOMEM;
	*k = key;
	int r = flow_ask(c->rs, c->host, q, &k->answer);
	if (r < 0) {
		free(k);
		return r;
	}
	k->query.interface = k->interface;
	return keep(c, k, ret);
}

size_t flow_cache_walks(const struct flow_cache *c)
{
	return c->n_walks;
}
