/* SPDX-License-Identifier: ISC */
/*
 * Where this machine's logs go: the programs that may send them elsewhere, each
 * destination that their configuration names, over which channel, and which
 * messages reach it.
 *
 * Whether a program runs is not told here: that is the units' affair.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "fact/fact.h"
#include "fact/log-pri.h"

enum log_program {
	LOG_RSYSLOG,
	LOG_SYSLOG_NG,
	LOG_JOURNAL_UPLOAD,
	LOG_NETLOGD,
	LOG_VECTOR,
	LOG_FLUENT_BIT,
	LOG_FILEBEAT,
	LOG_PROMTAIL,
	LOG_ALLOY,
	LOG_PROGRAM_MAX,
};

/* "rsyslog", "systemd-journal-upload", ...: stable. */
const char *log_program_name(enum log_program p);

/* The units that run it, the first the usual one; the list ends with NULL. */
const char *const *log_program_units(enum log_program p);

/*
 * The configuration other than path (NULL: none was read) that a command line of
 * the program, or a variable "NAME=VALUE" of its environment, tells it to read; NULL
 * when it names none. In the arena. What "$NAME" stands for is left to the variable.
 */
const char *log_other_config(
	struct arena *a, enum log_program p, const char *path, const char *command);
const char *log_other_variable(
	struct arena *a, enum log_program p, const char *path, const char *variable);

/* How the other end of a connection is made sure of, from worst to best. */
enum log_peer {
	LOG_PEER_NONE,	  /* not encrypted */
	LOG_PEER_ANYONE,  /* encrypted, to whoever answers */
	LOG_PEER_CA,	  /* to whoever has a certificate of a trusted authority */
	LOG_PEER_UNKNOWN, /* it cannot be told from the configuration */
	LOG_PEER_NAME,	  /* to that name, or that certificate */
};

struct log_forward {
	enum log_program program;
	const char *transport; /* "udp", "tcp", "tls", "relp", "https", "kafka", ... */
	const char *host;      /* as written; "" when it is not told */
	const char *port;      /* "" when it is the transport's own */
	enum log_peer peer;
	const char *peer_why; /* the setting that says so: "StreamDriverAuthMode=anon" */
	const char *broken;   /* why it sends nothing at all; NULL when it does */
	bool by_socket;	      /* it gets them from the log socket, not from the journal */
	bool own;	      /* the host is this machine itself */
	bool by_file;	      /* it gets them from files that writer writes */
	enum log_program writer;
	struct log_pri pri; /* which messages reach it */
	const char *path;
	unsigned line;
};

/* A file in which a syslog daemon keeps messages. */
struct log_local {
	enum log_program program;
	const char *file;
	bool by_socket; /* as in struct log_forward */
	struct log_pri pri;
	const char *path;
	unsigned line;
};

struct log_config {
	enum fact_state state; /* ABSENT: the program has no configuration here */
	const char *path;      /* of its main file */
	unsigned line;	       /* about which reason is */
	/*
	 * State OK and a reason: read up to there, or but for that; what stands
	 * behind is not known. Another state: nothing is known.
	 */
	const char *reason;
	/* Another configuration that a file of its environment names; NULL: none does. */
	const char *elsewhere;
};

struct logging {
	struct log_config config[LOG_PROGRAM_MAX];
	const struct log_forward *v; /* by program, in the order of its configuration */
	size_t n;
	const struct log_local *local;
	size_t n_local;
};

/* "tcp logs.example:6514"; in the arena, NULL on ENOMEM. */
const char *log_forward_text(struct arena *a, const struct log_forward *f);

/* The subject of a forwarding, as of its drift item: "log forwarding rsyslog tcp logs:6514". */
const char *log_forward_subject(struct arena *a, const struct log_forward *f);

/*
 * Whether the host is this machine itself on any machine: localhost, ::1, a
 * socket's path, 127.0.0.0/8 and 0.0.0.0 in any way that inet_aton(3) takes
 * ("127.1", "2130706433").
 */
bool log_host_is_local(const char *host);

/*
 * The host and the port ("" when there is none) of "host", "host:port",
 * "[2001:db8::1]:6514/path" or a URL, whose scheme, user and password are left
 * out. 0 or -ENOMEM.
 */
int log_split_host(struct arena *a, const char *s, const char **ret_host, const char **ret_port);

/* For the readers of the programs' configurations. */
struct log_reading {
	struct arena *a;
	const struct root *root;
	struct logging *log;
	struct log_forward *v;
	struct log_local *local;
};

/* Adds a copy; NULL on ENOMEM. Strings are not copied. */
struct log_forward *log_add_forward(struct log_reading *r, const struct log_forward *f);
struct log_local *log_add_local(struct log_reading *r, const struct log_local *l);

/*
 * Sets own of each forwarding: by log_host_is_local(), /etc/hostname, and the
 * names and addresses that /etc/hosts gives to this machine. What cannot be read
 * adds nothing. 0 or -ENOMEM.
 */
int log_mark_own(struct log_reading *r);

/* Says what of a program's configuration could not be read; path may be NULL. 0 or -ENOMEM. */
int log_set_config(struct log_reading *r, enum log_program p, int error, const char *path,
	unsigned line, const char *reason);

/*
 * Those of one program, or of several: read its configuration, if there is any, and add what
 * it says. 0 or -ENOMEM.
 */
int log_read_rsyslog(struct log_reading *r);
int log_read_journal_upload(struct log_reading *r);
int log_read_netlogd(struct log_reading *r);
int log_read_syslog_ng(struct log_reading *r);
int log_read_agents(struct log_reading *r); /* after those that write files: they read them */
