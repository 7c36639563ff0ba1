/* SPDX-License-Identifier: ISC */
/* The verbs that tell about checks: list, explain. */
#include <string.h>

#include "check/check.h"
#include "conf/schema.h"
#include "ctl.h"
#include "report/report.h"

static int list_json(struct ctl *ctl, const struct policy *policy)
{
	json_auto_t *checks = json_array();

	for (size_t i = 0; i < check_count(); i++) {
		const struct check *c = check_at(i);
		if ((!policy || policy_in_profile(policy, c->id)) &&
			json_array_append_new(checks, report_check(c)) < 0)
			return ctl_oom();
	}
	json_t *profile = policy ? report_profile(policy) : json_null();
	return ctl_put_json(ctl,
		json_pack("{s:i, s:o, s:O}", "schema", 1, "profile", profile, "checks", checks));
}

static void put_check(struct ctl *ctl, const struct check *c, int id, int guides)
{
	fprintf(ctl->out, "%-*s  %-8s  %-*s  %s%s\n", id, c->id, severity_name(c->severity), guides,
		c->guides, c->title, c->kind == CHECK_LATER ? " (not built yet)" : "");
}

/* The profile's items, each with its checks beneath. */
static void list_items(struct ctl *ctl, const struct policy *policy, int id, int guides)
{
	const struct policy_item *item;

	for (size_t i = 0; (item = policy_profile_item(policy, i)); i++) {
		fprintf(ctl->out, "%s%s: %s\n", i > 0 ? "\n" : "", item->label, item->title);
		for (size_t k = 0; item->checks[k]; k++) {
			fputs("  ", ctl->out);
			put_check(ctl, check_find(item->checks[k]), id, guides);
		}
	}
}

static int list(struct ctl *ctl, const struct policy *policy)
{
	int id = 5, guides = 6;

	if (ctl->json)
		return list_json(ctl, policy);
	for (size_t i = 0; i < check_count(); i++) {
		id = MAX(id, (int)strlen(check_at(i)->id));
		guides = MAX(guides, (int)strlen(check_at(i)->guides));
	}
	if (policy && policy_profile_item(policy, 0)) {
		list_items(ctl, policy, id, guides);
		return CTL_OK;
	}
	if (!ctl->quiet)
		fprintf(ctl->out, "%-*s  %-8s  %-*s  %s\n", id, "CHECK", "SEVERITY", guides,
			"GUIDES", "TITLE");
	for (size_t i = 0; i < check_count(); i++) {
		const struct check *c = check_at(i);
		if (!policy || policy_in_profile(policy, c->id))
			put_check(ctl, c, id, guides);
	}
	return CTL_OK;
}

int verb_list(struct ctl *ctl)
{
	_cleanup_(root_close) struct root root = {.fd = -1};
	_cleanup_(policy_freep) struct policy *policy = NULL;

	/* Only a profile may be the site's own; the list needs no configuration. */
	if (!ctl->profile)
		return list(ctl, NULL);
	int r = root_open(ctl->root, &root);
	if (r < 0)
		return ctl_error("cannot open the root %s: %s", ctl->root, strerror(-r));
	r = ctl_load_policy(ctl, &root, &policy);
	return r == CTL_OK ? list(ctl, policy) : r;
}

static void put_row(struct ctl *ctl, const char *name, const char *s)
{
	if (!s)
		return;
	fprintf(ctl->out, "%-12s", name);
	report_wrap(ctl->out, s, 12, 12);
}

static void put_facts(struct ctl *ctl, uint64_t facts)
{
	const char *before = "";

	fprintf(ctl->out, "%-12s%s", "facts", facts ? "" : "none");
	for (int i = 0; i < FACT_MAX; i++) {
		if (!(facts & FACT_BIT(i)))
			continue;
		fprintf(ctl->out, "%s%s", before, fact_name((enum fact_id)i));
		before = ", ";
	}
	fputc('\n', ctl->out);
}

/* The items of the guides that the check answers, from report_check()'s object. */
static void put_answers(struct ctl *ctl, const json_t *answers)
{
	const char *name, *begin = "answers";
	json_t *list, *label;
	size_t i;

	json_object_foreach ((json_t *)answers, name, list) {
		fprintf(ctl->out, "%-12s%s", begin, name);
		json_array_foreach (list, i, label)
			fprintf(ctl->out, "%s %s", i > 0 ? "," : "", json_string_value(label));
		fputc('\n', ctl->out);
		begin = "";
	}
}

static void put_keys(struct ctl *ctl, const json_t *keys)
{
	const json_t *k;
	size_t i;

	json_array_foreach (keys, i, k) {
		const char *key, *def, *expected, *doc;
		/* Built by report_check() just before: every member is there. */
		if (json_unpack((json_t *)k, "{s:s, s:s, s:s, s:s}", "key", &key, "default", &def,
			    "expected", &expected, "doc", &doc) < 0)
			continue;
		fprintf(ctl->out, "  %s = %s\n      ", key, def);
		report_wrap(ctl->out, doc, 6, 6);
		fprintf(ctl->out, "      (%s)\n", expected);
	}
}

/* The section of the configuration that an attestation of the check is. */
static void put_attestation(struct ctl *ctl, const struct check *c)
{
	if (!c->attestation)
		return;
	fprintf(ctl->out, "\n[attestation %s] in hardend.conf(5) takes\n", c->id);
	for (const struct param *p = schema_attestation; p->key; p++) {
		bool statement = strcmp(p->key, "statement") == 0;
		fprintf(ctl->out, "  %s\n      ", p->key);
		report_wrap(ctl->out, statement ? c->attestation : p->doc, 6, 6);
	}
}

int verb_explain(struct ctl *ctl)
{
	const struct check *c = check_find(ctl->args[0]);

	if (!c)
		return ctl_unknown_check(ctl->args[0]);
	json_auto_t *o = report_check(c);
	if (!o)
		return ctl_oom();
	if (ctl->json)
		return ctl_put_json(ctl, json_incref(o));
	fprintf(ctl->out, "%s: ", c->id);
	report_wrap(ctl->out, c->title, (unsigned)strlen(c->id) + 2, 4);
	fputc('\n', ctl->out);
	if (c->kind == CHECK_LATER)
		put_row(ctl, "state", "not built yet: this version does not judge it");
	put_row(ctl, "area", report_area(c->id));
	put_row(ctl, "severity", severity_name(c->severity));
	put_row(ctl, "guides", c->guides);
	put_answers(ctl, json_object_get(o, "answers"));
	put_row(ctl, "references", c->references);
	put_facts(ctl, c->facts);
	fputc('\n', ctl->out);
	put_row(ctl, "why", c->rationale);
	put_row(ctl, "remedy", c->remedy);
	put_row(ctl, "on RHEL", c->remedy_rhel);
	for (unsigned m = 0; c->remedy_by && m < MAKER_MAX; m++)
		put_row(ctl, maker_name(m), c->remedy_by[m]);
	fprintf(ctl->out, "\nkeys of [%s] in hardend.conf(5):\n", c->id);
	put_keys(ctl, json_object_get(o, "keys"));
	put_attestation(ctl, c);
	return CTL_OK;
}
