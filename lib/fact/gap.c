/* SPDX-License-Identifier: ISC */
#include "fact/gap.h"

#include <errno.h>
#include <string.h>

int fact_gap_add(struct arena *a, struct fact_gap **gaps, size_t *n, const char *path, int r)
{
	if (*n >= FACT_GAPS_MAX)
		return 0;
	for (size_t i = 0; i < *n; i++) {
		if (strcmp((*gaps)[i].path, path) == 0)
			return 0;
	}
	struct fact_gap *gap = arena_grow(a, gaps, *n, sizeof(*gap));
	if (!gap)
		return -ENOMEM;
	*gap = (struct fact_gap){
		.path = arena_strdup(a, path),
		.state = fact_state_from_errno(r),
		.reason = arena_printf(a, "%s %s", path, fsio_strerror(r)),
	};
	if (!gap->path || !gap->reason)
		return -ENOMEM;
	++*n;
	return 0;
}
