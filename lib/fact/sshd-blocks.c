/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "fact/sshd-contexts.h"

struct collect_blocks {
	struct arena *arena;
	struct sshd_blocks *out;
	unsigned visits;
};

static int add_block(
	struct collect_blocks *b, const struct sshd_block *outer, const struct sshd_node *match)
{
	if (b->out->n >= SSHD_BLOCKS_MAX)
		return -EFBIG;
	struct sshd_block *slot = arena_grow(b->arena, &b->out->v, b->out->n, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	slot->matches = arena_alloc(b->arena, (outer->n + 1) * sizeof(*slot->matches));
	if (!slot->matches)
		return -ENOMEM;
	if (outer->n > 0)
		memcpy(slot->matches, outer->matches, outer->n * sizeof(*slot->matches));
	slot->matches[outer->n] = match;
	slot->n = outer->n + 1;
	b->out->n++;
	return 0;
}

static int blocks_of(
	struct collect_blocks *b, const struct sshd_file *f, const struct sshd_block *outer)
{
	struct sshd_block current = *outer;
	int r = 0;

	if (++b->visits > SSHD_BLOCKS_MAX)
		return -EFBIG;
	for (size_t i = 0; i < f->n && r == 0; i++) {
		const struct sshd_node *node = &f->nodes[i];
		if (node->kind == SSHD_MATCHES) {
			r = add_block(b, outer, node);
			if (r == 0)
				current = b->out->v[b->out->n - 1];
		}
		for (size_t k = 0; node->kind == SSHD_INCLUDE && k < node->n_files && r == 0; k++)
			r = blocks_of(b, node->files[k], &current);
	}
	return r;
}

int sshd_blocks_collect(const struct sshd_conf *c, struct arena *a, struct sshd_blocks *ret)
{
	struct sshd_blocks blocks = {0};
	struct collect_blocks b = {.arena = a, .out = &blocks};
	const struct sshd_block none = {0};
	int r = c->main ? blocks_of(&b, c->main, &none) : 0;

	if (r == 0)
		*ret = blocks;
	return r;
}
