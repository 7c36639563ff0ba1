/* SPDX-License-Identifier: ISC */
#include "fact/listeners.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fact/collectors.h"

enum {
	LISTENERS_MAX = 8192,
	GROUPS_MAX = 8192, /* control groups of one slice */
	DEPTH_MAX = 8,
	BUFFER_SIZE = 32 * 1024,
	STATE_LISTEN = 10, /* of TCP; enum of the kernel's tcp_states.h */
	STATE_CLOSE = 7,   /* of UDP: bound and not connected */
};

#define CGROUP_ROOT "/sys/fs/cgroup"

/* A control group of a unit: its id is the inode of its directory. */
struct group {
	uint64_t id;
	const char *unit;
};

struct collecting {
	struct arena *a;  /* of the fact */
	struct root root; /* nothing there makes events */
	struct listener *v;
	size_t n;
	struct group *groups;
	size_t n_groups;
	const char *dir; /* slice that is being listed */
	unsigned depth;
};

static bool ends_in(const char *s, const char *suffix)
{
	size_t len = strlen(s), n = strlen(suffix);

	return len > n && strcmp(s + len - n, suffix) == 0;
}

static int list_slice(struct collecting *k, const char *dir);

static int each_group(const char *name, unsigned char type, void *arg)
{
	struct collecting *k = arg;
	struct stat st;

	bool slice = ends_in(name, ".slice");
	if (type != DT_DIR || (!slice && !ends_in(name, ".service") && !ends_in(name, ".scope")))
		return 0;
	char *path = arena_printf(k->a, "%s/%s", k->dir, name);
	if (!path)
		return -ENOMEM;
	if (slice)
		return list_slice(k, path);
	int r = root_stat(&k->root, path, &st);
	if (r < 0)
		return r == -ENOMEM ? r : 0; /* it ended meanwhile */
	struct group *g = arena_grow(k->a, &k->groups, k->n_groups, sizeof(*g));
	if (!g)
		return -ENOMEM;
	*g = (struct group){.id = st.st_ino, .unit = strrchr(path, '/') + 1};
	k->n_groups++;
	return 0;
}

static int list_slice(struct collecting *k, const char *dir)
{
	const char *before = k->dir;

	if (k->depth == DEPTH_MAX)
		return 0;
	k->dir = dir;
	k->depth++;
	int r = root_list_types(&k->root, dir, GROUPS_MAX, each_group, k);
	k->depth--;
	k->dir = before;
	/* Without the unified hierarchy units are not known, and that is said of each socket. */
	return r == -ENOMEM ? r : 0;
}

static const char *unit_of(const struct collecting *k, uint64_t id)
{
	for (size_t i = 0; id != 0 && i < k->n_groups; i++) {
		if (k->groups[i].id == id)
			return k->groups[i].unit;
	}
	return NULL;
}

static bool is_loopback(int family, const unsigned char *addr)
{
	static const unsigned char one[16] = {[15] = 1}, mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (family == AF_INET)
		return addr[0] == 127;
	if (memcmp(addr, mapped, sizeof(mapped)) == 0)
		return addr[12] == 127;
	return memcmp(addr, one, sizeof(one)) == 0;
}

static int add_socket(struct collecting *k, const struct inet_diag_msg *m, uint64_t group, bool tcp)
{
	char addr[INET6_ADDRSTRLEN];

	if (m->id.idiag_sport == 0 || (m->idiag_family != AF_INET && m->idiag_family != AF_INET6))
		return 0;
	if (k->n >= LISTENERS_MAX)
		return -EFBIG;
	struct listener *l = arena_grow(k->a, &k->v, k->n, sizeof(*l));
	if (!l || !inet_ntop(m->idiag_family, m->id.idiag_src, addr, sizeof(addr)))
		return -ENOMEM;
	*l = (struct listener){
		.tcp = tcp,
		.family = m->idiag_family,
		.port = ntohs(m->id.idiag_sport),
		.uid = m->idiag_uid,
		.unit = unit_of(k, group),
	};
	memcpy(l->addr, m->id.idiag_src, l->family == AF_INET ? 4 : 16);
	l->loopback = is_loopback(l->family, l->addr);
	l->text = arena_printf(k->a, l->family == AF_INET ? "%s %s:%u" : "%s [%s]:%u",
		tcp ? "tcp" : "udp", addr, l->port);
	if (!l->text)
		return -ENOMEM;
	k->n++;
	return 0;
}

/* One message of a dump. 1: it was the last. */
static int take_message(struct collecting *k, const struct nlmsghdr *h, bool tcp)
{
	const struct inet_diag_msg *m = NLMSG_DATA(h);
	uint64_t group = 0;

	if (h->nlmsg_type == NLMSG_DONE)
		return 1;
	if (h->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *e = NLMSG_DATA(h);
		/* Without UDP's module there is no such socket either. */
		return h->nlmsg_len < NLMSG_LENGTH(sizeof(*e)) ? -EBADMSG
		       : e->error == -ENOENT		       ? 1
							       : e->error;
	}
	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return -EBADMSG;
	int left = (int)(h->nlmsg_len - NLMSG_LENGTH(sizeof(*m)));
	for (const struct rtattr *a = (const void *)(m + 1); RTA_OK(a, left);
		a = RTA_NEXT(a, left)) {
		if (a->rta_type == INET_DIAG_CGROUP_ID && RTA_PAYLOAD(a) >= sizeof(group))
			memcpy(&group, RTA_DATA(a), sizeof(group));
	}
	return add_socket(k, m, group, tcp);
}

static int receive(struct collecting *k, int fd, char *buffer, bool tcp)
{
	for (;;) {
		ssize_t n = recv(fd, buffer, BUFFER_SIZE, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		const struct nlmsghdr *h = (const void *)buffer;
		for (size_t left = (size_t)n; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
			int r = take_message(k, h, tcp);
			if (r != 0)
				return r < 0 ? r : 0;
		}
	}
}

static int dump(struct collecting *k, int family, bool tcp)
{
	struct {
		struct nlmsghdr h;
		struct inet_diag_req_v2 req;
	} ask = {
		.h = {.nlmsg_len = sizeof(ask),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.req = {.sdiag_family = (uint8_t)family,
			.sdiag_protocol = tcp ? IPPROTO_TCP : IPPROTO_UDP,
			.idiag_states = 1U << (tcp ? STATE_LISTEN : STATE_CLOSE)},
	};
	const struct timeval patience = {.tv_sec = 2};
	_cleanup_free_ char *buffer = malloc(BUFFER_SIZE);
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (!buffer)
		return -ENOMEM;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
		send(fd, &ask, sizeof(ask), 0) < 0)
		return -errno;
	int r = receive(k, fd, buffer, tcp);
	return r == -EAGAIN ? -ETIMEDOUT : r;
}

static int listener_compare(const void *a, const void *b)
{
	return strcmp(((const struct listener *)a)->text, ((const struct listener *)b)->text);
}

static int listeners_collect(const struct collect *c, struct fact *f)
{
	struct listeners *l = arena_alloc(f->arena, sizeof(*l));
	struct collecting k = {.a = f->arena, .root = *c->root};
	int r;

	if (!l)
		return -ENOMEM;
	if (!c->root->live) {
		fact_fail(f, -ENOENT, "nothing listens in a root that does not run");
		return 0;
	}
	k.root.deps = NULL;
	r = list_slice(&k, CGROUP_ROOT);
	for (int i = 0; i < 4 && r == 0; i++)
		r = dump(&k, i % 2 ? AF_INET6 : AF_INET, i < 2);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		fact_fail(f, r == -ENOENT ? -EIO : r, "the kernel's list of sockets: %s",
			strerror(-r));
		return 0;
	}
	if (k.n > 1)
		qsort(k.v, k.n, sizeof(*k.v), listener_compare);
	l->v = k.v;
	l->n = k.n;
	f->u.listeners = l;
	return 0;
}

const struct collector collector_listeners = {
	.id = FACT_LISTENERS,
	.name = "listeners",
	/* A service that comes up or goes down is when most sockets do. */
	.needs = FACT_BIT(FACT_UNITS),
	.refresh_usec = USEC_PER_HOUR,
	.collect = listeners_collect,
};
