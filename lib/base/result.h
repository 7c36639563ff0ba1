/* SPDX-License-Identifier: ISC */
/*
 * The two scales that everything speaks: results in XCCDF's words, severities.
 */
#pragma once

#include <stdbool.h>

/* In rising precedence: a verdict has the highest of its evidence. */
enum result {
	RESULT_PASS,
	RESULT_NOTAPPLICABLE,
	RESULT_NOTCHECKED,
	RESULT_INFORMATIONAL,
	RESULT_UNKNOWN, /* it could not be decided */
	RESULT_ERROR,   /* it could not be looked at */
	RESULT_FAIL,
	RESULT_MAX,
};

enum severity {
	SEV_LOW,
	SEV_MEDIUM,
	SEV_HIGH,
	SEV_CRITICAL,
	SEV_MAX,
};

/* "pass", "fail", ... and "low", ...; back: -EINVAL for any other word. */
const char *result_name(enum result r);
int result_from_name(const char *name);
const char *severity_name(enum severity s);
int severity_from_name(const char *name);

/* Whether it is an open finding: fail, error or unknown. */
bool result_is_open(enum result r);
