/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "fact/sshd-conf.h"

enum {
	PATTERN_MAX = 1023, /* sshd matches nothing with one that is longer */
	PREFIX_MAX = 63,
};

static bool same(char a, char b, bool fold)
{
	return fold ? tolower((unsigned char)a) == tolower((unsigned char)b) : a == b;
}

/* Greedy with one point of return: linear in space, and never exponential in time. */
static bool match(const char *s, const char *pattern, const char *end, bool fold)
{
	const char *star = NULL, *resume = NULL;

	while (*s) {
		if (pattern < end && *pattern == '*') {
			star = ++pattern;
			resume = s;
		} else if (pattern < end && (*pattern == '?' || same(*pattern, *s, fold))) {
			pattern++;
			s++;
		} else if (star) {
			pattern = star;
			s = ++resume;
		} else {
			return false;
		}
	}
	while (pattern < end && *pattern == '*')
		pattern++;
	return pattern == end;
}

bool sshd_pattern(const char *s, const char *pattern)
{
	return match(s, pattern, pattern + strlen(pattern), false);
}

int sshd_pattern_list(const char *s, const char *list, bool fold)
{
	int found = 0;

	for (const char *p = list; *p;) {
		bool negated = *p == '!';
		p += negated;
		size_t n = strcspn(p, ",");
		if (n >= PATTERN_MAX)
			return 0;
		if (match(s, p, p + n, fold)) {
			if (negated)
				return -1;
			found = 1;
		}
		p += n;
		p += *p == ',';
	}
	return found;
}

bool sshd_address(const char *s, struct sshd_address *ret)
{
	struct sshd_address a = {.family = AF_INET6};
	char text[PREFIX_MAX + 1];
	size_t n = strcspn(s, "%");
	struct in_addr v4;

	if (n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	if (inet_pton(AF_INET6, text, a.bytes) == 1) {
		*ret = a;
		return true;
	}
	/* inet_aton() takes blanks and anything behind them, getaddrinfo() does not. */
	if (s[n] || strpbrk(s, " \t\r\n\v\f") || !inet_aton(text, &v4))
		return false;
	a.family = AF_INET;
	memcpy(a.bytes, &v4, sizeof(v4));
	*ret = a;
	return true;
}

static unsigned address_bits(const struct sshd_address *a)
{
	return a->family == AF_INET ? 32 : 128;
}

/* Whether the bits behind the first len are all 0. */
static bool host_bits_clear(const struct sshd_address *a, unsigned len)
{
	for (unsigned i = len; i < address_bits(a); i++) {
		if (a->bytes[i / 8] & (0x80u >> (i % 8)))
			return false;
	}
	return true;
}

static int prefix_length(const char *s, unsigned *ret)
{
	unsigned len = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		if (!isdigit((unsigned char)*s))
			return -EINVAL;
		len = len * 10 + (unsigned)(*s - '0');
		if (len > 128)
			return -EINVAL;
	}
	*ret = len;
	return 0;
}

int sshd_prefix(const char *s, struct sshd_address *ret, unsigned *ret_len)
{
	char text[PREFIX_MAX + 1];
	struct sshd_address a;
	unsigned len = 0;

	if (strlen(s) >= sizeof(text))
		return -EINVAL;
	strcpy(text, s);
	char *slash = strchr(text, '/');
	if (slash) {
		*slash = '\0';
		if (prefix_length(slash + 1, &len) < 0)
			return -EINVAL;
	}
	if (!sshd_address(text, &a))
		return -EINVAL;
	if (!slash)
		len = address_bits(&a);
	if (len > address_bits(&a) || !host_bits_clear(&a, len))
		return -ERANGE;
	*ret = a;
	*ret_len = len;
	return 0;
}

bool sshd_address_in(const struct sshd_address *a, const struct sshd_address *net, unsigned len)
{
	if (a->family != net->family)
		return false;
	for (unsigned i = 0; i < len; i++) {
		unsigned bit = 0x80u >> (i % 8);
		if ((a->bytes[i / 8] & bit) != (net->bytes[i / 8] & bit))
			return false;
	}
	return true;
}

/* One element of n bytes: 1 it holds, 0 it does not, -EINVAL. */
static int address_element(
	const char *address, const struct sshd_address *parsed, const char *s, size_t n)
{
	char text[PATTERN_MAX + 1];
	struct sshd_address net;
	unsigned len;

	if (n == 0)
		return -EINVAL;
	if (n >= sizeof(text))
		return 0;
	memcpy(text, s, n);
	text[n] = '\0';
	int r = sshd_prefix(text, &net, &len);
	if (r == -ERANGE)
		return -EINVAL;
	if (!address)
		return 0;
	return r == 0 ? sshd_address_in(parsed, &net, len) : sshd_pattern(address, text);
}

int sshd_address_list(const char *address, const char *list)
{
	struct sshd_address parsed = {0};
	int found = 0;

	if (address && !sshd_address(address, &parsed))
		return 0;
	for (const char *p = list;; p++) {
		bool negated = *p == '!';
		p += negated;
		size_t n = strcspn(p, ",");
		int r = address_element(address, &parsed, p, n);
		if (r < 0)
			return r;
		if (r > 0 && negated)
			return -1;
		if (r > 0)
			found = 1;
		p += n;
		if (!*p)
			return found;
	}
}
