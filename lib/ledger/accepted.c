/* SPDX-License-Identifier: ISC */
#include "ledger/accepted.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fact/rodb.h"
#include "ledger/baseline.h"

struct reading {
	struct fact *f;
	struct accepted_item *v;
	size_t n;
};

static int each_item(const char *subject, const char *value, void *arg)
{
	struct reading *rd = arg;
	struct arena *a = rd->f->arena;
	struct accepted_item *x = arena_grow(a, &rd->v, rd->n, sizeof(*x));

	if (!x)
		return -ENOMEM;
	x->subject = arena_strdup(a, subject);
	x->value = arena_strdup(a, value);
	rd->n++;
	return arena_failed(a) ? -ENOMEM : 0;
}

/* Makes the fact of what was read. 0 or -ENOMEM. */
static int finish(const struct reading *rd, bool recording)
{
	struct accepted *accepted = arena_alloc(rd->f->arena, sizeof(*accepted));

	if (!accepted)
		return -ENOMEM;
	*accepted = (struct accepted){
		.listeners = rd->v, .n_listeners = rd->n, .recording = recording};
	rd->f->u.accepted = accepted;
	return 0;
}

int accepted_of_ledger(struct ledger *l, struct fact **ret)
{
	_cleanup_(fact_freep) struct fact *f = fact_new(FACT_ACCEPTED);
	struct reading rd = {.f = f};

	if (!f)
		return -ENOMEM;
	int r = ledger_baseline(l, FACT_LISTENERS, each_item, &rd);
	if (r < 0 && r != -ENODATA)
		return r;
	r = finish(&rd, r == -ENODATA);
	if (r == 0)
		r = fact_seal(f);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(f);
	return 0;
}

/* ---- beside the daemon ---- */

static int find_listeners(const char *name, int64_t number, void *arg)
{
	if (strcmp(name, fact_name(FACT_LISTENERS)) != 0)
		return 0;
	*(int64_t *)arg = number;
	return 1;
}

/* -ENODATA: nothing was recorded yet. What an interrupted reading had is forgotten. */
static int read_database(sqlite3 *db, void *arg)
{
	struct reading *rd = arg;
	struct store *s = NULL;
	int64_t number = 0;
	int r = store_borrow(db, &s);

	rd->v = NULL;
	rd->n = 0;
	if (r == 0)
		r = store_facts(s, find_listeners, &number);
	if (r == 0)
		r = -ENODATA;
	if (r > 0)
		r = baseline_read(s, number, each_item, rd);
	store_return(s);
	return r;
}

/* What somebody else than root wrote says nothing of what was accepted. */
static int check_owner(const struct root *root, const char *path)
{
	struct stat st;
	int r = root_lstat(root, path, &st);

	if (r < 0)
		return r;
	return st.st_uid != 0 && st.st_uid != geteuid() ? -EPERM : 0;
}

static const char *why(int error)
{
	switch (error) {
	case -ENODATA:
		return "the daemon has recorded none yet";
	case -ENOENT:
		return "it is not there, the daemon has not run here";
	case -EACCES:
		return "only root may read it";
	case -EPERM:
		return "it is not root's";
	case -EPROTO:
		return "it is not a database of this version of hardend";
	case -EBADMSG:
		return "it is corrupt";
	case -EAGAIN:
		return "it was written to each time that it was read";
	default:
		return strerror(-error);
	}
}

int accepted_of_file(const struct root *root, const char *path, struct fact **ret)
{
	_cleanup_(fact_freep) struct fact *f = fact_new(FACT_ACCEPTED);
	struct reading rd = {.f = f};

	if (!f)
		return -ENOMEM;
	int r = check_owner(root, path);
	if (r == 0)
		r = rodb_read(root, path, read_database, &rd);
	if (r == -EUCLEAN)
		r = -EBADMSG;
	if (r >= 0)
		r = finish(&rd, false);
	if (r == -ENOMEM || arena_failed(f->arena))
		return -ENOMEM;
	if (r < 0)
		fact_fail(f, r, "%s: %s", path, why(r));
	r = fact_seal(f);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(f);
	return 0;
}
