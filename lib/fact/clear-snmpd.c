/* SPDX-License-Identifier: ISC */
/*
 * Whom net-snmp's snmpd answers, and from whom its snmptrapd takes traps, without
 * encryption: by a community (SNMP v1 and v2c), or as a user of SNMP v3 whose
 * level does not ask for privacy. Where sources or accesses hide one another, it
 * is taken that the widest holds.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "fact/clear-servers.h"
#include "fact/name-servers.h"
#include "fact/snmpd-conf.h"

static bool is_usm(const char *model)
{
	return strcasecmp(model, "usm") == 0 || strcasecmp(model, "any") == 0;
}

static bool has_row(const struct snmpd_conf *r, enum snmpd_row_kind kind, const char *name)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].kind == kind && strcmp(r->v[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Whether there is anything to see in it. snmptrapd does not look at what a view holds. */
static bool shows(const struct snmpd_conf *r, const char *view)
{
	return !view || r->traps || strcmp(view, "_all_") == 0 || has_row(r, SNMPD_VIEW, view);
}

static bool is_community_model(const char *model)
{
	return strcasecmp(model, "v1") == 0 || strcasecmp(model, "v2c") == 0;
}

/* Whether the group's model and the access's are about the same requests. */
static bool models_meet(const char *a, const char *b)
{
	return strcasecmp(a, "any") == 0 || strcasecmp(b, "any") == 0 || strcasecmp(a, b) == 0;
}

/* A name is in one group by each model: the last line that says so holds, rouser's among them. */
static bool is_hidden(const struct snmpd_conf *r, size_t i)
{
	const struct snmpd_row *row = &r->v[i];
	const char *model = row->kind == SNMPD_GROUP ? row->model : "usm";

	while (++i < r->n) {
		const struct snmpd_row *other = &r->v[i];
		const char *by = other->kind == SNMPD_GROUP  ? other->model
				 : other->kind == SNMPD_USER ? "usm"
							     : NULL;
		if (by && strcmp(other->name, row->name) == 0 && strcasecmp(by, model) == 0 &&
			(row->kind != SNMPD_USER || other->kind != SNMPD_USER))
			return true;
	}
	return false;
}

/* What the access of a group gives in the clear: the most of its members. */
static enum clear_kind judge_access(const struct snmpd_conf *r, const struct snmpd_row *access)
{
	enum clear_kind most = CLEAR_SHUT;

	if (access->level == SNMPD_PRIV || !shows(r, access->view))
		return CLEAR_SHUT;
	for (size_t i = 0; i < r->n && most != CLEAR_OPEN; i++) {
		const struct snmpd_row *g = &r->v[i];
		if (g->kind != SNMPD_GROUP || strcmp(g->group, access->group) != 0 ||
			!models_meet(g->model, access->model) || is_hidden(r, i))
			continue;
		bool community = is_community_model(g->model) || strcasecmp(g->model, "any") == 0;
		if (community && access->level == SNMPD_NOAUTH &&
			strcasecmp(access->model, "usm") != 0 && has_row(r, SNMPD_SOURCE, g->name))
			most = CLEAR_OPEN;
		else if (is_usm(g->model) && is_usm(access->model) &&
			 has_row(r, SNMPD_KNOWN, g->name))
			most = CLEAR_LOGIN;
	}
	return most;
}

static enum clear_kind judge_row(const struct snmpd_conf *r, size_t i)
{
	const struct snmpd_row *row = &r->v[i];

	switch (row->kind) {
	case SNMPD_COMMUNITY:
		return shows(r, row->view) ? CLEAR_OPEN : CLEAR_SHUT;
	case SNMPD_USER:
		return row->level != SNMPD_PRIV && shows(r, row->view) &&
				       has_row(r, SNMPD_KNOWN, row->name) && !is_hidden(r, i)
			       ? CLEAR_LOGIN
			       : CLEAR_SHUT;
	case SNMPD_ACCESS:
		return judge_access(r, row);
	default:
		return CLEAR_SHUT;
	}
}

static int judge(struct snmpd_conf *r, struct clear_service *s)
{
	static const char *const levels[] = {"noauth", "auth", "priv"};
	const struct snmpd_row *worst = NULL;

	s->kind = CLEAR_SHUT;
	for (size_t i = 0; i < r->n; i++) {
		enum clear_kind kind = judge_row(r, i);
		if (kind <= s->kind)
			continue;
		worst = &r->v[i];
		s->kind = kind;
	}
	if (r->open.path) {
		s->kind = CLEAR_OPEN;
		s->setting = "disableAuthorization yes";
		s->at = r->open;
		return 0;
	}
	if (worst)
		s->at = worst->at;
	if (!worst)
		s->setting = "no community or user that is let in without encryption";
	else if (s->kind == CLEAR_OPEN)
		s->setting = arena_printf(r->files.a,
			"%s lets in by a community, which SNMP v1 and v2c send in the clear",
			worst->key);
	else
		s->setting = arena_printf(r->files.a, "%s of %s asks for %s and not for priv",
			worst->key, worst->name ? worst->name : worst->group, levels[worst->level]);
	return s->setting ? 0 : -ENOMEM;
}

static int add_services(struct snmpd_conf *r, const char *path, struct clear_list *ret)
{
	struct clear_service s = {.program = r->traps ? "snmptrapd" : "snmpd",
		.protocol = "SNMP",
		.udp = true,
		.at = {path, 0}};
	struct clear_service tls = {.program = s.program,
		.protocol = "SNMP over TLS",
		.kind = CLEAR_SHUT,
		.setting = r->traps ? "snmpTrapdAddr" : "agentaddress",
		.at = r->listen_at};
	struct clear_list l = *ret;
	int k = judge(r, &s);

	clear_fault(&s, &r->files);
	if (k == 0)
		k = clear_add(r->files.a, &l, &s);
	if (k == 0 && r->tcp[0]) {
		s.udp = false;
		memcpy(s.ports, r->tcp, sizeof(s.ports));
		k = clear_add(r->files.a, &l, &s);
	}
	for (int udp = 0; k == 0 && udp < 2; udp++) {
		memcpy(tls.ports, udp ? r->dtls : r->tls, sizeof(tls.ports));
		tls.udp = udp;
		if (tls.ports[0])
			k = clear_add(r->files.a, &l, &tls);
	}
	if (k == 0)
		*ret = l;
	return k;
}

/* -C: none of the files that it reads by itself; -c: others; what is no option: addresses. */
struct options {
	struct snmpd_conf *r;
	bool alone;
	const char *files;
};

static void take_words(
	struct options *o, const char *const *words, size_t n, const struct conf_place *at)
{
	for (size_t i = 0; i < n; i++) {
		const char *w = words[i];
		if (*w != '-') {
			snmpd_conf_address(o->r, w, at);
		} else if (strcmp(w, "-C") == 0) {
			o->alone = true;
		} else if (strncmp(w, "-c", 2) == 0) {
			o->files = w[2] ? w + 2 : i + 1 < n ? words[i + 1] : NULL;
			i += !w[2];
		}
	}
}

/* In the place of a variable come the words that the distribution's file gives it. */
static int each_command(const char *const *words, size_t n, const struct conf_place *at, void *arg)
{
	static const char *const environments[] = {"/etc/sysconfig/snmpd", "/etc/default/snmpd",
		NULL},
				 *const of_traps[] = {"/etc/sysconfig/snmptrapd",
					 "/etc/default/snmptrapd", NULL};
	struct options *o = arg;

	for (size_t i = 1, k; i < n; i = k) {
		const char *const *more = NULL;
		size_t n_more = 0;
		for (k = i; k < n && *words[k] != '$';)
			k++;
		take_words(o, words + i, k - i, at);
		if (k == n)
			break;
		int e = clear_variable(o->r->files.a, o->r->files.root, words[k++],
			o->r->traps ? of_traps : environments, &more, &n_more);
		if (e < 0)
			return e;
		take_words(o, more, n_more, at);
	}
	return 0;
}

static int read_files(struct options *o, const char *program)
{
	static const char *const dirs[] = {"/etc/snmp", "/usr/local/etc/snmp", "/usr/share/snmp",
		"/usr/local/share/snmp", "/var/lib/snmp", "/var/lib/net-snmp"};
	struct snmpd_conf *r = o->r;
	int k = 0;

	for (size_t i = 0; k == 0 && i < 2 * ARRAY_SIZE(dirs); i++) {
		bool kept = strncmp(dirs[i / 2], "/var/", 5) == 0;
		const char *path = arena_printf(
			r->files.a, "%s/%s%s.conf", dirs[i / 2], program, i % 2 ? ".local" : "");
		if (!path)
			return -ENOMEM;
		if (!o->alone || kept)
			k = conf_files_read(&r->files, path, NULL, true, snmpd_conf_parse, r);
	}
	char *list = o->files ? arena_strdup(r->files.a, o->files) : NULL, *save = NULL;
	for (char *w = list ? strtok_r(list, ",", &save) : NULL; k == 0 && w;
		w = strtok_r(NULL, ",", &save))
		k = conf_files_read(&r->files, w, NULL, true, snmpd_conf_parse, r);
	return arena_failed(r->files.a) ? -ENOMEM : k;
}

static int read_program(
	struct arena *a, const struct root *root, bool traps, struct clear_list *ret)
{
	const char *name = traps ? "snmptrapd" : "snmpd";
	const char *programs[] = {
		arena_path(a, "/usr/sbin", name), arena_path(a, "/usr/local/sbin", name), NULL};
	struct snmpd_conf r = {.files = {.a = a, .root = root}, .traps = traps};
	struct options o = {.r = &r};
	const char *path = arena_printf(a, "/etc/snmp/%s.conf", name);

	if (!path || !programs[0] || !programs[1])
		return -ENOMEM;
	if (!name_server_installed(root, programs))
		return 0;
	int k = clear_commands(a, ret, name, each_command, &o);
	if (k >= 0)
		k = read_files(&o, name);
	if (k < 0 || (!r.there && !r.files.fault))
		return k;
	return add_services(&r, path, ret);
}

int clear_snmpd(struct arena *a, const struct root *root, struct clear_list *ret)
{
	return read_program(a, root, false, ret);
}

int clear_snmptrapd(struct arena *a, const struct root *root, struct clear_list *ret)
{
	return read_program(a, root, true, ret);
}

/* A text that begins with "#trap" is snmptrapd's. */
int clear_snmpd_text(struct arena *a, char *text, struct clear_list *ret)
{
	static const char path[] = "snmpd.conf";
	struct snmpd_conf r = {.files = {.a = a}, .traps = strncmp(text, "#trap", 5) == 0};
	int k = snmpd_conf_parse(path, text, &r);

	return k < 0 ? k : add_services(&r, path, ret);
}
