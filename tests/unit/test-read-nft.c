/* SPDX-License-Identifier: ISC */
#include "alloc-fail.h"
#include "flow-fixture.h"

static const char *const field_names[FIELD_MAX] = {
	[FIELD_SADDR] = "saddr",
	[FIELD_DADDR] = "daddr",
	[FIELD_SPORT] = "sport",
	[FIELD_DPORT] = "dport",
	[FIELD_L4PROTO] = "l4proto",
	[FIELD_NFPROTO] = "nfproto",
	[FIELD_IIF] = "iif",
	[FIELD_OIF] = "oif",
	[FIELD_ICMP_TYPE] = "type",
	[FIELD_ICMP_CODE] = "code",
	[FIELD_TCP_FLAGS] = "flags",
	[FIELD_PKTTYPE] = "pkttype",
	[FIELD_MARK] = "mark",
	[FIELD_CT_STATE] = "state",
	[FIELD_CT_STATUS] = "status",
	[FIELD_CT_NAT] = "nat",
	[FIELD_CT_DIRECTION] = "direction",
	[FIELD_CT_MARK] = "ctmark",
	[FIELD_CT_SADDR] = "ctsaddr",
	[FIELD_CT_DADDR] = "ctdaddr",
	[FIELD_CT_SPORT] = "ctsport",
	[FIELD_CT_DPORT] = "ctdport",
	[FIELD_FIB_SADDR_TYPE] = "stype",
	[FIELD_FIB_DADDR_TYPE] = "dtype",
	[FIELD_FIB_DADDR_DEV_TYPE] = "devtype",
	[FIELD_FIB_REVERSE] = "reverse",
	[FIELD_SKUID] = "uid",
	[FIELD_SKGID] = "gid",
	[FIELD_CHOSEN] = "chosen",
	[FIELD_UNKNOWN] = "unknown",
};

static const char *const verdict_names[] = {
	"continue", "accept", "drop", "reject", "return", "jump", "goto", "queue"};

static const char *number_text(struct arena *a, u128 n)
{
	return n >> 64 ? arena_printf(a, "%llx:%016llx", (unsigned long long)(n >> 64),
				 (unsigned long long)n)
		       : arena_printf(a, "%llu", (unsigned long long)n);
}

static const char *span_text(struct arena *a, struct span s)
{
	return s.lo == s.hi ? number_text(a, s.lo)
			    : arena_printf(a, "%s-%s", number_text(a, s.lo), number_text(a, s.hi));
}

static const char *keys_text(struct arena *a, const struct rule_key *k, unsigned n)
{
	const char *text = "";

	for (unsigned i = 0; i < n; i++) {
		text = arena_printf(a, "%s%s%s%s", text, i > 0 ? "." : "", field_names[k[i].field],
			k[i].family == AF_INET	  ? "4"
			: k[i].family == AF_INET6 ? "6"
						  : "");
		if (k[i].l4proto)
			text = arena_printf(a, "%s/%u", text, k[i].l4proto);
		if (k[i].mask != RULE_NO_MASK)
			text = arena_printf(a, "%s&%s", text, number_text(a, k[i].mask));
		if (k[i].flip)
			text = arena_printf(a, "%s^%s", text, number_text(a, k[i].flip));
	}
	return text;
}

static const char *set_text(struct arena *a, const struct rule_set *s)
{
	const char *text = s->opaque ? "?" : s->dynamic ? "~" : "";

	for (size_t i = 0; i < s->spans.n; i++)
		text = arena_printf(
			a, "%s%s%s", text, i > 0 ? "," : "", span_text(a, s->spans.v[i]));
	for (size_t i = 0; i < s->n_elems; i++) {
		const struct rule_elem *e = &s->elems[i];
		text = arena_printf(a, "%s%s", text, i > 0 ? "," : "");
		for (unsigned k = 0; k < s->n_keys; k++)
			text = arena_printf(
				a, "%s%s%s", text, k > 0 ? "." : "", span_text(a, e->keys[k]));
		if (!s->is_map)
			continue;
		text = arena_printf(
			a, "%s:%s", text, e->n_data ? "" : verdict_names[e->verdict.kind]);
		for (unsigned k = 0; k < e->n_data; k++)
			text = arena_printf(
				a, "%s%s%s", text, k > 0 ? "." : "", span_text(a, e->data[k]));
	}
	return text;
}

static const char *operand_text(struct arena *a, const struct rule_operand *o)
{
	switch (o->kind) {
	case OPERAND_SPAN:
		return span_text(a, o->span);
	case OPERAND_KEY:
		return keys_text(a, o->keys, 1);
	case OPERAND_MAP:
		return arena_printf(a, "%s>{%s}%u", keys_text(a, o->keys, o->n_keys),
			set_text(a, o->map), o->data);
	case OPERAND_UNKNOWN:
		return "?";
	default:
		return "-";
	}
}

static const char *stmt_text(struct arena *a, const struct rule_stmt *s)
{
	static const char *const nats[] = {"dnat", "redirect", "snat", "netmap"};

	switch (s->kind) {
	case STMT_MATCH:
	case STMT_VMAP:
		return arena_printf(a, "%s%s{%s}", keys_text(a, s->match.keys, s->match.n_keys),
			s->kind == STMT_VMAP ? ">"
			: s->match.negate    ? "!="
					     : "=",
			set_text(a, s->match.set));
	case STMT_CHOSEN:
		return "CHOSEN";
	case STMT_OPAQUE:
		return s->opaque.decides ? "OPAQUE!" : "OPAQUE";
	case STMT_STOP:
		return "STOP";
	case STMT_VERDICT:
		return verdict_names[s->verdict.kind];
	case STMT_ASSIGN:
		return arena_printf(a, "%s:=%s", field_names[s->assign.field],
			operand_text(a, &s->assign.value));
	case STMT_NAT:
		return arena_printf(a, "%s(%s,%s)", nats[s->nat.kind],
			operand_text(a, &s->nat.addr), operand_text(a, &s->nat.port));
	case STMT_NOTRACK:
		return "NOTRACK";
	}
	return "";
}

#define PORT(protocol, field) "{'payload':{'protocol':'" protocol "','field':'" field "'}}"

/* A statement of nft as this nft prints it, what is made of it, and how it is shown. */
static const struct {
	const char *json, *stmts, *shown;
} forms[] = {
	{DPORT("22"), "dport/6={22}", "tcp dport 22"},
	{MATCH("!=", PAYLOAD("tcp", "dport"), "{'set':[22,{'range':[80,90]}]}"),
		"dport/6!={22,80-90}", "tcp dport != { 22, 80-90 }"},
	{MATCH(">=", PAYLOAD("tcp", "dport"), "1024"), "dport/6={1024-65535}", "tcp dport >= 1024"},
	{MATCH("<", PAYLOAD("udp", "sport"), "1024"), "sport/17={0-1023}", "udp sport < 1024"},
	{MATCH("<", PAYLOAD("th", "dport"), "0"), "dport={}", "th dport < 0"},
	{MATCH(">", PAYLOAD("th", "dport"), "65535"), "dport={}", "th dport > 65535"},
	{SADDR(NET("10.0.0.0", "8")), "saddr4={167772160-184549375}", "ip saddr 10.0.0.0/8"},
	{MATCH("==", PAYLOAD("ip6", "saddr"), "'::1'"), "saddr6={1}", "ip6 saddr ::1"},
	{SADDR("{'set':['0.0.0.4',{'range':['0.0.0.5','0.0.0.9']},{'elem':{'val':'0.0.0.20',"
	       "'timeout':60}}]}"),
		"saddr4={4-9,20}", "ip saddr { 0.0.0.4, 0.0.0.5-0.0.0.9, 0.0.0.20 }"},
	{SADDR("{'set':['0.0.0.4','*']}"), "saddr4={0-4294967295}", "ip saddr { 0.0.0.4, * }"},
	{SADDR("'2001:db8::1'"), "OPAQUE", "ip saddr 2001:db8::1"},
	{SADDR("'nonsense'"), "OPAQUE", "ip saddr nonsense"},
	{SADDR("'@never'"), "saddr4={?}", "ip saddr @never"},
	{MATCH("==", PAYLOAD("ip", "protocol"), "{'set':['tcp','udp']}"), "l4proto4={6,17}",
		"ip protocol { tcp, udp }"},
	{MATCH("==", META("l4proto"), "'ipv6-icmp'"), "l4proto={58}", "meta l4proto ipv6-icmp"},
	{MATCH("==", META("nfproto"), "'ipv4'"), "nfproto={2}", "meta nfproto ipv4"},
	{MATCH("==", META("protocol"), "'ip6'"), "nfproto={10}", "meta protocol ip6"},
	{MATCH("in", CT("state"), "['established','related']"), "state&6!={0}",
		"ct state established,related"},
	{MATCH("!", CT("state"), "'new'"), "state&8={0}", "ct state ! new"},
	{MATCH("!=", CT("state"), "{'|':['established','related']}"), "state!={6}",
		"ct state != established | related"},
	{MATCH("==", CT("state"), "{'set':['new','untracked']}"), "state={8,64}",
		"ct state { new, untracked }"},
	{MATCH("==", "{'&':[" CT("status") ",'dnat']}", "'dnat'"), "status&32={32}",
		"ct status & dnat dnat"},
	{MATCH("==", "{'&':[" PAYLOAD("tcp", "flags") ",['fin','syn','rst','ack']]}", "'syn'"),
		"flags/6&23={2}", "tcp flags & fin,syn,rst,ack syn"},
	{MATCH("==", PAYLOAD("tcp", "flags"), "{'set':[{'|':['syn','ack']},'syn']}"),
		"flags/6={2,18}", "tcp flags { syn | ack, syn }"},
	{MATCH("==", "{'|':[{'&':[" META("mark") ",19]},16]}", "18"), "mark&3^16={18}",
		"meta mark & 19 | 16 18"},
	{MATCH("==", "{'&':[" PAYLOAD("tcp", "flags") ",{'|':[{'|':['fin','syn']},'rst']}]}",
		 "{'|':['syn','rst']}"),
		"flags/6&7={6}", "tcp flags & fin | syn | rst syn | rst"},
	{MATCH("==", "{'|':[" META("mark") ",1,2,4]}", "7"),
		"mark&"
		"ffffffffffffffff:fffffffffffffff8^7={7}",
		"meta mark | 1 | 2 | 4 7"},
	{SADDR("{'set':[{'elem':{'val':'0.0.0.9','limit':{'rate':1,'per':'second'}}}]}"),
		"saddr4={~9}", "ip saddr { 0.0.0.9 }"},
	{MATCH("==", META("mark"), "{'range':[1,5]}"), "mark={1-5}", "meta mark 1-5"},
	{MATCH("==", "{'ct':{'key':'proto-dst','dir':'original'}}", "80"), "ctdport={80}",
		"ct original proto-dst 80"},
	{MATCH("==", "{'ct':{'key':'ip daddr','dir':'original'}}", "'0.0.0.9'"), "ctdaddr4={9}",
		"ct original ip daddr 0.0.0.9"},
	{MATCH("==", "{'ct':{'key':'ip daddr','dir':'reply'}}", "'0.0.0.9'"), "unknown={0}",
		"ct reply ip daddr 0.0.0.9"},
	{MATCH("==", PAYLOAD("icmp", "type"), "'echo-request'"), "type4/1={8}",
		"icmp type echo-request"},
	{MATCH("==", PAYLOAD("icmpv6", "type"), "{'set':['packet-too-big','nd-redirect']}"),
		"type6/58={2,137}", "icmpv6 type { packet-too-big, nd-redirect }"},
	{MATCH("==", PAYLOAD("icmp", "code"), "'frag-needed'"), "code4/1={4}",
		"icmp code frag-needed"},
	{MATCH("==", "{'concat':[" PAYLOAD("ip", "saddr") "," PAYLOAD("tcp", "dport") "]}",
		 "{'set':[{'concat':['0.0.0.1',{'range':[80,90]}]},{'concat':[" NET(
			 "0.0.0.8", "30") ",22]}]}"),
		"saddr4.dport/6={1.80-90,8-11.22}",
		"ip saddr . tcp dport { 0.0.0.1 . 80-90, 0.0.0.8/30 . 22 }"},
	{MATCH("==", "{'concat':[" PAYLOAD("ip", "saddr") "," PAYLOAD("ip", "dscp") "]}", "'@x'"),
		"OPAQUE", "ip saddr . ip dscp @x"},
	{MATCH("==", "{'fib':{'result':'type','flags':['daddr']}}",
		 "{'set':['local','broadcast']}"),
		"dtype={2-3}", "fib daddr type { local, broadcast }"},
	{MATCH("==", "{'fib':{'result':'oif','flags':['saddr','iif']}}", "false"), "reverse={0}",
		"fib saddr . iif oif missing"},
	{MATCH("==", "{'fib':{'result':'oif','flags':['saddr','mark','iif']}}", "'0'"),
		"reverse={0}", "fib saddr . mark . iif oif 0"},
	{MATCH("==", "{'fib':{'result':'oif','flags':['saddr','iif']}}", "'eth0'"), "OPAQUE",
		"fib saddr . iif oif eth0"},
	{MATCH("==", "{'fib':{'result':'oif','flags':['daddr']}}", "true"), "unknown={0}",
		"fib daddr oif exists"},
	{MATCH("==", PAYLOAD("ip", "ttl"), "1"), "chosen4&1={0}", "ip ttl 1"},
	{MATCH("!=", "{'&':[" PAYLOAD("ip", "frag-off") ",8191]}", "0"), "chosen4&1={0}",
		"ip frag-off & 8191 != 0"},
	{MATCH("==", "{'tcp option':{'name':'maxseg','field':'size'}}", "{'range':[1,500]}"),
		"chosen/6&1={0}", NULL},
	{MATCH("==", "{'exthdr':{'name':'frag'}}", "true"), "chosen6&1={0}", NULL},
	{MATCH(">=", META("hour"), "'08:00'"), "chosen&1={0}", "meta hour >= 08:00"},
	{MATCH("==", "{'numgen':{'mode':'inc','mod':3,'offset':5}}", "6"), "chosen&2^5={6}",
		"numgen inc mod 3 6"},
	{MATCH("==", "{'jhash':{'mod':2,'expr':" PAYLOAD("ip", "saddr") "}}", "0"), "unknown={0}",
		NULL},
	{MATCH("==", "{'socket':{'key':'transparent'}}", "1"), "unknown={0}", NULL},
	{MATCH("==", META("skuid"), "1000"), "uid={1000}", "meta skuid 1000"},
	{MATCH("==", META("pkttype"), "'multicast'"), "pkttype={2}", "meta pkttype multicast"},
	{MATCH("==", "{'<<':[" META("mark") ",3]}", "8"), "OPAQUE", NULL},
	{"{'vmap':{'key':" PAYLOAD("tcp", "dport") ",'data':{'set':[[22," ACCEPT
						   "],[{'range':[80,81]}," DROP
						   "],['*',{'continue':null}]]}}}",
		"dport/6>{0-21:continue,23-79:continue,82-65535:continue,22:accept,80-81:drop}",
		"tcp dport vmap { 22 : accept, 80-81 : drop, * : continue }"},
	{"{'mangle':{'key':" META("mark") ",'value':5}}", "mark:=5", "meta mark set 5"},
	{"{'mangle':{'key':" CT("mark") ",'value':" META("mark") "}}", "ctmark:=mark",
		"ct mark set meta mark"},
	{"{'mangle':{'key':" META("mark") ",'value':{'|':[{'&':[" META("mark") ",65280]},1]}}}",
		"mark:=mark&65280^1", "meta mark set meta mark & 65280 | 1"},
	{"{'mangle':{'key':" META("mark") ",'value':{'map':{'key':" PAYLOAD(
		 "tcp", "dport") ",'data':{'set':[[80,1],[{'range':[90,99]},2]]}}}}}",
		"mark:=dport/6>{80:1,90-99:2}0",
		"meta mark set tcp dport map { 80 : 1, 90-99 : 2 }"},
	{"{'mangle':{'key':" PAYLOAD("ip", "dscp") ",'value':'cs0'}}", "", "ip dscp set cs0"},
	{"{'mangle':{'key':" PAYLOAD("ip", "daddr") ",'value':'0.0.0.1'}}", "daddr:=1",
		"ip daddr set 0.0.0.1"},
	{"{'dnat':{'family':'ip','addr':'0.0.0.9','port':80}}", "dnat(9,80)", "dnat to 0.0.0.9:80"},
	{"{'dnat':{'family':'ip','addr':{'range':['0.0.0.1','0.0.0.9']},'port':{'range':[1,2]}}}",
		"dnat(1-9,1-2)", "dnat to 0.0.0.1-0.0.0.9:1-2"},
	{"{'redirect':{'port':8080}}", "redirect(-,8080)", "redirect to :8080"},
	{"{'redirect':null}", "redirect(-,-)", "redirect"},
	{"{'masquerade':{'flags':'random'}}", "snat(-,-)", "masquerade"},
	{"{'notrack':null}", "NOTRACK", "notrack"},
	{"{'limit':{'rate':10,'burst':5,'per':'second','inv':true}}", "CHOSEN",
		"limit rate over 10/second"},
	{"{'limit':'ll'}", "CHOSEN", "limit name ll"},
	{"{'ct count':{'val':20,'inv':true}}", "CHOSEN", NULL},
	{"{'quota':'qq'}", "CHOSEN", NULL},
	{"{'counter':{'packets':0,'bytes':0}}", "", ""},
	{"{'log':{'prefix':'x'}}", "", "log"},
	{"{'ct helper':'ftp'}", "", NULL},
	{"{'set':{'op':'add','elem':" PAYLOAD("ip", "saddr") ",'set':'@d'}}", "",
		"add @d { ip saddr }"},
	{"{'set':{'op':'update','elem':{'elem':{'val':" PAYLOAD(
		 "ip", "saddr") ",'timeout':60}},"
				"'set':'@d','stmt':[{'limit':{'rate':10,'per':'minute'}}]}}",
		"CHOSEN", "update @d { ip saddr }"},
	{"{'flow':{'op':'add','flowtable':'@f'}}", "STOP", NULL},
	{"{'queue':{'num':3}}", "queue", "queue"},
	{"{'reject':{'type':'tcp reset'}}", NULL, "reject"},
	{"{'xt':null}", "OPAQUE!", "xt  "},
	{"{'xt':{'type':'match','name':'string'}}", "OPAQUE", "xt match string"},
	{"{'tproxy':{'family':'ip','port':50080}}", "OPAQUE!", NULL},
	{"{'synproxy':'sp'}", "OPAQUE!", NULL},
	/* What nft 1.0.6 may have loaded as one comparison, wherever they stand; and what not. */
	{MATCH("!=", PORT("tcp", "sport"), "5") "," MATCH("!=", PORT("tcp", "dport"), "7"),
		"OPAQUE", "tcp sport != 5 tcp dport != 7"},
	{MATCH("!=", PORT("udp", "dport"), "7") "," DROP "," MATCH("!=", PORT("udp", "sport"), "5"),
		"OPAQUE drop", NULL},
	{MATCH("!=", PORT("icmp", "type"), "8") "," MATCH("!=", PORT("icmp", "code"), "3"),
		"OPAQUE", NULL},
	{MATCH("!=", PORT("tcp", "sport"), "5") "," MATCH("==", PORT("tcp", "dport"), "7"),
		"sport/6!={5} dport/6={7}", NULL},
	{MATCH("!=", PORT("tcp", "sport"), "5") "," MATCH("!=", PORT("udp", "dport"), "7"),
		"sport/6!={5} dport/17!={7}", NULL},
	{MATCH("!=", PORT("tcp", "sport"), "{'set':[5,6]}") "," MATCH(
		 "!=", PORT("tcp", "dport"), "7"),
		"sport/6!={5-6} dport/6!={7}", NULL},
	{"{'fwd':{'dev':'lo'}}", "OPAQUE!", NULL},
	{"'jump { tcp dport 22 accept }'", "OPAQUE!", "jump { tcp dport 22 accept }"},
	{"{}", "OPAQUE!", NULL},
	{"17", "OPAQUE!", "17"},
};

static void test_forms(_unused_ void **unused)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		char *objects = arena_printf(a,
			TABLE "," INPUT ","
			      "{'rule':{'family':'inet','table':'t','chain':'in','handle':7,'expr':"
			      "[%s]}}",
			forms[i].json);
		_cleanup_(ruleset_freep) struct ruleset *rs = test_rules(objects);
		const struct rule *r = rs->tables->chains->rules;
		const char *text = "", *shown = arena_printf(a, "inet t in handle 7: %s",
					       forms[i].shown ? forms[i].shown : "");
		for (size_t k = 0; k < r->n_stmts; k++)
			text = arena_printf(
				a, "%s%s%s", text, k > 0 ? " " : "", stmt_text(a, &r->stmts[k]));
		bool same = (!forms[i].stmts || strcmp(text, forms[i].stmts) == 0) &&
			    (!forms[i].shown || strcmp(r->text, shown) == 0);
		if (same)
			continue;
		(void)fprintf(stderr,
			"%s\n  expected %s\n  made     %s\n  shown    %s\n  as       %s\n",
			forms[i].json, forms[i].stmts, text, forms[i].shown, r->text);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void test_malformed(_unused_ void **unused)
{
	static const struct {
		const char *text;
		size_t offset;
	} bad[] = {
		{"", 0},
		{"nonsense", 0},
		{"{\"nftables\": {}}", 13},
		{"{\"nftables\": [", 14},
		{"{\"nftables\": [{\"table\": {\"family\": \"ip\", \"name\": \"t\"}}", 54},
		{"{\"nftables\": [{\"table\": {\"family\": \"ip\"}}]}", 14},
		{"{\"nftables\": [{\"table\": {\"family\": \"new\", \"name\": \"t\"}}]}", 14},
		{"{\"nftables\": [{\"chain\": {\"family\": \"ip\", \"table\": \"t\", \"name\": "
		 "\"c\", "
		 "\"hook\": \"new\"}}]}",
			14},
		{"{\"nftables\": [{\"rule\": {\"family\": \"ip\", \"table\": \"t\", \"chain\": "
		 "\"c\"}}]}",
			14},
		{"{\"nftables\": []} {", 16},
		{"{\"nftables\": [3]}", 14},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(ruleset_freep) struct ruleset *rs = ruleset_new();
		size_t offset = 12345;
		assert_int_equal(nft_read(rs, bad[i].text, strlen(bad[i].text), &offset), -EBADMSG);
		assert_in_range(offset, bad[i].offset, bad[i].offset + 1);
	}
}

/* Two families' chains at one hook, as the kernel calls them. */
static void test_order(_unused_ void **unused)
{
	_cleanup_(ruleset_freep) struct ruleset *rs = test_rules(TABLE "," CHAIN_(
		"a", "filter", "prerouting", "0", "accept") "," CHAIN_("b", "filter", "prerouting",
		"0", "accept") "," CHAIN_("late nat", "nat", "prerouting", "50",
		"accept") "," CHAIN_("nat", "nat", "prerouting", "-150", "accept") "," CHAIN_("raw",
		"filter", "prerouting", "-300", "accept") "," CHAIN_("near", "filter", "prerouting",
		"-99", "accept") ","
				 "{'chain':{'family':'ip6','table':'t','name':'six','type':'filter'"
				 ",'hook':'prerouting',"
				 "'prio':-101,'policy':'accept'}}");
	static const char *const expected[2][8] = {
		{"raw", "nat", "late nat", "near", "b", "a"},
		{"raw", "six", "nat", "late nat", "near", "b", "a"},
	};

	for (unsigned v6 = 0; v6 < 2; v6++) {
		assert_int_equal(rs->n_base[v6][HOOK_PREROUTING], 6 + v6);
		for (unsigned i = 0; i < 6 + v6; i++)
			assert_string_equal(
				rs->base[v6][HOOK_PREROUTING][i]->name, expected[v6][i]);
	}
}

/* What another reader describes anew takes the place that it had. */
static void test_replace(_unused_ void **unused)
{
	_cleanup_(ruleset_freep) struct ruleset *rs = ruleset_new();

	assert_int_equal(test_read(rs, TABLE "," INPUT "," RULE("in",
					       DROP) ","
						     "{'chain':{'family':'inet','table':'u','name':"
						     "'in','type':'filter','hook':'input',"
						     "'prio':0,'policy':'accept'}}"),
		0);
	struct rule_table *old = ruleset_table(rs, RULE_INET, "t", false);
	ruleset_replace(rs, old);
	struct rule_table *anew = ruleset_table(rs, RULE_INET, "t", false);
	assert_ptr_not_equal(old, anew);
	struct rule_chain *c = ruleset_chain(rs, anew, "in");
	c->hook = HOOK_INPUT;
	assert_int_equal(ruleset_finish(rs), 0);
	assert_int_equal(rs->n_base[0][HOOK_INPUT], 2);
	assert_ptr_equal(rs->base[0][HOOK_INPUT][1], c); /* made first: called last, as before */
}

/* Interfaces' names as numbers: all of one, or all that begin alike. */
static void test_ifname(_unused_ void **unused)
{
	struct span eth0 = ruleset_ifname("eth0", 0), eth = ruleset_ifname("eth*", '*');
	struct span star = ruleset_ifname("eth*", 0), any = ruleset_ifname("*", '*');

	assert_true(eth0.lo == eth0.hi && star.lo == star.hi);
	assert_true(eth.lo <= eth0.lo && eth0.hi <= eth.hi);
	assert_true(eth.lo <= star.lo && star.hi <= eth.hi);
	struct span other = ruleset_ifname("etx0", 0), shorter = ruleset_ifname("et", 0);
	assert_true(other.lo > eth.hi && shorter.lo < eth.lo);
	assert_true(any.lo == 0 && any.hi == ~(u128)0);
}

#define INGRESS(name)                                                                       \
	"{'chain':{'family':'netdev','table':'n','name':'" name "','type':'filter','hook':" \
	"'ingress','prio':0,'policy':'drop'}}"
#define NETDEV "{'table':{'family':'netdev','name':'n'}}," INGRESS("c") "," INGRESS("d")
#define OWN_WORDS(chain, rest) \
	"table netdev n {\n\tchain " chain " {\n\t\ttype filter hook ingress " rest ";\n\t}\n}\n"

/* The interfaces of ingress chains, as nft says them in its own language. */
static void test_devices(_unused_ void **unused)
{
	static const struct {
		const char *text, *c;
	} vectors[] = {
		{OWN_WORDS("c", "device \"eth0\" priority filter"), "eth0"},
		{OWN_WORDS("c", "device eth0 priority filter"), "eth0"},
		{OWN_WORDS("c", "devices = { eth0, \"eth1\" } priority 1"), "eth0 eth1"},
		{OWN_WORDS("c", "priority 1"), NULL},
		{OWN_WORDS("c", "devices = { eth0"), NULL},
		{OWN_WORDS("c", "devices = {  } priority 1"), NULL},
		{OWN_WORDS("c", "devices { eth0 } priority 1"), NULL},
		{OWN_WORDS("other", "device eth0 priority 1"), NULL},
		{"table inet n {\n\tchain c {\n\t\ttype filter hook ingress device \"eth0\" ;\n",
			NULL},
		{"table netdev n {\n\tset c {\n\t\ttype filter hook ingress device \"eth0\" ;\n",
			NULL},
		/* A comment may hold line feeds, and anything behind them. */
		{"table netdev n {\n\tcomment \"x\n\tchain c {\n\t\ttype filter hook ingress "
		 "device eth0 ;\n\"\n}\n" OWN_WORDS("c", "device \"eth7\" priority 1"),
			"eth7"},
		{"", NULL},
		{"\"", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_(ruleset_freep) struct ruleset *rs = ruleset_new();
		char found[64] = "";
		assert_int_equal(test_read(rs, NETDEV), 0);
		assert_true(nft_lacks_devices(rs));
		assert_int_equal(nft_read_devices(rs, vectors[i].text), 0);
		const struct rule_chain *c = rs->tables->chains;
		for (size_t k = 0; c->devices && c->devices[k]; k++) {
			(void)strcat(found, k > 0 ? " " : "");
			(void)strcat(found, c->devices[k]);
		}
		if (strcmp(found, vectors[i].c ? vectors[i].c : "") != 0)
			fail_msg("%zu: %s", i, found);
		assert_null(c->next->devices);
	}
}

static int read_devices(void *arg)
{
	_cleanup_(ruleset_freep) struct ruleset *rs = ruleset_new();
	size_t offset;
	int r = rs ? nft_read(rs, arg, strlen(arg), &offset) : -ENOMEM;

	return r == 0 ? nft_read_devices(rs, OWN_WORDS("c", "devices = { eth0, eth1 } priority 1"))
		      : r;
}

static void test_devices_alloc(_unused_ void **unused)
{
	char text[] = "{'nftables': [" NETDEV "]}";

	for (char *p = text; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	alloc_each(read_devices, text, 3);
}

static void test_alloc(_unused_ void **unused)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *objects = TABLE "," INPUT;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		objects = arena_printf(a,
			"%s,{'rule':{'family':'inet','table':'t','chain':'in','handle':"
			"%zu,'expr':[%s]}}",
			objects, i + 1, forms[i].json);
	char *text = arena_printf(a, "{'nftables': [%s]}", objects);
	for (char *p = text; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		size_t offset = 0;
		alloc_count = 0;
		_cleanup_(ruleset_freep) struct ruleset *rs = ruleset_new();
		int r = rs ? nft_read(rs, text, strlen(text), &offset) : -ENOMEM;
		if (r == 0)
			r = ruleset_finish(rs);
		if (alloc_count < alloc_fail_at) {
			assert_int_equal(r, 0);
			break;
		}
		assert_int_equal(r, -ENOMEM);
	}
	alloc_fail_at = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_ifname),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_devices_alloc),
		cmocka_unit_test(test_alloc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
