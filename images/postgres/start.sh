#!/bin/sh
# Fills an empty data folder, then runs the server in the foreground with this script's arguments.
#   PGDATA             the data folder, below a volume
#   DATABASE_OWNER     role that owns the databases
#   DATABASE_PASSWORD  its password
#   DATABASE_OWNER_MAY_CREATE  "true": it may make further ones
#   DATABASES          names, with spaces between them
set -eu

if [ ! -e "$PGDATA/.complete" ]; then
  # A first start that was cut short leaves no mark: what it made is thrown away.
  rm -rf "$PGDATA"
  initdb --pgdata="$PGDATA" --username=postgres --auth-local=trust --auth-host=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null
  {
    echo "listen_addresses = '*'"
    echo "unix_socket_directories = '/tmp'"
    echo "jit = off"
  } >> "$PGDATA/postgresql.conf"
  # The administrator has no password, so only the local socket lets him in.
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"

  pg_ctl --pgdata="$PGDATA" --options="-c listen_addresses='' -c fsync=off" --silent --wait start >/dev/null
  # \getenv and :'…' keep the password out of the process list and quote it.
  psql --host=/tmp --username=postgres --quiet --set=ON_ERROR_STOP=1 <<'SQL'
\getenv owner DATABASE_OWNER
\getenv password DATABASE_PASSWORD
CREATE ROLE :"owner" LOGIN PASSWORD :'password';
SQL
  for database in $DATABASES; do
    createdb --host=/tmp --username=postgres --owner="$DATABASE_OWNER" "$database"
  done
  pg_ctl --pgdata="$PGDATA" --silent --mode=fast --wait stop
  sync -f "$PGDATA"
  touch "$PGDATA/.complete"
fi

# Only this container uses the folder, so a lock file is that of a killed server. PostgreSQL would obey it if another
# process had that number by now. In a pod whose containers share their processes, that happens.
rm -f "$PGDATA/postmaster.pid"

# An older data folder gets the right too. It is granted once, so that no other step delays the server after a crash.
if [ "${DATABASE_OWNER_MAY_CREATE:-false}" = true ] && [ ! -e "$PGDATA/.may-create" ]; then
  echo "ALTER ROLE \"$DATABASE_OWNER\" CREATEDB" | postgres --single -D "$PGDATA" postgres >/dev/null
  touch "$PGDATA/.may-create"
fi

exec postgres -D "$PGDATA" "$@"
