/* SPDX-License-Identifier: ISC */
/* The names and addresses of this machine, as far as its own files tell them. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/fsio.h"
#include "fact/logging.h"

enum {
	FILE_MAX = 1 << 20,
};

struct own {
	const char *name;  /* of /etc/hostname; "" */
	const char *hosts; /* the text of /etc/hosts; "" */
};

/* The next word of a line, which ends at "#"; of length 0 at its end. */
static size_t next_word(const char **p)
{
	*p += strspn(*p, " \t\r");
	return strcspn(*p, " \t\r\n#");
}

static bool is_word(const char *p, size_t n, const char *s)
{
	return n == strlen(s) && strncasecmp(p, s, n) == 0;
}

/* Whether the line has the word: an address first, then names. */
static bool line_has(const char *line, const char *word)
{
	size_t n;

	for (const char *p = line; (n = next_word(&p)) > 0; p += n) {
		if (is_word(p, n, word))
			return true;
	}
	return false;
}

/* Whether the line is about this machine: a loopback's address, or its own name beside one. */
static bool line_is_own(const char *line, const char *name)
{
	char address[64];
	size_t n = next_word(&line);

	if (n == 0 || n >= sizeof(address))
		return false;
	memcpy(address, line, n);
	address[n] = '\0';
	return log_host_is_local(address) || (*name && line_has(line + n, name));
}

static bool is_own(const struct own *own, const char *host)
{
	if (log_host_is_local(host) || (*host && strcasecmp(host, own->name) == 0))
		return true;
	for (const char *p = own->hosts; *host && *p; p += *p == '\n') {
		if (line_is_own(p, own->name) && line_has(p, host))
			return true;
		p += strcspn(p, "\n");
	}
	return false;
}

/* The text of a file; "" when it cannot be read. NULL on ENOMEM. */
static const char *read_text(struct log_reading *r, const char *path)
{
	_cleanup_file_ struct file f = {0};
	int e = root_read(r->root, path, FILE_MAX, &f);

	if (e == -ENOMEM)
		return NULL;
	return arena_strdup(r->a, e == 0 ? f.data : "");
}

int log_mark_own(struct log_reading *r)
{
	if (r->log->n == 0)
		return 0;
	const char *hostname = read_text(r, "/etc/hostname");
	const char *hosts = read_text(r, "/etc/hosts");
	if (!hostname || !hosts)
		return -ENOMEM;
	hostname += strspn(hostname, " \t\n");
	const struct own own = {arena_strndup(r->a, hostname, strcspn(hostname, " \t\r\n")), hosts};
	if (!own.name)
		return -ENOMEM;
	for (size_t i = 0; i < r->log->n; i++)
		r->v[i].own = is_own(&own, r->v[i].host);
	return 0;
}
