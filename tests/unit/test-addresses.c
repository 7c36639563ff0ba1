/* SPDX-License-Identifier: ISC */
/* Interfaces and addresses, in a network of the test's own. */
#include "namespace.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "fact/addresses.h"
#include "fact/fact.h"

static struct fact *collect(const char *dir)
{
	static struct factset none;
	struct root root;
	struct fact *f = NULL;

	assert_int_equal(root_open(dir, &root), 0);
	const struct collect c = {.root = &root, .facts = &none};
	assert_int_equal(fact_collect(FACT_ADDRESSES, &c, &f), 0);
	root_close(&root);
	if (strcmp(dir, "/") == 0 && f->state != FACT_STATE_OK)
		fail_msg("%s", f->reason);
	return f;
}

static const char *item(const struct fact *f, const char *subject)
{
	for (size_t i = 0; i < f->n_items; i++) {
		if (strcmp(f->items[i].subject, subject) == 0)
			return f->items[i].value;
	}
	return NULL;
}

static const struct interface *interface(const struct fact *f, const char *name)
{
	const struct addresses *a = f->u.addresses;

	for (size_t i = 0; i < a->n_interfaces; i++) {
		if (strcmp(a->interfaces[i].name, name) == 0)
			return &a->interfaces[i];
	}
	return NULL;
}

static bool network(int arg)
{
	return namespace_enter(CLONE_NEWNET);
}

static void set_up(const char *name, bool up)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = {.ifr_flags = (short)(up ? IFF_UP : 0)};

	(void)snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &r), 0);
}

static void set_address(const char *name, const char *addr, const char *mask)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = {0};
	struct sockaddr_in *sa = (void *)&r.ifr_addr;

	(void)snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	sa->sin_family = AF_INET;
	assert_int_equal(inet_pton(AF_INET, addr, &sa->sin_addr), 1);
	assert_int_equal(ioctl(fd, SIOCSIFADDR, &r), 0);
	assert_int_equal(inet_pton(AF_INET, mask, &sa->sin_addr), 1);
	assert_int_equal(ioctl(fd, SIOCSIFNETMASK, &r), 0);
}

static void in_network(void **state)
{
	_cleanup_(fact_freep) struct fact *empty = collect("/");
	const struct interface *lo = interface(empty, "lo");

	assert_non_null(lo);
	assert_true(lo->loopback);
	assert_false(lo->up);
	assert_string_equal(item(empty, "interface lo"), "down");
	assert_int_equal(empty->u.addresses->n, 0);

	set_up("lo", true);
	set_address("lo:1", "192.0.2.7", "255.255.255.0");
	_cleanup_(fact_freep) struct fact *f = collect("/");
	assert_string_equal(item(f, "interface lo"), "up");
	assert_string_equal(item(f, "address 127.0.0.1/8"), "lo");
	assert_string_equal(item(f, "address 192.0.2.7/24"), "lo");
	for (size_t i = 0; i < f->u.addresses->n; i++) {
		const struct address *a = &f->u.addresses->v[i];
		char text[NET_TEXT_MAX];
		assert_string_equal(a->interface->name, "lo");
		if (strcmp(net_text(&a->net, text), "192.0.2.7") != 0)
			continue;
		assert_true(a->global);
		assert_int_equal(a->prefix, 24);
		return;
	}
	fail_msg("192.0.2.7 is missing");
}

/* Both ends of a container's cable, and a port of a bridge. */
static void with_cable(void **state)
{
	if (system("ip link add veth7 type veth peer name port7 2>/dev/null") != 0 ||
		system("ip link add br7 type bridge 2>/dev/null") != 0)
		skip();
	assert_int_equal(system("ip link set port7 master br7"), 0);
	set_up("veth7", true);
	set_up("br7", true);
	set_up("port7", true);
	set_address("veth7", "192.0.2.9", "255.255.255.0");
	_cleanup_(fact_freep) struct fact *f = collect("/");
	const struct interface *port = interface(f, "port7"), *bridge = interface(f, "br7");
	assert_string_equal(port->kind, "veth");
	assert_true(port->passing);
	assert_int_equal(port->master, bridge->index);
	assert_ptr_equal(addresses_interface(f->u.addresses, bridge->index), bridge);
	assert_null(addresses_interface(f->u.addresses, 4711));
	assert_string_equal(item(f, "interface br7"), "up, bridge");
	assert_null(item(f, "interface port7"));
	assert_null(item(f, "interface veth7"));
	/* What it is reached by lasts, even so. */
	assert_string_equal(item(f, "address 192.0.2.9/24"), "veth7");
	for (size_t i = 0; i < f->n_items; i++)
		assert_null(strstr(f->items[i].subject, "fe80"));
}

static void test_network(void **state)
{
	run_apart(network, 0, in_network);
}

static void test_cable(void **state)
{
	run_apart(network, 0, with_cable);
}

static void test_other_root(void **state)
{
	struct test_root t;

	test_root_init(&t);
	_cleanup_(fact_freep) struct fact *f = collect(t.dir);
	assert_int_equal(f->state, FACT_STATE_ABSENT);
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_cable),
		cmocka_unit_test(test_other_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
