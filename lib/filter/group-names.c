/* SPDX-License-Identifier: ISC */
/* What several exports tell of the same group, put together. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "filter/read-groups.h"

static bool is_same(const struct group *a, const struct group *b)
{
	if (a->id && b->id)
		return strcmp(a->id, b->id) == 0;
	return a->name && b->name && strcmp(a->name, b->name) == 0;
}

static int merge(struct arena *a, struct group *x, const struct group *from)
{
	x->id = x->id ? x->id : from->id;
	x->name = x->name ? x->name : from->name;
	x->described = x->described || from->described;
	x->exoscale = x->exoscale || from->exoscale;
	for (size_t i = 0; i < from->n_sources; i++) {
		struct net *place = arena_grow(a, &x->sources, x->n_sources, sizeof(*place));
		if (!place)
			return -ENOMEM;
		*place = from->sources[i];
		x->n_sources++;
	}
	return 0;
}

/* Those that tell id and name first: they say which name and which id are one group. */
static int merge_groups(struct groups *g, size_t *place)
{
	struct group *kept = arena_alloc(g->arena, g->n * sizeof(*kept));
	size_t n = 0;

	if (!kept)
		return -ENOMEM;
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < g->n; i++) {
			const struct group *x = &g->v[i];
			if ((x->id && x->name) != (pass == 0))
				continue;
			size_t k = 0;
			while (k < n && !is_same(&kept[k], x))
				k++;
			int r = k < n ? merge(g->arena, &kept[k], x) : 0;
			if (r < 0)
				return r;
			if (k == n)
				kept[n++] = *x;
			place[i] = k;
		}
	}
	for (size_t k = 0; k < n; k++)
		kept[k].name = kept[k].name ? kept[k].name : kept[k].id;
	g->v = kept;
	g->n = n;
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct group_rule *x = a, *y = b;

	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	if (x->egress != y->egress)
		return x->egress - y->egress;
	return strcmp(x->id, y->id);
}

static const char *protocol_text(struct arena *a, const struct group_rule *x)
{
	static const char *const names[] = {[IPPROTO_ICMP] = "icmp",
		[IPPROTO_TCP] = "tcp",
		[IPPROTO_UDP] = "udp",
		[IPPROTO_ICMPV6] = "icmpv6"};

	if (x->l4proto == GROUP_ANY)
		return "any protocol";
	if ((size_t)x->l4proto < ARRAY_SIZE(names) && names[x->l4proto])
		return names[x->l4proto];
	return arena_printf(a, "protocol %d", x->l4proto);
}

static const char *bounds_text(struct arena *a, const struct group_rule *x)
{
	const unsigned lo = (unsigned)x->ports.lo, hi = (unsigned)x->ports.hi;

	if (x->icmp_type != GROUP_ANY && x->icmp_code != GROUP_ANY)
		return arena_printf(a, " type %d code %d", x->icmp_type, x->icmp_code);
	if (x->icmp_type != GROUP_ANY)
		return arena_printf(a, " type %d", x->icmp_type);
	if (lo == 0 && hi == UINT16_MAX)
		return "";
	return lo == hi ? arena_printf(a, " %u", lo) : arena_printf(a, " %u-%u", lo, hi);
}

static int set_text(const struct groups *g, struct group_rule *x)
{
	const struct group *remote = x->remote ? groups_find(g, x->remote) : NULL;
	const char *family = x->family == AF_INET ? " IPv4" : x->family == AF_INET6 ? " IPv6" : "";
	const char *protocol = protocol_text(g->arena, x), *bounds = bounds_text(g->arena, x);
	char net[NET_TEXT_MAX];

	if (!protocol || !bounds)
		return -ENOMEM;
	x->what = arena_printf(g->arena, "%s%s %s%s %s %s%s", x->egress ? "egress" : "ingress",
		family, protocol, bounds, x->egress ? "to" : "from", x->remote ? "members of " : "",
		!x->remote ? net_text(&x->net, net)
		: remote   ? remote->name
			   : x->remote);
	x->text = x->what ? arena_printf(g->arena, "group %s rule %s: %s", x->group->name, x->id,
				    x->what)
			  : NULL;
	return x->text ? 0 : -ENOMEM;
}

int groups_finish(struct groups *g)
{
	size_t *place = arena_alloc(g->arena, g->n * sizeof(*place)), n = 0;
	int r = place ? merge_groups(g, place) : -ENOMEM;

	if (r < 0)
		return r;
	for (size_t i = 0; i < g->n_rules; i++)
		g->rules[i].owner = place[g->rules[i].owner];
	if (g->n_rules > 1)
		qsort(g->rules, g->n_rules, sizeof(*g->rules), by_place);
	for (size_t i = 0; i < g->n_rules; i++) {
		if (n == 0 || by_place(&g->rules[n - 1], &g->rules[i]) != 0)
			g->rules[n++] = g->rules[i];
	}
	g->n_rules = n;
	for (size_t i = 0; r == 0 && i < n; i++) {
		g->rules[i].group = &g->v[g->rules[i].owner];
		r = set_text(g, &g->rules[i]);
	}
	return r;
}
