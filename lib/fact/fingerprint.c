/* SPDX-License-Identifier: ISC */
#include "fact/fingerprint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	HOST_KEY_MAX = 64 * 1024,
	FINGERPRINT_BYTES = 6,
};

int fingerprint_key_load(const struct root *r, const char *purpose, struct fingerprint_key *ret)
{
	static const char *const paths[] = {"/etc/ssh/ssh_host_ed25519_key",
		"/etc/ssh/ssh_host_ecdsa_key", "/etc/ssh/ssh_host_rsa_key"};
	struct fingerprint_key key = {0};
	struct root quiet = *r;

	quiet.deps = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(paths) && !key.set; i++) {
		_cleanup_file_ struct file file = {0};
		struct hmac_sha256_ctx ctx;
		int err = root_read(&quiet, paths[i], HOST_KEY_MAX, &file);
		if (err == -ENOMEM)
			return err;
		if (err < 0 || file.size == 0)
			continue;
		hmac_sha256_set_key(&ctx, file.size, (const uint8_t *)file.data);
		hmac_sha256_update(&ctx, strlen(purpose) + 1, (const uint8_t *)purpose);
		hmac_sha256_digest(&ctx, sizeof(key.key), key.key);
		explicit_bzero(&ctx, sizeof(ctx));
		explicit_bzero(file.data, file.size);
		key.set = true;
	}
	*ret = key;
	explicit_bzero(&key, sizeof(key));
	return 0;
}

void fingerprint_key_fini(struct fingerprint_key *key)
{
	explicit_bzero(key, sizeof(*key));
}

void fingerprint_begin(const struct fingerprint_key *key, struct hmac_sha256_ctx *ret)
{
	hmac_sha256_set_key(ret, sizeof(key->key), key->key);
}

const char *fingerprint_end(
	struct arena *a, const struct fingerprint_key *key, struct hmac_sha256_ctx *ctx)
{
	uint8_t digest[FINGERPRINT_BYTES];

	hmac_sha256_digest(ctx, sizeof(digest), digest);
	explicit_bzero(ctx, sizeof(*ctx));
	if (!key->set)
		return "";
	char *hex = arena_alloc(a, 2 * FINGERPRINT_BYTES + 1);
	for (size_t i = 0; hex && i < sizeof(digest); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return hex;
}
