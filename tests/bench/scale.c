/* SPDX-License-Identifier: ISC */
/*
 * Time and memory of reading accounts, authorized keys and packages as their
 * number grows, beside a bare reader of the same file. Fails when the cost of
 * one more grows with how many there are.
 */
#include <errno.h>
#include <fcntl.h>
#include <nettle/base64.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "check/judge.h"
#include "conf/conf.h"
#include "daemon/clock.h"

#define LINEAR_FACTOR 3.0 /* one element of the most may cost this much more than one of a tenth */

struct series {
	const char *what;
	enum fact_id fact;
	size_t counts[5];
	void (*make)(const char *dir, size_t n);
	size_t (*bare)(const char *dir); /* elements seen */
};

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

static FILE *create(const char *dir, const char *path)
{
	char full[512];

	(void)snprintf(full, sizeof(full), "%s%s", dir, path);
	for (char *p = full + strlen(dir) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		if (mkdir(full, 0755) < 0 && errno != EEXIST)
			die(full);
		*p = '/';
	}
	FILE *f = fopen(full, "we");
	if (!f)
		die(full);
	return f;
}

static void finish(FILE *f)
{
	if (fclose(f) != 0)
		die("write");
}

static void make_users(const char *dir, size_t n)
{
	FILE *passwd = create(dir, "/etc/passwd"), *shadow = create(dir, "/etc/shadow");
	FILE *group = create(dir, "/etc/group");

	(void)fputs("root:x:0:0:root:/root:/bin/bash\n", passwd);
	(void)fputs("root:*:20000:0:99999:7:::\n", shadow);
	(void)fputs("root:x:0:\n", group);
	for (size_t i = 0; i < n; i++) {
		(void)fprintf(passwd, "user%zu:x:%zu:%zu:User %zu:/home/user%zu:/bin/bash\n", i,
			1000 + i, 1000 + i, i, i);
		(void)fprintf(shadow, "user%zu:!:20000:0:99999:7:::\n", i);
		(void)fprintf(group, "user%zu:x:%zu:\n", i, 1000 + i);
	}
	finish(passwd);
	finish(shadow);
	finish(group);
	finish(create(dir, "/bin/bash"));
}

static size_t bare_users(const char *dir)
{
	char path[512], buf[4096];
	struct passwd pw, *found;
	size_t n = 0;

	(void)snprintf(path, sizeof(path), "%s/etc/passwd", dir);
	FILE *f = fopen(path, "re");
	while (f && fgetpwent_r(f, &pw, buf, sizeof(buf), &found) == 0)
		n++;
	if (f)
		(void)fclose(f); /* read-only */
	return n;
}

/* An ssh-ed25519 key whose last bytes are its number. */
static void make_keys(const char *dir, size_t n)
{
	make_users(dir, 1);
	finish(create(dir, "/usr/sbin/sshd"));
	finish(create(dir, "/etc/ssh/sshd_config"));
	FILE *f = create(dir, "/home/user0/.ssh/authorized_keys");
	for (size_t i = 0; i < n; i++) {
		uint8_t blob[51] = "\0\0\0\013ssh-ed25519\0\0\0\040";
		char text[BASE64_ENCODE_RAW_LENGTH(sizeof(blob)) + 1] = "";
		memcpy(blob + 43, &i, sizeof(i));
		base64_encode_raw(text, sizeof(blob), blob);
		(void)fprintf(f, "ssh-ed25519 %s key %zu\n", text, i);
	}
	finish(f);
}

static size_t bare_lines(const char *dir, const char *path, const char *begin)
{
	char full[512], *line = NULL;
	size_t n = 0, room = 0;

	(void)snprintf(full, sizeof(full), "%s%s", dir, path);
	FILE *f = fopen(full, "re");
	while (f && getline(&line, &room, f) >= 0)
		n += strncmp(line, begin, strlen(begin)) == 0;
	if (f)
		(void)fclose(f); /* read-only */
	free(line);
	return n;
}

static size_t bare_keys(const char *dir)
{
	return bare_lines(dir, "/home/user0/.ssh/authorized_keys", "ssh-");
}

static void make_packages(const char *dir, size_t n)
{
	FILE *f = create(dir, "/var/lib/dpkg/status");

	for (size_t i = 0; i < n; i++)
		(void)fprintf(f,
			"Package: package%zu\nStatus: install ok installed\nPriority: optional\n"
			"Section: libs\nInstalled-Size: 100\nMaintainer: Somebody <a@b>\n"
			"Architecture: amd64\nVersion: 1.%zu-1\nDepends: libc6 (>= 2.34), libx\n"
			"Description: a package\n which does this and that, and says so in words\n\n",
			i, i);
	finish(f);
}

static size_t bare_packages(const char *dir)
{
	return bare_lines(dir, "/var/lib/dpkg/status", "Package: ");
}

struct cost {
	double usec;  /* for one element */
	double bytes; /* likewise, of the fact */
	double bare_usec;
};

static struct cost measure(const struct series *s, const struct policy *policy, size_t n)
{
	char dir[] = "/tmp/hardend-scale-XXXXXX", cmd[64];
	struct root root;
	struct judge j;

	if (!mkdtemp(dir) || (s->make(dir, n), root_open(dir, &root)) < 0)
		die(dir);
	uint64_t best = USEC_INFINITY, bare = USEC_INFINITY;
	size_t bytes = 0;
	for (int i = 0; i < 3; i++) {
		if (judge_init(&j, &root, policy) < 0 ||
			judge_collect(&j, FACT_BIT(s->fact) - 1, 0) < 0)
			die("judge");
		uint64_t begin = clock_usec(CLOCK_PROCESS_CPUTIME_ID);
		if (judge_collect(&j, FACT_BIT(s->fact), 0) < 0)
			die("judge");
		uint64_t end = clock_usec(CLOCK_PROCESS_CPUTIME_ID);
		const struct fact *f = factset_get(&j.facts, s->fact);
		if (f->n_items < n) {
			(void)fprintf(stderr, "%s: %zu of %zu seen (%s)\n", s->what, f->n_items, n,
				f->reason ? f->reason : "no reason given");
			exit(1);
		}
		bytes = arena_size(f->arena);
		best = MIN(best, end - begin);
		if (s->bare(dir) < n)
			die("bare reader");
		bare = MIN(bare, clock_usec(CLOCK_PROCESS_CPUTIME_ID) - end);
		judge_fini(&j);
	}
	root_close(&root);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	if (system(cmd) != 0)
		die(cmd);
	return (struct cost){(double)best / (double)n, (double)bytes / (double)n,
		(double)bare / (double)n};
}

static bool run(const struct series *s, const struct policy *policy)
{
	struct cost last = {0};
	bool linear = true;

	for (size_t i = 0; i < ARRAY_SIZE(s->counts) && s->counts[i]; i++) {
		struct cost c = measure(s, policy, s->counts[i]);
		printf("%-9s %7zu: %7.2f us and %5.0f bytes each; bare reader %5.2f us; ratio %.1f\n",
			s->what, s->counts[i], c.usec, c.bytes, c.bare_usec, c.usec / c.bare_usec);
		/* Small counts are all fixed cost. */
		if (s->counts[i] > 1000 && last.usec > 0 &&
			(c.usec > LINEAR_FACTOR * last.usec || c.bytes > LINEAR_FACTOR * last.bytes))
			linear = false;
		last = c;
	}
	return linear;
}

int main(void)
{
	static const struct series series[] = {
		{"users", FACT_ACCOUNTS, {10, 100, 1000, 10000, 100000}, make_users, bare_users},
		{"keys", FACT_SSH_USER_KEYS, {10, 100, 1000, 10000}, make_keys, bare_keys},
		{"packages", FACT_PACKAGES, {100, 1000, 5000}, make_packages, bare_packages},
	};
	struct policy *policy = policy_new_default();
	bool linear = true;

	if (!policy)
		die("policy");
	for (size_t i = 0; i < ARRAY_SIZE(series); i++)
		linear = run(&series[i], policy) && linear;
	policy_free(policy);
	if (!linear)
		printf("an element costs more the more there are\n");
	return linear ? 0 : 1;
}
