/* SPDX-License-Identifier: ISC */
/*
 * What ProFTPD demands, by proftpd.conf(5) and its mod_tls: of each server (the
 * main one and each <VirtualHost>) the first TLSEngine and the first TLSRequired
 * hold, those of <Global> after its own. In a <Directory> or an <Anonymous>
 * nothing can be allowed that the server demands, nor for a user or a group, who
 * are known too late; but for clients of a class (mod_ifsession).
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "fact/clear-servers.h"
#include "fact/name-servers.h"

enum {
	DEPTH_MAX = 32,
	FILES_MAX = 500,
	PORT = 21,
};

/* Something that is said of a server; path NULL: it is not. */
struct said {
	const char *text; /* as written: "TLSRequired auth" */
	struct conf_place at;
};

struct server {
	unsigned port;
	bool local; /* at addresses of this machine alone */
	bool rest;  /* it takes connections to addresses that no other is at */
	bool engine, sftp, auth, data;
	struct said engine_said, sftp_said, required_said;
	struct said implicit, per_user; /* of TLSOptions */
};

enum context {
	SERVER,	 /* what stands here is of the server that is read */
	SKIPPED, /* a condition does not hold */
	OTHER,	 /* a part of a server */
	CLASS,	 /* what clients of a class are given */
};

struct reading {
	struct conf_files files;
	struct conf_place at;
	const char *path;	 /* the main file */
	bool built;		 /* by somebody: what is built in is not known */
	struct server **servers; /* the main one first */
	size_t n_servers;
	struct server global;
	struct server *now; /* which of them lines are of */
	struct {
		enum context context;
		struct server *server; /* of what is around it */
	} stack[DEPTH_MAX];
	size_t depth;
	const char **modules, **defines; /* loaded; defined */
	size_t n_modules, n_defines;
};

static int each_file(const char *path, char *text, void *arg);

static int boolean(const char *s)
{
	static const char *const words[][2] = {
		{"off", "on"}, {"no", "yes"}, {"false", "true"}, {"0", "1"}};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcasecmp(s, words[i][0]) == 0)
			return 0;
		if (strcasecmp(s, words[i][1]) == 0)
			return 1;
	}
	return -EINVAL;
}

static int remember(struct reading *r, const char ***array, size_t *n, const char *word)
{
	const char **slot = arena_grow(r->files.a, array, *n, sizeof(*slot));

	if (!slot || !(*slot = arena_strdup(r->files.a, word)))
		return -ENOMEM;
	(*n)++;
	return 0;
}

static bool has(const char *const *array, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(array[i], word) == 0)
			return true;
	}
	return false;
}

/* ---- settings of a server ---- */

/* "KEY WORD..." as it is written. */
static int say(struct reading *r, const char *const *w, size_t n, struct said *ret)
{
	const char *text = arena_strdup(r->files.a, w[0]);

	for (size_t i = 1; i < n && text; i++)
		text = arena_printf(r->files.a, "%s %s", text, w[i]);
	if (!text)
		return -ENOMEM;
	*ret = (struct said){text, r->at};
	return 0;
}

static int take_flag(
	struct reading *r, const char *const *w, size_t n, struct said *said, bool *ret)
{
	int on = n == 2 ? boolean(w[1]) : -EINVAL;

	if (on < 0)
		return conf_files_fault(&r->files, &r->at, "%s is neither on nor off", w[0]);
	if (said->at.path)
		return 0;
	*ret = on;
	return say(r, w, n, said);
}

static int take_required(struct reading *r, const char *const *w, size_t n)
{
	static const struct {
		const char *word;
		bool auth, data;
	} words[] = {
		{"control", true, false},
		{"ctrl", true, false},
		{"data", false, true},
		{"!data", false, false},
		{"both", true, true},
		{"ctrl+data", true, true},
		{"ctrl+!data", true, false},
		{"auth", true, false},
		{"auth+data", true, true},
		{"auth+!data", true, false},
	};
	struct server *s = r->now;
	int on = n == 2 ? boolean(w[1]) : -EINVAL;
	bool auth = on > 0, data = on > 0;

	for (size_t i = 0; on < 0 && n == 2 && i < ARRAY_SIZE(words); i++) {
		if (strcmp(w[1], words[i].word) != 0)
			continue;
		on = 0;
		auth = words[i].auth;
		data = words[i].data;
	}
	if (on < 0)
		return conf_files_fault(
			&r->files, &r->at, "%s %s means nothing", w[0], n > 1 ? w[1] : "");
	if (s->required_said.at.path)
		return 0;
	s->auth = auth;
	s->data = data;
	return say(r, w, n, &s->required_said);
}

/* Those of all lines hold together. */
static int take_options(struct reading *r, const char *const *w, size_t n)
{
	int e = 0;

	for (size_t i = 1; e == 0 && i < n; i++) {
		const char *const two[] = {w[0], w[i]};
		if (strcmp(w[i], "UseImplicitSSL") == 0)
			e = say(r, two, 2, &r->now->implicit);
		else if (strcmp(w[i], "AllowPerUser") == 0)
			e = say(r, two, 2, &r->now->per_user);
	}
	return e;
}

static int take_port(struct reading *r, const char *word)
{
	char *end = NULL;
	unsigned long port = is_digit(*word) ? strtoul(word, &end, 10) : 65536;

	if (port > 65535 || *end)
		return conf_files_fault(&r->files, &r->at, "Port %s is none", word);
	r->now->port = (unsigned)port;
	return 0;
}

/* ---- sections ---- */

/* Whether the program has the module; -EAGAIN where that cannot be seen. */
static int has_module(const struct reading *r, const char *name)
{
	static const char *const always[] = {"mod_core.c", "mod_xfer.c", "mod_auth.c", "mod_ls.c",
		"mod_log.c", "mod_site.c", "mod_auth_unix.c", "mod_auth_file.c", "mod_auth_pam.c",
		"mod_delay.c", "mod_facts.c", "mod_dso.c", "mod_rlimit.c", "mod_cap.c",
		"mod_ctrls.c", "mod_lang.c"};

	if (has(r->modules, r->n_modules, name) || has(always, ARRAY_SIZE(always), name))
		return 1;
	return r->built ? -EAGAIN : 0;
}

static int condition(struct reading *r, const char *word, bool module, bool *ret)
{
	const bool not = *word == '!';
	int is = module ? has_module(r, word + not ) : has(r->defines, r->n_defines, word + not );

	*ret = is < 0 || (is > 0) != not ;
	if (is >= 0)
		return 0;
	return conf_files_fault(&r->files, &r->at,
		"whether %s is built into proftpd is not known without starting it", word + not );
}

/* A server at these addresses, or wherever it can be; what follows is of it. */
static int add_server(struct reading *r, const char *const *addresses, size_t n)
{
	struct server *s = arena_alloc(r->files.a, sizeof(*s));
	struct server **slot = arena_grow(r->files.a, &r->servers, r->n_servers, sizeof(*slot));

	if (!s || !slot)
		return -ENOMEM;
	*s = (struct server){.port = PORT, .local = n > 0};
	for (size_t i = 0; i < n; i++)
		s->local = s->local && (strncmp(addresses[i], "127.", 4) == 0 ||
					       strcmp(addresses[i], "::1") == 0 ||
					       strcmp(addresses[i], "localhost") == 0);
	*slot = s;
	r->n_servers++;
	r->now = s;
	return 0;
}

/* "<NAME WORD..." of a section that begins. */
static int begin_section(struct reading *r, const char *const *w, size_t n)
{
	const bool inside = r->depth > 0 && r->stack[r->depth - 1].context != SERVER;
	bool holds = true;
	int e = 0;

	if (r->depth == DEPTH_MAX)
		return conf_files_fault(
			&r->files, &r->at, "more than %d sections in another", DEPTH_MAX);
	r->stack[r->depth].server = r->now;
	r->stack[r->depth].context = inside ? r->stack[r->depth - 1].context : SERVER;
	r->depth++;
	if (inside && r->stack[r->depth - 1].context == SKIPPED)
		return 0;
	if (strcasecmp(w[0], "<IfModule") == 0 || strcasecmp(w[0], "<IfDefine") == 0) {
		e = condition(r, n > 1 ? w[1] : "", (w[0][3] | 0x20) == 'm', &holds);
		if (!holds)
			r->stack[r->depth - 1].context = SKIPPED;
	} else if (inside) {
		return 0;
	} else if (strcasecmp(w[0], "<VirtualHost") == 0) {
		e = add_server(r, w + 1, n - 1);
	} else if (strcasecmp(w[0], "<Global") == 0) {
		r->now = &r->global;
	} else {
		r->stack[r->depth - 1].context = strcasecmp(w[0], "<IfClass") ? OTHER : CLASS;
	}
	return e;
}

/* ---- lines ---- */

/* The files that the pattern names, and no directories. */
static int read_pattern(struct reading *r, const char *pattern)
{
	char **paths = NULL;
	struct stat st;
	size_t n = 0;
	int e = root_glob(r->files.root, r->files.a, pattern, FILES_MAX, &paths, &n);

	if (e < 0 && e != -ENOMEM)
		return conf_files_fault(&r->files, &r->at, "%s %s", pattern, fsio_strerror(e));
	for (size_t i = 0; e == 0 && i < n; i++) {
		if (root_stat(r->files.root, paths[i], &st) < 0 || !S_ISDIR(st.st_mode))
			e = conf_files_read(&r->files, paths[i], &r->at, true, each_file, r);
	}
	return e;
}

/* A file, which need not be there; a pattern; a directory with all that is in it. */
static int read_include(struct reading *r, const char *path)
{
	struct stat st;

	if (!r->files.root)
		return 0;
	if (root_stat(r->files.root, path, &st) < 0 || !S_ISDIR(st.st_mode))
		return strpbrk(path, "*?[")
			       ? read_pattern(r, path)
			       : conf_files_read(&r->files, path, &r->at, true, each_file, r);
	const char *hidden = arena_path(r->files.a, path, ".[!.]*");
	const char *others = arena_path(r->files.a, path, "*");
	int e = hidden && others ? read_pattern(r, hidden) : -ENOMEM;
	return e == 0 ? read_pattern(r, others) : e;
}

static int take_server(struct reading *r, const char *const *w, size_t n)
{
	struct server *s = r->now;

	if (strcasecmp(w[0], "TLSEngine") == 0)
		return take_flag(r, w, n, &s->engine_said, &s->engine);
	if (strcasecmp(w[0], "SFTPEngine") == 0)
		return take_flag(r, w, n, &s->sftp_said, &s->sftp);
	if (strcasecmp(w[0], "TLSRequired") == 0)
		return take_required(r, w, n);
	if (strcasecmp(w[0], "TLSOptions") == 0)
		return take_options(r, w, n);
	if (strcasecmp(w[0], "Port") == 0 && n > 1)
		return take_port(r, w[1]);
	if (strcasecmp(w[0], "DefaultServer") == 0 && n > 1)
		s->rest = boolean(w[1]) != 0;
	return 0;
}

/* Who is of a class is not looked at. */
static int take_class(struct reading *r, const char *word)
{
	if (strncasecmp(word, "TLS", 3) != 0 && strcasecmp(word, "SFTPEngine") != 0)
		return 0;
	return conf_files_fault(&r->files, &r->at,
		"%s for a class of clients (<IfClass>), which is not read", word);
}

static int take(struct reading *r, const char *const *w, size_t n)
{
	const enum context c = r->depth > 0 ? r->stack[r->depth - 1].context : SERVER;

	if (strncmp(w[0], "</", 2) == 0) {
		r->now = r->depth > 0 ? r->stack[--r->depth].server : r->now;
		return 0;
	}
	if (*w[0] == '<')
		return begin_section(r, w, n);
	if (c == SKIPPED)
		return 0;
	if (strcasecmp(w[0], "Include") == 0 && n > 1)
		return read_include(r, w[1]);
	if (strcasecmp(w[0], "LoadModule") == 0 && n > 1)
		return remember(r, &r->modules, &r->n_modules, w[1]);
	if (strcasecmp(w[0], "Define") == 0 && n > 1)
		return remember(r, &r->defines, &r->n_defines, w[1]);
	return c == SERVER ? take_server(r, w, n) : c == CLASS ? take_class(r, w[0]) : 0;
}

/* The next word, by pr_str_get_word(): quotes around all of it, "#" ends the line. */
static char *next_word(char **p)
{
	char *s = *p + strspn(*p, " \t\r\v\f"), *out = s, *word = s;

	if (!*s || *s == '#')
		return NULL;
	const bool quoted = *s == '"';
	s += quoted;
	while (*s && (quoted ? *s != '"' : !strchr(" \t\r\v\f", *s))) {
		if (*s == '\\' && quoted && s[1])
			s++;
		*out++ = *s++;
	}
	*p = s + (*s != '\0');
	*out = '\0';
	return word;
}

static int take_line(struct reading *r, char *line)
{
	const char **w = NULL;
	size_t n = 0;

	for (char *x; (x = next_word(&line)); n++) {
		const char **slot = arena_grow(r->files.a, &w, n, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		*slot = x;
	}
	if (n == 0)
		return 0;
	if (*w[0] == '<') {
		/* The sign at the end of a section's last word, or alone. */
		char *last = (char *)w[n - 1];
		size_t len = strlen(last);
		if (len > 0 && last[len - 1] == '>')
			last[len - 1] = '\0';
		if (!*last && n > 1)
			n--;
	}
	return take(r, w, n);
}

static int each_file(const char *path, char *text, void *arg)
{
	struct reading *r = arg;
	const struct conf_place before = r->at;
	int e = 0;

	if (!r->path)
		r->path = path;
	r->at = (struct conf_place){path, 0};
	while (e == 0 && *text) {
		size_t len = strcspn(text, "\n");
		unsigned lines = 1;
		while (len > 0 && text[len] && text[len - 1] == '\\') {
			text[len - 1] = text[len] = ' ';
			len += strcspn(text + len, "\n");
			lines++;
		}
		char *next = text + len + (text[len] == '\n');
		text[len] = '\0';
		r->at.line++;
		e = take_line(r, text);
		r->at.line += lines - 1;
		text = next;
	}
	r->at = before;
	return e;
}

/* ---- what it comes to ---- */

static void merge(struct server *s, const struct server *global)
{
	if (!s->engine_said.at.path) {
		s->engine = global->engine;
		s->engine_said = global->engine_said;
	}
	if (!s->sftp_said.at.path) {
		s->sftp = global->sftp;
		s->sftp_said = global->sftp_said;
	}
	if (!s->required_said.at.path) {
		s->auth = global->auth;
		s->data = global->data;
		s->required_said = global->required_said;
	}
	s->implicit = s->implicit.at.path ? s->implicit : global->implicit;
	s->per_user = s->per_user.at.path ? s->per_user : global->per_user;
}

static void decide(const struct reading *r, const struct server *s, struct clear_service *ret)
{
	const struct said *by = &s->required_said;
	const char *silent = "no TLSRequired (the default is off)";
	const bool auth = s->auth && !s->per_user.at.path;

	ret->program = "proftpd";
	ret->protocol = s->sftp ? "SFTP" : "FTP";
	if (s->sftp) {
		ret->kind = CLEAR_SHUT;
		by = &s->sftp_said;
	} else if (!s->engine) {
		ret->kind = CLEAR_OPEN;
		by = &s->engine_said;
		silent = "no TLSEngine (the default is off)";
	} else if (!auth && !s->implicit.at.path) {
		ret->kind = CLEAR_OPEN;
		by = s->auth ? &s->per_user : by;
	} else {
		ret->kind = s->data ? CLEAR_SHUT : CLEAR_LOGIN;
	}
	ret->setting = by->at.path ? by->text : silent;
	ret->at = by->at.path ? by->at : (struct conf_place){r->path, 0};
	clear_fault(ret, &r->files);
}

static int finish(struct reading *r, struct clear_list *ret)
{
	size_t listening = 0;
	int e = 0;

	for (size_t i = 0; i < r->n_servers; i++)
		listening += r->servers[i]->port > 0;
	for (size_t i = 0; e == 0 && i < r->n_servers; i++) {
		struct clear_service x = {0};
		struct server *s = r->servers[i];
		if (s->port == 0 || (s->local && !s->rest))
			continue;
		merge(s, &r->global);
		decide(r, s, &x);
		if (listening > 1 && !x.fault)
			x.ports[0] = s->port;
		e = clear_add(r->files.a, ret, &x);
	}
	return e;
}

static int begin(struct reading *r, struct arena *a, const struct root *root)
{
	*r = (struct reading){.files = {.a = a, .root = root}};
	return add_server(r, NULL, 0);
}

/* ---- the command line ---- */

/* -c FILE, -D NAME; how many words more its value took, or -errno. */
static int take_argument(struct reading *r, const char *word, const char *next, const char **path)
{
	if ((strcmp(word, "-c") == 0 || strcmp(word, "--config") == 0) && next) {
		*path = next;
		return 1;
	}
	if (strncmp(word, "--config=", 9) == 0)
		*path = word + 9;
	else if (strncmp(word, "-D", 2) == 0 && word[2])
		return remember(r, &r->defines, &r->n_defines, word + 2);
	else if ((strcmp(word, "-D") == 0 || strcmp(word, "--define") == 0) && next) {
		int e = remember(r, &r->defines, &r->n_defines, next);
		return e < 0 ? e : 1;
	}
	return 0;
}

struct starts {
	struct arena *a;
	const struct root *root;
	struct clear_list *list;
	bool built;
};

static int read_config(struct starts *t, struct reading *r, const char *path)
{
	static const char *const paths[] = {
		"/etc/proftpd/proftpd.conf", "/etc/proftpd.conf", "/usr/local/etc/proftpd.conf"};
	int e = 0;

	r->built = t->built;
	if (path) {
		e = conf_files_read(&r->files, path, NULL, false, each_file, r);
		r->path = path;
		return e < 0 ? e : finish(r, t->list);
	}
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		r->files.fault = NULL;
		r->files.absent = false;
		e = conf_files_read(&r->files, paths[i], NULL, false, each_file, r);
		r->path = paths[i];
		if (e < 0 || !r->files.absent)
			return e < 0 ? e : finish(r, t->list);
	}
	return 0;
}

/* In the place of a variable come the words that the distribution's file gives it. */
static int each_command(const char *const *words, size_t n, const struct conf_place *at, void *arg)
{
	static const char *const environments[] = {
		"/etc/default/proftpd", "/etc/sysconfig/proftpd", NULL};
	struct starts *t = arg;
	const char **all = NULL, *path = NULL;
	struct reading r;
	size_t n_all = 0;
	int e = begin(&r, t->a, t->root);

	for (size_t i = 1; e == 0 && i < n; i++) {
		const char *const *more = NULL;
		size_t n_more = 0;
		if (*words[i] == '$')
			e = clear_variable(t->a, t->root, words[i], environments, &more, &n_more);
		else
			e = remember(&r, &all, &n_all, words[i]);
		for (size_t k = 0; e == 0 && k < n_more; k++)
			e = remember(&r, &all, &n_all, more[k]);
	}
	for (size_t i = 0; e >= 0 && i < n_all; i++) {
		e = take_argument(&r, all[i], i + 1 < n_all ? all[i + 1] : NULL, &path);
		i += e > 0;
	}
	return e < 0 ? e : read_config(t, &r, path);
}

int clear_proftpd(struct arena *a, const struct root *root, struct clear_list *ret)
{
	static const char *const packaged[] = {"/usr/sbin/proftpd", NULL};
	static const char *const built[] = {"/usr/local/sbin/proftpd", NULL};
	struct starts t = {a, root, ret, !name_server_installed(root, packaged)};
	struct reading r;

	if (t.built && !name_server_installed(root, built))
		return 0;
	int e = clear_commands(a, ret, "proftpd", each_command, &t);
	if (e != 0)
		return MIN(e, 0);
	e = begin(&r, a, root);
	return e < 0 ? e : read_config(&t, &r, NULL);
}

int clear_proftpd_text(struct arena *a, char *text, struct clear_list *ret)
{
	struct reading r;
	int e = begin(&r, a, NULL);

	if (e == 0)
		e = each_file("proftpd.conf", text, &r);
	return e < 0 ? e : finish(&r, ret);
}
