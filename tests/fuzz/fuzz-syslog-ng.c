/* SPDX-License-Identifier: ISC */
/* sng_read and sng_follow: one text that is the main file and "/inc"; and systemd_conf_parse. */
#include <stdint.h>

#include "fuzz-include.h"

#include "fact/logging.h"
#include "fact/syslog-ng.h"
#include "fact/systemd-conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rsyslog_text text = {NULL, (const char *)data, size};
	const struct rsyslog_files files = {fuzz_include, &text};
	struct arena *a = arena_new();
	struct logging log = {0};
	struct log_reading reading = {.a = a, .log = &log};
	struct systemd_conf settings = {0};
	struct sng_conf conf;
	const char *unknown;

	if (a && size < 4096 && sng_read(a, &files, "/main", &conf) == 0)
		(void)sng_follow(&reading, &conf, &unknown);
	char *copy = a ? arena_strndup(a, (const char *)data, size) : NULL;
	if (copy && systemd_conf_parse(a, "/x", copy, &settings) == 0)
		(void)systemd_conf_get(&settings, "Journal", "Storage");
	arena_free(a);
	return 0;
}
