/* SPDX-License-Identifier: ISC */
#include "check/answer.h"

#include "base/text.h"
#include "check/schedule.h"

bool answer_unit(struct arena *a, const struct units *u, const char *name, struct answer *x)
{
	const char *why = "";

	const struct unit *unit = units_find(u, name);

	x->result = schedule_service(u, name, &why);
	if (x->result == RESULT_PASS && text_ends_with(name, ".timer"))
		x->result = schedule_timer(a, u, unit, &why);
	if (x->result == RESULT_PASS)
		return true;
	x->subject = arena_printf(a, "unit %s", name);
	x->observed = arena_printf(a, "%s %s", name, why);
	x->expected = "started at boot, and running (for a timer: waiting to start a service again "
		      "and again)";
	return false;
}

void answer_add(
	const struct answer *x, enum severity severity, const char *works, struct verdict *ret)
{
	verdict_add(ret, &(struct evidence){
				 .result = x->result,
				 .severity = severity,
				 .subject = x->subject,
				 .path = x->path,
				 .line = x->line,
				 .observed = x->observed ? x->observed : works,
				 .expected = x->expected,
			 });
}
