/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "fact/sshd-state.h"

enum {
	DEPTH_MAX = 16,
	VISITS_MAX = 1 << 18, /* nodes in one walk: includes multiply */
	PORTS_MAX = 256,      /* of sshd */
};

/* One walk over the tree: at start (conn NULL) or for a connection. */
struct walk {
	struct sshd_conf *conf;
	const struct sshd_connection *conn;
	struct arena *arena;
	struct sshd_state *state;
	unsigned visits;
	bool refused;
};

/* What holds for a file by the way it is included. */
enum include_mode {
	MODE_NORMAL,
	MODE_MATCH_ONLY, /* outside of any Match so far, when a connection is looked at */
	MODE_NEVER,	 /* inside of a Match that does not hold: nothing in it can */
};

static int append(struct walk *w, struct sshd_slot *s, const struct sshd_node *node)
{
	const char **v = arena_alloc(w->arena, (s->n + node->n + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	if (s->n > 0)
		memcpy(v, s->v, s->n * sizeof(*v));
	if (node->n > 0)
		memcpy(v + s->n, node->v, node->n * sizeof(*v));
	s->v = v;
	s->n += node->n;
	return 0;
}

/*
 * Whether a value may still be taken. Before 10.0 AuthorizedPrincipalsCommand
 * asks whether AuthorizedKeysCommand is set, and not whether it is itself.
 */
static bool is_free(struct walk *w, const struct sshd_keyword *k, const struct sshd_slot *s)
{
	unsigned version = w->conf->env.version;
	bool odd = version >= SSHD_VERSION_ARGV && version < 1000 &&
		   strcmp(k->name, "authorizedprincipalscommand") == 0;

	return odd ? sshd_slot_of(w->state, "authorizedkeyscommand")->n == 0 : s->n == 0;
}

/* -p on the command line makes sshd pass over each Port line. */
static bool passed_over(const struct walk *w, const struct sshd_node *node)
{
	return w->conf->ports_from_options && strcmp(node->keyword->name, "port") == 0 &&
	       !(node >= w->conf->options && node < w->conf->options + w->conf->n_options);
}

static void refuse(struct walk *w, const struct sshd_node *node, const char *what)
{
	sshd_conf_error(w->conf, node->path, node->line, "%s: %s", node->keyword->name, what);
	w->refused = true;
}

static int apply(struct walk *w, const struct sshd_node *node)
{
	struct sshd_slot *s = &w->state->slots[sshd_keyword_index(node->keyword)];
	bool adds = node->keyword->flags & SSHD_APPEND;

	if (node->n == 0 || passed_over(w, node))
		return 0;
	if (!adds && !is_free(w, node->keyword, s))
		return 0;
	if (node->late_error)
		refuse(w, node, node->late_error);
	if (s->n == 0 || !adds) {
		*s = (struct sshd_slot){node->v, node->n, node->path, node->line, w->conn};
		return 0;
	}
	return append(w, s, node);
}

/* "any" must stand alone; before 9.6 sshd asks what is set so far, even by another line. */
static void check_any(struct walk *w, const struct sshd_node *node, bool active)
{
	size_t before = sshd_slot_of(w->state, "authenticationmethods")->n;

	if (w->conf->env.version >= SSHD_VERSION_LISTS)
		return;
	for (size_t i = 0; i < node->n; i++) {
		bool company = before > 0 || (active && i > 0);
		if (strcmp(node->v[i], "any") == 0 && company)
			refuse(w, node, "\"any\" must appear alone");
	}
}

/* Twice the same name: refused before 9.5, passed over since. */
static void check_subsystem(struct walk *w, const struct sshd_node *node)
{
	const struct sshd_slot *s = sshd_slot_of(w->state, "subsystem");

	for (size_t i = 0; i + 1 < s->n && w->conf->env.version < 905; i += 2) {
		if (strcmp(s->v[i], node->v[0]) == 0)
			refuse(w, node, "already defined");
	}
}

static int walk_setting(struct walk *w, const struct sshd_node *node, bool active)
{
	if (!active && !node->allowed_in_match) {
		if (!w->conn)
			refuse(w, node, "not allowed within a Match block");
		return 0;
	}
	if (strcmp(node->keyword->name, "authenticationmethods") == 0)
		check_any(w, node, active);
	if (!active)
		return 0;
	if (strcmp(node->keyword->name, "subsystem") == 0)
		check_subsystem(w, node);
	if (strcmp(node->keyword->name, "port") == 0 &&
		sshd_slot_of(w->state, "port")->n >= PORTS_MAX)
		refuse(w, node, "too many ports");
	return apply(w, node);
}

static bool match_holds(const struct walk *w, const struct sshd_node *node)
{
	for (size_t i = 0; i < node->n_criteria; i++) {
		if (!sshd_criterion_holds(&node->criteria[i], w->conn, w->conf->env.version))
			return false;
	}
	return true;
}

static int walk_file(struct walk *w, const struct sshd_file *f, enum include_mode mode, bool active,
	unsigned depth);

static int walk_include(struct walk *w, const struct sshd_node *node, enum include_mode mode,
	bool active, unsigned depth)
{
	enum include_mode inner = MODE_NEVER;

	if (mode == MODE_MATCH_ONLY)
		inner = MODE_MATCH_ONLY;
	else if (active)
		inner = MODE_NORMAL;
	for (size_t i = 0; i < node->n_files; i++) {
		int r = walk_file(w, node->files[i], inner, active, depth + 1);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What is active when a file ends does not matter to the one that includes it. */
static int walk_file(struct walk *w, const struct sshd_file *f, enum include_mode mode, bool active,
	unsigned depth)
{
	int r = 0;

	if (depth > DEPTH_MAX) {
		sshd_conf_error(w->conf, f->path, 0, "too many recursive includes");
		w->refused = true;
		return 0;
	}
	for (size_t i = 0; i < f->n && r == 0; i++) {
		const struct sshd_node *node = &f->nodes[i];
		if (++w->visits > VISITS_MAX)
			return -EFBIG;
		switch (node->kind) {
		case SSHD_SET:
			r = walk_setting(w, node, active);
			break;
		case SSHD_MATCHES:
			active = mode != MODE_NEVER && match_holds(w, node);
			if (mode == MODE_MATCH_ONLY)
				mode = MODE_NORMAL;
			break;
		case SSHD_INCLUDE:
			r = walk_include(w, node, mode, active, depth);
			break;
		}
	}
	return r;
}

static int walk_start(struct walk *w)
{
	for (size_t i = 0; i < w->conf->n_options; i++) {
		int r = apply(w, &w->conf->options[i]);
		if (r < 0)
			return r;
	}
	return w->conf->main ? walk_file(w, w->conf->main, MODE_NORMAL, true, 0) : 0;
}

/* The slots of the start with those replaced that a Match sets for this connection. */
static void replace(struct sshd_state *start, const struct sshd_state *matched)
{
	for (size_t i = 0; i < sshd_keyword_count(); i++) {
		const struct sshd_keyword *k = sshd_keyword_at(i);
		const struct sshd_slot *s = &matched->slots[i];
		bool replaces = k->flags & SSHD_MATCH;
		if (s->n == 0)
			continue;
		/* sshd keeps whether and which apart, and replaces the second only. */
		if (strcmp(k->name, "permituserenvironment") == 0)
			replaces = strcmp(s->v[0], "yes") != 0 && strcmp(s->v[0], "no") != 0;
		if (replaces)
			start->slots[i] = *s;
	}
}

int sshd_conf_check(struct sshd_conf *c)
{
	struct sshd_state *state = arena_alloc(c->arena, sizeof(*state));
	struct walk w = {.conf = c, .arena = c->arena, .state = state};

	if (!state)
		return -ENOMEM;
	int r = walk_start(&w);
	if (r == -EFBIG && c->unreadable == 0) {
		c->unreadable = r;
		c->unreadable_path = c->main->path;
	}
	if (r < 0)
		return r == -EFBIG ? 0 : r;
	return sshd_state_check(c, state);
}

int sshd_conf_eval(struct sshd_conf *c, const struct sshd_connection *conn, struct arena *a,
	struct sshd_value **ret, size_t *ret_n)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct sshd_state *start = scratch ? arena_alloc(scratch, sizeof(*start)) : NULL;
	struct sshd_state *matched = start ? arena_alloc(scratch, sizeof(*matched)) : NULL;
	struct walk w = {.conf = c, .arena = scratch, .state = start};

	if (!matched)
		return -ENOMEM;
	int r = walk_start(&w);
	if (r < 0)
		return r;
	sshd_state_start(c, start);
	w = (struct walk){.conf = c, .conn = conn, .arena = scratch, .state = matched};
	r = c->main ? walk_file(&w, c->main, MODE_MATCH_ONLY, false, 0) : 0;
	if (r < 0 || w.refused)
		return r < 0 ? r : -EINVAL;
	replace(start, matched);
	return sshd_state_values(c, start, a, ret, ret_n);
}
