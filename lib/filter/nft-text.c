/* SPDX-License-Identifier: ISC */
/*
 * A rule as `nft list ruleset` shows it, so that its reader finds it there.
 * Cut where it gets long; what has no form here is shown as its JSON.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "filter/nft-read.h"

struct out {
	char v[240];
	size_t n;
	unsigned depth;
	unsigned pairs; /* the depth at which lists are the elements of a map; 0: nowhere */
	bool failed;	/* memory */
};

static void expression(struct out *o, const json_t *json);

_printf_(2, 3) static void put(struct out *o, const char *fmt, ...)
{
	size_t room = sizeof(o->v) - o->n;
	va_list ap;

	if (room <= 1)
		return;
	va_start(ap, fmt);
	int n = vsnprintf(o->v + o->n, room, fmt, ap);
	va_end(ap);
	o->n += n < 0 ? 0 : MIN((size_t)n, room - 1);
}

static bool is_full(const struct out *o)
{
	return o->n + 1 >= sizeof(o->v);
}

static const char *get(const json_t *json, const char *key)
{
	const char *s = json_string_value(json_object_get(json, key));

	return s ? s : "";
}

static void raw(struct out *o, const json_t *json)
{
	_cleanup_free_ char *text = json_text(json);

	o->failed = o->failed || !text;
	put(o, "%.*s", RULE_OPAQUE_TEXT, text ? text : "");
}

static void list(struct out *o, const json_t *json, const char *between)
{
	for (size_t i = 0; i < json_array_size(json) && !is_full(o); i++) {
		put(o, "%s", i > 0 ? between : "");
		expression(o, json_array_get(json, i));
	}
}

static void payload(struct out *o, const json_t *json)
{
	if (json_object_get(json, "protocol"))
		put(o, "%s %s", get(json, "protocol"), get(json, "field"));
	else
		raw(o, json);
}

static void meta(struct out *o, const json_t *json)
{
	const char *key = get(json, "key");
	bool bare = strncmp(key, "iif", 3) == 0 || strncmp(key, "oif", 3) == 0;

	put(o, "%s%s", bare ? "" : "meta ", key);
}

static void ct(struct out *o, const json_t *json)
{
	const char *dir = get(json, "dir");

	put(o, "ct %s%s%s", dir, *dir ? " " : "", get(json, "key"));
}

static void prefix(struct out *o, const json_t *json)
{
	put(o, "%s/%lld", get(json, "addr"),
		(long long)json_integer_value(json_object_get(json, "len")));
}

static void range(struct out *o, const json_t *json)
{
	list(o, json, "-");
}

static void concat(struct out *o, const json_t *json)
{
	list(o, json, " . ");
}

static void set(struct out *o, const json_t *json)
{
	put(o, "{ ");
	if (json_is_array(json))
		list(o, json, ", ");
	else
		expression(o, json);
	put(o, " }");
}

static void elem(struct out *o, const json_t *json)
{
	expression(o, json_object_get(json, "val"));
}

/* A map's elements are lists of two, two levels down: {"set": [[key, data], ...]}. */
static void lookup(struct out *o, const json_t *json, const char *word)
{
	unsigned before = o->pairs;

	expression(o, json_object_get(json, "key"));
	put(o, "%s", word);
	o->pairs = o->depth + 2;
	expression(o, json_object_get(json, "data"));
	o->pairs = before;
}

static void map(struct out *o, const json_t *json)
{
	lookup(o, json, " map ");
}

static void fib(struct out *o, const json_t *json)
{
	put(o, "fib ");
	list(o, json_object_get(json, "flags"), " . ");
	put(o, " %s", get(json, "result"));
}

static void numgen(struct out *o, const json_t *json)
{
	put(o, "numgen %s mod %lld", get(json, "mode"),
		(long long)json_integer_value(json_object_get(json, "mod")));
}

static void and_bits(struct out *o, const json_t *json)
{
	list(o, json, " & ");
}

static void or_bits(struct out *o, const json_t *json)
{
	list(o, json, " | ");
}

static void xor_bits(struct out *o, const json_t *json)
{
	list(o, json, " ^ ");
}

static void target(struct out *o, const json_t *json)
{
	put(o, "%s", get(json, "target"));
}

static void jump(struct out *o, const json_t *json)
{
	put(o, "jump ");
	target(o, json);
}

static void go(struct out *o, const json_t *json)
{
	put(o, "goto ");
	target(o, json);
}

static void match(struct out *o, const json_t *json)
{
	const char *op = get(json, "op");
	bool plain = strcmp(op, "==") == 0 || strcmp(op, "in") == 0;

	expression(o, json_object_get(json, "left"));
	put(o, " %s%s", plain ? "" : op, plain ? "" : " ");
	expression(o, json_object_get(json, "right"));
}

static void vmap(struct out *o, const json_t *json)
{
	lookup(o, json, " vmap ");
}

static void mangle(struct out *o, const json_t *json)
{
	expression(o, json_object_get(json, "key"));
	put(o, " set ");
	expression(o, json_object_get(json, "value"));
}

static void limit(struct out *o, const json_t *json)
{
	if (json_is_string(json))
		put(o, "limit name %s", json_string_value(json));
	else
		put(o, "limit rate %s%lld/%s",
			json_is_true(json_object_get(json, "inv")) ? "over " : "",
			(long long)json_integer_value(json_object_get(json, "rate")),
			get(json, "per"));
}

static void nat(struct out *o, const json_t *json, const char *name)
{
	const json_t *addr = json_object_get(json, "addr"), *port = json_object_get(json, "port");

	put(o, "%s%s", name, addr || port ? " to " : "");
	if (addr)
		expression(o, addr);
	if (port) {
		put(o, ":");
		expression(o, port);
	}
}

static void dnat(struct out *o, const json_t *json)
{
	nat(o, json, "dnat");
}

static void snat(struct out *o, const json_t *json)
{
	nat(o, json, "snat");
}

static void redirect(struct out *o, const json_t *json)
{
	nat(o, json, "redirect");
}

static void dynamic(struct out *o, const json_t *json)
{
	const char *name = get(json, "set");

	put(o, "%s %s { ", get(json, "op"), *name ? name : get(json, "map"));
	expression(o, json_object_get(json, "elem"));
	put(o, " }");
}

static void xt(struct out *o, const json_t *json)
{
	put(o, "xt %s %s", get(json, "type"), get(json, "name"));
}

/* NULL: its name says enough. */
static const struct {
	const char *name;
	void (*write)(struct out *o, const json_t *json);
} forms[] = {
	{"payload", payload},
	{"meta", meta},
	{"ct", ct},
	{"prefix", prefix},
	{"range", range},
	{"concat", concat},
	{"set", set},
	{"elem", elem},
	{"map", map},
	{"fib", fib},
	{"numgen", numgen},
	{"&", and_bits},
	{"|", or_bits},
	{"^", xor_bits},
	{"match", match},
	{"vmap", vmap},
	{"mangle", mangle},
	{"limit", limit},
	{"dnat", dnat},
	{"snat", snat},
	{"redirect", redirect},
	{"xt", xt},
	{"jump", jump},
	{"goto", go},
	{"accept", NULL},
	{"drop", NULL},
	{"return", NULL},
	{"continue", NULL},
	{"reject", NULL},
	{"queue", NULL},
	{"masquerade", NULL},
	{"notrack", NULL},
	{"log", NULL},
};

static void object(struct out *o, const json_t *json)
{
	const char *key = json_object_iter_key(json_object_iter((json_t *)json));

	for (size_t i = 0; key && i < ARRAY_SIZE(forms); i++) {
		if (strcmp(forms[i].name, key) != 0)
			continue;
		if (forms[i].write)
			forms[i].write(o, json_object_get(json, key));
		else
			put(o, "%s", key);
		return;
	}
	raw(o, json);
}

static void expression(struct out *o, const json_t *json)
{
	if (is_full(o) || o->depth >= NFT_DEPTH_MAX)
		return;
	o->depth++;
	if (json_is_string(json))
		put(o, "%s", json_string_value(json));
	else if (json_is_integer(json))
		put(o, "%lld", (long long)json_integer_value(json));
	else if (json_is_boolean(json))
		put(o, "%s", json_is_true(json) ? "exists" : "missing");
	else if (json_is_array(json) && o->depth == o->pairs)
		list(o, json, " : ");
	else if (json_is_array(json))
		list(o, json, ",");
	else if (json_is_object(json))
		object(o, json);
	o->depth--;
}

/* What counts and does nothing else is left out. */
static bool is_shown(const json_t *stmt)
{
	return !json_object_get(stmt, "counter");
}

char *nft_text(struct arena *a, const json_t *expr)
{
	struct out o = {0};

	for (size_t i = 0; i < json_array_size(expr) && !is_full(&o); i++) {
		const json_t *stmt = json_array_get(expr, i);
		const json_t *adds = json_object_get(stmt, "set");
		if (!is_shown(stmt))
			continue;
		put(&o, "%s", o.n > 0 ? " " : "");
		if (json_is_object(adds))
			dynamic(&o, adds);
		else
			expression(&o, stmt);
	}
	if (is_full(&o))
		memcpy(o.v + sizeof(o.v) - 4, "...", 4);
	return o.failed ? NULL : arena_strdup(a, o.v);
}
