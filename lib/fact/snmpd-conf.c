/* SPDX-License-Identifier: ISC */
/* By agent/mibgroup/mibII/vacm_conf.c and snmplib/read_config.c. */
#include "fact/snmpd-conf.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/net.h"

enum {
	ROWS_MAX = 2000,
	WORDS_MAX = 32,
};

struct line {
	struct conf_place at;
	const char *words[WORDS_MAX + 1];
	size_t n;
};

/* The words as copy_nword() takes them: in either quotes, "\" before any character. */
static size_t split(char *s, const char **words)
{
	size_t n = 0;

	for (;;) {
		s += strspn(s, " \t\r");
		if (!*s || *s == '#' || n == WORDS_MAX)
			break;
		char quote = *s == '"' || *s == '\'' ? *s++ : '\0', *out = s;
		words[n++] = out;
		while (*s && (quote ? *s != quote : !strchr(" \t\r", *s))) {
			s += *s == '\\' && s[1];
			*out++ = *s++;
		}
		s += *s ? 1 : 0;
		*out = '\0';
	}
	words[n] = NULL;
	return n;
}

static int add(struct snmpd_conf *r, const struct line *l, const struct snmpd_row *row)
{
	struct arena *a = r->files.a;

	if (r->n >= ROWS_MAX)
		return conf_files_fault(&r->files, &l->at, "more than %d lines", ROWS_MAX);
	struct snmpd_row *slot = arena_grow(a, &r->v, r->n, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = *row;
	slot->key = l->words[0]; /* words lie in the text, which is the arena's */
	slot->at = l->at;
	r->n++;
	return 0;
}

/* Whether a source lets in others than this machine: a net, "default" or a host's name. */
static bool is_far(const char *source)
{
	struct net net;

	if (!source)
		return true;
	if (*source == '!')
		return false;
	int k = net_parse(source, &net);
	if (k == -EINVAL)
		return strcasecmp(source, "localhost") != 0;
	return !net_is_loopback(&net);
}

static int level_of(const char *word)
{
	static const struct {
		const char *word;
		enum snmpd_level level;
	} levels[] = {{"noauth", SNMPD_NOAUTH}, {"noauthnopriv", SNMPD_NOAUTH},
		{"nopriv", SNMPD_NOAUTH}, {"auth", SNMPD_AUTH}, {"authnopriv", SNMPD_AUTH},
		{"priv", SNMPD_PRIV}, {"authpriv", SNMPD_PRIV}};

	for (size_t i = 0; word && i < ARRAY_SIZE(levels); i++) {
		if (strcasecmp(levels[i].word, word) == 0)
			return (int)levels[i].level;
	}
	return word ? -EINVAL : SNMPD_AUTH;
}

/* "OID", "-V VIEW" or nothing at word i: the view; NULL for one that is there. */
static const char *view_at(const struct line *l, size_t i)
{
	return i + 1 < l->n && strcmp(l->words[i], "-V") == 0 ? l->words[i + 1] : NULL;
}

/* [-v VERSION] COMMUNITY [SOURCE [OID | -V VIEW]] from word i on. */
static int add_community(struct snmpd_conf *r, const struct line *l, size_t i)
{
	if (i + 1 < l->n && strcmp(l->words[i], "-v") == 0)
		i += 2;
	if (i >= l->n || !is_far(l->words[i + 1]))
		return 0;
	return add(r, l,
		&(struct snmpd_row){
			.kind = SNMPD_COMMUNITY, .view = i + 2 < l->n ? view_at(l, i + 2) : NULL});
}

/* Over TLS and DTLS (tsm) all is encrypted; the others are not judged. */
static bool is_usm(const char *model)
{
	return strcasecmp(model, "usm") == 0 || strcasecmp(model, "any") == 0;
}

/* [-s MODEL] USER [LEVEL [OID | -V VIEW]] from word i on; or a group in the place of the user. */
static int add_user(struct snmpd_conf *r, const struct line *l, size_t i, bool group)
{
	const char *model = "usm";

	if (i + 1 < l->n && strcmp(l->words[i], "-s") == 0) {
		model = l->words[i + 1];
		i += 2;
	}
	int level = i + 1 < l->n ? level_of(l->words[i + 1]) : SNMPD_AUTH;
	if (i >= l->n || level < 0 || (!group && !is_usm(model)))
		return 0;
	struct snmpd_row row = {.kind = group ? SNMPD_ACCESS : SNMPD_USER,
		.level = (enum snmpd_level)level,
		.model = group ? model : NULL,
		.view = i + 2 < l->n ? view_at(l, i + 2) : NULL};
	*(group ? &row.group : &row.name) = l->words[i];
	return add(r, l, &row);
}

/* com2sec [-Cn CONTEXT] NAME SOURCE COMMUNITY */
static int add_source(struct snmpd_conf *r, const struct line *l)
{
	size_t i = l->n > 2 && strcmp(l->words[1], "-Cn") == 0 ? 3 : 1;

	if (i + 2 >= l->n || !is_far(l->words[i + 1]))
		return 0;
	return add(r, l, &(struct snmpd_row){.kind = SNMPD_SOURCE, .name = l->words[i]});
}

/* access GROUP CONTEXT MODEL LEVEL PREFIX READ WRITE ...; setaccess ... PREFIX TYPE VIEW */
static int add_access(struct snmpd_conf *r, const struct line *l, bool set)
{
	int level = l->n > 4 ? level_of(l->words[4]) : -EINVAL;
	int k = 0;

	if (l->n < 8 || level < 0)
		return 0;
	struct snmpd_row row = {.kind = SNMPD_ACCESS,
		.group = l->words[1],
		.model = l->words[3],
		.level = (enum snmpd_level)level};
	for (size_t i = set ? 7 : 6; k == 0 && i < 8; i++) {
		row.view = l->words[i];
		k = add(r, l, &row);
	}
	return k;
}

/* authaccess TYPES GROUP [-s MODEL] VIEW [LEVEL] */
static int add_authaccess(struct snmpd_conf *r, const struct line *l)
{
	struct snmpd_row row = {.kind = SNMPD_ACCESS, .model = "any"};
	size_t i = 3;

	if (l->n > 4 && strcmp(l->words[3], "-s") == 0) {
		row.model = l->words[4];
		i = 5;
	}
	int level = i + 1 < l->n ? level_of(l->words[i + 1]) : SNMPD_NOAUTH;
	if (i >= l->n || level < 0)
		return 0;
	row.group = l->words[2];
	row.view = l->words[i];
	row.level = (enum snmpd_level)level;
	return add(r, l, &row);
}

/* Whether the types of an auth... line are any that this program asks for. */
static bool has_types(const struct snmpd_conf *r, const char *types)
{
	static const char *const agent[] = {"read", "write"}, *const traps[] = {
								      "log", "execute", "net"};
	const char *const *names = r->traps ? traps : agent;
	size_t n = r->traps ? ARRAY_SIZE(traps) : ARRAY_SIZE(agent);

	for (const char *s = types; s && *s;) {
		size_t len = strcspn(s, ",|:");
		for (size_t i = 0; i < n; i++) {
			if (strlen(names[i]) == len && strncasecmp(names[i], s, len) == 0)
				return true;
		}
		s += len + (s[len] ? 1 : 0);
	}
	return false;
}

void snmpd_conf_address(struct snmpd_conf *r, const char *s, const struct conf_place *at)
{
	static const struct {
		const char *prefix;
		unsigned port;
		int list;
	} kinds[] = {{"tcp:", 161, 0}, {"tcp6:", 161, 0}, {"tcpipv6:", 161, 0},
		{"dtlsudp:", 10161, 1}, {"dtlsudp6:", 10161, 1}, {"tlstcp:", 10161, 2},
		{"tlstcp6:", 10161, 2}};
	unsigned *lists[] = {r->tcp, r->dtls, r->tls};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t n = strlen(kinds[i].prefix), k = 0;
		unsigned port = 0;
		if (strncasecmp(s, kinds[i].prefix, n) != 0)
			continue;
		const char *colon = strrchr(s + n - 1, ':'), *digits = colon + 1;
		if (strspn(digits, "0123456789") == strlen(digits)) {
			for (; *digits && port < 65536; digits++)
				port = port * 10 + (unsigned)(*digits - '0');
		}
		while (k + 1 < CLEAR_PORTS_MAX && lists[kinds[i].list][k])
			k++;
		lists[kinds[i].list][k] = port ? port : kinds[i].port;
		r->listen_at = *at;
	}
}

static void add_addresses(struct snmpd_conf *r, char *list, const struct conf_place *at)
{
	char *save = NULL;

	for (char *w = strtok_r(list, ", \t", &save); w; w = strtok_r(NULL, ", \t", &save))
		snmpd_conf_address(r, w, at);
}

static int include(struct snmpd_conf *r, const struct line *l, bool dir)
{
	const char *slash = strrchr(l->at.path, '/'), *path = l->words[1];

	if (*path != '/' && slash)
		path = arena_printf(
			r->files.a, "%.*s/%s", (int)(slash - l->at.path), l->at.path, path);
	if (path && dir)
		path = arena_path(r->files.a, path, "*.conf");
	return path ? conf_files_read(&r->files, path, &l->at, true, snmpd_conf_parse, r) : -ENOMEM;
}

static bool is_word(const struct line *l, const char *word)
{
	return strcasecmp(l->words[0], word) == 0;
}

static int each_auth(struct snmpd_conf *r, const struct line *l)
{
	if (l->n < 3 || !has_types(r, l->words[1]))
		return 0;
	if (is_word(l, "authcommunity"))
		return add_community(r, l, 2);
	if (is_word(l, "authuser"))
		return add_user(r, l, 2, false);
	if (is_word(l, "authgroup"))
		return add_user(r, l, 2, true);
	return is_word(l, "authaccess") ? add_authaccess(r, l) : 0;
}

/* The name of a user that is kept as "name" or 0x6e616d65; NULL on ENOMEM. */
static const char *user_name(struct snmpd_conf *r, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(word, "0x", 2) != 0 || len % 2)
		return word;
	char *out = arena_alloc(r->files.a, len / 2);
	for (size_t i = 2; out && i + 1 < len; i += 2) {
		const char hex[3] = {word[i], word[i + 1], '\0'};
		out[i / 2 - 1] = (char)strtoul(hex, NULL, 16);
	}
	return out;
}

/* createUser [-e ENGINE] NAME ...; usmUser STATUS STORAGE ENGINE NAME ..., as snmpd keeps them. */
static int each_known(struct snmpd_conf *r, const struct line *l)
{
	size_t i = is_word(l, "usmuser") ? 4 : l->n > 3 && strcmp(l->words[1], "-e") == 0 ? 3 : 1;

	if (i >= l->n)
		return 0;
	const char *name = user_name(r, l->words[i]);
	return name ? add(r, l, &(struct snmpd_row){.kind = SNMPD_KNOWN, .name = name}) : -ENOMEM;
}

static int each_words(struct snmpd_conf *r, const struct line *l)
{
	static const char *const communities[] = {
		"rocommunity", "rwcommunity", "rocommunity6", "rwcommunity6"};

	if (l->n < 2)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(communities) && !r->traps; i++) {
		if (is_word(l, communities[i]))
			return add_community(r, l, 1);
	}
	if (!r->traps && (is_word(l, "rouser") || is_word(l, "rwuser")))
		return add_user(r, l, 1, false);
	if (is_word(l, "createuser") || is_word(l, "usmuser"))
		return each_known(r, l);
	if (is_word(l, "com2sec") || is_word(l, "com2sec6"))
		return add_source(r, l);
	if (is_word(l, "group") && l->n > 3)
		return add(r, l,
			&(struct snmpd_row){.kind = SNMPD_GROUP,
				.group = l->words[1],
				.model = l->words[2],
				.name = l->words[3]});
	if (is_word(l, "access") || is_word(l, "setaccess"))
		return add_access(r, l, is_word(l, "setaccess"));
	if (is_word(l, "view") && l->n > 3 && strncasecmp(l->words[2], "incl", 4) == 0)
		return add(r, l, &(struct snmpd_row){.kind = SNMPD_VIEW, .name = l->words[1]});
	if (r->traps && is_word(l, "disableauthorization"))
		r->open = strcasecmp(l->words[1], "yes") == 0 ||
					  strcasecmp(l->words[1], "true") == 0 ||
					  strcmp(l->words[1], "1") == 0
				  ? l->at
				  : (struct conf_place){NULL, 0};
	if (is_word(l, r->traps ? "snmptrapdaddr" : "agentaddress"))
		add_addresses(r, (char *)l->words[1], &l->at);
	return each_auth(r, l);
}

/* "[snmpd]": the lines behind it, or the rest of its own, are for that program. */
static int each_line(struct snmpd_conf *r, struct line *l)
{
	const char *mine = r->traps ? "snmptrapd]" : "snmpd]";
	bool off = r->off;

	if (l->words[0][0] == '[') {
		off = strcasecmp(l->words[0] + 1, mine) != 0;
		if (l->n == 1)
			r->off = off;
		memmove(l->words, l->words + 1, l->n * sizeof(*l->words));
		l->n--;
	}
	if (l->n > 1 && (is_word(l, "includefile") || is_word(l, "includedir")))
		return include(r, l, is_word(l, "includedir"));
	return off || l->n == 0 ? 0 : each_words(r, l);
}

int snmpd_conf_parse(const char *path, char *text, void *conf)
{
	struct snmpd_conf *r = conf;
	unsigned line = 0;
	bool off = r->off;
	int k = 0;

	r->there = true;
	while (k == 0 && *text) {
		size_t len = strcspn(text, "\n");
		char *next = text + len + (text[len] == '\n');
		struct line l = {.at = {path, ++line}};
		text[len] = '\0';
		l.n = split(text, l.words);
		if (l.n > 0)
			k = each_line(r, &l);
		text = next;
	}
	r->off = off;
	return k;
}
