/* SPDX-License-Identifier: ISC */
#include "check/ssh-evidence.h"

#include <string.h>

#include "base/text.h"
#include "fact/os.h"

bool ssh_is_pending(const struct sshd *s)
{
	return s->started_realtime_usec != 0 &&
	       s->newest_mtime_realtime_usec > s->started_realtime_usec;
}

static void note_pending(const struct factset *facts, const struct sshd *s, struct verdict *ret)
{
	const struct fact *os = factset_get(facts, FACT_OS);
	bool rhel = os && os->u.os && os->u.os->family == OS_RHEL;

	verdict_note(ret,
		"so it is in the files, and holds once sshd (pid %u) has read them: "
		"`systemctl reload %s`",
		s->pid, rhel ? "sshd" : "ssh");
}

const struct sshd *ssh_usable(const struct factset *facts, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_SSHD), ret))
		return NULL;
	const struct sshd *s = factset_get(facts, FACT_SSHD)->u.sshd;
	if (ssh_is_pending(s))
		note_pending(facts, s, ret);
	return s;
}

const char *ssh_value(const struct sshd_context *c, const char *keyword)
{
	const struct sshd_value *v = sshd_get(c, keyword);

	return v ? v->value : "";
}

bool ssh_is(const struct sshd_context *c, const char *keyword, const char *value)
{
	return strcmp(ssh_value(c, keyword), value) == 0;
}

const char *ssh_general_label(const struct sshd *s)
{
	return s->contexts[0].label;
}

static bool known(const struct verdict *v, const char *subject)
{
	for (size_t i = 0; i < v->n_evidence; i++) {
		if (strcmp(v->evidence[i].subject, subject) == 0)
			return true;
	}
	return false;
}

void ssh_add(struct verdict *v, const struct sshd *s, const struct ssh_finding *f)
{
	const struct sshd_context *general = &s->contexts[0];
	const struct sshd_value *value = sshd_get(f->context, f->keyword);
	bool set = value && *value->value;
	bool own = f->context != general &&
		   strcmp(ssh_value(general, f->keyword), ssh_value(f->context, f->keyword)) != 0;

	char *subject = arena_printf(
		v->arena, "sshd %s%s%s", f->keyword, own ? ", " : "", own ? f->context->label : "");
	char *observed = arena_printf(v->arena, "%s%s%s%s%s%s",
		set ? value->value : "not set",
		!set || value->path ? "" : " (compiled-in default)", f->note ? ", " : "",
		f->note ? f->note : "", f->context == general ? "" : ", for ",
		f->context == general ? "" : f->context->label);
	/* Evidence is kept escaped: compare like with like. */
	char *clean = subject ? text_clean(v->arena, subject) : NULL;
	if (!clean || !observed || known(v, clean))
		return;
	verdict_add(v, &(struct evidence){
			       .result = f->result,
			       .severity = f->severity,
			       .subject = subject,
			       .path = value ? value->path : NULL,
			       .line = value ? value->line : 0,
			       .observed = observed,
			       .expected = f->expected,
		       });
}
