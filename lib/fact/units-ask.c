/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include "fact/units-scan.h"

/*
 * One question to the manager, on its own socket (which answers root without a
 * message bus), else over the system bus. Nothing here waits longer than the
 * deadline, whatever the other side does: sd_bus_call() would wait 90 s for a
 * peer that takes the connection and says nothing.
 */
#define ASK_TIMEOUT_USEC (2 * USEC_PER_SEC)

enum {
	LIVE_MAX = 32768,
	AGAIN_MSEC = 20,
};

struct ask {
	struct arena *a;
	struct unit_live *v;
	size_t n;
	bool done;
	int error;
	const char *reason;
};

static uint64_t now_usec(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

static enum unit_active active_of(const char *word)
{
	static const char *const on[] = {"active", "reloading", "activating", "refreshing"};

	for (size_t i = 0; i < ARRAY_SIZE(on); i++) {
		if (strcmp(word, on[i]) == 0)
			return UNIT_ACTIVE;
	}
	return strcmp(word, "failed") == 0 ? UNIT_FAILED : UNIT_INACTIVE;
}

static int read_units(struct ask *ask, sd_bus_message *m)
{
	const char *name, *load, *active;
	int r = sd_bus_message_enter_container(m, SD_BUS_TYPE_ARRAY, "(ssssssouso)");

	while (r > 0) {
		r = sd_bus_message_enter_container(m, SD_BUS_TYPE_STRUCT, "ssssssouso");
		if (r <= 0)
			break;
		r = sd_bus_message_read(m, "ssss", &name, NULL, &load, &active);
		if (r >= 0)
			r = sd_bus_message_skip(m, "ssouso");
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
		if (r < 0)
			break;
		if (ask->n >= LIVE_MAX)
			return -EFBIG;
		struct unit_live *u = arena_grow(ask->a, &ask->v, ask->n, sizeof(*u));
		if (!u)
			return -ENOMEM;
		*u = (struct unit_live){
			.name = arena_strdup(ask->a, name), .active = active_of(active)};
		if (!u->name)
			return -ENOMEM;
		ask->n++;
		r = 1;
	}
	return r;
}

static int on_reply(sd_bus_message *m, void *arg, _unused_ sd_bus_error *ret_error)
{
	struct ask *ask = arg;

	ask->done = true;
	if (sd_bus_message_is_method_error(m, NULL)) {
		const sd_bus_error *e = sd_bus_message_get_error(m);
		ask->error = -sd_bus_message_get_errno(m);
		ask->reason = arena_printf(
			ask->a, "systemd answers: %s", e && e->message ? e->message : "an error");
	} else {
		ask->error = read_units(ask, m);
	}
	return 0;
}

/* Waits for the bus within the deadline. */
static int wait_for(sd_bus *bus, uint64_t deadline)
{
	uint64_t now = now_usec();
	int events = sd_bus_get_events(bus);

	if (events < 0)
		return events;
	if (now >= deadline)
		return -ETIMEDOUT;
	struct pollfd p = {.fd = sd_bus_get_fd(bus), .events = (short)events};
	int r = poll(&p, 1, (int)((deadline - now) / 1000) + 1);
	return r < 0 && errno != EINTR ? -errno : 0;
}

static int open_bus(const char *address, bool client, sd_bus **ret)
{
	sd_bus *bus = NULL;
	int r = sd_bus_new(&bus);

	if (r < 0)
		return r;
	r = sd_bus_set_address(bus, address);
	if (r >= 0 && client)
		r = sd_bus_set_bus_client(bus, true);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0) {
		(void)sd_bus_unref(bus); /* always NULL */
		return r;
	}
	*ret = bus;
	return 0;
}

static int ask_at(const char *address, bool client, uint64_t deadline, struct ask *ask)
{
	sd_bus *bus = NULL;
	int r = open_bus(address, client, &bus);

	*ask = (struct ask){.a = ask->a};
	if (r < 0)
		return r;
	r = sd_bus_call_method_async(bus, NULL, client ? "org.freedesktop.systemd1" : NULL,
		"/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "ListUnits",
		on_reply, ask, "");
	while (r >= 0 && !ask->done) {
		r = sd_bus_process(bus, NULL);
		if (r == 0 && !ask->done)
			r = wait_for(bus, deadline);
	}
	sd_bus_close(bus);
	(void)sd_bus_unref(bus); /* always NULL */
	return r < 0 ? r : ask->error;
}

/* While systemd executes itself anew its socket is away, or closes what was just connected. */
static bool is_passing(int r)
{
	return r == -ENOENT || r == -ECONNREFUSED || r == -ECONNRESET || r == -EPIPE ||
	       r == -ENOTCONN || r == -ETIMEDOUT || r == -EHOSTUNREACH;
}

int units_ask(struct arena *a, struct unit_live **ret, size_t *ret_n, const char **ret_reason)
{
	uint64_t deadline = now_usec() + ASK_TIMEOUT_USEC;
	struct ask ask = {.a = a};
	int r;

	do {
		r = ask_at("unix:path=/run/systemd/private", false, deadline, &ask);
		/* Its own socket is root's alone. */
		if (r == -ENOENT || r == -EACCES || r == -EPERM)
			r = ask_at("unix:path=/run/dbus/system_bus_socket", true, deadline, &ask);
		if (is_passing(r))
			(void)poll(NULL, 0, AGAIN_MSEC); /* a signal may shorten it */
	} while (is_passing(r) && now_usec() < deadline);
	if (arena_failed(a))
		return -ENOMEM;
	if (r < 0) {
		*ret_reason = ask.reason ? ask.reason
					 : arena_printf(
						   a, "systemd does not answer: %s", strerror(-r));
		return *ret_reason ? r : -ENOMEM;
	}
	*ret = ask.v;
	*ret_n = ask.n;
	return 0;
}
