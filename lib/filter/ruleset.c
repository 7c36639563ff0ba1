/* SPDX-License-Identifier: ISC */
#include "filter/ruleset.h"

#include <assert.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "base/siphash.h"
#include "base/text.h"

/*
 * Chains and sets by table and name, in open addressing. The key is fixed:
 * names come from root's own ruleset, and the worst that a collision costs is
 * one more comparison.
 */
struct ruleset_name {
	const struct rule_table *table;
	const char *name;
	void *object;
	bool is_set;
};

struct ruleset_names {
	struct ruleset_name *v;
	size_t n, room; /* room: a power of two */
};

static const char *const family_text[] = {
	[RULE_IP] = "ip",
	[RULE_IP6] = "ip6",
	[RULE_INET] = "inet",
	[RULE_NETDEV] = "netdev",
	[RULE_BRIDGE] = "bridge",
	[RULE_ARP] = "arp",
};
static_assert(ARRAY_SIZE(family_text) == RULE_FAMILY_MAX, "each family has a name");

static const char *const hook_text[] = {
	[HOOK_NONE] = "",
	[HOOK_INGRESS] = "ingress",
	[HOOK_PREROUTING] = "prerouting",
	[HOOK_INPUT] = "input",
	[HOOK_FORWARD] = "forward",
	[HOOK_OUTPUT] = "output",
	[HOOK_POSTROUTING] = "postrouting",
	[HOOK_EGRESS] = "egress",
};
static_assert(ARRAY_SIZE(hook_text) == HOOK_MAX, "each hook has a name");

const char *rule_family_text(enum rule_family family)
{
	return family_text[family];
}

const char *rule_hook_text(enum rule_hook hook)
{
	return hook_text[hook];
}

int rule_family_parse(const char *s, enum rule_family *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(family_text); i++) {
		if (strcmp(s, family_text[i]) != 0)
			continue;
		*ret = (enum rule_family)i;
		return 0;
	}
	return -EINVAL;
}

int rule_hook_parse(const char *s, enum rule_hook *ret)
{
	for (size_t i = HOOK_INGRESS; i < ARRAY_SIZE(hook_text); i++) {
		if (strcmp(s, hook_text[i]) != 0)
			continue;
		*ret = (enum rule_hook)i;
		return 0;
	}
	return -EINVAL;
}

struct ruleset *ruleset_new_in(struct arena *arena)
{
	struct ruleset *rs = arena_alloc(arena, sizeof(*rs));
	if (!rs)
		return NULL;
	rs->arena = arena;
	rs->names = arena_alloc(arena, sizeof(*rs->names));
	return rs->names ? rs : NULL;
}

struct ruleset *ruleset_new(void)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct ruleset *rs = arena ? ruleset_new_in(arena) : NULL;

	if (rs)
		(void)TAKE_PTR(arena);
	return rs;
}

void ruleset_free(struct ruleset *rs)
{
	if (rs)
		arena_free(rs->arena);
}

static size_t name_hash(const struct rule_table *table, const char *name, bool is_set)
{
	static const uint8_t key[16] = {0};
	struct siphash h;

	siphash_init(&h, key);
	siphash_update(&h, &table, sizeof(table));
	siphash_update(&h, &is_set, sizeof(is_set));
	siphash_string(&h, name);
	return (size_t)siphash_digest(&h);
}

/* The place of this name, or the empty one where it belongs. */
static struct ruleset_name *name_slot(
	struct ruleset_names *names, const struct rule_table *table, const char *name, bool is_set)
{
	for (size_t i = name_hash(table, name, is_set);; i++) {
		struct ruleset_name *slot = &names->v[i & (names->room - 1)];
		if (!slot->object || (slot->table == table && slot->is_set == is_set &&
					     strcmp(slot->name, name) == 0))
			return slot;
	}
}

static int names_grow(struct ruleset *rs)
{
	struct ruleset_names *old = rs->names;
	struct ruleset_names more = {.n = old->n, .room = MAX(old->room * 2, (size_t)16)};

	if (old->n * 2 < old->room)
		return 0;
	more.v = arena_alloc(rs->arena, more.room * sizeof(*more.v));
	if (!more.v)
		return -ENOMEM;
	for (size_t i = 0; i < old->room; i++) {
		const struct ruleset_name *n = &old->v[i];
		if (n->object)
			*name_slot(&more, n->table, n->name, n->is_set) = *n;
	}
	*old = more;
	return 0;
}

struct rule_table *ruleset_table(
	struct ruleset *rs, enum rule_family family, const char *name, bool legacy)
{
	for (struct rule_table *t = rs->tables; t; t = t->next) {
		if (t->family == family && t->legacy == legacy && !t->replaced &&
			strcmp(t->name, name) == 0)
			return t;
	}
	struct rule_table *t = arena_alloc(rs->arena, sizeof(*t));
	if (!t)
		return NULL;
	t->name = arena_strdup(rs->arena, name);
	if (!t->name)
		return NULL;
	t->family = family;
	t->legacy = legacy;
	if (rs->last)
		rs->last->next = t;
	else
		rs->tables = t;
	rs->last = t;
	return t;
}

void ruleset_replace(_unused_ struct ruleset *rs, struct rule_table *table)
{
	table->replaced = true;
}

/* What was made by that name, or a new object of this size under it. */
static void *named(
	struct ruleset *rs, struct rule_table *table, const char *name, size_t size, bool is_set)
{
	if (names_grow(rs) < 0)
		return NULL;
	struct ruleset_name *slot = name_slot(rs->names, table, name, is_set);
	if (slot->object)
		return slot->object;
	char *copy = arena_strdup(rs->arena, name);
	void *object = arena_alloc(rs->arena, size);
	if (!copy || !object)
		return NULL;
	*slot = (struct ruleset_name){
		.table = table, .name = copy, .object = object, .is_set = is_set};
	rs->names->n++;
	return object;
}

/* The place in the order of hooks of the chain that this one describes anew. */
static unsigned chain_order(const struct ruleset *rs, const struct rule_chain *chain)
{
	const struct rule_table *table = chain->table;

	for (const struct rule_table *t = rs->tables; t; t = t->next) {
		if (!t->replaced || t->family != table->family || t->legacy != table->legacy ||
			strcmp(t->name, table->name) != 0)
			continue;
		for (const struct rule_chain *c = t->chains; c; c = c->next) {
			if (strcmp(c->name, chain->name) == 0)
				return c->order;
		}
	}
	return (unsigned)rs->n_chains;
}

struct rule_chain *ruleset_chain(struct ruleset *rs, struct rule_table *table, const char *name)
{
	struct rule_chain *c = named(rs, table, name, sizeof(*c), false);

	if (!c || c->table)
		return c;
	c->name = arena_strdup(rs->arena, name);
	if (!c->name)
		return NULL;
	c->table = table;
	c->policy = VERDICT_ACCEPT;
	c->order = chain_order(rs, c);
	c->id = (uint32_t)rs->n_chains++;
	if (table->last)
		table->last->next = c;
	else
		table->chains = c;
	table->last = c;
	return c;
}

struct rule_set *ruleset_set(struct ruleset *rs, struct rule_table *table, const char *name)
{
	struct rule_set *s = name ? named(rs, table, name, sizeof(*s), true)
				  : arena_alloc(rs->arena, sizeof(*s));

	if (!s || s->name)
		return s;
	s->name = arena_strdup(rs->arena, name);
	if (name && !s->name)
		return NULL;
	s->next = rs->sets;
	rs->sets = s;
	return s;
}

int ruleset_elem(struct ruleset *rs, struct rule_set *set, const struct span *keys,
	const struct rule_elem *value)
{
	for (unsigned i = 0; i < set->n_keys; i++)
		set->ranges |= keys[i].lo < keys[i].hi ? 1U << i : 0;
	if (set->n_keys == 1 && !set->is_map) {
		struct span *s = arena_grow(rs->arena, &set->loose, set->n_loose, sizeof(*s));
		if (!s)
			return -ENOMEM;
		*s = *keys;
		set->n_loose++;
		return 0;
	}
	struct span *copy = arena_alloc(rs->arena, set->n_keys * sizeof(*copy));
	struct rule_elem *e = arena_grow(rs->arena, &set->elems, set->n_elems, sizeof(*e));
	if (!copy || !e)
		return -ENOMEM;
	memcpy(copy, keys, set->n_keys * sizeof(*copy));
	if (value)
		*e = *value;
	e->keys = copy;
	set->n_elems++;
	return 0;
}

struct rule *ruleset_rule(
	struct ruleset *rs, struct rule_chain *chain, uint64_t handle, const char *text)
{
	struct rule *r = arena_alloc(rs->arena, sizeof(*r));
	char *clean = text_clean(rs->arena, text);

	if (!r || !clean)
		return NULL;
	*r = (struct rule){.chain = chain, .handle = handle, .number = chain->n_rules + 1};
	const char *by = handle > 0 ? "handle" : "rule";
	r->text = arena_printf(rs->arena, "%s %s %s %s %llu: %s", family_text[chain->table->family],
		chain->table->name, chain->name, by,
		handle > 0 ? (unsigned long long)handle : (unsigned long long)r->number, clean);
	if (!r->text)
		return NULL;
	if (chain->last)
		chain->last->next = r;
	else
		chain->rules = r;
	chain->last = r;
	chain->n_rules++;
	rs->n_rules++;
	return r;
}

/* Makes *keys a copy that the ruleset owns. */
static int own_keys(struct ruleset *rs, const struct rule_key **keys, unsigned n)
{
	if (n == 0)
		return 0;
	struct rule_key *copy = arena_alloc(rs->arena, n * sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	memcpy(copy, *keys, n * sizeof(*copy));
	*keys = copy;
	return 0;
}

static int own_operand(struct ruleset *rs, struct rule_operand *o)
{
	if (o->kind == OPERAND_KEY)
		o->n_keys = 1;
	return own_keys(rs, &o->keys, o->n_keys);
}

/* Whether it does something to the packet, and not only goes on or not. */
static bool matters(const struct rule_stmt *s)
{
	switch (s->kind) {
	case STMT_MATCH:
	case STMT_CHOSEN:
	case STMT_STOP:
		return false;
	case STMT_OPAQUE:
		return s->opaque.decides;
	case STMT_VERDICT:
		return s->verdict.kind != VERDICT_CONTINUE;
	default:
		return true;
	}
}

static bool asks_connection(const struct rule_key *keys, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (keys[i].field >= FIELD_CT_STATE && keys[i].field <= FIELD_CT_DPORT)
			return true;
	}
	return false;
}

/* Whether the kernel tracks connections for this statement's sake. */
static bool tracks(const struct rule_stmt *s)
{
	switch (s->kind) {
	case STMT_MATCH:
	case STMT_VMAP:
		return asks_connection(s->match.keys, s->match.n_keys);
	case STMT_ASSIGN:
		return s->assign.field == FIELD_CT_MARK ||
		       asks_connection(s->assign.value.keys, s->assign.value.n_keys);
	default:
		return s->kind == STMT_NAT;
	}
}

int ruleset_stmt(struct ruleset *rs, struct rule *rule, const struct rule_stmt *stmt)
{
	struct rule_stmt s = *stmt;
	int r = 0;

	if (s.kind == STMT_MATCH || s.kind == STMT_VMAP) {
		r = own_keys(rs, &s.match.keys, s.match.n_keys);
	} else if (s.kind == STMT_ASSIGN) {
		r = own_operand(rs, &s.assign.value);
	} else if (s.kind == STMT_NAT) {
		r = own_operand(rs, &s.nat.addr);
		if (r == 0)
			r = own_operand(rs, &s.nat.port);
	}
	struct rule_stmt *place = r == 0 ? arena_grow(rs->arena, &rule->stmts, rule->n_stmts,
						   sizeof(*place))
					 : NULL;
	if (!place)
		return -ENOMEM;
	*place = s;
	rule->n_stmts++;
	rule->matters = rule->matters || matters(&s);
	enum rule_family family = rule->chain->table->family;
	if (tracks(&s)) {
		rs->tracks[0] = rs->tracks[0] || family == RULE_IP || family == RULE_INET;
		rs->tracks[1] = rs->tracks[1] || family == RULE_IP6 || family == RULE_INET;
	}
	return 0;
}

int ruleset_match(struct ruleset *rs, struct rule *rule, const struct rule_key *key,
	const struct span *spans, size_t n_spans, bool negate)
{
	struct rule_set *set = ruleset_set(rs, NULL, NULL);

	if (!set)
		return -ENOMEM;
	set->n_keys = 1;
	for (size_t i = 0; i < n_spans; i++) {
		if (ruleset_elem(rs, set, &spans[i], NULL) < 0)
			return -ENOMEM;
	}
	return ruleset_stmt(rs, rule,
		&(struct rule_stmt){
			.kind = STMT_MATCH,
			.match = {.keys = key, .n_keys = 1, .negate = negate, .set = set},
		});
}

static int undecided(struct ruleset *rs, struct rule *rule, struct rule_stmt stmt, const char *text)
{
	stmt.opaque.text = text_escape(rs->arena, text, strlen(text), RULE_OPAQUE_TEXT);
	return stmt.opaque.text ? ruleset_stmt(rs, rule, &stmt) : -ENOMEM;
}

int ruleset_opaque(struct ruleset *rs, struct rule *rule, const char *text, bool decides)
{
	struct rule_stmt s = {.kind = STMT_OPAQUE, .opaque = {.decides = decides}};

	return undecided(rs, rule, s, text);
}

int ruleset_chosen(struct ruleset *rs, struct rule *rule, const char *text)
{
	return undecided(rs, rule, (struct rule_stmt){.kind = STMT_CHOSEN}, text);
}

/* nat chains are called by the kernel's own hook, whatever priority they name. */
static int effective_priority(const struct rule_chain *c)
{
	if (c->type != CHAIN_NAT)
		return c->priority;
	return c->hook == HOOK_PREROUTING || c->hook == HOOK_OUTPUT ? -100 : 100;
}

static int by_priority(const void *a, const void *b)
{
	const struct rule_chain *x = *(const struct rule_chain *const *)a;
	const struct rule_chain *y = *(const struct rule_chain *const *)b;
	int px = effective_priority(x), py = effective_priority(y);

	if (px != py)
		return px < py ? -1 : 1;
	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return x->order > y->order ? -1 : x->order < y->order;
}

/* Whether packets of this family (0: IPv4, 1: IPv6) pass through it. */
static bool is_walked(const struct rule_table *t, unsigned v6)
{
	if (t->dormant || t->replaced || t->family == RULE_ARP)
		return false;
	return t->family != (v6 ? RULE_IP : RULE_IP6);
}

static int finish_hook(struct ruleset *rs, unsigned v6, enum rule_hook hook)
{
	const struct rule_chain **v = NULL;
	size_t n = 0;

	for (const struct rule_table *t = rs->tables; t; t = t->next) {
		if (!is_walked(t, v6))
			continue;
		for (const struct rule_chain *c = t->chains; c; c = c->next) {
			const struct rule_chain **place;
			if (c->hook != hook)
				continue;
			place = arena_grow(rs->arena, (void *)&v, n, sizeof(*place));
			if (!place)
				return -ENOMEM;
			*place = c;
			n++;
		}
	}
	if (n > 0)
		qsort(v, n, sizeof(*v), by_priority);
	rs->base[v6][hook] = v;
	rs->n_base[v6][hook] = n;
	return 0;
}

static int compare_numbers(u128 a, u128 b)
{
	return a < b ? -1 : a > b;
}

int rule_elem_compare(const struct rule_elem *x, const struct rule_elem *y)
{
	int c = compare_numbers(x->verdict.kind, y->verdict.kind);

	if (c == 0)
		c = compare_numbers((uintptr_t)x->verdict.chain, (uintptr_t)y->verdict.chain);
	if (c == 0)
		c = compare_numbers(x->n_data, y->n_data);
	for (unsigned i = 0; c == 0 && i < x->n_data; i++) {
		c = compare_numbers(x->data[i].lo, y->data[i].lo);
		if (c == 0)
			c = compare_numbers(x->data[i].hi, y->data[i].hi);
	}
	return c;
}

static int by_result(const void *a, const void *b)
{
	const struct rule_elem *x = a, *y = b;
	int c = rule_elem_compare(x, y);

	return c != 0 ? c : compare_numbers(x->keys[0].lo, y->keys[0].lo);
}

int ruleset_finish(struct ruleset *rs)
{
	for (struct rule_set *s = rs->sets; s; s = s->next) {
		s->opaque = s->opaque || s->n_keys == 0;
		if (s->n_elems > 0)
			qsort(s->elems, s->n_elems, sizeof(*s->elems), by_result);
		s->spans = (struct addrs){
			.v = s->loose, .n = addrs_normalize(s->loose, s->n_loose)};
	}
	for (unsigned v6 = 0; v6 < 2; v6++) {
		for (unsigned hook = HOOK_INGRESS; hook < HOOK_MAX; hook++) {
			int r = finish_hook(rs, v6, (enum rule_hook)hook);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

struct span ruleset_ifname(const char *name, char wildcard)
{
	size_t len = strnlen(name, IFNAMSIZ);
	bool open = wildcard && len > 0 && name[len - 1] == wildcard;
	struct span s = {0};

	len -= open;
	for (size_t i = 0; i < IFNAMSIZ; i++) {
		unsigned char c = i < len ? (unsigned char)name[i] : 0;
		s.lo = s.lo << 8 | c;
		s.hi = s.hi << 8 | (open && i >= len ? 0xffu : c);
	}
	return s;
}
