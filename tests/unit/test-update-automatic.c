/* SPDX-License-Identifier: ISC */
/* update-automatic: every part of the chain that may be missing. */
#include "test.h"

#include "fact/units.h"
#include "rpm-header.h"
#include "update-fixture.h"

#define FACTS                                                                    \
	(FACT_BIT(FACT_OS) | FACT_BIT(FACT_PACKAGES) | FACT_BIT(FACT_APT_CONF) | \
		FACT_BIT(FACT_REPOS) | FACT_BIT(FACT_UPDATES))
#define OK(n)                                                                                \
	{                                                                                    \
		.name = n, .state = UNIT_FILE_ENABLED, .starts = true, .active = UNIT_ACTIVE \
	}
#define OFF(n)                                                                  \
	{                                                                       \
		.name = n, .state = UNIT_FILE_DISABLED, .active = UNIT_INACTIVE \
	}

/* What boot starts; ends with name NULL. */
static const struct unit good[] = {OK("apt-daily.timer"), OK("apt-daily-upgrade.timer"),
	{.name = "apt-daily.service", .state = UNIT_FILE_STATIC},
	{.name = "apt-daily-upgrade.service", .state = UNIT_FILE_STATIC}, {0}};
static const struct unit disabled[] = {OK("apt-daily.timer"), OFF("apt-daily-upgrade.timer"), {0}};
static const struct unit stopped[] = {OK("apt-daily.timer"),
	{.name = "apt-daily-upgrade.timer",
		.state = UNIT_FILE_ENABLED,
		.starts = true,
		.active = UNIT_INACTIVE},
	{0}};
static const struct unit masked[] = {OK("apt-daily.timer"), OK("apt-daily-upgrade.timer"),
	{.name = "apt-daily-upgrade.service", .state = UNIT_FILE_MASKED}, {0}};
#define APT_DAILY "/usr/lib/apt/apt.systemd.daily install"
static const struct unit_setting other_conf[] = {
	{"Environment", "APT_CONFIG=/x", "/etc/o.conf", 2}, {"ExecStart", APT_DAILY, "/lib/o", 1}};
static const struct unit environment[] = {OK("apt-daily.timer"), OK("apt-daily-upgrade.timer"),
	{.name = "apt-daily.service",
		.state = UNIT_FILE_STATIC,
		.settings = other_conf,
		.n_settings = 2},
	{0}};
#define WITH(unit, s)                                                   \
	{                                                               \
		.name = unit, .state = UNIT_FILE_STATIC, .settings = s, \
		.n_settings = ARRAY_SIZE(s)                             \
	}
#define TIMER(unit, s)                                                                           \
	{                                                                                        \
		.name = unit, .state = UNIT_FILE_ENABLED, .starts = true, .active = UNIT_ACTIVE, \
		.settings = s, .n_settings = ARRAY_SIZE(s)                                       \
	}
static const struct unit_setting unit_of[] = {{"Unit", "x.service", "/etc/o.conf", 2}},
				 bad[] = {{"OnCalendar", "dayly", "/etc/o.conf", 2}},
				 past[] = {{"OnCalendar", "2020-01-01", "/etc/o.conf", 2}},
				 nothing[] = {{"ExecStart", APT_DAILY, "/lib/o", 1},
					 {"ExecStart", "", "/etc/o.conf", 2},
					 {"ExecStart", "/bin/true", "/etc/o.conf", 3}};
static const struct unit no_times[] = {OK("apt-daily.timer"),
	TIMER("apt-daily-upgrade.timer", unit_of), {.name = "x.service"}, {0}};
static const struct unit bad_times[] = {
	OK("apt-daily.timer"), TIMER("apt-daily-upgrade.timer", bad), {0}};
static const struct unit past_times[] = {
	OK("apt-daily.timer"), TIMER("apt-daily-upgrade.timer", past), {0}};
static const struct unit runs_nothing[] = {OK("apt-daily.timer"), OK("apt-daily-upgrade.timer"),
	WITH("apt-daily-upgrade.service", nothing), {0}};
static const struct unit none[] = {{0}};

/* What no vector says otherwise: a timer goes off each day, and starts a service that runs. */
static void complete(struct arena *a, struct unit *v, size_t *n)
{
	static const struct unit_setting daily = {"OnCalendar", "daily", "/lib/t", 1},
					 command = {"ExecStart", APT_DAILY, "/lib/s", 1};

	for (size_t i = 0, before = *n; i < before; i++) {
		size_t len = strlen(v[i].name), k = 0;
		const char *dot = strrchr(v[i].name, '.');
		bool timer = strcmp(dot, ".timer") == 0;
		if (v[i].n_settings == 0) {
			v[i].settings = timer ? &daily : &command;
			v[i].n_settings = 1;
		}
		char *service = arena_printf(
			a, "%.*s.service", (int)(len - strlen(dot)), v[i].name);
		while (k < *n && strcmp(v[k].name, service) != 0)
			k++;
		if (timer && k == *n)
			v[(*n)++] = (struct unit){.name = service,
				.state = UNIT_FILE_STATIC,
				.settings = &command,
				.n_settings = 1};
	}
}

static void put_units(struct factset *facts, const struct unit *v, const char *init, bool booted)
{
	struct fact *f = fact_new(FACT_UNITS);
	struct units *u = arena_alloc(f->arena, sizeof(*u));
	struct unit *copy = arena_alloc(f->arena, 16 * sizeof(*copy));
	size_t n = 0;

	for (; v[n].name; n++)
		copy[n] = v[n];
	complete(f->arena, copy, &n);
	assert_int_equal(units_sort(f->arena, copy, n, u), 0);
	u->init = init;
	u->live = booted && v != none;
	u->booted = booted;
	u->live_reason = "the bus did not answer";
	f->u.units = u;
	factset_put(facts, f);
}

#define INSTALLED(name) \
	"Package: " name "\nStatus: install ok installed\nArchitecture: all\nVersion: 2.9.1\n\n"
#define STATUS                                                           \
	{                                                                \
		"/var/lib/dpkg/status", INSTALLED("unattended-upgrades") \
	}
#define DEBIAN                                                                             \
	{                                                                                  \
		"/etc/os-release", "ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\n" \
	}
#define UBUNTU                                                                             \
	{                                                                                  \
		"/etc/os-release", "ID=ubuntu\nVERSION_ID=22.04\nVERSION_CODENAME=jammy\n" \
	}
#define SECURE "deb http://security.debian.org/debian-security bookworm-security main\n"
#define SOURCES                                                                                    \
	{                                                                                          \
		"/etc/apt/sources.list", "deb http://deb.debian.org/debian bookworm main\n" SECURE \
	}
#define AUTO                                                           \
	{                                                              \
		"/etc/apt/apt.conf.d/20auto-upgrades",                 \
			"APT::Periodic::Update-Package-Lists \"1\";\n" \
			"APT::Periodic::Unattended-Upgrade \"1\";\n"   \
	}
#define ORIGINS(text)                                                        \
	{                                                                    \
		"/etc/apt/apt.conf.d/50unattended-upgrades",                 \
			"Unattended-Upgrade::Origins-Pattern { " text "};\n" \
	}
#define GOOD_PATTERN \
	"\"origin=Debian,codename=${distro_codename}-security,label=Debian-Security\"; "
#define GOOD DEBIAN, STATUS, SOURCES, AUTO, ORIGINS(GOOD_PATTERN), RELEASE
#define RELEASE                                                                               \
	{                                                                                     \
		"/var/lib/apt/lists/"                                                         \
		"security.debian.org_debian-security_dists_bookworm-security_InRelease",      \
			"Origin: Debian\nLabel: Debian-Security\nSuite: oldstable-security\n" \
			"Codename: bookworm-security\n"                                       \
	}
#define LOCAL(text)                                 \
	{                                           \
		"/etc/apt/apt.conf.d/99local", text \
	}

static const struct {
	const char *what, *conf;
	const struct unit *units;
	struct test_file files[8];
	enum result result;
	const char *text;
} cases[] = {
	{"all is there", NULL, good, {GOOD}, RESULT_PASS, "unattended-upgrades installs"},
	{"window mode", "[policy]\nupdate_mode = window\n", none, {DEBIAN, STATUS},
		RESULT_NOTAPPLICABLE, "maintenance windows"},
	{"not installed", NULL, good,
		{DEBIAN, {"/var/lib/dpkg/status", INSTALLED("bash")}, SOURCES}, RESULT_FAIL,
		"is not installed"},
	{"not enabled", NULL, good, {DEBIAN, STATUS, SOURCES, ORIGINS(GOOD_PATTERN), RELEASE},
		RESULT_FAIL,
		"APT::Periodic::Unattended-Upgrade is not set: updates are installed never"},
	{"switched off by a later file", NULL, good,
		{GOOD, LOCAL("apt::periodic::unattended-upgrade \"0\";")}, RESULT_FAIL,
		"Unattended-Upgrade \"0\": updates are installed never"},
	{"Enable 0", NULL, good, {GOOD, LOCAL("APT::Periodic { Enable \"0\"; };")}, RESULT_FAIL,
		"APT::Periodic::Enable \"0\": apt's daily job does nothing"},
	{"no number", NULL, good, {GOOD, LOCAL("APT::Periodic::Unattended-Upgrade \"yes\";")},
		RESULT_FAIL, "no number of days"},
	{"hours", NULL, good, {GOOD, LOCAL("APT::Periodic::Unattended-Upgrade \"12h\";")},
		RESULT_PASS, ""},
	{"always", NULL, good, {GOOD, LOCAL("APT::Periodic::Unattended-Upgrade \"always\";")},
		RESULT_PASS, ""},
	{"too seldom", NULL, good, {GOOD, LOCAL("APT::Periodic::Update-Package-Lists \"30\";")},
		RESULT_FAIL, "updates are looked for too seldom"},
	{"seldom, as stated", "[update-automatic]\nmax_days = 31\n", good,
		{GOOD, LOCAL("APT::Periodic::Update-Package-Lists \"30\";")}, RESULT_PASS, ""},
	{"at shutdown only", NULL, good,
		{GOOD, LOCAL("Unattended-Upgrade::InstallOnShutdown \"true\";")}, RESULT_FAIL,
		"when the machine is shut down only"},
	{"a whitelist", NULL, good,
		{GOOD, LOCAL("Unattended-Upgrade::Package-Whitelist { \"bash\"; };")}, RESULT_FAIL,
		"only packages that match"},
	{"apt refuses its configuration", NULL, good, {GOOD, LOCAL("{ x")}, RESULT_FAIL,
		"apt refuses to work with it: Block starts with no name"},
	{"a timer that is disabled", NULL, disabled, {GOOD}, RESULT_FAIL,
		"is disabled: boot does not start it"},
	{"a timer that is stopped", NULL, stopped, {GOOD}, RESULT_FAIL, "is enabled, and stopped"},
	{"a service that is masked", NULL, masked, {GOOD}, RESULT_FAIL, "is masked"},
	{"another configuration", NULL, environment, {GOOD}, RESULT_UNKNOWN, "APT_CONFIG"},
	{"a timer that names no time", NULL, no_times, {GOOD}, RESULT_FAIL, "has no time"},
	{"a timer whose time cannot be read", NULL, bad_times, {GOOD}, RESULT_UNKNOWN, "dayly"},
	{"a timer of another year", NULL, past_times, {GOOD}, RESULT_UNKNOWN, "2020-01-01"},
	{"a service that runs something else", NULL, runs_nothing, {GOOD}, RESULT_UNKNOWN,
		"something else than apt.systemd.daily"},
	{"no timers at all", NULL, none, {GOOD}, RESULT_FAIL, "is not there"},
	{"no patterns", NULL, good, {DEBIAN, STATUS, SOURCES, AUTO, RELEASE}, RESULT_FAIL,
		"names an archive: nothing is installed"},
	{"a pattern for something else", NULL, good,
		{DEBIAN, STATUS, SOURCES, AUTO, ORIGINS("\"origin=Debian,label=Debian\"; "),
			RELEASE},
		RESULT_FAIL, "no pattern of Origins-Pattern"},
	{"a pattern with a mistake", NULL, good,
		{DEBIAN, STATUS, SOURCES, AUTO, ORIGINS(GOOD_PATTERN "\"vendor=x\"; "), RELEASE},
		RESULT_FAIL, "stops at \"vendor=x\""},
	{"the legacy list", NULL, good,
		{DEBIAN, STATUS, SOURCES, AUTO, RELEASE,
			LOCAL("Unattended-Upgrade::Allowed-Origins { "
			      "\"${distro_id}:oldstable-security\"; };")},
		RESULT_PASS, ""},
	{"cleared by a later file", NULL, good,
		{GOOD, LOCAL("#clear Unattended-Upgrade::Origins-Pattern;")}, RESULT_FAIL,
		"nothing is installed"},
	{"never fetched, matched by the code name", NULL, good,
		{DEBIAN, STATUS, SOURCES, AUTO, ORIGINS(GOOD_PATTERN)}, RESULT_PASS, ""},
	{"never fetched, matched by the suite", NULL, good,
		{DEBIAN, STATUS, SOURCES, AUTO, ORIGINS("\"o=Debian,a=stable-security\"; ")},
		RESULT_UNKNOWN, "it was never fetched"},
	{"no security archive", NULL, good,
		{DEBIAN, STATUS, AUTO, ORIGINS(GOOD_PATTERN),
			{"/etc/apt/sources.list",
				"deb http://deb.debian.org/debian bookworm main\n"}},
		RESULT_FAIL, "no security archive is among the package sources"},
	{"a security archive of somebody else", NULL, good,
		{DEBIAN, STATUS, AUTO, ORIGINS(GOOD_PATTERN "\"origin=Vendor\"; "),
			{"/etc/apt/sources.list",
				"deb http://repo.vendor.example/apt stable-security main\n"},
			{"/var/lib/apt/lists/"
			 "repo.vendor.example_apt_dists_stable-security_InRelease",
				"Origin: Vendor\nSuite: stable-security\n"}},
		RESULT_FAIL, "no security archive is among the package sources"},
	{"a mirror that was never fetched", NULL, good,
		{DEBIAN, STATUS, AUTO, ORIGINS(GOOD_PATTERN "\"site=mirror.example\"; "),
			{"/etc/apt/sources.list",
				"deb http://mirror.example/debian bookworm-security main\n"}},
		RESULT_UNKNOWN, "whether it is a mirror of the distribution's cannot be told"},
	{"Ubuntu with ESM alone", NULL, good,
		{UBUNTU, STATUS, AUTO, ORIGINS("\"origin=UbuntuESM\"; "),
			{"/etc/apt/sources.list", "deb https://esm.ubuntu.com/infra/ubuntu "
						  "jammy-infra-security main\n"},
			{"/var/lib/apt/lists/"
			 "esm.ubuntu.com_infra_ubuntu_dists_jammy-infra-security_InRelease",
				"Origin: UbuntuESM\nSuite: jammy-infra-security\n"}},
		RESULT_FAIL, "no security archive is among the package sources"},
	{"ESM that was never fetched", NULL, good,
		{UBUNTU, STATUS, AUTO,
			ORIGINS("\"origin=Ubuntu,archive=jammy-security\"; \"origin=UbuntuESM\"; "),
			{"/etc/apt/sources.list",
				"deb http://security.ubuntu.com/ubuntu jammy-security main\n"
				"deb https://esm.ubuntu.com/infra/ubuntu jammy-infra-security "
				"main\n"}},
		RESULT_UNKNOWN, "it was never fetched"},
	{"on no day", NULL, good, {GOOD, LOCAL("Unattended-Upgrade::Update-Days { \"Never\"; };")},
		RESULT_FAIL, "names no day (\"Never\")"},
	{"on some days", NULL, good,
		{GOOD, LOCAL("Unattended-Upgrade::Update-Days { \"Never\"; \"Tue\"; };")},
		RESULT_PASS, ""},
	{"all held back, counted", NULL, good,
		{GOOD, LOCAL("Unattended-Upgrade::Package-Blacklist { \".{0,99}\"; };")},
		RESULT_FAIL, "every package"},
	{"held back by what is too much to try", NULL, good,
		{GOOD, LOCAL("Unattended-Upgrade::Package-Blacklist { \"(.{0,99}){0,99}\"; };")},
		RESULT_UNKNOWN, "cannot be told"},
	{"held back by what only Python reads", NULL, good,
		{GOOD, LOCAL("Unattended-Upgrade::Package-Blacklist { \"(?!x)\"; };")},
		RESULT_UNKNOWN, "cannot be told"},
	{"some held back", NULL, good,
		{GOOD, LOCAL("Unattended-Upgrade::Package-Blacklist { \"nginx\"; };")}, RESULT_PASS,
		"holds back what matches \"nginx\""},
	{"all held back", NULL, good,
		{GOOD, LOCAL("Unattended-Upgrade::Package-Blacklist { \".*\"; };")}, RESULT_FAIL,
		"every package"},
	{"an unreadable configuration", NULL, good, {GOOD, {"/etc/apt/apt.conf.d/30big", "@"}},
		RESULT_ERROR, "30big is larger"},
	{"an unreadable database", NULL, good, {DEBIAN, {"/var/lib/dpkg/status", "Package: x"}},
		RESULT_ERROR, "cut short"},
	{"no packages", NULL, good, {DEBIAN, SOURCES}, RESULT_NOTAPPLICABLE, ""},
};

/* Larger than it may be, where it is there. */
static void test_grow(const struct test_root *t, const char *path)
{
	if (truncate(test_path(t, path), 1 << 24) < 0)
		assert_int_equal(errno, ENOENT);
}

static void test_apt(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct factset facts = {0};
		struct test_root t;
		test_root_init(&t);
		test_write_files(&t, cases[i].files, ARRAY_SIZE(cases[i].files));
		if (cases[i].result == RESULT_ERROR)
			test_grow(&t, "/etc/apt/apt.conf.d/30big");
		assert_int_equal(test_collect(&t, FACTS, &facts), 0);
		put_units(&facts, cases[i].units, "systemd", true);
		struct verdict *v = test_judge("update-automatic", &facts, cases[i].conf, 1);
		test_verdict(cases[i].what, v, cases[i].result, cases[i].text);
		verdict_free(v);
		factset_fini(&facts);
		test_root_fini(&t);
	}
}

/* cron starts the job where there is no systemd; a bus that is silent hides what runs. */
static void test_start(void **state)
{
	static const struct test_file files[] = {GOOD, {"/etc/cron.daily/apt-compat", ""}};
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	test_write_files(&t, files, ARRAY_SIZE(files));
	assert_int_equal(test_collect(&t, FACTS, &facts), 0);
	put_units(&facts, none, "sysvinit", false);
	struct verdict *v = test_judge("update-automatic", &facts, NULL, 1);
	test_verdict("not to be executed", v, RESULT_FAIL, "is not there to be run by cron");
	verdict_free(v);
	assert_int_equal(chmod(test_path(&t, "/etc/cron.daily/apt-compat"), 0755), 0);
	assert_int_equal(test_collect(&t, FACTS, &facts), 0);
	v = test_judge("update-automatic", &facts, NULL, 1);
	test_verdict("cron", v, RESULT_PASS, "");
	verdict_free(v);
	put_units(&facts, good, "systemd", true);
	((struct units *)facts.v[FACT_UNITS]->u.units)->live = false;
	v = test_judge("update-automatic", &facts, NULL, 1);
	test_verdict("silent bus", v, RESULT_UNKNOWN, "the bus did not answer");
	verdict_free(v);
	factset_fini(&facts);
	test_root_fini(&t);
}

static const struct unit dnf_install[] = {OK("dnf-automatic-install.timer"), {0}};
static const struct unit dnf_plain[] = {OK("dnf-automatic.timer"), {0}};
static const struct unit dnf_off[] = {OFF("dnf-automatic-install.timer"), {0}};
static const struct unit dnf5[] = {OK("dnf5-automatic.timer"), {0}};
static const struct unit yum_cron[] = {OK("yum-cron.service"), {0}};
static const struct unit os_update[] = {OK("os-update.timer"), {0}};
static const struct unit transactional[] = {OFF("transactional-update.timer"), {0}};

#define CONF(path, text)                       \
	{                                      \
		path, "[commands]\n" text "\n" \
	}
#define DNF_CONF(text) CONF("/etc/dnf/automatic.conf", text)

static const struct {
	const char *what, *os, *package;
	const struct unit *units;
	struct test_file conf;
	enum result result;
	const char *text;
} rpm_cases[] = {
	{"nothing", "rhel", "bash", none, {NULL}, RESULT_FAIL, "none of dnf-automatic"},
	{"install timer", "rhel", "dnf-automatic", dnf_install, DNF_CONF("apply_updates = no"),
		RESULT_PASS, "dnf-automatic-install.timer installs updates"},
	{"plain timer that installs", "rhel", "dnf-automatic", dnf_plain,
		DNF_CONF("apply_updates = yes"), RESULT_PASS, "/etc/dnf/automatic.conf"},
	{"plain timer that tells", "rhel", "dnf-automatic", dnf_plain,
		DNF_CONF("apply_updates = no"), RESULT_FAIL, "apply_updates is off"},
	{"plain timer without settings", "rhel", "dnf-automatic", dnf_plain, {NULL}, RESULT_FAIL,
		"apply_updates is not set"},
	{"settings that are a directory", "rhel", "dnf-automatic", dnf_plain,
		{"/etc/dnf/automatic.conf/x", ""}, RESULT_ERROR, "is a directory"},
	{"timer off", "rhel", "dnf-automatic", dnf_off, DNF_CONF("apply_updates = yes"),
		RESULT_FAIL, "is disabled: boot does not start it"},
	{"no timer", "rhel", "dnf-automatic", none, {NULL}, RESULT_FAIL, "is not there"},
	{"security only", "rocky", "dnf-automatic", dnf_install,
		DNF_CONF("upgrade_type = security"), RESULT_PASS, ""},
	{"security only, without advisories", "centos", "dnf-automatic", dnf_install,
		DNF_CONF("upgrade_type = security"), RESULT_FAIL, "does not mark them"},
	{"dnf5", "fedora", "dnf5-plugin-automatic", dnf5, DNF_CONF("apply_updates = true"),
		RESULT_PASS, "dnf5-automatic.timer installs updates"},
	{"yum-cron", "rhel", "yum-cron", yum_cron,
		CONF("/etc/yum/yum-cron.conf", "apply_updates = yes"), RESULT_PASS, "yum-cron"},
	{"yum-cron that tells", "rhel", "yum-cron", yum_cron,
		CONF("/etc/yum/yum-cron.conf", "apply_updates = no"), RESULT_FAIL, "is off"},
	{"yum-cron off", "rhel", "yum-cron", none,
		CONF("/etc/yum/yum-cron.conf", "apply_updates = yes"), RESULT_FAIL, "is not there"},
	{"os-update", "opensuse-leap", "zypper", os_update, {NULL}, RESULT_PASS, "os-update.timer"},
	{"transactional-update off", "sles", "zypper", transactional, {NULL}, RESULT_FAIL,
		"is disabled"},
	{"SUSE without", "sles", "zypper", none, {NULL}, RESULT_FAIL, "neither"},
};

static void test_rpm(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rpm_cases); i++) {
		struct factset facts = {0};
		struct rpm_header h;
		struct test_root t;
		char os[64];
		test_root_init(&t);
		(void)snprintf(os, sizeof(os), "ID=%s\nID_LIKE=%s\n", rpm_cases[i].os,
			strchr(rpm_cases[i].package, 'z') ? "suse" : "rhel");
		test_write(&t, "/etc/os-release", os);
		test_write(&t, "/var/lib/rpm/.rpm.lock", "");
		sqlite3 *db = rpm_db_create(test_path(&t, "/var/lib/rpm/rpmdb.sqlite"), "DELETE");
		rpm_header_make(&h, rpm_cases[i].package, 0, "1", "1", "noarch");
		rpm_db_add(db, &h);
		assert_int_equal(sqlite3_close(db), SQLITE_OK);
		test_write_files(&t, &rpm_cases[i].conf, 1);
		assert_int_equal(test_collect(&t, FACTS, &facts), 0);
		put_units(&facts, rpm_cases[i].units, "systemd", true);
		((struct units *)facts.v[FACT_UNITS]->u.units)->live = true;
		struct verdict *v = test_judge("update-automatic", &facts, NULL, 1);
		test_verdict(rpm_cases[i].what, v, rpm_cases[i].result, rpm_cases[i].text);
		verdict_free(v);
		factset_fini(&facts);
		test_root_fini(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_apt),
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_rpm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
