/* SPDX-License-Identifier: ISC */
/* Whose sockets are: by control group the unit, by /proc the program, by its path the package. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fact/listeners-internal.h"
#include "fact/package-owner.h"
#include "fact/socket-search.h"
#include "fact/units.h"

enum {
	GROUPS_MAX = 8192, /* control groups of one directory */
	DEPTH_MAX = 12,
	PROGRAMS_MAX = 1024, /* that are told from each other */
};

#define CGROUP_ROOT "/sys/fs/cgroup"

/* A control group: its id is the inode of its directory. */
struct group {
	uint64_t id;
	const char *dir, *unit;
	bool searched;
};

struct owning {
	const struct collect *c;
	struct root root; /* nothing there makes events */
	struct arena *a, *tmp;
	struct listener_sockets *s;
	const struct listeners *before;
	bool same_packages;
	struct group *groups;
	size_t n_groups;
	const char *dir, *unit; /* of the directory that is being listed */
	unsigned depth;
	struct listener_program **programs;
	size_t n_programs;
};

/* ---- units ---- */

static bool ends_in(const char *s, const char *suffix)
{
	size_t len = strlen(s), n = strlen(suffix);

	return len > n && strcmp(s + len - n, suffix) == 0;
}

static int list_groups(struct owning *o, const char *dir, const char *unit);

static int each_group(const char *name, unsigned char type, void *arg)
{
	struct owning *o = arg;
	struct stat st;

	if (type != DT_DIR)
		return 0;
	/* The outermost is the machine's own unit; what it makes below is its own affair. */
	const char *unit = o->unit;
	if (!unit &&
		(ends_in(name, ".service") || ends_in(name, ".scope") || ends_in(name, ".socket")))
		unit = arena_strdup(o->a, name);
	char *path = arena_printf(o->tmp, "%s/%s", o->dir, name);
	if (!path || arena_failed(o->a))
		return -ENOMEM;
	int r = root_stat(&o->root, path, &st);
	if (r < 0)
		return r == -ENOMEM ? r : 0; /* it ended meanwhile */
	struct group *g = arena_grow(o->tmp, &o->groups, o->n_groups, sizeof(*g));
	if (!g)
		return -ENOMEM;
	*g = (struct group){.id = st.st_ino, .dir = path, .unit = unit};
	o->n_groups++;
	return list_groups(o, path, unit);
}

static int list_groups(struct owning *o, const char *dir, const char *unit)
{
	const char *dir_before = o->dir, *unit_before = o->unit;

	if (o->depth == DEPTH_MAX)
		return 0;
	o->dir = dir;
	o->unit = unit;
	o->depth++;
	int r = root_list_types(&o->root, dir, GROUPS_MAX, each_group, o);
	o->depth--;
	o->dir = dir_before;
	o->unit = unit_before;
	/* Without the unified hierarchy units are not known, and that is said of each socket. */
	return r == -ENOMEM ? r : 0;
}

static int group_compare(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static struct group *find_group(const struct owning *o, uint64_t id)
{
	const struct group key = {.id = id};

	return id != 0 && o->n_groups > 0
		       ? bsearch(&key, o->groups, o->n_groups, sizeof(*o->groups), group_compare)
		       : NULL;
}

/* The socket unit that has systemd wait on this port, or NULL. */
static const char *find_socket_unit(const struct units *u, const struct listener *l)
{
	bool stream = l->protocol == LISTENER_TCP || l->protocol == LISTENER_SCTP;
	char port[16];

	(void)snprintf(port, sizeof(port), "%u", l->port);
	for (size_t i = 0; i < u->n; i++) {
		for (size_t k = 0; k < u->v[i].n_settings; k++) {
			const struct unit_setting *x = &u->v[i].settings[k];
			const char *colon = strrchr(x->value, ':');
			if (strcmp(x->key, stream ? "ListenStream" : "ListenDatagram") == 0 &&
				strcmp(colon ? colon + 1 : x->value, port) == 0)
				return u->v[i].name;
		}
	}
	return NULL;
}

/* ---- what is known from before ---- */

static int known_compare(const void *a, const void *b)
{
	const struct listener_known *x = a, *y = b;

	return (x->cookie > y->cookie) - (x->cookie < y->cookie);
}

static const struct listener_known *find_known(const struct listeners *before, uint64_t cookie)
{
	const struct listener_known key = {.cookie = cookie};

	return before && before->n_known > 0
		       ? bsearch(&key, before->known, before->n_known, sizeof(key), known_compare)
		       : NULL;
}

/* The program of this name, one for all of its sockets. */
static int intern(
	struct owning *o, const struct listener_program *p, const struct listener_program **ret)
{
	for (size_t i = o->n_programs; i > 0; i--) {
		struct listener_program *have = o->programs[i - 1];
		if (strcmp(have->exe, p->exe) == 0 && strcmp(have->command, p->command) == 0) {
			*ret = have;
			return 0;
		}
		if (o->n_programs - i > PROGRAMS_MAX)
			break;
	}
	struct listener_program **slot = arena_grow(
		o->tmp, &o->programs, o->n_programs, sizeof(struct listener_program *));
	struct listener_program *fresh = arena_alloc(o->a, sizeof(*fresh));
	if (!slot || !fresh)
		return -ENOMEM;
	*fresh = (struct listener_program){
		.exe = arena_strdup(o->a, p->exe),
		.command = arena_strdup(o->a, p->command),
	};
	if (arena_failed(o->a))
		return -ENOMEM;
	*slot = fresh;
	o->n_programs++;
	*ret = fresh;
	return 0;
}

static int pid_compare(const void *a, const void *b)
{
	const struct listener_socket *x = *(struct listener_socket *const *)a;
	const struct listener_socket *y = *(struct listener_socket *const *)b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int ask_program(struct owning *o, pid_t pid, const struct listener_program **ret)
{
	struct listener_program p = {0};

	*ret = NULL;
	int r = socket_search_program(&o->root, o->tmp, pid, &p.exe, &p.command);
	if (r < 0)
		return r == -ENOMEM ? r : 0; /* it is gone, or may not be asked */
	return intern(o, &p, ret);
}

/* What the processes run now, each asked once: a process's sockets lie scattered in the list. */
static int ask_programs(struct owning *o)
{
	struct listener_socket **v = arena_alloc(o->tmp, (o->s->n + 1) * sizeof(*v));
	const struct listener_program *last = NULL;
	size_t n = 0;
	int r = 0;

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < o->s->n; i++) {
		if (o->s->v[i].pid > 0 && !o->s->v[i].l.program)
			v[n++] = &o->s->v[i];
	}
	if (n > 1)
		qsort(v, n, sizeof(struct listener_socket *), pid_compare);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (i == 0 || v[i]->pid != v[i - 1]->pid)
			r = ask_program(o, v[i]->pid, &last);
		v[i]->l.program = last;
	}
	return r;
}

/* Takes over what was known of the sockets whose processes still run the same program. */
static int recall_all(struct owning *o)
{
	for (size_t i = 0; i < o->s->n; i++) {
		struct listener_socket *x = &o->s->v[i];
		const struct listener_known *k = find_known(o->before, x->cookie);
		if (!k)
			continue;
		x->was = &o->before->v[k->index];
		x->pid = k->pid;
		x->searched = true;
		/* Neighbours are mostly of one unit: one copy for all of them. */
		const char *unit = x->was->unit, *near = i > 0 ? x[-1].l.unit : NULL;
		bool same = unit && near && strcmp(near, unit) == 0;
		x->l.unit = same ? near : arena_strdup(o->a, unit);
	}
	int r = arena_failed(o->a) ? -ENOMEM : ask_programs(o);
	for (size_t i = 0; r == 0 && i < o->s->n; i++) {
		struct listener_socket *x = &o->s->v[i];
		if (!x->searched || x->pid == 0 ||
			(x->l.program && strcmp(x->l.program->exe, x->was->program->exe) == 0))
			continue;
		x->searched = false;
		x->pid = 0;
		x->l.program = NULL;
	}
	return r;
}

/* ---- new ones ---- */

static int search_groups(struct owning *o, struct socket_search *search)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->s->n; i++) {
		struct listener_socket *x = &o->s->v[i];
		struct group *g = x->searched ? NULL : find_group(o, x->group);
		if (!g)
			continue;
		x->l.unit = g->unit;
		if (!g->searched && x->inode != 0)
			r = socket_search_group(search, g->dir);
		g->searched = g->searched || x->inode != 0;
	}
	return r;
}

/* Systemd's own are those of a socket unit. */
static int name_socket_unit(struct owning *o, const struct units *u, struct listener_socket *x)
{
	if (!u || !x->l.unit || strcmp(x->l.unit, "init.scope") != 0)
		return 0;
	const char *unit = find_socket_unit(u, &x->l);
	const char *copy = arena_strdup(o->a, unit);
	if (unit && !copy)
		return -ENOMEM;
	x->l.unit = unit ? copy : x->l.unit;
	return 0;
}

static int name_new(struct owning *o, struct socket_search *search)
{
	const struct fact *f = factset_get(o->c->facts, FACT_UNITS);
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->s->n; i++) {
		struct listener_socket *x = &o->s->v[i];
		if (x->searched)
			continue;
		x->pid = socket_search_find(search, x->inode);
		r = name_socket_unit(o, f ? f->u.units : NULL, x);
	}
	if (r == 0)
		r = ask_programs(o);
	/* Gone since: not known. */
	for (size_t i = 0; i < o->s->n; i++) {
		if (!o->s->v[i].l.program)
			o->s->v[i].pid = 0;
	}
	return r;
}

/* Whether one is left that is worth a look at every process: passing ones come by the dozen. */
static bool is_wanting(const struct owning *o, const struct socket_search *search)
{
	for (size_t i = 0; i < o->s->n; i++) {
		const struct listener_socket *x = &o->s->v[i];
		if (!x->searched && x->inode != 0 && !x->l.passing &&
			socket_search_find(search, x->inode) == 0)
			return true;
	}
	return false;
}

static int search(struct owning *o)
{
	struct socket_search search;
	size_t n = 0;
	bool fresh = false;

	struct socket_wanted *wanted = arena_alloc(o->tmp, (o->s->n + 1) * sizeof(*wanted));
	if (!wanted)
		return -ENOMEM;
	for (size_t i = 0; i < o->s->n; i++) {
		fresh = fresh || !o->s->v[i].searched;
		if (!o->s->v[i].searched && o->s->v[i].inode != 0)
			wanted[n++].inode = o->s->v[i].inode;
	}
	if (!fresh)
		return 0;
	int r = list_groups(o, CGROUP_ROOT, NULL);
	if (o->n_groups > 1)
		qsort(o->groups, o->n_groups, sizeof(*o->groups), group_compare);
	socket_search_init(&search, &o->root, wanted, n);
	if (r == 0)
		r = search_groups(o, &search);
	if (r == 0 && is_wanting(o, &search))
		r = socket_search_all(&search);
	return r < 0 ? r : name_new(o, &search);
}

/* ---- packages ---- */

/* Of programs that were known when the lists of files were the same, it is known already. */
static int recall_packages(struct owning *o, struct package_owner *v, bool *known)
{
	for (size_t i = 0; o->same_packages && i < o->before->n; i++) {
		const struct listener_program *was = o->before->v[i].program;
		if (!was || (i > 0 && was == o->before->v[i - 1].program))
			continue;
		for (size_t k = 0; k < o->n_programs; k++) {
			if (known[k] || strcmp(v[k].path, was->exe) != 0)
				continue;
			known[k] = true;
			o->programs[k]->package = arena_strdup(o->a, was->package);
			if (was->package && !o->programs[k]->package)
				return -ENOMEM;
		}
	}
	return 0;
}

static int find_packages(struct owning *o)
{
	struct package_owner *v = arena_alloc(o->tmp, (o->n_programs + 1) * sizeof(*v));
	bool *known = arena_alloc(o->tmp, o->n_programs + 1);
	size_t n = 0;

	if (!v || !known)
		return -ENOMEM;
	for (size_t i = 0; i < o->n_programs; i++)
		v[i].path = o->programs[i]->exe;
	int r = recall_packages(o, v, known);
	if (r < 0)
		return r;
	for (size_t i = 0; i < o->n_programs; i++) {
		if (!known[i])
			v[n++].path = o->programs[i]->exe;
	}
	r = n > 0 ? package_owners(&o->root, o->a, v, n) : 0;
	n = 0;
	for (size_t i = 0; i < o->n_programs; i++) {
		if (!known[i])
			o->programs[i]->package = v[n++].package;
	}
	return r;
}

int listeners_own(const struct collect *c, struct arena *a, const struct listeners *before,
	struct listener_sockets *s, const char **ret_owners)
{
	char signature[STAT_SIGNATURE_MAX];
	struct owning o = {
		.c = c, .root = *c->root, .a = a, .tmp = s->tmp, .s = s, .before = before};

	o.root.deps = NULL;
	const char *owners = arena_strdup(a, package_owner_signature(&o.root, signature));
	if (!owners)
		return -ENOMEM;
	o.same_packages = before && strcmp(before->owners, owners) == 0;
	int r = recall_all(&o);
	if (r == 0)
		r = search(&o);
	if (r == 0)
		r = find_packages(&o);
	if (r < 0)
		return r;
	*ret_owners = owners;
	return 0;
}
