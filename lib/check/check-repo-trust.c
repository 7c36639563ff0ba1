/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "check/checks.h"
#include "check/repo-hosts.h"
#include "fact/apt-conf.h"
#include "fact/os.h"
#include "fact/repos.h"

/* What the sources are judged by. */
struct judging {
	const struct check *check;
	const struct policy *policy;
	const char *os_id;
	struct verdict *ret;
};

static bool is_cleartext(const struct repo_uri *uri)
{
	return strcmp(uri->scheme, "http") == 0 || strcmp(uri->scheme, "ftp") == 0;
}

/* The first URI that is fetched in clear, or NULL. */
static const struct repo_uri *cleartext(const struct repo *r)
{
	for (size_t i = 0; i < r->n_uris; i++) {
		if (is_cleartext(&r->uris[i]))
			return &r->uris[i];
	}
	return NULL;
}

static void add(const struct judging *j, const struct repo *r, const struct repo_option *o,
	enum severity severity, const char *observed, const char *expected)
{
	verdict_add(j->ret, &(struct evidence){
				    .result = RESULT_FAIL,
				    .severity = severity,
				    .subject = r->subject,
				    .path = o ? o->path : r->path,
				    .line = o ? o->line : r->line,
				    .observed = observed,
				    .expected = expected,
			    });
}

/* "trusted=yes, over http": what is set, and what makes it worse. */
static void add_unsigned(const struct judging *j, const struct repo *r, const struct repo_option *o,
	const char *what, const char *expected)
{
	const struct repo_uri *uri = cleartext(r);
	char observed[512];

	(void)snprintf(observed, sizeof(observed), "%s%s%s", what,
		uri ? "; fetched in clear, by " : "", uri ? uri->scheme : "");
	add(j, r, o, uri ? SEV_CRITICAL : SEV_HIGH, observed, expected);
}

/* A setting of one line: shown as it stands. */
static void add_setting(const struct judging *j, const struct repo *r, const char *key,
	enum severity severity, const char *expected)
{
	const struct repo_option *o = repo_option(r, key);
	char observed[512];

	(void)snprintf(observed, sizeof(observed), "%s=%s", key, o ? o->value : "");
	add(j, r, o, severity, observed, expected);
}

static bool is_word(const char *pattern, const struct repo_uri *uri)
{
	/* A word with a colon is about the whole URI: "file:/srv/repo/". */
	return text_glob(pattern, strchr(pattern, ':') ? uri->text : uri->host);
}

static bool is_trusted(const struct judging *j, const struct repo_uri *uri)
{
	const char *const *list = policy_list(j->policy, j->check->id, "trusted_repos");

	for (size_t i = 0; list[i]; i++) {
		if (strcmp(list[i], "distribution") == 0) {
			if (*uri->host && repo_host_is_own(j->os_id, uri->host))
				return true;
		} else if (is_word(list[i], uri)) {
			return true;
		}
	}
	return false;
}

static void judge_host(const struct judging *j, const struct repo *r)
{
	static const char expected[] = "a host of trusted_repos";
	char observed[512];

	for (size_t i = 0; i < r->n_uris; i++) {
		const struct repo_uri *uri = &r->uris[i];
		/* A disc is put in by hand; a list on this machine is judged by its mirrors. */
		if (strcmp(uri->scheme, "cdrom") == 0 ||
			(i == 0 && r->n_uris > 1 && r->uris[1].role == REPO_URI_MIRROR) ||
			is_trusted(j, uri))
			continue;
		if (*uri->host)
			(void)snprintf(observed, sizeof(observed), "host %s", uri->host);
		else
			(void)snprintf(
				observed, sizeof(observed), "%s, which names no host", uri->text);
		add(j, r, NULL, SEV_MEDIUM, observed, expected);
		return; /* one for each source: what is wrong is the same */
	}
}

static void judge_apt(const struct judging *j, const struct repo *r)
{
	static const char sign[] = "signed by a key that signed-by names";
	const struct repo_option *trusted = repo_option(r, "trusted");

	if (repo_bool(r, "trusted", false))
		add_unsigned(j, r, trusted, "trusted=yes: packages are installed unsigned", sign);
	else if (r->release && !r->release->is_signed)
		add_unsigned(j, r, NULL, "its Release file in /var/lib/apt/lists has no signature",
			sign);
	if (repo_bool(r, "allow-insecure", false))
		add_unsigned(j, r, repo_option(r, "allow-insecure"),
			"allow-insecure=yes: an unsigned index is taken", sign);
	if (repo_bool(r, "allow-weak", false))
		add_setting(j, r, "allow-weak", SEV_MEDIUM, "no");
	if (repo_bool(r, "allow-downgrade-to-insecure", false))
		add_setting(j, r, "allow-downgrade-to-insecure", SEV_MEDIUM, "no");
	/* The snapshots of a distribution are old by intent. */
	if (!repo_bool(r, "check-valid-until", true) && r->n_uris &&
		strncmp(r->uris[0].host, "snapshot.", 9) != 0)
		add_setting(j, r, "check-valid-until", SEV_LOW,
			"yes, so that nobody can hold back updates with an old index");
}

static void judge_keys(const struct judging *j, const struct repo *r)
{
	const struct repo_option *o = repo_option(r, "gpgkey");
	char observed[512];

	if (!o || (!strstr(o->value, "http://") && !strstr(o->value, "ftp://")))
		return;
	(void)snprintf(observed, sizeof(observed), "gpgkey=%s", o->value);
	add(j, r, o, SEV_MEDIUM, observed, "keys from a file or over https");
}

static void judge_dnf(const struct judging *j, const struct repo *r)
{
	/* dnf 5 calls it pkg_gpgcheck as well; neither set is off. */
	bool packages = repo_bool(r, "pkg_gpgcheck", repo_bool(r, "gpgcheck", false));
	bool metadata = repo_bool(r, "repo_gpgcheck", false);
	const struct repo_option *o = repo_option(r, "gpgcheck");

	if (!packages && !metadata)
		add_unsigned(j, r, o,
			o ? "gpgcheck is off, repo_gpgcheck, too"
			  : "gpgcheck is not set, which is off",
			"gpgcheck=1");
	else if (!packages)
		add(j, r, o, SEV_LOW, "gpgcheck is off; the index alone is signed", "gpgcheck=1");
	else if (!metadata && cleartext(r))
		add(j, r, NULL, SEV_MEDIUM, "the index is fetched in clear and is not signed",
			"https, or repo_gpgcheck=1");
	if (!repo_bool(r, "sslverify", true))
		add_setting(j, r, "sslverify", SEV_MEDIUM, "1");
	judge_keys(j, r);
}

static void judge_zypp(const struct judging *j, const struct repo *r)
{
	bool any = repo_bool(r, "gpgcheck", true);

	if (!repo_bool(r, "repo_gpgcheck", any) && !repo_bool(r, "pkg_gpgcheck", any))
		add_unsigned(j, r, repo_option(r, "gpgcheck"), "signatures are not checked",
			"gpgcheck=1");
	judge_keys(j, r);
}

static void judge_flatpak(const struct judging *j, const struct repo *r)
{
	if (!repo_bool(r, "gpg-verify", true))
		add_unsigned(
			j, r, repo_option(r, "gpg-verify"), "gpg-verify=false", "gpg-verify=true");
}

static void judge_repo(const struct judging *j, const struct repo *r)
{
	static void (*const by_kind[])(const struct judging *j, const struct repo *r) = {
		[REPO_APT] = judge_apt,
		[REPO_DNF] = judge_dnf,
		[REPO_ZYPP] = judge_zypp,
		[REPO_FLATPAK] = judge_flatpak,
	};

	if (!r->enabled)
		return;
	/* apk installs nothing that its own keys have not signed. */
	if (r->kind != REPO_APK)
		by_kind[r->kind](j, r);
	judge_host(j, r);
}

/* Keys of a distribution's own package may sign for its sources. */
static bool is_distributions(const char *path)
{
	static const char *const own[] = {"/etc/apt/trusted.gpg.d/debian-archive-*",
		"/etc/apt/trusted.gpg.d/ubuntu-keyring-*", "/etc/apt/trusted.gpg.d/kali-archive-*",
		"/etc/apt/trusted.gpg.d/raspbian-archive-*"};

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		if (text_glob(own[i], path))
			return true;
	}
	return false;
}

static void judge_file(const struct judging *j, const struct repo_file *file)
{
	char subject[1100], observed[128];
	struct evidence e = {.subject = subject, .path = file->path, .observed = observed};

	(void)snprintf(subject, sizeof(subject), "%s %s",
		file->kind == REPO_FILE_SOURCES ? "sources" : "keyring", file->path);
	if (file->reason) {
		e.result = RESULT_ERROR;
		e.observed = file->reason;
		e.expected = "readable";
	} else if (file->uid != 0 || (file->mode & 02) || ((file->mode & 020) && file->gid != 0)) {
		(void)snprintf(observed, sizeof(observed), "owner %u:%u, mode %04o", file->uid,
			file->gid, file->mode & 07777);
		e.result = RESULT_FAIL;
		e.severity = SEV_HIGH;
		e.expected = "owned by root, writable by nobody else";
	} else if (file->kind == REPO_FILE_GLOBAL_KEYS && !is_distributions(file->path)) {
		e.result = RESULT_INFORMATIONAL;
		e.observed = "its keys may sign for every source of apt without signed-by";
		e.expected = "a key for one source, named by its signed-by";
	} else {
		return;
	}
	verdict_add(j->ret, &e);
}

static void judge_problem(const struct judging *j, const struct repo_problem *p)
{
	char subject[1100];

	(void)snprintf(subject, sizeof(subject), "sources %s", p->path);
	verdict_add(j->ret,
		&(struct evidence){
			.result = RESULT_ERROR,
			.subject = subject,
			.path = p->path,
			.line = p->line,
			.observed = p->what,
			.expected = p->unreadable ? "readable"
						  : "what the package manager takes; it stops here",
		});
}

/* Settings of apt that hold for all sources. */
static void judge_apt_conf(const struct judging *j, const struct apt_conf *conf)
{
	static const struct {
		const char *name;
		bool bad;
		enum severity severity;
		const char *expected;
	} rules[] = {
		{"APT::Get::AllowUnauthenticated", true, SEV_HIGH,
			"false: what is not signed is not installed"},
		{"Acquire::AllowInsecureRepositories", true, SEV_HIGH,
			"false: an unsigned index is refused"},
		{"Acquire::AllowDowngradeToInsecureRepositories", true, SEV_MEDIUM,
			"false: a source that was signed stays so"},
		{"Acquire::AllowWeakRepositories", true, SEV_MEDIUM,
			"false: an index with weak digests only is refused"},
		{"Acquire::Check-Valid-Until", false, SEV_LOW,
			"true, so that nobody can hold back updates with an old index"},
		{"Acquire::https::Verify-Peer", false, SEV_MEDIUM, "true"},
		{"Acquire::https::Verify-Host", false, SEV_MEDIUM, "true"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct apt_item *item = apt_conf_find(conf, rules[i].name);
		char subject[128];
		if (!item || apt_conf_bool(conf, rules[i].name, !rules[i].bad) != rules[i].bad)
			continue;
		(void)snprintf(subject, sizeof(subject), "apt.conf %s", rules[i].name);
		verdict_add(j->ret, &(struct evidence){
					    .result = RESULT_FAIL,
					    .severity = rules[i].severity,
					    .subject = subject,
					    .path = item->path,
					    .line = item->line,
					    .observed = item->value,
					    .expected = rules[i].expected,
				    });
	}
}

/* apt's configuration counts where apt has sources. */
static void judge_settings(
	const struct judging *j, const struct factset *facts, const struct repos *repos)
{
	const struct fact *f = factset_get(facts, FACT_APT_CONF);
	bool apt = false;

	for (size_t i = 0; i < repos->n; i++)
		apt = apt || repos->v[i].kind == REPO_APT;
	if (!apt || !f || f->state == FACT_STATE_ABSENT)
		return;
	if (f->u.apt_conf)
		judge_apt_conf(j, f->u.apt_conf);
	if (f->state != FACT_STATE_OK)
		verdict_add(j->ret, &(struct evidence){
					    .result = RESULT_ERROR,
					    .subject = "apt.conf",
					    .observed = f->reason,
					    .expected = "readable",
				    });
}

static void evaluate(const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const struct fact *os = factset_get(facts, FACT_OS);
	struct judging j = {.check = c, .policy = policy, .ret = ret};
	size_t on = 0;

	if (!check_facts_usable(facts, FACT_BIT(FACT_REPOS), ret))
		return;
	const struct repos *repos = factset_get(facts, FACT_REPOS)->u.repos;
	j.os_id = os && os->u.os ? os->u.os->id : "";
	for (size_t i = 0; i < repos->n; i++) {
		on += repos->v[i].enabled;
		judge_repo(&j, &repos->v[i]);
	}
	for (size_t i = 0; i < repos->n_files; i++)
		judge_file(&j, &repos->files[i]);
	for (size_t i = 0; i < repos->n_problems; i++)
		judge_problem(&j, &repos->problems[i]);
	judge_settings(&j, facts, repos);
	if (ret->n_evidence == 0 && on == 0)
		verdict_set(ret, RESULT_NOTAPPLICABLE, "no package source is configured");
	else if (ret->result == RESULT_PASS)
		verdict_summary(ret, "%zu package sources are signed and on trusted hosts", on);
}

static const struct param params[] = {
	{"trusted_repos", PARAM_LIST, "distribution",
		.doc = "Hosts that packages may come from: patterns as `*.example.org`, and with a "
		       "colon in them patterns of whole URIs (`file:/srv/repo/`). The word "
		       "`distribution` stands for the hosts of this distribution itself."},
	{NULL},
};

const struct check check_repo_trust = {
	.id = "repo-trust",
	.title = "Packages come from trusted hosts, and their signatures are checked",
	.severity = SEV_HIGH,
	.guides = "P A",
	.references = "sources.list(5), apt-secure(8), dnf.conf(5)",
	.rationale = "A package is run as root while it is installed. Who can put one into a "
		     "source, or change one on its way here, owns this machine, unless a signature "
		     "is asked for; and a source of somebody unknown is a stranger with root's "
		     "rights. Snaps are not judged here: `snap list` marks those that snapd took "
		     "without a signature (x1 for a revision, devmode or try in the notes).",
	.remedy = "Remove the source, or have it sign: take `trusted=yes` and `allow-insecure=yes` "
		  "out of the line of the evidence, put the maker's key into /etc/apt/keyrings/ "
		  "and name it with `signed-by=`. A host that you do trust belongs into "
		  "`trusted_repos`: in /etc/hardend/hardend.conf, section [repo-trust], "
		  "`trusted_repos = distribution download.example.org`.",
	.remedy_rhel =
		"Remove the source, or have it sign: set `gpgcheck=1` and `gpgkey=` in the file of "
		"the evidence (`dnf config-manager --save --setopt=ID.gpgcheck=1`), and use https. "
		"A host that you do trust belongs into `trusted_repos`: in "
		"/etc/hardend/hardend.conf, section [repo-trust], `trusted_repos = distribution "
		"download.example.org`.",
	.facts = FACT_BIT(FACT_OS) | FACT_BIT(FACT_APT_CONF) | FACT_BIT(FACT_REPOS),
	.params = params,
	.evaluate = evaluate,
};
