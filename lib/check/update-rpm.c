/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "check/update-ways.h"
#include "fact/os.h"
#include "fact/packages.h"
#include "fact/units.h"
#include "fact/updates.h"

static bool works(const struct update_way *w, const char *unit)
{
	return w->units && unit_is_effective(w->units, unit);
}

static bool is_installed(const struct update_way *w, const char *package)
{
	return packages_version(w->packages, package);
}

static bool is_suse(const struct update_way *w)
{
	const struct fact *os = factset_get(w->facts, FACT_OS);

	return os && os->u.os && os->u.os->family == OS_SUSE;
}

/* CentOS publishes no advisories, so "security updates only" means none. */
static bool has_no_advisories(const struct update_way *w)
{
	const struct fact *os = factset_get(w->facts, FACT_OS);

	return os && os->u.os && strcmp(os->u.os->id, "centos") == 0;
}

static void judge_security_only(struct update_way *w, const struct update_conf *conf)
{
	if (conf->security_only && has_no_advisories(w))
		update_missing(w, "automatic updates", conf->path, 0,
			"security updates only, of a distribution that does not mark them: none "
			"are "
			"installed",
			"upgrade_type = default");
}

/* The settings say whether the plain timer installs or only downloads and tells. */
static void judge_apply(struct update_way *w, const struct update_conf *conf, const char *path)
{
	if (conf->reason) {
		verdict_add(w->ret, &(struct evidence){
					    .result = RESULT_ERROR,
					    .subject = "automatic updates",
					    .path = conf->path,
					    .observed = conf->reason,
					    .expected = "apply_updates = yes",
				    });
		return;
	}
	if (!conf->apply)
		update_missing(w, "automatic updates", conf->path ? conf->path : path, conf->line,
			conf->line
				? "apply_updates is off: updates are announced, not installed"
				: "apply_updates is not set: updates are announced, not installed",
			"apply_updates = yes in [commands], or dnf-automatic-install.timer");
	judge_security_only(w, conf);
}

static void judge_dnf(struct update_way *w)
{
	static const char *const plain[] = {"dnf-automatic.timer", "dnf5-automatic.timer"};
	const struct update_conf *conf = &w->updates->tools[UPDATE_DNF_AUTOMATIC];

	if (works(w, "dnf-automatic-install.timer")) {
		judge_security_only(w, conf);
		if (w->missing == 0)
			verdict_summary(w->ret, "dnf-automatic-install.timer installs updates");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		if (!works(w, plain[i]))
			continue;
		judge_apply(w, conf, "/etc/dnf/automatic.conf");
		if (w->missing == 0)
			verdict_summary(w->ret, "%s installs updates, by %s", plain[i], conf->path);
		return;
	}
	if (!w->units)
		update_missing(w, "automatic updates", NULL, 0, "no systemd runs its timer",
			"dnf-automatic-install.timer");
	else
		(void)update_unit_works(w,
			is_installed(w, "dnf-automatic") ? "dnf-automatic-install.timer"
							 : "dnf5-automatic.timer",
			"installs updates");
}

static void judge_yum(struct update_way *w)
{
	const struct update_conf *conf = &w->updates->tools[UPDATE_YUM_CRON];

	if (w->units)
		(void)update_unit_works(w, "yum-cron.service", "lets cron install updates");
	judge_apply(w, conf, "/etc/yum/yum-cron.conf");
	if (w->missing == 0)
		verdict_summary(w->ret, "yum-cron installs updates, by %s", conf->path);
}

static void judge_suse(struct update_way *w)
{
	static const char *const timers[] = {"transactional-update.timer", "os-update.timer"};

	for (size_t i = 0; i < ARRAY_SIZE(timers); i++) {
		if (works(w, timers[i])) {
			verdict_summary(w->ret, "%s installs updates", timers[i]);
			return;
		}
	}
	if (w->units && units_find(w->units, timers[0]))
		(void)update_unit_works(w, timers[0], "installs updates");
	else if (w->units && units_find(w->units, timers[1]))
		(void)update_unit_works(w, timers[1], "installs updates");
	else
		update_missing(w, "automatic updates", NULL, 0,
			"neither transactional-update nor os-update is installed",
			"os-update.timer, or transactional-update.timer on a read-only system");
}

void update_judge_rpm(struct update_way *w)
{
	if (is_suse(w))
		judge_suse(w);
	else if (is_installed(w, "dnf-automatic") || is_installed(w, "dnf5-plugin-automatic"))
		judge_dnf(w);
	else if (is_installed(w, "yum-cron"))
		judge_yum(w);
	else
		update_missing(w, "package dnf-automatic", NULL, 0,
			"none of dnf-automatic, dnf5-plugin-automatic and yum-cron is installed",
			"a package that installs updates");
}
