/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fact/units-scan.h"

enum {
	DROPINS_MAX = 512, /* of one unit */
};

int unit_words_add(struct arena *a, struct unit_words *w, const char *word)
{
	const char **slot = arena_grow(a, &w->v, w->n, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = word;
	w->n++;
	return 0;
}

/* A file of a unit that is being read. */
struct reading {
	struct units_work *w;
	struct unit_info *u;
	const char *path; /* kept */
	bool install;	  /* its [Install] counts: not of drop-ins for many units */
};

/* Settings that the fact keeps. A key that ends in "*" stands for all that begin so. */
static const struct {
	const char *section, *key;
} kept[] = {
	{"Service", "User"},
	{"Service", "DynamicUser"},
	{"Service", "ExecStart"},
	{"Service", "Environment"},
	{"Service", "EnvironmentFile"},
	{"Service", "PassEnvironment"},
	{"Timer", "Unit"},
	{"Timer", "On*"},
	{"Path", "Unit"},
	{"Socket", "Listen*"},
	{"Socket", "Service"},
	{"Socket", "Accept"},
	{"Install", "Alias"},
	{"Install", "WantedBy"},
	{"Install", "RequiredBy"},
	{"Install", "Also"},
};

static const char *is_kept(const struct unit_line *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		const char *key = kept[i].key;
		size_t len = strlen(key);
		if (strcmp(kept[i].section, l->section) != 0)
			continue;
		if (key[len - 1] == '*' ? strncmp(key, l->key, len - 1) == 0
					: strcmp(key, l->key) == 0)
			return key;
	}
	return NULL;
}

static int keep(const struct reading *rd, const struct unit_line *l)
{
	struct arena *a = rd->w->f->arena;
	struct unit_info *u = rd->u;
	const char *key = is_kept(l);

	if (!key)
		return 0;
	struct unit_setting *s = arena_grow(a, &u->settings, u->n_settings, sizeof(*s));
	if (!s)
		return -ENOMEM;
	*s = (struct unit_setting){
		.key = strchr(key, '*') ? arena_strdup(a, l->key) : key,
		.value = arena_strdup(a, l->value),
		.path = rd->path,
		.line = l->line,
	};
	if (!s->key || !s->value)
		return -ENOMEM;
	u->n_settings++;
	return 0;
}

/* %i, %p, %n, %% in a name; NULL (and no error) for a word with any other specifier. */
static int expand(struct arena *a, const struct unit_info *u, const char *word, const char **ret)
{
	const char *type = unit_name_type(u->name), *at = strchr(u->name, '@');
	char out[1024];
	size_t n = 0;

	for (const char *p = word; *p && n + 256 < sizeof(out); p++) {
		if (*p != '%') {
			out[n++] = *p;
			continue;
		}
		switch (*++p) {
		case 'i':
			if (at)
				n += (size_t)snprintf(
					out + n, 256, "%.*s", (int)(type - at - 2), at + 1);
			break;
		case 'p':
			n += (size_t)snprintf(out + n, 256, "%.*s",
				(int)(at ? at - u->name : type - 1 - u->name), u->name);
			break;
		case 'n':
			n += (size_t)snprintf(out + n, 256, "%s", u->name);
			break;
		case '%':
			out[n++] = '%';
			break;
		default:
			*ret = NULL;
			return 0;
		}
	}
	out[n] = '\0';
	*ret = arena_strdup(a, out);
	return *ret ? 0 : -ENOMEM;
}

static int add_needs(const struct reading *rd, const char *value)
{
	struct arena *a = rd->w->a;
	const char *word, *name;

	while ((word = unit_word(a, &value))) {
		int r = expand(a, rd->u, word, &name);
		if (r == 0 && name)
			r = unit_words_add(a, &rd->u->needs, name);
		if (r < 0)
			return r;
	}
	return arena_failed(a) ? -ENOMEM : 0;
}

static int note_install(const struct reading *rd, const struct unit_line *l)
{
	static const char *const by[] = {"WantedBy", "RequiredBy", "UpheldBy"};
	struct unit_info *u = rd->u;
	const char *value = l->value, *word;

	if (!rd->install)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(by); i++) {
		if (strcmp(l->key, by[i]) != 0)
			continue;
		if (*value)
			u->wanted |= 1U << i;
		else
			u->wanted &= ~(1U << i);
		return 0;
	}
	if (strcmp(l->key, "Also") == 0) {
		u->has_also = u->has_also || *value != '\0';
	} else if (strcmp(l->key, "DefaultInstance") == 0) {
		u->default_instance = *value ? arena_strdup(rd->w->a, value) : NULL;
	} else if (strcmp(l->key, "Alias") == 0) {
		if (*value == '\0')
			u->aliases.n = 0;
		while ((word = unit_word(rd->w->a, &value))) {
			if (unit_words_add(rd->w->a, &u->aliases, word) < 0)
				return -ENOMEM;
		}
	}
	return arena_failed(rd->w->a) ? -ENOMEM : 0;
}

static int note_trigger(const struct reading *rd, const struct unit_line *l)
{
	bool socket = strcmp(l->section, "Socket") == 0;

	if (socket && strcmp(l->key, "Accept") == 0) {
		rd->u->accept = unit_boolean(l->value) > 0;
		return 0;
	}
	if (strcmp(l->key, socket ? "Service" : "Unit") != 0)
		return 0;
	return expand(rd->w->a, rd->u, l->value, &rd->u->trigger);
}

static int each_line(const struct unit_line *l, void *arg)
{
	static const char *const needs[] = {"Wants", "Requires", "BindsTo", "Upholds"};
	const struct reading *rd = arg;
	int r = 0;

	if (strcmp(l->section, "Install") == 0) {
		r = note_install(rd, l);
	} else if (strcmp(l->section, "Unit") == 0) {
		for (size_t i = 0; i < ARRAY_SIZE(needs) && r == 0; i++) {
			if (strcmp(l->key, needs[i]) == 0)
				r = add_needs(rd, l->value);
		}
	} else if (strcmp(l->section, "Service") == 0) {
		if (strcmp(l->key, "Sockets") == 0)
			r = add_needs(rd, l->value);
	} else if (strcmp(l->section, "Timer") == 0 || strcmp(l->section, "Path") == 0 ||
		   strcmp(l->section, "Socket") == 0) {
		r = note_trigger(rd, l);
	}
	if (r == 0 && (rd->install || strcmp(l->section, "Install") != 0))
		r = keep(rd, l);
	return r;
}

/* 0, -ENOMEM, -ENODATA for an empty file, or what keeps the manager from taking it. */
static int read_file(struct reading *rd)
{
	_cleanup_file_ struct file file = {0};
	int r = root_read(rd->w->scan.root, rd->path, UNIT_FILE_SIZE_MAX, &file);

	if (r < 0)
		return r;
	if (file.size == 0)
		return -ENODATA;
	return unit_file_parse(file.data, file.size, each_line, rd);
}

/* A drop-in that applies, and how near it is: of two with one name the lowest rank counts. */
struct ranked {
	const struct unit_dropin *dropin;
	unsigned rank;
	bool install;
};

struct dropins {
	const struct units_scan *scan;
	unsigned base; /* of the ranks: the unit's own name, its other names, its type */
	size_t n;
	struct ranked v[DROPINS_MAX];
};

enum {
	RANK_LEVELS = 64,			 /* of one directory: name, template, prefixes */
	RANK_NAME = UNIT_DIRS_MAX * RANK_LEVELS, /* of one name */
};

static void offer(struct dropins *d, const struct ranked *new)
{
	size_t i = 0;
	int order = 1;

	/* They apply in the order of their names. */
	while (i < d->n && (order = strcmp(d->v[i].dropin->file, new->dropin->file)) < 0)
		i++;
	if (i < d->n && order == 0) {
		if (new->rank < d->v[i].rank)
			d->v[i] = *new;
		return;
	}
	if (d->n == DROPINS_MAX)
		return;
	memmove(&d->v[i + 1], &d->v[i], (d->n - i) * sizeof(d->v[0]));
	d->v[i] = *new;
	d->n++;
}

static void offer_all(struct dropins *d, const char *unit, unsigned level, bool install)
{
	size_t n = 0;
	const struct unit_dropin *v = units_scan_dropins(d->scan, unit, &n);

	for (size_t i = 0; i < n; i++) {
		offer(d, &(struct ranked){
				 .dropin = &v[i],
				 .rank = d->base + v[i].dir * RANK_LEVELS +
					 MIN(level, (unsigned)RANK_LEVELS - 1),
				 .install = install,
			 });
	}
}

/*
 * "foo-bar-" of foo-bar-waldo, "foo-" of "foo-bar-": the next shorter prefix, in
 * place; false when there is none.
 */
static bool shorten(char *prefix)
{
	size_t len = strlen(prefix);

	if (len > 0 && prefix[len - 1] == '-')
		prefix[len - 1] = '\0';
	char *dash = strrchr(prefix, '-');
	if (!dash || dash == prefix)
		return false;
	dash[1] = '\0';
	return true;
}

/* Drop-ins of a name, of its template, of its prefixes. */
static void find_dropins(struct dropins *d, const char *name, bool install)
{
	const char *type = unit_name_type(name), *at = strchr(name, '@');
	char prefix[256], dir[600];
	unsigned level = 0;

	offer_all(d, name, level++, install);
	if (unit_name_kind(name) == UNIT_NAME_INSTANCE) {
		(void)snprintf(dir, sizeof(dir), "%.*s@.%s", (int)(at - name), name, type);
		offer_all(d, dir, level++, install);
	}
	(void)snprintf(prefix, sizeof(prefix), "%.*s", (int)((at ? at : type - 1) - name), name);
	while (shorten(prefix)) {
		(void)snprintf(dir, sizeof(dir), "%s%s%s", prefix, at ? at : ".", at ? "" : type);
		offer_all(d, dir, level++, false);
		if (at && unit_name_kind(name) == UNIT_NAME_INSTANCE) {
			(void)snprintf(dir, sizeof(dir), "%s@.%s", prefix, type);
			offer_all(d, dir, level++, false);
		}
	}
}

static int load_dropins(struct units_work *w, struct unit_info *u)
{
	if (w->scan.n_dropins == 0)
		return 0;
	_cleanup_free_ struct dropins *d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->scan = &w->scan;
	find_dropins(d, u->name, true);
	for (size_t i = 0; i < u->names.n; i++) {
		d->base += RANK_NAME;
		find_dropins(d, u->names.v[i], false);
	}
	d->base += RANK_NAME;
	offer_all(d, unit_name_type(u->name), 0, false);
	for (size_t i = 0; i < d->n; i++) {
		const struct unit_dropin *dropin = d->v[i].dropin;
		char name[512];
		(void)snprintf(name, sizeof(name), "%s.d/%s", dropin->unit, dropin->file);
		struct reading rd = {
			.w = w,
			.u = u,
			.path = units_scan_path(&w->scan, w->f->arena, dropin->dir, name),
			.install = d->v[i].install,
		};
		int r = rd.path ? read_file(&rd) : -ENOMEM;
		/* An empty one hides others of its name; one that is bad is left out, as there. */
		if (r == -ENOMEM)
			return r;
	}
	return 0;
}

int units_load(struct units_work *w, struct unit_info *u)
{
	struct reading rd = {.w = w, .u = u, .path = u->path, .install = true};

	if (u->loaded)
		return 0;
	u->loaded = true;
	int r = read_file(&rd);
	if (r == -ENOMEM)
		return r;
	if (r == -ENODATA) {
		u->masked = true;
		return 0;
	}
	if (r < 0) {
		u->bad = true;
		return 0;
	}
	return load_dropins(w, u);
}
