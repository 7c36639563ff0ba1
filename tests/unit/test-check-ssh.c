/* SPDX-License-Identifier: ISC */
/* The checks of the SSH server's settings, on facts made by hand. */
#include "test.h"

#include "check/check.h"
#include "conf/conf.h"
#include "fact/pam.h"
#include "fact/sshd.h"

enum {
	VALUES_MAX = 40,
	CONTEXTS_MAX = 3,
	EVIDENCE_MAX = 4,
};

/* "keyword value" each, sorted by keyword here; what is not said has the default of OpenSSH. */
struct context {
	const char *label;
	const char *values[8];
	bool not_root, not_others, inside;
};

struct expected {
	const char *subject;
	enum result result;
	enum severity severity;
	const char *observed; /* a part of it */
};

enum stack {
	STACK_NONE,	/* PAM was not collected */
	STACK_PASSWORD, /* pam_unix */
	STACK_KEY,	/* no module takes a password */
	STACK_TOTP,	/* a second factor */
	STACK_BROKEN,
};

struct vector {
	const char *check;
	struct context contexts[CONTEXTS_MAX];
	enum stack stack;
	enum result result;
	struct expected evidence[EVIDENCE_MAX]; /* in any order; ends with subject NULL */
};

static const struct sshd_value defaults[] = {
	{"allowgroups", "", NULL, 0},
	{"allowtcpforwarding", "yes", NULL, 0},
	{"allowusers", "", NULL, 0},
	{"authenticationmethods", "any", NULL, 0},
	{"ciphers", "chacha20-poly1305@openssh.com,aes128-ctr", NULL, 0},
	{"denygroups", "", NULL, 0},
	{"denyusers", "", NULL, 0},
	{"disableforwarding", "no", NULL, 0},
	{"gatewayports", "no", NULL, 0},
	{"hostkeyalgorithms", "ssh-ed25519,rsa-sha2-512", NULL, 0},
	{"kbdinteractiveauthentication", "no", NULL, 0},
	{"kexalgorithms", "curve25519-sha256", NULL, 0},
	{"macs", "hmac-sha2-256-etm@openssh.com", NULL, 0},
	{"passwordauthentication", "no", NULL, 0},
	{"permitemptypasswords", "no", NULL, 0},
	{"permitrootlogin", "no", NULL, 0},
	{"permittunnel", "no", NULL, 0},
	{"permituserenvironment", "no", NULL, 0},
	{"pubkeyacceptedalgorithms", "ssh-ed25519", NULL, 0},
	{"pubkeyauthentication", "yes", NULL, 0},
	{"refuseconnection", "no", NULL, 0},
	{"usepam", "yes", NULL, 0},
	{"x11forwarding", "no", NULL, 0},
};

static const struct vector vectors[] = {
	{"ssh-password-login", {{"any user from anywhere"}}, STACK_PASSWORD, RESULT_PASS, {{0}}},
	{"ssh-password-login", {{"any user from anywhere", {"passwordauthentication yes"}}},
		STACK_PASSWORD, RESULT_FAIL,
		{{"sshd passwordauthentication", RESULT_FAIL, SEV_HIGH, "yes"}}},
	{"ssh-password-login", {{"any user from anywhere", {"kbdinteractiveauthentication yes"}}},
		STACK_PASSWORD, RESULT_FAIL,
		{{"sshd kbdinteractiveauthentication", RESULT_FAIL, SEV_HIGH, "pam_unix.so"}}},
	{"ssh-password-login", {{"any user from anywhere", {"kbdinteractiveauthentication yes"}}},
		STACK_KEY, RESULT_PASS, {{0}}},
	{"ssh-password-login",
		{{"any user from anywhere", {"kbdinteractiveauthentication yes", "usepam no"}}},
		STACK_PASSWORD, RESULT_PASS, {{0}}},
	{"ssh-password-login", {{"any user from anywhere", {"kbdinteractiveauthentication yes"}}},
		STACK_BROKEN, RESULT_UNKNOWN,
		{{"sshd kbdinteractiveauthentication", RESULT_UNKNOWN, SEV_HIGH, "no include"}}},
	{"ssh-password-login", {{"any user from anywhere", {"kbdinteractiveauthentication yes"}}},
		STACK_NONE, RESULT_UNKNOWN,
		{{"sshd kbdinteractiveauthentication", RESULT_UNKNOWN, SEV_HIGH, "collected"}}},
	/* A password is not enough, or is the only way. */
	{"ssh-password-login",
		{{"any user from anywhere",
			{"passwordauthentication yes", "kbdinteractiveauthentication yes",
				"authenticationmethods publickey,password "
				"publickey,keyboard-interactive:pam"}}},
		STACK_PASSWORD, RESULT_PASS, {{0}}},
	{"ssh-password-login",
		{{"any user from anywhere",
			{"passwordauthentication yes", "kbdinteractiveauthentication yes",
				"authenticationmethods publickey password,keyboard-interactive"}}},
		STACK_PASSWORD, RESULT_FAIL,
		{{"sshd passwordauthentication", RESULT_FAIL, SEV_HIGH, "yes"},
			{"sshd kbdinteractiveauthentication", RESULT_FAIL, SEV_HIGH, "yes"}}},
	{"ssh-password-login",
		{{"any user from anywhere",
			{"passwordauthentication yes", "kbdinteractiveauthentication yes",
				"authenticationmethods password,keyboard-interactive"}}},
		STACK_KEY, RESULT_PASS, {{0}}},
	/* Of one context only, and from inside only. */
	{"ssh-password-login",
		{{"any user from outside"},
			{"group sftp from anywhere", {"passwordauthentication yes"}}},
		STACK_PASSWORD, RESULT_FAIL,
		{{"sshd passwordauthentication, group sftp from anywhere", RESULT_FAIL, SEV_HIGH,
			"for group sftp"}}},
	{"ssh-password-login",
		{{"any user from outside"},
			{"any user from 10.0.0.0/8", {"passwordauthentication yes"},
				.inside = true}},
		STACK_PASSWORD, RESULT_FAIL,
		{{"sshd passwordauthentication, any user from 10.0.0.0/8", RESULT_FAIL, SEV_MEDIUM,
			"yes"}}},
	/* sshd takes root's password only where root may log in with one. */
	{"ssh-password-login",
		{{"any user from anywhere", {0}, .not_root = true},
			{"user root from anywhere",
				{"passwordauthentication yes", "permitrootlogin without-password"},
				.not_others = true}},
		STACK_PASSWORD, RESULT_PASS, {{0}}},
	{"ssh-password-login",
		{{"any user from anywhere", {0}, .not_root = true},
			{"user root from anywhere",
				{"passwordauthentication yes", "permitrootlogin yes"},
				.not_others = true}},
		STACK_PASSWORD, RESULT_FAIL,
		{{"sshd passwordauthentication, user root from anywhere", RESULT_FAIL, SEV_HIGH,
			"yes"}}},

	{"ssh-password-login",
		{{"any user from 10.0.0.0/8", {"denyusers x"}},
			{"any user from outside",
				{"passwordauthentication yes", "refuseconnection yes"}}},
		STACK_PASSWORD, RESULT_PASS, {{0}}},

	{"ssh-root-login", {{"any user from anywhere"}}, STACK_NONE, RESULT_PASS, {{0}}},
	{"ssh-root-login", {{"any user from anywhere", {"permitrootlogin yes"}}}, STACK_NONE,
		RESULT_FAIL, {{"sshd permitrootlogin", RESULT_FAIL, SEV_HIGH, "yes"}}},
	{"ssh-root-login", {{"any user from anywhere", {"permitrootlogin without-password"}}},
		STACK_NONE, RESULT_FAIL,
		{{"sshd permitrootlogin", RESULT_FAIL, SEV_MEDIUM, "without-password"}}},
	{"ssh-root-login", {{"any user from anywhere", {"permitrootlogin forced-commands-only"}}},
		STACK_NONE, RESULT_FAIL,
		{{"sshd permitrootlogin", RESULT_FAIL, SEV_MEDIUM, "forced"}}},
	{"ssh-root-login",
		{{"any user from anywhere", {"permitrootlogin yes"}, .not_root = true},
			{"user root from anywhere", {"permitrootlogin no"}}},
		STACK_NONE, RESULT_PASS, {{0}}},
	{"ssh-root-login",
		{{"any user from outside"}, {"any user from 10.0.0.0/8", {"permitrootlogin yes"}}},
		STACK_NONE, RESULT_FAIL,
		{{"sshd permitrootlogin, any user from 10.0.0.0/8", RESULT_FAIL, SEV_HIGH, "yes"}}},

	{"ssh-empty-passwords", {{"any user from anywhere"}}, STACK_NONE, RESULT_PASS, {{0}}},
	{"ssh-empty-passwords",
		{{"any user from anywhere",
			{"permitemptypasswords yes", "passwordauthentication yes"}}},
		STACK_NONE, RESULT_FAIL,
		{{"sshd permitemptypasswords", RESULT_FAIL, SEV_CRITICAL, "yes"}}},
	{"ssh-empty-passwords", {{"any user from anywhere", {"permitemptypasswords yes"}}},
		STACK_NONE, RESULT_FAIL,
		{{"sshd permitemptypasswords", RESULT_FAIL, SEV_MEDIUM, "without effect"}}},

	{"ssh-crypto", {{"any user from anywhere"}}, STACK_NONE, RESULT_PASS, {{0}}},
	{"ssh-crypto",
		{{"any user from anywhere",
			{"ciphers aes128-cbc,aes128-ctr,3des-cbc",
				"macs hmac-sha1,umac-64@openssh.com,hmac-sha2-256",
				"kexalgorithms diffie-hellman-group1-sha1",
				"hostkeyalgorithms ssh-rsa,ssh-dss,ssh-ed25519"}}},
		STACK_NONE, RESULT_FAIL,
		{{"sshd ciphers", RESULT_FAIL, SEV_MEDIUM, "aes128-cbc, 3des-cbc"},
			{"sshd macs", RESULT_FAIL, SEV_MEDIUM, "hmac-sha1, umac-64@openssh.com"},
			{"sshd kexalgorithms", RESULT_FAIL, SEV_MEDIUM, "group1-sha1"},
			{"sshd hostkeyalgorithms", RESULT_FAIL, SEV_MEDIUM, "ssh-rsa, ssh-dss"}}},
	/* No MAC is used with ciphers that have their own. */
	{"ssh-crypto",
		{{"any user from anywhere",
			{"ciphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com",
				"macs hmac-sha1"}}},
		STACK_NONE, RESULT_PASS, {{0}}},
	{"ssh-crypto",
		{{"any user from outside"},
			{"user old from anywhere", {"pubkeyacceptedalgorithms ssh-rsa"}}},
		STACK_NONE, RESULT_FAIL,
		{{"sshd pubkeyacceptedalgorithms, user old from anywhere", RESULT_FAIL, SEV_MEDIUM,
			"ssh-rsa"}}},

	{"ssh-access-limited", {{"any user from anywhere", {"allowgroups ssh-users"}}}, STACK_NONE,
		RESULT_PASS, {{0}}},
	{"ssh-access-limited", {{"any user from anywhere", {"denyusers guest"}}}, STACK_NONE,
		RESULT_PASS, {{0}}},
	{"ssh-access-limited", {{"any user from anywhere", {"allowusers *"}}}, STACK_NONE,
		RESULT_FAIL, {{"sshd allowgroups", RESULT_FAIL, SEV_LOW, "not set"}}},
	{"ssh-access-limited", {{"any user from anywhere"}}, STACK_NONE, RESULT_FAIL,
		{{"sshd allowgroups", RESULT_FAIL, SEV_LOW, "every account"}}},

	{"ssh-mfa", {{"any user from anywhere"}}, STACK_TOTP, RESULT_INFORMATIONAL,
		{{"sshd authenticationmethods", RESULT_INFORMATIONAL, SEV_LOW,
			"no second factor"}}},
	{"ssh-mfa",
		{{"any user from anywhere",
			{"authenticationmethods publickey,keyboard-interactive:pam"}}},
		STACK_TOTP, RESULT_INFORMATIONAL,
		{{"sshd authenticationmethods", RESULT_INFORMATIONAL, SEV_LOW,
			"pam_google_authenticator.so"}}},
	{"ssh-mfa",
		{{"any user from anywhere", {"authenticationmethods keyboard-interactive:pam"}}},
		STACK_TOTP, RESULT_INFORMATIONAL,
		{{"sshd authenticationmethods", RESULT_INFORMATIONAL, SEV_LOW,
			"PAM asks for a second factor"}}},
	{"ssh-mfa",
		{{"any user from anywhere",
			{"authenticationmethods keyboard-interactive:pam publickey"}}},
		STACK_TOTP, RESULT_INFORMATIONAL,
		{{"sshd authenticationmethods", RESULT_INFORMATIONAL, SEV_LOW,
			"no second factor"}}},
	{"ssh-mfa",
		{{"any user from anywhere",
			{"authenticationmethods publickey,password publickey,publickey"}}},
		STACK_NONE, RESULT_INFORMATIONAL,
		{{"sshd authenticationmethods", RESULT_INFORMATIONAL, SEV_LOW,
			"no second factor"}}},
	{"ssh-mfa",
		{{"any user from anywhere",
			{"pubkeyacceptedalgorithms sk-ssh-ed25519@openssh.com"}}},
		STACK_NONE, RESULT_INFORMATIONAL,
		{{"sshd pubkeyacceptedalgorithms", RESULT_INFORMATIONAL, SEV_LOW, "tokens"}}},

	{"ssh-tunnels", {{"any user from anywhere"}}, STACK_NONE, RESULT_PASS, {{0}}},
	{"ssh-tunnels",
		{{"any user from anywhere",
			{"x11forwarding yes", "permittunnel ethernet", "gatewayports yes",
				"permituserenvironment LANG"}}},
		STACK_NONE, RESULT_FAIL,
		{{"sshd x11forwarding", RESULT_FAIL, SEV_LOW, "display"},
			{"sshd permittunnel", RESULT_FAIL, SEV_MEDIUM, "ethernet"},
			{"sshd gatewayports", RESULT_FAIL, SEV_MEDIUM, "yes"},
			{"sshd permituserenvironment", RESULT_FAIL, SEV_MEDIUM, "LANG"}}},
	{"ssh-tunnels",
		{{"any user from anywhere", {"gatewayports yes", "allowtcpforwarding local"}}},
		STACK_NONE, RESULT_PASS, {{0}}},
	{"ssh-tunnels",
		{{"any user from anywhere",
			{"gatewayports clientspecified", "disableforwarding yes"}}},
		STACK_NONE, RESULT_PASS, {{0}}},
	{"ssh-tunnels",
		{{"any user from anywhere"}, {"user x from anywhere", {"permittunnel yes"}}},
		STACK_NONE, RESULT_FAIL,
		{{"sshd permittunnel, user x from anywhere", RESULT_FAIL, SEV_MEDIUM, "yes"}}},
};

/* ---- facts ---- */

static void set_values(struct sshd_value *v, const struct context *c)
{
	memcpy(v, defaults, sizeof(defaults));
	for (size_t i = 0; i < ARRAY_SIZE(c->values) && c->values[i]; i++) {
		size_t n = strcspn(c->values[i], " "), k = 0;
		while (strlen(v[k].keyword) != n || strncmp(v[k].keyword, c->values[i], n) != 0)
			assert_true(++k < ARRAY_SIZE(defaults));
		v[k].value = c->values[i] + n + 1;
		v[k].path = "/etc/ssh/sshd_config";
		v[k].line = (unsigned)i + 1;
	}
}

static void put_sshd(struct factset *facts, const struct context *in)
{
	struct fact *f = fact_new(FACT_SSHD);
	struct sshd *s = arena_alloc(f->arena, sizeof(*s));
	struct sshd_context *c = arena_alloc(f->arena, CONTEXTS_MAX * sizeof(*c));

	for (; s->n_contexts < CONTEXTS_MAX && in[s->n_contexts].label; s->n_contexts++) {
		const struct context *x = &in[s->n_contexts];
		struct sshd_value *v = arena_alloc(f->arena, sizeof(defaults));
		set_values(v, x);
		c[s->n_contexts] = (struct sshd_context){
			.label = x->label,
			.root = !x->not_root,
			.others = !x->not_others,
			.outside = !x->inside,
			.values = v,
			.n_values = ARRAY_SIZE(defaults),
		};
	}
	s->contexts = c;
	f->u.sshd = s;
	factset_put(facts, f);
}

static void put_pam(struct factset *facts, enum stack stack)
{
	static const char *const no_args[] = {NULL};
	static struct pam_line lines[] = {
		{PAM_TYPE_AUTH, false, "required", "pam_unix.so", no_args, "/etc/pam.d/sshd", 1, 0},
		{PAM_TYPE_AUTH, false, "requisite", "pam_deny.so", no_args, "/etc/pam.d/sshd", 2,
			0},
		{PAM_TYPE_AUTH, false, "required", "pam_google_authenticator.so", no_args,
			"/etc/pam.d/sshd", 3, 0},
	};

	if (stack == STACK_NONE)
		return;
	struct fact *f = fact_new(FACT_PAM);
	struct pam *pam = arena_alloc(f->arena, sizeof(*pam));
	pam->services = arena_alloc(f->arena, sizeof(*pam->services));
	pam->n = 1;
	pam->services[0] = (struct pam_service){
		.name = "sshd",
		.state = stack == STACK_BROKEN ? FACT_STATE_MALFORMED : FACT_STATE_OK,
		.reason = stack == STACK_BROKEN ? "no include" : NULL,
		.lines = &lines[stack == STACK_KEY    ? 1
				: stack == STACK_TOTP ? 2
						      : 0],
		.n_lines = 1,
	};
	f->u.pam = pam;
	factset_put(facts, f);
}

static struct verdict *judge(const char *id, const struct factset *facts)
{
	struct policy *policy = policy_new_default();
	struct verdict *v = verdict_new();
	const struct check *c = check_find(id);

	assert_non_null(policy);
	assert_non_null(v);
	assert_non_null(c);
	assert_int_equal(check_judge(c, facts, policy, 0, v), 0);
	assert_non_null(v->summary);
	policy_free(policy);
	return v;
}

static bool has_evidence(const struct verdict *v, const struct expected *e)
{
	for (size_t i = 0; i < v->n_evidence; i++) {
		const struct evidence *x = &v->evidence[i];
		bool severity = x->result != RESULT_FAIL || x->severity == e->severity;
		if (strcmp(x->subject, e->subject) == 0 && x->result == e->result && severity &&
			strstr(x->observed, e->observed))
			return true;
	}
	return false;
}

static void test_vectors(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *x = &vectors[i];
		struct factset facts = {0};
		put_sshd(&facts, x->contexts);
		put_pam(&facts, x->stack);
		struct verdict *v = judge(x->check, &facts);
		if (v->result != x->result)
			fail_msg("%zu %s: %s, %s", i, x->check, result_name(v->result), v->summary);
		size_t n = 0;
		for (; n < EVIDENCE_MAX && x->evidence[n].subject; n++) {
			if (!has_evidence(v, &x->evidence[n]))
				fail_msg("%zu %s: no evidence %s", i, x->check,
					x->evidence[n].subject);
		}
		assert_int_equal(v->n_evidence, n);
		verdict_free(v);
		factset_fini(&facts);
	}
}

static const char *const all[] = {"ssh-access-limited", "ssh-config-valid", "ssh-crypto",
	"ssh-empty-passwords", "ssh-mfa", "ssh-password-login", "ssh-root-login", "ssh-tunnels"};

/* Not installed, and not readable: never a pass. */
static void test_states(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct factset facts = {0};
		struct verdict *v = judge(all[i], &facts);
		assert_int_equal(v->result, RESULT_ERROR);
		verdict_free(v);

		struct fact *f = fact_new(FACT_SSHD);
		fact_fail(f, -ENOENT, "no SSH server is installed");
		factset_put(&facts, f);
		v = judge(all[i], &facts);
		assert_int_equal(v->result, RESULT_NOTAPPLICABLE);
		verdict_free(v);

		f = fact_new(FACT_SSHD);
		fact_fail(f, -EACCES, "/etc/ssh/sshd_config may not be read");
		factset_put(&facts, f);
		v = judge(all[i], &facts);
		assert_int_equal(v->result, RESULT_ERROR);
		assert_non_null(strstr(v->summary, "may not be read"));
		verdict_free(v);
		factset_fini(&facts);
	}
}

static void test_config_valid(void **state)
{
	static const struct sshd_error error = {"/etc/ssh/sshd_config", 7, "bogus: bad"};
	static const struct context plain[CONTEXTS_MAX] = {{"any user from anywhere"}};
	struct factset facts = {0};

	put_sshd(&facts, plain);
	struct sshd *s = (struct sshd *)facts.v[FACT_SSHD]->u.sshd;
	struct verdict *v = judge("ssh-config-valid", &facts);
	assert_int_equal(v->result, RESULT_PASS);
	verdict_free(v);

	s->started_realtime_usec = 10 * USEC_PER_SEC;
	s->pid = 812;
	s->newest_mtime_realtime_usec = 9 * USEC_PER_SEC;
	s->newest_path = "/etc/ssh/sshd_config.d/x.conf";
	v = judge("ssh-config-valid", &facts);
	assert_int_equal(v->result, RESULT_PASS);
	verdict_free(v);

	s->newest_mtime_realtime_usec = 11 * USEC_PER_SEC;
	v = judge("ssh-config-valid", &facts);
	assert_int_equal(v->result, RESULT_INFORMATIONAL);
	assert_string_equal(v->evidence[0].path, "/etc/ssh/sshd_config.d/x.conf");
	assert_string_equal(v->summary,
		"sshd accepts its configuration; so it is in the files, and holds once sshd (pid "
		"812) has read them: `systemctl reload ssh`");
	verdict_free(v);
	/* Nor has it what the files say of logins: no evidence, which a reload would change. */
	v = judge("ssh-empty-passwords", &facts);
	assert_int_equal(v->n_evidence, 0);
	assert_non_null(strstr(v->summary, "holds once sshd (pid 812) has read them"));
	verdict_free(v);

	s->errors = &error;
	s->n_errors = 1;
	v = judge("ssh-config-valid", &facts);
	assert_int_equal(v->result, RESULT_FAIL);
	assert_int_equal(v->severity, SEV_HIGH);
	assert_int_equal(v->evidence[0].line, 7);
	verdict_free(v);
	factset_fini(&facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_config_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
