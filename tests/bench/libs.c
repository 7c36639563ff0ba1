/* SPDX-License-Identifier: ISC */
/*
 * The floor of memory: a process that has the daemon's libraries initialised
 * and does nothing. Prints "ready" and waits for its end.
 */
#include <event2/event.h>
#include <ini.h>
#include <jansson.h>
#include <lz4frame.h>
#include <nettle/sha2.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <zlib.h>

static int on_key(void *user, const char *section, const char *name, const char *value)
{
	(void)section;
	(void)name;
	(void)value;
	return ++*(int *)user;
}

static void on_term(evutil_socket_t sig, short what, void *arg)
{
	(void)sig;
	(void)what;
	(void)event_base_loopbreak(arg);
}

static void require(int ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "%s\n", what);
	exit(1);
}

/* Connects and subscribes as the daemon does; where there is no bus it has none either. */
static sd_bus *listen_bus(void)
{
	sd_bus *bus = NULL;

	if (sd_bus_open_system(&bus) < 0)
		return NULL;
	require(sd_bus_add_match(bus, NULL,
			"type='signal',sender='org.freedesktop.systemd1',member='UnitFilesChanged'", NULL,
			NULL) >= 0, "sd-bus");
	return bus;
}

int main(int argc, char *argv[])
{
	struct event_base *base = event_base_new();
	sqlite3 *db = NULL;
	struct sha256_ctx ctx;
	uint8_t digest[SHA256_DIGEST_SIZE];
	int keys = 0;

	require(argc == 2, "usage: libs DATABASE");
	require(base != NULL, "libevent");
	require(sqlite3_open(argv[1], &db) == SQLITE_OK, "sqlite");
	require(sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
			"CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT); INSERT INTO t VALUES (1, 'x')",
			NULL, NULL, NULL) == SQLITE_OK, "sqlite");
	require(ini_parse_string("[a]\nb = c\n", on_key, &keys) == 0 && keys == 1, "inih");
	json_t *o = json_pack("{s:i}", "a", 1);
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	require(text != NULL, "jansson");
	sha256_init(&ctx);
	sha256_update(&ctx, strlen(text), (const uint8_t *)text);
	sha256_digest(&ctx, sizeof(digest), digest);
	free(text);
	json_decref(o);
	LZ4F_dctx *lz4 = NULL;
	z_stream gzip = {0};
	require(!LZ4F_isError(LZ4F_createDecompressionContext(&lz4, LZ4F_VERSION)), "lz4");
	require(inflateInit2(&gzip, 15 + 32) == Z_OK, "zlib");
	(void)LZ4F_freeDecompressionContext(lz4); /* always 0 for one that decodes nothing */
	(void)inflateEnd(&gzip);
	sd_bus *bus = listen_bus();
	(void)sd_notify(0, "STATUS=idle");
	struct event *term = evsignal_new(base, SIGTERM, on_term, base);
	require(term && event_add(term, NULL) == 0, "libevent");
	(void)puts("ready");
	(void)fflush(stdout);
	(void)event_base_dispatch(base);
	sd_bus_flush_close_unref(bus);
	event_free(term);
	event_base_free(base);
	(void)sqlite3_close(db);
	return 0;
}
