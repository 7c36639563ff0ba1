/* SPDX-License-Identifier: ISC */
/* The fact of fail2ban and its like: files in a private root. */
#include "test.h"

#include "alloc-collect.h"
#include "fact/fact.h"
#include "fact/fail2ban-action.h"
#include "fact/fail2ban-ini.h"
#include "fact/fail2ban-time.h"
#include "fact/guards.h"

/* What configparser refuses, with the line; and what it makes of odd texts. */
static const struct {
	const char *text;
	int r;
	unsigned line;
	const char *section, *key, *value;
} texts[] = {
	{"[a]\nx = 1\n", 0, 0, "a", "x", "1"},
	{"[a]\nX : 1 ; no\n", 0, 0, "a", "x", "1"},
	{"[a]\nx = 1;no\n", 0, 0, "a", "x", "1;no"},
	{"[a]\nx = 1\n 2\n\n # no\n\t3\n\n", 0, 0, "a", "x", "1\n2\n\n3"},
	{"[a]\r\nx=\r\n  y\r\n", 0, 0, "a", "x", "\ny"},
	{"[a]\nx=\xc2\xa0true\xe3\x80\x80\n", 0, 0, "a", "x", "true"},
	{"[a]]\nx=1\n", 0, 0, "a]", "x", "1"},
	{"[DEFAULT]\nx=1\n[a]\n[DEFAULT]\ny=2\n", 0, 0, "a", "y", "2"},
	{"[a]\nx=%(y)s%%\n[DEFAULT]\ny=%(__name__)s!\n", 0, 0, "a", "x", "a!%"},
	{"[a]\nx=%(b/y)s\n[b]\nz=1\n[DEFAULT]\ny=3\n", 0, 0, "a", "x", "3"},
	{"[a]\nx=%(default/y)s\ny=2\n[DEFAULT]\ny=3\n", 0, 0, "a", "x", "3"},
	{"x = 1\n", -EINVAL, 1, NULL, NULL, NULL},
	{"[a]\n[b]\n[a]\n", -EINVAL, 3, NULL, NULL, NULL},
	{"[a]\nx=1\nX=2\n", -EINVAL, 3, NULL, NULL, NULL},
	{"[a]\nx\n", -EINVAL, 2, NULL, NULL, NULL},
	{"[a]\n=x\n", -EINVAL, 2, NULL, NULL, NULL},
	{"[a]\nx=\xff\n", -EILSEQ, 0, NULL, NULL, NULL},
	{"[a]\nx=\xed\xa0\x80\n", -EILSEQ, 0, NULL, NULL, NULL},
	{"[a]\nx=%(y)s\n", 0, 2, "a", "x", NULL},
	{"[a]\nx=5%\n", 0, 2, "a", "x", NULL},
	{"[a]\nx=%(x)s\n", 0, 2, "a", "x", NULL},
	{"[a]\nx=%(none/y)s\n", 0, 2, "a", "x", NULL},
	{"[a]\nx=%(DEFAULT/y)s\n[DEFAULT]\ny=1\n", 0, 2, "a", "x", NULL},
};

static void test_ini(_unused_ void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct arena *a = arena_new();
		struct f2b_ini ini;
		struct f2b_error e = {0};
		const struct f2b_option *o;
		char *value = NULL;
		int r = f2b_parse(a, "/x", texts[i].text, strlen(texts[i].text), &ini, &e);
		if (r != texts[i].r)
			fail_msg("text %zu: %d", i, r);
		if (r == 0) {
			const struct f2b_section *s = f2b_section(&ini, texts[i].section);
			assert_non_null(s);
			r = f2b_get(a, &ini, s, texts[i].key, &o, &value, &e);
			assert_int_equal(r, texts[i].value ? 0 : -EINVAL);
			if (texts[i].value)
				assert_string_equal(value, texts[i].value);
		}
		assert_int_equal(e.line, texts[i].line);
		arena_free(a);
	}
}

/* As fail2ban.server.mytime evaluates them. */
static void test_seconds(_unused_ void **state)
{
	static const struct {
		const char *text;
		int r;
		int seconds;
	} rows[] = {
		{"600", 0, 600}, {"10m", 0, 600}, {"1d12h", 0, 129600}, {" 1h 30m ", 0, 5400},
		{"-1", 0, -1}, {"60*60*24", 0, 86400}, {"1 hour", 0, 3600}, {"2 3", 0, 5},
		{"1h-30m", 0, 1800}, {"1h 2m*3", 0, 3960}, {"1h # x", 0, 3600}, {"1.5h", 0, 5400},
		{"-1h 5", 0, -3595}, {"2 * 3 4", 0, 10}, {"1Year-6mo", 0, 15778800},
		{"5/2h", 0, 9000}, {"--5", 0, 5}, {"10m\n5m", 0, 900}, {"0", 0, 0},
		{"010", -EINVAL, 0}, {"", -EINVAL, 0}, {"2 sek", -EINVAL, 0}, {"1_0", -EINVAL, 0},
		{"2**3", -EINVAL, 0}, {"1/0", -EINVAL, 0}, {"(1)", -EINVAL, 0}, {"1h)", -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		double seconds = 77;
		if (f2b_seconds(rows[i].text, &seconds) != rows[i].r ||
			(int)seconds != (rows[i].r == 0 ? rows[i].seconds : 77))
			fail_msg("\"%s\": %f", rows[i].text, seconds);
	}
}

/* What actionban runs, behind all tags: a part of why not, or NULL when it bans. */
static void test_actions(_unused_ void **state)
{
	static const char def[] =
		"[Definition]\nactionstart = nft add rule x saddr @f2b-<name> <blocktype>\n"
		"actionban = <nft> add element f2b-<name> \\{ <ip> \\}\n"
		"[Init]\nnft = nft <how>\nhow = -e\nblocktype = reject\nloop = <loop>\n"
		"chain_hook = input\n";
	static const struct {
		const char *call, *why;
		bool unsure, all_ports;
	} rows[] = {
		{"a", NULL, false, true},
		{"a[actionstart=\"nft f2b-<name> <port>\"]", NULL, false, false},
		{"a[blocktype=accept]", "blocktype = accept", false, false},
		{"a[blocktype=\"log drop\"]", NULL, false, true},
		{"a[chain_hook=forward]", "chain_hook = forward", false, false},
		{"a[nft=true]", "runs only true", false, false},
		{"a[nft=\"echo nft\"]", "runs only echo", false, false},
		{"a[actionban=\"nft add x 10.0.0.1\"]", "runs only nft", false, false},
		{"a[actionban=\"false && nft add x <ip>\"]", "runs only false", false, false},
		{"a[actionban=\"x <ip>\"]", "runs x", true, false},
		{"a[actionban=\"$X <ip>\"]", "runs a shell command", true, false},
		{"a[actionban=\"mail <ip>; X=GEHEIM\"]", "runs only a shell command", false, false},
		{"a[actionban=\"echo $(nft add x <ip>)\"]", "runs echo", true, false},
		{"a[actionban=\"nft add x <ip> <loop>\"]", "can't be followed", true, false},
		{"a[actionban=\"echo <ip> 'x\"]", "can't be followed", true, false},
		{"a[actionban=\"iptables -A x -s <ip> --dport 80 -j DROP\"]", "ports of their own", true,
			false},
		{"a[actionban=\"echo sshd: <ip> >>/etc/hosts.deny\"]", NULL, false, true},
	};
	struct f2b_error e;
	struct f2b_ini ini;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct arena *a = arena_new();
		struct f2b_action x;
		assert_int_equal(f2b_parse(a, "/x", def, strlen(def), &ini, &e), 0);
		struct f2b_scope scope = {a, &ini, "sshd", rows[i].call, false};
		assert_int_equal(f2b_action_judge(&scope, &x), 0);
		const char *said = rows[i].unsure ? x.unsure : x.why;
		if (x.bans != !rows[i].why || x.all_ports != rows[i].all_ports ||
			(x.unsure != NULL) != rows[i].unsure ||
			(rows[i].why && (!said || !strstr(said, rows[i].why))))
			fail_msg("%s: %d %d %s, %s", rows[i].call, x.bans, x.all_ports, x.why,
				x.unsure);
		arena_free(a);
	}
}

static void test_ports(_unused_ void **state)
{
	static const char services[] =
		"# x\nssh 22/tcp\nweb\t8080/tcp http-x alt # web2\nsmtp 25/tcp";
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"ssh", "22-22"},
		{"ssh,2222", "22-22 2222-2222"},
		{"0:65535", "0-65535"},
		{"2000-2010 web", "2000-2010 8080-8080"},
		{"alt,web2,smtp", "8080-8080 25-25"},
		{"70000,none,,5:3", ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct arena *a = arena_new();
		const struct guard_ports *v;
		size_t n;
		char out[128] = "";
		assert_int_equal(guard_ports_parse(a, rows[i].text, services, &v, &n), 0);
		for (size_t k = 0; k < n; k++)
			(void)snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s%u-%u",
				k ? " " : "", v[k].first, v[k].last);
		assert_string_equal(out, rows[i].expected);
		arena_free(a);
	}
}

static void test_assignment(_unused_ void **state)
{
	static const char text[] = "A=1\n# A=2\n export A=\"x y\" # no\nB = 'it''s' rest\nC=$A/x\n"
				   "AB=3\nD=\"open\n";
	static const struct {
		const char *key, *value;
		unsigned line;
		bool plain;
	} rows[] = {{"A", "x y", 3, true}, {"B", "its", 4, true}, {"C", "$A/x", 5, false},
		{"D", "open", 7, false}, {"E", NULL, 0, false}};
	struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *value;
		unsigned line = 0;
		bool plain = false;
		assert_int_equal(guard_assignment(a, text, rows[i].key, &value, &line, &plain), 0);
		if (!rows[i].value) {
			assert_null(value);
			continue;
		}
		assert_string_equal(value, rows[i].value);
		assert_int_equal(line, rows[i].line);
		assert_int_equal(plain, rows[i].plain);
	}
	arena_free(a);
}

static const struct fact *collect(struct test_root *t, struct factset *facts)
{
	const struct collect c = {.root = &t->root, .facts = facts};
	struct fact *f = NULL;

	assert_int_equal(fact_collect(FACT_GUARDS, &c, &f), 0);
	factset_put(facts, f);
	return f;
}

static const struct dep *find_dep(const struct fact *f, const char *path)
{
	for (size_t i = 0; i < f->deps.n; i++) {
		if (strcmp(f->deps.v[i].path, path) == 0)
			return &f->deps.v[i];
	}
	return NULL;
}

static void make_fail2ban(const struct test_root *t)
{
	test_write(t, "/usr/bin/fail2ban-server", "#!\n");
	test_write(t, "/usr/sbin/iptables", "#!\n");
	test_write(t, "/etc/fail2ban/filter.d/sshd.conf",
		"[Definition]\nfailregex = ^Failed x from <HOST>\n");
	test_write(t, "/etc/fail2ban/action.d/iptables-multiport.conf",
		"[Definition]\nactionstart = iptables -I INPUT --dports <port> -j f2b-<name>\n"
		"actionban = iptables -I f2b-<name> -s <ip> -j <blocktype>\n"
		"[Init]\nblocktype = DROP\n");
	test_write(t, "/etc/fail2ban/action.d/sendmail.conf",
		"[Definition]\nactionban = printf x | mail <dest>\n");
	test_write(t, "/etc/fail2ban/jail.conf",
		"[DEFAULT]\nenabled = false\nbackend = auto\nport = 0:65535\n"
		"action = iptables-multiport[name=%(__name__)s, port=\"%(port)s\"]\n"
		"\tsendmail[dest=root]\nfilter = %(__name__)s\n"
		"[sshd]\nport = ssh,2222\nlogpath = /var/log/auth.log\n[other]\n");
}

static void test_fail2ban(_unused_ void **state)
{
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	assert_false(collect(&t, &facts)->u.guards->fail2ban.there);
	make_fail2ban(&t);
	assert_int_equal(facts.v[FACT_GUARDS]->u.guards->fail2ban.n, 0);
	test_write(&t, "/etc/fail2ban/jail.local",
		"[sshd]\nenabled = yes\nignoreip = 127.0.0.1/8,10.0.0.0/8\n  fc00::/7\n");
	const struct fact *f = collect(&t, &facts);
	const struct guard_fail2ban *g = &f->u.guards->fail2ban;
	assert_true(g->there);
	assert_null(g->error);
	assert_int_equal(g->n, 1);
	const struct guard_jail *j = &g->v[0];
	assert_string_equal(j->name, "sshd");
	assert_string_equal(j->filter, "sshd");
	assert_string_equal(j->path, "/etc/fail2ban/jail.local");
	assert_int_equal(j->line, 2);
	assert_int_equal(j->n_found, 0);
	assert_int_equal(j->log_line, 10);
	assert_int_equal(j->n_ignore, 3);
	assert_string_equal(j->ignore[2], "fc00::/7");
	assert_int_equal(j->n_actions, 2);
	assert_true(j->bans);
	assert_false(j->all_ports);
	assert_int_equal(j->n_ports, 2);
	assert_int_equal(j->ports[1].first, 2222);
	/* The log's directory is watched, the log itself never. */
	const struct dep *log = find_dep(f, "/var/log");
	assert_true(log && log->kinds == DEP_DIR);
	assert_null(find_dep(f, "/var/log/auth.log"));
	test_write(&t, "/var/log/auth.log", "");
	assert_int_equal(collect(&t, &facts)->u.guards->fail2ban.v[0].n_found, 1);
	test_write(&t, "/etc/fail2ban/jail.d/x.local", "[sshd]\nfilter = none\n");
	assert_non_null(strstr(collect(&t, &facts)->u.guards->fail2ban.v[0].error, "filter none"));
	test_write(&t, "/etc/fail2ban/jail.d/x.local", "[sshd]\naction = none\n");
	assert_non_null(strstr(collect(&t, &facts)->u.guards->fail2ban.v[0].error, "action none"));
	test_write(&t, "/etc/fail2ban/jail.d/x.local",
		"[sshd]\nbackend = systemd\n"
		"maxretry = %(known/failregex)s\n");
	assert_true(collect(&t, &facts)->u.guards->fail2ban.v[0].journal);
	test_write(&t, "/etc/fail2ban/jail.d/x.local", "[sshd]\n\nmaxretry = %(oops)s\n");
	g = &collect(&t, &facts)->u.guards->fail2ban;
	assert_string_equal(g->error_path, "/etc/fail2ban/jail.d/x.local");
	assert_int_equal(g->error_line, 3);
	assert_int_equal(remove(test_path(&t, "/etc/fail2ban/jail.d/x.local")), 0);
	test_write(&t, "/etc/fail2ban/fail2ban.local", "[Definition]\nloglevel\n");
	assert_non_null(collect(&t, &facts)->u.guards->fail2ban.error);
	assert_int_equal(remove(test_path(&t, "/etc/fail2ban/fail2ban.local")), 0);
	assert_int_equal(remove(test_path(&t, "/etc/fail2ban/jail.local")), 0);
	assert_int_equal(mkfifo(test_path(&t, "/etc/fail2ban/jail.local"), 0600), 0);
	f = collect(&t, &facts);
	assert_non_null(strstr(f->u.guards->reason, "/etc/fail2ban/jail.local"));
	assert_int_equal(remove(test_path(&t, "/usr/bin/fail2ban-server")), 0);
	assert_false(collect(&t, &facts)->u.guards->fail2ban.there);
	factset_fini(&facts);
	test_root_fini(&t);
}

/* Includes that go in a circle, and more of them than any machine has. */
static void test_includes(_unused_ void **state)
{
	struct arena *a = arena_new();
	struct f2b_error e = {0};
	struct f2b_ini ini;
	struct test_root t;
	char path[64], text[128];

	test_root_init(&t);
	test_write(&t, "/e/jail.conf",
		"[INCLUDES]\nbefore = b.conf\nafter = c.conf\n  /e/none\n"
		"[s]\nx = jail\n");
	test_write(&t, "/e/b.conf", "[INCLUDES]\nbefore = jail.conf\n[s]\nx = b\ny = b\nz=b");
	test_write(&t, "/e/c.conf", "[s]\ny = c %(known/y)s\n");
	test_write(&t, "/e/c.local", "[s]\nz = local\n[Init?family=inet6]\nt = 6\n");
	assert_int_equal(f2b_read(a, &t.root, "/e/jail", &ini, &e), 0);
	const struct f2b_section *s = f2b_section(&ini, "s");
	const struct f2b_option *o;
	char *value;
	assert_string_equal(f2b_option(&ini, s, "x")->value, "jail");
	assert_string_equal(f2b_option(&ini, s, "z")->value, "local");
	assert_int_equal(f2b_get(a, &ini, s, "y", &o, &value, &e), 0);
	assert_string_equal(value, "c b");
	assert_string_equal(
		f2b_option(&ini, f2b_section(&ini, "Init"), "t?family=inet6")->value, "6");
	for (int i = 0; i < 20; i++) {
		(void)snprintf(path, sizeof(path), "/deep/%d.conf", i);
		(void)snprintf(text, sizeof(text), "[INCLUDES]\nbefore = %d.conf\n", i + 1);
		test_write(&t, path, text);
	}
	assert_int_equal(f2b_read(a, &t.root, "/deep/0", &ini, &e), -E2BIG);
	for (int i = 0; i < 6; i++) {
		(void)snprintf(path, sizeof(path), "/wide/%d.conf", i);
		test_write(&t, path,
			"[INCLUDES]\nbefore = 0.conf\n 1.conf\n 2.conf\n 3.conf\n"
			" 4.conf\n 5.conf\n");
	}
	assert_int_equal(f2b_read(a, &t.root, "/wide/0", &ini, &e), -E2BIG);
	assert_int_equal(f2b_read(a, &t.root, "/none/jail", &ini, &e), -ENOENT);
	arena_free(a);
	test_root_fini(&t);
}

static void program(const struct test_root *t, const char *path)
{
	test_write(t, path, "#!\n");
	assert_int_equal(chmod(test_path(t, path), 0755), 0);
}

static void test_sshguard(_unused_ void **state)
{
	static const char fw[] = "BACKEND=\"/usr/libexec/sshguard/sshg-fw-nft-sets\"\n";
	static const struct {
		const char *backend, *rest, *fault; /* a part of it; NULL: none */
		unsigned line;
	} rows[] = {
		{fw, "LOGREADER=\"journalctl -f\"\nWHITELIST_FILE=/etc/white\n", NULL, 0},
		{fw, "FILES='/var/log/auth.log /var/log/none'\n", NULL, 0},
		{fw, "FILES=/var/log/none\n", "is there", 2},
		{fw, "", "LOGREADER", 0},
		{"", "LOGREADER=x\n", "not set", 0},
		{"#BACKEND=x\n", "LOGREADER=x\n", "not set", 0},
		{"BACKEND=/usr/libexec/sshguard/sshg-fw-null\n", "LOGREADER=x\n", "nobody", 1},
		{"BACKEND=/none\n", "LOGREADER=x\n", "no program", 1},
	};
	struct factset facts = {0};
	struct test_root t;
	char text[512];

	test_root_init(&t);
	program(&t, "/usr/libexec/sshguard/sshg-fw-nft-sets");
	program(&t, "/usr/libexec/sshguard/sshg-fw-null");
	test_write(&t, "/var/log/auth.log", "");
	test_write(&t, "/etc/white", "# us\n10.0.0.0/8\n::1 # me\n");
	test_write(&t, "/etc/sshguard/sshguard.conf", fw);
	assert_false(collect(&t, &facts)->u.guards->sshguard.there);
	program(&t, "/usr/sbin/sshguard");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		(void)snprintf(text, sizeof(text), "%s%s", rows[i].backend, rows[i].rest);
		test_write(&t, "/etc/sshguard/sshguard.conf", text);
		const struct guard_simple *s = &collect(&t, &facts)->u.guards->sshguard;
		assert_true(s->there);
		if (!rows[i].fault) {
			assert_null(s->fault);
			assert_int_equal(s->n_ignore, i == 0 ? 2 : 0);
			continue;
		}
		assert_non_null(s->fault);
		if (!strstr(s->fault, rows[i].fault))
			fail_msg("row %zu: %s", i, s->fault);
		assert_int_equal(s->line, rows[i].line);
	}
	test_write(&t, "/etc/sshguard/sshguard.conf", "BACKEND=$X/sshg\nLOGREADER=x\n");
	assert_non_null(collect(&t, &facts)->u.guards->sshguard.unsure);
	factset_fini(&facts);
	test_root_fini(&t);
}

static void test_denyhosts(_unused_ void **state)
{
	static const struct {
		const char *text, *fault;
	} rows[] = {
		{"SECURE_LOG = /var/log/auth.log\nBLOCK_SERVICE  = sshd\n", "libwrap"},
		{"SECURE_LOG = /var/log/auth.log\nIPTABLES = /sbin/iptables\n", NULL},
		{"SECURE_LOG = /var/log/secure\n", "/var/log/secure"},
		{"SECURE_LOG = /var/log/auth.log\nBLOCK_SERVICE = ftp\n", "leaves sshd"},
		{"", "not set"},
	};
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	test_write(&t, "/var/log/auth.log", "");
	test_write(&t, "/usr/sbin/denyhosts", "");
	test_write(&t, "/var/lib/denyhosts/allowed-hosts", "10.0.0.1\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		test_write(&t, "/etc/denyhosts.conf", rows[i].text);
		const struct guard_simple *s = &collect(&t, &facts)->u.guards->denyhosts;
		assert_true(s->there);
		assert_int_equal(s->n_ignore, 1);
		if (rows[i].fault ? !s->fault || !strstr(s->fault, rows[i].fault)
				  : s->fault != NULL)
			fail_msg("row %zu: %s", i, s->fault);
	}
	test_write(&t, "/etc/denyhosts.conf", rows[0].text);
	test_write(&t, "/usr/lib/x86_64-linux-gnu/libwrap.so.0", "");
	assert_null(collect(&t, &facts)->u.guards->denyhosts.fault);
	factset_fini(&facts);
	test_root_fini(&t);
}

static void make_crowdsec(const struct test_root *t)
{
	test_write(t, "/etc/crowdsec/config.yaml", "common:\n");
	test_write(t, "/usr/bin/crowdsec", "");
	test_write(t, "/etc/crowdsec/parsers/s01-parse/sshd-logs.yaml", "");
	test_write(t, "/etc/crowdsec/scenarios/ssh-bf.yaml", "");
	test_write(t, "/etc/crowdsec/acquis.yaml",
		"source: journalctl\njournalctl_filter:\n"
		"  - \"_SYSTEMD_UNIT=ssh.service\"\n");
}

static void test_crowdsec(_unused_ void **state)
{
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	assert_false(collect(&t, &facts)->u.guards->crowdsec.there);
	make_crowdsec(&t);
	const struct guard_crowdsec *c = &collect(&t, &facts)->u.guards->crowdsec;
	assert_true(c->there);
	assert_string_equal(c->scenario, "/etc/crowdsec/scenarios/ssh-bf.yaml");
	assert_string_equal(c->source, "/etc/crowdsec/acquis.yaml");
	assert_null(c->bouncer);
	test_write(&t, "/etc/crowdsec/bouncers/crowdsec-firewall-bouncer.yaml", "mode: nftables\n");
	test_write(&t, "/etc/crowdsec/acquis.yaml",
		"filenames:\n  - /var/log/auth.log # - /var/log/syslog\n  - "
		"/var/log/nginx/a.log\n");
	c = &collect(&t, &facts)->u.guards->crowdsec;
	assert_null(c->source);
	assert_string_equal(c->bouncer_unit, "crowdsec-firewall-bouncer.service");
	test_write(&t, "/var/log/auth.log", "");
	assert_non_null(collect(&t, &facts)->u.guards->crowdsec.source);
	assert_int_equal(remove(test_path(&t, "/etc/crowdsec/scenarios/ssh-bf.yaml")), 0);
	assert_int_equal(symlink("/none", test_path(&t, "/etc/crowdsec/scenarios/ssh-bf.yaml")), 0);
	assert_null(collect(&t, &facts)->u.guards->crowdsec.scenario);
	test_write(&t, "/etc/crowdsec/scenarios/my-ssh.yaml", "");
	assert_non_null(collect(&t, &facts)->u.guards->crowdsec.scenario);
	assert_int_equal(
		remove(test_path(&t, "/etc/crowdsec/parsers/s01-parse/sshd-logs.yaml")), 0);
	assert_null(collect(&t, &facts)->u.guards->crowdsec.scenario);
	factset_fini(&facts);
	test_root_fini(&t);
}

static void test_memory(_unused_ void **state)
{
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	make_fail2ban(&t);
	make_crowdsec(&t);
	program(&t, "/usr/sbin/sshguard");
	test_write(&t, "/usr/sbin/denyhosts", "");
	test_write(&t, "/etc/denyhosts.conf", "SECURE_LOG = /var/log/secure\n");
	test_write(&t, "/etc/sshguard/sshguard.conf", "BACKEND=/x\nFILES=/var/log/a\n");
	test_write(&t, "/etc/fail2ban/jail.local", "[sshd]\nenabled = yes\nignoreip = ::1\n");
	const struct collect c = {.root = &t.root, .facts = &facts};
	alloc_each_collect(FACT_GUARDS, &c, 20);
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ini),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_assignment),
		cmocka_unit_test(test_fail2ban),
		cmocka_unit_test(test_includes),
		cmocka_unit_test(test_sshguard),
		cmocka_unit_test(test_denyhosts),
		cmocka_unit_test(test_crowdsec),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
