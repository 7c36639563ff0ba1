/* SPDX-License-Identifier: ISC */
#include "check/schedule.h"

#include <errno.h>
#include <string.h>

#include "base/calendar.h"
#include "base/text.h"
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

static bool is_masked(const struct unit *unit)
{
	return unit->state == UNIT_FILE_MASKED || unit->state == UNIT_FILE_MASKED_RUNTIME;
}

enum result schedule_service(const struct units *u, const char *name, const char **ret_why)
{
	const struct unit *unit = units_find(u, name);

	if (!unit)
		*ret_why = "is not there";
	else if (is_masked(unit))
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

/* What the timer starts: its Unit=, else the service of its name. */
static const char *started_name(struct arena *a, const struct unit *timer)
{
	const char *name = unit_setting(timer, "Unit");
	size_t n = strlen(timer->name) - strlen(".timer");

	return name ? name : arena_printf(a, "%.*s.service", (int)n, timer->name);
}

/* The unit of that name, or the template of which it is one. */
static const struct unit *find_started(struct arena *a, const struct units *u, const char *name)
{
	const struct unit *unit = name ? units_find(u, name) : NULL;
	const char *at = name ? strchr(name, '@') : NULL, *dot = name ? strrchr(name, '.') : NULL;

	if (unit || !at || !dot || dot < at)
		return unit;
	name = arena_printf(a, "%.*s%s", (int)(at + 1 - name), name, dot);
	return name ? units_find(u, name) : NULL;
}

static bool runs_something(const struct unit *service)
{
	return unit_setting(service, "ExecStart") || service->state == UNIT_FILE_GENERATED ||
	       !text_ends_with(service->name, ".service");
}

/* Whether one of its times comes again and again: pass, fail, unknown, and why not. */
static enum result judge_times(struct arena *a, const struct unit *timer, const char **ret_why)
{
	const struct unit_setting *odd = NULL;
	bool recurs = false;

	for (size_t i = 0; i < timer->n_settings; i++) {
		const struct unit_setting *s = &timer->settings[i];
		if (strncmp(s->key, "On", 2) != 0)
			continue;
		if (!*s->value) { /* of any kind: it resets all */
			recurs = false;
			odd = NULL;
		} else if (strcmp(s->key, "OnCalendar") == 0
				   ? calendar_recurs(s->value) == 1
				   : strchr("0123456789", *s->value) != NULL) {
			recurs = true;
		} else {
			odd = s;
		}
	}
	if (recurs)
		return RESULT_PASS;
	*ret_why = odd ? arena_printf(
				 a, "whether %s=%s comes again can't be told", odd->key, odd->value)
		       : "has no time at which it starts anything";
	return odd ? RESULT_UNKNOWN : RESULT_FAIL;
}

enum result schedule_timer(
	struct arena *a, const struct units *u, const struct unit *timer, const char **ret_why)
{
	const char *name = started_name(a, timer), *lacks = NULL;
	const struct unit *service = find_started(a, u, name);
	enum result result = schedule_service(u, timer->name, ret_why);

	if (result != RESULT_PASS)
		return result;
	if (!service)
		lacks = "is not there";
	else if (is_masked(service))
		lacks = "is masked";
	else if (!runs_something(service))
		lacks = "runs nothing";
	if (!lacks)
		return judge_times(a, timer, ret_why);
	*ret_why = arena_printf(a, "starts %s, which %s", name ? name : "", lacks);
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

bool schedule_is(const struct command *c, const char *program)
{
	return is_program(c->argv[0], strlen(c->argv[0]), program);
}

enum schedule_run schedule_runs(const struct commands *commands, const char *program)
{
	enum schedule_run run = SCHEDULE_RUNS_NOT;

	for (size_t i = 0; i < commands->n; i++) {
		const struct command *c = &commands->v[i];
		if (c->reach == COMMAND_NEVER)
			continue;
		if (schedule_is(c, program))
			return SCHEDULE_RUNS;
		if (!command_is_idle(c) && command_mentions(c, program))
			run = SCHEDULE_RUNS_PERHAPS;
	}
	return run;
}

static bool is_idle(const struct commands *commands)
{
	bool idle = commands->n > 0;

	for (size_t i = 0; i < commands->n; i++)
		idle = idle &&
		       (commands->v[i].reach == COMMAND_NEVER || command_is_idle(&commands->v[i]));
	return idle;
}

enum {
	/* Of all commands together that name a program: more than any machine has. */
	TEXT_MAX = 1 << 16,
};

struct find {
	struct arena *a;
	size_t read; /* bytes of commands so far */
	const char *const *programs;
	struct schedule_job *v;
	size_t n;
};

/* The program of the list that a script or a unit is named after. */
static const char *program_of(const struct find *f, const char *name)
{
	for (size_t i = 0; f->programs[i]; i++) {
		if (is_program(name, strlen(name), f->programs[i]))
			return f->programs[i];
	}
	return NULL;
}

/* Whether one of the programs stands in the text, in whatever way. */
static bool is_named(const struct find *f, const char *text)
{
	for (size_t i = 0; f->programs[i]; i++) {
		if (strstr(text, f->programs[i]))
			return true;
	}
	return false;
}

/*
 * Reads what the job runs: its program of the list, if any, and whether that is
 * sure. A text that cannot be followed, or that is one too many, may run whatever
 * it names. 0 or -ENOMEM.
 */
static int read_command(
	struct find *f, const char *text, enum command_syntax syntax, struct schedule_job *job)
{
	struct command whole = {.argv = &text, .n = 1};
	struct commands commands = {0};
	int r = -EINVAL;

	f->read += strlen(text);
	if (f->read <= TEXT_MAX)
		r = command_parse(f->a, text, syntax, &commands);
	if (r == -ENOMEM)
		return r;
	job->commands = commands;
	for (size_t i = 0; f->programs[i]; i++) {
		enum schedule_run run = schedule_runs(&commands, f->programs[i]);
		if (r < 0 && command_mentions(&whole, f->programs[i]))
			run = SCHEDULE_RUNS_PERHAPS;
		if (run == SCHEDULE_RUNS_NOT || (run == SCHEDULE_RUNS_PERHAPS && job->program))
			continue;
		job->program = f->programs[i];
		job->unsure = run == SCHEDULE_RUNS_PERHAPS;
		if (run == SCHEDULE_RUNS)
			return 0;
	}
	return 0;
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

/* All that the service starts, one command a line; "" without a service, NULL on ENOMEM. */
static const char *commands_of(struct arena *a, const struct unit *service)
{
	size_t size = 1;

	for (size_t i = 0; service && i < service->n_settings; i++)
		size += strlen(service->settings[i].value) + 1;
	char *text = arena_alloc(a, size), *end = text;
	for (size_t i = 0; text && service && i < service->n_settings; i++) {
		const struct unit_setting *s = &service->settings[i];
		if (strcmp(s->key, "ExecStart") != 0)
			continue;
		if (!*s->value) { /* what stands above is not run */
			end = memset(text, 0, size);
			continue;
		}
		end = stpcpy(end, s->value);
		*end++ = '\n';
	}
	return text;
}

/* A timer, with what it starts; its name tells where the commands don't. */
static int find_timer(struct find *f, const struct units *u, const struct unit *timer)
{
	const struct unit *service = find_started(f->a, u, started_name(f->a, timer));
	const char *text = commands_of(f->a, service), *named = program_of(f, timer->name);
	struct schedule_job job = {.path = timer->path, .service = service ? service->name : NULL};
	int r = 0;

	if (!text)
		return -ENOMEM;
	if (named || is_named(f, text))
		r = read_command(f, text, COMMAND_EXEC, &job);
	if (r < 0)
		return r;
	if (named && (!job.program || job.unsure) && !is_idle(&job.commands)) {
		job.program = named;
		job.unsure = false;
	}
	if (!job.program)
		return 0;
	job.subject = arena_printf(f->a, "unit %s", timer->name);
	enum result result = schedule_timer(f->a, u, timer, &job.why);
	job.effective = result == RESULT_PASS || result == RESULT_UNKNOWN;
	job.unsure |= result == RESULT_UNKNOWN;
	return add_job(f, &job);
}

static int find_timers(struct find *f, const struct units *u)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < u->n; i++) {
		size_t len = strlen(u->v[i].name);
		if (!u->v[i].target && len > 6 && strcmp(u->v[i].name + len - 6, ".timer") == 0)
			r = find_timer(f, u, &u->v[i]);
	}
	return r;
}

/* A table of a user proves nothing: anybody can write there what looks like a backup. */
static bool is_root_scheduled(const struct cron_job *j)
{
	return j->kind != CRON_AT && j->kind != CRON_REST &&
	       (j->kind != CRON_USER || strcmp(j->user, "root") == 0);
}

static int find_job(struct find *f, const struct cron *cron, const struct cron_job *j)
{
	bool runs = j->kind == CRON_ANACRON ? cron->anacron : cron->daemon != NULL;
	struct schedule_job job = {.path = j->path,
		.line = j->line,
		.effective = runs && !j->idle,
		.why = j->idle ? j->idle
		       : runs  ? NULL
			       : "no cron daemon is installed"};
	int r = 0;

	if (!is_root_scheduled(j))
		return 0;
	if (j->kind == CRON_SCRIPT)
		job.program = program_of(f, j->command);
	else if (is_named(f, j->command))
		r = read_command(f, j->command,
			j->kind == CRON_ANACRON ? COMMAND_SHELL : COMMAND_CRON, &job);
	if (r < 0 || !job.program)
		return r;
	job.subject = cron_subject(f->a, j);
	return add_job(f, &job);
}

static int find_cron(struct find *f, const struct cron *cron)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < cron->n; i++)
		r = find_job(f, cron, &cron->v[i]);
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
