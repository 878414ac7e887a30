# Sourced by build.sh: kill, pause and starve the published handler; prove that nothing is lost (docs/torture.md).
need_sdk
arguments=("$@")
set --
# shellcheck source=eng/publish.sh
source eng/publish.sh
dotnet build bench/Gatehouse.Torture/Gatehouse.Torture.csproj -c Release -v quiet --nologo
bench/Gatehouse.Torture/bin/Release/net10.0/Gatehouse.Torture --handler "$out/gatehouse" "${arguments[@]}"
