/* SPDX-License-Identifier: ISC */
#include "ledger/ledger.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/text.h"
#include "ledger/internal.h"

static int on_finding(const struct finding_row *row, void *arg)
{
	struct ledger *l = arg;
	const struct check *c = check_find(row->check);
	struct finding f;

	int r = finding_load(&f, row);
	if (r < 0)
		return r;
	if (c) {
		l->findings[check_index(c)] = f;
		return 0;
	}
	struct orphan *o = arena_grow(l->arena, &l->orphans, l->n_orphans, sizeof(*o));
	if (!o)
		return -ENOMEM;
	*o = (struct orphan){arena_strdup(l->arena, row->check), f.severity, f.since_realtime_usec};
	l->n_orphans++;
	return o->check ? 0 : -ENOMEM;
}

static int on_fact(const char *name, int64_t number, void *arg)
{
	struct ledger *l = arg;
	int id = fact_from_name(name);

	l->fresh = false;
	if (id >= 0) {
		l->baselines[id].known = true;
		l->baselines[id].number = number;
	}
	return 0;
}

static int load(struct ledger *l)
{
	memcpy(l->head, EVENT_CHAIN_START, sizeof(l->head));
	int r = store_last(l->store, &l->seq, l->head);
	if (r >= 0)
		r = store_findings(l->store, on_finding, l);
	if (r >= 0)
		r = store_facts(l->store, on_fact, l);
	return r;
}

int ledger_new(
	struct store *s, const char *epoch, const struct ledger_config *config, struct ledger **ret)
{
	_cleanup_(ledger_freep) struct ledger *l = NULL;

	if (strlen(epoch) != 32 || strspn(epoch, "0123456789abcdef") != 32 || config->flap_max == 0)
		return -EINVAL;
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->store = s;
	l->config = *config;
	l->fresh = true;
	memcpy(l->epoch, epoch, sizeof(l->epoch));
	if (getrandom(l->key, sizeof(l->key), 0) != (ssize_t)sizeof(l->key))
		return -EIO;
	l->findings = calloc(check_count() + 1, sizeof(*l->findings));
	l->arena = arena_new();
	if (!l->findings || !l->arena)
		return -ENOMEM;
	int r = load(l);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(l);
	return 0;
}

void ledger_free(struct ledger *l)
{
	if (!l)
		return;
	for (size_t i = 0; l->findings && i < check_count(); i++)
		flap_fini(&l->findings[i].flap);
	free(l->findings);
	for (int i = 0; i < FACT_MAX; i++) {
		flap_fini(&l->flaps[i]);
		baseline_fini(&l->baselines[i]);
	}
	arena_free(l->arena);
	free(l);
}

int ledger_configure(struct ledger *l, const struct ledger_config *config)
{
	if (config->flap_max == 0)
		return -EINVAL;
	for (size_t i = 0; config->flap_max != l->config.flap_max && i < check_count(); i++)
		flap_forget(&l->findings[i].flap);
	for (int i = 0; config->flap_max != l->config.flap_max && i < FACT_MAX; i++)
		flap_forget(&l->flaps[i]);
	l->config = *config;
	return 0;
}

void ledger_set_asker(struct ledger *l, const struct ledger_asker *asker)
{
	l->asker = asker ? *asker : (struct ledger_asker){0};
}

bool ledger_is_fresh(const struct ledger *l)
{
	return l->fresh;
}

uint64_t ledger_due(const struct ledger *l)
{
	uint64_t due = USEC_INFINITY;

	for (size_t i = 0; i < check_count(); i++)
		due = MIN(due, flap_due(&l->findings[i].flap, &l->config));
	for (int i = 0; i < FACT_MAX; i++)
		due = MIN(due, flap_due(&l->flaps[i], &l->config));
	return due;
}

int ledger_note(struct ledger *l, enum event_kind kind, enum severity severity, const char *message,
	uint64_t realtime_usec)
{
	_cleanup_(batch_fini) struct batch b;
	struct event e = {.kind = kind, .severity = severity};

	int r = batch_init(&b, l, realtime_usec);
	if (r < 0)
		return r;
	e.message = text_clean(b.arena, message);
	if (!e.message)
		return -ENOMEM;
	r = batch_add(&b, &e, NULL);
	if (r == 0)
		r = batch_commit(&b);
	return r < 0 ? r : 1;
}

uint64_t ledger_open_since(const struct ledger *l, const struct check *c)
{
	const struct finding *f = &l->findings[check_index(c)];

	return f->stage == FINDING_CLOSED ? 0 : f->since_realtime_usec;
}

uint64_t ledger_seq(const struct ledger *l)
{
	return l->seq;
}

uint64_t ledger_last_realtime(struct ledger *l)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct outbox_row row = {0};
	struct event last = {0};

	if (!a || l->seq == 0 || store_next(l->store, "", l->seq - 1, &row) <= 0)
		return 0;
	int r = event_decode(a, row.json, &last);
	outbox_row_fini(&row);
	return r < 0 ? 0 : last.realtime_usec;
}

const char *ledger_head(const struct ledger *l)
{
	return l->head;
}
