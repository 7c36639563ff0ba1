/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "fact/fail2ban-action.h"
#include "fact/fail2ban-call.h"
#include "fact/guards.h"

enum {
	PATH_MAX_SHOWN = 400,
};

/* What fail2ban fills in for each jail that is on: one that it cannot stops the server. */
static const char *const filled_in[] = {"maxretry", "maxmatches", "findtime", "bantime",
	"bantime.increment", "bantime.factor", "bantime.formula", "bantime.multipliers",
	"bantime.maxtime", "bantime.rndtime", "bantime.overalljails", "ignorecommand", "ignoreself",
	"ignorecache", "logtimezone", "logencoding", "usedns", "prefregex", "ignoreregex",
	"failregex", "maxlines", "datepattern", "journalmatch"};

struct reading {
	struct arena *a;   /* of the fact */
	struct arena *tmp; /* for what is forgotten afterwards */
	const struct root *root;
	const char *dir;
	struct f2b_ini *ini;
	struct guard_fail2ban *g;
	const char **reason;
	bool match_stays; /* the jail's journalmatch adds to its filter's */
};

/* 0 when the rest makes no difference: the server would not start. */
static int refused(struct reading *rd, const struct f2b_error *e, int r)
{
	if (r == -ENOMEM)
		return r;
	char *text = arena_strdup(rd->a, e->text), *path = arena_strdup(rd->a, e->path);
	if (!text || !path)
		return -ENOMEM;
	if (r != -EINVAL) {
		*rd->reason = arena_printf(rd->a, "%s %s", path, text);
		return *rd->reason ? r : -ENOMEM;
	}
	rd->g->error = text;
	rd->g->error_path = path;
	rd->g->error_line = e->line;
	return -EINVAL;
}

/* The option's value, *ret NULL without one, filled in as fail2ban does. */
static int get(struct reading *rd, const struct f2b_section *s, const char *key,
	const struct f2b_option **ret_option, const char **ret)
{
	struct f2b_error e;
	char *value = NULL;
	int r = f2b_get(rd->tmp, rd->ini, s, key, ret_option, &value, &e);

	if (r < 0 && r != -ENOENT)
		return refused(rd, &e, r);
	*ret = value;
	return 0;
}

static bool is_true(const char *s)
{
	return s && (strcmp(s, "1") == 0 || strcasecmp(s, "on") == 0 ||
			    strcasecmp(s, "true") == 0 || strcasecmp(s, "yes") == 0);
}

/* What [Definition] and [Init] of its filter say is known/... to a jail. */
static int add_known(struct reading *rd, const char *jail, const struct f2b_ini *filter)
{
	static const char *const sections[] = {"Definition", "Init"};
	struct f2b_section s = {.name = jail};

	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		const struct f2b_section *from = f2b_section(filter, sections[i]);
		for (size_t k = 0; from && k < from->n; k++) {
			struct f2b_option *o = arena_grow(rd->tmp, &s.v, s.n, sizeof(*o));
			if (!o)
				return -ENOMEM;
			/* What it says matters to no check: that it is there does. */
			*o = from->v[k];
			o->key = arena_printf(rd->tmp, "known/%s", from->v[k].key);
			o->value = "";
			if (!o->key)
				return -ENOMEM;
			s.n++;
		}
	}
	return f2b_merge(rd->tmp, rd->ini, &(struct f2b_ini){.v = &s, .n = 1});
}

/* Whether the text looks for what sshd says of a wrong password, with the address in it. */
static bool finds_failures(const char *regex)
{
	const char *failed = regex ? strstr(regex, "Failed ") : NULL;
	size_t n = failed ? strcspn(failed, "\n") : 0;

	return failed && (memmem(failed, n, "<HOST>", 6) || memmem(failed, n, "<ADDR>", 6));
}

static int set(
	struct reading *rd, struct guard_setting *to, const char *text, const struct f2b_option *o)
{
	*to = (struct guard_setting){.text = arena_strdup(rd->a, text),
		.path = arena_strdup(rd->a, o->path),
		.line = o->line};
	return to->text && to->path ? 0 : -ENOMEM;
}

/* What decides what a filter finds. Its mode, and journalmatch, are judged by what they say. */
static bool is_finding(const char *key)
{
	static const char *const others[] = {"mode", "publickey", "journalmatch", "maxlines"};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (strcmp(others[i], key) == 0)
			return false;
	}
	return true;
}

/* The first option that does not come from the filter's file itself, or common.conf. */
static int find_changed(struct reading *rd, struct guard_jail *jail, const struct f2b_section *s)
{
	const char *own = arena_printf(rd->tmp, "%s/filter.d/%s.conf", rd->dir, jail->filter);
	const char *common = arena_printf(rd->tmp, "%s/filter.d/common.conf", rd->dir);

	if (!own || !common)
		return -ENOMEM;
	for (size_t i = 0; i < s->n && !jail->changed.text; i++) {
		const struct f2b_option *o = &s->v[i];
		if (!is_finding(o->key) || strcmp(o->path, own) == 0 ||
			strcmp(o->path, common) == 0)
			continue;
		int r = set(rd, &jail->changed, o->key, o);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What the filter finds, as far as that can be told without running its expressions. */
static int judge_filter(
	struct reading *rd, struct guard_jail *jail, const struct f2b_ini *filter, const char *call)
{
	const struct f2b_section *definition = f2b_section(filter, "Definition");
	const struct f2b_section *init = f2b_section(filter, "Init");
	struct f2b_scope scope = {rd->tmp, filter, jail->name, call, false};
	const char *key, *called = NULL;
	const char *match = f2b_expand(&scope, f2b_tag(&scope, "journalmatch"), NULL);
	int r = find_changed(rd, jail, &filter->defaults);

	for (size_t i = 0; (key = f2b_call_key(rd->tmp, call, i)); i++) {
		if (!jail->changed.text && is_finding(key))
			jail->changed = (struct guard_setting){
				arena_strdup(rd->a, key), jail->path, jail->line};
	}
	r = r == 0 && definition ? find_changed(rd, jail, definition) : r;
	r = r == 0 && init ? find_changed(rd, jail, init) : r;
	const char *daemon = f2b_tag(&scope, "_daemon");
	jail->sshd_only = daemon && strstr(daemon, "sshd") && !strstr(daemon, "session");
	jail->finds = finds_failures(f2b_tag(&scope, "failregex"));
	/* fail2ban lets the jail stand in for [Definition] only. */
	(void)f2b_call_option(rd->tmp, call, "journalmatch", &called); /* it was read before */
	for (size_t i = 0; init && i < init->n && !called; i++)
		called = strcmp(init->v[i].key, "journalmatch") == 0 ? init->v[i].value : NULL;
	rd->match_stays = called != NULL;
	if (r == 0 && match) {
		jail->journalmatch.text = arena_strdup(rd->a, match);
		jail->journalmatch.path = arena_printf(
			rd->a, "%s/filter.d/%s.conf", rd->dir, jail->filter);
	}
	return r < 0 || scope.failed || arena_failed(rd->a) || arena_failed(rd->tmp) ? -ENOMEM : 0;
}

static int read_filter(struct reading *rd, struct guard_jail *jail, const char *text)
{
	struct f2b_ini filter;
	struct f2b_error e;
	char *name = f2b_call_name(rd->a, text);
	const char *none;
	char *base = name ? arena_printf(rd->tmp, "%s/filter.d/%s", rd->dir, name) : NULL;

	if (!base)
		return -ENOMEM;
	jail->filter = name;
	if (!*text)
		return 0;
	if (f2b_call_option(rd->tmp, text, NULL, &none) < 0) {
		jail->error = "its filter's options make no sense";
		return 0;
	}
	int r = f2b_read(rd->tmp, rd->root, base, &filter, &e);
	if (r == -ENOENT) {
		jail->error = arena_printf(
			rd->a, "there is no filter %s in %s/filter.d", name, rd->dir);
		return jail->error ? 0 : -ENOMEM;
	}
	if (r < 0)
		return refused(rd, &e, r);
	r = judge_filter(rd, jail, &filter, text);
	return r < 0 ? r : add_known(rd, jail->name, &filter);
}

/* Each line is a pattern, with "head" or "tail" behind the last blank. */
static int read_logs(struct reading *rd, struct guard_jail *jail, const char *text)
{
	const char **v = NULL;
	size_t n = 0;

	while (*text) {
		size_t len = strcspn(text, "\n"), keep = len;
		const char *blank = memrchr(text, ' ', len);
		if (blank)
			keep = (size_t)(blank - text);
		char *path = arena_strndup(rd->a, text, keep);
		if (!path)
			return -ENOMEM;
		text += len + (text[len] == '\n');
		if (!*path)
			continue;
		int r = jail->journal ? 0 : guard_log_exists(rd->root, rd->tmp, path);
		if (r < 0) {
			*rd->reason = arena_printf(rd->a, "%s %s", path, fsio_strerror(r));
			return r == -ENOMEM || !*rd->reason ? -ENOMEM : r;
		}
		jail->n_found += (size_t)r;
		const char **slot = arena_grow(rd->a, &v, n, sizeof(*v));
		if (!slot)
			return -ENOMEM;
		*slot = path;
		n++;
	}
	jail->logs = v;
	jail->n_logs = n;
	return 0;
}

/* Python's own actions: one that comes with fail2ban, and writes letters. */
static int judge_python(struct reading *rd, struct guard_jail *jail, const char *name)
{
	if (strcmp(name, "smtp.py") == 0)
		jail->ban_fault = "smtp.py writes letters";
	else
		jail->ban_unsure = arena_printf(rd->a,
			"its action %s is a program: whether that shuts anybody out can't be told",
			name);
	return arena_failed(rd->a) ? -ENOMEM : 0;
}

/* Whether the program that is to ban can do so; else why not. 0 or -ENOMEM. */
static int judge_tool(struct reading *rd, struct guard_jail *jail, const char *tool)
{
	const char *lacks = NULL;
	int r = guard_tool_works(rd->tmp, rd->root, tool, &lacks);

	if (r == -ENOMEM)
		return r;
	jail->bans = r == 1;
	if (r == 0)
		jail->ban_fault = arena_printf(rd->a, "it runs %s, which is %s", tool, lacks);
	else if (r < 0)
		jail->ban_unsure = arena_printf(
			rd->a, "whether its program %s works: %s", tool, fsio_strerror(r));
	if (strcmp(text_base_name(tool), "firewall-cmd") == 0)
		jail->ban_unit = "firewalld.service";
	return arena_failed(rd->a) ? -ENOMEM : 0;
}

/* What the jail gets from an action that was judged: the first that bans counts. */
static int take_action(struct reading *rd, struct guard_jail *jail, const struct f2b_action *x)
{
	int libwrap = x->hosts_deny ? guard_has_libwrap(rd->tmp, rd->root) : 1;

	if (libwrap == -ENOMEM)
		return libwrap;
	if (x->unsure)
		jail->ban_unsure = arena_strdup(rd->a, x->unsure);
	else if (!x->bans)
		jail->ban_fault = arena_strdup(rd->a, x->why);
	else if (libwrap == 0)
		jail->ban_fault = "it writes hosts.deny, which no sshd reads without libwrap";
	jail->bans = x->bans && libwrap != 0;
	if (jail->bans && x->tool && judge_tool(rd, jail, x->tool) < 0)
		return -ENOMEM;
	jail->all_ports = x->all_ports;
	if (jail->bans)
		jail->port_text = arena_strdup(rd->a, x->port);
	return arena_failed(rd->a) ? -ENOMEM : 0;
}

/* The action's own definition says what it does. */
static int judge_action(
	struct reading *rd, struct guard_jail *jail, const char *call, const char *name)
{
	struct f2b_action x;
	struct f2b_ini def;
	struct f2b_error e;
	char *base = arena_printf(rd->tmp, "%s/action.d/%s", rd->dir, name);
	int r = base ? f2b_read(rd->tmp, rd->root, base, &def, &e) : -ENOMEM;

	if (r == -ENOENT) {
		jail->error = arena_printf(
			rd->a, "there is no action %s in %s/action.d", name, rd->dir);
		return jail->error ? 0 : -ENOMEM;
	}
	if (r < 0)
		return refused(rd, &e, r);
	struct f2b_scope scope = {rd->tmp, &def, jail->name, call, false};
	r = jail->bans ? 0 : f2b_action_judge(&scope, &x);
	if (r < 0 || jail->bans)
		return r;
	jail->action.text = name;
	return take_action(rd, jail, &x);
}

static int read_action(struct reading *rd, struct guard_jail *jail, const char *call)
{
	char *name = f2b_call_name(rd->a, call);
	const char *none;

	if (!name)
		return -ENOMEM;
	int r = f2b_call_option(rd->tmp, call, NULL, &none);
	if (r < 0) {
		jail->error = "the options of one of its actions make no sense";
		return r == -EINVAL ? 0 : r;
	}
	size_t len = strlen(name);
	if (len > 3 && strcmp(name + len - 3, ".py") == 0)
		r = jail->bans ? 0 : judge_python(rd, jail, name);
	else
		r = judge_action(rd, jail, call, name);
	if (r < 0 || jail->error)
		return r;
	const char **slot = arena_grow(rd->a, &jail->actions, jail->n_actions, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = name;
	jail->n_actions++;
	return 0;
}

static int read_actions(struct reading *rd, struct guard_jail *jail, const char *text)
{
	_cleanup_file_ struct file services = {0};
	char *action;
	int r = 0;

	while (r == 0 && !jail->error && (action = f2b_call_next(rd->tmp, &text)))
		r = read_action(rd, jail, action);
	if (r < 0 || arena_failed(rd->tmp))
		return r < 0 ? r : -ENOMEM;
	if (!jail->bans || jail->all_ports)
		return 0;
	r = root_read(rd->root, "/etc/services", 1 << 20, &services);
	if (r == -ENOMEM)
		return r;
	return guard_ports_parse(
		rd->a, jail->port_text, services.data, &jail->ports, &jail->n_ports);
}

/* What is set for the jail itself, or in [DEFAULT]. */
static int read_settings(struct reading *rd, struct guard_jail *jail, const struct f2b_section *s)
{
	const struct {
		const char *key;
		struct guard_setting *to;
	} rows[] = {{"maxretry", &jail->maxretry}, {"findtime", &jail->findtime},
		{"bantime", &jail->bantime}, {"ignorecommand", &jail->ignorecommand},
		{"bantime.maxtime", &jail->max_bantime}, {"journalmatch", &jail->journalmatch}};
	const char *match = rd->match_stays ? jail->journalmatch.text : NULL;
	const struct f2b_option *o;
	const char *value;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++) {
		r = get(rd, s, rows[i].key, &o, &value);
		if (r == 0 && value && match && rows[i].to == &jail->journalmatch)
			r = (value = arena_printf(rd->tmp, "%s\n%s", match, value)) ? 0 : -ENOMEM;
		if (r == 0 && value)
			r = set(rd, rows[i].to, value, o);
	}
	r = r < 0 ? r : get(rd, s, "bantime.increment", &o, &value);
	if (r == 0 && !is_true(value))
		jail->max_bantime.text = NULL;
	return r;
}

/* A jail may have other expressions than its filter, or in addition to them. */
static int read_overrides(struct reading *rd, struct guard_jail *jail, const struct f2b_section *s)
{
	static const char *const keys[] = {"failregex", "prefregex", "ignoreregex", "datepattern"};

	for (size_t i = 0; i < ARRAY_SIZE(keys) && !jail->changed.text; i++) {
		const struct f2b_option *o = f2b_option(rd->ini, s, keys[i]);
		bool more = o && i == 0 && strstr(o->value, "%(known/failregex)s");
		bool none = o && strspn(o->value, " \t\n") == strlen(o->value) && i >= 2;
		if (!o || more || none)
			continue;
		int r = set(rd, &jail->changed, keys[i], o);
		if (r < 0)
			return r;
	}
	return 0;
}

/* All of a jail that is on. */
static int read_details(struct reading *rd, struct guard_jail *jail)
{
	const struct f2b_section *s = f2b_section(rd->ini, jail->name);
	const struct f2b_option *o, *log;
	const char *value;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(filled_in); i++)
		r = get(rd, s, filled_in[i], &o, &value);
	r = r < 0 ? r : read_settings(rd, jail, s);
	r = r < 0 ? r : read_overrides(rd, jail, s);
	r = r < 0 ? r : get(rd, s, "ignoreip", &o, &value);
	if (r == 0 && value)
		r = guard_words(rd->a, value, " ,\n", &jail->ignore, &jail->n_ignore);
	r = r < 0 ? r : get(rd, s, "logpath", &log, &value);
	if (r == 0 && value) {
		jail->log_path = arena_strdup(rd->a, log->path);
		jail->log_line = log->line;
		r = jail->log_path ? read_logs(rd, jail, value) : -ENOMEM;
	}
	r = r < 0 ? r : get(rd, s, "action", &o, &value);
	if (r < 0 || !value)
		return r;
	jail->action.path = arena_strdup(rd->a, o->path);
	jail->action.line = o->line;
	return jail->action.path ? read_actions(rd, jail, value) : -ENOMEM;
}

/* The first jail for SSH that is not on, for who wonders why. */
static int note_off(struct reading *rd, const char *name, const struct f2b_option *on)
{
	struct guard_jail *jail;

	if (rd->g->off || !on || strncmp(name, "ssh", 3) != 0)
		return 0;
	jail = arena_alloc(rd->a, sizeof(*jail));
	if (!jail)
		return -ENOMEM;
	jail->name = arena_strdup(rd->a, name);
	jail->path = arena_strdup(rd->a, on->path);
	jail->line = on->line;
	rd->g->off = jail;
	return jail->name && jail->path ? 0 : -ENOMEM;
}

/* What it reads its logs with; fail2ban refuses a jail whose backend it does not know. 0, -ENOMEM.
 */
static int read_backend(struct reading *rd, struct guard_jail *jail, const char *text)
{
	static const char *const known[] = {"auto", "pyinotify", "gamin", "polling", "systemd"};
	const char *name = f2b_call_name(rd->tmp, text ? text : "auto");

	jail->backend = arena_strdup(rd->a, text ? text : "auto");
	if (!name || !jail->backend)
		return -ENOMEM;
	jail->journal = strcasecmp(name, "systemd") == 0;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcasecmp(known[i], name) == 0)
			return 0;
	}
	jail->error = arena_printf(rd->a, "there is no backend \"%s\"", name);
	return jail->error ? 0 : -ENOMEM;
}

static int read_jail(struct reading *rd, const char *name)
{
	const struct f2b_section *s = f2b_section(rd->ini, name);
	const struct f2b_option *o, *on = NULL;
	const char *enabled, *backend, *filter;
	struct guard_jail jail = {.filter = ""};
	int r = get(rd, s, "enabled", &on, &enabled);

	r = r < 0 ? r : get(rd, s, "backend", &o, &backend);
	r = r < 0 ? r : get(rd, s, "filter", &o, &filter);
	if (r < 0 || !is_true(enabled))
		return r < 0 ? r : note_off(rd, name, on);
	jail.name = arena_strdup(rd->a, name);
	jail.path = arena_strdup(rd->a, on->path);
	jail.line = on->line;
	if (!jail.name || !jail.path)
		return -ENOMEM;
	rd->match_stays = false;
	r = read_backend(rd, &jail, backend);
	if (r == 0 && filter && !jail.error)
		r = read_filter(rd, &jail, filter);
	if (r == 0 && !jail.error)
		r = read_details(rd, &jail);
	if (r < 0)
		return r;
	struct guard_jail *slot = arena_grow(rd->a, &rd->g->v, rd->g->n, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = jail;
	rd->g->n++;
	return 0;
}

/* Filters add to their jails' sections, but no section: the count stays. */
static int read_jails(struct reading *rd)
{
	/* Set by fail2ban itself for every jail. */
	struct f2b_option v[] = {
		{"fail2ban_version", "1", rd->dir, 0}, {"fail2ban_confpath", rd->dir, rd->dir, 0}};
	int r = f2b_merge(rd->tmp, rd->ini, &(struct f2b_ini){.defaults = {"DEFAULT", v, 2}});

	for (size_t i = 0; r == 0 && i < rd->ini->n; i++) {
		const char *name = rd->ini->v[i].name;
		if (strcmp(name, "INCLUDES") != 0 && strncmp(name, "KNOWN/", 6) != 0)
			r = read_jail(rd, name);
	}
	return r;
}

static int find_journal_module(struct reading *rd)
{
	static const char *const patterns[] = {"/usr/lib/python3/dist-packages/systemd",
		"/usr/lib*/python3*/site-packages/systemd",
		"/usr/local/lib*/python3*/*-packages/systemd"};

	for (size_t i = 0; i < ARRAY_SIZE(patterns) && !rd->g->journal_module; i++) {
		int r = guard_log_exists(rd->root, rd->tmp, patterns[i]);
		if (r == -ENOMEM)
			return r;
		rd->g->journal_module = r > 0;
	}
	return 0;
}

/* fail2ban.conf says nothing that a check asks, but can keep the server from starting. */
static int read_main(struct reading *rd)
{
	static const char *const keys[] = {"socket", "pidfile", "loglevel", "logtarget",
		"syslogsocket", "allowipv6", "dbfile", "dbmaxmatches", "dbpurgeage"};
	struct f2b_ini ini, *jails = rd->ini;
	struct f2b_error e;
	char base[PATH_MAX_SHOWN];

	(void)snprintf(base, sizeof(base), "%s/fail2ban", rd->dir);
	int r = f2b_read(rd->tmp, rd->root, base, &ini, &e);
	if (r < 0)
		return r == -ENOENT ? 0 : refused(rd, &e, r);
	const struct f2b_section *s = f2b_section(&ini, "Definition");
	rd->ini = &ini;
	for (size_t i = 0; s && r == 0 && i < ARRAY_SIZE(keys); i++) {
		const struct f2b_option *o;
		const char *value;
		r = get(rd, s, keys[i], &o, &value);
	}
	rd->ini = jails;
	return r;
}

int guard_fail2ban_read(struct arena *a, const struct root *root, const char *dir,
	struct guard_fail2ban *ret, const char **ret_reason)
{
	_cleanup_(arena_freep) struct arena *tmp = arena_new();
	struct f2b_ini ini;
	struct f2b_error e = {0};
	struct guard_fail2ban g = {0};
	struct reading rd = {a, tmp, root, dir, &ini, &g, ret_reason, false};
	char base[PATH_MAX_SHOWN];

	if (!tmp)
		return -ENOMEM;
	(void)snprintf(base, sizeof(base), "%s/jail", dir);
	int r = f2b_read(tmp, root, base, &ini, &e);
	if (r == -ENOENT)
		return 0;
	g.there = true;
	if (r < 0)
		r = refused(&rd, &e, r);
	else
		r = read_main(&rd);
	if (r == 0)
		r = read_jails(&rd);
	if (r == 0)
		r = find_journal_module(&rd);
	/* Where that can't be read, the filter must know both. */
	int session = r == 0 ? guard_sshd_session(root) : 0;
	g.sshd_session = session != 0;
	r = session == -ENOMEM ? session : r;
	if (r < 0 && r != -EINVAL)
		return r;
	*ret = g;
	return 0;
}
