/* SPDX-License-Identifier: ISC */
/*
 * secrets-state ROOT DATABASE SECONDS: what the daemon would record of ROOT at
 * that time, into DATABASE: every fact, every verdict, every event.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/judge.h"
#include "conf/conf.h"
#include "ledger/ledger.h"

#define EPOCH "0123456789abcdef0123456789abcdef"

static int record(const char *dir, const char *database, uint64_t realtime_usec)
{
	const struct ledger_config config = {5, 60 * USEC_PER_SEC, 30 * USEC_PER_SEC};
	_cleanup_(policy_freep) struct policy *policy = policy_new_default();
	struct ledger *ledger = NULL;
	struct store *store = NULL;
	struct judge judge;
	struct root root;

	int r = policy ? root_open(dir, &root) : -1;
	if (r < 0)
		return r;
	r = judge_init(&judge, &root, policy);
	if (r < 0)
		return r;
	uint64_t mask = judge_collectable(&judge, FACT_ALL);
	r = judge_collect(&judge, mask, realtime_usec);
	if (r == 0)
		r = judge_evaluate(&judge, mask, realtime_usec);
	if (r == 0)
		r = store_open(database, &store);
	if (r == 0)
		r = ledger_new(store, EPOCH, &config, &ledger);
	if (r == 0)
		r = ledger_enter(ledger, &judge, mask, realtime_usec, USEC_PER_SEC);
	ledger_free(ledger);
	store_close(store);
	judge_fini(&judge);
	root_close(&root);
	return r;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	int r = record(argv[1], argv[2], strtoull(argv[3], NULL, 10) * USEC_PER_SEC);
	if (r < 0)
		(void)fprintf(stderr, "secrets-state: %s\n", strerror(-r));
	return r < 0;
}
