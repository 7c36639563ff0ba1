/* SPDX-License-Identifier: ISC */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fact/units-scan.h"

/*
 * Scripts of SysV init that have no unit: systemd's generator makes one of each
 * at boot, and `systemctl is-enabled` asks the links of the runlevels.
 */
struct sysv {
	struct units_work *w;
	struct unit_words started; /* names with a link S??NAME in rcS.d or rc5.d */
};

/* Whether a name in the directories is a unit's own, not one made from the script. */
static bool is_native(const struct units_scan *s, const char *name)
{
	const struct unit_entry *e = units_scan_entry(s, name);

	return e && strncmp(s->dirs[e->dir], UNIT_DIR_GENERATOR, strlen(UNIT_DIR_GENERATOR)) != 0;
}

static int add_script(const char *name, unsigned char type, void *arg)
{
	struct sysv *v = arg;
	struct units_work *w = v->w;
	char path[512], unit[300];
	struct stat st;
	size_t len = strlen(name);

	if ((type != DT_REG && type != DT_LNK) || len > 240 || *name == '.')
		return 0;
	(void)snprintf(path, sizeof(path), "/etc/init.d/%s", name);
	/* hwclock.sh becomes hwclock.service. */
	if (len > 3 && strcmp(name + len - 3, ".sh") == 0)
		len -= 3;
	(void)snprintf(unit, sizeof(unit), "%.*s.service", (int)len, name);
	if (unit_name_kind(unit) != UNIT_NAME_PLAIN || is_native(&w->scan, unit))
		return 0;
	int r = root_stat(w->scan.root, path, &st);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (!S_ISREG(st.st_mode) || !(st.st_mode & S_IXUSR))
		return 0;
	struct unit_info *u = units_add(w, unit);
	if (!u)
		return -ENOMEM;
	u->sysv = true;
	u->bad = u->masked = false;
	u->final = u;
	u->path = arena_strdup(w->f->arena, path);
	u->state = UNIT_FILE_DISABLED;
	for (size_t i = 0; i < v->started.n; i++) {
		if (strcmp(v->started.v[i], name) == 0)
			u->state = UNIT_FILE_ENABLED;
	}
	return u->path ? 0 : -ENOMEM;
}

static int add_started(const char *name, _unused_ unsigned char type, void *arg)
{
	struct sysv *v = arg;

	if (*name != 'S' || strlen(name) < 4)
		return 0;
	const char *copy = arena_strdup(v->w->a, name + 3);
	return copy ? unit_words_add(v->w->a, &v->started, copy) : -ENOMEM;
}

static int list(struct sysv *v, const char *path,
	int (*each)(const char *name, unsigned char type, void *arg))
{
	struct units_scan *s = &v->w->scan;
	int r = root_list_types(s->root, path, UNIT_NAMES_MAX, each, v);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0 && r != -ENOMEM)
		s->failed = path;
	return r;
}

int units_sysv(struct units_work *w)
{
	struct sysv v = {.w = w};
	int r = list(&v, "/etc/rcS.d", add_started);

	if (r == 0)
		r = list(&v, "/etc/rc5.d", add_started);
	if (r == 0)
		r = list(&v, "/etc/init.d", add_script);
	units_sort_infos(w);
	return r;
}
