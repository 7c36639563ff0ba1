/* SPDX-License-Identifier: ISC */
/*
 * The policy: what this site demands, as read from the configuration. Checks
 * ask it for their keys; a key that is not set has the default of its schema
 * row, so that a check never has a default of its own.
 *
 * Immutable once loaded; a reload makes a new one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/result.h"
#include "base/util.h"

enum param_type {
	PARAM_BOOL,   /* yes/no, true/false, on/off, 1/0 */
	PARAM_UINT,   /* decimal, within min and max */
	PARAM_USEC,   /* 30s, 5min, 1h, 2d, 1w; within min and max seconds */
	PARAM_STRING, /* as written */
	PARAM_LIST,   /* words separated by commas or blanks; repeated or continued lines add */
	PARAM_NETS,   /* a list of addresses or prefixes, 192.0.2.0/24 2001:db8::/32 */
	PARAM_PATH,   /* absolute */
	PARAM_DATE,   /* YYYY-MM-DD; may be empty when the default is */
	PARAM_CHOICE, /* one of the words in choices */
	PARAM_TYPE_MAX,
};

/* One key of the schema: parser, default, manual and `explain` read the same row. */
struct param {
	const char *key;
	enum param_type type;
	const char *def;   /* written as in the file */
	uint64_t min, max; /* PARAM_UINT; PARAM_USEC in seconds; both 0: no bounds */
	const char *doc;
	const char *choices; /* PARAM_CHOICE: the words, separated by single blanks */
	const char *form;    /* PARAM_LIST: what each word must be, "NAME=VALUE"; NULL: anything */
	bool (*fits)(const char *word); /* whether one is */
};

struct policy;
void policy_free(struct policy *p);
DEFINE_FREEP(struct policy *, policy_free)

/*
 * Values of section/key, typed as its schema row says; asking for a key that
 * is in no schema, or as another type, is a programming error (assert).
 * Sections: "hardend" and "policy" (schema in conf/schema.h), and each check id.
 * policy_usec() of a PARAM_DATE is the last microsecond of that day (UTC), 0
 * when it is empty. policy_string() serves PARAM_STRING, _PATH and _CHOICE.
 */
bool policy_bool(const struct policy *p, const char *section, const char *key);
uint64_t policy_uint(const struct policy *p, const char *section, const char *key);
uint64_t policy_usec(const struct policy *p, const char *section, const char *key);
const char *policy_string(const struct policy *p, const char *section, const char *key);

/* The words of a PARAM_LIST or PARAM_NETS; the array ends with NULL and belongs to p. */
const char *const *policy_list(const struct policy *p, const char *section, const char *key);

/* Whether word is in the list, exactly. */
bool policy_list_has(
	const struct policy *p, const char *section, const char *key, const char *word);

/*
 * Whether the check is switched on: `enabled` in its section says so, or else
 * the profile in use.
 */
bool policy_enabled(const struct policy *p, const char *check);

/* The check's severity: `severity = ` in its section, else dflt. */
enum severity policy_severity(const struct policy *p, const char *check, enum severity dflt);

/* A stated exception: what, why, who, until when. Strings are escaped, but for subject. */
struct waiver {
	const char *name;    /* of its section, [waiver NAME] */
	const char *check;   /* id */
	const char *subject; /* pattern of fnmatch(3) on the evidence's subject; "*" for all */
	const char *reason, *owner;
	uint64_t until_realtime_usec; /* last microsecond of that day, UTC: still covered */
	const char *path;    /* where it is stated */
	unsigned line;
};

/* The waiver that covers this at the time given, or NULL. Borrowed from p. */
const struct waiver *policy_waiver(
	const struct policy *p, const char *check, const char *subject, uint64_t realtime_usec);

/* What somebody states of a check that no program can judge. Strings are as written. */
struct attestation {
	const char *check;     /* id: the name of its section */
	const char *statement; /* what is so */
	const char *owner;     /* who says it */
	uint64_t stated_realtime_usec; /* first microsecond of that day, UTC */
	uint64_t until_realtime_usec;  /* last microsecond of that day, UTC: it still holds */
	const char *path;      /* where it is stated */
	unsigned line;
};

/* The attestation of a check, whether it holds now or not; NULL when there is none. */
const struct attestation *policy_attestation(const struct policy *p, const char *check);

/* All of them: policy_attestation_at(0), ..., NULL after the last. */
const struct attestation *policy_attestation_at(const struct policy *p, size_t i);

/* The first moment after the time given at which a waiver covers no more; USEC_INFINITY if none. */
uint64_t policy_next_lapse(const struct policy *p, uint64_t realtime_usec);

/* All of them: policy_waiver_at(0), ..., NULL after the last. */
const struct waiver *policy_waiver_at(const struct policy *p, size_t i);

/* One recommendation of the profile in use, and the checks that answer it. */
struct policy_item {
	const char *label, *title; /* "Check-Security-01" */
	const char **checks;       /* ids; ends with NULL; empty when the site leaves all of them out */
};

/*
 * Puts the profile of this name in use, in the place of the one before: it
 * selects checks, and sets the keys that no file sets. 0; -ENOENT when there is
 * none or it is from none, -ELOOP when it is from itself (p is untouched);
 * -ENOMEM (p is to be freed). Until then "default" is in use: every check.
 */
int policy_use_profile(struct policy *p, const char *name);

/* Whether it could be: 0, -ENOENT or -ELOOP. */
int policy_has_profile(const struct policy *p, const char *name);

/* Names: first those that ship, then the site's; policy_profile_name(p, 0), ..., NULL at the end. */
const char *policy_profile_name(const struct policy *p, size_t i);

/* Name and title (ret_title may be NULL) of the profile in use, as written. */
const char *policy_profile(const struct policy *p, const char **ret_title);

/* Its items in the guide's order: 0, 1, ..., NULL after the last; none where it has no items. */
const struct policy_item *policy_profile_item(const struct policy *p, size_t i);

/* Whether it selects the check. The monitor's own and those of drift are in every profile. */
bool policy_in_profile(const struct policy *p, const char *check);
