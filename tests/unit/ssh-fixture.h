/* SPDX-License-Identifier: ISC */
/*
 * Facts for the collectors of SSH keys to stand on, said by the test instead of
 * collected, and a private root. Keys made by ssh-keygen for the tests alone.
 */
#pragma once

#include "test.h"

#include "fact/accounts.h"
#include "fact/fact.h"
#include "fact/sshd.h"

#define KEY_A		  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBAaH7YqBXgNKm3vT4yw/nOhwxFMuRfVYQkkJOi0XSGO"
#define KEY_A_FINGERPRINT "SHA256:mxn/iO6NYtxag+Z6pf5G4McWsq69CNLHDKO2eKsjfxc"
#define KEY_EC                                                                  \
	"ecdsa-sha2-nistp256 "                                                  \
	"AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBLhOR7dY4gi8z0DtG" \
	"uvqqM6JSzNWyFhDxIgq2gW42RKyby1K0h4xrGNqCp1dOm7pgImFk8syLaW2k0o1nc7l/9s="
#define KEY_EC_FINGERPRINT "SHA256:ljtpHq0Ww8pnmypuu8Dwy/Rva80jQdrXcDVaD6yFolY"

struct ssh_fixture {
	struct test_root t;
	struct factset facts;
	struct collect c;
	struct sshd_value values[16];
	struct sshd_context contexts[4];
	struct sshd_member members[2];
	struct sshd sshd;
	struct accounts accounts;
};

static inline struct fact *fixture_put(struct ssh_fixture *x, enum fact_id id, const void *data)
{
	struct fact *f = fact_new(id);

	assert_non_null(f);
	f->u.any = data;
	factset_put(&x->facts, f);
	return f;
}

/* A root, no accounts, sshd with the values given (ends with NULL) for everybody. */
static inline void fixture_init(struct ssh_fixture *x, const struct sshd_value *values)
{
	memset(x, 0, sizeof(*x));
	test_root_init(&x->t);
	x->contexts[0] = (struct sshd_context){.label = "any user", .values = x->values};
	for (; values && values->keyword; values++)
		x->values[x->contexts[0].n_values++] = *values;
	x->sshd = (struct sshd){.contexts = x->contexts, .n_contexts = 1, .version = "9.2p1"};
	x->accounts = (struct accounts){.uid_min = 1000, .uid_max = 60000};
	(void)fixture_put(x, FACT_SSHD, &x->sshd);
	(void)fixture_put(x, FACT_ACCOUNTS, &x->accounts);
	x->c = (struct collect){.root = &x->t.root, .facts = &x->facts};
}

static inline void fixture_fini(struct ssh_fixture *x)
{
	factset_fini(&x->facts);
	test_root_fini(&x->t);
}

static inline void fixture_accounts(struct ssh_fixture *x, struct account *v, size_t n)
{
	x->accounts.v = v;
	x->accounts.n = n;
}

/* Collects the fact into the set and returns it. */
static inline const struct fact *fixture_collect(struct ssh_fixture *x, enum fact_id id)
{
	struct fact *f = NULL;

	assert_int_equal(fact_collect(id, &x->c, &f), 0);
	factset_put(&x->facts, f);
	return f;
}

/* The value of the item, or NULL. */
static inline const char *fixture_item(const struct fact *f, const char *subject)
{
	for (size_t i = 0; i < f->n_items; i++) {
		if (strcmp(f->items[i].subject, subject) == 0)
			return f->items[i].value;
	}
	return NULL;
}

/* Copies a key file of the test data into the root. */
static inline void fixture_install(
	const struct ssh_fixture *x, const char *name, const char *path, mode_t mode)
{
	char from[4096], text[8192];

	(void)snprintf(from, sizeof(from), "%s/ssh-keys/%s", getenv("TEST_DATA"), name);
	FILE *f = fopen(from, "re");
	if (!f)
		fail_msg("%s: %s", from, strerror(errno));
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	assert_int_equal(fclose(f), 0);
	test_write(&x->t, path, text);
	assert_int_equal(chmod(test_path(&x->t, path), mode), 0);
}
