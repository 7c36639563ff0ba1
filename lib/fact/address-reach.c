/* SPDX-License-Identifier: ISC */
#include "fact/address-reach.h"

#include <errno.h>

struct searching {
	const struct address_list *list, *inside;
	struct address_asking q;
	enum address_match most;
	struct net from;
};

int address_reach_add(
	struct arena *a, const struct net *nets, size_t n_nets, struct net **v, size_t *n)
{
	for (size_t i = 0; i < n_nets; i++) {
		struct net *slot = arena_grow(a, v, *n, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		*slot = nets[i];
		(*n)++;
	}
	return 0;
}

int address_reach_loopback(struct arena *a, struct net **v, size_t *n)
{
	static const struct net nets[] = {{AF_INET, 8, {127}}, {AF_INET6, 128, {[15] = 1}}};

	return address_reach_add(a, nets, ARRAY_SIZE(nets), v, n);
}

static int each_address(const struct net *address, const struct net *within, void *arg)
{
	struct searching *x = arg;

	x->q.address = *address;
	if (net_is_loopback(address) ||
		(x->inside && address_list_match(x->inside, &x->q) == ADDRESS_TAKEN))
		return 0;
	enum address_match m = address_list_match(x->list, &x->q);
	if (m < ADDRESS_TAKEN || x->most == m)
		return 0;
	x->most = m;
	x->from = *within;
	return m == ADDRESS_TAKEN;
}

static int search(struct arena *a, struct searching *x, int family)
{
	struct net *v = NULL;
	size_t n = 0;
	int r = address_reach_loopback(a, &v, &n);

	x->most = ADDRESS_REFUSED;
	if (r == 0)
		r = address_list_nets(a, x->list, &v, &n);
	if (r == 0 && x->inside)
		r = address_list_nets(a, x->inside, &v, &n);
	return r < 0 ? r : net_regions(v, n, family, each_address, x);
}

int address_reach_outside(struct arena *a, const struct address_list *list, int family,
	const struct address_list *inside, struct net *ret_from)
{
	struct searching x = {.list = list, .inside = inside};
	int r = search(a, &x, family);

	if (r < 0)
		return r;
	if (x.most >= ADDRESS_TAKEN)
		*ret_from = x.from;
	return (int)x.most;
}

int address_reach_beyond(struct arena *a, const struct address_list *list, int family)
{
	struct searching x = {.list = list, .q.own = true};
	int r = search(a, &x, family);

	return r < 0 ? r : x.most >= ADDRESS_TAKEN;
}
