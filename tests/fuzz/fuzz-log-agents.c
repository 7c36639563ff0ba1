/* SPDX-License-Identifier: ISC */
/*
 * The readers of agents' languages, and what each agent makes of the tree; a
 * file that a configuration loads is the same text again.
 */
#include <stdint.h>

#include "fuzz-include.h"

#include "fact/log-agent.h"

static void follow(struct arena *a, const struct tree *root, struct rsyslog_text *text)
{
	static int (*const agents[])(const struct log_agent *, struct tree_problem *) = {
		log_agent_vector, log_agent_fluent, log_agent_filebeat, log_agent_promtail,
		log_agent_alloy};
	const struct rsyslog_files files = {fuzz_include, text};

	for (size_t i = 0; i < ARRAY_SIZE(agents); i++) {
		struct logging log = {0};
		struct log_reading r = {.a = a, .log = &log};
		const struct log_agent g = {&r, LOG_VECTOR, "/etc/x/y", root, &files};
		struct tree_problem problem = {0};
		(void)agents[i](&g, &problem);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int (*const readers[])(struct arena *, const struct tree_source *,
		const struct tree **, struct tree_problem *) = {
		tree_read_yaml, tree_read_toml, tree_read_river, tree_read_fluent};

	for (size_t i = 0; size < 8192 && i < ARRAY_SIZE(readers); i++) {
		struct arena *a = arena_new();
		const char *copy = a ? arena_memdup(a, data, size) : NULL;
		const struct tree_source source = {copy, size};
		struct rsyslog_text text = {"/inc", copy, size};
		struct tree_problem problem = {0};
		const struct tree *root = NULL;
		if (copy && readers[i](a, &source, &root, &problem) == 0 && root->kind == TREE_MAP)
			follow(a, root, &text);
		arena_free(a);
	}
	return 0;
}
