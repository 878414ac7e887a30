# Sourced by build.sh: one self-contained binary, compiled ahead, with its alias names beside it.
need_sdk
rid="${1:-linux-x64}"
out="artifacts/publish/$rid"
rm -rf "$out"
dotnet publish src/Gatehouse.Cli/Gatehouse.Cli.csproj -c Release -r "$rid" --self-contained true --nologo -v quiet -o "$out" \
  -p:PublishSingleFile=true -p:PublishReadyToRun=true -p:DebugType=none -p:IncludeNativeLibrariesForSelfExtract=false
# The binary acts by the name it is called; a unit file or a chart keeps its command line.
for name in teleport-event-handler teleport-plugin tctl; do
  ln -sfn gatehouse "$out/$name"
done
printf '%s\n' "$out/gatehouse"
