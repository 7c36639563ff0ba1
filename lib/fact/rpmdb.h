/* SPDX-License-Identifier: ISC */
/*
 * rpm's database in the form of rpm 4.16 and later (rpmdb.sqlite): one row per
 * package with the package's header, a table of tags, as a blob.
 */
#pragma once

#include <stdint.h>

#include "base/fsio.h"
#include "fact/package-list.h"

/*
 * Adds the package of a header as it is stored: number of entries and size of
 * the data (32 bits each, big endian), entries {tag, type, offset, count}, data.
 * 0; -EBADMSG when it has no name, version and release or does not add up; -ENOMEM.
 */
int rpmdb_header(struct package_list *l, const uint8_t *p, size_t n);

/*
 * Adds all packages of the database at path. 0; -EBADMSG or -ENOTSUP as
 * rodb_open() says, -EAGAIN when it was changed each time that it was read,
 * -ENOMEM, -errno of fsio.
 */
int rpmdb_read(const struct root *r, const char *path, struct package_list *l);
