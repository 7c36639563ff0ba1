/* SPDX-License-Identifier: ISC */
/*
 * inetd.conf(5) of openbsd-inetd and inetutils: a service on each line, "name
 * type protocol wait user server arguments", which goes on where the next line
 * begins with a blank.
 */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "fact/clear-started.h"
#include "fact/guards.h"
#include "fact/name-servers.h"

enum {
	SERVICES_MAX = 1 << 20,
};

struct reading {
	struct conf_files *files;
	const char *services; /* services(5); NULL: none */
	const struct clear_inetd *whose;
	struct clear_list *list;
};

static const struct clear_inetd inetd = {"i*netd", NULL, NULL};

static int take(struct reading *r, const struct conf_place *at, const char *line)
{
	enum {
		SERVICE,
		TYPE,
		PROTOCOL,
		WAIT,
		USER,
		SERVER,
	};
	const char *const *w = NULL;
	size_t n = 0;
	int e = guard_words(r->files->a, line, " \t\r", &w, &n);

	if (e < 0 || n <= SERVER)
		return e;
	const char *colon = strrchr(w[SERVICE], ':'), *name = colon ? colon + 1 : w[SERVICE];
	bool udp = strncmp(w[PROTOCOL], "udp", 3) == 0;
	const char **args = arena_alloc(r->files->a, (n - SERVER) * sizeof(*args));
	if (!args)
		return -ENOMEM;
	memcpy(args, w + SERVER + 1, (n - SERVER - 1) * sizeof(*args));
	struct clear_started s = {.listener = r->whose->listener,
		.server = w[SERVER],
		.args = args,
		.port = clear_started_port(r->services, name, udp),
		.udp = udp,
		.setting = arena_printf(r->files->a, "%s %s", name, w[SERVER]),
		.at = *at};
	for (size_t i = SERVER + 1; i < n && s.setting; i++)
		s.setting = arena_printf(r->files->a, "%s %s", s.setting, w[i]);
	if (!s.setting)
		return -ENOMEM;
	if (r->whose->takes && !r->whose->takes(name, r->whose->arg))
		return 0;
	if (s.port == 0 || (!udp && strncmp(w[PROTOCOL], "tcp", 3) != 0))
		return 0;
	return clear_started(r->files->a, r->files->root, &s, r->list);
}

static int each_file(const char *path, char *text, void *arg)
{
	struct reading *r = arg;
	struct conf_place at = {path, 0};
	int e = 0;

	while (e == 0 && *text) {
		size_t len = strcspn(text, "\n");
		unsigned lines = 1;
		const bool comment = *text == '#' || strspn(text, " \t\r") == len;
		while (!comment && text[len] && (text[len + 1] == ' ' || text[len + 1] == '\t')) {
			text[len] = ' ';
			len += strcspn(text + len, "\n");
			lines++;
		}
		char *next = text + len + (text[len] == '\n');
		text[len] = '\0';
		at.line++;
		if (!comment)
			e = take(r, &at, text);
		at.line += lines - 1;
		text = next;
	}
	return e;
}

int clear_inetd_read(struct conf_files *f, const char *pattern, const struct clear_inetd *whose,
	struct clear_list *ret)
{
	_cleanup_file_ struct file services = {0};
	int e = f->root ? root_read(f->root, "/etc/services", SERVICES_MAX, &services) : 0;
	struct reading r = {f, services.data, whose, ret};

	if (e == -ENOMEM)
		return e;
	return conf_files_read(f, pattern, NULL, true, each_file, &r);
}

struct starts {
	struct conf_files files;
	struct clear_list *list;
	bool named; /* a command line names files */
};

static int each_command(const char *const *words, size_t n, const struct conf_place *at, void *arg)
{
	struct starts *t = arg;
	int e = 0;

	for (size_t i = 1; e == 0 && i < n; i++) {
		if (*words[i] == '-' || *words[i] == '$')
			continue;
		if (strspn(words[i], "0123456789") == strlen(words[i]))
			continue; /* of -q or -R */
		t->named = true;
		e = clear_inetd_read(&t->files, words[i], &inetd, t->list);
	}
	return e;
}

int clear_inetd(struct arena *a, const struct root *root, struct clear_list *ret)
{
	static const char *const programs[] = {
		"/usr/sbin/inetd", "/usr/sbin/inetutils-inetd", "/usr/libexec/inetd", NULL};
	struct starts t = {.files = {.a = a, .root = root}, .list = ret};
	int e;

	if (!name_server_installed(root, programs))
		return 0;
	e = clear_commands(a, ret, "inetd", each_command, &t);
	if (e >= 0)
		e = clear_commands(a, ret, "inetutils-inetd", each_command, &t);
	if (e >= 0 && !t.named)
		e = clear_inetd_read(&t.files, "/etc/inetd.conf", &inetd, ret);
	if (e >= 0 && !t.named)
		e = clear_inetd_read(&t.files, "/etc/inetd.d/*", &inetd, ret);
	return e < 0 ? e : clear_started_fault(a, &t.files, inetd.listener, ret);
}

int clear_inetd_text(struct arena *a, char *text, struct clear_list *ret)
{
	struct conf_files files = {.a = a};
	struct reading r = {&files, "telnet 23/tcp\ntftp 69/udp\n", &inetd, ret};

	return each_file("inetd.conf", text, &r);
}
