/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/unpack.h"
#include "fact/pending-read.h"
#include "fact/updateinfo.h"
#include "fact/version.h"

enum {
	REPOMD_MAX = 4 << 20,
	DIRS_MAX = 2000,
	EVR_MAX = 800,
	MODULE_MAX = 64 * 1024,
};

/* An advisory that mends what is installed; the newest for each package. */
struct found {
	const char *version, *id;
};

struct reading {
	struct pending_list *l;
	struct found *found; /* by the place of the package */
};

#define HEX4  "[0-9a-f][0-9a-f][0-9a-f][0-9a-f]"
#define HEX16 HEX4 HEX4 HEX4 HEX4

/* Where dnf, yum and zypper keep what they have fetched of a source; %s is its id. */
static const struct {
	enum repo_kind kind;
	const char *pattern;
} caches[] = {
	/* dnf and dnf5 add a digest of the URL. */
	{REPO_DNF, "/var/cache/dnf/%s-" HEX16 "/repodata/repomd.xml"},
	{REPO_DNF, "/var/cache/libdnf5/%s-" HEX16 "/repodata/repomd.xml"},
	{REPO_DNF, "/var/cache/yum/*/*/%s/repomd.xml"},
	{REPO_ZYPP, "/var/cache/zypp/raw/%s/repodata/repomd.xml"},
};

/* Whether this stream of the module is the machine's: /etc/dnf/modules.d/NAME.module. */
static int has_stream(struct reading *rd, const struct advisory_package *p)
{
	_cleanup_file_ struct file file = {0};
	char path[600], want[600];

	if (!*p->module)
		return 1;
	if (strchr(p->module, '/'))
		return 0;
	(void)snprintf(path, sizeof(path), "/etc/dnf/modules.d/%s.module", p->module);
	(void)snprintf(want, sizeof(want), "stream=%s", p->stream);
	int r = root_read(rd->l->c->root, path, MODULE_MAX, &file);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	bool on = false, same = false;
	for (char *save, *line = strtok_r(file.data, "\r\n", &save); line;
		line = strtok_r(NULL, "\r\n", &save)) {
		on = on || strcmp(line, "state=enabled") == 0;
		same = same || strcmp(line, want) == 0;
	}
	return on && same;
}

static int each_package(const struct advisory_package *p, void *arg)
{
	struct reading *rd = arg;
	const struct fact_item *item = pending_package(rd->l, p->name, p->arch);
	bool epoch = *p->epoch && strcmp(p->epoch, "0") != 0;
	char evr[EVR_MAX];

	if (!item)
		return 0;
	(void)snprintf(evr, sizeof(evr), "%s%s%s%s%s", epoch ? p->epoch : "", epoch ? ":" : "",
		p->version, *p->release ? "-" : "", p->release);
	if (version_compare_rpm(evr, package_newest(item->value)) <= 0)
		return 0;
	struct found *f = &rd->found[item - rd->l->packages->v];
	if (f->version && version_compare_rpm(evr, f->version) <= 0)
		return 0;
	int r = has_stream(rd, p);
	if (r <= 0)
		return r;
	f->version = arena_strdup(rd->l->tmp, evr);
	f->id = arena_strdup(rd->l->tmp, p->id);
	return f->version && f->id ? 0 : -ENOMEM;
}

static const char *extension(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && strcmp(dot, ".xml") != 0 ? dot : "";
}

static int read_advisories(struct reading *rd, const char *path)
{
	_cleanup_(unpack_freep) struct unpack *u = NULL;
	int form = unpack_form(extension(path));
	struct stat st;

	if (form < 0)
		return form;
	_cleanup_close_ int fd = root_open_file(rd->l->c->root, path, &st);
	if (fd < 0)
		return fd;
	int r = unpack_new(fd, (enum unpack_form)form, &u);
	return r < 0 ? r : updateinfo_read(u, each_package, rd);
}

static int gap(struct reading *rd, const struct repo *repo, const char *path, int r)
{
	const char *what = r == -ENOTSUP   ? "its compression is none that is read here (plain, "
					     ".gz): `dnf updateinfo list --security` reads it"
			   : r == -EBADMSG ? "is damaged"
					   : fsio_strerror(r);

	return r == -ENOMEM ? r : pending_add_gap(rd->l, repo->subject, path, what);
}

/* What one source's table of contents names. yum keeps all beside it, the others in repodata/. */
static int read_contents(struct reading *rd, const struct repo *repo, const char *repomd)
{
	_cleanup_file_ struct file file = {0};
	char href[512];
	int r = root_read(rd->l->c->root, repomd, REPOMD_MAX, &file);

	if (r == 0)
		r = repomd_updateinfo(file.data, file.size, href, sizeof(href));
	if (r < 0)
		return gap(rd, repo, repomd, r);
	rd->l->n_lists++;
	if (!*href)
		return 0; /* it publishes none */
	const char *name = strrchr(href, '/');
	size_t dir = (size_t)(strrchr(repomd, '/') - repomd);
	char *path = arena_printf(rd->l->tmp, "%.*s/%s", (int)dir, repomd, name ? name + 1 : href);
	if (!path)
		return -ENOMEM;
	r = read_advisories(rd, path);
	if (r < 0)
		return gap(rd, repo, path, r);
	rd->l->knows_security = true;
	return 0;
}

/* The id as a pattern of itself. */
static char *quote_pattern(struct arena *a, const char *s)
{
	char *out = arena_alloc(a, 2 * strlen(s) + 1), *w = out;

	for (; out && *s; s++) {
		if (strchr("*?[\\", *s))
			*w++ = '\\';
		*w++ = *s;
	}
	return out;
}

static int read_repo(struct reading *rd, const struct repo *repo)
{
	char *id = quote_pattern(rd->l->tmp, repo->id);
	size_t seen = 0;

	if (!id)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(caches); i++) {
		char **paths = NULL;
		size_t n = 0, before = strcspn(caches[i].pattern, "%");
		if (caches[i].kind != repo->kind || strchr(repo->id, '/'))
			continue;
		char *pattern = arena_printf(rd->l->tmp, "%.*s%s%s", (int)before, caches[i].pattern,
			id, caches[i].pattern + before + 2);
		int r = pattern ? root_glob(
					  rd->l->c->root, rd->l->tmp, pattern, DIRS_MAX, &paths, &n)
				: -ENOMEM;
		for (size_t k = 0; k < n && r == 0; k++)
			r = read_contents(rd, repo, paths[k]);
		if (r < 0 && r != -ENOMEM)
			r = pending_add_gap(rd->l, repo->subject, NULL, fsio_strerror(r));
		if (r < 0)
			return r;
		seen += n;
	}
	if (seen > 0)
		return 0;
	return pending_add_gap(rd->l, repo->subject, NULL,
		"nothing of it is in the package manager's cache; `dnf makecache` fetches it");
}

static int add_updates(struct reading *rd)
{
	for (size_t i = 0; i < rd->l->packages->n; i++) {
		const struct fact_item *item = &rd->l->packages->v[i];
		if (!rd->found[i].version)
			continue;
		int r = pending_add_update(rd->l, &(struct pending_update){
							  .name = package_name(item),
							  .installed = package_newest(item->value),
							  .candidate = rd->found[i].version,
							  .security = rd->found[i].version,
							  .source = rd->found[i].id,
						  });
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * rpm does not record the source of a package. But what no key has signed came
 * from no source whose signatures are checked.
 */
static int add_unsigned(struct pending_list *l)
{
	const struct packages *p = l->packages;

	for (size_t i = 0; i < p->n_unsigned; i++) {
		struct pending_orphan o = {
			.name = p->unsigned_[i], .installed = packages_version(p, p->unsigned_[i])};
		int r = o.installed ? pending_add_orphan(l, &o) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

int pending_rpm(struct pending_list *l)
{
	const struct fact *f = factset_get(l->c->facts, FACT_REPOS);
	struct reading rd = {.l = l};
	int r = add_unsigned(l);

	if (r < 0)
		return r;
	if (!f || !f->u.repos)
		return pending_add_gap(l, "package sources", NULL,
			f && f->reason ? f->reason : "no package source is configured");
	rd.found = arena_alloc(l->tmp, l->packages->n * sizeof(*rd.found));
	if (!rd.found)
		return -ENOMEM;
	for (size_t i = 0; i < f->u.repos->n && r == 0; i++) {
		const struct repo *repo = &f->u.repos->v[i];
		if ((repo->kind == REPO_DNF || repo->kind == REPO_ZYPP) && repo->enabled)
			r = read_repo(&rd, repo);
	}
	return r < 0 ? r : add_updates(&rd);
}
