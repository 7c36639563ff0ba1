/* SPDX-License-Identifier: ISC */
/*
 * Prints what is read of a root's package sources and lists, for comparison with
 * the package manager: "problem", "list", "update", "orphan", "gap" lines, tabs
 * between their fields. With -t also the processor time and the memory of it.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fact/collectors.h"
#include "fact/packages.h"
#include "fact/pending.h"
#include "fact/repos.h"

static double cpu_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts); /* cannot fail for this clock */
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* The peak of this program; getrusage(2) would begin with that of whoever started it. */
static double peak_mib(void)
{
	char line[256];
	unsigned long kb = 0;
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f))
		(void)sscanf(line, "VmHWM: %lu", &kb);
	if (f)
		(void)fclose(f); /* read-only */
	return (double)kb / 1024;
}

static const char *text(const char *s)
{
	return s ? s : "-";
}

static void show_repos(const struct repos *r)
{
	for (size_t i = 0; i < r->n_problems; i++)
		printf("problem\t%s\t%u\t%s\n", r->problems[i].path, r->problems[i].line,
			r->problems[i].what);
	for (size_t i = 0; i < r->n; i++) {
		const struct repo *repo = &r->v[i];
		printf("repo\t%s\t%s\t%s\n", repo_kind_name(repo->kind), repo->id,
			repo->enabled ? "on" : "off");
		for (size_t k = 0; k < repo->n_options; k++)
			printf("option\t%s\t%s\t%s\n", repo->id, repo->options[k].key,
				repo->options[k].value);
		for (size_t k = 0; k < repo->n_uris; k++)
			printf("uri\t%s\t%s\n", repo->id, repo->uris[k].text);
		for (size_t k = 0; k < repo->n_indexes; k++)
			printf("list\t%s\n", repo->indexes[k].path);
	}
}

static void show_pending(const struct pending *p)
{
	for (size_t i = 0; i < p->n_updates; i++) {
		const struct pending_update *u = &p->updates[i];
		printf("update\t%s\t%s\t%s\t%s\t%s\n", u->name, u->installed, text(u->candidate),
			text(u->security), u->held ? "held" : "free");
	}
	for (size_t i = 0; i < p->n_orphans; i++)
		printf("orphan\t%s\t%s\t%s\n", p->orphans[i].name, p->orphans[i].installed,
			text(p->orphans[i].offered));
	for (size_t i = 0; i < p->n_gaps; i++)
		printf("gap\t%s\t%s\t%s\n", p->gaps[i].subject, text(p->gaps[i].path),
			p->gaps[i].what);
}

static int collect(const struct collect *c, struct factset *facts, enum fact_id id)
{
	struct fact *f = NULL;
	int r = fact_collect(id, c, &f);

	if (r == 0)
		factset_put(facts, f);
	if (r == 0 && f->state != FACT_STATE_OK && f->state != FACT_STATE_ABSENT)
		printf("state\t%s\t%s\n", fact_name(id), text(f->reason));
	return r;
}

/* The first look at the lists, and one more when nothing has changed. */
static int measure(const struct collect *c, struct factset *facts)
{
	for (int i = 0; i < 2; i++) {
		double before = cpu_ms();
		int r = collect(c, facts, FACT_PENDING);
		if (r < 0)
			return r;
		printf("cost\t%s\t%.1f ms\t%.1f MiB peak\n", i ? "again" : "first",
			cpu_ms() - before, peak_mib());
	}
	return 0;
}

int main(int argc, char *argv[])
{
	static const enum fact_id needs[] = {FACT_OS, FACT_PACKAGES, FACT_APT_CONF, FACT_REPOS};
	bool time = argc == 3 && strcmp(argv[1], "-t") == 0;
	struct memo *memo = memo_new();
	struct factset facts = {0};
	struct root root;
	int r = argc == 2 + time && memo ? root_open(argv[argc - 1], &root) : -1;

	if (r < 0) {
		(void)fprintf(stderr, "usage: pending-show [-t] ROOT\n");
		return 2;
	}
	struct collect c = {.root = &root, .facts = &facts, .memo = memo};
	for (size_t i = 0; i < ARRAY_SIZE(needs) && r == 0; i++)
		r = collect(&c, &facts, needs[i]);
	if (r == 0)
		r = time ? measure(&c, &facts) : collect(&c, &facts, FACT_PENDING);
	if (r == 0 && !time) {
		if (facts.v[FACT_REPOS]->u.repos)
			show_repos(facts.v[FACT_REPOS]->u.repos);
		if (facts.v[FACT_PENDING]->u.pending)
			show_pending(facts.v[FACT_PENDING]->u.pending);
	}
	factset_fini(&facts);
	memo_free(memo);
	root_close(&root);
	return r < 0;
}
