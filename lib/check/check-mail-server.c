/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "check/checks.h"
#include "fact/listeners.h"

/* SMTP by its ports, and the servers that speak it whatever the port. */
static bool is_mail(const struct listener *l)
{
	static const uint16_t ports[] = {25, 465, 587};
	static const char *const programs[] = {"/postfix/", "/exim", "/sendmail", "/opensmtpd",
		"/smtpd", "/qmail", "/courier", "/master.cf"};

	if (l->protocol != LISTENER_TCP || l->passing)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
		if (l->port == ports[i])
			return true;
	}
	for (size_t i = 0; l->program && i < ARRAY_SIZE(programs); i++) {
		if (strstr(l->program->exe, programs[i]))
			return true;
	}
	return false;
}

static void evaluate_mail(const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	size_t n = 0;

	if (!check_facts_usable(facts, FACT_BIT(FACT_LISTENERS), ret))
		return;
	const struct listeners *l = factset_get(facts, FACT_LISTENERS)->u.listeners;
	for (size_t i = 0; i < l->n; i++) {
		const struct listener *x = &l->v[i];
		n += is_mail(x);
		if (!is_mail(x) || x->loopback)
			continue;
		verdict_add(
			ret, &(struct evidence){
				     .result = RESULT_FAIL,
				     .severity = c->severity,
				     .subject = arena_printf(ret->arena, "listener %s", x->text),
				     .observed = listener_value(ret->arena, x),
				     .expected = "127.0.0.1 or ::1 only, or no mail server",
			     });
	}
	if (l->cut > 0)
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_UNKNOWN,
					 .subject = "sockets",
					 .observed = "there are more than were looked at",
					 .expected = "looked at, each of them",
				 });
	if (n == 0 && ret->result == RESULT_PASS)
		verdict_set(ret, RESULT_NOTAPPLICABLE, "no mail server listens here");
	else if (ret->result == RESULT_PASS)
		verdict_summary(ret, "the mail server listens on this machine only");
}

const struct check check_mail_server = {
	.id = "mail-server",
	.title = "A mail server, if there is one, listens on this machine only",
	.severity = SEV_MEDIUM,
	.guides = "P A N02",
	.references = "postconf(5)",
	.rationale = "A mail server that others reach is attacked, abused to send spam, and gets "
		     "the cloud's addresses blocked. For outgoing mail none is needed beyond "
		     "127.0.0.1.",
	.remedy = "`postconf -e inet_interfaces=loopback-only && systemctl restart postfix`; with "
		  "exim4 set `dc_local_interfaces='127.0.0.1 ; ::1'` in "
		  "/etc/exim4/update-exim4.conf.conf and run `update-exim4.conf && systemctl "
		  "restart exim4`.",
	.remedy_rhel = "`postconf -e inet_interfaces=loopback-only && systemctl restart postfix`.",
	.facts = FACT_BIT(FACT_LISTENERS),
	.evaluate = evaluate_mail,
};
