/* SPDX-License-Identifier: ISC */
/* The control socket's bounds. The methods called here need no engine. */
#include "test.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "daemon/control.h"

#define REQUEST "{\"method\":\"org.varlink.service.GetInfo\"}"

static void on_changed(_unused_ void *arg)
{
	fail_msg("nothing was to change");
}

static int connect_to(const char *address)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", address);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

static void turn(struct event_base *base)
{
	for (int i = 0; i < 20; i++)
		assert_true(event_base_loop(base, EVLOOP_NONBLOCK) >= 0);
}

/* Sends whole requests until no more is taken, or max bytes. How many. */
static size_t flood(struct event_base *base, int fd, size_t max)
{
	size_t n = 0, part = 0;

	while (n < max / sizeof(REQUEST)) {
		ssize_t sent = send(fd, &REQUEST[part], sizeof(REQUEST) - part, MSG_NOSIGNAL);
		if (sent < 0) {
			assert_int_equal(errno, EAGAIN);
			turn(base);
			sent = send(fd, &REQUEST[part], sizeof(REQUEST) - part, MSG_NOSIGNAL);
		}
		if (sent < 0)
			return n;
		part += (size_t)sent;
		n += part == sizeof(REQUEST);
		part %= sizeof(REQUEST);
	}
	return n;
}

/* Reads until there is nothing for a while. How many answers. */
static size_t count_answers(struct event_base *base, int fd)
{
	static char buf[64 * 1024];
	size_t n = 0;

	for (int idle = 0; idle < 3;) {
		ssize_t got = recv(fd, buf, sizeof(buf), 0);
		idle = got > 0 ? 0 : idle + 1;
		for (ssize_t i = 0; i < got; i++)
			n += buf[i] == '\0';
		turn(base);
	}
	return n;
}

/* Who asks and does not read is not asked for more; once he reads, he gets all. */
static void test_no_reader(void **state)
{
	const size_t max = 8 * 1024 * 1024;
	struct event_base *base = event_base_new();
	struct control *c = NULL;
	struct test_root t;

	test_root_init(&t);
	const char *address = test_path(&t, "/control");
	assert_int_equal(
		control_new(base, NULL, address, (gid_t)-1, on_changed, NULL, &c), 0);
	int fd = connect_to(address);
	turn(base);
	size_t asked = flood(base, fd, max);
	assert_true(asked < max / sizeof(REQUEST));
	/* Others are served meanwhile. */
	int other = connect_to(address);
	assert_int_equal(send(other, REQUEST, sizeof(REQUEST), 0), sizeof(REQUEST));
	assert_int_equal(count_answers(base, other), 1);
	assert_int_equal(count_answers(base, fd), asked);
	assert_int_equal(close(other), 0);
	assert_int_equal(close(fd), 0);
	turn(base);
	control_free(c);
	event_base_free(base);
	test_root_fini(&t);
}

/* Clients who say nothing do not keep others of their uid out, nor root. */
static void test_idle_clients(void **state)
{
	struct event_base *base = event_base_new();
	struct control *c = NULL;
	struct test_root t;
	int fds[40], n = (int)ARRAY_SIZE(fds);

	test_root_init(&t);
	const char *address = test_path(&t, "/control");
	assert_int_equal(
		control_new(base, NULL, address, (gid_t)-1, on_changed, NULL, &c), 0);
	for (int i = 0; i < n; i++) {
		fds[i] = connect_to(address);
		turn(base);
	}
	assert_int_equal(send(fds[n - 1], REQUEST, sizeof(REQUEST), 0), sizeof(REQUEST));
	assert_int_equal(count_answers(base, fds[n - 1]), 1);
	/* The one who waited longest has left, a newer one has not. */
	char byte;
	assert_int_equal(recv(fds[0], &byte, 1, 0), 0);
	assert_int_equal(recv(fds[n - 2], &byte, 1, 0), -1);
	for (int i = 0; i < n; i++)
		assert_int_equal(close(fds[i]), 0);
	turn(base);
	control_free(c);
	event_base_free(base);
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_reader),
		cmocka_unit_test(test_idle_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
