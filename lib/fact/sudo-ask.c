/* SPDX-License-Identifier: ISC */
#include "fact/sudo-ask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static const char program[] = "/usr/bin/cvtsudoers";

enum {
	ANSWER_MAX = 8 * 1024 * 1024,
	WINDOW = 64, /* how far ahead the same specification is looked for */
};
#define ANSWER_USEC (10 * USEC_PER_SEC)

static int keep(struct memo *m, const char *signature, char kind, const char *text)
{
	_cleanup_free_ char *entry = NULL;

	if (asprintf(&entry, "%c%s", kind, text ? text : "") < 0) {
		entry = NULL;
		return -ENOMEM;
	}
	return memo_put(m, SUDO_ASK_KEY, signature, entry);
}

/* Starts the program and keeps what it says. */
static int run(struct memo *m, const char *path, const char *signature)
{
	/* Without Defaults: of those that it does not know it makes no valid JSON. */
	const char *const argv[] = {program, "-f", "json", "-s", "defaults", path, NULL};
	_cleanup_(child_result_fini) struct child_result res = {0};

	int r = child_run(m, argv, NULL, ANSWER_USEC, ANSWER_MAX, &res);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return keep(m, signature, SUDO_ASK_NOTHING, "");
	if (WIFEXITED(res.status) && WEXITSTATUS(res.status) == 0)
		return keep(m, signature, SUDO_ASK_ANSWER, res.out);
	return keep(m, signature, SUDO_ASK_REFUSAL, res.err);
}

char *sudo_ask_signature(const struct root *root, struct sudo_disk *disk, const char *path)
{
	char *files = sudo_disk_signature(disk);
	struct stat st;

	if (!files || root_stat(root, program, &st) < 0)
		return files ? arena_strdup(disk->tree->arena, "") : NULL;
	return arena_printf(disk->tree->arena, "%s %s %ju %jd.%09ld", files, path,
		(uintmax_t)st.st_ino, (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static int ask(const struct collect *c, struct sudo_disk *disk, const char *path, const char **ret)
{
	const char *signature = sudo_ask_signature(c->root, disk, path);

	if (!signature || !*signature)
		return signature ? 0 : -ENOMEM;
	*ret = memo_get(c->memo, SUDO_ASK_KEY, signature);
	if (*ret)
		return 0;
	int r = run(c->memo, path, signature);
	if (r < 0)
		return r;
	*ret = memo_get(c->memo, SUDO_ASK_KEY, signature);
	return 0;
}

/* "/etc/sudoers:3:5: syntax error": the first line of what it complained about. */
static void add_refusal(struct sudo_tree *own, const char *path, const char *text)
{
	char *first = arena_strndup(own->arena, text, strcspn(text, "\n"));
	char *colon = first ? strchr(first, ':') : NULL;
	unsigned line = 0, column = 0;
	int used = 0;

	if (colon && sscanf(colon, ":%u:%u: %n", &line, &column, &used) >= 2 && used > 0) {
		*colon = '\0';
		sudo_tree_defect(own, first, line, "cvtsudoers: %s", colon + used);
	} else if (first) {
		sudo_tree_defect(own, path, 0, "cvtsudoers: %s", first);
	}
}

static bool same_aliases(const struct sudo_tree *a, const struct sudo_tree *b)
{
	if (a->n_aliases != b->n_aliases)
		return false;
	for (size_t i = 0; i < a->n_aliases; i++) {
		const struct sudo_alias *x = &a->aliases[i], *y = &b->aliases[i];
		const char *s = sudo_members_text(a->arena, &x->members);
		const char *t = sudo_members_text(a->arena, &y->members);
		if (!s || !t || x->type != y->type || strcmp(x->name, y->name) != 0 ||
			strcmp(s, t) != 0)
			return false;
	}
	return true;
}

static char **spec_texts(const struct sudo_tree *t, struct arena *a)
{
	char **v = arena_alloc(a, t->n_specs * sizeof(*v));

	for (size_t i = 0; v && i < t->n_specs; i++) {
		v[i] = sudo_spec_text(a, &t->specs[i]);
		if (!v[i])
			return NULL;
	}
	return v;
}

/*
 * Puts ours in the place of each of their specifications that is the same,
 * since it knows its line; each is used once and in order. 1 when all are the
 * same, 0, or -ENOMEM.
 */
static int match_lines(const struct sudo_tree *own, struct sudo_tree *theirs)
{
	char **mine = spec_texts(own, own->arena), **text = spec_texts(theirs, own->arena);
	bool same = own->n_specs == theirs->n_specs;
	size_t at = 0;

	if (!mine || !text)
		return -ENOMEM;
	for (size_t i = 0; i < theirs->n_specs; i++) {
		size_t end = MIN(own->n_specs, at + WINDOW), k = at;
		while (k < end && strcmp(mine[k], text[i]) != 0)
			k++;
		same &= k == at && k < end;
		if (k == end)
			continue;
		theirs->specs[i] = own->specs[k];
		at = k + 1;
	}
	return same;
}

int sudo_ask(const struct collect *c, struct sudo_disk *disk, const char *path,
	struct sudo_tree *own, struct sudo_tree *ret_tree, const char **ret_reader)
{
	const char *answer = NULL;
	struct sudo_tree theirs;

	*ret_tree = *own;
	*ret_reader = "own parser";
	/* It reads what sudo refuses to, so it has no say about such a tree. */
	if (!collect_may_run(c) || disk->ignored)
		return 0;
	int r = ask(c, disk, path, &answer);
	if (r < 0 || !answer || *answer == SUDO_ASK_NOTHING)
		return r;
	if (*answer == SUDO_ASK_REFUSAL) {
		if (own->n_defects == 0)
			add_refusal(own, path, answer + 1);
		*ret_tree = *own;
		return 0;
	}
	sudo_tree_init(&theirs, own->arena);
	r = sudo_tree_json(&theirs, answer + 1, strlen(answer + 1));
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = match_lines(own, &theirs);
	if (r < 0)
		return r;
	if (r > 0 && same_aliases(own, &theirs) && own->n_defects == 0) {
		*ret_reader = "own parser, cvtsudoers agrees";
		return 0;
	}
	theirs.defaults = own->defaults;
	theirs.n_defaults = own->n_defaults;
	*ret_tree = theirs;
	*ret_reader = "cvtsudoers";
	return arena_failed(own->arena) ? -ENOMEM : 0;
}
