/* SPDX-License-Identifier: ISC */
#include "filter/through.h"

#include <errno.h>
#include <stdlib.h>

void through_fini(struct through *t)
{
	for (size_t i = 0; i < t->n; i++) {
		addrs_fini(&t->v[i].peers);
		addrs_fini(&t->v[i].sports);
	}
	free(t->v);
	flow_answer_fini(&t->host);
	flow_answer_fini(&t->group);
	*t = (struct through){0};
}

int through_group(const struct ruleset *groups, const struct flow_query *q, struct flow_answer *ret)
{
	const struct flow_interface interface = {.name = q->interface};
	const struct flow_address address = {.interface = q->interface,
		.family = q->family,
		.number = q->local,
		.bits = q->family == AF_INET ? 32 : 128};
	const struct flow_host host = {.interfaces = &interface,
		.n_interfaces = 1,
		.addresses = &address,
		.n_addresses = 1};

	return flow_ask(groups, &host, q, ret);
}

/* What is in both parts, when that is anything. */
static int add_common(
	struct through *t, const struct flow_part *host, const struct flow_part *group)
{
	struct through_part *x = &t->v[t->n];
	int r = addrs_copy(&x->peers, &host->peers);

	if (r == 0)
		r = addrs_copy(&x->sports, &host->sports);
	if (r == 0)
		r = addrs_intersect(&x->peers, &group->peers);
	if (r == 0)
		r = addrs_intersect(&x->sports, &group->sports);
	if (r < 0 || addrs_is_empty(&x->peers) || addrs_is_empty(&x->sports)) {
		addrs_fini(&x->peers);
		addrs_fini(&x->sports);
		*x = (struct through_part){0};
		return r;
	}
	x->may = host->may || group->may;
	x->host = host;
	x->group = group;
	t->n++;
	return 0;
}

static int add_all(struct through *t)
{
	t->v = calloc(t->host.n * t->group.n + 1, sizeof(*t->v));
	if (!t->v)
		return -ENOMEM;
	for (size_t i = 0; i < t->host.n; i++) {
		for (size_t k = 0; k < t->group.n; k++) {
			if (!flow_arrives(t->host.v[i].outcome) ||
				!flow_arrives(t->group.v[k].outcome))
				continue;
			int r = add_common(t, &t->host.v[i], &t->group.v[k]);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

int through_ask(const struct ruleset *rs, const struct flow_host *host,
	const struct ruleset *groups, const struct flow_query *q, struct through *ret)
{
	_cleanup_through_ struct through t = {0};
	int r = flow_ask(rs, host, q, &t.host);

	if (r == 0)
		r = through_group(groups, q, &t.group);
	if (r == 0)
		r = add_all(&t);
	if (r < 0)
		return r;
	*ret = t;
	t = (struct through){0};
	return 0;
}
