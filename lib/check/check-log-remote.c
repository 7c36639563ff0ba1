/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "base/net.h"
#include "check/checks.h"
#include "check/log-service.h"
#include "fact/log-kept.h"
#include "fact/logging.h"
#include "fact/unit-file.h"
#include "fact/units.h"

static void add(struct verdict *v, const struct log_forward *f, enum result result,
	enum severity severity, const char *observed, const char *expected)
{
	verdict_add(v, &(struct evidence){
			       .result = result,
			       .severity = severity,
			       .subject = log_forward_subject(v->arena, f),
			       .path = f->path,
			       .line = f->line,
			       .observed = observed,
			       .expected = expected,
		       });
}

/* The configuration other than path that the unit's own settings name; NULL: none. */
static const char *other_of_unit(
	struct arena *a, const struct unit *u, enum log_program p, const char *path)
{
	const char *started = NULL, *other = NULL, *word;

	for (size_t i = 0; i < u->n_settings; i++) {
		const struct unit_setting *s = &u->settings[i];
		const char *value = s->value;
		if (strcmp(s->key, "ExecStart") == 0) /* an empty one resets */
			started = *value ? log_other_config(a, p, path, value) : NULL;
		if (strcmp(s->key, "Environment") != 0)
			continue;
		while (!other && (word = unit_word(a, &value)))
			other = log_other_variable(a, p, path, word);
	}
	return started ? started : other;
}

/* That the program is started with another configuration than the one read; NULL: it is not. */
static const char *why_elsewhere(
	const struct factset *facts, struct arena *a, const struct logging *log, enum log_program p)
{
	const struct fact *f = factset_get(facts, FACT_UNITS);
	const struct log_config *c = &log->config[p];
	const char *other = c->elsewhere;

	for (const char *const *name = log_program_units(p); !other && *name; name++) {
		const struct unit *u = f && f->u.units ? units_find(f->u.units, *name) : NULL;
		if (u)
			other = other_of_unit(a, u, p, c->path);
	}
	return other ? arena_printf(a, "started with a configuration that is not read: %s", other)
		     : NULL;
}

/* What of the configurations of those that run is not known: it may hold what is looked for. */
static void add_unread(struct verdict *v, const struct factset *facts, const struct logging *log)
{
	for (int p = 0; p < LOG_PROGRAM_MAX; p++) {
		const struct log_config *c = &log->config[p];
		const char *name = log_program_name((enum log_program)p);
		const char *why, *other = why_elsewhere(facts, v->arena, log, (enum log_program)p);
		bool reason = c->state != FACT_STATE_ABSENT && c->reason;
		if (!reason && !other)
			continue;
		if (log_service(facts, v->arena, log_program_units((enum log_program)p), &why) ==
			LOG_SERVICE_OFF)
			continue;
		verdict_add(
			v, &(struct evidence){
				   .result = !reason || c->state == FACT_STATE_OK ? RESULT_UNKNOWN
										  : RESULT_ERROR,
				   .subject = arena_printf(
					   v->arena, "log forwarding %s configuration", name),
				   .path = c->path,
				   .line = reason ? c->line : 0,
				   .observed = reason ? c->reason : other,
				   .expected = "readable as a whole",
			   });
	}
}

#define ELSEWHERE "sent to another machine: logins, privileges and the system's warnings"

/* Whether journald, which has the log socket, hands messages on to nobody. */
static bool journal_keeps_all(const struct factset *facts)
{
	const struct fact *f = factset_get(facts, FACT_LOG_KEPT);

	return f && f->u.log_kept && f->u.log_kept->journal.present &&
	       !f->u.log_kept->journal.to_syslog;
}

/* Why the files that it reads get no messages: their writer does not run. NULL: they do. */
static const char *why_no_files(const struct factset *facts, struct arena *a,
	const struct log_forward *f, enum log_service *ret)
{
	const char *why = NULL;

	*ret = LOG_SERVICE_ON;
	if (!f->by_file)
		return NULL;
	*ret = log_service(facts, a, log_program_units(f->writer), &why);
	return *ret == LOG_SERVICE_ON ? NULL
				      : arena_printf(a, "it reads the files of %s: %s",
						log_program_name(f->writer), why ? why : "");
}

/* Why this one sends nothing to another machine; NULL: it does. */
static const char *why_not(
	const struct factset *facts, struct arena *a, const struct log_forward *f, enum result *ret)
{
	const struct logging *log = factset_get(facts, FACT_LOGGING)->u.logging;
	const char *why = NULL;

	*ret = RESULT_FAIL;
	if (f->broken)
		return f->broken;
	if (log_pri_is_none(&f->pri))
		return "no message of this machine reaches it: its ruleset is not called, or a "
		       "stop or a filter stands before it";
	if (f->by_socket && journal_keeps_all(facts))
		return "journald gives it no messages: ForwardToSyslog=no in journald.conf";
	enum log_service on = log_service(facts, a, log_program_units(f->program), &why);
	if (on == LOG_SERVICE_ON)
		why = why_no_files(facts, a, f, &on);
	if (on == LOG_SERVICE_OFF)
		return why;
	*ret = RESULT_UNKNOWN;
	if (on == LOG_SERVICE_UNKNOWN)
		return why;
	why = why_elsewhere(facts, a, log, f->program);
	if (why)
		return why;
	if (f->own)
		return "it sends to this machine itself; where that goes on to cannot be seen from "
		       "here";
	return NULL;
}

static void judge_missing(struct verdict *v, const struct factset *facts, const struct logging *log,
	const char *first, struct log_pri all)
{
	bool maybe = false;
	const char *missing = log_pri_missing(&all, &maybe);

	if (!missing) {
		verdict_summary(v, "the system's messages go to another machine: %s", first);
		return;
	}
	add_unread(v, facts, log);
	if (v->n_evidence > 0)
		return;
	verdict_add(v, &(struct evidence){
			       .result = maybe ? RESULT_UNKNOWN : RESULT_FAIL,
			       .severity = SEV_MEDIUM,
			       .subject = "log forwarding",
			       .observed = arena_printf(v->arena,
				       maybe ? "whether %s are sent depends on more than facility "
					       "and severity"
					     : "%s are not sent",
				       missing),
			       .expected = ELSEWHERE,
		       });
}

static void evaluate_remote(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_LOGGING), ret))
		return;
	const struct logging *log = factset_get(facts, FACT_LOGGING)->u.logging;
	struct log_pri all = log_pri_none();
	const char *first = NULL;
	enum result result;

	for (size_t i = 0; i < log->n; i++) {
		const struct log_forward *f = &log->v[i];
		if (why_not(facts, ret->arena, f, &result))
			continue;
		all = log_pri_or(all, f->pri);
		if (!first)
			first = arena_printf(ret->arena, "%s to %s", log_program_name(f->program),
				log_forward_text(ret->arena, f));
	}
	if (first) {
		judge_missing(ret, facts, log, first, all);
		return;
	}
	for (size_t i = 0; i < log->n; i++) {
		const char *why = why_not(facts, ret->arena, &log->v[i], &result);
		add(ret, &log->v[i], result, SEV_MEDIUM, why, ELSEWHERE);
	}
	add_unread(ret, facts, log);
	if (ret->n_evidence == 0)
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_FAIL,
					 .severity = SEV_MEDIUM,
					 .subject = "log forwarding",
					 .observed = "nothing sends logs to another machine",
					 .expected = ELSEWHERE,
				 });
}

/* Whether the policy names a network that is a VPN, in which the receiver is. */
static bool in_vpn(const struct policy *policy, const char *host)
{
	const char *const *nets = policy_list(policy, "log-remote-secure", "vpn_networks");
	struct net address, net;

	if (net_parse(host, &address) < 0)
		return false;
	for (; *nets; nets++) {
		if (net_parse(*nets, &net) == 0 && net_contains(&net, &address))
			return true;
	}
	return false;
}

static void judge_channel(
	struct verdict *v, const struct policy *policy, const struct log_forward *f)
{
	static const char expected[] = "TLS (or RELP with TLS) to a receiver whose name or "
				       "fingerprint is verified, or a network of vpn_networks";
	const char *why = f->peer_why ? f->peer_why : "";

	if (f->own) {
		add(v, f, RESULT_INFORMATIONAL, SEV_LOW,
			"it sends to this machine itself; how that goes on cannot be seen from "
			"here",
			expected);
		return;
	}
	if (f->peer == LOG_PEER_NAME || in_vpn(policy, f->host))
		return;
	if (f->peer == LOG_PEER_NONE)
		add(v, f, RESULT_FAIL, SEV_HIGH, arena_printf(v->arena, "not encrypted (%s)", why),
			expected);
	else if (f->peer == LOG_PEER_ANYONE)
		add(v, f, RESULT_FAIL, SEV_MEDIUM,
			arena_printf(v->arena, "encrypted for whoever answers (%s)", why),
			expected);
	else if (f->peer == LOG_PEER_CA)
		add(v, f, RESULT_FAIL, SEV_LOW,
			arena_printf(v->arena,
				"encrypted for whoever has a certificate of the authority (%s)",
				why),
			expected);
	else
		add(v, f, RESULT_UNKNOWN, SEV_LOW,
			arena_printf(v->arena,
				"whether it is encrypted and the receiver is "
				"verified cannot be told (%s)",
				why),
			expected);
}

static void evaluate_secure(_unused_ const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	size_t n = 0;

	if (!check_facts_usable(facts, FACT_BIT(FACT_LOGGING), ret))
		return;
	const struct logging *log = factset_get(facts, FACT_LOGGING)->u.logging;
	for (size_t i = 0; i < log->n; i++) {
		const struct log_forward *f = &log->v[i];
		enum result result;
		/* What is not known to run is judged as if it did. */
		if (why_not(facts, ret->arena, f, &result) && result == RESULT_FAIL)
			continue;
		judge_channel(ret, policy, f);
		n++;
	}
	add_unread(ret, facts, log);
	if (ret->n_evidence > 0)
		return;
	if (n == 0)
		verdict_set(ret, RESULT_NOTAPPLICABLE, "nothing sends logs to another machine");
	else
		verdict_summary(ret, "logs leave this machine encrypted, to verified receivers");
}

const struct check check_log_remote = {
	.id = "log-remote",
	.title = "Logs are sent to another machine",
	.severity = SEV_MEDIUM,
	.guides = "P X N14",
	.references = "CIS Debian 12 6.1.3.6, rsyslog.conf(5), systemd-journal-upload(8)",
	.rationale =
		"Whoever takes this machine over removes their traces from its logs first. What "
		"has left for another machine stays there, and shows what was done.",
	.remedy = "For example `apt install rsyslog rsyslog-gnutls`, and in "
		  "/etc/rsyslog.d/forward.conf: "
		  "`action(type=\"omfwd\" target=\"logs.example\" port=\"6514\" protocol=\"tcp\" "
		  "StreamDriver=\"gtls\" StreamDriverMode=\"1\" StreamDriverAuthMode=\"x509/name\" "
		  "StreamDriverPermittedPeers=\"logs.example\" queue.type=\"LinkedList\" "
		  "queue.filename=\"forward\" action.resumeRetryCount=\"-1\")` after "
		  "`global(DefaultNetstreamDriverCAFile=\"/etc/ssl/logs-ca.pem\")`; then `rsyslogd "
		  "-N1` "
		  "and `systemctl restart rsyslog`.",
	.remedy_rhel =
		"For example `dnf install rsyslog rsyslog-gnutls`, and in "
		"/etc/rsyslog.d/forward.conf: "
		"`action(type=\"omfwd\" target=\"logs.example\" port=\"6514\" protocol=\"tcp\" "
		"StreamDriver=\"gtls\" StreamDriverMode=\"1\" StreamDriverAuthMode=\"x509/name\" "
		"StreamDriverPermittedPeers=\"logs.example\" queue.type=\"LinkedList\" "
		"queue.filename=\"forward\" action.resumeRetryCount=\"-1\")` after "
		"`global(DefaultNetstreamDriverCAFile=\"/etc/pki/tls/certs/logs-ca.pem\")`; then "
		"`rsyslogd -N1` and `systemctl restart rsyslog`.",
	.facts = FACT_BIT(FACT_LOGGING) | FACT_BIT(FACT_LOG_KEPT) | FACT_BIT(FACT_UNITS),
	.evaluate = evaluate_remote,
};

static const struct param secure_params[] = {
	{"vpn_networks", PARAM_NETS, "", 0, 0,
		"Networks that are a VPN, or otherwise as safe as one: a receiver whose address "
		"lies in "
		"one of them may be sent to without TLS.",
		NULL},
	{0},
};

const struct check check_log_remote_secure = {
	.id = "log-remote-secure",
	.title = "Logs leave encrypted, for a receiver that is verified",
	.severity = SEV_MEDIUM,
	.guides = "N14",
	.references = "RFC 5425, rsyslog's ns_gtls, systemd-journal-upload.conf(5)",
	.rationale =
		"Logs tell who logs in, from where and to what. In clear, everybody on the way "
		"reads them; without verifying the receiver, somebody on the way can pose as it.",
	.remedy = "rsyslog: protocol=\"tcp\" StreamDriver=\"gtls\" StreamDriverMode=\"1\" "
		  "StreamDriverAuthMode=\"x509/name\" StreamDriverPermittedPeers=\"NAME\" (package "
		  "rsyslog-gnutls); omrelp: tls=\"on\" tls.authMode=\"name\" "
		  "tls.permittedPeer=\"NAME\". "
		  "syslog-ng: transport(\"tls\") tls(ca-file(...) peer-verify(required-trusted)). "
		  "systemd-journal-upload: an https URL, TrustedCertificateFile= not \"all\". A "
		  "VPN: name "
		  "its network in vpn_networks.",
	.facts = FACT_BIT(FACT_LOGGING) | FACT_BIT(FACT_LOG_KEPT) | FACT_BIT(FACT_UNITS),
	.params = secure_params,
	.evaluate = evaluate_secure,
};
