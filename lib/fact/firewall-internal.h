/* SPDX-License-Identifier: ISC */
/* Parts of the collector of the firewall. For firewall*.c only. */
#pragma once

#include "fact/fact.h"
#include "fact/firewall.h"

/*
 * The rules that the kernel has, by the programs that list them, into the
 * arena. 0; -ENOMEM; another -errno with *ret_why: what could not be read and
 * what to do, for the fact's reason.
 */
int firewall_read(
	const struct collect *c, struct arena *a, struct ruleset **ret, const char **ret_why);

/*
 * What the rules depend on beside themselves: interfaces and addresses of
 * FACT_ADDRESSES, forwarding of FACT_SYSCTL, and the routes, which are asked of
 * the kernel. What of it is not known is left out (routes_known is false then).
 * 0 or -ENOMEM.
 */
int firewall_host(const struct collect *c, struct arena *a, struct flow_host **ret);
