/* SPDX-License-Identifier: ISC */
/* What ntp.conf(5) means, as ntpd of ntp.org and of ntpsec take it; and openntpd's ntpd.conf(5). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "fact/conf-lines.h"
#include "fact/name-servers.h"
#include "fact/time-servers.h"

enum {
	RULES_MAX = 4000,
};

/* What `restrict` says of a net; lines for the same one add to each other. */
struct entry {
	struct address_element net;
	bool port; /* for the source port 123 alone */
	bool noserve, noquery;
	struct conf_place at;
};

struct reading {
	struct conf_files files;
	struct conf_lines lines;
	struct entry *v;
	size_t n;
	struct address_element *listen; /* in the order given */
	size_t n_listen;
	bool interfaces; /* a rule for them is there */
	struct conf_place listen_at;
	struct conf_place mode7;
};

static int add_listen(
	struct reading *r, const struct address_element *e, const struct conf_place *at)
{
	struct address_element *slot = arena_grow(
		r->files.a, &r->listen, r->n_listen, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	if (r->n_listen >= RULES_MAX)
		return conf_files_fault(&r->files, at, "more than %d rules", RULES_MAX);
	*slot = *e;
	r->n_listen++;
	r->listen_at = *at;
	return 0;
}

static struct entry *find_entry(struct reading *r, const struct address_element *net, bool port)
{
	for (size_t i = 0; i < r->n && net->kind == ADDRESS_NET; i++) {
		struct entry *e = &r->v[i];
		if (e->net.kind == ADDRESS_NET && e->port == port &&
			memcmp(&e->net.net, &net->net, sizeof(net->net)) == 0)
			return e;
	}
	return NULL;
}

/* The entry of the net, made when there is none. NULL: it is one too many, or -ENOMEM in *ret. */
static struct entry *entry_of(struct reading *r, const struct address_element *net, bool port,
	const struct conf_place *at, int *ret)
{
	struct entry *e = find_entry(r, net, port);

	*ret = 0;
	if (e)
		return e;
	if (r->n >= RULES_MAX) {
		*ret = conf_files_fault(&r->files, at, "more than %d rules", RULES_MAX);
		return NULL;
	}
	e = arena_grow(r->files.a, &r->v, r->n, sizeof(*e));
	if (!e) {
		*ret = -ENOMEM;
		return NULL;
	}
	*e = (struct entry){.net = *net, .port = port};
	r->n++;
	return e;
}

/* The prefix's length of a mask such as 255.255.255.0; -EINVAL when it is none. */
static int mask_bits(const char *word, int family)
{
	struct net mask;
	int bits = 0;

	if (net_parse(word, &mask) < 0 || mask.family != family)
		return -EINVAL;
	for (unsigned i = 0; i < (family == AF_INET ? 32U : 128U); i++) {
		bool set = mask.addr[i / 8] & (0x80 >> (i % 8));
		if (set && bits != (int)i)
			return -EINVAL;
		bits += set;
	}
	return bits;
}

/* The net of `restrict`: how many words it took, 0 where it is about no source, or -EINVAL. */
static int restrict_net(const char *const *w, size_t n, struct address_element *e)
{
	size_t i = 1;
	int family = 0;

	e->kind = ADDRESS_NET;
	if (i < n && (strcmp(w[i], "-4") == 0 || strcmp(w[i], "-6") == 0))
		family = w[i++][1] == '4' ? AF_INET : AF_INET6;
	if (i >= n)
		return -EINVAL;
	if (strcasecmp(w[i], "source") == 0)
		return 0; /* servers that this one asks */
	if (strcasecmp(w[i], "default") == 0) {
		e->kind = family ? ADDRESS_NET : ADDRESS_ANY;
		e->net = net_everything(family ? family : AF_INET);
		return (int)i + 1;
	}
	int k = net_parse(w[i], &e->net);
	if (k < 0 && k != -EDOM) {
		e->kind = ADDRESS_UNDECIDED; /* a host's name */
		e->text = w[i];
	}
	/* ntpsec 1.2.2 takes "/0" for no length at all: such an entry is about the address 0.0.0.0.
	 */
	if (e->kind == ADDRESS_NET && e->net.bits == 0)
		return 0;
	i++;
	if (i + 1 >= n || strcasecmp(w[i], "mask") != 0)
		return (int)i;
	int bits = e->kind == ADDRESS_NET ? mask_bits(w[i + 1], e->net.family) : -EINVAL;
	char text[NET_TEXT_MAX], cut[NET_TEXT_MAX + 8];
	if (bits < 0) {
		e->kind = ADDRESS_UNDECIDED;
		e->text = w[i + 1];
		return (int)i + 2;
	}
	(void)snprintf(cut, sizeof(cut), "%s/%d", net_text(&e->net, text), bits);
	(void)net_parse(cut, &e->net); /* it was an address */
	return (int)i + 2;
}

static bool has(const char *const *w, size_t n, size_t from, const char *flag)
{
	for (size_t i = from; i < n; i++) {
		if (strcasecmp(w[i], flag) == 0)
			return true;
	}
	return false;
}

/* restrict NET FLAG..., unrestrict NET FLAG... */
static int read_restrict(
	struct reading *r, const struct conf_place *at, const char *const *w, size_t n)
{
	struct address_element nets[2] = {{0}};
	int from = restrict_net(w, n, &nets[0]), k = 0;
	bool both = nets[0].kind == ADDRESS_ANY, undo = strcasecmp(w[0], "unrestrict") == 0;

	if (from < 0)
		return conf_files_fault(&r->files, at, "%s without an address", w[0]);
	nets[0].kind = both ? ADDRESS_NET : nets[0].kind;
	nets[1] = (struct address_element){.kind = ADDRESS_NET, .net = net_everything(AF_INET6)};
	for (size_t i = 0; from > 0 && i < (both ? 2U : 1U); i++) {
		size_t f = (size_t)from;
		bool ignore = has(w, n, f, "ignore");
		bool noserve = ignore || has(w, n, f, "noserve") || has(w, n, f, "notrust");
		bool noquery = ignore || has(w, n, f, "noquery");
		bool port = has(w, n, f, "ntpport");
		struct entry *e = undo ? find_entry(r, &nets[i], port)
				       : entry_of(r, &nets[i], port, at, &k);
		if (k < 0)
			return k;
		if (!e)
			continue;
		bool all = undo && n == f; /* all of the entry goes */
		e->noserve = undo ? e->noserve && !noserve && !all : e->noserve || noserve;
		e->noquery = undo ? e->noquery && !noquery && !all : e->noquery || noquery;
		e->at = *at;
	}
	return 0;
}

/* interface listen|ignore|drop all|ipv4|ipv6|wildcard|NAME|ADDRESS[/BITS] */
static int read_interface(
	struct reading *r, const struct conf_place *at, const char *const *w, size_t n)
{
	struct address_element e = {.kind = ADDRESS_NET};

	if (n < 3)
		return 0;
	r->interfaces = true;
	if (strcasecmp(w[2], "wildcard") == 0)
		return 0;
	e.negative = strcasecmp(w[1], "listen") != 0;
	if (strcasecmp(w[2], "all") == 0)
		e.kind = ADDRESS_ANY;
	else if (strcasecmp(w[2], "ipv4") == 0 || strcasecmp(w[2], "ipv6") == 0)
		e.net = net_everything(w[2][3] == '4' ? AF_INET : AF_INET6);
	else if (strcmp(w[2], "lo") == 0)
		return 0;
	else if (net_parse(w[2], &e.net) == -EINVAL) {
		e.kind = ADDRESS_UNDECIDED; /* which addresses it has is not said */
		e.text = w[2];
	}
	return add_listen(r, &e, at);
}

static int each_line(void *arg, const struct conf_place *at, const char *const *w, size_t n)
{
	struct reading *r = arg;

	if (strcasecmp(w[0], "restrict") == 0 || strcasecmp(w[0], "unrestrict") == 0)
		return read_restrict(r, at, w, n);
	if (strcasecmp(w[0], "interface") == 0 || strcasecmp(w[0], "nic") == 0)
		return read_interface(r, at, w, n);
	if (strcasecmp(w[0], "includefile") == 0 && n > 1)
		return conf_lines_read(&r->lines, w[1], at, false);
	if (strcasecmp(w[0], "enable") == 0 && has(w, n, 1, "mode7"))
		r->mode7 = *at;
	if (strcasecmp(w[0], "disable") == 0 && has(w, n, 1, "mode7"))
		r->mode7 = (struct conf_place){0};
	return 0;
}

/* Whom the entries let in: the narrowest that is about a source decides. */
static const struct address_list *sealed(struct reading *r, bool control)
{
	struct address_list *list = arena_alloc(r->files.a, sizeof(*list));
	struct address_element *v = arena_alloc(r->files.a, r->n * sizeof(*v));

	if (!list || !v)
		return NULL;
	for (size_t i = 0; i < r->n; i++) {
		const struct entry *e = &r->v[i];
		bool no = control ? e->noquery : e->noserve;
		if (no && e->port)
			continue; /* another port is asked from */
		v[list->n] = e->net;
		v[list->n++].negative = no;
		if (e->at.path && (!no || !list->path)) {
			list->path = e->at.path;
			list->line = e->at.line;
		}
	}
	address_list_sort(v, list->n);
	list->v = v;
	return list;
}

/* The last rule that matches counts; without any all listen, and beside some none. */
static const struct address_list *listening(struct reading *r)
{
	struct address_list *list = arena_alloc(r->files.a, sizeof(*list));
	size_t n = r->n_listen;
	struct address_element *v = arena_alloc(r->files.a, (n + 1) * sizeof(*v));

	if (!list || !v)
		return NULL;
	for (size_t i = 0; i < n; i++)
		v[i] = r->listen[n - 1 - i];
	v[n] = (struct address_element){.kind = ADDRESS_ANY, .negative = r->interfaces};
	*list = (struct address_list){v, n + 1, NULL, 0};
	return list;
}

static int follow(struct reading *r, struct time_server *s)
{
	s->limit = "restrict";
	s->control_name = "mode 6 queries (ntpq)";
	s->control_limit = "noquery";
	s->serve = sealed(r, false);
	s->control = sealed(r, true);
	s->listen = s->control_listen = listening(r);
	s->mode7 = r->mode7;
	return s->serve && s->control && s->listen ? 0 : -ENOMEM;
}

/* Who is named by no line may do everything; ntpsec takes queries from its own host only. */
static int begin(struct reading *r, struct arena *a, const struct root *root, bool ntpsec)
{
	*r = (struct reading){.files = {.a = a, .root = root},
		.lines = {.files = &r->files,
			.comments = "#",
			.rest = "#",
			.each = each_line,
			.arg = r}};
	for (size_t i = 0; i < 2; i++) {
		const struct address_element all = {
			.kind = ADDRESS_NET, .net = net_everything(i == 0 ? AF_INET : AF_INET6)};
		int k;
		struct entry *e = entry_of(r, &all, false, NULL, &k);
		if (!e)
			return k;
		e->noquery = ntpsec;
	}
	return 0;
}

int time_server_ntpd(struct arena *a, const struct root *root, struct time_server *ret)
{
	static const char *const programs[] = {"/usr/sbin/ntpd", "/usr/local/sbin/ntpd", NULL};
	static const char *const units[] = {"ntpsec.service", "ntp.service", "ntpd.service", NULL};
	static const char *const paths[] = {"/etc/ntpsec/ntp.conf", "/etc/ntp.conf"};
	struct reading r;

	if (!name_server_installed(root, programs))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct time_server s = {
			.program = i == 0 ? "ntpsec" : "ntpd", .units = units, .path = paths[i]};
		int e = begin(&r, a, root, i == 0);
		if (e == 0)
			e = conf_lines_read(&r.lines, paths[i], NULL, false);
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

int time_server_ntpd_text(struct arena *a, char *text, struct time_server *ret)
{
	struct time_server s = {.program = "ntpd", .path = "ntp.conf"};
	struct reading r;

	int e = begin(&r, a, NULL, false);
	if (e == 0)
		e = conf_lines_parse(&r.lines, s.path, text);
	if (e == 0)
		e = follow(&r, &s);
	if (e < 0)
		return e;
	time_server_fault(&s, &r.files);
	*ret = s;
	return 0;
}

/* openntpd: `listen on *|ADDRESS`; it answers everybody there, and nothing but the time. */
static int each_open_line(void *arg, const struct conf_place *at, const char *const *w, size_t n)
{
	struct reading *r = arg;
	struct address_element e = {.kind = ADDRESS_NET};

	if (n < 3 || strcmp(w[0], "listen") != 0 || strcmp(w[1], "on") != 0)
		return 0;
	if (strcmp(w[2], "*") == 0) {
		e.kind = ADDRESS_ANY;
	} else if (net_parse(w[2], &e.net) < 0) {
		e.kind = ADDRESS_UNDECIDED; /* a host's name */
		e.text = w[2];
	} else if (strcmp(w[2], "0.0.0.0") == 0 || strcmp(w[2], "::") == 0) {
		e.net.bits = 0;
	}
	return add_listen(r, &e, at);
}

static int follow_open(struct reading *r, struct time_server *s)
{
	struct address_list *list = arena_alloc(r->files.a, sizeof(*list));

	if (!list)
		return -ENOMEM;
	*list = (struct address_list){r->listen, r->n_listen, r->listen_at.path, r->listen_at.line};
	s->limit = "listen on";
	s->control_name = "";
	s->listen = list;
	s->serve = &address_list_any;
	s->control = s->control_listen = &address_list_none;
	time_server_fault(s, &r->files);
	return 0;
}

int time_server_openntpd(struct arena *a, const struct root *root, struct time_server *ret)
{
	static const char *const programs[] = {
		"/usr/sbin/ntpd", "/usr/sbin/openntpd", "/usr/local/sbin/ntpd", NULL};
	static const char *const units[] = {"openntpd.service", NULL};
	struct time_server s = {
		.program = "openntpd", .units = units, .path = "/etc/openntpd/ntpd.conf"};
	struct reading r;

	if (!name_server_installed(root, programs))
		return 0;
	int e = begin(&r, a, root, false);
	r.lines.each = each_open_line;
	if (e == 0)
		e = conf_lines_read(&r.lines, s.path, NULL, false);
	if (e < 0 || r.files.absent)
		return e;
	e = follow_open(&r, &s);
	if (e < 0)
		return e;
	*ret = s;
	return 1;
}

int time_server_openntpd_text(struct arena *a, char *text, struct time_server *ret)
{
	struct time_server s = {.program = "openntpd", .path = "ntpd.conf"};
	struct reading r;

	int e = begin(&r, a, NULL, false);
	r.lines.each = each_open_line;
	if (e == 0)
		e = conf_lines_parse(&r.lines, s.path, text);
	if (e == 0)
		e = follow_open(&r, &s);
	if (e == 0)
		*ret = s;
	return e;
}
