/* SPDX-License-Identifier: ISC */
#include "daemon/control.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <jansson.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "daemon/log.h"
#include "daemon/methods.h"

enum {
	CLIENTS_MAX = 32,
	CLIENTS_PER_UID = 8,
	REQUEST_MAX = 64 * 1024,
	CLIENT_TIMEOUT_SEC = 30,
	ANSWERS_MAX = 64 * 1024, /* not read yet; more, and no further request is looked at */
};

struct client {
	struct client *next;
	struct control *control;
	struct bufferevent *bev;
	struct peer peer;
};

struct control {
	struct engine *engine;
	struct evconnlistener *listener;
	struct event_base *base;
	struct client *clients;
	gid_t readers;
	char *address;
	void (*changed)(void *arg);
	void *arg;
};

static void client_free(struct client *client)
{
	struct client **p = &client->control->clients;

	while (*p != client)
		p = &(*p)->next;
	*p = client->next;
	bufferevent_free(client->bev);
	free(client);
}

/* Sends one reply and its NUL. False when memory is short. */
static bool reply(struct client *client, json_t *object)
{
	struct evbuffer *out = bufferevent_get_output(client->bev);
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	bool ok = text && evbuffer_add(out, text, strlen(text) + 1) == 0;

	free(text);
	return ok;
}

/* Takes one request out of the input. False: the client is to be closed. */
static bool handle_request(struct client *client, size_t size)
{
	struct evbuffer *in = bufferevent_get_input(client->bev);
	struct control *c = client->control;
	bool changed = false;

	const char *text = (const char *)evbuffer_pullup(in, (ssize_t)size + 1);
	if (!text)
		return false;
	json_t *answer = NULL;
	int r = method_call(c->engine, &client->peer, clock_now(), text, size, &answer, &changed);
	bool ok = r >= 0 && (!answer || reply(client, answer));
	json_decref(answer);
	(void)evbuffer_drain(in, size + 1); /* it is all there */
	if (changed)
		c->changed(c->arg);
	return ok;
}

/* Whether the client has read enough of its answers to be given another. */
static bool has_read(const struct client *client)
{
	return evbuffer_get_length(bufferevent_get_output(client->bev)) < ANSWERS_MAX;
}

/*
 * What was asked, until the answers pile up: then nothing more is taken from
 * the client until he has read them.
 */
static void on_read(struct bufferevent *bev, void *arg)
{
	struct client *client = arg;
	struct evbuffer *in = bufferevent_get_input(bev);

	while (has_read(client)) {
		struct evbuffer_ptr end = evbuffer_search(in, "", 1, NULL);
		if (end.pos >= 0 && end.pos <= REQUEST_MAX && handle_request(client, (size_t)end.pos))
			continue;
		if (end.pos >= 0 || evbuffer_get_length(in) > REQUEST_MAX)
			client_free(client);
		return;
	}
	/* Or libevent would call again and again for an input that is full. */
	if (bufferevent_disable(bev, EV_READ) < 0)
		client_free(client);
}

/* All answers are with the kernel. */
static void on_written(struct bufferevent *bev, void *arg)
{
	if (bufferevent_enable(bev, EV_READ) < 0)
		client_free(arg);
	else
		on_read(bev, arg);
}

/* End, error or timeout: all the same to us. */
static void on_event(_unused_ struct bufferevent *bev, _unused_ short what, void *arg)
{
	client_free(arg);
}

/*
 * Makes room for one more client of this uid: in the place of his own who has
 * waited longest for nothing; for root also in that of somebody else. False:
 * there is none.
 */
static bool make_room(struct control *c, uid_t uid)
{
	struct client *own = NULL, *other = NULL;
	unsigned all = 0, same = 0;

	/* The newest comes first. */
	for (struct client *p = c->clients; p; p = p->next) {
		bool idle = evbuffer_get_length(bufferevent_get_output(p->bev)) == 0;
		all++;
		same += p->peer.uid == uid;
		if (idle && p->peer.uid == uid)
			own = p;
		else if (idle && p->peer.uid != 0)
			other = p;
	}
	if (all < CLIENTS_MAX && same < CLIENTS_PER_UID)
		return true;
	struct client *leaves = own ? own : uid == 0 && same < CLIENTS_PER_UID ? other : NULL;
	if (leaves)
		client_free(leaves);
	return leaves != NULL;
}

static bool is_reader(const struct control *c, int fd, const struct ucred *cred)
{
	gid_t groups[256];
	socklen_t size = sizeof(groups);

	if (cred->uid == 0)
		return true;
	if (c->readers == (gid_t)-1)
		return false;
	if (cred->gid == c->readers)
		return true;
	/* unix(7) SO_PEERGROUPS: the peer's supplementary groups when it connected. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
		return false;
	for (size_t i = 0; i < size / sizeof(groups[0]); i++) {
		if (groups[i] == c->readers)
			return true;
	}
	return false;
}

static void on_accept(_unused_ struct evconnlistener *listener, evutil_socket_t fd,
	_unused_ struct sockaddr *sa, _unused_ int len, void *arg)
{
	static const struct timeval timeout = {.tv_sec = CLIENT_TIMEOUT_SEC};
	struct control *c = arg;
	struct ucred cred;
	socklen_t size = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0 || !make_room(c, cred.uid)) {
		(void)close(fd); /* nothing was said */
		return;
	}
	struct client *client = calloc(1, sizeof(*client));
	struct bufferevent *bev = client
	    ? bufferevent_socket_new(c->base, fd, BEV_OPT_CLOSE_ON_FREE)
	    : NULL;
	if (!bev) {
		free(client);
		(void)close(fd); /* nothing was said */
		return;
	}
	*client = (struct client){
		.next = c->clients,
		.control = c,
		.bev = bev,
		.peer = {.uid = cred.uid, .pid = cred.pid, .may_read = is_reader(c, fd, &cred)},
	};
	c->clients = client;
	bufferevent_setcb(bev, on_read, on_written, on_event, client);
	bufferevent_setwatermark(bev, EV_READ, 0, REQUEST_MAX + 1);
	if (bufferevent_set_timeouts(bev, &timeout, &timeout) < 0 ||
	    bufferevent_enable(bev, EV_READ | EV_WRITE) < 0)
		client_free(client);
}

/* A socket that nobody answers on is left over from a daemon that was killed. */
static int listen_at(const char *address, gid_t readers)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	size_t len = strlen(address);

	if (len >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	memcpy(sa.sun_path, address, len);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 || errno == EAGAIN)
		return -EADDRINUSE;
	if (unlink(address) < 0 && errno != ENOENT)
		return -errno;
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -errno;
	/*
	 * The process's umask made it 0700: open it to the group only now. Under
	 * the unit it has that group already (Group=), and chown is refused.
	 */
	struct stat st;
	if (lstat(address, &st) < 0)
		return -errno;
	if (readers != (gid_t)-1 && st.st_gid != readers && chown(address, (uid_t)-1, readers) < 0)
		return -errno;
	if (chmod(address, 0660) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int control_new(struct event_base *base, struct engine *engine, const char *address,
	gid_t readers, void (*changed)(void *arg), void *arg, struct control **ret)
{
	_cleanup_(control_freep) struct control *c = calloc(1, sizeof(*c));

	if (!c)
		return log_error(-ENOMEM, "cannot make the control socket");
	*c = (struct control){
		.engine = engine,
		.base = base,
		.readers = readers,
		.changed = changed,
		.arg = arg,
	};
	int fd = listen_at(address, readers);
	if (fd < 0)
		return log_error(fd, "%s: cannot listen", address);
	c->address = strdup(address);
	c->listener = evconnlistener_new(base, on_accept, c,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, CLIENTS_MAX, fd);
	if (!c->address || !c->listener) {
		if (!c->listener)
			(void)close(fd); /* nobody has connected */
		return log_error(-ENOMEM, "cannot make the control socket");
	}
	*ret = TAKE_PTR(c);
	return 0;
}

void control_free(struct control *c)
{
	if (!c)
		return;
	while (c->clients)
		client_free(c->clients);
	if (c->listener) {
		evconnlistener_free(c->listener);
		(void)unlink(c->address); /* a leftover is replaced at the next start */
	}
	free(c->address);
	free(c);
}
