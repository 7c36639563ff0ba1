/* SPDX-License-Identifier: ISC */
/* Whom a name server answers, decided for all addresses at once. */
#include <errno.h>
#include <string.h>

#include "fact/address-reach.h"
#include "fact/name-servers.h"

enum {
	NETS_MAX = 5000, /* each is asked about all: the work grows with their square */
	PLACES_MAX = 64, /* own addresses that lists tell apart */
};

struct nets {
	struct net *v;
	size_t n;
};

struct searching {
	const struct name_server *s;
	const struct net *inside;
	size_t n_inside;
	const struct dns_places *machine;
	struct address_asking to, from;
	struct net places[PLACES_MAX]; /* own addresses that it listens on */
	size_t n_places;
	int family;
	struct dns_exposure found;
};

static int add_lists(
	struct arena *a, const struct address_list *const lists[], size_t n, struct nets *nets)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		size_t k = 0;
		while (k < i && lists[k] != lists[i])
			k++;
		if (k == i) /* and not one that another is taken from */
			r = address_list_nets(a, lists[i], &nets->v, &nets->n);
	}
	return r;
}

static int each_place(const struct net *address, _unused_ const struct net *within, void *arg)
{
	struct searching *x = arg;

	x->to.address = *address;
	if (net_is_loopback(address) ||
		address_list_match(x->s->listen[x->family == AF_INET6], &x->to) < ADDRESS_TAKEN)
		return 0;
	if (x->n_places < PLACES_MAX)
		x->places[x->n_places++] = *address;
	return 0;
}

/* Where it listens: own addresses, or, where those are not known, one of each that lists tell
 * apart. */
static int find_places(struct arena *a, struct searching *x)
{
	struct nets nets = {0};
	const struct address_list *const listen[] = {x->s->listen[x->family == AF_INET6]};
	int r = address_reach_loopback(a, &nets.v, &nets.n);

	if (r == 0)
		r = add_lists(a, listen, 1, &nets);
	for (size_t i = 0; r == 0 && i < x->s->n_views; i++) {
		const struct dns_view *v = &x->s->views[i];
		const struct address_list *const lists[] = {
			v->destinations, v->recurse_on, v->cache_on, v->query_on};
		r = add_lists(a, lists, ARRAY_SIZE(lists), &nets);
	}
	x->to.own = true;
	x->n_places = 0;
	for (size_t i = 0; r == 0 && i < x->machine->n; i++) {
		const struct net *own = &x->machine->own[i];
		if (own->family == x->family)
			(void)each_place(own, own, x);
	}
	if (x->machine->n > 0)
		return r;
	return r < 0 ? r : net_regions(nets.v, nets.n, x->family, each_place, x);
}

static enum address_match both(enum address_match a, enum address_match b)
{
	if (a < ADDRESS_TAKEN || b < ADDRESS_TAKEN)
		return ADDRESS_REFUSED;
	return MAX(a, b);
}

static enum address_match on(
	const struct searching *x, const struct address_list *from, const struct address_list *to)
{
	return both(address_list_match(from, &x->from), address_list_match(to, &x->to));
}

/* What the view gives the source; at least as much as sure or maybe is kept. */
static void ask_view(
	struct searching *x, const struct dns_view *v, bool certain, enum dns_answer most)
{
	enum address_match cache = v->recursion ? on(x, v->cache, v->cache_on) : ADDRESS_REFUSED;
	enum address_match zones = both(
		address_list_match(v->zones, &x->from), address_list_match(v->query_on, &x->to));
	const struct {
		enum dns_answer answer;
		enum address_match match;
		const struct address_list *list;
	} rows[] = {{DNS_RECURSES, both(cache, on(x, v->recurse, v->recurse_on)), v->recurse},
		{DNS_CACHE, cache, v->cache},
		{DNS_ZONES, v->own_zones ? on(x, v->query, v->query_on) : ADDRESS_REFUSED,
			v->query},
		{DNS_ZONES, zones, v->zones}};
	struct dns_exposure *f = &x->found;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enum dns_answer answer = rows[i].answer;
		bool sure = rows[i].match == ADDRESS_TAKEN && certain;
		if (rows[i].match < ADDRESS_TAKEN || answer > most ||
			answer <= (sure ? f->sure : f->maybe))
			continue;
		f->maybe = MAX(f->maybe, answer);
		f->sure = sure ? answer : f->sure;
		f->view = v;
		f->list = rows[i].list;
		f->from = x->from.address;
	}
}

/* A source at one of the own addresses: the first view that is for it answers. */
static void ask(struct searching *x)
{
	enum address_match ignored = address_list_match(x->s->ignore, &x->from);
	bool certain = ignored != ADDRESS_MAY;
	enum dns_answer most = DNS_RECURSES;

	if (ignored == ADDRESS_TAKEN)
		return;
	for (size_t i = 0; i < x->s->n_views; i++) {
		const struct dns_view *v = &x->s->views[i];
		enum address_match m = on(x, v->clients, v->destinations);
		if (m < ADDRESS_TAKEN)
			continue;
		certain = certain && m == ADDRESS_TAKEN;
		ask_view(x, v, certain, most);
		if (m == ADDRESS_TAKEN && !v->recursive_only)
			return;
		if (m == ADDRESS_TAKEN)
			most = DNS_CACHE; /* for what does not ask for recursion */
	}
}

static int each_source(const struct net *address, const struct net *within, void *arg)
{
	struct searching *x = arg;

	if (net_is_loopback(address))
		return 0;
	for (size_t i = 0; i < x->n_inside; i++) {
		if (net_contains(&x->inside[i], address))
			return 0;
	}
	x->from.address = *address;
	for (size_t i = 0; i < x->n_places; i++) {
		const struct dns_exposure before = x->found;
		x->to.address = x->places[i];
		ask(x);
		if (x->found.sure == before.sure && x->found.maybe == before.maybe)
			continue;
		x->found.from = *within;
		x->found.local = false;
		for (size_t k = 0; k < x->from.n_local && !x->found.local; k++)
			x->found.local = net_contains(&x->from.local[k], address);
	}
	return x->found.sure == DNS_RECURSES;
}

static int search_family(struct arena *a, struct searching *x)
{
	struct nets nets = {0};
	int r = find_places(a, x);

	if (r < 0 || x->n_places == 0)
		return r;
	r = address_reach_loopback(a, &nets.v, &nets.n);
	if (r == 0)
		r = address_list_nets(a, x->s->ignore, &nets.v, &nets.n);
	if (r == 0)
		r = address_reach_add(a, x->inside, x->n_inside, &nets.v, &nets.n);
	if (r == 0)
		r = address_reach_add(a, x->from.local, x->from.n_local, &nets.v, &nets.n);
	for (size_t i = 0; r == 0 && i < x->s->n_views; i++) {
		const struct dns_view *v = &x->s->views[i];
		const struct address_list *const lists[] = {
			v->clients, v->recurse, v->cache, v->query, v->zones};
		r = add_lists(a, lists, ARRAY_SIZE(lists), &nets);
	}
	if (r == 0 && nets.n > NETS_MAX)
		r = -E2BIG;
	if (r == 0)
		r = net_regions(nets.v, nets.n, x->family, each_source, x);
	return MIN(r, 0);
}

int name_server_exposure(struct arena *a, const struct name_server *s, const struct net *inside,
	size_t n_inside, const struct dns_places *places, struct dns_exposure *ret)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct searching *x = arena_alloc(a, sizeof(*x));
	int r = x ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(families); i++) {
		if (i == 0)
			*x = (struct searching){.s = s,
				.inside = inside,
				.n_inside = n_inside,
				.machine = places,
				.from.local = places->nets,
				.from.n_local = places->n};
		x->family = families[i];
		if (x->found.sure != DNS_RECURSES)
			r = search_family(a, x);
	}
	if (r == 0)
		*ret = x->found;
	return r;
}

int name_server_listens(
	struct arena *a, const struct name_server *s, const struct dns_places *places)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct searching *x = arena_alloc(a, sizeof(*x));
	int r = x ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(families); i++) {
		*x = (struct searching){.s = s, .machine = places, .family = families[i]};
		r = find_places(a, x);
		if (r == 0 && x->n_places > 0)
			return 1;
	}
	return r;
}
