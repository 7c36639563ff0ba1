/* SPDX-License-Identifier: ISC */
/*
 * Filebeat: inputs and modules, of its own file and of those that it loads, to
 * one output. Its reference: elastic.co/guide/en/beats/filebeat.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fact/log-agent.h"

enum {
	OUTPUTS_MAX = 16, /* by more than one it does not start */
};

/* To nobody else, to URLs, or to host:port. */
enum place { HERE, URL, HOST };

static const struct {
	const char *name;
	enum place place;
	const char *port;
} outputs[] = {
	{"console", HERE, ""},
	{"discard", HERE, ""},
	{"elasticsearch", URL, "9200"},
	{"file", HERE, ""},
	{"kafka", HOST, "9092"},
	{"logstash", HOST, "5044"},
	{"redis", HOST, "6379"},
};

/* Inputs that surely hold no message of the system's. */
static const char *const others[] = {"aws-cloudwatch", "aws-s3", "azure-blob-storage",
	"azure-eventhub", "cometd", "container", "docker", "gcp-pubsub", "gcs", "http_endpoint",
	"httpjson", "kafka", "mqtt", "netflow", "o365audit", "redis", "stdin", "winlog"};

/* What leaves out some of what an input reads. */
static const char *const narrow[] = {"exclude_files", "exclude_lines", "include_lines",
	"prospector.scanner.exclude_files", "prospector.scanner.include_files"};
static const char *const narrow_journal[] = {"chroot", "exclude_lines", "facilities",
	"include_lines", "include_matches", "paths", "syslog_identifiers", "transports", "units"};

static bool has_any(const struct tree *t, const char *const *keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (tree_has(t, keys[i]))
			return true;
	}
	return false;
}

/* Whether some of what passes these processors or parsers may be dropped on its way. */
static bool drops(const struct tree *steps)
{
	static const char *const keys[] = {"drop_event", "include_message", "rate_limit", "script"};

	for (size_t i = 0; steps && i < ARRAY_SIZE(keys); i++) {
		if (tree_has_key(steps, keys[i]))
			return true;
	}
	return false;
}

/* By "enabled" of t: nothing of the flow, all of it, or what is not known. */
static struct log_flow if_enabled(const struct tree *t, int missing, struct log_flow flow)
{
	const struct tree *enabled = tree_get(t, "enabled");
	int on = enabled && enabled->kind != TREE_TEXT
			 ? -1
			 : log_agent_switch(tree_text(t, "enabled"), missing);

	return on == 0 ? log_flow_none() : on < 0 ? log_flow_maybe(flow) : flow;
}

static struct log_flow input_flow(const struct log_agent *g, const struct tree *t)
{
	const char *type = tree_text(t, "type");
	struct log_flow flow = log_flow_unknown();

	if (!type || strcmp(type, "log") == 0 || strcmp(type, "filestream") == 0) {
		flow = log_agent_file_list(g, tree_get(t, "paths"), NULL);
		if (has_any(t, narrow, ARRAY_SIZE(narrow)))
			flow = log_flow_maybe(flow);
	} else if (strcmp(type, "journald") == 0) {
		flow = log_flow_journal();
		if (has_any(t, narrow_journal, ARRAY_SIZE(narrow_journal)))
			flow = log_flow_maybe(flow);
	}
	for (size_t i = 0; type && i < ARRAY_SIZE(others); i++) {
		if (strcmp(type, others[i]) == 0)
			return log_flow_none();
	}
	if (drops(tree_get(t, "processors")) || drops(tree_get(t, "parsers")))
		flow = log_flow_maybe(flow);
	return if_enabled(t, 1, flow);
}

/* The two parts of the module "system": where they read, and what of the journal. */
static const struct {
	const char *name, *files[2], *selector;
} filesets[] = {
	{"auth", {"/var/log/auth.log*", "/var/log/secure*"}, "auth,authpriv.*"},
	{"syslog", {"/var/log/messages*", "/var/log/syslog*"}, "*.*;auth,authpriv.none"},
};

static struct log_flow fileset_flow(const struct log_agent *g, const struct tree *t, size_t row)
{
	const struct tree *paths = tree_get(t, "var.paths");
	struct log_flow journal = log_flow_none(), flow = log_flow_none();
	int by_journal = log_agent_switch(tree_text(t, "var.use_journald"), -1);

	(void)log_pri_parse(filesets[row].selector, &journal.journal); /* a constant */
	for (size_t i = 0; !paths && i < ARRAY_SIZE(filesets[row].files); i++)
		flow = log_flow_or(flow, log_agent_files(g, filesets[row].files[i]));
	if (paths)
		flow = log_agent_file_list(g, paths, NULL);
	/* Left alone, 8.16 and later look for the files first and then take the journal. */
	if (by_journal > 0)
		flow = journal;
	else if (by_journal < 0 && !paths)
		flow = log_flow_or(flow, log_flow_maybe(journal));
	if (tree_has(t, "input"))
		flow = log_flow_maybe(flow); /* its settings go over those of the module */
	/* Without "enabled" it is on before 8.0 and off since. */
	return if_enabled(t, -1, flow);
}

static struct log_flow module_flow(const struct log_agent *g, const struct tree *t)
{
	const char *name = tree_text(t, "module");
	struct log_flow flow = log_flow_none();

	if (!name || strcmp(name, "system") != 0)
		return flow; /* those of other programs read the files of those */
	for (size_t i = 0; i < ARRAY_SIZE(filesets); i++) {
		const struct tree *set = tree_get(t, filesets[i].name);
		if (set)
			flow = log_flow_or(flow, fileset_flow(g, set, i));
	}
	return if_enabled(t, 1, flow);
}

struct reading {
	const struct log_agent *g;
	const char *broken; /* why it sends nothing, whatever its outputs say; or NULL */
	struct log_flow flow;
	struct tree_problem *problem;
};

/* The two kinds of parts: in the file itself, and in others that it names. */
static const struct part {
	const char *list, *loaded;
	struct log_flow (*flow)(const struct log_agent *g, const struct tree *t);
} parts[] = {
	{"filebeat.inputs", "filebeat.config.inputs", input_flow},
	{"filebeat.modules", "filebeat.config.modules", module_flow},
};

static void add_list(struct reading *r, const struct tree *list, const struct part *part)
{
	if (list && list->kind != TREE_LIST)
		*r->problem = (struct tree_problem){"inputs or modules are no list", list->line};
	for (const struct tree *t = list && list->kind == TREE_LIST ? list->first : NULL; t;
		t = t->next)
		r->flow = log_flow_or(r->flow, part->flow(r->g, t));
}

/* The path of a pattern of files to load: "${path.config}" is where the file itself lies. */
static const char *load_pattern(const struct log_agent *g, const char *s)
{
	static const char variable[] = "${path.config}/";
	const char *slash = strrchr(g->path, '/');
	int n = slash ? (int)(slash - g->path) : 0;

	if (strncmp(s, variable, sizeof(variable) - 1) == 0)
		s += sizeof(variable) - 1;
	else if (*s == '/')
		return s;
	return arena_printf(g->r->a, "%.*s/%s", n, g->path, s);
}

/* The files that "path" of t names: each a list of inputs or of modules. 0 or -ENOMEM. */
static int load_parts(struct reading *r, const struct tree *t, const struct part *part)
{
	const struct log_agent *g = r->g;
	const char *path = tree_text(t, "path");
	struct rsyslog_text *files = NULL;
	size_t n = 0;

	if (!path || log_agent_switch(tree_text(t, "enabled"), 1) == 0)
		return 0;
	const char *pattern = load_pattern(g, path);
	if (!pattern)
		return -ENOMEM;
	int e = log_agent_computed(pattern) ? -EINVAL
					    : g->files->load(g->files->arg, pattern, &files, &n);
	for (size_t i = 0; e == 0 && i < n; i++) {
		const struct tree_source source = {files[i].text, files[i].size};
		struct tree_problem problem;
		const struct tree *list;
		e = tree_read_yaml(g->r->a, &source, &list, &problem);
		if (e == 0)
			add_list(r, list, part);
	}
	if (e == -ENOMEM || e == -ENOENT || e == 0)
		return e == -ENOMEM ? e : 0; /* a pattern may match nothing */
	*r->problem = (struct tree_problem){
		"the files of inputs or modules that it loads cannot be read", t->line};
	return 0;
}

static int read_inputs(struct reading *r)
{
	const struct tree *root = r->g->root, *t;
	int e = 0;

	for (size_t i = 0; e == 0 && i < ARRAY_SIZE(parts); i++) {
		add_list(r, tree_get(root, parts[i].list), &parts[i]);
		t = tree_get(root, parts[i].loaded);
		if (t)
			e = load_parts(r, t, &parts[i]);
	}
	t = tree_get(root, "filebeat.autodiscover");
	if (t)
		*r->problem = (struct tree_problem){"autodiscover is not followed", t->line};
	if (r->problem->what)
		r->flow = log_flow_or(r->flow, log_flow_unknown());
	if (drops(tree_get(root, "processors")))
		r->flow = log_flow_maybe(r->flow);
	return e;
}

/* What stands at output.NAME.key, however it is written. */
static const struct tree *get(const struct log_agent *g, const char *name, const char *key)
{
	const char *path = arena_printf(g->r->a, "output.%s.%s", name, key);

	return path ? tree_get(g->root, path) : NULL;
}

static const char *get_text(const struct log_agent *g, const char *name, const char *key)
{
	const struct tree *t = get(g, name, key);

	return t && t->kind == TREE_TEXT ? t->text : NULL;
}

/* Whether anything stands at "output.NAME.ssl", as a map or as dotted keys. */
static bool has_ssl(const struct log_agent *g, const char *name)
{
	const char *path = arena_printf(g->r->a, "output.%s.ssl", name);

	return path && tree_has(g->root, path);
}

static void read_verification(
	const struct log_agent *g, const char *name, struct log_agent_tls *tls)
{
	const char *mode = get_text(g, name, "ssl.verification_mode");

	tls->certificate = tls->name = 1;
	tls->why_certificate = "ssl.verification_mode is none";
	tls->why_name = "ssl.verification_mode is certificate";
	if (!mode || strcmp(mode, "full") == 0 || strcmp(mode, "strict") == 0)
		return;
	if (strcmp(mode, "none") == 0)
		tls->certificate = 0;
	else if (strcmp(mode, "certificate") == 0)
		tls->name = 0;
	else
		tls->certificate = -1;
}

/* Whether it speaks TLS to a host of its list. */
static int speaks_tls(const struct log_agent *g, size_t row, const char *host)
{
	const char *name = outputs[row].name;
	bool ssl = has_ssl(g, name);
	int on = ssl ? log_agent_switch(get_text(g, name, "ssl.enabled"), 1) : 0;

	if (log_agent_computed(host))
		return outputs[row].place == URL ? -1 : on;
	if (outputs[row].place == HOST)
		return strncmp(host, "rediss://", 9) == 0 ? 1 : on;
	const char *protocol = get_text(g, name, "protocol");
	if (strstr(host, "://"))
		return log_agent_scheme(host, -1);
	if (protocol)
		return strcasecmp(protocol, "https") == 0  ? 1
		       : strcasecmp(protocol, "http") == 0 ? 0
							   : -1;
	return on ? -1 : 0; /* settings for TLS, and no "https": versions differ */
}

static int add_host(struct reading *r, const struct tree *at, size_t row, const char *host)
{
	const struct log_agent *g = r->g;
	struct log_forward f = log_agent_forward(g, at);
	struct log_agent_tls tls = {
		.on = speaks_tls(g, row, host),
		.why_off = outputs[row].place == URL ? "http" : "ssl is not set",
	};

	f.transport = outputs[row].name;
	f.broken = r->broken;
	int e = log_agent_place(g, host, &f);
	if (e < 0)
		return e;
	if (!*f.port)
		f.port = outputs[row].port;
	read_verification(g, f.transport, &tls);
	log_agent_judge(&tls, &f);
	return log_agent_add(g, &f, &r->flow);
}

/* Each host of an output's list is sent to. 0 or -ENOMEM. */
static int add_output(struct reading *r, size_t row, const struct tree *at)
{
	const struct tree *hosts = get(r->g, outputs[row].name, "hosts");
	int e = 0;

	if (!hosts)
		return add_host(r, at, row, "localhost");
	if (hosts->kind == TREE_TEXT)
		return add_host(r, hosts, row, hosts->text);
	for (const struct tree *h = hosts->first; e == 0 && h; h = h->next) {
		if (h->kind == TREE_TEXT)
			e = add_host(r, h, row, h->text);
	}
	return e;
}

/* Elastic's own service: "cloud.id" takes the place of the hosts. */
static int add_cloud(struct reading *r, const struct tree *id)
{
	struct log_forward f = log_agent_forward(r->g, id);
	struct log_agent_tls tls = {.on = 1};

	f.transport = "elasticsearch";
	f.host = "cloud.id";
	f.broken = r->broken;
	read_verification(r->g, f.transport, &tls);
	log_agent_judge(&tls, &f);
	return log_agent_add(r->g, &f, &r->flow);
}

/* An output that is written as "output.NAME..." or as "output: {NAME: ...}". */
struct named {
	const char *name;
	const struct tree *at;
};

/* One whose name is not in the table. */
static int add_unknown(struct reading *r, const struct named *o)
{
	struct log_forward f = log_agent_forward(r->g, o->at);
	struct log_flow flow = log_flow_maybe(r->flow);

	f.transport = o->name;
	f.broken = r->broken;
	return log_agent_add(r->g, &f, &flow);
}

static int add_named(struct reading *r, const struct named *o)
{
	size_t row = 0;

	while (row < ARRAY_SIZE(outputs) && strcmp(outputs[row].name, o->name) != 0)
		row++;
	if (row == ARRAY_SIZE(outputs))
		return add_unknown(r, o);
	if (outputs[row].place == HERE)
		return 0;
	const struct tree *id = tree_get(r->g->root, "cloud.id");
	return id && outputs[row].place == URL ? add_cloud(r, id) : add_output(r, row, o->at);
}

struct named_list {
	struct named v[OUTPUTS_MAX];
	size_t n, n_sure; /* that are not off; that are surely on */
};

/*
 * Remembers the output that name begins with, once, if it is not off. What is no table of
 * settings is none to Filebeat (go-ucfg's namespaces). 0 or -ENOMEM.
 */
static int find_named(
	const struct log_agent *g, const char *name, const struct tree *at, struct named_list *l)
{
	size_t n = strcspn(name, ".");

	if (l->n == OUTPUTS_MAX || (!name[n] && at->kind != TREE_MAP))
		return 0;
	name = arena_strndup(g->r->a, name, n);
	if (!name)
		return -ENOMEM;
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i].name, name) == 0)
			return 0;
	}
	int on = log_agent_switch(get_text(g, name, "enabled"), 1);
	if (on != 0)
		l->v[l->n++] = (struct named){name, at};
	l->n_sure += on > 0;
	return 0;
}

static int find_outputs(const struct log_agent *g, struct named_list *l)
{
	int e = 0;

	for (const struct tree *t = g->root->first; e == 0 && t; t = t->next) {
		if (strncmp(t->key, "output.", 7) == 0)
			e = find_named(g, t->key + 7, t, l);
		if (strcmp(t->key, "output") != 0 || t->kind != TREE_MAP)
			continue;
		for (const struct tree *o = t->first; e == 0 && o; o = o->next)
			e = find_named(g, o->key, o, l);
	}
	return e;
}

int log_agent_filebeat(const struct log_agent *g, struct tree_problem *ret_problem)
{
	struct reading r = {.g = g, .flow = log_flow_none(), .problem = ret_problem};
	struct named_list l = {.n = 0};
	int e = read_inputs(&r);

	if (e == 0)
		e = find_outputs(g, &l);
	if (l.n_sure > 1)
		r.broken = "Filebeat does not start: more than one output is on";
	else if (l.n > 1)
		r.flow = log_flow_maybe(r.flow);
	for (size_t i = 0; e == 0 && i < l.n; i++)
		e = add_named(&r, &l.v[i]);
	/* With cloud.id alone the output is Elasticsearch. */
	const struct tree *id = tree_get(g->root, "cloud.id");
	if (e == 0 && id && !tree_has(g->root, "output"))
		e = add_cloud(&r, id);
	return e == 0 && arena_failed(g->r->a) ? -ENOMEM : e;
}
