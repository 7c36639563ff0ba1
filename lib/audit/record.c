/* SPDX-License-Identifier: ISC */
#include "audit/record.h"

#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

/* Of auditd, between what the kernel wrote and what it added. */
#define ENRICHED '\x1d'

int audit_stamp_compare(const struct audit_stamp *a, const struct audit_stamp *b)
{
	if (a->realtime_usec != b->realtime_usec)
		return a->realtime_usec < b->realtime_usec ? -1 : 1;
	return (a->serial > b->serial) - (a->serial < b->serial);
}

/* ---- the head: audit(1700000000.123:456): ---- */

struct cursor {
	const char *p, *end;
};

static bool take_text(struct cursor *c, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(c->end - c->p) < n || memcmp(c->p, text, n) != 0)
		return false;
	c->p += n;
	return true;
}

/* At least one digit, and a number of at most max. */
static bool take_number(struct cursor *c, uint64_t max, uint64_t *ret)
{
	const char *start = c->p;
	uint64_t v = 0;

	for (; c->p < c->end && is_digit(*c->p); c->p++) {
		unsigned digit = (unsigned)(*c->p - '0');
		if (v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	if (c->p == start)
		return false;
	*ret = v;
	return true;
}

static int take_stamp(struct cursor *c, struct audit_stamp *ret)
{
	uint64_t sec, msec, serial;

	if (!take_text(c, "audit(") || !take_number(c, UINT64_MAX / USEC_PER_SEC - 1, &sec) ||
		!take_text(c, "."))
		return -EBADMSG;
	const char *dot = c->p;
	if (!take_number(c, 999, &msec) || c->p - dot != 3 || !take_text(c, ":") ||
		!take_number(c, UINT32_MAX, &serial) || !take_text(c, "):"))
		return -EBADMSG;
	*ret = (struct audit_stamp){
		.realtime_usec = sec * USEC_PER_SEC + msec * USEC_PER_MSEC,
		.serial = serial,
	};
	return 0;
}

static int take_record(struct cursor *c, bool line, struct audit_record *ret)
{
	int r = take_stamp(c, &ret->stamp);

	if (r < 0)
		return r;
	while (c->p < c->end && *c->p == ' ')
		c->p++;
	const char *mark = line ? memchr(c->p, ENRICHED, (size_t)(c->end - c->p)) : NULL;
	ret->body = c->p;
	ret->size = (size_t)((mark ? mark : c->end) - c->p);
	if (mark) {
		ret->enriched = mark + 1;
		ret->enriched_size = (size_t)(c->end - mark - 1);
	}
	return 0;
}

static int start(const char *text, size_t n, struct cursor *ret)
{
	while (n > 0 && (text[n - 1] == '\0' || text[n - 1] == '\n'))
		n--;
	*ret = (struct cursor){text, text + n};
	return n > AUDIT_RECORD_MAX ? -EMSGSIZE : 0;
}

int audit_record_parse(unsigned type, const char *text, size_t n, struct audit_record *ret)
{
	struct audit_record record = {.type = type};
	struct cursor c;
	int r = start(text, n, &c);

	if (r == 0)
		r = take_record(&c, false, &record);
	if (r == 0)
		*ret = record;
	return r;
}

/* Up to the next blank. */
static size_t take_word(struct cursor *c, const char **ret)
{
	const char *blank = memchr(c->p, ' ', (size_t)(c->end - c->p));

	*ret = c->p;
	c->p = blank ? blank : c->end;
	return (size_t)(c->p - *ret);
}

int audit_line_parse(const char *line, size_t n, struct audit_record *ret)
{
	struct audit_record record = {0};
	struct cursor c;
	const char *word;
	int r = start(line, n, &c);

	if (r < 0)
		return r;
	if (take_text(&c, "node=")) {
		record.node_size = take_word(&c, &record.node);
		if (!take_text(&c, " "))
			return -EBADMSG;
	}
	if (!take_text(&c, "type="))
		return -EBADMSG;
	n = take_word(&c, &word);
	record.type = record_type_number(word, n);
	if (record.type == 0 || !take_text(&c, " msg="))
		return -EBADMSG;
	r = take_record(&c, true, &record);
	if (r == 0)
		*ret = record;
	return r;
}

/* ---- the fields ---- */

struct fields {
	struct cursor c;
	struct audit_field *v;
	size_t n;
	bool said, enriched;
	bool open; /* words that follow belong to the last field, which is op= */
};

static size_t count_equals(const char *p, size_t n)
{
	size_t count = 0;

	for (const char *equals; n > 0 && (equals = memchr(p, '=', n)); count++) {
		n -= (size_t)(equals + 1 - p);
		p = equals + 1;
	}
	return count;
}

/* What may stand behind a closing quote. */
static bool is_after_quote(const char *p, const char *end)
{
	return p == end || memchr(" ',):", *p, 5);
}

/* "..." at c->p, closed by a quote at the end of a word; NULL when it is not. */
static const char *closing_quote(const struct cursor *c)
{
	const char *p = c->p + 1;

	while (p < c->end && (p = memchr(p, '"', (size_t)(c->end - p)))) {
		if (is_after_quote(p + 1, c->end))
			return p;
		p++;
	}
	return NULL;
}

/* Punctuation that programs put around their fields: "(hostname=?, addr=?, res=success)'". */
static size_t trim(const char *value, size_t n)
{
	static const char marks[] = ":,'";

	for (size_t i = 0; i < sizeof(marks) - 1; i++)
		n -= n > 0 && value[n - 1] == marks[i];
	if (n > 0 && value[n - 1] == ')' && value[0] != '(')
		n--;
	return n;
}

/* "{ saddr_fam=inet laddr=192.0.2.1 }", as auditd writes an address. */
static const char *closing_brace(const struct cursor *c)
{
	return *c->p == '{' ? memmem(c->p, (size_t)(c->end - c->p), " }", 2) : NULL;
}

static void take_value(struct fields *f, struct audit_field *field)
{
	struct cursor *c = &f->c;
	const char *close = c->p < c->end && *c->p == '"' ? closing_quote(c) : NULL;
	const char *brace = f->enriched && c->p < c->end ? closing_brace(c) : NULL;

	if (close) {
		field->form = AUDIT_QUOTED;
		field->value = c->p + 1;
		field->size = (size_t)(close - c->p - 1);
		c->p = close + 1;
		while (c->p < c->end && *c->p != ' ')
			c->p++;
	} else if (brace) {
		field->value = c->p;
		field->size = (size_t)(brace + 2 - c->p);
		c->p = brace + 2;
	} else {
		size_t n = take_word(c, &field->value);
		field->size = trim(field->value, n);
	}
}

/* A word of several that are the value of op=. */
static void extend(struct fields *f, const char *word, size_t n)
{
	struct audit_field *last = &f->v[f->n - 1];

	last->size = (size_t)(word + trim(word, n) - last->value);
}

/* The word at c->p: a field, the beginning of msg='...', or neither. */
static void take_field(struct fields *f)
{
	struct cursor *c = &f->c, word = *c;
	const char *p;

	if (!f->said && !f->enriched && take_text(c, "msg='")) {
		f->said = true;
		return;
	}
	size_t n = take_word(&word, &p);
	const char *equals = memchr(p, '=', n);
	if (!equals) {
		if (f->open)
			extend(f, p, n);
		c->p = word.p;
		return;
	}
	p += *p == '(';
	struct audit_field *field = &f->v[f->n++];
	*field = (struct audit_field){
		.name = p,
		.name_size = (size_t)(equals - p),
		.said = f->said,
		.enriched = f->enriched,
	};
	c->p = equals + 1;
	take_value(f, field);
	f->open = f->said && field->form == AUDIT_BARE && field->name_size == 2 &&
		  memcmp(field->name, "op", 2) == 0;
}

int audit_fields_parse(struct arena *a, const struct audit_record *record, struct audit_fields *ret)
{
	struct fields f = {.c = {record->body, record->body + record->size}};
	size_t max = count_equals(record->body, record->size) +
		     count_equals(record->enriched, record->enriched_size);

	f.v = arena_alloc(a, max * sizeof(*f.v));
	if (!f.v)
		return -ENOMEM;
	for (;;) {
		while (f.c.p < f.c.end && *f.c.p == ' ')
			f.c.p++;
		if (f.c.p < f.c.end) {
			take_field(&f);
		} else if (!f.enriched && record->enriched) {
			f.c = (struct cursor){
				record->enriched, record->enriched + record->enriched_size};
			f.enriched = true;
			f.said = f.open = false;
		} else {
			break;
		}
	}
	*ret = (struct audit_fields){f.v, f.n};
	return 0;
}

static const struct audit_field *find(const struct audit_fields *f, const char *name, bool enriched)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < f->n; i++) {
		const struct audit_field *field = &f->v[i];
		if (field->enriched == enriched && field->name_size == n &&
			memcmp(field->name, name, n) == 0)
			return field;
	}
	return NULL;
}

const struct audit_field *audit_field(const struct audit_fields *f, const char *name)
{
	return find(f, name, false);
}

const struct audit_field *audit_field_enriched(const struct audit_fields *f, const char *name)
{
	return find(f, name, true);
}
