/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "fact/sshd-contexts.h"

/* ---- examples ---- */

char *sshd_pattern_example(struct arena *a, const char *pattern, size_t n, const char *fill)
{
	char *out = arena_alloc(a, n * (strlen(fill) + 1) + 1), *w = out;

	for (size_t i = 0; out && i < n; i++) {
		if (pattern[i] == '*')
			w = stpcpy(w, fill);
		else
			*w++ = pattern[i] == '?' ? '1' : pattern[i];
	}
	return out;
}

/* An address as text. */
static char *address_text(struct arena *a, const struct sshd_address *address)
{
	char text[INET6_ADDRSTRLEN];

	if (!inet_ntop(address->family, address->bytes, text, sizeof(text)))
		return NULL;
	return arena_strdup(a, text);
}

/* The host of a prefix: its first address but one, or the last but one. */
static char *prefix_host(struct arena *a, const char *text, bool last)
{
	struct sshd_address net;
	unsigned len;

	if (sshd_prefix(text, &net, &len) < 0)
		return NULL;
	unsigned bits = net.family == AF_INET ? 32 : 128;
	for (unsigned i = len; last && i < bits; i++)
		net.bytes[i / 8] |= (unsigned char)(0x80u >> (i % 8));
	if (len + 1 < bits)
		net.bytes[bits / 8 - 1] ^= 1;
	return address_text(a, &net);
}

/* ---- places ---- */

struct collect_places {
	struct sshd_conf *conf;
	const char *const *trusted;
	struct arena *arena;
	struct sshd_places *out;
	bool use_dns;
};

static bool is_trusted(const char *const *trusted, const char *address)
{
	for (; *trusted; trusted++) {
		if (sshd_address_list(address, *trusted) == 1)
			return true;
	}
	return false;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool place_known(const struct sshd_places *p, const struct sshd_connection *conn)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct sshd_connection *o = &p->v[i].conn;
		if (o->lport == conn->lport && same_text(o->address, conn->address) &&
			same_text(o->host, conn->host) && same_text(o->laddress, conn->laddress) &&
			same_text(o->rdomain, conn->rdomain))
			return true;
	}
	return false;
}

static int add_place(
	struct collect_places *b, const char *label, const struct sshd_connection *conn)
{
	if (!label)
		return -ENOMEM;
	if (place_known(b->out, conn))
		return 0;
	if (b->out->n >= SSHD_PLACES_MAX)
		return -EFBIG;
	struct sshd_place *slot = arena_grow(b->arena, &b->out->v, b->out->n, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = (struct sshd_place){
		.label = label,
		.conn = *conn,
		.outside = !is_trusted(b->trusted, conn->address),
	};
	b->out->n++;
	return 0;
}

/* How many elements of a list, negated or not, an address meets. */
static size_t count_elements(struct arena *a, const char *address, const char *list)
{
	size_t count = 0;

	for (const char *p = list; *p; p += *p == ',') {
		p += *p == '!';
		size_t n = strcspn(p, ",");
		char *element = arena_strndup(a, p, n);
		count += element && sshd_address_list(address, element) == 1;
		p += n;
	}
	return count;
}

/* How often an address is named: the general one is to be named least. */
static size_t count_named(
	const struct collect_places *b, const struct sshd_blocks *blocks, const char *address)
{
	size_t n = 0;

	for (size_t i = 0; i < blocks->n; i++) {
		const struct sshd_node *m = blocks->v[i].matches[blocks->v[i].n - 1];
		for (size_t k = 0; k < m->n_criteria; k++) {
			if (m->criteria[k].type == SSHD_CRIT_ADDRESS ||
				m->criteria[k].type == SSHD_CRIT_HOST)
				n += count_elements(b->arena, address, m->criteria[k].arg);
		}
	}
	return n;
}

/* The host name that sshd compares: the address itself unless it asks the DNS. */
static void set_address(
	const struct collect_places *b, struct sshd_connection *conn, const char *address)
{
	conn->address = address;
	conn->host = b->use_dns ? "unknown.invalid" : address;
}

/* Addresses for documentation: nobody's, and so in few lists. */
static int add_outside(struct collect_places *b, const struct sshd_blocks *blocks)
{
	static const char *const v4[] = {
		"203.0.113.77", "198.51.100.77", "192.0.2.77", "100.64.0.77", "8.8.8.8"};
	static const char *const v6[] = {"2001:db8::77", "2001:db8:77::77", "2a00::77"};
	const struct {
		const char *label, *const *v;
		size_t n;
	} families[] = {
		{"outside", v4, ARRAY_SIZE(v4)},
		{"outside over IPv6", v6, ARRAY_SIZE(v6)},
	};
	struct sshd_connection base = {.laddress = "192.0.2.1", .rdomain = "", .lport = 22};

	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		const char *best = NULL;
		size_t least = SIZE_MAX;
		for (size_t i = 0; i < families[f].n; i++) {
			size_t n = count_named(b, blocks, families[f].v[i]);
			/* Only if all are trusted may the general one be. */
			if (is_trusted(b->trusted, families[f].v[i]))
				n += SIZE_MAX / 2;
			if (n < least) {
				least = n;
				best = families[f].v[i];
			}
		}
		set_address(b, &base, best);
		int r = add_place(b, families[f].label, &base);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_inside(struct collect_places *b)
{
	for (const char *const *net = b->trusted; *net; net++) {
		struct sshd_connection conn = b->out->v[0].conn;
		char *address = prefix_host(b->arena, *net, false);
		if (!address)
			continue;
		set_address(b, &conn, address);
		int r = add_place(b, arena_strdup(b->arena, *net), &conn);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- places that satisfy a block ---- */

/* Whether all criteria of a block but those on users hold at a place. */
static bool block_holds(const struct collect_places *b, const struct sshd_block *block,
	const struct sshd_connection *conn)
{
	for (size_t i = 0; i < block->n; i++) {
		for (size_t k = 0; k < block->matches[i]->n_criteria; k++) {
			const struct sshd_criterion *c = &block->matches[i]->criteria[k];
			bool user = c->type == SSHD_CRIT_USER || c->type == SSHD_CRIT_GROUP ||
				    c->type == SSHD_CRIT_INVALID_USER;
			if (!user && !sshd_criterion_holds(c, conn, b->conf->env.version))
				return false;
		}
	}
	return true;
}

/*
 * Candidates for one element of a list of addresses, by number; NULL when that
 * one gives no address. An address must be written as sshd would see it, since
 * wildcards are compared with its text.
 */
enum {
	ADDRESS_TRIES = 9,
};
static char *address_candidate(struct arena *a, const char *element, size_t n, unsigned i)
{
	static const char *const fills[] = {
		"1", "1.1", "1.1.1", "1.1.1.1", "1::1", "::1", "0:1::1"};
	struct sshd_address parsed;
	char *text = arena_strndup(a, element, n);

	if (!text)
		return NULL;
	if (i < 2)
		return prefix_host(a, text, i == 1);
	text = sshd_pattern_example(a, element, n, fills[i - 2]);
	if (!text || !sshd_address(text, &parsed))
		return NULL;
	char *canonical = address_text(a, &parsed);
	return canonical && strcmp(canonical, text) == 0 ? text : NULL;
}

/* The first candidate; NULL when there is none. */
static char *any_address(struct arena *a, const char *element, size_t n)
{
	char *address = NULL;

	for (unsigned i = 0; i < ADDRESS_TRIES && !address; i++)
		address = address_candidate(a, element, n, i);
	return address;
}

/* Each element of a list of addresses or hosts is tried in the place of what a block leaves open.
 */
static int try_addresses(struct collect_places *b, const struct sshd_block *block,
	const struct sshd_connection *start, const char *list)
{
	for (const char *p = list; *p; p += *p == ',') {
		p += *p == '!';
		size_t n = strcspn(p, ",");
		for (unsigned i = 0; i < ADDRESS_TRIES; i++) {
			struct sshd_connection conn = *start;
			char *address = address_candidate(b->arena, p, n, i);
			if (!address)
				continue;
			conn.address = address;
			if (!b->use_dns)
				conn.host = address;
			if (!block_holds(b, block, &conn))
				continue;
			int r = add_place(b, arena_strndup(b->arena, p, n), &conn);
			if (r < 0)
				return r;
			break;
		}
		p += n;
	}
	return 0;
}

/* Puts what one element of a criterion asks for into conn; false when nothing can. */
static bool set_element(struct collect_places *b, enum sshd_criterion_type type,
	const char *element, size_t n, struct sshd_connection *conn)
{
	bool by_address = type == SSHD_CRIT_ADDRESS || (type == SSHD_CRIT_HOST && !b->use_dns);
	const char *example = by_address || type == SSHD_CRIT_LOCALADDRESS
				      ? any_address(b->arena, element, n)
				      : sshd_pattern_example(b->arena, element, n, "x1");

	if (!example)
		return false;
	if (by_address)
		set_address(b, conn, example);
	else if (type == SSHD_CRIT_LOCALADDRESS)
		conn->laddress = example;
	else if (type == SSHD_CRIT_HOST)
		conn->host = example;
	else
		conn->rdomain = example;
	return true;
}

/*
 * A place for each element of a criterion, negated or not: what a block leaves
 * out is where something else holds.
 */
static int add_elements(struct collect_places *b, const struct sshd_criterion *c)
{
	if (c->type != SSHD_CRIT_ADDRESS && c->type != SSHD_CRIT_HOST &&
		c->type != SSHD_CRIT_LOCALADDRESS && c->type != SSHD_CRIT_RDOMAIN)
		return 0;
	for (const char *p = c->arg; *p; p += *p == ',') {
		struct sshd_connection conn = b->out->v[0].conn;
		p += *p == '!';
		size_t n = strcspn(p, ",");
		int r = 0;
		if (set_element(b, c->type, p, n, &conn))
			r = add_place(b, arena_strndup(b->arena, p, n), &conn);
		if (r < 0)
			return r;
		p += n;
	}
	return 0;
}

/* Where one criterion of a block says the connection goes to, into conn; *label names it. */
static int fix_target(struct collect_places *b, const struct sshd_criterion *c,
	struct sshd_connection *conn, const char **label)
{
	bool host = c->type == SSHD_CRIT_HOST && b->use_dns;

	if (c->type == SSHD_CRIT_LOCALPORT) {
		conn->lport = c->port;
		*label = arena_printf(b->arena, "port %d", c->port);
		return *label ? 0 : -ENOMEM;
	}
	if (c->type != SSHD_CRIT_LOCALADDRESS && c->type != SSHD_CRIT_RDOMAIN && !host)
		return 0;
	for (const char *p = c->arg; *p; p += *p == ',') {
		size_t n = strcspn(p, ",");
		struct sshd_connection tried = *conn;
		if (*p != '!' && set_element(b, c->type, p, n, &tried) &&
			sshd_criterion_holds(c, &tried, b->conf->env.version)) {
			*conn = tried;
			break;
		}
		p += n;
	}
	*label = arena_strdup(b->arena, c->arg);
	return *label ? 0 : -ENOMEM;
}

static int add_block_places(struct collect_places *b, const struct sshd_block *block)
{
	struct sshd_connection conn = b->out->v[0].conn;
	const char *label = NULL;
	int r = 0;

	for (size_t i = 0; i < block->n; i++) {
		for (size_t k = 0; k < block->matches[i]->n_criteria && r == 0; k++) {
			r = add_elements(b, &block->matches[i]->criteria[k]);
			if (r == 0)
				r = fix_target(b, &block->matches[i]->criteria[k], &conn, &label);
		}
	}
	if (r == 0 && label && block_holds(b, block, &conn))
		r = add_place(b, label, &conn);
	for (size_t i = 0; i < block->n; i++) {
		for (size_t k = 0; k < block->matches[i]->n_criteria && r == 0; k++) {
			const struct sshd_criterion *c = &block->matches[i]->criteria[k];
			if (c->type == SSHD_CRIT_ADDRESS ||
				(c->type == SSHD_CRIT_HOST && !b->use_dns))
				r = try_addresses(b, block, &conn, c->arg);
		}
	}
	return r;
}

static bool any_place_criterion(const struct sshd_blocks *blocks)
{
	for (size_t i = 0; i < blocks->n; i++) {
		const struct sshd_node *m = blocks->v[i].matches[blocks->v[i].n - 1];
		for (size_t k = 0; k < m->n_criteria; k++) {
			switch (m->criteria[k].type) {
			case SSHD_CRIT_HOST:
			case SSHD_CRIT_ADDRESS:
			case SSHD_CRIT_LOCALADDRESS:
			case SSHD_CRIT_LOCALPORT:
			case SSHD_CRIT_RDOMAIN:
				return true;
			default:
				break;
			}
		}
	}
	return false;
}

/* Every port that sshd listens on is a place: a block on one leaves out the others. */
static int add_ports(struct collect_places *b, const char *listen)
{
	for (const char *p = listen; *p; p += strspn(p, " ")) {
		struct sshd_connection conn = b->out->v[0].conn;
		size_t n = strcspn(p, " ");
		const char *colon = memrchr(p, ':', n);
		if (colon)
			conn.lport = atoi(colon + 1);
		int r = add_place(b, arena_printf(b->arena, "port %d", conn.lport), &conn);
		if (r < 0)
			return r;
		p += n;
	}
	return 0;
}

/* What of the global part the places depend on; strings in the arena. */
static int read_globals(struct collect_places *b, int *ret_port, const char **ret_listen)
{
	const struct sshd_connection nobody = {.lport = -1};
	struct sshd_value *v;
	size_t n;

	int r = sshd_conf_eval(b->conf, &nobody, b->arena, &v, &n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (strcmp(v[i].keyword, "usedns") == 0)
			b->use_dns = strcmp(v[i].value, "yes") == 0;
		if (strcmp(v[i].keyword, "port") == 0)
			*ret_port = atoi(v[i].value);
		if (strcmp(v[i].keyword, "listenaddress") == 0)
			*ret_listen = v[i].value;
	}
	return r == -EINVAL ? 0 : r;
}

int sshd_places_collect(struct sshd_conf *c, const struct sshd_blocks *blocks,
	const char *const *trusted, struct arena *a, struct sshd_places *ret)
{
	struct sshd_places places = {0};
	struct collect_places b = {.conf = c, .trusted = trusted, .arena = a, .out = &places};
	const char *listen = "";
	int port = 22;

	int r = read_globals(&b, &port, &listen);
	if (r == 0)
		r = add_outside(&b, blocks);
	for (size_t i = 0; i < places.n; i++)
		places.v[i].conn.lport = port;
	/* When nothing depends on the place, the general one is all. */
	if (r == 0 && !any_place_criterion(blocks)) {
		places.n = 1;
		*ret = places;
		return 0;
	}
	if (r == 0)
		r = add_inside(&b);
	if (r == 0)
		r = add_ports(&b, listen);
	for (size_t i = 0; i < blocks->n && r == 0; i++)
		r = add_block_places(&b, &blocks->v[i]);
	if (r == 0)
		*ret = places;
	return r;
}
