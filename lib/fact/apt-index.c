/* SPDX-License-Identifier: ISC */
#include "fact/apt-index.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"

enum {
	BUFFER_SIZE = 128 * 1024, /* a longer line is read in parts, its end left out */
	FIELD_MAX = 256, /* of a name, a version; longer ones are nothing that dpkg takes */
};

#define TEXT_MAX (UINT64_C(2) << 30)

static uint32_t hash(const char *p, size_t n)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)p[i]) * 16777619u;
	return h;
}

int name_set_init(struct name_set *s, struct arena *a, size_t n)
{
	size_t size = 16;

	while (size < n * 4)
		size *= 2;
	s->slot = arena_alloc(a, size * sizeof(*s->slot));
	s->mask = size - 1;
	return s->slot ? 0 : -ENOMEM;
}

void name_set_add(struct name_set *s, const char *name)
{
	size_t i = hash(name, strlen(name)) & s->mask;

	while (s->slot[i] && strcmp(s->slot[i], name) != 0)
		i = (i + 1) & s->mask;
	s->slot[i] = name;
}

bool name_set_has(const struct name_set *s, const char *p, size_t n)
{
	for (size_t i = hash(p, n) & s->mask; s->slot[i]; i = (i + 1) & s->mask) {
		if (strncmp(s->slot[i], p, n) == 0 && !s->slot[i][n])
			return true;
	}
	return false;
}

/* The paragraph that is being read. */
struct scan {
	const struct name_set *names;
	FILE *out;
	char name[FIELD_MAX], arch[FIELD_MAX], version[FIELD_MAX], phased[FIELD_MAX],
		source[FIELD_MAX];
	bool any;     /* a field of this paragraph was seen */
	bool skip;    /* it is of no name of the set */
	bool in_line; /* the line goes on in the next piece: its end is left out */
	size_t paragraphs;
};

/* The value up to the first blank, if it has room and no byte that would end a field of ours. */
static void take(char to[static FIELD_MAX], const char *p, const char *end)
{
	size_t n = 0;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (p + n < end && (unsigned char)p[n] > ' ')
		n++;
	to[0] = '\0';
	if (n >= FIELD_MAX)
		return;
	memcpy(to, p, n);
	to[n] = '\0';
}

static void end_paragraph(struct scan *s)
{
	if (s->any && !s->skip && s->name[0] && s->version[0])
		(void)fprintf(s->out, "%s %s %s %s %s\n", s->name, s->arch[0] ? s->arch : "-",
			s->version, s->phased[0] ? s->phased : "100",
			s->source[0] ? s->source : s->name);
	s->paragraphs += s->any;
	s->any = s->skip = false;
	s->name[0] = s->arch[0] = s->version[0] = s->phased[0] = s->source[0] = '\0';
}

static bool is_field(const char *p, size_t n, const char *name)
{
	return n == strlen(name) && strncasecmp(p, name, n) == 0;
}

static void take_field(struct scan *s, const char *p, const char *end)
{
	const char *colon = memchr(p, ':', (size_t)(end - p));
	size_t n = colon ? (size_t)(colon - p) : 0;

	s->any = true;
	if (n == 0)
		return;
	switch (*p | 0x20) {
	case 'p':
		if (is_field(p, n, "Package")) {
			take(s->name, colon + 1, end);
			s->skip = !name_set_has(s->names, s->name, strlen(s->name));
		} else if (is_field(p, n, "Phased-Update-Percentage")) {
			take(s->phased, colon + 1, end);
		}
		break;
	case 'a':
		if (is_field(p, n, "Architecture"))
			take(s->arch, colon + 1, end);
		break;
	case 'v':
		if (is_field(p, n, "Version"))
			take(s->version, colon + 1, end);
		break;
	case 's':
		if (is_field(p, n, "Source"))
			take(s->source, colon + 1, end);
		break;
	default:
		break;
	}
}

static void take_line(struct scan *s, const char *p, const char *end)
{
	if (p == end || (end - p == 1 && *p == '\r'))
		end_paragraph(s);
	else if (!s->skip && *p != ' ' && *p != '\t')
		take_field(s, p, end);
}

/*
 * The newline behind which an empty line begins; NULL when there is none before
 * end. Sixteen bytes at a time: of tens of megabytes, most is passed over here.
 */
static const char *find_empty_line(const char *p, const char *end)
{
	typedef uint8_t block __attribute__((vector_size(16)));
	const block newline = (block){0} + '\n', cr = (block){0} + '\r';

	for (; end - p > (ssize_t)sizeof(block); p += sizeof(block)) {
		uint64_t hit[2];
		block a, b;
		memcpy(&a, p, sizeof(a));
		memcpy(&b, p + 1, sizeof(b));
		a = (block)((a == newline) & ((b == newline) | (b == cr)));
		memcpy(hit, &a, sizeof(hit));
		if (hit[0] | hit[1])
			break;
	}
	for (; end - p > 1; p++) {
		if (*p == '\n' && (p[1] == '\n' || p[1] == '\r'))
			return p;
	}
	return NULL;
}

/* The line at which to go on, when that of p is of a paragraph to be skipped. */
static const char *skip_lines(const char *p, const char *end)
{
	if (*p == '\n' || *p == '\r')
		return p;
	const char *nl = find_empty_line(p, end);
	if (!nl)
		nl = memrchr(p, '\n', (size_t)(end - p));
	return nl ? nl + 1 : p;
}

/*
 * Takes the whole lines of size bytes; what is left of the last goes to the
 * front of the buffer. Returns how much that is.
 */
static size_t take_lines(struct scan *s, char *buffer, size_t size)
{
	const char *p = buffer, *end = buffer + size, *nl;

	while ((nl = memchr(p, '\n', (size_t)(end - p)))) {
		if (s->in_line)
			s->in_line = false;
		else
			take_line(s, p, nl);
		p = nl + 1;
		if (s->skip && p < end)
			p = skip_lines(p, end);
	}
	size_t left = (size_t)(end - p);
	if (left == BUFFER_SIZE || s->in_line) {
		/* A line longer than the buffer: its beginning has to do. */
		if (!s->in_line)
			take_line(s, p, end);
		s->in_line = true;
		left = 0;
	}
	memmove(buffer, p, left);
	return left;
}

static int finish(struct scan *s, const char *buffer, size_t left)
{
	if (left > 0 && !s->in_line)
		take_line(s, buffer, buffer + left);
	end_paragraph(s);
	return ferror(s->out) ? -ENOMEM : 0;
}

int apt_index_extract(int fd, enum unpack_form form, const struct name_set *names, FILE *out)
{
	_cleanup_(unpack_freep) struct unpack *u = NULL;
	_cleanup_free_ char *buffer = malloc(BUFFER_SIZE);
	struct scan s = {.names = names, .out = out};
	uint64_t total = 0;
	size_t left = 0;
	ssize_t n;
	int r = buffer ? unpack_new(fd, form, &u) : -ENOMEM;

	if (r < 0)
		return r;
	while ((n = unpack_read(u, buffer + left, BUFFER_SIZE - left)) > 0) {
		total += (uint64_t)n;
		if (total > TEXT_MAX)
			return -EFBIG;
		left = take_lines(&s, buffer, left + (size_t)n);
	}
	return n < 0 ? (int)n : finish(&s, buffer, left);
}

int apt_index_extract_text(
	const char *text, size_t size, size_t piece, const struct name_set *names, FILE *out)
{
	_cleanup_free_ char *buffer = malloc(BUFFER_SIZE);
	struct scan s = {.names = names, .out = out};
	size_t left = 0;

	if (!buffer)
		return -ENOMEM;
	for (size_t n; size > 0; text += n, size -= n) {
		n = MIN(MIN(size, piece), BUFFER_SIZE - left);
		memcpy(buffer + left, text, n);
		left = take_lines(&s, buffer, left + n);
	}
	return finish(&s, buffer, left);
}
