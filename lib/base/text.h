/* SPDX-License-Identifier: ISC */
/*
 * Text that came from outside, made safe for people and protocols.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/*
 * Copies n bytes of s with everything escaped that could lie to a terminal, a
 * log or a JSON reader: C0 and C1 controls, DEL, invalid UTF-8, backslash, and
 * the Unicode bidi and zero-width controls, as \n, \t, \\, \xHH or \u{HHHH}.
 * The result is valid UTF-8 of one line. Cut at max bytes of output with "..."
 * (never inside a character). NULL on ENOMEM. The copy belongs to the arena.
 */
char *text_escape(struct arena *a, const char *s, size_t n, size_t max);

/* The same for a NUL-terminated string with the common limit of 1024 bytes. */
char *text_clean(struct arena *a, const char *s);

/*
 * SHA-256 of n bytes (nettle), as "SHA256:" and 43 characters of base64 without
 * padding, the form that ssh-keygen -l prints. NULL on ENOMEM.
 */
char *text_sha256(struct arena *a, const void *p, size_t n);

/* One word of fnmatch(3) syntax against s; for waivers' subjects. */
bool text_glob(const char *pattern, const char *s);

/* RFC 3339 in UTC with seconds, "2026-11-21T23:07:54Z", into buf of 32 bytes; returns buf. */
char *text_rfc3339(char buf[static 32], uint64_t realtime_usec);

/*
 * The last microsecond of a day "2026-11-21", in UTC. 0, or -EINVAL when it is
 * none (nothing may stand behind it; years from 1970 on).
 */
int text_date(const char *s, uint64_t *ret_realtime_usec);

/* A moment as its day in UTC, "2026-11-21", into buf of 16 bytes; returns buf. */
char *text_day(char buf[static 16], uint64_t realtime_usec);

/* What is behind the last slash of a path, in it; all of it when there is none. */
const char *text_base_name(const char *path);

/* Whether s ends with end, byte by byte. */
bool text_ends_with(const char *s, const char *end);
