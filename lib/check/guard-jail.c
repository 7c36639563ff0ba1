/* SPDX-License-Identifier: ISC */
#include "check/guard-jail.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/command.h"
#include "base/net.h"
#include "check/check.h"
#include "check/schedule.h"
#include "conf/policy.h"
#include "fact/cron-command.h"
#include "fact/fail2ban-time.h"

/* One question to a jail: says in x, which stands at the jail, what is wrong. */
typedef void (*question)(const struct guard_asking *q, const struct guard_fail2ban *g,
	const struct guard_jail *j, struct answer *x);

static void say(struct answer *x, enum result result, const char *observed, const char *expected)
{
	x->result = result;
	x->observed = observed;
	x->expected = expected;
}

static void at(struct answer *x, const struct guard_setting *s)
{
	answer_at(x, s->path, s->line);
}

bool guard_lacks_logs(const struct guard_jail *j)
{
	return !j->error && !j->journal && j->log_path && j->n_found == 0;
}

static void ask_start(const struct guard_asking *q, const struct guard_fail2ban *g,
	const struct guard_jail *j, struct answer *x)
{
	if (j->error) {
		say(x, RESULT_FAIL, j->error, "a jail that fail2ban accepts");
	} else if (guard_lacks_logs(j)) {
		answer_at(x, j->log_path, j->log_line);
		say(x, RESULT_FAIL,
			arena_printf(q->arena,
				"%s is not there: fail2ban does not start without a log file",
				j->n_logs ? j->logs[0] : "a log file"),
			"backend = systemd (with python3-systemd), or a syslog daemon that writes "
			"it");
	} else if (!j->journal && !j->log_path) {
		say(x, RESULT_FAIL, "no logpath, and the backend does not read the journal",
			"backend = systemd, or a logpath");
	} else if (j->journal && !g->journal_module) {
		say(x, RESULT_FAIL,
			arena_printf(q->arena,
				"backend = %s, and Python's module systemd is not installed",
				j->backend),
			"the package python3-systemd");
	}
}

/* Expressions are Python's, and cannot be run here: those of the package are known to work. */
static void ask_filter(const struct guard_asking *q, const struct guard_fail2ban *g,
	const struct guard_jail *j, struct answer *x)
{
	bool own = strcmp(j->filter, "sshd") == 0;

	if (!j->finds) {
		say(x, RESULT_FAIL,
			arena_printf(q->arena, "filter = %s finds no failed login of sshd",
				*j->filter ? j->filter : "(none)"),
			"filter = sshd, as fail2ban ships it");
	} else if (g->sshd_session && j->sshd_only) {
		say(x, RESULT_FAIL,
			arena_printf(q->arena,
				"filter = %s looks for messages of sshd, and those of failed "
				"logins come from sshd-session here",
				j->filter),
			"fail2ban 1.1.0 or newer, whose filter knows sshd-session");
	} else if (!own) {
		say(x, RESULT_UNKNOWN,
			arena_printf(q->arena,
				"filter = %s is not fail2ban's own: what it finds can't be told",
				j->filter),
			"filter = sshd, as fail2ban ships it");
	} else if (j->changed.text) {
		at(x, &j->changed);
		say(x, RESULT_UNKNOWN,
			arena_printf(q->arena,
				"%s is set otherwise than fail2ban ships it: what filter sshd "
				"finds can't be told",
				j->changed.text),
			"the filter sshd as fail2ban ships it");
	}
}

/* Files that sshd's messages go to by themselves, by how their names begin. */
static bool is_sshd_log(const char *pattern)
{
	static const char *const names[] = {
		"auth", "secure", "messages", "syslog", "ssh", "all", "everything", "*"};
	const char *slash = strrchr(pattern, '/');
	const char *name = slash ? slash + 1 : pattern;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strncmp(name, names[i], strlen(names[i])) == 0)
			return true;
	}
	return strstr(pattern, "ssh") != NULL;
}

/* 1 when entries of sshd have it, 0 when not, -1 when nobody can tell. */
static int match_sshd(const struct units *u, const char *field, const char *value, bool session)
{
	/* With sshd-session installed, sshd itself tells of no failed login. */
	static const struct {
		const char *field, *values, *of_session; /* NULL: the same */
	} known[] = {{"_COMM", "sshd", "sshd-session"},
		{"SYSLOG_IDENTIFIER", "sshd", "sshd-session"},
		{"_EXE", "/usr/sbin/sshd",
			"/usr/lib/openssh/sshd-session "
			"/usr/libexec/openssh/sshd-session /usr/lib/ssh/sshd-session "
			"/usr/libexec/ssh/sshd-session"},
		{"SYSLOG_FACILITY", "4 10", NULL}, {"_TRANSPORT", "syslog", NULL},
		{"_UID", "0", NULL}};

	if (strcmp(field, "_SYSTEMD_UNIT") == 0) {
		static const char *const names[] = {"ssh.service", "sshd.service"};
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			const struct unit *unit = units_find(u, names[i]);
			/* The journal has the unit's own name, never an alias. */
			if (unit && !unit->target && strcmp(value, names[i]) == 0)
				return 1;
			if (unit && !unit->target)
				return strncmp(value, "ssh", 3) == 0 && strchr(value, '@') ? -1 : 0;
		}
		return -1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(known[i].field, field) != 0)
			continue;
		const char *values = session && known[i].of_session ? known[i].of_session
								    : known[i].values;
		for (const char *s = values; *s; s += strspn(s, " ")) {
			size_t n = strcspn(s, " ");
			if (strlen(value) == n && strncmp(s, value, n) == 0)
				return 1;
			s += n;
		}
		return 0;
	}
	return -1;
}

/* Of two such answers: one that says yes, else one that cannot say. */
static int either(int a, int b)
{
	return a == 1 || b == 1 ? 1 : a == -1 || b == -1 ? -1 : 0;
}

/* Matches of one field are "or"ed; here the best of them counts. */
static int match_group(const struct guard_asking *q, const char *const *v, size_t n, bool session)
{
	int all = 1;

	for (size_t i = 0; i < n; i++) {
		size_t len = strcspn(v[i], "=");
		const char *field = arena_strndup(q->arena, v[i], len);
		int best = 0;
		for (size_t k = 0; k < n && field && v[i][len]; k++) {
			if (strncmp(v[k], v[i], len + 1) != 0)
				continue;
			int r = match_sshd(q->units, field, v[k] + len + 1, session);
			best = either(best, r);
		}
		if (best == 0)
			return 0;
		all = MIN(all, best);
	}
	return all;
}

/* Lines, and groups between "+", are alternatives. 1, 0 or -1 as match_sshd(). */
static int match_journal(const struct guard_asking *q, const char *text, bool session)
{
	const char *const *v;
	int found = 0;
	size_t n, from;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		const char *line = arena_strndup(q->arena, text, strcspn(text, "\n"));
		if (!line || guard_words(q->arena, line, " \t\"'", &v, &n) < 0)
			return -1;
		from = 0;
		for (size_t i = 0; i <= n; i++) {
			if (i < n && strcmp(v[i], "+") != 0)
				continue;
			if (i > from)
				found = either(found, match_group(q, v + from, i - from, session));
			from = i + 1;
		}
	}
	return found;
}

static void ask_source(const struct guard_asking *q, const struct guard_fail2ban *g,
	const struct guard_jail *j, struct answer *x)
{
	const char *match = j->journalmatch.text;
	bool reads = false;

	if (j->journal && match && match[strspn(match, " \t\n")]) {
		int r = match_journal(q, match, g->sshd_session);
		if (r == 1)
			return;
		at(x, &j->journalmatch);
		say(x, r == 0 ? RESULT_FAIL : RESULT_UNKNOWN,
			arena_printf(q->arena,
				r == 0 ? "journalmatch = %s matches no entry of sshd"
				       : "journalmatch = %s: whether that matches "
					 "entries of sshd can't be told",
				match),
			"journalmatch = _COMM=sshd + _COMM=sshd-session");
	}
	for (size_t i = 0; i < j->n_logs && !j->journal; i++)
		reads |= is_sshd_log(j->logs[i]);
	if (j->journal || reads || j->n_logs == 0)
		return;
	answer_at(x, j->log_path, j->log_line);
	say(x, RESULT_UNKNOWN,
		arena_printf(q->arena, "logpath = %s: whether sshd logs there can't be told",
			j->logs[0]),
		"the file that sshd's messages go to, such as /var/log/auth.log");
}

static void ask_ban(const struct guard_asking *q, _unused_ const struct guard_fail2ban *g,
	const struct guard_jail *j, struct answer *x)
{
	const char *why = "";

	at(x, &j->action);
	if (j->bans && j->ban_unit) {
		enum result result = schedule_service(q->units, j->ban_unit, &why);
		if (result != RESULT_PASS)
			say(x, result,
				arena_printf(q->arena, "action %s: %s %s", j->action.text,
					j->ban_unit, why),
				"the service that its bans need, started at boot and running");
	}
	if (j->bans)
		return;
	if (j->ban_unsure)
		say(x, RESULT_UNKNOWN,
			arena_printf(q->arena, "action %s: %s", j->action.text, j->ban_unsure),
			"an action such as %(action_)s");
	else
		say(x, RESULT_FAIL,
			arena_printf(q->arena, "none of its actions blocks anybody%s%s%s%s",
				j->ban_fault ? ": " : "",
				j->ban_fault && j->action.text ? j->action.text : "",
				j->ban_fault && j->action.text ? ", " : "",
				j->ban_fault ? j->ban_fault : ""),
			"an action such as %(action_)s");
}

/* The first port of sshd that the jail does not close; 0 when it closes all. */
static unsigned open_port(const struct guard_asking *q, const struct guard_jail *j)
{
	for (size_t i = 0; i < q->n_ports && !j->all_ports; i++) {
		size_t k = 0;
		while (k < j->n_ports &&
			(q->ports[i] < j->ports[k].first || q->ports[i] > j->ports[k].last))
			k++;
		if (k == j->n_ports)
			return q->ports[i];
	}
	return 0;
}

static void ask_ports(const struct guard_asking *q, _unused_ const struct guard_fail2ban *g,
	const struct guard_jail *j, struct answer *x)
{
	unsigned port = open_port(q, j);

	if (!j->bans || j->all_ports)
		return;
	if (port)
		say(x, RESULT_FAIL,
			arena_printf(q->arena, "port = %s leaves sshd's port %u open", j->port_text,
				port),
			arena_printf(q->arena, "port = %u", port));
	else if (q->n_ports == 0)
		say(x, RESULT_UNKNOWN,
			arena_printf(q->arena,
				"it is not known where sshd listens, so neither whether port = %s "
				"is there",
				j->port_text),
			"an sshd configuration that can be read, or port = 0:65535");
}

/* A length of time that must be at least what policy says under key. */
static void ask_time(const struct guard_asking *q, const struct guard_setting *s, const char *name,
	const char *key, struct answer *x)
{
	uint64_t least = policy_usec(q->policy, q->check->id, key) / USEC_PER_SEC;
	double seconds;

	if (!s->text || x->result == RESULT_FAIL)
		return;
	if (f2b_seconds(s->text, &seconds) < 0) {
		at(x, s);
		say(x, RESULT_UNKNOWN,
			arena_printf(q->arena,
				"%s = %s is an expression that is not evaluated here", name,
				s->text),
			"a time such as 10m");
	} else if (seconds < (double)least && (seconds >= 0 || strcmp(key, "min_bantime") != 0)) {
		at(x, s);
		say(x, RESULT_FAIL, arena_printf(q->arena, "%s = %s is too short", name, s->text),
			arena_printf(q->arena, "%" PRIu64 " seconds or longer (%s in [%s])", least,
				key, q->check->id));
	}
}

static void ask_limits(const struct guard_asking *q, _unused_ const struct guard_fail2ban *g,
	const struct guard_jail *j, struct answer *x)
{
	uint64_t most = policy_uint(q->policy, q->check->id, "max_retry");
	const char *text = j->maxretry.text;
	char *end;

	ask_time(q, &j->findtime, "findtime", "min_findtime", x);
	ask_time(q, &j->bantime, "bantime", "min_bantime", x);
	ask_time(q, &j->max_bantime, "bantime.maxtime", "min_bantime", x);
	if (!text || x->result == RESULT_FAIL)
		return;
	errno = 0;
	long long retries = strtoll(text, &end, 10);
	if (end == text || end[strspn(end, " \t\n")] || (errno && errno != ERANGE)) {
		at(x, &j->maxretry);
		say(x, RESULT_UNKNOWN, arena_printf(q->arena, "maxretry = %s is no number", text),
			"maxretry = 5");
	} else if (retries > 0 && (uint64_t)retries > most) {
		at(x, &j->maxretry);
		say(x, RESULT_FAIL,
			arena_printf(q->arena, "maxretry = %s: nobody is banned before", text),
			arena_printf(q->arena, "%" PRIu64 " or less (max_retry in [%s])", most,
				q->check->id));
	}
}

/* A command that succeeds for everybody exempts everybody. */
static void ask_command(const struct guard_asking *q, _unused_ const struct guard_fail2ban *g,
	const struct guard_jail *j, struct answer *x)
{
	static const char *const always[] = {"true", ":", "echo", "printf", "exit"};
	const char *text = j->ignorecommand.text;
	struct commands c = {0};

	if (!text || !text[strspn(text, " \t\n")])
		return;
	char *plain = arena_strdup(q->arena, text);
	if (!plain)
		return; /* the arena remembers */
	/* fail2ban fills <ip> in before a shell sees it. */
	for (char *s = plain; (s = strpbrk(s, "<>")); s++)
		*s = '_';
	int r = command_parse(q->arena, plain, COMMAND_SHELL, &c);
	const char *name = r == 0 && c.n == 1 ? command_name(&c.v[0]) : "";
	bool all = false;
	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		all |= strcmp(always[i], name) == 0 && !command_has(&c.v[0], "1");
	if (strcmp(name, "false") == 0)
		return;
	at(x, &j->ignorecommand);
	/* Its arguments may hold a password, and are not told. */
	const char *programs = cron_programs(q->arena, plain);
	say(x, all ? RESULT_FAIL : RESULT_UNKNOWN,
		arena_printf(q->arena,
			all ? "ignorecommand runs %s, which exempts everybody: nobody is banned"
			    : "ignorecommand runs %s: whom that exempts can't be told",
			programs ? programs : ""),
		"no ignorecommand, and addresses in ignoreip");
}

/* How many addresses the network has: of IPv6, networks of /64. */
static double size_of(const struct net *n)
{
	unsigned bits = n->family == AF_INET ? 32 : 64;
	double size = 1;

	for (unsigned i = n->bits; i < bits; i++)
		size *= 2;
	return size;
}

/* "10.0.0.0/255.0.0.0" is a network to fail2ban too. 0, or -EINVAL. */
static int parse_exempt(struct arena *a, const char *text, struct net *ret)
{
	const char *slash = strchr(text, '/');
	struct net net, mask;
	int r = net_parse(text, &net);

	if (r == -EINVAL && slash && strpbrk(slash, ".:")) {
		const char *address = arena_strndup(a, text, (size_t)(slash - text));
		if (!address || net_parse(address, &net) < 0 || net_parse(slash + 1, &mask) < 0 ||
			mask.family != net.family)
			return -EINVAL;
		for (net.bits = 0; net.bits < mask.bits; net.bits++) {
			if (!(mask.addr[net.bits / 8] & (0x80 >> net.bits % 8)))
				break;
		}
		r = 0;
	}
	if (r < 0 && r != -EDOM)
		return r;
	*ret = net;
	return 0;
}

static bool is_trusted(const struct guard_asking *q, const struct net *net)
{
	const char *const *trusted = policy_list(q->policy, "policy", "trusted_networks");
	struct net outer;

	for (size_t i = 0; trusted[i]; i++) {
		int r = net_parse(trusted[i], &outer);
		if ((r == 0 || r == -EDOM) && net_contains(&outer, net))
			return true;
	}
	return false;
}

bool guard_exempts_many(const struct guard_asking *q, const char *key, const char *const *v,
	size_t n, struct answer *x)
{
	uint64_t most = policy_uint(q->policy, q->check->id, "max_ignored");
	const char *widest = NULL;
	double sum = 0, wide = 0;

	for (size_t i = 0; i < n; i++) {
		struct net net;
		/* A name is an address, as somebody elsewhere says. */
		double size = 1;
		if (parse_exempt(q->arena, v[i], &net) == 0)
			size = is_trusted(q, &net) ? 0 : size_of(&net);
		sum += size;
		if (size > wide) {
			wide = size;
			widest = v[i];
		}
	}
	if (sum <= (double)most)
		return false;
	say(x, RESULT_FAIL,
		arena_printf(q->arena, "%s holds %s: nobody is banned who comes from there", key,
			widest),
		arena_printf(q->arena,
			"trusted_networks of [policy], and beside them %" PRIu64
			" addresses or fewer (max_ignored in [%s])",
			most, q->check->id));
	return true;
}

static void ask_ignored(const struct guard_asking *q, _unused_ const struct guard_fail2ban *g,
	const struct guard_jail *j, struct answer *x)
{
	(void)guard_exempts_many(q, "ignoreip", j->ignore, j->n_ignore, x);
}

void guard_jail_judge(const struct guard_asking *q, const struct guard_fail2ban *g,
	const struct guard_jail *j, struct answer *ret)
{
	static const question questions[] = {ask_start, ask_filter, ask_source, ask_ban, ask_ports,
		ask_limits, ask_command, ask_ignored};
	const struct answer jail = {.name = ret->name,
		.subject = arena_printf(q->arena, "jail %s", j->name),
		.path = j->path,
		.line = j->line,
		.ignore = j->ignore,
		.n_ignore = j->n_ignore};

	*ret = jail;
	for (size_t i = 0; i < ARRAY_SIZE(questions) && ret->result != RESULT_FAIL; i++) {
		struct answer x = jail;
		questions[i](q, g, j, &x);
		if (x.result == RESULT_FAIL || (x.result != RESULT_PASS && !ret->observed))
			*ret = x;
	}
}
