/* SPDX-License-Identifier: ISC */
#include "fact/addresses.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/netlink.h"
#include "fact/collectors.h"

enum {
	INTERFACES_MAX = 65536,
	ADDRESSES_MAX = 1 << 18,
	TRIES = 5,
};

struct reading {
	struct arena *a;
	struct interface *interfaces;
	size_t n_interfaces;
	struct address *v;
	size_t n;
	struct addresses *all; /* with the interfaces in it */
};

/* The text of an attribute, which need not end with a NUL. */
static const char *attr_text(struct arena *a, const struct rtattr *attr)
{
	return arena_strndup(a, RTA_DATA(attr), strnlen(RTA_DATA(attr), RTA_PAYLOAD(attr)));
}

/* IFLA_LINKINFO holds attributes of its own. */
static const char *read_kind(struct arena *a, const struct rtattr *info)
{
	int left = (int)RTA_PAYLOAD(info);

	for (const struct rtattr *x = RTA_DATA(info); RTA_OK(x, left); x = RTA_NEXT(x, left)) {
		if (x->rta_type == IFLA_INFO_KIND)
			return attr_text(a, x);
	}
	return NULL;
}

static int each_link(const struct nlmsghdr *h, void *arg)
{
	struct reading *rd = arg;
	const struct ifinfomsg *m = NLMSG_DATA(h);

	if (h->nlmsg_type != RTM_NEWLINK || h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return -EBADMSG;
	if (rd->n_interfaces == INTERFACES_MAX)
		return -EFBIG;
	struct interface *i = arena_grow(rd->a, &rd->interfaces, rd->n_interfaces, sizeof(*i));
	if (!i)
		return -ENOMEM;
	const struct rtattr *name = netlink_attr(h, sizeof(*m), IFLA_IFNAME, 1);
	const struct rtattr *info = netlink_attr(h, sizeof(*m), IFLA_LINKINFO, 0);
	const struct rtattr *master = netlink_attr(h, sizeof(*m), IFLA_MASTER, sizeof(unsigned));
	if (!name)
		return -EBADMSG;
	*i = (struct interface){
		.index = (unsigned)m->ifi_index,
		.name = attr_text(rd->a, name),
		.kind = info ? read_kind(rd->a, info) : NULL,
		.up = m->ifi_flags & IFF_UP,
		.loopback = m->ifi_flags & IFF_LOOPBACK,
	};
	if (master)
		memcpy(&i->master, RTA_DATA(master), sizeof(i->master));
	i->passing = i->master != 0 || (i->kind && strcmp(i->kind, "veth") == 0);
	rd->n_interfaces++;
	return arena_failed(rd->a) ? -ENOMEM : 0;
}

static unsigned read_flags(const struct nlmsghdr *h, const struct ifaddrmsg *m)
{
	const struct rtattr *a = netlink_attr(h, sizeof(*m), IFA_FLAGS, sizeof(unsigned));
	unsigned flags = m->ifa_flags;

	if (a)
		memcpy(&flags, RTA_DATA(a), sizeof(flags));
	return flags;
}

static int each_address(const struct nlmsghdr *h, void *arg)
{
	struct reading *rd = arg;
	const struct ifaddrmsg *m = NLMSG_DATA(h);

	if (h->nlmsg_type != RTM_NEWADDR || h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return -EBADMSG;
	if (m->ifa_family != AF_INET && m->ifa_family != AF_INET6)
		return 0;
	if (rd->n == ADDRESSES_MAX)
		return -EFBIG;
	size_t size = m->ifa_family == AF_INET ? 4 : 16;
	/* On a point-to-point link IFA_ADDRESS is the other end. */
	const struct rtattr *a = netlink_attr(h, sizeof(*m), IFA_LOCAL, size);
	if (!a)
		a = netlink_attr(h, sizeof(*m), IFA_ADDRESS, size);
	const struct interface *on = addresses_interface(rd->all, m->ifa_index);
	/* Without an interface: it was made in between. The kernel tells of that as well. */
	if (!a || !on)
		return a ? 0 : -EBADMSG;
	struct address *x = arena_grow(rd->a, &rd->v, rd->n, sizeof(*x));
	if (!x)
		return -ENOMEM;
	*x = (struct address){
		.interface = on,
		.net = {.family = m->ifa_family, .bits = (unsigned)size * 8},
		.prefix = m->ifa_prefixlen,
		.global = m->ifa_scope < RT_SCOPE_LINK,
		.temporary = m->ifa_family == AF_INET6 && (read_flags(h, m) & IFA_F_TEMPORARY),
	};
	memcpy(x->net.addr, RTA_DATA(a), size);
	bool own = m->ifa_family == AF_INET6 && m->ifa_scope == RT_SCOPE_LINK;
	x->passing = x->temporary || own || (on->passing && !x->global);
	rd->n++;
	return 0;
}

static int interface_compare(const void *a, const void *b)
{
	const struct interface *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

static int address_compare(const void *a, const void *b)
{
	const struct address *x = a, *y = b;
	int r = interface_compare(x->interface, y->interface);

	if (r == 0)
		r = x->net.family - y->net.family;
	return r ? r : memcmp(x->net.addr, y->net.addr, sizeof(x->net.addr));
}

const struct interface *addresses_interface(const struct addresses *a, unsigned index)
{
	const struct interface key = {.index = index};

	return a->n_interfaces > 0 ? bsearch(&key, a->interfaces, a->n_interfaces, sizeof(key),
					     interface_compare)
				   : NULL;
}

static int dump_links(struct reading *rd)
{
	const struct {
		struct nlmsghdr h;
		struct ifinfomsg m;
	} ask = {.h = {.nlmsg_len = sizeof(ask),
			 .nlmsg_type = RTM_GETLINK,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};

	rd->n_interfaces = 0;
	return netlink_dump(NETLINK_ROUTE, &ask.h, each_link, rd);
}

static int dump_addresses(struct reading *rd)
{
	const struct {
		struct nlmsghdr h;
		struct ifaddrmsg m;
	} ask = {.h = {.nlmsg_len = sizeof(ask),
			 .nlmsg_type = RTM_GETADDR,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};

	rd->n = 0;
	return netlink_dump(NETLINK_ROUTE, &ask.h, each_address, rd);
}

/* Both lists; a list that changed while it was read is read again. */
static int read_all(struct reading *rd)
{
	int r = -EAGAIN;

	for (int i = 0; i < TRIES && r == -EAGAIN; i++) {
		r = dump_links(rd);
		if (r < 0)
			continue;
		if (rd->n_interfaces > 1)
			qsort(rd->interfaces, rd->n_interfaces, sizeof(*rd->interfaces),
				interface_compare);
		rd->all->interfaces = rd->interfaces;
		rd->all->n_interfaces = rd->n_interfaces;
		r = dump_addresses(rd);
	}
	return r;
}

static void add_items(struct fact *f, const struct addresses *a)
{
	char subject[128], text[NET_TEXT_MAX];

	for (size_t i = 0; i < a->n_interfaces; i++) {
		const struct interface *x = &a->interfaces[i];
		if (x->passing)
			continue;
		(void)snprintf(subject, sizeof(subject), "interface %s", x->name);
		const char *value = arena_printf(f->arena, "%s%s%s", x->up ? "up" : "down",
			x->kind ? ", " : "", x->kind ? x->kind : "");
		fact_add_item(f, subject, value ? value : "", NULL, 0);
	}
	for (size_t i = 0; i < a->n; i++) {
		const struct address *x = &a->v[i];
		if (x->passing)
			continue;
		(void)snprintf(subject, sizeof(subject), "address %s/%u", net_text(&x->net, text),
			x->prefix);
		fact_add_item(f, subject, x->interface->name, NULL, 0);
	}
}

static int addresses_collect(const struct collect *c, struct fact *f)
{
	struct addresses *a = arena_alloc(f->arena, sizeof(*a));
	struct reading rd = {.a = f->arena, .all = a};

	if (!a)
		return -ENOMEM;
	if (!c->root->live) {
		fact_fail(f, -ENOENT, "a root that does not run has no addresses");
		return 0;
	}
	int r = read_all(&rd);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		fact_fail(f, r == -ENOENT ? -EIO : r,
			"the kernel's lists of links and addresses: %s", strerror(-r));
		return 0;
	}
	if (rd.n > 1)
		qsort(rd.v, rd.n, sizeof(*rd.v), address_compare);
	a->v = rd.v;
	a->n = rd.n;
	add_items(f, a);
	f->u.addresses = a;
	return 0;
}

const struct collector collector_addresses = {
	.id = FACT_ADDRESSES,
	.name = "addresses",
	.collect = addresses_collect,
};
