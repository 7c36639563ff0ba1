/* SPDX-License-Identifier: ISC */
/* What BIND's configuration means, as its named 9.18 takes it (bin/named/server.c). */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "fact/bind-conf.h"
#include "fact/name-servers.h"

enum {
	DEPTH_MAX = 16,
};

struct acl {
	const char *name;
	const struct bind_statement *at;
	const struct address_list *list; /* NULL until it was read */
	bool reading;
	struct acl *next;
};

struct reading {
	struct arena *a;
	struct conf_files files;
	const struct bind_statement *top, *options;
	struct acl *acls;
	unsigned depth;
};

static int read_list(struct reading *r, const struct bind_node *block, const struct conf_place *at,
	const struct address_list **ret);

/* An acl by its name, read when it is used first. */
static int named_acl(struct reading *r, const char *name, const struct conf_place *at,
	const struct address_list **ret)
{
	struct acl *acl = r->acls;

	while (acl && strcasecmp(acl->name, name) != 0)
		acl = acl->next;
	if (!acl || acl->reading) {
		*ret = &address_list_none;
		return conf_files_fault(&r->files, at,
			acl ? "the acl %s is part of itself" : "there is no acl %s", name);
	}
	if (!acl->list) {
		acl->reading = true;
		int e = read_list(r, bind_block(acl->at), &acl->at->at, &acl->list);
		acl->reading = false;
		if (e < 0)
			return e;
	}
	*ret = acl->list;
	return 0;
}

/* A word as an element: a net, one of the names that BIND brings, or an acl. */
static int word_element(
	struct reading *r, const char *word, const struct conf_place *at, struct address_element *e)
{
	static const struct {
		const char *name;
		enum address_kind kind;
	} names[] = {{"any", ADDRESS_ANY}, {"localhost", ADDRESS_LOCALHOST},
		{"localnets", ADDRESS_LOCALNETS}, {"key", ADDRESS_NEVER},
		{"geoip", ADDRESS_UNDECIDED}};
	char plain[64];
	size_t zone = strcspn(word, "%");

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcasecmp(word, names[i].name) == 0) {
			e->kind = names[i].kind;
			return 0;
		}
	}
	if (strcasecmp(word, "none") == 0) {
		e->kind = ADDRESS_ANY;
		e->negative = !e->negative;
		return 0;
	}
	if (zone < sizeof(plain)) { /* fe80::1%eth0 */
		memcpy(plain, word, zone);
		plain[zone] = '\0';
		int n = net_parse_short(plain, &e->net);
		if (n == 0 || n == -EDOM) {
			e->kind = ADDRESS_NET;
			return 0;
		}
	}
	e->kind = ADDRESS_LIST;
	e->text = word;
	return named_acl(r, word, at, &e->list);
}

static int read_element(
	struct reading *r, const struct bind_statement *s, struct address_element *e)
{
	const struct bind_node *n = s->first;

	while (n && n->text && !n->string && strcmp(n->text, "!") == 0) {
		e->negative = !e->negative;
		n = n->next;
	}
	if (!n)
		return conf_files_fault(&r->files, &s->at, "\"!\" stands before nothing");
	if (n->text)
		return word_element(r, n->text, &s->at, e);
	e->kind = ADDRESS_LIST;
	return read_list(r, n, &s->at, &e->list);
}

static bool is_same(const struct address_element *a, const struct address_element *b)
{
	bool all_a = a->kind == ADDRESS_ANY || (a->kind == ADDRESS_NET && a->net.bits == 0);
	bool all_b = b->kind == ADDRESS_ANY || (b->kind == ADDRESS_NET && b->net.bits == 0);

	if (all_a && all_b)
		return a->kind == ADDRESS_ANY || b->kind == ADDRESS_ANY ||
		       a->net.family == b->net.family;
	return a->kind == ADDRESS_NET && b->kind == ADDRESS_NET &&
	       memcmp(&a->net, &b->net, sizeof(a->net)) == 0;
}

/* Whether a net of the one stands in the other as well. */
static bool share_net(const struct address_element *a, const struct address_element *b)
{
	if (a->kind == ADDRESS_LIST || b->kind == ADDRESS_LIST) {
		const struct address_element *list = a->kind == ADDRESS_LIST ? a : b;
		const struct address_element *other = list == a ? b : a;
		for (size_t i = 0; i < list->list->n; i++) {
			if (share_net(&list->list->v[i], other))
				return true;
		}
		return false;
	}
	return is_same(a, b);
}

/*
 * named puts a list in a list into the outer one's tree of prefixes. A negated
 * list so takes back a net that stood before it (dns_iptable_merge()), against
 * the rule that the first match decides. Nobody means that: it is not followed.
 */
static int refuse_repeated(
	struct reading *r, const struct address_element *v, size_t n, const struct conf_place *at)
{
	const struct address_element *last = &v[n - 1];

	for (size_t i = 0; last->negative && last->kind == ADDRESS_LIST && i + 1 < n; i++) {
		if (share_net(&v[i], last))
			return conf_files_fault(&r->files, at,
				"a negated list repeats a net that stands before it: whether named "
				"takes that back is not decided here");
	}
	return 0;
}

static int read_list(struct reading *r, const struct bind_node *block, const struct conf_place *at,
	const struct address_list **ret)
{
	struct address_list *list = arena_alloc(r->a, sizeof(*list));
	struct address_element *v = NULL;

	if (!list)
		return -ENOMEM;
	*ret = &address_list_none;
	if (!block || r->depth >= DEPTH_MAX)
		return conf_files_fault(&r->files, at,
			block ? "lists stand too deeply in each other"
			      : "a list in {...} is missing");
	r->depth++;
	for (const struct bind_statement *s = block->block; s; s = s->next) {
		struct address_element *e = arena_grow(r->a, &v, list->n, sizeof(*e));
		int k = e ? read_element(r, s, e) : -ENOMEM;
		if (k == 0)
			k = refuse_repeated(r, v, list->n + 1, &s->at);
		if (k < 0)
			return k;
		list->n++;
	}
	r->depth--;
	list->v = v;
	list->path = at->path;
	list->line = at->line;
	*ret = list;
	return 0;
}

/* The statement in the first of the blocks that has it; NULL in none. */
static const struct bind_statement *find_first(
	const struct bind_statement *const blocks[], const char *word)
{
	const struct bind_statement *s = NULL;

	for (size_t i = 0; blocks[i] && !s; i++)
		s = bind_find(blocks[i], word);
	return s;
}

/* The list of a setting in the first of the blocks that has it; NULL in none. */
static int setting(struct reading *r, const struct bind_statement *const blocks[], const char *word,
	const struct address_list **ret)
{
	const struct bind_statement *s = find_first(blocks, word);

	*ret = NULL;
	return s ? read_list(r, bind_block(s), &s->at, ret) : 0;
}

/* All statements of the word, each for itself: who is in one of them. NULL: there is none. */
static int settings(struct reading *r, const struct bind_statement *block, const char *word,
	const struct address_list **ret)
{
	struct address_element *v = NULL;
	struct address_list *list = NULL;

	*ret = NULL;
	for (const struct bind_statement *s = block; s; s = s->next) {
		const char *first = bind_word(s, 0);
		if (!first || strcasecmp(first, word) != 0)
			continue;
		if (!list && !(list = arena_alloc(r->a, sizeof(*list))))
			return -ENOMEM;
		if (list->n == 0)
			*list = (struct address_list){.path = s->at.path, .line = s->at.line};
		struct address_element *e = arena_grow(r->a, &v, list->n, sizeof(*e));
		if (!e)
			return -ENOMEM;
		e->kind = ADDRESS_LIST;
		int k = read_list(r, bind_block(s), &s->at, &e->list);
		if (k < 0)
			return k;
		list->n++;
		list->v = v;
	}
	*ret = list;
	return 0;
}

static const struct bind_statement *block_of(const struct bind_statement *s)
{
	const struct bind_node *n = s ? bind_block(s) : NULL;

	return n ? n->block : NULL;
}

static bool says_no(const char *word)
{
	static const char *const no[] = {"no", "false", "0"};

	for (size_t i = 0; word && i < ARRAY_SIZE(no); i++) {
		if (strcasecmp(word, no[i]) == 0)
			return true;
	}
	return false;
}

/* Whether a zone holds no answers of its own: it says where to ask. */
static bool is_elsewhere(const struct bind_statement *zone)
{
	const struct bind_statement *s = bind_find(zone, "type");
	const char *type = s ? bind_word(s, 1) : NULL;

	return type && (strcasecmp(type, "hint") == 0 || strcasecmp(type, "forward") == 0);
}

/* Lists of zones that say for themselves who may ask; whether others do not. */
static int zone_lists(struct reading *r, const struct bind_statement *block,
	struct address_list *list, bool *ret_others)
{
	struct address_element *v = (struct address_element *)list->v;

	for (const struct bind_statement *s = block; s; s = s->next) {
		const char *first = bind_word(s, 0);
		const struct bind_statement *own[] = {block_of(s), NULL};
		const struct address_list *query = NULL;
		if (!first || strcasecmp(first, "zone") != 0 || !own[0])
			continue;
		int e = setting(r, own, "allow-query", &query);
		if (e < 0)
			return e;
		*ret_others = *ret_others || (!query && !is_elsewhere(own[0]));
		if (!query)
			continue;
		struct address_element *slot = arena_grow(r->a, &v, list->n, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		*slot = (struct address_element){.kind = ADDRESS_LIST, .list = query};
		list->v = v;
		list->path = query->path;
		list->line = query->line;
		list->n++;
	}
	return 0;
}

/* Those that are not set are taken from each other, in this order, and then from the default. */
static void set_defaults(struct dns_view *v)
{
	if (!v->recurse)
		v->recurse = v->cache ? v->cache : v->query;
	if (!v->cache)
		v->cache = !v->recursion ? &address_list_none : v->recurse;
	if (!v->recurse)
		v->recurse = &address_list_own;
	if (!v->cache)
		v->cache = &address_list_own;
	if (!v->query)
		v->query = &address_list_any;
	if (!v->recurse_on)
		v->recurse_on = v->cache_on ? v->cache_on : &address_list_any;
	if (!v->cache_on)
		v->cache_on = v->recurse_on;
	if (!v->query_on)
		v->query_on = &address_list_any;
	if (!v->clients)
		v->clients = &address_list_any;
	if (!v->destinations)
		v->destinations = &address_list_any;
}

/* Whether it brings zones for addresses that nobody has: not where all is asked of others. */
static bool has_empty_zones(const struct bind_statement *const blocks[], bool recursion)
{
	const struct bind_statement *s = find_first(blocks, "empty-zones-enable");
	const struct bind_statement *forward = find_first(blocks, "forward");
	const char *first = forward ? bind_word(forward, 1) : NULL;

	if (first && strcasecmp(first, "only") == 0)
		return false;
	return s ? !says_no(bind_word(s, 1)) : recursion;
}

/* view: its block, or NULL where there are no views. */
static int read_view(struct reading *r, const struct bind_statement *view, struct dns_view *v)
{
	const struct bind_statement *const both[] = {
		view ? view : r->options, view ? r->options : NULL, NULL};
	const struct bind_statement *const own[] = {view, NULL};
	struct address_list *zones = arena_alloc(r->a, sizeof(*zones));
	const struct {
		const struct bind_statement *const *blocks;
		const char *word;
		const struct address_list **list;
	} rows[] = {{own, "match-clients", &v->clients},
		{own, "match-destinations", &v->destinations},
		{both, "allow-recursion", &v->recurse},
		{both, "allow-recursion-on", &v->recurse_on},
		{both, "allow-query-cache", &v->cache},
		{both, "allow-query-cache-on", &v->cache_on}, {both, "allow-query", &v->query},
		{both, "allow-query-on", &v->query_on}};

	if (!zones)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int e = setting(r, rows[i].blocks, rows[i].word, rows[i].list);
		if (e < 0)
			return e;
	}
	const struct bind_statement *only = view ? bind_find(view, "match-recursive-only") : NULL;
	v->recursive_only = only && !says_no(bind_word(only, 1));
	const struct bind_statement *s = find_first(both, "recursion");
	v->recursion = !s || !says_no(bind_word(s, 1));
	if (s)
		v->recursion_at = s->at;
	v->own_zones = has_empty_zones(both, v->recursion);
	set_defaults(v);
	v->zones = zones;
	return zone_lists(r, view ? view : r->top, zones, &v->own_zones);
}

static int read_views(struct reading *r, struct name_server *out)
{
	struct dns_view *v = NULL;
	size_t n = 0;

	for (const struct bind_statement *s = r->top; s; s = s->next) {
		const char *first = bind_word(s, 0), *class = bind_word(s, 2);
		if (!first || strcasecmp(first, "view") != 0)
			continue;
		if (class && strcasecmp(class, "IN") != 0)
			continue; /* of another class than the internet's */
		struct dns_view *view = arena_grow(r->a, &v, n, sizeof(*view));
		if (!view)
			return -ENOMEM;
		view->name = bind_word(s, 1);
		/* Without a statement of its own it is not as if there were no view. */
		static const struct bind_node nothing = {.text = "view"};
		static const struct bind_statement empty = {.first = &nothing};
		const struct bind_statement *block = block_of(s);
		int e = read_view(r, block ? block : &empty, view);
		if (e < 0)
			return e;
		n++;
	}
	if (n == 0) {
		v = arena_alloc(r->a, sizeof(*v));
		int e = v ? read_view(r, NULL, v) : -ENOMEM;
		if (e < 0)
			return e;
		n = 1;
	}
	out->views = v;
	out->n_views = n;
	return 0;
}

static int collect_acls(struct reading *r)
{
	for (const struct bind_statement *s = r->top; s; s = s->next) {
		const char *first = bind_word(s, 0), *name = bind_word(s, 1);
		if (!first || !name || strcasecmp(first, "acl") != 0)
			continue;
		struct acl *acl = arena_alloc(r->a, sizeof(*acl));
		if (!acl)
			return -ENOMEM;
		*acl = (struct acl){.name = name, .at = s, .next = r->acls};
		r->acls = acl;
	}
	return 0;
}

static int follow(struct reading *r, struct name_server *s)
{
	const struct bind_statement *options[2] = {NULL, NULL};
	int e = collect_acls(r);

	r->options = options[0] = block_of(bind_find(r->top, "options"));
	if (e == 0)
		e = settings(r, r->options, "listen-on", &s->listen[0]);
	if (e == 0)
		e = settings(r, r->options, "listen-on-v6", &s->listen[1]);
	if (e == 0)
		e = setting(r, options, "blackhole", &s->ignore);
	for (size_t i = 0; i < 2; i++)
		s->listen[i] = s->listen[i] ? s->listen[i] : &address_list_any;
	s->ignore = s->ignore ? s->ignore : &address_list_none;
	return e < 0 ? e : read_views(r, s);
}

int name_server_bind(struct arena *a, const struct root *root, struct name_server *ret)
{
	static const char *const programs[] = {
		"/usr/sbin/named", "/usr/local/sbin/named", "/usr/bin/named", NULL};
	static const char *const units[] = {
		"named.service", "bind9.service", "named-chroot.service", NULL};
	static const char *const paths[] = {"/etc/bind/named.conf", "/etc/named.conf"};
	struct reading r = {.a = a};

	if (!name_server_installed(root, programs))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct name_server s = {.program = "BIND",
			.units = units,
			.setting = "allow-recursion",
			.path = paths[i]};
		r.files = (struct conf_files){.a = a, .root = root};
		int e = bind_conf_read(&r.files, paths[i], &r.top);
		if (e < 0)
			return e;
		if (r.files.absent)
			continue;
		e = follow(&r, &s);
		if (e < 0)
			return e;
		name_server_fault(&s, &r.files);
		*ret = s;
		return 1;
	}
	return 0;
}

int name_server_bind_text(struct arena *a, char *text, struct name_server *ret)
{
	struct reading r = {.a = a, .files = {.a = a}};
	struct name_server s = {.program = "BIND", .path = "named.conf"};
	int e = bind_conf_parse(&r.files, s.path, text, &r.top);

	if (e == 0)
		e = follow(&r, &s);
	if (e < 0)
		return e;
	name_server_fault(&s, &r.files);
	*ret = s;
	return 0;
}
