/* SPDX-License-Identifier: ISC */
/* What FACT_CLEAR_SERVERS has of servers whose configuration lies in a private root. */
#pragma once

#include "root-fixture.h"

#include "alloc-fail.h"
#include "fact/clear-servers.h"

struct clear_vector {
	const char *what;
	struct root_file files[8];
	struct clear_service want[8]; /* ends with program NULL; fault and setting: a part */
};

static inline bool clear_same_text(const char *got, const char *want)
{
	return !got || !want ? got == want : strcmp(got, want) == 0;
}

static inline bool clear_same(const struct clear_service *got, const struct clear_service *want)
{
	if (!clear_same_text(got->program, want->program) ||
		!clear_same_text(got->protocol, want->protocol) || got->udp != want->udp ||
		memcmp(got->ports, want->ports, sizeof(got->ports)) != 0)
		return false;
	if (want->fault)
		return got->fault && strstr(got->fault, want->fault) &&
		       clear_same_text(got->fault_path, want->fault_path) &&
		       got->fault_line == want->fault_line;
	return !got->fault && got->kind == want->kind && strstr(got->setting, want->setting) &&
	       clear_same_text(got->at.path, want->at.path) && got->at.line == want->at.line;
}

static inline void clear_compare(const struct clear_vector *v, const struct clear_servers *got)
{
	size_t n = 0;

	while (n < ARRAY_SIZE(v->want) && v->want[n].program)
		n++;
	bool ok = got->n == n;
	for (size_t i = 0; ok && i < n; i++)
		ok = clear_same(&got->v[i], &v->want[i]);
	if (ok)
		return;
	print_error("%s:\n", v->what);
	for (size_t i = 0; i < got->n; i++) {
		const struct clear_service *s = &got->v[i];
		print_error("  %s %s %u kind %d \"%s\" %s:%u fault \"%s\" %s:%u\n", s->program,
			s->protocol, s->ports[0], s->kind, s->setting, s->at.path, s->at.line,
			s->fault, s->fault_path, s->fault_line);
	}
	fail();
}

/* Collects each vector's root and compares. */
static inline void clear_judge(const struct clear_vector *vectors, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct root_vector v = {.what = vectors[i].what};
		const struct check c = {
			.facts = FACT_BIT(FACT_CLEAR_SERVERS) | FACT_BIT(FACT_UNITS)};
		struct factset facts = {0};
		struct test_root t;
		for (size_t k = 0; k < ARRAY_SIZE(vectors[i].files); k++)
			v.files[k] = vectors[i].files[k];
		test_root_init(&t);
		test_write(&t, "/usr/lib/systemd/systemd", ""); /* else there are no units */
		root_vector_write(&t, &v);
		assert_int_equal(root_collect(&t, &c, &facts, NULL), 0);
		clear_compare(
			&vectors[i], factset_get(&facts, FACT_CLEAR_SERVERS)->u.clear_servers);
		factset_fini(&facts);
		test_root_fini(&t);
	}
}

/* A text for one of the readers, with each allocation failing in turn. */
struct clear_text {
	int (*read)(struct arena *, char *, struct clear_list *);
	const char *text;
};

static inline int clear_read_text(void *arg)
{
	const struct clear_text *t = arg;
	struct arena *a = arena_new();
	char *text = a ? arena_strdup(a, t->text) : NULL;
	struct clear_list l = {0};
	int r = text ? t->read(a, text, &l) : -ENOMEM;

	arena_free(a);
	return r;
}
