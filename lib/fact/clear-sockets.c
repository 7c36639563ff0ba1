/* SPDX-License-Identifier: ISC */
/*
 * What systemd's socket units hand over to, as inetd does, by systemd.socket(5):
 * to an instance of the template of their name for each connection (Accept=yes),
 * else to the service that they name or that has their name.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fact/clear-started.h"
#include "fact/unit-file.h"
#include "fact/units.h"

/* The port of "23", "0.0.0.0:23" or "[::]:23"; 0: it is none (a path, a vsock). */
static unsigned listen_port(const char *value)
{
	const char *colon = strrchr(value, ':'), *s = colon ? colon + 1 : value;
	size_t n = strspn(s, "0123456789");

	if (n == 0 || n > 5 || (s[n] && !strchr(" \t", s[n])) || strncmp(value, "vsock:", 6) == 0)
		return 0;
	unsigned long port = strtoul(s, NULL, 10);
	return port <= 65535 ? (unsigned)port : 0;
}

/* NULL where there is none. */
static const struct unit *service_of(const struct units *units, const struct unit *socket)
{
	const char *accept = unit_setting(socket, "Accept"), *dot = strrchr(socket->name, '.');
	const char *named = unit_setting(socket, "Service");
	const bool each = accept && unit_boolean(accept) > 0;
	char name[256];
	int n = snprintf(name, sizeof(name), "%.*s%s", (int)(dot - socket->name), socket->name,
		each ? "@.service" : ".service");

	if (n < 0 || (size_t)n >= sizeof(name))
		return NULL;
	return units_find(units, !each && named ? named : name);
}

/* The words of the last ExecStart=, the program first; NULL where there is none. 0 or -ENOMEM. */
static int command_of(
	struct arena *a, const struct unit *service, const char ***ret, struct conf_place *ret_at)
{
	const struct unit_setting *exec = NULL;
	const char **words = NULL;
	size_t n = 0;

	for (size_t i = 0; i < service->n_settings; i++) {
		const struct unit_setting *s = &service->settings[i];
		if (strcmp(s->key, "ExecStart") == 0)
			exec = *s->value ? s : NULL;
	}
	const char *p = exec ? exec->value + strspn(exec->value, "-@:+!|") : "";
	for (;;) {
		const char **slot = arena_grow(a, &words, n, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		*slot = unit_word(a, &p);
		if (!*slot)
			break;
		n++;
	}
	if (arena_failed(a))
		return -ENOMEM;
	*ret = n > 0 ? words : NULL;
	if (exec)
		*ret_at = (struct conf_place){exec->path, exec->line};
	return 0;
}

static int read_socket(
	struct arena *a, const struct root *root, const struct unit *socket, struct clear_list *ret)
{
	const struct unit *service = service_of(ret->units, socket);
	const char **words = NULL;
	struct clear_started x = {.listener = "systemd"};
	int e = service ? command_of(a, service, &words, &x.at) : 0;

	if (e < 0 || !words)
		return e;
	x.server = words[0];
	x.args = words; /* its own name first */
	x.setting = arena_printf(a, "%s starts %s", socket->name, words[0]);
	if (!x.setting)
		return -ENOMEM;
	for (size_t i = 0; e == 0 && i < socket->n_settings; i++) {
		const struct unit_setting *s = &socket->settings[i];
		x.udp = strcmp(s->key, "ListenDatagram") == 0;
		if (!x.udp && strcmp(s->key, "ListenStream") != 0)
			continue;
		x.port = listen_port(s->value);
		if (x.port > 0)
			e = clear_started(a, root, &x, ret);
	}
	return e;
}

int clear_sockets(struct arena *a, const struct root *root, struct clear_list *ret)
{
	int e = 0;

	for (size_t i = 0; e == 0 && ret->units && i < ret->units->n; i++) {
		const struct unit *u = &ret->units->v[i];
		if (!u->target && strcmp(unit_name_type(u->name), "socket") == 0 &&
			unit_is_on(ret->units, u->name))
			e = read_socket(a, root, u, ret);
	}
	return e;
}
