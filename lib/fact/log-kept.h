/* SPDX-License-Identifier: ISC */
/*
 * How long logs are kept on this machine: what journald.conf and logrotate's
 * configuration say, and, of a journal that only its size bounds, how full it is
 * and since when (the first bytes of its files tell).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fact/fact.h"
#include "fact/logrotate.h"

enum journal_storage {
	JOURNAL_NONE,	    /* nothing is kept */
	JOURNAL_VOLATILE,   /* in /run: lost at each boot */
	JOURNAL_PERSISTENT, /* in /var/log/journal */
};

struct journal {
	bool present;	    /* systemd-journald is on this machine */
	const char *reason; /* why its configuration could not be read; or NULL */
	enum journal_storage storage;
	const char *storage_path; /* where Storage is set; NULL: the default */
	unsigned storage_line;
	bool no_directory; /* Storage=auto and /var/log/journal is not there */
	bool to_syslog;	   /* ForwardToSyslog: a syslog daemon gets the messages, too */

	uint64_t max_age_usec; /* MaxRetentionSec; 0: no limit */
	const char *max_age_path;
	unsigned max_age_line;

	const char *size_setting; /* "SystemMaxUse=200M"; NULL: the default */
	const char *size_path;
	unsigned size_line;
	/*
	 * Files of the system's journal: when the first entry was written, bytes that
	 * all files take and may take. 0: not known.
	 */
	uint64_t first_realtime_usec, used, limit;
};

/* An entry of logrotate that concerns a file which is there. */
struct kept_log {
	const struct logrotate_entry *entry;
	const char *subject; /* "log " and the first of its names */
};

struct log_kept {
	struct journal journal;
	enum fact_state logrotate_state; /* ABSENT: no /etc/logrotate.conf */
	const char *logrotate_reason;
	struct logrotate logrotate;
	const struct kept_log *v;
	size_t n;
};

/* Whether a file is one of those that the entry names (glob(7)). */
bool kept_matches(const struct logrotate_entry *e, const char *file);

/* systemd.time(7)'s spans ("1month 2w", plain numbers are seconds), and sizes ("1.5G"). -EINVAL. */
int journal_parse_span(const char *s, uint64_t *ret_usec);
int journal_parse_size(const char *s, uint64_t *ret);

/*
 * When the first entry of a journal file was written, from its first 192 bytes
 * (systemd's JOURNAL_FILE_FORMAT); 0: none was. -EBADMSG: no journal file.
 */
int journal_first(const void *header, size_t size, uint64_t *ret_realtime_usec);
