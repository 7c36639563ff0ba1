/* SPDX-License-Identifier: ISC */
/* The fact: contexts, members, options of the unit, what cannot be read. */
#include "test.h"

#include <time.h>

#include "alloc-fail.h"
#include "conf/conf.h"
#include "fact/collectors.h"
#include "fact/sshd-options.h"
#include "fact/sshd-version.h"

struct fixture {
	struct test_root t;
	struct policy *policy;
	struct memo *memo;
	struct factset facts;
};

static void fixture_init(struct fixture *f)
{
	*f = (struct fixture){0};
	test_root_init(&f->t);
	f->policy = policy_new_default();
	f->memo = memo_new();
	assert_non_null(f->policy);
	assert_non_null(f->memo);
	test_write(&f->t, "/etc/os-release", "ID=debian\nVERSION_ID=12\n");
	test_write(&f->t, "/etc/passwd",
		"root:x:0:0::/root:/bin/sh\n"
		"daemon:x:1:1::/:/usr/sbin/nologin\n"
		"alice:x:1000:1000::/home/alice:/bin/sh\n"
		"bob:x:1001:1001::/home/bob:/bin/sh\n"
		"carol:x:1002:100::/home/carol:/bin/sh\n"
		"dave:x:1003:100::/home/dave:/bin/sh\n");
	test_write(&f->t, "/etc/group",
		"root:x:0:\ndaemon:x:1:\nusers:x:100:\nsftp:x:200:bob,alice\nalice:x:1000:\n"
		"bob:x:1001:\n");
}

static void fixture_fini(struct fixture *f)
{
	factset_fini(&f->facts);
	policy_free(f->policy);
	memo_free(f->memo);
	test_root_fini(&f->t);
}

static int collect_one(struct fixture *f, enum fact_id id)
{
	const struct collect c = {
		.root = &f->t.root, .facts = &f->facts, .memo = f->memo, .policy = f->policy};
	struct fact *fact = NULL;

	int r = fact_collect(id, &c, &fact);
	if (r == 0)
		factset_put(&f->facts, fact);
	return r;
}

static const struct fact *collect_here(struct fixture *f, const char *config)
{
	if (config)
		test_write(&f->t, "/etc/ssh/sshd_config", config);
	assert_int_equal(collect_one(f, FACT_OS), 0);
	assert_int_equal(collect_one(f, FACT_ACCOUNTS), 0);
	assert_int_equal(collect_one(f, FACT_SSHD), 0);
	return factset_get(&f->facts, FACT_SSHD);
}

static const struct sshd_context *find_context(const struct sshd *s, const char *label)
{
	for (size_t i = 0; i < s->n_contexts; i++) {
		if (strcmp(s->contexts[i].label, label) == 0)
			return &s->contexts[i];
	}
	for (size_t i = 0; i < s->n_contexts; i++)
		print_error("context \"%s\"\n", s->contexts[i].label);
	fail_msg("no context \"%s\"", label);
	return NULL;
}

static const char *value(const struct sshd_context *c, const char *keyword)
{
	const struct sshd_value *v = sshd_get(c, keyword);

	assert_non_null(v);
	return v->value;
}

/* An empty one when there is none. */
static const struct fact_item *find_item(const struct fact *f, const char *subject)
{
	static const struct fact_item none = {.value = "no such item"};

	for (size_t i = 0; i < f->n_items; i++) {
		if (strcmp(f->items[i].subject, subject) == 0)
			return &f->items[i];
	}
	return &none;
}

static void test_plain(void **state)
{
	struct fixture f;

	fixture_init(&f);
	const struct fact *fact = collect_here(&f, "PermitRootLogin no\nPort 2222\n");
	assert_int_equal(fact->state, FACT_STATE_OK);
	const struct sshd *s = fact->u.sshd;
	assert_int_equal(s->n_contexts, 1);
	assert_string_equal(s->contexts[0].label, "any user from anywhere");
	assert_true(s->contexts[0].root && s->contexts[0].others && s->contexts[0].outside);
	assert_int_equal(s->n_members, 0);
	assert_int_equal(s->n_errors, 0);
	assert_string_equal(s->version, "");
	assert_string_equal(s->defaults_from, "table for about 9.2");
	assert_string_equal(value(&s->contexts[0], "permitrootlogin"), "no");
	assert_string_equal(value(&s->contexts[0], "listenaddress"), "[::]:2222 0.0.0.0:2222");
	assert_ptr_equal(sshd_context_for_user(s, "alice"), &s->contexts[0]);
	assert_null(sshd_get(&s->contexts[0], "nonsense"));
	assert_null(sshd_get(NULL, "port"));
	assert_true(s->newest_mtime_realtime_usec > 0);
	assert_string_equal(s->newest_path, "/etc/ssh/sshd_config");
	assert_int_equal(s->started_realtime_usec, 0);
	const struct fact_item *item = find_item(fact, "sshd permitrootlogin");
	assert_non_null(item->subject);
	assert_string_equal(item->value, "no");
	assert_string_equal(item->path, "/etc/ssh/sshd_config");
	assert_int_equal(item->line, 1);
	assert_string_equal(find_item(fact, "sshd allowusers")->value, "(none)");
	assert_null(find_item(fact, "sshd allowusers")->path);
	fixture_fini(&f);
}

static void test_users(void **state)
{
	struct fixture f;

	fixture_init(&f);
	const struct fact *fact = collect_here(&f,
		"PasswordAuthentication no\n"
		"Match User root\nPermitRootLogin yes\n"
		"Match Group sftp\nForceCommand internal-sftp\nPasswordAuthentication yes\n"
		"Match User deploy,ci-*\nX11Forwarding yes\n"
		"Match Group users\nPasswordAuthentication no\n");
	const struct sshd *s = fact->u.sshd;
	const struct sshd_context *c = find_context(s, "any user from anywhere");
	assert_string_equal(value(c, "passwordauthentication"), "no");
	assert_string_equal(value(c, "permitrootlogin"), "without-password");
	assert_false(c->root);
	c = find_context(s, "user root from anywhere");
	assert_string_equal(value(c, "permitrootlogin"), "yes");
	assert_true(c->root && !c->others);
	assert_string_equal(c->user, "root");
	c = find_context(s, "group sftp from anywhere");
	assert_string_equal(value(c, "forcecommand"), "internal-sftp");
	assert_int_equal(sshd_get(c, "passwordauthentication")->line, 6);
	/* Nobody here is called so, but somebody of a directory service may be. */
	c = find_context(s, "user deploy,ci-* from anywhere");
	assert_string_equal(value(c, "x11forwarding"), "yes");
	/* What comes out equal to the general context is no other. */
	assert_int_equal(s->n_contexts, 4);
	assert_int_equal(s->n_members, 3);
	c = find_context(s, "group sftp from anywhere");
	assert_ptr_equal(sshd_context_for_user(s, "alice"), c);
	assert_ptr_equal(sshd_context_for_user(s, "bob"), c);
	assert_ptr_equal(sshd_context_for_user(s, "carol"), &s->contexts[0]);
	assert_ptr_equal(sshd_context_for_user(s, "ghost"), &s->contexts[0]);
	const struct fact_item *item = find_item(
		fact, "sshd passwordauthentication, group sftp from anywhere");
	assert_string_equal(item->value, "yes");
	assert_int_equal(item->line, 6);
	assert_null(find_item(fact, "sshd x11forwarding, group sftp from anywhere")->subject);
	fixture_fini(&f);
}

static void test_negated(void **state)
{
	struct fixture f;

	fixture_init(&f);
	/* Every real user has a group: the general context must not be one without. */
	const struct sshd *s = collect_here(&f, "PasswordAuthentication yes\n"
						"Match Group !sftp,*\nPasswordAuthentication no\n")
				       ->u.sshd;
	assert_string_equal(value(&s->contexts[0], "passwordauthentication"), "no");
	assert_int_equal(s->n_contexts, 2);
	const struct sshd_context *c = find_context(s, "not group !sftp,* from anywhere");
	assert_string_equal(value(c, "passwordauthentication"), "yes");
	assert_ptr_equal(sshd_context_for_user(s, "bob"), c);
	assert_ptr_equal(sshd_context_for_user(s, "root"), &s->contexts[0]);
	fixture_fini(&f);
}

static void test_places(void **state)
{
	struct fixture f;

	fixture_init(&f);
	const struct sshd *s = collect_here(&f,
		"PasswordAuthentication no\n"
		"Match Address 10.0.0.0/8,192.0.2.0/24\nPasswordAuthentication yes\n"
		"Match LocalPort 2222\nX11Forwarding yes\n"
		"Match User alice Address 198.51.100.*\nPermitTunnel yes\n")
				       ->u.sshd;
	const struct sshd_context *c = find_context(s, "any user from outside");
	assert_ptr_equal(c, &s->contexts[0]);
	assert_string_equal(value(c, "passwordauthentication"), "no");
	c = find_context(s, "any user from 10.0.0.0/8");
	assert_string_equal(value(c, "passwordauthentication"), "yes");
	assert_true(c->outside); /* 192.0.2.0/24 comes to the same, and is not trusted */
	c = find_context(s, "any user on port 2222");
	assert_string_equal(value(c, "x11forwarding"), "yes");
	c = find_context(s, "user alice from 198.51.100.*");
	assert_string_equal(value(c, "permittunnel"), "yes");
	assert_int_equal(s->n_contexts, 4);
	assert_ptr_equal(sshd_context_for_user(s, "alice"), &s->contexts[0]);
	fixture_fini(&f);
}

/* What a block leaves out is looked at as well as what it names. */
static void test_left_out(void **state)
{
	static const struct {
		const char *text, *label;
	} vectors[] = {
		{"Match Address *,!10.20.0.0/16\nX11Forwarding no\n", "any user from 10.20.0.0/16"},
		{"Match Address *,!203.0.113.*\nX11Forwarding no\n", "any user from 203.0.113.*"},
		{"Match LocalAddress *,!10.0.0.5\nX11Forwarding no\n", "any user from 10.0.0.5"},
		{"Match LocalPort 22\nX11Forwarding no\n", "any user on port 2222"},
		{"Match User *,!ldap-bob\nX11Forwarding no\n",
			"not user *,!ldap-bob from anywhere"},
		{"Match Group *,!ldap-admins\nX11Forwarding no\n",
			"not group *,!ldap-admins from anywhere"},
		{"UseDNS yes\nMatch Host *,!*.example.com\nX11Forwarding no\n",
			"any user from *.example.com"},
		{"Match RDomain *,!vrf1\nX11Forwarding no\n", "any user from vrf1"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct fixture f;
		char text[256];
		fixture_init(&f);
		(void)snprintf(text, sizeof(text), "X11Forwarding yes\nPort 22\nPort 2222\n%s",
			vectors[i].text);
		const struct sshd *s = collect_here(&f, text)->u.sshd;
		assert_string_equal(value(&s->contexts[0], "x11forwarding"), "no");
		const struct sshd_context *c = find_context(s, vectors[i].label);
		assert_string_equal(value(c, "x11forwarding"), "yes");
		assert_int_equal(s->n_contexts, 2);
		fixture_fini(&f);
	}
}

/* Each criterion of a block at once. */
static void test_together(void **state)
{
	struct fixture f;

	fixture_init(&f);
	const struct sshd *s = collect_here(&f,
		"UseDNS yes\n"
		"Match Host *.example.com Address 198.51.100.0/24,!198.51.100.1 LocalPort 2222 "
		"LocalAddress 10.9.* User bob\nX11Forwarding yes\n")
				       ->u.sshd;
	assert_int_equal(s->n_contexts, 2);
	assert_string_equal(value(&s->contexts[1], "x11forwarding"), "yes");
	assert_string_equal(s->contexts[1].label, "user bob from 198.51.100.0/24");
	fixture_fini(&f);
}

/* The first address that is in no list, and is not trusted, is what "outside" means. */
static void test_outside(void **state)
{
	struct fixture f;

	fixture_init(&f);
	const struct sshd *s = collect_here(&f,
		"PasswordAuthentication yes\n"
		"Match Address 203.0.113.0/24\nX11Forwarding yes\n"
		"Match Address *,!10.0.0.0/8\nPasswordAuthentication no\n")
				       ->u.sshd;
	assert_string_equal(value(&s->contexts[0], "passwordauthentication"), "no");
	assert_string_equal(value(&s->contexts[0], "x11forwarding"), "no");
	const struct sshd_context *c = find_context(s, "any user from 10.0.0.0/8");
	assert_string_equal(value(c, "passwordauthentication"), "yes");
	assert_false(c->outside);
	c = find_context(s, "any user from 203.0.113.0/24");
	assert_string_equal(value(c, "x11forwarding"), "yes");
	fixture_fini(&f);
}

static void test_hosts(void **state)
{
	struct fixture f;

	fixture_init(&f);
	static const char text[] = "Match Host *.example.com\nX11Forwarding yes\n";
	/* Without UseDNS sshd knows addresses only: no name will ever match. */
	const struct sshd *s = collect_here(&f, text)->u.sshd;
	assert_int_equal(s->n_contexts, 1);
	char with[128];
	(void)snprintf(with, sizeof(with), "UseDNS yes\n%s", text);
	s = collect_here(&f, with)->u.sshd;
	assert_string_equal(
		value(find_context(s, "any user from *.example.com"), "x11forwarding"), "yes");
	fixture_fini(&f);
}

static void test_nested(void **state)
{
	struct fixture f;

	fixture_init(&f);
	test_write(&f.t, "/etc/ssh/inner.conf",
		"X11Forwarding yes\nMatch Address 192.0.2.0/24\nPermitTunnel yes\n");
	const struct sshd *s = collect_here(&f, "Match Group sftp\nInclude inner.conf\n")->u.sshd;
	const struct sshd_context *c = find_context(s, "group sftp from outside");
	assert_string_equal(value(c, "x11forwarding"), "yes");
	assert_string_equal(value(c, "permittunnel"), "no");
	c = find_context(s, "group sftp from 192.0.2.0/24");
	assert_string_equal(value(c, "permittunnel"), "yes");
	assert_int_equal(s->n_contexts, 3);
	fixture_fini(&f);
}

static void test_dropped(void **state)
{
	struct fixture f;

	fixture_init(&f);
	const struct sshd *s = collect_here(&f, "Match User *\nAuthenticationMethods publickey\n"
						"Match Group *\nAuthenticationMethods any\n")
				       ->u.sshd;
	assert_int_equal(s->n_errors, 1);
	assert_int_equal(s->errors[0].line, 4);
	/* Nobody comes in, and yet there is something to look at. */
	assert_int_equal(s->n_contexts, 1);
	assert_non_null(sshd_get(&s->contexts[0], "permitrootlogin"));
	fixture_fini(&f);
}

/* ---- options ---- */

static void test_options(void **state)
{
	static const struct {
		const char *path, *text; /* one file beside the unit */
		const char *unit;	 /* or NULL */
		const char *keyword, *value, *where;
		unsigned line;
	} vectors[] = {
		{"/etc/default/ssh", "# x\nSSHD_OPTS='-o PermitRootLogin=yes -p 23'\n", NULL,
			"permitrootlogin", "yes", "/etc/default/ssh", 2},
		{"/etc/default/ssh", "SSHD_OPTS='-4p23'\n", NULL, "listenaddress", "0.0.0.0:23",
			NULL, 0},
		{"/etc/sysconfig/sshd", "OPTIONS=\"-oX11Forwarding=yes\"\n", NULL, "x11forwarding",
			"yes", "/etc/sysconfig/sshd", 1},
		{"/etc/sysconfig/sshd", "CRYPTO_POLICY='-oCiphers=aes256-ctr'\n", NULL, "ciphers",
			"aes256-ctr", "/etc/sysconfig/sshd", 1},
		{"/etc/default/ssh", "SSHD_OPTS=-oPort=23\n",
			"[Service]\nEnvironmentFile=-/etc/default/ssh\n"
			"ExecStart=/usr/sbin/sshd -D $SSHD_OPTS\n",
			"port", "23 22", "/etc/default/ssh", 1},
		/* A unit that does not pass it on. */
		{"/etc/default/ssh", "SSHD_OPTS=-oPort=23\n",
			"[Service]\nExecStart=/usr/sbin/sshd -D\n", "port", "22",
			"/etc/ssh/sshd_config", 1},
		{"/etc/systemd/system/ssh.service.d/x.conf",
			"[Service]\nExecStart=\nExecStart=/usr/sbin/sshd -D \\\n -o UseDNS=yes\n",
			"[Service]\nExecStart=/usr/sbin/sshd -D\n", "usedns", "yes",
			"/etc/systemd/system/ssh.service.d/x.conf", 3},
		{"/etc/systemd/system/ssh.service.d/x.conf",
			"[Service]\nEnvironment=\"SSHD_OPTS=-o UseDNS=yes\"\n",
			"[Service]\nExecStart=/usr/sbin/sshd -D $SSHD_OPTS\n", "usedns", "yes",
			"/etc/systemd/system/ssh.service.d/x.conf", 2},
		{"/etc/other.conf", "LogLevel QUIET\n",
			"[Service]\nExecStart=-/usr/sbin/sshd -f /etc/other.conf -D\n", "loglevel",
			"SILENT", "/etc/other.conf", 1},
		/* RHEL 8: the policy is a file of variables. */
		{"/etc/crypto-policies/back-ends/opensshserver.config",
			"CRYPTO_POLICY='-oCiphers=aes256-gcm@openssh.com "
			"-oMACs=hmac-sha2-256'\n",
			"[Service]\n"
			"EnvironmentFile=-/etc/crypto-policies/back-ends/opensshserver.config\n"
			"EnvironmentFile=-/etc/sysconfig/sshd\n"
			"ExecStart=/usr/sbin/sshd -D $OPTIONS $CRYPTO_POLICY\n",
			"ciphers", "aes256-gcm@openssh.com",
			"/etc/crypto-policies/back-ends/opensshserver.config", 1},
		{"/etc/x", "", "[Service]\nExecStart=/usr/sbin/sshd -q -g 5m\n", "logingracetime",
			"300", "/lib/systemd/system/ssh.service", 2},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct fixture f;
		fixture_init(&f);
		test_write(&f.t, vectors[i].path, vectors[i].text);
		if (vectors[i].unit)
			test_write(&f.t, "/lib/systemd/system/ssh.service", vectors[i].unit);
		const struct fact *fact = collect_here(&f, "Port 22\nPermitRootLogin no\n");
		assert_int_equal(fact->state, FACT_STATE_OK);
		const struct sshd_value *v = sshd_get(
			&fact->u.sshd->contexts[0], vectors[i].keyword);
		if (strcmp(v->value, vectors[i].value) != 0 || v->line != vectors[i].line)
			fail_msg("%zu: %s %s at line %u of %s", i, v->keyword, v->value, v->line,
				v->path ? v->path : "none");
		if (vectors[i].where)
			assert_string_equal(v->path, vectors[i].where);
		fixture_fini(&f);
	}
}

/* RHEL 9: a drop-in includes the policy. */
static void test_crypto_policy(void **state)
{
	struct fixture f;

	fixture_init(&f);
	test_write(&f.t, "/etc/os-release", "ID=\"almalinux\"\nID_LIKE=\"rhel\"\nVERSION_ID=9.4\n");
	test_write(&f.t, "/etc/ssh/sshd_config.d/50-redhat.conf",
		"Include /etc/crypto-policies/back-ends/opensshserver.config\n"
		"SyslogFacility AUTHPRIV\nChallengeResponseAuthentication no\nUsePAM yes\n");
	test_write(&f.t, "/etc/crypto-policies/back-ends/opensshserver.config",
		"Ciphers aes256-gcm@openssh.com,chacha20-poly1305@openssh.com\n"
		"PubkeyAcceptedAlgorithms ssh-ed25519\nRequiredRSASize 2048\nGSSAPIKexAlgorithms "
		"gss-curve25519-sha256-\n");
	const struct sshd *s =
		collect_here(&f, "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM no\n")->u.sshd;
	/* 8.7 has no RequiredRSASize, but that of RHEL 9 does. */
	assert_int_equal(s->n_errors, 0);
	assert_string_equal(value(&s->contexts[0], "requiredrsasize"), "2048");
	const struct sshd_value *v = sshd_get(&s->contexts[0], "ciphers");
	assert_string_equal(v->value, "aes256-gcm@openssh.com,chacha20-poly1305@openssh.com");
	assert_string_equal(v->path, "/etc/crypto-policies/back-ends/opensshserver.config");
	assert_string_equal(value(&s->contexts[0], "usepam"), "yes");
	assert_string_equal(value(&s->contexts[0], "kbdinteractiveauthentication"), "no");
	assert_string_equal(s->defaults_from, "table for about 8.7");
	fixture_fini(&f);
}

static void test_bad_option(void **state)
{
	struct fixture f;

	fixture_init(&f);
	test_write(&f.t, "/etc/default/ssh", "SSHD_OPTS='-o Bogus=1'\n");
	const struct sshd *s = collect_here(&f, "")->u.sshd;
	assert_int_equal(s->n_errors, 1);
	assert_string_equal(s->errors[0].path, "/etc/default/ssh");
	fixture_fini(&f);
}

/* ---- what is not there or cannot be read ---- */

static void test_states(void **state)
{
	struct fixture f;

	fixture_init(&f);
	const struct fact *fact = collect_here(&f, NULL);
	assert_int_equal(fact->state, FACT_STATE_ABSENT);
	/* A server without a configuration does not start. */
	test_write(&f.t, "/usr/sbin/sshd",
		"\x7f"
		"ELF OpenSSH_8.4p1 Debian");
	fact = collect_here(&f, NULL);
	assert_int_equal(fact->state, FACT_STATE_OK);
	assert_int_equal(fact->u.sshd->n_errors, 1);
	assert_string_equal(fact->u.sshd->version, "8.4p1");
	assert_string_equal(fact->u.sshd->defaults_from, "table for 8.4");
	assert_int_equal(mkfifo(test_path(&f.t, "/etc/ssh.fifo"), 0600), 0);
	fact = collect_here(&f, "Include /etc/ssh.fifo\n");
	assert_int_equal(fact->state, FACT_STATE_MALFORMED);
	assert_non_null(strstr(fact->reason, "/etc/ssh.fifo is a FIFO"));
	/* A configuration of 100 GB of nothing. */
	assert_int_equal(truncate(test_path(&f.t, "/etc/ssh/sshd_config"), 100LL << 30), 0);
	fact = collect_here(&f, NULL);
	assert_int_equal(fact->state, FACT_STATE_MALFORMED);
	/* Who meets a Match cannot be told. */
	assert_int_equal(unlink(test_path(&f.t, "/etc/ssh/sshd_config")), 0);
	assert_int_equal(unlink(test_path(&f.t, "/etc/group")), 0);
	assert_int_equal(mkfifo(test_path(&f.t, "/etc/group"), 0600), 0);
	fact = collect_here(&f, "Match Group sftp\nX11Forwarding yes\n");
	assert_int_equal(fact->state, FACT_STATE_MALFORMED);
	fixture_fini(&f);
}

/* All that was looked at is watched, there or not. */
static void test_deps(void **state)
{
	static const char *const expected[] = {"/etc/default/ssh", "/etc/ssh/sshd_config",
		"/etc/ssh/sshd_config.d", "/etc/systemd/system/ssh.service", "/usr/sbin/sshd"};
	struct fixture f;

	fixture_init(&f);
	const struct fact *fact = collect_here(&f, "Include sshd_config.d/*.conf\n");
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		bool found = false;
		for (size_t k = 0; k < fact->deps.n; k++)
			found |= strcmp(fact->deps.v[k].path, expected[i]) == 0;
		if (!found)
			fail_msg("%s is not watched", expected[i]);
	}
	fixture_fini(&f);
}

/* Many users, few contexts. */
static void test_many_users(void **state)
{
	enum {
		USERS = 100000,
	};
	struct fixture f;
	char *passwd = malloc(USERS * 64), *p = passwd;

	fixture_init(&f);
	p += sprintf(p, "root:x:0:0::/root:/bin/sh\n");
	for (int i = 0; i < USERS; i++)
		p += sprintf(
			p, "u%d:x:%d:%d::/home/u%d:/bin/sh\n", i, 1000 + i, i % 2 ? 100 : 200, i);
	test_write(&f.t, "/etc/passwd", passwd);
	free(passwd);
	const struct sshd *s = collect_here(&f, "Match Group sftp\nX11Forwarding yes\n"
						"Match User u1*\nPermitTunnel yes\n"
						"Match Address 10.0.0.0/8\nGatewayPorts yes\n")
				       ->u.sshd;
	assert_true(s->n_contexts <= 8);
	assert_true(s->n_members > USERS / 2);
	assert_string_equal(value(sshd_context_for_user(s, "u2"), "x11forwarding"), "yes");
	assert_string_equal(value(sshd_context_for_user(s, "u3"), "x11forwarding"), "no");
	assert_string_equal(value(sshd_context_for_user(s, "u100"), "permittunnel"), "yes");
	fixture_fini(&f);
}

/* As many Match blocks as one may write: refused to be judged rather than for ever. */
static void test_many_blocks(void **state)
{
	struct fixture f;
	char *text = malloc(1 << 20), *p = text;

	fixture_init(&f);
	for (int i = 0; i < 3000; i++)
		p += sprintf(p, "Match User u%d Address 10.%d.%d.0/24\nX11Forwarding yes\n", i,
			i / 256, i % 256);
	const struct fact *fact = collect_here(&f, text);
	free(text);
	assert_int_equal(fact->state, FACT_STATE_MALFORMED);
	fixture_fini(&f);
}

static void test_alloc(void **state)
{
	struct fixture f;

	fixture_init(&f);
	test_write(&f.t, "/etc/default/ssh", "SSHD_OPTS='-o PermitRootLogin=yes -p 23'\n");
	(void)collect_here(&f, "Match Group sftp Address 10.0.0.0/8\nX11Forwarding yes\n"
			       "Match User alice\nPermitTunnel yes\nBogus\n");
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		alloc_count = 0;
		int r = collect_one(&f, FACT_SSHD);
		if (alloc_count < alloc_fail_at)
			break;
		assert_int_equal(r, -ENOMEM);
	}
	assert_true(alloc_fail_at > 20);
	alloc_fail_at = 0;
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_negated),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_crypto_policy),
		cmocka_unit_test(test_bad_option),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_deps),
		cmocka_unit_test(test_many_users),
		cmocka_unit_test(test_many_blocks),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
