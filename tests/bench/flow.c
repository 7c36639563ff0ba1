/* SPDX-License-Identifier: ISC */
/*
 * Time and memory of the packet filter as a function: reading rules and sets,
 * asking one question, and asking for thousands of sockets. Fails when the cost
 * of one more grows with how many there are.
 */
#include <malloc.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "daemon/clock.h"
#include "filter/flow-cache.h"
#include "filter/read-nft.h"

#define LINEAR_FACTOR 3.0 /* one of the most may cost this much more than one of a quarter */

enum {
	RULES = 10000,
	ELEMENTS = 100000,
	LISTENERS = 50000,
};

static const struct flow_address addresses[] = {{"eth0", AF_INET, 0xc0000201, 24}};
static const struct flow_host host = {.addresses = addresses, .n_addresses = 1};

static _Noreturn void die(const char *what)
{
	(void)fprintf(stderr, "bench-flow: %s\n", what);
	exit(1);
}

static uint32_t scramble(size_t i)
{
	return (uint32_t)i * 2654435761u;
}

/* A set of single addresses, and rules of the kinds that long rule sets are made of. */
static char *make_rules(size_t rules, size_t elements, size_t *ret_size)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_size);

	if (!f)
		die("memory");
	(void)fputs("{\"nftables\":[{\"table\":{\"family\":\"ip\",\"name\":\"t\"}},{\"set\":{"
		    "\"family\":\"ip\",\"table\":\"t\",\"name\":\"s\",\"type\":\"ipv4_addr\","
		    "\"elem\":[\"10.0.0.1\"",
		f);
	for (size_t i = 0; i < elements; i++) {
		uint32_t a = scramble(i);
		(void)fprintf(f, ",\"%u.%u.%u.%u\"", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
	}
	(void)fputs("]}},{\"chain\":{\"family\":\"ip\",\"table\":\"t\",\"name\":\"in\",\"type\":"
		    "\"filter\",\"hook\":\"input\",\"prio\":0,\"policy\":\"drop\"}}",
		f);
	for (size_t i = 0; i < rules; i++) {
		uint32_t a = scramble(i + ELEMENTS); /* in no set */
		(void)fprintf(f,
			",{\"rule\":{\"family\":\"ip\",\"table\":\"t\",\"chain\":\"in\",\"handle\":"
			"%zu,"
			"\"expr\":[{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":"
			"\"ip\",\"field\":\"saddr\"}},\"right\":",
			i + 1);
		if (i % 100 == 0)
			(void)fputs("\"@s\"}}", f);
		else
			(void)fprintf(f, "\"%u.%u.%u.%u\"}}", a >> 24, a >> 16 & 255, a >> 8 & 255,
				a & 255);
		if (i % 2 == 1)
			(void)fprintf(f,
				",{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":"
				"\"tcp\",\"field\":\"dport\"}},\"right\":%zu}}",
				1 + i % 100);
		(void)fprintf(f, ",{\"%s\":null}]}}", i % 3 == 0 ? "drop" : "accept");
	}
	(void)fputs("]}", f);
	if (fclose(f) != 0)
		die("memory");
	return text;
}

static double ms(uint64_t usec)
{
	return (double)usec / 1000.0;
}

static size_t in_use(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static struct flow_query question(uint16_t port)
{
	return (struct flow_query){.family = AF_INET,
		.interface = "eth0",
		.local = 0xc0000201,
		.port = port,
		.l4proto = IPPROTO_TCP,
		.uid = FLOW_ANY_UID};
}

static struct ruleset *read_rules(size_t rules, size_t elements, double *ret_ms)
{
	size_t size = 0, offset = 0;
	char *text = make_rules(rules, elements, &size);
	uint64_t start = clock_usec(CLOCK_PROCESS_CPUTIME_ID);
	struct ruleset *rs = ruleset_new();

	if (!rs || nft_read(rs, text, size, &offset) < 0 || ruleset_finish(rs) < 0)
		die("cannot read the rules that were made");
	*ret_ms = ms(clock_usec(CLOCK_PROCESS_CPUTIME_ID) - start);
	free(text);
	return rs;
}

static double ask(const struct ruleset *rs, size_t *ret_parts)
{
	uint64_t start = clock_usec(CLOCK_PROCESS_CPUTIME_ID);
	struct flow_query q = question(9999);
	struct flow_answer found;

	if (flow_ask(rs, &host, &q, &found) < 0)
		die("memory");
	double took = ms(clock_usec(CLOCK_PROCESS_CPUTIME_ID) - start);
	*ret_parts = found.n;
	flow_answer_fini(&found);
	return took;
}

/* One row; returns what one rule costs: to read, and to ask. */
static double row_rules(size_t rules, size_t elements, double *ret_ask)
{
	double read_ms;
	size_t parts, before = in_use();
	struct ruleset *rs = read_rules(rules, elements, &read_ms);
	size_t after = in_use();

	*ret_ask = ask(rs, &parts);
	(void)printf("%7zu rules, %7zu elements: read %8.1f ms, %7.1f MiB kept; one question "
		     "%7.1f ms, %zu parts\n",
		rules, elements, read_ms, (double)(after - before) / 1048576.0, *ret_ask, parts);
	ruleset_free(rs);
	return read_ms / (double)rules;
}

static double row_listeners(const struct ruleset *rs, size_t n)
{
	size_t before = in_use();
	uint64_t start = clock_usec(CLOCK_PROCESS_CPUTIME_ID);
	_cleanup_(flow_cache_freep) struct flow_cache *cache = flow_cache_new(rs, &host);
	const struct flow_answer *found;
	size_t parts = 0;

	for (size_t i = 0; cache && i < n; i++) {
		struct flow_query q = question((uint16_t)(1 + i));
		if (flow_cache_ask(cache, &q, &found) < 0)
			die("memory");
		parts += found->n;
	}
	if (!cache)
		die("memory");
	double took = ms(clock_usec(CLOCK_PROCESS_CPUTIME_ID) - start);
	(void)printf("%7zu listeners: %8.1f ms, the rules followed %zu times, %7.1f MiB kept, "
		     "%zu parts\n",
		n, took, flow_cache_walks(cache), (double)(in_use() - before) / 1048576.0, parts);
	return took / (double)n;
}

static int judge(const char *what, double few, double many)
{
	bool ok = many <= few * LINEAR_FACTOR;

	(void)printf("one more of %s: %.5f ms of a quarter, %.5f ms of all: %s\n", what, few, many,
		ok ? "linear" : "NOT linear");
	return ok ? 0 : 1;
}

int main(void)
{
	double read_one[3], ask_ms[3], listen_one[3], read_ms;
	int r = 0;

	for (unsigned i = 0; i < 3; i++)
		read_one[i] = row_rules((RULES / 4) << i, (ELEMENTS / 4) << i, &ask_ms[i]);
	r |= judge("rules and elements, read", read_one[0], read_one[2]);
	r |= judge("rules, asked", ask_ms[0] / RULES * 4, ask_ms[2] / RULES);
	struct ruleset *rs = read_rules(RULES, ELEMENTS, &read_ms);
	for (unsigned i = 0; i < 3; i++)
		listen_one[i] = row_listeners(rs, (LISTENERS / 4) << i);
	r |= judge("listeners", listen_one[0], listen_one[2]);
	ruleset_free(rs);
	return r;
}
