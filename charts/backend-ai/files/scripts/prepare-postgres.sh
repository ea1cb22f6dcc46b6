#!/bin/sh
# Removes the lock of a server that did not end by itself. It names a process of another pod: by chance, or because that
# server was the first process of its own, there may be one of that number here, and PostgreSQL would refuse to start.
# No other pod uses the folder.
set -eu
rm -f /data/pgdata/postmaster.pid
