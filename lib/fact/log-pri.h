/* SPDX-License-Identifier: ISC */
/*
 * Which log messages something is about, by facility and severity: of each of
 * the 24 x 8 kinds, whether it surely is one of them, may be one, or is none.
 * A condition that asks for more than that (a text in the message) may hold or
 * not, so what it lets through is "may be".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LOG_FACILITIES = 24, /* numbers of syslog(3), shifted down */
	LOG_SEVERITIES = 8,  /* 0: emergency ... 7: debug */
};

/* A bit for each severity, by facility. sure is always a part of maybe. */
struct log_pri {
	uint8_t sure[LOG_FACILITIES], maybe[LOG_FACILITIES];
};

struct log_pri log_pri_all(void);
struct log_pri log_pri_none(void);
struct log_pri log_pri_unknown(void); /* any of them, or none: it depends on something else */

struct log_pri log_pri_not(struct log_pri a);
struct log_pri log_pri_and(struct log_pri a, struct log_pri b);
struct log_pri log_pri_or(struct log_pri a, struct log_pri b);

/* Whether nothing at all can pass. */
bool log_pri_is_none(const struct log_pri *p);

/* The number of a facility ("authpriv", "local3") or severity ("err", "warn"); -EINVAL. */
int log_facility_from_name(const char *name);
int log_severity_from_name(const char *name);

/* "auth", "emerg": the names that syslog.conf(5) uses. */
const char *log_facility_name(unsigned facility);
const char *log_severity_name(unsigned severity);

/*
 * A selector of syslog.conf(5), "*.info;mail.none;auth,authpriv.=err", as
 * sysklogd and rsyslog read it: what stands later overrides what stands before.
 * What follows a name that is not known is not read, as there: then -EINVAL,
 * and ret holds what came before it.
 */
int log_pri_parse(const char *selector, struct log_pri *ret);

/*
 * What matters in a machine's logs, and of it what p surely covers: logins and
 * privileges (auth, authpriv) from info up, the system (kern, user, daemon,
 * syslog, cron) from warning up. Returns what is missing: NULL when nothing,
 * else a static name, with *ret_maybe whether it may pass after all.
 */
const char *log_pri_missing(const struct log_pri *p, bool *ret_maybe);
