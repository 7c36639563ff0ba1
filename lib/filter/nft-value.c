/* SPDX-License-Identifier: ISC */
/* How nft writes values in JSON: by name where it has one, else as a number. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "filter/nft-read.h"

struct symbol {
	const char *name;
	unsigned value;
};

static const struct symbol protocols[] = {
	{"ip", 0},
	{"hopopt", 0},
	{"icmp", 1},
	{"igmp", 2},
	{"ggp", 3},
	{"ipencap", 4},
	{"ipv4", 4},
	{"st", 5},
	{"tcp", 6},
	{"egp", 8},
	{"igp", 9},
	{"pup", 12},
	{"udp", 17},
	{"hmp", 20},
	{"xns-idp", 22},
	{"rdp", 27},
	{"iso-tp4", 29},
	{"dccp", 33},
	{"xtp", 36},
	{"ddp", 37},
	{"idpr-cmtp", 38},
	{"ipv6", 41},
	{"ipv6-route", 43},
	{"ipv6-frag", 44},
	{"idrp", 45},
	{"rsvp", 46},
	{"gre", 47},
	{"esp", 50},
	{"ipsec-esp", 50},
	{"ah", 51},
	{"ipsec-ah", 51},
	{"skip", 57},
	{"ipv6-icmp", 58},
	{"icmpv6", 58},
	{"ipv6-nonxt", 59},
	{"ipv6-opts", 60},
	{"rspf", 73},
	{"vmtp", 81},
	{"eigrp", 88},
	{"ospf", 89},
	{"ospfigp", 89},
	{"ax.25", 93},
	{"ipip", 94},
	{"etherip", 97},
	{"encap", 98},
	{"pim", 103},
	{"ipcomp", 108},
	{"comp", 108},
	{"vrrp", 112},
	{"l2tp", 115},
	{"isis", 124},
	{"sctp", 132},
	{"fc", 133},
	{"mobility-header", 135},
	{"udplite", 136},
	{"mpls-in-ip", 137},
	{"manet", 138},
	{"hip", 139},
	{"shim6", 140},
	{"wesp", 141},
	{"rohc", 142},
};

/* Of a packet that is neither, FIELD_NFPROTO has no value that could be equal. */
static const struct symbol families[] = {
	{"ip", 2},
	{"ipv4", 2},
	{"ip6", 10},
	{"ipv6", 10},
	{"arp", 3},
	{"vlan", 255},
	{"8021q", 255},
	{"8021ad", 255},
};

static const struct symbol states[] = {
	{"invalid", CT_INVALID},
	{"established", CT_ESTABLISHED},
	{"related", CT_RELATED},
	{"new", CT_NEW},
	{"untracked", CT_UNTRACKED},
};

static const struct symbol statuses[] = {
	{"expected", CT_STATUS_EXPECTED},
	{"seen-reply", CT_STATUS_SEEN_REPLY},
	{"assured", CT_STATUS_ASSURED},
	{"confirmed", CT_STATUS_CONFIRMED},
	{"snat", CT_STATUS_SNAT},
	{"dnat", CT_STATUS_DNAT},
	{"dying", 0x200},
};

static const struct symbol directions[] = {{"original", 0}, {"reply", 1}};

static const struct symbol tcp_flags[] = {
	{"fin", 1},
	{"syn", 2},
	{"rst", 4},
	{"psh", 8},
	{"ack", 16},
	{"urg", 32},
	{"ecn", 64},
	{"cwr", 128},
};

static const struct symbol packet_types[] = {
	{"host", 0},
	{"unicast", 0},
	{"broadcast", 1},
	{"multicast", 2},
	{"other", 3},
};

static const struct symbol address_types[] = {
	{"unspec", RTN_UNSPEC},
	{"unicast", RTN_UNICAST},
	{"local", RTN_LOCAL},
	{"broadcast", RTN_BROADCAST},
	{"anycast", RTN_ANYCAST},
	{"multicast", RTN_MULTICAST},
	{"blackhole", RTN_BLACKHOLE},
	{"unreachable", RTN_UNREACHABLE},
	{"prohibit", RTN_PROHIBIT},
	{"throw", RTN_THROW},
	{"nat", RTN_NAT},
	{"xresolve", RTN_XRESOLVE},
};

static const struct symbol icmp_types[] = {
	{"echo-reply", 0},
	{"destination-unreachable", 3},
	{"source-quench", 4},
	{"redirect", 5},
	{"echo-request", 8},
	{"router-advertisement", 9},
	{"router-solicitation", 10},
	{"time-exceeded", 11},
	{"parameter-problem", 12},
	{"timestamp-request", 13},
	{"timestamp-reply", 14},
	{"info-request", 15},
	{"info-reply", 16},
	{"address-mask-request", 17},
	{"address-mask-reply", 18},
};

static const struct symbol icmpv6_types[] = {
	{"destination-unreachable", 1},
	{"packet-too-big", 2},
	{"time-exceeded", 3},
	{"parameter-problem", 4},
	{"echo-request", 128},
	{"echo-reply", 129},
	{"mld-listener-query", 130},
	{"mld-listener-report", 131},
	{"mld-listener-done", 132},
	{"mld-listener-reduction", 132},
	{"nd-router-solicit", 133},
	{"nd-router-advert", 134},
	{"nd-neighbor-solicit", 135},
	{"nd-neighbor-advert", 136},
	{"nd-redirect", 137},
	{"router-renumbering", 138},
	{"ind-neighbor-solicit", 141},
	{"ind-neighbor-advert", 142},
	{"mld2-listener-report", 143},
};

/* nft names a code by its commonest type, whatever type stands beside it. */
static const struct symbol icmp_codes[] = {
	{"net-unreachable", 0},
	{"host-unreachable", 1},
	{"prot-unreachable", 2},
	{"port-unreachable", 3},
	{"frag-needed", 4},
	{"net-prohibited", 9},
	{"host-prohibited", 10},
	{"admin-prohibited", 13},
};

static const struct symbol icmpv6_codes[] = {
	{"no-route", 0},
	{"admin-prohibited", 1},
	{"addr-unreachable", 3},
	{"port-unreachable", 4},
	{"policy-fail", 5},
	{"reject-route", 6},
};

#define TABLE(t) (t), ARRAY_SIZE(t)

/* By field; of ICMP, by the family that type.family says. */
static const struct {
	enum rule_field field;
	int family;
	const struct symbol *v;
	size_t n;
} symbols[] = {
	{FIELD_L4PROTO, AF_UNSPEC, TABLE(protocols)},
	{FIELD_NFPROTO, AF_UNSPEC, TABLE(families)},
	{FIELD_CT_STATE, AF_UNSPEC, TABLE(states)},
	{FIELD_CT_STATUS, AF_UNSPEC, TABLE(statuses)},
	{FIELD_CT_DIRECTION, AF_UNSPEC, TABLE(directions)},
	{FIELD_TCP_FLAGS, AF_UNSPEC, TABLE(tcp_flags)},
	{FIELD_PKTTYPE, AF_UNSPEC, TABLE(packet_types)},
	{FIELD_FIB_SADDR_TYPE, AF_UNSPEC, TABLE(address_types)},
	{FIELD_FIB_DADDR_TYPE, AF_UNSPEC, TABLE(address_types)},
	{FIELD_FIB_DADDR_DEV_TYPE, AF_UNSPEC, TABLE(address_types)},
	{FIELD_ICMP_TYPE, AF_INET, TABLE(icmp_types)},
	{FIELD_ICMP_TYPE, AF_INET6, TABLE(icmpv6_types)},
	{FIELD_ICMP_CODE, AF_INET, TABLE(icmp_codes)},
	{FIELD_ICMP_CODE, AF_INET6, TABLE(icmpv6_codes)},
};

static const struct {
	const char *name;
	struct nft_type type;
} type_names[] = {
	{"ipv4_addr", {FIELD_SADDR, AF_INET}},
	{"ipv6_addr", {FIELD_SADDR, AF_INET6}},
	{"inet_service", {FIELD_DPORT, AF_UNSPEC}},
	{"inet_proto", {FIELD_L4PROTO, AF_UNSPEC}},
	{"nf_proto", {FIELD_NFPROTO, AF_UNSPEC}},
	{"ether_type", {FIELD_NFPROTO, AF_UNSPEC}},
	{"mark", {FIELD_MARK, AF_UNSPEC}},
	{"ifname", {FIELD_IIF, AF_UNSPEC}},
	{"iface_index", {FIELD_IIF, AF_UNSPEC}},
	{"ct_state", {FIELD_CT_STATE, AF_UNSPEC}},
	{"ct_status", {FIELD_CT_STATUS, AF_UNSPEC}},
	{"ct_dir", {FIELD_CT_DIRECTION, AF_UNSPEC}},
	{"icmp_type", {FIELD_ICMP_TYPE, AF_INET}},
	{"icmpv6_type", {FIELD_ICMP_TYPE, AF_INET6}},
	{"icmp_code", {FIELD_ICMP_CODE, AF_INET}},
	{"icmpv6_code", {FIELD_ICMP_CODE, AF_INET6}},
	{"tcp_flag", {FIELD_TCP_FLAGS, AF_UNSPEC}},
	{"pkt_type", {FIELD_PKTTYPE, AF_UNSPEC}},
	{"fib_addrtype", {FIELD_FIB_DADDR_TYPE, AF_UNSPEC}},
	{"uid", {FIELD_SKUID, AF_UNSPEC}},
	{"gid", {FIELD_SKGID, AF_UNSPEC}},
};

int nft_type_named(const char *name, struct nft_type *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(type_names); i++) {
		if (strcmp(type_names[i].name, name) != 0)
			continue;
		*ret = type_names[i].type;
		return 0;
	}
	return -ENOTSUP;
}

static bool is_address(enum rule_field field)
{
	return field == FIELD_SADDR || field == FIELD_DADDR || field == FIELD_CT_SADDR ||
	       field == FIELD_CT_DADDR;
}

u128 nft_type_max(struct nft_type type)
{
	if (is_address(type.field))
		return addrs_all(type.family).hi;
	switch (type.field) {
	case FIELD_SPORT:
	case FIELD_DPORT:
	case FIELD_CT_SPORT:
	case FIELD_CT_DPORT:
		return UINT16_MAX;
	case FIELD_L4PROTO:
	case FIELD_NFPROTO:
	case FIELD_ICMP_TYPE:
	case FIELD_ICMP_CODE:
	case FIELD_TCP_FLAGS:
		return UINT8_MAX;
	case FIELD_IIF:
	case FIELD_OIF:
		return ~(u128)0;
	default:
		return UINT32_MAX;
	}
}

static int address(const char *s, int family, struct span *ret)
{
	struct net net;

	if (net_parse(s, &net) < 0 || (family != AF_UNSPEC && net.family != family))
		return -ENOTSUP;
	*ret = addrs_net(&net);
	return 0;
}

/* nft writes a name that ends in a star of its own as "a\*". */
static int name_of_interface(const char *s, struct span *ret)
{
	size_t len = strlen(s);
	char name[64];

	if (len == 0 || len >= sizeof(name))
		return -ENOTSUP;
	if (len < 2 || strcmp(s + len - 2, "\\*") != 0) {
		*ret = ruleset_ifname(s, '*');
		return 0;
	}
	(void)snprintf(name, sizeof(name), "%.*s*", (int)len - 2, s);
	*ret = ruleset_ifname(name, 0);
	return 0;
}

static int symbol(const char *s, struct nft_type type, struct span *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		if (symbols[i].field != type.field ||
			(symbols[i].family != AF_UNSPEC && symbols[i].family != type.family))
			continue;
		for (size_t k = 0; k < symbols[i].n; k++) {
			if (strcmp(symbols[i].v[k].name, s) != 0)
				continue;
			ret->lo = ret->hi = symbols[i].v[k].value;
			return 0;
		}
	}
	return -ENOTSUP;
}

/* A number that nft wrote as a string: "0x10", "77". */
static int number(const char *s, struct span *ret)
{
	char *end;

	if (*s < '0' || *s > '9')
		return -ENOTSUP;
	errno = 0;
	unsigned long long v = strtoull(s, &end, 0);
	if (errno != 0 || *end)
		return -ENOTSUP;
	ret->lo = ret->hi = v;
	return 0;
}

static int word(const char *s, struct nft_type type, struct span *ret)
{
	if (is_address(type.field))
		return address(s, type.family, ret);
	if (type.field == FIELD_IIF || type.field == FIELD_OIF)
		return name_of_interface(s, ret);
	return symbol(s, type, ret) == 0 ? 0 : number(s, ret);
}

/* {"prefix": {"addr": "10.0.0.0", "len": 8}} */
static int prefix(const json_t *json, struct nft_type type, struct span *ret)
{
	const char *addr = json_string_value(json_object_get(json, "addr"));
	const json_t *len = json_object_get(json, "len");
	char text[INET6_ADDRSTRLEN + 8];

	if (!addr || !json_is_integer(len) || !is_address(type.field) ||
		strlen(addr) >= INET6_ADDRSTRLEN)
		return -ENOTSUP;
	(void)snprintf(text, sizeof(text), "%s/%lld", addr, (long long)json_integer_value(len));
	return address(text, type.family, ret);
}

static int range(const json_t *json, struct nft_type type, struct span *ret)
{
	struct span lo, hi;

	if (json_array_size(json) != 2)
		return -ENOTSUP;
	int r = nft_value(json_array_get(json, 0), type, &lo);
	if (r == 0)
		r = nft_value(json_array_get(json, 1), type, &hi);
	if (r < 0 || lo.lo > hi.hi)
		return -ENOTSUP;
	*ret = (struct span){.lo = lo.lo, .hi = hi.hi};
	return 0;
}

int nft_flags(const json_t *json, struct nft_type type, u128 *ret)
{
	const json_t *list = json_is_object(json) ? json_object_get(json, "|") : json;
	struct span s;
	u128 v = 0;

	if (!json_is_array(list)) {
		int r = nft_value(json, type, &s);
		if (r < 0 || s.lo != s.hi)
			return -ENOTSUP;
		*ret = s.lo;
		return 0;
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		u128 bits;
		/* {"|": [{"|": [a, b]}, c]}: jansson bounds how deep it can be. */
		int r = nft_flags(item, type, &bits);
		if (r < 0)
			return r;
		v |= bits;
	}
	*ret = v;
	return 0;
}

int nft_value(const json_t *json, struct nft_type type, struct span *ret)
{
	u128 bits;

	if (json_is_string(json))
		return word(json_string_value(json), type, ret);
	if (json_is_boolean(json) || json_is_integer(json)) {
		json_int_t v = json_is_integer(json) ? json_integer_value(json)
						     : json_is_true(json);
		if (v < 0 || is_address(type.field))
			return -ENOTSUP;
		ret->lo = ret->hi = (u128)v;
		return 0;
	}
	if (json_is_array(json) || json_object_get(json, "|")) {
		if (nft_flags(json, type, &bits) < 0)
			return -ENOTSUP;
		ret->lo = ret->hi = bits;
		return 0;
	}
	if (json_object_get(json, "prefix"))
		return prefix(json_object_get(json, "prefix"), type, ret);
	if (json_object_get(json, "range"))
		return range(json_object_get(json, "range"), type, ret);
	return -ENOTSUP;
}
