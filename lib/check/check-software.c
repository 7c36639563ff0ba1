/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "base/text.h"
#include "check/checks.h"
#include "fact/kernel.h"
#include "fact/packages.h"
#include "fact/version.h"

enum {
	NAME_MAX_SHOWN = 512,
};

static void evaluate_drift(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_PACKAGES), ret))
		return;
	const struct packages *p = factset_get(facts, FACT_PACKAGES)->u.packages;
	verdict_set(ret, RESULT_INFORMATIONAL,
		"%s has %zu packages installed; a change of them is told as drift",
		package_manager_name(p->manager), p->n);
}

const struct check check_package_drift = {
	.id = "package-drift",
	.title = "Installed packages are the accepted ones",
	.severity = SEV_LOW,
	.guides = "P +",
	.references = "dpkg-query(1), rpm(8)",
	.rationale = "Software that nobody remembers installing is either a mistake or a foothold. "
		     "Each transaction of the package manager is told once, with what was added, "
		     "removed and changed.",
	.remedy = "Compare with `hardenctl diff`; /var/log/apt/history.log says who ran which "
		  "command. Take it back with `apt-get remove PACKAGE`, or make it the baseline "
		  "with `hardenctl accept`.",
	.remedy_rhel =
		"Compare with `hardenctl diff`; `dnf history info last` says who ran which "
		"command. Take it back with `dnf history undo last`, or make it the baseline "
		"with `hardenctl accept`.",
	.facts = FACT_BIT(FACT_PACKAGES),
	.kind = CHECK_DRIFT,
	.evaluate = evaluate_drift,
};

/* What is true of the running kernel beside the newest installed one. */
enum kernel_state {
	KERNEL_NEWEST,
	KERNEL_OLDER,	 /* a newer release is installed */
	KERNEL_REBUILT,	 /* a newer build of the same release is */
	KERNEL_REMOVED,	 /* older than what is installed, and its own image is gone */
	KERNEL_REPLACED, /* its image was changed since the start, to what cannot be told */
	KERNEL_FOREIGN,	 /* kernels are installed, but none that this could be */
	KERNEL_OUTSIDE,	 /* no kernel is installed at all */
};

/* The running release is installed: is the running build, too? */
static enum kernel_state compare_build(const struct kernel *k)
{
	const struct kernel_image *image = k->running;

	if (k->build && image->version)
		return version_compare_dpkg(k->build, image->version) < 0 ? KERNEL_REBUILT
									  : KERNEL_NEWEST;
	/* rpm's releases name one build; an image that is older than the boot is the booted one. */
	if ((k->rpm && image->version) ||
		(image->changed_realtime_usec && k->booted_realtime_usec &&
			image->changed_realtime_usec < k->booted_realtime_usec))
		return KERNEL_NEWEST;
	return KERNEL_REPLACED;
}

static enum kernel_state compare_kernel(const struct kernel *k)
{
	if (!k->newest)
		return KERNEL_OUTSIDE;
	int order = kernel_compare(k->rpm, k->release, k->newest->release);
	if (k->running)
		return order < 0 ? KERNEL_OLDER : compare_build(k);
	for (size_t i = 0; i < k->n; i++) {
		if (order < 0 && kernel_same_flavour(k->rpm, k->release, k->v[i].release))
			return KERNEL_REMOVED;
	}
	return KERNEL_FOREIGN;
}

/* "6.1.0-18-amd64 (6.1.76-1)" */
static const char *shown(char buf[static NAME_MAX_SHOWN], const char *release, const char *build)
{
	(void)snprintf(buf, NAME_MAX_SHOWN, "%s%s%s%s", release, build ? " (" : "",
		build ? build : "", build ? ")" : "");
	return buf;
}

static const char *shown_image(
	char buf[static NAME_MAX_SHOWN], const struct kernel *k, const struct kernel_image *image)
{
	return shown(buf, image->release, k->rpm ? NULL : image->version);
}

/* " since 2026-11-21T23:07:54Z", or "" when that is not known. */
static const char *since(char buf[static 64], const char *words, uint64_t realtime_usec)
{
	char time[32];

	buf[0] = '\0';
	if (realtime_usec)
		(void)snprintf(buf, 64, "%s%s", words, text_rfc3339(time, realtime_usec));
	return buf;
}

/* The running kernel is not what the next start would bring, or may not be. */
static void add_kernel(
	const struct kernel *k, enum result result, const char *what, struct verdict *ret)
{
	const struct kernel_image *newest = k->newest;
	char running[NAME_MAX_SHOWN], installed[NAME_MAX_SHOWN], born[64];
	char observed[2 * NAME_MAX_SHOWN], expected[2 * NAME_MAX_SHOWN];

	(void)shown(running, k->release, k->build);
	(void)shown_image(installed, k, newest);
	(void)since(born, ", installed since ", newest->since_realtime_usec);
	/* Not the time of the start: the kernel's own idea of it moves with the clock. */
	(void)snprintf(observed, sizeof(observed), "%s%s", running, what);
	(void)snprintf(expected, sizeof(expected), "%s%s", installed, born);
	verdict_add(ret, &(struct evidence){
				 .result = result,
				 .severity = SEV_MEDIUM,
				 .subject = "kernel running",
				 .observed = observed,
				 .expected = expected,
			 });
	verdict_add(ret, &(struct evidence){
				 .result = RESULT_INFORMATIONAL,
				 .subject = "kernel newest installed",
				 .path = newest->path,
				 .observed = expected,
			 });
	verdict_summary(ret, "kernel %s runs%s; %s is installed%s", running, what, installed,
		since(born, " since ", newest->since_realtime_usec));
}

static void judge_kernel(const struct kernel *k, struct verdict *ret)
{
	char running[NAME_MAX_SHOWN];

	switch (compare_kernel(k)) {
	case KERNEL_OLDER:
	case KERNEL_REBUILT:
		add_kernel(k, RESULT_FAIL, "", ret);
		break;
	case KERNEL_REMOVED:
		add_kernel(k, RESULT_FAIL, ", whose own image is no longer installed", ret);
		break;
	case KERNEL_REPLACED:
		add_kernel(k, RESULT_UNKNOWN,
			", whose image was changed after the start: which build runs cannot be "
			"told",
			ret);
		break;
	case KERNEL_FOREIGN:
		add_kernel(k, RESULT_UNKNOWN,
			", which is none of the installed kernels (a hypervisor or kexec started "
			"it)",
			ret);
		break;
	case KERNEL_OUTSIDE:
		verdict_set(ret, RESULT_NOTAPPLICABLE,
			"kernel %s comes from outside: none is installed in /boot, in "
			"/usr/lib/modules or as a package, so that whoever runs the machine "
			"updates it",
			shown(running, k->release, k->build));
		break;
	case KERNEL_NEWEST:
		verdict_summary(ret, "kernel %s runs, the newest installed",
			shown(running, k->release, k->build));
		break;
	}
}

static void judge_reboot(const struct kernel *k, struct verdict *ret)
{
	bool alone = ret->result != RESULT_FAIL;
	char observed[NAME_MAX_SHOWN + 64], at[64];
	bool named = *k->reboot_packages;

	(void)snprintf(observed, sizeof(observed), "a restart is asked for%s%s%s",
		named ? " by " : "", k->reboot_packages,
		since(at, ", since ", k->reboot_realtime_usec));
	verdict_add(ret, &(struct evidence){
				 .result = RESULT_FAIL,
				 .severity = SEV_MEDIUM,
				 .subject = "reboot required",
				 .path = k->reboot_path,
				 .observed = observed,
				 .expected = "no restart due",
			 });
	if (alone)
		verdict_summary(ret, "reboot required: %s", observed);
}

static void evaluate_kernel(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_KERNEL), ret))
		return;
	const struct kernel *k = factset_get(facts, FACT_KERNEL)->u.kernel;
	if (k->release && !k->container)
		judge_kernel(k, ret);
	else if (k->container)
		verdict_set(ret, RESULT_NOTAPPLICABLE,
			"a container (by %s): its kernel is the host's", k->container);
	else
		verdict_set(ret, RESULT_NOTAPPLICABLE,
			"no kernel runs from this root; the newest installed is %s",
			k->newest ? k->newest->release : "none");
	/* Without the packages nothing but a fail is certain. */
	if (k->packages_reason && k->release && !k->container && ret->result != RESULT_FAIL)
		verdict_set(ret, RESULT_ERROR, "%s", k->packages_reason);
	if (k->reboot_path && k->release)
		judge_reboot(k, ret);
}

const struct check check_update_kernel = {
	.id = "update-kernel",
	.title = "The running kernel is the newest installed one, and no restart is due",
	.severity = SEV_MEDIUM,
	.guides = "P N04",
	.references = "uname(1), needs-restarting(1)",
	.rationale = "An update of the kernel protects from the next start on. Until then the "
		     "machine runs with the flaws that the update removes, while every list of "
		     "packages says that it is up to date.",
	.remedy = "Restart the machine in its maintenance window: `systemctl reboot`. If it comes "
		  "back with the old kernel, see `GRUB_DEFAULT` in /etc/default/grub and run "
		  "`update-grub`.",
	.remedy_rhel = "Restart the machine in its maintenance window: `systemctl reboot`. If it "
		       "comes back with the old kernel, see `grubby --default-kernel` and set "
		       "`grubby --set-default=/boot/vmlinuz-RELEASE`.",
	.facts = FACT_BIT(FACT_KERNEL),
	.evaluate = evaluate_kernel,
};
