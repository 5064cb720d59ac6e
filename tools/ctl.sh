#!/usr/bin/env bash
# The operator's command line, on the cluster that tools/silos.sh runs.
#
#   tools/ctl.sh [command]        for example: tools/ctl.sh workers fashion-mnist --watch
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=$root/tools/OrleansPs.Ctl/bin/Release/net10.0/orleansps-ctl.dll

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
[ -f "$program" ] || dotnet build "$root/tools/OrleansPs.Ctl" -c Release -v quiet -tl:off -clp:NoSummary >&2
exec dotnet "$program" "$@"
