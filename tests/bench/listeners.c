/* SPDX-License-Identifier: ISC */
/*
 * Time and memory of reading the sockets that wait as their number grows, when
 * all are new (each is looked for in /proc) and when nothing has changed, beside
 * a bare dump of the kernel's list. In a network namespace of its own. Fails when
 * the cost of one more grows with how many there are.
 */
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/netlink.h"
#include "daemon/clock.h"
#include "fact/fact.h"
#include "fact/listeners.h"

#define LINEAR_FACTOR 3.0 /* one of the most may cost this much more than one of a tenth */

enum {
	SKIP = 77,
	FIRST_PORT = 1024,
	PORTS = 10000,
	ROUNDS = 3,
};

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

/* The i-th: each port on several addresses of the loopback. */
static void listen_at(size_t i)
{
	struct sockaddr_in sa = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)(FIRST_PORT + i % PORTS)),
		.sin_addr.s_addr = htonl(0x7f000001 + (uint32_t)(i / PORTS)),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (void *)&sa, sizeof(sa)) < 0 || listen(fd, 1) < 0)
		die("listen");
}

/* A process that listens from the i-th on, as limits of descriptors demand it, until we end. */
static void open_listeners(size_t i, size_t end)
{
	int ready[2];
	char byte;

	(void)fflush(NULL);
	if (pipe(ready) < 0)
		die("pipe");
	pid_t pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* at worst it stays until it is killed */
		while (i < end)
			listen_at(i++);
		if (write(ready[1], "", 1) != 1)
			die("pipe");
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	if (pid < 0 || read(ready[0], &byte, 1) != 1)
		die("a process that listens");
	(void)close(ready[0]);
}

static int count(const struct nlmsghdr *h, void *arg)
{
	(void)h;
	++*(size_t *)arg;
	return 0;
}

static uint64_t bare(size_t n)
{
	const struct {
		struct nlmsghdr h;
		struct inet_diag_req_v2 req;
	} ask = {.h = {.nlmsg_len = sizeof(ask),
			 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.req = {.sdiag_family = AF_INET,
			.sdiag_protocol = IPPROTO_TCP,
			.idiag_states = 1U << 10}};
	size_t seen = 0;
	uint64_t begin = clock_usec(CLOCK_PROCESS_CPUTIME_ID);

	if (netlink_dump(NETLINK_SOCK_DIAG, &ask.h, count, &seen) < 0 || seen < n)
		die("dump");
	return clock_usec(CLOCK_PROCESS_CPUTIME_ID) - begin;
}

static uint64_t collect(const struct root *root, struct fact *before, size_t n, struct fact **ret)
{
	struct factset facts = {0};
	struct collect c = {.root = root, .facts = &facts};

	facts.v[FACT_LISTENERS] = before;
	uint64_t begin = clock_usec(CLOCK_PROCESS_CPUTIME_ID);
	if (fact_collect(FACT_LISTENERS, &c, ret) < 0 || (*ret)->n_items < n)
		die("collect");
	return clock_usec(CLOCK_PROCESS_CPUTIME_ID) - begin;
}

struct cost {
	double fresh, again, bare; /* µs for one */
	double bytes;
};

static struct cost measure(const struct root *root, size_t n)
{
	struct cost best = {1e9, 1e9, 1e9, 0};

	for (int i = 0; i < ROUNDS; i++) {
		_cleanup_(fact_freep) struct fact *f = NULL, *g = NULL;
		best.fresh = MIN(best.fresh, (double)collect(root, NULL, n, &f) / (double)n);
		best.again = MIN(best.again, (double)collect(root, f, n, &g) / (double)n);
		best.bare = MIN(best.bare, (double)bare(n) / (double)n);
		best.bytes = (double)arena_size(g->arena) / (double)n;
		if (!g->u.listeners->v[0].program)
			die("whose they are is not known");
	}
	return best;
}

int main(void)
{
	static const size_t counts[] = {10, 1000, 10000, 50000};
	const struct rlimit many = {PORTS + 100, PORTS + 100};
	struct cost last = {0};
	struct root root;
	size_t open = 0;
	bool linear = true;

	if (unshare(CLONE_NEWNET) < 0 || setrlimit(RLIMIT_NOFILE, &many) < 0) {
		printf("SKIP: needs root, for a network of its own: %s\n", strerror(errno));
		return SKIP;
	}
	if (root_open("/", &root) < 0)
		die("/");
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		for (size_t end; open < counts[i]; open = end) {
			end = MIN(counts[i], open + PORTS);
			open_listeners(open, end);
		}
		struct cost c = measure(&root, counts[i]);
		printf("listeners %6zu: new %6.2f ms, unchanged %6.2f ms, bare dump %6.2f ms; "
		       "%5.2f us, %5.2f us and %4.0f bytes each; ratio %.1f\n",
			counts[i], c.fresh * (double)open / 1e3, c.again * (double)open / 1e3,
			c.bare * (double)open / 1e3, c.fresh, c.again, c.bytes, c.again / c.bare);
		/* Small counts are all fixed cost. */
		linear = linear &&
			 (counts[i] <= 1000 || (c.fresh <= LINEAR_FACTOR * last.fresh &&
						       c.again <= LINEAR_FACTOR * last.again &&
						       c.bytes <= LINEAR_FACTOR * last.bytes));
		last = c;
	}
	root_close(&root);
	if (!linear)
		printf("a listener costs more the more there are\n");
	return linear ? 0 : 1;
}
