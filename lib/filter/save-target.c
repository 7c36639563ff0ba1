/* SPDX-License-Identifier: ISC */
/* What the targets of iptables-save do. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "filter/save-rule.h"

struct save_target {
	const char *name;
	/* args: the words after the name. 0; -ENOMEM; -EBADMSG when they are not understood. */
	int (*take)(struct save_rule *s, const struct save_target *t, char *const *args, size_t n);
	unsigned data;
};

enum { WHOLE_MARK = UINT32_MAX };

static int take_verdict(
	struct save_rule *s, const struct save_target *t, char *const *args, size_t n)
{
	struct rule_stmt stmt = {
		.kind = STMT_VERDICT, .verdict = {.kind = (enum rule_verdict_kind)t->data}};

	return ruleset_stmt(s->rs, s->rule, &stmt);
}

static int take_nothing(
	struct save_rule *s, const struct save_target *t, char *const *args, size_t n)
{
	return 0;
}

/* "-j CT --notrack"; helpers, zones and timeouts let the connection be. */
static int take_ct(struct save_rule *s, const struct save_target *t, char *const *args, size_t n)
{
	struct rule_stmt stmt = {.kind = STMT_NOTRACK};
	bool notrack = t->data != 0;

	for (size_t i = 0; i < n; i++)
		notrack = notrack || strcmp(args[i], "--notrack") == 0;
	return notrack ? ruleset_stmt(s->rs, s->rule, &stmt) : 0;
}

/* "VALUE[/MASK]"; without a mask it is that of all bits. 0 or -EBADMSG. */
static int value_and_mask(const char *text, uint64_t *ret_value, uint64_t *ret_mask)
{
	const char *slash = strchr(text, '/');
	char value[32];

	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	if (len >= sizeof(value))
		return -EBADMSG;
	memcpy(value, text, len);
	value[len] = '\0';
	*ret_mask = WHOLE_MARK;
	if (save_number(value, UINT32_MAX, ret_value) < 0 ||
		(slash && save_number(slash + 1, UINT32_MAX, ret_mask) < 0))
		return -EBADMSG;
	return 0;
}

/* field := (from & keep) ^ flip */
static int assign(struct save_rule *s, enum rule_field field, enum rule_field from, uint64_t keep,
	uint64_t flip)
{
	struct rule_key key = {.field = from, .mask = keep, .flip = flip};
	struct rule_stmt stmt = {
		.kind = STMT_ASSIGN,
		.assign = {.field = field, .value = {.kind = OPERAND_KEY, .keys = &key}},
	};

	if (keep == 0)
		stmt.assign.value = (struct rule_operand){
			.kind = OPERAND_SPAN, .span = {flip, flip}};
	return ruleset_stmt(s->rs, s->rule, &stmt);
}

static int assign_unknown(struct save_rule *s, enum rule_field field)
{
	struct rule_stmt stmt = {
		.kind = STMT_ASSIGN,
		.assign = {.field = field, .value = {.kind = OPERAND_UNKNOWN}},
	};

	return ruleset_stmt(s->rs, s->rule, &stmt);
}

/* "--set-xmark VALUE/MASK" and its shorter forms, of MARK and of CONNMARK. */
static int set_mark(struct save_rule *s, enum rule_field field, const char *how, const char *text)
{
	uint64_t value, mask;

	if (value_and_mask(text, &value, &mask) < 0)
		return -EBADMSG;
	if (strcmp(how, "--set-xmark") == 0)
		return assign(s, field, field, ~mask & WHOLE_MARK, value);
	if (strcmp(how, "--set-mark") == 0)
		return assign(s, field, field, ~mask & ~value & WHOLE_MARK, value);
	if (strcmp(how, "--and-mark") == 0)
		return assign(s, field, field, value, 0);
	if (strcmp(how, "--or-mark") == 0)
		return assign(s, field, field, ~value & WHOLE_MARK, value);
	if (strcmp(how, "--xor-mark") == 0)
		return assign(s, field, field, WHOLE_MARK, value);
	return -EBADMSG;
}

static int take_mark(struct save_rule *s, const struct save_target *t, char *const *args, size_t n)
{
	return n == 2 ? set_mark(s, FIELD_MARK, args[0], args[1]) : -EBADMSG;
}

/*
 * "--save-mark --nfmask N --ctmask C" and "--restore-mark": the bits of the one
 * below its mask flip those of the other that are outside of its own. Only a
 * mark that is replaced as a whole can be told.
 */
static int take_connmark(
	struct save_rule *s, const struct save_target *t, char *const *args, size_t n)
{
	uint64_t nf = WHOLE_MARK, ct = WHOLE_MARK;

	bool save = n > 0 && strcmp(args[0], "--save-mark") == 0;
	if (!save && (n == 0 || strcmp(args[0], "--restore-mark") != 0))
		return n == 2 ? set_mark(s, FIELD_CT_MARK, args[0], args[1]) : -EBADMSG;
	for (size_t i = 1; i < n; i += 2) {
		bool both = strcmp(args[i], "--mask") == 0;
		uint64_t mask;
		if (i + 1 == n || save_number(args[i + 1], UINT32_MAX, &mask) < 0 ||
			(!both && strcmp(args[i], "--nfmask") != 0 &&
				strcmp(args[i], "--ctmask") != 0))
			return -EBADMSG;
		if (both || strcmp(args[i], "--nfmask") == 0)
			nf = mask;
		if (both || strcmp(args[i], "--ctmask") == 0)
			ct = mask;
	}
	if (save)
		return ct == WHOLE_MARK ? assign(s, FIELD_CT_MARK, FIELD_MARK, nf, 0)
					: assign_unknown(s, FIELD_CT_MARK);
	return nf == WHOLE_MARK ? assign(s, FIELD_MARK, FIELD_CT_MARK, ct, 0)
				: assign_unknown(s, FIELD_MARK);
}

/* "192.0.2.1-192.0.2.9:80-90", "[2001:db8::1]:80", ":80". 0 or -EBADMSG. */
static int nat_target(int family, const char *text, struct rule_stmt *stmt)
{
	char buf[160];
	size_t len = strlen(text);
	bool bracket = text[0] == '[';

	if (len >= sizeof(buf))
		return -EBADMSG;
	memcpy(buf, text + bracket, len - bracket + 1);
	char *port = strchr(buf, bracket ? ']' : ':');
	if (bracket && !port)
		return -EBADMSG;
	if (bracket) {
		*port++ = '\0';
		if (*port && *port != ':')
			return -EBADMSG;
	} else if (port && family == AF_INET6) {
		port = NULL; /* an address alone */
	}
	if (port && *port == ':') {
		*port++ = '\0';
		stmt->nat.port.kind = OPERAND_SPAN;
		if (save_range(port, '-', UINT16_MAX, &stmt->nat.port.span) < 0)
			return -EBADMSG;
	}
	if (buf[0] == '\0')
		return 0;
	stmt->nat.addr.kind = OPERAND_SPAN;
	return save_addresses(family, buf, &stmt->nat.addr.span);
}

/* Where the words say to, and what else they say: only what does not matter. */
static int nat_words(struct save_rule *s, char *const *args, size_t n, struct rule_stmt *stmt)
{
	static const char *const harmless[] = {"--random", "--random-fully", "--persistent"};

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;
		while (k < ARRAY_SIZE(harmless) && strcmp(args[i], harmless[k]) != 0)
			k++;
		if (k < ARRAY_SIZE(harmless))
			continue;
		if (++i == n)
			return -EBADMSG;
		int r;
		if (strcmp(args[i - 1], "--to-ports") == 0) {
			stmt->nat.port.kind = OPERAND_SPAN;
			r = save_range(args[i], '-', UINT16_MAX, &stmt->nat.port.span);
		} else if (strcmp(args[i - 1], "--to-destination") == 0 ||
			   strcmp(args[i - 1], "--to-source") == 0) {
			r = nat_target(s->family, args[i], stmt);
		} else {
			r = -EBADMSG;
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* DNAT, REDIRECT, SNAT; MASQUERADE, whose address is that of an interface (data: NAT_SNAT). */
static int take_nat(struct save_rule *s, const struct save_target *t, char *const *args, size_t n)
{
	struct rule_stmt stmt = {
		.kind = STMT_NAT,
		.nat = {.kind = (enum rule_nat_kind)t->data, .family = s->family},
	};

	if (nat_words(s, args, n, &stmt) < 0)
		return -EBADMSG;
	if (stmt.nat.kind == NAT_SNAT && stmt.nat.addr.kind == OPERAND_NONE)
		stmt.nat.addr.kind = OPERAND_UNKNOWN;
	return ruleset_stmt(s->rs, s->rule, &stmt);
}

static int take_netmap(
	struct save_rule *s, const struct save_target *t, char *const *args, size_t n)
{
	enum rule_hook hook = s->rule->chain->hook;
	bool source = hook == HOOK_POSTROUTING || hook == HOOK_INPUT;
	struct rule_stmt stmt = {
		.kind = STMT_NAT,
		.nat = {.kind = source ? NAT_SNAT : NAT_NETMAP, .family = s->family},
	};
	u128 mask;

	if (n != 2 || strcmp(args[0], "--to") != 0 ||
		save_prefix(s->family, args[1], &stmt.nat.addr.span, &mask) < 0 ||
		mask != RULE_NO_MASK)
		return -EBADMSG;
	stmt.nat.addr.kind = OPERAND_SPAN;
	return ruleset_stmt(s->rs, s->rule, &stmt);
}

static const struct save_target targets[] = {
	{"ACCEPT", take_verdict, VERDICT_ACCEPT},
	{"AUDIT", take_nothing, 0},
	{"CHECKSUM", take_nothing, 0},
	{"CLASSIFY", take_nothing, 0},
	{"CONNMARK", take_connmark, 0},
	{"CONNSECMARK", take_nothing, 0},
	{"CT", take_ct, 0},
	{"DNAT", take_nat, NAT_DNAT},
	{"DROP", take_verdict, VERDICT_DROP},
	{"DSCP", take_nothing, 0},
	{"ECN", take_nothing, 0},
	{"HL", take_nothing, 0},
	{"IDLETIMER", take_nothing, 0},
	{"LED", take_nothing, 0},
	{"LOG", take_nothing, 0},
	{"MARK", take_mark, 0},
	{"MASQUERADE", take_nat, NAT_SNAT},
	{"NETMAP", take_netmap, 0},
	{"NFLOG", take_nothing, 0},
	{"NFQUEUE", take_verdict, VERDICT_QUEUE},
	{"NOTRACK", take_ct, 1},
	{"QUEUE", take_verdict, VERDICT_QUEUE},
	{"RATEEST", take_nothing, 0},
	{"REDIRECT", take_nat, NAT_REDIRECT},
	{"REJECT", take_verdict, VERDICT_REJECT},
	{"RETURN", take_verdict, VERDICT_RETURN},
	{"SECMARK", take_nothing, 0},
	{"SET", take_nothing, 0},
	{"SNAT", take_nat, NAT_SNAT},
	{"TCPMSS", take_nothing, 0},
	{"TCPOPTSTRIP", take_nothing, 0},
	{"TEE", take_nothing, 0},
	{"TOS", take_nothing, 0},
	{"TRACE", take_nothing, 0},
	{"TTL", take_nothing, 0},
	{"ULOG", take_nothing, 0},
};

/* "-j CHAIN" or "-g CHAIN". 0; -ENOMEM; -EBADMSG when the table declares none of that name. */
static int take_chain(struct save_rule *s, const char *name, bool is_goto)
{
	const struct rule_chain *chain = ruleset_chain(s->rs, s->table, name);

	if (!chain)
		return -ENOMEM;
	if (!chain->defined)
		return -EBADMSG;
	struct rule_stmt stmt = {
		.kind = STMT_VERDICT,
		.verdict = {.kind = is_goto ? VERDICT_GOTO : VERDICT_JUMP, .chain = chain},
	};
	return ruleset_stmt(s->rs, s->rule, &stmt);
}

int save_target(struct save_rule *s)
{
	char buf[SAVE_WORDS_MAX];
	int r = -EBADMSG;

	if (s->at == s->n) /* a rule that only counts */
		return 0;
	if (s->at + 1 < s->n) {
		const char *name = s->words[s->at + 1];
		const struct save_target *t = NULL;
		bool is_goto = strcmp(s->words[s->at], "-g") == 0;
		for (size_t i = 0; i < ARRAY_SIZE(targets) && !t && !is_goto; i++) {
			if (strcmp(targets[i].name, name) == 0)
				t = &targets[i];
		}
		r = t ? t->take(s, t, s->words + s->at + 2, s->n - s->at - 2)
		      : take_chain(s, name, is_goto);
	}
	if (r != -EBADMSG)
		return r;
	return ruleset_opaque(s->rs, s->rule, save_words_text(s, s->at, s->n, buf), true);
}
