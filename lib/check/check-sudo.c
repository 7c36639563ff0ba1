/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "check/checks.h"
#include "check/sysadmin.h"
#include "fact/sudo.h"

struct judgement {
	const struct sudo *sudo;
	const struct accounts *accounts;
	const struct policy *policy;
	enum severity severity;
	const char *expected;
	struct verdict *ret;
	struct arena *arena; /* the verdict's: strings on their way into it */
};

static bool is_root_power(const struct sudo_right *r)
{
	return r->power >= SUDO_POWER_SHELL;
}

/* Everybody's right is told once, with the first account; what he can replace is his own. */
static bool is_for_everybody(const struct sudo_right *r)
{
	return r->who_kind == SUDO_ALL && !r->writable && !r->via;
}

static void add(struct judgement *j, enum result result, const struct sudo_right *r,
	const char *subject, const char *observed)
{
	/* NULL when memory ran out, which the arena remembers. */
	if (!subject || !observed)
		return;
	verdict_add(j->ret, &(struct evidence){
				    .result = result,
				    .severity = j->severity,
				    .subject = subject,
				    .item = arena_printf(j->arena, "sudo %s", r->who),
				    .path = r->grant->path ? r->grant->path : j->sudo->path,
				    .line = r->grant->line,
				    .observed = observed,
				    .expected = j->expected,
			    });
}

/* How somebody becomes root: with which command, by which grant. */
static const char *root_text(struct judgement *j, const struct sudo_right *r)
{
	const char *maybe = r->grant->here == SUDO_MAYBE ? ", if its hosts include this one" : "";
	const char *user = r->via ? arena_printf(j->arena, "-u %s ", r->via) : "";
	const char *then = r->via ? ", and from there on without a password" : "";

	return arena_printf(j->arena, "can become root with `sudo %s%s`%s%s%s%s: %s %s%s", user,
		r->power == SUDO_POWER_ALL ? "-i" : r->command, *r->how ? ", which " : "", r->how,
		r->nopasswd ? ", without a password" : "", then, r->who, r->grant->text, maybe);
}

static const char *subject_of(struct judgement *j, const struct sudo_right *r)
{
	if (is_for_everybody(r))
		return "sudo ALL";
	if (r->account)
		return arena_printf(j->arena, "account %s", r->account);
	return arena_printf(j->arena, "sudo %s", r->who);
}

/* The right that says most of somebody, or NULL: the strongest, and of equals one without password.
 */
static const struct sudo_right *strongest(const struct sudo_right *v, size_t n, bool everybody)
{
	const struct sudo_right *best = NULL;

	for (size_t i = 0; i < n; i++) {
		if (!is_root_power(&v[i]) || is_for_everybody(&v[i]) != everybody)
			continue;
		if (!best || v[i].power > best->power ||
			(v[i].power == best->power && v[i].nopasswd && !best->nopasswd))
			best = &v[i];
	}
	return best;
}

/* Single commands: whose grantee chooses what they are, or that could not be judged. */
static void judge_commands(struct judgement *j, const struct sudo_right *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (is_root_power(&v[i]))
			continue;
		if (v[i].writable)
			add(j, RESULT_FAIL, &v[i], subject_of(j, &v[i]),
				arena_printf(j->arena, "may run %s as root%s (by %s), and %s",
					v[i].command, v[i].nopasswd ? " without a password" : "",
					v[i].who, v[i].writable));
		else if (v[i].undecided)
			add(j, RESULT_UNKNOWN, &v[i], subject_of(j, &v[i]),
				arena_printf(j->arena, "may run %s as root (by %s): %s",
					v[i].command, v[i].who, v[i].undecided));
	}
}

static void judge_account(struct judgement *j, const struct sudo_right *v, size_t n)
{
	const struct sudo_right *everybody = strongest(v, n, true);
	const struct sudo_right *own = strongest(v, n, false);

	/* That everybody can is told whoever it was found with. */
	if (everybody)
		add(j, RESULT_FAIL, everybody, "sudo ALL",
			arena_printf(j->arena, "every account (%s) %s",
				sudo_members_text(j->arena, &everybody->grant->users),
				root_text(j, everybody)));
	if (sysadmin_has(j->policy, j->accounts, v->account))
		return;
	if (own)
		add(j, RESULT_FAIL, own, subject_of(j, own), root_text(j, own));
	else if (!everybody)
		judge_commands(j, v, n);
}

/* Whether the policy names the user or group of another name service. */
static bool is_named(const struct judgement *j, const struct sudo_right *r)
{
	const char *mark = r->who_kind == SUDO_GROUP ? "@" : "";
	const char *name = r->who + (*mark ? 1 : 0);
	const char *word = arena_printf(j->arena, "%s%s", mark, name);

	return word && (r->who_kind == SUDO_USER || r->who_kind == SUDO_GROUP) &&
	       policy_list_has(j->policy, "policy", "sysadmin", word);
}

/* Somebody of whom there is no account here. */
static void judge_stranger(struct judgement *j, const struct sudo_right *r)
{
	bool group = r->who_kind == SUDO_GROUP || r->who_kind == SUDO_GID;
	bool local = r->who_kind == SUDO_USER || r->who_kind == SUDO_UID || group;
	const char *text = root_text(j, r);

	if (!is_root_power(r) || !text || is_named(j, r))
		return;
	if (!local)
		add(j, RESULT_UNKNOWN, r, subject_of(j, r),
			arena_printf(
				j->arena, "who is in it is not known here, and each %s", text));
	else if (j->sudo->accounts_elsewhere)
		add(j, RESULT_UNKNOWN, r, subject_of(j, r),
			arena_printf(j->arena,
				"is not of this machine; if another name service has it, it %s",
				text));
	else if (!group)
		add(j, RESULT_INFORMATIONAL, r, subject_of(j, r),
			arena_printf(j->arena,
				"does not exist; an account of this name, once made, %s", text));
}

static void judge_rights(struct judgement *j)
{
	const struct sudo_right *v = j->sudo->rights;

	for (size_t i = 0, n; i < j->sudo->n_rights; i += n) {
		n = 1;
		if (!v[i].account) {
			judge_stranger(j, &v[i]);
			continue;
		}
		while (i + n < j->sudo->n_rights && v[i + n].account &&
			strcmp(v[i + n].account, v[i].account) == 0)
			n++;
		judge_account(j, v + i, n);
	}
}

/* What sudo or this program could not read, and where else grants may come from. */
static void judge_sources(struct judgement *j)
{
	const struct sudo *s = j->sudo;

	for (size_t i = 0; i < s->n_defects; i++) {
		const struct sudo_defect *d = &s->defects[i];
		verdict_add(j->ret,
			&(struct evidence){
				.result = RESULT_ERROR,
				.subject = arena_printf(j->arena, "file %s", d->path),
				.path = d->path,
				.line = d->line,
				.observed = d->what,
				.expected =
					"readable by sudo to its end: `visudo -c` finds nothing",
			});
	}
	if (*s->sources)
		verdict_add(
			j->ret, &(struct evidence){
					.result = RESULT_UNKNOWN,
					.subject = "sudo sources",
					.path = "/etc/nsswitch.conf",
					.line = s->sources_line,
					.observed = arena_printf(j->arena,
						"grants may also come from %s, which is not read",
						s->sources),
					.expected = "sudoers: files",
				});
	if (s->truncated)
		verdict_add(
			j->ret, &(struct evidence){
					.result = RESULT_ERROR,
					.subject = "sudo rights",
					.path = s->path,
					.observed = "more accounts have rights than are examined",
					.expected = "few",
				});
	if (s->plugin)
		verdict_add(j->ret,
			&(struct evidence){
				.result = RESULT_UNKNOWN,
				.subject = "sudo plugin",
				.path = "/etc/sudo.conf",
				.line = s->plugin_line,
				.observed = arena_printf(j->arena,
					"the policy plugin %s decides beside or instead of sudoers",
					s->plugin),
				.expected = "Plugin sudoers_policy sudoers.so",
			});
}

static void evaluate_sudo(_unused_ const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_ACCOUNTS) | FACT_BIT(FACT_SUDO), ret))
		return;
	bool stated = sysadmin_stated(policy);
	struct judgement j = {
		.sudo = factset_get(facts, FACT_SUDO)->u.sudo,
		.accounts = factset_get(facts, FACT_ACCOUNTS)->u.accounts,
		.policy = policy,
		/* Without a list nobody was promised to be outside of it, but somebody should look.
		 */
		.severity = stated ? SEV_HIGH : SEV_MEDIUM,
		.expected = stated ? "no way to root but for who is in [policy] sysadmin"
				   : "named in [policy] sysadmin, if it is meant to",
		.ret = ret,
		.arena = ret->arena,
	};
	judge_rights(&j);
	judge_sources(&j);
	if (ret->result == RESULT_PASS && j.sudo->n_elsewhere > 0)
		verdict_summary(ret,
			"nobody %scan become root with sudo here; %zu specifications are for other "
			"hosts",
			stated ? "outside the sysadmin list " : "but root ", j.sudo->n_elsewhere);
	else if (ret->result == RESULT_PASS)
		verdict_summary(ret, "nobody %s can become root with sudo",
			stated ? "outside the sysadmin list" : "but root");
}

const struct check check_account_sudo = {
	.id = "account-sudo",
	.title = "Only sysadmins can become root with sudo",
	.severity = SEV_HIGH,
	.guides = "P N16",
	.references = "CIS Debian 12 5.2.4, CIS Debian 12 5.2.5, sudoers(5)",
	.rationale =
		"Whoever can run any command by sudo, or a command that he can replace or that "
		"runs others, is root. With NOPASSWD: ALL, so is whoever gets hold of his session "
		"or of a service that runs as him.",
	.remedy = "Name who is meant to in /etc/hardend/hardend.conf: `[policy]` `sysadmin = alice "
		  "@sudo`. Take the grant from the others: `visudo -f FILE` at the line shown, or "
		  "`gpasswd -d USER sudo` (from the next login). Remove NOPASSWD from what is "
		  "left. For "
		  "a command that its user can write: `chown root:root FILE`, `chmod go-w FILE` "
		  "and the "
		  "same for the directories on its path. Check with `visudo -c` and `sudo -l -U "
		  "USER`.",
	.remedy_rhel =
		"Name who is meant to in /etc/hardend/hardend.conf: `[policy]` `sysadmin = alice "
		"@wheel`. Take the grant from the others: `visudo -f FILE` at the line shown, or "
		"`gpasswd -d USER wheel` (from the next login). Remove NOPASSWD from what is left. "
		"For "
		"a command that its user can write: `chown root:root FILE`, `chmod go-w FILE` and "
		"the "
		"same for the directories on its path. Check with `visudo -c` and `sudo -l -U "
		"USER`.",
	.facts = FACT_BIT(FACT_ACCOUNTS) | FACT_BIT(FACT_SUDO),
	.evaluate = evaluate_sudo,
};
