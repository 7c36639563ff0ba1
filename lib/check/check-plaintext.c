/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "base/text.h"
#include "check/checks.h"
#include "fact/listeners.h"

/* A program that speaks a cleartext protocol, and whether it can do otherwise. */
struct speaker {
	const char *name; /* of its file, a pattern of fnmatch(3) */
	const char *protocol;
	/* The only ports that it speaks so on; none: all of its. */
	unsigned ports[4];
	bool udp;
	bool may; /* its configuration, which is not read, may demand TLS */
};

static const struct speaker speakers[] = {
	{"*telnetd*", "telnet", {0}, false, false},
	{"*rshd", "rsh", {0}, false, false},
	{"*rlogind", "rlogin", {0}, false, false},
	{"*rexecd", "rexec", {0}, false, false},
	{"*tftpd*", "TFTP", {0}, true, false},
	{"dnsmasq", "TFTP", {69}, true, false},
	{"x11vnc", "VNC", {0}, false, false},
	{"X*vnc", "VNC", {0}, false, true},
	{"vino-server", "VNC", {0}, false, true},
	{"vsftpd", "FTP", {0}, false, true},
	{"proftpd", "FTP", {0}, false, true},
	{"pure-ftpd*", "FTP", {0}, false, true},
	{"*ftpd", "FTP", {0}, false, true},
	{"dovecot", "POP3, IMAP or ManageSieve", {110, 143, 4190}, false, true},
	{"courier*", "POP3 or IMAP", {110, 143}, false, true},
	{"cyrmaster", "POP3, IMAP or ManageSieve", {110, 143, 4190}, false, true},
	{"slapd", "LDAP", {389}, false, true},
	{"ns-slapd", "LDAP", {389}, false, true},
	{"snmpd", "SNMP", {0}, true, true},
	{"snmptrapd", "SNMP", {0}, true, true},
};

/* What usually speaks there, where the program that does is not known by its name. */
static const struct {
	unsigned first, last;
	enum listener_protocol transport;
	const char *protocol;
} ports[] = {
	{21, 21, LISTENER_TCP, "FTP"},
	{23, 23, LISTENER_TCP, "telnet"},
	{69, 69, LISTENER_UDP, "TFTP"},
	{110, 110, LISTENER_TCP, "POP3"},
	{143, 143, LISTENER_TCP, "IMAP"},
	{161, 161, LISTENER_UDP, "SNMP"},
	{389, 389, LISTENER_TCP, "LDAP"},
	{512, 514, LISTENER_TCP, "rexec, rlogin or rsh"},
	{5900, 5999, LISTENER_TCP, "VNC"},
};

static bool is_on_port(const struct speaker *s, unsigned port)
{
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(s->ports) && s->ports[i]; i++) {
		any = true;
		if (s->ports[i] == port)
			return true;
	}
	return !any;
}

static const struct speaker *speaker_of(const struct listener *l)
{
	const char *exe = l->program ? l->program->exe : NULL;
	const char *slash = exe ? strrchr(exe, '/') : NULL;
	const char *name = slash ? slash + 1 : exe;

	for (size_t i = 0; name && i < ARRAY_SIZE(speakers); i++) {
		const struct speaker *s = &speakers[i];
		if (text_glob(s->name, name) && is_on_port(s, l->port) &&
			l->protocol == (s->udp ? LISTENER_UDP : LISTENER_TCP))
			return s;
	}
	return NULL;
}

/* The protocol that the port is for; NULL where it is for none of these. */
static const char *usual(const struct listener *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
		if (l->protocol == ports[i].transport && l->port >= ports[i].first &&
			l->port <= ports[i].last)
			return ports[i].protocol;
	}
	return NULL;
}

static void report(const struct check *c, const struct listener *l, struct verdict *ret)
{
	const struct speaker *s = speaker_of(l);
	const char *port = s ? NULL : usual(l), *who = listener_who(ret->arena, l);
	const char *observed;

	if (!s && !port)
		return;
	if (!s)
		observed = arena_printf(ret->arena,
			"held by %s, on the port of %s: it was not asked what it speaks",
			who ? who : "", port);
	else if (s->may)
		observed = arena_printf(ret->arena,
			"%s speaks %s: whether it demands TLS stands in its configuration, which "
			"is not read yet",
			who ? who : "", s->protocol);
	else
		observed = arena_printf(
			ret->arena, "%s speaks %s, in the clear", who ? who : "", s->protocol);
	verdict_add(ret, &(struct evidence){
				 .result = s && !s->may ? RESULT_FAIL : RESULT_UNKNOWN,
				 .severity = c->severity,
				 .subject = arena_printf(ret->arena, "listener %s", l->text),
				 .observed = observed,
				 .expected = "bound to loopback, encrypted, or switched off",
			 });
}

static void evaluate_plaintext(const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	size_t n = 0;

	if (!check_facts_usable(facts, FACT_BIT(FACT_LISTENERS), ret))
		return;
	const struct listeners *all = factset_get(facts, FACT_LISTENERS)->u.listeners;
	for (size_t i = 0; i < all->n; i++) {
		const struct listener *l = &all->v[i];
		if (l->loopback || l->kernel)
			continue;
		n++;
		report(c, l, ret);
	}
	if (all->cut > 0)
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_ERROR,
					 .subject = "listeners",
					 .observed = arena_printf(ret->arena,
						 "%zu sockets more than are looked at", all->cut),
					 .expected = "fewer",
				 });
	if (n == 0 && ret->n_evidence == 0)
		verdict_set(ret, RESULT_NOTAPPLICABLE, "nothing listens beyond loopback");
	else if (ret->result == RESULT_PASS)
		verdict_summary(ret,
			"none of the %zu sockets beyond loopback is of a program or on a port that "
			"is known for a cleartext protocol",
			n);
	verdict_note(ret, "no port was asked what it speaks, and HTTP is left to http-redirect");
}

const struct check check_listener_plaintext = {
	.id = "listener-plaintext",
	.title = "No cleartext protocol is served to others",
	.severity = SEV_HIGH,
	.guides = "P X N13",
	.references = "ss(8)",
	.rationale = "Whoever sits on the way reads passwords and data of telnet, FTP, and mail or "
		     "directory access without TLS. Judged by the programs that listen and, where "
		     "those are not known, by their ports: what a port speaks was not asked, nor "
		     "was the configuration of servers read that can do both.",
	.remedy = "Replace telnet and rsh by SSH (`apt-get purge telnetd inetutils-telnetd "
		  "rsh-server`), FTP and TFTP by SFTP, and switch TLS on in what stays: "
		  "`ssl_enable=YES` in /etc/vsftpd.conf, `ssl = required` in "
		  "/etc/dovecot/conf.d/10-ssl.conf, `SLAPD_SERVICES=\"ldaps:/// ldapi:///\"` in "
		  "/etc/default/slapd, `createUser` and `rouser` in the place of `rocommunity` in "
		  "/etc/snmp/snmpd.conf; reach VNC through `ssh -L`.",
	.remedy_rhel =
		"Replace telnet and rsh by SSH (`dnf remove telnet-server rsh-server`), FTP and "
		"TFTP by SFTP, and switch TLS on in what stays: `ssl_enable=YES` in "
		"/etc/vsftpd/vsftpd.conf, `ssl = required` in /etc/dovecot/conf.d/10-ssl.conf, "
		"`nsslapd-require-secure-binds: on` in the directory server, `createUser` and "
		"`rouser` in the place of `rocommunity` in /etc/snmp/snmpd.conf; reach VNC "
		"through `ssh -L`.",
	.facts = FACT_BIT(FACT_LISTENERS),
	.evaluate = evaluate_plaintext,
};
