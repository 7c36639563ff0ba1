/* SPDX-License-Identifier: ISC */
#include "audit-log.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "audit/record.h"

static uint32_t seed = 20261122;

static unsigned pick(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 16) % n;
}

#define ONE_OF(array) (array)[pick(ARRAY_SIZE(array))]

/* As audit_log_untrustedstring() of the kernel. */
static void put_string(FILE *f, const char *name, const char *s, size_t n)
{
	bool plain = true;

	for (size_t i = 0; i < n; i++)
		plain &= s[i] != '"' && s[i] >= 0x21 && s[i] <= 0x7e;
	(void)fprintf(f, plain ? " %s=\"" : " %s=", name);
	for (size_t i = 0; i < n; i++)
		(void)fprintf(f, plain ? "%c" : "%02X", (unsigned char)s[i]);
	(void)fputs(plain ? "\"" : "", f);
}

static void put_name(FILE *f, const char *name)
{
	static const char *const names[] = {"/etc/passwd", "/etc/ssh/sshd_config", "/etc/a b",
		"rel", "/tmp/\n", "/etc/\xc3\xa9", "/a\"b", "x,", "/y)", "/k=v", "'"};
	const char *s = ONE_OF(names);

	put_string(f, name, s, strlen(s));
}

static void put_syscall(FILE *f)
{
	static const unsigned calls[] = {257, 87, 82, 50, 49, 263, 2, 59};
	static const char *const keys[] = {"(null)", "\"hardend\"", "780168617264656E64",
		"68617264656E6401780179", "\"a-b_c\""};
	static const unsigned ids[] = {0, 1000, 4294967295u};

	(void)fprintf(f,
		"arch=c000003e syscall=%u success=%s exit=%d a0=%x a1=7ffd a2=241 a3=0 items=%u "
		"ppid=%u pid=%u auid=%u uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 "
		"tty=%s ses=%u",
		ONE_OF(calls), pick(5) ? "yes" : "no", pick(3) - 1, pick(2) ? 5 : 0xffffff9c,
		pick(4), pick(9999), pick(9999), ONE_OF(ids), pick(2) ? "(none)" : "pts0",
		ONE_OF(ids));
	put_name(f, "comm");
	if (pick(8))
		put_name(f, "exe");
	else
		(void)fputs(" exe=(null)", f);
	(void)fprintf(f, " subj=%s key=%s", pick(2) ? "unconfined" : "u:r:t:s0-s0:c0.c1023",
		ONE_OF(keys));
}

static void put_path(FILE *f, unsigned item)
{
	static const char *const types[] = {"PARENT", "CREATE", "DELETE", "NORMAL", "UNKNOWN"};

	(void)fprintf(f, "item=%u", item);
	if (pick(6))
		put_name(f, "name");
	else
		(void)fputs(" name=(null)", f);
	(void)fprintf(f,
		" inode=%u dev=fe:%02x mode=0%o ouid=0 ogid=0 rdev=00:00 nametype=%s cap_fp=0 "
		"cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0",
		pick(99999), pick(16), pick(2) ? 0100644 : 040755, ONE_OF(types));
}

static void put_saddr(FILE *f)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)pick(65536))};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(53)};
	bool v6 = pick(2);
	const unsigned char *p = v6 ? (unsigned char *)&in6 : (unsigned char *)&in;

	in.sin_addr.s_addr = htonl(pick(65536) << 16 | pick(65536));
	in6.sin6_addr.s6_addr[0] = 0x20;
	in6.sin6_addr.s6_addr[15] = (uint8_t)pick(256);
	(void)fputs("saddr=", f);
	for (size_t i = 0; i < (v6 ? sizeof(in6) : sizeof(in)); i++)
		(void)fprintf(f, "%02X", p[i]);
}

static void put_execve(FILE *f)
{
	unsigned n = 1 + pick(4);
	char name[16];

	(void)fprintf(f, "argc=%u", n);
	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "a%u", i);
		put_name(f, name);
	}
}

static void put_message(FILE *f)
{
	static const char *const messages[] = {
		"op=PAM:session_open grantors=pam_unix,pam_loginuid acct=\"root\" "
		"exe=\"/usr/bin/sudo\" hostname=? addr=? terminal=/dev/pts/0 res=success",
		"op=login id=1000 exe=\"/usr/sbin/sshd\" hostname=203.0.113.5 addr=203.0.113.5 "
		"terminal=ssh res=failed",
		"cwd=\"/home/a\" cmd=6C73202F exe=\"/usr/bin/sudo\" terminal=pts/0 res=success",
		"unit=ssh comm=\"systemd\" exe=\"/usr/lib/systemd/systemd\" hostname=? addr=? "
		"terminal=? res=success",
		"op=adding user to group acct=\"bob\" exe=\"/usr/sbin/usermod\" hostname=h addr=? "
		"terminal=pts/0 res=success",
		"op=add-user acct=6120622063 exe=\"/usr/sbin/useradd\" hostname=? addr=? "
		"terminal=? res=success",
	};

	(void)fprintf(f, "pid=%u uid=0 auid=%u ses=%u subj=unconfined msg='%s'", pick(9999),
		pick(2) ? 1000 : 4294967295u, pick(9), ONE_OF(messages));
}

/* The records of one event: a type and how to write it. */
static size_t make_event(unsigned *types)
{
	static const unsigned messages[] = {RECORD_USER_START, RECORD_USER_END, RECORD_USER_LOGIN,
		RECORD_USER_CMD, RECORD_ADD_USER, RECORD_SERVICE_START, RECORD_CRED_ACQ};
	size_t n = 0;

	if (pick(3) == 0) {
		types[n++] = ONE_OF(messages);
		return n;
	}
	types[n++] = RECORD_SYSCALL;
	if (pick(4) == 0)
		types[n++] = RECORD_EXECVE;
	if (pick(4) == 0)
		types[n++] = RECORD_SOCKADDR;
	types[n++] = RECORD_CWD;
	for (unsigned i = pick(5); i > 0; i--)
		types[n++] = RECORD_PATH;
	types[n++] = RECORD_PROCTITLE;
	return n;
}

static void put_record(FILE *f, unsigned type, unsigned item, unsigned long at, unsigned serial)
{
	(void)fprintf(f, "type=%s msg=audit(%lu.%03lu:%u): ", record_type_name(type), at / 1000,
		at % 1000, serial);
	switch (type) {
	case RECORD_SYSCALL:
		put_syscall(f);
		break;
	case RECORD_EXECVE:
		put_execve(f);
		break;
	case RECORD_SOCKADDR:
		put_saddr(f);
		break;
	case RECORD_CWD:
		(void)fputs(pick(3) ? " cwd=\"/root\"" : " cwd=2F612062", f);
		break;
	case RECORD_PATH:
		put_path(f, item);
		break;
	case RECORD_PROCTITLE:
		(void)fputs(pick(2) ? "proctitle=\"bash\"" : "proctitle=6C73002D6C002F", f);
		break;
	default:
		put_message(f);
	}
	if (pick(3) == 0)
		(void)fputs("\x1d"
			    "ARCH=x86_64 SYSCALL=openat AUID=\"unset\" UID=\"root\"",
			f);
	(void)fputc('\n', f);
}

/* Several events at once, whose records come mixed; some of the last ones are missing. */
char *audit_log_make(void)
{
	struct open {
		unsigned types[16], serial;
		unsigned long at;
		size_t n, next;
	} open[4] = {0};
	unsigned serial = 100, left = AUDIT_LOG_EVENTS;
	unsigned long at = 1700000000000;
	size_t size;
	char *text;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		abort();
	for (bool any = true; any;) {
		struct open *o = &ONE_OF(open);
		if (o->next == o->n && left > 0) {
			at += pick(100);
			*o = (struct open){.serial = serial++, .at = at};
			o->n = make_event(o->types);
			if (o->n > 1 && pick(10) == 0)
				o->n--;
			left--;
		}
		if (o->next < o->n) {
			put_record(f, o->types[o->next], (unsigned)o->next, o->at, o->serial);
			o->next++;
		}
		any = left > 0;
		for (size_t i = 0; i < ARRAY_SIZE(open); i++)
			any |= open[i].next < open[i].n;
	}
	(void)fclose(f); /* of memory */
	return text;
}
