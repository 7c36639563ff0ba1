/* SPDX-License-Identifier: ISC */
/*
 * Variables that carry a key or a password in clear: in units of systemd, in
 * the files that they read variables from, and in the files that give every
 * session its environment. Only the names are kept, never a value.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "fact/gap.h"
#include "fact/readers.h"

enum {
	ENVIRONMENT_FILE_MAX = 256 * 1024, /* bytes of one file */
	ENVIRONMENT_FILES_MAX = 2000,
	ENVIRONMENT_SECRETS_MAX = 1000,
};

enum environment_place {
	ENVIRONMENT_UNIT,    /* Environment= of a unit: the manager tells everybody who asks */
	ENVIRONMENT_SESSION, /* a file that gives it to every session */
	ENVIRONMENT_FILE,    /* a file that a service reads */
};

struct environment_secret {
	enum environment_place place;
	const char *name; /* of the variable; not escaped, nor is path */
	const char *unit; /* of ENVIRONMENT_UNIT; else NULL */
	const char *path;
	unsigned line;
	const char *what; /* what the value's form says (secret_shape), or NULL */
	bool doubtful;	  /* it is no more than perhaps one (SECRET_VALUE_DOUBTFUL) */
	mode_t mode;	  /* of ENVIRONMENT_FILE, and gid and readers */
	gid_t gid;
	enum readers readers;
};

struct environment {
	const struct environment_secret *v;
	size_t n;
	const struct fact_gap *gaps;
	size_t n_gaps;
	size_t files, units; /* that were looked at */
	const char *limit;   /* which limit ended the search and where, or NULL; not escaped */
};

/* Of all evidence about it: "variable NAME of UNIT", "variable NAME in PATH". NULL on ENOMEM. */
char *environment_subject(struct arena *a, const struct environment_secret *s);

/* The forms of file. */
enum environment_form {
	ENVIRONMENT_SHELL,   /* NAME=VALUE, export NAME=VALUE: shells, environment.d(5) */
	ENVIRONMENT_PLAIN,   /* NAME=VALUE, and "$" is a character: environment(5),
				EnvironmentFile= */
	ENVIRONMENT_EITHER,  /* one of these, by who reads it: /etc/default */
	ENVIRONMENT_PAM_ENV, /* NAME DEFAULT=VALUE OVERRIDE=VALUE: pam_env.conf(5) */
};

/* A variable that carries a secret. */
struct environment_hit {
	const char *name; /* within the text */
	size_t size;
	unsigned line;
	const char *what; /* secret_shape()'s answer, or NULL */
	bool doubtful;
};

/*
 * Calls each for every variable of the text that carries a secret. 0, or what
 * each returned when that was negative.
 */
int environment_parse(enum environment_form form, const char *text, size_t n,
	int (*each)(const struct environment_hit *hit, void *arg), void *arg);
