/* SPDX-License-Identifier: ISC */
/* What the checks of the SSH server's settings have in common. */
#pragma once

#include "check/check.h"
#include "fact/sshd.h"

/*
 * The fact's data when it can be used; else NULL and the verdict is set. What a
 * verdict says of the files is noted as such when the listener has not read them:
 * each connection gets the configuration that the listener has in memory.
 */
const struct sshd *ssh_usable(const struct factset *facts, struct verdict *ret);

/* Whether the files were changed after the running listener read them. */
bool ssh_is_pending(const struct sshd *s);

/* The text of a value in a context, "" when it has none. */
const char *ssh_value(const struct sshd_context *c, const char *keyword);

/* Whether it is written there, exactly. */
bool ssh_is(const struct sshd_context *c, const char *keyword, const char *value);

/* One thing found about a keyword in a context. */
struct ssh_finding {
	const struct sshd_context *context;
	const char *keyword;
	enum result result;
	enum severity severity;
	const char *note; /* after the value, or NULL */
	const char *expected;
};

/*
 * Adds evidence. Its subject is that of the fact's item: "sshd KEYWORD" for what
 * holds in general, "sshd KEYWORD, CONTEXT" where the context differs. What has
 * been added for a subject already is not added again.
 */
void ssh_add(struct verdict *v, const struct sshd *s, const struct ssh_finding *f);

/* "any user from anywhere" and so on, for sentences. */
const char *ssh_general_label(const struct sshd *s);
