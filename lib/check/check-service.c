/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "check/checks.h"
#include "check/schedule.h"
#include "fact/cron.h"
#include "fact/listeners.h"
#include "fact/unit-file.h"
#include "fact/units.h"

enum {
	NAMES_SHOWN = 8, /* in a summary */
};

static void evaluate_drift(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	size_t start = 0, jobs = 0;

	if (!check_facts_usable(facts, FACT_BIT(FACT_CRON), ret))
		return;
	const struct cron *cron = factset_get(facts, FACT_CRON)->u.cron;
	const struct units *u = schedule_units(facts, ret);
	if (!u)
		return;
	for (size_t i = 0; i < u->n; i++)
		start += u->v[i].starts && !u->v[i].target;
	for (size_t i = 0; i < cron->n; i++)
		jobs += !cron->v[i].idle;
	verdict_set(ret, RESULT_INFORMATIONAL,
		"boot starts %zu of %zu units, and cron and at run %zu jobs; what is enabled, "
		"disabled, masked or newly scheduled is told as drift",
		start, u->n, jobs);
}

const struct check check_service_drift = {
	.id = "service-drift",
	.title = "Enabled services and scheduled jobs are the accepted ones",
	.severity = SEV_LOW,
	.guides = "+",
	.references = "systemctl(1), systemd.unit(5), crontab(5), at(1)",
	.rationale = "What starts by itself survives a reboot, and that is what a foothold needs. "
		     "Each unit that is enabled, disabled or masked is told, with its file, and "
		     "each job of cron, of any user, or of root's at, that is new or changed. "
		     "Arguments of a command are not told, since they may be passwords: which "
		     "programs it starts is, and a fingerprint that shows each change of it.",
	.remedy = "Look at it with `systemctl cat UNIT` and `hardenctl diff`. Take it back with "
		  "`systemctl disable --now UNIT`, `systemctl unmask UNIT` or `systemctl enable "
		  "UNIT`; take a job out of the file of the evidence, `crontab -e` or `atrm`. "
		  "Or make it the baseline with `hardenctl accept`.",
	.facts = FACT_BIT(FACT_UNITS) | FACT_BIT(FACT_CRON),
	.kind = CHECK_DRIFT,
	.evaluate = evaluate_drift,
};

static const struct param unneeded_params[] = {
	{"unneeded", PARAM_LIST,
		"avahi-daemon avahi-dnsconfd cups cups-browsed cupsd rpcbind portmap nfs-server "
		"nfs-kernel-server nfs-mountd nfs-blkmap rpc-statd rpc-mountd ypserv ypbind "
		"yppasswdd ypxfrd nis telnet telnetd inetutils-telnetd rsh rshd rlogin rexec "
		"rsh-server xinetd inetd openbsd-inetd inetutils-inetd rlinetd tftp tftpd "
		"tftpd-hpa atftpd in.tftpd vsftpd proftpd pure-ftpd* ftpd ftpd-ssl wu-ftpd snmpd "
		"snmptrapd bluetooth talk ntalk finger fingerd chargen* daytime* discard* echo* "
		"time-dgram time-stream smbd nmbd samba winbind netatalk slpd saned xrdp "
		"vncserver x11vnc isc-dhcp-server dhcpd rwhod ModemManager",
		.doc = "Services that a virtual machine seldom needs: names of units without their "
		       "type, patterns of fnmatch(3). Whoever needs one takes it out of the list, "
		       "or "
		       "states a waiver."},
	{NULL},
};

/* Whether the pattern means this unit: "telnet" is telnet.socket, telnet@.service, telnet@1... */
static bool is_meant(const char *pattern, const char *name)
{
	char plain[256];
	size_t len = strcspn(name, "@");
	const char *dot = strrchr(name, '.');

	if (dot && (size_t)(dot - name) < len)
		len = (size_t)(dot - name);
	(void)snprintf(plain, sizeof(plain), "%.*s", (int)len, name);
	return text_glob(pattern, plain) || text_glob(pattern, name);
}

static bool is_serving(const char *name)
{
	static const char *const types[] = {".service", ".socket", ".timer", ".path"};
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		size_t n = strlen(types[i]);
		if (len > n && strcmp(name + len - n, types[i]) == 0)
			return true;
	}
	return false;
}

static bool is_listed(const char *const *list, const struct unit *unit)
{
	if (unit->target || !is_serving(unit->name))
		return false;
	for (size_t i = 0; list[i]; i++) {
		if (is_meant(list[i], unit->name))
			return true;
	}
	return false;
}

/* "enabled, boot starts it, runs now"; NULL when it neither runs nor will. */
static const char *on_state(struct arena *a, const struct unit *u)
{
	bool enabled = u->state == UNIT_FILE_ENABLED || u->state == UNIT_FILE_ENABLED_RUNTIME;

	if (!enabled && !u->starts && u->active != UNIT_ACTIVE)
		return NULL;
	return arena_printf(a, "%s%s%s", unit_file_state_name(u->state),
		u->starts ? ", boot starts it" : "", u->active == UNIT_ACTIVE ? ", runs now" : "");
}

/* "cups.service, cups.socket and 3 more" */
struct shown {
	char text[512];
	size_t n;
};

static void show(struct shown *s, const char *name)
{
	size_t len = strlen(s->text);

	if (s->n++ < NAMES_SHOWN)
		(void)snprintf(s->text + len, sizeof(s->text) - len, "%s%s", len ? ", " : "", name);
}

static void evaluate_unneeded(const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const struct units *u = schedule_units(facts, ret);
	const char *const *list = policy_list(policy, c->id, "unneeded");
	struct shown shown = {0};

	for (size_t i = 0; u && i < u->n; i++) {
		const struct unit *unit = &u->v[i];
		if (!is_listed(list, unit))
			continue;
		const char *observed = on_state(ret->arena, unit);
		if (!observed)
			continue;
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_FAIL,
					 .severity = c->severity,
					 .subject = arena_printf(ret->arena, "unit %s", unit->name),
					 .path = unit->path,
					 .observed = observed,
					 .expected = "not installed, or disabled and stopped",
				 });
		show(&shown, unit->name);
	}
	if (!u)
		return;
	if (u->booted && !u->live)
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_ERROR,
					 .subject = "systemd",
					 .observed = u->live_reason,
					 .expected = "able to say which services run now",
				 });
	if (shown.n > NAMES_SHOWN)
		verdict_summary(ret,
			"services that a virtual machine seldom needs are on: %s and "
			"%zu more",
			shown.text, shown.n - NAMES_SHOWN);
	else if (shown.n > 0)
		verdict_summary(
			ret, "services that a virtual machine seldom needs are on: %s", shown.text);
	else if (ret->result == RESULT_PASS)
		verdict_summary(ret, "none of the services of the policy's list is on");
}

const struct check check_service_unneeded = {
	.id = "service-unneeded",
	.title = "Services that are not needed are off",
	.severity = SEV_MEDIUM,
	.guides = "P N12",
	.references = "CIS Debian 12 2.1; CIS RHEL 9 2.1; systemctl(1)",
	.rationale =
		"Every service that runs is code that an intruder may reach, whether or not the "
		"firewall lets anybody through today. Those of the list came with a desktop, "
		"an image or a dependency, and nobody would miss them on a server.",
	.remedy =
		"`systemctl disable --now UNIT` for each unit of the evidence, its socket as well; "
		"`apt-get purge PACKAGE` where nothing else needs it. A service that is needed: "
		"take it out of `unneeded` in the section [service-unneeded], or state a waiver.",
	.remedy_rhel =
		"`systemctl disable --now UNIT` for each unit of the evidence, its socket as "
		"well; `dnf remove PACKAGE` where nothing else needs it. A service that is "
		"needed: take it out of `unneeded` in the section [service-unneeded], or "
		"state a waiver.",
	.facts = FACT_BIT(FACT_UNITS),
	.params = unneeded_params,
	.evaluate = evaluate_unneeded,
};

/* The unit that does the work of a socket: of one that systemd holds, the socket unit's service. */
static const struct unit *worker_of(const struct units *u, const struct listener *l)
{
	char name[300];

	if (!l->unit)
		return NULL;
	const struct unit *socket = units_find(u, l->unit);
	if (!socket || strcmp(unit_name_type(l->unit), "socket") != 0)
		return socket;
	const char *service = unit_setting(socket, "Service"),
		   *accept = unit_setting(socket, "Accept");
	(void)snprintf(name, sizeof(name), "%.*s%s.service",
		(int)(strrchr(socket->name, '.') - socket->name), socket->name,
		accept && unit_boolean(accept) > 0 ? "@" : "");
	return units_find(u, service ? service : name);
}

/* As whom a unit runs its program: "root", or a name; "" where it is made for each start. */
static const char *user_of(const struct unit *unit)
{
	const char *dynamic = unit_setting(unit, "DynamicUser"), *user = unit_setting(unit, "User");

	if (user)
		return strcmp(user, "0") == 0 ? "root" : user;
	return dynamic && unit_boolean(dynamic) > 0 ? "" : "root";
}

static void report_sandbox(struct verdict *ret, const struct unit *unit, const struct listener *l)
{
	struct arena *a = ret->arena;
	const char *subject = unit ? arena_printf(a, "unit %s", unit->name)
				   : arena_printf(a, "listener %s", l->text);

	for (size_t i = 0; subject && i < ret->n_evidence; i++) {
		if (strcmp(ret->evidence[i].subject, subject) == 0)
			return; /* its other sockets */
	}
	verdict_add(ret,
		&(struct evidence){
			.result = RESULT_INFORMATIONAL,
			.subject = subject,
			.path = unit ? unit->path : NULL,
			.observed = unit ? arena_printf(a, "runs as root and holds %s", l->text)
					 : arena_printf(a,
						   "held by uid %u, by no unit that is known",
						   l->uid),
			.expected = "User= of its own, or DynamicUser=yes",
		});
}

static void evaluate_sandbox(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_LISTENERS), ret))
		return;
	const struct listeners *listeners = factset_get(facts, FACT_LISTENERS)->u.listeners;
	const struct units *u = schedule_units(facts, ret);

	for (size_t i = 0; u && i < listeners->n; i++) {
		const struct listener *l = &listeners->v[i];
		if (l->loopback || l->passing)
			continue;
		const struct unit *unit = worker_of(u, l);
		if (!unit || strcmp(user_of(unit), "root") == 0)
			report_sandbox(ret, unit, l);
	}
	if (u && ret->n_evidence == 0)
		verdict_summary(ret, "every unit that others can reach runs as a user of its own");
	else if (u)
		verdict_summary(ret,
			"%zu of what others can reach runs as root, or as no unit's user",
			ret->n_evidence);
}

const struct check check_service_sandbox = {
	.id = "service-sandbox",
	.title = "Services that others can reach run as a user of their own",
	.severity = SEV_LOW,
	.guides = "+",
	.references = "systemd.exec(5), systemd-analyze(1)",
	.rationale = "Who breaks into a service has what the service has. Some need root at their "
		     "start and give it up by themselves, as sshd does; that cannot be seen in the "
		     "unit, so this is for information.",
	.remedy =
		"`systemctl edit UNIT`, and in [Service] `User=NAME` (or `DynamicUser=yes`), with "
		"`AmbientCapabilities=CAP_NET_BIND_SERVICE` for a port below 1024; "
		"`systemd-analyze security UNIT` tells what else can be taken away.",
	.facts = FACT_BIT(FACT_UNITS) | FACT_BIT(FACT_LISTENERS),
	.evaluate = evaluate_sandbox,
};
