/* SPDX-License-Identifier: ISC */
/*
 * The dates that the distributions announce, for machines that don't know
 * their own: debian.org/releases and Debian's and Freexian's pages on LTS,
 * ubuntu.com/about/release-cycle, access.redhat.com/support/policy/updates,
 * oracle.com, suse.com/lifecycle, en.opensuse.org/Lifetime,
 * docs.fedoraproject.org, aws.amazon.com, alpinelinux.org/releases.
 */
#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "fact/os.h"
#include "fact/support.h"

const char support_table_date[] = "2026-03-01";

struct release {
	const char *id;	     /* of os-release */
	const char *version; /* the first parts of VERSION_ID; NULL: any, without end */
	const char *end[SUPPORT_PHASE_MAX];
};

/* Releases that ended before 2020 are left out but for the last of their line. */
static const struct release releases[] = {
	{"debian", "8", {"2018-06-17", "2020-06-30", "2025-06-30"}},
	{"debian", "9", {"2020-07-18", "2022-06-30", "2027-06-30"}},
	{"debian", "10", {"2022-09-10", "2024-06-30", "2029-06-30"}},
	{"debian", "11", {"2024-08-14", "2026-08-31", "2031-06-30"}},
	{"debian", "12", {"2026-07-11", "2028-06-30", "2033-06-30"}},
	{"debian", "13", {"2028-08-09", "2030-06-30", "2035-06-30"}},

	{"ubuntu", "14.04", {"2019-04-25", NULL, "2024-04-25"}},
	{"ubuntu", "16.04", {"2021-04-30", NULL, "2026-04-23"}},
	{"ubuntu", "18.04", {"2023-05-31", NULL, "2028-04-26"}},
	{"ubuntu", "20.04", {"2025-05-29", NULL, "2030-04-23"}},
	{"ubuntu", "20.10", {"2021-07-22"}},
	{"ubuntu", "21.04", {"2022-01-20"}},
	{"ubuntu", "21.10", {"2022-07-14"}},
	{"ubuntu", "22.04", {"2027-06-01", NULL, "2032-04-21"}},
	{"ubuntu", "22.10", {"2023-07-20"}},
	{"ubuntu", "23.04", {"2024-01-25"}},
	{"ubuntu", "23.10", {"2024-07-11"}},
	{"ubuntu", "24.04", {"2029-05-31", NULL, "2034-04-25"}},
	{"ubuntu", "24.10", {"2025-07-10"}},
	{"ubuntu", "25.04", {"2026-01-15"}},
	{"ubuntu", "25.10", {"2026-07-09"}},
	{"ubuntu", "26.04", {"2031-05-29", NULL, "2036-04-23"}},

	{"rhel", "6", {"2020-11-30", NULL, "2024-06-30"}},
	{"rhel", "7", {"2024-06-30", NULL, "2028-06-30"}},
	{"rhel", "8", {"2029-05-31", NULL, "2032-05-31"}},
	{"rhel", "9", {"2032-05-31", NULL, "2035-05-31"}},
	{"rhel", "10", {"2035-05-31", NULL, "2038-05-31"}},

	/* Linux up to 8, Stream from 8 on. */
	{"centos", "6", {"2020-11-30"}},
	{"centos", "7", {"2024-06-30"}},
	{"centos", "8", {"2024-05-31"}},
	{"centos", "9", {"2027-05-31"}},
	{"centos", "10", {"2030-01-01"}},

	{"rocky", "8", {"2029-05-31"}},
	{"rocky", "9", {"2032-05-31"}},
	{"rocky", "10", {"2035-05-31"}},

	{"almalinux", "8", {"2029-03-01"}},
	{"almalinux", "9", {"2032-05-31"}},
	{"almalinux", "10", {"2035-05-31"}},

	{"ol", "7", {"2024-12-31", NULL, "2028-06-30"}},
	{"ol", "8", {"2029-07-31", NULL, "2032-07-31"}},
	{"ol", "9", {"2032-06-30", NULL, "2035-06-30"}},
	{"ol", "10", {"2035-06-30", NULL, "2038-06-30"}},

	{"fedora", "36", {"2023-05-16"}},
	{"fedora", "37", {"2023-12-05"}},
	{"fedora", "38", {"2024-05-21"}},
	{"fedora", "39", {"2024-11-26"}},
	{"fedora", "40", {"2025-05-13"}},
	{"fedora", "41", {"2025-12-15"}},
	{"fedora", "42", {"2026-05-13"}},
	{"fedora", "43", {"2026-12-09"}},

	{"amzn", "2018.03", {"2023-12-31"}},
	{"amzn", "2", {"2026-06-30"}},
	{"amzn", "2023", {"2029-06-30"}},

	{"sles", "12.5", {"2024-10-31", NULL, "2027-10-31"}},
	{"sles", "15.1", {"2021-01-31", NULL, "2024-01-31"}},
	{"sles", "15.2", {"2021-12-31", NULL, "2024-12-31"}},
	{"sles", "15.3", {"2022-12-31", NULL, "2025-12-31"}},
	{"sles", "15.4", {"2023-12-31", NULL, "2026-12-31"}},
	{"sles", "15.5", {"2024-12-31", NULL, "2027-12-31"}},
	{"sles", "15.6", {"2025-12-31", NULL, "2028-12-31"}},
	{"sles", "15.7", {"2031-07-31", NULL, "2034-07-31"}},
	{"sles", "16.0", {"2027-11-30", NULL, "2030-11-30"}},

	{"opensuse-leap", "15.2", {"2022-01-04"}},
	{"opensuse-leap", "15.3", {"2022-12-31"}},
	{"opensuse-leap", "15.4", {"2023-12-07"}},
	{"opensuse-leap", "15.5", {"2024-12-31"}},
	{"opensuse-leap", "15.6", {"2026-04-30"}},
	{"opensuse-leap", "16.0", {"2027-10-31"}},
	{"opensuse-tumbleweed", NULL, {NULL}},
	{"opensuse-microos", NULL, {NULL}},

	{"alpine", "3.15", {"2023-11-01"}},
	{"alpine", "3.16", {"2024-05-23"}},
	{"alpine", "3.17", {"2024-11-22"}},
	{"alpine", "3.18", {"2025-05-09"}},
	{"alpine", "3.19", {"2025-11-01"}},
	{"alpine", "3.20", {"2026-04-01"}},
	{"alpine", "3.21", {"2026-11-01"}},
	{"alpine", "3.22", {"2027-05-01"}},
	{"alpine", "3.23", {"2027-11-01"}},

	{"arch", NULL, {NULL}},
	{"gentoo", NULL, {NULL}},
	{"void", NULL, {NULL}},
};

/* Whether version is the release's, or one within it: "9" and "9.4", not "3.2" and "3.20". */
static bool is_within(const char *version, const char *release)
{
	size_t n = strlen(release);

	return strncmp(version, release, n) == 0 && (!version[n] || version[n] == '.');
}

bool support_from_table(const struct os *os, struct support *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		const struct release *r = &releases[i];
		if (strcmp(os->id, r->id) != 0 ||
			(r->version && !is_within(os->version_id, r->version)))
			continue;
		ret->rolling = !r->version;
		ret->source = "the table of this program";
		for (int p = 0; p < SUPPORT_PHASE_MAX; p++) {
			ret->end_realtime_usec[p] = 0;
			if (r->end[p])
				(void)text_date(r->end[p], &ret->end_realtime_usec[p]); /* tested */
		}
		return true;
	}
	return false;
}
