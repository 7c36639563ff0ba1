/* SPDX-License-Identifier: ISC */
/*
 * xinetd.conf(5): blocks of "attribute = values" for each service, what holds
 * for all in a block defaults, and further files that it names.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "fact/clear-started.h"
#include "fact/conf-lines.h"
#include "fact/guards.h"
#include "fact/name-servers.h"

enum {
	FILE_MAX = 1 << 20,
	NAMES_MAX = 1000,
};

static const char main_path[] = "/etc/xinetd.conf";

/* The values of an attribute that count, by its last assignment and what += adds. */
struct values {
	const char **v;
	size_t n;
	bool said;
};

struct service {
	const char *name, *id;
	const char *server, *port;
	struct conf_place server_at;
	struct values args, only_from;
	bool from_more; /* only_from += : to those of defaults */
	bool udp, disabled, internal;
};

struct reading {
	struct conf_files files;
	struct conf_lines lines;
	struct service *v;
	size_t n;
	struct values enabled, disabled, only_from; /* of defaults */
	enum {
		OUTSIDE,
		HEAD,	  /* behind "service" or "defaults", before its { */
		DEFAULTS, /* inside of it */
		SERVICE,
		SKIPPED, /* inside of something else */
	} state,
		next;
	struct conf_place last; /* where the last block began */
};

static int add_values(
	struct reading *r, struct values *x, const char *op, const char *const *words, size_t n)
{
	if (strcmp(op, "-=") == 0)
		return 0; /* who is taken out is still taken for one who may */
	if (strcmp(op, "=") == 0)
		*x = (struct values){.said = true};
	x->said = true;
	for (size_t i = 0; i < n; i++) {
		const char **slot = arena_grow(r->files.a, &x->v, x->n, sizeof(*slot));
		if (!slot || !(*slot = arena_strdup(r->files.a, words[i])))
			return -ENOMEM;
		x->n++;
	}
	return 0;
}

static bool has(const struct values *x, const char *word)
{
	for (size_t i = 0; i < x->n; i++) {
		if (strcmp(x->v[i], word) == 0)
			return true;
	}
	return false;
}

static int take_default(
	struct reading *r, const char *key, const char *op, const char *const *words, size_t n)
{
	if (strcmp(key, "enabled") == 0)
		return add_values(r, &r->enabled, op, words, n);
	if (strcmp(key, "disabled") == 0)
		return add_values(r, &r->disabled, op, words, n);
	if (strcmp(key, "only_from") == 0)
		return add_values(r, &r->only_from, op, words, n);
	return 0;
}

static int keep(struct reading *r, const char **to, const char *word)
{
	*to = arena_strdup(r->files.a, word);
	return *to ? 0 : -ENOMEM;
}

static int take_attribute(
	struct reading *r, const struct conf_place *at, const char *const *words, size_t n)
{
	struct service *s = &r->v[r->n - 1];
	const char *key = words[0], *op = words[1], *value = n > 2 ? words[2] : "";

	if (strcmp(key, "server_args") == 0)
		return add_values(r, &s->args, op, words + 2, n - 2);
	if (strcmp(key, "only_from") == 0) {
		s->from_more = strcmp(op, "=") != 0 && (s->from_more || !s->only_from.said);
		return add_values(r, &s->only_from, op, words + 2, n - 2);
	}
	if (strcmp(key, "id") == 0)
		return keep(r, &s->id, value);
	if (strcmp(key, "port") == 0)
		return keep(r, &s->port, value);
	if (strcmp(key, "server") == 0) {
		s->server_at = *at;
		return keep(r, &s->server, value);
	}
	if (strcmp(key, "socket_type") == 0)
		s->udp = strcmp(value, "dgram") == 0;
	else if (strcmp(key, "disable") == 0)
		s->disabled = strcasecmp(value, "yes") == 0;
	for (size_t i = 2; i < n; i++) {
		if (strcmp(key, "type") == 0 &&
			(strcmp(words[i], "INTERNAL") == 0 || strncmp(words[i], "TCPMUX", 6) == 0 ||
				strcmp(words[i], "RPC") == 0))
			s->internal = true;
		if (strcmp(key, "flags") == 0 && strcmp(words[i], "SENSOR") == 0)
			s->internal = true;
	}
	return 0;
}

struct directory {
	struct reading *r;
	const char *dir;
	const struct conf_place *at;
};

static int each_name(const char *name, void *arg)
{
	struct directory *d = arg;
	size_t len = strlen(name);

	if (strchr(name, '.') || name[len - 1] == '~')
		return 0;
	const char *path = arena_path(d->r->files.a, d->dir, name);
	struct stat st;
	if (!path)
		return -ENOMEM;
	if (root_stat(d->r->files.root, path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return conf_lines_read(&d->r->lines, path, d->at, true);
}

static int read_directory(struct reading *r, const char *dir, const struct conf_place *at)
{
	struct directory d = {r, arena_strdup(r->files.a, dir), at};

	if (!d.dir || !r->files.root)
		return d.dir ? 0 : -ENOMEM;
	int e = root_list(r->files.root, d.dir, NAMES_MAX, each_name, &d);
	if (e == 0 || e == -ENOMEM)
		return e;
	return conf_files_fault(&r->files, at, "%s %s", d.dir, fsio_strerror(e));
}

/* A line outside of all blocks. */
static int take_head(
	struct reading *r, const struct conf_place *at, const char *const *words, size_t n)
{
	if (strcmp(words[0], "include") == 0 && n > 1)
		return conf_lines_read(&r->lines, words[1], at, false);
	if (strcmp(words[0], "includedir") == 0 && n > 1)
		return read_directory(r, words[1], at);
	r->last = *at;
	r->state = HEAD;
	r->next = strcmp(words[0], "defaults") == 0 ? DEFAULTS : SKIPPED;
	if (strcmp(words[0], "service") == 0 && n > 1) {
		struct service *s = arena_grow(r->files.a, &r->v, r->n, sizeof(*s));
		if (!s)
			return -ENOMEM;
		*s = (struct service){.name = arena_strdup(r->files.a, words[1])};
		s->id = s->name;
		if (!s->name)
			return -ENOMEM;
		r->n++;
		r->next = SERVICE;
	}
	if (strcmp(words[n - 1], "{") == 0)
		r->state = r->next;
	return 0;
}

static int each_line(void *arg, const struct conf_place *at, const char *const *words, size_t n)
{
	struct reading *r = arg;

	if (r->state == OUTSIDE)
		return take_head(r, at, words, n);
	if (r->state == HEAD) {
		if (strcmp(words[0], "{") != 0)
			return conf_files_fault(&r->files, at, "no { behind service or defaults");
		r->state = r->next;
		return 0;
	}
	if (strcmp(words[0], "}") == 0) {
		r->state = OUTSIDE;
		return 0;
	}
	if (n < 2 || r->state == SKIPPED)
		return 0;
	if (!strchr(words[1], '='))
		return conf_files_fault(
			&r->files, at, "%s without = : the block before may have no end", words[0]);
	return r->state == DEFAULTS ? take_default(r, words[0], words[1], words + 2, n - 2)
				    : take_attribute(r, at, words, n);
}

/* By the lists in defaults, which are of services in inetd.conf as well. */
static bool is_started(const char *id, const void *arg)
{
	const struct reading *r = arg;

	return !has(&r->disabled, id) && (!r->enabled.said || has(&r->enabled, id));
}

/* "127.0.0.1", "127.0.0.0/8": bits fewer than these are of the whole Internet. */
static bool is_loopback(const char *word)
{
	const char *slash = strchr(word, '/');
	char *end = NULL;

	if (strcmp(word, "::1") == 0 || strcmp(word, "localhost") == 0)
		return true;
	if (strncmp(word, "127.", 4) != 0 || word[strspn(word, "0123456789./")])
		return false;
	return !slash || (is_digit(slash[1]) && strtoul(slash + 1, &end, 10) >= 8 && !*end);
}

/* Nobody but this machine itself. */
static bool is_local(const struct values *x)
{
	for (size_t i = 0; i < x->n; i++) {
		if (!is_loopback(x->v[i]))
			return false;
	}
	return x->said;
}

static bool is_for_us_alone(const struct reading *r, const struct service *s)
{
	if (!s->only_from.said)
		return is_local(&r->only_from);
	return is_local(&s->only_from) &&
	       !(s->from_more && r->only_from.said && !is_local(&r->only_from));
}

static int add_service(
	struct reading *r, const struct service *s, const char *services, struct clear_list *ret)
{
	static const char *const none[] = {NULL};
	struct arena *a = r->files.a;
	struct clear_list mine = {0};
	struct clear_started x = {.listener = "xinetd",
		.server = s->server,
		.args = none,
		.udp = s->udp,
		.port = clear_started_port(services, s->port ? s->port : s->name, s->udp),
		.at = s->server_at};

	if (s->disabled || s->internal || !s->server || x.port == 0 || !is_started(s->id, r))
		return 0;
	if (s->args.n > 0) {
		struct values args = s->args;
		if (!arena_grow(a, &args.v, args.n, sizeof(*args.v)))
			return -ENOMEM;
		args.v[args.n] = NULL;
		x.args = args.v;
	}
	x.setting = arena_printf(a, "server = %s", s->server);
	for (size_t i = 0; i < s->args.n && x.setting; i++)
		x.setting = arena_printf(a, "%s %s", x.setting, s->args.v[i]);
	int e = x.setting ? clear_started(a, r->files.root, &x, &mine) : -ENOMEM;
	for (size_t i = 0; e == 0 && i < mine.n; i++) {
		if (is_for_us_alone(r, s)) {
			mine.v[i].kind = CLEAR_SHUT;
			mine.v[i].setting = "only_from names this machine alone";
			mine.v[i].at = s->server_at;
			mine.v[i].fault = NULL;
		}
		e = clear_add(a, ret, &mine.v[i]);
	}
	return e;
}

static int finish(struct reading *r, const char *services, struct clear_list *ret)
{
	int e = 0;

	if (r->state != OUTSIDE)
		e = conf_files_fault(&r->files, &r->last, "the block has no end");
	for (size_t i = 0; e == 0 && i < r->n; i++)
		e = add_service(r, &r->v[i], services, ret);
	return e < 0 ? e : clear_started_fault(r->files.a, &r->files, "xinetd", ret);
}

static void begin(struct reading *r, struct arena *a, const struct root *root)
{
	*r = (struct reading){.files = {.a = a, .root = root},
		.lines = {.files = &r->files, .comments = "#", .each = each_line, .arg = r}};
}

struct starts {
	const char *path;
	bool compat; /* /etc/inetd.conf as well */
};

static int each_command(const char *const *words, size_t n, const struct conf_place *at, void *arg)
{
	struct starts *t = arg;

	for (size_t i = 1; i < n; i++) {
		t->compat = t->compat || strcmp(words[i], "-inetd_compat") == 0;
		if (strcmp(words[i], "-f") == 0 && i + 1 < n)
			t->path = words[i + 1];
	}
	return 0;
}

/* Debian's script does it when /etc/default/xinetd says so. */
static int debian_compat(struct arena *a, const struct root *root, bool *ret)
{
	_cleanup_file_ struct file file = {0};
	const char *value = NULL;
	unsigned line;
	bool plain;
	int e = root_read(root, "/etc/default/xinetd", FILE_MAX, &file);

	if (e < 0)
		return e == -ENOMEM ? e : 0;
	e = guard_assignment(a, file.data, "INETD_COMPAT", &value, &line, &plain);
	if (e == 0 && value && (*value == 'Y' || *value == 'y'))
		*ret = true;
	return e;
}

int clear_xinetd(struct arena *a, const struct root *root, struct clear_list *ret)
{
	static const char *const programs[] = {"/usr/sbin/xinetd", "/usr/local/sbin/xinetd", NULL};
	_cleanup_file_ struct file services = {0};
	struct starts t = {.path = main_path};
	struct reading r;
	const struct clear_inetd whose = {"xinetd", is_started, &r};

	if (!name_server_installed(root, programs))
		return 0;
	begin(&r, a, root);
	int e = clear_commands(a, ret, "xinetd", each_command, &t);
	if (e >= 0)
		e = debian_compat(a, root, &t.compat);
	if (e == 0 && root_read(root, "/etc/services", FILE_MAX, &services) == -ENOMEM)
		e = -ENOMEM;
	if (e == 0)
		e = conf_lines_read(&r.lines, t.path, NULL, false);
	if (e == 0 && t.compat)
		e = clear_inetd_read(&r.files, "/etc/inetd.conf", &whose, ret);
	return e < 0 ? e : finish(&r, services.data, ret);
}

int clear_xinetd_text(struct arena *a, char *text, struct clear_list *ret)
{
	struct reading r;

	begin(&r, a, NULL);
	int e = conf_lines_parse(&r.lines, "xinetd.conf", text);
	return e < 0 ? e : finish(&r, "telnet 23/tcp\ntftp 69/udp\n", ret);
}
