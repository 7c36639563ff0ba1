/* SPDX-License-Identifier: ISC */
#include "fact/fail2ban-ini.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
	DEPTH_MAX = 10, /* configparser's MAX_INTERPOLATION_DEPTH */
	VALUE_MAX = 64 * 1024,
	STEPS_MAX = 10000,
};

size_t f2b_space(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;

	if (n > 0 &&
		(p[0] == ' ' || (p[0] >= '\t' && p[0] <= '\r') || (p[0] >= 0x1c && p[0] <= 0x1f)))
		return 1;
	if (n > 1 && p[0] == 0xc2 && (p[1] == 0x85 || p[1] == 0xa0))
		return 2;
	if (n < 3)
		return 0;
	unsigned c = ((p[0] & 0x0fu) << 12) | ((p[1] & 0x3fu) << 6) | (p[2] & 0x3fu);
	bool three = (p[0] & 0xf0) == 0xe0;
	return three && (c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
				c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000)
		       ? 3
		       : 0;
}

/* The white space that s[0 ... n) ends with: its last character's length, or 0. */
static size_t space_before(const char *s, size_t n)
{
	for (size_t k = 1; k <= 3 && k <= n; k++) {
		if (f2b_space(s + n - k, k) == k)
			return k;
	}
	return 0;
}

struct span {
	const char *s;
	size_t n;
};

static struct span strip(struct span x)
{
	size_t k;

	while ((k = f2b_space(x.s, x.n)) > 0) {
		x.s += k;
		x.n -= k;
	}
	while ((k = space_before(x.s, x.n)) > 0)
		x.n -= k;
	return x;
}

static bool is_utf8(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;

	for (size_t i = 0; i < n;) {
		size_t more = p[i] < 0x80   ? 0
			      : p[i] < 0xc2 ? 4
			      : p[i] < 0xe0 ? 1
			      : p[i] < 0xf0 ? 2
			      : p[i] < 0xf5 ? 3
					    : 4;
		if (more == 4 || i + more >= n)
			return false;
		for (size_t k = 1; k <= more; k++) {
			if ((p[i + k] & 0xc0) != 0x80)
				return false;
		}
		if ((p[i] == 0xe0 && p[i + 1] < 0xa0) || (p[i] == 0xed && p[i + 1] > 0x9f) ||
			(p[i] == 0xf0 && p[i + 1] < 0x90) || (p[i] == 0xf4 && p[i + 1] > 0x8f))
			return false;
		i += more + 1;
	}
	return true;
}

static struct f2b_option *find_option(const struct f2b_section *s, const char *key, size_t n)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strncmp(s->v[i].key, key, n) == 0 && s->v[i].key[n] == '\0')
			return &s->v[i];
	}
	return NULL;
}

static struct f2b_section *find_section(const struct f2b_ini *ini, const char *name, size_t n)
{
	for (size_t i = 0; i < ini->n; i++) {
		if (strncmp(ini->v[i].name, name, n) == 0 && ini->v[i].name[n] == '\0')
			return &ini->v[i];
	}
	return NULL;
}

static struct f2b_section *add_section(struct arena *a, struct f2b_ini *ini, const char *name)
{
	struct f2b_section *s = arena_grow(a, &ini->v, ini->n, sizeof(*s));

	if (!s)
		return NULL;
	s->name = name;
	ini->n++;
	return s;
}

static struct f2b_option *set_option(
	struct arena *a, struct f2b_section *s, const struct f2b_option *o)
{
	struct f2b_option *old = find_option(s, o->key, strlen(o->key));

	if (old) {
		*old = *o;
		return old;
	}
	struct f2b_option *slot = arena_grow(a, &s->v, s->n, sizeof(*slot));
	if (!slot)
		return NULL;
	*slot = *o;
	s->n++;
	return slot;
}

/* One file in hand; an index instead of a pointer, since the sections move when they grow. */
struct parse {
	struct arena *a;
	struct f2b_ini *ini;
	struct f2b_error *error;
	const char *path;
	unsigned line;
	enum { NOWHERE, DEFAULTS, SECTION } where;
	size_t section; /* of ini, when where is SECTION */
	bool in_option; /* lines that are indented further belong to it */
	size_t indent;
	char *value; /* of the option in hand; room for the whole text */
	size_t value_n;
	struct f2b_option option;
};

static int refuse(struct parse *p, const char *text)
{
	*p->error = (struct f2b_error){.path = p->path, .line = p->line, .text = text};
	return -EINVAL;
}

static struct f2b_section *here(struct parse *p)
{
	return p->where == DEFAULTS ? &p->ini->defaults : &p->ini->v[p->section];
}

/* The lines of an option are joined when the next one begins. */
static int finish_option(struct parse *p)
{
	if (!p->in_option)
		return 0;
	p->in_option = false;
	struct span value = {p->value, p->value_n};
	while (space_before(value.s, value.n))
		value.n -= space_before(value.s, value.n);
	p->option.value = arena_strndup(p->a, value.s, value.n);
	if (!p->option.value || !set_option(p->a, here(p), &p->option))
		return -ENOMEM;
	return 0;
}

static void append(struct parse *p, struct span x)
{
	p->value[p->value_n++] = '\n';
	memcpy(p->value + p->value_n, x.s, x.n);
	p->value_n += x.n;
}

static int begin_section(struct parse *p, const char *name, size_t n)
{
	if (n == strlen("DEFAULT") && strncmp(name, "DEFAULT", n) == 0) {
		p->where = DEFAULTS;
		return 0;
	}
	if (find_section(p->ini, name, n))
		return refuse(p, arena_printf(p->a, "section [%.*s] stands twice in this file",
					 (int)MIN(n, 200u), name));
	char *copy = arena_strndup(p->a, name, n);
	if (!copy || !add_section(p->a, p->ini, copy))
		return -ENOMEM;
	p->where = SECTION;
	p->section = p->ini->n - 1;
	return 0;
}

static int begin_option(struct parse *p, struct span text)
{
	size_t i = 0;

	while (i < text.n && text.s[i] != '=' && text.s[i] != ':')
		i++;
	struct span key = strip((struct span){text.s, i});
	if (i == text.n || key.n == 0)
		return refuse(p, "neither a section nor an option");
	char *name = arena_strndup(p->a, key.s, key.n);
	if (!name)
		return -ENOMEM;
	for (char *c = name; *c; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 'a' - 'A') : *c;
	if (find_option(here(p), name, key.n))
		return refuse(p,
			arena_printf(p->a, "option \"%.200s\" stands twice in its section", name));
	struct span value = strip((struct span){text.s + i + 1, text.n - i - 1});
	memcpy(p->value, value.s, value.n);
	p->value_n = value.n;
	p->option = (struct f2b_option){.key = name, .path = p->path, .line = p->line};
	p->in_option = true;
	return 0;
}

/* Where a comment begins: a line of its own, or ";" behind white space. */
static size_t comment_start(struct span line)
{
	struct span text = strip(line);

	if (text.n > 0 && (*text.s == '#' || *text.s == ';'))
		return 0;
	for (size_t i = 0; i < line.n; i++) {
		if (line.s[i] == ';' && (i == 0 || space_before(line.s, i)))
			return i;
	}
	return line.n;
}

static int parse_line(struct parse *p, struct span line)
{
	size_t comment = comment_start(line), indent = 0, k;
	struct span text = strip((struct span){line.s, comment});

	if (text.n == 0) {
		if (comment == line.n && p->in_option)
			append(p, text);
		return 0;
	}
	while ((k = f2b_space(line.s + indent, line.n - indent)) > 0)
		indent += k;
	if (p->in_option && indent > p->indent) {
		append(p, text);
		return 0;
	}
	int r = finish_option(p);
	if (r < 0)
		return r;
	p->indent = indent;
	const char *end = memrchr(text.s, ']', text.n);
	if (*text.s == '[' && end && end - text.s >= 2)
		return begin_section(p, text.s + 1, (size_t)(end - text.s) - 1);
	if (p->where == NOWHERE)
		return refuse(p, "no section yet");
	return begin_option(p, text);
}

int f2b_parse(struct arena *a, const char *path, const char *text, size_t size, struct f2b_ini *ret,
	struct f2b_error *ret_error)
{
	struct f2b_ini ini = {.defaults = {.name = "DEFAULT"}};
	_cleanup_free_ char *value = malloc(2 * size + 2);
	struct parse p = {.a = a, .ini = &ini, .error = ret_error, .path = path, .value = value};
	int r = 0;

	if (!value)
		return -ENOMEM;
	if (!is_utf8(text, size))
		return -EILSEQ;
	if (memchr(text, '\0', size))
		return refuse(&p, "a NUL byte, which no configuration holds");
	for (size_t at = 0; at < size && r == 0;) {
		size_t n = 0;
		while (at + n < size && text[at + n] != '\n' && text[at + n] != '\r')
			n++;
		p.line++;
		r = parse_line(&p, (struct span){text + at, n});
		at += n;
		if (at + 1 < size && text[at] == '\r' && text[at + 1] == '\n')
			at++;
		at++;
	}
	if (r == 0)
		r = finish_option(&p);
	if (arena_failed(a))
		return -ENOMEM;
	if (r == 0)
		*ret = ini;
	return r;
}

/* "Init?family=inet6" gives its options to "Init", each with that condition behind its name. */
static size_t condition_at(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return n > 0 && name[n] == '?' && name[n + 1] ? n : strlen(name);
}

static int merge_section(struct arena *a, struct f2b_ini *into, const struct f2b_section *from)
{
	size_t n = condition_at(from->name);
	const char *name = from->name[n] ? arena_strndup(a, from->name, n) : from->name;
	struct f2b_section *s = name ? find_section(into, name, n) : NULL, *known = NULL;
	bool fresh = name && !s;

	if (!name || (fresh && !(s = add_section(a, into, name))))
		return -ENOMEM;
	if (!fresh) {
		char *label = arena_printf(a, "KNOWN/%s", name);
		if (!label)
			return -ENOMEM;
		known = find_section(into, label, strlen(label));
		if (!known && !(known = add_section(a, into, label)))
			return -ENOMEM;
		s = find_section(into, name, n);
	}
	for (size_t i = 0; i < from->n; i++) {
		struct f2b_option o = from->v[i];
		if (from->name[n])
			o.key = arena_printf(a, "%s%s", o.key, from->name + n);
		if (!o.key)
			return -ENOMEM;
		const struct f2b_option *old = known ? find_option(s, o.key, strlen(o.key)) : NULL;
		if ((old && !set_option(a, known, old)) || !set_option(a, s, &o))
			return -ENOMEM;
	}
	return 0;
}

int f2b_merge(struct arena *a, struct f2b_ini *into, const struct f2b_ini *from)
{
	for (size_t i = 0; i < from->defaults.n; i++) {
		if (!set_option(a, &into->defaults, &from->defaults.v[i]))
			return -ENOMEM;
	}
	for (size_t i = 0; i < from->n; i++) {
		int r = merge_section(a, into, &from->v[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

const struct f2b_section *f2b_section(const struct f2b_ini *ini, const char *name)
{
	return find_section(ini, name, strlen(name));
}

const struct f2b_option *f2b_option(
	const struct f2b_ini *ini, const struct f2b_section *s, const char *key)
{
	const struct f2b_option *o = find_option(s, key, strlen(key));

	return o ? o : find_option(&ini->defaults, key, strlen(key));
}

/* One value being filled in. */
struct fill {
	struct arena *a;
	const struct f2b_ini *ini;
	const struct f2b_section *section;
	char *out; /* VALUE_MAX + 1 */
	size_t n;
	unsigned steps;
	const char *why; /* what is wrong, or NULL when memory was short */
};

static int fill_text(struct fill *f, const char *s, size_t n)
{
	if (n > VALUE_MAX - f->n) {
		f->why = "the value grows too long";
		return -EINVAL;
	}
	memcpy(f->out + f->n, s, n);
	f->n += n;
	return 0;
}

/* "SECTION/OPTION", as fail2ban adds it: an option of [DEFAULT] stands in for a missing one. */
static const struct f2b_option *lookup_other(const struct fill *f, const char *name, size_t n)
{
	const char *slash = memchr(name, '/', n);
	size_t k = slash ? (size_t)(slash - name) : 0;
	const struct f2b_section *s = NULL;
	const struct f2b_option *o = NULL;

	if (k == 0 || k + 1 == n)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		/* Keys are lower case, and the name is taken as it stands in one of two places. */
		if (name[i] >= 'A' && name[i] <= 'Z')
			return NULL;
	}
	bool known = k == strlen("known") && strncmp(name, "known", k) == 0;
	bool defaults = k == strlen("default") && strncmp(name, "default", k) == 0;
	if (known) {
		char label[512];
		(void)snprintf(label, sizeof(label), "KNOWN/%.490s", f->section->name);
		s = f2b_section(f->ini, label);
	} else if (!defaults) {
		s = find_section(f->ini, name, k);
		if (!s)
			return NULL;
	}
	if (s)
		o = find_option(s, slash + 1, n - k - 1);
	return o ? o : find_option(&f->ini->defaults, slash + 1, n - k - 1);
}

static int fill(struct fill *f, const char *rest, unsigned depth);

/* rest begins with "%(": fills in what it names. Returns how much of rest that was. */
static int fill_name(struct fill *f, const char *rest, unsigned depth)
{
	const char *name = rest + 2, *end = strchr(name, ')');
	char key[256];

	if (!end || end == name || end[1] != 's') {
		f->why = "a bad reference: %( without )s";
		return -EINVAL;
	}
	size_t n = (size_t)(end - name);
	if (n >= sizeof(key)) {
		f->why = "a reference to nothing";
		return -EINVAL;
	}
	for (size_t i = 0; i <= n; i++)
		key[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 'a' - 'A') : name[i];
	key[n] = '\0';
	int length = (int)(end + 2 - rest);
	if (strcmp(key, "__name__") == 0) {
		int r = fill_text(f, f->section->name, strlen(f->section->name));
		return r < 0 ? r : length;
	}
	const struct f2b_option *o = f2b_option(f->ini, f->section, key);
	if (!o)
		o = lookup_other(f, name, n);
	if (!o) {
		f->why = arena_printf(f->a, "%%(%s)s names no option", key);
		return f->why ? -EINVAL : -ENOMEM;
	}
	int r = strchr(o->value, '%') ? fill(f, o->value, depth + 1)
				      : fill_text(f, o->value, strlen(o->value));
	return r < 0 ? r : length;
}

static int fill(struct fill *f, const char *rest, unsigned depth)
{
	if (depth > DEPTH_MAX || ++f->steps > STEPS_MAX) {
		f->why = "references that go around in a circle or too deep";
		return -EINVAL;
	}
	while (*rest) {
		size_t n = strcspn(rest, "%");
		int r = fill_text(f, rest, n);
		rest += n;
		if (r < 0)
			return r;
		if (!*rest)
			break;
		if (rest[1] == '%') {
			r = fill_text(f, "%", 1);
			n = 2;
		} else if (rest[1] == '(') {
			r = fill_name(f, rest, depth);
			n = r > 0 ? (size_t)r : 0;
		} else {
			f->why = "a % that is followed by neither % nor (";
			r = -EINVAL;
		}
		if (r < 0)
			return r;
		rest += n;
	}
	return 0;
}

int f2b_get(struct arena *a, const struct f2b_ini *ini, const struct f2b_section *s,
	const char *key, const struct f2b_option **ret_option, char **ret_value,
	struct f2b_error *ret_error)
{
	const struct f2b_option *o = f2b_option(ini, s, key);

	if (!o)
		return -ENOENT;
	_cleanup_free_ char *out = malloc(VALUE_MAX + 1);
	struct fill f = {.a = a, .ini = ini, .section = s, .out = out};
	if (!out)
		return -ENOMEM;
	int r = fill(&f, o->value, 1);
	if (r == -EINVAL) {
		char *text = arena_printf(a, "%s of [%.200s]: %s", key, s->name, f.why);
		if (!text)
			return -ENOMEM;
		*ret_error = (struct f2b_error){.path = o->path, .line = o->line, .text = text};
	}
	if (r < 0)
		return r;
	char *value = arena_strndup(a, out, f.n);
	if (!value)
		return -ENOMEM;
	*ret_value = value;
	*ret_option = o;
	return 0;
}
