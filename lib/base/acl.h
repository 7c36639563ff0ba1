/* SPDX-License-Identifier: ISC */
/*
 * What a POSIX access control list (acl(5)) grants beside owner, group and
 * others: permissions that the mode bits do not show.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A named user or group, and what it may do after the mask: 4 read, 2 write, 1 execute. */
struct acl_grant {
	bool group;
	uint32_t id;
	unsigned perms;
};

/*
 * The access control list of the object behind the O_PATH descriptor fd: fills
 * at most max grants that give anything at all, returns how many there are in
 * all; 0 without a list or where the file system has none. -EBADMSG when it
 * makes no sense, or -errno of getxattr(2).
 */
int acl_read(int fd, struct acl_grant *v, size_t max);

/* The same from the bytes of system.posix_acl_access. */
int acl_parse(const void *bytes, size_t size, struct acl_grant *v, size_t max);
