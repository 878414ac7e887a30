# Sourced by build.sh: measures the published binary beside generator and receiver on this machine.
# Usage: ./build.sh bench [NAME…]; without names everything. Method and figures: docs/benchmarks.md.
need_sdk
names=("$@")
set --
# shellcheck source=eng/publish.sh
source eng/publish.sh >/dev/null
dotnet build bench/Gatehouse.Bench/Gatehouse.Bench.csproj -c Release -v quiet --nologo
printf '%s, %s cores, %s MiB; %s; commit %s\n' "$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2- | xargs)" "$(nproc)" \
  "$(awk '/MemTotal/ {print int($2 / 1024)}' /proc/meminfo)" "$(uname -sr)" "$(git rev-parse --short HEAD 2>/dev/null || echo unknown)$(git diff --quiet HEAD 2>/dev/null || echo ' with changes')"
printf 'load before: %s\n' "$(cut -d' ' -f1-3 /proc/loadavg)"
bench/Gatehouse.Bench/bin/Release/net10.0/Gatehouse.Bench --binary "$out/gatehouse" "${names[@]}"
