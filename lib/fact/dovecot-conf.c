/* SPDX-License-Identifier: ISC */
/* The syntax is that of src/config/config-parser.c. */
#include "fact/dovecot-conf.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum {
	DEPTH_MAX = 16,
	LISTENERS_MAX = 100,
	SERVICES_MAX = 200,
};

enum block_kind {
	BLOCK_FILTER, /* the file itself is the first */
	BLOCK_SERVICE,
	BLOCK_LISTENER,
	BLOCK_WORDS, /* 2.4: protocols { imap = yes } */
	BLOCK_OTHER,
};

struct block {
	enum block_kind kind;
	size_t index;	  /* of the filter or listener */
	const char *name; /* of the service; of the words their key */
	struct conf_place at;
};

struct reading {
	struct conf_files *files;
	struct dovecot_conf *c;
	struct block blocks[DEPTH_MAX];
	unsigned depth;
	const char *joined; /* lines before that ended with "\", or NULL */
};

static int key_of(const char *word)
{
	static const struct {
		const char *word;
		enum dovecot_key key;
	} keys[] = {
		{"ssl", DOVECOT_SSL},
		{"disable_plaintext_auth", DOVECOT_CLEARTEXT},
		{"auth_allow_cleartext", DOVECOT_CLEARTEXT},
		{"auth_mechanisms", DOVECOT_MECHANISMS},
		{"login_trusted_networks", DOVECOT_TRUSTED},
		{"protocols", DOVECOT_PROTOCOLS},
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i].word, word) == 0)
			return (int)keys[i].key;
	}
	return -1;
}

/* As get_bool() of src/lib-settings. 1, 0 or -EINVAL. */
static int boolean(const char *s)
{
	if (strcasecmp(s, "yes") == 0 || strcasecmp(s, "y") == 0 || strcmp(s, "1") == 0)
		return 1;
	return strcasecmp(s, "no") == 0 ? 0 : -EINVAL;
}

/* What `$auth_mechanisms` stands for: what is set so far, or the default. */
static const char *own_value(const struct reading *r, size_t filter, enum dovecot_key key)
{
	const char *text = r->c->filters[filter].v[key].text;

	if (!text)
		text = r->c->filters[0].v[key].text;
	if (!text)
		text = key == DOVECOT_MECHANISMS  ? "plain"
		       : key == DOVECOT_PROTOCOLS ? "imap pop3 lmtp"
						  : "";
	return text;
}

/* Replaces `$key` of the key itself in the value; any other name makes a fault. 0 or -ENOMEM. */
static int expand(struct reading *r, const struct conf_place *at, const char *key, size_t filter,
	const char **value)
{
	const char *text = "";
	char *copy = arena_strdup(r->files->a, *value), *save = NULL;

	if (!copy)
		return -ENOMEM;
	for (char *w = strtok_r(copy, " \t", &save); w; w = strtok_r(NULL, " \t", &save)) {
		const char *name = strncmp(w, "$SET:", 5) == 0 ? w + 5 : w + 1, *part = w;
		if (*w == '$' && strcmp(name, key) == 0)
			part = own_value(r, filter, (enum dovecot_key)key_of(key));
		else if (*w == '$')
			return conf_files_fault(r->files, at, "%s is taken from a variable", key);
		text = arena_printf(r->files->a, "%s%s%s", text, *text ? " " : "", part);
		if (!text)
			return -ENOMEM;
	}
	*value = text;
	return 0;
}

static int set_value(struct reading *r, size_t filter, const struct conf_place *at,
	const char *word, const char *value)
{
	static const char *const ssl[] = {"yes", "no", "required"};
	enum dovecot_key key = (enum dovecot_key)key_of(word);
	struct dovecot_value *v = &r->c->filters[filter].v[key];
	bool valid = key != DOVECOT_SSL;

	if (key == DOVECOT_PROTOCOLS && filter > 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(ssl) && key == DOVECOT_SSL; i++)
		valid = valid || strcmp(ssl[i], value) == 0;
	int yes = key == DOVECOT_CLEARTEXT ? boolean(value) : 0;
	if (!valid || yes < 0)
		return conf_files_fault(
			r->files, at, "%s is none of the values that Dovecot knows", word);
	*v = (struct dovecot_value){
		.key = arena_strdup(r->files->a, word),
		.text = arena_strdup(r->files->a, value),
		.allows = key == DOVECOT_CLEARTEXT &&
			  yes == (strcmp(word, "auth_allow_cleartext") == 0),
		.at = *at,
	};
	return v->key && v->text ? 0 : -ENOMEM;
}

/* `imap = yes` in `protocols {`: adds the word to the list, or takes it out. */
static int set_word(struct reading *r, const struct block *b, const struct conf_place *at,
	const char *word, const char *value)
{
	const char *text = "", *old = own_value(r, b->index, (enum dovecot_key)key_of(b->name));
	char *copy = arena_strdup(r->files->a, old), *save = NULL;
	int yes = boolean(value);

	if (!copy)
		return -ENOMEM;
	if (yes < 0)
		return conf_files_fault(
			r->files, at, "%s in %s is neither yes nor no", word, b->name);
	for (char *w = strtok_r(copy, " \t", &save); w; w = strtok_r(NULL, " \t", &save)) {
		if (strcasecmp(w, word) == 0)
			continue;
		text = arena_printf(r->files->a, "%s%s%s", text, *text ? " " : "", w);
		if (!text)
			return -ENOMEM;
	}
	if (yes)
		text = arena_printf(r->files->a, "%s%s%s", text, *text ? " " : "", word);
	return text ? set_value(r, b->index, at, b->name, text) : -ENOMEM;
}

static int set_listener(struct reading *r, struct dovecot_listener *l, const struct conf_place *at,
	const char *word, const char *value)
{
	unsigned port = 0;
	size_t len = strspn(value, "0123456789");

	if (strcmp(word, "ssl") == 0) {
		int yes = boolean(value);
		if (yes < 0)
			return conf_files_fault(r->files, at, "ssl is neither yes nor no");
		l->ssl = yes;
		l->at = *at;
	} else if (strcmp(word, "port") == 0) {
		if (len == 0 || len > 5 || value[len])
			return conf_files_fault(r->files, at, "port is no number");
		for (size_t i = 0; i < len; i++)
			port = port * 10 + (unsigned)(value[i] - '0');
		l->port = port;
		l->at = *at;
	}
	return 0;
}

static int set_program(struct reading *r, const char *service, const char *value)
{
	struct dovecot_conf *c = r->c;
	const char *name = text_base_name(value);
	const char *program = arena_strndup(r->files->a, name, strcspn(name, " "));

	if (!program || c->n_services >= SERVICES_MAX)
		return program ? 0 : -ENOMEM;
	struct dovecot_service *s = arena_grow(
		r->files->a, &c->services, c->n_services, sizeof(*s));
	if (!s)
		return -ENOMEM;
	*s = (struct dovecot_service){service, program};
	c->n_services++;
	return 0;
}

static int assign(struct reading *r, const struct conf_place *at, char *word, char *value)
{
	const struct block *b = &r->blocks[r->depth];
	size_t len = strlen(value);
	bool quoted = len > 1 && (*value == '"' || *value == '\'') && value[len - 1] == *value;
	bool tracked = b->kind == BLOCK_FILTER && key_of(word) >= 0;
	const char *text = value;

	if (quoted) {
		value[len - 1] = '\0';
		text = value + 1;
	} else if (*value == '<' && tracked) {
		return conf_files_fault(r->files, at, "%s is taken from a file", word);
	} else if (strchr(value, '$') && tracked) {
		int k = expand(r, at, word, b->index, &text);
		if (k < 0 || text == value)
			return k;
	}
	if (r->depth == 0 && strcmp(word, "dovecot_config_version") == 0)
		r->c->versioned = true;
	if (tracked)
		return set_value(r, b->index, at, word, text);
	if (b->kind == BLOCK_LISTENER)
		return set_listener(r, &r->c->listeners[b->index], at, word, text);
	if (b->kind == BLOCK_SERVICE && strcmp(word, "executable") == 0)
		return set_program(r, b->name, text);
	return b->kind == BLOCK_WORDS ? set_word(r, b, at, word, text) : 0;
}

/* The listener of that name, made when there is none; one without a name is always another. */
static int open_listener(struct reading *r, const char *service, const char *name, size_t *ret)
{
	struct dovecot_conf *c = r->c;

	for (size_t i = 0; i < c->n_listeners && *name; i++) {
		if (strcmp(c->listeners[i].service, service) == 0 &&
			strcmp(c->listeners[i].name, name) == 0) {
			*ret = i;
			return 0;
		}
	}
	struct dovecot_listener *l = arena_grow(
		r->files->a, &c->listeners, c->n_listeners, sizeof(*l));
	if (!l)
		return -ENOMEM;
	*l = (struct dovecot_listener){.service = service, .name = name};
	*ret = c->n_listeners++;
	return 0;
}

/* A net as config_parse_net() takes it: an address, with its bits or in brackets. */
static int parse_net(const char *text, struct net *ret)
{
	char plain[NET_TEXT_MAX];
	size_t len = strlen(text);

	if (*text == '[' && len > 2 && len < sizeof(plain) && text[len - 1] == ']') {
		memcpy(plain, text + 1, len - 2);
		plain[len - 2] = '\0';
		text = plain;
	}
	int r = net_parse(text, ret);
	if ((r == 0 || r == -EDOM) && ret->bits == 0)
		ret->family = 0; /* everybody, of either family */
	return r == -EDOM ? 0 : r;
}

static bool is_same(const struct dovecot_filter *a, const struct dovecot_filter *b)
{
	const char *x = a->protocol ? a->protocol : "", *y = b->protocol ? b->protocol : "";

	/* Of those for names in TLS none decides anything here. */
	return a->sni == b->sni && strcmp(x, y) == 0 &&
	       memcmp(&a->local, &b->local, sizeof(a->local)) == 0 &&
	       memcmp(&a->remote, &b->remote, sizeof(a->remote)) == 0;
}

/* protocol, local, remote, local_name: 1 when it is one of these. */
static int open_filter(struct reading *r, const struct conf_place *at, const char *word,
	const char *title, size_t parent)
{
	struct dovecot_conf *c = r->c;
	struct dovecot_filter f = {.protocol = c->filters[parent].protocol,
		.sni = c->filters[parent].sni,
		.local = c->filters[parent].local,
		.remote = c->filters[parent].remote};
	int k = 0;

	if (strcmp(word, "protocol") == 0)
		f.protocol = title;
	else if (strcmp(word, "local_name") == 0)
		f.sni = true;
	else if (strcmp(word, "local") == 0)
		k = parse_net(title, &f.local);
	else if (strcmp(word, "remote") == 0)
		k = parse_net(title, &f.remote);
	else
		return 0;
	if (k < 0)
		k = conf_files_fault(r->files, at,
			"%s %s is no address: whom it is about is not known", word, title);
	else if (c->n_filters >= DOVECOT_FILTERS_MAX)
		k = conf_files_fault(r->files, at, "more than %d blocks for some connections",
			DOVECOT_FILTERS_MAX);
	if (k < 0 || r->files->fault)
		return k < 0 ? k : 1;
	size_t i = 1;
	while (i < c->n_filters && !is_same(&c->filters[i], &f))
		i++;
	r->blocks[r->depth + 1] = (struct block){BLOCK_FILTER, i, NULL, *at};
	if (i < c->n_filters)
		return 1; /* it is opened again */
	struct dovecot_filter *slot = arena_grow(r->files->a, &c->filters, i, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = f;
	c->n_filters++;
	return 1;
}

static int open_block(struct reading *r, const struct conf_place *at, char *word, char *title)
{
	struct block *b = &r->blocks[r->depth], *next = b + 1;
	const char *name = arena_strdup(r->files->a, title);
	const char *key = arena_strdup(r->files->a, word);
	int k = 0;

	if (!name || !key)
		return -ENOMEM;
	if (r->depth + 1 >= DEPTH_MAX || r->c->n_listeners >= LISTENERS_MAX)
		return conf_files_fault(r->files, at, "too many blocks");
	*next = (struct block){BLOCK_OTHER, 0, NULL, *at};
	if (b->kind == BLOCK_FILTER)
		k = open_filter(r, at, word, name, b->index);
	if (k == 0 && b->kind == BLOCK_FILTER && strcmp(word, "service") == 0) {
		*next = (struct block){BLOCK_SERVICE, 0, name, *at};
	} else if (k == 0 && b->kind == BLOCK_FILTER && key_of(word) >= 0) {
		*next = (struct block){BLOCK_WORDS, b->index, key, *at};
	} else if (b->kind == BLOCK_SERVICE && strcmp(word, "inet_listener") == 0) {
		*next = (struct block){BLOCK_LISTENER, 0, b->name, *at};
		k = open_listener(r, b->name, name, &next->index);
	}
	r->depth++;
	return k < 0 ? k : 0;
}

static int parse_file(const char *path, char *text, void *arg);

static int include(struct reading *r, const struct conf_place *at, const char *name, bool try)
{
	const char *slash = strrchr(at->path, '/'), *path = name;

	if (*name != '/' && slash)
		path = arena_printf(
			r->files->a, "%.*s/%s", (int)(slash - at->path), at->path, name);
	if (!path)
		return -ENOMEM;
	if (strchr(path, '{'))
		return conf_files_fault(r->files, at, "braces in the name of an include");
	return conf_files_read(r->files, path, at, try, parse_file, r);
}

/* Where the comment begins: at a "#" that is not in quotes. */
static char *comment(char *s)
{
	for (; *s && *s != '#'; s++) {
		char quote = *s == '\'' || *s == '"' ? *s : '\0';
		if (!quote)
			continue;
		for (s++; *s && *s != quote; s++)
			s += *s == '\\' && s[1];
		if (!*s)
			break;
	}
	return s;
}

/* Behind the title of a block, which is ended; quotes are taken off. NULL: no "{" follows. */
static char *split_title(char *s, char **ret)
{
	*ret = s;
	if (*s == '"') {
		*ret = ++s;
		s += strcspn(s, "\"");
	} else {
		s += strcspn(s, *s == '{' ? "{" : " \t");
	}
	bool brace = *s == '{';
	char *end = s;
	s += *s ? 1 : 0;
	s += strspn(s, " \t");
	*end = '\0';
	if (brace)
		return s;
	return *s == '{' ? s + 1 : NULL;
}

static int each_line(struct reading *r, const struct conf_place *at, char *s)
{
	char *word = s, *title;

	s += strcspn(s, " \t=");
	if (*s == ' ' || *s == '\t') {
		*s++ = '\0';
		s += strspn(s, " \t");
	}
	if (strcmp(word, "!include") == 0 || strcmp(word, "!include_try") == 0)
		return include(r, at, s, word[8] == '_');
	if (*s == '=') {
		*s++ = '\0';
		return assign(r, at, word, s + strspn(s, " \t"));
	}
	if (strcmp(word, "}") == 0 && !*s) {
		if (r->depth == 0)
			return conf_files_fault(r->files, at, "a \"}\" that ends nothing");
		r->depth--;
		return 0;
	}
	s = split_title(s, &title);
	if (s)
		s += strspn(s, " \t");
	if (!s || (*s && strcmp(s, "}") != 0))
		return conf_files_fault(r->files, at, "a line that is not understood");
	int k = open_block(r, at, word, title);
	if (k == 0 && *s && !r->files->fault)
		r->depth--; /* 2.4: `passdb pam { }` */
	return k;
}

static int parse_file(const char *path, char *text, void *arg)
{
	struct conf_place at = {path, 0};
	struct reading *r = arg;
	int k = 0;

	/* Dovecot stops at the first error and does not start. */
	while (k == 0 && *text && !r->files->fault) {
		size_t len = strcspn(text, "\n");
		char *next = text + len + (text[len] == '\n');
		at.line++;
		text[len] = '\0';
		text += strspn(text, " \t\r");
		char *end = comment(text);
		while (end > text && strchr(" \t\r", end[-1]))
			end--;
		*end = '\0';
		bool joins = end > text && end[-1] == '\\';
		if (joins)
			*--end = '\0';
		if (r->joined && *text &&
			!(text = arena_printf(r->files->a, "%s %s", r->joined, text)))
			return -ENOMEM;
		if (*text)
			r->joined = joins ? text : NULL;
		if (*text && !joins)
			k = each_line(r, &at, text);
		text = next;
	}
	return k;
}

static int begin(struct reading *r, struct conf_files *files, struct dovecot_conf *c)
{
	/* Without a word in the configuration; that of submissions is not among them. */
	static const struct dovecot_listener defaults[] = {
		{"imap-login", "imap", 143, false, {0}},
		{"imap-login", "imaps", 993, true, {0}},
		{"pop3-login", "pop3", 110, false, {0}},
		{"pop3-login", "pop3s", 995, true, {0}},
		{"submission-login", "submission", 587, false, {0}},
		{"submission-login", "submissions", 465, true, {0}},
		{"managesieve-login", "sieve", 4190, false, {0}},
	};

	*r = (struct reading){.files = files, .c = c};
	*c = (struct dovecot_conf){.n_filters = 1};
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		struct dovecot_listener *l = arena_grow(files->a, &c->listeners, i, sizeof(*l));
		if (!l)
			return -ENOMEM;
		*l = defaults[i];
		c->n_listeners++;
	}
	return arena_grow(files->a, &c->filters, 0, sizeof(*c->filters)) ? 0 : -ENOMEM;
}

static int finish(struct reading *r, int k, struct dovecot_conf *ret)
{
	if (k == 0 && r->depth > 0)
		k = conf_files_fault(r->files, &r->blocks[r->depth].at, "this block has no end");
	if (k == 0)
		*ret = *r->c;
	return k;
}

int dovecot_conf_read(struct conf_files *files, const char *path, struct dovecot_conf *ret)
{
	struct dovecot_conf c;
	struct reading r;
	int k = begin(&r, files, &c);

	if (k == 0)
		k = conf_files_read(files, path, NULL, false, parse_file, &r);
	return finish(&r, k, ret);
}

int dovecot_conf_parse(
	struct conf_files *files, const char *path, char *text, struct dovecot_conf *ret)
{
	struct dovecot_conf c;
	struct reading r;
	int k = begin(&r, files, &c);

	if (k == 0)
		k = parse_file(path, text, &r);
	return finish(&r, k, ret);
}

static bool is_for(const struct dovecot_filter *f, const char *protocol, const struct net *local,
	const struct net *remote)
{
	const char *p = f->protocol;

	if (f->sni || (p && (*p == '!') == (strcmp(p + (*p == '!'), protocol) == 0)))
		return false;
	return (f->local.family == 0 || net_contains(&f->local, local)) &&
	       (f->remote.family == 0 || net_contains(&f->remote, remote));
}

/* The order of config_filter_parser_cmp(): the most special first. */
static bool is_before(const struct dovecot_filter *a, const struct dovecot_filter *b)
{
	if (a->local.bits != b->local.bits)
		return a->local.bits > b->local.bits;
	if (a->remote.bits != b->remote.bits)
		return a->remote.bits > b->remote.bits;
	return a->protocol && !b->protocol;
}

/* config_filter_is_superset() of src/config/config-filter.c */
static bool is_wider(const struct dovecot_filter *a, const struct dovecot_filter *b)
{
	return a->local.bits <= b->local.bits && a->remote.bits <= b->remote.bits &&
	       !(a->protocol && !b->protocol);
}

bool dovecot_conf_values(const struct dovecot_conf *c, const char *protocol,
	const struct net *local, const struct net *remote,
	const struct dovecot_value *ret[static DOVECOT_KEYS])
{
	const struct dovecot_filter *order[DOVECOT_FILTERS_MAX];
	size_t n = 0;
	bool valid = true;

	for (size_t i = 0; i < c->n_filters; i++) {
		const struct dovecot_filter *f = &c->filters[i];
		size_t k = n;
		if (!is_for(f, protocol, local, remote))
			continue;
		for (; k > 0 && is_before(f, order[k - 1]); k--)
			order[k] = order[k - 1];
		order[k] = f;
		n++;
	}
	for (size_t key = 0; key < DOVECOT_KEYS; key++) {
		ret[key] = NULL;
		for (size_t i = 0; i < n; i++) {
			const struct dovecot_value *v = &order[i]->v[key];
			if (v->text && ret[key] && !c->versioned &&
				!is_wider(order[i], order[i - 1]))
				valid = false;
			if (v->text && !ret[key])
				ret[key] = v;
		}
	}
	return valid;
}
