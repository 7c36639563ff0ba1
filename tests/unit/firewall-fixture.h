/* SPDX-License-Identifier: ISC */
/*
 * The fact of a firewall from what iptables-save prints, on a machine with one
 * interface and an address of each kind.
 */
#pragma once

#include <arpa/inet.h>

#include "fact/firewall.h"
#include "fact/listeners.h"
#include "test.h"

#define FIXTURE_V4   ((u128)192 << 24 | 2 << 8 | 10)
#define FIXTURE_V6   ((u128)0x20010db8 << 96 | 0x10)
#define FIXTURE_LINK ((u128)0xfe80 << 112 | 0x10)
#define SAVE_POLICY(in, out) \
	"*filter\n:INPUT " in " [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT " out " [0:0]\n"
#define SAVE(rules) SAVE_POLICY("DROP", "ACCEPT") ESTABLISHED rules "COMMIT\n"
#define ESTABLISHED "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
#define TCP(port)   "-A INPUT -p tcp -m tcp --dport " port " -j ACCEPT\n"
#define FROM(net)   "-A INPUT -s " net " -j ACCEPT\n"

static const struct flow_interface fixture_interfaces[] = {{"lo", false}, {"eth0", false}};
static const struct flow_address fixture_addresses[] = {
	{"lo", AF_INET, (u128)127 << 24 | 1, 8},
	{"lo", AF_INET6, 1, 128},
	{"eth0", AF_INET, FIXTURE_V4, 24},
	{"eth0", AF_INET6, FIXTURE_V6, 64},
	{"eth0", AF_INET6, FIXTURE_LINK, 64},
};
static const struct flow_host fixture_host = {
	.interfaces = fixture_interfaces,
	.n_interfaces = ARRAY_SIZE(fixture_interfaces),
	.addresses = fixture_addresses,
	.n_addresses = ARRAY_SIZE(fixture_addresses),
	.forwards = {true, true},
};
/* The same without IPv6, and without any address. */
static const struct flow_host fixture_host_v4 = {
	.interfaces = fixture_interfaces,
	.n_interfaces = ARRAY_SIZE(fixture_interfaces),
	.addresses = fixture_addresses + 2,
	.n_addresses = 1,
};
static const struct flow_host fixture_host_none = {.interfaces = fixture_interfaces};

/* save4, save6: of iptables-nft-save and ip6tables-nft-save; NULL: no rules of the family. */
static inline struct fact *fixture_firewall(
	const struct flow_host *host, const char *save4, const char *save6)
{
	const struct firewall_texts texts = {.save = {save4, save6}};
	struct fact *f = fact_new(FACT_FIREWALL);
	struct ruleset *rules;
	const char *why = NULL;

	assert_non_null(f);
	if (firewall_parse(f->arena, &texts, &rules, &why) < 0)
		fail_msg("%s", why);
	assert_int_equal(firewall_complete(f, rules, host), 0);
	assert_int_equal(fact_seal(f), 0);
	return f;
}

/* "tcp 22", "udp6 53", "tcpd 80" (both families), "tcplo 25": sockets of the words. */
static inline struct fact *fixture_listeners(const char *words)
{
	struct fact *f = fact_new(FACT_LISTENERS);
	struct listeners *l = arena_alloc(f->arena, sizeof(*l));
	struct listener *v = NULL;
	char kind[16];
	unsigned port;

	for (int used; sscanf(words, " %15s %u%n", kind, &port, &used) == 2; words += used) {
		struct listener *x = arena_grow(f->arena, &v, l->n++, sizeof(*x));
		*x = (struct listener){
			.protocol = strncmp(kind, "tcp", 3) == 0 ? LISTENER_TCP : LISTENER_UDP,
			.family = kind[3] == '6' || kind[3] == 'd' ? AF_INET6 : AF_INET,
			.dual = kind[3] == 'd',
			.loopback = kind[3] == 'l',
			.port = (uint16_t)port,
			.text = arena_printf(f->arena, "%s %u", kind, port),
		};
	}
	l->v = v;
	f->u.listeners = l;
	return f;
}
