/* SPDX-License-Identifier: ISC */
#include "base/text.h"

#include <errno.h>
#include <fnmatch.h>
#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Length of the well-formed UTF-8 sequence at p (RFC 3629), 0 when it is none. */
static size_t utf8_sequence(const unsigned char *p, size_t n, unsigned *ret_code)
{
	static const unsigned min[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = p[0] < 0x80 ? 1
	    : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
	    : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
	    : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
					  : 0;
	if (len == 0 || len > n)
		return 0;
	unsigned code = len == 1 ? p[0] : p[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < min[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	*ret_code = code;
	return len;
}

/* Characters that are valid but change how the rest of a line is shown. */
static bool is_deceptive(unsigned code)
{
	return (code >= 0x80 && code < 0xa0) || code == 0xad || code == 0x61c ||
	    (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	    (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
	    (code >= 0xfff9 && code <= 0xfffb) || (code >= 0xe0000 && code <= 0xe0fff);
}

/* Writes the shown form of the character at p into out; returns bytes consumed. */
static size_t escape_one(const unsigned char *p, size_t n, char out[static 16], size_t *ret_len)
{
	unsigned code = 0;
	size_t len = utf8_sequence(p, n, &code);
	int w;

	if (len == 0) {
		w = snprintf(out, 16, "\\x%02x", p[0]);
		len = 1;
	} else if (code == '\\') {
		w = snprintf(out, 16, "\\\\");
	} else if (code == '\n') {
		w = snprintf(out, 16, "\\n");
	} else if (code == '\t') {
		w = snprintf(out, 16, "\\t");
	} else if (code == '\r') {
		w = snprintf(out, 16, "\\r");
	} else if (code < 0x20 || code == 0x7f) {
		w = snprintf(out, 16, "\\x%02x", code);
	} else if (is_deceptive(code)) {
		w = snprintf(out, 16, "\\u{%x}", code);
	} else {
		memcpy(out, p, len);
		w = (int)len;
	}
	*ret_len = (size_t)w;
	return len;
}

char *text_escape(struct arena *a, const char *s, size_t n, size_t max)
{
	const unsigned char *p = (const unsigned char *)s;
	char shown[16];
	size_t total = 0, len;

	/* Names and versions by the thousand are plain ASCII: nothing to do but copy. */
	while (total < n && p[total] >= 0x20 && p[total] < 0x7f && p[total] != '\\')
		total++;
	if (total == n && n <= max)
		return arena_strndup(a, s, n);
	total = 0;
	for (size_t i = 0; i < n && total <= max; total += len)
		i += escape_one(p + i, n - i, shown, &len);

	bool cut = total > max;
	size_t room = cut ? (max > 3 ? max - 3 : 0) : total;
	char *out = arena_alloc(a, room + 4), *w = out;
	if (!out)
		return NULL;
	for (size_t i = 0; i < n;) {
		i += escape_one(p + i, n - i, shown, &len);
		if ((size_t)(w - out) + len > room)
			break;
		memcpy(w, shown, len);
		w += len;
	}
	if (cut)
		memcpy(w, "...", 3);
	return out;
}

char *text_clean(struct arena *a, const char *s)
{
	return s ? text_escape(a, s, strlen(s), 1024) : NULL;
}

char *text_sha256(struct arena *a, const void *p, size_t n)
{
	struct sha256_ctx ctx;
	uint8_t digest[SHA256_DIGEST_SIZE];
	char b64[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE)];

	sha256_init(&ctx);
	sha256_update(&ctx, n, p);
	sha256_digest(&ctx, sizeof(digest), digest);
	base64_encode_raw(b64, sizeof(digest), digest);
	return arena_printf(a, "SHA256:%.43s", b64);
}

bool text_glob(const char *pattern, const char *s)
{
	return fnmatch(pattern, s, 0) == 0;
}

char *text_rfc3339(char buf[static 32], uint64_t realtime_usec)
{
	time_t t = (time_t)(realtime_usec / USEC_PER_SEC);
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(buf, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		buf[0] = '\0';
	return buf;
}

int text_date(const char *s, uint64_t *ret_realtime_usec)
{
	struct tm tm = {0}, back;

	if (strlen(s) != 10 || strspn(s, "0123456789-") != 10 || s[4] != '-' || s[7] != '-' ||
		strchr(s + 8, '-') || memchr(s, '-', 4) || memchr(s + 5, '-', 2))
		return -EINVAL;
	tm.tm_year = atoi(s) - 1900;
	tm.tm_mon = atoi(s + 5) - 1;
	tm.tm_mday = atoi(s + 8);
	back = tm;
	time_t t = timegm(&back); /* turns February 30 into March 2 */
	if (t < 0 || back.tm_mday != tm.tm_mday || back.tm_mon != tm.tm_mon)
		return -EINVAL;
	*ret_realtime_usec = ((uint64_t)t * USEC_PER_SEC) + USEC_PER_DAY - 1;
	return 0;
}

char *text_day(char buf[static 16], uint64_t realtime_usec)
{
	char full[32];

	(void)text_rfc3339(full, realtime_usec);
	(void)snprintf(buf, 16, "%.10s", full);
	return buf;
}

const char *text_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool text_ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), len = strlen(end);

	return n >= len && strcmp(s + n - len, end) == 0;
}
