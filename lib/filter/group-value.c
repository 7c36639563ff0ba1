/* SPDX-License-Identifier: ISC */
/* Values of an export of security groups. */
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "filter/group-read.h"

/* Says why the export is refused. -EBADMSG or -ENOMEM. */
int group_fault(struct group_reading *rd, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *text = arena_vprintf(rd->a, fmt, ap);
	va_end(ap);
	rd->why = text ? arena_printf(rd->a, "%s%s%s", rd->what ? rd->what : "",
				 rd->what ? ": " : "", text)
		       : NULL;
	return rd->why ? -EBADMSG : -ENOMEM;
}

/* Whether the key is this one, whatever its capitals, blanks and underscores. */
bool group_is_key(const char *key, const char *want)
{
	for (; *key; key++) {
		if (!isalnum((unsigned char)*key))
			continue;
		if (tolower((unsigned char)*key) != *want)
			return false;
		want++;
	}
	return !*want;
}

const json_t *group_key(const json_t *object, const char *want)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)object, key, value) {
		if (group_is_key(key, want))
			return value;
	}
	return NULL;
}

/* The value of the key, or of its other name, as clients' versions have it; NULL: neither. */
const json_t *group_either(const json_t *object, const char *want, const char *other)
{
	const json_t *value = group_key(object, want);

	return value ? value : group_key(object, other);
}

/*
 * A text of the export, in the arena: NULL where it is null, empty or "None",
 * which clients write for nothing. A number is its digits. 0, -EBADMSG, -ENOMEM.
 */
int group_text(struct group_reading *rd, const json_t *value, const char *key, const char **ret)
{
	const char *text = json_string_value(value);

	if (!value || json_is_null(value) || (text && (!*text || strcmp(text, "None") == 0))) {
		*ret = NULL;
		return 0;
	}
	if (!text && !json_is_integer(value))
		return group_fault(rd, "%s is neither a text nor a number", key);
	*ret = text ? text_escape(rd->a, text, strlen(text), GROUP_TEXT_MAX)
		    : arena_printf(rd->a, "%lld", (long long)json_integer_value(value));
	return *ret ? 0 : -ENOMEM;
}

/* A whole number of these digits, at most max; -1 when it is none. */
static int number(const char *s, size_t n, int max)
{
	int value = 0;

	for (size_t i = 0; i < n; i++) {
		if (!is_digit(s[i]) || value > max)
			return -1;
		value = value * 10 + s[i] - '0';
	}
	return n > 0 && value <= max ? value : -1;
}

/* ---- groups ---- */

/* The place of the group of this file, made when it is not there. 0, -EBADMSG, -ENOMEM. */
int group_add(struct group_reading *rd, const char *id, const char *name, size_t *ret)
{
	struct groups *g = rd->g;

	for (size_t i = rd->first; i < g->n; i++) {
		const char *a = id ? g->v[i].id : g->v[i].name, *b = id ? id : name;
		if (a && strcmp(a, b) == 0) {
			*ret = i;
			return 0;
		}
	}
	if (g->n == GROUPS_MAX)
		return group_fault(rd, "more than %d groups", GROUPS_MAX);
	struct group *x = arena_grow(g->arena, &g->v, g->n, sizeof(*x));
	if (!x)
		return -ENOMEM;
	*x = (struct group){.id = id, .name = name, .path = rd->path};
	*ret = g->n++;
	return 0;
}

/* "id" and "name" of an object that describes a group. */
int group_named(struct group_reading *rd, const json_t *object, size_t *ret)
{
	const char *id = NULL, *name = NULL;
	int r = group_text(rd, group_key(object, "id"), "id", &id);

	if (r == 0)
		r = group_text(rd, group_key(object, "name"), "name", &name);
	if (r == 0 && !id && !name)
		r = group_fault(rd, "a group with neither id nor name");
	return r == 0 ? group_add(rd, id, name, ret) : r;
}

/* ---- rules ---- */

static const struct {
	const char *name;
	int l4proto;
} protocols[] = {
	{"ah", 51},
	{"all", GROUP_ANY},
	{"any", GROUP_ANY},
	{"dccp", 33},
	{"egp", 8},
	{"esp", 50},
	{"gre", 47},
	{"icmp", IPPROTO_ICMP},
	{"icmpv6", IPPROTO_ICMPV6},
	{"igmp", 2},
	{"ip", GROUP_ANY},
	{"ipip", 4},
	{"ipv6-encap", 41},
	{"ipv6-frag", 44},
	{"ipv6-icmp", IPPROTO_ICMPV6},
	{"ipv6-nonxt", 59},
	{"ipv6-opts", 60},
	{"ipv6-route", 43},
	{"ospf", 89},
	{"pgm", 113},
	{"rsvp", 46},
	{"sctp", 132},
	{"tcp", IPPROTO_TCP},
	{"udp", IPPROTO_UDP},
	{"udplite", 136},
	{"vrrp", 112},
};

int group_set_protocol(struct group_reading *rd, const char *text, struct group_rule *x)
{
	x->l4proto = text ? number(text, strlen(text), UINT8_MAX) : GROUP_ANY;
	bool known = !text || x->l4proto >= 0;
	for (size_t i = 0; !known && i < ARRAY_SIZE(protocols); i++) {
		if (!group_is_key(text, protocols[i].name) && strcmp(text, protocols[i].name) != 0)
			continue;
		x->l4proto = protocols[i].l4proto;
		known = true;
		break;
	}
	if (!known)
		return group_fault(rd, "protocol \"%s\" is not known", text);
	/* OpenStack takes icmp for IPv6 as well, and means ICMPv6. */
	if (x->l4proto == IPPROTO_ICMP && x->family == AF_INET6)
		x->l4proto = IPPROTO_ICMPV6;
	return 0;
}

bool group_is_icmp(const struct group_rule *x)
{
	return x->l4proto == IPPROTO_ICMP || x->l4proto == IPPROTO_ICMPV6;
}

static bool has_ports(const struct group_rule *x)
{
	static const int with[] = {IPPROTO_TCP, IPPROTO_UDP, 33, 132, 136};

	for (size_t i = 0; i < ARRAY_SIZE(with); i++) {
		if (x->l4proto == with[i])
			return true;
	}
	return false;
}

/* Two bounds as the network API has them: ports, or type and code of ICMP; NULL: any. */
int group_set_bounds(
	struct group_reading *rd, const char *min, const char *max, struct group_rule *x)
{
	int top = group_is_icmp(x) ? UINT8_MAX : UINT16_MAX;
	int lo = min ? number(min, strlen(min), top) : GROUP_ANY;
	int hi = max ? number(max, strlen(max), top) : GROUP_ANY;

	if ((min && lo < 0 && strcmp(min, "-1") != 0) || (max && hi < 0 && strcmp(max, "-1") != 0))
		return group_fault(rd, "ports from \"%s\" to \"%s\": expected numbers up to %d",
			min ? min : "null", max ? max : "null", top);
	if (group_is_icmp(x)) {
		x->icmp_type = lo;
		x->icmp_code = hi;
		return 0;
	}
	if (!has_ports(x) || (lo < 0 && hi < 0))
		return 0;
	lo = lo < 0 ? hi : lo;
	hi = hi < 0 ? lo : hi;
	if (lo > hi)
		return group_fault(rd, "ports from %d to %d: the first is the larger one", lo, hi);
	x->ports = (struct span){(u128)lo, (u128)hi};
	return 0;
}

/* From where or where to. Without a prefix: every address of the family. */
int group_set_net(struct group_reading *rd, const char *text, struct group_rule *x)
{
	if (!text) {
		if (x->family == AF_UNSPEC)
			return group_fault(rd, "neither a network nor an address family");
		x->net = net_everything(x->family);
		return 0;
	}
	if (net_parse(text, &x->net) == -EINVAL)
		return group_fault(
			rd, "\"%s\" is no network: expected 192.0.2.0/24 or 2001:db8::/32", text);
	if (x->family != AF_UNSPEC && x->family != x->net.family)
		return group_fault(rd, "\"%s\" is not of the rule's address family", text);
	x->family = x->net.family;
	return 0;
}

int group_add_rule(struct group_reading *rd, const struct group_rule *rule)
{
	struct groups *g = rd->g;

	if (g->n_rules == GROUP_RULES_MAX)
		return group_fault(rd, "more than %d rules", GROUP_RULES_MAX);
	struct group_rule *x = arena_grow(g->arena, &g->rules, g->n_rules, sizeof(*x));
	if (!x)
		return -ENOMEM;
	*x = *rule;
	x->path = rd->path;
	g->n_rules++;
	g->v[x->owner].described = true;
	return 0;
}

/* The id of a rule, by which errors name it from then on; number: its place, from 1. */
int group_begin_rule(
	struct group_reading *rd, const json_t *object, size_t number, struct group_rule *x)
{
	*x = (struct group_rule){.l4proto = GROUP_ANY,
		.ports = {0, UINT16_MAX},
		.icmp_type = GROUP_ANY,
		.icmp_code = GROUP_ANY};
	rd->what = arena_printf(rd->a, "rule %zu", number);
	if (!rd->what)
		return -ENOMEM;
	if (!json_is_object(object))
		return group_fault(rd, "not an object");
	int r = group_text(rd, group_key(object, "id"), "id", &x->id);
	if (r == 0 && !x->id)
		return group_fault(rd, "\"id\" is missing");
	if (r == 0)
		rd->what = arena_printf(rd->a, "rule %s", x->id);
	return r < 0 ? r : rd->what ? 0 : -ENOMEM;
}
