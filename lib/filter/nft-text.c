/* SPDX-License-Identifier: ISC */
#include "base/json.h"
#include "filter/nft-read.h"

char *nft_text(struct arena *a, const json_t *expr)
{
	_cleanup_free_ char *text = json_text(expr);

	return text ? arena_strndup(a, text, 300) : NULL;
}
