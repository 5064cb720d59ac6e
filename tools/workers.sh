#!/usr/bin/env bash
# Trains with worker processes on the cluster that tools/silos.sh runs, and fetches the data set first if need be.
#
#   tools/workers.sh [N] [JOB] [options of "orleansps-worker JOB"]        for example: tools/workers.sh 4 ratings --consistency ssp
#
# N is 4 by default, JOB is fashion-mnist; others are logistic, ratings and word2vec. Ends when all workers have; the model and its snapshots stay
# in the cluster, and the same command goes on with them. Start anew with: tools/ctl.sh models delete JOB --yes
# Runs with bash 3.2, as on macOS.
set -euo pipefail

# The data set is found and fetched as for tools/demo.sh and by tools/data.sh.
source "$(dirname "${BASH_SOURCE[0]}")/data.sh"

workers=4
job=fashion-mnist
case ${1:-} in [0-9]*) workers=$1; shift ;; esac
case ${1:-} in [a-z]*) job=$1; shift ;; esac
program=$root/tools/OrleansPs.Worker/bin/Release/net10.0/orleansps-worker.dll
pids=""

stop() { trap - INT TERM; [ -z "$pids" ] || kill $pids 2>/dev/null || true; wait; }

require_dotnet
if ! needs_no_data "$@" && [ -z "${ORLEANSPS_DATA:-}" ]; then
  case $job in
    fashion-mnist) ORLEANSPS_DATA=$(find_data) ;;
    logistic) ORLEANSPS_DATA=$(data_main spam) ;;
    ratings) ORLEANSPS_DATA=$(data_main movielens) ;;
    word2vec) ORLEANSPS_DATA=$(data_main sotu) ;;
    *) fail "there is no job '$job': it must be fashion-mnist, logistic, ratings or word2vec" ;;
  esac
  export ORLEANSPS_DATA
fi
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
echo "workers: building" >&2
dotnet build "$root/tools/OrleansPs.Worker" -c Release -v quiet -tl:off -clp:NoSummary
trap stop EXIT
trap 'exit 130' INT TERM
for rank in $(seq 0 $((workers - 1))); do
  dotnet "$program" "$job" --workers "$workers" --rank "$rank" "$@" &
  pids="$pids $!"
done
status=0
for pid in $pids; do wait "$pid" || status=$?; done
pids=""
exit "$status"
