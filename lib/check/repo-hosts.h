/* SPDX-License-Identifier: ISC */
/*
 * The hosts that distributions serve their own packages from, as of November
 * 2026: mirrors that they name themselves, and those that cloud images have.
 */
#pragma once

#include <stdbool.h>

/* Whether host (lower case) is one of the distribution's with this ID (os-release). */
bool repo_host_is_own(const char *os_id, const char *host);
