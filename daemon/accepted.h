/* SPDX-License-Identifier: ISC */
/*
 * The fact of what stands in the accepted baseline, made from the ledger.
 */
#pragma once

#include "fact/accepted.h"
#include "fact/fact.h"
#include "ledger/ledger.h"

/* A new fact, the caller's. 0, -ENOMEM or -errno of the store. */
int accepted_fact(struct ledger *l, struct fact **ret);
