/* SPDX-License-Identifier: ISC */
#include "test.h"

#include <fcntl.h>

#include "alloc-fail.h"
#include "config.h"
#include "fact/self.h"
#include "judge-default.h"

#define EMPTY "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define UNIT  "/usr/lib/systemd/system/hardend.service"

struct fixture {
	struct test_root t;
	struct memo *memo;
	struct fact *f;
	struct verdict *v;
};

static void setup(struct fixture *x)
{
	*x = (struct fixture){.memo = memo_new()};
	test_root_init(&x->t);
	assert_int_equal(chmod(x->t.dir, 0755), 0);
	(void)umask(022);
}

static void teardown(struct fixture *x)
{
	fact_free(x->f);
	verdict_free(x->v);
	memo_free(x->memo);
	test_root_fini(&x->t);
}

static void judge(struct fixture *x, enum result result)
{
	struct factset facts = {0};
	const struct collect collect = {.root = &x->t.root, .facts = &facts, .memo = x->memo};

	fact_free(x->f);
	verdict_free(x->v);
	x->v = verdict_new();
	assert_int_equal(fact_collect(FACT_SELF, &collect, &x->f), 0);
	facts.v[FACT_SELF] = x->f;
	judge_default("monitor-integrity", &facts, x->v);
	if (x->v->result != result)
		fail_msg("%s: %s", result_name(x->v->result),
			x->v->n_evidence ? x->v->evidence->subject : x->v->summary);
}

static const char *value(const struct fixture *x, const char *subject)
{
	for (size_t i = 0; i < x->f->n_items; i++) {
		if (strcmp(x->f->items[i].subject, subject) == 0)
			return x->f->items[i].value;
	}
	return "absent";
}

static void test_not_installed(void **state)
{
	struct fixture x;

	setup(&x);
	judge(&x, RESULT_NOTAPPLICABLE);
	/* Drop-ins for every service are not ours alone. */
	test_write(&x.t, "/usr/lib/systemd/system/service.d/10-x.conf", "");
	judge(&x, RESULT_NOTAPPLICABLE);
	teardown(&x);
}

static void test_items(void **state)
{
	struct fixture x;

	setup(&x);
	test_write(&x.t, PROGRAM_HARDEND, "");
	test_write(&x.t, UNIT, "");
	test_write(&x.t, UNIT ".d/10-more.conf", "");
	test_write(&x.t, UNIT ".d/note", "");
	test_write(&x.t, "/usr/lib/systemd/system/ssh.service.d/10-x.conf", "");
	test_write(&x.t, "/run/systemd/system/service.d/all.conf", "");
	test_write(&x.t, "/etc/hardend/hardend.conf", "");
	test_write(&x.t, "/etc/hardend/hardend.conf.d/20-site.conf", "[hardend]\n");
	test_write(&x.t, "/etc/hardend/hardend.conf.d/.20-site.conf.swp", "");
	test_write(&x.t, STATE_DIR "/state.db", "changes all the time");
	assert_int_equal(chmod(test_path(&x.t, STATE_DIR), 0700), 0);
	assert_int_equal(chmod(test_path(&x.t, PROGRAM_HARDEND), 0755), 0);
	judge(&x, RESULT_PASS);
	assert_int_equal(x.f->n_items, 7);
	assert_string_equal(value(&x, "file " PROGRAM_HARDEND), "root:root 0755 " EMPTY);
	assert_string_equal(value(&x, "file " UNIT), "root:root 0644 " EMPTY);
	assert_string_equal(value(&x, "file " UNIT ".d/10-more.conf"), "root:root 0644 " EMPTY);
	assert_string_equal(
		value(&x, "file /run/systemd/system/service.d/all.conf"), "root:root 0644 " EMPTY);
	assert_string_equal(value(&x, "file " STATE_DIR), "root:root 0700");
	assert_null(strstr(value(&x, "file /etc/hardend/hardend.conf.d/20-site.conf"), EMPTY));
	teardown(&x);
}

/* The hash is kept by inode and times, so a change that keeps size and mtime must still show. */
static void test_content(void **state)
{
	struct fixture x;
	char before[128];

	setup(&x);
	test_write(&x.t, PROGRAM_HARDEND, "one");
	judge(&x, RESULT_PASS);
	(void)snprintf(before, sizeof(before), "%s", value(&x, "file " PROGRAM_HARDEND));
	judge(&x, RESULT_PASS);
	assert_string_equal(value(&x, "file " PROGRAM_HARDEND), before);
	assert_int_equal(rename(test_path(&x.t, PROGRAM_HARDEND), test_path(&x.t, "/old")), 0);
	test_write(&x.t, PROGRAM_HARDEND, "two");
	struct stat st;
	assert_int_equal(stat(test_path(&x.t, "/old"), &st), 0);
	const struct timespec times[] = {st.st_atim, st.st_mtim};
	assert_int_equal(utimensat(AT_FDCWD, test_path(&x.t, PROGRAM_HARDEND), times, 0), 0);
	judge(&x, RESULT_PASS);
	assert_string_not_equal(value(&x, "file " PROGRAM_HARDEND), before);
	teardown(&x);
}

static void test_writable(void **state)
{
	static const struct {
		const char *path, *subject;
		mode_t mode;
		uid_t uid;
	} vectors[] = {
		{PROGRAM_HARDEND, "file " PROGRAM_HARDEND, 0775, 0},
		{PROGRAM_HARDEND, "file " PROGRAM_HARDEND, 0757, 0},
		{PROGRAM_HARDEND, "file " PROGRAM_HARDEND, 0755, 1000},
		{"/usr/sbin", "directory /usr/sbin", 0775, 0},
		{"/usr", "directory /usr", 0755, 1000},
		{"", "directory /", 0777, 0},
		{"/srv", "directory /srv", 0777, 0}, /* where the link leads */
		{"/srv/unit", "file " UNIT, 0666, 0},
		{STATE_DIR, "file " STATE_DIR, 0770, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct fixture x;
		setup(&x);
		test_write(&x.t, PROGRAM_HARDEND, "");
		test_write(&x.t, STATE_DIR "/state.db", "");
		test_write(&x.t, "/srv/unit", "");
		test_write(&x.t, "/usr/lib/systemd/system/x", "");
		assert_int_equal(symlink("../../../../srv/./unit", test_path(&x.t, UNIT)), 0);
		judge(&x, RESULT_PASS);
		assert_string_equal(
			value(&x, "file " UNIT), "link to /srv/unit root:root 0644 " EMPTY);
		const char *path = test_path(&x.t, vectors[i].path);
		assert_int_equal(chmod(path, vectors[i].mode), 0);
		assert_int_equal(chown(path, vectors[i].uid, 0), 0);
		judge(&x, RESULT_FAIL);
		assert_int_equal(x.v->n_evidence, 1);
		assert_string_equal(x.v->evidence->subject, vectors[i].subject);
		assert_int_equal(chown(path, 0, 0), 0);
		teardown(&x);
	}
}

static void test_odd_files(void **state)
{
	struct fixture x;

	setup(&x);
	test_write(&x.t, "/etc/systemd/system/x", "");
	test_write(&x.t, "/dev/x", "");
	test_write(&x.t, "/usr/lib/systemd/system/hardend-relay.service", "");
	/* Merged /lib: the same unit by another name is there once. */
	assert_int_equal(symlink("usr/lib", test_path(&x.t, "/lib")), 0);
	assert_int_equal(mknod(test_path(&x.t, "/dev/null"), S_IFCHR | 0666, 0x103), 0);
	assert_int_equal(
		symlink("/dev/null", test_path(&x.t, "/etc/systemd/system/hardend.service")), 0);
	judge(&x, RESULT_PASS);
	assert_int_equal(x.f->n_items, 2);
	assert_memory_equal(value(&x, "file /etc/systemd/system/hardend.service"),
		"link to /dev/null", strlen("link to /dev/null"));
	/* What cannot be read is an error, and is not gone. */
	assert_int_equal(mkfifo(test_path(&x.t, "/etc/systemd/system/hardend.timer"), 0600), 0);
	judge(&x, RESULT_ERROR);
	assert_non_null(strstr(value(&x, "file /etc/systemd/system/hardend.timer"), "FIFO"));
	assert_int_equal(unlink(test_path(&x.t, "/etc/systemd/system/hardend.timer")), 0);
	assert_int_equal(
		symlink("hardend.timer", test_path(&x.t, "/etc/systemd/system/hardend.timer")), 0);
	judge(&x, RESULT_ERROR);
	assert_non_null(strstr(value(&x, "file /etc/systemd/system/hardend.timer"), "loop"));
	teardown(&x);
}

static void test_alloc(void **state)
{
	struct fixture x;
	struct factset facts = {0};
	int r;

	setup(&x);
	test_write(&x.t, PROGRAM_HARDEND, "");
	test_write(&x.t, UNIT, "");
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		const struct collect c = {.root = &x.t.root, .facts = &facts, .memo = x.memo};
		alloc_count = 0;
		fact_free(x.f);
		x.f = NULL;
		r = fact_collect(FACT_SELF, &c, &x.f);
		if (alloc_count < alloc_fail_at)
			break;
		assert_int_equal(r, -ENOMEM);
	}
	alloc_fail_at = 0;
	assert_int_equal(r, 0);
	assert_int_equal(x.f->n_items, 2);
	teardown(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_installed),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_content),
		cmocka_unit_test(test_writable),
		cmocka_unit_test(test_odd_files),
		cmocka_unit_test(test_alloc),
	};

	if (geteuid() != 0) {
		(void)fprintf(stderr, "owners can be set by root only\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
