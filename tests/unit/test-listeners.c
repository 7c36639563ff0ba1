/* SPDX-License-Identifier: ISC */
/* The kernel's list of sockets, asked about sockets that the test has made. */
#include "test.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "fact/fact.h"
#include "fact/listeners.h"

/* A socket that waits; its port, 0 when the machine has none such. wanted 0: any port. */
static unsigned make_at(int family, int type, const char *addr, unsigned wanted, int *ret_fd)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)wanted)};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)wanted)};
	struct sockaddr *sa = family == AF_INET ? (void *)&four : (void *)&six;
	socklen_t len = family == AF_INET ? sizeof(four) : sizeof(six);
	int fd = socket(family, type | SOCK_CLOEXEC, 0), one = 1;

	assert_int_equal(
		inet_pton(family, addr,
			family == AF_INET ? (void *)&four.sin_addr : (void *)&six.sin6_addr),
		1);
	if (fd >= 0 && wanted)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (fd < 0 || bind(fd, sa, len) < 0)
		return 0; /* no IPv6 here */
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, sa, &len), 0);
	*ret_fd = fd;
	return ntohs(family == AF_INET ? four.sin_port : six.sin6_port);
}

static unsigned make(int family, int type, const char *addr, int *ret_fd)
{
	return make_at(family, type, addr, 0, ret_fd);
}

/* With what was known before, or NULL. */
static struct fact *collect_after(const char *dir, struct fact *before)
{
	struct factset facts = {0};
	struct root root;
	struct fact *f = NULL;

	facts.v[FACT_LISTENERS] = before;
	assert_int_equal(root_open(dir, &root), 0);
	const struct collect c = {.root = &root, .facts = &facts};
	assert_int_equal(fact_collect(FACT_LISTENERS, &c, &f), 0);
	root_close(&root);
	if (strcmp(dir, "/") == 0 && f->state != FACT_STATE_OK)
		fail_msg("%s", f->reason);
	return f;
}

static struct fact *collect(const char *dir)
{
	return collect_after(dir, NULL);
}

static const struct listener *find(const struct listeners *l, const char *text)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i].text, text) == 0)
			return &l->v[i];
	}
	return NULL;
}

static const struct listener *find_port(const struct fact *f, const char *prefix, unsigned port)
{
	char text[96];

	(void)snprintf(text, sizeof(text), "%s:%u", prefix, port);
	const struct listener *l = find(f->u.listeners, text);
	if (!l)
		fail_msg("%s is missing", text);
	return l;
}

static bool has_item(const struct fact *f, const char *text)
{
	for (size_t i = 0; i < f->n_items; i++) {
		if (strcmp(f->items[i].subject + strlen("listener "), text) == 0)
			return true;
	}
	return false;
}

static const char *own_exe(void)
{
	static char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	assert_true(n > 0);
	return exe;
}

static void test_own(void **state)
{
	static const struct {
		int family, type;
		const char *addr;
		bool loopback, link_local;
	} vectors[] = {
		{AF_INET, SOCK_STREAM, "127.0.0.1", true, false},
		{AF_INET, SOCK_STREAM, "0.0.0.0", false, false},
		{AF_INET, SOCK_DGRAM, "127.0.0.2", true, false},
		{AF_INET, SOCK_DGRAM, "0.0.0.0", false, false},
		{AF_INET6, SOCK_STREAM, "::1", true, false},
		{AF_INET6, SOCK_STREAM, "::", false, false},
		{AF_INET6, SOCK_DGRAM, "::ffff:127.0.0.1", true, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		char prefix[96];
		int fd = -1;
		bool tcp = vectors[i].type == SOCK_STREAM, six = vectors[i].family == AF_INET6;
		unsigned port = make(vectors[i].family, vectors[i].type, vectors[i].addr, &fd);
		if (port == 0)
			continue;
		_cleanup_(fact_freep) struct fact *f = collect("/");
		(void)snprintf(prefix, sizeof(prefix), "%s %s%s%s", tcp ? "tcp" : "udp",
			six ? "[" : "", vectors[i].addr, six ? "]" : "");
		const struct listener *l = find_port(f, prefix, port);
		assert_int_equal(l->loopback, vectors[i].loopback);
		assert_int_equal(l->link_local, vectors[i].link_local);
		assert_int_equal(l->port, port);
		assert_int_equal(l->protocol, tcp ? LISTENER_TCP : LISTENER_UDP);
		assert_int_equal(l->uid, geteuid());
		assert_false(l->kernel);
		assert_int_equal(l->sockets, 1);
		assert_non_null(l->program);
		assert_string_equal(l->program->exe, own_exe());
		assert_string_equal(l->program->command, "test-listeners");
		assert_null(l->program->package);
		(void)close(fd);
		_cleanup_(fact_freep) struct fact *after = collect("/");
		assert_null(find(after->u.listeners, l->text));
	}
}

/* [::] takes IPv4 as well, unless it was told not to; no other address does. */
static void test_dual(void **state)
{
	int both = -1, six = -1, one = 1;
	unsigned port = make(AF_INET6, SOCK_STREAM, "::", &both);

	if (port == 0)
		skip();
	_cleanup_(fact_freep) struct fact *f = collect("/");
	assert_true(find_port(f, "tcp [::]", port)->dual);
	(void)close(both);

	struct sockaddr_in6 sa = {.sin6_family = AF_INET6};
	socklen_t len = sizeof(sa);
	six = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(setsockopt(six, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)), 0);
	assert_int_equal(bind(six, (void *)&sa, len), 0);
	assert_int_equal(listen(six, 1), 0);
	assert_int_equal(getsockname(six, (void *)&sa, &len), 0);
	_cleanup_(fact_freep) struct fact *g = collect("/");
	assert_false(find_port(g, "tcp [::]", ntohs(sa.sin6_port))->dual);
	(void)close(six);

	port = make(AF_INET6, SOCK_STREAM, "::1", &six);
	_cleanup_(fact_freep) struct fact *h = collect("/");
	assert_false(find_port(h, "tcp [::1]", port)->dual);
	(void)close(six);
}

static void test_interface(void **state)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) < 0) {
		(void)close(fd);
		skip();
	}
	assert_int_equal(bind(fd, (void *)&sa, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (void *)&sa, &len), 0);
	_cleanup_(fact_freep) struct fact *f = collect("/");
	assert_string_equal(find_port(f, "tcp 0.0.0.0%lo", ntohs(sa.sin_port))->interface, "lo");
	(void)close(fd);
}

static void test_same(void **state)
{
	int v[3];
	unsigned port = 0;

	/* A port that is free: the second and third share it. */
	for (unsigned wanted = 20000; port == 0 && wanted < 20100; wanted++)
		port = make_at(AF_INET, SOCK_STREAM, "127.0.0.3", wanted, &v[0]);
	assert_true(port != 0);
	for (int i = 1; i < 3; i++)
		assert_int_equal(make_at(AF_INET, SOCK_STREAM, "127.0.0.3", port, &v[i]), port);
	_cleanup_(fact_freep) struct fact *f = collect("/");
	const struct listener *l = find_port(f, "tcp 127.0.0.3", port);
	assert_int_equal(l->sockets, 3);
	assert_true(has_item(f, l->text));
	for (int i = 0; i < 3; i++)
		(void)close(v[i]);
}

/* A port that the kernel gave out is a client's, but not when the other protocol has it too. */
static void test_passing(void **state)
{
	int udp, tcp, raw;
	unsigned port = make(AF_INET, SOCK_DGRAM, "0.0.0.0", &udp);
	_cleanup_(fact_freep) struct fact *client = collect("/");
	const struct listener *l = find_port(client, "udp 0.0.0.0", port);

	assert_true(l->passing);
	assert_false(has_item(client, l->text));
	assert_int_equal(make_at(AF_INET, SOCK_STREAM, "0.0.0.0", port, &tcp), port);
	_cleanup_(fact_freep) struct fact *server = collect("/");
	l = find_port(server, "udp 0.0.0.0", port);
	assert_false(l->passing);
	assert_true(has_item(server, l->text));
	assert_false(find_port(server, "tcp 0.0.0.0", port)->passing);
	(void)close(udp);
	(void)close(tcp);

	/* On the loopback by chance: for a while. */
	port = make(AF_INET, SOCK_STREAM, "127.0.0.1", &tcp);
	_cleanup_(fact_freep) struct fact *own = collect("/");
	assert_true(find_port(own, "tcp 127.0.0.1", port)->passing);
	(void)close(tcp);

	for (int protocol = 1; protocol <= 112; protocol += 111) {
		raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, protocol);
		if (raw < 0)
			skip();
		_cleanup_(fact_freep) struct fact *f = collect("/");
		char text[64];
		(void)snprintf(text, sizeof(text), "raw 0.0.0.0 protocol %d", protocol);
		l = find(f->u.listeners, text);
		if (!l)
			fail_msg("%s is missing", text);
		assert_int_equal(l->passing, protocol == 1);
		assert_int_equal(l->port, protocol);
		(void)close(raw);
	}
}

/* What was found out once is not looked for again, and no longer holds when its process is gone. */
static void test_again(void **state)
{
	int fd, up[2], down[2], status;
	char byte;
	unsigned port = make(AF_INET, SOCK_STREAM, "0.0.0.0", &fd);
	_cleanup_(fact_freep) struct fact *first = collect("/");
	const struct listener *l = find_port(first, "tcp 0.0.0.0", port);

	_cleanup_(fact_freep) struct fact *second = collect_after("/", first);
	const struct listener *same = find_port(second, "tcp 0.0.0.0", port);
	assert_string_equal(same->program->exe, l->program->exe);
	assert_string_equal(listener_who(second->arena, same), listener_who(first->arena, l));

	/* Known of a process that is none: found anew. */
	for (size_t i = 0; i < first->u.listeners->n_known; i++) {
		struct listener_known *k = (struct listener_known *)&first->u.listeners->known[i];
		if (k->pid == getpid())
			k->pid = 0x3fffffff;
	}
	_cleanup_(fact_freep) struct fact *third = collect_after("/", first);
	assert_string_equal(find_port(third, "tcp 0.0.0.0", port)->program->exe, own_exe());

	/* The child of another program inherits it. */
	assert_int_equal(pipe(up), 0);
	assert_int_equal(pipe(down), 0);
	pid_t pid = fork();
	if (pid == 0) {
		(void)dup2(fd, 0);
		(void)dup2(down[0], 3);
		(void)dup2(up[1], 1);
		(void)execl("/bin/sh", "sh", "-c", "echo; read x <&3", (char *)NULL);
		_exit(1);
	}
	assert_int_equal(read(up[0], &byte, 1), 1);
	(void)close(fd);
	_cleanup_(fact_freep) struct fact *heir = collect("/");
	same = find_port(heir, "tcp 0.0.0.0", port);
	assert_string_not_equal(same->program->exe, own_exe());
	assert_int_equal(write(down[1], "\n", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

/* A program by the name by which it was started, where that is a link to it, and only there. */
static void test_alias(void **state)
{
	static const struct {
		const char *run, *shown;
	} vectors[] = {
		{"/redis-server", "/redis-server"},
		{"/redis-check-rdb", "/redis-check-rdb"},
		{"/elsewhere/fake", "/redis-check-rdb"},
	};
	struct test_root t;
	char sh[128];

	test_root_init(&t);
	(void)snprintf(sh, sizeof(sh), "cp -L /bin/sh '%s/redis-check-rdb'", t.dir);
	assert_int_equal(system(sh), 0);
	assert_int_equal(symlink("redis-check-rdb", test_path(&t, "/redis-server")), 0);
	assert_int_equal(mkdir(test_path(&t, "/elsewhere"), 0755), 0);
	assert_int_equal(symlink("../redis-check-rdb", test_path(&t, "/elsewhere/fake")), 0);
	test_write(&t, "/fake", "another file of that name");
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		int fd, up[2], down[2], status;
		char byte;
		unsigned port = make(AF_INET, SOCK_STREAM, "0.0.0.0", &fd);
		assert_int_equal(pipe(up), 0);
		assert_int_equal(pipe(down), 0);
		pid_t pid = fork();
		if (pid == 0) {
			(void)dup2(fd, 0);
			(void)dup2(up[1], 1);
			(void)dup2(down[0], 3);
			(void)execl(
				test_path(&t, vectors[i].run), "x", "-c", "echo; read x <&3", NULL);
			_exit(1);
		}
		(void)close(fd);
		assert_int_equal(read(up[0], &byte, 1), 1);
		_cleanup_(fact_freep) struct fact *f = collect("/");
		const struct listener *l = find_port(f, "tcp 0.0.0.0", port);
		assert_string_equal(l->program->exe, test_path(&t, vectors[i].shown));
		assert_int_equal(write(down[1], "\n", 1), 1);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		for (size_t k = 0; k < 2; k++) {
			(void)close(up[k]);
			(void)close(down[k]);
		}
	}
	test_root_fini(&t);
}

static void test_who(void **state)
{
	static const struct listener_program sshd = {"/usr/sbin/sshd", "sshd", "openssh-server"};
	static const struct listener_program own = {"/opt/x/serve", "serve", NULL};
	static const struct {
		struct listener l;
		const char *who;
	} vectors[] = {
		{{.program = &sshd, .unit = "ssh.service"},
			"sshd (/usr/sbin/sshd) of ssh.service, package openssh-server"},
		{{.program = &own}, "serve (/opt/x/serve)"},
		{{.program = &own, .unit = "session-17.scope"},
			"serve (/opt/x/serve) of a login session"},
		{{.program = &own, .unit = "run-r0123456789abcdef.service"},
			"serve (/opt/x/serve) of run-*.service"},
		{{.program = &own, .unit = "run-u12.scope"}, "serve (/opt/x/serve) of run-*.scope"},
		{{.unit = "docker-0123456789abcdef0123.scope", .uid = 33},
			"an unknown process (uid 33) of docker-*.scope"},
		{{.unit = "postgresql@15-main.service", .program = &own},
			"serve (/opt/x/serve) of postgresql@15-main.service"},
		{{.kernel = true}, "the kernel itself"},
	};
	struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		assert_string_equal(listener_who(a, &vectors[i].l), vectors[i].who);
	arena_free(a);
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
		cmocka_unit_test(test_dual),
		cmocka_unit_test(test_interface),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_passing),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_alias),
		cmocka_unit_test(test_who),
		cmocka_unit_test(test_other_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
