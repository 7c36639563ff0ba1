/* SPDX-License-Identifier: ISC */
#include "fact/sshd-options.h"

#include <errno.h>
#include <string.h>

enum {
	UNIT_MAX = 256 * 1024,
	DROPINS_MAX = 256,
};

#define BLANKS " \t\r"

/* Where units are looked for, the first that has one wins. */
static const char *const unit_dirs[] = {
	"/etc/systemd/system",
	"/run/systemd/system",
	"/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system",
	"/lib/systemd/system",
};
/* The second name is an alias on Debian and the only one on the RHEL family. */
static const char *const unit_names[] = {"ssh.service", "sshd.service"};

struct variable {
	const char *name;
	struct sshd_arg value;
};

struct dropin {
	const char *name, *path;
};

struct reader {
	const struct root *root;
	struct arena *arena;
	struct sshd_arg exec;	/* the command line; text NULL: none */
	struct sshd_arg *files; /* environment files */
	size_t n_files;
	struct variable *variables;
	size_t n_variables;
	struct dropin *dropins;
	size_t n_dropins;
	const char *dir;       /* that is being listed */
	const char **ret_path; /* what could not be read */
};

static int set_variable(struct reader *r, const char *name, size_t n, const struct sshd_arg *value)
{
	struct variable *slot = arena_grow(r->arena, &r->variables, r->n_variables, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = (struct variable){.name = arena_strndup(r->arena, name, n), .value = *value};
	r->n_variables++;
	return slot->name && value->text ? 0 : -ENOMEM;
}

/* The last assignment, or NULL. */
static const struct sshd_arg *get_variable(const struct reader *r, const char *name, size_t n)
{
	for (size_t i = r->n_variables; i > 0; i--) {
		const struct variable *v = &r->variables[i - 1];
		if (strlen(v->name) == n && strncmp(v->name, name, n) == 0)
			return &v->value;
	}
	return NULL;
}

/* The value of an assignment: of quotes around all of it only what is inside. */
static char *unquote(struct arena *a, const char *s)
{
	size_t n = strlen(s);

	while (n > 0 && strchr(BLANKS, s[n - 1]))
		n--;
	if (n >= 2 && (*s == '"' || *s == '\'') && s[n - 1] == *s)
		return arena_strndup(a, s + 1, n - 2);
	return arena_strndup(a, s, n);
}

/* ---- lines of units and environment files ---- */

typedef int line_function(struct reader *r, char *line, const char *path, unsigned number);

/* Calls for each line, those that end in a backslash joined with the next. */
static int each_line(struct reader *r, char *text, const char *path, line_function *each)
{
	unsigned number = 0;

	for (char *p = text, *next; p; p = next) {
		unsigned first = ++number;
		char *end = strchr(p, '\n');
		while (end && end > p && end[-1] == '\\') {
			end[-1] = ' ';
			*end = ' ';
			number++;
			end = strchr(end + 1, '\n');
		}
		next = end ? end + 1 : NULL;
		if (end)
			*end = '\0';
		p += strspn(p, BLANKS);
		int err = *p && *p != '#' && *p != ';' ? each(r, p, path, first) : 0;
		if (err < 0)
			return err;
	}
	return 0;
}

/* Reads a file and goes through its lines. -ENOENT when it is not there; -ENODEV: masked. */
static int read_lines(struct reader *r, const char *path, line_function *each)
{
	_cleanup_file_ struct file f = {0};
	int err = root_read(r->root, path, UNIT_MAX, &f);

	if (err == -ENOENT || err == -ENOTDIR || err == -ENODEV || err == -ENOMEM)
		return err;
	if (err < 0) {
		*r->ret_path = arena_strdup(r->arena, path);
		return err;
	}
	const char *kept = arena_strdup(r->arena, path);
	return kept ? each_line(r, f.data, kept, each) : -ENOMEM;
}

static int environment_line(struct reader *r, char *line, const char *path, unsigned number)
{
	size_t n = strcspn(line, "=");
	const struct sshd_arg value = {.text = line[n] ? unquote(r->arena, line + n + 1) : "",
		.path = path,
		.line = number};

	return line[n] ? set_variable(r, line, n, &value) : 0;
}

/* Environment="A=b c" D=e */
static int environment_words(struct reader *r, const char *text, const char *path, unsigned number)
{
	char **words = NULL;
	size_t n = 0;
	int err = sshd_words(r->arena, text, &words, &n);

	if (err == -EINVAL)
		return 0; /* systemd passes over it, too */
	for (size_t i = 0; i < n && err == 0; i++) {
		size_t name = strcspn(words[i], "=");
		const struct sshd_arg value = {
			.text = words[i] + name + 1, .path = path, .line = number};
		if (words[i][name])
			err = set_variable(r, words[i], name, &value);
	}
	return err;
}

static int add_environment_file(struct reader *r, const char *name, const char *path, unsigned line)
{
	struct sshd_arg *slot = arena_grow(r->arena, &r->files, r->n_files, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = (struct sshd_arg){
		.text = arena_strdup(r->arena, name + (*name == '-')), .path = path, .line = line};
	r->n_files++;
	return slot->text ? 0 : -ENOMEM;
}

static int unit_line(struct reader *r, char *line, const char *path, unsigned number)
{
	size_t n = strcspn(line, "=" BLANKS);
	char *value = strchr(line, '=');

	if (!value)
		return 0; /* a section: these keys mean one thing only */
	value += 1 + strspn(value + 1, BLANKS);
	value[strcspn(value, "\r")] = '\0';
	if (n == 9 && strncmp(line, "ExecStart", n) == 0) {
		r->exec = (struct sshd_arg){
			.text = *value ? arena_strdup(r->arena, value) : NULL,
			.path = path,
			.line = number,
		};
		return *value && !r->exec.text ? -ENOMEM : 0;
	}
	if (n == 11 && strncmp(line, "Environment", n) == 0)
		return environment_words(r, value, path, number);
	if (n == 15 && strncmp(line, "EnvironmentFile", n) == 0) {
		if (*value)
			return add_environment_file(r, value, path, number);
		r->n_files = 0;
		r->files = NULL;
	}
	return 0;
}

/* ---- units ---- */

static int note_dropin(const char *name, void *arg)
{
	struct reader *r = arg;
	size_t n = strlen(name);

	if (n < 5 || strcmp(name + n - 5, ".conf") != 0)
		return 0;
	/* The same name in a directory of lower rank is hidden. */
	for (size_t i = 0; i < r->n_dropins; i++) {
		if (strcmp(r->dropins[i].name, name) == 0)
			return 0;
	}
	struct dropin *slot = arena_grow(r->arena, &r->dropins, r->n_dropins, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	slot->name = arena_strdup(r->arena, name);
	slot->path = arena_printf(r->arena, "%s/%s", r->dir, name);
	r->n_dropins++;
	return slot->name && slot->path ? 0 : -ENOMEM;
}

static int compare_dropin(const void *a, const void *b)
{
	return strcmp(((const struct dropin *)a)->name, ((const struct dropin *)b)->name);
}

static int read_dropins(struct reader *r, const char *unit)
{
	for (size_t i = 0; i < ARRAY_SIZE(unit_dirs); i++) {
		r->dir = arena_printf(r->arena, "%s/%s.d", unit_dirs[i], unit);
		if (!r->dir)
			return -ENOMEM;
		int err = root_list(r->root, r->dir, DROPINS_MAX, note_dropin, r);
		if (err == -ENOMEM)
			return err;
		if (err < 0 && err != -ENOENT && err != -ENOTDIR) {
			*r->ret_path = r->dir;
			return err;
		}
	}
	if (r->n_dropins > 1)
		qsort(r->dropins, r->n_dropins, sizeof(*r->dropins), compare_dropin);
	for (size_t i = 0; i < r->n_dropins; i++) {
		int err = read_lines(r, r->dropins[i].path, unit_line);
		if (err < 0 && err != -ENOENT && err != -ENODEV)
			return err;
	}
	return 0;
}

/* 1 when there is such a unit, 0 when not. */
static int read_unit(struct reader *r, const char *unit)
{
	int err = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(unit_dirs) && (err == -ENOENT || err == -ENOTDIR); i++) {
		const char *path = arena_printf(r->arena, "%s/%s", unit_dirs[i], unit);
		if (!path)
			return -ENOMEM;
		err = read_lines(r, path, unit_line);
	}
	if (err == -ENOENT || err == -ENOTDIR || err == -ENODEV)
		return 0;
	if (err == 0)
		err = read_dropins(r, unit);
	return err < 0 ? err : 1;
}

static int read_environment_files(struct reader *r)
{
	for (size_t i = 0; i < r->n_files; i++) {
		int err = read_lines(r, r->files[i].text, environment_line);
		if (err < 0 && err != -ENOENT && err != -ENOTDIR)
			return err;
	}
	return 0;
}

/* ---- from the command line to words ---- */

static int add_arg(struct sshd_args *args, const char *text, const struct sshd_arg *where)
{
	struct sshd_arg *slot = arena_grow(args->arena, &args->v, args->n, sizeof(*slot));

	if (!slot || !text)
		return -ENOMEM;
	*slot = (struct sshd_arg){.text = text, .path = where->path, .line = where->line};
	args->n++;
	return 0;
}

/* "$NAME": its words; what holds "${NAME}": one word with it filled in. */
static int expand(const struct reader *r, struct sshd_args *args, const char *word)
{
	const struct sshd_arg *value;
	char **words = NULL;
	size_t n = 0;
	const char *open = strstr(word, "${"), *close = open ? strchr(open, '}') : NULL;

	if (close) {
		value = get_variable(r, open + 2, (size_t)(close - open - 2));
		const char *text = arena_printf(r->arena, "%.*s%s%s", (int)(open - word), word,
			value ? value->text : "", close + 1);
		return add_arg(args, text, value ? value : &r->exec);
	}
	if (*word != '$')
		return add_arg(args, word, &r->exec);
	value = get_variable(r, word + 1, strlen(word + 1));
	int err = value ? sshd_words(r->arena, value->text, &words, &n) : 0;
	if (err == -EINVAL)
		return 0;
	for (size_t i = 0; i < n && err == 0; i++)
		err = add_arg(args, words[i], value);
	return err;
}

/* Of the unit's command line, if it starts sshd. */
static int expand_exec(struct reader *r, struct sshd_args *args)
{
	char **words = NULL;
	size_t n = 0;
	int err = sshd_words(r->arena, r->exec.text, &words, &n);

	if (err < 0 || n == 0)
		return err == -EINVAL ? 0 : err;
	const char *slash = strrchr(words[0], '/');
	if (!slash || strcmp(slash + 1, "sshd") != 0)
		return 0;
	for (size_t i = 1; i < n && err == 0; i++)
		err = expand(r, args, words[i]);
	return err;
}

/* Without a unit: what init scripts pass on. */
static int expand_defaults(struct reader *r, struct sshd_args *args)
{
	static const char *const files[] = {"/etc/default/ssh", "/etc/sysconfig/sshd"};
	static const char *const names[] = {"$SSHD_OPTS", "$OPTIONS", "$CRYPTO_POLICY"};
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files) && err == 0; i++)
		err = add_environment_file(r, files[i], NULL, 0);
	if (err == 0)
		err = read_environment_files(r);
	for (size_t i = 0; i < ARRAY_SIZE(names) && err == 0; i++)
		err = expand(r, args, names[i]);
	return err;
}

int sshd_args_read(const struct root *root, struct sshd_args *ret, const char **ret_path)
{
	struct reader r = {.root = root, .arena = ret->arena, .ret_path = ret_path};
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(unit_names) && err == 0 && !r.exec.text; i++)
		err = read_unit(&r, unit_names[i]);
	if (err < 0)
		return err;
	if (!r.exec.text)
		return expand_defaults(&r, ret);
	err = read_environment_files(&r);
	return err < 0 ? err : expand_exec(&r, ret);
}

/* ---- options ---- */

/* "Keyword value" of an option that has one of its own. */
static int set_option(
	struct sshd_conf *c, const char *keyword, const char *value, const struct sshd_arg *where)
{
	char *text = arena_printf(c->arena, "%s \"%s\"", keyword, value);

	return text ? sshd_conf_option(c, text, where->path, where->line) : -ENOMEM;
}

static int apply_option(struct sshd_conf *c, char option, const char *value,
	const struct sshd_arg *where, const char **config)
{
	switch (option) {
	case 'o':
		return sshd_conf_option(c, value, where->path, where->line);
	case 'f':
		*config = value;
		return 0;
	case 'p':
		c->ports_from_options = true;
		return set_option(c, "Port", value, where);
	case 'h':
		return set_option(c, "HostKey", value, where);
	case 'c':
		return set_option(c, "HostCertificate", value, where);
	case 'g':
		return set_option(c, "LoginGraceTime", value, where);
	case '4':
		return set_option(c, "AddressFamily", "inet", where);
	case '6':
		return set_option(c, "AddressFamily", "inet6", where);
	case 'q':
		return set_option(c, "LogLevel", "QUIET", where);
	default:
		return 0;
	}
}

int sshd_args_apply(const struct sshd_args *args, struct sshd_conf *c, const char **ret_config)
{
	const char *config = "/etc/ssh/sshd_config";

	for (size_t i = 0; i < args->n; i++) {
		const char *p = args->v[i].text;
		if (*p != '-')
			continue;
		for (p++; *p; p++) {
			const char *value = "";
			char option = *p;
			bool takes = strchr("CEbcfghkopu", option);
			if (takes && p[1])
				value = p + 1;
			else if (takes && i + 1 < args->n)
				value = args->v[++i].text;
			int r = apply_option(c, option, value, &args->v[i], &config);
			if (r < 0)
				return r;
			if (takes)
				break;
		}
	}
	*ret_config = config;
	return 0;
}
