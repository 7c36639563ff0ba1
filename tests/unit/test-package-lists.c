/* SPDX-License-Identifier: ISC */
/* Lists of digests that say too little: what has no digest is unknown, and never a pass. */
#include "test.h"

#include "package-files-fixture.h"
#include "rpm-files.h"

/* Judges, and compares the result and the one line of evidence that is not a pass (NULL: none). */
static void expect_one(struct fixture *x, enum result result, const char *subject, const char *path,
	const char *observed)
{
	struct verdict *v;

	(void)collect(x, &v);
	assert_int_equal(v->result, result);
	assert_int_equal(v->n_evidence, subject ? 1 : 0);
	if (subject) {
		assert_string_equal(v->evidence[0].subject, subject);
		assert_string_equal(v->evidence[0].path, path);
		assert_string_equal(v->evidence[0].observed, observed);
	}
	verdict_free(v);
}

#define LIST	"/var/lib/dpkg/info/openssh-server.list"
#define DIGESTS "/var/lib/dpkg/info/openssh-server.md5sums"
#define NONE	"has no digest of it"

/* Nothing is known of a file without a digest, whichever of the lists it is that lacks it. */
static void test_lists(void **state)
{
	struct fixture x;

	setup(&x, PACKAGES_DPKG);
	expect_one(&x, RESULT_NOTAPPLICABLE, NULL, NULL, NULL);
	put_ssh(&x);
	expect_one(&x, RESULT_PASS, NULL, NULL, NULL);
	test_write(&x.t, DIGESTS, "");
	expect_one(&x, RESULT_UNKNOWN, "file /usr/sbin/sshd", DIGESTS, DIGESTS " " NONE);
	assert_int_equal(unlink(test_path(&x.t, DIGESTS)), 0);
	expect_one(&x, RESULT_UNKNOWN, "file /usr/sbin/sshd", DIGESTS, DIGESTS " " NONE);
	/* One line of two, and the file is one that somebody has taken away as well. */
	put_md5sums(&x, "openssh-server",
		(const char *const[]){"usr/sbin/sshd", "sshd 1", "usr/lib/openssh/sshd-session",
			"session", NULL});
	test_write(&x.t, DIGESTS, SUM "  usr/share/doc/x\n" SUM "  usr/lib/openssh/sshd-session\n");
	test_write(&x.t, "/usr/lib/openssh/sshd-session", "session");
	struct verdict *v;
	(void)collect(&x, &v);
	assert_int_equal(v->result, RESULT_FAIL); /* the digest is another, and one is none */
	assert_int_equal(v->n_evidence, 2);
	assert_string_equal(v->evidence[1].subject, "file /usr/sbin/sshd");
	assert_int_equal(v->evidence[1].result, RESULT_UNKNOWN);
	verdict_free(v);
	put_ssh(&x);
	test_write(&x.t, LIST, "");
	expect_one(&x, RESULT_UNKNOWN, "package openssh-server", LIST, LIST " is empty");
	test_write(&x.t, LIST, "/.\n/usr/sb");
	expect_one(&x, RESULT_UNKNOWN, "package openssh-server", LIST,
		LIST " ends in the middle of a line");
	FILE *nul = fopen(test_path(&x.t, LIST), "we");
	assert_non_null(nul);
	assert_int_equal(fputs("/.\n", nul) >= 0 && fputc('\0', nul) == 0, true);
	assert_int_equal(fputs("/usr/sbin/sshd\n", nul) >= 0 && fclose(nul) == 0, true);
	expect_one(&x, RESULT_UNKNOWN, "package openssh-server", LIST, LIST " has a NUL byte");
	assert_int_equal(unlink(test_path(&x.t, LIST)), 0);
	expect_one(&x, RESULT_UNKNOWN, "package openssh-server", LIST, LIST " is missing");
	teardown(&x);
}

/* A list of names has links, directories and what is not of the set as well: no digest is due. */
static void test_no_digest_due(void **state)
{
	static const char list[] = "/.\n/lib\n/lib/x86_64-linux-gnu/libc.so.6\n"
				   "/lib/x86_64-linux-gnu/libc-2.31.so\n"
				   "/lib/x86_64-linux-gnu/ld-linux.so.d\n/usr/share/doc/libc6\n";
	const char *const libc[] = {"lib/x86_64-linux-gnu/libc-2.31.so", "libc", NULL};
	const char *link;
	struct fixture x;

	setup(&x, PACKAGES_DPKG);
	put_md5sums(&x, "libc6:amd64", libc);
	test_write(&x.t, "/var/lib/dpkg/info/libc6:amd64.list", list);
	test_write(&x.t, "/lib/x86_64-linux-gnu/libc-2.31.so", "libc");
	test_write(&x.t, "/lib/x86_64-linux-gnu/ld-linux.so.d/x", "");
	link = test_path(&x.t, "/lib/x86_64-linux-gnu/libc.so.6");
	assert_int_equal(symlink("libc-2.31.so", link), 0);
	/* No file of the set: it may have no digests at all, or no list of them. */
	install(&x, "libpam-doc");
	test_write(&x.t, "/var/lib/dpkg/info/libpam-doc.list", "/.\n/usr/share/doc/libpam-doc\n");
	expect_one(&x, RESULT_PASS, NULL, NULL, NULL);
	/* A link to somewhere else is no link of the package's. */
	link = test_path(&x.t, "/lib/x86_64-linux-gnu/libc.so.6");
	assert_int_equal(unlink(link), 0);
	test_write(&x.t, "/tmp/libc.so.6", "libc");
	assert_int_equal(symlink("/tmp/libc.so.6", link), 0);
	expect_one(&x, RESULT_UNKNOWN, "file /lib/x86_64-linux-gnu/libc.so.6",
		"/var/lib/dpkg/info/libc6:amd64.md5sums",
		"/var/lib/dpkg/info/libc6:amd64.md5sums " NONE);
	teardown(&x);
}

/* Distroless keeps the digests beside the status of each package, and no names. */
static void test_distroless(void **state)
{
	struct fixture x;
	char text[128];

	setup(&x, PACKAGES_DPKG);
	assert_int_equal(unlink(test_path(&x.t, "/var/lib/dpkg/status")), 0);
	install(&x, "libssl3");
	expect_one(&x, RESULT_UNKNOWN, "package libssl3", "/var/lib/dpkg/status.d/libssl3.md5sums",
		"/var/lib/dpkg/status.d/libssl3.md5sums has no digest of its files");
	(void)snprintf(
		text, sizeof(text), "%s  usr/lib/x86_64-linux-gnu/libcrypto.so.3\n", md5("crypto"));
	test_write(&x.t, "/var/lib/dpkg/status.d/libssl3.md5sums", text);
	test_write(&x.t, "/usr/lib/x86_64-linux-gnu/libcrypto.so.3", "crypto");
	expect_one(&x, RESULT_PASS, NULL, NULL, NULL);
	teardown(&x);
}

/* More than are kept are counted; changed configuration leaves room for programs. */
static void test_cut(void **state)
{
	struct fixture x;
	struct verdict *v;
	char path[64];
	char *status = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&status, &size);

	assert_non_null(f);
	setup(&x, PACKAGES_DPKG);
	(void)fprintf(f, "Package: sudo\nStatus: install ok installed\nConffiles:\n");
	for (int i = 0; i < 503; i++) {
		(void)snprintf(path, sizeof(path), "/etc/sudo/%d", i);
		(void)fprintf(f, " %s " SUM "\n", path);
		test_write(&x.t, path, "");
	}
	assert_int_equal(fclose(f), 0);
	test_write(&x.t, "/var/lib/dpkg/status", status);
	free(status);
	put_ssh(&x);
	test_write(&x.t, "/usr/sbin/sshd", "sshd 2");
	const struct package_files *p = collect(&x, &v);
	assert_int_equal(p->n, 501);
	assert_int_equal(p->cut, 3);
	assert_int_equal(v->result, RESULT_FAIL);
	assert_string_equal(
		v->evidence[501].observed, "3 more are not as their packages installed them");
	assert_int_equal(v->evidence[501].result, RESULT_UNKNOWN);
	verdict_free(v);
	teardown(&x);
}

/* A regular file of the header without a digest; a package that the index does not lead to. */
static void test_rpm_gaps(void **state)
{
	static const char db[] = "/usr/lib/sysimage/rpm/rpmdb.sqlite";
	const struct rpm_file files[] = {{"/usr/bin/", "sudo", "", 0100755, 0, 0}};
	struct rpm_files_header h;
	struct fixture x;

	setup(&x, PACKAGES_RPM);
	test_write(&x.t, "/usr/bin/sudo", "sudo 1");
	test_write(&x.t, "/usr/lib/sysimage/rpm/x", "");
	install(&x, "sudo");
	rpm_files_make(&h, "sudo", files, ARRAY_SIZE(files), sha256);
	rpm_files_db(test_path(&x.t, db), "sudo", &h);
	char observed[128];
	(void)snprintf(observed, sizeof(observed), "%s " NONE, db);
	expect_one(&x, RESULT_UNKNOWN, "file /usr/bin/sudo", db, observed);
	assert_int_equal(unlink(test_path(&x.t, db)), 0);
	rpm_files_db(test_path(&x.t, db), "sudo-hidden", &h);
	(void)snprintf(
		observed, sizeof(observed), "%s has it, and its index of names does not", db);
	expect_one(&x, RESULT_UNKNOWN, "package sudo", db, observed);
	teardown(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_no_digest_due),
		cmocka_unit_test(test_distroless),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_rpm_gaps),
	};

	policy = policy_new_default();
	if (!policy)
		return 1;
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	policy_free(policy);
	return r;
}
