/* SPDX-License-Identifier: ISC */
#include "fact/fail2ban-tags.h"

#include <errno.h>
#include <string.h>

#include "fact/fail2ban-call.h"

enum {
	REPLACED_MAX = 200,
	TEXT_MAX = 64 * 1024,
};

/* The value of an option in a section, filled in; NULL without it or when that can't be done. */
static const char *section_value(
	struct f2b_scope *scope, const struct f2b_section *s, const char *key)
{
	const struct f2b_option *o;
	struct f2b_error e;
	char *value = NULL;

	int r = s ? f2b_get(scope->a, scope->def, s, key, &o, &value, &e) : -ENOENT;

	scope->failed |= r == -ENOMEM || arena_failed(scope->a);
	return r < 0 ? NULL : value;
}

/* The option of a section itself, not that of [DEFAULT]. */
static const char *own_value(struct f2b_scope *scope, const struct f2b_section *s, const char *key)
{
	for (size_t i = 0; s && i < s->n; i++) {
		if (strcmp(s->v[i].key, key) == 0)
			return section_value(scope, s, key);
	}
	return NULL;
}

const char *f2b_tag(struct f2b_scope *scope, const char *name)
{
	const char *value = NULL, *slash = strchr(name, '/');

	/* That it can be read was seen. */
	scope->failed |= f2b_call_option(scope->a, scope->call, name, &value) == -ENOMEM;
	if (!value && strcmp(name, "name") == 0)
		return scope->jail;
	if (!value)
		value = own_value(scope, f2b_section(scope->def, "Init"), name);
	if (!value && slash && slash > name) {
		const char *section = arena_strndup(scope->a, name, (size_t)(slash - name));
		bool known = section && strcmp(section, "known") == 0;
		if (section)
			value = section_value(scope,
				f2b_section(scope->def, known ? "Init" : section), slash + 1);
	}
	if (!value)
		value = section_value(scope, f2b_section(scope->def, "Definition"), name);
	return value;
}

const char *f2b_find_tag(const char *s, size_t *ret_n)
{
	for (s = strchr(s, '<'); s; s = strchr(s + 1, '<')) {
		size_t n = strcspn(s + 1, " <>");
		if (n > 0 && s[1 + n] == '>') {
			*ret_n = n + 2;
			return s;
		}
	}
	return NULL;
}

const char *f2b_expand(struct f2b_scope *scope, const char *text, const char *keep)
{
	unsigned replaced = 0;
	size_t n, from = 0;
	const char *tag;

	while (text && (tag = f2b_find_tag(text + from, &n))) {
		size_t at = (size_t)(tag - text);
		const char *name = arena_strndup(scope->a, tag + 1, n - 2);
		if (!name) {
			scope->failed = true;
			return NULL;
		}
		const char *value = keep && strcmp(name, keep) == 0 ? NULL : f2b_tag(scope, name);
		if (!value) {
			from = at + n;
			continue;
		}
		if (++replaced > REPLACED_MAX || strlen(text) > TEXT_MAX)
			return NULL;
		text = arena_printf(scope->a, "%.*s%s%s", (int)at, text, value, tag + n);
		scope->failed |= !text;
		from = 0;
	}
	return text;
}
