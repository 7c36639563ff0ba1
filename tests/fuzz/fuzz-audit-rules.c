/* SPDX-License-Identifier: ISC */
/* Rules as the kernel lists them: lib/audit/rules.c, rules-text.c. Lengths come first. */
#include <stdint.h>
#include <string.h>

#include "audit/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(struct arena *a, const struct audit_ruleset *have)
{
	static const struct audit_place v[] = {{"/etc", true}};
	const struct audit_places places = {.v = (void *)v, .n = 1};
	const struct audit_plan plan = {&places, AUDIT_MACHINE_X86_64, NULL, false};
	struct audit_difference d;
	struct audit_ruleset want;
	size_t left_out;

	audit_ruleset_init(&want, a);
	if (audit_ruleset_plan(&want, &plan, &left_out) < 0 ||
		audit_ruleset_compare(&want, have, &d) < 0)
		return;
	if (d.n_del + d.n_others > have->n || d.n_add > want.n)
		abort();
	for (size_t i = 0; i < d.n_del; i++) {
		if (!audit_rule_is_ours(d.del[i]) || !audit_rule_text(a, d.del[i]))
			abort();
	}
	for (size_t i = 0; i < have->n; i++)
		(void)audit_rule_text(a, have->v[i]);
}

/* Each rule: the bytes of struct audit_rule_data but for its mask, which is 0, and its text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { HEAD = 8 };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct audit_ruleset s;

	if (!a || size > 65536)
		return 0;
	audit_ruleset_init(&s, a);
	while (size >= HEAD) {
		_Alignas(
			struct audit_rule_data) char bytes[sizeof(struct audit_rule_data) + 100] = {
			0};
		struct audit_rule_data *r = (void *)bytes;
		r->flags = data[0] & 15;
		r->action = data[1] & 3;
		r->field_count = data[2];
		size_t n = data[4] % 100, fields = data[2];
		r->buflen = data[3];
		r->mask[data[5] % 64] = data[6];
		data += HEAD;
		size -= HEAD;
		for (size_t i = 0; i < fields && i < AUDIT_MAX_FIELDS && size >= 2; i++) {
			r->fields[i] = data[0];
			r->values[i] = data[1] == 255 ? UINT32_MAX : data[1];
			data += 2;
			size -= 2;
		}
		n = MIN(n, size);
		memcpy(r->buf, data, n);
		data += n;
		size -= n;
		(void)audit_ruleset_add(&s, r, sizeof(*r) + n);
	}
	use(a, &s);
	return 0;
}
