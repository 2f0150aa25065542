#!/usr/bin/env bash
# Makes sure that ONNX Runtime's native CPU library is at artifacts/onnxruntime/VERSION/libonnxruntime.so.1 and prints its path.
# It comes out of the npm package onnxruntime-node; nothing of the package is run, and both the package and the library are checked
# against the digests below. With ADAPTERSERVE_ONNXRUNTIME set, that library is used and nothing is fetched.
set -euo pipefail

# The version also stands in src/OnnxRuntime/OnnxRuntimeLibrary.cs (FetchedVersion).
version=1.30.0
package_sha256=6e3390d6b783e7be946fad629292799da28d0b42f84856e50d2c1b0383291e75
x64_sha256=ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23
arm64_sha256=1f549d46250b005580b597f4164984aaf75b3bcb9f3aeb07c7f8a8fe60b23c76

say() { printf 'onnxruntime: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
sha256_is() { printf '%s  %s\n' "$2" "$1" | sha256sum --check --status -; }

if [[ -n "${ADAPTERSERVE_ONNXRUNTIME:-}" ]]; then
  [[ -f "$ADAPTERSERVE_ONNXRUNTIME" ]] || fail "ADAPTERSERVE_ONNXRUNTIME names $ADAPTERSERVE_ONNXRUNTIME, which does not exist."
  realpath -- "$ADAPTERSERVE_ONNXRUNTIME"
  exit
fi

[[ "$(uname -s)" == Linux ]] || fail "no library for $(uname -s); set ADAPTERSERVE_ONNXRUNTIME to the path of one."
case "$(uname -m)" in
  x86_64 | amd64) arch=x64 library_sha256=$x64_sha256 ;;
  aarch64 | arm64) arch=arm64 library_sha256=$arm64_sha256 ;;
  *) fail "no library for $(uname -m); set ADAPTERSERVE_ONNXRUNTIME to the path of one." ;;
esac

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
folder="$root/artifacts/onnxruntime/$version"
library="$folder/libonnxruntime.so.1"

# A file is only ever put there whole and checked (see the rename below).
if [[ -f "$library" ]]; then
  printf '%s\n' "$library"
  exit
fi

command -v npm > /dev/null || fail "npm is needed to fetch onnxruntime-node@$version; install it, or set ADAPTERSERVE_ONNXRUNTIME to a library's path."

mkdir -p "$folder"
# In the same folder, so that the rename is atomic.
temporary=$(mktemp -d "$folder/.fetch.XXXXXXXX")
trap 'rm -rf -- "$temporary"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "fetching onnxruntime-node@$version (108 MB)"
if ! (cd -- "$temporary" && npm pack --silent --ignore-scripts "onnxruntime-node@$version" > npm.log 2>&1); then
  cat -- "$temporary/npm.log" >&2
  fail "npm could not fetch onnxruntime-node@$version."
fi

package="$temporary/onnxruntime-node-$version.tgz"
[[ -f "$package" ]] || fail "npm left no $(basename -- "$package")."
sha256_is "$package" "$package_sha256" || fail "the package's SHA-256 is not $package_sha256."

member="package/bin/napi-v6/linux/$arch/libonnxruntime.so.1"
tar -xzOf "$package" "$member" > "$temporary/library" || fail "the package has no $member."
sha256_is "$temporary/library" "$library_sha256" || fail "the SHA-256 of $member is not $library_sha256."
chmod 644 "$temporary/library"
mv -f -- "$temporary/library" "$library"
say "ready"
printf '%s\n' "$library"
