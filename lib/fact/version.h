/* SPDX-License-Identifier: ISC */
/*
 * Which of two versions is the newer, as the package managers decide it. Pure;
 * any bytes are taken, and what a manager would refuse as a version is
 * compared by the same rules all the same.
 */
#pragma once

/* deb-version(7): [epoch:]upstream[-revision]. <0, 0, >0. */
int version_compare_dpkg(const char *a, const char *b);

/* rpm's segment comparison of one version or one release (rpmvercmp). -1, 0, 1. */
int version_compare_segments(const char *a, const char *b);

/* rpm's comparison of [epoch:]version[-release]. -1, 0, 1. */
int version_compare_rpm(const char *a, const char *b);
