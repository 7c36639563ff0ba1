/* SPDX-License-Identifier: ISC */
/*
 * Makes sudoers trees by a fixed rule from a seed: mostly such as people write,
 * often at the edge of what the scanner takes, sometimes broken.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

enum {
	GEN_FILES = 6,
	GEN_SIZE = 64 * 1024,
};

struct gen {
	uint64_t seed;
	bool live; /* only what means the same on any machine, for `sudo -l` */
	const char *dir;
	char *out;
	size_t n;
};

static uint32_t gen_rnd(struct gen *g, uint32_t n)
{
	g->seed = g->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(g->seed >> 33) % n;
}

static void _printf_(2, 3) gen_put(struct gen *g, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(g->out + g->n, GEN_SIZE - g->n, fmt, ap);
	va_end(ap);
	g->n += (size_t)n;
	if (g->n >= GEN_SIZE)
		g->n = GEN_SIZE - 1;
}

#define GEN_PICK(g, list) ((list)[gen_rnd((g), (uint32_t)ARRAY_SIZE(list))])

/* What may stand between two tokens. */
static void gen_space(struct gen *g)
{
	static const char *const spaces[] = {
		"", "", "", " ", " ", " ", "\t", "  ", " \\\n", "\\\n\t", " \\  \n  "};

	gen_put(g, "%s", GEN_PICK(g, spaces));
}

static void gen_blank(struct gen *g)
{
	static const char *const blanks[] = {" ", " ", "\t", "  ", " \\\n ", "\t\\\n"};

	gen_put(g, "%s", GEN_PICK(g, blanks));
}

static void gen_alias_name(struct gen *g, char kind)
{
	/* More names than are defined: some are not, and some are defined twice. */
	gen_put(g, "%c_%u", kind, gen_rnd(g, 7));
}

static void gen_user(struct gen *g)
{
	static const char *const live[] = {
		"alice",
		"bob",
		"carl",
		"dora",
		"%sudo",
		"%wheel",
		"%staff",
		"#1001",
		"#1002",
		"%#27",
		"ALL",
		"root",
		"nosuchuser",
		"%nosuchgroup",
		"ALICE",
		"\"bob\"",
		"%:nonunix",
		"\"%staff\"",
		"\\x61lice",
		"#0",
	};
	static const char *const words[] = {
		"+netgroup",
		"#-2",
		"#4294967295",
		"#99999999999",
		"%:#7",
		"%#99999999999",
		"\"two words\"",
		"two\\ words",
		"a\\,b",
		"\"a\\\"b\"",
		"\"#1000\"",
		"\"ALL\"",
		"\"%two words\"",
		"\"+net group\"",
		"d\xc3\xb6rte",
		"\"d\xc3\xb6rte\"",
		"DOMAIN\\\\user",
		"\"DOMAIN\\user\"",
		"user@example.org",
		"Defaultsx",
		"Alice",
		"NOPASSWDx",
		"a.b-c_d",
		"%g\\x41",
		"a\\:b",
		"x\\=y",
		"User_Aliasx",
		"*",
		"a;b",
		"'q'",
	};

	if (gen_rnd(g, 6) == 0)
		gen_alias_name(g, 'U');
	else if (g->live || gen_rnd(g, 3) > 0)
		gen_put(g, "%s", GEN_PICK(g, live));
	else
		gen_put(g, "%s", GEN_PICK(g, words));
}

static void gen_runas(struct gen *g)
{
	static const char *const words[] = {"root", "ALL", "ALL", "alice", "#0", "#1001", "%sudo",
		"%#0", "operator", "toor", "%root", "+netgroup", "\"root\"", "\\x72oot"};

	if (gen_rnd(g, 6) == 0)
		gen_alias_name(g, 'R');
	else
		gen_put(g, "%s", GEN_PICK(g, words));
}

static void gen_group(struct gen *g)
{
	static const char *const words[] = {"ALL", "root", "adm", "#0", "docker", "\"two words\""};

	if (gen_rnd(g, 8) == 0)
		gen_alias_name(g, 'R');
	else
		gen_put(g, "%s", GEN_PICK(g, words));
}

static void gen_host(struct gen *g)
{
	static const char *const live[] = {
		"ALL", "ALL", "ALL", "thishost", "other", "this*", "THISHOST", "oth[a-f]r"};
	static const char *const words[] = {"web1", "web1.example.org", "web*", "web[0-9]",
		"10.0.0.0/8", "192.168.1.1", "192.168.0.0/255.255.0.0", "fe80::1", "2001:db8::/32",
		"::1", "+nethosts", "10.0.0.1/33", "1.2.3", "256.1.1.1", "\"two words\"",
		"::ffff:1.2.3.4", "1:2:3:4:5:6:7:8", "a\\x2eb", "2001:db8::/ffff::", "1.2.3.4.5"};

	if (gen_rnd(g, 7) == 0)
		gen_alias_name(g, 'H');
	else if (g->live || gen_rnd(g, 2) > 0)
		gen_put(g, "%s", GEN_PICK(g, live));
	else
		gen_put(g, "%s", GEN_PICK(g, words));
}

static void gen_digest(struct gen *g)
{
	static const char *const digests[] = {
		"sha224:d06a2617c98d377c250edd470fd5e576327748d82915d6e33b5f8db1",
		"sha256:d06a2617c98d377c250edd470fd5e576327748d82915d6e33b5f8db100112233",
		"sha224:0GomF8mNN3wlDt1HD9XldjJ3SNgpFdbjO1+NsQ==",
		"sha224 : 0GomF8mNN3wlDt1HD9XldjJ3SNgpFdbjO1+NsQ",
		"sha256: 1IXHRCxXgSnIEnb+xGz4PAfWaPdXIBWKFF0QCwxJ5G4=",
	};

	gen_put(g, "%s", GEN_PICK(g, digests));
	if (gen_rnd(g, 4) == 0)
		gen_put(g, ", sha512:%0128d", 0);
	gen_blank(g);
}

static void gen_command(struct gen *g)
{
	static const char *const common[] = {"ALL", "ALL", "/bin/ls", "/usr/bin/id",
		"/usr/bin/vi /etc/motd", "/bin/su - bob", "/bin/cat \"\"", "/usr/sbin/",
		"sudoedit /etc/motd", "sudoedit", "/bin/su", "/usr/bin/apt update", "list"};
	static const char *const odd[] = {"/bin/cat /var/log/*", "/usr/bin/*", "/bin/[a-z]s",
		"^/bin/(ls|cat)$", "^/usr/bin/.*$ -a ^x", "/bin/echo ^a (b|c) d$",
		"/bin/echo a\\,b\\:c\\=d", "/bin/echo \\*literal \\\\x", "/bin/with\\ blank arg",
		"/a\\*b", "/opt/a\\=b/c", "/bin/echo x=y z=", "/bin/echo \"a b\"", "/bin/sh -c id",
		"/bin/echo #5", "/bin/echo \\#5", "/bin/echo !x \\!y", "/home/alice/bin/",
		"/bin/d\xc3\xb6 x", "/bin/e =x", "/bin/tail -f a b\tc", "/opt/$x", "^/x\\$y$ z",
		"/bin/q 'a'", "/bin/echo (a)", "/bin/long a \\\n\tb \\\n c", "/bin/e ^a \\\n b$"};

	if (!g->live && gen_rnd(g, 12) == 0)
		gen_digest(g);
	if (gen_rnd(g, 6) == 0)
		gen_put(g, gen_rnd(g, 5) ? "!" : gen_rnd(g, 2) ? "!!" : "! ");
	if (gen_rnd(g, 6) == 0)
		gen_alias_name(g, 'C');
	else if (g->live || gen_rnd(g, 3) > 0)
		gen_put(g, "%s", GEN_PICK(g, common));
	else
		gen_put(g, "%s", GEN_PICK(g, odd));
}

static void gen_list(struct gen *g, void (*one)(struct gen *g), uint32_t max)
{
	uint32_t n = 1 + gen_rnd(g, max);

	for (uint32_t i = 0; i < n; i++) {
		if (i > 0) {
			gen_space(g);
			gen_put(g, ",");
			gen_space(g);
		}
		if (one != gen_command && gen_rnd(g, 6) == 0)
			gen_put(g, gen_rnd(g, 5) ? "!" : "!!!");
		one(g);
	}
}

static void gen_command_spec(struct gen *g)
{
	static const char *const options[] = {"CWD=/tmp", "CHROOT=*", "CWD=~bob", "TIMEOUT=30",
		"TIMEOUT=1h2m", "TIMEOUT=x", "NOTBEFORE=20200101", "NOTAFTER=20301231235959Z",
		"NOTAFTER=2030123123", "NOTBEFORE=2020010112Z", "ROLE=sysadm_r TYPE=sysadm_t",
		"CWD=rel", "TIMEOUT=5m1d", "NOTAFTER=20100101000000+0100",
		"NOTBEFORE=2020010112.5Z"};
	static const char *const tags[] = {
		"NOPASSWD:", "NOPASSWD:", "PASSWD:", "NOEXEC:", "EXEC:", "SETENV:", "NOSETENV:",
		"LOG_INPUT:", "NOLOG_OUTPUT:", "MAIL:", "NOMAIL:", "FOLLOW:", "NOFOLLOW:",
		"INTERCEPT:", "NOINTERCEPT:", "NOPASSWD :", "LOG_OUTPUT\t:", "NOLOG_INPUT:"};

	if (gen_rnd(g, 2) == 0) {
		gen_put(g, "(");
		gen_space(g);
		/* With -U, sudo takes root for the "invoking user" that "()" means. */
		if (gen_rnd(g, 8) > 0 || g->live)
			gen_list(g, gen_runas, 3);
		if (gen_rnd(g, 3) == 0) {
			gen_space(g);
			gen_put(g, ":");
			gen_space(g);
			if (gen_rnd(g, 8) > 0)
				gen_list(g, gen_group, 2);
		}
		gen_put(g, ")");
		gen_space(g);
	}
	if (!g->live && gen_rnd(g, 12) == 0) {
		gen_put(g, "%s", GEN_PICK(g, options));
		gen_blank(g);
	}
	for (uint32_t n = gen_rnd(g, 4); n > 1; n--) {
		gen_put(g, "%s", GEN_PICK(g, tags));
		gen_space(g);
	}
	gen_command(g);
}

static void gen_privilege(struct gen *g)
{
	gen_list(g, gen_host, 2);
	gen_space(g);
	gen_put(g, "=");
	gen_space(g);
	for (uint32_t n = 1 + gen_rnd(g, 3); n > 0; n--) {
		gen_command_spec(g);
		if (n > 1)
			gen_put(g, gen_rnd(g, 2) ? ", " : ",");
	}
}

static void gen_spec(struct gen *g)
{
	gen_list(g, gen_user, 3);
	gen_blank(g);
	gen_privilege(g);
	while (gen_rnd(g, 6) == 0) {
		gen_put(g, " : ");
		gen_privilege(g);
	}
}

static void gen_aliases(struct gen *g)
{
	static const struct {
		const char *word;
		char kind;
		void (*one)(struct gen *g);
	} types[] = {{"User_Alias", 'U', gen_user}, {"Runas_Alias", 'R', gen_runas},
		{"Host_Alias", 'H', gen_host}, {"Cmnd_Alias", 'C', gen_command},
		{"Cmd_Alias", 'C', gen_command}};
	uint32_t t = gen_rnd(g, ARRAY_SIZE(types));

	gen_put(g, "%s", types[t].word);
	gen_blank(g);
	gen_alias_name(g, types[t].kind);
	gen_put(g, "%u", gen_rnd(g, 4) ? gen_rnd(g, 100) : 0);
	gen_space(g);
	gen_put(g, "=");
	gen_space(g);
	gen_list(g, types[t].one, 4);
	if (gen_rnd(g, 4) == 0) {
		gen_put(g, " : ");
		gen_alias_name(g, types[t].kind);
		gen_put(g, " = ");
		gen_list(g, types[t].one, 2);
	}
}

static void gen_defaults(struct gen *g)
{
	static const char *const options[] = {"!authenticate", "env_reset", "!insults",
		"passwd_tries=3", "badpass_message=\"No.\"", "env_keep += \"A B\"", "env_keep-=A",
		"env_keep=A", "secure_path=/bin:/usr/bin", "timestamp_timeout = 5",
		"!requiretty, use_pty", "editor=/usr/bin/vi",
		"badpass_message=\"a \\\"quoted\\\" \\\n  word\"", "lecture=always",
		"logfile=/var/log/sudo\\ log", "!lecture,!mail_badpass", "umask=0022", "targetpw",
		"rootpw", "runas_default=bob", "!!use_pty"};

	/* Nothing that makes sudo write or ask for what is not there. */
	static const char *const live[] = {"!authenticate", "env_reset", "!insults", "use_pty",
		"runas_default=bob", "runas_default=root", "!use_pty, !lecture"};

	if (!g->live && gen_rnd(g, 3) == 0) {
		switch (gen_rnd(g, 4)) {
		case 0:
			gen_put(g, "Defaults:");
			gen_list(g, gen_user, 2);
			break;
		case 1:
			gen_put(g, "Defaults>");
			gen_list(g, gen_runas, 2);
			break;
		case 2:
			gen_put(g, "Defaults@");
			gen_list(g, gen_host, 2);
			break;
		default:
			gen_put(g, "Defaults!%s", gen_rnd(g, 2) ? "/bin/ls" : "C_1, /bin/su");
			break;
		}
	} else {
		gen_put(g, "Defaults");
	}
	gen_blank(g);
	gen_put(g, "%s", g->live ? GEN_PICK(g, live) : GEN_PICK(g, options));
}

static void gen_include(struct gen *g, uint32_t file)
{
	static const char *const names[GEN_FILES] = {"sudoers", "one", "two", "d/a", "d/b", "d/c"};
	uint32_t to = file + 1 + gen_rnd(g, 2);

	if (file >= 3 || gen_rnd(g, 3) == 0) {
		if (gen_rnd(g, 8) == 0)
			gen_put(g, "@include %s/%s", g->dir, gen_rnd(g, 2) ? "missing" : "d");
		else
			gen_put(g, "# nothing included");
		return;
	}
	if (gen_rnd(g, 3) == 0) {
		gen_put(g, "%cincludedir %s/d", gen_rnd(g, 2) ? '@' : '#', g->dir);
	} else if (to < 3) {
		static const char *const forms[] = {"@include %s/%s", "#include %s/%s",
			"@include \"%s/%s\"", " @include %s/%s"};
		if (gen_rnd(g, 3) == 0)
			gen_put(g, "@include %s", names[to]);
		else
			switch (gen_rnd(g, ARRAY_SIZE(forms))) {
			case 0:
				gen_put(g, "@include %s/%s", g->dir, names[to]);
				break;
			case 1:
				gen_put(g, "#include %s/%s", g->dir, names[to]);
				break;
			case 2:
				gen_put(g, "@include \"%s/%s\"", g->dir, names[to]);
				break;
			default:
				gen_put(g, " @include\t%s/%s # that", g->dir, names[to]);
				break;
			}
	}
}

static void gen_line(struct gen *g, uint32_t file)
{
	static const char *const odd[] = {"# alice ALL=ALL", "#1001 ALL=/bin/ls", "\t# indented",
		"#-", "#includex", "#include", "Defaults", "  Defaults env_reset", "alice ALL",
		"ALL", "=", "alice ALL=", ": :", "User_Alias X", "@include", "@includedir",
		"alice ALL=(root ALL", "alice ALL=ALL,", "\"unterminated", "alice ALL=/bin/ls \\",
		"%", "+", "%:", "\"\" ALL=ALL", "alice ALL=ALL : bob ALL : carl other=/bin/ls",
		"alice,ALL=ALL", "@include a b c", "User_Alias ALL = bob", "Host_Alias CWD = x",
		"alice ALL=ALL # comment", "alice ALL=sha256:00 /bin/ls", "alice ALL=/bin/ls,",
		"alice ALL=NOPASSWD ALL"};

	switch (gen_rnd(g, 16)) {
	case 0:
		gen_put(g, "# comment %u", gen_rnd(g, 100));
		break;
	case 1:
	case 2:
		gen_defaults(g);
		break;
	case 3:
	case 4:
	case 5:
		gen_aliases(g);
		break;
	case 6:
		gen_include(g, file);
		break;
	case 7:
		if (gen_rnd(g, 6) == 0)
			gen_put(g, "%s", GEN_PICK(g, odd));
		break;
	default:
		gen_spec(g);
		if (gen_rnd(g, 10) == 0)
			gen_put(g, " # why");
		break;
	}
	gen_put(g, gen_rnd(g, 60) ? "\n" : "\r\n");
}

/* Spoils some bytes: the scanner must lose its way where sudo's does. */
static void gen_spoil(struct gen *g)
{
	static const char special[] = "\\\"#!=:,()@%+^$ \t\n\rA0a/\0\xc3";

	for (uint32_t i = 1 + gen_rnd(g, 4); i > 0 && g->n > 1; i--) {
		size_t at = gen_rnd(g, (uint32_t)g->n);
		if (gen_rnd(g, 3) == 0) {
			memmove(g->out + at, g->out + at + 1, g->n - at - 1);
			g->n--;
		} else if (gen_rnd(g, 2) && g->n < GEN_SIZE - 1) {
			memmove(g->out + at + 1, g->out + at, g->n - at);
			g->out[at] = special[gen_rnd(g, sizeof(special) - 1)];
			g->n++;
		} else {
			g->out[at] = special[gen_rnd(g, sizeof(special) - 1)];
		}
	}
}

/* One file of the tree into out (GEN_SIZE bytes); its size is g->n. */
static void gen_file(struct gen *g, uint32_t file, char *out)
{
	uint32_t lines = 1 + gen_rnd(g, 8);

	g->out = out;
	g->n = 0;
	for (uint32_t i = 0; i < lines; i++)
		gen_line(g, file);
	if (gen_rnd(g, 10) == 0)
		g->n--; /* no newline at the end */
	if (gen_rnd(g, 12) == 0)
		gen_spoil(g);
}
