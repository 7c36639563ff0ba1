/* SPDX-License-Identifier: ISC */
/* What is judged of the sockets that wait for others. */
#include "firewall-fixture.h"

#include <sys/socket.h>

#include "check/check.h"
#include "check/listener-pattern.h"
#include "check/reach.h"
#include "conf/conf.h"
#include "fact/accepted.h"
#include "fact/listeners.h"

#define ALLOW	"listener-allowlist"
#define PRIVATE "listener-private-service"
#define MAIL	"mail-server"
#define SSH	"ssh-port"

static const struct listener_program nginx = {"/usr/sbin/nginx", "nginx", "nginx-light"};
static const struct listener_program sshd = {"/usr/sbin/sshd", "sshd", "openssh-server"};
static const struct listener_program redis = {"/usr/bin/redis-check-rdb", "redis-server", NULL};
static const struct listener_program master = {"/usr/lib/postfix/sbin/master", "master", "postfix"};
static const struct listener_program own = {"/opt/x", "x", NULL};

#define ANY4(p) .family = AF_INET, .port = (p), .sockets = 1
#define NGINX	"nginx (/usr/sbin/nginx) of nginx.service, package nginx-light"

static const struct listener web = {
	ANY4(80), .unit = "nginx.service", .program = &nginx, .text = "tcp 0.0.0.0:80"};
static const struct listener_program odd = {"/opt/a\\b", "a\nb", NULL};
static const struct listener odd_web = {ANY4(80), .program = &odd, .text = "tcp 0.0.0.0:80"};
static const struct listener own_web = {ANY4(80), .addr = {127, 0, 0, 1}, .loopback = true,
	.unit = "nginx.service", .program = &nginx, .text = "tcp 127.0.0.1:80"};
static const struct listener client = {.protocol = LISTENER_UDP,
	ANY4(40000),
	.passing = true,
	.program = &own,
	.text = "udp 0.0.0.0:40000"};
static const struct listener raw = {
	.protocol = LISTENER_RAW, ANY4(112), .text = "raw 0.0.0.0 protocol 112"};
static const struct listener ssh22 = {
	ANY4(22), .unit = "ssh.service", .program = &sshd, .text = "tcp 0.0.0.0:22"};
static const struct listener ssh2222 = {
	ANY4(2222), .unit = "ssh.service", .program = &sshd, .text = "tcp 0.0.0.0:2222"};
static const struct listener ssh40022 = {
	ANY4(40022), .unit = "ssh.service", .program = &sshd, .text = "tcp 0.0.0.0:40022"};
static const struct listener ssh_link = {.family = AF_INET6,
	.port = 22,
	.link_local = true,
	.addr = {0xfe, 0x80},
	.unit = "ssh.socket",
	.text = "tcp [fe80::1]:22"};
static const struct listener odd_redis = {
	ANY4(7777), .unit = "r.service", .program = &redis, .text = "tcp 0.0.0.0:7777"};
static const struct listener mysql_port = {ANY4(3306), .program = &own, .text = "tcp 0.0.0.0:3306"};
static const struct listener on_lo = {
	ANY4(3306), .interface = "lo", .program = &own, .text = "tcp 0.0.0.0%lo:3306"};
static const struct listener postfix = {
	ANY4(2525), .unit = "postfix@-.service", .program = &master, .text = "tcp 0.0.0.0:2525"};
static const struct listener own_postfix = {ANY4(25), .addr = {127, 0, 0, 1}, .loopback = true,
	.unit = "postfix@-.service", .program = &master, .text = "tcp 127.0.0.1:25"};
static const struct listener smtp = {ANY4(25), .text = "tcp 0.0.0.0:25", .uid = 7};

struct vector {
	const char *check;
	const struct listener *v[3];
	const char *conf;
	const char *accepted; /* value under "listener tcp 0.0.0.0:80"; NULL: no daemon */
	enum result result;
	const char *subject, *observed; /* of the only evidence, or NULL */
};

static const struct vector vectors[] = {
	{ALLOW, {0}, NULL, NULL, RESULT_PASS},
	{ALLOW, {&own_web, &client, &raw}, NULL, NULL, RESULT_PASS},
	{ALLOW, {&web}, NULL, NULL, RESULT_FAIL, "listener tcp 0.0.0.0:80", NGINX},
	{ALLOW, {&web}, NULL, "", RESULT_PASS}, /* it is being recorded */
	{ALLOW, {&web}, NULL, NGINX, RESULT_PASS},
	/* As it stands in the baseline, escaped. */
	{ALLOW, {&odd_web}, NULL, "a\\nb (/opt/a\\\\b)", RESULT_PASS},
	{ALLOW, {&odd_web}, NULL, NULL, RESULT_FAIL, "listener tcp 0.0.0.0:80",
		"a\\nb (/opt/a\\\\b)"},
	{ALLOW, {&web}, NULL, "apache2 (/usr/sbin/apache2)", RESULT_FAIL, "listener tcp 0.0.0.0:80",
		NGINX},
	{ALLOW, {&web}, "[policy]\nlisteners = tcp/80\n", "x", RESULT_PASS},
	{ALLOW, {&web}, "[policy]\nlisteners = tcp/22 tcp/80=nginx.service\n", NULL, RESULT_PASS},
	{ALLOW, {&web}, "[policy]\nlisteners = tcp/80=apache2.service\n", NULL, RESULT_FAIL,
		"listener tcp 0.0.0.0:80", "nginx"},
	{ALLOW, {&web}, "[policy]\nlisteners = udp/80\n", NULL, RESULT_FAIL,
		"listener tcp 0.0.0.0:80", "nginx"},
	{ALLOW, {&web, &ssh22}, "[policy]\nlisteners = tcp/80-443\n", NULL, RESULT_FAIL,
		"listener tcp 0.0.0.0:22", "sshd"},
	{PRIVATE, {0}, NULL, NULL, RESULT_PASS},
	{PRIVATE, {&web, &client, &raw}, NULL, NULL, RESULT_PASS},
	{PRIVATE, {&mysql_port}, NULL, NULL, RESULT_UNKNOWN, "listener tcp 0.0.0.0:3306",
		"the port of MySQL: x (/opt/x); whether the host's firewall"},
	{PRIVATE, {&odd_redis}, NULL, NULL, RESULT_UNKNOWN, "listener tcp 0.0.0.0:7777",
		"Redis: redis-server"},
	{PRIVATE, {&on_lo}, NULL, NULL, RESULT_PASS},
	{PRIVATE, {&ssh_link}, NULL, NULL, RESULT_PASS},
	{PRIVATE, {&web}, "[listener-private-service]\nalso = tcp/80\n", NULL, RESULT_UNKNOWN,
		"listener tcp 0.0.0.0:80", "named by the policy"},
	{MAIL, {&web}, NULL, NULL, RESULT_NOTAPPLICABLE},
	{MAIL, {&own_postfix}, NULL, NULL, RESULT_PASS},
	{MAIL, {&postfix, &own_postfix}, NULL, NULL, RESULT_FAIL, "listener tcp 0.0.0.0:2525",
		"master (/usr/lib/postfix/sbin/master) of postfix@-.service, package postfix"},
	{MAIL, {&smtp}, NULL, NULL, RESULT_FAIL, "listener tcp 0.0.0.0:25",
		"an unknown process (uid 7)"},
	{SSH, {&web}, NULL, NULL, RESULT_NOTAPPLICABLE},
	{SSH, {&ssh22}, NULL, NULL, RESULT_UNKNOWN, "listener tcp 0.0.0.0:22", "port 22; whether"},
	{SSH, {&ssh2222}, NULL, NULL, RESULT_UNKNOWN, "listener tcp 0.0.0.0:2222", "port 2222"},
	{SSH, {&ssh40022}, NULL, NULL, RESULT_PASS},
	{SSH, {&ssh_link}, NULL, NULL, RESULT_PASS},
};

static struct policy *load(const char *conf)
{
	struct errlist errors = {0};
	struct policy *policy = NULL;

	conf = conf ? conf : "";
	assert_int_equal(conf_load_text("test", conf, strlen(conf), &errors, &policy), 0);
	errlist_fini(&errors);
	return policy;
}

static struct verdict *judge(const char *check, const struct factset *facts, const char *conf)
{
	struct policy *policy = load(conf);
	struct verdict *v = verdict_new();

	assert_int_equal(check_judge(check_find(check), facts, policy, 0, v), 0);
	policy_free(policy); /* no waiver of it is in the verdict */
	return v;
}

static void put(struct factset *facts, const struct listeners *l)
{
	struct fact *f = fact_new(FACT_LISTENERS);

	f->u.listeners = l;
	factset_put(facts, f);
}

static void put_accepted(struct factset *facts, const struct accepted *a)
{
	struct fact *f = fact_new(FACT_ACCEPTED);

	f->u.accepted = a;
	factset_put(facts, f);
}

/* A baseline that could not be read accepts nothing, and the finding says so. */
static void test_unread(void **state)
{
	static const struct listener open = {
		.protocol = LISTENER_TCP, .family = AF_INET, .port = 80, .text = "tcp 0.0.0.0:80"};
	struct listeners l = {.v = &open, .n = 1};
	struct factset facts = {0};
	struct fact *f = fact_new(FACT_ACCEPTED);

	put(&facts, &l);
	fact_fail(f, -EUCLEAN, "/state.db: it is corrupt");
	factset_put(&facts, f);
	struct verdict *v = judge("listener-allowlist", &facts, NULL);
	assert_int_equal(v->result, RESULT_FAIL);
	assert_non_null(strstr(v->evidence[0].expected, "not known: /state.db: it is corrupt"));
	verdict_free(v);
	v = judge("listener-allowlist", &facts, "[policy]\nlisteners = tcp/80\n");
	assert_int_equal(v->result, RESULT_PASS);
	verdict_free(v);
	factset_fini(&facts);
}

static void test_vectors(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *x = &vectors[i];
		struct listener v[3];
		struct factset facts = {0};
		struct listeners l = {.v = v};
		const struct accepted_item item = {"listener tcp 0.0.0.0:80", x->accepted};
		const struct accepted accepted = {.listeners = &item,
			.n_listeners = 1,
			.recording = x->accepted && !*x->accepted};
		while (l.n < 3 && x->v[l.n]) {
			v[l.n] = *x->v[l.n];
			l.n++;
		}
		put(&facts, &l);
		if (x->accepted)
			put_accepted(&facts, &accepted);
		struct verdict *verdict = judge(x->check, &facts, x->conf);
		if (verdict->result != x->result || verdict->n_evidence != (x->subject ? 1 : 0))
			fail_msg("vector %zu: %s, %zu: %s", i, result_name(verdict->result),
				verdict->n_evidence, verdict->summary);
		assert_non_null(verdict->summary);
		if (x->subject) {
			assert_string_equal(verdict->evidence[0].subject, x->subject);
			if (!strstr(verdict->evidence[0].observed, x->observed))
				fail_msg("vector %zu: %s", i, verdict->evidence[0].observed);
		}
		verdict_free(verdict);
		factset_fini(&facts);
	}
}

/* More sockets than were looked at, none to be read, a root that does not run. */
static void test_unknown(void **state)
{
	static const char *const checks[] = {ALLOW, PRIVATE, MAIL, SSH};
	static const struct listeners cut = {.cut = 7};
	static const struct {
		int error;
		enum result result;
	} vectors_[] = {{-EPROTONOSUPPORT, RESULT_ERROR}, {-ENOENT, RESULT_NOTAPPLICABLE}};

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		struct factset facts = {0};
		put(&facts, &cut);
		struct verdict *v = judge(checks[i], &facts, NULL);
		assert_int_equal(v->result, RESULT_UNKNOWN);
		verdict_free(v);
		for (size_t k = 0; k < ARRAY_SIZE(vectors_); k++) {
			struct fact *f = fact_new(FACT_LISTENERS);
			fact_fail(f, vectors_[k].error, "no list of sockets");
			factset_put(&facts, f);
			v = judge(checks[i], &facts, NULL);
			assert_int_equal(v->result, vectors_[k].result);
			verdict_free(v);
		}
		factset_fini(&facts);
	}
}

static void test_patterns(void **state)
{
	static const char *const wrong[] = {"", "tcp", "tcp/", "tcp/x", "tcp/70000", "tcp/9-8",
		"tcp/22-", "tcp/22@", "tcp/22@host", "tcp/22=", "icmp/1", "raw/112", "tcp/22x",
		"/22", "22/tcp"};
	static const struct {
		const char *word;
		bool web, six;
	} vectors_[] = {
		{"tcp/80", true, false},
		{"tcp/any", true, true},
		{"tcp/79-81@0.0.0.0", true, false},
		{"tcp/80@192.0.2.0/24", false, false},
		{"tcp/any@fe80::/10", false, true},
		{"tcp/any@fe80::/10=ssh.socket", false, true},
		{"tcp/80=/usr/sbin/*", true, false},
		{"tcp/80=nginx", true, false},
		{"tcp/any=*.service", true, false},
		{"sctp/80", false, false},
	};
	struct listener_pattern p;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		if (listener_pattern_fits(wrong[i]))
			fail_msg("%s is taken", wrong[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(vectors_); i++) {
		assert_int_equal(listener_pattern_parse(vectors_[i].word, &p), 0);
		if (listener_pattern_matches(&p, &web) != vectors_[i].web ||
			listener_pattern_matches(&p, &ssh_link) != vectors_[i].six)
			fail_msg("%s", vectors_[i].word);
	}
}

static void test_conf(void **state)
{
	static const char conf[] = "[policy]\nlisteners = tcp/22 http\n";
	struct errlist errors = {0};
	struct policy *policy = NULL;

	assert_int_equal(conf_load_text("test", conf, strlen(conf), &errors, &policy), -EINVAL);
	assert_int_equal(errors.n, 1);
	assert_int_equal(errors.v[0].line, 2);
	assert_non_null(strstr(errors.v[0].text, "\"http\" is not of the form PROTOCOL/PORT"));
	errlist_fini(&errors);
}

static void test_reach(void **state)
{
	struct factset none = {0};

	assert_int_equal(reach_of(NULL, &none, NULL, &own_web).kind, REACH_NOBODY);
	assert_int_equal(reach_of(NULL, &none, NULL, &on_lo).kind, REACH_NOBODY);
	assert_int_equal(reach_of(NULL, &none, NULL, &ssh_link).kind, REACH_LINK);
	assert_int_equal(reach_of(NULL, &none, NULL, &web).kind, REACH_UNKNOWN);
	assert_int_equal(reach_result(REACH_TRUSTED), RESULT_PASS);
	assert_int_equal(reach_result(REACH_PUBLIC), RESULT_FAIL);
}

/* What the firewall lets through to a socket, whatever address it is bound to. */
static void test_reach_firewall(void **state)
{
	static const char redirect[] =
		"*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
		":POSTROUTING ACCEPT [0:0]\n"
		"-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 7777\nCOMMIT\n"
		SAVE("-A INPUT -p tcp -m tcp --dport 7777 -m conntrack --ctstate DNAT -j ACCEPT\n");
	static const struct listener own4 = {ANY4(22), .addr = {192, 0, 2, 10}},
		other4 = {ANY4(22), .addr = {192, 0, 2, 11}},
		dual = {.family = AF_INET6, .port = 22, .dual = true},
		six = {.family = AF_INET6, .port = 22},
		udp = {.protocol = LISTENER_UDP, ANY4(22)},
		sctp = {.protocol = LISTENER_SCTP, ANY4(22)},
		eth1 = {ANY4(22), .interface = "eth1"};
	static const struct {
		const struct listener *l;
		const char *save4, *save6;
		enum reach_kind kind;
		const char *by;
	} rows[] = {
		{&ssh22, NULL, NULL, REACH_PUBLIC, "no rule stops it"},
		{&ssh22, SAVE(TCP("22")), SAVE(""), REACH_PUBLIC, "anywhere by eth0"},
		{&ssh22, SAVE(""), NULL, REACH_NOBODY, "lets nobody through"},
		{&ssh22, SAVE(FROM("10.0.0.0/8")), NULL, REACH_TRUSTED, "10.0.0.0/8"},
		{&ssh22, SAVE(FROM("10.0.0.0/8") FROM("203.0.113.7/32")), NULL, REACH_PUBLIC,
			"203.0.113.7"},
		/* Of several ways in the widest is told. */
		{&ssh22, SAVE(FROM("203.0.113.0/24") FROM("203.0.113.7/32") TCP("22")), NULL,
			REACH_PUBLIC, "anywhere but 203.0.113.0/24"},
		{&ssh22, SAVE("-A INPUT -m nobody --knows -j ACCEPT\n"), NULL, REACH_UNKNOWN,
			"nobody"},
		{&own4, SAVE(TCP("22")), SAVE(""), REACH_PUBLIC, NULL},
		{&other4, SAVE(TCP("22")), SAVE(""), REACH_NOBODY, NULL},
		{&own_web, NULL, NULL, REACH_NOBODY, "loopback"},
		{&dual, SAVE(TCP("22")), SAVE(""), REACH_PUBLIC, NULL},
		{&six, SAVE(TCP("22")), SAVE(""), REACH_NOBODY, NULL},
		{&six, SAVE(""), SAVE("-A INPUT -s fe80::/10 -j ACCEPT\n"), REACH_LINK, NULL},
		{&udp, SAVE(TCP("22")), SAVE(""), REACH_NOBODY, NULL},
		{&sctp, SAVE(TCP("22")), SAVE(""), REACH_UNKNOWN, "TCP and UDP only"},
		{&eth1, SAVE(TCP("22")), SAVE(""), REACH_NOBODY, NULL},
		/* Asked for at another port than it listens at. */
		{&odd_redis, redirect, SAVE(""), REACH_PUBLIC, "port 80"},
		{&web, redirect, SAVE(""), REACH_NOBODY, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		struct policy *policy = load(NULL);
		struct factset facts = {0};
		factset_put(&facts,
			fixture_firewall(&fixture_host, rows[i].save4, rows[i].save6));
		const struct reach reach = reach_of(a, &facts, policy, rows[i].l);
		if (reach.kind != rows[i].kind || !reach.by ||
			(rows[i].by && !strstr(reach.by, rows[i].by)))
			fail_msg("row %zu: %s, %s", i, reach_kind_name(reach.kind), reach.by);
		policy_free(policy);
		factset_fini(&facts);
	}
}

static void test_ssh_exposure(void **state)
{
	static const struct {
		const struct listener *l;
		const char *save4;
		enum result result;
	} rows[] = {
		{&web, NULL, RESULT_NOTAPPLICABLE},
		{&ssh22, NULL, RESULT_FAIL},
		{&ssh40022, NULL, RESULT_FAIL},
		{&ssh22, SAVE(FROM("10.0.0.0/8")), RESULT_PASS},
		{&ssh22, SAVE("-A INPUT -m nobody --knows -j ACCEPT\n"), RESULT_UNKNOWN},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct listeners l = {.v = rows[i].l, .n = 1};
		struct factset facts = {0};
		put(&facts, &l);
		factset_put(&facts, fixture_firewall(&fixture_host, rows[i].save4, NULL));
		struct verdict *v = judge("ssh-exposure", &facts, NULL);
		if (v->result != rows[i].result)
			fail_msg("row %zu: %s, %s", i, result_name(v->result), v->summary);
		verdict_free(v);
		factset_fini(&facts);
	}
	struct factset facts = {0};
	struct fact *f = fact_new(FACT_LISTENERS);
	fact_fail(f, -EPERM, "no list");
	factset_put(&facts, f);
	struct verdict *v = judge("ssh-exposure", &facts, NULL);
	assert_int_equal(v->result, RESULT_ERROR);
	verdict_free(v);
	factset_fini(&facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_unread),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_conf),
		cmocka_unit_test(test_reach),
		cmocka_unit_test(test_reach_firewall),
		cmocka_unit_test(test_ssh_exposure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
