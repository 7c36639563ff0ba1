/* SPDX-License-Identifier: ISC */
#include "daemon/audit-meddling.h"

#include <inttypes.h>
#include <stdio.h>

void audit_meddling_by(struct audit_meddling *m, const struct actor *x)
{
	char login[32] = "nobody", session[32] = "none";

	if (*m->who || (x->pid == 0 && x->auid == AUDIT_ID_UNSET))
		return;
	if (x->auid != AUDIT_ID_UNSET)
		(void)snprintf(login, sizeof(login), "%" PRIu32, x->auid);
	if (x->session != AUDIT_ID_UNSET)
		(void)snprintf(session, sizeof(session), "%" PRIu32, x->session);
	if (x->pid == 0)
		(void)snprintf(m->who, sizeof(m->who),
			"login uid %s, session %s (the kernel did not tell the program)", login,
			session);
	else
		(void)snprintf(m->who, sizeof(m->who),
			"login uid %s, uid %" PRIu32 ", %s (pid %" PRIu32
			"), command %s, tty %s, session %s",
			login, x->uid, *x->exe ? x->exe : "a program", x->pid,
			*x->command ? x->command : "not known", *x->tty ? x->tty : "none", session);
}

void audit_meddling_text(const struct audit_meddling *m, bool on, char *ret, size_t size)
{
	const char *who = *m->who ? m->who : "somebody whom no record names";
	bool mended = m->off ? on : m->missing == 0;
	char what[64];

	if (m->off)
		(void)snprintf(what, sizeof(what), "audit was switched off");
	else
		(void)snprintf(what, sizeof(what), "%zu of hardend's audit rules were removed",
			m->returned + m->missing);
	(void)snprintf(ret, size, "%s by %s; %s: who made changes %s is not known", what, who,
		m->off && mended ? "it was switched on again"
		: m->off	 ? "it stays off, since attribution = if-audited"
		: mended	 ? "they were put back"
				 : "they cannot be put back, since the rules are locked (-e 2) now",
		mended ? "in between" : "from now on");
}
