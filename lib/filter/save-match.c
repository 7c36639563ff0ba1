/* SPDX-License-Identifier: ISC */
/* Reads the matches of a rule, one module after the other. */
#include <errno.h>
#include <string.h>

#include "filter/save-rule.h"

int save_match(struct save_rule *s, enum rule_field field, u128 mask, const struct span *spans,
	size_t n, bool negate)
{
	struct rule_key key = {.field = field, .mask = mask};

	return ruleset_match(s->rs, s->rule, &key, spans, n, negate);
}

int save_match_pairs(struct save_rule *s, const struct rule_key keys[2],
	const struct span (*pairs)[2], size_t n, bool negate)
{
	struct rule_set *set = ruleset_set(s->rs, NULL, NULL);

	if (!set)
		return -ENOMEM;
	set->n_keys = 2;
	for (size_t i = 0; i < n; i++) {
		if (ruleset_elem(s->rs, set, pairs[i], NULL) < 0)
			return -ENOMEM;
	}
	struct rule_stmt stmt = {
		.kind = STMT_MATCH,
		.match = {.keys = keys, .n_keys = 2, .negate = negate, .set = set},
	};
	return ruleset_stmt(s->rs, s->rule, &stmt);
}

static const struct save_option *find_option(
	const struct save_option *options, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	}
	return NULL;
}

static bool is_target(const char *word)
{
	return strcmp(word, "-j") == 0 || strcmp(word, "-g") == 0;
}

/* The words from here to the next module or target are a doubt. */
static void doubt(struct save_rule *s, size_t from, enum save_doubt_kind kind)
{
	while (s->at < s->n && !is_target(s->words[s->at]) && strcmp(s->words[s->at], "-m") != 0)
		s->at++;
	if (s->n_doubts == SAVE_DOUBTS_MAX) { /* the last one takes in all that follow */
		s->doubts[SAVE_DOUBTS_MAX - 1].to = s->at;
		s->doubts[SAVE_DOUBTS_MAX - 1].kind = DOUBT_OPAQUE;
		return;
	}
	s->doubts[s->n_doubts++] = (struct save_doubt){from, s->at, kind};
}

/*
 * The option at hand, with its "!" before it. 1: read; 0: it is none of these;
 * -ENOMEM; -EBADMSG when it is not understood.
 */
static int take_option(struct save_rule *s, const struct save_option *options, size_t n)
{
	bool negate = strcmp(s->words[s->at], "!") == 0;
	size_t at = s->at + negate;
	const struct save_option *o = at < s->n ? find_option(options, n, s->words[at]) : NULL;

	if (!o)
		return 0;
	if (s->n - at - 1 < o->args)
		return -EBADMSG;
	int r = o->take(s, o, s->words + at + 1, negate);
	if (r < 0)
		return r;
	s->at = at + 1 + o->args;
	return 1;
}

/* Whether the word at hand is an option that the module before it should have known. */
static bool is_unknown(const struct save_rule *s)
{
	size_t at = s->at;

	at += at < s->n && strcmp(s->words[at], "!") == 0;
	return at < s->n && strncmp(s->words[at], "--", 2) == 0;
}

/* "-m NAME" and its options. 0; -ENOMEM; -EBADMSG. */
static int take_module(struct save_rule *s, const struct save_module *m)
{
	int r = 1;

	s->ct_asked = s->ct_other = s->inverted = false;
	while (r > 0 && s->at < s->n && !is_target(s->words[s->at]))
		r = take_option(s, m->options, m->n);
	if (r < 0)
		return r;
	if (is_unknown(s))
		return -EBADMSG;
	return m->end ? m->end(s) : 0;
}

int save_matches(struct save_rule *s)
{
	while (s->at < s->n && !is_target(s->words[s->at])) {
		size_t from = s->at;
		int r;

		if (strcmp(s->words[from], "-m") != 0 || from + 1 == s->n) {
			r = take_option(s, save_generic, SAVE_GENERIC_MAX);
			if (r == 0)
				r = -EBADMSG;
		} else {
			const char *name = s->words[from + 1];
			const struct save_module *m = save_module_find(name);
			s->at += 2;
			if (!m) {
				doubt(s, from, save_module_doubt(name));
				continue;
			}
			r = take_module(s, m);
		}
		if (r == -EBADMSG) {
			s->at = MAX(s->at, from + 1);
			doubt(s, from, DOUBT_OPAQUE);
		} else if (r < 0) {
			return r;
		}
	}
	return 0;
}
