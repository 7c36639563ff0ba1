/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "alloc-fail.h"
#include "filter/addrs.h"

enum { UNIVERSE = 512, ROUNDS = 4000 };

/* The same set as one flag a number, to compare with. */
struct model {
	bool in[UNIVERSE];
};

static uint32_t state;

static unsigned pick(unsigned n)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % n;
}

static struct addrs from_model(const struct model *m)
{
	struct addrs a = {0};

	for (unsigned i = 0; i < UNIVERSE; i++) {
		if (m->in[i])
			assert_int_equal(addrs_add(&a, (struct span){.lo = i, .hi = i}), 0);
	}
	return a;
}

static void assert_same(const struct addrs *a, const struct model *m)
{
	size_t spans = 0;

	for (unsigned i = 0; i < UNIVERSE; i++) {
		bool in = addrs_contains(a, (struct span){.lo = i, .hi = i});
		assert_int_equal(in, m->in[i]);
		spans += m->in[i] && (i == 0 || !m->in[i - 1]);
	}
	assert_int_equal(a->n, spans);
}

static struct model random_model(unsigned spans)
{
	struct model m = {0};

	for (unsigned k = 0; k < spans; k++) {
		unsigned lo = pick(UNIVERSE), n = 1 + pick(20);
		for (unsigned i = lo; i < UNIVERSE && i < lo + n; i++)
			m.in[i] = true;
	}
	return m;
}

/* Every operation against one flag a number, long sets with short ones and with long ones. */
static void test_operations(_unused_ void **unused)
{
	static const unsigned sizes[] = {0, 1, 2, 60};

	state = 7;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct model x = random_model(sizes[pick(4)]), y = random_model(sizes[pick(4)]);
		struct model both = {0}, only = {0}, any = {0};
		_cleanup_addrs_ struct addrs a = from_model(&x), b = from_model(&y), c, d, e, in;

		for (unsigned i = 0; i < UNIVERSE; i++) {
			both.in[i] = x.in[i] && y.in[i];
			only.in[i] = x.in[i] && !y.in[i];
			any.in[i] = x.in[i] || y.in[i];
		}
		assert_int_equal(addrs_copy(&c, &a), 0);
		assert_int_equal(addrs_copy(&d, &a), 0);
		assert_int_equal(addrs_copy(&e, &a), 0);
		assert_int_equal(addrs_union(&c, &b), 0);
		assert_same(&c, &any);
		assert_int_equal(addrs_intersect(&d, &b), 0);
		assert_same(&d, &both);
		assert_int_equal(addrs_subtract(&e, &b), 0);
		assert_same(&e, &only);
		assert_int_equal(addrs_split(&a, &b, &in), 0);
		assert_same(&in, &both);
		assert_same(&a, &only);
		assert_true(addrs_equal(&a, &e));
		assert_int_equal(addrs_equal(&a, &c), addrs_is_empty(&b) && a.n == c.n);
	}
}

static void test_normalize(_unused_ void **unused)
{
	for (unsigned round = 0; round < 200; round++) {
		struct span v[40];
		struct model m = {0};
		for (unsigned k = 0; k < 40; k++) {
			unsigned lo = pick(UNIVERSE - 20);
			v[k] = (struct span){.lo = lo, .hi = lo + pick(20)};
			for (u128 i = v[k].lo; i <= v[k].hi; i++)
				m.in[i] = true;
		}
		struct addrs a = {.v = v, .n = addrs_normalize(v, 40)};
		assert_same(&a, &m);
	}
}

static struct span net(const char *s)
{
	struct net n;

	assert_int_equal(net_parse(s, &n), 0);
	return addrs_net(&n);
}

/* Both ends of all there is, where adding or subtracting one would go round. */
static void test_edges(_unused_ void **unused)
{
	for (int family = AF_INET; family != 0; family = family == AF_INET ? AF_INET6 : 0) {
		struct span all = addrs_all(family);
		_cleanup_addrs_ struct addrs a = {0}, in = {0};
		struct span last = {.lo = all.hi, .hi = all.hi};
		struct addrs first = {.v = &(struct span){0}, .n = 1};

		assert_int_equal(addrs_add(&a, all), 0);
		assert_true(addrs_contains(&a, all));
		assert_int_equal(addrs_split(&a, &first, &in), 0);
		assert_false(addrs_contains(&a, (struct span){0}));
		assert_true(addrs_contains(&a, last));
		assert_int_equal(addrs_subtract(&a, &(struct addrs){.v = &last, .n = 1}), 0);
		assert_false(addrs_overlaps(&a, last));
		assert_int_equal(a.v[0].hi, all.hi - 1);
		assert_int_equal(addrs_add(&a, last), 0);
		assert_int_equal(addrs_add(&a, (struct span){0}), 0);
		assert_int_equal(a.n, 1);
		assert_true(addrs_contains(&a, all));
	}
}

static void test_text(_unused_ void **unused)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_addrs_ struct addrs a = {0}, six = {0};

	assert_string_equal(addrs_text(arena, &a, AF_INET, 3), "none");
	assert_int_equal(addrs_add(&a, net("192.0.2.0/24")), 0);
	assert_int_equal(addrs_add(&a, net("198.51.100.7")), 0);
	assert_string_equal(addrs_text(arena, &a, AF_INET, 3), "192.0.2.0/24, 198.51.100.7");
	/* 1 ... 6: 1, 2/31, 4/31, 6 */
	assert_int_equal(addrs_add(&a, (struct span){.lo = 1, .hi = 6}), 0);
	assert_string_equal(
		addrs_text(arena, &a, AF_INET, 3), "0.0.0.1, 0.0.0.2/31, 0.0.0.4/31 and 3 more");
	assert_int_equal(addrs_add(&a, net("0.0.0.0/0")), 0);
	assert_string_equal(addrs_text(arena, &a, AF_INET, 3), "any");
	assert_int_equal(addrs_add(&six, net("::/0")), 0);
	assert_string_equal(addrs_text(arena, &six, AF_INET6, 3), "any");
	assert_int_equal(addrs_subtract(&six,
				 &(struct addrs){.v = (struct span[]){net("8000::/1")}, .n = 1}),
		0);
	assert_string_equal(addrs_text(arena, &six, AF_INET6, 3), "::/1");
	unsigned char bytes[16];
	addrs_bytes(AF_INET6, net("2001:db8::9").lo, bytes);
	assert_int_equal(addrs_number(AF_INET6, bytes), net("2001:db8::9").lo);
}

/* When memory ends, the set is what it was. */
static void test_alloc(_unused_ void **unused)
{
	for (unsigned at = 1;; at++) {
		_cleanup_addrs_ struct addrs a = {0}, b = {0}, in = {0}, copy = {0};
		state = 3;
		struct model x = random_model(60), y = random_model(at % 2 ? 60 : 1);
		int r;

		a = from_model(&x);
		b = from_model(&y);
		alloc_count = 0;
		alloc_fail_at = at;
		r = addrs_copy(&copy, &b);
		if (r == 0)
			r = addrs_union(&copy, &a);
		if (r == 0)
			r = addrs_intersect(&copy, &a);
		if (r == 0)
			r = addrs_subtract(&copy, &b);
		if (r == 0)
			r = addrs_split(&a, &b, &in);
		unsigned seen = alloc_count;
		alloc_fail_at = 0;
		if (seen < at) {
			assert_int_equal(r, 0);
			break;
		}
		assert_int_equal(r, -ENOMEM);
		assert_same(&a, &x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_normalize),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_alloc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
