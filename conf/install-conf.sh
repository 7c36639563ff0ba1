#!/bin/sh
# SPDX-License-Identifier: ISC
# Installs the example as hardend.conf where there is none yet.
set -eu
file="${DESTDIR:-}$2/hardend.conf"
[ -e "$file" ] || install -D -m 0644 "$1" "$file"
