/* SPDX-License-Identifier: ISC */
#include "fact/conf-lines.h"

#include <errno.h>
#include <string.h>

enum {
	WORDS_MAX = 64, /* what stands behind is no directive's that is asked about */
};

int conf_lines_parse(const struct conf_lines *c, const char *path, char *text)
{
	struct conf_place at = {path, 0};
	int r = 0;

	while (r == 0 && *text) {
		const char *words[WORDS_MAX + 1] = {NULL};
		size_t n = 0, len = strcspn(text, "\n");
		char *next = text + len + (text[len] == '\n'), *save = NULL;
		at.line++;
		text[len] = '\0';
		text += strspn(text, " \t\r");
		if (c->rest)
			text[strcspn(text, c->rest)] = '\0';
		if (!*text || !strchr(c->comments, *text)) {
			for (char *w = strtok_r(text, " \t\r", &save); w && n < WORDS_MAX;
				w = strtok_r(NULL, " \t\r", &save))
				words[n++] = w;
		}
		if (n > 0)
			r = c->each(c->arg, &at, words, n);
		text = next;
	}
	return r;
}

static int each_file(const char *path, char *text, void *arg)
{
	return conf_lines_parse(arg, path, text);
}

int conf_lines_read(
	struct conf_lines *c, const char *pattern, const struct conf_place *at, bool missing)
{
	return conf_files_read(c->files, pattern, at, missing, each_file, c);
}
