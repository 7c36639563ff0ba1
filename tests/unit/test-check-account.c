/* SPDX-License-Identifier: ISC */
/* The checks of accounts, over files in a private root that the real collectors read. */
#include "test.h"

#include <lastlog.h>
#include <sqlite3.h>
#include <sys/xattr.h>
#include <utmp.h>

#include "alloc-fail.h"
#include "check/check.h"
#include "conf/conf.h"
#include "fact/account-files.h"
#include "fact/accounts.h"
#include "fact/homes.h"
#include "fact/logins.h"

#define NOW   (UINT64_C(1795305600) * USEC_PER_SEC) /* 2026-11-22 */
#define TODAY 20779

#define ROOT  "root:x:0:0:root:/root:/bin/bash\n"
#define ALICE "alice:x:1000:1000::/home/alice:/bin/bash\n"
#define DB    "db:x:105:105::/var/lib/db:/usr/sbin/nologin\n"
#define HASH       \
	"$6$salt$" \
	"01234567890123456789012345678901234567890123456789012345678901234567890123456789012345"
#define MD5 "$1$abcdefgh$0123456789012345678901"
#define NEW ":20700:0:99999:7:::\n" /* a password set 79 days ago */
#define OLD ":20000:0:99999:7:::\n"

/* What is other than in the good root. path NULL ends. */
struct change {
	const char *path, *text; /* text NULL: only the mode, or what kind says */
	mode_t mode;		 /* 0: as it is */
	uid_t uid;
	enum { WRITE, REMOVE, FIFO, LINK } kind;
};

struct vector {
	const char *name, *check, *conf;
	struct change changes[4];
	enum result result;
	enum severity severity;
	const char *subject, *observed; /* of the first evidence; observed in part */
};

static const struct change good[] = {
	{"/etc/os-release", "ID=debian\n", 0644, 0, WRITE},
	{"/etc/passwd", ROOT ALICE DB, 0644, 0, WRITE},
	{"/etc/shadow", "root:*" NEW "alice:!" NEW "db:!*" OLD, 0640, 0, WRITE},
	{"/etc/group", "root:x:0:\nalice:x:1000:\ndb:x:105:\nsudo:x:27:alice\ndocker:x:999:\n",
		0644, 0, WRITE},
	{"/etc/gshadow", "root:*::\nalice:!::\ndb:!::\nsudo:*::alice\ndocker:!::\n", 0640, 0,
		WRITE},
	{"/etc/login.defs", "ENCRYPT_METHOD YESCRYPT\n", 0644, 0, WRITE},
	{"/etc/sudoers", "root ALL=(ALL) ALL\n", 0440, 0, WRITE},
	{"/etc/sudoers.d/README", "#\n", 0440, 0, WRITE},
	{"/etc/sudoers.d", NULL, 0755, 0, WRITE},
	{"/etc/pam.d/passwd", "@include common-password\n", 0644, 0, WRITE},
	{"/etc/pam.d/common-password",
		"password [success=1 default=ignore] pam_unix.so obscure yescrypt\n"
		"password requisite pam_deny.so\npassword required pam_permit.so\n",
		0644, 0, WRITE},
	{"/bin/bash", "", 0755, 0, WRITE},
	{"/usr/sbin/nologin", "", 0755, 0, WRITE},
	{"/root/.profile", "", 0644, 0, WRITE},
	{"/var/lib/db/data", "", 0644, 105, WRITE},
	{"/home/alice/.ssh/authorized_keys", "ssh-ed25519 AAAA\n", 0600, 1000, WRITE},
	{"/home/alice/.ssh", NULL, 0700, 1000, WRITE},
	{"/home/alice", NULL, 0755, 1000, WRITE},
	{"/var/log/wtmp", "", 0664, 0, WRITE},
};

static void apply(const struct test_root *t, const struct change *c)
{
	const char *path = test_path(t, c->path);

	switch (c->kind) {
	case REMOVE:
		assert_int_equal(remove(path), 0);
		return;
	case FIFO:
		(void)remove(path);
		assert_int_equal(mkfifo(path, 0644), 0);
		return;
	case LINK:
		(void)remove(path);
		assert_int_equal(symlink(c->text, path), 0);
		return;
	default:
		break;
	}
	if (c->text)
		test_write(t, c->path, c->text);
	if (c->mode)
		assert_int_equal(chmod(path, c->mode), 0);
	if (geteuid() == 0)
		assert_int_equal(chown(path, c->uid, c->uid), 0);
}

static void make_lastlog(const struct test_root *t, uid_t uid, int64_t day)
{
	struct lastlog record = {.ll_time = (int32_t)(day * 86400 + 3600)};
	FILE *f = fopen(test_path(t, "/var/log/lastlog"), "we");

	assert_non_null(f);
	assert_int_equal(fseek(f, (long)(uid * sizeof(record)), SEEK_SET), 0);
	assert_int_equal(fwrite(&record, sizeof(record), 1, f), 1);
	assert_int_equal(fclose(f), 0);
}

static void make_root(struct test_root *t)
{
	test_root_init(t);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		apply(t, &good[i]);
	assert_int_equal(chmod(test_path(t, "/root"), 0700), 0);
	make_lastlog(t, 1000, TODAY - 1);
}

static struct policy *make_policy(const char *text)
{
	struct errlist errors = {0};
	struct policy *policy = NULL;

	int r = conf_load_text("test.conf", text, strlen(text), &errors, &policy);
	if (r < 0)
		fail_msg("%s", errors.n ? errors.v[0].text : "no policy");
	errlist_fini(&errors);
	return policy;
}

static void collect_all(const struct test_root *t, struct factset *facts)
{
	static const enum fact_id ids[] = {
		FACT_OS, FACT_ACCOUNTS, FACT_ACCOUNT_FILES, FACT_HOMES, FACT_LOGINS, FACT_PAM};
	const struct collect c = {.root = &t->root, .facts = facts, .realtime_usec = NOW};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct fact *f = NULL;
		assert_int_equal(fact_collect(ids[i], &c, &f), 0);
		factset_put(facts, f);
	}
}

static struct verdict *judge_root(const struct test_root *t, const char *id, const char *conf)
{
	const struct check *check = check_find(id);
	struct policy *policy = make_policy(conf ? conf : "[policy]\nsysadmin = alice\n");
	struct verdict *v = verdict_new();
	struct factset facts = {0};

	assert_non_null(check);
	collect_all(t, &facts);
	assert_int_equal(check_judge(check, &facts, policy, NOW, v), 0);
	factset_fini(&facts);
	policy_free(policy);
	return v;
}

static void run(const struct vector *v)
{
	struct test_root t;

	make_root(&t);
	for (size_t i = 0; i < ARRAY_SIZE(v->changes) && v->changes[i].path; i++)
		apply(&t, &v->changes[i]);
	struct verdict *verdict = judge_root(&t, v->check, v->conf);
	const struct evidence *e = verdict->n_evidence ? &verdict->evidence[0] : NULL;
	if (verdict->result != v->result)
		fail_msg("%s: %s: %s (%s)", v->check, v->name, result_name(verdict->result),
			verdict->summary);
	if (v->result == RESULT_FAIL && verdict->severity != v->severity)
		fail_msg(
			"%s: %s: severity %s", v->check, v->name, severity_name(verdict->severity));
	if (v->subject && (!e || !e->subject || strcmp(e->subject, v->subject) != 0))
		fail_msg("%s: %s: about %s", v->check, v->name, e ? e->subject : "nothing");
	if (v->observed && (!e || !strstr(e->observed, v->observed)))
		fail_msg("%s: %s: observed %s", v->check, v->name, e ? e->observed : "nothing");
	verdict_free(verdict);
	test_root_fini(&t);
}

#define PASSES(check)                                                  \
	{                                                              \
		"good", check, NULL, {{0}}, RESULT_PASS, 0, NULL, NULL \
	}
#define NO_PASSWD(check)                                                                           \
	{                                                                                          \
		"no passwd", check, NULL, {{"/etc/passwd", .kind = REMOVE}}, RESULT_NOTAPPLICABLE, \
			0, NULL, NULL                                                              \
	}
#define BAD_PASSWD(check)                                                                        \
	{                                                                                        \
		"unreadable passwd", check, NULL, {{"/etc/passwd", .kind = FIFO}}, RESULT_ERROR, \
			0, NULL, NULL                                                            \
	}
#define BAD_SHADOW(check)                                                                        \
	{                                                                                        \
		"unreadable shadow", check, NULL, {{"/etc/shadow", .kind = FIFO}}, RESULT_ERROR, \
			0, "file /etc/shadow", "FIFO"                                            \
	}
#define SHADOW(text)                                        \
	{                                                   \
		{                                           \
			"/etc/shadow", text, 0640, 0, WRITE \
		}                                           \
	}
#define PASSWD(text)                                        \
	{                                                   \
		{                                           \
			"/etc/passwd", text, 0644, 0, WRITE \
		}                                           \
	}
#define GROUP(text)                                        \
	{                                                  \
		{                                          \
			"/etc/group", text, 0644, 0, WRITE \
		}                                          \
	}
#define STRONG_PAM(text)                                                   \
	{                                                                  \
		{                                                          \
			"/etc/pam.d/common-password", text, 0644, 0, WRITE \
		}                                                          \
	}

static const struct vector password_vectors[] = {
	PASSES("account-root-password"),
	NO_PASSWD("account-root-password"),
	BAD_PASSWD("account-root-password"),
	BAD_SHADOW("account-root-password"),
	{"usable", "account-root-password", NULL,
		SHADOW("root:" HASH NEW "alice:!" NEW "db:!*" OLD), RESULT_FAIL, SEV_MEDIUM,
		"account root", "usable password (sha512crypt)"},
	{"empty", "account-root-password", NULL, SHADOW("root:" NEW "alice:!" NEW "db:!*" OLD),
		RESULT_FAIL, SEV_CRITICAL, "account root", "empty"},
	{"locked hash", "account-root-password", NULL,
		SHADOW("root:!" HASH NEW "alice:!" NEW "db:!*" OLD), RESULT_PASS, 0, NULL, NULL},
	{"in passwd", "account-root-password", NULL, PASSWD("root:" MD5 ":0:0::/root:/bin/bash\n"),
		RESULT_FAIL, SEV_MEDIUM, "account root", "md5crypt"},
	{"no root", "account-root-password", NULL, PASSWD(ALICE), RESULT_NOTAPPLICABLE, 0, NULL,
		NULL},
	{"no shadow at all", "account-root-password", NULL, {{"/etc/shadow", .kind = REMOVE}},
		RESULT_PASS, 0, NULL, NULL},

	PASSES("account-empty-password"),
	NO_PASSWD("account-empty-password"),
	BAD_PASSWD("account-empty-password"),
	BAD_SHADOW("account-empty-password"),
	{"in shadow", "account-empty-password", NULL, SHADOW("root:*" NEW "alice:" NEW "db:!*" OLD),
		RESULT_FAIL, SEV_CRITICAL, "account alice", "empty"},
	{"without shell", "account-empty-password", NULL,
		SHADOW("root:*" NEW "alice:!" NEW "db:" OLD), RESULT_FAIL, SEV_HIGH, "account db",
		"empty"},

	PASSES("account-password-usable"),
	NO_PASSWD("account-password-usable"),
	BAD_PASSWD("account-password-usable"),
	BAD_SHADOW("account-password-usable"),
	{"usable", "account-password-usable", NULL,
		SHADOW("root:" HASH NEW "alice:" HASH NEW "db:" HASH OLD), RESULT_FAIL, SEV_MEDIUM,
		"account alice", "usable password (sha512crypt)"},
	{"root's and a service's are for others", "account-password-usable", NULL,
		SHADOW("root:" HASH NEW "alice:!" NEW "db:" HASH OLD), RESULT_PASS, 0, NULL, NULL},
	{"expired", "account-password-usable", NULL,
		SHADOW("root:*" NEW "alice:" HASH ":20700:0:99999:7::20779:\ndb:!*" OLD),
		RESULT_PASS, 0, NULL, NULL},
	{"expires tomorrow", "account-password-usable", NULL,
		SHADOW("root:*" NEW "alice:" HASH ":20700:0:99999:7::20780:\ndb:!*" OLD),
		RESULT_FAIL, SEV_MEDIUM, "account alice", NULL},
	{"waived", "account-password-usable",
		"[waiver w]\ncheck = account-password-usable\nsubject = account alice\nreason = r\n"
		"owner = o\nuntil = 2027-01-01\n",
		SHADOW("root:*" NEW "alice:" HASH NEW "db:!*" OLD), RESULT_FAIL, SEV_MEDIUM,
		"account alice", NULL},

	PASSES("account-password-hash"),
	NO_PASSWD("account-password-hash"),
	BAD_PASSWD("account-password-hash"),
	BAD_SHADOW("account-password-hash"),
	{"md5", "account-password-hash", NULL, SHADOW("root:*" NEW "alice:" MD5 NEW "db:!*" OLD),
		RESULT_FAIL, SEV_MEDIUM, "account alice", "md5crypt hash"},
	{"locked md5", "account-password-hash", NULL,
		SHADOW("root:*" NEW "alice:!" MD5 NEW "db:!*" OLD), RESULT_FAIL, SEV_LOW,
		"account alice", "md5crypt hash (locked)"},
	{"des", "account-password-hash", NULL,
		SHADOW("root:*" NEW "alice:ab0123456789." NEW "db:!*" OLD), RESULT_FAIL, SEV_HIGH,
		"account alice", "descrypt hash"},
	{"PAM says md5", "account-password-hash", NULL,
		STRONG_PAM("password required pam_unix.so sha512 md5\n"), RESULT_FAIL, SEV_HIGH,
		"pam passwd password", "md5: pam_unix is told so"},
	{"PAM says nothing", "account-password-hash", NULL,
		STRONG_PAM("password required pam_unix.so\n"), RESULT_PASS, 0, NULL, NULL},
	{"nobody says anything", "account-password-hash", NULL,
		{{"/etc/pam.d/common-password", "password required pam_unix.so\n", 0644, 0, WRITE},
			{"/etc/login.defs", "#\n", 0644, 0, WRITE}},
		RESULT_FAIL, SEV_HIGH, "pam passwd password", "des: nothing names a method"},
	{"login.defs says DES, PAM otherwise", "account-password-hash", NULL,
		{{"/etc/login.defs", "ENCRYPT_METHOD DES\n", 0644, 0, WRITE}}, RESULT_FAIL, SEV_LOW,
		"file /etc/login.defs", "ENCRYPT_METHOD DES"},
	{"no PAM, login.defs says nothing", "account-password-hash", NULL,
		{{"/etc/pam.d/passwd", .kind = REMOVE},
			{"/etc/pam.d/common-password", .kind = REMOVE},
			{"/etc/pam.d", .kind = REMOVE}, {"/etc/login.defs", "#\n", 0644, 0, WRITE}},
		RESULT_FAIL, SEV_HIGH, "file /etc/login.defs", "not set"},
	{"PAM unreadable", "account-password-hash", NULL,
		{{"/etc/pam.d/common-password", .kind = FIFO}}, RESULT_ERROR, 0,
		"pam passwd password", "FIFO"},
};

static const struct vector role_vectors[] = {
	PASSES("account-uid-zero"),
	NO_PASSWD("account-uid-zero"),
	BAD_PASSWD("account-uid-zero"),
	{"toor", "account-uid-zero", NULL,
		PASSWD(ROOT ALICE DB "toor:x: 00:7::/:/usr/sbin/nologin\n"), RESULT_FAIL,
		SEV_CRITICAL, "account toor", "uid 0"},
	{"short line", "account-uid-zero", NULL, PASSWD(ROOT ALICE DB "x::0:0"), RESULT_FAIL,
		SEV_CRITICAL, "account x", "uid 0"},

	PASSES("account-service-login"),
	NO_PASSWD("account-service-login"),
	BAD_PASSWD("account-service-login"),
	BAD_SHADOW("account-service-login"),
	{"shell", "account-service-login", NULL,
		PASSWD(ROOT ALICE "db:x:105:105::/var/lib/db:/bin/bash\n"), RESULT_FAIL, SEV_LOW,
		"account db", "login shell /bin/bash"},
	{"shell that is not there", "account-service-login", NULL,
		PASSWD(ROOT ALICE "db:x:105:105::/var/lib/db:/bin/zsh\n"), RESULT_PASS, 0, NULL,
		NULL},
	{"nologin of one's own", "account-service-login", NULL,
		{{"/etc/passwd", ROOT ALICE "db:x:105:105::/var/lib/db:/tmp/nologin\n", 0644, 0,
			 WRITE},
			{"/tmp/nologin", "", 0755, 0, WRITE}},
		RESULT_FAIL, SEV_LOW, "account db", "login shell /tmp/nologin"},
	{"password", "account-service-login", NULL,
		SHADOW("root:*" NEW "alice:!" NEW "db:" HASH OLD), RESULT_FAIL, SEV_MEDIUM,
		"account db", "usable password (sha512crypt)"},
	{"expired", "account-service-login", NULL,
		SHADOW("root:*" NEW "alice:!" NEW "db:" HASH ":1:::::1:\n"), RESULT_PASS, 0, NULL,
		NULL},
	{"keys", "account-service-login", NULL,
		{{"/var/lib/db/.ssh/authorized_keys", "ssh-ed25519 AAAA\n", 0600, 105, WRITE}},
		RESULT_FAIL, SEV_HIGH, "account db",
		"authorized keys in /var/lib/db/.ssh/authorized_keys"},
	{"no keys in it", "account-service-login", NULL,
		{{"/var/lib/db/.ssh/authorized_keys", "", 0600, 105, WRITE}}, RESULT_PASS, 0, NULL,
		NULL},
	{"keys out of sight", "account-service-login", NULL,
		{{"/var/lib/db/.ssh", "/home/alice/.ssh", .kind = LINK}}, RESULT_ERROR, 0,
		"account db", "leaves its directory"},

	PASSES("account-root-groups"),
	NO_PASSWD("account-root-groups"),
	BAD_PASSWD("account-root-groups"),
	{"unreadable group", "account-root-groups", NULL, {{"/etc/group", .kind = FIFO}},
		RESULT_ERROR, 0, "file /etc/group", "FIFO"},
	{"nobody stated", "account-root-groups", "", {{0}}, RESULT_FAIL, SEV_MEDIUM,
		"account alice", "member of sudo (/etc/group line 4)"},
	{"outside", "account-root-groups", "[policy]\nsysadmin = bob\n", {{0}}, RESULT_FAIL,
		SEV_HIGH, "account alice", "member of sudo (/etc/group line 4)"},
	{"by group", "account-root-groups", "[policy]\nsysadmin = @sudo\n", {{0}}, RESULT_PASS, 0,
		NULL, NULL},
	{"primary", "account-root-groups", NULL,
		PASSWD(ROOT ALICE "db:x:105:999::/var/lib/db:/usr/sbin/nologin\n"), RESULT_FAIL,
		SEV_HIGH, "account db", "primary group is docker (gid 999)"},
	{"another name for the gid", "account-root-groups", NULL,
		GROUP("root:x:0:\nalice:x:1000:\ndb:x:105:\nsudo:x:27:\nfriends:x:27:db\n"),
		RESULT_FAIL, SEV_HIGH, "account db", "member of friends (gid 27, which is sudo's)"},
	{"by an entry of NIS", "account-root-groups", NULL,
		GROUP("root:x:0:\nalice:x:1000:\ndb:x:105:\nsudo:x:27:\n+:x:27:db\n"), RESULT_FAIL,
		SEV_HIGH, "account db", "member of + (gid 27, which is sudo's)"},
	{"nobody's name", "account-root-groups", NULL,
		GROUP("root:x:0:\nalice:x:1000:\ndb:x:105:\nsudo:x:27:ghost\n"), RESULT_FAIL,
		SEV_LOW, "account ghost", "no local account"},
	{"with a password", "account-root-groups", NULL,
		{{"/etc/gshadow", "docker:" HASH "::\n", 0640, 0, WRITE}}, RESULT_FAIL, SEV_HIGH,
		"group docker", "newgrp"},
	{"a list of one's own", "account-root-groups",
		"[policy]\nsysadmin = bob\n[account-root-groups]\nroot_groups = docker\n", {{0}},
		RESULT_PASS, 0, NULL, NULL},

	PASSES("account-unneeded"),
	NO_PASSWD("account-unneeded"),
	BAD_PASSWD("account-unneeded"),
	BAD_SHADOW("account-unneeded"),
	{"default account", "account-unneeded", NULL,
		PASSWD(ROOT ALICE "ubuntu:x:105:105::/var/lib/db:/bin/bash\n"), RESULT_FAIL,
		SEV_LOW, "account ubuntu", "images come with"},
	{"default account that is the sysadmin", "account-unneeded",
		"[policy]\nsysadmin = alice, ubuntu\n",
		PASSWD(ROOT ALICE "ubuntu:x:105:105::/var/lib/db:/bin/bash\n"), RESULT_PASS, 0,
		NULL, NULL},
	{"expired", "account-unneeded", NULL,
		SHADOW("root:*" NEW "alice:!:20700:0:99999:7::20778:\ndb:!*" OLD), RESULT_FAIL,
		SEV_LOW, "account alice", "expired on 2026-11-21"},
	{"expired with its password", "account-unneeded", NULL,
		SHADOW("root:*" NEW "alice:!:20700:0:30:7:10::\ndb:!*" OLD), RESULT_FAIL, SEV_LOW,
		"account alice", "expired with its password"},
	{"stale", "account-unneeded", "[account-unneeded]\nstale_days = 1\n", {{0}}, RESULT_FAIL,
		SEV_LOW, "account alice", "last login 2026-11-21 (/var/log/lastlog)"},
	{"no records", "account-unneeded", NULL,
		{{"/var/log/lastlog", .kind = REMOVE}, {"/var/log/wtmp", .kind = REMOVE},
			{"/etc/shadow", "root:*" NEW "alice:!" OLD "db:!*" OLD, 0640, 0, WRITE}},
		RESULT_UNKNOWN, 0, "account alice", "do not go back far enough"},
	{"no records, but new", "account-unneeded", NULL,
		{{"/var/log/lastlog", .kind = REMOVE}, {"/var/log/wtmp", .kind = REMOVE}},
		RESULT_PASS, 0, NULL, NULL},
	{"never", "account-unneeded", NULL,
		{{"/etc/passwd", ROOT ALICE DB "bob:x:1001:1000::/:/bin/bash\n", 0644, 0, WRITE},
			{"/etc/shadow", "root:*" NEW "alice:!" NEW "db:!*" OLD "bob:!" OLD, 0640, 0,
				WRITE}},
		RESULT_FAIL, SEV_LOW, "account bob", "never logged in"},
	{"unreadable records", "account-unneeded", NULL, {{"/var/log/lastlog", .kind = FIFO}},
		RESULT_ERROR, 0, "file /var/log/lastlog", "FIFO"},
	{"never, by what can be read", "account-unneeded", NULL,
		{{"/var/log/lastlog", .kind = FIFO},
			{"/etc/shadow", "root:*" NEW "alice:!" OLD "db:!*" OLD, 0640, 0, WRITE}},
		RESULT_ERROR, 0, "file /var/log/lastlog", "FIFO"},
	{"stale, by what can be read", "account-unneeded", "[account-unneeded]\nstale_days = 1\n",
		{{"/etc/shadow", .kind = FIFO}}, RESULT_ERROR, 0, "file /etc/shadow", "FIFO"},
};

static const struct vector file_vectors[] = {
	PASSES("account-file-modes"),
	{"writable passwd", "account-file-modes", NULL, {{"/etc/passwd", NULL, 0666, 0, WRITE}},
		RESULT_FAIL, SEV_CRITICAL, "file /etc/passwd", "root:root 0666: others may write"},
	{"owned passwd", "account-file-modes", NULL, {{"/etc/passwd", NULL, 0644, 1000, WRITE}},
		RESULT_FAIL, SEV_CRITICAL, "file /etc/passwd",
		"alice:alice 0644: is owned by alice"},
	{"readable shadow", "account-file-modes", NULL, {{"/etc/shadow", NULL, 0644, 0, WRITE}},
		RESULT_FAIL, SEV_MEDIUM, "file /etc/shadow", "root:root 0644: others may read"},
	{"shadow on RHEL", "account-file-modes", NULL,
		{{"/etc/os-release", "ID=rhel\n", 0644, 0, WRITE},
			{"/etc/gshadow", NULL, 0400, 0, WRITE},
			{"/etc/sudoers.d", NULL, 0750, 0, WRITE}},
		RESULT_FAIL, SEV_MEDIUM, "file /etc/shadow", "group root may read"},
	{"a backup", "account-file-modes", NULL, {{"/etc/shadow-", "", 0604, 0, WRITE}},
		RESULT_FAIL, SEV_MEDIUM, "file /etc/shadow-", "others may read"},
	{"in sudoers.d", "account-file-modes", NULL, {{"/etc/sudoers.d/x", "", 0666, 0, WRITE}},
		RESULT_FAIL, SEV_CRITICAL, "file /etc/sudoers.d/x", "others may write"},
	{"no sudo", "account-file-modes", NULL,
		{{"/etc/sudoers", .kind = REMOVE}, {"/etc/sudoers.d/README", .kind = REMOVE},
			{"/etc/sudoers.d", .kind = REMOVE}},
		RESULT_PASS, 0, NULL, NULL},
	{"a loop", "account-file-modes", NULL, {{"/etc/sudoers", "sudoers", .kind = LINK}},
		RESULT_ERROR, 0, "file /etc/sudoers", "loop"},

	PASSES("account-home-modes"),
	NO_PASSWD("account-home-modes"),
	BAD_PASSWD("account-home-modes"),
	{"all may write", "account-home-modes", NULL, {{"/home/alice", NULL, 0777, 1000, WRITE}},
		RESULT_FAIL, SEV_HIGH, "account alice",
		"/home/alice is mode 0777: others may write"},
	{"a group of its own", "account-home-modes", NULL,
		{{"/home/alice", NULL, 0775, 1000, WRITE}}, RESULT_PASS, 0, NULL, NULL},
	{"a group with others", "account-home-modes", NULL,
		{{"/home/alice", NULL, 0775, 1000, WRITE},
			{"/etc/group", "root:x:0:\nalice:x:1000:db\ndb:x:105:\n", 0644, 0, WRITE}},
		RESULT_FAIL, SEV_HIGH, "account alice", "group 1000 may write"},
	{"a group that is another's primary", "account-home-modes", NULL,
		{{"/home/alice", NULL, 0775, 1000, WRITE},
			{"/etc/passwd", ROOT ALICE "db:x:105:1000::/:/usr/sbin/nologin\n", 0644, 0,
				WRITE}},
		RESULT_FAIL, SEV_HIGH, "account alice", "group 1000 may write"},
	{"another's", "account-home-modes", NULL, {{"/home/alice/.ssh", NULL, 0700, 105, WRITE}},
		RESULT_FAIL, SEV_HIGH, "account alice", "/home/alice/.ssh is owned by uid 105"},
	{"root's", "account-home-modes", NULL,
		{{"/home/alice/.ssh/authorized_keys", NULL, 0644, 0, WRITE}}, RESULT_FAIL, SEV_LOW,
		"account alice", "authorized_keys is owned by root"},
	{"a link out of it", "account-home-modes", NULL,
		{{"/home/alice/.ssh/authorized_keys", "/etc/shadow", .kind = LINK}}, RESULT_ERROR,
		0, "account alice", "leaves its directory"},
	{"a FIFO", "account-home-modes", NULL, {{"/home/alice/.ssh/authorized_keys", .kind = FIFO}},
		RESULT_FAIL, SEV_LOW, "account alice", "owned by root"},

	PASSES("account-consistency"),
	NO_PASSWD("account-consistency"),
	BAD_PASSWD("account-consistency"),
	BAD_SHADOW("account-consistency"),
	{"duplicate", "account-consistency", NULL, PASSWD(ROOT ALICE DB ALICE), RESULT_FAIL,
		SEV_MEDIUM, "account alice", "the name is also that of line 2"},
	{"legacy entry", "account-consistency", NULL, PASSWD(ROOT ALICE DB "+::::::\n"),
		RESULT_FAIL, SEV_MEDIUM, "account +", "legacy"},
};

static void run_all(const struct vector *v, size_t n)
{
	/* The good root is only good where the owners can be set. */
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < n; i++)
		run(&v[i]);
}

static void test_passwords(void **state)
{
	run_all(password_vectors, ARRAY_SIZE(password_vectors));
}

static void test_roles(void **state)
{
	run_all(role_vectors, ARRAY_SIZE(role_vectors));
}

static void test_files(void **state)
{
	run_all(file_vectors, ARRAY_SIZE(file_vectors));
}

/* A permission that the mode does not show. */
static void test_acl(void **state)
{
	static const unsigned char acl[] = {2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 4, 0,
		0xe8, 3, 0, 0, 4, 0, 0, 0, 255, 255, 255, 255, 16, 0, 4, 0, 255, 255, 255, 255, 32,
		0, 0, 0, 255, 255, 255, 255};
	struct test_root t;

	if (geteuid() != 0)
		skip();
	make_root(&t);
	if (setxattr(test_path(&t, "/etc/shadow"), "system.posix_acl_access", acl, sizeof(acl), 0) <
		0) {
		test_root_fini(&t);
		skip(); /* no access control lists in this file system */
	}
	struct verdict *v = judge_root(&t, "account-file-modes", NULL);
	assert_int_equal(v->result, RESULT_FAIL);
	assert_string_equal(v->evidence[0].observed,
		"root:root 0640 user:alice:r--: user alice may read by its access control list");
	verdict_free(v);
	test_root_fini(&t);
}

static void expect_last_login(const struct test_root *t, const char *source, int64_t day)
{
	struct factset facts = {0};

	collect_all(t, &facts);
	const struct accounts *a = factset_get(&facts, FACT_ACCOUNTS)->u.accounts;
	const struct logins *logins = factset_get(&facts, FACT_LOGINS)->u.logins;
	const struct login *login = logins_of(logins, a, accounts_find(a, "alice"));
	assert_non_null(login);
	assert_string_equal(login->source ? login->source : "none", source);
	assert_int_equal(login->last_realtime_usec / USEC_PER_DAY, day);
	factset_fini(&facts);
}

static void make_db(const struct test_root *t, const char *path, const char *sql)
{
	sqlite3 *db = NULL;

	test_write(t, path, "");
	assert_int_equal(sqlite3_open(test_path(t, path), &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_logins(void **state)
{
	struct utmp record = {.ut_type = USER_PROCESS, .ut_user = "alice"};
	struct test_root t;
	char sql[1024];

	make_root(&t);
	expect_last_login(&t, "/var/log/lastlog", TODAY - 1);
	make_lastlog(&t, 1000, TODAY - 100);
	record.ut_tv.tv_sec = (TODAY - 50) * 86400;
	FILE *f = fopen(test_path(&t, "/var/log/wtmp.1"), "we");
	assert_int_equal(fwrite(&record, sizeof(record), 1, f), 1);
	assert_int_equal(fwrite("torn", 4, 1, f), 1);
	assert_int_equal(fclose(f), 0);
	expect_last_login(&t, "/var/log/wtmp.1", TODAY - 50);
	/* A login in the future is a clock that was wrong. */
	record.ut_tv.tv_sec = (TODAY + 2) * 86400;
	f = fopen(test_path(&t, "/var/log/wtmp"), "we");
	assert_int_equal(fwrite(&record, sizeof(record), 1, f), 1);
	assert_int_equal(fclose(f), 0);
	expect_last_login(&t, "/var/log/wtmp.1", TODAY - 50);

	(void)snprintf(sql, sizeof(sql),
		"CREATE TABLE Lastlog2(Name TEXT PRIMARY KEY, Time INTEGER, TTY TEXT, "
		"RemoteHost TEXT, Service TEXT); INSERT INTO Lastlog2 VALUES "
		"('alice', %d, 'pts/0', '', 'sshd'), ('ghost', %d, '', '', ''), (NULL, 'x', 1, 2, "
		"3)",
		(TODAY - 40) * 86400, (TODAY - 1) * 86400);
	make_db(&t, "/var/lib/lastlog/lastlog2.db", sql);
	expect_last_login(&t, "/var/lib/lastlog/lastlog2.db", TODAY - 40);
	(void)snprintf(sql, sizeof(sql),
		"PRAGMA journal_mode=WAL; CREATE TABLE wtmp(ID INTEGER PRIMARY KEY, Type INTEGER, "
		"User TEXT NOT NULL, Login INTEGER, Logout INTEGER, TTY TEXT, RemoteHost TEXT, "
		"Service TEXT) STRICT; INSERT INTO wtmp (Type, User, Login) VALUES "
		"(3, 'alice', %lld), (3, 'alice', %lld), (1, 'alice', %lld)",
		(TODAY - 60) * 86400000000LL, (TODAY - 30) * 86400000000LL,
		(TODAY - 2) * 86400000000LL);
	make_db(&t, "/var/lib/wtmpdb/wtmp.db", sql);
	expect_last_login(&t, "/var/lib/wtmpdb/wtmp.db", TODAY - 30);
	test_root_fini(&t);
}

/* A waiver of all that fails leaves open what could not be looked at. */
static void test_waiver_and_error(void **state)
{
	static const char conf[] = "[waiver modes]\ncheck = account-home-modes\nreason = r\n"
				   "owner = o\nuntil = 2026-12-24\n";
	struct test_root t;

	make_root(&t);
	test_write(&t, "/etc/passwd", ROOT ALICE "bob:x:1001:1000::/home/bob:/bin/bash\n");
	assert_int_equal(chmod(test_path(&t, "/home/alice"), 0777), 0);
	struct verdict *v = judge_root(&t, "account-home-modes", conf);
	assert_int_equal(v->result, RESULT_FAIL);
	assert_non_null(v->waiver);
	verdict_free(v);
	assert_int_equal(mkdir(test_path(&t, "/home/bob"), 0755), 0);
	assert_int_equal(chown(test_path(&t, "/home/bob"), 1001, 1000), 0);
	assert_int_equal(symlink("/etc", test_path(&t, "/home/bob/.ssh")), 0);
	v = judge_root(&t, "account-home-modes", conf);
	assert_int_equal(v->result, RESULT_FAIL);
	assert_null(v->waiver);
	verdict_free(v);
	test_root_fini(&t);
}

/* Every collector of accounts, then every check, with each allocation failing in turn. */
static void test_alloc(void **state)
{
	static const enum fact_id ids[] = {
		FACT_OS, FACT_ACCOUNTS, FACT_ACCOUNT_FILES, FACT_HOMES, FACT_LOGINS, FACT_PAM};
	struct policy *policy = make_policy("");
	struct factset facts = {0};
	struct test_root t;

	make_root(&t);
	test_write(&t, "/etc/passwd", ROOT ALICE DB "+::::::\nshort:x:0:0");
	const struct collect c = {.root = &t.root, .facts = &facts, .realtime_usec = NOW};
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct fact *f = NULL;
		for (alloc_fail_at = 1; !f; alloc_fail_at++) {
			alloc_count = 0;
			int r = fact_collect(ids[i], &c, &f);
			assert_int_equal(r, f ? 0 : -ENOMEM);
			/* What failed was not passed over in silence. */
			assert_true(!f || alloc_count < alloc_fail_at);
		}
		alloc_fail_at = 0;
		factset_put(&facts, f);
	}
	for (size_t i = 0; i < check_count(); i++) {
		const struct check *check = check_at(i);
		int r = -ENOMEM;
		if (strncmp(check->id, "account-", 8) != 0 ||
			strcmp(check->id, "account-sudo") == 0)
			continue;
		for (alloc_fail_at = 1; r < 0; alloc_fail_at++) {
			alloc_count = 0;
			struct verdict *v = verdict_new();
			r = v ? check_judge(check, &facts, policy, NOW, v) : -ENOMEM;
			verdict_free(v);
			assert_int_equal(r, alloc_count < alloc_fail_at ? 0 : -ENOMEM);
		}
		alloc_fail_at = 0;
	}
	factset_fini(&facts);
	policy_free(policy);
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passwords),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_acl),
		cmocka_unit_test(test_logins),
		cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_waiver_and_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
