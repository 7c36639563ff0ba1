/* SPDX-License-Identifier: ISC */
/* sudo_tree_parse and what is made of the tree: the input up to the first line "===" is sudoers,
 * the rest is every included file. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "fact/sudo-grant.h"

struct input {
	struct arena *a;
	const char *data;
	size_t size, split;
	unsigned reads;
};

enum {
	READS_MAX = 20, /* that includes end somewhere is not what is to be found out */
};

static int read_part(
	void *arg, const char *path, _unused_ bool in_dir, char **ret, size_t *ret_size)
{
	struct input *in = arg;
	size_t from = strcmp(path, "/etc/sudoers") == 0 ? 0 : in->split;
	size_t to = from == 0 ? in->split : in->size;

	if (++in->reads > READS_MAX)
		return -ENOENT;
	char *copy = arena_alloc(in->a, to - from + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, in->data + from, to - from);
	*ret = copy;
	*ret_size = to - from;
	return 0;
}

static int list(void *arg, _unused_ const char *path, char ***ret)
{
	const struct input *in = arg;
	char **names = arena_alloc(in->a, 3 * sizeof(*names));

	if (!names)
		return -ENOMEM;
	names[0] = arena_strdup(in->a, "a");
	names[1] = arena_strdup(in->a, "skipped~");
	*ret = names;
	return names[0] && names[1] ? 0 : -ENOMEM;
}

static const char *reason(int r)
{
	return strerror(-r);
}

static void conclude(const struct sudo_tree *t, struct arena *a)
{
	const struct sudo_host host = {.name = "host.example.org", .short_name = "host"};
	struct sudo_settings settings;
	struct sudo s = {0};

	for (size_t i = 0; i < t->n_specs && i < 100; i++)
		(void)sudo_spec_text(a, &t->specs[i]);
	if (sudo_settings(t, &host, &settings) < 0 || sudo_grants(t, &host, 0, a, &s) < 0)
		return;
	for (size_t i = 0; i < s.n_grants && i < 100; i++) {
		const struct sudo_members *commands = &s.grants[i].commands;
		const char *how, *undecided;
		for (size_t k = 0; k < commands->n; k++)
			(void)sudo_command_power(&commands->v[k], k % 2, &how, &undecided);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {
		.a = arena_new(), .data = (const char *)data, .size = size, .split = size};
	struct sudo_files files = {
		.read = read_part, .list = list, .reason = reason, .arg = &in, .host = "host"};
	struct sudo_tree t;

	if (!in.a || size > 8192) {
		arena_free(in.a);
		return 0;
	}
	const char *mark = memmem(data, size, "\n===\n", 5);
	if (mark)
		in.split = (size_t)(mark - in.data) + 5;
	sudo_tree_init(&t, in.a);
	if (sudo_tree_parse(&t, &files, "/etc/sudoers") == 0)
		conclude(&t, in.a);
	arena_free(in.a);
	return 0;
}
