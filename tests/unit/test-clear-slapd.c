/* SPDX-License-Identifier: ISC */
/* What slapd takes without TLS, by slapd.conf, slapd.d and how it is started. */
#include "clear-fixture.h"

#define SLAPD                          \
	{                              \
		"/usr/sbin/slapd", "x" \
	}
#define CONF "/etc/ldap/slapd.conf"
#define TREE "/etc/ldap/slapd.d/cn=config"
#define UNIT "/etc/systemd/system/slapd.service"
#define DB   "database mdb\nsuffix dc=a\n"
#define LDAP(is, text, ...)                                                         \
	{                                                                           \
		"slapd", "LDAP", .kind = is, .setting = text, .at = { __VA_ARGS__ } \
	}
#define LDAPS(port, ...)                                                       \
	{                                                                      \
		"slapd", "LDAP over TLS", .ports = {port}, .kind = CLEAR_SHUT, \
					  .setting = "begins with TLS",        \
					  .at = { __VA_ARGS__ }                \
	}
#define FAULT(text, path, line)                                                        \
	{                                                                              \
		"slapd", "LDAP", .fault = text, .fault_path = path, .fault_line = line \
	}
#define NONE(db) "no security (olcSecurity) tls= or ssf= for the database " db

static const struct clear_vector vectors[] = {
	{"not installed", {{CONF, DB}}, {{NULL}}},
	{"not configured", {SLAPD}, {{NULL}}},
	{"nothing is asked", {SLAPD, {CONF, "# x\n" DB}}, {LDAP(CLEAR_OPEN, NONE("mdb"), CONF, 2)}},
	{"no database", {SLAPD, {CONF, "pidfile x\n"}},
		{LDAP(CLEAR_LOGIN, NONE("frontend"), CONF, 0)}},
	{"of all", {SLAPD, {CONF, "security  update_ssf=1\tTLS=1\n" DB}},
		{LDAP(CLEAR_SHUT, "security TLS=1", CONF, 1)}},
	{"of the frontend", {SLAPD, {CONF, DB "database frontend\nsecurity ssf=128\n"}},
		{LDAP(CLEAR_SHUT, "security ssf=128", CONF, 4)}},
	{"of changes alone", {SLAPD, {CONF, "security update_tls=1\n" DB}},
		{LDAP(CLEAR_OPEN, NONE("mdb"), CONF, 2)}},
	{"0 asks nothing", {SLAPD, {CONF, "security ssf=1\nsecurity ssf=00\n" DB}},
		{LDAP(CLEAR_OPEN, NONE("mdb"), CONF, 3)}},
	{"0 of a database takes nothing back",
		{SLAPD, {CONF, "security ssf=1\n" DB "security ssf=0\n"}},
		{LDAP(CLEAR_SHUT, "security ssf=1", CONF, 1)}},
	{"of passwords alone", {SLAPD, {CONF, "security simple_bind=64\n" DB}},
		{LDAP(CLEAR_LOGIN, "security simple_bind=64", CONF, 1)}},
	{"passwords switched off", {SLAPD, {CONF, "disallow bind_anon bind_simple\n" DB}},
		{LDAP(CLEAR_LOGIN, "disallow bind_simple", CONF, 1)}},
	{"one database is open", {SLAPD, {CONF, DB "security tls=1\n" DB}},
		{LDAP(CLEAR_OPEN, NONE("mdb"), CONF, 4)}},
	{"its own configuration, with a password",
		{SLAPD, {CONF, DB "security tls=1\ndatabase config\nrootpw secret\n"}},
		{LDAP(CLEAR_OPEN, NONE("config"), CONF, 4)}},
	{"its own configuration, without", {SLAPD, {CONF, DB "security tls=1\ndatabase config\n"}},
		{LDAP(CLEAR_SHUT, "security tls=1", CONF, 3)}},
	{"a password by SASL", {SLAPD, {CONF, "security ssf=1\nsasl-secprops noanonymous\n" DB}},
		{LDAP(CLEAR_OPEN, "sasl-secprops noanonymous", CONF, 2)}},
	{"no password by SASL", {SLAPD, {CONF, "security tls=1\nsasl-secprops none\n" DB}},
		{LDAP(CLEAR_SHUT, "security tls=1", CONF, 1)}},
	{"a layer of SASL", {SLAPD, {CONF, "security ssf=1\nsasl-secprops minssf=56\n" DB}},
		{LDAP(CLEAR_SHUT, "security ssf=1", CONF, 1)}},
	{"access rules", {SLAPD, {CONF, DB "access to * by ssf=128\n  users read\n"}},
		{FAULT("an access rule asks", CONF, 3)}},
	{"access rules beside a database that is open",
		{SLAPD, {CONF, DB "access to * by ssf=128 users read\n" DB}},
		{LDAP(CLEAR_OPEN, NONE("mdb"), CONF, 4)}},
	{"lines that go on, and a file",
		{SLAPD, {CONF, "include /etc/ldap/x\n" DB},
			{"/etc/ldap/x", "# security \\\n simple_bind=1\nsecurity \\\n"
					"  simple_bind=1\n  ssf=1\n"}},
		{LDAP(CLEAR_SHUT, "security ssf=1", "/etc/ldap/x", 3)}},
	{"a file that is not there", {SLAPD, {CONF, DB "include /etc/ldap/x\n"}},
		{FAULT("/etc/ldap/x is not there", CONF, 3)}},
	{"no number", {SLAPD, {CONF, "security tls=yes\n" DB}}, {FAULT("no number", CONF, 1)}},
	{"a file that cannot be read", {SLAPD, {CONF, NULL}}, {FAULT("FIFO", CONF, 0)}},
	/* slapd.d */
	{"slapd.d",
		{SLAPD, {CONF, "security tls=1\n" DB}, {TREE ".ldif", "dn: cn=config\nolcX: y\n"},
			{TREE "/olcDatabase={1}mdb.ldif",
				"# AUTO\ndn: olcDatabase={1}mdb\nolcRootPW:: c2VjcmV0\n"}},
		{LDAP(CLEAR_OPEN, NONE("mdb"), TREE "/olcDatabase={1}mdb.ldif", 2)}},
	{"slapd.d with TLS",
		{SLAPD, {TREE ".ldif", "dn: cn=config\nolcSecurity: ssf=0 t\n ls=1\n"},
			{TREE "/olcDatabase={1}mdb.ldif", "dn: olcDatabase={1}mdb\n"}},
		{LDAP(CLEAR_SHUT, "olcSecurity: tls=1", TREE ".ldif", 2)}},
	{"slapd.d, the frontend and one of two",
		{SLAPD, {TREE ".ldif", "dn: cn=config\n"},
			{TREE "/olcDatabase={-1}frontend.ldif",
				"dn: olcDatabase={-1}frontend\nolcSecurity: simple_bind=1\n"},
			{TREE "/olcDatabase={0}config.ldif", "dn: olcDatabase={0}config\n"},
			{TREE "/olcDatabase={1}mdb.ldif",
				"dn: olcDatabase={1}mdb\nolcSecurity: tls=1\n"},
			{TREE "/olcDatabase={2}mdb.ldif", "dn: olcDatabase={2}mdb\n"}},
		{LDAP(CLEAR_LOGIN, "olcSecurity: simple_bind=1",
			TREE "/olcDatabase={-1}frontend.ldif", 2)}},
	{"slapd.d in base64", {SLAPD, {TREE ".ldif", "dn: cn=config\nolcSecurity:: dGxzPTE=\n"}},
		{FAULT("olcSecurity is in base64", TREE ".ldif", 2)}},
	{"rules in base64",
		{SLAPD, {TREE ".ldif", "dn: cn=config\n"},
			{TREE "/olcDatabase={1}mdb.ldif",
				"dn: olcDatabase={1}mdb\nolcAccess:: dG8gKg==\n"}},
		{FAULT("an access rule", TREE "/olcDatabase={1}mdb.ldif", 2)}},
	/* How it is started. */
	{"ldaps alone",
		{SLAPD, {CONF, DB},
			{"/etc/default/slapd",
				"SLAPD_CONF=\nSLAPD_SERVICES=\"ldaps:/// ldapi:///\"\n"}},
		{LDAP(CLEAR_SHUT, "SLAPD_SERVICES ldaps:/// ldapi:///", "/etc/default/slapd", 2),
			LDAPS(636, "/etc/default/slapd", 2)}},
	{"both, and another file",
		{SLAPD, {CONF, "security tls=1\n"}, {"/etc/x.conf", DB},
			{"/etc/default/slapd", "SLAPD_CONF=/etc/x.conf\nSLAPD_SERVICES='ldap:// "
					       "ldaps://[::]:1636/x'\n"}},
		{LDAP(CLEAR_OPEN, NONE("mdb"), "/etc/x.conf", 1),
			LDAPS(1636, "/etc/default/slapd", 2)}},
	{"a unit",
		{SLAPD, {"/etc/x.conf", DB},
			{UNIT, "[Service]\nExecStart=/usr/sbin/slapd -f /etc/x.conf "
			       "-h \"ldaps://a:637 ldaps://\"\n"}},
		{LDAP(CLEAR_SHUT, "-h ldaps://a:637 ldaps://", UNIT, 2),
			{"slapd", "LDAP over TLS", .ports = {637, 636}, .kind = CLEAR_SHUT,
				.setting = "begins with TLS", .at = {UNIT, 2}}}},
	{"a unit with a variable",
		{SLAPD, {"/etc/openldap/slapd.conf", DB},
			{UNIT, "[Service]\nExecStart=/usr/sbin/slapd -u ldap -h ${SLAPD_URLS}\n"},
			{"/etc/sysconfig/slapd", "SLAPD_URLS=\"ldaps:///\"\n"}},
		{LDAP(CLEAR_SHUT, "SLAPD_URLS ldaps:///", "/etc/sysconfig/slapd", 1),
			LDAPS(636, "/etc/sysconfig/slapd", 1)}},
	{"a unit with a variable from elsewhere",
		{SLAPD, {"/etc/openldap/slapd.conf", DB},
			{UNIT, "[Service]\nExecStart=/usr/sbin/slapd -u ldap -h ${SLAPD_URLS}\n"}},
		{LDAP(CLEAR_OPEN, NONE("mdb"), "/etc/openldap/slapd.conf", 1),
			LDAPS(636, UNIT, 2)}},
	{"two units, of which the second may serve anything",
		{SLAPD, {CONF, DB}, {UNIT, "[Service]\nExecStart=/usr/sbin/slapd -h ldaps:///\n"},
			{"/etc/systemd/system/slapd2.service",
				"[Service]\nExecStart=/usr/sbin/slapd -h ldap:///\n"}},
		{FAULT("this unit runs slapd as well", "/etc/systemd/system/slapd2.service", 2),
			LDAPS(636, UNIT, 2)}},
};

static void test_vectors(void **state)
{
	clear_judge(vectors, ARRAY_SIZE(vectors));
}

static struct clear_text texts[] = {
	{clear_slapd_text,
		"security ssf=1 simple_bind=1\nsasl-secprops none\n" DB "access to * by ssf=1\n"},
	{clear_slapd_text, "dn: olcDatabase={1}mdb\nolcDisallows: bind_simple\nolcAccess:: x\n"},
	{clear_slapd_text, DB DB "security tls=x\n"},
};

static void test_alloc(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		alloc_each(clear_read_text, &texts[i], 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
