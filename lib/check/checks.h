/* SPDX-License-Identifier: ISC */
/*
 * Every check, one line each, sorted by id; each is a `const struct check` of
 * the file of its area.
 */
#pragma once

#include "check/check.h"

#define CHECKS                                                                                     \
	CHECK(check_account_consistency)                                                           \
	CHECK(check_account_empty_password)                                                        \
	CHECK(check_account_file_modes)                                                            \
	CHECK(check_account_home_modes)                                                            \
	CHECK(check_account_password_hash)                                                         \
	CHECK(check_account_password_usable)                                                       \
	CHECK(check_account_root_groups)                                                           \
	CHECK(check_account_root_password)                                                         \
	CHECK(check_account_service_login)                                                         \
	CHECK(check_account_sudo)                                                                  \
	CHECK(check_account_uid_zero)                                                              \
	CHECK(check_account_unneeded)                                                              \
	CHECK(check_announcements)                                                                 \
	CHECK(check_backup_configured)                                                             \
	CHECK(check_backup_isolated)                                                               \
	CHECK(check_backup_recent)                                                                 \
	CHECK(check_cloud_access_process)                                                          \
	CHECK(check_cloud_api_key_guard)                                                           \
	CHECK(check_cloud_bucket_acl)                                                              \
	CHECK(check_cloud_infrastructure_tests)                                                    \
	CHECK(check_cloud_mfa)                                                                     \
	CHECK(check_dns_recursion)                                                                 \
	CHECK(check_firewall_active)                                                               \
	CHECK(check_firewall_default_deny)                                                         \
	CHECK(check_firewall_egress)                                                               \
	CHECK(check_firewall_icmp)                                                                 \
	CHECK(check_firewall_open_to_world)                                                        \
	CHECK(check_firewall_orphan_opening)                                                       \
	CHECK(check_firewall_port_ranges)                                                          \
	CHECK(check_http_headers)                                                                  \
	CHECK(check_http_hsts)                                                                     \
	CHECK(check_http_redirect)                                                                 \
	CHECK(check_http_waf)                                                                      \
	CHECK(check_intrusion_audit)                                                               \
	CHECK(check_ip_forwarding)                                                                 \
	CHECK(check_listener_allowlist)                                                            \
	CHECK(check_listener_plaintext)                                                            \
	CHECK(check_listener_private_service)                                                      \
	CHECK(check_listener_unauthenticated)                                                      \
	CHECK(check_log_modes)                                                                     \
	CHECK(check_log_remote)                                                                    \
	CHECK(check_log_remote_secure)                                                             \
	CHECK(check_log_retention)                                                                 \
	CHECK(check_mail_server)                                                                   \
	CHECK(check_metadata_reachable)                                                            \
	CHECK(check_metadata_secrets)                                                              \
	CHECK(check_monitor_coverage)                                                              \
	CHECK(check_monitor_delivery)                                                              \
	CHECK(check_monitor_integrity)                                                             \
	CHECK(check_ntp_exposure)                                                                  \
	CHECK(check_os_supported)                                                                  \
	CHECK(check_package_drift)                                                                 \
	CHECK(check_package_integrity)                                                             \
	CHECK(check_package_origin)                                                                \
	CHECK(check_repo_trust)                                                                    \
	CHECK(check_secret_cloud_credentials)                                                      \
	CHECK(check_secret_in_environment)                                                         \
	CHECK(check_security_group)                                                                \
	CHECK(check_service_brute_force_guard)                                                     \
	CHECK(check_service_drift)                                                                 \
	CHECK(check_service_sandbox)                                                               \
	CHECK(check_service_scanner)                                                               \
	CHECK(check_service_unneeded)                                                              \
	CHECK(check_ssh_access_limited)                                                            \
	CHECK(check_ssh_authorized_key_strength)                                                   \
	CHECK(check_ssh_authorized_keys_origin)                                                    \
	CHECK(check_ssh_config_valid)                                                              \
	CHECK(check_ssh_crypto)                                                                    \
	CHECK(check_ssh_empty_passwords)                                                           \
	CHECK(check_ssh_exposure)                                                                  \
	CHECK(check_ssh_host_key_strength)                                                         \
	CHECK(check_ssh_host_keys_unique)                                                          \
	CHECK(check_ssh_key_files_private)                                                         \
	CHECK(check_ssh_mfa)                                                                       \
	CHECK(check_ssh_password_login)                                                            \
	CHECK(check_ssh_port)                                                                      \
	CHECK(check_ssh_private_keys_on_host)                                                      \
	CHECK(check_ssh_root_login)                                                                \
	CHECK(check_ssh_tunnels)                                                                   \
	CHECK(check_tls_certificate)                                                               \
	CHECK(check_tls_cipher)                                                                    \
	CHECK(check_tls_protocol)                                                                  \
	CHECK(check_update_age)                                                                    \
	CHECK(check_update_automatic)                                                              \
	CHECK(check_update_kernel)                                                                 \
	CHECK(check_update_pending)                                                                \
	CHECK(check_update_restart)                                                                \
	CHECK(check_update_window)

#define CHECK(symbol) extern const struct check symbol;
CHECKS
#undef CHECK
