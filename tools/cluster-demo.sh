#!/usr/bin/env bash
# Trains on Fashion-MNIST on a cluster: silos and workers as processes on this machine. All of it ends with the script, its files too.
#
#   tools/cluster-demo.sh [--silos N] [--workers N] [options of "orleansps-worker fashion-mnist"]
#                                        for example: tools/cluster-demo.sh --silos 3 --consistency ssp --staleness 3
#
# The data set is looked for and fetched as by tools/demo.sh. With ORLEANSPS_KEEP=1 the files
# of the cluster, what its processes wrote among them, stay. Runs with bash 3.2, as on macOS.
set -euo pipefail

# shellcheck source=tools/demo.sh
source "$(dirname "${BASH_SOURCE[0]}")/demo.sh"

readonly ready_timeout=120 end_timeout=20
silos=2 workers=4 epochs=2
silo_pids=() worker_pids=() options=() connection=() files=

say() { echo "cluster-demo: $*" >&2; }

is_count() { case $1 in '' | 0* | *[!0-9]*) return 1 ;; *) [ "$1" -le "$2" ] ;; esac; }

# Takes out what is the script's own.
read_arguments() {
  local has_epochs=no
  while [ $# -gt 0 ]; do
    case $1 in
      --silos | --workers) [ $# -gt 1 ] || fail "$1 needs a number" ;;
    esac
    case $1 in
      --silos) silos=$2 && shift ;;
      --silos=*) silos=${1#*=} ;;
      --workers) workers=$2 && shift ;;
      --workers=*) workers=${1#*=} ;;
      --rank | --rank=* | --ranks | --ranks=* | --directory | --directory=* | --gateway | --gateway=*) fail "${1%%=*} is the script's own business" ;;
      --epochs | --epochs=*) has_epochs=yes && options+=("$1") ;;
      *) options+=("$1") ;;
    esac
    shift
  done
  is_count "$silos" 16 || fail "--silos is '$silos': it must be a whole number from 1 to 16"
  is_count "$workers" 64 || fail "--workers is '$workers': it must be a whole number from 1 to 64"
  [ $has_epochs = yes ] || options+=(--epochs "$epochs")
}

program() { echo "$root/$1/bin/Release/net10.0/$2.dll"; }

# A feed that lacks the packages of cloud providers is enough for this.
build() {
  local project
  say "building, which takes some minutes the first time"
  for project in src/OrleansPs.Silo tools/OrleansPs.Worker tools/OrleansPs.Ctl; do
    dotnet build "$root/$project" -c Release -v q -tl:off --nologo >"$files/build.log" 2>&1 ||
      dotnet build "$root/$project" -c Release -v q -tl:off --nologo -p:CloudProviders=false >"$files/build.log" 2>&1 ||
      { cat "$files/build.log" >&2; fail "$project could not be built"; }
  done
}

# Sets port to one of loopback that nobody listens on and that this script has not chosen yet.
ports=" "
choose_port() {
  local attempt
  for attempt in $(seq 100); do
    port=$((20000 + RANDOM % 12000))
    case $ports in *" $port "*) continue ;; esac
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
    ports="$ports$port "
    return 0
  done
  fail "no free port was found in $attempt attempts"
}

# A silo takes whatever ports are free for itself; only that of its health has to be known here.
start_silo() {
  Orleans__ClusterId=orleansps Orleans__ServiceId=orleansps \
    Orleans__Endpoints__SiloPort=0 Orleans__Endpoints__GatewayPort=0 \
    Orleans__Clustering__ProviderType=Directory Orleans__Clustering__Directory=$files/cluster \
    Orleans__GrainStorage__OrleansPs__ProviderType=Directory Orleans__GrainStorage__OrleansPs__Directory=$files/cluster \
    ASPNETCORE_URLS=http://127.0.0.1:$2 DOTNET_ENVIRONMENT=Production \
    dotnet "$(program src/OrleansPs.Silo OrleansPs.Silo)" >"$files/silo-$1.log" 2>&1 </dev/null &
  silo_pids+=($!)
}

# Whether a silo says that it is ready.
is_ready() (
  status=
  exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
  printf 'GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' >&3
  read -r -t 10 status <&3 || true
  case $status in *" 200 "*) exit 0 ;; *) exit 1 ;; esac
) 2>/dev/null

is_alive() { kill -0 "$1" 2>/dev/null; }

# Waits for a silo: its number, its process, the port of its health.
await_silo() {
  local started=$SECONDS
  until is_ready "$3"; do
    is_alive "$2" || fail_with "silo $1 has ended" "silo-$1"
    [ $((SECONDS - started)) -lt $ready_timeout ] || fail_with "silo $1 is not ready after $ready_timeout s" "silo-$1"
    sleep 0.2
  done
}

fail_with() {
  say "what $2 wrote last:"
  tail -n 20 "$files/$2.log" >&2 || true
  fail "$1"
}

start_silos() {
  local number health=()
  say "starting $silos silos"
  for ((number = 0; number < silos; number++)); do
    choose_port
    health+=("$port")
    start_silo "$number" "$port"
  done
  for ((number = 0; number < silos; number++)); do await_silo "$number" "${silo_pids[number]}" "${health[number]}"; done
}

# The worker of rank 0 is the one that is heard.
start_workers() {
  local rank
  say "starting $workers workers"
  for ((rank = 0; rank < workers; rank++)); do
    if [ $rank = 0 ]; then start_worker 0; else start_worker $rank >"$files/worker-$rank.log"; fi
  done
}

start_worker() {
  dotnet "$(program tools/OrleansPs.Worker orleansps-worker)" fashion-mnist "${connection[@]}" \
    --rank "$1" --workers "$workers" "${options[@]}" 2>"$files/worker-$1.err" </dev/null &
  worker_pids+=($!)
}

ctl() { dotnet "$(program tools/OrleansPs.Ctl orleansps-ctl)" "$@" "${connection[@]}"; }

# Shows once where the blocks are, as soon as there is a model.
show_blocks() {
  local model=
  while [ -z "$model" ] && is_alive "${worker_pids[0]}"; do
    model=$(ctl models list --json 2>/dev/null | sed -n 's/^ *"\(.*\)",\{0,1\}$/\1/p' | head -n 1) || true
    [ -n "$model" ] || sleep 0.5
  done
  [ -z "$model" ] || ctl blocks "$model" || true
}

await_workers() {
  local rank status failed=0
  for ((rank = 0; rank < workers; rank++)); do
    status=0
    wait "${worker_pids[rank]}" || status=$?
    [ $status -eq 0 ] && continue
    say "the worker of rank $rank ended with $status: $(tail -n 3 "$files/worker-$rank.err")"
    failed=1
  done
  return $failed
}

# Asks processes to end, and ends those that do not.
end_all() {
  local pid deadline=$((SECONDS + end_timeout))
  for pid in "$@"; do kill "$pid" 2>/dev/null || true; done
  for pid in "$@"; do
    while is_alive "$pid" && [ $SECONDS -lt $deadline ]; do sleep 0.1; done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
}

# Workers first, so that they can take leave.
clean_up() {
  local status=$?
  trap - EXIT INT TERM HUP
  end_all ${worker_pids[@]+"${worker_pids[@]}"}
  end_all ${silo_pids[@]+"${silo_pids[@]}"}
  if [ "${ORLEANSPS_KEEP:-}" = 1 ]; then say "the files are in $files"; else rm -rf "$files"; fi
  exit "$status"
}

run_cluster() {
  case " $* " in *" --help "* | *" -h "*) sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;; esac
  read_arguments "$@"
  require_dotnet
  if ! needs_no_data "$@" && [ -z "${ORLEANSPS_DATA:-}" ]; then
    ORLEANSPS_DATA=$(find_data)
    export ORLEANSPS_DATA
  fi
  export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1
  files=$(mktemp -d)
  mkdir "$files/cluster"
  connection=(--directory "$files/cluster" --cluster-id orleansps --service-id orleansps)
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  build
  start_silos
  start_workers
  show_blocks
  await_workers
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then run_cluster "$@"; fi
