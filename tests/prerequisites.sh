#!/usr/bin/env bash
# Is everything here that `make build` or `make test` needs? Checks the versions of Rust, Node and Python, which the
# developer installs, and adds the Debian packages that are missing. Says in one sentence what to do about the rest.
set -euo pipefail

readonly RUST_MIN=1.95 NODE_MIN=20.19 PYTHON_MIN=3.11

# stop SENTENCE…: ends with the sentence on standard error.
stop() {
  printf '%s\n' "$*" >&2
  exit 1
}

# at_least VERSION MINIMUM: both dotted numbers.
at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# require NAME MINIMUM COMMAND ADVICE: the first dotted number that COMMAND prints must be at least MINIMUM.
require() {
  local name=$1 minimum=$2 command=$3 advice=$4 found
  command -v "${command%% *}" >/dev/null || stop "$name $minimum or newer is needed and was not found. $advice"
  found=$($command 2>&1 | grep -oE '[0-9]+\.[0-9]+(\.[0-9]+)?' | head -n 1)
  at_least "$found" "$minimum" || stop "$name $minimum or newer is needed; this is $found. $advice"
}

# add_debian_packages PACKAGE…: as root or by sudo, only called when something is missing.
add_debian_packages() {
  command -v apt-get >/dev/null || stop "Please install the equivalents of these Debian packages: $*"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || stop "Please install these Debian packages as root: $*"
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

missing=()
command -v cc >/dev/null || missing+=(build-essential)
require Rust "$RUST_MIN" 'rustc --version' 'With rustup: `rustup update stable`.'
command -v cargo >/dev/null || stop 'Cargo is needed beside rustc. With rustup: `rustup component add cargo`.'

require Node "$NODE_MIN" 'node --version' 'Any Node 20, 22 or later release will do. `cargo build` works without it and leaves the web UI out.'
command -v npm >/dev/null || stop 'npm is needed beside Node and was not found.'

if [ "${1:-build}" = test ]; then
  require Python "$PYTHON_MIN" 'python3 --version' 'On Debian 12 it is the package python3.'
  cargo fmt --version >/dev/null 2>&1 || stop 'rustfmt is needed. With rustup: `rustup component add rustfmt`.'
  cargo clippy --version >/dev/null 2>&1 || stop 'Clippy is needed. With rustup: `rustup component add clippy`.'
  python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
  # The browser tests' browser, and fonts so that a screenshot looks alike everywhere.
  [ -x "${CHROMIUM:-/usr/bin/chromium}" ] || missing+=(chromium fonts-liberation fonts-noto-color-emoji)
  # The AWS CLI 2, which is no package of Python; the one in the tests' environment is version 1.
  [ -x "${AWS_CLI:-/usr/bin/aws}" ] || missing+=(awscli)
fi

[ ${#missing[@]} -eq 0 ] || add_debian_packages "${missing[@]}"
