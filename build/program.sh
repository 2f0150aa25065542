#!/usr/bin/env bash
# Builds src/NAME (Release) when something changed since its last build, and prints the path of its program: build/program.sh NAME.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
name=$1
program="$root/artifacts/bin/$name/release/AdapterServe.$name.dll"
stamp="$root/artifacts/$name.stamp"

say() { printf 'adapterserve: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

command -v dotnet > /dev/null || fail "the .NET 10 SDK is needed; its command 'dotnet' is not on the PATH."

# The build is skipped when nothing it reads is newer than the last one: a built tree starts at once, also without a network.
is_built() {
  [[ -f "$program" && -f "$stamp" ]] || return 1
  [[ -z "$(find "$root/src" "$root/protos" "$root/Directory.Build.props" "$root/Directory.Packages.props" "$root/global.json" "$root/.editorconfig" \
    -newer "$stamp" -not -name bin -not -name obj -print -quit)" ]]
}

if ! is_built; then
  say "building $name (Release)"
  mkdir -p "$root/artifacts"
  started=$(mktemp "$root/artifacts/$name.XXXXXX")
  # Standard output is the program's own.
  if ! (cd "$root" && dotnet build -c Release "src/$name" --nologo --verbosity quiet -clp:ErrorsOnly >&2); then
    rm -f "$started"
    fail "the build failed; the messages above say why."
  fi
  # Dated before the build, so that a change made meanwhile is seen the next time.
  mv -f "$started" "$stamp"
fi

printf '%s\n' "$program"
