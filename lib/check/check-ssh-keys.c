/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "check/checks.h"
#include "fact/accounts.h"
#include "fact/ssh-host-keys.h"
#include "fact/ssh-private-keys.h"
#include "fact/ssh-user-keys.h"
#include "fact/sshd.h"

enum {
	WEAK_BITS = 2048, /* RSA below this is within reach of those who can pay for it */
	KEY_MODE = 077,	  /* bits that OpenSSH refuses on a private key */
	WRITABLE = 022,
};

/* A clock that isn't set yet when the first files of the first boot are written. */
#define CLOCK_SLACK_USEC (5 * USEC_PER_MIN)

static const struct param strength_params[] = {
	{"rsa_min_bits", PARAM_UINT, "4096", .min = 1024, .max = 16384,
		.doc = "The shortest RSA modulus that passes, in bits."},
	{"ecdsa_min_bits", PARAM_UINT, "256", .min = 256, .max = 521,
		.doc = "The smallest ECDSA curve that passes, in bits: 256, 384 or 521."},
	{NULL},
};

/* What is wrong with a key. expected is NULL when nothing is. */
struct weakness {
	enum result result;
	enum severity severity;
	const char *expected;
};

static struct weakness judge_rsa(
	struct arena *a, const struct ssh_key *key, const char *id, const struct policy *policy)
{
	uint64_t min = policy_uint(policy, id, "rsa_min_bits");

	if (key->bits == 0 || key->bits >= min)
		return (struct weakness){
			key->bits == 0 ? RESULT_UNKNOWN : RESULT_PASS, SEV_LOW, NULL};
	return (struct weakness){RESULT_FAIL, key->bits < WEAK_BITS ? SEV_HIGH : SEV_MEDIUM,
		arena_printf(a, "RSA of %u bits or more, or Ed25519", (unsigned)min)};
}

static struct weakness judge_key(
	struct arena *a, const struct ssh_key *key, const char *id, const struct policy *policy)
{
	uint64_t min = policy_uint(policy, id, "ecdsa_min_bits");

	switch (key->type) {
	case SSH_KEY_RSA:
		return judge_rsa(a, key, id, policy);
	case SSH_KEY_DSA:
	case SSH_KEY_RSA1:
		return (struct weakness){
			RESULT_FAIL, SEV_HIGH, "no DSA or protocol 1 key; Ed25519"};
	case SSH_KEY_ECDSA:
	case SSH_KEY_ECDSA_SK:
		if (key->bits == 0)
			break;
		if (key->bits >= min)
			return (struct weakness){RESULT_PASS, SEV_LOW, NULL};
		return (struct weakness){RESULT_FAIL, SEV_MEDIUM,
			arena_printf(a, "ECDSA of %u bits or more, or Ed25519", (unsigned)min)};
	case SSH_KEY_ED25519:
	case SSH_KEY_ED25519_SK:
		return (struct weakness){RESULT_PASS, SEV_LOW, NULL};
	case SSH_KEY_OTHER:
	case SSH_KEY_TYPE_MAX:
		break;
	}
	return (struct weakness){RESULT_UNKNOWN, SEV_LOW, NULL};
}

static const char *describe_key(struct arena *a, const struct ssh_key *key)
{
	if (!*key->name)
		return "a key that does not show its type";
	if (key->bits == 0)
		return arena_printf(a, "%s, of a length that does not show", key->name);
	return arena_printf(a, "%s, %u bits", key->name, key->bits);
}

/* ---- ssh-host-key-strength ---- */

/* Whether the list of algorithms has one for this type of key: else sshd never shows it. */
static bool is_offered(const struct factset *facts, const struct ssh_key *key)
{
	const struct fact *f = factset_get(facts, FACT_SSHD);
	const struct sshd *sshd = f && f->state == FACT_STATE_OK ? f->u.sshd : NULL;
	const struct sshd_value *v = sshd && sshd->n_contexts > 0
					     ? sshd_get(sshd->contexts, "hostkeyalgorithms")
					     : NULL;

	if (!v || (key->type != SSH_KEY_RSA && key->type != SSH_KEY_ECDSA))
		return true;
	if (key->type == SSH_KEY_RSA)
		return strstr(v->value, "rsa") != NULL;
	return strstr(v->value, key->name) != NULL;
}

static void judge_host_key(const struct check *c, const struct factset *facts,
	const struct policy *policy, const struct ssh_host_key *k, struct verdict *ret)
{
	bool readable = k->state == FACT_STATE_OK || k->state == FACT_STATE_ABSENT;
	struct evidence e = {.subject = k->subject, .path = k->path, .expected = "Ed25519"};

	if (!readable && !*k->key.name) {
		e.result = RESULT_ERROR;
		e.observed = k->reason;
		verdict_add(ret, &e);
		return;
	}
	/* Configured and missing: sshd warns and goes on without it. */
	if (k->state == FACT_STATE_ABSENT && !*k->key.name)
		return;
	struct weakness w = judge_key(ret->arena, &k->key, c->id, policy);
	if (w.result == RESULT_PASS || !is_offered(facts, &k->key))
		return;
	e.result = w.result;
	e.severity = w.severity;
	e.observed = describe_key(ret->arena, &k->key);
	if (w.expected)
		e.expected = w.expected;
	verdict_add(ret, &e);
}

static void evaluate_host_strength(const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_SSH_HOST_KEYS), ret))
		return;
	const struct ssh_host_keys *h = factset_get(facts, FACT_SSH_HOST_KEYS)->u.ssh_host_keys;
	for (size_t i = 0; i < h->n_keys; i++)
		judge_host_key(c, facts, policy, &h->keys[i], ret);
	if (h->n_keys == 0)
		verdict_set(ret, RESULT_NOTAPPLICABLE, "the SSH server has no host key");
	else if (ret->n_evidence == 0)
		verdict_summary(ret, "all %zu host keys are strong enough", h->n_keys);
}

const struct check check_ssh_host_key_strength = {
	.id = "ssh-host-key-strength",
	.title = "SSH host keys are strong",
	.severity = SEV_MEDIUM,
	.guides = "X",
	.references = "sshd_config(5) HostKey, HostKeyAlgorithms; ssh-keygen(1)",
	.rationale =
		"The host key proves to everybody who connects that this is the right machine. "
		"Whoever can compute it from its public half can stand in between and read "
		"every session.",
	.remedy =
		"Replace the key and load the new one: `rm /etc/ssh/ssh_host_rsa_key "
		"/etc/ssh/ssh_host_rsa_key.pub && ssh-keygen -t rsa -b 4096 -N '' -f "
		"/etc/ssh/ssh_host_rsa_key && systemctl reload ssh`. Or drop it: put `HostKey "
		"/etc/ssh/ssh_host_ed25519_key` alone into /etc/ssh/sshd_config.d/. Tell those who "
		"connect: their known_hosts has the old key.",
	.remedy_rhel =
		"Replace the key and load the new one: `rm /etc/ssh/ssh_host_rsa_key "
		"/etc/ssh/ssh_host_rsa_key.pub && ssh-keygen -t rsa -b 4096 -N '' -f "
		"/etc/ssh/ssh_host_rsa_key && systemctl reload sshd`. Or drop it: put `HostKey "
		"/etc/ssh/ssh_host_ed25519_key` alone into /etc/ssh/sshd_config.d/. Tell those who "
		"connect: their known_hosts has the old key.",
	.facts = FACT_BIT(FACT_SSH_HOST_KEYS) | FACT_BIT(FACT_SSHD),
	.params = strength_params,
	.evaluate = evaluate_host_strength,
};

/* ---- ssh-authorized-key-strength ---- */

static void judge_user_key(const struct check *c, const struct policy *policy,
	const struct ssh_user_key *k, struct verdict *ret)
{
	/* sshd passes over a certificate that stands here. */
	if (k->l->key.cert)
		return;
	struct weakness w = judge_key(ret->arena, &k->l->key, c->id, policy);
	if (w.result == RESULT_PASS)
		return;
	verdict_add(ret,
		&(struct evidence){
			.result = w.result,
			.severity = w.severity,
			.subject = ssh_user_key_subject(ret->arena, k),
			.path = k->path,
			.line = k->line,
			.observed = arena_printf(ret->arena, "%s%s%s",
				describe_key(ret->arena, &k->l->key),
				*k->l->comment ? ", comment " : "", k->l->comment),
			.expected = w.expected ? w.expected : "a key whose strength can be told",
		});
}

static void add_user_gaps(const struct ssh_user_keys *u, struct verdict *ret)
{
	for (size_t i = 0; i < u->n_files; i++) {
		const struct ssh_user_keys_file *file = &u->files[i];
		if (file->state == FACT_STATE_OK || file->state == FACT_STATE_ABSENT)
			continue;
		verdict_add(ret,
			&(struct evidence){
				.result = RESULT_ERROR,
				.subject = ssh_user_keys_file_subject(ret->arena, file),
				.path = file->path,
				.observed = file->reason,
				.expected = "a regular file in the account's home that can be read",
			});
	}
	for (size_t i = 0; i < u->n_commands; i++) {
		const struct ssh_user_keys_command *command = &u->commands[i];
		const struct evidence e = {
			.result = RESULT_UNKNOWN,
			.subject = arena_printf(
				ret->arena, "AuthorizedKeysCommand %s", command->command),
			.path = command->path,
			.line = command->line,
			.observed = arena_printf(ret->arena,
				"a program gives further keys for %zu accounts (%s the "
				"first): which ones can not be known beforehand",
				command->n_accounts, command->account),
			.expected = "AuthorizedKeysCommand none",
		};
		verdict_add(ret, &e);
	}
}

static void evaluate_user_strength(const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_SSH_USER_KEYS), ret))
		return;
	const struct ssh_user_keys *u = factset_get(facts, FACT_SSH_USER_KEYS)->u.ssh_user_keys;
	for (size_t i = 0; i < u->n_keys; i++)
		judge_user_key(c, policy, &u->keys[i], ret);
	add_user_gaps(u, ret);
	if (ret->n_evidence > 0)
		return;
	if (u->n_keys == 0)
		verdict_set(ret, RESULT_NOTAPPLICABLE, "no account has an authorized key");
	else
		verdict_summary(ret, "all %zu authorized keys are strong enough", u->n_keys);
}

const struct check check_ssh_authorized_key_strength = {
	.id = "ssh-authorized-key-strength",
	.title = "Keys that may log in are strong",
	.severity = SEV_MEDIUM,
	.guides = "X",
	.references = "sshd(8) AUTHORIZED_KEYS FILE FORMAT; sshd_config(5) AuthorizedKeysFile",
	.rationale =
		"The public half of every authorized key must be taken to be known to everybody. "
		"From a short RSA key or any DSA key the private half can be computed, and with "
		"it somebody else logs in.",
	.remedy =
		"Have the owner make a new key where it is used (`ssh-keygen -t ed25519`), add it, "
		"try it, and then delete the line that the finding names. `ssh-keygen -l -f FILE` "
		"shows what each line of a file holds.",
	.facts = FACT_BIT(FACT_SSH_USER_KEYS),
	.params = strength_params,
	.evaluate = evaluate_user_strength,
};

/* ---- ssh-host-keys-unique ---- */

static const char *when(struct arena *a, uint64_t realtime_usec)
{
	char buf[32];

	return arena_strdup(a, text_rfc3339(buf, realtime_usec));
}

/*
 * Written before t, and not brought here after it with its time kept. A clock that is set back in
 * between moves both of a new key's times, but not far; unpacking an image leaves an old time of
 * writing and a birth just before the first boot.
 */
static bool is_older(const struct ssh_host_key *k, uint64_t t)
{
	return k->mtime_realtime_usec + CLOCK_SLACK_USEC < t &&
	       (k->birth_realtime_usec == 0 || k->birth_realtime_usec < t);
}

static void judge_age(
	const struct ssh_host_key *k, const struct first_boot *boot, struct verdict *ret)
{
	struct arena *a = ret->arena;
	struct evidence e = {.subject = k->subject, .path = k->path};

	if (k->state == FACT_STATE_ABSENT)
		return;
	const char *made = when(a, k->mtime_realtime_usec);
	if (!k->seen) {
		e.result = RESULT_ERROR;
		e.observed = k->reason;
		verdict_add(ret, &e);
		return;
	}
	if (is_older(k, boot->realtime_usec)) {
		e.result = RESULT_FAIL;
		e.severity = SEV_HIGH;
		e.observed = arena_printf(
			a, "written %s, before the machine was first started", made);
	} else if (is_older(k, boot->doubt_realtime_usec)) {
		e.result = RESULT_UNKNOWN;
		e.observed = arena_printf(a,
			"written %s, after %s but before this system first saved its random "
			"seed (%s): both may have come with the image",
			made, boot->evidence, when(a, boot->doubt_realtime_usec));
	} else {
		return;
	}
	e.expected = arena_printf(a, "written after the first boot, %s by %s",
		when(a, boot->realtime_usec), boot->evidence);
	verdict_add(ret, &e);
}

/* Of an image that was never started: it is on every machine that is made from it. */
static void judge_image(const struct ssh_host_key *k, struct verdict *ret)
{
	if (k->state == FACT_STATE_ABSENT)
		return;
	verdict_add(ret, &(struct evidence){
				 .result = k->seen ? RESULT_FAIL : RESULT_ERROR,
				 .severity = SEV_HIGH,
				 .subject = k->subject,
				 .path = k->path,
				 .observed = k->seen ? "is in an image that has not been started: "
						       "each machine made from it has this key"
						     : k->reason,
				 .expected = "made at the first boot",
			 });
}

static void evaluate_unique(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_SSH_HOST_KEYS), ret))
		return;
	const struct ssh_host_keys *h = factset_get(facts, FACT_SSH_HOST_KEYS)->u.ssh_host_keys;
	const struct first_boot *boot = &h->first_boot;
	if (h->n_keys == 0) {
		verdict_set(ret, RESULT_NOTAPPLICABLE, "the SSH server has no host key");
		return;
	}
	if (boot->ahead) {
		for (size_t i = 0; i < h->n_keys; i++)
			judge_image(&h->keys[i], ret);
		if (ret->n_evidence == 0)
			verdict_summary(ret, "the image holds no host key: they are made at the "
					     "first boot");
		return;
	}
	if (boot->realtime_usec == 0) {
		verdict_set(ret, RESULT_UNKNOWN,
			"nothing here says when this machine was first started (no cloud-init "
			"instance, "
			"no machine-id): whether its host keys came with the image can not be "
			"told");
		return;
	}
	for (size_t i = 0; i < h->n_keys; i++)
		judge_age(&h->keys[i], boot, ret);
	if (ret->n_evidence == 0)
		verdict_summary(ret, "all host keys were made after the first boot, %s by %s",
			when(ret->arena, boot->realtime_usec), boot->evidence);
}

const struct check check_ssh_host_keys_unique = {
	.id = "ssh-host-keys-unique",
	.title = "SSH host keys were made on this machine",
	.severity = SEV_HIGH,
	.guides = "P N10 +",
	.references = "ssh-keygen(1) -A; machine-id(5); cloud-init ssh module (ssh_deletekeys)",
	.rationale =
		"A host key that came with the image is on every machine made from it, and in the "
		"hands of whoever made or downloaded the image: any of them can pass for this "
		"machine.",
	.remedy =
		"Make new keys and load them: `rm /etc/ssh/ssh_host_*_key "
		"/etc/ssh/ssh_host_*_key.pub "
		"&& dpkg-reconfigure openssh-server && systemctl reload ssh`. Take them out of the "
		"image as well (`cloud-init clean --logs --machine-id`, and `rm "
		"/etc/ssh/ssh_host_*` as its last step).",
	.remedy_rhel =
		"Make new keys and load them: `rm /etc/ssh/ssh_host_*_key "
		"/etc/ssh/ssh_host_*_key.pub && "
		"ssh-keygen -A && systemctl restart sshd`. Take them out of the image as well "
		"(`cloud-init clean --logs --machine-id`, and `rm /etc/ssh/ssh_host_*` as its last "
		"step).",
	.facts = FACT_BIT(FACT_SSH_HOST_KEYS),
	.evaluate = evaluate_unique,
};

/* ---- ssh-key-files-private ---- */

/* Red Hat's OpenSSH lets its group ssh_keys read host keys, for ssh-keysign. */
static bool mode_is_allowed(const struct factset *facts, const struct ssh_host_key *k)
{
	const struct fact *f = factset_get(facts, FACT_ACCOUNTS);
	const struct account_group *group = f && f->state == FACT_STATE_OK
						    ? accounts_find_group(f->u.accounts, "ssh_keys")
						    : NULL;

	return (k->mode & KEY_MODE) == 0 ||
	       ((k->mode & KEY_MODE) == 040 && group && group->gid == k->gid);
}

static void judge_key_file(
	const struct factset *facts, const struct ssh_host_key *k, struct verdict *ret)
{
	struct evidence e = {
		.result = RESULT_FAIL,
		.severity = k->mode & 007 ? SEV_CRITICAL : SEV_HIGH,
		.subject = k->subject,
		.path = k->path,
		.expected = "owner root, mode 0600",
	};

	if (!k->seen && k->state != FACT_STATE_ABSENT) {
		e.result = RESULT_ERROR;
		e.observed = k->reason;
		verdict_add(ret, &e);
	}
	if (!k->seen || (k->uid == 0 && mode_is_allowed(facts, k)))
		return;
	e.observed = arena_printf(ret->arena, "owner uid %u, group gid %u, mode %04o%s", k->uid,
		k->gid, (unsigned)k->mode, k->uid == 0 ? ": sshd refuses to load it" : "");
	verdict_add(ret, &e);
}

static void judge_conf_file(const struct ssh_host_file *file, struct verdict *ret)
{
	bool directory = S_ISDIR(file->mode);
	struct evidence e = {
		.result = RESULT_FAIL,
		.severity = SEV_HIGH,
		.subject = arena_printf(
			ret->arena, "%s %s", directory ? "directory" : "file", file->path),
		.path = file->path,
		.expected = "owner root, writable by nobody else",
	};

	if (file->state == FACT_STATE_ABSENT)
		return;
	if (file->state != FACT_STATE_OK) {
		e.result = RESULT_ERROR;
		e.observed = file->reason;
		verdict_add(ret, &e);
		return;
	}
	if (file->uid == 0 && (file->mode & WRITABLE) == 0)
		return;
	e.observed = arena_printf(ret->arena, "owner uid %u, group gid %u, mode %04o", file->uid,
		file->gid, (unsigned)file->mode & 07777);
	verdict_add(ret, &e);
}

static void evaluate_private(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_SSH_HOST_KEYS), ret))
		return;
	const struct ssh_host_keys *h = factset_get(facts, FACT_SSH_HOST_KEYS)->u.ssh_host_keys;
	for (size_t i = 0; i < h->n_keys; i++)
		judge_key_file(facts, &h->keys[i], ret);
	for (size_t i = 0; i < h->n_files; i++)
		judge_conf_file(&h->files[i], ret);
	if (ret->n_evidence == 0)
		verdict_summary(ret,
			"%zu host keys and %zu files of the configuration are root's alone",
			h->n_keys, h->n_files);
}

const struct check check_ssh_key_files_private = {
	.id = "ssh-key-files-private",
	.title = "Only root can touch the SSH server's keys and configuration",
	.severity = SEV_HIGH,
	.guides = "P X",
	.references = "sshd(8) FILES; CIS Debian 12 5.1.1, 5.1.2",
	.rationale = "Who reads a private host key can pass for this machine. Who writes "
		     "sshd_config, or the directory that it is in, decides who may log in.",
	.remedy = "`chown root:root FILE`, then `chmod 600` for a private key, `chmod 644` for "
		  "sshd_config, `chmod 755` for a directory. Replace a key that others could read "
		  "(`ssh-keygen -t ed25519 -N '' -f FILE`): closing the file does not take back "
		  "what was copied.",
	.facts = FACT_BIT(FACT_SSH_HOST_KEYS) | FACT_BIT(FACT_ACCOUNTS),
	.evaluate = evaluate_private,
};

/* ---- ssh-private-keys-on-host ---- */

static void judge_stray_key(const struct ssh_stray_key *k, struct verdict *ret)
{
	struct arena *a = ret->arena;
	const struct ssh_key *key = &k->private.key;
	bool open = k->private.protection == SSH_PROTECTION_NONE;

	/* The file is only a handle: the key is in the token. */
	if (key->type == SSH_KEY_ED25519_SK || key->type == SSH_KEY_ECDSA_SK)
		return;
	const struct evidence e = {
		.result = RESULT_FAIL,
		.severity = open ? SEV_HIGH : SEV_MEDIUM,
		.subject = ssh_stray_key_subject(a, k),
		.path = k->path,
		.observed = arena_printf(a, "%s, %s, mode %04o%s%s", describe_key(a, key),
			ssh_protection_name(k->private.protection), (unsigned)k->mode,
			*key->fingerprint ? ", " : "", key->fingerprint),
		.expected = "no private key on this machine",
	};
	verdict_add(ret, &e);
}

static void evaluate_stray(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_SSH_PRIVATE_KEYS), ret))
		return;
	const struct ssh_private_keys *p =
		factset_get(facts, FACT_SSH_PRIVATE_KEYS)->u.ssh_private_keys;
	for (size_t i = 0; i < p->n_keys; i++)
		judge_stray_key(&p->keys[i], ret);
	for (size_t i = 0; i < p->n_gaps; i++) {
		const struct evidence e = {
			.result = RESULT_ERROR,
			.subject = p->gaps[i].path,
			.path = p->gaps[i].path,
			.observed = p->gaps[i].reason,
			.expected = "a file that can be looked at",
		};
		verdict_add(ret, &e);
	}
	if (ret->n_evidence > 0)
		return;
	if (p->n_directories == 0)
		verdict_set(ret, RESULT_NOTAPPLICABLE,
			"no account that logs in has a directory ~/.ssh");
	else
		verdict_summary(
			ret, "no private key lies in the homes of root and of those who log in");
}

const struct check check_ssh_private_keys_on_host = {
	.id = "ssh-private-keys-on-host",
	.title = "No private SSH key of a user lies on this machine",
	.severity = SEV_HIGH,
	.guides = "P X",
	.references = "ssh-keygen(1), ssh-agent(1), ssh_config(5) ForwardAgent, ProxyJump",
	.rationale =
		"A private key never leaves the hardware on which it was made. One that lies on a "
		"server opens every machine that trusts it to whoever breaks into this one; "
		"without a passphrase at once.",
	.remedy =
		"Jump through this machine instead of logging in from it (`ssh -J THIS_HOST "
		"TARGET`), "
		"or forward the agent (`ssh -A`); then delete the key here and its public half "
		"from "
		"the authorized_keys of the others. Where it has to stay, give it a passphrase "
		"(`ssh-keygen -p -f FILE`), or limit what it opens there (`restrict,command=...`) "
		"and state a waiver.",
	.facts = FACT_BIT(FACT_SSH_PRIVATE_KEYS),
	.evaluate = evaluate_stray,
};
