/* SPDX-License-Identifier: ISC */
/* Whether a service that handles logs does its work, for the checks of logs. */
#pragma once

#include "base/arena.h"
#include "fact/fact.h"

enum log_service {
	LOG_SERVICE_ON,
	LOG_SERVICE_OFF,
	LOG_SERVICE_UNKNOWN, /* the units could not be read, or there is no systemd */
};

/*
 * The first of the units (a list that ends with NULL) that is effective makes
 * it ON. Else *ret_why says why it is not, in words for an observation; NULL
 * when memory is short.
 */
enum log_service log_service(const struct factset *facts, struct arena *a, const char *const *units,
	const char **ret_why);
