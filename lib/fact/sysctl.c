/* SPDX-License-Identifier: ISC */
#include "fact/sysctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/policy.h"
#include "fact/collectors.h"

enum {
	VALUE_MAX = 4096,
	INTERFACES_MAX = 1024,
	WATCHED_MAX =
		32, /* interfaces whose settings are watched: what comes by the hundred is not */
};

#define SYS "/proc/sys/"

struct reading {
	const struct collect *c;
	struct root quiet;
	struct fact *f;
	struct sysctl *v;
	size_t n;
	const char **interfaces;
	size_t n_interfaces;
	const char *family; /* that is being listed */
	struct sysctls *s;
};

/* The path of a name: dots and slashes trade places, as sysctl(8) has it. */
static char *path_of(struct arena *a, const char *name)
{
	char *path = arena_printf(a, SYS "%s", name);

	for (char *p = path ? path + strlen(SYS) : NULL; p && *p; p++)
		*p = (char)(*p == '.' ? '/' : *p == '/' ? '.' : *p);
	return path;
}

/* Values of several numbers are separated by tabs. */
static void squeeze(char *s)
{
	size_t n = 0;

	for (char *p = s; *p; p++) {
		bool blank = *p == ' ' || *p == '\t' || *p == '\n';
		if (!blank)
			s[n++] = *p;
		else if (n > 0 && s[n - 1] != ' ')
			s[n++] = ' ';
	}
	while (n > 0 && s[n - 1] == ' ')
		n--;
	s[n] = '\0';
}

static int read_one(struct reading *rd, const struct root *root, const char *name)
{
	_cleanup_file_ struct file file = {0};
	char *path = path_of(rd->f->arena, name);

	if (!path)
		return -ENOMEM;
	int r = root_read(root, path, VALUE_MAX, &file);
	if (r == -ENOMEM)
		return r;
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	struct sysctl *x = arena_grow(rd->f->arena, &rd->v, rd->n, sizeof(*x));
	if (!x)
		return -ENOMEM;
	*x = (struct sysctl){.name = arena_strdup(rd->f->arena, name), .path = path};
	if (r == 0) {
		squeeze(file.data);
		x->value = arena_strdup(rd->f->arena, file.data);
	} else {
		x->reason = fsio_strerror(r);
	}
	rd->n++;
	return arena_failed(rd->f->arena) ? -ENOMEM : 0;
}

/* What decides for one interface, or for all. */
static int read_interface(struct reading *rd, const char *interface, const struct root *root)
{
	static const char *const keys[] = {"forwarding", "accept_redirects", "accept_source_route",
		"route_localnet", "force_forwarding", "disable_ipv6"};
	static const char *const families[] = {"ipv4", "ipv6"};
	char name[256];
	int r = 0;

	/* The last two are of IPv6 alone. */
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(keys) * ARRAY_SIZE(families); i++) {
		const char *family = families[i / ARRAY_SIZE(keys)],
			   *key = keys[i % ARRAY_SIZE(keys)];
		(void)snprintf(name, sizeof(name), "net.%s.conf.%s.%s", family, interface, key);
		r = read_one(rd, root, name);
	}
	return r;
}

static bool has_interface(const struct reading *rd, const char *name)
{
	for (size_t i = 0; i < rd->n_interfaces; i++) {
		if (strcmp(rd->interfaces[i], name) == 0)
			return true;
	}
	return false;
}

static int each_interface(const char *name, void *arg)
{
	struct reading *rd = arg;

	if (strcmp(name, "all") == 0 || strcmp(name, "default") == 0)
		return 0;
	char *copy = arena_strdup(rd->f->arena, name);
	for (char *p = copy; p && *p; p++)
		*p = (char)(*p == '.' ? '/' : *p);
	if (copy && has_interface(rd, copy))
		return 0; /* of the other family */
	if (rd->n_interfaces == INTERFACES_MAX) {
		rd->s->cut = true;
		return 0;
	}
	const char **slot = arena_grow(
		rd->f->arena, &rd->interfaces, rd->n_interfaces, sizeof(*slot));
	if (!slot || !copy)
		return -ENOMEM;
	*slot = copy;
	bool watched = rd->n_interfaces++ < WATCHED_MAX;
	return read_interface(rd, copy, watched ? rd->c->root : &rd->quiet);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int compare_sysctls(const void *a, const void *b)
{
	return strcmp(((const struct sysctl *)a)->name, ((const struct sysctl *)b)->name);
}

const struct sysctl *sysctls_get(const struct sysctls *s, const char *name)
{
	const struct sysctl key = {.name = name};

	return s->n > 0 ? bsearch(&key, s->v, s->n, sizeof(key), compare_sysctls) : NULL;
}

const struct sysctl *sysctls_of(
	const struct sysctls *s, const char *family, const char *interface, const char *key)
{
	char name[256];

	(void)snprintf(name, sizeof(name), "net.%s.conf.%s.%s", family, interface, key);
	return sysctls_get(s, name);
}

/* Those of the policy: "NAME=VALUE", of which the name is of interest here. */
static int read_policy(struct reading *rd)
{
	const char *const *list = policy_list(rd->c->policy, "ip-forwarding", "sysctls");
	int r = 0;

	for (size_t i = 0; r == 0 && list[i]; i++) {
		char *name = arena_strndup(rd->f->arena, list[i], strcspn(list[i], "="));
		bool known = false;
		for (size_t k = 0; name && k < rd->n; k++)
			known = known || strcmp(rd->v[k].name, name) == 0;
		/* A name of the policy is the administrator's, but no way out of /proc/sys. */
		if (name && !known && !strstr(name, "//"))
			r = read_one(rd, rd->c->root, name);
		if (!name)
			r = -ENOMEM;
	}
	return r;
}

/*
 * What lasts and is told by no other: interfaces come and go with containers, and
 * the one switch sets the others with it.
 */
static bool is_item(const char *name)
{
	static const char *const follow[] = {"net.ipv4.conf.all.forwarding",
		"net.ipv4.conf.default.forwarding", "net.ipv6.conf.default.forwarding"};

	for (size_t i = 0; i < ARRAY_SIZE(follow); i++) {
		if (strcmp(name, follow[i]) == 0)
			return false;
	}
	return strncmp(name, "net.ipv", 7) != 0 || !strstr(name, ".conf.") ||
	       strstr(name, ".conf.all.") || strstr(name, ".conf.default.");
}

static int read_all(struct reading *rd)
{
	static const char *const dirs[] = {SYS "net/ipv4/conf", SYS "net/ipv6/conf"};
	int r = read_one(rd, rd->c->root, "net.ipv4.ip_forward");

	if (r == 0)
		r = read_interface(rd, "all", rd->c->root);
	if (r == 0)
		r = read_interface(rd, "default", rd->c->root);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(dirs); i++) {
		r = root_list(&rd->quiet, dirs[i], 65536, each_interface, rd);
		r = r == -ENOENT ? 0 : r; /* a kernel without IPv6 */
	}
	return r == 0 && rd->c->policy ? read_policy(rd) : r;
}

static int sysctl_collect(const struct collect *c, struct fact *f)
{
	struct reading rd = {.c = c, .quiet = *c->root, .f = f};

	if (!c->root->live) {
		fact_fail(f, -ENOENT, "no kernel runs in this root");
		return 0;
	}
	rd.quiet.deps = NULL;
	rd.s = arena_alloc(f->arena, sizeof(*rd.s));
	int r = rd.s ? read_all(&rd) : -ENOMEM;
	if (r == -ENOMEM)
		return r;
	if (r < 0 || rd.n == 0) {
		fact_fail(f, r < 0 ? r : -EIO, SYS "net %s",
			r < 0 ? fsio_strerror(r) : "is not there");
		return 0;
	}
	qsort(rd.v, rd.n, sizeof(*rd.v), compare_sysctls);
	if (rd.n_interfaces > 1)
		qsort(rd.interfaces, rd.n_interfaces, sizeof(char *), compare_names);
	rd.s->v = rd.v;
	rd.s->n = rd.n;
	rd.s->interfaces = rd.interfaces;
	rd.s->n_interfaces = rd.n_interfaces;
	for (size_t i = 0; i < rd.n; i++) {
		char subject[300];
		(void)snprintf(subject, sizeof(subject), "sysctl %s", rd.v[i].name);
		if (is_item(rd.v[i].name) && rd.v[i].value)
			fact_add_item(f, subject, rd.v[i].value, rd.v[i].path, 0);
		else if (is_item(rd.v[i].name))
			fact_add_unseen(f, subject);
	}
	f->u.sysctls = rd.s;
	return 0;
}

const struct collector collector_sysctl = {
	.id = FACT_SYSCTL,
	.name = "sysctl",
	/*
	 * Who writes one is told by its watch, until the kernel has let go of the file in
	 * its cache and made another of the same name: of that nothing tells.
	 */
	.refresh_usec = 5 * USEC_PER_MIN,
	/* A new interface brings settings of its own. */
	.needs = FACT_BIT(FACT_ADDRESSES),
	.collect = sysctl_collect,
};
