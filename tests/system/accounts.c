/* SPDX-License-Identifier: ISC */
/*
 * Generated account files as the machine itself sees them: in a mount namespace
 * of our own, with /etc a directory of ours, getpwnam(3), getspnam(3) and
 * getgrouplist(3) must agree with our parser; and what pwck(8) or grpck(8) find
 * wrong must be a defect. Usage: system-accounts [sets [seed]].
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "fact/accounts-parse.h"
#include "fact/collectors.h"

enum {
	TEXT_MAX = 8192,
	GROUPS_MAX = 256,
};

static char dir[] = "/tmp/hardend-accounts-XXXXXX";
static uint32_t seed = 20261121;

static const char *const names[] = {
	"root", "alice", "bob", "carol", "dave", "Upper", "we-ird_", "x1"};

static uint32_t below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

#define PICK(a) ((a)[below(ARRAY_SIZE(a))])

struct text {
	char s[TEXT_MAX];
	size_t n;
};

static void put(struct text *t, const char *s)
{
	size_t n = strlen(s);

	if (t->n + n < TEXT_MAX) {
		memcpy(t->s + t->n, s, n + 1);
		t->n += n;
	}
}

/* Mostly a good value, now and then one that readers differ about. */
static void put_field(struct text *t, const char *good, bool last)
{
	static const char *const odd[] = {"", "0", " 1", "+2", "x", "*", "!",
		"$1$a$0123456789012345678901", "1x", "010", "4294967295", "-1", "99999999999",
		"a b", "/bin/sh", "alice,bob"};

	put(t, below(40) ? good : PICK(odd));
	if (!last)
		put(t, below(300) ? ":" : "");
}

static void put_passwd(struct text *t, const char *name, unsigned id)
{
	char number[16];

	(void)snprintf(number, sizeof(number), "%u", id);
	put(t, below(60) ? "" : " ");
	put_field(t, name, false);
	put_field(t, "x", false);
	put_field(t, number, false);
	put_field(t, number, false);
	put_field(t, "", false);
	put_field(t, "/", false);
	put_field(t, below(2) ? "/bin/sh" : "/usr/sbin/nologin", true);
	put(t, below(60) ? "\n" : ":\n");
}

static void put_shadow(struct text *t, const char *name)
{
	static const char *const fields[] = {"!", "19000", "0", "99999", "7", "", ""};

	put_field(t, name, false);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		put_field(t, fields[i], false);
	put(t, "\n");
}

static void put_group(struct text *t, const char *name, unsigned id)
{
	char number[16];

	(void)snprintf(number, sizeof(number), "%u", id);
	put_field(t, name, false);
	put_field(t, "x", false);
	put_field(t, number, false);
	for (uint32_t n = below(4); n > 0; n--) {
		put(t, below(30) ? "" : " ");
		put(t, PICK(names));
		put(t, n > 1 ? "," : "");
	}
	put(t, "\n");
}

static void make_set(struct text texts[static ACCOUNTS_FILE_MAX])
{
	memset(texts, 0, ACCOUNTS_FILE_MAX * sizeof(*texts));
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		unsigned id = i == 0 ? 0 : 1000 + i - (below(60) == 0);
		for (unsigned k = below(60) == 0 ? 2 : 1; k > 0 && below(30); k--)
			put_passwd(&texts[ACCOUNTS_PASSWD], names[i], id);
		for (unsigned k = below(60) == 0 ? 2 : 1; k > 0 && below(30); k--)
			put_shadow(&texts[ACCOUNTS_SHADOW], names[i]);
		if (below(30))
			put_group(&texts[ACCOUNTS_GROUP], names[i], id);
		if (below(30)) {
			put_field(&texts[ACCOUNTS_GSHADOW], names[i], false);
			put(&texts[ACCOUNTS_GSHADOW], below(30) ? "!::\n" : "!:\n");
		}
	}
	if (below(30) == 0)
		put(&texts[ACCOUNTS_PASSWD],
			PICK(((const char *const[]){"+::::::\n", "+\n", "-bob\n"})));
	if (below(30) == 0)
		put(&texts[ACCOUNTS_GROUP], "+:::\n");
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	char path[256];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) < 0) {
		perror(path);
		exit(1);
	}
}

/* Numbers out of range are read by some C libraries and skipped by others. */
static bool is_odd(const struct accounts *acc, const char *name)
{
	char subject[64];

	(void)snprintf(subject, sizeof(subject), "account %s", name);
	for (size_t i = 0; i < acc->n_defects; i++) {
		if (strcmp(acc->defects[i].subject, subject) == 0 &&
			strstr(acc->defects[i].what, "out of range"))
			return true;
	}
	return false;
}

static int differ(const char *name, const char *what)
{
	printf("%s: %s\n", name, what);
	return 1;
}

static int compare_groups(const struct accounts *acc, const struct account *x)
{
	gid_t theirs[GROUPS_MAX];
	int n = GROUPS_MAX, found = 0, mine = 1;

	if (getgrouplist(x->name, x->gid, theirs, &n) < 0)
		return differ(x->name, "too many groups");
	for (int i = 0; i < n; i++)
		found += theirs[i] == x->gid;
	for (size_t i = 0; i < acc->n_groups; i++) {
		const struct account_group *g = &acc->groups[i];
		bool listed = false, has = account_in_group(x, g);
		for (int k = 0; k < n; k++)
			listed = listed || theirs[k] == g->gid;
		if (has && !listed)
			return differ(x->name, g->name);
		mine += has && g->gid != x->gid;
	}
	return found == 1 && n <= mine ? 0 : differ(x->name, "groups that we do not see");
}

static int compare_name(const struct accounts *acc, const char *name)
{
	const struct account *x = accounts_find(acc, name);
	struct passwd *pw = getpwnam(name);
	const char *scheme;

	if (!x || !pw)
		return x || pw ? differ(name, pw ? "is an account" : "is no account") : 0;
	if (x->uid != pw->pw_uid || x->gid != pw->pw_gid || strcmp(x->home, pw->pw_dir) != 0 ||
		strcmp(x->shell, pw->pw_shell) != 0)
		return differ(name, "has another line");
	int r = compare_groups(acc, x);
	if (strcmp(x->password_path, "/etc/shadow") != 0 || is_odd(acc, name))
		return r;
	struct spwd *sp = getspnam(name);
	if (!sp != !x->password_line)
		return differ(name, sp ? "is in shadow" : "is not in shadow");
	if (sp && (x->password != password_classify(sp->sp_pwdp, &scheme) ||
			  x->expire_day != sp->sp_expire || x->max_days != sp->sp_max))
		return differ(name, "has another line of shadow");
	return r;
}

/* Exit status of "pwck -rq" or "grpck -r" for the two files, with what it said thrown away. */
static int run_checker(const char *program, const char *option, const char *one, const char *two)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);
		(void)dup2(null, 0);
		(void)dup2(null, 1);
		(void)dup2(null, 2);
		execl(program, program, option, one, two, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool has_defect(const struct accounts *acc, const char *kind)
{
	for (size_t i = 0; i < acc->n_defects; i++) {
		const char *path = acc->defects[i].path;
		bool group = strcmp(path, "/etc/group") == 0 || strcmp(path, "/etc/gshadow") == 0;
		if (group == (kind[0] == 'g'))
			return true;
	}
	return false;
}

static int compare_checkers(const struct accounts *acc, unsigned *found)
{
	int pwck = run_checker("/usr/sbin/pwck", "-rq", "/etc/passwd", "/etc/shadow");
	int grpck = run_checker("/usr/sbin/grpck", "-r", "/etc/group", "/etc/gshadow");

	*found += (pwck == 2) + (grpck == 2);
	if (pwck == 2 && !has_defect(acc, "passwd"))
		return differ("pwck", "finds a fault that is no defect");
	/* It knows no members that are not local accounts. */
	bool strangers = false;
	for (size_t i = 0; i < acc->n_groups; i++) {
		for (size_t k = 0; k < acc->groups[i].n_members; k++)
			strangers = strangers || !accounts_find(acc, acc->groups[i].members[k]);
	}
	if (grpck == 2 && !strangers && !has_defect(acc, "group"))
		return differ("grpck", "finds a fault that is no defect");
	return 0;
}

static int run_set(unsigned *accounts, unsigned *found)
{
	static struct text texts[ACCOUNTS_FILE_MAX];
	struct root root;
	struct factset facts = {0};
	struct fact *f = NULL;
	int r = 0;

	make_set(texts);
	for (int i = 0; i < ACCOUNTS_LOGIN_DEFS; i++)
		write_file(accounts_paths[i] + sizeof("/etc/") - 1, texts[i].s, 0644);
	if (root_open("/", &root) < 0)
		return differ("/", "cannot be opened");
	const struct collect c = {.root = &root, .facts = &facts};
	if (fact_collect(FACT_ACCOUNTS, &c, &f) < 0 || !f->u.accounts)
		return differ("facts", "cannot be collected");
	const struct accounts *acc = f->u.accounts;
	for (size_t i = 0; i < ARRAY_SIZE(names) && r == 0; i++)
		r = compare_name(acc, names[i]);
	if (r == 0)
		r = compare_checkers(acc, found);
	*accounts += (unsigned)acc->n;
	for (int i = 0; r && i < ACCOUNTS_LOGIN_DEFS; i++)
		printf("--- %s\n%s", accounts_paths[i], texts[i].s);
	fact_free(f);
	root_close(&root);
	return r;
}

int main(int argc, char *argv[])
{
	unsigned sets = argc > 1 ? (unsigned)atoi(argv[1]) : 400, accounts = 0, found = 0;
	char command[64];
	int r = 0;

	if (argc > 2)
		seed = (uint32_t)atoi(argv[2]);
	if (access("/usr/sbin/pwck", X_OK) < 0 || access("/usr/sbin/grpck", X_OK) < 0) {
		puts("skipped: pwck and grpck are not installed");
		return 77;
	}
	if (!mkdtemp(dir)) {
		perror(dir);
		return 1;
	}
	(void)chmod(dir, 0755);
	write_file("nsswitch.conf", "passwd: files\nshadow: files\ngroup: files\n", 0644);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount(dir, "/etc", NULL, MS_BIND, NULL) < 0) {
		printf("skipped: no mount namespace of our own (%s)\n", strerror(errno));
		(void)rmdir(dir);
		return 77;
	}
	unsigned i = 0;
	for (; i < sets && r == 0; i++)
		r = run_set(&accounts, &found);
	printf("%u sets, %u accounts as the C library sees them; %u refused by pwck or grpck\n", i,
		accounts, found);
	(void)snprintf(command, sizeof(command), "rm -rf -- '%s'", dir);
	if (system(command) != 0)
		r = 1;
	return r;
}
