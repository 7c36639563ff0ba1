/* SPDX-License-Identifier: ISC */
#include "check/reach.h"

#include <string.h>

struct reach reach_of(_unused_ struct arena *a, _unused_ const struct factset *facts,
	_unused_ const struct policy *policy, const struct listener *l)
{
	if (l->loopback)
		return (struct reach){REACH_NOBODY, "its address is of the loopback"};
	if (l->interface && strcmp(l->interface, "lo") == 0)
		return (struct reach){REACH_NOBODY, "it takes from the loopback only"};
	if (l->link_local)
		return (struct reach){REACH_LINK, "its address is of one link"};
	/* A private address says nothing: clouds translate public ones to it. */
	return (struct reach){REACH_UNKNOWN,
		"whether the host's firewall lets others reach it is not judged yet"};
}

enum result reach_result(enum reach_kind kind)
{
	return kind == REACH_PUBLIC    ? RESULT_FAIL
	       : kind == REACH_UNKNOWN ? RESULT_UNKNOWN
				       : RESULT_PASS;
}
