/* SPDX-License-Identifier: ISC */
/*
 * A small Varlink client: one call, one reply. A message is a JSON object and
 * a NUL byte on a stream socket.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

/*
 * Calls method of the service at the socket path with parameters (taken over).
 * 0 and the reply's parameters in *ret (a new reference).
 * -EREMOTEIO: the service answered with an error; *ret is {"error", "parameters"}.
 * -ETIMEDOUT: no complete reply within timeout_usec. -EPROTO: it makes no
 * sense. -EMSGSIZE: it is too large. -ENOMEM. Other -errno of connect(2).
 */
int client_call(const char *path, const char *method, json_t *parameters, uint64_t timeout_usec,
	json_t **ret);

/* The same on a connected socket. */
int client_exchange(
	int fd, const char *method, json_t *parameters, uint64_t timeout_usec, json_t **ret);
