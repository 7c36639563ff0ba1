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
	const char *name;
	for (size_t i = 0; p && (name = policy_profile_name(p, i)) && i < 16; i++) {
		/* One that was taken can be used, and its items name checks that there are. */
		if (policy_use_profile(p, name) != 0)
			abort();
		const struct policy_item *item;
		for (size_t k = 0; (item = policy_profile_item(p, k)); k++) {
			for (size_t n = 0; item->checks[n]; n++) {
				if (!check_find(item->checks[n]))
					abort();
			}
		}
	}
	for (size_t i = 0; p && i < check_count(); i++)
		(void)policy_waiver(p, check_at(i)->id, "account alice", 1);
	policy_free(p);
	errlist_fini(&errors);
	return 0;
}
