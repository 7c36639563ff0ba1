/* SPDX-License-Identifier: ISC */
#include "check/update-origins.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <string.h>

#include "base/util.h"

#define BLANKS " \t\n\r\v\f"

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* The value of the name at p, of n bytes; NULL when there is no such name. */
static const char *value_of(const char *p, size_t n, const struct update_distro *d)
{
	if (n == strlen("distro_id") && strncmp(p, "distro_id", n) == 0)
		return d->id;
	if (n == strlen("distro_codename") && strncmp(p, "distro_codename", n) == 0)
		return d->codename;
	return NULL;
}

/* As Python's string.Template: $name, ${name}, $$; anything else behind a $ is an error. */
static int substitute(
	struct arena *a, const char *s, const struct update_distro *d, const char **ret)
{
	size_t longest = MAX(strlen(d->id), strlen(d->codename)) + 1;
	char *out = arena_alloc(a, strlen(s) * longest + 1), *w = out;

	if (!out)
		return -ENOMEM;
	for (; *s; s++) {
		if (*s != '$') {
			*w++ = *s;
			continue;
		}
		if (*++s == '$') {
			*w++ = '$';
			continue;
		}
		bool braced = *s == '{';
		s += braced;
		size_t n = 0;
		while (is_name(s[n]))
			n++;
		const char *value = value_of(s, n, d);
		if (!value || (braced && s[n] != '}'))
			return -EINVAL;
		w = stpcpy(w, value);
		s += n - !braced;
	}
	*w = '\0';
	*ret = out;
	return 0;
}

/* Without the blanks around it, "%2C" as ",": in place. */
static char *clean(char *s, size_t n)
{
	char *w;

	s[n] = '\0';
	n -= strspn(s, BLANKS);
	s += strspn(s, BLANKS);
	while (n && strchr(BLANKS, s[n - 1]))
		s[--n] = '\0';
	w = s;
	for (const char *p = s; *p; p++) {
		bool comma = strncmp(p, "%2C", 3) == 0;
		*w++ = comma ? ',' : *p;
		p += comma ? 2 : 0;
	}
	*w = '\0';
	return s;
}

/* The archive's field that a matcher names. Returns whether there is such a matcher. */
static bool field_of(const char *name, const struct update_archive *archive, const char **ret)
{
	const struct {
		const char *names[3];
		const char *value;
	} fields[] = {
		{{"o", "origin"}, archive->origin},
		{{"l", "label"}, archive->label},
		{{"a", "suite", "archive"}, archive->suite},
		{{"c", "component"}, archive->component},
		{{"site"}, archive->site},
		{{"n", "codename"}, archive->codename},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(fields[i].names); k++) {
			if (fields[i].names[k] && strcmp(fields[i].names[k], name) == 0) {
				*ret = fields[i].value;
				return true;
			}
		}
	}
	return false;
}

/* One "NAME=GLOB": 1, 0, -ENODATA, -EINVAL or -ENOMEM. */
static int match_token(struct arena *a, char *token, const struct update_distro *distro,
	const struct update_archive *archive)
{
	char *equals = strchr(token, '=');
	const char *field = NULL, *glob = NULL;

	if (!equals || strchr(equals + 1, '='))
		return -EINVAL;
	char *value = clean(equals + 1, strlen(equals + 1));
	char *name = clean(token, (size_t)(equals - token));
	int r = substitute(a, value, distro, &glob);
	if (r < 0)
		return r;
	if (!field_of(name, archive, &field))
		return -EINVAL;
	if (!field)
		return strcmp(glob, "*") == 0 ? 1 : -ENODATA;
	return fnmatch(glob, field, FNM_NOESCAPE) == 0;
}

/* "\," as "%2C", so that commas left are those between tokens. */
static char *hide_commas(struct arena *a, const char *s)
{
	char *out = arena_alloc(a, strlen(s) * 2 + 1), *w = out;

	for (; out && *s; s++) {
		if (s[0] == '\\' && s[1] == ',') {
			w = stpcpy(w, "%2C");
			s++;
		} else {
			*w++ = *s;
		}
	}
	return out;
}

int update_pattern_match(struct arena *a, const char *pattern, const struct update_distro *distro,
	const struct update_archive *archive)
{
	const char *text = NULL;
	int result = 1, r = substitute(a, pattern, distro, &text);

	if (r < 0)
		return r;
	text += strspn(text, BLANKS);
	if (!*text)
		return 0;
	char *tokens = hide_commas(a, text);
	if (!tokens)
		return -ENOMEM;
	/* All tokens are looked at, so that an error in the last one shows. */
	for (char *next; tokens; tokens = next) {
		next = strchr(tokens, ',');
		if (next)
			*next++ = '\0';
		r = match_token(a, tokens, distro, archive);
		if (r == -EINVAL || r == -ENOMEM)
			return r;
		if (r == 0 || (r < 0 && result > 0))
			result = r;
	}
	return result;
}

/* The only ":" without a "\" before it; NULL when there is none, *ret_many when there are more. */
static const char *find_colon(const char *s, bool *ret_many)
{
	const char *found = NULL;

	for (const char *p = s; (p = strchr(p, ':')); p++) {
		if (p > s && p[-1] == '\\')
			continue;
		*ret_many = found;
		if (found)
			break;
		found = p;
	}
	return found;
}

/* A part of an entry: "\:" as ":" when it is the origin, commas escaped, values put in. */
static int convert_part(struct arena *a, const char *s, size_t n, bool origin,
	const struct update_distro *distro, const char **ret)
{
	char *out = arena_alloc(a, n * 2 + 1), *w = out;

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (origin && s[i] == '\\' && i + 1 < n && s[i + 1] == ':')
			continue;
		if (s[i] == ',' && i > 0 && s[i - 1] != '\\')
			*w++ = '\\';
		*w++ = s[i];
	}
	return substitute(a, out, distro, ret);
}

int update_pattern_from_allowed(
	struct arena *a, const char *entry, const struct update_distro *distro, const char **ret)
{
	const char *origin = NULL, *suite = NULL, *second;
	bool many = false;
	const char *colon = find_colon(entry, &many);
	size_t n, n_second;

	if (many)
		return -EINVAL;
	if (colon) {
		n = (size_t)(colon - entry);
		second = colon + 1;
		n_second = strlen(second);
	} else {
		entry += strspn(entry, BLANKS);
		n = strcspn(entry, BLANKS);
		second = entry + n + strspn(entry + n, BLANKS);
		n_second = strcspn(second, BLANKS);
		if (!n_second || second[n_second + strspn(second + n_second, BLANKS)])
			return -EINVAL;
	}
	int r = convert_part(a, entry, n, true, distro, &origin);
	if (r == 0)
		r = convert_part(a, second, n_second, false, distro, &suite);
	if (r < 0)
		return r;
	*ret = arena_printf(a, "o=%s,a=%s", origin, suite);
	return *ret ? 0 : -ENOMEM;
}
