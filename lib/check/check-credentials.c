/* SPDX-License-Identifier: ISC */
#include "check/checks.h"
#include "fact/accounts.h"
#include "fact/credentials.h"

static const struct param credential_params[] = {
	{"directories", PARAM_LIST, "/etc /opt /srv /usr/local/etc /var/www",
		.doc = "Directories that are searched beside the homes of accounts, three levels "
		       "deep."},
	{"max_names", PARAM_UINT, "50000", .min = 100, .max = 10000000,
		.doc = "How many names of files and directories one search reads at most. A search "
		       "that ends there says so."},
	{"max_time", PARAM_USEC, "2s", .min = 1, .max = 600,
		.doc = "How long one search may take. A search that ends there says so."},
	{NULL},
};

static const char *owner_name(const struct factset *facts, struct arena *a, uid_t uid)
{
	const struct accounts *accounts = factset_get(facts, FACT_ACCOUNTS)->u.accounts;

	for (size_t i = 0; i < accounts->n; i++) {
		if (accounts->v[i].uid == uid)
			return accounts->v[i].name;
	}
	return arena_printf(a, "uid %u", uid);
}

static const char *group_name(const struct factset *facts, struct arena *a, gid_t gid)
{
	const struct accounts *accounts = factset_get(facts, FACT_ACCOUNTS)->u.accounts;

	for (size_t i = 0; i < accounts->n_groups; i++) {
		if (accounts->groups[i].gid == gid)
			return accounts->groups[i].name;
	}
	return arena_printf(a, "gid %u", gid);
}

static const char *readers(const struct factset *facts, struct arena *a, const struct credential *c)
{
	switch (c->reach) {
	case CREDENTIAL_REACH_OTHERS:
		return "readable by every user";
	case CREDENTIAL_REACH_GROUP:
		return arena_printf(a,
			"readable by the group %s or those whom its access list names",
			group_name(facts, a, c->gid));
	case CREDENTIAL_REACH_OWNER:
		break;
	}
	return "readable by its owner and root";
}

static void judge_credential(
	const struct factset *facts, const struct credential *c, struct verdict *ret)
{
	static const enum severity severities[] = {
		[CREDENTIAL_REACH_OWNER] = SEV_MEDIUM,
		[CREDENTIAL_REACH_GROUP] = SEV_HIGH,
		[CREDENTIAL_REACH_OTHERS] = SEV_CRITICAL,
	};
	struct arena *a = ret->arena;
	const struct evidence e = {
		.result = RESULT_FAIL,
		.severity = severities[c->reach],
		.subject = credential_subject(a, c),
		.path = c->path,
		.line = c->find.line,
		.observed = arena_printf(a, "%s, owner %s, mode %04o, %s%s%s",
			credential_kind_name(c->find.kind), owner_name(facts, a, c->uid),
			(unsigned)c->mode, readers(facts, a, c),
			*c->fingerprint ? ", fingerprint " : "", c->fingerprint),
		.expected = c->reach == CREDENTIAL_REACH_OWNER
				    ? "no key or password in clear on this machine"
				    : "no key or password in clear; at least mode 0600",
	};
	verdict_add(ret, &e);
}

static void judge_search(const struct credentials *k, struct verdict *ret)
{
	for (size_t i = 0; i < k->n_gaps; i++) {
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_ERROR,
					 .subject = k->gaps[i].path,
					 .path = k->gaps[i].path,
					 .observed = k->gaps[i].reason,
					 .expected = "a file or directory that can be looked at",
				 });
	}
	if (k->limit)
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_INFORMATIONAL,
					 .subject = "search for credentials",
					 .observed = arena_printf(ret->arena,
						 "ended early: %s; what lies deeper was not "
						 "looked at",
						 k->limit),
					 .expected = "a search that reaches its end",
				 });
}

static void evaluate_credentials(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_CREDENTIALS) | FACT_BIT(FACT_ACCOUNTS), ret))
		return;
	const struct credentials *k = factset_get(facts, FACT_CREDENTIALS)->u.credentials;
	for (size_t i = 0; i < k->n; i++)
		judge_credential(facts, &k->v[i], ret);
	judge_search(k, ret);
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
		"cloud API key is often good for the whole account: machines, storage and bills.",
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
