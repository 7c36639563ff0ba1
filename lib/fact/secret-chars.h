/* SPDX-License-Identifier: ISC */
/* Kinds of characters that the scan of a text and the judging of its values tell apart. */
#pragma once

#include <stdbool.h>

#include "base/util.h"

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static inline bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static inline bool is_word(char c)
{
	return is_upper(c) || is_lower(c) || is_digit(c) || c == '_';
}

static inline bool is_name(char c)
{
	return is_word(c) || c == '-' || c == '.';
}
