/* SPDX-License-Identifier: ISC */
/*
 * Time servers of this machine, by their configuration: chrony, ntpd of ntp.org
 * and of ntpsec, openntpd. Of each: where it listens, whom it gives the time,
 * and who may ask it about itself, whose answers are larger than the questions.
 * systemd-timesyncd never serves.
 */
#pragma once

#include "fact/address-list.h"
#include "fact/conf-files.h"

struct time_server {
	const char *program;		/* "chrony" */
	const char *const *units;	/* that may run it; ends with NULL */
	const char *path;		/* its main file */
	const char *fault, *fault_path; /* why it could not be read to its end; or NULL */
	unsigned fault_line;
	const char *limit; /* what limits who is served: "allow" */
	const struct address_list *listen, *serve;
	/* Who may ask about the server itself, and where: mode 6 of ntpd, chronyc's of chrony. */
	const char *control_name;
	const char *control_limit; /* what limits that: "noquery" */
	const struct address_list *control_listen, *control;
	struct conf_place mode7; /* `enable mode7`: what ntpdc asks (monlist) is answered too; path
				    NULL: no */
};

struct time_servers {
	const struct time_server *v; /* those that are installed and configured */
	size_t n;
};

/* The readers of one server each: *ret is untouched where there is none. 1, 0 or -ENOMEM. */
int time_server_chrony(struct arena *a, const struct root *root, struct time_server *ret);
int time_server_ntpd(struct arena *a, const struct root *root, struct time_server *ret);
int time_server_openntpd(struct arena *a, const struct root *root, struct time_server *ret);

/* The same of one text (written to), whose includes name nothing. 0 or -ENOMEM. */
int time_server_chrony_text(struct arena *a, char *text, struct time_server *ret);
int time_server_ntpd_text(struct arena *a, char *text, struct time_server *ret);
int time_server_openntpd_text(struct arena *a, char *text, struct time_server *ret);

/* Takes the fault of a reading over. */
void time_server_fault(struct time_server *s, const struct conf_files *f);
