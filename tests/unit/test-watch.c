/* SPDX-License-Identifier: ISC */
#include "watch-fixture.h"

/* Each step is one change; after each the fact is read again, as the engine does. */
struct watch_case {
	const char *name, *deps, *before;
	struct {
		const char *change;
		enum told told;
	} steps[10];
};

static const struct watch_case cases[] = {
	{"written in place, by a shell and by cp", "/etc/f", "mkdir /etc; write /etc/f",
		{{"write /etc/f new", NOW}, {"append /etc/f more", NOW},
			{"truncate /etc/f", SETTLE}}},
	{"written without being closed", "/etc/f", "mkdir /etc; write /etc/f; hold /etc/f",
		{{"put x", SETTLE}, {"put y", SETTLE}, {"release", NOW}}},
	{"renamed into place", "/etc/f", "mkdir /etc; write /etc/f",
		{{"write /etc/f.new; rename /etc/f.new /etc/f", NOW}, {"write /etc/g", QUIET},
			{"rename /etc/g /etc/f", NOW}, {"write /etc/f", NOW}}},
	{"an editor's save with a backup", "/etc/f", "mkdir /etc; write /etc/f",
		{{"rename /etc/f /etc/f~; hold /etc/f; put half", SETTLE},
			{"put whole; release", NOW},
			{"rename /etc/f /etc/f~; write /etc/f; chmod 600 /etc/f; rm /etc/f~",
				SETTLE}}},
	{"removed and made again", "/etc/f", "mkdir /etc; write /etc/f",
		{{"rm /etc/f", SETTLE}, {"write /etc/f", SETTLE}, {"rm /etc/f; write /etc/f", SETTLE}}},
	{"installed: unlinked, created, written, chmod", "/etc/f", "mkdir /etc; write /etc/f",
		{{"rm /etc/f; hold /etc/f; put text", SETTLE}, {"release; chmod 600 /etc/f", NOW}}},
	{"chmod is complete in itself", "/etc/f", "mkdir /etc; write /etc/f",
		{{"chmod 600 /etc/f", NOW}, {"chmod 700 /etc", NOW}}},
	{"a hard link made in place", "/etc/f", "mkdir /etc; write /etc/g",
		{{"link /etc/g /etc/f", SETTLE}, {"write /etc/g", NOW}}},
	{"written by another hard link", "/etc/f", "mkdir /etc; write /etc/f; mkdir /x",
		{{"link /etc/f /x/f", SETTLE}, {"write /x/f evil", NOW},
			{"chmod 666 /x/f", SETTLE}}},
	{"written by a descriptor whose name is gone", "/etc/f",
		"mkdir /etc; write /etc/f; link /etc/f /g; hold /g; rm /g",
		{{"put evil", SETTLE}, {"release", NOW}}},
	{"components appear one by one", "/a/b/c/f", "write /x",
		{{"mkdir /a", SETTLE}, {"mkdir /a/x", QUIET}, {"mkdir /a/b", SETTLE},
			{"mkdir /a/b/c", SETTLE}, {"write /a/b/c/f", SETTLE}, {"rm /a/b/c/f", SETTLE},
			{"rmdir /a/b/c", SETTLE}}},
	{"a directory is replaced", "/a/b/f",
		"mkdir /a; mkdir /a/b; write /a/b/f; mkdir /n; write /n/f",
		{{"rename /a/b /a/old", SETTLE}, {"rename /n /a/b", NOW}, {"write /a/b/f", NOW},
			{"write /a/old/f", QUIET}, {"exchange /a/b /a/old", NOW},
			{"write /a/b/f", NOW}}},
	{"a parent is replaced", "/a/b/f",
		"mkdir /a; mkdir /a/b; write /a/b/f; mkdir /n; mkdir /n/b; write /n/b/f",
		{{"rename /a /old; rename /n /a", NOW}, {"write /old/b/f", QUIET},
			{"write /a/b/f", NOW}}},
	{"a directory is removed and made again", "/a/f", "mkdir /a; write /a/f",
		{{"rm /a/f; rmdir /a", SETTLE}, {"mkdir /a", SETTLE}, {"write /a/f", SETTLE}}},
	{"what a link leads to changes", "/etc/f",
		"mkdir /etc; mkdir /run; write /run/f; symlink ../run/f /etc/f",
		{{"write /run/f", NOW}, {"write /run/g; rename /run/g /run/f", NOW},
			{"write /run/f", NOW}, {"rm /run/f", SETTLE}, {"write /run/f", SETTLE}}},
	{"a link is led elsewhere", "/l", "write /a; write /b; symlink a /l",
		{{"symlink /b /l2; rename /l2 /l", NOW}, {"write /a", QUIET}, {"write /b", NOW},
			{"rm /l; symlink a /l", SETTLE}, {"write /b", QUIET}, {"write /a", NOW}}},
	{"a chain of links", "/l1/f",
		"mkdir /d; mkdir /e; symlink /d/l2 /l1; symlink ../e/l3 /d/l2; symlink . /e/l3; "
		"write /e/f",
		{{"write /e/f", NOW}, {"rename /d/l2 /d/x", SETTLE}, {"rename /d/x /d/l2", NOW},
			{"rm /e/l3", SETTLE}, {"symlink ../d/../e /e/l3", SETTLE},
			{"write /e/f", NOW}}},
	{"links in a circle", "/a/f", "symlink b /a; symlink a /b",
		{{"rm /b; mkdir /b", SETTLE}, {"write /b/f", SETTLE}}},
	{"a merged /usr", "/lib/x/f", "mkdir /usr; mkdir /usr/lib; symlink usr/lib /lib",
		{{"mkdir /usr/lib/x", SETTLE}, {"write /usr/lib/x/f", SETTLE}}},
	{"up out of a linked directory", "/d/../f",
		"mkdir /a; mkdir /a/b; symlink a/b /d; write /f",
		{{"write /f", QUIET}, {"write /a/f", SETTLE}, {"mkdir /c; rename /a/b /c/b", SETTLE}}},
	{"no way up from the root", "/../../f", "write /f", {{"write /f", NOW}}},
	{"a listed directory", "/d/", "mkdir /d; write /d/a",
		{{"write /d/b", SETTLE}, {"append /d/a", QUIET}, {"chmod 600 /d/a", QUIET},
			{"rm /d/a", SETTLE}, {"write /x; rename /x /d/c", NOW},
			{"rename /d/c /d/e", NOW}, {"mkdir /d/sub", SETTLE},
			{"write /d/sub/f", QUIET}, {"rename /d /dd; mkdir /d", SETTLE},
			{"mkdir /d/x", SETTLE}}},
	{"the root itself", "/", "write /x", {{"chmod 711 /", SETTLE}, {"write /y", QUIET}}},
	{"a directory's own mode", "/home/u", "mkdir /home; mkdir /home/u",
		{{"chmod 700 /home/u", NOW}, {"write /home/u/f", QUIET}, {"mkdir /home/v", QUIET}}},
	{"only a component: no noise from what is written beside", "/home/u/.ssh/k",
		"mkdir /home; mkdir /home/u; mkdir /home/u/.ssh; write /home/u/.ssh/k; write "
		"/home/u/log",
		{{"append /home/u/log", QUIET}, {"mkdir /home/u/x", QUIET},
			{"rename /home/u/log /home/u/l2", QUIET},
			{"append /home/u/.ssh/known_hosts", QUIET}}},
	{"a FIFO in the place of a directory", "/h|.ssh/k",
		"mkdir /h; mkdir /h/.ssh; write /h/.ssh/k",
		{{"rename /h/.ssh /h/x; fifo /h/.ssh", SETTLE}, {"rm /h/.ssh", SETTLE},
			{"rename /h/x /h/.ssh", NOW}, {"write /h/.ssh/k", NOW}}},
	{"a link out of a home is not followed", "/h|.ssh/k",
		"mkdir /h; mkdir /e; write /e/k; symlink /e /h/.ssh",
		{{"write /e/k", QUIET}, {"rm /h/.ssh; symlink ../e /h/.ssh", SETTLE},
			{"write /e/k", QUIET}, {"rm /h/.ssh; mkdir /h/.ssh", SETTLE},
			{"write /h/.ssh/k", SETTLE}}},
	{"a link within a home is", "/h|.ssh/k",
		"mkdir /h; mkdir /h/.e; write /h/.e/k; symlink x/../.e /h/.ssh; mkdir /h/x",
		{{"write /h/.e/k", NOW}, {"rmdir /h/x", SETTLE}, {"symlink .e /h/x", SETTLE}}},
	{"a link that the root's owner made above a home is", "/h/u|.ssh/k",
		"mkdir /data; mkdir /data/u; mkdir /data/u/.ssh; symlink data /h",
		{{"write /data/u/.ssh/k", SETTLE}, {"rename /data/u /data/v", SETTLE}}},
	{"a lock: opened, and closed when it is done", "!/run/lock", "mkdir /run",
		{{"write /run/lock", SETTLE}, {"look /run/lock", QUIET}, {"release", SETTLE},
			{"hold /run/lock", QUIET}, {"release", SETTLE}, {"write /run/x", QUIET},
			{"look /run/x; release", QUIET}, {"rm /run/lock", SETTLE},
			{"write /run/lock", SETTLE}, {"look /run/lock; release", SETTLE}}},
	{"a lock that is a file as well", "/f !/f", "write /f",
		{{"look /f; release", SETTLE}, {"write /f", NOW}, {"chmod 600 /f", NOW}}},
	{"a file that is only read is no lock", "/f", "write /f", {{"look /f; release", QUIET}}},
	{"a directory in the place of a lock", "!/l", "mkdir /l; write /l/x",
		{{"look /l; release", QUIET}, {"look /l/x; release", QUIET}, {"rm /l/x; rmdir /l", SETTLE},
			{"write /l", SETTLE}, {"look /l; release", SETTLE}}},
	{"names that begin alike", "/a /a-b /a/f /a-b/f", "mkdir /a; mkdir /a-b",
		{{"write /a/f", SETTLE}, {"write /a-b/f", SETTLE}, {"chmod 700 /a-b", NOW}}},
};

static void run_case(const struct watch_case *c)
{
	struct fixture f;

	fixture_init(&f);
	script(&f.t, c->before);
	add_deps(&f, c->deps);
	assert_int_equal(watch_set(f.w, FACT, &f.deps), 1);
	arm(&f, FACT);
	for (size_t i = 0; i < ARRAY_SIZE(c->steps) && c->steps[i].change; i++) {
		script(&f.t, c->steps[i].change);
		enum told told = drain(&f, FACT);
		if (told != c->steps[i].told)
			fail_msg("%s: after \"%s\" told %d, expected %d", c->name,
				c->steps[i].change, told, c->steps[i].told);
		arm(&f, FACT);
	}
	assert_int_equal(watch_blind(f.w), 0);
	fixture_fini(&f);
}

static void test_cases(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		run_case(&cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
