/* SPDX-License-Identifier: ISC */
/* Where logs go: configurations in a private root, what is read of them, and the verdicts. */
#include "log-vectors.h"

#include <fcntl.h>

#include "alloc-fail.h"
#include "fact/log-files-load.h"
#include "fact/systemd-conf.h"

#define RELP  "module(load=\"omrelp\")\n"
#define OMFWD "action(type=\"omfwd\" target=\"logs.example\" port=\"6514\" protocol=\"tcp\" "
#define TLS   "StreamDriver=\"gtls\" StreamDriverMode=\"1\" "
#define GOOD  LOCAL "*.* " OMFWD TLS "StreamDriverAuthMode=\"x509/name\")\n"

static const struct vector vectors[] = {
	{"nothing", CONF(NULL), FAIL, NA, "nothing sends logs", NULL},
	{"local files", CONF(LOCAL "*.* /var/log/syslog\n"), FAIL, NA, "nothing sends logs", NULL},
	{"TLS with the name", CONF(GOOD), PASS, PASS, "rsyslog to tls logs.example:6514", NULL},
	{"udp", CONF(LOCAL "*.* @logs.example\n"), PASS, FAIL, "not encrypted (plain UDP)", NULL},
	{"tcp", CONF(LOCAL "*.*\t@@(o)[2001:db8::1]:10514;RSYSLOG_ForwardFormat # x\n"), PASS, FAIL,
		"not encrypted (plain TCP)", NULL},
	{"a VPN", CONF(LOCAL "*.* @10.8.0.1\n"), PASS, PASS, "verified receivers",
		"[log-remote-secure]\nvpn_networks = 192.0.2.0/24 10.8.0.0/16\n"},
	{"no VPN", CONF(LOCAL "*.* @10.9.0.1\n"), PASS, FAIL, "plain UDP",
		"[log-remote-secure]\nvpn_networks = 10.8.0.0/16\n"},
	{"legacy TLS",
		CONF("$ModLoad imuxsock\n$DefaultNetstreamDriver gtls\n$ActionSendStreamDriverMode "
		     "1\n"
		     "$ActionSendStreamDriverAuthMode x509/name\n*.* @@logs.example:6514\n"),
		PASS, PASS, NULL, NULL},
	{"legacy TLS, anon, set too late",
		CONF(LOCAL "$DefaultNetstreamDriver gtls\n$ActionSendStreamDriverMode 1\n"
			   "$ActionSendStreamDriverAuthMode anon\n*.* @@a.example\n"
			   "$ActionSendStreamDriverAuthMode x509/name\n"),
		PASS, FAIL, "StreamDriverAuthMode=anon", NULL},
	{"anon", CONF(LOCAL OMFWD TLS "StreamDriverAuthMode=\"anon\")"), PASS, FAIL,
		"whoever answers", NULL},
	{"certvalid", CONF(LOCAL OMFWD TLS "StreamDriverAuthMode=\"x509/certvalid\")"), PASS, FAIL,
		"certificate of the authority", NULL},
	{"TLS driver without its mode", CONF(LOCAL OMFWD "StreamDriver=\"gtls\")"), PASS, FAIL,
		"StreamDriverMode is 0", NULL},
	{"mode without a TLS driver", CONF(LOCAL OMFWD "StreamDriverMode=\"1\")"), FAIL, NA,
		"\"ptcp\" has no such mode", NULL},
	{"driver of global()",
		CONF(LOCAL "global(DefaultNetstreamDriver=\"ossl\")" OMFWD
			   "StreamDriverMode=\"1\" StreamDriverAuthMode=\"x509/fingerprint\" "
			   "StreamDriverPermittedPeers=\"SHA256:x\")"),
		PASS, PASS, NULL, NULL},
	{"relp", CONF(LOCAL RELP "action(type=\"omrelp\" target=\"r\" port=\"20514\")"), PASS, FAIL,
		"tls is off", NULL},
	{"relp with tls",
		CONF(LOCAL RELP "action(type=\"omrelp\" target=\"r\" port=\"1\" tls=\"on\" "
				"tls.authMode=\"name\" tls.permittedPeer=[\"a\",\"b\"])"),
		PASS, PASS, NULL, NULL},
	{"relp, no authMode", CONF(LOCAL RELP "action(type=\"omrelp\" target=\"r\" tls=\"on\")"),
		PASS, FAIL, "tls.authMode is not set", NULL},
	{"legacy relp", CONF(LOCAL RELP "*.* :omrelp:r.example:2514;RSYSLOG_ForwardFormat\n"), PASS,
		FAIL, "not encrypted", NULL},
	{"another sender",
		CONF(LOCAL "module(load=\"omkafka\")action(type=\"omkafka\" broker=[\"k:9092\"])"),
		PASS, UNK, "cannot be told", NULL},
	{"https", CONF(LOCAL "module(load=\"omhttp\")action(type=\"omhttp\" server=\"h\")"), PASS,
		PASS, NULL, NULL},
	{"elasticsearch",
		CONF(LOCAL "module(load=\"omelasticsearch\")action(type=\"omelasticsearch\" "
			   "server=\"h\")"),
		PASS, FAIL, "usehttps is off", NULL},
	{"loopback", CONF(LOCAL "*.* @@127.0.0.1:5140\n"), UNK, INFO, "this machine itself", NULL},
#define OWN(host) LOCAL "*.* @@" host "\n"
	{"loopback, short", CONF(OWN("127.1")), UNK, INFO, "this machine itself", NULL},
	{"loopback, a number", CONF(OWN("2130706433:514")), UNK, INFO, "this machine itself", NULL},
	{"loopback, hexadecimal", CONF(OWN("0x7f000001")), UNK, INFO, NULL, NULL},
	{"loopback in IPv6", CONF(OWN("[::ffff:127.0.0.1]:514")), UNK, INFO, NULL, NULL},
	{"any address", CONF(OWN("0.0.0.0")), UNK, INFO, NULL, NULL},
	{"its own name", OWN("vm7"), "/etc/hostname", "vm7\n", UNK, INFO, NULL, NULL},
	{"its own name by hosts", OWN("VM7.example"), "/etc/hosts",
		"127.0.0.1 localhost\n127.0.1.1\tvm7.example vm7 # x\n", UNK, INFO, NULL, NULL},
	{"another of hosts", OWN("logs"), "/etc/hosts", "127.0.0.1 vm7\n192.0.2.1 logs\n", PASS,
		FAIL, NULL, NULL},
	{"commented out", OWN("logs"), "/etc/hosts", "127.0.0.1 vm7 # logs\n", PASS, FAIL, NULL,
		NULL},
	{"anyone of the authority", CONF(LOCAL OMFWD TLS "StreamDriverPermittedPeers=\"*\")"), PASS,
		FAIL, "StreamDriverPermittedPeers=*", NULL},
	{"anyone among others", CONF(LOCAL OMFWD TLS "StreamDriverPermittedPeers=[\"a\",\"*.*\"])"),
		PASS, FAIL, "StreamDriverPermittedPeers=a,*.*", NULL},
	{"a name with a wildcard",
		CONF(LOCAL OMFWD TLS "StreamDriverPermittedPeers=\"*.logs.example\")"), PASS, PASS,
		NULL, NULL},
	{"relp to anyone of the authority",
		CONF(LOCAL RELP "action(type=\"omrelp\" target=\"r\" tls=\"on\" "
				"tls.authMode=\"name\" tls.permittedPeer=\"*\")"),
		PASS, FAIL, "tls.permittedPeer=*", NULL},
	{"an empty template",
		CONF(LOCAL "template(name=\"e\" type=\"string\" string=\"\")\n" OMFWD
			   "template=\"e\")"),
		FAIL, NA, "takes nothing from the message", NULL},
	{"a legacy template without the message",
		CONF(LOCAL "$template e,\"x \\\" y\"\n*.* @h;e\n"), FAIL, NA, "its template \"e\"",
		NULL},
	{"a list without a property",
		CONF(LOCAL "template(name=\"e\" type=\"list\") { constant(value=\"x\") }\n" OMFWD
			   "template=\"e\")"),
		FAIL, NA, "its template \"e\"", NULL},
	{"a template that is not there", CONF(LOCAL "*.* @@h:514;RSYSLOG_SyslogProtocol23Fromat\n"),
		FAIL, NA, "no template \"RSYSLOG_SyslogProtocol23Fromat\" is defined", NULL},
	{"a template that is not there, in RainerScript", CONF(LOCAL OMFWD "template=\"nowhere\")"),
		FAIL, NA, "no template \"nowhere\" is defined", NULL},
	{"a template behind its use", CONF(LOCAL "*.* @h;f\n$template f,\"%msg%\"\n"), FAIL, NA,
		"no template \"f\" is defined before it", NULL},
	{"a template that is off",
		CONF(LOCAL "template(name=\"f\" type=\"string\" string=\"%msg%\" "
			   "config.enabled=\"off\")\n*.* @h;f\n"),
		FAIL, NA, "no template \"f\" is defined", NULL},
	{"a template that may be in what is not read",
		CONF(LOCAL "include(file=\"/etc/none.conf\")\n*.* @h;f\n"), UNK, FAIL,
		"a file that is not there", NULL},
	{"templates that are there",
		CONF(LOCAL "$template f,\"%msg%\"\ntemplate(name=\"g\" type=\"subtree\" "
			   "subtree=\"$!\")\n*.* @h; f # x\n*.* @i;RSYSLOG_ForwardFormat\n" OMFWD
			   "template=\"g\")"),
		PASS, FAIL, "plain UDP", NULL},
	{"a module that is not loaded", CONF(LOCAL "*.* :omrelp:l.example:2514\n"), FAIL, NA,
		"its module omrelp is not loaded", NULL},
	{"a module that is loaded by its path",
		CONF(LOCAL "$ModLoad /usr/lib/rsyslog/omrelp.so\n*.* :omrelp:l.example:2514\n"),
		PASS, FAIL, "not encrypted", NULL},
	{"templates of something",
		CONF(LOCAL "template(name=\"e\" type=\"list\") { property(name=\"msg\") }\n"
			   "$template f,\"%msg%\"\n*.* @h;f\n" OMFWD "template=\"e\")"),
		PASS, FAIL, NULL, NULL},
	{"few messages by the action",
		CONF(LOCAL OMFWD "RateLimit.Interval=\"60\" RateLimit.Burst=\"1\")"), UNK, FAIL,
		"depends on more", NULL},
	{"few messages by the socket",
		CONF("module(load=\"imuxsock\" SysSock.RateLimit.Interval=\"60\" "
		     "SysSock.RateLimit.Burst=\"1\")\n*.* @h\n"),
		UNK, FAIL, NULL, NULL},
	{"few messages, legacy",
		CONF(LOCAL "$SystemLogRateLimitInterval 60\n$SystemLogRateLimitBurst 1\n*.* @h\n"),
		UNK, FAIL, NULL, NULL},
	{"few messages by the journal",
		CONF("module(load=\"imjournal\" Ratelimit.Burst=\"1\")\n*.* @h\n"), UNK, FAIL, NULL,
		NULL},
	{"no limit after all",
		CONF("module(load=\"imuxsock\" SysSock.RateLimit.Interval=\"0\" "
		     "SysSock.RateLimit.Burst=\"1\")\n*.* @h\n"),
		PASS, FAIL, NULL, NULL},
	{"not logins", CONF(LOCAL "*.*;auth,authpriv.none @@10.0.0.1\n"), FAIL, FAIL,
		"logins and privileges (auth) are not sent", NULL},
	{"two make a whole",
		CONF(LOCAL "auth,authpriv.* @10.0.0.1\n*.*;auth,authpriv.none @10.0.0.2\n"), PASS,
		FAIL, NULL, NULL},
	{"errors only", CONF(LOCAL "*.err @10.0.0.1\n"), FAIL, FAIL, "are not sent", NULL},
	{"by program", CONF(LOCAL "if $programname == 'sshd' then @10.0.0.1\n"), UNK, FAIL,
		"depends on more", NULL},
	{"behind a stop", CONF(LOCAL "*.* /var/log/syslog\n& stop\n*.* @10.0.0.1\n"), FAIL, NA,
		"no message of this machine", NULL},
	{"behind cloud-init's stop",
		CONF(LOCAL ":syslogtag, isequal, \"[CLOUDINIT]\" /var/log/cloud-init.log\n& stop\n"
			   "*.* @10.0.0.1\n"),
		PASS, FAIL, NULL, NULL},
	{"behind a stop of noise",
		CONF(LOCAL "if ($programname == 'snmpd' and $msg contains 'quack') then stop\n"
			   "*.* @10.0.0.1\n"),
		PASS, FAIL, NULL, NULL},
	{"behind a stop of logins",
		CONF(LOCAL "if $programname == 'sshd' then stop\n*.* @10.0.0.1\n"), UNK, FAIL, NULL,
		NULL},
	{"behind a stop of all but one",
		CONF(LOCAL "if not ($programname == 'snmpd') then stop\n*.* @10.0.0.1\n"), UNK,
		FAIL, NULL, NULL},
	{"behind a filtered stop", CONF(LOCAL ":programname, isequal, \"x\" ~\n*.* @10.0.0.1\n"),
		UNK, FAIL, NULL, NULL},
	{"for what comes from outside",
		CONF(LOCAL "if $fromhost-ip != '127.0.0.1' then { *.* /x\nstop }\n*.* @10.0.0.1\n"),
		PASS, FAIL, NULL, NULL},
	{"a ruleset that nobody calls", CONF(LOCAL "ruleset(name=\"r\") {" OMFWD ")}"), FAIL, NA,
		"its ruleset is not called", NULL},
	{"a ruleset that is called", CONF(LOCAL "ruleset(name=\"R\") {" OMFWD ")} call r"), PASS,
		FAIL, NULL, NULL},
	{"no socket", CONF("*.* @10.0.0.1\n"), FAIL, NA, "no message of this machine", NULL},
	{"the socket switched off",
		CONF("module(load=\"imuxsock\" SysSock.Use=\"off\")\n*.* @10.0.0.1\n"), FAIL, NA,
		NULL, NULL},
	{"imjournal", CONF("module(load=\"imjournal\")\n*.* @10.0.0.1\n"), PASS, FAIL, NULL, NULL},
	{"failover only", CONF(LOCAL "$ActionExecOnlyWhenPreviousIsSuspended on\n*.* @10.0.0.1\n"),
		UNK, FAIL, NULL, NULL},
	{"disabled", CONF(LOCAL OMFWD "config.enabled=\"off\")"), FAIL, NA, "nothing sends", NULL},
	{"included", LOCAL "$IncludeConfig /etc/rsyslog.d/*.conf\n", "/etc/rsyslog.d/f.conf",
		"*.* @10.0.0.1\n", PASS, FAIL, NULL, NULL},
	{"included as object", LOCAL "include(file=\"/etc/rsyslog.d/\")\n", "/etc/rsyslog.d/f.conf",
		"*.* @10.0.0.1\n", PASS, FAIL, NULL, NULL},
	{"not included: its name", LOCAL "$IncludeConfig /etc/rsyslog.d/*.conf\n",
		"/etc/rsyslog.d/f.conf.off", "*.* @10.0.0.1\n", FAIL, NA, NULL, NULL},
	{"a missing include", CONF(LOCAL "$IncludeConfig /etc/none.conf\n"), UNK, UNK, "not there",
		NULL},
	{"a syntax error before it", CONF(LOCAL "if $x = then\n*.* @10.0.0.1\n"), UNK, UNK, NULL,
		NULL},
	{"a syntax error behind it", CONF(GOOD "action(\n"), PASS, UNK, NULL, NULL},
	{"continued lines", CONF(LOCAL "*.* \\\n   @10.0.0.1\n"), PASS, FAIL, NULL, NULL},
	{"in comments", CONF(LOCAL "/* *.* @10.0.0.1\n*/\n# *.* @10.0.0.1\n"), FAIL, NA, NULL,
		NULL},
	{"journal-upload",
		FILE("/etc/systemd/journal-upload.conf", "[Upload]\nURL=https://j.example\n"), PASS,
		PASS, "https j.example:19532", NULL},
	{"journal-upload by a drop-in",
		FILE("/etc/systemd/journal-upload.conf.d/a.conf",
			"[Upload]\nURL = http://j:80/x\n"),
		PASS, FAIL, "not encrypted (http)", NULL},
	{"journal-upload, trusting all",
		FILE("/etc/systemd/journal-upload.conf",
			"[Upload]\nURL=j\nTrustedCertificateFile=all\n"),
		PASS, FAIL, "TrustedCertificateFile=all", NULL},
	{"journal-upload, not set",
		FILE("/etc/systemd/journal-upload.conf", "[Upload]\n# URL=https://j\nURL=\n"), FAIL,
		NA, NULL, NULL},
#define SNG	 "/etc/syslog-ng/syslog-ng.conf"
#define SNG_TOP	 "@version: 3.38\n@include \"scl.conf\"\nsource s { system(); internal(); };\n"
#define SNG_PATH "log { source(s); destination(d); };\n"
	{"syslog-ng, TLS",
		FILE(SNG,
			SNG_TOP "destination d { network(\"h\" port(6514) transport(\"tls\")\n"
				"tls(ca-file(\"/x\") peer-verify(required-trusted))); };" SNG_PATH),
		PASS, PASS, "syslog-ng to tls h:6514", NULL},
	{"syslog-ng, TLS unverified",
		FILE(SNG, SNG_TOP "destination d { syslog(\"h\" transport('tls') "
				  "tls(peer_verify(optional-untrusted))); };" SNG_PATH),
		PASS, FAIL, "no authority vouches", NULL},
	{"syslog-ng, udp", FILE(SNG, SNG_TOP "destination d { udp(\"10.0.0.1\"); };" SNG_PATH),
		PASS, FAIL, "plain UDP", NULL},
	{"syslog-ng, no path to it", FILE(SNG, SNG_TOP "destination d { tcp(\"h\"); };"), FAIL, NA,
		"nothing sends logs", NULL},
	{"syslog-ng, in a comment",
		FILE(SNG, SNG_TOP "#destination d { tcp(\"h\"); };\n#" SNG_PATH), FAIL, NA, NULL,
		NULL},
	{"syslog-ng, without logins",
		FILE(SNG, SNG_TOP "destination d { tcp(\"h\"); }; filter f { not facility(auth, "
				  "authpriv); };\nlog { source(s); filter(f); destination(d); };"),
		FAIL, FAIL, "(auth) are not sent", NULL},
	{"syslog-ng, filters that leave enough",
		FILE(SNG, SNG_TOP "log { source(s); filter { level(info..emerg) and not "
				  "(facility(mail) or facility(news)); }; destination { "
				  "tcp(\"h\"); }; };"),
		PASS, FAIL, NULL, NULL},
	{"syslog-ng, by program",
		FILE(SNG, SNG_TOP "log { source(s); filter { program(\"sshd\"); }; destination { "
				  "tcp(\"h\"); }; };"),
		UNK, FAIL, "depends on more", NULL},
	{"syslog-ng, behind a final path",
		FILE(SNG, SNG_TOP "destination d { tcp(\"h\"); }; log { source(s); destination { "
				  "file(\"/x\"); }; flags(final); };" SNG_PATH),
		FAIL, NA, "no message of this machine", NULL},
	{"syslog-ng, fallback",
		FILE(SNG, SNG_TOP "log { source(s); filter { facility(mail); }; destination { "
				  "file(\"/x\"); }; };"
				  "log { source(s); destination { tcp(\"h\"); }; "
				  "flags(fallback); };"),
		PASS, FAIL, NULL, NULL},
	{"syslog-ng, from the network only",
		FILE(SNG, SNG_TOP "source n { network(); }; destination d { tcp(\"h\"); };\n"
				  "log { source(n); destination(d); };"),
		FAIL, NA, NULL, NULL},
	{"syslog-ng, a block of its own",
		FILE(SNG,
			SNG_TOP "block destination mine() { tcp(\"h\"); }; destination d { mine(); "
				"};" SNG_PATH),
		PASS, FAIL, "syslog-ng to tcp h:514", NULL},
	{"syslog-ng, a block with a parameter",
		FILE(SNG, SNG_TOP "block destination mine(host(\"x\")) { tcp(\"`host`\"); }; "
				  "destination d { mine(); };" SNG_PATH),
		UNK, UNK, "where \"mine\" sends is not known", NULL},
	{"syslog-ng, a block of another kind",
		FILE(SNG, SNG_TOP
			"block source mine() { tcp(\"h\"); }; destination d { mine(); };" SNG_PATH),
		UNK, UNK, "where \"mine\" sends is not known", NULL},
	{"syslog-ng, a block in itself",
		FILE(SNG, SNG_TOP "block destination mine() { mine(); mine(); }; destination d { "
				  "mine(); };" SNG_PATH),
		UNK, UNK, "where \"mine\" sends is not known", NULL},
	{"syslog-ng, cut short", FILE(SNG, SNG_TOP "destination d { tcp(\"h\""), UNK, UNK,
		"has no end", NULL},
	{"syslog-ng, http",
		FILE(SNG, SNG_TOP "destination d { http(url(\"https://h/\")); };" SNG_PATH), PASS,
		UNK, "cannot be told", NULL},
	{"journald keeps it to itself", GOOD, "/etc/systemd/journald.conf",
		"[Journal]\nForwardToSyslog=no\n", FAIL, NA, "ForwardToSyslog=no", NULL},
	{"the journal is read", "module(load=\"imjournal\")\n" GOOD, "/etc/systemd/journald.conf",
		"[Journal]\nForwardToSyslog=no\n", PASS, PASS, NULL, NULL},
	{"netlogd", FILE("/etc/systemd/netlogd.conf", "[Network]\nAddress=192.0.2.1:514\n"), PASS,
		FAIL, "udp 192.0.2.1:514", NULL},
	{"netlogd with TLS",
		FILE("/etc/systemd/netlogd.conf",
			"[Network]\nAddress=192.0.2.1:6514\nProtocol=tls\n"),
		PASS, FAIL, "checks no name", NULL},
};

static void test_vectors(void **state)
{
	judge_all(vectors, ARRAY_SIZE(vectors));
}

static void test_unreadable(void **state)
{
	static const struct vector v = {
		"a FIFO", NULL, NULL, NULL, ERR, ERR, "FIFO, device or socket", NULL};
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	test_write(&t, "/etc/x", "");
	assert_int_equal(mkfifo(test_path(&t, "/etc/rsyslog.conf"), 0644), 0);
	assert_int_equal(collect(&t, &facts), 0);
	judge(&v, &facts);
	assert_true(fact_is_unseen(facts.v[FACT_LOGGING], "log forwarding rsyslog udp x:514"));
	factset_fini(&facts);
	test_root_fini(&t);
}

static void test_service(void **state)
{
	static const struct vector stopped = {"not started", NULL, NULL, NULL, FAIL, NA,
		"rsyslog.service is not started at boot", NULL};
	static const struct vector openrc = {
		"another init", NULL, NULL, NULL, UNK, PASS, "not systemd", NULL};
	static const struct vector none = {
		"no units", NULL, NULL, NULL, UNK, PASS, "no units are known", NULL};
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	test_write(&t, "/etc/rsyslog.conf", GOOD);
	assert_int_equal(collect(&t, &facts), 0);
	put_units(&facts, false, "systemd");
	judge(&stopped, &facts);
	test_write(&t, "/etc/filebeat/filebeat.yml", "x\n");
	assert_int_equal(collect(&t, &facts), 0);
	judge(&stopped, &facts);
	assert_int_equal(remove(test_path(&t, "/etc/filebeat/filebeat.yml")), 0);
	assert_int_equal(collect(&t, &facts), 0);
	put_units(&facts, true, "openrc");
	judge(&openrc, &facts);
	fact_free(facts.v[FACT_UNITS]);
	facts.v[FACT_UNITS] = NULL;
	judge(&none, &facts);
	factset_fini(&facts);
	test_root_fini(&t);
}

static void test_items(void **state)
{
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	test_write(&t, "/etc/rsyslog.conf", GOOD "*.err @[2001:db8::1]:514\n");
	assert_int_equal(collect(&t, &facts), 0);
	const struct fact *f = facts.v[FACT_LOGGING];
	assert_int_equal(f->n_items, 2);
	assert_string_equal(f->items[0].subject, "log forwarding rsyslog tls logs.example:6514");
	assert_string_equal(
		f->items[0].value, "encrypted, the receiver verified, the system's messages");
	assert_int_equal(f->items[0].line, 2);
	assert_string_equal(f->items[1].subject, "log forwarding rsyslog udp [2001:db8::1]:514");
	assert_string_equal(f->items[1].value, "not encrypted, some messages");
	factset_fini(&facts);
	test_root_fini(&t);
}

static void test_selectors(void **state)
{
	static const struct {
		const char *text;
		unsigned kern, mail, auth; /* masks */
		int result;
	} rows[] = {
		{"*.*", 0xff, 0xff, 0xff, 0},
		{"*.info;mail.none", 0x7f, 0, 0x7f, 0},
		{"*.=info;mail.!err", 0x40, 0x40, 0x40, 0},
		{"kern.*;*.!warn", 0xe0, 0, 0, 0},
		{"kern,auth.crit", 0x07, 0, 0x07, 0},
		{"MAIL.Panic", 0, 1, 0, 0},
		{"*.*;auth.!=notice", 0xff, 0xff, 0xdf, 0},
		{"kern.*;nosuch.err;mail.*", 0xff, 0, 0, -EINVAL},
		{"kern.*;mail.nosuch", 0xff, 0, 0, -EINVAL},
		{"", 0, 0, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct log_pri p;
		assert_int_equal(log_pri_parse(rows[i].text, &p), rows[i].result);
		assert_int_equal(p.sure[0], rows[i].kern);
		assert_int_equal(p.sure[2], rows[i].mail);
		assert_int_equal(p.maybe[4], rows[i].auth);
	}
}

static void test_dropins(void **state)
{
	struct systemd_conf conf;
	struct arena *a = arena_new();
	struct test_root t;

	test_root_init(&t);
	test_write(&t, "/etc/systemd/journald.conf", "[Journal]\nA=1\n;A=2\nB=x \\\n  y\nC=1\n");
	test_write(&t, "/usr/lib/systemd/journald.conf", "[Journal]\nA=no\n");
	test_write(&t, "/usr/lib/systemd/journald.conf.d/10.conf", "[Journal]\nA=10\nD=1\n");
	test_write(&t, "/usr/lib/systemd/journald.conf.d/50.conf", "[Journal]\nD=50\n");
	test_write(&t, "/etc/systemd/journald.conf.d/10.conf", "[Journal]\nA = 11\nC=\n");
	test_write(&t, "/run/systemd/journald.conf.d/20.conf.bak", "[Journal]\nA=20\n");
	assert_int_equal(systemd_conf_read(a, &t.root, "journald", &conf), 0);
	const struct systemd_setting *s = systemd_conf_get(&conf, "Journal", "A");
	assert_string_equal(s->value, "11");
	assert_string_equal(s->path, "/etc/systemd/journald.conf.d/10.conf");
	assert_int_equal(s->line, 2);
	assert_string_equal(systemd_conf_get(&conf, "Journal", "B")->value, "x  y");
	assert_null(systemd_conf_get(&conf, "Journal", "C"));
	assert_string_equal(systemd_conf_get(&conf, "Journal", "D")->value, "50");
	assert_null(systemd_conf_get(&conf, "Upload", "A"));
	arena_free(a);
	test_root_fini(&t);
}

/* A text is as long as is said, whatever stands in it. */
static void test_loaded_nul(void **state)
{
	static const char text[] = "module(load=\"x\")\n\0*.* @10.0.0.1\n";
	struct arena *a = arena_new();
	struct rsyslog_text *v;
	struct test_root t;
	size_t n;

	test_root_init(&t);
	test_write(&t, "/etc/x.conf", "");
	struct log_files_load load = {.root = &t.root, .a = a};
	int fd = open(test_path(&t, "/etc/x.conf"), O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
	close(fd);
	assert_int_equal(log_files_load(&load, "/etc/x.conf", &v, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(v->size, sizeof(text));
	assert_memory_equal(v->text, text, sizeof(text));
	test_root_fini(&t);
	arena_free(a);
}

static int collect_once(void *t)
{
	struct factset facts = {0};
	int r = collect(t, &facts);

	factset_fini(&facts);
	return r;
}

static void test_alloc(void **state)
{
	struct test_root t;

	test_root_init(&t);
	test_write(&t, "/etc/rsyslog.conf",
		GOOD "$DefaultNetstreamDriver gtls\n$ActionSendStreamDriverPermittedPeer a\n"
		     "if $x == ['a','b'] and not prifilt(\"*.err\") then { @@h:1\n stop } else "
		     "call r\n"
		     "ruleset(name=\"r\") { :msg, contains, \"x\" /var/log/x\n& @y }\n"
		     "$IncludeConfig /etc/rsyslog.d/*.conf\n");
	test_write(&t, "/etc/rsyslog.d/a.conf", "*.* :omrelp:h:1\nfoo(\n");
	test_write(&t, "/etc/systemd/journal-upload.conf", "[Upload]\nURL=https://j\n");
	test_write(&t, SNG,
		SNG_TOP
		"@include \"a.conf\"\ndestination d { tcp('h'); file(\"/x\"); mine(); };" SNG_PATH);
	test_write(&t, "/etc/syslog-ng/a.conf", "filter f { not facility(auth); };\n");
	alloc_each(collect_once, &t, 5);
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_selectors),
		cmocka_unit_test(test_dropins),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_service),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_loaded_nul),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
