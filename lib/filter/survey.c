/* SPDX-License-Identifier: ISC */
#include "filter/survey.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>

enum {
	PORTS = UINT16_MAX + 1,
	TEXT_PREFIXES = 6,
	USUAL = 1024, /* ports from here on are nobody's in particular */
};

#define V6(high, low) ((u128)UINT64_C(high) << 64 | UINT64_C(low))

/* What a packet from another machine can have as its source. */
static const struct span sources_v4[] = {
	{0x01000000, 0x7effffff},
	{0x80000000, 0xdfffffff},
};
static const struct span sources_v6[] = {
	{V6(0, 2), V6(0xfe7fffffffffffff, 0xffffffffffffffff)},
	{V6(0xfec0000000000000, 0), V6(0xfeffffffffffffff, 0xffffffffffffffff)},
};
static const struct span link_v4 = {0xa9fe0000, 0xa9feffff};
static const struct span link_v6 = {
	V6(0xfe80000000000000, 0), V6(0xfebfffffffffffff, 0xffffffffffffffff)};

static const struct {
	uint8_t number;
	const char *name;
} protocols[] = {
	[SURVEY_TCP] = {IPPROTO_TCP, "tcp"},
	[SURVEY_UDP] = {IPPROTO_UDP, "udp"},
};
static_assert(ARRAY_SIZE(protocols) == SURVEY_PROTOCOL_MAX, "each protocol has a name");

/* What is being gathered; bits and lists that a pass over all conditions fills. */
struct gathering {
	struct survey *r;
	bool *starts; /* by port */
	struct span *ranges, *ports[SURVEY_PROTOCOL_MAX], *peers[2];
	size_t n_ranges, n_ports[SURVEY_PROTOCOL_MAX], n_peers[2];
};

uint8_t survey_l4proto(enum survey_protocol p)
{
	return protocols[p].number;
}

const char *survey_protocol_name(enum survey_protocol p)
{
	return protocols[p].name;
}

static int keep(struct arena *a, struct span **list, size_t *n, struct span s)
{
	struct span *place = arena_grow(a, list, *n, sizeof(*place));

	if (!place)
		return -ENOMEM;
	*place = s;
	(*n)++;
	return 0;
}

static int gather_port(struct gathering *g, const struct rule_key *key, struct span s, bool ranges)
{
	int r = 0;

	if (s.lo >= PORTS)
		return 0;
	s.hi = MIN(s.hi, UINT16_MAX);
	g->starts[s.lo] = true;
	g->starts[s.hi + 1] = true;
	if (ranges && s.lo < s.hi && s.hi - s.lo < UINT16_MAX - 1)
		r = keep(g->r->tmp, &g->ranges, &g->n_ranges, s);
	for (unsigned p = 0; r == 0 && p < SURVEY_PROTOCOL_MAX; p++) {
		if (key->l4proto == 0 || key->l4proto == protocols[p].number)
			r = keep(g->r->tmp, &g->ports[p], &g->n_ports[p], s);
	}
	return r;
}

static int gather_peer(struct gathering *g, const struct rule_key *key, struct span s)
{
	int r = 0;

	for (unsigned v6 = 0; r == 0 && v6 < 2; v6++) {
		if (key->family == AF_UNSPEC || key->family == (v6 ? AF_INET6 : AF_INET))
			r = keep(g->r->tmp, &g->peers[v6], &g->n_peers[v6], s);
	}
	return r;
}

static int gather_span(struct gathering *g, const struct rule_key *key, struct span s, bool ranges)
{
	switch (key->field) {
	case FIELD_DPORT:
	case FIELD_CT_DPORT:
		return gather_port(g, key, s, ranges);
	case FIELD_SADDR:
	case FIELD_CT_SADDR:
		return gather_peer(g, key, s);
	default:
		return 0;
	}
}

static bool is_gathered(enum rule_field f)
{
	return f == FIELD_DPORT || f == FIELD_CT_DPORT || f == FIELD_SADDR || f == FIELD_CT_SADDR;
}

static bool tells_addresses(enum rule_field f)
{
	return f == FIELD_DADDR || f == FIELD_CT_DADDR || f == FIELD_FIB_DADDR_TYPE ||
	       f == FIELD_FIB_DADDR_DEV_TYPE || f == FIELD_UNKNOWN;
}

static int gather_lookup(struct gathering *g, const struct rule_key *keys, unsigned n_keys,
	const struct rule_set *set)
{
	int r = 0;

	for (unsigned k = 0; r == 0 && set && k < MIN(n_keys, set->n_keys); k++) {
		bool ranges = set->ranges & 1U << k;
		g->r->by_address = g->r->by_address || tells_addresses(keys[k].field);
		if (!is_gathered(keys[k].field))
			continue;
		for (size_t i = 0; r == 0 && i < set->spans.n; i++)
			r = gather_span(g, &keys[k], set->spans.v[i], ranges);
		for (size_t i = 0; r == 0 && i < set->n_elems; i++)
			r = gather_span(g, &keys[k], set->elems[i].keys[k], ranges);
	}
	return r;
}

static int gather_operand(struct gathering *g, const struct rule_operand *o)
{
	return o->kind == OPERAND_MAP ? gather_lookup(g, o->keys, o->n_keys, o->map) : 0;
}

static int gather_stmt(struct gathering *g, const struct rule_stmt *s)
{
	int r;

	switch (s->kind) {
	case STMT_MATCH:
	case STMT_VMAP:
		return gather_lookup(g, s->match.keys, s->match.n_keys, s->match.set);
	case STMT_ASSIGN:
		return gather_operand(g, &s->assign.value);
	case STMT_NAT:
		r = gather_operand(g, &s->nat.addr);
		return r == 0 ? gather_operand(g, &s->nat.port) : r;
	default:
		return 0;
	}
}

static int gather_rules(struct gathering *g)
{
	int r = 0;

	for (const struct rule_table *t = g->r->rules->tables; t; t = t->next) {
		for (const struct rule_chain *c = t->chains; c && !t->replaced; c = c->next) {
			for (const struct rule *x = c->rules; x && r == 0; x = x->next) {
				for (size_t i = 0; r == 0 && i < x->n_stmts; i++)
					r = gather_stmt(g, &x->stmts[i]);
			}
		}
	}
	return r;
}

static int finish_gathering(struct gathering *g)
{
	struct survey *r = g->r;
	size_t n = 0;

	for (size_t i = 0; i < PORTS; i++)
		n += g->starts[i];
	uint16_t *starts = arena_alloc(r->tmp, n * sizeof(*starts));
	if (!starts)
		return -ENOMEM;
	for (size_t i = 0; i < PORTS; i++) {
		if (g->starts[i])
			starts[r->n_starts++] = (uint16_t)i;
	}
	r->starts = starts;
	r->ranges = g->ranges;
	r->n_ranges = g->n_ranges;
	for (unsigned p = 0; p < SURVEY_PROTOCOL_MAX; p++)
		r->named_ports[p] = (struct addrs){
			.v = g->ports[p], .n = addrs_normalize(g->ports[p], g->n_ports[p])};
	for (unsigned v6 = 0; v6 < 2; v6++)
		r->named_peers[v6] = (struct addrs){
			.v = g->peers[v6], .n = addrs_normalize(g->peers[v6], g->n_peers[v6])};
	return 0;
}

static struct addrs sources(int family, bool link)
{
	if (link)
		return (struct addrs){
			.v = (struct span *)(family == AF_INET ? &link_v4 : &link_v6), .n = 1};
	return family == AF_INET
		       ? (struct addrs){.v = (struct span *)sources_v4, .n = ARRAY_SIZE(sources_v4)}
		       : (struct addrs){
				 .v = (struct span *)sources_v6, .n = ARRAY_SIZE(sources_v6)};
}

static int find_ways(struct survey *r)
{
	struct survey_way *v = NULL;

	for (size_t i = 0; i < r->host->n_addresses; i++) {
		const struct flow_address *a = &r->host->addresses[i];
		const struct span link = a->family == AF_INET ? link_v4 : link_v6;
		if (strcmp(a->interface, "lo") == 0)
			continue;
		struct survey_way *w = arena_grow(r->arena, &v, r->n_ways, sizeof(*w));
		if (!w)
			return -ENOMEM;
		*w = (struct survey_way){
			.interface = a->interface,
			.family = a->family,
			.address = a->number,
			.link = a->number >= link.lo && a->number <= link.hi,
		};
		w->peers = sources(a->family, w->link);
		r->n_ways++;
	}
	r->ways = v;
	return 0;
}

int survey_init(struct survey *ret)
{
	_cleanup_free_ bool *starts = calloc(PORTS + 1, sizeof(*starts));
	struct survey survey = {
		.arena = ret->arena, .tmp = ret->tmp, .rules = ret->rules, .host = ret->host};
	struct gathering g = {.r = &survey, .starts = starts};

	if (!starts)
		return -ENOMEM;
	starts[0] = true;
	int r = gather_rules(&g);
	if (r == 0)
		r = finish_gathering(&g);
	if (r == 0)
		r = find_ways(&survey);
	if (r == 0)
		*ret = survey;
	return r;
}

int survey_ask(const struct survey *r, const struct survey_way *way, uint8_t l4proto, uint16_t port,
	struct flow_answer *ret)
{
	const struct flow_query q = {
		.family = way->family,
		.interface = way->interface,
		.local = way->address,
		.port = port,
		.l4proto = l4proto,
		.peers = &way->peers,
		.uid = FLOW_ANY_UID,
	};

	return flow_ask(r->rules, r->host, &q, ret);
}

/* The middle of the class with the most ports. */
static uint16_t widest_class(const struct survey *r)
{
	uint32_t best = 0, width = 0;

	for (size_t i = 0; i < r->n_starts; i++) {
		uint32_t end = i + 1 < r->n_starts ? r->starts[i + 1] : PORTS;
		if (end - r->starts[i] <= width)
			continue;
		width = end - r->starts[i];
		best = r->starts[i] + width / 2;
	}
	return (uint16_t)best;
}

uint16_t survey_unnamed_port(const struct survey *r, enum survey_protocol p)
{
	const struct addrs *named = &r->named_ports[p];
	uint32_t from = 1, best = 0, width = 0;

	/* The gap before each named span, and the one behind the last. */
	for (size_t i = 0; i <= named->n; i++) {
		uint32_t to = i < named->n ? (uint32_t)named->v[i].lo : PORTS;
		uint32_t usual = MAX(from, MIN(to, (uint32_t)USUAL));
		uint32_t low = usual < to ? usual : from;
		if (to > low && (to - low > width || (best < USUAL && low >= USUAL))) {
			width = to - low;
			best = low + width / 2;
		}
		from = i < named->n ? (uint32_t)named->v[i].hi + 1 : PORTS;
	}
	return width > 0 ? (uint16_t)best : widest_class(r);
}

int survey_unnamed_peers(const struct survey *r, const struct survey_way *way, struct addrs *ret)
{
	_cleanup_addrs_ struct addrs rest = {0};
	int e = addrs_copy(&rest, &way->peers);

	if (e == 0)
		e = addrs_subtract(&rest, &r->named_peers[way->family == AF_INET6]);
	if (e < 0)
		return e;
	if (addrs_is_empty(&rest))
		return addrs_copy(ret, &way->peers);
	*ret = rest;
	rest = (struct addrs){0};
	return 0;
}

const char *survey_rule_text(struct arena *a, const char *text)
{
	static const char *const words[] = {" handle ", " rule "};
	const char *colon = strstr(text, ": "), *number = colon;

	while (number && number > text && is_digit(number[-1]))
		number--;
	for (size_t i = 0; number != colon && i < ARRAY_SIZE(words); i++) {
		size_t n = strlen(words[i]);
		if ((size_t)(number - text) > n && memcmp(number - n, words[i], n) == 0)
			return arena_printf(a, "%.*s%s", (int)(number - n - text), text, colon);
	}
	return text;
}

const char *survey_reason(struct arena *a, const struct flow_part *part)
{
	if (part->rule)
		return survey_rule_text(a, part->rule->text);
	return part->chain || part->note ? flow_part_reason(a, part) : "no rule stops it";
}

static int count_net(_unused_ const struct net *net, void *arg)
{
	size_t *left = arg;

	return --*left == 0;
}

/* Whether it takes more than max prefixes to name them. */
static bool is_long(const struct addrs *a, int family, size_t max)
{
	size_t left = max + 1;

	return addrs_each_net(a, family, count_net, &left) != 0;
}

const char *survey_peers_text(
	struct arena *a, const struct survey_way *way, const struct addrs *peers)
{
	const char *all = way->link ? "neighbours on the link" : "anywhere";
	_cleanup_addrs_ struct addrs others = {0};

	if (addrs_equal(peers, &way->peers))
		return all;
	if (!is_long(peers, way->family, TEXT_PREFIXES))
		return addrs_text(a, peers, way->family, TEXT_PREFIXES);
	if (addrs_copy(&others, &way->peers) < 0 || addrs_subtract(&others, peers) < 0)
		return NULL;
	if (is_long(&others, way->family, TEXT_PREFIXES))
		return addrs_text(a, peers, way->family, TEXT_PREFIXES);
	const char *text = addrs_text(a, &others, way->family, TEXT_PREFIXES);
	return text ? arena_printf(a, "%s but %s", all, text) : NULL;
}

const char *survey_ports_text(struct arena *a, enum survey_protocol p, uint16_t lo, uint16_t hi)
{
	if (lo == hi)
		return arena_printf(a, "%s %u", protocols[p].name, lo);
	if (lo <= 1 && hi == UINT16_MAX)
		return arena_printf(a, "all of %s", protocols[p].name);
	return arena_printf(a, "%s %u-%u", protocols[p].name, lo, hi);
}

const char *survey_address_text(struct arena *a, int family, u128 address)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char bytes[16];

	addrs_bytes(family, address, bytes);
	(void)inet_ntop(family, bytes, text, sizeof(text)); /* both are known to it */
	return arena_strdup(a, text);
}
