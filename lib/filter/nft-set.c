/* SPDX-License-Identifier: ISC */
/* Sets and maps of nft, named and in rules. */
#include <errno.h>
#include <string.h>

#include "filter/nft-read.h"

/* A set that is being read: how its keys and data are written. */
struct reading {
	struct nft_reader *rd;
	struct rule_set *set;
	struct nft_type types[RULE_KEYS_MAX];
	struct nft_type data[2];
	unsigned n_data; /* 0: verdicts, or what a NAT takes: address, port or both */
	bool rest;	 /* "*": what no other element is about */
	struct rule_elem other;
};

/* {"elem": {"val": x, "timeout": 60}} is x. */
static const json_t *unwrap(const json_t *json)
{
	const json_t *elem = json_object_get(json, "elem");

	return elem ? json_object_get(elem, "val") : json;
}

static int tuple(const json_t *json, const struct nft_type *types, unsigned n, struct span *ret)
{
	const json_t *list = json_object_get(json, "concat");

	if (!list)
		return n == 1 ? nft_value(json, types[0], ret) : -ENOTSUP;
	if (json_array_size(list) != n)
		return -ENOTSUP;
	for (unsigned i = 0; i < n; i++) {
		int r = nft_value(json_array_get(list, i), types[i], &ret[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* An address, a port, or both: NAT's data say by their form what they are. */
static int nat_data(const json_t *json, struct rule_elem *e)
{
	const struct nft_type types[] = {{.field = FIELD_DADDR}, {.field = FIELD_DPORT}};
	const json_t *list = json_object_get(json, "concat");

	if (list) {
		e->n_data = 2;
		return tuple(json, types, 2, e->data);
	}
	e->n_data = 1;
	int r = nft_value(json, types[0], &e->data[0]);
	return r == 0 ? 0 : nft_value(json, types[1], &e->data[0]);
}

static int data(const struct reading *in, const json_t *json, struct rule_elem *e)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)json, key, value) {
		int r = nft_verdict(in->rd, key, value, &e->verdict);
		if (r != -ENOTSUP)
			return r;
	}
	if (in->n_data == 0)
		return nat_data(json, e);
	e->n_data = in->n_data;
	return tuple(json, in->data, in->n_data, e->data);
}

static bool is_rest(const struct reading *in, const json_t *key)
{
	const char *s = json_string_value(key);

	return s && strcmp(s, "*") == 0 && in->set->n_keys == 1;
}

/* An element with a limit of its own: it is in the set only while that lasts. */
static bool is_limited(const json_t *json)
{
	const json_t *elem = json_object_get(json, "elem");

	return json_object_get(elem, "limit") || json_object_get(elem, "quota") ||
	       json_object_get(elem, "ct count");
}

static int element(struct reading *in, const json_t *json)
{
	const json_t *key = unwrap(in->set->is_map ? json_array_get(json, 0) : json);
	struct span spans[RULE_KEYS_MAX];
	struct rule_elem e = {0};
	int r = 0;

	if (is_limited(in->set->is_map ? json_array_get(json, 0) : json))
		in->set->dynamic = true;
	if (in->set->is_map)
		r = data(in, json_array_get(json, 1), &e);
	if (r == 0 && is_rest(in, key)) {
		in->rest = true;
		in->other = e;
		return 0;
	}
	if (r == 0)
		r = tuple(key, in->types, in->set->n_keys, spans);
	return r == 0 ? ruleset_elem(in->rd->rs, in->set, spans, &e) : r;
}

/* Elements for all that the others leave. */
static int add_rest(struct reading *in)
{
	u128 max = nft_type_max(in->types[0]);
	_cleanup_addrs_ struct addrs left = {0};
	int r = addrs_add(&left, (struct span){.hi = max});

	for (size_t i = 0; r == 0 && in->set->is_map && i < in->set->n_elems; i++) {
		struct span s = in->set->elems[i].keys[0];
		r = addrs_subtract(&left, &(struct addrs){.v = &s, .n = 1});
	}
	for (size_t i = 0; r == 0 && i < left.n; i++)
		r = ruleset_elem(in->rd->rs, in->set, &left.v[i], &in->other);
	return r;
}

/* Reads all elements. What cannot be read makes the set opaque as a whole. */
static int elements(struct reading *in, const json_t *list)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
		r = element(in, json_array_get(list, i));
	if (r == 0 && in->rest)
		r = add_rest(in);
	if (r == -ENOTSUP)
		in->set->opaque = true;
	return r == -ENOTSUP ? 0 : r;
}

static int named(struct nft_reader *rd, const char *name, unsigned n, const struct rule_set **ret)
{
	struct rule_set *set = ruleset_set(rd->rs, rd->table, name);

	if (!set)
		return -ENOMEM;
	if (set->n_keys != 0 && set->n_keys != n)
		return -ENOTSUP;
	*ret = set;
	return 0;
}

int nft_set_of(struct nft_reader *rd, const json_t *json, const struct nft_type *types, unsigned n,
	bool is_map, const struct rule_set **ret)
{
	const json_t *list = json_object_get(json, "set");
	struct reading in = {.rd = rd};
	const char *s = json_string_value(json);
	int r;

	if (s && *s == '@')
		return named(rd, s + 1, n, ret);
	in.set = ruleset_set(rd->rs, NULL, NULL);
	if (!in.set)
		return -ENOMEM;
	in.set->n_keys = n;
	in.set->is_map = is_map;
	memcpy(in.types, types, n * sizeof(*types));
	if (json_is_array(list) || is_map) {
		r = json_is_array(list) ? elements(&in, list) : -ENOTSUP;
	} else {
		struct span spans[RULE_KEYS_MAX];
		r = tuple(list ? list : json, types, n, spans);
		if (r == 0)
			r = ruleset_elem(rd->rs, in.set, spans, NULL);
	}
	if (r == 0)
		*ret = in.set;
	return r;
}

/* "ipv4_addr", ["ipv4_addr", "mark"], "ipv4_addr . mark" or {"typeof": ...}. Returns how many. */
static int types(const json_t *json, struct nft_type *ret)
{
	struct rule_key keys[RULE_KEYS_MAX];
	char name[32];
	unsigned n = 0;

	if (json_object_get(json, "typeof"))
		return nft_keys(json_object_get(json, "typeof"), keys, ret);
	if (json_is_array(json)) {
		for (; n < json_array_size(json); n++) {
			const char *s = json_string_value(json_array_get(json, n));
			if (!s || n == RULE_KEYS_MAX || nft_type_named(s, &ret[n]) < 0)
				return -ENOTSUP;
		}
		return (int)n;
	}
	for (const char *s = json_string_value(json); s; n++) {
		const char *dot = strstr(s, " . ");
		size_t len = dot ? (size_t)(dot - s) : strlen(s);
		if (n == RULE_KEYS_MAX || len >= sizeof(name))
			return -ENOTSUP;
		memcpy(name, s, len);
		name[len] = '\0';
		if (nft_type_named(name, &ret[n]) < 0)
			return -ENOTSUP;
		s = dot ? dot + 3 : NULL;
	}
	return (int)n;
}

static bool has_flag(const json_t *object, const char *flag)
{
	const json_t *flags = json_object_get(object, "flags");

	if (json_is_string(flags))
		return strcmp(json_string_value(flags), flag) == 0;
	for (size_t i = 0; i < json_array_size(flags); i++) {
		const char *s = json_string_value(json_array_get(flags, i));
		if (s && strcmp(s, flag) == 0)
			return true;
	}
	return false;
}

/* What the elements of a map are, from its "map": "verdict", "ipv4_addr . inet_service". */
static int map_data(struct reading *in, const json_t *json)
{
	struct nft_type list[RULE_KEYS_MAX];
	const char *s = json_string_value(json);

	if (s && strcmp(s, "verdict") == 0)
		return 0;
	int n = types(json, list);
	if (n < 1 || n > 2)
		return -ENOTSUP;
	in->n_data = (unsigned)n;
	memcpy(in->data, list, in->n_data * sizeof(*list));
	return 0;
}

int nft_set(struct nft_reader *rd, const json_t *object, bool is_map)
{
	const char *name = json_string_value(json_object_get(object, "name"));
	struct reading in = {.rd = rd};

	if (!name)
		return 0; /* nothing can name it */
	in.set = ruleset_set(rd->rs, rd->table, name);
	if (!in.set)
		return -ENOMEM;
	in.set->is_map = is_map;
	in.set->dynamic = in.set->dynamic || has_flag(object, "dynamic") ||
			  has_flag(object, "timeout") || json_object_get(object, "timeout");
	int n = types(json_object_get(object, "type"), in.types);
	if (n < 1 || (is_map && map_data(&in, json_object_get(object, "map")) < 0)) {
		in.set->opaque = true;
		return 0;
	}
	in.set->n_keys = (unsigned)n;
	return elements(&in, json_object_get(object, "elem"));
}
