/* SPDX-License-Identifier: ISC */
/*
 * Asking cvtsudoers what it makes of the same files.
 */
#pragma once

#include "fact/sudo-disk.h"

/*
 * own is what was read through disk. When cvtsudoers is there and gives an
 * answer that can be read, sets *ret_tree to the tree that holds: own when
 * both are the same, else cvtsudoers' (with lines and Defaults of own), which
 * uses own's arena. *ret_reader says who decided. A refusal is added to own's
 * defects. 0 or -ENOMEM.
 */
int sudo_ask(const struct collect *c, struct sudo_disk *disk, const char *path,
	struct sudo_tree *own, struct sudo_tree *ret_tree, const char **ret_reader);

/*
 * How the answer is kept in the memo: under this key, for the signature of the
 * files and of the program ("" when it is not installed, NULL on ENOMEM), one letter and
 * what it said.
 */
#define SUDO_ASK_KEY "cvtsudoers"
enum {
	SUDO_ASK_ANSWER = '=',	/* JSON follows */
	SUDO_ASK_REFUSAL = '!', /* its complaint follows */
	SUDO_ASK_NOTHING = '?', /* it could not be run, or not in time */
};
char *sudo_ask_signature(const struct root *root, struct sudo_disk *disk, const char *path);
