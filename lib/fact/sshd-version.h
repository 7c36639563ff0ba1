/* SPDX-License-Identifier: ISC */
/* Which sshd this is, what it does by default, since when it runs. */
#pragma once

#include "fact/fact.h"
#include "fact/sshd-options.h"

#define SSHD_BINARY "/usr/sbin/sshd"

/* The version in text that has "OpenSSH_9.2p1" (of size bytes), its text into ret; "" if none. */
int sshd_version_find(struct arena *a, const char *data, size_t size, const char **ret);

/* "9.2p1" as 902; 0 when it is none. */
unsigned sshd_version_number(const char *text);

/*
 * The version of the program, else one that fits the distribution. *ret is the
 * text, "" when it is a guess. Returns the number, or -ENOMEM.
 */
int sshd_version_read(const struct collect *c, struct arena *a, const char **ret);

/* Whose sshd it is, by the distribution. */
enum sshd_vendor sshd_vendor(const struct collect *c);

/*
 * Whether the running machine's own program accepts the configuration with
 * these arguments (sshd -t): 1, 0 when it does not or cannot be asked, -ENOMEM.
 */
int sshd_accepts(const struct collect *c, const struct sshd_args *args);

/*
 * Sets the defaults of conf: from the running machine's own program where it
 * may be run and answers, else the table. *ret_from says which. 0, -ENOMEM, or
 * what kept the program from answering at all (-ETIMEDOUT, -EINTR: killed).
 */
int sshd_defaults_read(const struct collect *c, struct sshd_conf *conf, const char *version,
	const char **ret_from);

/*
 * When the listener that the pid file names (re)read its configuration: it
 * writes that file each time. 0 when none runs. Live root only. The pid goes to *ret_pid then.
 */
uint64_t sshd_started(const struct collect *c, const char *pid_file, unsigned *ret_pid);
