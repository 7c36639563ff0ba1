/* SPDX-License-Identifier: ISC */
#include "fact/fact.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "fact/collectors.h"

static const char *const state_names[] = {
	[FACT_STATE_OK] = "ok",
	[FACT_STATE_ABSENT] = "absent",
	[FACT_STATE_DENIED] = "denied",
	[FACT_STATE_MALFORMED] = "malformed",
	[FACT_STATE_TIMEOUT] = "timeout",
	[FACT_STATE_ERROR] = "error",
};
static_assert(ARRAY_SIZE(state_names) == FACT_STATE_MAX, "a name for each state");

const char *fact_state_name(enum fact_state s)
{
	return state_names[s];
}

enum fact_state fact_state_from_errno(int r)
{
	switch (-r) {
	case 0:
		return FACT_STATE_OK;
	case ENOENT:
	case ENOTDIR:
		return FACT_STATE_ABSENT;
	case EACCES:
	case EPERM:
		return FACT_STATE_DENIED;
	case EBADMSG:
	case ENODEV:
	case EISDIR:
	case EFBIG:
	case EXDEV:
	case ELOOP:
		return FACT_STATE_MALFORMED;
	case ETIME:
	case ETIMEDOUT:
		return FACT_STATE_TIMEOUT;
	default:
		return FACT_STATE_ERROR;
	}
}

struct fact *fact_new(enum fact_id id)
{
	struct fact *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->id = id;
	f->arena = arena_new();
	if (!f->arena) {
		free(f);
		return NULL;
	}
	deps_init(&f->deps, f->arena);
	return f;
}

void fact_free(struct fact *f)
{
	if (!f)
		return;
	arena_free(f->arena);
	free(f);
}

void fact_fail(struct fact *f, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *reason = arena_vprintf(f->arena, fmt, ap);
	va_end(ap);
	f->state = fact_state_from_errno(r);
	f->reason = text_clean(f->arena, reason);
}

void fact_add_item(
	struct fact *f, const char *subject, const char *value, const char *path, unsigned line)
{
	struct fact_item *item = arena_grow(f->arena, &f->items, f->n_items, sizeof(*item));

	if (!item)
		return;
	/* Many items of one file share its name. */
	const char *last = f->n_items ? f->items[f->n_items - 1].path : NULL;
	bool same = last && path && strcmp(last, path) == 0;
	*item = (struct fact_item){
		.subject = text_clean(f->arena, subject),
		.value = text_clean(f->arena, value),
		.path = same ? last : text_clean(f->arena, path),
		.line = line,
	};
	if (item->subject && item->value)
		f->n_items++;
}

void fact_add_unseen(struct fact *f, const char *pattern)
{
	const char **slot = arena_grow(f->arena, &f->unseen, f->n_unseen, sizeof(*slot));

	if (!slot)
		return;
	*slot = arena_strdup(f->arena, pattern);
	if (*slot)
		f->n_unseen++;
}

bool fact_is_unseen(const struct fact *f, const char *subject)
{
	for (size_t i = 0; i < f->n_unseen; i++) {
		if (text_glob(f->unseen[i], subject))
			return true;
	}
	return false;
}

static int item_compare(const void *a, const void *b)
{
	const struct fact_item *x = a, *y = b;
	int r = strcmp(x->subject, y->subject);

	if (r == 0)
		r = strcmp(x->value, y->value);
	if (r == 0)
		r = (x->line > y->line) - (x->line < y->line);
	return r;
}

int fact_seal(struct fact *f)
{
	if (f->n_items > 1)
		qsort(f->items, f->n_items, sizeof(*f->items), item_compare);
	/* Two of one name (a duplicate passwd line) must not hide each other. */
	const char *base = NULL;
	unsigned nth = 1;
	bool renamed = false;
	for (size_t i = 0; i < f->n_items; i++) {
		if (base && strcmp(base, f->items[i].subject) == 0) {
			f->items[i].subject = arena_printf(f->arena, "%s #%u", base, ++nth);
			renamed = true;
		} else {
			base = f->items[i].subject;
			nth = 1;
		}
		if (!f->items[i].subject)
			return -ENOMEM;
	}
	if (renamed)
		qsort(f->items, f->n_items, sizeof(*f->items), item_compare);
	deps_seal(&f->deps);
	return arena_failed(f->arena) || f->deps.failed ? -ENOMEM : 0;
}

bool fact_same(const struct fact *a, const struct fact *b)
{
	if (a->state != b->state || a->n_items != b->n_items)
		return false;
	for (size_t i = 0; i < a->n_items; i++) {
		if (strcmp(a->items[i].subject, b->items[i].subject) != 0 ||
			strcmp(a->items[i].value, b->items[i].value) != 0)
			return false;
	}
	return true;
}

void factset_fini(struct factset *fs)
{
	for (int i = 0; i < FACT_MAX; i++) {
		fact_free(fs->v[i]);
		fs->v[i] = NULL;
	}
}

void factset_put(struct factset *fs, struct fact *f)
{
	fact_free(fs->v[f->id]);
	fs->v[f->id] = f;
}

bool collect_may_run(const struct collect *c)
{
	return c->root->live;
}

static const struct collector *const collectors[FACT_MAX] = {
#define COLLECTOR(ID, symbol) [ID] = &symbol,
	COLLECTORS
#undef COLLECTOR
};

const struct collector *collector_get(enum fact_id id)
{
	return collectors[id];
}

const char *fact_name(enum fact_id id)
{
	return collectors[id]	     ? collectors[id]->name
	       : id == FACT_COVERAGE ? "coverage"
	       : id == FACT_ACCEPTED ? "accepted"
				     : "none";
}

int fact_from_name(const char *name)
{
	for (int i = 0; i < FACT_MAX; i++) {
		if (strcmp(fact_name((enum fact_id)i), name) == 0)
			return i;
	}
	return -EINVAL;
}

uint64_t fact_closure(uint64_t mask)
{
	/* Needs point to lower ids only, so one pass upwards reaches all. */
	for (int i = 0; i < FACT_MAX; i++) {
		if (collectors[i] && (collectors[i]->needs & mask))
			mask |= FACT_BIT(i);
	}
	return mask;
}

int fact_collect(enum fact_id id, const struct collect *c, struct fact **ret)
{
	_cleanup_(fact_freep) struct fact *f = fact_new(id);

	if (!f)
		return -ENOMEM;
	struct root root = *c->root;
	root.deps = &f->deps;
	struct collect mine = *c;
	mine.root = &root;
	int r = collectors[id]->collect(&mine, f);
	if (r < 0)
		return r;
	for (const struct fact_lock *l = collectors[id]->locks; l && l->path; l++)
		root_depend(&root, l->path, l->kind == LOCK_FLOCK ? DEP_LOCK : DEP_FILE);
	r = fact_seal(f);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(f);
	return 0;
}
