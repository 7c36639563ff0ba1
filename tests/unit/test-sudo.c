/* SPDX-License-Identifier: ISC */
/* From files to the verdict of account-sudo: each vector is a machine of its own. */
#include "test.h"

#include <sys/xattr.h>

#include "alloc-fail.h"
#include "check/check.h"
#include "conf/conf.h"
#include "fact/sudo-ask.h"
#include "fact/sudo-grant.h"
#include "fact/sudo.h"

static const char passwd[] = "root:x:0:0::/root:/bin/sh\n"
			     "daemon:x:1:1::/:/usr/sbin/nologin\n"
			     "alice:x:5001:5001::/home/alice:/bin/sh\n"
			     "bob:x:5002:5002::/home/bob:/bin/sh\n"
			     "carl:x:5003:27::/home/carl:/bin/sh\n";
static const char group[] = "root:x:0:\ndaemon:x:1:\nsudo:x:27:alice\nstaff:x:50:alice,bob\n"
			    "alice:x:5001:\nbob:x:5002:\nempty:x:60:\n";

struct machine {
	struct test_root t;
	struct memo *memo;
	struct factset facts;
	struct policy *policy;
	struct verdict *verdict;
};

static void machine_init(struct machine *m)
{
	*m = (struct machine){0};
	test_root_init(&m->t);
	test_write(&m->t, "/etc/passwd", passwd);
	test_write(&m->t, "/etc/group", group);
	test_write(&m->t, "/etc/hostname", "# name\nthishost\n");
	m->memo = memo_new();
	assert_non_null(m->memo);
}

static void machine_fini(struct machine *m)
{
	verdict_free(m->verdict);
	policy_free(m->policy);
	factset_fini(&m->facts);
	memo_free(m->memo);
	test_root_fini(&m->t);
}

static void collect(struct machine *m)
{
	static const enum fact_id ids[] = {FACT_ACCOUNTS, FACT_SUDO};
	struct collect c = {.root = &m->t.root,
		.facts = &m->facts,
		.memo = m->memo,
		.realtime_usec = UINT64_C(1700000000) * USEC_PER_SEC};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct fact *f;
		assert_int_equal(fact_collect(ids[i], &c, &f), 0);
		factset_put(&m->facts, f);
	}
}

static const struct verdict *judge(struct machine *m, const char *sysadmin)
{
	char text[256];
	struct errlist errors = {0};

	(void)snprintf(text, sizeof(text), "[policy]\nsysadmin = %s\n", sysadmin);
	assert_int_equal(conf_load_text("test.conf", *sysadmin ? text : "",
				 *sysadmin ? strlen(text) : 0, &errors, &m->policy),
		0);
	errlist_fini(&errors);
	m->verdict = verdict_new();
	assert_non_null(m->verdict);
	assert_int_equal(
		check_judge(check_find("account-sudo"), &m->facts, m->policy, 0, m->verdict), 0);
	return m->verdict;
}

static const char *show(const struct verdict *v)
{
	static char out[8192];
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < v->n_evidence && n < sizeof(out); i++) {
		const struct evidence *e = &v->evidence[i];
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s %s %s:%u: %s\n",
			result_name(e->result), e->subject, e->path, e->line, e->observed);
	}
	return out;
}

/* The word of sudoers' text that the evidence must hold; NULL: no evidence. */
static const struct {
	const char *name, *sudoers, *sysadmin;
	enum result result;
	enum severity severity; /* of a fail */
	const char *evidence;
} vectors[] = {
	{"only root", "root ALL=(ALL:ALL) ALL\n", "", RESULT_PASS, 0, ""},
	{"an empty file", "", "alice", RESULT_PASS, 0, ""},
	{"a group, no list", "%sudo ALL=(ALL:ALL) ALL\n", "", RESULT_FAIL, SEV_MEDIUM,
		"fail account alice /etc/sudoers:1: can become root with `sudo -i`: %sudo "
		"ALL=(ALL:ALL) ALL\nfail account carl /etc/sudoers:1: can become root with `sudo "
		"-i`: "
		"%sudo ALL=(ALL:ALL) ALL\n"},
	{"a group, listed", "%sudo ALL=(ALL:ALL) ALL\n", "@sudo", RESULT_PASS, 0, ""},
	{"a group, half listed", "%SUDO ALL=ALL\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account carl /etc/sudoers:1: can become root with `sudo -i`: %SUDO "
		"ALL=ALL\n"},
	{"by number", "#5002 ALL=(#0) ALL\n%#50 ALL=(bob) ALL\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: can become root with `sudo -i`: #5002 ALL=(#0) "
		"ALL\n"},
	{"without a password", "bob ALL=(ALL) NOPASSWD: ALL\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: can become root with `sudo -i`, without a "
		"password: "
		"bob ALL=(ALL) NOPASSWD: ALL\n"},
	{"asked after all", "bob ALL=(ALL) NOPASSWD: ALL\nbob ALL=(ALL) ALL\n", "alice",
		RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:2: can become root with `sudo -i`: bob ALL=(ALL) "
		"ALL\n"},
	{"nobody is asked", "Defaults !authenticate\nbob ALL=ALL\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:2: can become root with `sudo -i`, without a "
		"password: "
		"bob ALL=ALL\n"},
	{"bob is asked", "Defaults !authenticate\nDefaults:bob authenticate\nbob ALL=ALL\n",
		"alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:3: can become root with `sudo -i`: bob ALL=ALL\n"},
	{"exempt", "Defaults exempt_group=staff\nbob ALL=ALL\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:2: can become root with `sudo -i`, without a "
		"password: "
		"bob ALL=ALL\n"},
	{"everybody", "ALL ALL=ALL\n", "@sudo", RESULT_FAIL, SEV_HIGH,
		"fail sudo ALL /etc/sudoers:1: every account (ALL) can become root with `sudo -i`: "
		"ALL "
		"ALL=ALL\n"},
	{"everybody with root's password", "Defaults targetpw\nALL ALL=(ALL) ALL\n", "@sudo",
		RESULT_PASS, 0, ""},
	{"targetpw is not asked", "Defaults targetpw\nbob ALL=(ALL) NOPASSWD: ALL\n", "@sudo",
		RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:2: can become root with `sudo -i`, without a "
		"password: "
		"bob ALL=(ALL) NOPASSWD: ALL\n"},
	{"everybody with the default's password", "Defaults runaspw\nALL ALL=(ALL) ALL\n", "@sudo",
		RESULT_PASS, 0, ""},
	{"not as root", "bob ALL=(alice,ALL,!root) ALL\nbob ALL=(:root) ALL\nbob ALL=() ALL\n", "",
		RESULT_PASS, 0, ""},
	{"another default", "Defaults runas_default=alice\nbob ALL=ALL\n", "", RESULT_PASS, 0, ""},
	{"taken back", "bob ALL=ALL\nbob ALL=!ALL\n", "", RESULT_PASS, 0, ""},
	{"taken back before", "bob ALL=!ALL\nbob ALL=ALL\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:2: can become root with `sudo -i`: bob ALL=ALL\n"},
	{"a hole is no wall", "bob ALL=ALL, !/bin/su\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: can become root with `sudo -i`: bob ALL=ALL\n"},
	{"through another account", "alice ALL=(ALL) NOPASSWD: ALL\nbob ALL=(alice) /bin/sh\n",
		"alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:2: can become root with `sudo -u alice /bin/sh`, "
		"which "
		"is a shell, and from there on without a password: bob ALL=(alice) /bin/sh\n"},
	{"through two accounts",
		"alice ALL=NOPASSWD: ALL\nbob ALL=(alice) NOPASSWD: ALL\ncarl ALL=(bob) ALL\n",
		"alice bob", RESULT_FAIL, SEV_HIGH,
		"fail account carl /etc/sudoers:3: can become root with `sudo -u bob -i`, and from "
		"there on without a password: carl ALL=(bob) ALL\n"},
	{"the other is asked", "alice ALL=(ALL) ALL\nbob ALL=(alice) NOPASSWD: ALL\n", "alice",
		RESULT_PASS, 0, ""},
	{"as another, one command", "alice ALL=NOPASSWD: ALL\nbob ALL=(alice) /usr/bin/id\n",
		"alice", RESULT_PASS, 0, ""},
	{"aliases",
		"User_Alias ADM = bob, !NOT : NOT = alice, carl\nCmnd_Alias ANY = ALL\n"
		"Runas_Alias OP = root\nHost_Alias HERE = thishost\nADM HERE=(OP) ANY\n",
		"alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:5: can become root with `sudo -i`: bob "
		"thishost=(root) ALL\n"},
	{"negated member", "%staff,!bob ALL=ALL\n", "alice", RESULT_PASS, 0, ""},
	{"another host", "bob other=ALL\nbob ALL,!thishost=ALL\n", "alice", RESULT_PASS, 0, ""},
	{"perhaps this host", "bob 10.0.0.0/8=ALL\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: can become root with `sudo -i`: bob "
		"10.0.0.0/8=ALL, "
		"if its hosts include this one\n"},
	{"expired", "bob ALL=NOTAFTER=20200101000000Z ALL\n", "alice", RESULT_PASS, 0, ""},
	{"not yet expired", "bob ALL=NOTAFTER=20400101000000Z ALL\n", "alice", RESULT_FAIL,
		SEV_HIGH,
		"fail account bob /etc/sudoers:1: can become root with `sudo -i`: bob "
		"ALL=NOTAFTER=20400101000000Z ALL\n"},
	{"a shell", "bob ALL=/bin/bash\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: can become root with `sudo /bin/bash`, which is "
		"a "
		"shell: bob ALL=/bin/bash\n"},
	{"an editor", "bob ALL=/usr/bin/vim /etc/motd\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: can become root with `sudo /usr/bin/vim "
		"/etc/motd`, "
		"which lets its user run commands: bob ALL=/usr/bin/vim /etc/motd\n"},
	{"an editor on a lead", "bob ALL=NOEXEC: /usr/bin/vim /etc/motd\n", "alice", RESULT_PASS, 0,
		""},
	{"somebody else's account", "bob ALL=/bin/su - alice\n", "alice", RESULT_PASS, 0, ""},
	{"root's account", "bob ALL=/bin/su - *\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: can become root with `sudo /bin/su - *`, which "
		"starts "
		"a root shell: bob ALL=/bin/su - *\n"},
	{"a pattern", "bob ALL=/usr/bin/*\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: can become root with `sudo /usr/bin/*`, which is "
		"a "
		"shell: bob ALL=/usr/bin/*\n"},
	{"a directory", "bob ALL=/usr/sbin/\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: can become root with `sudo /usr/sbin/`, which "
		"changes "
		"any file or account when its arguments are free: bob ALL=/usr/sbin/\n"},
	{"a regular expression", "bob ALL=^/usr/.*$\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: can become root with `sudo ^/usr/.*$`, which is "
		"a "
		"shell: bob ALL=^/usr/.*$\n"},
	{"a few", "bob ALL=^/usr/bin/(a|b)$\n", "alice", RESULT_UNKNOWN, 0,
		"unknown account bob /etc/sudoers:1: may run ^/usr/bin/(a|b)$ as root (by bob): "
		"which "
		"files its regular expression allows was not worked out\n"},
	{"a path through a file", "bob ALL=/usr/bin/id/x\n", "alice", RESULT_PASS, 0, ""},
	{"too clever", "bob ALL=^/usr/.{1,9}$\n", "alice", RESULT_UNKNOWN, 0,
		"unknown account bob /etc/sudoers:1: may run ^/usr/.{1,9}$ as root (by bob): what "
		"its "
		"regular expression allows was not worked out\n"},
	{"any file", "bob ALL=sudoedit\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: can become root with `sudo sudoedit`, which "
		"edits any "
		"file: bob ALL=sudoedit\n"},
	{"a file", "bob ALL=sudoedit /etc/motd\n", "alice", RESULT_PASS, 0, ""},
	{"any environment", "bob ALL=SETENV: /usr/bin/id\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: can become root with `sudo /usr/bin/id`, which "
		"runs "
		"with any environment, as LD_PRELOAD (SETENV): bob ALL=SETENV: /usr/bin/id\n"},
	{"any root", "bob ALL=CHROOT=* /usr/bin/id\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: can become root with `sudo /usr/bin/id`, which "
		"runs "
		"in a root directory of its user's choice (CHROOT=*): bob ALL=CHROOT=* "
		"/usr/bin/id\n"},
	{"one command", "bob ALL=(root) NOPASSWD: /usr/bin/id\n", "alice", RESULT_PASS, 0, ""},
	{"a writable command", "bob ALL=/opt/open\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: may run /opt/open as root (by bob), and "
		"/opt/open is "
		"writable by everybody, also by bob\n"},
	{"a writable directory", "bob ALL=NOPASSWD: /srv/open/x\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: may run /srv/open/x as root without a password "
		"(by "
		"bob), and /srv/open is writable by everybody, also by bob\n"},
	{"through a link", "bob ALL=/usr/local/bin/link\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: may run /usr/local/bin/link as root (by bob), "
		"and "
		"/srv/open is writable by everybody, also by bob\n"},
	{"a sticky directory", "bob ALL=/tmp/there\n", "alice", RESULT_PASS, 0, ""},
	{"a missing command", "bob ALL=/tmp/missing\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: may run /tmp/missing as root (by bob), and /tmp "
		"is "
		"writable by everybody, also by bob\n"},
	{"a pattern in a sticky directory", "bob ALL=/tmp/th*\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: may run /tmp/th* as root (by bob), and /tmp is "
		"writable by everybody, also by bob\n"},
	{"a grant of a directory", "bob ALL=/tmp/\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: may run /tmp/ as root (by bob), and /tmp is "
		"writable "
		"by everybody, also by bob\n"},
	{"a writable file in it", "bob ALL=/opt/\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: may run /opt/ as root (by bob), and /opt/open is "
		"writable by everybody, also by bob\n"},
	{"a listed writer", "bob ALL=/srv/list/x\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: may run /srv/list/x as root (by bob), and "
		"/srv/list/x "
		"is writable by its access control list for bob\n"},
	{"another listed writer", "alice ALL=/srv/list/x\n", "bob", RESULT_PASS, 0, ""},
	{"held by its digest",
		"bob ALL=sha224:d06a2617c98d377c250edd470fd5e576327748d82915d6e33b5f8db1 "
		"/opt/open\n",
		"alice", RESULT_PASS, 0, ""},
	{"a loop of links", "bob ALL=/opt/loop\n", "alice", RESULT_UNKNOWN, 0,
		"unknown account bob /etc/sudoers:1: may run /opt/loop as root (by bob): /opt/loop "
		"is a "
		"loop of symbolic links or a magic link\n"},
	{"a stranger", "zoe ALL=ALL\n", "alice", RESULT_INFORMATIONAL, 0,
		"informational sudo zoe /etc/sudoers:1: does not exist; an account of this name, "
		"once "
		"made, can become root with `sudo -i`: zoe ALL=ALL\n"},
	{"an empty group", "%empty ALL=ALL\n%admin ALL=ALL\n", "alice", RESULT_PASS, 0, ""},
	{"a netgroup", "+ops ALL=ALL\n", "alice", RESULT_UNKNOWN, 0,
		"unknown sudo +ops /etc/sudoers:1: who is in it is not known here, and each can "
		"become "
		"root with `sudo -i`: +ops ALL=ALL\n"},
	{"a group of no plugin", "%:ops ALL=ALL\n", "alice", RESULT_PASS, 0, ""},
	{"a group of a plugin", "Defaults group_plugin=x\n%:ops ALL=ALL\n", "alice", RESULT_UNKNOWN,
		0,
		"unknown sudo %:ops /etc/sudoers:2: who is in it is not known here, and each can "
		"become "
		"root with `sudo -i`: %:ops ALL=ALL\n"},
	{"a broken line", "bob ALL=\nalice ALL=ALL\n", "alice", RESULT_ERROR, 0,
		"error file /etc/sudoers /etc/sudoers:1: syntax error: the line ends too early\n"},
	{"broken, and a grant", "bob ALL=ALL\njunk\n", "alice", RESULT_FAIL, SEV_HIGH,
		"fail account bob /etc/sudoers:1: can become root with `sudo -i`: bob ALL=ALL\n"
		"error file /etc/sudoers /etc/sudoers:2: syntax error: the line ends too early\n"},
};

/* user::rw-, user:5002:rw-, group::r--, mask::rw-, other::r-- */
static const unsigned char list[] = {2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 6, 0, 0x8a,
	0x13, 0, 0, 4, 0, 4, 0, 255, 255, 255, 255, 0x10, 0, 6, 0, 255, 255, 255, 255, 0x20, 0, 4,
	0, 255, 255, 255, 255};

static bool lists_work; /* the file system keeps access control lists */

static void furnish(const struct test_root *t)
{
	test_write(t, "/srv/list/x", "x");
	lists_work = setxattr(test_path(t, "/srv/list/x"), "system.posix_acl_access", list,
			     sizeof(list), 0) == 0;
	test_write(t, "/opt/open", "x");
	test_write(t, "/srv/open/x", "x");
	test_write(t, "/usr/local/bin/x", "x");
	test_write(t, "/usr/bin/id", "x");
	test_write(t, "/tmp/there", "x");
	assert_int_equal(chmod(test_path(t, "/opt/open"), 0777), 0);
	assert_int_equal(chmod(test_path(t, "/srv/open"), 0777), 0);
	assert_int_equal(chmod(test_path(t, "/tmp"), 01777), 0);
	assert_int_equal(symlink("../../../srv/./open/x", test_path(t, "/usr/local/bin/link")), 0);
	assert_int_equal(symlink("loop", test_path(t, "/opt/loop")), 0);
}

static void test_vectors(_unused_ void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct machine m;
		machine_init(&m);
		furnish(&m.t);
		test_write(&m.t, "/etc/sudoers", vectors[i].sudoers);
		collect(&m);
		if (strstr(vectors[i].name, "listed writer") && !lists_work) {
			machine_fini(&m);
			continue;
		}
		const struct verdict *v = judge(&m, vectors[i].sysadmin);
		if (strcmp(show(v), vectors[i].evidence) != 0 || v->result != vectors[i].result)
			print_message("%s: %s\n", vectors[i].name, result_name(v->result));
		assert_string_equal(show(v), vectors[i].evidence);
		assert_int_equal(v->result, vectors[i].result);
		if (v->result == RESULT_FAIL)
			assert_int_equal(v->severity, vectors[i].severity);
		machine_fini(&m);
	}
}

static void test_absent(_unused_ void **state)
{
	struct machine m;

	machine_init(&m);
	collect(&m);
	assert_int_equal(m.facts.v[FACT_SUDO]->state, FACT_STATE_ABSENT);
	assert_int_equal(judge(&m, "")->result, RESULT_NOTAPPLICABLE);
	machine_fini(&m);
}

/* A FIFO, a directory, or a loop where sudoers should be is no pass. */
static void test_unreadable(_unused_ void **state)
{
	for (int i = 0; i < 4; i++) {
		struct machine m;
		machine_init(&m);
		if (i == 0)
			assert_int_equal(mkfifo(test_path(&m.t, "/etc/sudoers"), 0600), 0);
		else if (i == 1)
			test_write(&m.t, "/etc/sudoers/x", "");
		else if (i == 2)
			assert_int_equal(symlink("sudoers", test_path(&m.t, "/etc/sudoers")), 0);
		else
			assert_int_equal(mkfifo(test_path(&m.t, "/etc/nsswitch.conf"), 0600), 0);
		collect(&m);
		assert_int_equal(m.facts.v[FACT_SUDO]->state, FACT_STATE_MALFORMED);
		assert_int_equal(judge(&m, "")->result, RESULT_ERROR);
		machine_fini(&m);
	}
}

static void test_passwd_unreadable(_unused_ void **state)
{
	struct machine m;

	machine_init(&m);
	test_write(&m.t, "/etc/sudoers", "alice ALL=ALL\n");
	assert_int_equal(unlink(test_path(&m.t, "/etc/passwd")), 0);
	assert_int_equal(mkfifo(test_path(&m.t, "/etc/passwd"), 0600), 0);
	collect(&m);
	assert_int_equal(m.facts.v[FACT_SUDO]->state, FACT_STATE_OK);
	assert_int_equal(judge(&m, "")->result, RESULT_ERROR);
	machine_fini(&m);
}

/* What sudo refuses to read grants nothing, and is told; what it skips is not. */
static void test_includes(_unused_ void **state)
{
	struct machine m;

	machine_init(&m);
	test_write(&m.t, "/etc/sudoers", "@includedir /etc/sudoers.d\n@include missing\n");
	test_write(&m.t, "/etc/sudoers.d/10-alice", "\nalice ALL=ALL\n");
	test_write(&m.t, "/etc/sudoers.d/20-bob", "bob ALL=ALL\n");
	test_write(&m.t, "/etc/sudoers.d/30.conf", "carl ALL=ALL\n");
	test_write(&m.t, "/etc/sudoers.d/40~", "carl ALL=ALL\n");
	assert_int_equal(mkfifo(test_path(&m.t, "/etc/sudoers.d/50-fifo"), 0600), 0);
	assert_int_equal(symlink("/nowhere", test_path(&m.t, "/etc/sudoers.d/60-link")), 0);
	assert_int_equal(chmod(test_path(&m.t, "/etc/sudoers.d/20-bob"), 0666), 0);
	collect(&m);
	assert_string_equal(show(judge(&m, "root")),
		"fail account alice /etc/sudoers.d/10-alice:2: can become root with `sudo -i`: "
		"alice "
		"ALL=ALL\n"
		"error file /etc/sudoers.d/20-bob /etc/sudoers.d/20-bob:0: sudo refuses to read "
		"it: "
		"everybody may write it\n"
		"error file /etc/sudoers /etc/sudoers:2: /etc/missing does not exist\n");
	const struct deps *d = &m.facts.v[FACT_SUDO]->deps;
	unsigned found = 0;
	for (size_t i = 0; i < d->n; i++) {
		found += strcmp(d->v[i].path, "/etc/sudoers.d") == 0 && (d->v[i].kinds & DEP_DIR);
		found += strcmp(d->v[i].path, "/etc/sudoers.d/10-alice") == 0;
		found += strcmp(d->v[i].path, "/etc/missing") == 0;
		found += strcmp(d->v[i].path, "/etc/hostname") == 0;
	}
	assert_int_equal(found, 4);
	machine_fini(&m);
}

static void test_other_sources(_unused_ void **state)
{
	struct machine m;

	machine_init(&m);
	test_write(&m.t, "/etc/nsswitch.conf",
		"# sudoers: ldap\npasswd: files [NOTFOUND = return] sss\nsudoers: files sss # "
		"here\n");
	test_write(&m.t, "/etc/sudo.conf",
		"Plugin sudoers_policy sudoers.so \\\n sudoers_file=/etc/other\n"
		"Plugin python_policy python_plugin.so\nPlugin sudoers_io sudoers.so\n");
	test_write(&m.t, "/etc/other", "zoe ALL=ALL\n%ops ALL=ALL\n%named ALL=ALL\n");
	collect(&m);
	assert_string_equal(show(judge(&m, "@named")),
		"unknown sudo zoe /etc/other:1: is not of this machine; if another name service "
		"has it, "
		"it can become root with `sudo -i`: zoe ALL=ALL\n"
		"unknown sudo %ops /etc/other:2: is not of this machine; if another name service "
		"has "
		"it, it can become root with `sudo -i`: %ops ALL=ALL\n"
		"unknown sudo sources /etc/nsswitch.conf:3: grants may also come from sss, which "
		"is not "
		"read\n"
		"unknown sudo plugin /etc/sudo.conf:2: the policy plugin python_policy of "
		"python_plugin.so decides beside or instead of sudoers\n");
	machine_fini(&m);
}

/* Another account with uid 0 is as good as root: "!root" does not take it away. */
static void test_other_root(_unused_ void **state)
{
	struct machine m;

	machine_init(&m);
	test_write(&m.t, "/etc/passwd",
		"root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\nbob:x:5002:5002::/:/bin/sh\n");
	test_write(&m.t, "/etc/sudoers", "bob ALL=(ALL,!root) ALL\n");
	collect(&m);
	assert_string_equal(show(judge(&m, "root")), "fail account bob /etc/sudoers:1: can become "
						     "root with `sudo -i`: bob ALL=(ALL,!root) "
						     "ALL\n");
	machine_fini(&m);
}

static void test_items(_unused_ void **state)
{
	static const struct {
		const char *subject, *value;
		unsigned line;
	} expected[] = {
		{"sudo !bob", "ALL=/bin/x", 3},
		{"sudo %sudo", "ALL=(ALL:ALL) ALL", 2},
		{"sudo Defaults", "!lecture; env_keep+=A", 1},
		{"sudo Defaults:alice", "use_pty", 5},
		{"sudo alice", "ALL=/bin/x; other=(root) NOPASSWD: /bin/y a", 3},
	};
	struct machine m;

	machine_init(&m);
	test_write(&m.t, "/etc/sudoers",
		"Defaults env_keep += A, !lecture\n%sudo ALL=(ALL:ALL) ALL\nA ALL=/bin/x\n"
		"alice other=(root) NOPASSWD: /bin/y a\nDefaults:alice use_pty\n"
		"User_Alias A = alice, !bob\n");
	collect(&m);
	const struct fact *f = m.facts.v[FACT_SUDO];
	assert_int_equal(f->n_items, ARRAY_SIZE(expected));
	for (size_t i = 0; i < f->n_items; i++) {
		assert_string_equal(f->items[i].subject, expected[i].subject);
		assert_string_equal(f->items[i].value, expected[i].value);
		assert_string_equal(f->items[i].path, "/etc/sudoers");
		assert_int_equal(f->items[i].line, expected[i].line);
	}
	machine_fini(&m);
}

/* A value too long to be shown changes with its last byte all the same. */
static void test_long_item(_unused_ void **state)
{
	static char text[8192];
	char values[2][2048];

	for (int i = 0; i < 2; i++) {
		struct machine m;
		machine_init(&m);
		int n = snprintf(text, sizeof(text), "alice ALL=");
		for (int k = 0; k < 200; k++)
			n += snprintf(text + n, sizeof(text) - (size_t)n, "/bin/command-%d, ", k);
		(void)snprintf(text + n, sizeof(text) - (size_t)n, "/bin/last%d\n", i);
		test_write(&m.t, "/etc/sudoers", text);
		collect(&m);
		assert_int_equal(m.facts.v[FACT_SUDO]->n_items, 1);
		(void)snprintf(
			values[i], sizeof(values[i]), "%s", m.facts.v[FACT_SUDO]->items[0].value);
		machine_fini(&m);
	}
	assert_string_not_equal(values[0], values[1]);
	assert_memory_equal(values[0], "SHA256:", 7);
}

static void test_hosts(_unused_ void **state)
{
	static const struct {
		const char *name, *list;
		enum sudo_answer answer;
	} cases[] = {
		{"web", "ALL", SUDO_YES},
		{"web", "WEB", SUDO_YES},
		{"web", "db", SUDO_NO},
		{"web", "web.example.org", SUDO_MAYBE},
		{"web", "db.example.org", SUDO_NO},
		{"web.example.org", "web.example.org", SUDO_YES},
		{"web.example.org", "web", SUDO_YES},
		{"web.example.org", "web.example.com", SUDO_NO},
		{"web", "w*", SUDO_YES},
		{"web", "*.example.org", SUDO_MAYBE},
		{"web", "10.1.1.1", SUDO_MAYBE},
		{"web", "+hosts", SUDO_MAYBE},
		{"web", "ALL,!web", SUDO_NO},
		{"web", "ALL,!10.1.1.1", SUDO_MAYBE},
		{"web", "10.1.1.1,!web", SUDO_NO},
		{"web", "10.1.1.1,web", SUDO_YES},
		{"web", "!10.1.1.1,web", SUDO_YES},
		{"", "web", SUDO_MAYBE},
		{"# none\n", "ALL,!web", SUDO_MAYBE},
		{"web", "web,!10.1.1.1", SUDO_MAYBE},
		{"web", "!10.1.1.1", SUDO_NO},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine m;
		char text[128];
		machine_init(&m);
		(void)snprintf(text, sizeof(text), "alice %s=ALL\n", cases[i].list);
		test_write(&m.t, "/etc/hostname", cases[i].name);
		test_write(&m.t, "/etc/sudoers", text);
		collect(&m);
		assert_int_equal(m.facts.v[FACT_SUDO]->u.sudo->grants[0].here, cases[i].answer);
		machine_fini(&m);
	}
}

/* What cvtsudoers says, put into its mouth; the rest is as on the running machine. */
static const struct sudo *ask(struct machine *m, char kind, const char *answer)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct sudo_tree t;
	struct sudo_disk disk;
	char text[2048];

	test_write(&m->t, "/usr/bin/cvtsudoers", "not run");
	m->t.root.live = true;
	sudo_tree_init(&t, a);
	sudo_disk_init(&disk, &m->t.root, &t, "thishost");
	assert_int_equal(sudo_tree_parse(&t, &disk.files, "/etc/sudoers"), 0);
	const char *signature = sudo_ask_signature(&m->t.root, &disk, "/etc/sudoers");
	assert_non_null(signature);
	(void)snprintf(text, sizeof(text), "%c%s", kind, answer);
	assert_int_equal(memo_put(m->memo, SUDO_ASK_KEY, signature, text), 0);
	collect(m);
	assert_int_equal(memo_children(m->memo), 0);
	return m->facts.v[FACT_SUDO]->u.sudo;
}

#define SPEC(user)                                                                             \
	"{\"User_List\":[{\"username\":\"" user "\"}],\"Host_List\":[{\"hostname\":\"ALL\"}]," \
	"\"Cmnd_Specs\":[{\"Commands\":[{\"command\":\"ALL\"}]}]}"

static void test_ask(_unused_ void **state)
{
	static const struct {
		const char *sudoers;
		char kind;
		const char *answer, *reader;
		size_t grants, defects;
		unsigned line; /* of the last grant */
	} cases[] = {
		{"\nalice ALL=ALL\n", SUDO_ASK_ANSWER, "{\"User_Specs\":[" SPEC("alice") "]}",
			"own parser, cvtsudoers agrees", 1, 0, 2},
		{"\nalice ALL=ALL\n", SUDO_ASK_ANSWER,
			"{\"User_Specs\":[" SPEC("bob") "," SPEC("alice") "]}", "cvtsudoers", 2, 0,
			2},
		{"\nalice ALL=ALL\n", SUDO_ASK_ANSWER, "{\"User_Specs\":[" SPEC("bob") "]}",
			"cvtsudoers", 1, 0, 0},
		{"alice ALL=ALL\nnew syntax\n", SUDO_ASK_ANSWER,
			"{\"User_Specs\":[" SPEC("alice") "]}", "cvtsudoers", 1, 0, 1},
		{"\nalice ALL=ALL\n", SUDO_ASK_ANSWER, "{\"SELinux_Spec\":[\"role\": \"x\"]}",
			"own parser", 1, 0, 2},
		{"\nalice ALL=ALL\n", SUDO_ASK_REFUSAL, "/etc/sudoers:2:7: bad regex\n^~~",
			"own parser", 1, 1, 2},
		{"\nalice ALL=ALL\nx\n", SUDO_ASK_REFUSAL, "/etc/sudoers:3:7: syntax error",
			"own parser", 1, 1, 2},
		{"\nalice ALL=ALL\n", SUDO_ASK_NOTHING, "", "own parser", 1, 0, 2},
	};

	if (geteuid() != 0)
		skip(); /* sudo reads root's files only, and so nothing would be asked */
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine m;
		machine_init(&m);
		test_write(&m.t, "/etc/sudoers", cases[i].sudoers);
		const struct sudo *s = ask(&m, cases[i].kind, cases[i].answer);
		assert_non_null(s);
		assert_string_equal(s->reader, cases[i].reader);
		assert_int_equal(s->n_grants, cases[i].grants);
		assert_int_equal(s->n_defects, cases[i].defects);
		assert_int_equal(s->grants[s->n_grants - 1].line, cases[i].line);
		machine_fini(&m);
	}
}

/* Files that sudo refuses on the running machine: not root's, and the first of all. */
static void test_live_owner(_unused_ void **state)
{
	struct machine m;

	if (geteuid() != 0)
		skip();
	machine_init(&m);
	test_write(&m.t, "/etc/sudoers", "@includedir /etc/sudoers.d\nalice ALL=ALL\n");
	test_write(&m.t, "/etc/sudoers.d/x", "bob ALL=ALL\n");
	assert_int_equal(chown(test_path(&m.t, "/etc/sudoers"), 5001, 0), 0);
	assert_int_equal(chmod(test_path(&m.t, "/etc/sudoers.d"), 0777), 0);
	m.t.root.live = true;
	collect(&m);
	assert_string_equal(show(judge(&m, "root")),
		"fail account alice /etc/sudoers:2: can become root with `sudo -i`: alice ALL=ALL\n"
		"error file /etc/sudoers /etc/sudoers:0: sudo refuses to read it: it belongs to "
		"uid 5001, "
		"not 0\n"
		"error file /etc/sudoers.d /etc/sudoers.d:0: sudo refuses to read it: everybody "
		"may "
		"write it\n");
	machine_fini(&m);
}

/* Every step from the files to the verdict survives any lack of memory. */
static void test_alloc(_unused_ void **state)
{
	struct machine m;
	struct fact *f = NULL;

	machine_init(&m);
	furnish(&m.t);
	test_write(&m.t, "/etc/sudo.conf", "Plugin a_policy x.so\n");
	test_write(&m.t, "/etc/nsswitch.conf", "sudoers: sss\n");
	test_write(&m.t, "/etc/sudoers",
		"Defaults exempt_group=staff, !lecture\nUser_Alias A = alice, %sudo : B = zoe\n"
		"A, bob ALL=(root:adm) SETENV: /opt/open, !/opt/x, /usr/local/bin/link, /tmp/th*\n"
		"ALL other=ALL\nbad\nB ALL=ALL\n");
	collect(&m);
	struct collect c = {.root = &m.t.root, .facts = &m.facts, .memo = m.memo};
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		alloc_count = 0;
		int r = fact_collect(FACT_SUDO, &c, &f);
		if (alloc_count < alloc_fail_at) {
			assert_int_equal(r, 0);
			break;
		}
		assert_int_equal(r, -ENOMEM);
	}
	alloc_fail_at = 0;
	assert_int_equal(f->n_items, m.facts.v[FACT_SUDO]->n_items);
	fact_free(f);
	machine_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_passwd_unreadable),
		cmocka_unit_test(test_includes),
		cmocka_unit_test(test_other_sources),
		cmocka_unit_test(test_other_root),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_long_item),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_ask),
		cmocka_unit_test(test_live_owner),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
