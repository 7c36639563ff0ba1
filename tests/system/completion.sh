#!/bin/bash
# SPDX-License-Identifier: ISC
# completion.sh HARDENCTL COMPLETION: what bash offers behind half-typed command lines.
PATH=$(dirname "$1"):$PATH
. "$2" || exit 1
failed=0

expect()
{
    local want=$1 got
    shift
    COMP_WORDS=("$@")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    _hardenctl
    got="${COMPREPLY[*]}"
    [[ $got == "$want" ]] && return
    echo "for \"$*\": expected \"$want\", got \"$got\""
    failed=1
}

expect 'scan status' hardenctl s
expect 'check-config' hardenctl --no-color c
expect 'check-config' hardenctl --root /mnt c
expect 'check-config' hardenctl --format = json c
expect 'text' hardenctl --format t
expect 'json' hardenctl --format = j
expect 'high' hardenctl scan --fail-on h
expect '--fail-on' hardenctl scan --fa
expect '--fact' hardenctl accept --fa
expect '' hardenctl list --fa
expect '--profile' hardenctl list --pro
expect 'nectar' hardenctl scan --profile ne
for name in $(compgen -W "$(hardenctl scan --profile=? 2>&1 | sed 's/.*there are \(.*\), and.*/\1/; s/,//g')"); do
    expect "$name" hardenctl scan --profile "$name"
done
expect 'monitor-coverage' hardenctl explain monitor-c
expect 'monitor-coverage' hardenctl scan --quiet monitor-c
expect '' hardenctl accept --reason x
expect '/dev/null' hardenctl check-config /dev/nul
exit $failed
