/* SPDX-License-Identifier: ISC */
#include "daemon/accepted.h"

#include <errno.h>

struct reading {
	struct arena *a;
	struct accepted_item *v;
	size_t n;
};

static int each_item(const char *subject, const char *value, void *arg)
{
	struct reading *rd = arg;
	struct accepted_item *x = arena_grow(rd->a, &rd->v, rd->n, sizeof(*x));

	if (!x)
		return -ENOMEM;
	x->subject = arena_strdup(rd->a, subject);
	x->value = arena_strdup(rd->a, value);
	rd->n++;
	return arena_failed(rd->a) ? -ENOMEM : 0;
}

int accepted_fact(struct ledger *l, struct fact **ret)
{
	_cleanup_(fact_freep) struct fact *f = fact_new(FACT_ACCEPTED);
	struct accepted *accepted = f ? arena_alloc(f->arena, sizeof(*accepted)) : NULL;

	if (!accepted)
		return -ENOMEM;
	struct reading rd = {.a = f->arena};
	int r = ledger_baseline(l, FACT_LISTENERS, each_item, &rd);
	if (r < 0 && r != -ENODATA)
		return r;
	*accepted = (struct accepted){
		.listeners = rd.v,
		.n_listeners = rd.n,
		.recording = r == -ENODATA,
	};
	f->u.accepted = accepted;
	r = fact_seal(f);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(f);
	return 0;
}
