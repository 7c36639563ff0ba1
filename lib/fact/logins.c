/* SPDX-License-Identifier: ISC */
#include "fact/logins.h"

#include <errno.h>
#include <lastlog.h>
#include <string.h>
#include <utmp.h>

#include "fact/collectors.h"
#include "fact/logins-read.h"

enum {
	WTMP_BYTES_MAX = 4 * 1024 * 1024, /* of each file, from its end */
	DB_BYTES_MAX = 64 * 1024 * 1024,
};

static const char *const paths[LOGIN_SOURCE_MAX] = {
	[LOGIN_LASTLOG] = "/var/log/lastlog",
	[LOGIN_WTMP] = "/var/log/wtmp",
	[LOGIN_LASTLOG2] = "/var/lib/lastlog/lastlog2.db",
	[LOGIN_WTMPDB] = "/var/lib/wtmpdb/wtmp.db",
};

#define WTMP_BEFORE "/var/log/wtmp.1"

const struct login *logins_of(
	const struct logins *l, const struct accounts *a, const struct account *x)
{
	size_t place = (size_t)(x - a->v);

	return place < l->n && strcmp(l->v[place].account, x->name) == 0 ? &l->v[place] : NULL;
}

void login_seen(
	struct login_table *t, const struct account *x, uint64_t realtime_usec, const char *source)
{
	struct login *login = &t->logins[x - t->accounts->v];

	if (realtime_usec > t->realtime_usec || realtime_usec <= login->last_realtime_usec)
		return;
	login->last_realtime_usec = realtime_usec;
	login->source = source;
}

/* Up to size bytes at offset; less at the end of the file. -errno. */
static ssize_t read_at(int fd, void *buf, size_t size, off_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, (char *)buf + done, size - done, offset + (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* Sparse, one record per uid: only the records of the login accounts are read. */
static int read_lastlog(const struct root *root, struct login_table *t, uint64_t *ret_since)
{
	struct stat st;
	_cleanup_close_ int fd = root_open_file(root, paths[LOGIN_LASTLOG], &st);
	if (fd < 0)
		return fd;
	for (size_t i = 0; i < t->accounts->n; i++) {
		const struct account *x = &t->accounts->v[i];
		struct lastlog record;
		if (!account_is_login(t->accounts, x))
			continue;
		off_t offset = (off_t)x->uid * (off_t)sizeof(record);
		if (offset >= st.st_size)
			continue;
		ssize_t n = read_at(fd, &record, sizeof(record), offset);
		if (n < 0)
			return (int)n;
		if ((size_t)n == sizeof(record) && record.ll_time > 0)
			login_seen(t, x, (uint64_t)record.ll_time * USEC_PER_SEC,
				paths[LOGIN_LASTLOG]);
	}
	*ret_since = 0;
	return 0;
}

void logins_read_utmp(struct login_table *t, const void *bytes, size_t size, const char *source,
	uint64_t *ret_since_realtime_usec)
{
	uint64_t since = USEC_INFINITY;

	for (size_t i = 0; i + sizeof(struct utmp) <= size; i += sizeof(struct utmp)) {
		char name[UT_NAMESIZE + 1] = "";
		struct utmp record;
		memcpy(&record, (const char *)bytes + i, sizeof(record));
		if (record.ut_tv.tv_sec <= 0)
			continue;
		uint64_t when = (uint64_t)record.ut_tv.tv_sec * USEC_PER_SEC;
		since = MIN(since, when);
		if (record.ut_type != USER_PROCESS)
			continue;
		memcpy(name, record.ut_user, UT_NAMESIZE); /* not always ended */
		const struct account *x = accounts_find(t->accounts, name);
		if (x)
			login_seen(t, x, when, source);
	}
	*ret_since_realtime_usec = since;
}

static int read_wtmp(
	const struct root *root, struct login_table *t, const char *path, uint64_t *ret_since)
{
	struct stat st;
	_cleanup_close_ int fd = root_open_file(root, path, &st);
	if (fd < 0)
		return fd;
	off_t record = (off_t)sizeof(struct utmp), whole = st.st_size / record * record;
	off_t start = whole > WTMP_BYTES_MAX ? whole - WTMP_BYTES_MAX / record * record : 0;
	_cleanup_free_ void *bytes = malloc((size_t)(whole - start) + 1);
	if (!bytes)
		return -ENOMEM;
	ssize_t n = read_at(fd, bytes, (size_t)(whole - start), start);
	if (n < 0)
		return (int)n;
	logins_read_utmp(t, bytes, (size_t)n, path, ret_since);
	return 0;
}

/* The one before counts as long as it is there; what is older is compressed. */
static int read_wtmps(const struct root *root, struct login_table *t, uint64_t *ret_since)
{
	uint64_t since = USEC_INFINITY, before = USEC_INFINITY;

	int r = read_wtmp(root, t, paths[LOGIN_WTMP], &since);
	if (r < 0)
		return r;
	r = read_wtmp(root, t, WTMP_BEFORE, &before);
	if (r < 0 && r != -ENOENT)
		return r;
	*ret_since = MIN(since, before);
	return 0;
}

static int read_database(const struct root *root, struct login_table *t, enum login_source_id which,
	uint64_t *ret_since)
{
	_cleanup_file_ struct file file = {0};
	int r = root_read(root, paths[which], DB_BYTES_MAX, &file);

	if (r < 0)
		return r;
	unsigned char *bytes = (unsigned char *)file.data;
	return which == LOGIN_LASTLOG2
		       ? logins_read_lastlog2(t, bytes, file.size, paths[which], ret_since)
		       : logins_read_wtmpdb(t, bytes, file.size, paths[which], ret_since);
}

static int read_source(const struct collect *c, struct fact *f, struct login_table *t,
	enum login_source_id which, struct login_source *s)
{
	int r;

	*s = (struct login_source){.path = paths[which], .since_realtime_usec = USEC_INFINITY};
	if (which == LOGIN_LASTLOG)
		r = read_lastlog(c->root, t, &s->since_realtime_usec);
	else if (which == LOGIN_WTMP)
		r = read_wtmps(c->root, t, &s->since_realtime_usec);
	else
		r = read_database(c->root, t, which, &s->since_realtime_usec);
	if (r >= 0)
		return 0;
	s->since_realtime_usec = USEC_INFINITY;
	s->state = fact_state_from_errno(r);
	s->reason = arena_printf(f->arena, "%s %s", paths[which],
		r == -EBADMSG ? "is no database of logins" : fsio_strerror(r));
	return r == -ENOMEM || !s->reason ? -ENOMEM : 0;
}

static int table_init(struct login_table *t, struct arena *a, const struct accounts *accounts)
{
	t->accounts = accounts;
	t->logins = arena_alloc(a, accounts->n * sizeof(*t->logins));
	if (!t->logins)
		return -ENOMEM;
	for (size_t i = 0; i < accounts->n; i++) {
		/* A copy: the fact of the accounts may be replaced before this one is. */
		t->logins[i].account = arena_strdup(a, accounts->v[i].name);
		if (!t->logins[i].account)
			return -ENOMEM;
	}
	return 0;
}

static int logins_collect(const struct collect *c, struct fact *f)
{
	const struct fact *accounts = factset_get(c->facts, FACT_ACCOUNTS);
	struct logins *logins = arena_alloc(f->arena, sizeof(*logins));
	struct login_table table = {.realtime_usec = c->realtime_usec};

	if (!logins)
		return -ENOMEM;
	if (!accounts || accounts->state != FACT_STATE_OK) {
		f->state = accounts ? accounts->state : FACT_STATE_ERROR;
		f->reason = accounts ? arena_strdup(f->arena, accounts->reason) : "no accounts";
		return f->reason ? 0 : -ENOMEM;
	}
	int r = table_init(&table, f->arena, accounts->u.accounts);
	logins->since_realtime_usec = USEC_INFINITY;
	for (int i = 0; r >= 0 && i < LOGIN_SOURCE_MAX; i++) {
		struct login_source *s = &logins->sources[i];
		r = read_source(c, f, &table, (enum login_source_id)i, s);
		logins->since_realtime_usec = MIN(
			logins->since_realtime_usec, s->since_realtime_usec);
	}
	logins->v = table.logins;
	logins->n = accounts->u.accounts->n;
	f->u.logins = logins;
	return r;
}

const struct collector collector_logins = {
	.id = FACT_LOGINS,
	.name = "logins",
	.needs = FACT_BIT(FACT_ACCOUNTS),
	.collect = logins_collect,
};
