#!/usr/bin/env bash
# Trains on Fashion-MNIST with four workers and a parameter server in one process, and fetches the data set first if need be.
#
#   tools/demo.sh [options of "train fashion-mnist"]        for example: tools/demo.sh --consistency ssp --staleness 3
#
# The data set is taken from, in this order: --data DIR, $ORLEANSPS_DATA, the directory of the Debian package
# dataset-fashion-mnist, the cache; a directory that is named by you is used as it is. Otherwise it is installed (Debian, as
# root) or downloaded into the cache, from $ORLEANSPS_DATA_URL or from the data set's own site, and checked.
# Runs with bash 3.2, as on macOS.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
package=dataset-fashion-mnist
package_directory=/usr/share/datasets/fashion-mnist
site=http://fashion-mnist.s3-website.eu-central-1.amazonaws.com

# SHA-256 of what is inside the gzip files: packages compress them anew.
checksums="
c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888 train-images-idx3-ubyte
bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9 train-labels-idx1-ubyte
5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b t10k-images-idx3-ubyte
0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34 t10k-labels-idx1-ubyte
"

say() { echo "demo: $*" >&2; }
fail() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

require_dotnet() {
  has dotnet || fail "the .NET 10 SDK is needed, and there is no dotnet. See https://dotnet.microsoft.com/download"
  (cd "$root" && dotnet --version >/dev/null 2>&1) ||
    fail "the .NET 10 SDK is needed; dotnet has only: $(dotnet --list-sdks | cut -d' ' -f1 | tr '\n' ' '). See https://dotnet.microsoft.com/download"
}

# Whether the arguments name a directory of data, or ask for help alone.
needs_no_data() {
  local argument
  for argument in "$@"; do
    case $argument in --data | --data=* | --data:* | --help | -h | '-?') return 0 ;; esac
  done
  return 1
}

cache_directory() { echo "${XDG_CACHE_HOME:-$HOME/.cache}/orleansps/fashion-mnist"; }

# Whether a directory has all four files.
holds_data() {
  local sum name
  while read -r sum name; do
    [ -z "$sum" ] || [ -f "$1/$name.gz" ] || [ -f "$1/$name" ] || return 1
  done <<<"$checksums"
}

install_package() {
  [ -f /etc/debian_version ] && has apt-get && [ "$(id -u)" = 0 ] || return 1
  say "installing the package $package"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$package" >&2 ||
    { apt-get update -q >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$package" >&2; } ||
    { say "the package could not be installed"; return 1; }
  holds_data "$package_directory"
}

sha256() {
  if has sha256sum; then sha256sum | cut -d' ' -f1
  elif has shasum; then shasum -a 256 | cut -d' ' -f1
  elif has openssl; then openssl dgst -sha256 | awk '{ print $NF }'
  else fail "one of sha256sum, shasum and openssl is needed to check what was downloaded"
  fi
}

get() {
  if has curl; then curl --fail --silent --show-error --location --retry 3 --connect-timeout 20 --output "$2" "$1"
  elif has wget; then wget --quiet --tries=3 --timeout=20 --output-document="$2" "$1"
  else fail "curl or wget is needed to download the data set"
  fi
}

download_file() {
  local directory=$1 sum=$2 name=$3 url part found
  url=${ORLEANSPS_DATA_URL:-$site}/$name.gz
  part=$directory/$name.gz.part
  say "downloading $url"
  get "$url" "$part" || fail "$url could not be downloaded. Name a directory that has the data set: --data DIR"
  found=$(gzip -dc "$part" 2>/dev/null | sha256) || found=damaged
  [ "$found" = "$sum" ] || { rm -f "$part"; fail "$url is not the data set's file: the SHA-256 of its content is $found, not $sum"; }
  mv "$part" "$directory/$name.gz"
}

# Downloads what a directory lacks.
download() {
  local directory=$1 sum name
  mkdir -p "$directory" || fail "the cache directory $directory can't be made"
  while read -r sum name; do
    [ -z "$sum" ] || [ -f "$directory/$name.gz" ] || download_file "$directory" "$sum" "$name"
  done <<<"$checksums"
}

# Prints the directory of the data set, fetching it if need be.
find_data() {
  local cache
  cache=$(cache_directory)
  if holds_data "$package_directory"; then echo "$package_directory"
  elif holds_data "$cache"; then echo "$cache"
  elif install_package; then echo "$package_directory"
  else download "$cache" && echo "$cache"
  fi
}

main() {
  require_dotnet
  if ! needs_no_data "$@" && [ -z "${ORLEANSPS_DATA:-}" ]; then
    ORLEANSPS_DATA=$(find_data)
    export ORLEANSPS_DATA
  fi
  export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
  [ -f "$root/tools/OrleansPs.Train/bin/Release/net10.0/train.dll" ] || say "building, which takes about a minute the first time"
  exec dotnet run -c Release --project "$root/tools/OrleansPs.Train" -- fashion-mnist "$@"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then main "$@"; fi
