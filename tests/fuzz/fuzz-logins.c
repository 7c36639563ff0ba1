/* SPDX-License-Identifier: ISC */
/* Records of logins: the first byte says which ('u' utmp, 'l' lastlog2, 'w' wtmpdb). */
#include <stdlib.h>
#include <string.h>

#include "fact/logins-read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct account v[] = {{.name = "root"}, {.name = "alice", .uid = 1000}};
	const struct accounts accounts = {.v = v, .n = ARRAY_SIZE(v)};
	struct login logins[ARRAY_SIZE(v)] = {0};
	struct login_table table = {&accounts, logins, UINT64_C(1795305600) * USEC_PER_SEC};
	uint64_t since = 0;

	if (size == 0 || size > 65536)
		return 0;
	/* Of exactly this size, so that a byte too far is seen. */
	unsigned char *copy = malloc(size > 1 ? size - 1 : 1);
	if (!copy)
		return 0;
	memcpy(copy, data + 1, size - 1);
	if (data[0] == 'u')
		logins_read_utmp(&table, copy, size - 1, "utmp", &since);
	else if (data[0] == 'l')
		(void)logins_read_lastlog2(&table, copy, size - 1, "lastlog2", &since);
	else
		(void)logins_read_wtmpdb(&table, copy, size - 1, "wtmpdb", &since);
	free(copy);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		if (logins[i].last_realtime_usec > table.realtime_usec)
			__builtin_trap();
	}
	return 0;
}
