/* SPDX-License-Identifier: ISC */
/*
 * The kernel's audit, asked over netlink(7): its state, its rules. Everything
 * but the reading of records; needs CAP_AUDIT_CONTROL and the first user and PID
 * namespaces. Never says that it is the audit daemon (AUDIT_STATUS_PID), so that
 * auditd stays what it is.
 *
 * All return 0 or -errno: -EPERM without the capability, in another PID
 * namespace, or, for changes, because rules are locked (-e 2); -ECONNREFUSED in
 * another user namespace; -EPROTONOSUPPORT where the kernel has no audit, or was
 * started with audit=0; -ETIMEDOUT, -EBADMSG.
 */
#pragma once

#include "audit/rules.h"

/* enabled: 0, 1, or 2 (locked); lost: records that the kernel dropped since boot. */
int audit_kernel_status(struct audit_status *ret);

/* Switches audit on or off. */
int audit_kernel_enable(bool on);

/* Adds all rules, of everybody, in the kernel's order, to ret (initialised). Also -ENOMEM. */
int audit_kernel_list(struct audit_ruleset *ret);

/* -EEXIST: it is there; -ENOENT: its place is not. */
int audit_kernel_add(const struct audit_rule_data *r);

/* -ENOENT: it is not there. */
int audit_kernel_delete(const struct audit_rule_data *r);

/*
 * A socket that hears what the kernel records (AUDIT_NLGRP_READLOG), beside
 * auditd or without it: the descriptor, which does not block, or -errno.
 */
int audit_kernel_listen(void);

/* Whether this is the machine itself: the first user, PID and network namespaces. */
bool audit_kernel_is_ours(void);
