/* SPDX-License-Identifier: ISC */
#include "fact/fail2ban-action.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/command.h"
#include "base/text.h"
#include "fact/cron-command.h"
#include "fact/fail2ban-tags.h"

/* What shuts an address out, and the words one of which makes it do so. */
static const struct blocker {
	const char *name;
	const char *const words[6];
	bool filters;	/* by rules that may as well let in, or be for another way than in */
	bool all_ports; /* whatever its definition says of ports */
} blockers[] = {
	{"iptables", {"-I", "-A", "--insert", "--append"}, true, false},
	{"ip6tables", {"-I", "-A", "--insert", "--append"}, true, false},
	{"iptables-nft", {"-I", "-A", "--insert", "--append"}, true, false},
	{"iptables-legacy", {"-I", "-A", "--insert", "--append"}, true, false},
	{"nft", {"add", "insert"}, true, false},
	{"ipset", {"add", "-A", "--add"}, true, false},
	{"firewall-cmd", {"--add-*"}, true, false},
	{"ufw", {"deny", "reject", "limit"}, false, false},
	{"shorewall", {"drop", "reject", "logdrop", "logreject", "blacklist"}, false, true},
	{"shorewall6", {"drop", "reject", "logdrop", "logreject", "blacklist"}, false, true},
	{"ip", {"blackhole", "unreachable", "prohibit"}, false, true},
	{"route", {"reject", "-reject", "-blackhole"}, false, true},
	{"pfctl", {"add"}, false, false},
	{"npfctl", {"add"}, false, false},
	{"apf", {"-d", "--deny"}, false, true},
	{"csf", {"-d", "-td", "--deny", "--tempdeny"}, false, true},
};

/* What asks, tells or reports, and changes nothing here. */
static const char *const tellers[] = {"curl", "wget", "mailx", "s-nail", "msmtp", "whois",
	"apprise", "nsupdate", "dig", "host", "awk", "gawk", "sed", "tr", "wc", "cut", "sort", "ss",
	"conntrack", "uname", "bsd-mailx", "jq", "base64"};

/* What a definition and its call come to. */
struct judging {
	struct arena *a;
	struct f2b_scope *scope;
	struct f2b_action action;
	const char *only; /* what it runs, when that only tells */
};

#define BANNED "192.0.2.1"

/* Puts an address where the banned one's comes, and a word where anything else does. */
static const char *with_address(struct judging *j, const char *text)
{
	size_t n;
	const char *tag;

	while (text && (tag = f2b_find_tag(text, &n))) {
		bool address = strncmp(tag, "<ip", 3) == 0 || strncmp(tag, "<fid", 4) == 0 ||
			       strncmp(tag, "<F-ID", 5) == 0;
		text = arena_printf(
			j->a, "%.*s%s%s", (int)(tag - text), text, address ? BANNED : "x", tag + n);
	}
	return text;
}

static bool names_banned(const struct command *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (strstr(c->argv[i], BANNED))
			return true;
	}
	return false;
}

/* Targets and verdicts of rules that shut nobody out. */
#define LENIENT "accept return log nflog continue allow pass"
#define STRICT	"drop reject deny tarpit"

static const struct blocker *find_blocker(const struct command *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(blockers); i++) {
		if (strcmp(blockers[i].name, command_name(c)) == 0)
			return &blockers[i];
	}
	return NULL;
}

static bool acts(const struct blocker *b, const struct command *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(b->words) && b->words[i]; i++) {
		for (size_t k = 1; k < c->n; k++) {
			if (text_glob(b->words[i], c->argv[k]))
				return true;
		}
	}
	return false;
}

static void refuse(struct judging *j, const char *why)
{
	if (!j->action.why)
		j->action.why = why;
}

/* Whether one of the words of value is one of those in list. */
static bool shares_word(const char *value, const char *list)
{
	size_t n, k;

	for (const char *s = list; *s; s += n + strspn(s + n, " ")) {
		n = strcspn(s, " ");
		for (const char *v = value; *v; v += k + strspn(v + k, ", ")) {
			k = strcspn(v, ", ");
			if (k == n && strncasecmp(v, s, n) == 0)
				return true;
		}
	}
	return false;
}

/* Rules of a packet filter that are for what comes in over TCP, and let nobody in. */
static bool shuts(struct judging *j, const struct command *c)
{
	static const struct {
		const char *tag, *list;
		bool lets; /* the words of list let in, and not the others */
	} tags[] = {{"protocol", "tcp all any 6 0", false},
		{"chain_hook", "input prerouting ingress", false},
		{"chain", "FORWARD OUTPUT POSTROUTING DOCKER-USER", true},
		{"blocktype", LENIENT, true}, {"rich-blocktype", LENIENT, true}};

	const char *let = NULL;
	bool strict = false;

	for (size_t i = 1; i < c->n; i++) {
		let = shares_word(c->argv[i], LENIENT) ? c->argv[i] : let;
		strict |= shares_word(c->argv[i], STRICT);
	}
	if (let && !strict) {
		refuse(j, arena_printf(j->a, "its actionban says %s, which shuts out nobody", let));
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		const char *value = f2b_expand(j->scope, f2b_tag(j->scope, tags[i].tag), NULL);
		if (!value || shares_word(value, tags[i].list) != tags[i].lets ||
			shares_word(value, STRICT))
			continue;
		refuse(j,
			arena_printf(j->a, "%s = %s, which leaves sshd open", tags[i].tag, value));
		return false;
	}
	return true;
}

/* What is sent to the chain is sent there by actionstart. */
static bool has_chain(struct judging *j, const struct command *c, const char *start)
{
	for (size_t i = 1; i < c->n; i++) {
		if (strncmp(c->argv[i], "f2b-", 4) == 0 && !strstr(start, "f2b-")) {
			refuse(j, arena_printf(j->a,
					  "its actionstart makes no %s, where bans are put",
					  c->argv[i]));
			return false;
		}
	}
	return true;
}

/* Whether nobody is shut out by it, nor by what $(...) in its words runs. */
static bool only_tells(const struct command *c)
{
	struct command plain = *c;
	bool tells = find_blocker(c) != NULL;

	if (command_assigns(c))
		plain.dynamic = false;
	plain.substitutes = false;
	for (size_t i = 0; i < ARRAY_SIZE(blockers); i++) {
		if (c->substitutes && command_mentions(c, blockers[i].name))
			return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(tellers); i++)
		tells |= strcmp(command_name(c), tellers[i]) == 0;
	return !plain.dynamic && (tells || command_assigns(c) || command_is_idle(&plain));
}

static void judge_command(struct judging *j, const struct command *c, const char *start)
{
	const struct blocker *b = find_blocker(c);
	const char *out = c->output;

	if (out && strcmp(out, "/etc/hosts.deny") == 0 && names_banned(c)) {
		j->action.bans = j->action.hosts_deny = j->action.all_ports = true;
		return;
	}
	if (out && strstr(out, "/net/xt_recent/") && names_banned(c)) {
		j->action.bans = true;
		return;
	}
	if (b && names_banned(c) && acts(b, c)) {
		if (b->filters && (!shuts(j, c) || !has_chain(j, c, start)))
			return;
		j->action.bans = true;
		j->action.tool = c->argv[0];
		j->action.all_ports |= b->all_ports;
		return;
	}
	/* Of "X=...", or of what only a shell knows, nothing is told: it may be a secret. */
	const char *name = cron_programs(j->a, c->argv[0]);
	j->only = name; /* the last of a pipe says most: printf ... | mail */
	if (!only_tells(c))
		j->action.unsure = arena_printf(j->a,
			"its actionban runs %s, and whether that shuts anybody out can't be told",
			name ? name : "");
}

/* Which ports: those of its port option, unless no command asks for them. */
static void judge_ports(struct judging *j, const char *ban, const char *start)
{
	const char *port = f2b_expand(j->scope, f2b_tag(j->scope, "port"), "port");

	j->action.port = port && *port ? port : "ssh"; /* as action.d has it */
	if (j->action.all_ports || strstr(ban, "<port>") || strstr(start, "<port>"))
		return;
	j->action.bans = j->action.all_ports = !strstr(ban, "dport") && !strstr(start, "dport");
	if (!j->action.bans)
		j->action.unsure = "its commands name ports of their own";
}

static int conclude(struct judging *j, const char *ban, const char *start)
{
	if (j->action.bans) {
		j->action.why = j->action.unsure = NULL;
		judge_ports(j, ban, start);
	} else if (!j->action.why && !j->action.unsure) {
		j->action.why = j->only ? arena_printf(j->a, "its actionban runs only %s", j->only)
					: "its actionban is empty";
	} else if (j->action.unsure) {
		j->action.why = NULL;
	}
	return j->scope->failed || arena_failed(j->a) ? -ENOMEM : 0;
}

int f2b_action_judge(struct f2b_scope *scope, struct f2b_action *ret)
{
	struct judging j = {.a = scope->a, .scope = scope};
	const char *ban = f2b_tag(scope, "actionban"), *start = f2b_tag(scope, "actionstart");
	struct commands commands = {0};

	ban = f2b_expand(scope, ban ? ban : "", "port");
	start = f2b_expand(scope, start ? start : "", "port");
	const char *text = with_address(&j, ban);
	if (scope->failed || arena_failed(scope->a))
		return -ENOMEM;
	int r = text && start ? command_parse(j.a, text, COMMAND_SHELL, &commands) : -EINVAL;
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		j.action.unsure = "its actionban can't be followed";
	for (size_t i = 0; i < commands.n && !j.action.bans; i++) {
		if (commands.v[i].reach != COMMAND_NEVER)
			judge_command(&j, &commands.v[i], start);
	}
	r = conclude(&j, ban, start);
	if (r == 0)
		*ret = j.action;
	return r;
}
