/* SPDX-License-Identifier: ISC */
/* What sshd has collected while it walks its configuration, and what comes of it. */
#pragma once

#include "fact/sshd-conf.h"

/* One keyword. n is 0 when nothing sets it. */
struct sshd_slot {
	const char *const *v;
	size_t n;
	const char *path;
	unsigned line;
	bool matched; /* by a Match, for this connection */
};

struct sshd_state {
	struct sshd_slot slots[SSHD_SLOTS_MAX]; /* by sshd_keyword_index() */
};

/* The slot of a keyword that the table has. */
struct sshd_slot *sshd_slot_of(struct sshd_state *s, const char *keyword);

/* What sshd adds itself once it has read its files, before anybody connects. */
void sshd_state_start(const struct sshd_conf *c, struct sshd_state *s);

/* Adds the errors that sshd finds after reading. 0 or -ENOMEM. */
int sshd_state_check(struct sshd_conf *c, struct sshd_state *s);

/* Values of all shown keywords, sorted, in a. 0, -EINVAL (an error was added), -ENOMEM. */
int sshd_state_values(struct sshd_conf *c, struct sshd_state *s, struct arena *a,
	struct sshd_value **ret, size_t *ret_n);
