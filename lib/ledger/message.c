/* SPDX-License-Identifier: ISC */
#include "ledger/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum {
	LIST_LIMIT = 1000,   /* bytes of line after which no other detail is begun */
	BODY_LIMIT = 1600,   /* and where they are cut, so that what comes behind has room */
	VALUE_ALONE = 300,   /* bytes of a value when the event is about one thing */
	VALUE_IN_LIST = 100, /* and when it is one of several */
	NAME_LIMIT = 200,    /* of a subject, a path, a word about a waiver */
	PLACES_LIMIT = 3,    /* differences that are shown with their place */
	ACTORS_LIMIT = 3,    /* of those who did it, that are named */
};

/* The line under construction; what does not fit is cut, at the border of a character. */
struct line {
	char s[MESSAGE_MAX];
	size_t n, limit;
	const char *said; /* the fact's name, when its subjects need not begin with it again */
};

/* Length of the character, or of the escape sequence of text_escape(), at s. */
static size_t character(const char *s)
{
	if (*s == '\\') {
		if (s[1] == 'u')
			return strcspn(s, "}") + (strchr(s, '}') ? 1 : 0);
		return strnlen(s, s[1] == 'x' ? 4 : 2);
	}
	size_t n = 1;
	while ((s[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* Adds n bytes of s, at most max of them. */
static void add_part(struct line *l, const char *s, size_t n, size_t max)
{
	size_t room = MIN(l->limit - l->n, max), fits = 0, len;

	if (n > room) {
		room = room > 3 ? room - 3 : 0;
		while ((len = character(s + fits)) <= room - fits)
			fits += len;
	} else {
		fits = n;
	}
	memcpy(l->s + l->n, s, fits);
	l->n += fits;
	if (fits < n && l->n + 3 <= l->limit) {
		memcpy(l->s + l->n, "...", 3);
		l->n += 3;
	}
	l->s[l->n] = '\0';
}

static void add_cut(struct line *l, const char *s, size_t max)
{
	add_part(l, s, strlen(s), max);
}

static void add(struct line *l, const char *s)
{
	add_part(l, s, strlen(s), SIZE_MAX);
}

static void add_number(struct line *l, uint64_t n)
{
	char s[24];

	(void)snprintf(s, sizeof(s), "%" PRIu64, n);
	add(l, s);
}

/* A value by itself: absence and emptiness are seen, not guessed. */
static void add_value(struct line *l, const char *s, size_t max)
{
	add_cut(l, !s ? "absent" : *s ? s : "\"\"", max);
}

/* "/etc/passwd:31" between before and after; nothing when there is no place. */
static void add_place(
	struct line *l, const struct event_detail *d, const char *before, const char *after)
{
	if (!d->path)
		return;
	add(l, before);
	add_cut(l, d->path, NAME_LIMIT);
	if (d->line > 0) {
		add(l, ":");
		add_number(l, d->line);
	}
	add(l, after);
}

/* The same behind evidence, unless its words have named the path already. */
static void add_where(struct line *l, const struct event_detail *d)
{
	const char *const said[] = {d->subject, d->observed, d->value, d->gone ? d->old : NULL};

	for (size_t i = 0; d->path && d->line == 0 && i < ARRAY_SIZE(said); i++) {
		if (said[i] && strstr(said[i], d->path))
			return;
	}
	add_place(l, d, " at ", "");
}

static bool is_word(const char *s)
{
	return s && *s && !strchr(s, ' ');
}

/* How many brackets are open behind the character; one that closes none opens none. */
static size_t depth_after(size_t depth, char c, const char *opening, const char *closing)
{
	if (strchr(opening, c))
		return depth + 1;
	return depth > 0 && strchr(closing, c) ? depth - 1 : depth;
}

/*
 * "old → new", but for the words that they begin and end with alike. A list in
 * brackets is told as a whole: what is left of it by itself would be none.
 */
static void add_difference(struct line *l, const char *old, const char *new, size_t max)
{
	size_t old_len = strlen(old), new_len = strlen(new), start = 0, end = 0, depth = 0;

	for (size_t i = 0; old[i] && old[i] == new[i]; i++) {
		depth = depth_after(depth, old[i], "([{", ")]}");
		if (old[i] == ' ' && depth == 0)
			start = i + 1;
	}
	size_t most = MIN(old_len, new_len) - start;
	depth = 0;
	for (size_t i = 0; i < most && old[old_len - 1 - i] == new[new_len - 1 - i]; i++) {
		char c = old[old_len - 1 - i];
		depth = depth_after(depth, c, ")]}", "([{");
		if (c == ' ' && depth == 0)
			end = i + 1;
	}
	add_part(l, *old ? old + start : "\"\"", *old ? old_len - start - end : 2, max);
	add(l, " → ");
	add_part(l, *new ? new + start : "\"\"", *new ? new_len - start - end : 2, max);
}

/* How long, in the coarsest unit that still says something. */
static void add_duration(struct line *l, uint64_t usec)
{
	static const struct {
		uint64_t below, unit;
		const char *name;
	} scale[] = {
		{2 * USEC_PER_MIN, USEC_PER_SEC, " s"},
		{2 * USEC_PER_HOUR, USEC_PER_MIN, " min"},
		{2 * USEC_PER_DAY, USEC_PER_HOUR, " h"},
		{UINT64_MAX, USEC_PER_DAY, " days"},
	};
	size_t i = 0;

	while (usec >= scale[i].below)
		i++;
	add_number(l, usec / scale[i].unit);
	add(l, scale[i].name);
}

/* Evidence that is there: "account alice: has a password (absent before) at /etc/shadow:3". */
static void add_evidence(struct line *l, const struct event_detail *d, size_t max)
{
	bool should = d->expected && (!d->old || strcmp(d->expected, d->old) != 0);

	if (d->subject)
		add_cut(l, d->subject, NAME_LIMIT);
	if (d->subject && d->observed)
		add(l, is_word(d->observed) ? " " : ": ");
	if (d->observed)
		add_value(l, d->observed, max);
	if (d->value || d->old || should) {
		add(l, " (");
		if (d->value && d->old) {
			add_difference(l, d->old, d->value, max);
		} else if (d->value) {
			add(l, "new: ");
			add_value(l, d->value, max);
		} else if (d->old) {
			add(l, "was ");
			add_value(l, d->old, max);
		}
		if (should) {
			add(l, d->value || d->old ? "; should be " : "should be ");
			add_value(l, d->expected, VALUE_IN_LIST);
		}
		add(l, ")");
	}
	add_where(l, d);
}

/* Evidence that is no more, and what stands there now. */
static void add_gone(struct line *l, const struct event_detail *d, size_t max)
{
	const char *now = d->observed ? d->observed : d->value;

	if (d->subject)
		add_cut(l, d->subject, NAME_LIMIT);
	if (d->removed)
		add(l, " is gone");
	if (now) {
		add(l, !d->subject ? "" : is_word(now) ? " " : ": ");
		add_value(l, now, max);
	}
	if (d->old && !d->subject && !now) {
		add_value(l, d->old, max);
	} else if (d->old) {
		add(l, " (was ");
		add_value(l, d->old, max);
		add(l, ")");
	}
	add_where(l, d);
}

static void add_subject(struct line *l, const struct event_detail *d)
{
	size_t n = l->said ? strlen(l->said) : 0;
	/* "packages" says "package ". */
	bool said = n > 1 && strncmp(d->subject, l->said, n - 1) == 0 && d->subject[n - 1] == ' ';

	add_cut(l, d->subject + (said ? n : 0), NAME_LIMIT);
}

static void add_drift(struct line *l, const struct event_detail *d, size_t max)
{
	const char *only = d->observed ? d->observed : d->old ? d->old : "";

	add_subject(l, d);
	if (d->old && d->observed) {
		add(l, is_word(d->old) && is_word(d->observed) ? " " : ": ");
		add_difference(l, d->old, d->observed, max);
		return;
	}
	if (is_word(only)) {
		add(l, " ");
		add_cut(l, only, max);
	}
	add(l, d->observed ? " added" : " removed");
	if (!is_word(only) && *only) {
		add(l, d->observed ? ": " : ": was ");
		add_cut(l, only, max);
	}
	if (d->observed && d->expected) {
		add(l, "; the baseline has ");
		add_cut(l, d->expected, max);
	}
}

static void add_returned(struct line *l, const struct event_detail *d, size_t max)
{
	add_subject(l, d);
	add(l, " (");
	add_value(l, d->observed, max);
	add(l, "; was ");
	add_value(l, d->old, max);
	add(l, ")");
}

/*
 * The details that are gone, or those that are not, as long as the line is
 * short enough; then how many there were beside them. Those that the event
 * does not hold are counted with the last list, which says so.
 */
static void add_list(struct line *l, const struct event *e, bool gone, bool last,
	void (*each)(struct line *l, const struct event_detail *d, size_t max))
{
	size_t max = e->n_all == 1 ? VALUE_ALONE : VALUE_IN_LIST;
	size_t more = last ? e->n_all - e->n_details : 0;
	bool first = true;

	for (size_t i = 0; i < e->n_details; i++) {
		const struct event_detail *d = &e->details[i];
		if (d->gone != gone)
			continue;
		if (!first && l->n > LIST_LIMIT) {
			more++;
			continue;
		}
		if (!first)
			add(l, "; ");
		each(l, d, max);
		if (each == add_drift && e->n_all <= PLACES_LIMIT)
			add_place(l, d, " (", ")");
		first = false;
	}
	if (more > 0) {
		add(l, first ? "" : " and ");
		add_number(l, more);
		add(l, " more");
	}
}

static bool has(const struct event *e, bool gone)
{
	for (size_t i = 0; i < e->n_details; i++) {
		if (e->details[i].gone == gone)
			return true;
	}
	return false;
}

/*
 * What of the summary the first detail would not only repeat: where it is
 * check_judge()'s own, a note that follows.
 */
static const char *news(const char *words, const struct event *e)
{
	const struct event_detail *d = e->details;
	const char *rest = words;

	if (e->n_details == 0 || d->gone)
		return words;
	const char *const parts[] = {
		d->subject, d->subject && d->observed ? ": " : NULL, d->observed};
	/* The first of many may be an old one; the one that is new is in the details. */
	const char *many = e->kind == EVENT_CHANGED ? strstr(words, " (and ") : NULL;
	for (size_t i = 0; !many && i < ARRAY_SIZE(parts); i++) {
		size_t n = parts[i] ? strlen(parts[i]) : 0;
		if (n > 0 && strncmp(rest, parts[i], n) != 0)
			return words;
		rest += n;
	}
	if (many)
		rest = many;
	if (strncmp(rest, " (and ", 6) == 0)
		rest += strcspn(rest, ")") + (strchr(rest, ')') != NULL);
	if (strncmp(rest, "; ", 2) == 0)
		return rest + 2;
	return *rest ? words : rest;
}

static void add_summary(struct line *l, const struct event *e, const char *words)
{
	const char *s = words ? news(words, e) : "";

	if (!*s)
		return;
	add(l, ": ");
	add_cut(l, s, VALUE_ALONE);
}

/* "ssh-root-login FAIL high" */
static void add_verdict(struct line *l, const struct event *e)
{
	static const char *const words[] = {[RESULT_UNKNOWN] = " UNKNOWN ",
		[RESULT_ERROR] = " ERROR ",
		[RESULT_FAIL] = " FAIL "};

	add(l, e->check);
	add(l, e->kind == EVENT_DEGRADED    ? " DEGRADED "
		: result_is_open(e->result) ? words[e->result]
					    : " ");
	add(l, severity_name(e->severity));
}

static void add_since(struct line *l, const struct event *e)
{
	char when[32];

	if (e->since_realtime_usec == 0 || e->since_realtime_usec >= e->realtime_usec)
		return;
	add(l, " (open since ");
	add(l, text_rfc3339(when, e->since_realtime_usec));
	add(l, ")");
}

/* Whether evidence is gone only because nobody can see it any more. */
static bool is_blind(const struct event *e)
{
	for (size_t i = 0; e->result != RESULT_FAIL && i < e->n_details; i++) {
		if (e->details[i].gone && e->details[i].subject)
			return true;
	}
	return false;
}

static void write_open(struct line *l, const struct event *e, const char *words)
{
	if (e->kind == EVENT_WAIVED)
		add(l, "waived ");
	add_verdict(l, e);
	if (e->kind == EVENT_CHANGED)
		add(l, " changed");
	add_summary(l, e, words);
	if (has(e, false)) {
		add(l, ": ");
		add_list(l, e, false, !has(e, true), add_evidence);
	}
	if (has(e, true)) {
		add(l, is_blind(e) ? "; last known: " : "; no longer: ");
		add_list(l, e, true, true, add_gone);
	}
	l->limit = sizeof(l->s) - 1;
	if (e->waiver) {
		add(l, e->kind == EVENT_WAIVED ? "; waiver " : "; no longer covered by waiver ");
		add_cut(l, e->waiver, VALUE_ALONE);
	}
	add_since(l, e);
}

static void write_resolved(struct line *l, const struct event *e, const char *words)
{
	add(l, event_kind_name(e->kind));
	add(l, " ");
	add(l, e->check);
	if (e->since_realtime_usec > 0 && e->since_realtime_usec <= e->realtime_usec) {
		add(l, " after ");
		add_duration(l, e->realtime_usec - e->since_realtime_usec);
	}
	add_summary(l, e, words);
	if (e->n_details > 0) {
		const struct event_detail *d = e->details;
		add(l, d->subject || d->observed || d->value ? ": " : ": was ");
		add_list(l, e, true, true, add_gone);
	}
}

/* "drift accounts: ", and how many when it is not one. */
static void write_drift(struct line *l, const struct event *e)
{
	bool back = e->kind == EVENT_RESOLVED;

	add(l, back ? "resolved drift " : "drift ");
	add(l, e->fact);
	add(l, ": ");
	if (e->n_all == 0) {
		add(l, "all is as last told");
		return;
	}
	if (e->n_all > 1) {
		l->said = e->fact;
		add_number(l, e->n_all);
		add(l, back ? " are as in the baseline again: " : " changed: ");
		add_list(l, e, false, true, back ? add_returned : add_drift);
	} else if (back) {
		add_cut(l, e->details[0].subject, NAME_LIMIT);
		add(l, " is as in the baseline again (");
		add_value(l, e->details[0].observed, VALUE_ALONE);
		add(l, "; was ");
		add_value(l, e->details[0].old, VALUE_ALONE);
		add(l, ")");
	} else {
		add_list(l, e, false, true, add_drift);
	}
}

static void write_accepted(struct line *l, const struct event *e, const char *words)
{
	add(l, "accepted as the baseline");
	if (words) {
		add(l, " by ");
		add_cut(l, words, VALUE_ALONE);
	}
	add(l, ": ");
	if (e->fact) {
		add(l, e->fact);
		add(l, ": ");
	}
	if (e->n_all > 1) {
		l->said = e->fact;
		add_number(l, e->n_all);
		add(l, " changed: ");
	}
	add_list(l, e, false, true, add_drift);
}

/* "; so also ssh-exposure FAIL high (listener tcp 0.0.0.0:22), ssh-port FAIL low changed". */
static void add_also(struct line *l, const struct event *e)
{
	const char *said = e->n_details > 0 ? e->details[0].subject : NULL;

	for (size_t i = 0; i < e->n_also; i++) {
		const struct event *also = &e->also[i];
		const char *subject = also->n_details > 0 ? also->details[0].subject : NULL;
		add(l, i == 0 ? "; so also " : ", ");
		if (also->kind == EVENT_RESOLVED)
			add(l, also->check);
		else
			add_verdict(l, also);
		if (also->kind == EVENT_CHANGED)
			add(l, " changed");
		if (subject && (!said || strcmp(said, subject) != 0)) {
			add(l, " (");
			add_cut(l, subject, NAME_LIMIT);
			add(l, ")");
		}
		said = subject;
	}
}

/* "alice as root (apt-get install nginx; /usr/bin/dpkg; pts0; from 203.0.113.5)" */
static void add_actor(struct line *l, const struct event_actor *a)
{
	const char *what = a->behalf ? a->behalf : a->command;
	const char *const more[] = {what, a->exe, a->tty};
	const char *before = " (";

	if (a->user)
		add_cut(l, a->user, VALUE_IN_LIST);
	else
		add(l, "nobody that is known");
	if (a->run_as) {
		add(l, " as ");
		add_cut(l, a->run_as, VALUE_IN_LIST);
	}
	if (a->auid == EVENT_ID_UNSET)
		add(l, ", without a login");
	for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
		if (!more[i] || !*more[i])
			continue;
		add(l, before);
		add_cut(l, more[i], VALUE_IN_LIST);
		before = "; ";
	}
	if (a->peer) {
		add(l, before);
		add(l, "from ");
		add_cut(l, a->peer, VALUE_IN_LIST);
		before = "; ";
	}
	if (*before == ';')
		add(l, ")");
}

/* Who did it: the last first, since it is what is so now that is told. */
static void add_actors(struct line *l, const struct event *e)
{
	for (size_t i = e->n_actors; i > 0; i--) {
		if (e->n_actors - i == ACTORS_LIMIT) {
			add(l, " and ");
			add_number(l, i);
			add(l, " more");
			return;
		}
		add(l, i == e->n_actors ? "; by " : ", before by ");
		add_actor(l, &e->actors[i - 1]);
	}
	if (e->n_actors == 0 && e->unattributed) {
		add(l, "; by whom is not known: ");
		add_cut(l, e->unattributed, VALUE_ALONE);
	}
}

char *message_write(struct arena *a, const struct event *e, const char *words)
{
	struct line l;

	l.n = 0;
	l.limit = BODY_LIMIT;
	l.said = NULL;
	l.s[0] = '\0';
	if (e->kind == EVENT_ACCEPTED)
		write_accepted(&l, e, words);
	else if (!e->check || e->kind == EVENT_DRIFT || (e->kind == EVENT_RESOLVED && e->fact))
		write_drift(&l, e);
	else if (e->kind == EVENT_RESOLVED || e->kind == EVENT_RECOVERED)
		write_resolved(&l, e, words);
	else
		write_open(&l, e, words);
	l.limit = sizeof(l.s) - 1;
	add_also(&l, e);
	add_actors(&l, e);
	if (e->untold > 0) {
		add(&l, "; it flapped: ");
		add_number(&l, e->untold);
		add(&l, e->untold == 1 ? " change was not told" : " changes were not told");
	}
	return arena_strdup(a, l.s);
}
