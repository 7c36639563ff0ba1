/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "check/update-origins.h"
#include "check/update-ways.h"
#include "fact/apt-conf.h"
#include "fact/os.h"
#include "fact/packages.h"
#include "fact/repos.h"
#include "fact/units.h"
#include "fact/updates.h"

enum {
	BLACKLIST_PATTERN_MAX = 256, /* characters of a pattern that is tried */
};

#define PERIODIC "APT::Periodic::"
#define UU	 "Unattended-Upgrade::"

/* "APT::Periodic::Enable is "0"" with where it was set. */
static void setting_missing(struct update_way *w, const struct apt_conf *conf, const char *name,
	const char *what, const char *expected)
{
	const struct apt_item *item = apt_conf_find(conf, name);
	struct arena *a = w->ret->arena;
	const char *observed = item && *item->value
				       ? arena_printf(a, "%s \"%s\": %s", name, item->value, what)
				       : arena_printf(a, "%s is not set: %s", name, what);

	update_missing(w, arena_printf(a, "apt %s", name), item ? item->path : NULL,
		item ? item->line : 0, observed, expected);
}

/*
 * How often a value of APT::Periodic makes apt.systemd.daily act: "always", or
 * days, or with a suffix s, m, h or d. 0 for "0": never. -EINVAL for what the
 * script's arithmetic stumbles over.
 */
static int parse_interval(const char *value, uint64_t *ret_usec)
{
	static const struct {
		char suffix;
		uint64_t unit;
	} units[] = {{'s', USEC_PER_SEC}, {'m', USEC_PER_MIN}, {'h', USEC_PER_HOUR},
		{'d', USEC_PER_DAY}};
	uint64_t unit = USEC_PER_DAY;
	size_t digits = strspn(value, "0123456789");

	if (strcmp(value, "always") == 0) {
		*ret_usec = USEC_PER_DAY; /* each time that the timer elapses */
		return 0;
	}
	if (digits == 0 || digits > 6)
		return -EINVAL;
	if (value[digits]) {
		size_t i = 0;
		while (i < ARRAY_SIZE(units) && units[i].suffix != value[digits])
			i++;
		if (i == ARRAY_SIZE(units) || value[digits + 1])
			return -EINVAL;
		unit = units[i].unit;
	}
	/* But for "0" alone, nought means at each run. */
	uint64_t usec = strtoull(value, NULL, 10) * unit;
	*ret_usec = strcmp(value, "0") == 0 ? 0 : MAX(usec, USEC_PER_SEC);
	return 0;
}

static void judge_interval(
	struct update_way *w, const struct apt_conf *conf, const char *name, const char *what)
{
	const char *value = apt_conf_string(conf, name, "0");
	struct arena *a = w->ret->arena;
	uint64_t usec = 0;

	if (parse_interval(value, &usec) < 0)
		setting_missing(w, conf, name,
			"no number of days, and apt's daily job stumbles over it", "\"1\"");
	else if (usec == 0)
		setting_missing(w, conf, name, arena_printf(a, "%s never", what), "\"1\"");
	else if (usec > w->max_days * USEC_PER_DAY)
		setting_missing(w, conf, name, arena_printf(a, "%s too seldom", what),
			arena_printf(a, "at least every %ju days", (uintmax_t)w->max_days));
}

/* The days, as strftime(3) writes them by "%a", "%A" and "%w"; in English, as services have it. */
static bool is_day(const char *s)
{
	static const char *const days[] = {
		"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

	if (*s >= '0' && *s <= '6' && !s[1])
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(days); i++) {
		if (strcmp(s, days[i]) == 0 || (strlen(s) == 3 && strncmp(s, days[i], 3) == 0))
			return true;
	}
	return false;
}

/* Update-Days with nothing that is ever today. */
static void judge_days(struct update_way *w, const struct apt_conf *conf)
{
	const struct apt_item *list = apt_conf_find(conf, UU "Update-Days");
	const struct apt_item *first = list ? list->child : NULL;

	for (const struct apt_item *i = first; i; i = i->next) {
		if (is_day(i->value))
			return;
	}
	if (first)
		update_missing(w, "apt " UU "Update-Days", first->path, first->line,
			arena_printf(w->ret->arena, "names no day (\"%s\"): nothing is installed",
				first->value),
			"\"Mon\", \"Monday\" or \"1\", or no Update-Days");
}

/* What apt's daily job, and unattended-upgrade itself, are told. */
static void judge_settings(struct update_way *w, const struct apt_conf *conf)
{
	const char *enable = apt_conf_string(conf, PERIODIC "Enable", "1");
	char *end;
	long n = strtol(enable, &end, 10);

	if (end != enable && !*end && n == 0)
		setting_missing(
			w, conf, PERIODIC "Enable", "apt's daily job does nothing", "\"1\"");
	judge_interval(w, conf, PERIODIC "Update-Package-Lists", "updates are looked for");
	judge_interval(w, conf, PERIODIC "Unattended-Upgrade", "updates are installed");
	if (apt_conf_bool(conf, UU "InstallOnShutdown", false))
		setting_missing(w, conf, UU "InstallOnShutdown",
			"updates are installed when the machine is shut down only", "\"false\"");
	judge_days(w, conf);
	const struct apt_item *only = apt_conf_find(conf, UU "Package-Whitelist");
	if (only && only->child)
		update_missing(w, "apt " UU "Package-Whitelist", only->child->path,
			only->child->line, "only packages that match a list are updated",
			"no Package-Whitelist");
}

/*
 * Whether regcomp(3) takes a pattern as Python does, and at no great cost: "(?...)" and most
 * letters behind a backslash are Python's own; counted repetitions may take all memory.
 */
static bool is_plain_pattern(const char *s)
{
	const char *brace = strchr(s, '{');

	if (strlen(s) > BLACKLIST_PATTERN_MAX || strstr(s, "(?"))
		return false;
	for (const char *p = strchr(s, '\\'); p && p[1]; p = strchr(p + 2, '\\')) {
		if (isalnum((unsigned char)p[1]) && !strchr("wWsSbB", p[1]))
			return false;
	}
	if (!brace)
		return true;
	/* "{M,N}" once, with at most two digits each. */
	const char *p = brace + 1;
	for (int part = 0; part < 2; part++) {
		size_t n = strspn(p, "0123456789");
		if (n > 2)
			return false;
		p += n;
		p += *p == ',' && part == 0;
	}
	return *p == '}' && !strchr(p, '{');
}

/* Whether it matches all packages whose updates matter most; -EINVAL: that is not known. */
static int holds_all(struct arena *a, const char *pattern)
{
	static const char *const vital[] = {"libc6", "openssh-server", "sudo", "systemd", "bash"};
	/* Python's match() begins at the start of the name and need not reach its end. */
	const char *anchored = arena_printf(a, "^(%s)", pattern);
	regex_t regex;
	int held = 0;

	if (!anchored || !is_plain_pattern(pattern) ||
		regcomp(&regex, anchored, REG_EXTENDED | REG_NOSUB) != 0)
		return -EINVAL;
	for (size_t k = 0; k < ARRAY_SIZE(vital); k++)
		held += regexec(&regex, vital[k], 0, NULL, 0) == 0;
	regfree(&regex);
	return held == ARRAY_SIZE(vital) ? 1 : 0;
}

/* A list that holds back all of the packages that matter most holds back all. */
static void judge_blacklist(struct update_way *w, const struct apt_conf *conf)
{
	const struct apt_item *list = apt_conf_find(conf, UU "Package-Blacklist");
	struct arena *a = w->ret->arena;

	for (const struct apt_item *i = list ? list->child : NULL; i; i = i->next) {
		int all = holds_all(a, i->value);
		const char *observed = arena_printf(a,
			"Package-Blacklist holds back what matches \"%s\"%s", i->value,
			all > 0	  ? ": every package"
			: all < 0 ? ": whether that is every package cannot be told"
				  : "");
		if (all > 0)
			update_missing(w, "apt " UU "Package-Blacklist", i->path, i->line, observed,
				"packages that need care, by name");
		else
			verdict_add(
				w->ret, &(struct evidence){
						.result = all < 0 ? RESULT_UNKNOWN : RESULT_PASS,
						.subject = "apt " UU "Package-Blacklist",
						.path = i->path,
						.line = i->line,
						.observed = observed,
					});
	}
}

/* A service that reads another configuration than the one that was judged. */
static void judge_environment(struct update_way *w, const char *service)
{
	const struct unit *unit = units_find(w->units, service);

	for (size_t i = 0; unit && i < unit->n_settings; i++) {
		const struct unit_setting *s = &unit->settings[i];
		if (strcmp(s->key, "Environment") != 0 || !strstr(s->value, "APT_CONFIG="))
			continue;
		verdict_add(
			w->ret, &(struct evidence){
					.result = RESULT_UNKNOWN,
					.subject = arena_printf(w->ret->arena, "unit %s", service),
					.path = s->path,
					.line = s->line,
					.observed = "APT_CONFIG names a configuration of its own",
					.expected = "the configuration in /etc/apt",
				});
	}
}

/* A service that was told to run something else: only apt's own script is known to update. */
static void judge_program(struct update_way *w, const char *service)
{
	const struct unit *unit = units_find(w->units, service);
	const struct unit_setting *other = NULL;
	bool own = false;

	for (size_t i = 0; unit && i < unit->n_settings; i++) {
		const struct unit_setting *s = &unit->settings[i];
		if (strcmp(s->key, "ExecStart") != 0)
			continue;
		own = *s->value && (own || strstr(s->value, "/apt.systemd.daily"));
		other = s; /* an empty one resets what stands before */
	}
	if (own || !other)
		return; /* without any its timer tells */
	verdict_add(w->ret, &(struct evidence){
				    .result = RESULT_UNKNOWN,
				    .subject = arena_printf(w->ret->arena, "unit %s", service),
				    .path = other->path,
				    .line = other->line,
				    .observed = "its ExecStart= runs something else than "
						"apt.systemd.daily",
				    .expected = "/usr/lib/apt/apt.systemd.daily",
			    });
}

static void judge_start(struct update_way *w)
{
	static const struct {
		const char *timer, *service, *what;
	} jobs[] = {
		{"apt-daily.timer", "apt-daily.service", "looks for updates"},
		{"apt-daily-upgrade.timer", "apt-daily-upgrade.service", "installs updates"},
	};

	if (!w->units) {
		if (!w->updates->cron_daily)
			update_missing(w, "file /etc/cron.daily/apt-compat",
				"/etc/cron.daily/apt-compat", 0, "is not there to be run by cron",
				"there, and executable");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
		if (update_unit_works(w, jobs[i].timer, jobs[i].what))
			judge_program(w, jobs[i].service);
		judge_environment(w, jobs[i].service);
	}
}

/* The patterns of both lists, as those of the newer one. */
struct patterns {
	const struct apt_item **items;
	const char **texts;
	size_t n;
};

static const char *distro_id(struct arena *a, const struct os *os)
{
	char *id = arena_strdup(a, os ? os->id : "");

	if (id && *id >= 'a' && *id <= 'z')
		*id = (char)(*id - 'a' + 'A');
	return id ? id : "";
}

static void pattern_refused(struct update_way *w, const struct apt_item *item)
{
	update_missing(w, "apt " UU "Origins-Pattern", item->path, item->line,
		arena_printf(w->ret->arena, "unattended-upgrade stops at \"%s\"", item->value),
		"a pattern like \"origin=Debian,codename=${distro_codename}-security\"");
}

static int add_pattern(
	struct update_way *w, struct patterns *p, const struct apt_item *item, const char *text)
{
	const struct apt_item **slot = arena_grow(w->ret->arena, &p->items, p->n, sizeof(*slot));
	const char **slot_text = arena_grow(w->ret->arena, &p->texts, p->n, sizeof(*slot_text));

	if (!slot || !slot_text)
		return -ENOMEM;
	*slot = item;
	*slot_text = text;
	p->n++;
	return 0;
}

static int read_patterns(struct update_way *w, const struct apt_conf *conf,
	const struct update_distro *distro, struct patterns *ret)
{
	const struct apt_item *old = apt_conf_find(conf, UU "Allowed-Origins");
	const struct apt_item *new = apt_conf_find(conf, UU "Origins-Pattern");
	int r = 0;

	for (const struct apt_item *i = old ? old->child : NULL; i && r != -ENOMEM; i = i->next) {
		const char *text = NULL;
		r = update_pattern_from_allowed(w->ret->arena, i->value, distro, &text);
		if (r == -EINVAL)
			pattern_refused(w, i);
		else if (r == 0)
			r = add_pattern(w, ret, i, text);
	}
	for (const struct apt_item *i = new ? new->child : NULL; i &&r != -ENOMEM; i = i->next)
		r = add_pattern(w, ret, i, i->value);
	return r == -ENOMEM ? r : 0;
}

/*
 * Whether it is an archive of the distribution's own: 1 or 0 by the origin that its
 * Release names, and before it was fetched by its host; -ENODATA when that is a mirror.
 */
static int is_own_archive(const struct repo *repo, const struct os *os)
{
	const char *host = repo->n_uris ? repo->uris->host : "";
	const char *domain = strcmp(os->id, "ubuntu") == 0 ? "ubuntu.com" : "debian.org";
	size_t n = strlen(host), len = strlen(domain);

	if (repo->release && *repo->release->origin)
		return strcasecmp(repo->release->origin, os->id) == 0;
	if (strcmp(host, "esm.ubuntu.com") == 0)
		return 0;
	if (n < len || strcmp(host + n - len, domain) != 0 || (n > len && host[n - len - 1] != '.'))
		return -ENODATA;
	return 1;
}

/* What the archive says of itself; what Debian's and Ubuntu's would say, before it was fetched. */
static struct update_archive archive_of(const struct update_way *w, const struct repo *repo,
	const struct os *os, const struct update_distro *distro)
{
	struct update_archive archive = {.site = repo->n_uris ? repo->uris->host : ""};
	size_t n = strcspn(repo->suite, "/");

	if (repo->release) {
		archive.origin = repo->release->origin;
		archive.label = repo->release->label;
		archive.suite = repo->release->suite;
		archive.codename = repo->release->codename;
	} else if (is_own_archive(repo, os) <= 0) {
		return archive; /* whose it is, its Release will say */
	} else if (strcmp(os->id, "debian") == 0) {
		archive.origin = distro->id;
		archive.label = "Debian-Security";
		if (*os->codename && strncmp(repo->suite, os->codename, strlen(os->codename)) == 0)
			archive.codename = arena_strndup(w->ret->arena, repo->suite, n);
	} else if (strcmp(os->id, "ubuntu") == 0) {
		archive.origin = archive.label = distro->id;
		archive.suite = repo->suite;
		archive.codename = os->codename;
	}
	return archive;
}

/* Whether some pattern allows each component: 1, 0, -ENODATA or -ENOMEM; bad ones are told. */
static int is_allowed(struct update_way *w, const struct patterns *p,
	const struct update_distro *distro, struct update_archive *archive, const struct repo *repo)
{
	static const char *const flat[] = {"", NULL};
	const char *const *components = repo->components && *repo->components ? repo->components
									      : flat;
	int all = 1;

	for (size_t k = 0; components[k]; k++) {
		int best = 0;
		archive->component = components[k];
		for (size_t i = 0; i < p->n; i++) {
			int r = update_pattern_match(w->ret->arena, p->texts[i], distro, archive);
			if (r == -ENOMEM)
				return r;
			if (r > 0 || (r == -ENODATA && best == 0))
				best = r;
		}
		if (best == 0 || (best < 0 && all > 0))
			all = best;
	}
	return all;
}

static void judge_archive(struct update_way *w, const struct patterns *p, const struct repo *repo,
	const struct os *os, const struct update_distro *distro)
{
	struct update_archive archive = archive_of(w, repo, os, distro);
	int r = is_allowed(w, p, distro, &archive, repo);

	if (r == 0)
		update_missing(w, repo->subject, repo->path, repo->line,
			arena_printf(w->ret->arena,
				"no pattern of Origins-Pattern or Allowed-Origins matches it "
				"(origin=%s,label=%s,suite=%s,codename=%s)",
				archive.origin ? archive.origin : "?",
				archive.label ? archive.label : "?",
				archive.suite ? archive.suite : "?",
				archive.codename ? archive.codename : "?"),
			"updated by unattended-upgrade as well");
	else if (r < 0)
		verdict_add(w->ret,
			&(struct evidence){
				.result = RESULT_UNKNOWN,
				.subject = repo->subject,
				.path = repo->path,
				.line = repo->line,
				.observed = "it was never fetched, so that whether a pattern "
					    "matches it cannot be told",
				.expected = "`apt-get update`",
			});
}

static void judge_patterns(
	struct update_way *w, const struct patterns *p, const struct update_distro *distro)
{
	static const struct update_archive none = {"", "", "", "", "", ""};

	for (size_t i = 0; i < p->n; i++) {
		if (update_pattern_match(w->ret->arena, p->texts[i], distro, &none) == -EINVAL)
			pattern_refused(w, p->items[i]);
	}
	if (p->n == 0)
		update_missing(w, "apt " UU "Origins-Pattern", NULL, 0,
			"neither Origins-Pattern nor Allowed-Origins names an archive: nothing is "
			"installed",
			"the security archive");
}

/* That the distribution's own security archive is not among the sources; mirror: perhaps it is. */
static void own_archive_missing(
	struct update_way *w, const struct os *os, const struct repo *mirror)
{
	const char *expected = strcmp(os->id, "debian") == 0
				       ? "https://security.debian.org/debian-security"
				       : "http://security.ubuntu.com/ubuntu";

	/* Others than these two may have one archive for all. */
	if (strcmp(os->id, "debian") != 0 && strcmp(os->id, "ubuntu") != 0)
		return;
	if (!mirror) {
		update_missing(w, "repositories", NULL, 0,
			"no security archive is among the package sources", expected);
		return;
	}
	verdict_add(w->ret, &(struct evidence){
				    .result = RESULT_UNKNOWN,
				    .subject = mirror->subject,
				    .path = mirror->path,
				    .line = mirror->line,
				    .observed = "it was never fetched, so that whether it is a "
						"mirror of the distribution's cannot be told",
				    .expected = "`apt-get update`",
			    });
}

/* Whether updates of the archives that security updates come from would be taken. */
static void judge_origins(struct update_way *w, const struct apt_conf *conf)
{
	const struct fact *fact = factset_get(w->facts, FACT_OS);
	static const struct os unknown = {.id = "", .codename = ""};
	const struct os *os = fact && fact->u.os ? fact->u.os : &unknown;
	const struct update_distro distro = {distro_id(w->ret->arena, os), os->codename};
	const struct repos *repos = factset_get(w->facts, FACT_REPOS)->u.repos;
	const struct repo *mirror = NULL;
	struct patterns patterns = {0};
	size_t archives = 0;

	if (read_patterns(w, conf, &distro, &patterns) < 0)
		return; /* the arena remembers */
	judge_patterns(w, &patterns, &distro);
	for (size_t i = 0; i < repos->n && patterns.n; i++) {
		const struct repo *repo = &repos->v[i];
		if (repo->kind != REPO_APT || !repo->enabled || repo->source ||
			!repo_is_security(repo))
			continue;
		int own = is_own_archive(repo, os);
		archives += own > 0;
		mirror = own < 0 ? repo : mirror;
		judge_archive(w, &patterns, repo, os, &distro);
	}
	if (archives == 0 && patterns.n)
		own_archive_missing(w, os, mirror);
}

void update_judge_apt(struct update_way *w)
{
	const uint64_t needed = FACT_BIT(FACT_APT_CONF) | FACT_BIT(FACT_REPOS);

	if (!packages_version(w->packages, "unattended-upgrades")) {
		update_missing(w, "package unattended-upgrades", NULL, 0, "is not installed",
			"installed, and started by apt's timers");
		return;
	}
	if (!check_facts_usable(w->facts, needed, w->ret))
		return;
	const struct apt_conf *conf = factset_get(w->facts, FACT_APT_CONF)->u.apt_conf;
	if (conf->fault)
		update_missing(w, "apt configuration", conf->fault_path, conf->fault_line,
			arena_printf(w->ret->arena, "apt refuses to work with it: %s", conf->fault),
			"readable by `apt-config dump` without an error");
	judge_settings(w, conf);
	judge_start(w);
	judge_origins(w, conf);
	judge_blacklist(w, conf);
	if (w->missing == 0)
		verdict_summary(
			w->ret, "unattended-upgrades installs the updates of the security archive");
}
