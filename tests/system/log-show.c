/* SPDX-License-Identifier: ISC */
/*
 * Prints what the readers make of a configuration, for a comparison with the
 * program that it is written for: each destination, and of the 24 facilities
 * the severities that surely and that maybe reach it, in hexadecimal. With
 * "kept" behind the root, what logrotate and journald are told.
 */
#include <stdio.h>
#include <string.h>

#include "fact/log-kept.h"
#include "fact/logging.h"

static void print_pri(const struct log_pri *p)
{
	for (int i = 0; i < LOG_FACILITIES; i++)
		printf("%02x", p->sure[i]);
	printf(" ");
	for (int i = 0; i < LOG_FACILITIES; i++)
		printf("%02x", p->maybe[i]);
}

static void print(const struct logging *log)
{
	for (int i = 0; i < LOG_PROGRAM_MAX; i++) {
		const struct log_config *c = &log->config[i];
		if (c->state != FACT_STATE_ABSENT)
			printf("config %s %s %s\n", log_program_name((enum log_program)i),
				fact_state_name(c->state), c->reason ? c->reason : "");
	}
	for (size_t i = 0; i < log->n; i++) {
		const struct log_forward *f = &log->v[i];
		printf("forward %s %s %s %s %d ", log_program_name(f->program), f->transport,
			*f->host ? f->host : "-", *f->port ? f->port : "-", (int)f->peer);
		print_pri(&f->pri);
		printf(" %s:%u %s\n", f->path, f->line, f->broken ? f->broken : "");
	}
	for (size_t i = 0; i < log->n_local; i++) {
		printf("file %s %s - - ", log_program_name(log->local[i].program),
			log->local[i].file);
		print_pri(&log->local[i].pri);
		printf("\n");
	}
}

static void print_kept(const struct log_kept *k)
{
	const struct journal *j = &k->journal;

	printf("journal %d %d %llu %s\n", (int)j->storage, j->to_syslog,
		(unsigned long long)j->max_age_usec, j->reason ? j->reason : "");
	if (k->logrotate.problem)
		printf("problem %s:%u %s\n", k->logrotate.problem_path, k->logrotate.problem_line,
			k->logrotate.problem);
	for (size_t i = 0; i < k->logrotate.n; i++) {
		const struct logrotate_entry *e = &k->logrotate.v[i];
		printf("entry %s %d %u %llu %llu %llu", logrotate_when_name(e->when), e->rotate,
			e->maxage, (unsigned long long)(e->when == LOGROTATE_SIZE ? e->size : 0),
			(unsigned long long)e->minsize, (unsigned long long)e->maxsize);
		for (size_t n = 0; e->globs[n]; n++)
			printf("\t%s", e->globs[n]);
		printf("\n");
	}
}

int main(int argc, char *argv[])
{
	struct root root;
	struct factset facts = {0};
	struct fact *f = NULL;

	if (argc < 2 || root_open(argv[1], &root) < 0) {
		(void)fprintf(stderr, "usage: %s ROOT [kept]\n", argv[0]);
		return 2;
	}
	const struct collect c = {.root = &root, .facts = &facts};
	int r = fact_collect(argc > 2 ? FACT_LOG_KEPT : FACT_LOGGING, &c, &f);
	if (r < 0)
		return 1;
	if (f->u.any && argc > 2)
		print_kept(f->u.log_kept);
	else if (f->u.any)
		print(f->u.logging);
	fact_free(f);
	root_close(&root);
	return 0;
}
