/* SPDX-License-Identifier: ISC */
/*
 * Packages files: the first byte says how they come (plain in small pieces, or
 * lz4 and gzip through a file). What comes out of the pieces must not depend on
 * how they were cut.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fact/apt-index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *in_pieces(const struct name_set *set, const char *text, size_t size, size_t piece)
{
	char *out = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&out, &n);

	if (!f)
		abort();
	(void)apt_index_extract_text(text, size, piece, set, f);
	if (fclose(f) != 0)
		abort();
	return out;
}

static void through_file(
	const struct name_set *set, enum unpack_form form, const uint8_t *data, size_t size)
{
	int fd = memfd_create("index", MFD_CLOEXEC);
	FILE *f = fopen("/dev/null", "we");

	if (fd >= 0 && f && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0)
		(void)apt_index_extract(fd, form, set, f);
	if (f)
		(void)fclose(f);
	if (fd >= 0)
		(void)close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct name_set set;

	if (size == 0 || !a || name_set_init(&set, a, 2) < 0) {
		arena_free(a);
		return 0;
	}
	name_set_add(&set, "a");
	name_set_add(&set, "libc6");
	switch (*data) {
	case 'L':
		through_file(&set, UNPACK_LZ4, data + 1, size - 1);
		break;
	case 'Z':
		through_file(&set, UNPACK_GZIP, data + 1, size - 1);
		break;
	default: {
		const char *text = (const char *)data + 1;
		char *whole = in_pieces(&set, text, size - 1, size);
		char *pieces = in_pieces(&set, text, size - 1, 1 + *data % 7);
		if (strcmp(whole, pieces) != 0)
			abort();
		free(whole);
		free(pieces);
	}
	}
	arena_free(a);
	return 0;
}
