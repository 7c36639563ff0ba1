/* SPDX-License-Identifier: ISC */
/*
 * The audit rules as libaudit makes them of their texts, as auditctl(8) would:
 * byte for byte those that the daemon gives to the kernel. Changes no rule.
 */
#include <libaudit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/rules.h"

/* What auditctl has to say between the calls; in no header. */
extern int _audit_syscalladded, _audit_permadded, _audit_archadded, _audit_exeadded;

static void fail(const char *what, const char *text)
{
	(void)fprintf(stderr, "%s: %s\n", what, text);
	exit(1);
}

/* libaudit's rule of the text; it grows as it is made. */
static struct audit_rule_data *parse(const char *text)
{
	_cleanup_free_ char *copy = strdup(text);
	struct audit_rule_data *r = calloc(1, sizeof(*r));
	const char *option = NULL;
	bool calls = false;
	char *save = NULL;

	if (!copy || !r)
		exit(1);
	_audit_syscalladded = _audit_permadded = _audit_archadded = _audit_exeadded = 0;
	r->flags = AUDIT_FILTER_EXIT;
	r->action = AUDIT_ALWAYS;
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		int err = 0;
		if (*word == '-') {
			option = word;
			continue;
		}
		if (strcmp(option, "-a") == 0) {
			err = strcmp(word, "always,exit");
		} else if (strcmp(option, "-S") == 0) {
			err = audit_rule_syscallbyname_data(r, word);
			_audit_syscalladded = 1;
			calls = true;
		} else {
			err = audit_rule_fieldpair_data(&r, word, AUDIT_FILTER_EXIT);
		}
		if (err)
			fail("libaudit refuses a part of the rule", text);
	}
	if (!calls && audit_rule_syscallbyname_data(r, "all") != 0)
		fail("libaudit has no way to say all system calls", text);
	return r;
}

int main(void)
{
	static const struct audit_place v[] = {
		{"/etc", true}, {"/usr/bin", true}, {"/etc/passwd", false}, {"/root/.ssh", false}};
	const struct audit_places places = {.v = (void *)v, .n = ARRAY_SIZE(v)};
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct audit_ruleset s;
	size_t left_out;

	/* libaudit takes the numbers of system calls from the machine that it runs on. */
	const enum audit_machine machine = audit_detect_machine() == MACH_AARCH64
						   ? AUDIT_MACHINE_AARCH64
						   : AUDIT_MACHINE_X86_64;
	if (!a)
		return 1;
	audit_ruleset_init(&s, a);
	const struct audit_plan plan = {&places, machine, "/usr/bin/dpkg", false};
	if (audit_ruleset_plan(&s, &plan, &left_out) < 0)
		return 1;
	for (size_t i = 0; i < s.n; i++) {
		const char *text = audit_rule_text(a, s.v[i]);
		_cleanup_free_ struct audit_rule_data *r = parse(text);
		/* The kernel takes these bits as classes of calls, and gives them back as 0. */
		r->mask[AUDIT_BITMASK_SIZE - 1] &= 0xffff;
		if (audit_rule_size(r) != audit_rule_size(s.v[i]) ||
			memcmp(r, s.v[i], audit_rule_size(r)) != 0)
			fail("not as libaudit makes it", text);
	}
	(void)printf("%zu rules are as libaudit makes them\n", s.n);
	return s.n > 10 ? 0 : 1;
}
