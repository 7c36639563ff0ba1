/* SPDX-License-Identifier: ISC */
/*
 * apt's preferences (apt_preferences(5)): which version of a package wins, as
 * apt-pkg decides it (pkgPolicy, pkgVersionMatch).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "fact/repos.h"

enum {
	PIN_NONE = 1 << 20, /* no pin: a number that no priority can be */
	PIN_NEVER = -32768, /* "Pin-Priority: never" */
};

struct apt_pin {
	const char *package; /* "" for all ("*") */
	enum { PIN_VERSION, PIN_RELEASE, PIN_ORIGIN } type;
	const char *data; /* behind the word: "a=stable, o=Debian", a host, a version */
	int priority;
	const char *path;
	unsigned line;
};

struct apt_pins {
	struct arena *arena; /* borrowed */
	struct apt_pin *v;   /* in apt's order */
	size_t n;
};

/*
 * Adds the pins of a preferences file; path is borrowed. 0; -EBADMSG when apt
 * refuses it at *ret_line (the pins before it hold); -ENOMEM.
 */
int apt_pins_parse(
	struct apt_pins *pins, const char *path, const char *text, size_t size, unsigned *ret_line);

/* The pin of APT::Default-Release; to be added first. 0 or -ENOMEM. */
int apt_pins_default_release(struct apt_pins *pins, const char *release);

/* A Packages file, as pins see it. */
struct apt_file {
	const struct repo_release *release; /* NULL: none was fetched */
	const char *site;		    /* host */
	const char *component, *arch;
};

/* The priority of what a file offers: 500, 100, 1, or that of the pins for all packages. */
int apt_file_priority(const struct apt_pins *pins, const struct apt_file *f);

/* dpkg's status as pins see it: an archive called "now", which offers what is installed. */
extern const struct apt_file apt_status_file;

/* Its priority: 100, or that of a pin for all packages on "a=now". */
int apt_status_priority(const struct apt_pins *pins);

/* A version of a package and where it is offered. */
struct apt_offer {
	const char *name, *arch, *native; /* arch "all" counts as native */
	const char *source;		  /* name of the source package */
	const char *version;
	const struct apt_file *const *files;
	size_t n_files;
};

/* The pin that holds for this version, the first; NULL when there is none. */
const struct apt_pin *apt_pin_for(const struct apt_pins *pins, const struct apt_offer *o);
