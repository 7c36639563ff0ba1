/* SPDX-License-Identifier: ISC */
/*
 * Paragraphs of "Field: value" with continuation lines, as apt reads its own
 * files (deb822(5), pkgTagFile): for sources, preferences and Release files.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct deb822_field {
	const char *name;
	const char *value; /* trimmed; lines joined by newlines, comment lines left out */
	unsigned line;
};

struct deb822_stanza {
	struct deb822_field *v;
	size_t n;
	unsigned line; /* of its first field */
};

/* A text that is being read. */
struct deb822 {
	const char *p, *end;
	unsigned line; /* of the line last taken, 1-based */
};

static inline struct deb822 deb822_of(const char *text, size_t size)
{
	return (struct deb822){.p = text, .end = text + size};
}

/*
 * The next paragraph, with strings in the arena. 1, 0 at the end, -EBADMSG when
 * a line is neither a field nor continues one (d->line says which), -ENOMEM.
 */
int deb822_next(struct deb822 *d, struct arena *a, struct deb822_stanza *ret);

/* The field (any case; the last of several, as apt takes it), or NULL. */
const struct deb822_field *deb822_field(const struct deb822_stanza *s, const char *name);

/* Its value, "" when it is not there. */
const char *deb822_value(const struct deb822_stanza *s, const char *name);
