/* SPDX-License-Identifier: ISC */
#include "fact/log-pri.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"

struct log_pri log_pri_all(void)
{
	struct log_pri p;

	memset(&p, 0xff, sizeof(p));
	return p;
}

struct log_pri log_pri_none(void)
{
	return (struct log_pri){0};
}

struct log_pri log_pri_unknown(void)
{
	struct log_pri p = {0};

	memset(p.maybe, 0xff, sizeof(p.maybe));
	return p;
}

struct log_pri log_pri_not(struct log_pri a)
{
	struct log_pri p;

	for (int i = 0; i < LOG_FACILITIES; i++) {
		p.sure[i] = (uint8_t)~a.maybe[i];
		p.maybe[i] = (uint8_t)~a.sure[i];
	}
	return p;
}

struct log_pri log_pri_and(struct log_pri a, struct log_pri b)
{
	for (int i = 0; i < LOG_FACILITIES; i++) {
		a.sure[i] &= b.sure[i];
		a.maybe[i] &= b.maybe[i];
	}
	return a;
}

struct log_pri log_pri_or(struct log_pri a, struct log_pri b)
{
	for (int i = 0; i < LOG_FACILITIES; i++) {
		a.sure[i] |= b.sure[i];
		a.maybe[i] |= b.maybe[i];
	}
	return a;
}

bool log_pri_is_none(const struct log_pri *p)
{
	for (int i = 0; i < LOG_FACILITIES; i++) {
		if (p->maybe[i])
			return false;
	}
	return true;
}

struct name {
	const char *name;
	int number;
};

/* The first of a number is the one that is shown. */
static const struct name facilities[] = {{"kern", 0}, {"user", 1}, {"mail", 2}, {"daemon", 3},
	{"auth", 4}, {"security", 4}, {"syslog", 5}, {"lpr", 6}, {"news", 7}, {"uucp", 8},
	{"cron", 9}, {"authpriv", 10}, {"ftp", 11}, {"ntp", 12}, {"bsd_security", 13},
	{"console", 14}, {"clock", 15}, {"local0", 16}, {"local1", 17}, {"local2", 18},
	{"local3", 19}, {"local4", 20}, {"local5", 21}, {"local6", 22}, {"local7", 23}};
static const struct name severities[] = {{"emerg", 0}, {"panic", 0}, {"alert", 1}, {"crit", 2},
	{"err", 3}, {"error", 3}, {"warning", 4}, {"warn", 4}, {"notice", 5}, {"info", 6},
	{"debug", 7}, {"emergency", 0}, {"critical", 2}, {"informational", 6}};

static int find(const struct name *v, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcasecmp(v[i].name, name) == 0)
			return v[i].number;
	}
	return -EINVAL;
}

static const char *name_of(const struct name *v, size_t n, unsigned number)
{
	for (size_t i = 0; i < n; i++) {
		if ((unsigned)v[i].number == number)
			return v[i].name;
	}
	return "";
}

int log_facility_from_name(const char *name)
{
	return find(facilities, ARRAY_SIZE(facilities), name);
}

int log_severity_from_name(const char *name)
{
	return find(severities, ARRAY_SIZE(severities), name);
}

const char *log_facility_name(unsigned facility)
{
	return name_of(facilities, ARRAY_SIZE(facilities), facility);
}

const char *log_severity_name(unsigned severity)
{
	return name_of(severities, ARRAY_SIZE(severities), severity);
}

/* The word up to any of stop, in buf; what is longer is no known name. */
static const char *word(const char *p, const char *stop, char buf[static 32])
{
	size_t len = strcspn(p, stop);

	(void)snprintf(buf, 32, "%.*s", (int)MIN(len, 31), p);
	return p + len;
}

/* What ".PRIORITY" does to a facility's mask: adds or takes away bits, or all. */
struct change {
	bool replace;
	uint8_t bits;
	bool take;
};

static int parse_priority(const char *text, struct change *ret)
{
	bool negated = *text == '!';
	bool single = text[negated] == '=';
	const char *name = text + negated + single;

	*ret = (struct change){.take = negated};
	if (strcasecmp(name, "none") == 0) {
		*ret = (struct change){.replace = true, .bits = negated ? 0xff : 0};
		return 0;
	}
	if (strcmp(name, "*") == 0) {
		*ret = (struct change){.replace = true, .bits = negated ? 0 : 0xff};
		return 0;
	}
	int number = log_severity_from_name(name);
	if (number < 0 && *name >= '0' && *name <= '7' && !name[1])
		number = *name - '0';
	if (number < 0)
		return number;
	ret->bits = (uint8_t)(single ? 1u << number : (2u << number) - 1);
	return 0;
}

static void apply(const struct change *c, uint8_t *mask)
{
	if (c->replace)
		*mask = c->bits;
	else if (c->take)
		*mask &= (uint8_t)~c->bits;
	else
		*mask |= c->bits;
}

/* "auth,authpriv" or "*". */
static int apply_to(const char *p, const char *end, const struct change *c, struct log_pri *pri)
{
	char name[32];

	while (p < end) {
		p = word(p, ",;. \t", name);
		int f = log_facility_from_name(name);
		if (*name != '*' && strcasecmp(name, "mark") != 0 && f < 0)
			return f;
		for (int i = 0; i < LOG_FACILITIES; i++) {
			if (*name == '*' || i == f)
				apply(c, &pri->sure[i]);
		}
		p += strspn(p, ", ");
		if (*p == ';' || *p == '.')
			break;
	}
	return 0;
}

int log_pri_parse(const char *selector, struct log_pri *ret)
{
	struct log_pri pri = {0};
	int r = 0;

	for (const char *p = selector; r == 0 && *p && *p != ' ' && *p != '\t';) {
		char priority[32];
		struct change c;
		const char *dot = p + strcspn(p, ".\t");
		const char *end = word(*dot == '.' ? dot + 1 : dot, "\t ,;", priority);
		r = parse_priority(priority, &c);
		if (r == 0)
			r = apply_to(p, dot, &c, &pri);
		p = end + strspn(end, ",;");
	}
	memcpy(pri.maybe, pri.sure, sizeof(pri.maybe));
	*ret = pri;
	return r;
}

const char *log_pri_missing(const struct log_pri *p, bool *ret_maybe)
{
	static const struct {
		int facility;
		uint8_t bits;
		const char *name;
	} wanted[] = {
		{4, 0x7f, "logins and privileges (auth)"},
		{10, 0x7f, "logins and privileges (authpriv)"},
		{0, 0x1f, "the kernel's warnings and errors (kern)"},
		{3, 0x1f, "services' warnings and errors (daemon)"},
		{1, 0x1f, "programs' warnings and errors (user)"},
		{5, 0x1f, "the logging's own errors (syslog)"},
		{9, 0x1f, "cron's warnings and errors (cron)"},
	};

	const char *missing = NULL;
	*ret_maybe = false;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		uint8_t bits = wanted[i].bits;
		if ((p->sure[wanted[i].facility] & bits) == bits)
			continue;
		bool maybe = (p->maybe[wanted[i].facility] & bits) == bits;
		/* What surely does not pass is told before what may not. */
		if (!missing || (*ret_maybe && !maybe)) {
			missing = wanted[i].name;
			*ret_maybe = maybe;
		}
	}
	return missing;
}
