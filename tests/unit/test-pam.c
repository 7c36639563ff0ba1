/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "alloc-fail.h"
#include "fact/collectors.h"
#include "fact/pam-stack.h"

#define DEBIAN_AUTH                                            \
	"auth [success=1 default=ignore] pam_unix.so nullok\n" \
	"auth requisite pam_deny.so\n"                         \
	"auth required pam_permit.so\n"                        \
	"auth optional pam_cap.so\n"

static int load_one(
	void *arg, const char *name, const char **ret_path, const char **ret_text, size_t *ret_size)
{
	if (strcmp(name, "sshd") != 0)
		return -ENOENT;
	*ret_path = "/etc/pam.d/sshd";
	*ret_text = arg;
	*ret_size = strlen(arg);
	return 0;
}

static int parse(struct arena *a, const char *text, struct pam_service *s)
{
	const struct pam_files files = {load_one, (char *)text};

	return pam_parse(a, &files, "sshd", s);
}

static void test_password(void **state)
{
	static const struct {
		const char *what, *text;
		int possible;
		const char *module; /* of the deciding line, or NULL */
	} vectors[] = {
		{"Debian", DEBIAN_AUTH, 1, "pam_unix.so"},
		{"RHEL",
			"auth required pam_env.so\n"
			"auth [default=1 ignore=ignore success=ok] pam_usertype.so isregular\n"
			"auth [default=1 ignore=ignore success=ok] pam_localuser.so\n"
			"auth sufficient pam_unix.so nullok\n"
			"auth [default=1 ignore=ignore success=ok] pam_usertype.so isregular\n"
			"auth sufficient pam_sss.so forward_pass\n"
			"auth required pam_deny.so\n",
			1, "pam_unix.so"},
		{"deny before all", "auth requisite pam_deny.so\n" DEBIAN_AUTH, 0, NULL},
		{"deny beside all", "auth required pam_deny.so\n" DEBIAN_AUTH, 0, NULL},
		{"jump on to the deny",
			"auth [success=ignore default=ignore] pam_unix.so\n"
			"auth requisite pam_deny.so\nauth required pam_permit.so\n",
			0, NULL},
		{"a key agent or a password", "auth sufficient pam_ssh_agent_auth.so\n" DEBIAN_AUTH,
			1, "pam_unix.so"},
		{"a second factor after it",
			"auth required pam_google_authenticator.so\n" DEBIAN_AUTH, 0, NULL},
		{"a second factor for who has one",
			"auth required pam_google_authenticator.so nullok\n" DEBIAN_AUTH, 1,
			"pam_unix.so"},
		{"only a second factor", "auth sufficient pam_u2f.so\nauth required pam_deny.so\n",
			0, NULL},
		{"root alone", "auth sufficient pam_rootok.so\nauth required pam_deny.so\n", 0,
			NULL},
		{"nothing asked", "auth required pam_permit.so\n", 1, NULL},
		{"nothing there", "account required pam_unix.so\n", 0, NULL},
		{"bad jump",
			"auth [success=3 default=ignore] pam_unix.so\nauth required "
			"pam_permit.so\n",
			1, NULL}, /* without the password: whoever fails is permitted */
		{"a module that may say anything",
			"auth sufficient pam_script.so\nauth required pam_deny.so\n", 1, NULL},
		{"control nobody knows", "auth wanted pam_unix.so\nauth required pam_permit.so\n",
			0, NULL},
		{"no module", "auth required\n" DEBIAN_AUTH, 0, NULL},
		{"not a type", "aut required pam_unix.so\n" DEBIAN_AUTH, 0, NULL},
		{"die", "auth [success=die default=die] pam_unix.so\nauth required pam_permit.so\n",
			0, NULL},
		{"reset",
			"auth [default=bad success=reset] pam_deny.so\n"
			"auth [default=reset success=done] pam_unix.so\n"
			"auth required pam_deny.so\n",
			0, NULL},
		{"a line without end", "auth sufficient pam_unix.so \\", -EBADMSG, NULL},
		{"an include without file", "@include none\n", -EBADMSG, NULL},
		{"a stack without file", "auth substack none\n" DEBIAN_AUTH, 0, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct arena *a = arena_new();
		const struct pam_line *line = NULL;
		struct pam_service s;
		assert_int_equal(parse(a, vectors[i].text, &s), 0);
		int r = pam_password_possible(&s, &line);
		if (r != vectors[i].possible)
			fail_msg("%s: %d", vectors[i].what, r);
		if (vectors[i].module && (!line || strcmp(line->module, vectors[i].module) != 0))
			fail_msg("%s: decided by %s", vectors[i].what,
				line ? line->module : "nothing");
		if (!vectors[i].module && r >= 0)
			assert_null(line);
		arena_free(a);
	}
}

static void test_lines(void **state)
{
	struct arena *a = arena_new();
	struct pam_service s;

	assert_int_equal(
		parse(a,
			"# comment\n-AUTH Required \\\n  /lib/security/pam_a.so x=1 [a b] # c\n"
			"session [success=ok\tdefault=1] pam_b.so\n",
			&s),
		0);
	assert_int_equal(s.n_lines, 2);
	assert_int_equal(s.lines[0].type, PAM_TYPE_AUTH);
	assert_true(s.lines[0].optional_module);
	assert_string_equal(s.lines[0].control, "required");
	assert_string_equal(s.lines[0].module, "pam_a.so");
	assert_true(pam_has_arg(&s.lines[0], "x=1"));
	assert_true(pam_has_arg(&s.lines[0], "a b"));
	assert_false(pam_has_arg(&s.lines[0], "c"));
	assert_int_equal(s.lines[0].line, 2);
	assert_string_equal(s.lines[1].control, "[success=ok\tdefault=1]");
	assert_int_equal(s.lines[1].line, 4);
	assert_null(pam_second_factor(&s));
	assert_int_equal(
		parse(a, "session required pam_u2f.so\nauth optional pam_oath.so\n", &s), 0);
	const struct pam_line *second = pam_second_factor(&s);
	assert_true(second && strcmp(second->module, "pam_oath.so") == 0);
	arena_free(a);
}

/* More branches than a stack of use has: an answer in bounded time, whatever it is. */
static void test_many(void **state)
{
	struct arena *a = arena_new();
	char *text = calloc(1, 400000), *p = text;
	const struct pam_line *line = NULL;
	struct pam_service s;

	for (int i = 0; i < 2000; i++)
		p += sprintf(p,
			"auth [success=%d default=%d ignore=reset user_unknown=ok] pam_%d.so\n",
			i % 7 + 1, i % 5 + 1, i);
	assert_int_equal(parse(a, text, &s), 0);
	assert_true(pam_password_possible(&s, &line) != -ENOMEM);
	for (int i = 0; i < 5000; i++)
		p += sprintf(p, "auth optional x\n");
	assert_int_equal(parse(a, text, &s), 0);
	assert_int_equal(s.state, FACT_STATE_MALFORMED);
	free(text);
	arena_free(a);
}

static void test_alloc(void **state)
{
	/* It includes itself, as deep as libpam goes. */
	static const char text[] = "auth substack sshd\nbogus\n" DEBIAN_AUTH;

	for (alloc_fail_at = 1;; alloc_fail_at++) {
		const struct pam_line *line = NULL;
		struct pam_service s;
		alloc_count = 0;
		struct arena *a = arena_new();
		int r = a ? parse(a, text, &s) : -ENOMEM;
		if (r == 0)
			r = pam_add_other(a, &s, &s);
		if (r == 0)
			r = pam_password_possible(&s, &line);
		unsigned count = alloc_count;
		arena_free(a);
		if (count < alloc_fail_at)
			break;
		assert_int_equal(r, -ENOMEM);
	}
	assert_true(alloc_fail_at > 3);
	alloc_fail_at = 0;
}

static struct fact *collect_here(const struct test_root *t)
{
	struct factset facts = {0};
	struct collect c = {.root = &t->root, .facts = &facts};
	struct fact *f = NULL;

	assert_int_equal(fact_collect(FACT_PAM, &c, &f), 0);
	return f;
}

static const char *item_value(const struct fact *f, const char *subject)
{
	for (size_t i = 0; i < f->n_items; i++) {
		if (strcmp(f->items[i].subject, subject) == 0)
			return f->items[i].value;
	}
	return "";
}

static void test_collect(void **state)
{
	const struct pam_line *line = NULL;
	struct test_root t;

	test_root_init(&t);
	struct fact *f = collect_here(&t);
	assert_int_equal(f->state, FACT_STATE_ABSENT);
	fact_free(f);
	test_write(&t, "/etc/pam.conf", "sshd auth required pam_unix.so\n");
	f = collect_here(&t);
	assert_int_equal(f->state, FACT_STATE_MALFORMED);
	fact_free(f);

	test_write(&t, "/etc/pam.d/common-auth", DEBIAN_AUTH);
	test_write(&t, "/etc/pam.d/sshd",
		"@include common-auth\naccount required pam_x.so bindpw=secret user=a\n");
	test_write(&t, "/etc/pam.d/sshd.dpkg-dist", "auth required pam_permit.so\n");
	test_write(&t, "/etc/pam.d/other",
		"auth required pam_deny.so\nsession required pam_warn.so\n");
	test_write(&t, "/usr/lib/pam.d/su", "auth include common-auth\n");
	test_write(&t, "/etc/pam.d/broken", "auth include fifo\n");
	test_write(&t, "/etc/pam.d/sudo", "auth include fifo\n");
	assert_int_equal(mkfifo(test_path(&t, "/etc/pam.d/fifo"), 0600), 0);
	f = collect_here(&t);
	assert_int_equal(f->state, FACT_STATE_OK);
	assert_null(pam_find(f->u.pam, "sshd.dpkg-dist"));
	const struct pam_service *s = pam_find(f->u.pam, "sshd");
	assert_int_equal(pam_password_possible(s, &line), 1);
	assert_string_equal(line->path, "/etc/pam.d/common-auth");
	assert_int_equal(line->line, 1);
	s = pam_find(f->u.pam, "su");
	assert_int_equal(pam_password_possible(s, &line), 1);
	s = pam_find(f->u.pam, "login"); /* has no file */
	assert_int_equal(s->state, FACT_STATE_OK);
	assert_int_equal(pam_password_possible(s, &line), 0);
	assert_null(pam_find(f->u.pam, "broken")); /* no check asks for it: items only */
	s = pam_find(f->u.pam, "sudo");
	assert_int_equal(s->state, FACT_STATE_MALFORMED);
	assert_int_equal(pam_password_possible(s, &line), -EBADMSG);
	assert_string_equal(
		item_value(f, "pam sshd account"), "required pam_x.so bindpw=(hidden) user=a");
	assert_string_equal(item_value(f, "pam sshd session"), "required pam_warn.so");
	assert_string_equal(item_value(f, "pam common-auth session"), "");
	assert_non_null(strstr(item_value(f, "pam broken auth"), "unreadable: /etc/pam.d/fifo is a FIFO"));
	fact_free(f);
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_password),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_collect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
