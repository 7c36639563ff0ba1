/* SPDX-License-Identifier: ISC */
/*
 * Who may log in to Dovecot without TLS, by client_check_plaintext_auth() and
 * client_auth_begin() of its src/login-common: nobody where ssl=required, with
 * the password itself only where that is allowed, and else by mechanisms that
 * do not send it. Clients of login_trusted_networks need none of it.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "fact/clear-servers.h"
#include "fact/dovecot-conf.h"
#include "fact/name-servers.h"

static const char usual_path[] = "/etc/dovecot/dovecot.conf";

/* What speaks to clients. */
struct speaker {
	const char *program;  /* in libexec; a service has its name unless it says otherwise */
	const char *protocol; /* as `protocols` and `protocol {` name it */
	const char *name;
	bool login;	/* it asks who one is */
	bool anonymous; /* it lets in who says "anonymous" */
	bool apop;
};

static const struct speaker speakers[] = {
	{"imap-login", "imap", "IMAP", true, true, false},
	{"pop3-login", "pop3", "POP3", true, true, true},
	{"managesieve-login", "sieve", "ManageSieve", true, false, false},
	{"submission-login", "submission", "submission", true, false, false},
	{"lmtp", "lmtp", "LMTP", false, false, false},
};

/* A connection that the configuration tells from others. */
struct connection {
	struct net local, remote; /* family 0: no filter is about it */
};

struct judging {
	struct arena *a;
	const struct dovecot_conf *c;
	const struct speaker *s;
	struct clear_service *out;
	bool any; /* out says something already */
};

static const struct speaker *speaker_of(
	const struct dovecot_conf *c, const struct dovecot_listener *l)
{
	const char *program = l->service;

	for (size_t i = 0; i < c->n_services; i++) {
		if (strcmp(c->services[i].name, l->service) == 0)
			program = c->services[i].program;
	}
	for (size_t i = 0; i < ARRAY_SIZE(speakers); i++) {
		if (strcmp(speakers[i].program, program) == 0)
			return &speakers[i];
	}
	return NULL;
}

static const struct dovecot_value *base(const struct dovecot_conf *c, enum dovecot_key key)
{
	const struct dovecot_value *v = &c->filters[0].v[key];

	return v->text ? v : NULL;
}

/* Whether the protocol is one of `protocols`; "imaps" is an old name of imap. */
static bool is_served(const struct dovecot_conf *c, const char *protocol)
{
	const struct dovecot_value *v = base(c, DOVECOT_PROTOCOLS);
	size_t n = strlen(protocol);

	for (const char *s = v ? v->text : "imap pop3 lmtp"; *s;) {
		size_t len = strcspn(s, " \t");
		if (strncmp(s, protocol, n) == 0 && (len == n || (len == n + 1 && s[n] == 's')))
			return true;
		s += len;
		s += strspn(s, " \t");
	}
	return false;
}

/* Whether somebody can log in without TLS by it, the password not being sent (or none asked). */
static bool is_strong(const struct speaker *s, const char *word, size_t n)
{
	static const char *const strong[] = {"cram-md5", "digest-md5", "scram-sha-1",
		"scram-sha-256", "otp", "ntlm", "gssapi", "gss-spnego"};

	for (size_t i = 0; i < ARRAY_SIZE(strong); i++) {
		if (strlen(strong[i]) == n && strncasecmp(strong[i], word, n) == 0)
			return true;
	}
	return (s->anonymous && n == 9 && strncasecmp(word, "anonymous", n) == 0) ||
	       (s->apop && n == 4 && strncasecmp(word, "apop", n) == 0);
}

/*
 * Of the mechanisms, which the authentication server takes from what is said for
 * all connections alone: whether the password is sent by one, and whether one
 * works without.
 */
static void mechanisms(const struct judging *j, bool *ret_plain, bool *ret_strong)
{
	static const char *const plain[] = {"plain", "login", "xoauth2", "oauthbearer"};
	const struct dovecot_value *all = base(j->c, DOVECOT_MECHANISMS);

	*ret_plain = *ret_strong = false;
	for (const char *s = all ? all->text : "plain"; *s;) {
		size_t len = strcspn(s, " \t");
		*ret_strong = *ret_strong || is_strong(j->s, s, len);
		for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
			*ret_plain = *ret_plain || (strlen(plain[i]) == len &&
							   strncasecmp(plain[i], s, len) == 0);
		s += len;
		s += strspn(s, " \t");
	}
}

/* The narrower of two nets, one of which lies in the other; false where none does. */
static bool meet(const struct net *a, const struct net *b, struct net *ret)
{
	if (a->family == 0 || b->family == 0)
		*ret = a->family == 0 ? *b : *a;
	else if (net_contains(a, b))
		*ret = *b;
	else if (net_contains(b, a))
		*ret = *a;
	else
		return false;
	return true;
}

/* Whether the connection can come from one of the networks; Dovecot stops at one that is none. */
static bool is_trusted(const char *list, const struct connection *n)
{
	for (const char *s = list + strspn(list, ", \t"); *s;) {
		size_t len = strcspn(s, ", \t");
		char word[NET_TEXT_MAX];
		struct net net, both;
		if (len >= sizeof(word))
			return false;
		memcpy(word, s, len);
		word[len] = '\0';
		int r = net_parse(word, &net);
		if (r < 0 && r != -EDOM)
			return false;
		if (!net_is_loopback(&net) && meet(&net, &n->remote, &both) &&
			(n->local.family == 0 || n->local.family == net.family))
			return true;
		s += len;
		s += strspn(s, ", \t");
	}
	return false;
}

/* Keeps the worst that any connection gets. 0 or -ENOMEM. */
static int keep(struct judging *j, enum clear_kind kind, const struct dovecot_value *v,
	const char *otherwise)
{
	const char *setting = v ? arena_printf(j->a, "%s=%s", v->key, v->text) : otherwise;

	if (j->any && kind <= j->out->kind)
		return 0;
	if (!setting)
		return -ENOMEM;
	j->out->kind = kind;
	j->out->setting = setting;
	if (v)
		j->out->at = v->at;
	j->any = true;
	return 0;
}

static int judge(struct judging *j, const struct connection *n)
{
	const struct dovecot_value *v[DOVECOT_KEYS];
	bool plain, strong;

	if (!dovecot_conf_values(j->c, j->s->protocol, &n->local, &n->remote, v))
		return 0;
	const struct dovecot_value *ssl = v[DOVECOT_SSL], *clear = v[DOVECOT_CLEARTEXT];
	mechanisms(j, &plain, &strong);
	if ((plain || strong) && v[DOVECOT_TRUSTED] && is_trusted(v[DOVECOT_TRUSTED]->text, n))
		return keep(j, plain ? CLEAR_OPEN : CLEAR_LOGIN, v[DOVECOT_TRUSTED], NULL);
	if (ssl && strcmp(ssl->text, "required") == 0)
		return keep(j, CLEAR_SHUT, ssl, NULL);
	if (plain && clear && clear->allows)
		return keep(j, CLEAR_OPEN, clear, NULL);
	if (strong)
		return keep(j, CLEAR_LOGIN, base(j->c, DOVECOT_MECHANISMS), NULL);
	return keep(j, CLEAR_SHUT, clear,
		"no disable_plaintext_auth= or auth_allow_cleartext= (by default no password is "
		"taken without TLS)");
}

/* Each two filters may meet in a connection; those of this machine with itself do not count. */
static int judge_all(struct judging *j)
{
	const struct dovecot_conf *c = j->c;

	for (size_t i = 0; i < c->n_filters; i++) {
		for (size_t k = i; k < c->n_filters; k++) {
			const struct dovecot_filter *x = &c->filters[i], *y = &c->filters[k];
			struct connection n;
			if (!meet(&x->local, &y->local, &n.local) ||
				!meet(&x->remote, &y->remote, &n.remote) ||
				(n.local.family && n.remote.family &&
					n.local.family != n.remote.family) ||
				(n.local.family && net_is_loopback(&n.local)) ||
				(n.remote.family && net_is_loopback(&n.remote)))
				continue;
			int r = judge(j, &n);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int judge_listener(struct arena *a, const struct dovecot_conf *c,
	const struct dovecot_listener *l, struct clear_service *s)
{
	struct judging j = {.a = a, .c = c, .s = speaker_of(c, l), .out = s};

	s->protocol = j.s->name;
	s->ports[0] = l->port;
	if (l->ssl) {
		s->kind = CLEAR_SHUT;
		s->protocol = arena_printf(a, "%s over TLS", j.s->name);
		s->setting = arena_printf(a, "ssl=yes of inet_listener %s", l->name);
		if (l->at.path)
			s->at = l->at;
		return s->protocol && s->setting ? 0 : -ENOMEM;
	}
	if (j.s->login)
		return judge_all(&j);
	s->kind = CLEAR_OPEN;
	s->setting = arena_printf(a, "no ssl=yes of inet_listener %s (the default is no)", l->name);
	if (l->at.path)
		s->at = l->at;
	return s->setting ? 0 : -ENOMEM;
}

/* With ssl=no for all, Dovecot does not open the ports that speak TLS from the first byte. */
static bool is_open(const struct dovecot_conf *c, const struct dovecot_listener *l)
{
	const struct speaker *s = speaker_of(c, l);
	const struct dovecot_value *ssl = base(c, DOVECOT_SSL);

	return s && l->port > 0 && l->port <= 65535 && is_served(c, s->protocol) &&
	       !(l->ssl && ssl && strcmp(ssl->text, "no") == 0);
}

static int follow(struct arena *a, const struct dovecot_conf *c, const struct conf_files *files,
	const char *path, struct clear_list *ret)
{
	const struct clear_service begin = {.program = "dovecot", .at = {path, 0}};
	struct clear_list l = *ret;

	for (size_t i = 0; i < c->n_listeners; i++) {
		struct clear_service s = begin;
		if (!is_open(c, &c->listeners[i]))
			continue;
		int r = judge_listener(a, c, &c->listeners[i], &s);
		clear_fault(&s, files);
		if (r == 0)
			r = clear_add(a, &l, &s);
		if (r < 0)
			return r;
	}
	if (files->fault) { /* what was not read may open any port */
		struct clear_service rest = begin;
		rest.protocol = "POP3, IMAP or ManageSieve";
		clear_fault(&rest, files);
		if (clear_add(a, &l, &rest) < 0)
			return -ENOMEM;
	}
	*ret = l;
	return 0;
}

struct starts {
	struct arena *a;
	const struct root *root;
	struct clear_list *list;
};

static int read_path(struct starts *t, const char *path)
{
	struct conf_files files = {.a = t->a, .root = t->root};
	struct dovecot_conf c;
	int r = dovecot_conf_read(&files, path, &c);

	return r < 0 ? r : follow(t->a, &c, &files, path, t->list);
}

/* -c FILE: a unit may start it with another file, beside the usual one or in its place. */
static int each_command(const char *const *words, size_t n, const struct conf_place *at, void *arg)
{
	const char *path = usual_path;

	(void)at;
	for (size_t i = 1; i < n; i++) {
		if (strncmp(words[i], "-c", 2) == 0)
			path = words[i][2] ? words[i] + 2 : words[i + 1] ? words[i + 1] : path;
	}
	return read_path(arg, path);
}

int clear_dovecot(struct arena *a, const struct root *root, struct clear_list *ret)
{
	static const char *const programs[] = {
		"/usr/sbin/dovecot", "/usr/local/sbin/dovecot", NULL};
	struct starts t = {a, root, ret};

	if (!name_server_installed(root, programs))
		return 0;
	int r = clear_commands(a, ret, "dovecot", each_command, &t);
	return r == 0 ? read_path(&t, usual_path) : MIN(r, 0);
}

int clear_dovecot_text(struct arena *a, char *text, struct clear_list *ret)
{
	struct conf_files files = {.a = a};
	struct dovecot_conf c;
	int r = dovecot_conf_parse(&files, "dovecot.conf", text, &c);

	return r < 0 ? r : follow(a, &c, &files, "dovecot.conf", ret);
}
