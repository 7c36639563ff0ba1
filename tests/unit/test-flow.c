/* SPDX-License-Identifier: ISC */
#include "alloc-fail.h"
#include "filter/flow-cache.h"
#include "flow-fixture.h"

struct vector {
	const char *name;
	const char *objects;
	const char *address;
	uint8_t proto;
	uint16_t port;
	const char *expected;
	uint8_t icmp_type;
	enum ct_state state;
	bool out;
	const char *interface;
};

#define TCP(port, expected) "192.0.2.1", IPPROTO_TCP, port, expected
#define UDP(port, expected) "192.0.2.1", IPPROTO_UDP, port, expected
#define SIX(port, expected) "2001:db8::1", IPPROTO_TCP, port, expected
#define NUMGEN(mod)	    "{'numgen':{'mode':'inc','mod':" mod ",'offset':0}}"
#define SET(name, type, rest) \
	"{'set':{'family':'inet','name':'" name "','table':'t','type':" type rest "}}"
#define MAP(name, type, data, elem)                                                          \
	"{'map':{'family':'inet','name':'" name "','table':'t','type':" type ",'map':'" data \
	"','elem':[" elem "]}}"
#define PRE	    CHAIN_("pre", "nat", "prerouting", "-100", "accept")
#define GOTO(chain) "{'goto':{'target':'" chain "'}}"
#define SETMARK(v)  "{'mangle':{'key':" META("mark") ",'value':" v "}}"
#define LIMIT	    "{'limit':{'rate':10,'burst':5,'per':'second'}}"

static const struct vector vectors[] = {
	{"no rule at all", "", TCP(22, "any local")},
	{"policy drop", TABLE "," INPUT, TCP(22, "any drop")},
	{"dormant", "{'table':{'family':'inet','name':'t','flags':['dormant']}}," INPUT,
		TCP(22, "any local")},
	{"with an owner, and not dormant",
		"{'table':{'family':'inet','name':'t','flags':['owner']}}," INPUT,
		TCP(22, "any drop")},
	{"with flags that nft 1.0.6 spoilt",
		"{'table':{'family':'inet','name':'t','flags':'t'}}," INPUT,
		TCP(22, "any local may")},
	{"one port", TABLE "," INPUT "," RULE("in", DPORT("22") "," ACCEPT), TCP(22, "any local")},
	{"another port", TABLE "," INPUT "," RULE("in", DPORT("22") "," ACCEPT),
		TCP(23, "any drop")},
	{"a port of tcp is none of udp", TABLE "," INPUT "," RULE("in", DPORT("22") "," ACCEPT),
		UDP(22, "any drop")},
	{"not even negated",
		TABLE "," INPUT
		      "," RULE("in", MATCH("!=", PAYLOAD("tcp", "dport"), "22") "," ACCEPT),
		UDP(23, "any drop")},
	{"a prefix, negated",
		TABLE "," INPUT
		      "," RULE("in", MATCH("!=", PAYLOAD("ip", "saddr"),
					     NET("10.0.0.0", "8")) "," DROP) "," RULE("in", ACCEPT),
		TCP(1, "0.0.0.0/5, 8.0.0.0/7, 11.0.0.0/8, 12.0.0.0/6 and 4 more drop; 10.0.0.0/8 "
		       "local")},
	{"an IPv4 prefix is none of IPv6",
		TABLE "," INPUT "," RULE("in", SADDR(NET("0.0.0.0", "0")) "," ACCEPT),
		SIX(1, "any drop")},
	{"first rule wins",
		TABLE "," INPUT "," RULE("in", SADDR("'10.0.0.1'") "," DROP) "," RULE(
			"in", SADDR(NET("10.0.0.0", "30")) "," ACCEPT),
		TCP(1, "0.0.0.0/5, 8.0.0.0/7, 10.0.0.4/30, 10.0.0.8/29 and 26 more drop; "
		       "10.0.0.0, 10.0.0.2/31 local; 10.0.0.1 drop")},
	{"source ports",
		TABLE "," INPUT
		      "," RULE("in", MATCH("<", PAYLOAD("tcp", "sport"), "1024") "," SADDR(
					     "'10.0.0.1'") "," ACCEPT) "," RULE("in", DROP),
		TCP(1, "0.0.0.0/5, 8.0.0.0/7, 10.0.0.0, 10.0.0.2/31 and 28 more from 0-1023 drop; "
		       "10.0.0.1 from 0-1023 local; any from 1024-65535 drop")},
	{"jump and return",
		TABLE "," INPUT
		      "," PLAIN("c") "," RULE("c", DPORT("22") ",{'return':null}") "," RULE(
			      "c", DROP) "," RULE("in", JUMP("c")) "," RULE("in", ACCEPT),
		TCP(22, "any local")},
	{"goto does not come back",
		TABLE "," INPUT "," PLAIN("c") "," RULE("c", DPORT("23") "," ACCEPT) "," RULE(
			"in", GOTO("c")) "," RULE("in", ACCEPT),
		TCP(22, "any drop")},
	{"goto in a chain that was jumped to returns to its caller",
		TABLE "," INPUT "," PLAIN("c") "," PLAIN("d") "," RULE("c", GOTO("d")) "," RULE(
			"c", DROP) "," RULE("in", JUMP("c")) "," RULE("in", ACCEPT),
		TCP(22, "any local")},
	{"a chain that is jumped to before it is described",
		TABLE "," RULE("in", JUMP("c")) "," INPUT "," RULE("c", ACCEPT) "," PLAIN("c"),
		TCP(22, "any local")},
	{"accept ends its base chain only",
		TABLE "," INPUT "," CHAIN_("late", "filter", "input", "10", "accept") "," RULE(
			"in", ACCEPT) "," RULE("late", DPORT("22") "," DROP),
		TCP(22, "any drop")},
	{"a new connection is new",
		TABLE "," INPUT "," RULE(
			"in", MATCH("in", CT("state"), "['established','related']") "," ACCEPT),
		TCP(22, "any drop")},
	{"an error belongs to a connection",
		TABLE "," INPUT "," RULE(
			"in", MATCH("in", CT("state"), "['established','related']") "," ACCEPT),
		TCP(0, "any local"), .state = CT_RELATED},
	{"states as a map",
		TABLE "," INPUT "," RULE("in",
			"{'vmap':{'key':" CT("state") ",'data':{'set':[['invalid'," DROP
						      "],['new'," ACCEPT "]]}}}"),
		TCP(22, "any local")},
	{"before conntrack every packet is invalid",
		TABLE "," CHAIN_("raw", "filter", "prerouting", "-300", "accept") "," RULE(
			"raw", MATCH("in", CT("state"), "'invalid'") "," DROP),
		TCP(22, "any drop")},
	{"untracked",
		TABLE "," INPUT "," CHAIN_("raw", "filter", "prerouting", "-300",
			"accept") "," RULE("raw", "{'notrack':null}") "," RULE("in",
			MATCH("in", CT("state"), "'untracked'") "," ACCEPT),
		TCP(22, "any local")},
	{"neighbour discovery is untracked, once conntrack has seen it",
		TABLE
		"," INPUT "," CHAIN_("raw", "filter", "prerouting", "-300", "accept") "," RULE(
			"raw", MATCH("in", CT("state"), "'untracked'") "," DROP) "," RULE("in",
			MATCH("in", CT("state"), "'untracked'") "," ACCEPT),
		"2001:db8::1", IPPROTO_ICMPV6, 0, "any local", .icmp_type = 135,
		.state = CT_UNTRACKED},
	{"a set with intervals",
		TABLE "," SET("s", "'ipv4_addr'",
			",'flags':['interval'],'elem':['1.2.3.4',{'range':['10.0.0.0','10.0.0.7']}"
			"]") "," INPUT "," RULE("in", SADDR("'@s'") "," ACCEPT),
		TCP(22, "0.0.0.0/8, 1.0.0.0/15, 1.2.0.0/23, 1.2.2.0/24 and 51 more drop; "
			"1.2.3.4, 10.0.0.0/29 local")},
	{"a set that nobody describes", TABLE "," INPUT "," RULE("in", SADDR("'@s'") "," ACCEPT),
		TCP(22, "any local may")},
	{"a set that packets change: who is in it now, and who may be",
		TABLE "," SET("s", "'ipv4_addr'",
			",'flags':['timeout'],'elem':['1.2.3.4']") "," CHAIN_("in", "filter",
			"input", "0", "accept") "," RULE("in", SADDR("'@s'") "," DROP),
		TCP(22, "0.0.0.0/8, 1.0.0.0/15, 1.2.0.0/23, 1.2.2.0/24 and 28 more local chosen; "
			"1.2.3.4 local may")},
	{"a set that a rule adds to",
		TABLE "," SET("s", "'ipv4_addr'", "") "," INPUT "," RULE("in",
			"{'set':{'op':'add','elem':" PAYLOAD("ip",
				"saddr") ",'set':'@s'}}") "," RULE("in", SADDR("'@s'") "," ACCEPT),
		TCP(22, "any local may")},
	{"a tuple with intervals",
		TABLE "," INPUT "," RULE("in",
			MATCH("==",
				"{'concat':[" PAYLOAD("ip", "saddr") "," PAYLOAD(
					"tcp", "dport") "]}",
				"{'set':[{'concat':[" NET("10.0.0.0",
					"8") ",{'range':[80,90]}]},"
					     "{'concat':['1.2.3.4',22]}]}") "," ACCEPT) "," RULE("i"
												 "n",
			DROP),
		TCP(85, "0.0.0.0/5, 8.0.0.0/7, 11.0.0.0/8, 12.0.0.0/6 and 4 more drop; 10.0.0.0/8 "
			"local")},
	{"a tuple, negated",
		TABLE "," INPUT "," RULE("in",
			MATCH("!=",
				"{'concat':[" PAYLOAD("ip", "saddr") "," PAYLOAD(
					"tcp", "dport") "]}",
				"{'set':[{'concat':[" NET("0.0.0.0", "1") ",80]}]}") "," ACCEPT),
		TCP(80, "0.0.0.0/1 drop; 128.0.0.0/1 local")},
	{"sources with source ports",
		TABLE "," INPUT
		      "," RULE("in", MATCH("==",
					     "{'concat':[" PAYLOAD("ip", "saddr") "," PAYLOAD(
						     "tcp", "sport") "]}",
					     "{'set':[{'concat':[" NET("0.0.0.0",
						     "1") ",80]},"
							  "{'concat':[" NET("128.0.0.0",
								  "1") ",81]}]}") "," ACCEPT),
		TCP(1, "0.0.0.0/1 from 0-79 ... drop; 0.0.0.0/1 from 80-80 local; "
		       "128.0.0.0/1 from 0-80 ... drop; 128.0.0.0/1 from 81-81 local")},
	{"a verdict map by source",
		TABLE "," INPUT "," PLAIN("c") "," RULE("c", DPORT("22") "," ACCEPT) "," MAP("m",
			"'ipv4_addr'", "verdict",
			"[" NET("0.0.0.0", "2") "," JUMP("c") "],[" NET(
				"64.0.0.0", "2") "," DROP "]") "," RULE("in",
			"{'vmap':{'key':" PAYLOAD("ip", "saddr") ",'data':'@m'}}") "," RULE("in",
			DPORT("23") "," ACCEPT),
		TCP(22, "0.0.0.0/2 local; 128.0.0.0/1 drop; 64.0.0.0/2 drop")},
	{"the rest of a map",
		TABLE "," INPUT "," RULE(
			"in", "{'vmap':{'key':" PAYLOAD("ip", "saddr") ",'data':{'set':[[" NET(
				      "0.0.0.0", "1") "," DROP "],['*'," ACCEPT "]]}}}"),
		TCP(22, "0.0.0.0/1 drop; 128.0.0.0/1 local")},
	{"interfaces by wildcard",
		TABLE "," INPUT "," RULE("in", MATCH("==", META("iifname"), "'eth*'") "," ACCEPT),
		TCP(22, "any local")},
	{"a set of interfaces",
		TABLE "," INPUT "," RULE(
			"in", MATCH("!=", META("iifname"),
				      "{'set':['lo','eth1']}") "," DROP) "," RULE("in", ACCEPT),
		TCP(22, "any local"), .interface = "eth1"},
	{"marks, set and asked",
		TABLE
		"," INPUT "," CHAIN_("pre", "filter", "prerouting", "-150", "accept") "," RULE(
			"pre", SADDR(NET("0.0.0.0", "1")) "," SETMARK("16")) "," RULE("pre",
			"{'mangle':{'key':" CT("mark") ",'value':" META("mark") "}}") "," RULE("in",
			MATCH("==", "{'&':[" CT("mark") ",240]}", "16") "," ACCEPT),
		TCP(22, "0.0.0.0/1 local; 128.0.0.0/1 drop")},
	{"a mark out of a map",
		TABLE "," INPUT
		      "," RULE("in", SETMARK("{'map':{'key':" PAYLOAD("tcp",
					     "dport") ",'data':{'set':[[22,5]]}}}")) "," RULE("in",
			      MATCH("==", META("mark"), "5") "," ACCEPT),
		TCP(22, "any local")},
	{"a mark that nobody knows",
		TABLE "," INPUT "," RULE("in", SETMARK("{'jhash':{'mod':2}}")) "," RULE(
			"in", MATCH("==", META("mark"), "5") "," ACCEPT),
		TCP(22, "any local may")},
	{"redirect",
		TABLE "," PRE "," INPUT
		      "," RULE("pre", DPORT("80") ",{'redirect':{'port':8080}}") "," RULE(
			      "in", DPORT("8080") "," ACCEPT),
		TCP(80, "any local 192.0.2.1:8080")},
	{"a published port goes through forward and not through input",
		TABLE "," PRE "," INPUT "," CHAIN_("fwd", "filter", "forward", "0",
			"drop") "," RULE("pre", DPORT("80") ",{'dnat':{'family':'ip','addr':'10.9."
							    "9.7','port':81}}") "," RULE("fwd",
			MATCH("==", META("oifname"), "'eth1'") "," DPORT("81") "," MATCH(
				"in", CT("status"), "'dnat'") "," ACCEPT),
		TCP(80, "any forward 10.9.9.7:81")},
	{"a second binding is passed over",
		TABLE "," PRE "," CHAIN_("pre2", "nat", "prerouting", "-90", "accept") "," RULE(
			"pre", DPORT("80") ",{'redirect':{'port':81}}") "," RULE("pre2",
			"{'redirect':{'port':82}}"),
		TCP(80, "any local 192.0.2.1:81")},
	{"a map of addresses and ports",
		TABLE
		"," PRE "," MAP("m", "['ipv4_addr','inet_service']", "ipv4_addr . inet_service",
			"[{'concat':['192.0.2.1',80]},{'concat':['10.9.9.7',8080]}]") "," RULE("pr"
											       "e",
			"{'dnat':{'family':'ip','addr':{'map':{'key':{'concat':[" PAYLOAD(
				"ip", "daddr") "," PAYLOAD("tcp", "dport") "]},'data':'@m'}}}}"),
		TCP(80, "any forward 10.9.9.7:8080")},
	{"a map of addresses only keeps the port",
		TABLE "," PRE
		      "," MAP("m", "'inet_service'", "ipv4_addr", "[80,'10.9.9.7']") "," RULE(
			      "pre", "{'dnat':{'family':'ip','addr':{'map':{'key':" PAYLOAD(
					     "tcp", "dport") ",'data':'@m'}}}}"),
		TCP(80, "any forward 10.9.9.7:80")},
	{"a balancer: any of its ends can come",
		TABLE "," PRE "," RULE("pre",
			"{'redirect':{'port':{'map':{'key':" NUMGEN(
				"2") ",'data':{'set':[[0,81],[1,82]]}}}}}") "," INPUT "," RULE("in",
			DPORT("82") "," ACCEPT),
		TCP(80, "any local 192.0.2.1:82 chosen")},
	{"a balancer that always lets in",
		TABLE "," INPUT
		      "," RULE("in", "{'vmap':{'key':" NUMGEN("2") ",'data':{'set':[[0," ACCEPT
								   "],[1," ACCEPT "]]}}}"),
		TCP(80, "any local")},
	{"a limit opens", TABLE "," INPUT "," RULE("in", DPORT("22") "," LIMIT "," ACCEPT),
		TCP(22, "any local chosen")},
	{"a limit that matters to nothing", TABLE "," INPUT "," RULE("in", LIMIT "," DROP),
		TCP(22, "any drop")},
	{"a ttl is the sender's",
		TABLE "," INPUT "," RULE("in", MATCH("==", PAYLOAD("ip", "ttl"), "255") "," ACCEPT),
		TCP(22, "any local chosen")},
	{"but of another family it is none",
		TABLE "," INPUT "," RULE("in", MATCH("==", PAYLOAD("ip", "ttl"), "255") "," ACCEPT),
		SIX(22, "any drop")},
	{"the flags of a first packet",
		TABLE "," INPUT "," RULE("in",
			MATCH("==", "{'&':[" PAYLOAD("tcp", "flags") ",['fin','syn','rst','ack']]}",
				"'syn'") "," ACCEPT),
		TCP(22, "any local")},
	{"the first packet has no ack",
		TABLE "," INPUT
		      "," RULE("in", MATCH("in", PAYLOAD("tcp", "flags"), "'ack'") "," ACCEPT),
		TCP(22, "any drop")},
	{"urgent or not, as the sender likes",
		TABLE "," INPUT
		      "," RULE("in", MATCH("in", PAYLOAD("tcp", "flags"), "'urg'") "," ACCEPT),
		TCP(22, "any local chosen")},
	{"an unknown condition",
		TABLE "," INPUT
		      "," RULE("in", "{'xt':{'type':'match','name':'string'}}," ACCEPT) "," RULE(
			      "in", SADDR(NET("0.0.0.0", "1")) "," ACCEPT),
		TCP(22, "0.0.0.0/1 local; 128.0.0.0/1 local may")},
	{"an unknown condition that makes no difference",
		TABLE "," INPUT "," RULE("in", "{'xt':null}," DROP) "," RULE("in", DROP),
		TCP(22, "any drop")},
	{"an unknown target may do anything",
		TABLE "," INPUT "," RULE("in", DPORT("22") ",{'xt':null}"),
		TCP(22, "any local may")},
	{"a future statement",
		TABLE "," CHAIN_("in", "filter", "input", "0", "accept") "," RULE(
			"in", "{'vanish':{'x':1}}"),
		TCP(22, "any local may")},
	{"a future condition",
		TABLE "," INPUT "," RULE("in", MATCH("==", "{'weather':'sun'}", "1") "," ACCEPT),
		TCP(22, "any local may")},
	{"a program decides", TABLE "," INPUT "," RULE("in", "{'queue':{'num':1}}"),
		TCP(22, "any local may")},
	{"flow offload does not see new connections",
		TABLE "," INPUT "," RULE("in", "{'flow':{'op':'add','flowtable':'@f'}}," ACCEPT),
		TCP(22, "any drop")},
	{"addresses that are this machine's",
		TABLE "," INPUT
		      "," RULE("in", MATCH("==", "{'fib':{'result':'type','flags':['daddr']}}",
					     "'local'") "," ACCEPT),
		TCP(22, "any local")},
	{"local, but not on this interface",
		TABLE "," INPUT "," RULE(
			"in", MATCH("==", "{'fib':{'result':'type','flags':['daddr','iif']}}",
				      "'local'") "," ACCEPT),
		TCP(22, "any drop"), .interface = "eth1"},
	{"the reverse path: certain on the link, else not known",
		TABLE "," CHAIN_("in", "filter", "input", "0", "accept") "," RULE(
			"in", MATCH("==", "{'fib':{'result':'oif','flags':['saddr','iif']}}",
				      "false") "," DROP) "," RULE("in",
			SADDR(NET("192.0.2.0", "24")) "," ACCEPT) "," RULE("in", DROP),
		TCP(22, "0.0.0.0/1, 128.0.0.0/2, 192.0.0.0/23, 192.0.3.0/24 and 20 more drop; "
			"192.0.2.0/24 local")},
	{"a reset is of tcp, though nft does not print it",
		"{'table':{'family':'ip','name':'t'}},{'chain':{'family':'ip','table':'t','name':'"
		"in',"
		"'type':'filter','hook':'input','prio':0,'policy':'accept'}},{'rule':{'family':'ip'"
		","
		"'table':'t','chain':'in','handle':1,'expr':[{'reject':{'type':'tcp reset'}}]}}",
		UDP(53, "any local")},
	{"... and of a family, which nft forgets in an inet table",
		TABLE "," INPUT
		      "," RULE("in", "{'reject':{'type':'tcp reset'}}") "," RULE("in", ACCEPT),
		TCP(53, "any local may")},
	{"ICMP of one family rejects no other",
		TABLE "," INPUT "," RULE(
			"in", "{'reject':{'type':'icmp','expr':'host-unreachable'}}") "," RULE("in",
			ACCEPT),
		SIX(53, "any local")},
	{"no mark can be taken before there is a connection",
		TABLE "," CHAIN_("raw", "filter", "prerouting", "-300", "accept") "," RULE(
			"raw", SETMARK(CT("mark")) "," DROP),
		TCP(22, "any local")},
	{"bits of a source port",
		TABLE "," INPUT
		      "," RULE("in", MATCH("==", "{'&':[" PAYLOAD("tcp", "sport") ",65280]}",
					     "1024") "," ACCEPT),
		TCP(22, "any from 0-1023 ... drop; any from 1024-1279 local")},
	{"without connections nat chains may see nothing",
		TABLE "," PRE "," RULE("pre", SADDR(NET("0.0.0.0", "1")) "," DROP),
		TCP(22, "0.0.0.0/1 local may; 128.0.0.0/1 local")},
	{"with them they do",
		TABLE "," PRE
		      "," RULE("pre", SADDR(NET("0.0.0.0", "1")) "," DROP) "," INPUT "," RULE(
			      "in", MATCH("in", CT("state"), "'new'") "," ACCEPT),
		TCP(22, "0.0.0.0/1 drop; 128.0.0.0/1 local")},
	{"nothing has translated what leaves",
		TABLE "," CHAIN_("out", "filter", "output", "0", "accept") "," RULE(
			"out", MATCH("in", CT("status"), "'dnat'") "," DROP),
		TCP(443, "any sent"), .out = true},
	{"the route back to this machine is lo",
		TABLE "," CHAIN_("in", "filter", "prerouting", "0", "accept") "," RULE(
			"in", MATCH("==", "{'fib':{'result':'oif','flags':['saddr','iif']}}",
				      "true") "," DROP) "," RULE("in",
			SADDR(NET("192.0.2.0", "31")) "," ACCEPT) "," RULE("in", "{'reject':null}"),
		"192.0.2.1", IPPROTO_TCP, 22,
		"0.0.0.0/5, 8.0.0.0/7, 10.0.0.0/13, 10.8.0.0/16 and 62 more reject; "
		"10.9.9.1, 127.0.0.0/8, 192.0.2.1 drop; 192.0.2.0 local",
		.interface = "lo"},
	{"ping",
		TABLE "," INPUT "," RULE(
			"in", MATCH("==", PAYLOAD("icmp", "type"), "'echo-request'") "," ACCEPT),
		"192.0.2.1", IPPROTO_ICMP, 0, "any local", .icmp_type = 8},
	{"another type",
		TABLE "," INPUT "," RULE(
			"in", MATCH("==", PAYLOAD("icmp", "type"), "'echo-request'") "," ACCEPT),
		"192.0.2.1", IPPROTO_ICMP, 0, "any drop", .icmp_type = 3},
	{"bits of a source",
		TABLE "," INPUT "," RULE(
			"in", MATCH("==", "{'&':[" PAYLOAD("ip", "saddr") ",'255.255.0.255']}",
				      "'10.1.0.9'") "," ACCEPT) "," RULE("in",
			SADDR("'10.1.77.9'") "," DROP) "," RULE("in",
			SADDR(NET("10.1.4.8", "31")) "," ACCEPT) "," RULE("in",
			SADDR(NET("0.0.0.0", "0")) ",{'reject':null}"),
		TCP(22, "0.0.0.0/5, 8.0.0.0/7, 10.0.0.0/16, 10.1.0.0/29 and 2059 more reject; "
			"10.1.0.9, 10.1.1.9, 10.1.2.9, 10.1.3.9 and 252 more local; 10.1.4.8 "
			"local")},
	{"127.0.0.0/8 is not taken from outside",
		TABLE "," PRE "," RULE("pre", "{'dnat':{'family':'ip','addr':'127.0.0.1'}}"),
		TCP(22, "any drop")},
	{"loopback", TABLE "," INPUT "," RULE("in", MATCH("==", META("iif"), "'lo'") "," ACCEPT),
		"127.0.0.1", IPPROTO_TCP, 25, "any local", .interface = "lo"},
	{"loopback passes through output as well",
		TABLE "," CHAIN_("out", "filter", "output", "0", "drop"), "127.0.0.1", IPPROTO_TCP,
		25, "any drop", .interface = "lo"},
	{"out",
		TABLE "," CHAIN_("out", "filter", "output", "0", "drop") "," RULE(
			"out", MATCH("==", PAYLOAD("ip", "daddr"), NET("0.0.0.0", "1")) "," DPORT(
				       "443") "," ACCEPT),
		TCP(443, "0.0.0.0/1 sent; 128.0.0.0/1 drop"), .out = true},
	{"a hook with an unknown device",
		"{'table':{'family':'netdev','name':'n'}},{'chain':{'family':'netdev','table':'n','"
		"name':'i',"
		"'type':'filter','hook':'ingress','prio':0,'policy':'accept'}},{'rule':{'family':'"
		"netdev',"
		"'table':'n','chain':'i','handle':3,'expr':[" SADDR(NET("0.0.0.0", "1")) "," DROP
											 "]}}",
		TCP(22, "0.0.0.0/1 local may; 128.0.0.0/1 local")},
	{"a hook of another device",
		"{'chain':{'family':'netdev','table':'n','name':'i','dev':['eth1','eth2'],"
		"'type':'filter','hook':'ingress','prio':0,'policy':'drop'}}",
		TCP(22, "any local")},
	{"a hook of this device",
		"{'chain':{'family':'netdev','table':'n','name':'i','dev':'eth0',"
		"'type':'filter','hook':'ingress','prio':0,'policy':'drop'}}",
		TCP(22, "any drop")},
};

static void test_vectors(_unused_ void **unused)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *v = &vectors[i];
		_cleanup_(arena_freep) struct arena *a = arena_new();
		_cleanup_(ruleset_freep) struct ruleset *rs = test_rules(v->objects);
		struct flow_query q;

		test_query(&q, v->address, v->proto, v->port);
		q.icmp_type = v->icmp_type;
		q.state = v->state;
		q.out = v->out;
		q.interface = v->interface ? v->interface : "eth0";
		const char *found = test_ask(a, rs, &q);
		if (strcmp(found, v->expected) == 0)
			continue;
		(void)fprintf(
			stderr, "%s:\n  expected %s\n  found    %s\n", v->name, v->expected, found);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* The answer for a class is the answer for each port and address in it. */
static void test_cache(_unused_ void **unused)
{
	static const char *const addresses[] = {"192.0.2.1", "192.0.2.9", "10.9.9.1", "127.0.0.1",
		"224.0.0.5", "192.0.2.255", "2001:db8::1", "fe80::1"};
	size_t asked = 0, classes = 0;

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_(ruleset_freep) struct ruleset *rs = test_rules(vectors[i].objects);
		_cleanup_(flow_cache_freep) struct flow_cache *c = flow_cache_new(rs, &test_host);
		assert_non_null(c);
		for (unsigned k = 0; k < 8 * 40; k++) {
			_cleanup_(arena_freep) struct arena *a = arena_new();
			const struct flow_answer *found;
			struct flow_query q;
			test_query(&q, addresses[k % 8], k % 3 ? IPPROTO_TCP : IPPROTO_UDP,
				(uint16_t)(k % 2 ? k / 8 + 60 : k / 8 * 500));
			assert_int_equal(flow_cache_ask(c, &q, &found), 0);
			assert_string_equal(test_answer_text(a, found, &q), test_ask(a, rs, &q));
			asked++;
		}
		classes += flow_cache_walks(c);
	}
	assert_true(classes * 3 < asked);
}

/* Every allocation failing in turn: -ENOMEM, nothing leaked, nothing half done. */
static void test_alloc(_unused_ void **unused)
{
	static const char *const names[] = {"a tuple, negated", "sources with source ports",
		"a verdict map by source",
		"a published port goes through forward and not through input",
		"a set that packets change: who is in it now, and who may be",
		"a balancer: any of its ends can come", "an unknown target may do anything",
		"bits of a source", "the reverse path: certain on the link, else not known"};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *v = &vectors[i];
		bool wanted = false;
		for (size_t k = 0; k < ARRAY_SIZE(names); k++)
			wanted = wanted || strcmp(names[k], v->name) == 0;
		if (!wanted)
			continue;
		_cleanup_(ruleset_freep) struct ruleset *rs = test_rules(v->objects);
		struct flow_query q;
		test_query(&q, v->address, v->proto, v->port);
		for (unsigned at = 1;; at++) {
			_cleanup_(arena_freep) struct arena *a = arena_new();
			_cleanup_flow_answer_ struct flow_answer found = {0};
			alloc_count = 0;
			alloc_fail_at = at;
			int r = flow_ask(rs, &test_host, &q, &found);
			unsigned seen = alloc_count;
			alloc_fail_at = 0;
			if (seen >= at) {
				assert_int_equal(r, -ENOMEM);
				continue;
			}
			assert_int_equal(r, 0);
			assert_string_equal(test_answer_text(a, &found, &q), v->expected);
			break;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_alloc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
