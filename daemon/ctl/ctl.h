/* SPDX-License-Identifier: ISC */
/*
 * hardenctl: what its verbs share. A verb writes its answer to ctl->out, which
 * main() sends to standard output at the end, and complaints to standard error.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/result.h"
#include "conf/conf.h"

/* Exit status of every verb. */
enum {
	CTL_OK = 0,
	CTL_FINDINGS = 1, /* scan, status: something fails at or above --fail-on */
	CTL_ERROR = 2,	  /* the command itself could not be carried out */
};

struct ctl {
	FILE *out;
	const char *root;   /* --root; "/" */
	const char *config; /* --config, or NULL */
	const char *socket; /* --socket */
	const char *profile; /* --profile, or NULL: that of the configuration */
	bool json, color, quiet;
	enum severity fail_on;
	const char *fact, *subject, *reason; /* of accept; NULL for any */
	const char *from;		     /* of exposure: an address; NULL for all */
	int n_args;			     /* positional arguments behind the verb */
	char **args;
};

/* "hardenctl: ..." and a line feed to standard error; returns CTL_ERROR. */
int ctl_error(const char *fmt, ...) _printf_(1, 2);

/* Out of memory, said. */
int ctl_oom(void);

/* Writes the object, takes it over (NULL: out of memory). CTL_OK or CTL_ERROR. */
int ctl_put_json(struct ctl *ctl, json_t *o);

/* CTL_FINDINGS when a finding fails or could not be judged, at or above --fail-on, unwaived. */
int ctl_exit_status(const struct ctl *ctl, const json_t *findings);

/* Says that there is no check with this id, and which was meant perhaps. CTL_ERROR. */
int ctl_unknown_check(const char *id);

/*
 * Loads the configuration: --config from the file system, else the usual file
 * inside the root if there is one; where that may not be read, the defaults, and
 * says so. Puts the profile of --profile in use. CTL_OK, or CTL_ERROR with every error said.
 */
int ctl_load_policy(const struct ctl *ctl, const struct root *root, struct policy **ret);

/* Loads a file of the file system, relative to the working directory. As conf_load(). */
int ctl_load_file(const char *file, struct errlist *errors, struct policy **ret);

/* `file:line: text` of each, to standard error. */
void ctl_print_errors(const struct errlist *errors);

/* Those facts, and what they are made from, too. */
uint64_t ctl_with_needs(uint64_t facts);

/*
 * Gives the judge what the daemon of this machine has recorded and accepted,
 * which is judged by as the policy is; of another root nothing listens. 0 or -ENOMEM.
 */
struct judge;
int ctl_give_accepted(const struct ctl *ctl, struct judge *judge, const struct root *root);

/* The verbs; each returns an exit status. */
int verb_scan(struct ctl *ctl);
int verb_list(struct ctl *ctl);
int verb_explain(struct ctl *ctl);
int verb_check_config(struct ctl *ctl);
int verb_exposure(struct ctl *ctl);
int verb_status(struct ctl *ctl);
int verb_diff(struct ctl *ctl);
int verb_accept(struct ctl *ctl);
