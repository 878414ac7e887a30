# Sourced by build.sh: builds the one executable, then gives the terminal to `gatehouse up`. Flags: ./build.sh up --help
need_sdk
printf 'Building … (the first time takes a minute or two)\n' >&2
if ! report=$(dotnet build src/Gatehouse.Cli/Gatehouse.Cli.csproj -c Release -v quiet --nologo 2>&1); then
  printf '%s\n' "$report" >&2
  die "the build failed"
fi
exec src/Gatehouse.Cli/bin/Release/net10.0/gatehouse up "$@"
