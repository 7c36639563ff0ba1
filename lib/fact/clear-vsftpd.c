/* SPDX-License-Identifier: ISC */
/*
 * What vsftpd(8) demands, by vsftpd.conf(5): it reads the files that its command
 * line names, each with lines KEY=VALUE of which the last one holds, and refuses
 * to start where one of them makes no sense.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "fact/clear-servers.h"
#include "fact/name-servers.h"

enum {
	CONFIGS_MAX = 32,
	USERS_MAX = 1000,
};

enum option {
	SSL_ENABLE,
	IMPLICIT_SSL,
	LOCAL_ENABLE,
	ANONYMOUS_ENABLE,
	FORCE_LOCAL_LOGINS,
	FORCE_LOCAL_DATA,
	ALLOW_ANON,
	FORCE_ANON_LOGINS,
	FORCE_ANON_DATA,
	OPTION_MAX,
};

static const struct {
	const char *name;
	bool on; /* where nothing is said */
} options[OPTION_MAX] = {
	[SSL_ENABLE] = {"ssl_enable", false},
	[IMPLICIT_SSL] = {"implicit_ssl", false},
	[LOCAL_ENABLE] = {"local_enable", false},
	[ANONYMOUS_ENABLE] = {"anonymous_enable", true},
	[FORCE_LOCAL_LOGINS] = {"force_local_logins_ssl", true},
	[FORCE_LOCAL_DATA] = {"force_local_data_ssl", true},
	[ALLOW_ANON] = {"allow_anon_ssl", false},
	[FORCE_ANON_LOGINS] = {"force_anon_logins_ssl", false},
	[FORCE_ANON_DATA] = {"force_anon_data_ssl", false},
};

struct reading {
	struct conf_files files;
	struct conf_place at;
	const char *path; /* the first file; NULL: none yet */
	struct {
		bool on;
		struct conf_place at; /* path NULL: not said */
	} v[OPTION_MAX];
	unsigned port;
	const char *user_dir; /* user_config_dir: a file for each user who has one */
	struct conf_place user_dir_at;
};

static void begin(struct reading *r, struct arena *a, const struct root *root)
{
	*r = (struct reading){.files = {.a = a, .root = root}, .port = 21};
	for (size_t i = 0; i < OPTION_MAX; i++)
		r->v[i].on = options[i].on;
}

/* YES, TRUE and 1; NO, FALSE and 0. Else -EINVAL. */
static int boolean(const char *value)
{
	static const char *const words[][2] = {{"NO", "YES"}, {"FALSE", "TRUE"}, {"0", "1"}};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcasecmp(value, words[i][0]) == 0)
			return 0;
		if (strcasecmp(value, words[i][1]) == 0)
			return 1;
	}
	return -EINVAL;
}

static int take_port(struct reading *r, const char *value)
{
	char *end = NULL;
	unsigned long port = strtoul(value, &end, 10);

	if (!is_digit(*value) || *end || port > 65535)
		return conf_files_fault(&r->files, &r->at, "listen_port=%s is no port", value);
	r->port = (unsigned)port;
	return 0;
}

/* "KEY=VALUE" of a line or of an argument -o. */
static int take(struct reading *r, char *line)
{
	char *value = strchr(line, '=');

	if (!value)
		return conf_files_fault(&r->files, &r->at, "no = in a line that is no comment");
	*value++ = '\0';
	for (size_t i = 0; i < OPTION_MAX; i++) {
		if (strcmp(line, options[i].name) != 0)
			continue;
		int on = boolean(value);
		if (on < 0)
			return conf_files_fault(
				&r->files, &r->at, "%s=%s is neither YES nor NO", line, value);
		r->v[i].on = on;
		r->v[i].at = r->at;
		return 0;
	}
	if (strcmp(line, "listen_port") == 0)
		return take_port(r, value);
	if (strcmp(line, "user_config_dir") == 0) {
		r->user_dir = *value ? value : NULL;
		r->user_dir_at = r->at;
	}
	return 0;
}

static int each_file(const char *path, char *text, void *arg)
{
	struct reading *r = arg;
	int e = 0;

	if (!r->path)
		r->path = path;
	r->at = (struct conf_place){path, 0};
	while (e == 0 && *text) {
		size_t len = strcspn(text, "\n");
		char *next = text + len + (text[len] == '\n');
		text[len] = '\0';
		r->at.line++;
		text += strspn(text, " \t\r\v\f");
		if (*text && *text != '#')
			e = take(r, text);
		text = next;
	}
	return e;
}

/* The option as what decides. */
static int say(struct reading *r, struct clear_service *s, enum clear_kind kind, enum option o)
{
	const char *value = r->v[o].on ? "YES" : "NO", *name = options[o].name;

	s->kind = kind;
	s->at = r->v[o].at.path ? r->v[o].at : (struct conf_place){r->path, 0};
	s->setting = r->v[o].at.path
			     ? arena_printf(r->files.a, "%s=%s", name, value)
			     : arena_printf(r->files.a, "no %s= (the default is %s)", name, value);
	return s->setting ? 0 : -ENOMEM;
}

static int decide(struct reading *r, struct clear_service *s)
{
	const bool local = r->v[LOCAL_ENABLE].on, anonymous = r->v[ANONYMOUS_ENABLE].on;
	/* With TLS from the first byte, who is anonymous may come only where TLS is for them. */
	const bool implicit = r->v[IMPLICIT_SSL].on;
	const bool clear = !implicit && !r->v[FORCE_ANON_LOGINS].on;
	const bool tls = r->v[ALLOW_ANON].on || r->v[FORCE_ANON_LOGINS].on;

	if (!local && !anonymous)
		return say(r, s, CLEAR_SHUT, LOCAL_ENABLE);
	if (!r->v[SSL_ENABLE].on)
		return say(r, s, local ? CLEAR_OPEN : CLEAR_LOGIN, SSL_ENABLE);
	if (local && !implicit && !r->v[FORCE_LOCAL_LOGINS].on)
		return say(r, s, CLEAR_OPEN, FORCE_LOCAL_LOGINS);
	if (local && !r->v[FORCE_LOCAL_DATA].on)
		return say(r, s, CLEAR_LOGIN, FORCE_LOCAL_DATA);
	if (anonymous && clear)
		return say(r, s, CLEAR_LOGIN, FORCE_ANON_LOGINS);
	if (anonymous && tls && !r->v[FORCE_ANON_DATA].on)
		return say(r, s, CLEAR_LOGIN, FORCE_ANON_DATA);
	return say(r, s, CLEAR_SHUT,
		implicit ? IMPLICIT_SSL
		: local	 ? FORCE_LOCAL_LOGINS
			 : FORCE_ANON_LOGINS);
}

struct users {
	struct reading *r;
	struct clear_service *s;
};

/* A user's own file is read after the login, and may let that user's data go in the clear. */
static int each_user(const char *name, void *arg)
{
	struct users *u = arg;
	struct reading own = *u->r;
	const char *path = arena_path(own.files.a, own.user_dir, name);

	if (!path)
		return -ENOMEM;
	int e = conf_files_read(&own.files, path, &own.user_dir_at, true, each_file, &own);
	u->r->files = own.files;
	if (e < 0 || u->s->kind != CLEAR_SHUT)
		return e;
	if (!own.v[SSL_ENABLE].on)
		return say(&own, u->s, CLEAR_LOGIN, SSL_ENABLE);
	if (own.v[LOCAL_ENABLE].on && !own.v[FORCE_LOCAL_DATA].on)
		return say(&own, u->s, CLEAR_LOGIN, FORCE_LOCAL_DATA);
	return 0;
}

static int finish(struct reading *r, struct clear_service *s)
{
	int e = decide(r, s);

	if (e == 0 && r->user_dir && r->files.root && r->v[LOCAL_ENABLE].on) {
		struct users u = {r, s};
		e = root_list(r->files.root, r->user_dir, USERS_MAX, each_user, &u);
		if (e < 0 && e != -ENOMEM)
			e = e == -ENOENT ? 0
					 : conf_files_fault(&r->files, &r->user_dir_at, "%s %s",
						   r->user_dir, fsio_strerror(e));
	}
	s->program = "vsftpd";
	s->protocol = "FTP";
	clear_fault(s, &r->files);
	return e;
}

/* Ways in which it is started, each with a configuration of its own. */
struct starts {
	struct arena *a;
	const struct root *root;
	struct clear_service v[CONFIGS_MAX];
	unsigned ports[CONFIGS_MAX];
	size_t n;
};

static int add(struct starts *t, struct reading *r)
{
	int e = t->n < CONFIGS_MAX ? finish(r, &t->v[t->n]) : 0;

	if (e == 0 && t->n < CONFIGS_MAX)
		t->ports[t->n++] = r->port;
	return e;
}

static int read_default(struct reading *r, bool missing)
{
	return conf_files_read(&r->files, "/etc/vsftpd.conf", NULL, missing, each_file, r);
}

static int each_command(const char *const *words, size_t n, const struct conf_place *at, void *arg)
{
	struct starts *t = arg;
	struct reading r;
	int e = 0;

	begin(&r, t->a, t->root);
	for (size_t i = 1; e == 0 && i < n; i++) {
		char *setting = strncmp(words[i], "-o", 2) == 0 ? arena_strdup(t->a, words[i] + 2)
								: NULL;
		r.at = *at;
		if (setting)
			e = take(&r, setting);
		else if (*words[i] != '-')
			e = conf_files_read(&r.files, words[i], NULL, false, each_file, &r);
	}
	if (e == 0 && !r.path && !r.files.fault)
		e = read_default(&r, true);
	if (!r.path)
		r.path = at->path;
	return e == 0 ? add(t, &r) : e;
}

/* Without a unit: the file that it reads by itself, or those of Red Hat's vsftpd@.service. */
static int read_usual(struct starts *t)
{
	char **paths = NULL;
	size_t n = 0;
	struct reading r;

	begin(&r, t->a, t->root);
	int e = read_default(&r, false);
	if (e < 0 || !r.files.absent)
		return e == 0 ? add(t, &r) : e;
	e = root_glob(t->root, t->a, "/etc/vsftpd/*.conf", CONFIGS_MAX, &paths, &n);
	for (size_t i = 0; e == 0 && i < n; i++) {
		begin(&r, t->a, t->root);
		e = conf_files_read(&r.files, paths[i], NULL, false, each_file, &r);
		if (e == 0)
			e = add(t, &r);
	}
	return e == -ENOMEM ? e : 0; /* of a directory that cannot be read nothing is known */
}

int clear_vsftpd(struct arena *a, const struct root *root, struct clear_list *ret)
{
	static const char *const programs[] = {"/usr/sbin/vsftpd", "/usr/local/sbin/vsftpd", NULL};
	struct starts t = {.a = a, .root = root};

	if (!name_server_installed(root, programs))
		return 0;
	int e = clear_commands(a, ret, "vsftpd", each_command, &t);
	if (e >= 0 && t.n == 0)
		e = read_usual(&t);
	for (size_t i = 0; e >= 0 && i < t.n; i++) {
		if (t.n > 1)
			t.v[i].ports[0] = t.ports[i];
		e = clear_add(a, ret, &t.v[i]);
	}
	return e < 0 ? e : 0;
}

int clear_vsftpd_text(struct arena *a, char *text, struct clear_list *ret)
{
	struct clear_service s = {0};
	struct reading r;

	begin(&r, a, NULL);
	int e = each_file("vsftpd.conf", text, &r);
	if (e == 0)
		e = finish(&r, &s);
	return e < 0 ? e : clear_add(a, ret, &s);
}
