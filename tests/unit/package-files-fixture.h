/* SPDX-License-Identifier: ISC */
/*
 * A root with installed packages, their lists of digests, and the verdict on
 * their files. The test makes the policy before its first and frees it.
 */
#pragma once

#include <nettle/md5.h>
#include <nettle/sha2.h>

#include "check/check.h"
#include "conf/conf.h"
#include "fact/package-files.h"
#include "fact/packages.h"
#include "test.h"

/* A digest of nothing. */
#define SUM "0123456789abcdef0123456789abcdef"

static struct policy *policy;

struct fixture {
	struct test_root t;
	struct factset facts;
	struct packages packages;
	struct collect c;
};

static inline void setup(struct fixture *x, enum package_manager manager)
{
	memset(x, 0, sizeof(*x));
	test_root_init(&x->t);
	x->packages = (struct packages){.manager = manager, .arch = "amd64"};
	struct fact *f = fact_new(FACT_PACKAGES);
	assert_non_null(f);
	f->u.packages = &x->packages;
	factset_put(&x->facts, f);
	test_write(&x->t, "/var/lib/dpkg/status", "");
	x->c = (struct collect){.root = &x->t.root, .facts = &x->facts, .memo = memo_new()};
	assert_non_null(x->c.memo);
}

static inline void teardown(struct fixture *x)
{
	memo_free(x->c.memo);
	factset_fini(&x->facts);
	test_root_fini(&x->t);
}

static inline int by_subject(const void *a, const void *b)
{
	return strcmp(
		((const struct fact_item *)a)->subject, ((const struct fact_item *)b)->subject);
}

/* Adds a package (name without the machine's own architecture) to those that are installed. */
static inline void install(struct fixture *x, const char *name)
{
	struct fact *f = x->facts.v[FACT_PACKAGES];
	char subject[256];

	(void)snprintf(subject, sizeof(subject), "package %.*s", (int)strcspn(name, ":"), name);
	for (size_t i = 0; i < f->n_items; i++) {
		if (strcmp(f->items[i].subject, subject) == 0)
			return;
	}
	fact_add_item(f, subject, "1:9.2p1-2", NULL, 0);
	qsort(f->items, f->n_items, sizeof(*f->items), by_subject);
	x->packages.v = f->items;
	x->packages.n = f->n_items;
}

static inline const char *md5(const char *text)
{
	static char hex[4][2 * MD5_DIGEST_SIZE + 1];
	static unsigned i;
	uint8_t digest[MD5_DIGEST_SIZE];
	struct md5_ctx ctx;

	i = (i + 1) % 4;
	md5_init(&ctx);
	md5_update(&ctx, strlen(text), (const uint8_t *)text);
	md5_digest(&ctx, sizeof(digest), digest);
	for (size_t k = 0; k < sizeof(digest); k++)
		(void)snprintf(hex[i] + 2 * k, 3, "%02x", digest[k]);
	return hex[i];
}

static inline const char *sha256(const char *text)
{
	static char hex[2 * SHA256_DIGEST_SIZE + 1];
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, strlen(text), (const uint8_t *)text);
	sha256_digest(&ctx, sizeof(digest), digest);
	for (size_t k = 0; k < sizeof(digest); k++)
		(void)snprintf(hex + 2 * k, 3, "%02x", digest[k]);
	return hex;
}

/* Installs a package with its lists: pairs of path and content, ends with NULL. */
static inline void put_md5sums(struct fixture *x, const char *package, const char *const *v)
{
	char path[256], text[4096] = "", list[4096] = "/.\n/usr\n";

	install(x, package);
	for (; *v; v += 2) {
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s  %s\n",
			md5(v[1]), v[0]);
		(void)snprintf(list + strlen(list), sizeof(list) - strlen(list), "/%s\n", v[0]);
	}
	(void)snprintf(path, sizeof(path), "/var/lib/dpkg/info/%s.list", package);
	test_write(&x->t, path, list);
	(void)snprintf(path, sizeof(path), "/var/lib/dpkg/info/%s.md5sums", package);
	test_write(&x->t, path, text);
}

static inline const struct package_files *collect(struct fixture *x, struct verdict **ret)
{
	struct fact *f = NULL;

	assert_int_equal(fact_collect(FACT_PACKAGE_FILES, &x->c, &f), 0);
	factset_put(&x->facts, f);
	if (ret) {
		*ret = verdict_new();
		assert_non_null(*ret);
		assert_int_equal(
			check_judge(check_find("package-integrity"), &x->facts, policy, 0, *ret),
			0);
	}
	return f->u.package_files;
}

static inline void put_ssh(struct fixture *x)
{
	const char *const sums[] = {"usr/sbin/sshd", "sshd 1", "usr/share/doc/x", "doc", NULL};

	put_md5sums(x, "openssh-server", sums);
	test_write(&x->t, "/usr/sbin/sshd", "sshd 1");
}
