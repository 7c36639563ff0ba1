/* SPDX-License-Identifier: ISC */
/*
 * For cron-diff.py.
 *
 *     cron-show FILE    "taken" or "refused LINE WHY", as a user's table of Debian's cron
 *     cron-show -n NAME "run" or "left", as run-parts of Debian decides by the name
 */
#include <stdio.h>
#include <string.h>

#include "base/fsio.h"
#include "fact/cron-table.h"

static int each(_unused_ const struct cron_line *l, _unused_ void *arg)
{
	return 0;
}

int main(int argc, char *argv[])
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_file_ struct file file = {0};
	const char *why = NULL;
	unsigned line = 0;
	struct root root;

	if (argc == 3 && strcmp(argv[1], "-n") == 0) {
		(void)puts(cron_name_is_run(argv[2], false, true) ? "run" : "left");
		return 0;
	}
	if (argc != 2 || !a || root_open("/", &root) < 0 ||
		root_read(&root, argv[1], 1 << 20, &file) < 0)
		return 2;
	int r = cron_table_parse(a, file.data, 0, each, NULL, &line, &why);
	if (r == 0)
		(void)puts("taken");
	else
		(void)printf("refused %u %s\n", line, why);
	root_close(&root);
	return 0;
}
