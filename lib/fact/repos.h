/* SPDX-License-Identifier: ISC */
/*
 * The package sources: where software may come from, and what vouches for it.
 * apt's (one-line and deb822), dnf's and yum's, zypper's, apk's, the remotes of
 * flatpak; for apt also what /var/lib/apt/lists holds of each: its Release and
 * its indexes of packages.
 *
 * A URI is kept without the name and password in it. Each source is one item:
 * its subject is the evidence's subject, too.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum repo_kind {
	REPO_APT,
	REPO_DNF, /* and yum: one configuration */
	REPO_ZYPP,
	REPO_APK,
	REPO_FLATPAK,
	REPO_KIND_MAX,
};

/* "apt", "dnf", "zypper", "apk", "flatpak". */
const char *repo_kind_name(enum repo_kind k);

enum repo_uri_role {
	REPO_URI_BASE,	 /* packages are fetched from here */
	REPO_URI_LIST,	 /* says where they are: mirrorlist, metalink, mirror+https: */
	REPO_URI_MIRROR, /* named by a list that lies on this machine (mirror+file:) */
};

struct repo_uri {
	const char *text;   /* as written, "***@" for name and password, "?***" for a query */
	const char *scheme; /* "https"; of "mirror+https", "tor+http" the part behind the last + */
	const char *host;   /* lower case; "" for file:, cdrom: and what names none */
	enum repo_uri_role role;
};

/* A setting as it holds for this source, where it stands. */
struct repo_option {
	const char *key; /* "signed-by", "trusted": apt's one-line names; dnf's keys */
	const char *value;
	const char *path;
	unsigned line;
};

/* What a source calls itself: its Release file, "" for what it doesn't say. */
struct repo_release {
	const char *path; /* in /var/lib/apt/lists */
	const char *origin, *label, *suite, *codename, *version;
	bool not_automatic, but_automatic_upgrades;
	bool is_signed; /* InRelease with a signature, or a Release.gpg lies beside it */
	uint64_t valid_until_realtime_usec; /* 0: it doesn't say */
};

/* A Packages file in /var/lib/apt/lists. */
struct repo_index {
	const char *path;
	const char *component, *arch; /* "" in a flat repository */
	const char *ext;	      /* "", ".lz4", ".gz", ".xz", ...: how it is compressed */
};

struct repo {
	enum repo_kind kind;
	const char *subject; /* "repository deb https://deb.debian.org/debian bookworm" */
	const char *id;	     /* section of dnf and zypper, name of a remote; "" for apt */
	const char *path;    /* the file that names it */
	unsigned line;
	bool enabled;
	bool source; /* source code only (deb-src) */
	const struct repo_uri *uris;
	size_t n_uris;
	const char *suite;	       /* apt; ends with "/" when flat */
	const char *const *components; /* apt; ends with NULL */
	const struct repo_option *options;
	size_t n_options;
	const struct repo_release *release; /* apt; NULL: never fetched */
	const struct repo_index *indexes;   /* apt; binary packages only */
	size_t n_indexes;
};

/* A file that decides what is trusted. */
struct repo_file {
	enum {
		REPO_FILE_SOURCES,     /* names sources */
		REPO_FILE_KEYS,	       /* keys for the sources that name it */
		REPO_FILE_GLOBAL_KEYS, /* for every source (trusted.gpg, trusted.gpg.d) */
	} kind;
	const char *path;
	uid_t uid;
	gid_t gid;
	mode_t mode;
	const char *reason; /* why it could not be looked at; else NULL */
};

/* What the package manager would refuse, or what could not be read. */
struct repo_problem {
	const char *path;
	unsigned line;
	const char *what;
	bool unreadable; /* not malformed: it could not be read */
};

struct repos {
	const struct repo *v; /* in the order of the files */
	size_t n;
	const struct repo_file *files;
	size_t n_files;
	const struct repo_problem *problems;
	size_t n_problems;
};

/* The setting, the last where there are several; NULL when it is not set. */
const struct repo_option *repo_option(const struct repo *r, const char *key);

/*
 * A boolean setting as apt, dnf and zypper read the words (yes, true, on, 1
 * and their opposites, any case); dflt when it is not set or is no such word.
 */
bool repo_bool(const struct repo *r, const char *key, bool dflt);

/*
 * Whether security updates come from here: the suite as it is written, or what
 * the Release calls itself (suite, codename, label), is "security" or ends with
 * "-security"; or the suite ends with "/updates", as Debian named it until 10.
 * apt only: false for all others.
 */
bool repo_is_security(const struct repo *r);
