/* SPDX-License-Identifier: ISC */
/*
 * Runs every file of the directories and files named through the target, and
 * each of them again with single bytes changed and cut short, by a fixed rule,
 * so that a run is repeatable.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_MAX = 1 << 20,
	MUTATIONS = 64,
};

static uint8_t original[INPUT_MAX], mutant[INPUT_MAX];
static unsigned inputs;

/* The target gets memory of exactly its size, so that ASan sees one byte too far. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	inputs++;
}

static void replay_file(const char *path)
{
	FILE *f = fopen(path, "re");

	if (!f) {
		perror(path);
		exit(1);
	}
	size_t size = fread(original, 1, sizeof(original), f);
	(void)fclose(f); /* read-only */
	run(original, size);
	uint32_t seed = (uint32_t)size + 1;
	for (int i = 0; i < MUTATIONS && size > 0; i++) {
		memcpy(mutant, original, size);
		seed = seed * 1664525 + 1013904223;
		size_t at = (seed >> 8) % size;
		if (i % 4 == 3) {
			run(mutant, at);
			continue;
		}
		mutant[at] = i % 4 == 0 ? (uint8_t)(seed >> 24)
		    : i % 4 == 1 ? (uint8_t)(mutant[at] ^ (1u << (seed >> 29)))
				 : (uint8_t)"\n\0\"'\\ =#"[seed >> 29];
		run(mutant, size);
	}
}

int main(int argc, char *argv[])
{
	for (int i = 1; i < argc; i++) {
		struct stat st;
		if (stat(argv[i], &st) < 0) {
			perror(argv[i]);
			return 1;
		}
		if (!S_ISDIR(st.st_mode)) {
			replay_file(argv[i]);
			continue;
		}
		struct dirent **names = NULL;
		int n = scandir(argv[i], &names, NULL, alphasort);
		for (int k = 0; k < n; k++) {
			char path[4096];
			(void)snprintf(path, sizeof(path), "%s/%s", argv[i], names[k]->d_name);
			if (names[k]->d_name[0] != '.')
				replay_file(path);
			free(names[k]);
		}
		free(names);
	}
	printf("%u inputs\n", inputs);
	return inputs > 0 ? 0 : 1;
}
