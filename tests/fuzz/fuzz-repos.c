/* SPDX-License-Identifier: ISC */
/*
 * Package sources in all their forms, by the first byte: 'D' deb822, 'I' INI,
 * 'A' apk, 'R' a Release file, 'P' preferences (a pin on each of some offers),
 * else one-line. Each text also through the look-ups that checks make.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fact/apt-pins.h"
#include "fact/repo-ini.h"
#include "fact/repo-uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_pins(struct arena *a, const char *text, size_t size)
{
	static const struct repo_release release = {
		.origin = "O", .label = "L", .suite = "stable", .codename = "c", .version = "12.1"};
	const struct apt_file file = {&release, "h.example", "main", "amd64"};
	const struct apt_file *files[] = {&file};
	const struct apt_offer offer = {"libb", "amd64", "amd64", "b", "1.2-3", files, 1};
	struct apt_pins pins = {.arena = a};
	unsigned line;

	(void)apt_pins_parse(&pins, "p", text, size, &line);
	(void)apt_file_priority(&pins, &file);
	(void)apt_status_priority(&pins);
	(void)apt_pin_for(&pins, &offer);
}

static void fuzz_list(struct arena *a, char kind, const char *text, size_t size)
{
	static const struct repo_var vars[] = {{"v", "$v$v"}, {"w", ""}};
	struct repo_list l = {.arena = a, .arch = "amd64"};
	struct repo_ini in = {
		.l = &l, .kind = REPO_DNF, .is_main = true, .vars = vars, .n_vars = 2};

	if (kind == 'D')
		(void)repo_apt_deb822(&l, "f", text, size);
	else if (kind == 'I')
		(void)repo_ini_read(&in, "f", text, size);
	else if (kind == 'A')
		(void)repo_apk_read(&l, "f", text, size);
	else
		(void)repo_apt_one_line(&l, "f", text, size);
	for (size_t i = 0; i < l.n; i++) {
		(void)repo_bool(&l.v[i], "trusted", false);
		for (size_t k = 0; k < l.v[i].n_uris; k++) {
			/* No name and no password may be left. */
			for (const char *p = l.v[i].uris[k].text; (p = strstr(p, "//"));) {
				p += 2;
				if (memchr(p, '@', strcspn(p, "/")) && strncmp(p, "***@", 4) != 0)
					abort();
			}
			(void)repo_uri_file_name(a, l.v[i].uris[k].text, "x");
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct repo_release release;

	if (size == 0 || size > 64 * 1024)
		return 0;
	struct arena *a = arena_new();
	if (!a)
		return 0;
	if (*text == 'R')
		(void)repo_release_parse(a, "p", text + 1, size - 1, &release);
	else if (*text == 'P')
		fuzz_pins(a, text + 1, size - 1);
	else
		fuzz_list(a, *text, text + 1, size - 1);
	arena_free(a);
	return 0;
}
