/* SPDX-License-Identifier: ISC */
#include "fact/guards.h"

#include <errno.h>
#include <stdio.h>

#include "fact/collectors.h"
#include "fact/packages.h"

static int read_fail2ban(const struct collect *c, struct fact *f, struct guards *g)
{
	struct stat st;
	int r = guard_fail2ban_read(f->arena, c->root, "/etc/fail2ban", &g->fail2ban, &g->reason);

	if (r == -ENOMEM)
		return r;
	/* Its configuration outlives the package. */
	if (r == 0 && g->fail2ban.there &&
		root_stat(c->root, "/usr/bin/fail2ban-server", &st) < 0 &&
		root_stat(c->root, "/usr/local/bin/fail2ban-server", &st) < 0)
		g->fail2ban.there = false;
	return 0;
}

static int guards_collect(const struct collect *c, struct fact *f)
{
	struct guards *g = arena_alloc(f->arena, sizeof(*g));

	if (!g)
		return -ENOMEM;
	int r = read_fail2ban(c, f, g);
	r = r < 0 ? r : guard_sshguard_read(f->arena, c->root, g);
	r = r < 0 ? r : guard_denyhosts_read(f->arena, c->root, g);
	r = r < 0 ? r : guard_crowdsec_read(f->arena, c->root, g);
	if (r < 0)
		return r;
	f->u.guards = g;
	return 0;
}

const struct collector collector_guards = {
	.id = FACT_GUARDS,
	.name = "guards",
	.locks = packages_locks,
	.collect = guards_collect,
};
