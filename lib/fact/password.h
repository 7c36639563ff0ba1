/* SPDX-License-Identifier: ISC */
/*
 * What the password field of passwd(5) or shadow(5) lets in, told from its form
 * alone, as crypt(5) lays the forms down. No password is ever tried.
 *
 * In doubt it is usable: a form that this table does not know may be one of a
 * newer libcrypt.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"

enum password_kind {
	PASSWORD_NONE,	  /* empty field: no password is asked */
	PASSWORD_LOCKED,  /* "!", "*", "!hash", or anything that no hash matches */
	PASSWORD_USABLE,  /* a hash that crypt(3) can match */
	PASSWORD_UNKNOWN, /* shadow could not be read */
};

/*
 * Classifies a field. *ret_scheme is the hash's name in crypt(5) ("yescrypt",
 * "sha512crypt", "descrypt"), "unknown" for a "$id$" that is not in crypt(5),
 * "" without a hash; a locked field's is that of the hash behind the "!".
 */
enum password_kind password_classify(const char *field, const char **ret_scheme);

/*
 * Whether hashes of the scheme are broken or far too fast (DES, MD4, MD5 or
 * SHA-1 forms, by any of their names in crypt(5), login.defs(5) or pam_unix(8)).
 */
bool password_scheme_weak(const char *scheme);

/*
 * The first 8 hex digits of the field's SHA-256 after "sha256:", which tell that
 * it changed and not what it is; "" for a field without a hash. NULL on ENOMEM.
 */
const char *password_fingerprint(struct arena *a, const char *field);
