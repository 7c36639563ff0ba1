/* SPDX-License-Identifier: ISC */
#include "fact/updateinfo.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	TAG_SIZE = 16 * 1024, /* a longer tag is none that counts */
	BUFFER_SIZE = 64 * 1024,
	FIELD_SIZE = 256,
};

#define TEXT_MAX (UINT64_C(2) << 30)

/* Tags as they come; what is text is passed over but for the first bytes behind a tag. */
struct xml {
	char tag[TAG_SIZE]; /* without < and >, while it is collected */
	size_t n;
	bool in_tag, too_long;
	char text[FIELD_SIZE]; /* behind the last tag */
	size_t text_n;
	bool any;
	int (*on_tag)(struct xml *x, const char *tag); /* text is still that before the tag */
};

/* Whether what was collected of a tag is all of it: comments and CDATA end with marks of their own.
 */
static bool tag_ends(const struct xml *x)
{
	if (strncmp(x->tag, "!--", MIN(x->n, 3U)) == 0 && x->n >= 3)
		return x->n >= 5 && memcmp(x->tag + x->n - 2, "--", 2) == 0;
	if (x->n >= 8 && memcmp(x->tag, "![CDATA[", 8) == 0)
		return memcmp(x->tag + x->n - 2, "]]", 2) == 0;
	return true;
}

static void collect(struct xml *x, const char *p, size_t n)
{
	/* Of a long comment its end is what counts. */
	if (x->n + n >= TAG_SIZE) {
		x->too_long = true;
		if (n > TAG_SIZE / 4) {
			p += n - TAG_SIZE / 4;
			n = TAG_SIZE / 4;
		}
		x->n = 16;
	}
	memcpy(x->tag + x->n, p, n);
	x->n += n;
}

static int tag_end(struct xml *x)
{
	if (!tag_ends(x)) {
		collect(x, ">", 1);
		return 0;
	}
	x->tag[x->n] = '\0';
	x->text[x->text_n] = '\0';
	int r = x->too_long || *x->tag == '!' ? 0 : x->on_tag(x, x->tag);
	x->any = true;
	x->in_tag = x->too_long = false;
	x->n = x->text_n = 0;
	return r;
}

static void take_text(struct xml *x, const char *p, size_t n)
{
	n = MIN(n, FIELD_SIZE - 1 - x->text_n);
	memcpy(x->text + x->text_n, p, n);
	x->text_n += n;
}

static int feed(struct xml *x, const char *p, size_t size)
{
	const char *end = p + size;
	int r = 0;

	while (p < end && r >= 0) {
		const char *mark = memchr(p, x->in_tag ? '>' : '<', (size_t)(end - p));
		size_t n = (size_t)((mark ? mark : end) - p);
		if (x->in_tag)
			collect(x, p, n);
		else
			take_text(x, p, n);
		if (!mark)
			return 0;
		p = mark + 1;
		if (x->in_tag)
			r = tag_end(x);
		else
			x->in_tag = true;
	}
	return r;
}

/* The value of an attribute, or "" when the tag has none of that name. */
static void attribute(const char *tag, const char *name, char ret[static FIELD_SIZE])
{
	size_t n = strlen(name);

	ret[0] = '\0';
	for (const char *p = tag; (p = strstr(p, name)); p += n) {
		if (p == tag || !strchr(" \t\r\n", p[-1]) || p[n] != '=' ||
			(p[n + 1] != '"' && p[n + 1] != '\''))
			continue;
		const char *value = p + n + 2, *end = strchr(value, p[n + 1]);
		if (end && (size_t)(end - value) < FIELD_SIZE) {
			memcpy(ret, value, (size_t)(end - value));
			ret[end - value] = '\0';
		}
		return;
	}
}

static bool is_element(const char *tag, const char *name)
{
	size_t n = strlen(name);

	return strncmp(tag, name, n) == 0 && (!tag[n] || strchr(" \t\r\n/", tag[n]));
}

struct reading {
	struct xml xml; /* first: on_tag gets it */
	bool security;
	char id[FIELD_SIZE], module[FIELD_SIZE], stream[FIELD_SIZE];
	int (*each)(const struct advisory_package *p, void *arg);
	void *arg;
	bool document; /* the root element was seen */
};

static int on_package(struct reading *rd, const char *tag)
{
	char name[FIELD_SIZE], epoch[FIELD_SIZE], version[FIELD_SIZE], release[FIELD_SIZE],
		arch[FIELD_SIZE];

	attribute(tag, "name", name);
	attribute(tag, "epoch", epoch);
	attribute(tag, "version", version);
	attribute(tag, "release", release);
	attribute(tag, "arch", arch);
	if (!*name || !*version)
		return 0;
	return rd->each(
		&(struct advisory_package){
			.id = rd->id,
			.name = name,
			.epoch = epoch,
			.version = version,
			.release = release,
			.arch = arch,
			.module = rd->module,
			.stream = rd->stream,
		},
		rd->arg);
}

static int on_tag(struct xml *x, const char *tag)
{
	struct reading *rd = (struct reading *)x;
	char type[FIELD_SIZE];

	if (is_element(tag, "updates")) {
		rd->document = true;
	} else if (is_element(tag, "update")) {
		attribute(tag, "type", type);
		rd->security = strcmp(type, "security") == 0;
		rd->id[0] = rd->module[0] = rd->stream[0] = '\0';
	} else if (!rd->security) {
		return 0;
	} else if (strcmp(tag, "/id") == 0 && !rd->id[0]) {
		(void)snprintf(rd->id, sizeof(rd->id), "%s", x->text);
	} else if (is_element(tag, "collection")) {
		rd->module[0] = rd->stream[0] = '\0';
	} else if (is_element(tag, "module")) {
		attribute(tag, "name", rd->module);
		attribute(tag, "stream", rd->stream);
	} else if (is_element(tag, "package")) {
		return on_package(rd, tag);
	}
	return 0;
}

static int end_document(const struct reading *rd)
{
	return rd->document && !rd->xml.in_tag ? 0 : -EBADMSG;
}

int updateinfo_read(
	struct unpack *u, int (*each)(const struct advisory_package *p, void *arg), void *arg)
{
	_cleanup_free_ char *buffer = malloc(BUFFER_SIZE);
	_cleanup_free_ struct reading *rd = calloc(1, sizeof(*rd));
	uint64_t total = 0;
	ssize_t n;

	if (!buffer || !rd)
		return -ENOMEM;
	rd->xml.on_tag = on_tag;
	rd->each = each;
	rd->arg = arg;
	while ((n = unpack_read(u, buffer, BUFFER_SIZE)) > 0) {
		total += (uint64_t)n;
		int r = total > TEXT_MAX ? -EFBIG : feed(&rd->xml, buffer, (size_t)n);
		if (r < 0)
			return r;
	}
	return n < 0 ? (int)n : end_document(rd);
}

int updateinfo_read_text(const char *text, size_t size, size_t piece,
	int (*each)(const struct advisory_package *p, void *arg), void *arg)
{
	_cleanup_free_ struct reading *rd = calloc(1, sizeof(*rd));

	if (!rd)
		return -ENOMEM;
	rd->xml.on_tag = on_tag;
	rd->each = each;
	rd->arg = arg;
	for (size_t n; size > 0; text += n, size -= n) {
		n = MIN(size, piece);
		int r = feed(&rd->xml, text, n);
		if (r < 0)
			return r;
	}
	return end_document(rd);
}

struct contents {
	struct xml xml;
	bool document, inside;
	char *ret;
	size_t ret_size;
};

static int on_contents(struct xml *x, const char *tag)
{
	struct contents *c = (struct contents *)x;
	char value[FIELD_SIZE];

	if (is_element(tag, "repomd")) {
		c->document = true;
	} else if (is_element(tag, "data")) {
		attribute(tag, "type", value);
		c->inside = strcmp(value, "updateinfo") == 0;
	} else if (c->inside && is_element(tag, "location")) {
		attribute(tag, "href", value);
		(void)snprintf(c->ret, c->ret_size, "%s", value);
	}
	return 0;
}

int repomd_updateinfo(const char *text, size_t size, char *ret, size_t ret_size)
{
	_cleanup_free_ struct contents *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->xml.on_tag = on_contents;
	c->ret = ret;
	c->ret_size = ret_size;
	ret[0] = '\0';
	int r = feed(&c->xml, text, size);
	if (r < 0)
		return r;
	return c->document && !c->xml.in_tag ? 0 : -EBADMSG;
}
