/* SPDX-License-Identifier: ISC */
#include "fact/pam.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "fact/collectors.h"
#include "fact/pam-stack.h"

enum {
	FILE_BYTES_MAX = 256 * 1024,
	FILES_MAX = 512,   /* in one directory of services */
	VALUE_BYTES = 900, /* of an item, before its digest */
};

/* In the order in which libpam looks: local, then distributions' own. */
static const char *const dirs[] = {
	"/etc/pam.d", "/usr/lib/pam.d", "/usr/share/pam.d", "/usr/etc/pam.d"};

/* Asked for by checks whether they have a file or not. */
static const char *const always[] = {"login", "passwd", "sshd", "su", "sudo"};

/* Many services include the same few files: each is read once. */
struct cached {
	const char *name, *path, *text;
	size_t size;
	int r;
};

struct reader {
	const struct root *root;
	struct arena *arena;
	struct cached *v;
	size_t n;
	const char **names; /* of services */
	size_t n_names;
};

static int read_named(struct reader *rd, const char *name, struct cached *ret)
{
	_cleanup_file_ struct file file = {0};
	const char *path = NULL;
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(dirs) && (r == -ENOENT || r == -ENOTDIR); i++) {
		bool absolute = name[0] == '/';
		path = absolute ? arena_strdup(rd->arena, name)
				: arena_printf(rd->arena, "%s/%s", dirs[i], name);
		if (!path)
			return -ENOMEM;
		r = root_read(rd->root, path, FILE_BYTES_MAX, &file);
		if (absolute)
			break;
	}
	ret->r = r == -ENOTDIR ? -ENOENT : r;
	ret->path = path;
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	char *text = arena_alloc(rd->arena, file.size + 1);
	if (!text)
		return -ENOMEM;
	memcpy(text, file.data, file.size);
	ret->text = text;
	ret->size = file.size;
	return 0;
}

static int load(
	void *arg, const char *name, const char **ret_path, const char **ret_text, size_t *ret_size)
{
	struct reader *rd = arg;
	struct cached *c = NULL;

	for (size_t i = 0; i < rd->n && !c; i++) {
		if (strcmp(rd->v[i].name, name) == 0)
			c = &rd->v[i];
	}
	if (!c) {
		struct cached fresh = {.name = arena_strdup(rd->arena, name)};
		c = arena_grow(rd->arena, &rd->v, rd->n, sizeof(*c));
		if (!c || !fresh.name)
			return -ENOMEM;
		int r = read_named(rd, name, &fresh);
		if (r < 0)
			return r;
		*c = fresh;
		rd->n++;
	}
	*ret_path = c->path;
	if (c->r < 0)
		return c->r;
	*ret_text = c->text;
	*ret_size = c->size;
	return 0;
}

/* What editors and packages leave behind is nobody's service. */
static bool is_leftover(const char *name)
{
	static const char *const ends[] = {"~", ".bak", ".orig", ".rpmsave", ".rpmnew", ".rpmorig",
		".dpkg-old", ".dpkg-new", ".dpkg-dist", ".dpkg-tmp", ".dpkg-bak", ".ucf-old",
		".ucf-new", ".ucf-dist", ".pam-new", ".pam-old"};
	size_t n = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t len = strlen(ends[i]);
		if (n > len && strcmp(name + n - len, ends[i]) == 0)
			return true;
	}
	return name[0] == '.' || name[0] == '#';
}

static int add_name(const char *name, void *arg)
{
	struct reader *rd = arg;

	if (is_leftover(name))
		return 0;
	for (size_t i = 0; i < rd->n_names; i++) {
		if (strcmp(rd->names[i], name) == 0)
			return 0;
	}
	const char **slot = arena_grow(rd->arena, &rd->names, rd->n_names, sizeof(*rd->names));
	if (!slot || !(*slot = arena_strdup(rd->arena, name)))
		return -ENOMEM;
	rd->n_names++;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All services by name. *ret_dirs: how many of the directories there are. */
static int list_services(struct reader *rd, struct fact *f, unsigned *ret_dirs)
{
	*ret_dirs = 0;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		int r = root_list(rd->root, dirs[i], FILES_MAX, add_name, rd);
		if (r == -ENOMEM)
			return r;
		if (r == -ENOENT || r == -ENOTDIR)
			continue;
		if (r < 0)
			fact_fail(f, r, "%s %s", dirs[i], fsio_strerror(r));
		(*ret_dirs)++;
	}
	for (size_t i = 0; *ret_dirs && i < ARRAY_SIZE(always); i++) {
		int r = add_name(always[i], rd);
		if (r < 0)
			return r;
	}
	if (rd->n_names > 1)
		qsort(rd->names, rd->n_names, sizeof(*rd->names), compare_names);
	return 0;
}

/* Files that are made to be included; nobody starts PAM by their names. */
static bool is_fragment(const char *name)
{
	static const char *const names[] = {"system-auth", "password-auth", "postlogin",
		"fingerprint-auth", "smartcard-auth", "other"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return strncmp(name, "common-", strlen("common-")) == 0;
}

static int read_services(struct reader *rd, struct pam *pam)
{
	const struct pam_files files = {load, rd};
	struct pam_service other;
	int r = pam_parse(rd->arena, &files, "other", &other);

	for (size_t i = 0; r >= 0 && i < rd->n_names; i++) {
		struct pam_service *s = &pam->services[pam->n];
		r = pam_parse(rd->arena, &files, rd->names[i], s);
		if (r < 0)
			return r;
		pam->n++;
		if (is_fragment(s->name))
			continue;
		/* Without a file of its own it is what "other" is. */
		if (s->state == FACT_STATE_ABSENT && other.state != FACT_STATE_ABSENT) {
			s->state = FACT_STATE_OK;
			s->reason = NULL;
		}
		if (s->state != FACT_STATE_OK || other.state == FACT_STATE_ABSENT)
			continue;
		/* libpam reads "other" in any case, and gives up when it can't. */
		s->state = other.state;
		s->reason = other.reason;
		if (s->state == FACT_STATE_OK)
			r = pam_add_other(rd->arena, s, &other);
	}
	return r;
}

/* An argument as it may be shown: what could be a secret is only said to be there. */
static const char *shown_arg(struct arena *a, const char *arg)
{
	static const char *const secrets[] = {"pass", "pw", "secret", "token", "key"};
	const char *eq = strchr(arg, '=');

	for (size_t i = 0; eq && i < ARRAY_SIZE(secrets); i++) {
		const char *hit = strcasestr(arg, secrets[i]);
		if (hit && hit < eq)
			return arena_printf(a, "%.*s=(hidden)", (int)(eq - arg), arg);
	}
	return arg;
}

static int add_item(
	struct fact *f, struct arena *a, const struct pam_service *s, enum pam_type type)
{
	const struct pam_line *first = NULL;
	_cleanup_free_ char *value = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&value, &size);

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_lines; i++) {
		const struct pam_line *l = &s->lines[i];
		if (l->type != type)
			continue;
		(void)fprintf(out, "%s%s %s", first ? "; " : "", l->control,
			*l->module ? l->module : "(nothing)");
		for (const char *const *arg = l->args; *arg; arg++) {
			const char *shown = shown_arg(a, *arg);
			(void)fprintf(out, " %s", shown ? shown : "");
		}
		if (!first)
			first = l;
	}
	/* A memory stream fails by ENOMEM only, and tells it when it is closed. */
	if (fclose(out) != 0)
		return -ENOMEM;
	if (!first)
		return 0;
	const char *digest = size > VALUE_BYTES ? text_sha256(a, value, size) : "";
	char *shown = arena_printf(
		a, "%.*s%s%.15s", VALUE_BYTES, value, *digest ? "... " : "", digest);
	char *subject = arena_printf(a, "pam %s %s", s->name, pam_type_name(type));
	if (!shown || !subject)
		return -ENOMEM;
	fact_add_item(f, subject, shown, first->path, first->line);
	return 0;
}

/* Not to see a stack is not that it is gone: the item says why. */
static int add_unread(
	struct fact *f, struct arena *a, const struct pam_service *s, enum pam_type type)
{
	char *subject = arena_printf(a, "pam %s %s", s->name, pam_type_name(type));
	char *value = arena_printf(a, "unreadable: %s", s->reason);

	if (!subject || !value)
		return -ENOMEM;
	fact_add_item(f, subject, value, NULL, 0);
	return 0;
}

/* What the arena a is given is not needed afterwards. */
static int add_items(struct fact *f, struct arena *a, const struct pam *pam)
{
	int r = 0;

	for (size_t i = 0; i < pam->n; i++) {
		const struct pam_service *s = &pam->services[i];
		bool seen = s->state == FACT_STATE_OK || s->state == FACT_STATE_ABSENT;
		for (int t = 0; r >= 0 && t < PAM_TYPE_MAX; t++)
			r = seen ? add_item(f, a, s, (enum pam_type)t)
				 : add_unread(f, a, s, (enum pam_type)t);
	}
	return r;
}

static const char *const *copy_args(struct arena *a, const char *const *args)
{
	size_t n = 0;

	while (args[n])
		n++;
	const char **v = arena_alloc(a, (n + 1) * sizeof(*v));
	for (size_t i = 0; v && i < n; i++)
		v[i] = arena_strdup(a, args[i]);
	return v;
}

/* The strings of one line after another are mostly those of the line before. */
static const char *copy_string(struct arena *a, const char *s, const char *before)
{
	return before && strcmp(s, before) == 0 ? before : arena_strdup(a, s);
}

static void copy_service(struct arena *a, const struct pam_service *s, struct pam_service *ret)
{
	const struct pam_line *before = NULL;

	*ret = *s;
	ret->name = arena_strdup(a, s->name);
	ret->reason = arena_strdup(a, s->reason);
	ret->lines = arena_alloc(a, s->n_lines * sizeof(*ret->lines));
	for (size_t i = 0; ret->lines && i < s->n_lines; before = &ret->lines[i++]) {
		struct pam_line *l = &ret->lines[i];
		*l = s->lines[i];
		l->control = copy_string(a, l->control, before ? before->control : NULL);
		l->module = arena_strdup(a, l->module);
		l->path = copy_string(a, l->path, before ? before->path : NULL);
		l->args = copy_args(a, l->args);
	}
}

/* Keeps the services that are asked for, and not the text and the lines of all the others. */
static struct pam *keep(struct arena *a, const struct pam *pam)
{
	struct pam *kept = arena_alloc(a, sizeof(*kept));
	struct pam_service *v = arena_alloc(a, ARRAY_SIZE(always) * sizeof(*v));

	if (!kept || !v)
		return NULL;
	kept->services = v;
	for (size_t i = 0; i < ARRAY_SIZE(always); i++) {
		const struct pam_service *s = pam_find(pam, always[i]);
		if (s)
			copy_service(a, s, &v[kept->n++]);
	}
	return kept;
}

static int collect_from(struct reader *rd, struct fact *f)
{
	struct pam pam = {0};
	unsigned n_dirs = 0;

	int r = list_services(rd, f, &n_dirs);
	if (r < 0 || f->state != FACT_STATE_OK)
		return r;
	if (n_dirs == 0) {
		struct stat st;
		if (root_stat(rd->root, "/etc/pam.conf", &st) < 0)
			fact_fail(f, -ENOENT, "/etc/pam.d does not exist");
		else
			fact_fail(f, -EBADMSG, "/etc/pam.conf is not followed, only /etc/pam.d is");
		return 0;
	}
	pam.services = arena_alloc(rd->arena, rd->n_names * sizeof(*pam.services));
	r = pam.services ? read_services(rd, &pam) : -ENOMEM;
	if (r >= 0)
		r = add_items(f, rd->arena, &pam);
	if (r >= 0)
		f->u.pam = keep(f->arena, &pam);
	return r;
}

static int pam_collect(const struct collect *c, struct fact *f)
{
	struct reader rd = {.root = c->root, .arena = arena_new()};

	int r = rd.arena ? collect_from(&rd, f) : -ENOMEM;
	if (r >= 0 && arena_failed(rd.arena))
		r = -ENOMEM;
	arena_free(rd.arena);
	return r;
}

const struct collector collector_pam = {
	.id = FACT_PAM,
	.name = "pam",
	.collect = pam_collect,
};
