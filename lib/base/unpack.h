/* SPDX-License-Identifier: ISC */
/*
 * Reading a compressed file in pieces of the caller's size, with buffers that
 * do not grow with it.
 */
#pragma once

#include <sys/types.h>

#include "base/util.h"

enum unpack_form {
	UNPACK_PLAIN,
	UNPACK_LZ4,  /* frames, as of lz4(1) */
	UNPACK_GZIP, /* members, as of gzip(1) */
};

/* The form of a file by its extension (".lz4", ".gz", ""); -ENOTSUP for any other. */
int unpack_form(const char *ext);

struct unpack;

/* A reader of fd, which is borrowed and stays open. 0 or -ENOMEM. */
int unpack_new(int fd, enum unpack_form form, struct unpack **ret);
void unpack_free(struct unpack *u);
DEFINE_FREEP(struct unpack *, unpack_free)

/*
 * Up to size bytes (at least 1) of what was packed. How many, 0 at the end;
 * -EBADMSG when it is damaged or cut short, -ENOMEM, -errno of read(2).
 */
ssize_t unpack_read(struct unpack *u, char *buffer, size_t size);
