/* SPDX-License-Identifier: ISC */
/*
 * Who can become root: generated sudoers trees, judged by this program and by
 * `sudo -l -U USER -u TARGET COMMAND` itself, in mount and host name spaces of
 * its own with the tree and its accounts in the place of the machine's.
 *
 *     system-sudo-list [TREES [SEED]]
 *
 * Exits 77 when sudo is not installed or name spaces are not to be had.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "base/child.h"
#include "fact/sudo-grant.h"
#include "sudo-gen.h"

enum {
	TREES = 60,
};

static const char *const users[] = {"alice", "bob", "carl", "dora"};
static const char *const roots[] = {"root", "toor"};

/* In no list of the generator: whoever may run it may run anything. */
static const char any[] = "/usr/bin/env";
static const char named[] = "/usr/bin/id";

static const char passwd[] =
	"root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\nalice:x:1001:1001::/:/bin/sh\n"
	"bob:x:1002:1002::/:/bin/sh\ncarl:x:1003:27::/:/bin/sh\ndora:x:1004:50::/:/bin/sh\n";
static const char group[] = "root:x:0:\nsudo:x:27:alice\nwheel:x:30:bob,dora\nstaff:x:50:alice\n"
			    "alice:x:1001:\nbob:x:1002:\noperator:x:37:\n";
static const char nsswitch[] = "passwd: files\ngroup: files\nshadow: files\nhosts: files\n"
			       "sudoers: files\nnetgroup: files\n";

struct count {
	unsigned trees, asked, yes, broken, wrong;
};

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

static void write_file(const char *dir, const char *name, const void *data, size_t size)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0440);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd) < 0)
		die(path);
}

static void cover(const char *dir, const char *name, const char *over, const char *data)
{
	char path[256];

	write_file(dir, name, data, strlen(data));
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (mount(path, over, NULL, MS_BIND, NULL) < 0)
		die(over);
}

/* A machine of its own: these accounts, this name, and nowhere to write. */
static void enter(const char *dir)
{
	static const char *const quiet[] = {"/var/log", "/var/lib/sudo", "/run/sudo"};
	static const char hostname[] = "thishost";
	char path[256];

	if (unshare(CLONE_NEWNS | CLONE_NEWUTS) < 0) {
		puts("mount name spaces are not to be had");
		exit(77);
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		die("mount");
	if (sethostname(hostname, strlen(hostname)) < 0)
		die("sethostname");
	cover(dir, "passwd", "/etc/passwd", passwd);
	cover(dir, "group", "/etc/group", group);
	cover(dir, "nsswitch", "/etc/nsswitch.conf", nsswitch);
	cover(dir, "hosts", "/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 thishost\n");
	for (size_t i = 0; i < ARRAY_SIZE(quiet); i++) {
		if (access(quiet[i], F_OK) == 0 &&
			mount("none", quiet[i], "tmpfs", 0, "mode=0700") < 0)
			die(quiet[i]);
	}
	/* The directory, not the file: each tree is written anew. */
	(void)snprintf(path, sizeof(path), "%s/sudoers", dir);
	write_file(dir, "sudoers", "", 0);
	if (mount(path, "/etc/sudoers", NULL, MS_BIND, NULL) < 0)
		die("/etc/sudoers");
}

static void write_tree(const struct gen *base)
{
	static const char *const names[] = {"sudoers", "one", "two", "d/a", "d/b", "d/c"};
	static char data[GEN_SIZE];
	struct gen g = *base;

	for (uint32_t i = 0; i < ARRAY_SIZE(names); i++) {
		gen_file(&g, i, data);
		write_file(g.dir, names[i], data, g.n);
	}
}

static bool sudo_allows(
	struct memo *memo, const char *user, const char *target, const char *command)
{
	const char *const argv[] = {
		"/usr/bin/sudo", "-n", "-l", "-U", user, "-u", target, "--", command, NULL};
	_cleanup_(child_result_fini) struct child_result res = {0};

	int r = child_run(memo, argv, NULL, 20 * USEC_PER_SEC, 1 << 20, &res);
	if (r < 0) {
		errno = -r;
		die(argv[0]);
	}
	return WIFEXITED(res.status) && WEXITSTATUS(res.status) == 0;
}

static bool allows(struct memo *memo, const char *user, const char *command)
{
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		if (sudo_allows(memo, user, roots[i], command))
			return true;
	}
	return false;
}

/* What everybody may is told once, with the first of them: it is to be asked who is meant. */
static bool is_meant(const struct sudo_right *r, const struct factset *facts, const char *user)
{
	const struct accounts *acc = factset_get(facts, FACT_ACCOUNTS)->u.accounts;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct sudo_people people = {.accounts = acc, .arena = a};
	struct sudo_subject subject = {.account = accounts_find(acc, user), .people = &people};

	if (r->who_kind != SUDO_ALL)
		return r->account && strcmp(r->account, user) == 0;
	if (!a)
		die("arena_new");
	const struct sudo_member *m = sudo_user_match(&r->grant->users, &subject);
	return m && !m->negated;
}

/* Whether this program says so: any command, or this one. */
static bool has_right(const struct factset *facts, const char *user, const char *command)
{
	const struct sudo *s = factset_get(facts, FACT_SUDO)->u.sudo;

	for (size_t i = 0; i < s->n_rights; i++) {
		const struct sudo_right *r = &s->rights[i];
		if (r->via || !is_meant(r, facts, user))
			continue;
		if (command ? strcmp(r->command, command) == 0 : r->power == SUDO_POWER_ALL)
			return true;
	}
	return false;
}

static bool compare(
	struct memo *memo, const struct factset *facts, const char *user, struct count *count)
{
	bool own = has_right(facts, user, NULL), theirs = allows(memo, user, any);
	bool one = has_right(facts, user, named), theirs_one = allows(memo, user, named);

	count->asked += 2;
	count->yes += theirs + theirs_one;
	if (own == theirs && (!theirs_one || own || one) && (!one || theirs_one))
		return true;
	printf("  %s: own all %d, one %d; sudo all %d, one %d\n", user, own, one, theirs,
		theirs_one);
	return false;
}

static bool judge(struct memo *memo, const struct root *root, struct count *count)
{
	static const enum fact_id ids[] = {FACT_ACCOUNTS, FACT_SUDO};
	struct factset facts = {0};
	struct collect c = {.root = root,
		.facts = &facts,
		.memo = memo,
		.realtime_usec = UINT64_C(1790000000) * USEC_PER_SEC};
	bool ok = true;

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct fact *f;
		if (fact_collect(ids[i], &c, &f) < 0)
			die("fact_collect");
		factset_put(&facts, f);
	}
	const struct fact *f = factset_get(&facts, FACT_SUDO);
	if (f->state != FACT_STATE_OK) {
		printf("  %s\n", f->reason);
		ok = false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(users) && f->state == FACT_STATE_OK; i++)
		ok &= compare(memo, &facts, users[i], count);
	if (f->u.sudo)
		count->broken += f->u.sudo->n_defects > 0;
	/* The same tree again starts no program again. */
	unsigned before = memo_children(memo);
	struct fact *again;
	if (fact_collect(FACT_SUDO, &c, &again) < 0)
		die("fact_collect");
	fact_free(again);
	if (memo_children(memo) != before) {
		puts("  an unchanged tree was asked about again");
		ok = false;
	}
	factset_fini(&facts);
	return ok;
}

static int run(const char *dir, unsigned trees, uint64_t seed)
{
	_cleanup_(memo_freep) struct memo *memo = memo_new();
	struct count count = {0};
	struct root root;

	enter(dir);
	if (!memo || root_open("/", &root) < 0)
		die("/");
	for (; count.trees < trees && count.wrong == 0; count.trees++) {
		struct gen g = {.seed = seed + count.trees, .dir = dir, .live = true};
		write_tree(&g);
		if (!judge(memo, &root, &count)) {
			printf("tree of seed %llu\n", (unsigned long long)seed + count.trees);
			count.wrong++;
		}
	}
	root_close(&root);
	printf("%u trees (%u broken in part), %u questions to sudo, %u answered yes\n", count.trees,
		count.broken, count.asked, count.yes);
	return count.wrong > 0 || count.yes < count.asked / 20 || count.yes > count.asked / 2;
}

int main(int argc, char *argv[])
{
	char dir[] = "/tmp/hardend-sudo-XXXXXX", command[128];
	unsigned trees = argc > 1 ? (unsigned)atoi(argv[1]) : TREES;
	uint64_t seed = argc > 2 ? (uint64_t)atoll(argv[2]) : 1;
	int status;

	if (access("/usr/bin/sudo", X_OK) < 0 || access("/etc/sudoers", F_OK) < 0) {
		puts("sudo is not installed");
		return 77;
	}
	if (geteuid() != 0) {
		puts("only root may ask sudo about others");
		return 77;
	}
	if (!mkdtemp(dir) || chmod(dir, 0755) < 0)
		die(dir);
	(void)snprintf(command, sizeof(command), "%s/d", dir);
	if (mkdir(command, 0755) < 0)
		die(command);
	(void)fflush(stdout);
	/* In a child, so that all it mounts is gone with it. */
	pid_t pid = fork();
	if (pid == 0)
		exit(run(dir, trees, seed));
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		die("fork");
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 1) {
		printf("left in %s\n", dir);
		return 1;
	}
	(void)snprintf(command, sizeof(command), "rm -rf -- '%s'", dir);
	return system(command) == 0 ? WEXITSTATUS(status) : 1;
}
