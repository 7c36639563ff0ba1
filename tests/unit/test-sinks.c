/* SPDX-License-Identifier: ISC */
#include "test.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "daemon/datagram.h"
#include "daemon/messages.h"
#include "daemon/sink.h"

static struct event_detail details[] = {
	{"sshd permitrootlogin", "/etc/ssh/sshd_config", 33, "yes", "no", "no"},
	{"sshd permitrootlogin, user root", "/etc/ssh/sshd_config", 40, "yes", "no", NULL},
};

static struct event also[] = {
	{.kind = EVENT_OPENED,
		.result = RESULT_FAIL,
		.severity = SEV_HIGH,
		.check = "ssh-exposure",
		.title = "Not from outside",
		.details = details,
		.n_details = 1,
		.n_all = 1},
	{.kind = EVENT_CHANGED, .result = RESULT_UNKNOWN, .severity = SEV_LOW, .check = "ssh-port"},
};

static struct event_actor actors[] = {
	{.auid = 1001, .uid = 1001, .session = 2, .user = "bob", .exe = "/usr/bin/nano"},
	{.auid = 1000,
		.uid = 0,
		.session = 3,
		.pid = 4711,
		.user = "alice",
		.run_as = "root",
		.exe = "/usr/bin/sed",
		.command = "sed -i s/no/yes/ sshd_config",
		.tty = "pts0",
		.peer = "203.0.113.5",
		.behalf = "deploy.service"},
};

static const struct event opened = {
	.seq = 7,
	.epoch = "00112233445566778899aabbccddeeff",
	.kind = EVENT_OPENED,
	.realtime_usec = UINT64_C(1795262400) * USEC_PER_SEC,
	.result = RESULT_FAIL,
	.severity = SEV_HIGH,
	.check = "ssh-root-login",
	.title = "Root cannot log in over SSH",
	.message = "root can log in",
	.remedy = "PermitRootLogin no",
	.details = details,
	.n_details = 2,
	.n_all = 2,
	.also = also,
	.n_also = 2,
	.actors = actors,
	.n_actors = 2,
};

static void test_journal(void **state)
{
	static const char *const lines[] = {
		"MESSAGE=root can log in\n", "MESSAGE_ID=" MESSAGE_ID_OPENED "\n", "PRIORITY=3\n",
		"SYSLOG_IDENTIFIER=hardend\n", "HARDEND_EVENT=opened\n", "HARDEND_SEQ=7\n",
		"HARDEND_CHECK=ssh-root-login\n", "HARDEND_RESULT=fail\n", "HARDEND_SEVERITY=high\n",
		"HARDEND_SUBJECT=sshd permitrootlogin\n", "HARDEND_PATH=/etc/ssh/sshd_config\n",
		"HARDEND_LINE=33\n", "HARDEND_OBSERVED=yes\n", "HARDEND_EXPECTED=no\n",
		"HARDEND_OLD=no\n", "HARDEND_REMEDY=PermitRootLogin no\n", "HARDEND_HASH=abc\n",
		"HARDEND_ACTOR_AUID=1000\n", "HARDEND_ACTOR_UID=0\n", "HARDEND_ACTOR_USER=alice\n",
		"HARDEND_ACTOR_RUN_AS=root\n", "HARDEND_ACTOR_PID=4711\n",
		"HARDEND_ACTOR_EXE=/usr/bin/sed\n", "HARDEND_ACTOR_TTY=pts0\n",
		"HARDEND_ACTOR_COMMAND=sed -i s/no/yes/ sshd_config\n",
		"HARDEND_ACTOR_SESSION=3\n", "HARDEND_ACTOR_PEER=203.0.113.5\n",
		"HARDEND_ACTOR_BEHALF=deploy.service\n",
		"HARDEND_ACTORS=[{\"auid\":1001,\"exe\":\"/usr/bin/nano\",\"session\":2,\"uid\":1001,"
		"\"user\":\"bob\"},{\"auid\":1000,\"behalf\":\"deploy.service\",",
		"HARDEND_ALSO=ssh-exposure\n", "HARDEND_ALSO=ssh-port\n",
		"HARDEND_ALSO_DETAILS=[{\"check\":\"ssh-exposure\",\"details\":[{\"expected\":\"no\","
		"\"line\":33,\"observed\":\"yes\",\"old\":\"no\",\"path\":"
		"\"/etc/ssh/sshd_config\",\"subject\":\"sshd permitrootlogin\"}],"
		"\"event\":\"opened\",\"result\":\"fail\",\"severity\":\"high\","
		"\"title\":\"Not from outside\"},{\"check\":\"ssh-port\",\"details\":[],"
		"\"event\":\"changed\",\"result\":\"unknown\",\"severity\":\"low\"}]\n",
		"HARDEND_DETAILS_TOTAL=2\n", "HARDEND_EPOCH=00112233445566778899aabbccddeeff\n",
	};
	size_t size = 0;
	_cleanup_free_ char *data = sink_journal_encode(&opened, "abc", &size);

	assert_non_null(data);
	assert_int_equal(strlen(data), size);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		if (!strstr(data, lines[i]))
			fail_msg("not in the message: %s", lines[i]);
	}
	assert_non_null(strstr(data, "\"line\":40"));
}

/* A value of several lines goes in the form with a length, or it could forge fields. */
static void test_journal_forgery(void **state)
{
	struct event e = opened;
	size_t size = 0;

	e.remedy = "first\nHARDEND_EVENT=resolved";
	e.n_details = e.n_all = 0;
	_cleanup_free_ char *data = sink_journal_encode(&e, "abc", &size);
	assert_non_null(data);
	static const char form[] = "HARDEND_REMEDY\n\x1c\0\0\0\0\0\0\0first\nHARDEND_EVENT=resolved\n";
	assert_non_null(memmem(data, size, form, sizeof(form) - 1));
}

static void test_syslog(void **state)
{
	_cleanup_free_ char *text = sink_syslog_encode(&opened);

	assert_non_null(text);
	assert_memory_equal(text, "<83>", 4); /* authpriv.err */
	assert_non_null(strstr(text, " hardend["));
	assert_non_null(strstr(text, "]: root can log in [seq 7]"));
}

/* A receiver that does not read makes -EAGAIN, never a wait. */
static void test_never_blocks(void **state)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	char dir[] = "/tmp/hardend-test-XXXXXX";
	int r = 0;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/socket", dir);
	assert_int_equal(datagram_open(sa.sun_path), -ENOENT);
	_cleanup_close_ int receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(receiver, (struct sockaddr *)&sa, sizeof(sa)), 0);
	_cleanup_close_ int fd = datagram_open(sa.sun_path);
	assert_true(fd >= 0);
	for (int i = 0; i < 100000 && r == 0; i++)
		r = datagram_send(fd, "x", 1, true);
	assert_int_equal(r, -EAGAIN);
	char c;
	assert_int_equal(recv(receiver, &c, 1, 0), 1);
	assert_int_equal(datagram_send(fd, "x", 1, true), 0);
	assert_int_equal(unlink(sa.sun_path), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* Each MESSAGE_ID has one entry in the catalog, and no other entry is there. */
static void test_catalog(void **state)
{
	static const char *const ids[] = {
		MESSAGE_ID_OPENED, MESSAGE_ID_CHANGED, MESSAGE_ID_RESOLVED, MESSAGE_ID_DRIFT,
		MESSAGE_ID_WAIVED, MESSAGE_ID_ACCEPTED, MESSAGE_ID_DEGRADED, MESSAGE_ID_RECOVERED,
		MESSAGE_ID_STARTED, MESSAGE_ID_STOPPED, MESSAGE_ID_HEARTBEAT,
	};
	unsigned seen[ARRAY_SIZE(ids)] = {0}, entries = 0;
	char line[1024];
	FILE *f = fopen(getenv("CATALOG"), "re");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "-- ", 3) != 0)
			continue;
		entries++;
		for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
			seen[i] += strncmp(line + 3, ids[i], 32) == 0;
	}
	assert_int_equal(fclose(f), 0);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		assert_int_equal(seen[i], 1);
	assert_int_equal(entries, ARRAY_SIZE(ids));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_journal_forgery),
		cmocka_unit_test(test_syslog),
		cmocka_unit_test(test_never_blocks),
		cmocka_unit_test(test_catalog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
