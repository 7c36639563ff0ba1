/* SPDX-License-Identifier: ISC */
/* The statements of nft's rules. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <linux/netfilter.h>

#include "base/json.h"
#include "filter/nft-read.h"

static int opaque(struct nft_reader *rd, const json_t *json)
{
	_cleanup_free_ char *text = json_text(json);
	/* One that ends its rule may well be what decides it; a condition never is. */
	bool decides = rd->last && !json_object_get(json, "match");

	return text ? ruleset_opaque(rd->rs, rd->rule, text, decides) : -ENOMEM;
}

static int chain_of(struct nft_reader *rd, const json_t *json, struct rule_verdict *ret)
{
	const char *name = json_string_value(json_object_get(json, "target"));

	if (!name)
		return -ENOTSUP;
	ret->chain = ruleset_chain(rd->rs, rd->table, name);
	return ret->chain ? 0 : -ENOMEM;
}

static const struct {
	const char *name;
	enum rule_verdict_kind kind;
} verdicts[] = {
	{"accept", VERDICT_ACCEPT},
	{"drop", VERDICT_DROP},
	{"continue", VERDICT_CONTINUE},
	{"return", VERDICT_RETURN},
	{"reject", VERDICT_REJECT},
	{"queue", VERDICT_QUEUE},
	{"jump", VERDICT_JUMP},
	{"goto", VERDICT_GOTO},
};

int nft_verdict(
	struct nft_reader *rd, const char *key, const json_t *value, struct rule_verdict *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		struct rule_verdict v = {.kind = verdicts[i].kind};
		if (strcmp(verdicts[i].name, key) != 0)
			continue;
		if (v.kind == VERDICT_JUMP || v.kind == VERDICT_GOTO) {
			int r = chain_of(rd, value, &v);
			if (r < 0)
				return r;
		}
		*ret = v;
		return 0;
	}
	return -ENOTSUP;
}

/* Whether a field is one whose values need not be read: it can be them or not. */
static bool is_open(struct nft_type type)
{
	return type.field == FIELD_UNKNOWN;
}

/* Beside a value that nobody knows stands {0}: it may be that or not. */
static int match_open(struct nft_reader *rd, const struct rule_key *key)
{
	return ruleset_match(rd->rs, rd->rule, key, &(struct span){0}, 1, false);
}

/* (field & bits) != 0, or == 0: how nft tests flags. */
static int match_flags(struct nft_reader *rd, struct rule_key key, struct nft_type type,
	const json_t *right, bool negate)
{
	u128 v;

	if (key.mask != RULE_NO_MASK || key.flip != 0 || nft_flags(right, type, &v) < 0)
		return -ENOTSUP;
	key.mask = v;
	return ruleset_match(rd->rs, rd->rule, &key, &(struct span){0}, 1, !negate);
}

/* <, >, <= and >=, as a range from the value to the end. */
static int match_order(struct nft_reader *rd, const struct rule_key *key, struct nft_type type,
	const json_t *right, const char *op)
{
	struct span s, all = {.hi = nft_type_max(type)};

	if (nft_value(right, type, &s) < 0 || s.lo != s.hi)
		return -ENOTSUP;
	if (*op == '<' && op[1] == '\0' && s.lo == 0)
		return ruleset_match(rd->rs, rd->rule, key, NULL, 0, false);
	if (*op == '>' && op[1] == '\0' && s.lo >= all.hi)
		return ruleset_match(rd->rs, rd->rule, key, NULL, 0, false);
	if (*op == '<')
		all.hi = op[1] == '=' ? s.lo : s.lo - 1;
	else
		all.lo = op[1] == '=' ? s.lo : s.lo + 1;
	return ruleset_match(rd->rs, rd->rule, key, &all, 1, false);
}

static int match_set(struct nft_reader *rd, const struct rule_key *keys,
	const struct nft_type *types, unsigned n, const json_t *json)
{
	const char *op = json_string_value(json_object_get(json, "op"));
	struct rule_stmt s = {
		.kind = STMT_MATCH,
		.match = {.keys = keys, .n_keys = n, .negate = op && *op == '!'},
	};
	int r = nft_set_of(rd, json_object_get(json, "right"), types, n, false, &s.match.set);

	return r == 0 ? ruleset_stmt(rd->rs, rd->rule, &s) : r;
}

static int match(struct nft_reader *rd, const json_t *json)
{
	const char *op = json_string_value(json_object_get(json, "op"));
	const json_t *right = json_object_get(json, "right");
	struct rule_key keys[RULE_KEYS_MAX];
	struct nft_type types[RULE_KEYS_MAX];
	int n = nft_keys(json_object_get(json, "left"), keys, types);

	if (n < 0 || !op || !right)
		return -ENOTSUP;
	for (int i = 0; i < n; i++) {
		if (is_open(types[i]))
			return n == 1 ? match_open(rd, &keys[0]) : -ENOTSUP;
	}
	if (strcmp(op, "==") == 0 || strcmp(op, "!=") == 0)
		return match_set(rd, keys, types, (unsigned)n, json);
	if (n != 1)
		return -ENOTSUP;
	if (strcmp(op, "!") == 0)
		return match_flags(rd, keys[0], types[0], right, true);
	if (strcmp(op, "in") == 0)
		return match_flags(rd, keys[0], types[0], right, false);
	return *op == '<' || *op == '>' ? match_order(rd, &keys[0], types[0], right, op) : -ENOTSUP;
}

static int vmap(struct nft_reader *rd, const json_t *json)
{
	struct rule_key keys[RULE_KEYS_MAX];
	struct nft_type types[RULE_KEYS_MAX];
	struct rule_stmt s = {.kind = STMT_VMAP, .match = {.keys = keys}};
	int n = nft_keys(json_object_get(json, "key"), keys, types);

	if (n < 0)
		return -ENOTSUP;
	for (int i = 0; i < n; i++) {
		if (is_open(types[i]))
			return -ENOTSUP;
	}
	s.match.n_keys = (unsigned)n;
	int r = nft_set_of(
		rd, json_object_get(json, "data"), types, s.match.n_keys, true, &s.match.set);
	return r == 0 ? ruleset_stmt(rd->rs, rd->rule, &s) : r;
}

int nft_operand(
	struct nft_reader *rd, const json_t *json, struct nft_type type, struct rule_operand *ret)
{
	const json_t *map = json_object_get(json, "map");
	struct rule_key keys[RULE_KEYS_MAX], *copy;
	struct nft_type types[RULE_KEYS_MAX];
	struct rule_operand o = {.kind = OPERAND_SPAN};
	int n, r = 0;

	if (nft_value(json, type, &o.span) == 0) {
		*ret = o;
		return 0;
	}
	n = nft_keys(map ? json_object_get(map, "key") : json, keys, types);
	if (n < 0 || (!map && n != 1))
		return -ENOTSUP;
	for (int i = 0; i < n; i++) {
		if (is_open(types[i]))
			return -ENOTSUP;
	}
	o.kind = map ? OPERAND_MAP : OPERAND_KEY;
	if (map)
		r = nft_set_of(rd, json_object_get(map, "data"), types, (unsigned)n, true, &o.map);
	copy = arena_alloc(rd->rs->arena, (size_t)n * sizeof(*copy));
	if (!copy || r < 0)
		return copy ? r : -ENOMEM;
	memcpy(copy, keys, (size_t)n * sizeof(*copy));
	o.keys = copy;
	o.n_keys = (unsigned)n;
	*ret = o;
	return 0;
}

/* What a rule can write without that any later rule sees it. */
static bool is_idle(const json_t *key)
{
	static const char *const metas[] = {"priority", "nftrace", "secmark"};
	static const char *const cts[] = {
		"helper", "label", "secmark", "event", "zone", "timeout", "expectation"};
	static const char *const fields[] = {
		"dscp", "ecn", "ttl", "hoplimit", "flowlabel", "checksum", "id", "frag-off"};
	static const struct {
		const char *name, *member;
		const char *const *v;
		size_t n;
	} kinds[] = {
		{"meta", "key", metas, ARRAY_SIZE(metas)},
		{"ct", "key", cts, ARRAY_SIZE(cts)},
		{"payload", "field", fields, ARRAY_SIZE(fields)},
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const json_t *value = json_object_get(key, kinds[i].name);
		const char *s = json_string_value(json_object_get(value, kinds[i].member));
		for (size_t k = 0; s && k < kinds[i].n; k++) {
			if (strcmp(s, kinds[i].v[k]) == 0)
				return true;
		}
	}
	return json_object_get(key, "tcp option") != NULL;
}

static int mangle(struct nft_reader *rd, const json_t *json)
{
	const json_t *left = json_object_get(json, "key");
	struct rule_stmt s = {.kind = STMT_ASSIGN};
	struct nft_type type;
	struct rule_key key;

	if (is_idle(left))
		return 0;
	if (nft_key(left, &key, &type) < 0 || key.field == FIELD_UNKNOWN ||
		key.field == FIELD_CHOSEN)
		return -ENOTSUP;
	s.assign.field = key.field;
	int r = nft_operand(rd, json_object_get(json, "value"), type, &s.assign.value);
	if (r == -ENOTSUP) {
		s.assign.value = (struct rule_operand){.kind = OPERAND_UNKNOWN};
		r = 0;
	}
	return r == 0 ? ruleset_stmt(rd->rs, rd->rule, &s) : r;
}

/* Whether a flag is set: "flags": "netmap", or a list of them. */
static bool has_flag(const json_t *json, const char *member, const char *flag)
{
	const json_t *flags = json_object_get(json, member);
	const char *s = json_string_value(flags);

	if (s)
		return strcmp(s, flag) == 0;
	for (size_t i = 0; i < json_array_size(flags); i++) {
		s = json_string_value(json_array_get(flags, i));
		if (s && strcmp(s, flag) == 0)
			return true;
	}
	return false;
}

/* {"dnat": {"family": "ip", "addr": ..., "port": ...}}, {"redirect": {"port": ...}} or null. */
static int nat(struct nft_reader *rd, const json_t *json, enum rule_nat_kind kind)
{
	const char *family = json_string_value(json_object_get(json, "family"));
	const json_t *addr = json_object_get(json, "addr"), *port = json_object_get(json, "port");
	struct rule_stmt s = {.kind = STMT_NAT, .nat = {.kind = kind}};
	struct nft_type to = {.field = FIELD_DADDR}, service = {.field = FIELD_DPORT};
	int r = 0;

	if (family)
		to.family = strcmp(family, "ip6") == 0 ? AF_INET6 : AF_INET;
	s.nat.family = to.family;
	if (kind == NAT_SNAT)
		return ruleset_stmt(rd->rs, rd->rule, &s);
	if (has_flag(json, "flags", "netmap") || has_flag(json, "type_flags", "prefix"))
		s.nat.kind = NAT_NETMAP;
	if (addr)
		r = nft_operand(rd, addr, to, &s.nat.addr);
	if (r == 0 && port)
		r = nft_operand(rd, port, service, &s.nat.port);
	if (r == 0 && s.nat.addr.kind == OPERAND_MAP && !port) {
		s.nat.port = s.nat.addr; /* its elements may have both */
		s.nat.port.data = 1;
	}
	return r == 0 ? ruleset_stmt(rd->rs, rd->rule, &s) : r;
}

static int dnat(struct nft_reader *rd, const json_t *json)
{
	return nat(rd, json, NAT_DNAT);
}

static int redirect(struct nft_reader *rd, const json_t *json)
{
	return nat(rd, json, NAT_REDIRECT);
}

static int snat(struct nft_reader *rd, const json_t *json)
{
	return nat(rd, json, NAT_SNAT);
}

static int chosen(struct nft_reader *rd, const json_t *json)
{
	_cleanup_free_ char *text = json_text(json);

	return text ? ruleset_chosen(rd->rs, rd->rule, text) : -ENOMEM;
}

static int notrack(struct nft_reader *rd, _unused_ const json_t *json)
{
	return ruleset_stmt(rd->rs, rd->rule, &(struct rule_stmt){.kind = STMT_NOTRACK});
}

static int idle(_unused_ struct nft_reader *rd, _unused_ const json_t *json)
{
	return 0;
}

/* {"op": "add", "elem": ..., "set": "@name", "stmt": [...]}: from now on packets change it. */
static int dynamic(struct nft_reader *rd, const json_t *json)
{
	static const char *const limits[] = {"limit", "quota", "ct count"};
	const json_t *stmts = json_object_get(json, "stmt");
	const char *name = json_string_value(json_object_get(json, "set"));

	if (!name)
		name = json_string_value(json_object_get(json, "map"));
	if (name && *name == '@') {
		struct rule_set *set = ruleset_set(rd->rs, rd->table, name + 1);
		if (!set)
			return -ENOMEM;
		set->dynamic = true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		bool found = json_object_get(stmts, limits[i]);
		for (size_t k = 0; k < json_array_size(stmts); k++)
			found = found || json_object_get(json_array_get(stmts, k), limits[i]);
		if (found)
			return chosen(rd, json);
	}
	return 0;
}

/* A new connection is never offloaded: the rule ends here for it. */
static int flow(struct nft_reader *rd, _unused_ const json_t *json)
{
	return ruleset_stmt(rd->rs, rd->rule, &(struct rule_stmt){.kind = STMT_STOP});
}

static int xt(struct nft_reader *rd, const json_t *json)
{
	_cleanup_free_ char *text = json_text(json);
	const char *type = json_string_value(json_object_get(json, "type"));
	bool is_match = type && strcmp(type, "match") == 0;

	rd->table->has_xt = true;
	if (!text)
		return -ENOMEM;
	return ruleset_opaque(rd->rs, rd->rule, text, !is_match && rd->last);
}

/* Whether the rule so far is one of a single family. */
static bool names_family(const struct rule *rule)
{
	for (size_t i = 0; i < rule->n_stmts; i++) {
		const struct rule_stmt *s = &rule->stmts[i];
		if (s->kind != STMT_MATCH && s->kind != STMT_VMAP)
			continue;
		for (unsigned k = 0; k < s->match.n_keys; k++) {
			const struct rule_key *key = &s->match.keys[k];
			if (key->family != AF_UNSPEC || key->field == FIELD_NFPROTO)
				return true;
		}
	}
	return false;
}

/*
 * {"reject": {"type": "tcp reset"}}: nft prints no condition that it can make
 * up again from the way of rejecting. Of TCP it is with a reset, and of one
 * family with that family's ICMP; but before a reset nft 1.0.6 leaves out the
 * family as well, and that is lost.
 */
static int reject(struct nft_reader *rd, const json_t *json)
{
	static const struct {
		const char *type;
		enum rule_field field;
		u128 value;
	} implied[] = {
		{"tcp reset", FIELD_L4PROTO, IPPROTO_TCP},
		{"icmp", FIELD_NFPROTO, NFPROTO_IPV4},
		{"icmpv6", FIELD_NFPROTO, NFPROTO_IPV6},
	};
	const char *type = json_string_value(json_object_get(json, "type"));
	struct rule_stmt s = {.kind = STMT_VERDICT, .verdict = {.kind = VERDICT_REJECT}};
	int r = 0;

	for (size_t i = 0; type && r == 0 && i < ARRAY_SIZE(implied); i++) {
		struct rule_key key = {.field = implied[i].field, .mask = RULE_NO_MASK};
		struct span span = {.lo = implied[i].value, .hi = implied[i].value};
		if (strcmp(type, implied[i].type) == 0)
			r = ruleset_match(rd->rs, rd->rule, &key, &span, 1, false);
	}
	bool both = rd->table->family != RULE_IP && rd->table->family != RULE_IP6;
	if (r == 0 && type && strcmp(type, "tcp reset") == 0 && both && !names_family(rd->rule))
		r = ruleset_opaque(rd->rs, rd->rule,
			"reject with tcp reset: of IPv4, IPv6 or both, nft does not tell", false);
	return r == 0 ? ruleset_stmt(rd->rs, rd->rule, &s) : r;
}

static const struct {
	const char *name;
	int (*read)(struct nft_reader *rd, const json_t *json);
} statements[] = {
	{"reject", reject},
	{"match", match},
	{"vmap", vmap},
	{"mangle", mangle},
	{"dnat", dnat},
	{"redirect", redirect},
	{"snat", snat},
	{"masquerade", snat},
	{"limit", chosen},
	{"quota", chosen},
	{"ct count", chosen},
	{"meter", chosen},
	{"notrack", notrack},
	{"set", dynamic},
	{"map", dynamic},
	{"flow", flow},
	{"xt", xt},
	{"counter", idle},
	{"log", idle},
	{"dup", idle},
	{"last", idle},
	{"comment", idle},
	{"secmark", idle},
	{"ct helper", idle},
	{"ct timeout", idle},
	{"ct expectation", idle},
};

int nft_stmt(struct nft_reader *rd, const json_t *json)
{
	const char *key = json_object_iter_key(json_object_iter((json_t *)json));
	struct rule_stmt s = {.kind = STMT_VERDICT};
	const json_t *value = json_object_get(json, key ? key : "");
	int r = -ENOTSUP;

	for (size_t i = 0; key && i < ARRAY_SIZE(statements); i++) {
		if (strcmp(statements[i].name, key) != 0)
			continue;
		r = statements[i].read(rd, value);
		return r == -ENOTSUP ? opaque(rd, json) : r;
	}
	if (key)
		r = nft_verdict(rd, key, value, &s.verdict);
	if (r == 0)
		return ruleset_stmt(rd->rs, rd->rule, &s);
	return r == -ENOTSUP ? opaque(rd, json) : r;
}
