/* SPDX-License-Identifier: ISC */
/*
 * Checks that this version has no eyes for yet: they need the firewall, the
 * sockets, a probe or the metadata service. They are rows like any other, so
 * that nobody takes a check for passed that was never made.
 */
#include "check/checks.h"

static void evaluate_later(_unused_ const struct check *c, _unused_ const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	verdict_set(ret, RESULT_NOTCHECKED, "not built yet: this version does not judge it");
}

#define LATER(symbol, ...) \
	const struct check symbol = {__VA_ARGS__, .kind = CHECK_LATER, .evaluate = evaluate_later}

/* ---- ssh ---- */

LATER(check_ssh_authorized_keys_origin, .id = "ssh-authorized-keys-origin",
	.title = "Authorized keys are those that the cloud's metadata service gives",
	.severity = SEV_MEDIUM, .guides = "P N10", .references = "sshd(8), cloud-init",
	.rationale = "A key that lies in the image is on every machine made from it, and stays "
		     "there after the key was withdrawn in the cloud. A key from the metadata "
		     "service can be replaced in one place.",
	.remedy = "Remove the keys from the image (`truncate -s 0 /home/USER/.ssh/authorized_keys` "
		  "before it is saved), add the public key to the cloud project, and let "
		  "cloud-init write it at boot.");

/* ---- network ---- */

LATER(check_listener_unauthenticated, .id = "listener-unauthenticated",
	.title = "Internal services ask for a password or a certificate", .severity = SEV_HIGH,
	.guides = "X", .references = "OWASP: Server Side Request Forgery",
	.rationale = "A web application can be talked into asking services on its own network. One "
		     "that answers without authentication gives its data away.",
	.remedy = "Switch authentication on: `requirepass` or ACLs in redis.conf, `authorization: "
		  "enabled` in mongod.conf, `xpack.security.enabled: true` in elasticsearch.yml, a "
		  "client certificate for etcd and Docker.");

LATER(check_metadata_secrets, .id = "metadata-secrets",
	.title = "The machine's user-data holds no secret", .severity = SEV_HIGH, .guides = "X",
	.references = "cloud-init",
	.rationale = "User-data can be read again by everything that reaches the metadata service, "
		     "and cloud-init keeps copies of it. A key or password in it has leaked to the "
		     "first flaw that makes a request.",
	.remedy = "Take the secret out of user-data, replace it (it must count as known), fetch it "
		  "from a vault at boot, and remove the copies: `cloud-init clean`.");

/* ---- tls and http ---- */

LATER(check_tls_protocol, .id = "tls-protocol", .title = "No TLS older than 1.2 is spoken",
	.severity = SEV_HIGH, .guides = "X", .references = "RFC 8996, ssl-config.mozilla.org",
	.rationale = "SSL and TLS 1.0 and 1.1 have known flaws; no client of today needs them.",
	.remedy = "nginx: `ssl_protocols TLSv1.2 TLSv1.3;`, Apache: `SSLProtocol -all +TLSv1.2 "
		  "+TLSv1.3`; then reload the server.");

LATER(check_tls_cipher, .id = "tls-cipher", .title = "Only modern cipher suites are accepted",
	.severity = SEV_MEDIUM, .guides = "X", .references = "ssl-config.mozilla.org",
	.rationale = "A listener that still takes an old suite can be talked down to it.",
	.remedy = "Take the intermediate configuration of https://ssl-config.mozilla.org/ for your "
		  "server (`ssl_ciphers` in nginx, `SSLCipherSuite` in Apache) and reload it.");

LATER(check_tls_certificate, .id = "tls-certificate",
	.title = "Certificates are valid, cover the host and do not end soon", .severity = SEV_HIGH,
	.guides = "X", .references = "RFC 5280, RFC 6125",
	.rationale = "A certificate that clients must refuse teaches people to click warnings "
		     "away, and hides the man in the middle.",
	.remedy = "Renew it: `certbot renew`, and reload the server; see that `certbot.timer` is "
		  "enabled.");

LATER(check_http_redirect, .id = "http-redirect",
	.title = "HTTP only redirects, permanently, to the same page's HTTPS",
	.severity = SEV_MEDIUM, .guides = "A X", .references = "RFC 9110",
	.rationale = "What is served over HTTP can be read and changed on the way.",
	.remedy =
		"nginx: `return 301 https://$host$request_uri;` in the server of port 80; Apache: "
		"`Redirect permanent / https://HOST/`.");

LATER(check_http_hsts, .id = "http-hsts",
	.title = "HTTPS answers carry Strict-Transport-Security of a year", .severity = SEV_LOW,
	.guides = "X", .references = "RFC 6797",
	.rationale = "The header keeps browsers from ever trying plain HTTP again, where the first "
		     "request could be caught.",
	.remedy = "nginx: `add_header Strict-Transport-Security \"max-age=31536000\" always;`, "
		  "Apache: `Header always set Strict-Transport-Security \"max-age=31536000\"`.");

LATER(check_http_headers, .id = "http-headers",
	.title = "Web answers carry the security headers, and tell no versions",
	.severity = SEV_LOW, .guides = "X", .references = "observatory.mozilla.org",
	.rationale = "The headers make the browser itself refuse whole classes of attack: injected "
		     "scripts, framing, stolen cookies.",
	.remedy = "Set Content-Security-Policy with frame-ancestors, X-Content-Type-Options and "
		  "Referrer-Policy; cookies with Secure, HttpOnly and SameSite; `server_tokens "
		  "off;` in nginx, `ServerTokens Prod` in Apache.");

LATER(check_http_waf, .id = "http-waf", .title = "Whether a web application firewall is loaded",
	.severity = SEV_LOW, .guides = "X", .references = "modsecurity.org",
	.rationale = "Where a web application is not checked and mended all the time, a filter in "
		     "front of it stops the common attacks.",
	.remedy = "`apt-get install libapache2-mod-security2` or `libnginx-mod-http-modsecurity`, "
		  "with the OWASP core rule set (`modsecurity-crs`).",
	.remedy_rhel = "`dnf install mod_security mod_security_crs`.");

/* ---- this daemon ---- */

LATER(check_monitor_delivery, .id = "monitor-delivery",
	.title = "The remote collector acknowledges the alerts", .severity = SEV_HIGH,
	.guides = "+", .references = "hardend(8)",
	.rationale = "An alert that stays on the machine is one that an intruder can remove.",
	.remedy = "See `hardenctl status` for what waits, then the collector's address, its "
		  "certificate and the way to it.");
