/* SPDX-License-Identifier: ISC */
/* What Dovecot of several versions takes without TLS, by its configuration. */
#include "clear-fixture.h"

#define CONF "/etc/dovecot/dovecot.conf"
#define DOVECOT                          \
	{                                \
		"/usr/sbin/dovecot", "x" \
	}
/* One port, and what decides about it. */
#define SERVED(name, port, is, text, n)                                                          \
	{                                                                                        \
		"dovecot", name, .ports = {port}, .kind = is, .setting = text, .at = { CONF, n } \
	}
#define IMAP(is, text, n) SERVED("IMAP", 143, is, text, n)
#define POP3(is, text, n) SERVED("POP3", 110, is, text, n)
#define OVER_TLS(name, port, listener) \
	SERVED(name " over TLS", port, CLEAR_SHUT, "ssl=yes of inet_listener " listener, 0)
#define IMAPS OVER_TLS("IMAP", 993, "imaps")
#define POP3S OVER_TLS("POP3", 995, "pop3s")
#define NONE  "no disable_plaintext_auth= or auth_allow_cleartext="
#define FAULT(name, port, text, where, n)                                             \
	{                                                                             \
		"dovecot", name, .ports = {port}, .fault = text, .fault_path = where, \
				 .fault_line = n                                      \
	}
#define FAULTS(text, where, n)                                                                   \
	{                                                                                        \
		FAULT("IMAP", 143, text, where, n), FAULT("IMAP over TLS", 993, text, where, n), \
			FAULT("POP3, IMAP or ManageSieve", 0, text, where, n)                    \
	}
#define ONLY "protocols = imap\n"

static const struct clear_vector vectors[] = {
	{"not installed", {{CONF, "ssl = no\n"}}, {{NULL}}},
	{"its defaults", {DOVECOT, {CONF, "# x\n"}},
		{IMAP(CLEAR_SHUT, NONE, 0), IMAPS, POP3(CLEAR_SHUT, NONE, 0), POP3S}},
	{"another file, that the unit names",
		{DOVECOT, {CONF, ONLY "ssl = required\n"},
			{"/etc/systemd/system/dovecot.service",
				"[Service]\nExecStart=/usr/sbin/dovecot -F -c /etc/d.conf\n"},
			{"/etc/d.conf", ONLY "disable_plaintext_auth = no\n"}},
		{{"dovecot", "IMAP", .ports = {143}, .kind = CLEAR_OPEN,
			 .setting = "disable_plaintext_auth=no", .at = {"/etc/d.conf", 2}},
			{"dovecot", "IMAP over TLS", .ports = {993}, .kind = CLEAR_SHUT,
				.setting = "ssl=yes of inet_listener imaps",
				.at = {"/etc/d.conf", 0}}}},
	{"none of its protocols", {DOVECOT, {CONF, "protocols = none\n"}}, {{NULL}}},
	{"passwords in the clear", {DOVECOT, {CONF, ONLY "disable_plaintext_auth = no # x\n"}},
		{IMAP(CLEAR_OPEN, "disable_plaintext_auth=no", 2), IMAPS}},
	{"the same of 2.4",
		{DOVECOT, {CONF, "dovecot_config_version = 2.4.0\n"
				 "protocols {\n  pop3 = no\n  lmtp = no\n}\n"
				 "auth_allow_cleartext = yes\npassdb pam { }\n"}},
		{IMAP(CLEAR_OPEN, "auth_allow_cleartext=yes", 6), IMAPS}},
	{"2.4 with TLS demanded",
		{DOVECOT, {CONF, ONLY "auth_allow_cleartext = yes\nssl = required\n"}},
		{IMAP(CLEAR_SHUT, "ssl=required", 3), IMAPS}},
	{"TLS demanded", {DOVECOT, {CONF, ONLY "disable_plaintext_auth=\"no\"\nssl=required\n"}},
		{IMAP(CLEAR_SHUT, "ssl=required", 3), IMAPS}},
	{"no TLS at all", {DOVECOT, {CONF, ONLY "ssl = no\ndisable_plaintext_auth = yes\n"}},
		{IMAP(CLEAR_SHUT, "disable_plaintext_auth=yes", 3)}},
	{"mail in the clear", {DOVECOT, {CONF, ONLY "auth_mechanisms = plain CRAM-MD5\n"}},
		{IMAP(CLEAR_LOGIN, "auth_mechanisms=plain CRAM-MD5", 2), IMAPS}},
	{"no password is ever sent",
		{DOVECOT, {CONF, ONLY "auth_mechanisms = scram-sha-256\n"
				      "disable_plaintext_auth = no\n"}},
		{IMAP(CLEAR_LOGIN, "auth_mechanisms=scram-sha-256", 2), IMAPS}},
	{"a mechanism is added",
		{DOVECOT, {CONF, ONLY "auth_mechanisms = $auth_mechanisms digest-md5\n"}},
		{IMAP(CLEAR_LOGIN, "auth_mechanisms=plain digest-md5", 2), IMAPS}},
	{"mechanisms of 2.4", {DOVECOT, {CONF, ONLY "auth_mechanisms {\n  gssapi = yes\n}\n"}},
		{IMAP(CLEAR_LOGIN, "auth_mechanisms=plain gssapi", 3), IMAPS}},
	{"APOP is for POP3 alone",
		{DOVECOT, {CONF, "protocols = imap pop3\nauth_mechanisms = plain apop\n"}},
		{IMAP(CLEAR_SHUT, NONE, 0), IMAPS,
			POP3(CLEAR_LOGIN, "auth_mechanisms=plain apop", 2), POP3S}},
	{"networks that are trusted",
		{DOVECOT, {CONF, ONLY "ssl=required\n"
				      "login_trusted_networks = 127.0.0.1, 10.0.0.0/8\n"}},
		{IMAP(CLEAR_OPEN, "login_trusted_networks=127.0.0.1, 10.0.0.0/8", 3), IMAPS}},
	{"this machine is trusted",
		{DOVECOT, {CONF, ONLY "login_trusted_networks = 127.0.0.0/8 ::1\n"}},
		{IMAP(CLEAR_SHUT, NONE, 0), IMAPS}},
	{"one protocol is open",
		{DOVECOT, {CONF, "protocols = imap pop3\nprotocol pop3 {\n"
				 "  disable_plaintext_auth = no\n}\n"}},
		{IMAP(CLEAR_SHUT, NONE, 0), IMAPS, POP3(CLEAR_OPEN, "disable_plaintext_auth=no", 3),
			POP3S}},
	{"all but one are open",
		{DOVECOT, {CONF, "protocols = imap pop3\nprotocol !pop3 {\n"
				 "  disable_plaintext_auth = no\n}\n"}},
		{IMAP(CLEAR_OPEN, "disable_plaintext_auth=no", 3), IMAPS, POP3(CLEAR_SHUT, NONE, 0),
			POP3S}},
	{"some clients need no TLS",
		{DOVECOT, {CONF, ONLY "ssl = required\ndisable_plaintext_auth = no\n"
				      "remote 10.0.0.0/8 {\n  ssl = yes\n}\n"}},
		{IMAP(CLEAR_OPEN, "disable_plaintext_auth=no", 3), IMAPS}},
	{"some clients at some address need no TLS",
		{DOVECOT, {CONF, ONLY "local 192.0.2.1 {\n  ssl = required\n"
				      "  remote 10.0.0.0/8 {\n    ssl = yes\n"
				      "    disable_plaintext_auth = no\n  }\n}\n"}},
		{IMAP(CLEAR_OPEN, "disable_plaintext_auth=no", 6), IMAPS}},
	{"this machine needs no TLS",
		{DOVECOT, {CONF, ONLY "remote 127.0.0.0/8 {\n  disable_plaintext_auth = no\n}\n"
				      "local ::1 {\ndisable_plaintext_auth = no\n}\n"}},
		{IMAP(CLEAR_SHUT, NONE, 0), IMAPS}},
	{"who gave a name in TLS",
		{DOVECOT, {CONF, ONLY "local_name x.example {\n"
				      "disable_plaintext_auth = no\n}\n"}},
		{IMAP(CLEAR_SHUT, NONE, 0), IMAPS}},
	{"two blocks that meet",
		{DOVECOT, {CONF, ONLY "ssl = required\nlocal 192.0.2.1 {\n  ssl = yes\n}\n"
				      "remote 10.0.0.0/8 {\n  disable_plaintext_auth = no\n}\n"}},
		{IMAP(CLEAR_OPEN, "disable_plaintext_auth=no", 7), IMAPS}},
	{"two blocks that never meet",
		{DOVECOT,
			{CONF, ONLY "ssl = required\nlocal 192.0.2.1 {\n  ssl = yes\n}\n"
				    "remote 2001:db8::/32 {\n  disable_plaintext_auth = no\n}\n"}},
		{IMAP(CLEAR_SHUT, "ssl=required", 2), IMAPS}},
	/* 2.3 refuses the connections that both are about. */
	{"two blocks that contradict each other",
		{DOVECOT, {CONF, ONLY "ssl = required\nprotocol imap {\n"
				      "  disable_plaintext_auth = yes\n}\nlocal 192.0.2.1 {\n"
				      "  disable_plaintext_auth = no\n  ssl = yes\n}\n"}},
		{IMAP(CLEAR_SHUT, "ssl=required", 2), IMAPS}},
	{"the same of 2.4",
		{DOVECOT, {CONF, "dovecot_config_version = 2.4.1\n" ONLY
				 "ssl = required\nprotocol imap {\n"
				 "  auth_allow_cleartext = no\n}\nlocal 192.0.2.1 {\n"
				 "  auth_allow_cleartext = yes\n  ssl = yes\n}\n"}},
		{IMAP(CLEAR_OPEN, "auth_allow_cleartext=yes", 8), IMAPS}},
	{"other ports",
		{DOVECOT,
			{CONF, ONLY "service imap-login {\n  inet_listener imap {\n"
				    "    port = 0\n  }\n  inet_listener imaps {\n    port = 1993\n"
				    "    ssl = yes\n  }\n  inet_listener {\n    port = 1143\n  "
				    "}\n}\n"}},
		{SERVED("IMAP over TLS", 1993, CLEAR_SHUT, "ssl=yes of inet_listener imaps", 8),
			SERVED("IMAP", 1143, CLEAR_SHUT, NONE, 0)}},
	{"imaps that does not begin with TLS",
		{DOVECOT, {CONF, ONLY "disable_plaintext_auth = no\nservice imap-login {\n"
				      "  inet_listener imaps {\n    ssl = no\n  }\n}\n"}},
		{IMAP(CLEAR_OPEN, "disable_plaintext_auth=no", 2),
			SERVED("IMAP", 993, CLEAR_OPEN, "disable_plaintext_auth=no", 2)}},
	{"LMTP",
		{DOVECOT, {CONF, "protocols = lmtp\nservice lmtp {\n  inet_listener lmtp {\n"
				 "    port = 24\n  }\n  inet_listener lmtps {\n    port = 25\n"
				 "    ssl = yes\n  }\n}\n"}},
		{SERVED("LMTP", 24, CLEAR_OPEN, "no ssl=yes of inet_listener lmtp", 4),
			SERVED("LMTP over TLS", 25, CLEAR_SHUT, "ssl=yes of inet_listener lmtps",
				8)}},
	{"ManageSieve and submission",
		{DOVECOT, {CONF, "protocols = sieve submission\nprotocol sieve {\n"
				 "disable_plaintext_auth = no\n}\n"}},
		{SERVED("submission", 587, CLEAR_SHUT, NONE, 0),
			SERVED("submission over TLS", 465, CLEAR_SHUT,
				"ssl=yes of inet_listener submissions", 0),
			SERVED("ManageSieve", 4190, CLEAR_OPEN, "disable_plaintext_auth=no", 3)}},
	{"a service of another name",
		{DOVECOT, {CONF, ONLY "service x {\n  executable = /usr/lib/dovecot/imap-login -x\n"
				      "  inet_listener y {\n    port = 144\n  }\n}\n"}},
		{IMAP(CLEAR_SHUT, NONE, 0), IMAPS, SERVED("IMAP", 144, CLEAR_SHUT, NONE, 0)}},
	{"files",
		{DOVECOT, {CONF, "!include_try none.conf\n!include conf.d/*.conf\n" ONLY},
			{"/etc/dovecot/conf.d/10.conf", "disable_plaintext_auth = yes\n"},
			{"/etc/dovecot/conf.d/20.conf", "disable_plaintext_auth = \\\n no\n"}},
		{{"dovecot", "IMAP", .ports = {143}, .kind = CLEAR_OPEN,
			 .setting = "disable_plaintext_auth=no",
			 .at = {"/etc/dovecot/conf.d/20.conf", 2}},
			IMAPS}},
	{"a block over two files",
		{DOVECOT, {CONF, ONLY "protocol imap {\n!include x.conf\n"},
			{"/etc/dovecot/x.conf", "disable_plaintext_auth = no\n}\n"}},
		{{"dovecot", "IMAP", .ports = {143}, .kind = CLEAR_OPEN,
			 .setting = "disable_plaintext_auth=no", .at = {"/etc/dovecot/x.conf", 1}},
			IMAPS}},
	{"a file that is not there", {DOVECOT, {CONF, ONLY "!include x.conf\n"}},
		FAULTS("x.conf is not there", CONF, 2)},
	{"a file that cannot be read", {DOVECOT, {CONF, NULL}},
		{FAULT("IMAP", 143, "FIFO", CONF, 0), FAULT("IMAP over TLS", 993, "FIFO", CONF, 0),
			FAULT("POP3", 110, "FIFO", CONF, 0),
			FAULT("POP3 over TLS", 995, "FIFO", CONF, 0),
			FAULT("POP3, IMAP or ManageSieve", 0, "FIFO", CONF, 0)}},
	{"a value from elsewhere", {DOVECOT, {CONF, ONLY "ssl = $ENV:SSL\n"}},
		FAULTS("taken from a variable", CONF, 2)},
	{"a value from a file", {DOVECOT, {CONF, ONLY "ssl = </etc/x\n"}},
		FAULTS("taken from a file", CONF, 2)},
	{"a value that is none", {DOVECOT, {CONF, ONLY "disable_plaintext_auth = true\n"}},
		FAULTS("none of the values", CONF, 2)},
	{"a host's name", {DOVECOT, {CONF, ONLY "remote x.example {\n}\n"}},
		FAULTS("remote x.example is no address", CONF, 2)},
	{"a block without an end", {DOVECOT, {CONF, ONLY "protocol imap {\nssl = no\n"}},
		FAULTS("no end", CONF, 2)},
	{"an end without a block", {DOVECOT, {CONF, ONLY "}\n"}}, FAULTS("ends nothing", CONF, 2)},
	{"a line that is none", {DOVECOT, {CONF, ONLY "ssl required\n"}},
		FAULTS("not understood", CONF, 2)},
	{"an include of itself", {DOVECOT, {CONF, ONLY "!include dovecot.conf\n"}},
		FAULTS("included by itself", CONF, 2)},
};

static void test_vectors(void **state)
{
	clear_judge(vectors, ARRAY_SIZE(vectors));
}

static struct clear_text texts[] = {
	{clear_dovecot_text, "protocols = $protocols sieve\nauth_mechanisms {\n  otp = yes\n}\n"
			     "remote 10.0.0.0/8 {\n  protocol imap {\n    ssl = no\n  }\n}\n"
			     "service x {\n  executable = pop3-login\n  inet_listener y {\n"
			     "    port = 1\n  }\n}\n"},
	{clear_dovecot_text, "auth_allow_cleartext = \\\n yes\nssl = $x\n"},
};

static void test_alloc(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		alloc_each(clear_read_text, &texts[i], 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
