/* SPDX-License-Identifier: ISC */
#include "fact/ssh-key-private.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "fact/der.h"

static const char *const protection_names[] = {
	[SSH_PROTECTION_NONE] = "no passphrase",
	[SSH_PROTECTION_ENCRYPTED] = "encrypted",
	[SSH_PROTECTION_UNKNOWN] = "damaged",
};
static_assert(ARRAY_SIZE(protection_names) == SSH_PROTECTION_MAX, "a name for each");

const char *ssh_protection_name(enum ssh_protection p)
{
	return protection_names[p];
}

/* Text with an end instead of a NUL. */
struct span {
	const char *p, *end;
};

static size_t length(struct span s)
{
	return (size_t)(s.end - s.p);
}

static bool begins(struct span s, const char *word)
{
	size_t n = strlen(word);

	return length(s) >= n && memcmp(s.p, word, n) == 0;
}

static bool is(struct span s, const char *word)
{
	return length(s) == strlen(word) && begins(s, word);
}

/* The next line without its end and trailing blanks; false at the end of the text. */
static bool next_line(struct span *text, struct span *ret)
{
	if (text->p >= text->end)
		return false;
	const char *nl = memchr(text->p, '\n', length(*text));
	struct span line = {text->p, nl ? nl : text->end};
	text->p = nl ? nl + 1 : text->end;
	while (line.end > line.p && strchr(" \t\r", line.end[-1]) && line.end[-1])
		line.end--;
	*ret = line;
	return true;
}

/* Key type without the key: what a name or an algorithm identifier alone tells. */
static void name_key(
	struct ssh_private_key *k, enum ssh_key_type type, const char *name, unsigned bits)
{
	k->key = (struct ssh_key){.type = type, .name = name, .bits = bits, .fingerprint = ""};
}

/* Sets the key from a public wire blob; what can't be decoded leaves it as it was. */
static int set_public(struct arena *a, const uint8_t *p, size_t n, struct ssh_private_key *k)
{
	struct ssh_key key;
	int r = ssh_key_parse_blob(a, p, n, &key);

	if (r == -EBADMSG)
		return 0;
	if (r == 0)
		k->key = key;
	return r;
}

static int set_blob(struct arena *a, const struct ssh_blob *b, struct ssh_private_key *k)
{
	return b->bad ? 0 : set_public(a, b->data, b->n, k);
}

static int parse_openssh(struct arena *a, struct der body, struct ssh_private_key *k)
{
	static const char magic[] = "openssh-key-v1"; /* its NUL is part of it */

	k->format = "OpenSSH";
	if (body.n < sizeof(magic) || memcmp(body.p, magic, sizeof(magic)) != 0)
		return 0;
	struct ssh_cursor c = {.p = body.p + sizeof(magic), .n = body.n - sizeof(magic)};
	struct ssh_cursor cipher = ssh_get_string(&c);
	struct ssh_cursor kdf = ssh_get_string(&c);
	(void)ssh_get_string(&c); /* options of the kdf */
	uint32_t keys = ssh_get_u32(&c);
	struct ssh_cursor public = ssh_get_string(&c);
	(void)ssh_get_string(&c); /* the private part */
	if (c.bad || kdf.bad || keys < 1)
		return 0;
	bool none = cipher.n == 4 && memcmp(cipher.p, "none", 4) == 0;
	k->protection = none ? SSH_PROTECTION_NONE : SSH_PROTECTION_ENCRYPTED;
	return set_public(a, public.p, public.n, k);
}

/* RSAPrivateKey of PKCS#1: version, n, e, ... */
static int parse_rsa(struct arena *a, struct der body, struct ssh_private_key *k)
{
	struct ssh_blob b = {.n = 0};
	struct der seq = der_get(&body, DER_SEQUENCE);

	(void)der_get(&seq, DER_INTEGER); /* version */
	struct der n = der_get(&seq, DER_INTEGER), e = der_get(&seq, DER_INTEGER);
	if (seq.bad)
		return 0;
	k->protection = SSH_PROTECTION_NONE;
	ssh_put_string(&b, "ssh-rsa", 7);
	ssh_put_number(&b, e.p, e.n);
	ssh_put_number(&b, n.p, n.n);
	return set_blob(a, &b, k);
}

/* OpenSSL's form: version, p, q, g, y, x. */
static int parse_dsa(struct arena *a, struct der body, struct ssh_private_key *k)
{
	struct ssh_blob b = {.n = 0};
	struct der seq = der_get(&body, DER_SEQUENCE);

	(void)der_get(&seq, DER_INTEGER); /* version */
	ssh_put_string(&b, "ssh-dss", 7);
	for (int i = 0; i < 4; i++) {
		struct der number = der_get(&seq, DER_INTEGER);
		ssh_put_number(&b, number.p, number.n);
	}
	if (seq.bad)
		return 0;
	k->protection = SSH_PROTECTION_NONE;
	return set_blob(a, &b, k);
}

static const struct curve {
	const char *oid;
	size_t n;
	const char *key, *name;
	unsigned bits;
} curves[] = {
	{"\x2a\x86\x48\xce\x3d\x03\x01\x07", 8, "ecdsa-sha2-nistp256", "nistp256", 256},
	{"\x2b\x81\x04\x00\x22", 5, "ecdsa-sha2-nistp384", "nistp384", 384},
	{"\x2b\x81\x04\x00\x23", 5, "ecdsa-sha2-nistp521", "nistp521", 521},
};

static const struct curve *curve_find(struct der oid)
{
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++) {
		if (der_is(oid, curves[i].oid, curves[i].n))
			return &curves[i];
	}
	return NULL;
}

/* ECPrivateKey of RFC 5915; the curve may be given outside of it. */
static int parse_ec(
	struct arena *a, struct der body, const struct curve *curve, struct ssh_private_key *k)
{
	struct ssh_blob b = {.n = 0};
	struct der seq = der_get(&body, DER_SEQUENCE);

	(void)der_get(&seq, DER_INTEGER);      /* version */
	(void)der_get(&seq, DER_OCTET_STRING); /* the secret */
	if (seq.bad)
		return 0;
	k->protection = SSH_PROTECTION_NONE;
	struct der params = der_get_optional(&seq, DER_CONTEXT(0));
	if (params.n > 0)
		curve = curve_find(der_get(&params, DER_OID));
	if (!curve) {
		name_key(k, SSH_KEY_ECDSA, "ecdsa", 0);
		return 0;
	}
	name_key(k, SSH_KEY_ECDSA, curve->key, curve->bits);
	struct der wrapped = der_get_optional(&seq, DER_CONTEXT(1));
	struct der point = der_get_bits(&wrapped, DER_BIT_STRING);
	if (point.n == 0)
		return 0;
	ssh_put_string(&b, curve->key, strlen(curve->key));
	ssh_put_string(&b, curve->name, strlen(curve->name));
	ssh_put_string(&b, point.p, point.n);
	return set_blob(a, &b, k);
}

static int parse_pkcs8_dsa(struct der params, struct ssh_private_key *k)
{
	struct der seq = der_get(&params, DER_SEQUENCE);
	struct der p = der_get(&seq, DER_INTEGER);

	/* The public number isn't there: it would have to be computed from the secret. */
	name_key(k, SSH_KEY_DSA, "ssh-dss", seq.bad ? 0 : der_bits(p));
	return 0;
}

static int parse_pkcs8_ed25519(struct arena *a, struct der rest, struct ssh_private_key *k)
{
	struct ssh_blob b = {.n = 0};

	name_key(k, SSH_KEY_ED25519, "ssh-ed25519", 256);
	(void)der_get_optional(&rest, DER_CONTEXT(0)); /* attributes */
	/* RFC 5958: the public key may follow; OpenSSL doesn't write it. */
	struct der point = der_get_bits(&rest, DER_CONTEXT_PLAIN(1));
	if (point.n == 0)
		return 0;
	ssh_put_string(&b, "ssh-ed25519", 11);
	ssh_put_string(&b, point.p, point.n);
	return set_blob(a, &b, k);
}

static int parse_pkcs8(struct arena *a, struct der body, struct ssh_private_key *k)
{
	struct der seq = der_get(&body, DER_SEQUENCE);

	k->format = "PKCS#8";
	(void)der_get(&seq, DER_INTEGER); /* version */
	struct der algorithm = der_get(&seq, DER_SEQUENCE);
	struct der oid = der_get(&algorithm, DER_OID);
	struct der inner = der_get(&seq, DER_OCTET_STRING);
	if (seq.bad || algorithm.bad)
		return 0;
	k->protection = SSH_PROTECTION_NONE;
	if (der_is(oid, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9) ||
		der_is(oid, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", 9)) { /* PSS */
		name_key(k, SSH_KEY_RSA, "ssh-rsa", 0);
		return parse_rsa(a, inner, k);
	}
	if (der_is(oid, "\x2a\x86\x48\xce\x3d\x02\x01", 7))
		return parse_ec(a, inner, curve_find(der_get(&algorithm, DER_OID)), k);
	if (der_is(oid, "\x2a\x86\x48\xce\x38\x04\x01", 7))
		return parse_pkcs8_dsa(algorithm, k);
	if (der_is(oid, "\x2b\x65\x70", 3))
		return parse_pkcs8_ed25519(a, seq, k);
	return 0;
}

static int parse_encrypted(_unused_ struct arena *a, struct der body, struct ssh_private_key *k)
{
	struct der seq = der_get(&body, DER_SEQUENCE);

	(void)der_get(&seq, DER_SEQUENCE); /* how it is encrypted */
	(void)der_get(&seq, DER_OCTET_STRING);
	k->format = "PKCS#8";
	k->protection = seq.bad ? SSH_PROTECTION_UNKNOWN : SSH_PROTECTION_ENCRYPTED;
	return 0;
}

static int parse_ec_pem(struct arena *a, struct der body, struct ssh_private_key *k)
{
	return parse_ec(a, body, NULL, k);
}

/* ssh.com: magic, length, type, cipher, data. */
static int parse_sshcom(_unused_ struct arena *a, struct der body, struct ssh_private_key *k)
{
	struct ssh_cursor c = {.p = body.p, .n = body.n};
	bool magic = ssh_get_u32(&c) == 0x3f6ff9eb;

	k->format = "ssh.com";
	(void)ssh_get_u32(&c);
	struct ssh_cursor type = ssh_get_string(&c), cipher = ssh_get_string(&c);
	if (!magic || c.bad)
		return 0;
	if (memmem(type.p, type.n, "rsa", 3))
		name_key(k, SSH_KEY_RSA, "ssh-rsa", 0);
	else if (memmem(type.p, type.n, "dl-modp", 7))
		name_key(k, SSH_KEY_DSA, "ssh-dss", 0);
	bool none = cipher.n == 4 && memcmp(cipher.p, "none", 4) == 0;
	k->protection = none ? SSH_PROTECTION_NONE : SSH_PROTECTION_ENCRYPTED;
	return 0;
}

static const struct armour {
	const char *begin, *end;
	enum ssh_key_type type;
	const char *name;
	int (*parse)(struct arena *a, struct der body, struct ssh_private_key *k);
} armours[] = {
	{"-----BEGIN OPENSSH PRIVATE KEY-----", "-----END ", SSH_KEY_OTHER, "", parse_openssh},
	{"-----BEGIN RSA PRIVATE KEY-----", "-----END ", SSH_KEY_RSA, "ssh-rsa", parse_rsa},
	{"-----BEGIN DSA PRIVATE KEY-----", "-----END ", SSH_KEY_DSA, "ssh-dss", parse_dsa},
	{"-----BEGIN EC PRIVATE KEY-----", "-----END ", SSH_KEY_ECDSA, "ecdsa", parse_ec_pem},
	{"-----BEGIN PRIVATE KEY-----", "-----END ", SSH_KEY_OTHER, "", parse_pkcs8},
	{"-----BEGIN ENCRYPTED PRIVATE KEY-----", "-----END ", SSH_KEY_OTHER, "", parse_encrypted},
	{"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----", "---- END ", SSH_KEY_OTHER, "",
		parse_sshcom},
};

/* The base64 lines between the headers and the end; encrypted when a header says so. */
static int armour_body(
	const struct armour *m, struct span text, bool *ret_encrypted, uint8_t **ret, size_t *ret_n)
{
	_cleanup_free_ char *base64 = malloc(length(text) + 1);
	struct span line;
	size_t n = 0;
	bool ended = false, header = false;

	if (!base64)
		return -ENOMEM;
	while (!ended && next_line(&text, &line)) {
		ended = begins(line, m->end);
		bool continued = header && length(line) > 0 && line.end[-1] == '\\';
		if (ended || header || memchr(line.p, ':', length(line))) {
			if (begins(line, "Proc-Type:") &&
				memmem(line.p, length(line), "ENCRYPTED", 9))
				*ret_encrypted = true;
			header = continued;
			continue;
		}
		memcpy(base64 + n, line.p, length(line));
		n += length(line);
	}
	int r = ended ? ssh_base64_decode(base64, n, ret, ret_n) : -EBADMSG;
	explicit_bzero(base64, n);
	return r;
}

static int parse_armour(
	struct arena *a, const struct armour *m, struct span text, struct ssh_private_key *ret)
{
	struct ssh_private_key k = {.format = "PEM", .protection = SSH_PROTECTION_UNKNOWN};
	_cleanup_free_ uint8_t *body = NULL;
	size_t n = 0;
	bool encrypted = false;

	name_key(&k, m->type, m->name, 0);
	int r = armour_body(m, text, &encrypted, &body, &n);
	if (r == -ENOMEM)
		return r;
	if (encrypted)
		k.protection = SSH_PROTECTION_ENCRYPTED;
	else if (r == 0)
		r = m->parse(a, (struct der){.p = body, .n = n}, &k);
	if (body)
		explicit_bzero(body, n);
	if (r == -ENOMEM)
		return r;
	*ret = k;
	return 1;
}

/* PuTTY: a header, `Encryption: none`, then the public key in clear. */
static int parse_putty(struct arena *a, struct span text, struct ssh_private_key *ret)
{
	struct ssh_private_key k = {.format = "PuTTY", .protection = SSH_PROTECTION_UNKNOWN};
	_cleanup_free_ uint8_t *blob = NULL;
	_cleanup_free_ char *base64 = malloc(length(text) + 1);
	struct span line;
	size_t used = 0, n = 0;
	bool public = false;

	if (!base64)
		return -ENOMEM;
	name_key(&k, SSH_KEY_OTHER, "", 0);
	while (next_line(&text, &line) && !begins(line, "Private-Lines:")) {
		if (begins(line, "Encryption:"))
			k.protection = is(line, "Encryption: none") ? SSH_PROTECTION_NONE
								    : SSH_PROTECTION_ENCRYPTED;
		if (public && !memchr(line.p, ':', length(line))) {
			memcpy(base64 + used, line.p, length(line));
			used += length(line);
		}
		public = public ? !memchr(line.p, ':', length(line))
				: begins(line, "Public-Lines:");
	}
	int r = ssh_base64_decode(base64, used, &blob, &n);
	if (r == 0)
		r = set_public(a, blob, n, &k);
	if (r == -ENOMEM)
		return r;
	*ret = k;
	return 1;
}

/* Protocol 1: magic and NUL, cipher, four reserved bytes, bits of the modulus. */
static int parse_rsa1(struct span text, struct ssh_private_key *ret)
{
	struct ssh_private_key k = {.format = "SSH-1", .protection = SSH_PROTECTION_UNKNOWN};
	size_t magic = strlen("SSH PRIVATE KEY FILE FORMAT 1.1\n") + 1;

	name_key(&k, SSH_KEY_RSA1, "rsa1", 0);
	if (length(text) >= magic + 9) {
		struct ssh_cursor c = {.p = (const uint8_t *)text.p + magic, .n = 9};
		k.protection = *c.p == 0 ? SSH_PROTECTION_NONE : SSH_PROTECTION_ENCRYPTED;
		c.p++;
		c.n--;
		(void)ssh_get_u32(&c);
		k.key.bits = ssh_get_u32(&c);
	}
	*ret = k;
	return 1;
}

int ssh_key_parse_private(struct arena *a, const char *data, size_t n, struct ssh_private_key *ret)
{
	struct span text = {data, data + n}, line;

	if (begins(text, "PuTTY-User-Key-File-"))
		return parse_putty(a, text, ret);
	if (begins(text, "SSH PRIVATE KEY FILE FORMAT 1.1\n"))
		return parse_rsa1(text, ret);
	/* OpenSSL skips what stands before the armour, so it may begin at any line. */
	while (next_line(&text, &line)) {
		if (!begins(line, "----"))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(armours); i++) {
			if (is(line, armours[i].begin))
				return parse_armour(a, &armours[i], text, ret);
		}
	}
	return 0;
}
