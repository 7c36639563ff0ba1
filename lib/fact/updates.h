/* SPDX-License-Identifier: ISC */
/*
 * What the package managers have left behind of checks for updates and of
 * installations, and the settings of the programs that install updates by
 * themselves (but apt's, which are apt.conf's: fact/apt-conf.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* When something was done last, and what shows it. */
struct update_mark {
	uint64_t realtime_usec; /* 0: nothing shows that it ever was */
	const char *path;	/* NULL then */
};

enum update_tool {
	UPDATE_DNF_AUTOMATIC, /* dnf-automatic and the plugin automatic of dnf5 */
	UPDATE_YUM_CRON,
	UPDATE_TOOL_MAX,
};

/* automatic.conf, yum-cron.conf: the section [commands]. */
struct update_conf {
	const char *path;   /* of the file that has the last word; NULL: there is none */
	unsigned line;	    /* of apply_updates; 0: not set */
	bool apply;	    /* apply_updates: install, not only download or tell */
	bool security_only; /* upgrade_type, update_cmd */
	const char *reason; /* why it could not be read; else NULL */
};

struct updates {
	struct update_mark checked;   /* for updates, with success */
	struct update_mark installed; /* any change of what is installed */
	struct update_conf tools[UPDATE_TOOL_MAX];
	bool cron_daily;    /* /etc/cron.daily/apt-compat is there to be run */
	const char *reason; /* why a mark could not be looked at; else NULL */
};

/*
 * Reads the settings from the text of automatic.conf or yum-cron.conf, the
 * last value of each; what is not set is left. Whatever the text, there is no error.
 */
void update_conf_parse(const char *text, struct update_conf *ret);
