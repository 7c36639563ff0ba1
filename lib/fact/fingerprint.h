/* SPDX-License-Identifier: ISC */
/*
 * Fingerprints of what must not be told: they say whether it is still the same,
 * and nothing else. HMAC-SHA-256, cut to 12 hex digits, under a key that is
 * derived from a private host key of the SSH server: only who can read that key
 * (root of this machine, who can read the secret as well) can try passwords
 * against a fingerprint. Without a host key there is none.
 */
#pragma once

#include <nettle/hmac.h>
#include <stdbool.h>

#include "base/fsio.h"

struct fingerprint_key {
	uint8_t key[SHA256_DIGEST_SIZE];
	bool set; /* false: this machine has no host key, and no fingerprint may be shown */
};

/*
 * Loads the key for one purpose (of two purposes the fingerprints of one text
 * differ). The host key is no part of what is watched: nothing is recorded in
 * r's deps. 0 with ret->set false where there is no host key that can be read;
 * -ENOMEM. The caller ends it with fingerprint_key_fini().
 */
int fingerprint_key_load(const struct root *r, const char *purpose, struct fingerprint_key *ret);
void fingerprint_key_fini(struct fingerprint_key *key);

/* Begins a fingerprint; the text is given with hmac_sha256_update(). */
void fingerprint_begin(const struct fingerprint_key *key, struct hmac_sha256_ctx *ret);

/* What was given, as 12 hex digits in the arena; ctx is used up. "" without a key; NULL on ENOMEM.
 */
const char *fingerprint_end(
	struct arena *a, const struct fingerprint_key *key, struct hmac_sha256_ctx *ctx);
