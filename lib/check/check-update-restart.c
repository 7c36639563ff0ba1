/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "check/checks.h"
#include "fact/processes.h"

/* "pid 812 sshd uses /usr/lib/libz.so.1 (zlib1g)" */
static const char *first_use(struct verdict *ret, const struct stale_use *use)
{
	return arena_printf(ret->arena, "pid %d %s %s %s%s%s%s", use->pid, use->command,
		use->program ? "is the replaced" : "uses the replaced", use->path,
		use->package ? " (package " : "", use->package ? use->package : "",
		use->package ? ")" : "");
}

/* How many processes, and how many files beyond the first use, a unit's uses amount to. */
static void count_uses(
	const struct stale_use *v, size_t n, size_t *ret_processes, size_t *ret_files)
{
	size_t processes = 0, files = 0;

	for (size_t i = 0; i < n; i++) {
		bool seen = false;
		processes += i == 0 || v[i].pid != v[i - 1].pid;
		for (size_t k = 0; k < i && !seen; k++)
			seen = strcmp(v[k].path, v[i].path) == 0;
		files += !seen;
	}
	*ret_processes = processes;
	*ret_files = files;
}

/* One unit: its first process and file by name, the rest by number. */
static void report_unit(const struct stale_use *v, size_t n, struct verdict *ret)
{
	size_t processes, files;

	count_uses(v, n, &processes, &files);
	const char *more = n == 1 ? ""
				  : arena_printf(ret->arena, "; in all %zu file%s in %zu process%s",
					    files, files == 1 ? "" : "s", processes,
					    processes == 1 ? "" : "es");
	verdict_add(ret,
		&(struct evidence){
			.result = RESULT_FAIL,
			.severity = SEV_MEDIUM,
			.subject = *v->unit ? arena_printf(ret->arena, "unit %s", v->unit)
					    : arena_printf(ret->arena, "process %s", v->command),
			.path = v->path,
			.observed = arena_printf(
				ret->arena, "%s%s", first_use(ret, v), more ? more : ""),
			.expected = "started after its last update",
		});
}

/* Units are restarted as a whole; without one, each program is. */
static bool same_group(const struct stale_use *a, const struct stale_use *b)
{
	return strcmp(a->unit, b->unit) == 0 && (*a->unit || strcmp(a->command, b->command) == 0);
}

static void evaluate_restart(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_PROCESSES), ret))
		return;
	const struct processes *p = factset_get(facts, FACT_PROCESSES)->u.processes;
	size_t units = 0;
	for (size_t i = 0, n; i < p->n; i += n) {
		for (n = 1; i + n < p->n && same_group(&p->v[i], &p->v[i + n]);)
			n++;
		report_unit(&p->v[i], n, ret);
		units++;
	}
	if (p->denied)
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_ERROR,
					 .subject = "processes",
					 .observed = arena_printf(ret->arena,
						 "%zu processes could not be looked at: that takes "
						 "root and CAP_SYS_PTRACE",
						 p->denied),
				 });
	if (p->cut)
		verdict_add(ret,
			&(struct evidence){
				.result = RESULT_UNKNOWN,
				.subject = "processes",
				.observed = arena_printf(ret->arena,
					"%zu more uses of replaced files, or processes with too "
					"many mappings, are not told one by one",
					p->cut),
				.expected = "all of those that `lsof -d DEL,txt` names",
			});
	if (units == 0 && !p->denied && !p->cut)
		verdict_summary(ret,
			"no running process uses a program or library that was replaced "
			"(%zu looked at, %zu started since the last change, %zu left to the image "
			"of their container)",
			p->looked, p->skipped, p->contained);
}

const struct check check_update_restart = {
	.id = "update-restart",
	.title = "No running process uses a program or library that was replaced",
	.severity = SEV_MEDIUM,
	.guides = "+",
	.references = "needrestart(1), proc_pid_maps(5)",
	.rationale =
		"A process goes on using the library that it was started with: after an update "
		"of OpenSSL, sshd is as vulnerable as before until it is started again, while "
		"every list of packages says that it is up to date.",
	.remedy =
		"`systemctl restart UNIT` for each unit of the evidence; for init.scope `systemctl "
		"daemon-reexec`, for a session log out and in again, for dbus.service (and when in "
		"doubt) `systemctl reboot`. `apt-get install needrestart` does it after each "
		"upgrade.",
	.remedy_rhel = "`systemctl restart UNIT` for each unit of the evidence; for init.scope "
		       "`systemctl daemon-reexec`, for a session log out and in again, for "
		       "dbus-broker.service (and when in doubt) `systemctl reboot`. `dnf "
		       "needs-restarting -s` lists them as well.",
	.facts = FACT_BIT(FACT_PROCESSES),
	.evaluate = evaluate_restart,
};
