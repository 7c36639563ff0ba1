/* SPDX-License-Identifier: ISC */
/*
 * The advisories of an rpm repository (updateinfo.xml) and its table of
 * contents (repomd.xml), read in a stream: of megabytes of text what counts is
 * which package each security advisory mends.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/unpack.h"

struct advisory_package {
	const char *id; /* "RHSA-2026:1234" */
	const char *name, *epoch, *version, *release, *arch;
	const char *module, *stream; /* it is for this stream of a module only; "" for all */
};

/*
 * Calls each() for every package of every advisory of the type "security";
 * strings hold during the call. A negative return of it ends and is returned.
 * 0, -EBADMSG when it is damaged or no such document, -EFBIG beyond 2 GiB of
 * text, -ENOMEM, -errno of read(2).
 */
int updateinfo_read(
	struct unpack *u, int (*each)(const struct advisory_package *p, void *arg), void *arg);

/*
 * The path of the advisories in a repomd.xml, relative to the directory above
 * repodata ("repodata/x-updateinfo.xml.gz"); "" when it has none. 0, -EBADMSG or -ENOMEM.
 */
int repomd_updateinfo(const char *text, size_t size, char *ret, size_t ret_size);

/* The same as updateinfo_read() of bytes in memory, in pieces. For tests. */
int updateinfo_read_text(const char *text, size_t size, size_t piece,
	int (*each)(const struct advisory_package *p, void *arg), void *arg);
