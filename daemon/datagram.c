/* SPDX-License-Identifier: ISC */
#include "daemon/datagram.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/util.h"

enum {
	SEND_BUFFER = 8 * 1024 * 1024,
};

int datagram_open(const char *address)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	size_t len = strlen(address);

	if (len >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	memcpy(sa.sun_path, address, len);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	const int size = SEND_BUFFER;
	/* Only a larger default; without it a long message goes by memfd. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int send_memfd(int fd, const void *data, size_t size)
{
	_cleanup_close_ int mem = memfd_create("hardend-event", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (mem < 0)
		return -errno;
	if (write(mem, data, size) != (ssize_t)size)
		return -EIO;
	if (fcntl(mem, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return -errno;
	union {
		struct cmsghdr header;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr mh = {.msg_control = &control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&mh);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &mem, sizeof(mem));
	return sendmsg(fd, &mh, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int datagram_send(int fd, const void *data, size_t size, int by_memfd)
{
	if (send(fd, data, size, MSG_NOSIGNAL) >= 0)
		return 0;
	if (errno == EMSGSIZE && by_memfd)
		return send_memfd(fd, data, size);
	return errno == ENOBUFS ? -EAGAIN : -errno;
}
