/* SPDX-License-Identifier: ISC */
#include "fact/updates.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "fact/collectors.h"
#include "fact/packages.h"
#include "fact/repos.h"

enum {
	CONF_MAX = 64 * 1024,
	FILES_MAX = 2000,
};

static bool is_word(const char *s, size_t n, const char *word)
{
	return strlen(word) == n && strncasecmp(s, word, n) == 0;
}

static bool is_true(const char *s, size_t n)
{
	return is_word(s, n, "yes") || is_word(s, n, "true") || is_word(s, n, "on") ||
	       is_word(s, n, "1");
}

/* Without the blanks in front and behind. */
static const char *strip(const char *s, size_t *n)
{
	while (*n && strchr(" \t\r", *s)) {
		s++;
		(*n)--;
	}
	while (*n && strchr(" \t\r", s[*n - 1]))
		(*n)--;
	return s;
}

static void take_setting(const char *line, size_t n, unsigned number, struct update_conf *ret)
{
	const char *equals = memchr(line, '=', n);
	if (!equals)
		return;
	size_t n_key = (size_t)(equals - line), n_value = n - n_key - 1;
	const char *key = strip(line, &n_key), *value = strip(equals + 1, &n_value);

	if (is_word(key, n_key, "apply_updates")) {
		ret->apply = is_true(value, n_value);
		ret->line = number;
	} else if (is_word(key, n_key, "upgrade_type") || is_word(key, n_key, "update_cmd")) {
		ret->security_only = n_value >= 8 && memmem(value, n_value, "security", 8);
	}
}

void update_conf_parse(const char *text, struct update_conf *ret)
{
	bool commands = false;
	unsigned number = 0;

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, "\n"), n = len;
		const char *line = strip(p, &n);
		number++;
		if (n && *line == '[')
			commands = is_word(line, n, "[commands]");
		else if (n && commands && *line != '#' && *line != ';')
			take_setting(line, n, number, ret);
		p += len + (p[len] == '\n');
	}
}

/* One more file of settings, which may be missing. 0 or -ENOMEM. */
static int read_conf(
	const struct collect *c, struct fact *f, const char *path, struct update_conf *ret)
{
	_cleanup_file_ struct file file = {0};
	int r = root_read(c->root, path, CONF_MAX, &file);

	if (r == -ENOMEM)
		return r;
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	ret->path = path;
	if (r == 0)
		update_conf_parse(file.data, ret);
	else
		ret->reason = arena_printf(f->arena, "%s %s", path, fsio_strerror(r));
	return 0;
}

/* What is being looked at. */
struct reading {
	const struct collect *c;
	struct fact *f;
	struct updates *u;
};

/*
 * Takes the file's time for the mark if it is later. ctime: when it was last
 * put in place, of a file that keeps the server's mtime; an image that was
 * unpacked has ctimes of its unpacking, so there the mtime must do. 0 or -ENOMEM.
 */
static int look(struct reading *rd, const char *path, bool ctime, struct update_mark *mark)
{
	struct stat st;
	int r = path ? root_stat(rd->c->root, path, &st) : -ENOMEM;

	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		if (r != -ENOENT && r != -ENOTDIR && !rd->u->reason)
			rd->u->reason = arena_printf(rd->f->arena, "%s %s", path, fsio_strerror(r));
		return 0;
	}
	uint64_t t = timespec_usec(ctime && rd->c->root->live ? st.st_ctim : st.st_mtim);
	if (t > mark->realtime_usec)
		*mark = (struct update_mark){t, path};
	return 0;
}

static int look_all(
	struct reading *rd, const char *const *paths, size_t n, struct update_mark *mark)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = look(rd, paths[i], false, mark);
	return r;
}

static int look_glob(struct reading *rd, const char *pattern, struct update_mark *mark)
{
	char **paths = NULL;
	size_t n = 0;
	int r = root_glob(rd->c->root, rd->f->arena, pattern, FILES_MAX, &paths, &n);

	if (r < 0 && r != -ENOMEM && !rd->u->reason)
		rd->u->reason = arena_printf(rd->f->arena, "%s %s", pattern, fsio_strerror(r));
	if (r < 0 && r != -ENOMEM)
		return 0;
	for (size_t i = 0; i < n && r == 0; i++)
		r = look(rd, paths[i], false, mark);
	return r;
}

/*
 * apt puts a Release file in place anew at each fetch, even of an unchanged
 * one, and leaves it alone when the fetch fails. The security archive counts
 * alone where there is one: that another could be reached says nothing.
 */
static int look_apt(struct reading *rd)
{
	static const char *const stamps[] = {
		"/var/lib/apt/periodic/update-success-stamp", "/var/lib/apt/periodic/update-stamp"};
	static const char *const installed[] = {"/var/lib/dpkg/status"};
	const struct fact *fact = factset_get(rd->c->facts, FACT_REPOS);
	const struct repos *repos = fact && fact->state == FACT_STATE_OK ? fact->u.repos : NULL;
	struct update_mark security = {0}, any = {0};
	int r = look_all(rd, installed, ARRAY_SIZE(installed), &rd->u->installed);

	for (size_t i = 0; repos && i < repos->n && r == 0; i++) {
		const struct repo *repo = &repos->v[i];
		if (repo->kind == REPO_APT && repo->enabled && !repo->source && repo->release)
			r = look(rd, arena_strdup(rd->f->arena, repo->release->path), true,
				repo_is_security(repo) ? &security : &any);
	}
	if (r == 0 && (security.path || any.path) && !rd->c->root->live)
		r = look(rd, "/var/lib/apt/lists/partial", false, security.path ? &security : &any);
	if (r == 0 && !security.path && !any.path)
		r = look_all(rd, stamps, ARRAY_SIZE(stamps), &any);
	rd->u->checked = security.path ? security : any;
	return r;
}

/* dnf, yum and zypper touch the metadata that they found to be current. */
static int look_rpm(struct reading *rd)
{
	static const char *const caches[] = {"/var/cache/dnf/*/repodata/*",
		"/var/cache/libdnf5/*/repodata/*", "/var/cache/yum/*/*/*/repomd.xml",
		"/var/cache/yum/*/*/*/cachecookie", "/var/cache/zypp/raw/*/repodata/repomd.xml",
		"/var/cache/zypp/raw/*/cookie"};
	static const char *const databases[] = {"/var/lib/rpm/rpmdb.sqlite",
		"/var/lib/rpm/rpmdb.sqlite-wal", "/var/lib/rpm/Packages",
		"/var/lib/rpm/Packages.db", "/usr/lib/sysimage/rpm/rpmdb.sqlite",
		"/usr/lib/sysimage/rpm/rpmdb.sqlite-wal", "/usr/lib/sysimage/rpm/Packages.db"};
	int r = look_all(rd, databases, ARRAY_SIZE(databases), &rd->u->installed);

	for (size_t i = 0; i < ARRAY_SIZE(caches) && r == 0; i++)
		r = look_glob(rd, caches[i], &rd->u->checked);
	return r;
}

static int look_apk(struct reading *rd)
{
	static const char *const installed[] = {
		"/lib/apk/db/installed", "/usr/lib/apk/db/installed"};
	int r = look_all(rd, installed, ARRAY_SIZE(installed), &rd->u->installed);

	if (r == 0)
		r = look_glob(rd, "/var/cache/apk/APKINDEX.*", &rd->u->checked);
	return r == 0 ? look_glob(rd, "/etc/apk/cache/APKINDEX.*", &rd->u->checked) : r;
}

static int read_tools(struct reading *rd)
{
	static const struct {
		enum update_tool tool;
		const char *path;
	} files[] = {
		{UPDATE_DNF_AUTOMATIC, "/usr/share/dnf5/dnf5-plugins/automatic.conf"},
		{UPDATE_DNF_AUTOMATIC, "/etc/dnf/automatic.conf"},
		{UPDATE_YUM_CRON, "/etc/yum/yum-cron.conf"},
	};
	struct stat st;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files) && r == 0; i++)
		r = read_conf(rd->c, rd->f, files[i].path, &rd->u->tools[files[i].tool]);
	if (r < 0)
		return r;
	r = root_stat(rd->c->root, "/etc/cron.daily/apt-compat", &st);
	rd->u->cron_daily = r == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IXUSR);
	return r == -ENOMEM ? r : 0;
}

static int updates_collect(const struct collect *c, struct fact *f)
{
	struct reading rd = {c, f, arena_alloc(f->arena, sizeof(*rd.u))};
	const struct fact *fact = factset_get(c->facts, FACT_PACKAGES);

	if (!rd.u)
		return -ENOMEM;
	if (!fact || fact->state != FACT_STATE_OK) {
		f->state = fact ? fact->state : FACT_STATE_ERROR;
		f->reason = arena_strdup(f->arena, fact && fact->reason ? fact->reason : "");
		return 0;
	}
	int r = read_tools(&rd);
	if (r == 0 && fact->u.packages->manager == PACKAGES_DPKG)
		r = look_apt(&rd);
	else if (r == 0 && fact->u.packages->manager == PACKAGES_RPM)
		r = look_rpm(&rd);
	else if (r == 0)
		r = look_apk(&rd);
	f->u.updates = rd.u;
	return r;
}

const struct collector collector_updates = {
	.id = FACT_UPDATES,
	.name = "updates",
	.needs = FACT_BIT(FACT_PACKAGES) | FACT_BIT(FACT_REPOS),
	.locks = packages_locks,
	/* dnf and zypper only touch what they found to be current. */
	.refresh_usec = USEC_PER_HOUR,
	.collect = updates_collect,
};
