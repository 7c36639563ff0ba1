/* SPDX-License-Identifier: ISC */
/*
 * Agents with configuration languages of their own (Vector, Fluent Bit,
 * Filebeat, Promtail, Alloy): the first of the usual files that is there, read
 * as the language that its name tells.
 */
#include <errno.h>
#include <string.h>

#include "fact/log-agent.h"
#include "fact/log-files-load.h"
#include "fact/unit-file.h"

enum {
	FILE_MAX = 256 << 10,
};

static const struct {
	enum log_program program;
	int (*follow)(const struct log_agent *g, struct tree_problem *ret_problem);
	const char *paths[4]; /* the first that is there is the one it reads */
} agents[] = {
	{LOG_VECTOR, log_agent_vector,
		{"/etc/vector/vector.yaml", "/etc/vector/vector.toml", "/etc/vector/vector.json"}},
	{LOG_FLUENT_BIT, log_agent_fluent,
		{"/etc/fluent-bit/fluent-bit.conf", "/etc/fluent-bit/fluent-bit.yaml",
			"/etc/td-agent-bit/td-agent-bit.conf"}},
	{LOG_FILEBEAT, log_agent_filebeat, {"/etc/filebeat/filebeat.yml"}},
	{LOG_PROMTAIL, log_agent_promtail,
		{"/etc/promtail/config.yml", "/etc/promtail/promtail.yaml",
			"/etc/loki/promtail.yaml"}},
	{LOG_ALLOY, log_agent_alloy, {"/etc/alloy/config.alloy"}},
};

static const struct {
	const char *suffix;
	int (*read)(struct arena *a, const struct tree_source *source, const struct tree **ret,
		struct tree_problem *ret_problem);
} languages[] = {
	{".yaml", tree_read_yaml},
	{".yml", tree_read_yaml},
	{".json", tree_read_yaml},
	{".toml", tree_read_toml},
	{".alloy", tree_read_river},
	{".conf", tree_read_fluent},
};

static int read_tree(
	const struct tree_source *source, struct log_agent *g, struct tree_problem *ret_problem)
{
	const char *dot = strrchr(g->path, '.');

	for (size_t i = 0; dot && i < ARRAY_SIZE(languages); i++) {
		if (strcmp(languages[i].suffix, dot) == 0)
			return languages[i].read(g->r->a, source, &g->root, ret_problem);
	}
	return -EINVAL;
}

static int read_agent(struct log_reading *r, size_t i, const char *path)
{
	_cleanup_file_ struct file f = {0};
	struct log_files_load load = {.root = r->root, .a = r->a};
	const struct rsyslog_files files = {log_files_load, &load};
	struct log_agent g = {.r = r, .program = agents[i].program, .path = path, .files = &files};
	struct tree_problem problem = {0};
	int e = root_read(r->root, path, FILE_MAX, &f);

	if (e < 0)
		return log_set_config(r, g.program, e, path, 0, fsio_strerror(e));
	e = read_tree(&(struct tree_source){f.data, f.size}, &g, &problem);
	if (e == 0 && g.root->kind != TREE_MAP)
		problem = (struct tree_problem){"it is no table of settings", g.root->line};
	else if (e == 0)
		e = agents[i].follow(&g, &problem);
	if (e < 0 && e != -EBADMSG)
		return e;
	return log_set_config(r, g.program, 0, path, problem.line, problem.what);
}

/* How each is told to read something else than its usual file. */
static const struct how {
	enum log_program program;
	const char *variable; /* that begins so; NULL: none */
	const char
		*options[7];   /* of which the value is a file, or a directory that stands for it */
	const char *directory; /* of which it is the file's own directory */
	bool command;	       /* the variable holds options */
	bool operand;	       /* what follows "run" is the file */
} hows[] = {
	{LOG_VECTOR, "VECTOR_CONFIG",
		{"-c", "--config", "--config-toml", "--config-json", "--config-yaml", "-C",
			"--config-dir"}},
	{LOG_FLUENT_BIT, NULL, {"-c", "--config"}},
	{LOG_FILEBEAT, "BEAT_", {"-c"}, "--path.config", .command = true},
	{LOG_PROMTAIL, NULL, {"-config.file", "--config.file"}},
	{LOG_ALLOY, "CONFIG_FILE", .operand = true},
};

static const struct how *how_of(enum log_program p)
{
	for (size_t i = 0; i < ARRAY_SIZE(hows); i++) {
		if (hows[i].program == p)
			return &hows[i];
	}
	return NULL;
}

/* Whether two paths are the same but for slashes that are written twice or last, n of b. */
static bool same_path(const char *a, const char *b, size_t n)
{
	const char *end = b + n;

	while (*a && b < end && *a == *b) {
		if (*a == '/') {
			a += strspn(a, "/");
			b += strspn(b, "/");
		} else {
			a++;
			b++;
		}
	}
	return !a[strspn(a, "/")] && b >= end;
}

static bool is_read(const char *value, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (strchr(value, '$'))
		return true;
	if (!slash)
		return false;
	return strchr(value, '/') ? same_path(value, path, strlen(path))
				  : strcmp(value, slash + 1) == 0;
}

static bool is_option(const struct how *how, const char *word, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(how->options) && how->options[i]; i++) {
		if (strlen(how->options[i]) == n && strncmp(how->options[i], word, n) == 0)
			return true;
	}
	return false;
}

/* Whether the word behind another is the file that it is run with, not an option's value. */
static bool is_operand(const char *word, const char *before)
{
	const char *dot = strrchr(word, '.');

	if (*word == '-' || *word == '$')
		return false;
	return *before != '-' || strchr(before, '=') || (dot && strcmp(dot, ".alloy") == 0);
}

const char *log_other_config(
	struct arena *a, enum log_program p, const char *path, const char *command)
{
	const struct how *how = how_of(p);
	const char *slash = path ? strrchr(path, '/') : NULL, *before = "", *word;
	bool run = false;

	while (how && (word = unit_word(a, &command))) {
		size_t n = strcspn(word, "=");
		bool file = is_option(how, word, n);
		if (how->operand && run && is_operand(word, before) && !is_read(word, path))
			return word;
		run |= how->operand && strcmp(word, "run") == 0;
		before = word;
		if (!file && !(how->directory && strlen(how->directory) == n &&
				     strncmp(how->directory, word, n) == 0))
			continue;
		const char *value = word[n] ? word + n + 1 : unit_word(a, &command);
		if (!value)
			break;
		if (file ? !is_read(value, path)
			 : !strchr(value, '$') &&
					(!slash || !same_path(value, path, (size_t)(slash - path))))
			return value;
	}
	return NULL;
}

const char *log_other_variable(
	struct arena *a, enum log_program p, const char *path, const char *variable)
{
	const struct how *how = how_of(p);
	const char *value = strchr(variable, '=');

	if (!how || !how->variable || !value ||
		strncmp(variable, how->variable, strlen(how->variable)) != 0)
		return NULL;
	if (how->command)
		return log_other_config(a, p, path, value + 1);
	for (const char *v = value + 1; *v; v += *v == ',') {
		const char *one = arena_strndup(a, v, strcspn(v, ","));
		if (one && *one && !is_read(one, path))
			return one;
		v += strcspn(v, ",");
	}
	return NULL;
}

/* What the file of its environment says of it. 0 or -ENOMEM. */
static int read_variables(struct log_reading *r, enum log_program p, const char *path)
{
	_cleanup_file_ struct file f = {0};
	struct log_config *c = &r->log->config[p];
	int e = root_read(r->root, path, FILE_MAX, &f);

	if (e == -ENOMEM || e == -ENOENT || e == -ENOTDIR)
		return e == -ENOMEM ? e : 0;
	if (e < 0)
		c->elsewhere = arena_printf(r->a, "perhaps by %s: %s", path, fsio_strerror(e));
	for (const char *l = e < 0 ? "" : f.data; *l && !c->elsewhere; l += *l == '\n') {
		size_t n = strcspn(l, "\n"), blank = strspn(l, " \t");
		const char *line = arena_strndup(r->a, l + blank, n - blank);
		const char *word = line && !strchr("#;", *line) ? unit_word(r->a, &line) : NULL;
		if (word)
			c->elsewhere = log_other_variable(r->a, p, c->path, word);
		l += n;
	}
	return arena_failed(r->a) ? -ENOMEM : 0;
}

static int read_environment(struct log_reading *r, enum log_program p)
{
	static const char *const directories[] = {"/etc/default", "/etc/sysconfig"};
	int e = 0;

	for (size_t i = 0; e == 0 && i < ARRAY_SIZE(directories); i++) {
		const char *path = arena_path(r->a, directories[i], log_program_name(p));
		e = path ? read_variables(r, p, path) : -ENOMEM;
	}
	return e;
}

int log_read_agents(struct log_reading *r)
{
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(agents); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(agents[i].paths) && agents[i].paths[k]; k++) {
			int e = root_stat(r->root, agents[i].paths[k], &st);
			if (e == -ENOENT || e == -ENOTDIR)
				continue;
			e = read_agent(r, i, agents[i].paths[k]);
			if (e < 0)
				return e;
			break;
		}
		int e = read_environment(r, agents[i].program);
		if (e < 0)
			return e;
	}
	return 0;
}
