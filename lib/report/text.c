/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "check/check.h"
#include "report/internal.h"

enum {
	EVIDENCE_SHOWN = 10,
	INDENT = 6,
	COLUMNS = 100,
};

void report_puts(FILE *out, const char *s)
{
	for (; s && *s; s++) {
		unsigned char c = (unsigned char)*s;
		fputc(c < 0x20 || c == 0x7f ? '?' : c, out);
	}
}

/* Length of the next piece that stays in one line: a word, or what is in `backquotes`. */
static size_t unbroken(const char *s)
{
	size_t n = 0;
	bool quoted = false;

	while (s[n] && s[n] != '\n' && (quoted || s[n] != ' ')) {
		if (s[n] == '`')
			quoted = !quoted && strchr(s + n + 1, '`');
		n++;
	}
	return n;
}

/* Columns that n bytes of UTF-8 take, counted as one for each character. */
static unsigned width(const char *s, size_t n)
{
	unsigned w = 0;

	for (size_t i = 0; i < n; i++)
		w += ((unsigned char)s[i] & 0xc0) != 0x80;
	return w;
}

void report_wrap(FILE *out, const char *s, unsigned column, unsigned indent)
{
	bool first = true;

	while (s && *s) {
		size_t n = unbroken(s);
		if (n == 0) {
			if (*s == '\n') {
				fprintf(out, "\n%*s", (int)indent, "");
				column = indent;
				first = true;
			}
			s++;
			continue;
		}
		unsigned w = width(s, n);
		if (!first && column + 1 + w > COLUMNS) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
			first = true;
		}
		if (!first)
			fputc(' ', out);
		fwrite(s, 1, n, out);
		column += w + !first;
		first = false;
		s += n;
	}
	fputc('\n', out);
}

static const char *color_of(int result, int severity)
{
	switch (result) {
	case RESULT_PASS:
		return "\033[32m";
	case RESULT_FAIL:
		return severity >= SEV_HIGH ? "\033[1;31m" : "\033[33m";
	case RESULT_ERROR:
	case RESULT_UNKNOWN:
		return "\033[35m";
	default:
		return "\033[2m";
	}
}

void report_put_result(FILE *out, const struct row *row, const struct report_style *style)
{
	char word[16];
	const char *name = result_name((enum result)row->result);
	size_t n = strlen(name);

	for (size_t i = 0; i <= n; i++) {
		bool lower = name[i] < 'a' || row->waived ||
			     !result_is_open((enum result)row->result);
		word[i] = lower ? name[i] : (char)(name[i] - 'a' + 'A');
	}
	const char *on = row->waived ? "\033[2m" : color_of(row->result, row->severity);
	fprintf(out, "%s%-*s%s  ", style->color ? on : "", REPORT_RESULT_WIDTH, word,
		style->color ? "\033[0m" : "");
}

static void put_place(FILE *out, const json_t *e)
{
	const json_t *line = json_object_get(e, "line");
	const char *path = report_string(e, "path");

	if (!path)
		return;
	fputs(" (", out);
	report_puts(out, path);
	if (json_is_integer(line))
		fprintf(out, ":%" JSON_INTEGER_FORMAT, json_integer_value(line));
	fputs(")", out);
}

/* Whether the summary is this evidence, word by word, with a note behind it at most. */
static bool is_said(const json_t *finding, const json_t *e)
{
	const char *rest = report_string(finding, "summary");
	const char *subject = report_string(e, "subject"), *observed = report_string(e, "observed");
	const char *const parts[] = {subject, subject && observed ? ": " : NULL, observed};

	for (size_t i = 0; rest && i < ARRAY_SIZE(parts); i++) {
		size_t n = parts[i] ? strlen(parts[i]) : 0;
		rest = n == 0 || strncmp(rest, parts[i], n) == 0 ? rest + n : NULL;
	}
	return rest && (!*rest || strncmp(rest, "; ", 2) == 0);
}

/* said: the summary has subject and observed already. */
static void put_evidence(FILE *out, const json_t *e, bool said)
{
	const char *subject = report_string(e, "subject"), *observed = report_string(e, "observed");
	const char *expected = report_string(e, "expected"), *waiver = report_string(e, "waiver");

	if (said)
		subject = observed = NULL;
	if (said && !expected && !waiver && !report_string(e, "path"))
		return;
	fprintf(out, "%*s", INDENT, "");
	report_puts(out, subject);
	if (observed) {
		fputs(subject ? ": " : "", out);
		report_puts(out, observed);
	}
	if (expected) {
		fputs(subject || observed ? "; expected: " : "expected: ", out);
		report_puts(out, expected);
	}
	put_place(out, e);
	if (waiver) {
		fputs(" [waived: ", out);
		report_puts(out, waiver);
		fputs("]", out);
	}
	fputc('\n', out);
}

/* Evidence that decides: of an open finding what is open, else what is informational. */
static bool tells(const struct row *row, const json_t *e)
{
	const char *name = report_string(e, "result");
	int result = name ? result_from_name(name) : row->result;

	return result == row->result || (result >= 0 && result_is_open((enum result)result)) ||
	       result == RESULT_INFORMATIONAL;
}

static void put_all_evidence(FILE *out, const struct row *row)
{
	const json_t *list = json_object_get(row->finding, "evidence"), *e;
	size_t i, shown = 0, left = 0;

	if (row->result == RESULT_PASS || row->result == RESULT_NOTAPPLICABLE)
		return;
	json_array_foreach (list, i, e) {
		if (!tells(row, e))
			continue;
		if (shown < EVIDENCE_SHOWN) {
			put_evidence(out, e, is_said(row->finding, e));
			shown++;
		} else {
			left++;
		}
	}
	if (left > 0)
		fprintf(out, "%*s... and %zu more; --format json shows all\n", INDENT, "", left);
}

static void put_since(FILE *out, const json_t *finding)
{
	const char *since = report_string(finding, "since");

	if (!since)
		return;
	fprintf(out, "%*sopen since ", INDENT, "");
	report_puts(out, since);
	fputc('\n', out);
}

static void put_waiver(FILE *out, const json_t *w)
{
	static const struct {
		const char *before, *key;
	} parts[] = {{"waived until ", "until"}, {" by ", "owner"}, {": ", "reason"}};

	if (!json_is_object(w))
		return;
	fprintf(out, "%*s", INDENT, "");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		fputs(parts[i].before, out);
		report_puts(out, report_string(w, parts[i].key));
	}
	fputc('\n', out);
}

void report_put_finding(
	FILE *out, const struct row *row, unsigned id_width, const struct report_style *style)
{
	const json_t *waiver = json_object_get(row->finding, "waiver");
	bool open = result_is_open((enum result)row->result);
	const char *severity = row->severity >= 0 ? severity_name((enum severity)row->severity)
						  : "";

	fputs("  ", out);
	report_put_result(out, row, style);
	fprintf(out, "%-8s  ", open ? severity : "");
	report_puts(out, row->check);
	fprintf(out, "%*s  ", (int)(id_width - MIN(strlen(row->check), id_width)), "");
	report_puts(out, report_string(row->finding, "summary"));
	fputc('\n', out);
	put_all_evidence(out, row);
	put_since(out, row->finding);
	put_waiver(out, waiver);
	const char *remedy = report_string(row->finding, "remedy");
	if (open && !row->waived && !style->quiet && remedy) {
		fprintf(out, "%*sremedy: ", INDENT, "");
		report_wrap(out, remedy, INDENT + 8, INDENT + 8);
	}
}

/* The order of areas is that of the catalogue. */
static int area_rank(const char *area)
{
	static const char *const order[] = {"ssh", "accounts", "network", "tls and http",
		"software", "services", "logs and backups", "secrets and cloud", "this daemon"};

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		if (strcmp(order[i], area) == 0)
			return (int)i;
	}
	return (int)ARRAY_SIZE(order);
}

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int areas = area_rank(x->area) - area_rank(y->area);

	if (areas != 0)
		return areas;
	if (x->result != y->result)
		return y->result - x->result;
	if (x->severity != y->severity)
		return y->severity - x->severity;
	return strcmp(x->check, y->check);
}

bool report_row(const json_t *finding, struct row *ret)
{
	const char *check = report_string(finding, "check"),
		   *result = report_string(finding, "result");
	const char *severity = report_string(finding, "severity");

	if (!check || !result)
		return false;
	*ret = (struct row){
		.finding = finding,
		.area = report_area(check),
		.check = check,
		.result = result_from_name(result),
		.severity = severity ? severity_from_name(severity) : -1,
		.waived = json_is_object(json_object_get(finding, "waiver")),
	};
	return ret->result >= 0;
}

/* Of a check that this version does not judge yet: there is nothing to say but that. */
static bool is_later(const struct row *row)
{
	const struct check *c = check_find(row->check);

	return c && c->kind == CHECK_LATER;
}

bool report_shows(const struct row *row, const struct report_style *style)
{
	return !style->quiet || (!row->waived && result_is_open((enum result)row->result));
}

/* All of them in one line, so that they do not stand between what was judged. */
static int put_later(FILE *out, const struct row *rows, size_t n, const struct report_style *style)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0, later = 0;
	FILE *names = open_memstream(&text, &size);

	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (is_later(&rows[i]))
			fprintf(names, "%s%s", later++ > 0 ? ", " : "", rows[i].check);
	}
	if (ferror(names) | fclose(names))
		return -ENOMEM;
	if (later == 0)
		return 0;
	fprintf(out, "%s%s", later < n ? "\n" : "", style->color ? "\033[2m" : "");
	int column = fprintf(out, "not built yet, %zu check%s: ", later, later == 1 ? "" : "s");
	report_wrap(out, text, (unsigned)MAX(column, 0), 2);
	fputs(style->color ? "\033[0m" : "", out);
	return 0;
}

/* The rows that are shown, sorted; returns how many. */
static size_t make_rows(struct row *rows, const json_t *findings, const struct report_style *style)
{
	const json_t *finding;
	size_t n = 0, i;

	json_array_foreach (findings, i, finding) {
		if (report_row(finding, &rows[n]) && report_shows(&rows[n], style))
			n++;
	}
	qsort(rows, n, sizeof(*rows), compare_rows);
	return n;
}

int report_text_findings(FILE *out, const json_t *findings, const struct report_style *style)
{
	_cleanup_free_ struct row *rows = calloc(json_array_size(findings) + 1, sizeof(*rows));
	const char *area = NULL;
	unsigned id_width = 0;

	if (!rows)
		return -ENOMEM;
	size_t n = make_rows(rows, findings, style);
	for (size_t i = 0; i < n; i++) {
		if (!is_later(&rows[i]))
			id_width = MAX(id_width, (unsigned)strlen(rows[i].check));
	}
	for (size_t i = 0; i < n; i++) {
		if (is_later(&rows[i]))
			continue;
		if (!area || strcmp(area, rows[i].area) != 0) {
			fprintf(out, "%s%s%s%s\n", area ? "\n" : "", style->color ? "\033[1m" : "",
				rows[i].area, style->color ? "\033[0m" : "");
			area = rows[i].area;
		}
		report_put_finding(out, &rows[i], id_width, style);
	}
	return put_later(out, rows, n, style);
}

void report_put_counts(FILE *out, const char *noun, const json_t *counts)
{
	json_int_t total = 0, waived = json_integer_value(json_object_get(counts, "waived"));
	const char *before = ": ";

	for (int i = 0; i < RESULT_MAX; i++)
		total += json_integer_value(json_object_get(counts, result_name((enum result)i)));
	fprintf(out, "%" JSON_INTEGER_FORMAT " %s%s", total, noun, total == 1 ? "" : "s");
	for (int i = RESULT_MAX - 1; i >= 0; i--) {
		const char *name = result_name((enum result)i);
		json_int_t n = json_integer_value(json_object_get(counts, name));
		if (n == 0)
			continue;
		fprintf(out, "%s%" JSON_INTEGER_FORMAT " %s", before, n, name);
		if (i == RESULT_FAIL && waived > 0)
			fprintf(out, " (%" JSON_INTEGER_FORMAT " waived)", waived);
		before = ", ";
	}
	fputc('\n', out);
}

void report_text_summary(FILE *out, const json_t *summary)
{
	report_put_counts(out, "check", summary);
}

int report_text(FILE *out, const json_t *report, const struct report_style *style)
{
	const json_t *host = json_object_get(report, "host");
	static const struct {
		const char *before, *key;
	} parts[] = {{": ", "os"}, {", kernel ", "kernel"}};
	const char *name = report_string(host, "hostname"), *root = report_string(report, "root");

	if (!style->quiet) {
		report_puts(out, name ? name : "unnamed host");
		for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
			const char *s = report_string(host, parts[i].key);
			if (s)
				fputs(parts[i].before, out);
			report_puts(out, s);
		}
		if (root && strcmp(root, "/") != 0) {
			fputs(", in ", out);
			report_puts(out, root);
		}
		fputs("\n\n", out);
	}
	const json_t *profile = json_object_get(report, "profile");
	const json_t *findings = json_object_get(report, "findings");
	bool items = json_array_size(json_object_get(profile, "items")) > 0;
	int r = items ? report_text_items(out, profile, findings, style)
		      : report_text_findings(out, findings, style);
	if (r < 0 || style->quiet)
		return r;
	fputc('\n', out);
	if (items)
		report_put_counts(out, "item", json_object_get(profile, "summary"));
	report_text_summary(out, json_object_get(report, "summary"));
	return 0;
}
