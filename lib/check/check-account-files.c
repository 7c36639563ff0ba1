/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "check/account-report.h"
#include "check/checks.h"
#include "fact/account-files.h"
#include "fact/homes.h"

static void evaluate_modes(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_ACCOUNT_FILES), ret))
		return;
	const struct account_files *files = factset_get(facts, FACT_ACCOUNT_FILES)->u.account_files;
	for (size_t i = 0; i < files->n; i++) {
		const struct account_file *file = &files->v[i];
		bool unread = file->state != FACT_STATE_OK && file->state != FACT_STATE_ABSENT;
		if (!unread && !file->fault)
			continue;
		const char *observed = unread ? file->reason
					      : arena_printf(ret->arena, "%s: %s", file->observed,
							file->fault);
		verdict_add(ret, &(struct evidence){
					 .result = unread ? RESULT_ERROR : RESULT_FAIL,
					 .severity = file->writable ? SEV_CRITICAL : SEV_MEDIUM,
					 .subject = arena_printf(ret->arena, "file %s", file->path),
					 .path = file->path,
					 .observed = observed,
					 .expected = file->expected,
				 });
	}
	if (ret->n_evidence == 0)
		verdict_summary(ret, "owners and modes are no wider than the distribution's");
}

/* What is wrong with one place in a home; NULL when nothing is. */
static const char *home_fault(struct arena *a, const struct home *home, const struct home_entry *e,
	enum severity *severity)
{
	bool private = e->gid == home->gid && home->private_group;

	*severity = SEV_HIGH;
	if (e->uid != home->uid && e->uid != 0)
		return arena_printf(a, "owned by uid %u", e->uid);
	if (e->mode & 02)
		return arena_printf(a, "mode %04o: others may write", (unsigned)e->mode & 07777);
	if (e->acl_write)
		return "an access control list lets somebody else write";
	if ((e->mode & 020) && !private)
		return arena_printf(
			a, "mode %04o: group %u may write", (unsigned)e->mode & 07777, e->gid);
	/* root's hands are no danger, but then the account can't keep it in order itself. */
	*severity = SEV_LOW;
	return e->uid != home->uid ? "owned by root" : NULL;
}

static void judge_place(struct verdict *ret, const struct account *x, const struct home *home,
	enum home_place place)
{
	static const char *const expected[] = {
		[HOME_DIR] = "owned by the account, writable by nobody else",
		[HOME_SSH] = "owned by the account, mode 0700",
		[HOME_AUTHORIZED_KEYS] = "owned by the account, mode 0600",
		[HOME_AUTHORIZED_KEYS2] = "owned by the account, mode 0600",
	};
	const struct home_entry *e = &home->at[place];
	struct arena *a = ret->arena;
	enum severity severity = SEV_LOW;

	if (e->state == FACT_STATE_ABSENT)
		return;
	bool unread = e->state != FACT_STATE_OK;
	const char *fault = unread ? e->reason : home_fault(a, home, e, &severity);
	if (!fault)
		return;
	const char *path = *home_place_name(place)
				   ? arena_printf(a, "%s/%s", home->path, home_place_name(place))
				   : home->path;
	verdict_add(
		ret, &(struct evidence){
			     .result = unread ? RESULT_ERROR : RESULT_FAIL,
			     .severity = severity,
			     .subject = arena_printf(a, "account %s", x->name),
			     .path = path,
			     .observed = unread ? fault : arena_printf(a, "%s is %s", path, fault),
			     .expected = expected[place],
		     });
}

static void evaluate_homes(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_ACCOUNTS) | FACT_BIT(FACT_HOMES), ret))
		return;
	const struct accounts *a = factset_get(facts, FACT_ACCOUNTS)->u.accounts;
	const struct homes *homes = factset_get(facts, FACT_HOMES)->u.homes;
	for (size_t i = 0; i < a->n; i++) {
		const struct home *home = homes_of(homes, a, &a->v[i]);
		for (int p = 0; home && home->login && p < HOME_PLACE_MAX; p++)
			judge_place(ret, &a->v[i], home, (enum home_place)p);
	}
	if (homes->unlooked)
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_UNKNOWN,
					 .subject = "homes",
					 .observed = arena_printf(ret->arena,
						 "%zu homes beyond the first %d were not looked at",
						 homes->unlooked, HOMES_MAX),
				 });
	else if (homes->unwatched)
		verdict_add(ret,
			&(struct evidence){
				.result = RESULT_INFORMATIONAL,
				.subject = "homes",
				.observed = arena_printf(ret->arena,
					"%zu homes beyond the first %d are looked at, not watched",
					homes->unwatched, HOMES_WATCHED),
			});
	if (ret->n_evidence == 0)
		verdict_summary(ret, "homes belong to their accounts and nobody else may write");
}

static void evaluate_consistency(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_ACCOUNTS), ret))
		return;
	const struct accounts *a = factset_get(facts, FACT_ACCOUNTS)->u.accounts;
	for (size_t i = 0; i < a->n_defects; i++) {
		const struct account_defect *d = &a->defects[i];
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_FAIL,
					 .severity = SEV_MEDIUM,
					 .subject = d->subject,
					 .path = d->path,
					 .line = d->line,
					 .observed = d->what,
					 .expected = "one whole line for each account and group",
				 });
	}
	if (!account_report_unread(ret, a, (1u << ACCOUNTS_FILE_MAX) - 1) && ret->n_evidence == 0)
		verdict_summary(ret, "passwd, shadow, group and gshadow agree");
}

const struct check check_account_file_modes = {
	.id = "account-file-modes",
	.title = "Account and sudo files are no more accessible than the distribution ships them",
	.severity = SEV_MEDIUM,
	.guides = "+",
	.references = "CIS Debian 12 7.1.1-7.1.8, passwd(5), shadow(5), sudoers(5), acl(5)",
	.rationale =
		"Whoever writes passwd, shadow or sudoers becomes root; whoever reads shadow can "
		"guess its passwords at leisure. The backups hold the same.",
	.remedy =
		"`chown root:root FILE && chmod 644 FILE` for passwd and group, `chown root:shadow "
		"FILE && chmod 640 FILE` for shadow and gshadow (and their backups, FILE-), "
		"`chmod 440` for sudoers and what is in sudoers.d; `setfacl -b FILE` where an "
		"access control list is named.",
	.remedy_rhel =
		"`rpm --restore setup shadow-utils sudo` sets what the packages ship: 0644 for "
		"passwd and group, 0000 for shadow and gshadow, 0440 for sudoers, 0750 for "
		"sudoers.d; `setfacl -b FILE` where an access control list is named.",
	.facts = FACT_BIT(FACT_ACCOUNT_FILES),
	.evaluate = evaluate_modes,
};

const struct check check_account_home_modes = {
	.id = "account-home-modes",
	.title = "Homes and authorized keys are writable by their accounts alone",
	.severity = SEV_HIGH,
	.guides = "+",
	.references = "CIS Debian 12 7.2.9, sshd_config(5) StrictModes",
	.rationale = "Whoever may write to a home, to ~/.ssh or to authorized_keys can put a key "
		     "there and log in as that account.",
	.remedy = "`chown NAME: ~NAME && chmod go-w ~NAME`, `chmod 700 ~NAME/.ssh`, `chmod 600 "
		  "~NAME/.ssh/authorized_keys`.",
	.facts = FACT_BIT(FACT_ACCOUNTS) | FACT_BIT(FACT_HOMES),
	.evaluate = evaluate_homes,
};

const struct check check_account_consistency = {
	.id = "account-consistency",
	.title = "The account files are whole and agree with each other",
	.severity = SEV_MEDIUM,
	.guides = "+",
	.references = "CIS Debian 12 7.2.3-7.2.8, pwck(8), grpck(8)",
	.rationale =
		"Two accounts with one uid are one account with two passwords; a line that the "
		"system skips or reads otherwise than it looks hides an account or a lock.",
	.remedy = "`pwck` and `grpck` walk through most of it; correct the rest with `vipw`, `vipw "
		  "-s`, "
		  "`vigr` and `vigr -s`.",
	.facts = FACT_BIT(FACT_ACCOUNTS),
	.evaluate = evaluate_consistency,
};
