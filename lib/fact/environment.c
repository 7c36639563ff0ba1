/* SPDX-License-Identifier: ISC */
#include "fact/environment.h"

#include <errno.h>
#include <string.h>

#include "fact/collectors.h"
#include "fact/secret-text.h"
#include "fact/systemd-conf.h"
#include "fact/unit-file.h"
#include "fact/units.h"

typedef int each_fn(const struct environment_hit *hit, void *arg);

char *environment_subject(struct arena *a, const struct environment_secret *s)
{
	if (s->unit)
		return arena_printf(a, "variable %s of %s", s->name, s->unit);
	return arena_printf(a, "variable %s in %s", s->name, s->path);
}

/* ---- the forms ---- */

static bool is_variable(const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool letter = (name[i] >= 'A' && name[i] <= 'Z') ||
			      (name[i] >= 'a' && name[i] <= 'z') || name[i] == '_';
		if (!letter && (i == 0 || name[i] < '0' || name[i] > '9'))
			return false;
	}
	return n > 0;
}

/* Whether the pair is a secret; the hit is set then, but for its line. */
static bool is_secret(
	const struct secret_pair *pair, enum secret_dollar dollar, struct environment_hit *ret)
{
	const char *what = secret_shape(
		pair->value, pair->value_size, pair->quote == '\'' ? SECRET_DOLLAR_TEXT : dollar);
	enum secret_value value = what ? SECRET_VALUE_CLEAR : secret_pair_value(pair, dollar);

	if (value == SECRET_VALUE_NONE)
		return false;
	*ret = (struct environment_hit){
		.name = pair->name,
		.size = pair->name_size,
		.line = pair->line,
		.what = what,
		.doubtful = value == SECRET_VALUE_DOUBTFUL,
	};
	return true;
}

/*
 * Whether an assignment may begin at p: at the beginning of a line or a command,
 * or behind a word such as export. Not in a test ([ $PASSWORD = x ]).
 */
static bool begins_command(const char *text, const char *p)
{
	static const char *const before[] = {"export", "declare", "typeset", "readonly", "local",
		"env", "set", "setenv", "-x", "-gx", "-rx"};
	const char *end = p;

	while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (end == text || strchr("\n;&({", end[-1]))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(before) && end < p; i++) {
		size_t n = strlen(before[i]);
		if ((size_t)(end - text) >= n && memcmp(end - n, before[i], n) == 0 &&
			(end - n == text || strchr(" \t\n;", end[-(ptrdiff_t)n - 1])))
			return true;
	}
	return false;
}

static bool is_assignment(const char *text, const struct secret_pair *pair)
{
	const char *p = pair->name + pair->name_size;

	while (*p == ' ' || *p == '\t')
		p++;
	return *p == '=' && is_variable(pair->name, pair->name_size) &&
	       begins_command(text, pair->name);
}

static int parse_shell(
	enum secret_dollar dollar, const char *text, size_t n, each_fn *each, void *arg)
{
	struct secret_scan scan;
	struct secret_pair pair;
	struct environment_hit hit;
	int r = 0;

	secret_scan_init(&scan, text, n);
	while (r >= 0 && secret_scan_next(&scan, &pair)) {
		if (is_assignment(text, &pair) && is_secret(&pair, dollar, &hit))
			r = each(&hit, arg);
	}
	return r;
}

/* A value of pam_env.conf: quoted, or up to a blank. */
static size_t pam_env_value(const char **value, const char *end)
{
	const char *p = *value, *q = p;

	if (p < end && *p == '"') {
		q = memchr(p + 1, '"', (size_t)(end - p - 1));
		*value = p + 1;
		return (size_t)((q ? q : end) - (p + 1));
	}
	while (q < end && *q != ' ' && *q != '\t' && *q != '\r')
		q++;
	return (size_t)(q - p);
}

/* One line: NAME, then DEFAULT= or OVERRIDE= or both. Whether it carries a secret. */
static bool parse_pam_env_line(const char *line, const char *end, struct environment_hit *ret)
{
	static const char *const keys[] = {"DEFAULT=", "OVERRIDE="};
	struct secret_pair pair = {.name = line};

	while (line + pair.name_size < end && line[pair.name_size] != ' ' &&
		line[pair.name_size] != '\t')
		pair.name_size++;
	if (!is_variable(line, pair.name_size))
		return false;
	const char *rest = line + pair.name_size;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		size_t n = strlen(keys[i]);
		const char *p = memmem(rest, (size_t)(end - rest), keys[i], n);
		pair.value = p ? p + n : NULL;
		pair.value_size = p ? pam_env_value(&pair.value, end) : 0;
		if (pair.value_size > 0 && is_secret(&pair, SECRET_DOLLAR_TEXT, ret))
			return true;
	}
	return false;
}

static int parse_pam_env(const char *text, size_t n, each_fn *each, void *arg)
{
	const char *end = text + n;
	struct environment_hit hit;
	unsigned number = 0;
	int r = 0;

	for (const char *line = text, *next; line < end && r >= 0; line = next) {
		const char *nl = memchr(line, '\n', (size_t)(end - line));
		next = nl ? nl + 1 : end;
		number++;
		if (!parse_pam_env_line(line, nl ? nl : end, &hit))
			continue;
		hit.line = number;
		r = each(&hit, arg);
	}
	return r;
}

int environment_parse(
	enum environment_form form, const char *text, size_t n, each_fn *each, void *arg)
{
	static const enum secret_dollar dollars[] = {
		[ENVIRONMENT_SHELL] = SECRET_DOLLAR_VARIABLE,
		[ENVIRONMENT_PLAIN] = SECRET_DOLLAR_TEXT,
		[ENVIRONMENT_EITHER] = SECRET_DOLLAR_UNKNOWN,
	};
	int r = form == ENVIRONMENT_PAM_ENV ? parse_pam_env(text, n, each, arg)
					    : parse_shell(dollars[form], text, n, each, arg);

	return r < 0 ? r : 0;
}

/* ---- the files and units ---- */

struct build {
	const struct collect *c;
	struct fact *f;
	struct arena *a;
	const struct accounts *accounts;
	struct environment *out;
	struct environment_secret *secrets;
	struct fact_gap *gaps;
	struct environment_secret proto; /* of the file or unit in hand */
	const char **seen;		 /* files that were looked at */
};

static int add_gap(struct build *b, const char *path, int r)
{
	return fact_gap_add(b->a, &b->gaps, &b->out->n_gaps, path, r);
}

/* A limit was reached: the first one is told. */
static int set_limit(struct build *b, const char *what, const char *path)
{
	if (!b->out->limit)
		b->out->limit = arena_printf(
			b->a, "as many %s as are looked at, at %s", what, path);
	return b->out->limit ? 0 : -ENOMEM;
}

/* One that is set twice in the same place is told once, where it is set last. */
static struct environment_secret *slot_of(struct build *b, const char *name, size_t n)
{
	for (size_t i = b->out->n; i > 0; i--) {
		struct environment_secret *s = &b->secrets[i - 1];
		bool same = b->proto.unit ? s->unit && strcmp(s->unit, b->proto.unit) == 0
					  : !s->unit && strcmp(s->path, b->proto.path) == 0;
		if (!same)
			break;
		if (strlen(s->name) == n && memcmp(s->name, name, n) == 0)
			return s;
	}
	return NULL;
}

static int add_secret(const struct environment_hit *hit, void *arg)
{
	struct build *b = arg;
	struct environment_secret *s = slot_of(b, hit->name, hit->size);

	if (!s && b->out->n >= ENVIRONMENT_SECRETS_MAX)
		return set_limit(b, "variables with secrets", b->proto.path);
	if (!s) {
		s = arena_grow(b->a, &b->secrets, b->out->n, sizeof(*s));
		if (!s)
			return -ENOMEM;
		*s = b->proto;
		s->name = arena_strndup(b->a, hit->name, hit->size);
		if (!s->name)
			return -ENOMEM;
		b->out->n++;
	}
	s->path = b->proto.path;
	s->line = hit->line;
	s->what = hit->what;
	s->doubtful = hit->doubtful;
	return 0;
}

static bool is_seen(const struct build *b, const char *path)
{
	for (size_t i = 0; i < b->out->files; i++) {
		if (strcmp(b->seen[i], path) == 0)
			return true;
	}
	return false;
}

static int take_file(
	struct build *b, const char *path, enum environment_place place, enum environment_form form)
{
	_cleanup_file_ struct file file = {0};

	if (is_seen(b, path))
		return 0;
	if (b->out->files >= ENVIRONMENT_FILES_MAX)
		return set_limit(b, "files", path);
	int r = root_read(b->c->root, path, ENVIRONMENT_FILE_MAX, &file);
	if (r == -ENOENT || r == -ENOTDIR || r == -EISDIR)
		return 0;
	if (r < 0)
		return r == -ENOMEM ? r : add_gap(b, path, r);
	const char **slot = arena_grow(b->a, &b->seen, b->out->files, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = arena_strdup(b->a, path);
	if (!*slot)
		return -ENOMEM;
	b->out->files++;
	b->proto = (struct environment_secret){
		.place = place,
		.path = *slot,
		.mode = file.st.st_mode & 07777,
		.gid = file.st.st_gid,
	};
	size_t before = b->out->n;
	r = environment_parse(form, file.data, file.size, add_secret, b);
	explicit_bzero(file.data, file.size);
	if (r < 0 || b->out->n == before)
		return r;
	enum readers readers = READERS_OWNER;
	_cleanup_close_ int fd = root_open_path(b->c->root, path);
	r = readers_of(b->c->root, b->accounts, path, &file.st, fd, &readers);
	for (size_t i = before; i < b->out->n; i++)
		b->secrets[i].readers = readers;
	return r;
}

static int take_pattern(struct build *b, const char *pattern, enum environment_place place,
	enum environment_form form)
{
	char **paths = NULL;
	size_t n = 0;
	int r = root_glob(b->c->root, b->a, pattern, ENVIRONMENT_FILES_MAX, &paths, &n);

	if (r < 0)
		return r == -ENOMEM ? r : add_gap(b, pattern, r);
	for (size_t i = 0; i < n && r == 0; i++)
		r = take_file(b, paths[i], place, form);
	return r;
}

/* Environment=: words of NAME=VALUE, in quotes where they hold blanks; empty: none so far. */
static int take_words(struct build *b, const char *unit, const struct unit_setting *s)
{
	const char *p = s->value;
	size_t first = b->out->n;

	b->proto = (struct environment_secret){.place = ENVIRONMENT_UNIT,
		.unit = unit,
		.path = s->path,
		.readers = READERS_OTHERS};
	if (!*p) {
		while (first > 0 && b->secrets[first - 1].unit &&
			strcmp(b->secrets[first - 1].unit, unit) == 0)
			first--;
		b->out->n = first;
		return 0;
	}
	for (char *word; (word = unit_word(b->a, &p));) {
		size_t name = strcspn(word, "=");
		const char *value = word + name + (word[name] != '\0');
		const struct secret_pair pair = {.name = word,
			.name_size = name,
			.value = value,
			.value_size = strlen(value),
			.line = s->line};
		struct environment_hit hit;
		bool secret = is_variable(word, name) && is_secret(&pair, SECRET_DOLLAR_TEXT, &hit);
		int r = secret ? add_secret(&hit, b) : 0;
		/* The fact keeps no value: nor does what is left of the word. */
		explicit_bzero(word, strlen(word));
		if (r < 0)
			return r;
	}
	return arena_failed(b->a) ? -ENOMEM : 0;
}

/* The path with "%i" as it is for the instance; "" when it has another specifier, or none is. */
static const char *of_instance(struct arena *a, const char *path, const char *unit)
{
	const char *at = strchr(unit, '@'), *dot = strrchr(unit, '.');
	const char *text = "", *p = path;

	for (const char *percent; (percent = strchr(p, '%')); p = percent + 2) {
		if (percent[1] != 'i' || !at || !dot || dot <= at + 1)
			return "";
		text = arena_printf(
			a, "%s%.*s%.*s", text, (int)(percent - p), p, (int)(dot - at - 1), at + 1);
		if (!text)
			return NULL;
	}
	return p == path ? path : arena_printf(a, "%s%s", text, p);
}

/* EnvironmentFile=: a path or pattern, "-" before one that may be missing. */
static int take_setting_file(struct build *b, const char *unit, const struct unit_setting *s)
{
	const char *path = of_instance(b->a, s->value + (*s->value == '-'), unit);

	if (!path)
		return -ENOMEM;
	if (*path != '/')
		return 0;
	return take_pattern(b, path, ENVIRONMENT_FILE, ENVIRONMENT_PLAIN);
}

static int take_unit(struct build *b, const struct unit *u)
{
	const char *name = NULL;
	int r = 0;

	if (u->target)
		return 0; /* an alias */
	b->out->units++;
	for (size_t i = 0; i < u->n_settings && r == 0; i++) {
		const struct unit_setting *s = &u->settings[i];
		if (strcmp(s->key, "Environment") != 0)
			continue;
		if (!name)
			name = arena_strdup(b->a, u->name);
		char *path = name ? arena_strdup(b->a, s->path) : NULL;
		const struct unit_setting mine = {s->key, s->value, path, s->line};
		r = path ? take_words(b, name, &mine) : -ENOMEM;
	}
	return r;
}

static int take_units(struct build *b)
{
	const struct fact *f = factset_get(b->c->facts, FACT_UNITS);
	int r = 0;

	if (!f || f->state != FACT_STATE_OK) {
		if (!f || f->state == FACT_STATE_ABSENT)
			return 0;
		struct fact_gap *gap = arena_grow(b->a, &b->gaps, b->out->n_gaps, sizeof(*gap));
		if (!gap)
			return -ENOMEM;
		*gap = (struct fact_gap){"units", f->state, arena_strdup(b->a, f->reason)};
		b->out->n_gaps++;
		return gap->reason ? 0 : -ENOMEM;
	}
	const struct units *u = f->u.units;
	for (size_t i = 0; i < u->n && r == 0; i++)
		r = take_unit(b, &u->v[i]);
	for (size_t i = 0; i < u->n; i++) {
		for (size_t k = 0; k < u->v[i].n_settings && r == 0; k++) {
			if (strcmp(u->v[i].settings[k].key, "EnvironmentFile") == 0)
				r = take_setting_file(b, u->v[i].name, &u->v[i].settings[k]);
		}
	}
	return r;
}

/* What systemd gives to each service (DefaultEnvironment=), and keeps for itself. */
static int take_manager(struct build *b, const char *name)
{
	/* The fact keeps no value: what is read of the files goes with this arena. */
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	const char *owner = arena_printf(b->a, "systemd's %s.conf", name);
	struct systemd_conf conf = {0};

	if (!scratch || !owner)
		return -ENOMEM;
	int r = systemd_conf_read(scratch, b->c->root, name, &conf);
	for (size_t i = 0; i < conf.n && r == 0; i++) {
		const struct systemd_setting *s = &conf.v[i];
		if (strcmp(s->section, "Manager") != 0 ||
			(strcmp(s->key, "DefaultEnvironment") != 0 &&
				strcmp(s->key, "ManagerEnvironment") != 0))
			continue;
		char *path = arena_strdup(b->a, s->path);
		const struct unit_setting mine = {s->key, s->value, path, s->line};
		r = path ? take_words(b, owner, &mine) : -ENOMEM;
	}
	if (r < 0 || !conf.reason)
		return r;
	const char *path = arena_printf(b->a, "/etc/systemd/%s.conf", name);
	return path ? add_gap(b, path, conf.error) : -ENOMEM;
}

static int take_all(struct build *b)
{
	static const struct {
		const char *pattern;
		enum environment_place place;
		enum environment_form form;
	} places[] = {
		{"/etc/environment", ENVIRONMENT_SESSION, ENVIRONMENT_PLAIN},
		{"/etc/environment.d/*.conf", ENVIRONMENT_SESSION, ENVIRONMENT_SHELL},
		{"/etc/profile", ENVIRONMENT_SESSION, ENVIRONMENT_SHELL},
		{"/etc/profile.d/*.sh", ENVIRONMENT_SESSION, ENVIRONMENT_SHELL},
		{"/etc/bash.bashrc", ENVIRONMENT_SESSION, ENVIRONMENT_SHELL},
		{"/etc/bashrc", ENVIRONMENT_SESSION, ENVIRONMENT_SHELL},
		{"/etc/zsh/zshenv", ENVIRONMENT_SESSION, ENVIRONMENT_SHELL},
		{"/etc/default/*", ENVIRONMENT_FILE, ENVIRONMENT_EITHER},
		{"/etc/sysconfig/*", ENVIRONMENT_FILE, ENVIRONMENT_EITHER},
		/* cron's tables: NAME=VALUE before the jobs, and "$" is a character (crontab(5)).
		 */
		{"/etc/crontab", ENVIRONMENT_FILE, ENVIRONMENT_PLAIN},
		{"/etc/anacrontab", ENVIRONMENT_FILE, ENVIRONMENT_PLAIN},
		{"/etc/cron.d/*", ENVIRONMENT_FILE, ENVIRONMENT_PLAIN},
		{"/var/spool/cron/*", ENVIRONMENT_FILE, ENVIRONMENT_PLAIN},
		{"/var/spool/cron/crontabs/*", ENVIRONMENT_FILE, ENVIRONMENT_PLAIN},
	};
	int r = take_file(
		b, "/etc/security/pam_env.conf", ENVIRONMENT_SESSION, ENVIRONMENT_PAM_ENV);

	for (size_t i = 0; i < ARRAY_SIZE(places) && r == 0; i++)
		r = take_pattern(b, places[i].pattern, places[i].place, places[i].form);
	if (r == 0)
		r = take_manager(b, "system");
	if (r == 0)
		r = take_manager(b, "user");
	return r < 0 ? r : take_units(b);
}

static int environment_collect(const struct collect *c, struct fact *f)
{
	const struct fact *accounts = factset_get(c->facts, FACT_ACCOUNTS);
	struct build b = {.c = c, .f = f, .a = f->arena};

	if (!accounts || accounts->state != FACT_STATE_OK) {
		f->state = accounts ? accounts->state : FACT_STATE_ERROR;
		f->reason = arena_printf(f->arena, "who can read the files is not known: %s",
			accounts && accounts->reason ? accounts->reason : "a fact is missing");
		return 0;
	}
	b.accounts = accounts->u.accounts;
	b.out = arena_alloc(b.a, sizeof(*b.out));
	if (!b.out)
		return -ENOMEM;
	int r = take_all(&b);
	if (r < 0)
		return r;
	b.out->v = b.secrets;
	b.out->gaps = b.gaps;
	f->u.environment = b.out;
	return 0;
}

const struct collector collector_environment = {
	.id = FACT_ENVIRONMENT,
	.name = "environment",
	.needs = FACT_BIT(FACT_ACCOUNTS) | FACT_BIT(FACT_UNITS),
	.collect = environment_collect,
};
