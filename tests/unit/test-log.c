/* SPDX-License-Identifier: ISC */
/* A level stands before a line for journald, and for nobody else. */
#include "test.h"

#include "daemon/log.h"

/* What is written to standard error while it is a pipe; JOURNAL_STREAM names it, or another. */
static void expect_line(bool stream, bool other, const char *want)
{
	char name[64], got[256];
	int ends[2], saved = dup(STDERR_FILENO);
	struct stat st;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fstat(ends[1], &st), 0);
	(void)snprintf(name, sizeof(name), "%llu:%llu", (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino + other);
	if (stream)
		assert_int_equal(setenv("JOURNAL_STREAM", name, 1), 0);
	else
		assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	log_line(LOG_ERR, "is %s", "so");
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	ssize_t n = read(ends[0], got, sizeof(got) - 1);
	assert_true(n > 0);
	got[n] = '\0';
	assert_string_equal(got, want);
	(void)close(ends[0]);
	(void)close(ends[1]);
	(void)close(saved);
}

static void test_level(void **state)
{
	expect_line(false, false, "hardend: is so\n");
	expect_line(true, true, "hardend: is so\n");
	expect_line(true, false, "<3>is so\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_level)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
