/* SPDX-License-Identifier: ISC */
/*
 * What OpenLDAP's slapd takes without TLS: which strength `security` (olcSecurity)
 * asks for, of all databases and of each, as backend_check_restrictions() of its
 * servers/slapd/backend.c compares it. Over TCP without TLS each strength is 0.
 * Its configuration is slapd.conf, or the entries that it keeps in slapd.d.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "fact/clear-servers.h"
#include "fact/name-servers.h"
#include "fact/slapd-start.h"

enum {
	DATABASES_MAX = 200,
};

enum factor {
	FACTOR_SSF,
	FACTOR_TRANSPORT,
	FACTOR_TLS,
	FACTOR_SASL,
	FACTOR_SIMPLE, /* for binds with a password alone */
	FACTORS
};

struct asked {
	const char *text; /* "security tls=1"; NULL: nothing is asked */
	struct conf_place at;
};

struct database {
	const char *name; /* "mdb"; the first is the frontend, whose values hold for all */
	bool internal;	  /* config, monitor */
	bool password;	  /* of internal ones: somebody logs in by one */
	struct asked by[FACTORS];
	struct asked access; /* an access rule asks for a strength as well */
	struct conf_place at;
};

struct reading {
	struct conf_files files;
	struct database *v;
	size_t n;
	struct asked plain;    /* SASL may send passwords */
	struct asked disallow; /* binds with a password are switched off */
};

static int note(struct reading *r, struct asked *a, const struct conf_place *at, const char *key,
	const char *value)
{
	a->text = arena_printf(r->files.a, "%s %s", key, value);
	a->at = *at;
	return a->text ? 0 : -ENOMEM;
}

/* "ssf=128", of `security`. */
static int add_factor(struct reading *r, struct database *d, const struct conf_place *at,
	const char *key, const char *word)
{
	static const char *const names[FACTORS] = {[FACTOR_SSF] = "ssf=",
		[FACTOR_TRANSPORT] = "transport=",
		[FACTOR_TLS] = "tls=",
		[FACTOR_SASL] = "sasl=",
		[FACTOR_SIMPLE] = "simple_bind="};

	for (size_t i = 0; i < FACTORS; i++) {
		size_t n = strlen(names[i]);
		if (strncasecmp(word, names[i], n) != 0)
			continue;
		size_t digits = strspn(word + n, "0123456789");
		if (digits == 0 || word[n + digits])
			return conf_files_fault(&r->files, at, "%s is no number", key);
		if (strspn(word + n, "0") != digits)
			return note(r, &d->by[i], at, key, word);
		d->by[i] = (struct asked){NULL, {NULL, 0}};
	}
	return 0; /* update_ssf= and the like ask it of changes alone */
}

/* The words of sasl-secprops: without "noplain" passwords are sent, unless a layer is asked for. */
static int secprops(
	struct reading *r, const struct conf_place *at, const char *key, const char *value)
{
	const char *minssf = strcasestr(value, "minssf=");

	r->plain.text = NULL;
	if (strcasestr(value, "noplain") || (minssf && strspn(minssf + 7, "0") == 0))
		return 0;
	return note(r, &r->plain, at, key, value);
}

static int new_database(struct reading *r, const struct conf_place *at, const char *name)
{
	struct database *d = arena_grow(r->files.a, &r->v, r->n, sizeof(*d));

	if (!d)
		return -ENOMEM;
	*d = (struct database){.name = arena_strdup(r->files.a, name), .at = *at};
	d->internal = strcasecmp(name, "config") == 0 || strcasecmp(name, "monitor") == 0;
	r->n++;
	return d->name ? 0 : -ENOMEM;
}

/* A directive's words, or an attribute's value; key as it is written in its file. */
static int each_setting(struct reading *r, size_t current, const struct conf_place *at,
	const char *name, char *value, const char *key)
{
	struct database *d = &r->v[current];
	char *save = NULL;
	int k = 0;

	if (strcasecmp(name, "security") == 0) {
		for (char *w = strtok_r(value, " \t\"", &save); k == 0 && w;
			w = strtok_r(NULL, " \t\"", &save))
			k = add_factor(r, d, at, key, w);
	} else if (strcasecmp(name, "rootpw") == 0) {
		d->password = true; /* the value is nobody's business */
	} else if (strcasecmp(name, "access") == 0) {
		if (strcasestr(value, "ssf=") && !d->access.text)
			k = note(r, &d->access, at, key, "with ssf=");
	} else if (strcasecmp(name, "sasl-secprops") == 0) {
		k = secprops(r, at, key, value);
	} else if (strcasecmp(name, "disallow") == 0) {
		if (strcasestr(value, "bind_simple"))
			k = note(r, &r->disallow, at, key, "bind_simple");
	}
	return k;
}

/* ---- slapd.conf ---- */

struct old_file {
	struct reading *r;
	size_t current;
};

static int parse_conf(const char *path, char *text, void *arg);

static int each_directive(struct old_file *o, const struct conf_place *at, char *line)
{
	char *value = line + strcspn(line, " \t");
	size_t len;

	if (*value)
		*value++ = '\0';
	value += strspn(value, " \t");
	len = strlen(value);
	if (len > 1 && *value == '"' && value[len - 1] == '"' && !memchr(value + 1, '"', len - 2)) {
		value[len - 1] = '\0';
		value++;
	}
	if (strcasecmp(line, "include") == 0)
		return conf_files_read(&o->r->files, value, at, false, parse_conf, o);
	if (strcasecmp(line, "database") != 0)
		return each_setting(o->r, o->current, at, line, value, line);
	value[strcspn(value, " \t")] = '\0';
	o->current = 0;
	if (strcasecmp(value, "frontend") == 0)
		return 0;
	if (o->r->n >= DATABASES_MAX)
		return conf_files_fault(&o->r->files, at, "more than %d databases", DATABASES_MAX);
	o->current = o->r->n;
	return new_database(o->r, at, value);
}

/* A line goes on in the next when it ends with "\", or when that begins with a blank. */
static int parse_conf(const char *path, char *text, void *arg)
{
	struct old_file *o = arg;
	unsigned line = 1;
	int k = 0;

	while (k == 0 && *text && !o->r->files.fault) {
		struct conf_place at = {path, line};
		bool include = strncasecmp(text, "include", 7) == 0;
		char *end = text;
		for (;; line++) {
			end += strcspn(end, "\n");
			if (!*end || include)
				break;
			if (end > text && end[-1] == '\\' && (end - text < 2 || end[-2] != '\\'))
				end[-1] = ' ';
			else if (end[1] != ' ' && end[1] != '\t')
				break;
			*end = ' ';
		}
		char *next = end + (*end == '\n');
		line++;
		while (end > text && strchr(" \t\r", end[-1]))
			end--;
		*end = '\0';
		text += strspn(text, " \t");
		if (*text && *text != '#')
			k = each_directive(o, &at, text);
		text = next;
	}
	return k;
}

/* ---- slapd.d ---- */

/* "{1}mdb": what stands behind the braces. */
static char *unordered(char *value)
{
	char *brace = *value == '{' ? strchr(value, '}') : NULL;

	return brace ? brace + 1 : value;
}

static int each_attribute(
	struct reading *r, size_t *current, const struct conf_place *at, char *line)
{
	static const struct {
		const char *attribute, *name;
	} names[] = {{"olcSecurity", "security"}, {"olcRootPW", "rootpw"}, {"olcAccess", "access"},
		{"olcSaslSecProps", "sasl-secprops"}, {"olcDisallows", "disallow"}};
	char *value = strchr(line, ':');

	if (!value)
		return 0;
	bool coded = value[1] == ':';
	*value = '\0';
	value += coded ? 2 : 1;
	value += strspn(value, " ");
	if (strcasecmp(line, "dn") == 0 && strncasecmp(value, "olcDatabase=", 12) == 0) {
		value = unordered(value + 12);
		value[strcspn(value, ",")] = '\0';
		if (strcasecmp(value, "frontend") == 0 || r->n >= DATABASES_MAX)
			return 0;
		*current = r->n;
		return new_database(r, at, value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcasecmp(line, names[i].attribute) != 0)
			continue;
		const char *key = arena_printf(r->files.a, "%s:", names[i].attribute);
		if (!key)
			return -ENOMEM;
		if (coded && strcmp(names[i].name, "access") == 0) /* it may ask for one */
			return note(r, &r->v[*current].access, at, key, "in base64");
		if (coded && strcmp(names[i].name, "rootpw") != 0)
			return conf_files_fault(
				&r->files, at, "%s is in base64, which is not read", line);
		return each_setting(r, *current, at, names[i].name, value, key);
	}
	return 0;
}

/* An entry, whose first line is its name; a line that begins with a blank goes on the one before.
 */
static int parse_ldif(const char *path, char *text, void *arg)
{
	struct reading *r = arg;
	size_t current = 0;
	unsigned line = 1;
	int k = 0;

	while (k == 0 && *text && !r->files.fault) {
		struct conf_place at = {path, line};
		char *out = text, *in = text;
		for (; *in && !(*in == '\n' && in[1] != ' '); in++) {
			if (*in == '\n') {
				line++;
				in++;
			} else {
				*out++ = *in;
			}
		}
		char *next = in + (*in == '\n');
		line++;
		*out = '\0';
		if (out > text && out[-1] == '\r')
			out[-1] = '\0';
		if (*text != '#')
			k = each_attribute(r, &current, &at, text);
		text = next;
	}
	return k;
}

/* ---- what comes of it ---- */

/* What is asked of the database: its own where it has any, else everybody's. */
static const struct asked *asked_of(const struct reading *r, const struct database *d, size_t i)
{
	return d->by[i].text ? &d->by[i] : r->v[0].by[i].text ? &r->v[0].by[i] : NULL;
}

struct verdict_of {
	enum clear_kind kind;
	const struct asked *by; /* NULL: nothing is asked of it */
};

static struct verdict_of judge_database(const struct reading *r, const struct database *d)
{
	struct verdict_of v = {CLEAR_OPEN, NULL};

	for (size_t i = 0; i < FACTORS; i++) {
		const struct asked *a = asked_of(r, d, i);
		if (!a || (i == FACTOR_SIMPLE && v.by))
			continue;
		v.kind = i == FACTOR_SIMPLE ? CLEAR_LOGIN : CLEAR_SHUT;
		v.by = a;
		if (v.kind == CLEAR_SHUT)
			break;
	}
	if (v.kind == CLEAR_OPEN && r->disallow.text)
		v = (struct verdict_of){CLEAR_LOGIN, &r->disallow};
	/* Nobody reads these without having logged in. */
	if (v.kind == CLEAR_LOGIN && d->internal)
		v.kind = CLEAR_SHUT;
	return v;
}

/* A database that decides less than another is no matter; what cannot be decided is kept apart. */
static int judge(struct reading *r, struct clear_service *s)
{
	const struct database *worst = NULL;
	const struct asked *unsure = NULL;
	struct verdict_of most = {CLEAR_SHUT, NULL};
	bool others = false;

	for (size_t i = 1; i < r->n; i++)
		others = others || !r->v[i].internal || r->v[i].password;
	for (size_t i = others ? 1 : 0; i < (others ? r->n : 1); i++) {
		const struct database *d = &r->v[i];
		if (d->internal && !d->password)
			continue;
		struct verdict_of v = judge_database(r, d);
		if (!others && v.kind == CLEAR_OPEN) /* there is nobody who has a password */
			v.kind = CLEAR_LOGIN;
		const struct asked *access = d->access.text ? &d->access : &r->v[0].access;
		if (v.kind != CLEAR_SHUT && access->text) {
			unsure = access;
		} else if (!worst || v.kind > most.kind) {
			worst = d;
			most = v;
		}
	}
	bool sasl = r->plain.text && !r->v[0].by[FACTOR_TLS].text &&
		    !r->v[0].by[FACTOR_TRANSPORT].text;
	if (sasl && most.kind != CLEAR_OPEN)
		most = (struct verdict_of){CLEAR_OPEN, &r->plain};
	if (unsure && most.kind != CLEAR_OPEN)
		return conf_files_fault(&r->files, &unsure->at,
			"an access rule asks for a strength (ssf=): what is left is not decided "
			"here");
	s->kind = most.kind;
	s->setting =
		most.by ? most.by->text
			: arena_printf(r->files.a,
				  "no security (olcSecurity) tls= or ssf= for the database %s (by "
				  "default nothing is asked)",
				  worst ? worst->name : "");
	s->at = most.by ? most.by->at : worst ? worst->at : s->at;
	return s->setting ? 0 : -ENOMEM;
}

static int add_services(
	const struct slapd_start *c, struct reading *r, const char *path, struct clear_list *ret)
{
	struct clear_service s = {.program = "slapd", .protocol = "LDAP", .at = {path, 0}};
	struct clear_service tls = {.program = "slapd",
		.protocol = "LDAP over TLS",
		.kind = CLEAR_SHUT,
		.setting = "it begins with TLS",
		.at = c->at.path ? c->at : s.at};
	struct clear_list l = *ret;
	bool clear = true;
	int k = judge(r, &s);

	if (c->unknown)
		tls.ports[0] = 636;
	else if (c->urls)
		clear = slapd_start_urls(c->urls, tls.ports);
	if (k == 0 && !clear) {
		s.kind = CLEAR_SHUT;
		s.setting = arena_printf(r->files.a, "%s %s", c->name, c->urls);
		s.at = tls.at;
		k = s.setting ? 0 : -ENOMEM;
	}
	clear_fault(&s, &r->files);
	if (k == 0)
		k = clear_add(r->files.a, &l, &s);
	if (k == 0 && tls.ports[0])
		k = clear_add(r->files.a, &l, &tls);
	if (k == 0)
		*ret = l;
	return k;
}

static int begin(struct reading *r, struct arena *a, const struct root *root, const char *path)
{
	*r = (struct reading){.files = {.a = a, .root = root}};
	return new_database(r, &(struct conf_place){path, 0}, "frontend");
}

int clear_slapd(struct arena *a, const struct root *root, struct clear_list *ret)
{
	static const char *const programs[] = {
		"/usr/sbin/slapd", "/usr/libexec/slapd", "/usr/local/libexec/slapd", NULL};
	struct slapd_start c = {0};
	struct reading r;

	if (!name_server_installed(root, programs))
		return 0;
	int k = slapd_start_read(a, root, ret, &c);
	const char *path = c.dir ? arena_path(a, c.dir, "cn=config.ldif") : c.file;
	if (k < 0 || !path)
		return k;
	k = begin(&r, a, root, path);
	if (k == 0 && c.dir) {
		const char *entries = arena_path(a, c.dir, "cn=config/olcDatabase=*.ldif");
		k = conf_files_read(&r.files, path, NULL, false, parse_ldif, &r);
		if (k == 0)
			k = entries ? conf_files_read(&r.files, entries, NULL, true, parse_ldif, &r)
				    : -ENOMEM;
	} else if (k == 0) {
		struct old_file o = {&r, 0};
		k = conf_files_read(&r.files, path, NULL, false, parse_conf, &o);
	}
	if (k == 0 && c.another.path)
		k = conf_files_fault(&r.files, &c.another,
			"this unit runs slapd as well: what it serves is not read");
	return k < 0 ? k : add_services(&c, &r, path, ret);
}

/* A text that begins with "dn:" is an entry of slapd.d. */
int clear_slapd_text(struct arena *a, char *text, struct clear_list *ret)
{
	static const char path[] = "slapd.conf";
	const struct slapd_start c = {0};
	struct reading r;
	struct old_file o = {&r, 0};
	int k = begin(&r, a, NULL, path);

	if (k == 0)
		k = strncmp(text, "dn:", 3) == 0 ? parse_ldif(path, text, &r)
						 : parse_conf(path, text, &o);
	return k < 0 ? k : add_services(&c, &r, path, ret);
}
