/* SPDX-License-Identifier: ISC */
#include "check/schedule.h"

#include <errno.h>
#include <string.h>

#include "fact/cron.h"

const struct units *schedule_units(const struct factset *facts, struct verdict *ret)
{
	const struct fact *f = factset_get(facts, FACT_UNITS);

	if (!f || f->state != FACT_STATE_OK) {
		verdict_set(ret, RESULT_ERROR, "%s", f && f->reason ? f->reason : "not collected");
		return NULL;
	}
	const struct units *u = f->u.units;
	if (strcmp(u->init, "systemd") == 0)
		return u;
	if (strcmp(u->init, "none") == 0)
		verdict_set(ret, RESULT_NOTAPPLICABLE, "nothing here starts services");
	else
		verdict_set(ret, RESULT_UNKNOWN,
			"the services of %s cannot be judged, only systemd's", u->init);
	return NULL;
}

enum result schedule_service(const struct units *u, const char *name, const char **ret_why)
{
	const struct unit *unit = units_find(u, name);

	if (!unit)
		*ret_why = "is not there";
	else if (unit->state == UNIT_FILE_MASKED || unit->state == UNIT_FILE_MASKED_RUNTIME)
		*ret_why = "is masked";
	else if (!unit->starts)
		*ret_why = "is not started at boot";
	else if (u->booted && !u->live) {
		*ret_why = u->live_reason ? u->live_reason : "systemd does not answer";
		return RESULT_ERROR;
	} else if (u->live && unit->active == UNIT_FAILED)
		*ret_why = "has failed";
	else if (!unit_is_effective(u, name))
		*ret_why = "does not run";
	else
		return RESULT_PASS;
	return RESULT_FAIL;
}

/* Whether the word, a path or not, is the program or named after it. */
static bool is_program(const char *word, size_t n, const char *program)
{
	const char *slash = memrchr(word, '/', n);
	size_t len = strlen(program);

	if (slash) {
		n -= (size_t)(slash + 1 - word);
		word = slash + 1;
	}
	return n >= len && strncmp(word, program, len) == 0 &&
	       (n == len || strchr("-._@", word[len]));
}

bool schedule_runs(const char *command, const char *program)
{
	static const char ends[] = " \t\n'\"`;|&()<>{}=$";

	for (const char *s = command + strspn(command, ends); *s; s += strspn(s, ends)) {
		size_t n = strcspn(s, ends);
		if (is_program(s, n, program))
			return true;
		s += n;
	}
	return false;
}

struct find {
	struct arena *a;
	const char *const *programs;
	struct schedule_job *v;
	size_t n;
};

static const char *program_of(const struct find *f, const char *name, const char *command)
{
	for (size_t i = 0; f->programs[i]; i++) {
		if ((name && is_program(name, strlen(name), f->programs[i])) ||
			(command && schedule_runs(command, f->programs[i])))
			return f->programs[i];
	}
	return NULL;
}

static int add_job(struct find *f, const struct schedule_job *job)
{
	struct schedule_job *slot = arena_grow(f->a, &f->v, f->n, sizeof(*slot));

	if (!slot || !job->subject)
		return -ENOMEM;
	*slot = *job;
	f->n++;
	return 0;
}

/* What the timer starts: its Unit=, else the service of its name. */
static const struct unit *started_by(
	struct arena *a, const struct units *u, const struct unit *timer)
{
	const char *name = unit_setting(timer, "Unit");
	size_t n = strlen(timer->name) - strlen(".timer");

	if (!name)
		name = arena_printf(a, "%.*s.service", (int)n, timer->name);
	return name ? units_find(u, name) : NULL;
}

/* The command of the service that names one of the programs. */
static const struct unit_setting *command_of(
	const struct find *f, const struct unit *service, const char **ret_program)
{
	for (size_t i = 0; service && i < service->n_settings; i++) {
		const struct unit_setting *s = &service->settings[i];
		if (strcmp(s->key, "ExecStart") != 0)
			continue;
		*ret_program = program_of(f, NULL, s->value);
		if (*ret_program)
			return s;
	}
	return NULL;
}

static int find_timers(struct find *f, const struct units *u)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < u->n; i++) {
		const struct unit *timer = &u->v[i];
		size_t len = strlen(timer->name);
		if (timer->target || len <= 6 || strcmp(timer->name + len - 6, ".timer") != 0)
			continue;
		const struct unit *service = started_by(f->a, u, timer);
		const char *program = NULL;
		const struct unit_setting *command = command_of(f, service, &program);
		if (!program)
			program = program_of(f, timer->name, NULL);
		if (!program)
			continue;
		struct schedule_job job = {.program = program,
			.subject = arena_printf(f->a, "unit %s", timer->name),
			.path = timer->path,
			.command = command ? command->value : NULL,
			.service = service ? service->name : NULL};
		job.effective = schedule_service(u, timer->name, &job.why) == RESULT_PASS;
		r = add_job(f, &job);
	}
	return r;
}

/* A table of a user proves nothing: anybody can write there what looks like a backup. */
static bool is_root_scheduled(const struct cron_job *j)
{
	return j->kind != CRON_AT && j->kind != CRON_REST &&
	       (j->kind != CRON_USER || strcmp(j->user, "root") == 0);
}

static int find_cron(struct find *f, const struct cron *cron)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < cron->n; i++) {
		const struct cron_job *j = &cron->v[i];
		const char *program = is_root_scheduled(j) ? program_of(f, NULL, j->command) : NULL;
		if (!program)
			continue;
		bool runs = j->kind == CRON_ANACRON ? cron->anacron : cron->daemon != NULL;
		struct schedule_job job = {.program = program,
			.subject = cron_subject(f->a, j),
			.path = j->path,
			.line = j->line,
			.command = j->command,
			.effective = runs && !j->idle,
			.why = j->idle ? j->idle : "no cron daemon is installed"};
		r = add_job(f, &job);
	}
	return r;
}

int schedule_find(struct arena *a, const struct factset *facts, const char *const programs[],
	struct schedule_job **ret, size_t *ret_n)
{
	const struct fact *units = factset_get(facts, FACT_UNITS);
	const struct fact *cron = factset_get(facts, FACT_CRON);
	struct find f = {.a = a, .programs = programs};
	int r = 0;

	if (units && units->state == FACT_STATE_OK)
		r = find_timers(&f, units->u.units);
	if (r == 0 && cron && cron->state == FACT_STATE_OK)
		r = find_cron(&f, cron->u.cron);
	if (r < 0 || arena_failed(a))
		return -ENOMEM;
	*ret = f.v;
	*ret_n = f.n;
	return 0;
}

const char *schedule_unread(const struct factset *facts)
{
	static const enum fact_id ids[] = {FACT_UNITS, FACT_CRON};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		const struct fact *f = factset_get(facts, ids[i]);
		if (!f || (f->state != FACT_STATE_OK && f->state != FACT_STATE_ABSENT))
			return f && f->reason ? f->reason : "cron jobs were not read";
	}
	return NULL;
}
