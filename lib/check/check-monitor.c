/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "check/checks.h"
#include "fact/coverage.h"
#include "fact/self.h"

static void evaluate_coverage(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const struct fact *f = factset_get(facts, FACT_COVERAGE);

	if (!f) {
		verdict_set(ret, RESULT_NOTAPPLICABLE, "nothing is watched during a single scan");
		return;
	}
	const struct coverage_source *noted = NULL;
	for (size_t i = 0; i < f->u.coverage->n; i++) {
		const struct coverage_source *s = &f->u.coverage->sources[i];
		if (!s->degraded) {
			noted = s->detail ? s : noted;
			continue;
		}
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_FAIL,
					 .severity = SEV_MEDIUM,
					 .subject = s->name,
					 .observed = s->detail,
					 .expected = s->remedy ? s->remedy
							       : "told of every change by an event",
				 });
	}
	if (ret->result == RESULT_PASS)
		verdict_summary(ret, "all event sources work%s%s%s%s", noted ? "; " : "",
			noted ? noted->name : "", noted ? ": " : "", noted ? noted->detail : "");
}

const struct check check_monitor_coverage = {
	.id = "monitor-coverage",
	.title = "Changes are noticed by events, not missed and not polled for",
	.severity = SEV_MEDIUM,
	.guides = "+",
	.references = "inotify(7)",
	.rationale = "A monitor that has gone blind must say so itself. When an event source is "
		     "degraded, what it covered is read again on a timer, later than it should be.",
	.remedy = "See the evidence for the source and its limit, for example "
		  "`sysctl fs.inotify.max_user_watches=524288` (and in /etc/sysctl.d/).",
	.facts = FACT_BIT(FACT_COVERAGE),
	.kind = CHECK_MONITOR,
	.evaluate = evaluate_coverage,
};

/* Who may write to it, judged by mode (an ACL shows as the group's bits). */
static void judge_file(const struct self_file *file, const char *kind, struct verdict *ret)
{
	char subject[1024], observed[64];
	bool regular = S_ISREG(file->mode) || S_ISDIR(file->mode);

	(void)snprintf(subject, sizeof(subject), "%s %s", kind, file->path);
	if (file->reason) {
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_ERROR,
					 .subject = subject,
					 .path = file->path,
					 .observed = file->reason,
					 .expected = "readable by the monitor",
				 });
		return;
	}
	if (!regular || (file->uid == 0 && !(file->mode & (S_IWGRP | S_IWOTH))))
		return;
	(void)snprintf(observed, sizeof(observed), "owner %u:%u, mode %04o", file->uid, file->gid,
		file->mode & 07777);
	verdict_add(ret, &(struct evidence){
				 .result = RESULT_FAIL,
				 .severity = SEV_HIGH,
				 .subject = subject,
				 .path = file->path,
				 .observed = observed,
				 .expected = "owned by root, writable by nobody else",
			 });
}

static void evaluate_integrity(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_SELF), ret))
		return;
	const struct self *self = factset_get(facts, FACT_SELF)->u.self;
	for (size_t i = 0; i < self->n_files; i++)
		judge_file(&self->files[i], "file", ret);
	for (size_t i = 0; i < self->n_dirs; i++)
		judge_file(&self->dirs[i], "directory", ret);
	if (ret->result == RESULT_PASS)
		verdict_summary(ret,
			"%zu files of the monitor and %zu directories on the way to them can be "
			"changed by root only",
			self->n_files, self->n_dirs);
}

const struct check check_monitor_integrity = {
	.id = "monitor-integrity",
	.title = "The monitor's configuration, units and programs can be changed by root only",
	.severity = SEV_HIGH,
	.guides = "+",
	.references = "systemd.unit(5), hardend.conf(5)",
	.rationale = "Who can write to the monitor, or to a directory on the way to it, can make it "
		     "blind, or run a program of their own as root in its place.",
	.remedy = "`chown root:root PATH` and `chmod go-w PATH` for each path of the evidence; then "
		  "compare the files with the package's: `dpkg --verify hardend`.",
	.remedy_rhel = "`chown root:root PATH` and `chmod go-w PATH` for each path of the evidence; "
		       "then compare the files with the package's: `rpm --verify hardend`.",
	.facts = FACT_BIT(FACT_SELF),
	.evaluate = evaluate_integrity,
};
