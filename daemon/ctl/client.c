/* SPDX-License-Identifier: ISC */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/util.h"

enum {
	REPLY_MAX = 64 << 20,
};

static uint64_t monotonic_usec(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

/* Waits for an event until the deadline. 0, -ETIMEDOUT, -errno. */
static int wait_for(int fd, short events, uint64_t deadline_usec)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = events};
		uint64_t now = monotonic_usec();
		if (now >= deadline_usec)
			return -ETIMEDOUT;
		int r = poll(&p, 1, (int)MIN((deadline_usec - now) / USEC_PER_MSEC + 1, 60000u));
		if (r > 0)
			return 0;
		if (r < 0 && errno != EINTR)
			return -errno;
	}
}

static int send_all(int fd, const char *s, size_t n, uint64_t deadline_usec)
{
	while (n > 0) {
		ssize_t w = send(fd, s, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0 && errno == EAGAIN) {
			int r = wait_for(fd, POLLOUT, deadline_usec);
			if (r < 0)
				return r;
			continue;
		}
		if (w < 0)
			return -errno;
		s += w;
		n -= (size_t)w;
	}
	return 0;
}

/* Up to the NUL; what is behind it is nothing that was asked for. */
static int receive(int fd, uint64_t deadline_usec, char **ret, size_t *ret_size)
{
	_cleanup_free_ char *buf = NULL;
	size_t size = 0, room = 0;

	for (;;) {
		if (size == room) {
			if (room >= REPLY_MAX)
				return -EMSGSIZE;
			room = room ? room * 2 : 16384;
			char *more = realloc(buf, room);
			if (!more)
				return -ENOMEM;
			buf = more;
		}
		ssize_t n = recv(fd, buf + size, room - size, MSG_DONTWAIT);
		if (n == 0)
			return -EPROTO;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return -errno;
		if (n < 0) {
			int r = wait_for(fd, POLLIN, deadline_usec);
			if (r < 0)
				return r;
			continue;
		}
		const char *end = memchr(buf + size, '\0', (size_t)n);
		size += (size_t)n;
		if (end) {
			*ret_size = (size_t)(end - buf);
			*ret = TAKE_PTR(buf);
			return 0;
		}
	}
}

static int judge_reply(const char *text, size_t size, json_t **ret)
{
	json_auto_t *reply = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);

	if (!json_is_object(reply))
		return -EPROTO;
	if (json_is_string(json_object_get(reply, "error"))) {
		*ret = TAKE_PTR(reply);
		return -EREMOTEIO;
	}
	json_t *parameters = json_object_get(reply, "parameters");
	if (!json_is_object(parameters))
		return -EPROTO;
	*ret = json_incref(parameters);
	return 0;
}

int client_exchange(
	int fd, const char *method, json_t *parameters, uint64_t timeout_usec, json_t **ret)
{
	uint64_t deadline = monotonic_usec() + timeout_usec;
	json_auto_t *call = json_pack("{s:s, s:o}", "method", method, "parameters", parameters);
	_cleanup_free_ char *text = call ? json_dumps(call, JSON_COMPACT) : NULL;
	_cleanup_free_ char *reply = NULL;
	size_t size = 0;

	if (!text)
		return -ENOMEM;
	int r = send_all(fd, text, strlen(text) + 1, deadline);
	if (r == 0)
		r = receive(fd, deadline, &reply, &size);
	return r < 0 ? r : judge_reply(reply, size, ret);
}

int client_call(const char *path, const char *method, json_t *parameters, uint64_t timeout_usec,
	json_t **ret)
{
	json_auto_t *owned = parameters;
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = -1;

	if (strlen(path) >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	strcpy(sa.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -errno;
	return client_exchange(fd, method, TAKE_PTR(owned), timeout_usec, ret);
}
