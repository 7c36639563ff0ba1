/* SPDX-License-Identifier: ISC */
/*
 * The drift items of the accounts: one for each account with all that is known
 * of it (its groups too, so that one useradd or usermod is one item), and one
 * for each group but the private group of an account.
 */
#pragma once

#include "fact/accounts.h"

/* Adds the items of acc to f. 0 or -ENOMEM. */
int accounts_items(struct fact *f, const struct accounts *acc);
