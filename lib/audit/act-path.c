/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/act-internal.h"
#include "base/text.h"

/* A PATH record. */
struct item {
	const char *name; /* NULL: the kernel knew none */
	const char *type; /* CREATE, DELETE, PARENT, NORMAL, UNKNOWN; "" on old kernels */
	uint64_t device, inode;
	bool directory;
};

struct items {
	struct item *v;
	size_t n;
	const char *cwd; /* NULL: not told */
};

static int read_item(struct arena *a, const struct audit_fields *f, struct item *item, bool *whole)
{
	uint64_t mode = 0;
	int name = audit_field_string(a, f, "name", &item->name);
	int type = audit_field_text(a, f, "nametype", &item->type);

	if (name == -ENOMEM || type == -ENOMEM)
		return -ENOMEM;
	*whole &= name != -EBADMSG && type != -EBADMSG;
	if (!item->type)
		item->type = "";
	if (audit_field_device(f, "dev", &item->device) == 0 &&
		audit_field_number(f, "inode", &item->inode) < 0)
		item->device = 0;
	item->directory = audit_field_octal(f, "mode", &mode) == 0 && S_ISDIR(mode);
	return 0;
}

/* All PATH records, in their order, and CWD. */
static int read_items(
	struct arena *a, const struct audit_event *e, struct items *items, bool *whole)
{
	struct audit_fields f;

	for (size_t i = 0; i < e->n; i++) {
		unsigned type = e->records[i].type;
		if (type != RECORD_PATH && type != RECORD_CWD)
			continue;
		int r = audit_fields_parse(a, &e->records[i], &f);
		if (r < 0)
			return r;
		if (type == RECORD_CWD) {
			r = audit_field_string(a, &f, "cwd", &items->cwd);
			if (r == -ENOMEM)
				return r;
			/* "(unreachable)/x" when it is outside of the process's root */
			if (r < 0 || *items->cwd != '/')
				items->cwd = NULL;
			continue;
		}
		struct item *item = arena_grow(a, &items->v, items->n, sizeof(*item));
		if (!item)
			return -ENOMEM;
		*item = (struct item){0};
		r = read_item(a, &f, item, whole);
		if (r < 0)
			return r;
		items->n++;
	}
	return 0;
}

/* ---- names ---- */

/* Takes "." and "..", and slashes too many, out of an absolute path; in place. */
static void normalize(char *path)
{
	char *out = path, *p = path;

	while (*p) {
		p += strspn(p, "/");
		size_t n = strcspn(p, "/");
		if (n == 2 && memcmp(p, "..", 2) == 0) {
			while (out > path && *--out != '/')
				;
		} else if (n > 0 && !(n == 1 && *p == '.')) {
			*out++ = '/';
			memmove(out, p, n);
			out += n;
		}
		p += n;
	}
	if (out == path)
		*out++ = '/';
	*out = '\0';
}

struct naming {
	struct arena *a;
	const struct items *items;
	const struct act_call *call;
	const struct act_options *options;
	bool failed; /* ENOMEM */
};

static const char *path_of(const struct naming *n, uint64_t device, uint64_t inode)
{
	const char *path = n->options && n->options->path_of && inode != 0
				   ? n->options->path_of(device, inode, n->options->arg)
				   : NULL;

	return path && *path == '/' ? path : NULL;
}

static const char *shown(struct naming *n, const char *path)
{
	const char *s = path ? text_escape(n->a, path, strlen(path), ACT_PATH_MAX) : NULL;

	n->failed |= s == NULL;
	return s ? s : "";
}

/* dir/name, put in order; dir NULL: name is absolute. */
static const char *join(struct naming *n, const char *dir, const char *name)
{
	char *path = dir ? arena_path(n->a, dir, name) : arena_strdup(n->a, name);

	if (path)
		normalize(path);
	return shown(n, path);
}

/* The k-th PARENT record; NULL when there are fewer. */
static const struct item *parent(const struct items *items, unsigned k)
{
	for (size_t i = 0; i < items->n; i++) {
		if (strcmp(items->v[i].type, "PARENT") == 0 && k-- == 0)
			return &items->v[i];
	}
	return NULL;
}

/* Whether names that belong to the call's k-th directory are relative to the current one. */
static bool is_from_cwd(const struct act_call *call, unsigned k)
{
	if (!call->known)
		return false;
	int8_t arg = call->call.dir[k];
	return arg < 0 || (int32_t)(uint32_t)call->args[arg] == AT_FDCWD;
}

/*
 * The path of an item; second: its name is the call's second one (where a rename goes
 * to). The kernel writes the current directory as the name of a PARENT even when the
 * call named another one by its descriptor: only its inode is to be trusted.
 */
static const char *name_item(struct naming *n, const struct item *item, bool second)
{
	const struct act_call *call = n->call;
	unsigned k = second && (!call->known || call->call.dir[1] >= 0) ? 1 : 0;

	if (!item->name || !*item->name)
		return shown(n, path_of(n, item->device, item->inode) ?: "");
	if (*item->name == '/')
		return join(n, NULL, item->name);
	if (is_from_cwd(call, k) && n->items->cwd)
		return join(n, n->items->cwd, item->name);
	const struct item *dir = parent(n->items, second && parent(n->items, 1) ? 1 : 0);
	bool child = strcmp(item->type, "CREATE") == 0 || strcmp(item->type, "DELETE") == 0;
	const char *path = dir && child ? path_of(n, dir->device, dir->inode) : NULL;
	if (path)
		return join(n, path, text_base_name(item->name));
	path = path_of(n, item->device, item->inode);
	return shown(n, path ?: item->name);
}

/* ---- what was changed ---- */

static bool is_write(const struct act_call *call)
{
	switch (call->call.what) {
	case CALL_CHANGE:
	case CALL_ATTRIBUTE:
		return true;
	case CALL_OPEN: {
		uint64_t flags = call->args[call->call.flags];
		return (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);
	}
	default:
		return false;
	}
}

/* The path that is put in place of the last one of the same name: a rename's target. */
static struct act_path *slot(struct act_path *v, size_t *n, const char *path)
{
	for (size_t i = 0; i < *n; i++) {
		if (*path && strcmp(v[i].path, path) == 0)
			return &v[i];
	}
	return *n < ACT_PATHS_MAX ? &v[(*n)++] : NULL;
}

/* A link's source and a symbolic link's text are named too, and are what they were. */
static void drop_named(struct act_path *v, size_t *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++) {
		if (v[i].change != ACT_PATH_CHANGED)
			v[kept++] = v[i];
	}
	*n = kept;
}

int act_read_paths(struct arena *a, const struct audit_event *e, const struct act_call *call,
	const struct act_options *options, struct act *act)
{
	struct items items = {0};
	bool removed = false, created = false, sure = act->keyed || is_write(call);
	int r = read_items(a, e, &items, &act->whole);

	if (r < 0)
		return r;
	struct naming naming = {a, &items, call, options, false};
	struct act_path *v = arena_alloc(a, ACT_PATHS_MAX * sizeof(*v));
	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < items.n; i++) {
		const struct item *item = &items.v[i];
		bool create = strcmp(item->type, "CREATE") == 0;
		bool remove = strcmp(item->type, "DELETE") == 0;
		if (strcmp(item->type, "PARENT") == 0 || (!create && !remove && !sure))
			continue;
		/* Of a rename the first that is removed is its old name. */
		const char *path = name_item(&naming, item, create || (remove && removed));
		struct act_path *to = slot(v, &act->n_paths, path);
		if (!to) {
			act->whole = false;
			break;
		}
		*to = (struct act_path){
			.path = path,
			.change = create   ? ACT_PATH_CREATED
				  : remove ? ACT_PATH_REMOVED
					   : ACT_PATH_CHANGED,
			.device = item->device,
			.inode = item->inode,
			.directory = item->directory,
		};
		removed |= remove;
		created |= create;
	}
	if (removed || created)
		drop_named(v, &act->n_paths);
	act->paths = v;
	act->renamed = removed && created;
	act->attributes = call->call.what == CALL_ATTRIBUTE;
	return naming.failed ? -ENOMEM : act->n_paths > 0;
}
