/* SPDX-License-Identifier: ISC */
/*
 * Generated PAM stacks through the real libpam (in a directory of their own,
 * with pam_debug giving the answers) and through ours: the result must be the
 * same number. Usage: system-pam [stacks [seed]].
 */
#include <errno.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "fact/pam-stack.h"

enum {
	FILES = 5, /* svc, other, and three to be included; a fourth is never there */
	TEXT_MAX = 16384,
	RETURNED = 64, /* a sanitizer's end has another exit status */
	CRASHED = 1000,
};

static const char *const names[FILES] = {"svc", "other", "inc0", "inc1", "inc2"};
static char texts[FILES][TEXT_MAX];
static size_t sizes[FILES];
static char dir[] = "/tmp/hardend-pam-XXXXXX";
static uint32_t seed = 20261121;

static uint32_t below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

#define PICK(a) ((a)[below(ARRAY_SIZE(a))])

static const char *const codes[] = {"success", "success", "success", "auth_err", "ignore",
	"perm_denied", "user_unknown", "new_authtok_reqd", "authinfo_unavail", "cred_err", "abort",
	"try_again", "module_unknown", "bad_item", "maxtries", "open_err", "acct_expired"};

static void put(int file, const char *s)
{
	size_t n = strlen(s);

	if (sizes[file] + n < TEXT_MAX) {
		memcpy(texts[file] + sizes[file], s, n);
		sizes[file] += n;
	}
}

static void put_blank(int file)
{
	static const char *const blanks[] = {
		" ", "\t", "  ", " \t ", " \\\n", "\\\n\t", " \\\n# x\n "};

	put(file, blanks[below(8) ? below(3) : below(ARRAY_SIZE(blanks))]);
}

static void put_control(int file)
{
	static const char *const words[] = {"required", "requisite", "sufficient", "optional",
		"Required", "SUFFICIENT", "[required]", "nonsense"};
	static const char *const actions[] = {"ok", "done", "bad", "die", "ignore", "reset", "1",
		"2", "3", "1", "2", "0", "15", "what"};

	if (below(2)) {
		put(file, words[below(10) ? below(4) : below(ARRAY_SIZE(words))]);
		return;
	}
	put(file, "[");
	for (uint32_t n = below(4); n > 0; n--) {
		put(file, below(40) ? PICK(codes) : "unknown_code");
		put(file, below(20) ? "=" : " = ");
		put(file, actions[below(30) ? below(11) : below(ARRAY_SIZE(actions))]);
		put(file, below(20) ? " " : "");
	}
	put(file, below(3) ? "default=" : "");
	if (texts[file][sizes[file] - 1] == '=')
		put(file, actions[below(30) ? below(11) : below(ARRAY_SIZE(actions))]);
	put(file, below(60) ? "]" : "");
}

static void put_module(int file)
{
	static const char *const other[] = {
		"pam_permit.so", "pam_deny.so", "pam_not_there.so", "/pam_not_there.so", ""};
	char text[128];

	if (below(5) == 0) {
		put(file, PICK(other));
	} else {
		(void)snprintf(text, sizeof(text), "pam_debug.so auth=%s %s acct=%s", PICK(codes),
			below(8) ? "" : "[a \\]b]", PICK(codes));
		put(file, text);
	}
	put(file, below(16) ? "" : " # comment [ \\");
}

/*
 * A file to include, by its full path: libpam 1.5 looks for others in /etc/pam.d
 * alone. Later ones only, but for a few loops of substacks, which libpam follows 16
 * deep (others it follows until its memory ends).
 */
static void put_name(int file, bool loops, bool missing)
{
	static const char *const includes[] = {"none", "svc", "inc0", "inc1", "inc2"};
	uint32_t k = 2 + below(3);

	if (missing && below(15) == 0)
		k = 0;
	else if ((int)k <= file && !(loops && below(50) == 0))
		k = missing ? 0 : FILES - 1;
	put(file, dir);
	put(file, "/");
	put(file, includes[k]);
}

/* An inner @include that fails has undefined actions in libpam: only outer ones do here. */
static void put_whole(int file)
{
	if (file == FILES - 1)
		return;
	put(file, below(2) ? "@include" : "@INCLUDE");
	put_blank(file);
	put_name(file, false, file < 2);
	put(file, "\n");
}

static void put_line(int file)
{
	static const char *const types[] = {"auth", "auth", "auth", "account", "-auth", "AUTH",
		"session", "password", "bogus", "-account", "-", "-bogus"};
	static const char *const odd[] = {"", "# comment\n", "  \t\n", "auth", "\\\n",
		"auth required", "[auth] required pam_permit.so",
		"auth\trequired\tpam_permit.so\r"};

	if (below(25) == 0) {
		put(file, PICK(odd));
		put(file, "\n");
		return;
	}
	if (below(12) == 0) {
		put_whole(file);
		return;
	}
	put(file, below(20) ? "" : "  ");
	put(file, types[below(5) ? below(4) : below(ARRAY_SIZE(types))]);
	put_blank(file);
	if (below(5) == 0) {
		bool substack = below(2);
		put(file, substack ? "substack" : "include");
		put_blank(file);
		put_name(file, substack, true);
	} else {
		put_control(file);
		put_blank(file);
		put_module(file);
	}
	put(file, file > 2 || below(200) ? "\n" : " \\ \n");
}

static void make_files(void)
{
	static const unsigned most[FILES] = {9, 3, 5, 4, 3};

	for (int i = 0; i < FILES; i++) {
		sizes[i] = 0;
		memset(texts[i], 0, sizeof(texts[i]));
		for (uint32_t n = below(most[i]) + (i == 0); n > 0; n--)
			put_line(i);
	}
}

static void write_files(void)
{
	char path[256];

	for (int i = 0; i < FILES; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		FILE *f = fopen(path, "we");
		if (!f || fwrite(texts[i], 1, sizes[i], f) != sizes[i] || fclose(f) != 0) {
			perror(path);
			exit(1);
		}
	}
}

static int quiet(int n, const struct pam_message **msg, struct pam_response **ret, void *arg)
{
	(void)msg;
	(void)arg;
	*ret = calloc((size_t)n, sizeof(**ret));
	return *ret ? PAM_SUCCESS : PAM_BUF_ERR;
}

/* In a child: some libpams crash on an include without a name. */
static int in_child(int (*f)(enum pam_type type), enum pam_type type)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		_exit(RETURNED + f(type));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("fork");
		exit(1);
	}
	return WIFEXITED(status) && WEXITSTATUS(status) >= RETURNED ? WEXITSTATUS(status) - RETURNED
								    : CRASHED;
}

static int real(enum pam_type type)
{
	const struct pam_conv conv = {.conv = quiet};
	pam_handle_t *handle = NULL;

	int r = pam_start_confdir("svc", "root", &conv, dir, &handle);
	if (r != PAM_SUCCESS)
		return r; /* it could not make sense of the files */
	r = type == PAM_TYPE_AUTH ? pam_authenticate(handle, 0) : pam_acct_mgmt(handle, 0);
	(void)pam_end(handle, r);
	return r;
}

static int load(
	void *arg, const char *name, const char **ret_path, const char **ret_text, size_t *ret_size)
{
	(void)arg;
	if (strncmp(name, dir, strlen(dir)) == 0)
		name += strlen(dir) + 1;
	for (int i = 0; i < FILES; i++) {
		if (strcmp(name, names[i]) == 0) {
			*ret_path = names[i];
			*ret_text = texts[i];
			*ret_size = sizes[i];
			return 0;
		}
	}
	return -ENOENT;
}

static int code_number(const char *name)
{
	static const struct {
		const char *name;
		int code;
	} known[] = {
		{"success", PAM_SUCCESS},
		{"auth_err", PAM_AUTH_ERR},
		{"ignore", PAM_IGNORE},
		{"perm_denied", PAM_PERM_DENIED},
		{"user_unknown", PAM_USER_UNKNOWN},
		{"new_authtok_reqd", PAM_NEW_AUTHTOK_REQD},
		{"authinfo_unavail", PAM_AUTHINFO_UNAVAIL},
		{"cred_err", PAM_CRED_ERR},
		{"abort", PAM_ABORT},
		{"try_again", PAM_TRY_AGAIN},
		{"module_unknown", PAM_MODULE_UNKNOWN},
		{"bad_item", PAM_BAD_ITEM},
		{"maxtries", PAM_MAXTRIES},
		{"open_err", PAM_OPEN_ERR},
		{"acct_expired", PAM_ACCT_EXPIRED},
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(known[i].name, name) == 0)
			return known[i].code;
	}
	return -1;
}

static uint32_t answer(const struct pam_line *line, void *arg)
{
	bool auth = *(enum pam_type *)arg == PAM_TYPE_AUTH;
	const char *key = auth ? "auth=" : "acct=";

	if (strcmp(line->module, "pam_permit.so") == 0)
		return PAM_BIT(PAM_SUCCESS);
	if (strcmp(line->module, "pam_deny.so") == 0)
		return PAM_BIT(auth ? PAM_AUTH_ERR : PAM_AUTH_ERR);
	if (strcmp(line->module, "pam_debug.so") != 0)
		return PAM_BIT(PAM_MODULE_UNKNOWN);
	for (const char *const *a = line->args; *a; a++) {
		if (strncmp(*a, key, strlen(key)) == 0)
			return PAM_BIT(code_number(*a + strlen(key)));
	}
	return PAM_BIT(PAM_SUCCESS);
}

static bool nothing(const struct pam_line *line, void *arg)
{
	(void)line;
	(void)arg;
	return false;
}

/* -1: libpam can't start with this configuration at all. */
static int ours(enum pam_type type)
{
	const struct pam_files files = {load, NULL};
	const struct pam_oracle oracle = {.codes = answer, .marks = nothing, .arg = &type};
	struct arena *a = arena_new();
	struct pam_service s, other;
	struct pam_outcome out = {0};
	int code = -1;

	if (!a || pam_parse(a, &files, "svc", &s) < 0 ||
		pam_parse(a, &files, "other", &other) < 0 || pam_add_other(a, &s, &other) < 0) {
		fputs("no memory\n", stderr);
		exit(1);
	}
	if (other.state == FACT_STATE_OK && pam_walk(&s, type, &oracle, &out) == 0)
		code = out.codes ? __builtin_ctz(out.codes) : -2;
	arena_free(a);
	return code;
}

static bool same(int theirs, int mine)
{
	return mine == theirs || (mine == -1 && theirs == PAM_ABORT) || theirs == CRASHED;
}

int main(int argc, char *argv[])
{
	unsigned stacks = argc > 1 ? (unsigned)atoi(argv[1]) : 1500, success = 0, refused = 0;
	unsigned crashed = 0;
	char command[64];

	if (access("/lib/x86_64-linux-gnu/security/pam_debug.so", R_OK) < 0 &&
		access("/lib64/security/pam_debug.so", R_OK) < 0 &&
		access("/lib/aarch64-linux-gnu/security/pam_debug.so", R_OK) < 0) {
		puts("skipped: there is no pam_debug.so");
		return 77;
	}
	if (argc > 2)
		seed = (uint32_t)atoi(argv[2]);
	if (!mkdtemp(dir)) {
		perror(dir);
		return 1;
	}
	int r = 0;
	for (unsigned i = 0; i < stacks && r == 0; i++) {
		make_files();
		write_files();
		for (int t = PAM_TYPE_AUTH; t <= PAM_TYPE_ACCOUNT && r == 0; t++) {
			int theirs = in_child(real, (enum pam_type)t),
			    mine = ours((enum pam_type)t);
			success += theirs == PAM_SUCCESS;
			refused += mine == -1;
			crashed += theirs == CRASHED;
			if (same(theirs, mine))
				continue;
			printf("stack %u, %s: libpam returns %d, we say %d\n", i,
				pam_type_name((enum pam_type)t), theirs, mine);
			for (int k = 0; k < FILES; k++)
				printf("--- %s\n%s", names[k], texts[k]);
			r = 1;
		}
	}
	(void)snprintf(command, sizeof(command), "rm -rf -- '%s'", dir);
	if (system(command) != 0)
		r = 1;
	printf("%u stacks, two types each: %u succeed, %u are refused as a whole, %u crash "
	       "libpam\n",
		stacks, success, refused, crashed);
	return r;
}
