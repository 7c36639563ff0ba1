/* SPDX-License-Identifier: ISC */
/* The files of a configuration, and Include. */
#include <errno.h>
#include <string.h>

#include "fact/sshd-conf.h"

enum {
	FILE_MAX = 4 * 1024 * 1024,
	FILES_MAX = 1024, /* of one pattern, and of all */
	DEPTH_MAX = 16,	  /* of sshd */
};

static void note_mtime(struct sshd_conf *c, const char *path, const struct stat *st)
{
	uint64_t usec = (uint64_t)st->st_mtim.tv_sec * USEC_PER_SEC +
			(uint64_t)st->st_mtim.tv_nsec / 1000;

	if (usec <= c->newest_usec)
		return;
	c->newest_usec = usec;
	c->newest_path = path;
}

/* Where a line ends as sshd loads it: before 8.7 at any '#', even within quotes. */
static const char *line_stop(const char *line, const char *next, bool old)
{
	const char *nul = memchr(line, '\0', (size_t)(next - line));
	const char *stop = nul ? nul : next;
	const char *hash = old ? memchr(line, '#', (size_t)(stop - line)) : NULL;

	return hash ? hash : stop;
}

/*
 * The text as sshd keeps it: blanks at the start of lines dropped, and a line
 * cut at a NUL together with its end, so that the next one continues it.
 */
static char *load_text(struct arena *a, const char *data, size_t size, bool old)
{
	/* A comment at the very end gets the newline that it lacks. */
	char *out = arena_alloc(a, size + 2), *w = out;

	for (const char *p = data, *end = data + size; out && p < end;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *next = newline ? newline + 1 : end;
		while (p < next && (*p == ' ' || *p == '\t' || *p == '\r'))
			p++;
		const char *stop = line_stop(p, next, old);
		memcpy(w, p, (size_t)(stop - p));
		w += stop - p;
		if (old && stop < next && *stop == '#')
			*w++ = '\n';
		p = next;
	}
	return out;
}

static int parse_text(
	struct sshd_conf *c, struct sshd_file *f, const char *data, size_t size, unsigned depth)
{
	char *text = load_text(c->arena, data, size, c->env.version < SSHD_VERSION_ARGV);
	int r = text ? 0 : -ENOMEM;

	f->busy = true;
	for (unsigned line = 1; r == 0 && text; line++) {
		char *next = strchr(text, '\n');
		if (next)
			*next++ = '\0';
		r = sshd_line_parse(c, f, line, text, depth);
		text = next;
	}
	f->busy = false;
	return r;
}

static struct sshd_file *new_file(struct sshd_conf *c, const char *path)
{
	struct sshd_file *f = arena_alloc(c->arena, sizeof(*f));

	if (!f)
		return NULL;
	f->path = arena_strdup(c->arena, path);
	if (!f->path)
		return NULL;
	f->next = c->files;
	c->files = f;
	return f;
}

/* What sshd makes of a file that root_read() did not read. */
static int judge_unread(struct sshd_conf *c, const char *path, int r)
{
	/* A directory opens and reads as nothing; so does /dev/null. */
	if (r == -EISDIR || (r == -ENODEV && strcmp(path, "/dev/null") == 0))
		return 0;
	if (r == -ENOMEM)
		return r;
	if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP) {
		sshd_conf_error(c, path, 0, "cannot be opened: %s", fsio_strerror(r));
	} else if (c->unreadable == 0) {
		c->unreadable = r;
		c->unreadable_path = path;
	}
	return 0;
}

static int read_file(struct sshd_conf *c, const char *path, unsigned depth, struct sshd_file **ret)
{
	_cleanup_file_ struct file data = {0};

	for (struct sshd_file *f = c->files; f; f = f->next) {
		if (strcmp(f->path, path) == 0) {
			*ret = f;
			return 0;
		}
	}
	struct sshd_file *f = new_file(c, path);
	if (!f)
		return -ENOMEM;
	int r = root_read(c->env.root, path, FILE_MAX, &data);
	if (r < 0)
		r = judge_unread(c, f->path, r);
	else {
		note_mtime(c, f->path, &data.st);
		r = parse_text(c, f, data.data, data.size, depth);
	}
	if (r == 0)
		*ret = f;
	return r;
}

int sshd_conf_read(struct sshd_conf *c, const char *path)
{
	struct sshd_file *f;
	int r = read_file(c, path, 0, &f);

	if (r == 0)
		c->main = f;
	return r;
}

int sshd_conf_text(struct sshd_conf *c, const char *path, const char *text, size_t size)
{
	struct sshd_file *f = new_file(c, path);

	if (!f)
		return -ENOMEM;
	c->main = f;
	return parse_text(c, f, text, size, 0);
}

/* ---- Include ---- */

static size_t count_files(const struct sshd_conf *c)
{
	size_t n = 0;

	for (const struct sshd_file *f = c->files; f; f = f->next)
		n++;
	return n;
}

static int include_file(
	struct sshd_line *l, struct sshd_node *node, const char *path, unsigned depth)
{
	struct sshd_file *f = NULL;

	if (count_files(l->conf) >= FILES_MAX || depth >= DEPTH_MAX)
		return sshd_refuse(l, "too many includes, one inside of the other");
	int r = read_file(l->conf, path, depth + 1, &f);
	if (r < 0)
		return r;
	if (f->busy)
		return sshd_refuse(l, "%s includes itself", path);
	const struct sshd_file **slot = arena_grow(
		l->conf->arena, &node->files, node->n_files, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = f;
	node->n_files++;
	return 0;
}

/* A file that comes or goes changes the directory, and no file that is read. */
static int note_directory(struct sshd_conf *c, const char *pattern)
{
	size_t n = strcspn(pattern, "*?[");
	struct stat st;

	if (!pattern[n])
		return 0;
	while (n > 1 && pattern[n - 1] != '/')
		n--;
	char *dir = arena_strndup(c->arena, pattern, n > 1 ? n - 1 : 1);
	if (!dir)
		return -ENOMEM;
	if (root_stat(c->env.root, dir, &st) == 0)
		note_mtime(c, dir, &st);
	return 0;
}

/* Where a pattern starts: relative ones in /etc/ssh; '~' means nothing to sshd here. */
static const char *include_pattern(struct arena *a, const char *word)
{
	if (*word == '/')
		return word;
	return arena_printf(a, *word == '~' ? "/%s" : "/etc/ssh/%s", word);
}

static int include_word(
	struct sshd_line *l, struct sshd_node *node, const char *word, unsigned depth)
{
	struct sshd_conf *c = l->conf;
	const char *pattern = include_pattern(c->arena, word);
	char **paths = NULL;
	size_t n = 0;

	if (!*word)
		return sshd_refuse(l, "empty argument");
	if (!pattern)
		return -ENOMEM;
	int r = note_directory(c, pattern);
	if (r == 0)
		r = root_glob(c->env.root, c->arena, pattern, FILES_MAX, &paths, &n);
	if (r == -ENOMEM)
		return r;
	if (r < 0 && c->unreadable == 0) {
		c->unreadable = r;
		c->unreadable_path = pattern;
	}
	for (size_t i = 0; r == 0 && i < n; i++)
		r = include_file(l, node, paths[i], depth);
	return r == -ENOMEM || r == -EINVAL ? r : 0;
}

int sshd_include_parse(struct sshd_line *l, struct sshd_file *f, unsigned depth)
{
	struct sshd_node node = {.kind = SSHD_INCLUDE, .path = l->path, .line = l->line};
	int r = l->n_words == 0 ? sshd_refuse(l, "missing file name") : 0;

	for (char *word; r == 0 && (word = sshd_line_word(l));)
		r = include_word(l, &node, word, depth);
	if (r < 0)
		return r;
	struct sshd_node *slot = sshd_line_node(l, &f->nodes, &f->n);
	if (!slot)
		return -ENOMEM;
	*slot = node;
	return 0;
}
