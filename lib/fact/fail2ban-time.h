/* SPDX-License-Identifier: ISC */
/*
 * Lengths of time in fail2ban's configuration: "10m", "1h 30m", "1d12h", "-1".
 * fail2ban evaluates them as a Python expression; sums and products are read
 * here, and nothing else.
 */
#pragma once

/* The seconds that text means, negative for ever. 0, or -EINVAL when it is more than is read. */
int f2b_seconds(const char *text, double *ret);
