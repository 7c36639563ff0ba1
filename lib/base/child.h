/* SPDX-License-Identifier: ISC */
/*
 * Asking an installed program (sshd -T, cvtsudoers, rpm) for its answer, with
 * a deadline and a cap, and keeping the answer until what it depends on
 * changes. Only ever the running machine's own programs: nothing from inside
 * another root is executed.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

struct child_result {
	char *out; /* standard output, NUL-terminated; freed by child_result_fini() */
	size_t out_size;
	char *err; /* the first 4 KiB of standard error */
	int status; /* as of waitpid(2) */
};
void child_result_fini(struct child_result *r);

/*
 * What earlier children answered, by key, each answer valid for one signature
 * (of the program and of what it read), and how many were run. Lives as long
 * as the engine does, so that a check that runs again starts no program again.
 */
struct memo;
struct memo *memo_new(void);
void memo_free(struct memo *m);
DEFINE_FREEP(struct memo *, memo_free)

/* The kept answer for key, or NULL when there is none for this signature. Owned by the memo. */
const char *memo_get(const struct memo *m, const char *key, const char *signature);

/* Keeps a copy of answer, replacing any other for the key. 0 or -ENOMEM. */
int memo_put(struct memo *m, const char *key, const char *signature, const char *answer);

/* How many children were run for this memo, for the budget. */
unsigned memo_children(const struct memo *m);

/*
 * Runs argv[0] (an absolute path) with a clean environment (PATH, LC_ALL=C),
 * standard input from input (NULL: /dev/null), the working directory "/", and
 * no descriptor but 0-2. Waits; kills its process group after timeout_usec
 * (-ETIMEDOUT) or when its output exceeds max bytes (-EFBIG). 0 when it was
 * run, whatever its exit status; else -errno (-ENOENT: not installed). Counted in m.
 */
int child_run(struct memo *m, const char *const argv[], const char *input, uint64_t timeout_usec,
	size_t max, struct child_result *ret);
