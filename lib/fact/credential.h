/* SPDX-License-Identifier: ISC */
/*
 * Files in which programs keep the keys of a cloud or the password of a service
 * in clear: which names they have, and whether a secret is in one. A file of
 * the right name without a secret (clouds.yaml without a password, a docker
 * configuration that names a helper) is no hit.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct hmac_sha256_ctx;

enum credential_kind {
	CREDENTIAL_AWS,
	CREDENTIAL_AZURE,
	CREDENTIAL_CLOUDSTACK,
	CREDENTIAL_DOCKER,
	CREDENTIAL_ENVIRONMENT, /* a cloud's key in a file of variables */
	CREDENTIAL_EXOSCALE,
	CREDENTIAL_GCP,
	CREDENTIAL_GIT,
	CREDENTIAL_KUBERNETES,
	CREDENTIAL_MYSQL,
	CREDENTIAL_NETRC,
	CREDENTIAL_OPENSTACK,
	CREDENTIAL_OTHER, /* of another cloud's command line */
	CREDENTIAL_PGPASS,
	CREDENTIAL_RCLONE,
	CREDENTIAL_S3,
	CREDENTIAL_TERRAFORM,
	CREDENTIAL_KIND_MAX,
};

/* "AWS access key", "kubeconfig with a key or token": what a person reads. */
const char *credential_kind_name(enum credential_kind k);

enum {
	CREDENTIAL_SMALL_MAX = 32 * 1024,  /* of a file whose name many others have: *.json */
	CREDENTIAL_SIZE_MAX = 1024 * 1024, /* how much of any other is looked at */
};

/*
 * Whether a file of this name in a directory of this name (last components)
 * may be one: 0, or the size above which it is not worth a look (SMALL_MAX) or
 * is looked at in part (SIZE_MAX). Cheap: asked of every name of a home.
 */
size_t credential_candidate(const char *directory, const char *name);

/* What was found in a file. */
struct credential_find {
	enum credential_kind kind;
	unsigned line;	  /* of the first secret; 0 where lines mean nothing */
	unsigned secrets; /* how many */
	bool doubtful;	  /* none of them is more than perhaps one (SECRET_VALUE_DOUBTFUL) */
	/*
	 * It is a cache that its program renews by itself: what the secret is says
	 * nothing, that it is there does.
	 */
	bool renewed;
};

/*
 * Looks for secrets in the n bytes of such a file; each is fed to digest,
 * unless that is NULL. Returns 1 and sets *ret when there is one, else 0.
 */
int credential_find(const char *directory, const char *name, const char *text, size_t n,
	struct hmac_sha256_ctx *digest, struct credential_find *ret);

/* Files that are looked for in a home by name, relative to it; ends with NULL. */
extern const char *const credential_home_files[];
