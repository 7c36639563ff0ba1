/* SPDX-License-Identifier: ISC */
#include "base/acl.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/util.h"

enum {
	ACL_VERSION = 2,
	TAG_USER = 0x02,
	TAG_GROUP = 0x08,
	TAG_MASK = 0x10,
	BYTES_MAX = 64 * 1024, /* XATTR_SIZE_MAX */
};

struct entry {
	uint16_t tag, perms;
	uint32_t id;
};

static struct entry entry_at(const unsigned char *p)
{
	struct entry e;

	memcpy(&e, p, sizeof(e));
	e.tag = le16toh(e.tag);
	e.perms = le16toh(e.perms);
	e.id = le32toh(e.id);
	return e;
}

int acl_parse(const void *bytes, size_t size, struct acl_grant *v, size_t max)
{
	const unsigned char *p = bytes;
	unsigned mask = 7;
	uint32_t version;
	int n = 0;

	if (size < sizeof(version) || (size - sizeof(version)) % sizeof(struct entry) != 0)
		return -EBADMSG;
	memcpy(&version, p, sizeof(version));
	if (le32toh(version) != ACL_VERSION)
		return -EBADMSG;
	for (size_t i = sizeof(version); i < size; i += sizeof(struct entry)) {
		struct entry e = entry_at(p + i);
		if (e.tag == TAG_MASK)
			mask = e.perms;
	}
	for (size_t i = sizeof(version); i < size; i += sizeof(struct entry)) {
		struct entry e = entry_at(p + i);
		bool named = e.tag == TAG_USER || e.tag == TAG_GROUP;
		if (!named || (e.perms & mask) == 0)
			continue;
		if ((size_t)n < max)
			v[n] = (struct acl_grant){e.tag == TAG_GROUP, e.id, e.perms & mask};
		n++;
	}
	return n;
}

int acl_read(int fd, struct acl_grant *v, size_t max)
{
	char link[sizeof("/proc/self/fd/") + 11];

	/* fgetxattr(2) refuses an O_PATH descriptor; its link leads to the same inode. */
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t size = getxattr(link, "system.posix_acl_access", NULL, 0);
	if (size < 0)
		return errno == ENODATA || errno == EOPNOTSUPP ? 0 : -errno;
	if (size > BYTES_MAX)
		return -EBADMSG;
	_cleanup_free_ void *bytes = malloc((size_t)size + 1);
	if (!bytes)
		return -ENOMEM;
	size = getxattr(link, "system.posix_acl_access", bytes, (size_t)size);
	/* It may have changed or gone in between: an event tells, and it is read again. */
	if (size < 0)
		return errno == ENODATA ? 0 : -errno;
	return acl_parse(bytes, (size_t)size, v, max);
}
