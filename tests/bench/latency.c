/* SPDX-License-Identifier: ISC */
/*
 * How long from a rename over a watched file until the alert can be read in
 * the journal. Run inside a machine with journald:
 *
 *     latency floor FILE N     a bare program watches, reads, hashes, appends with
 *                              fdatasync and calls sd_journal_send
 *     latency hardend FILE N   the daemon does its job
 *
 * FILE is a drop-in of sshd_config that says whether root may log in. Prints
 * the median and the 99th percentile in microseconds. The journal is polled
 * in its files: its own notification comes a quarter of a second late.
 */
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "daemon/clock.h"

#define GAP_USEC     (220 * USEC_PER_MSEC) /* between changes: each comes after quiet */
#define TIMEOUT_USEC (10 * USEC_PER_SEC)

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

/* Reads the file that was renamed into place, hashes, records, tells. */
static void floor_handle(const char *file, int record, unsigned nth)
{
	char buf[65536];
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx ctx;

	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf));
	if (n < 0)
		die(file);
	(void)close(fd); /* read-only */
	sha256_init(&ctx);
	sha256_update(&ctx, (size_t)n, (const uint8_t *)buf);
	sha256_digest(&ctx, sizeof(digest), digest);
	if (write(record, digest, sizeof(digest)) < 0 || fdatasync(record) < 0)
		die("record");
	(void)sd_journal_send("MESSAGE=change %u of %s", nth, file, "BENCH_FLOOR=1", NULL);
}

static _Noreturn void floor_run(const char *dir, const char *file, int ready)
{
	char buf[4096];
	unsigned nth = 0;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* it must not outlive a parent that gave up */
	int in = inotify_init1(IN_CLOEXEC);
	int record = open("/var/lib/bench-floor", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (in < 0 || record < 0 || inotify_add_watch(in, dir, IN_MOVED_TO) < 0)
		die("floor");
	if (write(ready, "", 1) < 0)
		die("pipe");
	for (;;) {
		if (read(in, buf, sizeof(buf)) <= 0)
			die("inotify");
		floor_handle(file, record, ++nth);
	}
}

static void change(const char *file, unsigned nth)
{
	char tmp[4096];

	(void)snprintf(tmp, sizeof(tmp), "/etc/ssh/.bench-new");
	FILE *f = fopen(tmp, "we");
	if (!f || fprintf(f, "PermitRootLogin %s\n", nth % 2 ? "yes" : "no") < 0 || fclose(f) != 0)
		die(tmp);
	if (rename(tmp, file) < 0)
		die(file);
}

/* When journald took the newest matching entry; 0 when there is none. */
static uint64_t newest(sd_journal *j)
{
	uint64_t realtime_usec = 0;

	/* Seeking anew each time: a reader that waits at the end without sd_journal_process() stalls. */
	if (sd_journal_seek_tail(j) < 0 || sd_journal_previous(j) <= 0 ||
		sd_journal_get_realtime_usec(j, &realtime_usec) < 0)
		return 0;
	return realtime_usec;
}

/* Microseconds from begin until an entry newer than the one before can be read. */
static uint64_t until_readable(sd_journal *j, uint64_t before, uint64_t begin)
{
	for (;;) {
		bool there = newest(j) > before;
		uint64_t now = clock_usec(CLOCK_MONOTONIC);
		if (there)
			return now - begin;
		if (now - begin > TIMEOUT_USEC) {
			(void)fprintf(stderr, "no entry after 10 s\n");
			exit(1);
		}
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char *argv[])
{
	unsigned n = argc == 4 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
	if (n < 10) {
		(void)fprintf(stderr, "usage: latency floor|hardend FILE N (10 or more)\n");
		return 2;
	}
	bool is_floor = strcmp(argv[1], "floor") == 0;
	const char *file = argv[2];
	pid_t child = -1;
	sd_journal *j = NULL;
	uint64_t *took = calloc(n, sizeof(*took));

	if (is_floor) {
		int ready[2];
		char dir[4096], c;
		(void)snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(file, '/') - file), file);
		if (pipe(ready) < 0 || (child = fork()) < 0)
			die("fork");
		if (child == 0)
			floor_run(dir, file, ready[1]);
		if (read(ready[0], &c, 1) != 1)
			die("floor");
	}
	change(file, 0);
	(void)poll(NULL, 0, 1000); /* let that one be told before counting */
	if (sd_journal_open(&j, SD_JOURNAL_LOCAL_ONLY) < 0 ||
	    sd_journal_add_match(j, is_floor ? "BENCH_FLOOR=1" : "HARDEND_CHECK=ssh-root-login",
		    0) < 0 || !took)
		die("journal");
	for (unsigned i = 0; i < n; i++) {
		uint64_t before = newest(j);
		uint64_t begin = clock_usec(CLOCK_MONOTONIC);
		change(file, i + 1);
		took[i] = until_readable(j, before, begin);
		(void)poll(NULL, 0, (int)(GAP_USEC / USEC_PER_MSEC));
	}
	qsort(took, n, sizeof(*took), compare);
	printf("%llu %llu\n", (unsigned long long)took[n / 2],
		(unsigned long long)took[n * 99 / 100]);
	if (child > 0) {
		(void)kill(child, SIGKILL);
		(void)waitpid(child, NULL, 0);
	}
	sd_journal_close(j);
	free(took);
	return 0;
}
