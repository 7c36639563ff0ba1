/* SPDX-License-Identifier: ISC */
#include "base/services.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

enum {
	PORT_MAX = 65535,
};

/* The words of one line: name, port with its protocol, aliases. */
static unsigned line_port(
	const char *line, size_t len, const char *name, size_t n, const char *protocol)
{
	unsigned long port = 0;
	bool named = false;
	size_t at = 0;

	for (int field = 0;; field++) {
		at += strspn(line + at, " \t\r");
		size_t word = strcspn(line + at, " \t\r\n#");
		if (at >= len || word == 0)
			return named && port <= PORT_MAX ? (unsigned)port : 0;
		if (field != 1) {
			named = named || (word == n && memcmp(line + at, name, n) == 0);
		} else {
			char *end = NULL;
			port = is_digit(line[at]) ? strtoul(line + at, &end, 10) : 0;
			size_t rest = end ? (size_t)(line + at + word - end) : 0;
			if (port == 0 || *end != '/' || rest - 1 != strlen(protocol) ||
				memcmp(end + 1, protocol, rest - 1) != 0)
				return 0;
		}
		at += word;
	}
}

unsigned services_port(const char *text, const char *name, size_t n, const char *protocol)
{
	unsigned port = 0;

	while (port == 0 && text && *text) {
		size_t end = strcspn(text, "\n");
		port = line_port(text, strcspn(text, "#\n"), name, n, protocol);
		text += end + (text[end] == '\n');
	}
	return port;
}
