/* SPDX-License-Identifier: ISC */
#include "fact/logging.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "fact/collectors.h"

static const struct {
	const char *name;
	const char *units[4];
} programs[] = {
	[LOG_RSYSLOG] = {"rsyslog", {"rsyslog.service"}},
	[LOG_SYSLOG_NG] = {"syslog-ng", {"syslog-ng.service", "syslog-ng@default.service"}},
	[LOG_JOURNAL_UPLOAD] = {"systemd-journal-upload", {"systemd-journal-upload.service"}},
	[LOG_NETLOGD] = {"systemd-netlogd", {"systemd-netlogd.service"}},
	[LOG_VECTOR] = {"vector", {"vector.service"}},
	[LOG_FLUENT_BIT] = {"fluent-bit", {"fluent-bit.service", "td-agent-bit.service"}},
	[LOG_FILEBEAT] = {"filebeat", {"filebeat.service"}},
	[LOG_PROMTAIL] = {"promtail", {"promtail.service", "loki-promtail.service"}},
	[LOG_ALLOY] = {"alloy", {"alloy.service", "grafana-alloy.service"}},
};
_Static_assert(ARRAY_SIZE(programs) == LOG_PROGRAM_MAX, "each program has a name");

const char *log_program_name(enum log_program p)
{
	return programs[p].name;
}

const char *const *log_program_units(enum log_program p)
{
	return programs[p].units;
}

bool log_host_is_local(const char *host)
{
	static const char *const names[] = {
		"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"};
	struct in6_addr six;
	struct in_addr four;

	if (*host == '/' || strncmp(host, "unix:", 5) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcasecmp(host, names[i]) == 0)
			return true;
	}
	if (inet_aton(host, &four))
		return four.s_addr == 0 || ntohl(four.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, host, &six) != 1)
		return false;
	return IN6_IS_ADDR_LOOPBACK(&six) || IN6_IS_ADDR_UNSPECIFIED(&six) ||
	       (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127);
}

const char *log_forward_text(struct arena *a, const struct log_forward *f)
{
	bool bracket = *f->port && strchr(f->host, ':');

	return arena_printf(a, "%s %s%s%s%s%s", f->transport, bracket ? "[" : "",
		*f->host ? f->host : "?", bracket ? "]" : "", *f->port ? ":" : "", f->port);
}

const char *log_forward_subject(struct arena *a, const struct log_forward *f)
{
	const char *text = log_forward_text(a, f);

	return text ? arena_printf(a, "log forwarding %s %s", programs[f->program].name, text)
		    : NULL;
}

int log_split_host(struct arena *a, const char *s, const char **ret_host, const char **ret_port)
{
	const char *scheme = strstr(s, "://");

	if (scheme && strcspn(s, "/?#") == (size_t)(scheme - s) + 1)
		s = scheme + 3;
	/* A password may hold an "@" of its own; none of it may get into an item. */
	const char *end = s + strcspn(s, "/?#");
	for (const char *at = s; at < end; at++) {
		if (*at == '@')
			s = at + 1;
	}
	size_t n = *s == '[' ? strcspn(s, "]") : strcspn(s, ":/?#");
	const char *rest = s + n + (s[n] == ']');
	const char *host = arena_strndup(a, s + (*s == '['), n - (*s == '['));
	const char *port = *rest == ':' ? arena_strndup(a, rest + 1, strcspn(rest + 1, "/?#,"))
					: "";
	if (!host || !port)
		return -ENOMEM;
	*ret_host = host;
	*ret_port = port;
	return 0;
}

struct log_forward *log_add_forward(struct log_reading *r, const struct log_forward *f)
{
	struct log_forward *place = arena_grow(r->a, &r->v, r->log->n, sizeof(*place));

	if (!place)
		return NULL;
	r->log->n++;
	*place = *f;
	return place;
}

struct log_local *log_add_local(struct log_reading *r, const struct log_local *l)
{
	struct log_local *place = arena_grow(r->a, &r->local, r->log->n_local, sizeof(*place));

	if (!place)
		return NULL;
	r->log->n_local++;
	*place = *l;
	return place;
}

int log_set_config(struct log_reading *r, enum log_program p, int error, const char *path,
	unsigned line, const char *reason)
{
	struct log_config *c = &r->log->config[p];

	if (error == -ENOMEM)
		return error;
	c->state = error < 0 ? fact_state_from_errno(error) : FACT_STATE_OK;
	c->path = arena_strdup(r->a, path);
	c->line = line;
	c->reason = reason ? text_clean(r->a, reason) : NULL;
	return (path && !c->path) || (reason && !c->reason) ? -ENOMEM : 0;
}

/* What the item's value says: how well the channel is kept, and what goes through. */
static const char *value_of(struct arena *a, const struct log_forward *f)
{
	static const char *const peers[] = {
		[LOG_PEER_NONE] = "not encrypted",
		[LOG_PEER_ANYONE] = "encrypted, the receiver not verified",
		[LOG_PEER_CA] = "encrypted, the receiver's name not verified",
		[LOG_PEER_UNKNOWN] = "encryption not known",
		[LOG_PEER_NAME] = "encrypted, the receiver verified",
	};
	bool maybe;
	const char *missing = log_pri_missing(&f->pri, &maybe);

	if (f->broken)
		return arena_printf(a, "sends nothing: %s", f->broken);
	if (log_pri_is_none(&f->pri))
		return arena_printf(a, "%s, no message of this machine reaches it", peers[f->peer]);
	return arena_printf(
		a, "%s, %s", peers[f->peer], missing ? "some messages" : "the system's messages");
}

static int add_items(struct fact *f, const struct logging *log)
{
	for (size_t i = 0; i < log->n; i++) {
		const struct log_forward *v = &log->v[i];
		const char *subject = log_forward_subject(f->arena, v);
		const char *value = value_of(f->arena, v);
		if (!subject || !value)
			return -ENOMEM;
		fact_add_item(f, subject, value, v->path, v->line);
	}
	/* What stands behind an error is unseen, not gone. */
	for (int p = 0; p < LOG_PROGRAM_MAX; p++) {
		if (!log->config[p].reason || log->config[p].state == FACT_STATE_ABSENT)
			continue;
		char pattern[64];
		(void)snprintf(pattern, sizeof(pattern), "log forwarding %s *", programs[p].name);
		fact_add_unseen(f, pattern);
	}
	return 0;
}

static int logging_collect(const struct collect *c, struct fact *f)
{
	static int (*const readers[])(struct log_reading *) = {
		log_read_rsyslog,
		log_read_syslog_ng,
		log_read_journal_upload,
		log_read_netlogd,
		log_read_agents,
	};
	struct logging *log = arena_alloc(f->arena, sizeof(*log));
	struct log_reading r = {.a = f->arena, .root = c->root, .log = log};

	if (!log)
		return -ENOMEM;
	for (int p = 0; p < LOG_PROGRAM_MAX; p++)
		log->config[p].state = FACT_STATE_ABSENT;
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		int e = readers[i](&r);
		if (e < 0)
			return e;
	}
	int e = log_mark_own(&r);
	if (e < 0)
		return e;
	log->v = r.v;
	log->local = r.local;
	f->u.logging = log;
	return add_items(f, log);
}

const struct collector collector_logging = {
	.id = FACT_LOGGING,
	.name = "logging",
	.collect = logging_collect,
};
