/* SPDX-License-Identifier: ISC */
/*
 * What was recorded on a machine (Debian 12, Linux 6.1, auditd with enriched records, and
 * beside it the multicast group) while an account logged in over ssh and used sudo: each
 * act that is in it, as tests/data/audit/acts.txt has it. TEST_AUDIT_SHOW=1 prints them.
 */
#include "audit-events.h"
#include "audit/memory.h"

static char *read_data(const char *name)
{
	char path[512];
	FILE *f;
	char *text = calloc(1, 1 << 20);

	(void)snprintf(path, sizeof(path), "%s/audit/%s", getenv("TEST_DATA"), name);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
	(void)fclose(f); /* read-only */
	return text;
}

/* The lines of a text of acts; the memory has them as well. */
struct shown {
	FILE *f;
	char *text;
	size_t size;
	struct acts *acts;
	unsigned parts; /* acts of which records are missing */
};

static void show_event(struct shown *s, const struct audit_event *e)
{
	static const struct act_options options = {.key = "hardend"};
	struct arena *a = arena_new();
	struct act act;
	char line[8192];

	if (act_parse(a, e, &options, &act) == 1) {
		const struct actor *who = &act.actor;
		act_show(&act, line, sizeof(line));
		(void)fprintf(s->f, "%u %s | auid=%d uid=%d ses=%d tty=%s exe=%s: %s\n",
			(unsigned)act.serial, line, (int)who->auid, (int)who->uid,
			(int)who->session, who->tty, who->exe, who->command);
		assert_int_equal(acts_put(s->acts, &act, NULL), 0);
		s->parts += !act.whole;
	}
	arena_free(a);
}

static void drain(struct shown *s, struct audit_assembler *assembler, uint64_t now)
{
	for (struct audit_event *e; (e = audit_assembler_next(assembler, now));) {
		show_event(s, e);
		audit_event_free(e);
	}
}

/* A file of "TYPE text" as netlink gives them, or of auditd's lines. */
static void show_file(const char *name, struct shown *s)
{
	char *text = read_data(name), *save = NULL;
	struct audit_assembler *assembler;

	s->f = open_memstream(&s->text, &s->size);
	assert_int_equal(audit_assembler_new(AUDIT_EVENT_AGE_USEC, &assembler), 0);
	assert_int_equal(acts_new(&s->acts), 0);
	for (char *p = strtok_r(text, "\n", &save); p; p = strtok_r(NULL, "\n", &save)) {
		struct audit_record r;
		char *end = p;
		unsigned type = is_digit(*p) ? (unsigned)strtoul(p, &end, 10) : 0;
		assert_int_equal(type ? audit_record_parse(type, end + 1, strlen(end + 1), &r)
				      : audit_line_parse(p, strlen(p), &r),
			0);
		assert_int_equal(audit_assembler_add(assembler, &r, r.stamp.realtime_usec), 0);
		drain(s, assembler, r.stamp.realtime_usec);
	}
	audit_assembler_flush(assembler);
	drain(s, assembler, 0);
	assert_int_equal(audit_assembler_pushed(assembler), 0);
	audit_assembler_free(assembler);
	(void)fclose(s->f); /* of memory */
	free(text);
}

static void shown_fini(struct shown *s)
{
	acts_free(s->acts);
	free(s->text);
}

static void test_log(_unused_ void **state)
{
	struct shown s = {0};
	char *want = read_data("acts.txt");

	show_file("enriched.log", &s);
	if (getenv("TEST_AUDIT_SHOW"))
		(void)fputs(s.text, stdout);
	else
		assert_string_equal(s.text, want);
	free(want);
	shown_fini(&s);
}

/* The multicast group tells the same, but for what was before it was joined. */
static void test_multicast(_unused_ void **state)
{
	struct shown log = {0}, live = {0};

	show_file("enriched.log", &log);
	show_file("multicast.txt", &live);
	assert_int_equal(live.parts, 0);
	assert_true(live.size > log.size / 2);
	unsigned missing = 0, n = 0;
	char *save = NULL;
	for (char *p = strtok_r(live.text, "\n", &save); p; p = strtok_r(NULL, "\n", &save), n++)
		missing += strstr(log.text, p) == NULL;
	if (n < 100 || missing > 0)
		fail_msg("%u of %u acts are not in the log", missing, n);
	shown_fini(&log);
	shown_fini(&live);
}

/* The question that all of this is for. */
static void test_who(_unused_ void **state)
{
	struct acts_file file = {.path = "/etc/ssh/sshd_config"};
	struct shown s = {0};
	struct acts_found found;

	show_file("multicast.txt", &s);
	acts_find_path(s.acts, &file, 0, UINT64_MAX, &found);
	assert_true(found.n >= 1);
	const struct act *act = NULL;
	for (size_t i = 0; i < found.n; i++) {
		if (strcmp(found.v[i].act->actor.exe, "/usr/bin/sed") == 0)
			act = found.v[i].act;
	}
	assert_non_null(act);
	assert_int_equal(act->actor.auid, 1000);
	assert_int_equal(act->actor.uid, 0);
	assert_string_equal(act->actor.command, "sed -i s/#Port/Port/ /etc/ssh/sshd_config");
	const struct acts_session *session = acts_find_session(s.acts, act->actor.session);
	assert_non_null(session);
	assert_string_equal(session->user, "alice");
	assert_string_equal(session->peer, "127.0.0.1");
	assert_string_equal(session->exe, "/usr/sbin/sshd");
	assert_string_equal(session->tty, "ssh");
	shown_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_multicast),
		cmocka_unit_test(test_who),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
