#!/bin/sh
# Starts a component when what it needs is there:
#   start.sh [--stage NAME] [--answers URL] ... -- COMMAND [ARGUMENT ...]
# 1. Writes the configuration: each file of /templates goes to /etc/backend.ai, with @NAME@ replaced by the environment variable NAME.
# 2. --stage: waits until the bootstrap Job of this release (BOOTSTRAP_ID) has said in etcd that it is past that stage.
#    --answers: waits until the URL answers with a success.
# 3. Becomes the command.
# It has no deadline of its own: the startup probe ends a wait that is too long, and the log says what was waited for.
set -eu

render() {
  awk '{
    while (match($0, /@[A-Z][A-Z0-9_]*@/)) {
      name = substr($0, RSTART + 1, RLENGTH - 2)
      if (!(name in ENVIRON)) { print FILENAME ": no environment variable " name > "/dev/stderr"; exit 1 }
      printf "%s%s", substr($0, 1, RSTART - 1), ENVIRON[name]
      $0 = substr($0, RSTART + RLENGTH)
    }
    print
  }' "$1"
}

wait_for() {
  what=$1
  shift
  tries=0
  until "$@"; do
    [ $((tries % 20)) -ne 0 ] || echo "start.sh: waiting for $what"
    tries=$((tries + 1))
    sleep 0.5
  done
}

# etcd takes and gives keys and values of its JSON gateway in base64.
stage_done() {
  key=$(printf '/backend-ai-chart/bootstrap/%s' "$1" | base64 -w0)
  value=$(printf '%s' "$BOOTSTRAP_ID" | base64 -w0)
  curl -s -m 3 -d "{\"key\":\"$key\"}" http://etcd:2379/v3/kv/range | grep -q "\"value\":\"$value\""
}

answers() {
  curl -sf -m 3 -o /dev/null "$1"
}

for template in /templates/*; do
  [ -f "$template" ] || continue
  render "$template" > "/etc/backend.ai/${template##*/}"
done

while [ "$1" != -- ]; do
  case $1 in
    --stage) wait_for "stage $2 of the bootstrap Job" stage_done "$2" ;;
    --answers) wait_for "$2" answers "$2" ;;
    *) echo "start.sh: unknown option $1" >&2; exit 64 ;;
  esac
  shift 2
done
shift
exec "$@"
