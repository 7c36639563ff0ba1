/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "fact/os.h"
#include "report/report.h"

/* The first line of a small file, or NULL when there is none. */
static const char *first_line(struct arena *a, const struct root *r, const char *path)
{
	_cleanup_file_ struct file f = {0};

	if (root_read(r, path, 4096, &f) < 0)
		return NULL;
	size_t n = strcspn(f.data, "\r\n");
	return n > 0 ? text_escape(a, f.data, n, 256) : NULL;
}

static const char *os_name(struct arena *a, const struct root *r)
{
	static const char *const paths[] = {"/etc/os-release", "/usr/lib/os-release"};
	struct os os;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_file_ struct file f = {0};
		if (root_read(r, paths[i], 64 * 1024, &f) < 0)
			continue;
		if (os_parse(a, f.data, &os) < 0)
			return NULL; /* the arena remembers */
		return text_clean(a, *os.pretty_name ? os.pretty_name : os.id);
	}
	return NULL;
}

int report_host(struct arena *a, const struct root *r, struct report_host *ret)
{
	const struct report_host h = {
		.hostname = first_line(
			a, r, r->live ? "/proc/sys/kernel/hostname" : "/etc/hostname"),
		.machine_id = first_line(a, r, "/etc/machine-id"),
		.os = os_name(a, r),
		.kernel = r->live ? first_line(a, r, "/proc/sys/kernel/osrelease") : NULL,
	};

	if (arena_failed(a))
		return -ENOMEM;
	*ret = h;
	return 0;
}
