/* SPDX-License-Identifier: ISC */
#include "fact/log-agent.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <strings.h>

/* Files in which a syslog daemon usually keeps the system's messages. */
static const char *const usual_files[] = {"/var/log/syslog", "/var/log/messages",
	"/var/log/auth.log", "/var/log/secure", "/var/log/kern.log", "/var/log/daemon.log",
	"/var/log/user.log", "/var/log/cron.log"};

struct log_flow log_flow_none(void)
{
	return (struct log_flow){.journal = log_pri_none(), .files = log_pri_none()};
}

struct log_flow log_flow_journal(void)
{
	return (struct log_flow){.journal = log_pri_all(), .files = log_pri_none()};
}

struct log_flow log_flow_unknown(void)
{
	return (struct log_flow){.journal = log_pri_unknown(), .files = log_pri_none()};
}

struct log_flow log_flow_or(struct log_flow a, struct log_flow b)
{
	const struct log_flow *files = log_pri_is_none(&b.files) ? &a : &b;

	return (struct log_flow){
		.journal = log_pri_or(a.journal, b.journal),
		.files = log_pri_or(a.files, b.files),
		.by_socket = a.by_socket || b.by_socket,
		.writer = files->writer,
	};
}

struct log_flow log_flow_maybe(struct log_flow a)
{
	a.journal = log_pri_and(a.journal, log_pri_unknown());
	a.files = log_pri_and(a.files, log_pri_unknown());
	return a;
}

/* "**" is any number of directories, none as well. */
static bool matches(const char *pattern, const char *file)
{
	const char *deep = strstr(pattern, "**");

	if (!deep)
		return fnmatch(pattern, file, FNM_PATHNAME) == 0;
	size_t n = (size_t)(deep - pattern);
	if (fnmatch(pattern, file, 0) == 0)
		return true;
	return deep[2] == '/' && strncmp(pattern, file, n) == 0 &&
	       fnmatch(deep + 3, file + n, FNM_PATHNAME) == 0;
}

/* Whether what the syslog daemons write is known: one has a configuration, each is read to its end.
 */
static bool writers_are_known(const struct logging *log)
{
	static const enum log_program writers[] = {LOG_RSYSLOG, LOG_SYSLOG_NG};
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(writers); i++) {
		const struct log_config *c = &log->config[writers[i]];
		if (c->state == FACT_STATE_ABSENT)
			continue;
		if (c->reason)
			return false;
		any = true;
	}
	return any;
}

/* Those of a pattern that no pattern of excluded names. */
static struct log_flow files_without(
	const struct log_agent *g, const char *pattern, const struct tree *excluded)
{
	const struct logging *log = g->r->log;
	struct log_flow flow = log_flow_none();

	if (strpbrk(pattern, "{$"))
		return log_flow_unknown();
	for (size_t i = 0; i < log->n_local; i++) {
		const struct log_local *l = &g->r->local[i];
		bool hit = matches(pattern, l->file), maybe = false;
		for (const struct tree *e = excluded; hit && e; e = e->next) {
			if (e->kind != TREE_TEXT || strpbrk(e->text, "{$"))
				maybe = true;
			else
				hit = !matches(e->text, l->file);
		}
		if (!hit)
			continue;
		struct log_flow one = {.journal = log_pri_none(),
			.files = l->pri,
			.by_socket = l->by_socket,
			.writer = l->program};
		flow = log_flow_or(flow, maybe ? log_flow_maybe(one) : one);
	}
	if (writers_are_known(log))
		return flow;
	for (size_t i = 0; i < ARRAY_SIZE(usual_files); i++) {
		if (matches(pattern, usual_files[i]))
			return log_flow_or(flow, log_flow_unknown());
	}
	return flow;
}

struct log_flow log_agent_files(const struct log_agent *g, const char *pattern)
{
	return files_without(g, pattern, NULL);
}

/* The texts of a list, or the one text. */
static const struct tree *texts(const struct tree *t)
{
	return t && t->kind == TREE_LIST ? t->first : t;
}

struct log_flow log_agent_file_list(
	const struct log_agent *g, const struct tree *paths, const struct tree *excluded)
{
	/* A text alone has the settings that stand behind it as its next. */
	struct tree alone = excluded ? *excluded : (struct tree){0};
	struct log_flow flow = log_flow_none();

	alone.next = NULL;
	if (excluded)
		excluded = excluded->kind == TREE_LIST ? excluded->first : &alone;
	for (const struct tree *p = texts(paths); p; p = p->next) {
		flow = log_flow_or(flow, p->kind == TREE_TEXT ? files_without(g, p->text, excluded)
							      : log_flow_unknown());
		if (p == paths)
			break;
	}
	return flow;
}

bool log_agent_computed(const char *s)
{
	return s && strchr(s, '$');
}

int log_agent_switch(const char *s, int missing)
{
	static const char *const words[][4] = {
		{"false", "off", "no", "0"}, {"true", "on", "yes", "1"}};

	if (!s)
		return missing;
	for (int v = 0; v < 2; v++) {
		for (size_t i = 0; i < ARRAY_SIZE(words[v]); i++) {
			if (strcasecmp(s, words[v][i]) == 0)
				return v;
		}
	}
	return -1;
}

int log_agent_scheme(const char *url, int missing)
{
	if (!strstr(url, "://"))
		return missing;
	if (strncasecmp(url, "https://", 8) == 0)
		return 1;
	return strncasecmp(url, "http://", 7) == 0 ? 0 : -1;
}

void log_agent_judge(const struct log_agent_tls *tls, struct log_forward *f)
{
	f->peer = LOG_PEER_UNKNOWN;
	if (tls->on == 0) {
		f->peer = LOG_PEER_NONE;
		f->peer_why = tls->why_off;
	} else if (tls->on < 0) {
		f->peer_why = "whether it uses TLS depends on more than its configuration says";
	} else if (tls->certificate == 0) {
		f->peer = LOG_PEER_ANYONE;
		f->peer_why = tls->why_certificate;
	} else if (tls->certificate > 0 && tls->name == 0) {
		f->peer = LOG_PEER_CA;
		f->peer_why = tls->why_name;
	} else if (tls->certificate < 0 || tls->name < 0) {
		f->peer_why = "whether the receiver is verified depends on more than its "
			      "configuration says";
	} else {
		f->peer = LOG_PEER_NAME;
		f->peer_why = "TLS";
	}
}

int log_agent_place(const struct log_agent *g, const char *s, struct log_forward *f)
{
	if (!log_agent_computed(s))
		return log_split_host(g->r->a, s, &f->host, &f->port);
	f->host = "";
	f->port = "";
	return 0;
}

struct log_forward log_agent_forward(const struct log_agent *g, const struct tree *node)
{
	return (struct log_forward){
		.program = g->program,
		.transport = "",
		.host = "",
		.port = "",
		.peer = LOG_PEER_UNKNOWN,
		.peer_why = "its encryption is not looked at",
		.path = g->path,
		.line = node->line,
	};
}

int log_agent_add(
	const struct log_agent *g, const struct log_forward *f, const struct log_flow *flow)
{
	struct log_forward add = *f;
	bool maybe;

	add.pri = log_pri_or(flow->journal, flow->files);
	/* The files matter as far as the journal alone does not do. */
	if (!log_pri_is_none(&flow->files) && log_pri_missing(&flow->journal, &maybe)) {
		add.by_file = true;
		add.writer = flow->writer;
		add.by_socket = flow->by_socket;
	}
	return log_add_forward(g->r, &add) ? 0 : -ENOMEM;
}
