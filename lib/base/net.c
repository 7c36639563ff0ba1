/* SPDX-License-Identifier: ISC */
#include "base/net.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static unsigned width(const struct net *n)
{
	return n->family == AF_INET ? 32 : 128;
}

/* Clears what lies beyond the prefix; whether anything did. */
static bool mask(struct net *n)
{
	bool any = false;

	for (unsigned i = 0; i < width(n) / 8; i++) {
		unsigned keep = n->bits <= i * 8 ? 0 : n->bits - i * 8;
		unsigned char m = keep >= 8 ? 0xff : (unsigned char)(0xff00u >> keep);
		any = any || (n->addr[i] & ~m);
		n->addr[i] &= m;
	}
	return any;
}

static int parse_bits(const char *s, unsigned max, unsigned *ret)
{
	unsigned v = 0;

	if (!isdigit((unsigned char)s[0]) || strlen(s) > 3)
		return -EINVAL;
	for (; isdigit((unsigned char)*s); s++)
		v = v * 10 + (unsigned)(*s - '0');
	if (*s || v > max)
		return -EINVAL;
	*ret = v;
	return 0;
}

int net_parse(const char *s, struct net *ret)
{
	const char *slash = strchr(s, '/');
	size_t len = slash ? (size_t)(slash - s) : strlen(s);
	char text[INET6_ADDRSTRLEN];
	struct net n = {.family = AF_INET};

	if (len >= sizeof(text))
		return -EINVAL;
	memcpy(text, s, len);
	text[len] = '\0';
	if (inet_pton(AF_INET, text, n.addr) != 1) {
		n.family = AF_INET6;
		if (inet_pton(AF_INET6, text, n.addr) != 1)
			return -EINVAL;
	}
	n.bits = width(&n);
	if (slash && parse_bits(slash + 1, width(&n), &n.bits) < 0)
		return -EINVAL;
	bool beyond = mask(&n);
	*ret = n;
	return beyond ? -EDOM : 0;
}

const char *net_text(const struct net *n, char buf[static NET_TEXT_MAX])
{
	char addr[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(n->family, n->addr, addr, sizeof(addr)); /* it has room for both families */
	if (n->bits == width(n))
		(void)snprintf(buf, NET_TEXT_MAX, "%s", addr);
	else
		(void)snprintf(buf, NET_TEXT_MAX, "%s/%u", addr, n->bits);
	return buf;
}

bool net_contains(const struct net *outer, const struct net *inner)
{
	struct net cut = *inner;

	if (outer->family != inner->family || outer->bits > inner->bits)
		return false;
	cut.bits = outer->bits;
	(void)mask(&cut);
	return memcmp(cut.addr, outer->addr, sizeof(cut.addr)) == 0;
}
