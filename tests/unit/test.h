/* SPDX-License-Identifier: ISC */
/*
 * What every unit test needs: cmocka with its prerequisites, and a private
 * directory that serves as a root.
 */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fsio.h"
#include "base/util.h"

struct test_root {
	char dir[64];
	struct root root;
};

static inline void test_root_init(struct test_root *t)
{
	(void)snprintf(t->dir, sizeof(t->dir), "/tmp/hardend-test-XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	assert_int_equal(root_open(t->dir, &t->root), 0);
}

static inline void test_root_fini(struct test_root *t)
{
	char cmd[128];

	root_close(&t->root);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf -- '%s'", t->dir);
	assert_int_equal(system(cmd), 0);
}

/* Path inside the root on this machine, in a static buffer. */
static inline const char *test_path(const struct test_root *t, const char *path)
{
	static char buf[4][4096];
	static unsigned i;

	i = (i + 1) % 4;
	(void)snprintf(buf[i], sizeof(buf[i]), "%s%s", t->dir, path);
	return buf[i];
}

/* Writes a file, making its directories. */
static inline void test_write(const struct test_root *t, const char *path, const char *text)
{
	char full[4096];

	(void)snprintf(full, sizeof(full), "%s%s", t->dir, path);
	for (char *p = full + strlen(t->dir) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		if (mkdir(full, 0755) < 0)
			assert_int_equal(errno, EEXIST);
		*p = '/';
	}
	FILE *f = fopen(full, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}
