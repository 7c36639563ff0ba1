/* SPDX-License-Identifier: ISC */
#include "conf/schema.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "check/listener-pattern.h"

#define DAY (UINT64_C(24) * 3600)

const struct param schema_hardend[] = {
	{"profile", PARAM_STRING, "default",
		.doc = "What is asked of this machine: default (every check), the profile of a "
		       "guide "
		       "(pouta, alliance, exoscale, nectar), or the site's own [profile NAME]."},
	{"log_level", PARAM_CHOICE, "notice", .choices = "error warning notice info debug",
		.doc = "The least urgent messages of the daemon's own log (not of its alerts)."},
	{"journal", PARAM_BOOL, "yes",
		.doc = "Send alerts to the journal with structured fields. Where there is no "
		       "journald, nothing is sent there."},
	{"syslog", PARAM_BOOL, "no",
		.doc = "Send alerts to /dev/log as well. Off by default because journald passes "
		       "its messages to the syslog daemon already; switch it on where there is "
		       "no journald."},
	{"heartbeat", PARAM_USEC, "1h", .max = 7 * DAY,
		.doc = "How often an event tells that the daemon lives and what it has seen last, "
		       "so that silence at the collector means something. 0: never."},
	{"reconcile", PARAM_USEC, "1s", .min = 1, .max = DAY,
		.doc = "How often facts are read again that no working event source covers, though "
		       "never for more than a quarter of one processor. While all sources work, "
		       "nothing is read on a timer."},
	{"attribution", PARAM_CHOICE, "if-audited", .choices = "yes if-audited no",
		.doc = "Whether the kernel's audit is asked who makes a change, and when a socket "
		       "opens. That needs audit rules, and the first rule on a machine makes every "
		       "system call of every program about 0.2 microseconds slower (a program that "
		       "makes 100000 calls a second loses 2 percent); where no auditd runs, what the "
		       "rules record goes to the kernel's log and the journal as well. So the "
		       "default is if-audited: hardend adds its rules, with the key \"hardend\", on "
		       "a machine that has audit rules already, where they cost next to nothing, "
		       "and otherwise leaves audit alone. yes: always, and audit is switched on if "
		       "it is off. no: never. It takes its rules away when it stops, and never "
		       "touches anybody else's. Without them changes are noticed all the same, new "
		       "sockets within 5 minutes."},
	{"history_events", PARAM_UINT, "10000", .max = 10000000,
		.doc = "How many delivered events the state database keeps. Events that a "
		       "sink has yet to acknowledge are kept in any case."},
	{"flap_max", PARAM_UINT, "5", .min = 1, .max = 1000,
		.doc = "A check or a fact that was announced this often within flap_window is held "
		       "back until it comes to rest."},
	{"flap_window", PARAM_USEC, "60s", .min = 1, .max = DAY,
		.doc = "The time within which announcements are counted for flap_max."},
	{"flap_quiet", PARAM_USEC, "30s", .min = 1, .max = DAY,
		.doc = "How long a check or fact that was held back must be at rest before its "
		       "final state is told, in one event with the number of changes."},
	{NULL},
};

const struct param schema_policy[] = {
	{"sysadmin", PARAM_LIST, "",
		.doc = "Who may become root: account names, and groups as @NAME. Everybody else "
		       "who can is reported."},
	{"trusted_networks", PARAM_NETS,
		"127.0.0.0/8 ::1 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7 "
		"169.254.0.0/16 fe80::/10",
		.doc = "Addresses that are not the outside world. What can be reached from any "
		       "other address is called public."},
	{"listeners", PARAM_LIST, "",
		.doc = "What may listen for others on this machine: protocol and port (a number, "
		       "8000-8100, or any), where it matters with @ADDRESS and with =UNIT (or the "
		       "program's path or name; patterns of fnmatch(3)). For example tcp/22 "
		       "tcp/443=nginx.service udp/123@192.0.2.1. What was accepted, or there "
		       "at the first start, is expected as well.",
		.form = LISTENER_PATTERN_FORM, .fits = listener_pattern_fits},
	{"update_mode", PARAM_CHOICE, "automatic", .choices = "automatic window",
		.doc = "How security updates get onto the machine: by themselves, as "
		       "update-automatic demands, or by people in a maintenance window, which "
		       "[attestation update-window] must state."},
	{NULL},
};

const struct param schema_check[] = {
	{"enabled", PARAM_BOOL, "yes",
		.doc = "Whether the check is judged at all; if not, its result is notchecked."},
	{"severity", PARAM_CHOICE, "default", .choices = "default low medium high critical",
		.doc = "The severity of its findings, instead of the one that the check gives."},
	{NULL},
};

const struct param schema_waiver[] = {
	{"check", PARAM_STRING, "", .doc = "The id of the check."},
	{"subject", PARAM_STRING, "*",
		.doc = "What is excepted: the subject of the evidence as the finding shows it, "
		       "for example \"account backup\". A pattern of fnmatch(3)."},
	{"reason", PARAM_STRING, "", .doc = "Why."},
	{"owner", PARAM_STRING, "", .doc = "Who answers for it."},
	{"until", PARAM_DATE, "",
		.doc = "The last day (UTC) on which it holds. Afterwards the finding is open "
		       "again."},
	{NULL},
};

const struct param schema_attestation[] = {
	{"statement", PARAM_STRING, "",
		.doc = "What is so, in words that an auditor can follow up: which list, which "
		       "procedure, where it is written down."},
	{"owner", PARAM_STRING, "", .doc = "Who states it, and answers for it."},
	{"stated", PARAM_DATE, "",
		.doc = "The day (UTC) on which it was stated; it holds from then on."},
	{"until", PARAM_DATE, "",
		.doc = "The last day (UTC) on which it holds. Afterwards the check fails until it "
		       "is "
		       "stated anew."},
	{NULL},
};

const struct param schema_profile[] = {
	{"from", PARAM_STRING, "default", .doc = "The profile that it begins with."},
	{"title", PARAM_STRING, "", .doc = "What it is for, for reports."},
	{"add", PARAM_LIST, "", .doc = "Ids of checks that it has beside those."},
	{"drop", PARAM_LIST, "", .doc = "Ids of checks that it leaves out."},
	{NULL},
};

const char *schema_section(size_t i)
{
	if (i < 2)
		return i == 0 ? "hardend" : "policy";
	return i - 2 < check_count() ? check_at(i - 2)->id : NULL;
}

int schema_params(const char *section, const struct param *ret[static 2])
{
	const struct check *c = check_find(section);

	if (!c && strcmp(section, "hardend") != 0 && strcmp(section, "policy") != 0)
		return -ENOENT;
	ret[0] = c ? schema_check : *section == 'h' ? schema_hardend : schema_policy;
	ret[1] = c ? c->params : NULL;
	return 0;
}

static const char *const forms[] = {
	[PARAM_BOOL] = "yes or no",
	[PARAM_UINT] = "a whole number",
	[PARAM_USEC] = "a time such as 30s, 5min, 1h or 2d",
	[PARAM_STRING] = "a text",
	[PARAM_LIST] = "words separated by commas or blanks",
	[PARAM_NETS] = "addresses or networks such as 192.0.2.0/24 or 2001:db8::/32",
	[PARAM_PATH] = "an absolute path",
	[PARAM_DATE] = "a date as YYYY-MM-DD",
	[PARAM_CHOICE] = "one of:",
};
static_assert(ARRAY_SIZE(forms) == PARAM_TYPE_MAX, "a form for each type");

/* The largest unit that leaves no fraction, as a person would write it. */
static void duration(uint64_t s, char buf[static 32])
{
	static const struct {
		uint64_t s;
		const char *unit;
	} units[] = {{DAY, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	size_t i = 0;

	while (units[i].s > 1 && (s % units[i].s != 0 || s == 0))
		i++;
	(void)snprintf(buf, 32, "%" PRIu64 "%s", s / units[i].s, units[i].unit);
}

const char *schema_expected(const struct param *p, char buf[static SCHEMA_EXPECTED_MAX])
{
	const char *form = forms[p->type];
	char min[32], max[32];

	if (p->type == PARAM_CHOICE) {
		(void)snprintf(buf, SCHEMA_EXPECTED_MAX, "%s %s", form, p->choices);
		return buf;
	}
	if (p->type == PARAM_LIST && p->form) {
		(void)snprintf(buf, SCHEMA_EXPECTED_MAX, "%s, each of the form %s", form, p->form);
		return buf;
	}
	bool bounded = p->min != 0 || p->max != 0;
	if (!bounded || (p->type != PARAM_UINT && p->type != PARAM_USEC)) {
		(void)snprintf(buf, SCHEMA_EXPECTED_MAX, "%s", form);
		return buf;
	}
	if (p->type == PARAM_USEC) {
		duration(p->min, min);
		duration(p->max, max);
	} else {
		(void)snprintf(min, sizeof(min), "%" PRIu64, p->min);
		(void)snprintf(max, sizeof(max), "%" PRIu64, p->max);
	}
	(void)snprintf(buf, SCHEMA_EXPECTED_MAX, "%s%s from %s to %s", form,
		p->type == PARAM_USEC ? "," : "", min, max);
	return buf;
}

const char *schema_type_name(enum param_type t)
{
	static const char *const names[] = {
		[PARAM_BOOL] = "yes/no",
		[PARAM_UINT] = "number",
		[PARAM_USEC] = "time",
		[PARAM_STRING] = "text",
		[PARAM_LIST] = "list",
		[PARAM_NETS] = "networks",
		[PARAM_PATH] = "path",
		[PARAM_DATE] = "date",
		[PARAM_CHOICE] = "choice",
	};
	static_assert(ARRAY_SIZE(names) == PARAM_TYPE_MAX, "a name for each type");

	return names[t];
}
