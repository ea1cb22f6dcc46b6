#!/bin/sh
# Removes the lock of a server that was killed. The lock names a process of another pod, and this pod may have a process with
# that number. PostgreSQL would then refuse to start. No other pod uses the folder.
set -eu
rm -f /data/pgdata/postmaster.pid
