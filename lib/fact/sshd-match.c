/* SPDX-License-Identifier: ISC */
/* The criteria of Match lines. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "fact/sshd-conf.h"

static const struct {
	const char *name;
	enum sshd_criterion_type type;
	bool takes_argument;
	unsigned since;
} names[] = {
	{"all", SSHD_CRIT_ALL, false, 0},
	{"user", SSHD_CRIT_USER, true, 0},
	{"group", SSHD_CRIT_GROUP, true, 0},
	{"host", SSHD_CRIT_HOST, true, 0},
	{"address", SSHD_CRIT_ADDRESS, true, 0},
	{"localaddress", SSHD_CRIT_LOCALADDRESS, true, 0},
	{"localport", SSHD_CRIT_LOCALPORT, true, 0},
	{"rdomain", SSHD_CRIT_RDOMAIN, true, 0},
	{"invalid-user", SSHD_CRIT_INVALID_USER, false, 909},
	{"version", SSHD_CRIT_VERSION, true, 1000},
};

/* Words of a Match line, by either tokeniser. */
struct words {
	struct sshd_line *l;
	char *rest; /* of the old one */
	bool argv;
};

static char *next_word(struct words *w)
{
	return w->argv ? sshd_line_word(w->l) : sshd_word(&w->rest, true);
}

static void drop_rest(struct words *w)
{
	w->rest = NULL;
	w->l->next = w->l->n_words;
}

/* The number in names of the first n bytes of word, -1 when it is none of that version. */
static int find_name(const char *word, size_t n, unsigned version)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (version >= names[i].since && strlen(names[i].name) == n &&
			strncasecmp(names[i].name, word, n) == 0)
			return (int)i;
	}
	return -1;
}

static bool comment(const struct words *w, const char *word)
{
	return *word == '#' && w->l->conf->env.version >= SSHD_VERSION_ARGV;
}

/* Checks the argument of a criterion as sshd does at start. */
static int check_criterion(struct sshd_line *l, struct sshd_criterion *k)
{
	bool address = k->type == SSHD_CRIT_ADDRESS || k->type == SSHD_CRIT_LOCALADDRESS;

	if (address && sshd_address_list(NULL, k->arg) != 0)
		return sshd_refuse(l, "bad address list \"%s\"", k->arg);
	if (k->type != SSHD_CRIT_LOCALPORT)
		return 0;
	k->port = sshd_port(l->conf, k->arg);
	return k->port < 0 ? sshd_refuse(l, "bad port \"%s\"", k->arg) : 0;
}

/* Stores the criterion that word starts. */
static int take_criterion(struct words *w, char *word, struct sshd_criterion *k)
{
	size_t n = w->argv ? strcspn(word, "=") : strlen(word);
	int i = find_name(word, n, w->l->conf->env.version);

	if (i < 0 || (word[n] && !names[i].takes_argument))
		return sshd_refuse(w->l, "unsupported attribute \"%s\"", word);
	k->type = names[i].type;
	if (!names[i].takes_argument)
		return 0;
	k->arg = word[n] ? word + n + 1 : next_word(w);
	if (!k->arg || !*k->arg || comment(w, k->arg))
		return sshd_refuse(w->l, "nothing follows \"%s\"", word);
	return check_criterion(w->l, k);
}

/* "all" must be the only one; what may follow it is nothing, or a comment. */
static int check_all(struct words *w, size_t n)
{
	char *more = next_word(w);
	bool is_comment = more && comment(w, more);

	if (n > 1 || (more && *more && !is_comment))
		return sshd_refuse(w->l, "\"all\" cannot be combined with other attributes");
	if (is_comment)
		drop_rest(w);
	return 0;
}

int sshd_match_parse(struct sshd_line *l, struct sshd_node *node)
{
	struct words w = {l, l->rest, l->conf->env.version >= SSHD_VERSION_MATCH};
	struct sshd_criterion *v = NULL;
	size_t n = 0;

	for (char *word; (word = next_word(&w)) && (*word || w.argv);) {
		if (comment(&w, word)) {
			drop_rest(&w);
			break;
		}
		struct sshd_criterion *k = arena_grow(l->conf->arena, &v, n, sizeof(*k));
		if (!k)
			return -ENOMEM;
		int r = take_criterion(&w, word, k);
		if (r < 0)
			return r;
		n++;
		if (k->type != SSHD_CRIT_ALL)
			continue;
		r = check_all(&w, n);
		if (r < 0)
			return r;
		break;
	}
	if (n == 0)
		return sshd_refuse(l, "one or more attributes required");
	if (w.argv ? l->next < l->n_words : w.rest && *w.rest)
		return sshd_refuse(l, "extra arguments at end of line");
	node->criteria = v;
	node->n_criteria = n;
	return 0;
}

static bool group_holds(const char *list, const char *const *groups)
{
	bool found = false;

	for (; groups && *groups; groups++) {
		int r = sshd_pattern_list(*groups, list, false);
		if (r < 0)
			return false;
		found |= r > 0;
	}
	return found;
}

static bool version_holds(const char *list, unsigned version)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "OpenSSH_%u.%up1", version / 100, version % 100);
	return sshd_pattern_list(text, list, false) == 1;
}

bool sshd_criterion_holds(
	const struct sshd_criterion *k, const struct sshd_connection *conn, unsigned version)
{
	if (k->type == SSHD_CRIT_ALL)
		return true;
	if (k->type == SSHD_CRIT_VERSION)
		return version_holds(k->arg, version);
	if (!conn)
		return false;
	switch (k->type) {
	case SSHD_CRIT_USER:
		return conn->user && sshd_pattern_list(conn->user, k->arg, false) == 1;
	case SSHD_CRIT_GROUP:
		return conn->user && group_holds(k->arg, conn->groups);
	case SSHD_CRIT_HOST:
		return conn->host && sshd_pattern_list(conn->host, k->arg, true) == 1;
	case SSHD_CRIT_ADDRESS:
		return conn->address && sshd_address_list(conn->address, k->arg) == 1;
	case SSHD_CRIT_LOCALADDRESS:
		return conn->laddress && sshd_address_list(conn->laddress, k->arg) == 1;
	case SSHD_CRIT_LOCALPORT:
		return conn->lport >= 0 && conn->lport == k->port;
	case SSHD_CRIT_RDOMAIN:
		return conn->rdomain && sshd_pattern_list(conn->rdomain, k->arg, false) == 1;
	case SSHD_CRIT_INVALID_USER:
		return conn->user && !conn->groups;
	default:
		return false;
	}
}
