/* SPDX-License-Identifier: ISC */
#include "audit/memory.h"

#include <errno.h>
#include <string.h>

#include "audit/memory-session.h"
#include "base/text.h"

/* An act with all that it points to, in one piece. */
struct entry {
	struct act act;
	struct actor_chain behalf;
	size_t size;
};

struct acts {
	struct entry *v[ACTS_MAX]; /* a ring, oldest first */
	size_t first, n;
	size_t size;
	uint64_t since;
	struct acts_sessions sessions;
};

int acts_new(struct acts **ret)
{
	struct acts *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->since = USEC_INFINITY;
	*ret = m;
	return 0;
}

void acts_free(struct acts *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n; i++)
		free(m->v[(m->first + i) % ACTS_MAX]);
	acts_sessions_fini(&m->sessions);
	free(m);
}

size_t acts_size(const struct acts *m)
{
	return sizeof(*m) + m->size + acts_sessions_size(&m->sessions);
}

/* The i-th, oldest first. */
static const struct entry *entry_at(const struct acts *m, size_t i)
{
	return m->v[(m->first + i) % ACTS_MAX];
}

/* ---- putting ---- */

/* Strings one behind the other; with p NULL only their sizes are counted. */
struct packer {
	char *p;
	size_t n;
};

static const char *pack(struct packer *k, const char *s)
{
	size_t size = s ? strlen(s) + 1 : 0;
	char *to = k->p ? k->p + k->n : NULL;

	k->n += size;
	return to && s ? memcpy(to, s, size) : s;
}

static void pack_actor(struct packer *k, struct actor *actor)
{
	actor->tty = pack(k, actor->tty);
	actor->comm = pack(k, actor->comm);
	actor->exe = pack(k, actor->exe);
	actor->command = pack(k, actor->command);
}

/* Takes the strings of e over; paths is where its paths are, NULL while counting. */
static void pack_entry(struct packer *k, struct entry *e, struct act_path *paths)
{
	pack_actor(k, &e->act.actor);
	pack_actor(k, &e->behalf.by);
	e->behalf.what = pack(k, e->behalf.what);
	e->act.op = pack(k, e->act.op);
	e->act.object = pack(k, e->act.object);
	e->act.peer = pack(k, e->act.peer);
	for (size_t i = 0; i < e->act.n_paths; i++) {
		const char *path = pack(k, e->act.paths[i].path);
		if (!paths)
			continue;
		paths[i] = e->act.paths[i];
		paths[i].path = path;
	}
	if (paths)
		e->act.paths = paths;
}

static struct entry *entry_new(const struct act *act, const struct actor_chain *behalf)
{
	static const struct actor nobody = {AUDIT_ID_UNSET, AUDIT_ID_UNSET, AUDIT_ID_UNSET,
		AUDIT_ID_UNSET, 0, 0, "", "", "", ""};
	struct entry e = {.act = *act};
	struct packer k = {0};

	e.act.also = NULL; /* an entry of its own */
	e.behalf = behalf ? *behalf : (struct actor_chain){.by = nobody};
	if (!e.behalf.what)
		e.behalf.what = "";
	pack_entry(&k, &e, NULL);
	size_t paths_size = act->n_paths * sizeof(struct act_path);
	e.size = sizeof(e) + paths_size + k.n;
	struct entry *copy = malloc(e.size);
	if (!copy)
		return NULL;
	*copy = e;
	struct act_path *paths = (struct act_path *)(copy + 1);
	k = (struct packer){.p = (char *)(paths + act->n_paths)};
	pack_entry(&k, copy, paths);
	return copy;
}

static void forget_oldest(struct acts *m)
{
	struct entry *e = m->v[m->first];

	m->since = MAX(m->since, e->act.realtime_usec + 1);
	m->size -= e->size;
	m->first = (m->first + 1) % ACTS_MAX;
	m->n--;
	free(e);
}

static int put(struct acts *m, const struct act *act, const struct actor_chain *behalf)
{
	if (!act->success)
		return 0;
	struct entry *e = entry_new(act, behalf);
	if (!e)
		return -ENOMEM;
	int r = acts_sessions_learn(&m->sessions, act);
	if (r < 0) {
		free(e);
		return r;
	}
	if (m->since == USEC_INFINITY)
		m->since = act->realtime_usec;
	while (m->n == ACTS_MAX || (m->n > 0 && m->size + e->size > ACTS_SIZE_MAX))
		forget_oldest(m);
	m->v[(m->first + m->n++) % ACTS_MAX] = e;
	m->size += e->size;
	return 0;
}

int acts_put(struct acts *m, const struct act *act, const struct actor_chain *behalf)
{
	int r = put(m, act, behalf);

	return r == 0 && act->also ? put(m, act->also, behalf) : r;
}

void acts_expire(struct acts *m, uint64_t now_realtime_usec)
{
	while (m->n > 0) {
		const struct entry *oldest = entry_at(m, 0);
		uint64_t age = oldest->behalf.kind == BEHALF_PACKAGES ? ACTS_PACKAGES_AGE_USEC
								      : ACTS_AGE_USEC;
		if (now_realtime_usec < age || oldest->act.realtime_usec >= now_realtime_usec - age)
			return;
		forget_oldest(m);
	}
}

void acts_lost(struct acts *m, uint64_t now_realtime_usec)
{
	m->since = now_realtime_usec;
}

uint64_t acts_since(const struct acts *m)
{
	return m->since;
}

/* ---- finding ---- */

static bool same_actor(const struct actor *a, const struct actor *b)
{
	return a->auid == b->auid && a->uid == b->uid && a->euid == b->euid &&
	       a->session == b->session && strcmp(a->exe, b->exe) == 0 &&
	       strcmp(a->command, b->command) == 0;
}

bool acts_same_actor(const struct acts_find *a, const struct acts_find *b)
{
	return same_actor(&a->act->actor, &b->act->actor) && a->behalf->kind == b->behalf->kind &&
	       strcmp(a->behalf->what, b->behalf->what) == 0;
}

/* Adds an act to what was found, which is newest first as yet. */
static void found(struct acts_found *f, const struct entry *e, enum acts_match match)
{
	const struct acts_find find = {&e->act, &e->behalf, match, 1};

	for (size_t i = 0; i < f->n; i++) {
		if (!acts_same_actor(&find, &f->v[i]))
			continue;
		f->v[i].count++;
		f->v[i].match = MIN(f->v[i].match, match);
		return;
	}
	if (f->n == ACTS_FOUND_MAX) {
		f->more = true;
		return;
	}
	f->v[f->n++] = find;
}

static void reverse(struct acts_found *f)
{
	for (size_t i = 0; i < f->n / 2; i++) {
		struct acts_find swap = f->v[i];
		f->v[i] = f->v[f->n - 1 - i];
		f->v[f->n - 1 - i] = swap;
	}
}

static bool is_between(const struct entry *e, uint64_t since, uint64_t until)
{
	return e->act.realtime_usec >= since && e->act.realtime_usec <= until;
}

static bool is_same_file(const struct act *act, const struct act_path *p, const struct acts_file *f)
{
	/* What was removed has left its inode to others. */
	if (p->change == ACT_PATH_REMOVED && !act->renamed)
		return false;
	return f->inode != 0 && p->inode == f->inode && p->device == f->device;
}

/* -1: they have nothing to do with each other. */
static int match_path(const struct act *act, const struct act_path *p, const struct acts_file *f)
{
	size_t n = strlen(p->path), len = strlen(f->path);

	if (strcmp(p->path, f->path) == 0 || is_same_file(act, p, f))
		return ACTS_EXACT;
	if (n == 0 || n >= len)
		return -1;
	if (*p->path != '/')
		return f->path[len - n - 1] == '/' && strcmp(f->path + len - n, p->path) == 0
			       ? ACTS_PERHAPS
			       : -1;
	if (f->path[n] != '/' || memcmp(p->path, f->path, n) != 0)
		return -1;
	/* A directory that was made was empty: whoever filled it is told by another act. */
	bool made = p->change == ACT_PATH_CREATED && p->directory && !act->renamed;
	return p->change == ACT_PATH_CHANGED || made ? -1 : ACTS_DIRECTORY;
}

static int match_file(const struct act *act, const struct acts_file *f)
{
	int best = -1;

	for (size_t i = 0; act->kind == ACT_FILE && i < act->n_paths; i++) {
		int match = match_path(act, &act->paths[i], f);
		if (match >= 0 && (best < 0 || match < best))
			best = match;
	}
	return best;
}

void acts_find_path(const struct acts *m, const struct acts_file *file, uint64_t since,
	uint64_t until, struct acts_found *ret)
{
	/* Acts have their paths escaped, so the one that is asked for must be as well. */
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct acts_file shown = *file;
	struct acts_found sure = {0}, perhaps = {0};

	shown.path = a ? text_escape(a, file->path, strlen(file->path), ACT_PATH_MAX) : NULL;
	if (!shown.path)
		shown.path = file->path; /* the same but for a name that is made to confuse */
	for (size_t i = m->n; i-- > 0;) {
		const struct entry *e = entry_at(m, i);
		int match = is_between(e, since, until) ? match_file(&e->act, &shown) : -1;
		if (match >= 0)
			found(match == ACTS_PERHAPS ? &perhaps : &sure, e, (enum acts_match)match);
	}
	*ret = sure.n > 0 ? sure : perhaps;
	reverse(ret);
}

void acts_find_where(const struct acts *m, uint64_t since, uint64_t until,
	bool (*wanted)(const struct act *act, void *arg), void *arg, struct acts_found *ret)
{
	*ret = (struct acts_found){0};
	for (size_t i = m->n; i-- > 0;) {
		const struct entry *e = entry_at(m, i);
		if (is_between(e, since, until) && wanted(&e->act, arg))
			found(ret, e, ACTS_EXACT);
	}
	reverse(ret);
}

static bool is_kind(const struct act *act, void *arg)
{
	return act->kind == *(const enum act_kind *)arg;
}

void acts_find_kind(const struct acts *m, enum act_kind kind, uint64_t since, uint64_t until,
	struct acts_found *ret)
{
	acts_find_where(m, since, until, is_kind, &kind, ret);
}

void acts_find_object(const struct acts *m, enum act_kind kind, const char *object, uint64_t since,
	struct acts_found *ret)
{
	*ret = (struct acts_found){0};
	for (size_t i = m->n; i-- > 0;) {
		const struct entry *e = entry_at(m, i);
		if (e->act.kind == kind && is_between(e, since, USEC_INFINITY) &&
			strcmp(e->act.object, object) == 0)
			found(ret, e, ACTS_EXACT);
	}
	reverse(ret);
}

const struct act *acts_find_process(const struct acts *m, uint32_t pid)
{
	for (size_t i = m->n; i-- > 0;) {
		const struct entry *e = entry_at(m, i);
		if (e->act.actor.pid == pid && pid != 0)
			return &e->act;
	}
	return NULL;
}

const struct acts_session *acts_find_session(const struct acts *m, uint32_t session)
{
	return acts_sessions_find(&m->sessions, session);
}

int acts_put_session(struct acts *m, const struct acts_session *session)
{
	return acts_sessions_put(&m->sessions, session);
}
