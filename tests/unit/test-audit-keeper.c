/* SPDX-License-Identifier: ISC */
/* The keeper of the audit rules, on a kernel that is a list in this test. */
#include "test.h"

#include "alloc-fail.h"
#include "audit-keeper.h"

enum { RULES_MAX = 64 };

static struct kernel {
	struct audit_rule_data *v[RULES_MAX];
	size_t n;
	struct audit_status status;
	bool container;
	int refuse; /* what it answers to everything, or 0 */
	int refuse_add;
	unsigned asked, switched;
} kernel;

static bool fake_is_ours(void)
{
	return !kernel.container;
}

static int fake_status(struct audit_status *ret)
{
	kernel.asked++;
	*ret = kernel.status;
	return kernel.refuse;
}

static int fake_enable(bool on)
{
	kernel.switched++;
	kernel.status.enabled = on;
	return 0;
}

static int fake_list(struct audit_ruleset *ret)
{
	int r = kernel.refuse;

	for (size_t i = 0; r == 0 && i < kernel.n; i++)
		r = audit_ruleset_add(ret, kernel.v[i], audit_rule_size(kernel.v[i]));
	return r;
}

static size_t position(const struct audit_rule_data *r)
{
	size_t i = 0;

	while (i < kernel.n && (audit_rule_size(kernel.v[i]) != audit_rule_size(r) ||
				       memcmp(kernel.v[i], r, audit_rule_size(r)) != 0))
		i++;
	return i;
}

static int fake_add(const struct audit_rule_data *r)
{
	unsigned at = alloc_fail_at;

	if (kernel.status.enabled == 2)
		return -EPERM;
	if (kernel.refuse_add)
		return kernel.refuse_add;
	if (position(r) < kernel.n)
		return -EEXIST;
	alloc_fail_at = 0; /* the kernel's memory is not ours */
	kernel.v[kernel.n] = malloc(audit_rule_size(r));
	alloc_fail_at = at;
	memcpy(kernel.v[kernel.n++], r, audit_rule_size(r));
	return 0;
}

static void drop(size_t i)
{
	free(kernel.v[i]);
	memmove(&kernel.v[i], &kernel.v[i + 1], (--kernel.n - i) * sizeof(kernel.v[0]));
}

static int fake_remove(const struct audit_rule_data *r)
{
	size_t i = position(r);

	if (kernel.status.enabled == 2)
		return -EPERM;
	if (i == kernel.n)
		return -ENOENT;
	drop(i);
	return 0;
}

static const struct audit_ops ops = {
	fake_is_ours, fake_status, fake_enable, fake_list, fake_add, fake_remove};

/* A rule of somebody else. */
static void add_other(uint32_t list, uint32_t action)
{
	const struct audit_rule_data r = {.flags = list, .action = action, .mask = {0xffffffff}};
	struct audit_rule_data *copy = malloc(sizeof(r));

	assert_non_null(copy);
	*copy = r;
	copy->mask[1] = copy->mask[8] = 0xffffffff;
	kernel.v[kernel.n++] = copy;
}

static size_t count_ours(void)
{
	size_t n = 0;

	for (size_t i = 0; i < kernel.n; i++)
		n += audit_rule_is_ours(kernel.v[i]);
	return n;
}

struct fixture {
	struct test_root t;
	struct arena *arena;
	struct audit_places places;
	struct audit_keeper k;
};

static void set_up(struct fixture *f, enum audit_use a)
{
	kernel = (struct kernel){.status.enabled = 1};
	test_root_init(&f->t);
	test_write(&f->t, "/etc/passwd", "");
	f->arena = arena_new();
	audit_places_init(&f->places, f->arena);
	assert_int_equal(audit_places_add(&f->places, "/etc", true), 0);
	assert_int_equal(audit_places_add(&f->places, "/usr/bin", true), 0);
	assert_int_equal(audit_places_fold(&f->places), 0);
	audit_keeper_init(&f->k, &ops, &f->t.root);
	audit_keeper_configure(&f->k, a);
}

static void tear_down(struct fixture *f)
{
	audit_keeper_fini(&f->k);
	arena_free(f->arena);
	test_root_fini(&f->t);
	while (kernel.n > 0)
		drop(0);
}

static struct audit_check look(struct fixture *f, enum audit_state want)
{
	struct audit_check c;

	assert_int_equal(audit_keeper_check(&f->k, &f->places, &c), 0);
	assert_int_equal(f->k.state, want);
	return c;
}

static void test_life(void **state)
{
	struct fixture f;

	set_up(&f, AUDIT_USE_YES);
	add_other(AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
	struct audit_check c = look(&f, AUDIT_WORKS);
	size_t n = c.added;
	assert_true(n > 0 && n == count_ours() && c.returned == 0);
	c = look(&f, AUDIT_WORKS);
	assert_int_equal(c.added + c.removed + c.returned, 0);
	assert_int_equal(audit_keeper_fits(&f.k, &f.places), 1);
	/* A directory comes, and goes. */
	test_write(&f.t, "/usr/bin/x", "");
	assert_int_equal(audit_keeper_fits(&f.k, &f.places), 0);
	c = look(&f, AUDIT_WORKS);
	assert_int_equal(c.added, 1);
	assert_int_equal(c.returned, 0);
	assert_int_equal(unlink(test_path(&f.t, "/usr/bin/x")), 0);
	assert_int_equal(rmdir(test_path(&f.t, "/usr/bin")), 0);
	c = look(&f, AUDIT_WORKS);
	assert_int_equal(c.removed, 1);
	/* Somebody removes one, and then all. */
	drop(2);
	c = look(&f, AUDIT_WORKS);
	assert_int_equal(c.returned, 1);
	while (kernel.n > 0)
		drop(0);
	c = look(&f, AUDIT_WORKS);
	assert_int_equal(c.returned, n);
	add_other(AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
	audit_keeper_stop(&f.k);
	assert_int_equal(count_ours(), 0);
	assert_int_equal(kernel.n, 1);
	assert_int_equal(kernel.switched, 0);
	tear_down(&f);
}

/* Killed, and started with other places: those of before are not doubled, and not forgotten. */
static void test_crash(void **state)
{
	struct fixture f;

	set_up(&f, AUDIT_USE_YES);
	test_write(&f.t, "/usr/bin/x", "");
	size_t n = look(&f, AUDIT_WORKS).added;
	audit_keeper_fini(&f.k);
	audit_keeper_init(&f.k, &ops, &f.t.root);
	audit_keeper_configure(&f.k, AUDIT_USE_YES);
	f.places.n = 1;
	struct audit_check c = look(&f, AUDIT_WORKS);
	assert_int_equal(c.removed, 1);
	assert_int_equal(c.added, 0);
	assert_int_equal(count_ours(), n - 1);
	tear_down(&f);
}

static void test_if_audited(void **state)
{
	struct fixture f;

	set_up(&f, AUDIT_USE_IF_AUDITED);
	(void)look(&f, AUDIT_UNUSED);
	assert_int_equal(kernel.n, 0);
	/* Rules that nobody switched on cost nothing and tell nothing. */
	kernel.status.enabled = 0;
	add_other(AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
	(void)look(&f, AUDIT_UNUSED);
	assert_int_equal(kernel.switched, 0);
	kernel.status.enabled = 1;
	(void)look(&f, AUDIT_WORKS);
	/* Who removes all of them does not get rid of us. */
	while (kernel.n > 0)
		drop(0);
	assert_true(look(&f, AUDIT_WORKS).returned > 0);
	audit_keeper_configure(&f.k, AUDIT_USE_NO);
	(void)look(&f, AUDIT_UNWANTED);
	assert_int_equal(kernel.n, 0);
	tear_down(&f);
}

/* Audit is switched off again by who switched it on, unless somebody uses it by now. */
static void test_switch(void **state)
{
	for (int used = 0; used < 3; used++) {
		struct fixture f;
		set_up(&f, AUDIT_USE_YES);
		kernel.status.enabled = 0;
		(void)look(&f, AUDIT_WORKS);
		assert_int_equal(kernel.status.enabled, 1);
		if (used == 1)
			kernel.status.pid = 77;
		else if (used == 2)
			add_other(AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
		audit_keeper_stop(&f.k);
		assert_int_equal(kernel.status.enabled, used > 0);
		tear_down(&f);
	}
}

/* Switched off under us: on again where the policy says yes, else told. */
static void test_switched_off(void **state)
{
	struct fixture f;

	set_up(&f, AUDIT_USE_YES);
	assert_false(look(&f, AUDIT_WORKS).off);
	kernel.status.enabled = 0;
	assert_true(look(&f, AUDIT_WORKS).off);
	assert_int_equal(kernel.status.enabled, 1);
	assert_false(look(&f, AUDIT_WORKS).off);
	audit_keeper_stop(&f.k);
	assert_int_equal(kernel.status.enabled, 1); /* as it was before us */
	tear_down(&f);
	set_up(&f, AUDIT_USE_IF_AUDITED);
	add_other(AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
	(void)look(&f, AUDIT_WORKS);
	kernel.status.enabled = 0;
	assert_true(look(&f, AUDIT_OFF).off);
	assert_false(look(&f, AUDIT_OFF).off);
	assert_int_equal(kernel.switched, 0);
	kernel.status.enabled = 1;
	(void)look(&f, AUDIT_WORKS);
	tear_down(&f);
}

static void test_locked(void **state)
{
	struct fixture f;

	set_up(&f, AUDIT_USE_YES);
	kernel.status.enabled = 2;
	struct audit_check c = look(&f, AUDIT_LOCKED);
	assert_int_equal(c.added + c.missing, 0);
	kernel.status.enabled = 1;
	size_t n = look(&f, AUDIT_WORKS).added;
	kernel.status.enabled = 2;
	(void)look(&f, AUDIT_WORKS); /* with all of ours: as well as ever */
	drop(0);
	c = look(&f, AUDIT_LOCKED);
	assert_int_equal(c.missing, 1);
	audit_keeper_stop(&f.k);
	assert_int_equal(count_ours(), n - 1);
	tear_down(&f);
}

static void test_states(void **state)
{
	static const struct {
		int refuse;
		enum audit_state want;
	} vectors[] = {
		{-EPROTONOSUPPORT, AUDIT_ABSENT},
		{-ECONNREFUSED, AUDIT_CONTAINER},
		{-EPERM, AUDIT_DENIED},
		{-ETIMEDOUT, AUDIT_DENIED},
	};
	struct fixture f;

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		set_up(&f, AUDIT_USE_IF_AUDITED);
		kernel.refuse = vectors[i].refuse;
		(void)look(&f, vectors[i].want);
		audit_keeper_configure(&f.k, AUDIT_USE_NO);
		(void)look(&f, AUDIT_UNWANTED);
		tear_down(&f);
	}
	set_up(&f, AUDIT_USE_YES);
	kernel.container = true;
	(void)look(&f, AUDIT_CONTAINER);
	assert_int_equal(kernel.asked, 0);
	kernel.container = false;
	kernel.refuse_add = -EINVAL;
	(void)look(&f, AUDIT_REFUSED);
	kernel.refuse_add = 0;
	add_other(AUDIT_FILTER_TASK, AUDIT_NEVER);
	(void)look(&f, AUDIT_SILENCED_TASK);
	tear_down(&f);
	for (int s = AUDIT_CONTAINER; s < AUDIT_STATE_MAX; s++) {
		assert_non_null(audit_state_text((enum audit_state)s)->detail);
		assert_non_null(audit_state_text((enum audit_state)s)->remedy);
	}
	assert_null(audit_state_text(AUDIT_WORKS)->detail);
	assert_null(audit_state_text(AUDIT_UNUSED)->detail);
	assert_non_null(audit_state_text(AUDIT_UNUSED)->note);
	assert_non_null(audit_state_text(AUDIT_UNWANTED)->note);
	assert_non_null(audit_state_text(AUDIT_UNWANTED)->why);
	assert_null(audit_state_text(AUDIT_WORKS)->why);
}

static void test_lost(void **state)
{
	struct fixture f;

	set_up(&f, AUDIT_USE_YES);
	kernel.status.lost = 5; /* before we were there */
	assert_false(look(&f, AUDIT_WORKS).lost);
	assert_false(audit_keeper_lost(&f.k));
	kernel.status.lost = 6;
	assert_true(audit_keeper_lost(&f.k));
	assert_false(audit_keeper_lost(&f.k));
	kernel.status.lost = 7;
	assert_true(look(&f, AUDIT_WORKS).lost);
	tear_down(&f);
}

static int run(void *arg)
{
	struct fixture *f = arg;
	struct audit_check c;

	audit_keeper_fini(&f->k);
	audit_keeper_init(&f->k, &ops, &f->t.root);
	audit_keeper_configure(&f->k, AUDIT_USE_YES);
	int r = audit_keeper_check(&f->k, &f->places, &c);
	if (r == 0)
		r = audit_keeper_fits(&f->k, &f->places);
	return MIN(r, 0);
}

static void test_alloc(void **state)
{
	struct fixture f;

	set_up(&f, AUDIT_USE_YES);
	alloc_each(run, &f, 3);
	tear_down(&f);
}

static void test_words(void **state)
{
	assert_int_equal(audit_use_from("yes"), AUDIT_USE_YES);
	assert_int_equal(audit_use_from("no"), AUDIT_USE_NO);
	assert_int_equal(audit_use_from("if-audited"), AUDIT_USE_IF_AUDITED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_crash),
		cmocka_unit_test(test_if_audited),
		cmocka_unit_test(test_switch),
		cmocka_unit_test(test_switched_off),
		cmocka_unit_test(test_locked),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
