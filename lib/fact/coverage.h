/* SPDX-License-Identifier: ISC */
/*
 * How well the machine is being watched: the state of each event source, as
 * the engine knows it. Not collected; absent in a scan without the daemon.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct coverage_source {
	const char *name;   /* "inotify" */
	bool degraded;
	/* What is wrong, what is covered by what instead; not degraded: what it does not do; or NULL */
	const char *detail;
	const char *remedy; /* what to do, or NULL */
	uint64_t lost;      /* times that events were lost since start */
};

struct coverage {
	const struct coverage_source *sources;
	size_t n;
};
