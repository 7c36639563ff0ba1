/* SPDX-License-Identifier: ISC */
/*
 * The kinds of values that keywords take: each function takes a line's words
 * into its values as `sshd -T` prints them, or refuses the line as sshd does.
 * For the table of keywords only.
 */
#pragma once

#include "fact/sshd-conf.h"

/* A word of a closed set: what may be written, in any case, and what it is shown as. */
struct sshd_choice {
	const char *word, *shown; /* ends with word NULL */
};

/* "1h30m" in seconds, and a plain number; both at most INT_MAX. 0 or -EINVAL. */
int sshd_seconds(const char *s, int *ret);
int sshd_number(const char *s, int *ret);

#define SSHD_PARSE(name) int name(struct sshd_line *l, const struct sshd_keyword *k)

SSHD_PARSE(sshd_parse_choice); /* arg: struct sshd_choice[] */
SSHD_PARSE(sshd_parse_exact);  /* the same, case matters */
SSHD_PARSE(sshd_parse_int);
SSHD_PARSE(sshd_parse_time);	 /* shown in seconds */
SSHD_PARSE(sshd_parse_timeout);	 /* a time, or none */
SSHD_PARSE(sshd_parse_mask);	 /* octal */
SSHD_PARSE(sshd_parse_path);	 /* made absolute, ~ resolved; none */
SSHD_PARSE(sshd_parse_tilde);	 /* ~ resolved, else as written */
SSHD_PARSE(sshd_parse_string);	 /* one word */
SSHD_PARSE(sshd_parse_rest);	 /* the rest of the line */
SSHD_PARSE(sshd_parse_command);	 /* the same, an absolute path or none */
SSHD_PARSE(sshd_parse_addendum); /* the same, without a comment */
SSHD_PARSE(sshd_parse_algs);	 /* arg: a value of enum sshd_alg by pointer */
SSHD_PARSE(sshd_parse_gss_kex);
SSHD_PARSE(sshd_parse_port);
SSHD_PARSE(sshd_parse_listen);	  /* "host port", port 0 for that of Port */
SSHD_PARSE(sshd_parse_users);	  /* patterns USER or USER@HOST */
SSHD_PARSE(sshd_parse_list);	  /* words, none of them empty */
SSHD_PARSE(sshd_parse_env);	  /* names without = */
SSHD_PARSE(sshd_parse_setenv);	  /* NAME=value */
SSHD_PARSE(sshd_parse_files);	  /* words with ~ resolved */
SSHD_PARSE(sshd_parse_none_list); /* words; none only alone */
SSHD_PARSE(sshd_parse_timeouts);  /* TYPE=time; none only alone */
SSHD_PARSE(sshd_parse_permit);	  /* of PermitOpen; arg set: PermitListen */
SSHD_PARSE(sshd_parse_methods);	  /* lists of authentication methods */
SSHD_PARSE(sshd_parse_pubkey_options);
SSHD_PARSE(sshd_parse_user_env); /* yes, no or a pattern list */
SSHD_PARSE(sshd_parse_rekey);
SSHD_PARSE(sshd_parse_startups);
SSHD_PARSE(sshd_parse_netblock);
SSHD_PARSE(sshd_parse_source_max);
SSHD_PARSE(sshd_parse_penalties);
SSHD_PARSE(sshd_parse_addresses); /* a list as of Match address */
SSHD_PARSE(sshd_parse_ipqos);
SSHD_PARSE(sshd_parse_subsystem);
SSHD_PARSE(sshd_parse_any); /* whatever: the keyword has no effect any more */
