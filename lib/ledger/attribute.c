/* SPDX-License-Identifier: ISC */
#include "ledger/attribute.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fact/accounts.h"

/* Audit tells of a file that is opened for writing, which may be long before it is written. */
#define EARLIER_USEC USEC_PER_MIN

/* systemd tells that a unit started behind the start of its process, or when a oneshot ended. */
#define UNIT_BEFORE_USEC USEC_PER_SEC
#define UNIT_BEHIND_USEC (2 * USEC_PER_SEC)

/* One search: the acts that were found so far, each actor once, the newest last. */
struct search {
	const struct acts *acts;
	const struct attribute_question *question;
	struct acts_find v[EVENT_ACTORS_MAX];
	size_t n;
	uint64_t since_usec;
};

uint64_t attribute_facts(void)
{
	return ~(FACT_GIVEN | FACT_BIT(FACT_ADDRESSES) | FACT_BIT(FACT_SYSCTL) |
		 FACT_BIT(FACT_KERNEL) | FACT_BIT(FACT_PROCESSES));
}

/*
 * Of one process one act may tell more than another: a program's own message has
 * no command line. What one transaction runs is one, too.
 */
static bool is_same(const struct acts_find *a, const struct acts_find *b)
{
	const struct actor *x = &a->act->actor, *y = &b->act->actor;
	bool process = x->pid != 0 && x->pid == y->pid;
	bool transaction = a->behalf->kind == BEHALF_PACKAGES &&
			   b->behalf->kind == BEHALF_PACKAGES && x->session == y->session &&
			   strcmp(a->behalf->what, b->behalf->what) == 0;

	return acts_same_actor(a, b) ||
	       ((process || transaction) && x->auid == y->auid && x->uid == y->uid &&
		       strcmp(x->exe, y->exe) == 0);
}

/* Keeps the newest, in the order of their acts. */
static void add_find(struct search *s, const struct acts_find *f)
{
	size_t at = s->n;

	for (size_t i = 0; i < s->n; i++) {
		if (!is_same(&s->v[i], f))
			continue;
		if (!*f->act->actor.command ||
			(*s->v[i].act->actor.command &&
				s->v[i].act->realtime_usec >= f->act->realtime_usec))
			return;
		s->n--;
		memmove(&s->v[i], &s->v[i + 1], (s->n - i) * sizeof(s->v[0]));
		at = s->n;
		break;
	}
	while (at > 0 && s->v[at - 1].act->realtime_usec > f->act->realtime_usec)
		at--;
	if (s->n == EVENT_ACTORS_MAX) {
		if (at == 0)
			return;
		memmove(&s->v[0], &s->v[1], --at * sizeof(s->v[0]));
		s->n--;
	} else {
		memmove(&s->v[at + 1], &s->v[at], (s->n - at) * sizeof(s->v[0]));
	}
	s->v[at] = *f;
	s->n++;
}

static void add_found(struct search *s, const struct acts_found *found)
{
	for (size_t i = 0; i < found->n; i++)
		add_find(s, &found->v[i]);
}

/* ---- the things themselves ---- */

static void ask_path(struct search *s, const char *path)
{
	const struct acts_file file = {.path = path};
	struct acts_found found;

	acts_find_path(s->acts, &file, s->since_usec, s->question->until_usec, &found);
	add_found(s, &found);
}

/* The port of "listener tcp [::]:22"; 0: it is no such subject. */
static unsigned port_of(const char *subject)
{
	const char *colon = strrchr(subject, ':');

	if (strncmp(subject, "listener ", 9) != 0 || !colon)
		return 0;
	return (unsigned)strtoul(colon + 1, NULL, 10);
}

static unsigned bound_port(const struct act *act)
{
	const struct sockaddr_in *in = (const void *)&act->address;
	const struct sockaddr_in6 *in6 = (const void *)&act->address;

	if (act->kind != ACT_BIND)
		return 0;
	return act->address.ss_family == AF_INET    ? ntohs(in->sin_port)
	       : act->address.ss_family == AF_INET6 ? ntohs(in6->sin6_port)
						    : 0;
}

static bool has_bound(const struct act *act, void *arg)
{
	return bound_port(act) == *(const unsigned *)arg;
}

static void ask_subject(struct search *s, const char *subject)
{
	static const struct {
		const char *prefix;
		enum act_kind kind;
	} objects[] = {
		{"account ", ACT_ACCOUNT},
		{"group ", ACT_ACCOUNT},
		{"unit ", ACT_UNIT_START},
		{"unit ", ACT_UNIT_STOP},
	};
	unsigned port = port_of(subject);
	struct acts_found found;

	if (port > 0) {
		acts_find_where(s->acts, s->since_usec, s->question->until_usec, has_bound, &port,
			&found);
		add_found(s, &found);
	}
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
		size_t n = strlen(objects[i].prefix);
		if (strncmp(subject, objects[i].prefix, n) != 0)
			continue;
		acts_find_object(s->acts, objects[i].kind, subject + n, s->since_usec, &found);
		add_found(s, &found);
	}
}

static void ask_details(struct search *s, const struct event *e)
{
	for (size_t i = 0; i < e->n_details; i++) {
		const struct event_detail *d = &e->details[i];
		if (d->path && *d->path == '/')
			ask_path(s, d->path);
		if (d->subject)
			ask_subject(s, d->subject);
		if (d->item)
			ask_subject(s, d->item);
	}
	for (size_t i = 0; i < e->n_also; i++)
		ask_details(s, &e->also[i]);
}

/* ---- the kind of act ---- */

static void ask_kinds(struct search *s)
{
	static const struct {
		enum fact_id fact;
		enum act_kind kind;
	} kinds[] = {
		{FACT_FIREWALL, ACT_FILTER},
		{FACT_AUDITD, ACT_AUDIT_CHANGE},
	};
	const struct attribute_question *q = s->question;
	struct acts_found found;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!(q->changed & FACT_BIT(kinds[i].fact)))
			continue;
		acts_find_kind(s->acts, kinds[i].kind, s->since_usec, q->until_usec, &found);
		add_found(s, &found);
	}
}

/* ---- what the facts were read from ---- */

static bool is_beneath(const char *path, const char *directory)
{
	size_t n = strlen(directory);

	return strncmp(path, directory, n) == 0 && (path[n] == '/' || n == 1);
}

/* Whether what became of the path can have changed what was read by this dep. */
static bool concerns(const struct act_path *p, const struct dep *d)
{
	const char *slash = strrchr(p->path, '/');

	if (strcmp(p->path, d->path) == 0 || is_beneath(d->path, p->path))
		return true;
	return (d->kinds & DEP_DIR) && slash && is_beneath(p->path, d->path) &&
	       !strchr(p->path + strlen(d->path) + (d->path[1] != '\0'), '/');
}

static bool was_read_by(const struct act *act, void *arg)
{
	const struct fact *f = arg;

	for (size_t i = 0; act->kind == ACT_FILE && i < act->n_paths; i++) {
		for (size_t k = 0; *act->paths[i].path == '/' && k < f->deps.n; k++) {
			if (concerns(&act->paths[i], &f->deps.v[k]))
				return true;
		}
	}
	return false;
}

static void ask_deps(struct search *s)
{
	const struct attribute_question *q = s->question;
	struct acts_found found;

	for (int i = 0; i < FACT_MAX; i++) {
		const struct fact *f = factset_get(q->facts, (enum fact_id)i);
		if (!f || !(q->changed & FACT_BIT(i)))
			continue;
		acts_find_where(s->acts, s->since_usec, q->until_usec, was_read_by,
			(void *)(uintptr_t)f, &found);
		add_found(s, &found);
	}
}

/* ---- the answer ---- */

static bool is_unit_start(const struct act *act, _unused_ void *arg)
{
	return act->kind == ACT_UNIT_START;
}

/* "alice", or "uid 1004" where no account has it; NULL: nobody's. */
static const char *user_name(struct arena *a, const struct factset *facts, uint32_t uid)
{
	const struct fact *f = factset_get(facts, FACT_ACCOUNTS);

	if (uid == AUDIT_ID_UNSET)
		return NULL;
	for (size_t i = 0; f && f->state == FACT_STATE_OK && i < f->u.accounts->n; i++) {
		if (f->u.accounts->v[i].uid == uid)
			return text_clean(a, f->u.accounts->v[i].name);
	}
	return arena_printf(a, "uid %u", uid);
}

static const char *behalf_text(struct arena *a, const struct actor_chain *c)
{
	bool known = c->what && *c->what;

	if (c->kind == BEHALF_CRON)
		return known ? arena_printf(a, "cron: %s", c->what) : "a job of cron";
	return c->kind != BEHALF_NONE && known ? arena_strdup(a, c->what) : NULL;
}

/*
 * The unit that systemd itself started such a process for, when it was gone before
 * anybody could ask: the only one that started around then. NULL: not known.
 */
static const char *unit_of(const struct search *s, const struct act *act)
{
	uint64_t when = act->realtime_usec;
	struct acts_found found;

	if (act->actor.ppid != 1 || act->actor.auid != AUDIT_ID_UNSET)
		return NULL;
	acts_find_where(s->acts, when - MIN(when, UNIT_BEFORE_USEC), when + UNIT_BEHIND_USEC,
		is_unit_start, NULL, &found);
	return found.n == 1 && found.v[0].count == 1 ? found.v[0].act->object : NULL;
}

/* A copy; NULL for what is not known. */
static const char *copy(struct arena *a, const char *s)
{
	return s && *s && strcmp(s, "?") != 0 ? arena_strdup(a, s) : NULL;
}

static struct event_actor make_actor(
	struct arena *a, const struct search *s, const struct acts_find *f)
{
	const struct actor *own = &f->act->actor, *by = &f->behalf->by;
	const struct factset *facts = s->question->facts;
	bool lent = own->auid == AUDIT_ID_UNSET && f->behalf->kind != BEHALF_NONE;
	uint32_t auid = lent ? by->auid : own->auid;
	uint32_t session = lent ? by->session : own->session;
	const struct acts_session *login =
		session == AUDIT_ID_UNSET ? NULL : acts_find_session(s->acts, session);
	bool known = auid != AUDIT_ID_UNSET;

	return (struct event_actor){
		.auid = auid,
		.uid = own->uid,
		.session = session,
		.pid = own->pid,
		.user = user_name(a, facts, known ? auid : own->uid),
		.run_as = known && own->uid != auid ? user_name(a, facts, own->uid) : NULL,
		.exe = copy(a, own->exe),
		.command = copy(a, own->command),
		.tty = copy(a, own->tty),
		.peer = login ? copy(a, login->peer) : NULL,
		.behalf = f->behalf->kind == BEHALF_NONE ? copy(a, unit_of(s, f->act))
							 : behalf_text(a, f->behalf),
	};
}

static int answer(struct arena *a, const struct search *s, struct event *e)
{
	struct event_actor *v = arena_alloc(a, s->n * sizeof(*v));

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++)
		v[i] = make_actor(a, s, &s->v[i]);
	if (arena_failed(a))
		return -ENOMEM;
	e->actors = v;
	e->n_actors = s->n;
	return 1;
}

int attribute_event(struct arena *a, const struct acts *acts, const struct attribute_question *q,
	struct event *e)
{
	struct search s = {.acts = acts, .question = q, .since_usec = q->since_usec};

	ask_details(&s, e);
	if (s.n == 0)
		ask_kinds(&s);
	if (s.n == 0 && !q->waiting)
		ask_deps(&s);
	if (s.n == 0 && !q->waiting) {
		/* Not before the last reading: that may be days ago. */
		s.since_usec = MIN(s.since_usec, q->until_usec - MIN(q->until_usec, EARLIER_USEC));
		ask_details(&s, e);
	}
	return s.n > 0 ? answer(a, &s, e) : 0;
}
