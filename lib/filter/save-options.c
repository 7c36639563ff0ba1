/* SPDX-License-Identifier: ISC */
/* What each option of iptables' matches says: the common ones, and each module's. */
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>

#include "filter/save-rule.h"

static const struct span any_value = {0, ~(u128)0};
static const unsigned ct_all = CT_INVALID | CT_ESTABLISHED | CT_RELATED | CT_NEW | CT_UNTRACKED;

/* Words separated by commas, one after the other, in buf; false at the end or when too long. */
static bool next_item(const char **list, char buf[static 64])
{
	size_t len = strcspn(*list, ",");

	if (**list == '\0' || len == 0 || len >= 64)
		return false;
	memcpy(buf, *list, len);
	buf[len] = '\0';
	*list += len + ((*list)[len] == ',');
	return true;
}

struct named_bit {
	const char *name;
	unsigned bit;
};

/* The bits of a list of names. 0 or -EBADMSG. */
static int take_bits(const char *list, const struct named_bit *names, size_t n, unsigned *ret)
{
	unsigned bits = 0;
	char item[64];
	size_t i;

	while (next_item(&list, item)) {
		for (i = 0; i < n && strcmp(item, names[i].name) != 0; i++)
			;
		if (i == n)
			return -EBADMSG;
		bits |= names[i].bit;
	}
	if (*list)
		return -EBADMSG;
	*ret = bits;
	return 0;
}

/* One span for each bit of a mask, at most 32. */
static size_t bit_spans(unsigned bits, struct span spans[static 32])
{
	size_t n = 0;

	for (unsigned i = 0; i < 32; i++) {
		if (bits & 1u << i)
			spans[n++] = (struct span){1u << i, 1u << i};
	}
	return n;
}

/* ---- the options of each module ---- */

static int take_prefix(
	struct save_rule *s, const struct save_option *o, char *const *args, bool negate)
{
	struct span span;
	u128 mask;

	if (save_prefix(s->family, args[0], &span, &mask) < 0)
		return -EBADMSG;
	return save_match(s, o->field, mask, &span, 1, negate);
}

static int take_addresses(
	struct save_rule *s, const struct save_option *o, char *const *args, bool negate)
{
	struct span span;

	if (save_addresses(s->family, args[0], &span) < 0)
		return -EBADMSG;
	return save_match(s, o->field, RULE_NO_MASK, &span, 1, negate);
}

static int take_device(
	struct save_rule *s, const struct save_option *o, char *const *args, bool negate)
{
	struct span span = ruleset_ifname(args[0], '+');

	return save_match(s, o->field, RULE_NO_MASK, &span, 1, negate);
}

static int take_protocol(
	struct save_rule *s, const struct save_option *o, char *const *args, bool negate)
{
	uint8_t proto;

	if (save_protocol(args[0], &proto) < 0)
		return -EBADMSG;
	if (proto == 0)
		return negate ? -EBADMSG : 0;
	struct span span = {proto, proto};
	return save_match(s, o->field, RULE_NO_MASK, &span, 1, negate);
}

/* -f: a fragment that is not the first. None is the start of a connection. */
static int take_fragment(
	struct save_rule *s, const struct save_option *o, char *const *args, bool negate)
{
	return save_match(s, o->field, RULE_NO_MASK, NULL, 0, negate);
}

static int take_ports(
	struct save_rule *s, const struct save_option *o, char *const *args, bool negate)
{
	struct span span;

	if (save_range(args[0], ':', UINT16_MAX, &span) < 0)
		return -EBADMSG;
	return save_match(s, o->field, RULE_NO_MASK, &span, 1, negate);
}

enum { MULTIPORT_MAX = 16 }; /* the module has 15 */

/* data: either port will do. */
static int take_multiport(
	struct save_rule *s, const struct save_option *o, char *const *args, bool negate)
{
	static const struct rule_key keys[2] = {
		{.field = FIELD_SPORT, .mask = RULE_NO_MASK},
		{.field = FIELD_DPORT, .mask = RULE_NO_MASK},
	};
	struct span spans[MULTIPORT_MAX], pairs[2 * MULTIPORT_MAX][2];
	const char *list = args[0];
	char item[64];
	size_t n = 0;

	while (n < MULTIPORT_MAX && next_item(&list, item)) {
		if (save_range(item, ':', UINT16_MAX, &spans[n]) < 0)
			return -EBADMSG;
		n++;
	}
	if (*list || n == 0)
		return -EBADMSG;
	if (!o->data)
		return save_match(s, o->field, RULE_NO_MASK, spans, n, negate);
	for (size_t i = 0; i < n; i++) {
		pairs[2 * i][0] = pairs[2 * i + 1][1] = spans[i];
		pairs[2 * i][1] = pairs[2 * i + 1][0] = any_value;
	}
	return save_match_pairs(s, keys, (const struct span(*)[2])pairs, 2 * n, negate);
}

/* "--tcp-flags MASK SET". */
static int take_tcp_flags(
	struct save_rule *s, const struct save_option *o, char *const *args, bool negate)
{
	static const struct named_bit names[] = {{"FIN", 1}, {"SYN", 2}, {"RST", 4}, {"PSH", 8},
		{"ACK", 16}, {"URG", 32}, {"ALL", 63}, {"NONE", 0}};
	unsigned mask, set;

	if (take_bits(args[0], names, ARRAY_SIZE(names), &mask) < 0 ||
		take_bits(args[1], names, ARRAY_SIZE(names), &set) < 0)
		return -EBADMSG;
	struct span span = {set, set};
	return save_match(s, o->field, mask, &span, 1, negate);
}

/* "8", "3/4" or "any". */
static int take_icmp(
	struct save_rule *s, const struct save_option *o, char *const *args, bool negate)
{
	static const struct rule_key keys[2] = {
		{.field = FIELD_ICMP_TYPE, .mask = RULE_NO_MASK},
		{.field = FIELD_ICMP_CODE, .mask = RULE_NO_MASK},
	};
	const char *slash = strchr(args[0], '/');
	uint64_t code = 0, type;
	char buf[8] = "";

	if (strcmp(args[0], "any") == 0)
		return negate ? -EBADMSG : 0;
	if (slash && save_number(slash + 1, UINT8_MAX, &code) < 0)
		return -EBADMSG;
	size_t len = slash ? (size_t)(slash - args[0]) : strlen(args[0]);
	if (len >= sizeof(buf))
		return -EBADMSG;
	memcpy(buf, args[0], len);
	if (save_number(buf, UINT8_MAX, &type) < 0)
		return -EBADMSG;
	const struct span pair[1][2] = {{{type, type}, {code, code}}};
	if (!slash)
		return save_match(s, o->field, RULE_NO_MASK, &pair[0][0], 1, negate);
	return save_match_pairs(s, keys, pair, 1, negate);
}

/* The packet has a connection: what asks for one does not match without, negated or not. */
static int match_tracked(struct save_rule *s)
{
	static const struct span none[] = {{CT_INVALID, CT_INVALID}, {CT_UNTRACKED, CT_UNTRACKED}};

	return save_match(s, FIELD_CT_STATE, RULE_NO_MASK, none, ARRAY_SIZE(none), true);
}

/* "VALUE[/MASK]". data: of the connection. */
static int take_mark(
	struct save_rule *s, const struct save_option *o, char *const *args, bool negate)
{
	char buf[64], *slash;
	uint64_t value, mask;

	if (strlen(args[0]) >= sizeof(buf))
		return -EBADMSG;
	memcpy(buf, args[0], strlen(args[0]) + 1);
	slash = strchr(buf, '/');
	if (slash)
		*slash++ = '\0';
	if (save_number(buf, UINT32_MAX, &value) < 0 ||
		(slash && save_number(slash, UINT32_MAX, &mask) < 0))
		return -EBADMSG;
	if (o->data && match_tracked(s) < 0)
		return -ENOMEM;
	struct span span = {value, value};
	return save_match(s, o->field, slash ? (u128)mask : RULE_NO_MASK, &span, 1, negate);
}

/* Of the connection's state and of its NAT: one of them is enough. */
static int take_state(
	struct save_rule *s, const struct save_option *o, char *const *args, bool negate)
{
	enum { NAT_SHIFT = 16 }; /* what is of the status and not of the state */
	static const struct named_bit names[] = {{"INVALID", CT_INVALID}, {"NEW", CT_NEW},
		{"RELATED", CT_RELATED}, {"ESTABLISHED", CT_ESTABLISHED},
		{"UNTRACKED", CT_UNTRACKED}, {"SNAT", CT_STATUS_SNAT << NAT_SHIFT},
		{"DNAT", CT_STATUS_DNAT << NAT_SHIFT}};
	struct span spans[32], pairs[33][2];
	unsigned bits;

	if (take_bits(args[0], names, ARRAY_SIZE(names), &bits) < 0)
		return -EBADMSG;
	unsigned states = bits & ct_all, status = bits >> NAT_SHIFT;
	size_t n = bit_spans(states, spans);
	s->ct_states = status != 0 ? ct_all : negate ? ct_all & ~states : states;
	s->ct_asked = true;
	if (status == 0)
		return save_match(s, o->field, RULE_NO_MASK, spans, n, negate);
	const struct rule_key keys[2] = {
		{.field = FIELD_CT_STATE, .mask = RULE_NO_MASK},
		{.field = FIELD_CT_NAT, .mask = status},
	};
	for (size_t i = 0; i < n; i++) {
		pairs[i][0] = spans[i];
		pairs[i][1] = any_value;
	}
	pairs[n][0] = any_value;
	pairs[n][1] = (struct span){1, status};
	return save_match_pairs(s, keys, (const struct span(*)[2])pairs, n + 1, negate);
}

static int take_ct_prefix(
	struct save_rule *s, const struct save_option *o, char *const *args, bool negate)
{
	s->ct_other = true;
	return take_prefix(s, o, args, negate);
}

static int take_ct_ports(
	struct save_rule *s, const struct save_option *o, char *const *args, bool negate)
{
	s->ct_other = true;
	return take_ports(s, o, args, negate);
}

static int take_ct_protocol(
	struct save_rule *s, const struct save_option *o, char *const *args, bool negate)
{
	s->ct_other = true;
	return take_protocol(s, o, args, negate);
}

static int take_ct_direction(
	struct save_rule *s, const struct save_option *o, char *const *args, bool negate)
{
	bool reply = strcmp(args[0], "REPLY") == 0;
	struct span span = {reply, reply};

	if (!reply && strcmp(args[0], "ORIGINAL") != 0)
		return -EBADMSG;
	s->ct_other = true;
	return save_match(s, o->field, RULE_NO_MASK, &span, 1, negate);
}

/* Any of the bits; of none of them ("NONE") nothing has any. */
static int take_ct_status(
	struct save_rule *s, const struct save_option *o, char *const *args, bool negate)
{
	static const struct named_bit names[] = {{"NONE", 0}, {"EXPECTED", CT_STATUS_EXPECTED},
		{"SEEN_REPLY", CT_STATUS_SEEN_REPLY}, {"ASSURED", CT_STATUS_ASSURED},
		{"CONFIRMED", CT_STATUS_CONFIRMED}};
	unsigned bits;

	if (take_bits(args[0], names, ARRAY_SIZE(names), &bits) < 0)
		return -EBADMSG;
	struct span span = {1, bits};
	s->ct_other = true;
	return save_match(s, o->field, bits, &span, bits != 0 ? 1 : 0, negate);
}

static const struct named_bit type_names[] = {{"UNSPEC", 1u << RTN_UNSPEC},
	{"UNICAST", 1u << RTN_UNICAST}, {"LOCAL", 1u << RTN_LOCAL},
	{"BROADCAST", 1u << RTN_BROADCAST}, {"ANYCAST", 1u << RTN_ANYCAST},
	{"MULTICAST", 1u << RTN_MULTICAST}, {"BLACKHOLE", 1u << RTN_BLACKHOLE},
	{"UNREACHABLE", 1u << RTN_UNREACHABLE}, {"PROHIBIT", 1u << RTN_PROHIBIT}};

/*
 * IPv6's addrtype is another than IPv4's: MULTICAST, UNICAST and UNSPEC are of
 * the address alone (a local one is unicast too), all that are named have to
 * hold, and only LOCAL, ANYCAST, UNREACHABLE and PROHIBIT ask the routes.
 */
static int take_type6(struct save_rule *s, const struct save_option *o, unsigned types, bool negate)
{
	const unsigned routed = 1u << RTN_LOCAL | 1u << RTN_ANYCAST | 1u << RTN_UNREACHABLE |
				1u << RTN_PROHIBIT;
	const u128 mapped = (u128)0xffff << 32, multicast = (u128)0xff << 120;
	const struct span special[] = {
		{0, 0}, {mapped, mapped | UINT32_MAX}, {multicast, ~(u128)0}};
	enum rule_field addr = o->field == FIELD_FIB_SADDR_TYPE ? FIELD_SADDR : FIELD_DADDR;
	struct span spans[32];
	unsigned kinds = !!(types & routed) + !!(types & 1u << RTN_UNICAST) +
			 !!(types & 1u << RTN_MULTICAST) + !!(types & 1u << RTN_UNSPEC);
	int r = 0;

	if (kinds == 0 || (negate && kinds > 1))
		return -EBADMSG;
	if (types & 1u << RTN_UNSPEC)
		r = save_match(s, addr, RULE_NO_MASK, &special[0], 1, negate);
	if (r == 0 && types & 1u << RTN_MULTICAST)
		r = save_match(s, addr, RULE_NO_MASK, &special[2], 1, negate);
	if (r == 0 && types & 1u << RTN_UNICAST)
		r = save_match(s, addr, RULE_NO_MASK, special, ARRAY_SIZE(special), !negate);
	if (r < 0 || !(types & routed))
		return r;
	size_t n = 0;
	for (unsigned i = 0; i < 32; i++) {
		if (types & routed & 1u << i)
			spans[n++] = (struct span){i, i};
	}
	return save_match(s, o->field, RULE_NO_MASK, spans, n, negate);
}

static int take_type(
	struct save_rule *s, const struct save_option *o, char *const *args, bool negate)
{
	struct span spans[32];
	unsigned types;
	size_t n = 0;

	if (take_bits(args[0], type_names, ARRAY_SIZE(type_names), &types) < 0)
		return -EBADMSG;
	if (s->family == AF_INET6)
		return take_type6(s, o, types, negate);
	for (unsigned i = 0; i < 32; i++) {
		if (types & 1u << i)
			spans[n++] = (struct span){i, i};
	}
	return save_match(s, o->field, RULE_NO_MASK, spans, n, negate);
}

static int take_pkttype(
	struct save_rule *s, const struct save_option *o, char *const *args, bool negate)
{
	static const struct named_bit names[] = {
		{"unicast", 1}, {"broadcast", 2}, {"multicast", 3}};
	unsigned type;

	if (take_bits(args[0], names, ARRAY_SIZE(names), &type) < 0)
		return -EBADMSG;
	struct span span = {type - 1, type - 1};
	return save_match(s, o->field, RULE_NO_MASK, &span, 1, negate);
}

/* "--uid-owner 0" or "1000-2000". */
static int take_owner(
	struct save_rule *s, const struct save_option *o, char *const *args, bool negate)
{
	struct span span;

	if (save_range(args[0], '-', UINT32_MAX, &span) < 0)
		return -EBADMSG;
	return save_match(s, o->field, RULE_NO_MASK, &span, 1, negate);
}

/* What says nothing here: a comment, or how exactly the route back is asked for. */
static int take_nothing(
	struct save_rule *s, const struct save_option *o, char *const *args, bool negate)
{
	return 0;
}

/* Asked for by the module's end: --invert alone changes what it asks. */
static int take_invert(
	struct save_rule *s, const struct save_option *o, char *const *args, bool negate)
{
	s->inverted = true;
	return 0;
}

/* ---- what a module says beside its options, or of them together ---- */

/* The route back to the sender leaves by where the packet came in. */
static int end_rpfilter(struct save_rule *s)
{
	static const struct span yes = {1, 1};

	return save_match(s, FIELD_FIB_REVERSE, RULE_NO_MASK, &yes, 1, s->inverted);
}

/* Of a packet without a connection nothing but the state is asked; the rest does not count. */
static int end_conntrack(struct save_rule *s)
{
	if (!s->ct_other)
		return 0;
	if (!s->ct_asked)
		return match_tracked(s);
	return s->ct_states & (CT_INVALID | CT_UNTRACKED) ? -EBADMSG : 0;
}

/* ---- the tables ---- */

const struct save_option save_generic[SAVE_GENERIC_MAX] = {
	{"-s", 1, take_prefix, FIELD_SADDR, 0},
	{"-d", 1, take_prefix, FIELD_DADDR, 0},
	{"-i", 1, take_device, FIELD_IIF, 0},
	{"-o", 1, take_device, FIELD_OIF, 0},
	{"-p", 1, take_protocol, FIELD_L4PROTO, 0},
	{"-f", 0, take_fragment, FIELD_L4PROTO, 0},
};

static const struct save_option port_options[] = {
	{"--sport", 1, take_ports, FIELD_SPORT, 0},
	{"--dport", 1, take_ports, FIELD_DPORT, 0},
	{"--tcp-flags", 2, take_tcp_flags, FIELD_TCP_FLAGS, 0},
};
static const struct save_option multiport_options[] = {
	{"--sports", 1, take_multiport, FIELD_SPORT, 0},
	{"--dports", 1, take_multiport, FIELD_DPORT, 0},
	{"--ports", 1, take_multiport, FIELD_DPORT, 1},
};
static const struct save_option icmp_options[] = {
	{"--icmp-type", 1, take_icmp, FIELD_ICMP_TYPE, 0},
	{"--icmpv6-type", 1, take_icmp, FIELD_ICMP_TYPE, 0},
};
static const struct save_option conntrack_options[] = {
	{"--ctstate", 1, take_state, FIELD_CT_STATE, 0},
	{"--state", 1, take_state, FIELD_CT_STATE, 0},
	{"--ctproto", 1, take_ct_protocol, FIELD_L4PROTO, 0},
	{"--ctorigsrc", 1, take_ct_prefix, FIELD_CT_SADDR, 0},
	{"--ctorigdst", 1, take_ct_prefix, FIELD_CT_DADDR, 0},
	{"--ctorigsrcport", 1, take_ct_ports, FIELD_CT_SPORT, 0},
	{"--ctorigdstport", 1, take_ct_ports, FIELD_CT_DPORT, 0},
	{"--ctdir", 1, take_ct_direction, FIELD_CT_DIRECTION, 0},
	{"--ctstatus", 1, take_ct_status, FIELD_CT_STATUS, 0},
};
static const struct save_option addrtype_options[] = {
	{"--src-type", 1, take_type, FIELD_FIB_SADDR_TYPE, 0},
	{"--dst-type", 1, take_type, FIELD_FIB_DADDR_TYPE, 0},
};
static const struct save_option iprange_options[] = {
	{"--src-range", 1, take_addresses, FIELD_SADDR, 0},
	{"--dst-range", 1, take_addresses, FIELD_DADDR, 0},
};
static const struct save_option mark_options[] = {{"--mark", 1, take_mark, FIELD_MARK, 0}};
static const struct save_option connmark_options[] = {{"--mark", 1, take_mark, FIELD_CT_MARK, 1}};
static const struct save_option pkttype_options[] = {
	{"--pkt-type", 1, take_pkttype, FIELD_PKTTYPE, 0},
};
static const struct save_option owner_options[] = {
	{"--uid-owner", 1, take_owner, FIELD_SKUID, 0},
	{"--gid-owner", 1, take_owner, FIELD_SKGID, 0},
};
static const struct save_option comment_options[] = {
	{"--comment", 1, take_nothing, FIELD_UNKNOWN, 0},
};
static const struct save_option rpfilter_options[] = {
	{"--invert", 0, take_invert, FIELD_FIB_REVERSE, 0},
	{"--validmark", 0, take_nothing, FIELD_UNKNOWN, 0},
	{"--accept-local", 0, take_nothing, FIELD_UNKNOWN, 0},
};

#define OPTIONS(v) v, ARRAY_SIZE(v)
static const struct save_module modules[] = {
	{"addrtype", OPTIONS(addrtype_options)},
	{"comment", OPTIONS(comment_options)},
	{"connmark", OPTIONS(connmark_options)},
	{"conntrack", OPTIONS(conntrack_options), end_conntrack},
	{"dccp", OPTIONS(port_options)},
	{"icmp", OPTIONS(icmp_options)},
	{"icmp6", OPTIONS(icmp_options)},
	{"iprange", OPTIONS(iprange_options)},
	{"mark", OPTIONS(mark_options)},
	{"multiport", OPTIONS(multiport_options)},
	{"owner", OPTIONS(owner_options)},
	{"pkttype", OPTIONS(pkttype_options)},
	{"rpfilter", OPTIONS(rpfilter_options), end_rpfilter},
	{"sctp", OPTIONS(port_options)},
	{"state", OPTIONS(conntrack_options), end_conntrack},
	{"tcp", OPTIONS(port_options)},
	{"udp", OPTIONS(port_options)},
	{"udplite", OPTIONS(port_options)},
};

/* Whether these match is for the sender to choose, or for the time. */
static const char *const chosen[] = {
	"ah",
	"connbytes",
	"connlimit",
	"cpu",
	"dscp",
	"ecn",
	"esp",
	"hashlimit",
	"hl",
	"length",
	"limit",
	"osf",
	"quota",
	"recent",
	"statistic",
	"tcpmss",
	"time",
	"tos",
	"ttl",
};

/* IPv6's headers that a connection does without. */
static const char *const headers[] = {"dst", "frag", "hbh", "mh", "rt"};

const struct save_module *save_module_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++) {
		if (strcmp(modules[i].name, name) == 0)
			return &modules[i];
	}
	return NULL;
}

static bool is_one_of(const char *name, const char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i], name) == 0)
			return true;
	}
	return false;
}

enum save_doubt_kind save_module_doubt(const char *name)
{
	if (is_one_of(name, chosen, ARRAY_SIZE(chosen)))
		return DOUBT_CHOSEN;
	return is_one_of(name, headers, ARRAY_SIZE(headers)) ? DOUBT_HEADER : DOUBT_OPAQUE;
}
