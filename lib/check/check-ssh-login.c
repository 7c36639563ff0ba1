/* SPDX-License-Identifier: ISC */
/* Who gets in over SSH, and by what. */
#include <string.h>
#include <strings.h>

#include "check/checks.h"
#include "check/ssh-evidence.h"
#include "fact/pam.h"

#define FACTS_LOGIN (FACT_BIT(FACT_OS) | FACT_BIT(FACT_SSHD))

/* ---- passwords ---- */

/* What PAM makes of a password by keyboard-interactive. */
struct kbd {
	int possible; /* 1 yes, 0 no, negative: cannot be told */
	const char *note;
};

static struct kbd judge_pam(const struct factset *facts, struct arena *a)
{
	const struct fact *f = factset_get(facts, FACT_PAM);
	const struct pam_line *line = NULL;
	const struct pam_service *s;

	if (!f || f->state != FACT_STATE_OK || !f->u.pam)
		return (struct kbd){-1, arena_printf(a, "what PAM asks for cannot be told: %s",
						f && f->reason ? f->reason : "not collected")};
	s = pam_find(f->u.pam, "sshd");
	if (!s)
		return (struct kbd){-1, "PAM has no service sshd to look at"};
	int r = pam_password_possible(s, &line);
	if (r < 0)
		return (struct kbd){r, arena_printf(a, "what PAM asks for cannot be told: %s",
					       s->reason ? s->reason : "its stack is undecidable")};
	if (r == 0)
		return (struct kbd){0, NULL};
	if (!line)
		return (struct kbd){1, "and PAM asks for nothing else"};
	return (struct kbd){1, arena_printf(a, "and PAM accepts one (%s, %s:%u)", line->module,
				       line->path, line->line)};
}

/* Whether each method of a list "password,keyboard-interactive:pam" takes a password. */
static bool only_passwords(const char *list, size_t n, bool kbd)
{
	for (const char *p = list, *end = list + n; p < end;) {
		size_t len = strcspn(p, ", "), name = strcspn(p, ":, ");
		bool is_password = name == 8 && strncmp(p, "password", 8) == 0;
		bool is_kbd = name == 20 && strncmp(p, "keyboard-interactive", 20) == 0;
		if (!is_password && !(is_kbd && kbd))
			return false;
		p += len;
		p += p < end;
	}
	return true;
}

/* Whether AuthenticationMethods lets one in by a list that holds method and nothing but passwords.
 */
static bool methods_allow(const struct sshd_context *c, const char *method, bool kbd)
{
	const char *lists = ssh_value(c, "authenticationmethods");

	if (!*lists || strcasecmp(lists, "any") == 0)
		return true;
	for (const char *p = lists; *p; p += *p == ' ') {
		size_t n = strcspn(p, " ");
		const char *at = strstr(p, method);
		if (at && at < p + n && only_passwords(p, n, kbd))
			return true;
		p += n;
	}
	return false;
}

/* Since 9.9 sshd can be told to drop whoever it is. */
static bool drops_all(const struct sshd_context *c)
{
	return ssh_is(c, "refuseconnection", "yes");
}

/* sshd takes no password of root unless PermitRootLogin is yes. */
static bool takes_passwords(const struct sshd_context *c)
{
	return !drops_all(c) && (c->others || (c->root && ssh_is(c, "permitrootlogin", "yes")));
}

static void judge_password(struct verdict *v, const struct sshd *s, const struct sshd_context *c,
	const struct kbd *kbd)
{
	enum severity severity = c->outside ? SEV_HIGH : SEV_MEDIUM;
	bool by_kbd = ssh_is(c, "kbdinteractiveauthentication", "yes") &&
		      ssh_is(c, "usepam", "yes");

	if (!takes_passwords(c))
		return;
	if (ssh_is(c, "passwordauthentication", "yes") &&
		methods_allow(c, "password", by_kbd && kbd->possible != 0))
		ssh_add(v, s,
			&(struct ssh_finding){
				.context = c,
				.keyword = "passwordauthentication",
				.result = RESULT_FAIL,
				.severity = severity,
				.expected = "no",
			});
	if (by_kbd && kbd->possible != 0 && methods_allow(c, "keyboard-interactive", true))
		ssh_add(v, s,
			&(struct ssh_finding){
				.context = c,
				.keyword = "kbdinteractiveauthentication",
				.result = kbd->possible > 0 ? RESULT_FAIL : RESULT_UNKNOWN,
				.severity = severity,
				.note = kbd->note,
				.expected = "no",
			});
}

static void evaluate_password(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const struct sshd *s = ssh_usable(facts, ret);

	if (!s)
		return;
	const struct kbd kbd = judge_pam(facts, ret->arena);
	for (size_t i = 0; i < s->n_contexts; i++)
		judge_password(ret, s, &s->contexts[i], &kbd);
	if (ret->result == RESULT_PASS)
		verdict_summary(ret, "a password alone lets nobody in, from anywhere");
}

const struct check check_ssh_password_login = {
	.id = "ssh-password-login",
	.title = "Nobody can log in over SSH with a password",
	.severity = SEV_HIGH,
	.guides = "P A X N01",
	.references = "sshd_config(5), pam(7)",
	.rationale = "Passwords are guessed around the clock on every public address; keys are "
		     "not. What counts is what sshd does for every user and address, with "
		     "drop-ins and Match blocks, and that keyboard-interactive with PAM is a "
		     "password by another name. (From trusted networks only: medium.)",
	.remedy = "Put `PasswordAuthentication no` and `KbdInteractiveAuthentication no` into "
		  "/etc/ssh/sshd_config.d/00-hardening.conf (the first value wins: the name must "
		  "sort "
		  "before 50-cloud-init.conf), correct the line shown if it stands in a Match "
		  "block, then `sshd -t && systemctl reload ssh`. Check first that your key "
		  "works.",
	.remedy_rhel =
		"Put `PasswordAuthentication no` and `KbdInteractiveAuthentication no` "
		"(`ChallengeResponseAuthentication no` before RHEL 9) into "
		"/etc/ssh/sshd_config.d/00-hardening.conf (RHEL 8: near the top of "
		"/etc/ssh/sshd_config; the first value wins), correct the line shown if it stands "
		"in a Match block, then `sshd -t && systemctl reload sshd`. Check first that your "
		"key works.",
	.facts = FACTS_LOGIN | FACT_BIT(FACT_PAM),
	.evaluate = evaluate_password,
};

/* ---- root ---- */

static void evaluate_root(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const struct sshd *s = ssh_usable(facts, ret);

	for (size_t i = 0; s && i < s->n_contexts; i++) {
		const struct sshd_context *x = &s->contexts[i];
		if (!x->root || drops_all(x) || ssh_is(x, "permitrootlogin", "no"))
			continue;
		bool any = ssh_is(x, "permitrootlogin", "yes");
		ssh_add(ret, s,
			&(struct ssh_finding){
				.context = x,
				.keyword = "permitrootlogin",
				.result = RESULT_FAIL,
				.severity = any ? SEV_HIGH : SEV_MEDIUM,
				.expected = "no",
			});
	}
	if (s && ret->result == RESULT_PASS)
		verdict_summary(ret, "root cannot log in over SSH");
}

const struct check check_ssh_root_login = {
	.id = "ssh-root-login",
	.title = "Root cannot log in over SSH",
	.severity = SEV_HIGH,
	.guides = "P N17",
	.references = "sshd_config(5)",
	.rationale = "Who logs in as root leaves no trace of who it was, and root is the one name "
		     "that every attacker knows. Log in as yourself and use sudo. (With keys only, "
		     "`prohibit-password`, it is less grave.)",
	.remedy = "See that you can log in as another user and use sudo; then put "
		  "`PermitRootLogin no` into /etc/ssh/sshd_config.d/00-hardening.conf, correct "
		  "the line shown if it stands in a Match block, and run "
		  "`sshd -t && systemctl reload ssh`.",
	.remedy_rhel =
		"See that you can log in as another user and use sudo; then put "
		"`PermitRootLogin no` into /etc/ssh/sshd_config.d/00-hardening.conf (RHEL 8: "
		"/etc/ssh/sshd_config), correct the line shown if it stands in a Match "
		"block, and run `sshd -t && systemctl reload sshd`.",
	.facts = FACTS_LOGIN,
	.evaluate = evaluate_root,
};

/* ---- empty passwords ---- */

static void evaluate_empty(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const struct sshd *s = ssh_usable(facts, ret);

	for (size_t i = 0; s && i < s->n_contexts; i++) {
		const struct sshd_context *x = &s->contexts[i];
		if (drops_all(x) || !ssh_is(x, "permitemptypasswords", "yes"))
			continue;
		bool in_use = ssh_is(x, "passwordauthentication", "yes") ||
			      ssh_is(x, "kbdinteractiveauthentication", "yes");
		ssh_add(ret, s,
			&(struct ssh_finding){
				.context = x,
				.keyword = "permitemptypasswords",
				.result = RESULT_FAIL,
				.severity = in_use ? SEV_CRITICAL : SEV_MEDIUM,
				.note = in_use ? NULL : "without effect while passwords are off",
				.expected = "no",
			});
	}
	if (s && ret->result == RESULT_PASS)
		verdict_summary(ret, "sshd accepts no empty password");
}

const struct check check_ssh_empty_passwords = {
	.id = "ssh-empty-passwords",
	.title = "SSH accepts no empty password",
	.severity = SEV_CRITICAL,
	.guides = "+",
	.references = "sshd_config(5)",
	.rationale = "An account whose password field is empty can be entered by anyone who knows "
		     "its name.",
	.remedy = "Remove the line shown (the default is no), then "
		  "`sshd -t && systemctl reload ssh`.",
	.remedy_rhel = "Remove the line shown (the default is no), then "
		       "`sshd -t && systemctl reload sshd`.",
	.facts = FACTS_LOGIN,
	.evaluate = evaluate_empty,
};

/* ---- second factor ---- */

/* Whether a list names at least two different methods: "publickey,keyboard-interactive". */
static bool two_methods(const char *list, size_t n)
{
	size_t first = strcspn(list, ":, ");

	for (const char *p = list, *end = list + n; p < end;) {
		size_t name = strcspn(p, ":, ");
		if (name != first || strncmp(p, list, name) != 0)
			return true;
		p += strcspn(p, ", ");
		p += p < end;
	}
	return false;
}

/* Whether there is no way around keyboard-interactive, and so around what PAM asks for. */
static bool methods_demand_kbd(const struct sshd_context *c)
{
	const char *lists = ssh_value(c, "authenticationmethods");

	for (const char *p = lists; *p; p += *p == ' ') {
		size_t n = strcspn(p, " ");
		const char *at = strstr(p, "keyboard-interactive");
		if (!at || at >= p + n)
			return false;
		p += n;
	}
	return *lists && ssh_is(c, "usepam", "yes");
}

/* Each list of AuthenticationMethods must demand two. */
static bool methods_demand_two(const struct sshd_context *c)
{
	const char *lists = ssh_value(c, "authenticationmethods");

	if (!*lists || strcasecmp(lists, "any") == 0)
		return false;
	for (const char *p = lists; *p; p += *p == ' ') {
		size_t n = strcspn(p, " ");
		if (!two_methods(p, n))
			return false;
		p += n;
	}
	return true;
}

/* Whether only keys are taken that a hardware token holds. */
static bool only_token_keys(const struct sshd_context *c)
{
	const char *list = ssh_value(c, "pubkeyacceptedalgorithms");

	if (!*list || !ssh_is(c, "pubkeyauthentication", "yes") ||
		ssh_is(c, "passwordauthentication", "yes") ||
		ssh_is(c, "kbdinteractiveauthentication", "yes"))
		return false;
	for (const char *p = list; *p; p += *p == ',') {
		if (strncmp(p, "sk-", 3) != 0 && strncmp(p, "webauthn-sk-", 12) != 0)
			return false;
		p += strcspn(p, ",");
	}
	return true;
}

/* What a context demands beside one factor, in words; NULL when nothing. */
static const char *second_factor(struct arena *a, const struct sshd_context *c,
	const struct pam_line *factor, bool pam_alone)
{
	if (factor && methods_demand_kbd(c) && (pam_alone || methods_demand_two(c)))
		return arena_printf(a, "PAM asks for a second factor (%s, %s:%u)", factor->module,
			factor->path, factor->line);
	if (methods_demand_two(c))
		return "two methods are demanded";
	return only_token_keys(c) ? "only keys in hardware tokens are accepted" : NULL;
}

static void evaluate_mfa(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const struct fact *f = factset_get(facts, FACT_PAM);
	const struct sshd *s = ssh_usable(facts, ret);
	const struct pam_line *factor = NULL, *line;
	bool pam_alone = false;
	size_t demanded = 0;

	if (!s)
		return;
	if (f && f->state == FACT_STATE_OK && f->u.pam) {
		const struct pam_service *service = pam_find(f->u.pam, "sshd");
		factor = service ? pam_second_factor(service) : NULL;
		pam_alone = service && pam_password_possible(service, &line) == 0;
	}
	for (size_t i = 0; i < s->n_contexts; i++) {
		const struct sshd_context *x = &s->contexts[i];
		const char *note = second_factor(ret->arena, x, factor, pam_alone);
		bool token = note && only_token_keys(x) && !methods_demand_two(x);
		demanded += note != NULL;
		ssh_add(ret, s,
			&(struct ssh_finding){
				.context = x,
				.keyword = token ? "pubkeyacceptedalgorithms"
						 : "authenticationmethods",
				.result = RESULT_INFORMATIONAL,
				.note = note ? note : "no second factor is demanded",
				.expected =
					"publickey,keyboard-interactive, or keys of type sk only",
			});
	}
	if (demanded == s->n_contexts)
		verdict_summary(ret, "everybody must show two factors, or a key in a token");
	else if (demanded > 0)
		verdict_summary(ret, "a second factor is demanded of some, not of all");
	else
		verdict_summary(ret, "no second factor is demanded%s%s",
			factor ? ", although PAM could ask for one by " : "",
			factor ? factor->module : "");
}

const struct check check_ssh_mfa = {
	.id = "ssh-mfa",
	.title = "Whether SSH demands a second factor",
	.severity = SEV_LOW,
	.guides = "X",
	.references = "sshd_config(5), pam(7)",
	.rationale = "A stolen key or password alone does not open a machine that asks for a "
		     "second factor. Whether that is worth it depends on who logs in: this is for "
		     "information.",
	.remedy = "Either set up a PAM module (`apt-get install libpam-google-authenticator`, "
		  "pam_google_authenticator.so in /etc/pam.d/sshd instead of common-auth) and put "
		  "`AuthenticationMethods publickey,keyboard-interactive` into "
		  "/etc/ssh/sshd_config.d/00-hardening.conf, or accept hardware-backed keys only: "
		  "`PubkeyAcceptedAlgorithms sk-ssh-ed25519@openssh.com,"
		  "sk-ecdsa-sha2-nistp256@openssh.com`. Keep a session open while you test.",
	.remedy_rhel =
		"Either set up a PAM module (`dnf install google-authenticator` from EPEL, "
		"pam_google_authenticator.so in /etc/pam.d/sshd instead of password-auth) and put "
		"`AuthenticationMethods publickey,keyboard-interactive` into "
		"/etc/ssh/sshd_config.d/00-hardening.conf, or accept hardware-backed keys only: "
		"`PubkeyAcceptedAlgorithms sk-ssh-ed25519@openssh.com,"
		"sk-ecdsa-sha2-nistp256@openssh.com`. Keep a session open while you test.",
	.facts = FACTS_LOGIN | FACT_BIT(FACT_PAM),
	.evaluate = evaluate_mfa,
};
