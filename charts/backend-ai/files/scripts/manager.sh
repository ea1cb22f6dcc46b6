#!/bin/sh
# Starts the manager, with start.py and these arguments for it. It insists on a key pair for calls to agents; the agents of this
# chart speak without encryption, so each manager makes one for itself.
set -eu
python -c 'import sys, zmq.auth; zmq.auth.create_certificates(sys.argv[1], "manager")' /etc/backend.ai
exec python /scripts/start.py "$@"
