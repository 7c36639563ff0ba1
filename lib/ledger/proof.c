/* SPDX-License-Identifier: ISC */
/* Evidence as it is stored with a finding. */
#include <errno.h>

#include "base/json.h"
#include "ledger/finding.h"

static int put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value); /* takes the value, refuses NULL */
}

static int put_string(json_t *object, const char *key, const char *value)
{
	return value ? put(object, key, json_string(value)) : 0;
}

static json_t *encode(const struct proof *p)
{
	json_t *object = json_object();

	if (put_string(object, "subject", p->subject) < 0 ||
		put_string(object, "item", p->item) < 0 ||
		put_string(object, "observed", p->observed) < 0 ||
		put_string(object, "expected", p->expected) < 0 ||
		put_string(object, "path", p->path) < 0 ||
		(p->line > 0 && put(object, "line", json_integer(p->line)) < 0) ||
		(p->waived && put(object, "waived", json_true()) < 0) ||
		(p->sentence && put(object, "sentence", json_true()) < 0) ||
		put(object, "result", json_string(result_name(p->result))) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

char *proofs_encode(const struct proofs *p)
{
	json_t *array = json_array();
	char *text = NULL;
	size_t i;

	for (i = 0; i < p->n; i++) {
		if (json_array_append_new(array, encode(&p->v[i])) < 0)
			break;
	}
	if (array && i == p->n)
		text = json_text(array);
	json_decref(array);
	return text;
}

static const char *get_string(struct arena *a, const json_t *object, const char *key)
{
	return arena_strdup(a, json_string_value(json_object_get(object, key)));
}

static int decode(struct arena *a, const json_t *object, struct proof *ret)
{
	const char *word = json_string_value(json_object_get(object, "result"));
	int result = word ? result_from_name(word) : -EINVAL;

	if (result < 0)
		return -EUCLEAN;
	*ret = (struct proof){
		.subject = get_string(a, object, "subject"),
		.item = get_string(a, object, "item"),
		.observed = get_string(a, object, "observed"),
		.expected = get_string(a, object, "expected"),
		.path = get_string(a, object, "path"),
		.line = (unsigned)json_integer_value(json_object_get(object, "line")),
		.result = (enum result)result,
		.waived = json_is_true(json_object_get(object, "waived")),
		.sentence = json_is_true(json_object_get(object, "sentence")),
	};
	return arena_failed(a) ? -ENOMEM : 0;
}

int proofs_decode(struct arena *a, const char *json, struct proofs *ret)
{
	json_t *array = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
	struct proofs p = {.n = json_array_size(array)};
	int r = json_is_array(array) ? 0 : -EUCLEAN;

	if (r == 0)
		p.v = arena_alloc(a, p.n * sizeof(*p.v));
	if (r == 0 && !p.v)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < p.n; i++)
		r = decode(a, json_array_get(array, i), &p.v[i]);
	json_decref(array);
	if (r == 0)
		*ret = p;
	return r;
}
