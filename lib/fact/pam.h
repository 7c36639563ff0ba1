/* SPDX-License-Identifier: ISC */
/*
 * Effective PAM stacks: /etc/pam.d/SERVICE (and /usr/lib/pam.d) with `@include`,
 * `include` and `substack` followed, as pam.conf(5) says; a missing service falls
 * back to "other". A machine that has nothing but /etc/pam.conf is malformed.
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

/*
 * One entry of a stack as libpam sees it. An entry that it can make no sense of
 * (an unknown type, no module, an include that is not there) is there as well,
 * with module "": libpam runs it as one that fails. A substack is preceded by
 * an entry of its own with control "substack", which counts as one in jumps.
 */
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
	struct pam_line *lines;   /* in order, all types; those of "other" where it has none */
	size_t n_lines;
};

struct pam {
	/*
	 * login, passwd, sshd, su and sudo, sorted by name, whether they have a file
	 * or not. Of the others in pam.d, and of fragments to be included, there are
	 * the fact's items only: they are many, and no check asks for them.
	 */
	struct pam_service *services;
	size_t n;
};

/* "auth", ... */
const char *pam_type_name(enum pam_type t);

/* By name, or NULL. */
const struct pam_service *pam_find(const struct pam *p, const char *service);

/* Whether the line has the word among its arguments. */
bool pam_has_arg(const struct pam_line *line, const char *word);

/*
 * Whether somebody can authenticate to the service with a password of the
 * local databases alone: a module that takes one (pam_unix, pam_sss, pam_ldap,
 * pam_winbind, pam_krb5) can decide the auth stack, following requisite,
 * sufficient and [value=action] controls. Also yes when nothing at all is asked
 * for. Modules that this table does not know may answer anything; those that ask
 * for something else than a password (pam_second_factor) are never passed with one.
 * 1 yes, 0 no, -EBADMSG undecidable (an unreadable include, too many branches),
 * -ENOMEM; *ret_line is the deciding line, NULL when none.
 */
int pam_password_possible(const struct pam_service *s, const struct pam_line **ret_line);

/* The line of a module that asks for a second factor (TOTP, OATH, U2F, Duo, YubiKey), or NULL. */
const struct pam_line *pam_second_factor(const struct pam_service *s);
