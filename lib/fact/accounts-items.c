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

/* Groups are gone through from the last name to the first, so that each chain is sorted. */
static int collect_memberships(struct arena *a, const struct accounts *acc, struct memberships *m)
{
	size_t n = 0;

	m->v = arena_alloc(a, count_members(acc) * sizeof(*m->v));
	m->first = arena_alloc(a, acc->n * sizeof(*m->first));
	if (!m->v || !m->first)
		return -ENOMEM;
	for (size_t i = acc->n_groups; i > 0; i--) {
		const struct account_group *g = acc->groups_by_name[i - 1];
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

static const char *day_text(char buf[static 32], int64_t day)
{
	time_t t = (time_t)(day * 86400);
	struct tm tm;

	if (day < 0)
		return "never";
	if (!gmtime_r(&t, &tm) || strftime(buf, 32, "%Y-%m-%d", &tm) == 0)
		(void)snprintf(buf, 32, "day %lld", (long long)day);
	return buf;
}

static const char *password_text(char buf[static 96], const struct account *x)
{
	static const char *const words[] = {
		[PASSWORD_NONE] = "empty",
		[PASSWORD_LOCKED] = "locked",
		[PASSWORD_USABLE] = "usable",
		[PASSWORD_UNKNOWN] = "unknown",
	};

	if (*x->hash_scheme)
		(void)snprintf(buf, 96, "%s(%s %s)", words[x->password], x->hash_scheme,
			x->hash_fingerprint);
	else
		(void)snprintf(buf, 96, "%s", words[x->password]);
	return buf;
}

static int account_item(
	struct fact *f, const struct account *x, const struct memberships *m, size_t first)
{
	struct names groups = {0};
	char day[32], password[96], subject[1024], value[4096];

	for (size_t i = first; i; i = m->v[i - 1].next)
		names_add(&groups, m->v[i - 1].group->name);
	(void)snprintf(subject, sizeof(subject), "account %s", x->name);
	(void)snprintf(value, sizeof(value),
		"uid=%u gid=%u home=%.256s shell=%.256s groups=%s password=%s expires=%s", x->uid,
		x->gid, x->home, *x->shell ? x->shell : "/bin/sh", names_text(&groups),
		password_text(password, x), day_text(day, x->expire_day));
	fact_add_item(f, subject, value, accounts_paths[ACCOUNTS_PASSWD], x->line);
	return arena_failed(f->arena) ? -ENOMEM : 0;
}

static int group_item(struct fact *f, const struct accounts *acc, const struct account_group *g)
{
	const struct account *same = accounts_find(acc, g->name);
	struct names strangers = {0};
	char subject[1024], value[1024];

	for (size_t i = 0; i < g->n_members; i++) {
		if (!accounts_find(acc, g->members[i]))
			names_add(&strangers, g->members[i]);
	}
	bool none = strangers.used == 0 && strangers.hidden == 0;
	if (none && g->password != PASSWORD_USABLE && same && same->gid == g->gid)
		return 0;
	(void)snprintf(subject, sizeof(subject), "group %s", g->name);
	(void)snprintf(value, sizeof(value), "gid=%u%s%s%s", g->gid,
		none ? "" : " members-without-account=", none ? "" : names_text(&strangers),
		g->password == PASSWORD_USABLE ? " password=usable" : "");
	fact_add_item(f, subject, value, accounts_paths[ACCOUNTS_GROUP], g->line);
	return arena_failed(f->arena) ? -ENOMEM : 0;
}

int accounts_items(struct fact *f, const struct accounts *acc)
{
	struct memberships m;
	int r = collect_memberships(f->arena, acc, &m);

	for (size_t i = 0; r >= 0 && i < acc->n; i++)
		r = account_item(f, &acc->v[i], &m, m.first[i]);
	for (size_t i = 0; r >= 0 && i < acc->n_groups; i++)
		r = group_item(f, acc, &acc->groups[i]);
	return r;
}
