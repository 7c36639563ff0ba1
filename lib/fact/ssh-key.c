/* SPDX-License-Identifier: ISC */
#include "fact/ssh-key.h"

#include <errno.h>
#include <nettle/base64.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum {
	NUMBER_MAX = 2048, /* bytes: OpenSSH's SSHBUF_MAX_BIGNUM, 16384 bits */
	PRINCIPALS_MAX = 256,
	ED25519_SIZE = 32,
	CERT_USER = 1,
	CERT_HOST = 2,
};

/* How a key's own fields follow its name. */
enum field {
	FIELD_END,
	FIELD_NUMBER,
	FIELD_BITS, /* a number whose length is the key's */
	FIELD_CURVE,
	FIELD_POINT,
	FIELD_ED25519,
	FIELD_STRING,
};

struct variant {
	const char *name;
	enum ssh_key_type type;
	unsigned bits; /* where the name fixes it */
	bool cert;
	const char *plain; /* name of the plain key, in which form it is hashed */
	const char *alias; /* it is not written so, only read: shown by this name */
};

#define CERT "-cert-v01@openssh.com"

/* Names of signature schemes are in OpenSSH's table of keys too, and are read as the key's. */
static const struct variant variants[] = {
	{"ssh-ed25519", SSH_KEY_ED25519, 256, false, "ssh-ed25519", NULL},
	{"ssh-ed25519" CERT, SSH_KEY_ED25519, 256, true, "ssh-ed25519", NULL},
	{"sk-ssh-ed25519@openssh.com", SSH_KEY_ED25519_SK, 256, false, "sk-ssh-ed25519@openssh.com",
		NULL},
	{"sk-ssh-ed25519" CERT, SSH_KEY_ED25519_SK, 256, true, "sk-ssh-ed25519@openssh.com", NULL},
	{"ecdsa-sha2-nistp256", SSH_KEY_ECDSA, 256, false, "ecdsa-sha2-nistp256", NULL},
	{"ecdsa-sha2-nistp256" CERT, SSH_KEY_ECDSA, 256, true, "ecdsa-sha2-nistp256", NULL},
	{"ecdsa-sha2-nistp384", SSH_KEY_ECDSA, 384, false, "ecdsa-sha2-nistp384", NULL},
	{"ecdsa-sha2-nistp384" CERT, SSH_KEY_ECDSA, 384, true, "ecdsa-sha2-nistp384", NULL},
	{"ecdsa-sha2-nistp521", SSH_KEY_ECDSA, 521, false, "ecdsa-sha2-nistp521", NULL},
	{"ecdsa-sha2-nistp521" CERT, SSH_KEY_ECDSA, 521, true, "ecdsa-sha2-nistp521", NULL},
	{"sk-ecdsa-sha2-nistp256@openssh.com", SSH_KEY_ECDSA_SK, 256, false,
		"sk-ecdsa-sha2-nistp256@openssh.com", NULL},
	{"sk-ecdsa-sha2-nistp256" CERT, SSH_KEY_ECDSA_SK, 256, true,
		"sk-ecdsa-sha2-nistp256@openssh.com", NULL},
	{"webauthn-sk-ecdsa-sha2-nistp256@openssh.com", SSH_KEY_ECDSA_SK, 256, false,
		"sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"},
	{"ssh-rsa", SSH_KEY_RSA, 0, false, "ssh-rsa", NULL},
	{"ssh-rsa" CERT, SSH_KEY_RSA, 0, true, "ssh-rsa", NULL},
	{"rsa-sha2-256", SSH_KEY_RSA, 0, false, "ssh-rsa", "ssh-rsa"},
	{"rsa-sha2-512", SSH_KEY_RSA, 0, false, "ssh-rsa", "ssh-rsa"},
	{"rsa-sha2-256" CERT, SSH_KEY_RSA, 0, true, "ssh-rsa", "ssh-rsa" CERT},
	{"rsa-sha2-512" CERT, SSH_KEY_RSA, 0, true, "ssh-rsa", "ssh-rsa" CERT},
	{"ssh-dss", SSH_KEY_DSA, 0, false, "ssh-dss", NULL},
	{"ssh-dss" CERT, SSH_KEY_DSA, 0, true, "ssh-dss", NULL},
};

/* Inside a blob OpenSSH also takes a plain type's short name in any case. */
static const struct {
	const char *name;
	const char *variant;
} short_names[] = {
	{"RSA", "ssh-rsa"},
	{"DSA", "ssh-dss"},
	{"ED25519", "ssh-ed25519"},
	{"ED25519-SK", "sk-ssh-ed25519@openssh.com"},
};

static const enum field layouts[SSH_KEY_TYPE_MAX][5] = {
	[SSH_KEY_RSA] = {FIELD_NUMBER, FIELD_BITS},
	[SSH_KEY_DSA] = {FIELD_BITS, FIELD_NUMBER, FIELD_NUMBER, FIELD_NUMBER},
	[SSH_KEY_ECDSA] = {FIELD_CURVE, FIELD_POINT},
	[SSH_KEY_ED25519] = {FIELD_ED25519},
	[SSH_KEY_ECDSA_SK] = {FIELD_CURVE, FIELD_POINT, FIELD_STRING},
	[SSH_KEY_ED25519_SK] = {FIELD_ED25519, FIELD_STRING},
};

static const struct variant *variant_find(const char *name, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
		if (strlen(variants[i].name) == n && memcmp(variants[i].name, name, n) == 0)
			return &variants[i];
	}
	return NULL;
}

static const struct variant *variant_of_blob(const char *name, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(short_names); i++) {
		const char *s = short_names[i].name;
		if (strlen(s) == n && strncasecmp(s, name, n) == 0)
			return variant_find(short_names[i].variant, strlen(short_names[i].variant));
	}
	return variant_find(name, n);
}

static struct ssh_cursor take(struct ssh_cursor *c, size_t n)
{
	struct ssh_cursor part = {.p = c->p, .n = n};

	if (c->bad || c->n < n) {
		c->bad = true;
		return (struct ssh_cursor){.bad = true};
	}
	c->p += n;
	c->n -= n;
	return part;
}

uint32_t ssh_get_u32(struct ssh_cursor *c)
{
	struct ssh_cursor b = take(c, 4);

	return b.bad ? 0
		     : (uint32_t)b.p[0] << 24 | (uint32_t)b.p[1] << 16 | (uint32_t)b.p[2] << 8 |
			       b.p[3];
}

uint64_t ssh_get_u64(struct ssh_cursor *c)
{
	uint64_t high = ssh_get_u32(c);

	return high << 32 | ssh_get_u32(c);
}

struct ssh_cursor ssh_get_string(struct ssh_cursor *c)
{
	uint32_t n = ssh_get_u32(c);

	return take(c, n);
}

/* C strings of the format may end with one NUL and hold no other. */
static struct ssh_cursor get_cstring(struct ssh_cursor *c)
{
	struct ssh_cursor s = ssh_get_string(c);
	const uint8_t *nul = s.n > 0 ? memchr(s.p, '\0', s.n) : NULL;

	if (nul && nul != s.p + s.n - 1)
		c->bad = s.bad = true;
	else if (nul)
		s.n--;
	return s;
}

void ssh_put_string(struct ssh_blob *b, const void *p, size_t n)
{
	if (b->bad || n > sizeof(b->data) || sizeof(b->data) - b->n < n + 4) {
		b->bad = true;
		return;
	}
	const uint8_t len[4] = {
		(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
	memcpy(b->data + b->n, len, 4);
	if (n > 0)
		memcpy(b->data + b->n + 4, p, n);
	b->n += n + 4;
}

void ssh_put_number(struct ssh_blob *b, const uint8_t *p, size_t n)
{
	uint8_t buf[NUMBER_MAX + 1] = {0};

	while (n > 0 && *p == 0) {
		p++;
		n--;
	}
	if (n > NUMBER_MAX) {
		b->bad = true;
		return;
	}
	size_t sign = n > 0 && (*p & 0x80);
	if (n > 0)
		memcpy(buf + sign, p, n);
	ssh_put_string(b, buf, n + sign);
}

static unsigned number_bits(struct ssh_cursor s)
{
	while (s.n > 0 && *s.p == 0) {
		s.p++;
		s.n--;
	}
	return s.n == 0 ? 0 : (unsigned)(s.n - 1) * 8 + (32 - (unsigned)__builtin_clz(*s.p));
}

static void copy_number(struct ssh_cursor *c, struct ssh_blob *plain, unsigned *ret_bits)
{
	struct ssh_cursor s = ssh_get_string(c);

	if (s.bad || (s.n > 0 && (*s.p & 0x80)) || s.n > NUMBER_MAX + 1) {
		c->bad = true;
		return;
	}
	*ret_bits = number_bits(s);
	ssh_put_number(plain, s.p, s.n);
}

static void copy_curve(struct ssh_cursor *c, struct ssh_blob *plain, unsigned bits)
{
	const char *want = bits == 256 ? "nistp256" : bits == 384 ? "nistp384" : "nistp521";
	struct ssh_cursor s = get_cstring(c);

	if (s.bad || s.n != strlen(want) || memcmp(s.p, want, s.n) != 0)
		c->bad = true;
	ssh_put_string(plain, want, strlen(want));
}

static void copy_point(struct ssh_cursor *c, struct ssh_blob *plain, unsigned bits)
{
	struct ssh_cursor s = ssh_get_string(c);

	if (s.bad || s.n != 1 + 2 * ((bits + 7) / 8) || s.p[0] != 4) /* 4: uncompressed */
		c->bad = true;
	else
		ssh_put_string(plain, s.p, s.n);
}

/* Reads the fields of the key and writes them as OpenSSH would. */
static void copy_fields(
	struct ssh_cursor *c, const struct variant *v, struct ssh_blob *plain, unsigned *bits)
{
	unsigned length = 0;

	for (const enum field *f = layouts[v->type]; *f != FIELD_END && !c->bad; f++) {
		struct ssh_cursor s;
		switch (*f) {
		case FIELD_NUMBER:
			copy_number(c, plain, &length);
			break;
		case FIELD_BITS:
			copy_number(c, plain, bits);
			break;
		case FIELD_CURVE:
			copy_curve(c, plain, v->bits);
			break;
		case FIELD_POINT:
			copy_point(c, plain, v->bits);
			break;
		case FIELD_ED25519:
		case FIELD_STRING:
			s = *f == FIELD_STRING ? get_cstring(c) : ssh_get_string(c);
			if (s.bad || (*f == FIELD_ED25519 && s.n != ED25519_SIZE))
				c->bad = true;
			else
				ssh_put_string(plain, s.p, s.n);
			break;
		case FIELD_END:
			break;
		}
	}
}

static bool principals_ok(struct ssh_cursor list)
{
	unsigned n = 0;

	while (list.n > 0 && !list.bad && n++ <= PRINCIPALS_MAX)
		(void)get_cstring(&list); /* only whether it can be read */
	return !list.bad && n <= PRINCIPALS_MAX;
}

/* All that follows the key's fields in a certificate. */
static int parse_certificate(struct arena *a, struct ssh_cursor *c, struct ssh_key *key)
{
	struct ssh_certificate *cert = arena_alloc(a, sizeof(*cert));
	struct ssh_key ca;

	if (!cert)
		return -ENOMEM;
	(void)ssh_get_u64(c); /* serial */
	uint32_t type = ssh_get_u32(c);
	(void)get_cstring(c); /* key id */
	struct ssh_cursor principals = ssh_get_string(c);
	cert->valid_after = ssh_get_u64(c);
	cert->valid_before = ssh_get_u64(c);
	(void)ssh_get_string(c); /* critical options */
	(void)ssh_get_string(c); /* extensions */
	(void)ssh_get_string(c); /* reserved */
	struct ssh_cursor signer = ssh_get_string(c);
	(void)ssh_get_string(c); /* signature */
	if (c->bad || (type != CERT_USER && type != CERT_HOST) || !principals_ok(principals))
		return -EBADMSG;
	/* A certificate can't sign: this bounds the recursion. */
	struct ssh_cursor peek = signer;
	struct ssh_cursor name = get_cstring(&peek);
	const struct variant *v = name.bad ? NULL : variant_of_blob((const char *)name.p, name.n);
	if (!v || v->cert)
		return -EBADMSG;
	int r = ssh_key_parse_blob(a, signer.p, signer.n, &ca);
	if (r < 0)
		return r;
	cert->host = type == CERT_HOST;
	cert->ca_name = ca.name;
	cert->ca_bits = ca.bits;
	cert->ca_fingerprint = ca.fingerprint;
	key->cert = cert;
	return 0;
}

/* A key of the future: its name, length unknown, hashed as it stands. */
static int parse_other(
	struct arena *a, struct ssh_cursor name, const uint8_t *p, size_t n, struct ssh_key *ret)
{
	if (name.n == 0 || name.n > 128)
		return -EBADMSG;
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f)
			return -EBADMSG;
	}
	struct ssh_key key = {
		.type = SSH_KEY_OTHER,
		.name = arena_strndup(a, (const char *)name.p, name.n),
		.fingerprint = text_sha256(a, p, n),
	};
	if (!key.name || !key.fingerprint)
		return -ENOMEM;
	*ret = key;
	return 0;
}

static int parse_known(struct arena *a, const struct variant *v, struct ssh_cursor c,
	struct ssh_blob *plain, struct ssh_key *ret)
{
	struct ssh_key key = {
		.type = v->type,
		.name = v->alias ? v->alias : v->name,
		.bits = v->bits,
	};

	if (v->cert)
		(void)ssh_get_string(&c); /* nonce */
	ssh_put_string(plain, v->plain, strlen(v->plain));
	copy_fields(&c, v, plain, &key.bits);
	int r = c.bad || plain->bad || key.bits == 0 ? -EBADMSG : 0;
	if (r == 0 && v->cert)
		r = parse_certificate(a, &c, &key);
	if (r == 0 && c.n != 0)
		r = -EBADMSG;
	if (r < 0)
		return r;
	key.fingerprint = text_sha256(a, plain->data, plain->n);
	if (!key.fingerprint)
		return -ENOMEM;
	*ret = key;
	return 0;
}

int ssh_key_parse_blob(struct arena *a, const uint8_t *p, size_t n, struct ssh_key *ret)
{
	struct ssh_cursor c = {.p = p, .n = n};
	struct ssh_cursor name = get_cstring(&c);

	if (name.bad)
		return -EBADMSG;
	const struct variant *v = variant_of_blob((const char *)name.p, name.n);
	if (!v)
		return parse_other(a, name, p, n, ret);
	/* 12 KiB that the compiler would zero on the stack at each key. */
	_cleanup_free_ struct ssh_blob *plain = malloc(sizeof(*plain));
	if (!plain)
		return -ENOMEM;
	plain->n = 0;
	plain->bad = false;
	return parse_known(a, v, c, plain, ret);
}

int ssh_key_parse_named(struct arena *a, const char *name, size_t name_n, const uint8_t *p,
	size_t n, struct ssh_key *ret)
{
	const struct variant *line = variant_find(name, name_n);
	struct ssh_cursor c = {.p = p, .n = n};
	struct ssh_cursor inner = get_cstring(&c);

	if (inner.bad)
		return -EBADMSG;
	const struct variant *blob = variant_of_blob((const char *)inner.p, inner.n);
	bool fits = line && blob ? line->type == blob->type && line->cert == blob->cert &&
					   line->bits == blob->bits
				 : !line && !blob && inner.n == name_n &&
					   memcmp(inner.p, name, name_n) == 0;
	return fits ? ssh_key_parse_blob(a, p, n, ret) : -EBADMSG;
}

int ssh_base64_decode(const char *s, size_t n, uint8_t **ret, size_t *ret_n)
{
	struct base64_decode_ctx ctx;
	size_t done = BASE64_DECODE_LENGTH(n);

	_cleanup_free_ uint8_t *out = malloc(done + 1);
	if (!out)
		return -ENOMEM;
	base64_decode_init(&ctx);
	if (!base64_decode_update(&ctx, &done, out, n, s) || !base64_decode_final(&ctx))
		return -EBADMSG;
	*ret = TAKE_PTR(out);
	*ret_n = done;
	return 0;
}
