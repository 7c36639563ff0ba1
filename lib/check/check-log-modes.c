/* SPDX-License-Identifier: ISC */
#include "check/checks.h"
#include "fact/log-files.h"

static void evaluate_modes(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_LOG_FILES), ret))
		return;
	const struct log_files *files = factset_get(facts, FACT_LOG_FILES)->u.log_files;
	for (size_t i = 0; i < files->n; i++) {
		const struct log_file *file = &files->v[i];
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_FAIL,
					 .severity = file->write ? SEV_HIGH : SEV_MEDIUM,
					 .subject = arena_printf(ret->arena, "file %s", file->path),
					 .path = file->path,
					 .observed = file->observed,
					 .expected = file->expected,
				 });
	}
	if (files->unread)
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_ERROR,
					 .subject = "log files",
					 .path = files->unread_path,
					 .observed = files->unread,
					 .expected = "able to look into every directory of logs",
				 });
	if (files->cut)
		verdict_add(
			ret, &(struct evidence){
				     .result = RESULT_UNKNOWN,
				     .subject = "log files",
				     .observed = "there are more files below /var/log, or faults, "
						 "than are looked at",
				     .expected = "all of them looked at",
			     });
	if (ret->n_evidence == 0)
		verdict_summary(ret,
			"of logs nobody but their services and the distribution's groups "
			"can write or read more than the distribution lets them");
}

const struct check check_log_modes = {
	.id = "log-modes",
	.title = "Logs can be written by their services alone, and read by no more than intended",
	.severity = SEV_MEDIUM,
	.guides = "P N14",
	.references = "CIS Debian 12 6.1.4.1, rsyslog.conf(5) $FileCreateMode, logrotate(8) create",
	.rationale =
		"A log that others may write proves nothing: whoever broke in removes their lines "
		"from it. Logs of logins, of mail and of services hold names, addresses and now "
		"and "
		"then a password typed at the wrong prompt.",
	.remedy = "`chmod 0640 FILE && chown root:adm FILE` for the files of the evidence (0660 "
		  "root:utmp for btmp), `chmod o-w` for what others may write. So that it stays: "
		  "`$FileCreateMode 0640` in /etc/rsyslog.conf, and `create 0640 root adm` in the "
		  "log's "
		  "file of /etc/logrotate.d.",
	.remedy_rhel =
		"`chmod 0600 FILE && chown root:root FILE` for the files of the evidence (0660 "
		"root:utmp for btmp), `chmod o-w` for what others may write. So that it stays: "
		"`$FileCreateMode 0600` in /etc/rsyslog.conf, and `create 0600 root root` in the "
		"log's "
		"file of /etc/logrotate.d.",
	.facts = FACT_BIT(FACT_LOG_FILES),
	.evaluate = evaluate_modes,
};
