/* SPDX-License-Identifier: ISC */
/* What rsyslog's actions mean: which of them send messages to another machine, and how. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fact/log-files-load.h"
#include "fact/logging.h"
#include "fact/rsyslog.h"

static bool is_on(const char *s)
{
	return s && (strcasecmp(s, "on") == 0 || strcasecmp(s, "yes") == 0 || strcmp(s, "1") == 0);
}

/* The channel of omfwd over TCP. */
struct stream {
	const char *driver, *auth_mode, *peers;
	bool mode;
};

/*
 * A peer of wildcards only, "*" or "*.*": each stands for one label of the name
 * (rsyslog's runtime/net.c), so that any name with as many is let in.
 */
static bool lets_anyone(const char *peers)
{
	for (const char *p = peers; p && *p; p += *p == ',') {
		size_t n = strcspn(p, ",");
		if (n > 0 && strspn(p, "*. ") >= n)
			return true;
		p += n;
	}
	return false;
}

static int judge_stream(struct arena *a, const struct stream *s, struct log_forward *f)
{
	const char *driver = s->driver ? s->driver : "ptcp";
	bool tls = strcasecmp(driver, "gtls") == 0 || strcasecmp(driver, "ossl") == 0 ||
		   strcasecmp(driver, "mbedtls") == 0;

	f->peer = LOG_PEER_NONE;
	if (!s->mode) {
		f->peer_why = tls ? "StreamDriverMode is 0: plain TCP" : "plain TCP";
		return 0;
	}
	if (!tls) {
		f->broken = arena_printf(a,
			"StreamDriverMode is 1, and the stream driver \"%s\" has no such mode",
			driver);
		return f->broken ? 0 : -ENOMEM;
	}
	f->transport = "tls";
	const char *mode = s->auth_mode ? s->auth_mode : "x509/name";
	f->peer_why = arena_printf(a, "StreamDriverAuthMode=%s", mode);
	if (strcasecmp(mode, "anon") == 0)
		f->peer = LOG_PEER_ANYONE;
	else if (strcasecmp(mode, "x509/certvalid") == 0)
		f->peer = LOG_PEER_CA;
	else if (strcasecmp(mode, "x509/name") == 0 && lets_anyone(s->peers))
		f->peer = LOG_PEER_CA;
	else if (strcasecmp(mode, "x509/name") == 0)
		f->peer = LOG_PEER_NAME; /* without PermittedPeer it must be the target's name */
	else if (strcasecmp(mode, "x509/fingerprint") == 0)
		f->peer = LOG_PEER_NAME;
	else
		f->broken = arena_printf(a, "there is no StreamDriverAuthMode \"%s\"", mode);
	if (f->peer == LOG_PEER_CA && lets_anyone(s->peers))
		f->peer_why = arena_printf(a, "StreamDriverPermittedPeers=%s", s->peers);
	return f->peer_why ? 0 : -ENOMEM;
}

/* "@@(z9,o)[host]:port;template # comment" */
static int parse_target(struct arena *a, const char *p, struct log_forward *f)
{
	size_t n;

	if (*p == '(')
		p += strcspn(p, ")") + (p[strcspn(p, ")")] == ')');
	if (*p == '[') {
		p++;
		n = strcspn(p, "]");
	} else {
		n = strcspn(p, ";:# \t");
	}
	f->host = arena_strndup(a, p, n);
	p += n;
	p += *p == ']';
	f->port = "514";
	if (*p == ':')
		f->port = arena_strndup(a, p + 1, strspn(p + 1, "0123456789"));
	return f->host && f->port ? 0 : -ENOMEM;
}

static int read_legacy_forward(struct arena *a, const struct rsyslog_conf *conf,
	const struct rsyslog_action *act, struct log_forward *f)
{
	bool tcp = act->line_text[1] == '@';
	int e = parse_target(a, act->line_text + 1 + tcp, f);

	f->transport = tcp ? "tcp" : "udp";
	f->peer = LOG_PEER_NONE;
	f->peer_why = "plain UDP";
	if (e < 0 || !tcp)
		return e;
	const struct stream s = {
		.driver = act->legacy.driver ? act->legacy.driver : conf->driver,
		.auth_mode = act->legacy.auth_mode,
		.peers = act->legacy.peers,
		.mode = act->legacy.mode,
	};
	return judge_stream(a, &s, f);
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static int read_forward(struct arena *a, const struct rsyslog_conf *conf,
	const struct rsyslog_action *act, struct log_forward *f)
{
	const struct rsyslog_param *p = act->params;
	const char *protocol = rsyslog_param(p, "protocol"), *port = rsyslog_param(p, "port");
	const char *driver = rsyslog_param(p, "StreamDriver");
	const char *mode = rsyslog_param(p, "StreamDriverMode");

	f->host = or_empty(rsyslog_param(p, "target"));
	f->port = port ? port : "514";
	f->transport = "udp";
	f->peer = LOG_PEER_NONE;
	f->peer_why = "plain UDP";
	if (!*f->host)
		f->broken = "it has no target";
	if (!protocol || strncasecmp(protocol, "udp", 3) == 0)
		return 0;
	f->transport = "tcp";
	if (strncasecmp(protocol, "tcp", 3) != 0)
		f->broken = "its protocol is neither udp nor tcp";
	const struct stream s = {
		.driver = driver ? driver : conf->driver,
		.auth_mode = rsyslog_param(p, "StreamDriverAuthMode"),
		.peers = rsyslog_param(p, "StreamDriverPermittedPeers"),
		.mode = mode && atoi(mode) == 1,
	};
	return judge_stream(a, &s, f);
}

/* librelp: without authMode, or with an unknown one, anybody is spoken to. */
static int read_relp(struct arena *a, const struct rsyslog_action *act, struct log_forward *f)
{
	const struct rsyslog_param *p = act->params;
	const char *mode = rsyslog_param(p, "tls.authMode"), *port = rsyslog_param(p, "port");

	f->transport = "relp";
	if (act->line_text)
		return parse_target(a, act->line_text + strlen(":omrelp:"), f);
	f->host = or_empty(rsyslog_param(p, "target"));
	f->port = port ? port : "514";
	f->peer_why = "tls is off";
	if (!*f->host)
		f->broken = "it has no target";
	if (!is_on(rsyslog_param(p, "tls")))
		return 0;
	f->transport = "relp-tls";
	f->peer = LOG_PEER_ANYONE;
	f->peer_why = mode ? arena_printf(a, "tls.authMode=%s", mode) : "tls.authMode is not set";
	if (mode && (strcasecmp(mode, "name") == 0 || strcasecmp(mode, "fingerprint") == 0)) {
		const char *peers = rsyslog_param(p, "tls.permittedPeer");
		f->peer = LOG_PEER_NAME;
		if (!peers)
			f->broken = "tls.permittedPeer names nobody";
		else if (lets_anyone(peers)) {
			f->peer = LOG_PEER_CA;
			f->peer_why = arena_printf(a, "tls.permittedPeer=%s", peers);
		}
	} else if (mode && strcasecmp(mode, "certvalid") == 0) {
		f->peer = LOG_PEER_CA;
	}
	return f->peer_why ? 0 : -ENOMEM;
}

/* Other modules that send to servers. Which of their settings encrypt is known for few. */
static const struct {
	const char *type, *transport, *host, *port;
} senders[] = {
	{"omelasticsearch", "elasticsearch", "server", "serverport"},
	{"omhttp", "http", "server", "serverport"},
	{"omkafka", "kafka", "broker", NULL},
	{"ommysql", "mysql", "server", "serverport"},
	{"ompgsql", "postgresql", "server", "port"},
	{"omlibdbi", "database", "server", NULL},
	{"ommongodb", "mongodb", "uristr", NULL},
	{"omhiredis", "redis", "server", "serverport"},
	{"omamqp1", "amqp", "host", NULL},
	{"omrabbitmq", "amqp", "host", "port"},
	{"omclickhouse", "clickhouse", "server", "port"},
	{"omazureeventhubs", "azure", "azurehost", "azureport"},
	{"omgssapi", "gssapi", NULL, NULL},
	{"omudpspoof", "udp", "target", "port"},
	{"omsnmp", "snmp", "server", "port"},
	{"omczmq", "zeromq", "endpoints", NULL},
};

static void judge_sender(const struct rsyslog_param *p, struct log_forward *f)
{
	const char *https = rsyslog_param(p, "usehttps");
	const char *unsafe = rsyslog_param(p, "allowunsignedcerts");
	const char *skip = rsyslog_param(p, "skipverifyhost");
	bool http = strcmp(f->transport, "http") == 0;

	f->peer = LOG_PEER_UNKNOWN;
	f->peer_why = "its encryption is not looked at";
	if (strcmp(f->transport, "udp") == 0 || strcmp(f->transport, "snmp") == 0) {
		f->peer = LOG_PEER_NONE;
		f->peer_why = "plain UDP";
	}
	if (!http && strcmp(f->transport, "elasticsearch") != 0)
		return;
	/* omhttp speaks https unless told otherwise, omelasticsearch the other way round. */
	if (https ? !is_on(https) : !http) {
		f->peer = LOG_PEER_NONE;
		f->peer_why = "usehttps is off";
	} else if (is_on(unsafe) || is_on(skip)) {
		f->peer = is_on(unsafe) ? LOG_PEER_ANYONE : LOG_PEER_CA;
		f->peer_why = is_on(unsafe) ? "allowunsignedcerts is on" : "skipverifyhost is on";
	} else {
		f->peer = LOG_PEER_NAME;
		f->peer_why = "https";
	}
}

/* 1: it sends; 0: it does not; -ENOMEM. */
static int read_action(struct arena *a, const struct rsyslog_conf *conf,
	const struct rsyslog_action *act, struct log_forward *f)
{
	if (strcasecmp(act->type, "omfwd") == 0) {
		int e = act->line_text ? read_legacy_forward(a, conf, act, f)
				       : read_forward(a, conf, act, f);
		return e < 0 ? e : 1;
	}
	if (strcasecmp(act->type, "omrelp") == 0) {
		int e = read_relp(a, act, f);
		return e < 0 ? e : 1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(senders); i++) {
		if (strcasecmp(act->type, senders[i].type) != 0)
			continue;
		f->transport = senders[i].transport;
		if (senders[i].host)
			f->host = or_empty(rsyslog_param(act->params, senders[i].host));
		if (senders[i].port)
			f->port = or_empty(rsyslog_param(act->params, senders[i].port));
		judge_sender(act->params, f);
		return 1;
	}
	return 0;
}

/* "-/var/log/syslog;Template" or action(type="omfile" file="..."); NULL: not a plain file. */
static const char *file_of(struct arena *a, const struct rsyslog_action *act)
{
	if (!act->line_text)
		return rsyslog_param(act->params, "file");
	const char *p = act->line_text + (*act->line_text == '-');
	return *p == '/' ? arena_strndup(a, p, strcspn(p, "; \t#")) : NULL;
}

static int add_action(
	struct log_reading *r, const struct rsyslog_conf *conf, const struct rsyslog_action *act)
{
	struct log_forward f = {
		.program = LOG_RSYSLOG,
		.host = "",
		.port = "",
		.by_socket = !conf->journal,
		.pri = act->pri,
		.path = act->path,
		.line = act->line,
	};

	if (strcasecmp(act->type, "omfile") == 0) {
		const char *file = file_of(r->a, act);
		const struct log_local l = {
			LOG_RSYSLOG, file, !conf->journal, act->pri, act->path, act->line};
		if (arena_failed(r->a))
			return -ENOMEM;
		return !file || act->broken || log_add_local(r, &l) ? 0 : -ENOMEM;
	}
	int sends = read_action(r->a, conf, act, &f);
	if (sends <= 0)
		return sends;
	if (act->broken)
		f.broken = act->broken;
	if (arena_failed(r->a))
		return -ENOMEM;
	return log_add_forward(r, &f) ? 0 : -ENOMEM;
}

int log_read_rsyslog(struct log_reading *r)
{
	static const char path[] = "/etc/rsyslog.conf";
	struct log_files_load load = {.root = r->root, .a = r->a};
	const struct rsyslog_files files = {log_files_load, &load};
	struct rsyslog_conf conf;
	int e = rsyslog_read(r->a, &files, path, &conf);

	if (e < 0)
		return log_set_config(r, LOG_RSYSLOG, e, path, 0, fsio_strerror(e));
	for (size_t i = 0; e == 0 && i < conf.n; i++)
		e = add_action(r, &conf, &conf.v[i]);
	for (size_t i = 0; e == 0 && i < conf.n_lost; i++)
		e = add_action(r, &conf, &conf.lost[i]);
	if (e < 0)
		return e;
	return log_set_config(r, LOG_RSYSLOG, 0, conf.malformed ? conf.malformed_path : path,
		conf.malformed_line, conf.malformed);
}
