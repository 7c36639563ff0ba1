/* SPDX-License-Identifier: ISC */
/* Exposure for a person to read: what exposure.c found, from its JSON. */
#include "exposure.h"

#include <string.h>

enum { WIDTH = 100, INDENT = 4 };

static const char *text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

/* A line, broken between words where it is too long for a terminal; nothing is cut. */
static void put_wrapped(struct ctl *ctl, const char *line)
{
	size_t column = INDENT;

	fprintf(ctl->out, "%*s", INDENT, "");
	for (bool first = true; *line; first = false) {
		size_t n = strcspn(line, " ");
		if (!first && column + 1 + n > WIDTH) {
			fprintf(ctl->out, "\n%*s", 2 * INDENT, "");
			column = 2 * INDENT;
		} else if (!first) {
			fputc(' ', ctl->out);
			column++;
		}
		fprintf(ctl->out, "%.*s", (int)n, line);
		column += n;
		line += n + (line[n] == ' ');
	}
	fputc('\n', ctl->out);
}

/* What the groups make of a way; of one that the host stops nothing is to be said. */
static void put_groups(struct ctl *ctl, struct arena *a, const json_t *j)
{
	const json_t *groups = json_object_get(j, "groups");

	if (!groups)
		return;
	if (json_array_size(groups) == 0)
		put_wrapped(ctl, "the security groups let none of it in");
	for (size_t i = 0; i < json_array_size(groups); i++) {
		const json_t *g = json_array_get(groups, i);
		const char *line = arena_printf(a, "the security groups %s in %s: %s",
			json_is_true(json_object_get(g, "certain")) ? "let" : "may let",
			text_of(g, "from"), text_of(g, "by"));
		if (line)
			put_wrapped(ctl, line);
	}
}

/* ---- ways that fare alike ---- */

static bool same_at(const json_t *a, const json_t *b, const char *key)
{
	return strcmp(text_of(a, key), text_of(b, key)) == 0;
}

/* Whether only the address of the interface tells these apart. */
static bool is_alike(const json_t *a, const json_t *b)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)a, key, value) {
		const json_t *other = json_object_get(b, key);
		if (strcmp(key, "address") != 0 && (!other || !json_equal(value, other)))
			return false;
	}
	return json_object_size(a) == json_object_size(b);
}

/*
 * Of a list, the addresses of those from `at` on that fare like this one: "",
 * where no other address of its interface is in the list. NULL: one before it
 * fares so too, and was told with them; or memory was short.
 */
static const char *addresses(struct arena *a, const json_t *list, size_t at)
{
	const json_t *j = json_array_get(list, at);
	const char *text = "";
	bool others = false;

	for (size_t i = 0; text && i < json_array_size(list); i++) {
		const json_t *k = json_array_get(list, i);
		if (i < at && is_alike(j, k))
			return NULL;
		others = others || (same_at(j, k, "interface") && same_at(j, k, "family") &&
					   !same_at(j, k, "address"));
		if (i >= at && is_alike(j, k))
			text = arena_printf(
				a, "%s%s%s", text, *text ? ", " : "", text_of(k, "address"));
	}
	return others || !text ? text : "";
}

static void put_way(struct ctl *ctl, struct arena *a, const json_t *list, size_t at)
{
	const json_t *j = json_array_get(list, at);
	const char *from = text_of(j, "from"), *doubt = text_of(j, "doubt");
	const char *asked = text_of(j, "asked"), *fate_text = text_of(j, "connection");
	const char *to = addresses(a, list, at);

	if (!to)
		return;
	const char *line = arena_printf(a, "%s%s by %s %s%s%s%s%s%s: %s%s%s",
		*from ? "from " : fate_text, from, text_of(j, "interface"), text_of(j, "family"),
		*to ? " to " : "", to, *asked ? " (asked for " : "", asked, *asked ? ")" : "",
		text_of(j, "by"), *doubt ? "; not certain: " : "", doubt);
	if (line)
		put_wrapped(ctl, line);
	put_groups(ctl, a, j);
}

static void put_listener(struct ctl *ctl, struct arena *a, const json_t *j, int width)
{
	const json_t *ways = json_object_get(j, "ways"), *policy = json_object_get(j, "policy");
	const char *says = "";

	fprintf(ctl->out, "%-*s  %-7s  %s%s\n", width, text_of(j, "listener"), text_of(j, "reach"),
		text_of(j, "who"), json_is_true(json_object_get(j, "passing")) ? " (passing)" : "");
	for (size_t i = 0; i < json_array_size(ways); i++)
		put_way(ctl, a, ways, i);
	if (json_array_size(ways) == 0)
		put_wrapped(ctl, text_of(j, json_object_get(j, "no_way") ? "no_way" : "why"));
	for (size_t i = 0; says && i < json_array_size(policy); i++) {
		const json_t *p = json_array_get(policy, i);
		says = arena_printf(a, "%s%s %s %s%s", says, i > 0 ? "," : "", text_of(p, "check"),
			text_of(p, "result"),
			json_is_true(json_object_get(p, "waived")) ? " (waived)" : "");
	}
	says = says ? arena_printf(a, "policy:%s", *says ? says : " nothing against it") : NULL;
	if (says)
		put_wrapped(ctl, says);
}

static void put_forward(struct ctl *ctl, struct arena *a, const json_t *list, size_t at)
{
	const json_t *j = json_array_get(list, at);
	const char *here = addresses(a, list, at), *fate_text = text_of(j, "connection");
	const char *doubt = text_of(j, "doubt");

	if (!here)
		return;
	fprintf(ctl->out, "%s on %s %s%s%s  ->  %s port %d\n", text_of(j, "asked"),
		text_of(j, "interface"), text_of(j, "family"), *here ? " at " : "", here,
		text_of(j, "to"), (int)json_integer_value(json_object_get(j, "to_port")));
	const char *line = arena_printf(a, "from %s%s%s: %s%s%s", text_of(j, "from"),
		*fate_text ? " " : "", fate_text, text_of(j, "by"), *doubt ? "; not certain: " : "",
		doubt);
	if (line)
		put_wrapped(ctl, line);
	put_groups(ctl, a, j);
}

int exposure_put(struct ctl *ctl, struct arena *a, const json_t *o)
{
	const json_t *listeners = json_object_get(o, "listeners"),
		     *forwards = json_object_get(o, "forwards");
	int width = 12;

	for (size_t i = 0; i < json_array_size(listeners); i++)
		width = MAX(width, (int)strlen(text_of(json_array_get(listeners, i), "listener")));
	for (size_t i = 0; i < json_array_size(listeners); i++)
		put_listener(ctl, a, json_array_get(listeners, i), MIN(width, 40));
	if (json_array_size(listeners) == 0)
		fputs("no socket waits for others beyond the loopback\n", ctl->out);
	for (size_t i = 0; i < json_array_size(forwards); i++) {
		if (i == 0)
			fputs("\nsent on by the packet filter:\n", ctl->out);
		put_forward(ctl, a, forwards, i);
	}
	if (!ctl->quiet)
		fprintf(ctl->out, "\n%s\n", text_of(o, "note"));
	return arena_failed(a) ? ctl_oom() : CTL_OK;
}
