/* SPDX-License-Identifier: ISC */
/*
 * What each account may run as root. sudo takes the last line that matches, so
 * the grants are walked from their end: a command refused there stays refused
 * whatever stands before, and after "ALL" nothing before it counts.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "fact/sudo-grant.h"

enum {
	RIGHTS_MAX = 65536,
};

struct account_list {
	const struct account **v;
	size_t n;
};

struct context {
	const struct sudo_settings *settings;
	const struct accounts *accounts;
	struct sudo_people people;
	const struct root *root;
	struct arena *arena, *scratch;
	struct sudo *out;
	struct sudo_steps **steps; /* by grant: of each command; NULL until asked */
	bool **told_all;	   /* by grant: each command was told for "everybody" already */
	bool *can;		   /* by account: it becomes root */
	struct account_list roots; /* those with uid 0 */
	struct account_list free;  /* those who become root and are asked no password */
	const struct account *via; /* the walk is towards it, not towards root */
};

/* One walk: of one subject towards one account with uid 0. */
struct walk {
	struct context *c;
	const struct sudo_subject *subject, *target;
	const struct sudo_member **refused; /* commands refused so far */
	size_t n_refused;
	size_t first; /* this subject's first right */
};

static bool runas_matches(const struct walk *w, const struct sudo_grant *g)
{
	struct sudo_member dflt;
	struct sudo_members one = {&dflt, 1};
	const struct sudo_members *list = &g->runas_users;

	if (list->n == 0 && g->runas_groups.n == 0) {
		dflt = sudo_member_word(
			sudo_setting_string(w->c->settings, "runas_default", w->subject, "root"),
			false);
		list = &one;
	}
	const struct sudo_member *m = sudo_user_match(list, w->target);
	return m && !m->negated;
}

static bool same_command(const struct sudo_member *a, const struct sudo_member *b)
{
	return a->kind == b->kind && strcmp(a->name, b->name) == 0 && !a->args == !b->args &&
	       (!a->args || strcmp(a->args, b->args) == 0);
}

/* Refused as it is written, or with any arguments. What a wildcard refuses is not worked out. */
static bool is_refused(const struct walk *w, const struct sudo_member *command)
{
	for (size_t i = 0; i < w->n_refused; i++) {
		const struct sudo_member *r = w->refused[i];
		if (same_command(r, command) ||
			(r->kind == SUDO_COMMAND && command->kind == SUDO_COMMAND && !r->args &&
				strcmp(r->name, command->name) == 0))
			return true;
	}
	return false;
}

static int refuse(struct walk *w, const struct sudo_member *command)
{
	const struct sudo_member **slot = arena_grow(
		w->c->scratch, &w->refused, w->n_refused, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = command;
	w->n_refused++;
	return 0;
}

static bool is_exempt(const struct walk *w)
{
	const char *name = sudo_setting_string(w->c->settings, "exempt_group", w->subject, NULL);
	struct sudo_member group;

	if (!name)
		return false;
	group = sudo_member_word(name, true);
	return sudo_user_match(&(struct sudo_members){&group, 1}, w->subject);
}

static bool asks_no_password(
	const struct walk *w, const struct sudo_grant *g, const struct sudo_member *command)
{
	if (g->tags[SUDO_TAG_NOPASSWD] >= 0)
		return g->tags[SUDO_TAG_NOPASSWD] == 1 || is_exempt(w);
	return is_exempt(w) || !sudo_setting_flag(w->c->settings, SUDO_FLAG_AUTHENTICATE,
				       w->subject, w->target, command);
}

/* Who knows root's password needs no sudo: what asks for that is no grant. */
static bool asks_for_root_password(const struct walk *w, const struct sudo_member *command)
{
	static const enum sudo_flag flags[] = {SUDO_FLAG_ROOTPW, SUDO_FLAG_TARGETPW};
	const struct sudo_settings *s = w->c->settings;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (sudo_setting_flag(s, flags[i], w->subject, w->target, command))
			return true;
	}
	return sudo_setting_flag(s, SUDO_FLAG_RUNASPW, w->subject, w->target, command) &&
	       strcmp(sudo_setting_string(s, "runas_default", w->subject, "root"), "root") == 0;
}

static int judge_writable(struct walk *w, size_t grant, size_t command, struct sudo_right *right)
{
	struct context *c = w->c;
	const struct sudo_grant *g = &c->out->grants[grant];

	if (!c->steps[grant]) {
		c->steps[grant] = arena_alloc(c->scratch, g->commands.n * sizeof(*c->steps[grant]));
		if (!c->steps[grant])
			return -ENOMEM;
		for (size_t i = 0; i < g->commands.n; i++) {
			int r = sudo_writable_steps(c->root, c->scratch, &g->commands.v[i],
				g->options[SUDO_OPTION_CHROOT], &c->steps[grant][i]);
			if (r < 0)
				return r;
		}
	}
	const struct sudo_steps *steps = &c->steps[grant][command];
	right->writable = sudo_writable_by(c->arena, steps, w->subject->account, &c->people);
	if (!right->undecided)
		right->undecided = steps->undecided;
	return 0;
}

/* What makes any command as good as a shell, whatever it is. */
static const char *loophole(
	const struct walk *w, const struct sudo_grant *g, const struct sudo_member *command)
{
	const char *chroot = g->options[SUDO_OPTION_CHROOT];

	if (chroot && strcmp(chroot, "*") == 0)
		return "runs in a root directory of its user's choice (CHROOT=*)";
	if (command->kind == SUDO_COMMAND && g->tags[SUDO_TAG_SETENV] != 0 &&
		(g->tags[SUDO_TAG_SETENV] == 1 ||
			sudo_setting_flag(
				w->c->settings, SUDO_FLAG_SETENV, w->subject, w->target, command)))
		return "runs with any environment, as LD_PRELOAD (SETENV)";
	return NULL;
}

static bool is_told(
	const struct walk *w, const struct sudo_grant *g, const struct sudo_member *command)
{
	for (size_t i = w->first; i < w->c->out->n_rights; i++) {
		const struct sudo_right *r = &w->c->out->rights[i];
		if (r->grant == g && same_command(r->member, command))
			return true;
	}
	return false;
}

/* Adds it with its texts: only now, since of a hundred thousand accounts few get here. */
static int add_right(struct walk *w, const struct sudo_right *right, const struct sudo_member *by)
{
	struct context *c = w->c;
	struct sudo *out = c->out;

	/* The first of them say enough; that there are more is not kept back. */
	out->truncated |= out->n_rights >= RIGHTS_MAX;
	if (out->truncated)
		return 0;
	struct sudo_right *slot = arena_grow(c->arena, &out->rights, out->n_rights, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = *right;
	slot->command = sudo_member_text(c->arena, right->member);
	slot->who = sudo_member_text(c->arena, by);
	slot->undecided = arena_strdup(c->arena, right->undecided);
	if (w->subject->account)
		slot->account = arena_strdup(c->arena, w->subject->account->name);
	if (c->via)
		slot->via = arena_strdup(c->arena, c->via->name);
	out->n_rights++;
	return arena_failed(c->arena) ? -ENOMEM : 0;
}

/* Everybody's right is told once, not for each account. */
static int told_to_all(struct context *c, size_t grant, size_t command, bool *ret)
{
	size_t n = c->out->grants[grant].commands.n;

	if (!c->told_all[grant])
		c->told_all[grant] = arena_alloc(c->scratch, n * sizeof(bool));
	if (!c->told_all[grant])
		return -ENOMEM;
	*ret = c->told_all[grant][command];
	c->told_all[grant][command] = true;
	return 0;
}

static int add_account(struct context *c, struct account_list *list, const struct account *account)
{
	const struct account **slot = arena_grow(c->scratch, &list->v, list->n, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = account;
	list->n++;
	return 0;
}

/* The account becomes root; once is enough, but without a password is worth more. */
static int note_root(struct context *c, const struct account *account, bool nopasswd)
{
	c->can[account - c->accounts->v] = true;
	if (!nopasswd || (c->free.n > 0 && c->free.v[c->free.n - 1] == account))
		return 0;
	return add_account(c, &c->free, account);
}

/* A command that is granted: 0 or -errno. */
static int grant_command(struct walk *w, size_t grant, size_t index, const struct sudo_member *by)
{
	struct context *c = w->c;
	const struct sudo_grant *g = &c->out->grants[grant];
	const struct sudo_member *command = &g->commands.v[index];
	struct sudo_right right = {.grant = g, .member = command, .who_kind = by->kind};
	bool told = is_told(w, g, command);
	int r = 0;

	right.power = sudo_command_power(
		command, g->tags[SUDO_TAG_NOEXEC] == 1, &right.how, &right.undecided);
	right.nopasswd = asks_no_password(w, g, command);
	if (told || right.power == SUDO_POWER_NONE ||
		(!right.nopasswd && asks_for_root_password(w, command)))
		return 0;
	const char *how = right.power == SUDO_POWER_COMMAND ? loophole(w, g, command) : NULL;
	if (how) {
		right.power = SUDO_POWER_SHELL;
		right.how = how;
	}
	if (w->subject->account && right.power >= SUDO_POWER_SHELL)
		r = note_root(c, w->subject->account, right.nopasswd);
	else if (w->subject->account && !c->via)
		r = judge_writable(w, grant, index, &right);
	if (r == 0 && !c->via && by->kind == SUDO_ALL && !right.writable)
		r = told_to_all(c, grant, index, &told);
	if (r < 0 || told || (c->via && right.power < SUDO_POWER_SHELL))
		return r;
	return add_right(w, &right, by);
}

/* One grant that matches: 1 when nothing before it counts any more. */
static int walk_grant(struct walk *w, size_t grant, const struct sudo_member *by)
{
	const struct sudo_grant *g = &w->c->out->grants[grant];
	/* Only what surely holds here can put aside what stands before it. */
	bool sure = g->here == SUDO_YES && !g->options[SUDO_OPTION_NOTBEFORE] &&
		    !g->options[SUDO_OPTION_NOTAFTER];

	for (size_t i = g->commands.n; i-- > 0;) {
		const struct sudo_member *command = &g->commands.v[i];
		bool all = command->kind == SUDO_ALL && !command->digest;
		int r = 0;
		if (!command->negated && !is_refused(w, command))
			r = grant_command(w, grant, i, by);
		else if (command->negated && sure && !all && !command->digest)
			r = refuse(w, command);
		if (r < 0 || (all && sure))
			return r < 0 ? r : 1;
	}
	return 0;
}

static int walk_grants(struct walk *w)
{
	for (size_t i = w->c->out->n_grants; i-- > 0;) {
		const struct sudo_grant *g = &w->c->out->grants[i];
		if (g->here == SUDO_NO || g->expired || !runas_matches(w, g))
			continue;
		const struct sudo_member *by = sudo_user_match(&g->users, w->subject);
		int r = by && !by->negated ? walk_grant(w, i, by) : 0;
		if (r != 0)
			return r < 0 ? r : 0;
	}
	return 0;
}

static int right_compare(const void *a, const void *b)
{
	const struct sudo_right *x = a, *y = b;

	if (x->power != y->power)
		return x->power < y->power ? 1 : -1;
	return x->grant == y->grant ? strcmp(x->command, y->command) : x->grant < y->grant ? -1 : 1;
}

static int walk_towards(struct walk *w, const struct sudo_subject *target)
{
	w->target = target;
	w->n_refused = 0;
	return walk_grants(w);
}

/* Towards every account with uid 0: "(ALL, !root)" leaves the others. */
static int judge_subject(struct context *c, const struct sudo_subject *subject)
{
	static const struct sudo_member root = {.kind = SUDO_USER, .name = "root"};
	struct walk w = {.c = c, .subject = subject, .first = c->out->n_rights};
	int r = 0;

	for (size_t i = 0; i < c->roots.n && r == 0; i++)
		r = walk_towards(
			&w, &(struct sudo_subject){.account = c->roots.v[i], .people = &c->people});
	if (c->roots.n == 0)
		r = walk_towards(&w, &(struct sudo_subject){.member = &root});
	if (c->out->n_rights - w.first > 1)
		qsort(c->out->rights + w.first, c->out->n_rights - w.first, sizeof(*c->out->rights),
			right_compare);
	return r;
}

/* Whether any grant is to the account at all: most accounts of a machine have none. */
static bool is_granted_anything(struct context *c, const struct sudo_subject *subject)
{
	for (size_t i = 0; i < c->out->n_grants; i++) {
		const struct sudo_member *m = sudo_user_match(&c->out->grants[i].users, subject);
		if (m && !m->negated)
			return true;
	}
	return false;
}

/* Whether the account can be one of those who become root without a password. */
static int judge_detour(struct context *c, const struct account *account)
{
	struct sudo_subject subject = {.account = account, .people = &c->people};
	struct walk w = {.c = c, .subject = &subject, .first = c->out->n_rights};
	size_t x = (size_t)(account - c->accounts->v);
	int r = 0;

	if (!is_granted_anything(c, &subject))
		return 0;
	for (size_t i = 0; i < c->free.n && !c->can[x] && r == 0; i++) {
		c->via = c->free.v[i];
		r = walk_towards(
			&w, &(struct sudo_subject){.account = c->via, .people = &c->people});
	}
	c->via = NULL;
	return r;
}

/* Nobody needs to be root at once: as long as one more is found, others may come through him. */
static int judge_detours(struct context *c)
{
	size_t known = 0;
	int r = 0;

	while (known < c->free.n && r == 0) {
		known = c->free.n;
		for (size_t i = 0; i < c->accounts->n && r == 0; i++) {
			if (!c->can[i] && c->accounts->v[i].uid != 0)
				r = judge_detour(c, &c->accounts->v[i]);
		}
	}
	return r;
}

/* Whether some account is meant by it, so that it was judged already. */
static bool is_known(const struct context *c, const struct sudo_member *m)
{
	const struct accounts *acc = c->accounts;

	if (m->kind == SUDO_NETGROUP)
		return false;
	if (m->kind == SUDO_NONUNIX)
		return !sudo_setting_string(
			c->settings, "group_plugin", &(struct sudo_subject){.member = m}, NULL);
	for (size_t i = 0; acc && i < acc->n; i++) {
		if ((m->kind == SUDO_USER && strcasecmp(m->name, acc->v[i].name) == 0) ||
			(m->kind == SUDO_UID && m->id == acc->v[i].uid))
			return true;
	}
	for (size_t i = 0; acc && i < acc->n_groups; i++) {
		if ((m->kind == SUDO_GROUP && strcasecmp(m->name, acc->groups[i].name) == 0) ||
			(m->kind == SUDO_GID && m->id == acc->groups[i].gid))
			return true;
	}
	return m->kind != SUDO_USER && m->kind != SUDO_UID && m->kind != SUDO_GROUP &&
	       m->kind != SUDO_GID;
}

static bool is_root(const struct sudo_member *m)
{
	return (m->kind == SUDO_USER && strcmp(m->name, "root") == 0) ||
	       (m->kind == SUDO_UID && m->id == 0);
}

struct strangers {
	const struct sudo_member **v;
	size_t n;
};

static int add_stranger(struct context *c, struct strangers *s, const struct sudo_member *m)
{
	if (m->negated || m->kind == SUDO_ALL || is_root(m))
		return 0;
	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i]->kind == m->kind && s->v[i]->id == m->id &&
			strcasecmp(s->v[i]->name, m->name) == 0)
			return 0;
	}
	if (is_known(c, m))
		return 0;
	const struct sudo_member **slot = arena_grow(c->scratch, &s->v, s->n, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = m;
	s->n++;
	return 0;
}

/* Those who are named in grants and are no account or group of this machine. */
static int judge_strangers(struct context *c)
{
	struct strangers s = {0};
	int r = 0;

	for (size_t i = 0; i < c->out->n_grants; i++) {
		const struct sudo_grant *g = &c->out->grants[i];
		for (size_t k = 0; k < g->users.n && r == 0; k++)
			r = add_stranger(c, &s, &g->users.v[k]);
	}
	for (size_t i = 0; i < s.n && r == 0; i++) {
		struct sudo_subject subject = {.member = s.v[i]};
		r = judge_subject(c, &subject);
	}
	return r;
}

int sudo_rights(const struct sudo_settings *settings, const struct accounts *accounts,
	const struct root *root, struct arena *a, struct arena *scratch, struct sudo *ret)
{
	struct context c = {.settings = settings,
		.accounts = accounts,
		.root = root,
		.arena = a,
		.scratch = scratch,
		.out = ret};
	int r = 0;

	c.steps = arena_alloc(scratch, ret->n_grants * sizeof(*c.steps));
	c.told_all = arena_alloc(scratch, ret->n_grants * sizeof(*c.told_all));
	c.can = arena_alloc(scratch, (accounts ? accounts->n : 0) * sizeof(bool));
	c.people = (struct sudo_people){.accounts = accounts, .arena = scratch};
	for (size_t i = 0; accounts && i < accounts->n && r == 0; i++) {
		if (accounts->v[i].uid == 0)
			r = add_account(&c, &c.roots, &accounts->v[i]);
	}
	if (arena_failed(scratch))
		return -ENOMEM;
	for (size_t i = 0; accounts && i < accounts->n && r == 0; i++) {
		struct sudo_subject subject = {.account = &accounts->v[i], .people = &c.people};
		/* root is root without sudo. */
		if (accounts->v[i].uid != 0)
			r = judge_subject(&c, &subject);
	}
	if (r == 0)
		r = judge_detours(&c);
	if (r == 0)
		r = judge_strangers(&c);
	if (r < 0)
		return r;
	return arena_failed(a) || arena_failed(scratch) ? -ENOMEM : 0;
}
