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

/* Whether the check is switched on (`enabled = no` in its section switches it off). */
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
