/* SPDX-License-Identifier: ISC */
/*
 * The methods behind the control socket, as pure as they can be: a request's
 * text in, an answer's object out. No sockets, no events.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#include "daemon/engine.h"

struct peer {
	uid_t uid;
	pid_t pid;
	bool may_read; /* root, or in the reader group */
};

/*
 * Carries out one Varlink call. *ret is the answer to send (a reply or an
 * error object; NULL for a oneway call), to be freed with json_decref();
 * *ret_changed whether state was changed. 0, -EBADMSG when the text is no call
 * (close the connection), -ENOMEM.
 */
int method_call(struct engine *e, const struct peer *peer, struct now now, const char *text,
	size_t size, json_t **ret, bool *ret_changed);
