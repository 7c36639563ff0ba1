/* SPDX-License-Identifier: ISC */
#include "fact/sudo-conf.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum {
	CONF_MAX = 64 * 1024,
};

/* Takes the next word of the line; NULL at its end. */
static char *next_word(char **line)
{
	char *word = *line + strspn(*line, " \t\r");
	size_t n = strcspn(word, " \t\r");

	if (!*word)
		return NULL;
	*line = word + n + (word[n] != '\0');
	word[n] = '\0';
	return word;
}

/* Takes the next line, comment cut off; a backslash at its end joins the one below. */
static char *next_line(char **text, unsigned *line, bool join)
{
	char *start = *text;

	if (!*start)
		return NULL;
	++*line;
	char *end = start + strcspn(start, "\n");
	while (join && *end && end > start && end[-1] == '\\') {
		end[-1] = ' ';
		*end = ' ';
		end += strcspn(end, "\n");
	}
	*text = end + (*end != '\0');
	*end = '\0';
	start[strcspn(start, "#")] = '\0';
	return start;
}

/* Plugin SYMBOL FILE ARGUMENT... */
static int parse_plugin(struct arena *a, char *line, unsigned n, struct sudo *ret)
{
	static const char file_key[] = "sudoers_file=";
	char *symbol = next_word(&line), *file = next_word(&line);

	if (!symbol || !file)
		return 0;
	if (strcmp(symbol, "sudoers_policy") != 0) {
		/* Others approve, audit or log; only a policy grants. */
		if (!text_ends_with(symbol, "_policy") && !text_ends_with(symbol, "policy"))
			return 0;
		ret->plugin = arena_printf(a, "%s of %s", symbol, file);
		ret->plugin_line = n;
		return ret->plugin ? 0 : -ENOMEM;
	}
	for (char *arg; (arg = next_word(&line));) {
		if (strncmp(arg, file_key, strlen(file_key)) != 0 || arg[strlen(file_key)] != '/')
			continue;
		char *path = arena_strdup(a, arg + strlen(file_key));
		if (!path)
			return -ENOMEM;
		ret->path = path;
	}
	return 0;
}

int sudo_conf_parse(struct arena *a, char *text, struct sudo *ret)
{
	unsigned n = 0;

	for (char *line; (line = next_line(&text, &n, true));) {
		char *word = next_word(&line);
		int r = word && strcasecmp(word, "Plugin") == 0 ? parse_plugin(a, line, n, ret) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_local(const char *source)
{
	return strcmp(source, "files") == 0 || strcmp(source, "systemd") == 0 ||
	       strcmp(source, "compat") == 0 || strcmp(source, "altfiles") == 0;
}

/* "[NOTFOUND=return]" says what to do next, and names no source. */
static void blank_actions(char *line)
{
	for (bool inside = false; *line; line++) {
		inside |= *line == '[';
		bool end = *line == ']';
		if (inside)
			*line = ' ';
		inside &= !end;
	}
}

int sudo_nsswitch_parse(struct arena *a, char *text, struct sudo *ret)
{
	unsigned n = 0;

	for (char *line; (line = next_line(&text, &n, false));) {
		char *colon = strchr(line, ':');
		if (!colon)
			continue;
		*colon = '\0';
		blank_actions(colon + 1);
		char *rest = colon + 1, *name = next_word(&line);
		bool sudoers = name && strcmp(name, "sudoers") == 0;
		bool accounts = name && (strcmp(name, "passwd") == 0 || strcmp(name, "group") == 0);
		for (char *word; (sudoers || accounts) && (word = next_word(&rest));) {
			if (is_local(word))
				continue;
			if (accounts) {
				ret->accounts_elsewhere = true;
				continue;
			}
			ret->sources = arena_printf(
				a, "%s%s%s", ret->sources, *ret->sources ? " " : "", word);
			ret->sources_line = n;
			if (!ret->sources)
				return -ENOMEM;
		}
	}
	return 0;
}

static int read_conf(const struct root *root, struct arena *a, const char *path, struct sudo *ret,
	int (*parse)(struct arena *a, char *text, struct sudo *ret))
{
	_cleanup_file_ struct file file = {0};

	int r = root_read(root, path, CONF_MAX, &file);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	return r < 0 ? r : parse(a, file.data, ret);
}

int sudo_conf(const struct root *root, struct arena *a, struct sudo *ret, const char **ret_file)
{
	static const char *const files[] = {"/etc/sudo.conf", "/etc/nsswitch.conf"};

	ret->path = "/etc/sudoers";
	ret->sources = "";
	int r = read_conf(root, a, files[0], ret, sudo_conf_parse);
	if (r < 0) {
		*ret_file = files[0];
		return r;
	}
	r = read_conf(root, a, files[1], ret, sudo_nsswitch_parse);
	if (r < 0)
		*ret_file = files[1];
	return r;
}
