/* SPDX-License-Identifier: ISC */
#include "fact/apt-pins.h"

#include <errno.h>
#include <fnmatch.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "fact/deb822.h"

enum {
	PINS_MAX = 2000,
	SPEC_MAX = 300, /* apt's own buffer */
	DEFAULT_PRIORITY = 500,
	STATUS_PRIORITY = 100,
	DEFAULT_RELEASE_PRIORITY = 990,
};

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int add(struct apt_pins *pins, const struct apt_pin *pin)
{
	if (pins->n >= PINS_MAX)
		return -EBADMSG;
	struct apt_pin *slot = arena_grow(pins->arena, &pins->v, pins->n, sizeof(*slot));
	if (!slot || !pin->package || !pin->data)
		return -ENOMEM;
	*slot = *pin;
	pins->n++;
	return 0;
}

/* "Package: a b c" is three pins, "*" alone is for all. */
static int add_names(struct apt_pins *pins, const char *names, struct apt_pin *pin)
{
	if (strcmp(names, "*") == 0) {
		pin->package = "";
		return add(pins, pin);
	}
	for (const char *p = names; *p;) {
		size_t n = 0;
		while (p[n] && !is_blank(p[n]))
			n++;
		pin->package = arena_strndup(pins->arena, p, n);
		int r = add(pins, pin);
		if (r < 0)
			return r;
		for (p += n; is_blank(*p);)
			p++;
	}
	return 0;
}

/* apt's FindI(): a number in front, 0 for none. False when it is beyond a short. */
static bool parse_priority(const char *s, int *ret)
{
	char *end;

	errno = 0;
	long n = strtol(s, &end, 10);
	if (end == s)
		n = 0;
	if (errno != 0 || n < -32768 || n > 32767)
		return false;
	*ret = n == PIN_NEVER ? PIN_NEVER + 1 : (int)n;
	return true;
}

/* "release a=stable": the word and what follows it. False: apt overlooks such a pin. */
static bool parse_pin(struct arena *a, const char *value, bool all, struct apt_pin *ret)
{
	size_t n = 0;

	while (value[n] && !is_blank(value[n]))
		n++;
	if (n == 7 && strncasecmp(value, "version", n) == 0 && !all)
		ret->type = PIN_VERSION;
	else if (n == 7 && strncasecmp(value, "release", n) == 0)
		ret->type = PIN_RELEASE;
	else if (n == 6 && strncasecmp(value, "origin", n) == 0)
		ret->type = PIN_ORIGIN;
	else
		return false;
	while (is_blank(value[n]))
		n++;
	ret->data = arena_strdup(a, value + n);
	return true;
}

static int stanza(struct apt_pins *pins, const char *path, const struct deb822_stanza *s)
{
	const char *names = deb822_value(s, "Package"), *value = deb822_value(s, "Pin-Priority");
	const struct deb822_field *pin = deb822_field(s, "Pin");
	struct apt_pin p = {.path = path, .line = s->line, .package = ""};
	bool all = strcmp(names, "*") == 0;

	if (!*names)
		return -EBADMSG;
	if (!pin || !parse_pin(pins->arena, pin->value, all, &p))
		return 0;
	if (strcmp(value, "never") == 0) {
		if (!all)
			return -EBADMSG;
		p.priority = PIN_NEVER;
	} else if (!parse_priority(value, &p.priority) || p.priority == 0) {
		return -EBADMSG;
	}
	return add_names(pins, names, &p);
}

int apt_pins_parse(
	struct apt_pins *pins, const char *path, const char *text, size_t size, unsigned *ret_line)
{
	struct deb822 d = deb822_of(text, size);
	struct deb822_stanza s = {0};
	int r;

	while ((r = deb822_next(&d, pins->arena, &s)) > 0) {
		r = stanza(pins, path, &s);
		if (r == -EBADMSG)
			*ret_line = s.line;
		if (r < 0)
			return r;
	}
	if (r == -EBADMSG)
		*ret_line = d.line;
	return r;
}

int apt_pins_default_release(struct apt_pins *pins, const char *release)
{
	struct apt_pin p = {
		.package = "",
		.type = PIN_RELEASE,
		.data = arena_strdup(pins->arena, release),
		.priority = DEFAULT_RELEASE_PRIORITY,
	};

	return add(pins, &p);
}

/* A pattern of fnmatch(3), or /an extended regular expression/; both in any case. */
static bool expression(const char *pattern, const char *s)
{
	size_t n = strlen(pattern);
	char regex[SPEC_MAX];
	regex_t re;

	if (n < 2 || *pattern != '/' || pattern[n - 1] != '/')
		return fnmatch(pattern, s, FNM_CASEFOLD) == 0;
	if (n - 1 > sizeof(regex))
		return false;
	(void)snprintf(regex, sizeof(regex), "%.*s", (int)(n - 2), pattern + 1);
	if (regcomp(&re, regex, REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0)
		return false;
	bool matches = regexec(&re, s, 0, NULL, 0) == 0;
	regfree(&re);
	return matches;
}

/* A version, or the beginning of one in front of "*". */
static bool version_matches(const char *want, const char *version)
{
	size_t n = strlen(want);
	bool prefix = n > 0 && want[n - 1] == '*';
	char plain[SPEC_MAX];

	if (n >= sizeof(plain))
		return false;
	(void)snprintf(plain, sizeof(plain), "%.*s", (int)(n - prefix), want);
	n -= prefix;
	if (prefix ? strncasecmp(version, plain, n) == 0 : strcasecmp(version, plain) == 0)
		return true;
	return expression(plain, version);
}

/* One "k=value" of a release pin. */
static bool release_word(const char *word, const struct apt_file *f)
{
	const struct repo_release *r = f->release;
	const char *value = word + 2;

	if (strlen(word) < 3 || word[1] != '=')
		return true;
	switch (*word | 0x20) {
	case 'v':
		return version_matches(value, r->version);
	case 'o':
		return expression(value, r->origin);
	case 'a':
		return expression(value, r->suite);
	case 'n':
		return expression(value, r->codename);
	case 'l':
		return expression(value, r->label);
	case 'c':
		return expression(value, f->component);
	case 'b':
		return expression(value, f->arch);
	default:
		return true;
	}
}

/* Whether the word says something that apt knows. */
static bool is_release_word(const char *word)
{
	return strlen(word) >= 3 && word[1] == '=' && strchr("voanlcb", *word | 0x20);
}

static bool release_matches(const char *data, const struct apt_file *f)
{
	char spec[SPEC_MAX], *save;
	bool any = false;

	if (!*data)
		return false;
	if (strcmp(data, "*") == 0)
		return true;
	(void)snprintf(spec, sizeof(spec), "%s", data);
	if (!strchr(data, '=')) {
		if (*spec >= '0' && *spec <= '9')
			return version_matches(spec, f->release->version);
		return expression(spec, f->release->suite) ||
		       expression(spec, f->release->codename);
	}
	for (char *word = strtok_r(spec, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		while (is_blank(*word))
			word++;
		for (size_t n = strlen(word); n > 0 && is_blank(word[n - 1]); n--)
			word[n - 1] = '\0';
		any = any || is_release_word(word);
		if (!release_word(word, f))
			return false;
	}
	return any;
}

static bool origin_matches(const char *data, const char *site)
{
	char host[SPEC_MAX];
	size_t n = strlen(data);

	if (n >= 2 && *data == '"' && data[n - 1] == '"') {
		data++;
		n -= 2;
	}
	if (n >= sizeof(host))
		return false;
	(void)snprintf(host, sizeof(host), "%.*s", (int)n, data);
	return expression(host, site);
}

static bool file_matches(const struct apt_pin *p, const struct apt_file *f)
{
	if (!f->release || (f == &apt_status_file && p->type == PIN_ORIGIN))
		return false;
	return p->type == PIN_RELEASE  ? release_matches(p->data, f)
	       : p->type == PIN_ORIGIN ? *p->data && origin_matches(p->data, f->site)
				       : false;
}

int apt_file_priority(const struct apt_pins *pins, const struct apt_file *f)
{
	int priority = DEFAULT_PRIORITY;
	bool is_fixed = false;

	if (f->release && f->release->not_automatic)
		priority = f->release->but_automatic_upgrades ? STATUS_PRIORITY : 1;
	for (size_t i = 0; i < pins->n; i++) {
		const struct apt_pin *p = &pins->v[i];
		if (*p->package || priority == PIN_NEVER || !file_matches(p, f))
			continue;
		if (is_fixed && p->priority != PIN_NEVER)
			continue;
		priority = p->priority;
		is_fixed = true;
	}
	return priority;
}

static const struct repo_release now = {
	.origin = "", .label = "", .suite = "now", .codename = "", .version = ""};
const struct apt_file apt_status_file = {
	.release = &now, .site = "", .component = "now", .arch = ""};

int apt_status_priority(const struct apt_pins *pins)
{
	for (size_t i = 0; i < pins->n; i++) {
		const struct apt_pin *p = &pins->v[i];
		if (!*p->package && p->type == PIN_RELEASE &&
			release_matches(p->data, &apt_status_file))
			return p->priority;
	}
	return STATUS_PRIORITY;
}

/* Whether a pin on NAME[:ARCH] is about this architecture. */
static bool arch_matches(const char *spec, const struct apt_offer *o)
{
	const char *arch = strcmp(o->arch, "all") == 0 ? o->native : o->arch;

	if (!spec || strcmp(spec, "native") == 0)
		return strcmp(arch, o->native) == 0;
	return strcmp(spec, "any") == 0 || strcmp(spec, arch) == 0;
}

static bool name_matches(const char *package, const struct apt_offer *o)
{
	bool source = strncmp(package, "src:", 4) == 0;
	char name[SPEC_MAX];

	if (source)
		package += 4;
	const char *colon = strrchr(package, ':');
	size_t n = colon ? (size_t)(colon - package) : strlen(package);
	if (n == 0 || n >= sizeof(name))
		return false;
	(void)snprintf(name, sizeof(name), "%.*s", (int)n, package);
	if (!arch_matches(colon ? colon + 1 : NULL, o))
		return false;
	const char *asked = source ? o->source : o->name;
	if (strcmp(name, asked) == 0)
		return true;
	bool pattern = strpbrk(name, "*[?") || (*name == '/' && name[n - 1] == '/');
	return pattern && expression(name, asked);
}

const struct apt_pin *apt_pin_for(const struct apt_pins *pins, const struct apt_offer *o)
{
	for (size_t i = 0; i < pins->n; i++) {
		const struct apt_pin *p = &pins->v[i];
		if (!*p->package || !name_matches(p->package, o))
			continue;
		if (p->type == PIN_VERSION) {
			if (version_matches(p->data, o->version))
				return p;
			continue;
		}
		for (size_t k = 0; k < o->n_files; k++) {
			if (file_matches(p, o->files[k]))
				return p;
		}
	}
	return NULL;
}
