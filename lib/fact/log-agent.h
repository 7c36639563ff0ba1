/* SPDX-License-Identifier: ISC */
/*
 * What the readers of the agents (Vector, Fluent Bit, Filebeat, Promtail,
 * Alloy) share: which of the system's messages stand in what an agent reads,
 * and how well a connection is kept that is told as a URL or by switches.
 *
 * What a reader does not know makes "may be" of the messages and "cannot be
 * told" of the channel.
 */
#pragma once

#include "fact/logging.h"
#include "fact/rsyslog.h"
#include "fact/tree.h"

struct log_agent {
	struct log_reading *r;
	enum log_program program;
	const char *path; /* of its configuration */
	const struct tree *root;
	const struct rsyslog_files *files; /* that it loads beside it */
};

/* What flows through a place of an agent's pipeline. */
struct log_flow {
	struct log_pri journal; /* what it got from the journal */
	struct log_pri files;	/* and from files of a syslog daemon */
	bool by_socket;		/* that reads the log socket */
	enum log_program writer;
};

struct log_flow log_flow_none(void);
struct log_flow log_flow_journal(void); /* all of the journal */
struct log_flow log_flow_unknown(void);

/* Both together, and what a step that may drop some of it leaves. */
struct log_flow log_flow_or(struct log_flow a, struct log_flow b);
struct log_flow log_flow_maybe(struct log_flow a);

/*
 * What stands in the files that a pattern names ("**" for directories), by what
 * the syslog daemons of this machine write. What nobody is known to write is
 * unknown where no daemon's configuration was read to its end.
 */
struct log_flow log_agent_files(const struct log_agent *g, const char *pattern);

/* Those of a text or a list of texts without those of another; either may be NULL. */
struct log_flow log_agent_file_list(
	const struct log_agent *g, const struct tree *paths, const struct tree *excluded);

/* Whether the value depends on the environment: "${HOST}", "$HOST". NULL does not. */
bool log_agent_computed(const char *s);

/* 1 for true, on, yes; 0 for false, off, no; missing when s is NULL; -1 for anything else. */
int log_agent_switch(const char *s, int missing);

/* How the peer is made sure of: each -1 when it cannot be told. why: the setting, borrowed. */
struct log_agent_tls {
	int on, certificate, name;
	const char *why_off, *why_certificate, *why_name;
};
void log_agent_judge(const struct log_agent_tls *tls, struct log_forward *f);

/* A destination that "host:port" or a URL names; where it is computed, that is said. 0 or -ENOMEM.
 */
int log_agent_place(const struct log_agent *g, const char *s, struct log_forward *f);

/* Whether a URL says TLS: 1 for https, 0 for http, missing when it has no scheme, else -1. */
int log_agent_scheme(const char *url, int missing);

/*
 * A forwarding of the agent from the node's line, with nothing known of it;
 * and its end: adds it with what flows there. 0 or -ENOMEM.
 */
struct log_forward log_agent_forward(const struct log_agent *g, const struct tree *node);
int log_agent_add(
	const struct log_agent *g, const struct log_forward *f, const struct log_flow *flow);

/*
 * What the configurations mean: add the destinations. *ret_problem is set to what
 * is not known though more may stand behind it. 0 or -ENOMEM.
 */
int log_agent_vector(const struct log_agent *g, struct tree_problem *ret_problem);
int log_agent_fluent(const struct log_agent *g, struct tree_problem *ret_problem);
int log_agent_filebeat(const struct log_agent *g, struct tree_problem *ret_problem);
int log_agent_promtail(const struct log_agent *g, struct tree_problem *ret_problem);
int log_agent_alloy(const struct log_agent *g, struct tree_problem *ret_problem);
