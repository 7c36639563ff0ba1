/* SPDX-License-Identifier: ISC */
/*
 * What the cloud's security groups let in and out, by an export of them. The
 * questions, and the policy's answers to them, are those of the host's firewall
 * (check-firewall.c): groups are the same filter at another place.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/text.h"
#include "check/checks.h"
#include "check/group-passes.h"
#include "check/outside.h"
#include "fact/security-groups.h"

#define WORLD  "firewall-open-to-world"
#define RANGES "firewall-port-ranges"

#define HOW_TO_EXPORT                                                                            \
	"with the cloud's client, `openstack security group rule list --long -f json` and "      \
	"`openstack security group list -f json`, or `exo compute security-group show GROUP -O " \
	"json` for each group"

static bool fits_file(const char *word)
{
	return *word == '/' && word[1];
}

static const struct param params[] = {
	{"files", PARAM_LIST, "/etc/hardend/security-groups.d/*.json",
		.doc = "Exports of the cloud's security groups, as patterns of glob(7). They are "
		       "made " HOW_TO_EXPORT ".",
		.form = "/PATH", .fits = fits_file},
	{"groups", PARAM_LIST, "",
		.doc = "Names or ids of the groups that this machine is in. Empty: every group of "
		       "the exports is judged."},
	{"members", PARAM_LIST, "",
		.doc = "Addresses of the members of groups that rules name as sources, which no "
		       "export tells: web=192.0.2.0/28 web=2001:db8::/64. What other groups' "
		       "members reach is not certain.",
		.form = "GROUP=ADDRESS or GROUP=NETWORK", .fits = group_fits_member},
	{"max_age", PARAM_USEC, "30d", .min = 3600, .max = 3660 * (uint64_t)86400,
		.doc = "An export whose file is older than this proves nothing any more."},
	{NULL},
};

struct judging {
	const struct check *c;
	const struct policy *policy;
	const struct security_groups *s;
	struct verdict *ret;
	struct outside outside;
	struct addrs public[SURVEY_PROTOCOL_MAX], ranges[SURVEY_PROTOCOL_MAX]; /* ports */
	struct groups_choice choice; /* this machine's groups */
};

static void judging_fini(struct judging *j)
{
	outside_fini(&j->outside);
	for (unsigned p = 0; p < SURVEY_PROTOCOL_MAX; p++) {
		addrs_fini(&j->public[p]);
		addrs_fini(&j->ranges[p]);
	}
}

/* ---- exports ---- */

static void judge_export(struct judging *j, const struct group_export *x, uint64_t now)
{
	uint64_t max = policy_usec(j->policy, j->c->id, "max_age");
	struct arena *a = j->ret->arena;
	struct evidence e = {.subject = arena_printf(a, "export %s", x->path), .path = x->path};
	char when[32];

	if (x->fault) {
		e.result = RESULT_ERROR;
		e.line = x->line;
		e.observed = x->fault;
		e.expected =
			"an export as the client writes it, complete: make it again " HOW_TO_EXPORT;
	} else if (verdict_ahead(j->ret, x->realtime_usec, now)) {
		e.result = RESULT_UNKNOWN;
		e.observed = arena_printf(
			a, "written %s, later than now", text_rfc3339(when, x->realtime_usec));
		e.expected = "written at a time that has been: make the export again";
	} else if (x->realtime_usec + max < now) {
		e.result = RESULT_FAIL;
		e.severity = SEV_MEDIUM;
		e.observed = arena_printf(a, "written %s: the groups may have changed since",
			text_rfc3339(when, x->realtime_usec));
		e.expected = "not older than max_age";
	} else {
		verdict_until(j->ret, x->realtime_usec + max + 1);
		return;
	}
	verdict_add(j->ret, &e);
}

/* ---- what of the groups is asked for ---- */

/* Groups that the policy names and of which nothing is known. */
static void judge_named(struct judging *j)
{
	const char *const *names = policy_list(j->policy, j->c->id, "groups");

	for (; *names; names++) {
		const struct group *x = groups_find(&j->s->groups, *names);
		if (x && x->described)
			continue;
		verdict_add(j->ret,
			&(struct evidence){
				.result = RESULT_ERROR,
				.subject = arena_printf(j->ret->arena, "group %s", *names),
				.observed = x ? "its name is in an export, its rules are in none"
					      : "in no export that could be read",
				.expected = "exported with its rules, or not among the policy's "
					    "groups",
			});
	}
}

/* ---- one rule ---- */

/* What is wrong with a rule, one thing behind the other. */
struct complaint {
	struct arena *a;
	enum severity severity;
	const char *observed, *expected;
};

static void complain(
	struct complaint *x, enum severity severity, const char *observed, const char *expected)
{
	x->severity = x->observed ? MAX(x->severity, severity) : severity;
	x->observed = x->observed ? arena_printf(x->a, "%s; %s", x->observed, observed) : observed;
	x->expected = x->expected ? arena_printf(x->a, "%s; %s", x->expected, expected) : expected;
}

static bool is_icmp(const struct group_rule *x)
{
	return x->l4proto == IPPROTO_ICMP || x->l4proto == IPPROTO_ICMPV6;
}

/* Whether the rule's ports are all among those that the policy allows its protocol. */
static bool is_allowed(
	const struct addrs ports[static SURVEY_PROTOCOL_MAX], const struct group_rule *x)
{
	return (x->l4proto == IPPROTO_TCP && addrs_contains(&ports[SURVEY_TCP], x->ports)) ||
	       (x->l4proto == IPPROTO_UDP && addrs_contains(&ports[SURVEY_UDP], x->ports));
}

static int widest(const struct net *net, void *arg)
{
	struct net *found = arg;

	if (found->family == 0 || net->bits < found->bits)
		*found = *net;
	return 0;
}

/* The widest network outside of the trusted ones from which net lets in; family 0: none. */
static int widest_outside(const struct judging *j, const struct net *net, struct net *ret)
{
	_cleanup_addrs_ struct addrs from = {0}, outside = {0};
	int r = addrs_add(&from, addrs_net(net));

	*ret = (struct net){0};
	if (r == 0)
		r = outside_of(&j->outside, net->family, &from, &outside);
	if (r == 0)
		(void)addrs_each_net(
			&outside, net->family, widest, ret); /* never says other than 0 */
	return r;
}

static int judge_source(const struct judging *j, const struct group_rule *x, const struct net *net,
	struct complaint *complaint)
{
	bool v6 = net->family == AF_INET6;
	uint64_t bits = policy_uint(j->policy, WORLD, v6 ? "max_prefix6" : "max_prefix");
	char text[NET_TEXT_MAX];
	struct net wide;
	int r = widest_outside(j, net, &wide);

	if (r < 0 || wide.family == 0 || is_icmp(x) || is_allowed(j->public, x))
		return r;
	if (net->bits == 0)
		complain(complaint, j->c->severity, "open to any source",
			"open to the networks that need it, or for public_ports of "
			"[" WORLD "] alone");
	else if (wide.bits < bits)
		complain(complaint, j->c->severity,
			arena_printf(complaint->a, "open to %s", net_text(net, text)),
			arena_printf(complaint->a, "a network of at least /%u", (unsigned)bits));
	return 0;
}

static int judge_range(
	const struct judging *j, const struct group_rule *x, struct complaint *complaint)
{
	uint64_t n = (uint64_t)(x->ports.hi - x->ports.lo) + 1;
	struct net wide = {0};

	if (n > UINT16_MAX || n <= policy_uint(j->policy, RANGES, "max_ports") ||
		is_allowed(j->ranges, x))
		return 0;
	int r = x->remote ? 0 : widest_outside(j, &x->net, &wide);
	if (r == 0)
		complain(complaint, wide.family == 0 ? SEV_LOW : SEV_MEDIUM,
			arena_printf(complaint->a, "%u ports at once", (unsigned)n),
			"a rule for each port that a service needs, or one of the ranges of "
			"[" RANGES "]");
	return r;
}

/* Every new machine is in it unless somebody says otherwise. */
static void judge_default(
	const struct judging *j, const struct group_rule *x, struct complaint *complaint)
{
	if (strcmp(x->group->name, "default") == 0 && !x->remote && x->net.bits == 0)
		complain(complaint, j->c->severity, "in the group default, and from anywhere",
			"in a group of its own, for the machines that serve it");
}

static int judge_rule(struct judging *j, const struct group_rule *x)
{
	struct complaint complaint = {.a = j->ret->arena};
	bool ours = j->choice.chosen[x->group - j->s->groups.v];
	const struct group *remote = x->remote ? groups_find(&j->s->groups, x->remote) : NULL;
	int r = 0;

	if (x->egress)
		return 0;
	if (ours && !x->remote)
		r = judge_source(j, x, &x->net, &complaint);
	for (size_t i = 0; r == 0 && ours && remote && i < remote->n_sources; i++)
		r = judge_source(j, x, &remote->sources[i], &complaint);
	if (r == 0 && ours)
		r = judge_range(j, x, &complaint);
	judge_default(j, x, &complaint);
	if (r < 0 || !complaint.observed)
		return r;
	verdict_add(j->ret, &(struct evidence){
				    .result = RESULT_FAIL,
				    .severity = complaint.severity,
				    .subject = arena_printf(j->ret->arena, "group %s rule %s",
					    x->group->name, x->id),
				    .path = x->path,
				    .observed = arena_printf(
					    j->ret->arena, "%s: %s", x->what, complaint.observed),
				    .expected = complaint.expected,
			    });
	return 0;
}

/* ---- what no rule names ---- */

/* Asks about the groups of the choice: sets *ret, and *ret_rules, to be freed. 0 or -ENOMEM. */
static int view(const struct judging *j, const bool *chosen, struct group_view *ret,
	struct ruleset **ret_rules)
{
	struct group_view w = {.arena = j->ret->arena,
		.groups = &j->s->groups,
		.choice = j->choice,
		.outside = &j->outside};

	w.choice.chosen = chosen;
	int r = groups_ruleset(w.groups, &w.choice, ret_rules);
	w.rules = *ret_rules;
	*ret = w;
	return r;
}

static int judge_group(struct judging *j, const struct group *group)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = NULL;
	bool *chosen = arena_alloc(j->ret->arena, j->s->groups.n * sizeof(*chosen));
	const char *observed = NULL;
	struct group_view w;

	if (!chosen)
		return -ENOMEM;
	chosen[group - j->s->groups.v] = true;
	int r = view(j, chosen, &w, &rules);
	if (r == 0)
		r = group_passes_unnamed(&w, false, &observed);
	if (r > 0)
		verdict_add(j->ret,
			&(struct evidence){
				.result = RESULT_FAIL,
				.severity = j->c->severity,
				.subject = arena_printf(j->ret->arena, "group %s", group->name),
				.path = group->path,
				.observed = observed,
				.expected = "let in by no rule",
			});
	return MIN(r, 0);
}

/* ---- egress ---- */

static int judge_needed(struct judging *j, const struct group_view *w)
{
	static const struct {
		uint8_t l4proto;
		uint16_t port;
		const char *subject;
	} needed[] = {
		{IPPROTO_TCP, 80, "egress tcp 80"},
		{IPPROTO_TCP, 443, "egress tcp 443"},
		{IPPROTO_UDP, 53, "egress udp 53"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		int r = group_lets_out(w, needed[i].l4proto, needed[i].port);
		if (r < 0)
			return r;
		if (r > 0)
			continue;
		verdict_add(j->ret, &(struct evidence){
					    .result = RESULT_FAIL,
					    .severity = SEV_LOW,
					    .subject = needed[i].subject,
					    .observed = "no rule lets it out",
					    .expected = "let out: updates and name lookups need it",
				    });
	}
	return 0;
}

/* The groups of a machine add up: what one lets out goes out. */
static int judge_egress(struct judging *j)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = NULL;
	const char *observed = NULL;
	struct group_view w;
	int r = view(j, j->choice.chosen, &w, &rules);

	if (r == 0)
		r = group_passes_unnamed(&w, true, &observed);
	if (r == 0)
		return judge_needed(j, &w);
	if (r > 0)
		verdict_add(j->ret, &(struct evidence){
					    .result = RESULT_FAIL,
					    .severity = SEV_LOW,
					    .subject = "egress",
					    .observed = observed,
					    .expected = "rules for what the machine needs, such as "
							"ports 53, 80 and 443",
				    });
	return MIN(r, 0);
}

/* ---- all of it ---- */

static void conclude(struct judging *j)
{
	const struct groups *g = &j->s->groups;
	size_t groups = 0, rules = 0, unknown = 0;
	const char *first = NULL;

	for (size_t i = 0; i < g->n; i++)
		groups += j->choice.chosen[i];
	for (size_t i = 0; i < g->n_rules; i++) {
		const struct group_rule *x = &g->rules[i];
		if (!j->choice.chosen[x->group - g->v])
			continue;
		rules++;
		const char *name = groups_unknown(g, &j->choice, x);
		first = first ? first : name;
		unknown += name != NULL;
	}
	if (j->ret->result == RESULT_PASS)
		verdict_summary(j->ret,
			"what security groups let in is no more than it should be: "
			"%zu rule%s of %zu group%s",
			rules, rules == 1 ? "" : "s", groups, groups == 1 ? "" : "s");
	if (unknown > 0)
		verdict_note(j->ret,
			"addresses of the members of %s%s are told by no export: see %zu "
			"rule%s",
			first, unknown == 1 ? "" : " and others", unknown, unknown == 1 ? "" : "s");
}

static int judge_all(struct judging *j)
{
	const struct groups *g = &j->s->groups;
	size_t groups = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < g->n_rules; i++)
		r = judge_rule(j, &g->rules[i]);
	for (size_t i = 0; r == 0 && i < g->n; i++) {
		groups += j->choice.chosen[i];
		r = j->choice.chosen[i] ? judge_group(j, &g->v[i]) : 0;
	}
	return r == 0 && groups > 0 ? judge_egress(j) : r;
}

static int begin(struct judging *j)
{
	const char *const *public = policy_list(j->policy, WORLD, "public_ports");
	const char *const *ranges = policy_list(j->policy, RANGES, "ranges");
	int r = outside_init(&j->outside, j->policy);

	for (unsigned p = 0; r == 0 && p < SURVEY_PROTOCOL_MAX; p++) {
		r = outside_ports(public, p, &j->public[p]);
		if (r == 0)
			r = outside_ports(ranges, p, &j->ranges[p]);
	}
	judge_named(j);
	return r == 0 ? group_choose(j->ret->arena, j->policy, &j->s->groups, &j->choice) : r;
}

static void evaluate(const struct check *c, const struct factset *facts,
	const struct policy *policy, uint64_t realtime_usec, struct verdict *ret)
{
	_cleanup_(judging_fini) struct judging j = {.c = c, .policy = policy, .ret = ret};

	if (!check_facts_usable(facts, c->facts, ret))
		return;
	j.s = factset_get(facts, FACT_SECURITY_GROUPS)->u.security_groups;
	if (j.s->n_exports == 0) {
		verdict_set(ret, RESULT_NOTCHECKED,
			"no export of the security groups in %s: make one " HOW_TO_EXPORT,
			j.s->places[0] ? j.s->places[0] : "the policy's files");
		return;
	}
	for (size_t i = 0; i < j.s->n_exports; i++)
		judge_export(&j, &j.s->exports[i], realtime_usec);
	int r = begin(&j);
	if (r == 0)
		r = judge_all(&j);
	if (r < 0)
		arena_fail(ret->arena);
	else
		conclude(&j);
}

const struct check check_security_group = {
	.id = "security-group",
	.title = "The cloud's security groups open no more than they must",
	.severity = SEV_HIGH,
	.guides = "P A X",
	.references = "openstack security group rule list; exo compute security-group show",
	.rationale = "The security groups are the first line of defence and are not seen from "
		     "inside the machine: an export of them is judged by the same rules as the "
		     "host's firewall.",
	.remedy = "Make the rule again for the network that needs it (`openstack security group "
		  "rule create --protocol tcp --dst-port PORT --remote-ip 192.0.2.0/24 GROUP`; "
		  "`exo compute security-group rule add GROUP --port PORT --network "
		  "192.0.2.0/24`), delete the wide one (`openstack security group rule delete "
		  "ID`; `exo compute security-group rule delete GROUP ID`), and export anew: "
		  "`openstack security group rule list --long -f json "
		  ">/etc/hardend/security-groups.d/rules.json` and `openstack security group "
		  "list -f json >/etc/hardend/security-groups.d/names.json`; or `exo compute "
		  "security-group show GROUP -O json "
		  ">/etc/hardend/security-groups.d/GROUP.json`.",
	.facts = FACT_BIT(FACT_SECURITY_GROUPS),
	.params = params,
	.evaluate = evaluate,
};
