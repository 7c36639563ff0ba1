/* SPDX-License-Identifier: ISC */
/*
 * groups_read twice (the second time as another file), groups_finish and
 * groups_ruleset, which is asked. Every rule has a group and a text, what was
 * refused has a reason and left nothing behind.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "filter/read-groups.h"
#include "filter/through.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct groups *g)
{
	for (size_t i = 0; i < g->n; i++) {
		if (!g->v[i].name || groups_find(g, g->v[i].name) == NULL)
			__builtin_trap();
	}
	for (size_t i = 0; i < g->n_rules; i++) {
		const struct group_rule *x = &g->rules[i];
		if (!x->group || !x->group->described || !x->id || !x->text || !x->what)
			__builtin_trap();
		if (x->ports.lo > x->ports.hi || x->ports.hi > UINT16_MAX || x->l4proto > UINT8_MAX)
			__builtin_trap();
		if (!x->remote && x->net.family != AF_INET && x->net.family != AF_INET6)
			__builtin_trap();
	}
}

static void ask(const struct groups *g)
{
	const struct groups_choice choice = {.chosen = NULL};
	const struct flow_query q = {.family = AF_INET,
		.interface = "eth0",
		.local = 1,
		.port = 22,
		.l4proto = IPPROTO_TCP,
		.uid = FLOW_ANY_UID};
	struct flow_answer found = {0};
	struct ruleset *rs = NULL;

	if (groups_ruleset(g, &choice, &rs) == 0 && through_group(rs, &q, &found) == 0)
		flow_answer_fini(&found);
	ruleset_free(rs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct groups g = {.arena = arena_new()};

	if (!g.arena || size > 1 << 16) {
		arena_free(g.arena);
		return 0;
	}
	for (int i = 0; i < 2; i++) {
		size_t n = g.n, n_rules = g.n_rules;
		const char *why = NULL;
		unsigned line = 0;
		int r = groups_read(
			&g, i ? "/x/web.json" : "/x/b", (const char *)data, size, &line, &why);
		if (r == -EBADMSG && (!why || g.n != n || g.n_rules != n_rules))
			__builtin_trap();
	}
	if (groups_finish(&g) == 0) {
		look(&g);
		ask(&g);
	}
	arena_free(g.arena);
	return 0;
}
