/* SPDX-License-Identifier: ISC */
#include "fact/ssh-host-keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "fact/collectors.h"
#include "fact/ssh-key-line.h"
#include "fact/sshd.h"

enum {
	KEY_FILE_MAX = 64 * 1024,
	KEYS_MAX = 256, /* what sshd itself takes is far less */
	CONF_FILES_MAX = 1024,
};

struct build {
	const struct collect *c;
	struct fact *f;
	struct arena *a;
	struct ssh_host_keys *out;
	struct ssh_host_key *keys;
	struct ssh_host_certificate *certificates;
	struct ssh_host_file *files;
};

/* Calls each with every value of the keyword, which sshd -T prints on lines of their own. */
static int each_value(struct build *b, const char *keyword,
	int (*each)(struct build *b, const char *path, const struct sshd_value *where))
{
	const struct sshd *sshd = factset_get(b->c->facts, FACT_SSHD)->u.sshd;
	const struct sshd_context *any = sshd->contexts; /* the first holds for everybody */

	for (size_t i = 0; sshd->n_contexts > 0 && i < any->n_values; i++) {
		const struct sshd_value *v = &any->values[i];
		if (strcmp(v->keyword, keyword) != 0)
			continue;
		for (const char *p = v->value + strspn(v->value, " \t\n"); *p;) {
			size_t n = strcspn(p, " \t\n");
			char *word = arena_strndup(b->a, p, n);
			int r = !word				? -ENOMEM
				: strcasecmp(word, "none") == 0 ? 0
								: each(b, word, v);
			if (r < 0)
				return r;
			p += n;
			p += strspn(p, " \t\n");
		}
	}
	return 0;
}

/* The public key or certificate in a .pub file. 0, -EBADMSG, -errno of reading. */
static int read_public(struct build *b, const char *path, struct ssh_key *ret)
{
	_cleanup_file_ struct file file = {0};
	struct ssh_key_line line;

	int r = root_read(b->c->root, path, KEY_FILE_MAX, &file);
	if (r < 0)
		return r;
	r = ssh_key_parse_line(b->a, file.data, strcspn(file.data, "\n"), &line);
	if (r < 0)
		return r;
	if (r == 0)
		return -EBADMSG;
	*ret = line.key;
	return 0;
}

static int read_private(struct build *b, struct ssh_host_key *k)
{
	_cleanup_file_ struct file file = {0};
	struct ssh_private_key private;

	int r = root_read(b->c->root, k->path, KEY_FILE_MAX, &file);
	if (r < 0)
		return r;
	r = ssh_key_parse_private(b->a, file.data, file.size, &private);
	explicit_bzero(file.data, file.size);
	if (r < 0)
		return r;
	if (r == 0)
		return -EBADMSG;
	k->key = private.key;
	k->protection = private.protection;
	return 0;
}

/* Owner, mode and times are worth having even when the content makes no sense. */
static void stat_private(struct build *b, struct ssh_host_key *k)
{
	struct stat st;

	if (root_stat(b->c->root, k->path, &st) < 0)
		return;
	k->seen = true;
	k->uid = st.st_uid;
	k->gid = st.st_gid;
	k->mode = st.st_mode & 07777;
	k->mtime_realtime_usec = (uint64_t)st.st_mtim.tv_sec * USEC_PER_SEC +
				 (uint64_t)st.st_mtim.tv_nsec / 1000;
	(void)root_birth(b->c->root, k->path, &k->birth_realtime_usec); /* 0 without one */
}

static const char *read_reason(struct build *b, const char *path, int r)
{
	return arena_printf(b->a, "%s %s", path,
		r == -EBADMSG ? "holds no key that can be read" : fsio_strerror(r));
}

/* Two of one type are told apart by their path. */
static const char *key_subject(struct build *b, const struct ssh_host_key *k)
{
	if (!*k->key.name)
		return arena_printf(b->a, "host key file %s", k->path);
	for (size_t i = 0; i < b->out->n_keys; i++) {
		if (strcmp(b->keys[i].key.name, k->key.name) == 0)
			return arena_printf(b->a, "host key %s in %s", k->key.name, k->path);
	}
	return arena_printf(b->a, "host key %s", k->key.name);
}

static void add_key_item(struct build *b, const struct ssh_host_key *k)
{
	char *value;

	if (k->state != FACT_STATE_OK && !*k->key.name)
		value = arena_printf(b->a, "%s: %s", fact_state_name(k->state), k->reason);
	else if (*k->key.fingerprint)
		value = arena_printf(b->a, "%s %u bits", k->key.fingerprint, k->key.bits);
	else
		value = arena_printf(b->a, "%s", ssh_protection_name(k->protection));
	fact_add_item(b->f, k->subject, value, k->path, 0);
}

static int add_key(struct build *b, const char *path, const struct sshd_value *where)
{
	struct ssh_host_key k = {
		.path = path,
		.key = {.name = "", .fingerprint = ""},
		.conf_path = arena_strdup(b->a, where->path),
		.conf_line = where->line,
	};
	struct ssh_key public;

	if (b->out->n_keys >= KEYS_MAX)
		return 0;
	int r = read_private(b, &k);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		k.reason = read_reason(b, path, r);
	k.state = fact_state_from_errno(r);
	stat_private(b, &k);
	if (!*k.key.fingerprint) {
		const char *pub = arena_printf(b->a, "%s.pub", path);
		r = pub ? read_public(b, pub, &public) : -ENOMEM;
		if (r == -ENOMEM)
			return r;
		if (r == 0)
			k.key = public;
	}
	/* sshd tries its default paths and says nothing of those that aren't there. */
	if (k.state == FACT_STATE_ABSENT && !where->path && !*k.key.name)
		return 0;
	k.subject = key_subject(b, &k);
	struct ssh_host_key *slot = arena_grow(b->a, &b->keys, b->out->n_keys, sizeof(*slot));
	if (!slot || !k.subject)
		return -ENOMEM;
	*slot = k;
	b->out->n_keys++;
	add_key_item(b, slot);
	return 0;
}

static int add_certificate(
	struct build *b, const char *path, _unused_ const struct sshd_value *where)
{
	struct ssh_host_certificate cert = {
		.path = path, .subject = arena_printf(b->a, "host certificate %s", path)};
	char until[32] = "ever";

	int r = read_public(b, path, &cert.key);
	if (r == -ENOMEM)
		return r;
	if (r == 0 && !cert.key.cert)
		r = -EBADMSG;
	cert.state = fact_state_from_errno(r);
	if (r < 0)
		cert.reason = read_reason(b, path, r);
	struct ssh_host_certificate *slot = arena_grow(
		b->a, &b->certificates, b->out->n_certificates, sizeof(*slot));
	if (!slot || !cert.subject)
		return -ENOMEM;
	*slot = cert;
	b->out->n_certificates++;
	if (r == 0 && cert.key.cert->valid_before < UINT64_MAX / USEC_PER_SEC)
		(void)text_rfc3339(until, cert.key.cert->valid_before * USEC_PER_SEC);
	const char *value =
		r < 0 ? arena_printf(b->a, "%s: %s", fact_state_name(cert.state), cert.reason)
		      : arena_printf(b->a, "%s signed by %s, valid until %s", cert.key.fingerprint,
				cert.key.cert->ca_fingerprint, until);
	fact_add_item(b->f, cert.subject, value, path, 0);
	return 0;
}

static int add_file(struct build *b, const char *path)
{
	struct ssh_host_file file = {.path = arena_strdup(b->a, path)};
	struct stat st;

	for (size_t i = 0; i < b->out->n_files; i++) {
		if (strcmp(b->files[i].path, path) == 0)
			return 0;
	}
	int r = root_stat(b->c->root, path, &st);
	file.state = fact_state_from_errno(r);
	if (file.state == FACT_STATE_ABSENT)
		return 0;
	if (r < 0) {
		file.reason = read_reason(b, path, r);
	} else {
		file.uid = st.st_uid;
		file.gid = st.st_gid;
		file.mode = st.st_mode;
	}
	if (b->out->n_files >= CONF_FILES_MAX)
		return 0;
	struct ssh_host_file *slot = arena_grow(b->a, &b->files, b->out->n_files, sizeof(*slot));
	if (!slot || !file.path)
		return -ENOMEM;
	*slot = file;
	b->out->n_files++;
	return 0;
}

/* Who may write a file's directory may put another in its place. */
static int add_file_and_directory(struct build *b, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash && slash != path ? arena_strndup(b->a, path, (size_t)(slash - path))
					   : NULL;
	int r = dir ? add_file(b, dir) : 0;

	return r < 0 ? r : add_file(b, path);
}

/* The files that decide, whatever they are called, beside those that are always read. */
static int add_files(struct build *b)
{
	const struct sshd *sshd = factset_get(b->c->facts, FACT_SSHD)->u.sshd;
	char **paths = NULL;
	size_t n = 0;

	int r = add_file_and_directory(b, "/etc/ssh/sshd_config");
	if (r == 0)
		r = add_file(b, "/etc/ssh/sshd_config.d");
	if (r < 0)
		return r;
	(void)root_glob(
		b->c->root, b->a, "/etc/ssh/sshd_config.d/*.conf", CONF_FILES_MAX, &paths, &n);
	for (size_t i = 0; i < n && r == 0; i++)
		r = add_file_and_directory(b, paths[i]);
	for (size_t i = 0; i < sshd->n_contexts; i++) {
		for (size_t k = 0; k < sshd->contexts[i].n_values && r == 0; k++) {
			const char *path = sshd->contexts[i].values[k].path;
			if (path && *path == '/')
				r = add_file_and_directory(b, path);
		}
	}
	for (size_t i = 0; i < b->out->n_keys && r == 0; i++) {
		const char *slash = strrchr(b->keys[i].path, '/');
		if (slash && slash != b->keys[i].path) {
			char *dir = arena_strndup(
				b->a, b->keys[i].path, (size_t)(slash - b->keys[i].path));
			r = dir ? add_file(b, dir) : -ENOMEM;
		}
	}
	return r;
}

static int host_keys_collect(const struct collect *c, struct fact *f)
{
	const struct fact *sshd = factset_get(c->facts, FACT_SSHD);
	struct build b = {.c = c, .f = f, .a = f->arena};

	if (!sshd || sshd->state != FACT_STATE_OK) {
		f->state = sshd ? sshd->state : FACT_STATE_ERROR;
		f->reason = arena_strdup(f->arena, sshd ? sshd->reason : "sshd was not looked at");
		return 0;
	}
	b.out = arena_alloc(f->arena, sizeof(*b.out));
	if (!b.out)
		return -ENOMEM;
	int r = each_value(&b, "hostkey", add_key);
	if (r == 0)
		r = each_value(&b, "hostcertificate", add_certificate);
	if (r == 0)
		r = add_files(&b);
	if (r < 0)
		return r;
	b.out->keys = b.keys;
	b.out->certificates = b.certificates;
	b.out->files = b.files;
	b.out->first_boot = first_boot_find(c->root);
	f->u.ssh_host_keys = b.out;
	return 0;
}

const struct collector collector_ssh_host_keys = {
	.id = FACT_SSH_HOST_KEYS,
	.name = "ssh-host-keys",
	.needs = FACT_BIT(FACT_SSHD),
	.collect = host_keys_collect,
};
