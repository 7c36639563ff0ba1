/* SPDX-License-Identifier: ISC */
#include "filter/read-nft.h"

#include <errno.h>
#include <string.h>

#include "filter/nft-read.h"

enum { STMTS_MAX = 256 }; /* in one rule; the kernel allows 128 expressions */

static const char *get(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

/* Finds the table that an object names by "family" and member. 0, -EBADMSG, -ENOMEM. */
static int table_of(struct nft_reader *rd, const json_t *object, const char *member)
{
	const char *family = get(object, "family"), *name = get(object, member);
	enum rule_family f;

	if (!family || !name || rule_family_parse(family, &f) < 0)
		return -EBADMSG;
	rd->table = ruleset_table(rd->rs, f, name, false);
	return rd->table ? 0 : -ENOMEM;
}

/*
 * One flag of a table. nft 1.0.6 prints "flags": "filter" where it means
 * ["dormant"] or ["owner"]: any text that lies about in its memory.
 */
static void table_flag(struct rule_table *t, const char *flag)
{
	if (flag && strcmp(flag, "dormant") == 0)
		t->dormant = true;
	else if (!flag || (strcmp(flag, "owner") != 0 && strcmp(flag, "persist") != 0))
		t->flagged = true;
}

static int read_table(struct nft_reader *rd, const json_t *object)
{
	const json_t *flags = json_object_get(object, "flags");
	int r = table_of(rd, object, "name");

	if (r < 0)
		return r;
	if (flags && !json_is_array(flags))
		table_flag(rd->table, json_string_value(flags));
	for (size_t i = 0; i < json_array_size(flags); i++)
		table_flag(rd->table, json_string_value(json_array_get(flags, i)));
	return 0;
}

/* "dev": "eth0", or a list of them. */
static int read_devices(struct nft_reader *rd, const json_t *object, struct rule_chain *c)
{
	const json_t *dev = json_object_get(object, "dev");
	struct arena *a = rd->rs->arena;
	size_t n = json_array_size(dev);
	const char **list;

	if (json_is_string(dev)) {
		c->device = arena_strdup(a, json_string_value(dev));
		return c->device ? 0 : -ENOMEM;
	}
	if (!json_is_array(dev))
		return 0;
	list = arena_alloc(a, (n + 1) * sizeof(*list));
	for (size_t i = 0; list && i < n; i++) {
		const char *s = json_string_value(json_array_get(dev, i));
		list[i] = arena_strdup(a, s ? s : "");
		if (!list[i])
			return -ENOMEM;
	}
	c->devices = list;
	return list ? 0 : -ENOMEM;
}

static int read_chain(struct nft_reader *rd, const json_t *object)
{
	const char *name = get(object, "name"), *hook = get(object, "hook");
	const char *type = get(object, "type"), *policy = get(object, "policy");
	int r = table_of(rd, object, "table");

	if (r < 0 || !name)
		return r < 0 ? r : -EBADMSG;
	struct rule_chain *c = ruleset_chain(rd->rs, rd->table, name);
	if (!c)
		return -ENOMEM;
	c->defined = true;
	if (!hook)
		return 0;
	if (rule_hook_parse(hook, &c->hook) < 0)
		return -EBADMSG;
	c->type = type && strcmp(type, "nat") == 0     ? CHAIN_NAT
		  : type && strcmp(type, "route") == 0 ? CHAIN_ROUTE
						       : CHAIN_FILTER;
	c->priority = (int)json_integer_value(json_object_get(object, "prio"));
	c->policy = policy && strcmp(policy, "drop") == 0 ? VERDICT_DROP : VERDICT_ACCEPT;
	return read_devices(rd, object, c);
}

/* ---- two comparisons that may be one ---- */

/* Fields that lie side by side in a header. */
static const struct {
	const char *first, *second;
} neighbours[] = {{"sport", "dport"}, {"type", "code"}};

/* Whether it says that this field is not some value; of which protocol, into *ret_protocol. */
static bool is_not(const json_t *stmt, const char *field, const char **ret_protocol)
{
	const json_t *match = json_object_get(stmt, "match");
	const json_t *payload = json_object_get(json_object_get(match, "left"), "payload");
	const json_t *right = json_object_get(match, "right");
	const char *op = json_string_value(json_object_get(match, "op"));
	const char *name = json_string_value(json_object_get(payload, "field"));

	*ret_protocol = json_string_value(json_object_get(payload, "protocol"));
	return op && strcmp(op, "!=") == 0 && name && strcmp(name, field) == 0 && *ret_protocol &&
	       (json_is_integer(right) || json_is_string(right));
}

/* The place of such a statement of the protocol (NULL: any); -1: none. */
static int find_not(const json_t *expr, const char *field, const char *protocol)
{
	for (size_t i = 0; i < json_array_size(expr); i++) {
		const char *found;
		if (is_not(json_array_get(expr, i), field, &found) &&
			(!protocol || strcmp(found, protocol) == 0))
			return (int)i;
	}
	return -1;
}

/*
 * Finds two that nft up to 1.0.6 may have loaded as one comparison: sets them and
 * returns true.
 */
static bool find_joined(const json_t *expr, int joined[static 2])
{
	for (size_t i = 0; i < ARRAY_SIZE(neighbours); i++) {
		const char *protocol;
		int first = find_not(expr, neighbours[i].first, NULL);
		if (first < 0)
			continue;
		(void)is_not(json_array_get(expr, (size_t)first), neighbours[i].first, &protocol);
		int second = find_not(expr, neighbours[i].second, protocol);
		if (second < 0)
			continue;
		joined[0] = first;
		joined[1] = second;
		return true;
	}
	return false;
}

static int read_rule(struct nft_reader *rd, const json_t *object)
{
	const json_t *expr = json_object_get(object, "expr");
	const char *chain = get(object, "chain");
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	int r = table_of(rd, object, "table");

	if (r < 0 || !chain || !json_is_array(expr) || !scratch)
		return r < 0 ? r : scratch ? -EBADMSG : -ENOMEM;
	struct rule_chain *c = ruleset_chain(rd->rs, rd->table, chain);
	char *text = nft_text(scratch, expr);
	if (!c || !text)
		return -ENOMEM;
	rd->rule = ruleset_rule(
		rd->rs, c, (uint64_t)json_integer_value(json_object_get(object, "handle")), text);
	if (!rd->rule)
		return -ENOMEM;
	size_t n = json_array_size(expr);
	if (n > STMTS_MAX)
		return ruleset_opaque(rd->rs, rd->rule, "too many statements", true);
	int joined[2] = {-1, -1};
	if (find_joined(expr, joined))
		r = ruleset_opaque(rd->rs, rd->rule,
			"two != of one header, which nft up to 1.0.6 loads as one", false);
	for (size_t i = 0; r == 0 && i < n; i++) {
		rd->last = i + 1 == n;
		if ((int)i != joined[0] && (int)i != joined[1])
			r = nft_stmt(rd, json_array_get(expr, i));
	}
	return r;
}

static int read_set(struct nft_reader *rd, const json_t *object)
{
	int r = table_of(rd, object, "table");

	return r == 0 ? nft_set(rd, object, false) : r;
}

static int read_map(struct nft_reader *rd, const json_t *object)
{
	int r = table_of(rd, object, "table");

	return r == 0 ? nft_set(rd, object, true) : r;
}

/* Counters, limits, helpers and flow tables are what statements name; they hold no rule. */
static const struct {
	const char *name;
	int (*read)(struct nft_reader *rd, const json_t *object);
} objects[] = {
	{"table", read_table},
	{"chain", read_chain},
	{"rule", read_rule},
	{"set", read_set},
	{"map", read_map},
};

static int read_object(struct nft_reader *rd, const json_t *json)
{
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
		const json_t *value = json_object_get(json, objects[i].name);
		if (value)
			return objects[i].read(rd, value);
	}
	return json_is_object(json) ? 0 : -EBADMSG;
}

/* Where the text goes on behind white space. */
static size_t blank(const char *s, size_t size, size_t at)
{
	while (at < size && memchr(" \t\r\n", s[at], 4))
		at++;
	return at;
}

/* Steps over one word of the frame around the objects; 0 or -EBADMSG. */
static int expect(const char *s, size_t size, size_t *at, const char *word)
{
	size_t p = blank(s, size, *at), len = strlen(word);

	*at = p;
	if (size - p < len || memcmp(s + p, word, len) != 0)
		return -EBADMSG;
	*at = blank(s, size, p + len);
	return 0;
}

/* Reads the object at *at and steps over it. */
static int one_object(struct nft_reader *rd, const char *s, size_t size, size_t *at)
{
	json_error_t error;
	json_t *json = json_loadb(s + *at, size - *at, JSON_DISABLE_EOF_CHECK, &error);

	if (!json)
		return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EBADMSG;
	int r = read_object(rd, json);
	json_decref(json);
	if (r == 0)
		*at += (size_t)error.position;
	return r;
}

int nft_read(struct ruleset *rs, const char *json, size_t size, size_t *ret_offset)
{
	static const char *const head[] = {"{", "\"nftables\"", ":", "["};
	struct nft_reader rd = {.rs = rs};
	size_t at = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(head); i++)
		r = expect(json, size, &at, head[i]);
	while (r == 0 && (at >= size || json[at] != ']')) {
		r = one_object(&rd, json, size, &at);
		if (r < 0)
			break;
		at = blank(json, size, at);
		if (at < size && json[at] == ']')
			break;
		r = expect(json, size, &at, ",");
	}
	if (r == 0)
		r = expect(json, size, &at, "]");
	if (r == 0)
		r = expect(json, size, &at, "}");
	if (r == 0 && at != size)
		r = -EBADMSG;
	if (r == -EBADMSG)
		*ret_offset = at;
	return r;
}
