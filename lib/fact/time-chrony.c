/* SPDX-License-Identifier: ISC */
/* What chrony.conf(5) means, as chronyd 4.3 takes it. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "fact/conf-lines.h"
#include "fact/name-servers.h"
#include "fact/time-servers.h"

enum {
	NAMES_MAX = 1000,
	RULES_MAX = 4000,
};

struct rules {
	struct address_element *v;
	size_t n;
	struct conf_place at; /* of the last that lets somebody in */
};

struct reading {
	struct conf_files files;
	struct conf_lines lines;
	struct rules serve, control;
	struct address_element *listen, *control_listen;
	size_t n_listen, n_control_listen;
	bool off, control_off; /* port 0, cmdport 0 */
};

/* "all" takes back what was said of nets inside of it. */
static void forget_inside(struct rules *rules, const struct net *net, bool everybody)
{
	size_t n = 0;

	for (size_t i = 0; i < rules->n; i++) {
		const struct address_element *e = &rules->v[i];
		bool inside = everybody || (e->kind == ADDRESS_NET && net_contains(net, &e->net));
		if (!inside)
			rules->v[n++] = *e;
	}
	rules->n = n;
}

/* allow, deny, cmdallow, cmddeny [all] [subnet] */
static int add_rule(struct reading *r, struct rules *rules, const struct conf_place *at,
	const char *const *words)
{
	struct address_element e = {.kind = ADDRESS_ANY};
	bool all = words[1] && strcasecmp(words[1], "all") == 0;
	const char *net = words[all ? 2 : 1];

	e.negative = strcasecmp(words[0], "deny") == 0 || strcasecmp(words[0], "cmddeny") == 0;
	if (net) {
		int k = net_parse_short(net, &e.net);
		e.kind = k == 0 || k == -EDOM ? ADDRESS_NET : ADDRESS_UNDECIDED;
		e.text = e.kind == ADDRESS_NET ? NULL : net; /* a host by its name */
	}
	if (rules->n >= RULES_MAX)
		return conf_files_fault(&r->files, at, "more than %d rules", RULES_MAX);
	if (all && e.kind != ADDRESS_UNDECIDED)
		forget_inside(rules, &e.net, e.kind == ADDRESS_ANY);
	struct address_element *slot = arena_grow(r->files.a, &rules->v, rules->n, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = e;
	rules->n++;
	if (!e.negative || !rules->at.path)
		rules->at = *at;
	return 0;
}

/* One address for each family, the last that is given. */
static int set_address(struct reading *r, const char *word, struct address_element **v, size_t *n)
{
	struct address_element e = {.kind = ADDRESS_NET};

	if (!word || net_parse(word, &e.net) < 0)
		return 0; /* the path of a socket */
	if (strcmp(word, "0.0.0.0") == 0 || strcmp(word, "::") == 0)
		e.net.bits = 0;
	for (size_t i = 0; i < *n; i++) {
		if ((*v)[i].net.family == e.net.family) {
			(*v)[i] = e;
			return 0;
		}
	}
	struct address_element *slot = arena_grow(r->files.a, v, *n, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = e;
	(*n)++;
	return 0;
}

struct name {
	const char *dir, *name;
};

struct directories {
	struct reading *r;
	const char *dir;
	struct name *v; /* sorted; of equal names the directory that was given first */
	size_t n;
};

static int each_name(const char *name, void *arg)
{
	struct directories *d = arg;
	size_t len = strlen(name), i = 0;

	if (len < 5 || strcmp(name + len - 5, ".conf") != 0)
		return 0;
	while (i < d->n && strcmp(d->v[i].name, name) < 0)
		i++;
	if (i < d->n && strcmp(d->v[i].name, name) == 0)
		return 0;
	struct name *slot = arena_grow(d->r->files.a, &d->v, d->n, sizeof(*slot));
	const char *copy = arena_strdup(d->r->files.a, name);
	if (!slot || !copy)
		return -ENOMEM;
	memmove(&d->v[i + 1], &d->v[i], (d->n++ - i) * sizeof(*d->v));
	d->v[i] = (struct name){d->dir, copy};
	return 0;
}

/* confdir DIRECTORY... */
static int read_directories(
	struct reading *r, const struct conf_place *at, const char *const *words)
{
	struct directories d = {.r = r};
	int e = 0;

	for (size_t i = 1; e == 0 && words[i] && r->files.root; i++) {
		d.dir = words[i];
		e = root_list(r->files.root, d.dir, NAMES_MAX, each_name, &d);
		if (e == -ENOENT)
			e = 0;
		else if (e < 0 && e != -ENOMEM)
			e = conf_files_fault(&r->files, at, "%s %s", d.dir, fsio_strerror(e));
	}
	for (size_t i = 0; e == 0 && i < d.n; i++) {
		const char *path = arena_printf(r->files.a, "%s/%s", d.v[i].dir, d.v[i].name);
		e = path ? conf_lines_read(&r->lines, path, at, true) : -ENOMEM;
	}
	return e;
}

static int each_line(void *arg, const struct conf_place *at, const char *const *w, size_t n)
{
	struct reading *r = arg;
	static const char *const serve[] = {"allow", "deny"}, *const control[] = {
								      "cmdallow", "cmddeny"};

	for (size_t i = 0; i < ARRAY_SIZE(serve); i++) {
		if (strcasecmp(w[0], serve[i]) == 0)
			return add_rule(r, &r->serve, at, w);
		if (strcasecmp(w[0], control[i]) == 0)
			return add_rule(r, &r->control, at, w);
	}
	if (strcasecmp(w[0], "include") == 0 && n > 1)
		return conf_lines_read(&r->lines, w[1], at, false);
	if (strcasecmp(w[0], "confdir") == 0)
		return read_directories(r, at, w);
	if (strcasecmp(w[0], "bindaddress") == 0)
		return set_address(r, w[1], &r->listen, &r->n_listen);
	if (strcasecmp(w[0], "bindcmdaddress") == 0)
		return set_address(r, w[1], &r->control_listen, &r->n_control_listen);
	if (n > 1 && strcasecmp(w[0], "port") == 0)
		r->off = strcmp(w[1], "0") == 0;
	if (n > 1 && strcasecmp(w[0], "cmdport") == 0)
		r->control_off = strcmp(w[1], "0") == 0;
	return 0;
}

static const struct address_list *sealed(struct reading *r, struct rules *rules)
{
	struct address_list *list = arena_alloc(r->files.a, sizeof(*list));

	if (!list)
		return NULL;
	address_list_sort(rules->v, rules->n);
	*list = (struct address_list){rules->v, rules->n, rules->at.path, rules->at.line};
	return list;
}

/* The addresses that are given, and of a family of which none is, what dflt says. */
static const struct address_list *places(struct reading *r, struct address_element *v, size_t n,
	const struct address_element dflt[static 2])
{
	struct address_list *list = arena_alloc(r->files.a, sizeof(*list));

	for (size_t i = 0; i < 2; i++) {
		bool given = false;
		for (size_t k = 0; k < n; k++)
			given = given || v[k].net.family == dflt[i].net.family;
		struct address_element *slot = given ? NULL
						     : arena_grow(r->files.a, &v, n, sizeof(*slot));
		if (given)
			continue;
		if (!slot)
			return NULL;
		*slot = dflt[i];
		n++;
	}
	if (list)
		*list = (struct address_list){v, n, NULL, 0};
	return list;
}

static int follow(struct reading *r, struct time_server *s)
{
	static const struct address_element any[2] = {
		{.kind = ADDRESS_NET, .net = {.family = AF_INET}},
		{.kind = ADDRESS_NET, .net = {.family = AF_INET6}}};
	static const struct address_element loopback[2] = {
		{.kind = ADDRESS_NET, .net = {AF_INET, 32, {127, 0, 0, 1}}},
		{.kind = ADDRESS_NET, .net = {AF_INET6, 128, {[15] = 1}}}};

	s->limit = "allow";
	s->control_name = "chronyc's commands";
	s->control_limit = "cmdallow";
	s->serve = sealed(r, &r->serve);
	s->control = sealed(r, &r->control);
	s->listen = r->off ? &address_list_none : places(r, r->listen, r->n_listen, any);
	s->control_listen = r->control_off
				    ? &address_list_none
				    : places(r, r->control_listen, r->n_control_listen, loopback);
	return s->serve && s->control && s->listen && s->control_listen ? 0 : -ENOMEM;
}

static void begin(struct reading *r, struct arena *a, const struct root *root)
{
	*r = (struct reading){.files = {.a = a, .root = root},
		.lines = {.files = &r->files, .comments = "!;#%", .each = each_line, .arg = r}};
}

int time_server_chrony(struct arena *a, const struct root *root, struct time_server *ret)
{
	static const char *const programs[] = {
		"/usr/sbin/chronyd", "/usr/local/sbin/chronyd", NULL};
	static const char *const units[] = {"chrony.service", "chronyd.service", NULL};
	static const char *const paths[] = {"/etc/chrony/chrony.conf", "/etc/chrony.conf"};
	struct reading r;

	if (!name_server_installed(root, programs))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct time_server s = {.program = "chrony", .units = units, .path = paths[i]};
		begin(&r, a, root);
		int e = conf_lines_read(&r.lines, paths[i], NULL, false);
		if (e < 0)
			return e;
		if (r.files.absent)
			continue;
		e = follow(&r, &s);
		if (e < 0)
			return e;
		time_server_fault(&s, &r.files);
		*ret = s;
		return 1;
	}
	return 0;
}

int time_server_chrony_text(struct arena *a, char *text, struct time_server *ret)
{
	struct time_server s = {.program = "chrony", .path = "chrony.conf"};
	struct reading r;

	begin(&r, a, NULL);
	int e = conf_lines_parse(&r.lines, s.path, text);
	if (e == 0)
		e = follow(&r, &s);
	if (e < 0)
		return e;
	time_server_fault(&s, &r.files);
	*ret = s;
	return 0;
}
