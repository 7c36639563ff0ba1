/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "fact/pam-stack.h"

enum {
	STANDS_MAX = 512,  /* at one entry; more branches than any stack of use has */
	NODES_MAX = 65536, /* in all */
	LEVELS = 17,
};

/* What a return value does, as libpam numbers it; a positive one jumps. */
enum action {
	ACTION_IGNORE = 0,
	ACTION_OK = -1,
	ACTION_DONE = -2,
	ACTION_BAD = -3,
	ACTION_DIE = -4,
	ACTION_RESET = -5,
	ACTION_UNSET = -6,
};

static const char *const code_names[PAM_CODES + 1] = {"success", "open_err", "symbol_err",
	"service_err", "system_err", "buf_err", "perm_denied", "auth_err", "cred_insufficient",
	"authinfo_unavail", "user_unknown", "maxtries", "new_authtok_reqd", "acct_expired",
	"session_err", "cred_unavail", "cred_expired", "cred_err", "no_module_data", "conv_err",
	"authtok_err", "authtok_recover_err", "authtok_lock_busy", "authtok_disable_aging",
	"try_again", "ignore", "abort", "authtok_expired", "module_unknown", "bad_item",
	"conv_again", "incomplete", "default"};

static const char *const action_names[] = {"ignore", "ok", "done", "bad", "die", "reset"};

static void set_default(int actions[static PAM_CODES], int action)
{
	for (int i = 0; i < PAM_CODES; i++) {
		if (actions[i] == ACTION_UNSET)
			actions[i] = action;
	}
}

/* The number of the name that s starts with, advancing s; -1 when none does. */
static int take_name(const char **s, const char *const names[], int n)
{
	for (int i = 0; i < n; i++) {
		size_t len = strlen(names[i]);
		if (strncmp(names[i], *s, len) == 0) {
			*s += len;
			return i;
		}
	}
	return -1;
}

static const char *skip_space(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

/* A name, or a number of entries to jump, which is not 0. False when it is neither. */
static bool take_action(const char **s, int *ret)
{
	int named = take_name(s, action_names, ARRAY_SIZE(action_names));

	if (named >= 0) {
		*ret = -named;
		return true;
	}
	int n = 0;
	for (; isdigit((unsigned char)**s); (*s)++)
		n = n > PAM_LINES_MAX ? n : n * 10 + (**s - '0');
	*ret = n;
	return n > 0;
}

/* "[success=1 default=ignore]": one mistake makes every value bad. */
static void parse_pairs(const char *s, int actions[static PAM_CODES])
{
	const char *end = s + strlen(s) - 1; /* the bracket */

	for (s = skip_space(s + 1); s < end; s = skip_space(s)) {
		int action = 0, code = take_name(&s, code_names, PAM_CODES + 1);
		s = skip_space(s);
		bool good = code >= 0 && *s == '=';
		if (good) {
			s = skip_space(s + 1);
			good = take_action(&s, &action);
		}
		if (!good) {
			for (int i = 0; i < PAM_CODES; i++)
				actions[i] = ACTION_BAD;
			return;
		}
		if (code == PAM_CODES)
			set_default(actions, action);
		else
			actions[code] = action;
	}
}

static void parse_control(const char *control, int actions[static PAM_CODES])
{
	static const struct {
		const char *word;
		enum action success, ignore, other;
	} words[] = {
		{"required", ACTION_OK, ACTION_IGNORE, ACTION_BAD},
		{"requisite", ACTION_OK, ACTION_IGNORE, ACTION_DIE},
		{"optional", ACTION_OK, ACTION_IGNORE, ACTION_IGNORE},
		{"sufficient", ACTION_DONE, ACTION_IGNORE, ACTION_IGNORE},
	};

	for (int i = 0; i < PAM_CODES; i++)
		actions[i] = ACTION_UNSET;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i].word, control) != 0)
			continue;
		actions[PAM_CODE_SUCCESS] = words[i].success;
		actions[PAM_CODE_NEW_AUTHTOK_REQD] = words[i].success;
		actions[PAM_CODE_IGNORE] = words[i].ignore;
		set_default(actions, words[i].other);
		return;
	}
	if (control[0] == '[')
		parse_pairs(control, actions);
	set_default(actions, ACTION_BAD);
}

enum impression {
	UNDECIDED,
	POSITIVE,
	NEGATIVE,
};

/* Where one way through the stack stands; no padding, so that it can be compared as bytes. */
struct stand {
	uint8_t impression, status, prev_level, unused;
	struct {
		uint8_t impression, status;
	} saved[LEVELS];
	uint16_t via; /* number of the marked line + 1, or 0 */
};

struct node {
	struct stand at;
	size_t next; /* in the list of its entry; place + 1 */
};

struct walk {
	const struct pam_line **lines; /* of the type */
	size_t n;
	struct node *nodes;
	size_t n_nodes;
	size_t *first, *count; /* of each entry, and of the end */
	const struct pam_oracle *oracle;
};

static int add_node(struct walk *w, size_t entry, const struct stand *at)
{
	for (size_t i = w->first[entry]; i; i = w->nodes[i - 1].next) {
		if (memcmp(&w->nodes[i - 1].at, at, sizeof(*at)) == 0)
			return 0;
	}
	if (w->count[entry] >= STANDS_MAX || w->n_nodes >= NODES_MAX)
		return -EBADMSG;
	if ((w->n_nodes & (w->n_nodes - 1)) == 0) {
		size_t room = w->n_nodes ? w->n_nodes * 2 : 1;
		struct node *nodes = reallocarray(w->nodes, room, sizeof(*nodes));
		if (!nodes)
			return -ENOMEM;
		w->nodes = nodes;
	}
	w->nodes[w->n_nodes++] = (struct node){.at = *at, .next = w->first[entry]};
	w->first[entry] = w->n_nodes;
	w->count[entry]++;
	return 0;
}

/* Skips over n entries of this level, a substack being one. Returns the last one skipped. */
static size_t skip_entries(const struct walk *w, size_t i, unsigned level, int *n)
{
	while (i + 1 < w->n && w->lines[i + 1]->depth >= level && *n > 0) {
		do
			i++;
		while (i + 1 < w->n && w->lines[i + 1]->depth > level);
		(*n)--;
	}
	return i;
}

static void deny(struct stand *s, uint8_t code)
{
	s->impression = NEGATIVE;
	s->status = code;
}

/* One answer of the module of entry i: changes s, returns the entry that follows. */
static size_t step(const struct walk *w, struct stand *s, size_t i, int code, int action)
{
	unsigned level = w->lines[i]->depth;
	int left;

	switch (action) {
	case ACTION_IGNORE:
		break;
	case ACTION_RESET:
		s->impression = s->saved[level].impression;
		s->status = s->saved[level].status;
		break;
	case ACTION_OK:
	case ACTION_DONE:
		if (s->impression == UNDECIDED ||
			(s->impression == POSITIVE && s->status == PAM_CODE_SUCCESS)) {
			s->impression = POSITIVE;
			s->status = (uint8_t)code;
		}
		if (action == ACTION_OK || s->impression != POSITIVE)
			break;
		left = (int)w->n;
		i = skip_entries(w, i, level, &left);
		break;
	case ACTION_BAD:
	case ACTION_DIE:
		if (s->impression != NEGATIVE)
			deny(s, code == PAM_CODE_IGNORE ? PAM_CODE_PERM_DENIED : (uint8_t)code);
		if (action == ACTION_BAD)
			break;
		left = (int)w->n;
		i = skip_entries(w, i, level, &left);
		break;
	default:
		left = action;
		i = skip_entries(w, i, level, &left);
		if (left > 0)
			deny(s, PAM_CODE_PERM_DENIED);
	}
	return i + 1;
}

/* Leaves the first of those failures that have the same action. */
static uint32_t merge_failures(uint32_t codes, const int actions[static PAM_CODES])
{
	for (int i = 1; i < PAM_CODES; i++) {
		for (int k = 1; (codes & PAM_BIT(i)) && k < i; k++) {
			if ((codes & PAM_BIT(k)) && actions[k] == actions[i])
				codes &= ~PAM_BIT(i);
		}
	}
	return codes;
}

static int visit(struct walk *w, size_t i, const struct stand *from)
{
	const struct pam_line *line = w->lines[i];
	struct stand before = *from;
	int actions[PAM_CODES], r = 0;

	if (before.prev_level < line->depth) {
		before.saved[line->depth].impression = before.impression;
		before.saved[line->depth].status = before.status;
	}
	before.prev_level = (uint8_t)line->depth;
	if (strcmp(line->control, "substack") == 0)
		return add_node(w, i + 1, &before);
	parse_control(line->control, actions);
	uint32_t codes = line->module[0] ? w->oracle->codes(line, w->oracle->arg)
					 : PAM_BIT(PAM_CODE_PERM_DENIED);
	if (w->oracle->merge)
		codes = merge_failures(codes, actions);
	for (int code = 0; r >= 0 && code < PAM_CODES; code++) {
		if (!(codes & PAM_BIT(code)))
			continue;
		struct stand s = before;
		if (code == PAM_CODE_SUCCESS && s.via == 0 &&
			w->oracle->marks(line, w->oracle->arg))
			s.via = (uint16_t)(i + 1);
		size_t next = step(w, &s, i, code, actions[code]);
		if (w->oracle->merge && s.status != PAM_CODE_SUCCESS)
			s.status = PAM_CODE_PERM_DENIED;
		r = add_node(w, next, &s);
	}
	return r;
}

static int walk_all(struct walk *w, struct pam_outcome *ret)
{
	struct stand start = {.status = PAM_CODE_PERM_DENIED};
	struct pam_outcome out = {0};

	/* Nothing was decided on entering any level. */
	for (int i = 0; i < LEVELS; i++)
		start.saved[i].status = PAM_CODE_PERM_DENIED;
	int r = add_node(w, 0, &start);
	for (size_t i = 0; r >= 0 && i < w->n; i++) {
		for (size_t k = w->first[i]; r >= 0 && k; k = w->nodes[k - 1].next) {
			/* A copy: visit() may move the nodes. */
			struct stand at = w->nodes[k - 1].at;
			r = visit(w, i, &at);
		}
	}
	for (size_t k = w->first[w->n]; r >= 0 && k; k = w->nodes[k - 1].next) {
		const struct stand *s = &w->nodes[k - 1].at;
		bool success = s->status == PAM_CODE_SUCCESS && s->impression == POSITIVE;
		bool caught = s->status == PAM_CODE_SUCCESS && !success;
		out.codes |= PAM_BIT(caught ? PAM_CODE_PERM_DENIED : s->status);
		if (success && s->via)
			out.via = w->lines[s->via - 1];
	}
	if (r >= 0)
		*ret = out;
	return r;
}

int pam_walk(const struct pam_service *s, enum pam_type type, const struct pam_oracle *oracle,
	struct pam_outcome *ret)
{
	_cleanup_free_ const struct pam_line **lines = NULL;
	_cleanup_free_ size_t *first = NULL, *count = NULL;
	struct walk w = {.oracle = oracle};

	if (s->state != FACT_STATE_OK && s->state != FACT_STATE_ABSENT)
		return -EBADMSG;
	lines = calloc(s->n_lines + 1, sizeof(*lines));
	first = calloc(s->n_lines + 1, sizeof(*first));
	count = calloc(s->n_lines + 1, sizeof(*count));
	if (!lines || !first || !count)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_lines; i++) {
		if (s->lines[i].type == type)
			lines[w.n++] = &s->lines[i];
	}
	if (w.n == 0) {
		*ret = (struct pam_outcome){.codes = PAM_BIT(PAM_CODE_PERM_DENIED)};
		return 0;
	}
	w.lines = lines;
	w.first = first;
	w.count = count;
	int r = walk_all(&w, ret);
	free(w.nodes);
	return r;
}
