/* SPDX-License-Identifier: ISC */
/* What the routing tables and the addresses of the machine say of an address. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "filter/flow-walk.h"

static bool in_net(int family, u128 address, const char *text)
{
	struct net net;

	if (net_parse(text, &net) < 0 || net.family != family)
		return false;
	struct span s = addrs_net(&net);
	return address >= s.lo && address <= s.hi;
}

/* The network that one of the machine's addresses is in. */
static struct span own_net(const struct flow_address *a)
{
	u128 all = addrs_all(a->family).hi;
	unsigned width = a->family == AF_INET ? 32 : 128;
	u128 host = a->bits == 0 ? all : ((u128)1 << (width - MIN(a->bits, width))) - 1;

	return (struct span){.lo = a->number & ~host & all, .hi = a->number | host};
}

static bool is_broadcast(const struct flow_host *host, u128 address)
{
	if (address == UINT32_MAX || address >> 24 == 0)
		return true;
	for (size_t i = 0; i < host->n_addresses; i++) {
		const struct flow_address *a = &host->addresses[i];
		if (a->family == AF_INET && a->bits < 31 && own_net(a).hi == address)
			return true;
	}
	return false;
}

unsigned flow_address_type(const struct flow_host *host, int family, u128 address, const char *dev)
{
	bool lo = !dev || strcmp(dev, "lo") == 0;

	for (size_t i = 0; i < host->n_addresses; i++) {
		const struct flow_address *a = &host->addresses[i];
		if (a->family == family && a->number == address &&
			(!dev || strcmp(a->interface, dev) == 0))
			return RTN_LOCAL;
	}
	if (lo && (in_net(family, address, "127.0.0.0/8") || in_net(family, address, "::1")))
		return RTN_LOCAL;
	if (in_net(family, address, "224.0.0.0/4") || in_net(family, address, "ff00::/8"))
		return RTN_MULTICAST;
	return family == AF_INET && is_broadcast(host, address) ? RTN_BROADCAST : RTN_UNICAST;
}

static int add_net(struct addrs *a, int family, const char *text)
{
	struct net net;

	return net_parse(text, &net) < 0 || net.family != family ? 0
								 : addrs_add(a, addrs_net(&net));
}

static int add_local(const struct flow_host *host, int family, struct addrs *a)
{
	int r = add_net(a, family, family == AF_INET ? "127.0.0.0/8" : "::1");

	for (size_t i = 0; r == 0 && i < host->n_addresses; i++) {
		const struct flow_address *own = &host->addresses[i];
		if (own->family == family)
			r = addrs_add(a, (struct span){.lo = own->number, .hi = own->number});
	}
	return r;
}

static int add_broadcast(const struct flow_host *host, int family, struct addrs *a)
{
	int r = add_net(a, family, "255.255.255.255");

	if (r == 0)
		r = add_net(a, family, "0.0.0.0/8");
	for (size_t i = 0; r == 0 && i < host->n_addresses && family == AF_INET; i++) {
		const struct flow_address *own = &host->addresses[i];
		if (own->family == family && own->bits < 31)
			r = addrs_add(
				a, (struct span){.lo = own_net(own).hi, .hi = own_net(own).hi});
	}
	return r;
}

int flow_addresses_of_type(
	const struct flow_host *host, int family, unsigned type, struct addrs *ret)
{
	static const unsigned special[] = {RTN_LOCAL, RTN_BROADCAST, RTN_MULTICAST};
	_cleanup_addrs_ struct addrs rest = {0}, other = {0};
	int r;

	switch (type) {
	case RTN_LOCAL:
		return add_local(host, family, ret);
	case RTN_BROADCAST:
		return add_broadcast(host, family, ret);
	case RTN_MULTICAST:
		return add_net(ret, family, family == AF_INET ? "224.0.0.0/4" : "ff00::/8");
	case RTN_UNICAST:
		break;
	default:
		return 0;
	}
	r = addrs_add(&rest, addrs_all(family));
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(special); i++)
		r = flow_addresses_of_type(host, family, special[i], &other);
	if (r == 0)
		r = addrs_subtract(&rest, &other);
	return r == 0 ? addrs_union(ret, &rest) : r;
}

/* From the longest prefix to the shortest: each takes what none before it took. */
static int routed_by_table(const struct flow_host *host, int family, const char *interface,
	struct addrs *yes, struct addrs *left)
{
	int r = 0;

	for (int bits = 128; bits >= 0; bits--) {
		for (size_t i = 0; i < host->n_routes; i++) {
			const struct flow_route *route = &host->routes[i];
			struct span s = addrs_net(&route->to);
			_cleanup_addrs_ struct addrs in = {0};

			if (route->to.family != family || route->to.bits != (unsigned)bits)
				continue;
			r = addrs_split(left, &(struct addrs){.v = &s, .n = 1}, &in);
			if (r == 0 && route->interface && strcmp(route->interface, interface) == 0)
				r = addrs_union(yes, &in);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

int flow_routed_by(const struct flow_host *host, int family, const char *interface,
	struct addrs *ret_yes, struct addrs *ret_unknown)
{
	_cleanup_addrs_ struct addrs yes = {0}, left = {0};
	bool lo = strcmp(interface, "lo") == 0;
	int r = addrs_add(&left, addrs_all(family));

	if (r == 0 && lo) { /* the local table: what is for here, and nothing else */
		r = add_local(host, family, &yes);
		addrs_fini(&left);
	} else if (r == 0 && host->routes_known) {
		r = routed_by_table(host, family, interface, &yes, &left);
		addrs_fini(&left);
	}
	for (size_t i = 0; r == 0 && !host->routes_known && i < host->n_addresses; i++) {
		const struct flow_address *a = &host->addresses[i];
		if (!lo && a->family == family && strcmp(a->interface, interface) == 0)
			r = addrs_add(&yes, own_net(a));
	}
	if (r == 0)
		r = addrs_subtract(&left, &yes);
	if (r < 0)
		return r;
	*ret_yes = yes;
	*ret_unknown = left;
	yes = left = (struct addrs){0};
	return 0;
}

int flow_route_to(const struct flow_host *host, int family, struct span to, const char **ret)
{
	const struct flow_route *best = NULL;

	for (size_t i = 0; i < host->n_routes; i++) {
		const struct flow_route *r = &host->routes[i];
		struct span s = addrs_net(&r->to);
		if (r->to.family != family || s.lo > to.lo || s.hi < to.hi)
			continue;
		if (!best || r->to.bits > best->to.bits)
			best = r;
	}
	if (best) {
		*ret = best->interface;
		return 0;
	}
	for (size_t i = 0; i < host->n_addresses; i++) {
		const struct flow_address *a = &host->addresses[i];
		if (a->family == family && own_net(a).lo <= to.lo && own_net(a).hi >= to.hi) {
			*ret = a->interface;
			return 0;
		}
	}
	if (!host->routes_known)
		return -ENODATA;
	*ret = NULL;
	return 0;
}

bool flow_any_local(const struct flow_host *host, int family, struct span s)
{
	for (size_t i = 0; i < host->n_addresses; i++) {
		const struct flow_address *a = &host->addresses[i];
		if (a->family == family && a->number >= s.lo && a->number <= s.hi)
			return true;
	}
	return false;
}

static bool is_link_local(int family, u128 address)
{
	return in_net(family, address, "fe80::/10");
}

int flow_redirect_address(
	const struct flow_host *host, const struct flow_walk *w, u128 dst, u128 *ret)
{
	int family = w->query->family;
	const struct flow_address *best = NULL;

	if (w->hook == HOOK_OUTPUT) {
		*ret = family == AF_INET ? (u128)127 << 24 | 1 : 1;
		return 0;
	}
	for (size_t i = 0; i < host->n_addresses; i++) {
		const struct flow_address *a = &host->addresses[i];
		if (a->family != family || strcmp(a->interface, w->iif) != 0)
			continue;
		/* Newer kernels take one of the scope that the packet was sent to. */
		bool fits = is_link_local(family, a->number) == is_link_local(family, dst);
		if (!best ||
			(fits && is_link_local(family, best->number) != is_link_local(family, dst)))
			best = a;
	}
	if (!best)
		return -ENOENT;
	*ret = best->number;
	return 0;
}
