/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "alloc-fail.h"
#include "fact/sshd-conf.h"

static const char *home(const char *user, _unused_ const void *arg)
{
	if (!user)
		return "/root";
	return strcmp(user, "alice") == 0 ? "/home/alice" : NULL;
}

/* One configuration, for one version; the root is a directory with nothing in it. */
struct fixture {
	struct test_root t;
	struct arena *a;
	struct sshd_conf c;
};

static int load(struct fixture *f, unsigned version, const char *text)
{
	const struct sshd_env env = {
		.root = &f->t.root, .version = version, .vendor = SSHD_VENDOR_DEBIAN, .home = home};

	sshd_conf_init(&f->c, f->a, &env);
	int r = sshd_defaults_table(f->a, version, &f->c.defaults, &f->c.n_defaults);
	if (r == 0)
		r = sshd_conf_text(&f->c, "/etc/ssh/sshd_config", text, strlen(text));
	return r < 0 ? r : sshd_conf_check(&f->c);
}

static void fixture_init(struct fixture *f)
{
	test_root_init(&f->t);
	f->a = arena_new();
	assert_non_null(f->a);
}

static void fixture_fini(struct fixture *f)
{
	arena_free(f->a);
	test_root_fini(&f->t);
}

static const struct sshd_value *eval(
	struct fixture *f, const struct sshd_connection *conn, const char *keyword)
{
	struct sshd_value *v = NULL;
	size_t n = 0;

	int r = sshd_conf_eval(&f->c, conn, f->a, &v, &n);
	if (r == -EINVAL)
		return NULL;
	assert_int_equal(r, 0);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i].keyword, keyword) == 0)
			return &v[i];
	}
	fail_msg("no keyword %s", keyword);
	return NULL;
}

/* ---- evaluation ---- */

static const char *const staff[] = {"staff", "users", NULL};
static const struct sshd_connection alice = {.user = "alice",
	.groups = staff,
	.host = "h.example.com",
	.address = "10.1.2.3",
	.laddress = "192.0.2.1",
	.lport = 22};

static void test_eval(void **state)
{
	static const struct {
		unsigned version;
		const char *text, *keyword, *value;
		unsigned line; /* 0: default */
	} vectors[] = {
		{902, "", "permitrootlogin", "without-password", 0},
		{902, "PermitRootLogin no\nPermitRootLogin yes\n", "permitrootlogin", "no", 1},
		{902, "permitrootlogin=YES", "permitrootlogin", "yes", 1},
		{902, "PermitRootLogin \"no\" # why", "permitrootlogin", "no", 1},
		{902, "\"PermitRootLogin\" no", "permitrootlogin", "no", 1},
		{902, "\"PermitRootLogin no", "permitrootlogin", "without-password", 0},
		{902, "PermitRootLogin no\nMatch User alice\nPermitRootLogin yes\n",
			"permitrootlogin", "yes", 3},
		{902, "Match User bob\nPermitRootLogin yes\n", "permitrootlogin",
			"without-password", 0},
		{902, "Match User bob\nMatch all\nPermitRootLogin yes\n", "permitrootlogin", "yes",
			3},
		{902, "Match Group staff\nX11Forwarding yes\nMatch User alice\nX11Forwarding no\n",
			"x11forwarding", "yes", 2},
		{902, "Match Group !staff,*\nX11Forwarding yes\n", "x11forwarding", "no", 0},
		{902, "Match Address 10.0.0.0/8 LocalPort 22\nX11Forwarding yes\n", "x11forwarding",
			"yes", 2},
		{902, "Match Address 10.0.0.0/8 LocalPort 23\nX11Forwarding yes\n", "x11forwarding",
			"no", 0},
		{902, "Match Host *.EXAMPLE.com\nX11Forwarding yes\n", "x11forwarding", "yes", 2},
		{902, "Match User=alice\nX11Forwarding yes\n", "x11forwarding", "yes", 2},
		{909, "Match User=alice\nX11Forwarding yes\n", "x11forwarding", "yes", 2},
		{909, "Match invalid-user\nX11Forwarding yes\n", "x11forwarding", "no", 0},
		{1000, "Match version OpenSSH_10.*\nX11Forwarding yes\n", "x11forwarding", "yes",
			2},
		{902, "AllowUsers a b\nAllowUsers c\n", "allowusers", "a b c", 1},
		{902, "AllowUsers a\nMatch User alice\nAllowUsers b\n", "allowusers", "b", 3},
		{902, "ChallengeResponseAuthentication no\n", "kbdinteractiveauthentication", "no",
			1},
		{804, "", "kbdinteractiveauthentication", "yes", 0},
		{804, "ChallengeResponseAuthentication no\n", "kbdinteractiveauthentication", "no",
			0},
		{804, "KbdInteractiveAuthentication no\n", "kbdinteractiveauthentication", "yes",
			0},
		{804, "ChallengeResponseAuthentication no\nKbdInteractiveAuthentication no\n",
			"kbdinteractiveauthentication", "no", 2},
		{902, "PubkeyAcceptedKeyTypes ssh-ed25519\n", "pubkeyacceptedalgorithms",
			"ssh-ed25519", 1},
		{804, "PubkeyAcceptedKeyTypes ssh-ed25519\n", "pubkeyacceptedalgorithms",
			"ssh-ed25519", 1},
		{902, "Port 22\nPort 2222\nListenAddress ::1\nListenAddress 127.1:80\n",
			"listenaddress", "[::1]:22 [::1]:2222 127.0.0.1:80", 3},
		{902, "Port 2222\nAddressFamily inet\n", "listenaddress", "0.0.0.0:2222", 0},
		{902, "AuthorizedKeysFile ~/k ~alice/k none\n", "authorizedkeysfile",
			"/root/k /home/alice/k none", 1},
		{902, "Banner x\n", "banner", "//x", 1},
		{902, "ClientAliveInterval 1h30m\n", "clientaliveinterval", "5400", 1},
		{902, "PermitUserEnvironment no\nMatch all\nPermitUserEnvironment LANG\n",
			"permituserenvironment", "LANG", 3},
		{902, "PermitUserEnvironment no\nMatch all\nPermitUserEnvironment yes\n",
			"permituserenvironment", "no", 1},
		{804, "AllowUsers a#b \"c\n", "allowusers", "a", 1},
		{902, "AllowUsers a#b # c\n", "allowusers", "a#b", 1},
		{902, "Ciphers -*\n", "ciphers",
			"chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,"
			"aes128-gcm@openssh.com,aes256-gcm@openssh.com",
			1},
		{902, "AuthenticationMethods publickey,password publickey\n",
			"authenticationmethods", "publickey,password publickey", 1},
		{902, " \t \n\n#PermitRootLogin no\nPermitRootLogin yes\f\n", "permitrootlogin",
			"yes", 4},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct fixture f;
		fixture_init(&f);
		assert_int_equal(load(&f, vectors[i].version, vectors[i].text), 0);
		if (f.c.n_errors > 0)
			fail_msg("%zu: %s", i, f.c.errors[0].text);
		const struct sshd_value *v = eval(&f, &alice, vectors[i].keyword);
		if (!v || strcmp(v->value, vectors[i].value) != 0 || v->line != vectors[i].line)
			fail_msg("%s: %s at line %u", vectors[i].text, v ? v->value : "none",
				v ? v->line : 0);
		assert_int_equal(v->path != NULL, vectors[i].line > 0);
		fixture_fini(&f);
	}
}

/* What sshd refuses, and where it says so. */
static void test_refused(void **state)
{
	static const struct {
		unsigned version;
		const char *text;
		unsigned line;
		const char *what; /* part of the text */
	} vectors[] = {
		{902, "\f\n", 1, "no argument"},
		{902, "GSSAPIEnablek5users yes\n", 1, "bad configuration option"},
		{902, "\nBogus yes\n", 2, "bad configuration option"},
		{902, "PermitRootLogin\n", 1, "no argument"},
		{902, "PermitRootLogin maybe\n", 1, "bad value \"maybe\""},
		{902, "PermitRootLogin no yes\n", 1, "extra arguments"},
		{902, "PermitRootLogin \"no\n", 1, "invalid quotes"},
		{902, "Match User a\nPort 22\n", 2, "not allowed within a Match block"},
		{902, "Match\n", 1, "no argument"},
		{902, "Match bogus x\n", 1, "unsupported attribute"},
		{902, "Match all user x\n", 1, "cannot be combined"},
		{902, "Match user\n", 1, "nothing follows"},
		{902, "Match address 10.0.0.1/8\n", 1, "bad address list"},
		{902, "Match localport x\n", 1, "bad port"},
		{902, "Match version x\n", 1, "unsupported attribute"},
		{800, "Include /x\n", 1, "bad configuration option"},
		{902, "Include \"\"\n", 1, "empty argument"},
		{902, "Ciphers nonsense\n", 1, "not known"},
		{902, "Ciphers +\n", 1, "not known"},
		{902, "HostKeyAlgorithms rsa\n", 1, "no algorithm is left"},
		{902, "Port 0\n", 1, "bad value"},
		{902, "ListenAddress [::1\n", 1, "bad value"},
		{902, "AddressFamily inet\nListenAddress ::1\n", 2, "bad address"},
		{902, "AuthorizedKeysCommand /x\n", 1, "without"},
		{902, "AuthorizedKeysCommand x\n", 1, "absolute path"},
		{902, "AuthenticationMethods nonsense\n", 1, "bad value"},
		{902, "AuthenticationMethods any publickey\n", 1, "bad value"},
		{902, "AuthenticationMethods publickey\nMatch User x\nAuthenticationMethods any\n",
			3, "must appear alone"},
		{902, "PasswordAuthentication no\nAuthenticationMethods password\n", 2,
			"cannot be satisfied"},
		{902, "Subsystem sftp a\nSubsystem sftp b\n", 2, "already defined"},
		{902, "AuthorizedKeysFile ~ghost/x\n", 1, "no such user"},
		{902, "Banner ~ghost/x\n", 1, "no such user"},
		{902, "AllowUsers a@10.0.0.1/8\n", 1, "bad value"},
		{902, "AcceptEnv A=1\n", 1, "bad value"},
		{902, "MaxAuthTries x\n", 1, "bad value"},
		{902, "LoginGraceTime 1y\n", 1, "bad value"},
		{1000, "AllowUsers\t#\n", 1, "missing argument"},
		{902, "PermitOpen x\n", 1, "bad value"},
		{902, "RekeyLimit 1\n", 1, "bad value"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct fixture f;
		fixture_init(&f);
		assert_int_equal(load(&f, vectors[i].version, vectors[i].text), 0);
		if (f.c.n_errors == 0)
			fail_msg("taken: %s", vectors[i].text);
		if (f.c.errors[0].line != vectors[i].line ||
			!strstr(f.c.errors[0].text, vectors[i].what))
			fail_msg("%s: line %u: %s", vectors[i].text, f.c.errors[0].line,
				f.c.errors[0].text);
		fixture_fini(&f);
	}
}

/* Refused in older or newer versions only. */
static void test_versions(void **state)
{
	static const struct {
		const char *text;
		unsigned refused, taken;
	} vectors[] = {
		{"Match User a\nSubsystem x y\n", 902, 905},
		{"Subsystem x y\nSubsystem x z\n", 902, 906},
		{"RequiredRSASize 2048\n", 900, 901},
		{"PerSourcePenalties no\n", 907, 908},
		{"RefuseConnection yes\n", 908, 909},
		{"Match invalid-user\n", 908, 909},
		{"HostKeyAlgorithms ssh-dss\n", 1000, 902},
		{"PubkeyAcceptedAlgorithms ssh-rsa\n", 804, 805},
		{"AllowUsers \"a b\\\"\n", 902, 804},
		{"HostKeyAlgorithms ssh-ed25519,rsa\n", 1000, 902},
		{"Match User a\nChallengeResponseAuthentication no\n", 804, 807},
		{"ThisComesLater yes\n", SSHD_VERSION_MAX, SSHD_VERSION_MAX + 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct fixture f;
		fixture_init(&f);
		assert_int_equal(load(&f, vectors[i].taken, vectors[i].text), 0);
		if (f.c.n_errors > 0)
			fail_msg("%s: %s", vectors[i].text, f.c.errors[0].text);
		assert_int_equal(load(&f, vectors[i].refused, vectors[i].text), 0);
		if (f.c.n_errors == 0)
			fail_msg("taken by %u: %s", vectors[i].refused, vectors[i].text);
		fixture_fini(&f);
	}
}

static void test_include(void **state)
{
	struct fixture f;

	fixture_init(&f);
	test_write(&f.t, "/etc/ssh/sshd_config.d/50-cloud-init.conf",
		"PasswordAuthentication yes\nMatch User bob\nX11Forwarding yes\n");
	test_write(&f.t, "/etc/ssh/sshd_config.d/60-hardening.conf",
		"PasswordAuthentication no\nMaxAuthTries 3\n");
	test_write(&f.t, "/etc/ssh/inner.conf", "Match all\nMaxSessions 5\n");
	test_write(&f.t, "/etc/ssh/loop.conf", "Include loop.conf\n");
	static const char text[] = "Include sshd_config.d/*.conf\n"
				   "PasswordAuthentication no\n"
				   "MaxAuthTries 4\n"
				   "Match User bob\n"
				   "Include inner.conf\n"
				   "LogLevel DEBUG\n";
	assert_int_equal(load(&f, 902, text), 0);
	assert_int_equal(f.c.n_errors, 0);
	const struct sshd_value *v = eval(&f, &alice, "passwordauthentication");
	assert_string_equal(v->value, "yes");
	assert_string_equal(v->path, "/etc/ssh/sshd_config.d/50-cloud-init.conf");
	/* A Match inside of an included file ends with it. */
	v = eval(&f, &alice, "maxauthtries");
	assert_string_equal(v->value, "3");
	assert_string_equal(eval(&f, &alice, "maxsessions")->value, "10");
	struct sshd_connection bob = alice;
	bob.user = "bob";
	v = eval(&f, &bob, "maxsessions");
	assert_string_equal(v->value, "5");
	assert_string_equal(v->path, "/etc/ssh/inner.conf");
	assert_string_equal(eval(&f, &bob, "x11forwarding")->value, "yes");
	/* The Match inside of inner.conf does not undo the outer one. */
	assert_string_equal(eval(&f, &bob, "loglevel")->value, "DEBUG");
	assert_string_equal(eval(&f, &alice, "loglevel")->value, "INFO");

	assert_int_equal(load(&f, 902, "Include loop.conf\n"), 0);
	assert_int_equal(f.c.n_errors, 1);
	assert_int_equal(load(&f, 902, "Include sshd_config.d/none-*\n"), 0);
	assert_int_equal(f.c.n_errors, 0);
	assert_int_equal(symlink("nowhere", test_path(&f.t, "/etc/ssh/dangling.conf")), 0);
	assert_int_equal(load(&f, 902, "Include dangling.conf\n"), 0);
	assert_int_equal(f.c.n_errors, 1);
	assert_int_equal(mkfifo(test_path(&f.t, "/etc/ssh/fifo.conf"), 0600), 0);
	assert_int_equal(load(&f, 902, "Include fifo.conf\n"), 0);
	assert_int_equal(f.c.n_errors, 0);
	assert_int_equal(f.c.unreadable, -ENODEV);
	assert_int_equal(load(&f, 902, "Include /etc/ssh/sshd_config.d\n"), 0);
	assert_int_equal(f.c.n_errors, 0);
	assert_int_equal(f.c.unreadable, 0);
	fixture_fini(&f);
}

/* Each file includes the next twice: 2^20 visits are not made. */
static void test_multiplied(void **state)
{
	struct fixture f;
	char path[64], text[64];

	fixture_init(&f);
	for (int i = 0; i < 16; i++) {
		(void)snprintf(path, sizeof(path), "/etc/ssh/%d.conf", i);
		(void)snprintf(text, sizeof(text), "Include %d.conf %d.conf %d.conf\n", i + 1,
			i + 1, i + 1);
		test_write(&f.t, path, i < 15 ? text : "MaxAuthTries 3\nMaxSessions 2\n");
	}
	assert_int_equal(load(&f, 902, "Include 0.conf\n"), 0);
	assert_int_equal(f.c.unreadable, -EFBIG);
	test_write(&f.t, "/etc/ssh/15.conf", "Include 16.conf\n");
	test_write(&f.t, "/etc/ssh/16.conf", "Include 17.conf\n");
	test_write(&f.t, "/etc/ssh/17.conf", "");
	assert_int_equal(load(&f, 902, "Include 0.conf\n"), 0);
	assert_true(f.c.n_errors > 0);
	fixture_fini(&f);
}

/* A line that is cut at a NUL goes on with the next one, as in sshd. */
static void test_nul(void **state)
{
	static const char text[] = "Max\0x\nAuthTries 3\nPermitRootLogin no\n";
	struct fixture f;

	fixture_init(&f);
	assert_int_equal(load(&f, 902, ""), 0);
	assert_int_equal(sshd_conf_text(&f.c, "x", text, sizeof(text) - 1), 0);
	assert_int_equal(f.c.n_errors, 0);
	assert_string_equal(eval(&f, &alice, "maxauthtries")->value, "3");
	assert_int_equal(eval(&f, &alice, "permitrootlogin")->line, 2);
	fixture_fini(&f);
}

/* What shows only when somebody connects drops that one. */
static void test_dropped(void **state)
{
	struct fixture f;

	fixture_init(&f);
	assert_int_equal(load(&f, 902,
				 "Match User alice\nAuthenticationMethods publickey\n"
				 "Match Address 10.0.0.0/8\nAuthenticationMethods any\n"),
		0);
	assert_int_equal(f.c.n_errors, 0);
	assert_null(eval(&f, &alice, "port"));
	assert_int_equal(f.c.n_errors, 1);
	assert_int_equal(f.c.errors[0].line, 4);
	assert_null(eval(&f, &alice, "port"));
	assert_int_equal(f.c.n_errors, 1);
	fixture_fini(&f);
}

static void test_alloc(void **state)
{
	static const char text[] = "Port 22\nPort 23\nListenAddress ::1\nAllowUsers a b c d e\n"
				   "Ciphers +aes128-cbc\nMatch User alice Address 10.0.0.0/8\n"
				   "PasswordAuthentication no\nBogus\nMatch Group staff\n"
				   "AuthorizedKeysFile ~/x /y\nMACs hmac-sha1\n";
	struct test_root t;

	test_root_init(&t);
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		struct fixture f = {.t = t};
		struct sshd_value *v;
		size_t n;
		alloc_count = 0;
		f.a = arena_new();
		int r = f.a ? load(&f, 902, text) : -ENOMEM;
		if (r == 0)
			r = sshd_conf_eval(&f.c, &alice, f.a, &v, &n);
		unsigned count = alloc_count;
		/* An error that could not be stored is remembered by the arena. */
		if (f.a && arena_failed(f.a))
			r = -ENOMEM;
		arena_free(f.a);
		if (count < alloc_fail_at)
			break;
		assert_int_equal(r, -ENOMEM);
	}
	assert_true(alloc_fail_at > 3);
	alloc_fail_at = 0;
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_eval),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_include),
		cmocka_unit_test(test_multiplied),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
