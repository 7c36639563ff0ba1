/* SPDX-License-Identifier: ISC */
/*
 * What sshd does when nothing is said. From fill_default_server_options() and
 * myproposal.h of the versions that distributions ship, compared with what
 * their `sshd -T` prints.
 */
#include <errno.h>
#include <string.h>

#include "fact/sshd-conf.h"

#define ECDSA "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521"
#define ECDSA_CERT                                                                           \
	"ecdsa-sha2-nistp256-cert-v01@openssh.com,ecdsa-sha2-nistp384-cert-v01@openssh.com," \
	"ecdsa-sha2-nistp521-cert-v01@openssh.com"
#define ED	   "ssh-ed25519"
#define ED_CERT	   "ssh-ed25519-cert-v01@openssh.com"
#define SK_ED	   "sk-ssh-ed25519@openssh.com"
#define SK_ED_CERT "sk-ssh-ed25519-cert-v01@openssh.com"
#define SK_EC	   "sk-ecdsa-sha2-nistp256@openssh.com"
#define SK_EC_CERT "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com"
#define RSA	   "rsa-sha2-512,rsa-sha2-256"
#define RSA_CERT   "rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com"
#define OLD_CERT   "ssh-rsa-cert-v01@openssh.com"

#define KEYS_80 ECDSA_CERT "," ED_CERT "," RSA_CERT "," OLD_CERT "," ECDSA "," ED "," RSA ",ssh-rsa"
#define KEYS_82                                                                                  \
	ECDSA_CERT "," SK_EC_CERT "," ED_CERT "," SK_ED_CERT "," RSA_CERT "," OLD_CERT "," ECDSA \
		   "," SK_EC "," ED "," SK_ED "," RSA ",ssh-rsa"
#define KEYS_85                                                                               \
	ED_CERT "," ECDSA_CERT "," SK_ED_CERT "," SK_EC_CERT "," RSA_CERT "," OLD_CERT "," ED \
		"," ECDSA "," SK_ED "," SK_EC "," RSA ",ssh-rsa"
#define KEYS_88                                                                            \
	ED_CERT "," ECDSA_CERT "," SK_ED_CERT "," SK_EC_CERT "," RSA_CERT "," ED "," ECDSA \
		"," SK_ED "," SK_EC "," RSA
#define CA_80 ECDSA "," ED "," RSA ",ssh-rsa"
#define CA_82 ECDSA "," SK_EC "," ED "," SK_ED "," RSA
#define CA_85 ED "," ECDSA "," SK_ED "," SK_EC "," RSA

#define CURVES                                                                                  \
	"curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384," \
	"ecdh-sha2-nistp521"
#define GROUPS                                                                \
	"diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512," \
	"diffie-hellman-group18-sha512,diffie-hellman-group14-sha256"
#define SNTRUP "sntrup761x25519-sha512@openssh.com"

#define CTR "aes128-ctr,aes192-ctr,aes256-ctr"
#define GCM "aes128-gcm@openssh.com,aes256-gcm@openssh.com"

struct row {
	const char *keyword;
	unsigned since; /* this value holds from this version on */
	const char *value;
};

/* Sorted by keyword and version. "" is a list of nothing. */
static const struct row rows[] = {
	{"acceptenv", 0, ""},
	{"addressfamily", 0, "any"},
	{"allowagentforwarding", 0, "yes"},
	{"allowgroups", 0, ""},
	{"allowstreamlocalforwarding", 0, "yes"},
	{"allowtcpforwarding", 0, "yes"},
	{"allowusers", 0, ""},
	{"authenticationmethods", 0, "any"},
	{"authorizedkeyscommand", 0, "none"},
	{"authorizedkeyscommanduser", 0, "none"},
	{"authorizedkeysfile", 0, ".ssh/authorized_keys .ssh/authorized_keys2"},
	{"authorizedprincipalscommand", 0, "none"},
	{"authorizedprincipalscommanduser", 0, "none"},
	{"authorizedprincipalsfile", 0, "none"},
	{"banner", 0, "none"},
	{"casignaturealgorithms", 0, CA_80},
	{"casignaturealgorithms", 802, CA_82},
	{"casignaturealgorithms", 805, CA_85},
	{"chrootdirectory", 0, "none"},
	{"ciphers", 0, "chacha20-poly1305@openssh.com," CTR "," GCM},
	{"ciphers", 1000, "chacha20-poly1305@openssh.com," GCM "," CTR},
	{"clientalivecountmax", 0, "3"},
	{"clientaliveinterval", 0, "0"},
	{"compression", 0, "yes"},
	{"denygroups", 0, ""},
	{"denyusers", 0, ""},
	{"disableforwarding", 0, "no"},
	{"forcecommand", 0, "none"},
	{"gatewayports", 0, "no"},
	{"gssapiauthentication", 0, "no"},
	{"gssapikeyexchange", 0, "no"},
	{"hostbasedacceptedalgorithms", 0, KEYS_80},
	{"hostbasedacceptedalgorithms", 802, KEYS_82},
	{"hostbasedacceptedalgorithms", 805, KEYS_85},
	{"hostbasedacceptedalgorithms", 808, KEYS_88},
	{"hostbasedauthentication", 0, "no"},
	{"hostcertificate", 0, ""},
	{"hostkey", 0,
		"/etc/ssh/ssh_host_rsa_key /etc/ssh/ssh_host_ecdsa_key "
		"/etc/ssh/ssh_host_ed25519_key"},
	{"hostkeyagent", 0, "none"},
	{"hostkeyalgorithms", 0, KEYS_80},
	{"hostkeyalgorithms", 802, KEYS_82},
	{"hostkeyalgorithms", 805, KEYS_85},
	{"hostkeyalgorithms", 808, KEYS_88},
	{"ignorerhosts", 0, "yes"},
	/* Until 8.6 ChallengeResponseAuthentication, on by default, switches it on. */
	{"kbdinteractiveauthentication", 0, "no"},
	{"kbdinteractiveauthentication", 807, "yes"},
	{"kerberosauthentication", 0, "no"},
	{"kexalgorithms", 0, CURVES "," GROUPS ",diffie-hellman-group14-sha1"},
	{"kexalgorithms", 802, CURVES "," GROUPS},
	{"kexalgorithms", 900, SNTRUP "," CURVES "," GROUPS},
	/* Only Debian 12 ships 9.2, and has brought the plain name back. */
	{"kexalgorithms", 902, "sntrup761x25519-sha512," SNTRUP "," CURVES "," GROUPS},
	{"kexalgorithms", 903, SNTRUP "," CURVES "," GROUPS},
	{"kexalgorithms", 909,
		"sntrup761x25519-sha512," SNTRUP ",mlkem768x25519-sha256," CURVES "," GROUPS},
	{"kexalgorithms", 1000, "mlkem768x25519-sha256,sntrup761x25519-sha512," SNTRUP "," CURVES},
	{"listenaddress", 0, "[::]:22 0.0.0.0:22"},
	{"logingracetime", 0, "120"},
	{"loglevel", 0, "INFO"},
	{"macs", 0,
		"umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,"
		"hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com,"
		"umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1"},
	{"maxauthtries", 0, "6"},
	{"maxsessions", 0, "10"},
	{"passwordauthentication", 0, "yes"},
	{"permitemptypasswords", 0, "no"},
	{"permitlisten", 0, "any"},
	{"permitopen", 0, "any"},
	{"permitrootlogin", 0, "without-password"},
	{"permittty", 0, "yes"},
	{"permittunnel", 0, "no"},
	{"permituserenvironment", 0, "no"},
	{"permituserrc", 0, "yes"},
	{"pidfile", 0, "/run/sshd.pid"},
	{"port", 0, "22"},
	{"pubkeyacceptedalgorithms", 0, KEYS_80},
	{"pubkeyacceptedalgorithms", 802, KEYS_82},
	{"pubkeyacceptedalgorithms", 805, KEYS_85},
	{"pubkeyacceptedalgorithms", 808, KEYS_88},
	{"pubkeyauthentication", 0, "yes"},
	{"pubkeyauthoptions", 0, "none"},
	{"refuseconnection", 909, "no"},
	{"requiredrsasize", 0, "1024"},
	{"revokedkeys", 0, "none"},
	{"strictmodes", 0, "yes"},
	{"syslogfacility", 0, "AUTH"},
	{"tcpkeepalive", 0, "yes"},
	{"trustedusercakeys", 0, "none"},
	{"usedns", 0, "no"},
	{"usepam", 0, "no"},
	{"x11forwarding", 0, "no"},
	{"x11uselocalhost", 0, "yes"},
};

int sshd_defaults_table(
	struct arena *a, unsigned version, const struct sshd_value **ret, size_t *ret_n)
{
	struct sshd_value *v = arena_alloc(a, ARRAY_SIZE(rows) * sizeof(*v));
	size_t n = 0;

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].since > version)
			continue;
		if (n > 0 && strcmp(v[n - 1].keyword, rows[i].keyword) == 0)
			n--;
		v[n++] = (struct sshd_value){.keyword = rows[i].keyword, .value = rows[i].value};
	}
	*ret = v;
	*ret_n = n;
	return 0;
}

static int compare_keyword(const void *key, const void *element)
{
	return strcmp(key, ((const struct sshd_value *)element)->keyword);
}

const struct sshd_value *sshd_default(const struct sshd_conf *c, const char *keyword)
{
	return bsearch(keyword, c->defaults, c->n_defaults, sizeof(*c->defaults), compare_keyword);
}

/* Output of sshd -T on its way into the table's values. */
struct text_reader {
	struct arena *arena;
	unsigned version;
	struct sshd_value *v;
	size_t n;
	bool seen[ARRAY_SIZE(rows)];
};

/* The place of a keyword, under whatever name that version prints it; NULL when it is not shown. */
static struct sshd_value *find_slot(struct text_reader *t, const char *keyword)
{
	const struct sshd_keyword *k = sshd_keyword_find(keyword, t->version);

	if (k)
		keyword = sshd_keyword_real(k)->name;
	/* Until 8.6 it is printed as another keyword has made it: the table knows better. */
	if (t->version < SSHD_VERSION_ARGV && strcmp(keyword, "kbdinteractiveauthentication") == 0)
		return NULL;
	return bsearch(keyword, t->v, t->n, sizeof(*t->v), compare_keyword);
}

/* Takes one "keyword value" of n bytes; a keyword again adds to its value. */
static int take_line(struct text_reader *t, const char *line, size_t n)
{
	const char *space = memchr(line, ' ', n);
	size_t name = space ? (size_t)(space - line) : n;
	char *keyword = arena_strndup(t->arena, line, name);
	char *value = arena_strndup(
		t->arena, line + name + (space != NULL), n - name - (space != NULL));

	if (!keyword || !value)
		return -ENOMEM;
	struct sshd_value *slot = find_slot(t, keyword);
	if (!slot)
		return 0;
	bool *seen = &t->seen[slot - t->v];
	slot->value = *seen ? arena_printf(t->arena, "%s %s", slot->value, value) : value;
	*seen = true;
	return slot->value ? 0 : -ENOMEM;
}

int sshd_defaults_text(struct arena *a, unsigned version, const char *text,
	const struct sshd_value **ret, size_t *ret_n)
{
	struct text_reader t = {.arena = a, .version = version};
	const struct sshd_value *table = NULL;

	int r = sshd_defaults_table(a, version, &table, &t.n);
	if (r < 0)
		return r;
	/* Output of something else must not pass for defaults. */
	if (!strstr(text, "\npermitrootlogin ") || !strstr(text, "\nkexalgorithms "))
		return -EBADMSG;
	t.v = arena_alloc(a, t.n * sizeof(*t.v));
	if (!t.v)
		return -ENOMEM;
	memcpy(t.v, table, t.n * sizeof(*t.v));
	for (const char *p = text; *p && r == 0; p += *p == '\n') {
		size_t len = strcspn(p, "\n");
		r = take_line(&t, p, len);
		p += len;
	}
	if (r < 0)
		return r;
	*ret = t.v;
	*ret_n = t.n;
	return 0;
}
