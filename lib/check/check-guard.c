/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/net.h"
#include "check/checks.h"
#include "check/guard-jail.h"
#include "check/schedule.h"
#include "conf/policy.h"
#include "fact/guards.h"
#include "fact/sshd.h"

static void add_port(struct guard_asking *q, const char *text)
{
	const char *colon = strrchr(text, ':');
	unsigned long port = strtoul(colon ? colon + 1 : text, NULL, 10);

	if (port == 0 || port > 65535)
		return;
	unsigned *slot = arena_grow(q->arena, &q->ports, q->n_ports, sizeof(*slot));
	if (!slot)
		return; /* the arena remembers */
	*slot = (unsigned)port;
	q->n_ports++;
}

/* With socket activation the socket's ports count, else the configuration's. */
static void find_ports(struct guard_asking *q, const struct factset *facts)
{
	static const char *const sockets[] = {"ssh.socket", "sshd.socket"};
	const struct fact *f = factset_get(facts, FACT_SSHD);

	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++) {
		const struct unit *u = units_find(q->units, sockets[i]);
		if (!u || !unit_is_effective(q->units, sockets[i]))
			continue;
		for (size_t k = 0; k < u->n_settings; k++) {
			if (strcmp(u->settings[k].key, "ListenStream") != 0)
				continue;
			if (!*u->settings[k].value)
				q->n_ports = 0;
			add_port(q, u->settings[k].value);
		}
		return;
	}
	if (!f || f->state != FACT_STATE_OK || f->u.sshd->n_contexts == 0)
		return;
	const struct sshd_value *listen = sshd_get(&f->u.sshd->contexts[0], "listenaddress");
	for (const char *s = listen ? listen->value : ""; *s; s += strspn(s, " ")) {
		size_t n = strcspn(s, " ");
		char word[512];
		(void)snprintf(word, sizeof(word), "%.*s", (int)n, s);
		add_port(q, word);
		s += n;
	}
}

static bool guards_ssh(const struct guard_jail *j)
{
	return j->finds || strncmp(j->filter, "ssh", 3) == 0 || strncmp(j->name, "ssh", 3) == 0;
}

/* The jail that does guard, else one that may, else the first that should. */
static void judge_jails(
	const struct guard_asking *q, const struct guard_fail2ban *g, struct answer *x)
{
	const struct answer none = *x;

	for (size_t i = 0; i < g->n; i++) {
		struct answer y = none;
		if (!guards_ssh(&g->v[i]))
			continue;
		guard_jail_judge(q, g, &g->v[i], &y);
		if (y.result == RESULT_PASS || !x->observed ||
			(y.result == RESULT_UNKNOWN && x->result == RESULT_FAIL))
			*x = y;
		if (y.result == RESULT_PASS)
			return;
	}
	if (x->observed)
		return;
	x->result = RESULT_FAIL;
	answer_at(x, g->off ? g->off->path : "/etc/fail2ban/jail.conf", g->off ? g->off->line : 0);
	if (g->off)
		x->subject = arena_printf(q->arena, "jail %s", g->off->name);
	x->observed = g->off ? "the jail is switched off" : "no jail that guards SSH is enabled";
	x->expected = "enabled = true in [sshd] of a file in /etc/fail2ban/jail.d";
}

/* The unit that must run: what is wrong with it, when nothing else is. */
static void judge_unit(const struct guard_asking *q, const char *name, struct answer *x)
{
	const struct unit *unit = units_find(q->units, name);
	struct answer y = {.name = x->name, .path = unit ? unit->path : NULL};

	if (x->result == RESULT_PASS && !answer_unit(q->arena, q->units, name, &y))
		*x = y;
}

static void judge_fail2ban(
	const struct guard_asking *q, const struct guard_fail2ban *g, struct answer *x)
{
	if (g->error) {
		answer_at(x, g->error_path, g->error_line);
		x->result = RESULT_FAIL;
		x->observed = arena_printf(q->arena, "fail2ban does not start: %s", g->error);
		x->expected = "a configuration that `fail2ban-client -t` accepts";
		return;
	}
	judge_jails(q, g, x);
	/* One jail without a log file stops the whole server. */
	for (size_t i = 0; i < g->n && x->result == RESULT_PASS; i++) {
		if (guard_lacks_logs(&g->v[i]))
			guard_jail_judge(q, g, &g->v[i], x);
	}
	judge_unit(q, "fail2ban.service", x);
}

/* After how many attacks sshguard blocks; not said: its default, 3. */
static void judge_threshold(
	const struct guard_asking *q, const struct guard_setting *s, struct answer *x)
{
	uint64_t most = policy_uint(q->policy, q->check->id, "max_retry");
	char *end = NULL;

	if (!s->text || !*s->text || x->result != RESULT_PASS)
		return;
	unsigned long long score = strtoull(s->text, &end, 10);
	if (!*end && *s->text != '-' && score <= most * 10)
		return;
	answer_at(x, s->path, s->line);
	x->result = *end ? RESULT_UNKNOWN : RESULT_FAIL;
	x->observed = arena_printf(q->arena,
		*end ? "THRESHOLD=%s is no number" : "THRESHOLD=%s: nobody is blocked before",
		s->text);
	x->expected = arena_printf(q->arena, "%llu or less: 10 for each attack (max_retry in [%s])",
		(unsigned long long)most * 10, q->check->id);
}

static void judge_simple(const struct guard_asking *q, const struct guard_simple *s,
	const char *unit, struct answer *x)
{
	answer_at(x, s->path, s->line);
	x->ignore = s->ignore;
	x->n_ignore = s->n_ignore;
	x->expected = "a configuration that blocks who guesses passwords";
	if (s->fault) {
		x->observed = s->fault;
		x->result = RESULT_FAIL;
	} else if (!guard_exempts_many(q, "its list of exempt", s->ignore, s->n_ignore, x) &&
		   s->unsure) {
		x->observed = s->unsure;
		x->result = RESULT_UNKNOWN;
	}
	judge_threshold(q, &s->threshold, x);
	judge_unit(q, unit, x);
}

static void judge_crowdsec(
	const struct guard_asking *q, const struct guard_crowdsec *c, struct answer *x)
{
	x->result = RESULT_FAIL;
	x->path = "/etc/crowdsec/config.yaml";
	if (!c->scenario) {
		x->observed = "no scenario for SSH is installed";
		x->expected = "`cscli collections install crowdsecurity/sshd`";
	} else if (!c->source) {
		x->observed = "no acquisition takes in sshd's log";
		x->expected = "/var/log/auth.log or journalctl of ssh in /etc/crowdsec/acquis.d";
	} else if (!c->bouncer) {
		x->observed = "no bouncer is installed: decisions are taken and nobody is blocked";
		x->expected = "the package crowdsec-firewall-bouncer-nftables";
	} else if (c->simulation) {
		answer_at(x, "/etc/crowdsec/simulation.yaml", c->simulation);
		x->observed = "simulation: true, so that nobody is blocked";
		x->expected = "`cscli simulation disable --global`";
	} else {
		x->path = c->scenario;
		x->result = RESULT_PASS;
	}
	judge_unit(q, "crowdsec.service", x);
	if (c->bouncer)
		judge_unit(q, c->bouncer_unit, x);
}

/* What sshd does not log, nobody counts: wrong passwords are told at INFO. */
static void judge_level(const struct fact *sshd, struct answer *x)
{
	static const char *const low[] = {"QUIET", "FATAL", "ERROR"};
	const struct sshd_value *level = NULL;

	if (sshd && sshd->state == FACT_STATE_OK && sshd->u.sshd->n_contexts > 0)
		level = sshd_get(&sshd->u.sshd->contexts[0], "loglevel");
	for (size_t i = 0; level && i < ARRAY_SIZE(low) && x->result != RESULT_FAIL; i++) {
		if (strcasecmp(level->value, low[i]) != 0)
			continue;
		x->result = RESULT_FAIL;
		answer_at(x, level->path, level->line);
		x->observed = "sshd's LogLevel is below INFO: failed logins are not logged";
		x->expected = "LogLevel INFO or VERBOSE";
	}
}

/* A trusted network that a guard could shut out: P warns of it. */
static void add_unignored(const struct guard_asking *q, const struct answer *x, struct verdict *ret)
{
	const char *const *trusted = policy_list(q->policy, "policy", "trusted_networks");
	const char *missing = NULL;

	for (size_t i = 0; trusted[i]; i++) {
		struct net net, inner;
		bool in = false;
		/* fail2ban and the others never block the machine itself. */
		if (net_parse(trusted[i], &net) < 0 || strncmp(trusted[i], "127.", 4) == 0 ||
			strncmp(trusted[i], "::1", 3) == 0)
			continue;
		for (size_t k = 0; k < x->n_ignore && !in; k++) {
			int r = net_parse(x->ignore[k], &inner);
			in = (r == 0 || r == -EDOM) && net_contains(&inner, &net);
		}
		if (!in)
			missing = arena_printf(ret->arena, "%s%s%s", missing ? missing : "",
				missing ? " " : "", trusted[i]);
	}
	if (!missing)
		return;
	verdict_add(ret, &(struct evidence){
				 .result = RESULT_INFORMATIONAL,
				 .subject = "trusted networks",
				 .path = x->path,
				 .observed = arena_printf(
					 ret->arena, "may be shut out by %s: %s", x->name, missing),
				 .expected = "exempt (ignoreip), if nobody there is to be blocked",
			 });
}

static void conclude(const struct guard_asking *q, const struct guards *g, const struct answer *v,
	size_t n, struct verdict *ret)
{
	const struct answer *works = NULL;

	for (size_t i = 0; i < n && !works; i++)
		works = v[i].result == RESULT_PASS ? &v[i] : NULL;
	if (works) {
		answer_add(works, q->check->severity, "guards SSH", ret);
		add_unignored(q, works, ret);
		verdict_summary(ret, "%s shuts out who guesses passwords over SSH", works->name);
		return;
	}
	for (size_t i = 0; i < n; i++)
		answer_add(&v[i], q->check->severity, "guards SSH", ret);
	if (g->reason)
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_ERROR,
					 .subject = "configuration",
					 .observed = g->reason,
					 .expected = "readable by the monitor",
				 });
	if (n > 0 || g->reason)
		return;
	verdict_add(
		ret, &(struct evidence){
			     .result = RESULT_FAIL,
			     .severity = q->check->severity,
			     .subject = "guard",
			     .observed = "none of fail2ban, sshguard, DenyHosts and CrowdSec is "
					 "installed",
			     .expected = "one of them, guarding SSH",
		     });
}

static void evaluate_guard(const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const struct fact *sshd = factset_get(facts, FACT_SSHD);
	struct guard_asking q = {.check = c, .policy = policy, .arena = ret->arena};
	struct answer v[4];
	size_t n = 0;

	if (sshd && sshd->state == FACT_STATE_ABSENT) {
		verdict_set(ret, RESULT_NOTAPPLICABLE, "there is no SSH server to guard");
		return;
	}
	if (!check_facts_usable(facts, FACT_BIT(FACT_GUARDS), ret))
		return;
	q.units = schedule_units(facts, ret);
	if (!q.units)
		return;
	const struct guards *g = factset_get(facts, FACT_GUARDS)->u.guards;
	find_ports(&q, facts);
	if (g->fail2ban.there) {
		v[n] = (struct answer){.name = "fail2ban", .subject = "guard fail2ban"};
		judge_fail2ban(&q, &g->fail2ban, &v[n++]);
	}
	if (g->sshguard.there) {
		v[n] = (struct answer){.name = "sshguard", .subject = "guard sshguard"};
		judge_simple(&q, &g->sshguard, "sshguard.service", &v[n++]);
	}
	if (g->denyhosts.there) {
		v[n] = (struct answer){.name = "DenyHosts", .subject = "guard denyhosts"};
		judge_simple(&q, &g->denyhosts, "denyhosts.service", &v[n++]);
	}
	if (g->crowdsec.there) {
		v[n] = (struct answer){.name = "CrowdSec", .subject = "guard crowdsec"};
		judge_crowdsec(&q, &g->crowdsec, &v[n++]);
	}
	for (size_t i = 0; i < n; i++)
		judge_level(sshd, &v[i]);
	conclude(&q, g, v, n, ret);
}

static const struct param guard_params[] = {
	{"max_retry", PARAM_UINT, "10", .min = 1, .max = 1000,
		.doc = "After how many failures at most fail2ban bans (maxretry of the jail)."},
	{"min_findtime", PARAM_USEC, "5min", .min = 1, .max = UINT64_C(366) * 24 * 3600,
		.doc = "The time at least in which fail2ban counts them (findtime of the jail)."},
	{"min_bantime", PARAM_USEC, "5min", .min = 1, .max = UINT64_C(366) * 24 * 3600,
		.doc = "How long at least who is banned stays out (bantime of the jail, and "
		       "bantime.maxtime where bans grow)."},
	{"max_ignored", PARAM_UINT, "4096", .min = 0, .max = UINT32_MAX,
		.doc = "How many addresses beside trusted_networks may be exempt from bans; of "
		       "IPv6, networks of /64 are counted."},
	{NULL},
};

const struct check check_service_brute_force_guard = {
	.id = "service-brute-force-guard",
	.title = "Who guesses passwords over SSH is shut out",
	.severity = SEV_MEDIUM,
	.guides = "P A N11",
	.references = "jail.conf(5), sshguard(8), https://docs.crowdsec.net/",
	.rationale =
		"An SSH server in a cloud is tried thousands of times a day. A tool that blocks "
		"an address after a few failures ends that, if it really runs: a jail whose "
		"log file is missing or whose port is another one blocks nobody.",
	.remedy = "`apt-get install fail2ban python3-systemd`, write `[sshd]`, `enabled = true`, "
		  "`backend = systemd`, `port = PORT` (where sshd listens) and `ignoreip = "
		  "NETWORK...` (your own) to /etc/fail2ban/jail.d/sshd.local, test with "
		  "`fail2ban-client -t`, then `systemctl enable fail2ban && systemctl restart "
		  "fail2ban` and look at `fail2ban-client status sshd`.",
	.remedy_rhel =
		"`dnf install epel-release && dnf install fail2ban`, write `[sshd]`, `enabled "
		"= true`, `port = PORT` (where sshd listens) and `ignoreip = NETWORK...` "
		"(your own) to /etc/fail2ban/jail.d/sshd.local, test with `fail2ban-client "
		"-t`, then `systemctl enable fail2ban && systemctl restart fail2ban` and "
		"look at `fail2ban-client status sshd`.",
	.facts = FACT_BIT(FACT_SSHD) | FACT_BIT(FACT_GUARDS) | FACT_BIT(FACT_UNITS),
	.params = guard_params,
	.evaluate = evaluate_guard,
};
