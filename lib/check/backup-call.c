/* SPDX-License-Identifier: ISC */
#include "check/backup-call.h"

#include <string.h>

#include "base/util.h"

#define RESTIC_OTHERS                                                                    \
	"cache cat check copy diff dump features find forget generate init key list ls " \
	"migrate mount options prune rebuild-index recover repair restore rewrite "      \
	"self-update snapshots stats tag unlock"

/* The words of a program; lists are separated by blanks. */
static const struct caller {
	const char *program;
	const char *verbs;  /* which make a backup */
	const char *others; /* which do something else */
	const char *valued; /* options that take the next word */
	const char *dry;    /* letters of options with which nothing is saved */
	bool anywhere;	    /* the verb stands among the operands; else it is the first */
	bool bare;	    /* without any verb it makes a backup, and with one beside others */
} callers[] = {
	{"restic", "backup", RESTIC_OTHERS,
		"-r -p -o -e -H --repo --repository-file --password-file --password-command "
		"--key-hint --cache-dir --cacert --tls-client-cert --limit-download "
		"--limit-upload --option --pack-size --retry-lock --compression "
		"--http-user-agent --stuck-request-timeout --tag --host --exclude --iexclude "
		"--exclude-file --iexclude-file --files-from --parent --time",
		"nh", false, false},
	{"resticprofile", "backup run-schedule",
		RESTIC_OTHERS " show schedule unschedule status "
			      "profiles",
		"-c --config -f --format -n --name -l --log --lock-wait", "h", true, false},
	{"autorestic", "backup cron",
		"check exec forget info init install restore uninstall unlock upgrade completion",
		"-c --config -l --location -b --backend --lean --restic-bin", "h", true, false},
	{"borg", "create",
		"benchmark break-lock change-passphrase check compact config debug delete diff "
		"export-tar extract import-tar info init key list mount prune recreate rename "
		"rcreate rdelete rinfo rlist repo-create repo-delete repo-info repo-list serve "
		"tag transfer umount undelete upgrade version with-lock",
		"-r -e -C -m -c -o --repo --remote-path --rsh --lock-wait --umask "
		"--upload-ratelimit --upload-buffer --debug-topic --debug-profile",
		"nh", false, false},
	{"borgmatic", "create",
		"list rlist repo-list info rinfo repo-info prune compact check spot extract "
		"export-tar mount umount restore init rcreate repo-create transfer break-lock "
		"delete repo-delete recreate config generate borg key",
		"-c --config -v --verbosity --syslog-verbosity --log-file-verbosity "
		"--monitoring-verbosity --log-file --log-file-format --override",
		"nh", true, true},
	{"duplicity", "backup full incr incremental",
		"restore verify collection-status list-current-files cleanup remove-older-than "
		"remove-all-but-n-full remove-all-inc-of-but-n-full replicate",
		"-t --archive-dir --encrypt-key --exclude --include --full-if-older-than "
		"--gpg-options --log-file --name --sign-key --ssh-options --tempdir --time "
		"--volsize",
		"h", false, true},
	{"duply", "backup bkp full incr",
		"status list verify verifyPath cleanup purge purgeFull purgeIncr purgeAuto restore "
		"fetch changelog create usage version isFull",
		"", "h", true, false},
	{"rsnapshot", "", "configtest du diff", "-c", "th", false, true},
	{"kopia", "create", "repository repo policy server maintenance restore list verify",
		"-p --config-file --log-dir --log-level --file-log-level --password", "h", true,
		false},
	{"backupninja", "", "", "-f", "th", true, true},
	{"vorta", "", "", "", "h", true, true},
};

static bool is_listed(const char *list, const char *word, size_t len)
{
	for (const char *s = list; *s; s += strspn(s, " ")) {
		size_t n = strcspn(s, " ");
		if (n == len && strncmp(s, word, n) == 0)
			return true;
		s += n;
	}
	return false;
}

static bool is_word(const char *list, const char *word)
{
	return is_listed(list, word, strlen(word));
}

/* Whether with the option, a long one or letters, nothing is saved; else it is 1 or 2 words. */
static bool is_dry(const struct caller *k, const char *word, size_t *ret_words)
{
	*ret_words = 1;
	if (word[1] == '-') {
		if (is_word("--help --version --dry-run --dryrun --test", word) ||
			strncmp(word, "--dry-run=", 10) == 0)
			return true;
		*ret_words += is_word(k->valued, word);
		return false;
	}
	for (const char *s = word + 1; *s; s++) {
		char option[] = {'-', *s, '\0'};
		if (strchr(k->dry, *s))
			return true;
		if (is_word(k->valued, option)) {
			*ret_words += s[1] == '\0';
			return false;
		}
	}
	return false;
}

/* "prod.backup", "backup@prod", "pre_bkp_post": the verbs that the operand is made of. */
static enum schedule_run verb_of(const struct caller *k, const char *word)
{
	const char *dot = strrchr(word, '.'), *s = dot && k->anywhere ? dot + 1 : word;
	const char *ends = k->anywhere ? "_+@" : "";
	enum schedule_run run = SCHEDULE_RUNS_PERHAPS;

	if (is_word(k->verbs, s))
		return SCHEDULE_RUNS;
	if (is_word(k->others, s) || is_word("help version", s))
		return SCHEDULE_RUNS_NOT;
	for (size_t n; *ends && *s; s += n + (s[n] != '\0')) {
		n = strcspn(s, ends);
		if (is_listed(k->verbs, s, n))
			return SCHEDULE_RUNS;
		if (is_listed(k->others, s, n))
			run = SCHEDULE_RUNS_NOT;
	}
	return run;
}

/* What its words say. Of those that stand before the verb, "$X" are options as a rule. */
static enum schedule_run judge_words(const struct caller *k, const struct command *c)
{
	enum schedule_run run = k->bare ? SCHEDULE_RUNS : SCHEDULE_RUNS_PERHAPS;
	bool options = true, settled = false;
	size_t words = 1;

	for (size_t i = 1; i < c->n; i += words) {
		const char *word = c->argv[i];
		words = 1;
		if (options && word[0] == '-' && word[1]) {
			options = strcmp(word, "--") != 0;
			if (options && is_dry(k, word, &words))
				return SCHEDULE_RUNS_NOT;
			continue;
		}
		enum schedule_run r = *word == '$' || *word == '`' ? SCHEDULE_RUNS_PERHAPS
								   : verb_of(k, word);
		if (r != SCHEDULE_RUNS_PERHAPS && (!settled || (k->bare && r == SCHEDULE_RUNS)))
			run = r;
		settled |= r != SCHEDULE_RUNS_PERHAPS || (!k->anywhere && !strchr("$`", *word));
	}
	return run;
}

enum schedule_run backup_call(const struct command *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(callers); i++) {
		if (strcmp(callers[i].program, command_name(c)) == 0)
			return judge_words(&callers[i], c);
	}
	return SCHEDULE_RUNS_PERHAPS;
}
