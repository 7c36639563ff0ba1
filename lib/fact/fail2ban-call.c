/* SPDX-License-Identifier: ISC */
#include "fact/fail2ban-call.h"

#include <errno.h>
#include <string.h>

#include "fact/fail2ban-ini.h"

/* One option of "NAME[key=value, key="value"][...]". */
struct named_option {
	const char *key, *value;
	size_t key_n, value_n;
};

/*
 * Takes the next option of *text, which ends at end. 1, 0 at the end, -EINVAL
 * for what fail2ban does not take for options.
 */
static int next_option(const char **text, const char *end, struct named_option *ret)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "_-.";
	const char *s = *text + strspn(*text, " \t\n\r\f\v");
	size_t n = strspn(s, word);

	if (s >= end || (*s == ',' && s + 1 + strspn(s + 1, " \t\n\r\f\v") >= end))
		return 0;
	if (n == 0 || s[n] != '=')
		return -EINVAL;
	*ret = (struct named_option){.key = s, .key_n = n, .value = s + n + 1};
	const char *close = *ret->value == '"' || *ret->value == '\''
				    ? strchr(ret->value + 1, *ret->value)
				    : NULL;
	if (close && close < end) {
		ret->value++;
		ret->value_n = (size_t)(close - ret->value);
		s = close + 1;
	} else {
		ret->value_n = MIN(strcspn(ret->value, ",]"), (size_t)(end - ret->value));
		s = ret->value + ret->value_n;
	}
	if (s < end && *s == ']') {
		s += 1 + strspn(s + 1, " \t\n\r\f\v");
		if (s >= end || *s != '[')
			return -EINVAL;
	} else if (s < end && *s != ',') {
		return -EINVAL;
	}
	*text = s + (s < end);
	return 1;
}

/* Where the options of "NAME[options]" begin and end; *ret NULL without any. -EINVAL: neither. */
static int find_options(const char *text, const char **ret, const char **ret_end)
{
	const char *open = strchr(text, '['), *close = open ? strrchr(open, ']') : NULL;

	if (!*text || open == text || (open && !close) ||
		(close && close[1 + strspn(close + 1, " \t\n\r\f\v")]))
		return -EINVAL;
	*ret = open ? open + 1 : NULL;
	*ret_end = close;
	return 0;
}

int f2b_call_option(struct arena *a, const char *call, const char *key, const char **ret)
{
	struct named_option o;
	const char *s = NULL, *end = NULL;
	int r = find_options(call, &s, &end);

	*ret = NULL;
	while (r >= 0 && s && (r = next_option(&s, end, &o)) > 0) {
		if (!key || strlen(key) != o.key_n || strncmp(key, o.key, o.key_n) != 0)
			continue;
		*ret = arena_strndup(a, o.value, o.value_n);
		if (!*ret)
			return -ENOMEM;
	}
	return r;
}

const char *f2b_call_key(struct arena *a, const char *call, size_t n)
{
	struct named_option o;
	const char *s = NULL, *end = NULL;

	if (find_options(call, &s, &end) < 0)
		return NULL;
	while (s && next_option(&s, end, &o) > 0) {
		if (n-- == 0)
			return arena_strndup(a, o.key, o.key_n);
	}
	return NULL;
}

char *f2b_call_name(struct arena *a, const char *call)
{
	return arena_strndup(a, call, strcspn(call, "["));
}

char *f2b_call_next(struct arena *a, const char **text)
{
	const char *s = *text;
	size_t k, n = 0;

	while ((k = f2b_space(s, strlen(s))) > 0)
		s += k;
	if (!*s)
		return NULL;
	while (s[n] && s[n] != '[' && !f2b_space(s + n, strlen(s + n)))
		n++;
	size_t open = n + strspn(s + n, " \t");
	for (char quote = '\0'; s[open] == '['; open += strspn(s + open, " \t")) {
		for (n = open + 1; s[n] && (quote || s[n] != ']'); n++) {
			if (quote ? s[n] == quote : s[n] == '"' || s[n] == '\'')
				quote = quote ? '\0' : s[n];
		}
		n += s[n] != '\0';
		open = n;
	}
	*text = s + n;
	return arena_strndup(a, s, n);
}
