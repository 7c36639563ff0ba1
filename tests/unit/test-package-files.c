/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "alloc-fail.h"
#include "package-files-fixture.h"
#include "rpm-files.h"

static void test_set(void **state)
{
	static const struct {
		const char *package, *path;
		bool wanted;
	} vectors[] = {
		{"openssh-server", "/usr/sbin/sshd", true},
		{"openssh-server", "/sbin/sshd", true},
		{"openssh-server", "/usr/lib/openssh/sshd-session", true},
		{"openssh-server", "/usr/share/man/man8/sshd.8.gz", false},
		{"openssh", "/usr/sbin/sshd", false},
		{"login", "/bin/su", true},
		{"util-linux-core", "/usr/bin/mount", true},
		{"libc6", "/lib/x86_64-linux-gnu/libc.so.6", true},
		{"libc6", "/usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1", true},
		{"libc6", "/lib/x86_64-linux-gnu/libBrokenLocale.so.1", false},
		{"libc6-dev", "/usr/lib/x86_64-linux-gnu/libc.so", false},
		{"glibc", "/lib64/libc.so.6", true},
		{"glibc", "/usr/lib64/libc.so.6", true},
		{"libssl3", "/usr/lib/x86_64-linux-gnu/libcrypto.so.3", true},
		{"libssl3t64", "/usr/lib/x86_64-linux-gnu/libcrypto.so.3", true},
		{"libpam-modules", "/lib/x86_64-linux-gnu/security/pam_unix.so", true},
		{"libpam-google-authenticator",
			"/lib/x86_64-linux-gnu/security/pam_google_authenticator.so", true},
		{"pam", "/usr/lib64/security/pam_unix.so", true},
		{"libpam0g", "/lib/x86_64-linux-gnu/libpam.so.0.85.1", true},
		{"systemd", "/lib/systemd/systemd", true},
		{"systemd", "/usr/lib/systemd/systemd-logind", true},
		{"pkexec", "/usr/bin/pkexec", true}, /* of its own since Debian 12 */
		{"bash", "/bin/bash", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		if (package_files_wants(vectors[i].package, vectors[i].path) != vectors[i].wanted)
			fail_msg("%s %s", vectors[i].package, vectors[i].path);
	}
	assert_true(package_files_wants_package("sudo"));
	assert_false(package_files_wants_package("libc6-dev"));
	assert_false(package_files_wants_package(""));
}

struct noted {
	char text[1024];
};

static int note(const struct package_digest *d, void *arg)
{
	struct noted *n = arg;
	size_t len = strlen(n->text);

	(void)snprintf(n->text + len, sizeof(n->text) - len, "%s %s %s %.4s%s;", d->package,
		d->path, d->algorithm, d->hex, d->config ? " config" : "");
	return 0;
}

static void test_md5sums(void **state)
{
	static const struct {
		const char *text, *found;
		int r;
		unsigned line;
	} vectors[] = {
		{SUM "  usr/sbin/sshd\n" SUM "  usr/share/x\n",
			"openssh-server:amd64 /usr/sbin/sshd MD5 0123;", 0, 0},
		{SUM "  ./usr/sbin/sshd\n", "openssh-server:amd64 /usr/sbin/sshd MD5 0123;", 0, 0},
		{SUM " */sbin/sshd", "openssh-server:amd64 /sbin/sshd MD5 0123;", 0, 0},
		{"", "", 0, 0},
		{SUM "  usr/share/x\n" SUM "\n", "", -EBADMSG, 2},
		{"0123  usr/sbin/sshd\n", "", -EBADMSG, 1},
		{"X123456789abcdef0123456789abcdef  usr/sbin/sshd\n", "", -EBADMSG, 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct noted n = {""};
		unsigned line = 0;
		int r = package_files_md5sums("openssh-server:amd64", vectors[i].text,
			strlen(vectors[i].text), note, &n, &line);
		if (r != vectors[i].r || line != vectors[i].line)
			fail_msg("vector %zu: %d, line %u", i, r, line);
		assert_string_equal(n.text, vectors[i].found);
	}
}

static void test_conffiles(void **state)
{
	static const char status[] =
		"Package: sudo\nStatus: install ok installed\nConffiles:\n /etc/sudoers " SUM
		"\n /etc/old " SUM " obsolete\n /etc/new newconffile\nDescription: x\n "
		"/etc/pam.d/none " SUM "\n\n"
		"Package: cron\nStatus: deinstall ok config-files\nConffiles:\n /etc/crontab " SUM
		"\n\n"
		"Package: bash\nStatus: install ok installed\nConffiles:\n /etc/bash.bashrc " SUM
		"\n\n"
		"Package: openssh-client\nStatus: install ok installed\nConffiles:\n "
		"/etc/ssh/ssh_config " SUM "\n /etc/ssh/moduli " SUM;
	struct noted n = {""};

	assert_int_equal(package_files_conffiles(status, strlen(status), note, &n), 0);
	assert_string_equal(n.text, "sudo /etc/sudoers MD5 0123 config;"
				    "openssh-client /etc/ssh/ssh_config MD5 0123 config;");
}

static void test_dpkg(void **state)
{
	static const char status[] = "Package: sudo\nStatus: install ok installed\nConffiles:\n "
				     "/etc/sudoers " SUM "\n /etc/gone " SUM "\n\n";
	const char *const libc[] = {"lib/x86_64-linux-gnu/libc.so.6", "libc", NULL};
	struct fixture x;
	struct verdict *v;

	setup(&x, PACKAGES_DPKG);
	(void)collect(&x, &v);
	assert_int_equal(v->result, RESULT_NOTAPPLICABLE);
	verdict_free(v);
	put_ssh(&x);
	/* Merged /usr: the package says /lib, the file lies in /usr/lib. */
	put_md5sums(&x, "libc6:amd64", libc);
	test_write(&x.t, "/usr/lib/x86_64-linux-gnu/libc.so.6", "libc");
	assert_int_equal(symlink("usr/lib", test_path(&x.t, "/lib")), 0);
	const struct package_files *p = collect(&x, &v);
	assert_int_equal(v->result, RESULT_PASS);
	assert_int_equal(p->files, 2);
	assert_int_equal(p->bytes, strlen("sshd 1") + strlen("libc"));
	verdict_free(v);

	test_write(&x.t, "/usr/sbin/sshd", "sshd 2");
	assert_int_equal(unlink(test_path(&x.t, "/usr/lib/x86_64-linux-gnu/libc.so.6")), 0);
	(void)collect(&x, &v);
	assert_int_equal(v->result, RESULT_FAIL);
	assert_int_equal(v->severity, SEV_CRITICAL);
	assert_int_equal(v->n_evidence, 2);
	assert_string_equal(v->evidence[0].subject, "file /lib/x86_64-linux-gnu/libc.so.6");
	assert_string_equal(v->evidence[0].observed, "missing");
	assert_int_equal(v->evidence[0].severity, SEV_MEDIUM);
	assert_string_equal(v->evidence[1].subject, "file /usr/sbin/sshd");
	assert_non_null(strstr(v->evidence[1].observed, md5("sshd 2")));
	assert_non_null(strstr(v->evidence[1].expected, md5("sshd 1")));
	assert_non_null(strstr(v->evidence[1].expected, "openssh-server 1:9.2p1-2"));
	verdict_free(v);

	/* The package was upgraded to just that: its list is the measure. */
	put_md5sums(&x, "openssh-server", (const char *const[]){"usr/sbin/sshd", "sshd 2", NULL});
	test_write(&x.t, "/usr/lib/x86_64-linux-gnu/libc.so.6", "libc");
	test_write(&x.t, "/var/lib/dpkg/status", status);
	test_write(&x.t, "/etc/sudoers", "changed");
	(void)collect(&x, &v);
	assert_int_equal(v->result, RESULT_INFORMATIONAL);
	assert_int_equal(v->n_evidence, 1);
	assert_string_equal(v->evidence[0].subject, "file /etc/sudoers");
	assert_string_equal(v->summary,
		"every program and library of 4 files is as its package installed it; 1 "
		"configuration files were changed");
	verdict_free(v);
	teardown(&x);
}

static void test_diversions(void **state)
{
	struct fixture x;
	struct verdict *v;

	setup(&x, PACKAGES_DPKG);
	put_ssh(&x);
	test_write(&x.t, "/usr/sbin/sshd", "somebody else's");
	test_write(&x.t, "/usr/sbin/sshd.distrib", "sshd 1");
	test_write(&x.t, "/var/lib/dpkg/diversions",
		"/usr/bin/x\n/usr/bin/x.y\nz\n/usr/sbin/sshd\n/usr/sbin/sshd.distrib\n:\n");
	(void)collect(&x, &v);
	assert_int_equal(v->result, RESULT_PASS);
	verdict_free(v);
	/* The package that diverts keeps its own file where it is. */
	test_write(&x.t, "/var/lib/dpkg/diversions",
		"/usr/sbin/sshd\n/usr/sbin/sshd.distrib\nopenssh-server\n");
	(void)collect(&x, &v);
	assert_int_equal(v->result, RESULT_FAIL);
	verdict_free(v);
	test_write(&x.t, "/var/lib/dpkg/diversions", "/usr/sbin/sshd\n");
	(void)collect(&x, &v);
	assert_int_equal(v->result, RESULT_ERROR);
	verdict_free(v);
	teardown(&x);
}

/* Read again is what changed, and nothing else. */
static void test_incremental(void **state)
{
	struct fixture x;

	setup(&x, PACKAGES_DPKG);
	put_ssh(&x);
	put_md5sums(&x, "sudo", (const char *const[]){"usr/bin/sudo", "sudo", NULL});
	test_write(&x.t, "/usr/bin/sudo", "sudo");
	assert_int_equal(collect(&x, NULL)->hashed, 10);
	const struct package_files *p = collect(&x, NULL);
	assert_int_equal(p->hashed, 0);
	assert_int_equal(p->bytes, 10);
	assert_int_equal(p->n, 0);
	/* The same size and mtime: ctime tells. */
	struct stat st;
	assert_int_equal(stat(test_path(&x.t, "/usr/sbin/sshd"), &st), 0);
	test_write(&x.t, "/usr/sbin/new", "sshd X");
	assert_int_equal(utimensat(AT_FDCWD, test_path(&x.t, "/usr/sbin/new"),
				 (const struct timespec[]){st.st_atim, st.st_mtim}, 0),
		0);
	assert_int_equal(
		rename(test_path(&x.t, "/usr/sbin/new"), test_path(&x.t, "/usr/sbin/sshd")), 0);
	p = collect(&x, NULL);
	assert_int_equal(p->hashed, 6);
	assert_int_equal(p->n, 1);
	teardown(&x);
}

static void test_unreadable(void **state)
{
	struct fixture x;
	struct verdict *v;

	setup(&x, PACKAGES_DPKG);
	put_ssh(&x);
	assert_int_equal(unlink(test_path(&x.t, "/usr/sbin/sshd")), 0);
	assert_int_equal(mkfifo(test_path(&x.t, "/usr/sbin/sshd"), 0755), 0);
	(void)collect(&x, &v);
	assert_int_equal(v->result, RESULT_ERROR);
	verdict_free(v);
	put_md5sums(&x, "sudo", (const char *const[]){NULL});
	test_write(&x.t, "/var/lib/dpkg/info/sudo.md5sums", "nonsense\n");
	(void)collect(&x, &v);
	assert_int_equal(v->result, RESULT_ERROR);
	assert_string_equal(v->summary, "/var/lib/dpkg/info/sudo.md5sums:1 is not what the package "
					"manager writes");
	verdict_free(v);
	x.packages.manager = PACKAGES_APK;
	(void)collect(&x, &v);
	assert_int_equal(v->result, RESULT_ERROR);
	verdict_free(v);
	x.packages.manager = PACKAGES_RPM; /* no database that can be read */
	(void)collect(&x, &v);
	assert_int_equal(v->result, RESULT_ERROR);
	verdict_free(v);
	struct fact *f = fact_new(FACT_PACKAGES);
	fact_fail(f, -ENOENT, "no package database");
	factset_put(&x.facts, f);
	(void)collect(&x, &v);
	assert_int_equal(v->result, RESULT_NOTAPPLICABLE);
	verdict_free(v);
	teardown(&x);
}

static const struct rpm_file sudo_files[] = {
	{"/usr/bin/", "sudo", "sudo 1", 0100755, 0, 0},
	{"/etc/", "sudoers", "sudoers 1", 0100440, 1, 0},
	{"/usr/bin/", "sudoedit", "", 0120777, 0, 0},		  /* a link */
	{"/usr/libexec/sudo/", "sudoers.so", "x", 0100755, 0, 1}, /* replaced by another's */
	{"/usr/share/doc/sudo/", "README", "doc", 0100644, 2, 0},
};

static void test_header(void **state)
{
	struct rpm_files_header h;
	struct noted n = {""};

	rpm_files_make(&h, "sudo", sudo_files, ARRAY_SIZE(sudo_files), sha256);
	assert_int_equal(package_files_header(h.bytes, h.n, note, &n), 0);
	char expected[512];
	(void)snprintf(
		expected, sizeof(expected), "sudo /usr/bin/sudo SHA256 %.4s;", sha256("sudo 1"));
	assert_memory_equal(n.text, expected, strlen(expected));
	assert_non_null(strstr(n.text, "sudo /etc/sudoers SHA256"));
	assert_null(strstr(n.text, "README"));
	assert_null(strstr(n.text, "sudoers.so"));
	/* Cut short anywhere; or with any byte of the index wrong: an answer, no crash. */
	for (size_t i = 0; i < h.n; i++)
		assert_int_equal(package_files_header(h.bytes, i, note, &n), -EBADMSG);
	for (size_t i = 0; i < h.n; i++) {
		uint8_t old = h.bytes[i];
		h.bytes[i] ^= 0xff;
		n.text[0] = '\0';
		int r = package_files_header(h.bytes, h.n, note, &n);
		assert_true(r == 0 || r == -EBADMSG);
		h.bytes[i] = old;
	}
	rpm_files_make(&h, "bash", sudo_files, ARRAY_SIZE(sudo_files), sha256);
	n.text[0] = '\0';
	assert_int_equal(package_files_header(h.bytes, h.n, note, &n), 0);
	assert_string_equal(n.text, "");
}

static void test_rpm(void **state)
{
	struct rpm_files_header h;
	struct fixture x;
	struct verdict *v;

	setup(&x, PACKAGES_RPM);
	test_write(&x.t, "/usr/lib/sysimage/rpm/x", "");
	rpm_files_make(&h, "sudo", sudo_files, ARRAY_SIZE(sudo_files), sha256);
	rpm_files_db(test_path(&x.t, "/usr/lib/sysimage/rpm/rpmdb.sqlite"), "sudo", &h);
	test_write(&x.t, "/usr/bin/sudo", "sudo 1");
	test_write(&x.t, "/etc/sudoers", "sudoers 1");
	(void)collect(&x, &v);
	assert_int_equal(v->result, RESULT_PASS);
	verdict_free(v);
	test_write(&x.t, "/etc/sudoers", "sudoers 2");
	(void)collect(&x, &v);
	assert_int_equal(v->result, RESULT_INFORMATIONAL);
	verdict_free(v);
	test_write(&x.t, "/usr/bin/sudo", "sudo 2");
	(void)collect(&x, &v);
	assert_int_equal(v->result, RESULT_FAIL);
	assert_int_equal(v->n_evidence, 2);
	assert_non_null(strstr(v->evidence[0].observed, sha256("sudo 2")));
	verdict_free(v);
	teardown(&x);
}

static void no_memory(struct fixture *x, size_t wrong)
{
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		struct fact *f = NULL;
		alloc_count = 0;
		memo_free(x->c.memo);
		x->c.memo = NULL;
		unsigned at = alloc_fail_at;
		alloc_fail_at = 0;
		x->c.memo = memo_new();
		alloc_fail_at = at;
		alloc_count = 0;
		int r = fact_collect(FACT_PACKAGE_FILES, &x->c, &f);
		if (alloc_count < alloc_fail_at) {
			alloc_fail_at = 0;
			assert_int_equal(r, 0);
			assert_int_equal(f->u.package_files->n, wrong);
			fact_free(f);
			break;
		}
		assert_int_equal(r, -ENOMEM);
	}
}

static void test_no_memory(void **state)
{
	struct fixture x;

	setup(&x, PACKAGES_DPKG);
	put_ssh(&x);
	test_write(&x.t, "/usr/sbin/sshd", "sshd 2");
	test_write(&x.t, "/var/lib/dpkg/diversions", "/a\n/b\n:\n");
	no_memory(&x, 1);
	teardown(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_md5sums),
		cmocka_unit_test(test_conffiles),
		cmocka_unit_test(test_dpkg),
		cmocka_unit_test(test_diversions),
		cmocka_unit_test(test_incremental),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_rpm),
		cmocka_unit_test(test_no_memory),
	};

	policy = policy_new_default();
	if (!policy)
		return 1;
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	policy_free(policy);
	return r;
}
