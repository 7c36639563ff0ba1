/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "base/text.h"
#include "check/checks.h"
#include "fact/clear-servers.h"
#include "fact/listeners.h"

#define NOT_READ  "its configuration is not read"
#define NOT_FOUND "no configuration of it was found that decides that for this port"

/* A program that speaks a cleartext protocol, where FACT_CLEAR_SERVERS says nothing of it. */
struct speaker {
	const char *name; /* of its file, a pattern of fnmatch(3) */
	const char *protocol;
	/* The only ports that it speaks so on; none: all of its. */
	unsigned ports[4];
	bool udp;
	const char *undecided; /* why it is not known whether it demands TLS; NULL: it never does */
};

static const struct speaker speakers[] = {
	{"*telnetd*", "telnet", {0}, false, NULL},
	{"*rshd", "rsh", {0}, false, NULL},
	{"*rlogind", "rlogin", {0}, false, NULL},
	{"*rexecd", "rexec", {0}, false, NULL},
	{"*tftpd*", "TFTP", {0}, true, NULL},
	{"dnsmasq", "TFTP", {69}, true, NULL},
	{"x11vnc", "VNC", {0}, false, NULL},
	{"X*vnc", "VNC", {0}, false, "the options that it was started with are not read"},
	{"vino-server", "VNC", {0}, false, "the settings of its user are not read"},
	{"vsftpd", "FTP", {0}, false, NOT_FOUND},
	{"proftpd", "FTP", {0}, false, NOT_FOUND},
	{"pure-ftpd*", "FTP", {0}, false, NOT_FOUND},
	{"*ftpd", "FTP", {0}, false, NOT_READ},
	{"dovecot", "POP3, IMAP or ManageSieve", {110, 143, 4190}, false, NOT_FOUND},
	{"courier*", "POP3 or IMAP", {110, 143}, false, NOT_READ},
	{"cyrmaster", "POP3, IMAP or ManageSieve", {110, 143, 4190}, false, NOT_READ},
	{"slapd", "LDAP", {389}, false, NOT_FOUND},
	{"ns-slapd", "LDAP", {389}, false, NOT_READ},
	{"snmpd", "SNMP", {0}, true, NOT_FOUND},
	{"snmptrapd", "SNMP", {0}, true, NOT_FOUND},
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

/* Whether a list, which ends with 0 or its room, names the port; -1 where it names none. */
static int is_on_port(const unsigned *list, size_t max, unsigned port)
{
	for (size_t i = 0; i < max && list[i]; i++) {
		if (list[i] == port)
			return 1;
	}
	return max > 0 && list[0] ? 0 : -1;
}

/* The name of the file that listens; NULL where it is not known. */
static const char *name_of(const struct listener *l)
{
	return l->program && l->program->exe ? text_base_name(l->program->exe) : NULL;
}

static bool is_transport(const struct listener *l, bool udp)
{
	return l->protocol == (udp ? LISTENER_UDP : LISTENER_TCP);
}

static const struct speaker *speaker_of(const struct listener *l)
{
	const char *name = name_of(l);

	for (size_t i = 0; name && i < ARRAY_SIZE(speakers); i++) {
		const struct speaker *s = &speakers[i];
		if (text_glob(s->name, name) && is_transport(l, s->udp) &&
			is_on_port(s->ports, ARRAY_SIZE(s->ports), l->port) != 0)
			return s;
	}
	return NULL;
}

/* What is the worst of one port comes first. */
static int badness(const struct clear_service *s)
{
	static const int kinds[] = {[CLEAR_SHUT] = 1, [CLEAR_LOGIN] = 3, [CLEAR_OPEN] = 4};

	return s->fault ? 2 : kinds[s->kind];
}

/* The service that the socket is of: those that name its port go before those that name none. */
static const struct clear_service *service_of(
	const struct clear_servers *all, const struct listener *l)
{
	const char *name = name_of(l);
	const struct clear_service *best = NULL;
	int best_on = 0;

	for (size_t i = 0; name && i < all->n; i++) {
		const struct clear_service *s = &all->v[i];
		int on = is_on_port(s->ports, ARRAY_SIZE(s->ports), l->port);
		if (on == 0 || !is_transport(l, s->udp) || !text_glob(s->program, name))
			continue;
		if (!best || on > best_on || (on == best_on && badness(s) > badness(best))) {
			best = s;
			best_on = on;
		}
	}
	return best;
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

static const char expected[] = "bound to loopback, encrypted, or switched off";

/* By the configuration of the server. */
static void report_service(const struct check *c, const struct listener *l,
	const struct clear_service *s, struct verdict *ret)
{
	static const struct {
		enum result result;
		enum severity severity; /* at most */
		const char *how;
	} kinds[] = {
		[CLEAR_SHUT] = {RESULT_PASS, SEV_LOW, "encrypted or not at all"},
		[CLEAR_LOGIN] = {RESULT_FAIL, SEV_MEDIUM,
			"in the clear, though it refuses passwords there"},
		[CLEAR_OPEN] = {RESULT_FAIL, SEV_MAX, "in the clear"},
	};
	const char *who = listener_who(ret->arena, l);
	const char *how = s->fault ? "and whether it demands encryption could not be read"
				   : kinds[s->kind].how;

	verdict_add(ret,
		&(struct evidence){
			.result = s->fault ? RESULT_UNKNOWN : kinds[s->kind].result,
			.severity = MIN(c->severity, kinds[s->kind].severity),
			.subject = arena_printf(ret->arena, "listener %s", l->text),
			.path = s->fault ? s->fault_path : s->at.path,
			.line = s->fault ? s->fault_line : s->at.line,
			.observed = arena_printf(ret->arena, "%s speaks %s %s: %s", who ? who : "",
				s->protocol, how, s->fault ? s->fault : s->setting),
			.expected = expected,
		});
}

static void report(const struct check *c, const struct clear_servers *servers,
	const struct listener *l, struct verdict *ret)
{
	const struct clear_service *service = service_of(servers, l);
	const struct speaker *s = speaker_of(l);
	const char *port = s ? NULL : usual(l), *who = listener_who(ret->arena, l);
	const char *observed;

	if (service)
		report_service(c, l, service, ret);
	if (service || (!s && !port))
		return;
	if (!s)
		observed = arena_printf(ret->arena,
			"held by %s, on the port of %s: it was not asked what it speaks",
			who ? who : "", port);
	else if (s->undecided)
		observed = arena_printf(ret->arena,
			"%s speaks %s: whether it demands encryption is not known, since %s",
			who ? who : "", s->protocol, s->undecided);
	else
		observed = arena_printf(
			ret->arena, "%s speaks %s, in the clear", who ? who : "", s->protocol);
	verdict_add(ret, &(struct evidence){
				 .result = s && !s->undecided ? RESULT_FAIL : RESULT_UNKNOWN,
				 .severity = c->severity,
				 .subject = arena_printf(ret->arena, "listener %s", l->text),
				 .observed = observed,
				 .expected = expected,
			 });
}

static void evaluate_plaintext(const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	size_t n = 0;

	if (!check_facts_usable(facts, c->facts, ret))
		return;
	const struct listeners *all = factset_get(facts, FACT_LISTENERS)->u.listeners;
	const struct clear_servers *servers =
		factset_get(facts, FACT_CLEAR_SERVERS)->u.clear_servers;
	for (size_t i = 0; i < all->n; i++) {
		const struct listener *l = &all->v[i];
		if (l->loopback || l->kernel)
			continue;
		n++;
		report(c, servers, l, ret);
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
			"is known for a cleartext protocol, but for servers that demand "
			"encryption",
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
		     "directory access without TLS. Judged by the programs that listen and, of "
		     "those that can do both, by their configuration; where the program is not "
		     "known, by its port: what a port speaks was not asked.",
	.remedy = "Replace telnet and rsh by SSH (`apt-get purge telnetd inetutils-telnetd "
		  "rsh-server`), FTP and TFTP by SFTP, and switch TLS on in what stays: "
		  "`ssl_enable=YES` in /etc/vsftpd.conf, `TLSEngine on` and `TLSRequired on` in "
		  "/etc/proftpd/tls.conf, `echo 3 > /etc/pure-ftpd/conf/TLS`, `ssl = required` in "
		  "/etc/dovecot/conf.d/10-ssl.conf, `SLAPD_SERVICES=\"ldaps:/// ldapi:///\"` in "
		  "/etc/default/slapd, `createUser` and `rouser` in the place of `rocommunity` in "
		  "/etc/snmp/snmpd.conf; reach VNC through `ssh -L`.",
	.remedy_rhel =
		"Replace telnet and rsh by SSH (`dnf remove telnet-server rsh-server`), FTP and "
		"TFTP by SFTP, and switch TLS on in what stays: `ssl_enable=YES` in "
		"/etc/vsftpd/vsftpd.conf, `TLSEngine on` and `TLSRequired on` in "
		"/etc/proftpd.conf, `TLS 3` in /etc/pure-ftpd/pure-ftpd.conf, `ssl = required` in "
		"/etc/dovecot/conf.d/10-ssl.conf, "
		"`nsslapd-require-secure-binds: on` in the directory server, `createUser` and "
		"`rouser` in the place of `rocommunity` in /etc/snmp/snmpd.conf; reach VNC "
		"through `ssh -L`.",
	.facts = FACT_BIT(FACT_LISTENERS) | FACT_BIT(FACT_CLEAR_SERVERS),
	.evaluate = evaluate_plaintext,
};
