/* SPDX-License-Identifier: ISC */
#include "fact/account-files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/acl.h"
#include "fact/accounts.h"
#include "fact/collectors.h"

enum {
	SUDOERS_MAX = 1024, /* files of sudoers.d that are looked at */
	GRANTS_SHOWN = 4,
};

#define SUDOERS_D "/etc/sudoers.d"

static const char *const paths[] = {
	"/etc/passwd",
	"/etc/passwd-",
	"/etc/shadow",
	"/etc/shadow-",
	"/etc/group",
	"/etc/group-",
	"/etc/gshadow",
	"/etc/gshadow-",
	"/etc/sudoers",
	SUDOERS_D,
};

struct account_file_limit account_file_limit(enum os_family family, const char *path)
{
	bool shadow = strncmp(path, "/etc/shadow", 11) == 0 ||
		      strncmp(path, "/etc/gshadow", 12) == 0;

	/* Debian's sudoers.d may be listed by all, what is in it not; the others' may not. */
	if (strcmp(path, SUDOERS_D) == 0)
		return (struct account_file_limit){
			family == OS_DEBIAN || family == OS_OTHER ? 055 : 050, NULL};
	if (strncmp(path, "/etc/sudoers", 12) == 0)
		return (struct account_file_limit){040, NULL};
	if (!shadow)
		return (struct account_file_limit){044, NULL};
	/* RHEL has no group shadow: its tools reach the file by DAC_OVERRIDE. */
	if (family == OS_RHEL)
		return (struct account_file_limit){0, NULL};
	return (struct account_file_limit){040, "shadow"};
}

struct look {
	const struct collect *c;
	struct fact *f;
	struct account_files *files;
	const struct accounts *accounts; /* NULL when there are none to name owners by */
	enum os_family family;
};

static const char *owner_name(const struct look *look, uid_t uid)
{
	for (size_t i = 0; look->accounts && i < look->accounts->n; i++) {
		if (look->accounts->v[i].uid == uid)
			return look->accounts->v[i].name;
	}
	return uid == 0 ? "root" : arena_printf(look->f->arena, "uid %u", uid);
}

static const char *group_name(const struct look *look, gid_t gid)
{
	for (size_t i = 0; look->accounts && i < look->accounts->n_groups; i++) {
		if (look->accounts->groups[i].gid == gid)
			return look->accounts->groups[i].name;
	}
	return gid == 0 ? "root" : arena_printf(look->f->arena, "gid %u", gid);
}

static const char *perms_word(unsigned perms)
{
	return perms & 2 ? "write" : perms & 4 ? "read" : "enter";
}

/* What is wider than the limit, the worst first; NULL when nothing is. */
static const char *find_fault(const struct look *look, const struct stat *st,
	const struct account_file_limit *limit, struct account_file *file)
{
	const struct account_group *want = limit->group && look->accounts
						   ? accounts_find_group(
							     look->accounts, limit->group)
						   : NULL;
	unsigned over = st->st_mode & 077 & ~limit->bits;
	unsigned group = (st->st_mode >> 3) & 7, other = st->st_mode & 7;
	bool trusted = st->st_gid == 0 || (want && st->st_gid == want->gid);
	struct arena *a = look->f->arena;

	if (st->st_uid != 0) {
		file->writable = true;
		return arena_printf(a, "is owned by %s", owner_name(look, st->st_uid));
	}
	file->writable = (over & 022) != 0;
	if (over & 02)
		return "others may write";
	if (over & 020)
		return arena_printf(a, "group %s may write", group_name(look, st->st_gid));
	if (over & 07)
		return arena_printf(a, "others may %s", perms_word(other));
	if (over & 070)
		return arena_printf(
			a, "group %s may %s", group_name(look, st->st_gid), perms_word(group));
	/* Bits that are fine for root's or shadow's group are not for any other. */
	if (!trusted && (group & ~other))
		return arena_printf(
			a, "group %s may %s", group_name(look, st->st_gid), perms_word(group));
	return NULL;
}

/* Adds what access control lists grant to what is observed, and to the fault. */
static int add_grants(const struct look *look, struct account_file *file,
	const struct account_file_limit *limit, const struct acl_grant *v, int n)
{
	unsigned others = limit->bits & 7;
	struct arena *a = look->f->arena;

	for (int i = 0; i < MIN(n, GRANTS_SHOWN); i++) {
		const char *who = v[i].group ? group_name(look, v[i].id)
					     : owner_name(look, v[i].id);
		const char *kind = v[i].group ? "group" : "user";
		file->observed = arena_printf(a, "%s %s:%s:%c%c%c", file->observed, kind, who,
			v[i].perms & 4 ? 'r' : '-', v[i].perms & 2 ? 'w' : '-',
			v[i].perms & 1 ? 'x' : '-');
		if (!file->observed)
			return -ENOMEM;
		bool root = v[i].id == 0;
		if (root || (v[i].perms & ~others) == 0)
			continue;
		file->writable = file->writable || (v[i].perms & 2);
		if (!file->fault)
			file->fault = arena_printf(a, "%s %s may %s by its access control list",
				kind, who, perms_word(v[i].perms));
	}
	return 0;
}

static int look_at(const struct look *look, struct account_file *file)
{
	struct account_file_limit limit = account_file_limit(look->family, file->path);
	struct acl_grant grants[GRANTS_SHOWN];
	struct arena *a = look->f->arena;
	struct stat st;

	bool directory = strcmp(file->path, SUDOERS_D) == 0;
	file->expected = arena_printf(a, "root:%s %04o or narrower",
		limit.group && limit.bits & 070 ? limit.group : "root",
		(directory ? 0700u : 0600u) | limit.bits);
	_cleanup_close_ int fd = root_open_path(look->c->root, file->path);
	int r = fd < 0 ? fd : fstat(fd, &st) < 0 ? -errno : 0;
	int n = r < 0 ? r : acl_read(fd, grants, GRANTS_SHOWN);
	if (n == -ENOMEM)
		return n;
	if (n < 0) {
		file->state = fact_state_from_errno(n);
		file->reason = arena_printf(a, "%s %s", file->path, fsio_strerror(n));
		return file->reason ? 0 : -ENOMEM;
	}
	file->observed = arena_printf(a, "%s:%s %04o", owner_name(look, st.st_uid),
		group_name(look, st.st_gid), (unsigned)st.st_mode & 07777);
	file->fault = find_fault(look, &st, &limit, file);
	r = file->observed ? add_grants(look, file, &limit, grants, n) : -ENOMEM;
	if (r < 0)
		return r;
	const char *subject = arena_printf(a, "file %s", file->path);
	if (!subject)
		return -ENOMEM;
	fact_add_item(look->f, subject, file->observed, file->path, 0);
	return 0;
}

static int add_file(const struct look *look, const char *path)
{
	struct account_files *files = look->files;
	struct account_file *file = arena_grow(
		look->f->arena, &files->v, files->n, sizeof(*files->v));

	if (!file || !path)
		return -ENOMEM;
	*file = (struct account_file){.path = path};
	files->n++;
	return look_at(look, file);
}

static int add_sudoers(const char *name, void *arg)
{
	struct look *look = arg;
	size_t n = strlen(name);

	/* sudo passes over these (sudoers(5), "@includedir"): a package's half of a file, an editor's. */
	if (strchr(name, '.') || (n > 0 && name[n - 1] == '~'))
		return 0;
	return add_file(look, arena_printf(look->f->arena, SUDOERS_D "/%s", name));
}

static int files_collect(const struct collect *c, struct fact *f)
{
	struct account_files *files = arena_alloc(f->arena, sizeof(*files));
	const struct fact *os = factset_get(c->facts, FACT_OS);
	const struct fact *accounts = factset_get(c->facts, FACT_ACCOUNTS);
	struct look look = {
		.c = c,
		.f = f,
		.files = files,
		.accounts = accounts ? accounts->u.accounts : NULL,
		.family = os && os->u.os ? os->u.os->family : OS_OTHER,
	};
	int r = files ? 0 : -ENOMEM;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(paths); i++)
		r = add_file(&look, paths[i]);
	if (r < 0)
		return r;
	r = root_list(c->root, SUDOERS_D, SUDOERS_MAX, add_sudoers, &look);
	if (r == -ENOMEM)
		return r;
	if (r < 0 && r != -ENOENT) {
		/* The directory is the last of the fixed paths. */
		struct account_file *dir = &files->v[ARRAY_SIZE(paths) - 1];
		dir->state = fact_state_from_errno(r);
		dir->reason = arena_printf(f->arena, SUDOERS_D " %s", fsio_strerror(r));
	}
	f->u.account_files = files;
	return 0;
}

const struct collector collector_account_files = {
	.id = FACT_ACCOUNT_FILES,
	.name = "account-files",
	.needs = FACT_BIT(FACT_OS) | FACT_BIT(FACT_ACCOUNTS),
	.locks = accounts_locks,
	.collect = files_collect,
};
