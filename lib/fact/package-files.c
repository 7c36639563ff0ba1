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
#include "fact/packages.h"
#include "fact/rodb.h"

enum {
	LIST_MAX = 4 << 20,
	STATUS_MAX = 64 << 20,
	FILE_MAX = 256 << 20,
	NAMES_MAX = 200000,
	DIGEST_MAX = 64,
	READ_SIZE = 64 * 1024,
	RPM_TRIES = 5,
	/* More that are wrong tell nobody more, and a root may be no more than a part of one. */
	WRONG_MAX = 500,
};

/* One of dpkg's diversions: what another package than owner installs as from lies at to. */
struct diversion {
	const char *from, *to, *owner;
};

struct build {
	const struct collect *c;
	struct fact *f;
	struct arena *a;
	struct package_files *out;
	struct package_file *wrong;
	struct diversion *diversions;
	size_t n_diversions;
	uint8_t *buf;
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
static int hash_fd(struct build *b, int fd, const struct nettle_hash *hash,
	char hex[static 2 * DIGEST_MAX + 1])
{
	uint8_t digest[DIGEST_MAX];
	union hash_ctx ctx;

	hash->init(&ctx);
	for (;;) {
		ssize_t n = read(fd, b->buf, READ_SIZE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		hash->update(&ctx, (size_t)n, b->buf);
		b->out->hashed += (uint64_t)n;
	}
	hash->digest(&ctx, hash->digest_size, digest);
	for (size_t i = 0; i < hash->digest_size; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return 0;
}

/* What must be the same for the content to be: ctime tells what mtime was set back from. */
static void identify(const struct stat *st, char *ret, size_t size)
{
	(void)snprintf(ret, size, "%ju:%ju %jd %jd.%09ld %jd.%09ld", (uintmax_t)st->st_dev,
		(uintmax_t)st->st_ino, (intmax_t)st->st_size, (intmax_t)st->st_mtim.tv_sec,
		st->st_mtim.tv_nsec, (intmax_t)st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
}

/* The digest of the file at path, from the memo if it is the same file as then. 0 or -errno. */
static int digest_of(struct build *b, const char *path, const char *algorithm,
	const struct nettle_hash *hash, char hex[static 2 * DIGEST_MAX + 1])
{
	char identity[160], after[160];
	struct stat st;

	_cleanup_close_ int fd = root_open_file(b->c->root, path, &st);
	if (fd < 0)
		return fd;
	if (st.st_size > FILE_MAX)
		return -EFBIG;
	b->out->bytes += (uint64_t)st.st_size;
	identify(&st, identity, sizeof(identity));
	_cleanup_free_ char *key = NULL;
	if (asprintf(&key, "digest %s %s", algorithm, path) < 0) {
		key = NULL;
		return -ENOMEM;
	}
	const char *known = memo_get(b->c->memo, key, identity);
	if (known) {
		(void)snprintf(hex, 2 * DIGEST_MAX + 1, "%s", known);
		return 0;
	}
	int r = hash_fd(b, fd, hash, hex);
	if (r < 0 || fstat(fd, &st) < 0)
		return r < 0 ? r : -errno;
	/* Written to meanwhile: right for now, and read again at the event that follows. */
	identify(&st, after, sizeof(after));
	return strcmp(identity, after) == 0 ? memo_put(b->c->memo, key, identity, hex) : 0;
}

/* The version for a person, by the name that the list has or by that without architecture. */
static const char *version_of(const struct build *b, const char *package)
{
	const struct fact *f = factset_get(b->c->facts, FACT_PACKAGES);
	char name[256];

	if (!f || f->state != FACT_STATE_OK)
		return NULL;
	const char *version = packages_version(f->u.packages, package);
	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(package, ":"), package);
	if (!version)
		version = packages_version(f->u.packages, name);
	return version ? arena_strdup(b->a, version) : NULL;
}

static int add_wrong(struct build *b, const struct package_digest *d, const char *path,
	enum package_file_state state, const char *observed)
{
	if (b->out->n >= WRONG_MAX)
		return 0;
	struct package_file *file = arena_grow(b->a, &b->wrong, b->out->n, sizeof(*file));
	if (!file)
		return -ENOMEM;
	*file = (struct package_file){
		.state = state,
		.config = d->config,
		.path = arena_strdup(b->a, path),
		.package = arena_strdup(b->a, d->package),
		.version = version_of(b, d->package),
		.observed = observed,
		.expected = arena_printf(b->a, "%s %s", d->algorithm, d->hex),
	};
	if (!file->path || !file->package || !file->observed || !file->expected)
		return -ENOMEM;
	b->out->n++;
	return 0;
}

/* Where the file of the package lies. */
static const char *diverted(const struct build *b, const struct package_digest *d)
{
	size_t n = strcspn(d->package, ":");

	for (size_t i = 0; i < b->n_diversions; i++) {
		const struct diversion *v = &b->diversions[i];
		bool own = strlen(v->owner) == n && strncmp(v->owner, d->package, n) == 0;
		if (!own && strcmp(v->from, d->path) == 0)
			return v->to;
	}
	return d->path;
}

static int take_digest(const struct package_digest *d, void *arg)
{
	struct build *b = arg;
	const struct nettle_hash *hash = hash_of(d->algorithm);
	const char *path = diverted(b, d);
	char hex[2 * DIGEST_MAX + 1];

	if (!hash || strlen(d->hex) != 2 * hash->digest_size)
		return -EBADMSG;
	b->out->files++;
	int r = digest_of(b, path, d->algorithm, hash, hex);
	if (r == -ENOMEM)
		return r;
	/* A configuration file may have been taken away on purpose: dpkg keeps it so. */
	if (r == -ENOENT || r == -ENOTDIR)
		return d->config ? 0 : add_wrong(b, d, path, PACKAGE_FILE_MISSING, "missing");
	if (r < 0)
		return add_wrong(
			b, d, path, PACKAGE_FILE_UNREADABLE, arena_strdup(b->a, fsio_strerror(r)));
	if (strcmp(hex, d->hex) == 0)
		return 0;
	return add_wrong(
		b, d, path, PACKAGE_FILE_CHANGED, arena_printf(b->a, "%s %s", d->algorithm, hex));
}

/* The fact is not known: its first reason. 0 or -ENOMEM. */
static int unreadable(struct build *b, int r, const char *path, unsigned line)
{
	if (r == -ENOMEM || b->f->state != FACT_STATE_OK)
		return r == -ENOMEM ? r : 0;
	if (r == -EBADMSG && line > 0)
		fact_fail(b->f, r, "%s:%u is not what the package manager writes", path, line);
	else if (r == -EBADMSG)
		fact_fail(b->f, r, "%s is not what the package manager writes", path);
	else
		fact_fail(b->f, r, "%s %s", path, fsio_strerror(r));
	return 0;
}

/* ---- dpkg ---- */

/* Three lines each: from, to, the package whose own file stays (":": no package's). */
static int read_diversions(struct build *b)
{
	static const char path[] = "/var/lib/dpkg/diversions";
	_cleanup_file_ struct file file = {0};
	const char *v[3];
	size_t have = 0;
	int r = root_read(b->c->root, path, LIST_MAX, &file);

	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR ? 0 : unreadable(b, r, path, 0);
	char *save, *text = arena_strndup(b->a, file.data, file.size);
	if (!text)
		return -ENOMEM;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		v[have++] = line;
		if (have < 3)
			continue;
		struct diversion *d = arena_grow(b->a, &b->diversions, b->n_diversions, sizeof(*d));
		if (!d)
			return -ENOMEM;
		*d = (struct diversion){.from = v[0], .to = v[1], .owner = v[2]};
		b->n_diversions++;
		have = 0;
	}
	return have == 0 ? 0 : unreadable(b, -EBADMSG, path, 0);
}

/* A name in info: the md5sums of a package that is wanted. */
static int read_md5sums(const char *name, void *arg)
{
	static const char suffix[] = ".md5sums";
	struct build *b = arg;
	size_t n = strlen(name), end = sizeof(suffix) - 1;
	_cleanup_file_ struct file file = {0};
	char package[256], bare[256], path[512];
	unsigned line = 0;

	if (n <= end || strcmp(name + n - end, suffix) != 0 || n - end >= sizeof(package))
		return 0;
	(void)snprintf(package, sizeof(package), "%.*s", (int)(n - end), name);
	(void)snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(package, ":"), package);
	if (!package_files_wants_package(bare))
		return 0;
	(void)snprintf(path, sizeof(path), "/var/lib/dpkg/info/%s", name);
	int r = root_read(b->c->root, path, LIST_MAX, &file);
	if (r == 0)
		r = package_files_md5sums(package, file.data, file.size, take_digest, b, &line);
	return r < 0 ? unreadable(b, r, path, line) : 0;
}

static int read_dpkg(struct build *b)
{
	static const char info[] = "/var/lib/dpkg/info", status[] = "/var/lib/dpkg/status";
	_cleanup_file_ struct file file = {0};
	int r = read_diversions(b);

	if (r < 0)
		return r;
	r = root_list(b->c->root, info, NAMES_MAX, read_md5sums, b);
	if (r < 0 && r != -ENOENT && r != -ENOTDIR)
		return unreadable(b, r, info, 0);
	r = root_read(b->c->root, status, STATUS_MAX, &file);
	if (r == 0)
		r = package_files_conffiles(file.data, file.size, take_digest, b);
	return r < 0 && r != -ENOENT && r != -ENOTDIR ? unreadable(b, r, status, 0) : 0;
}

/* ---- rpm ---- */

/* One header, by its number. 0 or -errno. */
static int read_header(sqlite3 *db, sqlite3_int64 number, struct build *b)
{
	sqlite3_stmt *s = NULL;
	int r = -EBADMSG;

	if (sqlite3_prepare_v2(db, "SELECT blob FROM Packages WHERE hnum = ?", -1, &s, NULL) ==
			SQLITE_OK &&
		sqlite3_bind_int64(s, 1, number) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
		const uint8_t *blob = sqlite3_column_blob(s, 0);
		if (blob)
			r = package_files_header(
				blob, (size_t)sqlite3_column_bytes(s, 0), take_digest, b);
	}
	if (r == -EBADMSG && sqlite3_errcode(db) == SQLITE_NOMEM)
		r = -ENOMEM;
	(void)sqlite3_finalize(s); /* repeats the error of the last step */
	return r;
}

/* rpm's index of names spares reading every header: there are tens of megabytes of them. */
static int read_headers(sqlite3 *db, struct build *b)
{
	sqlite3_stmt *s = NULL;
	int r = 0, step = sqlite3_prepare_v2(db, "SELECT key, hnum FROM Name", -1, &s, NULL);

	while (step == SQLITE_OK || step == SQLITE_ROW) {
		char name[256];
		step = sqlite3_step(s);
		if (step != SQLITE_ROW)
			break;
		const char *key = sqlite3_column_blob(s, 0);
		(void)snprintf(
			name, sizeof(name), "%.*s", sqlite3_column_bytes(s, 0), key ? key : "");
		if (!package_files_wants_package(name))
			continue;
		r = read_header(db, sqlite3_column_int64(s, 1), b);
		if (r < 0)
			break;
	}
	(void)sqlite3_finalize(s); /* repeats the error of the last step */
	if (r < 0 || step == SQLITE_DONE)
		return r;
	return step == SQLITE_NOMEM ? -ENOMEM : -EBADMSG;
}

static int read_rpm_once(struct build *b, const char *path)
{
	struct rodb *d = NULL;
	int r = rodb_open(b->c->root, path, &d);

	if (r < 0)
		return r;
	r = read_headers(rodb_handle(d), b);
	int closed = rodb_close(d);
	/* What made no sense may have been half written. */
	return r == -ENOMEM || closed == 0 ? r : closed;
}

static int read_rpm(struct build *b)
{
	static const char *const paths[] = {
		"/usr/lib/sysimage/rpm/rpmdb.sqlite", "/var/lib/rpm/rpmdb.sqlite"};
	struct package_files empty = *b->out;
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int r = root_stat(b->c->root, paths[i], &st);
		if (r == -ENOENT || r == -ENOTDIR)
			continue;
		for (int try = 0; try < RPM_TRIES; try++) {
			*b->out = empty;
			r = read_rpm_once(b, paths[i]);
			if (r != -EAGAIN)
				break;
		}
		if (r == -EAGAIN)
			fact_fail(b->f, r, "%s was changed while it was read", paths[i]);
		else if (r < 0)
			return unreadable(b, r, paths[i], 0);
		return 0;
	}
	fact_fail(b->f, -ENOTSUP,
		"rpm's database is not in the sqlite format: its digests are not read; `rpm -Va` "
		"compares them");
	return 0;
}

/* ---- the fact ---- */

static int read_manager(struct build *b, const struct packages *p)
{
	switch (p->manager) {
	case PACKAGES_DPKG:
		return read_dpkg(b);
	case PACKAGES_RPM:
		return read_rpm(b);
	case PACKAGES_APK:
	case PACKAGES_MAX:
		break;
	}
	fact_fail(b->f, -ENOTSUP,
		"the digests of %s are not read; `apk audit --system` compares them",
		package_manager_name(p->manager));
	return 0;
}

static int package_files_collect(const struct collect *c, struct fact *f)
{
	const struct fact *packages = factset_get(c->facts, FACT_PACKAGES);
	struct build b = {.c = c, .f = f, .a = f->arena};

	if (!packages || packages->state != FACT_STATE_OK) {
		f->state = packages ? packages->state : FACT_STATE_ERROR;
		f->reason = arena_printf(f->arena, "the packages are not known: %s",
			packages && packages->reason ? packages->reason : "a fact is missing");
		return 0;
	}
	_cleanup_free_ uint8_t *buf = malloc(READ_SIZE);
	b.buf = buf;
	b.out = arena_alloc(b.a, sizeof(*b.out));
	if (!b.buf || !b.out)
		return -ENOMEM;
	int r = read_manager(&b, packages->u.packages);
	if (r < 0)
		return r;
	b.out->v = b.wrong;
	if (f->state == FACT_STATE_OK)
		f->u.package_files = b.out;
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
