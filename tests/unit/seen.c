/* SPDX-License-Identifier: ISC */
/*
 * Stands before check_judge() in every unit test (the linker's --wrap): notes
 * in the file that SEEN names which result each check has given, and what its
 * evidence has expected, for vectors.py. Weak, so that a test without the registry links without
 * it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "check/check.h"

int __wrap_check_judge(const struct check *c, const struct factset *facts,
	const struct policy *policy, uint64_t realtime_usec, struct verdict *ret);
__attribute__((weak)) int __real_check_judge(const struct check *c, const struct factset *facts,
	const struct policy *policy, uint64_t realtime_usec, struct verdict *ret);

int __wrap_check_judge(const struct check *c, const struct factset *facts,
	const struct policy *policy, uint64_t realtime_usec, struct verdict *ret)
{
	const char *path = getenv("SEEN");
	int r = __real_check_judge(c, facts, policy, realtime_usec, ret);
	FILE *f = path && r == 0 ? fopen(path, "ae") : NULL;

	if (f) {
		fprintf(f, "%s %s\n", c->id, result_name(ret->result));
		for (size_t i = 0; i < ret->n_evidence; i++) {
			if (ret->evidence[i].expected)
				fprintf(f, "expected %s %s\n", c->id, ret->evidence[i].expected);
		}
		(void)fclose(f); /* what is missing is told as never seen */
	}
	return r;
}
