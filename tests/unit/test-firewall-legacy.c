/* SPDX-License-Identifier: ISC */
/* The rules of iptables-legacy as hardend-legacy@.service sends them, whole or not. */
#include "alloc-fail.h"
#include "stream-server.h"

#include "fact/firewall-internal.h"

#define ONE    "# hardend: iptables\n"
#define TWO    "# hardend: ip6tables\n"
#define END    "# hardend: end\n"
#define FILTER "*filter\n:INPUT DROP [0:0]\nCOMMIT\n"
#define NAT    "*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n"

static void test_split(void **state)
{
	static const struct {
		const char *text, *v4, *v6; /* NULL: it is not whole */
	} cases[] = {
		{ONE FILTER NAT TWO FILTER END, FILTER NAT, FILTER},
		{ONE TWO NAT END, "", NAT},
		{ONE TWO END, "", ""},
		{ONE "half" TWO END, NULL, NULL}, /* its line has not ended */
		{"", NULL, NULL},
		{ONE, NULL, NULL},
		{ONE FILTER TWO, NULL, NULL},
		{ONE FILTER TWO FILTER, NULL, NULL},
		{ONE FILTER TWO FILTER "# hardend: end", NULL, NULL},
		{ONE FILTER TWO FILTER "# hardend: en", NULL, NULL},
		{ONE FILTER END, NULL, NULL},
		{TWO FILTER ONE END, NULL, NULL},
		{ONE TWO TWO END, NULL, NULL},
		{ONE ONE TWO END, NULL, NULL},
		{ONE TWO END END, NULL, NULL},
		{ONE TWO END FILTER, NULL, NULL},
		{FILTER ONE TWO END, NULL, NULL},
		{ONE "# hardend: other\n" TWO END, NULL, NULL},
		{"sh: 1: iptables-legacy-save: not found\n", NULL, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = strdup(cases[i].text);
		const char *parts[2] = {NULL, NULL};
		int r = firewall_legacy_split(text, strlen(text), parts);
		if (r != (cases[i].v4 ? 0 : -EBADMSG))
			fail_msg("%s: %d", cases[i].text, r);
		if (r == 0) {
			assert_string_equal(parts[0], cases[i].v4);
			assert_string_equal(parts[1], cases[i].v6);
		} else {
			assert_null(parts[0]);
			assert_null(parts[1]);
		}
	}
	char nul[] = ONE "\0" TWO END;
	const char *parts[2];
	assert_int_equal(firewall_legacy_split(nul, sizeof(nul) - 1, parts), -EBADMSG);
}

/* Of a family without tables nothing is taken; of the others every table must be there. */
static void test_ask(void **state)
{
	static const struct {
		const char *text, *names[2], *says; /* NULL: it is taken */
	} cases[] = {
		{ONE FILTER NAT TWO FILTER END, {"nat\nfilter\n", "filter\n"}, NULL},
		{ONE FILTER NAT TWO FILTER END, {"filter\n", ""}, NULL},
		{ONE TWO FILTER END, {"", "filter"}, NULL},
		{ONE FILTER TWO FILTER END, {"nat\nfilter\n", "filter\n"},
			"table nat of iptables-legacy-save,"},
		{ONE FILTER TWO END, {"", "filter\n"}, "table filter of ip6tables-l"},
		{ONE "*filters\n*filte\n# *filter\n x*filter\n" TWO END, {"filter\n", ""},
			"table filter"},
		{ONE FILTER TWO, {"filter\n", ""}, "did not list all"},
		{"", {"filter\n", ""}, "did not list all"},
	};
	struct server s;

	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		const char *texts[2] = {NULL, NULL}, *why = NULL;
		server_init(&s);
		serve(&s, cases[i].text, 1, false);
		int r = firewall_legacy_ask(a, s.path, cases[i].names, texts, &why);
		dismiss(&s);
		server_fini(&s);
		if ((r == 0) != !cases[i].says || (cases[i].says && !strstr(why, cases[i].says)))
			fail_msg("%s: %d, %s", cases[i].text, r, why);
		for (unsigned v6 = 0; v6 < 2; v6++)
			assert_true((texts[v6] != NULL) == (r == 0 && *cases[i].names[v6]));
	}
}

/* An error that says what to do, and never that there is no firewall. */
static void test_nobody(void **state)
{
	static const char *const names[2] = {"filter\n", ""};
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *texts[2] = {NULL, NULL}, *why = NULL;

	assert_int_equal(firewall_legacy_ask(a, "/nonexistent/legacy", names, texts, &why), -EIO);
	assert_non_null(strstr(why, "systemctl start hardend-legacy.socket"));
	assert_null(texts[0]);
}

static int ask_once(void *arg)
{
	static const char *const names[2] = {"filter\nnat\n", "raw\n"}, *const lacks[2] = {
										"raw", ""};
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct server *s = arg;
	const char *texts[2], *why;
	int r = a ? firewall_legacy_ask(a, s->path, names, texts, &why) : -ENOMEM;

	if (r < 0)
		return r;
	r = firewall_legacy_ask(a, s->path, lacks, texts, &why);
	return arena_failed(a) || r == -ENOMEM ? -ENOMEM : r == -EIO ? 0 : -EINVAL;
}

static void test_memory(void **state)
{
	struct server s;

	if (geteuid() != 0)
		skip();
	server_init(&s);
	serve(&s, ONE FILTER NAT TWO "*raw\nCOMMIT\n" END, 1, false);
	alloc_each(ask_once, &s, 3);
	dismiss(&s);
	server_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_ask),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
