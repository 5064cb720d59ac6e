#!/usr/bin/env bash
# Runs a cluster on this machine, until Ctrl-C: silos that need nothing installed and find each other in a directory.
#
#   tools/silos.sh [N] [DIR]        N silos, 2 by default, in DIR, ~/.orleansps by default
#
# The first one has the usual ports and the dashboard at http://127.0.0.1:8080/dashboard, the others take free ports, and so does the first one where
# the usual ones are taken: further silos may be started the same way in another terminal, and any of them may be killed.
# Runs with bash 3.2, as on macOS.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
silos=${1:-2}
directory=${2:-$HOME/.orleansps}
program=$root/src/OrleansPs.Silo/bin/Release/net10.0/OrleansPs.Silo.dll
pids=""

case $silos in '' | *[!0-9]* | 0) echo "silos: the number of silos is '$silos': it must be 1 or more" >&2; exit 2 ;; esac

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_ENVIRONMENT=Development
export Orleans__Clustering__ProviderType=Directory Orleans__Clustering__Directory=$directory
export Orleans__GrainStorage__OrleansPs__ProviderType=Directory Orleans__GrainStorage__OrleansPs__Directory=$directory

# SIGTERM lets a silo hand its blocks over.
stop() { trap - INT TERM; [ -z "$pids" ] || kill $pids 2>/dev/null || true; wait; }
trap stop EXIT
trap 'exit 130' INT TERM

echo "silos: building" >&2
dotnet build "$root/src/OrleansPs.Silo" -c Release -v quiet -tl:off -clp:NoSummary
first=yes
for port in 11111 30000 8080; do
  ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || first=no
done
for _ in $(seq "$silos"); do
  if [ "$first" = yes ]; then dotnet "$program" &
  else Orleans__Endpoints__SiloPort=0 Orleans__Endpoints__GatewayPort=0 Urls=http://127.0.0.1:0 dotnet "$program" &
  fi
  pids="$pids $!" first=no
done
wait
