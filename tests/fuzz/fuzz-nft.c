/* SPDX-License-Identifier: ISC */
/* nft_read, and flow_ask over whatever rules came out of it. */
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "filter/flow.h"
#include "filter/read-nft.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct flow_address addresses[] = {
	{"lo", AF_INET, 0x7f000001, 8},
	{"eth0", AF_INET, 0xc0000201, 24},
	{"eth0", AF_INET6, 1, 64},
};

static const struct flow_host host = {
	.addresses = addresses, .n_addresses = ARRAY_SIZE(addresses), .forwards = {true, true}};

static const struct flow_query queries[] = {
	{.family = AF_INET,
		.interface = "eth0",
		.local = 0xc0000201,
		.port = 22,
		.l4proto = IPPROTO_TCP,
		.uid = FLOW_ANY_UID},
	{.family = AF_INET6,
		.interface = "eth0",
		.local = 1,
		.l4proto = IPPROTO_ICMPV6,
		.uid = FLOW_ANY_UID,
		.icmp_type = 128},
	{.family = AF_INET,
		.interface = "lo",
		.local = 0x7f000001,
		.port = 53,
		.l4proto = IPPROTO_UDP,
		.uid = FLOW_ANY_UID},
	{.family = AF_INET,
		.interface = "eth0",
		.local = 0xc0000201,
		.port = 443,
		.l4proto = IPPROTO_TCP,
		.out = true},
};

static bool meet(const struct addrs *a, const struct addrs *b)
{
	for (size_t i = 0; i < a->n; i++) {
		if (addrs_overlaps(b, a->v[i]))
			return true;
	}
	return false;
}

/* What an answer promises: disjoint parts, none empty. */
static void check(struct arena *a, const struct flow_answer *found)
{
	for (size_t i = 0; i < found->n; i++) {
		const struct flow_part *p = &found->v[i];
		if (addrs_is_empty(&p->peers) || addrs_is_empty(&p->sports))
			abort();
		(void)flow_part_reason(a, p);
		for (size_t k = 0; k < i; k++) {
			if (meet(&p->peers, &found->v[k].peers) &&
				meet(&p->sports, &found->v[k].sports))
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ruleset *rs = ruleset_new();
	size_t offset;

	/* Behind a zero byte stands what nft says in its own language. */
	const uint8_t *zero = size > 0 ? memchr(data, 0, size) : NULL;
	char *plain = zero ? strndup((const char *)zero + 1, size - (size_t)(zero + 1 - data))
			   : NULL;
	size_t json = zero ? (size_t)(zero - data) : size;
	bool read = rs && size < 65536 && nft_read(rs, (const char *)data, json, &offset) == 0 &&
		    (!plain || nft_read_devices(rs, plain) == 0);
	free(plain);
	if (read && ruleset_finish(rs) == 0) {
		for (size_t i = 0; i < ARRAY_SIZE(queries); i++) {
			struct flow_answer found = {0};
			struct arena *a = arena_new();
			if (a && flow_ask(rs, &host, &queries[i], &found) == 0)
				check(a, &found);
			flow_answer_fini(&found);
			arena_free(a);
		}
	}
	ruleset_free(rs);
	return 0;
}
