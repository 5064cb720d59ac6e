#!/usr/bin/env bash
# Builds everything once and runs all tests, one project after the other.
#
#   tools/test.sh [arguments for dotnet test]        for example: tools/test.sh --filter FullyQualifiedName~Optimizer
#
# A feed that lacks a package costs the projects that need it, and the end of the output says which and why.
# The last line is "N passed, N failed, N skipped". A project that crashes, hangs or runs no test counts as one failure.
# The exit status is 0 only if restore and build succeeded, at least one test ran, and none failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en MSBUILDDISABLENODEREUSE=1
readonly full=OrleansPs.sln embedded=OrleansPs.Embedded.slnf hang_timeout=15m
results=$(mktemp -d) || exit 1
trap 'rm -rf "$results"' EXIT

passed=0 failed=0 skipped=0
target=$full properties=() left_out=() problems=() tests=() skipped_tests=()

say() { printf '\n== %s\n' "$*"; }

finish() {
  local line
  say "Result"
  for line in ${problems[@]+"${problems[@]}"}; do echo "FAILED: $line"; done
  for line in ${left_out[@]+"${left_out[@]}"}; do echo "left out: $line"; done
  for line in ${skipped_tests[@]+"${skipped_tests[@]}"}; do echo "skipped: $line"; done
  echo "$passed passed, $failed failed, $skipped skipped"
  if [ "$failed" -eq 0 ] && [ "${#problems[@]}" -eq 0 ] && [ "$passed" -gt 0 ]; then exit 0; else exit 1; fi
}

# The projects of a solution or a solution filter, one path a line.
projects_of() { grep -oE '"[^"]+\.csproj"' "$1" | tr -d '"' | tr '\\' '/' | tr -s '/' | sort; }

names() { awk -F/ '{ sub(/\.csproj$/, "", $NF); printf "%s%s", (NR > 1 ? ", " : ""), $NF }'; }

# The first error of a log that says that the feed lacks a package or can't be reached; nothing for any other error.
feed_error() { grep -oE 'error (NU1101|NU1102|NU1103|NU1301|NU1601|NU1603|NU1801): .*' "$1" | head -n 1 | sed -E 's/ \[[^]]*\]$//'; }

restore() {
  local log=$1 && shift
  dotnet restore "$@" -tl:off 2>&1 | tee "$log"
}

restore_what_the_feed_holds() {
  local log=$results/restore.log first
  say "Restore $full"
  restore "$log" "$full" && return 0
  first=$(feed_error "$log")
  [ -n "$first" ] || return 1

  say "Restore $full without cloud providers"
  properties=(-p:CloudProviders=false)
  if restore "$log" "$full" "${properties[@]}"; then
    left_out+=("the cloud providers, because of: $first")
    return 0
  fi
  first=$(feed_error "$log")
  [ -n "$first" ] || return 1

  say "Restore $embedded"
  target=$embedded properties=()
  restore "$log" "$embedded" || return 1
  left_out+=("$(left_out_projects | names), because of: $first")
}

left_out_projects() { comm -23 <(projects_of "$full") <(projects_of "$embedded"); }

build() {
  say "Build $target"
  dotnet build "$target" -c Release --no-restore -tl:off -v minimal ${properties[@]+"${properties[@]}"}
}

test_projects() {
  local project
  projects_of "$target" | grep '^test/' | while read -r project; do
    grep -q '<IsTestProject>false</IsTestProject>' "$project" || echo "$project"
  done
}

# Sums the counters of all .trx files of a directory: "total executed passed".
counters() {
  find "$1" -name '*.trx' -exec grep -ohE '<Counters [^>]*>' {} + | awk '
    function value(name,   found) { return match($0, " " name "=\"[0-9]+\"") ? substr($0, RSTART + length(name) + 3) + 0 : 0 }
    { total += value("total"); executed += value("executed"); passed += value("passed") }
    END { print total + 0, executed + 0, passed + 0 }'
}

# Names each test of a directory's .trx files that had an outcome with the start of its message, one a line.
tests_with() {
  find "$1" -name '*.trx' -exec cat {} + | awk -v outcome="outcome=\"$2\"" '
    function flush() { if (name != "") print name ": " (message == "" ? "no reason is given" : substr(message, 1, 400)); name = message = "" }
    /<UnitTestResult / {
      flush()
      if (index($0, outcome) && match($0, /testName="[^"]*"/)) name = substr($0, RSTART + 10, RLENGTH - 11)
    }
    name != "" && sub(/.*<Message>/, "") { inside = 1 }
    inside {
      if (sub(/<\/Message>.*/, "")) inside = 0
      gsub(/&#x[DA];/, " ")
      gsub(/&quot;/, "\"")
      message = message (message == "" ? "" : " ") $0
    }
    END { flush() }'
}

run_tests() {
  local project=$1 name directory status started=$SECONDS total executed ok bad line
  shift
  name=$(basename "$project" .csproj) directory=$results/$name
  mkdir "$directory"
  dotnet test "$project" --no-build -c Release --nologo -tl:off ${properties[@]+"${properties[@]}"} \
    --results-directory "$directory" --logger "trx;LogFileName=results.trx" --logger "console;verbosity=minimal" \
    --blame-hang-timeout "$hang_timeout" --blame-hang-dump-type none "$@" </dev/null
  status=$?
  read -r total executed ok < <(counters "$directory")
  bad=$((executed - ok))
  passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + total - executed))
  echo "$name: $ok passed, $bad failed, $((total - executed)) skipped in $((SECONDS - started)) s"
  while read -r line; do skipped_tests+=("$line"); done < <(tests_with "$directory" NotExecuted)
  while read -r line; do problems+=("$line"); done < <(tests_with "$directory" Failed)
  judge "$name" "$status" "$executed" "$bad"
}

# A run without a failing test is a failure all the same if it broke off or tested nothing.
judge() {
  local name=$1 status=$2 executed=$3 bad=$4
  if [ "$bad" -gt 0 ]; then
    problems+=("$name: $bad of its tests failed")
    [ "$status" -ne 0 ] || problems+=("$name: dotnet test ended with status 0 all the same")
  elif [ "$status" -ne 0 ]; then
    failed=$((failed + 1))
    problems+=("$name: broke off with status $status and no failing test, counted as one failure")
  elif [ "$executed" -eq 0 ] && [ "$filtered" = yes ]; then
    left_out+=("$name, because no test in it matches the filter")
  elif [ "$executed" -eq 0 ]; then
    failed=$((failed + 1))
    problems+=("$name: ran no test, counted as one failure")
  fi
}

filtered=no
for argument in "$@"; do
  case $argument in --filter | --filter=* | --filter:*) filtered=yes ;; esac
done

restore_what_the_feed_holds || { problems+=("restore failed, see above; no test ran"); finish; }
build || { problems+=("build failed, see above; no test ran"); finish; }

mapfile -t tests < <(test_projects)
number=0
for project in ${tests[@]+"${tests[@]}"}; do
  number=$((number + 1))
  say "Test $number of ${#tests[@]}: $(basename "$project" .csproj)"
  run_tests "$project" "$@"
done
[ "$number" -gt 0 ] || problems+=("$target holds no test project")
finish
