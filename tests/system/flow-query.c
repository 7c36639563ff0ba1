/* SPDX-License-Identifier: ISC */
/*
 * Asks a rule set about single packets, for a referee that really sends them.
 *
 *     flow-query --host FILE [--nft FILE] [--save4 FILE] [--save6 FILE]
 *             [--legacy4 FILE] [--legacy6 FILE] [-v]
 *
 * FILE of --nft: what `nft -j list ruleset` prints; of --save4 and --save6,
 * iptables-nft-save and ip6tables-nft-save (behind --nft); of --legacy4 and
 * --legacy6, the legacy ones. FILE of --host: an object
 *
 *     {"addr": what `ip -d -j addr` prints, "forwarding": true, "route": what
 *      `ip -j route` prints, "route6": ..., "route_localnet": false}
 *
 * of which all but "addr" may be missing; or that array alone. "forwarding" is
 * one answer or two, [IPv4, IPv6]. Without "route" the routes are not known.
 *
 * Each line of standard input is a question,
 *
 *     in INTERFACE SADDR SPORT DADDR PROTOCOL DPORT
 *     out INTERFACE SADDR SPORT DADDR PROTOCOL DPORT
 *
 * (PROTOCOL a name or a number; of icmp, SPORT is the type and DPORT the code),
 * and gets one line: "arrive ADDR PORT", "forward ADDR PORT", "sent", "drop" or
 * "reject"; followed by " may RULE" where that is not certain, or by " chosen
 * RULE" where sender or time (a limit, a ttl) can bring about another end too.
 * An address or port that NAT picks out of a range is printed as "LO-HI".
 * With -v, what decided follows behind " # ".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "base/fsio.h"
#include "filter/flow.h"
#include "filter/read-nft.h"
#include "filter/read-save.h"

enum { FILE_MAX_SIZE = 256 << 20 };

static bool arg_verbose;

static int fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "flow-query: %s: %s\n", what, why);
	return 2;
}

static int read_text(const char *path, struct file *ret)
{
	struct root root;
	char full[4096];
	int r = root_open("/", &root);

	if (r < 0)
		return r;
	if (*path == '/')
		(void)snprintf(full, sizeof(full), "%s", path);
	else if (!getcwd(full, sizeof(full) / 2))
		return -errno;
	else
		(void)snprintf(full + strlen(full), sizeof(full) / 2, "/%s", path);
	r = root_read(&root, full, FILE_MAX_SIZE, ret);
	root_close(&root);
	return r;
}

struct host {
	struct flow_host flow;
	struct flow_interface *interfaces;
	struct flow_address *addresses;
	struct flow_route *routes;
	struct arena *arena;
};

static int parse_address(const char *s, int *ret_family, u128 *ret)
{
	unsigned char bytes[16];

	*ret_family = strchr(s, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(*ret_family, s, bytes) != 1)
		return -EINVAL;
	*ret = addrs_number(*ret_family, bytes);
	return 0;
}

static void add_interface(struct host *h, const json_t *link)
{
	const char *name = json_string_value(json_object_get(link, "ifname"));
	const char *kind = json_string_value(
		json_object_get(json_object_get(link, "linkinfo"), "info_kind"));
	const json_t *list = json_object_get(link, "addr_info");
	struct flow_interface *i = arena_grow(
		h->arena, &h->interfaces, h->flow.n_interfaces++, sizeof(*i));

	i->name = arena_strdup(h->arena, name ? name : "");
	i->bridge = kind && strcmp(kind, "bridge") == 0;
	for (size_t k = 0; k < json_array_size(list); k++) {
		const json_t *info = json_array_get(list, k);
		const char *local = json_string_value(json_object_get(info, "local"));
		struct flow_address a = {.interface = i->name};
		if (!local || parse_address(local, &a.family, &a.number) < 0)
			continue;
		a.bits = (unsigned)json_integer_value(json_object_get(info, "prefixlen"));
		struct flow_address *place = arena_grow(
			h->arena, &h->addresses, h->flow.n_addresses++, sizeof(*place));
		*place = a;
	}
}

static void add_routes(struct host *h, const json_t *list, const char *all)
{
	h->flow.routes_known = h->flow.routes_known || list;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *route = json_array_get(list, i);
		const char *to = json_string_value(json_object_get(route, "dst"));
		const char *dev = json_string_value(json_object_get(route, "dev"));
		const char *type = json_string_value(json_object_get(route, "type"));
		struct flow_route r = {0};
		if (!to || net_parse(strcmp(to, "default") == 0 ? all : to, &r.to) < 0)
			continue;
		r.interface = !dev || (type && strcmp(type, "unicast") != 0)
				      ? NULL
				      : arena_strdup(h->arena, dev);
		struct flow_route *place = arena_grow(
			h->arena, &h->routes, h->flow.n_routes++, sizeof(*place));
		*place = r;
	}
}

static int read_host(struct host *h, const char *path)
{
	_cleanup_file_ struct file file = {0};
	int r = read_text(path, &file);

	if (r < 0)
		return fail(path, strerror(-r));
	json_t *json = json_loadb(file.data, file.size, 0, NULL);
	const json_t *addr = json_is_array(json) ? json : json_object_get(json, "addr");
	const json_t *forwarding = json_object_get(json, "forwarding");
	if (!json_is_array(addr)) {
		json_decref(json);
		return fail(path, "not JSON with the answer of `ip -d -j addr`");
	}
	for (size_t i = 0; i < json_array_size(addr); i++)
		add_interface(h, json_array_get(addr, i));
	add_routes(h, json_object_get(json, "route"), "0.0.0.0/0");
	add_routes(h, json_object_get(json, "route6"), "::/0");
	for (unsigned i = 0; i < 2; i++)
		h->flow.forwards[i] = json_is_true(
			json_is_array(forwarding) ? json_array_get(forwarding, i) : forwarding);
	h->flow.route_localnet = json_is_true(json_object_get(json, "route_localnet"));
	h->flow.interfaces = h->interfaces;
	h->flow.addresses = h->addresses;
	h->flow.routes = h->routes;
	json_decref(json);
	return 0;
}

static const struct {
	const char *option;
	enum rule_family family;
	bool legacy;
} saves[] = {
	{"--save4", RULE_IP, false},
	{"--save6", RULE_IP6, false},
	{"--legacy4", RULE_IP, true},
	{"--legacy6", RULE_IP6, true},
};

static int read_rules(struct ruleset *rs, const char *option, const char *path)
{
	_cleanup_file_ struct file file = {0};
	int r = read_text(path, &file);
	const char *why = "not JSON";
	size_t offset = 0;
	unsigned line = 0;

	if (r < 0)
		return fail(path, strerror(-r));
	if (strcmp(option, "--nft") == 0) {
		r = nft_read(rs, file.data, file.size, &offset);
	} else {
		size_t i = 0;
		while (i < ARRAY_SIZE(saves) && strcmp(saves[i].option, option) != 0)
			i++;
		if (i == ARRAY_SIZE(saves))
			return fail(option, "unknown; see the head of the source");
		r = read_save(rs, saves[i].family, saves[i].legacy, file.data, &line, &why);
	}
	if (r < 0)
		(void)fprintf(stderr, "flow-query: %s: line %u, byte %zu: %s\n", path, line, offset,
			r == -EBADMSG ? why : strerror(-r));
	return r < 0 ? 2 : 0;
}

static int parse_protocol(const char *s, uint8_t *ret)
{
	const struct protoent *p = getprotobyname(s);

	*ret = (uint8_t)(p ? p->p_proto : atoi(s));
	return *ret > 0 ? 0 : -EINVAL;
}

/* One question; words as in the comment above. */
static int parse_query(char *words[static 7], struct flow_query *q, struct span *peer)
{
	unsigned long sport = strtoul(words[3], NULL, 10), dport = strtoul(words[6], NULL, 10);
	int families[2];
	u128 from, to;

	q->out = strcmp(words[0], "out") == 0;
	if ((!q->out && strcmp(words[0], "in") != 0) || sport > UINT16_MAX || dport > UINT16_MAX ||
		parse_address(words[2], &families[0], &from) < 0 ||
		parse_address(words[4], &families[1], &to) < 0 || families[0] != families[1] ||
		parse_protocol(words[5], &q->l4proto) < 0)
		return -EINVAL;
	q->family = families[0];
	q->interface = words[1];
	q->local = q->out ? from : to;
	peer->lo = peer->hi = q->out ? to : from;
	if (q->l4proto == IPPROTO_ICMP || q->l4proto == IPPROTO_ICMPV6) {
		q->icmp_type = (uint8_t)sport;
		q->icmp_code = (uint8_t)dport;
		return 0;
	}
	q->sports = (struct span){.lo = sport, .hi = sport};
	q->port = (uint16_t)dport;
	return 0;
}

static void print_where(const struct flow_part *p, int family)
{
	char text[2][INET6_ADDRSTRLEN];
	unsigned char bytes[16];
	u128 ends[2] = {p->address.lo, p->address.hi};

	for (unsigned i = 0; i < 2; i++) {
		addrs_bytes(family, ends[i], bytes);
		(void)inet_ntop(family, bytes, text[i], sizeof(text[i]));
	}
	(void)printf(" %s", text[0]);
	if (ends[0] != ends[1])
		(void)printf("-%s", text[1]);
	(void)printf(" %u", (unsigned)p->port.lo);
	if (p->port.lo != p->port.hi)
		(void)printf("-%u", (unsigned)p->port.hi);
}

static int answer(const struct ruleset *rs, const struct host *h, char *words[static 7])
{
	static const char *const names[] = {"arrive", "forward", "sent", "drop", "reject"};
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_flow_answer_ struct flow_answer found = {0};
	struct flow_query q = {.uid = FLOW_ANY_UID};
	struct span peer;
	struct addrs peers = {.v = &peer, .n = 1};

	q.peers = &peers;
	if (parse_query(words, &q, &peer) < 0)
		return -EINVAL;
	if (!a || flow_ask(rs, &h->flow, &q, &found) < 0)
		return -ENOMEM;
	/* Of one source from one port there is one part. */
	const struct flow_part *p = &found.v[0];
	if (found.n != 1)
		return -EBADMSG;
	(void)printf("%s", names[p->outcome]);
	if (p->outcome == FLOW_LOCAL || p->outcome == FLOW_FORWARD)
		print_where(p, q.family);
	if (p->may || p->chosen)
		(void)printf(" %s %s", p->may ? "may" : "chosen", p->why ? p->why : "");
	if (arg_verbose)
		(void)printf(" # %s", flow_part_reason(a, p));
	(void)putchar('\n');
	return fflush(stdout) == 0 ? 0 : -EIO;
}

static int serve(const struct ruleset *rs, const struct host *h)
{
	char line[1024], *words[8], *rest;

	while (fgets(line, sizeof(line), stdin)) {
		size_t n = 0;
		for (char *w = strtok_r(line, " \n", &rest); w && n < 8;
			w = strtok_r(NULL, " \n", &rest))
			words[n++] = w;
		int r = n == 7 ? answer(rs, h, words) : -EINVAL;
		if (r < 0)
			return fail(line, strerror(-r));
	}
	return 0;
}

int main(int argc, char *argv[])
{
	_cleanup_(ruleset_freep) struct ruleset *rs = ruleset_new();
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct host h = {.arena = arena};
	int r = rs && arena ? 0 : fail("memory", strerror(ENOMEM));

	for (int i = 1; r == 0 && i < argc; i++) {
		if (strcmp(argv[i], "-v") == 0)
			arg_verbose = true;
		else if (i + 1 == argc)
			r = fail(argv[i], "needs a file");
		else if (strcmp(argv[i], "--host") == 0)
			r = read_host(&h, argv[++i]);
		else
			r = read_rules(rs, argv[i], argv[i + 1]), i++;
	}
	if (r == 0 && ruleset_finish(rs) < 0)
		r = fail("memory", strerror(ENOMEM));
	return r == 0 ? serve(rs, &h) : r;
}
