/* SPDX-License-Identifier: ISC */
#include "daemon/audit-keeper.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "daemon/audit-kernel.h"

#define LATER                                                                                      \
	": who makes a change is not known. Changes are noticed all the same, new sockets within " \
	"5 minutes"

static const struct audit_state_text texts[AUDIT_STATE_MAX] = {
	[AUDIT_UNWANTED] = {.note = "not used (attribution = no)" LATER, .why = "attribution = no"},
	[AUDIT_UNUSED] = {.note = "not used, since this machine has no audit rules (attribution = "
				  "if-audited)" LATER,
		.why = "the machine has no audit rules (attribution = if-audited)"},
	[AUDIT_CONTAINER] = {"this is a container, and the kernel's audit tells nothing "
			     "there" LATER,
		"attribution = no in hardend.conf; hardend on the container's host knows who",
		.why = "audit tells nothing in a container"},
	[AUDIT_ABSENT] = {"the kernel has no audit, or was started with audit=0" LATER,
		"take audit=0 out of the kernel's command line and boot, or set attribution = no",
		.why = "the kernel has no audit"},
	[AUDIT_DENIED] = {"the kernel's audit may not be read or set" LATER,
		"CAP_AUDIT_CONTROL and CAP_AUDIT_READ in CapabilityBoundingSet= of "
		"hardend.service",
		.why = "the audit of the kernel may not be read"},
	[AUDIT_OFF] = {"audit was switched off (auditctl -e 0)" LATER,
		"`auditctl -e 1`, or attribution = yes, with which hardend does that",
		.why = "audit is switched off"},
	[AUDIT_LOCKED] = {"the audit rules are locked (-e 2) without all of those with the key "
			  "hardend: who makes a change is known only where the others have a rule. "
			  "Changes are noticed all the same, new sockets within 5 minutes",
		"copy /usr/share/hardend/audit/hardend.rules to "
		"/etc/audit/rules.d/30-hardend.rules "
		"and boot"},
	[AUDIT_REFUSED] = {"the kernel refuses audit rules of hardend: who makes a change is not "
			   "always known. Changes are noticed all the same, new sockets within 5 "
			   "minutes",
		"see the journal of hardend.service for the rules and the kernel's reason"},
	[AUDIT_SILENCED_TASK] = {"an audit rule of somebody else (-a task,never) keeps processes "
				 "from being audited" LATER,
		"take -a task,never out of /etc/audit/rules.d, `augenrules --load`, and start "
		"services anew or boot: what runs already stays unaudited",
		.why = "audit rules of somebody else silence those of hardend"},
	[AUDIT_SILENCED_EXIT] = {"an audit rule of somebody else (-a exit,never) stands before "
				 "those of hardend" LATER,
		"take the rule without conditions out of /etc/audit/rules.d (`auditctl -l` shows "
		"it), or give it conditions, and `augenrules --load`",
		.why = "audit rules of somebody else silence those of hardend"},
	[AUDIT_SILENCED_RECORDS] = {"an audit rule of somebody else (-a exclude,always) drops the "
				    "records that say who" LATER,
		"take msgtype=SYSCALL, PATH or CONFIG_CHANGE out of the exclude rules in "
		"/etc/audit/rules.d and `augenrules --load`",
		.why = "audit rules of somebody else silence those of hardend"},
	[AUDIT_SILENCED_FILES] = {"an audit rule of somebody else (-a filesystem,never) keeps all "
				  "files from being audited" LATER,
		"take that rule out of /etc/audit/rules.d and `augenrules --load`",
		.why = "audit rules of somebody else silence those of hardend"},
};

const struct audit_ops audit_kernel_ops = {
	.is_ours = audit_kernel_is_ours,
	.status = audit_kernel_status,
	.enable = audit_kernel_enable,
	.list = audit_kernel_list,
	.add = audit_kernel_add,
	.remove = audit_kernel_delete,
};

enum audit_use audit_use_from(const char *word)
{
	if (strcmp(word, "yes") == 0)
		return AUDIT_USE_YES;
	return strcmp(word, "no") == 0 ? AUDIT_USE_NO : AUDIT_USE_IF_AUDITED;
}

const struct audit_state_text *audit_state_text(enum audit_state s)
{
	return &texts[s];
}

void audit_keeper_init(struct audit_keeper *k, const struct audit_ops *ops, const struct root *root)
{
	*k = (struct audit_keeper){.ops = ops, .root = root, .state = AUDIT_UNWANTED};
}

void audit_keeper_fini(struct audit_keeper *k)
{
	arena_free(k->arena);
	k->arena = NULL;
}

/* What the kernel's refusal to answer means. */
static enum audit_state state_of(int r)
{
	switch (r) {
	case -EPROTONOSUPPORT:
	case -EAFNOSUPPORT:
		return AUDIT_ABSENT;
	case -ECONNREFUSED:
		return AUDIT_CONTAINER;
	default:
		return AUDIT_DENIED;
	}
}

static enum audit_state silenced(enum audit_obstacle o)
{
	static const enum audit_state states[] = {
		[AUDIT_CLEAR] = AUDIT_WORKS,
		[AUDIT_TASK_NEVER] = AUDIT_SILENCED_TASK,
		[AUDIT_EXIT_NEVER] = AUDIT_SILENCED_EXIT,
		[AUDIT_RECORDS_CUT] = AUDIT_SILENCED_RECORDS,
		[AUDIT_FILESYSTEM_CUT] = AUDIT_SILENCED_FILES,
	};

	return states[o];
}

/* A check that is being made; what it comes to is the keeper's when it ends well. */
struct checking {
	struct arena *arena;
	struct audit_status status;
	struct audit_places places;
	struct audit_ruleset want, have, installed;
	struct audit_difference difference;
	bool refused;
};

static int look(struct audit_keeper *k, const struct audit_places *places, struct checking *c)
{
	size_t left_out;
	struct utsname u;
	struct stat st;

	audit_places_init(&c->places, c->arena);
	audit_ruleset_init(&c->want, c->arena);
	audit_ruleset_init(&c->installed, c->arena);
	int r = audit_places_resolve(places, k->root, &c->places);
	if (r < 0)
		return r;
	const struct audit_plan plan = {
		.places = &c->places,
		.machine = audit_machine_of(uname(&u) == 0 ? u.machine : ""),
		.dpkg = root_stat(k->root, "/usr/bin/dpkg", &st) == 0 ? "/usr/bin/dpkg" : NULL,
		.no_bind = k->no_bind,
	};
	r = audit_ruleset_plan(&c->want, &plan, &left_out);
	return r < 0 ? r : audit_ruleset_compare(&c->want, &c->have, &c->difference);
}

static bool was_installed(const struct audit_keeper *k, const struct audit_rule_data *r)
{
	for (size_t i = 0; i < k->installed.n; i++) {
		const struct audit_rule_data *x = k->installed.v[i];
		if (audit_rule_size(x) == audit_rule_size(r) &&
			memcmp(x, r, audit_rule_size(r)) == 0)
			return true;
	}
	return false;
}

/* Remembers what the kernel has of what we want. */
static int note_installed(struct checking *c, const struct audit_rule_data *r)
{
	return audit_ruleset_add(&c->installed, r, audit_rule_size(r));
}

static int note_present(struct checking *c)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->want.n; i++) {
		bool missing = false;
		for (size_t j = 0; j < c->difference.n_add; j++)
			missing = missing || c->difference.add[j] == c->want.v[i];
		if (!missing)
			r = note_installed(c, c->want.v[i]);
	}
	return r;
}

/* Adds and deletes; -ENOMEM, or -EPERM when it may not. */
static int mend(struct audit_keeper *k, struct checking *c, struct audit_check *ret)
{
	const struct audit_difference *d = &c->difference;
	int r;

	for (size_t i = 0; i < d->n_del; i++) {
		r = k->ops->remove(d->del[i]);
		if (r == -ENOMEM || r == -EPERM)
			return r;
		ret->removed += r == 0;
	}
	for (size_t i = 0; i < d->n_add; i++) {
		r = k->ops->add(d->add[i]);
		if (r == -ENOMEM || r == -EPERM)
			return r;
		/* A place that has gone in the meantime comes again with its facts. */
		c->refused = c->refused || (r < 0 && r != -EEXIST && r != -ENOENT && r != -ENOTDIR);
		if (r < 0 && r != -EEXIST)
			continue;
		ret->added += r == 0;
		ret->returned += r == 0 && was_installed(k, d->add[i]);
		r = note_installed(c, d->add[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static size_t count_missing(const struct audit_keeper *k, const struct checking *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->difference.n_add; i++)
		n += was_installed(k, c->difference.add[i]);
	return n;
}

/* Whether there are to be rules. */
static bool decide(struct audit_keeper *k, const struct checking *c)
{
	if (k->use == AUDIT_USE_YES)
		return true;
	/* Decided once: who removes all rules does not make us leave. */
	k->used = k->used || (c->have.n > 0 && c->status.enabled > 0);
	return k->used;
}

static int bring(struct audit_keeper *k, struct checking *c, struct audit_check *ret)
{
	int r = note_present(c);

	if (r < 0)
		return r;
	if (c->status.enabled == 2) {
		ret->missing = count_missing(k, c);
		k->state = c->difference.n_add > 0 ? AUDIT_LOCKED
						   : silenced(c->difference.obstacle);
		return 0;
	}
	r = mend(k, c, ret);
	bool off = c->status.enabled == 0;
	ret->off = off && k->state == AUDIT_WORKS;
	if (r == 0 && off && k->use == AUDIT_USE_YES) {
		r = k->ops->enable(true);
		k->switched = k->switched || (r == 0 && !ret->off);
		off = r < 0;
	}
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		k->state = AUDIT_DENIED;
	else if (off)
		k->state = AUDIT_OFF;
	else
		k->state = c->refused ? AUDIT_REFUSED : silenced(c->difference.obstacle);
	return 0;
}

/* Deletes ours, which are there since before a crash or another configuration. */
static int withdraw(struct audit_keeper *k, const struct audit_ruleset *have)
{
	int r = 0;

	for (size_t i = 0; i < have->n && r != -EPERM; i++)
		r = audit_rule_is_ours(have->v[i]) ? k->ops->remove(have->v[i]) : 0;
	return r;
}

static int check(struct audit_keeper *k, const struct audit_places *places, struct checking *c,
	struct audit_check *ret)
{
	audit_ruleset_init(&c->have, c->arena);
	if (!k->ops->is_ours()) {
		k->state = k->use == AUDIT_USE_NO ? AUDIT_UNWANTED : AUDIT_CONTAINER;
		return 0;
	}
	int r = k->ops->status(&c->status);
	if (r == 0)
		r = k->ops->list(&c->have);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		k->state = k->use == AUDIT_USE_NO ? AUDIT_UNWANTED : state_of(r);
		return 0;
	}
	ret->lost = c->status.lost != k->lost && k->arena;
	k->lost = c->status.lost;
	if (k->use == AUDIT_USE_NO || !decide(k, c)) {
		k->state = k->use == AUDIT_USE_NO ? AUDIT_UNWANTED : AUDIT_UNUSED;
		(void)withdraw(k, &c->have); /* rules that are locked stay */
		return 0;
	}
	r = look(k, places, c);
	return r < 0 ? r : bring(k, c, ret);
}

int audit_keeper_check(
	struct audit_keeper *k, const struct audit_places *places, struct audit_check *ret)
{
	struct checking c = {.arena = arena_new()};
	struct audit_check done = {0};

	int r = c.arena ? check(k, places, &c, &done) : -ENOMEM;
	if (r < 0) {
		arena_free(c.arena);
		return r;
	}
	arena_free(k->arena);
	k->arena = c.arena;
	k->places = c.places;
	k->installed = c.installed;
	*ret = done;
	return 0;
}

int audit_keeper_fits(const struct audit_keeper *k, const struct audit_places *places)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct audit_places now;

	if (!a)
		return -ENOMEM;
	audit_places_init(&now, a);
	int r = audit_places_resolve(places, k->root, &now);
	return r < 0 ? r : audit_places_same(&now, &k->places);
}

bool audit_keeper_lost(struct audit_keeper *k)
{
	struct audit_status s;
	uint32_t before = k->lost;

	if (k->state == AUDIT_UNWANTED || k->state == AUDIT_CONTAINER || k->state == AUDIT_ABSENT ||
		k->ops->status(&s) < 0)
		return false;
	k->lost = s.lost;
	return s.lost != before;
}

void audit_keeper_configure(struct audit_keeper *k, enum audit_use a)
{
	k->use = a;
	k->used = false;
}

void audit_keeper_stop(struct audit_keeper *k)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct audit_ruleset have;
	struct audit_status s;

	if (!a || k->state == AUDIT_UNWANTED || k->state == AUDIT_CONTAINER)
		return;
	audit_ruleset_init(&have, a);
	if (k->ops->list(&have) < 0)
		return;
	(void)withdraw(k, &have); /* rules that are locked stay */
	/* Who uses audit by now, a daemon or rules, needs it on. */
	size_t others = 0;
	for (size_t i = 0; i < have.n; i++)
		others += !audit_rule_is_ours(have.v[i]);
	if (k->switched && others == 0 && k->ops->status(&s) == 0 && s.pid == 0 && s.enabled == 1)
		(void)k->ops->enable(false); /* as harmless as it was before */
}
