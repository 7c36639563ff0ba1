/* SPDX-License-Identifier: ISC */
#include "audit/memory-session.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

void acts_sessions_fini(struct acts_sessions *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	s->n = 0;
}

size_t acts_sessions_size(const struct acts_sessions *s)
{
	return s->n * sizeof(*s->v[0]);
}

static struct acts_session *find(const struct acts_sessions *s, uint32_t session)
{
	for (size_t i = s->n; i-- > 0;) {
		if (s->v[i]->session == session)
			return s->v[i];
	}
	return NULL;
}

const struct acts_session *acts_sessions_find(const struct acts_sessions *s, uint32_t session)
{
	return find(s, session);
}

/* Ended sessions go first, then the oldest. */
static void forget_one(struct acts_sessions *s)
{
	size_t at = 0;

	for (size_t i = s->n; i-- > 0;) {
		if (s->v[i]->end_realtime_usec != 0)
			at = i;
	}
	free(s->v[at]);
	memmove(&s->v[at], &s->v[at + 1], (s->n - at - 1) * sizeof(s->v[0]));
	s->n--;
}

/* The session, new when it is not known yet; NULL on ENOMEM. */
static struct acts_session *take(struct acts_sessions *s, uint32_t session)
{
	struct acts_session *known = find(s, session);

	if (known)
		return known;
	known = calloc(1, sizeof(*known));
	if (!known)
		return NULL;
	known->session = session;
	known->auid = AUDIT_ID_UNSET;
	if (s->n == ACTS_SESSIONS_MAX)
		forget_one(s);
	s->v[s->n++] = known;
	return known;
}

/* Into an empty text of size bytes, cut at a character. */
static void set_text(char *to, size_t size, const char *from)
{
	size_t n = strlen(from);

	if (*to)
		return;
	if (n >= size) {
		n = size - 1;
		while (n > 0 && ((unsigned char)from[n] & 0xc0) == 0x80)
			n--;
	}
	*(char *)mempcpy(to, from, n) = '\0';
}

/*
 * Programs that open a session of PAM within a session: what they say is about whom
 * they act for, not about who logged in.
 */
static bool is_within(const char *exe)
{
	static const char *const names[] = {
		"sudo", "su", "runuser", "pkexec", "doas", "run0", "polkit-agent-helper-1"};
	const char *name = text_base_name(exe);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static void learn_end(struct acts_sessions *s, const struct act *act)
{
	struct acts_session *known = find(s, act->new_session);

	if (known && (!*known->exe || strcmp(known->exe, act->actor.exe) == 0))
		known->end_realtime_usec = act->realtime_usec;
}

int acts_sessions_learn(struct acts_sessions *s, const struct act *act)
{
	bool begin = act->kind == ACT_SESSION_BEGIN;

	if ((!begin && act->kind != ACT_SESSION_END) || act->new_session == AUDIT_ID_UNSET ||
		is_within(act->actor.exe))
		return 0;
	if (!begin) {
		learn_end(s, act);
		return 0;
	}
	struct acts_session *known = take(s, act->new_session);
	if (!known)
		return -ENOMEM;
	/* The kernel's record is the first of a session: of an older boot if there is one already.
	 */
	if (!act->said && known->begin_realtime_usec != 0 &&
		act->realtime_usec > known->begin_realtime_usec)
		*known = (struct acts_session){.session = act->new_session, .auid = AUDIT_ID_UNSET};
	if (known->auid == AUDIT_ID_UNSET)
		known->auid = act->new_auid;
	if (known->begin_realtime_usec == 0)
		known->begin_realtime_usec = act->realtime_usec;
	if (!act->said)
		return 0;
	set_text(known->user, sizeof(known->user), act->object);
	set_text(known->peer, sizeof(known->peer), act->peer);
	set_text(known->tty, sizeof(known->tty), act->actor.tty);
	set_text(known->exe, sizeof(known->exe), act->actor.exe);
	return 0;
}

int acts_sessions_put(struct acts_sessions *s, const struct acts_session *session)
{
	struct acts_session *known = take(s, session->session);

	if (!known)
		return -ENOMEM;
	if (known->auid == AUDIT_ID_UNSET)
		known->auid = session->auid;
	if (known->begin_realtime_usec == 0)
		known->begin_realtime_usec = session->begin_realtime_usec;
	if (known->end_realtime_usec == 0)
		known->end_realtime_usec = session->end_realtime_usec;
	set_text(known->user, sizeof(known->user), session->user);
	set_text(known->peer, sizeof(known->peer), session->peer);
	set_text(known->tty, sizeof(known->tty), session->tty);
	set_text(known->exe, sizeof(known->exe), session->exe);
	return 0;
}
