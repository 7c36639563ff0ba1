/* SPDX-License-Identifier: ISC */
/* method_call: a Varlink request on the control socket, as root and as a stranger. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf/conf.h"
#include "daemon/methods.h"

static char dir[] = "/tmp/hardend-fuzz-XXXXXX";
static struct engine *engine;

static void clean_up(void)
{
	char cmd[64];

	engine_free(engine);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s %s.db*", dir, dir);
	if (system(cmd) != 0)
		abort();
}

/* One engine on an empty root, judged once. */
static void make_engine(void)
{
	static struct root root;
	static char state[64];
	struct engine_params p = {.root = &root, .journal_address = "/nonexistent",
		.syslog_address = "/nonexistent", .policy = policy_new_default()};
	int error = 0;

	if (!p.policy || !mkdtemp(dir) || root_open(dir, &root) < 0)
		abort();
	(void)snprintf(state, sizeof(state), "%s.db", dir);
	p.state_path = state;
	if (engine_new(&p, clock_now(), &engine) < 0)
		abort();
	(void)engine_step(engine, clock_now(), &error);
	if (error < 0 || atexit(clean_up) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct peer peers[] = {{.uid = 0, .may_read = true}, {.uid = 1000}};

	if (!engine)
		make_engine();
	if (size > 64 * 1024)
		return 0;
	for (int i = 0; i < 2; i++) {
		json_t *answer = NULL;
		bool changed = false;
		int r = method_call(engine, &peers[i], clock_now(), (const char *)data, size, &answer,
			&changed);
		if (r < 0 && answer)
			abort();
		if (changed && peers[i].uid != 0)
			abort();
		json_decref(answer);
	}
	return 0;
}
