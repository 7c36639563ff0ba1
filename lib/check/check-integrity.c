/* SPDX-License-Identifier: ISC */
#include "check/checks.h"
#include "fact/package-files.h"

static const char *package_text(struct arena *a, const struct package_file *file)
{
	return file->version ? arena_printf(a, "%s %s", file->package, file->version)
			     : file->package;
}

/* Of what the package manager has no digest nothing is known. */
static void report_unlisted(const struct package_file *file, struct verdict *ret)
{
	struct arena *a = ret->arena;

	verdict_add(ret,
		&(struct evidence){
			.result = RESULT_UNKNOWN,
			.subject = file->path ? arena_printf(a, "file %s", file->path)
					      : arena_printf(a, "package %s", file->package),
			.path = file->list,
			.observed = arena_printf(a, "%s %s", file->list, file->observed),
			/* No version: an update that leaves the list missing is nothing new. */
			.expected = "the digest of each file, as the package brought it: reinstall "
				    "the package",
		});
}

static void judge_file(const struct package_file *file, struct verdict *ret)
{
	struct arena *a = ret->arena;
	struct evidence e = {
		.result = RESULT_FAIL,
		.severity = SEV_CRITICAL,
		.subject = arena_printf(a, "file %s", file->path),
		.path = file->path,
		.observed = file->observed,
		.expected = arena_printf(
			a, "%s, as %s installed it", file->expected, package_text(a, file)),
	};

	switch (file->state) {
	case PACKAGE_FILE_CHANGED:
		break;
	case PACKAGE_FILE_MISSING:
		e.severity = SEV_MEDIUM;
		break;
	case PACKAGE_FILE_UNREADABLE:
		e.result = RESULT_ERROR;
		break;
	case PACKAGE_FILE_UNLISTED:
		report_unlisted(file, ret);
		return;
	}
	/* A configuration file is there to be changed; that it was is worth knowing. */
	if (file->config && file->state == PACKAGE_FILE_CHANGED) {
		e.result = RESULT_INFORMATIONAL;
		e.severity = SEV_LOW;
		e.observed = "changed since it was installed";
		e.expected = arena_printf(
			a, "as %s installed it, or changed on purpose", package_text(a, file));
	}
	verdict_add(ret, &e);
}

/* One sentence that counts what matters and leaves the configuration for the evidence. */
static void summarise(const struct package_files *p, struct verdict *ret)
{
	size_t config = 0;

	for (size_t i = 0; i < p->n; i++)
		config += p->v[i].config;
	if (ret->result == RESULT_PASS)
		verdict_summary(ret,
			"%zu files of programs, libraries and configuration are as "
			"their packages installed them",
			p->files);
	else if (ret->result == RESULT_INFORMATIONAL)
		verdict_summary(ret,
			"every program and library of %zu files is as its package installed it; "
			"%zu configuration files were changed",
			p->files, config);
}

static void evaluate_files(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_PACKAGE_FILES), ret))
		return;
	const struct package_files *p = factset_get(facts, FACT_PACKAGE_FILES)->u.package_files;
	if (p->files == 0 && p->n == 0) {
		verdict_set(ret, RESULT_NOTAPPLICABLE,
			"the package manager knows no digest of a security-critical file");
		return;
	}
	for (size_t i = 0; i < p->n; i++)
		judge_file(&p->v[i], ret);
	if (p->cut)
		verdict_add(
			ret, &(struct evidence){
				     .result = RESULT_UNKNOWN,
				     .subject = "files",
				     .observed = arena_printf(ret->arena,
					     "%zu more are not as their packages installed them",
					     p->cut),
				     .expected = "few enough to be told one by one",
			     });
	summarise(p, ret);
}

const struct check check_package_integrity = {
	.id = "package-integrity",
	.title = "Security-critical programs and libraries are those of their packages",
	.severity = SEV_CRITICAL,
	.guides = "+",
	.references = "dpkg(1) --verify; rpm(8) VERIFY OPTIONS; CIS Debian 12 6.1",
	.rationale =
		"An intruder who has become root stays by replacing what logs people in: sshd, "
		"sudo, "
		"a PAM module, a library under them. Compared is with what the package manager "
		"remembers, so this finds the careless; who changes that as well is found by the "
		"alerts that left the machine before.",
	.remedy = "Find out who changed it before it is put right: keep a copy (`cp --preserve=all "
		  "FILE /root/evidence/`), look at `stat FILE` and at the package manager's log "
		  "(/var/log/dpkg.log). Then `apt-get install --reinstall PACKAGE`. A file that "
		  "was replaced on purpose belongs in a package, or aside with `dpkg-divert "
		  "--local --rename --add FILE`. That a list of digests is gone is no accident "
		  "either: `apt-get install --reinstall PACKAGE` writes it anew.",
	.remedy_rhel = "Find out who changed it before it is put right: keep a copy (`cp "
		       "--preserve=all FILE /root/evidence/`), look at `stat FILE` and at `dnf "
		       "history`. Then `dnf reinstall PACKAGE`, and `rpm -V PACKAGE` shows what is "
		       "left.",
	.facts = FACT_BIT(FACT_PACKAGE_FILES),
	.evaluate = evaluate_files,
};
