/* SPDX-License-Identifier: ISC */
/*
 * The patterns of sudo's scanner, each as a function: how many of the n bytes
 * at s its longest match takes, 0 when it does not match. The pattern is given
 * as flex has it. The text holds no NUL and ends with a newline; s points into
 * lx->top->text, so that "^" can be decided.
 */
#pragma once

#include <string.h>

#include "fact/sudo-lex.h"

/* The states of the scanner, one bit each. */
enum sudo_lex_state {
	INITIAL = 1 << 0,
	GOT_DEFAULTS = 1 << 1,	 /* after Defaults: what they are bound to */
	GOT_COMMAND = 1 << 2,	 /* arguments of a command */
	GOT_REGEX = 1 << 3,	 /* arguments that are a regular expression */
	START_DEFAULTS = 1 << 4, /* before the name of an option */
	IN_DEFAULTS = 1 << 5,	 /* after it */
	IN_STRING = 1 << 6,
	WANT_DIGEST = 1 << 7,
	GOT_INCLUDE = 1 << 8,
	EXPECT_PATH = 1 << 9, /* after CWD and CHROOT */
	/* A rule without a state of its own holds in these. */
	COMMON = INITIAL | GOT_DEFAULTS | WANT_DIGEST | EXPECT_PATH,
	EVERY = COMMON | GOT_COMMAND | GOT_REGEX | START_DEFAULTS | IN_DEFAULTS | IN_STRING |
		GOT_INCLUDE,
};

/* Character classes of the C locale; bytes above 127 are in none. */
static inline bool in(char c, const char *set)
{
	return c && strchr(set, c);
}

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline size_t span_blank(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && is_blank(s[i]))
		i++;
	return i;
}

/* clang-format off */
/* ID: #-?[0-9]+ or WORD: ([^#>!=:,\(\) \t\r\n\\\"]|\\[^\t\n])+ */
size_t sudo_match_id_or_word(struct sudo_lex *lx, const char *s, size_t n);
/* PATH:  \/(\\[\,:= \t#]|[^\,:=\\ \t\r\n#])+ */
size_t sudo_match_path(struct sudo_lex *lx, const char *s, size_t n);
/* PATH or WORD */
size_t sudo_match_path_or_word(struct sudo_lex *lx, const char *s, size_t n);
/* REGEX: \^([^#\r\n\$]|\\[#\$])*\$ */
size_t sudo_match_regex(struct sudo_lex *lx, const char *s, size_t n);
/* PATH, REGEX or sudoedit */
size_t sudo_match_command(struct sudo_lex *lx, const char *s, size_t n);
/* \+{WORD} */
size_t sudo_match_netgroup(struct sudo_lex *lx, const char *s, size_t n);
/* \%:?({WORD}|{ID}) */
size_t sudo_match_group(struct sudo_lex *lx, const char *s, size_t n);
/* (\+|\%|\%:) */
size_t sudo_match_empty_group(struct sudo_lex *lx, const char *s, size_t n);
/* {IPV4}(\/{IPV4})? and {IPV4}\/([12]?[0-9]|3[0-2]) */
size_t sudo_match_ipv4(struct sudo_lex *lx, const char *s, size_t n);
/* {IPV6}(\/{IPV6})? and {IPV6}\/([0-9]|[1-9][0-9]|1[01][0-9]|12[0-8]) */
size_t sudo_match_ipv6(struct sudo_lex *lx, const char *s, size_t n);
/* [[:upper:]][[:upper:][:digit:]_]* */
size_t sudo_match_alias(struct sudo_lex *lx, const char *s, size_t n);
/* [a-z_]+ */
size_t sudo_match_defvar(struct sudo_lex *lx, const char *s, size_t n);
/* ([^#!=, \t\r\n\\\"]|\\[^\r\n])([^#=, \t\r\n\\\"]|\\[^\r\n])* */
size_t sudo_match_envar(struct sudo_lex *lx, const char *s, size_t n);
/* [[:blank:]]+ */
size_t sudo_match_blank(struct sudo_lex *lx, const char *s, size_t n);
/* \r?\n */
size_t sudo_match_newline(struct sudo_lex *lx, const char *s, size_t n);
/* !+ */
size_t sudo_match_bangs(struct sudo_lex *lx, const char *s, size_t n);
/* . (no newline) */
size_t sudo_match_any(struct sudo_lex *lx, const char *s, size_t n);
/* \\[[:blank:]]*\r?\n, and in a string [[:blank:]]* after it */
size_t sudo_match_continuation(struct sudo_lex *lx, const char *s, size_t n);
/* #(-[^\r\n0-9].*|[^\r\n0-9-].*)?(\r\n|\n)? */
size_t sudo_match_comment(struct sudo_lex *lx, const char *s, size_t n);
/* ^#include[[:blank:]]+.*(\r\n|\n)? */
size_t sudo_match_hash_file(struct sudo_lex *lx, const char *s, size_t n);
/* ^#includedir[[:blank:]]+.*(\r\n|\n)? */
size_t sudo_match_hash_dir(struct sudo_lex *lx, const char *s, size_t n);
/* ^[[:blank:]]*Defaults([:@>\!][[:blank:]]*\!*\"?({ID}|{WORD}))? */
size_t sudo_match_defaults(struct sudo_lex *lx, const char *s, size_t n);
/* ^[[:blank:]]*(Host|Cmnd|Cmd|User|Runas)_Alias; sets lx->alias_type */
size_t sudo_match_aliases(struct sudo_lex *lx, const char *s, size_t n);
/* [[:blank:]]*,[[:blank:]]* */
size_t sudo_match_comma(struct sudo_lex *lx, const char *s, size_t n);
/* ([^\"\r\n\\]|\\\")+ */
size_t sudo_match_string_body(struct sudo_lex *lx, const char *s, size_t n);
/* \\[\*\?\[\]\!^] */
size_t sudo_match_arg_glob(struct sudo_lex *lx, const char *s, size_t n);
/* \\[:\\,= \t#] */
size_t sudo_match_arg_special(struct sudo_lex *lx, const char *s, size_t n);
/* [#:\,=\r\n] */
size_t sudo_match_arg_end(struct sudo_lex *lx, const char *s, size_t n);
/* [^#\\:, \t\r\n]+ */
size_t sudo_match_arg(struct sudo_lex *lx, const char *s, size_t n);
/* \\[^\r\n] */
size_t sudo_match_regex_escape(struct sudo_lex *lx, const char *s, size_t n);
/* [#\r\n] */
size_t sudo_match_regex_end(struct sudo_lex *lx, const char *s, size_t n);
/* [^#\\\r\n$]+ */
size_t sudo_match_regex_body(struct sudo_lex *lx, const char *s, size_t n);
/* [[:xdigit:]]+ */
size_t sudo_match_hex(struct sudo_lex *lx, const char *s, size_t n);
/* [A-Za-z0-9\+/=]+ */
size_t sudo_match_base64(struct sudo_lex *lx, const char *s, size_t n);
/* [^\"[:space:]]([^[:space:]]|\\[[:blank:]])* */
size_t sudo_match_include_path(struct sudo_lex *lx, const char *s, size_t n);
/* (NOPASSWD|PASSWD|...)[[:blank:]]*:; sets lx->tag and lx->tag_on */
size_t sudo_match_tag(struct sudo_lex *lx, const char *s, size_t n);
/* clang-format on */
