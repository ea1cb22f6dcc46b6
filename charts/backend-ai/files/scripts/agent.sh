#!/bin/sh
# Starts the agent, with start.py and these arguments for it. The agent can announce AGENT_CPUS cores on a node of any size.
# It refuses to hand out more cores than it counts, so it counts each core several times.
set -eu
cores=$(nproc)
export BACKEND_CPU_OVERCOMMIT_FACTOR=$(( (AGENT_CPUS + cores - 1) / cores ))
exec python /scripts/start.py "$@"
