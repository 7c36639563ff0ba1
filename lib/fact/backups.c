/* SPDX-License-Identifier: ISC */
#include "fact/backups.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf/policy.h"
#include "fact/collectors.h"
#include "fact/packages.h"

enum {
	CONF_MAX = 256 * 1024,
	PATHS_MAX = 4000,
	STAMPS_MAX = 1000,
};

#define STAMPS_DIR "/var/lib/systemd/timers"
#define BY_STAMP \
	"let the job touch a file when it succeeded, and name it as `stamp` in [backup-recent]"

/* The cache of files is written at the end of `borg create`, and by nothing else. */
#define BORG_RECORDS "/root/.cache/borg/*/files*", "/var/cache/borg/*/files*"

/* Patterns end with NULL; a record is the newest of the files that its patterns find. */
struct client_row {
	const char *name;
	const char *programs[3], *jobs[4];
	const char *configs[5], *records[4];
	bool needs_config;
	const char *service, *how;
};

static const struct client_row rows[] = {
	{"bacula", {"/usr/sbin/bacula-fd", "/opt/bacula/bin/bacula-fd"}, {"bacula-fd"},
		{"/etc/bacula/bacula-fd.conf", "/opt/bacula/etc/bacula-fd.conf"}, {NULL}, true,
		"bacula-fd.service",
		"let the Director's job run `touch FILE` here (RunScript, RunsWhen = After, "
		"RunsOnFailure = no), and name it as `stamp` in [backup-recent]"},
	{"bareos", {"/usr/sbin/bareos-fd"}, {"bareos-fd"},
		{"/etc/bareos/bareos-fd.d/director/*.conf", "/etc/bareos/bareos-fd.conf"}, {NULL},
		true, "bareos-fd.service",
		"let the Director's job run `touch FILE` here (RunScript, RunsWhen = After, "
		"RunsOnFailure = no), and name it as `stamp` in [backup-recent]"},
	/* A snapshot's file comes into the cache when the snapshot is complete. */
	{"restic", {"/usr/bin/restic", "/usr/local/bin/restic"},
		{"restic", "resticprofile", "autorestic"},
		{"/etc/resticprofile/profiles.*", "/root/.autorestic.y*ml",
			"/etc/autorestic/*.y*ml", "/etc/restic/*"},
		{"/root/.cache/restic/*/snapshots/*/*", "/var/cache/restic/*/snapshots/*/*",
			"/var/cache/restic/*/*/snapshots/*/*"},
		false, NULL,
		"give restic a cache (HOME=/root or CacheDirectory= in its unit), or " BY_STAMP},
	{"borg", {"/usr/bin/borg", "/usr/local/bin/borg"}, {"borg", "vorta"}, {"/etc/borg*/*"},
		{BORG_RECORDS}, false, NULL, BY_STAMP},
	{"borgmatic", {"/usr/bin/borgmatic", "/usr/local/bin/borgmatic"}, {"borgmatic"},
		{"/etc/borgmatic/config.yaml", "/etc/borgmatic.d/*.yaml",
			"/root/.config/borgmatic/config.yaml"},
		{BORG_RECORDS}, true, NULL, BY_STAMP},
	{"duplicity", {"/usr/bin/duplicity", "/usr/local/bin/duplicity"}, {"duplicity", "duply"},
		{"/etc/duply/*/conf", "/root/.duply/*/conf"},
		{"/root/.cache/duplicity/*/*.manifest"}, false, NULL, BY_STAMP},
	{"rsnapshot", {"/usr/bin/rsnapshot"}, {"rsnapshot"}, {"/etc/rsnapshot.conf"}, {NULL}, true,
		NULL, BY_STAMP},
	{"kopia", {"/usr/bin/kopia", "/usr/local/bin/kopia"}, {"kopia"},
		{"/root/.config/kopia/repository.config"}, {NULL}, true, NULL, BY_STAMP},
	{"urbackup", {"/usr/sbin/urbackupclientbackend", "/usr/local/sbin/urbackupclientbackend"},
		{"urbackupclientctl"},
		{"/etc/urbackup/*", "/usr/local/var/urbackup/data/settings.cfg",
			"/var/urbackup/data/settings.cfg"},
		{NULL}, true, "urbackupclientbackend.service", BY_STAMP},
	{"veeam", {"/usr/sbin/veeamservice"}, {"veeamconfig"}, {"/etc/veeam/veeam.ini"}, {NULL},
		true, "veeamservice.service", BY_STAMP},
	{"backupninja", {"/usr/sbin/backupninja"}, {"backupninja"}, {"/etc/backup.d/*"}, {NULL},
		true, NULL, BY_STAMP},
};

struct reading {
	const struct collect *c;
	struct arena *a;
	struct root quiet; /* without deps: a cache has many files, and each backup changes them */
	struct backups *b;
};

/* The first path that there is. A directory that may not be listed counts for nothing there. */
static int first_path(struct reading *rd, const char *const *patterns, size_t max, const char **ret)
{
	struct stat st;

	for (size_t i = 0; i < max && patterns[i]; i++) {
		char **v;
		size_t n;
		int r = root_glob(rd->c->root, rd->a, patterns[i], PATHS_MAX, &v, &n);
		if (r == -ENOMEM)
			return r;
		for (size_t k = 0; r == 0 && k < n; k++) {
			if (root_stat(rd->c->root, v[k], &st) == 0 && S_ISREG(st.st_mode)) {
				*ret = v[k];
				return 0;
			}
		}
	}
	return 0;
}

/* The newest file of the pattern, if it is newer than what the client has. */
static int read_record(struct reading *rd, const char *pattern, struct backup_client *x)
{
	_cleanup_(arena_freep) struct arena *tmp = arena_new();
	const char *newest = NULL;
	char **v;
	size_t n;

	if (!tmp)
		return -ENOMEM;
	int r = root_glob(&rd->quiet, tmp, pattern, PATHS_MAX, &v, &n);
	if (r < 0)
		return r == -ENOMEM ? r : 0; /* what can't be listed is no record */
	for (size_t i = 0; i < n; i++) {
		struct stat st;
		if (root_stat(&rd->quiet, v[i], &st) < 0 || !S_ISREG(st.st_mode) ||
			timespec_usec(st.st_mtim) <= x->success_realtime_usec)
			continue;
		x->success_realtime_usec = timespec_usec(st.st_mtim);
		newest = v[i];
	}
	if (!newest)
		return 0;
	x->record = arena_strdup(rd->a, newest);
	return x->record ? 0 : -ENOMEM;
}

/* The next line's words, at most max; the rest of the line is in the last. false at the end.
 * Tabs are what separates: rsnapshot refuses a file in which blanks do. */
static bool next_words(const char **text, const char *v[], size_t len[], size_t max, size_t *ret_n)
{
	const char *s = *text;
	size_t end = strcspn(s, "\n"), n = 0;

	if (!*s)
		return false;
	for (size_t i = strspn(s, " \t\r"); i < end && s[i] != '#' && n < max;) {
		v[n] = s + i;
		len[n] = strcspn(s + i, "\t\r\n");
		i += len[n++];
		i += strspn(s + i, "\t\r");
	}
	*ret_n = n;
	*text = s + end + (s[end] == '\n');
	return true;
}

static bool is_word(const char *s, size_t n, const char *word)
{
	return strlen(word) == n && strncmp(s, word, n) == 0;
}

/* Whether the line is one that matters here but for a blank behind its keyword. */
static bool is_blank_line(const char *line)
{
	static const char *const keys[] = {"snapshot_root ", "retain ", "interval ", "backup ",
		"backup_script ", "backup_exec ", "include_conf "};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strncmp(line, keys[i], strlen(keys[i])) == 0)
			return true;
	}
	return false;
}

int rsnapshot_parse(struct arena *a, const char *text, struct rsnapshot *ret)
{
	struct rsnapshot c = {0};
	const char *v[3];
	size_t len[3], n;

	for (unsigned line = 1; *text; line++) {
		if (!c.blanks_line && is_blank_line(text))
			c.blanks_line = line;
		if (!next_words(&text, v, len, 3, &n) || n < 2)
			continue;
		c.includes |= is_word(v[0], len[0], "include_conf");
		if (is_word(v[0], len[0], "snapshot_root"))
			c.root = arena_strndup(a, v[1], len[1]);
		else if (!c.interval &&
			 (is_word(v[0], len[0], "retain") || is_word(v[0], len[0], "interval")))
			c.interval = arena_strndup(a, v[1], len[1]);
		else
			c.n_backups += is_word(v[0], len[0], "backup") ||
				       is_word(v[0], len[0], "backup_script") ||
				       is_word(v[0], len[0], "backup_exec");
	}
	if (arena_failed(a))
		return -ENOMEM;
	*ret = c;
	return 0;
}

static int read_rsnapshot(struct reading *rd, const char *text, struct backup_client *x)
{
	struct rsnapshot c;
	struct stat st;
	int r = rsnapshot_parse(rd->a, text, &c);

	if (r < 0)
		return r;
	if (c.blanks_line) {
		x->fault =
			"blanks stand between the words of a line, and rsnapshot takes tabs only";
		x->fault_path = x->config;
		x->fault_line = c.blanks_line;
		return 0;
	}
	if ((!c.root || !c.interval || c.n_backups == 0) && c.includes)
		return 0; /* the other file is for rsnapshot to read: without a record, unknown */
	if (!c.root || !c.interval || c.n_backups == 0) {
		x->fault = !c.root	 ? "snapshot_root is not set"
			   : !c.interval ? "no interval is retained"
					 : "nothing is backed up";
		x->fault_path = x->config;
		return 0;
	}
	/* It sets this directory's time when a backup is complete. */
	size_t n = strlen(c.root);
	char *path = arena_printf(
		rd->a, "%s%s%s.0", c.root, n && c.root[n - 1] == '/' ? "" : "/", c.interval);
	if (!path)
		return -ENOMEM;
	if (root_stat(rd->c->root, path, &st) == 0) {
		x->success_realtime_usec = timespec_usec(st.st_mtim);
		x->record = path;
	}
	return 0;
}

/* "Director { Name = ..." with names in any case; blanks in a keyword don't count. */
void bacula_fd_parse(const char *text, bool *ret_director, bool *ret_local, unsigned *ret_line)
{
	bool director = false, local = false, in_director = false, monitor = false;
	unsigned line = 0;

	*ret_line = 0;
	for (const char *s = text; *s;) {
		size_t end = strcspn(s, "\n"), k = 0;
		char key[64] = "";
		line++;
		for (size_t i = 0; i < end && s[i] != '#' && k + 1 < sizeof(key); i++) {
			if (!strchr(" \t\r\"", s[i]))
				key[k++] = s[i];
		}
		key[k] = '\0';
		if (strncasecmp(key, "Director{", 9) == 0)
			in_director = true;
		if (strncasecmp(key, "FDAddress=", 10) == 0) {
			local = strncmp(key + 10, "127.", 4) == 0 || strcmp(key + 10, "::1") == 0 ||
				strcasecmp(key + 10, "localhost") == 0;
			*ret_line = line;
		}
		if (in_director && strncasecmp(key, "Monitor=yes", 11) == 0)
			monitor = true;
		if (strchr(key, '}')) {
			director |= in_director && !monitor;
			in_director = monitor = false;
		}
		s += end + (s[end] == '\n');
	}
	*ret_director = director;
	*ret_local = local;
}

static void read_bacula(const char *text, bool bareos, struct backup_client *x)
{
	bool director, local;
	unsigned line;

	bacula_fd_parse(text, &director, &local, &line);
	if (!director) {
		x->fault = "no Director may call this client";
		x->fault_path = x->config;
	} else if (local) {
		x->server = bareos ? "bareos-director.service" : "bacula-director.service";
		x->fault_path = x->config;
		x->fault_line = line;
	}
}

/* What cannot be read may make backups, or not. 0 or -ENOMEM. */
static int set_unread(struct reading *rd, struct backup_client *x, const char *path, int r)
{
	if (r == -ENOMEM)
		return r;
	x->unread = true;
	x->fault = arena_printf(rd->a, "%s %s", path, fsio_strerror(r));
	x->fault_path = x->config;
	return x->fault ? 0 : -ENOMEM;
}

/* The repository that generate-borgmatic-config writes as an example: nobody's. */
#define SAMPLE_REPOSITORY "user@backupserver/"

/* The line on which the text names the sample's repository, outside of comments; 0: none does. */
static unsigned sample_line(const char *text)
{
	unsigned line = 1;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n', line++) {
		size_t n = strcspn(text, "#\n");
		if (memmem(text, n, SAMPLE_REPOSITORY, strlen(SAMPLE_REPOSITORY)))
			return line;
	}
	return 0;
}

/* One configuration that was made somebody's own is enough. */
static int read_borgmatic(struct reading *rd, const struct client_row *row, struct backup_client *x)
{
	unsigned line = 0, first = 0;

	for (size_t i = 0; i < ARRAY_SIZE(row->configs) && row->configs[i]; i++) {
		char **v;
		size_t n;
		int r = root_glob(rd->c->root, rd->a, row->configs[i], PATHS_MAX, &v, &n);
		if (r == -ENOMEM)
			return r;
		for (size_t k = 0; r == 0 && k < n; k++) {
			_cleanup_file_ struct file file = {0};
			r = root_read(rd->c->root, v[k], CONF_MAX, &file);
			line = r == 0 ? sample_line(file.data) : 0;
			if (r < 0)
				return set_unread(rd, x, v[k], r);
			if (line == 0)
				return 0;
			first = first ? first : line;
		}
	}
	x->fault = "it is the sample that generate-borgmatic-config writes: nothing is at "
		   "ssh://" SAMPLE_REPOSITORY;
	x->fault_path = x->config;
	x->fault_line = first;
	return 0;
}

/* What the configuration itself says, of those whose form is known. */
static int read_config(struct reading *rd, const struct client_row *row, struct backup_client *x)
{
	_cleanup_file_ struct file file = {0};
	bool bacula = strcmp(x->name, "bacula") == 0, bareos = strcmp(x->name, "bareos") == 0;

	if (x->config && strcmp(x->name, "borgmatic") == 0)
		return read_borgmatic(rd, row, x);
	if (!x->config || (!bacula && !bareos && strcmp(x->name, "rsnapshot") != 0))
		return 0;
	int r = root_read(rd->c->root, x->config, CONF_MAX, &file);
	if (r < 0)
		return set_unread(rd, x, x->config, r);
	if (!bacula && !bareos)
		return read_rsnapshot(rd, file.data, x);
	read_bacula(file.data, bareos, x);
	return 0;
}

static int read_client(struct reading *rd, const struct client_row *row)
{
	struct backup_client x = {.name = row->name,
		.needs_config = row->needs_config,
		.service = row->service,
		.programs = row->jobs,
		.how = row->how};
	int r = first_path(rd, row->programs, ARRAY_SIZE(row->programs), &x.program);

	if (r < 0 || !x.program)
		return r;
	r = first_path(rd, row->configs, ARRAY_SIZE(row->configs), &x.config);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(row->records) && row->records[i]; i++)
		r = read_record(rd, row->records[i], &x);
	if (r == 0)
		r = read_config(rd, row, &x);
	if (r < 0)
		return r;
	struct backup_client *slot = arena_grow(rd->a, &rd->b->v, rd->b->n, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = x;
	rd->b->n++;
	return 0;
}

static int add_stamp(const char *name, void *arg)
{
	struct reading *rd = arg;
	struct stat st;

	if (strncmp(name, "stamp-", 6) != 0)
		return 0;
	char *path = arena_printf(rd->a, STAMPS_DIR "/%s", name);
	if (!path)
		return -ENOMEM;
	if (root_lstat(rd->c->root, path, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	struct backup_stamp *slot = arena_grow(
		rd->a, &rd->b->stamps, rd->b->n_stamps, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = (struct backup_stamp){
		path + strlen(STAMPS_DIR "/stamp-"), path, timespec_usec(st.st_mtim)};
	rd->b->n_stamps++;
	return 0;
}

/* The file that policy names: touched by each success. */
static int read_policy_stamp(struct reading *rd)
{
	const char *path = rd->c->policy ? policy_string(rd->c->policy, "backup-recent", "stamp")
					 : "";
	struct stat st;

	if (!*path)
		return 0;
	rd->b->stamp = arena_strdup(rd->a, path);
	if (!rd->b->stamp)
		return -ENOMEM;
	int r = root_stat(rd->c->root, path, &st);
	if (r < 0) {
		rd->b->stamp_reason = arena_strdup(rd->a, fsio_strerror(r));
		return r == -ENOMEM || !rd->b->stamp_reason ? -ENOMEM : 0;
	}
	rd->b->stamp_realtime_usec = timespec_usec(st.st_mtim);
	return 0;
}

static int backups_collect(const struct collect *c, struct fact *f)
{
	struct backups *b = arena_alloc(f->arena, sizeof(*b));
	struct reading rd = {.c = c, .a = f->arena, .quiet = *c->root, .b = b};
	int r = 0;

	if (!b)
		return -ENOMEM;
	rd.quiet.deps = NULL;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++)
		r = read_client(&rd, &rows[i]);
	if (r == 0)
		r = root_list(c->root, STAMPS_DIR, STAMPS_MAX, add_stamp, &rd);
	/* Without stamps, timers tell nothing; the check says so where it matters. */
	r = r == -ENOMEM ? r : read_policy_stamp(&rd);
	if (r < 0)
		return r;
	f->u.backups = b;
	return 0;
}

const struct collector collector_backups = {
	.id = FACT_BACKUPS,
	.name = "backups",
	.locks = packages_locks,
	/* A record in a cache is not watched. */
	.refresh_usec = USEC_PER_HOUR,
	.collect = backups_collect,
};
