/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/util.h"
#include "fact/package-files.h"

enum {
	MD5_HEX = 32,
	PATH_ROOM = 4096,
	NAME_ROOM = 256,
};

static bool is_hex(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f')))
			return false;
	}
	return true;
}

/* "libc6" of "libc6:amd64"; false when it is longer than names are. */
static bool bare_name(const char *package, size_t n, char ret[static NAME_ROOM])
{
	const char *colon = memchr(package, ':', n);
	size_t len = colon ? (size_t)(colon - package) : n;

	if (len == 0 || len >= NAME_ROOM)
		return false;
	memcpy(ret, package, len);
	ret[len] = '\0';
	return true;
}

/* ---- dpkg ---- */

int package_files_md5sums(const char *package, const char *text, size_t n, package_digest_fn *each,
	void *arg, unsigned *ret_line)
{
	char name[NAME_ROOM], path[PATH_ROOM] = "/", hex[MD5_HEX + 1];
	const char *end = text + n;
	unsigned number = 0;

	if (!bare_name(package, strlen(package), name))
		return 0;
	for (const char *line = text, *next; line < end; line = next) {
		const char *nl = memchr(line, '\n', (size_t)(end - line)), *eol = nl ? nl : end;
		next = nl ? nl + 1 : end;
		number++;
		/* dpkg itself takes two blanks between them, of which the second may be "*". */
		if (eol - line < MD5_HEX + 3 || !is_hex(line, MD5_HEX) || line[MD5_HEX] != ' ') {
			*ret_line = number;
			return -EBADMSG;
		}
		const char *p = line + MD5_HEX + 2;
		p += eol - p > 2 && p[0] == '.' && p[1] == '/' ? 2 : 0;
		if (*p == '/')
			p++;
		if (eol - p >= PATH_ROOM - 1 || memchr(p, '\0', (size_t)(eol - p)))
			continue;
		memcpy(path + 1, p, (size_t)(eol - p));
		path[1 + (eol - p)] = '\0';
		if (!package_files_wants(name, path))
			continue;
		(void)snprintf(hex, sizeof(hex), "%.*s", MD5_HEX, line);
		int r = each(&(struct package_digest){package, path, "MD5", hex, false}, arg);
		if (r < 0)
			return r;
	}
	return 0;
}

/* " /etc/pam.d/sshd MD5 [obsolete|remove-on-upgrade]"; "newconffile" has no digest yet. */
static int take_conffile(
	const char *package, const char *line, const char *eol, package_digest_fn *each, void *arg)
{
	char path[PATH_ROOM], hex[MD5_HEX + 1];
	const char *blank = memchr(line, ' ', (size_t)(eol - line));

	if (*line != '/' || !blank || blank - line >= PATH_ROOM || eol - blank != MD5_HEX + 1 ||
		!is_hex(blank + 1, MD5_HEX) || memchr(line, '\0', (size_t)(blank - line)))
		return 0;
	(void)snprintf(path, sizeof(path), "%.*s", (int)(blank - line), line);
	/* Large, and made anew by whoever wants other groups. */
	if (strcmp(path, "/etc/ssh/moduli") == 0)
		return 0;
	(void)snprintf(hex, sizeof(hex), "%.*s", MD5_HEX, blank + 1);
	return each(&(struct package_digest){package, path, "MD5", hex, true}, arg);
}

/* The value of a field, if the line has it. */
static const char *field(const char *line, const char *eol, const char *name)
{
	size_t n = strlen(name);

	if ((size_t)(eol - line) < n || memcmp(line, name, n) != 0)
		return NULL;
	line += n;
	while (line < eol && *line == ' ')
		line++;
	return line;
}

int package_files_conffiles(const char *text, size_t n, package_digest_fn *each, void *arg)
{
	char package[NAME_ROOM] = "";
	const char *end = text + n;
	bool wanted = false, list = false;

	for (const char *line = text, *next; line < end; line = next) {
		const char *nl = memchr(line, '\n', (size_t)(end - line)), *eol = nl ? nl : end;
		next = nl ? nl + 1 : end;
		const char *value = field(line, eol, "Package:");
		if (value) {
			wanted = bare_name(value, (size_t)(eol - value), package) &&
				 package_files_wants_package(package);
			list = false;
			/* Most are not: what dpkg says of them is passed over at once. */
			const char *blank = wanted ? NULL
						   : memmem(eol, (size_t)(end - eol), "\n\n", 2);
			next = wanted ? next : blank ? blank + 2 : end;
		} else if (eol == line) {
			wanted = false;
		} else if (*line != ' ') {
			list = wanted && field(line, eol, "Conffiles:");
			value = field(line, eol, "Status:");
			/* Removed, with its configuration left behind: nobody's any more. */
			if (value && !memmem(value, (size_t)(eol - value), " installed", 10))
				wanted = false;
		} else if (list) {
			int r = take_conffile(package, line + 1, eol, each, arg);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* ---- rpm ---- */

enum {
	TAG_NAME = 1000,
	TAG_FILESTATES = 1029,
	TAG_FILEMODES = 1030,
	TAG_FILEDIGESTS = 1035,
	TAG_FILEFLAGS = 1037,
	TAG_DIRINDEXES = 1116,
	TAG_BASENAMES = 1117,
	TAG_DIRNAMES = 1118,
	TAG_FILEDIGESTALGO = 5011,
	TYPE_CHAR = 1,
	TYPE_INT16 = 3,
	TYPE_INT32 = 4,
	TYPE_STRING = 6,
	TYPE_STRINGS = 8,
	FILE_CONFIG = 1 << 0,
	FILE_GHOST = 1 << 6,
	ENTRY_SIZE = 16,
	ENTRIES_MAX = 0xffff, /* rpm's own limits */
	DATA_MAX = 256 << 20,
	FILES_MAX = 100000,
};

/* A tag's data: count values, and how many bytes there are until the header's end. */
struct tag {
	const uint8_t *p;
	uint32_t count;
	size_t size;
};

struct header {
	const uint8_t *entries, *data;
	size_t n, size;
};

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool open_header(const uint8_t *p, size_t n, struct header *ret)
{
	if (n < 8)
		return false;
	size_t entries = be32(p), size = be32(p + 4);
	if (entries > ENTRIES_MAX || size > DATA_MAX || n - 8 != entries * ENTRY_SIZE + size)
		return false;
	*ret = (struct header){p + 8, p + 8 + entries * ENTRY_SIZE, entries, size};
	return true;
}

/*
 * The tag of that number and type; width is a value's size, 0 for strings, of
 * which each must end within the data. 0, -ENOENT, -EBADMSG.
 */
static int find_tag(
	const struct header *h, uint32_t number, uint32_t type, size_t width, struct tag *ret)
{
	const uint8_t *found = NULL;

	/* A tag may come again behind the signed region; the later one holds. */
	for (size_t i = 0; i < h->n; i++) {
		if (be32(h->entries + i * ENTRY_SIZE) == number)
			found = h->entries + i * ENTRY_SIZE;
	}
	if (!found)
		return -ENOENT;
	uint32_t offset = be32(found + 8), count = be32(found + 12);
	if (be32(found + 4) != type || offset > h->size || count > FILES_MAX)
		return -EBADMSG;
	size_t left = h->size - offset;
	const uint8_t *p = h->data + offset;
	if (width > 0 && left < (size_t)count * width)
		return -EBADMSG;
	for (uint32_t i = 0; width == 0 && i < count; i++) {
		const uint8_t *nul = memchr(p, '\0', left);
		if (!nul)
			return -EBADMSG;
		left -= (size_t)(nul + 1 - p);
		p = nul + 1;
	}
	*ret = (struct tag){h->data + offset, count, h->size - offset};
	return 0;
}

static const char *next_string(const char *s)
{
	return s + strlen(s) + 1;
}

/* RFC 4880's numbers, of those that rpm has used. */
static const char *algorithm_name(uint32_t number)
{
	switch (number) {
	case 1:
		return "MD5";
	case 2:
		return "SHA1";
	case 8:
		return "SHA256";
	case 9:
		return "SHA384";
	case 10:
		return "SHA512";
	default:
		return NULL;
	}
}

/* What a header says of its files: arrays with an element for each. */
struct rpm_files {
	const char *package, *algorithm; /* NULL: one that is not known here */
	struct tag names, indexes, dirs, digests, flags, modes, states;
	const char **dir; /* the strings of dirs */
};

static int read_algorithm(const struct header *h, struct rpm_files *f)
{
	struct tag tag;
	int r = find_tag(h, TAG_FILEDIGESTALGO, TYPE_INT32, 4, &tag);

	if (r == -EBADMSG || (r == 0 && tag.count != 1))
		return -EBADMSG;
	f->algorithm = algorithm_name(r == 0 ? be32(tag.p) : 1);
	return 0;
}

/* 0; -ENOENT when the package has no files. */
static int read_arrays(const struct header *h, struct rpm_files *f)
{
	const struct {
		uint32_t number, type;
		size_t width;
		struct tag *tag;
	} tags[] = {
		{TAG_BASENAMES, TYPE_STRINGS, 0, &f->names},
		{TAG_DIRINDEXES, TYPE_INT32, 4, &f->indexes},
		{TAG_DIRNAMES, TYPE_STRINGS, 0, &f->dirs},
		{TAG_FILEDIGESTS, TYPE_STRINGS, 0, &f->digests},
		{TAG_FILEFLAGS, TYPE_INT32, 4, &f->flags},
		{TAG_FILEMODES, TYPE_INT16, 2, &f->modes},
	};

	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		int r = find_tag(h, tags[i].number, tags[i].type, tags[i].width, tags[i].tag);
		if (r < 0)
			return r == -ENOENT && i > 0 ? -EBADMSG : r;
		if (tags[i].tag != &f->dirs && tags[i].tag->count != f->names.count)
			return -EBADMSG;
	}
	int r = find_tag(h, TAG_FILESTATES, TYPE_CHAR, 1, &f->states);
	if (r == -EBADMSG || (r == 0 && f->states.count != f->names.count))
		return -EBADMSG;
	return read_algorithm(h, f);
}

/* Whether it is a regular file that was installed: not for another colour, not replaced. */
static bool is_installed_file(const struct rpm_files *f, uint32_t i)
{
	unsigned mode = (unsigned)f->modes.p[2 * i] << 8 | f->modes.p[2 * i + 1];

	return S_ISREG(mode) && !(be32(f->flags.p + 4 * (size_t)i) & FILE_GHOST) &&
	       (!f->states.p || f->states.p[i] == 0);
}

static int take_files(const struct rpm_files *f, package_digest_fn *each, void *arg)
{
	const char *name = (const char *)f->names.p, *hex = (const char *)f->digests.p;
	char path[PATH_ROOM];

	for (uint32_t i = 0; i < f->names.count;
		i++, name = next_string(name), hex = next_string(hex)) {
		uint32_t dir = be32(f->indexes.p + 4 * (size_t)i);
		if (dir >= f->dirs.count)
			return -EBADMSG;
		bool config = be32(f->flags.p + 4 * (size_t)i) & FILE_CONFIG;
		int len = snprintf(path, sizeof(path), "%s%s", f->dir[dir], name);
		if (len >= (int)sizeof(path) || *path != '/' || !is_installed_file(f, i) ||
			strcmp(path, "/etc/ssh/moduli") == 0 ||
			(!config && !package_files_wants(f->package, path)))
			continue;
		/* A header without a digest of a regular file is none that rpm wrote. */
		bool usable = f->algorithm && is_hex(hex, strlen(hex));
		int r = each(&(struct package_digest){f->package, path, usable ? f->algorithm : "",
				     usable ? hex : "", config},
			arg);
		if (r < 0)
			return r;
	}
	return 0;
}

int package_files_header(const uint8_t *p, size_t n, package_digest_fn *each, void *arg)
{
	struct rpm_files f = {0};
	struct header h;
	struct tag name;

	if (!open_header(p, n, &h) || find_tag(&h, TAG_NAME, TYPE_STRING, 0, &name) < 0 ||
		name.count != 1)
		return -EBADMSG;
	f.package = (const char *)name.p;
	if (!package_files_wants_package(f.package))
		return 0;
	int r = read_arrays(&h, &f);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	_cleanup_free_ const char **dir = calloc((size_t)f.dirs.count + 1, sizeof(*dir));
	if (!dir)
		return -ENOMEM;
	const char *s = (const char *)f.dirs.p;
	for (uint32_t i = 0; i < f.dirs.count; i++, s = next_string(s))
		dir[i] = s;
	f.dir = dir;
	return take_files(&f, each, arg);
}

/* Whether one of the directories of a header has a file of this name, and is the one at n of path.
 */
static int owns(const struct rpm_files *f, const char *path, size_t n)
{
	const char *name = (const char *)f->names.p;

	for (uint32_t i = 0; i < f->names.count; i++, name = next_string(name)) {
		uint32_t index = be32(f->indexes.p + 4 * (size_t)i);
		const char *dir = (const char *)f->dirs.p;
		if (index >= f->dirs.count)
			return -EBADMSG;
		if (strcmp(name, path + n) != 0)
			continue;
		for (uint32_t k = 0; k < index; k++)
			dir = next_string(dir);
		if (strlen(dir) == n && memcmp(dir, path, n) == 0)
			return 1;
	}
	return 0;
}

int package_files_owns(const uint8_t *p, size_t n, const char *path, const char **ret)
{
	const char *slash = strrchr(path, '/');
	struct rpm_files f = {0};
	struct header h;
	struct tag name;

	if (!open_header(p, n, &h) || find_tag(&h, TAG_NAME, TYPE_STRING, 0, &name) < 0 ||
		name.count != 1)
		return -EBADMSG;
	if (!slash || find_tag(&h, TAG_BASENAMES, TYPE_STRINGS, 0, &f.names) < 0)
		return 0;
	if (find_tag(&h, TAG_DIRINDEXES, TYPE_INT32, 4, &f.indexes) < 0 ||
		find_tag(&h, TAG_DIRNAMES, TYPE_STRINGS, 0, &f.dirs) < 0 ||
		f.indexes.count != f.names.count)
		return -EBADMSG;
	int r = owns(&f, path, (size_t)(slash + 1 - path));
	if (r > 0)
		*ret = (const char *)name.p;
	return r;
}
