/* SPDX-License-Identifier: ISC */
/*
 * The kernel's settings of the network that decide whether it forwards packets
 * and lets others choose their way, as they are now (/proc/sys), and those that
 * the policy names. Of the running machine and of this network namespace.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct sysctl {
	const char *name;   /* "net.ipv4.conf.eth0.accept_redirects", a dot in eth0.7 as "/" */
	const char *value;  /* "0"; NULL: it could not be read */
	const char *reason; /* why not */
	const char *path;   /* below /proc/sys */
};

struct sysctls {
	const struct sysctl *v; /* sorted by name; what the kernel does not have is not there */
	size_t n;
	const char *const
		*interfaces; /* of IPv4 and IPv6 by name, without all and default; sorted */
	size_t n_interfaces;
	bool cut; /* there are more interfaces than were looked at */
};

/* The setting of this name, or NULL when the kernel has none such. */
const struct sysctl *sysctls_get(const struct sysctls *s, const char *name);

/* The same of an interface: sysctls_of(s, "ipv4", "eth0", "accept_redirects"). */
const struct sysctl *sysctls_of(
	const struct sysctls *s, const char *family, const char *interface, const char *key);
