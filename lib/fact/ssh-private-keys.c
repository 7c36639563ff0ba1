/* SPDX-License-Identifier: ISC */
#include "fact/ssh-private-keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fact/accounts.h"
#include "fact/collectors.h"
#include "fact/ssh-host-keys.h"
#include "fact/ssh-key-line.h"

struct build {
	const struct collect *c;
	struct fact *f;
	struct arena *a;
	size_t bytes_left;
	/* of the directory in hand */
	const char *account, *base,
		*dir; /* dir is beneath base; account NULL: it is the system's */
	size_t directory_left;
	char *buf;
	struct ssh_private_keys *out;
	struct ssh_stray_key *keys;
	struct ssh_stray_gap *gaps;
};

char *ssh_stray_key_subject(struct arena *a, const struct ssh_stray_key *key)
{
	return arena_printf(a, "private key %s", key->path);
}

static int add_gap(struct build *b, const char *path, int r, const char *why)
{
	struct ssh_stray_gap *gap = arena_grow(b->a, &b->gaps, b->out->n_gaps, sizeof(*gap));

	if (!gap || !path)
		return -ENOMEM;
	*gap = (struct ssh_stray_gap){
		.account = b->account,
		.path = path,
		.state = fact_state_from_errno(r),
		.reason = arena_printf(b->a, "%s %s", path, why ? why : fsio_strerror(r)),
	};
	if (!gap->reason)
		return -ENOMEM;
	b->out->n_gaps++;
	return 0;
}

/* Links that root made in its own directories lead where root says. */
static int open_file(struct build *b, const char *rel, struct stat *ret)
{
	if (b->account)
		return root_open_file_beneath(b->c->root, b->base, rel, ret);
	const char *path = arena_path(b->a, b->base, rel);
	return path ? root_open_file(b->c->root, path, ret) : -ENOMEM;
}

/* Reads the beginning of a file. Bytes read, or -errno. */
static ssize_t read_head(struct build *b, const char *rel, struct stat *ret)
{
	size_t max = SSH_PRIVATE_KEYS_HEAD_MAX;

	_cleanup_close_ int fd = open_file(b, rel, ret);
	if (fd < 0)
		return fd;
	if (b->bytes_left < max || b->directory_left < max)
		return -EFBIG;
	ssize_t n = fsio_read_head(fd, b->buf, max);
	if (n < 0)
		return n;
	b->bytes_left -= (size_t)n;
	b->directory_left -= (size_t)n;
	return n;
}

/* From the public key that ssh-keygen leaves beside it; only what the file itself doesn't say. */
static int complete(struct build *b, const char *rel, struct ssh_key *key)
{
	struct ssh_key_line line;
	struct stat st;

	if (*key->fingerprint)
		return 0;
	const char *pub = arena_printf(b->a, "%s.pub", rel);
	if (!pub)
		return -ENOMEM;
	ssize_t n = read_head(b, pub, &st);
	if (n < 0)
		return 0;
	const char *nl = memchr(b->buf, '\n', (size_t)n);
	int r = ssh_key_parse_line(b->a, b->buf, nl ? (size_t)(nl - b->buf) : (size_t)n, &line);
	if (r == 1)
		*key = line.key;
	return r == -ENOMEM ? r : 0;
}

static void add_item(struct build *b, const struct ssh_stray_key *key)
{
	const struct ssh_key *k = &key->private.key;
	const struct account_group *group = NULL;
	const struct accounts *accounts = factset_get(b->c->facts, FACT_ACCOUNTS)->u.accounts;
	char owner[16], group_id[16], bits[16] = "";
	const char *owner_name = NULL;

	for (size_t i = 0; i < accounts->n && !owner_name; i++) {
		if (accounts->v[i].uid == key->uid)
			owner_name = accounts->v[i].name;
	}
	for (size_t i = 0; i < accounts->n_groups && !group; i++) {
		if (accounts->groups[i].gid == key->gid)
			group = &accounts->groups[i];
	}
	(void)snprintf(owner, sizeof(owner), "%u", key->uid);
	(void)snprintf(group_id, sizeof(group_id), "%u", key->gid);
	if (k->bits > 0)
		(void)snprintf(bits, sizeof(bits), " %u", k->bits);
	char *value = arena_printf(b->a, "%s%s, %s, %s:%s, %04o%s%s",
		*k->name ? k->name : key->private.format, bits,
		ssh_protection_name(key->private.protection), owner_name ? owner_name : owner,
		group ? group->name : group_id, (unsigned)key->mode, *k->fingerprint ? ", " : "",
		k->fingerprint);
	char *subject = ssh_stray_key_subject(b->a, key);
	if (value && subject)
		fact_add_item(b->f, subject, value, key->path, 0);
}

static bool is_host_key(const struct build *b, const char *path)
{
	const struct fact *f = factset_get(b->c->facts, FACT_SSH_HOST_KEYS);
	const struct ssh_host_keys *host = f ? f->u.ssh_host_keys : NULL;

	for (size_t i = 0; host && i < host->n_keys; i++) {
		if (strcmp(host->keys[i].path, path) == 0)
			return true;
	}
	/* One that isn't in force, or isn't known to be, is the host's all the same. */
	return strncmp(path, "/etc/ssh/ssh_host_", strlen("/etc/ssh/ssh_host_")) == 0;
}

/* What isn't a regular file holds no key; what can't be known to hold none is a gap. */
static int not_read(struct build *b, const char *name, const char *path, int r)
{
	static const char *const harmless[] = {
		"config",
		"known_hosts",
		"known_hosts.old",
		"authorized_keys",
		"authorized_keys2",
		"rc",
		"environment",
	};
	size_t n = strlen(name);

	if (r == -ENODEV || r == -EISDIR || r == -ENOENT || r == -ENOTDIR)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++) {
		if (strcmp(name, harmless[i]) == 0)
			return 0;
	}
	if (n > 4 && strcmp(name + n - 4, ".pub") == 0)
		return 0;
	return add_gap(b, path, r,
		r == -EFBIG ? "was not read: there is more here than is looked at" : NULL);
}

static int look_at(const char *name, void *arg)
{
	struct build *b = arg;
	struct ssh_private_key private;
	struct stat st;

	char *rel = strcmp(b->dir, ".") == 0 ? arena_strdup(b->a, name)
					     : arena_path(b->a, b->dir, name);
	char *path = rel ? arena_path(b->a, b->base, rel) : NULL;
	if (!path)
		return -ENOMEM;
	if (!b->account && is_host_key(b, path))
		return 0;
	ssize_t n = read_head(b, rel, &st);
	if (n < 0)
		return not_read(b, name, path, (int)n);
	int r = ssh_key_parse_private(b->a, b->buf, (size_t)n, &private);
	explicit_bzero(b->buf, (size_t)n);
	if (r == 1) {
		int err = complete(b, rel, &private.key);
		r = err < 0 ? err : r;
	}
	if (r <= 0)
		return r;
	struct ssh_stray_key *key = arena_grow(b->a, &b->keys, b->out->n_keys, sizeof(*key));
	if (!key)
		return -ENOMEM;
	*key = (struct ssh_stray_key){
		.account = b->account,
		.path = path,
		.private = private,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.mode = st.st_mode & 07777,
	};
	b->out->n_keys++;
	add_item(b, key);
	return 0;
}

static int look_into(struct build *b, const char *account, const char *base, const char *dir)
{
	b->account = account;
	b->base = base;
	b->dir = dir;
	b->directory_left = SSH_PRIVATE_KEYS_DIRECTORY_MAX;
	int r = account ? root_list_beneath(
				  b->c->root, base, dir, SSH_PRIVATE_KEYS_NAMES_MAX, look_at, b)
			: root_list(b->c->root, base, SSH_PRIVATE_KEYS_NAMES_MAX, look_at, b);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	b->out->n_directories++;
	if (r == 0 || r == -ENOMEM)
		return r;
	return add_gap(b, account ? arena_path(b->a, base, dir) : base, r,
		r == -EFBIG ? "was not searched: it holds too many files" : NULL);
}

/* An account's home; accounts that share one are neighbours after sorting. */
struct home {
	const struct account *account;
	const char *path;
	size_t order;
};

static int compare_path(const void *a, const void *b)
{
	const struct home *x = a, *y = b;
	int r = strcmp(x->path, y->path);

	return r != 0 ? r : (x->order > y->order) - (x->order < y->order);
}

static int compare_order(const void *a, const void *b)
{
	const struct home *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

/* The distinct homes of root and of those who log in, each with the first account that has it. */
static size_t find_homes(const struct accounts *accounts, struct home *homes)
{
	size_t n = 0, distinct = 0;

	for (size_t i = 0; i < accounts->n; i++) {
		const struct account *account = &accounts->v[i];
		if (account->uid == 0 || account_is_login(accounts, account))
			homes[n++] = (struct home){
				account, *account->home ? account->home : "/", i};
	}
	if (n > 1)
		qsort(homes, n, sizeof(*homes), compare_path);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || strcmp(homes[i].path, homes[distinct - 1].path) != 0)
			homes[distinct++] = homes[i];
	}
	if (distinct > 1)
		qsort(homes, distinct, sizeof(*homes), compare_order);
	return distinct;
}

static int search(struct build *b, const struct accounts *accounts)
{
	_cleanup_free_ struct home *homes = calloc(accounts->n + 1, sizeof(*homes));
	int r = 0;

	if (!homes)
		return -ENOMEM;
	size_t n = find_homes(accounts, homes);
	for (size_t i = 0; i < n && r == 0; i++) {
		char *name = arena_strdup(b->a, homes[i].account->name);
		char *path = arena_strdup(b->a, homes[i].path);
		r = name && path ? look_into(b, name, path, ".ssh") : -ENOMEM;
	}
	return r < 0 ? r : look_into(b, NULL, "/etc/ssh", ".");
}

static int private_keys_collect(const struct collect *c, struct fact *f)
{
	const struct fact *accounts = factset_get(c->facts, FACT_ACCOUNTS);
	struct build b = {
		.c = c,
		.f = f,
		.a = f->arena,
		.bytes_left = SSH_PRIVATE_KEYS_BYTES_MAX,
	};

	if (!accounts || accounts->state != FACT_STATE_OK) {
		f->state = accounts ? accounts->state : FACT_STATE_ERROR;
		f->reason = arena_printf(f->arena, "whose homes to search is not known: %s",
			accounts && accounts->reason ? accounts->reason : "a fact is missing");
		return 0;
	}
	_cleanup_free_ char *buf = malloc(SSH_PRIVATE_KEYS_HEAD_MAX);
	b.buf = buf;
	b.out = arena_alloc(f->arena, sizeof(*b.out));
	if (!b.buf || !b.out)
		return -ENOMEM;
	int r = search(&b, accounts->u.accounts);
	if (r < 0)
		return r;
	b.out->keys = b.keys;
	b.out->gaps = b.gaps;
	f->u.ssh_private_keys = b.out;
	return 0;
}

const struct collector collector_ssh_private_keys = {
	.id = FACT_SSH_PRIVATE_KEYS,
	.name = "ssh-private-keys",
	.needs = FACT_BIT(FACT_ACCOUNTS) | FACT_BIT(FACT_SSH_HOST_KEYS),
	.collect = private_keys_collect,
};
