/* SPDX-License-Identifier: ISC */
#include "fact/name-servers.h"

#include <errno.h>
#include <string.h>

#include "fact/collectors.h"
#include "fact/packages.h"
#include "fact/systemd-conf.h"

bool name_server_installed(const struct root *root, const char *const programs[])
{
	struct stat st;

	for (; *programs; programs++) {
		if (root_stat(root, *programs, &st) == 0)
			return true;
	}
	return false;
}

void name_server_fault(struct name_server *s, const struct conf_files *f)
{
	s->fault = f->fault;
	s->fault_path = f->fault_path;
	s->fault_line = f->fault_line;
}

/* "udp:192.0.2.1:53", "[2001:db8::1]:53", "192.0.2.1": its address. 0 or -EINVAL. */
static int stub_address(const char *value, struct net *ret)
{
	char text[128];

	if (strncmp(value, "udp:", 4) == 0 || strncmp(value, "tcp:", 4) == 0)
		value += 4;
	size_t n = strlen(value);
	if (*value == '[') {
		value++;
		n = strcspn(value, "]");
	} else if (strchr(value, ':') && !strchr(strchr(value, ':') + 1, ':')) {
		n = strcspn(value, ":");
	}
	if (n >= sizeof(text))
		return -EINVAL;
	memcpy(text, value, n);
	text[n] = '\0';
	int r = net_parse(text, ret);
	if (r == 0 && (strcmp(text, "0.0.0.0") == 0 || strcmp(text, "::") == 0))
		ret->bits = 0;
	return r;
}

/* Its stub on 127.0.0.53 serves this machine alone; those of DNSStubListenerExtra= anybody. */
int name_server_resolved(struct arena *a, const struct root *root, struct name_server *ret)
{
	static const char *const programs[] = {
		"/usr/lib/systemd/systemd-resolved", "/lib/systemd/systemd-resolved", NULL};
	static const char *const units[] = {"systemd-resolved.service", NULL};
	struct name_server s = {.program = "systemd-resolved",
		.units = units,
		.setting = "DNSStubListenerExtra",
		.path = "/etc/systemd/resolved.conf"};
	struct address_list *listen = arena_alloc(a, sizeof(*listen));
	struct address_element *v = NULL;
	struct dns_view *view = arena_alloc(a, sizeof(*view));
	struct systemd_conf conf;

	if (!listen || !view)
		return -ENOMEM;
	if (!name_server_installed(root, programs))
		return 0;
	int r = systemd_conf_read(a, root, "resolved", &conf);
	if (r < 0)
		return r;
	for (size_t i = 0; i < conf.n; i++) {
		const struct systemd_setting *x = &conf.v[i];
		struct address_element e = {.kind = ADDRESS_NET};
		if (strcmp(x->section, "Resolve") != 0 ||
			strcmp(x->key, "DNSStubListenerExtra") != 0)
			continue;
		if (!*x->value)
			listen->n = 0;
		if (stub_address(x->value, &e.net) < 0)
			continue; /* systemd says so in its log and goes on */
		struct address_element *slot = arena_grow(a, &v, listen->n, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		*slot = e;
		*listen = (struct address_list){v, listen->n + 1, x->path, x->line};
	}
	*view = (struct dns_view){
		.clients = &address_list_any,
		.destinations = &address_list_any,
		.recursion = true,
		.recurse = listen->n > 0 ? &address_list_any : &address_list_none,
		.recurse_on = &address_list_any,
		.cache = &address_list_none,
		.cache_on = &address_list_any,
		.query = &address_list_none,
		.query_on = &address_list_any,
		.own_zones = true,
		.zones = &address_list_none,
	};
	view->cache = view->query = view->recurse;
	if (listen->n > 0)
		view->recursion_at = (struct conf_place){listen->path, listen->line};
	s.fault = conf.reason;
	s.fault_path = conf.reason ? s.path : NULL;
	s.listen[0] = s.listen[1] = listen;
	s.ignore = &address_list_none;
	s.views = view;
	s.n_views = 1;
	*ret = s;
	return 1;
}

static bool is_bind(const struct name_server *s)
{
	return strcmp(s->program, "BIND") == 0;
}

const char *name_server_clients_text(
	struct arena *a, const struct name_server *s, const struct address_list *list)
{
	static const struct address_words words = {"anybody", "nobody"};

	return is_bind(s) ? address_list_text(a, list) : address_list_plain(a, list, &words);
}

const char *name_server_listen_text(
	struct arena *a, const struct name_server *s, const struct address_list *list)
{
	static const struct address_words words = {"every address", "no address"};

	return is_bind(s) ? address_list_text(a, list) : address_list_plain(a, list, &words);
}

static void add_items(struct fact *f, const struct name_server *s)
{
	struct arena *a = f->arena;
	const char *v4 = name_server_listen_text(a, s, s->listen[0]);
	const char *v6 = name_server_listen_text(a, s, s->listen[1]);
	const char *subject = arena_printf(a, "dns %s", s->program);

	if (!v4 || !v6 || !subject)
		return; /* the arena remembers */
	fact_add_item(f, subject,
		arena_printf(a, "listens on IPv4 %s IPv6 %s%s", v4, v6,
			s->fault ? "; not read to its end" : ""),
		s->path, 0);
	for (size_t i = 0; i < s->n_views; i++) {
		const struct dns_view *v = &s->views[i];
		const char *name = v->name ? arena_printf(a, "dns %s view %s", s->program, v->name)
				   : s->n_views == 1 ? arena_printf(a, "dns %s clients", s->program)
						     : arena_printf(a, "dns %s clients %zu",
							       s->program, i + 1);
		const char *who = name_server_clients_text(a, s, v->clients);
		const char *recurse = v->recursion ? name_server_clients_text(a, s, v->recurse)
						   : "nobody";
		const char *query = name_server_clients_text(a, s, v->query);
		if (!name || !who || !recurse || !query)
			return;
		fact_add_item(f, name,
			arena_printf(a, "for %s: recursion for %s, own zones for %s", who, recurse,
				query),
			v->recurse->path ? v->recurse->path : s->path, v->recurse->line);
	}
}

static int name_servers_collect(const struct collect *c, struct fact *f)
{
	int (*const readers[])(struct arena *, const struct root *, struct name_server *) = {
		name_server_bind, name_server_unbound, name_server_dnsmasq, name_server_resolved};
	struct name_servers *n = arena_alloc(f->arena, sizeof(*n));
	struct name_server *v = arena_alloc(f->arena, ARRAY_SIZE(readers) * sizeof(*v));

	if (!n || !v)
		return -ENOMEM;
	n->v = v;
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		int r = readers[i](f->arena, c->root, &v[n->n]);
		if (r < 0)
			return r;
		if (r > 0)
			add_items(f, &v[n->n++]);
	}
	f->u.name_servers = n;
	return 0;
}

const struct collector collector_name_servers = {
	.id = FACT_NAME_SERVERS,
	.name = "name-servers",
	.locks = packages_locks,
	.collect = name_servers_collect,
};
