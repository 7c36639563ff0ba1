/* SPDX-License-Identifier: ISC */
#include "daemon/intake.h"

#include <errno.h>
#include <stdio.h>

#include "daemon/log.h"

#define RETRY_MIN_USEC (250 * USEC_PER_MSEC)
#define RETRY_MAX_USEC (2 * USEC_PER_SEC)

void intake_init(struct intake *i, struct ledger *ledger, const struct judge *judge)
{
	const struct ledger_asker asker = {attribution_ask, &i->attribution};

	*i = (struct intake){.ledger = ledger, .judge = judge};
	attribution_init(&i->attribution, judge, ledger_last_realtime(ledger));
	ledger_set_asker(ledger, &asker);
}

void intake_read(struct intake *i, uint64_t mask, uint64_t paced, struct now now)
{
	attribution_read(&i->attribution, mask, paced, now);
	i->replaced += i->delay_usec > 0 && (i->pending & mask);
	i->pending |= mask;
}

void intake_judged(struct intake *i, uint64_t mask)
{
	i->pending |= mask;
}

/* It was entered: what could not be told in between is said. */
static void entered(struct intake *i, struct now now)
{
	char text[256];

	attribution_entered(&i->attribution);
	i->pending = i->retry_usec = 0;
	i->error = 0;
	if (i->delay_usec == 0)
		return;
	i->delay_usec = 0;
	log_line(LOG_NOTICE, "the state can be entered again");
	(void)snprintf(text, sizeof(text),
		"the state can be entered again; what changed since it could not is told above, "
		"late; %u readings in between were replaced by later ones: what came and went in "
		"them is not told", i->replaced);
	(void)ledger_note(i->ledger, EVENT_RECOVERED, SEV_MEDIUM, text, now.realtime_usec);
	i->replaced = 0;
}

void intake_enter(struct intake *i, struct now now)
{
	bool due = ledger_due(i->ledger) <= now.monotonic_usec;

	if ((!i->pending && !due) || i->retry_usec > now.monotonic_usec)
		return;
	attribution_begin(&i->attribution, now);
	int r = ledger_enter(
		i->ledger, i->judge, i->pending, now.realtime_usec, now.monotonic_usec);
	if (r >= 0) {
		entered(i, now);
		return;
	}
	if (r == -EAGAIN) {
		i->retry_usec = now.monotonic_usec + ATTRIBUTION_AGAIN_USEC;
		return;
	}
	if (i->delay_usec == 0)
		(void)log_error(r, "cannot enter what was found; alerts wait until it can be");
	i->error = r;
	if (r == -EUCLEAN)
		return; /* engine_step() ends it: the next start sets the database aside */
	i->delay_usec = i->delay_usec ? MIN(i->delay_usec * 2, RETRY_MAX_USEC) : RETRY_MIN_USEC;
	i->retry_usec = now.monotonic_usec + i->delay_usec;
}

bool intake_awaits(const struct intake *i)
{
	return i->pending && i->retry_usec > 0 && i->delay_usec == 0;
}

uint64_t intake_next(const struct intake *i)
{
	/* Nothing that has to be entered is due before it is tried again. */
	return MAX(i->pending ? 0 : ledger_due(i->ledger), i->retry_usec);
}
