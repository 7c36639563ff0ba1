/* SPDX-License-Identifier: ISC */
/* A stream socket that is read to its end: of this program's own, and of nobody else. */
#include "alloc-fail.h"

#include "stream-server.h"

#include "base/stream.h"

#define LONG (10 * USEC_PER_SEC)

static int ask(const struct server *s, uint64_t timeout, size_t max, char **ret, size_t *ret_size)
{
	return stream_ask(s->path, timeout, max, ret, ret_size);
}

static void test_ask(void **state)
{
	static const struct {
		unsigned n;
		size_t max;
		int r;
	} cases[] = {{0, 4, 0}, {1, 4, 0}, {5000, 20000, 0}, {5000, 19999, -EFBIG}, {1, 3, -EFBIG}};
	struct server s;

	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = NULL;
		size_t size = 77;
		server_init(&s);
		serve(&s, "abcd", cases[i].n, false);
		assert_int_equal(ask(&s, LONG, cases[i].max, &text, &size), cases[i].r);
		assert_int_equal(size, cases[i].r == 0 ? 4 * cases[i].n : 77);
		assert_int_equal(text ? strlen(text) : 77, size);
		dismiss(&s);
		server_fini(&s);
	}
}

/* Whoever sends and does not end is left when the time is up. */
static void test_deadline(void **state)
{
	char *text = NULL;
	size_t size;
	struct server s;

	if (geteuid() != 0)
		skip();
	server_init(&s);
	serve(&s, "abcd", 1, true);
	assert_int_equal(ask(&s, 20 * USEC_PER_MSEC, 100, &text, &size), -ETIMEDOUT);
	assert_null(text);
	dismiss(&s);
	server_fini(&s);
}

static void test_nobody(void **state)
{
	char path[200], *text = NULL;
	size_t size;
	struct server s;

	server_init(&s);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(stream_ask(path, LONG, 100, &text, &size), -ENAMETOOLONG);
	assert_int_equal(stream_ask("/nonexistent/x", LONG, 100, &text, &size), -ENOENT);
	closep(&s.fd);
	s.fd = -1;
	assert_int_equal(ask(&s, LONG, 100, &text, &size), -ECONNREFUSED);
	assert_null(text);
	server_fini(&s);
}

/* Only root answers for the machine. */
static void test_not_root(void **state)
{
	struct server s;
	char *text = NULL;
	size_t size;

	if (geteuid() != 0)
		skip();
	server_init(&s);
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(listen(s.fd, 4), 0); /* the peer is who listened last */
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(ask(&s, LONG, 100, &text, &size), -EPERM);
	assert_null(text);
	server_fini(&s);
}

static int ask_once(void *arg)
{
	_cleanup_free_ char *text = NULL;
	size_t size;

	return ask(arg, LONG, 10000, &text, &size);
}

static void test_memory(void **state)
{
	struct server s;

	if (geteuid() != 0)
		skip();
	server_init(&s);
	serve(&s, "abcd", 2500, false);
	alloc_each(ask_once, &s, 2);
	dismiss(&s);
	server_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ask),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_not_root),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
