#!/bin/sh
# Makes the snapshot in the folder $1, with a PostgreSQL and a registry that live as long as this script.
set -eu
export PGHOST=/tmp PGUSER=backendai PGDATA=/tmp/pgdata HOME=/tmp DATABASE_HOST=127.0.0.1 DATABASE_PASSWORD=any REGISTRY_PROJECT=stable
PATH=/usr/lib/postgresql/17/bin:$PATH

initdb --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null
pg_ctl --silent --wait --options="-c unix_socket_directories=/tmp -c fsync=off" start >/dev/null
docker-registry serve /etc/registry.yaml &
trap 'kill $!; pg_ctl --silent --mode=immediate stop' EXIT
createuser --username=postgres --createdb backendai
for database in backend appproxy; do createdb "$database"; done

# The chart's files, for this server.
for file in alembic.ini alembic-appproxy.ini; do
  sed 's/@DATABASE_PASSWORD@@postgres:/any@127.0.0.1:/' "/build/$file" > "/etc/backend.ai/$file"
done
sed 's/"postgres"/"127.0.0.1"/; s/@HEARTBEAT_TIMEOUT@/40/; s/@[A-Z_]*@/127.0.0.1/' /build/manager.toml > /etc/backend.ai/manager.toml
cd /tmp
python /build/bootstrap/snapshot.py "$1"
