/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "check/account-report.h"
#include "check/checks.h"
#include "fact/pam.h"

/* Where the password stands is where it is wrong. */
static void report_password(struct verdict *ret, const struct account *x, enum severity severity,
	const char *observed, const char *expected)
{
	account_report_at(ret, x->name, severity,
		&(struct evidence){
			.path = x->password_path,
			.line = x->password_line,
			.observed = observed,
			.expected = expected,
		});
}

static const struct accounts *usable_accounts(const struct factset *facts, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_ACCOUNTS), ret))
		return NULL;
	return factset_get(facts, FACT_ACCOUNTS)->u.accounts;
}

static const char *usable_text(struct verdict *ret, const struct account *x)
{
	return arena_printf(ret->arena, "usable password (%s)", x->hash_scheme);
}

static void evaluate_root(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const struct accounts *a = usable_accounts(facts, ret);
	const struct account *root = a ? accounts_find(a, "root") : NULL;

	if (!a)
		return;
	if (!root) {
		verdict_set(ret, RESULT_NOTAPPLICABLE, "there is no account root");
		return;
	}
	if (root->password == PASSWORD_UNKNOWN)
		(void)account_report_unread(ret, a, 1u << ACCOUNTS_SHADOW);
	else if (root->password == PASSWORD_NONE)
		report_password(ret, root, SEV_CRITICAL, "empty password: none is asked for",
			"a locked password");
	else if (root->password == PASSWORD_USABLE)
		report_password(ret, root, SEV_MEDIUM, usable_text(ret, root), "a locked password");
	else
		verdict_summary(ret, "the password of root is locked");
}

static void evaluate_empty(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const struct accounts *a = usable_accounts(facts, ret);

	if (!a)
		return;
	for (size_t i = 0; i < a->n; i++) {
		const struct account *x = &a->v[i];
		if (x->password == PASSWORD_NONE)
			report_password(ret, x, x->login_shell ? SEV_CRITICAL : SEV_HIGH,
				"empty password: none is asked for", "a locked password or a hash");
	}
	if (!account_report_unread(ret, a, 1u << ACCOUNTS_SHADOW) && ret->n_evidence == 0)
		verdict_summary(ret, "no account has an empty password");
}

static void evaluate_usable(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, uint64_t realtime_usec, struct verdict *ret)
{
	const struct accounts *a = usable_accounts(facts, ret);
	int64_t today = (int64_t)(realtime_usec / USEC_PER_DAY);

	if (!a)
		return;
	for (size_t i = 0; i < a->n; i++) {
		const struct account *x = &a->v[i];
		/* root has a check of its own; what has expired can't log in by any way. */
		if (x->password == PASSWORD_USABLE && strcmp(x->name, "root") != 0 &&
			account_is_login(a, x) && !account_expired(x, today))
			report_password(ret, x, SEV_MEDIUM, usable_text(ret, x),
				"a locked password; login by key");
	}
	if (!account_report_unread(ret, a, 1u << ACCOUNTS_SHADOW) && ret->n_evidence == 0)
		verdict_summary(ret, "no login account has a usable password");
}

/* DES forms and MD4 are tried by the billion a second, MD5 and SHA-1 by the million. */
static enum severity scheme_severity(const struct account *x)
{
	static const char *const worst[] = {"descrypt", "bigcrypt", "bsdicrypt", "nt"};

	if (x->password != PASSWORD_USABLE)
		return SEV_LOW;
	for (size_t i = 0; i < ARRAY_SIZE(worst); i++) {
		if (strcmp(worst[i], x->hash_scheme) == 0)
			return SEV_HIGH;
	}
	return SEV_MEDIUM;
}

/* The hash that pam_unix makes for its arguments: the last that is named, in its own words. */
static const char *pam_unix_method(const struct pam_line *line)
{
	static const char *const words[] = {
		"md5", "bigcrypt", "sha256", "sha512", "blowfish", "gost_yescrypt", "yescrypt"};
	const char *method = NULL;

	for (const char *const *arg = line->args; *arg; arg++) {
		for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
			if (strncmp(*arg, words[i], strlen(words[i])) == 0)
				method = words[i];
		}
	}
	return method;
}

/* ENCRYPT_METHOD as pam_unix understands it; words that it doesn't know leave it with DES. */
static const char *login_defs_method(const struct accounts *a)
{
	static const char *const words[] = {
		"md5", "sha256", "sha512", "blowfish", "gost_yescrypt", "yescrypt"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strncasecmp(a->encrypt_method, words[i], strlen(words[i])) == 0)
			return words[i];
	}
	return "des";
}

/* What passwd(1) would make by PAM. Returns whether PAM decides it at all. */
static bool judge_pam(struct verdict *ret, const struct accounts *a, const struct fact *pam)
{
	static const char subject[] = "pam passwd password";
	const struct pam_service *s = pam && pam->u.pam ? pam_find(pam->u.pam, "passwd") : NULL;
	bool decides = false;

	if (!pam || pam->state == FACT_STATE_ABSENT)
		return false;
	if (!s || (s->state != FACT_STATE_OK && s->state != FACT_STATE_ABSENT)) {
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_ERROR,
					 .subject = subject,
					 .observed = s ? s->reason : pam->reason,
					 .expected = "a readable PAM service passwd",
				 });
		return true;
	}
	for (size_t i = 0; i < s->n_lines; i++) {
		const struct pam_line *l = &s->lines[i];
		if (l->type != PAM_TYPE_PASSWORD || strcmp(l->module, "pam_unix.so") != 0)
			continue;
		decides = true;
		const char *method = pam_unix_method(l), *by = "pam_unix is told so";
		if (!method) {
			method = login_defs_method(a);
			by = *a->encrypt_method ? "by ENCRYPT_METHOD of /etc/login.defs"
						: "nothing names a method";
		}
		if (!password_scheme_weak(method))
			continue;
		verdict_add(ret,
			&(struct evidence){
				.result = RESULT_FAIL,
				.severity = SEV_HIGH,
				.subject = subject,
				.path = l->path,
				.line = l->line,
				.observed = arena_printf(ret->arena,
					"new passwords are hashed with %s: %s", method, by),
				.expected = "yescrypt or sha512 among the arguments of pam_unix.so",
			});
	}
	return decides;
}

/* What is left to login.defs: all of it without PAM, with PAM the passwords of groups. */
static void judge_login_defs(struct verdict *ret, const struct accounts *a, bool pam_decides)
{
	bool set = *a->encrypt_method != '\0';
	const char *method = set ? a->encrypt_method : "des";

	if (a->file_state[ACCOUNTS_LOGIN_DEFS] != FACT_STATE_OK || (pam_decides && !set) ||
		!password_scheme_weak(method))
		return;
	verdict_add(
		ret, &(struct evidence){
			     .result = RESULT_FAIL,
			     .severity = pam_decides ? SEV_LOW : SEV_HIGH,
			     .subject = "file /etc/login.defs",
			     .path = "/etc/login.defs",
			     .line = a->encrypt_method_line,
			     .observed = set ? arena_printf(ret->arena, "ENCRYPT_METHOD %s", method)
					     : "ENCRYPT_METHOD is not set: DES",
			     .expected = "ENCRYPT_METHOD YESCRYPT or SHA512",
		     });
}

static void evaluate_hash(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const struct accounts *a = usable_accounts(facts, ret);

	if (!a)
		return;
	for (size_t i = 0; i < a->n; i++) {
		const struct account *x = &a->v[i];
		if (!password_scheme_weak(x->hash_scheme))
			continue;
		report_password(ret, x, scheme_severity(x),
			arena_printf(ret->arena, "%s hash%s", x->hash_scheme,
				x->password == PASSWORD_USABLE ? "" : " (locked)"),
			"yescrypt, sha512crypt or bcrypt");
	}
	judge_login_defs(ret, a, judge_pam(ret, a, factset_get(facts, FACT_PAM)));
	unsigned files = 1u << ACCOUNTS_SHADOW | 1u << ACCOUNTS_LOGIN_DEFS;
	if (!account_report_unread(ret, a, files) && ret->n_evidence == 0)
		verdict_summary(ret, "all hashes, and those of new passwords, are of modern kinds");
}

const struct check check_account_root_password = {
	.id = "account-root-password",
	.title = "root has no password",
	.severity = SEV_MEDIUM,
	.guides = "P",
	.references = "CIS Debian 12 5.4.2.4, shadow(5), passwd(1)",
	.rationale = "A password for root can be guessed at every console and by su; sudo with a "
		     "person's own account leaves a name in the log instead.",
	.remedy = "Make sure that a sysadmin can use sudo, then `passwd -l root`.",
	.facts = FACT_BIT(FACT_ACCOUNTS),
	.evaluate = evaluate_root,
};

const struct check check_account_empty_password = {
	.id = "account-empty-password",
	.title = "No account has an empty password",
	.severity = SEV_CRITICAL,
	.guides = "X",
	.references = "CIS Debian 12 7.2.2, shadow(5)",
	.rationale =
		"With an empty password field, PAM's pam_unix with nullok asks for no password "
		"at all: whoever knows the name is in.",
	.remedy = "`passwd -l NAME` locks the password; keys go on working.",
	.facts = FACT_BIT(FACT_ACCOUNTS),
	.evaluate = evaluate_empty,
};

const struct check check_account_password_usable = {
	.id = "account-password-usable",
	.title = "Login accounts have no usable password, only keys",
	.severity = SEV_MEDIUM,
	.guides = "P",
	.references = "shadow(5), crypt(5)",
	.rationale =
		"A password can be guessed, phished and used again elsewhere; a key cannot. An "
		"account that logs in by key needs no password. (root is account-root-password.)",
	.remedy =
		"See that the account's key works, then `passwd -l NAME` (where sshd has `UsePAM "
		"no`, `usermod -p '*' NAME`: it refuses the keys of accounts locked by a \"!\"). A "
		"sysadmin without a password needs NOPASSWD in sudoers, as cloud images have it.",
	.facts = FACT_BIT(FACT_ACCOUNTS),
	.evaluate = evaluate_usable,
};

const struct check check_account_password_hash = {
	.id = "account-password-hash",
	.title = "Stored passwords are hashed with a modern method",
	.severity = SEV_HIGH,
	.guides = "X",
	.references = "CIS Debian 12 5.4.1.4, crypt(5), login.defs(5), pam_unix(8)",
	.rationale =
		"Hashes of the DES, MD5 and SHA-1 kinds are guessed by the million a second once "
		"/etc/shadow has leaked from a backup or an image.",
	.remedy = "Put `yescrypt` among the arguments of pam_unix.so (in "
		  "/usr/share/pam-configs/unix, then `pam-auth-update`), and set `ENCRYPT_METHOD "
		  "YESCRYPT` in /etc/login.defs. Then `passwd NAME` makes a new hash, and "
		  "`usermod -p '!' NAME` removes one that is not needed.",
	.remedy_rhel = "`authselect select sssd` (or the profile in use) gives pam_unix sha512 or "
		       "yescrypt; set `ENCRYPT_METHOD YESCRYPT` (RHEL 8: SHA512) in "
		       "/etc/login.defs. Then `passwd NAME` makes a new hash, and "
		       "`usermod -p '!' NAME` removes one that is not needed.",
	.facts = FACT_BIT(FACT_ACCOUNTS) | FACT_BIT(FACT_PAM),
	.evaluate = evaluate_hash,
};
