/* SPDX-License-Identifier: ISC */
/*
 * The audit trail of the kernel: whether boot or a rule switches it off, which
 * rules auditd will load, and what its configuration makes of the events.
 * Whether auditd or another consumer runs is said by the units.
 *
 * Rules are those that the next start loads: the files of rules.d as
 * augenrules(8) merges them, else audit.rules.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/fsio.h"

/* A line of a file of rules. */
struct audit_rule {
	const char *text; /* without blanks around it */
	const char *path;
	unsigned line;
};

/* What the rules come to. */
struct audit_rules {
	const struct audit_rule *off;	/* "-e 0", when it is the last -e; else NULL */
	const struct audit_rule *never; /* a rule after which nothing is recorded; NULL: none */
	size_t n;			/* rules that record something: -a, -A, -w */
};

struct auditd {
	const char *boot_off; /* the kernel's parameter that switches audit off; NULL: none */
	int enabled;	      /* as the kernel says: 0 off, 1 on, 2 locked; -1: it was not asked */
	struct audit_rules rules;
	const char *rules_from; /* "/etc/audit/rules.d", "/etc/audit/audit.rules"; NULL: none */
	/* Why auditd, running, would still keep nothing; else NULL. */
	const char *fault, *fault_path;
	unsigned fault_line;
	bool journal;	    /* journald switches audit on and keeps it */
	const char *reason; /* what could not be read; else NULL */
};

struct arena;

/*
 * Adds the lines of a file to what rules there are. merged: the files of
 * rules.d, where -D and -e hold wherever they stand; else -D takes away what
 * stands before it. Strings live in the arena. 0 or -ENOMEM.
 */
int audit_rules_add(struct arena *a, const char *path, const char *text, bool merged,
	struct audit_rules *rules);

/* The parameter in a kernel command line that switches audit off ("audit=0"); NULL: none. */
const char *audit_boot_off(struct arena *a, const char *cmdline);

/*
 * Asks the kernel, read-only (AUDIT_GET): 0, 1 or 2; -errno when it does not
 * answer: -EPERM without CAP_AUDIT_CONTROL, -ECONNREFUSED outside of the first
 * network namespace, -EPROTONOSUPPORT without audit in the kernel.
 */
int audit_kernel_enabled(void);
