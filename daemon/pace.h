/* SPDX-License-Identifier: ISC */
/*
 * When facts are read again though nothing told of a change, for what no event
 * source covers. Most are read in equal steps (refresh_usec of the collector).
 * Those with a refresh_first_usec are read soon after a change, since one seldom
 * comes alone (a service is up before it listens), and rarely after a few
 * readings that found nothing: each waits three times as long as the one before,
 * and after ten times refresh_first_usec it is refresh_usec. A fact that says
 * that all it was read from tells of its changes (heard) has equal steps, too:
 * the firewall, unless it has tables of iptables-legacy.
 *
 * Long waits end up to PACE_EARLY_USEC early when the engine is awake anyway (for
 * the watchdog, a heartbeat, an event): the watchdog's turn comes more often than
 * that, so that a machine on which nothing happens is not woken for this.
 *
 * What a source tells of completely (pace_cover) is read every refresh_usec only.
 *
 * Pure: time comes by argument (monotonic µs).
 */
#pragma once

#include "fact/fact.h"

#define PACE_LONG_USEC	USEC_PER_MIN /* shorter waits are kept as they are */
#define PACE_EARLY_USEC (150 * USEC_PER_SEC)

struct pace {
	struct {
		uint64_t read_usec, wait_usec;
		bool known, heard;
	} v[FACT_MAX];
	uint64_t covered;
};

/*
 * The fact was read now, and says something new or was read because of an event
 * (news), or neither. Facts whose collectors have no refresh_usec are passed over.
 */
void pace_note(struct pace *p, const struct fact *f, bool news, uint64_t now_usec);

/* From now on a source tells of all changes of these facts, and of no others. */
void pace_cover(struct pace *p, uint64_t facts, uint64_t now_usec);

/* The facts to be read again now; *ret_next_usec is when the next is due (USEC_INFINITY: none). */
uint64_t pace_due(const struct pace *p, uint64_t now_usec, uint64_t *ret_next_usec);
