# Sourced by build.sh: one native binary, compiled ahead (docs/decisions/0007-native-binary.md), with its alias names beside it.
need_sdk
{ command -v clang || command -v gcc; } >/dev/null && command -v objcopy >/dev/null \
  || die "a C linker and objcopy are missing (the binary is compiled to native code). On Debian: apt-get install gcc libc6-dev"
case "$(uname -m)" in aarch64) host=linux-arm64 ;; *) host=linux-x64 ;; esac
rid="${1:-$host}"
out="artifacts/publish/$rid"
rm -rf "$out"
dotnet publish src/Gatehouse.Cli/Gatehouse.Cli.csproj -c Release -r "$rid" --nologo -v quiet -o "$out" -p:PublishAot=true -p:DebugType=none -p:NativeDebugSymbols=false
# The binary acts by the name it is called; a unit file or a chart keeps its command line.
for name in teleport-event-handler teleport-plugin tctl; do
  ln -sfn gatehouse "$out/$name"
done
printf '%s\n' "$out/gatehouse"
