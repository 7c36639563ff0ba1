/* SPDX-License-Identifier: ISC */
#include "fact/repos.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "fact/collectors.h"
#include "fact/repo-ini.h"
#include "fact/repo-lists.h"

enum {
	FILES_MAX = 2000,
	FILE_SIZE_MAX = 4 << 20,
	VARS_MAX = 64,
	VALUE_MAX = 900, /* an item keeps 1024 bytes */
};

static const char *const kind_names[] = {
	[REPO_APT] = "apt",
	[REPO_DNF] = "dnf",
	[REPO_ZYPP] = "zypper",
	[REPO_APK] = "apk",
	[REPO_FLATPAK] = "flatpak",
};
static_assert(ARRAY_SIZE(kind_names) == REPO_KIND_MAX, "a name for each kind");

const char *repo_kind_name(enum repo_kind k)
{
	return kind_names[k];
}

const struct repo_option *repo_option(const struct repo *r, const char *key)
{
	for (size_t i = r->n_options; i > 0; i--) {
		if (strcmp(r->options[i - 1].key, key) == 0)
			return &r->options[i - 1];
	}
	return NULL;
}

bool repo_bool(const struct repo *r, const char *key, bool dflt)
{
	static const char *const words[2][6] = {
		{"no", "false", "without", "off", "disable", "0"},
		{"yes", "true", "with", "on", "enable", "1"},
	};
	const struct repo_option *o = repo_option(r, key);

	for (size_t i = 0; o && i < 12; i++) {
		if (strcasecmp(o->value, words[i / 6][i % 6]) == 0)
			return i / 6;
	}
	return dflt;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), len = strlen(end);

	return n >= len && strcasecmp(s + n - len, end) == 0;
}

static bool is_security_name(const char *s)
{
	return ends_with(s, "-security") || strcasecmp(s, "security") == 0;
}

bool repo_is_security(const struct repo *r)
{
	static const struct repo_release none = {.suite = "", .codename = "", .label = ""};
	const struct repo_release *rel = r->release ? r->release : &none;

	return r->kind == REPO_APT &&
	       (is_security_name(r->suite) || ends_with(r->suite, "/updates") ||
		       is_security_name(rel->suite) || is_security_name(rel->codename) ||
		       is_security_name(rel->label));
}

/* What the collector works on. */
struct reading {
	const struct collect *c;
	struct fact *f;
	struct repo_list l;
	struct repo_ini ini;
	struct repo_var vars[VARS_MAX];
	size_t n_vars;
	const char *dir; /* that is being listed */
	bool found;	 /* a configuration of any package manager */
};

/* A file or directory that is missing is none; what can't be read is a problem. */
static int missing(struct reading *rd, const char *path, int r)
{
	if (r == 0 || r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r == -ENOMEM)
		return r;
	rd->found = true;
	fact_add_unseen(rd->f, "repository *");
	return repo_list_problem(&rd->l, path, 0, true, fsio_strerror(r));
}

static int read_apt_file(struct reading *rd, const char *path, bool deb822)
{
	_cleanup_file_ struct file file = {0};
	int r = root_read(rd->c->root, path, FILE_SIZE_MAX, &file);

	if (r < 0)
		return missing(rd, path, r);
	rd->found = true;
	return deb822 ? repo_apt_deb822(&rd->l, path, file.data, file.size)
		      : repo_apt_one_line(&rd->l, path, file.data, file.size);
}

static int read_apt_entry(const char *name, void *arg)
{
	struct reading *rd = arg;
	bool deb822 = repo_apt_reads(name, "sources");
	struct stat st;

	if (!deb822 && !repo_apt_reads(name, "list"))
		return 0;
	char *path = arena_printf(rd->f->arena, "/etc/apt/sources.list.d/%s", name);
	if (!path)
		return -ENOMEM;
	/* A directory of such a name is nothing to apt. */
	if (root_stat(rd->c->root, path, &st) == 0 && !S_ISREG(st.st_mode))
		return 0;
	return read_apt_file(rd, path, deb822);
}

/* The first line of the file that `dpkg --add-architecture` makes is dpkg's own. */
static int read_arch(struct reading *rd)
{
	_cleanup_file_ struct file file = {0};
	int r = root_read(rd->c->root, "/var/lib/dpkg/arch", 4096, &file);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	rd->l.arch = arena_strndup(rd->f->arena, file.data, strcspn(file.data, "\n"));
	return rd->l.arch ? 0 : -ENOMEM;
}

static int read_apt(struct reading *rd)
{
	const char *dir = "/etc/apt/sources.list.d";
	int r = read_arch(rd);

	if (r == 0)
		r = read_apt_file(rd, "/etc/apt/sources.list", false);
	if (r < 0)
		return r;
	r = root_list(rd->c->root, dir, FILES_MAX, read_apt_entry, rd);
	if (r == 0)
		rd->found = true;
	return missing(rd, dir, r);
}

static int read_ini_file(struct reading *rd, const char *path)
{
	_cleanup_file_ struct file file = {0};
	int r = root_read(rd->c->root, path, FILE_SIZE_MAX, &file);

	if (r < 0)
		return missing(rd, path, r);
	rd->found = true;
	return repo_ini_read(&rd->ini, path, file.data, file.size);
}

static int read_ini_entry(const char *name, void *arg)
{
	struct reading *rd = arg;
	size_t n = strlen(name);

	if (*name == '.' || n < 6 || strcmp(name + n - 5, ".repo") != 0)
		return 0;
	char *path = arena_printf(rd->f->arena, "%s/%s", rd->dir, name);
	return path ? read_ini_file(rd, path) : -ENOMEM;
}

static int read_ini_dir(struct reading *rd, const char *dir)
{
	rd->dir = dir;
	return missing(rd, dir, root_list(rd->c->root, dir, FILES_MAX, read_ini_entry, rd));
}

static int read_var(const char *name, void *arg)
{
	struct reading *rd = arg;
	_cleanup_file_ struct file file = {0};
	char *path = arena_printf(rd->f->arena, "%s/%s", rd->dir, name);

	if (!path)
		return -ENOMEM;
	if (rd->n_vars == VARS_MAX || root_read(rd->c->root, path, 4096, &file) < 0)
		return 0; /* dnf leaves out what it can't read, and so the variable stays */
	struct repo_var *var = &rd->vars[rd->n_vars];
	var->name = arena_strdup(rd->f->arena, name);
	var->value = arena_strndup(rd->f->arena, file.data, strcspn(file.data, "\r\n"));
	if (!var->name || !var->value)
		return -ENOMEM;
	rd->n_vars++;
	return 0;
}

static int read_vars(struct reading *rd)
{
	static const char *const dirs[] = {"/etc/yum/vars", "/etc/dnf/vars"};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		rd->dir = dirs[i];
		int r = root_list(rd->c->root, dirs[i], FILES_MAX, read_var, rd);
		if (r < 0 && r != -ENOENT && r != -ENOTDIR)
			return missing(rd, dirs[i], r);
	}
	return 0;
}

/* The directories of reposdir=, or dnf's own. */
static int read_dnf_dirs(struct reading *rd)
{
	const char *dirs = rd->ini.reposdir
				   ? rd->ini.reposdir
				   : "/etc/yum.repos.d /etc/yum/repos.d /etc/distro.repos.d";

	for (const char *p = dirs; *p;) {
		p += strspn(p, " ,\t\n");
		size_t n = strcspn(p, " ,\t\n");
		char *dir = arena_strndup(rd->f->arena, p, n);
		if (!dir)
			return -ENOMEM;
		int r = n ? read_ini_dir(rd, dir) : 0;
		if (r < 0)
			return r;
		p += n;
	}
	return 0;
}

static void ini_begin(struct reading *rd, enum repo_kind kind)
{
	rd->ini = (struct repo_ini){.l = &rd->l, .kind = kind};
	if (kind == REPO_DNF) {
		rd->ini.vars = rd->vars;
		rd->ini.n_vars = rd->n_vars;
	}
}

static int read_dnf(struct reading *rd)
{
	static const char *const mains[] = {"/etc/dnf/dnf.conf", "/etc/yum.conf"};
	struct stat st;
	int r = read_vars(rd);

	ini_begin(rd, REPO_DNF);
	rd->ini.is_main = true;
	for (size_t i = 0; i < ARRAY_SIZE(mains) && r == 0; i++) {
		if (root_stat(rd->c->root, mains[i], &st) == -ENOENT)
			continue;
		r = read_ini_file(rd, mains[i]);
		break; /* yum.conf is a link to the other where there are both */
	}
	rd->ini.is_main = false;
	return r < 0 ? r : read_dnf_dirs(rd);
}

static int read_zypp(struct reading *rd)
{
	ini_begin(rd, REPO_ZYPP);
	rd->ini.is_main = true;
	int r = read_ini_file(rd, "/etc/zypp/zypp.conf");
	rd->ini.is_main = false;
	return r < 0 ? r : read_ini_dir(rd, "/etc/zypp/repos.d");
}

static int read_others(struct reading *rd)
{
	_cleanup_file_ struct file file = {0};
	const char *apk = "/etc/apk/repositories";
	int r = root_read(rd->c->root, apk, FILE_SIZE_MAX, &file);

	if (r == 0) {
		rd->found = true;
		r = repo_apk_read(&rd->l, apk, file.data, file.size);
	} else {
		r = missing(rd, apk, r);
	}
	ini_begin(rd, REPO_FLATPAK);
	return r < 0 ? r : read_ini_file(rd, "/var/lib/flatpak/repo/config");
}

/* URI and suite, or the section's name: what an administrator calls the source. */
static const char *name_subject(struct arena *a, const struct repo *r)
{
	const char *uri = r->n_uris ? r->uris[0].text : "";
	size_t n = strlen(uri);

	if (n > 1 && uri[n - 1] == '/')
		n--;
	if (r->kind == REPO_APT)
		return arena_printf(a, "repository deb%s %.*s %s", r->source ? "-src" : "", (int)n,
			uri, r->suite);
	if (r->kind == REPO_APK)
		return arena_printf(a, "repository apk %s%s%s", r->id, *r->id ? " " : "", uri);
	return arena_printf(a, "repository %s %s", repo_kind_name(r->kind), r->id);
}

/* Two of one name must not hide each other, nor lose the evidence about them. */
static int set_subjects(struct repo_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const char *s = name_subject(l->arena, &l->v[i]);
		unsigned same = 1;
		if (!s)
			return -ENOMEM;
		for (size_t k = 0; k < i; k++) {
			size_t n = strlen(s);
			if (strncmp(l->v[k].subject, s, n) == 0 &&
				(!l->v[k].subject[n] || strncmp(l->v[k].subject + n, " #", 2) == 0))
				same++;
		}
		if (same > 1)
			s = arena_printf(l->arena, "%s #%u", s, same);
		if (!s)
			return -ENOMEM;
		l->v[i].subject = s;
	}
	return 0;
}

struct value {
	char text[VALUE_MAX + 128];
	size_t n;
};

static _printf_(2, 3) void value_add(struct value *v, const char *fmt, ...)
{
	va_list ap;

	if (v->n >= VALUE_MAX)
		return;
	if (v->n > 0)
		v->text[v->n++] = ' ';
	va_start(ap, fmt);
	int n = vsnprintf(v->text + v->n, sizeof(v->text) - v->n, fmt, ap);
	va_end(ap);
	if (n > 0)
		v->n = MIN(v->n + (size_t)n, sizeof(v->text) - 1);
}

static void add_item(struct fact *f, const struct repo *r)
{
	struct value v = {.n = 0};

	if (!r->enabled)
		value_add(&v, "disabled");
	for (size_t i = 0; r->components && r->components[i]; i++)
		value_add(&v, "%s", r->components[i]);
	/* The first URI of apt and apk is in the subject. */
	for (size_t i = r->kind == REPO_APT || r->kind == REPO_APK; i < r->n_uris; i++)
		value_add(&v, "%s", r->uris[i].text);
	for (size_t i = 0; i < r->n_options; i++) {
		const struct repo_option *o = &r->options[i];
		if (repo_option(r, o->key) == o)
			value_add(&v, "%s=%s", o->key, o->value);
	}
	fact_add_item(f, r->subject, v.n ? v.text : "enabled", r->path, r->line);
}

static int finish(struct reading *rd)
{
	struct repos *repos = arena_alloc(rd->f->arena, sizeof(*repos));
	struct repo_file *files = NULL;
	size_t n = 0;
	int r = repos ? repo_lists_read(rd->c->root, &rd->l) : -ENOMEM;

	if (r == 0)
		r = repo_files_read(rd->c->root, &rd->l, &files, &n);
	if (r == 0)
		r = set_subjects(&rd->l);
	if (r < 0)
		return r;
	for (size_t i = 0; i < rd->l.n; i++)
		add_item(rd->f, &rd->l.v[i]);
	*repos = (struct repos){
		.v = rd->l.v,
		.n = rd->l.n,
		.files = files,
		.n_files = n,
		.problems = rd->l.problems,
		.n_problems = rd->l.n_problems,
	};
	rd->f->u.repos = repos;
	return 0;
}

static int repos_collect(const struct collect *c, struct fact *f)
{
	static int (*const readers[])(struct reading * rd) = {
		read_apt, read_dnf, read_zypp, read_others};
	struct reading rd = {.c = c, .f = f, .l = {.arena = f->arena}};

	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		int r = readers[i](&rd);
		if (r < 0)
			return r;
	}
	if (!rd.found) {
		fact_fail(f, -ENOENT, "no configuration of apt, dnf, zypper, apk or flatpak");
		return 0;
	}
	return finish(&rd);
}

static const struct fact_lock repos_locks[] = {
	{"/var/lib/apt/lists/lock", LOCK_FCNTL, 30 * USEC_PER_MIN},
	{NULL},
};

const struct collector collector_repos = {
	.id = FACT_REPOS,
	.name = "repos",
	.locks = repos_locks,
	.collect = repos_collect,
};
