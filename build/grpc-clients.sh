#!/usr/bin/env bash
# Makes sure that the programs which the gRPC tests run against the server are there, from Debian's packages: Python's grpcio, Go with its gRPC, nginx.
set -euo pipefail

packages=(python3-grpcio python3-protobuf golang-go golang-google-grpc-dev nginx-light)

say() { printf 'grpc-clients: %s\n' "$*" >&2; }

missing=()
for package in "${packages[@]}"; do
  [[ "$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2> /dev/null)" == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} == 0 ]] && exit

if [[ "$(id -u)" != 0 ]]; then
  say "install these Debian packages first: ${missing[*]}"
  exit 1
fi
# Nothing that is installed here may begin to serve by itself.
policy=/usr/sbin/policy-rc.d
if [[ ! -e "$policy" ]]; then
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q > /dev/null
apt-get -o DPkg::Lock::Timeout=300 install -q -y --no-install-recommends "${missing[@]}" > /dev/null
