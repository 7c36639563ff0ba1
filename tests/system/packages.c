/* SPDX-License-Identifier: ISC */
/*
 * The lists of packages beside those of dpkg-query and rpm: of this machine, of
 * generated and damaged status files, of an rpm database made by rpm itself.
 * Exits 77 when neither program is installed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/child.h"
#include "base/fsio.h"
#include "fact/package-list.h"
#include "fact/rpmdb.h"

enum {
	OUTPUT_MAX = 8 << 20,
	ROUNDS = 600,
};

#define TIMEOUT_USEC (120 * USEC_PER_SEC)
#define FORMAT	     "-f=${db:Status-Status}\\t${Package}\\t0\\t${Version}\\t${Architecture}\\n"

static struct memo *memo;
static char dir[] = "/tmp/hardend-packages-XXXXXX";
static unsigned wrong;
static uint32_t seed = 7;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static void die(const char *what, int r)
{
	printf("%s: %s\n", what, strerror(-r));
	exit(1);
}

static const char *in_dir(const char *path)
{
	static char buf[4][256];
	static unsigned i;

	i = (i + 1) % 4;
	(void)snprintf(buf[i], sizeof(buf[i]), "%s%s", dir, path);
	return buf[i];
}

static void put(const char *path, const char *text, size_t size)
{
	FILE *f = fopen(in_dir(path), "we");

	if (!f || fwrite(text, 1, size, f) != size || fclose(f) != 0)
		die(path, -errno);
}

static int run(const char *const argv[], struct child_result *ret)
{
	int r = child_run(memo, argv, NULL, TIMEOUT_USEC, OUTPUT_MAX, ret);

	if (r < 0)
		die(argv[0], r);
	return ret->status;
}

/* Sorted, the later entry in the place of the earlier, what is not installed left out. */
static void settle(struct package_list *l)
{
	size_t w = 0;

	package_list_sort(l);
	for (size_t i = 0; i < l->n; i++) {
		bool last = i + 1 == l->n || strcmp(l->v[i].name, l->v[i + 1].name) != 0 ||
			    strcmp(l->v[i].arch, l->v[i + 1].arch) != 0;
		if (!last || !l->v[i].version)
			continue;
		l->v[w] = l->v[i];
		/* What was never unpacked may have none; it has a word for it here. */
		if (!*l->v[w].version)
			l->v[w].version = "unknown";
		w++;
	}
	l->n = w;
}

static bool same(
	const char *what, const struct package_list *ours, const struct package_list *theirs)
{
	size_t n = MIN(ours->n, theirs->n), i = 0;

	while (i < n && strcmp(ours->v[i].name, theirs->v[i].name) == 0 &&
		strcmp(ours->v[i].arch, theirs->v[i].arch) == 0 &&
		strcmp(ours->v[i].version, theirs->v[i].version) == 0)
		i++;
	if (i == ours->n && i == theirs->n)
		return true;
	printf("%s: %zu packages here, %zu there; at %zu:", what, ours->n, theirs->n, i);
	if (i < ours->n)
		printf(" %s:%s %s", ours->v[i].name, ours->v[i].arch, ours->v[i].version);
	if (i < theirs->n)
		printf(" | %s:%s %s", theirs->v[i].name, theirs->v[i].arch, theirs->v[i].version);
	printf("\n");
	wrong++;
	return false;
}

/* dpkg-query's lines but those of packages without files. Returns its exit status. */
static int ask_dpkg(const char *admindir, struct package_list *ret)
{
	const char *const argv[] = {
		"/usr/bin/dpkg-query", "--admindir", admindir, "-W", FORMAT, NULL};
	struct child_result res = {0};
	unsigned line;
	int status = run(argv, &res), r = 0;

	for (char *save, *s = strtok_r(res.out ? res.out : (char *)"", "\n", &save); s && r == 0;
		s = strtok_r(NULL, "\n", &save)) {
		char *entry = strchr(s, '\t');
		if (strncmp(s, "config-files\t", 13) == 0 || strncmp(s, "not-installed\t", 14) == 0)
			continue;
		if (entry)
			r = package_list_rpm(ret, entry + 1, strlen(entry + 1), &line);
	}
	if (r < 0)
		die("dpkg-query's output", r);
	child_result_fini(&res);
	settle(ret);
	return status;
}

static int read_dpkg(const struct root *root, const char *path, struct package_list *l)
{
	_cleanup_file_ struct file f = {0};
	unsigned line;
	int r = root_read(root, path, OUTPUT_MAX, &f);

	return r < 0 ? r : package_list_dpkg(l, f.data, f.size, false, &line);
}

static void lists(struct package_list *a, struct package_list *b)
{
	if (package_list_init(a) < 0 || package_list_init(b) < 0)
		die("lists", -ENOMEM);
}

static void test_machine(void)
{
	struct package_list ours, theirs;
	struct root root;

	lists(&ours, &theirs);
	int r = root_open("/", &root);
	if (r == 0)
		r = read_dpkg(&root, "/var/lib/dpkg/status", &ours);
	settle(&ours);
	if (r < 0 || ask_dpkg("/var/lib/dpkg", &theirs) != 0)
		die("/var/lib/dpkg/status", r);
	if (same("this machine", &ours, &theirs))
		printf("dpkg, this machine: %zu packages\n", ours.n);
	root_close(&root);
	package_list_fini(&ours);
	package_list_fini(&theirs);
}

/* Paragraphs in every state that dpkg knows, some packages for two architectures. */
static size_t generate(char *text, size_t room)
{
	static const char *const states[] = {"install ok installed", "hold ok installed",
		"install ok half-configured", "install ok unpacked", "install ok triggers-pending",
		"deinstall ok config-files", "install reinstreq half-installed",
		"purge ok not-installed", "deinstall ok installed", "install ok triggers-awaited"};
	static const char *const archs[] = {"amd64", "amd64", "all", "i386"};
	size_t len = 0, n = 1 + rnd(6);

	for (size_t i = 0; i < n; i++) {
		const char *state = states[rnd(ARRAY_SIZE(states))];
		const char *trigger = strstr(state, "triggers-pending")	  ? "Triggers-Pending: x\n"
				      : strstr(state, "triggers-awaited") ? "Triggers-Awaited: p0\n"
									  : "";
		const char *arch = archs[rnd(ARRAY_SIZE(archs))];
		len += (size_t)snprintf(text + len, room - len,
			"Package: p%zu%s\nStatus: %s\nMaintainer: me <me@example.org>\n"
			"Architecture: %s\n%s",
			i, rnd(3) ? "" : "+x.y", state, arch,
			rnd(2) && strcmp(arch, "all") != 0 ? "Multi-Arch: same\n" : "");
		len += (size_t)snprintf(text + len, room - len,
			"Version: %u:%u.%u%s-%u\n%sDescription: x\n y\n .\n z: w\n\n", rnd(3),
			rnd(30), rnd(9), rnd(4) ? "" : "~rc1+dfsg", 1 + rnd(5), trigger);
	}
	return len;
}

/* One byte changed, removed or doubled, or the end cut off. */
static size_t damage(char *text, size_t size)
{
	static const char bytes[] = "\n\n: \tx-0";
	size_t at = rnd((uint32_t)size);

	/* "installok installed" is as good to dpkg, which never writes it. */
	if (text[at] == ' ')
		return size;
	switch (rnd(5)) {
	case 0:
		return at;
	case 1:
		memmove(text + at, text + at + 1, size - at - 1);
		return size - 1;
	case 2:
		memmove(text + at + 1, text + at, size - at);
		return size + 1;
	default:
		text[at] = bytes[rnd(sizeof(bytes) - 1)];
		return size;
	}
}

/*
 * What both read is the same; what dpkg reads, we do, unless it is cut short
 * (dpkg overlooks a last line of one letter). The other way round is dpkg's
 * strictness about fields that are not read here.
 */
static void test_generated(void)
{
	static char text[16384];
	unsigned both = 0, neither = 0, ours_only = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct package_list ours, theirs;
		unsigned line = 0;
		lists(&ours, &theirs);
		size_t size = generate(text, sizeof(text) / 2);
		for (uint32_t n = rnd(3); n > 0 && size > 1; n--)
			size = damage(text, size);
		put("/dpkg/status", text, size);
		int r = package_list_dpkg(&ours, text, size, false, &line);
		settle(&ours);
		int status = ask_dpkg(in_dir("/dpkg"), &theirs);
		if (r == 0 && status == 0)
			both += same("generated", &ours, &theirs);
		else if (r < 0 && status == 0 && text[size - 1] == '\n') {
			printf("round %d: dpkg reads what is refused at line %u here\n", i, line);
			wrong++;
		} else if (r == 0) {
			ours_only++;
		} else if (status != 0) {
			neither++;
		}
		if (wrong > 0 && getenv("KEEP"))
			exit(1);
		package_list_fini(&ours);
		package_list_fini(&theirs);
	}
	printf("dpkg, generated: %u read alike, %u refused by both, %u by dpkg alone\n", both,
		neither, ours_only);
	if (both < ROUNDS / 3 || neither == 0)
		wrong++;
}

/* A run of dpkg that was killed leaves updates; dpkg-query reads them as we do. */
static void test_updates(void)
{
	static const char status[] = "Package: a\nStatus: install ok installed\nMaintainer: x\n"
				     "Architecture: amd64\nVersion: 1\nDescription: x\n\n";
	static const char update[] = "Package: a\nStatus: install ok installed\nMaintainer: x\n"
				     "Architecture: amd64\nVersion: 2\nDescription: x\n\n";
	struct package_list ours, theirs;
	struct root root;

	lists(&ours, &theirs);
	put("/dpkg/status", status, strlen(status));
	put("/dpkg/updates/0000", update, strlen(update));
	int r = root_open(dir, &root);
	if (r == 0)
		r = read_dpkg(&root, "/dpkg/status", &ours);
	if (r == 0)
		r = read_dpkg(&root, "/dpkg/updates/0000", &ours);
	settle(&ours);
	if (r < 0 || ask_dpkg(in_dir("/dpkg"), &theirs) != 0)
		die("updates", r);
	if (!same("updates", &ours, &theirs) || strcmp(ours.v->version, "2") != 0)
		wrong++;
	root_close(&root);
	package_list_fini(&ours);
	package_list_fini(&theirs);
}

/* One build makes many packages: "%package -n". Version n of each. */
static void build_rpms(unsigned n)
{
	static const char *const versions[] = {"1.0", "1.0~rc1", "1.0^git2", "2024a", "0"};
	char *spec = NULL, define[3][300];
	size_t size = 0;
	FILE *f = open_memstream(&spec, &size);

	if (!f)
		die("spec", -ENOMEM);
	fprintf(f,
		"Name: base\nVersion: %u\nRelease: 1\nSummary: s\nLicense: x\nBuildArch: noarch\n"
		"%%description\nx\n%%files\n",
		n);
	for (unsigned i = 0; i < 40; i++) {
		fprintf(f, "%%package -n p%u-x\nSummary: s\nVersion: %s.%u\nRelease: %u.el9\n", i,
			versions[i % ARRAY_SIZE(versions)], n, i);
		if (i % 3)
			fprintf(f, "Epoch: %u\n", i % 3);
		fprintf(f, "%%description -n p%u-x\nx\n%%files -n p%u-x\n", i, i);
	}
	(void)fclose(f); /* memory only */
	put("/x.spec", spec, size);
	free(spec);
	(void)snprintf(define[0], sizeof(define[0]), "_topdir %s/build", dir);
	(void)snprintf(define[1], sizeof(define[1]), "_rpmdir %s/rpms%u", dir, n);
	(void)snprintf(define[2], sizeof(define[2]), "_build_name_fmt %%%%{NAME}.rpm");
	const char *const argv[] = {"/usr/bin/rpmbuild", "--quiet", "-bb", "--define", define[0],
		"--define", define[1], "--define", define[2], in_dir("/x.spec"), NULL};
	struct child_result res = {0};
	if (run(argv, &res) != 0)
		die(res.err ? res.err : "rpmbuild", -EIO);
	child_result_fini(&res);
	char install[600];
	(void)snprintf(install, sizeof(install),
		"exec rpm --dbpath %s/root/var/lib/rpm --justdb --nodeps --force -i "
		"%s/rpms%u/*.rpm",
		dir, dir, n);
	const char *const sh[] = {"/bin/sh", "-c", install, NULL};
	if (run(sh, &res) != 0)
		die(res.err ? res.err : "rpm", -EIO);
	child_result_fini(&res);
}

/* Every version of a package, in the order of the versions' text: both sides have the same. */
static int by_all(const void *a, const void *b)
{
	const struct package_entry *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r ? r : strcmp(x->version, y->version);
}

static void test_rpm(void)
{
	char dbpath[128];
	const char *const argv[] = {"/usr/bin/rpm", "--dbpath", dbpath, "-qa", "--queryformat",
		PACKAGE_LIST_RPM_FORMAT, NULL};
	struct package_list ours, theirs;
	struct child_result res = {0};
	struct root root;
	unsigned line;

	(void)snprintf(dbpath, sizeof(dbpath), "%s/root/var/lib/rpm", dir);
	lists(&ours, &theirs);
	build_rpms(1);
	build_rpms(2);
	int r = root_open(in_dir("/root"), &root);
	if (r == 0)
		r = rpmdb_read(&root, "/var/lib/rpm/rpmdb.sqlite", &ours);
	if (r < 0 || run(argv, &res) != 0)
		die("rpmdb.sqlite", r);
	r = package_list_rpm(&theirs, res.out, res.out_size, &line);
	if (r < 0)
		die("rpm -qa", r);
	if (ours.n > 0)
		qsort(ours.v, ours.n, sizeof(*ours.v), by_all);
	if (theirs.n > 0)
		qsort(theirs.v, theirs.n, sizeof(*theirs.v), by_all);
	if (same("rpm", &ours, &theirs))
		printf("rpm: %zu packages\n", ours.n);
	if (ours.n != 82)
		wrong++;
	child_result_fini(&res);
	root_close(&root);
	package_list_fini(&ours);
	package_list_fini(&theirs);
}

int main(void)
{
	bool dpkg = access("/usr/bin/dpkg-query", X_OK) == 0;
	bool rpm = access("/usr/bin/rpmbuild", X_OK) == 0;

	if (!dpkg && !rpm) {
		printf("neither dpkg-query nor rpmbuild is installed\n");
		return 77;
	}
	memo = memo_new();
	if (!memo || !mkdtemp(dir) || mkdir(in_dir("/dpkg"), 0755) < 0 ||
		mkdir(in_dir("/dpkg/updates"), 0755) < 0 || mkdir(in_dir("/dpkg/info"), 0755) < 0)
		die(dir, -errno);
	put("/dpkg/available", "", 0);
	put("/dpkg/info/format", "1\n", 2);
	if (dpkg) {
		test_machine();
		test_generated();
		test_updates();
	}
	if (rpm)
		test_rpm();
	struct child_result res = {0};
	const char *const rm[] = {"/bin/rm", "-rf", "--", dir, NULL};
	(void)run(rm, &res); /* the test is over */
	child_result_fini(&res);
	memo_free(memo);
	return wrong > 0 ? 1 : 0;
}
