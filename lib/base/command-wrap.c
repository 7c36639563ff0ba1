/* SPDX-License-Identifier: ISC */
#include "base/command-wrap.h"

#include <stdbool.h>
#include <string.h>

#include "base/util.h"

/* What runs the command that its words end with. */
struct wrapper {
	const char *name;
	const char *valued;    /* options of one letter that take the next word */
	const char *long_valued; /* the same of long ones; each ends with a blank */
	const char *other;     /* letters with which it runs nothing, or something else */
	unsigned operands;     /* words before the command that are no options */
	bool assignments;      /* NAME=VALUE may stand before the command */
	bool shell;	       /* the command is text behind -c, or a script's path */
};

static const struct wrapper wrappers[] = {
	{"nice", "n", "--adjustment ", "", 0, false, false},
	{"ionice", "cn", "--class --classdata ", "pPu", 0, false, false},
	{"chrt", "TPD", "", "mp", 1, false, false},
	{"taskset", "", "", "p", 1, false, false},
	{"nohup", "", "", "", 0, false, false},
	{"setsid", "", "", "", 0, false, false},
	{"time", "fo", "--format --output ", "", 0, false, false},
	{"timeout", "ks", "--kill-after --signal ", "", 1, false, false},
	{"env", "uC", "--unset --chdir ", "S", 0, true, false},
	{"sudo", "ughpCrTtUD", "--user --group --host --prompt --chdir ", "eKklvV", 0, true, false},
	{"doas", "uC", "", "Ls", 0, false, false},
	{"flock", "wE", "--timeout --wait --conflict-exit-code ", "u", 1, false, false},
	{"systemd-cat", "tp", "--identifier --priority --stderr-priority ", "", 0, false, false},
	{"systemd-inhibit", "", "--what --who --why --mode ", "", 0, false, false},
	{"systemd-run", "upEMHd", "--unit --property --setenv --slice --uid --gid --description ",
		"S", 0, false, false},
	{"stdbuf", "ioe", "--input --output --error ", "", 0, false, false},
	{"cgexec", "g", "", "", 0, false, false},
	{"logsave", "", "", "", 1, false, false},
	{"chronic", "", "", "", 0, false, false},
	{"cronic", "", "", "", 0, false, false},
	{"run-one", "", "", "", 0, false, false},
	{"exec", "a", "", "", 0, false, false},
	{"command", "", "", "vV", 0, false, false},
	{"builtin", "", "", "", 0, false, false},
	{"sh", "oO", "", "sn", 0, false, true},
	{"bash", "oO", "--rcfile --init-file ", "sn", 0, false, true},
	{"dash", "oO", "", "sn", 0, false, true},
	{"ash", "oO", "", "sn", 0, false, true},
	{"ksh", "oO", "", "sn", 0, false, true},
	{"zsh", "oO", "", "sn", 0, false, true},
};

static const struct wrapper *find_wrapper(const char *word)
{
	const char *slash = strrchr(word, '/');

	for (size_t i = 0; i < ARRAY_SIZE(wrappers); i++) {
		if (strcmp(wrappers[i].name, slash ? slash + 1 : word) == 0)
			return &wrappers[i];
	}
	return NULL;
}

static bool long_takes(const struct wrapper *w, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = w->long_valued; *s; s += strcspn(s, " ") + 1) {
		if (strncmp(s, word, n) == 0 && s[n] == ' ')
			return true;
	}
	return false;
}

/* How many words the option is, 1 or 2; 0 when with it nothing is run. *ret_text: it has a "c". */
static size_t option_length(const struct wrapper *w, const char *word, bool *ret_text)
{
	if (word[1] == '-') {
		static const char *const none[] = {"--help", "--version", "--list"};
		for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
			if (strcmp(word, none[i]) == 0)
				return 0;
		}
		return long_takes(w, word) ? 2 : 1;
	}
	for (const char *c = word + 1; *c; c++) {
		if (strchr(w->other, *c))
			return 0;
		if (strchr(w->valued, *c))
			return c[1] ? 1 : 2;
		*ret_text |= w->shell && *c == 'c';
	}
	return 1;
}

static bool is_assignment(const char *word)
{
	return strchr(word, '=') > word;
}

size_t command_unwrap(const char *const *argv, size_t n, const char **ret_text)
{
	const struct wrapper *w = n > 0 ? find_wrapper(argv[0]) : NULL;
	bool text = false;
	size_t i = 1;

	*ret_text = NULL;
	if (!w)
		return 0;
	while (i < n && (*argv[i] == '-' || (w->shell && *argv[i] == '+')) && argv[i][1]) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		size_t k = option_length(w, argv[i], &text);
		if (k == 0)
			return 0;
		i += k;
	}
	while (w->assignments && i < n && is_assignment(argv[i]))
		i++;
	i += w->operands;
	if (strcmp(w->name, "flock") == 0 && i < n &&
		(strcmp(argv[i], "-c") == 0 || strcmp(argv[i], "--command") == 0)) {
		text = true;
		i++;
	}
	if (i >= n)
		return 0;
	if (text)
		*ret_text = argv[i++];
	return i;
}
