/* SPDX-License-Identifier: ISC */
#include "fact/self.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "config.h"
#include "fact/collectors.h"

enum {
	NAMES_MAX = 1000,
	LINKS_MAX = 40,	     /* as the kernel */
	FILE_MAX = 64 << 20, /* a program */
	BUFFER_SIZE = 64 << 10,
};

static const char *const fixed[] = {
	CONF_PATH, PROGRAM_HARDEND, PROGRAM_HARDENCTL, PROGRAM_RELAY, PROGRAM_PROBE, STATE_DIR};

/* Where systemd looks for units (systemd.unit(5)); the last two are one since usrmerge. */
static const char *const unit_dirs[] = {"/etc/systemd/system.control",
	"/run/systemd/system.control", "/run/systemd/transient", "/etc/systemd/system",
	"/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
	"/lib/systemd/system"};

static const char *const unit_names[] = {"hardend*.service", "hardend*.socket", "hardend*.timer"};

/* Drop-ins for every unit of a type, and for a name up to a dash, hold for ours too. */
static const char *const dropin_dirs[] = {"hardend*.d", "service.d", "socket.d", "timer.d"};

struct reading {
	const struct collect *c;
	struct fact *f;
	struct self *self;
	struct self_file *files, *dirs;
	bool installed; /* something of ours is there, not only drop-ins for every unit */
};

static int hash_content(int fd, char hex[static 2 * SHA256_DIGEST_SIZE + 1])
{
	_cleanup_free_ uint8_t *buf = malloc(BUFFER_SIZE);
	struct sha256_ctx ctx;
	uint8_t digest[SHA256_DIGEST_SIZE];
	size_t done = 0;
	ssize_t n;

	if (!buf)
		return -ENOMEM;
	sha256_init(&ctx);
	while ((n = read(fd, buf, BUFFER_SIZE)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
		if (done > FILE_MAX)
			return -EFBIG;
		sha256_update(&ctx, (size_t)n, buf);
	}
	sha256_digest(&ctx, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return 0;
}

/* The file's hash; kept while the inode, its size and times are the same. */
static int hash(struct reading *rd, const char *path, const char **ret)
{
	char key[PATH_MAX + 16], sig[STAT_SIGNATURE_MAX], hex[2 * SHA256_DIGEST_SIZE + 1];
	struct stat st;
	_cleanup_close_ int fd = root_open_file(rd->c->root, path, &st);

	if (fd < 0)
		return fd;
	(void)snprintf(key, sizeof(key), "sha256 %s", path);
	const char *known = memo_get(rd->c->memo, key, stat_signature(&st, sig));
	if (!known) {
		int r = hash_content(fd, hex);
		if (r == 0)
			r = memo_put(rd->c->memo, key, sig, hex);
		if (r < 0)
			return r;
		known = hex;
	}
	*ret = arena_strdup(rd->f->arena, known);
	return *ret ? 0 : -ENOMEM;
}

static int note_dir(struct reading *rd, const char *path, const struct stat *st)
{
	for (size_t i = 0; i < rd->self->n_dirs; i++) {
		if (strcmp(rd->dirs[i].path, path) == 0)
			return 0;
	}
	struct self_file *dir = arena_grow(rd->f->arena, &rd->dirs, rd->self->n_dirs, sizeof(*dir));
	if (!dir)
		return -ENOMEM;
	*dir = (struct self_file){
		.path = arena_strdup(rd->f->arena, path),
		.uid = st->st_uid,
		.gid = st->st_gid,
		.mode = st->st_mode,
	};
	rd->self->n_dirs++;
	return dir->path ? 0 : -ENOMEM;
}

/* A path on its way from the root: what is resolved, and what is still to come. */
struct walk {
	char at[PATH_MAX]; /* "" is the root */
	char rest[PATH_MAX];
	unsigned links;
	struct stat st; /* of at */
};

/* The link at w->at: its target goes before the rest, from the link's directory. */
static int walk_link(struct reading *rd, struct walk *w)
{
	_cleanup_free_ char *target = NULL;
	char rest[PATH_MAX];
	int r = root_readlink(rd->c->root, w->at, &target);

	if (r < 0)
		return r;
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	if ((size_t)snprintf(rest, sizeof(rest), "%s/%s", target, w->rest) >= sizeof(rest))
		return -ENAMETOOLONG;
	(void)strcpy(w->rest, rest);
	if (*target == '/')
		w->at[0] = '\0';
	else
		*strrchr(w->at, '/') = '\0';
	return 0;
}

/* Takes the next component off the rest. */
static int walk_step(struct reading *rd, struct walk *w)
{
	size_t skip = strspn(w->rest, "/"), len = strcspn(w->rest + skip, "/"), at = strlen(w->at);
	char name[NAME_MAX + 1];

	if (len > NAME_MAX || at + len + 2 > sizeof(w->at))
		return -ENAMETOOLONG;
	memcpy(name, w->rest + skip, len);
	name[len] = '\0';
	memmove(w->rest, w->rest + skip + len, strlen(w->rest + skip + len) + 1);
	if (len == 0 || strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0) {
		char *slash = strrchr(w->at, '/');
		if (slash)
			*slash = '\0';
		return 0;
	}
	(void)snprintf(w->at + at, sizeof(w->at) - at, "/%s", name);
	int r = root_lstat(rd->c->root, w->at, &w->st);
	if (r < 0)
		return r;
	if (S_ISLNK(w->st.st_mode))
		return walk_link(rd, w);
	bool more = w->rest[strspn(w->rest, "/")];
	return more && S_ISDIR(w->st.st_mode) ? note_dir(rd, w->at, &w->st) : 0;
}

/* Follows the path, noting the directories; w->at is then what it leads to. */
static int walk(struct reading *rd, const char *path, struct walk *w)
{
	int r = root_lstat(rd->c->root, "/", &w->st);

	if (r == 0)
		r = note_dir(rd, "/", &w->st);
	w->at[0] = '\0';
	w->links = 0;
	(void)snprintf(w->rest, sizeof(w->rest), "%s", path);
	while (r == 0 && w->rest[strspn(w->rest, "/")])
		r = walk_step(rd, w);
	return r;
}

static const char *name_of(char buf[static 16], unsigned id)
{
	(void)snprintf(buf, 16, "%u", id);
	return id ? buf : "root";
}

static void add_item(struct reading *rd, const struct self_file *file)
{
	char subject[PATH_MAX + 16], value[PATH_MAX + 256], owner[16], group[16];

	(void)snprintf(subject, sizeof(subject), "file %s", file->path);
	if (file->reason)
		(void)snprintf(value, sizeof(value), "not readable: %s", file->reason);
	else
		(void)snprintf(value, sizeof(value), "%s%s%s%s:%s %04o%s%s",
			file->target ? "link to " : "", file->target ? file->target : "",
			file->target ? " " : "", name_of(owner, file->uid),
			name_of(group, file->gid), file->mode & 07777,
			file->sha256 ? " sha256:" : "", file->sha256 ? file->sha256 : "");
	fact_add_item(rd->f, subject, value, file->path, 0);
}

static bool is_known(const struct reading *rd, const char *path)
{
	for (size_t i = 0; i < rd->self->n_files; i++) {
		if (strcmp(rd->files[i].path, path) == 0)
			return true;
	}
	return false;
}

/* What the walk led to: a regular file, the state directory, or what masks a unit. */
static int look(struct reading *rd, const struct walk *w, struct self_file *file)
{
	file->uid = w->st.st_uid;
	file->gid = w->st.st_gid;
	file->mode = w->st.st_mode;
	if (strcmp(w->at, file->path) != 0) {
		file->target = arena_strdup(rd->f->arena, w->at);
		if (!file->target)
			return -ENOMEM;
	}
	if (S_ISDIR(file->mode) || strcmp(w->at, "/dev/null") == 0)
		return 0;
	return hash(rd, w->at, &file->sha256);
}

/* Looks at one path; what is not there is not noted, what is there by another name is once. */
static int add_file(struct reading *rd, const char *path)
{
	struct walk w;
	struct self_file found = {.path = arena_strdup(rd->f->arena, path)};
	int r = found.path ? walk(rd, path, &w) : -ENOMEM;

	if (r == -ENOENT || r == -ENOTDIR || (r == 0 && is_known(rd, w.at)))
		return 0;
	if (r == 0)
		r = look(rd, &w, &found);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		found.state = fact_state_from_errno(r);
		found.reason = fsio_strerror(r);
	}
	struct self_file *file = arena_grow(
		rd->f->arena, &rd->files, rd->self->n_files, sizeof(*file));
	if (!file)
		return -ENOMEM;
	*file = found;
	rd->self->n_files++;
	rd->installed |= strstr(path, "hardend") != NULL;
	add_item(rd, file);
	return 0;
}

/* A directory that is being listed. */
struct listing {
	struct reading *rd;
	const char *path;
};

static int add_conf(const char *name, void *arg)
{
	struct listing *l = arg;
	char path[PATH_MAX];

	if (fnmatch("*.conf", name, FNM_PERIOD) != 0 ||
		(size_t)snprintf(path, sizeof(path), "%s/%s", l->path, name) >= sizeof(path))
		return 0;
	return add_file(l->rd, path);
}

/* A directory that cannot be listed is noted as a file that cannot be read. */
static int list(struct reading *rd, const char *path, int (*each)(const char *name, void *arg))
{
	struct listing l = {rd, path};
	int r = root_list(rd->c->root, path, NAMES_MAX, each, &l);

	if (r == 0 || r == -ENOENT || r == -ENOTDIR || r == -ENOMEM)
		return r == -ENOMEM ? r : 0;
	struct self_file *file = arena_grow(
		rd->f->arena, &rd->files, rd->self->n_files, sizeof(*file));
	if (!file)
		return -ENOMEM;
	*file = (struct self_file){
		.path = arena_strdup(rd->f->arena, path),
		.state = fact_state_from_errno(r),
		.reason = fsio_strerror(r),
	};
	if (!file->path)
		return -ENOMEM;
	rd->self->n_files++;
	add_item(rd, file);
	return 0;
}

static bool matches(const char *const patterns[], size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (fnmatch(patterns[i], name, FNM_PERIOD) == 0)
			return true;
	}
	return false;
}

static int add_unit(const char *name, void *arg)
{
	struct listing *l = arg;
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", l->path, name) >= sizeof(path))
		return 0;
	if (matches(unit_names, ARRAY_SIZE(unit_names), name))
		return add_file(l->rd, path);
	if (matches(dropin_dirs, ARRAY_SIZE(dropin_dirs), name))
		return list(l->rd, path, add_conf);
	return 0;
}

static int self_collect(const struct collect *c, struct fact *f)
{
	struct self *self = arena_alloc(f->arena, sizeof(*self));
	struct reading rd = {.c = c, .f = f, .self = self};
	int r = self ? 0 : -ENOMEM;

	for (size_t i = 0; i < ARRAY_SIZE(fixed) && r == 0; i++)
		r = add_file(&rd, fixed[i]);
	if (r == 0)
		r = list(&rd, CONF_PATH ".d", add_conf);
	for (size_t i = 0; i < ARRAY_SIZE(unit_dirs) && r == 0; i++)
		r = list(&rd, unit_dirs[i], add_unit);
	if (r < 0)
		return r;
	self->files = rd.files;
	self->dirs = rd.dirs;
	if (!rd.installed) {
		f->n_items = 0;
		fact_fail(f, -ENOENT, "no file of hardend is installed here");
	} else {
		f->u.self = self;
	}
	return 0;
}

const struct collector collector_self = {
	.id = FACT_SELF,
	.name = "self",
	.collect = self_collect,
};
