/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "fact/sshd-values.h"

static const struct sshd_choice flag[] = {{"yes", "yes"}, {"no", "no"}, {NULL, NULL}};
static const struct sshd_choice root_login[] = {
	{"without-password", "without-password"},
	{"prohibit-password", "without-password"},
	{"forced-commands-only", "forced-commands-only"},
	{"yes", "yes"},
	{"no", "no"},
	{NULL, NULL},
};
static const struct sshd_choice rhosts[] = {
	{"yes", "yes"}, {"no", "no"}, {"shosts-only", "shosts-only"}, {NULL, NULL}};
static const struct sshd_choice family[] = {
	{"inet", "inet"}, {"inet6", "inet6"}, {"any", "any"}, {NULL, NULL}};
static const struct sshd_choice compression[] = {
	{"yes", "yes"}, {"delayed", "yes"}, {"no", "no"}, {NULL, NULL}};
static const struct sshd_choice gateway[] = {
	{"clientspecified", "clientspecified"}, {"yes", "yes"}, {"no", "no"}, {NULL, NULL}};
static const struct sshd_choice forwarding[] = {
	{"yes", "yes"},
	{"all", "yes"},
	{"no", "no"},
	{"remote", "remote"},
	{"local", "local"},
	{NULL, NULL},
};
static const struct sshd_choice tunnel[] = {
	{"no", "no"},
	{"point-to-point", "point-to-point"},
	{"ethernet", "ethernet"},
	{"yes", "yes"},
	{NULL, NULL},
};
static const struct sshd_choice hash[] = {{"md5", "MD5"}, {"sha1", "SHA1"}, {"sha256", "SHA256"},
	{"sha384", "SHA384"}, {"sha512", "SHA512"}, {NULL, NULL}};
static const struct sshd_choice log_level[] = {{"silent", "SILENT"}, {"quiet", "SILENT"},
	{"fatal", "FATAL"}, {"error", "ERROR"}, {"info", "INFO"}, {"verbose", "VERBOSE"},
	{"debug", "DEBUG"}, {"debug1", "DEBUG"}, {"debug2", "DEBUG2"}, {"debug3", "DEBUG3"},
	{NULL, NULL}};
static const struct sshd_choice facility[] = {{"daemon", "DAEMON"}, {"user", "USER"},
	{"auth", "AUTH"}, {"authpriv", "AUTHPRIV"}, {"local0", "LOCAL0"}, {"local1", "LOCAL1"},
	{"local2", "LOCAL2"}, {"local3", "LOCAL3"}, {"local4", "LOCAL4"}, {"local5", "LOCAL5"},
	{"local6", "LOCAL6"}, {"local7", "LOCAL7"}, {NULL, NULL}};

static const enum sshd_alg cipher = SSHD_ALG_CIPHER, mac = SSHD_ALG_MAC, kex = SSHD_ALG_KEX,
			   key = SSHD_ALG_KEY, ca = SSHD_ALG_CA;

#define G  SSHD_GLOBAL
#define A  SSHD_ALL
#define GS (SSHD_GLOBAL | SSHD_SHOWN)
#define AS (SSHD_ALL | SSHD_SHOWN)
#define FLAG(name, flags)                                        \
	{                                                        \
		name, NULL, sshd_parse_choice, flag, flags, 0, 0 \
	}
#define GONE(name, flags)                                     \
	{                                                     \
		name, NULL, sshd_parse_any, NULL, flags, 0, 0 \
	}
#define ROW(name, how, arg, flags)                             \
	{                                                      \
		name, NULL, sshd_parse_##how, arg, flags, 0, 0 \
	}
#define SINCE(name, how, arg, flags, since)                        \
	{                                                          \
		name, NULL, sshd_parse_##how, arg, flags, since, 0 \
	}
#define ALIAS(name, of, flags)                    \
	{                                         \
		name, of, NULL, NULL, flags, 0, 0 \
	}

/* Sorted by name (unit test). Keywords of patched sshds (RHEL, Debian) are taken as well. */
static const struct sshd_keyword keywords[] = {
	ROW("acceptenv", env, NULL, AS | SSHD_APPEND),
	ROW("addressfamily", choice, family, GS),
	GONE("afstokenpassing", G),
	FLAG("allowagentforwarding", AS),
	ROW("allowgroups", list, NULL, AS | SSHD_APPEND),
	ROW("allowstreamlocalforwarding", choice, forwarding, AS),
	ROW("allowtcpforwarding", choice, forwarding, AS),
	ROW("allowusers", users, NULL, AS | SSHD_APPEND),
	ROW("authenticationmethods", methods, NULL, AS),
	ROW("authorizedkeyscommand", command, NULL, AS),
	ROW("authorizedkeyscommanduser", string, NULL, AS),
	ROW("authorizedkeysfile", files, NULL, AS),
	GONE("authorizedkeysfile2", A),
	ROW("authorizedprincipalscommand", command, NULL, AS),
	ROW("authorizedprincipalscommanduser", string, NULL, AS),
	ROW("authorizedprincipalsfile", tilde, NULL, AS),
	ROW("banner", path, NULL, AS),
	SINCE("casignaturealgorithms", algs, &ca, AS, 709),
	{"challengeresponseauthentication", "kbdinteractiveauthentication", NULL, NULL, A, 807, 0},
	{"challengeresponseauthentication", NULL, sshd_parse_choice, flag, G, 0, 807},
	SINCE("channeltimeout", timeouts, NULL, A, 902),
	GONE("checkmail", G),
	ROW("chrootdirectory", string, NULL, AS),
	ROW("ciphers", algs, &cipher, GS),
	ROW("clientalivecountmax", int, NULL, AS),
	ROW("clientaliveinterval", time, NULL, AS),
	ROW("compression", choice, compression, GS),
	FLAG("debianbanner", G | SSHD_DEBIAN),
	ROW("denygroups", list, NULL, AS | SSHD_APPEND),
	ROW("denyusers", users, NULL, AS | SSHD_APPEND),
	FLAG("disableforwarding", AS),
	ALIAS("dsaauthentication", "pubkeyauthentication", G),
	FLAG("exposeauthinfo", A),
	ROW("fingerprinthash", choice, hash, G),
	ROW("forcecommand", rest, NULL, AS),
	ROW("gatewayports", choice, gateway, AS),
	FLAG("gssapiauthentication", AS),
	FLAG("gssapicleanupcredentials", G),
	ALIAS("gssapicleanupcreds", "gssapicleanupcredentials", G),
	FLAG("gssapienablek5users", A | SSHD_RHEL),
	ROW("gssapikexalgorithms", gss_kex, NULL, G),
	FLAG("gssapikeyexchange", GS),
	FLAG("gssapistorecredentialsonrekey", G),
	FLAG("gssapistrictacceptorcheck", G),
	GONE("gssapiusesessioncredcache", G),
	GONE("gssusesessionccache", G),
	SINCE("hostbasedacceptedalgorithms", algs, &key, AS, 805),
	{"hostbasedacceptedkeytypes", "hostbasedacceptedalgorithms", NULL, NULL, A, 0, 0},
	FLAG("hostbasedauthentication", AS),
	FLAG("hostbasedusesnamefrompacketonly", A),
	ROW("hostcertificate", path, NULL, GS | SSHD_APPEND),
	ALIAS("hostdsakey", "hostkey", G),
	ROW("hostkey", path, NULL, GS | SSHD_APPEND),
	ROW("hostkeyagent", path, "SSH_AUTH_SOCK", GS),
	ROW("hostkeyalgorithms", algs, &key, GS),
	ROW("ignorerhosts", choice, rhosts, AS),
	FLAG("ignoreuserknownhosts", G),
	SINCE("include", list, NULL, A, SSHD_VERSION_INCLUDE),
	ROW("ipqos", ipqos, NULL, A),
	FLAG("kbdinteractiveauthentication", AS),
	ALIAS("keepalive", "tcpkeepalive", G),
	FLAG("kerberosauthentication", AS),
	FLAG("kerberosgetafstoken", G),
	FLAG("kerberosorlocalpasswd", G),
	GONE("kerberostgtpassing", G),
	FLAG("kerberosticketcleanup", G),
	FLAG("kerberosuniqueccache", G | SSHD_RHEL),
	FLAG("kerberosusekuserok", A | SSHD_RHEL),
	ROW("kexalgorithms", algs, &kex, GS),
	GONE("keyregenerationinterval", G),
	ROW("listenaddress", listen, NULL, GS | SSHD_APPEND),
	ROW("logingracetime", time, NULL, GS),
	ROW("loglevel", choice, log_level, AS),
	SINCE("logverbose", none_list, NULL, A, 805),
	ROW("macs", algs, &mac, GS),
	ROW("match", any, NULL, A),
	ROW("maxauthtries", int, NULL, AS),
	ROW("maxsessions", int, NULL, AS),
	ROW("maxstartups", startups, NULL, G),
	SINCE("modulifile", path, NULL, G, 806),
	GONE("pamauthenticationviakbdint", G),
	SINCE("pamservicename", string, NULL, A, 908),
	FLAG("passwordauthentication", AS),
	GONE("permitblacklistedkeys", G),
	FLAG("permitemptypasswords", AS),
	ROW("permitlisten", permit, "", AS),
	ROW("permitopen", permit, NULL, AS),
	ROW("permitrootlogin", choice, root_login, AS),
	FLAG("permittty", AS),
	ROW("permittunnel", exact, tunnel, AS),
	ROW("permituserenvironment", user_env, NULL, GS),
	FLAG("permituserrc", AS),
	SINCE("persourcemaxstartups", source_max, NULL, G, 805),
	SINCE("persourcenetblocksize", netblock, NULL, G, 805),
	SINCE("persourcepenalties", penalties, NULL, G, 908),
	SINCE("persourcepenaltyexemptlist", addresses, NULL, G, 908),
	ROW("pidfile", path, NULL, GS),
	ROW("port", port, NULL, GS | SSHD_APPEND),
	FLAG("printlastlog", G),
	FLAG("printmotd", G),
	GONE("protocol", G),
	SINCE("pubkeyacceptedalgorithms", algs, &key, AS, 805),
	{"pubkeyacceptedkeytypes", "pubkeyacceptedalgorithms", NULL, NULL, A, 0, 0},
	FLAG("pubkeyauthentication", AS),
	SINCE("pubkeyauthoptions", pubkey_options, NULL, AS, 802),
	ROW("rdomain", string, NULL, A),
	SINCE("refuseconnection", choice, flag, AS, 909),
	ROW("rekeylimit", rekey, NULL, A),
	SINCE("requiredrsasize", int, NULL, AS | SSHD_RHEL_TOO, 901),
	GONE("reversemappingcheck", G),
	ROW("revokedkeys", path, NULL, AS),
	GONE("rhostsauthentication", G),
	GONE("rhostsrsaauthentication", A),
	GONE("rsaauthentication", A),
	{"rsaminsize", "requiredrsasize", NULL, NULL, A | SSHD_RHEL, 0, 0},
	SINCE("securitykeyprovider", path, "internal", G, 802),
	GONE("serverkeybits", G),
	ROW("setenv", setenv, NULL, A),
	FLAG("showpatchlevel", G | SSHD_RHEL),
	{"skeyauthentication", "kbdinteractiveauthentication", NULL, NULL, A, 807, 0},
	{"skeyauthentication", NULL, sshd_parse_any, NULL, G, 0, 807},
	SINCE("sshdauthpath", path, NULL, G, 1000),
	SINCE("sshdsessionpath", path, NULL, G, 908),
	ROW("streamlocalbindmask", mask, NULL, A),
	FLAG("streamlocalbindunlink", A),
	FLAG("strictmodes", GS),
	ROW("subsystem", subsystem, NULL, G | SSHD_MATCH95 | SSHD_APPEND),
	ROW("syslogfacility", choice, facility, GS),
	FLAG("tcpkeepalive", GS),
	ROW("trustedusercakeys", path, NULL, AS),
	SINCE("unusedconnectiontimeout", timeout, NULL, A, 902),
	FLAG("usedns", GS),
	GONE("uselogin", G),
	FLAG("usepam", GS),
	GONE("useprivilegeseparation", G),
	GONE("verifyreversemapping", G),
	ROW("versionaddendum", addendum, NULL, G),
	ROW("x11displayoffset", int, NULL, A),
	FLAG("x11forwarding", AS),
	ROW("x11maxdisplays", int, NULL, A | SSHD_RHEL),
	FLAG("x11uselocalhost", AS),
	ROW("xauthlocation", path, NULL, G),
};
static_assert(ARRAY_SIZE(keywords) <= SSHD_SLOTS_MAX, "a slot for each keyword");

size_t sshd_keyword_count(void)
{
	return ARRAY_SIZE(keywords);
}

const struct sshd_keyword *sshd_keyword_at(size_t i)
{
	return &keywords[i];
}

size_t sshd_keyword_index(const struct sshd_keyword *k)
{
	return (size_t)(k - keywords);
}

static bool in_version(const struct sshd_keyword *k, unsigned version)
{
	return version >= k->since && (k->until == 0 || version < k->until);
}

static int compare_name(const void *name, const void *row)
{
	return strcasecmp(name, ((const struct sshd_keyword *)row)->name);
}

const struct sshd_keyword *sshd_keyword_find(const char *name, unsigned version)
{
	const struct sshd_keyword *k = bsearch(
		name, keywords, ARRAY_SIZE(keywords), sizeof(*keywords), compare_name);

	if (!k)
		return NULL;
	/* A name may have one row for older and one for newer versions, side by side. */
	while (k > keywords && strcmp(k[-1].name, k->name) == 0)
		k--;
	for (const struct sshd_keyword *first = k;
		k < keywords + ARRAY_SIZE(keywords) && strcmp(k->name, first->name) == 0; k++) {
		if (in_version(k, version))
			return k;
	}
	return NULL;
}

const struct sshd_keyword *sshd_keyword_real(const struct sshd_keyword *k)
{
	if (!k->alias)
		return k;
	/* An old name may be older than the new one: any version of the latter will do. */
	return bsearch(k->alias, keywords, ARRAY_SIZE(keywords), sizeof(*keywords), compare_name);
}
