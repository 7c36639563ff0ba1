/* SPDX-License-Identifier: ISC */
/*
 * The fact of what stands in the accepted baseline (fact/accepted.h): of the
 * daemon, which has the ledger, and of a scan, which reads the daemon's
 * database beside it.
 */
#pragma once

#include "base/fsio.h"
#include "fact/accepted.h"
#include "fact/fact.h"
#include "ledger/ledger.h"

/* A new fact, the caller's. 0, -ENOMEM or -errno of the store. */
int accepted_of_ledger(struct ledger *l, struct fact **ret);

/*
 * The same, from the database at path, which is read through the root, and
 * neither locked nor written, whoever has it open. Where there is no baseline to
 * be had (no database, not readable, another's, corrupt, none recorded yet) the
 * fact has failed, and its reason says why. 0 or -ENOMEM.
 */
int accepted_of_file(const struct root *root, const char *path, struct fact **ret);
