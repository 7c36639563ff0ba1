/* SPDX-License-Identifier: ISC */
/*
 * The SSH server's own keys: every HostKey and HostCertificate in force, and
 * who may touch them and the configuration that names them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fact/fact.h"
#include "fact/first-boot.h"
#include "fact/ssh-key-private.h"

struct ssh_host_key {
	const char *path;      /* of the private key */
	const char *subject;   /* of its item: "host key ssh-ed25519"; not escaped */
	enum fact_state state; /* of the private key's file */
	const char *reason;    /* NULL when OK; not escaped */
	/*
	 * From the private key's file, from PATH.pub where that doesn't show it.
	 * Type OTHER and name "" when neither does.
	 */
	struct ssh_key key;
	enum ssh_protection protection;
	bool seen; /* the file is there, and what follows is its own */
	uid_t uid;
	gid_t gid;
	mode_t mode;
	uint64_t mtime_realtime_usec;
	uint64_t birth_realtime_usec; /* 0 where the file system doesn't say */
	const char *conf_path;	      /* where it is configured; NULL: a default path */
	unsigned conf_line;
};

/* A certificate for one of them. */
struct ssh_host_certificate {
	const char *path, *subject;
	enum fact_state state;
	const char *reason;
	struct ssh_key key; /* with key.cert, when state is OK */
};

/* sshd_config, its drop-ins, and the directories that they are in. */
struct ssh_host_file {
	const char *path;
	enum fact_state state;
	const char *reason;
	uid_t uid;
	gid_t gid;
	mode_t mode; /* with the file's type */
};

struct ssh_host_keys {
	const struct ssh_host_key *keys; /* in the order of the configuration */
	size_t n_keys;
	const struct ssh_host_certificate *certificates;
	size_t n_certificates;
	const struct ssh_host_file *files;
	size_t n_files;
	struct first_boot first_boot;
};
