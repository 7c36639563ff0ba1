/* SPDX-License-Identifier: ISC */
/*
 * Packages files of apt: tens of megabytes, of which a machine's packages are a
 * few hundred paragraphs. Read once, in pieces, without keeping them; what they
 * say of the names asked for comes out as a short text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/unpack.h"

/* A set of package names, for one look-up per paragraph. */
struct name_set {
	const char **slot; /* by hash; NULL: free */
	size_t mask;
};

/* An empty set with room for n names, in the arena. 0 or -ENOMEM. */
int name_set_init(struct name_set *s, struct arena *a, size_t n);

/* Adds a name (borrowed); at most as many as there is room for. */
void name_set_add(struct name_set *s, const char *name);

/* Whether the n bytes at p are a name of the set. */
bool name_set_has(const struct name_set *s, const char *p, size_t n);

/*
 * Reads the index from fd to its end and writes a line for each paragraph about
 * a name of the set: "NAME ARCH VERSION PHASED SOURCE", with "-" for an empty
 * field and PHASED a percentage (100: everybody gets it). 0; -EBADMSG when it
 * is damaged or no such file, -EFBIG beyond 2 GiB of text, -ENOMEM, -errno of read(2).
 */
int apt_index_extract(int fd, enum unpack_form form, const struct name_set *names, FILE *out);

/* The same of bytes in memory, uncompressed, in pieces of at most piece bytes. For tests. */
int apt_index_extract_text(
	const char *text, size_t size, size_t piece, const struct name_set *names, FILE *out);
