/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "fact/sshd-contexts.h"

/* Names that nobody has, so that only wildcards and negations hold for them. */
#define NOBODY	 "zq-nobody-zq"
#define NO_GROUP "zq-no-group-zq"

struct collect_classes {
	const struct sshd_conf *conf;
	const struct accounts *accounts;
	struct arena *arena;
	const struct sshd_criterion **criteria; /* on users, each once */
	size_t n_criteria;
	size_t bytes;		   /* of a signature */
	unsigned char *signatures; /* of all accounts */
	struct sshd_classes *out;
};

static bool is_user_criterion(const struct sshd_criterion *c)
{
	return c->type == SSHD_CRIT_USER || c->type == SSHD_CRIT_GROUP;
}

static int add_criterion(struct collect_classes *b, const struct sshd_criterion *c)
{
	for (size_t i = 0; i < b->n_criteria; i++) {
		if (b->criteria[i]->type == c->type && strcmp(b->criteria[i]->arg, c->arg) == 0)
			return 0;
	}
	const struct sshd_criterion **slot = arena_grow(
		b->arena, &b->criteria, b->n_criteria, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = c;
	b->n_criteria++;
	return 0;
}

static int collect_criteria(struct collect_classes *b, const struct sshd_blocks *blocks)
{
	int r = 0;

	for (size_t i = 0; i < blocks->n; i++) {
		const struct sshd_node *m = blocks->v[i].matches[blocks->v[i].n - 1];
		for (size_t k = 0; k < m->n_criteria && r == 0; k++) {
			if (is_user_criterion(&m->criteria[k]))
				r = add_criterion(b, &m->criteria[k]);
		}
	}
	b->bytes = (b->n_criteria + 7) / 8;
	return r;
}

static void set_bit(unsigned char *signature, size_t i)
{
	signature[i / 8] |= (unsigned char)(1u << (i % 8));
}

static bool get_bit(const unsigned char *signature, size_t i)
{
	return signature[i / 8] & (1u << (i % 8));
}

static unsigned char *signature_of(const struct collect_classes *b, size_t account)
{
	return b->signatures + account * b->bytes;
}

/* Calls for each account in the group, some of them twice. */
static void each_member(const struct collect_classes *b, const struct account_group *g,
	unsigned char *marks, unsigned char mark)
{
	for (size_t i = 0; i < g->n_members; i++) {
		const struct account *account = accounts_find(b->accounts, g->members[i]);
		if (account)
			marks[account - b->accounts->v] |= mark;
	}
}

enum {
	MARK_IN = 1,  /* in a group that the list names */
	MARK_OUT = 2, /* in one that it negates */
};

static int compare_gid(const void *a, const void *b)
{
	gid_t x = (*(const struct account_group *const *)a)->gid;
	gid_t y = (*(const struct account_group *const *)b)->gid;

	return (x > y) - (x < y);
}

/* The accounts' primary groups: by gid, as getgrgid(3) names them. */
static int mark_primary(const struct collect_classes *b, const char *list, unsigned char *marks)
{
	const struct accounts *acc = b->accounts;
	const struct account_group **by_gid = arena_alloc(
		b->arena, (acc->n_groups + 1) * sizeof(*by_gid));

	if (!by_gid)
		return -ENOMEM;
	for (size_t i = 0; i < acc->n_groups; i++)
		by_gid[i] = &acc->groups[i];
	if (acc->n_groups > 1)
		qsort(by_gid, acc->n_groups, sizeof(*by_gid), compare_gid);
	for (size_t i = 0; i < acc->n; i++) {
		const struct account_group key = {.gid = acc->v[i].gid}, *k = &key;
		const struct account_group **g = acc->n_groups
							 ? bsearch(&k, by_gid, acc->n_groups,
								   sizeof(*by_gid), compare_gid)
							 : NULL;
		int r = g ? sshd_pattern_list((*g)->name, list, false) : 0;
		marks[i] |= r > 0 ? MARK_IN : r < 0 ? MARK_OUT : 0;
	}
	return 0;
}

static int sign_group(struct collect_classes *b, size_t criterion)
{
	const struct accounts *acc = b->accounts;
	const char *list = b->criteria[criterion]->arg;
	unsigned char *marks = calloc(acc->n + 1, 1);

	if (!marks)
		return -ENOMEM;
	for (size_t i = 0; i < acc->n_groups; i++) {
		int r = sshd_pattern_list(acc->groups[i].name, list, false);
		if (r != 0)
			each_member(b, &acc->groups[i], marks, r > 0 ? MARK_IN : MARK_OUT);
	}
	int r = mark_primary(b, list, marks);
	for (size_t i = 0; r == 0 && i < acc->n; i++) {
		if (marks[i] == MARK_IN)
			set_bit(signature_of(b, i), criterion);
	}
	free(marks);
	return r;
}

static int sign_accounts(struct collect_classes *b)
{
	int r = 0;

	for (size_t c = 0; c < b->n_criteria && r == 0; c++) {
		if (b->criteria[c]->type == SSHD_CRIT_GROUP) {
			r = sign_group(b, c);
			continue;
		}
		for (size_t i = 0; i < b->accounts->n; i++) {
			const char *name = b->accounts->v[i].name;
			if (sshd_pattern_list(name, b->criteria[c]->arg, false) == 1)
				set_bit(signature_of(b, i), c);
		}
	}
	return r;
}

/* ---- classes ---- */

static bool same_signature(
	const struct collect_classes *b, const unsigned char *x, const unsigned char *y)
{
	return b->bytes == 0 || memcmp(x, y, b->bytes) == 0;
}

/* What tells this class from the general one: "user bob", "group sftp, not user !x,*". */
static const char *class_label(const struct collect_classes *b, const unsigned char *signature)
{
	const unsigned char *general = b->out->v[0].signature;
	const char *text = "";

	for (size_t i = 0; i < b->n_criteria && text; i++) {
		const struct sshd_criterion *c = b->criteria[i];
		if (get_bit(signature, i) == get_bit(general, i))
			continue;
		text = arena_printf(b->arena, "%s%s%s%s %s", text, *text ? ", " : "",
			get_bit(signature, i) ? "" : "not ",
			c->type == SSHD_CRIT_USER ? "user" : "group", c->arg);
	}
	return text;
}

/* The class with this signature, made if there is none. -EFBIG, -ENOMEM. */
static int find_class(struct collect_classes *b, const unsigned char *signature, const char *user,
	const char *const *groups, size_t *ret)
{
	struct sshd_classes *out = b->out;

	for (size_t i = 0; i < out->n; i++) {
		if (same_signature(b, out->v[i].signature, signature)) {
			*ret = i;
			return 0;
		}
	}
	if (out->n >= SSHD_CLASSES_MAX)
		return -EFBIG;
	struct sshd_class *slot = arena_grow(b->arena, &out->v, out->n, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = (struct sshd_class){.user = user, .groups = groups, .signature = signature};
	slot->label = out->n == 0 ? "any user" : class_label(b, signature);
	*ret = out->n++;
	return slot->label ? 0 : -ENOMEM;
}

static const char *const *groups_of(const struct collect_classes *b, const struct account *account)
{
	const struct accounts *acc = b->accounts;
	const char **names = NULL;
	size_t n = 0;

	for (size_t i = 0; i < acc->n_groups; i++) {
		if (!account_in_group(account, &acc->groups[i]))
			continue;
		const char **slot = arena_grow(b->arena, &names, n, sizeof(*slot));
		if (!slot)
			return NULL;
		*slot = acc->groups[i].name;
		n++;
	}
	const char **end = arena_grow(b->arena, &names, n, sizeof(*end));
	return end ? names : NULL;
}

static int compare_index(const void *x, const void *y, void *arg)
{
	const struct collect_classes *b = arg;
	size_t i = *(const size_t *)x, k = *(const size_t *)y;
	int r = memcmp(signature_of(b, i), signature_of(b, k), b->bytes);

	return r ? r : (i > k) - (i < k);
}

/* Sorted by signature, equal ones follow each other: each class is looked up once. */
static int class_accounts(struct collect_classes *b)
{
	size_t n = b->accounts->n, class = 0;
	size_t *order = arena_alloc(b->arena, n * sizeof(*order));
	size_t *of_account = arena_alloc(b->arena, n * sizeof(*of_account));

	if (!order || !of_account)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	if (n > 1 && b->bytes > 0)
		qsort_r(order, n, sizeof(*order), compare_index, b);
	for (size_t i = 0; i < n; i++) {
		const struct account *account = &b->accounts->v[order[i]];
		const unsigned char *signature = signature_of(b, order[i]);
		if (i == 0 || !same_signature(b, signature, signature_of(b, order[i - 1]))) {
			const char *const *groups = groups_of(b, account);
			if (!groups)
				return -ENOMEM;
			int r = find_class(b, signature, account->name, groups, &class);
			if (r < 0)
				return r;
		}
		of_account[order[i]] = class;
		if (account->uid == 0)
			b->out->v[class].root = true;
		else
			b->out->v[class].others = true;
	}
	b->out->of_account = of_account;
	return 0;
}

/* A user whom one element of a criterion holds for, known here or not. */
static int add_example(
	struct collect_classes *b, const struct sshd_criterion *c, const char *element, size_t n)
{
	unsigned char *signature = arena_alloc(b->arena, b->bytes);
	const char **groups = arena_alloc(b->arena, 2 * sizeof(*groups));
	const char *name = sshd_pattern_example(b->arena, element, n, "x");
	size_t class;

	if (!signature || !groups || !name)
		return -ENOMEM;
	/* Accounts that exist have been classed: an example of one adds nothing. */
	if (c->type == SSHD_CRIT_USER && accounts_find(b->accounts, name))
		return 0;
	groups[0] = c->type == SSHD_CRIT_GROUP ? name : NO_GROUP;
	const struct sshd_connection conn = {
		.user = c->type == SSHD_CRIT_USER ? name : NOBODY, .groups = groups, .lport = -1};
	for (size_t i = 0; i < b->n_criteria; i++) {
		if (sshd_criterion_holds(b->criteria[i], &conn, b->conf->env.version))
			set_bit(signature, i);
	}
	int r = find_class(b, signature, conn.user, groups, &class);
	/* Somebody from a directory service may well be in it. */
	if (r == 0 && strcmp(name, "root") != 0)
		b->out->v[class].others = true;
	return r;
}

/* For each element, also a negated one: whom a block leaves out, something else holds for. */
static int add_examples(struct collect_classes *b, const struct sshd_criterion *c)
{
	for (const char *p = c->arg; *p; p += *p == ',') {
		p += *p == '!';
		size_t n = strcspn(p, ",");
		int r = add_example(b, c, p, n);
		if (r < 0)
			return r;
		p += n;
	}
	return 0;
}

static int add_general(struct collect_classes *b)
{
	static const char *const groups[] = {NO_GROUP, NULL};
	const struct sshd_connection conn = {.user = NOBODY, .groups = groups, .lport = -1};
	unsigned char *signature = arena_alloc(b->arena, b->bytes);
	size_t class;

	if (!signature)
		return -ENOMEM;
	for (size_t i = 0; i < b->n_criteria; i++) {
		if (sshd_criterion_holds(b->criteria[i], &conn, b->conf->env.version))
			set_bit(signature, i);
	}
	int r = find_class(b, signature, conn.user, groups, &class);
	if (r == 0)
		b->out->v[class].others = true;
	return r;
}

int sshd_classes_collect(const struct sshd_conf *c, const struct sshd_blocks *blocks,
	const struct accounts *accounts, struct arena *a, struct sshd_classes *ret)
{
	struct sshd_classes classes = {0};
	struct collect_classes b = {.conf = c, .accounts = accounts, .arena = a, .out = &classes};

	int r = collect_criteria(&b, blocks);
	if (r < 0)
		return r;
	b.signatures = arena_alloc(a, accounts->n * b.bytes);
	if (!b.signatures)
		return -ENOMEM;
	r = sign_accounts(&b);
	if (r == 0)
		r = add_general(&b);
	if (r == 0)
		r = class_accounts(&b);
	for (size_t i = 0; i < b.n_criteria && r == 0; i++)
		r = add_examples(&b, b.criteria[i]);
	if (r == 0)
		*ret = classes;
	return r;
}
