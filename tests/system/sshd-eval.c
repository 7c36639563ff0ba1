/* SPDX-License-Identifier: ISC */
/*
 * Shows what sshd_config comes to for connections, by this project's own
 * evaluator, in a form that is compared with `sshd -T -C`:
 *
 *     sshd-eval [-V VERSION] [-v VENDOR] [-d DEFAULTS] [-u USER] [-o OPTION]... CONFIG [SPEC]...
 *
 * VERSION is 902 for 9.2, VENDOR debian, rhel or other. DEFAULTS is a file of the output of `sshd
 * -T`. USER is whom sshd runs as (root). SPEC is as of sshd -C. Prints "error PATH:LINE: TEXT" for
 * what sshd would refuse, then for each SPEC "context SPEC" and one "KEYWORD VALUE<tab>PATH:LINE"
 * each. Exit status 0, 1 when there was an error of the configuration, 2 otherwise.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "fact/sshd-conf.h"

enum {
	GROUPS_MAX = 64,
};

/* arg names the user whom sshd runs as. */
static const char *home(const char *user, const void *arg)
{
	const struct passwd *pw = getpwnam(user ? user : arg);

	return pw ? pw->pw_dir : NULL;
}

static void set_groups(const char *user, struct arena *a, struct sshd_connection *conn)
{
	const struct passwd *pw = getpwnam(user);
	gid_t gids[GROUPS_MAX];
	int n = GROUPS_MAX, kept = 0;

	if (!pw || getgrouplist(user, pw->pw_gid, gids, &n) < 0)
		return;
	const char **names = arena_alloc(a, ((size_t)n + 1) * sizeof(*names));
	for (int i = 0; names && i < n; i++) {
		const struct group *gr = getgrgid(gids[i]);
		if (gr)
			names[kept++] = arena_strdup(a, gr->gr_name);
	}
	conn->groups = names;
}

/* "user=u,addr=a,host=h,laddr=l,lport=p,rdomain=r" */
static void parse_spec(char *spec, struct arena *a, struct sshd_connection *conn)
{
	*conn = (struct sshd_connection){.lport = -1};
	for (char *p; (p = strsep(&spec, ","));) {
		char *value = strchr(p, '=');
		if (!value)
			continue;
		*value++ = '\0';
		if (strcmp(p, "user") == 0)
			conn->user = value;
		else if (strcmp(p, "addr") == 0)
			conn->address = value;
		else if (strcmp(p, "host") == 0)
			conn->host = value;
		else if (strcmp(p, "laddr") == 0)
			conn->laddress = value;
		else if (strcmp(p, "rdomain") == 0)
			conn->rdomain = value;
		else if (strcmp(p, "lport") == 0)
			conn->lport = atoi(value);
	}
	if (conn->user)
		set_groups(conn->user, a, conn);
}

static int show(struct sshd_conf *c, const char *spec)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	char *copy = a ? arena_strdup(a, spec) : NULL;
	struct sshd_connection conn;
	struct sshd_value *v;
	size_t n;

	if (!copy)
		return -ENOMEM;
	parse_spec(copy, a, &conn);
	printf("context %s\n", spec);
	int r = sshd_conf_eval(c, &conn, a, &v, &n);
	if (r < 0)
		return r == -EINVAL && c->n_errors > 0 ? 0 : r;
	for (size_t i = 0; i < n; i++)
		printf("%s %s\t%s:%u\n", v[i].keyword, v[i].value,
			v[i].path ? v[i].path : "default", v[i].line);
	return 0;
}

struct args {
	unsigned version;
	enum sshd_vendor vendor;
	const char *defaults, *user, *options[64];
	int n_options;
};

static int read_defaults(struct sshd_conf *c, const char *path)
{
	_cleanup_file_ struct file f = {0};

	if (!path)
		return sshd_defaults_table(c->arena, c->env.version, &c->defaults, &c->n_defaults);
	int r = root_read(c->env.root, path, 1 << 20, &f);
	return r < 0 ? r
		     : sshd_defaults_text(
			       c->arena, c->env.version, f.data, &c->defaults, &c->n_defaults);
}

static int run(const struct args *args, const char *path, char *specs[], int n_specs)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct root root = {.fd = -1};
	struct sshd_conf c;
	int r = root_open("/", &root);

	if (!a || r < 0)
		return -ENOMEM;
	const struct sshd_env env = {.root = &root,
		.version = args->version,
		.vendor = args->vendor,
		.home = home,
		.arg = args->user};
	sshd_conf_init(&c, a, &env);
	r = read_defaults(&c, args->defaults);
	for (int i = 0; i < args->n_options && r == 0; i++)
		r = sshd_conf_option(&c, args->options[i], "command line", 0);
	if (r == 0)
		r = sshd_conf_read(&c, path);
	if (r == 0)
		r = sshd_conf_check(&c);
	size_t before = c.n_errors;
	for (int i = 0; i < n_specs && r == 0 && before == 0; i++)
		r = show(&c, specs[i]);
	for (size_t i = 0; i < c.n_errors; i++)
		printf("error %s:%u: %s\n", c.errors[i].path, c.errors[i].line, c.errors[i].text);
	root_close(&root);
	if (c.unreadable < 0)
		fprintf(stderr, "%s: %s\n", c.unreadable_path, fsio_strerror(c.unreadable));
	if (r == 0)
		r = c.unreadable;
	return r < 0 ? r : c.n_errors > 0;
}

static enum sshd_vendor parse_vendor(const char *s)
{
	if (strcmp(s, "debian") == 0)
		return SSHD_VENDOR_DEBIAN;
	return strcmp(s, "rhel") == 0 ? SSHD_VENDOR_RHEL : SSHD_VENDOR_OTHER;
}

int main(int argc, char *argv[])
{
	struct args args = {.version = 902, .user = "root"};

	for (int opt; (opt = getopt(argc, argv, "V:v:d:u:o:")) != -1;) {
		if (opt == 'V')
			args.version = (unsigned)atoi(optarg);
		else if (opt == 'v')
			args.vendor = parse_vendor(optarg);
		else if (opt == 'd')
			args.defaults = optarg;
		else if (opt == 'u')
			args.user = optarg;
		else if (opt == 'o' && args.n_options < (int)ARRAY_SIZE(args.options))
			args.options[args.n_options++] = optarg;
		else
			return 2;
	}
	if (optind >= argc)
		return 2;
	int r = run(&args, argv[optind], argv + optind + 1, argc - optind - 1);
	if (r < 0)
		fprintf(stderr, "%s: %s\n", argv[optind], strerror(-r));
	return r < 0 ? 2 : r;
}
