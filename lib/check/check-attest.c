/* SPDX-License-Identifier: ISC */
/* What no program on a virtual machine can see, and somebody must therefore state. */
#include <string.h>

#include "check/attest.h"
#include "check/checks.h"

const struct check check_announcements = {
	.id = "announcements",
	.title = "Somebody reads the distribution's security announcements",
	.severity = SEV_MEDIUM,
	.guides = "P N07",
	.references = "https://lists.debian.org/debian-security-announce/",
	.rationale = "Some flaws must be acted on the same day: a workaround, a service to stop, a "
		     "key to replace. No automatic update does that; somebody has to hear of it.",
	.remedy = "Subscribe a mailbox that people read to debian-security-announce (Ubuntu: "
		  "https://ubuntu.com/security/notices), and state it in [attestation "
		  "announcements] of hardend.conf(5).",
	.remedy_rhel = "Subscribe a mailbox that people read to the security advisories "
		       "(https://access.redhat.com/security/updates/advisory, or the mailing list "
		       "of your distribution), and state it in [attestation announcements] of "
		       "hardend.conf(5).",
	.attestation = "who reads the distribution's security announcements, and where they arrive",
	.evaluate = attest_evaluate,
};

static void evaluate_window(const struct check *c, const struct factset *facts,
	const struct policy *policy, uint64_t realtime_usec, struct verdict *ret)
{
	if (strcmp(policy_string(policy, "policy", "update_mode"), "automatic") == 0) {
		verdict_set(ret, RESULT_NOTAPPLICABLE,
			"updates are to be installed automatically ([policy] update_mode)");
		return;
	}
	attest_evaluate(c, facts, policy, realtime_usec, ret);
	/* The policy itself relies on a window: none is as bad as one that lapsed. */
	if (ret->result == RESULT_NOTCHECKED)
		verdict_add(
			ret, &(struct evidence){
				     .result = RESULT_FAIL,
				     .severity = c->severity,
				     .subject = "attestation update-window",
				     .observed = "update_mode = window, and no window is stated",
				     .expected = "[attestation update-window], or update_mode = "
						 "automatic",
			     });
}

const struct check check_update_window = {
	.id = "update-window",
	.title = "Where updates are not automatic, a maintenance window is stated",
	.severity = SEV_HIGH,
	.guides = "P",
	.rationale = "A machine that must not update by itself still has to be updated. A window "
		     "that nobody has planned is put off until the flaw is used.",
	.remedy = "Agree on a regular window and state it in [attestation update-window] of "
		  "hardend.conf(5): when, who does it, until when that is agreed. Or set "
		  "`update_mode = automatic` in [policy] and install unattended-upgrades.",
	.remedy_rhel =
		"Agree on a regular window and state it in [attestation update-window] of "
		"hardend.conf(5): when, who does it, until when that is agreed. Or set "
		"`update_mode = automatic` in [policy] and run `dnf install dnf-automatic && "
		"systemctl enable --now dnf-automatic-install.timer`.",
	.attestation = "when updates are installed by hand, and who does it",
	.evaluate = evaluate_window,
};

const struct check check_backup_isolated = {
	.id = "backup-isolated",
	.title = "The backups survive the loss of the machine that makes them",
	.severity = SEV_HIGH,
	.guides = "X",
	.rationale = "Whoever takes over a server also holds its backup client. If that may delete "
		     "old backups, the attacker can take both.",
	.remedy =
		"Let the backup server fetch, or give the client append-only access (`borg serve "
		"--append-only`, restic's rest-server `--append-only`, object lock on the bucket), "
		"or copy the backups to a second account; then state it in [attestation "
		"backup-isolated] of hardend.conf(5).",
	.attestation = "how the backups are kept from whoever controls this machine",
	.evaluate = attest_evaluate,
};

const struct check check_cloud_mfa = {
	.id = "cloud-mfa",
	.title = "The cloud console asks for a second factor",
	.severity = SEV_HIGH,
	.guides = "X",
	.references = "RFC 6238",
	.rationale =
		"A password alone can be lost, guessed or phished, and whoever has the console "
		"has every machine, disk and backup of the account.",
	.remedy =
		"Demand two-factor authentication of every member in the cloud account's settings "
		"(TOTP or a hardware token), and state it in [attestation cloud-mfa] of "
		"hardend.conf(5).",
	.attestation = "that every member of the cloud account needs a second factor, and who "
		       "checks it",
	.evaluate = attest_evaluate,
};

const struct check check_cloud_bucket_acl = {
	.id = "cloud-bucket-acl",
	.title = "The object storage buckets are not public",
	.severity = SEV_HIGH,
	.guides = "X",
	.rationale = "A bucket with a public ACL gives its data to everybody who guesses its name, "
		     "past every firewall.",
	.remedy =
		"List the ACLs (`s3cmd info s3://BUCKET`, `openstack container show BUCKET`), make "
		"them private (`s3cmd setacl --acl-private --recursive s3://BUCKET`), and state it "
		"in [attestation cloud-bucket-acl] of hardend.conf(5).",
	.attestation = "that the buckets' ACLs are not public, and when that was looked at",
	.evaluate = attest_evaluate,
};

const struct check check_cloud_api_key_guard = {
	.id = "cloud-api-key-guard",
	.title = "The cloud's API keys are restricted and kept in a vault",
	.severity = SEV_HIGH,
	.guides = "X",
	.rationale = "The loss of an unrestricted API key is the loss of the whole cloud account.",
	.remedy =
		"Give each key only the services that it needs, keep keys in a vault such as "
		"HashiCorp Vault and not on servers, guard the operators' machines like production "
		"servers, and state it in [attestation cloud-api-key-guard] of hardend.conf(5).",
	.attestation = "which keys there are, how they are restricted, and where they are kept",
	.evaluate = attest_evaluate,
};

const struct check check_cloud_access_process = {
	.id = "cloud-access-process",
	.title = "There is a procedure to give and to take away a person's access",
	.severity = SEV_MEDIUM,
	.guides = "X",
	.rationale =
		"Access that was never taken away is the usual way in for former staff, and for "
		"whoever finds their keys.",
	.remedy = "Write down who adds and who removes a person's keys and accounts, and by what "
		  "(configuration management, LDAP), try it once, and state it in [attestation "
		  "cloud-access-process] of hardend.conf(5).",
	.attestation = "where the procedure is written down, and who carries it out",
	.evaluate = attest_evaluate,
};

const struct check check_cloud_infrastructure_tests = {
	.id = "cloud-infrastructure-tests",
	.title = "Updates are tried in a test environment that is built by code",
	.severity = SEV_LOW,
	.guides = "X",
	.rationale =
		"Where nothing tells whether an update breaks the service, updates are put off. "
		"Tests against a machine that code sets up take that fear away.",
	.remedy =
		"Describe the servers by code (Terraform, Ansible), run end-to-end tests against a "
		"copy before each update, and state it in [attestation cloud-infrastructure-tests] "
		"of hardend.conf(5).",
	.attestation = "which tests run against which environment before an update",
	.evaluate = attest_evaluate,
};
