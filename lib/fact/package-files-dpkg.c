/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fact/package-files-read.h"

enum {
	LIST_MAX = 4 << 20,
	STATUS_MAX = 64 << 20,
	NAME_ROOM = 256,
	PATH_ROOM = 512,
};

#define STATUS	 "/var/lib/dpkg/status"
#define STATUS_D "/var/lib/dpkg/status.d"

/* A package whose lists are being read. */
struct package {
	const char *name;	 /* without architecture */
	const char *full;	 /* as its lists are called: "libc6:amd64" */
	char digests[PATH_ROOM]; /* the list of them */
	size_t first;		 /* of the files seen */
};

/* Three lines each: from, to, the package whose own file stays (":": no package's). */
static int read_diversions(struct package_reading *rd)
{
	static const char path[] = "/var/lib/dpkg/diversions";
	_cleanup_file_ struct file file = {0};
	const char *v[3];
	size_t have = 0;
	int r = root_read(rd->c->root, path, LIST_MAX, &file);

	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR ? 0 : package_reading_failed(rd, r, path, 0);
	char *save, *text = arena_strndup(rd->tmp, file.data, file.size);
	if (!text)
		return -ENOMEM;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		v[have++] = line;
		if (have < 3)
			continue;
		struct package_diversion *d = arena_grow(
			rd->tmp, &rd->diversions, rd->n_diversions, sizeof(*d));
		if (!d)
			return -ENOMEM;
		*d = (struct package_diversion){.from = v[0], .to = v[1], .owner = v[2]};
		rd->n_diversions++;
		have = 0;
	}
	return have == 0 ? 0 : package_reading_failed(rd, -EBADMSG, path, 0);
}

static bool is_seen(const struct package_reading *rd, const struct package *p, const char *path)
{
	for (size_t i = p->first; i < rd->n_seen; i++) {
		if (strcmp(rd->seen[i].path, path) == 0)
			return true;
	}
	return false;
}

/* The files of a .list that are of the set and that no digest was read of. */
static int compare_list(struct package_reading *rd, const struct package *p, char *text)
{
	char *save = NULL;

	for (char *path = strtok_r(text, "\n", &save); path; path = strtok_r(NULL, "\n", &save)) {
		if (!package_files_wants(p->name, path) || is_seen(rd, p, path))
			continue;
		int r = package_reading_bare(rd, p->full, path);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * The digests. That the list of them is missing is seen when a file of the set
 * has none: dpkg makes one itself (since 1.16.3) of a package that brings none.
 */
static int read_md5sums(struct package_reading *rd, const struct package *p)
{
	_cleanup_file_ struct file file = {0};
	unsigned line = 0;
	int r = root_read(rd->c->root, p->digests, LIST_MAX, &file);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r == 0)
		r = package_files_md5sums(
			p->full, file.data, file.size, package_reading_digest, rd, &line);
	return r < 0 ? package_reading_failed(rd, r, p->digests, line) : 0;
}

/* Why a .list can't say what the package has; NULL when it can. */
static const char *list_fault(const struct file *list)
{
	/* dpkg's own begin with "/.": there is no package without a directory. */
	if (list->size == 0)
		return "is empty";
	if (list->data[list->size - 1] != '\n')
		return "ends in the middle of a line";
	return memchr(list->data, '\0', list->size) ? "has a NUL byte" : NULL;
}

/* A package's .list (its path), and with it the name under which its lists are kept. */
static int read_package(struct package_reading *rd, struct package *p, const char *list)
{
	_cleanup_file_ struct file file = {0};
	int r = root_read(rd->c->root, list, LIST_MAX, &file);

	if (r == -ENOENT || r == -ENOTDIR)
		return -ENOENT;
	if (r < 0)
		return package_reading_failed(rd, r, list, 0);
	(void)snprintf(p->digests, sizeof(p->digests), "/var/lib/dpkg/info/%s.md5sums", p->full);
	rd->list = p->digests;
	p->first = rd->n_seen;
	r = read_md5sums(rd, p);
	if (r < 0)
		return r;
	const char *fault = list_fault(&file);
	return fault ? package_reading_gap(rd, p->full, list, fault)
		     : compare_list(rd, p, file.data);
}

/* The lists of an installed package: "libc6:amd64.list" where several architectures may be. */
static int read_installed(struct package_reading *rd, const char *name, const char *arch)
{
	char with_arch[NAME_ROOM + 64], list[PATH_ROOM];
	const char *const forms[] = {*arch ? with_arch : name, name};
	int r = -ENOENT;

	(void)snprintf(with_arch, sizeof(with_arch), "%s:%s", name, arch);
	for (size_t i = 0; i < ARRAY_SIZE(forms) && r == -ENOENT; i++) {
		(void)snprintf(list, sizeof(list), "/var/lib/dpkg/info/%s.list", forms[i]);
		r = read_package(rd, &(struct package){.name = name, .full = forms[i]}, list);
	}
	return r == -ENOENT ? package_reading_gap(rd, name, list, "is missing") : r;
}

/* Of distroless, which has neither a status nor lists of files. */
static int read_distroless(struct package_reading *rd, const char *name)
{
	struct package p = {.name = name, .full = name, .first = rd->n_seen};

	(void)snprintf(p.digests, sizeof(p.digests), STATUS_D "/%s.md5sums", name);
	rd->list = p.digests;
	int r = read_md5sums(rd, &p);
	return r == 0 && rd->n_seen == p.first && rd->f->state == FACT_STATE_OK
		       ? package_reading_gap(rd, name, p.digests, "has no digest of its files")
		       : r;
}

static int read_all(struct package_reading *rd, bool distroless)
{
	const struct packages *packages = rd->packages;
	char name[NAME_ROOM];

	for (size_t i = 0; i < packages->n; i++) {
		const char *full = package_name(&packages->v[i]), *colon = strchr(full, ':');
		size_t n = colon ? (size_t)(colon - full) : strlen(full);
		if (n >= sizeof(name))
			continue;
		(void)snprintf(name, sizeof(name), "%.*s", (int)n, full);
		if (!package_files_wants_package(name))
			continue;
		int r = distroless ? read_distroless(rd, name)
				   : read_installed(rd, name, colon ? colon + 1 : packages->arch);
		if (r < 0)
			return r;
	}
	return 0;
}

int package_files_dpkg(struct package_reading *rd)
{
	_cleanup_file_ struct file file = {0};
	int status = root_read(rd->c->root, STATUS, STATUS_MAX, &file);
	bool gone = status == -ENOENT || status == -ENOTDIR;

	if (status < 0 && !gone)
		return package_reading_failed(rd, status, STATUS, 0);
	int r = read_diversions(rd);
	if (r == 0)
		r = read_all(rd, gone);
	if (r < 0 || gone)
		return r;
	rd->list = STATUS;
	r = package_files_conffiles(file.data, file.size, package_reading_digest, rd);
	return r < 0 ? package_reading_failed(rd, r, STATUS, 0) : 0;
}
