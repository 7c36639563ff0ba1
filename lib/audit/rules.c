/* SPDX-License-Identifier: ISC */
#include "audit/rules.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum {
	FIELDS_MAX = 5, /* of a rule of ours */
	NONE = -1,
};

/* A condition of a rule; text is NULL for a number. */
struct field {
	uint32_t type, op, value;
	const char *text;
};

/* The system calls that open a socket for others. */
static const struct call {
	enum audit_machine machine;
	uint32_t arch;
	int number;
	uint32_t family; /* of the address that is bound; 0: not asked */
	int argument;	 /* the first, or NONE */
} calls[] = {
	{AUDIT_MACHINE_X86_64, AUDIT_ARCH_X86_64, 50, 0, NONE},
	{AUDIT_MACHINE_X86_64, AUDIT_ARCH_X86_64, 49, AF_INET, NONE},
	{AUDIT_MACHINE_X86_64, AUDIT_ARCH_X86_64, 49, AF_INET6, NONE},
	{AUDIT_MACHINE_X86_64, AUDIT_ARCH_I386, 363, 0, NONE},
	{AUDIT_MACHINE_X86_64, AUDIT_ARCH_I386, 361, AF_INET, NONE},
	{AUDIT_MACHINE_X86_64, AUDIT_ARCH_I386, 361, AF_INET6, NONE},
	/* socketcall(2): 2 is bind, 4 is listen */
	{AUDIT_MACHINE_X86_64, AUDIT_ARCH_I386, 102, 0, 4},
	{AUDIT_MACHINE_X86_64, AUDIT_ARCH_I386, 102, AF_INET, 2},
	{AUDIT_MACHINE_X86_64, AUDIT_ARCH_I386, 102, AF_INET6, 2},
	{AUDIT_MACHINE_AARCH64, AUDIT_ARCH_AARCH64, 201, 0, NONE},
	{AUDIT_MACHINE_AARCH64, AUDIT_ARCH_AARCH64, 200, AF_INET, NONE},
	{AUDIT_MACHINE_AARCH64, AUDIT_ARCH_AARCH64, 200, AF_INET6, NONE},
	{AUDIT_MACHINE_AARCH64, AUDIT_ARCH_ARM, 284, 0, NONE},
	{AUDIT_MACHINE_AARCH64, AUDIT_ARCH_ARM, 282, AF_INET, NONE},
	{AUDIT_MACHINE_AARCH64, AUDIT_ARCH_ARM, 282, AF_INET6, NONE},
};

enum audit_machine audit_machine_of(const char *name)
{
	if (strcmp(name, "x86_64") == 0)
		return AUDIT_MACHINE_X86_64;
	return strcmp(name, "aarch64") == 0 ? AUDIT_MACHINE_AARCH64 : AUDIT_MACHINE_OTHER;
}

void audit_ruleset_init(struct audit_ruleset *s, struct arena *a)
{
	*s = (struct audit_ruleset){.arena = a};
}

size_t audit_rule_size(const struct audit_rule_data *r)
{
	return sizeof(*r) + r->buflen;
}

/* Whether the field's value is the length of a string behind the rule. */
static bool is_text(uint32_t type)
{
	switch (type) {
	case AUDIT_SUBJ_USER:
	case AUDIT_SUBJ_ROLE:
	case AUDIT_SUBJ_TYPE:
	case AUDIT_SUBJ_SEN:
	case AUDIT_SUBJ_CLR:
	case AUDIT_OBJ_USER:
	case AUDIT_OBJ_ROLE:
	case AUDIT_OBJ_TYPE:
	case AUDIT_OBJ_LEV_LOW:
	case AUDIT_OBJ_LEV_HIGH:
	case AUDIT_WATCH:
	case AUDIT_DIR:
	case AUDIT_EXE:
	case AUDIT_FILTERKEY:
		return true;
	default:
		return false;
	}
}

static bool is_sound(const struct audit_rule_data *r)
{
	size_t sum = 0;

	if (r->field_count > AUDIT_MAX_FIELDS)
		return false;
	for (uint32_t i = 0; i < r->field_count; i++) {
		size_t n = is_text(r->fields[i]) ? r->values[i] : 0;
		if (n > r->buflen - sum)
			return false;
		sum += n;
	}
	return true;
}

static int keep(struct audit_ruleset *s, const struct audit_rule_data *r)
{
	const struct audit_rule_data **slot = arena_grow(s->arena, &s->v, s->n, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = r;
	s->n++;
	return 0;
}

int audit_ruleset_add(struct audit_ruleset *s, const void *data, size_t size)
{
	if (size < sizeof(struct audit_rule_data))
		return -EBADMSG;
	struct audit_rule_data *copy = arena_alloc(s->arena, size);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, data, size);
	/* What stands behind it, for alignment, is not part of it. */
	if (copy->buflen > size - sizeof(*copy) || !is_sound(copy))
		return -EBADMSG;
	return keep(s, copy);
}

/* A rule for the call; NONE: for all. */
static int make(struct audit_ruleset *s, int call, const struct field *fields, size_t n)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += fields[i].text ? strlen(fields[i].text) : 0;
	struct audit_rule_data *r = arena_alloc(s->arena, sizeof(*r) + size);
	if (!r)
		return -ENOMEM;
	r->flags = AUDIT_FILTER_EXIT;
	r->action = AUDIT_ALWAYS;
	if (call == NONE) {
		memset(r->mask, 0xff, sizeof(r->mask));
		/* The rest of the last word stands for classes; the kernel lists it as 0. */
		r->mask[AUDIT_BITMASK_SIZE - 1] = 0xffff;
	} else {
		r->mask[AUDIT_WORD(call)] = AUDIT_BIT(call);
	}
	for (size_t i = 0; i < n; i++) {
		const char *text = fields[i].text;
		r->fields[i] = fields[i].type;
		r->fieldflags[i] = fields[i].op;
		r->values[i] = text ? (uint32_t)strlen(text) : fields[i].value;
		if (text)
			memcpy(r->buf + r->buflen, text, r->values[i]);
		r->buflen += text ? r->values[i] : 0;
	}
	r->field_count = (uint32_t)n;
	return keep(s, r);
}

static void add_field(struct field *v, size_t *n, uint32_t type, uint32_t value, const char *text)
{
	v[(*n)++] = (struct field){type, AUDIT_EQUAL, value, text};
}

static int plan_call(struct audit_ruleset *s, const struct call *c)
{
	struct field v[FIELDS_MAX];
	size_t n = 0;

	add_field(v, &n, AUDIT_ARCH, c->arch, NULL);
	if (c->argument != NONE)
		add_field(v, &n, AUDIT_ARG0, (uint32_t)c->argument, NULL);
	if (c->family)
		add_field(v, &n, AUDIT_SADDR_FAM, c->family, NULL);
	add_field(v, &n, AUDIT_SUCCESS, 1, NULL);
	add_field(v, &n, AUDIT_FILTERKEY, 0, AUDIT_KEY);
	return make(s, c->number, v, n);
}

/*
 * Whose changes by dpkg are told: its conffiles, its list of what is installed
 * (once in a transaction, which is enough to tell of it), and keys.
 */
static bool is_told_of_dpkg(const char *path)
{
	return strcmp(path, "/etc") == 0 || strncmp(path, "/etc/", 5) == 0 ||
	       strcmp(path, "/var/lib/dpkg/status") == 0 || strstr(path, "/.ssh");
}

/* Not success=1: a file that is removed is looked at before the call has succeeded. */
static int plan_place(struct audit_ruleset *s, const struct audit_place *x, const char *dpkg)
{
	struct field v[FIELDS_MAX];
	size_t n = 0;

	add_field(v, &n, x->tree ? AUDIT_DIR : AUDIT_WATCH, 0, x->path);
	if (dpkg && !is_told_of_dpkg(x->path))
		v[n++] = (struct field){AUDIT_EXE, AUDIT_NOT_EQUAL, 0, dpkg};
	add_field(v, &n, AUDIT_PERM, AUDIT_PERM_WRITE | AUDIT_PERM_ATTR, NULL);
	add_field(v, &n, AUDIT_FILTERKEY, 0, AUDIT_KEY);
	return make(s, NONE, v, n);
}

int audit_ruleset_plan(struct audit_ruleset *s, const struct audit_plan *plan, size_t *ret_left_out)
{
	size_t n = MIN(plan->places->n, (size_t)AUDIT_PLACES_MAX);
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(calls); i++) {
		if (calls[i].machine == plan->machine && !(plan->no_bind && calls[i].family))
			r = plan_call(s, &calls[i]);
	}
	for (size_t i = 0; r == 0 && i < n; i++)
		r = plan_place(s, &plan->places->v[i], plan->dpkg);
	if (r == 0)
		*ret_left_out = plan->places->n - n;
	return r;
}

bool audit_rule_is_ours(const struct audit_rule_data *r)
{
	size_t at = 0;
	bool ours = false;

	for (uint32_t i = 0; i < r->field_count; i++) {
		if (r->fields[i] == AUDIT_FILTERKEY) {
			bool same = r->values[i] == strlen(AUDIT_KEY) &&
				    memcmp(r->buf + at, AUDIT_KEY, r->values[i]) == 0;
			if (!same || ours)
				return false;
			ours = true;
		}
		at += is_text(r->fields[i]) ? r->values[i] : 0;
	}
	return ours;
}

static bool rule_same(const struct audit_rule_data *a, const struct audit_rule_data *b)
{
	return a->buflen == b->buflen && memcmp(a, b, audit_rule_size(a)) == 0;
}

static bool has_rule(const struct audit_ruleset *s, const struct audit_rule_data *r)
{
	for (size_t i = 0; i < s->n; i++) {
		if (rule_same(s->v[i], r))
			return true;
	}
	return false;
}

/* Adds to add what of a is not in b; ours: only those with our key. 0 or -ENOMEM. */
static int collect_missing(
	const struct audit_ruleset *a, const struct audit_ruleset *b, struct audit_ruleset *ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->n; i++) {
		if (audit_rule_is_ours(a->v[i]) && !has_rule(b, a->v[i]))
			r = keep(ret, a->v[i]);
	}
	return r;
}

/* Whether it holds for every process: no condition but what it is called. */
static bool is_general(const struct audit_rule_data *r)
{
	for (uint32_t i = 0; i < r->field_count; i++) {
		if (r->fields[i] != AUDIT_FILTERKEY &&
			(r->fields[i] != AUDIT_ARCH || !(r->values[i] & __AUDIT_ARCH_64BIT)))
			return false;
	}
	return true;
}

static bool has_call(const struct audit_rule_data *r, int call)
{
	return r->mask[AUDIT_WORD(call)] & AUDIT_BIT(call);
}

/* Whether it has the calls that ours are about: listening, opening, renaming. */
static bool has_our_calls(const struct audit_rule_data *r, enum audit_machine machine)
{
	if (machine == AUDIT_MACHINE_X86_64)
		return has_call(r, 50) || has_call(r, 257) || has_call(r, 82);
	if (machine == AUDIT_MACHINE_AARCH64)
		return has_call(r, 201) || has_call(r, 56) || has_call(r, 276);
	return true;
}

/* Whether an "exclude" rule without other conditions drops a record that acts are made of. */
static bool cuts_records(const struct audit_rule_data *r)
{
	static const uint32_t types[] = {AUDIT_SYSCALL, AUDIT_PATH, AUDIT_CONFIG_CHANGE};

	if (r->field_count != 1 || r->fields[0] != AUDIT_MSGTYPE)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		bool equal = r->values[0] == types[i];
		if ((r->fieldflags[0] == AUDIT_EQUAL && equal) ||
			(r->fieldflags[0] == AUDIT_NOT_EQUAL && !equal))
			return true;
	}
	return false;
}

static enum audit_machine machine_of_rules(const struct audit_ruleset *want)
{
	for (size_t i = 0; i < want->n; i++) {
		if (want->v[i]->field_count == 0 || want->v[i]->fields[0] != AUDIT_ARCH)
			continue;
		if (want->v[i]->values[0] == AUDIT_ARCH_X86_64)
			return AUDIT_MACHINE_X86_64;
		if (want->v[i]->values[0] == AUDIT_ARCH_AARCH64)
			return AUDIT_MACHINE_AARCH64;
	}
	return AUDIT_MACHINE_OTHER;
}

static enum audit_obstacle find_obstacle(
	const struct audit_ruleset *have, enum audit_machine machine)
{
	bool ours = false;

	for (size_t i = 0; i < have->n; i++) {
		const struct audit_rule_data *r = have->v[i];
		ours = ours || audit_rule_is_ours(r);
		if (r->flags == AUDIT_FILTER_EXCLUDE && cuts_records(r))
			return AUDIT_RECORDS_CUT;
		if (r->action != AUDIT_NEVER || !is_general(r))
			continue;
		if (r->flags == AUDIT_FILTER_TASK)
			return AUDIT_TASK_NEVER;
		if (r->flags == AUDIT_FILTER_FS)
			return AUDIT_FILESYSTEM_CUT;
		if (r->flags == AUDIT_FILTER_EXIT && !ours && has_our_calls(r, machine))
			return AUDIT_EXIT_NEVER;
	}
	return AUDIT_CLEAR;
}

int audit_ruleset_compare(const struct audit_ruleset *want, const struct audit_ruleset *have,
	struct audit_difference *ret)
{
	struct audit_ruleset add = {.arena = want->arena}, del = {.arena = want->arena};
	size_t others = 0;

	int r = collect_missing(want, have, &add);
	if (r == 0)
		r = collect_missing(have, want, &del);
	if (r < 0)
		return r;
	for (size_t i = 0; i < have->n; i++)
		others += !audit_rule_is_ours(have->v[i]);
	*ret = (struct audit_difference){.add = add.v,
		.n_add = add.n,
		.del = del.v,
		.n_del = del.n,
		.n_others = others,
		.obstacle = find_obstacle(have, machine_of_rules(want))};
	return 0;
}
