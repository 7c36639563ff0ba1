/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "fact/sshd-contexts.h"

/* ---- blocks ---- */

struct collect_blocks {
	struct arena *arena;
	struct sshd_blocks *out;
	unsigned visits;
};

static int add_block(
	struct collect_blocks *b, const struct sshd_block *outer, const struct sshd_node *match)
{
	if (b->out->n >= SSHD_BLOCKS_MAX)
		return -EFBIG;
	struct sshd_block *slot = arena_grow(b->arena, &b->out->v, b->out->n, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	slot->matches = arena_alloc(b->arena, (outer->n + 1) * sizeof(*slot->matches));
	if (!slot->matches)
		return -ENOMEM;
	if (outer->n > 0)
		memcpy(slot->matches, outer->matches, outer->n * sizeof(*slot->matches));
	slot->matches[outer->n] = match;
	slot->n = outer->n + 1;
	b->out->n++;
	return 0;
}

static int blocks_of(
	struct collect_blocks *b, const struct sshd_file *f, const struct sshd_block *outer)
{
	struct sshd_block current = *outer;
	int r = 0;

	if (++b->visits > SSHD_BLOCKS_MAX)
		return -EFBIG;
	for (size_t i = 0; i < f->n && r == 0; i++) {
		const struct sshd_node *node = &f->nodes[i];
		if (node->kind == SSHD_MATCHES) {
			r = add_block(b, outer, node);
			if (r == 0)
				current = b->out->v[b->out->n - 1];
		}
		for (size_t k = 0; node->kind == SSHD_INCLUDE && k < node->n_files && r == 0; k++)
			r = blocks_of(b, node->files[k], &current);
	}
	return r;
}

int sshd_blocks_collect(const struct sshd_conf *c, struct arena *a, struct sshd_blocks *ret)
{
	struct sshd_blocks blocks = {0};
	struct collect_blocks b = {.arena = a, .out = &blocks};
	const struct sshd_block none = {0};
	int r = c->main ? blocks_of(&b, c->main, &none) : 0;

	if (r == 0)
		*ret = blocks;
	return r;
}

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

/* How many criteria on the place hold for it: the general place is to meet as few as can be. */
static size_t count_holding(const struct collect_places *b, const struct sshd_blocks *blocks,
	const struct sshd_connection *conn)
{
	size_t n = 0;

	for (size_t i = 0; i < blocks->n; i++) {
		const struct sshd_node *m = blocks->v[i].matches[blocks->v[i].n - 1];
		for (size_t k = 0; k < m->n_criteria; k++) {
			bool user = m->criteria[k].type == SSHD_CRIT_USER ||
				    m->criteria[k].type == SSHD_CRIT_GROUP;
			n += !user &&
			     sshd_criterion_holds(&m->criteria[k], conn, b->conf->env.version);
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
			set_address(b, &base, families[f].v[i]);
			size_t n = count_holding(b, blocks, &base);
			if (is_trusted(b->trusted, base.address))
				n += SSHD_BLOCKS_MAX * 8;
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

/* Candidates for one element of a list of addresses: 0 ... ADDRESS_TRIES - 1; NULL: no more. */
enum {
	ADDRESS_TRIES = 8,
};
static char *address_candidate(struct arena *a, const char *element, size_t n, unsigned i)
{
	static const char *const fills[] = {"1", "1.1", "1.1.1", "1.1.1.1", "1::1", "::1"};
	struct sshd_address parsed;
	char *text = arena_strndup(a, element, n);

	if (!text)
		return NULL;
	if (i < 2)
		return prefix_host(a, text, i == 1);
	text = sshd_pattern_example(a, element, n, fills[i - 2]);
	return text && sshd_address(text, &parsed) ? text : NULL;
}

/* Each element of a list of addresses or hosts is tried in the place of what the block leaves open.
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
			set_address(b, &conn, address);
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

/* The first element of a list that is not negated, wildcards filled in. */
static const char *first_example(struct arena *a, const char *list, const char *fill)
{
	const char *p = list;

	while (*p == '!' && strchr(p, ','))
		p = strchr(p, ',') + 1;
	return sshd_pattern_example(a, p, strcspn(p, ","), fill);
}

/* What the block says of where the connection goes to, into conn; *label names it. */
static int fix_target(struct collect_places *b, const struct sshd_criterion *c,
	struct sshd_connection *conn, const char **label)
{
	const char *example = NULL;

	switch (c->type) {
	case SSHD_CRIT_LOCALPORT:
		conn->lport = c->port;
		*label = arena_printf(b->arena, "port %d", c->port);
		return *label ? 0 : -ENOMEM;
	case SSHD_CRIT_LOCALADDRESS:
		for (unsigned i = 0; i < ADDRESS_TRIES && !example; i++) {
			example = address_candidate(b->arena, c->arg, strcspn(c->arg, ","), i);
			if (example && sshd_address_list(example, c->arg) != 1)
				example = NULL;
		}
		if (example)
			conn->laddress = example;
		break;
	case SSHD_CRIT_RDOMAIN:
		conn->rdomain = example = first_example(b->arena, c->arg, "vrf0");
		break;
	case SSHD_CRIT_HOST:
		if (!b->use_dns)
			return 0;
		conn->host = example = first_example(b->arena, c->arg, "host");
		break;
	default:
		return 0;
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
		for (size_t k = 0; k < block->matches[i]->n_criteria && r == 0; k++)
			r = fix_target(b, &block->matches[i]->criteria[k], &conn, &label);
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

/* The port that the general place connects to, and whether names are looked up. */
static int read_globals(struct collect_places *b, int *ret_port)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	const struct sshd_connection nobody = {.lport = -1};
	struct sshd_value *v;
	size_t n;

	if (!scratch)
		return -ENOMEM;
	int r = sshd_conf_eval(b->conf, &nobody, scratch, &v, &n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (strcmp(v[i].keyword, "usedns") == 0)
			b->use_dns = strcmp(v[i].value, "yes") == 0;
		if (strcmp(v[i].keyword, "port") == 0)
			*ret_port = atoi(v[i].value);
	}
	return r == -EINVAL ? 0 : r;
}

int sshd_places_collect(struct sshd_conf *c, const struct sshd_blocks *blocks,
	const char *const *trusted, struct arena *a, struct sshd_places *ret)
{
	struct sshd_places places = {0};
	struct collect_places b = {.conf = c, .trusted = trusted, .arena = a, .out = &places};
	int port = 22;

	int r = read_globals(&b, &port);
	if (r == 0)
		r = add_outside(&b, blocks);
	if (r == 0) {
		for (size_t i = 0; i < places.n; i++)
			places.v[i].conn.lport = port;
		/* Nothing depends on the place: the general one is all. */
		if (!any_place_criterion(blocks))
			places.n = 1;
		else
			r = add_inside(&b);
	}
	for (size_t i = 0; i < blocks->n && r == 0 && places.n > 1; i++)
		r = add_block_places(&b, &blocks->v[i]);
	if (r == 0)
		*ret = places;
	return r;
}
