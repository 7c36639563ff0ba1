/* SPDX-License-Identifier: ISC */
/*
 * Actions of fail2ban, judged by their own definition in action.d: what
 * actionban runs once everything is filled in, and not what they are called.
 */
#pragma once

#include <stdbool.h>

#include "fact/fail2ban-tags.h"

/* What an action does to an address that is banned. */
struct f2b_action {
	bool bans;	    /* a command of its shuts the address out */
	bool hosts_deny;    /* ... by /etc/hosts.deny, which not every sshd reads */
	const char *tool;   /* ... by running this program; else NULL */
	bool all_ports;	    /* ... whatever port it asks for */
	const char *port;   /* else the ports, as configured: "ssh,2222" */
	const char *why;    /* why it shuts out nobody: "runs only mail"; NULL when it bans */
	const char *unsure; /* what keeps that from being decided; else NULL */
};

/* Judges the action that a jail calls. Strings live in the scope's arena. 0 or -ENOMEM. */
int f2b_action_judge(struct f2b_scope *scope, struct f2b_action *ret);
