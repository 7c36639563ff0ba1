/* SPDX-License-Identifier: ISC */
/* The kernel's lists of sockets. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/netlink.h"
#include "fact/listeners-internal.h"

enum {
	SOCKETS_MAX = 1 << 18, /* some 100 MB; the unit may use 512 */
	TRIES = 5,
	RAW_MAX = 4 << 20,
	STATE_LISTEN = 10, /* of TCP and SCTP; enum of the kernel's tcp_states.h */
	STATE_CLOSE = 7,   /* of UDP and raw: bound and not connected */
};

struct dumping {
	struct listener_sockets *s;
	enum listener_protocol protocol;
};

static bool is_mapped(const unsigned char *addr)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(addr, mapped, sizeof(mapped)) == 0;
}

static void describe_address(struct listener *l)
{
	static const unsigned char one[16] = {[15] = 1};
	const unsigned char *four = l->family == AF_INET ? l->addr
				    : is_mapped(l->addr) ? l->addr + 12
							 : NULL;

	l->loopback = four ? four[0] == 127 : memcmp(l->addr, one, sizeof(one)) == 0;
	l->link_local = four ? four[0] == 169 && four[1] == 254
			     : l->addr[0] == 0xfe && (l->addr[1] & 0xc0) == 0x80;
}

static bool is_any(const unsigned char *addr)
{
	static const unsigned char none[16];

	return memcmp(addr, none, sizeof(none)) == 0;
}

static int each_message(const struct nlmsghdr *h, void *arg)
{
	struct dumping *d = arg;
	struct listener_sockets *s = d->s;
	const struct inet_diag_msg *m = NLMSG_DATA(h);

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return -EBADMSG;
	if (m->id.idiag_sport == 0 || (m->idiag_family != AF_INET && m->idiag_family != AF_INET6))
		return 0;
	if (s->n == SOCKETS_MAX) {
		s->cut++;
		return 0;
	}
	struct listener_socket *x = arena_grow(s->tmp, &s->v, s->n, sizeof(*x));
	if (!x)
		return -ENOMEM;
	s->n++;
	x->cookie = (uint64_t)m->id.idiag_cookie[1] << 32 | m->id.idiag_cookie[0];
	x->inode = m->idiag_inode;
	x->ifindex = m->id.idiag_if;
	x->l = (struct listener){
		.protocol = d->protocol,
		.family = m->idiag_family,
		.port = ntohs(m->id.idiag_sport),
		.kernel = m->idiag_inode == 0,
		.uid = m->idiag_uid,
		.sockets = 1,
	};
	memcpy(x->l.addr, m->id.idiag_src, m->idiag_family == AF_INET ? 4 : 16);
	const struct rtattr *a = netlink_attr(h, sizeof(*m), INET_DIAG_CGROUP_ID, sizeof(x->group));
	if (a)
		memcpy(&x->group, RTA_DATA(a), sizeof(x->group));
	a = netlink_attr(h, sizeof(*m), INET_DIAG_SKV6ONLY, 1);
	x->l.dual = m->idiag_family == AF_INET6 && is_any(x->l.addr) &&
		    !(a && *(const unsigned char *)RTA_DATA(a));
	describe_address(&x->l);
	return 0;
}

/* Addresses of /proc/net are words in the machine's own order, in hexadecimal digits. */
static bool parse_address(const char *s, struct listener *l)
{
	size_t words = l->family == AF_INET ? 1 : 4;

	for (size_t i = 0; i < words; i++, s += 8) {
		unsigned word;
		if (strspn(s, "0123456789ABCDEF") < 8 || sscanf(s, "%8x", &word) != 1)
			return false;
		memcpy(l->addr + 4 * i, &word, sizeof(word));
	}
	return *s == ':';
}

/* " 112: 00000000:0070 00000000:0000 07 ...", with address, protocol, state, uid and inode. */
static int take_raw(struct dumping *d, int family, const char *line)
{
	struct listener l = {.protocol = LISTENER_RAW, .family = family, .sockets = 1};
	unsigned port, state, uid, inode;
	int at = 0;

	(void)sscanf(line, " %*u: %n", &at);
	if (at == 0 || !parse_address(line + at, &l) ||
		sscanf(line + at + (family == AF_INET ? 8 : 32),
			":%4x %*[0-9A-F]:%*4x %2x %*x:%*x %*x:%*x %*x %u %*u %u", &port, &state,
			&uid, &inode) != 4)
		return -EBADMSG;
	if (state != STATE_CLOSE)
		return 0;
	struct listener_sockets *s = d->s;
	struct listener_socket *x = arena_grow(s->tmp, &s->v, s->n, sizeof(*x));
	if (!x)
		return -ENOMEM;
	s->n++;
	l.port = (uint16_t)port;
	l.uid = uid;
	l.kernel = inode == 0;
	/* Without a cookie of the kernel's: none of its has the highest bit. */
	*x = (struct listener_socket){.l = l, .inode = inode, .cookie = UINT64_C(1) << 63 | inode};
	describe_address(&x->l);
	return 0;
}

/* Where the kernel has no raw_diag: who made them is not told with them. */
static int read_raw(const struct root *root, struct dumping *d, int family)
{
	_cleanup_file_ struct file file = {0};
	int r = root_read(
		root, family == AF_INET ? "/proc/net/raw" : "/proc/net/raw6", RAW_MAX, &file);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (char *line = strchr(file.data, '\n'); r == 0 && line && line[1];) {
		char *next = strchr(line + 1, '\n');
		if (next)
			*next = '\0';
		r = take_raw(d, family, line + 1);
		line = next;
	}
	return r;
}

static int dump(struct dumping *d, int family, int number, int state)
{
	const struct {
		struct nlmsghdr h;
		struct inet_diag_req_v2 req;
	} ask = {
		.h = {.nlmsg_len = sizeof(ask),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.req = {.sdiag_family = (uint8_t)family,
			.sdiag_protocol = (uint8_t)number,
			.idiag_states = 1U << state},
	};
	size_t before = d->s->n, cut = d->s->cut;
	int r = -EAGAIN;

	for (int i = 0; i < TRIES && r == -EAGAIN; i++) {
		d->s->n = before;
		d->s->cut = cut;
		r = netlink_dump(NETLINK_SOCK_DIAG, &ask.h, each_message, d);
	}
	return r;
}

int listeners_dump(const struct root *root, struct listener_sockets *s, const char **ret_what)
{
	/*
	 * The list of a protocol may be a module of its own, which a kernel that takes no
	 * more modules does not load: only what is not there at all has no sockets. The
	 * kernel knows by itself that UDP-lite and SCTP are not, and loads nothing then.
	 */
	static const struct {
		int number, state;
		bool always;
		const char *what;
	} protocols[] = {
		[LISTENER_TCP] = {IPPROTO_TCP, STATE_LISTEN, true, "TCP (module tcp_diag)"},
		[LISTENER_UDP] = {IPPROTO_UDP, STATE_CLOSE, true, "UDP (module udp_diag)"},
		[LISTENER_UDPLITE] = {IPPROTO_UDPLITE, STATE_CLOSE, false, NULL},
		[LISTENER_SCTP] = {IPPROTO_SCTP, STATE_LISTEN, false, NULL},
		[LISTENER_RAW] = {IPPROTO_RAW, STATE_CLOSE, false, NULL},
	};
	struct stat st;
	bool six = root_stat(root, "/proc/net/if_inet6", &st) != -ENOENT;

	for (size_t i = 0; i < LISTENER_PROTOCOL_MAX * 2; i++) {
		struct dumping d = {.s = s, .protocol = (enum listener_protocol)(i / 2)};
		int family = i % 2 ? AF_INET6 : AF_INET;
		int r = dump(&d, family, protocols[i / 2].number, protocols[i / 2].state);
		if (r == -ENOENT && d.protocol == LISTENER_RAW)
			r = read_raw(root, &d, family);
		if (r != -ENOENT && r < 0)
			return r;
		if (r < 0 && protocols[i / 2].always && (family == AF_INET || six)) {
			*ret_what = protocols[i / 2].what;
			return -EPROTONOSUPPORT;
		}
	}
	return 0;
}
