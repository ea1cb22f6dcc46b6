#!/bin/sh
# Makes the database of the earlier release in /opt/previous, on a PostgreSQL that runs as long as this script.
# It uses the commands of that release. It writes the files version and database.sql (statements only) to the folder $1.
set -eu
out=$1
mkdir -p "$out" /tmp/etc
export PYTHONPATH=/opt/previous PGHOST=/tmp PGUSER=backendai PGDATA=/tmp/pgdata HOME=/tmp
PATH=/usr/lib/postgresql/17/bin:$PATH

initdb --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null
pg_ctl --silent --wait --options="-c unix_socket_directories=/tmp -c fsync=off" start >/dev/null
trap 'pg_ctl --silent --mode=immediate stop' EXIT
createuser --username=postgres backendai
createdb --username=postgres --owner=backendai backend

# The chart's files, for this server.
sed 's/@DATABASE_PASSWORD@@postgres:/any@127.0.0.1:/' /build/alembic.ini > /tmp/etc/alembic.ini
sed 's/"postgres"/"127.0.0.1"/; s/@HEARTBEAT_TIMEOUT@/40/; s/@POD_IP@/127.0.0.1/' /build/manager.toml > /tmp/etc/manager.toml
manager() {
  backend.ai mgr --config-path=/tmp/etc/manager.toml "$@"
}
manager schema oneshot --alembic-config /tmp/etc/alembic.ini
manager fixture populate /build/fixture.json
# Users and key pairs refer to each other, so this comes when both are there.
manager fixture populate /build/main-keys.json

python -c 'import ai.backend.manager as m; print(m.__version__)' > "$out/version"
# Without psql's own commands: the suite sends the file as it is. Owner and rights are the business of who restores it.
pg_dump --inserts --no-owner --no-privileges --no-comments backend | sed '/^\\/d' > "$out/database.sql"
[ "$(grep -c '^INSERT INTO' "$out/database.sql")" -ge 50 ]
