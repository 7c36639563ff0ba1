/* SPDX-License-Identifier: ISC */
/* How the SSH server is set up: that it starts, what it offers, whom it lets try. */
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "check/checks.h"
#include "check/ssh-evidence.h"

#define FACTS_SERVER (FACT_BIT(FACT_OS) | FACT_BIT(FACT_SSHD))

/* ---- the configuration itself ---- */

/* The file was changed after the server read it. */
static void judge_pending(struct verdict *v, const struct sshd *s)
{
	char changed[32];

	(void)text_rfc3339(changed, s->newest_mtime_realtime_usec);
	char *observed = arena_printf(
		v->arena, "changed %s, which the running sshd has not read", changed);
	verdict_add(v, &(struct evidence){
			       .result = RESULT_INFORMATIONAL,
			       .subject = "sshd configuration",
			       .path = s->newest_path,
			       .observed = observed,
			       .expected = "read by the running sshd in its present state",
		       });
}

static void evaluate_valid(const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const struct sshd *s = ssh_usable(facts, ret);

	for (size_t i = 0; s && i < s->n_errors; i++)
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_FAIL,
					 .severity = c->severity,
					 .subject = "sshd configuration",
					 .path = s->errors[i].path,
					 .line = s->errors[i].line,
					 .observed = s->errors[i].text,
					 .expected = "accepted by `sshd -t`",
				 });
	if (!s || s->n_errors > 0)
		return;
	bool pending = ssh_is_pending(s);
	if (pending)
		judge_pending(ret, s);
	verdict_summary(ret, "sshd accepts its configuration%s",
		s->started_realtime_usec && !pending ? " and has read it" : "");
}

const struct check check_ssh_config_valid = {
	.id = "ssh-config-valid",
	.title = "The SSH server accepts its configuration and has read it",
	.severity = SEV_HIGH,
	.guides = "+",
	.references = "sshd(8), sshd_config(5)",
	.rationale =
		"A server whose configuration does not parse goes on with the old one and does "
		"not come back after a restart, which locks everybody out. A change that it "
		"has not read yet protects nobody.",
	.remedy = "Correct the line shown until `sshd -t` says nothing, then "
		  "`systemctl reload ssh`.",
	.remedy_rhel = "Correct the line shown until `sshd -t` says nothing, then "
		       "`systemctl reload sshd`.",
	.facts = FACTS_SERVER,
	.evaluate = evaluate_valid,
};

/* ---- algorithms ---- */

/*
 * As of 2026-11. Out: CBC and 3DES, everything with SHA-1 or MD5, tags of 64
 * bits (umac-64), RSA with SHA-1 (ssh-rsa) and DSA, groups below 2048 bits.
 * In, though sshd prefers others: MACs of SHA-2 that are not encrypt-then-mac.
 * What breaks encrypt-and-mac is CBC, which is out, and clients of old need them.
 */
#define CIPHERS                                                                                   \
	"chacha20-poly1305@openssh.com aes256-gcm@openssh.com aes128-gcm@openssh.com aes256-ctr " \
	"aes192-ctr aes128-ctr"
#define MACS                                                                                    \
	"hmac-sha2-512-etm@openssh.com hmac-sha2-256-etm@openssh.com umac-128-etm@openssh.com " \
	"hmac-sha2-512 hmac-sha2-256 umac-128@openssh.com"
#define KEX                                                                                     \
	"mlkem768x25519-sha256 sntrup761x25519-sha512 sntrup761x25519-sha512@openssh.com "      \
	"curve25519-sha256 curve25519-sha256@libssh.org ecdh-sha2-nistp256 ecdh-sha2-nistp384 " \
	"ecdh-sha2-nistp521 diffie-hellman-group18-sha512 diffie-hellman-group16-sha512 "       \
	"diffie-hellman-group14-sha256 diffie-hellman-group-exchange-sha256"
#define KEYS                                                                           \
	"ssh-ed25519 ssh-ed25519-cert-v01@openssh.com sk-ssh-ed25519@openssh.com "     \
	"sk-ssh-ed25519-cert-v01@openssh.com ecdsa-sha2-nistp256 "                     \
	"ecdsa-sha2-nistp256-cert-v01@openssh.com ecdsa-sha2-nistp384 "                \
	"ecdsa-sha2-nistp384-cert-v01@openssh.com ecdsa-sha2-nistp521 "                \
	"ecdsa-sha2-nistp521-cert-v01@openssh.com sk-ecdsa-sha2-nistp256@openssh.com " \
	"sk-ecdsa-sha2-nistp256-cert-v01@openssh.com "                                 \
	"webauthn-sk-ecdsa-sha2-nistp256@openssh.com rsa-sha2-512 "                    \
	"rsa-sha2-512-cert-v01@openssh.com rsa-sha2-256 rsa-sha2-256-cert-v01@openssh.com"

static const struct {
	const char *keyword, *param;
	bool per_context; /* a Match may change it */
} crypto_lists[] = {
	{"ciphers", "ciphers", false},
	{"macs", "macs", false},
	{"kexalgorithms", "kex", false},
	{"hostkeyalgorithms", "host_key_algorithms", false},
	{"pubkeyacceptedalgorithms", "pubkey_algorithms", true},
};

/* Those of a comma-separated list that the policy does not name: "a, b"; NULL when none. */
static const char *outsiders(
	struct arena *a, const struct policy *policy, const char *param, const char *list)
{
	const char *found = NULL;

	for (const char *p = list; *p; p += *p == ',') {
		size_t n = strcspn(p, ",");
		char *name = arena_strndup(a, p, n);
		if (name && n > 0 && !policy_list_has(policy, "ssh-crypto", param, name))
			found = arena_printf(
				a, "%s%s%s", found ? found : "", found ? ", " : "", name);
		p += n;
	}
	return found;
}

/* With ciphers that authenticate by themselves no MAC is ever used. */
static bool only_aead(const char *ciphers)
{
	for (const char *p = ciphers; *p; p += *p == ',') {
		size_t n = strcspn(p, ",");
		bool aead = memmem(p, n, "-gcm@", 5) || memmem(p, n, "-poly1305@", 10);
		if (!aead)
			return false;
		p += n;
	}
	return *ciphers;
}

static void judge_list(struct verdict *v, const struct policy *policy, const struct sshd *s,
	const struct sshd_context *c, size_t list)
{
	const char *keyword = crypto_lists[list].keyword;
	const char *bad = outsiders(
		v->arena, policy, crypto_lists[list].param, ssh_value(c, keyword));

	if (!bad)
		return;
	const struct sshd_value *value = sshd_get(c, keyword);
	bool own = c != &s->contexts[0];
	/* A context that has the general list has been told of already. */
	if (own && strcmp(value->value, ssh_value(&s->contexts[0], keyword)) == 0)
		return;
	verdict_add(v, &(struct evidence){
			       .result = RESULT_FAIL,
			       .severity = SEV_MEDIUM,
			       .subject = arena_printf(v->arena, "sshd %s%s%s", keyword,
				       own ? ", " : "", own ? c->label : ""),
			       .path = value->path,
			       .line = value->line,
			       .observed = arena_printf(v->arena, "%s%s", bad,
				       value->path ? "" : " (compiled-in default)"),
			       .expected = arena_printf(v->arena, "none outside of [ssh-crypto] %s",
				       crypto_lists[list].param),
		       });
}

static void evaluate_crypto(_unused_ const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const struct sshd *s = ssh_usable(facts, ret);

	for (size_t i = 0; s && i < ARRAY_SIZE(crypto_lists); i++) {
		size_t contexts = crypto_lists[i].per_context ? s->n_contexts : 1;
		if (strcmp(crypto_lists[i].keyword, "macs") == 0 &&
			only_aead(ssh_value(&s->contexts[0], "ciphers")))
			continue;
		for (size_t k = 0; k < contexts; k++)
			judge_list(ret, policy, s, &s->contexts[k], i);
	}
	if (s && ret->result == RESULT_PASS)
		verdict_summary(ret, "sshd offers only algorithms that the policy names");
}

static const struct param crypto_params[] = {
	{"ciphers", PARAM_LIST, CIPHERS, .doc = "Ciphers that sshd may offer."},
	{"macs", PARAM_LIST, MACS,
		.doc = "MACs that it may offer (not looked at when each cipher has its own)."},
	{"kex", PARAM_LIST, KEX, .doc = "Key exchanges that it may offer."},
	{"host_key_algorithms", PARAM_LIST, KEYS, .doc = "Signatures of host keys."},
	{"pubkey_algorithms", PARAM_LIST, KEYS, .doc = "Signatures of users' keys."},
	{NULL},
};

const struct check check_ssh_crypto = {
	.id = "ssh-crypto",
	.title = "SSH offers modern algorithms only",
	.severity = SEV_MEDIUM,
	.guides = "X",
	.references = "sshd_config(5), RFC 9142, Mozilla OpenSSH guidelines (modern)",
	.rationale = "Whoever can change traffic can make both ends use the weakest algorithm that "
		     "both offer. The lists are those of November 2026: no CBC, SHA-1, MD5, 64-bit "
		     "tags, DSA, or groups below 2048 bits.",
	.remedy = "Take away what is named by a line in /etc/ssh/sshd_config.d/00-hardening.conf, "
		  "for example `MACs -*sha1*,umac-64*`, `Ciphers -*cbc*` or "
		  "`HostKeyAlgorithms -ssh-rsa,ssh-dss`, then "
		  "`sshd -t && systemctl reload ssh`.",
	.remedy_rhel = "Choose a stricter policy for the whole system, "
		       "`update-crypto-policies --set DEFAULT:NO-SHA1` (or FUTURE), or take away "
		       "what is named by a line in /etc/ssh/sshd_config.d/00-hardening.conf, for "
		       "example `MACs -*sha1*,umac-64*`; then `sshd -t && systemctl reload sshd`.",
	.facts = FACTS_SERVER,
	.params = crypto_params,
	.evaluate = evaluate_crypto,
};

/* ---- who may try ---- */

/* "" and a bare "*" limit nobody. */
static bool limits(const struct sshd_context *c, const char *keyword)
{
	const char *value = ssh_value(c, keyword);

	return *value && strcmp(value, "*") != 0;
}

static void evaluate_access(const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	static const char *const keywords[] = {
		"allowgroups", "allowusers", "denyusers", "denygroups"};
	const struct sshd *s = ssh_usable(facts, ret);
	const char *limit = NULL;

	for (size_t i = 0; s && i < s->n_contexts; i++) {
		/* One that is dropped (9.9) is as limited as can be. */
		bool limited = ssh_is(&s->contexts[i], "refuseconnection", "yes");
		for (size_t k = 0; k < ARRAY_SIZE(keywords) && !limited; k++) {
			limited = limits(&s->contexts[i], keywords[k]);
			if (limited && !limit)
				limit = keywords[k];
		}
		if (!limited)
			ssh_add(ret, s,
				&(struct ssh_finding){
					.context = &s->contexts[i],
					.keyword = "allowgroups",
					.result = RESULT_FAIL,
					.severity = c->severity,
					.note = "every account may try to log in",
					.expected = "restricted by AllowGroups, AllowUsers, "
						    "DenyGroups or DenyUsers",
				});
	}
	if (s && ret->result == RESULT_PASS)
		verdict_summary(ret, "%s %s limits who may log in", limit,
			ssh_value(&s->contexts[0], limit));
}

const struct check check_ssh_access_limited = {
	.id = "ssh-access-limited",
	.title = "SSH is open to named users or groups only",
	.severity = SEV_LOW,
	.guides = "X +",
	.references = "sshd_config(5)",
	.rationale =
		"With a list of who may log in, an account that a package or a mistake adds is "
		"not an open door.",
	.remedy = "Make a group for those who may (`groupadd ssh-users`, `adduser NAME "
		  "ssh-users`), put `AllowGroups ssh-users` into "
		  "/etc/ssh/sshd_config.d/00-hardening.conf, then "
		  "`sshd -t && systemctl reload ssh`. Put yourself in first.",
	.remedy_rhel = "Make a group for those who may (`groupadd ssh-users`, `usermod -aG "
		       "ssh-users NAME`), put `AllowGroups ssh-users` into "
		       "/etc/ssh/sshd_config.d/00-hardening.conf (RHEL 8: /etc/ssh/sshd_config), "
		       "then `sshd -t && systemctl reload sshd`. Put yourself in first.",
	.facts = FACTS_SERVER,
	.evaluate = evaluate_access,
};

/* ---- ways through and around ---- */

static const struct {
	const char *keyword;
	enum severity severity;
	const char *note;
} tunnels[] = {
	{"x11forwarding", SEV_LOW, "the server can reach the user's own display"},
	{"permittunnel", SEV_MEDIUM, "users can build a network tunnel past the firewall"},
	{"gatewayports", SEV_MEDIUM, "forwarded ports are open to other machines"},
	{"permituserenvironment", SEV_MEDIUM,
		"users set variables such as LD_PRELOAD before their forced command runs"},
};

/* GatewayPorts matters only where a remote port may be forwarded at all. */
static bool forwards_remote(const struct sshd_context *c)
{
	return !ssh_is(c, "disableforwarding", "yes") &&
	       (ssh_is(c, "allowtcpforwarding", "yes") ||
		       ssh_is(c, "allowtcpforwarding", "remote"));
}

static void evaluate_tunnels(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const struct sshd *s = ssh_usable(facts, ret);

	for (size_t i = 0; s && i < s->n_contexts; i++) {
		const struct sshd_context *x = &s->contexts[i];
		for (size_t k = 0; k < ARRAY_SIZE(tunnels); k++) {
			if (ssh_is(x, tunnels[k].keyword, "no"))
				continue;
			if (strcmp(tunnels[k].keyword, "gatewayports") == 0 && !forwards_remote(x))
				continue;
			ssh_add(ret, s,
				&(struct ssh_finding){
					.context = x,
					.keyword = tunnels[k].keyword,
					.result = RESULT_FAIL,
					.severity = tunnels[k].severity,
					.note = tunnels[k].note,
					.expected = "no",
				});
		}
	}
	if (s && ret->result == RESULT_PASS)
		verdict_summary(ret, "no X11 forwarding, tunnel, gateway port or user environment");
}

const struct check check_ssh_tunnels = {
	.id = "ssh-tunnels",
	.title = "SSH opens no tunnels, displays or user environments",
	.severity = SEV_LOW,
	.guides = "+",
	.references = "sshd_config(5)",
	.rationale = "Each of these lets a logged-in user, or a server that was broken into, reach "
		     "past what the login is for.",
	.remedy =
		"Put what is named into /etc/ssh/sshd_config.d/00-hardening.conf as `no` (Debian's "
		"own sshd_config says `X11Forwarding yes`; the drop-in comes first and wins), "
		"then `sshd -t && systemctl reload ssh`.",
	.remedy_rhel =
		"Put what is named into /etc/ssh/sshd_config.d/00-hardening.conf as `no` "
		"(50-redhat.conf says `X11Forwarding yes`; 00- comes first and wins; RHEL 8: "
		"edit /etc/ssh/sshd_config), then `sshd -t && systemctl reload sshd`.",
	.facts = FACTS_SERVER,
	.evaluate = evaluate_tunnels,
};
