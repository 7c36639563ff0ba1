/* SPDX-License-Identifier: ISC */
#include "fact/first-boot.h"

#include <errno.h>
#include <string.h>

enum {
	MACHINE_ID_MAX = 4096,
	MACHINE_ID_LENGTH = 32,
	SEMAPHORES_MAX = 1024,
};

#define INSTANCE  "/var/lib/cloud/instance"
#define SEMAPHORE INSTANCE "/sem"

static uint64_t mtime_usec(const struct stat *st)
{
	const int64_t y2000 = 946684800;

	/* Image builders leave 0 or the like where they have no time to give. */
	if (st->st_mtim.tv_sec < y2000)
		return 0;
	return (uint64_t)st->st_mtim.tv_sec * USEC_PER_SEC + (uint64_t)st->st_mtim.tv_nsec / 1000;
}

static void earlier(uint64_t *t, uint64_t other)
{
	if (other > 0 && (*t == 0 || other < *t))
		*t = other;
}

struct semaphores {
	const struct root *root;
	uint64_t first_usec;
};

static int semaphore(const char *name, void *arg)
{
	struct semaphores *s = arg;
	struct stat st;

	if (root_stat_beneath(s->root, SEMAPHORE, name, &st) == 0)
		earlier(&s->first_usec, mtime_usec(&st));
	return 0;
}

static uint64_t instance_usec(const struct root *r)
{
	struct semaphores s = {.root = r};
	uint64_t t = 0;

	(void)root_birth(r, INSTANCE, &t);			      /* t stays 0 without one */
	(void)root_list(r, SEMAPHORE, SEMAPHORES_MAX, semaphore, &s); /* nor is there one here */
	earlier(&t, s.first_usec);
	return t;
}

/* None, an empty one or "uninitialized" means that the next boot will be the first. */
static uint64_t machine_id_usec(const struct root *r, bool *ret_ahead)
{
	_cleanup_file_ struct file file = {0};
	int e = root_read(r, "/etc/machine-id", MACHINE_ID_MAX, &file);

	*ret_ahead = !r->live &&
		     (e == -ENOENT ||
			     (e == 0 && (strspn(file.data, " \n") == file.size ||
						strcmp(file.data, "uninitialized\n") == 0)));
	if (e < 0)
		return 0;
	if (strspn(file.data, "0123456789abcdefABCDEF") != MACHINE_ID_LENGTH)
		return 0;
	return mtime_usec(&file.st);
}

struct first_boot first_boot_find(const struct root *r)
{
	static const char seed[] = "/var/lib/systemd/random-seed";
	uint64_t born = 0;
	struct stat st;

	uint64_t t = instance_usec(r);
	if (t > 0)
		return (struct first_boot){.realtime_usec = t, .evidence = INSTANCE};
	bool ahead = false;
	t = machine_id_usec(r, &ahead);
	if (t == 0)
		return (struct first_boot){.ahead = ahead};
	struct first_boot boot = {.realtime_usec = t, .evidence = "/etc/machine-id"};
	if (root_birth(r, seed, &born) == 0 && born > t &&
		root_stat(r, "/var/log/installer", &st) < 0) {
		boot.doubt_realtime_usec = born;
		boot.doubt = seed;
	}
	return boot;
}
