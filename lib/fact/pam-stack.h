/* SPDX-License-Identifier: ISC */
/*
 * What libpam makes of a stack: its parser and its dispatcher, as those of
 * Linux-PAM 1.5 (Debian's @include too). A test holds both against the real
 * libpam. For pam.c, tests and fuzzing; everybody else reads pam.h.
 */
#pragma once

#include "fact/pam.h"

enum {
	PAM_CODES = 32,	       /* return values of modules, _PAM_RETURN_VALUES */
	PAM_LINES_MAX = 1024,  /* entries of one service */
	PAM_LINE_BYTES = 1023, /* longer ones are cut by the libpam of today's distributions */
};
/* Those that the dispatcher or we treat by themselves. */
enum pam_code {
	PAM_CODE_SUCCESS = 0,
	PAM_CODE_PERM_DENIED = 6,
	PAM_CODE_AUTH_ERR = 7,
	PAM_CODE_NEW_AUTHTOK_REQD = 12,
	PAM_CODE_IGNORE = 25,
	PAM_CODE_CONV_AGAIN = 30,
	PAM_CODE_INCOMPLETE = 31,
};
#define PAM_BIT(code) (UINT32_C(1) << (code))

/* Where the parser gets files from. */
struct pam_files {
	/*
	 * The file of that name (absolute, or in the directories of pam.d): 0 and its
	 * bytes, which live until the parser is done; -ENOENT, or -errno of fsio, with the
	 * path if there is one.
	 */
	int (*load)(void *arg, const char *name, const char **ret_path, const char **ret_text,
		size_t *ret_size);
	void *arg;
};

/*
 * Reads one service (not its "other"); strings in the arena. Files that can't be read or
 * make no sense are the service's state. 0 or -ENOMEM.
 */
int pam_parse(
	struct arena *a, const struct pam_files *files, const char *name, struct pam_service *ret);

/* Adds other's entries of every type that s has none of, as libpam does. 0 or -ENOMEM. */
int pam_add_other(struct arena *a, struct pam_service *s, const struct pam_service *other);

/*
 * Which of its 32 return values (bits) a module may give. An entry without module
 * is not asked about: it gives PAM_CODE_PERM_DENIED.
 */
struct pam_oracle {
	uint32_t (*codes)(const struct pam_line *line, void *arg);
	bool (*marks)(const struct pam_line *line, void *arg); /* its success is what we look for */
	bool merge; /* one failure stands for all that the control treats alike: fewer branches */
	void *arg;
};

struct pam_outcome {
	uint32_t codes;		    /* all values that the stack may return, unless merged */
	const struct pam_line *via; /* the marked line on a way to success, or NULL */
};

/*
 * Follows the stack of a type through every answer that the oracle allows.
 * 0; -EBADMSG (the service's state isn't OK, or too many branches), -ENOMEM.
 */
int pam_walk(const struct pam_service *s, enum pam_type type, const struct pam_oracle *oracle,
	struct pam_outcome *ret);
