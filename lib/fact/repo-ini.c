/* SPDX-License-Identifier: ISC */
#include "fact/repo-ini.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "fact/repo-uri.h"

/* Keys that a source inherits from [main] unless it sets them. */
static const char *const inherited[] = {
	"gpgcheck", "repo_gpgcheck", "pkg_gpgcheck", "localpkg_gpgcheck", "sslverify"};

/* Keys of a source that are kept: no name, no password, no proxy. */
static const char *const kept[] = {"gpgcheck", "repo_gpgcheck", "pkg_gpgcheck", "sslverify",
	"gpgkey", "gpg-verify", "gpg-verify-summary", "type"};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_';
}

static bool is_one_of(const char *s, const char *const v[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(s, v[i]) == 0)
			return true;
	}
	return false;
}

static char *copy_trimmed(struct arena *a, const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	while (end > p && is_blank(end[-1]))
		end--;
	return arena_strndup(a, p, strnlen(p, (size_t)(end - p)));
}

/* What $NAME or ${NAME} at p stands for; NULL when it is no known variable. */
static const struct repo_var *variable(const struct repo_ini *in, const char *p, size_t *ret_n)
{
	bool brace = p[1] == '{';
	const char *name = p + 1 + brace;
	size_t n = 0;

	while (is_word(name[n]))
		n++;
	if (n == 0 || (brace && name[n] != '}'))
		return NULL;
	*ret_n = n + 1 + 2 * brace;
	for (size_t i = 0; i < in->n_vars; i++) {
		if (strlen(in->vars[i].name) == n && strncmp(in->vars[i].name, name, n) == 0)
			return &in->vars[i];
	}
	return NULL;
}

/* Variables replaced where they are known; those of the release and machine stay. */
static const char *expand(const struct repo_ini *in, const char *s)
{
	struct arena *a = in->l->arena;

	for (unsigned i = 0; i < 16 && s; i++) {
		const struct repo_var *var = NULL;
		size_t n = 0;
		const char *p = s;
		for (; (p = strchr(p, '$')); p++) {
			var = variable(in, p, &n);
			if (var)
				break;
		}
		if (!var)
			return s;
		s = arena_printf(a, "%.*s%s%s", (int)(p - s), s, var->value, p + n);
		if (s && strlen(s) > 4096)
			break;
	}
	return s;
}

/* A list of URIs: separated by blanks, commas, newlines. */
static int add_uris(struct repo_ini *in, struct repo *r, const char *value, enum repo_uri_role role)
{
	for (const char *p = value; *p;) {
		p += strspn(p, " \t\r\n,");
		size_t n = strcspn(p, " \t\r\n,");
		if (n == 0)
			break;
		char *word = arena_strndup(in->l->arena, p, n);
		if (!word || repo_list_uri(in->l, r, word, role) < 0)
			return -ENOMEM;
		p += n;
	}
	return 0;
}

/* The keys that signatures are checked with, without names and passwords in their URIs. */
static int mask_keys(struct repo_ini *in, const char *value, const char **ret)
{
	struct repo scratch = {0};
	char *out = NULL;
	int r = add_uris(in, &scratch, value, REPO_URI_BASE);

	for (size_t i = 0; i < scratch.n_uris && r == 0; i++) {
		out = out ? arena_printf(in->l->arena, "%s %s", out, scratch.uris[i].text)
			  : arena_strdup(in->l->arena, scratch.uris[i].text);
		if (!out)
			return -ENOMEM;
	}
	*ret = out ? out : "";
	return r;
}

/* A file that is being read. */
struct reading {
	struct repo_ini *in;
	const char *path;
	unsigned line;
	struct repo *repo; /* of the section; NULL before the first */
	bool skip;	   /* a section that is none of a source */
};

static int section(struct reading *rd, const char *p, const char *end)
{
	struct repo_list *l = rd->in->l;
	const char *close = memchr(p, ']', (size_t)(end - p));

	rd->skip = true;
	rd->repo = NULL;
	if (!close || close == p + 1)
		return repo_list_problem(l, rd->path, rd->line, false, "the section has no name");
	char *id = copy_trimmed(l->arena, p + 1, close);
	if (!id)
		return -ENOMEM;
	if (rd->in->kind == REPO_FLATPAK) {
		size_t n = strlen(id);
		if (strncmp(id, "remote \"", 8) != 0 || n < 10)
			return 0;
		id[n - 1] = '\0';
		id += 8;
	} else if (strcmp(id, "main") == 0) {
		rd->repo = rd->in->is_main ? &rd->in->main : NULL;
		return 0;
	}
	struct repo *r = repo_list_add(l);
	if (!r)
		return l->n >= REPO_LIST_MAX ? repo_list_problem(l, rd->path, rd->line, false,
						       "more sources than are read")
					     : -ENOMEM;
	*r = (struct repo){.kind = rd->in->kind,
		.id = id,
		.suite = "",
		.path = rd->path,
		.line = rd->line,
		.enabled = true};
	rd->repo = r;
	rd->skip = false;
	for (size_t i = 0; i < rd->in->main.n_options; i++) {
		int err = repo_list_option(l, r, &rd->in->main.options[i]);
		if (err < 0)
			return err;
	}
	return 0;
}

static int main_key(struct reading *rd, const char *key, const char *value)
{
	if (strcmp(key, "reposdir") == 0)
		rd->in->reposdir = value;
	if (!is_one_of(key, inherited, ARRAY_SIZE(inherited)))
		return 0;
	return repo_list_option(
		rd->in->l, &rd->in->main, &(struct repo_option){key, value, rd->path, rd->line});
}

static bool is_off(const char *value)
{
	static const char *const no[] = {"0", "no", "false", "off"};

	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		if (strcasecmp(value, no[i]) == 0)
			return true;
	}
	return false;
}

static int repo_key(struct reading *rd, const char *key, const char *value)
{
	struct repo *r = rd->repo;

	if (strcmp(key, "enabled") == 0)
		r->enabled = !is_off(value);
	else if (strcmp(key, "xa.disable") == 0)
		r->enabled = is_off(value);
	if (strcmp(key, "baseurl") == 0 || strcmp(key, "url") == 0)
		return add_uris(rd->in, r, value, REPO_URI_BASE);
	if (strcmp(key, "mirrorlist") == 0 || strcmp(key, "metalink") == 0)
		return add_uris(rd->in, r, value, REPO_URI_LIST);
	if (!is_one_of(key, kept, ARRAY_SIZE(kept)))
		return 0;
	if (strcmp(key, "gpgkey") == 0 && mask_keys(rd->in, value, &value) < 0)
		return -ENOMEM;
	return repo_list_option(
		rd->in->l, r, &(struct repo_option){key, value, rd->path, rd->line});
}

/* "key = value" with the lines that continue it, up to end. */
static int assignment(struct reading *rd, const char *p, const char *end)
{
	struct repo_list *l = rd->in->l;
	const char *eq = memchr(p, '=', (size_t)(end - p));

	if (!rd->repo && !rd->skip)
		return repo_list_problem(
			l, rd->path, rd->line, false, "no section begins before this");
	if (!eq)
		return rd->in->kind == REPO_FLATPAK ? 0
						    : repo_list_problem(l, rd->path, rd->line,
							      false, "the line is no key = value");
	if (!rd->repo)
		return 0;
	const char *key = copy_trimmed(l->arena, p, eq);
	const char *value = copy_trimmed(l->arena, eq + 1, end);
	if (value)
		value = expand(rd->in, value);
	if (!key || !value)
		return -ENOMEM;
	return rd->repo == &rd->in->main ? main_key(rd, key, value) : repo_key(rd, key, value);
}

int repo_ini_read(struct repo_ini *in, const char *path, const char *text, size_t size)
{
	struct reading rd = {.in = in, .path = path};
	const char *p = text, *end = text + size, *next;
	int r = 0;

	for (unsigned line = 1; p < end && r == 0; p = next) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *stop = nl ? nl : end;
		next = nl ? nl + 1 : end;
		rd.line = line++;
		/* A value goes on in the lines that begin with a blank. */
		bool opens = p < stop && *p != '[' && *p != '#' && *p != ';' && !is_blank(*p);
		while (opens && next < end && (*next == ' ' || *next == '\t')) {
			nl = memchr(next, '\n', (size_t)(end - next));
			stop = nl ? nl : end;
			next = nl ? nl + 1 : end;
			line++;
		}
		if (p == stop || *p == '#' || *p == ';' || is_blank(*p))
			continue;
		r = *p == '[' ? section(&rd, p, stop) : assignment(&rd, p, stop);
	}
	return r;
}

int repo_apk_read(struct repo_list *l, const char *path, const char *text, size_t size)
{
	const char *p = text, *end = text + size, *next;

	for (unsigned line = 1; p < end; p = next, line++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *stop = nl ? nl : end;
		next = nl ? nl + 1 : end;
		char *word = copy_trimmed(l->arena, p, stop);
		if (!word)
			return -ENOMEM;
		if (!*word || *word == '#')
			continue;
		const char *id = "";
		if (*word == '@') {
			size_t n = strcspn(word, " \t");
			id = word;
			if (word[n])
				word[n++] = '\0';
			word += n + strspn(word + n, " \t");
		}
		struct repo *r = repo_list_add(l);
		if (!r)
			return l->n >= REPO_LIST_MAX ? 0 : -ENOMEM;
		r->kind = REPO_APK;
		r->path = path;
		r->line = line;
		r->id = id;
		if (repo_list_uri(l, r, word, REPO_URI_BASE) < 0)
			return -ENOMEM;
	}
	return 0;
}
