/* SPDX-License-Identifier: ISC */
/* Lists of the kernel, and messages that do not add up. */
#include "test.h"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <sys/socket.h>

#include "alloc-fail.h"
#include "base/netlink.h"

struct links {
	unsigned n;
	bool loopback;
	int stop;
};

static int each_link(const struct nlmsghdr *h, void *arg)
{
	struct links *l = arg;
	const struct rtattr *name = netlink_attr(h, sizeof(struct ifinfomsg), IFLA_IFNAME, 3);

	assert_int_equal(h->nlmsg_type, RTM_NEWLINK);
	l->n++;
	l->loopback = l->loopback || (name && strcmp(RTA_DATA(name), "lo") == 0);
	return l->stop;
}

static int ask_links(struct links *l)
{
	const struct {
		struct nlmsghdr h;
		struct ifinfomsg m;
	} ask = {.h = {.nlmsg_len = sizeof(ask),
			 .nlmsg_type = RTM_GETLINK,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};

	return netlink_dump(NETLINK_ROUTE, &ask.h, each_link, l);
}

static void test_dump(void **state)
{
	struct links all = {0}, one = {.stop = -ECANCELED};

	assert_int_equal(ask_links(&all), 0);
	assert_true(all.loopback);
	assert_int_equal(ask_links(&one), -ECANCELED);
	assert_int_equal(one.n, 1);
}

static int each_none(const struct nlmsghdr *h, void *arg)
{
	fail();
	return 0;
}

static void test_refused(void **state)
{
	const struct {
		struct nlmsghdr h;
		struct inet_diag_req_v2 req;
	} ask = {.h = {.nlmsg_len = sizeof(ask),
			 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.req = {.sdiag_family = AF_INET, .sdiag_protocol = 253}};

	assert_int_equal(netlink_dump(NETLINK_SOCK_DIAG, &ask.h, each_none, NULL), -ENOENT);
	assert_int_equal(netlink_dump(99, &ask.h, each_none, NULL), -EPROTONOSUPPORT);
}

static void test_attr(void **state)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg m;
		struct rtattr a;
		char name[4];
		struct rtattr b;
		char rest[8];
	} x = {
		.h = {.nlmsg_len = sizeof(x)},
		.a = {.rta_len = RTA_LENGTH(4), .rta_type = IFLA_IFNAME},
		.name = "eth",
		.b = {.rta_len = RTA_LENGTH(8), .rta_type = IFLA_ADDRESS | NLA_F_NESTED},
	};

	assert_ptr_equal(netlink_attr(&x.h, sizeof(x.m), IFLA_IFNAME, 4), &x.a);
	assert_null(netlink_attr(&x.h, sizeof(x.m), IFLA_IFNAME, 5));
	assert_ptr_equal(netlink_attr(&x.h, sizeof(x.m), IFLA_ADDRESS, 8), &x.b);
	assert_null(netlink_attr(&x.h, sizeof(x.m), IFLA_MTU, 0));
	x.b.rta_len = 60; /* longer than the message */
	assert_null(netlink_attr(&x.h, sizeof(x.m), IFLA_ADDRESS, 8));
	x.a.rta_len = 0; /* would never end */
	assert_null(netlink_attr(&x.h, sizeof(x.m), IFLA_ADDRESS, 8));
	x.h.nlmsg_len = NLMSG_LENGTH(4);
	assert_null(netlink_attr(&x.h, sizeof(x.m), IFLA_IFNAME, 4));
}

static void test_memory(void **state)
{
	struct links l = {0};

	alloc_fail_at = 1;
	alloc_count = 0;
	assert_int_equal(ask_links(&l), -ENOMEM);
	alloc_fail_at = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_attr),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
