/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/services.h"
#include "fact/guards.h"

enum {
	CONF_MAX = 256 * 1024,
	WORDS_MAX = 10000,
	PORT_MAX = 65535,
};

int guard_words(struct arena *a, const char *text, const char *separators, const char *const **ret,
	size_t *ret_n)
{
	const char **v = NULL;
	size_t n = 0;

	for (text += strspn(text, separators); *text && n < WORDS_MAX;
		text += strspn(text, separators)) {
		size_t len = strcspn(text, separators);
		const char **slot = arena_grow(a, &v, n, sizeof(*v));
		if (!slot || !(*slot = arena_strndup(a, text, len)))
			return -ENOMEM;
		n++;
		text += len;
	}
	*ret = v;
	*ret_n = n;
	return 0;
}

/* The TCP port of a service: name or one of its aliases. 0 when it is not known. */
static unsigned service_port(const char *text, const char *name, size_t len)
{
	if (len == 3 && strncmp(name, "ssh", 3) == 0)
		return 22;
	return services_port(text, name, len, "tcp");
}

static unsigned port_of(const char *s, size_t n, const char *services)
{
	unsigned long port = 0;

	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return service_port(services, s, n);
		port = MIN(port * 10 + (unsigned)(s[i] - '0'), (unsigned long)PORT_MAX + 1);
	}
	return port > PORT_MAX ? 0 : (unsigned)port;
}

int guard_ports_parse(struct arena *a, const char *text, const char *services,
	const struct guard_ports **ret, size_t *ret_n)
{
	const char *const *words;
	struct guard_ports *v = NULL;
	size_t n, k = 0;
	int r = guard_words(a, text, ", \t\n{}", &words, &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		size_t len = strlen(words[i]), colon = strcspn(words[i], ":");
		/* A name may hold "-"; a range of numbers may be written with it. */
		if (colon == len && isdigit((unsigned char)*words[i]))
			colon = strcspn(words[i], "-");
		unsigned first = port_of(words[i], colon, services);
		unsigned last = colon < len
					? port_of(words[i] + colon + 1, len - colon - 1, services)
					: first;
		if (last == 0 || last < first)
			continue;
		struct guard_ports *slot = arena_grow(a, &v, k, sizeof(*v));
		if (!slot)
			return -ENOMEM;
		*slot = (struct guard_ports){first, last};
		k++;
	}
	if (r == 0) {
		*ret = v;
		*ret_n = k;
	}
	return r;
}

/* Takes the quotes off a shell word into out; where it ends, a comment or the line does. */
static bool unquote(const char *s, const char *end, char *out)
{
	char quote = '\0';
	bool plain = true;

	for (; s < end; s++) {
		if (quote ? *s == quote : *s == '"' || *s == '\'') {
			quote = quote ? '\0' : *s;
			continue;
		}
		if (!quote && (*s == ' ' || *s == '\t' || *s == ';' || *s == '\r'))
			break;
		if (quote != '\'' && (*s == '$' || *s == '`' || *s == '\\'))
			plain = false;
		*out++ = *s;
	}
	*out = '\0';
	return plain && !quote;
}

int guard_assignment(struct arena *a, const char *text, const char *key, const char **ret,
	unsigned *ret_line, bool *ret_plain)
{
	size_t len = strlen(key);
	unsigned line = 0;

	*ret = NULL;
	for (const char *s = text; *s;) {
		const char *end = s + strcspn(s, "\n"), *p = s + strspn(s, " \t");
		line++;
		s = end + (*end == '\n');
		if (strncmp(p, "export ", 7) == 0)
			p += 7;
		if (strncmp(p, key, len) != 0)
			continue;
		p += len;
		p += strspn(p, " \t");
		if (*p++ != '=')
			continue;
		p += strspn(p, " \t");
		char *value = arena_alloc(a, (size_t)(end - p) + 1);
		if (!value)
			return -ENOMEM;
		*ret_plain = unquote(p, end, value);
		*ret = value;
		*ret_line = line;
	}
	return 0;
}

static int unreadable(struct arena *a, struct guards *g, const char *path, int r)
{
	if (r == -ENOMEM)
		return r;
	g->reason = arena_printf(a, "%s %s", path, fsio_strerror(r));
	return g->reason ? 0 : -ENOMEM;
}

/* Lines of addresses; "#" begins a comment. A file that isn't there trusts nobody. */
static int read_ignored(
	struct arena *a, const struct root *root, const char *path, struct guard_simple *s)
{
	_cleanup_file_ struct file file = {0};
	int r = root_read(root, path, CONF_MAX, &file);

	if (r < 0)
		return r == -ENOMEM ? r : 0; /* ignoring too few is told by nobody's complaint */
	for (char *p = file.data; (p = strchr(p, '#'));)
		memset(p, ' ', strcspn(p, "\n"));
	return guard_words(a, file.data, " \t\r\n", &s->ignore, &s->n_ignore);
}

static bool is_program(const struct root *root, const char *path)
{
	struct stat st;

	return *path == '/' && root_stat(root, path, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_mode & 0111);
}

/* As the script that starts it asks: a backend, and a command or files that give it logs. */
static int judge_sshguard(
	struct arena *a, const struct root *root, const char *text, struct guard_simple *s)
{
	static const char *const keys[] = {
		"BACKEND", "LOGREADER", "FILES", "WHITELIST_FILE", "THRESHOLD"};
	const char *v[ARRAY_SIZE(keys)], *const *files = NULL;
	unsigned line[ARRAY_SIZE(keys)] = {0};
	bool plain[ARRAY_SIZE(keys)];
	size_t n = 0;
	int found = 0, r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(keys); i++)
		r = guard_assignment(a, text, keys[i], &v[i], &line[i], &plain[i]);
	if (r == 0 && v[2])
		r = guard_words(a, v[2], " \t", &files, &n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		int k = guard_log_exists(root, a, files[i]);
		if (k == -ENOMEM)
			return k;
		found += k > 0;
	}
	if (r < 0)
		return r;
	s->threshold = (struct guard_setting){v[4], s->path, line[4]};
	s->line = line[0];
	if (!v[0] || !*v[0])
		s->fault = "BACKEND is not set";
	else if (!plain[0])
		s->unsure = "BACKEND is put together by a shell";
	else if (!is_program(root, v[0]))
		s->fault = arena_printf(a, "BACKEND=%s is no program", v[0]);
	else if (strstr(v[0], "sshg-fw-null"))
		s->fault = arena_printf(a, "BACKEND=%s blocks nobody", v[0]);
	else if ((!v[1] || !*v[1]) && (!v[2] || !*v[2])) {
		s->fault = "neither LOGREADER nor FILES says where the logs are";
		s->line = 0;
	} else if ((!v[1] || !*v[1]) && plain[2] && found == 0) {
		s->fault = arena_printf(a, "none of FILES=%s is there", v[2]);
		s->line = line[2];
	}
	if (arena_failed(a))
		return -ENOMEM;
	return v[3] && *v[3] ? read_ignored(a, root, v[3], s) : 0;
}

int guard_sshguard_read(struct arena *a, const struct root *root, struct guards *ret)
{
	static const char *const paths[] = {"/etc/sshguard/sshguard.conf", "/etc/sshguard.conf"};
	_cleanup_file_ struct file file = {0};
	struct guard_simple *s = &ret->sshguard;
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int r = root_read(root, paths[i], CONF_MAX, &file);
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return unreadable(a, ret, paths[i], r);
		/* Its configuration outlives the package. */
		if (root_stat(root, "/usr/sbin/sshguard", &st) < 0 &&
			root_stat(root, "/usr/local/sbin/sshguard", &st) < 0)
			return 0;
		s->there = true;
		s->path = paths[i];
		return judge_sshguard(a, root, file.data, s);
	}
	return 0;
}

int guard_has_libwrap(struct arena *a, const struct root *root)
{
	static const char *const patterns[] = {"/usr/lib/*/libwrap.so.0", "/lib/*/libwrap.so.0",
		"/usr/lib64/libwrap.so.0", "/usr/lib/libwrap.so.0"};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(patterns) && r <= 0 && r != -ENOMEM; i++)
		r = guard_log_exists(root, a, patterns[i]);
	return r;
}

static int judge_denyhosts(
	struct arena *a, const struct root *root, const char *text, struct guard_simple *s)
{
	static const char *const keys[] = {
		"SECURE_LOG", "BLOCK_SERVICE", "IPTABLES", "PFCTL_PATH", "HOSTS_DENY"};
	const char *v[ARRAY_SIZE(keys)];
	unsigned line[ARRAY_SIZE(keys)] = {0};
	bool plain;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(keys); i++)
		r = guard_assignment(a, text, keys[i], &v[i], &line[i], &plain);
	int log = r == 0 && v[0] ? guard_log_exists(root, a, v[0]) : 0;
	int libwrap = guard_has_libwrap(a, root);
	if (r < 0 || log == -ENOMEM || libwrap == -ENOMEM)
		return -ENOMEM;
	bool firewall = (v[2] && *v[2]) || (v[3] && *v[3]);
	if (!v[0])
		s->fault = "SECURE_LOG is not set";
	else if (log <= 0) {
		s->fault = arena_printf(a, "SECURE_LOG = %s is not there", v[0]);
		s->line = line[0];
	} else if (!firewall && v[1] && *v[1] && strcasecmp(v[1], "sshd") != 0 &&
		   strcasecmp(v[1], "ALL") != 0) {
		s->fault = arena_printf(a, "BLOCK_SERVICE = %s leaves sshd open", v[1]);
		s->line = line[1];
	} else if (!firewall && libwrap == 0) {
		s->fault = "it writes hosts.deny, which no sshd reads without libwrap; IPTABLES is "
			   "not set";
		s->line = line[4];
	}
	return arena_failed(a) ? -ENOMEM : 0;
}

int guard_denyhosts_read(struct arena *a, const struct root *root, struct guards *ret)
{
	static const char path[] = "/etc/denyhosts.conf";
	_cleanup_file_ struct file file = {0};
	struct guard_simple *s = &ret->denyhosts;
	struct stat st;
	int r = root_read(root, path, CONF_MAX, &file);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return unreadable(a, ret, path, r);
	if (root_stat(root, "/usr/sbin/denyhosts", &st) < 0 &&
		root_stat(root, "/usr/bin/denyhosts.py", &st) < 0 &&
		root_stat(root, "/usr/local/bin/denyhosts.py", &st) < 0)
		return 0;
	s->there = true;
	s->path = path;
	r = read_ignored(a, root, "/var/lib/denyhosts/allowed-hosts", s);
	return r < 0 ? r : judge_denyhosts(a, root, file.data, s);
}

/* The first of the patterns that finds anything; NULL when none does. */
static int first_of(
	struct arena *a, const struct root *root, const char *const patterns[], const char **ret)
{
	struct stat st;

	for (; *patterns; patterns++) {
		char **v;
		size_t n;
		int r = root_glob(root, a, *patterns, WORDS_MAX, &v, &n);
		if (r == -ENOMEM)
			return r;
		/* A link of the hub whose target is gone counts for nothing. */
		for (size_t i = 0; r == 0 && i < n; i++) {
			if (root_stat(root, v[i], &st) == 0) {
				*ret = v[i];
				return 0;
			}
		}
	}
	return 0;
}

/*
 * Whether the acquisition at path takes in sshd's log: a file that there is, or
 * the journal of ssh. Read word by word: YAML's forms of a list don't matter.
 */
static int feeds_ssh(struct arena *a, const struct root *root, const char *path, bool *ret)
{
	_cleanup_file_ struct file file = {0};
	const char *const *v;
	size_t n;
	int r = root_read(root, path, CONF_MAX, &file);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (char *p = file.data; (p = strchr(p, '#'));)
		memset(p, ' ', strcspn(p, "\n"));
	r = guard_words(a, file.data, " \t\r\n,[]\"'", &v, &n);
	for (size_t i = 0; r == 0 && i < n && !*ret; i++) {
		const char *name = strrchr(v[i], '/');
		if (strstr(v[i], "_SYSTEMD_UNIT=ssh") || strstr(v[i], "SYSLOG_IDENTIFIER=sshd"))
			*ret = true;
		if (*v[i] != '/' || !name ||
			(!strstr(name, "auth") && !strstr(name, "secure") &&
				!strstr(name, "messages") && !strstr(name, "syslog") &&
				!strchr(name, '*')))
			continue;
		int found = guard_log_exists(root, a, v[i]);
		if (found == -ENOMEM)
			return found;
		*ret = found > 0;
	}
	return r;
}

static int find_source(struct arena *a, const struct root *root, const char **ret)
{
	static const char *const patterns[] = {
		"/etc/crowdsec/acquis.yaml", "/etc/crowdsec/acquis.d/*.yaml"};

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		char **v;
		size_t n;
		int r = root_glob(root, a, patterns[i], WORDS_MAX, &v, &n);
		for (size_t k = 0; r == 0 && k < n; k++) {
			bool feeds = false;
			r = feeds_ssh(a, root, v[k], &feeds);
			if (feeds) {
				*ret = v[k];
				return 0;
			}
		}
		if (r == -ENOMEM)
			return r;
	}
	return 0;
}

/* "simulation: true" at the top: decisions are taken and nobody is told to block. 0 or -ENOMEM. */
static int read_simulation(struct arena *a, const struct root *root, struct guards *ret)
{
	static const char path[] = "/etc/crowdsec/simulation.yaml";
	static const char key[] = "simulation:";
	_cleanup_file_ struct file file = {0};
	unsigned line = 1;
	int r = root_read(root, path, CONF_MAX, &file);

	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR ? 0 : unreadable(a, ret, path, r);
	for (const char *s = file.data; *s; s += strcspn(s, "\n"), s += *s == '\n', line++) {
		const char *value = s + strlen(key);
		if (strncmp(s, key, strlen(key)) != 0)
			continue;
		value += strspn(value, " \t\"'");
		ret->crowdsec.simulation = strncasecmp(value, "true", 4) == 0 ? line : 0;
	}
	return 0;
}

int guard_crowdsec_read(struct arena *a, const struct root *root, struct guards *ret)
{
	static const char *const config[] = {"/etc/crowdsec/config.yaml", NULL};
	static const char *const program[] = {"/usr/bin/crowdsec", "/usr/local/bin/crowdsec", NULL};
	/* Only these are loaded; a collection is no more than a list of them. */
	static const char *const scenario[] = {
		"/etc/crowdsec/scenarios/ssh-bf.yaml", "/etc/crowdsec/scenarios/*ssh*.yaml", NULL};
	static const char *const parser[] = {"/etc/crowdsec/parsers/s01-parse/sshd-logs.yaml",
		"/etc/crowdsec/parsers/s01-parse/*ssh*.yaml", NULL};
	static const struct {
		const char *const path[2], *unit;
	} bouncers[] = {
		{{"/etc/crowdsec/bouncers/crowdsec-firewall-bouncer.yaml"},
			"crowdsec-firewall-bouncer.service"},
		{{"/etc/crowdsec/cs-firewall-bouncer/cs-firewall-bouncer.yaml"},
			"cs-firewall-bouncer.service"},
		{{"/etc/crowdsec/bouncers/crowdsec-custom-bouncer.yaml"},
			"crowdsec-custom-bouncer.service"},
	};
	struct guard_crowdsec *c = &ret->crowdsec;
	const char *path = NULL, *bin = NULL, *reads = NULL;
	int r = first_of(a, root, config, &path);

	r = r < 0 ? r : first_of(a, root, program, &bin);
	if (r < 0 || !path || !bin)
		return r;
	c->there = true;
	r = read_simulation(a, root, ret);
	r = r < 0 ? r : first_of(a, root, parser, &reads);
	if (r == 0 && reads)
		r = first_of(a, root, scenario, &c->scenario);
	r = r < 0 ? r : find_source(a, root, &c->source);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(bouncers) && !c->bouncer; i++) {
		r = first_of(a, root, bouncers[i].path, &c->bouncer);
		c->bouncer_unit = c->bouncer ? bouncers[i].unit : NULL;
	}
	return r;
}
