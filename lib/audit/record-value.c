/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "audit/record.h"

enum {
	KEY_SEPARATOR = 1, /* between the keys of several rules: AUDIT_KEY_SEPARATOR of libaudit */
};

bool audit_field_is(const struct audit_field *f, const char *text)
{
	return strlen(text) == f->size && memcmp(f->value, text, f->size) == 0;
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* All n bytes as a number of that base. */
static int parse_number(const char *p, size_t n, unsigned base, uint64_t *ret)
{
	uint64_t v = 0;

	if (n == 0)
		return -EBADMSG;
	for (size_t i = 0; i < n; i++) {
		int digit = hex_digit(p[i]);
		if (digit < 0 || (unsigned)digit >= base ||
			v > (UINT64_MAX - (unsigned)digit) / base)
			return -EBADMSG;
		v = v * base + (unsigned)digit;
	}
	*ret = v;
	return 0;
}

static int field_number(
	const struct audit_fields *f, const char *name, unsigned base, uint64_t *ret)
{
	const struct audit_field *field = audit_field(f, name);

	return field ? parse_number(field->value, field->size, base, ret) : -ENOENT;
}

int audit_field_number(const struct audit_fields *f, const char *name, uint64_t *ret)
{
	return field_number(f, name, 10, ret);
}

int audit_field_hex(const struct audit_fields *f, const char *name, uint64_t *ret)
{
	return field_number(f, name, 16, ret);
}

int audit_field_octal(const struct audit_fields *f, const char *name, uint64_t *ret)
{
	return field_number(f, name, 8, ret);
}

int audit_field_signed(const struct audit_fields *f, const char *name, int64_t *ret)
{
	const struct audit_field *field = audit_field(f, name);
	uint64_t v;

	if (!field)
		return -ENOENT;
	bool minus = field->size > 0 && field->value[0] == '-';
	int r = parse_number(field->value + minus, field->size - minus, 10, &v);
	if (r < 0 || v > (uint64_t)INT64_MAX)
		return -EBADMSG;
	*ret = minus ? -(int64_t)v : (int64_t)v;
	return 0;
}

int audit_field_id(const struct audit_fields *f, const char *name, uint32_t *ret)
{
	const struct audit_field *field = audit_field(f, name);
	uint64_t v = AUDIT_ID_UNSET;

	if (!field)
		return -ENOENT;
	if (!audit_field_is(field, "unset") && !audit_field_is(field, "-1")) {
		int r = parse_number(field->value, field->size, 10, &v);
		if (r < 0 || v > UINT32_MAX)
			return -EBADMSG;
	}
	*ret = (uint32_t)v;
	return 0;
}

int audit_field_device(const struct audit_fields *f, const char *name, uint64_t *ret)
{
	const struct audit_field *field = audit_field(f, name);
	uint64_t major, minor;

	if (!field)
		return -ENOENT;
	const char *colon = memchr(field->value, ':', field->size);
	if (!colon)
		return -EBADMSG;
	size_t n = (size_t)(colon - field->value);
	if (parse_number(field->value, n, 16, &major) < 0 ||
		parse_number(colon + 1, field->size - n - 1, 16, &minor) < 0 ||
		major > UINT32_MAX || minor > UINT32_MAX)
		return -EBADMSG;
	*ret = makedev((unsigned)major, (unsigned)minor);
	return 0;
}

/* What programs and the kernel write in place of a value that they do not have. */
static bool is_nothing(const struct audit_field *f)
{
	static const char *const words[] = {"(null)", "(none)", "?", "(unknown)"};

	for (size_t i = 0; i < ARRAY_SIZE(words) && f->form == AUDIT_BARE; i++) {
		if (audit_field_is(f, words[i]))
			return true;
	}
	return f->form == AUDIT_QUOTED && audit_field_is(f, "?");
}

/* Pairs of digits into out, which has room for half of them. False when they are none. */
static bool decode_hex(const char *p, size_t n, char *out)
{
	if (n == 0 || n % 2 != 0)
		return false;
	for (size_t i = 0; i < n; i += 2) {
		int high = hex_digit(p[i]), low = hex_digit(p[i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i / 2] = (char)(high << 4 | low);
	}
	return true;
}

int audit_field_bytes(struct arena *a, const struct audit_fields *f, const char *name,
	const char **ret, size_t *ret_size)
{
	const struct audit_field *field = audit_field(f, name);

	if (!field || is_nothing(field))
		return -ENOENT;
	if (field->form == AUDIT_QUOTED) {
		char *copy = arena_memdup(a, field->value, field->size);
		if (!copy)
			return -ENOMEM;
		*ret = copy;
		*ret_size = field->size;
		return 0;
	}
	char *out = arena_alloc(a, field->size / 2 + 1);
	if (!out)
		return -ENOMEM;
	if (!decode_hex(field->value, field->size, out))
		return -EBADMSG;
	*ret = out;
	*ret_size = field->size / 2;
	return 0;
}

int audit_field_string(
	struct arena *a, const struct audit_fields *f, const char *name, const char **ret)
{
	const char *bytes;
	size_t n;
	int r = audit_field_bytes(a, f, name, &bytes, &n);

	if (r < 0)
		return r;
	if (memchr(bytes, '\0', n))
		return -EBADMSG;
	*ret = bytes;
	return 0;
}

int audit_field_text(
	struct arena *a, const struct audit_fields *f, const char *name, const char **ret)
{
	const struct audit_field *field = audit_field(f, name);

	if (!field || is_nothing(field))
		return -ENOENT;
	if (memchr(field->value, '\0', field->size))
		return -EBADMSG;
	char *copy = arena_memdup(a, field->value, field->size);
	if (!copy)
		return -ENOMEM;
	*ret = copy;
	return 0;
}

/* Whether p, behind which n bytes follow, begins with the hexadecimal of key and a separator. */
static bool is_hex_key(const char *p, size_t n, const char *key)
{
	size_t len = strlen(key);
	char c;

	if (n < 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!decode_hex(p + 2 * i, 2, &c) || c != key[i])
			return false;
	}
	return n == 2 * len || (decode_hex(p + 2 * len, 2, &c) && c == KEY_SEPARATOR);
}

bool audit_field_has_key(const struct audit_fields *f, const char *key)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct audit_field *field = &f->v[i];
		if (field->enriched || field->name_size != 3 || memcmp(field->name, "key", 3) != 0)
			continue;
		if (field->form == AUDIT_QUOTED)
			return audit_field_is(field, key);
		if (field->size % 2 != 0)
			return false;
		const char *p = field->value, *end = p + field->size;
		bool begins = true;
		for (char c; p < end; p += 2) {
			if (begins && is_hex_key(p, (size_t)(end - p), key))
				return true;
			if (!decode_hex(p, 2, &c))
				return false;
			begins = c == KEY_SEPARATOR;
		}
		return false;
	}
	return false;
}

int audit_field_address(
	const struct audit_fields *f, struct sockaddr_storage *ret, socklen_t *ret_size)
{
	const struct audit_field *field = audit_field(f, "saddr");
	struct sockaddr_storage address = {0};

	if (!field || is_nothing(field))
		return -ENOENT;
	if (field->form != AUDIT_BARE || field->size / 2 > sizeof(address) ||
		field->size / 2 < sizeof(address.ss_family) ||
		!decode_hex(field->value, field->size, (char *)&address))
		return -EBADMSG;
	*ret = address;
	*ret_size = (socklen_t)(field->size / 2);
	return 0;
}
