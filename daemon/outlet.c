/* SPDX-License-Identifier: ISC */
#include "daemon/outlet.h"

#include "daemon/log.h"

enum {
	PRUNE_EVERY = 256, /* events */
};

static int add_sink(struct outlet *o, const struct sink_ops *ops, const char *address,
	struct store *store)
{
	int r = sink_init(&o->sinks[o->n], ops, address, store);

	if (r < 0)
		return log_error(r, "cannot read the cursor of sink %s", ops->name);
	o->n++;
	return 0;
}

int outlet_open(struct outlet *o, const struct policy *p, const struct outlet_addresses *at,
	struct store *store)
{
	int r = 0;

	outlet_fini(o);
	if (policy_bool(p, "hardend", "journal"))
		r = add_sink(o, &sink_journal, at->journal, store);
	if (r == 0 && policy_bool(p, "hardend", "syslog"))
		r = add_sink(o, &sink_syslog, at->syslog, store);
	return r;
}

void outlet_fini(struct outlet *o)
{
	for (size_t i = 0; i < o->n; i++)
		sink_fini(&o->sinks[i]);
	o->n = 0;
}

uint64_t outlet_pump(struct outlet *o, struct store *store, uint64_t monotonic_usec)
{
	uint64_t next = USEC_INFINITY;

	for (size_t i = 0; i < o->n; i++) {
		struct sink *s = &o->sinks[i];
		int r = sink_pump(s, store, monotonic_usec);
		if (r < 0)
			(void)log_error(r, "cannot read the outbox for sink %s", s->ops->name);
		if (r != 0)
			next = MIN(next, monotonic_usec + (r > 0 ? 0 : USEC_PER_SEC));
		else if (s->retry_usec)
			next = MIN(next, s->retry_usec);
	}
	return next;
}

/* The number up to which every sink has the events. */
static uint64_t told_by_all(const struct outlet *o, uint64_t seq)
{
	for (size_t i = 0; i < o->n; i++)
		seq = MIN(seq, o->sinks[i].cursor);
	return seq;
}

void outlet_prune(struct outlet *o, const struct policy *p, struct keeper *k, uint64_t seq)
{
	const char *names[OUTLET_SINKS + 1] = {NULL};

	if (keeper_holds(k)) {
		keeper_shed(k, told_by_all(o, seq));
		return;
	}
	if (seq < o->pruned_seq + PRUNE_EVERY)
		return;
	for (size_t i = 0; i < o->n; i++)
		names[i] = o->sinks[i].ops->name;
	int r = store_prune(k->store, names, policy_uint(p, "hardend", "history_events"));
	if (r < 0)
		(void)log_error(r, "cannot remove old events from the outbox");
	else
		o->pruned_seq = seq;
}
