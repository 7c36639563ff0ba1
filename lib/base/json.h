/* SPDX-License-Identifier: ISC */
/*
 * JSON as it is stored: what jansson 2.14 does not do safely by itself.
 */
#pragma once

#include <jansson.h>

/*
 * The value as compact text with sorted keys, to be freed; NULL on ENOMEM.
 * For all that is stored or hashed, instead of json_dumps(): that drops a key
 * without a word when its buffer cannot grow.
 */
char *json_text(const json_t *value);
