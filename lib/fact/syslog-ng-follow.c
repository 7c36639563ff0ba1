/* SPDX-License-Identifier: ISC */
/* From sources over filters to destinations: what syslog-ng's log paths send where. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fact/log-files-load.h"
#include "fact/logging.h"
#include "fact/syslog-ng.h"

enum {
	DEPTH_MAX = 40,
	STEPS_MAX = 200000,
};

struct follow {
	struct log_reading *r;
	const struct sng_conf *conf;
	const char *unknown; /* the first thing that is not followed */
	unsigned depth, steps;
};

static bool is(const struct sng_node *n, const char *word)
{
	if (!n || !n->text)
		return false;
	const char *s = n->text;
	/* "-" and "_" are the same in its words. */
	for (; *s && *word; s++, word++) {
		if ((*s == '_' ? '-' : tolower((unsigned char)*s)) != *word)
			return false;
	}
	return *s == *word;
}

static const struct sng_node *child(const struct sng_node *n, const char *word)
{
	for (; n; n = n->next) {
		if (is(n, word))
			return n;
	}
	return NULL;
}

/* The first word inside NAME(...), or NULL. */
static const char *argument(const struct sng_node *list, const char *name)
{
	const struct sng_node *n = child(list, name);

	return n && n->args ? n->args->text : NULL;
}

/* The definition "TYPE NAME {...}" at the top. */
static const struct sng_node *definition(const struct follow *f, const char *type, const char *name)
{
	for (const struct sng_node *n = f->conf->first; n; n = n->next) {
		if (is(n, type) && !n->ends && n->next && n->next->text && n->next->has_body &&
			strcmp(n->next->text, name) == 0)
			return n->next;
	}
	return NULL;
}

/* TYPE(name) or TYPE { ... }: what stands inside. */
static const struct sng_node *body_of(
	const struct follow *f, const char *type, const struct sng_node *n)
{
	if (n->has_body)
		return n->body;
	const struct sng_node *d = n->args && n->args->text ? definition(f, type, n->args->text)
							    : NULL;
	return d ? d->body : NULL;
}

/* ---- sources ---- */

static struct log_pri source_pri(const struct sng_node *driver)
{
	static const char *const local[] = {"system", "unix-dgram", "unix-stream",
		"systemd-journal", "systemd-syslog", "sun-streams"};
	struct log_pri pri = log_pri_none();

	for (; driver; driver = driver->next) {
		struct log_pri one = log_pri_none();
		for (size_t i = 0; i < ARRAY_SIZE(local); i++) {
			if (is(driver, local[i]))
				one = log_pri_all();
		}
		if (is(driver, "internal"))
			one.sure[5] = one.maybe[5] = 0xff;
		else if (is(driver, "file") && driver->args && driver->args->text &&
			 strcmp(driver->args->text, "/proc/kmsg") == 0)
			one.sure[0] = one.maybe[0] = 0xff;
		else if (is(driver, "file") || is(driver, "wildcard-file") || is(driver, "pipe") ||
			 is(driver, "program"))
			one = log_pri_unknown();
		pri = log_pri_or(pri, one);
	}
	return pri;
}

/* ---- filters ---- */

static struct log_pri or_expr(struct follow *f, const struct sng_node **p, unsigned depth);

/* facility(auth, authpriv), level(info .. emerg) */
static struct log_pri list_pri(const struct sng_node *args, bool facility)
{
	struct log_pri pri = log_pri_none();
	int last = -1;
	bool range = false;

	for (; args; args = args->next) {
		if (is(args, "..")) {
			range = true;
			continue;
		}
		const char *s = args->text ? args->text : "";
		int n = facility ? log_facility_from_name(s) : log_severity_from_name(s);
		if (n < 0 && isdigit((unsigned char)*s) && atoi(s) < (facility ? 24 : 8))
			n = atoi(s);
		if (n < 0)
			return log_pri_unknown();
		int from = range && last >= 0 ? MIN(n, last) : n, to = range ? MAX(n, last) : n;
		for (int i = 0; i < LOG_FACILITIES; i++) {
			for (int k = from; k <= to; k++)
				pri.sure[i] |= facility ? (i == k ? 0xff : 0) : (uint8_t)(1u << k);
		}
		last = n;
		range = false;
	}
	memcpy(pri.maybe, pri.sure, sizeof(pri.maybe));
	return pri;
}

static struct log_pri filter_pri(struct follow *f, const struct sng_node *body, unsigned depth)
{
	if (!body || depth > DEPTH_MAX || ++f->steps > STEPS_MAX)
		return log_pri_unknown();
	const struct sng_node *p = body;
	struct log_pri pri = or_expr(f, &p, depth + 1);
	return p ? log_pri_unknown() : pri;
}

static struct log_pri primary(struct follow *f, const struct sng_node **p, unsigned depth)
{
	const struct sng_node *n = *p;

	if (!n || depth > DEPTH_MAX)
		return log_pri_unknown();
	*p = n->next;
	if (is(n, "not"))
		return n->has_args ? log_pri_not(filter_pri(f, n->args, depth + 1))
				   : log_pri_not(primary(f, p, depth + 1));
	struct log_pri pri = log_pri_unknown();
	if (!n->text && n->has_args)
		pri = filter_pri(f, n->args, depth + 1);
	else if (is(n, "facility"))
		pri = list_pri(n->args, true);
	else if (is(n, "level") || is(n, "priority") || is(n, "severity"))
		pri = list_pri(n->args, false);
	else if (is(n, "filter"))
		pri = filter_pri(f, body_of(f, "filter", n), depth + 1);
	/* A comparison of texts: whatever stands up to the next word that joins. */
	while (*p && !is(*p, "and") && !is(*p, "or")) {
		*p = (*p)->next;
		pri = log_pri_unknown();
	}
	return pri;
}

static struct log_pri and_expr(struct follow *f, const struct sng_node **p, unsigned depth)
{
	struct log_pri pri = primary(f, p, depth);

	while (is(*p, "and")) {
		/* "and (...)" and "and not (...)": the group hangs on the word before it. */
		const struct sng_node *n = *p;
		*p = n->next;
		pri = log_pri_and(pri,
			n->has_args ? filter_pri(f, n->args, depth + 1) : primary(f, p, depth + 1));
	}
	return pri;
}

static struct log_pri or_expr(struct follow *f, const struct sng_node **p, unsigned depth)
{
	struct log_pri pri = and_expr(f, p, depth);

	while (is(*p, "or")) {
		const struct sng_node *n = *p;
		*p = n->next;
		if (n->has_args) {
			struct log_pri group = filter_pri(f, n->args, depth + 1);
			while (is(*p, "and")) {
				const struct sng_node *m = *p;
				*p = m->next;
				group = log_pri_and(
					group, m->has_args ? filter_pri(f, m->args, depth + 1)
							   : primary(f, p, depth + 1));
			}
			pri = log_pri_or(pri, group);
		} else {
			pri = log_pri_or(pri, and_expr(f, p, depth + 1));
		}
	}
	return pri;
}

/* ---- destinations ---- */

static void judge_tls(const struct sng_node *tls, struct log_forward *fw)
{
	const char *verify = argument(tls, "peer-verify");

	fw->peer = LOG_PEER_NAME;
	fw->peer_why = "peer-verify(required-trusted)";
	if (!verify || strcasecmp(verify, "yes") == 0 || strcasecmp(verify, "on") == 0 ||
		strcasecmp(verify, "required-trusted") == 0 || strcmp(verify, "1") == 0)
		return;
	if (child(tls, "trusted-keys")) {
		fw->peer_why = "trusted-keys()";
		return;
	}
	fw->peer = LOG_PEER_ANYONE;
	fw->peer_why = "peer-verify() trusts a certificate that no authority vouches for";
	if (strcasecmp(verify, "optional-trusted") == 0)
		fw->peer_why = "peer-verify(optional-trusted) goes on without a certificate";
}

/* network(), syslog(), tcp(), udp() */
static int add_network(struct follow *f, const struct sng_node *d, struct log_forward *fw)
{
	const char *transport = argument(d->args, "transport"), *port = argument(d->args, "port");
	const struct sng_node *tls = child(d->args, "tls");
	bool syslog = is(d, "syslog"), old = !syslog && !is(d, "network");

	if (!transport)
		transport = is(d, "udp") || is(d, "udp6") ? "udp" : "tcp";
	if (!port)
		port = argument(d->args, "destport");
	fw->host = d->args && d->args->text && !d->args->has_args ? d->args->text : "";
	fw->transport = strncasecmp(transport, "udp", 3) == 0		    ? "udp"
			: strcasecmp(transport, "tls") == 0 || (old && tls) ? "tls"
									    : "tcp";
	fw->port = port					      ? port
		   : strcmp(fw->transport, "tls") == 0	      ? "6514"
		   : strcmp(fw->transport, "udp") == 0 || old ? "514"
							      : "601";
	fw->peer_why = strcmp(fw->transport, "udp") == 0 ? "plain UDP" : "plain TCP";
	if (strcmp(fw->transport, "tls") == 0 && tls)
		judge_tls(tls->args, fw);
	else if (strcmp(fw->transport, "tls") == 0)
		fw->broken = "transport(tls) without tls()";
	if (!*fw->host)
		fw->broken = "it has no host";
	return log_add_forward(f->r, fw) ? 0 : -ENOMEM;
}

static const char *const remote[] = {"http", "elasticsearch-http", "elasticsearch2", "kafka",
	"kafka-c", "mongodb", "redis", "amqp", "stomp", "riemann", "smtp", "sql", "graphite",
	"graylog2", "loggly", "logmatic", "loki", "splunk-hec-event", "splunk-hec-raw",
	"sumologic-http", "sumologic-syslog", "opentelemetry", "syslog-ng-otlp", "hdfs", "snmp",
	"openobserve-log", "logscale", "google-pubsub", "bigquery"};
static const char *const local[] = {"file", "pipe", "unix-dgram", "unix-stream", "usertty",
	"getvirtconsole", "null", "pseudofile", "stdout", "systemd-journal", "collectd", "slack",
	"telegram", "discord"};

/* Whether anything below takes a parameter of the block that it stands in: `host`. */
static bool has_parameter(const struct sng_node *n)
{
	for (; n; n = n->next) {
		if ((n->text && strchr(n->text, '`')) || has_parameter(n->args) ||
			has_parameter(n->body))
			return true;
	}
	return false;
}

/* "block destination NAME(...) {...}" of the configuration's own, if it means the same everywhere.
 */
static const struct sng_node *find_block(const struct follow *f, const char *name)
{
	for (const struct sng_node *n = f->conf->first; n; n = n->next) {
		const struct sng_node *type = n->next, *block = type ? type->next : NULL;
		if (is(n, "block") && is(type, "destination") && block && block->has_body &&
			block->text && strcmp(block->text, name) == 0)
			return has_parameter(block->body) ? NULL : block;
	}
	return NULL;
}

static int add_destination(struct follow *f, const struct sng_node *body, struct log_pri flow);

/* What the block of that name holds, or that it is not known. */
static int add_block(struct follow *f, const struct sng_node *d, struct log_pri flow)
{
	const struct sng_node *block = find_block(f, d->text);
	int e = 0;

	/* One within itself, which syslog-ng does not take, is not gone into again and again. */
	if (block && f->depth >= DEPTH_MAX)
		f->steps = STEPS_MAX;
	if (!block || f->steps++ >= STEPS_MAX) {
		if (!f->unknown)
			f->unknown = d->text;
		return 0;
	}
	f->depth++;
	e = add_destination(f, block->body, flow);
	f->depth--;
	return e;
}

static int add_driver(struct follow *f, const struct sng_node *d, struct log_pri flow)
{
	struct log_forward fw = {.program = LOG_SYSLOG_NG,
		.host = "",
		.port = "",
		.pri = flow,
		.path = d->path,
		.line = d->line};

	if (is(d, "tcp") || is(d, "tcp6") || is(d, "udp") || is(d, "udp6") || is(d, "network") ||
		is(d, "syslog"))
		return add_network(f, d, &fw);
	if (is(d, "file") && d->args && d->args->text) {
		const struct log_local l = {.program = LOG_SYSLOG_NG, .file = d->args->text,
			.pri = flow, .path = d->path, .line = d->line};
		return log_add_local(f->r, &l) ? 0 : -ENOMEM;
	}
	for (size_t i = 0; i < ARRAY_SIZE(remote); i++) {
		if (!is(d, remote[i]))
			continue;
		const char *url = argument(d->args, "url");
		fw.transport = d->text;
		fw.host = url ? url : "";
		fw.peer = LOG_PEER_UNKNOWN;
		fw.peer_why = "its encryption is not looked at";
		return log_add_forward(f->r, &fw) ? 0 : -ENOMEM;
	}
	for (size_t i = 0; i < ARRAY_SIZE(local); i++) {
		if (is(d, local[i]))
			return 0;
	}
	return d->text && d->has_args ? add_block(f, d, flow) : 0;
}

static int add_destination(struct follow *f, const struct sng_node *body, struct log_pri flow)
{
	int e = 0;

	for (; e == 0 && body; body = body->next)
		e = add_driver(f, body, flow);
	return e;
}

/* ---- log paths ---- */

static bool has_flag(const struct sng_node *body, const char *flag)
{
	const struct sng_node *flags = child(body, "flags");

	return flags && child(flags->args, flag);
}

/* What enters a path from its sources; a path without any takes what is given to it. */
static struct log_pri path_sources(const struct follow *f, const struct sng_node *body)
{
	struct log_pri pri = log_pri_none();

	if (has_flag(body, "catchall"))
		return log_pri_all();
	for (const struct sng_node *n = body; n; n = n->next) {
		if (is(n, "source"))
			pri = log_pri_or(pri, source_pri(body_of(f, "source", n)));
	}
	return pri;
}

static int walk_path(struct follow *f, const struct sng_node *body, struct log_pri *flow);

/* Paths beside each other: what a final one takes, those behind it do not get. */
static int walk_inner(struct follow *f, const struct sng_node *n, struct log_pri *flow)
{
	struct log_pri inner = *flow;
	int e = walk_path(f, n->body, &inner);

	if (child(n->body, "log"))
		memset(inner.sure, 0, sizeof(inner.sure));
	if (e == 0 && has_flag(n->body, "final"))
		*flow = log_pri_and(*flow, log_pri_not(inner));
	return e;
}

/* junction { channel {...}; channel {...}; }: what one of them lets through goes on. */
static int walk_junction(struct follow *f, const struct sng_node *n, struct log_pri *flow)
{
	struct log_pri rest = *flow, out = log_pri_none();
	int e = 0;

	for (const struct sng_node *c = n->body; e == 0 && c; c = c->next) {
		struct log_pri inner = rest;
		e = walk_path(f, c->body, &inner);
		out = log_pri_or(out, inner);
		if (has_flag(c->body, "final"))
			rest = log_pri_and(rest, log_pri_not(inner));
	}
	*flow = out;
	return e;
}

/* if (...) {...} elif (...) {...} else {...}: what is in them counts, what they let through may. */
static int walk_if(struct follow *f, const struct sng_node *n, struct log_pri *flow)
{
	struct log_pri inner = *flow;

	memset(flow->sure, 0, sizeof(flow->sure));
	if (is(n, "if") && n->has_args)
		inner = log_pri_and(inner, filter_pri(f, n->args, 0));
	else
		inner = *flow;
	return n->has_body ? walk_path(f, n->body, &inner) : 0;
}

static int walk_item(struct follow *f, const struct sng_node *n, struct log_pri *flow)
{
	if (is(n, "filter")) {
		*flow = log_pri_and(*flow, filter_pri(f, body_of(f, "filter", n), 0));
		return 0;
	}
	if (is(n, "destination"))
		return add_destination(f, body_of(f, "destination", n), *flow);
	if (is(n, "parser")) {
		memset(flow->sure, 0, sizeof(flow->sure)); /* what does not parse ends here */
		return 0;
	}
	if (is(n, "log") || is(n, "channel"))
		return walk_inner(f, n, flow);
	if (is(n, "junction"))
		return walk_junction(f, n, flow);
	if (is(n, "if") || is(n, "elif") || is(n, "else"))
		return walk_if(f, n, flow);
	return 0;
}

static int walk_path(struct follow *f, const struct sng_node *body, struct log_pri *flow)
{
	int e = 0;

	if (f->depth > DEPTH_MAX || ++f->steps > STEPS_MAX) {
		f->unknown = "a path that is nested too deeply";
		return 0;
	}
	f->depth++;
	for (const struct sng_node *n = body; e == 0 && n; n = n->next)
		e = walk_item(f, n, flow);
	f->depth--;
	return e;
}

/*
 * The priorities that pass a path's own filters: what a final one takes. Of a
 * path with others inside, what those let through has a say as well.
 */
static struct log_pri path_matches(struct follow *f, const struct sng_node *body)
{
	struct log_pri pri = path_sources(f, body);

	for (const struct sng_node *n = body; n; n = n->next) {
		if (is(n, "filter"))
			pri = log_pri_and(pri, filter_pri(f, body_of(f, "filter", n), 0));
		else if (is(n, "parser") || is(n, "junction") || is(n, "if") || is(n, "log"))
			memset(pri.sure, 0, sizeof(pri.sure));
	}
	return pri;
}

int sng_follow(struct log_reading *r, const struct sng_conf *conf, const char **ret_unknown)
{
	struct follow f = {.r = r, .conf = conf};
	struct log_pri rest = log_pri_all(), taken = log_pri_none();
	int e = 0;

	for (const struct sng_node *n = conf->first; n; n = n->next) {
		if (is(n, "log") && n->has_body && !has_flag(n->body, "fallback"))
			taken = log_pri_or(taken, path_matches(&f, n->body));
	}
	for (const struct sng_node *n = conf->first; e == 0 && n; n = n->next) {
		if (!is(n, "log") || !n->has_body)
			continue;
		struct log_pri flow = log_pri_and(rest, path_sources(&f, n->body));
		if (has_flag(n->body, "fallback"))
			flow = log_pri_and(flow, log_pri_not(taken));
		e = walk_path(&f, n->body, &flow);
		if (has_flag(n->body, "final"))
			rest = log_pri_and(rest, log_pri_not(path_matches(&f, n->body)));
	}
	*ret_unknown = f.unknown;
	return e;
}

int log_read_syslog_ng(struct log_reading *r)
{
	static const char path[] = "/etc/syslog-ng/syslog-ng.conf";
	struct log_files_load load = {.root = r->root, .a = r->a};
	const struct rsyslog_files files = {log_files_load, &load};
	const char *unknown = NULL;
	struct sng_conf conf;
	int e = sng_read(r->a, &files, path, &conf);

	if (e < 0)
		return log_set_config(r, LOG_SYSLOG_NG, e, path, 0, fsio_strerror(e));
	e = sng_follow(r, &conf, &unknown);
	if (e < 0)
		return e;
	if (unknown && !conf.malformed) {
		unknown = arena_printf(r->a, "where \"%s\" sends is not known", unknown);
		return unknown ? log_set_config(r, LOG_SYSLOG_NG, 0, path, 0, unknown) : -ENOMEM;
	}
	return log_set_config(r, LOG_SYSLOG_NG, 0, conf.malformed ? conf.malformed_path : path,
		conf.malformed_line, conf.malformed);
}
