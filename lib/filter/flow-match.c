/* SPDX-License-Identifier: ISC */
/* One condition, asked of a cell: which part of it is in a set, and which is not. */
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>

#include "filter/flow-walk.h"

enum value_kind {
	VALUE_NONE,  /* the packet has no such field */
	VALUE_SPAN,  /* the same for the whole cell; a span when it is not known or chosen */
	VALUE_PEER,  /* the cell's sources (with query.out: destinations) */
	VALUE_SPORT, /* its source ports */
	VALUE_PEER_TYPE,
	VALUE_REVERSE,
	VALUE_FLAGS, /* of the first packet of TCP: some of them the sender may set or not */
};

struct value {
	enum value_kind kind;
	struct span span;
	bool chosen; /* any value of span can come; otherwise one of it, which is not known */
};

enum held {
	HELD_NO,
	HELD_YES,
	HELD_CHOSEN,
	HELD_UNKNOWN,
};

enum {
	TCP_SYN = 2,
	TCP_SENDERS = 8 | 0x20 | 0x40 | 0x80, /* PSH URG ECE CWR: a first packet may have them */
};

static const struct span all_ports = {.hi = UINT16_MAX};

static struct value one(u128 v)
{
	return (struct value){.kind = VALUE_SPAN, .span = {.lo = v, .hi = v}};
}

static struct value range(struct span s, bool chosen)
{
	return (struct value){.kind = VALUE_SPAN, .span = s, .chosen = chosen};
}

static struct value unknown(void)
{
	return range((struct span){.hi = ~(u128)0}, false);
}

static struct value kind(enum value_kind k)
{
	return (struct value){.kind = k};
}

static bool has_ports(uint8_t l4proto)
{
	return l4proto == IPPROTO_TCP || l4proto == IPPROTO_UDP || l4proto == IPPROTO_SCTP ||
	       l4proto == IPPROTO_DCCP || l4proto == IPPROTO_UDPLITE;
}

static bool is_icmp(uint8_t l4proto)
{
	return l4proto == IPPROTO_ICMP || l4proto == IPPROTO_ICMPV6;
}

static struct value saddr(const struct flow_walk *w)
{
	if (!w->query->out)
		return kind(VALUE_PEER);
	return one(w->query->local);
}

static struct value daddr(const struct flow_walk *w, const struct cell *c)
{
	if (w->query->out && !c->bound)
		return kind(VALUE_PEER);
	return range(c->dst, false);
}

static struct value sport(const struct flow_walk *w)
{
	const struct flow_query *q = w->query;

	if (is_icmp(q->l4proto))
		return one((u128)q->icmp_type << 8 | q->icmp_code); /* the same bytes */
	return has_ports(q->l4proto) ? kind(VALUE_SPORT) : kind(VALUE_NONE);
}

static struct value dport(const struct flow_walk *w, const struct cell *c)
{
	if (is_icmp(w->query->l4proto))
		return unknown(); /* the checksum */
	return has_ports(w->query->l4proto) ? range(c->dport, false) : kind(VALUE_NONE);
}

static struct value interface(const char *name, bool is_unknown)
{
	if (is_unknown)
		return unknown();
	return range(ruleset_ifname(name ? name : "", 0), false);
}

/* What conntrack says of the packet, when it has seen it. */
static struct value ct_state(const struct flow_walk *w, const struct cell *c)
{
	if (w->tracking == TRACK_UNSURE && c->state != CT_UNTRACKED)
		return unknown();
	if (w->tracking == TRACK_BEFORE && c->state != CT_UNTRACKED)
		return one(CT_INVALID);
	return one(c->state);
}

static struct value ct_status(const struct flow_walk *w, const struct cell *c, u128 mask)
{
	const u128 known = 0x3f;
	bool moved = c->bound &&
		     (c->dst.lo != w->query->local || c->dst.hi != w->query->local ||
			     c->dport.lo != w->query->port || c->dport.hi != w->query->port);
	u128 v = (moved ? CT_STATUS_DNAT : 0) | (w->looped ? CT_STATUS_CONFIRMED : 0) |
		 (c->state == CT_RELATED ? CT_STATUS_EXPECTED : 0);

	if ((mask & ~known) != 0 || c->snat || c->state == CT_ESTABLISHED || w->query->out)
		return unknown();
	return one(v);
}

static struct value ct_field(
	const struct flow_walk *w, const struct cell *c, const struct rule_key *key)
{
	const struct flow_query *q = w->query;

	if (key->field == FIELD_CT_STATE)
		return ct_state(w, c);
	if (w->tracking == TRACK_UNSURE)
		return unknown();
	if (w->tracking == TRACK_BEFORE || c->state == CT_UNTRACKED || c->state == CT_INVALID)
		return kind(VALUE_NONE);
	switch (key->field) {
	case FIELD_CT_STATUS:
		return ct_status(w, c, key->mask);
	case FIELD_CT_DIRECTION:
		return c->state == CT_NEW ? one(0) : unknown();
	case FIELD_CT_MARK:
		return one(c->ct_mark);
	case FIELD_CT_SADDR:
		return saddr(w);
	case FIELD_CT_DADDR:
		return q->out ? kind(VALUE_PEER) : one(q->local);
	case FIELD_CT_SPORT:
		return sport(w);
	default: /* FIELD_CT_DPORT */
		return has_ports(q->l4proto) ? one(q->port) : unknown();
	}
}

static struct value owner(const struct flow_walk *w, enum rule_field field)
{
	/* A packet from outside belongs to no socket yet; one from here to here, to its sender's.
	 */
	if (w->hook != HOOK_OUTPUT && w->hook != HOOK_POSTROUTING && w->hook != HOOK_EGRESS)
		return w->looped ? unknown() : kind(VALUE_NONE);
	if (w->hook != HOOK_OUTPUT && !w->query->out && !w->looped)
		return kind(VALUE_NONE);
	if (field == FIELD_SKUID && w->query->uid != FLOW_ANY_UID)
		return one(w->query->uid);
	return range((struct span){.hi = UINT32_MAX}, true);
}

static struct value address_type(
	const struct flow_walk *w, const struct cell *c, enum rule_field field)
{
	struct value v = field == FIELD_FIB_SADDR_TYPE ? saddr(w) : daddr(w, c);
	const char *dev = field == FIELD_FIB_DADDR_DEV_TYPE ? w->iif : NULL;

	if (v.kind == VALUE_PEER)
		return dev ? unknown() : kind(VALUE_PEER_TYPE);
	if (v.span.lo != v.span.hi)
		return unknown();
	return one(flow_address_type(w->host, w->query->family, v.span.lo, dev));
}

static struct value packet_type(const struct flow_walk *w, const struct cell *c)
{
	unsigned type = flow_address_type(w->host, w->query->family, c->dst.lo, NULL);

	if (w->query->out || c->dst.lo != c->dst.hi)
		return unknown();
	return one(type == RTN_MULTICAST   ? PACKET_MULTICAST
		   : type == RTN_BROADCAST ? PACKET_BROADCAST
					   : PACKET_HOST);
}

static struct value field(
	const struct flow_walk *w, const struct cell *c, const struct rule_key *key)
{
	const struct flow_query *q = w->query;

	switch (key->field) {
	case FIELD_SADDR:
		return saddr(w);
	case FIELD_DADDR:
		return daddr(w, c);
	case FIELD_SPORT:
		return sport(w);
	case FIELD_DPORT:
		return dport(w, c);
	case FIELD_L4PROTO:
		return one(q->l4proto);
	case FIELD_NFPROTO:
		return one(q->family == AF_INET ? 2 : 10);
	case FIELD_IIF:
		return interface(w->iif, false);
	case FIELD_OIF:
		return interface(w->oif, w->oif_unknown);
	case FIELD_ICMP_TYPE:
		return is_icmp(q->l4proto) ? one(q->icmp_type) : kind(VALUE_NONE);
	case FIELD_ICMP_CODE:
		return is_icmp(q->l4proto) ? one(q->icmp_code) : kind(VALUE_NONE);
	case FIELD_TCP_FLAGS:
		if (q->l4proto != IPPROTO_TCP)
			return kind(VALUE_NONE);
		return q->state == CT_NEW ? kind(VALUE_FLAGS) : unknown();
	case FIELD_PKTTYPE:
		return packet_type(w, c);
	case FIELD_MARK:
		return one(c->mark);
	case FIELD_FIB_SADDR_TYPE:
	case FIELD_FIB_DADDR_TYPE:
	case FIELD_FIB_DADDR_DEV_TYPE:
		return address_type(w, c, key->field);
	case FIELD_FIB_REVERSE:
		return w->iif && !q->out ? kind(VALUE_REVERSE) : unknown();
	case FIELD_SKUID:
	case FIELD_SKGID:
		return owner(w, key->field);
	case FIELD_CHOSEN:
		return range((struct span){.lo = key->flip, .hi = key->flip + key->mask}, true);
	case FIELD_UNKNOWN:
	case FIELD_MAX:
		return unknown();
	default:
		return ct_field(w, c, key);
	}
}

/* What the key is of this cell, masks applied where it is one number. */
static struct value value_of(
	const struct flow_walk *w, const struct cell *c, const struct rule_key *key)
{
	const struct flow_query *q = w->query;

	if ((key->family != AF_UNSPEC && key->family != q->family) ||
		(key->l4proto != 0 && key->l4proto != q->l4proto))
		return kind(VALUE_NONE);
	if (c->unknown & UINT32_C(1) << key->field)
		return unknown();
	if (c->snat && key->field == FIELD_SADDR)
		return unknown();
	struct value v = field(w, c, key);
	if (v.kind != VALUE_SPAN || key->field == FIELD_CHOSEN)
		return v;
	if (v.span.lo == v.span.hi)
		return one((v.span.lo & key->mask) ^ key->flip);
	return key->mask == RULE_NO_MASK && key->flip == 0 ? v : unknown();
}

struct span flow_key_span(
	const struct flow_walk *w, const struct cell *c, const struct rule_key *key)
{
	struct value v = value_of(w, c, key);

	return v.kind == VALUE_SPAN ? v.span : unknown().span;
}

/* Over all flags that a first packet of TCP can have. */
static enum held flags_held(const struct rule_key *key, const struct addrs *set)
{
	bool any = false, all = true;

	for (unsigned f = 0; f < 256; f++) {
		if ((f & ~(unsigned)TCP_SENDERS) != TCP_SYN)
			continue;
		u128 v = (f & key->mask) ^ key->flip;
		bool in = addrs_contains(set, (struct span){.lo = v, .hi = v});
		any = any || in;
		all = all && in;
	}
	return all ? HELD_YES : any ? HELD_CHOSEN : HELD_NO;
}

/* Whether a value that is the same for the whole cell is in the set. */
static enum held held(const struct value *v, const struct rule_key *key, const struct addrs *set)
{
	if (v->kind == VALUE_FLAGS)
		return flags_held(key, set);
	if (!addrs_overlaps(set, v->span))
		return HELD_NO;
	if (addrs_contains(set, v->span))
		return HELD_YES;
	return v->chosen ? HELD_CHOSEN : HELD_UNKNOWN;
}

void flow_mark(struct cell *c, const char *why, bool may)
{
	c->why = !c->why || (may && !c->may) ? why : c->why;
	c->may = c->may || may;
}

void flow_hits_fini(struct flow_hits *h)
{
	cells_fini(&h->in);
	cells_fini(&h->out);
	free(h->elems);
	*h = (struct flow_hits){0};
}

static int hit(struct flow_hits *h, struct cell *c, const struct rule_elem *elem)
{
	if (h->in.n == h->room) {
		size_t room = MAX(h->room * 2, (size_t)4);
		const struct rule_elem **v = reallocarray(h->elems, room, sizeof(*v));
		if (!v)
			return -ENOMEM;
		h->elems = v;
		h->room = room;
	}
	h->elems[h->in.n] = elem;
	return cells_push(&h->in, c);
}

/* The cell on the one side or on both, as it is held. */
static int place(struct flow_walk *w, struct flow_hits *h, struct cell *c, enum held how,
	const struct rule_elem *elem)
{
	_cleanup_cell_ struct cell copy = {0};

	if (how == HELD_NO)
		return cells_push(&h->out, c);
	if (how == HELD_YES)
		return hit(h, c, elem);
	flow_mark(c, w->rule->text, how == HELD_UNKNOWN);
	int r = cell_copy(&copy, c);
	if (r == 0)
		r = hit(h, &copy, elem);
	return r == 0 ? cells_push(&h->out, c) : r;
}

/* Cuts the cell by its sources or source ports. */
static int cut(struct flow_hits *h, struct cell *c, bool ports, const struct addrs *set)
{
	_cleanup_cell_ struct cell in = *c;
	int r;

	in.peers = in.sports = (struct addrs){0};
	r = ports ? addrs_split(&c->sports, set, &in.sports)
		  : addrs_split(&c->peers, set, &in.peers);
	if (r == 0 && !addrs_is_empty(ports ? &in.sports : &in.peers))
		r = ports ? addrs_copy(&in.peers, &c->peers) : addrs_copy(&in.sports, &c->sports);
	if (r == 0)
		r = hit(h, &in, NULL);
	return r == 0 ? cells_push(&h->out, c) : r;
}

enum { HOLES_MAX = 10 };

/*
 * All numbers of the family of which (number & mask) ^ flip is in the set.
 * -ERANGE when they are too many spans to write down.
 */
static int preimage(const struct flow_walk *w, const struct rule_key *key, const struct addrs *set,
	struct addrs *ret)
{
	u128 all = addrs_all(w->query->family).hi, mask = key->mask & all, holes;
	u128 low = mask & -mask; /* below it, whatever */
	unsigned n = 0;
	int r = 0;

	if (mask == 0)
		return addrs_contains(set, (struct span){.lo = key->flip, .hi = key->flip})
			       ? addrs_add(ret, addrs_all(w->query->family))
			       : 0;
	holes = all & ~mask & ~(low - 1);
	for (u128 h = holes; h; h &= h - 1)
		n++;
	if (n > HOLES_MAX || set->n > 4096)
		return -ERANGE;
	for (size_t i = 0; r == 0 && i < set->n; i++) {
		/* Only what the mask leaves can be equal; a range of masked values is rare. */
		if (set->v[i].hi - set->v[i].lo > (low == 1 ? 0 : 4096) && n > 0)
			return -ERANGE;
		struct span s = {.lo = set->v[i].lo ^ key->flip, .hi = set->v[i].hi ^ key->flip};
		if (s.lo != s.hi && (key->flip != 0 || n > 0))
			return -ERANGE;
		if (n == 0) {
			/* A prefix: round inwards to what the mask can give. */
			u128 lo = (s.lo + low - 1) & mask;
			if (lo < s.lo || lo > s.hi || s.lo > all)
				continue;
			r = addrs_add(
				ret, (struct span){.lo = lo,
					     .hi = ((MIN(s.hi, all) & mask) | (low - 1)) & all});
			continue;
		}
		if ((s.lo & ~mask) != 0)
			continue;
		u128 sub = 0;
		do {
			u128 lo = s.lo | sub;
			r = addrs_add(ret, (struct span){.lo = lo, .hi = lo | (low - 1)});
			sub = (sub - holes) & holes;
		} while (r == 0 && sub != 0);
	}
	return r;
}

static int cut_by_peer(struct flow_walk *w, struct flow_hits *h, struct cell *c,
	const struct rule_key *key, const struct addrs *set)
{
	_cleanup_addrs_ struct addrs wanted = {0};

	if (key->mask == RULE_NO_MASK && key->flip == 0)
		return cut(h, c, false, set);
	int r = preimage(w, key, set, &wanted);
	if (r == -ERANGE)
		return place(w, h, c, HELD_UNKNOWN, NULL);
	return r < 0 ? r : cut(h, c, false, &wanted);
}

static int cut_by_type(
	struct flow_walk *w, struct flow_hits *h, struct cell *c, const struct addrs *set)
{
	_cleanup_addrs_ struct addrs wanted = {0};
	int r = 0;

	for (unsigned type = RTN_UNSPEC; r == 0 && type <= RTN_MULTICAST; type++) {
		if (addrs_contains(set, (struct span){.lo = type, .hi = type}))
			r = flow_addresses_of_type(w->host, w->query->family, type, &wanted);
	}
	return r < 0 ? r : cut(h, c, false, &wanted);
}

/* Whether the route back leaves by where the packet came in, for each source. */
static int cut_by_reverse(
	struct flow_walk *w, struct flow_hits *h, struct cell *c, const struct addrs *set)
{
	_cleanup_addrs_ struct addrs yes = {0}, unsure = {0};
	_cleanup_cell_ struct cell open = *c;
	bool with = addrs_contains(set, (struct span){.lo = 1, .hi = 1});
	bool without = addrs_contains(set, (struct span){0});

	open.peers = open.sports = (struct addrs){0};
	if (with == without)
		return place(w, h, c, with ? HELD_YES : HELD_NO, NULL);
	int r = flow_routed_by(w->host, w->query->family, w->iif, &yes, &unsure);
	if (r == 0)
		r = addrs_copy(&open.sports, &c->sports);
	if (r == 0)
		r = addrs_split(&c->peers, &unsure, &open.peers);
	if (r == 0)
		r = place(w, h, &open, HELD_UNKNOWN, NULL);
	if (r < 0)
		return r;
	if (with)
		return cut(h, c, false, &yes);
	_cleanup_addrs_ struct addrs no = {0};
	r = addrs_add(&no, addrs_all(w->query->family));
	if (r == 0)
		r = addrs_subtract(&no, &yes);
	return r < 0 ? r : cut(h, c, false, &no);
}

/* A set with one key. */
static int lookup_set(struct flow_walk *w, struct flow_hits *h, struct cell *c,
	const struct rule_key *key, const struct rule_set *set)
{
	struct value v = value_of(w, c, key);

	switch (v.kind) {
	case VALUE_NONE:
		h->broken = true;
		return cells_push(&h->out, c);
	case VALUE_PEER:
		return cut_by_peer(w, h, c, key, &set->spans);
	case VALUE_SPORT:
		return key->mask == RULE_NO_MASK && key->flip == 0
			       ? cut(h, c, true, &set->spans)
			       : place(w, h, c, HELD_CHOSEN, NULL);
	case VALUE_PEER_TYPE:
		return cut_by_type(w, h, c, &set->spans);
	case VALUE_REVERSE:
		return cut_by_reverse(w, h, c, &set->spans);
	default:
		return place(w, h, c, held(&v, key, &set->spans), NULL);
	}
}

/* Which sources and source ports one element is about. */
struct rect {
	struct span peers, sports;
	const struct rule_elem *elem;
	enum held how;
};

struct rects {
	struct rect *v;
	size_t n, room;
};

static void rects_fini(struct rects *s)
{
	free(s->v);
}

static bool narrow(struct span *s, struct span by)
{
	s->lo = MAX(s->lo, by.lo);
	s->hi = MIN(s->hi, by.hi);
	return s->lo <= s->hi;
}

static struct rect rect_of(const struct flow_walk *w, const struct rule_match *m,
	const struct value *values, const struct rule_elem *e)
{
	struct rect rect = {.peers = addrs_all(w->query->family),
		.sports = all_ports,
		.elem = e,
		.how = HELD_YES};

	for (unsigned i = 0; i < m->n_keys && rect.how != HELD_NO; i++) {
		const struct rule_key *key = &m->keys[i];
		bool plain = key->mask == RULE_NO_MASK && key->flip == 0;
		struct addrs set = {.v = (struct span *)&e->keys[i], .n = 1};
		enum held how = HELD_UNKNOWN; /* types and routes of sources, in a tuple */

		if (values[i].kind == VALUE_PEER && plain)
			how = narrow(&rect.peers, e->keys[i]) ? HELD_YES : HELD_NO;
		else if (values[i].kind == VALUE_SPORT && plain)
			how = narrow(&rect.sports, e->keys[i]) ? HELD_YES : HELD_NO;
		else if (values[i].kind == VALUE_SPAN || values[i].kind == VALUE_FLAGS)
			how = held(&values[i], key, &set);
		if (how == HELD_NO || how > rect.how)
			rect.how = how;
	}
	return rect;
}

static int compare(u128 a, u128 b)
{
	return a < b ? -1 : a > b;
}

/* Certain ones first; then alike results, alike ports, and their sources in order. */
static int by_result(const void *a, const void *b)
{
	const struct rect *x = a, *y = b;
	int c = (int)x->how - (int)y->how;

	if (c == 0)
		c = rule_elem_compare(x->elem, y->elem);
	if (c == 0)
		c = compare(x->sports.lo, y->sports.lo);
	if (c == 0)
		c = compare(x->sports.hi, y->sports.hi);
	return c != 0 ? c : compare(x->peers.lo, y->peers.lo);
}

static bool same_group(const struct rect *x, const struct rect *y)
{
	return x->how == y->how && rule_elem_compare(x->elem, y->elem) == 0 &&
	       compare(x->sports.lo, y->sports.lo) == 0 && compare(x->sports.hi, y->sports.hi) == 0;
}

static int take_group(struct flow_walk *w, struct flow_hits *h, const struct rect *v, size_t n)
{
	_cleanup_free_ struct span *spans = reallocarray(NULL, n, sizeof(*spans));
	_cleanup_cells_ struct cells left = h->out;
	struct addrs sports = {.v = (struct span *)&v[0].sports, .n = 1};
	int r = spans ? 0 : -ENOMEM;

	h->out = (struct cells){0};
	for (size_t i = 0; r == 0 && i < n; i++)
		spans[i] = v[i].peers;
	struct addrs peers = {.v = spans, .n = r == 0 ? addrs_normalize(spans, n) : 0};
	for (size_t i = 0; r == 0 && i < left.n; i++) {
		_cleanup_cell_ struct cell in = {0};
		r = cell_take(&left.v[i], &peers, &sports, &in, &h->out);
		if (r == 0 && !cell_is_empty(&in))
			r = place(w, h, &in, v[0].how, v[0].elem);
	}
	return r;
}

enum { COVER_MAX = 256 }; /* back ends of a load balancer */

/* Whether one of the elements is meant, whatever the value turns out to be. */
static bool covers(const struct rule_match *m, const struct value *v)
{
	u128 next = v->span.lo;
	bool found = true;

	if (m->n_keys != 1 || v->kind != VALUE_SPAN || m->set->n_elems > COVER_MAX)
		return false;
	while (found && next <= v->span.hi) {
		found = false;
		for (size_t i = 0; !found && i < m->set->n_elems; i++) {
			struct span s = m->set->elems[i].keys[0];
			found = s.lo <= next && s.hi >= next;
			if (found && s.hi >= v->span.hi)
				return true;
			next = found ? s.hi + 1 : next;
		}
	}
	return false;
}

static int collect(const struct flow_walk *w, const struct rule_match *m,
	const struct value *values, struct rects *ret)
{
	for (size_t i = 0; i < m->set->n_elems; i++) {
		struct rect rect = rect_of(w, m, values, &m->set->elems[i]);
		if (rect.how == HELD_NO)
			continue;
		if (ret->n == ret->room) {
			size_t room = MAX(ret->room * 2, (size_t)16);
			struct rect *v = reallocarray(ret->v, room, sizeof(*v));
			if (!v)
				return -ENOMEM;
			ret->v = v;
			ret->room = room;
		}
		ret->v[ret->n++] = rect;
	}
	return 0;
}

/* A map, or a set of tuples. */
static int lookup_elems(
	struct flow_walk *w, struct flow_hits *h, struct cell *c, const struct rule_match *m)
{
	_cleanup_(rects_fini) struct rects rects = {0};
	struct value values[RULE_KEYS_MAX];

	for (unsigned i = 0; i < m->n_keys; i++) {
		values[i] = value_of(w, c, &m->keys[i]);
		h->broken = h->broken || values[i].kind == VALUE_NONE;
	}
	int r = cells_push(&h->out, c);
	if (r < 0 || h->broken)
		return r;
	r = collect(w, m, values, &rects);
	if (r == 0 && rects.n > 1)
		qsort(rects.v, rects.n, sizeof(*rects.v), by_result);
	for (size_t i = 0, end; r == 0 && i < rects.n && h->out.n > 0; i = end) {
		end = i + 1;
		while (end < rects.n && same_group(&rects.v[i], &rects.v[end]))
			end++;
		r = take_group(w, h, &rects.v[i], end - i);
	}
	if (r == 0 && rects.n > 0 && rects.v[rects.n - 1].how > HELD_YES && covers(m, &values[0]))
		cells_fini(&h->out);
	return r;
}

/* What packets or time may change: the other way is possible too, now or later. */
static int doubt(struct flow_walk *w, struct flow_hits *h)
{
	size_t n_in = h->in.n, n_out = h->out.n;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n_in; i++) {
		_cleanup_cell_ struct cell copy = {0};
		r = cell_copy(&copy, &h->in.v[i]);
		flow_mark(&copy, w->rule->text, true);
		flow_mark(&h->in.v[i], w->rule->text, false);
		if (r == 0)
			r = cells_push(&h->out, &copy);
	}
	for (size_t i = 0; r == 0 && i < n_out; i++) {
		_cleanup_cell_ struct cell copy = {0};
		r = cell_copy(&copy, &h->out.v[i]);
		flow_mark(&copy, w->rule->text, true);
		flow_mark(&h->out.v[i], w->rule->text, false);
		if (r == 0)
			r = hit(h, &copy, NULL);
	}
	return r;
}

int flow_lookup(
	struct flow_walk *w, struct cell *c, const struct rule_match *match, struct flow_hits *ret)
{
	_cleanup_flow_hits_ struct flow_hits h = {0};
	const struct rule_set *set = match->set;
	int r;

	if (set->opaque || match->n_keys != set->n_keys)
		r = place(w, &h, c, HELD_UNKNOWN, NULL);
	else if (set->n_keys == 1 && !set->is_map)
		r = lookup_set(w, &h, c, &match->keys[0], set);
	else
		r = lookup_elems(w, &h, c, match);
	if (r == 0 && set->dynamic && !h.broken)
		r = doubt(w, &h);
	if (r < 0)
		return r;
	*ret = h;
	h = (struct flow_hits){0};
	return 0;
}

bool flow_misses(const struct flow_walk *w, const struct cell *c, const struct rule_match *match)
{
	const struct rule_key *key = &match->keys[0];
	const struct rule_set *set = match->set;

	if (match->n_keys != 1 || set->n_keys != 1 || set->opaque || set->dynamic)
		return false;
	struct value v = value_of(w, c, key);
	if (v.kind == VALUE_NONE)
		return true;
	if (v.kind == VALUE_SPAN || v.kind == VALUE_FLAGS)
		return held(&v, key, &set->spans) == (match->negate ? HELD_YES : HELD_NO);
	/* One address or prefix that is not in the cell: the usual list of such rules. */
	return v.kind == VALUE_PEER && !match->negate && key->mask == RULE_NO_MASK &&
	       key->flip == 0 && set->spans.n == 1 && !addrs_overlaps(&c->peers, set->spans.v[0]);
}
