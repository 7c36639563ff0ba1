/* SPDX-License-Identifier: ISC */
/*
 * Asking the kernel for a list over netlink(7): sockets by sock_diag(7), links
 * and addresses by rtnetlink(7). One question, one socket, all answers.
 */
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>

/*
 * Sends the request (a whole message with NLM_F_DUMP) to the kernel's protocol
 * (NETLINK_SOCK_DIAG, NETLINK_ROUTE) and gives each message of the answer to
 * each(h, arg), whose header is whole and whose length is right; a negative
 * return of it stops. 0; what each returned; -EAGAIN when the list was changed
 * while it was read, so that something may be missing or there twice: forget it
 * and ask again; the kernel's own -errno (-ENOENT: it has no such list);
 * -ETIMEDOUT after two seconds without an answer; -EBADMSG; -errno of socket(2).
 */
int netlink_dump(int protocol, const struct nlmsghdr *request,
	int (*each)(const struct nlmsghdr *h, void *arg), void *arg);

/*
 * The attribute of this type behind the fixed part (of size bytes) of a
 * message, at least as long as least; NULL when there is none.
 */
const struct rtattr *netlink_attr(
	const struct nlmsghdr *h, size_t size, unsigned short type, size_t least);
