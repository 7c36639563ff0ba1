/* SPDX-License-Identifier: ISC */
/* listener-plaintext over sockets made by hand. */
#include "judge-default.h"

#include "fact/clear-servers.h"
#include "fact/listeners.h"

static const struct vector {
	enum listener_protocol protocol;
	unsigned port;
	const char *exe;
	bool loopback, kernel;
	enum result result;
	const char *observed; /* a part of it; NULL: no evidence */
} vectors[] = {
	{LISTENER_TCP, 22, "/usr/sbin/sshd", false, false, RESULT_PASS, NULL},
	{LISTENER_TCP, 2323, "/usr/sbin/telnetd", false, false, RESULT_FAIL, "speaks telnet"},
	{LISTENER_TCP, 23, "/usr/sbin/telnetd", true, false, RESULT_NOTAPPLICABLE, NULL},
	{LISTENER_TCP, 514, "/usr/sbin/in.rshd", false, false, RESULT_FAIL, "speaks rsh"},
	{LISTENER_UDP, 69, "/usr/sbin/in.tftpd", false, false, RESULT_FAIL, "speaks TFTP"},
	{LISTENER_UDP, 69, "/usr/sbin/dnsmasq", false, false, RESULT_FAIL, "speaks TFTP"},
	{LISTENER_UDP, 53, "/usr/sbin/dnsmasq", false, false, RESULT_PASS, NULL},
	{LISTENER_TCP, 5901, "/usr/bin/x11vnc", false, false, RESULT_FAIL, "speaks VNC"},
	{LISTENER_TCP, 5901, "/usr/bin/Xtigervnc", false, false, RESULT_UNKNOWN,
		"started with are not read"},
	{LISTENER_TCP, 21, "/usr/sbin/vsftpd", false, false, RESULT_UNKNOWN,
		"no configuration of it was found"},
	{LISTENER_TCP, 143, "/usr/sbin/dovecot", false, false, RESULT_UNKNOWN, "POP3, IMAP"},
	{LISTENER_TCP, 993, "/usr/sbin/dovecot", false, false, RESULT_PASS, NULL},
	{LISTENER_TCP, 389, "/usr/sbin/slapd", false, false, RESULT_UNKNOWN, "speaks LDAP"},
	{LISTENER_TCP, 636, "/usr/sbin/slapd", false, false, RESULT_PASS, NULL},
	{LISTENER_UDP, 161, "/usr/sbin/snmpd", false, false, RESULT_UNKNOWN, "speaks SNMP"},
	{LISTENER_TCP, 23, "/usr/sbin/inetd", false, false, RESULT_UNKNOWN, "port of telnet"},
	{LISTENER_TCP, 513, "/usr/sbin/xinetd", false, false, RESULT_UNKNOWN, "rlogin"},
	{LISTENER_TCP, 21, NULL, false, false, RESULT_UNKNOWN, "port of FTP"},
	{LISTENER_UDP, 21, NULL, false, false, RESULT_PASS, NULL},
	{LISTENER_UDP, 69, NULL, false, true, RESULT_NOTAPPLICABLE, NULL},
};

static struct verdict *judge_with(
	const struct listeners *l, const struct clear_servers *servers, int error)
{
	struct factset facts = {0};
	struct verdict *v = verdict_new();
	struct fact *f = fact_new(FACT_LISTENERS);

	if (error)
		fact_fail(f, error, "for a test");
	else
		f->u.listeners = l;
	factset_put(&facts, f);
	f = fact_new(FACT_CLEAR_SERVERS);
	f->u.clear_servers = servers;
	factset_put(&facts, f);
	judge_default("listener-plaintext", &facts, v);
	factset_fini(&facts);
	return v;
}

static struct verdict *judge(const struct listeners *l, int error)
{
	return judge_with(l, &(struct clear_servers){0}, error);
}

static void test_vectors(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *x = &vectors[i];
		const struct listener_program program = {.exe = x->exe, .command = "x"};
		const struct listener l = {.protocol = x->protocol,
			.port = (uint16_t)x->port,
			.loopback = x->loopback,
			.kernel = x->kernel,
			.program = x->exe ? &program : NULL,
			.text = "x 0.0.0.0:1"};
		struct verdict *v = judge(&(struct listeners){.v = &l, .n = 1}, 0);
		if (v->result != x->result)
			fail_msg("%s %u: %s", x->exe, x->port, result_name(v->result));
		assert_int_equal(v->n_evidence, x->observed ? 1 : 0);
		if (x->observed) {
			assert_string_equal(v->evidence[0].subject, "listener x 0.0.0.0:1");
			if (!strstr(v->evidence[0].observed, x->observed))
				fail_msg("%s", v->evidence[0].observed);
		}
		verdict_free(v);
	}
}

/* By the configuration of servers: the port that is named decides first, then the worst. */
static void test_services(void **state)
{
	static const struct clear_service v[] = {
		{"xftpd", "FTP", .kind = CLEAR_SHUT, .setting = "tls=2", .at = {"/etc/x", 3}},
		{"xftpd", "FTP", .ports = {21, 2121}, .kind = CLEAR_LOGIN, .setting = "tls=1",
			.at = {"/etc/x", 4}},
		{"xftpd", "FTP", .ports = {2121}, .fault = "is a FIFO", .fault_path = "/etc/y",
			.fault_line = 5},
		{"xftpd", "FTP", .ports = {2122}, .fault = "is a FIFO", .fault_path = "/etc/y",
			.fault_line = 5},
		{"xftpd", "FTP", .ports = {2123, 2124}, .kind = CLEAR_SHUT, .setting = "tls=2"},
		{"xftpd", "FTP", .ports = {2123}, .kind = CLEAR_OPEN, .setting = "tls=0",
			.at = {"/etc/z", 6}},
		{"xftpd", "FTP", .ports = {2123}, .kind = CLEAR_LOGIN, .setting = "tls=1"},
		{"x?mpd", "SNMP", .udp = true, .kind = CLEAR_OPEN, .setting = "rocommunity",
			.at = {"/etc/w", 7}},
		{"dovecot", "IMAP", .ports = {143}, .kind = CLEAR_SHUT, .setting = "ssl=required"},
	};
	static const struct {
		enum listener_protocol protocol;
		unsigned port;
		const char *exe;
		enum result result;
		const char *observed, *path; /* observed NULL: no evidence */
		unsigned line;
	} rows[] = {
		{LISTENER_TCP, 990, "/opt/xftpd", RESULT_PASS, "encrypted or not at all: tls=2",
			"/etc/x", 3},
		{LISTENER_TCP, 21, "/opt/xftpd", RESULT_FAIL, "refuses passwords there: tls=1",
			"/etc/x", 4},
		{LISTENER_TCP, 2121, "/opt/xftpd", RESULT_FAIL, "tls=1", "/etc/x", 4},
		{LISTENER_TCP, 2122, "/opt/xftpd", RESULT_UNKNOWN, "be read: is a FIFO", "/etc/y",
			5},
		{LISTENER_TCP, 2123, "/opt/xftpd", RESULT_FAIL, "FTP in the clear: tls=0", "/etc/z",
			6},
		{LISTENER_TCP, 2124, "/opt/xftpd", RESULT_PASS, "tls=2", NULL, 0},
		{LISTENER_UDP, 21, "/opt/xftpd", RESULT_PASS, NULL, NULL, 0},
		{LISTENER_UDP, 161, "/opt/xnmpd", RESULT_FAIL, "SNMP in the clear: rocommunity",
			"/etc/w", 7},
		{LISTENER_TCP, 161, "/opt/xnmpd", RESULT_PASS, NULL, NULL, 0},
		{LISTENER_TCP, 143, "/usr/sbin/dovecot", RESULT_PASS, "ssl=required", NULL, 0},
		{LISTENER_TCP, 110, "/usr/sbin/dovecot", RESULT_UNKNOWN, "not known", NULL, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct listener_program program = {.exe = rows[i].exe, .command = "x"};
		const struct listener l = {.protocol = rows[i].protocol,
			.port = (uint16_t)rows[i].port,
			.program = &program,
			.text = "x 0.0.0.0:1"};
		struct verdict *got = judge_with(&(struct listeners){.v = &l, .n = 1},
			&(struct clear_servers){v, ARRAY_SIZE(v)}, 0);
		if (got->result != rows[i].result)
			fail_msg("%s %u: %s", rows[i].exe, rows[i].port, result_name(got->result));
		assert_int_equal(got->n_evidence, rows[i].observed ? 1 : 0);
		if (rows[i].observed) {
			const struct evidence *e = &got->evidence[0];
			if (!strstr(e->observed, rows[i].observed))
				fail_msg("%s", e->observed);
			assert_string_equal(
				e->path ? e->path : "-", rows[i].path ? rows[i].path : "-");
			assert_int_equal(e->line, rows[i].line);
			if (e->result == RESULT_FAIL)
				assert_int_equal(e->severity,
					strstr(e->observed, "refuses") ? SEV_MEDIUM : SEV_HIGH);
		}
		verdict_free(got);
	}
}

/* What was not looked at is no pass. */
static void test_unseen(void **state)
{
	struct verdict *v = judge(NULL, -EIO);
	assert_int_equal(v->result, RESULT_ERROR);
	verdict_free(v);
	v = judge(NULL, -ENOENT);
	assert_int_equal(v->result, RESULT_NOTAPPLICABLE);
	verdict_free(v);
	v = judge(&(struct listeners){.cut = 3}, 0);
	assert_int_equal(v->result, RESULT_ERROR);
	verdict_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_unseen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
