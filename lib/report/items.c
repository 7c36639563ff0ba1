/* SPDX-License-Identifier: ISC */
/* A guide's own order: its items, and what the checks beneath make of them. */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "report/internal.h"

/*
 * What an item is when its checks differ, the highest of: what is not here
 * answers nothing, one pass answers for those, and what nobody looked at leaves
 * the item open to doubt.
 */
static const int weights[] = {
	[RESULT_NOTAPPLICABLE] = 0,
	[RESULT_INFORMATIONAL] = 1,
	[RESULT_PASS] = 2,
	[RESULT_NOTCHECKED] = 3,
	[RESULT_UNKNOWN] = 4,
	[RESULT_ERROR] = 5,
	[RESULT_FAIL] = 6,
};

static bool find_row(const json_t *findings, const char *check, struct row *ret)
{
	const json_t *f;
	size_t i;

	json_array_foreach (findings, i, f) {
		const char *id = report_string(f, "check");
		if (id && strcmp(id, check) == 0)
			return report_row(f, ret);
	}
	return false;
}

/* Takes a check's result into the item's; a fail that is waived weighs less than one that is not.
 */
static void take(struct row *item, const struct row *row, bool first)
{
	bool open = result_is_open((enum result)row->result);
	int worse = weights[row->result] - weights[item->result];

	if (first) {
		*item = *row;
		return;
	}
	if (open && result_is_open((enum result)item->result) && row->waived != item->waived)
		worse = item->waived ? 1 : -1;
	if (worse > 0 || (worse == 0 && row->severity > item->severity))
		*item = *row;
}

static struct row judge_item(const struct policy_item *item, const json_t *findings)
{
	struct row whole = {.result = RESULT_NOTCHECKED, .severity = -1}, row;
	bool first = true;

	for (const char *const *id = (const char *const *)item->checks; *id; id++) {
		if (!find_row(findings, *id, &row))
			continue;
		take(&whole, &row, first);
		first = false;
	}
	return whole;
}

static json_t *ids_json(const struct policy_item *item)
{
	json_auto_t *list = json_array();

	for (size_t i = 0; list && item->checks[i]; i++) {
		if (json_array_append_new(list, json_string(item->checks[i])) < 0)
			return NULL;
	}
	return TAKE_PTR(list);
}

static json_t *item_json(
	const struct policy_item *item, const json_t *findings, struct counts *counts)
{
	json_auto_t *o = json_pack("{s:s, s:s, s:o}", "item", item->label, "title", item->title,
		"checks", ids_json(item));

	if (!o || !findings)
		return TAKE_PTR(o);
	const struct row whole = judge_item(item, findings);
	json_t *severity = whole.severity >= 0
				   ? json_string(severity_name((enum severity)whole.severity))
				   : json_null();
	if (json_object_set_new(o, "result", json_string(result_name((enum result)whole.result))) |
		json_object_set_new(o, "severity", severity) |
		json_object_set_new(o, "waived", json_boolean(whole.waived)))
		return NULL;
	counts->results[whole.result]++;
	counts->waived += whole.waived;
	return TAKE_PTR(o);
}

static json_t *items_json(
	const struct policy *policy, const json_t *findings, struct counts *counts)
{
	json_auto_t *list = json_array();
	const struct policy_item *item;

	for (size_t i = 0; list && (item = policy_profile_item(policy, i)); i++) {
		if (json_array_append_new(list, item_json(item, findings, counts)) < 0)
			return NULL;
	}
	return TAKE_PTR(list);
}

json_t *report_items(const struct policy *policy, const json_t *findings)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *title, *name = policy_profile(policy, &title);
	struct counts counts = {0};

	name = a ? text_clean(a, name) : NULL;
	title = a ? text_clean(a, title) : NULL;
	json_auto_t *list = items_json(policy, findings, &counts);
	if (!list || !name || !title)
		return NULL;
	json_auto_t *o = json_pack("{s:s, s:s, s:O}", "name", name, "title", title, "items", list);
	if (o && findings && json_object_set_new(o, "summary", report_counts(&counts)) < 0)
		return NULL;
	return TAKE_PTR(o);
}

json_t *report_profile(const struct policy *policy)
{
	return report_items(policy, NULL);
}

/* The item before this one that has told of the check already, or NULL. */
static const char *told_in(const json_t *items, size_t before, const char *check)
{
	for (size_t i = 0; i < before; i++) {
		const json_t *item = json_array_get(items, i), *id;
		size_t k;
		json_array_foreach (json_object_get(item, "checks"), k, id) {
			if (strcmp(json_string_value(id), check) == 0)
				return report_string(item, "item");
		}
	}
	return NULL;
}

struct listing {
	FILE *out;
	const json_t *items, *findings;
	const struct report_style *style;
	unsigned id_width, label_width;
};

static void put_check(const struct listing *l, size_t item, const char *id)
{
	struct row row;

	if (!find_row(l->findings, id, &row) || !report_shows(&row, l->style))
		return;
	const char *where = told_in(l->items, item, id);
	if (!where) {
		report_put_finding(l->out, &row, l->id_width, l->style);
		return;
	}
	fputs("  ", l->out);
	report_put_result(l->out, &row, l->style);
	fprintf(l->out, "%-8s  %-*s  see ", "", (int)l->id_width, id);
	report_puts(l->out, where);
	fputc('\n', l->out);
}

static void put_item(const struct listing *l, size_t i, const json_t *item)
{
	const char *result = report_string(item, "result"), *label = report_string(item, "item");
	const char *severity = report_string(item, "severity");
	const json_t *checks = json_object_get(item, "checks"), *id;
	const struct row whole = {
		.result = result ? result_from_name(result) : RESULT_NOTCHECKED,
		.severity = severity ? severity_from_name(severity) : -1,
		.waived = json_is_true(json_object_get(item, "waived")),
	};
	size_t k;

	if (whole.result < 0 || !label || !report_shows(&whole, l->style))
		return;
	report_put_result(l->out, &whole, l->style);
	fputs(l->style->color ? "\033[1m" : "", l->out);
	report_puts(l->out, label);
	fprintf(l->out, "%*s  ", (int)(l->label_width - MIN(strlen(label), l->label_width)), "");
	report_puts(l->out, report_string(item, "title"));
	fputs(l->style->color ? "\033[0m\n" : "\n", l->out);
	json_array_foreach (checks, k, id)
		put_check(l, i, json_string_value(id));
	if (json_array_size(checks) == 0)
		fputs("  this profile leaves out every check of it\n", l->out);
}

int report_text_items(
	FILE *out, const json_t *profile, const json_t *findings, const struct report_style *style)
{
	struct listing l = {.out = out,
		.items = json_object_get(profile, "items"),
		.findings = findings,
		.style = style};
	const json_t *item, *f;
	size_t i;

	json_array_foreach (l.items, i, item) {
		const char *label = report_string(item, "item");
		l.label_width = MAX(l.label_width, label ? (unsigned)strlen(label) : 0);
	}
	json_array_foreach (findings, i, f) {
		const char *id = report_string(f, "check");
		l.id_width = MAX(l.id_width, id ? (unsigned)strlen(id) : 0);
	}
	if (!style->quiet) {
		fputs("profile ", out);
		report_puts(out, report_string(profile, "name"));
		fputs(", ", out);
		report_puts(out, report_string(profile, "title"));
		fputs("\n\n", out);
	}
	json_array_foreach (l.items, i, item)
		put_item(&l, i, item);
	return 0;
}
