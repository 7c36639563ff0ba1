/* SPDX-License-Identifier: ISC */
/*
 * The walk: resolves what a fact was read from inside the root, component by
 * component and through symbolic links as the kernel does, and puts a watch on
 * each directory before it looks for the next name in it, so that nothing can
 * change unseen behind the walk.
 *
 * What the last walk found is not looked at again while no event has told of a
 * change: a walk costs system calls only where something is new.
 *
 * Beside directories, an object that is looked at is watched itself: a file may
 * be written through another hard link, through a bind mount's source, or
 * through a descriptor whose name is gone, of which its directory is not told.
 */
#pragma once

#include "watch-place.h"

/* Gives the table the next roles of the fact that was read from deps (sealed). */
void walk_deps(struct walk *k, const struct deps *deps);
