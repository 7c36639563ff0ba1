/* SPDX-License-Identifier: ISC */
#include "check/log-service.h"

#include <string.h>

#include "fact/units.h"

enum log_service log_service(const struct factset *facts, struct arena *a, const char *const *units,
	const char **ret_why)
{
	const struct fact *f = factset_get(facts, FACT_UNITS);
	const struct unit *unit = NULL;

	*ret_why = NULL;
	if (!f || f->state != FACT_STATE_OK || !f->u.units ||
		strcmp(f->u.units->init, "systemd") != 0) {
		*ret_why = arena_printf(a, "whether %s runs cannot be told: %s", units[0],
			!f || !f->u.units ? (f && f->reason ? f->reason : "no units are known")
					  : "the init system is not systemd");
		return LOG_SERVICE_UNKNOWN;
	}
	for (size_t i = 0; units[i]; i++) {
		if (unit_is_effective(f->u.units, units[i]))
			return LOG_SERVICE_ON;
		if (!unit)
			unit = units_find(f->u.units, units[i]);
	}
	*ret_why = arena_printf(a, "%s %s", unit ? unit->name : units[0],
		!unit		? "is not installed"
		: !unit->starts ? "is not started at boot"
				: "does not run");
	return LOG_SERVICE_OFF;
}
