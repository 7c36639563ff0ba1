/* SPDX-License-Identifier: ISC */
/* How journald keeps the journal: its part of struct log_kept. */
#pragma once

#include "fact/log-kept.h"

/* Reads journald.conf with its drop-ins and looks at the journal's files. 0 or -ENOMEM. */
int journal_read(struct arena *a, const struct root *root, struct journal *ret);
