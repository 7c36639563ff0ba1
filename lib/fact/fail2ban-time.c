/* SPDX-License-Identifier: ISC */
#include "fact/fail2ban-time.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"

static const struct {
	const char *name;
	double seconds;
} units[] = {
	{"s", 1},
	{"ss", 1},
	{"se", 1},
	{"sec", 1},
	{"second", 1},
	{"seconds", 1},
	{"m", 60},
	{"mm", 60},
	{"mi", 60},
	{"min", 60},
	{"minute", 60},
	{"minutes", 60},
	{"h", 3600},
	{"hh", 3600},
	{"ho", 3600},
	{"hou", 3600},
	{"hour", 3600},
	{"hours", 3600},
	{"d", 86400},
	{"dd", 86400},
	{"da", 86400},
	{"day", 86400},
	{"days", 86400},
	{"w", 604800},
	{"ww", 604800},
	{"we", 604800},
	{"wee", 604800},
	{"week", 604800},
	{"weeks", 604800},
	{"mo", 2629800},
	{"mon", 2629800},
	{"month", 2629800},
	{"months", 2629800},
	{"y", 31557600},
	{"yy", 31557600},
	{"ye", 31557600},
	{"yea", 31557600},
	{"year", 31557600},
	{"years", 31557600},
};

static const char *blanks(const char *s)
{
	return s + strspn(s, " \t\r\n");
}

/* A decimal number as Python has it: "5", "0.5", no "05" and no "1e3". */
static bool take_number(const char **text, double *ret)
{
	const char *s = *text;
	double value = 0, scale = 1;

	if (!isdigit((unsigned char)*s) || (s[0] == '0' && isdigit((unsigned char)s[1])))
		return false;
	for (; isdigit((unsigned char)*s); s++)
		value = value * 10 + (*s - '0');
	if (*s == '.') {
		for (s++; isdigit((unsigned char)*s); s++)
			value += (*s - '0') * (scale /= 10);
	}
	*text = s;
	*ret = value;
	return true;
}

/* The unit at *text, if any, as what it multiplies by. false for a word that is none. */
static bool take_unit(const char **text, double *ret)
{
	const char *s = blanks(*text);
	size_t n = 0;

	*ret = 1;
	while (isalpha((unsigned char)s[n]))
		n++;
	if (n == 0)
		return s[0] != '_';
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strlen(units[i].name) == n && strncasecmp(units[i].name, s, n) == 0) {
			*ret = units[i].seconds;
			*text = s + n;
			return s[n] != '_';
		}
	}
	return false;
}

/* Numbers with their units, multiplied or divided. */
static bool take_product(const char **text, double *ret)
{
	double value = 1, number, unit;
	char operator= '*';

	for (;;) {
		bool minus = false;
		for (*text = blanks(*text); **text == '-' || **text == '+'; (*text)++)
			minus ^= **text == '-';
		if (!take_number(text, &number) || !take_unit(text, &unit))
			return false;
		number *= minus ? -1 : 1;
		if (operator== '/' &&(number > -1e-9 && number < 1e-9))
			return false;
		value = (operator== '*' ? value * number : value / number) * unit;
		const char *s = blanks(*text);
		if ((*s != '*' && *s != '/') || s[1] == *s)
			break;
		operator= * s;
		*text = s + 1;
	}
	*ret = value;
	return true;
}

int f2b_seconds(const char *text, double *ret)
{
	double sum = 0, value;
	const char *s = blanks(text);

	for (bool minus = false;; minus = *s++ == '-') {
		if (!take_product(&s, &value))
			return -EINVAL;
		sum += minus ? -value : value;
		for (s = blanks(s); isdigit((unsigned char)*s); s = blanks(s)) {
			if (!take_product(&s, &value))
				return -EINVAL;
			sum += value;
		}
		if (!*s || *s == '#')
			break;
		if (*s != '+' && *s != '-')
			return -EINVAL;
	}
	*ret = sum;
	return 0;
}
