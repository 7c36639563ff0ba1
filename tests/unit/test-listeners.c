/* SPDX-License-Identifier: ISC */
/* The kernel's list of sockets, asked about sockets that the test has made. */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "fact/fact.h"
#include "fact/listeners.h"

/* A socket that waits; its port. */
static unsigned make(int family, int type, const char *addr, int *ret_fd)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr *sa = family == AF_INET ? (void *)&four : (void *)&six;
	socklen_t len = family == AF_INET ? sizeof(four) : sizeof(six);
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	assert_int_equal(
		inet_pton(family, addr,
			family == AF_INET ? (void *)&four.sin_addr : (void *)&six.sin6_addr),
		1);
	if (fd < 0 || bind(fd, sa, len) < 0)
		return 0; /* no IPv6 here */
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, sa, &len), 0);
	*ret_fd = fd;
	return ntohs(family == AF_INET ? four.sin_port : six.sin6_port);
}

static struct fact *collect(const char *dir)
{
	static struct factset none;
	struct root root;
	struct fact *f = NULL;

	assert_int_equal(root_open(dir, &root), 0);
	const struct collect c = {.root = &root, .facts = &none};
	assert_int_equal(fact_collect(FACT_LISTENERS, &c, &f), 0);
	root_close(&root);
	return f;
}

static const struct listener *find(const struct listeners *l, const char *text)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i].text, text) == 0)
			return &l->v[i];
	}
	return NULL;
}

static void test_own(void **state)
{
	static const struct {
		int family, type;
		const char *addr;
		bool loopback;
	} vectors[] = {
		{AF_INET, SOCK_STREAM, "127.0.0.1", true},
		{AF_INET, SOCK_STREAM, "0.0.0.0", false},
		{AF_INET, SOCK_DGRAM, "127.0.0.2", true},
		{AF_INET, SOCK_DGRAM, "0.0.0.0", false},
		{AF_INET6, SOCK_STREAM, "::1", true},
		{AF_INET6, SOCK_STREAM, "::", false},
		{AF_INET6, SOCK_DGRAM, "::ffff:127.0.0.1", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		char text[96];
		int fd = -1;
		unsigned port = make(vectors[i].family, vectors[i].type, vectors[i].addr, &fd);
		if (port == 0)
			continue;
		_cleanup_(fact_freep) struct fact *f = collect("/");
		if (f->state != FACT_STATE_OK)
			fail_msg("%s", f->reason);
		bool six = vectors[i].family == AF_INET6;
		(void)snprintf(text, sizeof(text), "%s %s%s%s:%u",
			vectors[i].type == SOCK_STREAM ? "tcp" : "udp", six ? "[" : "",
			vectors[i].addr, six ? "]" : "", port);
		const struct listener *l = find(f->u.listeners, text);
		if (!l) {
			fail_msg("%s is missing", text);
			return;
		}
		assert_int_equal(l->loopback, vectors[i].loopback);
		assert_int_equal(l->port, port);
		assert_int_equal(l->tcp, vectors[i].type == SOCK_STREAM);
		assert_int_equal(l->uid, geteuid());
		(void)close(fd);
		_cleanup_(fact_freep) struct fact *after = collect("/");
		assert_null(find(after->u.listeners, text));
	}
}

static void test_other_root(void **state)
{
	struct test_root t;

	test_root_init(&t);
	_cleanup_(fact_freep) struct fact *f = collect(t.dir);
	assert_int_equal(f->state, FACT_STATE_ABSENT);
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_other_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
