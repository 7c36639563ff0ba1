/* SPDX-License-Identifier: ISC */
/*
 * Soundness of the inotify source: whatever happens in a tree of directories,
 * links and files, a fact that was not reported dirty still is what was read.
 * A model of the engine reads facts (stat, link, listing, content through the
 * root), changes happen before, between and after its calls, and once the
 * events are drained each clean fact is read again and compared.
 *
 * One thread, seeded; TEST_SEED and TEST_OPS in the environment replay a failure.
 */
#include "namespace.h"
#include "watch-script.h"

#include <grp.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/prctl.h>

#include "watch.h"

enum {
	FACTS = 4,
	DEPS = 6,
	HISTORY = 64,
	SNAPSHOT_SIZE = 2048,
};

struct model_dep {
	char path[96];
	unsigned base; /* > 0: resolved beneath the first base bytes */
	bool list;
	char snapshot[SNAPSHOT_SIZE];
};

struct model_fact {
	struct arena *arena;
	struct deps deps;
	struct model_dep v[DEPS];
	bool clean;
};

struct world {
	struct test_root t;
	struct watch *w;
	bool mounts;
	struct model_fact facts[FACTS];
	uint64_t dirty, random;
	char history[HISTORY][160];
	unsigned n_history, refused;
	unsigned long done, reported, needless, rereads;
};

static uint64_t draw(struct world *w, uint64_t n)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random % n;
}

static void on_dirty(uint64_t mask, enum watch_urgency urgency, void *arg)
{
	struct world *w = arg;

	w->dirty |= mask;
}

static void on_overflow(void *arg)
{
	struct world *w = arg;

	w->dirty = UINT64_MAX;
}

static const struct watch_ops ops = {.dirty = on_dirty, .overflow = on_overflow};

static const char *const names[] = {"a", "b", "c", "d"};

/* A path of one to four components into buf. */
static const char *draw_path(struct world *w, char buf[static 32])
{
	size_t n = 1 + draw(w, 4), len = 0;

	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(
			buf + len, 32 - len, "/%s", names[draw(w, ARRAY_SIZE(names))]);
	return buf;
}

/* A link's target: relative or absolute, up, through itself, nowhere. */
static const char *draw_target(struct world *w, char buf[static 64])
{
	static const char *const parts[] = {"a", "b", "c", "d", "..", ".", "..", "a/"};
	size_t n = 1 + draw(w, 4), len = 0;

	buf[0] = '\0';
	if (draw(w, 3) == 0)
		len += (size_t)snprintf(buf, 64, "/");
	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(buf + len, 64 - len, "%s%s", i > 0 ? "/" : "",
			parts[draw(w, ARRAY_SIZE(parts))]);
	return buf;
}

static void change(struct world *w)
{
	static const struct {
		const char *op;
		enum { ONE, TWO, TARGET, MODE, TEXT } kind;
		unsigned weight;
	} all[] = {
		{"write", ONE, 14},
		{"append", ONE, 8},
		{"truncate", ONE, 3},
		{"mkdir", ONE, 22},
		{"rm", ONE, 10},
		{"rmdir", ONE, 5},
		{"fifo", ONE, 1},
		{"rename", TWO, 16},
		{"exchange", TWO, 6},
		{"link", TWO, 8},
		{"symlink", TARGET, 14},
		{"chmod", MODE, 5},
		{"hold", ONE, 2},
		{"put", TEXT, 6},
		{"release", TEXT, 1},
		/* In a namespace of mounts only. */
		{"mount", ONE, 3},
		{"bind", TWO, 4},
		{"umount", ONE, 8},
	};
	const size_t n_all = ARRAY_SIZE(all) - (w->mounts ? 0 : 3);
	static const char *const modes[] = {"755", "700", "644", "000", "311", "444"};
	char a[32], b[32], target[64], text[24];
	unsigned total = 0, i = 0;

	for (size_t j = 0; j < n_all; j++)
		total += all[j].weight;
	for (unsigned n = (unsigned)draw(w, total); n >= all[i].weight; i++)
		n -= all[i].weight;
	/* Contents differ each time, so that no writing goes unseen by the model. */
	(void)snprintf(text, sizeof(text), "%" PRIx64, w->random);
	const char *first = draw_path(w, a), *second = draw_path(w, b);
	if (all[i].kind == TARGET)
		first = draw_target(w, target);
	else if (all[i].kind == MODE)
		first = modes[draw(w, ARRAY_SIZE(modes))];
	else if (all[i].kind == TEXT)
		first = text;
	else if (all[i].kind == ONE)
		second = text;
	if (strcmp(all[i].op, "put") == 0 && script_held < 0)
		return;
	if (strcmp(all[i].op, "hold") == 0 || strcmp(all[i].op, "release") == 0) {
		closep(&script_held);
		script_held = -1;
		if (strcmp(all[i].op, "release") == 0)
			return;
	}
	int r = script_do(&w->t, all[i].op, first, second);
	w->refused = r < 0 ? w->refused + 1 : 0;
	w->done += r == 0;
	(void)snprintf(w->history[w->n_history++ % HISTORY], sizeof(w->history[0]), "%s %s %s%s",
		all[i].op, first, second, r < 0 ? " (refused)" : "");
}

struct text {
	char *buf;
	size_t len;
};

static int each_name(const char *name, void *arg)
{
	struct text *t = arg;

	t->len += (size_t)snprintf(t->buf + t->len, SNAPSHOT_SIZE - t->len, "%s ", name);
	assert_true(t->len < SNAPSHOT_SIZE);
	return 0;
}

static void put_stat(struct text *t, int r, const struct stat *st)
{
	if (r < 0)
		t->len += (size_t)snprintf(t->buf + t->len, SNAPSHOT_SIZE - t->len, "%d ", r);
	else
		t->len += (size_t)snprintf(t->buf + t->len, SNAPSHOT_SIZE - t->len,
			"%lx:%lu %o %u ", (unsigned long)st->st_dev, (unsigned long)st->st_ino,
			st->st_mode, st->st_uid);
}

/* Everything that a collector can see of the dep. False when somebody else's rename disturbed. */
static bool look_once(struct world *w, const struct model_dep *d, char buf[static SNAPSHOT_SIZE])
{
	const struct root *r = &w->t.root;
	const char *rel = d->path + d->base;
	_cleanup_file_ struct file file = {0};
	_cleanup_free_ char *target = NULL;
	struct text t = {.buf = buf};
	struct stat st = {0};
	char base[96];

	memset(buf, 0, SNAPSHOT_SIZE);
	(void)snprintf(base, sizeof(base), "%.*s", (int)d->base, d->path);
	int err;
	if (d->list) {
		err = d->base ? root_list_beneath(r, base, rel, 1000, each_name, &t)
			      : root_list(r, d->path, 1000, each_name, &t);
		put_stat(&t, MIN(err, -1), &st);
		return err != -EAGAIN;
	}
	err = d->base ? root_stat_beneath(r, base, rel, &st) : root_stat(r, d->path, &st);
	put_stat(&t, err, &st);
	bool undisturbed = err != -EAGAIN;
	if (err == 0 && S_ISREG(st.st_mode)) {
		err = d->base ? root_read_beneath(r, base, rel, 65536, &file)
			      : root_read(r, d->path, 65536, &file);
		t.len += (size_t)snprintf(buf + t.len, SNAPSHOT_SIZE - t.len, "%d %zu %.1000s ",
			err, file.size,
			err < 0		   ? ""
			: file.size > 1000 ? file.data + file.size - 1000
					   : file.data);
	}
	undisturbed &= err != -EAGAIN;
	if (d->base > 0)
		return undisturbed; /* there is no way to look at the link itself beneath */
	err = root_lstat(r, d->path, &st);
	put_stat(&t, err, &st);
	undisturbed &= err != -EAGAIN;
	err = root_readlink(r, d->path, &target);
	if (err == 0)
		(void)snprintf(buf + t.len, SNAPSHOT_SIZE - t.len, "-> %s", target);
	return undisturbed && err != -EAGAIN;
}

static void look(struct world *w, const struct model_dep *d, char buf[static SNAPSHOT_SIZE])
{
	while (!look_once(w, d, buf))
		;
}

static void draw_deps(struct world *w, struct model_fact *f)
{
	char buf[32];

	arena_free(f->arena);
	f->arena = arena_new();
	deps_init(&f->deps, f->arena);
	for (size_t i = 0; i < DEPS; i++) {
		struct model_dep *d = &f->v[i];
		memset(d, 0, sizeof(*d));
		d->list = draw(w, 3) == 0;
		(void)snprintf(d->path, sizeof(d->path), "%s", draw_path(w, buf));
		if (draw(w, 4) == 0)
			d->base = (unsigned)strlen(d->path);
		if (d->base || draw(w, 8) == 0) {
			size_t len = strlen(d->path);
			(void)snprintf(d->path + len, sizeof(d->path) - len, "%s%s",
				draw(w, 4) == 0 ? "/.." : "", draw_path(w, buf));
		}
		char base[96];
		(void)snprintf(base, sizeof(base), "%.*s", (int)d->base, d->path);
		deps_add_beneath(&f->deps, base, d->path + d->base, d->list ? DEP_DIR : DEP_FILE);
	}
	deps_seal(&f->deps);
	f->clean = false;
}

static void maybe_change(struct world *w, unsigned one_in)
{
	if (draw(w, one_in) == 0)
		change(w);
}

/* Reads a fact as the engine does, while others change what is read. */
static void collect(struct world *w, enum fact_id id)
{
	struct model_fact *f = &w->facts[id];
	int r;

	if (draw(w, 20) == 0)
		draw_deps(w, f);
	if (draw(w, 2) == 0)
		(void)watch_set(w->w, id, &f->deps);
	for (int tries = 0;; tries++) {
		for (size_t i = 0; i < DEPS; i++) {
			look(w, &f->v[i], f->v[i].snapshot);
			if (tries == 0)
				maybe_change(w, 20);
		}
		if (tries == 0)
			maybe_change(w, 4);
		r = watch_set(w->w, id, &f->deps);
		if (r <= 0)
			break;
		w->rereads++;
		assert_true(tries < 2); /* nothing moves any more: it converges */
	}
	assert_int_equal(r < 0, (watch_blind(w->w) & FACT_BIT(id)) != 0);
	f->clean = r == 0;
	w->dirty &= ~FACT_BIT(id);
}

static void drain(struct world *w)
{
	struct pollfd p = {.fd = watch_fd(w->w), .events = POLLIN};

	while (poll(&p, 1, 0) > 0)
		assert_int_equal(watch_read(w->w), 0);
}

static void show(const struct world *w, const struct model_dep *d, const char *now)
{
	unsigned n = MIN(w->n_history, (unsigned)HISTORY);

	for (unsigned i = w->n_history - n; i < w->n_history; i++)
		print_message("%s\n", w->history[i % HISTORY]);
	print_message("%s%s (beneath %u)\nwas: %s\nis:  %s\n", d->path, d->list ? "/" : "", d->base,
		d->snapshot, now);
}

/* The property: clean facts are as they were read. Returns whether this one is. */
static bool still_so(struct world *w, const struct model_fact *f, bool must)
{
	char now[SNAPSHOT_SIZE];

	for (size_t i = 0; i < DEPS; i++) {
		look(w, &f->v[i], now);
		if (memcmp(now, f->v[i].snapshot, sizeof(now)) == 0)
			continue;
		if (must) {
			show(w, &f->v[i], now);
			fail_msg("a change was not told");
		}
		return false;
	}
	return true;
}

static void check(struct world *w)
{
	drain(w);
	for (int i = 0; i < FACTS; i++) {
		struct model_fact *f = &w->facts[i];
		if (!f->clean)
			continue;
		if (!(w->dirty & FACT_BIT(i))) {
			(void)still_so(w, f, true);
			continue;
		}
		w->reported++;
		w->needless += still_so(w, f, false);
		f->clean = false;
	}
	w->dirty = 0;
}

/* Takes off what was mounted, the last first, until nothing is. */
static void unmount_all(const struct world *w)
{
	char line[8192], path[4096];

	for (bool found = true; found;) {
		FILE *f = fopen("/proc/self/mountinfo", "re");
		assert_non_null(f);
		found = false;
		while (fgets(line, sizeof(line), f)) {
			if (sscanf(line, "%*s %*s %*s %*s %4095s", path) == 1 &&
				strncmp(path, w->t.dir, strlen(w->t.dir)) == 0)
				found |= umount2(path, MNT_DETACH) == 0;
		}
		(void)fclose(f);
	}
}

static void run(uint64_t seed, unsigned long n, bool mounts)
{
	struct world w = {.random = seed | 1, .mounts = mounts};

	test_root_init(&w.t);
	assert_int_equal(watch_new(&w.t.root, &ops, &w, &w.w), 0);
	for (int i = 0; i < FACTS; i++)
		draw_deps(&w, &w.facts[i]);
	while (w.done < n) {
		change(&w);
		if (w.refused > 50) /* who may not even look at the root gets no further */
			assert_int_equal(chmod(w.t.dir, 0755), 0);
		if (draw(&w, 4) == 0)
			continue; /* several changes may lie in the queue together */
		check(&w);
		for (int f = 0; f < FACTS; f++) {
			if (!w.facts[f].clean && draw(&w, 3) > 0)
				collect(&w, (enum fact_id)f);
		}
	}
	print_message("seed %" PRIu64 ": %lu changes, %lu reports (%lu of nothing visible), "
		      "%lu second readings\n",
		seed, w.done, w.reported, w.needless, w.rereads);
	assert_true(w.reported > n / 100); /* the test tests something */
	closep(&script_held);
	script_held = -1;
	for (int i = 0; i < FACTS; i++)
		arena_free(w.facts[i].arena);
	watch_free(w.w);
	if (mounts)
		unmount_all(&w);
	char cmd[128];
	(void)snprintf(cmd, sizeof(cmd), "chmod -R u+rwx '%s'", w.t.dir);
	assert_int_equal(system(cmd), 0); /* else who is not root cannot remove it */
	test_root_fini(&w.t);
}

static unsigned long from_env(const char *name, unsigned long otherwise)
{
	const char *s = getenv(name);

	return s ? strtoul(s, NULL, 0) : otherwise;
}

static void run_seeds(uint64_t seeds, bool mounts)
{
	unsigned long n = from_env("TEST_OPS", 1000);

	if (getenv("TEST_SEED"))
		run(from_env("TEST_SEED", 0), n, mounts);
	for (uint64_t seed = 1; !getenv("TEST_SEED") && seed <= seeds; seed++)
		run(seed * 7919, n, mounts);
}

static void test_random(void **state)
{
	run_seeds(20, false);
}

static void random_unprivileged(void **state)
{
	run_seeds(6, false);
}

static bool become_nobody(int arg)
{
	return setgroups(0, NULL) == 0 && setresgid(65534, 65534, 65534) == 0 &&
	       setresuid(65534, 65534, 65534) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0;
}

/* The same for one whom the machine refuses directories. */
static void test_random_unprivileged(void **state)
{
	run_apart(become_nobody, 0, random_unprivileged);
}

static void random_mounts(void **state)
{
	run_seeds(6, true);
}

/* The same with file systems mounted, and directories bound to second places. */
static void test_random_mounts(void **state)
{
	run_apart(namespace_enter, CLONE_NEWNS, random_mounts);
}

/* What others mount on this machine meanwhile would be a reason to look again. */
static void leave_mounts(void)
{
	if (unshare(CLONE_NEWNS) == 0)
		(void)mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL); /* else as it was */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_random_unprivileged),
		cmocka_unit_test(test_random_mounts),
	};

	leave_mounts();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
