/* SPDX-License-Identifier: ISC */
/* conf_load_text: the whole way from bytes to a policy or to errors. */
#include <stdint.h>
#include <string.h>

#include "check/check.h"
#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct errlist errors = {0};
	struct policy *p = NULL;

	if (size > 1 << 16)
		return 0;
	int r = conf_load_text("fuzz.conf", (const char *)data, size, &errors, &p);
	/* Either a policy or a reason, never both, and errors in the order of lines. */
	if ((r == 0) != (p != NULL) || (r == 0) != (errors.n == 0))
		abort();
	for (size_t i = 1; i < errors.n; i++) {
		if (errors.v[i - 1].line > errors.v[i].line)
			abort();
	}
	for (size_t i = 0; p && i < check_count(); i++)
		(void)policy_waiver(p, check_at(i)->id, "account alice", 1);
	policy_free(p);
	errlist_fini(&errors);
	return 0;
}
