/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/siphash.h"
#include "fact/apt-conf.h"
#include "fact/apt-index.h"
#include "fact/apt-pins.h"
#include "fact/pending-read.h"
#include "fact/repo-apt.h"
#include "fact/version.h"

enum {
	PREFERENCES_MAX = 4 << 20,
	FILES_MAX = 2000,
};

/* A list, and what its versions are worth. */
struct list {
	struct apt_file file;
	const struct repo *repo;
	const struct repo_index *index;
	int priority;
	bool security;
};

/* A version of a package that lists offer. */
struct offered {
	struct offered *next; /* of the same package */
	const char *version, *source;
	const struct list **lists;
	size_t n_lists;
	bool phased;
};

struct reading {
	struct pending_list *l;
	struct apt_pins pins;
	struct list *lists;
	size_t n_lists;
	struct offered **offered; /* by the place of the package */
	struct name_set names;
	uint64_t digest; /* of the names */
};

static int read_preferences(struct reading *rd, const char *path)
{
	_cleanup_file_ struct file file = {0};
	unsigned line = 0;
	int r = root_read(rd->l->c->root, path, PREFERENCES_MAX, &file);

	if (r == -ENOENT || r == -ENOMEM)
		return r == -ENOENT ? 0 : r;
	if (r == 0)
		r = apt_pins_parse(&rd->pins, path, file.data, file.size, &line);
	if (r == -EBADMSG) {
		char what[64];
		(void)snprintf(what, sizeof(what), "line %u is none that apt takes", line);
		return pending_add_gap(rd->l, "apt preferences", path, what);
	}
	return r < 0 && r != -ENOMEM
		       ? pending_add_gap(rd->l, "apt preferences", path, fsio_strerror(r))
		       : r;
}

static int read_preferences_entry(const char *name, void *arg)
{
	struct reading *rd = arg;
	struct stat st;

	if (!repo_apt_reads(name, "pref"))
		return 0;
	char *path = arena_printf(rd->l->arena, "/etc/apt/preferences.d/%s", name);
	if (!path)
		return -ENOMEM;
	if (root_stat(rd->l->c->root, path, &st) == 0 && !S_ISREG(st.st_mode))
		return 0;
	return read_preferences(rd, path);
}

static int read_pins(struct reading *rd)
{
	const struct fact *f = factset_get(rd->l->c->facts, FACT_APT_CONF);
	const char *release = f && f->u.apt_conf
				      ? apt_conf_string(f->u.apt_conf, "APT::Default-Release", "")
				      : "";
	int r = *release ? apt_pins_default_release(&rd->pins, release) : 0;

	if (r == 0)
		r = read_preferences(rd, "/etc/apt/preferences");
	if (r < 0)
		return r;
	r = root_list(
		rd->l->c->root, "/etc/apt/preferences.d", FILES_MAX, read_preferences_entry, rd);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	return r < 0 && r != -ENOMEM ? pending_add_gap(rd->l, "apt preferences",
					       "/etc/apt/preferences.d", fsio_strerror(r))
				     : r;
}

/* The names of all packages, without architecture, and their digest. */
static int make_names(struct reading *rd)
{
	static const uint8_t key[16] = {0};
	const struct packages *p = rd->l->packages;
	struct siphash h;
	int r = name_set_init(&rd->names, rd->l->tmp, p->n);

	siphash_init(&h, key);
	for (size_t i = 0; i < p->n && r == 0; i++) {
		const char *full = package_name(&p->v[i]), *name = full;
		size_t n = strcspn(full, ":");
		if (full[n])
			name = arena_strndup(rd->l->tmp, full, n);
		if (!name)
			return -ENOMEM;
		name_set_add(&rd->names, name);
		siphash_string(&h, name);
	}
	rd->digest = siphash_digest(&h);
	return r;
}

static struct offered *find_offered(struct offered *o, const char *version)
{
	while (o && strcmp(o->version, version) != 0)
		o = o->next;
	return o;
}

static int add_offer(struct reading *rd, const struct list *list, const char *const field[5])
{
	const struct fact_item *item = pending_package(rd->l, field[0], field[1]);
	const char *version = strncmp(field[2], "0:", 2) == 0 ? field[2] + 2 : field[2];

	if (!item)
		return 0;
	struct offered **head = &rd->offered[item - rd->l->packages->v];
	struct offered *o = find_offered(*head, version);
	if (!o) {
		o = arena_alloc(rd->l->tmp, sizeof(*o));
		if (!o)
			return -ENOMEM;
		*o = (struct offered){
			.next = *head,
			.version = arena_strdup(rd->l->tmp, version),
			.source = arena_strdup(rd->l->tmp, field[4]),
			.phased = true,
		};
		if (!o->version || !o->source)
			return -ENOMEM;
		*head = o;
	}
	/* One list that gives it to everybody is enough. */
	o->phased = o->phased && strcmp(field[3], "100") != 0;
	const struct list **slot = arena_grow(rd->l->tmp, &o->lists, o->n_lists, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = list;
	o->n_lists++;
	return 0;
}

/* The lines that apt_index_extract() wrote. */
static int take_extract(struct reading *rd, const struct list *list, const char *text)
{
	const char *field[5];
	char line[2048];

	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n"), i = 0;
		if (n >= sizeof(line))
			return -EBADMSG;
		memcpy(line, p, n);
		line[n] = '\0';
		for (char *save, *word = strtok_r(line, " ", &save); word && i < 5;
			word = strtok_r(NULL, " ", &save))
			field[i++] = word;
		int r = i == 5 ? add_offer(rd, list, field) : -EBADMSG;
		if (r < 0)
			return r;
		p += n;
		p += *p == '\n';
	}
	return 0;
}

static int extract(struct reading *rd, int fd, enum unpack_form form, char **ret)
{
	size_t size = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return -ENOMEM;
	int r = apt_index_extract(fd, form, &rd->names, out);
	if (fclose(out) != 0 && r == 0)
		r = -ENOMEM;
	if (r < 0)
		free(text);
	else
		*ret = text;
	return r;
}

/*
 * An index is tens of megabytes, and a machine's packages change by version
 * more than by name: what it says of these names is kept until it is another file.
 */
static int read_list(struct reading *rd, const struct list *list, enum unpack_form form)
{
	_cleanup_free_ char *text = NULL;
	struct memo *memo = rd->l->c->memo;
	const char *path = list->index->path;
	char key[512], same[STAT_SIGNATURE_MAX], signature[STAT_SIGNATURE_MAX + 20];
	struct stat st;
	_cleanup_close_ int fd = root_open_file(rd->l->c->root, path, &st);

	if (fd < 0)
		return fd;
	(void)snprintf(key, sizeof(key), "packages of %s", path);
	(void)snprintf(signature, sizeof(signature), "%s %016" PRIx64, stat_signature(&st, same),
		rd->digest);
	const char *known = memo_get(memo, key, signature);
	if (known)
		return take_extract(rd, list, known);
	int r = extract(rd, fd, form, &text);
	if (r == 0)
		r = memo_put(memo, key, signature, text);
	return r < 0 ? r : take_extract(rd, list, text);
}

static void note_release(struct reading *rd, const struct list *list)
{
	const struct repo_release *r = list->repo->release;

	rd->l->n_lists++;
	if (!list->security)
		return;
	rd->l->knows_security = true;
	if (r->valid_until_realtime_usec)
		rd->l->valid_until_realtime_usec = MIN(
			rd->l->valid_until_realtime_usec, r->valid_until_realtime_usec);
}

static int open_list(struct reading *rd, const struct list *list)
{
	const struct repo_index *index = list->index;
	int form = unpack_form(index->ext);

	if (form < 0) {
		const char *what = arena_printf(rd->l->tmp,
			"its compression (%s) is none that is read here (plain, .lz4, .gz): set "
			"Acquire::GzipIndexes \"false\" in /etc/apt/apt.conf.d, then `rm '%s' && "
			"apt-get update`",
			index->ext, index->path);
		return what ? pending_add_gap(rd->l, list->repo->subject, index->path, what)
			    : -ENOMEM;
	}
	int r = read_list(rd, list, (enum unpack_form)form);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return pending_add_gap(rd->l, list->repo->subject, index->path,
			r == -EBADMSG ? "is damaged" : fsio_strerror(r));
	note_release(rd, list);
	return 0;
}

static bool has_list(const struct reading *rd, const char *path)
{
	for (size_t i = 0; i < rd->n_lists; i++) {
		if (strcmp(rd->lists[i].index->path, path) == 0)
			return true;
	}
	return false;
}

/* The lists of one source; of two entries of one source they are the same. */
static int add_lists(struct reading *rd, const struct repo *r)
{
	for (size_t i = 0; i < r->n_indexes; i++) {
		if (has_list(rd, r->indexes[i].path))
			continue;
		struct list *list = &rd->lists[rd->n_lists++];
		*list = (struct list){
			.file = {.release = r->release,
				.site = r->uris[0].host,
				.component = r->indexes[i].component,
				.arch = r->indexes[i].arch},
			.repo = r,
			.index = &r->indexes[i],
			.security = r->release && repo_is_security(r),
		};
		list->priority = apt_file_priority(&rd->pins, &list->file);
	}
	if (r->n_indexes > 0)
		return 0;
	return pending_add_gap(rd->l, r->subject, NULL,
		"no list of its packages is on this machine; `apt-get update` fetches it");
}

static int read_lists(struct reading *rd, const struct repos *repos)
{
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < repos->n; i++)
		n += repos->v[i].n_indexes;
	rd->lists = arena_alloc(rd->l->tmp, n * sizeof(*rd->lists));
	if (!rd->lists)
		return -ENOMEM;
	for (size_t i = 0; i < repos->n && r == 0; i++) {
		const struct repo *repo = &repos->v[i];
		if (repo->kind == REPO_APT && repo->enabled && !repo->source)
			r = add_lists(rd, repo);
	}
	for (size_t i = 0; i < rd->n_lists && r == 0; i++)
		r = open_list(rd, &rd->lists[i]);
	for (size_t i = 0; i < repos->n_problems && r == 0; i++)
		r = pending_add_gap(
			rd->l, "package sources", repos->problems[i].path, repos->problems[i].what);
	return r;
}

/* What a version is worth to apt, and the pin that says so. */
static int priority_of(const struct reading *rd, const struct fact_item *item,
	const struct offered *o, const struct apt_pin **ret)
{
	const char *name = package_name(item), *colon = strchr(name, ':');
	const char *native = rd->l->packages->arch;
	bool installed = strcmp(o->version, item->value) == 0;
	char plain[512];
	const struct apt_file *files[64];
	size_t n = MIN(o->n_lists, ARRAY_SIZE(files) - 1);
	int best = installed ? apt_status_priority(&rd->pins) : PIN_NEVER;

	(void)snprintf(plain, sizeof(plain), "%.*s", (int)strcspn(name, ":"), name);
	for (size_t i = 0; i < n; i++) {
		files[i] = &o->lists[i]->file;
		best = MAX(best, o->lists[i]->priority);
	}
	if (installed)
		files[n++] = &apt_status_file;
	*ret = apt_pin_for(&rd->pins, &(struct apt_offer){
					      .name = plain,
					      .arch = colon ? colon + 1 : native,
					      .native = native,
					      .source = o->source,
					      .version = o->version,
					      .files = files,
					      .n_files = n,
				      });
	/* "never" for every list that has it is stronger than a pin on the package. */
	return *ret && best != PIN_NEVER ? (*ret)->priority : best;
}

/* The candidate so far; apt goes from the newest version down. */
struct choice {
	const char *installed;
	const char *version;
	const struct offered *offered; /* NULL: the installed one, or none */
	int priority;
};

/* Takes a version if it beats the choice: by priority, and among equals the newer. */
static void consider(struct choice *c, const char *version, const struct offered *o, int priority)
{
	if (priority <= 0 || priority < c->priority)
		return;
	if (priority < 1000 && version_compare_dpkg(version, c->installed) < 0)
		return;
	if (priority == c->priority && c->version && version_compare_dpkg(version, c->version) <= 0)
		return;
	c->version = version;
	c->offered = o;
	c->priority = priority;
}

static struct choice choose(const struct reading *rd, const struct fact_item *item)
{
	const char *name = package_name(item);
	struct offered *head = rd->offered[item - rd->l->packages->v];
	const struct offered *same = find_offered(head, item->value);
	const struct apt_pin *pin = NULL;
	struct choice c = {.installed = item->value, .priority = -1};
	/* A version that is in no list has the source package of those that are. */
	struct offered none = {.version = item->value, .source = head ? head->source : name};

	if (!same)
		same = &none;
	consider(&c, item->value, NULL, priority_of(rd, item, same, &pin));
	for (const struct offered *o = head; o; o = o->next) {
		if (o != same)
			consider(&c, o->version, o, priority_of(rd, item, o, &pin));
	}
	return c;
}

/* The newest security update above what is installed, or NULL. */
static const struct offered *newest_security(
	const struct offered *head, const char *installed, const struct list **ret)
{
	const struct offered *best = NULL;

	for (const struct offered *o = head; o; o = o->next) {
		if (version_compare_dpkg(o->version, installed) <= 0 ||
			(best && version_compare_dpkg(o->version, best->version) < 0))
			continue;
		for (size_t i = 0; i < o->n_lists; i++) {
			if (!o->lists[i]->security || o->lists[i]->priority == PIN_NEVER)
				continue;
			best = o;
			*ret = o->lists[i];
		}
	}
	return best;
}

/* "Debian-Security bookworm-security": what the source calls itself. */
static const char *source_name(struct arena *a, const struct list *list)
{
	const struct repo_release *r = list->repo->release;

	if (!r)
		return list->repo->subject;
	return arena_printf(a, "%s %s", *r->label ? r->label : r->origin,
		*r->codename ? r->codename : r->suite);
}

static int add_update(struct reading *rd, const struct fact_item *item, const struct choice *c,
	const struct offered *security, const struct list *list)
{
	const char *name = package_name(item);
	bool newer = c->offered && version_compare_dpkg(c->version, item->value) > 0;
	const struct apt_pin *pin = NULL;
	struct pending_update u = {
		.name = name,
		.installed = item->value,
		.candidate = newer ? c->version : NULL,
		.security = security ? security->version : NULL,
		.held = package_is_held(rd->l->packages, name),
		.phased = newer && !security && c->offered->phased,
	};

	if (!newer && !security)
		return 0;
	if (!list && c->offered->n_lists > 0)
		list = c->offered->lists[0];
	u.source = list ? source_name(rd->l->tmp, list) : "";
	if (!u.source)
		return -ENOMEM;
	if (security && (!newer || version_compare_dpkg(c->version, security->version) < 0)) {
		(void)priority_of(rd, item, security, &pin);
		u.pin_path = pin ? pin->path : "/etc/apt/preferences";
		u.pin_line = pin ? pin->line : 0;
	}
	return pending_add_update(rd->l, &u);
}

static int judge_origin(struct reading *rd, const struct fact_item *item)
{
	const struct offered *head = rd->offered[item - rd->l->packages->v];
	const char *newest = NULL;

	for (const struct offered *o = head; o; o = o->next) {
		if (strcmp(o->version, item->value) == 0)
			return 0;
		if (!newest || version_compare_dpkg(o->version, newest) > 0)
			newest = o->version;
	}
	/* Older than what a source has: it is that one's, before the update. */
	if (newest && version_compare_dpkg(newest, item->value) >= 0)
		return 0;
	return pending_add_orphan(
		rd->l, &(struct pending_orphan){package_name(item), item->value, newest});
}

static int judge_package(struct reading *rd, const struct fact_item *item)
{
	const struct offered *head = rd->offered[item - rd->l->packages->v];
	const struct list *list = NULL;
	const struct offered *security = newest_security(head, item->value, &list);
	struct choice c = head ? choose(rd, item) : (struct choice){0};
	int r = head ? add_update(rd, item, &c, security, list) : 0;

	return r < 0 ? r : judge_origin(rd, item);
}

int pending_apt(struct pending_list *l)
{
	const struct fact *f = factset_get(l->c->facts, FACT_REPOS);
	struct reading rd = {.l = l, .pins = {.arena = l->tmp}};

	if (!f || !f->u.repos)
		return pending_add_gap(l, "package sources", NULL,
			f && f->reason ? f->reason : "no package source is configured");
	rd.offered = arena_alloc(l->tmp, l->packages->n * sizeof(*rd.offered));
	int r = rd.offered ? read_pins(&rd) : -ENOMEM;
	if (r == 0)
		r = make_names(&rd);
	if (r == 0)
		r = read_lists(&rd, f->u.repos);
	for (size_t i = 0; i < l->packages->n && r == 0; i++)
		r = judge_package(&rd, &l->packages->v[i]);
	return r;
}
