/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "check/attest.h"
#include "check/checks.h"
#include "check/schedule.h"

/*
 * What looks for known flaws or for wrong configuration when somebody starts it. What looks for
 * traces of a break-in (rkhunter, chkrootkit, AIDE) comes too late to count.
 */
static const char *const scanners[] = {"lynis", "oscap", "oscap-ssh", "openscap", "debsecan",
	"trivy", "grype", "vuls", "osv-scanner", "cve-bin-tool", "arch-audit", "insights-client",
	"openvas", "gvm-cli", "gvm-script", "nmap", "nikto", "nuclei", "tiger", "tigercron",
	"cscanner", "inspec", "cinc-auditor", "goss", NULL};

/* What does so by itself while it runs. */
static const char *const agents[] = {"wazuh-agent.service", "gvmd.service", "ospd-openvas.service",
	"nessusd.service", "nessusagent.service", "qualys-cloud-agent.service", "ir_agent.service",
	"amazon-ssm-inspector.service", "mdatp.service", "osqueryd.service"};

#define MONITOR "hardend.service"

static void add(const struct check *c, enum result result, const char *subject, const char *path,
	unsigned line, const char *observed, struct verdict *ret)
{
	verdict_add(ret, &(struct evidence){
				 .result = result,
				 .severity = c->severity,
				 .subject = subject,
				 .path = path,
				 .line = line,
				 .observed = observed,
				 .expected = result == RESULT_FAIL
						     ? "a scanner that a timer or a cron job starts"
						     : NULL,
			 });
}

/* The jobs that are on; when there is none, *ret_off is one that is not, or that is not clear. */
static size_t add_jobs(const struct check *c, const struct factset *facts,
	const struct schedule_job **ret_off, struct verdict *ret)
{
	struct schedule_job *jobs = NULL;
	size_t n = 0, on = 0;

	if (schedule_find(ret->arena, facts, scanners, &jobs, &n) < 0)
		return 0; /* the arena remembers */
	for (size_t i = 0; i < n; i++) {
		if (!jobs[i].effective || jobs[i].unsure) {
			if (!*ret_off || jobs[i].effective)
				*ret_off = &jobs[i];
			continue;
		}
		add(c, RESULT_PASS, jobs[i].subject, jobs[i].path, jobs[i].line,
			arena_printf(ret->arena, "runs %s", jobs[i].program), ret);
		on++;
	}
	return on;
}

static size_t add_agents(const struct check *c, const struct units *u, struct verdict *ret)
{
	size_t on = 0;

	for (size_t i = 0; i < ARRAY_SIZE(agents); i++) {
		const struct unit *unit = units_find(u, agents[i]);
		if (!unit || !unit_is_effective(u, agents[i]))
			continue;
		add(c, RESULT_PASS, arena_printf(ret->arena, "unit %s", agents[i]), unit->path, 0,
			"scans by itself", ret);
		on++;
	}
	return on;
}

/* Nothing but this monitor scans, or not even that. */
static void conclude(const struct check *c, const struct factset *facts, const struct units *u,
	const struct schedule_job *off, struct verdict *ret)
{
	const struct unit *monitor = units_find(u, MONITOR);
	const char *unread = schedule_unread(facts);

	if (monitor && unit_is_effective(u, MONITOR)) {
		add(c, RESULT_PASS, "unit " MONITOR, monitor->path, 0,
			"looks for wrong configuration all the time", ret);
		add(c, RESULT_NOTCHECKED, "vulnerability scanner", NULL, 0,
			"none is scheduled here, and nobody states that one scans from outside",
			ret);
		verdict_summary(ret, "this monitor looks for wrong configuration; that known flaws "
				     "are scanned for is stated by nobody");
	} else if (off && off->effective) {
		add(c, RESULT_UNKNOWN, off->subject, off->path, off->line,
			off->why ? arena_printf(
					   ret->arena, "runs %s, but %s", off->program, off->why)
				 : arena_printf(ret->arena,
					   "names %s in a command that can't be followed",
					   off->program),
			ret);
	} else if (off) {
		add(c, RESULT_FAIL, off->subject, off->path, off->line,
			arena_printf(ret->arena, "would run %s, but %s", off->program, off->why),
			ret);
	} else if (unread) {
		add(c, RESULT_UNKNOWN, "scanner", NULL, 0, unread, ret);
	} else {
		add(c, RESULT_FAIL, "scanner", NULL, 0, "no timer and no cron job runs one", ret);
	}
}

static void evaluate_scanner(const struct check *c, const struct factset *facts,
	const struct policy *policy, uint64_t realtime_usec, struct verdict *ret)
{
	const struct schedule_job *off = NULL;

	switch (attest_add(c, policy, c->severity, realtime_usec, ret)) {
	case ATTEST_CURRENT:
		verdict_summary(ret, "%s", attest_words(c, policy, ret));
		return;
	case ATTEST_LAPSED:
		return;
	case ATTEST_ABSENT:
		break;
	}
	const struct units *u = schedule_units(facts, ret);
	if (!u)
		return;
	size_t on = add_jobs(c, facts, &off, ret) + add_agents(c, u, ret);
	if (on > 0)
		verdict_summary(
			ret, "%zu %s on a schedule", on, on == 1 ? "scanner runs" : "scanners run");
	else
		conclude(c, facts, u, off, ret);
}

const struct check check_service_scanner = {
	.id = "service-scanner",
	.title = "A scanner looks for known flaws and wrong configuration regularly",
	.severity = SEV_LOW,
	.guides = "X",
	.references = "lynis(8), oscap(8), systemd.timer(5)",
	.rationale =
		"Attackers scan every address of a cloud within hours. Whoever scans their own "
		"machines first learns of an unpatched service or a forgotten port before "
		"somebody else does. This monitor sees configuration, not known flaws.",
	.remedy = "`apt-get install lynis && systemctl enable --now lynis.timer`, or `apt-get "
		  "install "
		  "debsecan` and a daily cron job with `debsecan --suite bookworm "
		  "--only-fixed`. If a scanner elsewhere covers this machine, state it in "
		  "[attestation service-scanner] of hardend.conf(5).",
	.remedy_rhel =
		"`dnf install openscap-scanner scap-security-guide` and a daily timer with "
		"`oscap xccdf eval`, or `insights-client --register`. If a scanner elsewhere "
		"covers this machine, state it in [attestation service-scanner] of "
		"hardend.conf(5).",
	.attestation = "who scans this machine for known flaws from where, and how often",
	.facts = FACT_BIT(FACT_UNITS) | FACT_BIT(FACT_CRON),
	.evaluate = evaluate_scanner,
};
