/* SPDX-License-Identifier: ISC */
#include "fact/slapd-start.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "fact/guards.h"

struct command {
	struct arena *a;
	const struct root *root;
	bool found; /* a unit runs it */
	struct slapd_start *s;
};

/* The value of a variable of the file, in which a shell has nothing to replace. */
static int variable(struct command *c, const char *path, const char *key, const char **ret)
{
	_cleanup_file_ struct file file = {0};
	const char *value;
	unsigned line = 0;
	bool plain = true;

	int k = root_read(c->root, path, 1 << 20, &file);
	if (k < 0)
		return k == -ENOMEM ? k : 0;
	k = guard_assignment(c->a, file.data, key, &value, &line, &plain);
	if (k < 0 || !value)
		return k;
	c->s->unknown = c->s->unknown || !plain;
	c->s->at = (struct conf_place){path, line};
	*ret = value;
	return 0;
}

static int urls_of_variable(struct command *c, const char *word)
{
	static const char *const paths[] = {"/etc/default/slapd", "/etc/sysconfig/slapd"};
	const char *begin = word + 1 + (word[1] == '{');
	const char *key = arena_strndup(c->a, begin, strcspn(begin, "}"));

	if (!key)
		return -ENOMEM;
	c->s->urls = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(paths) && !c->s->urls; i++) {
		int k = variable(c, paths[i], key, &c->s->urls);
		if (k < 0)
			return k;
	}
	c->s->name = key;
	c->s->unknown = c->s->unknown || !c->s->urls;
	return 0;
}

/* "-h" and its value, as one word or two. */
static const char *option(const char *const *words, size_t *i, char letter)
{
	const char *w = words[*i];

	if (w[0] != '-' || w[1] != letter)
		return NULL;
	if (w[2])
		return w + 2;
	return words[*i + 1] ? words[++*i] : NULL;
}

static int each_command(const char *const *words, size_t n, const struct conf_place *at, void *arg)
{
	struct command *c = arg;
	int k = 0;

	if (strncmp(words[0], "/etc/", 5) == 0)
		return 0; /* SysV's script has its settings elsewhere */
	if (c->found) {
		c->s->another = *at;
		return 0;
	}
	c->found = true;
	c->s->at = *at;
	for (size_t i = 1; k == 0 && i < n; i++) {
		const char *value;
		if ((value = option(words, &i, 'f'))) {
			c->s->file = value;
		} else if ((value = option(words, &i, 'F'))) {
			c->s->dir = value;
		} else if ((value = option(words, &i, 'h'))) {
			c->s->name = "-h";
			c->s->urls = value;
			if (*value == '$')
				k = urls_of_variable(c, value);
		}
	}
	c->s->unknown = c->s->unknown || (c->s->urls && strchr(c->s->urls, '$'));
	return k;
}

/* As Debian's SysV script reads /etc/default/slapd. */
static int read_default(struct command *c)
{
	static const char path[] = "/etc/default/slapd";
	struct conf_place at;
	const char *conf = NULL;
	int k = variable(c, path, "SLAPD_SERVICES", &c->s->urls);

	at = c->s->at;
	c->s->name = "SLAPD_SERVICES";
	if (k == 0)
		k = variable(c, path, "SLAPD_CONF", &conf);
	c->s->at = at;
	if (c->s->urls && !*c->s->urls)
		c->s->urls = NULL;
	if (conf && *conf) {
		struct stat st;
		bool dir = root_stat(c->root, conf, &st) == 0 && S_ISDIR(st.st_mode);
		c->s->dir = dir ? conf : NULL;
		c->s->file = dir ? NULL : conf;
	}
	return k;
}

static void find_conf(struct command *c)
{
	static const char *const dirs[] = {"/etc/ldap", "/etc/openldap"};

	for (size_t i = 0; i < ARRAY_SIZE(dirs) && !c->s->dir && !c->s->file; i++) {
		const char *dir = arena_path(c->a, dirs[i], "slapd.d");
		const char *file = arena_path(c->a, dirs[i], "slapd.conf");
		struct stat st;
		if (dir && root_stat(c->root, dir, &st) == 0 && S_ISDIR(st.st_mode))
			c->s->dir = dir;
		else if (file && root_stat(c->root, file, &st) == 0)
			c->s->file = file;
	}
}

int slapd_start_read(struct arena *a, const struct root *root, const struct clear_list *l,
	struct slapd_start *ret)
{
	struct slapd_start s = {0};
	struct command c = {.a = a, .root = root, .s = &s};
	int k = clear_commands(a, l, "slapd", each_command, &c);

	if (k >= 0 && !c.found)
		k = read_default(&c);
	find_conf(&c);
	if (k < 0 || arena_failed(a))
		return k < 0 ? k : -ENOMEM;
	*ret = s;
	return 0;
}

/* "ldaps://host:1636/": its port. */
static unsigned url_port(const char *url, size_t len)
{
	const char *host = memmem(url, len, "://", 3), *end = url + len;
	unsigned port = 0;

	if (!host)
		return 636;
	host += 3;
	const char *slash = memchr(host, '/', (size_t)(end - host));
	end = slash ? slash : end;
	const char *bracket = memchr(host, ']', (size_t)(end - host));
	host = bracket ? bracket : host;
	const char *colon = memchr(host, ':', (size_t)(end - host));
	for (const char *p = colon ? colon + 1 : end; p < end && is_digit(*p) && port < 65536; p++)
		port = port * 10 + (unsigned)(*p - '0');
	return port ? port : 636;
}

/* Whether one of the URLs is served in the clear; the ports of those that begin with TLS. */
bool slapd_start_urls(const char *urls, unsigned ret_ports[static CLEAR_PORTS_MAX])
{
	bool clear = false;
	size_t n = 0;

	for (const char *u = urls; *u;) {
		size_t len = strcspn(u, " \t");
		clear = clear || strncasecmp(u, "ldap:", 5) == 0 ||
			strncasecmp(u, "pldap:", 6) == 0;
		if (n < CLEAR_PORTS_MAX &&
			(strncasecmp(u, "ldaps:", 6) == 0 || strncasecmp(u, "pldaps:", 7) == 0))
			ret_ports[n++] = url_port(u, len);
		u += len;
		u += strspn(u, " \t");
	}
	return clear;
}
