/* SPDX-License-Identifier: ISC */
#include "fact/kernel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fact/collectors.h"
#include "fact/os.h"
#include "fact/packages.h"
#include "fact/version.h"

enum {
	IMAGES_MAX = 1000,
	TEXT_MAX = 64 * 1024,
	STAT_MAX = 4 << 20, /* /proc/stat: a line for each processor */
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/*
 * Length of the version in a release. dpkg's world: up to the first "-" before a
 * letter ("6.1.0-18" of "6.1.0-18-cloud-amd64"). rpm's: all but "+rt", "+64k".
 */
static size_t version_length(bool rpm, const char *release)
{
	size_t i = 0;

	if (rpm)
		return strcspn(release, "+");
	while (release[i] && !(release[i] == '-' && is_letter(release[i + 1])))
		i++;
	return i;
}

int kernel_compare(bool rpm, const char *a, const char *b)
{
	char x[256],
		y[256]; /* a release has at most 64 characters; what is longer was not booted */

	(void)snprintf(x, sizeof(x), "%.*s", (int)MIN(version_length(rpm, a), sizeof(x) - 1), a);
	(void)snprintf(y, sizeof(y), "%.*s", (int)MIN(version_length(rpm, b), sizeof(y) - 1), b);
	return rpm ? version_compare_rpm(x, y) : version_compare_dpkg(x, y);
}

/* "-cloud-amd64"; of rpm's world ".x86_64+rt" (with the architecture), SUSE's "-default". */
static const char *flavour(bool rpm, const char *release)
{
	const char *dot = strrchr(release, '.'), *dash = strrchr(release, '-');

	if (!rpm)
		return release + version_length(rpm, release);
	if (dot && is_letter(dot[1]))
		return dot;
	return dash && is_letter(dash[1]) ? dash : "";
}

bool kernel_same_flavour(bool rpm, const char *a, const char *b)
{
	return strcmp(flavour(rpm, a), flavour(rpm, b)) == 0;
}

const char *kernel_build(struct arena *a, const char *proc_version)
{
	static const char prefix[] = "Linux version ";
	static const char *const makers[] = {" Debian ", " PMX "};
	/* "#1 SMP ..." stands behind the compiler, whose version names Debian as well. */
	const char *number = strstr(proc_version, ") #");

	if (!number || strncmp(proc_version, prefix, strlen(prefix)) != 0)
		return NULL;
	number += 3;
	for (size_t i = 0; i < ARRAY_SIZE(makers); i++) {
		const char *p = strstr(number, makers[i]);
		if (!p)
			continue;
		p += strlen(makers[i]);
		return is_digit(*p) ? arena_strndup(a, p, strcspn(p, " \n")) : NULL;
	}
	size_t len = strcspn(number, " \n");
	const char *ubuntu = memmem(number, len, "-Ubuntu", 7);
	if (!ubuntu || !is_digit(*number))
		return NULL;
	const char *release = proc_version + strlen(prefix);
	return arena_printf(a, "%.*s.%.*s", (int)version_length(false, release), release,
		(int)(ubuntu - number), number);
}

/* A kernel that is being described, and what it is described from. */
struct reading {
	const struct collect *c;
	struct fact *f;
	struct kernel *k;
	struct kernel_image *images;
	size_t n;
	const struct packages *packages; /* NULL when not known */
};

/* A release begins with a digit; "0-rescue-..." is no kernel to boot by itself. */
static bool is_release(const char *s)
{
	static const char *const no[] = {".old", ".bak", ".gz", ".hmac", "-dbg", "-dbgsym",
		".dpkg-new", ".dpkg-tmp", ".dpkg-bak"};
	size_t len = strlen(s);

	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		size_t n = strlen(no[i]);
		if (len > n && strcmp(s + len - n, no[i]) == 0)
			return false;
	}
	return is_digit(*s) && strncmp(s, "0-rescue", 8) != 0;
}

/* The image of the release: the one there is, or a new one. NULL on ENOMEM. */
static struct kernel_image *image_of(struct reading *rd, const char *release)
{
	for (size_t i = 0; i < rd->n; i++) {
		if (strcmp(rd->images[i].release, release) == 0)
			return &rd->images[i];
	}
	struct kernel_image *image = arena_grow(rd->f->arena, &rd->images, rd->n, sizeof(*image));
	if (!image)
		return NULL;
	*image = (struct kernel_image){.release = arena_strdup(rd->f->arena, release)};
	if (!image->release)
		return NULL;
	rd->n++;
	return image;
}

static int add_file(struct reading *rd, const char *release, const char *path)
{
	struct stat st;

	if (!is_release(release))
		return 0;
	int r = root_stat(rd->c->root, path, &st);
	if (r < 0)
		return r == -ENOENT || r == -ELOOP ? 0 : r; /* a link into nothing boots nothing */
	struct kernel_image *image = image_of(rd, release);
	if (!image)
		return -ENOMEM;
	if (image->path)
		return 0;
	image->path = path;
	image->changed_realtime_usec = timespec_usec(st.st_ctim);
	/* dpkg and rpm make a new file and keep the mtime of the build: born is installed. */
	if (root_birth(rd->c->root, path, &image->since_realtime_usec) < 0)
		image->since_realtime_usec = image->changed_realtime_usec;
	return 0;
}

/* /boot/vmlinuz-RELEASE, /usr/lib/modules/RELEASE/vmlinuz. */
static int add_files(struct reading *rd)
{
	static const struct {
		const char *pattern;
		size_t before; /* of the path, in front of the release */
	} places[] = {
		{"/boot/vmlinuz-*", strlen("/boot/vmlinuz-")},
		{"/boot/vmlinux-*", strlen("/boot/vmlinux-")},
		{"/boot/Image-*", strlen("/boot/Image-")},
		{"/usr/lib/modules/*/vmlinuz", strlen("/usr/lib/modules/")},
		{"/lib/modules/*/vmlinuz", strlen("/lib/modules/")},
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char **paths = NULL;
		size_t n = 0;
		int r = root_glob(
			rd->c->root, rd->f->arena, places[i].pattern, IMAGES_MAX, &paths, &n);
		for (size_t k = 0; k < n && r == 0; k++) {
			const char *name = paths[k] + places[i].before;
			char *release = arena_strndup(rd->f->arena, name, strcspn(name, "/"));
			r = release ? add_file(rd, release, paths[k]) : -ENOMEM;
		}
		if (r == -ENOMEM)
			return r;
		if (r < 0) {
			fact_fail(rd->f, r, "%s %s", places[i].pattern, fsio_strerror(r));
			return 0;
		}
	}
	return 0;
}

/* Alpine's image is /boot/vmlinuz-virt; its release is in a file of its package. */
static int add_apk(struct reading *rd)
{
	char **paths = NULL;
	size_t n = 0;
	int r = root_glob(rd->c->root, rd->f->arena, "/usr/share/kernel/*/kernel.release",
		IMAGES_MAX, &paths, &n);

	for (size_t i = 0; i < n && r == 0; i++) {
		_cleanup_file_ struct file file = {0};
		r = root_read(rd->c->root, paths[i], TEXT_MAX, &file);
		if (r < 0)
			break;
		file.data[strcspn(file.data, "\n")] = '\0';
		r = add_file(rd, file.data, paths[i]);
	}
	if (r < 0 && r != -ENOMEM)
		fact_fail(rd->f, r, "/usr/share/kernel %s", fsio_strerror(r));
	return r == -ENOMEM ? r : 0;
}

/* linux-image-RELEASE is an installed kernel even where /boot is not mounted. */
static int add_dpkg(struct reading *rd)
{
	static const char *const prefixes[] = {
		"linux-image-", "linux-image-unsigned-", "proxmox-kernel-", "pve-kernel-"};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t n = 0;
		const struct fact_item *v = packages_prefix(rd->packages, prefixes[i], &n);
		for (size_t k = 0; k < n; k++) {
			const char *name = package_name(&v[k]) + strlen(prefixes[i]);
			char release[256];
			(void)snprintf(
				release, sizeof(release), "%.*s", (int)strcspn(name, ":"), name);
			char *sign = strstr(release, "-signed");
			if (sign && strcmp(sign, "-signed") == 0)
				*sign = '\0';
			/* Metapackages: linux-image-amd64, and Proxmox's pve-kernel-6.8. */
			if (!is_release(release) || (*prefixes[i] == 'p' && !strchr(release, '-')))
				continue;
			struct kernel_image *image = image_of(rd, release);
			if (!image)
				return -ENOMEM;
			image->package = package_name(&v[k]);
			image->version = v[k].value;
		}
	}
	return 0;
}

/* rpm's releases are VERSION-RELEASE.ARCH of the package: ownership follows from the name. */
static int own_rpm(struct reading *rd)
{
	static const char *const names[] = {"kernel-core", "kernel-rt-core", "kernel-64k-core",
		"kernel-debug-core", "kernel-uek-core", "kernel-uek", "kernel-lt-core", "kernel-lt",
		"kernel-ml-core", "kernel-ml", "kernel-default", "kernel"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = packages_version(rd->packages, names[i]);
		for (; value && *value; value += strspn(value, ", ")) {
			size_t len = strcspn(value, ",");
			for (size_t k = 0; k < rd->n; k++) {
				struct kernel_image *image = &rd->images[k];
				if (image->package || strncmp(image->release, value, len) != 0 ||
					(image->release[len] != '.' && image->release[len]))
					continue;
				image->package = names[i];
				image->version = arena_strndup(rd->f->arena, value, len);
				if (!image->version)
					return -ENOMEM;
			}
			value += len;
		}
	}
	return 0;
}

/* dpkg writes a package's list of files when it unpacks it: better than the image's birth. */
static void since_dpkg(struct reading *rd)
{
	for (size_t i = 0; i < rd->n; i++) {
		struct kernel_image *image = &rd->images[i];
		char path[512];
		struct stat st;
		if (!image->package)
			continue;
		(void)snprintf(path, sizeof(path), "/var/lib/dpkg/info/%s.list", image->package);
		if (root_stat(rd->c->root, path, &st) == 0)
			image->since_realtime_usec = timespec_usec(st.st_mtim);
	}
}

/* Whose comparison of versions holds, when the packages cannot say. */
static bool is_rpm_family(const struct factset *facts)
{
	const struct fact *os = factset_get(facts, FACT_OS);

	return os && os->u.os && (os->u.os->family == OS_RHEL || os->u.os->family == OS_SUSE);
}

static int add_images(struct reading *rd)
{
	const struct fact *packages = factset_get(rd->c->facts, FACT_PACKAGES);

	if (packages && packages->state == FACT_STATE_OK)
		rd->packages = packages->u.packages;
	else if (packages && packages->state != FACT_STATE_ABSENT)
		rd->k->packages_reason = arena_strdup(rd->f->arena, packages->reason);
	rd->k->rpm = rd->packages ? rd->packages->manager == PACKAGES_RPM
				  : is_rpm_family(rd->c->facts);
	int r = add_files(rd);
	if (r == 0)
		r = add_apk(rd);
	if (r < 0 || !rd->packages)
		return r;
	if (rd->packages->manager == PACKAGES_RPM)
		return own_rpm(rd);
	if (rd->packages->manager == PACKAGES_DPKG) {
		r = add_dpkg(rd);
		if (r == 0)
			since_dpkg(rd);
	}
	return r;
}

static int image_compare(const void *a, const void *b, void *rpm)
{
	const struct kernel_image *x = a, *y = b;
	int r = kernel_compare(*(bool *)rpm, x->release, y->release);

	return r ? r : strcmp(x->release, y->release);
}

static void sort_images(struct reading *rd)
{
	struct kernel *k = rd->k;

	if (rd->n == 0)
		return;
	qsort_r(rd->images, rd->n, sizeof(*rd->images), image_compare, &k->rpm);
	k->v = rd->images;
	k->n = rd->n;
	k->newest = &k->v[k->n - 1];
	for (size_t i = 0; i < k->n && k->release; i++) {
		if (strcmp(k->v[i].release, k->release) == 0)
			k->running = &k->v[i];
	}
	if (k->running && kernel_compare(k->rpm, k->running->release, k->newest->release) == 0)
		k->newest = k->running;
}

/* What the kernel calls the PID namespace that it starts with (PROC_PID_INIT_INO). */
#define FIRST_PID_NAMESPACE "pid:[4026531836]"

/*
 * What shows that this is a container: its kernel is the host's affair. Not
 * /.dockerenv, which stands on real machines made from such an image as well.
 */
static int find_container(const struct root *root, struct kernel *k)
{
	_cleanup_free_ char *ns = NULL;
	struct stat st;
	int r = root_readlink(root, "/proc/self/ns/pid", &ns);

	if (r == -ENOMEM)
		return r;
	if (root_stat(root, "/run/systemd/container", &st) == 0)
		k->container = "/run/systemd/container";
	else if (r == 0 && strcmp(ns, FIRST_PID_NAMESPACE) != 0)
		k->container = "its PID namespace";
	/* OpenVZ: the host has both. WSL: Microsoft's own kernel. */
	else if (root_stat(root, "/proc/vz", &st) == 0 && root_stat(root, "/proc/bc", &st) < 0)
		k->container = "/proc/vz";
	else if (strcasestr(k->release, "microsoft"))
		k->container = "the name of the kernel (WSL)";
	return 0;
}

/* What more /proc says; where it says nothing, the check says what that means. */
static int read_proc(struct reading *rd, const struct root *root)
{
	_cleanup_file_ struct file version = {0}, stat = {0};
	struct kernel *k = rd->k;
	int r = root_read(root, "/proc/version", TEXT_MAX, &version);

	if (r == 0)
		k->build = kernel_build(rd->f->arena, version.data);
	if (r == -ENOMEM || arena_failed(rd->f->arena))
		return -ENOMEM;
	r = root_read(root, "/proc/stat", STAT_MAX, &stat);
	const char *p = r == 0 ? strstr(stat.data, "\nbtime ") : NULL;
	if (p)
		k->booted_realtime_usec = strtoull(p + strlen("\nbtime "), NULL, 10) * USEC_PER_SEC;
	return r == -ENOMEM ? r : 0;
}

static int read_running(struct reading *rd)
{
	_cleanup_file_ struct file release = {0};
	struct root quiet = *rd->c->root; /* /proc makes no events, and this changes at boot only */
	struct kernel *k = rd->k;

	quiet.deps = NULL;
	int r = root_read(&quiet, "/proc/sys/kernel/osrelease", TEXT_MAX, &release);
	if (r < 0) {
		if (r != -ENOMEM)
			fact_fail(rd->f, r == -ENOENT ? -EIO : r, "/proc/sys/kernel/osrelease %s",
				fsio_strerror(r));
		return r == -ENOMEM ? r : 0;
	}
	k->release = arena_strndup(rd->f->arena, release.data, strcspn(release.data, "\n"));
	if (!k->release)
		return -ENOMEM;
	r = read_proc(rd, &quiet);
	return r < 0 ? r : find_container(&quiet, k);
}

/* One name a line; a package that asked twice stands there twice. */
static char *join_names(struct arena *a, char *text)
{
	const char *names[16];
	char out[512] = "", *save;
	size_t n = 0;

	for (char *name = strtok_r(text, "\n", &save); name; name = strtok_r(NULL, "\n", &save)) {
		size_t i = 0, len = strlen(out);
		while (i < n && strcmp(names[i], name) != 0)
			i++;
		if (i < n)
			continue;
		if (n == ARRAY_SIZE(names) || len + strlen(name) + 8 > sizeof(out)) {
			(void)snprintf(out + len, sizeof(out) - len, ", ...");
			break;
		}
		names[n++] = name;
		(void)snprintf(out + len, sizeof(out) - len, "%s%s", n > 1 ? ", " : "", name);
	}
	return arena_strdup(a, out);
}

static int read_reboot(struct reading *rd)
{
	static const char *const paths[] = {"/run/reboot-required", "/var/run/reboot-required"};
	_cleanup_file_ struct file file = {0};
	struct kernel *k = rd->k;
	struct stat st;
	size_t i = 0;

	while (i < ARRAY_SIZE(paths) && root_stat(rd->c->root, paths[i], &st) < 0)
		i++;
	if (i == ARRAY_SIZE(paths))
		return 0;
	k->reboot_path = paths[i];
	k->reboot_realtime_usec = timespec_usec(st.st_mtim);
	k->reboot_packages = "";
	int r = root_read(rd->c->root, "/run/reboot-required.pkgs", TEXT_MAX, &file);
	if (r < 0)
		return r == -ENOMEM ? r : 0; /* who asked is not always told */
	k->reboot_packages = join_names(rd->f->arena, file.data);
	return k->reboot_packages ? 0 : -ENOMEM;
}

static void add_item(struct reading *rd, const char *subject, const char *what, const char *more,
	const char *path)
{
	char value[512];

	(void)snprintf(value, sizeof(value), "%s%s%s%s", what, more ? " (" : "", more ? more : "",
		more ? ")" : "");
	fact_add_item(rd->f, subject, value, path, 0);
}

static void add_items(struct reading *rd)
{
	const struct kernel *k = rd->k;
	const struct kernel_image *newest = k->newest;

	if (k->release)
		add_item(rd, "kernel running", k->release, k->build, NULL);
	if (newest)
		add_item(rd, "kernel newest installed", newest->release,
			k->rpm ? NULL : newest->version, newest->path);
	if (k->reboot_path)
		add_item(rd, "reboot required", *k->reboot_packages ? k->reboot_packages : "yes",
			NULL, k->reboot_path);
}

static int kernel_collect(const struct collect *c, struct fact *f)
{
	struct kernel *k = arena_alloc(f->arena, sizeof(*k));
	struct reading rd = {.c = c, .f = f, .k = k};

	if (!k)
		return -ENOMEM;
	int r = c->root->live ? read_running(&rd) : 0;
	if (r == 0)
		r = add_images(&rd);
	if (r == 0)
		r = read_reboot(&rd);
	if (r < 0)
		return r;
	if (f->state != FACT_STATE_OK)
		return 0;
	sort_images(&rd);
	add_items(&rd);
	f->u.kernel = k;
	return 0;
}

const struct collector collector_kernel = {
	.id = FACT_KERNEL,
	.name = "kernel",
	.needs = FACT_BIT(FACT_OS) | FACT_BIT(FACT_PACKAGES),
	/* An image is unpacked long before its package counts as installed. */
	.locks = packages_locks,
	.collect = kernel_collect,
};
