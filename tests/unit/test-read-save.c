/* SPDX-License-Identifier: ISC */
/* What iptables-save writes, and what each rule of it says in the model's words. */
#include "alloc-fail.h"
#include "test.h"

#include <arpa/inet.h>
#include <stdarg.h>

#include "filter/read-save.h"

/* ---- a rule as text ---- */

static const char *const field_names[FIELD_MAX] = {
	[FIELD_SADDR] = "saddr",
	[FIELD_DADDR] = "daddr",
	[FIELD_SPORT] = "sport",
	[FIELD_DPORT] = "dport",
	[FIELD_L4PROTO] = "l4proto",
	[FIELD_IIF] = "iif",
	[FIELD_OIF] = "oif",
	[FIELD_ICMP_TYPE] = "icmp-type",
	[FIELD_ICMP_CODE] = "icmp-code",
	[FIELD_TCP_FLAGS] = "tcp-flags",
	[FIELD_PKTTYPE] = "pkttype",
	[FIELD_MARK] = "mark",
	[FIELD_CT_STATE] = "ct-state",
	[FIELD_CT_STATUS] = "ct-status",
	[FIELD_CT_NAT] = "ct-nat",
	[FIELD_CT_DIRECTION] = "ct-dir",
	[FIELD_CT_MARK] = "ct-mark",
	[FIELD_CT_SADDR] = "ct-saddr",
	[FIELD_CT_DADDR] = "ct-daddr",
	[FIELD_CT_SPORT] = "ct-sport",
	[FIELD_CT_DPORT] = "ct-dport",
	[FIELD_FIB_SADDR_TYPE] = "saddr-type",
	[FIELD_FIB_DADDR_TYPE] = "daddr-type",
	[FIELD_FIB_REVERSE] = "reverse",
	[FIELD_SKUID] = "uid",
	[FIELD_SKGID] = "gid",
};

struct show {
	char text[2048];
	size_t used;
	int family;
};

static void _printf_(2, 3) say(struct show *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(o->text + o->used, sizeof(o->text) - o->used, fmt, ap);
	va_end(ap);
	o->used = MIN(o->used + (size_t)n, sizeof(o->text) - 1);
}

static void say_value(struct show *o, enum rule_field field, u128 v)
{
	bool addr = field == FIELD_SADDR || field == FIELD_DADDR || field == FIELD_CT_SADDR ||
		    field == FIELD_CT_DADDR;
	char buf[INET6_ADDRSTRLEN];
	unsigned char bytes[16];

	if (addr) {
		addrs_bytes(o->family, v, bytes);
		say(o, "%s", inet_ntop(o->family, bytes, buf, sizeof(buf)));
	} else if (field == FIELD_IIF || field == FIELD_OIF) {
		for (int i = 15; i >= 0; i--) {
			unsigned char c = (unsigned char)(v >> (8 * i));
			if (c && c != 0xff)
				say(o, "%c", c);
		}
	} else if (field == FIELD_MARK || field == FIELD_CT_MARK) {
		say(o, "%#llx", (unsigned long long)v);
	} else {
		say(o, "%llu", (unsigned long long)v);
	}
}

static void say_span(struct show *o, enum rule_field field, struct span s)
{
	if (s.hi == ~(u128)0 && s.lo == 0) {
		say(o, "*");
		return;
	}
	say_value(o, field, s.lo);
	if ((field == FIELD_IIF || field == FIELD_OIF) && s.lo != s.hi) {
		say(o, "*");
	} else if (s.lo != s.hi) {
		say(o, "-");
		say_value(o, field, s.hi);
	}
}

static void say_key(struct show *o, const struct rule_key *k)
{
	say(o, "%s", field_names[k->field]);
	if (k->mask != RULE_NO_MASK)
		say(o, "&%#llx", (unsigned long long)k->mask);
	if (k->flip)
		say(o, "^%#llx", (unsigned long long)k->flip);
}

static void say_match(struct show *o, const struct rule_match *m)
{
	for (unsigned i = 0; i < m->n_keys; i++) {
		say(o, "%s", i ? "." : "");
		say_key(o, &m->keys[i]);
	}
	say(o, "%s", m->negate ? " !" : " ");
	for (size_t i = 0; i < m->set->spans.n; i++) {
		say(o, "%s", i ? "," : "");
		say_span(o, m->keys[0].field, m->set->spans.v[i]);
	}
	for (size_t i = 0; i < m->set->n_elems; i++) {
		say(o, "%s", i ? "," : "");
		say_span(o, m->keys[0].field, m->set->elems[i].keys[0]);
		say(o, ".");
		say_span(o, m->keys[1].field, m->set->elems[i].keys[1]);
	}
	if (m->set->spans.n == 0 && m->set->n_elems == 0)
		say(o, "never");
}

static void say_operand(struct show *o, enum rule_field field, const struct rule_operand *v)
{
	static const char *const words[] = {
		[OPERAND_NONE] = "stays", [OPERAND_UNKNOWN] = "unknown"};

	if (v->kind == OPERAND_SPAN)
		say_span(o, field, v->span);
	else if (v->kind == OPERAND_KEY)
		say_key(o, v->keys);
	else
		say(o, "%s", words[v->kind]);
}

static void say_stmt(struct show *o, const struct rule_stmt *st)
{
	static const char *const verdicts[] = {[VERDICT_CONTINUE] = "continue",
		[VERDICT_ACCEPT] = "accept",
		[VERDICT_DROP] = "drop",
		[VERDICT_REJECT] = "reject",
		[VERDICT_RETURN] = "return",
		[VERDICT_JUMP] = "jump",
		[VERDICT_GOTO] = "goto",
		[VERDICT_QUEUE] = "queue"};
	static const char *const nats[] = {[NAT_DNAT] = "dnat",
		[NAT_REDIRECT] = "redirect",
		[NAT_SNAT] = "snat",
		[NAT_NETMAP] = "netmap"};

	switch (st->kind) {
	case STMT_MATCH:
		say_match(o, &st->match);
		break;
	case STMT_CHOSEN:
		say(o, "chosen(%s)", st->opaque.text);
		break;
	case STMT_OPAQUE:
		say(o, "%s(%s)", st->opaque.decides ? "OPAQUE" : "opaque", st->opaque.text);
		break;
	case STMT_VERDICT:
		say(o, "%s", verdicts[st->verdict.kind]);
		if (st->verdict.chain)
			say(o, " %s", st->verdict.chain->name);
		break;
	case STMT_ASSIGN:
		say(o, "%s := ", field_names[st->assign.field]);
		say_operand(o, st->assign.field, &st->assign.value);
		break;
	case STMT_NAT:
		assert_int_equal(st->nat.family, o->family);
		say(o, "%s ", nats[st->nat.kind]);
		say_operand(o, FIELD_DADDR, &st->nat.addr);
		say(o, " port ");
		say_operand(o, FIELD_DPORT, &st->nat.port);
		break;
	case STMT_NOTRACK:
		say(o, "notrack");
		break;
	default:
		fail_msg("statement %d", st->kind);
	}
}

static const char *show_rule(struct show *o, const struct rule *r)
{
	o->used = 0;
	o->text[0] = '\0';
	for (size_t i = 0; i < r->n_stmts; i++) {
		say(o, "%s", i ? "; " : "");
		say_stmt(o, &r->stmts[i]);
	}
	return o->text;
}

static struct ruleset *read_ok(enum rule_family family, const char *text)
{
	struct ruleset *rs = ruleset_new();
	const char *why = "";
	unsigned line = 0;

	assert_non_null(rs);
	int r = read_save(rs, family, false, text, &line, &why);
	if (r != 0)
		fail_msg("line %u: %s (%d) of:\n%s", line, why, r, text);
	assert_int_equal(ruleset_finish(rs), 0);
	return rs;
}

/* ---- what each word says ---- */

struct vector {
	const char *rule, *says;
};

static void check_vectors(
	enum rule_family family, const char *table, const struct vector *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char text[1024];
		struct show o = {.family = family == RULE_IP ? AF_INET : AF_INET6};
		(void)snprintf(text, sizeof(text),
			"*%s\n:%s ACCEPT [0:0]\n:c - [0:0]\n-A c%s\nCOMMIT\n", table,
			strcmp(table, "filter") == 0 ? "INPUT" : "PREROUTING", v[i].rule);
		_cleanup_(ruleset_freep) struct ruleset *rs = read_ok(family, text);
		const struct rule_chain *c = ruleset_chain(rs, rs->tables, "c");
		assert_non_null(c->rules);
		if (strcmp(show_rule(&o, c->rules), v[i].says) != 0)
			fail_msg("%s:\n  said     %s\n  expected %s", v[i].rule, o.text, v[i].says);
		/* Its text is its own words, after where it stands; backslashes are doubled. */
		if (!strchr(v[i].rule, '\\'))
			assert_string_equal(strstr(c->rules->text, "rule 1: ") + 8,
				v[i].rule + (v[i].rule[0] == ' '));
	}
}

static void test_common(void **state)
{
	static const struct vector v[] = {
		{"", ""},
		{" -j ACCEPT", "accept"},
		{" -s 192.0.2.0/24 -j DROP", "saddr 192.0.2.0-192.0.2.255; drop"},
		{" ! -s 192.0.2.1/32 -d 10.0.0.0/255.0.0.0 -j RETURN",
			"saddr !192.0.2.1; daddr 10.0.0.0-10.255.255.255; return"},
		{" -s 10.0.3.0/255.0.255.0 -j DROP", "saddr&0xff00ff00 10.0.3.0; drop"},
		{" -s 0.0.0.0/0 -j DROP", "saddr 0.0.0.0-255.255.255.255; drop"},
		{" -i eth+ ! -o lo -j DROP", "iif eth*; oif !lo; drop"},
		{" -p tcp -j DROP", "l4proto 6; drop"},
		{" ! -p udp -j DROP", "l4proto !17; drop"},
		{" -p 99 -j DROP", "l4proto 99; drop"},
		{" -p all -j DROP", "drop"},
		{" -f -j DROP", "l4proto never; drop"},
		{" ! -f -j DROP", "l4proto !never; drop"},
		{" -j c2", "OPAQUE(-j c2)"},
		{" -g c", "goto c"},
		{" -j c", "jump c"},
		{" -j REJECT --reject-with icmp-port-unreachable", "reject"},
		{" -j LOG --log-prefix \"a -j DROP \"", ""},
		{" -j NFLOG --nflog-group 1", ""},
		{" -j NFQUEUE --queue-balance 0:3 --queue-bypass", "queue"},
		{" -s example.org -j ACCEPT", "opaque(-s example.org); accept"},
		{" -p wat -j ACCEPT", "opaque(-p wat); accept"},
		{" --frob 1 -j ACCEPT", "opaque(--frob 1); accept"},
		{" -s", "opaque(-s)"},
		{" -j", "OPAQUE(-j)"},
		{" -m", "opaque(-m)"},
	};

	check_vectors(RULE_IP, "filter", v, ARRAY_SIZE(v));
}

static void test_modules(void **state)
{
	static const struct vector v[] = {
		{" -p tcp -m tcp --dport 22 -j ACCEPT", "l4proto 6; dport 22; accept"},
		{" -p udp -m udp ! --sport 1024:65535", "l4proto 17; sport !1024-65535"},
		{" -p sctp -m sctp --dport 80", "l4proto 132; dport 80"},
		{" -p tcp -m tcp --dport ssh -j ACCEPT",
			"l4proto 6; opaque(-m tcp --dport ssh); accept"},
		{" -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN", "l4proto 6; tcp-flags&0x17 2"},
		{" -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE",
			"l4proto 6; tcp-flags&0x3f !0"},
		{" -p tcp -m tcp --dport 22 --tcp-option 5 -j DROP",
			"l4proto 6; dport 22; opaque(-m tcp --dport 22 --tcp-option 5); drop"},
		{" -p tcp -m multiport --dports 22,80:90,443", "l4proto 6; dport 22,80-90,443"},
		{" -p tcp -m multiport ! --sports 22", "l4proto 6; sport !22"},
		{" -p tcp -m multiport --ports 22,80:90",
			"l4proto 6; sport.dport *.22,*.80-90,22.*,80-90.*"},
		{" -p icmp -m icmp --icmp-type 8", "l4proto 1; icmp-type 8"},
		{" -p icmp -m icmp ! --icmp-type 3/4", "l4proto 1; icmp-type.icmp-code !3.4"},
		{" -p icmp -m icmp --icmp-type any", "l4proto 1"},
		{" -p icmp -m icmp --icmp-type echo-request",
			"l4proto 1; "
			"opaque(-m icmp --icmp-type echo-request)"},
		{" -m conntrack --ctstate NEW,RELATED", "ct-state 4,8"},
		{" -m state ! --state INVALID,UNTRACKED", "ct-state !1,64"},
		{" -m conntrack --ctstate ESTABLISHED,DNAT", "ct-state.ct-nat&0x20 *.1-32,2.*"},
		{" -m conntrack --ctstate NEW --ctorigdstport 80 --ctproto 6",
			"ct-state 8; ct-dport 80; l4proto 6"},
		{" -m conntrack --ctorigdst 192.0.2.1/32", "ct-daddr 192.0.2.1; ct-state !1,64"},
		{" -m conntrack --ctorigsrc 192.0.2.0/24 --ctorigsrcport 1:2 --ctdir REPLY",
			"ct-saddr 192.0.2.0-192.0.2.255; ct-sport 1-2; ct-dir 1; ct-state !1,64"},
		{" -m conntrack ! --ctstate NEW --ctdir ORIGINAL -j DROP",
			"ct-state !8; ct-dir 0; "
			"opaque(-m conntrack ! --ctstate NEW --ctdir ORIGINAL); drop"},
		{" -m conntrack --ctstatus NONE", "ct-status&0 never; ct-state !1,64"},
		{" -m conntrack ! --ctstatus SEEN_REPLY,ASSURED",
			"ct-status&0x6 !1-6; ct-state !1,64"},
		{" -m conntrack --ctexpire 1:2 -j DROP",
			"opaque(-m conntrack --ctexpire 1:2); drop"},
		{" -m addrtype --src-type UNICAST,LOCAL ! --dst-type MULTICAST",
			"saddr-type 1-2; daddr-type !5"},
		{" -m addrtype --dst-type LOCAL --limit-iface-in -j DROP",
			"daddr-type 2; opaque(-m addrtype --dst-type LOCAL --limit-iface-in); "
			"drop"},
		{" -m iprange --src-range 1.2.3.4-1.2.3.9 ! --dst-range 5.6.7.8-5.6.7.8",
			"saddr 1.2.3.4-1.2.3.9; daddr !5.6.7.8"},
		{" -m mark --mark 0x1/0xff -m connmark ! --mark 0x2",
			"mark&0xff 0x1; ct-state !1,64; ct-mark !0x2"},
		{" -m pkttype ! --pkt-type broadcast", "pkttype !1"},
		{" -m owner ! --uid-owner 1000-2000 --gid-owner 5", "uid !1000-2000; gid 5"},
		{" -m owner --socket-exists -j DROP", "opaque(-m owner --socket-exists); drop"},
		{" -m rpfilter -j ACCEPT", "reverse 1; accept"},
		{" -m rpfilter --validmark --invert -j DROP", "reverse !1; drop"},
		{" -m rpfilter --loose -j DROP", "opaque(-m rpfilter --loose); drop"},
		{" -m comment --comment \"it's \\\"-j DROP\\\" \\\\ x\" -j ACCEPT", "accept"},
		{" -m comment --comment -j -j ACCEPT", "accept"},
		{" -m limit --limit 3/min --limit-burst 10 -p tcp -j DROP",
			"chosen(-m limit --limit 3/min --limit-burst 10 -p tcp); drop"},
		{" -m recent --update --seconds 30 --name X --rsource -s 10.0.0.1/32 -j DROP",
			"chosen(-m recent --update --seconds 30 --name X --rsource -s "
			"10.0.0.1/32); drop"},
		{" -m limit --limit 3/min -m tcp --dport 22 -j DROP",
			"dport 22; chosen(-m limit --limit 3/min); drop"},
		{" -m ttl --ttl-lt 3 -j DROP", "chosen(-m ttl --ttl-lt 3); drop"},
		{" -m set ! --match-set s src,dst -m tcp --dport 1 -j DROP",
			"dport 1; opaque(-m set ! --match-set s src,dst); drop"},
		{" -m string --string \"-j ACCEPT\" --algo bm -j DROP",
			"opaque(-m string --string -j ACCEPT --algo bm); drop"},
		{" -m string --string -f --algo bm -j DROP",
			"opaque(-m string --string -f --algo bm); drop"},
		{" -m physdev --physdev-in eth0 -j ACCEPT",
			"opaque(-m physdev --physdev-in eth0); accept"},
	};

	check_vectors(RULE_IP, "filter", v, ARRAY_SIZE(v));
}

static void test_targets(void **state)
{
	static const struct vector v[] = {
		{" -j MARK --set-xmark 0x1/0xffffffff", "mark := 0x1"},
		{" -j MARK --set-xmark 0x3/0x1", "mark := mark&0xfffffffe^0x3"},
		{" -j MARK --set-mark 0x3/0x1", "mark := mark&0xfffffffc^0x3"},
		{" -j MARK --and-mark 0xf0", "mark := mark&0xf0"},
		{" -j MARK --or-mark 0x10", "mark := mark&0xffffffef^0x10"},
		{" -j MARK --xor-mark 0x10", "mark := mark&0xffffffff^0x10"},
		{" -j MARK --frob 1", "OPAQUE(-j MARK --frob 1)"},
		{" -j CONNMARK --set-xmark 0x1/0xff", "ct-mark := ct-mark&0xffffff00^0x1"},
		{" -j CONNMARK --save-mark --nfmask 0xff --ctmask 0xffffffff",
			"ct-mark := mark&0xff"},
		{" -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xff",
			"mark := ct-mark&0xff"},
		{" -j CONNMARK --restore-mark --mask 0xff", "mark := unknown"},
		{" -j CONNMARK --save-mark --mask 0xff", "ct-mark := unknown"},
		{" -j CONNMARK --save-mark --frob 1", "OPAQUE(-j CONNMARK --save-mark --frob 1)"},
		{" -j CT --notrack", "notrack"},
		{" -j NOTRACK", "notrack"},
		{" -p tcp -j CT --helper ftp", "l4proto 6"},
		{" -p tcp -j DNAT --to-destination 172.17.0.2:80",
			"l4proto 6; dnat 172.17.0.2 port 80"},
		{" -j DNAT --to-destination 172.17.0.2-172.17.0.9:80-90 --random",
			"dnat 172.17.0.2-172.17.0.9 port 80-90"},
		{" -j DNAT --to-destination :8080 --persistent", "dnat stays port 8080"},
		{" -j DNAT --to-destination example.org",
			"OPAQUE(-j DNAT --to-destination example.org)"},
		{" -j REDIRECT --to-ports 3128", "redirect stays port 3128"},
		{" -j REDIRECT", "redirect stays port stays"},
		{" -j SNAT --to-source 1.2.3.4", "snat 1.2.3.4 port stays"},
		{" -j MASQUERADE --to-ports 1000-2000 --random-fully",
			"snat unknown port 1000-2000"},
		{" -d 1.2.3.0/24 -j NETMAP --to 5.6.7.0/24",
			"daddr 1.2.3.0-1.2.3.255; netmap 5.6.7.0-5.6.7.255 port stays"},
		{" -p tcp -j TPROXY --on-port 3128", "l4proto 6; OPAQUE(-j TPROXY --on-port 3128)"},
		{" -j SET --add-set s src", ""},
		{" -p tcp -j TCPMSS --clamp-mss-to-pmtu", "l4proto 6"},
	};

	check_vectors(RULE_IP, "nat", v, ARRAY_SIZE(v));
}

static void test_ip6(void **state)
{
	static const struct vector v[] = {
		{" -s 2001:db8::/32 ! -d fd00::1/128 -j DROP",
			"saddr 2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff; daddr !fd00::1; "
			"drop"},
		{" -s 192.0.2.1/32 -j ACCEPT", "opaque(-s 192.0.2.1/32); accept"},
		{" -p ipv6-icmp -m icmp6 --icmpv6-type 128/0",
			"l4proto 58; icmp-type.icmp-code 128.0"},
		{" -m rt --rt-type 0 -j DROP", "l4proto never; drop"},
		{" -m frag --fragres -j REJECT", "l4proto never; reject"},
		{" -m rt --rt-type 0 -j ACCEPT", "chosen(-m rt --rt-type 0); accept"},
		{" -m rt --rt-type 0 -j c", "chosen(-m rt --rt-type 0); jump c"},
		{" -m addrtype --dst-type LOCAL", "daddr-type 2"},
		{" -m addrtype --dst-type UNICAST,LOCAL",
			"daddr !::,::ffff:0.0.0.0-::ffff:255.255.255.255,"
			"ff00::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff; daddr-type 2"},
		{" -m addrtype ! --src-type MULTICAST",
			"saddr !ff00::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		{" -m addrtype ! --src-type MULTICAST,LOCAL -j DROP",
			"opaque(-m addrtype ! --src-type MULTICAST,LOCAL); drop"},
		{" -j DNAT --to-destination [2001:db8::2]:80", "dnat 2001:db8::2 port 80"},
		{" -j DNAT --to-destination 2001:db8::2", "dnat 2001:db8::2 port stays"},
		{" -j DNAT --to-destination [2001:db8::2", "OPAQUE(-j DNAT --to-destination "
							   "[2001:db8::2)"},
	};

	check_vectors(RULE_IP6, "nat", v, ARRAY_SIZE(v));
}

/* ---- tables, chains, and what is no such output ---- */

static const char whole[] =
	"# Generated by iptables-nft-save v1.8.9 (nf_tables)\n"
	"*mangle\n:PREROUTING DROP [1:2]\n:OUTPUT ACCEPT [0:0]\n"
	"-A PREROUTING -j MARK --set-xmark 0x1/0xff\nCOMMIT\n# Completed\n"
	"*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
	":DOCKER-USER - [0:0]\n"
	"[12:345] -A INPUT -m multiport -p tcp --dports 1,2 -m limit --limit 1/s -j DOCKER-USER\n"
	"-A INPUT -m set --match-set s src -m conntrack --ctstate NEW,DNAT -j ACCEPT\n"
	"-A DOCKER-USER -p tcp -j DNAT --to-destination 1.2.3.4:80\nCOMMIT\n"
	"*nat\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n";

static void test_whole(void **state)
{
	_cleanup_(ruleset_freep) struct ruleset *rs = read_ok(RULE_IP, whole);
	struct rule_table *t = ruleset_table(rs, RULE_IP, "mangle", false);
	const struct rule_chain *c = ruleset_chain(rs, t, "PREROUTING");

	assert_int_equal(rs->n_rules, 4);
	assert_int_equal(c->hook, HOOK_PREROUTING);
	assert_int_equal(c->priority, -150);
	assert_int_equal(c->policy, VERDICT_DROP);
	assert_int_equal(c->type, CHAIN_FILTER);
	assert_int_equal(ruleset_chain(rs, t, "OUTPUT")->type, CHAIN_ROUTE);
	t = ruleset_table(rs, RULE_IP, "filter", false);
	c = ruleset_chain(rs, t, "INPUT");
	assert_int_equal(c->policy, VERDICT_DROP);
	assert_string_equal(c->rules->next->text,
		"ip filter INPUT rule 2: -m set --match-set s src -m conntrack --ctstate NEW,DNAT "
		"-j ACCEPT");
	c = ruleset_chain(rs, t, "DOCKER-USER");
	assert_int_equal(c->hook, HOOK_NONE);
	assert_int_equal(c->n_rules, 1);
	t = ruleset_table(rs, RULE_IP, "nat", false);
	c = ruleset_chain(rs, t, "POSTROUTING");
	assert_int_equal(c->type, CHAIN_NAT);
	assert_int_equal(c->priority, 100);
	/* Each of them is at its hook: nothing else is. */
	assert_int_equal(rs->n_base[0][HOOK_INPUT], 1);
	assert_int_equal(rs->n_base[0][HOOK_PREROUTING], 1);
	assert_int_equal(rs->n_base[1][HOOK_INPUT], 0);
}

static void test_malformed(void **state)
{
	static const struct {
		const char *text, *why;
		unsigned line;
	} v[] = {
		{"hello\n", "expected *TABLE", 1},
		{"-A INPUT -j ACCEPT\n", "expected *TABLE", 1},
		{"\n*wat\n", "no table of iptables: expected raw, mangle, nat, filter, security",
			2},
		{"*filter\n:INPUT ACCEPT [0:0]\n", "ends before the table's COMMIT", 2},
		{"*filter\n*nat\n", "a table begins before the last one's COMMIT", 2},
		{"*filter\n:INPUT\nCOMMIT\n", "expected :CHAIN POLICY", 2},
		{"*filter\n:INPUT WAT [0:0]\nCOMMIT\n", "expected the policy ACCEPT or DROP", 2},
		{"*filter\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n",
			"a policy for a chain that is none of the table's own", 2},
		{"*filter\n-A c -j ACCEPT\nCOMMIT\n",
			"a rule for a chain that its table does not declare", 2},
		{"*filter\n:c - [0:0]\n-A c -m comment --comment \"x\nCOMMIT\n",
			"a quote that does not end", 3},
		{"*filter\nCOMMIT x\n", "expected :CHAIN, -A or COMMIT", 2},
		{"*filter\n:c - [0:0]\n-A c -j ACC", "ends before the table's COMMIT", 3},
	};

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		_cleanup_(ruleset_freep) struct ruleset *rs = ruleset_new();
		const char *why = NULL;
		unsigned line = 0;
		assert_int_equal(read_save(rs, RULE_IP, false, v[i].text, &line, &why), -EBADMSG);
		assert_string_equal(why, v[i].why);
		assert_int_equal(line, v[i].line);
	}
}

/* nft's own form stays where it says all; where it does not, this one is walked instead. */
static void test_which_wins(void **state)
{
	static const char text[] = "*filter\n:INPUT DROP [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n";

	for (unsigned xt = 0; xt < 2; xt++) {
		_cleanup_(ruleset_freep) struct ruleset *rs = ruleset_new();
		struct rule_table *nft = ruleset_table(rs, RULE_IP, "filter", false);
		struct rule_chain *c = ruleset_chain(rs, nft, "INPUT");
		const char *why;
		unsigned line;
		c->hook = HOOK_INPUT;
		c->defined = true;
		nft->has_xt = xt;
		assert_int_equal(read_save(rs, RULE_IP, false, text, &line, &why), 0);
		assert_int_equal(ruleset_finish(rs), 0);
		assert_int_equal(rs->n_base[0][HOOK_INPUT], 1);
		const struct rule_chain *walked = rs->base[0][HOOK_INPUT][0];
		assert_int_equal(walked->policy, xt ? VERDICT_DROP : VERDICT_ACCEPT);
		assert_true((walked == c) == !xt);
	}
}

/* iptables-legacy's table stands beside the one of the same name. */
static void test_legacy(void **state)
{
	_cleanup_(ruleset_freep) struct ruleset *rs = ruleset_new();
	const char *why;
	unsigned line;

	assert_int_equal(read_save(rs, RULE_IP, false, whole, &line, &why), 0);
	assert_int_equal(read_save(rs, RULE_IP, true, whole, &line, &why), 0);
	assert_int_equal(ruleset_finish(rs), 0);
	assert_int_equal(rs->n_base[0][HOOK_INPUT], 2);
	assert_int_equal(rs->n_rules, 8);
}

/* More words than the rule has room for are still doubts, and none is lost. */
static void test_many_doubts(void **state)
{
	char text[4096] = "*filter\n:c - [0:0]\n-A c";
	struct show o = {.family = AF_INET};

	for (int i = 0; i < 40; i++)
		(void)strcat(text, i < 39 ? " -m limit --limit 1/s" : " -m wat --x");
	(void)strcat(text, " -j ACCEPT\nCOMMIT\n");
	_cleanup_(ruleset_freep) struct ruleset *rs = read_ok(RULE_IP, text);
	const char *shown = show_rule(&o, ruleset_chain(rs, rs->tables, "c")->rules);
	assert_non_null(strstr(shown, "opaque("));
	assert_non_null(strstr(shown, "; accept"));
}

static void test_alloc_fail(void **state)
{
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		struct ruleset *rs;
		const char *why;
		unsigned line;
		alloc_count = 0;
		rs = ruleset_new();
		int r = rs ? read_save(rs, RULE_IP, false, whole, &line, &why) : -ENOMEM;
		ruleset_free(rs);
		if (alloc_count < alloc_fail_at) {
			assert_int_equal(r, 0);
			break;
		}
		assert_int_equal(r, -ENOMEM);
	}
	assert_true(alloc_fail_at > 4);
	alloc_fail_at = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_common),
		cmocka_unit_test(test_modules),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_ip6),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_which_wins),
		cmocka_unit_test(test_legacy),
		cmocka_unit_test(test_many_doubts),
		cmocka_unit_test(test_alloc_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
