/* SPDX-License-Identifier: ISC */
/*
 * Agents with configuration languages of their own (Vector, Fluent Bit,
 * Filebeat, Promtail, Alloy): the first of the usual files that is there, read
 * as the language that its name tells.
 */
#include <errno.h>
#include <string.h>

#include "fact/log-agent.h"
#include "fact/log-files-load.h"

enum {
	FILE_MAX = 256 << 10,
};

static const struct {
	enum log_program program;
	int (*follow)(const struct log_agent *g, struct tree_problem *ret_problem);
	const char *paths[4]; /* the first that is there is the one it reads */
} agents[] = {
	{LOG_VECTOR, log_agent_vector,
		{"/etc/vector/vector.yaml", "/etc/vector/vector.toml", "/etc/vector/vector.json"}},
	{LOG_FLUENT_BIT, log_agent_fluent,
		{"/etc/fluent-bit/fluent-bit.conf", "/etc/fluent-bit/fluent-bit.yaml",
			"/etc/td-agent-bit/td-agent-bit.conf"}},
	{LOG_FILEBEAT, log_agent_filebeat, {"/etc/filebeat/filebeat.yml"}},
	{LOG_PROMTAIL, log_agent_promtail,
		{"/etc/promtail/config.yml", "/etc/promtail/promtail.yaml",
			"/etc/loki/promtail.yaml"}},
	{LOG_ALLOY, log_agent_alloy, {"/etc/alloy/config.alloy"}},
};

static const struct {
	const char *suffix;
	int (*read)(struct arena *a, const struct tree_source *source, const struct tree **ret,
		struct tree_problem *ret_problem);
} languages[] = {
	{".yaml", tree_read_yaml},
	{".yml", tree_read_yaml},
	{".json", tree_read_yaml},
	{".toml", tree_read_toml},
	{".alloy", tree_read_river},
	{".conf", tree_read_fluent},
};

static int read_tree(
	const struct tree_source *source, struct log_agent *g, struct tree_problem *ret_problem)
{
	const char *dot = strrchr(g->path, '.');

	for (size_t i = 0; dot && i < ARRAY_SIZE(languages); i++) {
		if (strcmp(languages[i].suffix, dot) == 0)
			return languages[i].read(g->r->a, source, &g->root, ret_problem);
	}
	return -EINVAL;
}

static int read_agent(struct log_reading *r, size_t i, const char *path)
{
	_cleanup_file_ struct file f = {0};
	struct log_files_load load = {.root = r->root, .a = r->a};
	const struct rsyslog_files files = {log_files_load, &load};
	struct log_agent g = {.r = r, .program = agents[i].program, .path = path, .files = &files};
	struct tree_problem problem = {0};
	int e = root_read(r->root, path, FILE_MAX, &f);

	if (e < 0)
		return log_set_config(r, g.program, e, path, 0, fsio_strerror(e));
	e = read_tree(&(struct tree_source){f.data, f.size}, &g, &problem);
	if (e == 0 && g.root->kind != TREE_MAP)
		problem = (struct tree_problem){"it is no table of settings", g.root->line};
	else if (e == 0)
		e = agents[i].follow(&g, &problem);
	if (e < 0 && e != -EBADMSG)
		return e;
	return log_set_config(r, g.program, 0, path, problem.line, problem.what);
}

int log_read_agents(struct log_reading *r)
{
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(agents); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(agents[i].paths) && agents[i].paths[k]; k++) {
			int e = root_stat(r->root, agents[i].paths[k], &st);
			if (e == -ENOENT || e == -ENOTDIR)
				continue;
			e = read_agent(r, i, agents[i].paths[k]);
			if (e < 0)
				return e;
			break;
		}
	}
	return 0;
}
