/* SPDX-License-Identifier: ISC */
#include "check/exposed.h"

#include <errno.h>
#include <string.h>

#include "fact/listeners.h"
#include "fact/units.h"

int exposed_trusted(
	struct arena *a, const struct policy *policy, const struct net **ret, size_t *ret_n)
{
	const char *const *words = policy_list(policy, "policy", "trusted_networks");
	struct net *v = NULL;
	size_t n = 0;

	for (size_t i = 0; words[i]; i++) {
		struct net *slot = arena_grow(a, &v, n, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		n += net_parse(words[i], slot) != -EINVAL;
	}
	*ret = v;
	*ret_n = n;
	return 0;
}

bool exposed_is_on(const struct factset *facts, const char *const units[])
{
	const struct fact *f = factset_get(facts, FACT_UNITS);
	bool there = false;

	if (!f || f->state != FACT_STATE_OK || strcmp(f->u.units->init, "systemd") != 0)
		return true;
	for (; *units; units++) {
		if (!units_find(f->u.units, *units))
			continue;
		if (unit_is_on(f->u.units, *units))
			return true;
		there = true;
	}
	return !there;
}

static bool was_judged(const struct exposed_port *port, const char *unit)
{
	for (const char *const *const *list = port->judged; unit && *list; list++) {
		for (const char *const *name = *list; *name; name++) {
			if (strcmp(*name, unit) == 0)
				return true;
		}
	}
	return false;
}

static bool is_told(const struct verdict *v, const char *subject)
{
	for (size_t i = 0; i < v->n_evidence; i++) {
		if (strcmp(v->evidence[i].subject, subject) == 0)
			return true;
	}
	return false;
}

void exposed_strangers(
	const struct factset *facts, const struct exposed_port *port, struct verdict *ret)
{
	const struct fact *f = factset_get(facts, FACT_LISTENERS);

	if (!f || f->state != FACT_STATE_OK)
		return;
	for (size_t i = 0; i < f->u.listeners->n; i++) {
		const struct listener *l = &f->u.listeners->v[i];
		bool asked = (l->protocol == LISTENER_TCP && port->tcp) ||
			     (l->protocol == LISTENER_UDP && port->udp);
		if (!asked || l->port != port->port || l->loopback || was_judged(port, l->unit))
			continue;
		const char *subject = arena_printf(ret->arena, "%s",
			l->unit ? arena_printf(ret->arena, "unit %s", l->unit) : l->text);
		if (!subject || is_told(ret, subject))
			continue; /* its other sockets */
		verdict_add(ret,
			&(struct evidence){
				.result = RESULT_UNKNOWN,
				.subject = subject,
				.observed = arena_printf(ret->arena,
					"holds %s, and its configuration is not one that is read "
					"here",
					l->text),
				.expected = arena_printf(ret->arena,
					"bound to loopback, or a %s server that this check knows",
					port->service),
			});
	}
}
