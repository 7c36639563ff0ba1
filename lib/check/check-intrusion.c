/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "check/checks.h"
#include "check/schedule.h"
#include "fact/auditd.h"
#include "fact/kernel.h"

/* Who takes the kernel's audit events, beside journald and the plugins of auditd. */
static const char *const consumers[] = {"auditd.service", "auditbeat.service", "go-audit.service",
	"osqueryd.service", "wazuh-agent.service", "elastic-agent.service"};

static void add_fail(const struct check *c, const char *subject, const char *path, unsigned line,
	const char *observed, const char *expected, struct verdict *ret)
{
	verdict_add(ret, &(struct evidence){
				 .result = RESULT_FAIL,
				 .severity = c->severity,
				 .subject = subject,
				 .path = path,
				 .line = line,
				 .observed = observed,
				 .expected = expected,
			 });
}

/* What keeps the kernel from making events, whoever would take them. */
static void judge_kernel(const struct check *c, const struct auditd *d, struct verdict *ret)
{
	if (d->boot_off)
		add_fail(c, "audit of the kernel", "/proc/cmdline", 0, d->boot_off,
			"no such parameter: remove it in /etc/default/grub", ret);
	else if (d->enabled == 0)
		add_fail(c, "audit of the kernel", NULL, 0, "switched off in the running kernel",
			"on: `auditctl -e 1`, and nothing that switches it off", ret);
	if (d->rules.off)
		add_fail(c, "audit rules", d->rules.off->path, d->rules.off->line,
			d->rules.off->text, "-e 1, or -e 2 as the last rule", ret);
	if (d->rules.never)
		add_fail(c, "audit rules", d->rules.never->path, d->rules.never->line,
			d->rules.never->text, "no rule that silences all others", ret);
}

/* The first consumer that is on; NULL when none is. */
static const char *find_consumer(const struct auditd *d, const struct units *u, enum result *ret)
{
	static const char journal[] = "systemd-journald-audit.socket";
	const char *why;

	*ret = RESULT_FAIL;
	for (size_t i = 0; i < ARRAY_SIZE(consumers); i++) {
		enum result r = schedule_service(u, consumers[i], &why);
		if (r == RESULT_PASS)
			return consumers[i];
		*ret = MIN(*ret, r);
	}
	return d->journal && schedule_service(u, journal, &why) == RESULT_PASS ? journal : NULL;
}

static void add_no_consumer(
	const struct check *c, const struct units *u, enum result result, struct verdict *ret)
{
	const struct unit *unit = units_find(u, "auditd.service");
	const char *why = "is not there";

	(void)schedule_service(u, "auditd.service", &why); /* that it is not on is known */
	verdict_add(
		ret, &(struct evidence){
			     .result = result,
			     .severity = c->severity,
			     .subject = "unit auditd.service",
			     .path = unit ? unit->path : NULL,
			     .observed = arena_printf(ret->arena,
				     "auditd.service %s, and nothing else takes the events", why),
			     .expected = "auditd, or another consumer, started at boot and running",
		     });
}

static void judge_auditd(const struct check *c, const struct auditd *d, struct verdict *ret)
{
	if (d->fault)
		add_fail(c, "auditd", d->fault_path, d->fault_line, d->fault,
			"set so that events of this machine are kept", ret);
}

static bool in_container(const struct factset *facts, struct verdict *ret)
{
	const struct fact *f = factset_get(facts, FACT_KERNEL);

	if (!f || f->state != FACT_STATE_OK || !f->u.kernel->container)
		return false;
	verdict_set(ret, RESULT_NOTAPPLICABLE, "a container (by %s): the audit trail is the host's",
		f->u.kernel->container);
	return true;
}

static void evaluate_audit(const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	enum result result;

	if (!check_facts_usable(facts, FACT_BIT(FACT_AUDITD), ret) || in_container(facts, ret))
		return;
	const struct units *u = schedule_units(facts, ret);
	if (!u)
		return;
	const struct auditd *d = factset_get(facts, FACT_AUDITD)->u.auditd;
	const char *consumer = find_consumer(d, u, &result);
	if (!consumer)
		add_no_consumer(c, u, result, ret);
	judge_kernel(c, d, ret);
	if (consumer && strcmp(consumer, "auditd.service") == 0)
		judge_auditd(c, d, ret);
	if (d->reason)
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_ERROR,
					 .subject = "audit configuration",
					 .observed = d->reason,
					 .expected = "readable by the monitor",
				 });
	if (ret->result != RESULT_PASS)
		return;
	if (d->rules.n > 0)
		verdict_summary(ret, "%s takes the kernel's audit events, %zu rules are set",
			consumer, d->rules.n);
	else
		verdict_set(ret, RESULT_INFORMATIONAL,
			"%s takes the kernel's audit events, but no rule is set in /etc/audit: "
			"these are logins and what programs report by themselves",
			consumer);
}

const struct check check_intrusion_audit = {
	.id = "intrusion-audit",
	.title = "The kernel's audit trail is on and somebody keeps it",
	.severity = SEV_MEDIUM,
	.guides = "+",
	.references = "auditd(8), auditctl(8), augenrules(8)",
	.rationale = "After a break-in the audit trail is what tells who did what, when and as "
		     "whom. It must have been kept before: nothing else records which login a "
		     "root process came from.",
	.remedy = "`apt-get install auditd && systemctl enable --now auditd`; remove `-e 0` and "
		  "`-a task,never` from /etc/audit/rules.d/*.rules and run `augenrules --load`; "
		  "remove `audit=0` from GRUB_CMDLINE_LINUX in /etc/default/grub, run "
		  "`update-grub` and restart.",
	.remedy_rhel =
		"`dnf install audit && systemctl enable --now auditd`; remove `-e 0` and `-a "
		"task,never` from /etc/audit/rules.d/*.rules and run `augenrules --load`; "
		"remove the kernel parameter by `grubby --update-kernel=ALL "
		"--remove-args=audit` and restart.",
	.facts = FACT_BIT(FACT_AUDITD) | FACT_BIT(FACT_UNITS) | FACT_BIT(FACT_KERNEL),
	.evaluate = evaluate_audit,
};
