/* SPDX-License-Identifier: ISC */
#include "fact/sshd-state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

struct sshd_slot *sshd_slot_of(struct sshd_state *s, const char *keyword)
{
	const struct sshd_keyword *k = sshd_keyword_find(keyword, SSHD_VERSION_MAX);

	return &s->slots[sshd_keyword_index(k)];
}

static const char *first_value(const struct sshd_conf *c, struct sshd_state *s, const char *keyword)
{
	const struct sshd_slot *slot = sshd_slot_of(s, keyword);
	const struct sshd_value *dflt = sshd_default(c, keyword);

	if (slot->n > 0)
		return slot->v[0];
	return dflt ? dflt->value : "";
}

static bool is_yes(const struct sshd_conf *c, struct sshd_state *s, const char *keyword)
{
	return strcmp(first_value(c, s, keyword), "yes") == 0;
}

static bool is_none(const char *value)
{
	return strcasecmp(value, "none") == 0;
}

void sshd_state_start(const struct sshd_conf *c, struct sshd_state *s)
{
	static const char *const yes[] = {"yes"};
	const struct sshd_keyword *k;
	const struct sshd_slot *challenge;

	/* Until 8.6 there were two keywords for one thing, and the old one, on by default, won. */
	if (c->env.version >= SSHD_VERSION_ARGV)
		return;
	k = sshd_keyword_find("challengeresponseauthentication", c->env.version);
	challenge = &s->slots[sshd_keyword_index(k)];
	if (challenge->n > 0 && strcmp(challenge->v[0], "yes") != 0)
		return;
	*sshd_slot_of(s, "kbdinteractiveauthentication") = (struct sshd_slot){
		.v = yes, .n = 1, .path = challenge->path, .line = challenge->line};
}

/* Whether each method of a list "publickey,password" is switched on. */
static bool methods_enabled(const struct sshd_conf *c, struct sshd_state *s, const char *list)
{
	static const struct {
		const char *method, *keyword;
	} methods[] = {
		{"publickey", "pubkeyauthentication"},
		{"password", "passwordauthentication"},
		{"keyboard-interactive", "kbdinteractiveauthentication"},
		{"hostbased", "hostbasedauthentication"},
		{"gssapi-with-mic", "gssapiauthentication"},
		{"gssapi-keyex", "gssapikeyexchange"},
	};

	for (const char *p = list; *p; p += *p == ',') {
		size_t n = strcspn(p, ":,");
		for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
			if (strlen(methods[i].method) == n &&
				strncmp(methods[i].method, p, n) == 0 &&
				!is_yes(c, s, methods[i].keyword))
				return false;
		}
		p += strcspn(p, ",");
	}
	return true;
}

static void check_methods(struct sshd_conf *c, struct sshd_state *s)
{
	const struct sshd_slot *slot = sshd_slot_of(s, "authenticationmethods");

	if (slot->n == 0 || strcmp(slot->v[0], "any") == 0)
		return;
	for (size_t i = 0; i < slot->n; i++) {
		if (methods_enabled(c, s, slot->v[i]))
			return;
	}
	sshd_conf_error(c, slot->path, slot->line,
		"AuthenticationMethods cannot be satisfied by enabled authentication methods");
}

/* A command that sshd runs needs the user to run it as. */
static void check_command(
	struct sshd_conf *c, struct sshd_state *s, const char *command, const char *user)
{
	const struct sshd_slot *slot = sshd_slot_of(s, command);

	if (slot->n > 0 && !is_none(slot->v[0]) && sshd_slot_of(s, user)->n == 0)
		sshd_conf_error(c, slot->path, slot->line, "%s set without %s", command, user);
}

static void check_listen(struct sshd_conf *c, struct sshd_state *s)
{
	const struct sshd_slot *slot = sshd_slot_of(s, "listenaddress");
	const char *family = first_value(c, s, "addressfamily");

	for (size_t i = 0; i < slot->n; i++) {
		struct sshd_address a;
		char host[256];
		size_t n = strcspn(slot->v[i], " ");
		if (n >= sizeof(host))
			continue;
		memcpy(host, slot->v[i], n);
		host[n] = '\0';
		/* A name may be resolved differently at each start: not judged. */
		if (!sshd_address(host, &a))
			continue;
		if (strcmp(family, a.family == AF_INET ? "inet6" : "inet") == 0)
			sshd_conf_error(c, slot->path, slot->line,
				"listenaddress: bad address \"%s\" with AddressFamily %s", host,
				family);
	}
}

int sshd_state_check(struct sshd_conf *c, struct sshd_state *s)
{
	struct sshd_value *values;
	size_t n;

	sshd_state_start(c, s);
	check_listen(c, s);
	check_command(c, s, "authorizedkeyscommand", "authorizedkeyscommanduser");
	check_command(c, s, "authorizedprincipalscommand", "authorizedprincipalscommanduser");
	check_methods(c, s);
	/* Lists of algorithms are put together here. */
	int r = sshd_state_values(c, s, c->arena, &values, &n);
	return r == -EINVAL ? 0 : r;
}

/* ---- values ---- */

static const char *join(struct arena *a, const struct sshd_slot *s)
{
	size_t room = 1;

	for (size_t i = 0; i < s->n; i++)
		room += strlen(s->v[i]) + 1;
	char *out = arena_alloc(a, room), *w = out;
	for (size_t i = 0; out && i < s->n; i++) {
		if (i > 0)
			*w++ = ' ';
		w = stpcpy(w, s->v[i]);
	}
	return out;
}

/* The canonical text of an address, a name as it is. */
static const char *listen_host(struct arena *a, const char *host)
{
	char text[INET6_ADDRSTRLEN];
	struct sshd_address address;

	if (!sshd_address(host, &address))
		return host;
	if (!inet_ntop(address.family, address.bytes, text, sizeof(text)))
		return host;
	const char *scope = strchr(host, '%');
	return arena_printf(
		a, address.family == AF_INET6 ? "[%s%s]" : "%s%s", text, scope ? scope : "");
}

/* Adds "host:port" for the port of its own or for each Port. */
static int add_listen(
	struct arena *a, const char *entry, const struct sshd_slot *ports, char **text)
{
	size_t n = strcspn(entry, " ");
	const char *own = entry + n + 1, *const *v = ports->v;
	char *name = arena_strndup(a, entry, n);
	const char *host = name ? listen_host(a, name) : NULL;
	size_t count = ports->n;

	if (strcmp(own, "0") != 0) {
		v = &own;
		count = 1;
	}
	for (size_t i = 0; host && *text && i < count; i++)
		*text = arena_printf(a, "%s%s%s:%s", *text, **text ? " " : "", host, v[i]);
	return host && *text ? 0 : -ENOMEM;
}

/* ListenAddress as sshd -T prints it: all addresses, each with its port. */
static const char *listen_value(const struct sshd_conf *c, struct sshd_state *s, struct arena *a)
{
	static const char *const ssh[] = {"22"};
	static const char *const both[] = {":: 0", "0.0.0.0 0"};
	const struct sshd_slot *listen = sshd_slot_of(s, "listenaddress");
	struct sshd_slot ports = *sshd_slot_of(s, "port");
	const char *family = first_value(c, s, "addressfamily"), *const *v = listen->v;
	size_t n = listen->n;
	char *text = arena_strdup(a, "");

	if (ports.n == 0)
		ports = (struct sshd_slot){.v = ssh, .n = 1};
	if (n > 0) {
		for (size_t i = 0; i < n; i++) {
			if (add_listen(a, v[i], &ports, &text) < 0)
				return NULL;
		}
		return text;
	}
	/* Without any: both families for the first port, then for the next. */
	for (size_t p = 0; p < ports.n; p++) {
		const struct sshd_slot port = {.v = &ports.v[p], .n = 1};
		for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
			if (strcmp(family, i == 0 ? "inet" : "inet6") == 0)
				continue;
			if (add_listen(a, both[i], &port, &text) < 0)
				return NULL;
		}
	}
	return text;
}

static int algs_value(struct sshd_conf *c, const struct sshd_keyword *k,
	const struct sshd_slot *slot, struct arena *a, const char **ret)
{
	const struct sshd_value *dflt = sshd_default(c, k->name);
	const struct sshd_algs algs = {
		.kind = *(const enum sshd_alg *)k->arg,
		.version = c->env.version,
		.dflt = dflt ? dflt->value : "",
	};
	int r = sshd_algs_assemble(a, &algs, slot->v[0], ret);

	if (r == -EINVAL)
		sshd_conf_error(c, slot->path, slot->line, "%s: no algorithm is left", k->name);
	/* sshd comes back once to a list from the start that has become empty, as if it were not
	 * set. */
	if (r == 0 && !**ret && !slot->matched)
		*ret = algs.dflt;
	return r;
}

static bool is_algs(const struct sshd_keyword *k)
{
	const struct sshd_keyword *ciphers = sshd_keyword_find("ciphers", SSHD_VERSION_MAX);

	return k->parse == ciphers->parse;
}

/* Fills in the value of one keyword. */
static int value_of(struct sshd_conf *c, struct sshd_state *s, const struct sshd_keyword *k,
	struct arena *a, struct sshd_value *ret)
{
	const struct sshd_slot *slot = &s->slots[sshd_keyword_index(k)];
	const struct sshd_value *dflt = sshd_default(c, k->name);

	*ret = (struct sshd_value){
		.keyword = k->name,
		.value = dflt ? dflt->value : "",
		.path = slot->n > 0 ? slot->path : NULL,
		.line = slot->n > 0 ? slot->line : 0,
	};
	if (strcmp(k->name, "listenaddress") == 0)
		ret->value = listen_value(c, s, a);
	else if (slot->n > 0 && is_algs(k))
		return algs_value(c, k, slot, a, &ret->value);
	else if (slot->n == 1)
		ret->value = is_none(slot->v[0]) ? "none" : slot->v[0];
	else if (slot->n > 1)
		ret->value = join(a, slot);
	return ret->value ? 0 : -ENOMEM;
}

int sshd_state_values(struct sshd_conf *c, struct sshd_state *s, struct arena *a,
	struct sshd_value **ret, size_t *ret_n)
{
	struct sshd_value *v = arena_alloc(a, sshd_keyword_count() * sizeof(*v));
	size_t n = 0;

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < sshd_keyword_count(); i++) {
		const struct sshd_keyword *k = sshd_keyword_at(i);
		/* A keyword without a default is not in this version. */
		if (!(k->flags & SSHD_SHOWN) || !sshd_default(c, k->name))
			continue;
		int r = value_of(c, s, k, a, &v[n]);
		if (r < 0)
			return r;
		n++;
	}
	*ret = v;
	*ret_n = n;
	return 0;
}
