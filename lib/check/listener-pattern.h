/* SPDX-License-Identifier: ISC */
/*
 * How the policy names listeners that are expected: PROTOCOL/PORT, with the
 * address and with whose it is where that matters.
 *
 *     tcp/22  tcp/443=nginx.service  udp/123@192.0.2.1  tcp/8000-8100
 *     udp/any=/usr/sbin/rpc.statd
 */
#pragma once

#include "base/net.h"
#include "fact/listeners.h"

#define LISTENER_PATTERN_FORM "PROTOCOL/PORT[@ADDRESS][=UNIT], such as tcp/443=nginx.service"

struct listener_pattern {
	enum listener_protocol protocol;
	unsigned low, high; /* ports */
	bool any_address;
	struct net net;	 /* that the socket's own address must lie in */
	const char *who; /* pattern of fnmatch(3): unit, command, or path of the program; NULL:
			    anyone */
};

/* Reads a word; who points into it. 0; -EINVAL when it is not of that form. */
int listener_pattern_parse(const char *word, struct listener_pattern *ret);

/* For schema rows: whether the word is of that form. */
bool listener_pattern_fits(const char *word);

/* Whether it means this socket. Whose it is must be known when the pattern asks for it. */
bool listener_pattern_matches(const struct listener_pattern *p, const struct listener *l);

/* The first of the words (ends with NULL) that means it, or NULL. */
const char *listener_pattern_find(const char *const *words, const struct listener *l);
