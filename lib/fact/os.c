/* SPDX-License-Identifier: ISC */
#include "fact/os.h"

#include <errno.h>
#include <string.h>

#include "fact/collectors.h"

enum {
	OS_RELEASE_MAX = 64 * 1024,
};

/* One value: quotes removed, backslash escapes resolved as a shell would. */
static char *unquote(struct arena *a, const char *s, size_t n)
{
	char *out = arena_alloc(a, n + 1), *w = out, quote = '\0';

	for (size_t i = 0; out && i < n; i++) {
		if (s[i] == quote) {
			quote = '\0';
		} else if (!quote && (s[i] == '"' || s[i] == '\'')) {
			quote = s[i];
		} else {
			if (s[i] == '\\' && quote != '\'' && i + 1 < n)
				i++;
			*w++ = s[i];
		}
	}
	return out;
}

static enum os_family family_of(const char *ids)
{
	static const struct {
		const char *id;
		enum os_family family;
	} known[] = {
		{"debian", OS_DEBIAN}, {"ubuntu", OS_DEBIAN}, {"rhel", OS_RHEL},
		{"fedora", OS_RHEL}, {"centos", OS_RHEL}, {"amzn", OS_RHEL}, {"suse", OS_SUSE},
		{"sles", OS_SUSE}, {"opensuse", OS_SUSE}, {"alpine", OS_ALPINE},
	};

	for (const char *p = ids + strspn(ids, " "); *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
			if (strlen(known[i].id) == n && strncmp(p, known[i].id, n) == 0)
				return known[i].family;
		}
		p += n;
	}
	return OS_OTHER;
}

int os_parse(struct arena *a, const char *text, struct os *ret)
{
	struct os os = {.id = "", .version_id = "", .pretty_name = "", .support_end = "", .codename = ""};
	const char *like = "";
	const struct {
		const char *key, **value;
	} keys[] = {
		{"ID", &os.id}, {"VERSION_ID", &os.version_id}, {"PRETTY_NAME", &os.pretty_name},
		{"SUPPORT_END", &os.support_end}, {"VERSION_CODENAME", &os.codename},
		{"ID_LIKE", &like},
	};

	for (const char *p = text; *p; p += *p == '\n') {
		size_t len = strcspn(p, "\n"), name = strcspn(p, "=\n");
		for (size_t i = 0; i < ARRAY_SIZE(keys) && name < len; i++) {
			if (strlen(keys[i].key) == name && strncmp(p, keys[i].key, name) == 0) {
				*keys[i].value = unquote(a, p + name + 1, len - name - 1);
				if (!*keys[i].value)
					return -ENOMEM;
			}
		}
		p += len;
	}
	os.family = family_of(os.id);
	if (os.family == OS_OTHER)
		os.family = family_of(like);
	*ret = os;
	return 0;
}

static int os_collect(const struct collect *c, struct fact *f)
{
	static const char *const paths[] = {"/etc/os-release", "/usr/lib/os-release"};
	_cleanup_file_ struct file file = {0};
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(paths) && r == -ENOENT; i++)
		r = root_read(c->root, paths[i], OS_RELEASE_MAX, &file);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		fact_fail(f, r, "/etc/os-release %s", fsio_strerror(r));
		return 0;
	}
	struct os *os = arena_alloc(f->arena, sizeof(*os));
	if (!os)
		return -ENOMEM;
	r = os_parse(f->arena, file.data, os);
	f->u.os = os;
	return r;
}

const struct collector collector_os = {
	.id = FACT_OS,
	.name = "os",
	.collect = os_collect,
};
