/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "ctl.h"

/* The configuration that scan would use: every error of it is in the list afterwards. */
static int load_usual(const struct ctl *ctl, struct errlist *errors, struct policy **ret)
{
	_cleanup_(root_close) struct root root = {.fd = -1};

	if (ctl->config)
		return ctl_load_file(ctl->config, errors, ret);
	int r = root_open(ctl->root, &root);
	return r < 0 ? r : conf_load(&root, CONF_PATH, true, errors, ret);
}

static int load_all(const struct ctl *ctl, struct errlist *errors)
{
	_cleanup_(policy_freep) struct policy *usual = NULL;

	if (ctl->n_args == 0)
		return load_usual(ctl, errors, &usual);
	for (int i = 0; i < ctl->n_args; i++) {
		_cleanup_(policy_freep) struct policy *policy = NULL;
		int r = ctl_load_file(ctl->args[i], errors, &policy);
		if (r < 0 && r != -EINVAL)
			return r;
	}
	return 0;
}

static int put_json(struct ctl *ctl, const struct errlist *errors)
{
	json_auto_t *list = json_array();

	for (size_t i = 0; i < errors->n; i++) {
		const struct conf_error *e = &errors->v[i];
		json_t *o = json_pack(
			"{s:s, s:i, s:s}", "path", e->path, "line", (int)e->line, "text", e->text);
		if (json_array_append_new(list, o) < 0)
			return ctl_oom();
	}
	return ctl_put_json(ctl, json_pack("{s:b, s:O}", "ok", errors->n == 0, "errors", list));
}

int verb_check_config(struct ctl *ctl)
{
	_cleanup_(errlist_fini) struct errlist errors = {0};

	int r = load_all(ctl, &errors);
	if (r < 0 && r != -EINVAL)
		return ctl_error("cannot load the configuration: %s", strerror(-r));
	if (ctl->json && put_json(ctl, &errors) != CTL_OK)
		return CTL_ERROR;
	if (!ctl->json && errors.n > 0)
		ctl_print_errors(&errors);
	if (!ctl->json && errors.n == 0 && !ctl->quiet)
		fputs("configuration OK\n", ctl->out);
	return errors.n > 0 ? CTL_ERROR : CTL_OK;
}
