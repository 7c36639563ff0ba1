/* SPDX-License-Identifier: ISC */
/* pam_parse and pam_walk: one file that is "svc", "inc" and "other" at once. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "fact/pam-stack.h"

struct input {
	const char *text;
	size_t size;
};

static int load(
	void *arg, const char *name, const char **ret_path, const char **ret_text, size_t *ret_size)
{
	const struct input *in = arg;

	if (strcmp(name, "svc") != 0 && strcmp(name, "inc") != 0)
		return strcmp(name, "denied") == 0 ? -EACCES : -ENOENT;
	*ret_path = name;
	*ret_text = in->text;
	*ret_size = in->size;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {(const char *)data, size};
	const struct pam_files files = {load, &in};
	const struct pam_line *line = NULL;
	struct pam_service s;
	struct arena *a = arena_new();

	if (a && size < 4096 && pam_parse(a, &files, "svc", &s) == 0) {
		(void)pam_add_other(a, &s, &s);
		(void)pam_password_possible(&s, &line);
		(void)pam_second_factor(&s);
	}
	arena_free(a);
	return 0;
}
