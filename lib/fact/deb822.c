/* SPDX-License-Identifier: ISC */
#include "fact/deb822.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static bool take_line(struct deb822 *d, const char **ret, size_t *ret_n)
{
	if (d->p >= d->end)
		return false;
	const char *nl = memchr(d->p, '\n', (size_t)(d->end - d->p));
	const char *end = nl ? nl : d->end;
	*ret = d->p;
	*ret_n = (size_t)(end - d->p);
	d->p = nl ? nl + 1 : end;
	d->line++;
	return true;
}

static void trim(const char **p, size_t *n)
{
	while (*n > 0 && is_blank(**p)) {
		(*p)++;
		(*n)--;
	}
	while (*n > 0 && is_blank((*p)[*n - 1]))
		(*n)--;
}

/* The value from its first byte to the end of its last line: once copied, whatever its length. */
static char *join_lines(struct arena *a, const char *p, const char *end)
{
	char *out = arena_alloc(a, (size_t)(end - p) + 1), *w = out;

	if (!out)
		return NULL;
	for (bool first = true; p < end; first = false) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *next = nl ? nl + 1 : end;
		size_t n = (size_t)((nl ? nl : end) - p);
		const char *nul = memchr(p, '\0', n);
		const char *line = p;
		p = next;
		if (!first && n > 0 && *line == '#')
			continue;
		/* A NUL would end our copy early, and hide what follows from us alone. */
		n = nul ? (size_t)(nul - line) : n;
		trim(&line, &n);
		if (!first && w > out)
			*w++ = '\n';
		memcpy(w, line, n);
		w += n;
	}
	return out;
}

/* A field that begins at p; its value ends where the lines that continue it do. */
static int add_field(
	struct deb822 *d, struct arena *a, struct deb822_stanza *s, const char *p, size_t n)
{
	const char *name = p, *colon = memchr(p, ':', n), *end = p + n;
	unsigned line = d->line;

	if (!colon)
		return -EBADMSG;
	while (d->p < d->end && (*d->p == '#' || is_blank(*d->p))) {
		if (*d->p == '\r' && (d->p + 1 == d->end || d->p[1] == '\n'))
			break;
		(void)take_line(d, &p, &n);
		end = p + n;
	}
	size_t name_n = (size_t)(colon - name);
	while (name_n > 0 && is_blank(name[name_n - 1]))
		name_n--;
	struct deb822_field *f = arena_grow(a, &s->v, s->n, sizeof(*f));
	if (!f)
		return -ENOMEM;
	*f = (struct deb822_field){
		.name = arena_strndup(a, name, name_n),
		.value = join_lines(a, colon + 1, end),
		.line = line,
	};
	if (!f->name || !f->value)
		return -ENOMEM;
	if (s->n++ == 0)
		s->line = line;
	return 0;
}

int deb822_next(struct deb822 *d, struct arena *a, struct deb822_stanza *ret)
{
	struct deb822_stanza s = {0};
	const char *p;
	size_t n;

	while (take_line(d, &p, &n)) {
		if (n > 0 && *p == '#')
			continue;
		/* apt takes an empty line for the end, one of blanks for a continuation. */
		if (n == 0 || (n == 1 && *p == '\r')) {
			if (s.n > 0)
				break;
			continue;
		}
		int r = is_blank(*p) ? -EBADMSG : add_field(d, a, &s, p, n);
		if (r < 0)
			return r;
	}
	if (s.n == 0)
		return 0;
	*ret = s;
	return 1;
}

const struct deb822_field *deb822_field(const struct deb822_stanza *s, const char *name)
{
	for (size_t i = s->n; i > 0; i--) {
		if (strcasecmp(s->v[i - 1].name, name) == 0)
			return &s->v[i - 1];
	}
	return NULL;
}

const char *deb822_value(const struct deb822_stanza *s, const char *name)
{
	const struct deb822_field *f = deb822_field(s, name);

	return f ? f->value : "";
}
