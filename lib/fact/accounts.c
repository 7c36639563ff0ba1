/* SPDX-License-Identifier: ISC */
#include "fact/accounts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fact/accounts-items.h"
#include "fact/accounts-parse.h"
#include "fact/collectors.h"

enum {
	ACCOUNTS_BYTES_MAX = 64 * 1024 * 1024,
	SHELLS_MAX = 64, /* distinct ones that are looked up */
};

bool account_is_login(const struct accounts *a, const struct account *account)
{
	if (!account->login_shell)
		return false;
	return strcmp(account->name, "root") == 0 || account->uid == 0 ||
	       (account->uid >= a->uid_min && account->uid <= a->uid_max);
}

bool account_is_service(const struct accounts *a, const struct account *account)
{
	return strcmp(account->name, "root") != 0 && !account_is_login(a, account);
}

bool account_expired(const struct account *account, int64_t day)
{
	/* 0 is "never" to shadow-utils and 1970 to pam_unix: only what all agree on counts. */
	if (account->expire_day > 0 && day >= account->expire_day)
		return true;
	/* A date in the future is a clock that was wrong; pam_unix lets it pass. */
	if (account->last_change_day <= 0 || account->max_days < 0 || account->inactive_days < 0 ||
		day < account->last_change_day)
		return false;
	return day - account->last_change_day > account->max_days + account->inactive_days;
}

struct shells {
	const char *name[SHELLS_MAX];
	bool there[SHELLS_MAX];
	size_t n;
};

/* As sshd asks: a regular file that somebody may execute. In doubt it is one. */
static bool shell_is_there(const struct root *root, const char *shell)
{
	struct stat st;
	int r = root_stat(root, *shell ? shell : "/bin/sh", &st);

	if (r < 0)
		return r != -ENOENT && r != -ENOTDIR;
	return S_ISREG(st.st_mode) && (st.st_mode & 0111);
}

/* Few shells serve all accounts: each is looked up once. */
static bool shell_cached(const struct root *root, struct shells *s, const char *shell)
{
	for (size_t i = s->n; i > 0; i--) {
		if (strcmp(s->name[i - 1], shell) == 0)
			return s->there[i - 1];
	}
	if (s->n == SHELLS_MAX)
		return true;
	s->name[s->n] = shell;
	s->there[s->n] = shell_is_there(root, shell);
	return s->there[s->n++];
}

/* Takes the bytes over into the arena, as the parser keeps pointers into them. */
static int read_text(const struct collect *c, struct fact *f, enum accounts_file which,
	struct accounts *acc, struct accounts_text *ret)
{
	_cleanup_file_ struct file file = {0};
	const char *path = accounts_paths[which];

	int r = root_read(c->root, path, ACCOUNTS_BYTES_MAX, &file);
	if (r == -ENOMEM)
		return r;
	acc->file_state[which] = fact_state_from_errno(r);
	if (r < 0) {
		acc->file_reason[which] = arena_printf(f->arena, "%s %s", path, fsio_strerror(r));
		return acc->file_reason[which] ? 0 : -ENOMEM;
	}
	ret->data = arena_alloc(f->arena, file.size + 1);
	if (!ret->data)
		return -ENOMEM;
	memcpy(ret->data, file.data, file.size);
	ret->size = file.size;
	return 0;
}

static int accounts_collect(const struct collect *c, struct fact *f)
{
	struct accounts *acc = arena_alloc(f->arena, sizeof(*acc));
	struct accounts_text texts[ACCOUNTS_FILE_MAX] = {0};
	struct shells shells = {0};

	if (!acc)
		return -ENOMEM;
	for (int i = 0; i < ACCOUNTS_FILE_MAX; i++) {
		int r = read_text(c, f, (enum accounts_file)i, acc, &texts[i]);
		if (r < 0)
			return r;
	}
	if (acc->file_state[ACCOUNTS_PASSWD] != FACT_STATE_OK) {
		f->state = acc->file_state[ACCOUNTS_PASSWD];
		f->reason = acc->file_reason[ACCOUNTS_PASSWD];
		return 0;
	}
	int r = accounts_parse(f->arena, texts, acc);
	if (r < 0)
		return r;
	for (size_t i = 0; i < acc->n; i++) {
		struct account *x = &acc->v[i];
		x->login_shell = x->login_shell && shell_cached(c->root, &shells, x->shell);
	}
	r = accounts_items(f, acc);
	f->u.accounts = acc;
	return r;
}

/*
 * lckpwdf(3) holds .pwd.lock from before the first rename to after the last, in
 * shadow-utils, pam_unix and systemd alike; the .lock files of shadow-utils
 * overlap over all four files and also stand where no fcntl lock is to be seen
 * (another mount namespace's tools).
 */
const struct fact_lock accounts_locks[] = {
	{"/etc/.pwd.lock", LOCK_FCNTL, 5 * USEC_PER_SEC},
	{"/etc/passwd.lock", LOCK_EXISTS, 5 * USEC_PER_SEC},
	{"/etc/shadow.lock", LOCK_EXISTS, 5 * USEC_PER_SEC},
	{"/etc/group.lock", LOCK_EXISTS, 5 * USEC_PER_SEC},
	{"/etc/gshadow.lock", LOCK_EXISTS, 5 * USEC_PER_SEC},
	{0},
};

const struct collector collector_accounts = {
	.id = FACT_ACCOUNTS,
	.name = "accounts",
	.locks = accounts_locks,
	.collect = accounts_collect,
};
