/* SPDX-License-Identifier: ISC */
/*
 * Which keys there are: tables that the loader, the defaults, `explain` and the
 * manual read alike. A check's own keys stand in its row (struct check).
 */
#pragma once

#include <stddef.h>

#include "conf/policy.h"

/* Each ends with key NULL. */
extern const struct param schema_hardend[]; /* [hardend] */
extern const struct param schema_policy[];  /* [policy] */
extern const struct param schema_check[];   /* of each check, before its own */
extern const struct param schema_waiver[];  /* [waiver NAME] */
extern const struct param schema_attestation[]; /* [attestation CHECK-ID] */
extern const struct param schema_profile[]; /* [profile NAME], beside SECTION.KEY */

/* The sections [hardend], [policy] and of each check: schema_section(0), ..., NULL. */
const char *schema_section(size_t i);

/*
 * The key tables of a section: fills up to two and NULLs the rest. -ENOENT
 * when there is no such section.
 */
int schema_params(const char *section, const struct param *ret[static 2]);

/* "yes or no", "a whole number from 1 to 9": what a value must look like, into buf; returns buf. */
#define SCHEMA_EXPECTED_MAX 256
const char *schema_expected(const struct param *p, char buf[static SCHEMA_EXPECTED_MAX]);

/* Name of a type for tables: "bool", "uint", ... */
const char *schema_type_name(enum param_type t);
