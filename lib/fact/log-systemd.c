/* SPDX-License-Identifier: ISC */
/* systemd-journal-upload and systemd-netlogd: both send all that is in the journal. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fact/logging.h"
#include "fact/systemd-conf.h"

static void place(struct log_forward *f, const struct systemd_setting *s)
{
	f->path = s->path;
	f->line = s->line;
}

/* What is known of a configuration that systemd's rules put together. */
static int set_config(struct log_reading *r, enum log_program p, const struct systemd_conf *c)
{
	if (c->error < 0)
		return log_set_config(r, p, c->error, NULL, 0, c->reason);
	return c->any ? log_set_config(r, p, 0, NULL, 0, NULL) : 0;
}

static int read_upload(struct log_reading *r, const struct systemd_conf *c)
{
	const struct systemd_setting *url = systemd_conf_get(c, "Upload", "URL");
	const struct systemd_setting *trust = systemd_conf_get(
		c, "Upload", "TrustedCertificateFile");
	struct log_forward f = {
		.program = LOG_JOURNAL_UPLOAD,
		.transport = "https",
		.peer = LOG_PEER_NAME,
		.peer_why = "https",
		.pri = log_pri_all(),
	};

	if (!url)
		return 0;
	const char *s = url->value;
	place(&f, url);
	if (strncasecmp(s, "http://", 7) == 0) {
		f.transport = "http";
		f.peer = LOG_PEER_NONE;
		f.peer_why = "http";
		s += 7;
	} else if (strncasecmp(s, "https://", 8) == 0) {
		s += 8;
	}
	if (f.peer == LOG_PEER_NAME && trust &&
		(strcmp(trust->value, "all") == 0 || strcmp(trust->value, "-") == 0)) {
		f.peer = LOG_PEER_ANYONE;
		f.peer_why = "TrustedCertificateFile=all";
		place(&f, trust);
	}
	int e = log_split_host(r->a, s, &f.host, &f.port);
	if (e == 0 && !*f.port)
		f.port = "19532";
	return e == 0 && log_add_forward(r, &f) ? 0 : -ENOMEM;
}

int log_read_journal_upload(struct log_reading *r)
{
	struct systemd_conf conf;
	int e = systemd_conf_read(r->a, r->root, "journal-upload", &conf);

	if (e == 0)
		e = set_config(r, LOG_JOURNAL_UPLOAD, &conf);
	return e == 0 ? read_upload(r, &conf) : e;
}

/* It checks the chain of a certificate, not the name in it. */
static void judge_netlogd(const struct systemd_conf *c, struct log_forward *f)
{
	const struct systemd_setting *protocol = systemd_conf_get(c, "Network", "Protocol");
	const struct systemd_setting *mode = systemd_conf_get(
		c, "Network", "TLSCertificateAuthMode");

	f->transport = protocol ? protocol->value : "udp";
	f->peer = LOG_PEER_NONE;
	f->peer_why = "Protocol is neither tls nor dtls";
	if (strcasecmp(f->transport, "tls") != 0 && strcasecmp(f->transport, "dtls") != 0)
		return;
	f->peer = LOG_PEER_CA;
	f->peer_why = "TLSCertificateAuthMode=deny checks no name";
	if (mode && strcasecmp(mode->value, "deny") != 0) {
		f->peer = LOG_PEER_ANYONE;
		f->peer_why = "TLSCertificateAuthMode is not deny";
		place(f, mode);
	}
}

int log_read_netlogd(struct log_reading *r)
{
	struct systemd_conf conf;
	struct log_forward f = {.program = LOG_NETLOGD, .pri = log_pri_all()};
	int e = systemd_conf_read(r->a, r->root, "netlogd", &conf);

	if (e == 0)
		e = set_config(r, LOG_NETLOGD, &conf);
	const struct systemd_setting *address = e == 0 ? systemd_conf_get(
								 &conf, "Network", "Address")
						       : NULL;
	if (e < 0 || !address)
		return e;
	place(&f, address);
	judge_netlogd(&conf, &f);
	e = log_split_host(r->a, address->value, &f.host, &f.port);
	return e == 0 && log_add_forward(r, &f) ? 0 : -ENOMEM;
}
