/* SPDX-License-Identifier: ISC */
#include "fact/systemd-conf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	FILE_MAX = 1 << 20,
	NAMES_MAX = 1000,
};

#define BLANK " \t\r"

static const char *const dirs[] = {
	"/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd"};

/* A line without the blanks around it, joined with those that continue it. */
static char *next_line(struct arena *a, const char **p, unsigned *line, unsigned *ret_line)
{
	char *joined = NULL;

	while (**p) {
		const char *s = *p + strspn(*p, BLANK);
		size_t len = strcspn(s, "\n");
		*p = s + len + (s[len] == '\n');
		(*line)++;
		bool comment = *s == '#' || *s == ';';
		if (comment && joined)
			continue; /* a comment between lines that continue each other */
		while (len > 0 && strchr(BLANK, s[len - 1]))
			len--;
		if (!joined)
			*ret_line = *line;
		bool more = !comment && len > 0 && s[len - 1] == '\\';
		char *text = joined ? arena_printf(a, "%s %.*s", joined, (int)(len - more), s)
				    : arena_strndup(a, s, len - more);
		if (!text)
			return NULL;
		joined = text;
		if (!more)
			break;
	}
	return joined;
}

static int add(struct arena *a, struct systemd_conf *conf, const struct systemd_setting *s)
{
	struct systemd_setting *place = arena_grow(a, &conf->v, conf->n, sizeof(*place));

	if (!place)
		return -ENOMEM;
	conf->n++;
	*place = *s;
	return 0;
}

int systemd_conf_parse(
	struct arena *a, const char *path, const char *text, struct systemd_conf *conf)
{
	const char *section = "";
	unsigned line = 0, at = 0;

	while (*text) {
		char *s = next_line(a, &text, &line, &at);
		if (!s)
			return -ENOMEM;
		size_t len = strlen(s);
		if (*s == '[' && s[len - 1] == ']') {
			s[len - 1] = '\0';
			section = s + 1;
			continue;
		}
		char *value = strchr(s, '=');
		if (*s == '#' || *s == ';' || !value)
			continue; /* systemd says so in its log and goes on */
		char *end = value++;
		while (end > s && strchr(BLANK, end[-1]))
			end--;
		*end = '\0';
		value += strspn(value, BLANK);
		int r = add(a, conf, &(struct systemd_setting){section, s, value, path, at});
		if (r < 0)
			return r;
	}
	return 0;
}

static int failed(struct arena *a, struct systemd_conf *conf, const char *path, int r)
{
	if (r == -ENOMEM || r == -ENOENT)
		return r == -ENOENT ? 0 : r;
	if (conf->reason)
		return 0;
	conf->reason = arena_printf(a, "%s %s", path, fsio_strerror(r));
	conf->error = r;
	return conf->reason ? 0 : -ENOMEM;
}

/* 0, or -ENOENT; what else goes wrong is said in conf. */
static int read_file(
	struct arena *a, const struct root *root, const char *path, struct systemd_conf *conf)
{
	_cleanup_file_ struct file f = {0};
	struct stat st;
	int r = root_read(root, path, FILE_MAX, &f);

	if (r == -ENOENT)
		return r;
	/* Masked: a link to /dev/null. */
	if (r == -ENODEV && root_stat(root, path, &st) == 0 && S_ISCHR(st.st_mode))
		return 0;
	if (r < 0)
		return failed(a, conf, path, r);
	conf->any = true;
	return systemd_conf_parse(a, path, f.data, conf);
}

struct dropin {
	const char *name, *path;
};

struct listing {
	struct arena *a;
	const char *dir;
	struct dropin *v;
	size_t n;
};

/* Keeps the names sorted; a name that is there comes from a directory that goes first. */
static int add_name(const char *name, void *arg)
{
	struct listing *l = arg;
	size_t len = strlen(name), i = 0;

	if (len < 5 || strcmp(name + len - 5, ".conf") != 0 || *name == '.')
		return 0;
	while (i < l->n && strcmp(l->v[i].name, name) < 0)
		i++;
	if (i < l->n && strcmp(l->v[i].name, name) == 0)
		return 0;
	struct dropin *place = arena_grow(l->a, &l->v, l->n, sizeof(*place));
	const char *path = arena_printf(l->a, "%s/%s", l->dir, name);
	const char *copy = arena_strdup(l->a, name);
	if (!place || !path || !copy)
		return -ENOMEM;
	memmove(&l->v[i + 1], &l->v[i], (l->n++ - i) * sizeof(*l->v));
	l->v[i] = (struct dropin){copy, path};
	return 0;
}

static int read_dropins(
	struct arena *a, const struct root *root, const char *name, struct systemd_conf *conf)
{
	struct listing l = {.a = a};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(dirs); i++) {
		l.dir = arena_printf(a, "%s/%s.conf.d", dirs[i], name);
		if (!l.dir)
			return -ENOMEM;
		r = root_list(root, l.dir, NAMES_MAX, add_name, &l);
		if (r < 0)
			r = failed(a, conf, l.dir, r == -ENOTDIR ? -ENOENT : r);
	}
	for (size_t i = 0; r == 0 && i < l.n; i++) {
		r = read_file(a, root, l.v[i].path, conf);
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}

int systemd_conf_read(
	struct arena *a, const struct root *root, const char *name, struct systemd_conf *ret)
{
	struct systemd_conf conf = {0};
	int r = -ENOENT;

	for (size_t i = 0; r == -ENOENT && i < ARRAY_SIZE(dirs); i++) {
		const char *path = arena_printf(a, "%s/%s.conf", dirs[i], name);
		r = path ? read_file(a, root, path, &conf) : -ENOMEM;
	}
	if (r == -ENOENT)
		r = 0;
	if (r == 0)
		r = read_dropins(a, root, name, &conf);
	if (r == 0)
		*ret = conf;
	return r;
}

const struct systemd_setting *systemd_conf_get(
	const struct systemd_conf *c, const char *section, const char *key)
{
	for (size_t i = c->n; i > 0; i--) {
		const struct systemd_setting *s = &c->v[i - 1];
		if (strcmp(s->section, section) == 0 && strcmp(s->key, key) == 0)
			return *s->value ? s : NULL;
	}
	return NULL;
}
