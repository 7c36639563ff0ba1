/* SPDX-License-Identifier: ISC */
/* service-brute-force-guard on configurations in a private root, with units made by hand. */
#include "test.h"

#include "check-fixture.h"
#include "check/check.h"
#include "check/schedule.h"
#include "conf/conf.h"
#include "fact/fact.h"
#include "fact/sshd.h"
#include "fact/units.h"

#define GUARD "service-brute-force-guard"

struct file_row {
	const char *path, *text;
};

#define RUNS(unit)                              \
	{                                       \
		{                               \
			unit, true, UNIT_ACTIVE \
		}                               \
	}
#define JAIL(text)                                                          \
	{                                                                   \
		"/etc/fail2ban/jail.local", "[sshd]\nenabled = true\n" text \
	}
#define AUTH_LOG                        \
	{                               \
		"/var/log/auth.log", "" \
	}
#define ALL_TRUSTED                                                    \
	"ignoreip = 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7 " \
	"169.254.0.0/16 fe80::/10\n"
#define CROWDSEC                                                             \
	{"/etc/crowdsec/config.yaml", ""}, {"/usr/bin/crowdsec", ""},        \
		{"/etc/crowdsec/parsers/s01-parse/sshd-logs.yaml", ""},      \
	{                                                                    \
		"/etc/crowdsec/acquis.yaml", "- _SYSTEMD_UNIT=ssh.service\n" \
	}
#define SSHGUARD(text)                              \
	{                                           \
		"/etc/sshguard/sshguard.conf", text \
	}

/* One after the other, sshd has no most. */
#define PORTS_8                                                                      \
	"0.0.0.0:22 0.0.0.0:22 0.0.0.0:22 0.0.0.0:22 0.0.0.0:22 0.0.0.0:22 0.0.0.0:22 " \
	"0.0.0.0:22 "

static const struct vector {
	struct file_row files[7];
	struct unit_row units[2];
	const char *listen; /* NULL: *:22 */
	const char *init;   /* NULL: systemd */
	enum result result;
	const char *subject, *observed; /* of the first evidence; a part of observed */
	const char *path;
} vectors[] = {
	{{{0}}, {{0}}, NULL, NULL, RESULT_FAIL, "guard", "none of fail2ban", NULL},
	{{JAIL(""), AUTH_LOG}, RUNS("fail2ban.service"), NULL, NULL, RESULT_INFORMATIONAL,
		"jail sshd", "guards SSH", "/etc/fail2ban/jail.local"},
	{{JAIL(ALL_TRUSTED), AUTH_LOG}, RUNS("fail2ban.service"), NULL, NULL, RESULT_PASS,
		"jail sshd", "guards SSH", NULL},
	/* What Debian 12 installs, on a machine without rsyslog. */
	{{JAIL("")}, RUNS("fail2ban.service"), NULL, NULL, RESULT_FAIL, "jail sshd",
		"/var/log/auth.log is not there", "/etc/fail2ban/jail.conf"},
	{{JAIL("backend = systemd\n")}, RUNS("fail2ban.service"), NULL, NULL, RESULT_FAIL,
		"jail sshd", "module systemd", NULL},
	{{JAIL("backend = systemd\n" ALL_TRUSTED),
		 {"/usr/lib/python3/dist-packages/systemd/x.py", ""}},
		RUNS("fail2ban.service"), NULL, NULL, RESULT_PASS, "jail sshd", "guards", NULL},
	{{{"/etc/fail2ban/jail.local", "[DEFAULT]\n"}, AUTH_LOG}, RUNS("fail2ban.service"), NULL,
		NULL, RESULT_FAIL, "guard fail2ban", "no jail", NULL},
	{{JAIL(""), AUTH_LOG, {"/etc/fail2ban/jail.d/zz.local", "\n[sshd]\nenabled = false\n"}},
		RUNS("fail2ban.service"), NULL, NULL, RESULT_FAIL, "jail sshd", "switched off",
		"/etc/fail2ban/jail.d/zz.local"},
	{{JAIL("oops\n"), AUTH_LOG}, RUNS("fail2ban.service"), NULL, NULL, RESULT_FAIL,
		"guard fail2ban", "does not start", "/etc/fail2ban/jail.local"},
	{{JAIL("filter = none\n"), AUTH_LOG}, RUNS("fail2ban.service"), NULL, NULL, RESULT_FAIL,
		"jail sshd", "no filter none", NULL},
	{{JAIL("action = sendmail\n"), AUTH_LOG}, RUNS("fail2ban.service"), NULL, NULL, RESULT_FAIL,
		"jail sshd", "blocks anybody", NULL},
	{{JAIL("action = ban-allports\n" ALL_TRUSTED), AUTH_LOG}, RUNS("fail2ban.service"),
		"0.0.0.0:2222", NULL, RESULT_PASS, "jail sshd", "guards", NULL},
	{{JAIL(""), AUTH_LOG}, RUNS("fail2ban.service"), "[::]:22 0.0.0.0:2222", NULL, RESULT_FAIL,
		"jail sshd", "port 2222 open", NULL},
	{{JAIL(""), AUTH_LOG}, RUNS("fail2ban.service"),
		PORTS_8 PORTS_8 PORTS_8 PORTS_8 "0.0.0.0:2222", NULL, RESULT_FAIL, "jail sshd",
		"port 2222 open", NULL},
	/* What sshd listens on can't be told: so can't whether the jail closes that. */
	{{JAIL(""), AUTH_LOG}, RUNS("fail2ban.service"), "", NULL, RESULT_UNKNOWN, "jail sshd",
		"not known where sshd listens", NULL},
	{{JAIL("action = ban-allports\n" ALL_TRUSTED), AUTH_LOG}, RUNS("fail2ban.service"), "",
		NULL, RESULT_PASS, "jail sshd", "guards", NULL},
#define ONE(text, result, words)                                                                   \
	{                                                                                          \
		{JAIL(text), AUTH_LOG}, RUNS("fail2ban.service"), NULL, NULL, result, "jail sshd", \
			words, NULL                                                                \
	}
	/* What bans must be there, and work. */
	ONE("action = ban[actionban=\"nft add x <ip>\"]\n", RESULT_FAIL,
		"nft, which is not installed"),
	ONE("action = ban[actionban=\"/opt/iptables -I x -s <ip>\",actionstart=\"<port>\"]\n",
		RESULT_FAIL, "/opt/iptables, which is not installed"),
	ONE("action = ban[actionban=\"ufw deny from <ip>\"]\n", RESULT_FAIL, "ufw, which is not"),
	{{JAIL("action = ban[actionban=\"ufw deny from <ip>\"]\n" ALL_TRUSTED), AUTH_LOG,
		 {"/etc/ufw/ufw.conf", "ENABLED=yes\n"}},
		RUNS("fail2ban.service"), NULL, NULL, RESULT_PASS, "jail sshd", "guards SSH", NULL},
	ONE("action = ban[actionban=\"firewall-cmd --add-x=<ip>\"]\n", RESULT_FAIL,
		"firewalld.service is not there"),
/* With OpenSSH 9.8, it is sshd-session that logs. */
#define SESSION                                     \
	{                                           \
		"/usr/lib/openssh/sshd-session", "" \
	}
#define DAEMON(text)                                                       \
	{                                                                  \
		"/etc/fail2ban/filter.d/sshd.conf",                        \
			"[Definition]\n_daemon = " text                    \
			"\nfailregex = ^Failed \\S+ for .* from <HOST>$\n" \
			"journalmatch = _COMM=sshd\n"                      \
	}
	{{JAIL(ALL_TRUSTED), AUTH_LOG, SESSION, DAEMON("sshd")}, RUNS("fail2ban.service"), NULL,
		NULL, RESULT_FAIL, "jail sshd", "come from sshd-session", NULL},
	{{JAIL(ALL_TRUSTED), AUTH_LOG, DAEMON("sshd")}, RUNS("fail2ban.service"), NULL, NULL,
		RESULT_PASS, "jail sshd", "guards SSH", NULL},
	{{JAIL(ALL_TRUSTED), AUTH_LOG, SESSION, DAEMON("sshd(?:-session)?")},
		RUNS("fail2ban.service"), NULL, NULL, RESULT_PASS, "jail sshd", "guards SSH", NULL},
	{{JAIL("backend = systemd\n" ALL_TRUSTED), SESSION, DAEMON("sshd(?:-session)?"),
		 {"/usr/lib/python3/dist-packages/systemd/journal.py", ""}},
		RUNS("fail2ban.service"), NULL, NULL, RESULT_FAIL, "jail sshd",
		"_COMM=sshd matches no entry", NULL},
	{{JAIL("backend = systemd\njournalmatch = _COMM=sshd + _COMM=sshd-session\n" ALL_TRUSTED),
		 SESSION, DAEMON("sshd(?:-session)?"),
		 {"/usr/lib/python3/dist-packages/systemd/journal.py", ""}},
		RUNS("fail2ban.service"), NULL, NULL, RESULT_PASS, "jail sshd", "guards SSH", NULL},
	/* Backends: another name, or a comment that is none, and the jail does not start. */
	ONE("backend = systemd # journal\n", RESULT_FAIL, "no backend \"systemd # journal\""),
	ONE("backend = inotify\n", RESULT_FAIL, "no backend \"inotify\""),
	ONE("backend = Polling\n" ALL_TRUSTED, RESULT_PASS, "guards SSH"),
	/* Whom it never bans. */
	ONE("ignoreip = 0.0.0.0/0\n", RESULT_FAIL, "0.0.0.0/0: nobody is banned"),
	ONE("ignoreip = 0.0.0.0/1 128.0.0.0/1\n", RESULT_FAIL, "0.0.0.0/1: nobody is banned"),
	ONE("ignoreip = ::/1\n", RESULT_FAIL, "::/1: nobody"),
	ONE("ignoreip = 198.51.0.0/255.255.0.0\n", RESULT_FAIL, "198.51.0.0/255.255.0.0: nobody"),
	ONE("ignoreip = 203.0.113.0/24 198.51.100.7 2001:db8::/64 a.example\n",
		RESULT_INFORMATIONAL, "guards SSH"),
	ONE("ignoreip = 203.0.112.0/20 198.51.100.7\n", RESULT_FAIL, "203.0.112.0/20"),
	ONE("ignorecommand = /bin/true <ip>\n", RESULT_FAIL, "exempts everybody"),
	ONE("ignorecommand = /usr/local/bin/known <ip>\n", RESULT_UNKNOWN, "whom that exempts"),
	ONE("ignorecommand = /opt/known --token=GEHEIM <ip>\n", RESULT_UNKNOWN,
		"ignorecommand runs /opt/known: whom"),
	ONE("ignorecommand = /bin/echo GEHEIM <ip>\n", RESULT_FAIL, "runs /bin/echo, which"),
	ONE("ignorecommand = /bin/false\n", RESULT_INFORMATIONAL, "guards SSH"),
	/* After how many failures, and for how long. */
	ONE("maxretry = 1000000000\n", RESULT_FAIL, "maxretry = 1000000000"),
	ONE("maxretry = 99999999999999999999\n", RESULT_FAIL, "maxretry = 99999999999999999999"),
	ONE("maxretry = 11\n", RESULT_FAIL, "maxretry = 11"),
	ONE("maxretry = many\n", RESULT_UNKNOWN, "no number"),
	ONE("maxretry = 10\nfindtime = 300\nbantime = 5m\n", RESULT_INFORMATIONAL, "guards SSH"),
	ONE("bantime = 0\n", RESULT_FAIL, "bantime = 0 is too short"),
	ONE("bantime = 4m 59s\n", RESULT_FAIL, "bantime = 4m 59s"),
	ONE("bantime = -1\n", RESULT_INFORMATIONAL, "guards SSH"),
	ONE("bantime = x()\n", RESULT_UNKNOWN, "expression"),
	ONE("bantime.maxtime = 1\n", RESULT_INFORMATIONAL, "guards SSH"),
	ONE("bantime.increment = true\nbantime.maxtime = 1\n", RESULT_FAIL, "bantime.maxtime = 1"),
	ONE("findtime = 1\n", RESULT_FAIL, "findtime = 1 is too short"),
	ONE("findtime = -1\n", RESULT_FAIL, "findtime = -1 is too short"),
	/* What it finds. */
	ONE("filter = apache-auth\n", RESULT_FAIL, "apache-auth finds no failed login"),
	ONE("filter = my-ssh\n", RESULT_UNKNOWN, "my-ssh is not fail2ban's own"),
	ONE("filter =\n", RESULT_FAIL, "(none) finds no"),
	ONE("filter = sshd[mode=aggressive]\n", RESULT_INFORMATIONAL, "guards SSH"),
	ONE("filter = sshd[prefregex=x]\n", RESULT_UNKNOWN, "prefregex"),
	ONE("failregex = ^x <HOST>\n", RESULT_UNKNOWN, "failregex"),
	ONE("failregex = %(known/failregex)s\n  ^x <HOST>\n", RESULT_INFORMATIONAL, "guards"),
	ONE("ignoreregex = .*\n", RESULT_UNKNOWN, "ignoreregex"),
	ONE("logpath = /etc/fail2ban/jail.conf\n", RESULT_UNKNOWN, "whether sshd logs there"),
	{{JAIL(""), AUTH_LOG, {"/etc/fail2ban/filter.d/sshd.local", "[Definition]\ncmnfailre =\n"}},
		RUNS("fail2ban.service"), NULL, NULL, RESULT_UNKNOWN, "jail sshd", "cmnfailre",
		"/etc/fail2ban/filter.d/sshd.local"},
	{{JAIL(""), AUTH_LOG, {"/etc/fail2ban/filter.d/sshd.local", "[Definition]\nfailregex =\n"}},
		RUNS("fail2ban.service"), NULL, NULL, RESULT_FAIL, "jail sshd", "finds no", NULL},
#define JOURNAL(match, result, words)                                         \
	{                                                                     \
		{JAIL("backend = systemd\njournalmatch = " match "\n"),       \
			{"/usr/lib/python3/dist-packages/systemd/x.py", ""}}, \
			{{"fail2ban.service", true, UNIT_ACTIVE},             \
				{"ssh.service", true, UNIT_ACTIVE}},          \
			NULL, NULL, result, "jail sshd", words, NULL          \
	}
	JOURNAL("_SYSTEMD_UNIT=ssh.service", RESULT_INFORMATIONAL, "guards"),
	JOURNAL("_SYSTEMD_UNIT=sshd.service", RESULT_FAIL, "matches no entry"),
	JOURNAL("_SYSTEMD_UNIT=sshd.service + _COMM=sshd", RESULT_INFORMATIONAL, "guards"),
	JOURNAL("_SYSTEMD_UNIT=ssh.service _COMM=cron", RESULT_FAIL, "matches no entry"),
	JOURNAL("_COMM=cron _COMM=sshd", RESULT_INFORMATIONAL, "guards"),
	JOURNAL("_COMM=cron\n _COMM=x", RESULT_FAIL, "matches no entry"),
	JOURNAL("_COMM=cron\n _COMM=sshd", RESULT_INFORMATIONAL, "guards"),
	JOURNAL("_MACHINE_ID=1", RESULT_UNKNOWN, "can't be told"),
	JOURNAL("", RESULT_INFORMATIONAL, "guards"),
	/* What it does to them. */
	ONE("action = ban[actionban=]\n", RESULT_FAIL, "actionban is empty"),
	ONE("action = ban[actionban=\"true <ip>\"]\n", RESULT_FAIL, "runs only true"),
	ONE("action = ban[blocktype=ACCEPT]\n", RESULT_FAIL, "ACCEPT"),
	ONE("action = ban[protocol=udp]\n", RESULT_FAIL, "protocol = udp"),
	ONE("action = ban[chain=FORWARD]\n", RESULT_FAIL, "chain = FORWARD"),
	ONE("action = ban[actionstart=]\n", RESULT_FAIL, "actionstart makes no f2b-sshd"),
	ONE("action = script\n", RESULT_UNKNOWN, "runs /usr/local/bin/block"),
	ONE("action = sendmail\n ban\n", RESULT_INFORMATIONAL, "guards SSH"),
	/* Another jail's missing log keeps all of fail2ban from starting. */
	{{JAIL("[other]\nenabled = 1\nfilter = sshd\nlogpath = /var/log/none\n"), AUTH_LOG},
		RUNS("fail2ban.service"), NULL, NULL, RESULT_FAIL, "jail other", "/var/log/none",
		NULL},
	{{JAIL(""), AUTH_LOG}, {{"fail2ban.service", false, UNIT_ACTIVE}}, NULL, NULL, RESULT_FAIL,
		"unit fail2ban.service", "not started at boot", NULL},
	{{JAIL(""), AUTH_LOG}, {{"fail2ban.service", true, UNIT_FAILED}}, NULL, NULL, RESULT_FAIL,
		"unit fail2ban.service", "has failed", NULL},
	{{JAIL(""), AUTH_LOG}, {{0}}, NULL, NULL, RESULT_FAIL, "unit fail2ban.service",
		"is not there", NULL},
	{{JAIL(""), AUTH_LOG}, {{0}}, NULL, "openrc", RESULT_UNKNOWN, NULL, NULL, NULL},
	{{SSHGUARD("BACKEND=/bin/fw\nLOGREADER=x\n")}, RUNS("sshguard.service"), NULL, NULL,
		RESULT_INFORMATIONAL, "guard sshguard", "guards SSH", NULL},
	{{SSHGUARD("BACKEND=/bin/fw\n")}, RUNS("sshguard.service"), NULL, NULL, RESULT_FAIL,
		"guard sshguard", "LOGREADER", NULL},
	{{SSHGUARD("BACKEND=$X\nLOGREADER=x\n")}, RUNS("sshguard.service"), NULL, NULL,
		RESULT_UNKNOWN, "guard sshguard", "shell", NULL},
	{{SSHGUARD("BACKEND=/bin/fw\nLOGREADER=x\nTHRESHOLD=30000\n")}, RUNS("sshguard.service"),
		NULL, NULL, RESULT_FAIL, "guard sshguard", "THRESHOLD=30000", NULL},
	{{SSHGUARD("BACKEND=/bin/fw\nLOGREADER=x\nTHRESHOLD=many\n")}, RUNS("sshguard.service"),
		NULL, NULL, RESULT_UNKNOWN, "guard sshguard", "no number", NULL},
	{{SSHGUARD("BACKEND=/bin/fw\nLOGREADER=x\nTHRESHOLD=100\n")}, RUNS("sshguard.service"),
		NULL, NULL, RESULT_INFORMATIONAL, "guard sshguard", "guards SSH", NULL},
	{{CROWDSEC, {"/etc/crowdsec/scenarios/ssh-bf.yaml", ""},
		 {"/etc/crowdsec/bouncers/crowdsec-firewall-bouncer.yaml", ""},
		 {"/etc/crowdsec/simulation.yaml", "# all\nsimulation: true\n"}},
		{{"crowdsec.service", true, UNIT_ACTIVE},
			{"crowdsec-firewall-bouncer.service", true, UNIT_ACTIVE}},
		NULL, NULL, RESULT_FAIL, "guard crowdsec", "simulation: true",
		"/etc/crowdsec/simulation.yaml"},
	{{CROWDSEC}, RUNS("crowdsec.service"), NULL, NULL, RESULT_FAIL, "guard crowdsec",
		"no scenario", NULL},
	{{CROWDSEC, {"/etc/crowdsec/scenarios/ssh-bf.yaml", ""}}, RUNS("crowdsec.service"), NULL,
		NULL, RESULT_FAIL, "guard crowdsec", "nobody is blocked", NULL},
	{{CROWDSEC, {"/etc/crowdsec/scenarios/ssh-bf.yaml", ""},
		 {"/etc/crowdsec/bouncers/crowdsec-firewall-bouncer.yaml", ""}},
		RUNS("crowdsec.service"), NULL, NULL, RESULT_FAIL,
		"unit crowdsec-firewall-bouncer.service", "is not there", NULL},
	{{CROWDSEC, {"/etc/crowdsec/scenarios/ssh-bf.yaml", ""},
		 {"/etc/crowdsec/bouncers/crowdsec-firewall-bouncer.yaml", ""}},
		{{"crowdsec.service", true, UNIT_ACTIVE},
			{"crowdsec-firewall-bouncer.service", true, UNIT_ACTIVE}},
		NULL, NULL, RESULT_INFORMATIONAL, "guard crowdsec", "guards SSH", NULL},
	/* One that works is enough, whatever is wrong with another. */
	{{JAIL(""), SSHGUARD("BACKEND=/bin/fw\nLOGREADER=x\n")}, RUNS("sshguard.service"), NULL,
		NULL, RESULT_INFORMATIONAL, "guard sshguard", "guards SSH", NULL},
};

static void program(const struct test_root *t, const char *path)
{
	test_write(t, path, "#!\n");
	assert_int_equal(chmod(test_path(t, path), 0755), 0);
}

/* What all roots have; a guard without a configuration is none. */
static void make_root(struct test_root *t, const struct vector *x)
{
	test_root_init(t);
	program(t, "/bin/fw");
	program(t, "/usr/sbin/iptables");
	program(t, "/usr/sbin/ipset");
	program(t, "/usr/sbin/ufw");
	program(t, "/usr/bin/firewall-cmd");
	program(t, "/usr/sbin/sshguard");
	test_write(t, "/usr/bin/fail2ban-server", "");
	test_write(t, "/etc/fail2ban/filter.d/sshd.conf",
		"[Definition]\nfailregex = ^Failed \\S+ for .* from <HOST>$\n"
		"journalmatch = _SYSTEMD_UNIT=sshd.service + _COMM=sshd\n");
	test_write(t, "/etc/fail2ban/filter.d/apache-auth.conf",
		"[Definition]\nfailregex = ^client <HOST> denied$\n");
	test_write(t, "/etc/fail2ban/filter.d/my-ssh.conf",
		"[Definition]\nfailregex = Failed .* from <HOST>\n");
	test_write(t, "/etc/fail2ban/action.d/ban.conf",
		"[Definition]\nactionstart = iptables -N f2b-<name>\n"
		" iptables -I <chain> -p <protocol> --dport <port> -j f2b-<name>\n"
		"actionban = iptables -I f2b-<name> 1 -s <ip> -j <blocktype>\n"
		"[Init]\nchain = INPUT\nprotocol = tcp\nblocktype = DROP\n");
	test_write(t, "/etc/fail2ban/action.d/ban-allports.conf",
		"[Definition]\nactionban = ipset add <ipmset> <ip>\n"
		"[Init]\nipmset = blocked\n");
	test_write(t, "/etc/fail2ban/action.d/sendmail.conf",
		"[Definition]\nactionban = printf %%b \"<ip>\" | mail root\n");
	test_write(t, "/etc/fail2ban/action.d/script.conf",
		"[Definition]\nactionban = /usr/local/bin/block <ip>\n");
	for (size_t i = 0; i < ARRAY_SIZE(x->files) && x->files[i].path; i++) {
		test_write(t, x->files[i].path, x->files[i].text);
		if (strncmp(x->files[i].path, "/etc/fail2ban/", 14) == 0)
			test_write(t, "/etc/fail2ban/jail.conf",
				"[DEFAULT]\nport = ssh\nfilter = %(__name__)s\n"
				"action = ban[port=\"%(port)s\"]\n"
				"[sshd]\nlogpath = /var/log/auth.log\n");
	}
}

static void put_units(struct factset *facts, const struct vector *x)
{
	fixture_units(facts, x->units, ARRAY_SIZE(x->units), x->init, NULL);
}

static void put_sshd(struct factset *facts, const char *listen)
{
	struct fact *f = fact_new(FACT_SSHD);
	struct sshd *s = arena_alloc(f->arena, sizeof(*s));
	struct sshd_context *c = arena_alloc(f->arena, sizeof(*c));
	struct sshd_value *v = arena_alloc(f->arena, sizeof(*v));

	*v = (struct sshd_value){"listenaddress", listen ? listen : "[::]:22 0.0.0.0:22", NULL, 0};
	*c = (struct sshd_context){.label = "any", .values = v, .n_values = 1};
	*s = (struct sshd){.contexts = c, .n_contexts = 1};
	f->u.sshd = s;
	factset_put(facts, f);
}

static struct verdict *judge(const struct factset *facts)
{
	_cleanup_(policy_freep) struct policy *policy = fixture_policy(NULL);
	struct verdict *v = verdict_new();

	assert_non_null(v);
	assert_int_equal(check_judge(check_find(GUARD), facts, policy, 0, v), 0);
	return v;
}

static void test_vectors(_unused_ void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *x = &vectors[i];
		struct factset facts = {0};
		struct fact *f = NULL;
		struct test_root t;
		make_root(&t, x);
		const struct collect c = {.root = &t.root, .facts = &facts};
		assert_int_equal(fact_collect(FACT_GUARDS, &c, &f), 0);
		factset_put(&facts, f);
		put_units(&facts, x);
		put_sshd(&facts, x->listen);
		struct verdict *v = judge(&facts);
		if (v->result != x->result)
			fail_msg("vector %zu: %s: %s", i, result_name(v->result), v->summary);
		if (x->subject) {
			assert_true(v->n_evidence > 0);
			assert_string_equal(v->evidence[0].subject, x->subject);
			if (!strstr(v->evidence[0].observed, x->observed))
				fail_msg("vector %zu: %s", i, v->evidence[0].observed);
		}
		if (x->path)
			assert_string_equal(v->evidence[0].path, x->path);
		verdict_free(v);
		factset_fini(&facts);
		test_root_fini(&t);
	}
}

static void expect(struct factset *facts, enum result result, const char *words)
{
	struct verdict *v = judge(facts);

	if (v->result != result || !strstr(v->summary, words))
		fail_msg("%s: %s", result_name(v->result), v->summary);
	verdict_free(v);
}

/* What sshd does not log, no guard can count. */
static void test_level(_unused_ void **state)
{
	static const struct {
		const char *level;
		enum result result;
	} rows[] = {{"INFO", RESULT_INFORMATIONAL}, {"VERBOSE", RESULT_INFORMATIONAL},
		{"ERROR", RESULT_FAIL}, {"QUIET", RESULT_FAIL}, {"fatal", RESULT_FAIL}};
	static const struct vector on = {
		.files = {JAIL(""), AUTH_LOG}, .units = RUNS("fail2ban.service")};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct factset facts = {0};
		struct fact *f = NULL;
		struct test_root t;
		make_root(&t, &on);
		const struct collect c = {.root = &t.root, .facts = &facts};
		assert_int_equal(fact_collect(FACT_GUARDS, &c, &f), 0);
		factset_put(&facts, f);
		put_units(&facts, &on);
		put_sshd(&facts, NULL);
		struct sshd *s = (struct sshd *)factset_get(&facts, FACT_SSHD)->u.sshd;
		struct sshd_value values[] = {s->contexts[0].values[0],
			{"loglevel", rows[i].level, "/etc/ssh/sshd_config", 9}};
		((struct sshd_context *)s->contexts)->values = values;
		((struct sshd_context *)s->contexts)->n_values = 2;
		struct verdict *v = judge(&facts);
		if (v->result != rows[i].result)
			fail_msg("%s: %s", rows[i].level, v->summary);
		if (v->result == RESULT_FAIL)
			assert_int_equal(v->evidence[0].line, 9);
		verdict_free(v);
		factset_fini(&facts);
		test_root_fini(&t);
	}
}

static void test_unreadable(_unused_ void **state)
{
	struct factset facts = {0};
	struct fact *f = fact_new(FACT_SSHD);
	struct test_root t;

	fact_fail(f, -ENOENT, "no sshd");
	factset_put(&facts, f);
	expect(&facts, RESULT_NOTAPPLICABLE, "no SSH server");
	put_sshd(&facts, NULL);
	expect(&facts, RESULT_ERROR, "not collected");
	/* One configuration cannot be read: it may be the one that guards. */
	make_root(&t, &vectors[0]);
	test_write(&t, "/etc/fail2ban/jail.conf", "[DEFAULT]\n");
	assert_int_equal(mkfifo(test_path(&t, "/etc/fail2ban/jail.local"), 0600), 0);
	const struct collect c = {.root = &t.root, .facts = &facts};
	f = NULL;
	assert_int_equal(fact_collect(FACT_GUARDS, &c, &f), 0);
	factset_put(&facts, f);
	expect(&facts, RESULT_ERROR, "not collected");
	put_units(&facts, &vectors[0]);
	expect(&facts, RESULT_ERROR, "jail.local");
	f = fact_new(FACT_UNITS);
	fact_fail(f, -EACCES, "no units");
	factset_put(&facts, f);
	expect(&facts, RESULT_ERROR, "no units");
	factset_fini(&facts);
	test_root_fini(&t);
}

static void test_runs(_unused_ void **state)
{
	static const struct {
		const char *command, *program;
		enum schedule_run run;
	} rows[] = {
		{"/usr/bin/restic backup /", "restic", SCHEDULE_RUNS},
		{"nice restic", "restic", SCHEDULE_RUNS},
		{"sh -c 'cd / && restic backup'", "restic", SCHEDULE_RUNS},
		{"/usr/local/bin/restic-backup.sh", "restic", SCHEDULE_RUNS},
		{"test -x restic && restic", "restic", SCHEDULE_RUNS},
		{"false && restic backup", "restic", SCHEDULE_RUNS_NOT},
		{"true # restic backup", "restic", SCHEDULE_RUNS_NOT},
		{"echo restic backup", "restic", SCHEDULE_RUNS_NOT},
		{"xargs restic backup", "restic", SCHEDULE_RUNS_PERHAPS},
		{"echo $(restic backup)", "restic", SCHEDULE_RUNS_PERHAPS},
		{"/usr/bin/resticprofile x", "restic", SCHEDULE_RUNS_NOT},
		{"echo arestic", "restic", SCHEDULE_RUNS_NOT},
		{"", "restic", SCHEDULE_RUNS_NOT},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct arena *a = arena_new();
		struct commands c;
		assert_int_equal(command_parse(a, rows[i].command, COMMAND_SHELL, &c), 0);
		if (schedule_runs(&c, rows[i].program) != rows[i].run)
			fail_msg("%s: %d", rows[i].command, schedule_runs(&c, rows[i].program));
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_level),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
