/* SPDX-License-Identifier: ISC */
#include "fact/sudo-ask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static const char program[] = "/usr/bin/cvtsudoers";

enum {
	ANSWER_MAX = 8 * 1024 * 1024,
};
#define ANSWER_USEC (10 * USEC_PER_SEC)

/* First letter of what the memo keeps: what follows is the answer, or why there was none. */
enum {
	KEPT_ANSWER = '=',
	KEPT_REFUSAL = '!',
};

static int keep(
	struct memo *m, const char *path, const char *signature, char kind, const char *text)
{
	_cleanup_free_ char *entry = NULL;

	if (asprintf(&entry, "%c%s", kind, text ? text : "") < 0) {
		entry = NULL;
		return -ENOMEM;
	}
	return memo_put(m, path, signature, entry);
}

/* Starts the program and keeps what it says. */
static int run(struct memo *m, const char *path, const char *key, const char *signature)
{
	/* Without Defaults: of those that it does not know it makes no valid JSON. */
	const char *const argv[] = {program, "-f", "json", "-s", "defaults", path, NULL};
	_cleanup_(child_result_fini) struct child_result res = {0};

	int r = child_run(m, argv, NULL, ANSWER_USEC, ANSWER_MAX, &res);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return keep(m, key, signature, KEPT_ANSWER, "?");
	if (WIFEXITED(res.status) && WEXITSTATUS(res.status) == 0)
		return keep(m, key, signature, KEPT_ANSWER, res.out);
	return keep(m, key, signature, KEPT_REFUSAL, res.err);
}

static int ask(const struct collect *c, struct sudo_disk *disk, const char *path, const char **ret)
{
	static const char key[] = "cvtsudoers";
	char *signature = sudo_disk_signature(disk);
	struct stat st;

	int r = root_stat(c->root, program, &st);
	if (r < 0)
		return 0;
	if (signature)
		signature = arena_printf(disk->tree->arena, "%s %s %ju %jd.%09ld", signature, path,
			(uintmax_t)st.st_ino, (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	if (!signature)
		return -ENOMEM;
	const char *kept = memo_get(c->memo, key, signature);
	if (!kept) {
		r = run(c->memo, path, key, signature);
		if (r < 0)
			return r;
		kept = memo_get(c->memo, key, signature);
	}
	*ret = kept;
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

/*
 * Gives their specifications the lines of ours, each of which is used once and in
 * order. Whether all are the same.
 */
static bool match_lines(const struct sudo_tree *own, struct sudo_tree *theirs)
{
	bool same = own->n_specs == theirs->n_specs;
	size_t at = 0;

	for (size_t i = 0; i < theirs->n_specs; i++) {
		const char *text = sudo_spec_text(own->arena, &theirs->specs[i]);
		size_t k = at;
		for (; text && k < own->n_specs && k < at + 64; k++) {
			const char *mine = sudo_spec_text(own->arena, &own->specs[k]);
			if (mine && strcmp(mine, text) == 0)
				break;
		}
		if (k >= own->n_specs || k >= at + 64) {
			same = false;
			continue;
		}
		theirs->specs[i] = own->specs[k];
		same &= k == at;
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
	if (r < 0 || !answer)
		return r;
	if (*answer == KEPT_REFUSAL) {
		if (own->n_defects == 0)
			add_refusal(own, path, answer + 1);
		*ret_tree = *own;
		return 0;
	}
	sudo_tree_init(&theirs, own->arena);
	r = sudo_tree_json(&theirs, answer + 1, strlen(answer + 1));
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	bool same = match_lines(own, &theirs);
	if (same && same_aliases(own, &theirs) && own->n_defects == 0) {
		*ret_reader = "own parser, cvtsudoers agrees";
		return 0;
	}
	theirs.defaults = own->defaults;
	theirs.n_defaults = own->n_defaults;
	*ret_tree = theirs;
	*ret_reader = "cvtsudoers";
	return arena_failed(own->arena) ? -ENOMEM : 0;
}
