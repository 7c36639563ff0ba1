/* SPDX-License-Identifier: ISC */
/* Who can reach each socket of this machine, by which rule, and what the policy says of it. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "check/group-passes.h"
#include "exposure.h"
#include "fact/security-groups.h"
#include "filter/through.h"

/* Whose findings are told beside a socket. */
static const char *const checks[] = {"listener-allowlist", "listener-private-service",
	"mail-server", "ssh-exposure", "ssh-port"};

static const char *family_name(const struct survey_way *way)
{
	return way->family == AF_INET ? "IPv4" : "IPv6";
}

json_t *exposure_way(const struct exposure *x, const struct survey_way *way)
{
	return json_pack("{s:s, s:s, s:s}", "interface", way->interface, "family", family_name(way),
		"address", survey_address_text(x->arena, way->family, way->address));
}

/* ---- the cloud's security groups ---- */

int exposure_groups(const struct exposure *x, const struct survey_way *way,
	const struct addrs *peers, const struct flow_query *ask, json_t *j)
{
	_cleanup_flow_answer_ struct flow_answer answer = {0};
	struct flow_query q = *ask;
	json_auto_t *list = json_array();

	if (!x->groups)
		return 0;
	q.family = way->family;
	q.interface = way->interface;
	q.local = way->address;
	q.peers = peers;
	if (!list || through_group(x->groups, &q, &answer) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < answer.n; i++) {
		const struct flow_part *p = &answer.v[i];
		if (!flow_arrives(p->outcome))
			continue;
		const char *from = survey_peers_text(x->arena, way, &p->peers);
		const char *by = flow_part_reason(x->arena, p);
		if (!from || !by ||
			json_array_append_new(
				list, json_pack("{s:s, s:b, s:s}", "from", from, "certain",
					      !p->may && !x->guess, "by", by)) < 0)
			return -ENOMEM;
	}
	return json_object_set(j, "groups", list) < 0 ? -ENOMEM : 0;
}

/* ---- from everybody ---- */

int exposure_add_target(const struct exposure *x, const struct opening *o, json_t *j)
{
	const char *to = survey_address_text(x->arena, o->way->family, o->address.lo);

	return to ? json_object_update_new(
			    j, json_pack("{s:s, s:s, s:i}", "asked",
				       survey_ports_text(x->arena, o->protocol, o->lo, o->hi), "to",
				       to, "to_port", (int)o->port.lo))
		  : -ENOMEM;
}

/* port: of those of the opening the one that is asked for. */
static json_t *opening_json(const struct exposure *x, const struct opening *o, uint16_t port)
{
	const struct flow_query ask = {
		.l4proto = survey_l4proto(o->protocol), .port = port, .uid = FLOW_ANY_UID};
	json_t *j = exposure_way(x, o->way);
	const char *from = survey_peers_text(x->arena, o->way, &o->peers);

	if (!j || !from ||
		json_object_update_new(j,
			json_pack("{s:s, s:b, s:s, s:s*}", "from", from, "certain", !o->may, "by",
				o->rule ? o->rule->text : o->reason, "doubt", o->doubt)) < 0 ||
		(o->translated && exposure_add_target(x, o, j) < 0) ||
		exposure_groups(x, o->way, &o->peers, &ask, j) < 0) {
		json_decref(j);
		return NULL;
	}
	return j;
}

static int add_openings(const struct exposure *x, const struct listener *l, json_t *ways)
{
	const struct openings *all = &x->firewall->openings;

	for (size_t i = 0; i < all->n; i++) {
		const struct opening *o = &all->v[i];
		if (reach_leads_to(x->firewall, o, l) &&
			json_array_append_new(
				ways, opening_json(x, o, o->translated ? o->lo : l->port)) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* ---- both ---- */

static int said_compare(const void *a, const void *b)
{
	return strcmp(((const struct said *)a)->evidence->subject,
		((const struct said *)b)->evidence->subject);
}

/* All that the checks say of sockets, by socket: there may be thousands of both. */
static int gather(struct exposure *x)
{
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		const struct check *c = check_find(checks[i]);
		const struct verdict *v = x->judge->verdicts[check_index(c)];
		for (size_t k = 0; v && k < v->n_evidence; k++) {
			if (!v->evidence[k].subject)
				continue;
			struct said *s = arena_grow(x->arena, &x->said, x->n_said, sizeof(*s));
			if (!s)
				return -ENOMEM;
			*s = (struct said){c, &v->evidence[k]};
			x->n_said++;
		}
	}
	if (x->n_said > 1)
		qsort(x->said, x->n_said, sizeof(*x->said), said_compare);
	return 0;
}

static int add_policy(const struct exposure *x, const struct listener *l, json_t *list)
{
	const char *subject = arena_printf(x->arena, "listener %s", l->text);
	size_t low = 0, high = x->n_said;

	while (subject && low < high) {
		size_t mid = low + (high - low) / 2;
		if (strcmp(x->said[mid].evidence->subject, subject) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; subject && low < x->n_said; low++) {
		const struct said *s = &x->said[low];
		const struct evidence *e = s->evidence;
		if (strcmp(e->subject, subject) != 0)
			break;
		if (json_array_append_new(list,
			    json_pack("{s:s, s:s, s:s, s:b}", "check", s->check->id, "result",
				    result_name(e->result), "expected",
				    e->expected ? e->expected : "", "waived", e->waiver != NULL)) <
			0)
			return -ENOMEM;
	}
	return subject ? 0 : -ENOMEM;
}

static json_t *listener_json(const struct exposure *x, const struct listener *l)
{
	const struct listener_program *p = l->program;
	const struct reach reach = reach_of(x->arena, &x->judge->facts, x->policy, l);
	json_auto_t *ways = json_array(), *policy = json_array();
	bool asked = l->protocol == LISTENER_TCP || l->protocol == LISTENER_UDP;
	int r = ways && policy ? add_policy(x, l, policy) : -ENOMEM;

	if (r == 0 && asked)
		r = x->from ? from_ways(x, l, ways) : add_openings(x, l, ways);
	if (r < 0)
		return NULL;
	const char *no_way = x->from && json_array_size(ways) == 0 ? from_no_way(x, l) : NULL;
	return json_pack(
		"{s:s, s:s, s:i, s:b, s:s, s:s, s:s, s:s*, s:s*, s:s*, s:s*, s:O, s:s*, s:O}",
		"listener", l->text, "protocol", listener_protocol_name(l->protocol), "port",
		(int)l->port, "passing", l->passing, "reach", reach_kind_name(reach.kind), "why",
		reach.by, "who", listener_who(x->arena, l), "process", p ? p->command : NULL, "exe",
		p ? p->exe : NULL, "unit", l->unit, "package", p ? p->package : NULL, "ways", ways,
		"no_way", no_way, "policy", policy);
}

/* Loopback sockets only where the packet filter leads others to them. */
static bool is_shown(const struct exposure *x, const struct listener *l)
{
	const struct openings *all = &x->firewall->openings;

	for (size_t i = 0; l->loopback && i < all->n; i++) {
		if (reach_leads_to(x->firewall, &all->v[i], l))
			return true;
	}
	return !l->loopback && !(l->protocol == LISTENER_RAW && l->passing);
}

static json_t *listeners_json(const struct exposure *x)
{
	const struct listeners *l = factset_get(&x->judge->facts, FACT_LISTENERS)->u.listeners;
	json_auto_t *list = json_array();

	for (size_t i = 0; i < l->n; i++) {
		if (is_shown(x, &l->v[i]) &&
			json_array_append_new(list, listener_json(x, &l->v[i])) < 0)
			return NULL;
	}
	return json_incref(list);
}

static json_t *forwards_json(const struct exposure *x)
{
	const struct openings *all = &x->firewall->openings;
	json_auto_t *list = json_array();

	for (size_t i = 0; i < all->n; i++) {
		const struct opening *o = &all->v[i];
		if (o->outcome == FLOW_FORWARD &&
			json_array_append_new(list, opening_json(x, o, o->lo)) < 0)
			return NULL;
	}
	return json_incref(list);
}

/* ---- the verb ---- */

/* That it could be read at all. */
static int check_fact(const struct judge *judge, enum fact_id id, const char *what)
{
	const struct fact *f = factset_get(&judge->facts, id);

	if (f && f->state == FACT_STATE_OK)
		return CTL_OK;
	return ctl_error("cannot tell %s: %s", what, f ? f->reason : "not read");
}

/*
 * The rules of the exports, when all of these could be read. Sets *ret_note: what
 * is known of the groups. 0 or -ENOMEM.
 */
static int read_groups(struct exposure *x, const char **ret_note)
{
	const struct fact *f = factset_get(&x->judge->facts, FACT_SECURITY_GROUPS);
	const struct security_groups *s = f && f->state == FACT_STATE_OK ? f->u.security_groups
									 : NULL;
	struct groups_choice choice;
	size_t n = 0;

	*ret_note = "This machine's own packet filter; the cloud's security groups may stop more.";
	if (!s || s->n_exports == 0)
		return 0;
	for (size_t i = 0; i < s->n_exports; i++) {
		if (!s->exports[i].fault)
			continue;
		*ret_note = "The packet filter alone: see hardenctl scan security-group, an "
			    "export could not be read.";
		return 0;
	}
	int r = group_choose(x->arena, x->policy, &s->groups, &choice);
	for (size_t i = 0; r == 0 && i < s->groups.n; i++)
		n += choice.chosen[i];
	if (r < 0 || n == 0)
		return r;
	x->guess = n > 1 && !*policy_list(x->policy, "security-group", "groups");
	*ret_note = x->guess ? "Which security groups this machine is in is not known: set groups "
			       "in [security-group]."
			     : "Reachable is what passes both, security groups and packet filter.";
	return groups_ruleset(&s->groups, &choice, &x->groups);
}

static int show(struct ctl *ctl, struct exposure *x)
{
	const char *note = NULL;
	json_auto_t *listeners = NULL, *forwards = NULL;
	int r = check_fact(x->judge, FACT_LISTENERS, "which sockets there are");

	if (r == CTL_OK)
		r = check_fact(x->judge, FACT_FIREWALL, "what the packet filter lets through");
	if (r != CTL_OK)
		return r;
	x->firewall = factset_get(&x->judge->facts, FACT_FIREWALL)->u.firewall;
	const char *fault = x->from ? from_fault(x) : NULL;
	if (fault)
		return ctl_error("--from %s: %s", x->from, fault);
	if (x->firewall->openings.cut)
		fprintf(stderr, "hardenctl: too many rules and ports to follow all: %s\n",
			x->from ? "not told is what becomes of ports that are sent on"
				: "use --from ADDRESS");
	if (read_groups(x, &note) < 0)
		return ctl_oom();
	listeners = gather(x) == 0 ? listeners_json(x) : NULL;
	if (listeners)
		forwards = x->from ? from_forwards(x) : forwards_json(x);
	json_auto_t *o = forwards ? json_pack("{s:i, s:s*, s:O, s:O, s:s}", "schema", 1, "from",
					    ctl->from, "listeners", listeners, "forwards", forwards,
					    "note", note)
				  : NULL;
	if (!o || arena_failed(x->arena))
		return ctl_oom();
	return ctl->json ? ctl_put_json(ctl, json_incref(o)) : exposure_put(ctl, x->arena, o);
}

int verb_exposure(struct ctl *ctl)
{
	_cleanup_(root_close) struct root root = {.fd = -1};
	_cleanup_(policy_freep) struct policy *policy = NULL;
	_cleanup_(judge_fini) struct judge judge = {0};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct exposure x = {.judge = &judge, .arena = arena, .from = ctl->from};
	uint64_t facts = REACH_FACTS;
	struct timespec ts = {0};

	if (geteuid() != 0)
		return ctl_error("exposure needs root: the kernel shows its packet filter to "
				 "nobody else");
	if (ctl->from && (net_parse(ctl->from, &x.net) < 0 ||
				 x.net.bits != (x.net.family == AF_INET ? 32 : 128)))
		return ctl_error(
			"--from %s: expected one address, as 192.0.2.1 or 2001:db8::1", ctl->from);
	int r = root_open("/", &root);
	if (r < 0)
		return ctl_error("cannot open the root: %s", strerror(-r));
	r = ctl_load_policy(ctl, &root, &policy);
	if (r != CTL_OK)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		facts |= check_find(checks[i])->facts;
	facts |= FACT_BIT(FACT_SECURITY_GROUPS);
	facts = ctl_with_needs(facts);
	(void)clock_gettime(CLOCK_REALTIME, &ts); /* cannot fail for this clock */
	if (!arena || judge_init(&judge, &root, policy) < 0 ||
		ctl_give_accepted(ctl, &judge, &root) < 0 ||
		judge_collect(&judge, facts, timespec_usec(ts)) < 0 ||
		judge_evaluate(&judge, facts, timespec_usec(ts)) < 0)
		return ctl_oom();
	x.policy = policy;
	r = show(ctl, &x);
	ruleset_free(x.groups);
	return r;
}
