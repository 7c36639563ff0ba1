/* SPDX-License-Identifier: ISC */
/* What the kernel tells in a network of the test's own, and what it is kept from telling. */
#include "namespace.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#include "daemon/source-netlink.h"

#define SOCKETS	  FACT_BIT(FACT_LISTENERS)
#define ADDRESSES (FACT_BIT(FACT_ADDRESSES) | FACT_BIT(FACT_SYSCTL))

/* In the place of the engine: what it is told. */
static struct told {
	uint64_t dirty;
	unsigned lost, changed, sources;
	const char *lossy;
} told;

void engine_dirty(struct engine *e, uint64_t mask, enum watch_urgency urgency, struct now now)
{
	told.dirty |= mask;
}

void engine_lost(struct engine *e, const char *source, uint64_t facts, struct now now)
{
	told.lost++;
	told.lossy = source;
	told.dirty |= facts;
}

void engine_source(struct engine *e, const struct engine_source *s)
{
	told.sources++;
	if (s->detail)
		fail_msg("%s: %s", s->name, s->detail);
}

static void on_changed(_unused_ void *arg)
{
	told.changed++;
}

static bool network(int arg)
{
	return namespace_enter(CLONE_NEWNET);
}

static void set_up(const char *name)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = {.ifr_flags = IFF_UP};

	(void)snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &r), 0);
}

/* Turns the loop until these are dirty, or for so long. Whether they are. */
static bool wait_for(struct event_base *base, uint64_t mask, unsigned msec)
{
	struct timeval tv = {.tv_sec = msec / 1000, .tv_usec = (suseconds_t)(msec % 1000) * 1000};
	uint64_t end = clock_usec(CLOCK_MONOTONIC) + msec * USEC_PER_MSEC;

	while ((told.dirty & mask) != mask && clock_usec(CLOCK_MONOTONIC) < end) {
		assert_int_equal(event_base_loopexit(base, &tv), 0);
		assert_true(event_base_loop(base, EVLOOP_ONCE) >= 0);
	}
	return (told.dirty & mask) == mask;
}

static int make(int type, unsigned port)
{
	struct sockaddr_in sa = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (port)
		assert_int_equal(bind(fd, (void *)&sa, sizeof(sa)), 0);
	if (port && type == SOCK_STREAM)
		assert_int_equal(listen(fd, 8), 0);
	return fd;
}

/* Whether a netlink socket of this network has lost something: the last column but one. */
static bool any_dropped(void)
{
	char line[256];
	unsigned drops, any = 0;
	FILE *f = fopen("/proc/self/net/netlink", "re");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*x %*d %*u %*x %*d %*d %*d %*d %u", &drops) == 1)
			any |= drops;
	}
	assert_int_equal(fclose(f), 0);
	return any;
}

/* Of the main table, and the rules of routing; of other tables nobody is woken. */
static void routes(struct event_base *base)
{
	static const struct {
		const char *command;
		bool told;
	} steps[] = {
		{"link add eth7 type veth peer name far7", false},
		{"link set eth7 addrgenmode none", false},
		{"link set far7 addrgenmode none", false},
		{"link set far7 up", false},
		{"link set eth7 up", false},
		{"route add default dev eth7", true},
		{"route add 192.0.2.0/24 dev eth7 table 1000", false},
		{"route add 192.0.2.0/24 dev eth7 table 70", false},
		{"route add local 192.0.2.1 dev eth7 table local", false},
		{"-6 route add 2001:db8::/32 dev eth7", true},
		{"-6 route add 2001:db8::/32 dev eth7 table 70", false},
		{"rule add from 192.0.2.0/24 table 70", true},
		{"-6 rule add from 2001:db8::/32 table 70", true},
		{"route add blackhole 198.51.100.0/24", true},
		{"route del default", true},
		{"route flush table 70", false},
	};
	char line[128];

	if (system("ip link show lo >/dev/null 2>&1") != 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		(void)snprintf(line, sizeof(line), "ip %s 2>/dev/null", steps[i].command);
		if (system(line) != 0)
			fail_msg("%s", line);
		/* Whether an interface brings routes with it is the kernel's matter. */
		if (strncmp(steps[i].command, "link", 4) == 0)
			(void)wait_for(base, FACT_BIT(FACT_FIREWALL), 100);
		else if (wait_for(base, FACT_BIT(FACT_FIREWALL), steps[i].told ? 5000 : 50) !=
			 steps[i].told)
			fail_msg("%s: %stold", line, steps[i].told ? "not " : "");
		told.dirty = 0;
	}
}

static void in_network(void **state)
{
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(7777),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct event_base *base = event_base_new();
	struct source_netlink *s = NULL;

	assert_int_equal(source_netlink_new(base, NULL, on_changed, NULL, &s), 0);
	assert_int_equal(told.sources, 4);
	set_up("lo");
	assert_true(wait_for(base, ADDRESSES, 5000));
	assert_false(told.dirty & SOCKETS);

	/* Rules change. Without nft nobody can change them here. */
	assert_false(told.dirty & FACT_BIT(FACT_FIREWALL));
	if (system("nft add table inet probe 2>/dev/null") == 0)
		assert_true(wait_for(base, FACT_BIT(FACT_FIREWALL), 5000));

	routes(base);

	/* A connection, and a client's datagram socket: nobody is woken. */
	int listener = make(SOCK_STREAM, 7777), client = make(SOCK_STREAM, 0);
	assert_int_equal(connect(client, (void *)&peer, sizeof(peer)), 0);
	int accepted = accept(listener, NULL, NULL);
	assert_true(accepted >= 0);
	int one = make(SOCK_DGRAM, 0);
	assert_int_equal(sendto(one, "", 1, 0, (void *)&peer, sizeof(peer)), 1);
	(void)close(one);
	(void)close(make(SOCK_DGRAM, 0));
	(void)close(accepted);
	(void)close(client);
	assert_false(wait_for(base, SOCKETS, 100));

	/* What waited. */
	(void)close(listener);
	assert_true(wait_for(base, SOCKETS, 5000));
	told.dirty = 0;
	(void)close(make(SOCK_DGRAM, 5353));
	assert_true(wait_for(base, SOCKETS, 5000));
	assert_true(told.changed >= 3);
	assert_int_equal(told.lost, 0);

	/* More than the queue holds, and after it as before. */
	for (unsigned i = 0; i < 100000 && !any_dropped(); i++) {
		for (int k = 0; k < 100; k++)
			(void)close(make(SOCK_DGRAM, 5353));
	}
	told.dirty = 0;
	assert_true(wait_for(base, SOCKETS, 5000));
	assert_int_equal(told.lost, 1);
	assert_string_equal(told.lossy, "sock_diag");
	while (told.dirty) {
		told.dirty = 0;
		(void)wait_for(base, SOCKETS, 100);
	}
	(void)close(make(SOCK_DGRAM, 5353));
	assert_true(wait_for(base, SOCKETS, 5000));
	source_netlink_free(s);
	source_netlink_free(NULL);
	event_base_free(base);
}

static void test_network(void **state)
{
	run_apart(network, 0, in_network);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
