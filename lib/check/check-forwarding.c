/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/checks.h"
#include "fact/sysctl.h"

static bool fits_setting(const char *word)
{
	const char *equals = strchr(word, '=');

	return equals && equals > word && equals[1] && strchr(word, '.') &&
	       strchr(word, '.') < equals && *word != '/';
}

static const struct param forwarding_params[] = {
	{"router", PARAM_BOOL, "no",
		.doc = "This machine forwards packets on purpose: a router, a gateway, a host of "
		       "containers. Redirects and source routes are judged all the same."},
	{"sysctls", PARAM_LIST, "",
		.doc = "Settings of the kernel that must have this value, beside those that are "
		       "always judged, for example net.ipv4.conf.all.rp_filter=1 "
		       "net.ipv4.tcp_syncookies=1. Their changes are told as drift, too.",
		.form = "NAME=VALUE", .fits = fits_setting},
	{NULL},
};

struct judging {
	const struct sysctls *s;
	struct verdict *ret;
	enum severity severity;
};

static void report(const struct judging *j, enum result result, const struct sysctl *x,
	const char *what, const char *expected)
{
	const char *observed = x->value ? arena_printf(j->ret->arena, "%s: %s", x->value, what)
					: x->reason;

	verdict_add(j->ret, &(struct evidence){
				    .result = x->value ? result : RESULT_ERROR,
				    .severity = j->severity,
				    .subject = arena_printf(j->ret->arena, "sysctl %s", x->name),
				    .path = x->path,
				    .observed = observed,
				    .expected = expected,
			    });
}

/* Whether it is on; what is not there is off, what could not be read is reported. */
static bool is_on(const struct judging *j, const struct sysctl *x, const char *what)
{
	if (x && !x->value)
		report(j, RESULT_ERROR, x, what, "readable");
	return x && x->value && strtol(x->value, NULL, 10) > 0;
}

static const struct sysctl *of(
	const struct judging *j, const char *family, const char *interface, const char *key)
{
	return sysctls_of(j->s, family, interface, key);
}

/* IPv4: each interface decides, ip_forward sets them all. IPv6: one switch, or by force. */
static void judge_forwarding(const struct judging *j)
{
	static const char what[] = "packets for others are passed on";
	static const char expected[] = "0, or `router = yes` in [ip-forwarding]";
	const struct sysctl *four = sysctls_get(j->s, "net.ipv4.ip_forward");
	const struct sysctl *six = of(j, "ipv6", "all", "forwarding");
	bool all = is_on(j, four, what);

	if (all)
		report(j, RESULT_FAIL, four, what, expected);
	if (is_on(j, six, what))
		report(j, RESULT_FAIL, six, what, expected);
	for (size_t i = 0; i < j->s->n_interfaces; i++) {
		const char *name = j->s->interfaces[i];
		const struct sysctl *own = of(j, "ipv4", name, "forwarding"),
				    *force = of(j, "ipv6", name, "force_forwarding");
		if (!all && is_on(j, own, what))
			report(j, RESULT_FAIL, own, what, expected);
		if (is_on(j, force, what))
			report(j, RESULT_FAIL, force, what, expected);
	}
}

/* A host follows them when "all" or the interface says so, a router when both do. */
static void judge_redirects_v4(const struct judging *j)
{
	static const char what[] = "redirects are followed";
	const struct sysctl *all = of(j, "ipv4", "all", "accept_redirects"),
			    *future = of(j, "ipv4", "default", "accept_redirects");
	bool any = is_on(j, all, what), reported = false;

	for (size_t i = 0; i < j->s->n_interfaces; i++) {
		const char *name = j->s->interfaces[i];
		const struct sysctl *own = of(j, "ipv4", name, "accept_redirects");
		bool router = is_on(j, of(j, "ipv4", name, "forwarding"), what);
		bool mine = is_on(j, own, what);
		if (strcmp(name, "lo") == 0 || !(router ? any && mine : any || mine))
			continue;
		/* "all" is to be set in any case; the interface as well where it alone decides. */
		if (any && !reported)
			report(j, RESULT_FAIL, all, what, "0");
		reported = reported || any;
		if (mine && !router)
			report(j, RESULT_FAIL, own, what, "0");
	}
	if (is_on(j, future, what))
		report(j, RESULT_FAIL, future, "new interfaces will follow redirects", "0");
}

/* IPv6: each interface by itself, and not while it is a router's. */
static void judge_redirects_v6(const struct judging *j)
{
	static const char what[] = "redirects are followed";
	const struct sysctl *future = of(j, "ipv6", "default", "accept_redirects");

	for (size_t i = 0; i < j->s->n_interfaces; i++) {
		const char *name = j->s->interfaces[i];
		const struct sysctl *own = of(j, "ipv6", name, "accept_redirects");
		if (strcmp(name, "lo") != 0 && is_on(j, own, what) &&
			!is_on(j, of(j, "ipv6", name, "forwarding"), what) &&
			!is_on(j, of(j, "ipv6", name, "disable_ipv6"), what))
			report(j, RESULT_FAIL, own, what, "0");
	}
	if (is_on(j, future, what) && !is_on(j, of(j, "ipv6", "default", "disable_ipv6"), what))
		report(j, RESULT_FAIL, future, "new interfaces will follow redirects", "0");
}

/* Both families: "all" and the interface must say so. */
static void judge_source_routes(const struct judging *j, const char *family)
{
	static const char what[] = "the sender may choose the way of its packets";
	const struct sysctl *all = of(j, family, "all", "accept_source_route");

	if (!is_on(j, all, what))
		return;
	for (size_t i = 0; i < j->s->n_interfaces; i++) {
		const struct sysctl *own = of(
			j, family, j->s->interfaces[i], "accept_source_route");
		if (strcmp(j->s->interfaces[i], "lo") == 0 || !is_on(j, own, what))
			continue;
		report(j, RESULT_FAIL, all, what, "0");
		return;
	}
}

static void judge_policy(const struct judging *j, const char *const *list)
{
	for (size_t i = 0; list[i]; i++) {
		const char *expected = strchr(list[i], '=') + 1; /* fits_setting() saw to it */
		const char *name = arena_strndup(
			j->ret->arena, list[i], (size_t)(expected - list[i]) - 1);
		const struct sysctl *x = name ? sysctls_get(j->s, name) : NULL;
		if (!x)
			verdict_add(j->ret,
				&(struct evidence){
					.result = RESULT_ERROR,
					.subject = arena_printf(j->ret->arena, "sysctl %s", name),
					.observed = "this kernel has no such setting",
					.expected = expected,
				});
		else if (!x->value || strcmp(x->value, expected) != 0)
			report(j, RESULT_FAIL, x, "not as the policy has it", expected);
	}
}

static void evaluate_forwarding(const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_SYSCTL), ret))
		return;
	const struct judging j = {
		.s = factset_get(facts, FACT_SYSCTL)->u.sysctls,
		.ret = ret,
		.severity = c->severity,
	};
	bool router = policy_bool(policy, c->id, "router");

	if (!router)
		judge_forwarding(&j);
	judge_redirects_v4(&j);
	judge_redirects_v6(&j);
	judge_source_routes(&j, "ipv4");
	judge_source_routes(&j, "ipv6");
	judge_policy(&j, policy_list(policy, c->id, "sysctls"));
	if (j.s->cut)
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_UNKNOWN,
					 .subject = "interfaces",
					 .observed = "there are more than were looked at",
					 .expected = "looked at, each of them",
				 });
	if (ret->result == RESULT_PASS)
		verdict_summary(ret, "%s follows no redirects and no source routes",
			router ? "the kernel forwards packets, as the policy says, and"
			       : "the kernel forwards no packets, and");
}

const struct check check_ip_forwarding = {
	.id = "ip-forwarding",
	.title = "The kernel forwards no packets and follows no redirects",
	.severity = SEV_MEDIUM,
	.guides = "+",
	.references = "CIS Debian 12 3.3, sysctl.d(5)",
	.rationale = "A host that is no router needs neither: forwarding makes it a bridge between "
		     "networks, redirects and source routes let others choose the way of its "
		     "packets.",
	.remedy = "Write the settings of the evidence with their expected values into "
		  "/etc/sysctl.d/60-host.conf, one a line as `net.ipv4.ip_forward = 0`, and run "
		  "`sysctl --system`; an interface that is up already takes its own, as `sysctl "
		  "net.ipv6.conf.eth0.accept_redirects=0`. A machine that forwards on purpose "
		  "says `router = yes` in [ip-forwarding].",
	.facts = FACT_BIT(FACT_SYSCTL),
	.params = forwarding_params,
	.evaluate = evaluate_forwarding,
};
