/* SPDX-License-Identifier: ISC */
#include "base/netlink.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/util.h"

enum {
	BUFFER_SIZE = 32 * 1024, /* the kernel fills no more into one datagram of a dump */
};

struct answer {
	int (*each)(const struct nlmsghdr *h, void *arg);
	void *arg;
	bool changed; /* a part of it says that the list is no more what it was at the start */
};

/* The code in a message that ends an answer. */
static int end_code(const struct nlmsghdr *h)
{
	const int *code = NLMSG_DATA(h);

	if (h->nlmsg_type == NLMSG_DONE && h->nlmsg_len < NLMSG_LENGTH(sizeof(*code)))
		return 0; /* old kernels send none */
	return h->nlmsg_len < NLMSG_LENGTH(sizeof(*code)) || *code > 0 ? -EBADMSG : *code;
}

/* One datagram. 1: the answer ended with it. */
static int take_datagram(struct answer *a, const void *buffer, size_t left)
{
	const struct nlmsghdr *h = buffer;

	for (; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
		a->changed = a->changed || (h->nlmsg_flags & NLM_F_DUMP_INTR);
		if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR) {
			int r = end_code(h);
			return r < 0 ? r : a->changed ? -EAGAIN : 1;
		}
		int r = a->each(h, a->arg);
		if (r < 0)
			return r;
	}
	return left > 0 ? -EBADMSG : 0;
}

static int receive(int fd, struct answer *a)
{
	_cleanup_free_ char *buffer = malloc(BUFFER_SIZE);
	int r = 0;

	if (!buffer)
		return -ENOMEM;
	while (r == 0) {
		ssize_t n = recv(fd, buffer, BUFFER_SIZE, MSG_TRUNC);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		r = n == 0 || n > BUFFER_SIZE ? -EBADMSG : take_datagram(a, buffer, (size_t)n);
	}
	return MIN(r, 0);
}

int netlink_dump(int protocol, const struct nlmsghdr *request,
	int (*each)(const struct nlmsghdr *h, void *arg), void *arg)
{
	const struct timeval patience = {.tv_sec = 2};
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct answer a = {.each = each, .arg = arg};
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	/* Connected, so that no other process can answer in the kernel's place. */
	if (fd < 0 || connect(fd, (const void *)&kernel, sizeof(kernel)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
		send(fd, request, request->nlmsg_len, 0) < 0)
		return -errno;
	return receive(fd, &a);
}

const struct rtattr *netlink_attr(
	const struct nlmsghdr *h, size_t size, unsigned short type, size_t least)
{
	if (h->nlmsg_len < NLMSG_SPACE(size))
		return NULL;
	int left = (int)(h->nlmsg_len - NLMSG_SPACE(size));
	const struct rtattr *a = (const void *)((const char *)NLMSG_DATA(h) + NLMSG_ALIGN(size));
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if ((a->rta_type & NLA_TYPE_MASK) == type && RTA_PAYLOAD(a) >= least)
			return a;
	}
	return NULL;
}
