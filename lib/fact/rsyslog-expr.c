/* SPDX-License-Identifier: ISC */
/*
 * Conditions, worked out for each priority while they are read. What they ask
 * beside facility and severity is not known, but for what is the same for every
 * message of this machine (it comes from 127.0.0.1).
 *
 * "and" and "or" bind alike, and "not" binds to the value next to it, as in
 * rsyslog's grammar.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fact/rsyslog-internal.h"

enum property {
	PROP_NONE, /* a constant */
	PROP_SEVERITY,
	PROP_SEVERITY_TEXT,
	PROP_FACILITY,
	PROP_FACILITY_TEXT,
	PROP_PRI,
	PROP_PRI_TEXT,
	PROP_FROM_IP,
	PROP_OTHER,
};

enum compare {
	CMP_NONE,
	CMP_EQ,
	CMP_NE,
	CMP_LE,
	CMP_GE,
	CMP_LT,
	CMP_GT,
	CMP_CONTAINS,
	CMP_STARTS,
};

struct value {
	enum property property;
	const char *name; /* of PROP_OTHER, not terminated */
	size_t name_length;
	bool narrow; /* a condition that only few messages meet, none that matter */
	bool judged; /* a condition already: pri says for what it holds */
	struct log_pri pri;
	const char *text;		  /* of a constant; NULL: computed at run time */
	const struct rsyslog_param *more; /* of an array: the elements after the first */
};

static const struct {
	const char *name;
	enum property property;
} properties[] = {
	{"syslogseverity", PROP_SEVERITY},
	{"syslogpriority", PROP_SEVERITY},
	{"syslogseverity-text", PROP_SEVERITY_TEXT},
	{"syslogpriority-text", PROP_SEVERITY_TEXT},
	{"syslogfacility", PROP_FACILITY},
	{"syslogfacility-text", PROP_FACILITY_TEXT},
	{"pri", PROP_PRI},
	{"pri-text", PROP_PRI_TEXT},
	{"fromhost-ip", PROP_FROM_IP},
};

static enum property property_from_name(const char *name, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(properties); i++) {
		if (strlen(properties[i].name) == n &&
			strncasecmp(properties[i].name, name, n) == 0)
			return properties[i].property;
	}
	return PROP_OTHER;
}

/* Two facilities have other names as text than in a selector. */
static const char *facility_text(unsigned f)
{
	return f == 13 ? "audit" : f == 14 ? "alert" : log_facility_name(f);
}

/* What the property is for a message of this machine with that priority. */
static const char *property_text(enum property p, unsigned f, unsigned s, char buf[static 48])
{
	switch (p) {
	case PROP_SEVERITY:
		(void)snprintf(buf, 48, "%u", s);
		return buf;
	case PROP_SEVERITY_TEXT:
		return log_severity_name(s);
	case PROP_FACILITY:
		(void)snprintf(buf, 48, "%u", f);
		return buf;
	case PROP_FACILITY_TEXT:
		return facility_text(f);
	case PROP_PRI:
		(void)snprintf(buf, 48, "%u", f * 8 + s);
		return buf;
	case PROP_PRI_TEXT:
		(void)snprintf(buf, 48, "%s.%s", facility_text(f), log_severity_name(s));
		return buf;
	default:
		return "127.0.0.1";
	}
}

static bool is_number(const char *s, long *ret)
{
	char *end;

	*ret = strtol(s, &end, 0);
	return *s && !*end;
}

static bool holds(enum compare op, const char *x, const char *y)
{
	long a, b;
	bool numbers = is_number(x, &a) && is_number(y, &b);
	int order = numbers ? (a > b) - (a < b) : strcmp(x, y);

	switch (op) {
	case CMP_EQ:
		return order == 0;
	case CMP_NE:
		return order != 0;
	case CMP_LE:
		return order <= 0;
	case CMP_GE:
		return order >= 0;
	case CMP_LT:
		return order < 0;
	case CMP_GT:
		return order > 0;
	case CMP_CONTAINS:
		return strstr(x, y);
	default:
		return strncmp(x, y, strlen(y)) == 0;
	}
}

static struct log_pri compare_property(enum property p, enum compare op, const char *with)
{
	struct log_pri pri = log_pri_none();
	char buf[48];

	if (p == PROP_OTHER || !with)
		return log_pri_unknown();
	for (unsigned f = 0; f < LOG_FACILITIES; f++) {
		for (unsigned s = 0; s < LOG_SEVERITIES; s++) {
			if (holds(op, property_text(p, f, s, buf), with))
				pri.sure[f] |= (uint8_t)(1u << s);
		}
	}
	memcpy(pri.maybe, pri.sure, sizeof(pri.maybe));
	return pri;
}

/*
 * Whether a text picks out few messages, none of which a look back at a break-in
 * would miss: "[CLOUDINIT]", one program's name, a phrase; but not sshd, and not
 * what stands in messages about logins. Cloud images stop such messages before
 * anything else, and that must not make the rest uncertain.
 */
static bool is_narrow(const char *name, size_t n, enum compare op, const char *with)
{
	static const char *const names[] = {"programname", "syslogtag", "app-name", "msg"};
	static const char *const matter[] = {"ssh", "su", "login", "pam", "audit", "user", "passw",
		"kernel", "systemd", "cron", "fail", "accept", "session", "root", "auth", "denied",
		"invalid", "error", "group", "polkit", "connect"};
	size_t i = 0;

	if (!with || strlen(with) < 4 || (op != CMP_EQ && op != CMP_CONTAINS && op != CMP_STARTS))
		return false;
	while (i < ARRAY_SIZE(names) &&
		(strlen(names[i]) != n || strncasecmp(names[i], name, n) != 0))
		i++;
	if (i == ARRAY_SIZE(names))
		return false;
	for (i = 0; i < ARRAY_SIZE(matter); i++) {
		if (strcasestr(with, matter[i]))
			return false;
	}
	return true;
}

/* A comparison with an array holds when it does for one of the elements. */
static struct log_pri compare(struct value l, enum compare op, struct value r)
{
	static const enum compare mirrored[] = {
		[CMP_EQ] = CMP_EQ,
		[CMP_NE] = CMP_NE,
		[CMP_LE] = CMP_GE,
		[CMP_GE] = CMP_LE,
		[CMP_LT] = CMP_GT,
		[CMP_GT] = CMP_LT,
		[CMP_CONTAINS] = CMP_NONE,
		[CMP_STARTS] = CMP_NONE,
	};

	if (l.judged || r.judged)
		return log_pri_unknown();
	if (l.property == PROP_NONE && r.property == PROP_NONE) {
		if (!l.text || !r.text)
			return log_pri_unknown();
		return holds(op, l.text, r.text) ? log_pri_all() : log_pri_none();
	}
	if (l.property == PROP_NONE) {
		struct value t = l;
		l = r;
		r = t;
		op = mirrored[op];
	}
	if (op == CMP_NONE || r.property != PROP_NONE)
		return log_pri_unknown();
	struct log_pri pri = compare_property(l.property, op, r.text);
	for (const struct rsyslog_param *p = r.more; p; p = p->next)
		pri = log_pri_or(pri, compare_property(l.property, op, p->value));
	return pri;
}

static struct log_pri truth(struct value v)
{
	long n;

	if (v.judged)
		return v.pri;
	if (v.property != PROP_NONE || !v.text)
		return log_pri_unknown();
	return is_number(v.text, &n) && n ? log_pri_all() : log_pri_none();
}

static struct value judged(struct log_pri pri)
{
	return (struct value){.judged = true, .pri = pri};
}

static int expression(
	struct rsyslog_reader *r, unsigned depth, struct log_pri *ret, bool *ret_narrow);
static int value(struct rsyslog_reader *r, unsigned depth, struct value *ret);

/* '[ "a", "b" ]' */
static int array(struct rsyslog_reader *r, struct value *ret)
{
	struct rsyslog_source *s = r->src;
	bool first = true;

	*ret = (struct value){0};
	do {
		const char *text;
		rsyslog_advance(r, 1);
		rsyslog_skip_inside(r);
		int e = rsyslog_string(r, &text);
		if (e < 0)
			return e;
		if (first) {
			ret->text = text;
		} else {
			struct rsyslog_param *p = arena_alloc(r->a, sizeof(*p));
			if (!p)
				return -ENOMEM;
			p->value = text;
			p->next = ret->more;
			ret->more = p;
		}
		first = false;
		rsyslog_skip_inside(r);
	} while (s->p < s->end && *s->p == ',');
	if (s->p == s->end || *s->p != ']')
		return rsyslog_malformed(r, "an array has no end");
	rsyslog_advance(r, 1);
	return 0;
}

/* NAME(...): only prifilt("selector") tells anything about priorities. */
static int function(struct rsyslog_reader *r, unsigned depth, bool prifilt, struct value *ret)
{
	struct rsyslog_source *s = r->src;
	struct value argument = {0};
	unsigned n = 0;

	rsyslog_advance(r, 1);
	rsyslog_skip_inside(r);
	while (s->p < s->end && *s->p != ')') {
		struct log_pri ignored;
		bool narrow;
		bool string = prifilt && n++ == 0 && (*s->p == '"' || *s->p == '\'');
		int e = string ? value(r, depth + 1, &argument)
			       : expression(r, depth + 1, &ignored, &narrow);
		if (e < 0)
			return e;
		rsyslog_skip_inside(r);
		if (s->p < s->end && *s->p == ',')
			rsyslog_advance(r, 1);
		else if (s->p < s->end && *s->p != ')')
			return rsyslog_malformed(r, "\")\" or \",\" was expected");
		rsyslog_skip_inside(r);
	}
	rsyslog_advance(r, 1);
	*ret = judged(log_pri_unknown());
	if (n == 1 && argument.text)
		(void)log_pri_parse(argument.text, &ret->pri); /* an error ends the selector */
	else if (!prifilt)
		*ret = (struct value){.property = PROP_OTHER};
	return 0;
}

static size_t span(const struct rsyslog_source *s, const char *more)
{
	size_t n = 0;

	while (s->p + n < s->end &&
		(isalnum((unsigned char)s->p[n]) || (s->p[n] && strchr(more, s->p[n]))))
		n++;
	return n;
}

static int number_or_name(struct rsyslog_reader *r, unsigned depth, struct value *ret)
{
	struct rsyslog_source *s = r->src;
	size_t n = span(s, "_");

	if (n == 0)
		return rsyslog_malformed(r, "a value was expected in a condition");
	bool number = isdigit((unsigned char)*s->p);
	bool prifilt = n == 7 && strncasecmp(s->p, "prifilt", n) == 0;
	*ret = (struct value){0};
	if (number) {
		ret->text = arena_strndup(r->a, s->p, n);
		if (!ret->text)
			return -ENOMEM;
	}
	rsyslog_advance(r, n);
	if (number)
		return 0;
	rsyslog_skip_inside(r);
	if (s->p == s->end || *s->p != '(')
		return rsyslog_malformed(r, "a function without \"(\"");
	return function(r, depth, prifilt, ret);
}

static int value(struct rsyslog_reader *r, unsigned depth, struct value *ret)
{
	struct rsyslog_source *s = r->src;
	int e;

	rsyslog_skip_inside(r);
	if (depth > RSYSLOG_DEPTH_MAX || s->p == s->end)
		return rsyslog_malformed(r, "a condition has no end");
	*ret = (struct value){0};
	switch (*s->p) {
	case '"':
	case '\'':
	case '`':
		return rsyslog_string(r, &ret->text);
	case '[':
		return array(r, ret);
	case '(':
		rsyslog_advance(r, 1);
		ret->judged = true;
		e = expression(r, depth + 1, &ret->pri, &ret->narrow);
		if (e < 0)
			return e;
		rsyslog_skip_inside(r);
		if (s->p == s->end || *s->p != ')')
			return rsyslog_malformed(r, "\")\" was expected in a condition");
		rsyslog_advance(r, 1);
		return 0;
	case '-':
		rsyslog_advance(r, 1);
		e = value(r, depth + 1, ret);
		ret->property = PROP_OTHER;
		return e;
	case '$': {
		rsyslog_advance(r, 1);
		size_t n = span(s, "$!./@_-[]");
		ret->property = property_from_name(s->p, n);
		ret->name = s->p;
		ret->name_length = n;
		rsyslog_advance(r, n);
		return 0;
	}
	default:
		if (!rsyslog_word(r, "not"))
			return number_or_name(r, depth, ret);
		rsyslog_advance(r, 3);
		e = value(r, depth + 1, ret);
		*ret = judged(log_pri_not(truth(*ret)));
		return e;
	}
}

static enum compare comparison(struct rsyslog_reader *r)
{
	static const struct {
		const char *text;
		enum compare op;
	} ops[] = {
		{"==", CMP_EQ},
		{"!=", CMP_NE},
		{"<>", CMP_NE},
		{"<=", CMP_LE},
		{">=", CMP_GE},
		{"<", CMP_LT},
		{">", CMP_GT},
		{"contains_i", CMP_CONTAINS},
		{"contains", CMP_CONTAINS},
		{"startswith_i", CMP_STARTS},
		{"startswith", CMP_STARTS},
	};

	rsyslog_skip_inside(r);
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		size_t n = strlen(ops[i].text);
		bool match = isalpha((unsigned char)*ops[i].text)
				     ? rsyslog_word(r, ops[i].text)
				     : strncmp(r->src->p, ops[i].text, n) == 0;
		if (!match)
			continue;
		rsyslog_advance(r, n);
		return ops[i].op;
	}
	return CMP_NONE;
}

/* VALUE { (+|-|*|/|%|&) VALUE }: a result of arithmetic is not known. */
static int sum(struct rsyslog_reader *r, unsigned depth, struct value *ret)
{
	int e = value(r, depth, ret);

	for (;;) {
		rsyslog_skip_inside(r);
		if (e < 0 || r->src->p == r->src->end || !strchr("+-*/%&", *r->src->p))
			return e;
		rsyslog_advance(r, 1);
		e = value(r, depth, ret);
		*ret = (struct value){.property = PROP_OTHER};
	}
}

/* SUM { COMPARISON SUM } */
static int comparisons(struct rsyslog_reader *r, unsigned depth, struct value *ret)
{
	enum compare op;
	int e = sum(r, depth, ret);

	while (e == 0 && (op = comparison(r)) != CMP_NONE) {
		struct value right;
		e = sum(r, depth, &right);
		if (e < 0)
			return e;
		bool narrow = ret->name && right.property == PROP_NONE && !right.more &&
			      !right.judged &&
			      is_narrow(ret->name, ret->name_length, op, right.text);
		*ret = judged(compare(*ret, op, right));
		ret->narrow = narrow;
	}
	return e;
}

static int expression(
	struct rsyslog_reader *r, unsigned depth, struct log_pri *ret, bool *ret_narrow)
{
	enum { FIRST, AND, OR } join = FIRST;
	struct log_pri so_far = log_pri_none();
	bool narrow = false;

	if (depth > RSYSLOG_DEPTH_MAX)
		return rsyslog_malformed(r, "a condition is nested too deeply");
	for (;;) {
		struct value v;
		int e = comparisons(r, depth, &v);
		if (e < 0)
			return e;
		struct log_pri now = truth(v);
		so_far = join == FIRST ? now
			 : join == AND ? log_pri_and(so_far, now)
				       : log_pri_or(so_far, now);
		narrow = join == FIRST ? v.narrow
			 : join == AND ? narrow || v.narrow
				       : narrow && v.narrow;
		if (!rsyslog_word(r, "and") && !rsyslog_word(r, "or"))
			break;
		join = tolower((unsigned char)*r->src->p) == 'a' ? AND : OR;
		rsyslog_advance(r, join == AND ? 3 : 2);
	}
	*ret = so_far;
	*ret_narrow = narrow;
	return 0;
}

int rsyslog_expression(
	struct rsyslog_reader *r, const char *stop, struct log_pri *ret, bool *ret_narrow)
{
	int e = expression(r, 0, ret, ret_narrow);

	if (e < 0)
		return e;
	rsyslog_skip_inside(r);
	if (*stop == ';' ? *r->src->p != ';' : !rsyslog_word(r, stop))
		return rsyslog_malformed(
			r, *stop == ';' ? "\";\" was expected" : "\"then\" or \"do\" was expected");
	rsyslog_advance(r, strlen(stop));
	return 0;
}

/* The next field of a property filter, up to a comma, without blanks around it. */
static size_t field(const char **p)
{
	const char *s = *p + strspn(*p, " \t");
	size_t n = strcspn(s, ",");

	*p = s;
	while (n > 0 && isspace((unsigned char)s[n - 1]))
		n--;
	return n;
}

struct log_pri rsyslog_property_filter(const char *text, bool *ret_narrow)
{
	static const struct {
		const char *name;
		enum compare op;
	} ops[] = {{"isequal", CMP_EQ}, {"contains", CMP_CONTAINS}, {"startswith", CMP_STARTS}};
	const char *name = text + 1;
	size_t n = field(&name);
	enum property property = property_from_name(name + (*name == '$'), n - (*name == '$'));
	const char *op = name + strcspn(name, ",");
	const size_t name_length = n;
	char buf[64];

	*ret_narrow = false;

	op += *op == ',';
	n = field(&op);
	const char *quoted = op + strcspn(op, ",");
	bool negated = *op == '!';
	op += negated;
	n -= negated;
	quoted += strcspn(quoted, "\"");
	quoted += *quoted == '"';
	(void)snprintf(buf, sizeof(buf), "%.*s", (int)strcspn(quoted, "\""), quoted);
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (strlen(ops[i].name) != n || strncasecmp(ops[i].name, op, n) != 0)
			continue;
		struct log_pri pri = compare_property(property, ops[i].op, buf);
		*ret_narrow = !negated && is_narrow(name, name_length, ops[i].op, buf);
		return negated ? log_pri_not(pri) : pri;
	}
	return log_pri_unknown();
}
