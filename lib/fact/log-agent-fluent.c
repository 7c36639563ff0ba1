/* SPDX-License-Identifier: ISC */
/*
 * Fluent Bit, classic and YAML: inputs give tags to what they read, filters and
 * outputs match them. docs.fluentbit.io/manual, "Transport Security" for TLS.
 */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <strings.h>

#include "fact/log-agent.h"

enum {
	STEPS_MAX = 200000, /* patterns and tags that are compared in all */
};

/* Outputs: to nobody else, to a host and port, or to a service of somebody's own. */
enum place { HERE, HOST, VENDOR };

static const struct {
	const char *name;
	enum place place;
	const char *port;
	int tls; /* when "tls" is not set */
} outputs[] = {
	{"counter", HERE, "", 0},
	{"es", HOST, "9200", 0},
	{"exit", HERE, "", 0},
	{"file", HERE, "", 0},
	{"flowcounter", HERE, "", 0},
	{"forward", HOST, "24224", 0},
	{"gelf", HOST, "12201", 0},
	{"http", HOST, "80", 0},
	{"influxdb", HOST, "8086", 0},
	{"logdna", VENDOR, "", 1},
	{"loki", HOST, "3100", 0},
	{"nrlogs", VENDOR, "", 1},
	{"null", HERE, "", 0},
	{"opensearch", HOST, "9200", 0},
	{"opentelemetry", HOST, "80", 0},
	{"plot", HERE, "", 0},
	{"prometheus_exporter", HERE, "", 0},
	{"prometheus_remote_write", HERE, "", 0},
	{"skywalking", HOST, "12800", 0},
	{"splunk", HOST, "8088", 0},
	{"stdout", HERE, "", 0},
	{"syslog", HOST, "514", 0},
	{"tcp", HOST, "5170", 0},
	{"udp", HOST, "5170", 0},
	{"websocket", HOST, "80", 0},
};

/* Inputs that surely hold no message of the system's. */
static const char *const others[] = {"collectd", "cpu", "disk", "docker", "docker_events", "dummy",
	"fluentbit_metrics", "health", "mem", "netif", "node_exporter_metrics", "nginx_metrics",
	"proc", "process_exporter_metrics", "prometheus_scrape", "random", "statsd", "thermal"};

/* Filters that drop nothing. */
static const char *const harmless[] = {"aws", "ecs", "geoip2", "kubernetes", "modify", "nest",
	"parser", "record_modifier", "sysinfo", "type_converter"};

static bool is_in(const char *name, const char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcasecmp(name, v[i]) == 0)
			return true;
	}
	return false;
}

/* All inputs, filters or outputs: sections of the classic form, elements of a list in YAML. */
struct kind {
	const char *section, *list;
};

static const struct kind inputs = {"INPUT", "pipeline.inputs"};
static const struct kind filters = {"FILTER", "pipeline.filters"};
static const struct kind sinks = {"OUTPUT", "pipeline.outputs"};

/* An input: what is read, less what filters may drop of it. */
struct input {
	const char *tag;
	struct log_flow flow;
};

struct walk {
	const struct log_agent *g;
	const struct tree **filters, **sinks;
	struct input *inputs;
	size_t n_filters, n_sinks, n_inputs;
	unsigned steps;
};

/* All of a kind, in their order; arena_failed() tells of those that are missing. */
static const struct tree **collect(const struct log_agent *g, const struct kind *k, size_t *ret_n)
{
	const struct tree *list = tree_get(g->root, k->list), **v = NULL;
	size_t n = 0;

	for (const struct tree *t = list ? list->first : g->root->first; t; t = t->next) {
		if (!list && strcasecmp(t->key, k->section) != 0)
			continue;
		const struct tree **place = arena_grow(g->r->a, &v, n, sizeof(*place));
		if (!place)
			break;
		*place = t;
		n++;
	}
	*ret_n = n;
	return v;
}

/* 1: what has the tag surely matches; 0: none of it; -1: that is not known. */
static int matches(struct walk *w, const struct tree *t, const char *tag)
{
	const char *pattern = tree_text(t, "match");

	if (w->steps >= STEPS_MAX)
		return -1;
	w->steps++;
	if (tree_get(t, "match_regex") || !pattern || log_agent_computed(pattern))
		return !pattern && !tree_get(t, "match_regex") ? 0 : -1;
	/* Only "*" is special; that of a tag that grows with a file's name can meet no other. */
	if (strpbrk(pattern, "?[\\"))
		return -1;
	if (fnmatch(pattern, tag, 0) == 0)
		return 1;
	return strpbrk(tag, "*<$") ? -1 : 0;
}

static struct log_flow read_tail(const struct log_agent *g, const struct tree *t)
{
	const char *path = tree_text(t, "path");
	struct log_flow flow = log_flow_none();

	for (const char *p = path; p && *p;) {
		p += strspn(p, ", \t");
		size_t n = strcspn(p, ",");
		const char *one = arena_strndup(g->r->a, p, n);
		if (!one)
			return flow; /* arena_failed() tells at the end */
		flow = log_flow_or(flow, log_agent_files(g, one));
		p += n;
	}
	return tree_get(t, "exclude_path") ? log_flow_maybe(flow) : flow;
}

static struct log_flow input_flow(const struct log_agent *g, const struct tree *t)
{
	const char *name = tree_text(t, "name");

	if (!name)
		return log_flow_none();
	struct log_flow flow = log_flow_unknown();
	if (strcasecmp(name, "systemd") == 0) {
		bool some = tree_get(t, "systemd_filter") || tree_get(t, "path");
		flow = some ? log_flow_unknown() : log_flow_journal();
	} else if (strcasecmp(name, "tail") == 0) {
		flow = read_tail(g, t);
	} else if (is_in(name, others, ARRAY_SIZE(others))) {
		flow = log_flow_none();
	}
	return tree_get(t, "processors") ? log_flow_maybe(flow) : flow;
}

static struct log_flow filtered(struct walk *w, const char *tag, struct log_flow flow)
{
	for (size_t i = 0; i < w->n_filters; i++) {
		const char *name = tree_text(w->filters[i], "name");
		if ((!name || !is_in(name, harmless, ARRAY_SIZE(harmless))) &&
			matches(w, w->filters[i], tag) != 0)
			return log_flow_maybe(flow);
	}
	return flow;
}

/* Once for each input, and not for each output again. */
static void read_inputs(struct walk *w)
{
	size_t n = 0;
	const struct tree **v = collect(w->g, &inputs, &n);

	w->inputs = arena_alloc(w->g->r->a, n * sizeof(*w->inputs));
	for (size_t i = 0; w->inputs && i < n; i++) {
		const char *tag = tree_text(v[i], "tag"), *name = tree_text(v[i], "name");
		if (!tag)
			tag = arena_printf(w->g->r->a, "%s.%zu", name ? name : "", i);
		if (!tag)
			return;
		w->inputs[i] = (struct input){tag, filtered(w, tag, input_flow(w->g, v[i]))};
		w->n_inputs++;
	}
}

static struct log_flow output_flow(struct walk *w, const struct tree *out)
{
	struct log_flow flow = log_flow_none();

	for (size_t i = 0; i < w->n_inputs; i++) {
		int m = matches(w, out, w->inputs[i].tag);
		if (m == 0)
			continue;
		flow = log_flow_or(
			flow, m > 0 ? w->inputs[i].flow : log_flow_maybe(w->inputs[i].flow));
	}
	if (tree_get(w->g->root, "includes"))
		flow = log_flow_or(flow, log_flow_unknown());
	return tree_get(out, "processors") ? log_flow_maybe(flow) : flow;
}

static int read_host(
	const struct log_agent *g, const struct tree *t, size_t row, struct log_forward *f)
{
	const char *host = tree_text(t, "host"), *port = tree_text(t, "port");
	const char *mode = tree_text(t, "mode");
	struct log_agent_tls tls = {
		.on = log_agent_switch(tree_text(t, "tls"), outputs[row].tls),
		.certificate = log_agent_switch(tree_text(t, "tls.verify"), 1),
		.name = log_agent_switch(tree_text(t, "tls.verify_hostname"), 0),
		.why_off = "tls is off",
		.why_certificate = "tls.verify is off",
		.why_name = "tls.verify_hostname is off",
	};

	if (tree_get(t, "upstream")) {
		host = "$"; /* its servers stand in another file */
		tls.on = -1;
	}
	if (mode && strcasecmp(mode, "tls") == 0)
		tls.on = 1;
	/* syslog goes by UDP unless its mode says otherwise, gelf likewise. */
	bool either = strcasecmp(f->transport, "syslog") == 0 ||
		      strcasecmp(f->transport, "gelf") == 0;
	if (strcasecmp(f->transport, "udp") == 0 ||
		(either && (!mode || strcasecmp(mode, "udp") == 0))) {
		tls.on = 0;
		tls.why_off = "plain UDP";
	}
	if (outputs[row].place == VENDOR && !host)
		host = f->transport;
	int e = log_agent_place(g, host ? host : "127.0.0.1", f);
	if (e == 0)
		f->port = port && !log_agent_computed(port) ? port : outputs[row].port;
	if (e == 0)
		log_agent_judge(&tls, f);
	return e;
}

static int add_output(struct walk *w, const struct tree *t)
{
	const struct log_agent *g = w->g;
	struct log_forward f = log_agent_forward(g, t);
	struct log_flow flow = output_flow(w, t);
	const char *name = tree_text(t, "name");
	size_t row = 0;
	int e = 0;

	f.transport = name ? name : "";
	while (row < ARRAY_SIZE(outputs) && strcasecmp(outputs[row].name, f.transport) != 0)
		row++;
	if (row == ARRAY_SIZE(outputs))
		flow = log_flow_maybe(flow); /* it may be one that sends nothing away */
	else if (outputs[row].place == HERE)
		return 0;
	else
		e = read_host(g, t, row, &f);
	return e < 0 ? e : log_agent_add(g, &f, &flow);
}

int log_agent_fluent(const struct log_agent *g, struct tree_problem *ret_problem)
{
	const struct tree *included = tree_get(g->root, "includes");
	struct walk w = {.g = g};
	int e = 0;

	if (included)
		*ret_problem = (struct tree_problem){
			"the files that it includes are not read", included->line};
	w.filters = collect(g, &filters, &w.n_filters);
	w.sinks = collect(g, &sinks, &w.n_sinks);
	read_inputs(&w);
	for (size_t i = 0; e == 0 && i < w.n_sinks; i++) {
		if (w.sinks[i]->kind == TREE_MAP)
			e = add_output(&w, w.sinks[i]);
	}
	if (w.steps >= STEPS_MAX && !ret_problem->what)
		*ret_problem = (struct tree_problem){
			"it has more inputs, filters and outputs than are followed", g->root->line};
	return e == 0 && arena_failed(g->r->a) ? -ENOMEM : e;
}
