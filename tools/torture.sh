#!/usr/bin/env bash
# Tortures a cluster on this machine: silos and workers as processes that are killed, stopped and cut apart, both ways or one way
# only, while they train, and a ledger that tells in the end whether an acknowledged push was lost or came twice. The last line is
# the verdict.
#
#   tools/torture.sh --minutes M [--silos N] [--workers N] [--seed S] [--durability replicated|snapshot] [--consistency asp,ssp,bsp]
#
# All options: --help. As root on Linux it also cuts the network between processes, each in a network namespace of its own.
# Runs with bash 3.2, as on macOS.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=$root/tools/OrleansPs.Torture/bin/Release/net10.0/orleansps-torture.dll
pid=""

# The program ends what it started; this is for when it couldn't.
sweep() {
  trap - INT TERM
  [ -n "$pid" ] || return 0
  kill -KILL -- "-$pid" 2>/dev/null || true
  command -v ip >/dev/null && [ "$(id -u)" = 0 ] || return 0
  ip link del "tort$pid" 2>/dev/null || true
  ip netns list 2>/dev/null | awk -v name="torture-$pid-" 'index($1, name) == 1 { print $1 }' | while read -r name; do ip netns del "$name"; done
}
trap sweep EXIT
trap '[ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null || true' INT TERM

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
echo "torture: building" >&2
dotnet build "$root/tools/OrleansPs.Torture" -c Release -v quiet -tl:off -clp:NoSummary
# With job control it has a process group of its own, and all that it starts is in it.
set -m
dotnet "$program" "$@" </dev/null &
pid=$!
set +m
# A signal ends the wait before the program has ended.
while status=0; wait "$pid" || status=$?; kill -0 "$pid" 2>/dev/null; do :; done
exit "$status"
