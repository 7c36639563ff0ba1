/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <linux/audit.h>

#include "audit/act-internal.h"

enum table {
	TABLE_X86_64,
	TABLE_I386,
	TABLE_GENERIC, /* asm-generic/unistd.h: aarch64, riscv64, loongarch64 */
	TABLE_ARM,
	TABLE_MAX,
};

enum {
	X32_BIT = 0x40000000, /* in the number of an x32 call */
	NONE = 0xffff,
};

/* Numbers of unistd.h of each architecture; those from 403 on are the same for all. */
static const struct row {
	uint16_t number[TABLE_MAX];
	struct call call;
} rows[] = {
	{{50, 363, 201, 284}, {CALL_LISTEN, {-1, -1}, -1}},
	{{49, 361, 200, 282}, {CALL_BIND, {-1, -1}, -1}},
	{{NONE, 102, NONE, 102}, {CALL_SOCKETCALL, {-1, -1}, -1}},

	{{2, 5, NONE, 5}, {CALL_OPEN, {-1, -1}, 1}},	       /* open */
	{{257, 295, 56, 322}, {CALL_OPEN, {0, -1}, 2}},	       /* openat */
	{{437, 437, 437, 437}, {CALL_OPENAT2, {0, -1}, -1}},   /* openat2 */
	{{85, 8, NONE, 8}, {CALL_CHANGE, {-1, -1}, -1}},       /* creat */
	{{76, 92, 45, 92}, {CALL_CHANGE, {-1, -1}, -1}},       /* truncate */
	{{NONE, 193, NONE, 193}, {CALL_CHANGE, {-1, -1}, -1}}, /* truncate64 */
	{{77, 93, 46, 93}, {CALL_CHANGE, {-1, -1}, -1}},       /* ftruncate */
	{{NONE, 194, NONE, 194}, {CALL_CHANGE, {-1, -1}, -1}}, /* ftruncate64 */
	{{285, 324, 47, 352}, {CALL_CHANGE, {-1, -1}, -1}},    /* fallocate */
	{{258, 296, 34, 323}, {CALL_CHANGE, {0, -1}, -1}},     /* mkdirat */
	{{259, 297, 33, 324}, {CALL_CHANGE, {0, -1}, -1}},     /* mknodat */
	{{263, 301, 35, 328}, {CALL_CHANGE, {0, -1}, -1}},     /* unlinkat */
	{{264, 302, 38, 329}, {CALL_CHANGE, {0, 2}, -1}},      /* renameat */
	{{316, 353, 276, 382}, {CALL_CHANGE, {0, 2}, -1}},     /* renameat2 */
	{{265, 303, 37, 330}, {CALL_CHANGE, {0, 2}, -1}},      /* linkat */
	{{266, 304, 36, 331}, {CALL_CHANGE, {1, -1}, -1}},     /* symlinkat */

	{{90, 15, NONE, 15}, {CALL_ATTRIBUTE, {-1, -1}, -1}},	  /* chmod */
	{{91, 94, 52, 94}, {CALL_ATTRIBUTE, {-1, -1}, -1}},	  /* fchmod */
	{{268, 306, 53, 333}, {CALL_ATTRIBUTE, {0, -1}, -1}},	  /* fchmodat */
	{{452, 452, 452, 452}, {CALL_ATTRIBUTE, {0, -1}, -1}},	  /* fchmodat2 */
	{{92, 182, NONE, 182}, {CALL_ATTRIBUTE, {-1, -1}, -1}},	  /* chown */
	{{NONE, 212, NONE, 212}, {CALL_ATTRIBUTE, {-1, -1}, -1}}, /* chown32 */
	{{93, 95, 55, 95}, {CALL_ATTRIBUTE, {-1, -1}, -1}},	  /* fchown */
	{{NONE, 207, NONE, 207}, {CALL_ATTRIBUTE, {-1, -1}, -1}}, /* fchown32 */
	{{94, 16, NONE, 16}, {CALL_ATTRIBUTE, {-1, -1}, -1}},	  /* lchown */
	{{NONE, 198, NONE, 198}, {CALL_ATTRIBUTE, {-1, -1}, -1}}, /* lchown32 */
	{{260, 298, 54, 325}, {CALL_ATTRIBUTE, {0, -1}, -1}},	  /* fchownat */
	{{188, 226, 5, 226}, {CALL_ATTRIBUTE, {-1, -1}, -1}},	  /* setxattr */
	{{189, 227, 6, 227}, {CALL_ATTRIBUTE, {-1, -1}, -1}},	  /* lsetxattr */
	{{190, 228, 7, 228}, {CALL_ATTRIBUTE, {-1, -1}, -1}},	  /* fsetxattr */
	{{463, 463, 463, 463}, {CALL_ATTRIBUTE, {0, -1}, -1}},	  /* setxattrat */
	{{197, 235, 14, 235}, {CALL_ATTRIBUTE, {-1, -1}, -1}},	  /* removexattr */
	{{198, 236, 15, 236}, {CALL_ATTRIBUTE, {-1, -1}, -1}},	  /* lremovexattr */
	{{199, 237, 16, 237}, {CALL_ATTRIBUTE, {-1, -1}, -1}},	  /* fremovexattr */
	{{466, 466, 466, 466}, {CALL_ATTRIBUTE, {0, -1}, -1}},	  /* removexattrat */
	{{132, 30, NONE, 30}, {CALL_ATTRIBUTE, {-1, -1}, -1}},	  /* utime */
	{{235, 271, NONE, 269}, {CALL_ATTRIBUTE, {-1, -1}, -1}},  /* utimes */
	{{261, 299, NONE, 326}, {CALL_ATTRIBUTE, {0, -1}, -1}},	  /* futimesat */
	{{280, 320, 88, 348}, {CALL_ATTRIBUTE, {0, -1}, -1}},	  /* utimensat */
	{{NONE, 412, NONE, 412}, {CALL_ATTRIBUTE, {0, -1}, -1}},  /* utimensat_time64 */
};

#ifndef AUDIT_ARCH_LOONGARCH64
#define AUDIT_ARCH_LOONGARCH64 0xc0000102
#endif

int call_find(uint32_t arch, uint64_t number, struct call *ret)
{
	static const struct {
		uint32_t arch;
		enum table table;
	} archs[] = {
		{AUDIT_ARCH_X86_64, TABLE_X86_64},
		{AUDIT_ARCH_I386, TABLE_I386},
		{AUDIT_ARCH_AARCH64, TABLE_GENERIC},
		{AUDIT_ARCH_RISCV64, TABLE_GENERIC},
		{AUDIT_ARCH_LOONGARCH64, TABLE_GENERIC},
		{AUDIT_ARCH_ARM, TABLE_ARM},
	};
	enum table table = TABLE_MAX;

	for (size_t i = 0; i < ARRAY_SIZE(archs); i++) {
		if (archs[i].arch == arch)
			table = archs[i].table;
	}
	if (table == TABLE_MAX)
		return -ENOTSUP;
	if (table == TABLE_X86_64)
		number &= ~(uint64_t)X32_BIT;
	*ret = (struct call){CALL_OTHER, {-1, -1}, -1};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].number[table] == number && number != NONE) {
			*ret = rows[i].call;
			break;
		}
	}
	return 0;
}
