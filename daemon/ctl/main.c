/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>

#include "base/suggest.h"
#include "config.h"
#include "ctl.h"

enum {
	OPT_ROOT = 256,
	OPT_CONFIG,
	OPT_SOCKET,
	OPT_FORMAT,
	OPT_NO_COLOR,
	OPT_PROFILE,
	OPT_FAIL_ON,
	OPT_FACT,
	OPT_SUBJECT,
	OPT_REASON,
	OPT_FROM,
	OPT_VERSION,
};

/* Options that not every verb takes. */
enum {
	TAKES_FAIL_ON = 1 << 0,
	TAKES_ITEMS = 1 << 1,
	TAKES_PROFILE = 1 << 3,
	TAKES_FROM = 1 << 4,
	TAKES_ROOT = 1 << 2, /* it looks at files itself; the daemon knows its own root only */
};

static int verb_help(struct ctl *ctl);

static const struct verb {
	const char *name, *args;
	int min, max; /* positional arguments; max -1: any number */
	unsigned takes;
	int (*run)(struct ctl *ctl);
	const char *help;
} verbs[] = {
	{"scan", "[CHECK...]", 0, -1, TAKES_FAIL_ON | TAKES_PROFILE | TAKES_ROOT, verb_scan,
		"judge this machine now, without the daemon"},
	{"exposure", "", 0, 0, TAKES_FROM, verb_exposure,
		"show who can reach each socket of this machine, and why"},
	{"status", "", 0, 0, TAKES_FAIL_ON, verb_status,
		"show the daemon's open findings and how well it watches"},
	{"list", "", 0, 0, TAKES_PROFILE | TAKES_ROOT, verb_list,
		"list all checks, or those of a profile by its items"},
	{"explain", "CHECK", 1, 1, TAKES_ROOT, verb_explain, "tell all about a check"},
	{"diff", "", 0, 0, 0, verb_diff, "show what differs from the accepted baseline"},
	{"accept", "", 0, 0, TAKES_ITEMS, verb_accept,
		"make the present state, or part of it, the baseline"},
	{"check-config", "[FILE...]", 0, -1, TAKES_ROOT, verb_check_config,
		"look for errors in the configuration"},
	{"help", "", 0, 0, TAKES_ROOT, verb_help, "show this text"},
};

static const struct option_row {
	struct option o;
	unsigned takes; /* 0: every verb */
	const char *arg, *help;
} options[] = {
	{{"root", required_argument, NULL, OPT_ROOT}, TAKES_ROOT, "DIR",
		"scan what is mounted at DIR instead of the running machine"},
	{{"config", required_argument, NULL, OPT_CONFIG}, 0, "FILE",
		"configuration (default: " CONF_PATH " inside the root)"},
	{{"format", required_argument, NULL, OPT_FORMAT}, 0, "text|json", "form of the output"},
	{{"profile", required_argument, NULL, OPT_PROFILE}, TAKES_PROFILE, "NAME",
		"scan, list: by the items of a guide (pouta, alliance, exoscale, nectar)"},
	{{"fail-on", required_argument, NULL, OPT_FAIL_ON}, TAKES_FAIL_ON, "SEVERITY",
		"scan, status: exit 1 from this severity on (default: medium)"},
	{{"fact", required_argument, NULL, OPT_FACT}, TAKES_ITEMS, "NAME",
		"accept: items of this fact only"},
	{{"subject", required_argument, NULL, OPT_SUBJECT}, TAKES_ITEMS, "PATTERN",
		"accept: items with such a subject only"},
	{{"reason", required_argument, NULL, OPT_REASON}, TAKES_ITEMS, "TEXT",
		"accept: why, for the record"},
	{{"from", required_argument, NULL, OPT_FROM}, TAKES_FROM, "ADDRESS",
		"exposure: what becomes of connections from this one"},
	{{"socket", required_argument, NULL, OPT_SOCKET}, 0, "PATH",
		"the daemon's socket (default: " RUNTIME_DIR "/control)"},
	{{"no-color", no_argument, NULL, OPT_NO_COLOR}, 0, NULL, "no colours, even on a terminal"},
	{{"quiet", no_argument, NULL, 'q'}, 0, NULL, "show open findings only, no hints"},
	{{"help", no_argument, NULL, 'h'}, 0, NULL, "show this text"},
	{{"version", no_argument, NULL, OPT_VERSION}, 0, NULL, "show the version"},
};

static void put_option(FILE *f, const struct option_row *o)
{
	const char *arg = o->arg ? o->arg : "";
	int pad = 22 - (int)(strlen(o->o.name) + strlen(arg));

	fprintf(f, "  --%s%s%s%*s%s\n", o->o.name, o->arg ? " " : "", arg, pad + !o->arg, "", o->help);
}

static void usage(FILE *f)
{
	fputs("usage: hardenctl [OPTION...] VERB [ARGUMENT...]\n\n", f);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		const struct verb *v = &verbs[i];
		int pad = 24 - (int)(strlen(v->name) + strlen(v->args));
		fprintf(f, "  %s %s%*s%s\n", v->name, v->args, pad, "", v->help);
	}
	fputc('\n', f);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		put_option(f, &options[i]);
	fputs("\nExit status: 0 nothing fails, 1 something does, 2 the command failed. See "
	      "hardenctl(1).\n",
		f);
}

/* One verb and the options that it takes. */
static void usage_of(FILE *f, const struct verb *v)
{
	fprintf(f, "usage: hardenctl [OPTION...] %s%s%s\n\n  %s\n\n", v->name, *v->args ? " " : "",
		v->args, v->help);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (!options[i].takes || (options[i].takes & v->takes))
			put_option(f, &options[i]);
	}
}

static const struct verb *find_verb(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].name, word) == 0)
			return &verbs[i];
	}
	return NULL;
}

static int verb_help(struct ctl *ctl)
{
	usage(ctl->out);
	return CTL_OK;
}

static int unknown_option(const char *word)
{
	const char *name = word + strspn(word, "-");
	_cleanup_free_ char *copy = strndup(name, strcspn(name, "="));
	struct suggest s = {.word = copy ? copy : ""};

	if (strncmp(word, "--", 2) != 0)
		return ctl_error("unknown option -%c; see `hardenctl --help`", optopt);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		suggest_offer(&s, options[i].o.name);
	if (s.best && s.distance == 0)
		return ctl_error("--%s takes no value", s.best);
	if (s.best)
		return ctl_error("unknown option %s; did you mean --%s?", word, s.best);
	return ctl_error("unknown option %s; see `hardenctl --help`", word);
}

static int unknown_verb(const char *word)
{
	struct suggest s = {.word = word};

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		suggest_offer(&s, verbs[i].name);
	if (s.best)
		return ctl_error("unknown verb \"%s\"; did you mean %s?", word, s.best);
	return ctl_error("unknown verb \"%s\"; see `hardenctl --help`", word);
}

static int set_format(struct ctl *ctl, const char *word)
{
	if (strcmp(word, "text") != 0 && strcmp(word, "json") != 0)
		return ctl_error("--format %s: expected text or json", word);
	ctl->json = word[0] == 'j';
	return CTL_OK;
}

static int set_fail_on(struct ctl *ctl, const char *word)
{
	int s = severity_from_name(word);

	if (s < 0)
		return ctl_error("--fail-on %s: expected low, medium, high or critical", word);
	ctl->fail_on = (enum severity)s;
	return CTL_OK;
}

/* One option. CTL_OK or CTL_ERROR; *verb becomes the verb that stands for it, if one does. */
static int take_option(struct ctl *ctl, int c, char *const argv[], const char **verb)
{
	switch (c) {
	case OPT_ROOT:
		ctl->root = optarg;
		return CTL_OK;
	case OPT_CONFIG:
		ctl->config = optarg;
		return CTL_OK;
	case OPT_SOCKET:
		ctl->socket = optarg;
		return CTL_OK;
	case OPT_FORMAT:
		return set_format(ctl, optarg);
	case OPT_PROFILE:
		ctl->profile = optarg;
		return CTL_OK;
	case OPT_FAIL_ON:
		return set_fail_on(ctl, optarg);
	case OPT_FACT:
		ctl->fact = optarg;
		return CTL_OK;
	case OPT_SUBJECT:
		ctl->subject = optarg;
		return CTL_OK;
	case OPT_REASON:
		ctl->reason = optarg;
		return CTL_OK;
	case OPT_FROM:
		ctl->from = optarg;
		return CTL_OK;
	case OPT_NO_COLOR:
		ctl->color = false;
		return CTL_OK;
	case 'q':
		ctl->quiet = true;
		return CTL_OK;
	case 'h':
		*verb = "help";
		return CTL_OK;
	case OPT_VERSION:
		*verb = "version";
		return CTL_OK;
	case ':':
		return ctl_error("%s needs a value", argv[optind - 1]);
	default:
		return unknown_option(argv[optind - 1]);
	}
}

/* Whether the verb takes every option in `used` (bits by row of options[]). */
static int check_options(const struct verb *v, unsigned used)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option_row *o = &options[i];
		if ((used & 1u << i) && o->takes && !(o->takes & v->takes))
			return ctl_error("%s takes no --%s", v->name, o->o.name);
	}
	return CTL_OK;
}

static int dispatch(struct ctl *ctl, const char *word, unsigned used)
{
	const struct verb *v = find_verb(word);

	if (!v)
		return unknown_verb(word);
	if (ctl->n_args < v->min)
		return ctl_error("%s needs an argument: hardenctl %s %s", word, word, v->args);
	if (v->max >= 0 && ctl->n_args > v->max)
		return ctl_error("%s: unexpected argument \"%s\"", word, ctl->args[v->max]);
	int r = check_options(v, used);
	return r == CTL_OK ? v->run(ctl) : r;
}

static int run(struct ctl *ctl, int argc, char *argv[])
{
	struct option longs[ARRAY_SIZE(options) + 1] = {0};
	const char *verb = NULL;
	unsigned used = 0;
	int c, which = -1;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		longs[i] = options[i].o;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":hq", longs, &which)) != -1) {
		int r = take_option(ctl, c, argv, &verb);
		if (r != CTL_OK)
			return r;
		if (which >= 0)
			used |= 1u << which;
		which = -1;
	}
	if (verb && strcmp(verb, "version") == 0) {
		fputs("hardenctl " HARDEND_VERSION "\n", ctl->out);
		return CTL_OK;
	}
	if (!verb && optind == argc) {
		usage(stderr);
		return CTL_ERROR;
	}
	const struct verb *about = verb && optind < argc ? find_verb(argv[optind]) : NULL;
	if (about) {
		usage_of(ctl->out, about);
		return CTL_OK;
	}
	if (verb)
		return verb_help(ctl);
	ctl->args = argv + optind + 1;
	ctl->n_args = argc - optind - 1;
	return dispatch(ctl, argv[optind], used);
}

/* A closed descriptor would be given to the next file that is opened: fill the three. */
static void hold_standard_descriptors(void)
{
	for (int fd = 0; fd < 3; fd++) {
		/* Read-only on purpose: writing to it fails, as it would to the closed one. */
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", O_RDONLY);
	}
}

static bool use_color(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

/* Everything at once at the end, so that the error is that of the write that failed. */
static int send_output(const char *s, size_t n)
{
	while (n > 0) {
		ssize_t w = write(STDOUT_FILENO, s, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return ctl_error("cannot write: %s", strerror(errno));
		s += w;
		n -= (size_t)w;
	}
	/* Some file systems only tell here that there was no room. */
	if (close(STDOUT_FILENO) < 0 && errno != EINTR)
		return ctl_error("cannot write: %s", strerror(errno));
	return CTL_OK;
}

int main(int argc, char *argv[])
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	struct ctl ctl = {
		.root = "/",
		.socket = RUNTIME_DIR "/control",
		.fail_on = SEV_MEDIUM,
		.color = use_color(),
	};

	hold_standard_descriptors();
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) /* a closed pipe is an error of write() */
		return ctl_error("signal: %s", strerror(errno));
	ctl.out = open_memstream(&text, &size);
	if (!ctl.out)
		return ctl_oom();
	int r = run(&ctl, argc, argv);
	if (ferror(ctl.out) | fclose(ctl.out))
		return ctl_oom();
	int sent = size > 0 ? send_output(text, size) : CTL_OK;
	return sent == CTL_OK ? r : sent;
}
