/* SPDX-License-Identifier: ISC */
#include "fact/accepted.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct accepted_item *)a)->subject,
		((const struct accepted_item *)b)->subject);
}

bool accepted_listener(const struct accepted *a, const char *subject, const char *value)
{
	const struct accepted_item key = {.subject = subject};

	if (a->recording)
		return true;
	const struct accepted_item *x = a->n_listeners > 0
						? bsearch(&key, a->listeners, a->n_listeners,
							  sizeof(key), compare)
						: NULL;
	return x && strcmp(x->value, value) == 0;
}
