/* SPDX-License-Identifier: ISC */
/* Servers that do or do not demand encryption, by their configuration in private roots. */
#include "root-fixture.h"

#include "alloc-fail.h"
#include "fact/clear-servers.h"

#define VSFTPD                          \
	{                               \
		"/usr/sbin/vsftpd", "x" \
	}
#define SSL "listen=YES\nanonymous_enable=NO\nlocal_enable=YES\nssl_enable=YES\n"

static const struct vector {
	const char *what;
	struct root_file files[8];
	struct clear_service want[4]; /* ends with program NULL; fault and setting: a part */
} vectors[] = {
	{"vsftpd that is not installed", {{"/etc/vsftpd.conf", "ssl_enable=NO\n"}}, {{NULL}}},
	{"vsftpd without a file", {VSFTPD}, {{NULL}}},
	{"vsftpd as Debian has it",
		{VSFTPD, {"/etc/vsftpd.conf", "# x\nlocal_enable=YES\n\n  ssl_enable=NO\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_OPEN, .setting = "ssl_enable=NO",
			.at = {"/etc/vsftpd.conf", 4}}}},
	{"vsftpd by its defaults", {VSFTPD, {"/etc/vsftpd.conf", "local_enable=YES\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_OPEN,
			.setting = "no ssl_enable= (the default is NO)",
			.at = {"/etc/vsftpd.conf", 0}}}},
	{"vsftpd for anonymous alone", {VSFTPD, {"/etc/vsftpd.conf", "listen=YES\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_LOGIN,
			.setting = "no ssl_enable= (the default is NO)",
			.at = {"/etc/vsftpd.conf", 0}}}},
	{"vsftpd for nobody", {VSFTPD, {"/etc/vsftpd.conf", "anonymous_enable=0\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_SHUT,
			.setting = "no local_enable=", .at = {"/etc/vsftpd.conf", 0}}}},
	{"vsftpd with TLS", {VSFTPD, {"/etc/vsftpd.conf", SSL}},
		{{"vsftpd", "FTP", .kind = CLEAR_SHUT,
			.setting = "no force_local_logins_ssl=", .at = {"/etc/vsftpd.conf", 0}}}},
	{"the last line holds",
		{VSFTPD, {"/etc/vsftpd.conf", SSL "force_local_logins_ssl=no\n"
						  "force_local_logins_ssl=True\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_SHUT, .setting = "force_local_logins_ssl=YES",
			.at = {"/etc/vsftpd.conf", 6}}}},
	{"vsftpd that only offers TLS",
		{VSFTPD, {"/etc/vsftpd.conf", SSL "force_local_logins_ssl=NO\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_OPEN, .setting = "force_local_logins_ssl=NO",
			.at = {"/etc/vsftpd.conf", 5}}}},
	{"vsftpd with data in the clear",
		{VSFTPD, {"/etc/vsftpd.conf", SSL "force_local_data_ssl=NO\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_LOGIN, .setting = "force_local_data_ssl=NO",
			.at = {"/etc/vsftpd.conf", 5}}}},
	{"vsftpd with anonymous in the clear",
		{VSFTPD, {"/etc/vsftpd.conf", SSL "anonymous_enable=YES\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_LOGIN,
			.setting = "no force_anon_logins_ssl=", .at = {"/etc/vsftpd.conf", 0}}}},
	{"vsftpd with anonymous data in the clear",
		{VSFTPD, {"/etc/vsftpd.conf",
				 SSL "anonymous_enable=YES\nforce_anon_logins_ssl=YES\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_LOGIN,
			.setting = "no force_anon_data_ssl=", .at = {"/etc/vsftpd.conf", 0}}}},
	{"vsftpd that begins with TLS",
		{VSFTPD, {"/etc/vsftpd.conf", SSL "force_local_logins_ssl=NO\nimplicit_ssl=YES\n"
						  "anonymous_enable=YES\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_SHUT, .setting = "implicit_ssl=YES",
			.at = {"/etc/vsftpd.conf", 6}}}},
	{"a user whose data may go in the clear",
		{VSFTPD, {"/etc/vsftpd.conf", SSL "user_config_dir=/etc/vsftpd_users\n"},
			{"/etc/vsftpd_users/alice", "force_local_data_ssl=YES\n"},
			{"/etc/vsftpd_users/bob", "\nforce_local_data_ssl=NO\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_LOGIN, .setting = "force_local_data_ssl=NO",
			.at = {"/etc/vsftpd_users/bob", 2}}}},
	{"a value that is none",
		{VSFTPD, {"/etc/vsftpd.conf", "local_enable=YES\nssl_enable=on\n"}},
		{{"vsftpd", "FTP", .fault = "ssl_enable=on is neither",
			.fault_path = "/etc/vsftpd.conf", .fault_line = 2}}},
	{"a file that cannot be read", {VSFTPD, {"/etc/vsftpd.conf", NULL}},
		{{"vsftpd", "FTP", .fault = "FIFO", .fault_path = "/etc/vsftpd.conf"}}},
	{"the file that its unit names",
		{VSFTPD, {"/etc/vsftpd.conf", SSL}, {"/etc/other.conf", "local_enable=YES\n"},
			{"/etc/systemd/system/vsftpd.service",
				"[Service]\nExecStart=-/usr/sbin/vsftpd \"/etc/other.conf\"\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_OPEN,
			.setting = "no ssl_enable=", .at = {"/etc/other.conf", 0}}}},
	{"an option of its command line",
		{VSFTPD, {"/etc/vsftpd.conf", SSL},
			{"/etc/systemd/system/vsftpd.service",
				"[Service]\nExecStart=/usr/sbin/vsftpd /etc/vsftpd.conf "
				"-ossl_enable=NO\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_OPEN, .setting = "ssl_enable=NO",
			.at = {"/etc/systemd/system/vsftpd.service", 2}}}},
	{"the file that it reads by itself comes last",
		{VSFTPD, {"/etc/vsftpd.conf", SSL},
			{"/etc/systemd/system/vsftpd.service",
				"[Service]\nExecStart=/usr/sbin/vsftpd -ossl_enable=NO\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_SHUT,
			.setting = "no force_local_logins_ssl=", .at = {"/etc/vsftpd.conf", 0}}}},
	{"one for each file of Red Hat's",
		{VSFTPD, {"/etc/vsftpd/a.conf", SSL},
			{"/etc/vsftpd/b.conf", "local_enable=YES\nlisten_port=2121\n"}},
		{{"vsftpd", "FTP", .ports = {21}, .kind = CLEAR_SHUT,
			 .setting = "no force_local_logins_ssl=", .at = {"/etc/vsftpd/a.conf", 0}},
			{"vsftpd", "FTP", .ports = {2121}, .kind = CLEAR_OPEN,
				.setting = "no ssl_enable=", .at = {"/etc/vsftpd/b.conf", 0}}}},
	{"instances of a template",
		{VSFTPD, {"/etc/vsftpd/a.conf", "local_enable=YES\n"},
			{"/usr/lib/systemd/system/vsftpd@.service",
				"[Service]\nExecStart=/usr/sbin/vsftpd /etc/vsftpd/%i.conf\n"
				"[Install]\nWantedBy=multi-user.target\n"},
			{"/etc/systemd/system/multi-user.target.wants/vsftpd@a.service", "x"}},
		{{"vsftpd", "FTP", .kind = CLEAR_OPEN,
			.setting = "no ssl_enable=", .at = {"/etc/vsftpd/a.conf", 0}}}},
};

static bool same_text(const char *got, const char *want)
{
	return !got || !want ? got == want : strcmp(got, want) == 0;
}

static bool same(const struct clear_service *got, const struct clear_service *want)
{
	if (!same_text(got->program, want->program) || !same_text(got->protocol, want->protocol) ||
		got->udp != want->udp || memcmp(got->ports, want->ports, sizeof(got->ports)) != 0)
		return false;
	if (want->fault)
		return got->fault && strstr(got->fault, want->fault) &&
		       same_text(got->fault_path, want->fault_path) &&
		       got->fault_line == want->fault_line;
	return !got->fault && got->kind == want->kind && strstr(got->setting, want->setting) &&
	       same_text(got->at.path, want->at.path) && got->at.line == want->at.line;
}

static void compare(const struct vector *v, const struct clear_servers *got)
{
	size_t n = 0;

	while (n < ARRAY_SIZE(v->want) && v->want[n].program)
		n++;
	bool ok = got->n == n;
	for (size_t i = 0; ok && i < n; i++)
		ok = same(&got->v[i], &v->want[i]);
	if (ok)
		return;
	print_error("%s:\n", v->what);
	for (size_t i = 0; i < got->n; i++) {
		const struct clear_service *s = &got->v[i];
		print_error("  %s %s %u kind %d \"%s\" %s:%u fault \"%s\" %s:%u\n", s->program,
			s->protocol, s->ports[0], s->kind, s->setting, s->at.path, s->at.line,
			s->fault, s->fault_path, s->fault_line);
	}
	fail();
}

static void test_vectors(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct root_vector v = {.what = vectors[i].what};
		const struct check c = {
			.facts = FACT_BIT(FACT_CLEAR_SERVERS) | FACT_BIT(FACT_UNITS)};
		struct factset facts = {0};
		struct test_root t;
		for (size_t k = 0; k < ARRAY_SIZE(vectors[i].files); k++)
			v.files[k] = vectors[i].files[k];
		test_root_init(&t);
		test_write(&t, "/usr/lib/systemd/systemd", ""); /* else there are no units */
		root_vector_write(&t, &v);
		assert_int_equal(root_collect(&t, &c, &facts, NULL), 0);
		compare(&vectors[i], factset_get(&facts, FACT_CLEAR_SERVERS)->u.clear_servers);
		factset_fini(&facts);
		test_root_fini(&t);
	}
}

static void test_items(void **state)
{
	struct test_root t;
	struct factset facts = {0};
	struct fact *f = NULL;
	const struct collect col = {.root = &t.root, .facts = &facts};

	test_root_init(&t);
	test_write(&t, "/usr/sbin/vsftpd", "");
	test_write(&t, "/etc/vsftpd.conf", SSL "force_local_data_ssl=NO\n");
	assert_int_equal(fact_collect(FACT_CLEAR_SERVERS, &col, &f), 0);
	assert_int_equal(f->n_items, 1);
	assert_string_equal(f->items[0].subject, "cleartext vsftpd FTP");
	assert_string_equal(f->items[0].value,
		"takes no password in the clear, and other things: force_local_data_ssl=NO");
	assert_int_equal(f->items[0].line, 5);
	bool watched = false;
	for (size_t i = 0; i < f->deps.n; i++)
		watched = watched || strcmp(f->deps.v[i].path, "/etc/vsftpd.conf") == 0;
	assert_true(watched);
	fact_free(f);
	test_root_fini(&t);
}

static const struct {
	int (*read)(struct arena *, char *, struct clear_list *);
	const char *text;
} texts[] = {
	{clear_vsftpd_text, SSL "listen_port=x\n"},
	{clear_vsftpd_text, "ssl_enable=NO\nuser_config_dir=/etc/x\nlocal_enable\n"},
};

static int read_text(void *arg)
{
	size_t i = *(const size_t *)arg;
	struct arena *a = arena_new();
	char *text = a ? arena_strdup(a, texts[i].text) : NULL;
	struct clear_list l = {0};
	int r = text ? texts[i].read(a, text, &l) : -ENOMEM;

	if (r < 0)
		assert_int_equal(l.n, 0);
	arena_free(a);
	return r;
}

static void test_alloc(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		alloc_each(read_text, &i, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
