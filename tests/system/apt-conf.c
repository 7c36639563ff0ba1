/* SPDX-License-Identifier: ISC */
/*
 * Our reading of apt's configuration against `apt-config dump`, on generated
 * configurations: in a mount namespace of its own, /etc/apt is a directory of
 * the test.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/fsio.h"
#include "fact/apt-conf.h"

enum {
	CONFIGURATIONS = 800,
	OUT_MAX = 1 << 20,
};

#define DIR "/etc/apt/"

static uint32_t seed = 20261122;

static unsigned pick(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 16) % n;
}

#define ONE_OF(array) (array)[pick(ARRAY_SIZE(array))]

static const char *const roots[] = {
	"APT::Periodic", "Unattended-Upgrade", "Foo", "bar", "Acquire::Test", "Dir::Etc"};

static const char *name(void)
{
	static const char *const names[] = {"APT::Periodic::Enable", "apt::periodic::ENABLE",
		"APT::Periodic", "Unattended-Upgrade::Origins-Pattern",
		"Unattended-Upgrade::Origins-Pattern::", "Unattended-Upgrade::Allowed-Origins",
		"Foo", "FOO::", "foo::Bar", "Foo::::x", "Foo::\"quoted\"", "bar", "Bar::b%61z",
		"bar::[a b]::c", "Acquire::Test", "Acquire::Test::a::b", "Dir::Etc::x",
		"::", "Acquire::Test::", "bar:x"};

	return ONE_OF(names);
}

static const char *word(void)
{
	static const char *const words[] = {"\"1\"", "\"0\"", "always", "\"a;b{c}\"", "\"a\" \"b\"",
		"\"x//y\"", "\"x # y\"", "\"o=Debian,n=${distro_codename}\"", "\"\"", "%41", "7d",
		"\"tab\there\"", "\"%41\"", "[a b]", "\"/* no */\"", "\"a\"  \t \"b\"", "\"a\"b",
		"\"caf\xc3\xa9\"", "a\"b c\"d"};

	return ONE_OF(words);
}

static const char *blank(void)
{
	static const char *const blanks[] = {" ", "\t", "  ", " \n ", "/* c */ ", " ", " ", " ",
		" // c\n", "\n# c\n", " /* c\n c */ "};

	return ONE_OF(blanks);
}

/* Mostly what somebody would write, now and then what nobody should. */
static void write_statement(FILE *f, unsigned depth)
{
	static const char *const odd[] = {"\"loose\";", "}", ";", "{", "x y z;", "\"open;\n",
		"/* *", "#clear;", "#clear\n", "#clear Foo", "//", "#unknown x;", "foo \"a\\\";",
		"[x", "\"a\" \"b;", "*/"};

	switch (pick(depth < 3 ? 18 : 12)) {
	case 0:
		if (depth > 0 && pick(16))
			break;
		(void)fprintf(f, "#clear%s%s;\n", blank(), name());
		break;
	case 1:
		if (depth > 0 && (depth > 3 || pick(16)))
			break;
		(void)fprintf(f, "#include%s\"/etc/apt/inc/%c\";\n", blank(),
			'a' + (int)(pick(12) + 3) / 7);
		break;
	case 2:
		if (depth > 0 && (depth > 3 || pick(16)))
			break;
		(void)fprintf(f, "#include \"/etc/apt/inc/\";\n");
		break;
	case 3:
		if (pick(10) == 0)
			(void)fprintf(f, "%s\n", ONE_OF(odd));
		break;
	case 4:
	case 5:
		(void)fprintf(f, "%s;%s", word(), blank());
		break;
	default:
		(void)fprintf(f, "%s%s%s%s;%s\n", name(), blank(), word(), pick(4) ? "" : blank(),
			pick(8) ? "" : ";");
		break;
	case 12:
	case 13:
	case 14:
	case 15:
	case 16:
	case 17:
		(void)fprintf(f, "%s%s%s{%s", name(), blank(), pick(6) ? "" : word(), blank());
		for (unsigned n = pick(4); n > 0; n--)
			write_statement(f, depth + 1);
		(void)fprintf(f, "%s}%s\n", pick(5) ? "" : "last \"v\"", pick(4) ? ";" : "");
		break;
	}
}

static int write_file(const char *path, unsigned statements, bool include)
{
	FILE *f = fopen(path, "we");

	if (!f)
		return -errno;
	while (statements--)
		write_statement(f, include ? 0 : 4);
	return fclose(f) == 0 ? 0 : -errno;
}

static int generate(void)
{
	static const char *const names[] = {"10a", "20b.conf", "20b", "30c.bak", "40~",
		"50.conf.dpkg-old", "A", "99z.conf", ".hidden", "x,y", "a:b", "dot.", "sub/x"};
	char path[256];
	int r = system("rm -rf /etc/apt/* && mkdir /etc/apt/apt.conf.d /etc/apt/apt.conf.d/sub "
		       "/etc/apt/inc") == 0
			? 0
			: -EIO;

	for (size_t i = 0; i < ARRAY_SIZE(names) && r == 0; i++) {
		(void)snprintf(path, sizeof(path), DIR "apt.conf.d/%s", names[i]);
		if (pick(3) == 0)
			r = write_file(path, 1 + pick(4), true);
	}
	for (char c = 'a'; c < 'c' && r == 0; c++) {
		(void)snprintf(path, sizeof(path), DIR "inc/%c", c);
		if (pick(12))
			r = write_file(path, 1 + pick(2), false);
	}
	if (r == 0 && pick(2))
		r = write_file(DIR "apt.conf", 1 + pick(6), true);
	if (r == 0 && pick(4) == 0)
		r = write_file(DIR "alternative", 1 + pick(4), true);
	if (r == 0 && pick(8) == 0 && symlink("/etc/apt/inc/a", DIR "apt.conf.d/25link") < 0)
		r = -errno;
	if (r == 0 && pick(8) == 0 && symlink("/nowhere", DIR "apt.conf.d/26link") < 0)
		r = -errno;
	return r;
}

static void dump_item(const struct apt_item *item, char *tag, size_t len, FILE *out)
{
	(void)fprintf(out, "%s\t%s\n", tag, item->value);
	for (const struct apt_item *i = item->child; i; i = i->next) {
		(void)snprintf(tag + len, 4096 - len, "::%s", i->tag);
		dump_item(i, tag, strlen(tag), out);
	}
	tag[len] = '\0';
}

/* As `apt-config dump ROOT ...` prints it in the format "%f\t%v\n". */
static char *dump(const struct apt_conf *c)
{
	char *text = NULL, tag[4096];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < ARRAY_SIZE(roots) && out; i++) {
		const struct apt_item *item = apt_conf_find(c, roots[i]);
		if (!item)
			continue;
		*tag = '\0';
		for (const struct apt_item *p = item; p->parent; p = p->parent) {
			char rest[4096];
			(void)snprintf(rest, sizeof(rest), "%s", tag);
			(void)snprintf(tag, sizeof(tag), "%.2000s%s%.2000s", p->tag,
				*rest ? "::" : "", rest);
		}
		dump_item(item, tag, strlen(tag), out);
	}
	if (out)
		(void)fclose(out);
	return text;
}

/* apt's answer; *ret_refused: it says that it cannot work so. */
static char *ask(bool alternative, bool *ret_refused)
{
	const char *argv[] = {"/usr/bin/env",
		alternative ? "APT_CONFIG=/etc/apt/alternative" : "A=B", "apt-config", "-o",
		"APT::Config::Dump::Format=%f\t%v%n", "dump", roots[0], roots[1], roots[2],
		roots[3], roots[4], roots[5], NULL};
	struct child_result r = {0};
	_cleanup_(memo_freep) struct memo *m = memo_new();

	if (!m || child_run(m, argv, NULL, 20 * USEC_PER_SEC, OUT_MAX, &r) < 0)
		return NULL;
	*ret_refused = !WIFEXITED(r.status) || WEXITSTATUS(r.status) != 0;
	char *out = TAKE_PTR(r.out);
	child_result_fini(&r);
	return out;
}

static int compare(const struct root *root, unsigned n, unsigned *refusals)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct stat st;
	bool alternative = stat(DIR "alternative", &st) == 0, refused = false;
	const char *failed = "";
	struct apt_conf c;

	apt_conf_init(&c, a);
	int r = apt_conf_load(&c, root, alternative ? "/etc/apt/alternative" : NULL, &failed);
	_cleanup_free_ char *mine = dump(&c), *theirs = ask(alternative, &refused);
	if (r < 0 || !mine || !theirs) {
		(void)fprintf(stderr, "configuration %u: %s: %s\n", n, failed, strerror(-r));
		return 1;
	}
	*refusals += refused;
	if (refused != !!c.fault) {
		(void)fprintf(stderr, "configuration %u: apt %s, we say %s\n", n,
			refused ? "refuses" : "reads", c.fault ? c.fault : "nothing");
		return 1;
	}
	/* What it refuses it does not print. */
	if (!refused && strcmp(mine, theirs) != 0) {
		(void)fprintf(
			stderr, "configuration %u:\n--- ours\n%s--- apt's\n%s", n, mine, theirs);
		return 1;
	}
	return 0;
}

static int skip(const char *why)
{
	(void)printf("skipped: %s\n", why);
	return 77;
}

int main(void)
{
	char dir[] = "/tmp/hardend-apt-XXXXXX";
	unsigned failed = 0, refusals = 0;
	struct root root;

	if (geteuid() != 0)
		return skip("needs root");
	if (access("/usr/bin/apt-config", X_OK) < 0 || access("/etc/apt", F_OK) < 0)
		return skip("needs apt");
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return skip("needs a mount namespace of its own");
	if (!mkdtemp(dir) || chmod(dir, 0755) < 0 ||
		mount(dir, "/etc/apt", NULL, MS_BIND, NULL) < 0)
		return skip("cannot mount over /etc/apt");
	if (root_open("/", &root) < 0)
		return 1;
	for (unsigned i = 0; i < CONFIGURATIONS && failed < 5; i++) {
		int r = generate();
		if (r < 0) {
			(void)fprintf(stderr, "cannot write: %s\n", strerror(-r));
			return 1;
		}
		failed += (unsigned)compare(&root, i, &refusals);
	}
	root_close(&root);
	(void)umount2("/etc/apt", MNT_DETACH);
	char cmd[128];
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	if (system(cmd) != 0)
		return 1;
	(void)printf("%d configurations, %u of them refused by apt and by us, %u differ\n",
		CONFIGURATIONS, refusals, failed);
	return failed ? 1 : 0;
}
