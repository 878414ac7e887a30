# Sourced by build.sh: one native binary, compiled ahead (docs/decisions/0007-native-binary.md), with its alias names beside it.
need_sdk
command -v clang >/dev/null || command -v gcc >/dev/null || die "a C linker is missing (the binary is compiled to native code). On Debian: apt-get install gcc libc6-dev"
rid="${1:-linux-x64}"
out="artifacts/publish/$rid"
rm -rf "$out"
dotnet publish src/Gatehouse.Cli/Gatehouse.Cli.csproj -c Release -r "$rid" --nologo -v quiet -o "$out" -p:PublishAot=true -p:DebugType=none
# Symbols for a debugger: useful beside a core dump, not beside the binary.
mkdir -p "artifacts/symbols/$rid" && mv "$out"/*.dbg "artifacts/symbols/$rid/"
# The binary acts by the name it is called; a unit file or a chart keeps its command line.
for name in teleport-event-handler teleport-plugin tctl; do
  ln -sfn gatehouse "$out/$name"
done
printf '%s\n' "$out/gatehouse"
