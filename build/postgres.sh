#!/usr/bin/env bash
# Makes sure that PostgreSQL's programs are on the machine: the tests start servers of their own with them. Does nothing where they are.
set -euo pipefail

for folder in /usr/lib/postgresql/*/bin ${PATH//:/ }; do
  if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then exit; fi
done

log=$(mktemp)
trap 'rm -f -- "$log"' EXIT
if ! { apt-get update && mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql; } > "$log" 2>&1; then
  cat -- "$log" >&2
  echo "postgres: the tests need PostgreSQL (on Debian the package postgresql), which could not be installed." >&2
  exit 1
fi
