/* SPDX-License-Identifier: ISC */
/*
 * Answers for many sockets. No rule tells two ports apart that lie between the
 * same two numbers of the rule set: of each such class of addresses and ports
 * only the first is asked about, and 50,000 listeners cost as much as the
 * rules have distinctions.
 */
#pragma once

#include "filter/flow.h"

struct flow_cache;

/* For one finished ruleset and one host, which must outlive it. NULL on ENOMEM. */
struct flow_cache *flow_cache_new(const struct ruleset *rs, const struct flow_host *host);
void flow_cache_free(struct flow_cache *c);
DEFINE_FREEP(struct flow_cache *, flow_cache_free)

/*
 * flow_ask() for all sources (q->peers NULL, else -EINVAL) through the cache.
 * *ret belongs to the cache and is good until the next question. It may have
 * been made for another socket of the class: where a part is not translated,
 * address and port are the question's own, whatever stands in it. 0; -ENOMEM.
 *
 * The cache keeps a few megabytes of answers at most, the last ones: whoever
 * asks in the order of address and port asks about each class once.
 */
int flow_cache_ask(
	struct flow_cache *c, const struct flow_query *q, const struct flow_answer **ret);

/* How often the rules had to be followed. */
size_t flow_cache_walks(const struct flow_cache *c);
