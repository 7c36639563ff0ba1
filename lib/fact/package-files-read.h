/* SPDX-License-Identifier: ISC */
/*
 * What is filled while it is being read: the readers of dpkg's lists and of
 * rpm's database find the digests and give them to package_reading_digest(),
 * which looks at the file; the collector makes the fact of it.
 */
#pragma once

#include <sys/types.h>

#include "fact/package-files.h"
#include "fact/packages.h"

/* One of dpkg's diversions: what another package than owner installs as from lies at to. */
struct package_diversion {
	const char *from, *to, *owner;
};

/* A file that a list has a digest of. */
struct package_seen {
	const char *path; /* as in the list */
	dev_t dev;
	ino_t ino; /* 0: it is not there, or could not be opened */
};

/* A file of the set that its package has and the list of digests does not. */
struct package_bare {
	const char *package, *path, *list;
};

struct package_reading {
	const struct collect *c;
	struct fact *f;
	struct arena *arena; /* the fact's: what is found lives here */
	struct arena *tmp;   /* what is only needed while reading */
	const struct packages *packages;
	const char *list; /* the list that is being read */
	struct package_files *out;
	struct package_file *found;
	struct package_diversion *diversions;
	size_t n_diversions;
	struct package_seen *seen;
	size_t n_seen;
	struct package_bare *bare;
	size_t n_bare;
	uint8_t *buf;
};

/*
 * Compares one file with its digest; arg is the reading, hex may be empty. 0,
 * -EBADMSG for a digest that is none, -ENOMEM.
 */
int package_reading_digest(const struct package_digest *d, void *arg);

/*
 * A path of the set that the list being read has no digest of. It is looked at
 * when all lists were read: a link to a file with a digest needs none, and a
 * directory none either. 0 or -ENOMEM.
 */
int package_reading_bare(struct package_reading *rd, const char *package, const char *path);

/* What the package manager keeps of the package at path says too little: why. 0 or -ENOMEM. */
int package_reading_gap(
	struct package_reading *rd, const char *package, const char *path, const char *why);

/* The fact is not known: its first reason, path and line (0: none). 0 or -ENOMEM. */
int package_reading_failed(struct package_reading *rd, int r, const char *path, unsigned line);

/* Reads what dpkg or rpm keeps of the packages of the set. 0 or -ENOMEM. */
int package_files_dpkg(struct package_reading *rd);
int package_files_rpm(struct package_reading *rd);
