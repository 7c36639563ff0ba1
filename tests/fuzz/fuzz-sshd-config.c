/* SPDX-License-Identifier: ISC */
/*
 * sshd_config(5), from bytes to contexts. The first byte chooses the version;
 * what follows a line "%options" is the value of SSHD_OPTS.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "fact/sshd-contexts.h"
#include "fact/sshd-options.h"

enum {
	INPUT_MAX = 16 * 1024,
};

static const char *home(const char *user, _unused_ const void *arg)
{
	return user && strcmp(user, "ghost") == 0 ? NULL : "/root";
}

/* An empty directory is the machine: includes find nothing. */
static const struct root *machine(void)
{
	static struct root root = {.fd = -1};
	char dir[] = "/tmp/fuzz-sshd-XXXXXX";

	if (root.fd < 0) {
		if (!mkdtemp(dir) || root_open(dir, &root) < 0)
			abort();
		(void)rmdir(dir); /* the handle goes on to name it */
	}
	return &root;
}

static struct account accounts_v[] = {
	{.name = "root", .home = "/root", .shell = "/bin/sh"},
	{.name = "alice", .home = "/home/alice", .shell = "/bin/sh", .uid = 1000, .gid = 100},
};
static const char *const members[] = {"alice", NULL};
static struct account_group groups_v[] = {
	{.name = "users", .gid = 100, .members = members, .n_members = 1},
	{.name = "root", .gid = 0, .members = members + 1},
};
static const struct accounts accounts = {.v = accounts_v,
	.n = ARRAY_SIZE(accounts_v),
	.groups = groups_v,
	.n_groups = ARRAY_SIZE(groups_v)};

static const char *const trusted[] = {"10.0.0.0/8", "fc00::/7", NULL};

static int apply_options(struct sshd_conf *c, struct arena *a, const char *text)
{
	struct sshd_args args = {.arena = a};
	char **words = NULL;
	const char *config;
	size_t n = 0;

	int r = sshd_words(a, text, &words, &n);
	if (r == -EINVAL)
		return 0;
	for (size_t i = 0; i < n && r == 0; i++) {
		struct sshd_arg *slot = arena_grow(a, &args.v, args.n, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		*slot = (struct sshd_arg){.text = words[i], .path = "options"};
		args.n++;
	}
	return r < 0 ? r : sshd_args_apply(&args, c, &config);
}

/*
 * The context that is given for an account must be what comes out for that very
 * account: classes and places may only put together what is equal.
 */
static int check_members(struct sshd_conf *c, const struct sshd *s, struct arena *a)
{
	static const char *const user_groups[][2] = {{"root", NULL}, {"users", NULL}};
	struct sshd_blocks blocks;
	struct sshd_places places;

	int r = sshd_blocks_collect(c, a, &blocks);
	if (r == 0)
		r = sshd_places_collect(c, &blocks, trusted, a, &places);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(accounts_v); i++) {
		struct sshd_connection conn = places.v[0].conn;
		struct sshd_value *v;
		size_t n;
		conn.user = accounts_v[i].name;
		conn.groups = user_groups[i];
		r = sshd_conf_eval(c, &conn, a, &v, &n);
		const struct sshd_context *x = sshd_context_for_user(s, conn.user);
		for (size_t k = 0; r == 0 && k < n; k++) {
			const struct sshd_value *w = sshd_get(x, v[k].keyword);
			if (!w || strcmp(w->value, v[k].value) != 0)
				abort();
		}
		if (r == -EINVAL)
			r = 0;
	}
	return r;
}

static int judge(struct arena *a, unsigned version, char *text, size_t size)
{
	const struct sshd_env env = {.root = machine(), .version = version, .home = home};
	const char *options = memmem(text, size, "\n%options", 9);
	struct sshd_conf c;
	struct sshd s = {0};

	sshd_conf_init(&c, a, &env);
	int r = sshd_defaults_table(a, version, &c.defaults, &c.n_defaults);
	if (r == 0 && options)
		r = apply_options(&c, a, options + 9);
	if (r == 0)
		r = sshd_conf_text(&c, "/etc/ssh/sshd_config", text,
			options ? (size_t)(options - text) : size);
	if (r == 0)
		r = sshd_conf_check(&c);
	if (r == 0)
		r = sshd_contexts_build(&c, &accounts, trusted, a, &s);
	/* Whatever it is, there is a general context with every value. */
	if (r == 0 && (s.n_contexts == 0 || s.contexts[0].n_values == 0))
		abort();
	for (size_t i = 0; r == 0 && i < s.n_contexts; i++) {
		for (size_t k = 0; k < s.contexts[i].n_values; k++) {
			if (!s.contexts[i].values[k].value)
				abort();
		}
	}
	return r == 0 ? check_members(&c, &s, a) : r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned versions[] = {
		704, 800, 802, 804, 807, 809, 902, 906, 909, 1000, 1100};
	struct arena *a = arena_new();

	if (a && size > 1 && size <= INPUT_MAX) {
		/* The versions are printable, so that a corpus can be read: '0', '1', ... */
		unsigned version = versions[(data[0] - '0') % ARRAY_SIZE(versions)];
		char *text = arena_alloc(a, size);
		if (text) {
			memcpy(text, data + 1, size - 1);
			(void)judge(a, version, text, size - 1);
		}
	}
	arena_free(a);
	return 0;
}
