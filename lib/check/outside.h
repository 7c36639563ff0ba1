/* SPDX-License-Identifier: ISC */
/*
 * What the policy calls public: addresses outside its trusted_networks; and
 * lists of ports as it writes them.
 */
#pragma once

#include "conf/policy.h"
#include "filter/survey.h"

struct outside {
	struct addrs trusted[2]; /* 0: IPv4, 1: IPv6 */
};

/* Takes trusted_networks of the policy; to be freed. 0 or -ENOMEM. */
int outside_init(struct outside *o, const struct policy *policy);
void outside_fini(struct outside *o);
#define _cleanup_outside_ _cleanup_(outside_fini)

/* Those of the sources that are not trusted: *ret is to be freed. 0 or -ENOMEM. */
int outside_of(const struct outside *o, int family, const struct addrs *peers, struct addrs *ret);

/* Whether a word of a list of ports is one: "80", "443/udp", "60000-61000/udp". */
bool outside_fits_ports(const char *word);

/* The ports of such a list that are of the protocol; to be freed. 0 or -ENOMEM. */
int outside_ports(const char *const *words, enum survey_protocol p, struct addrs *ret);
