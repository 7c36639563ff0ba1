/* SPDX-License-Identifier: ISC */
/*
 * Generated sudoers trees, read by this program's own parser and by sudo's
 * cvtsudoers and visudo: they must agree on whether a tree parses, on each user
 * specification and on each alias.
 *
 *     system-sudo-diff [TREES [SEED]]
 *
 * Exits 77 when cvtsudoers or visudo is not installed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/child.h"
#include "base/fsio.h"
#include "fact/sudo-tree.h"
#include "sudo-gen.h"

enum {
	TREES = 600,
	OUTPUT_MAX = 4 << 20,
};

struct count {
	unsigned trees, accepted, refused, not_json, specs, aliases, wrong;
};

static const char *const names[] = {
	"sudoers", "one", "two", "d/a", "d/b", "d/c", "d/skipped.conf", "d/skipped~"};

static struct root live;

static int disk_read(
	_unused_ void *arg, const char *path, bool in_dir, char **ret, size_t *ret_size)
{
	struct arena *a = arg;
	_cleanup_file_ struct file file = {0};

	int r = root_read(&live, path, SUDO_FILE_MAX, &file);
	if (r < 0)
		return in_dir && (r == -ENODEV || r == -EISDIR || r == -ENOENT) ? -ECANCELED : r;
	char *data = arena_alloc(a, file.size + 1);
	if (!data)
		return -ENOMEM;
	memcpy(data, file.data, file.size);
	*ret = data;
	*ret_size = file.size;
	return 0;
}

struct listing {
	struct arena *a;
	char **v;
	size_t n;
};

static int list_one(const char *name, void *arg)
{
	struct listing *l = arg;
	char **slot = arena_grow(l->a, &l->v, l->n, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = arena_strdup(l->a, name);
	l->n += name[0] != '\0';
	return *slot ? 0 : -ENOMEM;
}

static int disk_list(void *arg, const char *path, char ***ret)
{
	struct listing l = {.a = arg};

	int r = root_list(&live, path, 1000, list_one, &l);
	if (r < 0)
		return r;
	char **end = arena_grow(l.a, &l.v, l.n, sizeof(*end));
	if (!end)
		return -ENOMEM;
	*end = NULL;
	*ret = l.v;
	return 0;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void write_file(const char *dir, const char *name, const char *data, size_t size)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0440);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd) < 0)
		die(path);
}

static void write_tree(struct gen *g)
{
	static char data[GEN_SIZE];

	for (uint32_t i = 0; i < ARRAY_SIZE(names); i++) {
		gen_file(g, i, data);
		write_file(g->dir, names[i], data, g->n);
	}
}

static int run(struct memo *memo, const char *const argv[], struct child_result *ret)
{
	int r = child_run(memo, argv, NULL, 20 * USEC_PER_SEC, OUTPUT_MAX, ret);

	if (r < 0) {
		errno = -r;
		die(argv[0]);
	}
	return WIFEXITED(ret->status) ? WEXITSTATUS(ret->status) : -1;
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char **texts(struct arena *a, const struct sudo_tree *t, size_t *ret_n)
{
	char **v = arena_alloc(a, (t->n_specs + t->n_aliases + 1) * sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < t->n_specs; i++)
		v[n++] = sudo_spec_text(a, &t->specs[i]);
	for (size_t i = 0; i < t->n_aliases; i++)
		v[n++] = arena_printf(a, "alias %d %s = %s", t->aliases[i].type, t->aliases[i].name,
			sudo_members_text(a, &t->aliases[i].members));
	if (t->n_aliases > 0)
		qsort(v + t->n_specs, t->n_aliases, sizeof(*v), compare_text);
	*ret_n = n;
	return v;
}

/* Whether both readers saw the same; else says where they part. */
static bool same(struct arena *a, const struct sudo_tree *own, const struct sudo_tree *theirs)
{
	size_t n, m;
	char **x = texts(a, own, &n), **y = texts(a, theirs, &m);

	for (size_t i = 0; i < n || i < m; i++) {
		const char *s = i < n ? x[i] : "(nothing)", *t = i < m ? y[i] : "(nothing)";
		if (strcmp(s, t) != 0) {
			printf("  own:        %s\n  cvtsudoers: %s\n", s, t);
			return false;
		}
	}
	return true;
}

/* sudo-json is given text that is not UTF-8 as it is, and cannot take it. */
static bool may_be_no_json(const struct sudo_tree *t, const struct child_result *out)
{
	for (size_t i = 0; i < t->n_specs; i++) {
		for (size_t k = 0; k < t->specs[i].n_commands; k++) {
			const char *const *o = t->specs[i].commands[k].options;
			if (o[SUDO_OPTION_CHROOT] || o[SUDO_OPTION_CWD] || o[SUDO_OPTION_ROLE])
				return true;
		}
	}
	for (size_t i = 0; i < out->out_size; i++) {
		if ((unsigned char)out->out[i] >= 0x80)
			return true;
	}
	return false;
}

/* The first that is about what a line says: of a file that is not there cvtsudoers tells no line.
 */
static const struct sudo_defect *first_fault(const struct sudo_tree *own)
{
	for (size_t i = 0; i < own->n_defects; i++) {
		if (*own->defects[i].what != '/')
			return &own->defects[i];
	}
	return NULL;
}

/*
 * Whether the first complaint is about the same place: the line, but for a
 * string of several lines, of which sudo tells the last and this program the first.
 */
static bool same_place(const struct sudo_tree *own, const char *err)
{
	const struct sudo_defect *d = first_fault(own);
	size_t n = d ? strlen(d->path) : 0;
	unsigned line;

	if (!d || (strncmp(err, d->path, n) == 0 && sscanf(err + n, ":%u:", &line) == 1 &&
			  (d->line == line || (d->line < line && strchr(d->what, '\n')))))
		return true;
	/* These come with no line: a digest before an alias, a directory for a file. */
	if (strncmp(err, "cvtsudoers: ", 12) == 0 || strncmp(err, "input in flex", 13) == 0)
		return true;
	printf("  own:        %s:%u: %s\n", d->path, d->line, d->what);
	return false;
}

static bool judge(struct memo *memo, const struct gen *g, struct count *count)
{
	char path[256];
	_cleanup_(child_result_fini) struct child_result json = {0}, check = {0};
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct sudo_files files = {.read = disk_read,
		.list = disk_list,
		.reason = fsio_strerror,
		.arg = a,
		.host = "vm"};
	struct sudo_tree own, theirs;

	(void)snprintf(path, sizeof(path), "%s/sudoers", g->dir);
	const char *const convert[] = {
		"/usr/bin/cvtsudoers", "-f", "json", "-s", "defaults", path, NULL};
	int cvt = run(memo, convert, &json);
	int visudo = run(memo, (const char *[]){"/usr/sbin/visudo", "-cf", path, NULL}, &check);
	sudo_tree_init(&own, a);
	sudo_tree_init(&theirs, a);
	int r = sudo_tree_parse(&own, &files, path);
	if (r < 0) {
		printf("  own parser: %s\n", strerror(-r));
		return false;
	}
	bool accepted = own.n_defects == 0;
	/* visudo also judges names and values of Defaults, which sudo only warns about. */
	if (visudo != 0 && (strstr(check.err, "defaults entry") || strstr(check.err, "for option")))
		visudo = cvt;
	if (accepted != (cvt == 0) || accepted != (visudo == 0)) {
		printf("  own %d, cvtsudoers %d, visudo %d\n%s%s", accepted, cvt, visudo, json.err,
			check.err);
		for (size_t i = 0; i < own.n_defects; i++)
			printf("  %s:%u: %s\n", own.defects[i].path, own.defects[i].line,
				own.defects[i].what);
		return false;
	}
	if (!accepted && !same_place(&own, json.err)) {
		printf("  cvtsudoers: %s", json.err);
		return false;
	}
	count->accepted += accepted;
	count->refused += !accepted;
	if (!accepted)
		return true;
	r = sudo_tree_json(&theirs, json.out, json.out_size);
	if (r == -EBADMSG && may_be_no_json(&own, &json)) {
		count->not_json++;
		return true;
	}
	if (r < 0) {
		printf("  the answer of cvtsudoers: %s\n", strerror(-r));
		return false;
	}
	count->specs += (unsigned)own.n_specs;
	count->aliases += (unsigned)own.n_aliases;
	return same(a, &own, &theirs);
}

int main(int argc, char *argv[])
{
	char dir[] = "/tmp/hardend-sudo-XXXXXX", d[64], command[128];
	unsigned trees = argc > 1 ? (unsigned)atoi(argv[1]) : TREES;
	uint64_t seed = argc > 2 ? (uint64_t)atoll(argv[2]) : 1;
	struct count count = {0};
	_cleanup_(memo_freep) struct memo *memo = memo_new();

	if (access("/usr/bin/cvtsudoers", X_OK) < 0 || access("/usr/sbin/visudo", X_OK) < 0) {
		puts("cvtsudoers or visudo is not installed");
		return 77;
	}
	if (!memo || !mkdtemp(dir) || root_open("/", &live) < 0)
		die(dir);
	(void)snprintf(d, sizeof(d), "%s/d", dir);
	if (mkdir(d, 0755) < 0)
		die(d);
	for (; count.trees < trees && count.wrong == 0; count.trees++) {
		struct gen g = {.seed = seed + count.trees, .dir = dir};
		write_tree(&g);
		if (!judge(memo, &g, &count)) {
			printf("tree of seed %llu in %s\n", (unsigned long long)seed + count.trees,
				dir);
			count.wrong++;
		}
	}
	printf("%u trees: %u accepted by all (%u specifications, %u aliases equal; %u answers were "
	       "no"
	       " JSON), %u refused by all\n",
		count.trees, count.accepted, count.specs, count.aliases, count.not_json,
		count.refused);
	if (count.wrong > 0)
		return 1;
	root_close(&live);
	(void)snprintf(command, sizeof(command), "rm -rf -- '%s'", dir);
	if (system(command) != 0)
		die(dir);
	/* A generator that makes only rubbish, or only what is plain, would show nothing. */
	return count.accepted > trees / 4 && count.refused > trees / 20 ? 0 : 1;
}
