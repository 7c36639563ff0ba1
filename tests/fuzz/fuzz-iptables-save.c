/* SPDX-License-Identifier: ISC */
/*
 * read_save and ruleset_finish, of each family and variant. Every rule that was
 * read has a text, and what is jumped to is declared.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "filter/read-save.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const struct rule_stmt *st)
{
	bool doubt = st->kind == STMT_OPAQUE || st->kind == STMT_CHOSEN;

	if (doubt && (!st->opaque.text || strlen(st->opaque.text) > RULE_OPAQUE_TEXT))
		__builtin_trap();
	if (st->kind == STMT_VERDICT && st->verdict.chain && !st->verdict.chain->defined)
		__builtin_trap();
	if (st->kind == STMT_MATCH && !st->match.set)
		__builtin_trap();
}

static void look(const struct ruleset *rs)
{
	size_t n = 0;

	for (const struct rule_table *t = rs->tables; t; t = t->next) {
		for (const struct rule_chain *c = t->chains; c; c = c->next) {
			for (const struct rule *r = c->rules; r; r = r->next, n++) {
				if (!r->text || !c->defined)
					__builtin_trap();
				for (size_t i = 0; i < r->n_stmts; i++)
					look_at(&r->stmts[i]);
			}
		}
	}
	if (n != rs->n_rules)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = size < 1 << 16 ? malloc(size + 1) : NULL;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (unsigned i = 0; i < 4; i++) {
		struct ruleset *rs = ruleset_new();
		const char *why = NULL;
		unsigned line = 0;
		int r = rs ? read_save(rs, i & 1 ? RULE_IP6 : RULE_IP, i & 2, text, &line, &why)
			   : -1;
		if (r == 0 && ruleset_finish(rs) == 0)
			look(rs);
		else if (r == -EBADMSG && (!why || line == 0))
			__builtin_trap();
		ruleset_free(rs);
	}
	free(text);
	return 0;
}
