/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "check/answer.h"
#include "check/backup-call.h"
#include "check/checks.h"
#include "check/schedule.h"
#include "fact/backups.h"

/* What is asked of each client. */
struct asking {
	const struct check *check;
	const struct policy *policy;
	const struct factset *facts;
	const struct units *units;
	const struct backups *backups;
	struct arena *arena;
	uint64_t now;
};

/* A service that makes backups while it runs, at its own times or when its server calls. */
static void judge_service(
	const struct asking *q, const struct backup_client *client, struct answer *x)
{
	struct answer server = {0};

	x->service = client->service;
	if (!answer_unit(q->arena, q->units, client->service, x))
		return;
	x->subject = arena_printf(q->arena, "unit %s", client->service);
	answer_at(x, client->config, 0);
	if (!client->server || answer_unit(q->arena, q->units, client->server, &server))
		return;
	answer_at(x, client->fault_path, client->fault_line);
	x->result = RESULT_FAIL;
	x->observed = arena_printf(q->arena,
		"listens on the loopback address only, and %s is not on: nobody can call it",
		client->server);
	x->expected = "an address that the Director reaches (FDAddress)";
}

/* Whether the job makes backups, as far as its commands tell; its name alone doesn't. */
static enum schedule_run saves(const struct schedule_job *job)
{
	enum schedule_run best = SCHEDULE_RUNS_PERHAPS;
	bool called = false;

	for (size_t i = 0; i < job->commands.n && !job->unsure; i++) {
		const struct command *c = &job->commands.v[i];
		if (c->reach == COMMAND_NEVER || !schedule_is(c, job->program))
			continue;
		enum schedule_run run = backup_call(c);
		if (run == SCHEDULE_RUNS)
			return run;
		best = called ? MAX(best, run) : run;
		called = true;
	}
	return best;
}

/* What timers and cron jobs run it: the first that is on and surely does so decides. */
static void judge_jobs(const struct asking *q, const struct backup_client *client, struct answer *x)
{
	enum schedule_run run = SCHEDULE_RUNS_NOT;
	struct schedule_job *jobs = NULL;
	const struct schedule_job *job = NULL;
	size_t n = 0;

	if (schedule_find(q->arena, q->facts, client->programs, &jobs, &n) < 0)
		return; /* the arena remembers */
	for (size_t i = 0; i < n; i++) {
		enum schedule_run r = saves(&jobs[i]);
		if (r == SCHEDULE_RUNS_NOT)
			continue;
		if (job && (job->effective > jobs[i].effective ||
				   (job->effective == jobs[i].effective && run >= r)))
			continue;
		job = &jobs[i];
		run = r;
	}
	if (!job) {
		const char *unread = schedule_unread(q->facts);
		x->result = unread ? RESULT_UNKNOWN : RESULT_FAIL;
		answer_at(x, client->config ? client->config : client->program, 0);
		x->observed = unread ? unread : "installed, but no timer and no cron job runs it";
		x->expected = "a timer or a cron job that runs it";
		return;
	}
	answer_at(x, job->path, job->line);
	x->subject = job->subject;
	x->service = job->service;
	x->timer = job->service ? job->subject + strlen("unit ") : NULL;
	x->result = job->effective ? RESULT_PASS : RESULT_FAIL;
	if (!job->effective) {
		x->observed = arena_printf(q->arena, "runs %s but %s", client->name, job->why);
		x->expected = "enabled and started";
	} else if (run == SCHEDULE_RUNS_PERHAPS && job->why) {
		x->result = RESULT_UNKNOWN;
		x->observed = arena_printf(q->arena, "runs %s, but %s", client->name, job->why);
		x->expected = "a time that comes again, such as OnCalendar=daily";
	} else if (run == SCHEDULE_RUNS_PERHAPS) {
		x->result = RESULT_UNKNOWN;
		x->observed = arena_printf(q->arena,
			"names %s in a command or a script that can't be followed: whether it "
			"makes a backup can't be told",
			client->name);
		x->expected = "a command that runs it, or the unit among `units` of "
			      "[backup-configured]";
	}
}

static void judge_client(
	const struct asking *q, const struct backup_client *client, struct answer *x)
{
	*x = (struct answer){
		.name = client->name, .subject = arena_printf(q->arena, "backup %s", client->name)};
	if (client->needs_config && !client->config) {
		x->result = RESULT_FAIL;
		answer_at(x, client->program, 0);
		x->observed = "installed, but not configured";
		x->expected = "a configuration that says what is backed up where";
	} else if (client->fault) {
		x->result = client->unread ? RESULT_ERROR : RESULT_FAIL;
		answer_at(x, client->fault_path, client->fault_line);
		x->observed = client->fault;
		x->expected = "a configuration that makes backups";
	} else if (client->service) {
		judge_service(q, client, x);
	} else {
		judge_jobs(q, client, x);
	}
}

/* A unit that policy names: for a timer, what it starts is what makes the backup. */
static void judge_named(const struct asking *q, const char *name, struct answer *x)
{
	const struct unit *unit = units_find(q->units, name);
	size_t len = strlen(name);
	bool timer = len > 6 && strcmp(name + len - 6, ".timer") == 0;
	const char *service = unit ? unit_setting(unit, "Unit") : NULL;

	*x = (struct answer){.name = name, .subject = arena_printf(q->arena, "unit %s", name)};
	answer_at(x, unit ? unit->path : NULL, 0);
	x->timer = timer ? name : NULL;
	x->service = !timer    ? name
		     : service ? service
			       : arena_printf(q->arena, "%.*s.service", (int)(len - 6), name);
	(void)answer_unit(q->arena, q->units, name, x); /* the answer has it */
}

static void add_answer(const struct asking *q, const struct answer *x, struct verdict *ret)
{
	answer_add(x, q->check->severity, arena_printf(q->arena, "%s is scheduled", x->name), ret);
}

/* The facts, or a verdict that says why not. */
static bool begin(struct asking *q, struct verdict *ret)
{
	if (!check_facts_usable(q->facts, FACT_BIT(FACT_BACKUPS), ret))
		return false;
	q->backups = factset_get(q->facts, FACT_BACKUPS)->u.backups;
	q->arena = ret->arena;
	q->units = schedule_units(q->facts, ret);
	return q->units != NULL;
}

static void evaluate_configured(const struct check *c, const struct factset *facts,
	const struct policy *policy, uint64_t realtime_usec, struct verdict *ret)
{
	struct asking q = {.check = c, .policy = policy, .facts = facts, .now = realtime_usec};
	const char *const *named = policy_list(policy, c->id, "units");
	const char *works = NULL;
	struct answer x;

	if (!begin(&q, ret))
		return;
	for (size_t i = 0; named[i]; i++) {
		judge_named(&q, named[i], &x);
		add_answer(&q, &x, ret);
		works = x.result == RESULT_PASS ? named[i] : works;
	}
	/* One client that is scheduled is enough; what policy names must be. */
	for (size_t i = 0; i < q.backups->n; i++) {
		judge_client(&q, &q.backups->v[i], &x);
		if (x.result != RESULT_PASS)
			continue;
		add_answer(&q, &x, ret);
		works = q.backups->v[i].name;
	}
	for (size_t i = 0; i < q.backups->n && !works; i++) {
		judge_client(&q, &q.backups->v[i], &x);
		add_answer(&q, &x, ret);
	}
	if (works && ret->result == RESULT_PASS)
		verdict_summary(ret, "%s makes backups on a schedule", works);
	if (works || q.backups->n > 0 || named[0])
		return;
	verdict_add(
		ret, &(struct evidence){
			     .result = RESULT_FAIL,
			     .severity = c->severity,
			     .subject = "backup",
			     .observed = "no backup client is installed, and policy names no unit "
					 "that makes backups",
			     .expected = "a backup client that is configured and scheduled",
		     });
}

static const struct param configured_params[] = {
	{"units", PARAM_LIST, "",
		.doc = "Timers or services that make this machine's backups, for example "
		       "\"nightly-dump.timer\": each must be started at boot and run. For what is "
		       "not known by itself: Bacula, Bareos, restic, borg, borgmatic, duplicity, "
		       "duply, rsnapshot, kopia, UrBackup, Veeam, backupninja."},
	{NULL},
};

const struct check check_backup_configured = {
	.id = "backup-configured",
	.title = "Backups of this machine are made on a schedule",
	.severity = SEV_MEDIUM,
	.guides = "X",
	.references = "systemd.timer(5), crontab(5)",
	.rationale =
		"A server without a backup is lost with its disk, with a wrong command or with "
		"whoever encrypts it for ransom. A client that is installed and that nothing "
		"starts makes none.",
	.remedy = "For example `apt-get install borgmatic`, describe what goes where in "
		  "/etc/borgmatic/config.yaml, and `systemctl enable --now borgmatic.timer`. "
		  "Backups that another unit makes are named as `units = NAME.timer` in "
		  "[backup-configured] of hardend.conf(5).",
	.remedy_rhel = "For example `dnf install epel-release && dnf install borgmatic`, describe "
		       "what goes where in /etc/borgmatic/config.yaml, and `systemctl enable --now "
		       "borgmatic.timer`. Backups that another unit makes are named as `units = "
		       "NAME.timer` in [backup-configured] of hardend.conf(5).",
	.facts = FACT_BIT(FACT_BACKUPS) | FACT_BIT(FACT_UNITS) | FACT_BIT(FACT_CRON),
	.params = configured_params,
	.evaluate = evaluate_configured,
};

/* A success at this time, by this record: is it recent? */
static void add_success(const struct asking *q, const char *subject, const char *path,
	uint64_t when, struct verdict *ret)
{
	uint64_t max = policy_usec(q->policy, q->check->id, "max_age");
	bool old = q->now > when && q->now - when > max;
	char made[32], since[32];

	if (verdict_ahead(ret, when, q->now)) {
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_UNKNOWN,
					 .subject = subject,
					 .path = path,
					 .observed = arena_printf(ret->arena,
						 "last success %s, which is in the future",
						 text_rfc3339(made, when)),
					 .expected = "a time in the past: see `date`, then make a "
						     "backup",
				 });
		return;
	}
	verdict_add(ret, &(struct evidence){
				 .result = old ? RESULT_FAIL : RESULT_PASS,
				 .severity = q->check->severity,
				 .subject = subject,
				 .path = path,
				 .observed = arena_printf(
					 ret->arena, "last success %s", text_rfc3339(made, when)),
				 .expected = old ? "not longer ago than max_age" : NULL,
			 });
	if (old)
		verdict_summary(ret, "the last backup (%s) was made at %s and is too old since %s",
			subject, made, text_rfc3339(since, when + max));
	else
		verdict_until(ret, when + max + 1);
}

static const struct backup_stamp *stamp_of(const struct backups *b, const char *timer)
{
	for (size_t i = 0; timer && i < b->n_stamps; i++) {
		if (strcmp(b->stamps[i].timer, timer) == 0)
			return &b->stamps[i];
	}
	return NULL;
}

/* What a timer starts has ended well or badly: the manager of a live machine says which. */
static enum unit_active ended(const struct asking *q, const char *service)
{
	const struct unit *u = service && q->units->live ? units_find(q->units, service) : NULL;

	return u ? u->active : UNIT_ACTIVE_UNKNOWN;
}

/*
 * The stamp of a timer tells when it elapsed, or was switched on. That too long
 * ago is a backup too old; a later one is no success yet. Whether it said so.
 */
static bool add_overdue(const struct asking *q, const struct answer *x, struct verdict *ret)
{
	const struct backup_stamp *stamp = stamp_of(q->backups, x->timer);
	uint64_t max = policy_usec(q->policy, q->check->id, "max_age");
	char since[32];

	if (!stamp)
		return false;
	uint64_t end = stamp->realtime_usec + max;
	if (q->now <= end) {
		verdict_until(ret, end + 1);
		return false;
	}
	verdict_add(ret, &(struct evidence){
				 .result = RESULT_FAIL,
				 .severity = q->check->severity,
				 .subject = x->subject,
				 .path = stamp->path,
				 .observed = arena_printf(ret->arena, "not started since %s",
					 text_rfc3339(since, stamp->realtime_usec)),
				 .expected = "not longer ago than max_age",
			 });
	return true;
}

/*
 * How recent the backups are that x makes: a record of the client is a success.
 */
static void add_recent(const struct asking *q, const struct answer *x,
	const struct backup_client *client, struct verdict *ret)
{
	enum unit_active end = ended(q, x->service);

	if (end == UNIT_FAILED) {
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_FAIL,
					 .severity = q->check->severity,
					 .subject = arena_printf(q->arena, "unit %s", x->service),
					 .observed = "its last run failed",
					 .expected = arena_printf(q->arena,
						 "success; see `journalctl -u %s`", x->service),
				 });
		verdict_summary(ret, "the last run of %s failed", x->service);
		return;
	}
	if (client && client->record) {
		add_success(q, arena_printf(q->arena, "backup %s", client->name), client->record,
			client->success_realtime_usec, ret);
		return;
	}
	if (add_overdue(q, x, ret))
		return;
	verdict_add(ret,
		&(struct evidence){
			.result = RESULT_UNKNOWN,
			.subject = x->subject,
			.path = x->path,
			.observed = "no record of its last success is known",
			.expected = client ? arena_printf(q->arena, "a record: %s", client->how)
					   : "a file that each success touches, named as "
					     "`stamp` in [backup-recent]",
		});
}

/* The file that policy names speaks for all backups. */
static void add_policy_stamp(const struct asking *q, struct verdict *ret)
{
	const struct backups *b = q->backups;

	if (!b->stamp_reason) {
		add_success(q, arena_printf(q->arena, "file %s", b->stamp), b->stamp,
			b->stamp_realtime_usec, ret);
		return;
	}
	verdict_add(ret, &(struct evidence){
				 .result = RESULT_FAIL,
				 .severity = q->check->severity,
				 .subject = arena_printf(q->arena, "file %s", b->stamp),
				 .path = b->stamp,
				 .observed = b->stamp_reason,
				 .expected = "touched by each backup that succeeds",
			 });
}

static void evaluate_recent(const struct check *c, const struct factset *facts,
	const struct policy *policy, uint64_t realtime_usec, struct verdict *ret)
{
	struct asking q = {.check = c, .policy = policy, .facts = facts, .now = realtime_usec};
	const char *const *named = policy_list(policy, "backup-configured", "units");
	size_t n = 0;
	struct answer x;

	if (!check_facts_usable(facts, FACT_BIT(FACT_BACKUPS), ret))
		return;
	q.arena = ret->arena;
	q.backups = factset_get(facts, FACT_BACKUPS)->u.backups;
	if (q.backups->stamp) {
		add_policy_stamp(&q, ret);
		if (ret->result == RESULT_PASS)
			verdict_summary(ret, "%s: %s", q.backups->stamp, ret->evidence[0].observed);
		return;
	}
	if (!begin(&q, ret))
		return;
	for (size_t i = 0; named[i]; i++, n++) {
		judge_named(&q, named[i], &x);
		add_recent(&q, &x, NULL, ret);
	}
	for (size_t i = 0; i < q.backups->n; i++) {
		judge_client(&q, &q.backups->v[i], &x);
		if (x.result != RESULT_PASS)
			continue;
		add_recent(&q, &x, &q.backups->v[i], ret);
		n++;
	}
	if (n == 0)
		verdict_set(ret, RESULT_NOTAPPLICABLE,
			"no backup is configured and scheduled: see backup-configured");
	else if (ret->result == RESULT_PASS && ret->n_evidence > 0)
		verdict_summary(ret, "%s: %s", ret->evidence[0].subject, ret->evidence[0].observed);
}

static const struct param recent_params[] = {
	{"max_age", PARAM_USEC, "2d", .min = 60, .max = UINT64_C(366) * 24 * 3600,
		.doc = "How long ago the last success of each scheduled backup may be."},
	{"stamp", PARAM_PATH, "",
		.doc = "A file that each successful backup touches, for example by "
		       "ExecStartPost=/usr/bin/touch /var/lib/backup/last. Its time of last change "
		       "is then the only record that is asked."},
	{NULL},
};

const struct check check_backup_recent = {
	.id = "backup-recent",
	.title = "The last backup succeeded, and not too long ago",
	.severity = SEV_MEDIUM,
	.guides = "X",
	.references = "systemd.timer(5) Persistent=, restic(1), borg(1), rsnapshot(1)",
	.rationale =
		"Backups stop silently: a full disk, a changed password, a host that moved. It "
		"is noticed when somebody needs one.",
	.remedy = "Run the job by hand and see why it fails, for example `systemctl start "
		  "borgmatic.service` and `journalctl -u borgmatic`. Where no record of a success "
		  "is found, let the job touch a file at its end and name it as `stamp` in "
		  "[backup-recent] of hardend.conf(5).",
	.facts = FACT_BIT(FACT_BACKUPS) | FACT_BIT(FACT_UNITS) | FACT_BIT(FACT_CRON),
	.params = recent_params,
	.evaluate = evaluate_recent,
};
