/* SPDX-License-Identifier: ISC */
#include "base/unpack.h"

#include <errno.h>
#include <lz4frame.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum {
	INPUT_SIZE = 64 * 1024,
};

struct unpack {
	int fd;
	enum unpack_form form;
	char *input; /* compressed bytes, of INPUT_SIZE */
	size_t at, n;
	bool eof, ended; /* of the file; of a compressed stream */
	bool inflating;
	LZ4F_dctx *lz4;
	z_stream gzip;
};

int unpack_form(const char *ext)
{
	if (!*ext)
		return UNPACK_PLAIN;
	if (strcmp(ext, ".lz4") == 0)
		return UNPACK_LZ4;
	return strcmp(ext, ".gz") == 0 ? UNPACK_GZIP : -ENOTSUP;
}

void unpack_free(struct unpack *u)
{
	if (!u)
		return;
	free(u->input);
	if (u->lz4)
		(void)LZ4F_freeDecompressionContext(u->lz4); /* frees, and cannot fail */
	if (u->inflating)
		(void)inflateEnd(&u->gzip);
	free(u);
}

static int prepare(struct unpack *u)
{
	if (u->form == UNPACK_PLAIN)
		return 0;
	u->input = malloc(INPUT_SIZE);
	if (!u->input)
		return -ENOMEM;
	if (u->form == UNPACK_LZ4)
		return LZ4F_isError(LZ4F_createDecompressionContext(&u->lz4, LZ4F_VERSION))
			       ? -ENOMEM
			       : 0;
	u->inflating = inflateInit2(&u->gzip, 15 + 16) == Z_OK;
	return u->inflating ? 0 : -ENOMEM;
}

int unpack_new(int fd, enum unpack_form form, struct unpack **ret)
{
	_cleanup_(unpack_freep) struct unpack *u = calloc(1, sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->fd = fd;
	u->form = form;
	int r = prepare(u);
	if (r == 0)
		*ret = TAKE_PTR(u);
	return r;
}

static ssize_t read_some(int fd, char *buffer, size_t size)
{
	for (;;) {
		ssize_t n = read(fd, buffer, size);
		if (n >= 0 || errno != EINTR)
			return n >= 0 ? n : -errno;
	}
}

/* More compressed bytes, when all have been used. 0 or -errno. */
static int refill(struct unpack *u)
{
	if (u->at < u->n || u->eof)
		return 0;
	ssize_t n = read_some(u->fd, u->input, INPUT_SIZE);
	if (n < 0)
		return (int)n;
	u->at = 0;
	u->n = (size_t)n;
	u->eof = n == 0;
	return 0;
}

static ssize_t read_plain(struct unpack *u, char *buffer, size_t size)
{
	return read_some(u->fd, buffer, size);
}

static ssize_t read_lz4(struct unpack *u, char *buffer, size_t size)
{
	for (;;) {
		int r = refill(u);
		if (r < 0)
			return r;
		if (u->eof)
			return u->ended ? 0 : -EBADMSG;
		size_t out = size, in = u->n - u->at;
		size_t more = LZ4F_decompress(u->lz4, buffer, &out, u->input + u->at, &in, NULL);
		if (LZ4F_isError(more))
			return -EBADMSG;
		u->at += in;
		u->ended = more == 0;
		if (out > 0)
			return (ssize_t)out;
	}
}

static ssize_t read_gzip(struct unpack *u, char *buffer, size_t size)
{
	z_stream *z = &u->gzip;

	for (;;) {
		int r = refill(u);
		if (r < 0)
			return r;
		if (u->eof)
			return u->ended ? 0 : -EBADMSG;
		/* Another member behind the first. */
		if (u->ended && inflateReset(z) != Z_OK)
			return -EBADMSG;
		z->next_in = (unsigned char *)u->input + u->at;
		z->avail_in = (unsigned)(u->n - u->at);
		z->next_out = (unsigned char *)buffer;
		z->avail_out = (unsigned)size;
		r = inflate(z, Z_NO_FLUSH);
		if (r == Z_MEM_ERROR)
			return -ENOMEM;
		if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
			return -EBADMSG;
		u->ended = r == Z_STREAM_END;
		u->at = u->n - z->avail_in;
		if (z->avail_out < size)
			return (ssize_t)(size - z->avail_out);
	}
}

ssize_t unpack_read(struct unpack *u, char *buffer, size_t size)
{
	static ssize_t (*const readers[])(struct unpack * u, char *buffer, size_t size) = {
		[UNPACK_PLAIN] = read_plain, [UNPACK_LZ4] = read_lz4, [UNPACK_GZIP] = read_gzip};

	return readers[u->form](u, buffer, size);
}
