/* SPDX-License-Identifier: ISC */
#include "daemon/methods.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config.h"
#include "fact/coverage.h"
#include "report/report.h"

#define INTERFACE "io.hardend.Control"
#define VARLINK   "org.varlink.service"

enum {
	DIFF_MAX = 2000, /* differences in one answer; the rest is counted */
};

/* One call being carried out. */
struct call {
	struct engine *engine;
	const struct peer *peer;
	struct now now;
	json_t *parameters; /* an object; borrowed */
	bool changed;
};

static const char control_description[] =
	"# What `hardenctl` asks the daemon.\n"
	"interface " INTERFACE "\n"
	"\n"
	"type Difference (\n"
	"  fact: string, subject: string, baseline: ?string, current: ?string,\n"
	"  path: ?string, line: ?int, since: string\n"
	")\n"
	"type Source (source: string, state: (ok, degraded), detail: ?string, lost: int)\n"
	"type Sink (sink: string, acknowledged: int, delivered: int)\n"
	"\n"
	"# The open findings, each as in `hardenctl scan --format json`, with \"since\".\n"
	"method Status() -> (\n"
	"  version: string, epoch: string, seq: int, head: string, started: string,\n"
	"  summary: [string]int, findings: []object, coverage: []Source, outbox: []Sink\n"
	")\n"
	"\n"
	"# What differs from the baseline; omitted counts what is too much for one answer.\n"
	"method Diff() -> (differences: []Difference, omitted: int)\n"
	"\n"
	"# Makes the present state the baseline: all, of one fact, or where the subject\n"
	"# matches a pattern of fnmatch(3). Root only.\n"
	"method Accept(fact: ?string, subject: ?string, reason: ?string) -> (accepted: int)\n"
	"\n"
	"error PermissionDenied (needs: string)\n"
	"error NotReady ()\n"
	"error StateUnavailable (reason: string)\n";

static const char service_description[] =
	"interface " VARLINK "\n"
	"\n"
	"method GetInfo() -> (\n"
	"  vendor: string, product: string, version: string, url: string,\n"
	"  interfaces: []string\n"
	")\n"
	"method GetInterfaceDescription(interface: string) -> (description: string)\n"
	"\n"
	"error InterfaceNotFound (interface: string)\n"
	"error MethodNotFound (method: string)\n"
	"error MethodNotImplemented (method: string)\n"
	"error InvalidParameter (parameter: string)\n"
	"error PermissionDenied ()\n"
	"error ExpectedMore ()\n";

static json_t *make_reply(json_t *parameters)
{
	return json_pack("{s:o}", "parameters", parameters);
}

static json_t *make_error(const char *name, const char *key, const char *value)
{
	return key ? json_pack("{s:s, s:{s:s}}", "error", name, "parameters", key, value)
		   : json_pack("{s:s, s:{}}", "error", name, "parameters");
}

static json_t *string_or_null(const char *s)
{
	return s ? json_string(s) : json_null();
}

static json_t *time_string(uint64_t realtime_usec)
{
	char buf[32];

	return json_string(text_rfc3339(buf, realtime_usec));
}

static json_t *status_findings(struct engine *e)
{
	const struct judge *j = engine_judge(e);
	json_t *list = json_array();

	for (size_t i = 0; list && i < check_count(); i++) {
		if (!j->verdicts[i] || !result_is_open(j->verdicts[i]->result))
			continue;
		uint64_t since = ledger_open_since(engine_ledger(e), check_at(i));
		json_t *finding = report_finding(check_at(i), j->verdicts[i], &j->facts);
		if (finding && since)
			(void)json_object_set_new(finding, "since", time_string(since));
		if (json_array_append_new(list, finding) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* How many checks have which result: every word is there. */
static json_t *status_summary(const struct judge *j)
{
	unsigned counts[RESULT_MAX] = {0};
	json_t *summary = json_object();

	for (size_t i = 0; i < check_count(); i++)
		counts[j->verdicts[i] ? j->verdicts[i]->result : RESULT_NOTCHECKED]++;
	for (int r = 0; summary && r < RESULT_MAX; r++)
		(void)json_object_set_new(
			summary, result_name((enum result)r), json_integer(counts[r]));
	return summary;
}

static json_t *status_coverage(const struct engine *e)
{
	const struct fact *f = factset_get(&engine_judge(e)->facts, FACT_COVERAGE);
	json_t *list = json_array();

	for (size_t i = 0; list && f && i < f->u.coverage->n; i++) {
		const struct coverage_source *s = &f->u.coverage->sources[i];
		json_t *source = json_pack("{s:s, s:s, s:o, s:I}", "source", s->name, "state",
			s->degraded ? "degraded" : "ok", "detail", string_or_null(s->detail),
			"lost", (json_int_t)s->lost);
		(void)json_array_append_new(list, source); /* NULL is refused: the list is shorter */
	}
	int r = engine_state_error(e);
	json_t *state = json_pack("{s:s, s:s, s:o, s:i}", "source", "state database", "state",
		r < 0 ? "degraded" : "ok", "detail",
		r < 0 ? json_sprintf("cannot be written, what is told is kept in memory: %s", strerror(-r))
		      : json_null(),
		"lost", 0);
	(void)json_array_append_new(list, state); /* NULL is refused: the list is shorter */
	return list;
}

static json_t *status_outbox(const struct engine *e)
{
	const struct sink *sinks;
	size_t n = engine_sinks(e, &sinks);
	json_t *list = json_array();

	for (size_t i = 0; list && i < n; i++) {
		json_t *sink = json_pack("{s:s, s:I, s:I}", "sink", sinks[i].ops->name,
			"acknowledged", (json_int_t)sinks[i].cursor, "delivered",
			(json_int_t)sinks[i].delivered);
		(void)json_array_append_new(list, sink); /* NULL is refused: the list is shorter */
	}
	return list;
}

static json_t *method_status(struct call *c)
{
	struct engine *e = c->engine;

	if (!engine_ready(e))
		return make_error(INTERFACE ".NotReady", NULL, NULL);
	return make_reply(json_pack("{s:s, s:s, s:I, s:s, s:o, s:o, s:o, s:o, s:o}", "version",
		HARDEND_VERSION, "epoch", engine_epoch(e), "seq",
		(json_int_t)ledger_seq(engine_ledger(e)), "head", ledger_head(engine_ledger(e)),
		"started", time_string(engine_started_realtime(e)), "summary",
		status_summary(engine_judge(e)), "findings", status_findings(e), "coverage",
		status_coverage(e), "outbox", status_outbox(e)));
}

struct diff {
	json_t *list;
	size_t omitted;
};

static int add_difference(const struct difference *d, void *arg)
{
	struct diff *diff = arg;

	if (json_array_size(diff->list) >= DIFF_MAX) {
		diff->omitted++;
		return 0;
	}
	json_t *o = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "fact", d->fact, "subject",
		d->subject, "baseline", string_or_null(d->baseline), "current",
		string_or_null(d->current), "path", string_or_null(d->path), "line",
		d->line ? json_integer(d->line) : json_null(), "since",
		time_string(d->since_realtime_usec));
	return json_array_append_new(diff->list, o) < 0 ? -ENOMEM : 0;
}

static json_t *state_error(int r)
{
	return make_error(INTERFACE ".StateUnavailable", "reason", strerror(-r));
}

static json_t *method_diff(struct call *c)
{
	struct diff diff = {.list = json_array()};

	if (!diff.list)
		return NULL;
	int r = ledger_diff(engine_ledger(c->engine), add_difference, &diff);
	if (r < 0) {
		json_decref(diff.list);
		return state_error(r);
	}
	return make_reply(json_pack("{s:o, s:I}", "differences", diff.list, "omitted",
		(json_int_t)diff.omitted));
}

/* A string parameter that may be missing or null. False: it is something else. */
static bool optional_string(const struct call *c, const char *key, const char **ret)
{
	json_t *value = json_object_get(c->parameters, key);

	if (value && !json_is_null(value) && !json_is_string(value))
		return false;
	*ret = json_string_value(value);
	return true;
}

/* Who accepted, for the event: the peer's name and uid. */
static void describe_peer(const struct peer *peer, char *buf, size_t size)
{
	const struct passwd *pw = getpwuid(peer->uid);

	(void)snprintf(buf, size, "%s (uid %u, pid %d)", pw ? pw->pw_name : "?",
		(unsigned)peer->uid, (int)peer->pid);
}

static json_t *method_accept(struct call *c)
{
	const char *fact, *subject, *reason;
	char who[128];

	if (!optional_string(c, "fact", &fact) || (fact && fact_from_name(fact) < 0))
		return make_error(VARLINK ".InvalidParameter", "parameter", "fact");
	if (!optional_string(c, "subject", &subject))
		return make_error(VARLINK ".InvalidParameter", "parameter", "subject");
	if (!optional_string(c, "reason", &reason))
		return make_error(VARLINK ".InvalidParameter", "parameter", "reason");
	describe_peer(c->peer, who, sizeof(who));
	int n = engine_accept(c->engine, fact, subject, who, reason, c->now);
	if (n < 0)
		return state_error(n);
	c->changed = n > 0;
	return make_reply(json_pack("{s:i}", "accepted", n));
}

static json_t *method_info(_unused_ struct call *c)
{
	return make_reply(json_pack("{s:s, s:s, s:s, s:s, s:[s, s]}", "vendor", "hardend", "product",
		"hardend", "version", HARDEND_VERSION, "url", "man:hardend(8)", "interfaces",
		VARLINK, INTERFACE));
}

static json_t *method_describe(struct call *c)
{
	const char *name = json_string_value(json_object_get(c->parameters, "interface"));

	if (!name)
		return make_error(VARLINK ".InvalidParameter", "parameter", "interface");
	const char *text = strcmp(name, INTERFACE) == 0 ? control_description
	    : strcmp(name, VARLINK) == 0                ? service_description
							: NULL;
	if (!text)
		return make_error(VARLINK ".InterfaceNotFound", "interface", name);
	return make_reply(json_pack("{s:s}", "description", text));
}

static const struct method {
	const char *name;
	enum { ANYBODY, READERS, ROOT } who;
	json_t *(*run)(struct call *c); /* NULL: memory is short */
} methods[] = {
	{INTERFACE ".Accept", ROOT, method_accept},
	{INTERFACE ".Diff", READERS, method_diff},
	{INTERFACE ".Status", READERS, method_status},
	{VARLINK ".GetInfo", ANYBODY, method_info},
	{VARLINK ".GetInterfaceDescription", ANYBODY, method_describe},
};

static json_t *dispatch(struct call *c, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		const struct method *m = &methods[i];
		if (strcmp(m->name, name) != 0)
			continue;
		if (m->who == ROOT && c->peer->uid != 0)
			return make_error(INTERFACE ".PermissionDenied", "needs", "root");
		if (m->who == READERS && !c->peer->may_read)
			return make_error(INTERFACE ".PermissionDenied", "needs",
				"root or the group hardend");
		return m->run(c);
	}
	return make_error(VARLINK ".MethodNotFound", "method", name);
}

int method_call(struct engine *e, const struct peer *peer, struct now now, const char *text,
	size_t size, json_t **ret, bool *ret_changed)
{
	json_t *request = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	const char *name = json_string_value(json_object_get(request, "method"));
	json_t *parameters = json_object_get(request, "parameters");

	if (!name || (parameters && !json_is_object(parameters))) {
		json_decref(request);
		return -EBADMSG;
	}
	struct call c = {.engine = e, .peer = peer, .now = now, .parameters = parameters};
	bool oneway = json_is_true(json_object_get(request, "oneway"));
	json_t *answer = dispatch(&c, name);
	json_decref(request);
	if (!answer)
		return -ENOMEM;
	*ret_changed = c.changed;
	if (oneway)
		json_decref(answer);
	else
		*ret = answer;
	return 0;
}
