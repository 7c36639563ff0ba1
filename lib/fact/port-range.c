/* SPDX-License-Identifier: ISC */
#include "fact/port-range.h"

#include <errno.h>
#include <stdio.h>

enum {
	FILE_MAX = 4096,
};

int port_range_read(const struct root *r, struct port_range *ret)
{
	static const struct port_range by_default = {32768, 60999};
	_cleanup_file_ struct file file = {0};
	struct port_range range;
	int err = root_read(r, "/proc/sys/net/ipv4/ip_local_port_range", FILE_MAX, &file);

	if (err == -ENOMEM)
		return err;
	if (err < 0 || sscanf(file.data, "%u %u", &range.low, &range.high) != 2)
		range = by_default;
	*ret = range;
	return 0;
}
