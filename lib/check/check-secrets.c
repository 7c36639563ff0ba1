/* SPDX-License-Identifier: ISC */
#include "check/checks.h"
#include "fact/accounts.h"
#include "fact/credentials.h"
#include "fact/environment.h"

/* What was not looked at: no check passes over it. */
static void judge_search(const struct fact_gap *gaps, size_t n_gaps, const char *limit,
	const char *what, struct verdict *ret)
{
	for (size_t i = 0; i < n_gaps; i++) {
		const char *path = gaps[i].path;
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_ERROR,
					 .subject = path,
					 .path = path[0] == '/' ? path : NULL,
					 .observed = gaps[i].reason,
					 .expected = "a file or directory that can be looked at",
				 });
	}
	if (limit)
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_UNKNOWN,
					 .subject = arena_printf(ret->arena, "search for %s", what),
					 .observed = arena_printf(ret->arena,
						 "ended early: %s; what comes after was not "
						 "looked at",
						 limit),
					 .expected = "a search that reaches its end",
				 });
}

/* ---- secret-cloud-credentials ---- */

static const struct param credential_params[] = {
	{"directories", PARAM_LIST, "/etc /opt /srv /usr/local/etc /var/www",
		.doc = "Directories that are searched beside the homes of accounts, three levels "
		       "deep."},
	{"max_names", PARAM_UINT, "50000", .min = 100, .max = 10000000,
		.doc = "How many names of files and directories one search reads at most, no more "
		       "than a quarter of what is left of them in one home or directory. A search "
		       "that ends there says so."},
	{"max_time", PARAM_USEC, "2s", .min = 1, .max = 600,
		.doc = "How long one search may take, no more than a quarter of what is left of it "
		       "in one home or directory. A search that ends there says so."},
	{NULL},
};

static void judge_credential(
	const struct factset *facts, const struct credential *c, struct verdict *ret)
{
	static const enum severity severities[] = {
		[READERS_OWNER] = SEV_MEDIUM,
		[READERS_GROUP] = SEV_HIGH,
		[READERS_OTHERS] = SEV_CRITICAL,
	};
	const struct accounts *accounts = factset_get(facts, FACT_ACCOUNTS)->u.accounts;
	struct arena *a = ret->arena;
	const struct evidence e = {
		.result = RESULT_FAIL,
		.severity = c->find.doubtful ? SEV_LOW : severities[c->readers],
		.subject = credential_subject(a, c),
		.path = c->path,
		.line = c->find.line,
		.observed = arena_printf(a, "%s%s, owner %s, mode %04o, %s%s%s",
			c->find.doubtful ? "perhaps " : "", credential_kind_name(c->find.kind),
			readers_owner(a, accounts, c->uid), (unsigned)c->mode,
			readers_text(a, accounts, c->readers, c->gid),
			*c->fingerprint ? ", fingerprint " : "", c->fingerprint),
		.expected = c->readers == READERS_OWNER
				    ? "no key or password in clear on this machine"
				    : "no key or password in clear; at least mode 0600",
	};
	verdict_add(ret, &e);
}

static void evaluate_credentials(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_CREDENTIALS) | FACT_BIT(FACT_ACCOUNTS), ret))
		return;
	const struct credentials *k = factset_get(facts, FACT_CREDENTIALS)->u.credentials;
	for (size_t i = 0; i < k->n; i++)
		judge_credential(facts, &k->v[i], ret);
	judge_search(k->gaps, k->n_gaps, k->limit, "credentials", ret);
	if (ret->n_evidence > 0)
		return;
	if (k->directories == 0)
		verdict_set(ret, RESULT_NOTAPPLICABLE,
			"there is neither a home nor one of the directories to search");
	else
		verdict_summary(ret, "no cloud key or password in clear in %zu director%s",
			k->directories, k->directories == 1 ? "y" : "ies");
}

const struct check check_secret_cloud_credentials = {
	.id = "secret-cloud-credentials",
	.title = "No cloud keys or service passwords lie in files of this machine",
	.severity = SEV_HIGH,
	.guides = "X",
	.references = "credentials(5) of the AWS CLI; clouds.yaml of openstacksdk; netrc(5)",
	.rationale =
		"Whoever gets into this machine, or a backup of it, has every key that lies here. "
		"A "
		"cloud API key is often good for the whole account: machines, storage and bills. "
		"(A "
		"fingerprint tells whether it is still the same secret. It is keyed by this "
		"machine's "
		"SSH host key, so that nobody who reads it can try passwords. What may be a "
		"reference or a placeholder as well is told as perhaps one, with low severity.)",
	.remedy =
		"Withdraw the key in the cloud's console and give the program a way to "
		"authenticate that needs none on disk: the machine's own role or application "
		"identity, a short-lived token, a vault. Where it has to stay, give it the least "
		"rights (an application credential or a key for one service), `chown USER FILE "
		"&& chmod 600 FILE`, or hand it to its service alone with `systemd-creds encrypt` "
		"and LoadCredentialEncrypted=, and state a waiver. Replace a key that others "
		"could read: closing the file does not take back what was copied.",
	.facts = FACT_BIT(FACT_CREDENTIALS) | FACT_BIT(FACT_ACCOUNTS),
	.params = credential_params,
	.evaluate = evaluate_credentials,
};

/* ---- secret-in-environment ---- */

static void judge_variable(
	const struct accounts *accounts, const struct environment_secret *s, struct verdict *ret)
{
	static const enum severity severities[] = {
		[READERS_OWNER] = SEV_LOW,
		[READERS_GROUP] = SEV_MEDIUM,
		[READERS_OTHERS] = SEV_HIGH,
	};
	struct arena *a = ret->arena;
	const char *what = s->what ? s->what : "a key or password by its name";
	const char *who = "every user can ask the manager for it (systemctl show)";
	enum severity severity = SEV_HIGH;

	if (s->place == ENVIRONMENT_SESSION) {
		who = "every session gets it";
	} else if (s->place == ENVIRONMENT_FILE) {
		who = arena_printf(a, "mode %04o, %s", (unsigned)s->mode,
			readers_text(a, accounts, s->readers, s->gid));
		severity = severities[s->readers];
	}
	const struct evidence e = {
		.result = RESULT_FAIL,
		.severity = s->doubtful ? SEV_LOW : severity,
		.subject = environment_subject(a, s),
		.path = s->path,
		.line = s->line,
		.observed = arena_printf(
			a, "set in clear: %s%s; %s", s->doubtful ? "perhaps " : "", what, who),
		.expected = s->place == ENVIRONMENT_UNIT ? "LoadCredential=, or a file that only "
							   "its service can read"
							 : "no key or password in a variable",
	};
	verdict_add(ret, &e);
}

static void evaluate_environment(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_ENVIRONMENT) | FACT_BIT(FACT_ACCOUNTS), ret))
		return;
	const struct environment *env = factset_get(facts, FACT_ENVIRONMENT)->u.environment;
	const struct accounts *accounts = factset_get(facts, FACT_ACCOUNTS)->u.accounts;
	for (size_t i = 0; i < env->n; i++)
		judge_variable(accounts, &env->v[i], ret);
	judge_search(env->gaps, env->n_gaps, env->limit, "variables", ret);
	if (ret->n_evidence > 0)
		return;
	if (env->files == 0 && env->units == 0)
		verdict_set(ret, RESULT_NOTAPPLICABLE,
			"there is neither a unit nor a file that sets variables");
	else
		verdict_summary(ret,
			"no key or password in the variables of %zu files and %zu units",
			env->files, env->units);
}

const struct check check_secret_in_environment = {
	.id = "secret-in-environment",
	.title = "No unit or environment file carries a key or password in clear",
	.severity = SEV_HIGH,
	.guides = "X",
	.references = "systemd.exec(5) Environment=, LoadCredential=; environment(5); pam_env(8)",
	.rationale = "The environment is handed to every program that a program starts, shows in "
		     "/proc, in crash reports and in debug pages, and that of a unit is told to "
		     "every user who asks. A key that stands there is soon somebody else's. "
		     "(What may be a reference or a placeholder as well is told as perhaps one, "
		     "with low severity.)",
	.remedy =
		"Take the variable out and give the secret as a file: `systemd-creds encrypt "
		"--name=NAME - /etc/credstore.encrypted/NAME`, then in the unit "
		"`LoadCredentialEncrypted=NAME`; the service reads "
		"$CREDENTIALS_DIRECTORY/NAME (many take NAME_FILE=). Where it must be a variable, "
		"use an EnvironmentFile= of owner root and mode 0600. Replace what others could "
		"read.",
	.facts = FACT_BIT(FACT_ENVIRONMENT) | FACT_BIT(FACT_ACCOUNTS),
	.evaluate = evaluate_environment,
};
