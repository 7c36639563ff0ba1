/* SPDX-License-Identifier: ISC */
#include "check/outside.h"

#include <errno.h>
#include <string.h>

void outside_fini(struct outside *o)
{
	addrs_fini(&o->trusted[0]);
	addrs_fini(&o->trusted[1]);
	*o = (struct outside){0};
}

int outside_init(struct outside *o, const struct policy *policy)
{
	const char *const *words = policy_list(policy, "policy", "trusted_networks");
	_cleanup_outside_ struct outside made = {0};
	struct net net;

	for (; *words; words++) {
		int r = net_parse(*words, &net); /* -EDOM: with bits behind the prefix */
		if (r < 0 && r != -EDOM)
			continue; /* not so: the policy was checked when it was read */
		if (addrs_add(&made.trusted[net.family == AF_INET6], addrs_net(&net)) < 0)
			return -ENOMEM;
	}
	*o = made;
	made = (struct outside){0};
	return 0;
}

int outside_of(const struct outside *o, int family, const struct addrs *peers, struct addrs *ret)
{
	_cleanup_addrs_ struct addrs rest = {0};
	int r = addrs_copy(&rest, peers);

	if (r == 0)
		r = addrs_subtract(&rest, &o->trusted[family == AF_INET6]);
	if (r < 0)
		return r;
	*ret = rest;
	rest = (struct addrs){0};
	return 0;
}

/* A number of at most 65535 at *s, which is moved behind it; -1: none. */
static int take_port(const char **s)
{
	int port = 0;

	if (!is_digit(**s))
		return -1;
	for (; is_digit(**s) && port <= UINT16_MAX; (*s)++)
		port = port * 10 + **s - '0';
	return port <= UINT16_MAX ? port : -1;
}

/* protocol: SURVEY_PROTOCOL_MAX for either. */
static bool parse_ports(const char *s, struct span *ret, enum survey_protocol *ret_protocol)
{
	int lo = take_port(&s), hi = lo;

	if (lo >= 0 && *s == '-') {
		s++;
		hi = take_port(&s);
	}
	if (lo < 0 || hi < lo)
		return false;
	*ret = (struct span){(u128)lo, (u128)hi};
	*ret_protocol = SURVEY_PROTOCOL_MAX;
	for (unsigned p = 0; *s == '/' && p < SURVEY_PROTOCOL_MAX; p++) {
		if (strcmp(s + 1, survey_protocol_name(p)) == 0) {
			*ret_protocol = p;
			return true;
		}
	}
	return !*s;
}

bool outside_fits_ports(const char *word)
{
	enum survey_protocol p;
	struct span s;

	return parse_ports(word, &s, &p);
}

int outside_ports(const char *const *words, enum survey_protocol p, struct addrs *ret)
{
	_cleanup_addrs_ struct addrs ports = {0};
	enum survey_protocol of;
	struct span s;

	for (; *words; words++) {
		if (!parse_ports(*words, &s, &of) || (of != SURVEY_PROTOCOL_MAX && of != p))
			continue;
		if (addrs_add(&ports, s) < 0)
			return -ENOMEM;
	}
	*ret = ports;
	ports = (struct addrs){0};
	return 0;
}
