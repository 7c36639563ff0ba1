/* SPDX-License-Identifier: ISC */
#include "base/stream.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

enum {
	STREAMS_MAX = 2,
	FIRST_ROOM = 4096,
};

void stream_fini(struct stream *s)
{
	closep(&s->fd);
	free(s->data);
	*s = (struct stream){.fd = -1};
}

uint64_t stream_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
	return timespec_usec(ts);
}

/* Reads once. 0 or -errno; at the end the descriptor is closed. */
static int read_once(struct stream *s)
{
	if (s->room - s->size < 2) {
		size_t room = s->room ? s->room * 2 : FIRST_ROOM;
		char *data = realloc(s->data, room);
		if (!data)
			return -ENOMEM;
		s->data = data;
		s->room = room;
	}
	ssize_t n = read(s->fd, s->data + s->size, s->room - s->size - 1);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	s->size += (size_t)n;
	if (s->size > s->max && !s->cut)
		return -EFBIG;
	s->size = MIN(s->size, s->max);
	s->data[s->size] = '\0';
	if (n == 0) {
		closep(&s->fd);
		s->fd = -1;
	}
	return 0;
}

int stream_drain(struct stream *const v[], size_t n, uint64_t deadline_usec)
{
	assert(n <= STREAMS_MAX);
	for (;;) {
		struct pollfd p[STREAMS_MAX];
		bool open = false;
		for (size_t i = 0; i < n; i++) {
			p[i] = (struct pollfd){.fd = v[i]->fd, .events = POLLIN};
			open = open || v[i]->fd >= 0;
		}
		uint64_t now = stream_now();
		if (!open)
			return 0;
		if (now >= deadline_usec)
			return -ETIMEDOUT;
		int ready = poll(p, n, (int)((deadline_usec - now) / USEC_PER_MSEC) + 1);
		if (ready < 0 && errno != EINTR)
			return -errno;
		for (size_t i = 0; ready > 0 && i < n; i++) {
			int r = p[i].revents ? read_once(v[i]) : 0;
			if (r < 0)
				return r;
		}
	}
}

/* Without waiting: a listener whose queue is full is not there for us. */
static int connect_to(const char *path, int fd)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (strlen(path) >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	memcpy(sa.sun_path, path, strlen(path) + 1);
	if (connect(fd, (const void *)&sa, sizeof(sa)) < 0 ||
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	return peer.uid == 0 ? 0 : -EPERM;
}

int stream_ask(const char *path, uint64_t timeout_usec, size_t max, char **ret, size_t *ret_size)
{
	_cleanup_(stream_fini) struct stream s = {.max = max};

	s.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s.fd < 0)
		return -errno;
	int r = connect_to(path, s.fd);
	if (r == 0)
		r = stream_drain((struct stream *const[]){&s}, 1, stream_now() + timeout_usec);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s.data);
	*ret_size = s.size;
	return 0;
}
