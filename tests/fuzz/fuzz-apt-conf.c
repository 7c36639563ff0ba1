/* SPDX-License-Identifier: ISC */
/* apt_conf_parse: apt.conf(5); what it includes is the text itself, a few times. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "fact/apt-conf.h"

struct text {
	const char *text;
	unsigned left;
};

static int include(struct apt_conf *c, const char *path, void *arg)
{
	struct text *t = arg;

	if (t->left == 0)
		return 1;
	t->left--;
	return apt_conf_parse(c, path, t->text, include, t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *text = a ? arena_strndup(a, (const char *)data, size) : NULL;
	struct text t = {.text = text, .left = 3};
	struct apt_conf c;

	if (text && size <= 16384) {
		apt_conf_init(&c, a);
		if (apt_conf_parse(&c, "/fuzz", text, include, &t) >= 0) {
			(void)apt_conf_bool(&c, text, false);
			(void)apt_conf_path(&c, "Dir::Etc::main", "/dev/null");
		}
	}
	arena_free(a);
	return 0;
}
