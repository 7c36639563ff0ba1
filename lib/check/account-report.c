/* SPDX-License-Identifier: ISC */
#include "check/account-report.h"

void account_report_at(
	struct verdict *ret, const char *name, enum severity severity, const struct evidence *e)
{
	struct evidence mine = *e;

	mine.result = RESULT_FAIL;
	mine.severity = severity;
	mine.subject = arena_printf(ret->arena, "account %s", name);
	verdict_add(ret, &mine);
}

void account_report(struct verdict *ret, const struct account *x, enum severity severity,
	const char *observed, const char *expected)
{
	account_report_at(ret, x->name, severity,
		&(struct evidence){
			.path = "/etc/passwd",
			.line = x->line,
			.observed = observed,
			.expected = expected,
		});
}

bool account_report_unread(struct verdict *ret, const struct accounts *a, unsigned mask)
{
	static const char *const subjects[ACCOUNTS_FILE_MAX] = {
		[ACCOUNTS_PASSWD] = "file /etc/passwd",
		[ACCOUNTS_SHADOW] = "file /etc/shadow",
		[ACCOUNTS_GROUP] = "file /etc/group",
		[ACCOUNTS_GSHADOW] = "file /etc/gshadow",
		[ACCOUNTS_LOGIN_DEFS] = "file /etc/login.defs",
	};
	bool any = false;

	for (int i = 0; i < ACCOUNTS_FILE_MAX; i++) {
		enum fact_state state = a->file_state[i];
		if (!(mask & 1u << i) || state == FACT_STATE_OK || state == FACT_STATE_ABSENT)
			continue;
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_ERROR,
					 .subject = subjects[i],
					 .path = subjects[i] + sizeof("file ") - 1,
					 .observed = a->file_reason[i],
					 .expected = "readable by the monitor",
				 });
		any = true;
	}
	return any;
}
