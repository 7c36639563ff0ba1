/* SPDX-License-Identifier: ISC */
#include "fact/accounts-items.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "fact/accounts-parse.h"

enum {
	LIST_SHOWN = 384, /* bytes of a list of names that are written out */
	PATH_SHOWN = 200, /* of a home or a shell */
};

/* The groups of one account, as a chain through one array for all. */
struct membership {
	const struct account_group *group;
	size_t next; /* place + 1; 0 at the end */
};

struct memberships {
	struct membership *v;
	size_t *first; /* by place of the account; place + 1, or 0 */
};

static size_t count_members(const struct accounts *acc)
{
	size_t n = 0;

	for (size_t i = 0; i < acc->n_groups; i++)
		n += acc->groups[i].n_members;
	return n;
}

static int by_name_down(const void *a, const void *b)
{
	return strcmp((*(const struct account_group *const *)b)->name,
		(*(const struct account_group *const *)a)->name);
}

/* The groups that have members, from the last name to the first. */
static const struct account_group **sort_groups(
	struct arena *a, const struct accounts *acc, size_t *ret_n)
{
	const struct account_group **v = arena_alloc(a, acc->n_groups * sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; v && i < acc->n_groups; i++) {
		if (acc->groups[i].n_members)
			v[n++] = &acc->groups[i];
	}
	if (n > 1)
		qsort(v, n, sizeof(*v), by_name_down);
	*ret_n = n;
	return v;
}

/* Each group is put before those that came already, so that each chain ends up sorted. */
static int collect_memberships(struct arena *a, const struct accounts *acc, struct memberships *m)
{
	size_t n = 0, n_groups = 0;
	const struct account_group **groups = sort_groups(a, acc, &n_groups);

	m->v = arena_alloc(a, count_members(acc) * sizeof(*m->v));
	m->first = arena_alloc(a, acc->n * sizeof(*m->first));
	if (!groups || !m->v || !m->first)
		return -ENOMEM;
	for (size_t i = 0; i < n_groups; i++) {
		const struct account_group *g = groups[i];
		for (size_t k = 0; k < g->n_members; k++) {
			const struct account *x = accounts_find(acc, g->members[k]);
			size_t *first = x ? &m->first[x - acc->v] : NULL;
			if (!first || (*first && m->v[*first - 1].group == g))
				continue;
			m->v[n] = (struct membership){.group = g, .next = *first};
			*first = ++n;
		}
	}
	return 0;
}

/*
 * A list of names in a bounded place. What does not fit is counted, and its
 * digest tells when it changes.
 */
struct names {
	char shown[LIST_SHOWN + 64];
	size_t used, hidden;
	uint64_t digest; /* FNV-1a: it tells of a change, it proves nothing */
};

static void names_init(struct names *list)
{
	list->used = list->hidden = 0;
	list->shown[0] = '\0';
}

static void names_add(struct names *list, const char *name)
{
	size_t n = strlen(name);

	if (list->hidden == 0 && list->used + n + 1 < LIST_SHOWN) {
		if (list->used)
			list->shown[list->used++] = ',';
		memcpy(list->shown + list->used, name, n + 1);
		list->used += n;
		return;
	}
	if (list->hidden++ == 0)
		list->digest = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i <= n; i++)
		list->digest = (list->digest ^ (unsigned char)name[i]) * UINT64_C(0x100000001b3);
}

static const char *names_text(struct names *list)
{
	if (list->hidden)
		(void)snprintf(list->shown + list->used, 64, "%s+%zu more (%08x)",
			list->used ? "," : "", list->hidden,
			(unsigned)(list->digest ^ list->digest >> 32));
	return list->used || list->hidden ? list->shown : "-";
}

/*
 * A text of bounded length that grows by its end; what does not fit is cut.
 * printf(3) would take most of the time with very many accounts.
 */
struct text {
	size_t used;
	char s[2048];
};

static void put_some(struct text *t, const char *s, size_t max)
{
	size_t n = strnlen(s, MIN(max, sizeof(t->s) - 1 - t->used));

	memcpy(t->s + t->used, s, n);
	t->used += n;
	t->s[t->used] = '\0';
}

static void put(struct text *t, const char *s)
{
	put_some(t, s, SIZE_MAX);
}

static void put_number(struct text *t, uint32_t v)
{
	char buf[11], *p = buf + sizeof(buf) - 1;

	*p = '\0';
	do
		*--p = (char)('0' + v % 10);
	while (v /= 10);
	put(t, p);
}

static void put_day(struct text *t, int64_t day)
{
	time_t time = (time_t)(day * 86400);
	char buf[32];
	struct tm tm;

	if (day < 0)
		put(t, "never");
	else if (gmtime_r(&time, &tm) && strftime(buf, sizeof(buf), "%Y-%m-%d", &tm) > 0)
		put(t, buf);
	else
		put(t, "in thousands of years");
}

static void put_password(struct text *t, const struct account *x)
{
	static const char *const words[] = {
		[PASSWORD_NONE] = "empty",
		[PASSWORD_LOCKED] = "locked",
		[PASSWORD_USABLE] = "usable",
		[PASSWORD_UNKNOWN] = "unknown",
	};

	put(t, words[x->password]);
	if (*x->hash_scheme) {
		put(t, "(");
		put(t, x->hash_scheme);
		put(t, " ");
		put(t, x->hash_fingerprint);
		put(t, ")");
	}
}

/* Too large to be cleared for every account. */
struct scratch {
	struct text subject, value;
	struct names names;
};

static int account_item(struct fact *f, const struct account *x, const struct memberships *m,
	size_t first, struct scratch *scratch)
{
	struct text *subject = &scratch->subject, *value = &scratch->value;
	struct names *groups = &scratch->names;

	subject->used = value->used = 0;
	names_init(groups);
	for (size_t i = first; i; i = m->v[i - 1].next)
		names_add(groups, m->v[i - 1].group->name);
	put(subject, "account ");
	put(subject, x->name);
	put(value, "uid=");
	put_number(value, x->uid);
	put(value, " gid=");
	put_number(value, x->gid);
	put(value, " home=");
	put_some(value, x->home, PATH_SHOWN);
	put(value, " shell=");
	put_some(value, *x->shell ? x->shell : "/bin/sh", PATH_SHOWN);
	put(value, " groups=");
	put(value, names_text(groups));
	put(value, " password=");
	put_password(value, x);
	put(value, " expires=");
	put_day(value, x->expire_day);
	fact_add_item(f, subject->s, value->s, accounts_paths[ACCOUNTS_PASSWD], x->line);
	return arena_failed(f->arena) ? -ENOMEM : 0;
}

static int group_item(struct fact *f, const struct accounts *acc, const struct account_group *g,
	struct scratch *scratch)
{
	const struct account *same = accounts_find(acc, g->name);
	struct text *subject = &scratch->subject, *value = &scratch->value;
	struct names *strangers = &scratch->names;

	names_init(strangers);
	for (size_t i = 0; i < g->n_members; i++) {
		if (!accounts_find(acc, g->members[i]))
			names_add(strangers, g->members[i]);
	}
	bool none = strangers->used == 0 && strangers->hidden == 0;
	if (none && g->password != PASSWORD_USABLE && same && same->gid == g->gid)
		return 0;
	subject->used = value->used = 0;
	put(subject, "group ");
	put(subject, g->name);
	put(value, "gid=");
	put_number(value, g->gid);
	if (!none) {
		put(value, " members-without-account=");
		put(value, names_text(strangers));
	}
	put(value, g->password == PASSWORD_USABLE ? " password=usable" : "");
	fact_add_item(f, subject->s, value->s, accounts_paths[ACCOUNTS_GROUP], g->line);
	return arena_failed(f->arena) ? -ENOMEM : 0;
}

int accounts_items(struct fact *f, const struct accounts *acc)
{
	_cleanup_free_ struct scratch *scratch = malloc(sizeof(*scratch));
	struct memberships m;
	int r = scratch ? collect_memberships(f->arena, acc, &m) : -ENOMEM;

	for (size_t i = 0; r >= 0 && i < acc->n; i++)
		r = account_item(f, &acc->v[i], &m, m.first[i], scratch);
	for (size_t i = 0; r >= 0 && i < acc->n_groups; i++)
		r = group_item(f, acc, &acc->groups[i], scratch);
	return r;
}
