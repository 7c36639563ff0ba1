/* SPDX-License-Identifier: ISC */
/*
 * Effective PAM stacks: /etc/pam.d/SERVICE (and /usr/lib/pam.d, /etc/pam.conf)
 * with `@include`, `include` and `substack` followed, as pam.conf(5) says; a
 * missing service falls back to "other".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "fact/fact.h"

enum pam_type {
	PAM_TYPE_AUTH,
	PAM_TYPE_ACCOUNT,
	PAM_TYPE_PASSWORD,
	PAM_TYPE_SESSION,
	PAM_TYPE_MAX,
};

struct pam_line {
	enum pam_type type;
	bool optional_module;     /* "-auth": missing module is not logged */
	const char *control;      /* "required", "sufficient", "[success=1 default=ignore]" */
	const char *module;       /* file name without directory: "pam_unix.so" */
	const char *const *args;  /* ends with NULL */
	const char *path;         /* the file that it stands in, after includes */
	unsigned line;
	unsigned depth;           /* of substack, 0 at the top */
};

struct pam_service {
	const char *name;         /* "sshd" */
	enum fact_state state;    /* of its file and all that it includes */
	const char *reason;       /* NULL when OK */
	struct pam_line *lines;   /* in order, all types */
	size_t n_lines;
};

struct pam {
	struct pam_service *services; /* sshd, login, su, sudo, passwd, common ones that exist */
	size_t n;
};

/* By name, or NULL. */
const struct pam_service *pam_find(const struct pam *p, const char *service);

/* Whether the line has the word among its arguments. */
bool pam_has_arg(const struct pam_line *line, const char *word);

/*
 * Whether somebody can authenticate to the service with a password of the
 * local databases alone: a module that takes one (pam_unix, pam_sss, pam_ldap,
 * pam_winbind, pam_krb5) can decide the auth stack, following requisite,
 * sufficient and [value=action] controls. 1 yes, 0 no, -EBADMSG undecidable
 * (an unreadable include, an action that is not known); *ret_line is the
 * deciding line, NULL when none.
 */
int pam_password_possible(const struct pam_service *s, const struct pam_line **ret_line);

/* The line of a module that asks for a second factor (TOTP, OATH, U2F, Duo, YubiKey), or NULL. */
const struct pam_line *pam_second_factor(const struct pam_service *s);
