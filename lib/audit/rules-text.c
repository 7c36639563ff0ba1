/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "audit/rules.h"

static const char *field_name(uint32_t type)
{
	switch (type) {
	case AUDIT_ARCH:
		return "arch";
	case AUDIT_ARG0:
		return "a0";
	case AUDIT_SADDR_FAM:
		return "saddr_fam";
	case AUDIT_SUCCESS:
		return "success";
	case AUDIT_DIR:
		return "dir";
	case AUDIT_WATCH:
		return "path";
	case AUDIT_EXE:
		return "exe";
	case AUDIT_PERM:
		return "perm";
	case AUDIT_FILTERKEY:
		return "key";
	default:
		return NULL;
	}
}

static const char *value_text(
	struct arena *a, const struct audit_rule_data *r, uint32_t i, size_t at)
{
	switch (r->fields[i]) {
	case AUDIT_DIR:
	case AUDIT_WATCH:
	case AUDIT_EXE:
	case AUDIT_FILTERKEY:
		return arena_strndup(a, r->buf + at, r->values[i]);
	case AUDIT_ARCH:
		return r->values[i] & __AUDIT_ARCH_64BIT ? "b64" : "b32";
	case AUDIT_PERM:
		return r->values[i] == (AUDIT_PERM_WRITE | AUDIT_PERM_ATTR) ? "wa" : "rwxa";
	default:
		return arena_printf(a, "%u", r->values[i]);
	}
}

static const char *field_text(
	struct arena *a, const struct audit_rule_data *r, uint32_t i, size_t at)
{
	const char *name = field_name(r->fields[i]), *value = value_text(a, r, i, at);
	const char *op = r->fieldflags[i] == AUDIT_NOT_EQUAL ? "!=" : "=";

	if (!value)
		return NULL;
	return name ? arena_printf(a, " -F %s%s%s", name, op, value)
		    : arena_printf(a, " -F field%u%s%s", r->fields[i], op, value);
}

/* The calls of our rules; of other rules a call is its number. */
static const struct {
	uint32_t arch;
	int number;
	const char *name;
} calls[] = {
	{AUDIT_ARCH_X86_64, 49, "bind"},
	{AUDIT_ARCH_X86_64, 50, "listen"},
	{AUDIT_ARCH_I386, 102, "socketcall"},
	{AUDIT_ARCH_I386, 361, "bind"},
	{AUDIT_ARCH_I386, 363, "listen"},
	{AUDIT_ARCH_AARCH64, 200, "bind"},
	{AUDIT_ARCH_AARCH64, 201, "listen"},
	{AUDIT_ARCH_ARM, 282, "bind"},
	{AUDIT_ARCH_ARM, 284, "listen"},
};

static const char *call_name(struct arena *a, uint32_t arch, int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i].arch == arch && calls[i].number == number)
			return arena_printf(a, " -S %s", calls[i].name);
	}
	return arena_printf(a, " -S %d", number);
}

/* The first system call of the rule, "" when it has all or none. */
static const char *call_text(struct arena *a, const struct audit_rule_data *r)
{
	uint32_t arch = r->field_count > 0 && r->fields[0] == AUDIT_ARCH ? r->values[0] : 0;

	for (int i = 0; i < (AUDIT_BITMASK_SIZE - 1) * 32; i++) {
		if (!(r->mask[AUDIT_WORD(i)] & AUDIT_BIT(i)))
			continue;
		return r->mask[AUDIT_WORD(i)] == UINT32_MAX ? "" : call_name(a, arch, i);
	}
	return "";
}

const char *audit_rule_text(struct arena *a, const struct audit_rule_data *r)
{
	const char *text = "-a always,exit", *call = call_text(a, r);
	bool told = false;
	size_t at = 0;

	for (uint32_t i = 0; i < r->field_count && text && call; i++) {
		const char *field = field_text(a, r, i, at);
		text = field ? arena_printf(a, "%s%s", text, field) : NULL;
		/* What a number means depends on the architecture, which auditctl wants first. */
		if (text && !told)
			text = arena_printf(a, "%s%s", text, call);
		told = true;
		switch (r->fields[i]) {
		case AUDIT_DIR:
		case AUDIT_WATCH:
		case AUDIT_EXE:
		case AUDIT_FILTERKEY:
			at += r->values[i];
			break;
		default:
			break;
		}
	}
	return call ? text : NULL;
}
