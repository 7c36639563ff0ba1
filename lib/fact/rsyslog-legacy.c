/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fact/rsyslog-internal.h"

static bool is_on(const char *word)
{
	return strncasecmp(word, "on", 2) == 0 || strncasecmp(word, "yes", 3) == 0 ||
	       strncasecmp(word, "true", 4) == 0 || *word == '1';
}

/* The first word behind the directive's name, copied. */
static char *word_of(struct arena *a, const char *p)
{
	p += strspn(p, " \t");
	return arena_strndup(a, p, strcspn(p, " \t"));
}

enum directive {
	DIR_DRIVER,
	DIR_DRIVER_MODE,
	DIR_DRIVER_AUTH,
	DIR_DRIVER_PEER,
	DIR_DEFAULT_DRIVER,
	DIR_FAILOVER,
	DIR_EVERY,
	DIR_INCLUDE,
	DIR_RULESET,
	DIR_DEFAULT_RULESET,
	DIR_RULESET_QUEUE,
	DIR_MODULE,
	DIR_OMIT_LOCAL,
	DIR_LIMIT_INTERVAL,
	DIR_LIMIT_BURST,
	DIR_RESET,
};

static const struct {
	const char *name;
	enum directive directive;
} directives[] = {
	{"ActionSendStreamDriver", DIR_DRIVER},
	{"ActionSendStreamDriverMode", DIR_DRIVER_MODE},
	{"ActionSendStreamDriverAuthMode", DIR_DRIVER_AUTH},
	{"ActionSendStreamDriverPermittedPeer", DIR_DRIVER_PEER},
	{"DefaultNetstreamDriver", DIR_DEFAULT_DRIVER},
	{"ActionExecOnlyWhenPreviousIsSuspended", DIR_FAILOVER},
	{"ActionExecOnlyEveryNthTime", DIR_EVERY},
	{"ActionExecOnlyOnceEveryInterval", DIR_EVERY},
	{"IncludeConfig", DIR_INCLUDE},
	{"RuleSet", DIR_RULESET},
	{"DefaultRuleset", DIR_DEFAULT_RULESET},
	{"RulesetCreateMainQueue", DIR_RULESET_QUEUE},
	{"ModLoad", DIR_MODULE},
	{"OmitLocalLogging", DIR_OMIT_LOCAL},
	{"SystemLogRateLimitInterval", DIR_LIMIT_INTERVAL},
	{"SystemLogRateLimitBurst", DIR_LIMIT_BURST},
	{"ResetConfigVariables", DIR_RESET},
};

static int set_ruleset(struct rsyslog_reader *r, const char *name, bool entry)
{
	struct rsyslog_ruleset *rs = rsyslog_ruleset(r, name);

	if (!rs)
		return -ENOMEM;
	if (entry)
		r->entry = rs;
	else
		r->current = rs;
	return 0;
}

static int apply(struct rsyslog_reader *r, enum directive directive, char *word)
{
	struct rsyslog_legacy *l = &r->legacy;

	switch (directive) {
	case DIR_DRIVER:
		l->driver = word;
		return 0;
	case DIR_DRIVER_MODE:
		l->mode = *word == '1';
		return 0;
	case DIR_DRIVER_AUTH:
		l->auth_mode = word;
		return 0;
	case DIR_DRIVER_PEER:
		l->peers = l->peers ? arena_printf(r->a, "%s,%s", l->peers, word) : word;
		return l->peers ? 0 : -ENOMEM;
	case DIR_DEFAULT_DRIVER:
		r->conf->driver = word;
		return 0;
	case DIR_FAILOVER:
		l->failover = is_on(word);
		return 0;
	case DIR_EVERY:
		l->rare = strcmp(word, "0") != 0 && strcmp(word, "1") != 0;
		return 0;
	case DIR_INCLUDE:
		return rsyslog_include(r, word, false);
	case DIR_RULESET:
		return set_ruleset(r, word, false);
	case DIR_DEFAULT_RULESET:
		return set_ruleset(r, word, true);
	case DIR_RULESET_QUEUE:
		r->current->queue = is_on(word);
		return 0;
	case DIR_MODULE:
		return rsyslog_module(r, word, NULL);
	case DIR_LIMIT_INTERVAL:
		r->limit_interval = strtoul(word, NULL, 10) > 0;
		return 0;
	case DIR_LIMIT_BURST:
		r->limit_few = strtoul(word, NULL, 10) < RSYSLOG_BURST_MIN;
		return 0;
	case DIR_OMIT_LOCAL:
		r->conf->local &= !is_on(word);
		return 0;
	default:
		*l = (struct rsyslog_legacy){0};
		return 0;
	}
}

/* "NAME,\"TEXT\",OPTIONS" */
static int read_template(struct rsyslog_reader *r, const char *p)
{
	p += strspn(p, " \t");
	size_t n = strcspn(p, ", \t");
	const char *name = arena_strndup(r->a, p, n), *open = strchr(p + n, '"');
	if (!name)
		return -ENOMEM;
	if (!open)
		return rsyslog_template(r, name, NULL);
	size_t len = 0;
	while (open[1 + len] && open[1 + len] != '"')
		len += 1 + (open[1 + len] == '\\' && open[2 + len]);
	const char *text = arena_strndup(r->a, open + 1, len);
	return text ? rsyslog_template(r, name, text) : -ENOMEM;
}

int rsyslog_directive(struct rsyslog_reader *r, const char *line)
{
	size_t n = strcspn(line + 1, " \t");

	if (n == strlen("template") && strncasecmp(line + 1, "template", n) == 0)
		return read_template(r, line + 1 + n);
	for (size_t i = 0; i < ARRAY_SIZE(directives); i++) {
		if (strlen(directives[i].name) != n ||
			strncasecmp(directives[i].name, line + 1, n) != 0)
			continue;
		char *word = word_of(r->a, line + 1 + n);
		return word ? apply(r, directives[i].directive, word) : -ENOMEM;
	}
	return 0; /* none that says where messages go */
}

const char *rsyslog_legacy_type(const char *action)
{
	switch (*action) {
	case '@':
		return "omfwd";
	case '~':
		return "omdiscard";
	case '^':
		return "omshell";
	case '|':
		return "ompipe";
	case '>':
		return "ommysql";
	case '/':
	case '-':
	case '?':
	case '.':
		return "omfile";
	case ':':
		if (strncasecmp(action, ":omrelp:", 8) == 0)
			return "omrelp";
		if (strncasecmp(action, ":omusrmsg:", 10) == 0)
			return "omusrmsg";
		return "other";
	default:
		return "omusrmsg";
	}
}
