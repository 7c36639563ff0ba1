/* SPDX-License-Identifier: ISC */
/* Keywords whose value is a list or has an inner form; see sshd-values.h. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "fact/sshd-values.h"

static int refuse_word(struct sshd_line *l, const char *word)
{
	return sshd_refuse(l, "bad value \"%s\"", word);
}

/* Takes all words that ok() accepts; a list may be empty only in older versions. */
static int take_words(struct sshd_line *l, bool (*ok)(const char *word))
{
	for (char *word; (word = sshd_line_word(l));) {
		if (!ok(word))
			return refuse_word(l, word);
		int r = sshd_line_value(l, word);
		if (r < 0)
			return r;
	}
	if (l->n == 0 && l->conf->env.version >= SSHD_VERSION_LISTS)
		return sshd_refuse(l, "missing argument");
	return 0;
}

static bool not_empty(const char *word)
{
	return *word != '\0';
}

static bool user_pattern(const char *word)
{
	const char *at = strchr(word, '@');

	return *word && (!at || sshd_address_list(NULL, at + 1) >= 0);
}

static bool env_name(const char *word)
{
	return *word && !strchr(word, '=');
}

SSHD_PARSE(sshd_parse_users)
{
	return take_words(l, user_pattern);
}

SSHD_PARSE(sshd_parse_list)
{
	return take_words(l, not_empty);
}

SSHD_PARSE(sshd_parse_env)
{
	return take_words(l, env_name);
}

/* Whether NAME of "NAME=value" is among the values already. */
static bool env_known(const struct sshd_line *l, const char *word)
{
	size_t n = strcspn(word, "=") + 1;

	for (size_t i = 0; i < l->n; i++) {
		if (strncmp(l->v[i], word, n) == 0)
			return true;
	}
	return false;
}

SSHD_PARSE(sshd_parse_setenv)
{
	for (char *word; (word = sshd_line_word(l));) {
		if (!*word || !strchr(word, '='))
			return refuse_word(l, word);
		int r = env_known(l, word) ? 0 : sshd_line_value(l, word);
		if (r < 0)
			return r;
	}
	return 0;
}

SSHD_PARSE(sshd_parse_files)
{
	while (l->next < l->n_words) {
		if (!*l->words[l->next])
			return sshd_refuse(l, "empty argument");
		int r = sshd_parse_tilde(l, k);
		if (r < 0)
			return r;
	}
	/* These are resolved at once, whether or not they are taken. */
	if (l->late_error)
		return sshd_refuse(l, "%s", l->late_error);
	if (l->n == 0 && l->conf->env.version >= SSHD_VERSION_LISTS)
		return sshd_refuse(l, "missing argument");
	return 0;
}

/* Whether the word is "none" and stands where it may not. */
static bool none_misplaced(const struct sshd_line *l, const char *word)
{
	return strcasecmp(word, "none") == 0 && (l->n > 0 || l->next < l->n_words);
}

SSHD_PARSE(sshd_parse_none_list)
{
	for (char *word; (word = sshd_line_word(l));) {
		if (!*word || none_misplaced(l, word))
			return refuse_word(l, word);
		int r = sshd_line_value(l, word);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_time(const char *text)
{
	int seconds;

	return sshd_seconds(text, &seconds) == 0;
}

SSHD_PARSE(sshd_parse_timeouts)
{
	for (char *word; (word = sshd_line_word(l));) {
		const char *equals = strchr(word, '=');
		bool none = strcasecmp(word, "none") == 0;
		if (none_misplaced(l, word))
			return refuse_word(l, word);
		if (!none && (!equals || equals == word || !is_time(equals + 1)))
			return refuse_word(l, word);
		int r = sshd_line_value(l, word);
		if (r < 0)
			return r;
	}
	return 0;
}

/* "publickey,keyboard-interactive:pam" */
static bool methods_valid(const char *list)
{
	static const char *const known[] = {
		"none",
		"publickey",
		"gssapi-keyex",
		"gssapi-with-mic",
		"password",
		"keyboard-interactive",
		"hostbased",
	};

	if (!*list)
		return false;
	for (const char *p = list;; p++) {
		size_t n = strcspn(p, ","), name = strcspn(p, ":,");
		bool found = false;
		for (size_t i = 0; i < ARRAY_SIZE(known) && !found; i++)
			found = strlen(known[i]) == name && strncmp(known[i], p, name) == 0;
		if (!found)
			return false;
		p += n;
		if (!*p)
			return true;
	}
}

SSHD_PARSE(sshd_parse_methods)
{
	bool any = false;

	for (char *word; (word = sshd_line_word(l));) {
		bool is_any = strcmp(word, "any") == 0;
		/* Older ones look for company of "any" elsewhere: among what is set already. */
		bool late = is_any && l->n > 0 && l->conf->env.version >= SSHD_VERSION_LISTS;
		if (late || (any && !is_any) || (!is_any && !methods_valid(word)))
			return refuse_word(l, word);
		any |= is_any;
		int r = sshd_line_value(l, word);
		if (r < 0)
			return r;
	}
	return l->n == 0 ? sshd_refuse(l, "missing argument") : 0;
}

SSHD_PARSE(sshd_parse_pubkey_options)
{
	bool touch = false, verify = false;

	for (char *word; (word = sshd_line_word(l));) {
		if (strcasecmp(word, "touch-required") == 0)
			touch = true;
		else if (strcasecmp(word, "verify-required") == 0)
			verify = true;
		else if (strcasecmp(word, "none") != 0)
			return refuse_word(l, word);
	}
	int r = touch || !verify ? sshd_line_value(l, touch ? "touch-required" : "none") : 0;
	return r == 0 && verify ? sshd_line_value(l, "verify-required") : r;
}

SSHD_PARSE(sshd_parse_user_env)
{
	char *word = sshd_line_word(l);

	return word && *word ? sshd_line_value(l, word) : sshd_refuse(l, "missing argument");
}

/* A number with an optional unit K, M, G, ...: what scan_scaled(3) takes, and at least 16 or 0. */
static bool is_scaled(const char *s)
{
	char *end;

	errno = 0;
	long long n = strtoll(s, &end, 10);
	if (end == s && *s != '.')
		return false;
	if (*end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	if (*end && (!strchr("BKMGTPEbkmgtpe", *end) || end[1]))
		return false;
	bool small = (!*end || strchr("Bb", *end)) && n < 16 && n != 0;
	return errno == 0 && n >= 0 && !small;
}

SSHD_PARSE(sshd_parse_rekey)
{
	char *word = sshd_line_word(l);

	if (!word || !*word)
		return sshd_refuse(l, "missing argument");
	if (strcmp(word, "default") != 0 && !is_scaled(word))
		return refuse_word(l, word);
	char *interval = sshd_line_word(l);
	if (interval && strcmp(interval, "none") != 0 && !is_time(interval))
		return refuse_word(l, interval);
	return sshd_line_value(l, word);
}

SSHD_PARSE(sshd_parse_startups)
{
	char *word = sshd_line_word(l);
	int begin = 0, rate = 1, max = 0;
	int n = word ? sscanf(word, "%d:%d:%d", &begin, &rate, &max) : 0;

	if (n == 1)
		max = begin;
	if ((n != 1 && n != 3) || begin <= 0 || max <= 0 || begin > max || rate < 1 || rate > 100)
		return word ? refuse_word(l, word) : sshd_refuse(l, "missing argument");
	return sshd_line_value(l, word);
}

SSHD_PARSE(sshd_parse_netblock)
{
	char *word = sshd_line_word(l);
	int v4 = -1, v6 = 128;
	int n = word ? sscanf(word, "%d:%d", &v4, &v6) : 0;

	if (n < 1 || v4 < 0 || v4 > 32 || v6 < 0 || v6 > 128)
		return word ? refuse_word(l, word) : sshd_refuse(l, "missing argument");
	return sshd_line_value(l, word);
}

SSHD_PARSE(sshd_parse_source_max)
{
	if (l->next < l->n_words && strcmp(l->words[l->next], "none") == 0)
		return sshd_line_value(l, sshd_line_word(l));
	return sshd_parse_int(l, k);
}

/* "authfail:5s", "max-sources4:100", "overflow:permissive" */
static bool penalty_valid(const char *word)
{
	static const char *const times[] = {
		"crash:", "authfail:", "noauth:", "grace-exceeded:", "refuseconnection:", "max:",
		"min:", "max-sources4:", "max-sources6:", "invaliduser:"};
	static const char *const whole[] = {"overflow:deny-all", "overflow:permissive",
		"overflow6:deny-all", "overflow6:permissive"};

	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		if (strcmp(word, whole[i]) == 0)
			return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		size_t n = strlen(times[i]);
		if (strncmp(word, times[i], n) == 0)
			return is_time(word + n);
	}
	return false;
}

SSHD_PARSE(sshd_parse_penalties)
{
	for (char *word; (word = sshd_line_word(l));) {
		bool flag = strcasecmp(word, "yes") == 0 || strcasecmp(word, "no") == 0;
		if (flag ? l->next < l->n_words : !penalty_valid(word))
			return refuse_word(l, word);
		int r = sshd_line_value(l, word);
		if (r < 0)
			return r;
	}
	return l->n == 0 ? sshd_refuse(l, "missing argument") : 0;
}

static bool is_ipqos(const char *word, unsigned version)
{
	static const char *const names[] = {"none", "af11", "af12", "af13", "af21", "af22", "af23",
		"af31", "af32", "af33", "af41", "af42", "af43", "cs0", "cs1", "cs2", "cs3", "cs4",
		"cs5", "cs6", "cs7", "ef", "le", "va", "lowdelay", "throughput", "reliability"};
	char *end;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcasecmp(names[i], word) == 0)
			return true;
	}
	/* Until 9.9 also hexadecimal. */
	long n = strtol(word, &end, version < 1000 ? 0 : 10);
	return *word && !*end && n >= 0 && n <= 255;
}

SSHD_PARSE(sshd_parse_ipqos)
{
	char *interactive = sshd_line_word(l), *bulk = sshd_line_word(l);
	unsigned version = l->conf->env.version;

	if (!interactive || !is_ipqos(interactive, version) || (bulk && !is_ipqos(bulk, version)))
		return sshd_refuse(l, "bad value");
	return sshd_line_value(l, interactive);
}

SSHD_PARSE(sshd_parse_subsystem)
{
	char *name = sshd_line_word(l), *command = sshd_line_word(l);

	if (!name || !*name || !command || !*command)
		return sshd_refuse(l, "missing argument");
	l->next = l->n_words;
	int r = sshd_line_value(l, name);
	return r < 0 ? r : sshd_line_value(l, command);
}
