/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/net.h"
#include "check/checks.h"
#include "check/schedule.h"
#include "fact/guards.h"
#include "fact/sshd.h"

/* What is asked of each guard. */
struct asking {
	const struct check *check;
	const struct policy *policy;
	const struct units *units;
	struct arena *arena;
	unsigned *ports; /* where sshd listens; none when that is not known */
	size_t n_ports;
};

/* What one guard comes to: pass, fail, unknown or error, with the reason. */
struct answer {
	const char *name;
	enum result result;
	const char *subject, *path, *observed, *expected;
	unsigned line;
	const char *const *ignore; /* what it never blocks; of a pass */
	size_t n_ignore;
};

static void add_port(struct asking *q, const char *text)
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
static void find_ports(struct asking *q, const struct factset *facts)
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

/* The first port of sshd that the jail does not close; 0 when it closes all. */
static unsigned open_port(const struct asking *q, const struct guard_jail *j)
{
	for (size_t i = 0; i < q->n_ports && !j->all_ports; i++) {
		size_t k = 0;
		while (k < j->n_ports &&
			(q->ports[i] < j->ports[k].first || q->ports[i] > j->ports[k].last))
			k++;
		if (k == j->n_ports)
			return q->ports[i];
	}
	return 0;
}

/* A network of the list that is everybody; NULL when there is none. */
static const char *everybody(const char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct net net;
		int r = net_parse(v[i], &net);
		if ((r == 0 || r == -EDOM) && net.bits == 0)
			return v[i];
	}
	return NULL;
}

static bool guards_ssh(const struct guard_jail *j)
{
	return strncmp(j->filter, "ssh", 3) == 0 || strncmp(j->name, "ssh", 3) == 0;
}

static bool lacks_logs(const struct guard_jail *j)
{
	return !j->error && !j->journal && j->log_path && j->n_found == 0;
}

static void at(struct answer *x, const char *path, unsigned line)
{
	x->path = path;
	x->line = line;
}

/* Why this jail stops nobody at the door of sshd; observed stays NULL when it does. */
static void judge_jail(const struct asking *q, const struct guard_fail2ban *g,
	const struct guard_jail *j, struct answer *x)
{
	const char *all = everybody(j->ignore, j->n_ignore);
	unsigned port = open_port(q, j);

	at(x, j->path, j->line);
	x->subject = arena_printf(q->arena, "jail %s", j->name);
	x->ignore = j->ignore;
	x->n_ignore = j->n_ignore;
	if (j->error) {
		x->observed = j->error;
		x->expected = "a jail that fail2ban accepts";
	} else if (lacks_logs(j)) {
		at(x, j->log_path, j->log_line);
		x->observed = arena_printf(q->arena,
			"%s is not there: fail2ban does not start without a log file",
			j->n_logs ? j->logs[0] : "a log file");
		x->expected = "backend = systemd (with python3-systemd), or a syslog daemon that "
			      "writes it";
	} else if (!j->journal && !j->log_path) {
		x->observed = "no logpath, and the backend does not read the journal";
		x->expected = "backend = systemd, or a logpath";
	} else if (j->journal && !g->journal_module) {
		x->observed = arena_printf(q->arena,
			"backend = %s, and Python's module systemd is not installed", j->backend);
		x->expected = "the package python3-systemd";
	} else if (!j->bans) {
		x->observed = "none of its actions blocks anybody";
		x->expected = "an action such as %(action_)s";
	} else if (port) {
		x->observed = arena_printf(
			q->arena, "port = %s leaves sshd's port %u open", j->port_text, port);
		x->expected = arena_printf(q->arena, "port = %u", port);
	} else if (all) {
		x->observed = arena_printf(q->arena, "ignoreip holds %s: nobody is banned", all);
		x->expected = "the networks of trusted people only";
	} else if (q->n_ports == 0 && !j->all_ports) {
		x->observed = arena_printf(q->arena,
			"it is not known where sshd listens, so neither whether port = %s is there",
			j->port_text);
		x->expected = "an sshd configuration that can be read, or port = 0:65535";
		x->result = RESULT_UNKNOWN;
		return;
	}
	x->result = x->observed ? RESULT_FAIL : RESULT_PASS;
}

/* The jail that does guard, else the first that should. */
static void judge_jails(const struct asking *q, const struct guard_fail2ban *g, struct answer *x)
{
	const struct answer none = *x;

	for (size_t i = 0; i < g->n; i++) {
		struct answer y = none;
		if (!guards_ssh(&g->v[i]))
			continue;
		judge_jail(q, g, &g->v[i], &y);
		if (y.result == RESULT_PASS || !x->observed)
			*x = y;
		if (y.result == RESULT_PASS)
			return;
	}
	if (x->observed)
		return;
	x->result = RESULT_FAIL;
	at(x, g->off ? g->off->path : "/etc/fail2ban/jail.conf", g->off ? g->off->line : 0);
	if (g->off)
		x->subject = arena_printf(q->arena, "jail %s", g->off->name);
	x->observed = g->off ? "the jail is switched off" : "no jail that guards SSH is enabled";
	x->expected = "enabled = true in [sshd] of a file in /etc/fail2ban/jail.d";
}

/* The unit that must run: what is wrong with it, when nothing else is. */
static void judge_unit(const struct asking *q, const char *name, struct answer *x)
{
	const char *why;
	enum result r = schedule_service(q->units, name, &why);

	if (r == RESULT_PASS || x->result != RESULT_PASS)
		return;
	const struct unit *unit = units_find(q->units, name);
	*x = (struct answer){.name = x->name,
		.result = r,
		.subject = arena_printf(q->arena, "unit %s", name),
		.path = unit ? unit->path : NULL,
		.observed = arena_printf(q->arena, "%s %s", name, why),
		.expected = "started at boot, and running"};
}

static void judge_fail2ban(const struct asking *q, const struct guard_fail2ban *g, struct answer *x)
{
	if (g->error) {
		at(x, g->error_path, g->error_line);
		x->result = RESULT_FAIL;
		x->observed = arena_printf(q->arena, "fail2ban does not start: %s", g->error);
		x->expected = "a configuration that `fail2ban-client -t` accepts";
		return;
	}
	judge_jails(q, g, x);
	/* One jail without a log file stops the whole server. */
	for (size_t i = 0; i < g->n && x->result == RESULT_PASS; i++) {
		if (lacks_logs(&g->v[i]))
			judge_jail(q, g, &g->v[i], x);
	}
	judge_unit(q, "fail2ban.service", x);
}

static void judge_simple(
	const struct asking *q, const struct guard_simple *s, const char *unit, struct answer *x)
{
	const char *all = everybody(s->ignore, s->n_ignore);

	at(x, s->path, s->line);
	x->ignore = s->ignore;
	x->n_ignore = s->n_ignore;
	x->expected = "a configuration that blocks who guesses passwords";
	if (s->fault)
		x->observed = s->fault;
	else if (all)
		x->observed = arena_printf(q->arena, "%s is never blocked: that is everybody", all);
	x->result = x->observed ? RESULT_FAIL : RESULT_PASS;
	if (!x->observed && s->unsure) {
		x->observed = s->unsure;
		x->result = RESULT_UNKNOWN;
	}
	judge_unit(q, unit, x);
}

static void judge_crowdsec(const struct asking *q, const struct guard_crowdsec *c, struct answer *x)
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
	} else {
		x->path = c->scenario;
		x->result = RESULT_PASS;
	}
	judge_unit(q, "crowdsec.service", x);
	if (c->bouncer)
		judge_unit(q, c->bouncer_unit, x);
}

static void add_answer(const struct asking *q, const struct answer *x, struct verdict *ret)
{
	verdict_add(ret, &(struct evidence){
				 .result = x->result,
				 .severity = q->check->severity,
				 .subject = x->subject,
				 .path = x->path,
				 .line = x->line,
				 .observed = x->observed ? x->observed : "guards SSH",
				 .expected = x->expected,
			 });
}

/* A trusted network that a guard could shut out: P warns of it. */
static void add_unignored(const struct asking *q, const struct answer *x, struct verdict *ret)
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

static void conclude(const struct asking *q, const struct guards *g, const struct answer *v,
	size_t n, struct verdict *ret)
{
	const struct answer *works = NULL;

	for (size_t i = 0; i < n && !works; i++)
		works = v[i].result == RESULT_PASS ? &v[i] : NULL;
	if (works) {
		add_answer(q, works, ret);
		add_unignored(q, works, ret);
		verdict_summary(ret, "%s shuts out who guesses passwords over SSH", works->name);
		return;
	}
	for (size_t i = 0; i < n; i++)
		add_answer(q, &v[i], ret);
	if (g->reason)
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_ERROR,
					 .subject = "configuration",
					 .observed = g->reason,
					 .expected = "can be read by the monitor",
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
			     .expected = "one of them guards SSH",
		     });
}

static void evaluate_guard(const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const struct fact *sshd = factset_get(facts, FACT_SSHD);
	struct asking q = {.check = c, .policy = policy, .arena = ret->arena};
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
	conclude(&q, g, v, n, ret);
}

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
	.evaluate = evaluate_guard,
};
