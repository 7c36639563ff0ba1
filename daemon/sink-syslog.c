/* SPDX-License-Identifier: ISC */
#include "daemon/sink.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/datagram.h"

enum {
	FACILITY_AUTHPRIV = 10,
	MESSAGE_MAX = 2048, /* what local syslog daemons take by default is 8 KiB and more */
};

char *sink_syslog_encode(const struct event *e)
{
	char stamp[32], *text = NULL;
	time_t t = (time_t)(e->realtime_usec / USEC_PER_SEC);
	struct tm tm;

	/* RFC 3164 section 4.1.2: local time, a blank-padded day. */
	if (!localtime_r(&t, &tm) || strftime(stamp, sizeof(stamp), "%b %e %H:%M:%S", &tm) == 0)
		return NULL;
	int n = asprintf(&text, "<%d>%s hardend[%d]: %.*s [seq %llu]",
		FACILITY_AUTHPRIV * 8 + event_priority(e), stamp, (int)getpid(), MESSAGE_MAX,
		e->message ? e->message : "", (unsigned long long)e->seq);
	return n < 0 ? NULL : text;
}

static int syslog_open(struct sink *s)
{
	int fd = datagram_open(s->address);

	if (fd < 0)
		return fd;
	s->fd = fd;
	return 0;
}

static int syslog_emit(
	struct sink *s, const struct event *e, _unused_ const struct outbox_row *row)
{
	_cleanup_free_ char *text = sink_syslog_encode(e);

	return text ? datagram_send(s->fd, text, strlen(text), false) : -ENOMEM;
}

static void syslog_close(struct sink *s)
{
	closep(&s->fd);
}

const struct sink_ops sink_syslog = {
	.name = "syslog",
	.open = syslog_open,
	.emit = syslog_emit,
	.close = syslog_close,
};
