/* SPDX-License-Identifier: ISC */
#include "fact/sshd-values.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The next word; NULL, the line being refused, when it is missing or empty. */
static char *need_word(struct sshd_line *l)
{
	char *word = sshd_line_word(l);

	if (word && *word)
		return word;
	(void)sshd_refuse(l, "missing argument");
	return NULL;
}

static int refuse_word(struct sshd_line *l, const char *word)
{
	return sshd_refuse(l, "bad value \"%s\"", word);
}

static int choose(struct sshd_line *l, const struct sshd_choice *choices,
	int (*compare)(const char *, const char *))
{
	char *word = need_word(l);

	if (!word)
		return -EINVAL;
	for (const struct sshd_choice *c = choices; c->word; c++) {
		if (compare(c->word, word) == 0)
			return sshd_line_value(l, c->shown);
	}
	return refuse_word(l, word);
}

SSHD_PARSE(sshd_parse_choice)
{
	return choose(l, k->arg, strcasecmp);
}

SSHD_PARSE(sshd_parse_exact)
{
	return choose(l, k->arg, strcmp);
}

int sshd_number(const char *s, int *ret)
{
	char *end;

	errno = 0;
	long long n = strtoll(s, &end, 10);
	if (errno != 0 || end == s || *end || n < 0 || n > INT_MAX)
		return -EINVAL;
	*ret = (int)n;
	return 0;
}

static int value_number(struct sshd_line *l, int n)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", n);
	return sshd_line_value(l, text);
}

SSHD_PARSE(sshd_parse_int)
{
	char *word = need_word(l);
	int n;

	if (!word)
		return -EINVAL;
	return sshd_number(word, &n) < 0 ? refuse_word(l, word) : value_number(l, n);
}

static long unit_seconds(char unit)
{
	switch (tolower((unsigned char)unit)) {
	case '\0':
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 604800;
	default:
		return 0;
	}
}

int sshd_seconds(const char *s, int *ret)
{
	long total = 0;

	if (!*s)
		return -EINVAL;
	while (*s) {
		char *end;
		errno = 0;
		long n = strtol(s, &end, 10);
		long unit = unit_seconds(*end);
		if (end == s || errno != 0 || n < 0 || unit == 0 || n > INT_MAX / unit)
			return -EINVAL;
		n *= unit;
		if (total > INT_MAX - n)
			return -EINVAL;
		total += n;
		s = *end ? end + 1 : end;
	}
	*ret = (int)total;
	return 0;
}

SSHD_PARSE(sshd_parse_time)
{
	char *word = need_word(l);
	int n;

	if (!word)
		return -EINVAL;
	return sshd_seconds(word, &n) < 0 ? refuse_word(l, word) : value_number(l, n);
}

SSHD_PARSE(sshd_parse_timeout)
{
	if (l->next < l->n_words && strcasecmp(l->words[l->next], "none") == 0)
		return sshd_line_value(l, sshd_line_word(l));
	return sshd_parse_time(l, k);
}

SSHD_PARSE(sshd_parse_mask)
{
	char *word = need_word(l), *end, text[16];

	if (!word)
		return -EINVAL;
	long n = strtol(word, &end, 8);
	if (end == word || n < 0 || n > 0777)
		return refuse_word(l, word);
	(void)snprintf(text, sizeof(text), "0%lo", n);
	return sshd_line_value(l, text);
}

/* "~/x" and "~user/x" with the home of root or the user; else as it is. NULL: no such user. */
static const char *expand_tilde(struct sshd_line *l, const char *path)
{
	const struct sshd_env *env = &l->conf->env;
	const char *home;

	if (*path != '~')
		return path;
	size_t n = strcspn(path + 1, "/");
	char *user = n ? arena_strndup(l->conf->arena, path + 1, n) : NULL;
	const char *rest = path + 1 + n;
	rest += strspn(rest, "/");
	home = env->home(user, env->arg);
	if (!home)
		return NULL;
	bool slash = !*home || home[strlen(home) - 1] != '/';
	return arena_printf(l->conf->arena, "%s%s%s", home, slash ? "/" : "", rest);
}

static int value_tilde(struct sshd_line *l, const char *word, bool absolute)
{
	const char *path = expand_tilde(l, word);

	if (arena_failed(l->conf->arena))
		return -ENOMEM;
	if (!path) {
		l->late_error = arena_printf(l->conf->arena, "no such user in \"%s\"", word);
		path = word;
	}
	/* Relative to the working directory, which is "/" for the service. */
	if (absolute && *path != '/')
		path = arena_printf(l->conf->arena, "//%s", path);
	return path ? sshd_line_value(l, path) : -ENOMEM;
}

SSHD_PARSE(sshd_parse_path)
{
	char *word = need_word(l);

	if (!word)
		return -EINVAL;
	/* arg: a word that is no path here. */
	if (strcasecmp(word, "none") == 0 || (k->arg && strcasecmp(word, k->arg) == 0))
		return sshd_line_value(l, strcasecmp(word, "none") == 0 ? "none" : word);
	return value_tilde(l, word, true);
}

SSHD_PARSE(sshd_parse_tilde)
{
	char *word = need_word(l);

	return !word ? -EINVAL : value_tilde(l, word, false);
}

SSHD_PARSE(sshd_parse_string)
{
	char *word = need_word(l);

	return !word ? -EINVAL : sshd_line_value(l, word);
}

/* All that follows the keyword, as one value. */
static int take_rest(struct sshd_line *l)
{
	l->next = l->n_words;
	return sshd_line_value(l, l->rest + strspn(l->rest, " \t\r\n"));
}

SSHD_PARSE(sshd_parse_rest)
{
	return take_rest(l);
}

SSHD_PARSE(sshd_parse_command)
{
	const char *command = l->rest + strspn(l->rest, " \t\r\n");

	if (*command != '/' && strcasecmp(command, "none") != 0)
		return sshd_refuse(l, "must be an absolute path");
	return take_rest(l);
}

SSHD_PARSE(sshd_parse_addendum)
{
	char *text = l->rest + strspn(l->rest, " \t\r\n");

	if (strchr(text, '\r'))
		return sshd_refuse(l, "bad value");
	text[strcspn(text, "#")] = '\0';
	return take_rest(l);
}

SSHD_PARSE(sshd_parse_algs)
{
	char *word = need_word(l);

	if (!word)
		return -EINVAL;
	if (!sshd_algs_valid(*(const enum sshd_alg *)k->arg, word, l->conf->env.version))
		return sshd_refuse(l, "an algorithm is not known in \"%s\"", word);
	return sshd_line_value(l, word);
}

SSHD_PARSE(sshd_parse_gss_kex)
{
	char *word = need_word(l);

	if (!word)
		return -EINVAL;
	for (const char *p = word; *p && *p != ',';) {
		if (strncmp(p, "gss-", 4) != 0 ||
			!sshd_algs_valid(SSHD_ALG_KEX, p, l->conf->env.version))
			return refuse_word(l, word);
		p += strcspn(p, ",");
		p += *p == ',';
	}
	return sshd_line_value(l, word);
}

SSHD_PARSE(sshd_parse_port)
{
	char *word = need_word(l);

	if (!word)
		return -EINVAL;
	int port = sshd_port(l->conf, word);
	return port <= 0 ? refuse_word(l, word) : value_number(l, port);
}

/*
 * Parts "host:port" or "[host]:port": returns the host, and in *ret_port what
 * follows or NULL. NULL when it is neither.
 */
static char *split_host(char *s, char **ret_port)
{
	char *end;

	if (*s == '[') {
		end = strchr(s, ']');
		if (!end)
			return NULL;
		end++;
	} else {
		end = s + strcspn(s, ":/");
	}
	if (*end && *end != ':')
		return NULL;
	*ret_port = *end ? end + 1 : NULL;
	*end = '\0';
	size_t n = strlen(s);
	if (*s == '[' && s[n - 1] == ']') {
		s[n - 1] = '\0';
		s++;
	}
	return s;
}

static int add_listen(struct sshd_line *l, const char *host, int port)
{
	char *text = arena_printf(l->conf->arena, "%s %d", host, port);

	return text ? sshd_line_value(l, text) : -ENOMEM;
}

SSHD_PARSE(sshd_parse_listen)
{
	char *word = need_word(l), *port_text = NULL, *host;
	int port = 0;

	if (!word)
		return -EINVAL;
	const char *colon = strchr(word, ':');
	if (!strchr(word, '[') && colon && strchr(colon + 1, ':')) {
		host = word;
	} else {
		host = split_host(word, &port_text);
		if (!host)
			return refuse_word(l, word);
		if (port_text) {
			port = sshd_port(l->conf, port_text);
			if (port <= 0)
				return refuse_word(l, port_text);
		}
	}
	char *rdomain = sshd_line_word(l);
	if (rdomain && (strcmp(rdomain, "rdomain") != 0 || !sshd_line_word(l)))
		return refuse_word(l, rdomain);
	return add_listen(l, host, port);
}

SSHD_PARSE(sshd_parse_addresses)
{
	char *word = need_word(l);

	if (!word)
		return -EINVAL;
	return sshd_address_list(NULL, word) != 0 ? refuse_word(l, word) : sshd_line_value(l, word);
}

SSHD_PARSE(sshd_parse_any)
{
	l->next = l->n_words;
	return 0;
}

static bool port_or_any(const struct sshd_line *l, const char *s)
{
	return s && (strcmp(s, "*") == 0 || sshd_port(l->conf, s) > 0);
}

/* One "host:port" of PermitOpen or PermitListen; a bare port listens everywhere. */
static int permit_word(struct sshd_line *l, const struct sshd_keyword *k, char *word)
{
	struct arena *a = l->conf->arena;
	bool bare = k->arg && !strchr(word, ':');
	const char *shown = bare ? arena_printf(a, "*:%s", word) : arena_strdup(a, word);
	char *port = word;

	if (!shown)
		return -ENOMEM;
	if (!bare && !split_host(word, &port))
		return refuse_word(l, shown);
	return port_or_any(l, port) ? sshd_line_value(l, shown) : refuse_word(l, shown);
}

SSHD_PARSE(sshd_parse_permit)
{
	char *word = need_word(l);
	int r = word ? 0 : -EINVAL;

	for (; r == 0 && word && *word; word = sshd_line_word(l)) {
		if (strcmp(word, "any") != 0 && strcmp(word, "none") != 0) {
			r = permit_word(l, k, word);
			continue;
		}
		r = l->n > 0 ? refuse_word(l, word) : sshd_line_value(l, word);
		if (l->conf->env.version < SSHD_VERSION_LISTS)
			break;
	}
	return r;
}
