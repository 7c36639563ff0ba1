/* SPDX-License-Identifier: ISC */
#include "alloc-fail.h"
#include "test.h"

#include <jansson.h>

#include "ledger/event.h"

static void test_kinds(void **state)
{
	for (int i = 0; i < EVENT_KIND_MAX; i++)
		assert_int_equal(event_kind_from_name(event_kind_name((enum event_kind)i)), i);
	assert_int_equal(event_kind_from_name("exploded"), -EINVAL);
}

static void test_priority(void **state)
{
	static const struct {
		enum event_kind kind;
		enum severity severity;
		int priority;
	} vectors[] = {
		{EVENT_OPENED, SEV_CRITICAL, 2},
		{EVENT_OPENED, SEV_HIGH, 3},
		{EVENT_OPENED, SEV_MEDIUM, 4},
		{EVENT_OPENED, SEV_LOW, 5},
		{EVENT_CHANGED, SEV_HIGH, 3},
		{EVENT_DEGRADED, SEV_MEDIUM, 4},
		{EVENT_RESOLVED, SEV_CRITICAL, 5},
		{EVENT_RECOVERED, SEV_HIGH, 5},
		{EVENT_DRIFT, SEV_LOW, 5},
		{EVENT_WAIVED, SEV_CRITICAL, 5},
		{EVENT_ACCEPTED, SEV_LOW, 5},
		{EVENT_STARTED, SEV_LOW, 5},
		{EVENT_STOPPED, SEV_LOW, 5},
		{EVENT_HEARTBEAT, SEV_LOW, 6},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct event e = {.kind = vectors[i].kind, .severity = vectors[i].severity};
		assert_int_equal(event_priority(&e), vectors[i].priority);
	}
}

#define EPOCH "0123456789abcdef0123456789abcdef"

static struct event_detail full_details[] = {
	{.subject = "PermitRootLogin",
		.path = "/etc/ssh/sshd_config",
		.line = 33,
		.observed = "yes",
		.expected = "no",
		.old = "no"},
	{.subject = "account \\x1b", .old = "uid=0", .value = "gr\xc3\xbc\xc3\x9f", .gone = true},
};
static struct event full_also[] = {
	{.kind = EVENT_OPENED,
		.result = RESULT_UNKNOWN,
		.severity = SEV_LOW,
		.check = "ssh-port",
		.title = "Another port",
		.details = full_details,
		.n_details = 1,
		.n_all = 2},
	{.kind = EVENT_CHANGED,
		.result = RESULT_FAIL,
		.severity = SEV_HIGH,
		.check = "ssh-x",
		.waiver = "late",
		.since_realtime_usec = 5,
		.untold = 1},
};
static struct event_actor full_actors[] = {
	{.auid = 1000,
		.uid = 0,
		.session = 3,
		.pid = 4711,
		.user = "alice",
		.run_as = "root",
		.exe = "/usr/bin/vim.basic",
		.command = "vim /etc/ssh/sshd_config",
		.tty = "pts0",
		.peer = "203.0.113.5",
		.behalf = "apt-get install x"},
	{.auid = EVENT_ID_UNSET, .uid = EVENT_ID_UNSET, .session = EVENT_ID_UNSET},
};
static const struct event full = {
	.seq = 7,
	.epoch = EPOCH,
	.kind = EVENT_CHANGED,
	.realtime_usec = 1763768154123456,
	.result = RESULT_FAIL,
	.severity = SEV_HIGH,
	.check = "ssh-root-login",
	.fact = "sshd",
	.title = "Root cannot log in",
	.message = "ssh-root-login FAIL high: \"root\" can log in",
	.remedy = "Set `PermitRootLogin no`.",
	.waiver = "because",
	.since_realtime_usec = 1763768000000000,
	.details = full_details,
	.n_details = 2,
	.n_all = 3,
	.untold = 4,
	.also = full_also,
	.n_also = 2,
	.actors = full_actors,
	.n_actors = 2,
	.unattributed = "lost",
};

#define FULL_JSON                                                                        \
	"{\"actors\":[{\"auid\":1000,\"behalf\":\"apt-get install x\","                       \
	"\"command\":\"vim /etc/ssh/sshd_config\",\"exe\":\"/usr/bin/vim.basic\","           \
	"\"peer\":\"203.0.113.5\",\"pid\":4711,\"run_as\":\"root\",\"session\":3,"         \
	"\"tty\":\"pts0\",\"uid\":0,\"user\":\"alice\"},{}],"                              \
	"\"also\":[{\"check\":\"ssh-port\",\"details\":[{\"expected\":\"no\","        \
	"\"line\":33,\"observed\":\"yes\",\"old\":\"no\","                               \
	"\"path\":\"/etc/ssh/sshd_config\",\"subject\":\"PermitRootLogin\"}],"           \
	"\"kind\":\"opened\",\"n_all\":2,\"result\":\"unknown\",\"severity\":\"low\","   \
	"\"title\":\"Another port\"},{\"check\":\"ssh-x\",\"kind\":\"changed\","         \
	"\"result\":\"fail\",\"severity\":\"high\",\"since_realtime_usec\":5,"           \
	"\"untold\":1,\"waiver\":\"late\"}],"                                            \
	"\"check\":\"ssh-root-login\",\"details\":[{\"expected\":\"no\",\"line\":33,"   \
	"\"observed\":\"yes\",\"old\":\"no\",\"path\":\"/etc/ssh/sshd_config\","         \
	"\"subject\":\"PermitRootLogin\"},{\"gone\":true,\"old\":\"uid=0\","             \
	"\"subject\":\"account \\\\x1b\",\"value\":\"gr\xc3\xbc\xc3\x9f\"}],"            \
	"\"epoch\":\"" EPOCH "\",\"fact\":\"sshd\",\"kind\":\"changed\","                \
	"\"message\":\"ssh-root-login FAIL high: \\\"root\\\" can log in\",\"n_all\":3," \
	"\"realtime_usec\":1763768154123456,\"remedy\":\"Set `PermitRootLogin no`.\","   \
	"\"result\":\"fail\",\"seq\":7,\"severity\":\"high\","                           \
	"\"since_realtime_usec\":1763768000000000,\"title\":\"Root cannot log in\","     \
	"\"unattributed\":\"lost\",\"untold\":4,\"waiver\":\"because\"}"

static void assert_same(const struct event *x, const struct event *y)
{
	_cleanup_free_ char *a = event_encode(x), *b = event_encode(y);

	assert_string_equal(a, b);
}

static void test_round_trip(void **state)
{
	const struct event small = {
		.seq = 1,
		.epoch = EPOCH,
		.kind = EVENT_HEARTBEAT,
		.result = RESULT_INFORMATIONAL,
		.message = "heartbeat",
	};
	struct arena *a = arena_new();
	struct event e;

	_cleanup_free_ char *json = event_encode(&full), *second = event_encode(&small);
	assert_string_equal(json, FULL_JSON);
	assert_int_equal(event_decode(a, json, &e), 0);
	assert_same(&e, &full);
	assert_int_equal(e.n_details, 2);
	assert_true(e.details[1].gone);
	assert_null(e.details[1].observed);

	assert_string_equal(second,
		"{\"epoch\":\"" EPOCH "\",\"kind\":\"heartbeat\",\"message\":\"heartbeat\","
		"\"seq\":1,\"severity\":\"low\"}");
	assert_int_equal(event_decode(a, second, &e), 0);
	assert_int_equal(e.result, RESULT_INFORMATIONAL);
	assert_int_equal(e.n_details, 0);
	assert_null(e.check);
	arena_free(a);
}

static void test_decode_refuses(void **state)
{
#define REST "\"epoch\":\"e\",\"message\":\"m\",\"severity\":\"low\""
	static const char *const vectors[] = {
		"",
		"null",
		"[]",
		"{}",
		"{\"seq\":1}",
		"{\"kind\":\"drift\",\"seq\":1," REST,
		"{\"kind\":\"exploded\",\"seq\":1," REST "}",
		"{\"kind\":\"drift\",\"seq\":0," REST "}",
		"{\"kind\":\"drift\",\"seq\":-1," REST "}",
		"{\"kind\":\"drift\",\"seq\":1.0," REST "}",
		"{\"kind\":\"drift\",\"seq\":\"1\"," REST "}",
		"{\"kind\":\"drift\",\"seq\":1,\"seq\":2," REST "}",
		"{\"kind\":\"drift\",\"seq\":1,\"check\":\"a\\u001bb\"," REST "}",
		"{\"kind\":\"drift\",\"seq\":1,\"check\":\"a\\nb\"," REST "}",
		"{\"kind\":\"drift\",\"seq\":1,\"check\":\"a\\u0000b\"," REST "}",
		"{\"kind\":\"drift\",\"seq\":1,\"check\":3," REST "}",
		"{\"kind\":\"drift\",\"seq\":1,\"result\":\"bad\"," REST "}",
		"{\"kind\":\"drift\",\"seq\":1,\"details\":{}," REST "}",
		"{\"kind\":\"drift\",\"seq\":1,\"n_all\":1,\"details\":[1]," REST "}",
		"{\"kind\":\"drift\",\"seq\":1,\"details\":[{}]," REST "}",
		"{\"kind\":\"drift\",\"seq\":1,\"n_all\":1,\"details\":[{\"line\":-1}]," REST "}",
		"{\"kind\":\"drift\",\"seq\":1,\"actors\":{}," REST "}",
		"{\"kind\":\"drift\",\"seq\":1,\"actors\":[1]," REST "}",
		"{\"kind\":\"drift\",\"seq\":1,\"actors\":[{\"uid\":4294967295}]," REST "}",
		"{\"kind\":\"drift\",\"seq\":1,\"actors\":[{\"exe\":\"a\\nb\"}]," REST "}",
		"{\"kind\":\"drift\",\"seq\":1,\"unattributed\":1," REST "}",
		"{\"kind\":\"drift\",\"seq\":1,\"also\":{}," REST "}",
		"{\"kind\":\"drift\",\"seq\":1,\"also\":[1]," REST "}",
		"{\"kind\":\"drift\",\"seq\":1,\"also\":[{\"kind\":\"drift\",\"severity\":\"low\"}]," REST
		"}",
		"{\"kind\":\"drift\",\"seq\":1,\"message\":\"m\",\"severity\":\"low\"}",
	};
	struct arena *a = arena_new();
	struct event e = {.seq = 99};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		assert_int_equal(event_decode(a, vectors[i], &e), -EBADMSG);
		assert_int_equal(e.seq, 99);
	}
	assert_int_equal(
		event_decode(a, "{\"kind\":\"drift\",\"seq\":1,\"later\":[1]," REST "}", &e), 0);
	arena_free(a);
}

static void test_detail_limit(void **state)
{
	static struct event_detail many[EVENT_DETAILS_MAX + 1];
	struct event big = full;
	struct arena *a = arena_new();
	struct event e;

	big.details = many;
	big.n_details = EVENT_DETAILS_MAX;
	big.n_all = 1000;
	_cleanup_free_ char *json = event_encode(&big);
	assert_int_equal(event_decode(a, json, &e), 0);
	assert_int_equal(e.n_details, EVENT_DETAILS_MAX);
	assert_int_equal(e.n_all, 1000);
	big.n_details++;
	_cleanup_free_ char *more = event_encode(&big);
	assert_int_equal(event_decode(a, more, &e), -EBADMSG);
	arena_free(a);
}

/* Computed with sha256sum(1). */
static void test_chain(void **state)
{
	char hash[65];

	event_chain(EVENT_CHAIN_START, "{}", hash);
	assert_string_equal(
		hash, "5508d2b710e64bc470079e1b211d9c58e21011e59d0559e422345dc19d659a75");
	event_chain(hash, "{\"a\":1}", hash);
	assert_string_equal(
		hash, "15988669a9f0326f2b8d195bc73f9f2a2ccf387273c04bc7720a4fa12c5b188c");
}

static void test_no_memory(void **state)
{
	json_set_alloc_funcs(malloc, free);
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		alloc_count = 0;
		char *json = event_encode(&full);
		if (alloc_count < alloc_fail_at) {
			assert_non_null(json);
			free(json);
			break;
		}
		assert_null(json);
	}
	/* Without memory jansson's own reader (2.14) crashes: only ours can be tried. */
	json_set_alloc_funcs(__real_malloc, free);
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		struct event e = {.seq = 99};
		alloc_count = 0;
		struct arena *a = arena_new();
		int r = a ? event_decode(a, FULL_JSON, &e) : -ENOMEM;
		arena_free(a);
		if (alloc_count < alloc_fail_at) {
			assert_int_equal(r, 0);
			break;
		}
		assert_int_equal(r, -ENOMEM);
		assert_int_equal(e.seq, 99);
	}
	assert_true(alloc_fail_at > 2);
	alloc_fail_at = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_priority),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_decode_refuses),
		cmocka_unit_test(test_detail_limit),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
