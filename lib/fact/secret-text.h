/* SPDX-License-Identifier: ISC */
/*
 * Secrets in text: what a name promises, what a value is, and where names and
 * values stand in the formats in which programs keep them. Every function takes
 * any bytes. Nothing here copies a value: who finds one names it by kind, place
 * and fingerprint, never by what it is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A name and its value, both within the text that is scanned. */
struct secret_pair {
	const char *name;
	size_t name_size;
	const char *value; /* without quotes; size 0: none, or a structure that follows */
	size_t value_size;
	char quote;    /* around the value: '"', '\'', or '\0' */
	unsigned line; /* 1-based, of the name */
};

/* Where a scan stands; to be set by secret_scan_init() only. */
struct secret_scan {
	const char *p, *end;
	const char *eol; /* where a line ends that is not left yet, or NULL: looked for once */
	unsigned line;
	unsigned depth;	 /* of braces: within them a comma ends a value */
	bool line_start; /* nothing but blanks so far: a comment may begin */
};

/*
 * Begins a scan of n bytes for pairs, as INI, shell, TOML, HCL, YAML (block and
 * flow) and JSON write them: NAME = VALUE or NAME: VALUE, either of them quoted
 * or not. It is one scanner and no parser of any of these: what it takes for a
 * pair too much is harmless, since only names that promise a secret count. The
 * work of a whole scan grows with n and no faster, whatever the text is.
 */
void secret_scan_init(struct secret_scan *s, const char *text, size_t n);

/* The next pair. False at the end. */
bool secret_scan_next(struct secret_scan *s, struct secret_pair *ret);

enum secret_name {
	SECRET_NAME_NONE,
	SECRET_NAME_PASSWORD, /* any value of it is a secret: DB_PASSWORD, MYSQL_PWD */
	SECRET_NAME_KEY,      /* one that is long enough to be one: API_KEY, TOKEN, clientSecret */
	SECRET_NAME_PERHAPS,  /* one that looks like one, and then it may be: SMTP_AUTH */
};

/*
 * What a variable of that name holds. Names that say where a secret is, or
 * something about it (PASSWORD_FILE, SECRET_ID, TOKEN_TTL), hold none.
 */
enum secret_name secret_name(const char *name, size_t n);

/* What "$name" is in the format that the value stands in. */
enum secret_dollar {
	SECRET_DOLLAR_TEXT,	/* five characters: YAML, INI, netrc, EnvironmentFile= */
	SECRET_DOLLAR_UNKNOWN,	/* whoever reads it decides: .env, /etc/default */
	SECRET_DOLLAR_VARIABLE, /* what a variable holds: a shell's, but for single quotes */
	/*
	 * Itself, and all else as well: my.cnf and netrc know no references. What looks like
	 * one, or like a placeholder or a path, is SECRET_VALUE_DOUBTFUL.
	 */
	SECRET_DOLLAR_LITERAL,
};

/* Whether a value is itself the secret. */
enum secret_value {
	SECRET_VALUE_NONE, /* empty, a path, a reference, a placeholder, encrypted */
	/* It may be one of these or a secret: "$name" nobody knows how to read, "/word". */
	SECRET_VALUE_DOUBTFUL,
	SECRET_VALUE_CLEAR,
};
enum secret_value secret_value(const char *value, size_t n, enum secret_dollar dollar);

/* secret_value() in the quotes of the pair, whatever its name is. */
enum secret_value secret_quoted_value(const struct secret_pair *pair, enum secret_dollar dollar);

/* The same by what the name promises: a key must be as long as keys are. */
enum secret_value secret_pair_value(const struct secret_pair *pair, enum secret_dollar dollar);

/*
 * What the value is by its form alone, whatever it is called ("a private key",
 * "a token of GitHub", "a URL with a password"), or NULL.
 */
const char *secret_shape(const char *value, size_t n, enum secret_dollar dollar);
