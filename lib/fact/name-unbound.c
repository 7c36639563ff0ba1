/* SPDX-License-Identifier: ISC */
/* What unbound.conf(5) means, as unbound 1.17 takes it. */
#include <errno.h>
#include <string.h>

#include "fact/name-servers.h"
#include "fact/unbound-conf.h"

enum {
	RULES_MAX = 4000,
};

struct list {
	struct address_element *v;
	size_t n;
	struct conf_place at; /* of the first that is there */
};

/* interface-action: what sources get that no access-control is about. */
struct interface {
	const struct address_list *to;
	bool allow;
	struct conf_place at;
};

struct reading {
	struct conf_files files;
	const char *p;
	struct conf_place at;
	bool server; /* in the clause server: */
	struct list listen, recurse, query, ruled;
	struct interface *interfaces;
	size_t n_interfaces;
	bool all, no[2]; /* interface-automatic; do-ip4, do-ip6: no */
};

static int add(struct reading *r, struct list *list, struct address_element e)
{
	struct address_element *slot = arena_grow(r->files.a, &list->v, list->n, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	if (list->n >= RULES_MAX)
		return conf_files_fault(&r->files, &r->at, "more than %d rules", RULES_MAX);
	if (list->n == 0)
		list->at = r->at;
	*slot = e;
	list->n++;
	return 0;
}

/* An address with its port, or the name of an interface, which may have any. */
static struct address_element place(struct reading *r, char *word)
{
	struct address_element e = {.kind = ADDRESS_ANY};

	word[strcspn(word, "@%")] = '\0';
	if (net_parse(word, &e.net) < 0)
		e.text = arena_strdup(r->files.a, word);
	else if (strcmp(word, "0.0.0.0") == 0 || strcmp(word, "::") == 0 ||
		 strcmp(word, "::0") == 0)
		e.net = (struct net){.family = e.net.family};
	if (!e.text)
		e.kind = ADDRESS_NET;
	return e;
}

static bool is_in(const char *word, const char *const words[])
{
	for (; *words; words++) {
		if (strcmp(*words, word) == 0)
			return true;
	}
	return false;
}

static int read_access(struct reading *r, const char *net, const char *action)
{
	static const char *const allow[] = {
		"allow", "allow_setrd", "allow_snoop", "allow_cookie", NULL};
	static const char *const refuse[] = {"refuse", "deny", NULL};
	static const char *const local[] = {"deny_non_local", "refuse_non_local", NULL};
	struct address_element e = {.kind = ADDRESS_NET};

	int k = net_parse(net, &e.net);
	if ((k < 0 && k != -EDOM) ||
		(!is_in(action, allow) && !is_in(action, refuse) && !is_in(action, local)))
		return conf_files_fault(&r->files, &r->at,
			"access-control: %s %s is no net with an action", net, action);
	k = add(r, &r->ruled, e);
	e.negative = !is_in(action, allow);
	k = k < 0 ? k : add(r, &r->recurse, e);
	e.negative = is_in(action, refuse);
	return k < 0 ? k : add(r, &r->query, e);
}

static int read_interface_action(struct reading *r, char *word, const char *action)
{
	struct interface *i = arena_grow(r->files.a, &r->interfaces, r->n_interfaces, sizeof(*i));
	struct address_list *list = arena_alloc(r->files.a, sizeof(*list));
	struct address_element *e = arena_alloc(r->files.a, sizeof(*e));

	if (!i || !list || !e)
		return -ENOMEM;
	*e = place(r, word);
	if (e->text)
		e->kind = ADDRESS_UNDECIDED; /* which addresses it has is not said */
	*list = (struct address_list){e, 1, r->at.path, r->at.line};
	*i = (struct interface){list, strncmp(action, "allow", 5) == 0, r->at};
	r->n_interfaces++;
	return 0;
}

static int each_file(const char *path, char *text, void *arg);

static int setting(void *arg, const struct conf_place *at, const char *key, char **values)
{
	struct reading *r = arg;

	r->at = *at;
	if (strcmp(key, "include") == 0 || strcmp(key, "include-toplevel") == 0) {
		bool server = r->server;
		r->server = server && strcmp(key, "include") == 0;
		const char *path = *values[0] == '/' ? values[0]
						     : arena_printf(r->files.a, "/%s", values[0]);
		return path ? conf_files_read(&r->files, path, at, false, each_file, r) : -ENOMEM;
	}
	if (unbound_is_clause(key)) {
		r->server = strcmp(key, "server") == 0;
		return 0;
	}
	if (!r->server)
		return 0;
	if (strcmp(key, "interface") == 0 || strcmp(key, "ip-address") == 0)
		return add(r, &r->listen, place(r, values[0]));
	if (strcmp(key, "interface-automatic") == 0)
		r->all = strcmp(values[0], "yes") == 0;
	else if (strcmp(key, "do-ip4") == 0 || strcmp(key, "do-ip6") == 0)
		r->no[key[5] == '6'] = strcmp(values[0], "no") == 0;
	else if (strcmp(key, "access-control") == 0)
		return read_access(r, values[0], values[1]);
	else if (strcmp(key, "interface-action") == 0)
		return read_interface_action(r, values[0], values[1]);
	return 0;
}

static int each_file(const char *path, char *text, void *arg)
{
	struct reading *r = arg;

	return unbound_conf_parse(&r->files, path, text, setting, r);
}

static const struct address_list *finish(struct reading *r, struct list *list)
{
	struct address_list *out = arena_alloc(r->files.a, sizeof(*out));

	if (!out)
		return NULL;
	address_list_sort(list->v, list->n);
	*out = (struct address_list){list->v, list->n, list->at.path, list->at.line};
	return out;
}

/* Who is answered without any rule: the machine itself. */
static const struct address_list *listen_list(struct reading *r, int family)
{
	static const struct address_element loopback[] = {
		{.kind = ADDRESS_NET,
			.net = {.family = AF_INET, .bits = 32, .addr = {127, 0, 0, 1}}},
		{.kind = ADDRESS_NET,
			.net = {.family = AF_INET6, .bits = 128, .addr = {[15] = 1}}}};
	static const struct address_list dflt = {loopback, ARRAY_SIZE(loopback), NULL, 0};

	if (r->no[family == AF_INET6])
		return &address_list_none;
	if (r->all)
		return &address_list_any;
	return r->listen.n > 0 ? finish(r, &r->listen) : &dflt;
}

/*
 * One view for sources that a rule of access-control is about, one for each
 * interface-action, and one for the rest, which is refused.
 */
static int set_views(struct reading *r, struct name_server *s)
{
	const struct address_list *ruled = finish(r, &r->ruled);
	const struct address_list *recurse = finish(r, &r->recurse);
	const struct address_list *query = finish(r, &r->query);
	struct dns_view *v = arena_alloc(r->files.a, (r->n_interfaces + 1) * sizeof(*v));

	if (!ruled || !recurse || !query || !v)
		return -ENOMEM;
	for (size_t i = 0; i <= r->n_interfaces; i++) {
		const struct interface *f = i > 0 ? &r->interfaces[i - 1] : NULL;
		const struct address_list *all = !f	    ? NULL
						 : f->allow ? &address_list_any
							    : &address_list_none;
		v[i] = (struct dns_view){
			.clients = f ? &address_list_any : ruled,
			.destinations = f ? f->to : &address_list_any,
			.recursion = true,
			.recurse = all ? all : recurse,
			.cache = all ? all : recurse,
			.query = all ? all : query,
			.recurse_on = &address_list_any,
			.cache_on = &address_list_any,
			.query_on = &address_list_any,
			.own_zones = true,
			.zones = &address_list_none,
		};
		if (f)
			v[i].recursion_at = f->at;
	}
	s->views = v;
	s->n_views = r->n_interfaces + 1;
	return 0;
}

static int follow(struct reading *r, struct name_server *s)
{
	s->listen[0] = listen_list(r, AF_INET);
	s->listen[1] = listen_list(r, AF_INET6);
	s->ignore = &address_list_none;
	return s->listen[0] && s->listen[1] ? set_views(r, s) : -ENOMEM;
}

int name_server_unbound(struct arena *a, const struct root *root, struct name_server *ret)
{
	static const char *const programs[] = {
		"/usr/sbin/unbound", "/usr/local/sbin/unbound", NULL};
	static const char *const units[] = {"unbound.service", NULL};
	struct reading r = {.files = {.a = a, .root = root}};
	struct name_server s = {.program = "unbound",
		.units = units,
		.setting = "access-control",
		.path = "/etc/unbound/unbound.conf"};

	if (!name_server_installed(root, programs))
		return 0;
	int e = conf_files_read(&r.files, s.path, NULL, true, each_file, &r);
	if (e == 0)
		e = follow(&r, &s);
	if (e < 0)
		return e;
	name_server_fault(&s, &r.files);
	*ret = s;
	return 1;
}

int name_server_unbound_text(struct arena *a, char *text, struct name_server *ret)
{
	struct reading r = {.files = {.a = a}};
	struct name_server s = {.program = "unbound", .path = "unbound.conf"};
	int e = each_file(s.path, text, &r);

	if (e == 0)
		e = follow(&r, &s);
	if (e < 0)
		return e;
	name_server_fault(&s, &r.files);
	*ret = s;
	return 0;
}
