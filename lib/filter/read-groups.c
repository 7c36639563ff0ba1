/* SPDX-License-Identifier: ISC */
#include "filter/read-groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "filter/group-read.h"

/* The same of a key that must be there, as text or null. */
static int need_text(struct group_reading *rd, const json_t *object, const char *const keys[2],
	const char *shown, const char **ret)
{
	const json_t *value = group_either(object, keys[0], keys[1]);

	if (!value)
		return group_fault(rd,
			"\"%s\" is missing: export all columns (`openstack security group rule "
			"list --long -f json`)",
			shown);
	return group_text(rd, value, shown, ret);
}

#define KEYS(...) ((const char *const[2]){__VA_ARGS__})

/* "22:80", "type=8:code=0", "type=8", "": as `rule list` shows it. */
static int read_port_range(struct group_reading *rd, const char *text, struct group_rule *x)
{
	static const char type[] = "type=", code[] = "code=";
	const char *colon = text ? strchr(text, ':') : NULL;
	const char *min = NULL, *max = colon ? colon + 1 : NULL;

	if (text && (!colon || colon > text)) {
		min = arena_strndup(rd->a, text, strcspn(text, ":"));
		if (!min)
			return -ENOMEM;
	}
	if (min && strncmp(min, type, strlen(type)) == 0)
		min += strlen(type);
	if (max && strncmp(max, code, strlen(code)) == 0)
		max += strlen(code);
	return group_set_bounds(rd, min, max, x);
}

static int read_direction(struct group_reading *rd, const json_t *object, struct group_rule *x)
{
	const char *text = NULL;
	int r = need_text(rd, object, KEYS("direction", "flowdirection"), "Direction", &text);

	if (r < 0)
		return r;
	if (!text || (strcmp(text, "ingress") != 0 && strcmp(text, "egress") != 0))
		return group_fault(
			rd, "direction \"%s\": expected ingress or egress", text ? text : "null");
	x->egress = *text == 'e';
	return 0;
}

static int read_ethertype(struct group_reading *rd, const json_t *object, struct group_rule *x)
{
	const char *text = NULL;
	int r = need_text(rd, object, KEYS("ethertype", "ethertype"), "Ethertype", &text);

	if (r < 0)
		return r;
	if (text && group_is_key(text, "ipv4"))
		x->family = AF_INET;
	else if (text && group_is_key(text, "ipv6"))
		x->family = AF_INET6;
	else
		return group_fault(
			rd, "ethertype \"%s\": expected IPv4 or IPv6", text ? text : "null");
	return 0;
}

static int read_bounds(struct group_reading *rd, const json_t *object, struct group_rule *x)
{
	const json_t *range = group_key(object, "portrange");
	const char *min = NULL, *max = NULL;
	int r = 0;

	if (range) {
		r = group_text(rd, range, "Port Range", &min);
		return r == 0 ? read_port_range(rd, min, x) : r;
	}
	r = need_text(rd, object, KEYS("portrangemin", "portrangemin"), "Port Range", &min);
	if (r == 0)
		r = need_text(
			rd, object, KEYS("portrangemax", "portrangemax"), "port_range_max", &max);
	return r == 0 ? group_set_bounds(rd, min, max, x) : r;
}

/*
 * A group or an address group at the other end goes before the prefix, which
 * newer clients fill with "anywhere" where there is none.
 */
static int read_remote(struct group_reading *rd, const json_t *object, struct group_rule *x)
{
	const char *net = NULL, *addresses = NULL;
	int r = need_text(rd, object, KEYS("remotesecuritygroup", "remotegroupid"),
		"Remote Security Group", &x->remote);

	if (r == 0) /* clients before 2021 know no such groups */
		r = group_text(rd,
			group_either(object, "remoteaddressgroup", "remoteaddressgroupid"),
			"Remote Address Group", &addresses);
	if (r == 0 && !x->remote)
		x->remote = addresses;
	if (r == 0)
		r = need_text(rd, object, KEYS("iprange", "remoteipprefix"), "IP Range", &net);
	return r == 0 && !x->remote ? group_set_net(rd, net, x) : r;
}

/* A rule of OpenStack, of a list or of a group; owner: the group, or -1 when the rule tells it. */
static int read_rule(struct group_reading *rd, const json_t *object, size_t number, ssize_t owner)
{
	struct group_rule x;
	const char *protocol = NULL, *group = NULL;
	int r = group_begin_rule(rd, object, number, &x);

	if (r == 0)
		r = read_direction(rd, object, &x);
	if (r == 0)
		r = read_ethertype(rd, object, &x);
	if (r == 0)
		r = need_text(rd, object, KEYS("ipprotocol", "protocol"), "IP Protocol", &protocol);
	if (r == 0)
		r = group_set_protocol(rd, protocol, &x);
	if (r == 0)
		r = read_bounds(rd, object, &x);
	if (r == 0)
		r = read_remote(rd, object, &x);
	if (r == 0 && owner < 0)
		r = group_text(rd, group_either(object, "securitygroup", "securitygroupid"),
			"Security Group", &group);
	if (r < 0)
		return r;
	x.owner = (size_t)MAX(owner, 0);
	if (owner < 0 && group)
		r = group_add(rd, group, NULL, &x.owner);
	else if (owner < 0) { /* `rule list GROUP` does not repeat its name */
		const char *base = text_base_name(rd->path);
		size_t n = strlen(base) - (text_ends_with(base, ".json") ? strlen(".json") : 0);
		group = text_escape(rd->a, base, n, GROUP_TEXT_MAX);
		r = group ? group_add(rd, NULL, group, &x.owner) : -ENOMEM;
	}
	return r == 0 ? group_add_rule(rd, &x) : r;
}

/* ---- forms ---- */

static int read_rules(struct group_reading *rd, const json_t *array, ssize_t owner)
{
	size_t i;
	json_t *value;

	json_array_foreach ((json_t *)array, i, value) {
		int r = read_rule(rd, value, i + 1, owner);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_shown_group(struct group_reading *rd, const json_t *object, const json_t *rules)
{
	size_t owner;

	if (!json_is_array(rules))
		return group_fault(rd,
			"its rules are no list of objects, as old clients write them: "
			"export with `openstack security group rule list GROUP --long "
			"-f json`");
	int r = group_named(rd, object, &owner);
	if (r < 0)
		return r;
	rd->g->v[owner].described = true;
	return read_rules(rd, rules, (ssize_t)owner);
}

/* One group, one rule, or one name: by its keys. number: its place in a list, from 1. */
static int read_object(struct group_reading *rd, const json_t *object, size_t number)
{
	const json_t *rules = group_either(object, "rules", "securitygrouprules");
	size_t place;

	rd->what = NULL;
	if (group_key(object, "ingressrules") || group_key(object, "egressrules"))
		return group_read_exo(rd, object);
	if (rules)
		return read_shown_group(rd, object, rules);
	if (group_either(object, "ipprotocol", "protocol") || group_key(object, "direction"))
		return read_rule(rd, object, number, -1);
	if (group_key(object, "id") && group_key(object, "name"))
		return group_named(rd, object, &place);
	return group_fault(rd,
		"entry %zu is neither a rule nor a group: expected the output of "
		"`openstack security group rule list --long -f json` or of `exo compute "
		"security-group show GROUP -O json`",
		number);
}

static int read_list(struct group_reading *rd, const json_t *array)
{
	size_t i;
	json_t *value;

	if (json_array_size(array) == 0)
		return group_fault(rd, "an empty list: no rule and no group was exported (another "
				       "project, or no right to see them?)");
	json_array_foreach ((json_t *)array, i, value) {
		int r = json_is_object(value)
				? read_object(rd, value, i + 1)
				: group_fault(rd, "entry %zu is not an object", i + 1);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_top(struct group_reading *rd, const json_t *json)
{
	const json_t *groups = group_key(json, "securitygroups");

	if (json_is_array(json))
		return read_list(rd, json);
	if (json_is_array(groups))
		return read_list(rd, groups);
	if (group_key(json, "securitygrouprules") && !group_key(json, "id"))
		return read_list(rd, group_key(json, "securitygrouprules"));
	return read_object(rd, json, 1);
}

int groups_read(struct groups *g, const char *path, const char *json, size_t size,
	unsigned *ret_line, const char **ret_why)
{
	const size_t n = g->n, n_rules = g->n_rules;
	struct group_reading rd = {.g = g, .a = g->arena, .first = n};
	json_error_t error;
	int r;

	rd.path = arena_strdup(g->arena, path);
	if (!rd.path)
		return -ENOMEM;
	json_t *top = json_loadb(json, size, JSON_REJECT_DUPLICATES, &error);
	bool parsed = top;
	if (!parsed && json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	r = parsed ? read_top(&rd, top)
		   : group_fault(&rd, "no JSON: %s", text_clean(rd.a, error.text));
	json_decref(top);
	if (r < 0) {
		g->n = n;
		g->n_rules = n_rules;
	}
	if (r == -EBADMSG) {
		*ret_line = parsed ? 0 : (unsigned)MAX(error.line, 0);
		*ret_why = rd.why;
	}
	return r;
}
