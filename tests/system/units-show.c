/* SPDX-License-Identifier: ISC */
/*
 * Prints what the units collector makes of a root, for units-diff.py: a line for
 * each unit with its state, whether boot starts it, and what it is an alias of.
 *
 *     units-show ROOT
 */
#include <stdio.h>
#include <string.h>

#include "fact/fact.h"
#include "fact/units.h"

int main(int argc, char *argv[])
{
	_cleanup_(fact_freep) struct fact *f = NULL;
	struct factset none = {0};
	struct root root;

	if (argc != 2 || root_open(argv[1], &root) < 0)
		return 2;
	const struct collect c = {.root = &root, .facts = &none};
	if (fact_collect(FACT_UNITS, &c, &f) < 0)
		return 2;
	root_close(&root);
	if (f->state != FACT_STATE_OK) {
		(void)fprintf(stderr, "%s\n", f->reason);
		return 1;
	}
	const struct units *u = f->u.units;
	for (size_t i = 0; i < u->n; i++) {
		const struct unit *unit = &u->v[i];
		(void)printf("%s\t%s\t%s\t%s\t%d\n", unit->name, unit_file_state_name(unit->state),
			unit->starts ? "starts" : "-", unit->target ? unit->target : "-",
			(int)unit->active);
	}
	return 0;
}
