/* SPDX-License-Identifier: ISC */
/* journald.conf, and what the journal's own files tell. */
#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "fact/journal-conf.h"
#include "fact/systemd-conf.h"

enum {
	HEADER_SIZE = 192,
	HEADER_FIRST = 184, /* head_entry_realtime */
	FILES_MAX = 4096,
};

#define USEC_PER_MONTH UINT64_C(2629800000000) /* systemd's: a twelfth of 365.25 days */
#define USEC_PER_YEAR  UINT64_C(31557600000000)

int journal_parse_span(const char *s, uint64_t *ret_usec)
{
	static const struct {
		const char *name;
		uint64_t usec;
	} units[] = {{"seconds", USEC_PER_SEC}, {"second", USEC_PER_SEC}, {"sec", USEC_PER_SEC},
		{"s", USEC_PER_SEC}, {"minutes", USEC_PER_MIN}, {"minute", USEC_PER_MIN},
		{"min", USEC_PER_MIN}, {"months", USEC_PER_MONTH}, {"month", USEC_PER_MONTH},
		{"M", USEC_PER_MONTH}, {"msec", USEC_PER_MSEC}, {"ms", USEC_PER_MSEC},
		{"m", USEC_PER_MIN}, {"hours", USEC_PER_HOUR}, {"hour", USEC_PER_HOUR},
		{"hr", USEC_PER_HOUR}, {"h", USEC_PER_HOUR}, {"days", USEC_PER_DAY},
		{"day", USEC_PER_DAY}, {"d", USEC_PER_DAY}, {"weeks", 7 * USEC_PER_DAY},
		{"week", 7 * USEC_PER_DAY}, {"w", 7 * USEC_PER_DAY}, {"years", USEC_PER_YEAR},
		{"year", USEC_PER_YEAR}, {"y", USEC_PER_YEAR}, {"usec", 1}, {"us", 1}};
	double sum = 0;
	bool any = false;

	if (strcmp(s, "infinity") == 0) {
		*ret_usec = USEC_INFINITY;
		return 0;
	}
	while (*(s += strspn(s, " \t"))) {
		char *end;
		if (!isdigit((unsigned char)*s))
			return -EINVAL;
		double n = strtod(s, &end);
		s = end + strspn(end, " \t");
		size_t len = 0, i = 0;
		while (isalpha((unsigned char)s[len]))
			len++;
		while (len > 0 && i < ARRAY_SIZE(units) &&
			(strlen(units[i].name) != len || strncmp(units[i].name, s, len) != 0))
			i++;
		if (i == ARRAY_SIZE(units))
			return -EINVAL;
		sum += n * (double)units[i].usec;
		s += len;
		any = true;
	}
	if (!any || !(sum < 1e18))
		return -EINVAL;
	*ret_usec = (uint64_t)sum;
	return 0;
}

int journal_parse_size(const char *s, uint64_t *ret)
{
	static const char units[] = "BKMGTPE";
	char *end;

	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	double n = strtod(s, &end);
	end += strspn(end, " \t");
	const char *unit = *end ? strchr(units, *end) : units;
	if (!unit || (*end && end[1]))
		return -EINVAL;
	n = ldexp(n, 10 * (int)(unit - units));
	if (!(n < 1e19))
		return -EINVAL;
	*ret = (uint64_t)n;
	return 0;
}

int journal_first(const void *header, size_t size, uint64_t *ret_realtime_usec)
{
	uint64_t first;

	if (size < HEADER_SIZE || memcmp(header, "LPKSHHRH", 8) != 0)
		return -EBADMSG;
	memcpy(&first, (const char *)header + HEADER_FIRST, sizeof(first));
	*ret_realtime_usec = le64toh(first);
	return 0;
}

/* The last value of the key that systemd accepts; it passes over those that it does not. */
static const struct systemd_setting *valid(const struct systemd_conf *c, const char *key,
	int (*parse)(const char *, uint64_t *), uint64_t *ret)
{
	for (size_t i = c->n; i > 0; i--) {
		const struct systemd_setting *s = &c->v[i - 1];
		if (strcmp(s->section, "Journal") != 0 || strcmp(s->key, key) != 0)
			continue;
		if (!*s->value)
			return NULL;
		if (parse(s->value, ret) == 0)
			return s;
	}
	return NULL;
}

static int parse_storage(const char *s, uint64_t *ret)
{
	static const char *const names[] = {"none", "volatile", "persistent", "auto"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(s, names[i]) == 0) {
			*ret = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_bool(const char *s, uint64_t *ret)
{
	static const char *const yes[] = {"1", "yes", "y", "true", "t", "on"};
	static const char *const no[] = {"0", "no", "n", "false", "f", "off"};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcasecmp(s, yes[i]) == 0 || strcasecmp(s, no[i]) == 0) {
			*ret = strcasecmp(s, yes[i]) == 0;
			return 0;
		}
	}
	return -EINVAL;
}

static void set_storage(const struct systemd_conf *c, const struct root *quiet, struct journal *j)
{
	uint64_t storage = JOURNAL_PERSISTENT + 1; /* auto */
	const struct systemd_setting *s = valid(c, "Storage", parse_storage, &storage);
	struct stat st;

	if (s) {
		j->storage_path = s->path;
		j->storage_line = s->line;
	}
	j->storage = (enum journal_storage)storage;
	if (storage <= JOURNAL_PERSISTENT)
		return;
	j->no_directory = root_stat(quiet, "/var/log/journal", &st) < 0 || !S_ISDIR(st.st_mode);
	j->storage = j->no_directory ? JOURNAL_VOLATILE : JOURNAL_PERSISTENT;
}

struct files {
	const struct root *root;
	const char *dir;
	struct arena *a;
	struct journal *j;
};

/* Adds a file of the journal: what it takes, and, if the system's, since when. */
static int add_file(const char *name, void *arg)
{
	struct files *f = arg;
	size_t len = strlen(name);
	char header[HEADER_SIZE];
	struct stat st;
	uint64_t first;

	if (len < 8 || (strcmp(name + len - 8, ".journal") != 0 &&
			       !(len > 9 && strcmp(name + len - 9, ".journal~") == 0)))
		return 0;
	const char *path = arena_printf(f->a, "%s/%s", f->dir, name);
	if (!path)
		return -ENOMEM;
	_cleanup_close_ int fd = root_open_file(f->root, path, &st);
	if (fd < 0)
		return fd == -ENOMEM ? fd : 0; /* gone meanwhile */
	f->j->used += (uint64_t)st.st_blocks * 512;
	if (strncmp(name, "system", 6) != 0)
		return 0;
	ssize_t n = pread(fd, header, sizeof(header), 0);
	if (n > 0 && journal_first(header, (size_t)n, &first) == 0 && first > 0 &&
		(f->j->first_realtime_usec == 0 || first < f->j->first_realtime_usec))
		f->j->first_realtime_usec = first;
	return 0;
}

static int add_machine(const char *name, void *arg)
{
	struct files *f = arg;
	struct files below = *f;

	/* By machine id; "ID.NAMESPACE" is another journal with a configuration of its own. */
	if (strlen(name) != 32 || strspn(name, "0123456789abcdef") != 32)
		return 0;
	below.dir = arena_printf(f->a, "%s/%s", f->dir, name);
	if (!below.dir)
		return -ENOMEM;
	int r = root_list(f->root, below.dir, FILES_MAX, add_file, &below);
	return r == -ENOMEM ? r : 0;
}

/* How much the journal may take: journald's defaults are a part of the file system. */
static int set_limit(const struct systemd_conf *c, const struct root *root, struct journal *j)
{
	static const char dir[] = "/var/log/journal";
	const uint64_t cap = UINT64_C(4) << 30;
	uint64_t max_use, keep_free;
	struct statvfs fs;

	_cleanup_close_ int fd = root_open_path(root, dir);
	if (fd < 0 || fstatvfs(fd, &fs) < 0 || fs.f_blocks == 0)
		return fd == -ENOMEM ? fd : 0;
	uint64_t total = (uint64_t)fs.f_blocks * fs.f_frsize;
	uint64_t free = (uint64_t)fs.f_bavail * fs.f_frsize;
	const struct systemd_setting *s = valid(c, "SystemMaxUse", journal_parse_size, &max_use);
	if (!s)
		max_use = MIN(total / 10, cap);
	else
		j->size_setting = "SystemMaxUse";
	const struct systemd_setting *k = valid(
		c, "SystemKeepFree", journal_parse_size, &keep_free);
	if (!k)
		keep_free = MIN(total * 15 / 100, cap);
	uint64_t room = j->used + (free > keep_free ? free - keep_free : 0);
	if (k && room < max_use) {
		s = k;
		j->size_setting = "SystemKeepFree";
	}
	if (s) {
		j->size_path = s->path;
		j->size_line = s->line;
	}
	j->limit = MIN(max_use, room);
	return 0;
}

int journal_read(struct arena *a, const struct root *root, struct journal *ret)
{
	struct root quiet = *root; /* the journal grows all the time: that is no event */
	struct journal j = {0};
	struct systemd_conf conf;
	uint64_t forward = 1;
	struct stat st;

	quiet.deps = NULL;
	int r = systemd_conf_read(a, root, "journald", &conf);
	if (r < 0)
		return r;
	j.present = conf.any || root_stat(root, "/usr/lib/systemd/systemd-journald", &st) == 0 ||
		    root_stat(root, "/lib/systemd/systemd-journald", &st) == 0;
	j.reason = conf.reason;
	set_storage(&conf, &quiet, &j);
	(void)valid(&conf, "ForwardToSyslog", parse_bool, &forward);
	j.to_syslog = forward;
	const struct systemd_setting *age = valid(
		&conf, "MaxRetentionSec", journal_parse_span, &j.max_age_usec);
	if (age) {
		j.max_age_path = age->path;
		j.max_age_line = age->line;
		if (j.max_age_usec == USEC_INFINITY)
			j.max_age_usec = 0;
	}
	if (j.storage == JOURNAL_PERSISTENT) {
		struct files f = {.root = &quiet, .dir = "/var/log/journal", .a = a, .j = &j};
		r = root_list(&quiet, f.dir, FILES_MAX, add_machine, &f);
		if (r != -ENOMEM)
			r = set_limit(&conf, &quiet, &j);
		if (r < 0)
			return r;
	}
	*ret = j;
	return 0;
}
