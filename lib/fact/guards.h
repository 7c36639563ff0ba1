/* SPDX-License-Identifier: ISC */
/*
 * Programs that shut out who guesses passwords: fail2ban, sshguard, DenyHosts,
 * CrowdSec, each as its own configuration makes it. Whether they run is said by
 * the units, and is joined by the check.
 *
 * What a log file says is never read; only whether there is one. Its directory
 * is watched for names alone, since a log is written all the time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/fsio.h"

/* Ports from first to last. */
struct guard_ports {
	unsigned first, last;
};

/* A setting of a jail, and where it stands. */
struct guard_setting {
	const char *text; /* filled in; NULL when it is not set */
	const char *path;
	unsigned line;
};

/* An enabled jail of fail2ban. */
struct guard_jail {
	const char *name;
	const char *filter; /* "sshd"; "" for none */
	bool finds;	    /* an expression of the filter is for sshd's "Failed ... from ..." */
	/*
	 * What the jail, or a file beside the filter's own, makes otherwise in what the
	 * filter finds: the option's name. Nobody can tell what it finds then.
	 */
	struct guard_setting changed;
	struct guard_setting journalmatch; /* of the jail, else of the filter */
	struct guard_setting maxretry, findtime, bantime, ignorecommand;
	struct guard_setting max_bantime; /* of one that was banned before, when that grows */
	const char *path;   /* where it is switched on */
	unsigned line;
	const char *backend;	 /* "auto", "systemd", "polling", ... */
	bool journal;		 /* the backend reads the journal, not files */
	const char *const *logs; /* patterns of glob(7), as configured */
	size_t n_logs;
	size_t n_found;	      /* log files that there are; of a journal: 0 */
	const char *log_path; /* where logpath stands; NULL without one */
	unsigned log_line;
	const char *const *ignore; /* words of ignoreip */
	size_t n_ignore;
	const char *const *actions; /* names: "iptables-multiport" */
	size_t n_actions;
	bool bans;		     /* one of the actions shuts the address out */
	const char *ban_fault;	     /* when none does: why the last does not, or NULL */
	bool sshd_only;		     /* the filter's _daemon names sshd, and not sshd-session */
	const char *ban_unit;	     /* what must run for its bans to be in force, or NULL */
	const char *ban_unsure;	     /* when none does: why that of one can't be told, or NULL */
	struct guard_setting action; /* text: the name of the last action that was judged */
	bool all_ports;
	const struct guard_ports *ports; /* that the ban covers, unless all */
	size_t n_ports;
	const char *port_text; /* "ssh", as configured; NULL: not said */
	const char *error;     /* why fail2ban leaves this jail out; else NULL */
};

struct guard_fail2ban {
	bool there;			/* it is installed and has a configuration */
	const char *error, *error_path; /* why it would not start; else NULL */
	unsigned error_line;
	/* A jail for SSH that is switched off: its name, and where that is said; else NULL. */
	const struct guard_jail *off;
	const struct guard_jail *v; /* the enabled jails, in order of their sections */
	size_t n;
	bool journal_module; /* Python can read the journal */
	bool sshd_session;   /* sshd's messages of logins come from sshd-session (OpenSSH 9.8) */
};

/* sshguard, DenyHosts: one configuration file of assignments. */
struct guard_simple {
	bool there;
	const char *path;	   /* of the configuration */
	const char *fault;	   /* why it blocks nobody; else NULL */
	unsigned line;		   /* of what is at fault, or 0 */
	const char *unsure;	   /* what keeps that from being decided; else NULL */
	/* Of sshguard: what it takes to be blocked (each attack counts 10); text NULL: not set. */
	struct guard_setting threshold;
	const char *const *ignore; /* addresses and networks that are never blocked */
	size_t n_ignore;
};

struct guard_crowdsec {
	bool there;
	unsigned simulation; /* the line of simulation.yaml that says so of everything, or 0 */
	const char
		*scenario; /* path of what finds guessing over SSH; NULL without it or its parser */
	const char *source;	  /* path of the acquisition that feeds it; NULL without one */
	const char *bouncer;	  /* path of a bouncer's configuration; NULL without one */
	const char *bouncer_unit; /* the unit that runs it; NULL without one */
};

struct guards {
	struct guard_fail2ban fail2ban;
	struct guard_simple sshguard, denyhosts;
	struct guard_crowdsec crowdsec;
	const char *reason; /* what could not be read, of one that might be guarding; else NULL */
};

struct arena;

/*
 * Reads the configuration of fail2ban in dir ("/etc/fail2ban"). What it refuses
 * is in ret->error. 0; -ENOMEM; another -errno when it could not be read, and
 * then the reason in *ret_reason.
 */
int guard_fail2ban_read(struct arena *a, const struct root *root, const char *dir,
	struct guard_fail2ban *ret, const char **ret_reason);

/*
 * The ports that a text such as "ssh,2222,3000:3010" means; names are those of
 * services, the text of services(5) (NULL: only "ssh" is known). What means
 * nothing is left out. 0 or -ENOMEM.
 */
int guard_ports_parse(struct arena *a, const char *text, const char *services,
	const struct guard_ports **ret, size_t *ret_n);

/*
 * The value that the text of a shell script, or of KEY = VALUE lines, gives
 * key last; quotes taken off, *ret_line its line. NULL in *ret when it gives none
 * or a comment took it. *ret_plain is false when a shell would still replace
 * something in it. 0 or -ENOMEM.
 */
int guard_assignment(struct arena *a, const char *text, const char *key, const char **ret,
	unsigned *ret_line, bool *ret_plain);

/* Whether libwrap is installed, without which no sshd reads hosts.deny. 1, 0, or -errno. */
int guard_has_libwrap(struct arena *a, const struct root *root);

/* Whether there is a file, watching the names in its directory only. 1, 0, or -errno. */
int guard_log_exists(const struct root *root, struct arena *a, const char *pattern);

/*
 * Whether the program that shuts addresses out, a name or a path, is there, and
 * ufw is enabled: 1; 0 and what it is not in *ret_lacks ("not installed", a
 * constant); -errno.
 */
int guard_tool_works(
	struct arena *a, const struct root *root, const char *tool, const char **ret_lacks);

/*
 * Whether sshd hands each connection to sshd-session, which then logs what comes
 * of it, by that name: OpenSSH 9.8 and newer. 1, 0 or -errno.
 */
int guard_sshd_session(const struct root *root);

/* sshguard, DenyHosts and CrowdSec, each into its part of ret. 0 or -ENOMEM. */
int guard_sshguard_read(struct arena *a, const struct root *root, struct guards *ret);
int guard_denyhosts_read(struct arena *a, const struct root *root, struct guards *ret);
int guard_crowdsec_read(struct arena *a, const struct root *root, struct guards *ret);

/* The words of text, separated by any of separators. 0 or -ENOMEM. */
int guard_words(struct arena *a, const char *text, const char *separators, const char *const **ret,
	size_t *ret_n);
