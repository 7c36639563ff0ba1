/* SPDX-License-Identifier: ISC */
/* The verbs that ask the daemon: status, diff, accept. */
#include <errno.h>
#include <string.h>

#include "client.h"
#include "ctl.h"
#include "report/report.h"

#define INTERFACE    "io.hardend.Control"
#define TIMEOUT_USEC (30 * USEC_PER_SEC)

static const char *string(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static json_int_t integer(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static int refused(const json_t *reply)
{
	const char *error = string(reply, "error");
	const char *name = strrchr(error, '.');

	name = name ? name + 1 : error;
	const json_t *parameters = json_object_get(reply, "parameters");
	if (strcmp(name, "PermissionDenied") == 0)
		return ctl_error("the daemon says: permission denied; run it as %s",
			*string(parameters, "needs") ? string(parameters, "needs") : "root");
	if (strcmp(name, "NotReady") == 0)
		return ctl_error("the daemon has not looked at everything yet: try again");
	/* Each error of the interface has one parameter at most, and it is a word or a reason. */
	const char *key = json_object_iter_key(json_object_iter((json_t *)parameters));
	const char *value = key ? string(parameters, key) : "";
	return ctl_error("the daemon refuses: %s%s%s%s%s", name, key ? ", " : "", key ? key : "",
		*value ? ": " : "", value);
}

/* Calls and complains. *ret is a new reference on CTL_OK. */
static int call(struct ctl *ctl, const char *method, json_t *parameters, json_t **ret)
{
	json_auto_t *reply = NULL;

	if (!parameters)
		return ctl_oom();
	int r = client_call(ctl->socket, method, parameters, TIMEOUT_USEC, &reply);
	switch (-r) {
	case 0:
		*ret = TAKE_PTR(reply);
		return CTL_OK;
	case EREMOTEIO:
		return refused(reply);
	case ENOENT:
	case ECONNREFUSED:
		return ctl_error(
			"the daemon is not running (nobody listens at %s): run `systemctl start "
			"hardend`; `hardenctl scan` works without it",
			ctl->socket);
	case EACCES:
	case EPERM:
		return ctl_error(
			"%s: permission denied; run it as root or as a member of the group "
			"hardend",
			ctl->socket);
	case ETIMEDOUT:
		return ctl_error("the daemon does not answer within %u seconds",
			(unsigned)(TIMEOUT_USEC / USEC_PER_SEC));
	case EPROTO:
		return ctl_error("the daemon's answer makes no sense; is it of another version?");
	default:
		return ctl_error("cannot ask the daemon at %s: %s", ctl->socket, strerror(-r));
	}
}

static void put_coverage(struct ctl *ctl, const json_t *coverage)
{
	const json_t *c;
	size_t i;

	if (json_array_size(coverage) > 0)
		fputs("\nevent sources\n", ctl->out);
	json_array_foreach (coverage, i, c) {
		fputs("  ", ctl->out);
		report_puts(ctl->out, string(c, "source"));
		fputs(": ", ctl->out);
		report_puts(ctl->out, string(c, "state"));
		if (*string(c, "detail")) {
			fputs(", ", ctl->out);
			report_puts(ctl->out, string(c, "detail"));
		}
		if (integer(c, "lost") > 0)
			fprintf(ctl->out, ", %" JSON_INTEGER_FORMAT " lost", integer(c, "lost"));
		fputc('\n', ctl->out);
	}
}

static void put_outbox(struct ctl *ctl, const json_t *outbox, json_int_t seq)
{
	const json_t *s;
	size_t i;

	if (json_array_size(outbox) > 0)
		fputs("\nsinks\n", ctl->out);
	json_array_foreach (outbox, i, s) {
		json_int_t acknowledged = integer(s, "acknowledged");
		fputs("  ", ctl->out);
		report_puts(ctl->out, string(s, "sink"));
		if (acknowledged >= seq)
			fputs(": all events delivered\n", ctl->out);
		else
			fprintf(ctl->out, ": %" JSON_INTEGER_FORMAT " events wait\n",
				seq - acknowledged);
	}
}

static int put_status(struct ctl *ctl, const json_t *o)
{
	const struct report_style style = {.color = ctl->color, .quiet = ctl->quiet};

	if (!ctl->quiet) {
		fputs("hardend ", ctl->out);
		report_puts(ctl->out, string(o, "version"));
		fputs(", running since ", ctl->out);
		report_puts(ctl->out, string(o, "started"));
		fprintf(ctl->out, ", %" JSON_INTEGER_FORMAT " events so far\n\n",
			integer(o, "seq"));
	}
	if (report_text_findings(ctl->out, json_object_get(o, "findings"), &style) < 0)
		return ctl_oom();
	if (ctl->quiet)
		return CTL_OK;
	put_coverage(ctl, json_object_get(o, "coverage"));
	put_outbox(ctl, json_object_get(o, "outbox"), integer(o, "seq"));
	fputc('\n', ctl->out);
	report_text_summary(ctl->out, json_object_get(o, "summary"));
	return CTL_OK;
}

int verb_status(struct ctl *ctl)
{
	json_auto_t *o = NULL;

	int r = call(ctl, INTERFACE ".Status", json_object(), &o);
	if (r != CTL_OK)
		return r;
	r = ctl->json ? ctl_put_json(ctl, json_incref(o)) : put_status(ctl, o);
	return r == CTL_OK ? ctl_exit_status(ctl, json_object_get(o, "findings")) : r;
}

static void put_value(struct ctl *ctl, const char *name, const json_t *value)
{
	fprintf(ctl->out, "      %s: ", name);
	report_puts(ctl->out, json_is_string(value) ? json_string_value(value) : "absent");
	fputc('\n', ctl->out);
}

static void put_difference(struct ctl *ctl, const json_t *d)
{
	fputs("  ", ctl->out);
	report_puts(ctl->out, string(d, "fact"));
	fputs(": ", ctl->out);
	report_puts(ctl->out, string(d, "subject"));
	if (*string(d, "path")) {
		fputs(" (", ctl->out);
		report_puts(ctl->out, string(d, "path"));
		if (integer(d, "line") > 0)
			fprintf(ctl->out, ":%" JSON_INTEGER_FORMAT, integer(d, "line"));
		fputs(")", ctl->out);
	}
	if (*string(d, "since")) {
		fputs(", since ", ctl->out);
		report_puts(ctl->out, string(d, "since"));
	}
	fputc('\n', ctl->out);
	put_value(ctl, "baseline", json_object_get(d, "baseline"));
	put_value(ctl, "now     ", json_object_get(d, "current"));
}

int verb_diff(struct ctl *ctl)
{
	json_auto_t *o = NULL;
	const json_t *list, *d;
	size_t i;

	int r = call(ctl, INTERFACE ".Diff", json_object(), &o);
	if (r != CTL_OK || ctl->json)
		return r != CTL_OK ? r : ctl_put_json(ctl, json_incref(o));
	list = json_object_get(o, "differences");
	json_array_foreach (list, i, d)
		put_difference(ctl, d);
	if (!ctl->quiet && json_array_size(list) == 0)
		fputs("everything is as in the baseline\n", ctl->out);
	else if (!ctl->quiet)
		fprintf(ctl->out,
			"\n%zu differ; `hardenctl accept` makes the present state the baseline\n",
			json_array_size(list));
	return CTL_OK;
}

int verb_accept(struct ctl *ctl)
{
	const struct {
		const char *key, *value;
	} given[] = {{"fact", ctl->fact}, {"subject", ctl->subject}, {"reason", ctl->reason}};
	json_auto_t *parameters = json_object(), *o = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(given); i++) {
		if (!given[i].value)
			continue;
		json_t *s = json_string(given[i].value);
		if (!s)
			return ctl_error("--%s is no valid UTF-8", given[i].key);
		if (json_object_set_new(parameters, given[i].key, s) < 0)
			return ctl_oom();
	}
	int r = call(ctl, INTERFACE ".Accept", TAKE_PTR(parameters), &o);
	if (r != CTL_OK)
		return r;
	/* Who names something meant it to be there. */
	if (integer(o, "accepted") == 0 && ctl->subject)
		return ctl_error("nothing that differs from the baseline is called \"%s\"%s%s; "
				 "`hardenctl diff` shows what does",
			ctl->subject, ctl->fact ? " in " : "", ctl->fact ? ctl->fact : "");
	if (ctl->json)
		return ctl_put_json(ctl, json_incref(o));
	if (!ctl->quiet)
		fprintf(ctl->out, "accepted %" JSON_INTEGER_FORMAT " item%s as the baseline\n",
			integer(o, "accepted"), integer(o, "accepted") == 1 ? "" : "s");
	return CTL_OK;
}
