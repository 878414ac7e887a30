#!/usr/bin/env bash
# The one command of the workshop. Verbs below; ./build.sh alone lists them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 CONFIGURATION=Release

usage() {
  cat <<'EOF'
./build.sh VERB

  build      compile everything
  test       set up test peers, build, run all tests; ends with "N passed, N failed"
  up         run a cluster, an event handler and a receiver on this machine  [--help]
  bench      measure speed; figures and ratios in one run
  torture    kill, pause and starve the handler; prove that nothing is lost  [--runs N] [--seed S]
  publish    make artifacts/publish/linux-x64/gatehouse and its alias names
EOF
}

die() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

need_sdk() {
  command -v dotnet >/dev/null || die "the .NET 10 SDK is missing. Install package dotnet-sdk-10.0 (https://dotnet.microsoft.com/download/dotnet/10.0) and run this again."
  dotnet --list-sdks | grep -q '^10\.' || die "the .NET 10 SDK is missing (found: $(dotnet --list-sdks | cut -d' ' -f1 | tr '\n' ' ')). Install package dotnet-sdk-10.0 and run this again."
}

need_node() {
  command -v node >/dev/null && command -v npm >/dev/null || die "Node 20 with npm is missing (test peers need it). Install Node.js 20 or newer (https://nodejs.org) and run this again."
  [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || die "Node $(node --version) is too old; install Node.js 20 or newer and run this again."
}

build() { need_sdk; dotnet build Gatehouse.slnx -c Release -v minimal --nologo "$@"; }

case "${1:-}" in
  build) shift; build "$@" ;;
  test|up|bench|torture|publish)
    verb=$1; shift
    [ -f "eng/$verb.sh" ] || die "$verb is not there yet"
    # shellcheck disable=SC1090
    source "eng/$verb.sh" "$@" ;;
  ''|-h|--help|help) usage ;;
  *) printf 'build.sh: unknown verb "%s"\n\n' "$1" >&2; usage >&2; exit 2 ;;
esac
