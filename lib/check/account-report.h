/* SPDX-License-Identifier: ISC */
/* What the checks of the area `accounts` share: how they name an account in evidence. */
#pragma once

#include "check/verdict.h"
#include "fact/accounts.h"

/* A fail about the account, with the subject of its drift item and its line in /etc/passwd. */
void account_report(struct verdict *ret, const struct account *x, enum severity severity,
	const char *observed, const char *expected);

/* The same with another place, for what isn't in /etc/passwd. */
void account_report_at(
	struct verdict *ret, const char *name, enum severity severity, const struct evidence *e);

/*
 * Adds an error for each of the files in mask (bits of enum accounts_file) that
 * is there and could not be read. Returns whether there was any.
 */
bool account_report_unread(struct verdict *ret, const struct accounts *a, unsigned mask);
