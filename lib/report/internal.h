/* SPDX-License-Identifier: ISC */
/* What the parts of the report share. */
#pragma once

#include "report/report.h"

#define REPORT_RESULT_WIDTH 13

/* What the text needs of a finding, and how bad it is; strings borrowed from the JSON. */
struct row {
	const json_t *finding;
	const char *area, *check;
	int result, severity;
	bool waived;
};

/* A member that is a string, or NULL. */
static inline const char *report_string(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* Reads a finding; false when it makes no sense. */
bool report_row(const json_t *finding, struct row *ret);

/* Whether the style shows it. */
bool report_shows(const struct row *row, const struct report_style *style);

/* Writes a finding with its evidence and remedy; its id in id_width columns. */
void report_put_finding(
	FILE *out, const struct row *row, unsigned id_width, const struct report_style *style);

/* Writes a result, open ones in capitals, so that they stand out without colour too. */
void report_put_result(FILE *out, const struct row *row, const struct report_style *style);

/* "12 checks: 2 fail, 10 pass" and a line feed. */
void report_put_counts(FILE *out, const char *noun, const json_t *counts);

/* Adds up; then as a "summary". */
struct counts {
	unsigned results[RESULT_MAX], waived;
};

/* A new reference, NULL on ENOMEM. */
json_t *report_counts(const struct counts *c);

/*
 * The items of a profile with the worst result of each one's checks among the
 * findings; findings NULL: without results. A new reference, NULL on ENOMEM.
 */
json_t *report_items(const struct policy *policy, const json_t *findings);
