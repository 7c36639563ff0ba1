/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/fsio.h"
#include "base/text.h"
#include "fact/pam-stack.h"

enum {
	LEVELS_MAX = 16, /* PAM_SUBSTACK_MAX_LEVEL */
	TYPE_ANY = PAM_TYPE_MAX,
};

struct parse {
	struct arena *arena;
	const struct pam_files *files;
	struct pam_service *service;
};

/* One file being read. */
struct source {
	const char *path, *next, *end;
	unsigned line;		 /* number of the last line read */
	unsigned type;		 /* only entries of this type, or TYPE_ANY */
	unsigned include, depth; /* levels */
};

static const char *const type_names[] = {
	[PAM_TYPE_AUTH] = "auth",
	[PAM_TYPE_ACCOUNT] = "account",
	[PAM_TYPE_PASSWORD] = "password",
	[PAM_TYPE_SESSION] = "session",
};

const char *pam_type_name(enum pam_type t)
{
	return type_names[t];
}

static void service_fail(struct parse *p, int r, const char *path, unsigned line, const char *what)
{
	struct pam_service *s = p->service;

	if (s->state != FACT_STATE_OK)
		return;
	s->state = fact_state_from_errno(r);
	s->reason = line ? arena_printf(p->arena, "%s line %u %s", path, line, what)
			 : arena_printf(p->arena, "%s %s", path, what);
}

/*
 * The next entry, continued lines joined by a blank and comments cut off, into
 * buf. 1, 0 at the end, -EFBIG when a line is too long, -EBADMSG when the file
 * ends in a continued one. Its line is the one it starts in.
 */
static int next_entry(struct source *in, char buf[static PAM_LINE_BYTES + 1], unsigned *ret_line)
{
	size_t used = 0;

	while (in->next < in->end) {
		const char *nl = memchr(in->next, '\n', (size_t)(in->end - in->next));
		const char *stop = nl ? nl : in->end, *s = in->next;
		in->next = nl ? nl + 1 : in->end;
		in->line++;
		/* A NUL ends the line for fgets(3)'s users. */
		stop = s + strnlen(s, (size_t)(stop - s));
		if (stop - s > PAM_LINE_BYTES - (ptrdiff_t)used - 2)
			return -EFBIG;
		while (s < stop && strchr(" \t", *s))
			s++;
		if (s == stop || *s == '#')
			continue;
		if (used == 0)
			*ret_line = in->line;
		const char *comment = memchr(s, '#', (size_t)(stop - s));
		if (comment)
			stop = comment;
		while (!comment && stop > s && strchr(" \t", stop[-1]))
			stop--;
		bool more = !comment && stop[-1] == '\\';
		memcpy(buf + used, s, (size_t)(stop - s));
		used += (size_t)(stop - s);
		if (more)
			buf[used - 1] = ' ';
		buf[used] = '\0';
		if (!more)
			return 1;
	}
	return used ? -EBADMSG : 0;
}

/* The next word, "[...]" being one without its brackets; NULL when there is none. */
static char *next_word(char **rest)
{
	char *s = *rest ? *rest + strspn(*rest, " \n\t") : NULL, *end, *to;

	if (!s || *s == '\0') {
		*rest = NULL;
		return NULL;
	}
	if (*s == '[') {
		for (to = end = ++s; *end && *end != ']'; to++, end++) {
			if (*end == '\\' && end[1] == ']')
				end++;
			*to = *end;
		}
		if (to != end)
			*to = '\0';
	} else {
		end = s + strcspn(s, " \n\t");
	}
	*rest = *end ? end + 1 : end;
	*end = '\0';
	return s;
}

static int parse_file(struct parse *p, const char *name, const struct source *parent, unsigned type,
	bool substack);

static struct pam_line *add_line(
	struct parse *p, const struct source *in, unsigned type, unsigned line)
{
	struct pam_service *s = p->service;

	if (s->n_lines >= PAM_LINES_MAX) {
		service_fail(p, -EFBIG, in->path, line, "is beyond the 1024 entries that are read");
		return NULL;
	}
	struct pam_line *l = arena_grow(p->arena, &s->lines, s->n_lines, sizeof(*l));
	const char **none = arena_alloc(p->arena, sizeof(*none));
	if (!l || !none)
		return NULL;
	*l = (struct pam_line){
		.type = (enum pam_type)type,
		.control = "[default=bad]",
		.module = "",
		.args = none,
		.path = in->path,
		.line = line,
		.depth = in->depth,
	};
	s->n_lines++;
	return l;
}

static const char *const *take_args(struct parse *p, char *rest)
{
	size_t n = 0;
	const char **args = NULL;
	char *word;

	do {
		const char **slot = arena_grow(p->arena, &args, n++, sizeof(*args));
		word = next_word(&rest);
		if (!slot || (word && !(*slot = arena_strdup(p->arena, word))))
			return NULL;
	} while (word);
	return args;
}

/* Keywords are told whatever their case; everything else is a list of value=action. */
static const char *take_control(struct parse *p, const char *word)
{
	static const char *const words[] = {
		"required", "requisite", "optional", "sufficient", "include", "substack"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcasecmp(words[i], word) == 0)
			return words[i];
	}
	return arena_printf(p->arena, "[%s]", word);
}

/* "include" and "substack": the other file's entries of this type. */
static int take_include(struct parse *p, const struct source *in, unsigned line, unsigned type,
	bool substack, const char *name)
{
	struct pam_line *l = NULL;

	if (substack) {
		l = add_line(p, in, type, line);
		if (!l)
			return -ENOMEM;
		l->control = "substack";
		l->module = arena_strdup(p->arena, name ? text_base_name(name) : "");
		if (!l->module)
			return -ENOMEM;
	}
	int r = name && in->include + 1 < LEVELS_MAX ? parse_file(p, name, in, type, substack)
						     : -ENOENT;
	if (r != -ENOENT)
		return r;
	return add_line(p, in, type, line) ? 0 : -ENOMEM;
}

/*
 * "@include", Debian's: all of the other file. Without it there is no type for
 * an entry that fails, and libpam gives up on the service altogether.
 */
static int take_whole(struct parse *p, const struct source *in, unsigned line, const char *name)
{
	if (in->type != TYPE_ANY)
		return take_include(p, in, line, in->type, false, name);
	int r = name && in->include + 1 < LEVELS_MAX ? parse_file(p, name, in, TYPE_ANY, false)
						     : -ENOENT;
	if (r != -ENOENT)
		return r;
	service_fail(p, -EBADMSG, in->path, line,
		arena_printf(p->arena, "includes %s, which is not there or not whole",
			name ? name : "nothing"));
	return 0;
}

/* The type's word: *silent when it begins with "-"; TYPE_ANY for a word that is none. */
static unsigned take_type(const char *word, bool *silent)
{
	*silent = word[0] == '-';
	for (unsigned i = 0; i < PAM_TYPE_MAX; i++) {
		if (strcasecmp(type_names[i], word + *silent) == 0)
			return i;
	}
	return TYPE_ANY;
}

static int take_entry(struct parse *p, struct source *in, char *text, unsigned line)
{
	char *word = next_word(&text);
	bool silent = false, broken = false;

	if (word && strcasecmp(word, "@include") == 0)
		return take_whole(p, in, line, next_word(&text));
	unsigned type = word ? take_type(word, &silent) : TYPE_ANY;
	if (type == TYPE_ANY) {
		/* libpam puts it where it does most harm. */
		type = in->type != TYPE_ANY ? in->type : PAM_TYPE_AUTH;
		broken = true;
	}
	if (in->type != TYPE_ANY && type != in->type)
		return 0;
	const char *control = (word = next_word(&text)) ? take_control(p, word) : "[default=bad]";
	if (!control)
		return -ENOMEM;
	if (!word)
		broken = true;
	bool substack = strcmp(control, "substack") == 0;
	word = next_word(&text);
	if (substack || strcmp(control, "include") == 0)
		return take_include(p, in, line, type, substack, word);
	struct pam_line *l = add_line(p, in, type, line);
	if (!l)
		return -ENOMEM;
	l->optional_module = silent;
	l->control = control;
	l->module = word && !broken ? arena_strdup(p->arena, text_base_name(word)) : "";
	l->args = take_args(p, text);
	return l->module && l->args ? 0 : -ENOMEM;
}

/* 0, -ENOENT when libpam can't have the file, -ENOMEM; all else is the service's state. */
static int parse_file(struct parse *p, const char *name, const struct source *parent, unsigned type,
	bool substack)
{
	struct source in = {.type = type};
	char buf[PAM_LINE_BYTES + 1];
	const char *text = NULL;
	unsigned line = 0;
	size_t size = 0;

	if (parent) {
		in.include = parent->include + 1;
		in.depth = parent->depth + substack;
	}
	int r = p->files->load(p->files->arg, name, &in.path, &text, &size);
	if (r == -ENOENT || r == -ENOMEM)
		return r;
	if (r < 0) {
		service_fail(p, r, in.path ? in.path : name, 0, fsio_strerror(r));
		return 0;
	}
	in.next = text;
	in.end = text + size;
	while (r >= 0 && p->service->state == FACT_STATE_OK) {
		r = next_entry(&in, buf, &line);
		if (r == 0)
			return 0;
		if (r == -EBADMSG && parent)
			return -ENOENT; /* to libpam as bad as no file */
		if (r < 0) {
			service_fail(p, r, in.path, in.line,
				r == -EBADMSG ? "is continued at the end of the file"
					      : "is longer than the 1023 bytes that PAM reads");
			return 0;
		}
		r = take_entry(p, &in, buf, line);
	}
	/* An entry that was refused for the service's sake is no lack of memory. */
	return p->service->state != FACT_STATE_OK && !arena_failed(p->arena) ? 0 : r;
}

int pam_parse(
	struct arena *a, const struct pam_files *files, const char *name, struct pam_service *ret)
{
	struct pam_service s = {.name = arena_strdup(a, name)};
	struct parse p = {.arena = a, .files = files, .service = &s};

	int r = s.name ? parse_file(&p, name, NULL, TYPE_ANY, false) : -ENOMEM;
	if (r == -ENOENT) {
		s.state = FACT_STATE_ABSENT;
		s.reason = arena_printf(a, "PAM service %s has no file", name);
		r = 0;
	}
	if (r < 0 || arena_failed(a))
		return -ENOMEM;
	*ret = s;
	return 0;
}

int pam_add_other(struct arena *a, struct pam_service *s, const struct pam_service *other)
{
	bool has[PAM_TYPE_MAX] = {false};

	for (size_t i = 0; i < s->n_lines; i++)
		has[s->lines[i].type] = true;
	for (size_t i = 0; i < other->n_lines; i++) {
		if (has[other->lines[i].type])
			continue;
		struct pam_line *l = arena_grow(a, &s->lines, s->n_lines, sizeof(*l));
		if (!l)
			return -ENOMEM;
		*l = other->lines[i];
		s->n_lines++;
	}
	return 0;
}
