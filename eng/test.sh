# Sourced by build.sh: peers, build, all test projects, one closing line.
need_sdk
need_node

# Real programs the tests talk to, from Debian's packages. Without root or apt they are skipped at a desk.
peers=(openssl nginx libnginx-mod-stream openssh-client gcc libc6-dev)
install_peers() {
  local missing=()
  for peer in "${peers[@]}"; do
    dpkg-query -W -f='${Status}' "$peer" 2>/dev/null | grep -q 'install ok installed' || missing+=("$peer")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
    printf 'Installing test peers: %s\n' "${missing[*]}"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/dev/null \
      || printf 'Could not install %s; tests that need them are skipped (in CI: fail).\n' "${missing[*]}" >&2
  else
    printf 'Not installed: %s. Tests that need them are skipped. As root: apt-get install %s\n' "${missing[*]}" "${missing[*]}" >&2
  fi
}
command -v dpkg-query >/dev/null && install_peers

# npm peers (a second gRPC implementation) live beside the tests that use them.
for package in tests/*/peers/package.json; do
  [ -f "$package" ] || continue
  directory=$(dirname "$package")
  [ "$directory/node_modules/.installed" -nt "$package" ] && continue
  (cd "$directory" && npm install --no-audit --no-fund --loglevel=error --no-package-lock && touch node_modules/.installed)
done

build

# In CI the end-to-end tests hold the published binary to it, not the one of the build: it is compiled differently and trimmed.
if [ "${CI:-}" = true ] && { [ $# -eq 0 ] || [[ Gatehouse.EndToEnd == *"$1"* ]]; }; then
  filter=("$@")
  set --
  # shellcheck source=eng/publish.sh
  source eng/publish.sh
  set -- "${filter[@]}"
  export GATEHOUSE_BINARY="$PWD/$out/gatehouse"
fi

passed=0; failed=0; skipped=0; broken=0
for project in tests/*/*.csproj; do
  name=$(basename "$project" .csproj)
  [ "$name" = Gatehouse.Testing ] && continue
  [ $# -gt 0 ] && [[ "$name" != *"$1"* ]] && continue
  program="tests/$(basename "$(dirname "$project")")/bin/Release/net10.0/$name"
  report=$(mktemp)
  printf '== %s\n' "$name"
  set +e
  "$program" -noLogo -noColor -parallel collections -xml "$report" </dev/null
  code=$?
  set -e
  head=$(grep -oE '<assembly [^>]*>' "$report" | head -n1 || true)
  count() { sed -nE "s/.* $1=\"([0-9]+)\".*/\1/p" <<<"$head"; }
  p=$(count passed) f=$(count failed) s=$(count skipped) e=$(count errors)
  if [ -z "${p:-}" ]; then
    # xunit writes no assembly element when there is nothing to run; anything else is a broken run.
    [ "$code" -eq 0 ] || [ "$code" -eq 8 ] || { printf '%s ended with %s and no report\n' "$name" "$code"; broken=$((broken + 1)); }
  else
    passed=$((passed + p)); failed=$((failed + f + e)); skipped=$((skipped + s))
    # A crash after the report was written.
    [ "$code" -eq 0 ] || [ "$((f + e))" -gt 0 ] || { printf '%s ended with %s although no test failed\n' "$name" "$code"; broken=$((broken + 1)); }
  fi
  rm -f "$report"
done

printf '\n%s passed, %s failed' "$passed" "$((failed + broken))"
[ "$skipped" -gt 0 ] && printf ', %s skipped' "$skipped"
printf '\n'
[ "$failed" -eq 0 ] && [ "$broken" -eq 0 ]
