/* SPDX-License-Identifier: ISC */
/* Who did what, from the records of an event. */
#include "audit-events.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "alloc-fail.h"

/* The inodes that the source of a test knows. */
static const char *path_of(uint64_t device, uint64_t inode, _unused_ void *arg)
{
	return device == 0 ? NULL : inode == 90 ? "/etc/ssh" : inode == 91 ? "/etc/passwd" : NULL;
}

static const struct act_options options = {.key = "hardend", .path_of = path_of};

#define WHO                                                                                   \
	"ppid=900 pid=901 auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 " \
	"tty=pts1 ses=3 comm=\"vim\" exe=\"/usr/bin/vim.basic\" subj=unconfined key=\"hardend\"\n"
#define CALL(nr, a0, a1, a2)                                                                      \
	"type=SYSCALL arch=c000003e syscall=" nr " success=yes exit=0 a0=" a0 " a1=" a1 " a2=" a2 \
	" a3=0 items=2 " WHO
#define CWD   "type=CWD cwd=\"/root\"\n"
#define TITLE "type=PROCTITLE proctitle=76696D002F6574632F737368642062\n"
#define PARENT(i, name)                                                                    \
	"type=PATH item=" i " name=" name " inode=90 dev=fe:01 mode=040755 ouid=0 ogid=0 " \
	"rdev=00:00 nametype=PARENT cap_fp=0\n"
#define PATH(i, name, type, ino)                                                                 \
	"type=PATH item=" i " name=" name " inode=" ino " dev=fe:01 mode=0100644 ouid=0 ogid=0 " \
	"rdev=00:00 nametype=" type " cap_fp=0\n"
#define DIR(i, name, type, ino)                                                                 \
	"type=PATH item=" i " name=" name " inode=" ino " dev=fe:01 mode=040755 ouid=0 ogid=0 " \
	"rdev=00:00 nametype=" type " cap_fp=0\n"

static const struct {
	const char *lines, *shown; /* shown NULL: no act */
} files[] = {
	/* written where it is */
	{CALL("257", "ffffff9c", "7ffd", "241") CWD PARENT("0", "\"/etc/ssh/\"")
			PATH("1", "\"/etc/ssh/sshd_config\"", "NORMAL", "7") TITLE,
		"file /etc/ssh/sshd_config"},
	{CALL("257", "ffffffffffffff9c", "7ffd", "2")
			CWD PATH("0", "\"./../etc//x/./y/..\"", "NORMAL", "7") TITLE,
		"file /etc/x"},
	{CALL("2", "0", "1", "0") CWD PATH("0", "\"../../..\"", "NORMAL", "7") TITLE, "file /"},
	/* sed -i: a new file is put in place of the old one */
	{CALL("82", "5", "6", "0") CWD PARENT("0", "\"/etc/ssh/\"") PARENT("1", "\"/etc/ssh/\"")
			PATH("2", "\"/etc/ssh/sedAbC\"", "DELETE", "8")
				PATH("3", "\"/etc/ssh/sshd_config\"", "DELETE", "7")
					PATH("4", "\"/etc/ssh/sshd_config\"", "CREATE", "8") TITLE,
		"file -/etc/ssh/sedAbC +/etc/ssh/sshd_config renamed"},
	{CALL("87", "5", "0", "0") CWD PARENT("0", "\"/etc/ssh/\"")
			PATH("1", "\"/etc/ssh/a\"", "DELETE", "8") TITLE,
		"file -/etc/ssh/a"},
	{CALL("83", "5", "1ed", "0") CWD PARENT("0", "\"/etc/ssh/\"")
			DIR("1", "\"/etc/ssh/d\"", "CREATE", "8") TITLE,
		"file +/etc/ssh/d/"},
	{CALL("90", "5", "1a4", "0") CWD PATH("0", "\"/etc/shadow\"", "NORMAL", "8") TITLE,
		"file /etc/shadow attributes"},
	/* fchmod: only the inode is known */
	{CALL("91", "5", "1a4", "0") PATH("0", "(null)", "NORMAL", "91") TITLE,
		"file /etc/passwd attributes"},
	{CALL("91", "5", "1a4", "0") PATH("0", "(null)", "NORMAL", "92") TITLE, "file  attributes"},
	/* what is linked is named too */
	{CALL("88", "5", "6", "0") CWD PATH("0", "\"target\"", "UNKNOWN", "0") PARENT(
		 "1", "\"/etc/ssh/\"") PATH("2", "\"/etc/ssh/l\"", "CREATE", "8") TITLE,
		"file +/etc/ssh/l"},
	/* against a descriptor: the current directory is not what it is relative to */
	{CALL("263", "4", "5", "0") CWD PARENT("0", "\"/root\"") PATH("1", "\"a\"", "DELETE", "8")
			TITLE,
		"file -/etc/ssh/a"},
	{CALL("264", "4", "5", "ffffff9c") CWD PARENT("0", "\"/root\"") PARENT("1", "\"/root\"")
			PATH("2", "\"a\"", "DELETE", "8") PATH("3", "\"b\"", "CREATE", "8") TITLE,
		"file -/etc/ssh/a +/root/b renamed"},
	{CALL("264", "ffffff9c", "5", "4") CWD PARENT("0", "\"/root\"") PARENT("1", "\"/root\"")
			PATH("2", "\"a\"", "DELETE", "8") PATH("3", "\"b\"", "CREATE", "8") TITLE,
		"file -/root/a +/etc/ssh/b renamed"},
	{CALL("268", "4", "5", "0") CWD PATH("0", "\"a\"", "NORMAL", "8") TITLE,
		"file a attributes"},
	{CALL("266", "5", "4", "6") CWD PARENT("0", "\"/root\"") PATH("1", "\"l\"", "CREATE", "8")
			TITLE,
		"file +/etc/ssh/l"},
	/* a name that the kernel had to encode */
	{CALL("87", "5", "0", "0") CWD PATH("0", "2F6574632F610A62", "DELETE", "8") TITLE,
		"file -/etc/a\\nb"},
	/* a current directory that the process's root does not reach */
	{CALL("87", "5", "0", "0") "type=CWD cwd=\"(unreachable)/x\"\n" PATH(
		 "0", "\"a\"", "DELETE", "8") TITLE,
		"file -a"},
	{CALL("87", "5", "0", "0") "type=CWD cwd=\"x/y\"\n" PATH("0", "\"../b\"", "DELETE", "8")
			TITLE,
		"file -../b"},
	/* records that are missing, or are none */
	{CALL("87", "5", "0", "0") PATH("0", "\"/etc/a\"", "DELETE", "8"), "file -/etc/a part"},
	{CALL("87", "5", "0", "0") CWD PATH("0", "2F6", "DELETE", "8") TITLE, "file - part"},
	{CALL("87", "zz", "0", "0") CWD PATH("0", "\"/a\"", "DELETE", "8") TITLE, "file -/a part"},
	{CALL("87", "5", "0", "0") TITLE, NULL},
	{CWD TITLE, NULL},
	{"type=SYSCALL arch=c000003e syscall=87 success=yes exit=0 a0=1 a1=0 a2=0 a3=0 pid=5 "
	 "key=\"other\"\n" CWD PATH("0", "\"/etc/a\"", "DELETE", "8") TITLE,
		NULL},
	{"type=SYSCALL arch=c000003e syscall=87 success=no exit=-13 a0=1 a1=0 a2=0 a3=0 pid=5 "
	 "key=\"hardend\"\n" CWD PATH("0", "\"/etc/a\"", "DELETE", "8") TITLE,
		"file -/etc/a failed"},
	/* an architecture that is not in the table: whether it is relative is not known */
	{"type=SYSCALL arch=80000016 syscall=10 success=yes exit=0 a0=1 a1=0 a2=0 a3=0 pid=5 "
	 "key=\"hardend\"\n" CWD PATH("0", "\"a\"", "NORMAL", "8") TITLE,
		"file a"},
	{"type=SYSCALL arch=c00000b7 syscall=35 success=yes exit=0 a0=ffffff9c a1=0 a2=0 a3=0 "
	 "pid=5 key=\"hardend\"\n" CWD PATH("0", "\"a\"", "DELETE", "8") TITLE,
		"file -/root/a"},
	{"type=SYSCALL arch=40000003 syscall=301 success=yes exit=0 a0=4 a1=0 a2=0 a3=0 "
	 "pid=5 key=\"hardend\"\n" CWD PARENT("0", "\"/root\"") PATH("1", "\"a\"", "DELETE", "8")
			TITLE,
		"file -/etc/ssh/a"},
};

static void test_files(_unused_ void **state)
{
	char shown[1024];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct arena *a = arena_new();
		struct act act = {0};
		int r = act_of_event(a, files[i].lines, &options, &act);
		if (r == 1)
			act_show(&act, shown, sizeof(shown));
		if (r != (files[i].shown != NULL) || (r && strcmp(shown, files[i].shown) != 0))
			fail_msg("row %zu: %d %s", i, r, r == 1 ? shown : "");
		arena_free(a);
	}
}

static void test_actor(_unused_ void **state)
{
	struct arena *a = arena_new();
	struct act act;

	assert_int_equal(act_of_event(a, files[0].lines, &options, &act), 1);
	assert_int_equal(act.realtime_usec, UINT64_C(1700000000123000));
	assert_int_equal(act.serial, 456);
	assert_true(act.success && act.whole && act.keyed && !act.said);
	const struct actor *who = &act.actor;
	assert_int_equal(who->auid, 1000);
	assert_int_equal(who->uid, 0);
	assert_int_equal(who->euid, 0);
	assert_int_equal(who->session, 3);
	assert_int_equal(who->pid, 901);
	assert_int_equal(who->ppid, 900);
	assert_string_equal(who->tty, "pts1");
	assert_string_equal(who->comm, "vim");
	assert_string_equal(who->exe, "/usr/bin/vim.basic");
	assert_string_equal(who->command, "vim '/etc/sshd b'");
	/* nobody logged in: not root, not session 0 */
	assert_int_equal(act_of_event(a,
				 "type=SYSCALL arch=c000003e syscall=50 success=yes exit=0 a0=3 "
				 "a1=80 a2=0 a3=0 items=0 ppid=1 pid=7 auid=4294967295 uid=0 "
				 "euid=0 tty=(none) ses=4294967295 comm=6120620A exe=(null) "
				 "key=\"hardend\"\n",
				 &options, &act),
		1);
	assert_int_equal(act.kind, ACT_LISTEN);
	assert_int_equal(act.fd, 3);
	assert_false(act.whole);
	assert_int_equal(who->auid, AUDIT_ID_UNSET);
	assert_int_equal(who->session, AUDIT_ID_UNSET);
	assert_int_equal(who->uid, 0);
	assert_string_equal(who->tty, "");
	assert_string_equal(who->comm, "a b\\n");
	assert_string_equal(who->exe, "");
	assert_string_equal(who->command, "");
	arena_free(a);
}

static void test_commands(_unused_ void **state)
{
	static const struct {
		const char *lines, *command;
	} commands[] = {
		{"type=EXECVE argc=3 a0=\"mysql\" a1=\"-phunter2\" a2=6120620A\n" TITLE,
			"mysql -p*** 'a b\\n'"},
		{"type=EXECVE argc=3 a0=\"sh\" a1_len=6 a1[0]=\"abc\" a1[1]=646566\n"
		 "type=EXECVE a2=\"x\"\n" TITLE,
			"sh abcdef x"},
		{"type=EXECVE argc=1 a0=\"\"\n" TITLE, ""},
		{"type=EXECVE argc=2 a0=zz a1=\"x\"\n" TITLE, "x"},
		{"type=PROCTITLE proctitle=\"bash\"\n", "bash"},
		{"type=PROCTITLE proctitle=(null)\n", ""},
		{"type=PROCTITLE proctitle=7373687061737300 2D7068\n", "sshpass"},
		{"type=PROCTITLE proctitle=73736870617373002D7068756E7465723200737368\n",
			"sshpass -p*** ssh"},
	};
	char lines[4096];

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		struct arena *a = arena_new();
		struct act act;
		(void)snprintf(lines, sizeof(lines), "%s%s%s", CALL("87", "1", "0", "0"),
			PATH("0", "\"/a\"", "DELETE", "8"), commands[i].lines);
		assert_int_equal(act_of_event(a, lines, &options, &act), 1);
		assert_string_equal(act.actor.command, commands[i].command);
		arena_free(a);
	}
}

static void test_bind(_unused_ void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(53)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(53)};
	char lines[4096];
	struct arena *a = arena_new();
	struct act act;

	for (int v6 = 0; v6 < 2; v6++) {
		const unsigned char *p = v6 ? (unsigned char *)&in6 : (unsigned char *)&in;
		int n = snprintf(lines, sizeof(lines),
			"%stype=SOCKADDR saddr=", CALL("49", "5", "7ffd", "10"));
		for (size_t i = 0; i < (v6 ? sizeof(in6) : sizeof(in)); i++)
			n += snprintf(lines + n, sizeof(lines) - (size_t)n, "%02X", p[i]);
		(void)snprintf(lines + n, sizeof(lines) - (size_t)n, "\n%s", TITLE);
		assert_int_equal(act_of_event(a, lines, &options, &act), 1);
		assert_int_equal(act.kind, ACT_BIND);
		assert_int_equal(act.fd, 5);
		assert_true(act.whole);
		assert_memory_equal(&act.address, p, v6 ? sizeof(in6) : sizeof(in));
	}
	/* a socket of another family is nobody's listener; an unknown one may be */
	assert_int_equal(act_of_event(a,
				 CALL("49", "5", "7ffd", "c") "type=SOCKADDR saddr=1000000000000"
							      "00000000000\n" TITLE,
				 &options, &act),
		0);
	assert_int_equal(act_of_event(a, CALL("49", "5", "7ffd", "c") TITLE, &options, &act), 1);
	assert_false(act.whole);
	assert_int_equal(act.address.ss_family, AF_UNSPEC);
	/* socketcall(2): what it is stands in its first argument */
	static const char socketcall[] =
		"type=SYSCALL arch=40000003 syscall=102 success=yes exit=0 a0=%d a1=1 a2=0 a3=0 "
		"pid=5 key=\"hardend\"\ntype=SOCKETCALL nargs=2 a0=7 a1=80\n" TITLE;
	(void)snprintf(lines, sizeof(lines), socketcall, 4);
	assert_int_equal(act_of_event(a, lines, &options, &act), 1);
	assert_int_equal(act.kind, ACT_LISTEN);
	assert_int_equal(act.fd, 7);
	(void)snprintf(lines, sizeof(lines), socketcall, 1);
	assert_int_equal(act_of_event(a, lines, &options, &act), 0);
	arena_free(a);
}

#define SAID "type=%s pid=812 uid=0 auid=1000 ses=3 subj=unconfined msg='%s'\n"

static const struct {
	const char *type, *msg, *shown;
} messages[] = {
	{"USER_LOGIN",
		"op=login id=1000 exe=\"/usr/sbin/sshd\" hostname=203.0.113.5 addr=203.0.113.5 "
		"terminal=/dev/pts/0 res=success",
		"session-begin op=login object=1000 peer=203.0.113.5 ses=3 auid=1000"},
	{"USER_LOGIN",
		"op=login acct=\"root\" exe=\"/usr/sbin/sshd\" hostname=? addr=203.0.113.5 "
		"terminal=sshd res=failed",
		"session-begin op=login object=root peer=203.0.113.5 ses=3 auid=1000 failed"},
	{"USER_START",
		"op=PAM:session_open grantors=pam_unix acct=\"root\" exe=\"/usr/bin/sudo\" "
		"hostname=? addr=? terminal=/dev/pts/0 res=success",
		"session-begin op=PAM:session_open object=root ses=3 auid=1000"},
	{"USER_END",
		"op=PAM:session_close acct=\"alice\" exe=\"/usr/sbin/sshd\" hostname=h.example "
		"addr=? terminal=ssh res=success",
		"session-end op=PAM:session_close object=alice peer=h.example ses=3 auid=1000"},
	{"USER_LOGOUT", "op=login id=1000 exe=\"/usr/sbin/sshd\" terminal=ssh res=success",
		"session-end op=login object=1000 ses=3 auid=1000"},
	{"USER_CMD",
		"cwd=\"/home/alice\" cmd=6D7973716C202D7068756E7465723220646220 "
		"exe=\"/usr/bin/sudo\" terminal=pts/0 res=success",
		"command object=mysql -p*** db"},
	{"USER_CMD", "cwd=\"/\" cmd=\"ls\" exe=\"/usr/bin/sudo\" terminal=pts/0 res=failed",
		"command object=ls failed"},
	{"SERVICE_START",
		"unit=ssh comm=\"systemd\" exe=\"/usr/lib/systemd/systemd\" hostname=? addr=? "
		"terminal=? res=success",
		"unit-start object=ssh.service"},
	{"SERVICE_STOP",
		"unit=getty@tty1 comm=\"systemd\" exe=\"/usr/lib/systemd/systemd\" hostname=? "
		"addr=? terminal=? res=failed",
		"unit-stop object=getty@tty1.service failed"},
	{"ADD_USER",
		"op=add-user acct=\"bob\" exe=\"/usr/sbin/useradd\" hostname=h addr=? "
		"terminal=pts/0 res=success",
		"account op=add-user object=bob"},
	{"USER_MGMT",
		"op=add-user-to-group grp=\"sudo\" acct=\"bob\" exe=\"/usr/sbin/usermod\" "
		"hostname=h addr=? terminal=pts/0 res=success",
		"account op=add-user-to-group object=bob"},
	{"ADD_GROUP",
		"op=adding group acct=\"web\" exe=\"/usr/sbin/groupadd\" hostname=? addr=? "
		"terminal=? res=success",
		"account op=adding group object=web"},
	{"USER_CHAUTHTOK",
		"op=change password id=1001 exe=\"/usr/bin/passwd\" hostname=h addr=? "
		"terminal=pts/0 res=success",
		"account op=change password object=1001 auid=1001"},
	{"SOFTWARE_UPDATE",
		"op=install sw=\"nginx-1.20.1-1.el9.x86_64\" sw_type=rpm key_enforce=0 gpg_res=1 "
		"root_dir=\"/\" comm=\"dnf\" exe=\"/usr/bin/python3.9\" hostname=? addr=? "
		"terminal=? res=success",
		"package op=install object=nginx-1.20.1-1.el9.x86_64"},
	{"USER_AUTH", "op=PAM:authentication acct=\"x\" exe=\"/usr/sbin/sshd\" res=failed", NULL},
	{"CRED_ACQ", "op=PAM:setcred acct=\"x\" exe=\"/usr/sbin/sshd\" res=success", NULL},
};

static void test_messages(_unused_ void **state)
{
	char lines[1024], shown[1024];

	for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
		struct arena *a = arena_new();
		struct act act;
		(void)snprintf(lines, sizeof(lines), SAID, messages[i].type, messages[i].msg);
		int r = act_of_event(a, lines, &options, &act);
		if (r == 1)
			act_show(&act, shown, sizeof(shown));
		if (r != (messages[i].shown != NULL) ||
			(r && strcmp(shown, messages[i].shown) != 0))
			fail_msg("%s: %d %s", messages[i].type, r, r == 1 ? shown : "");
		if (r == 1) {
			assert_true(act.said && act.whole);
			assert_int_equal(act.actor.pid, 812);
			assert_int_equal(act.actor.auid, 1000);
			assert_int_equal(act.actor.session, 3);
			assert_int_equal(act.actor.euid, AUDIT_ID_UNSET);
		}
		arena_free(a);
	}
}

static const struct {
	const char *lines, *shown;
} kernel[] = {
	{"type=CONFIG_CHANGE auid=1000 ses=3 subj=unconfined op=remove_rule key=\"hardend\" list=4 "
	 "res=1\n" CALL("44", "3", "7ffd",
		 "42c") "type=SOCKADDR saddr=100000000000000000000000\n" CWD DIR("0", "\"/etc/\"",
		 "PARENT", "8") TITLE,
		"audit-change op=remove_rule object=hardend list=4"},
	/* a file that a rule of somebody watches is replaced */
	{"type=CONFIG_CHANGE auid=1000 ses=3 op=updated_rules path=\"/etc/passwd\" key=\"id\" "
	 "list=4 res=1\n" CALL("82", "5", "6", "0") CWD PARENT("0", "\"/etc/\"")
			PARENT("1", "\"/etc/\"") PATH("2", "\"/etc/nshadow\"", "DELETE", "8")
				PATH("3", "\"/etc/passwd\"", "DELETE", "9")
					PATH("4", "\"/etc/passwd\"", "CREATE", "8") TITLE,
		"audit-change op=updated_rules object=id list=4 also file -/etc/nshadow "
		"+/etc/passwd "
		"renamed"},
	{"type=CONFIG_CHANGE op=set audit_enabled=0 old=1 auid=0 ses=3 subj=unconfined "
	 "res=1\n" TITLE,
		"audit-change op=set object=audit_enabled 0<1"},
	{"type=CONFIG_CHANGE audit_backlog_limit=8192 old=64 auid=0 ses=3 res=1\n" TITLE,
		"audit-change op=set object=audit_backlog_limit 8192<64"},
	{"type=CONFIG_CHANGE auid=0 ses=3 op=\"add rule\" key=(null) list=4 res=0\n" TITLE,
		"audit-change op=add_rule list=4 failed"},
	{"type=CONFIG_CHANGE op=remove_rule dir=\"/srv/x\" key=(null) list=4 res=1\n" TITLE,
		"audit-change op=remove_rule object=/srv/x list=4"},
	{"type=FEATURE_CHANGE pid=1 uid=0 auid=0 ses=3 feature=loginuid_immutable old=0 new=1 "
	 "old_lock=0 new_lock=1 res=1\n" TITLE,
		"audit-change object=loginuid_immutable 1<0"},
	{"type=NETFILTER_CFG table=filter:7 family=2 entries=5 op=nft_register_rule pid=901 "
	 "subj=unconfined comm=\"nft\"\n" CALL("46", "3", "7ffd", "0") TITLE,
		"filter op=nft_register_rule object=filter:7 2<0"},
	{"type=LOGIN pid=700 uid=0 subj=unconfined old-auid=4294967295 auid=1000 tty=(none) "
	 "old-ses=4294967295 ses=7 res=1\ntype=SYSCALL arch=c000003e syscall=1 success=yes exit=4 "
	 "a0=3 a1=1 a2=4 a3=0 items=0 ppid=1 pid=700 auid=1000 uid=0 tty=(none) ses=7 "
	 "comm=\"sshd\" exe=\"/usr/sbin/sshd\" key=(null)\ntype=PROCTITLE proctitle=\"sshd\"\n",
		"session-begin op=login ses=7 auid=1000"},
};

static void test_kernel(_unused_ void **state)
{
	char shown[1024];

	for (size_t i = 0; i < ARRAY_SIZE(kernel); i++) {
		struct arena *a = arena_new();
		struct act act;
		assert_int_equal(act_of_event(a, kernel[i].lines, &options, &act), 1);
		act_show(&act, shown, sizeof(shown));
		assert_string_equal(shown, kernel[i].shown);
		assert_false(act.said);
		arena_free(a);
	}
}

/* Without a key, as from somebody else's rules: only what shows that it is a change. */
static void test_unkeyed(_unused_ void **state)
{
	static const struct {
		const char *lines, *shown;
	} events[] = {
		{CALL("257", "ffffff9c", "1", "0") CWD PATH("0", "\"/etc/a\"", "NORMAL", "8") TITLE,
			NULL},
		{CALL("257", "ffffff9c", "1", "1") CWD PATH("0", "\"/etc/a\"", "NORMAL", "8") TITLE,
			"file /etc/a"},
		{CALL("2", "1", "200", "1") CWD PATH("0", "\"/etc/a\"", "NORMAL", "8") TITLE,
			"file /etc/a"},
		{CALL("437", "ffffff9c", "1",
			 "0") "type=OPENAT2 oflag=0100001 mode=0 resolve=0x0\n" CWD PATH("0",
			 "\"/etc/a\"", "NORMAL", "8") TITLE,
			"file /etc/a"},
		{CALL("437", "ffffff9c", "1",
			 "0") "type=OPENAT2 oflag=0100000 mode=0 resolve=0x0\n" CWD PATH("0",
			 "\"/etc/a\"", "NORMAL", "8") TITLE,
			NULL},
		{CALL("59", "1", "2", "3") "type=EXECVE argc=1 a0=\"ls\"\n" CWD PATH(
			 "0", "\"/bin/ls\"", "NORMAL", "8") TITLE,
			NULL},
		{CALL("87", "1", "0", "0") CWD PATH("0", "\"/etc/a\"", "DELETE", "8") TITLE,
			"file -/etc/a"},
	};
	char shown[1024];

	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		struct arena *a = arena_new();
		struct act act;
		int r = act_of_event(a, events[i].lines, NULL, &act);
		assert_int_equal(r, events[i].shown != NULL);
		if (r)
			act_show(&act, shown, sizeof(shown));
		if (r)
			assert_string_equal(shown, events[i].shown);
		arena_free(a);
	}
}

/* A profile of AppArmor whose name ends in a key neither hides who acts nor makes anybody act. */
static void test_key_of_a_profile(_unused_ void **state)
{
	static const char head[] =
		"type=SYSCALL arch=c000003e syscall=50 success=yes exit=0 a0=3 a1=1 a2=0 a3=0 "
		"items=0 ppid=1 pid=9 auid=1000 uid=0 euid=0 ses=3 tty=(none) comm=\"x\" "
		"exe=\"/a\" ";
	static const struct {
		const char *tail;
		bool is;
	} vectors[] = {
		{"subj=p auid=0 pid=1 key=\"x\" (complain) key=\"hardend\"\n", true},
		{"subj=p auid=0 pid=1 key=\"hardend\" (complain) key=(null)\n", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		char text[1024];
		struct act act;
		(void)snprintf(text, sizeof(text), "%s%s", head, vectors[i].tail);
		assert_int_equal(act_of_event(a, text, &options, &act), vectors[i].is);
		if (!vectors[i].is)
			continue;
		assert_int_equal(act.kind, ACT_LISTEN);
		assert_int_equal(act.actor.auid, 1000);
		assert_int_equal(act.actor.pid, 9);
	}
}

/* The short way to see whether a record is of interest is right. */
static void test_wants(_unused_ void **state)
{
	static const struct {
		const char *line;
		bool wanted;
	} lines[] = {
		{"type=SYSCALL msg=audit(1.000:1): pid=1 key=\"hardend\"", true},
		{"type=SYSCALL msg=audit(1.000:1): pid=1 key=\"hardend2\"", false},
		{"type=SYSCALL msg=audit(1.000:1): pid=1 key=(null)", false},
		{"type=SYSCALL msg=audit(1.000:1): pid=1 key=780168617264656E64", true},
		{"type=SYSCALL msg=audit(1.000:1): pid=1 key=780178", false},
		{"type=SYSCALL msg=audit(1.000:1): pid=1", false},
		{"type=SYSCALL msg=audit(1.000:1): comm=\"key=\" key=\"hardend\"", true},
		{"type=PATH msg=audit(1.000:1): name=\"key=\"", false},
		{"type=CONFIG_CHANGE msg=audit(1.000:1): op=set", true},
		{"type=USER_AUTH msg=audit(1.000:1): pid=1", false},
		{"type=USER_LOGIN msg=audit(1.000:1): pid=1", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct audit_record record;
		assert_int_equal(
			audit_line_parse(lines[i].line, strlen(lines[i].line), &record), 0);
		if (act_wants(&record, "hardend") != lines[i].wanted)
			fail_msg("%s", lines[i].line);
		if (record.type == RECORD_SYSCALL)
			assert_true(act_wants(&record, NULL));
	}
}

static int run(void *arg)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct act act;

	if (!a)
		return -ENOMEM;
	int r = act_of_event(a, arg, &options, &act);
	return r < 0 ? r : r == 1 ? 0 : -EINVAL;
}

static void test_alloc(_unused_ void **state)
{
	char lines[1024];

	alloc_each(run, (void *)files[3].lines, 10);
	alloc_each(run, (void *)kernel[0].lines, 6);
	alloc_each(run, (void *)kernel[1].lines, 6);
	alloc_each(
		run, (char *)CALL("49", "5", "7ffd", "10") "type=SOCKADDR saddr=0200\n" TITLE, 6);
	alloc_each(run,
		(char *)CALL("87", "1", "0", "0")
			PATH("0", "\"/a\"", "DELETE", "8") "type=EXECVE argc=1 a0=\"a\"\n",
		10);
	for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
		(void)snprintf(lines, sizeof(lines), SAID, messages[i].type, messages[i].msg);
		if (messages[i].shown)
			alloc_each(run, lines, 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_actor),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_bind),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_unkeyed),
		cmocka_unit_test(test_key_of_a_profile),
		cmocka_unit_test(test_wants),
		cmocka_unit_test(test_alloc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
