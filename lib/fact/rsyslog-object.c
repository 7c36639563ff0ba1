/* SPDX-License-Identifier: ISC */
/* NAME(PARAMETER="VALUE" ...): the objects of RainerScript, and those that stand at the top. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fact/rsyslog-internal.h"

const char *rsyslog_param(const struct rsyslog_param *p, const char *name)
{
	for (; p; p = p->next) {
		if (strcasecmp(p->name, name) == 0)
			return p->value;
	}
	return NULL;
}

static struct rsyslog_ruleset *find_ruleset(struct rsyslog_reader *r, const char *name)
{
	struct rsyslog_ruleset *rs = r->rulesets;

	while (rs && strcasecmp(rs->name, name) != 0)
		rs = rs->next;
	return rs;
}

struct rsyslog_ruleset *rsyslog_ruleset(struct rsyslog_reader *r, const char *name)
{
	struct rsyslog_ruleset *rs = find_ruleset(r, name);

	if (rs)
		return rs;
	rs = arena_alloc(r->a, sizeof(*rs));
	if (!rs)
		return NULL;
	rs->name = name;
	rs->next = r->rulesets;
	r->rulesets = rs;
	return rs;
}

bool rsyslog_is_limited(const struct rsyslog_param *p, const char *name, const char *interval)
{
	const char *burst = NULL;
	size_t n = strlen(name);

	for (; p; p = p->next) {
		if (strncasecmp(p->name, name, n) != 0)
			continue;
		if (strcasecmp(p->name + n, ".Interval") == 0)
			interval = p->value;
		else if (strcasecmp(p->name + n, ".Burst") == 0)
			burst = p->value;
	}
	return burst && interval && strtoul(interval, NULL, 10) > 0 &&
	       strtoul(burst, NULL, 10) < RSYSLOG_BURST_MIN;
}

static int add_name(
	struct rsyslog_reader *r, struct rsyslog_name **list, const struct rsyslog_name *add)
{
	struct rsyslog_name *e = arena_alloc(r->a, sizeof(*e));

	if (!e)
		return -ENOMEM;
	*e = *add;
	e->next = *list;
	*list = e;
	return 0;
}

int rsyslog_template(struct rsyslog_reader *r, const char *name, const char *text)
{
	const struct rsyslog_name add = {.name = name, .empty = text && !strchr(text, '%')};

	return name ? add_name(r, &r->templates, &add) : 0;
}

int rsyslog_module(struct rsyslog_reader *r, const char *name, const struct rsyslog_param *p)
{
	const char *use = rsyslog_param(p, "SysSock.Use");
	const char *slash = strrchr(name, '/');

	name = slash ? slash + 1 : name;
	r->conf->limited |= rsyslog_is_limited(p, "SysSock.RateLimit", NULL) ||
			    rsyslog_is_limited(p, "Ratelimit", "600");
	if (strncmp(name, "imuxsock", 8) == 0)
		r->conf->local |= !use || strcasecmp(use, "on") == 0;
	else if (strncmp(name, "imjournal", 9) == 0)
		r->conf->local = r->conf->journal = true;
	else if (strncmp(name, "imklog", 6) == 0)
		r->conf->kernel = true;
	/* "/usr/lib/rsyslog/omrelp.so" is omrelp. */
	const struct rsyslog_name add = {.name = arena_strndup(r->a, name, strcspn(name, "."))};
	return add.name ? add_name(r, &r->modules, &add) : -ENOMEM;
}

/* The name of the action's template in *ret, NULL when it has rsyslog's own. 0 or -ENOMEM. */
static int template_of(struct arena *a, const struct rsyslog_action *act, const char **ret)
{
	const char *p = act->line_text ? strchr(act->line_text, ';') : NULL;

	*ret = NULL;
	if (!act->line_text)
		*ret = rsyslog_param(act->params, "template");
	if (!p)
		return 0;
	p += 1 + strspn(p + 1, " \t");
	if (strcspn(p, " \t#") > 0)
		*ret = arena_strndup(a, p, strcspn(p, " \t#"));
	return arena_failed(a) ? -ENOMEM : 0;
}

/* Those that rsyslog 8 brings along (runtime/rsconf.c). */
static bool is_own_template(const char *name)
{
	static const char *const own[] = {"RSYSLOG_DebugFormat", "RSYSLOG_FileFormat",
		"RSYSLOG_ForwardFormat", "RSYSLOG_SyslogProtocol23Format",
		"RSYSLOG_SysklogdFileFormat", "RSYSLOG_TraditionalFileFormat",
		"RSYSLOG_TraditionalForwardFormat", "RSYSLOG_omudpspoofDfltSourceTpl"};

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		if (strcmp(own[i], name) == 0)
			return true;
	}
	return false;
}

/* Whether an action of that type needs no module() before it, or none that can be told. */
static bool is_own_module(const char *type)
{
	static const char *const own[] = {
		"omdiscard", "omfile", "omfwd", "ompipe", "omshell", "omusrmsg", "other"};

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		if (strcasecmp(own[i], type) == 0)
			return true;
	}
	return strncasecmp(type, "builtin:", 8) == 0;
}

int rsyslog_judge_action(struct rsyslog_reader *r, struct rsyslog_action *act)
{
	const struct rsyslog_name *t = r->templates, *m = r->modules;
	const char *name, *what = NULL;

	if (template_of(r->a, act, &name) < 0)
		return -ENOMEM;
	while (t && name && strcmp(t->name, name) != 0)
		t = t->next;
	while (m && strcasecmp(m->name, act->type) != 0)
		m = m->next;
	if (name && t && t->empty) {
		act->broken = arena_printf(
			r->a, "its template \"%s\" takes nothing from the message", name);
		return act->broken ? 0 : -ENOMEM;
	}
	if (name && !t && !is_own_template(name))
		what = arena_printf(r->a, "no template \"%s\" is defined before it", name);
	else if (!m && !is_own_module(act->type))
		what = arena_printf(r->a, "its module %s is not loaded before it", act->type);
	act->doubtful = what && r->conf->malformed;
	act->broken = act->doubtful ? NULL : what;
	return arena_failed(r->a) ? -ENOMEM : 0;
}

/* The value of a parameter: a string, or an array of them, joined. */
static int parse_value(struct rsyslog_reader *r, const char **ret)
{
	struct rsyslog_source *s = r->src;
	const char *joined = NULL;

	if (*s->p != '[')
		return rsyslog_string(r, ret);
	do {
		const char *one;
		rsyslog_advance(r, 1);
		rsyslog_skip_inside(r);
		int e = rsyslog_string(r, &one);
		if (e < 0)
			return e;
		joined = !joined ? one : one ? arena_printf(r->a, "%s,%s", joined, one) : NULL;
		rsyslog_skip_inside(r);
	} while (*s->p == ',');
	if (*s->p != ']')
		return rsyslog_malformed(r, "an array has no end");
	rsyslog_advance(r, 1);
	*ret = joined;
	return 0;
}

/* NAME="VALUE"... up to ")". */
int rsyslog_params(struct rsyslog_reader *r, const struct rsyslog_param **ret)
{
	struct rsyslog_source *s = r->src;
	struct rsyslog_param *list = NULL;

	for (;;) {
		size_t n = 0;
		rsyslog_skip_inside(r);
		if (*s->p == ')')
			break;
		while (isalnum((unsigned char)s->p[n]) || s->p[n] == '_' || s->p[n] == '.')
			n++;
		struct rsyslog_param *p = arena_alloc(r->a, sizeof(*p));
		char *name = arena_strndup(r->a, s->p, n);
		if (!p || !name)
			return -ENOMEM;
		rsyslog_advance(r, n);
		rsyslog_skip_inside(r);
		if (n == 0 || *s->p != '=')
			return rsyslog_malformed(r, "a parameter NAME=\"VALUE\" was expected");
		rsyslog_advance(r, 1);
		rsyslog_skip_inside(r);
		*p = (struct rsyslog_param){.name = name, .next = list};
		list = p;
		int e = parse_value(r, &p->value);
		if (e < 0)
			return e;
	}
	rsyslog_advance(r, 1);
	*ret = list;
	return 0;
}

/* Whether "NAME (" stands here; then moves behind the parenthesis. */
bool rsyslog_take_object(struct rsyslog_reader *r, const char *name)
{
	const char *p = r->src->p;
	size_t n = strlen(name);

	if (strncasecmp(p, name, n) != 0)
		return false;
	n += strspn(p + n, " \t\n");
	if (p[n] != '(')
		return false;
	rsyslog_advance(r, n + 1);
	return true;
}

bool rsyslog_is_enabled(const struct rsyslog_param *p)
{
	const char *enabled = rsyslog_param(p, "config.enabled");

	return !enabled || strcmp(enabled, "on") == 0;
}

static int parse_ruleset(struct rsyslog_reader *r, const struct rsyslog_param *p)
{
	const char *name = rsyslog_param(p, "name");
	struct rsyslog_stmt *script = NULL;

	rsyslog_skip_inside(r);
	if (*r->src->p != '{')
		return rsyslog_malformed(r, "\"{\" was expected behind ruleset()");
	rsyslog_advance(r, 1);
	int e = rsyslog_script(r, 1, true, &script);
	if (e < 0 || !name || !rsyslog_is_enabled(p))
		return e;
	struct rsyslog_ruleset *rs = rsyslog_ruleset(r, name);
	if (!rs)
		return -ENOMEM;
	rs->first = script;
	rs->last = rsyslog_last(script);
	for (; p; p = p->next)
		rs->queue |= strncasecmp(p->name, "queue.", 6) == 0;
	return 0;
}

/* template(type="string" string="...") or template(type="list") { property(...) constant(...) } */
static int parse_template(struct rsyslog_reader *r, const struct rsyslog_param *of)
{
	/* One that is switched off is read, and not there. */
	const char *name = rsyslog_is_enabled(of) ? rsyslog_param(of, "name") : NULL;
	const struct rsyslog_param *p = NULL;
	bool any = false;

	rsyslog_skip_inside(r);
	if (*r->src->p != '{')
		return rsyslog_template(r, name, rsyslog_param(of, "string"));
	rsyslog_advance(r, 1);
	for (;;) {
		rsyslog_skip_inside(r);
		if (*r->src->p == '}')
			break;
		bool property = rsyslog_take_object(r, "property");
		any |= property;
		if (!property && !rsyslog_take_object(r, "constant"))
			return rsyslog_malformed(r, "property() or constant() was expected");
		int e = rsyslog_params(r, &p);
		if (e < 0)
			return e;
	}
	rsyslog_advance(r, 1);
	return rsyslog_template(r, name, any ? NULL : "");
}

static void global(struct rsyslog_reader *r, const struct rsyslog_param *p)
{
	const char *driver = rsyslog_param(p, "DefaultNetstreamDriver");

	if (driver)
		r->conf->driver = driver;
}

/* One of the objects that stand outside of rulesets; -ENOENT: something else. */
int rsyslog_object(struct rsyslog_reader *r)
{
	static const char *const names[] = {"main_queue", "timezone", "parser", "global",
		"template", "ruleset", "input", "module", "lookup_table", "dyn_stats",
		"percentile_stats", "ratelimit"};
	const struct rsyslog_param *p = NULL;
	size_t i = 0;

	while (i < ARRAY_SIZE(names) && !rsyslog_take_object(r, names[i]))
		i++;
	if (i == ARRAY_SIZE(names))
		return -ENOENT;
	int e = rsyslog_params(r, &p);
	if (e < 0)
		return e;
	if (strcmp(names[i], "ruleset") == 0)
		return parse_ruleset(r, p);
	if (strcmp(names[i], "template") == 0)
		return parse_template(r, p);
	if (!rsyslog_is_enabled(p))
		return 0;
	if (strcmp(names[i], "global") == 0)
		global(r, p);
	const char *load = rsyslog_param(p, "load");
	if (strcmp(names[i], "module") == 0 && load)
		return rsyslog_module(r, load, p);
	return 0;
}
