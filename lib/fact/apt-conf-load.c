/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "fact/apt-conf.h"
#include "fact/collectors.h"

enum {
	BYTES_MAX = 256 * 1024, /* of all files, each counted as often as it is read */
	FILES_MAX = 1000,
	INCLUDES_MAX = 11, /* apt refuses an include inside of more than ten */
};

/* What is being read, for includes. */
struct load {
	const struct root *root;
	const char *failed; /* the file that could not be read */
	unsigned depth, files;
	size_t bytes;
};

static int read_file(struct apt_conf *c, const char *path, void *arg);

/* The first setting of each name stays. */
static const struct {
	const char *name, *value;
} built_in[] = {
	{"APT::Install-Recommends", "1"},
	{"APT::Install-Suggests", "0"},
	{"Dir", "/"},
	{"Dir::State", "var/lib/apt"},
	{"Dir::State::lists", "lists/"},
	{"Dir::Cache", "var/cache/apt"},
	{"Dir::Cache::archives", "archives/"},
	{"Dir::Etc", "etc/apt"},
	{"Dir::Etc::sourcelist", "sources.list"},
	{"Dir::Etc::sourceparts", "sources.list.d"},
	{"Dir::Etc::main", "apt.conf"},
	{"Dir::Etc::netrc", "auth.conf"},
	{"Dir::Etc::netrcparts", "auth.conf.d"},
	{"Dir::Etc::parts", "apt.conf.d"},
	{"Dir::Etc::preferences", "preferences"},
	{"Dir::Etc::preferencesparts", "preferences.d"},
	{"Dir::Etc::trusted", "trusted.gpg"},
	{"Dir::Etc::trustedparts", "trusted.gpg.d"},
	{"Dir::Log", "var/log/apt"},
	{"Dir::Log::Terminal", "term.log"},
	{"Dir::Log::History", "history.log"},
	{"Acquire::AllowInsecureRepositories", "0"},
	{"Acquire::AllowWeakRepositories", "0"},
	{"Acquire::AllowDowngradeToInsecureRepositories", "0"},
};

static int set_built_in(struct apt_conf *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(built_in); i++) {
		int r = apt_conf_set(c, built_in[i].name, built_in[i].value);
		if (r < 0)
			return r;
	}
	return 0;
}

bool apt_conf_name_ok(const char *name)
{
	static const char ok[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-:.";
	const char *dot = strrchr(name, '.');

	if (*name == '.' || name[strspn(name, ok)])
		return false;
	return !dot || strcmp(dot, ".conf") == 0;
}

struct names {
	struct arena *arena;
	const char **v;
	size_t n;
};

static int take_name(const char *name, void *arg)
{
	struct names *names = arg;

	if (!apt_conf_name_ok(name))
		return 0;
	const char **slot = arena_grow(names->arena, &names->v, names->n, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = arena_strdup(names->arena, name);
	if (!*slot)
		return -ENOMEM;
	names->n++;
	return 0;
}

/* Whether apt passes over such a name in a directory instead of failing at it. */
static bool is_passed_over(int r)
{
	return r == -ENOENT || r == -ENODEV || r == -EISDIR || r == -ELOOP;
}

/* All files of a directory, each whether or not one before was refused. */
static int read_dir(struct apt_conf *c, const char *path, struct load *l)
{
	struct names names = {.arena = c->arena};
	int refused = 0, r = root_list(l->root, path, FILES_MAX, take_name, &names);

	if (r < 0 && r != -ENOMEM)
		l->failed = path;
	for (size_t i = 0; i < names.n && r >= 0; i++) {
		struct stat st;
		const char *file = arena_printf(c->arena, "%s/%s", path, names.v[i]);
		r = file ? root_stat(l->root, file, &st) : -ENOMEM;
		if (r == 0)
			r = S_ISREG(st.st_mode) ? read_file(c, file, l) : 0;
		else if (is_passed_over(r))
			r = 0;
		else if (r != -ENOMEM)
			l->failed = file;
		refused |= r > 0;
	}
	return r < 0 ? r : refused;
}

static char *without_slash(struct arena *a, const char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	return arena_printf(a, "%s%.*s", *path == '/' ? "" : "/", (int)n, path);
}

/* What an #include names; relative paths are relative to "/", where services run. */
static int include(struct apt_conf *c, const char *path, void *arg)
{
	struct load *l = arg;
	size_t n = strlen(path);
	char *plain = without_slash(c->arena, path);

	if (!plain)
		return -ENOMEM;
	if (l->depth >= INCLUDES_MAX) {
		apt_conf_fault(c, "Too many nested includes", plain, 0);
		return 1;
	}
	l->depth++;
	int r = n > 2 && path[n - 1] == '/' ? read_dir(c, plain, l) : read_file(c, plain, l);
	l->depth--;
	if (!is_passed_over(r) && r != -ENOTDIR)
		return r;
	/* Named and not there is an error to apt. */
	apt_conf_fault(c, "Unable to read", plain, 0);
	return 1;
}

static int read_file(struct apt_conf *c, const char *path, void *arg)
{
	_cleanup_file_ struct file file = {0};
	struct load *l = arg;
	int r = l->files < FILES_MAX ? root_read(l->root, path, BYTES_MAX - l->bytes, &file)
				     : -EFBIG;

	l->files++;
	l->bytes += file.size;
	if (r == 0)
		r = apt_conf_parse(c, path, file.data, include, l);
	if (r < 0 && r != -ENOMEM && !l->failed)
		l->failed = path;
	return r;
}

/* One of the files that need not be there. */
static int read_main(struct apt_conf *c, const char *path, bool dir, struct load *l)
{
	if (strcmp(path, "/dev/null") == 0)
		return 0;
	char *plain = without_slash(c->arena, path);
	int r = !plain ? -ENOMEM : dir ? read_dir(c, plain, l) : read_file(c, plain, l);

	if (is_passed_over(r) || r == -ENOTDIR) {
		l->failed = NULL;
		return 0;
	}
	return r < 0 ? r : 0;
}

int apt_conf_load(
	struct apt_conf *c, const struct root *root, const char *apt_config, const char **ret_path)
{
	struct load l = {.root = root};
	int r = set_built_in(c);

	if (r == 0 && apt_config && *apt_config)
		r = read_main(c, apt_config, false, &l);
	const char *path = r == 0 ? apt_conf_path(c, "Dir::Etc::parts", "/dev/null") : "";
	if (r == 0)
		r = path ? read_main(c, path, true, &l) : -ENOMEM;
	/* What the parts say may move the main file. */
	path = r == 0 ? apt_conf_path(c, "Dir::Etc::main", "/dev/null") : "";
	if (r == 0)
		r = path ? read_main(c, path, false, &l) : -ENOMEM;
	if (r == 0 && arena_failed(c->arena))
		r = -ENOMEM;
	if (r < 0)
		*ret_path = l.failed ? l.failed : "/etc/apt";
	return r;
}

static int apt_conf_collect(const struct collect *c, struct fact *f)
{
	struct apt_conf *conf = arena_alloc(f->arena, sizeof(*conf));
	const char *path = NULL;
	struct stat st;

	if (!conf)
		return -ENOMEM;
	int r = root_stat(c->root, "/etc/apt", &st);
	if (r == 0) {
		apt_conf_init(conf, f->arena);
		r = apt_conf_load(conf, c->root, NULL, &path);
	}
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		fact_fail(f, r, "%s %s", path ? path : "/etc/apt", fsio_strerror(r));
	else
		f->u.apt_conf = conf;
	return 0;
}

const struct collector collector_apt_conf = {
	.id = FACT_APT_CONF,
	.name = "apt-conf",
	.collect = apt_conf_collect,
};
