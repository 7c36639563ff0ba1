/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "fact/repo-apt.h"

/* "Tue, 01 Jul 2025 08:12:33 UTC"; 0 when it is none. In the C locale, which this program keeps. */
static uint64_t parse_date(const char *s)
{
	struct tm tm = {0};

	if (!strptime(s, "%a, %d %b %Y %H:%M:%S", &tm))
		return 0;
	time_t t = timegm(&tm);
	return t > 0 ? (uint64_t)t * USEC_PER_SEC : 0;
}

static bool is_yes(const char *s)
{
	return strcasecmp(s, "yes") == 0 || strcasecmp(s, "true") == 0 || strcmp(s, "1") == 0 ||
	       strcasecmp(s, "with") == 0 || strcasecmp(s, "on") == 0 ||
	       strcasecmp(s, "enable") == 0;
}

/* A field of the header: into the place of its name. */
static void take(struct repo_release *rel, const char *name, size_t n, const char *value)
{
	const struct {
		const char *name, **place;
	} fields[] = {
		{"Origin", &rel->origin},
		{"Label", &rel->label},
		{"Suite", &rel->suite},
		{"Codename", &rel->codename},
		{"Version", &rel->version},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (strlen(fields[i].name) == n && strncasecmp(fields[i].name, name, n) == 0) {
			*fields[i].place = value;
			return;
		}
	}
	if (n == 12 && strncasecmp(name, "NotAutomatic", n) == 0)
		rel->not_automatic = is_yes(value);
	else if (n == 20 && strncasecmp(name, "ButAutomaticUpgrades", n) == 0)
		rel->but_automatic_upgrades = is_yes(value);
	else if (n == 11 && strncasecmp(name, "Valid-Until", n) == 0)
		rel->valid_until_realtime_usec = parse_date(value);
}

/* A value without the blanks around it. */
static char *value_of(struct arena *a, const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (end > p && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
		end--;
	return arena_strndup(a, p, (size_t)(end - p));
}

static bool begins(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - p) >= n && memcmp(p, word, n) == 0;
}

int repo_release_parse(
	struct arena *a, const char *path, const char *text, size_t size, struct repo_release *ret)
{
	struct repo_release rel = {.path = path,
		.origin = "",
		.label = "",
		.suite = "",
		.codename = "",
		.version = ""};
	const char *p = text, *end = text + size, *next;
	bool armour = begins(p, end, "-----BEGIN PGP SIGNED MESSAGE-----"), any = false;
	bool header = armour;

	for (; p < end; p = next) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *stop = nl ? nl : end;
		next = nl ? nl + 1 : end;
		/* The armour's own headers end with an empty line. */
		if (header) {
			header = stop > p && *p != '\r';
			continue;
		}
		if (begins(p, end, "-----BEGIN PGP SIGNATURE-----")) {
			rel.is_signed = armour;
			break;
		}
		/* Digests of files: hundreds of lines that continue. */
		const char *colon = *p == ' ' ? NULL : memchr(p, ':', (size_t)(stop - p));
		if (!colon || colon - p > 32)
			continue;
		any = true;
		if (stop - colon > 512)
			stop = colon + 512;
		char *value = value_of(a, colon + 1, stop);
		if (!value)
			return -ENOMEM;
		take(&rel, p, (size_t)(colon - p), value);
	}
	if (!any)
		return -EBADMSG;
	*ret = rel;
	return 0;
}
