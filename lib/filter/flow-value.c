/* SPDX-License-Identifier: ISC */
#include "filter/flow-value.h"

#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

enum {
	TCP_SYN = 2,
	TCP_SENDERS = 8 | 0x20 | 0x40 | 0x80, /* PSH URG ECE CWR: a first packet may have them */
};

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
	/* A rule has said so already; what conntrack leaves alone by itself, it has to see first.
	 */
	bool untracked = c->state == CT_UNTRACKED && w->query->state != CT_UNTRACKED;

	if (untracked || w->tracking == TRACK_AFTER)
		return one(c->state);
	return w->tracking == TRACK_BEFORE ? one(CT_INVALID) : unknown();
}

static struct value ct_status(const struct flow_walk *w, const struct cell *c, u128 mask)
{
	const u128 known = 0x3f;
	bool moved = c->bound &&
		     (c->dst.lo != w->query->local || c->dst.hi != w->query->local ||
			     c->dport.lo != w->query->port || c->dport.hi != w->query->port);
	u128 v = (moved ? CT_STATUS_DNAT : 0) | (w->looped ? CT_STATUS_CONFIRMED : 0) |
		 (c->state == CT_RELATED ? CT_STATUS_EXPECTED : 0);

	if ((mask & ~known) != 0 || c->snat || c->state == CT_ESTABLISHED ||
		(w->query->out && c->bound))
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
		return key->field == FIELD_CT_NAT ? one(0) : kind(VALUE_NONE);
	switch (key->field) {
	case FIELD_CT_NAT:
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

struct value flow_value(const struct flow_walk *w, const struct cell *c, const struct rule_key *key)
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

bool flow_key_missing(const struct flow_walk *w, const struct cell *c, const struct rule_key *key)
{
	return flow_value(w, c, key).kind == VALUE_NONE;
}

struct span flow_key_span(
	const struct flow_walk *w, const struct cell *c, const struct rule_key *key)
{
	struct value v = flow_value(w, c, key);

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

enum held flow_held(const struct value *v, const struct rule_key *key, const struct addrs *set)
{
	if (v->kind == VALUE_FLAGS)
		return flags_held(key, set);
	if (!addrs_overlaps(set, v->span))
		return HELD_NO;
	if (addrs_contains(set, v->span))
		return HELD_YES;
	return v->chosen ? HELD_CHOSEN : HELD_UNKNOWN;
}
