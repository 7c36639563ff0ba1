/* SPDX-License-Identifier: ISC */
/* Records and their fields, as the kernel and auditd write them. */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/sysmacros.h>

#include "alloc-fail.h"
#include "audit/record.h"

/* Reads a record's fields; the arena is the caller's. */
static struct audit_fields fields_of(struct arena *a, unsigned type, const char *text)
{
	struct audit_record record;
	struct audit_fields f;

	assert_int_equal(audit_record_parse(type, text, strlen(text), &record), 0);
	assert_int_equal(audit_fields_parse(a, &record, &f), 0);
	return f;
}

#define STAMP "audit(1700000000.123:456): "

static void test_heads(_unused_ void **state)
{
	static const struct {
		const char *text;
		int r;
		const char *body;
	} heads[] = {
		{"audit(1700000000.123:456): a=1", 0, "a=1"},
		{"audit(1700000000.123:456):  cwd=\"/\"\n", 0, "cwd=\"/\""},
		{"audit(1700000000.123:456):", 0, ""},
		{"audit(1700000000.123:4294967295): ", 0, ""},
		{"audit(1700000000.123:4294967296): ", -EBADMSG, NULL},
		{"audit(1700000000.12:456): a=1", -EBADMSG, NULL},
		{"audit(1700000000.1234:456): a=1", -EBADMSG, NULL},
		{"audit(99999999999999999999.123:456): a=1", -EBADMSG, NULL},
		{"audit(18446744073708.123:456): a=1", 0, "a=1"},
		{"audit(18446744073710.123:456): a=1", -EBADMSG, NULL},
		{"audit(-1.123:456): a=1", -EBADMSG, NULL},
		{"audit(.123:456): a=1", -EBADMSG, NULL},
		{"audit(1.123:): a=1", -EBADMSG, NULL},
		{"audit(1.123:4)", -EBADMSG, NULL},
		{"udit(1.123:4): ", -EBADMSG, NULL},
		{"", -EBADMSG, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		struct audit_record record = {.type = 1};
		int r = audit_record_parse(1300, heads[i].text, strlen(heads[i].text), &record);
		if (r != heads[i].r)
			fail_msg("%s: %d", heads[i].text, r);
		assert_int_equal(record.type, r < 0 ? 1 : 1300);
		if (r < 0)
			continue;
		assert_int_equal(record.size, strlen(heads[i].body));
		assert_memory_equal(record.body, heads[i].body, record.size);
	}
	struct audit_record record;
	assert_int_equal(audit_record_parse(1300, STAMP, strlen(STAMP), &record), 0);
	assert_int_equal(record.stamp.realtime_usec, UINT64_C(1700000000123000));
	assert_int_equal(record.stamp.serial, 456);
	/* What a netlink message ends with is no part of it. */
	assert_int_equal(audit_record_parse(1300, STAMP "x\0", strlen(STAMP) + 2, &record), 0);
	assert_int_equal(record.size, 1);
	static char big[AUDIT_RECORD_MAX + 2] = STAMP;
	memset(big + strlen(STAMP), 'x', sizeof(big) - strlen(STAMP) - 1);
	assert_int_equal(audit_record_parse(1300, big, sizeof(big), &record), -EMSGSIZE);
	assert_int_equal(audit_record_parse(1300, big, AUDIT_RECORD_MAX, &record), 0);
}

static void test_stamps(_unused_ void **state)
{
	struct audit_stamp a = {5, 2}, b = {6, 1}, c = {6, 2};

	assert_true(audit_stamp_compare(&a, &b) < 0);
	assert_true(audit_stamp_compare(&c, &b) > 0);
	assert_int_equal(audit_stamp_compare(&c, &c), 0);
}

static void test_lines(_unused_ void **state)
{
	static const struct {
		const char *line;
		unsigned type; /* 0: refused */
		const char *body, *enriched, *node;
	} lines[] = {
		{"type=SYSCALL msg=" STAMP "arch=c000003e\n", 1300, "arch=c000003e", NULL, NULL},
		{"type=SYSCALL msg=" STAMP "uid=0\x1dUID=\"root\"", 1300, "uid=0", "UID=\"root\"",
			NULL},
		{"node=vm1 type=PATH msg=" STAMP "item=0\n", 1302, "item=0", NULL, "vm1"},
		{"type=UNKNOWN[1338] msg=" STAMP "module=crypt\n", 1338, "module=crypt", NULL,
			NULL},
		{"type=UNKNOWN[99999] msg=" STAMP "a=1\n", 0, NULL, NULL, NULL},
		{"type=UNKNOWN[] msg=" STAMP "a=1\n", 0, NULL, NULL, NULL},
		{"type=NOSUCH msg=" STAMP "a=1\n", 0, NULL, NULL, NULL},
		{"type=SYSCALL " STAMP "a=1\n", 0, NULL, NULL, NULL},
		{"node=vm1\n", 0, NULL, NULL, NULL},
		{"", 0, NULL, NULL, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct audit_record r;
		int n = audit_line_parse(lines[i].line, strlen(lines[i].line), &r);
		assert_int_equal(n, lines[i].type ? 0 : -EBADMSG);
		if (n < 0)
			continue;
		assert_int_equal(r.type, lines[i].type);
		assert_int_equal(r.size, strlen(lines[i].body));
		assert_memory_equal(r.body, lines[i].body, r.size);
		assert_int_equal(r.enriched != NULL, lines[i].enriched != NULL);
		if (lines[i].enriched)
			assert_memory_equal(r.enriched, lines[i].enriched, r.enriched_size);
		assert_int_equal(r.node_size, lines[i].node ? strlen(lines[i].node) : 0);
	}
}

static void test_types(_unused_ void **state)
{
	for (unsigned type = 0; type < 4000; type++) {
		const char *name = record_type_name(type);
		if (name)
			assert_int_equal(record_type_number(name, strlen(name)), type);
	}
	assert_string_equal(record_type_name(RECORD_OPENAT2), "OPENAT2");
	assert_null(record_type_name(1301));
	assert_true(record_type_is_single(RECORD_USER_LOGIN));
	assert_false(record_type_is_single(RECORD_LOGIN));
	assert_false(record_type_is_single(RECORD_CONFIG_CHANGE));
}

/* Each field in the order of the text, as name, value, and a letter: q quoted, s said. */
static void show_fields(const struct audit_fields *f, char *out, size_t size)
{
	out[0] = '\0';
	for (size_t i = 0; i < f->n; i++) {
		size_t n = strlen(out);
		(void)snprintf(out + n, size - n, "%s%.*s=%.*s%s%s%s", i ? "|" : "",
			(int)f->v[i].name_size, f->v[i].name, (int)f->v[i].size, f->v[i].value,
			f->v[i].form == AUDIT_QUOTED ? "/q" : "", f->v[i].said ? "/s" : "",
			f->v[i].enriched ? "/e" : "");
	}
}

static const struct {
	const char *text, *shown;
} texts[] = {
	{"", ""},
	{"item=0 name=\"/etc/a\" inode=5 dev=fe:01 nametype=NORMAL cap_fp=0",
		"item=0|name=/etc/a/q|inode=5|dev=fe:01|nametype=NORMAL|cap_fp=0"},
	{"a0=\"ls\" a1=\"a=b\" a2=", "a0=ls/q|a1=a=b/q|a2="},
	{"argc=2 a1_len=9000 a1[0]=4142 a1[1]=\"x\"", "argc=2|a1_len=9000|a1[0]=4142|a1[1]=x/q"},
	{"pid=1 uid=0 auid=4294967295 ses=4294967295 subj=unconfined msg='unit=ssh "
	 "comm=\"systemd\" exe=\"/usr/lib/systemd/systemd\" hostname=? addr=? terminal=? "
	 "res=success'",
		"pid=1|uid=0|auid=4294967295|ses=4294967295|subj=unconfined|unit=ssh/s|"
		"comm=systemd/q/s|exe=/usr/lib/systemd/systemd/q/s|hostname=?/s|addr=?/s|"
		"terminal=?/s|res=success/s"},
	{"pid=9 msg='op=adding user to group acct=\"bob\" res=success'",
		"pid=9|op=adding user to group/s|acct=bob/q/s|res=success/s"},
	{"user pid=1 uid=0 msg='PAM: session open acct=root : exe=\"/usr/sbin/crond\" "
	 "(hostname=?, addr=?, terminal=cron res=success)'",
		"pid=1|uid=0|acct=root/s|exe=/usr/sbin/crond/q/s|hostname=?/s|addr=?/s|"
		"terminal=cron/s|res=success/s"},
	{"subj=lsb_release (enforce) key=\"hardend\"", "subj=lsb_release|key=hardend/q"},
	{"exe=(null) tty=(none)", "exe=(null)|tty=(none)"},
	{"op=\"add rule\" key=\"x\" res=1", "op=add rule/q|key=x/q|res=1"},
	{"name=\"unclosed x=1", "name=\"unclosed|x=1"},
	{"=5 a==b", "=5|a==b"},
	{"a=1 \x1d"
	 "b=2",
		"a=1|\x1d"
		"b=2"},
};

static void test_fields(_unused_ void **state)
{
	char text[1024], shown[1024];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct arena *a = arena_new();
		(void)snprintf(text, sizeof(text), "%s%s", STAMP, texts[i].text);
		struct audit_fields f = fields_of(a, RECORD_SYSCALL, text);
		show_fields(&f, shown, sizeof(shown));
		assert_string_equal(shown, texts[i].shown);
		arena_free(a);
	}
}

static void test_enriched(_unused_ void **state)
{
	static const char line[] = "type=SOCKADDR msg=" STAMP "saddr=02 uid=0\x1dSADDR={ "
				   "saddr_fam=inet laddr=192.0.2.1 lport=22 } UID=\"root\" "
				   "SYSCALL=bind";
	struct arena *a = arena_new();
	struct audit_record record;
	struct audit_fields f;
	char shown[256];

	assert_int_equal(audit_line_parse(line, sizeof(line), &record), 0);
	assert_int_equal(audit_fields_parse(a, &record, &f), 0);
	show_fields(&f, shown, sizeof(shown));
	assert_string_equal(shown,
		"saddr=02|uid=0|SADDR={ saddr_fam=inet laddr=192.0.2.1 lport=22 }/e|"
		"UID=root/q/e|SYSCALL=bind/e");
	assert_null(audit_field(&f, "UID"));
	assert_true(audit_field_is(audit_field_enriched(&f, "UID"), "root"));
	assert_null(audit_field_enriched(&f, "uid"));
	arena_free(a);
}

/* The kernel's uid counts, whatever a program says of itself. */
static void test_trust(_unused_ void **state)
{
	struct arena *a = arena_new();
	struct audit_fields f = fields_of(
		a, RECORD_USER_LOGIN, STAMP "pid=9 uid=1000 msg='op=x uid=0'");
	uint64_t uid;

	assert_int_equal(audit_field_number(&f, "uid", &uid), 0);
	assert_int_equal(uid, 1000);
	arena_free(a);
}

static void test_numbers(_unused_ void **state)
{
	struct arena *a = arena_new();
	struct audit_fields f = fields_of(a, RECORD_SYSCALL,
		STAMP "exit=-13 a0=ffffff9c mode=040755 dev=fe:01 auid=4294967295 ses=unset "
		      "old=-1 big=18446744073709551616 bad=1x none= d2=1 d3=:1 id=4294967296 "
		      "q=\"7\" max=18446744073709551615");
	uint64_t v = 7;
	int64_t s = 7;
	uint32_t id = 7;

	assert_int_equal(audit_field_signed(&f, "exit", &s), 0);
	assert_int_equal(s, -13);
	assert_int_equal(audit_field_hex(&f, "a0", &v), 0);
	assert_int_equal(v, 0xffffff9c);
	assert_int_equal(audit_field_octal(&f, "mode", &v), 0);
	assert_int_equal(v, 040755);
	assert_int_equal(audit_field_device(&f, "dev", &v), 0);
	assert_int_equal(v, makedev(0xfe, 1));
	assert_int_equal(audit_field_id(&f, "auid", &id), 0);
	assert_int_equal(id, AUDIT_ID_UNSET);
	assert_int_equal(audit_field_id(&f, "ses", &id), 0);
	assert_int_equal(audit_field_id(&f, "old", &id), 0);
	assert_int_equal(audit_field_number(&f, "max", &v), 0);
	assert_int_equal(v, UINT64_MAX);
	id = 7;
	assert_int_equal(audit_field_id(&f, "id", &id), -EBADMSG);
	assert_int_equal(audit_field_id(&f, "bad", &id), -EBADMSG);
	assert_int_equal(audit_field_id(&f, "missing", &id), -ENOENT);
	assert_int_equal(id, 7);
	assert_int_equal(audit_field_number(&f, "big", &v), -EBADMSG);
	assert_int_equal(audit_field_number(&f, "bad", &v), -EBADMSG);
	assert_int_equal(audit_field_number(&f, "none", &v), -EBADMSG);
	assert_int_equal(audit_field_signed(&f, "max", &s), -EBADMSG);
	assert_int_equal(audit_field_octal(&f, "exit", &v), -EBADMSG);
	assert_int_equal(audit_field_device(&f, "d2", &v), -EBADMSG);
	assert_int_equal(audit_field_device(&f, "d3", &v), -EBADMSG);
	assert_int_equal(v, UINT64_MAX);
	arena_free(a);
}

static void test_strings(_unused_ void **state)
{
	struct arena *a = arena_new();
	struct audit_fields f = fields_of(a, RECORD_PATH,
		STAMP "name=\"/etc/a\" hex=2F746D702F6120622E conf lower=2f74 null=(null) q=? "
		      "odd=2F7 word=pts0 nul=61006200 empty=\"\" none=(none) quoted=\"?\" bare=");
	const char *s = NULL;
	size_t n = 0;

	assert_int_equal(audit_field_string(a, &f, "name", &s), 0);
	assert_string_equal(s, "/etc/a");
	assert_int_equal(audit_field_string(a, &f, "hex", &s), 0);
	assert_string_equal(s, "/tmp/a b.");
	assert_int_equal(audit_field_string(a, &f, "lower", &s), 0);
	assert_string_equal(s, "/t");
	assert_int_equal(audit_field_string(a, &f, "empty", &s), 0);
	assert_string_equal(s, "");
	assert_int_equal(audit_field_bytes(a, &f, "nul", &s, &n), 0);
	assert_int_equal(n, 4);
	assert_memory_equal(s, "a\0b\0", 5);
	assert_int_equal(audit_field_string(a, &f, "nul", &s), -EBADMSG);
	assert_int_equal(audit_field_string(a, &f, "null", &s), -ENOENT);
	assert_int_equal(audit_field_string(a, &f, "none", &s), -ENOENT);
	assert_int_equal(audit_field_string(a, &f, "q", &s), -ENOENT);
	assert_int_equal(audit_field_string(a, &f, "quoted", &s), -ENOENT);
	assert_int_equal(audit_field_string(a, &f, "missing", &s), -ENOENT);
	assert_int_equal(audit_field_string(a, &f, "odd", &s), -EBADMSG);
	assert_int_equal(audit_field_string(a, &f, "word", &s), -EBADMSG);
	assert_int_equal(audit_field_string(a, &f, "bare", &s), -EBADMSG);
	assert_int_equal(audit_field_text(a, &f, "word", &s), 0);
	assert_string_equal(s, "pts0");
	assert_int_equal(audit_field_text(a, &f, "odd", &s), 0);
	assert_string_equal(s, "2F7");
	assert_int_equal(audit_field_text(a, &f, "null", &s), -ENOENT);
	arena_free(a);
}

static void test_keys(_unused_ void **state)
{
	static const struct {
		const char *key;
		bool has;
	} keys[] = {
		{"key=\"hardend\"", true},
		{"key=(null)", false},
		{"key=\"hardend2\"", false},
		{"key=\"harden\"", false},
		{"", false},
		{"key=68617264656E64", true},			/* hardend */
		{"key=78017968617264656E64", false},		/* x 1 yhardend */
		{"key=780168617264656E64", true},		/* x 1 hardend */
		{"key=68617264656E640178", true},		/* hardend 1 x */
		{"key=68617264656E64320168617264656E64", true}, /* hardend2 1 hardend */
		{"key=68617264656E6432", false},		/* hardend2 */
		{"key=68617264656E6", false},
		{"key=zz0168617264656E64", false},
	};
	char text[256];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct arena *a = arena_new();
		(void)snprintf(text, sizeof(text), "%s%s", STAMP, keys[i].key);
		struct audit_fields f = fields_of(a, RECORD_SYSCALL, text);
		if (audit_field_has_key(&f, "hardend") != keys[i].has)
			fail_msg("%s", keys[i].key);
		arena_free(a);
	}
}

static void test_addresses(_unused_ void **state)
{
	static const struct {
		const char *text;
		int r;
		socklen_t size;
	} bad[] = {
		{"saddr=0200", 0, 2},
		{"saddr=02", -EBADMSG, 0},
		{"saddr=020", -EBADMSG, 0},
		{"saddr=zz00", -EBADMSG, 0},
		{"saddr=(null)", -ENOENT, 0},
		{"x=1", -ENOENT, 0},
	};
	struct sockaddr_storage ss;
	socklen_t n = 0;
	struct arena *a = arena_new();
	char text[512];

	/* in the byte order of the machine: AF_INET, port 22, 192.0.2.1 */
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(22)};
	in.sin_addr.s_addr = htonl(0xc0000201);
	int at = snprintf(text, sizeof(text), "%ssaddr=", STAMP);
	for (size_t i = 0; i < sizeof(in); i++)
		at += snprintf(
			text + at, sizeof(text) - (size_t)at, "%02X", ((unsigned char *)&in)[i]);
	struct audit_fields f = fields_of(a, RECORD_SOCKADDR, text);
	assert_int_equal(audit_field_address(&f, &ss, &n), 0);
	assert_int_equal(n, sizeof(in));
	assert_memory_equal(&ss, &in, sizeof(in));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		(void)snprintf(text, sizeof(text), "%s%s", STAMP, bad[i].text);
		f = fields_of(a, RECORD_SOCKADDR, text);
		n = 0;
		assert_int_equal(audit_field_address(&f, &ss, &n), bad[i].r);
		assert_int_equal(n, bad[i].size);
	}
	at = snprintf(text, sizeof(text), "%ssaddr=", STAMP);
	memset(text + at, '0', 258);
	text[at + 258] = '\0';
	f = fields_of(a, RECORD_SOCKADDR, text);
	assert_int_equal(audit_field_address(&f, &ss, &n), -EBADMSG);
	arena_free(a);
}

static int run(_unused_ void *arg)
{
	static const char text[] = STAMP "name=2F746D70 tty=pts0 cwd=\"/root\"";
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct audit_record record;
	struct audit_fields f;
	const char *s[3];

	if (!a)
		return -ENOMEM;
	assert_int_equal(audit_record_parse(1302, text, strlen(text), &record), 0);
	int r = audit_fields_parse(a, &record, &f);
	if (r == 0)
		r = audit_field_string(a, &f, "name", &s[0]);
	if (r == 0)
		r = audit_field_text(a, &f, "tty", &s[1]);
	return r < 0 ? r : audit_field_string(a, &f, "cwd", &s[2]);
}

static void test_alloc(_unused_ void **state)
{
	alloc_each(run, NULL, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_stamps),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_enriched),
		cmocka_unit_test(test_trust),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_alloc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
