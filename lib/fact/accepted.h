/* SPDX-License-Identifier: ISC */
/*
 * What stands in the accepted baseline, for checks that ask whether something is
 * expected. Not collected, but given: by the engine, which has the ledger, or by a
 * scan, which reads the daemon's database (ledger/accepted.h). Without items of
 * its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* An item of a fact as it was accepted. */
struct accepted_item {
	const char *subject, *value;
};

struct accepted {
	const struct accepted_item *listeners; /* sorted by subject */
	size_t n_listeners;
	bool recording; /* there is no baseline yet: what is there now becomes it */
};

/* Whether the item of this subject was accepted with this value, or all is. */
bool accepted_listener(const struct accepted *a, const char *subject, const char *value);
