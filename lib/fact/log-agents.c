/* SPDX-License-Identifier: ISC */
/*
 * Agents with configuration languages of their own (Vector, Fluent Bit,
 * Filebeat, Promtail, Alloy). That one is set up is seen; what it sends where is
 * not, and said to be unknown rather than guessed at.
 */
#include <errno.h>

#include "fact/logging.h"

static const struct {
	enum log_program program;
	const char *paths[4]; /* the first that is there is the one it reads */
} agents[] = {
	{LOG_VECTOR,
		{"/etc/vector/vector.yaml", "/etc/vector/vector.toml", "/etc/vector/vector.json"}},
	{LOG_FLUENT_BIT, {"/etc/fluent-bit/fluent-bit.conf", "/etc/fluent-bit/fluent-bit.yaml",
				 "/etc/td-agent-bit/td-agent-bit.conf"}},
	{LOG_FILEBEAT, {"/etc/filebeat/filebeat.yml"}},
	{LOG_PROMTAIL, {"/etc/promtail/config.yml", "/etc/promtail/promtail.yaml",
			       "/etc/loki/promtail.yaml"}},
	{LOG_ALLOY, {"/etc/alloy/config.alloy"}},
};

int log_read_agents(struct log_reading *r)
{
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(agents); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(agents[i].paths) && agents[i].paths[k]; k++) {
			const char *path = agents[i].paths[k];
			int e = root_stat(r->root, path, &st);
			if (e == -ENOENT || e == -ENOTDIR)
				continue;
			e = log_set_config(r, agents[i].program, e, path, 0,
				e < 0 ? fsio_strerror(e)
				      : "what it sends, where to and how is not read from its "
					"configuration");
			if (e < 0)
				return e;
			break;
		}
	}
	return 0;
}
