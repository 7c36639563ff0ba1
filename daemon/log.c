/* SPDX-License-Identifier: ISC */
#include "daemon/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "daemon/clock.h"

static int level = LOG_INFO;
static struct {
	uint64_t begin_usec;
	unsigned lines, dropped;
} rate;

void log_set_level(int priority)
{
	level = priority;
}

/* Whether journald reads what is written here: systemd.exec(5), JOURNAL_STREAM. */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

/* The level stands in front for journald (sd-daemon(3)), not for a person, however they read. */
static void put_line(int priority, const char *text)
{
	if (is_journal())
		(void)fprintf(stderr, "<%d>%s\n", priority, text);
	else
		(void)fprintf(stderr, "hardend: %s\n", text);
}

static void write_line(int priority, const char *text)
{
	struct arena *a = arena_new();
	char *clean = a ? text_escape(a, text, strlen(text), 2000) : NULL;

	/* A reader who does not read must not hold up the watching: the line is lost, counted. */
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
	if (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT))
		put_line(priority, clean ? clean : "out of memory");
	else
		rate.dropped++;
	arena_free(a);
}

/* Whether the line may go out, by the burst limit. */
static bool rate_allows(void)
{
	uint64_t now = clock_usec(CLOCK_MONOTONIC);

	if (rate.begin_usec == 0 || now - rate.begin_usec > LOG_INTERVAL_USEC) {
		unsigned dropped = rate.dropped;
		rate.begin_usec = now;
		rate.lines = rate.dropped = 0;
		if (dropped > 0) {
			char text[64];
			(void)snprintf(text, sizeof(text), "%u messages left out", dropped);
			write_line(LOG_WARNING, text);
		}
	}
	if (++rate.lines <= LOG_BURST)
		return true;
	rate.dropped++;
	return false;
}

static _printf_(3, 0) void log_va(int priority, int r, const char *fmt, va_list ap)
{
	char text[2048];

	if (priority > level || !rate_allows())
		return;
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	if (r < 0 && n >= 0 && (size_t)n < sizeof(text))
		(void)snprintf(text + n, sizeof(text) - (size_t)n, ": %s", strerror(-r));
	write_line(priority, text);
}

void log_line(int priority, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_va(priority, 0, fmt, ap);
	va_end(ap);
}

int log_error(int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_va(LOG_ERR, r, fmt, ap);
	va_end(ap);
	return r;
}
