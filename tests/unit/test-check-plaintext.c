/* SPDX-License-Identifier: ISC */
/* listener-plaintext over sockets made by hand. */
#include "judge-default.h"

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
	{LISTENER_TCP, 5901, "/usr/bin/Xtigervnc", false, false, RESULT_UNKNOWN, "demands TLS"},
	{LISTENER_TCP, 21, "/usr/sbin/vsftpd", false, false, RESULT_UNKNOWN, "not read yet"},
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

static struct verdict *judge(const struct listeners *l, int error)
{
	struct factset facts = {0};
	struct verdict *v = verdict_new();
	struct fact *f = fact_new(FACT_LISTENERS);

	if (error)
		fact_fail(f, error, "for a test");
	else
		f->u.listeners = l;
	factset_put(&facts, f);
	judge_default("listener-plaintext", &facts, v);
	factset_fini(&facts);
	return v;
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
		cmocka_unit_test(test_unseen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
