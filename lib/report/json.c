/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "base/text.h"
#include "conf/profile.h"
#include "conf/schema.h"
#include "config.h"
#include "report/internal.h"

/* A string that may be NULL, and is null then. */
static json_t *text(const char *s)
{
	return s ? json_string(s) : json_null();
}

/* One that nobody has escaped yet. */
static json_t *raw_text(const char *s)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *clean = a ? text_clean(a, s) : NULL;

	return clean ? json_string(clean) : NULL;
}

static json_t *line_number(unsigned line)
{
	return line ? json_integer(line) : json_null();
}

static json_t *words(const char *s)
{
	json_auto_t *list = json_array();

	for (s += strspn(s, " "); list && *s; s += strspn(s, " ")) {
		size_t n = strcspn(s, " ");
		if (json_array_append_new(list, json_stringn(s, n)) < 0)
			return NULL;
		s += n;
	}
	return TAKE_PTR(list);
}

/* "2026-12-01", from the last microsecond of that day. */
static json_t *date(uint64_t realtime_usec)
{
	char buf[32];

	return json_stringn(text_rfc3339(buf, realtime_usec), strlen("2026-12-01"));
}

static json_t *waiver_json(const struct waiver *w)
{
	if (!w)
		return json_null();
	return json_pack("{s:s, s:o, s:s, s:s, s:o, s:s, s:o}", "name", w->name, "subject",
		raw_text(w->subject), "reason", w->reason, "owner", w->owner, "until",
		date(w->until_realtime_usec), "path", w->path, "line", line_number(w->line));
}

static json_t *evidence_json(const struct verdict *v)
{
	json_auto_t *list = json_array();

	for (size_t i = 0; list && i < v->n_evidence; i++) {
		const struct evidence *e = &v->evidence[i];
		json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:o}", "subject",
			text(e->subject), "path", text(e->path), "line", line_number(e->line),
			"observed", text(e->observed), "expected", text(e->expected), "result",
			result_name(e->result), "severity", severity_name(e->severity), "waiver",
			text(e->waiver ? e->waiver->name : NULL));
		if (json_array_append_new(list, o) < 0)
			return NULL;
	}
	return TAKE_PTR(list);
}

json_t *report_finding(const struct check *c, const struct verdict *v, const struct factset *facts)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:o}", "check", c->id, "title",
		c->title, "result", result_name(v->result), "severity", severity_name(v->severity),
		"summary", text(v->summary), "guides", words(c->guides), "evidence",
		evidence_json(v), "remedy", check_remedy(c, facts, v->result), "waiver",
		waiver_json(v->waiver));
}

static json_t *findings_json(const struct report *r, struct counts *counts)
{
	json_auto_t *list = json_array();

	for (size_t i = 0; list && i < check_count(); i++) {
		const struct verdict *v = r->judge->verdicts[i];
		if (!v || (r->selected && !r->selected[i]))
			continue;
		if (json_array_append_new(list, report_finding(check_at(i), v, &r->judge->facts)) <
			0)
			return NULL;
		counts->results[v->result]++;
		counts->waived += v->waiver != NULL;
	}
	return TAKE_PTR(list);
}

json_t *report_counts(const struct counts *c)
{
	json_auto_t *o = json_object();

	for (int i = 0; o && i < RESULT_MAX; i++) {
		if (json_object_set_new(
			    o, result_name((enum result)i), json_integer(c->results[i])) < 0)
			return NULL;
	}
	if (!o || json_object_set_new(o, "waived", json_integer(c->waived)) < 0)
		return NULL;
	return TAKE_PTR(o);
}

json_t *report_json(const struct report *r)
{
	struct counts counts = {0};
	char started[32];
	json_auto_t *findings = findings_json(r, &counts);

	if (!findings)
		return NULL;
	json_t *profile = r->items ? report_items(r->judge->policy, findings) : json_null();
	return json_pack(
		"{s:i, s:{s:s, s:s}, s:{s:o, s:o, s:o, s:o}, s:o, s:s, s:I, s:o, s:o, s:O}",
		"schema", 1, "tool", "name", "hardend", "version", HARDEND_VERSION, "host",
		"hostname", text(r->host.hostname), "machine_id", text(r->host.machine_id), "os",
		text(r->host.os), "kernel", text(r->host.kernel), "root", raw_text(r->root),
		"started", text_rfc3339(started, r->started_realtime_usec), "duration_ms",
		(json_int_t)(r->duration_usec / USEC_PER_MSEC), "summary", report_counts(&counts),
		"profile", profile, "findings", findings);
}

static json_t *param_json(const char *section, const struct param *p)
{
	char expected[SCHEMA_EXPECTED_MAX];

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "section", section, "key", p->key,
		"type", schema_type_name(p->type), "default", p->def, "expected",
		schema_expected(p, expected), "doc", p->doc);
}

static json_t *params_json(const struct check *c)
{
	json_auto_t *list = json_array();
	const struct param *rows[2];

	(void)schema_params(c->id, rows); /* a check always has some */
	for (size_t i = 0; list && i < 2; i++) {
		for (const struct param *p = rows[i]; p && p->key; p++) {
			if (json_array_append_new(list, param_json(c->id, p)) < 0)
				return NULL;
		}
	}
	return TAKE_PTR(list);
}

static json_t *facts_json(uint64_t facts)
{
	json_auto_t *list = json_array();

	for (int i = 0; list && i < FACT_MAX; i++) {
		if ((facts & FACT_BIT(i)) &&
			json_array_append_new(list, json_string(fact_name((enum fact_id)i))) < 0)
			return NULL;
	}
	return TAKE_PTR(list);
}

/* Which items of the guides the check answers: {"nectar": ["Check-Security-01"], ...}. */
static json_t *answers_json(const struct check *c)
{
	json_auto_t *o = json_object();
	const struct profile *p;

	for (size_t i = 0; o && (p = profile_builtin(i)); i++) {
		json_auto_t *list = json_array();
		const struct profile_item *item = p->items;
		for (; list && item && item->label; item++) {
			if (profile_item_has(item, c->id) &&
				json_array_append_new(list, json_string(item->label)) < 0)
				return NULL;
		}
		if (!list || (json_array_size(list) > 0 && json_object_set(o, p->name, list) < 0))
			return NULL;
	}
	return TAKE_PTR(o);
}

/* By who filters on the machine, where that matters: an empty object where it does not. */
static json_t *remedies_json(const struct check *c)
{
	json_t *o = json_object();

	for (unsigned m = 0; o && c->remedy_by && m < MAKER_MAX; m++) {
		if (c->remedy_by[m] &&
			json_object_set_new(o, maker_name(m), json_string(c->remedy_by[m])) < 0) {
			json_decref(o);
			return NULL;
		}
	}
	return o;
}

json_t *report_check(const struct check *c)
{
	static const char *const kinds[] = {
		[CHECK_STATE] = "state",
		[CHECK_MONITOR] = "monitor",
		[CHECK_DRIFT] = "drift",
		[CHECK_LATER] = "later",
	};

	return json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o}",
		"check", c->id, "title", c->title, "area", report_area(c->id), "kind",
		kinds[c->kind], "severity", severity_name(c->severity), "guides", words(c->guides),
		"answers", answers_json(c), "references", text(c->references), "rationale",
		c->rationale, "remedy", c->remedy, "remedy_rhel", text(c->remedy_rhel), "remedy_by",
		remedies_json(c), "attestation", text(c->attestation), "facts",
		facts_json(c->facts), "keys", params_json(c));
}
