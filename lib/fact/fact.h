/* SPDX-License-Identifier: ISC */
/*
 * Facts: what is known of the machine, read by collectors, judged by checks.
 *
 * A fact is built by its collector, never changed afterwards, and replaced as
 * a whole. That it could not be read is part of it (its state), never silence.
 * Beside the typed data that checks read, a fact lists items: subject and value
 * as text. Items are what the baseline remembers and drift compares; they hold
 * no secret (a password hash is a kind and a fingerprint).
 *
 * A collector touches the machine only through fsio and child, so that what it
 * looked at is recorded (deps) and watched, and works on any root.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/child.h"
#include "base/deps.h"
#include "base/fsio.h"

enum fact_id {
	FACT_OS,	       /* os-release: distribution, family, version */
	FACT_SUPPORT,	       /* until when the release gets updates */
	FACT_ACCOUNTS,	       /* passwd, shadow, group, gshadow, login.defs */
	FACT_ACCOUNT_FILES,    /* owner and mode of those files and of sudoers */
	FACT_HOMES,	       /* owner and mode of homes, ~/.ssh, authorized_keys */
	FACT_LOGINS,	       /* last login of each account */
	FACT_PAM,	       /* effective PAM stacks */
	FACT_SUDO,	       /* sudo grants */
	FACT_SSHD,	       /* effective sshd settings per context */
	FACT_SSH_HOST_KEYS,    /* host keys: type, bits, age, modes */
	FACT_SSH_USER_KEYS,    /* authorized keys of every account */
	FACT_SSH_PRIVATE_KEYS, /* private keys lying in homes */
	FACT_PACKAGES,	       /* installed packages */
	FACT_KERNEL,	       /* running, installed, reboot required */
	FACT_UNITS,	       /* units of systemd: what boot starts, what runs */
	FACT_CRON,	       /* jobs of cron, anacron and at */
	FACT_ADDRESSES,	       /* interfaces and their addresses */
	FACT_SYSCTL,	       /* settings of the kernel: forwarding, redirects, source routes */
	FACT_FIREWALL,	       /* rules of the packet filter, and what they let in */
	FACT_LISTENERS,	       /* sockets that wait for others, and whose they are */
	FACT_APT_CONF,	       /* apt's configuration after all its files */
	FACT_REPOS,	       /* package sources and what vouches for them */
	FACT_UPDATES,	       /* last check, last installation, tools that update by themselves */
	FACT_PACKAGE_FILES,    /* critical files that are not as their packages installed them */
	FACT_CREDENTIALS,      /* keys and passwords in files of users and programs */
	FACT_LOGGING,	       /* where log messages go */
	FACT_GUARDS,	       /* what shuts out who guesses passwords */
	FACT_ENVIRONMENT,      /* keys and passwords in variables of units and sessions */
	FACT_PENDING,	       /* updates that wait, packages that no source has */
	FACT_PROCESSES,	       /* running processes whose programs or libraries were replaced */
	FACT_BACKUPS,	       /* backup clients: configured, last success */
	FACT_AUDITD,	       /* the audit system: rules, switches, who reads it */
	FACT_LOG_KEPT,	       /* how long logs are kept */
	FACT_LOG_FILES,	       /* owners and modes below /var/log */
	FACT_NAME_SERVERS,     /* DNS servers: where they listen, whom they answer */
	FACT_TIME_SERVERS,     /* NTP servers: whom they serve, who may ask about them */
	FACT_CLEAR_SERVERS,    /* servers that do or do not demand encryption, by configuration */
	FACT_SECURITY_GROUPS,  /* exports of the cloud's security groups */
	FACT_SELF,	       /* this daemon's own files */
	FACT_COVERAGE,	       /* health of the event sources; given by the engine, not collected */
	FACT_ACCEPTED,	       /* what stands in the accepted baseline; likewise */
	FACT_MAX,
};

#define FACT_BIT(id) (UINT64_C(1) << (id))

/* Those that have no collector: a scan without the daemon does without them. */
#define FACT_GIVEN (FACT_BIT(FACT_COVERAGE) | FACT_BIT(FACT_ACCEPTED))

enum fact_state {
	FACT_STATE_OK,
	FACT_STATE_ABSENT,    /* the subject is not on this machine */
	FACT_STATE_DENIED,    /* it is, and may not be read */
	FACT_STATE_MALFORMED, /* it was read and makes no sense */
	FACT_STATE_TIMEOUT,   /* it took too long */
	FACT_STATE_ERROR,     /* anything else; the reason says what */
	FACT_STATE_MAX,
};

/* "ok", "absent", "denied", ...: stable, for JSON. */
const char *fact_state_name(enum fact_state s);

/* The state that an -errno of fsio or child amounts to (-ENOENT: absent). */
enum fact_state fact_state_from_errno(int r);

struct fact_item {
	const char *subject; /* unique in the fact, stable: "account alice" */
	const char *value;   /* one line, escaped: "uid=1000 gid=1000 shell=/bin/bash" */
	const char *path;    /* where it stands, or NULL */
	unsigned line;       /* 1-based, 0 when it is not about a line */
};

struct fact {
	enum fact_id id;
	enum fact_state state;
	const char *reason;      /* why state is not OK: path and what was found; else NULL */
	struct arena *arena;     /* owns everything below */
	union {
		const void *any;
		const struct os *os;
		const struct support *support;
		const struct accounts *accounts;
		const struct account_files *account_files;
		const struct homes *homes;
		const struct logins *logins;
		const struct pam *pam;
		const struct sudo *sudo;
		const struct sshd *sshd;
		const struct ssh_host_keys *ssh_host_keys;
		const struct ssh_user_keys *ssh_user_keys;
		const struct ssh_private_keys *ssh_private_keys;
		const struct packages *packages;
		const struct package_files *package_files;
		const struct kernel *kernel;
		const struct units *units;
		const struct cron *cron;
		const struct addresses *addresses;
		const struct sysctls *sysctls;
		const struct firewall *firewall;
		const struct listeners *listeners;
		const struct apt_conf *apt_conf;
		const struct repos *repos;
		const struct updates *updates;
		const struct processes *processes;
		const struct credentials *credentials;
		const struct logging *logging;
		const struct guards *guards;
		const struct environment *environment;
		const struct pending *pending;
		const struct backups *backups;
		const struct auditd *auditd;
		const struct log_kept *log_kept;
		const struct log_files *log_files;
		const struct name_servers *name_servers;
		const struct time_servers *time_servers;
		const struct clear_servers *clear_servers;
		const struct security_groups *security_groups;
		const struct self *self;
		const struct coverage *coverage;
		const struct accepted *accepted;
	} u;                     /* NULL unless the collector set it */
	struct fact_item *items; /* sorted by subject after fact_seal() */
	size_t n_items;
	const char **unseen;     /* patterns of fnmatch(3): items that could not be looked at */
	size_t n_unseen;
	struct deps deps;        /* what it was read from */
	bool moving;             /* it failed because it changed each time that it was read */
	bool heard;              /* all of that tells of its changes: see refresh_first_usec */
};

/* An empty fact with an arena of its own, state OK. NULL on ENOMEM. */
struct fact *fact_new(enum fact_id id);
void fact_free(struct fact *f);
DEFINE_FREEP(struct fact *, fact_free)

/* Sets state (by fact_state_from_errno) and reason. The reason is escaped. */
void fact_fail(struct fact *f, int r, const char *fmt, ...) _printf_(3, 4);

/*
 * Adds an item. subject and value are copied and escaped (text_clean); they may
 * hold outside bytes. path may be NULL. Failures are remembered by the arena.
 */
void fact_add_item(struct fact *f, const char *subject, const char *value, const char *path,
	unsigned line);

/*
 * Says that items whose subject matches the pattern of fnmatch(3) could not be
 * looked at: that they are missing does not mean that they are gone, and the
 * ledger keeps what it knew of them. For a fact of which a part is unreadable.
 */
void fact_add_unseen(struct fact *f, const char *pattern);

/* Whether the subject is one of those. */
bool fact_is_unseen(const struct fact *f, const char *subject);

/*
 * Finishes the fact: sorts items and deps, makes subjects unique (" #2").
 * 0, or -ENOMEM when any allocation since fact_new() failed.
 */
int fact_seal(struct fact *f);

/* The present facts, at most one of each; owns them. */
struct factset {
	struct fact *v[FACT_MAX];
};
void factset_fini(struct factset *fs);

/* The fact, or NULL when it was never collected. */
static inline const struct fact *factset_get(const struct factset *fs, enum fact_id id)
{
	return fs->v[id];
}

/* Replaces the fact of f's id; the set owns f, the old one is freed. */
void factset_put(struct factset *fs, struct fact *f);

/* Whether both say the same: state and items. Both sealed. */
bool fact_same(const struct fact *a, const struct fact *b);

/* What a collector may use. */
struct collect {
	const struct root *root;      /* its deps are the fact's */
	const struct factset *facts;  /* those it needs are there */
	struct memo *memo;            /* answers of children, kept */
	const struct policy *policy;  /* policy keys that bound the search (stale_days, ...) */
	uint64_t realtime_usec;       /* now, for ages */
};

/* Whether the collector may run programs: on the live root only. */
bool collect_may_run(const struct collect *c);

/*
 * Somebody else's transaction on what the fact is read from: while one of its
 * locks is held, the engine waits (at most max_usec after the first event), so
 * that useradd or apt is judged once, at its end.
 */
struct fact_lock {
	const char *path;
	/*
	 * LOCK_FLOCK: besides, that somebody had it is news, for what is changed
	 * under it tells of itself to nobody.
	 */
	enum { LOCK_EXISTS, LOCK_FCNTL, LOCK_FLOCK } kind;
	uint64_t max_usec;
};

struct collector {
	enum fact_id id;
	const char *name; /* stable: "accounts" */
	uint64_t needs;   /* FACT_BITs that must be collected before; a change of theirs re-runs this */
	const struct fact_lock *locks; /* ends with path NULL; or NULL */
	/*
	 * How long after it was read it is read again though nothing told of a
	 * change, for what no event source covers (processes, a walk that stopped
	 * at its cap). 0: never.
	 */
	uint64_t refresh_usec;
	/*
	 * The same for the first time after an event or after a reading that found
	 * something new; then ever more rarely, down to every refresh_usec, which is
	 * minutes or more (see daemon/pace.h). 0, or where a fact is heard: always
	 * refresh_usec.
	 */
	uint64_t refresh_first_usec;
	/*
	 * Fills f. Returns 0, or -ENOMEM; anything else that goes wrong is a
	 * state of the fact (fact_fail) or of a part of its data.
	 */
	int (*collect)(const struct collect *c, struct fact *f);
};

/* The collector of a fact; NULL for those of FACT_GIVEN. */
const struct collector *collector_get(enum fact_id id);

/* Stable name of a fact ("accounts", "sshd"), and back (-EINVAL). */
const char *fact_name(enum fact_id id);
int fact_from_name(const char *name);

/* All facts that must be collected again when those in mask change: mask and all that need it. */
uint64_t fact_closure(uint64_t mask);

/*
 * Collects one fact: calls its collector with deps recorded, seals, returns it.
 * 0 or -ENOMEM. Needs must be in facts already (ids in order of enum do).
 */
int fact_collect(enum fact_id id, const struct collect *c, struct fact **ret);
