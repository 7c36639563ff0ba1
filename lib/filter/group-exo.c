/* SPDX-License-Identifier: ISC */
/* The output of `exo compute security-group show GROUP -O json`. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "filter/group-read.h"

/* "SG:web", "PUBLIC-SG:public-health": how exo names another group. */
static const char *exo_group(const char *text)
{
	static const char *const marks[] = {"SG:", "PUBLIC-SG:"};

	for (size_t i = 0; text && i < ARRAY_SIZE(marks); i++) {
		if (strncmp(text, marks[i], strlen(marks[i])) == 0)
			return text + strlen(marks[i]);
	}
	return text;
}

/*
 * exo leaves out what is zero or not said: without ports a rule is for all of
 * them, and without a type for all of ICMP's (its version 1.78 never tells one).
 */
static int read_exo_rule(
	struct group_reading *rd, const json_t *object, size_t number, struct group_rule *x)
{
	const char *protocol = NULL, *net = NULL, *min = NULL, *max = NULL;
	size_t owner = x->owner;
	bool egress = x->egress;
	int r = group_begin_rule(rd, object, number, x);

	x->owner = owner;
	x->egress = egress;
	if (r == 0 && !group_key(object, "protocol"))
		return group_fault(rd, "\"protocol\" is missing");
	if (r == 0)
		r = group_text(rd, group_key(object, "protocol"), "protocol", &protocol);
	if (r == 0)
		r = group_text(rd, group_key(object, "network"), "network", &net);
	if (r == 0)
		r = group_text(
			rd, group_key(object, "securitygroup"), "security_group", &x->remote);
	x->remote = exo_group(x->remote);
	if (r == 0 && !net && !x->remote)
		return group_fault(rd, "names neither network nor security_group");
	if (r == 0 && !x->remote)
		r = group_set_net(rd, net, x);
	if (r == 0)
		r = group_set_protocol(rd, protocol, x);
	if (r == 0 && group_is_icmp(x))
		x->family = x->l4proto == IPPROTO_ICMP ? AF_INET : AF_INET6;
	if (r == 0)
		r = group_text(rd, group_key(object, group_is_icmp(x) ? "icmptype" : "startport"),
			"port", &min);
	if (r == 0)
		r = group_text(rd, group_key(object, group_is_icmp(x) ? "icmpcode" : "endport"),
			"port", &max);
	if (r == 0 && group_is_icmp(x) && !min)
		max = NULL;
	return r == 0 ? group_set_bounds(rd, min, max, x) : r;
}

static int read_exo_sources(struct group_reading *rd, const json_t *array, struct group *group)
{
	const char *text = NULL;
	size_t i;
	json_t *value;

	json_array_foreach ((json_t *)array, i, value) {
		struct net net;
		int r = group_text(rd, value, "external_sources", &text);
		if (r < 0)
			return r;
		if (!text || net_parse(text, &net) == -EINVAL)
			return group_fault(
				rd, "external source \"%s\" is no network", text ? text : "null");
		struct net *place = arena_grow(
			rd->a, &group->sources, group->n_sources, sizeof(*place));
		if (!place)
			return -ENOMEM;
		*place = net;
		group->n_sources++;
	}
	return 0;
}

static int read_exo_rules(struct group_reading *rd, const json_t *array, size_t owner, bool egress)
{
	size_t i;
	json_t *value;

	if (!json_is_array(array))
		return group_fault(rd, "\"%s\" is missing or no list: export with `-O json`",
			egress ? "egress_rules" : "ingress_rules");
	json_array_foreach ((json_t *)array, i, value) {
		struct group_rule x = {.owner = owner, .egress = egress};
		int r = read_exo_rule(rd, value, i + 1, &x);
		if (r == 0)
			r = group_add_rule(rd, &x);
		if (r < 0)
			return r;
	}
	return 0;
}

int group_read_exo(struct group_reading *rd, const json_t *object)
{
	size_t owner;
	int r = group_named(rd, object, &owner);

	if (r < 0)
		return r;
	rd->g->v[owner].exoscale = rd->g->v[owner].described = true;
	r = read_exo_sources(rd, group_key(object, "externalsources"), &rd->g->v[owner]);
	if (r == 0)
		r = read_exo_rules(rd, group_key(object, "ingressrules"), owner, false);
	if (r == 0)
		r = read_exo_rules(rd, group_key(object, "egressrules"), owner, true);
	return r;
}
