/* SPDX-License-Identifier: ISC */
#include "daemon/accepted.h"

#include "ledger/accepted.h"

int accepted_fact(struct ledger *l, struct fact **ret)
{
	return accepted_of_ledger(l, ret);
}
