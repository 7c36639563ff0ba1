/* SPDX-License-Identifier: ISC */
/* Profiles: those that ship against the catalogue, and what a site makes of them. */
#include "test.h"

#include "alloc-fail.h"
#include "check/check.h"
#include "conf/conf.h"
#include "conf/profile.h"
#include "report/report.h"

/* 2026-11-21T12:00:00Z */
#define NOON (UINT64_C(1795262400) * USEC_PER_SEC)

static struct policy *load(const char *text)
{
	struct errlist errors = {0};
	struct policy *p = NULL;

	int r = conf_load_text("t.conf", text, strlen(text), &errors, &p);
	if (r < 0)
		fail_msg("%s", errors.n > 0 ? errors.v[0].text : "out of memory");
	errlist_fini(&errors);
	return p;
}

/* The item of nectar's profile that "N07" names; of the others any that has the check. */
static bool answers(const struct profile *p, const char *guide, const char *check)
{
	for (const struct profile_item *item = p->items; item->label; item++) {
		const char *number = item->label + strlen(item->label) - 2;
		if ((guide[0] != 'N' || strcmp(number, guide + 1) == 0) &&
			profile_item_has(item, check))
			return true;
	}
	return false;
}

static const struct profile *profile_of(const char *guide)
{
	static const struct {
		char letter;
		const char *name;
	} guides[] = {{'P', "pouta"}, {'A', "alliance"}, {'X', "exoscale"}, {'N', "nectar"}};

	for (size_t i = 0; i < ARRAY_SIZE(guides); i++) {
		if (guides[i].letter == guide[0])
			return profile_find_builtin(guides[i].name);
	}
	return NULL;
}

/* Each check of a guide is in its profile, in the right item where the guide has numbers. */
static void test_every_check_of_a_guide(void **state)
{
	char path[4096], id[64], guides[64];
	size_t n = 0;

	(void)snprintf(path, sizeof(path), "%s/catalogue", getenv("TEST_DATA"));
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	for (char line[256]; fgets(line, sizeof(line), f);) {
		if (line[0] == '#' || sscanf(line, "%63s %63[^\n]", id, guides) != 2)
			continue;
		for (char *word = strtok(guides, " "); word; word = strtok(NULL, " ")) {
			const struct profile *p = profile_of(word);
			if (!p)
				continue;
			if (!answers(p, word, id))
				fail_msg("%s is not in the profile %s as %s", id, p->name, word);
			n++;
		}
	}
	assert_int_equal(fclose(f), 0);
	assert_true(n > 100);
}

/* The guides of a check have a word for the item: "N07", or the letter. */
static bool names_guide(const char *guides, const char *name, const char *label)
{
	char word[8] = {(char)(name[0] == 'e' ? 'X' : name[0] - 'a' + 'A')};

	if (name[0] == 'n')
		(void)snprintf(word, sizeof(word), "N%s", label + strlen(label) - 2);
	for (const char *p = guides; (p = strstr(p, word)); p++) {
		size_t n = strlen(word);
		if ((p == guides || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
	}
	return false;
}

/* And nothing else is in it; its labels are unique, its settings good. */
static void test_shipped(void **state)
{
	const struct profile *p;
	const char *title;

	for (size_t i = 0; (p = profile_builtin(i)); i++) {
		struct policy *policy = policy_new_default();
		assert_int_equal(policy_use_profile(policy, p->name), 0);
		assert_string_equal(policy_profile(policy, &title), p->name);
		assert_string_equal(title, p->title);
		assert_string_equal(policy_profile_name(policy, i), p->name);
		const struct policy_item *item;
		for (size_t k = 0; (item = policy_profile_item(policy, k)); k++) {
			assert_ptr_equal(item->title, p->items[k].title);
			for (size_t m = 0; m < k; m++)
				assert_string_not_equal(item->label, p->items[m].label);
			for (size_t n = 0; item->checks[n]; n++) {
				const struct check *c = check_find(item->checks[n]);
				if (!names_guide(c->guides, p->name, item->label))
					fail_msg("%s: %s is not of this guide", item->label, c->id);
				assert_true(policy_enabled(policy, c->id));
			}
		}
		assert_int_equal(policy_profile_item(policy, 0) != NULL, p->items != NULL);
		policy_free(policy);
	}
	assert_int_equal(strcmp(profile_builtin(0)->name, "default"), 0);
	assert_null(profile_find_builtin("nope"));
}

static void test_item_has(void **state)
{
	static const struct profile_item item = {"L", "t", "ssh-portal ssh-port a-ssh-port x"};

	assert_true(profile_item_has(&item, "ssh-port"));
	assert_true(profile_item_has(&item, "x"));
	assert_true(profile_item_has(&item, "ssh-portal"));
	assert_false(profile_item_has(&item, "ssh"));
	assert_false(profile_item_has(&item, "port"));
}

static void test_default_is_everything(void **state)
{
	struct policy *p = load("");

	for (size_t i = 0; i < check_count(); i++) {
		assert_true(policy_in_profile(p, check_at(i)->id));
		assert_true(policy_enabled(p, check_at(i)->id));
	}
	assert_null(policy_profile_item(p, 0));
	assert_string_equal(policy_profile(p, NULL), "default");
	policy_free(p);
}

static void test_what_a_guide_leaves_out(void **state)
{
	static const struct factset no_facts;
	struct policy *p = load("[hardend]\nprofile = nectar\n[ssh-crypto]\nenabled = yes\n"
				"[ssh-root-login]\nenabled = no\n");
	struct verdict *v = verdict_new();

	assert_true(policy_enabled(p, "ssh-password-login"));
	assert_false(policy_enabled(p, "ssh-tunnels"));
	/* What a file says of the check itself comes first. */
	assert_true(policy_enabled(p, "ssh-crypto"));
	assert_false(policy_enabled(p, "ssh-root-login"));
	/* The monitor's own health, and what only tells of drift. */
	assert_true(policy_enabled(p, "monitor-coverage"));
	assert_true(policy_enabled(p, "monitor-integrity"));
	assert_true(policy_enabled(p, "package-drift"));
	assert_int_equal(check_judge(check_find("ssh-tunnels"), &no_facts, p, NOON, v), 0);
	assert_int_equal(v->result, RESULT_NOTCHECKED);
	assert_string_equal(v->summary, "not part of the profile nectar");
	verdict_free(v);
	v = verdict_new();
	assert_int_equal(check_judge(check_find("ssh-root-login"), &no_facts, p, NOON, v), 0);
	assert_string_equal(v->summary, "switched off in the configuration");
	verdict_free(v);
	policy_free(p);
}

static const char site[] =
	"[profile web]\nfrom = strict\ntitle = our web servers\n"
	"add = ssh-root-login, ssh-tunnels\ndrop = mail-server ssh-mfa monitor-coverage\n"
	"account-unneeded.stale_days = 10\nssh-crypto.ciphers = a b\n"
	"[profile strict]\nfrom = nectar\ndrop = ssh-root-login\nadd = ssh-crypto\n  ssh-mfa\n"
	"account-unneeded.stale_days = 20\naccount-unneeded.severity = high\n"
	"ssh-crypto.ciphers = c\nssh-crypto.macs = m\n  n\nssh-crypto.macs = o\n"
	"[ssh-crypto]\nciphers = mine\n";

static void test_a_site_s_own(void **state)
{
	struct policy *p = load(site);
	const struct policy_item *item = NULL;
	const char *title;
	size_t n = 0;

	uint64_t days = policy_uint(p, "account-unneeded", "stale_days");
	assert_true(days != 10 && days != 20);
	assert_int_equal(policy_use_profile(p, "web"), 0);
	assert_string_equal(policy_profile(p, &title), "web");
	assert_string_equal(title, "our web servers");
	/* The nearest speaks last, and a file's own section later still. */
	assert_int_equal(policy_uint(p, "account-unneeded", "stale_days"), 10);
	assert_int_equal(policy_severity(p, "account-unneeded", SEV_LOW), SEV_HIGH);
	assert_string_equal(policy_list(p, "ssh-crypto", "ciphers")[0], "mine");
	assert_string_equal(policy_list(p, "ssh-crypto", "macs")[2], "o");
	assert_true(policy_enabled(p, "ssh-root-login"));
	assert_true(policy_enabled(p, "ssh-tunnels"));
	assert_false(policy_enabled(p, "mail-server"));
	assert_false(policy_enabled(p, "ssh-mfa"));
	assert_false(policy_enabled(p, "monitor-coverage"));
	for (; policy_profile_item(p, n); n++) {
		item = policy_profile_item(p, n);
		if (strcmp(item->label, "Check-Security-02") == 0)
			assert_null(item->checks[0]);
		if (strcmp(item->label, "Check-Security-17") == 0)
			assert_string_equal(item->checks[0], "ssh-root-login");
	}
	assert_int_equal(n, 19);
	assert_string_equal(item->label, "+");
	assert_string_equal(item->checks[0], "ssh-crypto");
	assert_string_equal(item->checks[1], "ssh-tunnels");
	assert_null(item->checks[2]);
	/* Another one takes back all that this one has set. */
	assert_int_equal(policy_use_profile(p, "nope"), -ENOENT);
	assert_int_equal(policy_uint(p, "account-unneeded", "stale_days"), 10);
	assert_int_equal(policy_use_profile(p, "default"), 0);
	assert_int_equal(policy_uint(p, "account-unneeded", "stale_days"), days);
	assert_int_equal(policy_severity(p, "account-unneeded", SEV_LOW), SEV_LOW);
	assert_string_equal(policy_list(p, "ssh-crypto", "ciphers")[0], "mine");
	assert_true(policy_enabled(p, "mail-server"));
	assert_null(policy_profile_item(p, 0));
	assert_string_equal(policy_profile_name(p, 5), "web");
	assert_null(policy_profile_name(p, 7));
	policy_free(p);
}

/* From everything, less something: by area still. */
static void test_from_default(void **state)
{
	struct policy *p = load("[hardend]\nprofile = most\n[profile most]\ndrop = ssh-port\n");

	assert_false(policy_enabled(p, "ssh-port"));
	assert_true(policy_enabled(p, "ssh-exposure"));
	assert_null(policy_profile_item(p, 0));
	policy_free(p);
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *message;
	} vectors[] = {
		{"[hardend]\nprofile = necktar\n", "2: [hardend] profile = \"necktar\": no such "
						   "profile, did you mean \"nectar\"?"},
		{"[hardend]\nprofile = zzzzzzzz\n",
			"2: [hardend] profile = \"zzzzzzzz\": no such profile; there are default, "
			"pouta, "
			"alliance, exoscale, nectar, and those of [profile NAME]"},
		{"[profile a]\nfrom = a\n", "2: [profile a] from = \"a\": this profile comes from "
					    "itself, or by too many "
					    "steps"},
		{"[profile a]\ntitle = t\nfrom = zzzzz\n",
			"3: [profile a] from = \"zzzzz\": no such profile; there are default, "
			"pouta, "
			"alliance, exoscale, nectar, and those of [profile NAME]"},
		{"[profile a]\nfrom =\n",
			"2: [profile a] from: empty; it must say which profile it begins with"},
		{"[profile]\n",
			"1: [profile]: a profile needs a name, for example [profile web-server]"},
		{"[profile nectar]\n",
			"1: [profile nectar]: a profile of this name ships; give yours "
			"another name, and `from = nectar`"},
		{"[profile a]\nadd = ssh-prt\n",
			"2: [profile a]: no check is called \"ssh-prt\", did "
			"you mean \"ssh-port\"; see `hardenctl list`"},
		{"[profile a]\ndrop = ssh-port zzzzzzz\n",
			"2: [profile a]: no check is called \"zzzzzzz\"; see `hardenctl list`"},
		{"[profile a]\nhardend.journal = no\n  x\n",
			"2: [profile a] hardend.journal: no such key; expected policy.KEY or "
			"CHECK-ID.KEY, see hardend.conf(5)"},
		{"[profile a]\nssh-port.nope = no\n", "2: [profile a] ssh-port.nope: no such key; "
						      "expected policy.KEY or CHECK-ID.KEY, "
						      "see hardend.conf(5)"},
		{"[profile a]\nssh-port.enabled = nope\n",
			"2: [profile a] ssh-port.enabled = \"nope\": expected yes or no"},
		{"[profile a]\nssh-port.enabled = no\nssh-port.enabled = no\n",
			"3: [profile a] ssh-port.enabled: given twice, first in line 2; remove "
			"one"},
		{"[profile a]\nform = nectar\n", "2: [profile a] form: unknown key, did you mean "
						 "\"from\"; a profile has from, title, add, drop"},
		{"[profile a]\n[profile a]\n",
			"2: [profile a]: the name is taken in this file already"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct errlist errors = {0};
		struct policy *p = NULL;
		char got[512];
		assert_int_equal(
			conf_load_text("t", vectors[i].text, strlen(vectors[i].text), &errors, &p),
			-EINVAL);
		assert_int_equal(errors.n, 1);
		(void)snprintf(got, sizeof(got), "%u: %s", errors.v[0].line, errors.v[0].text);
		assert_string_equal(got, vectors[i].message);
		errlist_fini(&errors);
	}
}

/* A later file takes the place of a profile as a whole. */
static void test_later_file(void **state)
{
	struct test_root t;
	struct errlist errors = {0};
	struct policy *p = NULL;

	test_root_init(&t);
	test_write(&t, CONF_PATH,
		"[hardend]\nprofile = a\n[profile a]\nfrom = nectar\n"
		"drop = ssh-port\n");
	test_write(&t, CONF_PATH ".d/1.conf", "[profile a]\nfrom = nectar\ndrop = mail-server\n");
	assert_int_equal(conf_load(&t.root, CONF_PATH, true, &errors, &p), 0);
	assert_true(policy_enabled(p, "ssh-port"));
	assert_false(policy_enabled(p, "mail-server"));
	policy_free(p);
	errlist_fini(&errors);
	test_root_fini(&t);
}

static void test_out_of_memory(void **state)
{
	static const char use[] = "[hardend]\nprofile = web\n";
	char text[2048];

	(void)snprintf(text, sizeof(text), "%s%s", use, site);
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		struct errlist errors = {0};
		struct policy *p = NULL;
		alloc_count = 0;
		int r = conf_load_text("t", text, strlen(text), &errors, &p);
		bool done = alloc_count < alloc_fail_at;
		assert_int_equal(r, done ? 0 : -ENOMEM);
		policy_free(p);
		errlist_fini(&errors);
		if (done)
			break;
	}
	assert_true(alloc_fail_at > 10);
	alloc_fail_at = 0;
}

/* ---- items in a report ---- */

struct given {
	const char *check;
	enum result result;
	bool waived;
};

static const struct waiver waiver = {.name = "w",
	.check = "",
	.subject = "*",
	.reason = "why",
	.owner = "who",
	.until_realtime_usec = NOON,
	.path = "p"};

/* A scan of the items of "three", with these verdicts. */
static json_t *report(const struct given *given, size_t n)
{
	struct policy *p = load("[profile three]\nfrom = nectar\n");
	struct judge judge = {.policy = p};
	const struct report r = {.judge = &judge, .root = "/", .items = true};

	assert_int_equal(policy_use_profile(p, "three"), 0);
	judge.verdicts = calloc(check_count(), sizeof(*judge.verdicts));
	assert_non_null(judge.verdicts);
	for (size_t i = 0; i < n; i++) {
		struct verdict *v = verdict_new();
		verdict_set(v, given[i].result, "so it is");
		v->severity = SEV_HIGH;
		v->waiver = given[i].waived ? &waiver : NULL;
		assert_non_null(check_find(given[i].check));
		judge.verdicts[check_index(check_find(given[i].check))] = v;
	}
	json_t *o = report_json(&r);
	assert_non_null(o);
	for (size_t i = 0; i < check_count(); i++)
		verdict_free(judge.verdicts[i]);
	free(judge.verdicts);
	policy_free(p);
	return o;
}

/* The worst of two checks of one item, in both orders. */
static void test_item_results(void **state)
{
	static const struct {
		enum result a, b, whole;
		bool a_waived, b_waived, waived;
	} vectors[] = {
		{RESULT_PASS, RESULT_PASS, RESULT_PASS},
		{RESULT_PASS, RESULT_NOTAPPLICABLE, RESULT_PASS},
		{RESULT_PASS, RESULT_INFORMATIONAL, RESULT_PASS},
		{RESULT_NOTAPPLICABLE, RESULT_INFORMATIONAL, RESULT_INFORMATIONAL},
		{RESULT_NOTAPPLICABLE, RESULT_NOTAPPLICABLE, RESULT_NOTAPPLICABLE},
		{RESULT_PASS, RESULT_NOTCHECKED, RESULT_NOTCHECKED},
		{RESULT_NOTCHECKED, RESULT_UNKNOWN, RESULT_UNKNOWN},
		{RESULT_ERROR, RESULT_UNKNOWN, RESULT_ERROR},
		{RESULT_ERROR, RESULT_FAIL, RESULT_FAIL},
		{RESULT_FAIL, RESULT_PASS, RESULT_FAIL, true, false, true},
		{RESULT_FAIL, RESULT_FAIL, RESULT_FAIL, true, false, false},
		{RESULT_FAIL, RESULT_FAIL, RESULT_FAIL, true, true, true},
		{RESULT_FAIL, RESULT_UNKNOWN, RESULT_UNKNOWN, true, false, false},
	};

	for (size_t i = 0; i < 2 * ARRAY_SIZE(vectors); i++) {
		bool swap = i % 2;
		size_t k = i / 2;
		const struct given given[] = {
			{swap ? "account-root-groups" : "account-sudo", vectors[k].a,
				vectors[k].a_waived},
			{swap ? "account-sudo" : "account-root-groups", vectors[k].b,
				vectors[k].b_waived},
		};
		json_t *o = report(given, 2);
		const json_t *profile = json_object_get(o, "profile");
		const json_t *item = json_array_get(json_object_get(profile, "items"), 15);
		assert_string_equal(
			json_string_value(json_object_get(item, "item")), "Check-Security-16");
		assert_string_equal(json_string_value(json_object_get(item, "result")),
			result_name(vectors[k].whole));
		assert_int_equal(json_is_true(json_object_get(item, "waived")), vectors[k].waived);
		const json_t *sums = json_object_get(profile, "summary");
		assert_true(json_integer_value(
				    json_object_get(sums, result_name(vectors[k].whole))) >= 1);
		json_decref(o);
	}
}

static char *render(const json_t *o, bool quiet)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(report_text(out, o, &(struct report_style){.quiet = quiet}), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void test_item_text(void **state)
{
	static const struct given given[] = {
		{"account-sudo", RESULT_FAIL, false},
		{"account-root-groups", RESULT_PASS, false},
		{"listener-allowlist", RESULT_NOTCHECKED, false},
		{"ssh-root-login", RESULT_FAIL, true},
	};
	json_t *o = report(given, ARRAY_SIZE(given));
	char *text = render(o, false);

	assert_non_null(strstr(text, "\nprofile three, NeCTAR: security administration "
				     "checklist\n\n"));
	assert_non_null(strstr(text, "FAIL           Check-Security-16  Accounts have no more "
				     "permission than they need\n"
				     "  FAIL           high      account-sudo         so it is\n"));
	assert_non_null(strstr(text, "  pass                     account-root-groups  so it is\n"));
	/* A check of two items is told once. */
	assert_non_null(strstr(text, "  notchecked               listener-allowlist   so it is\n"));
	assert_non_null(strstr(
		text, "  notchecked               listener-allowlist   see Check-Security-12\n"));
	assert_non_null(strstr(text, "fail           Check-Security-17  root"));
	assert_non_null(strstr(text, "\n18 items: 2 fail (1 waived), "));
	assert_non_null(strstr(text, "\n4 checks: 2 fail (1 waived), 1 notchecked, 1 pass\n"));
	free(text);
	text = render(o, true);
	assert_non_null(strstr(text, "Check-Security-16"));
	assert_null(strstr(text, "Check-Security-17"));
	assert_null(strstr(text, "account-root-groups"));
	assert_null(strstr(text, "items"));
	free(text);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_check_of_a_guide),
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_item_has),
		cmocka_unit_test(test_default_is_everything),
		cmocka_unit_test(test_what_a_guide_leaves_out),
		cmocka_unit_test(test_a_site_s_own),
		cmocka_unit_test(test_from_default),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_later_file),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_item_results),
		cmocka_unit_test(test_item_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
