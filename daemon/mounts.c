/* SPDX-License-Identifier: ISC */
#include "mounts.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

enum {
	FIELDS = 5, /* of a line: the rest are options, which change nothing here */
	TEXT_MAX = 64 * 1024 * 1024, /* the kernel allows 100,000 mounts */
};

void mounts_fini(struct mounts *m)
{
	free(m->text);
	free(m->line);
	*m = (struct mounts){0};
}

/* Ends the line after its fifth field; false when it has fewer. */
static bool cut(char *line)
{
	for (int i = 0; i < FIELDS; i++) {
		size_t n = strcspn(line, " ");
		if (n == 0)
			return false;
		line += n;
		if (i < FIELDS - 1 && *line++ == '\0')
			return false;
	}
	*line = '\0';
	return true;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int mounts_parse(char *text, struct mounts *ret)
{
	struct mounts m = {.text = text};
	size_t lines = 0;

	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	m.line = calloc(lines + 1, sizeof(*m.line));
	if (!m.line) {
		free(text);
		return -ENOMEM;
	}
	for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
		if (cut(line))
			m.line[m.n++] = line;
	}
	qsort(m.line, m.n, sizeof(*m.line), compare);
	*ret = m;
	return 0;
}

int mounts_read(int fd, struct mounts *ret)
{
	_cleanup_free_ char *text = NULL;
	size_t n = 0, room = 0;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	for (;;) {
		if (n + 1 >= room) {
			room = room ? room * 2 : 8192;
			char *more = room > TEXT_MAX ? NULL : realloc(text, room);
			if (!more)
				return -ENOMEM;
			text = more;
		}
		ssize_t r = read(fd, text + n, room - n - 1);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			break;
		n += (size_t)r;
	}
	text[n] = '\0';
	return mounts_parse(TAKE_PTR(text), ret);
}

static bool is_octal(const char *s)
{
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' &&
	       s[2] <= '7';
}

/* Blanks and backslashes in a mount point are octal in the table. */
static void unescape(const char *s, char ret[static PATH_MAX])
{
	size_t n = 0;

	while (*s && n < PATH_MAX - 1) {
		if (s[0] == '\\' && is_octal(s + 1)) {
			ret[n++] = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			ret[n++] = *s++;
		}
	}
	ret[n] = '\0';
}

static void tell(const char *line, bool gone, void (*each)(const struct mount_change *c, void *arg),
	void *arg)
{
	char path[PATH_MAX];
	const struct mount_change c = {
		.id = (uint32_t)strtoul(line, NULL, 10),
		.gone = gone,
		.path = path,
	};

	unescape(strrchr(line, ' ') + 1, path);
	each(&c, arg);
}

void mounts_diff(const struct mounts *before, const struct mounts *after,
	void (*each)(const struct mount_change *c, void *arg), void *arg)
{
	size_t i = 0, j = 0;

	while (i < before->n || j < after->n) {
		int r = i == before->n	? 1
			: j == after->n ? -1
					: strcmp(before->line[i], after->line[j]);
		if (r < 0)
			tell(before->line[i], true, each, arg);
		else if (r > 0)
			tell(after->line[j], false, each, arg);
		i += r <= 0;
		j += r >= 0;
	}
}
