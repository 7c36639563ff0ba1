/* SPDX-License-Identifier: ISC */
#include "fact/package-list.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"

struct text {
	const char *p, *end;
	unsigned line; /* of the line last taken, 1-based */
};

/* Bytes of the text, not terminated. p is NULL when there is none. */
struct span {
	const char *p;
	size_t n;
};

static bool span_is(struct span s, const char *word)
{
	return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct span trim(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	while (end > p && is_blank(end[-1]))
		end--;
	return (struct span){p, (size_t)(end - p)};
}

/* The next line without its newline; false at the end. */
static bool next_line(struct text *t, struct span *ret)
{
	if (t->p >= t->end)
		return false;
	const char *nl = memchr(t->p, '\n', (size_t)(t->end - t->p));
	const char *end = nl ? nl : t->end;
	*ret = (struct span){t->p, (size_t)(end - t->p)};
	t->p = nl ? nl + 1 : end;
	t->line++;
	return true;
}

int package_list_init(struct package_list *l)
{
	struct arena *a = arena_new();

	if (!a)
		return -ENOMEM;
	*l = (struct package_list){.arena = a};
	return 0;
}

void package_list_fini(struct package_list *l)
{
	arena_free(l->arena);
	*l = (struct package_list){0};
}

static int add(struct package_list *l, struct span name, struct span arch, struct span version)
{
	if (l->n >= PACKAGE_LIST_MAX)
		return -EFBIG;
	struct package_entry *e = arena_grow(l->arena, &l->v, l->n, sizeof(*e));
	if (!e)
		return -ENOMEM;
	*e = (struct package_entry){
		.name = arena_strndup(l->arena, name.p, name.n),
		.arch = arena_strndup(l->arena, arch.p ? arch.p : "", arch.n),
		.version = arena_strndup(l->arena, version.p, version.n),
		.order = l->n,
	};
	if (arena_failed(l->arena))
		return -ENOMEM;
	l->n++;
	return 0;
}

static struct span span_of(const char *s)
{
	return (struct span){s, s ? strlen(s) : 0};
}

int package_list_add(
	struct package_list *l, const char *name, const char *arch, const char *version)
{
	return add(l, span_of(name), span_of(arch), span_of(version));
}

static int entry_compare(const void *a, const void *b)
{
	const struct package_entry *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	if (r == 0)
		r = strcmp(x->arch, y->arch);
	if (r == 0)
		r = (x->order > y->order) - (x->order < y->order);
	return r;
}

void package_list_sort(struct package_list *l)
{
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), entry_compare);
}

const char *package_list_native(const struct package_list *l)
{
	struct {
		const char *arch;
		size_t n;
	} seen[8] = {{""}};
	size_t n = 1, best = 0;

	for (size_t i = 0; i < l->n; i++) {
		const char *arch = l->v[i].arch;
		size_t k = 0;
		if (!*arch || strcmp(arch, "all") == 0 || strcmp(arch, "noarch") == 0)
			continue;
		while (k < n && strcmp(seen[k].arch, arch) != 0)
			k++;
		if (k == ARRAY_SIZE(seen))
			continue;
		seen[k].arch = arch;
		seen[k].n++;
		if (k == n)
			n++;
		if (seen[k].n > seen[best].n)
			best = k;
	}
	return seen[best].arch;
}

/* One paragraph of dpkg's status, the fields that matter. */
struct stanza {
	struct span package, status, arch, version;
	bool any; /* a field of any name */
};

/* Whether the third word of Status says that files are on the disk; -EBADMSG when it says nothing
 * known. */
static int status_installed(struct span status)
{
	static const struct {
		const char *word;
		int installed;
	} words[] = {
		{"installed", 1},
		{"not-installed", 0},
		{"config-files", 0},
		{"half-installed", 1},
		{"unpacked", 1},
		{"half-configured", 1},
		{"triggers-awaited", 1},
		{"triggers-pending", 1},
	};
	const char *p = status.p, *end = p + status.n;
	struct span word = {NULL};

	for (int i = 0; i < 3; i++) {
		while (p < end && is_blank(*p))
			p++;
		word.p = p;
		while (p < end && !is_blank(*p))
			p++;
		word.n = (size_t)(p - word.p);
	}
	if (p < end)
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (span_is(word, words[i].word))
			return words[i].installed;
	}
	return -EBADMSG;
}

/* Whether the first word of Status is "hold". */
static bool status_held(struct span status)
{
	struct span s = trim(status.p, status.p + status.n);

	return s.n > 4 && strncasecmp(s.p, "hold", 4) == 0 && is_blank(s.p[4]);
}

/* At the end of a paragraph: adds it, and makes the stanza empty. */
static int stanza_end(struct package_list *l, struct stanza *s, bool assume_installed)
{
	struct stanza done = *s;

	*s = (struct stanza){.any = false};
	if (!done.any)
		return 0;
	int installed = done.status.p ? status_installed(done.status) : assume_installed;
	if (!done.package.n || installed < 0)
		return -EBADMSG;
	if (installed && !done.version.n) {
		/* Only what was never unpacked completely may have none. */
		if (!done.status.p || !memmem(done.status.p, done.status.n, "half-", 5))
			return -EBADMSG;
		done.version = span_of("unknown");
	}
	if (!installed)
		done.version = (struct span){NULL};
	/* dpkg itself leaves an epoch of 0 out when it shows a version. */
	if (done.version.n > 2 && memcmp(done.version.p, "0:", 2) == 0)
		done.version = (struct span){done.version.p + 2, done.version.n - 2};
	int r = add(l, done.package, done.arch, done.version);
	if (r == 0 && done.status.p)
		l->v[l->n - 1].held = status_held(done.status);
	return r;
}

/* "Name: value"; continuation lines have been left out before. */
static int stanza_field(struct stanza *s, struct span line)
{
	const char *end = line.p + line.n, *colon = memchr(line.p, ':', line.n);
	struct span name = {line.p, colon ? (size_t)(colon - line.p) : 0};

	while (name.n > 0 && is_blank(name.p[name.n - 1]))
		name.n--;
	if (name.n == 0 || *name.p == '-')
		return -EBADMSG;
	for (size_t i = 0; i < name.n; i++) {
		if (is_blank(name.p[i]))
			return -EBADMSG;
	}
	s->any = true;
	struct span *field = NULL;
	/* Most fields are others, and are told by their first letter. */
	switch (*name.p | 0x20) {
	case 'p':
		field = span_is(name, "Package") ? &s->package : NULL;
		break;
	case 's':
		field = span_is(name, "Status") ? &s->status : NULL;
		break;
	case 'v':
		field = span_is(name, "Version") ? &s->version : NULL;
		break;
	case 'a':
		field = span_is(name, "Architecture") ? &s->arch : NULL;
		break;
	default:
		break;
	}
	if (!field)
		return 0;
	struct span value = trim(colon + 1, end);
	/* A field that is there twice is an error to dpkg too; a NUL would end our copy early. */
	if (field->p || memchr(value.p, '\0', value.n))
		return -EBADMSG;
	*field = value;
	return 0;
}

int package_list_dpkg(struct package_list *l, const char *text, size_t size, bool assume_installed,
	unsigned *ret_line)
{
	struct text t = {.p = text, .end = text + size};
	struct stanza s = {.any = false};
	struct span line;
	int r = 0;

	/* A file that was cut short: dpkg stops at a missing last newline. */
	if (size > 0 && text[size - 1] != '\n' && !assume_installed)
		r = -EBADMSG;
	while (r == 0 && next_line(&t, &line)) {
		if (line.n == 0)
			r = stanza_end(l, &s, assume_installed);
		else if (!is_blank(*line.p))
			r = stanza_field(&s, line);
		else if (!s.any)
			r = -EBADMSG; /* continues nothing */
	}
	if (r == 0)
		r = stanza_end(l, &s, assume_installed);
	if (r == -EBADMSG)
		*ret_line = t.line;
	return r;
}

/* "P:name": one letter each. */
static int apk_field(struct stanza *s, struct span line)
{
	if (line.n < 2 || line.p[1] != ':' || memchr(line.p, '\0', line.n))
		return -EBADMSG;
	struct span value = {line.p + 2, line.n - 2};
	s->any = true;
	if (*line.p == 'P')
		s->package = value;
	else if (*line.p == 'V')
		s->version = value;
	else if (*line.p == 'A')
		s->arch = value;
	return 0;
}

int package_list_apk(struct package_list *l, const char *text, size_t size, unsigned *ret_line)
{
	struct text t = {.p = text, .end = text + size};
	struct stanza s = {.any = false};
	struct span line;
	int r = 0;

	while (r == 0 && next_line(&t, &line))
		r = line.n == 0 ? stanza_end(l, &s, true) : apk_field(&s, line);
	if (r == 0)
		r = stanza_end(l, &s, true);
	if (r == -EBADMSG)
		*ret_line = t.line;
	return r;
}

/* The field up to the next tab, and the rest in *p. False when there is no tab. */
static bool tab_field(const char **p, const char *end, struct span *ret)
{
	const char *tab = memchr(*p, '\t', (size_t)(end - *p));

	if (!tab)
		return false;
	*ret = (struct span){*p, (size_t)(tab - *p)};
	*p = tab + 1;
	return true;
}

int package_list_rpm(struct package_list *l, const char *text, size_t size, unsigned *ret_line)
{
	struct text t = {.p = text, .end = text + size};
	struct span line, name, epoch, version;

	while (next_line(&t, &line)) {
		const char *p = line.p, *end = line.p + line.n;
		if (memchr(p, '\0', line.n) || !tab_field(&p, end, &name) ||
			!tab_field(&p, end, &epoch) || !tab_field(&p, end, &version) ||
			name.n == 0) {
			*ret_line = t.line;
			return -EBADMSG;
		}
		struct span arch = {p, (size_t)(end - p)};
		if (span_is(arch, "(none)"))
			arch.n = 0;
		/* "0" and a tab before the version: the epoch and its colon are one piece when not
		 * 0. */
		_cleanup_free_ char *evr = NULL;
		if (!span_is(epoch, "0")) {
			evr = malloc(epoch.n + version.n + 2);
			if (!evr)
				return -ENOMEM;
			memcpy(evr, epoch.p, epoch.n);
			evr[epoch.n] = ':';
			memcpy(evr + epoch.n + 1, version.p, version.n);
			version = (struct span){evr, epoch.n + 1 + version.n};
		}
		int r = add(l, name, arch, version);
		if (r < 0)
			return r;
	}
	return 0;
}
