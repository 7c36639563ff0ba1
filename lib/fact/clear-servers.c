/* SPDX-License-Identifier: ISC */
#include "fact/clear-servers.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "fact/collectors.h"
#include "fact/guards.h"
#include "fact/packages.h"
#include "fact/unit-file.h"
#include "fact/units.h"

enum {
	VARIABLES_MAX = 64 * 1024,
};

int clear_add(struct arena *a, struct clear_list *l, const struct clear_service *s)
{
	struct clear_service *slot = arena_grow(a, &l->v, l->n, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = *s;
	l->n++;
	return 0;
}

void clear_fault(struct clear_service *s, const struct conf_files *f)
{
	s->fault = f->fault;
	s->fault_path = f->fault_path;
	s->fault_line = f->fault_line;
}

/* The word with %i and %I replaced by the instance of the unit. NULL on ENOMEM. */
static const char *expand(struct arena *a, const char *unit, const char *word)
{
	const char *at = strchr(unit, '@'), *dot = strrchr(unit, '.');
	const char *instance = at && dot > at ? arena_strndup(a, at + 1, (size_t)(dot - at - 1))
					      : "";
	const char *sign = strstr(word, "%i");

	if (!sign)
		sign = strstr(word, "%I");
	if (!sign || !instance)
		return instance ? word : NULL;
	return arena_printf(a, "%.*s%s%s", (int)(sign - word), word, instance, sign + 2);
}

struct command {
	const char **words;
	size_t n;
};

static int split(struct arena *a, const struct unit *u, const char *value, struct command *ret)
{
	struct command c = {NULL};
	const char *p = value + strspn(value, "-@:+!|");

	for (const char *w; (w = unit_word(a, &p));) {
		const char **slot = arena_grow(a, &c.words, c.n, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		*slot = expand(a, u->name, w);
		c.n++;
	}
	if (arena_failed(a) || !arena_grow(a, &c.words, c.n, sizeof(*c.words)))
		return -ENOMEM;
	*ret = c;
	return 0;
}

int clear_commands(struct arena *a, const struct clear_list *l, const char *program,
	int (*each)(const char *const *words, size_t n, const struct conf_place *at, void *arg),
	void *arg)
{
	int found = 0;

	for (size_t i = 0; l->units && i < l->units->n; i++) {
		const struct unit *u = &l->units->v[i];
		if (u->target || unit_name_kind(u->name) == UNIT_NAME_TEMPLATE)
			continue;
		for (size_t k = 0; k < u->n_settings; k++) {
			const struct unit_setting *s = &u->settings[k];
			struct command c;
			if (strcmp(s->key, "ExecStart") != 0 || !strstr(s->value, program))
				continue;
			int r = split(a, u, s->value, &c);
			if (r < 0)
				return r;
			if (c.n == 0 || strcmp(text_base_name(c.words[0]), program) != 0)
				continue;
			r = each(c.words, c.n, &(struct conf_place){s->path, s->line}, arg);
			if (r < 0)
				return r;
			found++;
		}
	}
	return found;
}

int clear_variable(struct arena *a, const struct root *root, const char *word,
	const char *const paths[], const char *const **ret, size_t *ret_n)
{
	const size_t skip = word[1] == '{' ? 2 : 1;
	const char *name = arena_strndup(a, word + skip, strcspn(word + skip, "}"));
	const char *value = NULL;
	unsigned line;
	bool plain;
	int e = name ? 0 : -ENOMEM;

	*ret = NULL;
	*ret_n = 0;
	for (; e == 0 && !value && *paths; paths++) {
		_cleanup_file_ struct file file = {0};
		e = root_read(root, *paths, VARIABLES_MAX, &file);
		if (e == 0)
			e = guard_assignment(a, file.data, name, &value, &line, &plain);
		else if (e != -ENOMEM)
			e = 0; /* it gives nothing, as to who reads it */
	}
	return e == 0 && value ? guard_words(a, value, " \t", ret, ret_n) : e;
}

static void add_item(struct fact *f, const struct clear_service *s)
{
	static const char *const kinds[] = {
		[CLEAR_SHUT] = "demands encryption",
		[CLEAR_LOGIN] = "takes no password in the clear, and other things",
		[CLEAR_OPEN] = "takes passwords in the clear",
	};
	struct arena *a = f->arena;
	const char *ports = "";

	for (size_t i = 0; i < CLEAR_PORTS_MAX && s->ports[i] && ports; i++)
		ports = arena_printf(a, "%s %u", ports, s->ports[i]);
	const char *subject = ports ? arena_printf(a, "cleartext %s %s%s", s->program, s->protocol,
					      ports)
				    : NULL;
	if (!subject)
		return; /* the arena remembers */
	fact_add_item(f, subject,
		s->fault ? "not read to its end"
			 : arena_printf(a, "%s: %s", kinds[s->kind], s->setting),
		s->at.path, s->at.line);
}

static int clear_servers_collect(const struct collect *c, struct fact *f)
{
	int (*const readers[])(struct arena *, const struct root *, struct clear_list *) = {
		clear_vsftpd,
		clear_proftpd,
		clear_pureftpd,
		clear_inetd,
		clear_xinetd,
		clear_sockets,
		clear_dovecot,
		clear_slapd,
		clear_snmpd,
		clear_snmptrapd,
	};
	struct clear_servers *all = arena_alloc(f->arena, sizeof(*all));
	const struct fact *units = factset_get(c->facts, FACT_UNITS);
	struct clear_list l = {.units = units ? units->u.units : NULL};

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		int r = readers[i](f->arena, c->root, &l);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < l.n; i++)
		add_item(f, &l.v[i]);
	*all = (struct clear_servers){l.v, l.n};
	f->u.clear_servers = all;
	return 0;
}

const struct collector collector_clear_servers = {
	.id = FACT_CLEAR_SERVERS,
	.name = "clear-servers",
	.needs = FACT_BIT(FACT_UNITS),
	.locks = packages_locks,
	.collect = clear_servers_collect,
};
