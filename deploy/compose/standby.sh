#!/usr/bin/env bash
# Copies the primary, once, and follows it from then on. Arguments are the server's.
set -euo pipefail

if [[ ! -s $PGDATA/PG_VERSION ]]; then
  pg_basebackup --host=postgres --username=games --pgdata="$PGDATA" --wal-method=stream --checkpoint=fast --write-recovery-conf
fi

exec docker-entrypoint.sh postgres "$@"
