/* SPDX-License-Identifier: ISC */
#include "base/calendar.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"

#define BLANKS " \t"

static bool is_one_of(const char *word, size_t n, const char *const v[])
{
	for (size_t i = 0; v[i]; i++) {
		if (strlen(v[i]) == n && strncasecmp(v[i], word, n) == 0)
			return true;
	}
	return false;
}

/* "Mon", "Mon..Fri", "Sat,Sun". */
static bool is_weekdays(const char *word, size_t n)
{
	static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun",
		"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", NULL};

	for (size_t i = 0, k; i < n; i += k + strspn(word + i + k, ".,-")) {
		for (k = 0; i + k < n && isalpha((unsigned char)word[i + k]);)
			k++;
		if (!is_one_of(word + i, k, days))
			return false;
	}
	return n > 0;
}

/* "*", "1..5", "3,4", "0/15": no number in it beyond the range. */
static bool is_part(const char *s, size_t n, unsigned long low, unsigned long high)
{
	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)s[i]) && !strchr("*,./", s[i]))
			return false;
		if (!isdigit((unsigned char)s[i]) || (i > 0 && isdigit((unsigned char)s[i - 1])))
			continue;
		unsigned long number = strtoul(s + i, NULL, 10);
		/* What stands behind a slash is a distance. */
		if (number > high || (number < low && (i == 0 || s[i - 1] != '/')))
			return false;
	}
	return n > 0;
}

/* The parts of a word between the separators, the last ones those of the last limits. */
static int count_parts(const char *word, size_t n, const char *separators)
{
	int parts = 1;

	for (size_t i = 0; i < n; i++)
		parts += strchr(separators, word[i]) != NULL;
	return parts;
}

static bool are_parts(const char *word, size_t n, const char *separators,
	const unsigned long limits[][2], int parts)
{
	const char *end = word + n;

	for (int i = 0; i < parts; i++) {
		size_t k = strcspn(word, separators);
		k = MIN(k, (size_t)(end - word));
		if (!is_part(word, k, limits[i][0], limits[i][1]))
			return false;
		word += k + 1;
	}
	return true;
}

/* "*-*-01", "10-15", "2026-01-01": 1, 0 or -EINVAL as calendar_recurs(). */
static int read_date(const char *word, size_t n)
{
	static const unsigned long limits[][2] = {{1970, 2999}, {1, 12}, {1, 31}};
	int parts = count_parts(word, n, "-~");

	if (parts < 2 || parts > 3 || !are_parts(word, n, "-~", limits + 3 - parts, parts))
		return -EINVAL;
	return parts == 2 || *word == '*';
}

/* "03:00", "*:0/15", "03:00:30.5". */
static bool is_time(const char *word, size_t n)
{
	static const unsigned long limits[][2] = {{0, 23}, {0, 59}, {0, 999999}};
	int parts = count_parts(word, n, ":");

	return parts >= 2 && parts <= 3 && are_parts(word, n, ":", limits, parts);
}

/* "UTC", "Europe/Berlin". */
static bool is_zone(const char *word, size_t n)
{
	return (n == 3 && strncasecmp(word, "UTC", n) == 0) ||
	       (isalpha((unsigned char)*word) && memchr(word, '/', n));
}

int calendar_recurs(const char *text)
{
	static const char *const names[] = {"minutely", "hourly", "daily", "weekly", "monthly",
		"quarterly", "yearly", "annually", "anually", "semiannually", "semi-annually",
		"biannually", "bi-annually", NULL};
	int recurs = 1, place = 0; /* of the word: days, date, time, zone */

	text += strspn(text, BLANKS);
	if (!*text)
		return -EINVAL;
	for (size_t n; *text; text += n + strspn(text + n, BLANKS)) {
		n = strcspn(text, BLANKS);
		if (place < 1 && is_one_of(text, n, names)) {
			place = 3;
		} else if (place < 1 && is_weekdays(text, n)) {
			place = 1;
		} else if (place < 2 && memchr(text, ':', n) == NULL && !is_zone(text, n)) {
			recurs = read_date(text, n);
			place = 2;
		} else if (place < 3 && is_time(text, n)) {
			place = 3;
		} else if (place > 0 && place < 4 && is_zone(text, n)) {
			place = 4;
		} else {
			return -EINVAL;
		}
		if (recurs < 0)
			return recurs;
	}
	return recurs;
}
