/* SPDX-License-Identifier: ISC */
/*
 * The types of audit records by number and by name, for the numbers that
 * <linux/audit.h> leaves to user space too, so that no header of libaudit is
 * needed. Source: linux/include/uapi/linux/audit.h and audit-records.h of the
 * audit userspace, which may only ever add to them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
	RECORD_LOGIN = 1006, /* a process was given a login uid; before it, nobody is known */

	RECORD_USER_AUTH = 1100,
	RECORD_USER_ACCT = 1101,
	RECORD_USER_MGMT = 1102,
	RECORD_CRED_ACQ = 1103,
	RECORD_CRED_DISP = 1104,
	RECORD_USER_START = 1105,
	RECORD_USER_END = 1106,
	RECORD_USER_CHAUTHTOK = 1108,
	RECORD_CRED_REFR = 1110,
	RECORD_USER_LOGIN = 1112,
	RECORD_USER_LOGOUT = 1113,
	RECORD_ADD_USER = 1114,
	RECORD_DEL_USER = 1115,
	RECORD_ADD_GROUP = 1116,
	RECORD_DEL_GROUP = 1117,
	RECORD_CHGRP_ID = 1119,
	RECORD_USER_CMD = 1123,
	RECORD_SERVICE_START = 1130,
	RECORD_SERVICE_STOP = 1131,
	RECORD_GRP_MGMT = 1132,
	RECORD_GRP_CHAUTHTOK = 1133,
	RECORD_ACCT_LOCK = 1135,
	RECORD_ACCT_UNLOCK = 1136,
	RECORD_SOFTWARE_UPDATE = 1138,

	RECORD_DAEMON_START = 1200,
	RECORD_DAEMON_END = 1201,
	RECORD_DAEMON_ABORT = 1202,

	RECORD_SYSCALL = 1300,
	RECORD_PATH = 1302,
	RECORD_SOCKETCALL = 1304,
	RECORD_CONFIG_CHANGE = 1305,
	RECORD_SOCKADDR = 1306,
	RECORD_CWD = 1307,
	RECORD_EXECVE = 1309,
	RECORD_EOE = 1320,
	RECORD_NETFILTER_CFG = 1325,
	RECORD_PROCTITLE = 1327,
	RECORD_FEATURE_CHANGE = 1328,
	RECORD_OPENAT2 = 1337,

	RECORD_KERNEL = 2000,
};

/* "SYSCALL"; NULL for a number without a name. */
const char *record_type_name(unsigned type);

/* The number of n bytes "SYSCALL", "UNKNOWN[1338]"; 0 when nobody knows it. */
unsigned record_type_number(const char *name, size_t n);

/*
 * Whether a record of this type is an event of its own: the messages of programs
 * and of auditd, which are never part of a system call's event. All others may be,
 * LOGIN and CONFIG_CHANGE among them (since Linux 5.3).
 */
bool record_type_is_single(unsigned type);

/* Whether nothing more of an event comes behind it: EOE, and PROCTITLE in front of that. */
bool record_type_is_last(unsigned type);
