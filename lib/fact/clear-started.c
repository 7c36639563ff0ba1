/* SPDX-License-Identifier: ISC */
#include "fact/clear-started.h"

#include <errno.h>
#include <string.h>

#include "base/services.h"
#include "base/text.h"
#include "fact/units.h"

typedef int (*reader)(struct arena *, const struct root *, struct clear_list *);

/* In this order: the first that matches holds. */
static const struct {
	const char *server; /* the name of its file, a pattern of fnmatch(3) */
	const char *protocol;
	enum {
		ALWAYS,	  /* in the clear */
		NEVER,	  /* it does nothing but encrypted */
		CONFIG,	  /* as its configuration says */
		UNDECIDED /* as it says, and it is not read */
	} how;
	reader read;
} servers[] = {
	{"*telnetd*", "telnet", ALWAYS, NULL},
	{"*rshd*", "rsh", ALWAYS, NULL},
	{"*rlogind*", "rlogin", ALWAYS, NULL},
	{"*rexecd*", "rexec", ALWAYS, NULL},
	{"*tftpd*", "TFTP", ALWAYS, NULL},
	{"vsftpd", "FTP", CONFIG, clear_vsftpd},
	{"pure-ftpd*", "FTP", CONFIG, clear_pureftpd},
	{"*proftpd*", "FTP", CONFIG, clear_proftpd},
	{"*ftpd*", "FTP", ALWAYS, NULL},
	{"*fingerd*", "finger", ALWAYS, NULL},
	{"*talkd*", "talk", ALWAYS, NULL},
	{"*pop3d*", "POP3", UNDECIDED, NULL},
	{"*popper*", "POP3", UNDECIDED, NULL},
	{"*imapd*", "IMAP", UNDECIDED, NULL},
	{"X*vnc*", "VNC", UNDECIDED, NULL},
	{"x11vnc", "VNC", ALWAYS, NULL},
	{"stunnel*", "TLS", NEVER, NULL},
	{"sshd", "SSH", NEVER, NULL},
};

/* The path of the server or its name, and *ret_args its words. */
static const char *server_of(const struct clear_started *s, const char *const **ret_args)
{
	static const char *const wrappers[] = {"tcpd", "busybox"};
	const char *name = text_base_name(s->server);

	*ret_args = s->args;
	for (size_t i = 0; i < ARRAY_SIZE(wrappers); i++) {
		if (strcmp(name, wrappers[i]) != 0)
			continue;
		for (const char *const *w = s->args; *w; w++) {
			if (**w == '-' || strcmp(text_base_name(*w), wrappers[i]) == 0)
				continue;
			*ret_args = w;
			return *w;
		}
	}
	return s->server;
}

/* The Debian servers that speak TLS as well do nothing else with this option. */
static bool is_secure(const char *const *args)
{
	for (; *args; args++) {
		if (strcmp(*args, "-z") == 0 && args[1] && strcmp(args[1], "secure") == 0)
			return true;
	}
	return false;
}

/* As a unit would start it, for the reader of its configuration; the worst that it finds. */
static int ask_reader(struct arena *a, const struct root *root, reader read,
	const struct clear_started *s, struct clear_service *ret)
{
	struct unit_setting exec = {"ExecStart", s->server, s->at.path, s->at.line};
	const struct unit unit = {.name = "inetd.service", .settings = &exec, .n_settings = 1};
	const struct units units = {.v = &unit, .n = 1};
	struct clear_list found = {.units = &units};
	const struct clear_service *worst = NULL;

	for (size_t i = 0; s->args[i] && exec.value; i++) {
		if (i > 0 || strcmp(text_base_name(s->args[0]), text_base_name(s->server)) != 0)
			exec.value = arena_printf(a, "%s %s", exec.value, s->args[i]);
	}
	int e = exec.value ? read(a, root, &found) : -ENOMEM;
	for (size_t i = 0; i < found.n; i++) {
		if (!worst || found.v[i].fault || found.v[i].kind > worst->kind)
			worst = &found.v[i];
	}
	if (worst) {
		ret->kind = worst->kind;
		ret->setting = worst->setting;
		ret->at = worst->at;
		ret->fault = worst->fault;
		ret->fault_path = worst->fault_path;
		ret->fault_line = worst->fault_line;
	}
	return e;
}

int clear_started(struct arena *a, const struct root *root, const struct clear_started *s,
	struct clear_list *ret)
{
	struct clear_service x = {.program = s->listener,
		.udp = s->udp,
		.ports = {s->port},
		.setting = s->setting,
		.at = s->at};
	struct clear_started own = *s;

	own.server = server_of(s, &own.args);
	const char *name = text_base_name(own.server);
	for (size_t i = 0; i < ARRAY_SIZE(servers); i++) {
		if (!text_glob(servers[i].server, name))
			continue;
		bool shut = servers[i].how == NEVER || is_secure(own.args);
		x.protocol = servers[i].protocol;
		x.kind = shut ? CLEAR_SHUT : CLEAR_OPEN;
		if (servers[i].how == UNDECIDED || (servers[i].how == CONFIG && !root)) {
			x.fault = arena_printf(a, "the configuration of %s is not read", name);
			x.fault_path = s->at.path;
			x.fault_line = s->at.line;
			return x.fault ? clear_add(a, ret, &x) : -ENOMEM;
		}
		int e = servers[i].how == CONFIG ? ask_reader(a, root, servers[i].read, &own, &x)
						 : 0;
		return e == 0 ? clear_add(a, ret, &x) : e;
	}
	return 0;
}

int clear_started_fault(
	struct arena *a, const struct conf_files *f, const char *listener, struct clear_list *ret)
{
	struct clear_service x = {.program = listener, .protocol = "what its configuration names"};
	int e = 0;

	clear_fault(&x, f);
	for (int udp = 0; e == 0 && f->fault && udp < 2; udp++) {
		x.udp = udp;
		e = clear_add(a, ret, &x);
	}
	return e;
}

unsigned clear_started_port(const char *services, const char *word, bool udp)
{
	char *end = NULL;
	unsigned long port = is_digit(*word) ? strtoul(word, &end, 10) : 0;

	if (end && !*end)
		return port <= 65535 ? (unsigned)port : 0;
	return services_port(services, word, strlen(word), udp ? "udp" : "tcp");
}
