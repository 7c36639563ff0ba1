/* SPDX-License-Identifier: ISC */
#include "base/result.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/util.h"

static const char *const result_names[] = {
	[RESULT_PASS] = "pass",
	[RESULT_NOTAPPLICABLE] = "notapplicable",
	[RESULT_NOTCHECKED] = "notchecked",
	[RESULT_INFORMATIONAL] = "informational",
	[RESULT_UNKNOWN] = "unknown",
	[RESULT_ERROR] = "error",
	[RESULT_FAIL] = "fail",
};
static_assert(ARRAY_SIZE(result_names) == RESULT_MAX, "a name for each result");

static const char *const severity_names[] = {
	[SEV_LOW] = "low",
	[SEV_MEDIUM] = "medium",
	[SEV_HIGH] = "high",
	[SEV_CRITICAL] = "critical",
};
static_assert(ARRAY_SIZE(severity_names) == SEV_MAX, "a name for each severity");

static int from_name(const char *const names[], int n, const char *name)
{
	for (int i = 0; i < n; i++) {
		if (strcmp(names[i], name) == 0)
			return i;
	}
	return -EINVAL;
}

const char *result_name(enum result r)
{
	return result_names[r];
}

int result_from_name(const char *name)
{
	return from_name(result_names, RESULT_MAX, name);
}

const char *severity_name(enum severity s)
{
	return severity_names[s];
}

int severity_from_name(const char *name)
{
	return from_name(severity_names, SEV_MAX, name);
}

bool result_is_open(enum result r)
{
	return r >= RESULT_UNKNOWN;
}
