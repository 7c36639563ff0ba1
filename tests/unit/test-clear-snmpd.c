/* SPDX-License-Identifier: ISC */
/* Whom snmpd and snmptrapd let in without encryption; and that no community is told. */
#include "clear-fixture.h"

#define SNMPD                          \
	{                              \
		"/usr/sbin/snmpd", "x" \
	}
#define TRAPD                              \
	{                                  \
		"/usr/sbin/snmptrapd", "x" \
	}
#define CONF  "/etc/snmp/snmpd.conf"
#define TRAPS "/etc/snmp/snmptrapd.conf"
#define UNIT  "/etc/systemd/system/snmpd.service"
#define SNMP(program_, is, text, path, line)                                        \
	{                                                                           \
		{                                                                   \
			program_, "SNMP", .udp = true, .kind = is, .setting = text, \
					  .at = { path,                             \
						  line }                            \
		}                                                                   \
	}
#define OPEN(key, line) \
	SNMP("snmpd", CLEAR_OPEN, key " lets in by a community", CONF, line)
#define LOGIN(text, line) SNMP("snmpd", CLEAR_LOGIN, text, CONF, line)
#define SHUT		  SNMP("snmpd", CLEAR_SHUT, "no community or user", CONF, 0)
#define USER		  "createUser admin SHA s3cret-pass AES\n"

static const struct clear_vector vectors[] = {
	{"not installed", {{CONF, "rocommunity s3cret\n"}}, {{NULL}}},
	{"not configured", {SNMPD}, {{NULL}}},
	{"nobody", {SNMPD, {CONF, "# rocommunity s3cret\nsysLocation x\n"}}, SHUT},
	{"as Debian has it",
		{SNMPD, {CONF, "agentaddress 127.0.0.1,[::1]\n"
			       "view systemonly included .1.3.6.1.2.1.1\n"
			       "rocommunity public default -V systemonly\n"
			       "rouser authPrivUser authpriv -V systemonly\n"}},
		OPEN("rocommunity", 3)},
	{"a community", {SNMPD, {CONF, "  RoCommunity \"s3cret\" # x\n"}}, OPEN("RoCommunity", 1)},
	{"one of IPv6", {SNMPD, {CONF, "rwcommunity6 s3cret 2001:db8::/32\n"}},
		OPEN("rwcommunity6", 1)},
	{"of this machine alone",
		{SNMPD, {CONF, "rocommunity s3cret 127.0.0.1\nrwcommunity s3cret localhost .1\n"
			       "rocommunity6 s3cret ::1\n"}},
		SHUT},
	{"of one version", {SNMPD, {CONF, "rocommunity -v 2c s3cret 10.0.0.0/8\n"}},
		OPEN("rocommunity", 1)},
	{"a view of nothing",
		{SNMPD, {CONF, "view none excluded .1\nrocommunity s3cret default -V none\n"}},
		SHUT},
	{"authcommunity",
		{SNMPD, {CONF, "authcommunity log,net s3cret\n"
			       "authcommunity log|read s3cret\n"}},
		OPEN("authcommunity", 2)},
	{"com2sec, group and access",
		{SNMPD, {CONF, "com2sec -Cn x ro default s3cret\ngroup g v2c ro\n"
			       "access g \"\" any noauth prefix _all_ none none\n"}},
		OPEN("access", 3)},
	{"access for users alone",
		{SNMPD, {CONF, "com2sec ro default s3cret\ngroup g v2c ro\n"
			       "access g \"\" usm noauth prefix _all_ none none\n"
			       "access g \"\" any auth prefix _all_ none none\n"}},
		SHUT},
	{"a source of this machine",
		{SNMPD, {CONF, "com2sec ro 127.0.0.0/8 s3cret\ngroup g v1 ro\n"
			       "access g \"\" any noauth exact _all_ none none\n"}},
		SHUT},
	{"setaccess and authaccess",
		{SNMPD, {CONF, "com2sec6 ro default s3cret\ngroup g v1 ro\n"
			       "setaccess g \"\" v2c noauth prefix read _all_\n"
			       "authaccess read g -s v1 _all_\n"}},
		OPEN("authaccess", 4)},
	{"a user that need not encrypt", {SNMPD, {CONF, USER "rouser admin\n"}},
		LOGIN("rouser of admin asks for auth", 2)},
	{"a user without a password", {SNMPD, {CONF, USER "rwuser admin noauth .1\n"}},
		LOGIN("rwuser of admin asks for noauth", 2)},
	{"a user that must encrypt", {SNMPD, {CONF, USER "rouser admin authPriv\n"}}, SHUT},
	{"a user that there is not", {SNMPD, {CONF, USER "rouser other\n"}}, SHUT},
	{"a user over TLS", {SNMPD, {CONF, USER "rouser -s tsm admin auth\n"}}, SHUT},
	{"a user that snmpd keeps",
		{SNMPD, {CONF, "rouser admin auth\n"},
			{"/var/lib/snmp/snmpd.conf",
				"usmUser 1 3 0x80001f8880 0x61646d696e 0x61646d696e NULL\n"}},
		LOGIN("rouser of admin", 1)},
	{"a group of users",
		{SNMPD, {CONF, USER "group g usm admin\n"
				    "access g \"\" usm auth exact none _all_ none\n"}},
		LOGIN("access of g asks for auth", 3)},
	{"a group that another line hides",
		{SNMPD, {CONF, USER "group g usm admin\nrouser admin priv\n"
				    "access g \"\" usm auth exact _all_ none none\n"}},
		SHUT},
	{"files",
		{SNMPD, {CONF, "includeDir /etc/snmp/snmpd.conf.d\nincludeFile x\n"},
			{"/etc/snmp/x", "view all included .1\n"},
			{"/etc/snmp/snmpd.conf.d/a.conf", "rocommunity s3cret default -V all\n"}},
		SNMP("snmpd", CLEAR_OPEN, "rocommunity", "/etc/snmp/snmpd.conf.d/a.conf", 1)},
	{"lines for other programs",
		{SNMPD, {CONF, "[snmp] rocommunity s3cret\n[snmptrapd]\nrocommunity s3cret\n"
			       "[snmpd] rwcommunity s3cret\n"}},
		OPEN("rwcommunity", 4)},
	{"other transports",
		{SNMPD, {CONF, "rocommunity s3cret\n"
			       "agentaddress udp:161,tcp:1161,dtlsudp:[::]:10162,tlstcp:\n"}},
		{{"snmpd", "SNMP", .udp = true, .kind = CLEAR_OPEN, .setting = "rocommunity",
			 .at = {CONF, 1}},
			{"snmpd", "SNMP", .ports = {1161}, .kind = CLEAR_OPEN,
				.setting = "rocommunity", .at = {CONF, 1}},
			{"snmpd", "SNMP over TLS", .ports = {10161}, .kind = CLEAR_SHUT,
				.setting = "agentaddress", .at = {CONF, 2}},
			{"snmpd", "SNMP over TLS", .udp = true, .ports = {10162},
				.kind = CLEAR_SHUT, .setting = "agentaddress", .at = {CONF, 2}}}},
	{"another file, by a variable of the unit",
		{SNMPD, {CONF, "sysLocation x\n"}, {"/etc/x.conf", "rocommunity s3cret\n"},
			{"/etc/sysconfig/snmpd", "OPTIONS=\"-Lsd -c /etc/x.conf\"\n"},
			{UNIT, "[Service]\nExecStart=/usr/sbin/snmpd $OPTIONS -f\n"}},
		SNMP("snmpd", CLEAR_OPEN, "rocommunity lets in by a community", "/etc/x.conf", 1)},
	{"a unit that reads another file",
		{SNMPD, {CONF, "rocommunity s3cret\n"}, {"/etc/x.conf", "# x\n"},
			{UNIT, "[Service]\nExecStart=/usr/sbin/snmpd -f -C -c /etc/x.conf\n"}},
		SHUT},
	{"a file that cannot be read", {SNMPD, {CONF, NULL}},
		{{"snmpd", "SNMP", .udp = true, .fault = "FIFO", .fault_path = CONF}}},
	/* snmptrapd */
	{"no traps", {TRAPD, {TRAPS, "rocommunity s3cret\nauthCommunity read s3cret\n"}},
		SNMP("snmptrapd", CLEAR_SHUT, "no community", TRAPS, 0)},
	{"traps by a community", {TRAPD, {TRAPS, "authCommunity log,execute s3cret\n"}},
		SNMP("snmptrapd", CLEAR_OPEN, "authCommunity lets in", TRAPS, 1)},
	{"traps of a user", {TRAPD, {TRAPS, USER "authUser log admin\n"}},
		SNMP("snmptrapd", CLEAR_LOGIN, "authUser of admin asks for auth", TRAPS, 2)},
	{"traps of a user that encrypts", {TRAPD, {TRAPS, USER "authUser log admin priv\n"}},
		SNMP("snmptrapd", CLEAR_SHUT, "no community", TRAPS, 0)},
	{"traps of everybody", {TRAPD, {TRAPS, "disableAuthorization yes\n"}},
		SNMP("snmptrapd", CLEAR_OPEN, "disableAuthorization yes", TRAPS, 1)},
	{"traps of everybody, taken back",
		{TRAPD, {TRAPS, "disableAuthorization yes\ndisableAuthorization no\n"}},
		SNMP("snmptrapd", CLEAR_SHUT, "no community", TRAPS, 0)},
};

static void test_vectors(void **state)
{
	clear_judge(vectors, ARRAY_SIZE(vectors));
}

static bool tells(const char *text)
{
	return text && strcasestr(text, "s3cret");
}

/* Neither the services nor the items of any of these have a community or a password. */
static void test_secrets(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct test_root t;
		struct factset facts = {0};
		struct fact *f = NULL;
		const struct collect col = {.root = &t.root, .facts = &facts};
		test_root_init(&t);
		for (size_t k = 0; k < ARRAY_SIZE(vectors[i].files) && vectors[i].files[k].path;
			k++)
			test_write(&t, vectors[i].files[k].path,
				vectors[i].files[k].text ? vectors[i].files[k].text : "s3cret\n");
		assert_int_equal(fact_collect(FACT_CLEAR_SERVERS, &col, &f), 0);
		for (size_t k = 0; k < f->n_items; k++)
			assert_false(tells(f->items[k].subject) || tells(f->items[k].value));
		for (size_t k = 0; k < f->u.clear_servers->n; k++) {
			const struct clear_service *s = &f->u.clear_servers->v[k];
			assert_false(tells(s->setting) || tells(s->fault) || tells(s->protocol));
		}
		fact_free(f);
		test_root_fini(&t);
	}
}

static struct clear_text texts[] = {
	{clear_snmpd_text, "com2sec a default b\ngroup g v1 a\n"
			   "access g \"\" any noauth prefix _all_ none none\nrwuser a noauth\n"
			   "usmUser 1 3 0x80 0x6162 0x6162 NULL\nagentaddress tcp:1,tlstcp:\n"},
	{clear_snmpd_text, "#trap\ndisableAuthorization yes\nincludeFile x\n"},
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
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
