/* SPDX-License-Identifier: ISC */
/* Who can reach each socket of this machine, by which rule, and what the policy says of it. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "check/group-passes.h"
#include "check/judge.h"
#include "check/reach.h"
#include "ctl.h"
#include "fact/security-groups.h"
#include "filter/through.h"

enum { WIDTH = 100, INDENT = 4 };

/* Whose findings are told beside a socket. */
static const char *const checks[] = {"listener-allowlist", "listener-private-service",
	"mail-server", "ssh-exposure", "ssh-port"};

/* What a check says of something. */
struct said {
	const struct check *check;
	const struct evidence *evidence;
};

struct exposure {
	const struct judge *judge;
	const struct policy *policy;
	const struct firewall *firewall;
	struct ruleset *groups; /* the cloud's, that stand before it; NULL: not known */
	bool guess;		/* of several groups nobody says which are this machine's */
	struct arena *arena;
	struct said *said; /* by subject */
	size_t n_said;
	bool from; /* net is asked about, and not everybody */
	struct net net;
};

static const char *family_name(const struct survey_way *way)
{
	return way->family == AF_INET ? "IPv4" : "IPv6";
}

static json_t *way_json(const struct exposure *x, const struct survey_way *way)
{
	return json_pack("{s:s, s:s, s:s}", "interface", way->interface, "family", family_name(way),
		"address", survey_address_text(x->arena, way->family, way->address));
}

/* ---- the cloud's security groups ---- */

/*
 * Adds "groups": which of these sources the groups let in to the port of the
 * way, and by which rule; none of them: an empty list. Nothing where no export
 * tells.
 */
static int add_groups(const struct exposure *x, const struct survey_way *way,
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

static uint8_t l4proto_of(const struct listener *l)
{
	return survey_l4proto(l->protocol == LISTENER_TCP ? SURVEY_TCP : SURVEY_UDP);
}

/* ---- from everybody ---- */

/* port: of those of the opening the one that is asked for. */
static json_t *opening_json(const struct exposure *x, const struct opening *o, uint16_t port)
{
	const struct flow_query ask = {
		.l4proto = survey_l4proto(o->protocol), .port = port, .uid = FLOW_ANY_UID};
	json_t *j = way_json(x, o->way);
	const char *from = x->from ? survey_address_text(
					     x->arena, x->net.family, addrs_net(&x->net).lo)
				   : survey_peers_text(x->arena, o->way, &o->peers);
	const char *to = survey_address_text(x->arena, o->way->family, o->address.lo);

	if (!j || !from || !to ||
		json_object_update_new(
			j, json_pack("{s:s, s:b, s:s, s:s*}", "from", from, "certain", !o->may,
				   "by", o->rule ? o->rule->text : o->reason, "doubt", o->doubt)) < 0 ||
		(o->translated &&
			json_object_update_new(
				j, json_pack("{s:s, s:s, s:i}", "asked",
					   survey_ports_text(x->arena, o->protocol, o->lo, o->hi),
					   "to", to, "to_port", (int)o->port.lo)) < 0) ||
		add_groups(x, o->way, &o->peers, &ask, j) < 0) {
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

/* ---- from one address ---- */

static const char *fate(const struct flow_part *p)
{
	if (!flow_arrives(p->outcome))
		return "is stopped";
	if (p->translated)
		return "is sent elsewhere";
	return p->may ? "may arrive" : "arrives";
}

static int add_parts(const struct exposure *x, const struct survey_way *way,
	const struct listener *l, const struct flow_answer *answer, json_t *ways)
{
	const struct flow_query ask = {
		.l4proto = l4proto_of(l), .port = l->port, .uid = FLOW_ANY_UID};

	for (size_t i = 0; i < answer->n; i++) {
		const struct flow_part *p = &answer->v[i];
		const char *by = p->rule || p->chain || p->note ? flow_part_reason(x->arena, p)
								: "no rule stops it";
		json_t *j = way_json(x, way);
		if (!j || !by ||
			json_object_update_new(
				j, json_pack("{s:s, s:s, s:s*}", "connection", fate(p), "by", by,
					   "doubt", p->may ? p->why : NULL)) < 0 ||
			add_groups(x, way, &p->peers, &ask, j) < 0) {
			json_decref(j);
			return -ENOMEM;
		}
		if (json_array_append_new(ways, j) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int ask_ways(const struct exposure *x, const struct listener *l, json_t *ways)
{
	struct span one = addrs_net(&x->net);
	const struct survey survey = {.rules = x->firewall->rules, .host = x->firewall->host};

	for (size_t i = 0; i < x->firewall->n_ways; i++) {
		struct survey_way way = x->firewall->ways[i];
		_cleanup_flow_answer_ struct flow_answer answer = {0};
		if (way.family != x->net.family || !addrs_contains(&way.peers, one) ||
			!reach_takes(l, &way))
			continue;
		way.peers = (struct addrs){.v = &one, .n = 1};
		if (survey_ask(&survey, &way, l4proto_of(l), l->port, &answer) < 0 ||
			add_parts(x, &x->firewall->ways[i], l, &answer, ways) < 0)
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
		r = x->from ? ask_ways(x, l, ways) : add_openings(x, l, ways);
	if (r < 0)
		return NULL;
	return json_pack("{s:s, s:s, s:i, s:b, s:s, s:s, s:s, s:s*, s:s*, s:s*, s:s*, s:O, s:O}",
		"listener", l->text, "protocol", listener_protocol_name(l->protocol), "port",
		(int)l->port, "passing", l->passing, "reach", reach_kind_name(reach.kind), "why",
		reach.by, "who", listener_who(x->arena, l), "process", p ? p->command : NULL, "exe",
		p ? p->exe : NULL, "unit", l->unit, "package", p ? p->package : NULL, "ways", ways,
		"policy", policy);
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
		const struct span one = x->from ? addrs_net(&x->net) : (struct span){0};
		if (o->outcome != FLOW_FORWARD ||
			(x->from && (o->way->family != x->net.family ||
					    !addrs_contains(&o->peers, one))))
			continue;
		if (json_array_append_new(list, opening_json(x, o, o->lo)) < 0)
			return NULL;
	}
	return json_incref(list);
}

/* ---- text ---- */

static const char *text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

/* A line, broken between words where it is too long for a terminal; nothing is cut. */
static void put_wrapped(struct ctl *ctl, const char *line)
{
	size_t column = INDENT;

	fprintf(ctl->out, "%*s", INDENT, "");
	for (bool first = true; *line; first = false) {
		size_t n = strcspn(line, " ");
		if (!first && column + 1 + n > WIDTH) {
			fprintf(ctl->out, "\n%*s", 2 * INDENT, "");
			column = 2 * INDENT;
		} else if (!first) {
			fputc(' ', ctl->out);
			column++;
		}
		fprintf(ctl->out, "%.*s", (int)n, line);
		column += n;
		line += n + (line[n] == ' ');
	}
	fputc('\n', ctl->out);
}

/* What the groups make of a way; of one that the host stops nothing is to be said. */
static void put_groups(struct ctl *ctl, struct arena *a, const json_t *j)
{
	const json_t *groups = json_object_get(j, "groups");

	if (!groups)
		return;
	if (json_array_size(groups) == 0)
		put_wrapped(ctl, "the security groups let none of it in");
	for (size_t i = 0; i < json_array_size(groups); i++) {
		const json_t *g = json_array_get(groups, i);
		const char *line = arena_printf(a, "the security groups %s in %s: %s",
			json_is_true(json_object_get(g, "certain")) ? "let" : "may let",
			text_of(g, "from"), text_of(g, "by"));
		if (line)
			put_wrapped(ctl, line);
	}
}

static void put_way(struct ctl *ctl, struct arena *a, const json_t *j)
{
	const char *from = text_of(j, "from"), *doubt = text_of(j, "doubt");
	const char *asked = text_of(j, "asked"), *fate_text = text_of(j, "connection");
	const char *line = arena_printf(a, "%s%s by %s %s%s%s%s: %s%s%s",
		*from ? "from " : fate_text, from, text_of(j, "interface"), text_of(j, "family"),
		*asked ? " (asked for " : "", asked, *asked ? ")" : "", text_of(j, "by"),
		*doubt ? "; not certain: " : "", doubt);

	if (line)
		put_wrapped(ctl, line);
	put_groups(ctl, a, j);
}

static void put_listener(struct ctl *ctl, struct arena *a, const json_t *j, int width)
{
	const json_t *ways = json_object_get(j, "ways"), *policy = json_object_get(j, "policy");
	const char *says = "";

	fprintf(ctl->out, "%-*s  %-7s  %s%s\n", width, text_of(j, "listener"), text_of(j, "reach"),
		text_of(j, "who"), json_is_true(json_object_get(j, "passing")) ? " (passing)" : "");
	for (size_t i = 0; i < json_array_size(ways); i++)
		put_way(ctl, a, json_array_get(ways, i));
	if (json_array_size(ways) == 0)
		put_wrapped(ctl, text_of(j, "why"));
	for (size_t i = 0; says && i < json_array_size(policy); i++) {
		const json_t *p = json_array_get(policy, i);
		says = arena_printf(a, "%s%s %s %s%s", says, i > 0 ? "," : "", text_of(p, "check"),
			text_of(p, "result"),
			json_is_true(json_object_get(p, "waived")) ? " (waived)" : "");
	}
	says = says ? arena_printf(a, "policy:%s", *says ? says : " nothing against it") : NULL;
	if (says)
		put_wrapped(ctl, says);
}

static void put_forward(struct ctl *ctl, struct arena *a, const json_t *j)
{
	fprintf(ctl->out, "%s on %s %s  ->  %s port %d\n", text_of(j, "asked"),
		text_of(j, "interface"), text_of(j, "family"), text_of(j, "to"),
		(int)json_integer_value(json_object_get(j, "to_port")));
	const char *line = arena_printf(a, "from %s: %s", text_of(j, "from"), text_of(j, "by"));
	if (line)
		put_wrapped(ctl, line);
	put_groups(ctl, a, j);
}

static int put_text(struct ctl *ctl, struct arena *a, const json_t *o)
{
	const json_t *listeners = json_object_get(o, "listeners"),
		     *forwards = json_object_get(o, "forwards");
	int width = 12;

	for (size_t i = 0; i < json_array_size(listeners); i++)
		width = MAX(width, (int)strlen(text_of(json_array_get(listeners, i), "listener")));
	for (size_t i = 0; i < json_array_size(listeners); i++)
		put_listener(ctl, a, json_array_get(listeners, i), MIN(width, 40));
	if (json_array_size(listeners) == 0)
		fputs("no socket waits for others beyond the loopback\n", ctl->out);
	for (size_t i = 0; i < json_array_size(forwards); i++) {
		if (i == 0)
			fputs("\nsent on by the packet filter:\n", ctl->out);
		put_forward(ctl, a, json_array_get(forwards, i));
	}
	if (!ctl->quiet)
		fprintf(ctl->out, "\n%s\n", text_of(o, "note"));
	return arena_failed(a) ? ctl_oom() : CTL_OK;
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
	if (x->firewall->openings.cut && !x->from)
		fputs("hardenctl: too many rules and ports to follow all: use --from ADDRESS\n",
			stderr);
	if (read_groups(x, &note) < 0)
		return ctl_oom();
	listeners = gather(x) == 0 ? listeners_json(x) : NULL;
	forwards = listeners ? forwards_json(x) : NULL;
	json_auto_t *o = forwards ? json_pack("{s:i, s:s*, s:O, s:O, s:s}", "schema", 1, "from",
					    ctl->from, "listeners", listeners, "forwards", forwards,
					    "note", note)
				  : NULL;
	if (!o || arena_failed(x->arena))
		return ctl_oom();
	return ctl->json ? ctl_put_json(ctl, json_incref(o)) : put_text(ctl, x->arena, o);
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
		judge_collect(&judge, facts, timespec_usec(ts)) < 0 ||
		judge_evaluate(&judge, facts, timespec_usec(ts)) < 0)
		return ctl_oom();
	x.policy = policy;
	r = show(ctl, &x);
	ruleset_free(x.groups);
	return r;
}
