/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "fact/fail2ban-ini.h"
#include "fact/guards.h"

enum {
	LOGS_MAX = 1000,
	PATH_MAX_SHOWN = 400,
};

/* What fail2ban fills in for each jail that is on: one that it cannot stops the server. */
static const char *const filled_in[] = {"maxretry", "maxmatches", "findtime", "bantime",
	"bantime.increment", "bantime.factor", "bantime.formula", "bantime.multipliers",
	"bantime.maxtime", "bantime.rndtime", "bantime.overalljails", "ignorecommand", "ignoreself",
	"ignorecache", "logtimezone", "logencoding", "usedns", "prefregex", "ignoreregex",
	"failregex", "maxlines", "datepattern", "journalmatch"};

/* Actions that tell somebody and block nothing, by how their names begin. */
static const char *const telling[] = {"mail", "sendmail", "dshield", "abuseipdb", "blocklist_de",
	"xarf", "complain", "dummy", "mynetwatchman", "smtp.py", "apprise", "badips", "ipthreat",
	"nsupdate", "nginx-block-map", "cloudflare", "netscaler"};

struct reading {
	struct arena *a;   /* of the fact */
	struct arena *tmp; /* for what is forgotten afterwards */
	const struct root *root;
	const char *dir;
	struct f2b_ini *ini;
	struct guard_fail2ban *g;
	const char **reason;
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

/* One option of "NAME[key=value, key="value"][...]". */
struct named_option {
	const char *key, *value;
	size_t key_n, value_n;
};

/*
 * Takes the next option of *text, which ends at end. 1, 0 at the end, -EINVAL
 * for what fail2ban does not take for options.
 */
static int next_option(const char **text, const char *end, struct named_option *ret)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "_-.";
	const char *s = *text + strspn(*text, " \t\n\r\f\v");
	size_t n = strspn(s, word);

	if (s >= end || (*s == ',' && s + 1 + strspn(s + 1, " \t\n\r\f\v") >= end))
		return 0;
	if (n == 0 || s[n] != '=')
		return -EINVAL;
	*ret = (struct named_option){.key = s, .key_n = n, .value = s + n + 1};
	const char *close = *ret->value == '"' || *ret->value == '\''
				    ? strchr(ret->value + 1, *ret->value)
				    : NULL;
	if (close && close < end) {
		ret->value++;
		ret->value_n = (size_t)(close - ret->value);
		s = close + 1;
	} else {
		ret->value_n = MIN(strcspn(ret->value, ",]"), (size_t)(end - ret->value));
		s = ret->value + ret->value_n;
	}
	if (s < end && *s == ']') {
		s += 1 + strspn(s + 1, " \t\n\r\f\v");
		if (s >= end || *s != '[')
			return -EINVAL;
	} else if (s < end && *s != ',') {
		return -EINVAL;
	}
	*text = s + (s < end);
	return 1;
}

/* Where the options of "NAME[options]" begin and end; *ret NULL without any. -EINVAL: neither. */
static int find_options(const char *text, const char **ret, const char **ret_end)
{
	const char *open = strchr(text, '['), *close = open ? strrchr(open, ']') : NULL;

	if (!*text || open == text || (open && !close) ||
		(close && close[1 + strspn(close + 1, " \t\n\r\f\v")]))
		return -EINVAL;
	*ret = open ? open + 1 : NULL;
	*ret_end = close;
	return 0;
}

/*
 * The value of an option, *ret NULL without it (key may be NULL). -EINVAL when
 * one of them is none.
 */
static int named_option(struct arena *a, const char *text, const char *key, const char **ret)
{
	struct named_option o;
	const char *s = NULL, *end = NULL;
	int r = find_options(text, &s, &end);

	*ret = NULL;
	while (r >= 0 && s && (r = next_option(&s, end, &o)) > 0) {
		if (!key || strlen(key) != o.key_n || strncmp(key, o.key, o.key_n) != 0)
			continue;
		*ret = arena_strndup(a, o.value, o.value_n);
		if (!*ret)
			return -ENOMEM;
	}
	return r;
}

/* The name before "[...]", with any blanks, as fail2ban takes it for a file's. */
static char *name_of(struct arena *a, const char *text)
{
	return arena_strndup(a, text, strcspn(text, "["));
}

static int read_filter(struct reading *rd, struct guard_jail *jail, const char *text)
{
	struct f2b_ini filter;
	struct f2b_error e;
	char *name = name_of(rd->a, text);
	const char *none;
	char *base = name ? arena_printf(rd->tmp, "%s/filter.d/%s", rd->dir, name) : NULL;

	if (!base)
		return -ENOMEM;
	jail->filter = name;
	if (!*text)
		return 0;
	if (named_option(rd->tmp, text, NULL, &none) < 0) {
		jail->error = "its filter's options make no sense";
		return 0;
	}
	int r = f2b_read(rd->tmp, rd->root, base, &filter, &e);
	if (r == -ENOENT) {
		jail->error = arena_printf(
			rd->a, "there is no filter %s in %s/filter.d", name, rd->dir);
		return jail->error ? 0 : -ENOMEM;
	}
	return r < 0 ? refused(rd, &e, r) : add_known(rd, jail->name, &filter);
}

/* The directory whose names decide what the pattern finds. */
static int watch_names(const struct root *root, struct arena *a, const char *pattern)
{
	size_t n = strcspn(pattern, "*?[");

	while (n > 0 && pattern[n - 1] != '/')
		n--;
	char *dir = arena_strndup(a, pattern, n > 1 ? n - 1 : 1);
	if (!dir)
		return -ENOMEM;
	root_depend(root, dir, DEP_DIR);
	return 0;
}

int guard_log_exists(const struct root *root, struct arena *a, const char *pattern)
{
	struct root quiet = *root;
	struct stat st;
	char **v;
	size_t n;
	int found = 0;

	if (*pattern != '/')
		return 0;
	quiet.deps = NULL; /* a log is written all the time, which would be news each time */
	int r = watch_names(root, a, pattern);
	if (r == 0)
		r = root_glob(&quiet, a, pattern, LOGS_MAX, &v, &n);
	if (r < 0)
		return r == -EFBIG ? LOGS_MAX : r;
	for (size_t i = 0; i < n; i++)
		found += root_stat(&quiet, v[i], &st) == 0;
	return found;
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

/* The next action of the text, "NAME" or "NAME[options]"; NULL at its end. */
static char *next_action(struct arena *a, const char **text)
{
	const char *s = *text;
	size_t k, n = 0;

	while ((k = f2b_space(s, strlen(s))) > 0)
		s += k;
	if (!*s)
		return NULL;
	while (s[n] && s[n] != '[' && !f2b_space(s + n, strlen(s + n)))
		n++;
	size_t open = n + strspn(s + n, " \t");
	for (char quote = '\0'; s[open] == '['; open += strspn(s + open, " \t")) {
		for (n = open + 1; s[n] && (quote || s[n] != ']'); n++) {
			if (quote ? s[n] == quote : s[n] == '"' || s[n] == '\'')
				quote = quote ? '\0' : s[n];
		}
		n += s[n] != '\0';
		open = n;
	}
	*text = s + n;
	return arena_strndup(a, s, n);
}

static bool only_tells(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(telling); i++) {
		if (strncmp(name, telling[i], strlen(telling[i])) == 0)
			return true;
	}
	return false;
}

static bool covers_all(const char *name, const char *type)
{
	return strstr(name, "allports") || (type && strcmp(type, "allports") == 0) ||
	       strcmp(name, "hostsdeny") == 0 || strcmp(name, "route") == 0 ||
	       strcmp(name, "apf") == 0 || strcmp(name, "ufw") == 0 ||
	       strncmp(name, "shorewall", 9) == 0;
}

/* What the first action that blocks says of ports. */
static int read_ban(
	struct reading *rd, struct guard_jail *jail, const char *action, const char *name)
{
	const char *type, *port;

	if (named_option(rd->tmp, action, "type", &type) < 0 ||
		named_option(rd->tmp, action, "port", &port) < 0)
		return -ENOMEM; /* that they are options was seen already */
	jail->bans = true;
	jail->all_ports = covers_all(name, type);
	jail->port_text = arena_strdup(rd->a, port ? port : "ssh"); /* as action.d has it */
	return jail->port_text ? 0 : -ENOMEM;
}

static int read_action(struct reading *rd, struct guard_jail *jail, const char *action)
{
	char *name = name_of(rd->a, action);
	char *base = name ? arena_printf(rd->tmp, "%s/action.d/%s", rd->dir, name) : NULL;
	const char *none;
	struct stat st;

	if (!base)
		return -ENOMEM;
	int r = named_option(rd->tmp, action, NULL, &none);
	if (r < 0) {
		jail->error = "the options of one of its actions make no sense";
		return r == -EINVAL ? 0 : r;
	}
	size_t len = strlen(name);
	bool python = len > 3 && strcmp(name + len - 3, ".py") == 0;
	if (!python) {
		char *conf = arena_printf(rd->tmp, "%s.conf", base);
		char *local = arena_printf(rd->tmp, "%s.local", base);
		if (!conf || !local)
			return -ENOMEM;
		if (root_stat(rd->root, conf, &st) < 0 && root_stat(rd->root, local, &st) < 0) {
			jail->error = arena_printf(
				rd->a, "there is no action %s in %s/action.d", name, rd->dir);
			return jail->error ? 0 : -ENOMEM;
		}
	}
	const char **slot = arena_grow(rd->a, &jail->actions, jail->n_actions, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = name;
	jail->n_actions++;
	return jail->bans || only_tells(name) ? 0 : read_ban(rd, jail, action, name);
}

static int read_actions(struct reading *rd, struct guard_jail *jail, const char *text)
{
	_cleanup_file_ struct file services = {0};
	char *action;
	int r = 0;

	while (r == 0 && !jail->error && (action = next_action(rd->tmp, &text)))
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

/* All of a jail that is on. */
static int read_details(struct reading *rd, struct guard_jail *jail)
{
	const struct f2b_section *s = f2b_section(rd->ini, jail->name);
	const struct f2b_option *o, *log;
	const char *value;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(filled_in); i++)
		r = get(rd, s, filled_in[i], &o, &value);
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
	return r < 0 || !value ? r : read_actions(rd, jail, value);
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
	jail.backend = arena_strdup(rd->a, backend ? backend : "auto");
	if (!jail.name || !jail.path || !jail.backend)
		return -ENOMEM;
	jail.journal = strncmp(jail.backend, "systemd", 7) == 0;
	r = filter ? read_filter(rd, &jail, filter) : 0;
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
	struct reading rd = {a, tmp, root, dir, &ini, &g, ret_reason};
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
	if (r < 0 && r != -EINVAL)
		return r;
	*ret = g;
	return 0;
}
