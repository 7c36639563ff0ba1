/* SPDX-License-Identifier: ISC */
/*
 * What Pure-FTPd demands: `-Y N` of its command line, pure-ftpd(8), which comes
 * from a unit, from pure-ftpd.conf, or on Debian from files of one value each
 * that pure-ftpd-wrapper(8) makes options of.
 *   0 no TLS, 1 TLS for who asks for it, 2 no password without TLS, 3 no data
 *   without it either.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "fact/clear-servers.h"
#include "fact/name-servers.h"

static const char wrapper[] = "/usr/sbin/pure-ftpd-wrapper";
static const char wrapper_tls[] = "/etc/pure-ftpd/conf/TLS";

struct value {
	const char *text; /* as written, for evidence: "TLS 1" */
	struct conf_place at;
};

struct reading {
	struct conf_files files;
	const char *path; /* what is said to be silent where nothing is said */
	unsigned tls;
	bool anonymous; /* nobody has a password */
	struct value tls_said, anonymous_said;
};

static int set_tls(struct reading *r, const char *value, const struct value *said)
{
	if (strlen(value) != 1 || *value < '0' || *value > '3')
		return conf_files_fault(
			&r->files, &said->at, "%s: TLS is 0, 1, 2 or 3", said->text);
	r->tls = (unsigned)(*value - '0');
	r->tls_said = *said;
	return 0;
}

/* AnonymousOnly, or the NoAnonymous that takes it back: the later of the two holds. */
static int set_anonymous(struct reading *r, bool only, const char *value, const struct value *said)
{
	static const char *const words[][2] = {
		{"no", "yes"}, {"off", "on"}, {"0", "1"}, {"false", "true"}};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcasecmp(value, words[i][0]) == 0)
			return 0;
		if (strcasecmp(value, words[i][1]) == 0) {
			r->anonymous = only;
			r->anonymous_said = *said;
			return 0;
		}
	}
	return conf_files_fault(&r->files, &said->at, "%s: it is yes or no", said->text);
}

/* ---- pure-ftpd.conf ---- */

static int each_file(const char *path, char *text, void *arg);

/* "KEY VALUE", with "=" or ":" between as well. */
static int take_line(struct reading *r, const struct conf_place *at, char *line)
{
	static const char between[] = " \t\r=:";
	char *save = NULL, *key = strtok_r(line, between, &save);
	char *value = save ? save + strspn(save, between) : NULL;

	if (!key || *key == '#')
		return 0;
	if (value)
		value[strcspn(value, " \t\r")] = '\0';
	const struct value said = {arena_printf(r->files.a, "%s %s", key, value ? value : ""), *at};
	if (!said.text)
		return -ENOMEM;
	if (strcasecmp(key, "TLS") == 0)
		return set_tls(r, value ? value : "", &said);
	if (strcasecmp(key, "AnonymousOnly") == 0 || strcasecmp(key, "NoAnonymous") == 0)
		return set_anonymous(r, (*key | 0x20) == 'a', value ? value : "", &said);
	if (strcasecmp(key, "!Include") == 0 && value)
		return conf_files_read(&r->files, value, at, false, each_file, r);
	return 0;
}

static int each_file(const char *path, char *text, void *arg)
{
	struct conf_place at = {path, 0};
	int e = 0;

	while (e == 0 && *text) {
		size_t len = strcspn(text, "\n");
		char *next = text + len + (text[len] == '\n');
		text[len] = '\0';
		at.line++;
		e = take_line(arg, &at, text);
		text = next;
	}
	return e;
}

/* ---- Debian's files of one value ---- */

/* The first line that says something, as the wrapper takes it. */
static int each_value(const char *path, char *text, void *arg)
{
	struct reading *r = arg;
	const char *name = text_base_name(path);
	struct value said = {NULL, {path, 0}};

	while (*text) {
		size_t len = strcspn(text, "\n");
		char *next = text + len + (text[len] == '\n');
		text[len] = '\0';
		said.at.line++;
		text += strspn(text, " \t\r\v\f");
		for (size_t n = strlen(text); n > 0 && strchr(" \t\r\v\f", text[n - 1]);)
			text[--n] = '\0';
		if (*text && *text != '#') {
			said.text = arena_printf(r->files.a, "%s %s", name, text);
			if (!said.text)
				return -ENOMEM;
			return strcmp(name, "TLS") == 0
				       ? set_tls(r, text, &said)
				       : set_anonymous(r, *name == 'A', text, &said);
		}
		text = next;
	}
	return 0;
}

/* Of AnonymousOnly and NoAnonymous the directory's order decides: what leaves more open is taken.
 */
static int read_wrapper(struct reading *r)
{
	static const char *const paths[] = {wrapper_tls, "/etc/pure-ftpd/conf/AnonymousOnly",
		"/etc/pure-ftpd/conf/NoAnonymous"};
	int e = 0;

	r->path = wrapper_tls;
	for (size_t i = 0; e == 0 && i < ARRAY_SIZE(paths); i++)
		e = conf_files_read(&r->files, paths[i], NULL, true, each_value, r);
	return e;
}

/* ---- the command line ---- */

/* The options that take a value, of getopt_long(3) as pure-ftpd gives it. */
static const char short_valued[] = "23aCcFfgIJklLmnOpPqQStTuUVyY89";

/* Option o, its value where it takes one. */
static int take_option(
	struct reading *r, const char *o, const char *value, const struct conf_place *at)
{
	const struct value said = {
		arena_printf(r->files.a, "%s%s%s", o, value ? " " : "", value ? value : ""), *at};

	if (!said.text)
		return -ENOMEM;
	if (strcmp(o, "-Y") == 0 || strcmp(o, "--tls") == 0)
		return set_tls(r, value ? value : "", &said);
	if (strcmp(o, "-e") == 0 || strcmp(o, "--anonymousonly") == 0)
		return set_anonymous(r, true, "1", &said);
	if (strcmp(o, "-E") == 0 || strcmp(o, "--noanonymous") == 0)
		return set_anonymous(r, false, "1", &said);
	return 0;
}

/* The letters behind one "-"; how many words more their value took, or -errno. */
static int take_letters(
	struct reading *r, const char *letters, const char *next, const struct conf_place *at)
{
	for (; *letters; letters++) {
		const char o[] = {'-', *letters, '\0'};
		bool valued = strchr(short_valued, *letters);
		int e = take_option(r, o, !valued ? NULL : letters[1] ? letters + 1 : next, at);
		if (e < 0 || valued)
			return e < 0 ? e : !letters[1];
	}
	return 0;
}

static int take_words(
	struct reading *r, const char *const *words, size_t n, const struct conf_place *at)
{
	int e = 0;

	r->path = at->path;
	if (n == 2 && *words[1] != '-') {
		r->path = words[1];
		return conf_files_read(&r->files, words[1], at, false, each_file, r);
	}
	for (size_t i = 1; e >= 0 && i < n; i++) {
		const char *w = words[i], *equal = strchr(w, '=');
		if (strncmp(w, "--", 2) != 0) {
			e = *w == '-' ? take_letters(r, w + 1, words[i + 1], at) : 0;
			i += e > 0;
			continue;
		}
		const char *name = equal ? arena_strndup(r->files.a, w, (size_t)(equal - w)) : w;
		if (!name)
			return -ENOMEM;
		e = take_option(r, name, equal ? equal + 1 : words[i + 1], at);
	}
	return e < 0 ? e : 0;
}

/* ---- what it comes to ---- */

static int finish(struct reading *r, struct clear_service *s)
{
	static const enum clear_kind kinds[] = {CLEAR_OPEN, CLEAR_OPEN, CLEAR_LOGIN, CLEAR_SHUT};
	const struct value *v = &r->tls_said;

	*s = (struct clear_service){
		.program = "pure-ftpd*", .protocol = "FTP", .kind = kinds[r->tls]};
	if (s->kind == CLEAR_OPEN && r->anonymous) {
		s->kind = CLEAR_LOGIN;
		v = &r->anonymous_said;
	}
	s->setting = v->text ? v->text : "no TLS or -Y (the default is 0)";
	s->at = v->text ? v->at : (struct conf_place){r->path, 0};
	clear_fault(s, &r->files);
	return 0;
}

struct starts {
	struct arena *a;
	const struct root *root;
	struct clear_list *list;
};

static int add(struct starts *t, struct reading *r)
{
	struct clear_service s;
	int e = finish(r, &s);

	return e == 0 ? clear_add(t->a, t->list, &s) : e;
}

static int each_command(const char *const *words, size_t n, const struct conf_place *at, void *arg)
{
	struct starts *t = arg;
	struct reading r = {.files = {.a = t->a, .root = t->root}};
	int e = take_words(&r, words, n, at);

	return e == 0 ? add(t, &r) : e;
}

/* Without a unit that says how: Debian's script, or the file where the others have it. */
static int read_usual(struct starts *t)
{
	static const char *const wrappers[] = {wrapper, NULL};
	static const char *const paths[] = {"/etc/pure-ftpd/pure-ftpd.conf", "/etc/pure-ftpd.conf"};
	struct reading r = {.files = {.a = t->a, .root = t->root}};

	if (name_server_installed(t->root, wrappers)) {
		int e = read_wrapper(&r);
		return e == 0 ? add(t, &r) : e;
	}
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		r = (struct reading){.files = {.a = t->a, .root = t->root}, .path = paths[i]};
		int e = conf_files_read(&r.files, paths[i], NULL, false, each_file, &r);
		if (e < 0 || !r.files.absent)
			return e == 0 ? add(t, &r) : e;
	}
	return 0;
}

int clear_pureftpd(struct arena *a, const struct root *root, struct clear_list *ret)
{
	static const char *const programs[] = {"/usr/sbin/pure-ftpd", "/usr/sbin/pure-ftpd-ldap",
		"/usr/sbin/pure-ftpd-mysql", "/usr/sbin/pure-ftpd-postgresql",
		"/usr/local/sbin/pure-ftpd", NULL};
	struct starts t = {a, root, ret};

	if (!name_server_installed(root, programs))
		return 0;
	int e = clear_commands(a, ret, "pure-ftpd", each_command, &t);
	return e == 0 ? read_usual(&t) : MIN(e, 0);
}

int clear_pureftpd_text(struct arena *a, char *text, struct clear_list *ret)
{
	struct reading r = {.files = {.a = a}, .path = "pure-ftpd.conf"};
	struct clear_service s;
	int e = each_file(r.path, text, &r);

	if (e == 0)
		e = finish(&r, &s);
	return e == 0 ? clear_add(a, ret, &s) : e;
}

int clear_pureftpd_value(struct arena *a, char *text, struct clear_list *ret)
{
	struct reading r = {.files = {.a = a}, .path = wrapper_tls};
	struct clear_service s;
	int e = each_value(wrapper_tls, text, &r);

	if (e == 0)
		e = finish(&r, &s);
	return e == 0 ? clear_add(a, ret, &s) : e;
}
