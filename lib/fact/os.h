/* SPDX-License-Identifier: ISC */
/*
 * Which distribution this is, from os-release(5). Decides which remedy is shown
 * and which compiled-in defaults hold.
 */
#pragma once

#include <stdbool.h>

enum os_family {
	OS_OTHER,
	OS_DEBIAN, /* Debian, Ubuntu and what says ID_LIKE=debian */
	OS_RHEL,   /* RHEL, Fedora, CentOS, Rocky, Alma, Amazon */
	OS_SUSE,
	OS_ALPINE,
};

struct os {
	const char *id, *version_id, *pretty_name, *support_end; /* "" when not given */
	const char *codename; /* VERSION_CODENAME: "bookworm"; "" when not given */
	enum os_family family;
};

/* Parses the text of os-release(5) (shell quoting, comments). 0 or -ENOMEM; strings in the arena. */
struct arena;
int os_parse(struct arena *a, const char *text, struct os *ret);
