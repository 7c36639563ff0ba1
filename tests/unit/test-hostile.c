/* SPDX-License-Identifier: ISC */
/*
 * What users may put where their keys are looked for: each gives an error for
 * its account, with the reason and nothing of what it leads to, and nobody
 * else's keys suffer. In bounded time and memory.
 */
#include "ssh-fixture.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "check/check.h"
#include "conf/conf.h"
#include "fact/ssh-private-keys.h"
#include "fact/ssh-user-keys.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

enum {
	MEMORY_MAX = 192 * 1024 * 1024, /* of address space: program, libraries and all */
	SECONDS_MAX = 10,		/* for what takes a fraction of one, on a busy machine */
};

#define MALLORY		"/home/mallory/.ssh"
#define FILE_OF_MALLORY MALLORY "/authorized_keys"

static struct account people[] = {
	{.name = "alice",
		.home = "/home/alice",
		.shell = "/bin/sh",
		.uid = 1000,
		.login_shell = true},
	{.name = "mallory",
		.home = "/home/mallory",
		.shell = "/bin/sh",
		.uid = 1001,
		.login_shell = true},
	{.name = "zoe", .home = "/home/zoe", .shell = "/bin/sh", .uid = 1002, .login_shell = true},
};

static const struct sshd_value defaults[] = {
	{"authorizedkeysfile", ".ssh/authorized_keys .ssh/authorized_keys2", NULL, 0},
	{NULL, NULL, NULL, 0},
};

static struct policy *policy;

static int setup(void **state)
{
	struct ssh_fixture *x = calloc(1, sizeof(*x));

	assert_non_null(x);
	fixture_init(x, defaults);
	fixture_accounts(x, people, ARRAY_SIZE(people));
	test_write(&x->t, "/etc/shadow", "root:SECRET:1:::::\n" KEY_A " SECRET\n");
	test_write(&x->t, "/home/alice/.ssh/authorized_keys", KEY_A " alice\n");
	test_write(&x->t, "/home/zoe/.ssh/authorized_keys", KEY_EC " zoe\n");
	test_write(&x->t, MALLORY "/rc", "");
	(void)alarm(60); /* a read that blocks must not block the suite */
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	(void)alarm(0);
	fixture_fini(*state);
	free(*state);
	return 0;
}

static double cpu_seconds(void)
{
	struct timespec ts;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts), 0);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Collects and judges; what is said must be one line of harmless text without the secret. */
static struct verdict *judge(struct ssh_fixture *x, enum fact_id id, const char *check)
{
	struct verdict *v = verdict_new();
	double start = cpu_seconds();

	assert_non_null(v);
	const struct fact *f = fixture_collect(x, id);
	assert_int_equal(check_judge(check_find(check), &x->facts, policy, 0, v), 0);
	assert_true(cpu_seconds() - start < SECONDS_MAX);
	for (size_t i = 0; i < f->n_items; i++) {
		const char *const texts[] = {
			f->items[i].subject, f->items[i].value, f->items[i].path};
		for (size_t k = 0; k < ARRAY_SIZE(texts); k++) {
			assert_null(strpbrk(texts[k], "\n\x1b\r\x07"));
			assert_null(strstr(texts[k], "SECRET"));
		}
	}
	for (size_t i = 0; i < v->n_evidence; i++) {
		const char *const texts[] = {v->evidence[i].subject, v->evidence[i].observed};
		for (size_t k = 0; k < ARRAY_SIZE(texts); k++) {
			assert_null(strpbrk(texts[k], "\n\x1b\r\x07"));
			assert_null(strstr(texts[k], "SECRET"));
		}
	}
	assert_null(strpbrk(v->summary, "\n\x1b\r\x07"));
	return v;
}

/* Mallory's file is an error with this reason, the others' keys are as they were. */
static void expect_error(struct ssh_fixture *x, const char *reason)
{
	struct verdict *v = judge(x, FACT_SSH_USER_KEYS, "ssh-authorized-key-strength");
	const struct fact *f = factset_get(&x->facts, FACT_SSH_USER_KEYS);

	assert_int_equal(v->result, RESULT_ERROR);
	assert_int_equal(v->n_evidence, 1);
	assert_string_equal(
		v->evidence[0].subject, "authorized keys of mallory in " FILE_OF_MALLORY);
	if (!strstr(v->evidence[0].observed, reason))
		fail_msg("%s", v->evidence[0].observed);
	/* The item that drifts has the subject of the evidence. */
	assert_non_null(strstr(fixture_item(f, v->evidence[0].subject), reason));
	assert_non_null(fixture_item(f, "key " KEY_A_FINGERPRINT " of alice"));
	assert_non_null(fixture_item(f, "key " KEY_EC_FINGERPRINT " of zoe"));
	verdict_free(v);
}

static void test_fifo(void **state)
{
	struct ssh_fixture *x = *state;

	assert_int_equal(mkfifo(test_path(&x->t, FILE_OF_MALLORY), 0600), 0);
	expect_error(x, "is a FIFO");
}

static void test_device(void **state)
{
	struct ssh_fixture *x = *state;

	if (mknod(test_path(&x->t, FILE_OF_MALLORY), S_IFCHR | 0600, makedev(1, 5)) < 0)
		skip();
	expect_error(x, "device");
}

static void test_socket(void **state)
{
	struct ssh_fixture *x = *state;
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%.60s" FILE_OF_MALLORY, x->t.dir);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	expect_error(x, "socket");
	assert_int_equal(close(fd), 0);
}

static void test_directory(void **state)
{
	struct ssh_fixture *x = *state;

	test_write(&x->t, FILE_OF_MALLORY "/x", "");
	expect_error(x, "is a directory");
}

static void test_links(void **state)
{
	struct ssh_fixture *x = *state;
	static const char *const targets[] = {"/dev/zero", "/etc/shadow", "../../../etc/shadow",
		"../../../../../../../../etc/shadow", "/proc/self/root/etc/shadow",
		"../../alice/.ssh/authorized_keys"};
	const char *path = test_path(&x->t, FILE_OF_MALLORY);

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		assert_int_equal(symlink(targets[i], path), 0);
		expect_error(x, "leaves its directory");
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(symlink("authorized_keys", path), 0);
	expect_error(x, "loop");
}

/* Not only the file: the directory may lead away as well. */
static void test_linked_directory(void **state)
{
	struct ssh_fixture *x = *state;

	assert_int_equal(unlink(test_path(&x->t, MALLORY "/rc")), 0);
	assert_int_equal(rmdir(test_path(&x->t, MALLORY)), 0);
	assert_int_equal(symlink("../alice/.ssh", test_path(&x->t, MALLORY)), 0);
	struct verdict *v = judge(x, FACT_SSH_USER_KEYS, "ssh-authorized-key-strength");
	assert_int_equal(v->result, RESULT_ERROR);
	assert_int_equal(v->n_evidence, 2); /* authorized_keys and authorized_keys2 */
	verdict_free(v);
}

static void test_sparse(void **state)
{
	struct ssh_fixture *x = *state;

	test_write(&x->t, FILE_OF_MALLORY, KEY_A "\n");
	if (truncate(test_path(&x->t, FILE_OF_MALLORY), (off_t)50 * 1024 * 1024 * 1024) < 0)
		skip();
	expect_error(x, "larger than the limit");
}

static void write_lines(
	const struct ssh_fixture *x, const char *path, size_t n, void (*line)(FILE *f, size_t i))
{
	FILE *f = fopen(test_path(&x->t, path), "we");

	assert_non_null(f);
	for (size_t i = 0; i < n; i++)
		line(f, i);
	assert_int_equal(fclose(f), 0);
}

static void junk_line(FILE *f, size_t i)
{
	static const char *const junk[] = {
		"a b\n", "x AAAAAXk=\n", "\"\n", "ssh-rsa AA==\n", "#\n", "\xff\n"};

	(void)fputs(junk[i % ARRAY_SIZE(junk)], f);
}

/* A million lines that hold no key: sshd passes over them, and so does this. */
static void test_million_lines(void **state)
{
	struct ssh_fixture *x = *state;

	write_lines(x, FILE_OF_MALLORY, 1000000, junk_line);
	struct verdict *v = judge(x, FACT_SSH_USER_KEYS, "ssh-authorized-key-strength");
	const struct ssh_user_keys *u = factset_get(&x->facts, FACT_SSH_USER_KEYS)->u.ssh_user_keys;
	assert_int_equal(v->result, RESULT_PASS);
	assert_int_equal(u->n_keys, 2);
	assert_true(u->files[2].n_ignored > 800000);
	verdict_free(v);
}

/* Distinct keys of the type nobody knows, as short as keys can be. */
static void short_key(FILE *f, size_t i)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	(void)fprintf(f, "x AAAAAXgA%c%c%c%c\n", digits[i >> 18 & 63], digits[i >> 12 & 63],
		digits[i >> 6 & 63], digits[i & 63]);
}

static void test_too_many_keys(void **state)
{
	struct ssh_fixture *x = *state;

	write_lines(x, FILE_OF_MALLORY, 900000, short_key);
	struct verdict *v = judge(x, FACT_SSH_USER_KEYS, "ssh-authorized-key-strength");
	const struct fact *f = factset_get(&x->facts, FACT_SSH_USER_KEYS);
	assert_int_equal(v->result, RESULT_ERROR);
	assert_int_equal(f->u.ssh_user_keys->n_keys, SSH_USER_KEYS_FILE_KEYS_MAX + 2);
	assert_non_null(strstr(fixture_item(f, "authorized keys of mallory in " FILE_OF_MALLORY),
		"more keys than are looked at"));
	assert_non_null(fixture_item(f, "key " KEY_EC_FINGERPRINT " of zoe"));
	verdict_free(v);
}

static void ed25519_key(FILE *f, size_t i)
{
	(void)fprintf(f,
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBAaH7YqBXgNKm3vT4yw/nOhwxFMuRfVYQkkJO"
		"%06zu user%zu@example\n",
		i, i);
}

/* One short of the caps everything is judged, in time that grows with the number. */
static void test_linear(void **state)
{
	struct ssh_fixture *x = *state;
	static const size_t sizes[] = {2500, 10000};
	double took[2] = {1e9, 1e9};

	for (size_t i = 0; i < 2; i++) {
		write_lines(x, FILE_OF_MALLORY, sizes[i], ed25519_key);
		for (int tries = 0; tries < 3; tries++) {
			double start = cpu_seconds();
			struct verdict *v = judge(
				x, FACT_SSH_USER_KEYS, "ssh-authorized-key-strength");
			double t = cpu_seconds() - start;
			took[i] = t < took[i] ? t : took[i];
			assert_int_equal(v->result, RESULT_PASS);
			verdict_free(v);
		}
		const struct fact *f = factset_get(&x->facts, FACT_SSH_USER_KEYS);
		assert_int_equal(f->u.ssh_user_keys->n_keys, sizes[i] + 2);
		assert_int_equal(f->n_items, sizes[i] + 2);
		print_message("%zu keys: %.1f ms, %zu kB\n", sizes[i], took[i] * 1e3,
			arena_size(f->arena) / 1024);
	}
	assert_true(took[1] < took[0] * 12); /* a square would be 16 */
}

static void test_huge_line(void **state)
{
	struct ssh_fixture *x = *state;
	FILE *f = fopen(test_path(&x->t, FILE_OF_MALLORY), "we");

	assert_non_null(f);
	(void)fputs("ssh-rsa ", f);
	for (size_t i = 0; i < 15 * 1024 * 1024 / 64; i++)
		(void)fputs("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", f);
	assert_int_equal(fclose(f), 0);
	struct verdict *v = judge(x, FACT_SSH_USER_KEYS, "ssh-authorized-key-strength");
	assert_int_equal(v->result, RESULT_PASS); /* no key: sshd thinks so, too */
	verdict_free(v);
}

static void test_unreadable(void **state)
{
	struct ssh_fixture *x = *state;

	test_write(&x->t, FILE_OF_MALLORY, KEY_A "\n");
	assert_int_equal(chmod(test_path(&x->t, FILE_OF_MALLORY), 0), 0);
	assert_int_equal(chmod(x->t.dir, 0755), 0);
	/* Root may read everything: look as somebody else. */
	bool root = geteuid() == 0;
	if (root)
		assert_int_equal(seteuid(65534), 0);
	expect_error(x, "permission denied");
	if (root)
		assert_int_equal(seteuid(0), 0);
}

static void test_terminal_escapes(void **state)
{
	struct ssh_fixture *x = *state;
	static struct account evil[] = {
		{.name = "eve\x1b[2J\nroot",
			.home = "/home/mallory",
			.shell = "/bin/sh",
			.uid = 1001,
			.login_shell = true},
	};

	fixture_accounts(x, evil, 1);
	test_write(&x->t, FILE_OF_MALLORY,
		"command=\"\x1b]0;x\x07\" " KEY_A " \x1b[2J\x1b[31mroot\xe2\x80\xae\r\x07 c\n");
	struct verdict *v = judge(x, FACT_SSH_USER_KEYS, "ssh-authorized-key-strength");
	const struct fact *f = factset_get(&x->facts, FACT_SSH_USER_KEYS);
	assert_int_equal(v->result, RESULT_PASS);
	assert_string_equal(f->items[0].subject, "key " KEY_A_FINGERPRINT " of eve\\x1b[2J\\nroot");
	assert_string_equal(f->items[0].value,
		"ssh-ed25519 256 \\x1b[2J\\x1b[31mroot\\u{202e}\\r\\x07 c [command=\"\\x1b]0...\"; "
		"SHA256:shzfjblU]");
	verdict_free(v);
}

/* Private keys: the same things in ~/.ssh, beside a key. */
static void test_private_zoo(void **state)
{
	struct ssh_fixture *x = *state;
	char big[64];

	test_write(&x->t, MALLORY "/id\n\x1b[2J", "-----BEGIN RSA PRIVATE KEY-----\nx\n");
	assert_int_equal(mkfifo(test_path(&x->t, MALLORY "/fifo"), 0600), 0);
	assert_int_equal(symlink("/dev/zero", test_path(&x->t, MALLORY "/zero")), 0);
	assert_int_equal(symlink("/etc/shadow", test_path(&x->t, MALLORY "/shadow")), 0);
	assert_int_equal(symlink("/nowhere", test_path(&x->t, MALLORY "/config")), 0);
	(void)mknod(test_path(&x->t, MALLORY "/device"), S_IFCHR | 0600, makedev(1, 5));
	test_write(&x->t, MALLORY "/sparse", "-----BEGIN OPENSSH PRIVATE KEY-----\n");
	if (truncate(test_path(&x->t, MALLORY "/sparse"), (off_t)50 * 1024 * 1024 * 1024) < 0)
		print_message("no sparse files here: tried with a short one\n");
	test_write(&x->t, MALLORY "/dir/id_rsa", "-----BEGIN RSA PRIVATE KEY-----\n");
	struct verdict *v = judge(x, FACT_SSH_PRIVATE_KEYS, "ssh-private-keys-on-host");
	const struct ssh_private_keys *p =
		factset_get(&x->facts, FACT_SSH_PRIVATE_KEYS)->u.ssh_private_keys;

	assert_int_equal(v->result, RESULT_FAIL);
	assert_int_equal(p->n_keys, 2); /* the sparse file begins like one */
	assert_int_equal(p->n_gaps, 2); /* zero and shadow: links that leave the home */
	assert_string_equal(v->evidence[0].subject, "private key /home/mallory/.ssh/id\\n\\x1b[2J");
	verdict_free(v);

	for (int i = 0; i < SSH_PRIVATE_KEYS_NAMES_MAX + 1; i++) {
		(void)snprintf(big, sizeof(big), "/home/zoe/.ssh/f%d", i);
		test_write(&x->t, big, "");
	}
	v = judge(x, FACT_SSH_PRIVATE_KEYS, "ssh-private-keys-on-host");
	p = factset_get(&x->facts, FACT_SSH_PRIVATE_KEYS)->u.ssh_private_keys;
	assert_int_equal(p->n_gaps, 3);
	assert_string_equal(
		p->gaps[2].reason, "/home/zoe/.ssh was not searched: it holds too many files");
	assert_int_equal(v->n_evidence, 5);
	verdict_free(v);
}

/* Many accounts with one home: one reading, whatever it costs. */
static void test_shared_home(void **state)
{
	struct ssh_fixture *x = *state;
	enum { N = 3000 };
	static struct account crowd[N];
	static char names[N][16];

	for (int i = 0; i < N; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "svc%d", i);
		crowd[i] = (struct account){.name = names[i],
			.home = "/",
			.shell = "/bin/sh",
			.uid = (uid_t)(1000 + i),
			.login_shell = true};
	}
	fixture_accounts(x, crowd, N);
	assert_int_equal(mkdir(test_path(&x->t, "/.ssh"), 0700), 0);
	write_lines(x, "/.ssh/authorized_keys", 150000, junk_line);
	struct verdict *v = judge(x, FACT_SSH_USER_KEYS, "ssh-authorized-key-strength");
	assert_int_equal(v->result, RESULT_NOTAPPLICABLE);
	verdict_free(v);
	v = judge(x, FACT_SSH_PRIVATE_KEYS, "ssh-private-keys-on-host");
	assert_int_equal(v->result, RESULT_PASS);
	verdict_free(v);
}

int main(void)
{
#define HOSTILE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		HOSTILE(test_fifo),
		HOSTILE(test_device),
		HOSTILE(test_socket),
		HOSTILE(test_directory),
		HOSTILE(test_links),
		HOSTILE(test_linked_directory),
		HOSTILE(test_sparse),
		HOSTILE(test_million_lines),
		HOSTILE(test_too_many_keys),
		HOSTILE(test_linear),
		HOSTILE(test_huge_line),
		HOSTILE(test_unreadable),
		HOSTILE(test_terminal_escapes),
		HOSTILE(test_private_zoo),
		HOSTILE(test_shared_home),
	};

#ifndef SANITIZED
	const struct rlimit limit = {MEMORY_MAX, MEMORY_MAX};
	if (setrlimit(RLIMIT_AS, &limit) < 0)
		return 1;
#endif
	policy = policy_new_default();
	if (!policy)
		return 1;
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	policy_free(policy);
	return r;
}
