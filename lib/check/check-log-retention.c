/* SPDX-License-Identifier: ISC */
/*
 * How long logs live. The system's messages are kept long enough when either the
 * journal or the files of a syslog daemon keep them; every other log that
 * logrotate handles is judged by itself.
 */
#include <string.h>

#include "check/checks.h"
#include "check/log-service.h"
#include "check/schedule.h"
#include "fact/log-kept.h"
#include "fact/logging.h"

/* An estimate from the journal's growth needs a time of growth. */
#define ESTIMATE_USEC (7 * USEC_PER_DAY)

struct judgement {
	const struct log_kept *kept;
	const struct logging *logging; /* NULL: not known */
	const struct factset *facts;
	uint64_t days, realtime_usec;
	struct verdict *v;
};

enum answer { NO, YES, MAYBE };

static enum answer bounded_by_size(const struct judgement *x, const char **ret_why)
{
	const struct journal *j = &x->kept->journal;
	const char *by = j->size_setting ? j->size_setting : "its default share of the disk";
	uint64_t age = j->first_realtime_usec > 0 && j->first_realtime_usec < x->realtime_usec
			       ? x->realtime_usec - j->first_realtime_usec
			       : 0;

	if (age >= x->days * USEC_PER_DAY)
		return YES;
	if (age < ESTIMATE_USEC || j->used == 0 || j->limit == 0) {
		*ret_why = arena_printf(x->v->arena,
			"the journal is bounded by %s; too little is logged yet to tell how long "
			"that lasts",
			by);
		return MAYBE;
	}
	/* How long the room lasts when it goes on filling as it did. */
	if ((double)age / (double)j->used * (double)j->limit >=
		(double)x->days * (double)USEC_PER_DAY)
		return YES;
	*ret_why = arena_printf(x->v->arena,
		"the journal is bounded by %s, which fills up in less than %llu days as it grew so "
		"far",
		by, (unsigned long long)x->days);
	return NO;
}

static enum answer journal_keeps(const struct judgement *x, struct evidence *e)
{
	const struct journal *j = &x->kept->journal;

	*e = (struct evidence){.subject = "journal",
		.severity = SEV_MEDIUM,
		.path = j->storage_path,
		.line = j->storage_line,
		.expected = arena_printf(
			x->v->arena, "kept for %llu days", (unsigned long long)x->days)};
	if (j->reason) {
		e->observed = j->reason;
		return MAYBE;
	}
	if (!j->present) {
		e->observed = "there is no journal";
		return NO;
	}
	if (j->storage == JOURNAL_NONE) {
		e->observed = "Storage=none: the journal keeps nothing";
		return NO;
	}
	if (j->storage == JOURNAL_VOLATILE) {
		e->observed = j->no_directory
				      ? "Storage=auto without /var/log/journal: lost at each boot"
				      : "Storage=volatile: lost at each boot";
		return NO;
	}
	if (j->max_age_usec > 0 && j->max_age_usec < x->days * USEC_PER_DAY) {
		e->path = j->max_age_path;
		e->line = j->max_age_line;
		e->observed = arena_printf(x->v->arena,
			"MaxRetentionSec removes entries after %llu days",
			(unsigned long long)(j->max_age_usec / USEC_PER_DAY));
		return NO;
	}
	e->path = j->size_path;
	e->line = j->size_line;
	return bounded_by_size(x, &e->observed);
}

/* Whether the file that a syslog daemon writes is kept long enough: by the first entry for it. */
static bool file_is_kept(const struct judgement *x, const char *file)
{
	for (size_t i = 0; i < x->kept->logrotate.n; i++) {
		const struct logrotate_entry *e = &x->kept->logrotate.v[i];
		bool by_size;
		if (!kept_matches(e, file))
			continue;
		return logrotate_days(e, &by_size) >= x->days && !by_size;
	}
	return x->kept->logrotate_state == FACT_STATE_ABSENT || !x->kept->logrotate.problem;
}

/* Whether the files of a syslog daemon that runs hold the system's messages long enough. */
static bool syslog_keeps(const struct judgement *x)
{
	struct log_pri all = log_pri_none();
	bool maybe;

	for (size_t i = 0; x->logging && i < x->logging->n_local; i++) {
		const struct log_local *l = &x->logging->local[i];
		const char *why;
		if (log_service(x->facts, x->v->arena, log_program_units(l->program), &why) ==
				LOG_SERVICE_ON &&
			file_is_kept(x, l->file))
			all = log_pri_or(all, l->pri);
	}
	return !log_pri_missing(&all, &maybe);
}

static bool is_syslog_file(const struct judgement *x, const struct logrotate_entry *e)
{
	for (size_t i = 0; x->logging && i < x->logging->n_local; i++) {
		if (kept_matches(e, x->logging->local[i].file))
			return true;
	}
	return false;
}

static void add_entry(const struct judgement *x, const struct kept_log *log, bool system)
{
	const struct logrotate_entry *e = log->entry;
	struct arena *a = x->v->arena;
	bool by_size;
	uint64_t days = logrotate_days(e, &by_size);
	const char *observed;

	if (days >= x->days && !by_size)
		return;
	if (days == UINT64_MAX)
		observed = arena_printf(a,
			"rotated by size, %d old files: how long that lasts "
			"depends on what is logged",
			e->rotate);
	else if (days >= x->days)
		observed = arena_printf(a, "%s, rotate %d, but earlier when maxsize is reached",
			logrotate_when_name(e->when), e->rotate);
	else
		observed = arena_printf(a, "kept %llu days (%s, rotate %d%s)",
			(unsigned long long)days, logrotate_when_name(e->when), e->rotate,
			e->maxage > 0 && e->maxage == days ? ", by maxage" : "");
	verdict_add(x->v, &(struct evidence){
				  .result = days < x->days ? RESULT_FAIL : RESULT_INFORMATIONAL,
				  .severity = system ? SEV_MEDIUM : SEV_LOW,
				  .subject = log->subject,
				  .path = e->path,
				  .line = e->line,
				  .observed = observed,
				  .expected = arena_printf(
					  a, "kept for %llu days", (unsigned long long)x->days),
			  });
}

/*
 * wtmp and btmp are records of logins, of which the system's messages tell as
 * well: they are no log of an application, and judged as a syslog daemon's file.
 */
static bool is_login_record(const struct logrotate_entry *e)
{
	return kept_matches(e, "/var/log/wtmp") || kept_matches(e, "/var/log/btmp");
}

/* Nothing that logrotate is to do happens unless a timer or a cron job runs it. */
static void add_schedule(const struct judgement *x)
{
	static const char *const programs[] = {"logrotate", NULL};
	const struct fact *units = factset_get(x->facts, FACT_UNITS);
	const struct schedule_job *job = NULL;
	struct schedule_job *jobs = NULL;
	size_t n = 0;

	if (x->kept->n == 0 || schedule_find(x->v->arena, x->facts, programs, &jobs, &n) < 0)
		return; /* the arena remembers */
	for (size_t i = 0; i < n; i++) {
		bool doubted = jobs[i].effective && jobs[i].unsure && jobs[i].why;
		if (jobs[i].effective && !doubted)
			return;
		job = job && !doubted ? job : &jobs[i];
	}
	const char *unread = schedule_unread(x->facts);
	if (!unread && units && units->state == FACT_STATE_OK)
		unread = units->u.units->live_reason;
	if (!unread && job && job->effective)
		unread = job->why; /* of its times */
	verdict_add(x->v,
		&(struct evidence){
			.result = unread ? RESULT_UNKNOWN : RESULT_FAIL,
			.severity = SEV_LOW,
			.subject = job ? job->subject : "logrotate",
			.path = job ? job->path : "/etc/logrotate.conf",
			.line = job ? job->line : 0,
			.observed = arena_printf(x->v->arena, "%s%s%s",
				unread ? "whether anything runs logrotate cannot be told: "
				: job  ? "nothing runs logrotate, so that logs grow until the disk "
					 "is full: this one "
				       : "no timer and no cron job runs logrotate, so that logs "
					 "grow "
					 "until the disk is full",
				unread ? unread : "", !unread && job ? job->why : ""),
			.expected = "a timer or a cron job that runs logrotate: `systemctl enable "
				    "--now logrotate.timer`",
		});
}

static void add_logrotate_problem(const struct judgement *x)
{
	const struct log_kept *k = x->kept;

	if (k->logrotate_state != FACT_STATE_OK && k->logrotate_state != FACT_STATE_ABSENT)
		verdict_add(x->v, &(struct evidence){
					  .result = RESULT_ERROR,
					  .subject = "logrotate configuration",
					  .path = "/etc/logrotate.conf",
					  .observed = k->logrotate_reason,
					  .expected = "readable",
				  });
	else if (k->logrotate.problem)
		verdict_add(x->v,
			&(struct evidence){
				.result = RESULT_UNKNOWN,
				.subject = "logrotate configuration",
				.path = k->logrotate.problem_path,
				.line = k->logrotate.problem_line,
				.observed = k->logrotate.problem,
				.expected =
					"no errors: `logrotate -d /etc/logrotate.conf` shows them",
			});
}

static void evaluate_retention(const struct check *c, const struct factset *facts,
	const struct policy *policy, uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_LOG_KEPT), ret))
		return;
	const struct fact *logging = factset_get(facts, FACT_LOGGING);
	const struct judgement x = {
		.kept = factset_get(facts, FACT_LOG_KEPT)->u.log_kept,
		.logging = logging ? logging->u.logging : NULL,
		.facts = facts,
		.days = policy_uint(policy, c->id, "retention_days"),
		.realtime_usec = realtime_usec,
		.v = ret,
	};
	struct evidence journal;
	enum answer answer = journal_keeps(&x, &journal);
	bool system = answer == YES || syslog_keeps(&x);

	if (!system) {
		journal.result = answer == NO		  ? RESULT_FAIL
				 : x.kept->journal.reason ? RESULT_ERROR
							  : RESULT_INFORMATIONAL;
		verdict_add(ret, &journal);
	}
	for (size_t i = 0; i < x.kept->n; i++) {
		const struct logrotate_entry *e = x.kept->v[i].entry;
		bool is_system = is_syslog_file(&x, e) || is_login_record(e);
		/* What a syslog daemon writes is in the journal, too. */
		if (!is_system || (!system && answer == NO))
			add_entry(&x, &x.kept->v[i], is_system);
	}
	add_logrotate_problem(&x);
	add_schedule(&x);
	if (ret->n_evidence == 0)
		verdict_summary(ret, "logs are kept for %llu days or longer (%s)",
			(unsigned long long)x.days,
			answer == YES ? "the journal" : "the files of the syslog daemon");
}

static const struct param retention_params[] = {
	{"retention_days", PARAM_UINT, "90", 1, 3650, "For how many days logs must be kept here.",
		NULL},
	{0},
};

const struct check check_log_retention = {
	.id = "log-retention",
	.title = "Logs are kept long enough to look back at a break-in",
	.severity = SEV_MEDIUM,
	.guides = "P",
	.references = "journald.conf(5), logrotate(8)",
	.rationale =
		"A break-in is often noticed weeks later. What was logged then must still be "
		"there: in a journal that survives a restart, or in files that logrotate does "
		"not remove before. A journal that only its size bounds is judged by how fast it "
		"has filled so far. wtmp and btmp are records of logins, which the system's "
		"messages tell of as well: how long they are kept counts only where those are not "
		"kept long enough.",
	.remedy =
		"`mkdir -p /var/log/journal`, and in /etc/systemd/journald.conf.d/retention.conf: "
		"`[Journal]`, `Storage=persistent`, `SystemMaxUse=4G`, `MaxRetentionSec=0`; then "
		"`systemctl restart systemd-journald`. For each log of the evidence, in its file "
		"of "
		"/etc/logrotate.d: `weekly` and `rotate 13`, or `daily` and `rotate 90`.",
	.facts = FACT_BIT(FACT_LOG_KEPT) | FACT_BIT(FACT_LOGGING) | FACT_BIT(FACT_UNITS) |
		 FACT_BIT(FACT_CRON),
	.params = retention_params,
	.evaluate = evaluate_retention,
};
