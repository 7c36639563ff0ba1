/* SPDX-License-Identifier: ISC */
#include "daemon/keeper.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/text.h"
#include "daemon/log.h"

/* How often a disk that takes nothing is tried again: alerts do not wait for it. */
#define RETRY_MIN_USEC (1 * USEC_PER_SEC)
#define RETRY_MAX_USEC (30 * USEC_PER_SEC)

enum {
	KEEP_MAX = 1024 * 1024, /* bytes of events and state that wait for the disk */
	TEXT_MAX = 512,
};

/* Not watching is no reason not to start: each step looks anyway. */
static int watch_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int fd = dir ? inotify_init1(IN_NONBLOCK | IN_CLOEXEC) : -1;

	if (fd >= 0 && inotify_add_watch(fd, dir,
			       IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
				       IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR) < 0) {
		(void)log_error(-errno, "%s: cannot be watched", dir);
		closep(&fd);
		fd = -1;
	}
	return fd;
}

void keeper_init(struct keeper *k, struct store *s, struct ledger *l, const char *path)
{
	*k = (struct keeper){.store = s, .ledger = l, .fd = watch_directory(path)};
	store_keep(s, KEEP_MAX);
}

void keeper_fini(struct keeper *k)
{
	closep(&k->fd);
	k->fd = -1;
}

int keeper_fd(const struct keeper *k)
{
	return k->fd;
}

void keeper_drain(struct keeper *k)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	while (k->fd >= 0 && read(k->fd, buf, sizeof(buf)) > 0)
		;
}

static void tell(struct keeper *k, enum event_kind kind, const char *text, struct now now)
{
	int r = ledger_note(k->ledger, kind, SEV_HIGH, text, now.realtime_usec);

	if (r < 0)
		(void)log_error(r, "cannot record: %s", text);
}

/* It goes on with the files that were taken away, which are gone when it ends. */
static void tell_lost(struct keeper *k, int error, struct now now)
{
	char text[TEXT_MAX];

	k->lost_retry_usec = now.monotonic_usec + RETRY_MAX_USEC;
	if (k->lost == error)
		return;
	k->lost = error;
	(void)log_error(error, "the state database was removed and cannot be written anew");
	(void)snprintf(text, sizeof(text),
		"the state database was removed or replaced while hardend runs, and cannot be "
		"written anew (%s): alerts go on; if hardend ends now, what it knew is lost",
		strerror(-error));
	tell(k, EVENT_DEGRADED, text, now);
}

static void tell_restored(struct keeper *k, const char *aside, struct now now)
{
	char text[TEXT_MAX];

	log_line(LOG_WARNING, "the state database was removed or replaced; it was written anew");
	(void)snprintf(text, sizeof(text),
		"the state database was %s while hardend runs%s%s: it was written anew, nothing of "
		"it is lost; find out who did it",
		aside ? "replaced" : "removed", aside ? "; what was put there is now " : "",
		aside ? aside : "");
	tell(k, EVENT_DEGRADED, text, now);
	k->lost = 0;
}

int keeper_check(struct keeper *k, struct now now)
{
	_cleanup_free_ char *aside = NULL;

	int r = store_check(k->store);
	if (r == -EUCLEAN)
		return log_error(r, "the state database was cut short");
	if (r == 0 || (k->lost < 0 && k->lost_retry_usec > now.monotonic_usec))
		return 0;
	r = store_restore(k->store, now.realtime_usec, &aside);
	if (r == -EUCLEAN)
		return log_error(r, "the state database cannot be opened again");
	if (r < 0)
		tell_lost(k, r, now);
	else
		tell_restored(k, aside, now);
	return 0;
}

/* Tells, once, that the disk takes nothing more. The event itself is kept, too. */
static void tell_kept(struct keeper *k, int error, struct now now)
{
	char text[TEXT_MAX];

	(void)log_error(error, "cannot write the state database; alerts go on, from memory");
	k->kept.error = error;
	k->kept.since_realtime_usec = now.realtime_usec;
	k->kept.delay_usec = RETRY_MIN_USEC;
	k->kept.retry_usec = now.monotonic_usec + k->kept.delay_usec;
	(void)snprintf(text, sizeof(text),
		"the state database cannot be written (%s): alerts go on, and are kept in memory "
		"until it can; if hardend ends before that, its next start tells them again",
		strerror(-error));
	tell(k, EVENT_DEGRADED, text, now);
}

static void tell_written(struct keeper *k, struct now now)
{
	char text[TEXT_MAX], since[32], gap[96] = "";

	log_line(LOG_NOTICE, "the state database can be written again");
	if (k->kept.shed > 0)
		(void)snprintf(gap, sizeof(gap),
			"; %" PRIu64 " events that were told meanwhile are not in its history",
			k->kept.shed);
	(void)snprintf(text, sizeof(text),
		"the state database can be written again, and holds what was told since %s%s",
		text_rfc3339(since, k->kept.since_realtime_usec), gap);
	tell(k, EVENT_RECOVERED, text, now);
	k->kept.error = 0;
	k->kept.shed = k->kept.left = 0;
}

int keeper_flush(struct keeper *k, struct now now)
{
	int error = store_kept(k->store);

	if (error == 0 && k->kept.error == 0)
		return 0;
	if (k->kept.error == 0)
		tell_kept(k, error, now);
	if (k->kept.retry_usec > now.monotonic_usec)
		return 0;
	int r = store_flush(k->store);
	if (r == 0) {
		tell_written(k, now);
		return 0;
	}
	k->kept.delay_usec = MIN(k->kept.delay_usec * 2, RETRY_MAX_USEC);
	k->kept.retry_usec = now.monotonic_usec + k->kept.delay_usec;
	return r == -EUCLEAN ? r : 0;
}

void keeper_shed(struct keeper *k, uint64_t told)
{
	if (store_kept_size(k->store) < MAX(KEEP_MAX / 2, k->kept.left + KEEP_MAX / 8))
		return;
	int r = store_shed(k->store, told);
	if (r > 0)
		k->kept.shed += (unsigned)r;
	k->kept.left = store_kept_size(k->store);
}

bool keeper_holds(const struct keeper *k)
{
	return k->kept.error < 0;
}

uint64_t keeper_next(const struct keeper *k, struct now now)
{
	uint64_t lost = k->lost < 0 ? k->lost_retry_usec : USEC_INFINITY;

	if (k->kept.error < 0)
		return MIN(lost, k->kept.retry_usec);
	return store_kept(k->store) < 0 ? now.monotonic_usec : lost;
}
