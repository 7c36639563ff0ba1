/* SPDX-License-Identifier: ISC */
#include "conf/value.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/net.h"
#include "base/text.h"
#include "conf/schema.h"

/* Digits only: no sign, no blanks, no overflow. */
static int parse_digits(const char **s, uint64_t *ret)
{
	uint64_t v = 0;
	const char *p = *s;

	if (!isdigit((unsigned char)*p))
		return -EINVAL;
	for (; isdigit((unsigned char)*p); p++) {
		if (__builtin_mul_overflow(v, 10, &v) ||
			__builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return -EINVAL;
	}
	*s = p;
	*ret = v;
	return 0;
}

static int parse_bool(const struct param *p, const char *s, struct value *v)
{
	static const char *const words[][2] = {
		{"no", "yes"}, {"false", "true"}, {"off", "on"}, {"0", "1"}};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		for (int b = 0; b < 2; b++) {
			if (strcasecmp(s, words[i][b]) == 0) {
				v->b = b;
				return 0;
			}
		}
	}
	return -EINVAL;
}

static bool within(const struct param *p, uint64_t v)
{
	return (p->min == 0 && p->max == 0) || (v >= p->min && v <= p->max);
}

static int parse_uint(const struct param *p, const char *s, struct value *v)
{
	uint64_t u;

	if (parse_digits(&s, &u) < 0 || *s || !within(p, u))
		return -EINVAL;
	v->u = u;
	return 0;
}

static int parse_unit(const char **s, uint64_t *ret)
{
	static const struct {
		const char *name;
		uint64_t usec;
	} units[] = {
		{"us", 1},
		{"ms", USEC_PER_MSEC},
		{"s", USEC_PER_SEC},
		{"sec", USEC_PER_SEC},
		{"min", USEC_PER_MIN},
		{"h", USEC_PER_HOUR},
		{"hour", USEC_PER_HOUR},
		{"hours", USEC_PER_HOUR},
		{"d", USEC_PER_DAY},
		{"day", USEC_PER_DAY},
		{"days", USEC_PER_DAY},
		{"w", 7 * USEC_PER_DAY},
		{"week", 7 * USEC_PER_DAY},
		{"weeks", 7 * USEC_PER_DAY},
	};
	size_t len = 0;

	while (isalpha((unsigned char)(*s)[len]))
		len++;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strlen(units[i].name) == len && strncmp(*s, units[i].name, len) == 0) {
			*s += len;
			*ret = units[i].usec;
			return 0;
		}
	}
	return -EINVAL;
}

/* "1h 30min"; a bare number has no unit and is refused, but for 0. */
static int parse_usec(const struct param *p, const char *s, struct value *v)
{
	uint64_t total = 0, n, unit;

	if (strcmp(s, "0") == 0) {
		if (!within(p, 0))
			return -EINVAL;
		v->u = 0;
		return 0;
	}
	do {
		if (parse_digits(&s, &n) < 0)
			return -EINVAL;
		s += strspn(s, " \t");
		if (parse_unit(&s, &unit) < 0 || __builtin_mul_overflow(n, unit, &n) ||
			__builtin_add_overflow(total, n, &total))
			return -EINVAL;
		s += strspn(s, " \t");
	} while (*s);
	/* Rounded up against max, so that a fraction of a second is not lost. */
	if (!within(p, total / USEC_PER_SEC) || (p->max && total > p->max * USEC_PER_SEC))
		return -EINVAL;
	v->u = total;
	return 0;
}

static int parse_date(const struct param *p, const char *s, struct value *v)
{
	if (!*s && !*p->def) {
		v->u = 0;
		return 0;
	}
	return text_date(s, &v->u);
}

static int parse_text(struct arena *a, const char *s, bool more, struct value *v)
{
	char *copy = more && *v->s ? arena_printf(a, "%s %s", v->s, s) : arena_strdup(a, s);

	if (!copy)
		return -ENOMEM;
	v->s = copy;
	return 0;
}

static bool is_choice(const char *choices, const char *s)
{
	size_t len = strlen(s);

	for (const char *c = choices; len > 0 && *c; c += strspn(c, " ")) {
		size_t n = strcspn(c, " ");
		if (n == len && strncmp(c, s, n) == 0)
			return true;
		c += n;
	}
	return false;
}

/* NULL when the word is fine, else why not; NULL and arena_failed() when out of memory. */
static const char *word_fault(struct arena *a, const struct param *p, const char *word)
{
	struct net net;
	char text[NET_TEXT_MAX];

	if (word[0] == '#')
		return "a comment behind a value begins with \";\"";
	if (strpbrk(word, "\"'"))
		return "words are written without quotes";
	if (p->type != PARAM_NETS)
		return !p->fits || p->fits(word)
			       ? NULL
			       : arena_printf(a, "\"%s\" is not of the form %s", word, p->form);
	int r = net_parse(word, &net);
	if (r == -EDOM)
		return arena_printf(a,
			"\"%s\" has bits beyond its prefix length, "
			"perhaps %s was meant",
			word, net_text(&net, text));
	return r < 0 ? arena_printf(a,
			       "\"%s\" is no address or network such as 192.0.2.0/24 "
			       "or 2001:db8::/32",
			       word)
		     : NULL;
}

static int add_word(struct arena *a, struct value *v, const char *word)
{
	const char **slot = arena_grow(a, &v->list.v, v->list.n, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = word;
	v->list.n++;
	return 0;
}

static int parse_list(struct arena *a, const struct param *p, const char *s, bool more,
	struct value *v, const char **ret_why)
{
	static const char separators[] = ", \t";
	struct value list = {0};

	/* A copy: what is given back must be whole even if this line is at fault. */
	for (size_t i = 0; more && i < v->list.n; i++) {
		if (add_word(a, &list, v->list.v[i]) < 0)
			return -ENOMEM;
	}
	for (s += strspn(s, separators); *s; s += strspn(s, separators)) {
		size_t n = strcspn(s, separators);
		char *word = arena_strndup(a, s, n);
		const char *fault = word ? word_fault(a, p, word) : NULL;
		if (fault) {
			*ret_why = fault;
			return -EINVAL;
		}
		if (arena_failed(a) || add_word(a, &list, word) < 0)
			return -ENOMEM;
		s += n;
	}
	const char **end = arena_grow(a, &list.list.v, list.list.n, sizeof(*end));
	if (!end)
		return -ENOMEM;
	*v = list;
	return 0;
}

static int parse_one(struct arena *a, const struct param *p, const char *text, struct value *v)
{
	switch (p->type) {
	case PARAM_BOOL:
		return parse_bool(p, text, v);
	case PARAM_UINT:
		return parse_uint(p, text, v);
	case PARAM_USEC:
		return parse_usec(p, text, v);
	case PARAM_DATE:
		return parse_date(p, text, v);
	case PARAM_PATH:
		if (text[0] != '/' && (*text || *p->def))
			return -EINVAL;
		return parse_text(a, text, false, v);
	case PARAM_CHOICE:
		return is_choice(p->choices, text) ? parse_text(a, text, false, v) : -EINVAL;
	default:
		return -EINVAL;
	}
}

int value_parse(struct arena *a, const struct param *p, const char *text, bool more,
	struct value *v, const char **ret_why)
{
	char expected[SCHEMA_EXPECTED_MAX];

	if (p->type == PARAM_LIST || p->type == PARAM_NETS)
		return parse_list(a, p, text, more, v, ret_why);
	if (p->type == PARAM_STRING)
		return parse_text(a, text, more, v);
	int r = more ? -EINVAL : parse_one(a, p, text, v);
	if (r != -EINVAL)
		return r;
	char *why = arena_printf(
		a, "expected %s%s", schema_expected(p, expected), more ? ", on one line" : "");
	if (!why)
		return -ENOMEM;
	*ret_why = why;
	return -EINVAL;
}
