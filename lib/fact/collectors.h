/* SPDX-License-Identifier: ISC */
/*
 * Every collector, one line each, in the order of enum fact_id. A collector may
 * only need facts that stand above it.
 */
#pragma once

#include "fact/fact.h"

#define COLLECTORS                                                   \
	COLLECTOR(FACT_OS, collector_os)                             \
	COLLECTOR(FACT_SUPPORT, collector_support)                   \
	COLLECTOR(FACT_ACCOUNTS, collector_accounts)                 \
	COLLECTOR(FACT_ACCOUNT_FILES, collector_account_files)       \
	COLLECTOR(FACT_HOMES, collector_homes)                       \
	COLLECTOR(FACT_LOGINS, collector_logins)                     \
	COLLECTOR(FACT_PAM, collector_pam)                           \
	COLLECTOR(FACT_SUDO, collector_sudo)                         \
	COLLECTOR(FACT_SSHD, collector_sshd)                         \
	COLLECTOR(FACT_SSH_HOST_KEYS, collector_ssh_host_keys)       \
	COLLECTOR(FACT_SSH_USER_KEYS, collector_ssh_user_keys)       \
	COLLECTOR(FACT_SSH_PRIVATE_KEYS, collector_ssh_private_keys) \
	COLLECTOR(FACT_PACKAGES, collector_packages)                 \
	COLLECTOR(FACT_KERNEL, collector_kernel)                     \
	COLLECTOR(FACT_UNITS, collector_units)                       \
	COLLECTOR(FACT_CRON, collector_cron)                         \
	COLLECTOR(FACT_ADDRESSES, collector_addresses)               \
	COLLECTOR(FACT_SYSCTL, collector_sysctl)                     \
	COLLECTOR(FACT_FIREWALL, collector_firewall)                 \
	COLLECTOR(FACT_LISTENERS, collector_listeners)               \
	COLLECTOR(FACT_APT_CONF, collector_apt_conf)                 \
	COLLECTOR(FACT_REPOS, collector_repos)                       \
	COLLECTOR(FACT_UPDATES, collector_updates)                   \
	COLLECTOR(FACT_PACKAGE_FILES, collector_package_files)       \
	COLLECTOR(FACT_CREDENTIALS, collector_credentials)           \
	COLLECTOR(FACT_LOGGING, collector_logging)                   \
	COLLECTOR(FACT_GUARDS, collector_guards)                     \
	COLLECTOR(FACT_ENVIRONMENT, collector_environment)           \
	COLLECTOR(FACT_PENDING, collector_pending)                   \
	COLLECTOR(FACT_PROCESSES, collector_processes)               \
	COLLECTOR(FACT_BACKUPS, collector_backups)                   \
	COLLECTOR(FACT_AUDITD, collector_auditd)                     \
	COLLECTOR(FACT_LOG_KEPT, collector_log_kept)                 \
	COLLECTOR(FACT_LOG_FILES, collector_log_files)               \
	COLLECTOR(FACT_NAME_SERVERS, collector_name_servers)         \
	COLLECTOR(FACT_TIME_SERVERS, collector_time_servers)         \
	COLLECTOR(FACT_CLEAR_SERVERS, collector_clear_servers)       \
	COLLECTOR(FACT_SECURITY_GROUPS, collector_security_groups)   \
	COLLECTOR(FACT_SELF, collector_self)

#define COLLECTOR(ID, symbol) extern const struct collector symbol;
COLLECTORS
#undef COLLECTOR
