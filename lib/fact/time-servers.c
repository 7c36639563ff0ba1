/* SPDX-License-Identifier: ISC */
#include "fact/time-servers.h"

#include <errno.h>

#include "fact/collectors.h"
#include "fact/packages.h"

void time_server_fault(struct time_server *s, const struct conf_files *f)
{
	s->fault = f->fault;
	s->fault_path = f->fault_path;
	s->fault_line = f->fault_line;
}

static void add_items(struct fact *f, const struct time_server *s)
{
	struct arena *a = f->arena;
	const char *listen = address_list_text(a, s->listen);
	const char *serve = address_list_text(a, s->serve);
	const char *control_listen = address_list_text(a, s->control_listen);
	const char *control = address_list_text(a, s->control);
	const char *name = arena_printf(a, "ntp %s", s->program);
	const char *name_control = arena_printf(a, "ntp %s control", s->program);

	if (!listen || !serve || !control_listen || !control || !name || !name_control)
		return; /* the arena remembers */
	fact_add_item(f, name,
		arena_printf(a, "listens on %s, serves %s%s", listen, serve,
			s->fault ? "; not read to its end" : ""),
		s->serve->path ? s->serve->path : s->path, s->serve->line);
	fact_add_item(f, name_control,
		arena_printf(a, "listens on %s, answers %s%s", control_listen, control,
			s->mode7.path ? ", mode 7 as well" : ""),
		s->control->path ? s->control->path : s->path, s->control->line);
}

static int time_servers_collect(const struct collect *c, struct fact *f)
{
	int (*const readers[])(struct arena *, const struct root *, struct time_server *) = {
		time_server_chrony, time_server_ntpd, time_server_openntpd};
	struct time_servers *t = arena_alloc(f->arena, sizeof(*t));
	struct time_server *v = arena_alloc(f->arena, ARRAY_SIZE(readers) * sizeof(*v));

	if (!t || !v)
		return -ENOMEM;
	t->v = v;
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		int r = readers[i](f->arena, c->root, &v[t->n]);
		if (r < 0)
			return r;
		if (r > 0)
			add_items(f, &v[t->n++]);
	}
	f->u.time_servers = t;
	return 0;
}

const struct collector collector_time_servers = {
	.id = FACT_TIME_SERVERS,
	.name = "time-servers",
	.locks = packages_locks,
	.collect = time_servers_collect,
};
