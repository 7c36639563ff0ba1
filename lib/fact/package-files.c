/* SPDX-License-Identifier: ISC */
#include "fact/package-files.h"

#include <errno.h>
#include <nettle/md5.h>
#include <nettle/nettle-meta.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

#include "fact/collectors.h"
#include "fact/package-files-read.h"

enum {
	FILE_MAX = 256 << 20,
	DIGEST_MAX = 64,
	READ_SIZE = 64 * 1024,
	/*
	 * More that are wrong tell nobody more, and a root may be no more than a part
	 * of one. Of each kind, so that changed configuration hides no program.
	 */
	FOUND_MAX = 500,
};

/* ---- one file ---- */

union hash_ctx {
	struct md5_ctx md5;
	struct sha1_ctx sha1;
	struct sha256_ctx sha256;
	struct sha512_ctx sha512; /* and SHA-384 */
};

static const struct nettle_hash *hash_of(const char *algorithm)
{
	static const struct {
		const char *name;
		const struct nettle_hash *hash;
	} hashes[] = {
		{"MD5", &nettle_md5},
		{"SHA1", &nettle_sha1},
		{"SHA256", &nettle_sha256},
		{"SHA384", &nettle_sha384},
		{"SHA512", &nettle_sha512},
	};

	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
		if (strcmp(hashes[i].name, algorithm) == 0)
			return hashes[i].hash;
	}
	return NULL;
}

/* Hashes what the descriptor gives. 0 or -errno. */
static int hash_fd(struct package_reading *rd, int fd, const struct nettle_hash *hash,
	char hex[static 2 * DIGEST_MAX + 1])
{
	uint8_t digest[DIGEST_MAX];
	union hash_ctx ctx;

	hash->init(&ctx);
	for (;;) {
		ssize_t n = read(fd, rd->buf, READ_SIZE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		hash->update(&ctx, (size_t)n, rd->buf);
		rd->out->hashed += (uint64_t)n;
	}
	hash->digest(&ctx, hash->digest_size, digest);
	for (size_t i = 0; i < hash->digest_size; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return 0;
}

/*
 * The digest of the file at path, from the memo if it is the same file as then;
 * what it is to *ret_st as soon as that is known. 0 or -errno.
 */
static int digest_of(struct package_reading *rd, const char *path, const char *algorithm,
	char hex[static 2 * DIGEST_MAX + 1], struct stat *ret_st)
{
	char identity[STAT_SIGNATURE_MAX], after[STAT_SIGNATURE_MAX];
	struct stat st;

	_cleanup_close_ int fd = root_open_file(rd->c->root, path, &st);
	if (fd < 0)
		return fd;
	*ret_st = st;
	if (st.st_size > FILE_MAX)
		return -EFBIG;
	rd->out->bytes += (uint64_t)st.st_size;
	_cleanup_free_ char *key = NULL;
	if (asprintf(&key, "digest %s %s", algorithm, path) < 0) {
		key = NULL;
		return -ENOMEM;
	}
	const char *known = memo_get(rd->c->memo, key, stat_signature(&st, identity));
	if (known) {
		(void)snprintf(hex, 2 * DIGEST_MAX + 1, "%s", known);
		return 0;
	}
	int r = hash_fd(rd, fd, hash_of(algorithm), hex);
	if (r < 0 || fstat(fd, &st) < 0)
		return r < 0 ? r : -errno;
	/* Written to meanwhile: right for now, and read again at the event that follows. */
	if (strcmp(identity, stat_signature(&st, after)) != 0)
		return 0;
	return memo_put(rd->c->memo, key, identity, hex);
}

/* The version for a person, by the name that the list has or by that without architecture. */
static const char *version_of(const struct package_reading *rd, const char *package)
{
	const char *version = packages_version(rd->packages, package);
	char name[256];

	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(package, ":"), package);
	if (!version)
		version = packages_version(rd->packages, name);
	return version ? arena_strdup(rd->arena, version) : NULL;
}

/* Adds a copy, with the package's version. 0 or -ENOMEM. */
static int add_found(struct package_reading *rd, const struct package_file *found)
{
	size_t same = 0;

	for (size_t i = 0; i < rd->out->n; i++)
		same += rd->found[i].config == found->config;
	if (same >= FOUND_MAX) {
		rd->out->cut++;
		return 0;
	}
	struct package_file *file = arena_grow(rd->arena, &rd->found, rd->out->n, sizeof(*file));
	if (!file)
		return -ENOMEM;
	*file = *found;
	file->path = arena_strdup(rd->arena, found->path);
	file->list = arena_strdup(rd->arena, found->list);
	file->package = arena_strdup(rd->arena, found->package);
	file->version = version_of(rd, found->package);
	file->observed = arena_strdup(rd->arena, found->observed);
	rd->out->n++;
	return arena_failed(rd->arena) ? -ENOMEM : 0;
}

int package_reading_gap(
	struct package_reading *rd, const char *package, const char *path, const char *why)
{
	return add_found(rd, &(struct package_file){.state = PACKAGE_FILE_UNLISTED,
				     .list = path,
				     .package = package,
				     .observed = why});
}

int package_reading_bare(struct package_reading *rd, const char *package, const char *path)
{
	struct package_bare *bare = arena_grow(rd->tmp, &rd->bare, rd->n_bare, sizeof(*bare));

	if (!bare)
		return -ENOMEM;
	*bare = (struct package_bare){.package = arena_strdup(rd->tmp, package),
		.path = arena_strdup(rd->tmp, path),
		.list = arena_strdup(rd->tmp, rd->list)};
	rd->n_bare++;
	return arena_failed(rd->tmp) ? -ENOMEM : 0;
}

/* Where the file of the package lies. */
static const char *diverted(const struct package_reading *rd, const char *package, const char *path)
{
	size_t n = strcspn(package, ":");

	for (size_t i = 0; i < rd->n_diversions; i++) {
		const struct package_diversion *v = &rd->diversions[i];
		bool own = strlen(v->owner) == n && strncmp(v->owner, package, n) == 0;
		if (!own && strcmp(v->from, path) == 0)
			return v->to;
	}
	return path;
}

static int note_seen(struct package_reading *rd, const char *path, const struct stat *st)
{
	struct package_seen *seen = arena_grow(rd->tmp, &rd->seen, rd->n_seen, sizeof(*seen));

	if (!seen)
		return -ENOMEM;
	*seen = (struct package_seen){arena_strdup(rd->tmp, path), st->st_dev, st->st_ino};
	rd->n_seen++;
	return seen->path ? 0 : -ENOMEM;
}

static int judge_digest(struct package_reading *rd, const struct package_digest *d, int r,
	const char *path, const char *hex)
{
	struct package_file found = {
		.config = d->config, .path = path, .package = d->package, .list = rd->list};

	if (r == 0 && strcmp(hex, d->hex) == 0)
		return 0;
	found.expected = arena_printf(rd->arena, "%s %s", d->algorithm, d->hex);
	if (r == -ENOENT || r == -ENOTDIR) {
		/* A configuration file may have been taken away on purpose: dpkg keeps it so. */
		if (d->config)
			return 0;
		found.state = PACKAGE_FILE_MISSING;
		found.observed = "missing";
	} else if (r < 0) {
		found.state = PACKAGE_FILE_UNREADABLE;
		found.observed = fsio_strerror(r);
	} else {
		found.state = PACKAGE_FILE_CHANGED;
		found.observed = arena_printf(rd->arena, "%s %s", d->algorithm, hex);
	}
	return add_found(rd, &found);
}

int package_reading_digest(const struct package_digest *d, void *arg)
{
	struct package_reading *rd = arg;
	const char *path = diverted(rd, d->package, d->path);
	char hex[2 * DIGEST_MAX + 1] = "";
	struct stat st = {0};

	if (!*d->hex)
		return package_reading_bare(rd, d->package, d->path);
	const struct nettle_hash *hash = hash_of(d->algorithm);
	if (!hash || strlen(d->hex) != 2 * hash->digest_size)
		return -EBADMSG;
	rd->out->files++;
	int r = digest_of(rd, path, d->algorithm, hex, &st);
	if (r == -ENOMEM || note_seen(rd, d->path, &st) < 0)
		return -ENOMEM;
	return judge_digest(rd, d, r, path, hex);
}

/* Whether a link leads to a file that some list has a digest of. */
static bool leads_to_seen(const struct package_reading *rd, const char *path)
{
	struct stat st;

	if (root_stat(rd->c->root, path, &st) < 0)
		return false;
	for (size_t i = 0; i < rd->n_seen; i++) {
		if (rd->seen[i].ino == st.st_ino && rd->seen[i].dev == st.st_dev)
			return true;
	}
	return false;
}

/*
 * A file without a digest: packages have links and directories, too, and a list
 * of names does not tell them apart, so what lies there does.
 */
static int judge_bare(struct package_reading *rd, const struct package_bare *bare)
{
	const char *path = diverted(rd, bare->package, bare->path);
	struct stat st;
	int r = root_lstat(rd->c->root, path, &st);

	if (r == 0 && S_ISDIR(st.st_mode))
		return 0;
	if (r == 0 && S_ISLNK(st.st_mode) && leads_to_seen(rd, path))
		return 0;
	return add_found(rd, &(struct package_file){.state = PACKAGE_FILE_UNLISTED,
				     .path = path,
				     .list = bare->list,
				     .package = bare->package,
				     .observed = "has no digest of it"});
}

int package_reading_failed(struct package_reading *rd, int r, const char *path, unsigned line)
{
	if (r == -ENOMEM || rd->f->state != FACT_STATE_OK)
		return r == -ENOMEM ? r : 0;
	if (r == -EBADMSG && line > 0)
		fact_fail(rd->f, r, "%s:%u is not what the package manager writes", path, line);
	else if (r == -EBADMSG)
		fact_fail(rd->f, r, "%s is not what the package manager writes", path);
	else
		fact_fail(rd->f, r, "%s %s", path, fsio_strerror(r));
	return 0;
}

/* ---- the fact ---- */

static int read_manager(struct package_reading *rd)
{
	enum package_manager manager = rd->packages->manager;
	int r = 0;

	switch (manager) {
	case PACKAGES_DPKG:
		r = package_files_dpkg(rd);
		break;
	case PACKAGES_RPM:
		r = package_files_rpm(rd);
		break;
	case PACKAGES_APK:
	case PACKAGES_MAX:
		fact_fail(rd->f, -ENOTSUP,
			"the digests of %s are not read; `apk audit --system` compares them",
			package_manager_name(manager));
		break;
	}
	for (size_t i = 0; i < rd->n_bare && r == 0; i++)
		r = judge_bare(rd, &rd->bare[i]);
	return r;
}

static int package_files_collect(const struct collect *c, struct fact *f)
{
	const struct fact *packages = factset_get(c->facts, FACT_PACKAGES);
	struct package_reading rd = {.c = c, .f = f, .arena = f->arena};

	if (!packages || packages->state != FACT_STATE_OK) {
		f->state = packages ? packages->state : FACT_STATE_ERROR;
		f->reason = arena_printf(f->arena, "the packages are not known: %s",
			packages && packages->reason ? packages->reason : "a fact is missing");
		return 0;
	}
	rd.packages = packages->u.packages;
	_cleanup_free_ uint8_t *buf = malloc(READ_SIZE);
	_cleanup_(arena_freep) struct arena *tmp = arena_new();
	rd.buf = buf;
	rd.tmp = tmp;
	rd.out = arena_alloc(f->arena, sizeof(*rd.out));
	if (!buf || !tmp || !rd.out)
		return -ENOMEM;
	int r = read_manager(&rd);
	if (r < 0)
		return r;
	rd.out->v = rd.found;
	if (f->state == FACT_STATE_OK)
		f->u.package_files = rd.out;
	return 0;
}

const struct collector collector_package_files = {
	.id = FACT_PACKAGE_FILES,
	.name = "package-files",
	.needs = FACT_BIT(FACT_PACKAGES),
	/* Files are replaced before the list of their digests is. */
	.locks = packages_locks,
	.collect = package_files_collect,
};
