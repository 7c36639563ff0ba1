/* SPDX-License-Identifier: ISC */
#include "fact/password.h"

#include <nettle/sha2.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define BASE64 "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* The modular forms: what stands after the last '$' has a length of its own. */
static const struct form {
	const char *prefix, *scheme;
	unsigned char tail, least; /* characters after the last '$'; of the whole */
} forms[] = {
	{"$y$", "yescrypt", 43, 0},
	{"$gy$", "gost-yescrypt", 43, 0},
	{"$sm3y$", "sm3-yescrypt", 43, 0},
	{"$7$", "scrypt", 43, 0},
	{"$2a$", "bcrypt", 53, 60},
	{"$2b$", "bcrypt", 53, 60},
	{"$2x$", "bcrypt", 53, 60},
	{"$2y$", "bcrypt", 53, 60},
	{"$6$", "sha512crypt", 86, 0},
	{"$5$", "sha256crypt", 43, 0},
	{"$sha1$", "sha1crypt", 28, 0},
	{"$md5$", "sunmd5", 22, 0},
	{"$md5,", "sunmd5", 22, 0},
	{"$1$", "md5crypt", 22, 0},
	{"$3$", "nt", 32, 36},
};

/* The forms before "$id$"; they have nothing but their length to tell them by. */
static const char *classic_scheme(const char *s)
{
	size_t n = strspn(s, BASE64);

	if (s[0] == '_')
		return strspn(s + 1, BASE64) == 19 && s[20] == '\0' ? "bsdicrypt" : "";
	/* pam_unix cuts off what HP-UX put after a comma. */
	if (n < 13 || (s[n] != '\0' && s[n] != ','))
		return "";
	if (n == 13)
		return "descrypt";
	return n <= 178 && (n - 13) % 11 == 0 ? "bigcrypt" : "";
}

static const char *modular_scheme(const char *s)
{
	const char *tail = strrchr(s, '$') + 1;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const struct form *f = &forms[i];
		if (strncmp(s, f->prefix, strlen(f->prefix)) != 0)
			continue;
		size_t n = strlen(tail);
		bool whole = tail > s + 1 && n == f->tail && strspn(tail, BASE64) == n &&
			     strlen(s) >= f->least;
		return whole ? f->scheme : "";
	}
	/* Only what looks like "$id$...": a stray dollar matches no hash. */
	size_t id = strspn(s + 1, BASE64 "-,=");
	return id > 0 && s[1 + id] == '$' && s[2 + id] != '\0' ? "unknown" : "";
}

enum password_kind password_classify(const char *field, const char **ret_scheme)
{
	bool locked = field[0] == '!' || field[0] == '*';
	const char *hash = field + strspn(field, "!*");

	if (field[0] == '\0') {
		*ret_scheme = "";
		return PASSWORD_NONE;
	}
	*ret_scheme = hash[0] == '$' ? modular_scheme(hash) : classic_scheme(hash);
	return locked || **ret_scheme == '\0' ? PASSWORD_LOCKED : PASSWORD_USABLE;
}

bool password_scheme_weak(const char *scheme)
{
	static const char *const weak[] = {"descrypt", "des", "bigcrypt", "bsdicrypt", "md5crypt",
		"md5", "sunmd5", "sha1crypt", "nt"};

	for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++) {
		if (strcasecmp(weak[i], scheme) == 0)
			return true;
	}
	return false;
}

const char *password_fingerprint(struct arena *a, const char *field)
{
	static const char digits[] = "0123456789abcdef", prefix[] = "sha256:";
	struct sha256_ctx ctx;
	uint8_t d[4];
	const char *scheme;

	(void)password_classify(field, &scheme);
	if (scheme[0] == '\0')
		return "";
	char *out = arena_alloc(a, sizeof(prefix) + 2 * sizeof(d));
	if (!out)
		return NULL;
	sha256_init(&ctx);
	sha256_update(&ctx, strlen(field), (const uint8_t *)field);
	sha256_digest(&ctx, sizeof(d), d);
	memcpy(out, prefix, sizeof(prefix));
	for (size_t i = 0; i < sizeof(d); i++) {
		out[sizeof(prefix) - 1 + 2 * i] = digits[d[i] >> 4];
		out[sizeof(prefix) + 2 * i] = digits[d[i] & 15];
	}
	return out;
}
