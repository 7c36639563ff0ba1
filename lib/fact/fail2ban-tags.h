/* SPDX-License-Identifier: ISC */
/*
 * The <tags> in the definitions of filters and actions: what they stand for
 * once a jail has called the definition as NAME[options].
 */
#pragma once

#include <stdbool.h>

#include "fact/fail2ban-ini.h"

/*
 * A definition and who calls it. Strings that are filled in live in the arena;
 * that memory was short is remembered, to be asked for at the end.
 */
struct f2b_scope {
	struct arena *a;
	const struct f2b_ini *def; /* what its files say */
	const char *jail, *call;   /* "sshd", "iptables[type=allports]" */
	bool failed;		   /* memory was short, here or in the arena */
};

/*
 * What an option of the definition, or <name>, comes to: the call's word comes
 * first, then [Init], then [Definition], as IPv4 has it. Its own tags are still
 * in it. NULL when nothing says it, it cannot be filled in, or memory is short.
 */
const char *f2b_tag(struct f2b_scope *scope, const char *name);

/*
 * Fills the tags of text in (NULL gives NULL), but the one that is called keep
 * (or NULL). Those that nothing says stay: they are known when somebody is
 * banned. NULL when memory is short or the tags go around in a circle.
 */
const char *f2b_expand(struct f2b_scope *scope, const char *text, const char *keep);

/* The innermost <tag> from s on, its length with both brackets in *ret_n; NULL without one. */
const char *f2b_find_tag(const char *s, size_t *ret_n);
