/* SPDX-License-Identifier: ISC */
#include "fact/sudo.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "fact/collectors.h"
#include "fact/sudo-ask.h"
#include "fact/sudo-conf.h"
#include "fact/sudo-disk.h"
#include "fact/sudo-grant.h"

enum {
	NAME_MAX_SIZE = 4096, /* of a file that holds a host's name */
	VALUE_MAX = 1000,     /* of an item: what is longer begins with a hash of the whole */
};

/* First word of the file that is no comment; *ret stays as it is when there is none. */
static int read_name(const struct root *root, struct arena *a, const char *path, char **ret)
{
	_cleanup_file_ struct file file = {0};

	int r = root_read(root, path, NAME_MAX_SIZE, &file);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (const char *p = file.data; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		p += strspn(p, " \t");
		size_t n = strcspn(p, " \t\r\n");
		if (n == 0 || *p == '#')
			continue;
		char *name = arena_strndup(a, p, n);
		if (!name)
			return -ENOMEM;
		*ret = name;
		return 0;
	}
	return 0;
}

/* The kernel's name when this machine is it, else the one that it will start with. */
static int get_host(const struct root *root, struct arena *a, struct sudo_host *ret)
{
	struct root unwatched = {.fd = root->fd, .live = root->live}; /* /proc tells no changes */
	struct sudo_host host = {0};
	char *name = NULL;

	int r = read_name(root, a, "/etc/hostname", &name);
	if (r == 0 && root->live)
		r = read_name(&unwatched, a, "/proc/sys/kernel/hostname", &name);
	if (r < 0)
		return r;
	if (name) {
		host.name = name;
		host.short_name = arena_strndup(a, name, strcspn(name, "."));
		if (!host.short_name)
			return -ENOMEM;
	}
	*ret = host;
	return 0;
}

/* What one member is granted: a part of an item's value. */
struct part {
	const char *who, *text, *path;
	unsigned line;
	size_t order;
};

static int part_compare(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	int r = strcmp(x->who, y->who);

	if (r == 0)
		r = strcmp(x->text, y->text);
	return r ? r : (x->order > y->order) - (x->order < y->order);
}

/* A value too long to be shown whole still changes with any part of it. */
static const char *bounded(struct arena *a, char *value)
{
	size_t n = strlen(value);
	const char *shown = text_escape(a, value, n, VALUE_MAX + 1);

	if (!shown || strlen(shown) <= VALUE_MAX)
		return shown ? value : NULL;
	const char *sum = text_sha256(a, value, n);
	return sum ? arena_printf(a, "%s %s", sum, value) : NULL;
}

/* The parts from v on that are of one member; adds their item. How many. */
static size_t add_item(struct fact *f, struct arena *scratch, const struct part *v, size_t n)
{
	size_t same = 0, room = 1;
	const struct part *first = v;

	for (; same < n && strcmp(v[same].who, v->who) == 0; same++) {
		room += strlen(v[same].text) + 2;
		if (v[same].order < first->order)
			first = &v[same];
	}
	char *value = arena_alloc(scratch, room), *w = value;
	for (size_t i = 0; value && i < same; i++) {
		if (i > 0 && strcmp(v[i].text, v[i - 1].text) == 0)
			continue;
		w = stpcpy(w, i > 0 ? "; " : "");
		w = stpcpy(w, v[i].text);
	}
	const char *subject = arena_printf(scratch, "sudo %s", v->who);
	const char *text = value ? bounded(scratch, value) : NULL;
	if (subject && text)
		fact_add_item(f, subject, text, first->path, first->line);
	return same;
}

static int add_items(struct fact *f, struct arena *scratch, struct part *v, size_t n)
{
	if (n > 1)
		qsort(v, n, sizeof(*v), part_compare);
	for (size_t i = 0; i < n;)
		i += add_item(f, scratch, v + i, n - i);
	return arena_failed(scratch) ? -ENOMEM : 0;
}

static int add_grant_items(struct fact *f, struct arena *scratch, const struct sudo *s)
{
	struct part *parts = NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->n_grants; i++) {
		const struct sudo_grant *g = &s->grants[i];
		for (size_t k = 0; k < g->users.n; k++) {
			struct part *slot = arena_grow(scratch, &parts, n, sizeof(*slot));
			if (!slot)
				return -ENOMEM;
			*slot = (struct part){.who = sudo_member_text(scratch, &g->users.v[k]),
				.text = g->text,
				.path = g->path,
				.line = g->line,
				.order = n++};
			if (!slot->who)
				return -ENOMEM;
		}
	}
	return add_items(f, scratch, parts, n);
}

/* Defaults change what a grant is worth: one item for all that are bound to the same. */
static int add_default_items(struct fact *f, struct arena *scratch, const struct sudo_tree *t)
{
	static const char *const marks[] = {
		[SUDO_SCOPE_ALL] = "",
		[SUDO_SCOPE_USER] = ":",
		[SUDO_SCOPE_RUNAS] = ">",
		[SUDO_SCOPE_HOST] = "@",
		[SUDO_SCOPE_COMMAND] = "!",
	};
	struct part *parts = arena_alloc(scratch, t->n_defaults * sizeof(*parts));

	if (!parts)
		return -ENOMEM;
	for (size_t i = 0; i < t->n_defaults; i++) {
		const struct sudo_default *d = &t->defaults[i];
		const char *binding = sudo_members_text(scratch, &d->binding);
		const char *op = d->op == '+' ? "+=" : d->op == '-' ? "-=" : "=";
		parts[i] = (struct part){.path = d->path, .line = d->line, .order = i};
		parts[i].who = binding ? arena_printf(
						 scratch, "Defaults%s%s", marks[d->scope], binding)
				       : NULL;
		parts[i].text = arena_printf(scratch, "%s%s%s%s", d->op == '!' ? "!" : "", d->name,
			d->value ? op : "", d->value ? d->value : "");
		if (!parts[i].who || !parts[i].text)
			return -ENOMEM;
	}
	return add_items(f, scratch, parts, t->n_defaults);
}

static int copy_defects(struct arena *a, const struct sudo_tree *t, struct sudo *s)
{
	s->defects = arena_alloc(a, t->n_defects * sizeof(*s->defects));
	for (size_t i = 0; s->defects && i < t->n_defects; i++) {
		const struct sudo_defect *d = &t->defects[i];
		s->defects[i] = (struct sudo_defect){.path = arena_strdup(a, d->path),
			.line = d->line,
			.what = arena_strdup(a, d->what)};
	}
	s->n_defects = t->n_defects;
	return arena_failed(a) ? -ENOMEM : 0;
}

/* All that follows from the tree. */
static int conclude(const struct collect *c, struct fact *f, const struct sudo_tree *t,
	const struct sudo_host *host, struct sudo *s)
{
	const struct fact *accounts = factset_get(c->facts, FACT_ACCOUNTS);
	bool known = accounts && accounts->state == FACT_STATE_OK;
	struct sudo_settings settings;

	int r = sudo_settings(t, host, &settings);
	if (r == 0)
		r = sudo_grants(t, host, (int64_t)(c->realtime_usec / USEC_PER_SEC), f->arena, s);
	if (r == 0)
		r = sudo_rights(&settings, known ? accounts->u.accounts : NULL, c->root, f->arena,
			t->arena, s);
	if (r == 0)
		r = copy_defects(f->arena, t, s);
	if (r == 0)
		r = add_grant_items(f, t->arena, s);
	return r == 0 ? add_default_items(f, t->arena, t) : r;
}

static int read_tree(const struct collect *c, struct sudo_tree *own, const struct sudo_host *host,
	struct sudo *s, struct sudo_tree *ret)
{
	struct sudo_disk disk;

	sudo_disk_init(&disk, c->root, own, host->short_name ? host->short_name : "");
	int r = sudo_tree_parse(own, &disk.files, s->path);
	/* Where the distribution keeps its own and /etc is the administrator's. */
	if (r == -ENOENT && strcmp(s->path, "/etc/sudoers") == 0) {
		s->path = "/usr/etc/sudoers";
		r = sudo_tree_parse(own, &disk.files, s->path);
		if (r == -ENOENT)
			s->path = "/etc/sudoers";
	}
	return r < 0 ? r : sudo_ask(c, &disk, s->path, own, ret, &s->reader);
}

static int sudo_collect(const struct collect *c, struct fact *f)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct sudo *s = arena_alloc(f->arena, sizeof(*s));
	struct sudo_tree own, tree;
	struct sudo_host host;
	const char *file = NULL;

	if (!scratch || !s)
		return -ENOMEM;
	int r = sudo_conf(c->root, f->arena, s, &file);
	if (r < 0 && r != -ENOMEM) {
		fact_fail(f, r, "%s %s", file, fsio_strerror(r));
		return 0;
	}
	if (r == 0)
		r = get_host(c->root, scratch, &host);
	if (r < 0)
		return r;
	sudo_tree_init(&own, scratch);
	r = read_tree(c, &own, &host, s, &tree);
	if (r == 0)
		r = conclude(c, f, &tree, &host, s);
	if (r < 0 && r != -ENOMEM)
		fact_fail(f, r, "%s %s", s->path,
			r == -EFBIG ? "grants more than can be examined, or is too large"
				    : fsio_strerror(r));
	if (r == 0)
		f->u.sudo = s;
	return r == -ENOMEM ? r : 0;
}

const struct collector collector_sudo = {
	.id = FACT_SUDO,
	.name = "sudo",
	.needs = FACT_BIT(FACT_ACCOUNTS),
	.collect = sudo_collect,
};
