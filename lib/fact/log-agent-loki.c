/* SPDX-License-Identifier: ISC */
/*
 * What sends to Loki: Promtail (scrape_configs to clients) and Grafana Alloy
 * (components that forward to the receivers of others). Their references:
 * grafana.com/docs/loki, "Promtail"; grafana.com/docs/alloy, "Components".
 */
#include <errno.h>
#include <string.h>

#include "fact/log-agent.h"

enum {
	DEPTH_MAX = 16,
	STEPS_MAX = 2000,
};

/* A Loki's push URL with its "tls_config"; certificate and name are verified unless told. */
static int add_loki(const struct log_agent *g, const struct tree *t, const struct log_flow *flow)
{
	const char *url = tree_text(t, "url");
	struct log_forward f = log_agent_forward(g, t);
	int insecure = log_agent_switch(tree_text(t, "tls_config.insecure_skip_verify"), 0);
	struct log_agent_tls tls = {
		.on = !url || log_agent_computed(url) ? -1 : log_agent_scheme(url, -1),
		.certificate = insecure < 0 ? -1 : !insecure,
		.name = 1,
		.why_off = "http",
		.why_certificate = "insecure_skip_verify is true",
	};
	const struct tree *set = tree_get(t, "tls_config.insecure_skip_verify");

	f.transport = "loki";
	if (set && set->kind != TREE_TEXT)
		tls.certificate = -1;
	int e = url ? log_agent_place(g, url, &f) : 0;
	if (e < 0)
		return e;
	log_agent_judge(&tls, &f);
	return log_agent_add(g, &f, flow);
}

/* Whether a rule of relabelling, or a list of them, may drop a message. */
static bool rule_drops(const struct tree *rule)
{
	const struct tree *action = tree_get(rule, "action");
	static const char *const harmless[] = {"replace", "labelmap", "labeldrop", "labelkeep",
		"lowercase", "uppercase", "hashmod"};

	if (!action)
		return false;
	for (size_t i = 0; action->kind == TREE_TEXT && i < ARRAY_SIZE(harmless); i++) {
		if (strcmp(action->text, harmless[i]) == 0)
			return false;
	}
	return true;
}

static bool job_drops(const struct tree *job)
{
	static const char *const stages[] = {"drop", "limit", "match", "sampling"};
	const struct tree *pipeline = tree_get(job, "pipeline_stages");
	const struct tree *rules = tree_get(job, "relabel_configs");

	for (size_t i = 0; pipeline && i < ARRAY_SIZE(stages); i++) {
		if (tree_has_key(pipeline, stages[i]))
			return true;
	}
	for (const struct tree *r = rules ? rules->first : NULL; r; r = r->next) {
		if (rule_drops(r))
			return true;
	}
	return false;
}

/* Sources of a job that may hold messages of this machine, which ones is not known. */
static const char *const unclear[] = {"file_sd_configs", "gelf", "loki_push_api", "syslog"};

static struct log_flow job_flow(const struct log_agent *g, const struct tree *job)
{
	const struct tree *journal = tree_get(job, "journal");
	const struct tree *configs = tree_get(job, "static_configs");
	struct log_flow flow = log_flow_none();

	if (journal)
		flow = tree_get(journal, "matches") || tree_get(journal, "path")
			       ? log_flow_unknown()
			       : log_flow_journal();
	for (const struct tree *c = configs ? configs->first : NULL; c; c = c->next) {
		const struct tree *path = tree_get(c, "labels.__path__");
		if (path)
			flow = log_flow_or(flow, log_agent_file_list(g, path,
							 tree_get(c, "labels.__path_exclude__")));
	}
	for (size_t i = 0; i < ARRAY_SIZE(unclear); i++) {
		if (tree_get(job, unclear[i]))
			flow = log_flow_or(flow, log_flow_unknown());
	}
	return job_drops(job) ? log_flow_maybe(flow) : flow;
}

int log_agent_promtail(const struct log_agent *g, struct tree_problem *ret_problem)
{
	const struct tree *jobs = tree_get(g->root, "scrape_configs");
	const struct tree *clients = tree_get(g->root, "clients");
	const struct tree *client = tree_get(g->root, "client");
	struct log_flow flow = log_flow_none();
	int e = 0;

	if ((jobs && jobs->kind != TREE_LIST) || (clients && clients->kind != TREE_LIST))
		*ret_problem = (struct tree_problem){
			"scrape_configs or clients is no list", (jobs ? jobs : clients)->line};
	for (const struct tree *j = jobs ? jobs->first : NULL; j; j = j->next)
		flow = log_flow_or(flow, job_flow(g, j));
	for (const struct tree *c = clients ? clients->first : NULL; e == 0 && c; c = c->next)
		e = add_loki(g, c, &flow);
	if (e == 0 && client)
		e = add_loki(g, client, &flow);
	return e;
}

/* A walk from a receiver to what forwards to it. */
struct walk {
	const struct log_agent *g;
	unsigned depth, steps;
};

static const struct tree *next_block(const struct tree *t, const char *key)
{
	while (t && (t->kind != TREE_MAP || strcmp(t->key, key) != 0))
		t = t->next;
	return t;
}

/* 1: the component forwards to the receiver; 0: it does not; -1: that is computed. */
static int forwards(const struct tree *t, const char *receiver)
{
	const struct tree *to = tree_get(t, "forward_to");
	static const char end[] = ".receiver";
	int found = 0;

	if (!to || to->kind != TREE_LIST)
		return to ? -1 : 0;
	for (const struct tree *e = to->first; e; e = e->next) {
		if (e->kind != TREE_EXPR)
			return -1;
		size_t n = strlen(e->text);
		if (strcmp(e->text, receiver) == 0)
			return 1;
		if (n < sizeof(end) || strcmp(e->text + n - (sizeof(end) - 1), end) != 0)
			found = -1;
	}
	return found;
}

static struct log_flow targets_flow(const struct walk *w, const struct tree *targets)
{
	struct log_flow flow = log_flow_none();

	if (!targets || targets->kind != TREE_LIST)
		return log_flow_unknown();
	for (const struct tree *t = targets->first; t; t = t->next) {
		const struct tree *path = tree_get(t, "__path__");
		flow = log_flow_or(flow,
			path ? log_agent_file_list(w->g, path, tree_get(t, "__path_exclude__"))
			     : log_flow_unknown());
	}
	return flow;
}

/* Targets of its own, or "local.file_match.LABEL.targets". */
static struct log_flow files_flow(const struct walk *w, const struct tree *t)
{
	static const char match[] = "local.file_match";
	const struct tree *targets = tree_get(t, "targets");

	if (!targets || targets->kind != TREE_EXPR)
		return targets_flow(w, targets);
	for (t = next_block(w->g->root->first, match); t; t = next_block(t->next, match)) {
		size_t n = t->label ? strlen(t->label) : 0;
		if (n > 0 && strncmp(targets->text, "local.file_match.", sizeof(match)) == 0 &&
			strncmp(targets->text + sizeof(match), t->label, n) == 0 &&
			strcmp(targets->text + sizeof(match) + n, ".targets") == 0)
			return targets_flow(w, tree_get(t, "path_targets"));
	}
	return log_flow_unknown();
}

static struct log_flow receiver_flow(struct walk *w, const struct tree *t);

/* Stages that may drop a message, and the rules of loki.relabel. */
static bool component_drops(const struct tree *t)
{
	static const char *const stages[] = {
		"stage.drop", "stage.limit", "stage.match", "stage.sampling"};

	for (size_t i = 0; i < ARRAY_SIZE(stages); i++) {
		if (tree_has_key(t, stages[i]))
			return true;
	}
	for (const struct tree *r = t->first; r; r = r->next) {
		if (strcmp(r->key, "rule") == 0 && rule_drops(r))
			return true;
	}
	return false;
}

/* A text that is set to something: "" is as good as not set. */
static bool is_set(const struct tree *t, const char *key)
{
	const struct tree *found = tree_get(t, key);

	return found && (found->kind != TREE_TEXT || *found->text);
}

/* Sources that surely hold no message of the system's. */
static const char *const others[] = {"loki.source.awsfirehose", "loki.source.azure_event_hubs",
	"loki.source.cloudflare", "loki.source.docker", "loki.source.gcplog", "loki.source.heroku",
	"loki.source.kubernetes", "loki.source.kubernetes_events", "loki.source.windowsevent"};

static struct log_flow component_flow(struct walk *w, const struct tree *t)
{
	if (strcmp(t->key, "loki.source.journal") == 0) {
		bool some = is_set(t, "matches") || is_set(t, "path") || is_set(t, "relabel_rules");
		return some ? log_flow_unknown() : log_flow_journal();
	}
	if (strcmp(t->key, "loki.source.file") == 0)
		return files_flow(w, t);
	if (strcmp(t->key, "loki.process") == 0 || strcmp(t->key, "loki.relabel") == 0) {
		struct log_flow flow = receiver_flow(w, t);
		return component_drops(t) ? log_flow_maybe(flow) : flow;
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (strcmp(t->key, others[i]) == 0)
			return log_flow_none();
	}
	return log_flow_unknown();
}

/* What reaches the receiver of the component t. */
static struct log_flow receiver_flow(struct walk *w, const struct tree *t)
{
	struct log_flow flow = log_flow_none();

	if (w->depth >= DEPTH_MAX || ++w->steps > STEPS_MAX)
		return log_flow_unknown();
	const char *receiver = arena_printf(
		w->g->r->a, "%s.%s.receiver", t->key, t->label ? t->label : "");
	if (!receiver)
		return flow; /* arena_failed() tells at the end */
	w->depth++;
	for (const struct tree *c = w->g->root->first; c; c = c->next) {
		int hit = c->kind == TREE_MAP ? forwards(c, receiver) : 0;
		if (hit == 0)
			continue;
		struct log_flow one = component_flow(w, c);
		flow = log_flow_or(flow, hit > 0 ? one : log_flow_maybe(one));
	}
	w->depth--;
	return flow;
}

/* What may send logs in ways that are not followed. */
static const struct {
	const char *begins, *what;
} beyond[] = {
	{"declare", "components that the configuration declares itself are not followed"},
	{"import.", "imported modules are not followed"},
	{"otelcol.exporter.", "the components of otelcol are not followed"},
	{"remotecfg", "the configuration that it fetches from elsewhere is not known"},
};

int log_agent_alloy(const struct log_agent *g, struct tree_problem *ret_problem)
{
	struct walk w = {.g = g};
	int e = 0;

	for (const struct tree *t = g->root->first; t; t = t->next) {
		for (size_t i = 0; i < ARRAY_SIZE(beyond); i++) {
			if (strncmp(t->key, beyond[i].begins, strlen(beyond[i].begins)) == 0)
				*ret_problem = (struct tree_problem){beyond[i].what, t->line};
		}
	}
	for (const struct tree *t = next_block(g->root->first, "loki.write"); e == 0 && t;
		t = next_block(t->next, "loki.write")) {
		struct log_flow flow = receiver_flow(&w, t);
		for (const struct tree *p = t->first; e == 0 && p; p = p->next) {
			if (strcmp(p->key, "endpoint") == 0)
				e = add_loki(g, p, &flow);
		}
	}
	return e == 0 && arena_failed(g->r->a) ? -ENOMEM : e;
}
