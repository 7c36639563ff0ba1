/* SPDX-License-Identifier: ISC */
#include "fact/credential.h"

#include <assert.h>
#include <nettle/hmac.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "fact/secret-text.h"

static const char *const kind_names[] = {
	[CREDENTIAL_AWS] = "AWS secret key",
	[CREDENTIAL_AZURE] = "Azure token or client secret",
	[CREDENTIAL_CLOUDSTACK] = "CloudStack API secret",
	[CREDENTIAL_DOCKER] = "registry login of docker or podman",
	[CREDENTIAL_ENVIRONMENT] = "cloud key in a file of variables",
	[CREDENTIAL_EXOSCALE] = "Exoscale API secret",
	[CREDENTIAL_GCP] = "Google Cloud key",
	[CREDENTIAL_GIT] = "git password",
	[CREDENTIAL_KUBERNETES] = "kubeconfig with a key or token",
	[CREDENTIAL_MYSQL] = "MySQL password",
	[CREDENTIAL_NETRC] = "netrc password",
	[CREDENTIAL_OPENSTACK] = "OpenStack password or application credential",
	[CREDENTIAL_OTHER] = "cloud API token",
	[CREDENTIAL_PGPASS] = "PostgreSQL password",
	[CREDENTIAL_RCLONE] = "rclone remote with a key or password",
	[CREDENTIAL_S3] = "S3 secret key",
	[CREDENTIAL_TERRAFORM] = "Terraform state or variables with secrets",
};
static_assert(ARRAY_SIZE(kind_names) == CREDENTIAL_KIND_MAX, "a name for each kind");

const char *credential_kind_name(enum credential_kind k)
{
	return kind_names[k];
}

/* A search of one file for the secrets of one row. */
struct search {
	const char *text;
	size_t n;
	const char *keys; /* names whose value is the secret, with blanks between them */
	enum secret_dollar dollar;
	struct hmac_sha256_ctx *digest;
	struct credential_find *find;
};

/* Takes the value, if it is a secret. */
static void take(
	struct search *s, enum secret_value clear, const char *value, size_t n, unsigned line)
{
	bool doubtful = clear == SECRET_VALUE_DOUBTFUL;

	if (clear == SECRET_VALUE_NONE)
		return;
	if (s->find->secrets++ == 0) {
		s->find->line = line;
		s->find->doubtful = doubtful;
	}
	s->find->doubtful &= doubtful;
	if (!s->digest)
		return;
	hmac_sha256_update(s->digest, n, (const uint8_t *)value);
	hmac_sha256_update(s->digest, 1, (const uint8_t *)""); /* "ab","c" is not "a","bc" */
}

/* Whether the word is one of the list, in which "NAME_*" stands for all that begin so. */
static bool has_word(const char *list, const char *word, size_t n)
{
	for (const char *p = list; *p;) {
		size_t len = strcspn(p, " ");
		bool any = len > 0 && p[len - 1] == '*';
		if ((any ? n >= len : n == len) && strncasecmp(p, word, len - any) == 0)
			return true;
		p += len;
		p += strspn(p, " ");
	}
	return false;
}

/* The names of the row. */
static void find_keys(struct search *s)
{
	struct secret_scan scan;
	struct secret_pair pair;

	secret_scan_init(&scan, s->text, s->n);
	while (secret_scan_next(&scan, &pair)) {
		if (!has_word(s->keys, pair.name, pair.name_size))
			continue;
		/* Where no structure can follow, a brace is a character like any other. */
		if (s->dollar == SECRET_DOLLAR_LITERAL && pair.value_size == 0 && !pair.quote) {
			const char *nl = memchr(pair.value, '\n', (size_t)(scan.end - pair.value));
			pair.value_size = (size_t)((nl ? nl : scan.end) - pair.value);
		}
		take(s, secret_quoted_value(&pair, s->dollar), pair.value, pair.value_size,
			pair.line);
	}
}

/* Whatever is called a secret: the attributes of Terraform's many providers. */
static void find_names(struct search *s)
{
	struct secret_scan scan;
	struct secret_pair pair;

	secret_scan_init(&scan, s->text, s->n);
	while (secret_scan_next(&scan, &pair)) {
		take(s, secret_pair_value(&pair, s->dollar), pair.value, pair.value_size,
			pair.line);
	}
}

/* The lines of a text, one after the other. */
struct lines {
	const char *p, *end;
	unsigned line;
	const char *text; /* of the line in hand, without blanks around it */
	size_t n;
};

static bool next_line(struct lines *l)
{
	if (l->p >= l->end)
		return false;
	const char *nl = memchr(l->p, '\n', (size_t)(l->end - l->p));
	const char *from = l->p, *to = nl ? nl : l->end;
	while (from < to && (*from == ' ' || *from == '\t'))
		from++;
	while (to > from && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r'))
		to--;
	l->text = from;
	l->n = (size_t)(to - from);
	l->line++;
	l->p = nl ? nl + 1 : l->end;
	return true;
}

/* host:port:database:user:password, a backslash guards (libpq, "The Password File"). */
static void find_pgpass(struct search *s)
{
	struct lines l = {.p = s->text, .end = s->text + s->n};

	while (next_line(&l)) {
		unsigned field = 0;
		size_t i = 0;
		if (l.n == 0 || *l.text == '#')
			continue;
		for (; i < l.n && field < 4; i++) {
			if (l.text[i] == '\\')
				i++;
			else if (l.text[i] == ':')
				field++;
		}
		if (field == 4 && i < l.n)
			take(s, SECRET_VALUE_CLEAR, l.text + i, l.n - i, l.line);
	}
}

/* [BUCKET:]KEY:SECRET (s3fs(1)) */
static void find_s3fs(struct search *s)
{
	struct lines l = {.p = s->text, .end = s->text + s->n};

	while (next_line(&l)) {
		const char *colon = l.n > 0 && *l.text != '#' ? memrchr(l.text, ':', l.n) : NULL;
		size_t n = colon ? (size_t)(l.text + l.n - colon - 1) : 0;
		if (n > 0)
			take(s, secret_value(colon + 1, n, s->dollar), colon + 1, n, l.line);
	}
}

/* scheme://user:password@host (git-credential-store(1)) */
static void find_git(struct search *s)
{
	struct lines l = {.p = s->text, .end = s->text + s->n};

	while (next_line(&l)) {
		if (secret_shape(l.text, l.n, s->dollar))
			take(s, SECRET_VALUE_CLEAR, l.text, l.n, l.line);
	}
}

/* The next word of a netrc file, quotes taken off; false at the end. */
static bool next_token(struct lines *l, const char **ret, size_t *ret_n)
{
	for (; l->p < l->end; l->p++) {
		if (*l->p == '\n')
			l->line++;
		else if (*l->p != ' ' && *l->p != '\t' && *l->p != '\r')
			break;
	}
	if (l->p == l->end)
		return false;
	const char *start = l->p;
	if (*start == '"') {
		const char *close = memchr(start + 1, '"', (size_t)(l->end - start - 1));
		if (close) {
			*ret = start + 1;
			*ret_n = (size_t)(close - start - 1);
			l->p = close + 1;
			return true;
		}
	}
	while (l->p < l->end && !memchr(" \t\r\n", *l->p, 4))
		l->p++;
	*ret = start;
	*ret_n = (size_t)(l->p - start);
	return true;
}

/* A macro runs until an empty line. */
static void skip_macro(struct lines *l)
{
	const char *end = memmem(l->p, (size_t)(l->end - l->p), "\n\n", 2);

	end = end ? end + 1 : l->end;
	for (; l->p < end; l->p++)
		l->line += *l->p == '\n';
}

static void skip_comment(struct lines *l)
{
	const char *nl = memchr(l->p, '\n', (size_t)(l->end - l->p));

	l->p = nl ? nl : l->end;
}

/* netrc(5): words, of which "password" is followed by one. */
static void find_netrc(struct search *s)
{
	struct lines l = {.p = s->text, .end = s->text + s->n, .line = 1};
	const char *word;
	size_t n;

	while (next_token(&l, &word, &n)) {
		if (*word == '#') {
			skip_comment(&l);
		} else if (n == 6 && memcmp(word, "macdef", 6) == 0) {
			skip_macro(&l);
		} else if (has_word("machine login account", word, n)) {
			if (!next_token(&l, &word, &n))
				return;
		} else if (has_word("password passwd", word, n)) {
			if (!next_token(&l, &word, &n))
				return;
			take(s, secret_value(word, n, s->dollar), word, n, l.line);
		}
	}
}

/*
 * The files. A name may begin or end with "*". A row of another kind may follow
 * for the same name; the first in which a secret is found says what it is.
 */
struct row {
	const char *name, *directory; /* directory NULL: any */
	enum credential_kind kind;
	void (*search)(struct search *s);
	const char *keys;  /* of find_keys() */
	const char *marks; /* what must be in it; NULL: nothing */
	enum secret_dollar dollar;
	bool renewed;
	bool small; /* a name that many files have: only one of a few KiB is read */
};

#define AWS_KEYS "aws_secret_access_key aws_session_token"
#define OPENSTACK_KEYS \
	"password application_credential_secret token auth_token access_token client_secret"
#define KUBE_KEYS	"client-key-data token password id-token refresh-token access-token client-secret"
#define DOCKER_KEYS	"auth identitytoken registrytoken password"
#define CLOUDSTACK_KEYS "secret secret_key secretkey password"
#define ENVIRONMENT_KEYS                                                                         \
	"AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN OS_PASSWORD OS_TOKEN OS_AUTH_TOKEN "            \
	"OS_APPLICATION_CREDENTIAL_SECRET OS_CLIENT_SECRET EXOSCALE_API_SECRET EXOSCALE_SECRET " \
	"CLOUDSTACK_SECRET CLOUDSTACK_SECRET_KEY AZURE_CLIENT_SECRET ARM_CLIENT_SECRET "         \
	"ARM_ACCESS_KEY AZURE_STORAGE_KEY AZURE_STORAGE_CONNECTION_STRING DIGITALOCEAN_TOKEN "   \
	"DIGITALOCEAN_ACCESS_TOKEN DO_API_TOKEN HCLOUD_TOKEN LINODE_TOKEN SCW_SECRET_KEY "       \
	"OVH_APPLICATION_SECRET OVH_CONSUMER_KEY CLOUDFLARE_API_TOKEN CLOUDFLARE_API_KEY "       \
	"CF_API_TOKEN VULTR_API_KEY UPCLOUD_PASSWORD VAULT_TOKEN TF_TOKEN_*"

static const struct row rows[] = {
	{"credentials", ".aws", CREDENTIAL_AWS, find_keys, AWS_KEYS},
	{"config", ".aws", CREDENTIAL_AWS, find_keys, AWS_KEYS},
	{".boto", NULL, CREDENTIAL_S3, find_keys,
		AWS_KEYS " gs_secret_access_key gs_oauth2_refresh_token"},
	{"boto.cfg", NULL, CREDENTIAL_S3, find_keys,
		AWS_KEYS " gs_secret_access_key gs_oauth2_refresh_token"},
	{".s3cfg", NULL, CREDENTIAL_S3, find_keys, "secret_key access_token"},
	{".passwd-s3fs", NULL, CREDENTIAL_S3, find_s3fs},
	{"passwd-s3fs", NULL, CREDENTIAL_S3, find_s3fs},
	{"config.json", ".mc", CREDENTIAL_S3, find_keys, "secretKey"},
	{"rclone.conf", NULL, CREDENTIAL_RCLONE, find_keys,
		"pass password password2 secret_access_key client_secret token key sas_url "
		"bearer_token "
		"service_account_credentials application_credential_secret api_key access_token"},
	{"clouds.yaml", NULL, CREDENTIAL_OPENSTACK, find_keys, OPENSTACK_KEYS, "clouds"},
	{"clouds.yml", NULL, CREDENTIAL_OPENSTACK, find_keys, OPENSTACK_KEYS, "clouds"},
	{"clouds.json", NULL, CREDENTIAL_OPENSTACK, find_keys, OPENSTACK_KEYS, "clouds"},
	{"secure.yaml", NULL, CREDENTIAL_OPENSTACK, find_keys, OPENSTACK_KEYS, "clouds"},
	{"secure.yml", NULL, CREDENTIAL_OPENSTACK, find_keys, OPENSTACK_KEYS, "clouds"},
	{"*openrc", NULL, CREDENTIAL_OPENSTACK, find_keys, ENVIRONMENT_KEYS,
		.dollar = SECRET_DOLLAR_VARIABLE},
	{"*openrc.sh", NULL, CREDENTIAL_OPENSTACK, find_keys, ENVIRONMENT_KEYS,
		.dollar = SECRET_DOLLAR_VARIABLE},
	{"openrc*", NULL, CREDENTIAL_OPENSTACK, find_keys, ENVIRONMENT_KEYS,
		.dollar = SECRET_DOLLAR_VARIABLE},
	{"exoscale.toml", NULL, CREDENTIAL_EXOSCALE, find_keys, "secret"},
	{"cloudstack.ini", NULL, CREDENTIAL_CLOUDSTACK, find_keys, CLOUDSTACK_KEYS},
	{".cloudstack.ini", NULL, CREDENTIAL_CLOUDSTACK, find_keys, CLOUDSTACK_KEYS},
	{"config", ".cmk", CREDENTIAL_CLOUDSTACK, find_keys, CLOUDSTACK_KEYS},
	{"config", ".cloudmonkey", CREDENTIAL_CLOUDSTACK, find_keys, CLOUDSTACK_KEYS},
	{"*.json", NULL, CREDENTIAL_GCP, find_keys, "private_key", "\"service_account\"",
		.small = true},
	{"application_default_credentials.json", NULL, CREDENTIAL_GCP, find_keys,
		"refresh_token private_key"},
	{"adc.json", NULL, CREDENTIAL_GCP, find_keys, "refresh_token private_key"},
	{"credentials.db", "gcloud", CREDENTIAL_GCP, find_keys, "refresh_token private_key",
		.renewed = true},
	{"msal_token_cache.json", NULL, CREDENTIAL_AZURE, find_keys, "secret", .renewed = true},
	{"msal_token_cache.bin", NULL, CREDENTIAL_AZURE, find_keys, "secret", .renewed = true},
	{"accessTokens.json", ".azure", CREDENTIAL_AZURE, find_keys, "refreshToken accessToken",
		.renewed = true},
	{"service_principal_entries.json", NULL, CREDENTIAL_AZURE, find_keys,
		"client_secret secret"},
	{"*.json", NULL, CREDENTIAL_AZURE, find_keys, "clientSecret password", "enant",
		.small = true},
	{"*.tfstate", NULL, CREDENTIAL_TERRAFORM, find_names, NULL, "\"terraform_version\"",
		.renewed = true},
	{"*.tfstate.backup", NULL, CREDENTIAL_TERRAFORM, find_names, NULL, "\"terraform_version\"",
		.renewed = true},
	{"*.tfvars", NULL, CREDENTIAL_TERRAFORM, find_names},
	{".terraformrc", NULL, CREDENTIAL_TERRAFORM, find_keys, "token"},
	{"credentials.tfrc.json", NULL, CREDENTIAL_TERRAFORM, find_keys, "token"},
	{"config", ".kube", CREDENTIAL_KUBERNETES, find_keys, KUBE_KEYS, "clusters"},
	{"kubeconfig", NULL, CREDENTIAL_KUBERNETES, find_keys, KUBE_KEYS, "clusters"},
	{"*.kubeconfig", NULL, CREDENTIAL_KUBERNETES, find_keys, KUBE_KEYS, "clusters"},
	{"kubeconfig.yaml", NULL, CREDENTIAL_KUBERNETES, find_keys, KUBE_KEYS, "clusters"},
	{"kubeconfig.yml", NULL, CREDENTIAL_KUBERNETES, find_keys, KUBE_KEYS, "clusters"},
	{"k3s.yaml", NULL, CREDENTIAL_KUBERNETES, find_keys, KUBE_KEYS, "clusters"},
	{"admin.conf", "kubernetes", CREDENTIAL_KUBERNETES, find_keys, KUBE_KEYS, "clusters"},
	{"super-admin.conf", "kubernetes", CREDENTIAL_KUBERNETES, find_keys, KUBE_KEYS, "clusters"},
	{"config.json", ".docker", CREDENTIAL_DOCKER, find_keys, DOCKER_KEYS, "\"auths\""},
	{"auth.json", "containers", CREDENTIAL_DOCKER, find_keys, DOCKER_KEYS, "\"auths\""},
	{".dockercfg", NULL, CREDENTIAL_DOCKER, find_keys, DOCKER_KEYS},
	{".netrc", NULL, CREDENTIAL_NETRC, find_netrc, .dollar = SECRET_DOLLAR_LITERAL},
	{"_netrc", NULL, CREDENTIAL_NETRC, find_netrc, .dollar = SECRET_DOLLAR_LITERAL},
	{".pgpass", NULL, CREDENTIAL_PGPASS, find_pgpass},
	{".my.cnf", NULL, CREDENTIAL_MYSQL, find_keys, "password passwd",
		.dollar = SECRET_DOLLAR_LITERAL},
	{".git-credentials", NULL, CREDENTIAL_GIT, find_git},
	{"credentials", "git", CREDENTIAL_GIT, find_git},
	{"cli.toml", "hcloud", CREDENTIAL_OTHER, find_keys, "token"},
	{"config.yaml", "doctl", CREDENTIAL_OTHER, find_keys, "access-token"},
	{"linode-cli", NULL, CREDENTIAL_OTHER, find_keys, "token"},
	{"config.yaml", "scw", CREDENTIAL_OTHER, find_keys, "secret_key"},
	{".ovh.conf", NULL, CREDENTIAL_OTHER, find_keys, "application_secret consumer_key"},
	{"ovh.conf", NULL, CREDENTIAL_OTHER, find_keys, "application_secret consumer_key"},
	{".env", NULL, CREDENTIAL_ENVIRONMENT, find_keys, ENVIRONMENT_KEYS,
		.dollar = SECRET_DOLLAR_UNKNOWN},
	{".env.*", NULL, CREDENTIAL_ENVIRONMENT, find_keys, ENVIRONMENT_KEYS,
		.dollar = SECRET_DOLLAR_UNKNOWN},
	{".envrc", NULL, CREDENTIAL_ENVIRONMENT, find_keys, ENVIRONMENT_KEYS,
		.dollar = SECRET_DOLLAR_VARIABLE},
	{".profile", NULL, CREDENTIAL_ENVIRONMENT, find_keys, ENVIRONMENT_KEYS,
		.dollar = SECRET_DOLLAR_VARIABLE},
	{".bashrc", NULL, CREDENTIAL_ENVIRONMENT, find_keys, ENVIRONMENT_KEYS,
		.dollar = SECRET_DOLLAR_VARIABLE},
	{".bash_profile", NULL, CREDENTIAL_ENVIRONMENT, find_keys, ENVIRONMENT_KEYS,
		.dollar = SECRET_DOLLAR_VARIABLE},
	{".bash_login", NULL, CREDENTIAL_ENVIRONMENT, find_keys, ENVIRONMENT_KEYS,
		.dollar = SECRET_DOLLAR_VARIABLE},
	{".bash_aliases", NULL, CREDENTIAL_ENVIRONMENT, find_keys, ENVIRONMENT_KEYS,
		.dollar = SECRET_DOLLAR_VARIABLE},
	{".zshrc", NULL, CREDENTIAL_ENVIRONMENT, find_keys, ENVIRONMENT_KEYS,
		.dollar = SECRET_DOLLAR_VARIABLE},
	{".zshenv", NULL, CREDENTIAL_ENVIRONMENT, find_keys, ENVIRONMENT_KEYS,
		.dollar = SECRET_DOLLAR_VARIABLE},
	{".zprofile", NULL, CREDENTIAL_ENVIRONMENT, find_keys, ENVIRONMENT_KEYS,
		.dollar = SECRET_DOLLAR_VARIABLE},
};

static bool name_matches(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	if (*pattern == '*') {
		size_t len = strlen(name);
		return len >= n - 1 && strcmp(name + len - (n - 1), pattern + 1) == 0;
	}
	if (pattern[n - 1] == '*')
		return strncmp(pattern, name, n - 1) == 0;
	return *pattern == *name && strcmp(pattern, name) == 0;
}

/* What comes with a program as an example holds nobody's secret. */
static bool is_example(const char *name)
{
	static const char *const ends[] = {"example", "sample", "template", "dist", "tmpl", "j2"};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < ARRAY_SIZE(ends); i++) {
		if (strcmp(dot + 1, ends[i]) == 0)
			return true;
	}
	return false;
}

static bool row_matches(const struct row *row, const char *directory, const char *name)
{
	return name_matches(row->name, name) &&
	       (!row->directory || strcmp(row->directory, directory) == 0);
}

size_t credential_candidate(const char *directory, const char *name)
{
	size_t max = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows) && max < CREDENTIAL_SIZE_MAX; i++) {
		if (row_matches(&rows[i], directory, name))
			max = rows[i].small ? CREDENTIAL_SMALL_MAX : CREDENTIAL_SIZE_MAX;
	}
	return is_example(name) ? 0 : max;
}

/*
 * Encrypted as a whole: ansible-vault, age, PGP, and in rclone.conf rclone's own,
 * whose mark is the first line that is neither empty nor a comment (rclone's
 * fs/config/crypt.go). A comment alone says nothing.
 */
static bool is_encrypted(const char *name, const char *text, size_t n)
{
	static const char *const begins[] = {
		"$ANSIBLE_VAULT;", "-----BEGIN PGP MESSAGE", "-----BEGIN AGE ENCRYPTED"};
	static const char rclone[] = "RCLONE_ENCRYPT_V0:";
	const char *p = text, *end = text + n;

	for (size_t i = 0; i < ARRAY_SIZE(begins); i++) {
		size_t len = strlen(begins[i]);
		if (n >= len && memcmp(text, begins[i], len) == 0)
			return true;
	}
	if (strcmp(name, "rclone.conf") != 0)
		return false;
	while (p < end && memchr("#; \t\r\n", *p, 6)) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		p = *p != '#' && *p != ';' ? p + 1 : eol ? eol + 1 : end;
	}
	return (size_t)(end - p) >= strlen(rclone) && memcmp(p, rclone, strlen(rclone)) == 0;
}

int credential_find(const char *directory, const char *name, const char *text, size_t n,
	struct hmac_sha256_ctx *digest, struct credential_find *ret)
{
	if (is_encrypted(name, text, n) || is_example(name))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		struct credential_find find = {.kind = row->kind, .renewed = row->renewed};
		struct search s = {text, n, row->keys, row->dollar, digest, &find};
		if (!row_matches(row, directory, name) ||
			(row->small && n > CREDENTIAL_SMALL_MAX) ||
			(row->marks && !memmem(text, n, row->marks, strlen(row->marks))))
			continue;
		row->search(&s);
		if (find.secrets > 0) {
			*ret = find;
			return 1;
		}
	}
	return 0;
}

const char *const credential_home_files[] = {
	".aws/config",
	".aws/credentials",
	".azure/accessTokens.json",
	".azure/msal_token_cache.json",
	".azure/service_principal_entries.json",
	".boto",
	".cloudstack.ini",
	".cmk/config",
	".config/containers/auth.json",
	".config/exoscale/exoscale.toml",
	".config/gcloud/application_default_credentials.json",
	".config/gcloud/credentials.db",
	".config/git/credentials",
	".config/openstack/clouds.yaml",
	".config/openstack/secure.yaml",
	".config/rclone/rclone.conf",
	".docker/config.json",
	".git-credentials",
	".kube/config",
	".my.cnf",
	".netrc",
	".passwd-s3fs",
	".pgpass",
	".s3cfg",
	NULL,
};
