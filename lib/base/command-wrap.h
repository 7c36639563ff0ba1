/* SPDX-License-Identifier: ISC */
/* Between the parts of base/command.h: what stands before a command's own name. */
#pragma once

#include <stddef.h>

/*
 * How many words of argv (n of them) belong to a wrapper such as `nice -n 10`,
 * so that the command begins behind them; 0 when argv[0] is none, or is used in
 * a way that is not understood. *ret_text is the word that is a shell's text, as
 * of `sh -c`, else NULL.
 */
size_t command_unwrap(const char *const *argv, size_t n, const char **ret_text);
