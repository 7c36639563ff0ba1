/* SPDX-License-Identifier: ISC */
#include "test.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "../../daemon/ctl/client.h"

#define REPLY(s) (s), sizeof(s)

/* What a service may answer, and what the caller makes of it. NUL-terminated unless size says less.
 */
static const struct {
	const char *reply;
	size_t size;
	int r;
	const char *parameters; /* compact JSON of what is returned */
} vectors[] = {
	{REPLY("{\"parameters\":{\"a\":1}}"), 0, "{\"a\":1}"},
	{REPLY("{\"parameters\":{}}\0{\"parameters\":{\"b\":2}}"), 0, "{}"},
	{REPLY("{\"error\":\"x.y.Denied\",\"parameters\":{}}"), -EREMOTEIO,
		"{\"error\":\"x.y.Denied\",\"parameters\":{}}"},
	{REPLY("{}"), -EPROTO, NULL},
	{REPLY("{\"parameters\":[]}"), -EPROTO, NULL},
	{REPLY("{\"parameters\":{},\"parameters\":{}}"), -EPROTO, NULL},
	{REPLY("[1]"), -EPROTO, NULL},
	{REPLY("nonsense"), -EPROTO, NULL},
	{REPLY(""), -EPROTO, NULL},
	{"{\"parameters\":{}}", 17, -EPROTO, NULL}, /* the end comes before the NUL */
	{"", 0, -EPROTO, NULL},
};

static void test_replies(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		int fds[2];
		json_t *reply = NULL;
		char sent[128] = "";
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		assert_int_equal(write(fds[1], vectors[i].reply, vectors[i].size), vectors[i].size);
		assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
		int r = client_exchange(
			fds[0], "x.y.Z", json_pack("{s:i}", "n", 1), USEC_PER_MIN, &reply);
		assert_int_equal(r, vectors[i].r);
		ssize_t n = read(fds[1], sent, sizeof(sent));
		assert_int_equal(n, strlen(sent) + 1);
		assert_string_equal(sent, "{\"method\":\"x.y.Z\",\"parameters\":{\"n\":1}}");
		if (vectors[i].parameters) {
			char *text = json_dumps(reply, JSON_COMPACT);
			assert_string_equal(text, vectors[i].parameters);
			free(text);
		} else {
			assert_null(reply);
		}
		json_decref(reply);
		close(fds[0]);
		close(fds[1]);
	}
}

/* A peer that neither reads nor writes holds nobody up for longer than was said. */
static void test_timeout(void **state)
{
	int fds[2], size = 4096;
	json_t *reply = NULL;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(
		client_exchange(fds[0], "m", json_object(), USEC_PER_MSEC, &reply), -ETIMEDOUT);
	char *large = malloc(1 << 20);
	memset(large, 'x', 1 << 20);
	assert_int_equal(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
	json_t *o = json_pack("{s:s#}", "x", large, 1 << 20);
	assert_int_equal(client_exchange(fds[0], "m", o, USEC_PER_MSEC, &reply), -ETIMEDOUT);
	assert_null(reply);
	free(large);
	close(fds[0]);
	close(fds[1]);
}

static void test_connect(void **state)
{
	struct test_root t;
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	json_t *reply = NULL;
	char name[200];

	test_root_init(&t);
	const char *path = test_path(&t, "/control");
	assert_int_equal(client_call(path, "m", json_object(), USEC_PER_MIN, &reply), -ENOENT);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(
		client_call(path, "m", json_object(), USEC_PER_MIN, &reply), -ECONNREFUSED);
	close(fd);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(
		client_call(name, "m", json_object(), USEC_PER_MIN, &reply), -ENAMETOOLONG);
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_connect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
