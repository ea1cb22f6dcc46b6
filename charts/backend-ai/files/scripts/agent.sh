#!/bin/sh
# Starts the agent, with start.py and these arguments for it, so that it can announce AGENT_CPUS cores on a node of any size: it
# refuses to hand out more than it counts, unless it is told to count each core several times.
set -eu
cores=$(nproc)
export BACKEND_CPU_OVERCOMMIT_FACTOR=$(( (AGENT_CPUS + cores - 1) / cores ))
exec python /scripts/start.py "$@"
