/* SPDX-License-Identifier: ISC */
/* Names of ports, by the text of services(5). */
#pragma once

#include <stddef.h>

/*
 * The port of the service whose name or alias is the first n bytes of name, over
 * "tcp" or "udp". 0 when the text (which may be NULL) tells of none.
 */
unsigned services_port(const char *text, const char *name, size_t n, const char *protocol);
