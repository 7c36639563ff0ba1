/* SPDX-License-Identifier: ISC */
/* What is recognised in which file, and what is not. */
#include "test.h"

#include <nettle/hmac.h>

#include "fact/credential.h"
#include "growth.h"

#define AWS_SECRET "abcdEFGH1234abcdEFGH1234abcdEFGH12345678"
#define NONE	   -1

static const struct {
	const char *directory, *name, *text;
	int kind; /* NONE: no hit */
	unsigned line, secrets;
	bool doubtful;
} vectors[] = {
	{".aws", "credentials",
		"[default]\naws_access_key_id = AKIA0\naws_secret_access_key = " AWS_SECRET "\n",
		CREDENTIAL_AWS, 3, 1},
	{".aws", "credentials",
		"[a]\naws_secret_access_key=" AWS_SECRET "\naws_session_token=t0k3n\n",
		CREDENTIAL_AWS, 2, 2},
	{".aws", "credentials", "[default]\ncredential_process = /usr/bin/helper\n", NONE, 0, 0},
	{".aws", "credentials", "[default]\naws_secret_access_key =\n", NONE, 0, 0},
	{".aws", "config", "[default]\nregion = eu-west-1\nrole_arn = arn:aws:iam::1:role/x\n",
		NONE, 0, 0},
	{"etc", "boto.cfg", "[Credentials]\naws_secret_access_key = " AWS_SECRET "\n",
		CREDENTIAL_S3, 2, 1},
	{"alice", ".s3cfg", "[default]\naccess_key = EXO1\nsecret_key = s3cr3t\n", CREDENTIAL_S3, 3,
		1},
	{"alice", ".s3cfg", "[default]\naccess_key =\nsecret_key =\n", NONE, 0, 0},
	{"etc", "passwd-s3fs", "# x\nbucket:AKIA0:s3cr3t\n", CREDENTIAL_S3, 2, 1},
	{"etc", "passwd-s3fs", "# AKIA0:s3cr3t\n\n", NONE, 0, 0},
	{"rclone", "rclone.conf", "[r]\ntype = sftp\npass = obscured\n", CREDENTIAL_RCLONE, 3, 1},
	{"rclone", "rclone.conf", "[r]\ntype = s3\nenv_auth = true\n", NONE, 0, 0},
	{"rclone", "rclone.conf", "# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nx",
		NONE, 0, 0},
	{".aws", "credentials",
		"# Encrypted rclone configuration File\n[default]\naws_secret_access_key "
		"= " AWS_SECRET "\n",
		CREDENTIAL_AWS, 3, 1},
	{"alice", ".netrc",
		"# Encrypted rclone configuration File\nmachine h login u password x1\n",
		CREDENTIAL_NETRC, 2, 1},
	{"rclone", "rclone.conf",
		"# Encrypted rclone configuration File\n[r]\ntype = sftp\npass = obscured\n",
		CREDENTIAL_RCLONE, 4, 1},
	{"openstack", "clouds.yaml",
		"clouds:\n  c:\n    auth:\n      username: u\n      password: hunter2\n",
		CREDENTIAL_OPENSTACK, 5, 1},
	{"openstack", "clouds.yaml",
		"clouds:\n  c:\n    auth: {application_credential_id: a, "
		"application_credential_secret: s}\n",
		CREDENTIAL_OPENSTACK, 3, 1},
	{"openstack", "clouds.yaml", "clouds:\n  c:\n    auth:\n      username: u\n", NONE, 0, 0},
	{"openstack", "clouds.yaml", "password: hunter2\n", NONE, 0, 0},
	{"openstack", "clouds.yaml", "$ANSIBLE_VAULT;1.1;AES256\nclouds password: 61\n", NONE, 0,
		0},
	{"openstack", "secure.yaml", "clouds:\n  c:\n    auth:\n      password: \"x\"\n",
		CREDENTIAL_OPENSTACK, 4, 1},
	{"alice", "project-openrc.sh",
		"echo \"Please enter: \"\nread -sr OS_PASSWORD_INPUT\nexport "
		"OS_PASSWORD=$OS_PASSWORD_INPUT\n",
		NONE, 0, 0},
	/* A dollar in the quotes that keep it, in a format without variables, where nobody knows.
	 */
	{"alice", "project-openrc.sh", "export OS_PASSWORD='$ecretHunter'\n", CREDENTIAL_OPENSTACK,
		1, 1},
	{"alice", "project-openrc.sh", "export OS_PASSWORD=\"$ecretHunter\"\n", NONE, 0, 0},
	{"openstack", "clouds.yaml", "clouds:\n  c:\n    password: $ecretHunter\n",
		CREDENTIAL_OPENSTACK, 3, 1},
	{"alice", ".netrc", "machine h login u password $ecretHunter\n", CREDENTIAL_NETRC, 1, 1},
	/* Formats that know no references: what looks like one may be the password. */
	{"root", ".my.cnf", "[client]\npassword = ${hunter2}\n", CREDENTIAL_MYSQL, 2, 1, true},
	{"root", ".my.cnf", "[client]\npassword = $1$hunter2\n", CREDENTIAL_MYSQL, 2, 1, true},
	{"root", ".my.cnf", "[client]\npassword = file:hunter2\n", CREDENTIAL_MYSQL, 2, 1, true},
	{"root", ".my.cnf", "[client]\npassword = vault:hunter2\n", CREDENTIAL_MYSQL, 2, 1, true},
	{"root", ".my.cnf", "[client]\npassword = /abc/DEF9\n", CREDENTIAL_MYSQL, 2, 1, true},
	{"root", ".my.cnf", "[client]\npassword = 000000\n", CREDENTIAL_MYSQL, 2, 1, true},
	{"root", ".my.cnf", "[client]\npassword = {{abc}}9!\n", CREDENTIAL_MYSQL, 2, 1, true},
	{"root", ".my.cnf", "[client]\npassword = yes\n", CREDENTIAL_MYSQL, 2, 1, true},
	{"root", ".my.cnf", "[client]\npassword = '~'\n", CREDENTIAL_MYSQL, 2, 1, true},
	{"root", ".my.cnf", "[client]\npassword =\n", NONE, 0, 0},
	{"alice", ".netrc", "machine h login u password $(hunter2\n", CREDENTIAL_NETRC, 1, 1, true},
	{"alice", ".netrc", "machine h login u password file:hunter2\n", CREDENTIAL_NETRC, 1, 1,
		true},
	{"alice", ".env", "OS_PASSWORD=$ecretHunter\n", CREDENTIAL_ENVIRONMENT, 1, 1, true},
	{"alice", ".env", "OS_PASSWORD=$ecretHunter\nOS_TOKEN=t0k3n\n", CREDENTIAL_ENVIRONMENT, 1,
		2, false},
	{"alice", ".env", "OS_TOKEN=t0k3n\nOS_PASSWORD=/Hunter2\n", CREDENTIAL_ENVIRONMENT, 1, 2,
		false},
	{"alice", ".env", "OS_PASSWORD=/Hunter2\n", CREDENTIAL_ENVIRONMENT, 1, 1, true},
	{"alice", ".env", "TF_TOKEN_app_terraform_io=x1.atlasv1.y\n", CREDENTIAL_ENVIRONMENT, 1, 1},
	{"alice", ".env", "TF_TOKE=x1\nTF_TOKENS=x1\n", NONE, 0, 0},
	{"alice", "project-openrc.sh", "export OS_USERNAME=u\nexport OS_PASSWORD='hunter2'\n",
		CREDENTIAL_OPENSTACK, 2, 1},
	{"alice", "openrc", "export OS_APPLICATION_CREDENTIAL_SECRET=x1\n", CREDENTIAL_OPENSTACK, 1,
		1},
	{"exoscale", "exoscale.toml", "[[accounts]]\n  key = \"EXO1\"\n  secret = \"s3\"\n",
		CREDENTIAL_EXOSCALE, 3, 1},
	{"exoscale", "exoscale.toml",
		"[[accounts]]\n  key = \"EXO1\"\n  secretCommand = [\"pass\", \"x\"]\n", NONE, 0,
		0},
	{"alice", ".cloudstack.ini", "[cloudstack]\nkey = k\nsecret = s3\n", CREDENTIAL_CLOUDSTACK,
		3, 1},
	{".cmk", "config", "[p]\napikey = k\nsecretkey = s3\n", CREDENTIAL_CLOUDSTACK, 3, 1},
	{"alice", "proj-123.json",
		"{\n \"type\": \"service_account\",\n \"private_key\": \"-----BEGIN PRIVATE "
		"KEY-----\\nMIIE\\n-----END PRIVATE KEY-----\\n\"\n}\n",
		CREDENTIAL_GCP, 3, 1},
	{"alice", "package.json", "{\"private_key\": \"x\"}", NONE, 0, 0},
	{"gcloud", "application_default_credentials.json",
		"{\"client_id\": \"i\", \"refresh_token\": \"1//0x\", \"type\": "
		"\"authorized_user\"}",
		CREDENTIAL_GCP, 1, 1},
	{"gcloud", "application_default_credentials.json",
		"{\"type\": \"external_account\", \"credential_source\": {\"file\": \"/t\"}}", NONE,
		0, 0},
	{"a@b", "adc.json", "{\"refresh_token\": \"1//0x\"}", CREDENTIAL_GCP, 1, 1},
	{".azure", "msal_token_cache.json",
		"{\"RefreshToken\": {\"x\": {\"secret\": \"0.A\", \"y\": 1}}}", CREDENTIAL_AZURE, 1,
		1},
	{".azure", "msal_token_cache.json", "{}", NONE, 0, 0},
	{".azure", "service_principal_entries.json", "[{\"client_secret\": \"x~\"}]",
		CREDENTIAL_AZURE, 1, 1},
	{"alice", "sp.json",
		"{\"clientId\": \"c\", \"clientSecret\": \"x~y\", \"tenantId\": \"t\"}",
		CREDENTIAL_AZURE, 1, 1},
	{"tf", "terraform.tfstate",
		"{\"terraform_version\": \"1.5\", \"resources\": [{\"instances\": "
		"[{\"attributes\": "
		"{\"admin_password\": \"hunter2\", \"password_length\": 12}}]}]}",
		CREDENTIAL_TERRAFORM, 1, 1},
	{"tf", "terraform.tfstate",
		"{\"terraform_version\": \"1.5\", \"resources\": [{\"password\": null}]}", NONE, 0,
		0},
	{"tf", "prod.tfvars", "region = \"x\"\ndb_password = \"hunter2\"\n", CREDENTIAL_TERRAFORM,
		2, 1},
	{"tf", "prod.tfvars", "db_password = var.password\n", NONE, 0, 0},
	{".terraform.d", "credentials.tfrc.json",
		"{\"credentials\": {\"app\": {\"token\": \"x.atlasv1.y\"}}}", CREDENTIAL_TERRAFORM,
		1, 1},
	{".kube", "config",
		"apiVersion: v1\nclusters:\n- name: c\nusers:\n- user:\n    client-key-data: "
		"LS0tLS1\n",
		CREDENTIAL_KUBERNETES, 6, 1},
	{".kube", "config",
		"clusters: []\nusers:\n- user:\n    client-key: /home/a/k.pem\n    exec:\n      "
		"command: aws\n",
		NONE, 0, 0},
	{"kubernetes", "admin.conf", "clusters: []\nusers:\n- user:\n    token: abc\n",
		CREDENTIAL_KUBERNETES, 4, 1},
	{".docker", "config.json", "{\"auths\": {\"r\": {\"auth\": \"dTpw\"}}}", CREDENTIAL_DOCKER,
		1, 1},
	{".docker", "config.json",
		"{\"auths\": {\"r\": {}}, \"credHelpers\": {\"r\": \"ecr-login\"}}", NONE, 0, 0},
	{"containers", "auth.json", "{\"auths\": {\"r\": {\"auth\": \"dTpw\"}}}", CREDENTIAL_DOCKER,
		1, 1},
	{"alice", ".netrc", "machine h\nlogin u\npassword hunter2\n", CREDENTIAL_NETRC, 3, 1},
	{"alice", ".netrc", "machine h login password password x1", CREDENTIAL_NETRC, 1, 1},
	{"alice", ".netrc", "default login u password \"a b\"", CREDENTIAL_NETRC, 1, 1},
	{"alice", ".netrc", "# password x\nmachine h login u\nmacdef m\npassword y\n\n", NONE, 0,
		0},
	{"alice", ".netrc", "machine h login u password", NONE, 0, 0},
	{"alice", ".pgpass", "# x\n*:*:*:u:hunter2\n", CREDENTIAL_PGPASS, 2, 1},
	{"alice", ".pgpass", "h\\:x:5432:d:u:p\\:q\n", CREDENTIAL_PGPASS, 1, 1},
	{"alice", ".pgpass", "h:5432:d:u:\nh:1:d\n", NONE, 0, 0},
	{"root", ".my.cnf", "[client]\nuser = root\npassword = \"hunter2\"\n", CREDENTIAL_MYSQL, 3,
		1},
	{"root", ".my.cnf", "[client]\nuser = root\n#password = x\n", NONE, 0, 0},
	{"alice", ".git-credentials", "https://u:hunter2@example.org\n", CREDENTIAL_GIT, 1, 1},
	{"alice", ".git-credentials", "https://u@example.org\n", NONE, 0, 0},
	{"hcloud", "cli.toml", "[[contexts]]\n  token = \"abc\"\n", CREDENTIAL_OTHER, 2, 1},
	{"app", ".env", "DB_HOST=x\nAWS_SECRET_ACCESS_KEY=" AWS_SECRET "\n", CREDENTIAL_ENVIRONMENT,
		2, 1},
	{"app", ".env", "AWS_SECRET_ACCESS_KEY=${FROM_ELSEWHERE}\nDB_HOST=x\n", NONE, 0, 0},
	{"app", ".env.example", "AWS_SECRET_ACCESS_KEY=" AWS_SECRET "\n", NONE, 0, 0},
	{"alice", ".bashrc", "export HCLOUD_TOKEN=abc\n", CREDENTIAL_ENVIRONMENT, 1, 1},
	{"alice", ".bashrc", "alias ll='ls -l'\n", NONE, 0, 0},
	{"alice", "notes.txt", "AWS_SECRET_ACCESS_KEY=" AWS_SECRET "\n", NONE, 0, 0},
	{"mail", "credentials", "aws_secret_access_key = " AWS_SECRET "\n", NONE, 0, 0},
};

static void test_find(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct credential_find find;
		int r = credential_find(vectors[i].directory, vectors[i].name, vectors[i].text,
			strlen(vectors[i].text), NULL, &find);
		if (r != (vectors[i].kind != NONE))
			fail_msg("vector %zu, %s: %d", i, vectors[i].name, r);
		if (r == 0)
			continue;
		if ((int)find.kind != vectors[i].kind)
			fail_msg("vector %zu, %s: %s", i, vectors[i].name,
				credential_kind_name(find.kind));
		assert_int_equal(find.line, vectors[i].line);
		assert_int_equal(find.secrets, vectors[i].secrets);
		if (find.doubtful != vectors[i].doubtful)
			fail_msg("vector %zu, %s: %d", i, vectors[i].name, find.doubtful);
		assert_int_not_equal(
			credential_candidate(vectors[i].directory, vectors[i].name), 0);
	}
	assert_int_equal(credential_candidate("alice", "notes.txt"), 0);
	assert_int_equal(credential_candidate("app", ".env.example"), 0);
	assert_int_equal(credential_candidate("app", "x.json"), CREDENTIAL_SMALL_MAX);
	assert_int_equal(credential_candidate(".docker", "config.json"), CREDENTIAL_SIZE_MAX);
}

/* Each kind has a vector in which it is found. */
static void test_kinds(void **state)
{
	bool seen[CREDENTIAL_KIND_MAX] = {false};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		if (vectors[i].kind != NONE)
			seen[vectors[i].kind] = true;
	}
	for (int k = 0; k < CREDENTIAL_KIND_MAX; k++) {
		if (!seen[k])
			fail_msg("no vector for %s", credential_kind_name((enum credential_kind)k));
	}
	for (size_t i = 0; credential_home_files[i]; i++) {
		char path[256] = "home/";
		strcat(path, credential_home_files[i]);
		char *slash = strrchr(path, '/');
		*slash = '\0';
		char *dir = strrchr(path, '/');
		if (!credential_candidate(dir ? dir + 1 : path, slash + 1))
			fail_msg("%s is looked for and never looked at", credential_home_files[i]);
	}
}

static void digest(const char *text, uint8_t ret[static 32])
{
	struct hmac_sha256_ctx ctx;
	struct credential_find find;

	hmac_sha256_set_key(&ctx, 3, (const uint8_t *)"key");
	assert_int_equal(
		credential_find(".aws", "credentials", text, strlen(text), &ctx, &find), 1);
	hmac_sha256_digest(&ctx, 32, ret);
}

/* The digest is of the secrets and of nothing else. */
static void test_digest(void **state)
{
	uint8_t a[32], b[32], c[32];

	digest("aws_secret_access_key = one1\naws_session_token = two2\n", a);
	digest("# other\n[x]\naws_secret_access_key = one1\naws_session_token=two2", b);
	digest("aws_secret_access_key = one1t\naws_session_token = wo2\n", c);
	assert_memory_equal(a, b, 32);
	assert_memory_not_equal(a, c, 32);
}

static const char *growth_name, *growth_directory;

static void find(const char *text, size_t n)
{
	struct credential_find found;

	(void)credential_find(growth_directory, growth_name, text, n, NULL, &found);
}

/* Whatever somebody writes, it is read once, not once for each of its parts. */
static void test_growth(void **state)
{
	static const struct {
		const char *directory, *name;
		struct growth_text text;
	} files[] = {
		{"tf", "x.tfstate", {"{\"terraform_version\":1,", "\"a\":\"b\","}},
		{".kube", "config", {"{clusters: ", "a:b,"}},
		{"alice", ".netrc", {"", " \""}},
		{"alice", ".netrc", {"", "macdef "}},
		{"alice", ".netrc", {"", "#a "}},
		{"alice", ".netrc", {"", "password $a "}},
		{"alice", ".pgpass", {"", ":"}},
		{"alice", ".pgpass", {"", "\\:\n"}},
		{"alice", ".passwd-s3fs", {"", ":"}},
		{"alice", ".git-credentials", {"", "://"}},
		{"alice", ".git-credentials", {"", "a:@://"}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		growth_directory = files[i].directory;
		growth_name = files[i].name;
		assert_linear(find, &files[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
