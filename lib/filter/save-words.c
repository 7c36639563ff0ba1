/* SPDX-License-Identifier: ISC */
/* The values that iptables-save writes: numbers, ranges, addresses, protocols. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "filter/save-rule.h"

int save_number(const char *s, uint64_t max, uint64_t *ret)
{
	char *end;

	if (*s < '0' || *s > '9') /* strtoull takes signs and blanks */
		return -EBADMSG;
	errno = 0;
	unsigned long long n = strtoull(s, &end, 0);
	if (errno != 0 || *end || n > max)
		return -EBADMSG;
	*ret = n;
	return 0;
}

/* Splits s at the separator into buf: where the second part begins, or NULL. 0 or -EBADMSG. */
static int cut(const char *s, char separator, char buf[static 128], char **ret_second)
{
	size_t len = strnlen(s, 128);

	if (len == 128)
		return -EBADMSG;
	memcpy(buf, s, len + 1);
	char *at = strchr(buf, separator);
	if (at)
		*at++ = '\0';
	*ret_second = at;
	return 0;
}

int save_range(const char *s, char separator, uint64_t max, struct span *ret)
{
	char buf[128], *second;
	uint64_t lo = 0, hi = max;

	if (cut(s, separator, buf, &second) < 0)
		return -EBADMSG;
	if ((!second || buf[0]) && save_number(buf, max, &lo) < 0)
		return -EBADMSG;
	if (!second)
		hi = lo;
	else if (*second && save_number(second, max, &hi) < 0)
		return -EBADMSG;
	if (lo > hi)
		return -EBADMSG;
	*ret = (struct span){lo, hi};
	return 0;
}

int save_address(int family, const char *s, u128 *ret)
{
	unsigned char addr[16];

	if (inet_pton(family, s, addr) != 1)
		return -EBADMSG;
	*ret = addrs_number(family, addr);
	return 0;
}

int save_addresses(int family, const char *s, struct span *ret)
{
	char buf[128], *second;
	struct span span;

	if (cut(s, '-', buf, &second) < 0 || save_address(family, buf, &span.lo) < 0)
		return -EBADMSG;
	if (!second)
		span.hi = span.lo;
	else if (save_address(family, second, &span.hi) < 0 || span.lo > span.hi)
		return -EBADMSG;
	*ret = span;
	return 0;
}

int save_prefix(int family, const char *s, struct span *ret, u128 *ret_mask)
{
	u128 all = addrs_all(family).hi, mask = all, addr;
	char buf[128], *second;
	uint64_t bits, width = family == AF_INET ? 32 : 128;

	if (cut(s, '/', buf, &second) < 0 || save_address(family, buf, &addr) < 0)
		return -EBADMSG;
	if (second && save_number(second, width, &bits) == 0)
		mask = bits == 0 ? 0 : (all << (width - bits)) & all;
	else if (second && save_address(family, second, &mask) < 0)
		return -EBADMSG;
	addr &= mask;
	bool prefix = ((~mask & all) & ((~mask & all) + 1)) == 0;
	*ret = (struct span){addr, prefix ? addr | (~mask & all) : addr};
	*ret_mask = prefix ? RULE_NO_MASK : mask;
	return 0;
}

int save_protocol(const char *s, uint8_t *ret)
{
	/* What iptables knows by itself, and of /etc/protocols what rules are written for. */
	static const struct {
		const char *name;
		uint8_t number;
	} names[] = {
		{"ah", IPPROTO_AH},
		{"all", 0},
		{"dccp", IPPROTO_DCCP},
		{"esp", IPPROTO_ESP},
		{"gre", IPPROTO_GRE},
		{"icmp", IPPROTO_ICMP},
		{"icmpv6", IPPROTO_ICMPV6},
		{"igmp", IPPROTO_IGMP},
		{"ipencap", IPPROTO_IPIP},
		{"ipip", IPPROTO_IPIP},
		{"ipv6", IPPROTO_IPV6},
		{"ipv6-icmp", IPPROTO_ICMPV6},
		{"ipv6-mh", IPPROTO_MH},
		{"l2tp", 115},
		{"mh", IPPROTO_MH},
		{"mobility-header", IPPROTO_MH},
		{"ospf", 89},
		{"pim", IPPROTO_PIM},
		{"sctp", IPPROTO_SCTP},
		{"tcp", IPPROTO_TCP},
		{"udp", IPPROTO_UDP},
		{"udplite", IPPROTO_UDPLITE},
		{"vrrp", 112},
	};
	uint64_t n;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(s, names[i].name) != 0)
			continue;
		*ret = names[i].number;
		return 0;
	}
	if (save_number(s, UINT8_MAX, &n) < 0)
		return -EBADMSG;
	*ret = (uint8_t)n;
	return 0;
}

const char *save_words_text(
	const struct save_rule *s, size_t from, size_t to, char buf[static SAVE_WORDS_MAX])
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = from; i < to && used + 1 < SAVE_WORDS_MAX; i++) {
		if (used > 0)
			buf[used++] = ' ';
		size_t len = MIN(strlen(s->words[i]), SAVE_WORDS_MAX - 1 - used);
		memcpy(buf + used, s->words[i], len);
		used += len;
		buf[used] = '\0';
	}
	return buf;
}
