/* SPDX-License-Identifier: ISC */
/*
 * Shows what fail2ban's configuration in DIR comes to, by this project's own
 * reader, as one line of JSON for each DIR on standard input: compared with
 * what fail2ban makes of it.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "fact/guards.h"

static json_t *words(const char *const *v, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, json_string(v[i]));
	return list;
}

/* What fail2ban calls them; one that is not set is left out. */
static json_t *settings(const struct guard_jail *j)
{
	const struct {
		const char *key;
		const struct guard_setting *value;
	} rows[] = {{"maxretry", &j->maxretry}, {"findtime", &j->findtime},
		{"bantime", &j->bantime}, {"ignorecommand", &j->ignorecommand},
		{"journalmatch", &j->journalmatch}};
	json_t *o = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].value->text)
			(void)json_object_set_new(o, rows[i].key, json_string(rows[i].value->text));
	}
	return o;
}

static int show(const struct root *root, const char *dir)
{
	struct arena *a = arena_new();
	struct guard_fail2ban g = {0};
	const char *reason = NULL;
	int r = guard_fail2ban_read(a, root, dir, &g, &reason);
	json_t *jails = json_array();

	for (size_t i = 0; i < g.n; i++) {
		const struct guard_jail *j = &g.v[i];
		(void)json_array_append_new(jails,
			json_pack("{s:s, s:b, s:s, s:I, s:o, s:o, s:o, s:b, s:s?, s:s?, s:b}",
				"name", j->name, "error", j->error != NULL, "backend", j->backend,
				"found", (json_int_t)j->n_found, "ignore",
				words(j->ignore, j->n_ignore), "actions",
				words(j->actions, j->n_actions), "settings", settings(j), "bans",
				j->bans, "fault", j->ban_fault, "unsure", j->ban_unsure,
				"all_ports", j->all_ports));
	}
	json_t *all = json_pack(
		"{s:i, s:s?, s:o}", "r", r, "error", g.error ? g.error : reason, "jails", jails);
	(void)json_dumpf(all, stdout, JSON_COMPACT);
	(void)puts("");
	(void)fflush(stdout);
	json_decref(all);
	arena_free(a);
	return 0;
}

int main(void)
{
	struct root root;
	char line[4096];

	if (root_open("/", &root) < 0)
		return 2;
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		(void)show(&root, line);
	}
	root_close(&root);
	return 0;
}
