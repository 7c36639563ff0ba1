/* SPDX-License-Identifier: ISC */
/*
 * A list of packages while it is being read, and the parsers of the databases
 * that are text. Each parser is one pass over the bytes and takes any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct package_entry {
	const char *name, *arch; /* arch "" when it has none */
	const char *version;	 /* NULL: it is not installed (any more) */
	bool held;		 /* dpkg: selected "hold", so that no upgrade touches it */
	bool is_unsigned;	 /* rpm: no signature came with it (of rpmdb_read() only) */
	size_t order;		 /* the later entry of a package replaces the earlier */
};

struct package_list {
	struct arena *arena; /* of the entries and their strings; owned */
	struct package_entry *v;
	size_t n;
};

/* Empty; 0 or -ENOMEM. */
int package_list_init(struct package_list *l);
void package_list_fini(struct package_list *l);

/* More than any machine has, so that a database made to hurt ends. */
#define PACKAGE_LIST_MAX 200000

/* Adds a copy. version may be NULL. 0, -EFBIG beyond PACKAGE_LIST_MAX (so do the parsers), -ENOMEM.
 */
int package_list_add(
	struct package_list *l, const char *name, const char *arch, const char *version);

/* Sorts by name, arch and order. */
void package_list_sort(struct package_list *l);

/* The architecture that most packages are for, "" when none says. */
const char *package_list_native(const struct package_list *l);

/*
 * dpkg's status file, one of its updates, or (assume_installed) a file of
 * status.d, where Status is left out. What dpkg itself refuses to read is
 * -EBADMSG with the line in *ret_line, 0 when the last newline is missing. 0,
 * -EBADMSG or -ENOMEM.
 */
int package_list_dpkg(struct package_list *l, const char *text, size_t size, bool assume_installed,
	unsigned *ret_line);

/* apk's "installed". The same. */
int package_list_apk(struct package_list *l, const char *text, size_t size, unsigned *ret_line);

/* What package_list_rpm() reads. */
#define PACKAGE_LIST_RPM_FORMAT "%{NAME}\\t%{EPOCHNUM}\\t%{VERSION}-%{RELEASE}\\t%{ARCH}\\n"

/* Lines of rpm -qa with that --queryformat. The same. */
int package_list_rpm(struct package_list *l, const char *text, size_t size, unsigned *ret_line);
