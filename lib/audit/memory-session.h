/* SPDX-License-Identifier: ISC */
/* The sessions of audit/memory.h. */
#pragma once

#include "audit/memory.h"

struct acts_sessions {
	struct acts_session *v[ACTS_SESSIONS_MAX]; /* oldest first */
	size_t n;
};

void acts_sessions_fini(struct acts_sessions *s);
size_t acts_sessions_size(const struct acts_sessions *s);

/* What an act tells of a session, if anything. 0 or -ENOMEM. */
int acts_sessions_learn(struct acts_sessions *s, const struct act *act);

/* As acts_find_session() and acts_put_session(). */
const struct acts_session *acts_sessions_find(const struct acts_sessions *s, uint32_t session);
int acts_sessions_put(struct acts_sessions *s, const struct acts_session *session);
