/* SPDX-License-Identifier: ISC */
#include "check/listener-pattern.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"

enum {
	PORT_MAX = 65535,
};

static int parse_protocol(const char *word, size_t n, enum listener_protocol *ret)
{
	for (int i = 0; i < LISTENER_RAW; i++) {
		const char *name = listener_protocol_name((enum listener_protocol)i);
		if (strlen(name) == n && memcmp(name, word, n) == 0) {
			*ret = (enum listener_protocol)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_port(const char **s, unsigned *ret)
{
	unsigned v = 0;

	if (!isdigit((unsigned char)**s))
		return -EINVAL;
	for (; isdigit((unsigned char)**s); (*s)++) {
		v = v * 10 + (unsigned)(**s - '0');
		if (v > PORT_MAX)
			return -EINVAL;
	}
	*ret = v;
	return 0;
}

/* "22", "8000-8100", "any"; *s is moved behind it. */
static int parse_ports(const char **s, struct listener_pattern *p)
{
	if (strncmp(*s, "any", 3) == 0) {
		*s += 3;
		p->low = 0;
		p->high = PORT_MAX;
		return 0;
	}
	if (parse_port(s, &p->low) < 0)
		return -EINVAL;
	p->high = p->low;
	if (**s != '-')
		return 0;
	(*s)++;
	return parse_port(s, &p->high) < 0 || p->high < p->low ? -EINVAL : 0;
}

static int parse_address(const char **s, struct listener_pattern *p)
{
	char text[NET_TEXT_MAX];
	size_t n = strcspn(*s, "=");

	if (n >= sizeof(text))
		return -EINVAL;
	(void)snprintf(text, sizeof(text), "%.*s", (int)n, *s);
	*s += n;
	p->any_address = false;
	return net_parse(text, &p->net) < 0 ? -EINVAL : 0;
}

int listener_pattern_parse(const char *word, struct listener_pattern *ret)
{
	struct listener_pattern p = {.any_address = true};
	const char *s = strchr(word, '/');

	if (!s || parse_protocol(word, (size_t)(s - word), &p.protocol) < 0)
		return -EINVAL;
	s++;
	if (parse_ports(&s, &p) < 0)
		return -EINVAL;
	if (*s == '@') {
		s++;
		if (parse_address(&s, &p) < 0)
			return -EINVAL;
	}
	if (*s == '=' && s[1])
		p.who = s + 1;
	else if (*s)
		return -EINVAL;
	*ret = p;
	return 0;
}

bool listener_pattern_fits(const char *word)
{
	struct listener_pattern p;

	return listener_pattern_parse(word, &p) == 0;
}

static bool is_whose(const char *who, const struct listener *l)
{
	if (l->unit && text_glob(who, l->unit))
		return true;
	return l->program &&
	       (text_glob(who, l->program->exe) || text_glob(who, l->program->command));
}

bool listener_pattern_matches(const struct listener_pattern *p, const struct listener *l)
{
	struct net own = {.family = l->family, .bits = l->family == AF_INET ? 32 : 128};

	memcpy(own.addr, l->addr, sizeof(own.addr));
	return p->protocol == l->protocol && l->port >= p->low && l->port <= p->high &&
	       (p->any_address || net_contains(&p->net, &own)) && (!p->who || is_whose(p->who, l));
}

const char *listener_pattern_find(const char *const *words, const struct listener *l)
{
	struct listener_pattern p;

	for (; *words; words++) {
		if (listener_pattern_parse(*words, &p) == 0 && listener_pattern_matches(&p, l))
			return *words;
	}
	return NULL;
}
