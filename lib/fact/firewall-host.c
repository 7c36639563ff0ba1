/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <linux/fib_rules.h>
#include <string.h>

#include "base/netlink.h"
#include "fact/addresses.h"
#include "fact/firewall-internal.h"
#include "fact/sysctl.h"

enum {
	ROUTES_MAX = 4096, /* a router with more is asked without them */
	TRIES = 4,
};

struct reading {
	struct arena *a;
	const struct addresses *addresses;
	struct flow_route *routes;
	size_t n;
	bool other_rules; /* something beside the main table decides */
};

static const struct rtattr *attr_u32(
	const struct nlmsghdr *h, size_t size, unsigned short type, uint32_t *ret)
{
	const struct rtattr *a = netlink_attr(h, size, type, sizeof(*ret));

	if (a)
		memcpy(ret, RTA_DATA(a), sizeof(*ret));
	return a;
}

static int each_route(const struct nlmsghdr *h, void *arg)
{
	struct reading *rd = arg;
	const struct rtmsg *m = NLMSG_DATA(h);
	uint32_t table, index = 0;

	if (h->nlmsg_type != RTM_NEWROUTE || h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return -EBADMSG;
	table = m->rtm_table;
	(void)attr_u32(h, sizeof(*m), RTA_TABLE, &table); /* else it fits into the header */
	if (table != RT_TABLE_MAIN || (m->rtm_family != AF_INET && m->rtm_family != AF_INET6))
		return 0;
	size_t size = m->rtm_family == AF_INET ? 4 : 16;
	const struct rtattr *dst = netlink_attr(h, sizeof(*m), RTA_DST, size);
	if ((m->rtm_dst_len > 0 && !dst) || m->rtm_src_len > 0 || rd->n == ROUTES_MAX)
		return rd->n == ROUTES_MAX ? -EFBIG : -EBADMSG;
	/* Several ways at once (multipath): which one it will be nobody knows. */
	bool one = attr_u32(h, sizeof(*m), RTA_OIF, &index);
	if (m->rtm_type == RTN_UNICAST && !one) {
		rd->other_rules = true;
		return 0;
	}
	const struct interface *on = addresses_interface(rd->addresses, index);
	struct flow_route *x = arena_grow(rd->a, &rd->routes, rd->n, sizeof(*x));
	if (!x)
		return -ENOMEM;
	*x = (struct flow_route){
		.to = {.family = m->rtm_family, .bits = m->rtm_dst_len},
		.interface = m->rtm_type == RTN_UNICAST && on ? on->name : NULL,
	};
	if (dst)
		memcpy(x->to.addr, RTA_DATA(dst), size);
	rd->n++;
	return 0;
}

/* The three that every kernel begins with: local, main, default. */
static int each_rule(const struct nlmsghdr *h, void *arg)
{
	struct reading *rd = arg;
	const struct fib_rule_hdr *m = NLMSG_DATA(h);
	uint32_t table, priority = 0;

	if (h->nlmsg_type != RTM_NEWRULE || h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return -EBADMSG;
	if (m->family != AF_INET && m->family != AF_INET6)
		return 0; /* of multicast routing */
	table = m->table;
	(void)attr_u32(h, sizeof(*m), FRA_TABLE, &table);
	(void)attr_u32(h, sizeof(*m), FRA_PRIORITY, &priority);
	bool usual = (table == RT_TABLE_LOCAL && priority == 0) ||
		     (table == RT_TABLE_MAIN && priority == 32766) ||
		     (table == RT_TABLE_DEFAULT && priority == 32767);
	rd->other_rules = rd->other_rules || !usual || m->action != FR_ACT_TO_TBL;
	return 0;
}

static int read_routes(struct reading *rd)
{
	const struct {
		struct nlmsghdr h;
		struct rtmsg m;
	} routes = {.h = {.nlmsg_len = sizeof(routes),
			    .nlmsg_type = RTM_GETROUTE,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
	const struct {
		struct nlmsghdr h;
		struct fib_rule_hdr m;
	} rules = {.h = {.nlmsg_len = sizeof(rules),
			   .nlmsg_type = RTM_GETRULE,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
	int r = -EAGAIN;

	for (int i = 0; i < TRIES && r == -EAGAIN; i++) {
		rd->n = 0;
		rd->other_rules = false;
		r = netlink_dump(NETLINK_ROUTE, &routes.h, each_route, rd);
		if (r == 0)
			r = netlink_dump(NETLINK_ROUTE, &rules.h, each_rule, rd);
	}
	return r;
}

static int set_interfaces(struct arena *a, const struct addresses *from, struct flow_host *h)
{
	struct flow_interface *interfaces = arena_alloc(
		a, from->n_interfaces * sizeof(*interfaces));
	struct flow_address *v = arena_alloc(a, from->n * sizeof(*v));

	if (!interfaces || !v)
		return -ENOMEM;
	for (size_t i = 0; i < from->n_interfaces; i++) {
		const struct interface *x = &from->interfaces[i];
		interfaces[i] = (struct flow_interface){
			.name = arena_strdup(a, x->name),
			.bridge = x->kind && strcmp(x->kind, "bridge") == 0,
		};
	}
	for (size_t i = 0; i < from->n; i++) {
		const struct address *x = &from->v[i];
		v[i] = (struct flow_address){
			.interface = interfaces[x->interface - from->interfaces].name,
			.family = x->net.family,
			.number = addrs_number(x->net.family, x->net.addr),
			.bits = x->prefix,
		};
	}
	h->interfaces = interfaces;
	h->n_interfaces = from->n_interfaces;
	h->addresses = v;
	h->n_addresses = from->n;
	return arena_failed(a) ? -ENOMEM : 0;
}

static bool is_on(const struct sysctl *x)
{
	return x && x->value && strtol(x->value, NULL, 10) > 0;
}

/* Of several interfaces one is enough: which one a packet comes by is not asked. */
static void set_switches(const struct sysctls *s, struct flow_host *h)
{
	h->forwards[0] = is_on(sysctls_get(s, "net.ipv4.ip_forward"));
	h->forwards[1] = is_on(sysctls_of(s, "ipv6", "all", "forwarding"));
	h->route_localnet = is_on(sysctls_of(s, "ipv4", "all", "route_localnet"));
	for (size_t i = 0; i < s->n_interfaces; i++) {
		const char *name = s->interfaces[i];
		h->forwards[0] = h->forwards[0] || is_on(sysctls_of(s, "ipv4", name, "forwarding"));
		h->forwards[1] = h->forwards[1] ||
				 is_on(sysctls_of(s, "ipv6", name, "force_forwarding"));
		h->route_localnet = h->route_localnet ||
				    is_on(sysctls_of(s, "ipv4", name, "route_localnet"));
	}
}

int firewall_host(const struct collect *c, struct arena *a, struct flow_host **ret)
{
	const struct fact *addresses = factset_get(c->facts, FACT_ADDRESSES);
	const struct fact *sysctl = factset_get(c->facts, FACT_SYSCTL);
	struct flow_host *h = arena_alloc(a, sizeof(*h));
	int r = h ? set_interfaces(a, addresses->u.addresses, h) : -ENOMEM;

	if (r < 0)
		return r;
	if (sysctl && sysctl->state == FACT_STATE_OK)
		set_switches(sysctl->u.sysctls, h);
	struct reading rd = {.a = a, .addresses = addresses->u.addresses};
	r = read_routes(&rd);
	if (r == -ENOMEM)
		return r;
	h->routes = rd.routes;
	h->n_routes = r == 0 ? rd.n : 0;
	h->routes_known = r == 0 && !rd.other_rules;
	for (size_t i = 0; i < h->n_routes; i++) {
		const char *name = rd.routes[i].interface; /* of another fact, which may go first */
		rd.routes[i].interface = name ? arena_strdup(a, name) : NULL;
	}
	*ret = h;
	return arena_failed(a) ? -ENOMEM : 0;
}
