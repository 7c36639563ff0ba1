/* SPDX-License-Identifier: ISC */
#include "fact/support.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "fact/collectors.h"
#include "fact/os.h"

enum {
	CSV_MAX = 256 * 1024,
	FIELD_MAX = 64,
};

static const char *const phase_names[] = {
	[SUPPORT_REGULAR] = "support",
	[SUPPORT_LTS] = "long-term support",
	[SUPPORT_EXTENDED] = "extended support",
};
static_assert(ARRAY_SIZE(phase_names) == SUPPORT_PHASE_MAX, "a name for each phase");

const char *support_phase_name(enum support_phase p)
{
	return phase_names[p];
}

/* Columns that matter; those of phases first. */
enum column {
	COLUMN_EOL,
	COLUMN_LTS,
	COLUMN_EXTENDED,
	COLUMN_VERSION,
	COLUMN_SERIES,
	COLUMN_RELEASE,
	COLUMN_MAX,
};

/* The column by this name; COLUMN_MAX for others (eol-server is eol, eol-legacy is sold apart). */
static enum column column_of(const char *name, size_t n)
{
	static const struct {
		const char *name;
		enum column column;
	} known[] = {
		{"version", COLUMN_VERSION},
		{"series", COLUMN_SERIES},
		{"release", COLUMN_RELEASE},
		{"eol", COLUMN_EOL},
		{"eol-lts", COLUMN_LTS},
		{"eol-elts", COLUMN_EXTENDED},
		{"eol-esm", COLUMN_EXTENDED},
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strlen(known[i].name) == n && strncmp(known[i].name, name, n) == 0)
			return known[i].column;
	}
	return COLUMN_MAX;
}

/* Cuts off the next field of a line: its start, its length; NULL at the end of the line. */
static const char *next_field(const char **p, size_t *ret_n)
{
	const char *field = *p;

	if (!field)
		return NULL;
	*ret_n = strcspn(field, ",\r\n");
	*p = field[*ret_n] == ',' ? field + *ret_n + 1 : NULL;
	return field;
}

/* Which column of the header stands at which place. Returns how many there are. */
static size_t read_header(const char *line, enum column columns[static FIELD_MAX])
{
	bool seen[COLUMN_MAX + 1] = {false};
	size_t n = 0, len;

	for (const char *p = line, *field; (field = next_field(&p, &len)) && n < FIELD_MAX;) {
		columns[n] = column_of(field, len);
		seen[columns[n++]] = true;
	}
	return seen[COLUMN_VERSION] && seen[COLUMN_SERIES] && seen[COLUMN_EOL] ? n : 0;
}

/* A line's values of the known columns, each cut at its size. */
static void read_row(const char *line, const enum column *columns, size_t n_columns,
	char values[COLUMN_MAX][FIELD_MAX])
{
	size_t i = 0, n;

	memset(values, 0, (size_t)COLUMN_MAX * FIELD_MAX);
	for (const char *p = line, *field; i < n_columns && (field = next_field(&p, &n)); i++) {
		if (columns[i] < COLUMN_MAX && n < FIELD_MAX)
			*(char *)mempcpy(values[columns[i]], field, n) = '\0';
	}
	values[COLUMN_VERSION][strcspn(values[COLUMN_VERSION], " ")] = '\0'; /* "24.04 LTS" */
}

static bool is_row_of(char values[COLUMN_MAX][FIELD_MAX], const char *version, const char *codename)
{
	if (*version)
		return strcmp(values[COLUMN_VERSION], version) == 0;
	return *codename && strcmp(values[COLUMN_SERIES], codename) == 0;
}

int support_from_csv(
	const char *text, const char *version, const char *codename, struct support *ret)
{
	static const enum column phases[] = {
		[SUPPORT_REGULAR] = COLUMN_EOL,
		[SUPPORT_LTS] = COLUMN_LTS,
		[SUPPORT_EXTENDED] = COLUMN_EXTENDED,
	};
	enum column columns[FIELD_MAX];
	char values[COLUMN_MAX][FIELD_MAX];
	size_t n = read_header(text, columns);
	unsigned line = 1;

	if (n == 0)
		return -EBADMSG;
	for (const char *p = strchr(text, '\n'); p; p = strchr(p, '\n')) {
		uint64_t end = 0;
		p++;
		line++;
		read_row(p, columns, n, values);
		if (!is_row_of(values, version, codename))
			continue;
		ret->line = line;
		for (int i = 0; i < SUPPORT_PHASE_MAX; i++)
			ret->end_realtime_usec[i] = text_date(values[phases[i]], &end) == 0 ? end
											    : 0;
		ret->unreleased = !*values[COLUMN_RELEASE];
		return 1;
	}
	return 0;
}

static int from_distro_info(
	const struct collect *c, struct fact *f, const struct os *os, struct support *s)
{
	_cleanup_file_ struct file file = {0};
	const char *path = strcmp(os->id, "debian") == 0   ? "/usr/share/distro-info/debian.csv"
			   : strcmp(os->id, "ubuntu") == 0 ? "/usr/share/distro-info/ubuntu.csv"
							   : NULL;
	int r = path ? root_read(c->root, path, CSV_MAX, &file) : -ENOENT;

	if (r == 0)
		r = support_from_csv(file.data, os->version_id, os->codename, s);
	if (r == 1) {
		s->path = path;
		s->source = "distro-info-data";
	}
	/* What can't be used is as good as not there: the table remains. */
	return r == -ENOMEM || arena_failed(f->arena) ? -ENOMEM : r == 1;
}

/* Ubuntu's `pro attach` leaves a token, and a source for what it buys. */
static int find_subscription(const struct collect *c, struct support *s)
{
	static const char token[] = "/var/lib/ubuntu-advantage/private/machine-token.json";
	static const char *const sources[] = {"/etc/apt/sources.list.d/ubuntu-esm-infra.sources",
		"/etc/apt/sources.list.d/ubuntu-esm-infra.list"};
	struct stat st;
	int r = root_stat(c->root, token, &st);

	if (r == -ENOMEM)
		return r;
	if (r < 0 && r != -ENOENT && r != -ENOTDIR)
		s->subscription_reason = "whether Ubuntu Pro is attached can be seen by root only";
	for (size_t i = 0; i < ARRAY_SIZE(sources) && r == 0; i++) {
		int found = root_stat(c->root, sources[i], &st);
		if (found == -ENOMEM)
			return found;
		if (found == 0)
			s->subscription = sources[i];
	}
	return 0;
}

static int support_collect(const struct collect *c, struct fact *f)
{
	const struct fact *fact = factset_get(c->facts, FACT_OS);
	const struct os *os = fact ? fact->u.os : NULL;
	struct support *s = arena_alloc(f->arena, sizeof(*s));

	if (!s)
		return -ENOMEM;
	if (!os) {
		f->state = fact ? fact->state : FACT_STATE_ERROR;
		f->reason = arena_strdup(f->arena, fact && fact->reason ? fact->reason : "");
		return 0;
	}
	s->release = arena_printf(f->arena, "%s%s%s", *os->id ? os->id : "linux",
		*os->version_id ? " " : "", os->version_id);
	int r = from_distro_info(c, f, os, s);
	if (r == 0)
		(void)support_from_table(os, s);
	/* What the release itself says is as new as its last update. */
	uint64_t end;
	if (r >= 0 && text_date(os->support_end, &end) == 0) {
		s->end_realtime_usec[SUPPORT_REGULAR] = end;
		s->source = "SUPPORT_END of os-release";
		s->path = "/etc/os-release";
		s->line = 0;
		s->rolling = s->unreleased = false;
	}
	if (r >= 0 && strcmp(os->id, "ubuntu") == 0)
		r = find_subscription(c, s);
	f->u.support = s;
	return r < 0 ? r : 0;
}

const struct collector collector_support = {
	.id = FACT_SUPPORT,
	.name = "support",
	.needs = FACT_BIT(FACT_OS),
	.collect = support_collect,
};
