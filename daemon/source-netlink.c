/* SPDX-License-Identifier: ISC */
#include "daemon/source-netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/inet_diag.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/log.h"
#include "fact/port-range.h"

enum {
	GROUPS = 5,
	DATAGRAMS_AT_ONCE = 256,
	BUFFER_SIZE = 8192, /* what does not fit is cut: nothing of it is read */
	PORT_AT = sizeof(struct nlmsghdr) + offsetof(struct inet_diag_msg, id.idiag_sport),
	PEER_AT = sizeof(struct nlmsghdr) + offsetof(struct inet_diag_msg, id.idiag_dport),
	TYPE_AT = offsetof(struct nlmsghdr, nlmsg_type),
	TABLE_AT = sizeof(struct nlmsghdr) + offsetof(struct rtmsg, rtm_table),
};

enum filter {
	FILTER_NONE,
	FILTER_STREAMS,	  /* sockets with a port and without a peer */
	FILTER_DATAGRAMS, /* of these, those with a port that the kernel does not give out */
	FILTER_MAIN,	  /* of routes, those of the main table: no verdict asks for another */
};

/* One netlink socket: the firewall's groups belong here as another row. */
static const struct channel {
	const char *name;
	int protocol;
	unsigned groups[GROUPS]; /* ends with 0 unless full */
	enum filter filter;
	uint64_t facts;
} channels[] = {
	{"sock_diag", NETLINK_SOCK_DIAG, {SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET6_TCP_DESTROY},
		FILTER_STREAMS, FACT_BIT(FACT_LISTENERS)},
	{"sock_diag", NETLINK_SOCK_DIAG, {SKNLGRP_INET_UDP_DESTROY, SKNLGRP_INET6_UDP_DESTROY},
		FILTER_DATAGRAMS, FACT_BIT(FACT_LISTENERS)},
	{"rtnetlink", NETLINK_ROUTE,
		{RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_NETCONF,
			RTNLGRP_IPV6_NETCONF},
		FILTER_NONE, FACT_BIT(FACT_ADDRESSES) | FACT_BIT(FACT_SYSCTL)},
	/* Which interface is the way out and the way back; with more rules, that is not known. */
	{"routes", NETLINK_ROUTE,
		{RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE},
		FILTER_MAIN, FACT_BIT(FACT_FIREWALL)},
	/* For CAP_NET_ADMIN only. Of iptables-legacy it tells nothing, its lock does. */
	{"nf_tables", NETLINK_NETFILTER, {NFNLGRP_NFTABLES}, FILTER_NONE, FACT_BIT(FACT_FIREWALL)},
};

struct source_netlink {
	struct engine *engine;
	void (*changed)(void *arg);
	void *arg;
	struct listening {
		struct source_netlink *source;
		const struct channel *channel;
		int fd;
		struct event *event;
	} v[ARRAY_SIZE(channels)];
};

static void tell_health(struct source_netlink *s, const struct channel *c, int r)
{
	static const char detail[] = "cannot be listened to: what it tells of is read again on a "
				     "timer instead";

	engine_source(s->engine, &(struct engine_source){
					 .name = c->name,
					 .facts = c->facts,
					 .detail = r < 0 ? detail : NULL,
					 .remedy = r < 0 ? "a kernel with netlink and sock_diag, with "
							   "AF_NETLINK in RestrictAddressFamilies= "
							   "and CAP_NET_ADMIN in "
							   "CapabilityBoundingSet= of hardend.service"
							 : NULL,
				 });
}

static int attach(int fd, struct sock_filter code[], unsigned short n)
{
	const struct sock_fprog program = {.len = n, .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno
											   : 0;
}

/*
 * Routes of containers' and of VPNs' own tables come and go, and each address has
 * one in the local table: the kernel is asked to drop these.
 */
static int set_filter_main(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, TYPE_AT), /* not in the order of networks */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 2),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, TABLE_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RT_TABLE_MAIN, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};

	return attach(fd, code, ARRAY_SIZE(code));
}

/*
 * Every connection that ends would wake us: the kernel is asked to drop what was
 * none that waited, and what a client had for one question.
 */
static int set_filter(int fd, enum filter filter)
{
	enum { ALL = UINT16_MAX + 1 }; /* no port is as high */
	struct port_range range = {ALL, ALL};
	struct root root;

	if (filter == FILTER_NONE)
		return 0;
	if (filter == FILTER_MAIN)
		return set_filter_main(fd);
	if (filter == FILTER_DATAGRAMS) {
		int r = root_open("/", &root);
		if (r == 0)
			r = port_range_read(&root, &range);
		if (r < 0)
			return r;
		root_close(&root);
	}
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, PEER_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 4), /* with a peer: drop */
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, PORT_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0), /* never bound: drop */
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, range.low, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, range.high, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};

	return attach(fd, code, ARRAY_SIZE(code));
}

/* All that is there. 0; -errno when it is of no use any more. */
static int drain(struct listening *l, bool *ret_any)
{
	char buffer[BUFFER_SIZE];

	for (unsigned i = 0; i < DATAGRAMS_AT_ONCE; i++) {
		ssize_t n = recv(l->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		if (n >= 0) {
			*ret_any = true;
		} else if (errno == ENOBUFS) {
			engine_lost(l->source->engine, l->channel->name, l->channel->facts, clock_now());
			*ret_any = true;
		} else if (errno != EINTR) {
			return errno == EAGAIN ? 0 : -errno;
		}
	}
	return 0; /* the rest at the next turn of the loop */
}

static void on_readable(_unused_ evutil_socket_t fd, _unused_ short what, void *arg)
{
	struct listening *l = arg;
	struct source_netlink *s = l->source;
	bool any = false;
	int r = drain(l, &any);

	if (r < 0) {
		(void)log_error(r, "cannot read from %s", l->channel->name);
		(void)event_del(l->event); /* it was added */
		tell_health(s, l->channel, r);
		any = true;
	}
	if (!any)
		return;
	/* A service that ends closes one after the other, a link takes its addresses with it. */
	engine_dirty(s->engine, l->channel->facts, WATCH_SETTLE, clock_now());
	s->changed(s->arg);
}

/* Opens the channel. 0 or -errno. */
static int listen_to(struct listening *l, struct event_base *base)
{
	const struct channel *c = l->channel;
	struct sockaddr_nl sa = {.nl_family = AF_NETLINK};

	l->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, c->protocol);
	if (l->fd < 0)
		return -errno;
	int r = set_filter(l->fd, c->filter);
	if (r < 0)
		return r;
	if (bind(l->fd, (const void *)&sa, sizeof(sa)) < 0)
		return -errno;
	for (size_t i = 0; i < GROUPS && c->groups[i]; i++) {
		if (setsockopt(l->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &c->groups[i],
			    sizeof(c->groups[i])) < 0)
			return -errno;
	}
	l->event = event_new(base, l->fd, EV_READ | EV_PERSIST, on_readable, l);
	return l->event && event_add(l->event, NULL) == 0 ? 0 : -ENOMEM;
}

int source_netlink_new(struct event_base *base, struct engine *engine, void (*changed)(void *arg),
	void *arg, struct source_netlink **ret)
{
	_cleanup_(source_netlink_freep) struct source_netlink *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->engine = engine;
	s->changed = changed;
	s->arg = arg;
	for (size_t i = 0; i < ARRAY_SIZE(channels); i++)
		s->v[i] = (struct listening){.source = s, .channel = &channels[i], .fd = -1};
	for (size_t i = 0; i < ARRAY_SIZE(channels); i++) {
		int r = listen_to(&s->v[i], base);
		if (r == -ENOMEM)
			return r;
		/* The first of two that have a name and do not work is not called well by the other. */
		if (r < 0 || i == 0 || strcmp(channels[i - 1].name, channels[i].name) != 0)
			tell_health(s, &channels[i], r);
		if (r < 0)
			(void)log_error(r, "cannot listen to %s", channels[i].name);
	}
	*ret = TAKE_PTR(s);
	return 0;
}

void source_netlink_free(struct source_netlink *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(s->v); i++) {
		if (s->v[i].event)
			event_free(s->v[i].event);
		closep(&s->v[i].fd);
	}
	free(s);
}
