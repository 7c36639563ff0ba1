/* SPDX-License-Identifier: ISC */
/* Events of audit from lines of its log, for the tests of acts and of their memory. */
#pragma once

#include <netinet/in.h>

#include "audit/act.h"
#include "test.h"

/*
 * Acts of a text of lines. A line may leave out "audit(...): " behind "msg=", which is
 * then of one event. Strings live in the arena. 1, 0, -errno as act_parse().
 */
static inline int act_of_event(
	struct arena *a, const char *lines, const struct act_options *options, struct act *ret)
{
	_cleanup_(audit_assembler_freep) struct audit_assembler *s = NULL;
	_cleanup_(audit_event_freep) struct audit_event *e = NULL;
	int r = audit_assembler_new(AUDIT_EVENT_AGE_USEC, &s);

	for (const char *p = lines; r == 0 && *p;) {
		size_t n = strcspn(p, "\n");
		struct audit_record record;
		char line[4096];
		const char *msg = memmem(p, n, " msg=audit(", 11);
		const char *space = memchr(p, ' ', n);
		if (msg || !space)
			(void)snprintf(line, sizeof(line), "%.*s", (int)n, p);
		else
			(void)snprintf(line, sizeof(line),
				"%.*s msg=audit(1700000000.123:456): %.*s", (int)(space - p), p,
				(int)(n - (size_t)(space + 1 - p)), space + 1);
		if (audit_line_parse(line, strlen(line), &record) < 0)
			fail_msg("no record: %s", line);
		r = audit_assembler_add(s, &record, 0);
		p += n;
		p += *p == '\n';
	}
	if (r < 0)
		return r;
	audit_assembler_flush(s);
	e = audit_assembler_next(s, 0);
	assert_non_null(e);
	return act_parse(a, e, options, ret);
}

/* What an act did, with its paths: "+/a" created, "-/a" removed, "/a" changed. */
static inline void act_show(const struct act *act, char *out, size_t size)
{
	int n = snprintf(out, size, "%s", act_kind_name(act->kind));

	for (size_t i = 0; i < act->n_paths; i++)
		n += snprintf(out + n, size - (size_t)n, " %s%s%s",
			act->paths[i].change == ACT_PATH_CREATED   ? "+"
			: act->paths[i].change == ACT_PATH_REMOVED ? "-"
								   : "",
			act->paths[i].path, act->paths[i].directory ? "/" : "");
	n += snprintf(out + n, size - (size_t)n, "%s%s%s", act->renamed ? " renamed" : "",
		act->attributes ? " attributes" : "", act->whole ? "" : " part");
	if (*act->op)
		n += snprintf(out + n, size - (size_t)n, " op=%s", act->op);
	if (*act->object)
		n += snprintf(out + n, size - (size_t)n, " object=%s", act->object);
	if (*act->peer)
		n += snprintf(out + n, size - (size_t)n, " peer=%s", act->peer);
	if (act->fd >= 0)
		n += snprintf(out + n, size - (size_t)n, " fd=%d", act->fd);
	if (act->address.ss_family != AF_UNSPEC)
		n += snprintf(out + n, size - (size_t)n, " port=%u",
			ntohs(((const struct sockaddr_in *)&act->address)->sin_port));
	if (act->list != AUDIT_ID_UNSET)
		n += snprintf(out + n, size - (size_t)n, " list=%u", act->list);
	if (act->value || act->old)
		n += snprintf(out + n, size - (size_t)n, " %u<%u", (unsigned)act->value,
			(unsigned)act->old);
	if (act->new_session != AUDIT_ID_UNSET)
		n += snprintf(out + n, size - (size_t)n, " ses=%u", act->new_session);
	if (act->new_auid != AUDIT_ID_UNSET)
		n += snprintf(out + n, size - (size_t)n, " auid=%u", act->new_auid);
	if (!act->success)
		n += snprintf(out + n, size - (size_t)n, " failed");
	if (act->also) {
		n += snprintf(out + n, size - (size_t)n, " also ");
		act_show(act->also, out + n, size - (size_t)n);
	}
}
