/* SPDX-License-Identifier: ISC */
/*
 * A host with two interfaces, rules in nft's JSON (with ' for ") and what a
 * question about them is answered, as one line of text.
 */
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>

#include "filter/flow.h"
#include "filter/read-nft.h"
#include "test.h"

#define V4(a, b, c, d) ((u128)(a) << 24 | (b) << 16 | (c) << 8 | (d))

static const struct flow_address test_addresses[] = {
	{"lo", AF_INET, V4(127, 0, 0, 1), 8},
	{"lo", AF_INET6, 1, 128},
	{"eth0", AF_INET, V4(192, 0, 2, 1), 24},
	{"eth0", AF_INET6, (u128)0x20010db8 << 96 | 1, 64},
	{"eth1", AF_INET, V4(10, 9, 9, 1), 24},
};

static const struct flow_interface test_interfaces[] = {
	{"lo", false}, {"eth0", false}, {"eth1", false}};

static const struct flow_host test_host = {
	.interfaces = test_interfaces,
	.n_interfaces = ARRAY_SIZE(test_interfaces),
	.addresses = test_addresses,
	.n_addresses = ARRAY_SIZE(test_addresses),
	.forwards = {true, true},
};

#define TABLE "{'table':{'family':'inet','name':'t'}}"
#define CHAIN_(name, type, hook, prio, policy)                                                    \
	"{'chain':{'family':'inet','table':'t','name':'" name "','type':'" type "','hook':'" hook \
	"','prio':" prio ",'policy':'" policy "'}}"
#define INPUT	    CHAIN_("in", "filter", "input", "0", "drop")
#define PLAIN(name) "{'chain':{'family':'inet','table':'t','name':'" name "'}}"
#define RULE(chain, expr) \
	"{'rule':{'family':'inet','table':'t','chain':'" chain "','handle':1,'expr':[" expr "]}}"
#define MATCH(op, left, right) "{'match':{'op':'" op "','left':" left ",'right':" right "}}"
#define PAYLOAD(proto, field)  "{'payload':{'protocol':'" proto "','field':'" field "'}}"
#define META(key)	       "{'meta':{'key':'" key "'}}"
#define CT(key)		       "{'ct':{'key':'" key "'}}"
#define ACCEPT		       "{'accept':null}"
#define DROP		       "{'drop':null}"
#define DPORT(right)	       MATCH("==", PAYLOAD("tcp", "dport"), right)
#define SADDR(right)	       MATCH("==", PAYLOAD("ip", "saddr"), right)
#define NET(addr, len)	       "{'prefix':{'addr':'" addr "','len':" len "}}"

#define JUMP(chain) "{'jump':{'target':'" chain "'}}"

/* objects: with commas between them. 0 or the error of nft_read(). */
static inline int test_read(struct ruleset *rs, const char *objects)
{
	char *text = NULL;
	size_t offset;

	int n = asprintf(&text, "{'nftables': [%s]}", objects);
	assert_true(n > 0);
	for (char *p = text; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	int r = nft_read(rs, text, (size_t)n, &offset);
	free(text);
	return r;
}

static inline struct ruleset *test_rules(const char *objects)
{
	struct ruleset *rs = ruleset_new();

	assert_non_null(rs);
	assert_int_equal(test_read(rs, objects), 0);
	assert_int_equal(ruleset_finish(rs), 0);
	return rs;
}

static inline void test_query(
	struct flow_query *q, const char *address, uint8_t proto, uint16_t port)
{
	unsigned char bytes[16];

	*q = (struct flow_query){.family = strchr(address, ':') ? AF_INET6 : AF_INET,
		.interface = "eth0",
		.l4proto = proto,
		.port = port,
		.uid = FLOW_ANY_UID};
	assert_int_equal(inet_pton(q->family, address, bytes), 1);
	q->local = addrs_number(q->family, bytes);
}

static inline int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "10.0.0.0/8 drop; any from 53 local may": parts in the order of their texts. */
static inline const char *test_answer_text(
	struct arena *a, const struct flow_answer *found, const struct flow_query *q)
{
	const char *lines[64], *text = "";

	assert_true(found->n <= ARRAY_SIZE(lines));
	for (size_t i = 0; i < found->n; i++) {
		const struct flow_part *p = &found->v[i];
		char addr[INET6_ADDRSTRLEN], where[128] = "", from[32] = "";
		unsigned char bytes[16];
		addrs_bytes(q->family, p->address.lo, bytes);
		if (p->translated)
			(void)snprintf(where, sizeof(where), " %s:%u",
				inet_ntop(q->family, bytes, addr, sizeof(addr)),
				(unsigned)p->port.lo);
		if (p->sports.n != 1 || p->sports.v[0].lo != 0 || p->sports.v[0].hi != UINT16_MAX)
			(void)snprintf(from, sizeof(from), " from %u-%u%s",
				(unsigned)p->sports.v[0].lo, (unsigned)p->sports.v[0].hi,
				p->sports.n > 1 ? " ..." : "");
		lines[i] = arena_printf(a, "%s%s %s%s%s", addrs_text(a, &p->peers, q->family, 4),
			from, flow_outcome_text(p->outcome), where,
			p->may	    ? " may"
			: p->chosen ? " chosen"
				    : "");
		assert_int_equal(p->why != NULL, p->may || p->chosen);
	}
	qsort(lines, found->n, sizeof(*lines), by_text);
	for (size_t i = 0; i < found->n; i++)
		text = arena_printf(a, "%s%s%s", text, i > 0 ? "; " : "", lines[i]);
	return text;
}

static inline const char *test_ask(
	struct arena *a, const struct ruleset *rs, const struct flow_query *q)
{
	_cleanup_flow_answer_ struct flow_answer found = {0};

	assert_int_equal(flow_ask(rs, &test_host, q, &found), 0);
	return test_answer_text(a, &found, q);
}
