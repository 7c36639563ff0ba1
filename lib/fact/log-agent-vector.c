/* SPDX-License-Identifier: ISC */
/*
 * Vector: sources, transforms and sinks that name each other. Its reference:
 * vector.dev/docs/reference/configuration.
 */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "fact/log-agent.h"

enum {
	DEPTH_MAX = 16,
	STEPS_MAX = 2000,
};

enum place {
	HERE,	 /* it sends to nobody, or no logs */
	ADDRESS, /* host:port, TLS by tls.enabled */
	URL,	 /* TLS by the scheme */
	VENDOR,	 /* a service's own https unless a URL is given */
};

static const struct {
	const char *type;
	enum place place;
	const char *key; /* of the destination */
} sinks[] = {
	{"amqp", URL, "connection_string"},
	{"aws_cloudwatch_logs", VENDOR, "endpoint"},
	{"aws_kinesis_firehose", VENDOR, "endpoint"},
	{"aws_kinesis_streams", VENDOR, "endpoint"},
	{"aws_s3", VENDOR, "endpoint"},
	{"axiom", VENDOR, "url"},
	{"azure_blob", VENDOR, "endpoint"},
	{"azure_monitor_logs", VENDOR, "host"},
	{"blackhole", HERE, NULL},
	{"clickhouse", URL, "endpoint"},
	{"console", HERE, NULL},
	{"datadog_logs", VENDOR, "endpoint"},
	{"datadog_metrics", HERE, NULL},
	{"elasticsearch", URL, "endpoint"},
	{"file", HERE, NULL},
	{"gcp_cloud_storage", VENDOR, "endpoint"},
	{"gcp_stackdriver_logs", VENDOR, "endpoint"},
	{"greptimedb_logs", URL, "endpoint"},
	{"honeycomb", VENDOR, "endpoint"},
	{"http", URL, "uri"},
	{"humio_logs", VENDOR, "endpoint"},
	{"influxdb_metrics", HERE, NULL},
	{"kafka", ADDRESS, "bootstrap_servers"},
	{"logdna", VENDOR, "endpoint"},
	{"loki", URL, "endpoint"},
	{"mezmo", VENDOR, "endpoint"},
	{"new_relic", VENDOR, NULL},
	{"opentelemetry", URL, "protocol.uri"},
	{"prometheus_exporter", HERE, NULL},
	{"prometheus_remote_write", HERE, NULL},
	{"sematext_logs", VENDOR, "endpoint"},
	{"socket", ADDRESS, "address"},
	{"splunk_hec", URL, "endpoint"},
	{"splunk_hec_logs", URL, "endpoint"},
	{"splunk_hec_metrics", HERE, NULL},
	{"statsd", HERE, NULL},
	{"vector", ADDRESS, "address"},
};

/* Sources that surely hold no message of the system's. */
static const char *const others[] = {"apache_metrics", "demo_logs", "docker_logs",
	"eventstoredb_metrics", "host_metrics", "internal_logs", "internal_metrics",
	"kubernetes_logs", "mongodb_metrics", "nginx_metrics", "postgresql_metrics",
	"prometheus_scrape", "static_metrics"};

struct walk {
	const struct log_agent *g;
	const struct tree *sources, *transforms;
	unsigned depth, steps;
};

static bool has_any(const struct tree *t, const char *key)
{
	const struct tree *found = tree_get(t, key);

	return found && (found->kind == TREE_TEXT || found->first);
}

static struct log_flow source_flow(const struct walk *w, const struct tree *s)
{
	const char *type = tree_text(s, "type");

	if (type && strcmp(type, "journald") == 0) {
		bool some = has_any(s, "include_units") || has_any(s, "exclude_units") ||
			    has_any(s, "include_matches") || has_any(s, "exclude_matches") ||
			    has_any(s, "units") || has_any(s, "journal_namespace") ||
			    has_any(s, "journal_directory");
		return some ? log_flow_unknown() : log_flow_journal();
	}
	if (type && strcmp(type, "file") == 0)
		return log_agent_file_list(w->g, tree_get(s, "include"), tree_get(s, "exclude"));
	for (size_t i = 0; type && i < ARRAY_SIZE(others); i++) {
		if (strcmp(type, others[i]) == 0)
			return log_flow_none();
	}
	return log_flow_unknown();
}

/* A program that only changes events: one that drops them says "abort", or empties the event. */
static bool lets_all_through(const struct tree *t)
{
	const char *type = tree_text(t, "type"), *source = tree_text(t, "source");

	if (type && strcmp(type, "remap") == 0)
		return source && !strstr(source, "abort") && !strstr(source, "[]") &&
		       log_agent_switch(tree_text(t, "drop_on_error"), 0) == 0;
	return false;
}

static struct log_flow inputs_flow(struct walk *w, const struct tree *node);

/* "id", a pattern of ids, or "id.output". */
static bool names(const char *input, const char *id)
{
	size_t n = strlen(id);

	return fnmatch(input, id, 0) == 0 || (strncmp(input, id, n) == 0 && input[n] == '.');
}

static struct log_flow input_flow(struct walk *w, const char *input)
{
	struct log_flow flow = log_flow_none();

	if (log_agent_computed(input))
		return log_flow_unknown();
	for (const struct tree *s = w->sources ? w->sources->first : NULL; s; s = s->next) {
		if (names(input, s->key))
			flow = log_flow_or(flow, source_flow(w, s));
	}
	for (const struct tree *t = w->transforms ? w->transforms->first : NULL; t; t = t->next) {
		if (!names(input, t->key))
			continue;
		struct log_flow one = inputs_flow(w, t);
		/* An output of its own, ".dropped" or a route's, is a part. */
		bool all = lets_all_through(t) && fnmatch(input, t->key, 0) == 0;
		flow = log_flow_or(flow, all ? one : log_flow_maybe(one));
	}
	return flow;
}

static struct log_flow inputs_flow(struct walk *w, const struct tree *node)
{
	const struct tree *inputs = tree_get(node, "inputs");
	struct log_flow flow = log_flow_none();

	if (w->depth >= DEPTH_MAX || ++w->steps > STEPS_MAX || !inputs || inputs->kind != TREE_LIST)
		return log_flow_unknown();
	w->depth++;
	for (const struct tree *i = inputs->first; i; i = i->next) {
		if (i->kind == TREE_TEXT)
			flow = log_flow_or(flow, input_flow(w, i->text));
	}
	w->depth--;
	return flow;
}

/* The first text: of several endpoints all are of one kind, as a rule. */
static const char *first_text(const struct tree *t)
{
	if (t && t->kind == TREE_LIST)
		t = t->first;
	return t && t->kind == TREE_TEXT ? t->text : NULL;
}

static const char *destination(const struct tree *s, const char *key)
{
	const char *text = first_text(key ? tree_get(s, key) : NULL);

	return text || !key || strcmp(key, "endpoint") != 0 ? text
							    : first_text(tree_get(s, "endpoints"));
}

/* Where a sink sends to, and how. 0 or -ENOMEM. */
static int read_sink(
	const struct log_agent *g, const struct tree *s, size_t row, struct log_forward *f)
{
	const char *to = destination(s, sinks[row].key);
	const char *mode = tree_text(s, "mode"), *enabled = tree_text(s, "tls.enabled");
	struct log_agent_tls tls = {
		.on = log_agent_switch(enabled, 0),
		.certificate = log_agent_switch(tree_text(s, "tls.verify_certificate"), 1),
		.name = log_agent_switch(tree_text(s, "tls.verify_hostname"), 1),
		.why_off = "tls.enabled is not set",
		.why_certificate = "tls.verify_certificate is off",
		.why_name = "tls.verify_hostname is off",
	};

	if (sinks[row].place == VENDOR && !to) {
		f->host = f->transport;
		tls.on = 1;
	} else if (to) {
		int e = log_agent_place(g, to, f);
		if (e < 0)
			return e;
	}
	if (sinks[row].place != ADDRESS && to) {
		tls.on = log_agent_computed(to) ? -1 : log_agent_scheme(to, -1);
		tls.why_off = "http";
	}
	if (strcmp(f->transport, "socket") == 0)
		f->transport = mode ? mode : "tcp";
	if (strcmp(f->transport, "udp") == 0) {
		tls.on = 0;
		tls.why_off = "plain UDP";
	}
	log_agent_judge(&tls, f);
	return 0;
}

static int add_sink(struct walk *w, const struct tree *s)
{
	struct log_forward f = log_agent_forward(w->g, s);
	struct log_flow flow = inputs_flow(w, s);
	const char *type = tree_text(s, "type"), *mode = tree_text(s, "mode");
	size_t row = 0;
	int e = 0;

	f.transport = type ? type : "";
	while (row < ARRAY_SIZE(sinks) && strcmp(sinks[row].type, f.transport) != 0)
		row++;
	if (row == ARRAY_SIZE(sinks))
		flow = log_flow_maybe(flow); /* it may be one that sends nothing away */
	else if (sinks[row].place == HERE ||
		 (strcmp(f.transport, "socket") == 0 && mode && strncmp(mode, "unix", 4) == 0))
		return 0;
	else
		e = read_sink(w->g, s, row, &f);
	return e < 0 ? e : log_agent_add(w->g, &f, &flow);
}

int log_agent_vector(const struct log_agent *g, struct tree_problem *ret_problem)
{
	struct walk w = {
		.g = g,
		.sources = tree_get(g->root, "sources"),
		.transforms = tree_get(g->root, "transforms"),
	};
	const struct tree *all = tree_get(g->root, "sinks");
	int e = 0;

	if ((w.sources && w.sources->kind != TREE_MAP) ||
		(w.transforms && w.transforms->kind != TREE_MAP) ||
		(all && all->kind != TREE_MAP)) {
		*ret_problem = (struct tree_problem){
			"sources, transforms or sinks is no table of such", g->root->line};
		return 0;
	}
	for (const struct tree *s = all ? all->first : NULL; e == 0 && s; s = s->next)
		e = add_sink(&w, s);
	return e;
}
