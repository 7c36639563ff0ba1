/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "check/judge.h"
#include "ctl.h"
#include "report/report.h"

static uint64_t now(clockid_t clock)
{
	struct timespec ts = {0};

	(void)clock_gettime(clock, &ts); /* cannot fail for these clocks */
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

/* The checks that answer the items of the profile in use; whether it has items. */
static bool select_items(const struct policy *policy, bool *selected, uint64_t *mask)
{
	const struct policy_item *item;
	size_t i = 0;

	for (; (item = policy_profile_item(policy, i)); i++) {
		for (size_t k = 0; item->checks[k]; k++) {
			const struct check *c = check_find(item->checks[k]);
			selected[check_index(c)] = true;
			*mask |= c->facts;
		}
	}
	return i > 0;
}

/* The checks named, or those of the profile's items, or all; the facts that they read. */
static int select_checks(const struct ctl *ctl, const struct policy *policy, bool *selected,
	uint64_t *facts, bool *items)
{
	uint64_t mask = FACT_BIT(FACT_OS); /* the family decides which remedy is shown */

	for (int i = 0; i < ctl->n_args; i++) {
		const struct check *c = check_find(ctl->args[i]);
		if (!c)
			return ctl_unknown_check(ctl->args[i]);
		selected[check_index(c)] = true;
		mask |= c->facts;
	}
	*items = ctl->n_args == 0 && select_items(policy, selected, &mask);
	*facts = ctl->n_args > 0 || *items ? ctl_with_needs(mask) : FACT_ALL;
	return CTL_OK;
}

static int put_report(struct ctl *ctl, const struct report *report)
{
	const struct report_style style = {.color = ctl->color, .quiet = ctl->quiet};
	json_auto_t *o = report_json(report);

	if (!o)
		return ctl_oom();
	if (!ctl->json && report_text(ctl->out, o, &style) < 0)
		return ctl_oom();
	if (ctl->json && ctl_put_json(ctl, json_incref(o)) != CTL_OK)
		return CTL_ERROR;
	return ctl_exit_status(ctl, json_object_get(o, "findings"));
}

static int scan(struct ctl *ctl, const struct root *root, const struct policy *policy)
{
	_cleanup_(judge_fini) struct judge judge = {0};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_free_ bool *selected = calloc(check_count(), sizeof(*selected));
	uint64_t facts, realtime = now(CLOCK_REALTIME), begin = now(CLOCK_MONOTONIC);

	bool items;

	if (!arena || !selected)
		return ctl_oom();
	int r = select_checks(ctl, policy, selected, &facts, &items);
	if (r != CTL_OK)
		return r;
	if (judge_init(&judge, root, policy) < 0)
		return ctl_oom();
	struct report report = {
		.judge = &judge,
		.root = ctl->root,
		.started_realtime_usec = realtime,
		.selected = ctl->n_args > 0 || items ? selected : NULL,
		.items = items,
	};
	if (report_host(arena, root, &report.host) < 0 ||
		ctl_give_accepted(ctl, &judge, root) < 0 ||
		judge_collect(&judge, facts, realtime) < 0 ||
		judge_evaluate(&judge, facts, realtime) < 0)
		return ctl_oom();
	report.duration_usec = now(CLOCK_MONOTONIC) - begin;
	return put_report(ctl, &report);
}

/* Whether anything of a system is there: an image that was not mounted must not pass. */
static bool holds_system(const struct root *root)
{
	static const char *const paths[] = {
		"/etc/os-release", "/usr/lib/os-release", "/etc/passwd", "/etc/ssh"};
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int r = root_lstat(root, paths[i], &st);
		if (r != -ENOENT && r != -ENOTDIR)
			return true;
	}
	return false;
}

int verb_scan(struct ctl *ctl)
{
	_cleanup_(root_close) struct root root = {.fd = -1};
	_cleanup_(policy_freep) struct policy *policy = NULL;

	int r = root_open(ctl->root, &root);
	if (r < 0)
		return ctl_error("cannot open the root %s: %s", ctl->root, strerror(-r));
	if (!holds_system(&root))
		return ctl_error("%s holds no system: neither os-release nor /etc/passwd is there; "
				 "is it mounted?", ctl->root);
	r = ctl_load_policy(ctl, &root, &policy);
	if (r != CTL_OK)
		return r;
	if (geteuid() != 0 && !ctl->quiet)
		fputs("hardenctl: not run as root: the result is limited; what only root may read "
		      "is reported as error\n",
			stderr);
	return scan(ctl, &root, policy);
}
