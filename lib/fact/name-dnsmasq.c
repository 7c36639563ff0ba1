/* SPDX-License-Identifier: ISC */
/*
 * What dnsmasq's configuration means: it knows no lists of sources, only
 * where it listens, and whether it answers its own nets alone (local-service).
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "fact/guards.h"
#include "fact/name-servers.h"

enum {
	NAMES_MAX = 1000,
	DEFAULTS_MAX = 64 * 1024,
};

struct reading {
	struct conf_files files;
	struct conf_place at;
	struct address_element *listen;
	size_t n_listen;
	struct conf_place listen_at; /* of the first that says where to listen */
	bool interface;		     /* one beside lo is named */
	bool loopback;		     /* lo is */
	bool except, auth;	     /* except-interface, auth-server */
	bool local_service, local_host;
	bool settled; /* local-service was an argument: files do not change it any more */
	bool off;     /* port=0 */
};

static int each_file(const char *path, char *text, void *arg);

static int add_listen(struct reading *r, const char *value)
{
	const char *const *words;
	size_t n;
	int e = guard_words(r->files.a, value, ", \t", &words, &n);

	for (size_t i = 0; e == 0 && i < n; i++) {
		struct address_element x = {.kind = ADDRESS_NET};
		struct address_element *slot = arena_grow(
			r->files.a, &r->listen, r->n_listen, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		if (net_parse(words[i], &x.net) < 0)
			return conf_files_fault(
				&r->files, &r->at, "listen-address=%s is no address", words[i]);
		if (strcmp(words[i], "0.0.0.0") == 0 || strcmp(words[i], "::") == 0)
			x.net.bits = 0;
		*slot = x;
		r->n_listen++;
	}
	return e;
}

static int add_interfaces(struct reading *r, const char *value)
{
	const char *const *words;
	size_t n;
	int e = guard_words(r->files.a, value, ", \t", &words, &n);

	for (size_t i = 0; e == 0 && i < n; i++) {
		if (strcmp(words[i], "lo") == 0)
			r->loopback = true;
		else
			r->interface = true;
	}
	return e;
}

struct directory {
	struct reading *r;
	const char *dir;
	const char *const *words; /* suffixes that are left out, "*suffix" that alone count */
	size_t n;
};

static bool ends_in(const char *name, const char *suffix)
{
	size_t len = strlen(name), n = strlen(suffix);

	return len >= n && strcmp(name + len - n, suffix) == 0;
}

static bool is_read(const struct directory *d, const char *name)
{
	bool only = false, wanted = false;
	size_t len = strlen(name);

	if (*name == '.' || name[len - 1] == '~' || (*name == '#' && name[len - 1] == '#'))
		return false;
	for (size_t i = 1; i < d->n; i++) {
		const char *w = d->words[i];
		only = only || *w == '*';
		wanted = wanted || (*w == '*' && ends_in(name, w + 1));
		if (*w != '*' && ends_in(name, w))
			return false;
	}
	return wanted || !only;
}

static int each_name(const char *name, void *arg)
{
	struct directory *d = arg;

	if (!is_read(d, name))
		return 0;
	const char *path = arena_printf(d->r->files.a, "%s/%s", d->dir, name);
	return path ? conf_files_read(&d->r->files, path, NULL, true, each_file, d->r) : -ENOMEM;
}

/* "DIR,SUFFIX..." of conf-dir= and -7. */
static int read_directory(struct reading *r, const char *value)
{
	struct directory d = {.r = r};
	int e = guard_words(r->files.a, value, ", \t", &d.words, &d.n);

	if (e < 0 || d.n == 0 || !r->files.root)
		return e;
	d.dir = d.words[0];
	e = root_list(r->files.root, d.dir, NAMES_MAX, each_name, &d);
	if (e == 0 || e == -ENOMEM || e == -ENOENT)
		return e == -ENOENT ? 0 : e;
	return conf_files_fault(&r->files, &r->at, "%s %s", d.dir, fsio_strerror(e));
}

/* One option, as a line of the file or as an argument with "--". */
static int take(struct reading *r, const char *key, const char *value)
{
	if (strcmp(key, "interface") == 0)
		return add_interfaces(r, value);
	if (strcmp(key, "listen-address") == 0) {
		if (r->n_listen == 0)
			r->listen_at = r->at;
		return add_listen(r, value);
	}
	if (strcmp(key, "conf-dir") == 0)
		return read_directory(r, value);
	if (strcmp(key, "conf-file") == 0)
		return conf_files_read(&r->files, value, &r->at, false, each_file, r);
	if (strcmp(key, "port") == 0)
		r->off = strspn(value, "0") == strlen(value) && *value;
	else if (strcmp(key, "except-interface") == 0)
		r->except = true;
	else if (strcmp(key, "auth-server") == 0)
		r->auth = true;
	else if (strcmp(key, "local-service") == 0 && !r->settled)
		*(strcmp(value, "host") == 0 ? &r->local_host : &r->local_service) = true;
	return 0;
}

/* Where a comment begins: at "#" after a blank, outside of quotes. */
static char *comment(char *s)
{
	bool quoted = false;

	for (char *p = s; *p; p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (*p == '#' && !quoted && (p == s || isspace((unsigned char)p[-1])))
			return p;
	}
	return s + strlen(s);
}

static char *strip(char *s)
{
	s += strspn(s, " \t\r");
	size_t len = strlen(s);
	while (len > 0 && strchr(" \t\r", s[len - 1]))
		s[--len] = '\0';
	if (len > 1 && *s == '"' && s[len - 1] == '"') {
		s[len - 1] = '\0';
		s++;
	}
	return s;
}

static int read_line(struct reading *r, char *line)
{
	*comment(line) = '\0';
	char *value = strchr(line, '=');
	if (value)
		*value++ = '\0';
	return take(r, strip(line), value ? strip(value) : "");
}

static int each_file(const char *path, char *text, void *arg)
{
	struct reading *r = arg;
	const struct conf_place before = r->at;
	int e = 0;

	r->at = (struct conf_place){path, 0};
	while (e == 0 && *text) {
		size_t len = strcspn(text, "\n");
		char *next = text + len + (text[len] == '\n');
		text[len] = '\0';
		r->at.line++;
		e = read_line(r, text);
		text = next;
	}
	r->at = before;
	return e;
}

/* "--key=value" words of DNSMASQ_OPTS; others say nothing that counts here. */
static int read_options(struct reading *r, const char *value)
{
	const char *const *words;
	size_t n;
	int e = guard_words(r->files.a, value, " \t", &words, &n);

	for (size_t i = 0; e == 0 && i < n; i++) {
		char *line = strncmp(words[i], "--", 2) == 0
				     ? arena_strdup(r->files.a, words[i] + 2)
				     : NULL;
		if (line)
			e = read_line(r, line);
	}
	return arena_failed(r->files.a) ? -ENOMEM : e;
}

/* What Debian's script adds to the files: options, interfaces, a directory, and local-service. */
static int read_debian(struct reading *r)
{
	static const char *const scripts[] = {
		"/usr/share/dnsmasq/init-system-common", "/etc/init.d/dnsmasq"};
	static const char path[] = "/etc/default/dnsmasq";
	const struct root *root = r->files.root;
	const char *v[4];
	static const char *const keys[] = {
		"CONFIG_DIR", "DNSMASQ_INTERFACE", "DNSMASQ_EXCEPT", "DNSMASQ_OPTS"};
	bool script = false, argument = false, plain;
	unsigned line = 0;

	for (size_t i = 0; i < ARRAY_SIZE(scripts) && !script; i++) {
		_cleanup_file_ struct file file = {0};
		int e = root_read(root, scripts[i], DEFAULTS_MAX, &file);
		if (e == -ENOMEM)
			return e;
		script = e == 0;
		argument = argument || (script && strstr(file.data, "--local-service"));
	}
	_cleanup_file_ struct file file = {0};
	int e = script ? root_read(root, path, DEFAULTS_MAX, &file) : 0;
	if (e < 0 && e != -ENOENT)
		return e == -ENOMEM ? e
				    : conf_files_fault(&r->files, &(struct conf_place){path, 0},
					      "%s %s", path, fsio_strerror(e));
	const char *text = file.data ? file.data : "";
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		e = guard_assignment(r->files.a, text, keys[i], &v[i], &line, &plain);
		if (e < 0)
			return e;
	}
	r->at = (struct conf_place){path, line};
	r->except = r->except || (v[2] && *v[2]);
	e = v[0] ? read_directory(r, v[0]) : 0;
	e = e == 0 && v[1] ? add_interfaces(r, v[1]) : e;
	e = e == 0 && v[3] ? read_options(r, v[3]) : e;
	r->local_service = r->local_service || argument;
	r->settled = argument;
	return e;
}

static int follow(struct reading *r, struct name_server *s)
{
	static const struct address_element loopback[] = {
		{.kind = ADDRESS_NET, .net = {.family = AF_INET, .bits = 8, .addr = {127}}},
		{.kind = ADDRESS_NET,
			.net = {.family = AF_INET6, .bits = 128, .addr = {[15] = 1}}}};
	static const struct address_list lo = {loopback, ARRAY_SIZE(loopback), NULL, 0};
	struct address_list *listen = arena_alloc(r->files.a, sizeof(*listen));
	struct dns_view *v = arena_alloc(r->files.a, sizeof(*v));

	if (!listen || !v)
		return -ENOMEM;
	/* "If there's access-control config, then ignore --local-service". */
	bool any = !r->interface && !r->loopback && r->n_listen == 0;
	bool limited = any && !r->except && !r->auth;
	const struct address_list *who = limited && r->local_service ? &address_list_own
								     : &address_list_any;
	*listen = (struct address_list){
		r->listen, r->n_listen, r->listen_at.path, r->listen_at.line};
	for (size_t i = 0; i < 2; i++)
		s->listen[i] = limited && r->local_host ? &lo
			       : any || r->interface	? &address_list_any
			       : r->n_listen > 0	? listen
							: &lo;
	*v = (struct dns_view){
		.clients = &address_list_any,
		.destinations = &address_list_any,
		.recursion = true,
		.recurse = who,
		.recurse_on = &address_list_any,
		.cache = who,
		.cache_on = &address_list_any,
		.query = who,
		.query_on = &address_list_any,
		.own_zones = true,
		.zones = &address_list_none,
	};
	s->ignore = &address_list_none;
	s->views = v;
	s->n_views = 1;
	return 0;
}

int name_server_dnsmasq(struct arena *a, const struct root *root, struct name_server *ret)
{
	static const char *const programs[] = {
		"/usr/sbin/dnsmasq", "/usr/local/sbin/dnsmasq", NULL};
	static const char *const units[] = {"dnsmasq.service", NULL};
	struct reading r = {.files = {.a = a, .root = root}};
	struct name_server s = {.program = "dnsmasq",
		.units = units,
		.setting = "interface, listen-address, local-service",
		.path = "/etc/dnsmasq.conf"};
	struct stat st;

	if (!name_server_installed(root, programs))
		return 0;
	if (root_lstat(root, s.path, &st) == -ENOENT)
		return 0; /* the program alone, for others to start */
	/* In the order in which it is given them: arguments first. */
	int e = read_debian(&r);
	if (e == 0)
		e = conf_files_read(&r.files, s.path, NULL, false, each_file, &r);
	if (e < 0)
		return e;
	name_server_fault(&s, &r.files);
	if (r.off && !s.fault)
		return 0;
	e = follow(&r, &s);
	if (e < 0)
		return e;
	*ret = s;
	return 1;
}

int name_server_dnsmasq_text(struct arena *a, char *text, struct name_server *ret)
{
	struct reading r = {.files = {.a = a}};
	struct name_server s = {.program = "dnsmasq", .path = "dnsmasq.conf"};
	int e = each_file(s.path, text, &r);

	if (e == 0)
		e = follow(&r, &s);
	if (e < 0)
		return e;
	name_server_fault(&s, &r.files);
	*ret = s;
	return 0;
}
