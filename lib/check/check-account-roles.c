/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "check/account-report.h"
#include "check/checks.h"
#include "check/sysadmin.h"
#include "fact/homes.h"
#include "fact/logins.h"

static int64_t day_of(uint64_t realtime_usec)
{
	return (int64_t)(realtime_usec / USEC_PER_DAY);
}

static const struct accounts *usable_accounts(const struct factset *facts, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_ACCOUNTS), ret))
		return NULL;
	return factset_get(facts, FACT_ACCOUNTS)->u.accounts;
}

static const char *day_text(struct arena *a, int64_t day)
{
	time_t t = (time_t)(day * 86400);
	char buf[32];
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(buf, sizeof(buf), "%Y-%m-%d", &tm) == 0)
		return arena_printf(a, "day %lld", (long long)day);
	return arena_strdup(a, buf);
}

static void evaluate_uid_zero(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const struct accounts *a = usable_accounts(facts, ret);

	for (size_t i = 0; a && i < a->n; i++) {
		const struct account *x = &a->v[i];
		if (x->uid == 0 && strcmp(x->name, "root") != 0)
			account_report(ret, x, SEV_CRITICAL, "uid 0: it is root by another name",
				"a uid of its own");
	}
	if (a && ret->n_evidence == 0)
		verdict_summary(ret, "no account but root has uid 0");
}

/* The file of authorized keys that sshd would read, if there is any. */
static const char *keys_file(struct arena *a, const struct home *home)
{
	for (int p = HOME_AUTHORIZED_KEYS; home && p <= HOME_AUTHORIZED_KEYS2; p++) {
		const struct home_entry *e = &home->at[p];
		if (e->state == FACT_STATE_OK && e->size > 0)
			return arena_printf(
				a, "%s/%s", home->path, home_place_name((enum home_place)p));
	}
	return NULL;
}

/* What couldn't be looked at in the home of a service account. */
static void report_unlooked(struct verdict *ret, const struct account *x, const struct home *home)
{
	const char *reason = home ? NULL : "its home was not looked at: there are too many";

	for (int p = 0; home && !reason && p < HOME_PLACE_MAX; p++) {
		enum fact_state state = home->at[p].state;
		if (state != FACT_STATE_OK && state != FACT_STATE_ABSENT)
			reason = home->at[p].reason;
	}
	if (reason)
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_ERROR,
					 .subject = arena_printf(ret->arena, "account %s", x->name),
					 .observed = reason,
					 .expected = "no authorized keys in its home",
				 });
}

static void judge_service(struct verdict *ret, const struct account *x, const struct home *home)
{
	struct arena *a = ret->arena;
	const char *keys = keys_file(a, home);
	bool usable = x->password == PASSWORD_USABLE || x->password == PASSWORD_NONE;

	if (!x->login_shell && !usable && !keys)
		return;
	/* A shell that nobody can reach is a door without a handle: low. */
	enum severity severity = keys || (usable && x->login_shell) ? SEV_HIGH
				 : usable			    ? SEV_MEDIUM
								    : SEV_LOW;
	const char *shell = !x->login_shell ? ""
			    : *x->shell	    ? arena_printf(a, "login shell %s", x->shell)
					    : "login shell /bin/sh (none is set)";
	const char *password = !usable ? ""
			       : x->password == PASSWORD_NONE
				       ? "empty password"
				       : arena_printf(a, "usable password (%s)", x->hash_scheme);
	const char *key = keys ? arena_printf(a, "authorized keys in %s", keys) : "";
	if (!shell || !password || !key)
		return; /* the arena remembers */
	account_report(ret, x, severity,
		arena_printf(a, "%s%s%s%s%s", shell, *shell && *password ? ", " : "", password,
			(*shell || *password) && *key ? ", " : "", key),
		"no login shell, a locked password, no authorized keys");
}

static void evaluate_service(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, uint64_t realtime_usec, struct verdict *ret)
{
	const struct accounts *a = usable_accounts(facts, ret);
	const struct fact *homes = factset_get(facts, FACT_HOMES);
	bool looked = homes && homes->u.homes;

	if (!a)
		return;
	for (size_t i = 0; i < a->n; i++) {
		const struct account *x = &a->v[i];
		bool person = x->uid >= a->uid_min && x->uid <= a->uid_max;
		/* uid 0 has a check of its own; what has expired can't log in by any way. */
		if (person || x->uid == 0 || account_expired(x, day_of(realtime_usec)))
			continue;
		const struct home *home = looked ? homes_of(homes->u.homes, a, x) : NULL;
		judge_service(ret, x, home);
		if (looked)
			report_unlooked(ret, x, home);
	}
	if (!looked)
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_ERROR,
					 .subject = "homes",
					 .observed = homes && homes->reason ? homes->reason
									    : "not collected",
				 });
	if (!account_report_unread(ret, a, 1u << ACCOUNTS_SHADOW) && ret->n_evidence == 0)
		verdict_summary(ret, "no service account can log in");
}

static const struct param root_groups_params[] = {
	{"root_groups", PARAM_LIST,
		"sudo wheel admin docker lxd incus incus-admin libvirt libvirtd disk shadow kmem "
		"staff microk8s",
		.doc = "Groups whose members can make themselves root: by sudo's usual rule, by "
		       "containers and virtual machines that they start, by raw disks and "
		       "memory, by programs that root runs."},
	{NULL},
};

enum {
	ROOT_GROUPS_MAX = 256, /* of the policy's list that are looked for; it is short */
};

/* The groups of the policy's list that there are. */
struct root_groups {
	const struct account_group *v[ROOT_GROUPS_MAX];
	size_t n;
};

static void find_root_groups(
	const struct accounts *a, const char *const *list, struct root_groups *ret)
{
	ret->n = 0;
	for (size_t i = 0; list[i] && ret->n < ROOT_GROUPS_MAX; i++) {
		const struct account_group *g = accounts_find_group(a, list[i]);
		if (g)
			ret->v[ret->n++] = g;
	}
}

/* The one that has this gid, or (if a name is given) this name; or NULL. */
static const struct account_group *root_group(
	const struct root_groups *groups, gid_t gid, const char *name)
{
	for (size_t i = 0; i < groups->n; i++) {
		const struct account_group *g = groups->v[i];
		if (g->gid == gid || (name && strcmp(g->name, name) == 0))
			return g;
	}
	return NULL;
}

struct judge_groups {
	const struct accounts *a;
	const struct policy *policy;
	struct verdict *ret;
	const char *expected;
	enum severity severity; /* of one who is outside a stated list, or of anybody without one */
};

static void judge_members(const struct judge_groups *j, const struct account_group *g,
	const struct account_group *root)
{
	struct arena *a = j->ret->arena;
	const char *same = g == root || strcmp(g->name, root->name) == 0
				   ? ""
				   : arena_printf(
					     a, " (gid %u, which is %s's)", g->gid, root->name);

	for (size_t i = 0; i < g->n_members; i++) {
		const char *name = g->members[i];
		if (sysadmin_has(j->policy, j->a, name))
			continue;
		bool local = accounts_find(j->a, name) != NULL;
		account_report_at(j->ret, name, local ? j->severity : SEV_LOW,
			&(struct evidence){
				.path = "/etc/group",
				.line = g->line,
				.observed = arena_printf(a, "member of %s%s (/etc/group line %u)%s",
					g->name, same ? same : "", g->line,
					local ? "" : ", but no local account"),
				.expected = j->expected,
			});
	}
	if (g->password == PASSWORD_USABLE)
		verdict_add(j->ret,
			&(struct evidence){
				.result = RESULT_FAIL,
				.severity = SEV_HIGH,
				.subject = arena_printf(a, "group %s", g->name),
				.path = "/etc/gshadow",
				.observed = "has a password: whoever knows it joins by newgrp",
				.expected = "no password of the group",
			});
}

static void evaluate_groups(const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const struct accounts *a = usable_accounts(facts, ret);
	struct root_groups groups;
	bool stated = sysadmin_stated(policy);
	struct judge_groups j = {
		.a = a,
		.policy = policy,
		.ret = ret,
		.severity = stated ? SEV_HIGH : SEV_MEDIUM,
		.expected = stated ? "an account of [policy] sysadmin"
				   : "an account of [policy] sysadmin, which names nobody yet",
	};

	if (!a)
		return;
	find_root_groups(a, policy_list(policy, c->id, "root_groups"), &groups);
	for (size_t i = 0; i < a->n_groups; i++) {
		const struct account_group *g = &a->groups[i];
		const struct account_group *root = root_group(&groups, g->gid, g->name);
		if (root)
			judge_members(&j, g, root);
	}
	for (size_t i = 0; i < a->n; i++) {
		const struct account *x = &a->v[i];
		const struct account_group *g = root_group(&groups, x->gid, NULL);
		if (g && !sysadmin_has(policy, a, x->name))
			account_report(ret, x, j.severity,
				arena_printf(ret->arena, "primary group is %s (gid %u)", g->name,
					g->gid),
				j.expected);
	}
	unsigned files = 1u << ACCOUNTS_GROUP | 1u << ACCOUNTS_GSHADOW;
	if (!account_report_unread(ret, a, files) && ret->n_evidence == 0)
		verdict_summary(ret, "nobody but sysadmins is in a group that amounts to root");
}

static const struct param unneeded_params[] = {
	{"default_accounts", PARAM_LIST,
		"ubuntu debian centos fedora rocky almalinux ec2-user cloud-user cloud admin "
		"azureuser "
		"opensuse opc arch alpine core packer vagrant test tester testuser guest demo user",
		.doc = "Names that images and templates come with. An account of such a name is "
		       "reported unless [policy] sysadmin has it."},
	{"stale_days", PARAM_UINT, "90", .min = 1, .max = 36500,
		.doc = "A login account that has not logged in for this many days is reported."},
	{NULL},
};

static void judge_default(struct verdict *ret, const struct policy *policy, const char *id,
	const struct accounts *a, const struct account *x)
{
	if (policy_list_has(policy, id, "default_accounts", x->name) &&
		!sysadmin_has(policy, a, x->name))
		account_report(ret, x, account_is_login(a, x) ? SEV_MEDIUM : SEV_LOW,
			"an account that images come with",
			"removed, or named in [policy] sysadmin");
}

/* When it must have been there at the latest: its password was set then. */
static bool is_younger(const struct account *x, int64_t today, int64_t days)
{
	return x->last_change_day > 0 && x->last_change_day <= today &&
	       today - x->last_change_day < days;
}

static void judge_stale(struct verdict *ret, const struct account *x, const struct login *login,
	const struct logins *logins, uint64_t realtime_usec, int64_t days)
{
	int64_t today = day_of(realtime_usec);
	struct arena *a = ret->arena;
	const char *expected = arena_printf(a, "a login within %lld days", (long long)days);

	if (login && login->last_realtime_usec > 0) {
		int64_t last = day_of(login->last_realtime_usec);
		if (today - last >= days)
			account_report(ret, x, SEV_LOW,
				arena_printf(
					a, "last login %s (%s)", day_text(a, last), login->source),
				expected);
		return;
	}
	if (is_younger(x, today, days))
		return;
	/* Silence means something only if all logins of that time would be known. */
	if (logins->since_realtime_usec > realtime_usec ||
		today - day_of(logins->since_realtime_usec) < days)
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_UNKNOWN,
					 .subject = arena_printf(a, "account %s", x->name),
					 .path = "/etc/passwd",
					 .line = x->line,
					 .observed = "no login is known, and the records do not go "
						     "back far enough",
					 .expected = expected,
				 });
	else
		account_report(ret, x, SEV_LOW, "never logged in", expected);
}

static void report_sources(struct verdict *ret, const struct logins *logins)
{
	for (int i = 0; i < LOGIN_SOURCE_MAX; i++) {
		const struct login_source *s = &logins->sources[i];
		if (s->state == FACT_STATE_OK || s->state == FACT_STATE_ABSENT)
			continue;
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_ERROR,
					 .subject = arena_printf(ret->arena, "file %s", s->path),
					 .path = s->path,
					 .observed = s->reason,
					 .expected = "readable by the monitor",
				 });
	}
}

/* What is not read may hold the login that is missed, or the day that the account was made. */
static bool is_blind(const struct accounts *a, const struct logins *logins)
{
	bool blind = a->file_state[ACCOUNTS_SHADOW] > FACT_STATE_ABSENT;

	for (int i = 0; i < LOGIN_SOURCE_MAX; i++)
		blind |= logins->sources[i].state > FACT_STATE_ABSENT;
	return blind;
}

static void evaluate_unneeded(const struct check *c, const struct factset *facts,
	const struct policy *policy, uint64_t realtime_usec, struct verdict *ret)
{
	const struct accounts *a = usable_accounts(facts, ret);
	const struct fact *f = factset_get(facts, FACT_LOGINS);
	const struct logins *logins = f ? f->u.logins : NULL;
	int64_t today = day_of(realtime_usec);
	int64_t days = (int64_t)policy_uint(policy, c->id, "stale_days");

	if (!a)
		return;
	for (size_t i = 0; i < a->n; i++) {
		const struct account *x = &a->v[i];
		judge_default(ret, policy, c->id, a, x);
		/* root is there to stay, and mostly without a login of its own. */
		if (!account_is_login(a, x) || x->uid == 0)
			continue;
		if (account_expired(x, today))
			account_report(ret, x, SEV_LOW,
				x->expire_day > 0 && today >= x->expire_day
					? arena_printf(ret->arena, "expired on %s",
						  day_text(ret->arena, x->expire_day))
					: "expired with its password",
				"removed, or its date set anew");
		else if (logins && !is_blind(a, logins))
			judge_stale(ret, x, logins_of(logins, a, x), logins, realtime_usec, days);
	}
	if (logins)
		report_sources(ret, logins);
	else
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_ERROR,
					 .subject = "logins",
					 .observed = f && f->reason ? f->reason : "not collected",
				 });
	if (!account_report_unread(ret, a, 1u << ACCOUNTS_SHADOW) && ret->n_evidence == 0)
		verdict_summary(ret, "every login account is in use");
}

const struct check check_account_uid_zero = {
	.id = "account-uid-zero",
	.title = "No account but root has uid 0",
	.severity = SEV_CRITICAL,
	.guides = "+",
	.references = "CIS Debian 12 5.4.2.1, passwd(5)",
	.rationale =
		"Whoever has uid 0 is root, whatever the name: a second one is how an intruder "
		"comes back after root's password and keys were changed.",
	.remedy =
		"Find out who made it (`ausearch -k hardend`, /var/log/auth.log), then remove the "
		"line with `vipw` and `vipw -s`; `userdel` would refuse while root is logged in.",
	.remedy_rhel = "Find out who made it (`ausearch -k hardend`, /var/log/secure), then remove "
		       "the line with `vipw` and `vipw -s`; `userdel` would refuse while root is "
		       "logged in.",
	.facts = FACT_BIT(FACT_ACCOUNTS),
	.evaluate = evaluate_uid_zero,
};

const struct check check_account_service_login = {
	.id = "account-service-login",
	.title = "Service accounts cannot log in",
	.severity = SEV_MEDIUM,
	.guides = "P",
	.references = "CIS Debian 12 5.4.2.7, nologin(8), login.defs(5)",
	.rationale = "An account that runs one service needs no login, neither remote nor local. "
		     "With a shell, a password or a key it is a way in that nobody looks at; keys "
		     "open tunnels even where the shell is nologin.",
	.remedy = "`usermod -s /usr/sbin/nologin NAME`, `passwd -l NAME`, and remove its "
		  "authorized_keys. Where a service needs the shell (su from cron, for example), "
		  "say so in a [waiver].",
	.remedy_rhel = "`usermod -s /sbin/nologin NAME`, `passwd -l NAME`, and remove its "
		       "authorized_keys. Where a service needs the shell (su from cron, for "
		       "example), say so in a [waiver].",
	.facts = FACT_BIT(FACT_ACCOUNTS) | FACT_BIT(FACT_HOMES),
	.evaluate = evaluate_service,
};

const struct check check_account_unneeded = {
	.id = "account-unneeded",
	.title = "There are no accounts that nobody needs",
	.severity = SEV_MEDIUM,
	.guides = "P N09",
	.references = "lastlog(8), wtmpdb(8), userdel(8)",
	.rationale = "Accounts that an image came with, that were opened for one task, or whose "
		     "owner has left are doors that nobody watches.",
	.remedy = "`userdel -r NAME` when it is not needed, `usermod -L -e 1 NAME` to keep its "
		  "files. "
		  "Name the account that administers the machine in [policy] sysadmin.",
	.facts = FACT_BIT(FACT_ACCOUNTS) | FACT_BIT(FACT_LOGINS),
	.params = unneeded_params,
	.evaluate = evaluate_unneeded,
};

const struct check check_account_root_groups = {
	.id = "account-root-groups",
	.title = "Only sysadmins are in groups that amount to root",
	.severity = SEV_MEDIUM,
	.guides = "N16",
	.references = "group(5), gshadow(5)",
	.rationale =
		"A member of docker, lxd or disk can read and write every file of the machine, "
		"and of sudo or wheel usually may become root outright.",
	.remedy = "`gpasswd -d NAME GROUP` (it holds from the next login), or name the account in "
		  "[policy] sysadmin if it is to have root.",
	.facts = FACT_BIT(FACT_ACCOUNTS),
	.params = root_groups_params,
	.evaluate = evaluate_groups,
};
