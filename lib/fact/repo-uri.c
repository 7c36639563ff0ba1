/* SPDX-License-Identifier: ISC */
#include "fact/repo-uri.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

#define MASK "***"

/* The parts of a URI as apt sees them: pointers into the text. */
struct parts {
	const char *scheme, *scheme_end;
	const char *user, *user_end; /* name and password; equal when there are none */
	const char *host, *host_end; /* with port and brackets */
	const char *path;
};

static struct parts split(const char *s)
{
	const char *end = s + strlen(s), *colon = strchrnul(s, ':'), *slash = colon;
	struct parts p = {.scheme = s, .scheme_end = colon};
	const char *start = *colon ? colon + 1 : end;

	if (end - colon > 3 && colon[1] == '/' && colon[2] == '/')
		start = slash = colon + 3;
	for (bool bracket = false; *slash && (*slash != '/' || bracket); slash++) {
		if (*slash == '[')
			bracket = true;
		else if (*slash == ']')
			bracket = false;
	}
	p.path = slash;
	if (start > slash)
		start = slash;
	p.user = p.user_end = p.host = start;
	p.host_end = slash;
	const char *at = memrchr(start, '@', (size_t)(slash - start));
	if (at) {
		p.user_end = at;
		p.host = at + 1;
	}
	return p;
}

/* "mirror+https" is https with a list before it, "tor+http" http through a proxy. */
static const char *transport(struct arena *a, const struct parts *p)
{
	size_t n = (size_t)(p->scheme_end - p->scheme);
	const char *plus = memrchr(p->scheme, '+', n);
	char *s = plus ? arena_strndup(a, plus + 1, (size_t)(p->scheme_end - plus - 1))
		       : arena_strndup(a, p->scheme, n);

	for (char *c = s; c && *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c);
	return s;
}

/* Lower case, without port and brackets. */
static const char *host_name(struct arena *a, const struct parts *p)
{
	const char *start = p->host, *end = start + strcspn(start, "?");
	end = MIN(end, p->host_end);
	const char *close = memrchr(start, ']', (size_t)(end - start));

	if (start < end && *start == '[' && close) {
		start++;
		end = close;
	} else {
		const char *colon = memrchr(start, ':', (size_t)(end - start));
		if (colon)
			end = colon;
	}
	/* A dot at the end is the same name. */
	if (end > start && end[-1] == '.')
		end--;
	char *s = arena_strndup(a, start, (size_t)(end - start));
	for (char *c = s; c && *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c);
	return s;
}

/* Name and password of a second URI within the first ("https://proxy/http://user:password@host").
 */
static const char *mask_inner(struct arena *a, const char *s)
{
	for (const char *p = s; s && (p = strstr(p, "//"));) {
		p += 2;
		size_t n = strcspn(p, "/");
		const char *at = memrchr(p, '@', n);
		if (!at || strncmp(p, MASK "@", strlen(MASK "@")) == 0)
			continue;
		size_t before = (size_t)(p - s);
		s = arena_printf(a, "%.*s" MASK "%s", (int)before, s, at);
		p = s ? s + before : s;
	}
	return s;
}

/* A query may carry a token. */
static const char *masked(struct arena *a, const struct parts *p)
{
	size_t n = strcspn(p->host, "?");

	return mask_inner(a, arena_printf(a, "%.*s%s%.*s%s", (int)(p->user - p->scheme), p->scheme,
				     p->user_end > p->user ? MASK "@" : "", (int)n, p->host,
				     p->host[n] ? "?" MASK : ""));
}

int repo_uri_parse(struct arena *a, const char *text, enum repo_uri_role role, struct repo_uri *ret)
{
	struct parts p = split(text);
	/* "cdrom:[Debian 12]/", "file:/srv": no authority, so no host. */
	bool authority = strncmp(p.scheme_end, "://", 3) == 0;
	struct repo_uri uri = {
		.text = masked(a, &p),
		.scheme = transport(a, &p),
		.host = authority ? host_name(a, &p) : "",
		.role = role,
	};

	if (!uri.text || !uri.scheme || !uri.host)
		return -ENOMEM;
	/* file://localhost/srv and file:///srv are this machine. */
	if (strcmp(uri.scheme, "file") == 0 || strcmp(uri.scheme, "copy") == 0)
		uri.host = "";
	*ret = uri;
	return 0;
}

static bool is_quoted(char c)
{
	return c <= 0x20 || c >= 0x7f || strchr("\\|{}[]<>\"^~_=!@#$%&*", c);
}

char *repo_uri_file_name(struct arena *a, const char *uri, const char *rest)
{
	struct parts p = split(uri);
	size_t size = strlen(uri) + strlen(rest) + 2;
	char *plain = arena_alloc(a, size), *out = arena_alloc(a, size * 3), *w = out;

	if (!plain || !out)
		return NULL;
	(void)snprintf(plain, size, "%s%s%s", p.host, *p.path ? "" : "/", rest);
	const char *c = plain;
	size_t host = (size_t)(p.host_end - p.host);
	for (; *c; c++) {
		/* The brackets of an address are none of its name. */
		if ((*c == '[' || *c == ']') && (size_t)(c - plain) < host)
			continue;
		if (*c == '/')
			*w++ = '_';
		else if (is_quoted(*c))
			w += sprintf(w, "%%%02x", (unsigned char)*c);
		else
			*w++ = *c;
	}
	return out;
}
