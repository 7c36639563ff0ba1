/* SPDX-License-Identifier: ISC */
/* What a condition of nft looks at. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "filter/nft-read.h"

/* Where a field of no row below is a value that the sender writes freely. */
static const struct {
	const char *protocol, *field;
	enum rule_field key;
} payloads[] = {
	{"ip", "saddr", FIELD_SADDR},
	{"ip", "daddr", FIELD_DADDR},
	{"ip", "protocol", FIELD_L4PROTO},
	{"ip6", "saddr", FIELD_SADDR},
	{"ip6", "daddr", FIELD_DADDR},
	{"ip6", "nexthdr", FIELD_L4PROTO},
	{"tcp", "sport", FIELD_SPORT},
	{"tcp", "dport", FIELD_DPORT},
	{"tcp", "flags", FIELD_TCP_FLAGS},
	{"udp", "sport", FIELD_SPORT},
	{"udp", "dport", FIELD_DPORT},
	{"udplite", "sport", FIELD_SPORT},
	{"udplite", "dport", FIELD_DPORT},
	{"sctp", "sport", FIELD_SPORT},
	{"sctp", "dport", FIELD_DPORT},
	{"dccp", "sport", FIELD_SPORT},
	{"dccp", "dport", FIELD_DPORT},
	{"th", "sport", FIELD_SPORT},
	{"th", "dport", FIELD_DPORT},
	{"icmp", "type", FIELD_ICMP_TYPE},
	{"icmp", "code", FIELD_ICMP_CODE},
	{"icmpv6", "type", FIELD_ICMP_TYPE},
	{"icmpv6", "code", FIELD_ICMP_CODE},
	{"ether", "type", FIELD_NFPROTO},
};

/* Which packets have such a header. */
static const struct {
	const char *name;
	int family;
	uint8_t l4proto;
	bool senders; /* its other fields are the sender's to choose; else not known here */
} protocols[] = {
	{"ip", AF_INET, 0, true},
	{"ip6", AF_INET6, 0, true},
	{"tcp", AF_UNSPEC, IPPROTO_TCP, true},
	{"udp", AF_UNSPEC, IPPROTO_UDP, true},
	{"udplite", AF_UNSPEC, IPPROTO_UDPLITE, true},
	{"sctp", AF_UNSPEC, IPPROTO_SCTP, true},
	{"dccp", AF_UNSPEC, IPPROTO_DCCP, true},
	{"icmp", AF_INET, IPPROTO_ICMP, true},
	{"icmpv6", AF_INET6, IPPROTO_ICMPV6, true},
	{"igmp", AF_INET, IPPROTO_IGMP, true},
	{"esp", AF_UNSPEC, IPPROTO_ESP, true},
	{"ah", AF_UNSPEC, IPPROTO_AH, true},
	{"comp", AF_UNSPEC, IPPROTO_COMP, true},
	{"th", AF_UNSPEC, 0, true},
	{"ether", AF_UNSPEC, 0, false},
	{"vlan", AF_UNSPEC, 0, false},
};

static const struct {
	const char *key;
	enum rule_field field;
} metas[] = {
	{"mark", FIELD_MARK},
	{"iif", FIELD_IIF},
	{"iifname", FIELD_IIF},
	{"oif", FIELD_OIF},
	{"oifname", FIELD_OIF},
	{"l4proto", FIELD_L4PROTO},
	{"nfproto", FIELD_NFPROTO},
	{"protocol", FIELD_NFPROTO},
	{"pkttype", FIELD_PKTTYPE},
	{"skuid", FIELD_SKUID},
	{"skgid", FIELD_SKGID},
	{"length", FIELD_CHOSEN},
	{"random", FIELD_CHOSEN},
	{"time", FIELD_CHOSEN},
	{"hour", FIELD_CHOSEN},
	{"day", FIELD_CHOSEN},
	{"cpu", FIELD_CHOSEN},
};

static const struct {
	const char *key;
	bool dir; /* it names a direction, and we know only that of the sender */
	enum rule_field field;
	int family;
} cts[] = {
	{"state", false, FIELD_CT_STATE, AF_UNSPEC},
	{"status", false, FIELD_CT_STATUS, AF_UNSPEC},
	{"direction", false, FIELD_CT_DIRECTION, AF_UNSPEC},
	{"mark", false, FIELD_CT_MARK, AF_UNSPEC},
	{"saddr", true, FIELD_CT_SADDR, AF_UNSPEC},
	{"daddr", true, FIELD_CT_DADDR, AF_UNSPEC},
	{"ip saddr", true, FIELD_CT_SADDR, AF_INET},
	{"ip daddr", true, FIELD_CT_DADDR, AF_INET},
	{"ip6 saddr", true, FIELD_CT_SADDR, AF_INET6},
	{"ip6 daddr", true, FIELD_CT_DADDR, AF_INET6},
	{"proto-src", true, FIELD_CT_SPORT, AF_UNSPEC},
	{"proto-dst", true, FIELD_CT_DPORT, AF_UNSPEC},
};

static struct rule_key plain(enum rule_field field, int family, uint8_t l4proto)
{
	struct rule_key key = {
		.field = field, .family = family, .l4proto = l4proto, .mask = RULE_NO_MASK};

	if (field == FIELD_CHOSEN)
		key.mask = 1; /* it can be what the rule asks for, and something else */
	return key;
}

static const char *get(const json_t *json, const char *key)
{
	const char *s = json_string_value(json_object_get(json, key));

	return s ? s : "";
}

static int payload(const json_t *json, struct rule_key *ret)
{
	const char *protocol = get(json, "protocol"), *name = get(json, "field");
	enum rule_field field = FIELD_MAX;

	for (size_t i = 0; i < ARRAY_SIZE(payloads); i++) {
		if (strcmp(payloads[i].protocol, protocol) == 0 &&
			strcmp(payloads[i].field, name) == 0)
			field = payloads[i].key;
	}
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (strcmp(protocols[i].name, protocol) != 0)
			continue;
		if (field == FIELD_MAX)
			field = protocols[i].senders ? FIELD_CHOSEN : FIELD_UNKNOWN;
		*ret = plain(field, protocols[i].family, protocols[i].l4proto);
		return 0;
	}
	return -ENOTSUP;
}

static int meta(const json_t *json, struct rule_key *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(metas); i++) {
		if (strcmp(metas[i].key, get(json, "key")) != 0)
			continue;
		*ret = plain(metas[i].field, AF_UNSPEC, 0);
		return 0;
	}
	*ret = plain(FIELD_UNKNOWN, AF_UNSPEC, 0);
	return 0;
}

static int ct(const json_t *json, struct rule_key *ret)
{
	const char *dir = get(json, "dir");

	*ret = plain(FIELD_UNKNOWN, AF_UNSPEC, 0);
	for (size_t i = 0; i < ARRAY_SIZE(cts); i++) {
		if (strcmp(cts[i].key, get(json, "key")) == 0 &&
			strcmp(dir, cts[i].dir ? "original" : "") == 0)
			*ret = plain(cts[i].field, cts[i].family, 0);
	}
	return 0;
}

static bool has(const json_t *list, const char *word)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));
		if (s && strcmp(s, word) == 0)
			return true;
	}
	return false;
}

static int fib(const json_t *json, struct rule_key *ret)
{
	const json_t *flags = json_object_get(json, "flags");
	const char *result = get(json, "result");
	bool iif = has(flags, "iif");
	enum rule_field field = FIELD_UNKNOWN;

	if (strcmp(result, "type") == 0 && !has(flags, "oif")) {
		if (has(flags, "daddr"))
			field = iif ? FIELD_FIB_DADDR_DEV_TYPE : FIELD_FIB_DADDR_TYPE;
		else if (!iif)
			field = FIELD_FIB_SADDR_TYPE;
	} else if (has(flags, "saddr") && iif) {
		field = FIELD_FIB_REVERSE; /* beside it stands whether there is one */
	}
	*ret = plain(field, AF_UNSPEC, 0);
	return 0;
}

static int numgen(const json_t *json, struct rule_key *ret)
{
	json_int_t mod = json_integer_value(json_object_get(json, "mod"));
	json_int_t offset = json_integer_value(json_object_get(json, "offset"));

	if (mod < 1 || offset < 0 || mod > UINT32_MAX || offset > UINT32_MAX)
		return -ENOTSUP;
	*ret = plain(FIELD_CHOSEN, AF_UNSPEC, 0);
	ret->mask = (u128)mod - 1;
	ret->flip = (u128)offset;
	return 0;
}

static int senders(_unused_ const json_t *json, struct rule_key *ret)
{
	*ret = plain(FIELD_CHOSEN, AF_UNSPEC, 0);
	return 0;
}

static int tcp_option(_unused_ const json_t *json, struct rule_key *ret)
{
	*ret = plain(FIELD_CHOSEN, AF_UNSPEC, IPPROTO_TCP);
	return 0;
}

static int header6(_unused_ const json_t *json, struct rule_key *ret)
{
	*ret = plain(FIELD_CHOSEN, AF_INET6, 0);
	return 0;
}

static int undecided(_unused_ const json_t *json, struct rule_key *ret)
{
	*ret = plain(FIELD_UNKNOWN, AF_UNSPEC, 0);
	return 0;
}

static const struct {
	const char *name;
	int (*read)(const json_t *json, struct rule_key *ret);
} expressions[] = {
	{"payload", payload},
	{"meta", meta},
	{"ct", ct},
	{"fib", fib},
	{"numgen", numgen},
	{"exthdr", header6},
	{"tcp option", tcp_option},
	{"ip option", senders},
	{"sctp chunk", senders},
	{"dccp option", senders},
	{"osf", senders},
	{"jhash", undecided},
	{"symhash", undecided},
	{"rt", undecided},
	{"socket", undecided},
	{"ipsec", undecided},
};

/* How values beside the key are written; a jumble of bits has the family of its protocol. */
static struct nft_type type_of(const struct rule_key *key, const json_t *json)
{
	struct nft_type type = {.field = key->field, .family = key->family};

	if (key->field == FIELD_CHOSEN && !json_object_get(json, "numgen"))
		type.field = FIELD_UNKNOWN;
	return type;
}

/* A number that bits of a field are compared with. 0 or -ENOTSUP. */
static int operand(const json_t *json, struct nft_type type, u128 *ret)
{
	struct span s;

	if (nft_flags(json, type, ret) == 0)
		return 0;
	if (nft_value(json, type, &s) < 0 || s.lo != s.hi)
		return -ENOTSUP;
	*ret = s.lo;
	return 0;
}

/* Every bit operation that is (x & mask) ^ flip; newer nft writes several of one kind in a row. */
static int bits(const json_t *json, const char *op, struct rule_key *key, struct nft_type *type)
{
	const json_t *list = json_object_get(json, op);
	size_t n = json_array_size(list);
	int r = n >= 2 ? nft_key(json_array_get(list, 0), key, type) : -ENOTSUP;

	if (r < 0 || key->field == FIELD_CHOSEN || key->field == FIELD_UNKNOWN)
		return r;
	for (size_t i = 1; i < n; i++) {
		u128 v;
		r = operand(json_array_get(list, i), *type, &v);
		if (r < 0)
			return r;
		if (*op == '&') {
			key->mask &= v;
			key->flip &= v;
		} else if (*op == '|') {
			key->mask &= ~v;
			key->flip |= v;
		} else {
			key->flip ^= v;
		}
	}
	return 0;
}

int nft_key(const json_t *json, struct rule_key *ret, struct nft_type *ret_type)
{
	static const char *const ops[] = {"&", "|", "^"};

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (json_object_get(json, ops[i]))
			return bits(json, ops[i], ret, ret_type);
	}
	for (size_t i = 0; i < ARRAY_SIZE(expressions); i++) {
		const json_t *value = json_object_get(json, expressions[i].name);
		if (!value)
			continue;
		int r = expressions[i].read(value, ret);
		if (r == 0)
			*ret_type = type_of(ret, json);
		return r;
	}
	return -ENOTSUP;
}

int nft_keys(const json_t *json, struct rule_key ret[static RULE_KEYS_MAX],
	struct nft_type ret_types[static RULE_KEYS_MAX])
{
	const json_t *list = json_object_get(json, "concat");
	size_t n = json_array_size(list);

	if (!list) {
		int r = nft_key(json, &ret[0], &ret_types[0]);
		return r < 0 ? r : 1;
	}
	if (n == 0 || n > RULE_KEYS_MAX)
		return -ENOTSUP;
	for (size_t i = 0; i < n; i++) {
		int r = nft_key(json_array_get(list, i), &ret[i], &ret_types[i]);
		if (r < 0)
			return r;
	}
	return (int)n;
}
