/* SPDX-License-Identifier: ISC */
#include "fact/security-groups.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "conf/policy.h"
#include "fact/collectors.h"

enum {
	EXPORT_MAX = 16 << 20,
	EXPORTS_MAX = 1024,
	SUBJECT_MAX = 320,
};

struct reading {
	const struct collect *c;
	struct arena *a;
	struct security_groups *s;
	struct group_export *exports;
};

static struct group_export *add_export(struct reading *rd, const char *path)
{
	struct group_export *x = arena_grow(rd->a, &rd->exports, rd->s->n_exports, sizeof(*x));

	if (!x)
		return NULL;
	*x = (struct group_export){.path = arena_strdup(rd->a, path)};
	rd->s->n_exports++;
	return x->path ? x : NULL;
}

static int read_export(struct reading *rd, const char *path)
{
	_cleanup_file_ struct file file = {0};
	struct group_export *x = add_export(rd, path);

	if (!x)
		return -ENOMEM;
	int r = root_read(rd->c->root, path, EXPORT_MAX, &file);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		x->fault = fsio_strerror(r);
		return 0;
	}
	x->realtime_usec = timespec_usec(file.st.st_mtim);
	r = groups_read(&rd->s->groups, path, file.data, file.size, &x->line, &x->fault);
	return r == -EBADMSG ? 0 : r;
}

static bool is_read(const struct reading *rd, const char *path)
{
	for (size_t i = 0; i < rd->s->n_exports; i++) {
		if (strcmp(rd->exports[i].path, path) == 0)
			return true;
	}
	return false;
}

/* The files that a place of the policy names. A pattern may name none; a file must be there. */
static int read_place(struct reading *rd, const char *place)
{
	char **paths = NULL;
	size_t n = 0;

	if (!strpbrk(place, "*?["))
		return is_read(rd, place) ? 0 : read_export(rd, place);
	int r = root_glob(rd->c->root, rd->a, place, EXPORTS_MAX, &paths, &n);
	if (r < 0 && r != -ENOMEM && r != -ENOENT) {
		struct group_export *x = add_export(rd, place);
		if (!x)
			return -ENOMEM;
		x->fault = fsio_strerror(r);
	}
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = is_read(rd, paths[i]) ? 0 : read_export(rd, paths[i]);
	return r;
}

static int read_places(struct reading *rd)
{
	const char *const *places = policy_list(rd->c->policy, "security-group", "files");
	size_t n = 0;
	int r = 0;

	while (places[n])
		n++;
	const char **copy = arena_alloc(rd->a, (n + 1) * sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++) {
		copy[i] = arena_strdup(rd->a, places[i]);
		r = copy[i] ? read_place(rd, places[i]) : -ENOMEM;
	}
	rd->s->places = copy;
	return r;
}

static void add_items(struct fact *f, const struct security_groups *s)
{
	bool faults = false;

	for (size_t i = 0; i < s->groups.n_rules; i++) {
		const struct group_rule *x = &s->groups.rules[i];
		char subject[SUBJECT_MAX];
		(void)snprintf(subject, sizeof(subject), "security-group %s rule %s",
			x->group->name, x->id);
		fact_add_item(f, subject, x->what, x->path, 0);
	}
	for (size_t i = 0; i < s->n_exports; i++)
		faults = faults || s->exports[i].fault;
	if (faults) /* which rules it would tell, nobody knows */
		fact_add_unseen(f, "security-group *");
}

static int security_groups_collect(const struct collect *c, struct fact *f)
{
	struct security_groups *s = arena_alloc(f->arena, sizeof(*s));
	struct reading rd = {.c = c, .a = f->arena, .s = s};

	if (!s)
		return -ENOMEM;
	s->groups.arena = f->arena;
	int r = read_places(&rd);
	if (r == 0)
		r = groups_finish(&s->groups);
	if (r < 0)
		return r;
	s->exports = rd.exports;
	f->u.security_groups = s;
	add_items(f, s);
	return 0;
}

const struct collector collector_security_groups = {
	.id = FACT_SECURITY_GROUPS,
	.name = "security-groups",
	.collect = security_groups_collect,
};
