/* SPDX-License-Identifier: ISC */
#include "daemon/audit-kernel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/netlink.h"

enum {
	RECEIVE_SIZE = 2 * 1024 * 1024, /* of records that wait; used only when they do */
	ANSWERED = -ECANCELED,		/* stops netlink_dump(): there is no end to wait for */
};

/* The first namespaces of all have numbers that are fixed (linux/proc_ns.h). */
static const struct {
	const char *path, *first;
} namespaces[] = {
	{"/proc/self/ns/user", "user:[4026531837]"},
	{"/proc/self/ns/pid", "pid:[4026531836]"},
};

static int ignore(_unused_ const struct nlmsghdr *h, _unused_ void *arg)
{
	return 0;
}

/* A request and its answers. flags: NLM_F_ACK for what is answered by that alone. */
static int ask(unsigned short type, unsigned short flags, const void *data, size_t size,
	int (*each)(const struct nlmsghdr *h, void *arg), void *arg)
{
	_cleanup_free_ struct nlmsghdr *h = calloc(1, NLMSG_SPACE(size));

	if (!h)
		return -ENOMEM;
	h->nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	if (size > 0)
		memcpy(NLMSG_DATA(h), data, size);
	return netlink_dump(NETLINK_AUDIT, h, each, arg);
}

static int take_status(const struct nlmsghdr *h, void *arg)
{
	size_t n = h->nlmsg_len - NLMSG_HDRLEN;

	if (h->nlmsg_type != AUDIT_GET)
		return 0;
	/* Older kernels tell less; all tell what is asked for here. */
	if (n < offsetof(struct audit_status, backlog))
		return -EBADMSG;
	memcpy(arg, NLMSG_DATA(h), MIN(n, sizeof(struct audit_status)));
	return ANSWERED;
}

int audit_kernel_status(struct audit_status *ret)
{
	struct audit_status s = {0};
	int r = ask(AUDIT_GET, 0, NULL, 0, take_status, &s);

	if (r != ANSWERED)
		return r < 0 ? r : -EBADMSG;
	*ret = s;
	return 0;
}

int audit_kernel_enable(bool on)
{
	const struct audit_status s = {.mask = AUDIT_STATUS_ENABLED, .enabled = on};

	return ask(AUDIT_SET, NLM_F_ACK, &s, sizeof(s), ignore, NULL);
}

static int take_rule(const struct nlmsghdr *h, void *arg)
{
	if (h->nlmsg_type != AUDIT_LIST_RULES)
		return 0;
	return audit_ruleset_add(arg, NLMSG_DATA(h), h->nlmsg_len - NLMSG_HDRLEN);
}

int audit_kernel_list(struct audit_ruleset *ret)
{
	return ask(AUDIT_LIST_RULES, 0, NULL, 0, take_rule, ret);
}

int audit_kernel_add(const struct audit_rule_data *r)
{
	return ask(AUDIT_ADD_RULE, NLM_F_ACK, r, audit_rule_size(r), ignore, NULL);
}

int audit_kernel_delete(const struct audit_rule_data *r)
{
	return ask(AUDIT_DEL_RULE, NLM_F_ACK, r, audit_rule_size(r), ignore, NULL);
}

int audit_kernel_listen(void)
{
	const struct sockaddr_nl sa = {.nl_family = AF_NETLINK};
	const unsigned group = AUDIT_NLGRP_READLOG;
	const int size = RECEIVE_SIZE;
	_cleanup_close_ int fd = socket(
		AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_AUDIT);

	if (fd < 0)
		return -errno;
	/* Without CAP_NET_ADMIN the default has to do. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (const void *)&sa, sizeof(sa)) < 0 ||
		setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static bool link_is(const char *path, const char *text)
{
	char link[64];
	ssize_t n = readlink(path, link, sizeof(link));

	return n == (ssize_t)strlen(text) && memcmp(link, text, (size_t)n) == 0;
}

bool audit_kernel_is_ours(void)
{
	char init[64];

	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		if (!link_is(namespaces[i].path, namespaces[i].first))
			return false;
	}
	/* The network's number is not fixed, but init's is the first. */
	ssize_t n = readlink("/proc/1/ns/net", init, sizeof(init) - 1);
	init[MAX(n, 0)] = '\0';
	return n < 0 || link_is("/proc/self/ns/net", init);
}
