/* SPDX-License-Identifier: ISC */
/* repo-trust, over roots that are made of the files that say so. */
#include "root-fixture.h"

#include "check/repo-hosts.h"

#define DEBIAN                                                  \
	{                                                       \
		"/etc/os-release", "ID=debian\nVERSION_ID=12\n" \
	}
#define UBUNTU                                                     \
	{                                                          \
		"/etc/os-release", "ID=ubuntu\nVERSION_ID=24.04\n" \
	}
#define ROCKY                                                         \
	{                                                             \
		"/etc/os-release", "ID=\"rocky\"\nID_LIKE=\"rhel\"\n" \
	}
#define LIST(s)                            \
	{                                  \
		"/etc/apt/sources.list", s \
	}
#define DNF(s)                         \
	{                              \
		"/etc/dnf/dnf.conf", s \
	}
#define REPO(s)                              \
	{                                    \
		"/etc/yum.repos.d/x.repo", s \
	}
#define LISTS	 "/var/lib/apt/lists/"
#define OWN	 "deb http://deb.debian.org/debian bookworm main\n"
#define SUBJECT	 "repository deb http://deb.debian.org/debian bookworm"
#define SIGNED	 "-----BEGIN PGP SIGNED MESSAGE-----\n\nOrigin: D\n-----BEGIN PGP SIGNATURE-----\n"
#define OWN_REPO "[base]\nmirrorlist=https://mirrors.rockylinux.org/mirrorlist\ngpgcheck=1\n"

static const struct root_vector vectors[] = {
	{"no package manager", {DEBIAN}, NULL, RESULT_NOTAPPLICABLE, {{0}}, NULL},
	{"no sources", {DEBIAN, LIST("# none\n")}, NULL, RESULT_NOTAPPLICABLE, {{0}},
		"no package source"},
	{"the distribution's own",
		{DEBIAN, LIST(OWN),
			{LISTS "deb.debian.org_debian_dists_bookworm_InRelease", SIGNED}},
		NULL, RESULT_PASS, {{0}}, "1 package sources are signed"},
	{"Ubuntu in a cloud",
		{UBUNTU, LIST("deb http://eu-west-1.ec2.archive.ubuntu.com/ubuntu noble main\n"
			      "deb http://azure.archive.ubuntu.com/ubuntu noble main\n"
			      "deb http://de.archive.ubuntu.com/ubuntu noble main\n"
			      "deb http://security.ubuntu.com/ubuntu noble-security main\n")},
		NULL, RESULT_PASS, {{0}}, "4 package sources"},
	{"another distribution's", {UBUNTU, LIST(OWN)}, NULL, RESULT_FAIL,
		{{SUBJECT, RESULT_FAIL, SEV_MEDIUM, "host deb.debian.org"}}, NULL},
	{"a host that the policy trusts",
		{DEBIAN, LIST(OWN "deb https://a.example.org/ s c\ndeb file:/srv/repo ./\n")},
		"[repo-trust]\ntrusted_repos = distribution *.example.org file:/srv/repo/\n",
		RESULT_PASS, {{0}}, NULL},
	{"hosts that nobody trusts",
		{DEBIAN, LIST(OWN "deb https://a.example.org/ s c\ndeb file:/srv/repo ./\n"
				  "deb https://deb.debian.org.example/ s c\n")},
		NULL, RESULT_FAIL,
		{{"repository deb https://a.example.org s", RESULT_FAIL, SEV_MEDIUM,
			 "host a.example.org"},
			{"repository deb file:/srv/repo ./", RESULT_FAIL, SEV_MEDIUM,
				"file:/srv/repo/, which names no host"},
			{"repository deb https://deb.debian.org.example s", RESULT_FAIL, SEV_MEDIUM,
				"host deb.debian.org.example"}},
		NULL},
	{"trusted=yes over http",
		{DEBIAN, LIST("deb [trusted=yes] http://deb.debian.org/debian bookworm main\n")},
		NULL, RESULT_FAIL, {{SUBJECT, RESULT_FAIL, SEV_CRITICAL, "trusted=yes"}}, NULL},
	{"Trusted: yes over https",
		{DEBIAN, {"/etc/apt/sources.list.d/x.sources",
				 "Types: deb\nURIs: https://deb.debian.org/debian\nSuites: s\n"
				 "Components: c\nTrusted: yes\n"}},
		NULL, RESULT_FAIL,
		{{"repository deb https://deb.debian.org/debian s", RESULT_FAIL, SEV_HIGH,
			"trusted=yes"}},
		NULL},
	{"trusted=no, switched off",
		{DEBIAN, LIST("deb [trusted=no] http://deb.debian.org/debian bookworm main\n"),
			{"/etc/apt/sources.list.d/x.sources",
				"Types: deb\nURIs: http://x\nSuites: s\nComponents: c\n"
				"Trusted: yes\nEnabled: no\n"}},
		NULL, RESULT_PASS, {{0}}, "1 package sources"},
	{"an unsigned Release",
		{DEBIAN, LIST(OWN),
			{LISTS "deb.debian.org_debian_dists_bookworm_Release", "Origin: x\n"}},
		NULL, RESULT_FAIL, {{SUBJECT, RESULT_FAIL, SEV_CRITICAL, "has no signature"}},
		NULL},
	{"a Release with its signature beside it",
		{DEBIAN, LIST(OWN),
			{LISTS "deb.debian.org_debian_dists_bookworm_Release", "Origin: x\n"},
			{LISTS "deb.debian.org_debian_dists_bookworm_Release.gpg", ""}},
		NULL, RESULT_PASS, {{0}}, NULL},
	{"what apt is told to overlook",
		{DEBIAN, LIST("deb [allow-weak=yes check-valid-until=no] "
			      "http://deb.debian.org/debian "
			      "bookworm main\n")},
		NULL, RESULT_FAIL,
		{{SUBJECT, RESULT_FAIL, SEV_MEDIUM, "allow-weak=yes"},
			{SUBJECT, RESULT_FAIL, SEV_LOW, "check-valid-until=no"}},
		NULL},
	{"apt.conf",
		{DEBIAN, LIST(OWN),
			{"/etc/apt/apt.conf.d/99x", "APT::Get::AllowUnauthenticated \"true\";\n"
						    "Acquire::AllowInsecureRepositories \"0\";\n"
						    "Acquire::https::Verify-Peer \"false\";\n"}},
		NULL, RESULT_FAIL,
		{{"apt.conf APT::Get::AllowUnauthenticated", RESULT_FAIL, SEV_HIGH, "true"},
			{"apt.conf Acquire::https::Verify-Peer", RESULT_FAIL, SEV_MEDIUM, "false"}},
		NULL},
	{"a line that apt refuses", {DEBIAN, LIST(OWN "nonsense\n" OWN)}, NULL, RESULT_ERROR,
		{{"sources /etc/apt/sources.list", RESULT_ERROR, SEV_LOW,
			"neither deb nor deb-src"}},
		NULL},
	{"what apt overlooks",
		{DEBIAN, LIST(OWN), {"/etc/apt/sources.list.d/a.list", NULL}}, NULL, RESULT_PASS,
		{{0}}, NULL},
	{"a main file that cannot be read", {DEBIAN, LIST(NULL)}, NULL, RESULT_ERROR,
		{{"sources /etc/apt/sources.list", RESULT_ERROR, SEV_LOW, "is a FIFO"}}, NULL},
	{"a keyring for all sources",
		{DEBIAN, LIST(OWN), {"/etc/apt/trusted.gpg.d/debian-archive-x.asc", ""},
			{"/etc/apt/trusted.gpg.d/vendor.gpg", ""}},
		NULL, RESULT_INFORMATIONAL,
		{{"keyring /etc/apt/trusted.gpg.d/vendor.gpg", RESULT_INFORMATIONAL, SEV_LOW,
			"every source"}},
		NULL},
	{"a keyring that is not there",
		{DEBIAN, LIST("deb [signed-by=/k.gpg] http://deb.debian.org/debian bookworm "
			      "main\n")},
		NULL, RESULT_ERROR, {{"keyring /k.gpg", RESULT_ERROR, SEV_LOW, "does not exist"}},
		NULL},
	{"a mirror list on this machine",
		{DEBIAN, LIST("deb mirror+file:/etc/apt/m.list s c\n"),
			{"/etc/apt/m.list",
				"https://deb.debian.org/debian\nhttps://evil.example/\n"}},
		NULL, RESULT_FAIL,
		{{"repository deb mirror+file:/etc/apt/m.list s", RESULT_FAIL, SEV_MEDIUM,
			"host evil.example"}},
		NULL},
	{"dnf, the distribution's own", {ROCKY, DNF("[main]\ngpgcheck=1\n"), REPO(OWN_REPO)}, NULL,
		RESULT_PASS, {{0}}, NULL},
	{"dnf without a check",
		{ROCKY, DNF("[main]\n"), REPO("[x]\nbaseurl=https://dl.rockylinux.org/x\n")}, NULL,
		RESULT_FAIL, {{"repository dnf x", RESULT_FAIL, SEV_HIGH, "gpgcheck is not set"}},
		NULL},
	{"dnf with checks off and on",
		{ROCKY, DNF("[main]\ngpgcheck=1\nsslverify=0\n"),
			REPO("[x]\nbaseurl=http://dl.rockylinux.org/x\ngpgcheck=0\n"
			     "[y]\nbaseurl=https://dl.rockylinux.org/x\ngpgcheck=0\nsslverify=1\n"
			     "repo_gpgcheck=1\n"
			     "[z]\nbaseurl=http://dl.rockylinux.org/z\nsslverify=1\n"
			     "[off]\nbaseurl=http://x/\nenabled=0\ngpgcheck=0\n")},
		NULL, RESULT_FAIL,
		{{"repository dnf x", RESULT_FAIL, SEV_CRITICAL, "gpgcheck is off"},
			{"repository dnf x", RESULT_FAIL, SEV_MEDIUM, "sslverify=0"},
			{"repository dnf y", RESULT_FAIL, SEV_LOW, "the index alone"},
			{"repository dnf z", RESULT_FAIL, SEV_MEDIUM, "fetched in clear"}},
		NULL},
	{"a key that anybody may replace",
		{ROCKY, REPO("[x]\nbaseurl=https://dl.rockylinux.org/x\ngpgcheck=1\n"
			     "gpgkey=http://dl.rockylinux.org/key\n")},
		NULL, RESULT_FAIL,
		{{"repository dnf x", RESULT_FAIL, SEV_MEDIUM, "gpgkey=http://"}}, NULL},
	{"zypper",
		{{"/etc/os-release", "ID=sles\n"},
			{"/etc/zypp/repos.d/a.repo",
				"[a]\nbaseurl=https://updates.suse.com/a\n"
				"[b]\nbaseurl=https://updates.suse.com/b\ngpgcheck=0\n"}},
		NULL, RESULT_FAIL, {{"repository zypper b", RESULT_FAIL, SEV_HIGH, "not checked"}},
		NULL},
	{"apk",
		{{"/etc/os-release", "ID=alpine\n"},
			{"/etc/apk/repositories",
				"https://dl-cdn.alpinelinux.org/alpine/v3.20/main\n"
				"http://x.example/\n"}},
		NULL, RESULT_FAIL,
		{{"repository apk http://x.example/", RESULT_FAIL, SEV_MEDIUM, "host x.example"}},
		NULL},
	{"flatpak",
		{DEBIAN, {"/var/lib/flatpak/repo/config",
				 "[remote \"hub\"]\nurl=https://dl.flathub.org/repo/\n"
				 "gpg-verify=false\n"}},
		"[repo-trust]\ntrusted_repos = dl.flathub.org\n", RESULT_FAIL,
		{{"repository flatpak hub", RESULT_FAIL, SEV_HIGH, "gpg-verify=false"}}, NULL},
};

static void test_vectors(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		root_judge("repo-trust", &vectors[i]);
}

/* Who else may write to what decides. */
static void test_writable(void **state)
{
	static const struct root_vector v = {.what = "writable",
		.files = {DEBIAN, LIST(OWN), {"/etc/apt/trusted.gpg.d/ubuntu-keyring-x.gpg", ""}},
		.result = RESULT_FAIL,
		.evidence = {{"sources /etc/apt/sources.list", RESULT_FAIL, SEV_HIGH, "mode 0666"},
			{"keyring /etc/apt/trusted.gpg.d/ubuntu-keyring-x.gpg", RESULT_FAIL,
				SEV_HIGH, "owner 1000:0"}}};
	const struct check *c = check_find("repo-trust");
	struct policy *policy = policy_new_default();
	struct verdict *verdict = verdict_new();
	struct memo *memo = memo_new();
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	root_vector_write(&t, &v);
	assert_int_equal(chmod(test_path(&t, v.files[1].path), 0666), 0);
	assert_int_equal(root_collect(&t, c, &facts, memo), 0);
	struct repo_file *files = (struct repo_file *)facts.v[FACT_REPOS]->u.repos->files;
	files[facts.v[FACT_REPOS]->u.repos->n_files - 1].uid = 1000;
	assert_int_equal(check_judge(c, &facts, policy, 0, verdict), 0);
	root_compare(&v, verdict);
	factset_fini(&facts);
	memo_free(memo);
	verdict_free(verdict);
	policy_free(policy);
	test_root_fini(&t);
}

static void test_hosts(void **state)
{
	static const struct {
		const char *id, *host;
		bool own;
	} v[] = {
		{"debian", "ftp.de.debian.org", true},
		{"debian", "cdn-aws.deb.debian.org", true},
		{"debian", "evildebian.org", false},
		{"debian", "deb.debian.org.evil", false},
		{"rhel", "rhui4-1.microsoft.com", true},
		{"amzn", "al2023-repos-eu-west-1-de612dc2.s3.dualstack.eu-west-1.amazonaws.com",
			true},
		{"amzn", "al2023-repos-evil.s3.amazonaws.com", false},
		{"nobody", "deb.debian.org", false},
		{"", "", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		if (repo_host_is_own(v[i].id, v[i].host) != v[i].own)
			fail_msg("%s %s", v[i].id, v[i].host);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_writable),
		cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
