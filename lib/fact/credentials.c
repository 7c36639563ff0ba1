/* SPDX-License-Identifier: ISC */
#include "fact/credentials.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/walk.h"
#include "conf/policy.h"
#include "fact/accounts.h"
#include "fact/collectors.h"
#include "fact/fingerprint.h"

#define SECTION "secret-cloud-credentials"

enum {
	HOME_DEPTH = 5,
	PLACE_DEPTH = 3,
	HOMES_MAX = 10000, /* entries of /home */
	CHUNK = 64 * 1024, /* that is read between two looks at the clock */
};

/* A tree that was searched: all of it, or a home by the names that programs use. */
struct tree {
	const char *path;
	bool whole;
};

struct search {
	const struct collect *c;
	struct root quiet; /* records nothing */
	struct fact *f;
	struct arena *a;
	const struct accounts *accounts;
	struct credentials *out;
	struct credential *found;
	struct fact_gap *gaps;
	size_t names_left, files_left, bytes_left, found_left;
	uint64_t deadline_monotonic_usec; /* of the whole search */
	struct walk walk;		  /* its deadline is that of the tree in hand */
	struct fingerprint_key key;
	/* of the tree in hand */
	const char *base;
	size_t tree_files, tree_bytes, tree_found; /* left to it */
	struct tree *trees;
	size_t n_trees;
};

char *credential_subject(struct arena *a, const struct credential *c)
{
	return arena_printf(a, "credential %s", c->path);
}

/* ---- one file ---- */

static int add_gap(struct search *s, const char *rel, int r)
{
	const char *path = strcmp(rel, ".") == 0 ? s->base : arena_path(s->a, s->base, rel);

	return path ? fact_gap_add(s->a, &s->gaps, &s->out->n_gaps, path, r) : -ENOMEM;
}

static bool is_late(const struct search *s)
{
	return walk_now_usec() >= s->walk.deadline_monotonic_usec;
}

/* fsio_read_head() with a look at the clock between its parts: -ETIMEDOUT. */
static ssize_t read_head(const struct search *s, int fd, char *buf, size_t max)
{
	size_t n = 0;

	while (n < max) {
		size_t part = MIN(max - n, CHUNK);
		ssize_t got = is_late(s) ? -ETIMEDOUT : fsio_read_head(fd, buf + n, part);
		if (got < 0)
			return got;
		n += (size_t)got;
		if ((size_t)got < part)
			break;
	}
	return (ssize_t)n;
}

/* It changed, or another came beside it: both are worth a look. */
static void watch_found(struct search *s, const char *rel)
{
	const char *slash = strrchr(rel, '/');
	char *dir = arena_strndup(s->a, rel, slash ? (size_t)(slash - rel) : 0);

	if (!dir || !s->c->root->deps)
		return;
	deps_add_beneath(s->c->root->deps, s->base, rel, DEP_FILE);
	deps_add_beneath(s->c->root->deps, s->base, *dir ? dir : ".", DEP_DIR);
}

static int add_found(struct search *s, const char *rel, const struct stat *st,
	const struct credential_find *find, struct hmac_sha256_ctx *ctx)
{
	struct credential *c = arena_grow(s->a, &s->found, s->out->n, sizeof(*c));

	if (!c)
		return -ENOMEM;
	*c = (struct credential){
		.path = arena_path(s->a, s->base, rel),
		.find = *find,
		.fingerprint = find->renewed ? "" : fingerprint_end(s->a, &s->key, ctx),
		.uid = st->st_uid,
		.gid = st->st_gid,
		.mode = st->st_mode & 07777,
	};
	if (!c->path || !c->fingerprint)
		return -ENOMEM;
	watch_found(s, rel);
	_cleanup_close_ int fd = root_open_path_in_mount(&s->quiet, s->base, rel);
	int r = readers_of(s->c->root, s->accounts, c->path, st, fd, &c->readers);
	if (r < 0)
		return r;
	s->out->n++;
	s->found_left--;
	s->tree_found--;
	return 0;
}

/* A limit was reached: the first one is told. */
static int set_limit(struct search *s, const char *what)
{
	if (s->out->limit)
		return 0;
	s->out->limit = arena_printf(s->a, "%s, in %s", what, s->base);
	return s->out->limit ? 0 : -ENOMEM;
}

static bool may_read(struct search *s, size_t size)
{
	return s->tree_files > 0 && s->tree_bytes >= size && s->tree_found > 0;
}

static int judge_text(struct search *s, const char *rel, const char *name, int fd,
	const struct stat *st, size_t room)
{
	const char *slash = strrchr(rel, '/');
	struct credential_find find;
	struct hmac_sha256_ctx ctx;

	_cleanup_free_ char *dir = slash ? strndup(rel, (size_t)(slash - rel)) : strdup(s->base);
	_cleanup_free_ char *buf = malloc(room + 1);
	if (!dir || !buf)
		return -ENOMEM;
	const char *last = strrchr(dir, '/');
	ssize_t n = read_head(s, fd, buf, room);
	if (n == -ETIMEDOUT)
		return set_limit(s, "as much time as a search may take");
	if (n < 0)
		return add_gap(s, rel, (int)n);
	fingerprint_begin(&s->key, &ctx);
	int r = credential_find(last ? last + 1 : dir, name, buf, (size_t)n, &ctx, &find);
	if (r == 1)
		r = add_found(s, rel, st, &find, &ctx);
	else if ((size_t)n == CREDENTIAL_SIZE_MAX)
		r = set_limit(s, "the size of a file of which only the beginning is looked at");
	explicit_bzero(buf, (size_t)n);
	explicit_bzero(&ctx, sizeof(ctx));
	return r;
}

static int look_at(struct search *s, const char *rel, const char *name, size_t max)
{
	struct stat st;

	_cleanup_close_ int fd = root_open_file_in_mount(&s->quiet, s->base, rel, &st);
	if (fd == -EACCES || fd == -EPERM)
		return add_gap(s, rel, fd);
	/* No file, or a link out of the tree or its mount: that is searched where it lies. */
	if (fd < 0)
		return fd == -ENOMEM ? fd : 0;
	size_t size = st.st_size > 0 ? (size_t)st.st_size : 0;
	if (size == 0 || (size > max && max == CREDENTIAL_SMALL_MAX))
		return 0;
	size = MIN(size, max);
	if (!may_read(s, size))
		return set_limit(s, "as many files, bytes or secrets as are looked at");
	s->files_left--;
	s->tree_files--;
	s->bytes_left -= size;
	s->tree_bytes -= size;
	return judge_text(s, rel, name, fd, &st, size);
}

/* ---- the trees ---- */

static int on_file(const char *rel, const char *directory, const char *name, void *arg)
{
	size_t max = credential_candidate(directory, name);

	return max ? look_at(arg, rel, name, max) : 0;
}

/* Trees of other people's files, of which there are many and none is a credential. */
static bool on_directory(_unused_ const char *directory, const char *name, _unused_ void *arg)
{
	static const char *const no[] = {".cache", ".cargo", ".git", ".gradle", ".hg", ".m2",
		".npm", ".nvm", ".pyenv", ".rustup", ".svn", ".tox", ".venv", ".vscode-server",
		"__pycache__", "dist-packages", "node_modules", "providers", "site-packages",
		"venv"};

	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		if (strcmp(name, no[i]) == 0)
			return false;
	}
	return true;
}

static int on_unread(const char *rel, int r, void *arg)
{
	return r == -ENOMEM ? r : add_gap(arg, rel, r);
}

/* A path's length without the slashes at its end: passwd may have "/home/alice/". */
static size_t path_length(const char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	return n;
}

/* Whether that was searched already; what was searched by name only is not, as a whole. */
static bool is_searched(const struct search *s, const char *path, bool whole)
{
	size_t n = path_length(path);

	for (size_t i = 0; i < s->n_trees; i++) {
		const struct tree *t = &s->trees[i];
		if ((t->whole || !whole) && strncmp(t->path, path, n) == 0 && t->path[n] == '\0')
			return true;
	}
	return false;
}

/* Of every limit, what the tree in hand may use up. */
static void begin_share(struct search *s)
{
	uint64_t now = walk_now_usec(), end = s->deadline_monotonic_usec;

	s->tree_files = s->files_left / CREDENTIALS_TREE_PART;
	s->tree_bytes = s->bytes_left / CREDENTIALS_TREE_PART;
	s->tree_found = s->found_left / CREDENTIALS_TREE_PART;
	s->walk.entries_left = s->names_left / CREDENTIALS_TREE_PART;
	s->walk.deadline_monotonic_usec = now + (end > now ? end - now : 0) / CREDENTIALS_TREE_PART;
}

/* Remembers the tree. 1 when it is a new one, 0 when it is not, -ENOMEM. */
static int take_tree(struct search *s, const char *path, bool whole)
{
	if (is_searched(s, path, whole))
		return 0;
	struct tree *slot = arena_grow(s->a, &s->trees, s->n_trees, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	s->base = arena_strndup(s->a, path, path_length(path));
	if (!s->base)
		return -ENOMEM;
	*slot = (struct tree){s->base, whole};
	s->n_trees++;
	begin_share(s);
	return 1;
}

static int search_tree(struct search *s, const char *path, unsigned depth)
{
	int r = take_tree(s, path, true);

	if (r <= 0)
		return r;
	size_t names = s->walk.entries_left;
	s->walk.depth = depth;
	s->walk.arg = s;
	r = root_walk(&s->quiet, s->base, &s->walk);
	s->names_left -= names - s->walk.entries_left;
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	s->out->directories++;
	if (r == 1)
		return set_limit(s, "as many names or as much time as a search may take");
	return r < 0 && r != -ENOMEM ? add_gap(s, ".", r) : r;
}

/* Where programs keep them by default: new ones are noticed at once. */
static void watch_home(struct search *s, const char *home)
{
	for (size_t i = 0; s->c->root->deps && credential_home_files[i]; i++)
		deps_add_beneath(s->c->root->deps, home, credential_home_files[i], DEP_FILE);
}

/* The home of a service, or one that is no directory of its own: only by name. */
static int search_by_name(struct search *s, const char *home)
{
	int r = take_tree(s, home, false);

	for (size_t i = 0; r == 1 && credential_home_files[i]; i++) {
		const char *rel = credential_home_files[i], *slash = strrchr(rel, '/');
		int err = look_at(s, rel, slash ? slash + 1 : rel, CREDENTIAL_SIZE_MAX);
		if (err < 0)
			return err;
	}
	return r < 0 ? r : 0;
}

/* Homes that stand in passwd for "none", or for directories of the system. */
static bool is_system_directory(const char *path)
{
	static const char *const system[] = {"/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib",
		"/nonexistent", "/proc", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/var",
		"/var/empty", "/usr/bin", "/usr/sbin", "/var/run", "/var/lib", "/var/spool",
		"/opt"};

	for (size_t i = 0; i < ARRAY_SIZE(system); i++) {
		if (strcmp(path, system[i]) == 0)
			return true;
	}
	return strncmp(path, "/proc/", 6) == 0 || strncmp(path, "/sys/", 5) == 0 ||
	       strncmp(path, "/dev/", 5) == 0 || *path != '/';
}

static int search_homes(struct search *s)
{
	size_t watched = 0;
	int r = 0;

	for (size_t i = 0; i < s->accounts->n && r == 0; i++) {
		const struct account *x = &s->accounts->v[i];
		bool person = x->uid == 0 || account_is_login(s->accounts, x);
		if (!*x->home || (is_system_directory(x->home) && !person) ||
			is_searched(s, x->home, person && !is_system_directory(x->home)))
			continue;
		if (person && watched++ < CREDENTIALS_HOMES_WATCHED)
			watch_home(s, x->home);
		r = person && !is_system_directory(x->home) ? search_tree(s, x->home, HOME_DEPTH)
							    : search_by_name(s, x->home);
	}
	return r;
}

static int search_left_home(const char *name, void *arg)
{
	char path[512];

	if ((size_t)snprintf(path, sizeof(path), "/home/%s", name) >= sizeof(path))
		return 0;
	return search_tree(arg, path, HOME_DEPTH);
}

static int search_places(struct search *s)
{
	static const char *const files[] = {"/etc/boto.cfg", "/etc/openstack/clouds.yaml",
		"/etc/openstack/secure.yaml", "/etc/passwd-s3fs", "/etc/kubernetes/admin.conf",
		"/etc/rancher/k3s/k3s.yaml"};
	const char *const *places = policy_list(s->c->policy, SECTION, "directories");
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		root_depend(s->c->root, files[i], DEP_FILE);
	for (size_t i = 0; places[i] && r == 0; i++) {
		/* /etc changes with every account that is made: its files are named above. */
		if (places[i][0] == '/' && strcmp(places[i], "/etc") != 0)
			root_depend(s->c->root, places[i], DEP_DIR);
		r = places[i][0] == '/' ? search_tree(s, places[i], PLACE_DEPTH) : 0;
	}
	return r;
}

static int compare_path(const void *a, const void *b)
{
	return strcmp(((const struct credential *)a)->path, ((const struct credential *)b)->path);
}

/* Sorts, and takes out what was found in two trees, one within the other. */
static void finish(struct search *s)
{
	size_t n = 0;

	if (s->out->n > 1)
		qsort(s->found, s->out->n, sizeof(*s->found), compare_path);
	for (size_t i = 0; i < s->out->n; i++) {
		if (i == 0 || strcmp(s->found[i].path, s->found[n - 1].path) != 0)
			s->found[n++] = s->found[i];
	}
	s->out->v = s->found;
	s->out->n = n;
	s->out->gaps = s->gaps;
	s->f->u.credentials = s->out;
}

static int search_all(struct search *s)
{
	int r = fingerprint_key_load(&s->quiet, "hardend: fingerprints of credentials", &s->key);

	if (r == 0)
		r = search_homes(s);
	if (r == 0) {
		r = root_list(&s->quiet, "/home", HOMES_MAX, search_left_home, s);
		if (r < 0 && r != -ENOMEM) {
			s->base = "/home";
			r = r == -ENOENT || r == -ENOTDIR ? 0 : add_gap(s, ".", r);
		}
	}
	return r < 0 ? r : search_places(s);
}

static int credentials_collect(const struct collect *c, struct fact *f)
{
	const struct fact *accounts = factset_get(c->facts, FACT_ACCOUNTS);
	struct search s = {
		.c = c,
		.quiet = *c->root,
		.f = f,
		.a = f->arena,
		.files_left = CREDENTIALS_FILES_MAX,
		.bytes_left = CREDENTIALS_BYTES_MAX,
		.found_left = CREDENTIALS_FOUND_MAX,
		.walk = {.file = on_file, .enter = on_directory, .unread = on_unread},
	};

	s.quiet.deps = NULL;
	if (!accounts || accounts->state != FACT_STATE_OK) {
		f->state = accounts ? accounts->state : FACT_STATE_ERROR;
		f->reason = arena_printf(f->arena, "whose homes to search is not known: %s",
			accounts && accounts->reason ? accounts->reason : "a fact is missing");
		return 0;
	}
	s.accounts = accounts->u.accounts;
	s.out = arena_alloc(s.a, sizeof(*s.out));
	if (!s.out)
		return -ENOMEM;
	s.names_left = policy_uint(c->policy, SECTION, "max_names");
	s.deadline_monotonic_usec = walk_now_usec() + policy_usec(c->policy, SECTION, "max_time");
	int r = search_all(&s);
	fingerprint_key_fini(&s.key);
	if (r < 0)
		return r;
	finish(&s);
	return 0;
}

const struct collector collector_credentials = {
	.id = FACT_CREDENTIALS,
	.name = "credentials",
	.needs = FACT_BIT(FACT_ACCOUNTS),
	/* Most of what is searched is not watched. */
	.refresh_usec = 2 * USEC_PER_HOUR,
	.collect = credentials_collect,
};
