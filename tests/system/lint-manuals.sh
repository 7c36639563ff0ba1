#!/bin/sh
# SPDX-License-Identifier: ISC
# mandoc finds no fault with the manuals (whether others are installed is not theirs).
command -v mandoc > /dev/null || { echo "mandoc is not installed"; exit 77; }
faults=$(mandoc -Tlint -W style "$@" 2> /dev/null | grep -v 'referenced manual not found')
[ -z "$faults" ] || { echo "$faults"; exit 1; }
