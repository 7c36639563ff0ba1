/* SPDX-License-Identifier: ISC */
#include "test.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "fact/lock.h"

static const struct fact_lock locks[] = {
	{"/etc/passwd.lock", LOCK_EXISTS, 5 * USEC_PER_SEC},
	{"/var/lib/dpkg/lock", LOCK_FCNTL, 30 * USEC_PER_MIN},
	{NULL},
};

static void test_exists(void **state)
{
	struct test_root t;
	char pid[32];

	test_root_init(&t);
	assert_int_equal(lock_busy(&t.root, locks), 0);
	assert_int_equal(lock_busy(&t.root, NULL), 0);
	test_write(&t, "/etc/passwd.lock", "");
	assert_int_equal(lock_busy(&t.root, locks), 5 * USEC_PER_SEC);
	test_write(&t, "/etc/passwd.lock", "not a number");
	assert_int_equal(lock_busy(&t.root, locks), 5 * USEC_PER_SEC);
	(void)snprintf(pid, sizeof(pid), "%d\n", getpid());
	test_write(&t, "/etc/passwd.lock", pid);
	assert_int_equal(lock_busy(&t.root, locks), 5 * USEC_PER_SEC);
	/* A child that has been waited for is a process that is gone. */
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	(void)snprintf(pid, sizeof(pid), "%d", child);
	test_write(&t, "/etc/passwd.lock", pid);
	assert_int_equal(lock_busy(&t.root, locks), 0);
	assert_int_equal(unlink(test_path(&t, "/etc/passwd.lock")), 0);
	/* Nobody's lock: it would block whoever opens it. */
	assert_int_equal(mkfifo(test_path(&t, "/etc/passwd.lock"), 0600), 0);
	assert_int_equal(lock_busy(&t.root, locks), 0);
	test_root_fini(&t);
}

/* A child takes the lock, says so, and keeps it until it is told to go. */
static pid_t holder(const char *path, int type, int *ret_go)
{
	int ready[2], go[2];
	char c = 0;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(go), 0);
	pid_t child = fork();
	if (child == 0) {
		struct flock lock = {.l_type = (short)type, .l_whence = SEEK_SET};
		int fd = open(path, O_RDWR);
		(void)close(go[1]);
		if (fd < 0 || fcntl(fd, F_SETLK, &lock) < 0 || write(ready[1], "y", 1) != 1)
			_exit(1);
		_exit(read(go[0], &c, 1) == 0 ? 0 : 1);
	}
	(void)close(ready[1]);
	(void)close(go[0]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	(void)close(ready[0]);
	*ret_go = go[1];
	return child;
}

static void test_fcntl(void **state)
{
	struct test_root t;
	int go, status;

	test_root_init(&t);
	test_write(&t, "/var/lib/dpkg/lock", "");
	assert_int_equal(lock_busy(&t.root, locks), 0);
	pid_t child = holder(test_path(&t, "/var/lib/dpkg/lock"), F_WRLCK, &go);
	assert_int_equal(lock_busy(&t.root, locks), 30 * USEC_PER_MIN);
	/* The largest of those held, and asking does not release. */
	test_write(&t, "/etc/passwd.lock", "");
	assert_int_equal(lock_busy(&t.root, locks), 30 * USEC_PER_MIN);
	assert_int_equal(close(go), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(lock_busy(&t.root, locks), 5 * USEC_PER_SEC);
	assert_int_equal(unlink(test_path(&t, "/etc/passwd.lock")), 0);
	assert_int_equal(lock_busy(&t.root, locks), 0);
	/* Shared: whoever may read the file can have one, and holds up nothing. */
	child = holder(test_path(&t, "/var/lib/dpkg/lock"), F_RDLCK, &go);
	assert_int_equal(lock_busy(&t.root, locks), 0);
	assert_int_equal(close(go), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	test_root_fini(&t);
}

/* As the kernel shows them; on its own /proc/locks below. */
static void test_flock_text(void **state)
{
	static const struct fact_lock one[] = {{"/run/lock", LOCK_FLOCK, USEC_PER_SEC}, {0}};
	static const struct {
		const char *format;
		bool held;
	} lines[] = {
		{"1: POSIX  ADVISORY  WRITE 7 %02x:%02x:%lu 0 EOF\n", false},
		{"1: FLOCK  ADVISORY  READ 7 %02x:%02x:%lu 0 EOF\n", false},
		{"1: FLOCK  ADVISORY  WRITE 7 %02x:%02x:%lu1 0 EOF\n", false},
		{"1: FLOCK  ADVISORY  WRITE 7 %02x:1%02x:%lu 0 EOF\n", false},
		{"1: -> FLOCK  ADVISORY  WRITE 7 %02x:%02x:%lu 0 EOF\n", false},
		{"1: FLOCK  ADVISORY  WRITE 7 %02x:%02x:%lu 0 EOF\n", true},
		{"1: POSIX  ADVISORY  READ 8 00:01:5 0 EOF\n"
		 "2: FLOCK  ADVISORY  WRITE 7 %02x:%02x:%lu 0 EOF\n3: ", true},
	};
	struct test_root t;
	struct stat st;
	char text[256];

	test_root_init(&t);
	test_write(&t, "/run/lock", "");
	assert_int_equal(lock_busy(&t.root, one), 0); /* there is no /proc/locks */
	assert_int_equal(stat(test_path(&t, "/run/lock"), &st), 0);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		(void)snprintf(text, sizeof(text), lines[i].format, major(st.st_dev),
			minor(st.st_dev), (unsigned long)st.st_ino);
#pragma GCC diagnostic pop
		test_write(&t, "/proc/locks", text);
		if (lock_busy(&t.root, one) != (lines[i].held ? USEC_PER_SEC : 0))
			fail_msg("%s", text);
	}
	assert_int_equal(unlink(test_path(&t, "/run/lock")), 0);
	assert_int_equal(lock_busy(&t.root, one), 0);
	test_root_fini(&t);
}

static void test_flock(void **state)
{
	char path[] = "/dev/shm/test-lock-XXXXXX";
	const struct fact_lock one[] = {{path, LOCK_FLOCK, USEC_PER_SEC}, {0}};
	_cleanup_close_ int fd = mkstemp(path);
	struct root root;

	if (fd < 0)
		skip();
	assert_int_equal(root_open("/", &root), 0);
	assert_int_equal(lock_busy(&root, one), 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(lock_busy(&root, one), USEC_PER_SEC);
	assert_int_equal(flock(fd, LOCK_SH), 0);
	assert_int_equal(lock_busy(&root, one), 0);
	assert_int_equal(flock(fd, LOCK_UN), 0);
	assert_int_equal(lock_busy(&root, one), 0);
	assert_int_equal(unlink(path), 0);
	root_close(&root);
}

/* What is asked about is not recorded: the fact has its locks among its deps already. */
static void test_no_deps(void **state)
{
	struct test_root t;
	struct arena *a = arena_new();
	struct deps deps;

	test_root_init(&t);
	deps_init(&deps, a);
	t.root.deps = &deps;
	test_write(&t, "/etc/passwd.lock", "");
	assert_int_equal(lock_busy(&t.root, locks), 5 * USEC_PER_SEC);
	assert_int_equal(deps.n, 0);
	test_root_fini(&t);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exists),
		cmocka_unit_test(test_fcntl),
		cmocka_unit_test(test_flock_text),
		cmocka_unit_test(test_flock),
		cmocka_unit_test(test_no_deps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
