/* SPDX-License-Identifier: ISC */
/* What modules of the auth stack answer to somebody who knows a password and nothing else. */
#include <errno.h>
#include <string.h>

#include "fact/pam-stack.h"

enum trait {
	TRAIT_OTHER,	/* may answer anything */
	TRAIT_PASSWORD, /* takes the password */
	TRAIT_SECOND,	/* asks for something else, which nobody has */
	TRAIT_PERMIT,
	TRAIT_DENY,
	TRAIT_ROOT, /* passes root, who needs no password */
};

static const struct {
	const char *module;
	enum trait trait;
} traits[] = {
	{"pam_unix.so", TRAIT_PASSWORD},
	{"pam_unix2.so", TRAIT_PASSWORD},
	{"pam_unix_auth.so", TRAIT_PASSWORD},
	{"pam_tcb.so", TRAIT_PASSWORD},
	{"pam_pwdb.so", TRAIT_PASSWORD},
	{"pam_userdb.so", TRAIT_PASSWORD},
	{"pam_sss.so", TRAIT_PASSWORD},
	{"pam_ldap.so", TRAIT_PASSWORD},
	{"pam_winbind.so", TRAIT_PASSWORD},
	{"pam_krb5.so", TRAIT_PASSWORD},
	{"pam_systemd_home.so", TRAIT_PASSWORD},
	{"pam_permit.so", TRAIT_PERMIT},
	{"pam_deny.so", TRAIT_DENY},
	{"pam_rootok.so", TRAIT_ROOT},
	{"pam_google_authenticator.so", TRAIT_SECOND},
	{"pam_oath.so", TRAIT_SECOND},
	{"pam_totp.so", TRAIT_SECOND},
	{"pam_otpw.so", TRAIT_SECOND},
	{"pam_linotp.so", TRAIT_SECOND},
	{"pam_privacyidea.so", TRAIT_SECOND},
	{"pam_u2f.so", TRAIT_SECOND},
	{"pam_yubico.so", TRAIT_SECOND},
	{"pam_duo.so", TRAIT_SECOND},
	{"pam_radius_auth.so", TRAIT_SECOND},
	{"pam_securid.so", TRAIT_SECOND},
	{"pam_tacplus.so", TRAIT_SECOND},
	{"pam_pkcs11.so", TRAIT_SECOND},
	{"pam_p11.so", TRAIT_SECOND},
	{"pam_poldi.so", TRAIT_SECOND},
	{"pam_fprintd.so", TRAIT_SECOND},
	{"pam_ssh_agent_auth.so", TRAIT_SECOND},
	{"pam_rssh.so", TRAIT_SECOND},
};

static enum trait trait_of(const struct pam_line *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(traits); i++) {
		if (strcmp(traits[i].module, line->module) == 0)
			return traits[i].trait;
	}
	return TRAIT_OTHER;
}

bool pam_has_arg(const struct pam_line *line, const char *word)
{
	for (const char *const *arg = line->args; *arg; arg++) {
		if (strcmp(*arg, word) == 0)
			return true;
	}
	return false;
}

/* CONV_AGAIN and INCOMPLETE are for programs that ask again later: no module of use does. */
#define ALL_CODES (~(PAM_BIT(PAM_CODE_CONV_AGAIN) | PAM_BIT(PAM_CODE_INCOMPLETE)))

static uint32_t password_codes(const struct pam_line *line, _unused_ void *arg)
{
	switch (trait_of(line)) {
	case TRAIT_PERMIT:
		return PAM_BIT(PAM_CODE_SUCCESS);
	case TRAIT_DENY:
		return PAM_BIT(PAM_CODE_AUTH_ERR);
	case TRAIT_ROOT:
		return PAM_BIT(PAM_CODE_AUTH_ERR) | PAM_BIT(PAM_CODE_PERM_DENIED);
	case TRAIT_SECOND:
		/* "nullok", "nouserok": whoever has set up no second factor is let by. */
		if (pam_has_arg(line, "nullok") || pam_has_arg(line, "nouserok"))
			return ALL_CODES;
		return ALL_CODES &
		       ~(PAM_BIT(PAM_CODE_SUCCESS) | PAM_BIT(PAM_CODE_NEW_AUTHTOK_REQD) |
			       PAM_BIT(PAM_CODE_IGNORE));
	default:
		return ALL_CODES;
	}
}

static bool is_password(const struct pam_line *line, _unused_ void *arg)
{
	return trait_of(line) == TRAIT_PASSWORD;
}

int pam_password_possible(const struct pam_service *s, const struct pam_line **ret_line)
{
	static const struct pam_oracle oracle = {
		.codes = password_codes, .marks = is_password, .merge = true};
	struct pam_outcome out;

	int r = pam_walk(s, PAM_TYPE_AUTH, &oracle, &out);
	if (r < 0)
		return r;
	*ret_line = out.via;
	return (out.codes & PAM_BIT(PAM_CODE_SUCCESS)) != 0;
}

const struct pam_line *pam_second_factor(const struct pam_service *s)
{
	for (size_t i = 0; i < s->n_lines; i++) {
		if (s->lines[i].type == PAM_TYPE_AUTH && trait_of(&s->lines[i]) == TRAIT_SECOND)
			return &s->lines[i];
	}
	return NULL;
}

const struct pam_service *pam_find(const struct pam *p, const char *service)
{
	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(p->services[i].name, service) == 0)
			return &p->services[i];
	}
	return NULL;
}
