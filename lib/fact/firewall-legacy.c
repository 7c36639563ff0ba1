/* SPDX-License-Identifier: ISC */
/* The rules of iptables-legacy: of its own programs, or of the unit that may run them. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/stream.h"
#include "config.h"
#include "fact/firewall-internal.h"

enum {
	NAMES_MAX = 4096,
};

#define UNIT_SOCKET  RUNTIME_DIR "/legacy"
#define TIMEOUT_USEC (30 * USEC_PER_SEC)

const struct firewall_lister firewall_legacies[2] = {
	{
		"iptables-legacy-save",
		{FIREWALL_ARGV("/usr/sbin/iptables-legacy-save"),
			FIREWALL_ARGV("/usr/sbin/xtables-legacy-multi", "iptables-save")},
		"the kernel has tables of iptables-legacy, but iptables-legacy-save is not "
		"installed to list them: install the package iptables, or remove the tables by a "
		"restart",
	},
	{
		"ip6tables-legacy-save",
		{FIREWALL_ARGV("/usr/sbin/ip6tables-legacy-save"),
			FIREWALL_ARGV("/usr/sbin/xtables-legacy-multi", "ip6tables-save")},
		"the kernel has tables of ip6tables-legacy, but ip6tables-legacy-save is not "
		"installed to list them: install the package iptables, or remove the tables by a "
		"restart",
	},
};

/* The names of both families' tables, one a line. 0 or -errno. */
static int read_names(
	const struct collect *c, struct arena *a, const char *ret[static 2], const char **ret_why)
{
	static const char *const paths[] = {
		"/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"};
	struct root quiet = *c->root;

	quiet.deps = NULL;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		_cleanup_file_ struct file file = {0};
		int r = root_read(&quiet, paths[v6], NAMES_MAX, &file);
		if (r < 0 && r != -ENOENT && r != -ENOMEM)
			*ret_why = arena_printf(a, "%s: %s", paths[v6], fsio_strerror(r));
		if (r < 0 && r != -ENOENT)
			return r;
		/* No such file: no iptables-legacy in this kernel. */
		ret[v6] = arena_strdup(a, r == 0 ? file.data : "");
		if (!ret[v6])
			return -ENOMEM;
	}
	return 0;
}

/* Whether this process may do what the programs do first: the unit of the daemon refuses it. */
static bool may_ask(void)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	return fd >= 0;
}

int firewall_legacy_split(char *text, size_t size, const char *ret[static 2])
{
	static const char *const marks[] = {
		"# hardend: iptables\n", "# hardend: ip6tables\n", "# hardend: end\n"};
	char *begin[ARRAY_SIZE(marks)];
	unsigned found = 0;

	if (strlen(text) != size)
		return -EBADMSG;
	for (char *s = text, *end; *s; s = end) {
		end = strchr(s, '\n');
		end = end ? end + 1 : s + strlen(s);
		if (strncmp(s, "# hardend", strlen("# hardend")) != 0) {
			if (found == 0 || found == ARRAY_SIZE(marks))
				return -EBADMSG; /* before the first or behind the last */
			continue;
		}
		if (found == ARRAY_SIZE(marks) ||
			strncmp(s, marks[found], (size_t)(end - s)) != 0 ||
			strlen(marks[found]) != (size_t)(end - s))
			return -EBADMSG;
		begin[found++] = s;
	}
	if (found < ARRAY_SIZE(marks))
		return -EBADMSG;
	for (unsigned i = 0; i < 2; i++) {
		*begin[i + 1] = '\0';
		ret[i] = begin[i] + strlen(marks[i]);
	}
	return 0;
}

/* Whether the text has the table of n bytes at name. */
static bool has_table(const char *text, const char *name, size_t n)
{
	for (const char *s = text; s; s = strchr(s, '\n')) {
		s += *s == '\n';
		if (s[0] == '*' && strncmp(s + 1, name, n) == 0 &&
			(s[n + 1] == '\n' || s[n + 1] == '\0'))
			return true;
	}
	return false;
}

/* Where the first of the names begins that the text has no table of; NULL when it has all. */
static const char *lacking(const char *text, const char *names)
{
	for (const char *s = names; *s;) {
		size_t n = strcspn(s, "\n");
		if (n > 0 && !has_table(text, s, n))
			return s;
		s += n + (s[n] == '\n');
	}
	return NULL;
}

#define JOURNAL "`journalctl -u 'hardend-legacy@*'` says why"

/* Why the unit was of no use, and what to do. */
static const char *why_not(struct arena *a, int r)
{
	if (r == -ENOENT || r == -ECONNREFUSED)
		return "iptables-legacy-save needs raw sockets, which this process may not have, "
		       "and nobody listens at " UNIT_SOCKET
		       " to run it for the daemon: `systemctl start hardend-legacy.socket`";
	if (r == -EBADMSG)
		return "hardend-legacy@.service did not list all rules of "
		       "iptables-legacy: " JOURNAL;
	return arena_printf(
		a, "%s, for the rules of iptables-legacy: %s; " JOURNAL, UNIT_SOCKET, strerror(-r));
}

int firewall_legacy_ask(struct arena *a, const char *path, const char *const names[static 2],
	const char *ret[static 2], const char **ret_why)
{
	_cleanup_free_ char *text = NULL;
	const char *parts[2];
	size_t size = 0;
	int r = stream_ask(path, TIMEOUT_USEC, FIREWALL_OUTPUT_MAX, &text, &size);

	if (r == 0)
		r = firewall_legacy_split(text, size, parts);
	if (r < 0 && r != -ENOMEM)
		*ret_why = why_not(a, r);
	for (unsigned v6 = 0; r == 0 && v6 < 2; v6++) {
		const char *lacks = lacking(parts[v6], names[v6]);
		if (lacks) {
			*ret_why = arena_printf(a,
				"hardend-legacy@.service did not list the table %.*s of %s, "
				"which the kernel has: " JOURNAL,
				(int)strcspn(lacks, "\n"), lacks, firewall_legacies[v6].name);
			r = -EIO;
		}
	}
	for (unsigned v6 = 0; r == 0 && v6 < 2; v6++) {
		if (*names[v6] && !(ret[v6] = arena_strdup(a, parts[v6])))
			r = -ENOMEM;
	}
	return r == -ENOENT ? -EIO : r;
}

static bool is_installed(const struct collect *c, const struct firewall_lister *l)
{
	struct root quiet = *c->root;
	struct stat st;

	quiet.deps = NULL;
	for (size_t i = 0; l->argv[i]; i++) {
		if (root_stat(&quiet, l->argv[i][0], &st) == 0)
			return true;
	}
	return false;
}

int firewall_legacy(
	const struct collect *c, struct arena *a, const char *ret[static 2], const char **ret_why)
{
	const char *names[2] = {"", ""};
	int r = read_names(c, a, names, ret_why);
	bool direct = r == 0 && (*names[0] || *names[1]) && may_ask();

	for (unsigned v6 = 0; r == 0 && v6 < 2; v6++) {
		const struct firewall_lister *l = &firewall_legacies[v6];
		if (!*names[v6])
			continue;
		r = direct		 ? firewall_list(c, a, l, &ret[v6], ret_why)
		    : is_installed(c, l) ? 0
					 : -ENOENT;
		if (r == -ENOENT) {
			*ret_why = l->missing;
			r = -EIO;
		}
	}
	if (r < 0 || direct || (!*names[0] && !*names[1]))
		return r;
	return firewall_legacy_ask(a, UNIT_SOCKET, names, ret, ret_why);
}
