/* SPDX-License-Identifier: ISC */
/* What somebody did to the daemon's audit rules, and who, until it is told. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "audit/act.h"

struct audit_meddling {
	size_t returned, missing; /* rules that were removed: put back; not put back */
	bool off;		  /* audit was switched off */
	char who[512];		  /* who began; "" when no record names anybody */
};

/*
 * Somebody changed audit: the first counts. Who has neither a process nor a login
 * may be ourselves: with audit off, the kernel writes no record of the call.
 */
void audit_meddling_by(struct audit_meddling *m, const struct actor *x);

/* In one sentence. on: audit is on by now. */
void audit_meddling_text(const struct audit_meddling *m, bool on, char *ret, size_t size);
