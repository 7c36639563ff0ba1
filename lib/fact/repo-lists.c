/* SPDX-License-Identifier: ISC */
#include "fact/repo-lists.h"

#include <errno.h>
#include <string.h>

#include "fact/repo-uri.h"

#define LISTS "/var/lib/apt/lists"

enum {
	NAMES_MAX = 20000,
	RELEASE_MAX = 16 << 20,
	MIRRORS_MAX = 64 * 1024,
};

/* The names in the directory, in an arena of their own: most are of no source that is asked for. */
struct names {
	struct arena *arena;
	const char **v;
	size_t n;
};

static int add_name(const char *name, void *arg)
{
	struct names *names = arg;
	const char **slot = arena_grow(names->arena, &names->v, names->n, sizeof(*slot));

	if (!slot || !(*slot = arena_strdup(names->arena, name)))
		return -ENOMEM;
	names->n++;
	return 0;
}

static int unreadable(struct repo_list *l, const char *path, int r)
{
	if (r == -ENOMEM)
		return r;
	return repo_list_problem(l, path, 0, true, fsio_strerror(r));
}

static bool has_name(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->v[i], name) == 0)
			return true;
	}
	return false;
}

/* What apt has fetched of the source under this name, below its directory of the suite. */
static char *fetched(struct arena *a, const struct repo *r, const char *rest)
{
	size_t n = strlen(r->suite);
	bool flat = n > 0 && r->suite[n - 1] == '/';
	char *tail = arena_printf(a, "%s%s%s%s", flat ? "" : "dists/",
		flat && n == 1 ? "" : r->suite, flat ? "" : "/", rest);

	return tail ? repo_uri_file_name(a, r->uris[0].text, tail) : NULL;
}

static int read_release(
	const struct root *root, struct repo_list *l, struct repo *r, const struct names *names)
{
	static const char *const forms[] = {"InRelease", "Release"};

	for (size_t i = 0; i < 2; i++) {
		_cleanup_file_ struct file file = {0};
		const char *name = fetched(names->arena, r, forms[i]);
		if (!name)
			return -ENOMEM;
		if (!has_name(names, name))
			continue;
		char *path = arena_printf(l->arena, LISTS "/%s", name);
		struct repo_release *rel = arena_alloc(l->arena, sizeof(*rel));
		if (!path || !rel)
			return -ENOMEM;
		int err = root_read(root, path, RELEASE_MAX, &file);
		if (err == 0)
			err = repo_release_parse(l->arena, path, file.data, file.size, rel);
		if (err == -EBADMSG)
			return repo_list_problem(l, path, 0, false, "it is no Release file");
		if (err < 0)
			return unreadable(l, path, err);
		char *signature = arena_printf(names->arena, "%s.gpg", name);
		if (!signature)
			return -ENOMEM;
		if (!rel->is_signed)
			rel->is_signed = has_name(names, signature);
		r->release = rel;
		return 0;
	}
	return 0;
}

/* The extension behind "Packages"; NULL when it is none of apt's. */
static const char *extension(const char *s)
{
	static const char *const known[] = {"", ".lz4", ".gz", ".xz", ".bz2", ".zst", ".lzma"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(s, known[i]) == 0)
			return known[i];
	}
	return NULL;
}

/* Whether the source is for this architecture: [arch=...], where it is given. */
static bool wants_arch(const struct repo *r, const char *arch)
{
	const struct repo_option *o = repo_option(r, "arch");
	size_t n = strlen(arch);

	if (!o || n == 0 || strcmp(arch, "all") == 0)
		return true;
	for (const char *p = o->value; *p;) {
		size_t len = strcspn(p, ", \t\n");
		if (len == n && memcmp(p, arch, n) == 0)
			return true;
		p += len;
		p += strspn(p, ", \t\n");
	}
	return false;
}

/* One index; the same in another compression is left out, plain text goes first. */
static int add_index(struct repo_list *l, struct repo *r, const struct repo_index *found)
{
	struct repo_index *v = (struct repo_index *)r->indexes;

	for (size_t i = 0; i < r->n_indexes; i++) {
		if (strcmp(v[i].arch, found->arch) != 0 ||
			strcmp(v[i].component, found->component) != 0)
			continue;
		if (!*found->ext)
			v[i] = *found;
		return 0;
	}
	struct repo_index *slot = arena_grow(l->arena, &v, r->n_indexes, sizeof(*slot));
	r->indexes = v;
	if (!slot)
		return -ENOMEM;
	*slot = *found;
	r->n_indexes++;
	return 0;
}

/* The names that begin with prefix: ARCH_Packages[.EXT], or of a flat one [.EXT] alone. */
static int match_indexes(struct repo_list *l, struct repo *r, const struct names *names,
	const char *component, const char *prefix)
{
	size_t n = strlen(prefix);

	for (size_t i = 0; i < names->n; i++) {
		if (strncmp(names->v[i], prefix, n) != 0)
			continue;
		const char *rest = names->v[i] + n, *tail = rest;
		if (*component) {
			tail = strstr(rest, "_Packages");
			if (!tail || memchr(rest, '_', (size_t)(tail - rest)))
				continue;
			tail += strlen("_Packages");
		}
		const char *ext = extension(tail);
		if (!ext)
			continue;
		struct repo_index found = {
			.path = arena_printf(l->arena, LISTS "/%s", names->v[i]),
			.component = component,
			.arch = *component ? arena_strndup(l->arena, rest, strcspn(rest, "_")) : "",
			.ext = ext,
		};
		if (!found.path || !found.arch)
			return -ENOMEM;
		if (!wants_arch(r, found.arch))
			continue;
		if (add_index(l, r, &found) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int find_indexes(struct repo_list *l, struct repo *r, const struct names *names)
{
	if (!r->components[0]) {
		const char *prefix = fetched(names->arena, r, "Packages");
		return prefix ? match_indexes(l, r, names, "", prefix) : -ENOMEM;
	}
	for (size_t i = 0; r->components[i]; i++) {
		char *rest = arena_printf(names->arena, "%s/binary-", r->components[i]);
		char *prefix = rest ? fetched(names->arena, r, rest) : NULL;
		int err = prefix ? match_indexes(l, r, names, r->components[i], prefix) : -ENOMEM;
		if (err < 0)
			return err;
	}
	return 0;
}

/* mirror+file:/PATH: a URI a line, with what ranks it behind a tab. */
static int read_mirrors(const struct root *root, struct repo_list *l, struct repo *r)
{
	static const char scheme[] = "mirror+file:";
	_cleanup_file_ struct file file = {0};
	const char *uri = r->uris[0].text;

	if (strncmp(uri, scheme, strlen(scheme)) != 0)
		return 0;
	uri += strlen(scheme);
	if (uri[0] == '/' && uri[1] == '/')
		uri += 2;
	char *path = arena_strndup(l->arena, uri, strlen(uri) - 1); /* the / that was added */
	if (!path)
		return -ENOMEM;
	int err = root_read(root, path, MIRRORS_MAX, &file);
	if (err < 0)
		return unreadable(l, path, err);
	for (char *save, *line = strtok_r(file.data, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		line[strcspn(line, " \t\r")] = '\0';
		if (!*line || *line == '#')
			continue;
		if (repo_list_uri(l, r, line, REPO_URI_MIRROR) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* "mirror:", "mirror+https:" ask another host where the packages are. */
static void set_role(struct repo *r)
{
	struct repo_uri *uri = (struct repo_uri *)&r->uris[0];

	if (strncmp(uri->text, "mirror", 6) == 0)
		uri->role = REPO_URI_LIST;
}

static int read_source(
	const struct root *root, struct repo_list *l, struct repo *r, const struct names *names)
{
	set_role(r);
	int err = read_mirrors(root, l, r);
	if (err == 0)
		err = read_release(root, l, r, names);
	if (err == 0 && !r->source)
		err = find_indexes(l, r, names);
	return err;
}

int repo_lists_read(const struct root *root, struct repo_list *l)
{
	struct names names = {.arena = arena_new()};
	bool any = false;
	int r = names.arena ? 0 : -ENOMEM;

	for (size_t i = 0; i < l->n; i++)
		any = any || l->v[i].kind == REPO_APT;
	if (r == 0 && any) {
		r = root_list(root, LISTS, NAMES_MAX, add_name, &names);
		if (r == -ENOENT || r == -ENOTDIR)
			r = 0;
		if (r < 0)
			r = unreadable(l, LISTS, r);
	}
	for (size_t i = 0; i < l->n && r == 0; i++) {
		if (l->v[i].kind == REPO_APT && l->v[i].enabled)
			r = read_source(root, l, &l->v[i], &names);
	}
	arena_free(names.arena);
	return r;
}

struct files {
	const struct root *root;
	struct arena *arena;
	struct repo_file *v;
	size_t n;
	int kind;
	int r;
};

static int add_file(struct files *k, const char *path)
{
	struct stat st = {0};

	for (size_t i = 0; i < k->n; i++) {
		if (strcmp(k->v[i].path, path) == 0)
			return 0;
	}
	struct repo_file *slot = arena_grow(k->arena, &k->v, k->n, sizeof(*slot));
	char *copy = arena_strdup(k->arena, path);
	if (!slot || !copy)
		return -ENOMEM;
	int r = root_stat(k->root, path, &st);
	if (r == -ENOENT && k->kind == REPO_FILE_GLOBAL_KEYS)
		return 0;
	*slot = (struct repo_file){
		.kind = k->kind,
		.path = copy,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.mode = st.st_mode,
		.reason = r < 0 ? fsio_strerror(r) : NULL,
	};
	k->n++;
	return 0;
}

static int add_trusted(const char *name, void *arg)
{
	struct files *k = arg;
	size_t n = strlen(name);

	if (*name == '.' || n < 5 ||
		(strcmp(name + n - 4, ".gpg") != 0 && strcmp(name + n - 4, ".asc") != 0))
		return 0;
	char *path = arena_printf(k->arena, "/etc/apt/trusted.gpg.d/%s", name);
	return path ? add_file(k, path) : -ENOMEM;
}

/* The paths among the words of a setting: signed-by=/PATH, gpgkey=file:///PATH. */
static int add_option(struct files *k, const struct repo_option *o)
{
	for (const char *p = o->value; *p;) {
		p += strspn(p, ", \t\n");
		size_t n = strcspn(p, ", \t\n");
		const char *path = strncmp(p, "file://", 7) == 0 ? p + 7 : p;
		char *word = arena_strndup(k->arena, path, n - (size_t)(path - p));
		if (!word)
			return -ENOMEM;
		int r = *word == '/' && !strchr(word, '$') ? add_file(k, word) : 0;
		if (r < 0)
			return r;
		p += n;
	}
	return 0;
}

int repo_files_read(
	const struct root *root, struct repo_list *l, struct repo_file **ret, size_t *ret_n)
{
	struct files k = {.root = root, .arena = l->arena};
	bool apt = false;
	int r = 0;

	for (size_t i = 0; i < l->n && r == 0; i++) {
		const struct repo_option *key = repo_option(&l->v[i], "signed-by");
		if (!key)
			key = repo_option(&l->v[i], "gpgkey");
		apt = apt || l->v[i].kind == REPO_APT;
		k.kind = REPO_FILE_SOURCES;
		r = add_file(&k, l->v[i].path);
		k.kind = REPO_FILE_KEYS;
		if (r == 0 && l->v[i].enabled && key)
			r = add_option(&k, key);
	}
	k.kind = REPO_FILE_GLOBAL_KEYS;
	if (r == 0 && apt)
		r = add_file(&k, "/etc/apt/trusted.gpg");
	if (r == 0 && apt) {
		r = root_list(root, "/etc/apt/trusted.gpg.d", NAMES_MAX, add_trusted, &k);
		if (r == -ENOENT || r == -ENOTDIR)
			r = 0;
		if (r < 0)
			r = unreadable(l, "/etc/apt/trusted.gpg.d", r);
	}
	if (r < 0)
		return r;
	*ret = k.v;
	*ret_n = k.n;
	return 0;
}
