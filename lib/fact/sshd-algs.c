/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "fact/sshd-conf.h"

struct alg {
	const char *name;
	unsigned since, until;
};

/* In the order in which sshd has them, which is that of a wildcard's result. */
static const struct alg ciphers[] = {
	{"3des-cbc"},
	{"aes128-cbc"},
	{"aes192-cbc"},
	{"aes256-cbc"},
	{"rijndael-cbc@lysator.liu.se", 0, 805},
	{"aes128-ctr"},
	{"aes192-ctr"},
	{"aes256-ctr"},
	{"aes128-gcm@openssh.com"},
	{"aes256-gcm@openssh.com"},
	{"chacha20-poly1305@openssh.com"},
	{NULL},
};

static const struct alg macs[] = {
	{"hmac-sha1"},
	{"hmac-sha1-96"},
	{"hmac-sha2-256"},
	{"hmac-sha2-512"},
	{"hmac-md5"},
	{"hmac-md5-96"},
	{"umac-64@openssh.com"},
	{"umac-128@openssh.com"},
	{"hmac-sha1-etm@openssh.com"},
	{"hmac-sha1-96-etm@openssh.com"},
	{"hmac-sha2-256-etm@openssh.com"},
	{"hmac-sha2-512-etm@openssh.com"},
	{"hmac-md5-etm@openssh.com"},
	{"hmac-md5-96-etm@openssh.com"},
	{"umac-64-etm@openssh.com"},
	{"umac-128-etm@openssh.com"},
	{NULL},
};

static const struct alg kexs[] = {
	{"diffie-hellman-group1-sha1"},
	{"diffie-hellman-group14-sha1"},
	{"diffie-hellman-group14-sha256"},
	{"diffie-hellman-group16-sha512"},
	{"diffie-hellman-group18-sha512"},
	{"diffie-hellman-group-exchange-sha1"},
	{"diffie-hellman-group-exchange-sha256"},
	{"ecdh-sha2-nistp256"},
	{"ecdh-sha2-nistp384"},
	{"ecdh-sha2-nistp521"},
	{"curve25519-sha256"},
	{"curve25519-sha256@libssh.org"},
	{"sntrup4591761x25519-sha512@tinyssh.org", 800, 805},
	/* 9.9 upstream, but distributions took the plain name back into older ones. */
	{"sntrup761x25519-sha512", 805},
	{"sntrup761x25519-sha512@openssh.com", 805},
	{"mlkem768x25519-sha256", 909},
	{NULL},
};

/* Those that GSSAPI key exchange patches add: taken by name, in no list. */
static const char *const gss_kexs[] = {
	"gss-gex-sha1-",
	"gss-group1-sha1-",
	"gss-group14-sha1-",
	"gss-group14-sha256-",
	"gss-group16-sha512-",
	"gss-nistp256-sha256-",
	"gss-curve25519-sha256-",
};

static const struct alg keys[] = {
	{"ssh-ed25519"},
	{"ssh-ed25519-cert-v01@openssh.com"},
	{"sk-ssh-ed25519@openssh.com", 802},
	{"sk-ssh-ed25519-cert-v01@openssh.com", 802},
	{"ecdsa-sha2-nistp256"},
	{"ecdsa-sha2-nistp256-cert-v01@openssh.com"},
	{"ecdsa-sha2-nistp384"},
	{"ecdsa-sha2-nistp384-cert-v01@openssh.com"},
	{"ecdsa-sha2-nistp521"},
	{"ecdsa-sha2-nistp521-cert-v01@openssh.com"},
	{"sk-ecdsa-sha2-nistp256@openssh.com", 802},
	{"sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", 802},
	{"webauthn-sk-ecdsa-sha2-nistp256@openssh.com", 804},
	{"ssh-dss", 0, 1000},
	{"ssh-dss-cert-v01@openssh.com", 0, 1000},
	{"ssh-rsa"},
	{"ssh-rsa-cert-v01@openssh.com"},
	{"rsa-sha2-256"},
	{"rsa-sha2-256-cert-v01@openssh.com"},
	{"rsa-sha2-512"},
	{"rsa-sha2-512-cert-v01@openssh.com"},
	{NULL},
};

/* Names of the kind of key: sshd takes them, but no list holds them. */
static const char *const short_keys[] = {
	"ED25519",
	"ED25519-SK",
	"ECDSA",
	"ECDSA-SK",
	"DSA",
	"RSA",
	"null",
};

static const struct alg *table(enum sshd_alg kind)
{
	switch (kind) {
	case SSHD_ALG_CIPHER:
		return ciphers;
	case SSHD_ALG_MAC:
		return macs;
	case SSHD_ALG_KEX:
		return kexs;
	case SSHD_ALG_KEY:
	case SSHD_ALG_CA:
		break;
	}
	return keys;
}

static bool in_version(const struct alg *a, unsigned version)
{
	return version >= a->since && (a->until == 0 || version < a->until);
}

static bool key_name_valid(enum sshd_alg kind, const char *name, unsigned version)
{
	/* 10.0 takes no names of kinds any more, and certificates do not sign certificates. */
	if (kind == SSHD_ALG_CA && version >= 1000 && strstr(name, "-cert-v01@"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(short_keys) && version < 1000; i++) {
		if (strcasecmp(short_keys[i], name) == 0)
			return true;
	}
	for (const struct alg *a = keys; a->name; a++) {
		if (in_version(a, version) && sshd_pattern_list(a->name, name, false) != 0)
			return true;
	}
	return false;
}

static bool name_valid(enum sshd_alg kind, const char *name, unsigned version)
{
	/* A newer sshd may know what is not in the tables here. */
	if (version > SSHD_VERSION_MAX)
		return true;
	if (kind == SSHD_ALG_KEY || kind == SSHD_ALG_CA)
		return key_name_valid(kind, name, version);
	for (const struct alg *a = table(kind); a->name; a++) {
		if (in_version(a, version) && strcmp(a->name, name) == 0)
			return true;
	}
	for (size_t i = 0; kind == SSHD_ALG_KEX && i < ARRAY_SIZE(gss_kexs); i++) {
		if (strncmp(gss_kexs[i], name, strlen(gss_kexs[i])) == 0)
			return true;
	}
	return false;
}

bool sshd_algs_valid(enum sshd_alg kind, const char *value, unsigned version)
{
	if (*value == '-')
		return true;
	if (*value == '+' || *value == '^')
		value++;
	if (!*value)
		return false;
	/* An empty name ends sshd's look: "a,,junk" is taken. */
	while (*value && *value != ',') {
		char name[256];
		size_t n = strcspn(value, ",");
		if (n >= sizeof(name))
			return false;
		memcpy(name, value, n);
		name[n] = '\0';
		if (!name_valid(kind, name, version))
			return false;
		value += n;
		value += *value == ',';
	}
	return true;
}

/* ---- assembling ---- */

struct list {
	char *text;
	size_t n, room;
};

static bool list_has(const char *list, const char *name, size_t n)
{
	for (const char *p = list; *p; p += *p == ',') {
		size_t len = strcspn(p, ",");
		if (len == n && strncmp(p, name, n) == 0)
			return true;
		p += len;
	}
	return false;
}

/* Adds a name that is not there yet. */
static int list_add(struct arena *a, struct list *l, const char *name, size_t n)
{
	if (n == 0 || (l->text && list_has(l->text, name, n)))
		return 0;
	if (l->room < l->n + n + 2) {
		size_t room = (l->n + n + 2) * 2;
		char *text = arena_alloc(a, room);
		if (!text)
			return -ENOMEM;
		if (l->n > 0)
			memcpy(text, l->text, l->n);
		l->text = text;
		l->room = room;
	}
	if (l->n > 0)
		l->text[l->n++] = ',';
	memcpy(l->text + l->n, name, n);
	l->n += n;
	l->text[l->n] = '\0';
	return 0;
}

/* Adds those names of a comma-separated text that filter, a pattern list, does not hold for. */
static int list_add_except(struct arena *a, struct list *l, const char *names, const char *filter)
{
	for (const char *p = names; *p; p += *p == ',') {
		char name[256];
		size_t n = strcspn(p, ",");
		if (n < sizeof(name)) {
			memcpy(name, p, n);
			name[n] = '\0';
			if (sshd_pattern_list(name, filter, false) != 1 &&
				list_add(a, l, name, n) < 0)
				return -ENOMEM;
		}
		p += n;
	}
	return 0;
}

/* Adds each known name that one pattern of n bytes holds for, in sshd's own order. */
static int list_add_matching(struct arena *a, struct list *l, const struct sshd_algs *algs,
	const char *pattern, size_t n)
{
	char *text = arena_strndup(a, pattern, n);
	bool known = false;

	if (!text)
		return -ENOMEM;
	for (const struct alg *k = table(algs->kind); k->name; k++) {
		if (!in_version(k, algs->version) || !sshd_pattern(k->name, text))
			continue;
		if (algs->kind == SSHD_ALG_CA && strstr(k->name, "-cert-"))
			continue;
		known = true;
		if (list_add(a, l, k->name, strlen(k->name)) < 0)
			return -ENOMEM;
	}
	/* What only a newer sshd knows is kept by name. */
	if (!known && algs->version > SSHD_VERSION_MAX)
		return list_add(a, l, pattern, n);
	return 0;
}

/* Each name of value in its turn, patterns resolved; what nobody knows is dropped. */
static int resolve(struct arena *a, const struct sshd_algs *algs, const char *value, struct list *l)
{
	for (const char *p = value;; p++) {
		size_t n = strcspn(p, ",");
		if (*p == '!')
			return -EINVAL;
		int r = list_add_matching(a, l, algs, p, n);
		if (r < 0)
			return r;
		p += n;
		if (!*p)
			return l->n > 0 ? 0 : -EINVAL;
	}
}

/* How much of a list sshd appends: up to the first empty name. */
static int until_empty(const char *names)
{
	const char *p = names;

	while (*p && *p != ',') {
		p += strcspn(p, ",");
		p += *p == ',';
	}
	return (int)(p - names);
}

int sshd_algs_assemble(
	struct arena *a, const struct sshd_algs *algs, const char *value, const char **ret)
{
	struct list l = {0};
	const char *whole = value;
	int r;

	if (*value == '-') {
		r = list_add_except(a, &l, algs->dflt, value + 1);
		if (r < 0)
			return r;
		*ret = l.n > 0 ? l.text : "";
		return 0;
	}
	if (*value == '+')
		whole = arena_printf(a, "%s,%.*s", algs->dflt, until_empty(value + 1), value + 1);
	else if (*value == '^')
		whole = arena_printf(a, "%s,%s", value + 1, algs->dflt);
	r = whole ? resolve(a, algs, whole, &l) : -ENOMEM;
	if (r == 0)
		*ret = l.text;
	return r;
}
