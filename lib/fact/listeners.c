/* SPDX-License-Identifier: ISC */
#include "fact/listeners.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fact/collectors.h"
#include "fact/listeners-internal.h"
#include "fact/port-range.h"

enum {
	HEX_RUN = 12, /* as many digits in a name were made up for this start of it */
};

const char *listener_protocol_name(enum listener_protocol p)
{
	static const char *const names[] = {
		[LISTENER_TCP] = "tcp",
		[LISTENER_UDP] = "udp",
		[LISTENER_UDPLITE] = "udplite",
		[LISTENER_SCTP] = "sctp",
		[LISTENER_RAW] = "raw",
	};
	static_assert(ARRAY_SIZE(names) == LISTENER_PROTOCOL_MAX, "a name for each protocol");

	return names[p];
}

/* ---- which are passing ---- */

static bool is_datagram(const struct listener *l)
{
	return l->protocol == LISTENER_UDP || l->protocol == LISTENER_UDPLITE;
}

/* By port, then by the control group that made them. */
static int place_compare(const void *a, const void *b)
{
	const struct listener_socket *x = *(struct listener_socket *const *)a;
	const struct listener_socket *y = *(struct listener_socket *const *)b;
	int r = (x->l.port > y->l.port) - (x->l.port < y->l.port);

	return r ? r : (x->group > y->group) - (x->group < y->group);
}

/*
 * A datagram socket that was never connected looks the same whether it is a
 * server's or a client's. A client's has a port out of the range that the kernel
 * gives out, and by chance, so that no other socket of the same unit has it for
 * the other family or for TCP. The kernel's own (WireGuard's default port lies in
 * that range) are servers.
 */
static int mark_datagrams(struct listener_sockets *s, const struct port_range *range)
{
	struct listener_socket **v = arena_alloc(s->tmp, (s->n + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++)
		v[i] = &s->v[i];
	if (s->n > 1)
		qsort(v, s->n, sizeof(struct listener_socket *), place_compare);
	for (size_t i = 0; i < s->n; i++) {
		struct listener *l = &v[i]->l;
		bool alone = (i == 0 || place_compare(&v[i - 1], &v[i]) != 0) &&
			     (i + 1 == s->n || place_compare(&v[i], &v[i + 1]) != 0);
		l->passing = is_datagram(l) && alone && !l->kernel && l->port >= range->low &&
			     l->port <= range->high;
		if (l->protocol == LISTENER_RAW)
			l->passing = l->port == IPPROTO_ICMP || l->port == IPPROTO_ICMPV6 ||
				     l->port == IPPROTO_RAW;
	}
	return 0;
}

static bool is_session(const char *unit)
{
	return unit && strncmp(unit, "session-", 8) == 0;
}

/* Of one whose owner is known; systemd waits for a service, whatever the port. */
static bool is_passing(const struct listener *l, const struct port_range *range)
{
	bool by_chance = port_range_has(range, l->port);

	if (l->unit && (strcmp(l->unit, "init.scope") == 0 || strstr(l->unit, ".socket")))
		return false;
	if (l->protocol == LISTENER_TCP || l->protocol == LISTENER_SCTP)
		return l->loopback && (by_chance || is_session(l->unit));
	return l->passing;
}

/* ---- texts ---- */

/*
 * A unit's name without what is another at each start of it: "a login session",
 * "run-*.service", "docker-*.scope".
 */
static const char *lasting_unit(struct arena *a, const char *unit)
{
	if (is_session(unit))
		return "a login session";
	for (const char *p = unit; *p;) {
		size_t n = 0;
		bool digit = false;
		for (; isxdigit((unsigned char)p[n]); n++)
			digit = digit || isdigit((unsigned char)p[n]);
		bool counted = strncmp(unit, "run-", 4) == 0 && digit;
		if (digit && (n >= HEX_RUN || counted)) {
			/* "run-r0a1b", "run-u12": the letter before it belongs to it. */
			const char *end = strrchr(unit, '.');
			const char *begin = counted ? unit + 4 : p;
			const char *rest = counted && end ? end : p + n;
			return arena_printf(a, "%.*s*%s", (int)(begin - unit), unit, rest);
		}
		p += n ? n : 1;
	}
	return unit;
}

const char *listener_who(struct arena *a, const struct listener *l)
{
	const struct listener_program *p = l->program;
	const char *unit = l->unit ? lasting_unit(a, l->unit) : NULL;

	if (l->unit && !unit)
		return NULL;
	const char *who = p	      ? arena_printf(a, "%s (%s)", p->command, p->exe)
			  : l->kernel ? "the kernel itself"
				      : arena_printf(a, "an unknown process (uid %u)",
						l->uid);
	if (!who)
		return NULL;
	return arena_printf(a, "%s%s%s%s%s", who, unit ? " of " : "", unit ? unit : "",
		p && p->package ? ", package " : "", p && p->package ? p->package : "");
}

const char *listener_value(struct arena *a, const struct listener *l)
{
	const char *who = listener_who(a, l);

	return who && l->dual ? arena_printf(a, "%s; IPv4 as well", who) : who;
}

static const char *make_text(struct arena *a, const struct listener *l)
{
	char addr[INET6_ADDRSTRLEN] = "";
	const char *name = listener_protocol_name(l->protocol);
	bool six = l->family == AF_INET6, bound = l->interface != NULL;

	(void)inet_ntop(l->family, l->addr, addr, sizeof(addr)); /* it has room for both families */
	return arena_printf(a,
		l->protocol == LISTENER_RAW ? "%s %s%s%s%s%s protocol %u" : "%s %s%s%s%s%s:%u",
		name, six ? "[" : "", addr, six ? "]" : "", bound ? "%" : "",
		bound ? l->interface : "", l->port);
}

static int name_interface(struct arena *a, struct listener_socket *x)
{
	char name[IF_NAMESIZE];

	if (x->ifindex == 0)
		return 0;
	x->l.interface = if_indextoname(x->ifindex, name) ? arena_strdup(a, name)
							  : arena_printf(a, "%u", x->ifindex);
	return x->l.interface ? 0 : -ENOMEM;
}

/* ---- the fact ---- */

static int compare_strings(const char *x, const char *y)
{
	return x && y ? strcmp(x, y) : (x != NULL) - (y != NULL);
}

static int compare_listeners(const struct listener *x, const struct listener *y)
{
	int r = strcmp(x->text, y->text);

	if (r == 0)
		r = compare_strings(x->unit, y->unit);
	if (r == 0)
		r = compare_strings(
			x->program ? x->program->exe : NULL, y->program ? y->program->exe : NULL);
	if (r == 0)
		r = (x->uid > y->uid) - (x->uid < y->uid);
	return r;
}

static int socket_compare(const void *a, const void *b)
{
	return compare_listeners(
		&((const struct listener_socket *)a)->l, &((const struct listener_socket *)b)->l);
}

static int known_compare(const void *a, const void *b)
{
	const struct listener_known *x = a, *y = b;

	return (x->cookie > y->cookie) - (x->cookie < y->cookie);
}

/* One of each, and for each socket which one it is. */
static int build(struct arena *a, const struct listener_sockets *s, struct listeners *ret)
{
	struct listener_known *known = arena_alloc(a, s->n * sizeof(*known));
	struct listener *v = arena_alloc(a, s->n * sizeof(*v));
	size_t n = 0;

	if (!known || !v)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++) {
		const struct listener_socket *x = &s->v[i];
		if (n > 0 && compare_listeners(&v[n - 1], &x->l) == 0) {
			v[n - 1].sockets++;
			v[n - 1].dual = v[n - 1].dual || x->l.dual;
		} else {
			v[n] = x->l;
			v[n].text = arena_strdup(a, x->l.text);
			if (!v[n++].text)
				return -ENOMEM;
		}
		known[i] = (struct listener_known){x->cookie, n - 1, x->pid};
	}
	if (s->n > 1)
		qsort(known, s->n, sizeof(*known), known_compare);
	ret->v = v;
	ret->n = n;
	ret->cut = s->cut;
	ret->known = known;
	ret->n_known = s->n;
	return 0;
}

static void add_items(struct fact *f, const struct listeners *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct listener *x = &l->v[i];
		char subject[128];
		if (x->passing)
			continue;
		const char *value = listener_value(f->arena, x);
		(void)snprintf(subject, sizeof(subject), "listener %s", x->text);
		fact_add_item(f, subject, value ? value : "", NULL, 0);
	}
	/* Those beyond the cap are there, and not seen. */
	if (l->cut > 0)
		fact_add_unseen(f, "listener *");
}

static int complete(const struct collect *c, struct fact *f, struct listener_sockets *s)
{
	const struct fact *old = factset_get(c->facts, FACT_LISTENERS);
	struct listeners *l = arena_alloc(f->arena, sizeof(*l));
	struct port_range range = {0};
	struct root quiet = *c->root;

	quiet.deps = NULL;
	int r = l ? port_range_read(&quiet, &range) : -ENOMEM;
	if (r == 0)
		r = mark_datagrams(s, &range);
	if (r == 0)
		r = listeners_own(c, f->arena, old ? old->u.listeners : NULL, s, &l->owners);
	for (size_t i = 0; r == 0 && i < s->n; i++) {
		struct listener *x = &s->v[i].l;
		r = name_interface(f->arena, &s->v[i]);
		x->passing = is_passing(x, &range);
		x->text = r == 0 ? make_text(s->tmp, x) : NULL;
		if (!x->text)
			r = -ENOMEM;
	}
	if (r < 0)
		return r;
	if (s->n > 1)
		qsort(s->v, s->n, sizeof(*s->v), socket_compare);
	r = build(f->arena, s, l);
	if (r < 0)
		return r;
	add_items(f, l);
	f->u.listeners = l;
	return 0;
}

static int listeners_collect(const struct collect *c, struct fact *f)
{
	_cleanup_(arena_freep) struct arena *tmp = arena_new();
	struct listener_sockets s = {.tmp = tmp};
	const char *what = NULL;
	struct root quiet = *c->root;

	if (!c->root->live) {
		fact_fail(f, -ENOENT, "nothing listens in a root that does not run");
		return 0;
	}
	quiet.deps = NULL;
	int r = tmp ? listeners_dump(&quiet, &s, &what) : -ENOMEM;
	if (r == 0)
		return complete(c, f, &s);
	if (r == -ENOMEM)
		return r;
	if (what)
		fact_fail(f, r, "the kernel does not list the sockets of %s", what);
	else
		fact_fail(f, r == -ENOENT ? -EIO : r, "the kernel's list of sockets: %s",
			strerror(-r));
	return 0;
}

const struct collector collector_listeners = {
	.id = FACT_LISTENERS,
	.name = "listeners",
	/* A service that comes up or goes down is when most sockets do, though seldom at once. */
	.needs = FACT_BIT(FACT_UNITS),
	.refresh_first_usec = USEC_PER_SEC,
	.refresh_usec = 5 * USEC_PER_MIN,
	.collect = listeners_collect,
};
