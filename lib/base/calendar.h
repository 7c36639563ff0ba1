/* SPDX-License-Identifier: ISC */
/*
 * Times of systemd.time(7), as OnCalendar= of timers has them: whether they come
 * again and again. When exactly they come is not computed.
 */
#pragma once

/*
 * 1 when the time comes again and again; 0 when it names a year, so that it may be
 * past; -EINVAL when it is no such time, or one that is not read here.
 */
int calendar_recurs(const char *text);
